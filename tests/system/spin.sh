#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# spin.sh KIND... - loops that wait without sleeping end, in the same way in every run, and replay.  Two nodes run each, so
# that two workers have something to share.
. "$(dirname "$0")/lib.sh"

for kind; do
    mkdir -p "$work/$kind"
    {
        printf 'general: {stop_time: 20s, seed: 1}\nhosts:\n'
        for node in left right; do
            printf '  %s:\n    isolated: true\n    processes: [{path: %s, args: [%s]}]\n' "$node" "$programs/spin" "$kind"
        done
    } >"$work/$kind/experiment.yaml"
    record "$kind-1" "$work/$kind"
    record "$kind-2" --workers 2 "$work/$kind"
    expect_same "$work/$kind-1.hct" "$work/$kind-2.hct"
    expect_text "$(output "$work/$kind-1.data" left spin)" "^$kind [0-9]+ at [0-9]+$"
    check_replay "$work/$kind-1.hct"
    case $kind in
    memory* | clock-flag | clock-alarm | turns | count*)
        expect_text <("$HINDCAST" dump "$work/$kind-1.hct") ' preempt '
        ;;
    esac
done
