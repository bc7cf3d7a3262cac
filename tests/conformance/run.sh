#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# run.sh NAME... - runs conformance programs natively and on a node, and compares what they say; records them twice, with
# one worker and with two, and compares the bytes; replays.  All of them are one experiment, one after the other.
. "$(dirname "$0")/../system/lib.sh"

environment=(HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
here=$programs/conformance
[[ $# -gt 0 ]] || fail "no program is named"

mkdir "$work/native" "$work/set"

# Whoever runs the tests may ignore signals, and programs would inherit that.  One that never ends is a race that it has lost,
# and a failure.
natively() {
    (cd / && ulimit -S -c 0 && umask 022 &&
        exec env -i --default-signal "${environment[@]}" setsid "$here/$1" "$here" </dev/null) >"$work/native/$1" 2>&1 &
    local pid=$!
    timeout 60 tail --pid=$pid -f /dev/null || { kill -KILL -- -$pid; fail "$1 hangs natively, after $(tail -n 1 "$work/native/$1")"; }
    wait $pid || printf 'status %d\n' $? >>"$work/native/$1"
}

# The second host has something to do for the second worker.
{
    printf 'general: {stop_time: 3000s, seed: 1}\nhosts:\n  only:\n    processes:\n'
    start=0
    for name; do
        printf '    - {path: %s, args: ["%s"], name: %s, start_time: %ds}\n' "$here/$name" "$here" "$name" "$start"
        start=$((start + 60))
    done
    printf '  other:\n    processes:\n    - {path: /bin/echo, args: [hello]}\n'
    printf 'network:\n  links:\n  - {ends: [only, other], delay: 10ms}\n'
} >"$work/set/experiment.yaml"

for workers in 1 2; do
    "$HINDCAST" record -q -o "$work/$workers.hct" --data "$work/$workers.data" --workers $workers "$work/set" \
        >"$work/out" 2>"$work/err" || { cat "$work/out" "$work/err" >&2; failed=record; }
done
for name; do
    cat "$work/1.data/only/$name.stdout" "$work/1.data/only/$name.stderr" >"$work/node" || true
    # Timers of a host that has much to do may come in another order than they were set for: it has five tries.
    for attempt in 1 2 3 4 5; do
        natively "$name"
        cmp -s "$work/native/$name" "$work/node" && break
    done
    # What two processes say at once comes in either order on a host with two processors: then the lines count.
    cmp -s "$work/native/$name" "$work/node" || cmp -s <(sort "$work/native/$name") <(sort "$work/node") ||
        { diff -u --label "$name natively" --label "$name on a node" "$work/native/$name" "$work/node" >&2 || true
          failed="$name, in $attempt native runs"; }
done
[[ -z ${failed:-} ]] || fail "$failed"
expect_same "$work/1.hct" "$work/2.hct"
check_replay "$work/1.hct"
