#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# life.sh - processes, signals, threads, timers and memory work on a node as they do anywhere, and replay.
. "$(dirname "$0")/lib.sh"

experiment "$work/life/experiment.yaml" <<END
- path: $programs/life
END
status=0
"$HINDCAST" record -q -o "$work/life.hct" --data "$work/life.data" "$work/life" >"$work/out" 2>"$work/err" || status=$?
cat "$(output "$work/life.data" only life)"
[[ $status -eq 0 ]] || { cat "$work/out" "$work/err" >&2; fail "exit status $status"; }
check_replay "$work/life.hct"
