#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# disk-full.sh - a disk that is full while a run is recorded: the recorder says so, and what was flushed opens, replays, and says that
# it is not finished; once there is room again, pack makes a whole trace of it.
. "$(dirname "$0")/lib.sh"
need jq

mkdir "$work/long" "$work/disk"
sed 's/-c, "10"/-c, "100000"/; s/"0.2"/"0.01"/; s/stop_time: 30s/stop_time: 100000s/' \
    "$root/samples/ping/experiment.yaml" >"$work/long/experiment.yaml"
mounting bash -c "mount -t tmpfs -o size=3M none '$work/disk' && umount '$work/disk'" 2>/dev/null ||
    skip "this host lets nobody mount a small disk"
# Inside, the disk is there; what is left on it is taken out before it goes.
cat >"$work/inside.sh" <<'END'
mount -t tmpfs -o size=3M none "$work/disk"
"$HINDCAST" record -q -o "$work/disk/run.hct" --data "$work/run.data" "$work/long" >"$work/said" 2>&1
echo $? >"$work/status"
ls "$work/disk" >"$work/left"
cp "$work/disk/run.hct" "$work/run.hct"
umount "$work/disk"
END
mounting timeout 200 bash "$work/inside.sh" || fail "$(cat "$work/said")"
[[ $(cat "$work/status") -ne 0 ]] || fail "a recorder on a full disk ends as if nothing had happened"
expect_text "$work/said" 'No space left on device'
[[ $(cat "$work/left") == run.hct ]] || fail "on the disk there are: $(cat "$work/left")"
expect_status 0 "$HINDCAST" info --json "$work/run.hct"
[[ $(jq .events "$work/out") -gt 1000 && $(jq .finished "$work/out") == false ]] || fail "$(head -c 500 "$work/out")"
expect_text "$work/err" 'did not come to its end'
check_replay "$work/run.hct"
expect_status 0 "$HINDCAST" pack "$work/run.hct" -o "$work/packed.hct"
expect_status 0 "$HINDCAST" verify "$work/packed.hct"
expect_text "$work/out" 'did not come to its end'
