#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# damaged-trace.sh - a trace that was cut or changed is refused in words; nothing crashes.
. "$(dirname "$0")/lib.sh"
need sqlite3

record good "$root/samples/ping"
size=$(stat -c %s "$work/good.hct")
expect_status 0 "$HINDCAST" check "$work/good.hct"

# 0: read as if whole; 1: damage found; 2: not a trace any more.  A signal or 70 is our mistake.
never_crashes() {
    local status=0
    "$HINDCAST" "$@" >/dev/null 2>"$work/err" || status=$?
    [[ $status -le 2 ]] || { cat "$work/err" >&2; fail "exit status $status: hindcast $*"; }
    [[ $status -eq 0 || -s $work/err ]] || fail "status $status without a word: hindcast $*"
    last_status=$status
}

for part in 1 10 25 50 75 90 99; do
    head -c $((size * part / 100)) "$work/good.hct" >"$work/cut.hct"
    never_crashes check "$work/cut.hct"
    [[ $last_status -ne 0 ]] || fail "$part % of a trace passes for a whole one"
    never_crashes dump "$work/cut.hct"
    never_crashes replay --check "$work/cut.hct"
done

for ((i = 0; i < 40; i++)); do
    at=$((size * i / 40 + i))
    cp "$work/good.hct" "$work/flipped.hct"
    byte=$(od -An -tu1 -j $at -N 1 "$work/good.hct")
    # shellcheck disable=SC2059
    printf "\\x$(printf %02x $((byte ^ 0x55)))" |
        dd of="$work/flipped.hct" bs=1 seek=$at conv=notrunc status=none
    never_crashes check "$work/flipped.hct"
    never_crashes replay --check "$work/flipped.hct"
done

cp "$work/good.hct" "$work/newer.hct"
sqlite3 "$work/newer.hct" 'pragma user_version = 999'
expect_status 2 "$HINDCAST" info "$work/newer.hct"
expect_text "$work/err" 'newer|version'
