#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# real.sh NAME - a program of Debian's, as it is, runs on nodes: it gives the right output, the same bytes with one
# worker and with two, and a trace that replays.
#
# The folder NAME holds experiment.yaml, in which @work@ stands for a folder of this test's; `check`, which looks at what
# the programs wrote; and perhaps `prepare`, which builds what the experiment runs.
. "$(dirname "$0")/../lib.sh"

folder=$(dirname "$0")/$1
if [[ -e $folder/prepare ]]; then
    # shellcheck source=/dev/null
    . "$folder/prepare"
fi
mkdir "$work/experiment"
sed "s|@work@|$work|g" "$folder/experiment.yaml" >"$work/experiment/experiment.yaml"

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
