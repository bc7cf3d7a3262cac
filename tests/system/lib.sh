# SPDX-License-Identifier: GPL-2.0-or-later
# lib.sh - what all system tests share.  Sourced by bash scripts that meson starts with
#   HINDCAST   the program     HINDCAST_ROOT   the source tree     HINDCAST_PROGRAMS   built test programs
# A test ends by its first `fail`; it says what was expected and what came instead.
# shellcheck shell=bash
set -euo pipefail

: "${HINDCAST:?the tests are started by meson test, see tests/run}"
root=$HINDCAST_ROOT
# Only a test that starts recorded programs of its own needs these.
programs=${HINDCAST_PROGRAMS:-}
work=$(mktemp -d "${TMPDIR:-/tmp}/hindcast-test.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
export root programs work

fail() { printf 'FAIL: %s\n' "$*" >&2; exit 1; }
# On standard output, where the count of tests looks for the reason.
skip() { printf '%s\n' "$*"; exit 77; }

need() {
    local name
    for name; do
        command -v "$name" >/dev/null || skip "there is no $name on this host"
    done
}

# mounting COMMAND...: runs it where it may mount, seen by nobody else: in a mount namespace of its own. Root needs no user namespace for
# that, and in a chroot there is none. A chroot whose root is no mount point cannot cut itself off from where it came from either: so the
# command unmounts what it has mounted. 125 when this host does not allow it.
mounting() {
    local options=(--mount)
    [[ $(id -u) -eq 0 ]] || options+=(--map-root-user)
    unshare "${options[@]}" true 2>/dev/null || options+=(--propagation unchanged)
    unshare "${options[@]}" true 2>/dev/null || return 125
    unshare "${options[@]}" "$@"
}

# expect_status N COMMAND...: runs it, output in $work/out and $work/err.
expect_status() {
    local want=$1 got=0
    shift
    "$@" >"$work/out" 2>"$work/err" || got=$?
    [[ $got -eq $want ]] || {
        tail -n 20 "$work/out" "$work/err" >&2
        fail "exit status $got instead of $want: $*"
    }
}

# expect_text FILE PATTERN: an extended regular expression that one line has to match.
expect_text() {
    grep -Eq -- "$2" "$1" || {
        tail -n 20 "$1" >&2
        fail "no line of ${1##*/} matches: $2"
    }
}

# Of traces also where they part, and why: another run of the same test may have no such difference to look at.
expect_same() {
    cmp "$1" "$2" >&2 && return
    [[ $1 != *.hct ]] || "$HINDCAST" diff "$1" "$2" >&2 || true
    fail "$1 and $2 differ"
}

expect_differ() {
    ! cmp -s "$1" "$2" || fail "$1 and $2 are the same"
}

# record NAME ARGUMENTS...: records to $work/NAME.hct, data in $work/NAME.data.
record() {
    local name=$1
    shift
    expect_status 0 "$HINDCAST" record -q -o "$work/$name.hct" --data "$work/$name.data" "$@"
}

check_replay() { expect_status 0 "$HINDCAST" replay --check "$1"; }

# output DATA NODE PROCESS: the file with what a process wrote to standard output.
output() {
    local file
    for file in "$1/$2/$3.stdout" "$1/$2/$2.$3.stdout"; do
        if [[ -e $file ]]; then
            printf '%s\n' "$file"
            return
        fi
    done
    fail "process $3 of node $2 left no output in $1/$2: $(ls "$1/$2")"
}

# experiment FILE: writes an experiment of one node `only` whose process is given by the lines on stdin.
experiment() {
    mkdir -p "$(dirname "$1")"
    {
        printf 'general: {stop_time: 20s, seed: 1}\nhosts:\n  only:\n    processes:\n'
        sed 's/^/      /'
    } >"$1"
}
