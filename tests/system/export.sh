#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# export.sh - exported traces are read by the programs that they are for, and say the same as dump.
. "$(dirname "$0")/lib.sh"
need tshark jq xmllint curl python3

record run "$root/samples/first-light"
trace=$work/run.hct
count() { "$HINDCAST" dump "$trace" "$@" | wc -l; }
same_number() { [[ $1 -eq $2 ]] || fail "$3: $1, expected $2"; }
export_to() { expect_status 0 "$HINDCAST" export "$1" "$trace" -o "$work/$2" "${@:3}"; }

export_to pcap all.pcap
same_number "$(tshark -r "$work/all.pcap" 2>/dev/null | wc -l)" "$(count kind=packet-send)" "frames"
# The fields of filters are what Wireshark finds in the same frames, connections included.
for filter in tcp.stream==0 tcp.stream==1 'tcp.flags.syn==1' 'tcp.len>1000' 'ip.addr==10.0.0.0/8' arp; do
    same_number "$(count "kind==packet-send && $filter")" \
        "$(tshark -r "$work/all.pcap" -Y "$filter" 2>/dev/null | wc -l)" "$filter"
done
same_number "$(count kind=packet-send 'packet "tcp port 8000 and greater 1000"')" \
    "$(tshark -r "$work/all.pcap" -Y 'tcp.port==8000 && frame.len>=1000' 2>/dev/null | wc -l)" "libpcap"
first=$("$HINDCAST" dump "$trace" kind=packet-send | awk 'NR == 1 { sub(/s$/, "", $2); print $2 }')
[[ $(tshark -r "$work/all.pcap" -c 1 -T fields -e frame.time_epoch 2>/dev/null) == "$first" ]] ||
    fail "the first frame is not at $first"

# One node: what it sends and what reaches it.
export_to pcap client.pcap --node client
same_number "$(tshark -r "$work/client.pcap" 2>/dev/null | wc -l)" \
    "$(count node==client 'kind in {packet-send, packet-recv}')" "frames of client"
expect_status 2 "$HINDCAST" export pcap "$trace" --node nobody -o "$work/none"
expect_text "$work/err" 'no node nobody'

# One interface; and all of them in one file that names them and knows both directions.
export_to pcap eth0.pcap --node client --interface eth0
expect_same "$work/eth0.pcap" "$work/client.pcap"
export_to pcapng all.pcapng
same_number "$(tshark -r "$work/all.pcapng" 2>"$work/complaints" | wc -l)" "$(count 'kind in {packet-send, packet-recv}')" "frames with directions"
! grep -qiE 'malformed|cut short|damaged|corrupt' "$work/complaints" || fail "tshark complains: $(cat "$work/complaints")"
tshark -r "$work/all.pcapng" -T fields -e frame.interface_name -e frame.packet_flags_direction 2>/dev/null | sort | uniq -c >"$work/ways"
for way in 'client:eth0 (1|0x00000001)' 'client:eth0 (2|0x00000002)' 'server:eth0 (1|0x00000001)' 'server:eth0 (2|0x00000002)'; do
    expect_text "$work/ways" "^ *[0-9]+ ${way/ /[[:space:]]+}\$"
done
[[ $(tshark -r "$work/all.pcapng" -c 1 -T fields -e frame.time_epoch 2>/dev/null) == "$first" ]] ||
    fail "the first frame of the pcapng is not at $first"
export_to pcapng some.pcapng --node server --interface eth0 'packet "tcp port 8000"'
same_number "$(tshark -r "$work/some.pcapng" -Y 'tcp.port==8000' 2>/dev/null | wc -l)" \
    "$(count node==server 'kind in {packet-send, packet-recv}' 'packet "tcp port 8000"')" "frames of a server's port"
expect_status 2 "$HINDCAST" export pcapng "$trace" --node client --interface eth7 -o "$work/none"
expect_text "$work/err" 'node client has no interface eth7'
expect_status 2 "$HINDCAST" export pcap "$trace" --interface eth0 -o "$work/none"
expect_text "$work/err" 'of which node'

export_to json all.json
same_number "$(jq -s length "$work/all.json")" "$(count)" "objects"
export_to json out.json kind=output node==client
jq -e -s 'all(.kind == "output" and .node == "client") and length > 0' "$work/out.json" >/dev/null ||
    fail "the filter did not choose the objects"

export_to csv all.csv
python3 - "$work/all.csv" "$(count)" <<'END' || fail "the CSV is not what it should be"
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], newline="")))
assert len(rows) == int(sys.argv[2]), len(rows)
assert all(None not in row and row["seq"] == str(i) for i, row in enumerate(rows))
END

export_to perfetto all.perfetto
jq -e '[.traceEvents[] | select(.ph == "s") | .id] as $sent
       | [.traceEvents[] | select(.ph == "f") | .id] as $got
       | ($sent | length) > 0 and ($got - $sent) == []' "$work/all.perfetto" >/dev/null ||
    fail "an arrival in the Perfetto trace has no departure"

# Vector clocks: each host counts its own events, and an arrival knows of its departure.
export_to shiviz all.shiviz
python3 - "$work/all.shiviz" <<'END' || fail "the vector clocks are wrong"
import json, sys
lines = open(sys.argv[1]).read().split("\n")
count, heard = {}, 0
for event, clock in zip(lines[0::2], lines[1::2]):
    host, clock = clock.split(" ", 1)
    clock = json.loads(clock)
    count[host] = count.get(host, 0) + 1
    assert clock[host] == count[host], (event, clock)
    assert all(n <= count.get(other, 0) for other, n in clock.items()), (event, clock)
    heard += len(clock) > 1
assert heard > 100
END

export_to dot all.dot 'tcp.flags.syn or kind=output'
same_number "$(grep -c 'color=blue' "$work/all.dot")" "$(count kind==packet-recv tcp.flags.syn)" arrows of dot
same_number "$(grep -c 'weight=100' "$work/all.dot")" \
    "$(count '(tcp.flags.syn && kind in {packet-send, packet-recv}) or kind=output')" events of dot
! command -v dot >/dev/null || expect_status 0 dot -Tsvg -o "$work/dot.svg" "$work/all.dot"
export_to svg all.svg 'tcp.flags.syn or kind=output'
xmllint --noout "$work/all.svg" || fail "the diagram is not XML"
same_number "$(grep -c '<line class="a"' "$work/all.svg")" \
    "$(count kind=packet-recv tcp.flags.syn)" "arrows"

expect_status 2 "$HINDCAST" export word "$trace"
expect_text "$work/err" 'there are pcap, pcapng, csv'
expect_status 2 "$HINDCAST" export json "$trace" 'knd==x'
expect_text "$work/err" 'column 1'
