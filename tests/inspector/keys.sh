#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# keys.sh INSPECTOR MAKE-TRACE - commands get other keys: by commands, and on the page of keys without a mouse; they stay.
set -euo pipefail

inspector=$1
make_trace=$2
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

"$make_trace" "$work/run.hct" 200
trace=$work/run.hct
keys() { grep "^$1	" "$work/out" | tail -n 1 | cut -f 2; }
expect_keys() { [[ $(keys "$1") == "$2" ]] || fail "the keys of $1 are '$(keys "$1")', not '$2'"; }

# A key that is free, for good; one that is not is named, and can be taken.
look 0 "$trace" print.keys
expect_keys step.next 'F8 <Control>Down period'
look 0 "$trace" "keys.set step.next F4 k"
look 0 "$trace" print.keys
expect_keys step.next 'F4 k'
look 2 "$trace" "keys.set step.next F5" print.keys
expect err 'F5 is the key of run.forward \(Run on to the next breakpoint, or the end\); keys.take'
expect_keys step.next 'F4 k'
look 2 "$trace" "keys.set step.next Banana"
expect err '"Banana" is no key'
look 2 "$trace" "keys.set step.sideways F4"
expect err 'no command "step.sideways"'
look 0 "$trace" "keys.take step.next F5 <Shift><Control>p" print.keys
expect_keys step.next 'F5 <Shift><Control>p'
expect_keys run.forward ''
expect_keys palette ''
# One gets its own back, from whoever has it; then all do.
look 0 "$trace" "keys.reset run.forward" print.keys
expect_keys run.forward 'F5'
expect_keys step.next '<Shift><Control>p'
look 0 "$trace" keys.reset print.keys
expect_keys step.next 'F8 <Control>Down period'
expect_keys palette '<Control><Shift>p'
# As in other programs.
look 0 "$trace" "keys.preset builder" print.keys
expect_keys line.over 'F8'
expect_keys step.next '<Control>Down period'
look 2 "$trace" "keys.preset emacs" print.keys
expect err 'no keys "emacs"'
expect_keys line.over 'F8'
look 0 "$trace" "keys.preset default" print.keys
expect_keys line.over 'F10'
# A file that is none, and one that cannot be written.
echo nonsense >"$work/.config/hindcast/keys.ini"
look 0 "$trace" print.keys
expect_keys step.next 'F8 <Control>Down period'
rm -r "$work/.config/hindcast"
touch "$work/.config/hindcast"
look 2 "$trace" "keys.set step.next F4"
expect err 'cannot be kept: .*hindcast'
rm "$work/.config/hindcast"

if ! command -v xdotool >/dev/null; then
    echo "no xdotool here: the page of keys is not tried"
    echo "ok"
    exit
fi
cat >"$work/page.sh" <<'END'
set -euo pipefail
"$1" "$2" >"$3" & pid=$!
call() { gdbus call --session -d org.hindcast.Inspector -o "/org/hindcast/Inspector/window/1" -m "org.gtk.Actions.$@"; }
await() { until call Describe status | grep -q "$1"; do kill -0 "$pid"; done; }
print() { : >"$3"; call Activate print.keys "[]" "{}" >/dev/null; }
keys() { call Activate print.keys "[]" "{}" >/dev/null; grep "^$1	" "$out" | tail -n 1 | cut -f 2; }
await_keys() { until [[ $(keys "$1") == "$2" ]]; do kill -0 "$pid"; done; }
window() { xdotool search --sync --onlyvisible --name "$1" | head -n 1; }
out=$3
gdbus wait --session --timeout 60 org.hindcast.Inspector
until call Describe status 2>/dev/null | grep -q '"events":'; do kill -0 "$pid"; done
main=$(xdotool search --sync --onlyvisible --class hindcast | head -n 1)
xdotool windowfocus --sync "$main"

# ask COMMAND: finds it on the page, and is asked for a key.
ask() {
    call Activate keys.edit "[]" "{}" >/dev/null
    page=$(window '^Keys$')
    xdotool windowfocus --sync "$page"
    # Enter goes to the first row, and is pressed there.
    xdotool type "$1"
    xdotool key Return Return
    xdotool windowfocus --sync "$(window '^Press a Key$')"
}
leave() {
    until ! xdotool search --onlyvisible --name '^Press a Key$' >/dev/null 2>&1; do :; done
    xdotool windowfocus --sync "$page" key Escape
    until ! xdotool search --onlyvisible --name '^Keys$' >/dev/null 2>&1; do xdotool key Escape; done
    xdotool windowfocus --sync "$main"
}
# A free letter; then one that another command has, which loses it.
ask step.next; xdotool key k Return; await_keys step.next k; leave
xdotool key k k; await '"focus":2,'
ask step.last; xdotool key F7 Return; await_keys step.last F7; await_keys step.previous '<Control>Up comma'; leave
xdotool key F7; await "\"focus\":$4,"
# Escape changes nothing.
ask step.first; xdotool key F9 Escape; leave; await_keys step.first '<Control>Home'
# Its own again.
call Activate keys.reset "[<'step.next'>]" "{}" >/dev/null; await_keys step.next 'F8 <Control>Down period'
call Activate window.close "[]" "{}" >/dev/null
wait "$pid"
END
look 0 "$trace" print.status
last=$(($(sed -n 's/.*"events":\([0-9]*\),.*/\1/p' "$work/out") - 1))
timeout 100 dbus-run-session -- bash "$work/page.sh" "$inspector" "$trace" "$work/out" "$last" >"$work/said" 2>"$work/err" ||
    fail "on the page of keys: $(cat "$work/err")"
echo "ok"
