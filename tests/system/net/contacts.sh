#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# contacts.sh - an ION plan with one-way contacts, events of The ONE on a radio channel, and a Mahimahi trace, with real programs.
. "$(dirname "$0")/../lib.sh"
need ping

cat >"$work/plan.ion" <<'END'
a range +0 +60 1 2 1
a contact +10 +20 1 2 125000
a contact 2000/01/01-00:00:10 2000/01/01-00:00:25 2 1 1200
END
cat >"$work/events.one" <<'END'
5 CONN 2 3 up
8 CONN 2 3 down
END
printf '10\n20\n' >"$work/cell.up"
cat >"$work/experiment.yaml" <<'END'
general: {stop_time: 60 s, seed: 1}
hosts:
  satellite:
    processes:
    - {path: ping, args: -n -c 25 -i 1 -W 1 10.0.2.1, start_time: 1 s}
  ground: {}
  walker:
    processes:
    - {path: ping, args: -n -c 60 -i 0.1 -W 1 10.0.0.2, start_time: 4 s}
  home: {}
  phone:
    processes:
    - {path: ping, args: -n -c 3 -i 1 10.0.3.2, start_time: 2 s}
  tower: {}
network:
  media:
    air: {kind: radio, hosts: [walker, home], link: {delay: 10 us, rate: 10 Mbit/s}}
  links:
  - {ends: [ground, satellite], delay: 1 ms}
  - {ends: [phone, tower], delay: 1 ms, a_to_b: {deliveries: cell.up}}
  contacts:
  - {file: plan.ion, format: ion, hosts: {1: satellite, 2: ground}}
  - {file: events.one, format: one}
END
record one "$work/experiment.yaml"
record two --workers 2 "$work/experiment.yaml"
expect_same "$work/one.hct" "$work/two.hct"
check_replay "$work/one.hct"
"$HINDCAST" dump "$work/one.hct" >"$work/dump"

# The contact of ten seconds carries what is sent in it, a second away; the answers have 9600 bit/s.
expect_text "$work/dump" ' 10\.000000000s satellite 0 carrier iface=0 on=1'
expect_text "$work/dump" ' 20\.000000000s satellite 0 carrier iface=0 on=0'
expect_text "$work/dump" ' 25\.000000000s ground 0 carrier iface=0 on=0'
expect_text "$(output "$work/one.data" satellite ping)" 'time=2082 ms'
awk '/ ground 0 packet-recv .*link=2 / && ($2 + 0 < 11 || $2 + 0 > 21.1)' "$work/dump" >"$work/early"
[[ ! -s $work/early ]] || fail "something arrived outside of the contact: $(head -1 "$work/early")"

# On the air only what is sent between the 5th and the 8th second gets through; the rest is told of.
awk '/ home 0 packet-recv / && ($2 + 0 < 5 || $2 + 0 > 8.001)' "$work/dump" >"$work/early"
[[ ! -s $work/early ]] || fail "something was heard outside of the contact: $(head -1 "$work/early")"
[[ $(grep -c 'bytes from' "$(output "$work/one.data" walker ping)") -ge 30 ]] || fail "not 30 answers in the contact of 3 s"
expect_text "$work/dump" ' 8\.[0-9]+s air 0 packet-drop .*reason="no contact"'

# A frame leaves when the trace lets it: at multiples of 10 ms.
awk '/ phone 0 packet-send / && !/ depart_ns=[0-9]*0000000 /' "$work/dump" >"$work/odd"
[[ ! -s $work/odd ]] || fail "a frame left between two deliveries: $(head -1 "$work/odd")"
