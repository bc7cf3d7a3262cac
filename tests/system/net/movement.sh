#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# movement.sh - who is near hears, at the rate of the distance; positions stand in the trace; a plug-in builds on a model.
. "$(dirname "$0")/../lib.sh"
need ping

cat >"$work/walk.ns2" <<'END'
$node_(0) set X_ 0
$node_(0) set Y_ 0
$ns_ at 5.0 "$node_(0) setdest 200.0 0.0 20.0"
END
cat >"$work/experiment.yaml" <<END
general: {stop_time: 20 s, seed: 1}
hosts:
  base:
    position: [0, 0]
  walker:
    processes:
    - {path: ping, args: -n -i 0.2 -s 972 -W 1 10.0.0.1, start_time: 1 s, expected_final_state: running}
  echo: {}
network:
  mobility:
    walk: {model: ns-2, hosts: [walker], step: 100 ms, options: {file: walk.ns2}}
    follow: {plugin: $programs/plugins/shadow-of.so, on: walk, hosts: [echo], step: 100 ms, options: {metres: 3}}
  media:
    air: {kind: radio, movement: walk, rates: {50 m: 8 Mbit/s, 100 m: 800 kbit/s}, hosts: [base, walker, echo], link: {delay: 1 us}}
timeline:
- {at: 18 s, move: {hosts: base, to: [150, 0]}}
END
record one "$work/experiment.yaml"
record two --workers 2 "$work/experiment.yaml"
expect_same "$work/one.hct" "$work/two.hct"
check_replay "$work/one.hct"
"$HINDCAST" dump "$work/one.hct" >"$work/dump"

# He stands for 5 s, then walks at 20 m/s: 50 m are at 7.5 s, 100 m at 10 s.
expect_text "$work/dump" ' 0\.000000000s - 0 position id=2 x=0 y=0 z=0'
expect_text "$work/dump" ' 5\.100000000s - 0 position id=2 x=2000 y=0 z=0'
expect_text "$work/dump" ' 5\.100000000s - 0 position id=3 x=5000 y=0 z=0'
expect_text "$work/dump" ' 7\.600000000s - 0 link-change link=65536 side=0 what="rate_bps=800000"'
expect_text "$work/dump" ' 10\.100000000s - 0 link-change link=65536 side=1 what=".*closed=1"'
expect_text "$work/dump" ' 18\.000000000s - 0 position id=1 x=150000 y=0 z=0'
# 1014 bytes take 1.014 ms at 8 Mbit/s, and ten times that at 800 kbit/s; there and back, and four links of 1 us.
expect_text "$(output "$work/one.data" walker ping)" 'icmp_seq=[0-9]+ ttl=64 time=2\.0[34] ms'
expect_text "$(output "$work/one.data" walker ping)" 'icmp_seq=[0-9]+ ttl=64 time=20\.[23] ms'
awk '/ base 0 packet-recv / && $2 + 0 > 10.111 && $2 + 0 < 18' "$work/dump" >"$work/far"
[[ ! -s $work/far ]] || fail "base hears somebody who is too far away: $(head -1 "$work/far")"
awk '/ base 0 packet-recv / && $2 + 0 > 18' "$work/dump" >"$work/near"
[[ -s $work/near ]] || fail "base, moved, hears nobody"
