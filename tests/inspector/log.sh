#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# log.sh INSPECTOR MAKE-TRACE - what is done in a window is in its log as commands, and the log as a script does it again.
set -euo pipefail

inspector=$1
make_trace=$2
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

"$make_trace" "$work/run.hct" 1000

# again SCRIPT: in a new window a script comes to the status that is in $work/status.
again() {
    { cat "$1"; echo print.status; } >"$work/again"
    timeout 120 dbus-run-session -- "$inspector" "$work/run.hct" --script "$work/again" -q >"$work/out" 2>"$work/err" ||
        fail "the script was refused: $(cat "$work/err")"
    cmp "$work/out" "$work/status" || fail "the script led elsewhere: $(cat "$work/out" "$work/status" "$1")"
}

# Ten actions over D-Bus, two of which are refused.
cat >"$work/ten.sh" <<'END'
set -euo pipefail
"$1" "$2" & pid=$!
call() { gdbus call --session -d org.hindcast.Inspector -o "/org/hindcast/Inspector/window/1" -m "org.gtk.Actions.$@"; }
settle() { until call Describe busy 2>/dev/null | grep -q '<false>'; do kill -0 "$pid"; done; }
act() { call Activate "$1" "${2:-[]}" "{}" >/dev/null; settle; }
gdbus wait --session --timeout 60 org.hindcast.Inspector
until call Describe status 2>/dev/null | grep -q '"events":'; do kill -0 "$pid"; done
settle
act step.grain "[<'packet'>]"
act step.scope "[<'server'>]"
act step.last
act step.previous
act flow.previous
act list.filter "[<'kind==packet-drop'>]"
act list.filter "[<'kind==nothing'>]"
act focus.goto "[<'@999999999'>]"
act view.range "[<'@100 @900'>]"
act view.axis "[<'event'>]"
act log.save "[<'$3'>]"
call Describe status | sed "s/.*<'//; s/'>.*//" >"$4"
call Activate window.close "[]" "{}" >/dev/null
wait "$pid"
END
timeout 100 dbus-run-session -- bash "$work/ten.sh" "$inspector" "$work/run.hct" "$work/script" "$work/status" >"$work/out" 2>"$work/err" ||
    fail "ten actions: $(cat "$work/err")"
[[ $(grep -vc '^#' "$work/script") -eq 8 ]] || fail "not eight commands: $(cat "$work/script")"
again "$work/script"
grep -q '"focus":50[0-9]*,.*"scope":"server","grain":"packet","axis":"event"' "$work/status" || fail "status: $(cat "$work/status")"

# Position, command, result; a refusal says in which column of the command.
look 2 "$work/run.hct" "focus.goto @5" step.next "view.axis sideways" "step.sideways" "list.filter kind==nothing" "repeat 3 step.next" print.log
expect out '^@0	focus.goto @5	→ @5$'
expect out '^@5	step.next	→ @6$'
expect out '^@6	view.axis sideways	column 11: there is no axis "sideways"$'
expect out '^@6	step.sideways	column 1: there is no command'
expect out '^@6	list.filter kind==nothing	column 19: there is no kind of event "nothing"$'
expect out '^@6	repeat 3 step.next	→ @9$'
[[ $(grep -c '	step.next	' "$work/out") -eq 1 ]] || fail "a command within a command has a row"

# The command line of a branch from the position, as a shell takes it.
look 0 "$work/run.hct" "focus.goto @5" print.branch "print.branch crash: r1" "branch.copy crash: r1"
expect out "^hindcast branch '$work/run.hct' --at @5$"
expect out "^hindcast branch '$work/run.hct' --at @5 --change 'crash: r1'$"

# Scripts: from standard input, with comments and empty lines; one that is not there.
printf '# a comment\n\nstep.next\n  step.next  \nprint.status\n' |
    timeout 60 dbus-run-session -- "$inspector" "$work/run.hct" --script - -q >"$work/out"
expect out '"focus":2,'
status=0
timeout 60 dbus-run-session -- "$inspector" "$work/run.hct" --script "$work/none" -q 2>"$work/err" || status=$?
[[ $status -eq 2 ]] || fail "status $status for a script that is not there"
expect err 'none: No such file'
look 2 "$work/run.hct" step.next "log.save $work/none/log"
expect err 'cannot write'

# The hand: a wheel, letters, a tab; then commands that are typed, completed, brought back.
if command -v xdotool >/dev/null; then
    cat >"$work/hand.sh" <<'END'
set -euo pipefail
"$1" "$2" & pid=$!
call() { gdbus call --session -d org.hindcast.Inspector -o "/org/hindcast/Inspector/window/1" -m "org.gtk.Actions.$@"; }
settle() { until call Describe busy | grep -q '<false>'; do :; done; }
await() { until call Describe status | grep -q "$1"; do kill -0 "$pid"; done; settle; }
gdbus wait --session --timeout 60 org.hindcast.Inspector
until call Describe status 2>/dev/null | grep -q '"events":'; do kill -0 "$pid"; done
settle
window=$(xdotool search --sync --onlyvisible --class hindcast | head -n 1)
xdotool windowfocus --sync "$window"
before=$(call Describe status | sed 's/.*"view"://; s/,"rows.*//')
xdotool mousemove --window "$window" 700 250 click 5 click 5 click 4 click 4 click 4
while [[ $(call Describe status | sed 's/.*"view"://; s/,"rows.*//') == "$before" ]]; do kill -0 "$pid"; done
xdotool key F8 key period; await '"focus":2,'
xdotool key ctrl+grave; xdotool type 'foc'; xdotool key Tab; xdotool type 'g'; xdotool key Tab; xdotool type '@77'; xdotool key Return
await '"focus":77,'
xdotool key Up Return; xdotool type 'step.grain p'; xdotool key Tab Return
await '"grain":"packet"'
xdotool key Up Up Up BackSpace 8 Return
await '"focus":78,'
call Activate log.save "[<'$3'>]" "{}" >/dev/null; settle
call Describe status | sed "s/.*<'//; s/'>.*//" >"$4"
call Activate window.close "[]" "{}" >/dev/null
wait "$pid"
END
    timeout 100 dbus-run-session -- bash "$work/hand.sh" "$inspector" "$work/run.hct" "$work/script" "$work/status" >"$work/out" 2>"$work/err" ||
        fail "by hand: $(cat "$work/err")"
    [[ $(grep -c '^view.place' "$work/script") -eq 1 ]] || fail "the wheel's turns are not one command: $(cat "$work/script")"
    again "$work/script"
else
    echo "no xdotool here: the hand is not tried"
fi
echo "ok"
