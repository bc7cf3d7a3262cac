#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# big.sh INSPECTOR CHECK-SKETCH TRACE - the window on a trace of ten million events: by what it counts, which does not depend on
# the machine.  What it costs is measured by tests/bench/measure-window.
set -euo pipefail

inspector=$1
check_sketch=$2
trace=$3
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

"$check_sketch" "$trace"

last() { tail -n 1 "$work/out" | python3 -c "import json, sys; print(json.load(sys.stdin)['$1'])"; }
at_most() {
    local is
    is=$(last "$1")
    [[ ${is%.*} -gt 0 && ${is%.*} -le $2 ]] || fail "$1 is $is, at most $2 is wanted"
}

# The first, a middle and the last event; none behind it, and then one stays where one was.  Then three hundred frames of zooming
# to the utmost and back: what each has to paint is bounded.
commands=("focus.goto @0" print.status "focus.goto @5000000" print.status "focus.goto @9999999" print.status
          "focus.goto @10000000" print.status "focus.goto 40%" print.frames)
for _ in 1 2 3 4 5; do commands+=("repeat.frames 30 view.in" "repeat.frames 30 view.out"); done
look 2 "$trace" "${commands[@]}" print.frames
[[ $(grep -o '"focus":[0-9]*' "$work/out" | tr '\n' ' ') == \
   '"focus":0 "focus":5000000 "focus":9999999 "focus":9999999 ' ]] || fail "not there: $(cat "$work/out")"
expect err 'past the last event'
[[ $(last frames) -ge 300 ]] || fail "only $(last frames) frames"
at_most nodes_max 10000
at_most arrows_max 300
at_most rows_max 250

# What is asked for while the run is read is done as if it had been there.
asked=("focus.goto @5000000" "step.grain packet" step.next step.next "step.scope n2" "repeat 3 step.next" "list.filter kind==packet-drop"
       "view.range 20% 30%" view.in "mark.a" flow.previous)
look 0 "$trace" "${asked[@]}" print.status
tail -n 1 "$work/out" >"$work/want"
drive asked.py "$inspector" "$trace" "${asked[@]}"
waited=$(grep -o '"waited": *[0-9]*' "$work/asked.json")
[[ ${waited#*:} -eq ${#asked[@]} ]] || fail "not all have waited for the run: $waited"
facts() { grep -oE '"(events|packets|drops|focus|vtime_ns|rows|arrows)":[0-9]*|"(node|scope|grain|axis)":"[^"]*"|"view":[^]]*' "$1"; }
diff <(facts "$work/want") <(facts "$work/asked.json") || fail "asked while it was read, it is another"
echo "ok: ${waited#*:} commands waited"
