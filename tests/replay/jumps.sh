#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# jumps.sh - a benchmark: what it costs to be elsewhere in a recorded run, and to replay all of it.
. "$(dirname "$0")/../system/lib.sh"

# Wall time in ms of a command.
wall() {
    local from to
    from=$(date +%s%N)
    "$@" >/dev/null
    to=$(date +%s%N)
    echo $(((to - from) / 1000000))
}

for name in first-light lost-update iperf; do
    sample=$root/samples/$name
    [[ ! -e $sample/meson.build ]] || sample=$programs/../samples/$name
    best_record=$(wall record run "$sample")
    best_replay=$(wall "$HINDCAST" replay --check "$work/run.hct")
    for _ in 1 2 3 4; do
        took=$(wall record run "$sample")
        best_record=$((took < best_record ? took : best_record))
        took=$(wall "$HINDCAST" replay --check "$work/run.hct")
        best_replay=$((took < best_replay ? took : best_replay))
    done
    printf '\n%s: recorded in %d ms, replayed in %d ms (best of 5)\n' "$name" "$best_record" "$best_replay"
    "$HINDCAST_JUMPS" "$work/run.hct"
done
