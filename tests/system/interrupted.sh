#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# interrupted.sh - SIGINT, SIGTERM and SIGHUP end a recording within a second or two, whatever its nodes are at, and the trace is whole: it says so,
# is without damage, and replays.
. "$(dirname "$0")/lib.sh"
need jq

mkdir "$work/long"
sed 's/-c, "10"/-c, "100000"/; s/"0.2"/"0.01"/; s/stop_time: 30s/stop_time: 100000s/' \
    "$root/samples/ping/experiment.yaml" >"$work/long/experiment.yaml"

# begin WORKERS: a recorder in the background, whose status file says that it is under way.
begin() {
    rm -f "$work/status"
    env --default-signal "$HINDCAST" record -q -o "$work/run.hct" --data "$work/run.data" --status "$work/status" --workers "$1" \
        "$work/long" >"$work/out" 2>"$work/err" &
    recorder=$!
    # shellcheck disable=SC2016
    timeout 60 bash -c 'until [[ -s $1 && $(jq .events "$1") -gt 10 ]]; do sleep 0.1; done' - "$work/status" ||
        fail "the recorder does not begin: $(cat "$work/err")"
}

# expect_end PATTERN: the recorder has ended by itself, long before anything but a signal would end it; the reason is this one.
expect_end() {
    local status=0
    timeout 30 tail --pid=$recorder -f /dev/null || { kill -KILL $recorder; fail "$1: the recorder goes on"; }
    wait $recorder || status=$?
    [[ $status -eq 1 ]] || fail "$1: status $status: $(cat "$work/err")"
    expect_text "$work/out" "^ended .*: $1\$"
    ! pgrep -f "^$HINDCAST record .*$work/run.hct" >/dev/null || fail "workers live on"
    expect_status 0 "$HINDCAST" info --json "$work/run.hct"
    jq -e '.finished and .events > 10' "$work/out" >/dev/null || fail "the trace is not whole: $(cat "$work/out")"
    expect_status 0 "$HINDCAST" verify "$work/run.hct"
    expect_status 0 "$HINDCAST" dump "$work/run.hct" 'kind==end'
    expect_text "$work/out" "$1"
    check_replay "$work/run.hct"
}

for signal in INT TERM HUP; do
    begin 1
    kill -$signal $recorder
    expect_end interrupted
done

# A worker that stands still is for the recorder what one is whose node's kernel turns in a loop: it answers to nothing.
for signal in "INT" "TERM" "TERM TERM"; do
    begin 2
    kill -STOP "$(pgrep -P $recorder | tail -n 1)"
    for one in $signal; do
        kill -"$one" $recorder
    done
    expect_end 'interrupted; no answer from [a-z]+'
done
begin 1
kill -STOP "$(pgrep -P $recorder)"
kill -TERM $recorder
expect_end 'interrupted; no answer from [a-z, ]+'
