#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# thousand.sh - a thousand nodes in a random graph exchange messages and end within 16 GiB, equally with one worker and with two.
# Takes minutes, so it is in a suite of its own: meson test --suite long
. "$(dirname "$0")/../lib.sh"
need python3

limit_kib=$((16 * 1024 * 1024))
available() { awk '/^MemAvailable:/ { print $2 }' /proc/meminfo; }

cp "$programs/../samples/phold/phold" "$work/phold"
"$root/samples/phold/make" 1000 >"$work/thousand.yaml"
before=$(available)
[[ $before -gt $((6 * 1024 * 1024)) ]] || skip "needs 6 GiB of free memory, and there are $((before / 1024)) MiB"

least=$before
"$HINDCAST" record -q --workers 2 -o "$work/two.hct" --data "$work/two.data" "$work/thousand.yaml" >"$work/out" 2>"$work/err" &
recorder=$!
# Samples memory until the recorder has ended.
while kill -0 "$recorder" 2>/dev/null; do
    now=$(available)
    [[ $now -ge $least ]] || least=$now
    read -rt 1 <> <(:) || true
done
wait "$recorder" || { tail -n 5 "$work/err" >&2; fail 'the recording failed'; }
[[ $((before - least)) -lt $limit_kib ]] || fail "it took $(((before - least) / 1024)) MiB"
printf 'a thousand nodes took %d MiB\n' "$(((before - least) / 1024))"

cat "$work"/two.data/*/phold.stdout |
    awk '{ sent += $2; received += $4; kept += $6 } END { print NR, sent, received, kept; exit !(NR == 1000 && sent == received && kept == 4000) }' ||
    fail 'messages were lost'
record one --workers 1 "$work/thousand.yaml"
expect_same "$work/one.hct" "$work/two.hct"
