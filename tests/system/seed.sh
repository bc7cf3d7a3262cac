#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# seed.sh - chance comes from the seed alone: another seed loses other packets, the same one the same.
. "$(dirname "$0")/lib.sh"

drops() { "$HINDCAST" dump "$1" | grep ' packet-drop ' | sed 's/^ *[0-9]* //'; }

for seed in 1 2; do
    record "seed$seed" --seed $seed "$root/samples/first-light"
    drops "$work/seed$seed.hct" >"$work/drops$seed"
    [[ -s $work/drops$seed ]] || fail "seed $seed lost no packet"
done
expect_differ "$work/drops1" "$work/drops2"

record again --seed 2 "$root/samples/first-light"
expect_same "$work/seed2.hct" "$work/again.hct"
check_replay "$work/seed2.hct"

expect_status 0 "$HINDCAST" record -q --verify -o "$work/verified.hct" "$root/samples/ping"
expect_text "$work/out" '^verify +a second run gave the same bytes'
