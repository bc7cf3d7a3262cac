#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# spin-given-up.sh - loops that no rule can end are given up with an error that says why, and the trace can be read.
. "$(dirname "$0")/lib.sh"

# it computes while it waits
expect_status 3 "$HINDCAST" record -q -o "$work/hash.hct" --patience 3s -- "$programs/spin" hash
expect_text "$work/err" 'spin .*has computed for 3 s .*--patience'

# it polls a clock that stands still
expect_status 3 "$HINDCAST" record -q -o "$work/still.hct" --model clock=0 -- "$programs/spin" vdso
expect_text "$work/err" '^hindcast: warning: .*look at the clock costs no time'
expect_text "$work/err" 'the clock will never show another time'

# the cost of a look is the model's
record slow --model clock=1us -- "$programs/spin" vdso
expect_text <(cat "$work"/slow.data/*/spin.stdout) '^vdso 20000 at '
expect_text <("$HINDCAST" info "$work/slow.hct") 'clock=1000ns'
expect_status 2 "$HINDCAST" record -q -o "$work/wrong.hct" --model clock=fast -- /bin/true
expect_text "$work/err" "clock=fast"

# somebody outside kills a program
"$HINDCAST" record -q -o "$work/killed.hct" --patience 0 -- "$programs/spin" hash >"$work/out" 2>"$work/err" &
recorder=$!
victim=
for _ in $(seq 600); do
    for stat in /proc/[0-9]*/stat; do
        read -r pid name state parent _ 2>/dev/null <"$stat" || continue
        [[ $name == "(hindcast-node)" && $state == R ]] || continue
        while [[ $parent -gt 1 && $parent -ne $recorder ]]; do
            read -r _ _ _ parent _ 2>/dev/null <"/proc/$parent/stat" || parent=0
        done
        [[ $parent -ne $recorder ]] || victim=$pid
    done
    [[ -z $victim ]] || break
    sleep 0.1
done
[[ -n $victim ]] || { kill -KILL "$recorder"; fail "the program was not found"; }
kill -KILL "$victim"
status=0
wait "$recorder" || status=$?
[[ $status -eq 3 ]] || { cat "$work/err" >&2; fail "exit status $status"; }
expect_text "$work/err" 'was killed from outside'
