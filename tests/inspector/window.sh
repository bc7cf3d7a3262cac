#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# window.sh INSPECTOR MAKE-TRACE - drives the window without a screen: by --command, and over D-Bus.
set -euo pipefail

inspector=$1
make_trace=$2
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

"$make_trace" "$work/run.hct" 5000

# Facts, and a way there and back.
look 0 "$work/run.hct" print.status
expect out '"events":25[0-9]*,"nodes":3,"packets":5001,"drops":714,"focus":0'
look 0 "$work/run.hct" "focus.goto @5000" print.status step.next step.next step.previous step.previous print.status
[[ $(grep -c '"focus":5000,' "$work/out") -eq 2 ]] || fail "forward and back is not where it began"
look 0 "$work/run.hct" "step.scope server" "step.grain output" step.first print.status step.last print.status
[[ $(grep -c '"node":"server"' "$work/out") -eq 2 ]] || fail "the scope was left"

# A packet from its arrival to its sending, and what is in it.
look 0 "$work/run.hct" "focus.goto @12" flow.previous print.status print.packet flow.next print.status print.state
expect out 'TCP, 40000 > 80 SYN, 0 bytes'
expect out '    Destination port: 80'
expect out 'client	worker  30.31	waits in recvfrom'
look 2 "$work/run.hct" "focus.goto @0" flow.next
expect err 'nothing is sent from here any more'

# Filters: the count is that of the drops; a filter without sense leaves the list alone.
look 0 "$work/run.hct" "list.filter kind==packet-drop" print.status "list.filter" print.status
expect out '"rows":714,'
expect out '"rows":25[0-9]+,'
look 2 "$work/run.hct" "list.filter kind==packet-drop" "list.filter kind==nothing" print.status
expect err 'no kind of event'
expect out '"rows":714,'

# Every list, both axes, light and dark, zoomed to the utmost; pictures come out.
look 0 "$work/run.hct" "view.list packets" "view.list syscalls" "view.list output" "view.list faults" "view.plots on" \
    "view.dark on" "view.axis event" "view.whole" "view.axis time" "focus.goto 50%" view.fit view.in view.in view.out \
    view.left view.right view.centre "view.range @100 @140" "export.png $work/a.png" "export.svg $work/a.svg" \
    "export.window $work/w.png" "view.list faults" "export.csv $work/a.csv" print.status
[[ $(head -c 4 "$work/a.png" | tail -c 3) == PNG && $(head -c 4 "$work/w.png" | tail -c 3) == PNG ]] || fail "no PNG"
expect a.svg '<svg'
[[ $(wc -l <"$work/a.csv") -gt 714 ]] || fail "the table is short"
expect a.csv 'packet-drop,"lost: loss"'
# At most 7,000 painted things a frame, whatever is seen.
nodes=$(sed 's/.*"paint_nodes":\([0-9]*\).*/\1/' "$work/out")
[[ $nodes -gt 0 && $nodes -le 7000 ]] || fail "$nodes painted nodes"

# The same view gives the same picture.
for i in 1 2; do
    look 0 "$work/run.hct" "view.range @1000 @1100" "focus.goto @1050" "export.png $work/same$i.png"
done
cmp "$work/same1.png" "$work/same2.png" || fail "two pictures of one view differ"

# Wrong commands, and what is no trace or a part of one.
look 2 "$work/run.hct" "step.sideways"
expect err 'there is no command "step.sideways"'
look 2 "$work/run.hct" "focus.goto @999999999"
expect err 'past the last event'
look 2 "$work/missing.hct" print.status
expect err 'No such file'
echo text >"$work/text.hct"
look 2 "$work/text.hct"
expect err 'not a trace'
head -c 5000 "$work/run.hct" >"$work/cut.hct"
look 2 "$work/cut.hct"
expect err 'cut off'

# Every command has its row, and every row its action on the bus.
"$inspector" --commands >"$work/commands"
[[ $(wc -l <"$work/commands") -gt 40 ]] || fail "few commands"

# What runs inside the session: another program moves the window.
cat >"$work/bus.sh" <<'END'
set -euo pipefail
"$1" "$2" & pid=$!
gdbus wait --session --timeout 60 org.hindcast.Inspector
call() { gdbus call --session -d org.hindcast.Inspector -o "/org/hindcast/Inspector/window/1" -m "org.gtk.Actions.$@"; }
# The window comes a moment after the name; each question costs its answer's time.
until call Describe busy 2>/dev/null | grep -q '<false>'; do kill -0 "$pid"; done
until call Describe status | grep -q '"events":25'; do kill -0 "$pid"; done
call Activate focus.goto "[<'@4321'>]" "{}" >/dev/null
until call Describe busy | grep -q '<false>'; do :; done
call Describe status
call List
call Activate window.close "[]" "{}" >/dev/null
wait "$pid"
END
timeout 120 dbus-run-session -- bash "$work/bus.sh" "$inspector" "$work/run.hct" >"$work/out" 2>"$work/err" ||
    fail "over D-Bus: $(cat "$work/err")"
expect out '"focus":4321,'
while read -r id _; do expect out "'$id'"; done <"$work/commands"
echo "ok"
