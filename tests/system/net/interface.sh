#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# interface.sh - what a program sees of an interface: MTU, carrier, ethtool, and statistics that agree with the trace.
. "$(dirname "$0")/../lib.sh"
need ping ip ethtool tc

cat >"$work/look.sh" <<'END'
ip -s link show dev eth0
cat /sys/class/net/eth0/mtu /sys/class/net/eth0/carrier /sys/class/net/eth0/address
ethtool -i eth0
ethtool eth0
tc qdisc replace dev eth0 root fq_codel && tc qdisc show dev eth0
END
cat >"$work/experiment.yaml" <<END
general: {stop_time: 20 s, seed: 1}
hosts:
  a:
    sysctls: {net.ipv6.conf.all.disable_ipv6: 1}
    processes:
    - {path: ping, args: -n -q -c 4 -s 8000 10.0.0.2, start_time: 1 s}
    - {path: ping, args: -n -q -c 1 -s 8000 -M do -W 1 10.0.1.2, start_time: 1 s, expected_final_state: {exited: 1}}
    - {name: before, path: sh, args: $work/look.sh, start_time: 6 s}
    - {name: after, path: ethtool, args: [eth0], start_time: 11 s}
  b: {sysctls: {net.ipv6.conf.all.disable_ipv6: 1}}
network:
  links:
  - {ends: [a, b], mtu: 9000, delay: 1 ms, a_to_b: {rate: 8 Mbit/s}, b_to_a: {rate: 80 Mbit/s, delay: 2 ms}}
  - {ends: [a, b], delay: 1 ms}
timeline: [{at: 10 s, down: 0}]
END
record one "$work/experiment.yaml"
check_replay "$work/one.hct"
"$HINDCAST" dump "$work/one.hct" >"$work/dump"
before=$(output "$work/one.data" a before)

expect_text "$before" '^9000$'
expect_text "$before" '^1$'
expect_text "$before" '^02:00:00:01:00:00$'
expect_text "$before" 'driver: hindcast'
expect_text "$before" 'Link detected: yes'
expect_text "$before" 'Duplex: Full'
expect_text "$before" 'qdisc fq_codel'
expect_text "$(output "$work/one.data" a after)" 'Link detected: no'

# One whole frame of 8042 bytes each way: 8.042 ms and 1 ms there, 0.8042 ms and 2 ms back, to the nanosecond.
arrival() { awk -v node="$1" '$3 == node && $5 == "packet-recv" && / link=0 / && / size=8042/ { print $2; exit }' "$work/dump"; }
sent=$(awk '$3 == "a" && $5 == "packet-send" && / link=0 / && / frame=8042#/ { print $2; exit }' "$work/dump")
python3 - "$sent" "$(arrival b)" "$(arrival a)" "$(awk '$3 == "b" && $5 == "packet-send" && / frame=8042#/ { print $2; exit }' "$work/dump")" <<'END' || fail "a frame takes another time than its link says"
import sys
sent, there, back, answered = (int(t.rstrip("s").replace(".", "")) for t in sys.argv[1:])
print(there - sent, back - answered)
sys.exit(there - sent != 8042000 + 1000000 or back - answered != 804200 + 2000000)
END

# The kernel counts what the trace does.
python3 - "$before" "$work/dump" <<'END' || fail "the interface counts other frames than the trace"
import re, sys
text = open(sys.argv[1], encoding="utf-8").read()
numbers = [line.split() for line in text.splitlines() if re.fullmatch(r"[ \d]+", line)]
counted = [int(numbers[0][i]) for i in (0, 1)] + [int(numbers[1][i]) for i in (0, 1)]
seen = [0, 0, 0, 0]
for line in open(sys.argv[2], encoding="utf-8"):
    words = line.split()
    if float(words[1][:-1]) > 6 or words[2] != "a" or " link=0 " not in line:
        continue
    if words[4] == "packet-recv":
        seen[0] += int(re.search(r"size=(\d+)", line)[1])
        seen[1] += 1
    elif words[4] == "packet-send":
        seen[2] += int(re.search(r"frame=(\d+)#", line)[1])
        seen[3] += 1
print(counted, seen)
sys.exit(counted != seen or seen[1] < 4)
END
