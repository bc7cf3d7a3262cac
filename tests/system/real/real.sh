#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# real.sh NAME - a program of Debian's, as it is, runs on nodes: it gives the right output, the same bytes with one
# worker and with two, and a trace that replays.
#
# The folder NAME holds experiment.yaml; `check`, which looks at what the programs wrote; and perhaps `prepare`, which
# builds into $program what the experiment runs and calls @program@.  What nodes see must not change from one recording
# to the other: nothing else is written there.
. "$(dirname "$0")/../lib.sh"

folder=$(dirname "$0")/$1
program=$work/program
mkdir "$program"
if [[ -e $folder/prepare ]]; then
    # shellcheck source=/dev/null
    . "$folder/prepare"
fi
mkdir "$work/experiment"
sed "s|@program@|$program|g" "$folder/experiment.yaml" >"$work/experiment/experiment.yaml"

record one --workers 1 "$work/experiment"
record two --workers 2 "$work/experiment"
expect_same "$work/one.hct" "$work/two.hct"
check_replay "$work/one.hct"

# What `check` uses: said NODE PROCESS PATTERN: a line of the process's output matches.
said() { expect_text "$(output "$work/one.data" "$1" "$2")" "$3"; }
# wrote NODE PROCESS: its output is what stands on standard input.
wrote() {
    diff - "$(output "$work/one.data" "$1" "$2")" >&2 || fail "the output of $2 on $1 is not what it should be"
}
# shellcheck source=/dev/null
. "$folder/check"
