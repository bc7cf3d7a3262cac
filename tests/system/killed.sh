#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# killed.sh - a recorder that is killed at any moment leaves a trace that opens and replays to its last flush.
. "$(dirname "$0")/lib.sh"

mkdir "$work/long"
sed 's/-c, "10"/-c, "100000"/; s/"0.2"/"0.01"/; s/stop_time: 30s/stop_time: 100000s/' \
    "$root/samples/ping/experiment.yaml" >"$work/long/experiment.yaml"

# Its programs, theirs, and so on.
descendants() {
    local child
    for child in $(pgrep -P "$1"); do
        echo "$child"
        descendants "$child"
    done
}

# Each is killed so long after its begin, or after its first flush.
opened=0
while read -r published delay; do
    rm -f "$work"/killed.hct*
    "$HINDCAST" record -q -o "$work/killed.hct" "$work/long" >/dev/null 2>"$work/err" &
    recorder=$!
    until [[ $published == no || -e $work/killed.hct ]]; do kill -0 "$recorder"; done
    sleep "$delay"
    family=$(descendants "$recorder")
    kill -KILL "$recorder" 2>/dev/null || { cat "$work/err" >&2; fail "the recorder ended by itself"; }
    wait "$recorder" 2>/dev/null || true
    # Its programs are gone with it: none may go on unsupervised.
    [[ $published == no || $(wc -w <<<"$family") -ge 2 ]] || fail "there were no programs"
    for member in $family; do
        timeout 30 tail --pid="$member" -f /dev/null || fail "process $member of a killed recorder lives on"
    done
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
done <<END
no 0.3
yes 0
yes 0.4
yes 1.6
END
[[ $opened -ge 3 ]] || fail "only $opened of 4 killed recordings left a trace"
