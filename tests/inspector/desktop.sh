#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# desktop.sh INSPECTOR MAKE-TRACE SOURCE WIDGETS GATE - the window as a program of a desktop: with several windows, with files that are
# no traces or parts of one, known by what is in a file and not by its name.
set -euo pipefail

inspector=$1
make_trace=$2
source=$3
widgets=$4
gate=$5
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

for tool in xdotool update-mime-database appstreamcli desktop-file-validate xmllint gtk4-builder-tool; do
    command -v "$tool" >/dev/null || { echo "needs $tool"; exit 77; }
done
"$make_trace" "$work/run.hct" 1000

# Every command is told, each with words of its own, and no key does two things.
"$inspector" --commands >"$work/commands"
[[ $(awk '{print $1}' "$work/commands" | sort | uniq -d | wc -l) -eq 0 ]] || fail "two commands have one id"
! awk 'NF < 2' "$work/commands" | grep . || fail "a command without words"
sed -n 's/^COMMAND("\([^"]*\)".*, \("[^"]*"\|NULL\), \("[^"]*"\|NULL\))$/\2 \3/p' "$source/inspector/commands.def" | tr -d '"' | tr ' ' '\n' |
    grep -v '^NULL$' | sort | uniq -d >"$work/twice"
[[ ! -s $work/twice ]] || fail "keys with two meanings: $(cat "$work/twice")"
# ... and the manual knows them.
while read -r id _; do
    grep -q "$id\|${id%%.*}\.\*" "$source/docs/hindcast-inspector.1.md" || fail "docs/hindcast-inspector.1.md does not know $id"
done <"$work/commands"

# A trace that is cut or turned at any place opens in part or says why not, and never ends the program.
size=$(stat -c %s "$work/run.hct")
for share in 1 10 50 90 99; do
    head -c $((size * share / 100)) "$work/run.hct" >"$work/cut.hct"
    cp "$work/run.hct" "$work/turned.hct"
    printf '\xa5\x5a\xa5' | dd of="$work/turned.hct" bs=1 seek=$((size * share / 100)) conv=notrunc 2>/dev/null
    for trace in cut turned; do
        status=0
        timeout 120 dbus-run-session -- "$inspector" "$work/$trace.hct" -c print.status -q >"$work/out" 2>"$work/err" || status=$?
        [[ $status -eq 0 || $status -eq 2 ]] || fail "$trace at $share %: status $status: $(cat "$work/err")"
        [[ $status -eq 0 ]] || grep -q "$trace.hct" "$work/err" || fail "$trace at $share %: no word on why"
    done
done

# Without a display it says so.
status=0
env -u DISPLAY -u WAYLAND_DISPLAY "$inspector" "$work/run.hct" 2>"$work/err" || status=$?
[[ $status -eq 3 ]] && grep -q 'no display' "$work/err" || fail "without a display: status $status: $(cat "$work/err")"

# A second start opens its window in the first; each has a focus of its own; one ends without the other.
cat >"$work/two.sh" <<'END2'
set -euo pipefail
"$1" "$2" & pid=$!
call() { local window=$1; shift; gdbus call --session -d org.hindcast.Inspector -o "/org/hindcast/Inspector/window/$window" -m "org.gtk.Actions.$@"; }
focus() { call "$1" Describe status | sed -n 's/.*"focus":\([0-9]*\),.*/\1/p'; }
gdbus wait --session --timeout 100 org.hindcast.Inspector
until call 1 Describe status 2>/dev/null | grep -q '"events":'; do kill -0 "$pid"; done
"$1" "$2"
until call 2 Describe status 2>/dev/null | grep -q '"events":'; do kill -0 "$pid"; done
call 1 Activate focus.goto "[<'@100'>]" "{}" >/dev/null
call 2 Activate focus.goto "[<'@200'>]" "{}" >/dev/null
until [[ $(focus 1) == 100 && $(focus 2) == 200 ]]; do kill -0 "$pid"; done
# What is written in one is seen in the other.
notes() { call "$1" Describe status | sed -n 's/.*"notes":\([0-9]*\),.*/\1/p'; }
before=$(notes 2)
call 1 Activate note.add "[<'seen in both'>]" "{}" >/dev/null
until [[ $(notes 1) == $((before + 1)) && $(notes 2) == $((before + 1)) ]]; do kill -0 "$pid"; done
# A third one of its own opens nothing here.
shown() { xdotool search --onlyvisible --class hindcast | wc -l; }
"$1" --new-instance "$2" & own=$!
until [[ $(shown) -eq 3 ]]; do kill -0 "$pid" "$own"; done
! call 3 Describe busy >/dev/null 2>&1
kill "$own"
# One more by a command, without a trace, and one on the same.
call 1 Activate window.new "[<''>]" "{}" >/dev/null
until call 3 Describe status 2>/dev/null | grep -q '"trace":null'; do kill -0 "$pid"; done
call 1 Activate window.new "[<'$2'>]" "{}" >/dev/null
until call 4 Describe status 2>/dev/null | grep -q '"events":'; do kill -0 "$pid"; done
for window in 3 4; do call "$window" Activate window.close "[]" "{}" >/dev/null; done
call 1 Activate window.close "[]" "{}" >/dev/null
while call 1 Describe busy >/dev/null 2>&1; do :; done
[[ $(focus 2) == 200 ]]
call 2 Activate window.close "[]" "{}" >/dev/null
wait "$pid"
END2
timeout 250 dbus-run-session -- bash "$work/two.sh" "$inspector" "$work/run.hct" >"$work/out" 2>"$work/err" ||
    fail "two windows: $(tail -n 5 "$work/out" "$work/err")"
