#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# panes.sh INSPECTOR MAKE-TRACE - panes get windows of their own and come back: by commands, by keys, by closing what has them.
set -euo pipefail

inspector=$1
make_trace=$2
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

"$make_trace" "$work/run.hct" 1000
trace=$work/run.hct
out() { sed -n 's/.*"detached":\[\([^]]*\)\].*/\1/p' "$work/out" | tr -d '"' | tr '\n' ' '; }
expect_out() { [[ $(out) == "$1" ]] || fail "out are '$(out)', not '$1'"; }

# There and back; all of them; twice changes nothing.
look 0 "$trace" print.status "pane.detach packets" print.status "pane.detach packets" "pane.detach node" print.status \
    "pane.attach packets" print.status pane.attach print.status
expect_out ' packets packets,node node  '
look 0 "$trace" pane.timeline pane.plots print.status pane.timeline print.status "view.plots off" print.status
expect_out 'timeline,plots plots  '
# Whatever there is, at once: nothing is left in the main window, and everything goes on as before.
"$inspector" --commands >"$work/commands"
sed -n 's/^pane\.\([a-z]*\) *[A-Z][a-z]*: into a window of its own.*/\1/p' "$work/commands" >"$work/panes"
[[ $(wc -l <"$work/panes") -gt 15 ]] || fail "few panes: $(cat "$work/panes")"
grep -q "^pane.detach $(paste -sd '|' "$work/panes") " "$work/commands" || fail "pane.detach says other names than there are"
mapfile -t all < <(grep -v differences "$work/panes" | sed 's/^/pane.detach /')
look 0 "$trace" "${all[@]}" print.status "focus.goto @500" step.next print.status print.packet "list.filter kind==packet-drop" \
    "find.text kind==output" "export.png $work/lanes.png" "export.window $work/w.png" log.entry focus.entry cancel pane.attach print.status
[[ $(out | cut -d ' ' -f 1) == "$(grep -v differences "$work/panes" | paste -sd ,)" ]] || fail "out are '$(out)'"
expect out '"focus":501,.*"detached":\["overview"'
expect out '"focus":501,.*"detached":\[\]'
# A list that has a window of its own is made, although no tab shows it; another run fills it again.
look 0 "$trace" "pane.detach faults" "view.list events" "trace.open $trace" "view.list faults" "export.csv $work/faults.csv" print.status
expect_out 'faults '
# The differences of two runs have a pane as long as there are two runs.
look 2 "$trace" "pane.detach differences" print.status
expect err 'nothing in "differences": no second run'
expect_out ' '
look 0 "$trace" "compare.open $trace" "pane.detach differences" print.status compare.close print.status
expect_out 'differences  '
# Parts of the window are hidden, and come back with what is asked for; something always stays.
hidden() { sed -n 's/.*"hidden":\[\([^]]*\)\].*/\1/p' "$work/out" | tr -d '"' | tr '\n' ' '; }
look 0 "$trace" view.lists-other "view.part overview off" print.status "view.list packets" print.status "view.part all on" print.status
[[ $(hidden) == 'overview,lists overview  ' ]] || fail "hidden are '$(hidden)'"
look 0 "$trace" view.lists-other "list.filter kind==output" print.status view.timeline-other "pane.detach timeline" "pane.attach timeline" \
    print.status
[[ $(hidden) == '  ' ]] || fail "hidden are '$(hidden)'"
look 2 "$trace" "view.part timeline off" view.lists-other view.details-other print.status
expect err 'without "details" nothing would be left'
[[ $(hidden) == 'timeline,lists ' ]] || fail "hidden are '$(hidden)'"
look 2 "$trace" "view.part everything off"
expect err 'there is no part "everything"'
# Who wants it finds panes where they were, also parts that were hidden; who does not wants nothing of it.
look 0 "$trace" "pane.detach output" "pane.keep on" print.status "pane.detach node" view.lists-other
look 0 "$trace" print.status
expect_out ' '
printf '[window]\npanes=on\n' | cat - <(sed 1d "$work/.config/hindcast/inspector.ini") >"$work/ini"
mv "$work/ini" "$work/.config/hindcast/inspector.ini"
look 0 "$trace" print.status "pane.attach output" "trace.open $trace" print.status
expect_out 'output,node node '
[[ $(hidden) == 'lists  ' ]] || fail "hidden are '$(hidden)'"
look 0 "$trace" print.status
expect_out 'node '
printf '[window]\npanes=on\ndetached=nothing 3 4,node,memory 0 0\nhidden=everything' >"$work/.config/hindcast/inspector.ini"
look 0 "$trace" print.status
expect_out ' '
rm "$work/.config/hindcast/inspector.ini"
# What is none.
look 2 "$trace" "pane.detach everything"
expect err 'there is no pane "everything"; there are overview, timeline, plots'
look 2 "$trace" "pane.attach everything"
expect err 'there is no pane "everything"'

drive panes.py "$inspector" "$trace"
echo "ok"
