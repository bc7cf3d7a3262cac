#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# flushes.sh - while a program computes and no window ends, what was final before is flushed all the same: it is in a recording that is
# killed then.
. "$(dirname "$0")/lib.sh"

experiment "$work/busy/experiment.yaml" <<'END'
- path: /usr/bin/python3
  args: [-c, "import time; print('before', flush=True); time.sleep(0.1); n = 7\nwhile True: n = n * n % 1000003 + n // 3"]
END
"$HINDCAST" record -q --patience 600 -o "$work/run.hct" --data "$work/run.data" "$work/busy" >/dev/null 2>"$work/err" &
recorder=$!
trap 'kill -KILL $recorder 2>/dev/null || true; rm -rf "$work"' EXIT

# The loop begins a tenth of a second after the output, and no window ends after that.
for ((i = 0; i < 600; i++)); do
    if [[ -e $work/run.hct ]]; then
        expect_status 0 "$HINDCAST" dump "$work/run.hct"
        ! grep -q before "$work/out" || break
    fi
    kill -0 "$recorder" 2>/dev/null || fail "the recorder ended by itself: $(cat "$work/err")"
    sleep 0.1
done
kill -KILL "$recorder"
wait "$recorder" 2>/dev/null || true
expect_status 0 "$HINDCAST" dump "$work/run.hct"
expect_text "$work/out" 'before'
check_replay "$work/run.hct"
