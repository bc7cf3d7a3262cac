#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# programs.sh - how programs end: well, by a signal, by their own fault, not at all, or never begun.
. "$(dirname "$0")/lib.sh"

# one program without an experiment
cd "$work"
expect_status 0 "$HINDCAST" record -q -- /bin/echo hello
[[ -e $work/echo.hct ]] || fail "no echo.hct in the current directory"
check_replay "$work/echo.hct"
expect_status 1 "$HINDCAST" record -q -o "$work/false.hct" -- /bin/false
check_replay "$work/false.hct"

# it crashes, as it is expected to
experiment "$work/crash/experiment.yaml" <<END
- path: $programs/crash
  expected_final_state: {signaled: SIGSEGV}
END
record crash "$work/crash"
check_replay "$work/crash.hct"

# it crashes, and that is news
experiment "$work/news/experiment.yaml" <<END
- path: $programs/crash
END
expect_status 1 "$HINDCAST" record -q -o "$work/news.hct" "$work/news"
expect_text "$work/out" '^failed +1 expectation'

# it is not there: an expectation that fails, and the run goes on
experiment "$work/missing/experiment.yaml" <<END
- path: /usr/bin/no-such-program
- path: /bin/echo
  args: [hello]
END
expect_status 1 "$HINDCAST" record -q -o "$work/missing.hct" "$work/missing"
expect_text <(cat "$work/out" "$work/err" <("$HINDCAST" dump "$work/missing.hct")) 'no-such-program'

# it runs for ever, and the run ends all the same
experiment "$work/forever/experiment.yaml" <<END
- path: /bin/sleep
  args: [infinity]
  expected_final_state: running
END
record forever "$work/forever"
check_replay "$work/forever.hct"

# a node without a link is a node
expect_status 0 "$HINDCAST" info "$work/forever.hct"
