#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# walk.sh SAMPLE SEED EVERY WALKS - a recorded sample is the same from wherever one comes: to its end from the start and from a
# checkpoint at every EVERY-th event, after WALKS random walks of steps forward and backward, and after moves that were interrupted. Where walks are cheap,
# points at events ask their conditions as well.
. "$(dirname "$0")/../system/lib.sh"

sample=$root/samples/$1
[[ ! -e $sample/meson.build ]] || sample=$programs/../samples/$1
record run "$sample"
expect_status 0 "$HINDCAST_WALK" "$work/run.hct" ends "$3"
cat "$work/out"
expect_status 0 "$HINDCAST_WALK" "$work/run.hct" walks "$4" "$2"
cat "$work/out"
expect_status 0 "$HINDCAST_WALK" "$work/run.hct" interrupts
cat "$work/out"
[[ $4 -lt 150 ]] || expect_status 0 "$HINDCAST_WALK" "$work/run.hct" conditions
cat "$work/out"
