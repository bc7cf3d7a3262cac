#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# ring.sh - a ring has the end of the run, as a whole trace has it, and does not grow; also when its recorder is killed.
. "$(dirname "$0")/lib.sh"
need jq python3 zstd

mkdir "$work/long"
sed 's/-c, "10"/-c, "100000"/; s/"0.2"/"0.01"/; s/stop_time: 30s/stop_time: 100000s/' \
    "$root/samples/ping/experiment.yaml" >"$work/long/experiment.yaml"
expect_status 1 "$HINDCAST" record -q -o "$work/all.hct" --data "$work/all.data" --until 27s "$work/long"
expect_status 1 "$HINDCAST" record -q -o "$work/ring.hct" --data "$work/ring.data" --until 27s --ring 4s "$work/long"
expect_status 0 "$HINDCAST" verify "$work/ring.hct"
expect_text "$work/err" 'ring of 4\.0+s: only the end'
[[ $(stat -c %s "$work/ring.hct") -lt $(($(stat -c %s "$work/all.hct") / 3)) ]] || fail "the ring is not small"
[[ ! -e $work/ring.hct.lap && ! -e $work/ring.hct.part ]] || fail "something is left beside the ring"

# From the beginning of the last lap but one, 20 s, all is there; before that, only who there is, and what is under way.
"$HINDCAST" dump "$work/all.hct" from=20s | cut -d' ' -f2- >"$work/a"
"$HINDCAST" dump "$work/ring.hct" from=20s 2>/dev/null | cut -d' ' -f2- >"$work/b"
expect_same "$work/a" "$work/b"
"$HINDCAST" dump "$work/ring.hct" to=19.9999s 2>/dev/null | awk '{ print $5 }' | sort | uniq >"$work/before"
[[ $(tr '\n' ' ' <"$work/before") == "clock exec file link node packet-send start " ]] || fail "before the end there are $(tr '\n' ' ' <"$work/before")"
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
kill -KILL "$recorder" 2>/dev/null || { cat "$work/err" >&2; fail "the recorder ended by itself"; }
wait "$recorder" 2>/dev/null || true
[[ $last -ge 60000000000 ]] || fail "the run came only to $last ns"
last=$("$HINDCAST" info --json "$work/killed.hct" 2>/dev/null | jq .duration_ns)
first=$("$HINDCAST" dump "$work/killed.hct" "from=1s" kind==packet-send 2>/dev/null | head -n 1 | awk '{ sub("s", "", $2); print int($2) }' || true)
[[ $((last / 1000000000 - first)) -ge 19 && $((last / 1000000000 - first)) -le 41 ]] ||
    fail "the killed ring goes from $first s to $last ns"
# Both are read alike by who knows the document alone.
for name in ring killed; do
    "$HINDCAST" dump --plain "$work/$name.hct" >"$work/a" 2>/dev/null
    python3 "$root/tests/unit/second-reader.py" --dump "$work/$name.hct" >"$work/b"
    expect_same "$work/a" "$work/b"
done
expect_status 2 "$HINDCAST" record -q -o "$work/no.hct" --ring soon "$work/long"
