#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sample.sh NAME - a sample gives the same bytes twice and with two workers, replays, and shows what it is to show.
. "$(dirname "$0")/lib.sh"

name=$1
sample=$root/samples/$name
# With programs of its own it lies where they were built; what `check` asks for stays in the source.
experiment=$sample
[[ ! -e $sample/meson.build ]] || experiment=$programs/../samples/$name

record first "$experiment"
record again "$experiment"
expect_same "$work/first.hct" "$work/again.hct"
record workers --workers 2 "$experiment"
expect_same "$work/first.hct" "$work/workers.hct"

check_replay "$work/first.hct"

if [[ -e $sample/check ]]; then
    # shellcheck source=/dev/null
    . "$sample/check" "$work/first.hct" "$work/first.data"
fi
