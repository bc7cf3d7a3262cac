# SPDX-License-Identifier: GPL-2.0-or-later
# lib.sh - a screen that nobody sees, and what all tests of the window share.  Sourced with $inspector set.
# Nothing sleeps: a script's next command waits by itself, and D-Bus is asked until `busy` is over.
# shellcheck shell=bash
for tool in Xvfb dbus-run-session gdbus; do
    command -v "$tool" >/dev/null || { echo "needs $tool"; exit 77; }
done
work=$(mktemp -d)
xvfb=
cleanup() {
    [[ -z $xvfb ]] || kill "$xvfb" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT
fail() { echo "not ok: $*"; exit 1; }

# No key repeats itself while a loaded machine is slow to let go of it.  The server says which display it took, when it can be used.
: >"$work/display"	# it is there before its reader, whoever of the two starts first
Xvfb -displayfd 5 -r -screen 0 1600x1000x24 -dpi 96 -noreset -nolisten tcp 5>"$work/display" 2>"$work/xvfb.log" &
xvfb=$!
read -r number < <(tail -f --pid="$xvfb" "$work/display") || fail "no X server: $(cat "$work/xvfb.log")"
export DISPLAY=:$number GDK_BACKEND=x11 GSK_RENDERER=cairo GTK_A11Y=none GSETTINGS_BACKEND=memory
export HOME=$work XDG_RUNTIME_DIR=$work XDG_CONFIG_HOME=$work/.config XDG_CONFIG_DIRS=$work/etc LC_ALL=C.UTF-8

# look STATUS TRACE COMMAND...: runs commands; out and err are files.
look() {
    local want=$1 trace=$2 status=0 arguments=()
    shift 2
    for command; do arguments+=(-c "$command"); done
    timeout 120 dbus-run-session -- "$inspector" "$trace" "${arguments[@]}" -q \
        >"$work/out" 2>"$work/err" || status=$?
    [[ $status -eq $want ]] || fail "status $status, not $want, after: $* ($(cat "$work/err"))"
    ! grep -E 'CRITICAL|Gtk-WARNING|inspector-WARNING' "$work/err" || fail "warnings after: $*"
}
expect() { grep -qE -- "$2" "$work/$1" || fail "no $2 in $1: $(cat "$work/$1")"; }
# drive SCRIPT ARGUMENT...: a script of drive.py, within a session bus of its own.
drive() {
    local script=$1
    shift
    /usr/bin/python3 -c 'from gi.repository import Gio' 2>/dev/null || { echo "needs python3-gi"; exit 77; }
    work=$work timeout 600 dbus-run-session -- /usr/bin/python3 "$(dirname "${BASH_SOURCE[0]}")/$script" "$@" 2>"$work/drive.err" ||
        fail "$script: $(grep -v '^dbus-daemon' "$work/drive.err" | tail -n 20)"
}
# What a screen reader is told can be asked here.
need_reader() {
    [[ -x /usr/libexec/at-spi-bus-launcher ]] || { echo "needs at-spi2-core"; exit 77; }
    /usr/bin/python3 -c 'import gi; gi.require_version("Atspi", "2.0"); from gi.repository import Atspi' 2>/dev/null ||
        { echo "needs gir1.2-atspi-2.0"; exit 77; }
}
