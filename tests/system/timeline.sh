#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeline.sh - links change while programs use them: at the exact time, and equally with any number of workers.
. "$(dirname "$0")/lib.sh"
need ping

cat >"$work/experiment.yaml" <<'END'
general: {stop_time: 10 s, seed: 3}
hosts:
  a:
    processes:
    - {path: ping, args: -n -c 300 -i 0.02 -W 1 10.0.0.2, expected_final_state: running}
    - {path: sh, args: [-c, "sleep 3.2; cat /sys/class/net/eth0/carrier; sleep 2; cat /sys/class/net/eth0/carrier"]}
    - {path: sleep, args: [8]}
  b: {}
network:
  links:
  - ends: [a, b]
    name: wire
    rate: 10 Mbit/s
    delay: 20 ms
    jitter: {law: normal, spread: 1 ms}
    duplicate: 10%
    corrupt: 5%
timeline:
- {at: 1 s, set: {links: a>b, to: {delay: 50 ms, loss: 30%}}}
- {at: 2 s, partition: [[a], [b]]}
- {at: 2.5 s, heal: all}
- {at: 3 s, down: wire}
- {at: 3.5 s, up: 0}
- {at: 4 s, hold: a/b}
- {at: 4.5 s, release: all}
- {at: 5 s, ramp: {links: all, over: 1 s, steps: 4, to: {rate: 2 Mbit/s}}}
END

run() { "$HINDCAST" record -q -o "$work/$1.hct" --data "$work/$1.data" --workers "$2" "$work/experiment.yaml" >/dev/null || [[ $? -eq 1 ]]; }
run one 1
run two 2
expect_same "$work/one.hct" "$work/two.hct"
check_replay "$work/one.hct"
"$HINDCAST" dump "$work/one.hct" >"$work/dump"

# Every change stands in the trace at its nanosecond, told by the machine.
expect_text "$work/dump" ' 1\.000000000s - 0 link-change link=0 side=0 what="delay_ns=50000000 loss_ppb=300000000'
expect_text "$work/dump" ' 2\.000000000s - 0 link-change link=0 side=1 what="cut=1"'
expect_text "$work/dump" ' 3\.000000000s a 0 carrier iface=0 on=0'
expect_text "$work/dump" ' 3\.500000000s b 0 carrier iface=0 on=1'
for step in '5\.250000000s.*rate_bps=8000000' '5\.500000000s.*rate_bps=6000000' '5\.750000000s.*rate_bps=4000000' \
            '6\.000000000s.*rate_bps=2000000'; do
    expect_text "$work/dump" " $step"
done
for reason in loss partition down; do
    expect_text "$work/dump" "packet-drop .*reason=\"$reason\""
done
expect_text "$work/dump" ' packet-copy .*original='
expect_text "$work/dump" ' packet-corrupt .*bit='

# Nothing arrives while nothing may.
arrivals() { awk -v from="$1" -v to="$2" '/ packet-recv / && $2 + 0 >= from && $2 + 0 < to' "$work/dump" | wc -l; }
for quiet in '2 2.5' '3 3.5' '4 4.5'; do
    # shellcheck disable=SC2086
    [[ $(arrivals $quiet) -eq 0 ]] || fail "packets arrived between $quiet"
done
[[ $(arrivals 1 2) -gt 5 && $(arrivals 4.5 4.500000001) -ge 1 ]] || fail "nothing arrived where something should"
# The kernel of the node knows.
expect_text "$(output "$work/one.data" a sh)" '^0$'
expect_text "$(output "$work/one.data" a sh)" '^1$'
