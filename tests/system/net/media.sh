#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# media.sh - hosts on switches find each other by real ARP and neighbour discovery, and a cut between two of them is exact.
. "$(dirname "$0")/../lib.sh"
need ping ip

cat >"$work/experiment.yaml" <<'END'
general: {stop_time: 20 s, seed: 1}
hosts:
  a:
    processes:
    - {path: ping, args: -n -4 -c 3 c, start_time: 1 s}
    - {path: ping, args: -n -6 -c 3 far, start_time: 4 s}
    - {path: ping, args: -n -4 -c 3 -W 1 b, start_time: 8 s, expected_final_state: {exited: 1}}
    - {path: ping, args: -n -4 -c 3 b, start_time: 14 s}
    - {path: ip, args: -s link show eth1, start_time: 18 s}
    - {path: sh, args: [-c, "ip neigh show dev eth0; cat /sys/class/net/eth0/carrier"], start_time: 18 s}
  b: {}
  c: {}
  r: {}
  far: {}
network:
  media:
    lan: {kind: switch, hosts: [a, b, {node: a, interface: eth1}], link: {rate: 100 Mbit/s, delay: 10 us}}
    attic: {kind: switch, hosts: [c, r], link: {rate: 100 Mbit/s, delay: 10 us}}
  links:
  - {ends: [lan, attic], rate: 1 Gbit/s, delay: 20 us}
  - {ends: [r, far], delay: 5 ms}
timeline:
- {at: 7 s, partition: [[a], [b]]}
- {at: 13 s, heal: all}
END
record one "$work/experiment.yaml"
record two --workers 2 "$work/experiment.yaml"
expect_same "$work/one.hct" "$work/two.hct"
check_replay "$work/one.hct"

expect_text "$(output "$work/one.data" a ping)" '3 received, 0% packet loss'
expect_text "$(output "$work/one.data" a ping.2)" 'icmp_seq=3 ttl=63'
expect_text "$(output "$work/one.data" a ping.3)" '0 received.*100% packet loss'
expect_text "$(output "$work/one.data" a ping.4)" '3 received, 0% packet loss'
# Several interfaces on one medium, each with its own statistics; addresses are learned, not given.
expect_text "$(output "$work/one.data" a ip)" 'eth1: .*state UP'
expect_text "$(output "$work/one.data" a sh)" '10\.0\.0\.2 lladdr 02:00:00:02:00:00 (REACHABLE|STALE|DELAY)'
"$HINDCAST" dump "$work/one.hct" >"$work/dump"
expect_text "$work/dump" ' medium id=6 type="switch"'
expect_text "$work/dump" ' 7\.000000000s - 0 link-change link=65536 side=0 what="cut=1"'
expect_text "$work/dump" ' 13\.000000000s - 0 link-change link=65536 side=1 what="cut=0"'
# What the pair loses is lost on the medium, with the reason.
expect_text "$work/dump" ' lan 0 packet-drop .*reason="partition"'
