#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# output.sh - output that cannot be written is told with status 3, once, by every command; and where a standard descriptor is closed, what is printed goes
# into no other file.
. "$(dirname "$0")/lib.sh"

record run -- /bin/echo hello
trace=$work/run.hct

# expect_full COMMAND...: to a full disk, and to nowhere.
expect_full() {
    local status
    for to in '>/dev/full' '>&-'; do
        status=0
        eval '"$HINDCAST" "$@" 2>"$work/err" </dev/null' "$to" || status=$?
        [[ $status -eq 3 ]] || fail "$* $to: status $status: $(cat "$work/err")"
        [[ $(grep -c 'cannot write' "$work/err") -eq 1 ]] || fail "$* $to says: $(cat "$work/err")"
    done
}

for command in info 'info --json' check dump 'dump --story' report 'replay --check' state 'state --json'; do
    # shellcheck disable=SC2086
    expect_full $command "$trace"
done
for format in pcap pcapng csv json shiviz perfetto svg dot; do
    expect_full export $format "$trace"
done
expect_full sql --csv "$trace" 'SELECT * FROM event'
expect_full diff "$trace" "$trace"
expect_full ctl "$trace" where
expect_full syscalls
expect_full version
expect_full --help
expect_full dump --help

# The first file that is opened would be descriptor 1.
for descriptors in '>&-' '>&- 2>&-' '<&- >&- 2>&-'; do
    eval '"$HINDCAST" pack "$trace" -o "$work/packed.hct"' "$descriptors" && fail "pack $descriptors does not fail"
    expect_status 0 "$HINDCAST" verify "$work/packed.hct"
    eval '"$HINDCAST" record -q -o "$work/again.hct" --data "$work/again.data" -- /bin/echo hello' "$descriptors" &&
        fail "record $descriptors does not fail"
    expect_same "$trace" "$work/again.hct"
done
