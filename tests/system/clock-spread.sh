#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# clock-spread.sh - hosts that start at one instant read clocks of day that differ, by less than is asked for, and equally
# in every recording.
. "$(dirname "$0")/lib.sh"

{
    printf 'general: {seed: 5, realtime: 2024-01-01T00:00:00Z}\nhosts:\n'
    for name in a b c d; do
        printf '  %s: {isolated: true, processes: [{path: date, args: [-u, +%%F %%T.%%N]}]}\n' "$name"
    done
} >"$work/e.yaml"

# nanoseconds RECORDING: what the four saw, after the second.
nanoseconds() {
    local name
    for name in a b c d; do
        expect_text "$work/$1.data/$name/date.stdout" '^2024-01-01 00:00:00\.000'
        sed 's/.*\.0*\([0-9]\)/\1/' "$work/$1.data/$name/date.stdout"
    done
}

record one "$work/e.yaml"
record two --workers 2 "$work/e.yaml"
expect_same "$work/one.hct" "$work/two.hct"
check_replay "$work/one.hct"
mapfile -t seen < <(nanoseconds one)
[[ $(printf '%s\n' "${seen[@]}" | sort -u | wc -l) -eq 4 ]] || fail "two clocks are equal: ${seen[*]}"
for ns in "${seen[@]}"; do
    ((ns >= seen[0] && ns < seen[0] + 1000)) || fail "a clock is out of the microsecond: ${seen[*]}"
done

record other --seed 6 "$work/e.yaml"
[[ $(nanoseconds other) != "$(printf '%s\n' "${seen[@]}")" ]] || fail "the spread does not depend on the seed"

record equal --set general.clock_spread=0 "$work/e.yaml"
[[ $(nanoseconds equal | sort -u | wc -l) -eq 1 ]] || fail "without a spread the clocks differ"
