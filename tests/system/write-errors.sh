#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# write-errors.sh - the trace's file cannot be written, synchronised, closed or renamed, at several moments of a recording.  The recorder says so with
# status 3 and the error's name; what is left opens up to there, says that it is not finished, and replays.  Writes that are short
# change nothing.
. "$(dirname "$0")/lib.sh"
need jq

# Small chunks of time and many events: several records before the end.
mkdir "$work/long"
sed 's/-c, "10"/-c, "400"/; s/"0.2"/"0.01"/' "$root/samples/ping/experiment.yaml" >"$work/long/experiment.yaml"
trace=$work/run.hct

# with CALL FIRST LAST ERROR [PATH]: records with these faults; status in $status, words in $work/said, number of calls in $calls.
with() {
    rm -f "$trace"*
    status=0 calls=0
    WRITE_FAULTS=${5:-$trace}:$1:$2:$3:$4 WRITE_FAULTS_COUNT=$work/calls LD_PRELOAD=$programs/write-faults.so \
        "$HINDCAST" record -q -o "$trace" --data "$work/run.data" "$work/long" >"$work/said" 2>&1 || status=$?
    calls=$(cat "$work/calls" 2>/dev/null || echo 0)
    rm -f "$work/calls"
}

# failed TEXT: the recording did, and said this; nothing but the trace is left.
failed() {
    [[ $status -eq 3 ]] || { cat "$work/said" >&2; fail "exit status $status instead of 3"; }
    expect_text "$work/said" "$1"
    [[ $(ls -d "$trace"* 2>/dev/null) == "$trace" || ! -e $trace ]] || fail "beside the trace there are: $(ls -d "$trace"*)"
    ! compgen -G "$trace.*" >/dev/null || fail "there are left: $(ls -d "$trace".*)"
}

# left EVENTS: so many at least can be read, and replayed.
left() {
    expect_status 0 "$HINDCAST" info --json "$trace"
    [[ $(jq .events "$work/out") -ge $1 && $(jq .finished "$work/out") == false ]] || fail "left: $(head -c 300 "$work/out")"
    expect_text "$work/err" 'did not come to its end'
    expect_text "$work/said" 'what was written so far is there and can be replayed'
    check_replay "$trace"
}

none_left() {
    [[ ! -e $trace ]] || fail "a trace without events was left"
    expect_text "$work/said" "$1"
}

with write 0 0 0
[[ $status -eq 0 ]] || fail "$(cat "$work/said")"
cp "$trace" "$work/whole.hct"
writes=$calls
events=$("$HINDCAST" info --json "$trace" | jq .events)
[[ $writes -gt 20 ]] || fail "only $writes writes: nothing is tested"

# Short ones, and those that a signal interrupts, are no errors.
with write 1 100000 0
[[ $status -eq 0 && $calls -gt $writes ]] || fail "short writes: status $status, $calls calls: $(cat "$work/said")"
expect_same "$trace" "$work/whole.hct"
with write 5 9 4 # EINTR
[[ $status -eq 0 ]] || fail "interrupted writes: $(cat "$work/said")"
expect_same "$trace" "$work/whole.hct"

# The first write of all: there is no trace.
with write 1 100000 5 # EIO
failed 'Input/output error'
[[ ! -e $trace ]] || fail "a trace without a header was left"
# Metas, then files: no event yet.
with write 3 100000 122 # EDQUOT
failed 'Disk quota exceeded'
none_left 'nothing of it is left'
# Every write after some, with each error.
for error in '5 Input/output' '27 File too large' '28 No space left' '122 Disk quota'; do
    with write $((writes / 2)) 100000 "${error%% *}"
    failed "${error#* }"
done
# What SQLite writes at the end: all of the log is there.
for first in 1 2 50; do
    with write $first 100000 122 "$trace.tmp"
    failed 'Disk quota exceeded'
    left "$events"
done
with sync 1 9 5
failed 'Input/output error'
left "$events"
# What was not written after all is told once, by the first call that asks: that must not be a close which nobody listens to.
with late 1 1 5 "$trace.tmp"
failed 'Input/output error'
left "$events"
# A close that fails when all is on the disk is none of our business.
with close 1 100000 5
[[ $status -eq 0 && $calls -ge 2 ]] || fail "failing closes: status $status, $calls calls: $(cat "$work/said")"
expect_same "$trace" "$work/whole.hct"
with rename 1 1 5 "$trace.tmp"
failed 'Input/output error'
left "$events"
# The first flush, unless the run was over before.
with rename 1 1 5 "$trace.part"
if [[ $calls -gt 0 ]]; then
    failed 'Input/output error'
    left 1
else
    [[ $status -eq 0 ]] || fail "$(cat "$work/said")"
fi

# The limit of the shell; SIGXFSZ is what it sends first.
size=$(stat -c %s "$work/whole.hct")
for part in 4 2; do
    rm -f "$trace"*
    status=0
    (
        ulimit -f $((size / part / 1024))
        exec "$HINDCAST" record -q -o "$trace" --data "$work/run.data" "$work/long"
    ) >"$work/said" 2>&1 || status=$?
    failed 'File too large'
done

# What was at the path before is there until something takes its place.
rm -f "$trace"*
echo precious >"$work/precious"
cp "$work/precious" "$trace"
status=0
WRITE_FAULTS=$trace:write:3:100000:5 LD_PRELOAD=$programs/write-faults.so \
    "$HINDCAST" record -q -o "$trace" --data "$work/run.data" "$work/long" >"$work/said" 2>&1 || status=$?
failed 'Input/output error'
expect_same "$trace" "$work/precious"

# Other writers of traces leave nothing that is not whole.
for call in write sync rename; do
    cp "$work/precious" "$trace"
    status=0
    WRITE_FAULTS=$trace:$call:1:100000:5 LD_PRELOAD=$programs/write-faults.so \
        "$HINDCAST" pack "$work/whole.hct" -o "$trace" >"$work/said" 2>&1 || status=$?
    [[ $status -ne 0 ]] || fail "pack with failing $call ends as if nothing had happened"
    expect_text "$work/said" 'Input/output error'
    expect_same "$trace" "$work/precious"
    ! compgen -G "$trace.*" >/dev/null || fail "pack has left: $(ls -d "$trace".*)"
done

# A note: its copy is closed by who makes it, and synchronised before SQLite closes it, which does not listen.
for first in 1 2 3; do
    cp "$work/whole.hct" "$trace"
    status=0
    WRITE_FAULTS=$trace.tmp:late:$first:$first:5 WRITE_FAULTS_COUNT=$work/calls LD_PRELOAD=$programs/write-faults.so \
        "$HINDCAST" note add "$trace" here >"$work/said" 2>&1 || status=$?
    [[ $(cat "$work/calls") -ge $first ]] || fail "a note closes and synchronises its copy $(cat "$work/calls") times only"
    [[ $first -eq 3 || $status -ne 0 ]] || fail "a note whose copy was not written ends as if nothing had happened"
    [[ $status -eq 0 ]] || expect_text "$work/said" 'Input/output error'
    [[ $status -eq 0 ]] || expect_same "$trace" "$work/whole.hct"
    ! compgen -G "$trace.*" >/dev/null || fail "a note has left: $(ls -d "$trace".*)"
done
