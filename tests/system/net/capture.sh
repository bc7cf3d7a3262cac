#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# capture.sh - a capture as a source of traffic: its packets come at their times, with the addresses that are asked for.
. "$(dirname "$0")/../lib.sh"
need python3 tshark

# Four datagrams from another network, in pcap's format with nanoseconds; one of them was cut off, and checksums are missing.
python3 - "$work/traffic.pcap" <<'END'
import socket, struct, sys
with open(sys.argv[1], "wb") as out:
    out.write(struct.pack("<IHHiIII", 0xa1b23c4d, 2, 4, 0, 0, 100, 1))
    for time, text in (0, b"one"), (250000000, b"two"), (500000123, b"three"), (1500000000, b"4" * 200):
        udp = struct.pack(">HHHH", 1234, 5000, 8 + len(text), 0xdead) + text
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0) + socket.inet_aton("198.51.100.7") + socket.inet_aton("192.0.2.9")
        frame = bytes.fromhex("0011223344550066778899aa0800") + ip + udp
        out.write(struct.pack("<IIII", 1000 + time // 10**9, time % 10**9, min(len(frame), 100), len(frame)) + frame[:100])
END
cat >"$work/receive.py" <<'END'
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 5000))
for _ in range(4):
    data, sender = s.recvfrom(4096)
    print("%.6f %s %d %s" % (time.time() - 946684800, sender[0], len(data), data[:5].decode()), flush=True)
END
cat >"$work/experiment.yaml" <<END
general: {stop_time: 20 s, seed: 1}
hosts:
  router: {}
  server:
    processes:
    - {path: python3, args: [-u, $work/receive.py]}
network:
  media:
    replayed:
      kind: pcap
      file: traffic.pcap
      start: 2 s
      addresses: {192.0.2.9: server, 198.51.100.7: 203.0.113.5}
      hosts: [router]
      link: {delay: 1 ms, rate: 10 Mbit/s}
  links: [{ends: [router, server], delay: 1 ms}]
END
record one "$work/experiment.yaml"
record two --workers 2 "$work/experiment.yaml"
expect_same "$work/one.hct" "$work/two.hct"
check_replay "$work/one.hct"
out=$(output "$work/one.data" server python3)
expect_text "$out" '^2\.0020[0-9]+ 203\.0\.113\.5 3 one$'
expect_text "$out" '^2\.2520[0-9]+ 203\.0\.113\.5 3 two$'
expect_text "$out" '^2\.5020[0-9]+ 203\.0\.113\.5 5 three$'
expect_text "$out" '^3\.50[0-9]+ 203\.0\.113\.5 200 44444$'
"$HINDCAST" dump "$work/one.hct" >"$work/dump"
expect_text "$work/dump" ' 2\.500000123s replayed 0 packet-send '
expect_text "$work/dump" ' medium id=3 type="pcap"'

# What cannot be read is told of by its place.
refuse() { # SED-EXPRESSION MESSAGE
    sed "$1" "$work/experiment.yaml" >"$work/wrong.yaml"
    expect_status 2 "$HINDCAST" record -q -o "$work/no.hct" "$work/wrong.yaml"
    expect_text "$work/err" "wrong\\.yaml:[0-9]+:[0-9]+: $2"
}
refuse 's/traffic.pcap/none.pcap/' '.*none\.pcap: this capture cannot be read: .*No such file'
refuse 's/traffic.pcap/receive.py/' '.*receive\.py: this capture cannot be read: unknown file format'
head -c 200 "$work/traffic.pcap" >"$work/cut.pcap"
refuse 's/traffic.pcap/cut.pcap/' '.*cut\.pcap: damaged after 2 frames: truncated'
head -c 24 "$work/traffic.pcap" >"$work/empty.pcap"
refuse 's/traffic.pcap/empty.pcap/' '.*empty\.pcap: there is no frame in it'
refuse 's/192.0.2.9: server/192.0.2.9: nobody/' "'nobody' is neither an address of the same family nor a host"
refuse 's/192.0.2.9: server/some: server/' "'some' is not an address"
refuse 's/hosts: \[router\]/hosts: [router, server]/' 'a capture leaves onto one link, and there are 2'
refuse '/file: traffic/d' 'a medium of the kind pcap needs the file'
refuse 's/kind: pcap/kind: switch/' 'file, addresses and start are for media of the kind pcap'
