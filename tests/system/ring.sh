#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# ring.sh - a ring has the end of the run, as a whole trace has it, begins with images of what lives then, so that it replays, and does not
# grow; also when its recorder is killed.
. "$(dirname "$0")/lib.sh"
need jq python3 zstd

mkdir "$work/long"
sed 's/-c, "10"/-c, "100000"/; s/"0.2"/"0.01"/; s/stop_time: 30s/stop_time: 100000s/' \
    "$root/samples/ping/experiment.yaml" >"$work/long/experiment.yaml"
expect_status 1 "$HINDCAST" record -q -o "$work/all.hct" --data "$work/all.data" --until 27s "$work/long"
expect_status 1 "$HINDCAST" record -q -o "$work/ring.hct" --data "$work/ring.data" --until 27s --ring 4s "$work/long"
expect_status 0 "$HINDCAST" verify "$work/ring.hct"
expect_text "$work/err" 'ring of 4\.0+s: only the end'
events() { "$HINDCAST" info --json "$1" 2>/dev/null | jq .events; }
[[ $(events "$work/ring.hct") -lt $(($(events "$work/all.hct") / 3)) ]] || fail "the ring is not small"
[[ $(echo "$work"/ring.hct*) == "$work/ring.hct" ]] || fail "something is left beside the ring: $(echo "$work"/ring.hct*)"
expect_status 1 "$HINDCAST" record -q -o "$work/later.hct" --data "$work/later.data" --until 47s --ring 4s "$work/long"
[[ $(stat -c %s "$work/later.hct") -lt $(($(stat -c %s "$work/ring.hct") * 11 / 10)) ]] || fail "the ring grows"

# It replays, and its memory and states are those of the whole run.
check_replay "$work/ring.hct"
expect_status 0 "$HINDCAST_WALK" "$work/ring.hct" part "$work/all.hct" 6
cat "$work/out"
for at in 20.001s 25s; do
    expect_status 0 "$HINDCAST" state --at "$at" "$work/all.hct"
    tail -n +2 "$work/out" >"$work/a"
    expect_status 0 "$HINDCAST" state --at "$at" "$work/ring.hct"
    tail -n +2 "$work/out" >"$work/b"
    expect_same "$work/a" "$work/b"
done

# From the beginning of the last lap but one, 20 s, all is there; before that, only what has become of the run by then.
"$HINDCAST" dump "$work/all.hct" from=20s | cut -d' ' -f2- >"$work/a"
"$HINDCAST" dump "$work/ring.hct" from=20s 2>/dev/null | cut -d' ' -f2- >"$work/b"
expect_same "$work/a" "$work/b"
"$HINDCAST" dump "$work/ring.hct" to=19.9999s 2>/dev/null | awk '{ print $5 }' | sort | uniq >"$work/before"
[[ $(grep -c -x -e image -e keyframe -e fd -e thread "$work/before") -eq 4 && $(grep -c -E '^(syscall.*|signal|effects|output)$' "$work/before") -eq 0 ]] ||
    fail "before the end there are $(tr '\n' ' ' <"$work/before")"
[[ $("$HINDCAST" info --json "$work/ring.hct" 2>/dev/null | jq '.processes | length') -ge 1 ]] || fail "nobody knows the processes"

expect_status 1 "$HINDCAST" record -q -o "$work/again.hct" --data "$work/again.data" --until 27s --ring 4s --workers 2 "$work/long"
expect_same "$work/ring.hct" "$work/again.hct"

# Killed in the middle, the log has one lap at least.
"$HINDCAST" record -q -o "$work/killed.hct" --data "$work/killed.data" --ring 20s "$work/long" >/dev/null 2>"$work/err" &
recorder=$!
for ((i = 0; i < 300; i++)); do
    last=$("$HINDCAST" info --json "$work/killed.hct" 2>/dev/null | jq .duration_ns) || last=0
    [[ ${last:-0} -lt 60000000000 ]] || break
    sleep 0.1
done
# The images of a lap, once they are made, have no name: nothing of them can stay.
for ((i = 0; i < 300; i++)); do
    ! compgen -G "$work/killed.hct.images*" >/dev/null && ls -l "/proc/$recorder/fd" | grep -q 'killed.hct.images (deleted)' && break
    sleep 0.05
done
[[ $i -lt 300 ]] || fail "the images of a lap keep their name: $(ls "$work"; ls -l "/proc/$recorder/fd")"
kill -KILL "$recorder" 2>/dev/null || { cat "$work/err" >&2; fail "the recorder ended by itself"; }
wait "$recorder" 2>/dev/null || true
[[ $last -ge 60000000000 ]] || fail "the run came only to $last ns"
last=$("$HINDCAST" info --json "$work/killed.hct" 2>/dev/null | jq .duration_ns)
first=$("$HINDCAST" dump "$work/killed.hct" "from=1s" kind==packet-send 2>/dev/null | head -n 1 | awk '{ sub("s", "", $2); print int($2) }' || true)
[[ $((last / 1000000000 - first)) -ge 19 && $((last / 1000000000 - first)) -le 41 ]] ||
    fail "the killed ring goes from $first s to $last ns"
check_replay "$work/killed.hct"
# Both are read alike by who knows the document alone.
for name in ring killed; do
    "$HINDCAST" dump --plain "$work/$name.hct" >"$work/a" 2>/dev/null
    python3 "$root/tests/unit/second-reader.py" --dump "$work/$name.hct" >"$work/b"
    expect_same "$work/a" "$work/b"
done
# What a bad moment leaves beside a trace, the next recorder removes.
touch "$work"/killed.hct.{images,images.part,images.tmp,lap,lap.part}
expect_status 1 "$HINDCAST" record -q -o "$work/killed.hct" --data "$work/killed.data" --until 1s "$work/long"
[[ $(echo "$work"/killed.hct*) == "$work/killed.hct" ]] || fail "something is left beside the trace: $(echo "$work"/killed.hct*)"
expect_status 2 "$HINDCAST" record -q -o "$work/no.hct" --ring soon "$work/long"

# Programs with threads, forks and shared memory: several laps of a short run, and one that is longer than the run.
mkdir "$work/still"
cat >"$work/still/experiment.yaml" <<END
general: {stop_time: 20s, seed: 1}
hosts:
  only:
    processes:
      - {path: $programs/still}
END
record still "$work/still"
for ring in 300ms 700ms 10s; do
    expect_status 0 "$HINDCAST" record -q -o "$work/short.hct" --data "$work/short.data" --ring "$ring" "$work/still"
    check_replay "$work/short.hct"
    [[ $ring == 10s ]] || expect_status 0 "$HINDCAST_WALK" "$work/short.hct" part "$work/still.hct" 4
done
