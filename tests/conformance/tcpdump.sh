#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tcpdump.sh - a capture on a node, by a ring that the program shares with the node's kernel: what it prints, what it writes, and the
# same packets as the trace has; with two at once, and one that is ended by a signal.
. "$(dirname "$0")/../system/lib.sh"
need tcpdump ping

mkdir "$work/capture"
cat >"$work/capture/experiment.yaml" <<END
general: {stop_time: 12s, seed: 1}
hosts:
  a:
    processes:
    - {path: ping, args: -n -c 4 10.0.0.2, start_time: 2s}
  b:
    processes:
    - {path: tcpdump, args: -n -l -c 4 -i eth0 icmp, name: prints}
    - {path: tcpdump, args: -n -U -i eth0 -w /captured.pcap icmp, name: writes, shutdown_time: 10s, shutdown_signal: SIGINT}
    - {path: tcpdump, args: -n -i any -s 64 -B 512 -c 2 icmp, name: any}
    - {path: tcpdump, args: -n -r /captured.pcap, name: reads, start_time: 11s}
network:
  links:
  - {a: {node: a, ipv4: 10.0.0.1/24}, b: {node: b, ipv4: 10.0.0.2/24}, delay: 10ms}
END
record one "$work/capture"
record two --workers 2 "$work/capture"
expect_same "$work/one.hct" "$work/two.hct"
check_replay "$work/one.hct"

printed=$(output "$work/one.data" b prints)
[[ $(grep -c 'IP 10.0.0.[12] > 10.0.0.[12]: ICMP echo re' "$printed") -eq 4 ]] || { cat "$printed" >&2; fail "not four packets"; }
expect_text "$printed" '^[0-9:]+\.[0-9]+ IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id [0-9]+, seq 1, length 64$'
expect_text "$(output "$work/one.data" b any)" ' eth0 +In +IP 10.0.0.1 > 10.0.0.2: ICMP echo request'
expect_text "${printed%.stdout}.stderr" '^4 packets captured$'
expect_text "$work/one.data/b/writes.stderr" '^8 packets captured$'
[[ $(grep -c 'ICMP echo' "$(output "$work/one.data" b reads)") -eq 8 ]] || fail "the file does not hold eight packets"
