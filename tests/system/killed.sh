#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# killed.sh - a recorder that is killed at any moment leaves a trace that opens and replays to its last flush.
. "$(dirname "$0")/lib.sh"

mkdir "$work/long"
sed 's/-c, "10"/-c, "100000"/; s/"0.2"/"0.01"/; s/stop_time: 30s/stop_time: 100000s/' \
    "$root/samples/ping/experiment.yaml" >"$work/long/experiment.yaml"

opened=0
for delay in 0.3 1.7 2.9 4.1; do
    rm -f "$work"/killed.hct*
    "$HINDCAST" record -q -o "$work/killed.hct" "$work/long" >/dev/null 2>"$work/err" &
    recorder=$!
    sleep "$delay"
    kill -KILL "$recorder" 2>/dev/null || { cat "$work/err" >&2; fail "the recorder ended by itself"; }
    wait "$recorder" 2>/dev/null || true
    [[ -e $work/killed.hct ]] || continue
    opened=$((opened + 1))
    expect_status 0 "$HINDCAST" info "$work/killed.hct"
    check_replay "$work/killed.hct"
    # Packed it is whole, and says that it is not finished.
    if [[ $opened -eq 1 ]]; then
        expect_status 2 "$HINDCAST" note add "$work/killed.hct" "too early"
        expect_status 0 "$HINDCAST" pack "$work/killed.hct" -o "$work/packed.hct"
        expect_status 0 "$HINDCAST" verify "$work/packed.hct"
        expect_text "$work/out" 'did not come to its end'
        expect_status 0 "$HINDCAST" note add "$work/packed.hct" "now"
        check_replay "$work/packed.hct"
        expect_text "$work/err" 'did not come to its end'
    fi
    # Its programs are gone with it: none may go on unsupervised.
    sleep 0.2
    ! pgrep -P "$recorder" >/dev/null || fail "processes of a killed recorder live on"
done
[[ $opened -ge 2 ]] || fail "only $opened of 4 killed recordings left a trace"
