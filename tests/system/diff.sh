#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# diff.sh - where two runs part, and why; status as with diff(1).
. "$(dirname "$0")/lib.sh"
need jq

record a "$root/samples/ping"
record b "$root/samples/ping"
expect_status 0 "$HINDCAST" diff "$work/a.hct" "$work/b.hct"
[[ $("$HINDCAST" diff --json "$work/a.hct" "$work/b.hct" | jq .same) == true ]] || fail "not the same"

record seed "$root/samples/ping" --seed 4711
expect_status 1 "$HINDCAST" diff "$work/a.hct" "$work/seed.hct"
expect_text "$work/out" 'cause: seed'

# The same up to 3 s, then over.
expect_status 1 "$HINDCAST" record -q -o "$work/short.hct" --data "$work/short.data" --until 3s "$root/samples/ping"
status=0
"$HINDCAST" diff --json "$work/a.hct" "$work/short.hct" >"$work/short.json" || status=$?
[[ $status -eq 1 ]] || fail "status $status for a run that was cut short"
jq -e '.same == false and (.nodes | length) > 0
       and all(.nodes[] | (.a, .b) | select(. != null); .vtime_ns >= 3000000000 or .seq > 100)
       and (.past | length) > 0' "$work/short.json" >/dev/null || {
    cat "$work/short.json" >&2
    fail "the runs do not part where the second ended"
}

expect_status 2 "$HINDCAST" diff "$work/a.hct" /dev/null
expect_status 2 "$HINDCAST" diff --ignore colour "$work/a.hct" "$work/b.hct"
expect_text "$work/err" 'time, pids, ports, payload'
