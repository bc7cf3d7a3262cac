#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# explore.sh - the lowest seed that shows it is found, whatever runs side by side; a run that cannot be carried out is told of.
. "$(dirname "$0")/lib.sh"

# By chance of the seed a host loses its only datagram, or not.
mkdir "$work/set"
cat >"$work/set/experiment.yaml" <<END
general: {stop_time: 5s}
hosts:
  a:
    processes:
    - {path: /bin/ping, args: [-c, "1", -W, "1", b]}
  b: {}
network:
  links:
  - {ends: [a, b], delay: 10 ms, loss: 12%}
END

expected=none
for seed in $(seq 0 40); do
    status=0
    "$HINDCAST" record -q --seed "$seed" -o "$work/one.hct" "$work/set" >/dev/null || status=$?
    if [[ $status -eq 1 ]]; then
        expected=$seed
        break
    fi
done
[[ $expected != none && $expected -gt 0 ]] || fail "no seed fails, or the first: the test needs another loss"

for jobs in 1 3; do
    expect_status 0 "$HINDCAST" explore -q --jobs "$jobs" --seeds 0..40 -o "$work/by-$jobs.hct" "$work/set"
    expect_text "$work/out" "^seed +$expected, after $expected "
    expect_text "$work/out" "^compare +$work/by-$jobs.$((expected - 1)).hct"
done
expect_same "$work/by-1.$expected.hct" "$work/by-3.$expected.hct"
expect_same "$work/by-1.$expected.hct" "$work/one.hct"
[[ ! -e $work/by-1.explore ]] || fail "the folder of the runs is still there"

# Interrupted, it takes its runs with it, and leaves nothing.
sed 's/-c, "1", -W, "1"/-c, "100000"/; s/stop_time: 5s/stop_time: 100000s/' "$work/set/experiment.yaml" >"$work/long.yaml"
env --default-signal "$HINDCAST" explore -q --jobs 2 --seeds 0..40 -o "$work/long.hct" "$work/long.yaml" >"$work/out" 2>"$work/err" &
explorer=$!
# shellcheck disable=SC2016
timeout 60 bash -c 'until [[ $(ls -d "$1"/*.data 2>/dev/null | wc -l) -eq 2 ]]; do sleep 0.1; done' - "$work/long.explore" ||
    fail "no two runs begin: $(cat "$work/err")"
kill -TERM $explorer
timeout 60 tail --pid=$explorer -f /dev/null || fail "explore goes on"
status=0
wait $explorer || status=$?
[[ $status -eq 1 ]] || fail "interrupted with status $status: $(cat "$work/err")"
expect_text "$work/err" 'interrupted after 0 of 41 seeds'
! pgrep -f "record -q -o $work/long.explore" >/dev/null || fail "its runs go on"
[[ ! -e $work/long.explore ]] || fail "the folder of the interrupted runs is still there"

expect_status 0 "$HINDCAST" explore -q --seeds 0..40 -o "$work/filter" "$work/set" 'kind==packet-drop'
expect_text "$work/out" '^event .* packet-drop .*reason="loss"'
expect_status 1 "$HINDCAST" explore -q --seeds 0..3 -o "$work/never" "$work/set" 'kind==panic'
expect_text "$work/out" 'none of them'
expect_status 2 "$HINDCAST" explore -q --seeds 0..3 "$work/set" 'kind=='
expect_status 2 "$HINDCAST" explore -q --seeds 9..3 "$work/set"
expect_text "$work/err" 'seeds 1..100'
expect_status 2 "$HINDCAST" explore -q --seeds 1 "$work/nowhere.yaml"
expect_text "$work/err" 'seed 0 could not be carried out'
# The experiment says which nodes there are, before anything is recorded.
expect_status 2 "$HINDCAST" explore -q --jobs 1 --seeds 0..3 -o "$work/nobody" "$work/set" 'kind==packet-drop && node==nobody'
expect_text "$work/err" '^hindcast: filter, column 28: there is no node "nobody"; there are a and b'
[[ ! -e $work/nobody.explore ]] || fail "a run was begun"
