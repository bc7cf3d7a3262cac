#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# wrong-input.sh - what is written wrong is refused with status 2 and a message that says where and what.
. "$(dirname "$0")/lib.sh"

refuse() { expect_status 2 "$HINDCAST" record -q -o "$work/refused.hct" "$@"; }

# the command line
expect_status 2 "$HINDCAST" recrod
expect_text "$work/err" 'did you mean record\?'
expect_status 2 "$HINDCAST" record --sede 3 "$root/samples/ping"
expect_text "$work/err" 'did you mean --seed\?'
expect_status 2 "$HINDCAST" record
expect_status 2 "$HINDCAST" record --seed x "$root/samples/ping"
expect_status 2 "$HINDCAST" record --until soon "$root/samples/ping"
expect_text "$work/err" 'until soon: not a time'
expect_status 0 "$HINDCAST" record --help

# experiments
refuse "$work/nothing.yaml"
expect_text "$work/err" 'nothing\.yaml'

refuse "$root/tests/golden/picture.hct"
expect_text "$work/err" 'picture\.hct: a trace'

printf 'general: {stop_time: 1s\nhosts: [\n' >"$work/unreadable.yaml"
refuse "$work/unreadable.yaml"
expect_text "$work/err" 'unreadable\.yaml:[0-9]+:[0-9]+:'

printf 'general:\n  stop_tme: 1s\nhosts:\n  a: {}\n' >"$work/unknown.yaml"
refuse "$work/unknown.yaml"
expect_text "$work/err" 'unknown\.yaml:2:3:.*stop_tme.*stop_time'

printf 'general: {stop_time: 1s}\nnetwork: {links: [{ends: [a, b], delay: 1 ms}]}\nhosts: {a: {}}\n' >"$work/ends.yaml"
refuse "$work/ends.yaml"
expect_text "$work/err" 'ends\.yaml:2:[0-9]+:.*b'

printf 'general: {stop_time: 1s}\nnetwork: {links: [{ends: [a, b], delay: 1 ms}]}\nhosts: {a: {}, b: {}, alone: {}}\n' \
    >"$work/alone.yaml"
refuse "$work/alone.yaml"
expect_text "$work/err" "alone\.yaml:3:[0-9]+:.*'alone' has no link"

# a data directory that is not hindcast's is left alone
mkdir "$work/precious"
touch "$work/precious/file"
refuse --data "$work/precious" "$root/samples/ping"
[[ -e $work/precious/file ]] || fail "a foreign directory was emptied"

# traces
printf 'not a trace at all, but long enough to be looked at as one: %0200d\n' 0 >"$work/no.hct"
for command in "replay --check" info dump check; do
    # shellcheck disable=SC2086
    expect_status 2 "$HINDCAST" $command "$work/no.hct"
    [[ -s $work/err ]] || fail "$command says nothing about a file that is no trace"
    # shellcheck disable=SC2086
    expect_status 2 "$HINDCAST" $command "$work/absent.hct"
    expect_text "$work/err" 'absent\.hct'
done

# what is written goes over nothing that it should not
record run -- /bin/echo hello
cp "$work/run.hct" "$work/before.hct"
for command in pack trim 'scrub --payload' 'export csv' report; do
    # shellcheck disable=SC2086
    expect_status 2 "$HINDCAST" $command "$work/run.hct" -o "$work/./run.hct"
    expect_text "$work/err" 'not written over itself'
    expect_same "$work/run.hct" "$work/before.hct"
    # shellcheck disable=SC2086
    expect_status 2 "$HINDCAST" $command "$work/run.hct" -o ''
    expect_text "$work/err" 'output: the value is empty'
done
mkfifo "$work/fifo"
for command in pack trim 'scrub --payload'; do
    # shellcheck disable=SC2086
    expect_status 2 "$HINDCAST" $command "$work/run.hct" -o "$work/fifo"
    expect_text "$work/err" 'no regular file'
done
expect_status 2 "$HINDCAST" record -q -o "$work/fifo" -- /bin/true
expect_text "$work/err" 'no regular file'
refuse --status "$work/fifo" -- /bin/true
expect_text "$work/err" 'no regular file'
[[ -p $work/fifo ]] || fail "a pipe was replaced by a file"
refuse -- /bin/echo $'\xff'
expect_text "$work/err" 'UTF-8'

# a program that is not there is a failed run, and its record says why
expect_status 1 "$HINDCAST" record -q -o "$work/absent.hct" --data "$work/absent.data" -- absent
expect_text "$work/out" 'failed +1 expectation .* says which'
expect_status 0 "$HINDCAST" info "$work/absent.hct"
expect_text "$work/out" 'absent cannot be executed: ENOENT'

# what is asked for and not there
for arguments in '--node nobody' '--node node --pid 999'; do
    # shellcheck disable=SC2086
    expect_status 2 "$HINDCAST" replay $arguments "$work/run.hct"
    expect_text "$work/err" 'nothing to replay: .*no such (node|process)'
done
expect_status 2 "$HINDCAST" gdb --at start "$work/run.hct" -- -batch
expect_text "$work/err" 'no process lives at start'
expect_status 2 "$HINDCAST" gdb --node node --pid 999 "$work/run.hct" -- -batch
expect_text "$work/err" 'no process 999 of node lives at the end'

# names become names of files
printf 'hosts: {a: {processes: [{path: /bin/true, name: %0300d}]}}\n' 0 >"$work/long.yaml"
refuse "$work/long.yaml"
expect_text "$work/err" "long\.yaml:1:[0-9]+:.*at most 200 bytes"
ln -s /bin/true "$work/$(printf '%0250d' 0)"
expect_status 0 "$HINDCAST" record -q -o "$work/named.hct" --data "$work/named.data" -- "$work/$(printf '%0250d' 0)"
