#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# own-folder.sh - a program sees the same folder every time, though its traces and data directories are written there.
. "$(dirname "$0")/lib.sh"

mkdir "$work/set"
cat >"$work/set/experiment.yaml" <<END
general: {seed: 1}
hosts:
  a:
    processes:
    - {path: /bin/sh, args: [-c, 'ls -la --time-style=full-iso "$work/set"; stat "$work/set"']}
END

record set/first "$work/set"
record set/second "$work/set"
expect_same "$work/set/first.hct" "$work/set/second.hct"
expect_text "$(output "$work/set/first.data" a sh)" 'experiment.yaml'
if grep -E 'first|second' "$(output "$work/set/second.data" a sh)"; then
    fail "the node sees what hindcast has written"
fi
"$HINDCAST" record -q --verify "$work/set" >&2 || fail "--verify found a difference"