! grep -E 'CRITICAL|WARNING' "$work/err" || fail "two windows: complaints"

# A note that is being written when its window closes is seen in the other; one when the last window closes is written nevertheless.
# The pipe opens when both sides are there: then the writing is under way, and goes on.
cat >"$work/late.sh" <<'END2'
set -euo pipefail
export GATE=$3
LD_PRELOAD=$4 "$1" "$2" "$2" & pid=$!
call() { local window=$1; shift; gdbus call --session -d org.hindcast.Inspector -o "/org/hindcast/Inspector/window/$window" -m "org.gtk.Actions.$@"; }
gdbus wait --session --timeout 100 org.hindcast.Inspector
for window in 1 2; do
    until call "$window" Describe status 2>/dev/null | grep -q '"notes":0'; do kill -0 "$pid"; done
done
call 1 Activate note.add "[<'at the close'>]" "{}" >/dev/null
call 1 Activate window.close "[]" "{}" >/dev/null
while call 1 Describe busy >/dev/null 2>&1; do :; done
: >"$GATE"
until call 2 Describe status | grep -q '"notes":1'; do kill -0 "$pid"; done
call 2 Activate note.add "[<'at the end'>]" "{}" >/dev/null
call 2 Activate window.close-all "[]" "{}" >/dev/null
while call 2 Describe busy >/dev/null 2>&1; do :; done
: >"$GATE"
wait "$pid"
END2
cp "$work/run.hct" "$work/late.hct"
"$HINDCAST" note remove "$work/late.hct" 1 >/dev/null
mkfifo "$work/gate"
ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 \
    timeout 120 dbus-run-session -- bash "$work/late.sh" "$inspector" "$work/late.hct" "$work/gate" "$gate" >"$work/out" 2>"$work/err" ||
    fail "notes that are written late: $(tail -n 5 "$work/out" "$work/err")"
! grep -E 'CRITICAL|WARNING' "$work/err" || fail "notes that are written late: complaints"
[[ $("$HINDCAST" note list "$work/late.hct" | grep -c 'at the close$\|at the end$') -eq 2 ]] ||
    fail "a note was lost when its window closed: $("$HINDCAST" note list "$work/late.hct")"

# A trace is known by what is in it.
mkdir -p "$work/share/mime/packages"
cp "$source/inspector/data/org.hindcast.Inspector.xml" /usr/share/mime/packages/freedesktop.org.xml "$work/share/mime/packages/"
update-mime-database "$work/share/mime" >/dev/null 2>&1
cp "$work/run.hct" "$work/x"
type=$(XDG_DATA_HOME=$work/share gio info -a standard::content-type "$work/x" | sed -n 's/.*content-type: //p')
[[ $type == application/x-hindcast-trace ]] || fail "a trace of another name is taken for $type"

# What a desktop reads of the program, and what the program makes its window of.
xmllint --noout "$source"/inspector/data/*.xml || fail "a file is no XML"
desktop-file-validate "$source/inspector/data/org.hindcast.Inspector.desktop" || fail "the desktop file"
appstreamcli validate --no-net "$source/inspector/data/org.hindcast.Inspector.metainfo.xml" >"$work/out" ||
    fail "the description for software centres: $(cat "$work/out")"
for ui in "$source"/inspector/*.ui; do
    LD_PRELOAD=$widgets gtk4-builder-tool validate "$ui" >"$work/out" 2>&1 || fail "$ui: $(cat "$work/out")"
done
echo "ok"
