#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shadow.sh - Shadow's files: graphs inline, in a file and in an .xz file are the same; paths take what the graph says.
. "$(dirname "$0")/../lib.sh"
need ping curl python3 xz

record inline "$root/samples/shadow/gml.yaml"
for client in client1 client2 client3; do
    expect_text "$(output "$work/inline.data" "$client" curl)" '<!DOCTYPE HTML>'
done

# The same graph in files gives the same run; only the text of the experiment, which the trace holds, differs.
sed -n '/^      graph/,/^      \]/p' "$root/samples/shadow/gml.yaml" | sed 's/^      //' >"$work/graph.gml"
xz -k "$work/graph.gml"
rewrite() { # FILE-MAP
    awk -v map="$1" '/^    inline:/ { print "    file: " map; skip = 1; next } skip && /^      / { next } { skip = 0; print }' \
        "$root/samples/shadow/gml.yaml"
}
rewrite '{path: graph.gml}' >"$work/plain.yaml"
rewrite '{path: graph.gml.xz, compression: xz}' >"$work/packed.yaml"
for name in plain packed; do
    record "$name" "$work/$name.yaml"
    "$HINDCAST" dump "$work/$name.hct" >"$work/$name.dump"
done
"$HINDCAST" dump "$work/inline.hct" >"$work/inline.dump"
expect_same "$work/inline.dump" "$work/plain.dump"
expect_same "$work/inline.dump" "$work/packed.dump"

# Damaged files are told of by name.
head -c 100 "$work/graph.gml.xz" >"$work/cut.gml.xz"
sed 's/graph\.gml\.xz/cut.gml.xz/' "$work/packed.yaml" >"$work/cut.yaml"
expect_status 2 "$HINDCAST" record -q -o "$work/no.hct" "$work/cut.yaml"
expect_text "$work/err" 'cut\.yaml:[0-9]+:[0-9]+: .*cut\.gml\.xz: it cannot be unpacked'
sed '/source/d' "$work/graph.gml" >"$work/wrong.gml"
sed 's/graph\.gml/wrong.gml/' "$work/plain.yaml" >"$work/wrong.yaml"
expect_status 2 "$HINDCAST" record -q -o "$work/no.hct" "$work/wrong.yaml"
expect_text "$work/err" 'wrong\.yaml:[0-9]+:[0-9]+: wrong\.gml:7:3: this edge needs source, target and latency'

# A path of two edges beats one; there and back are 60 ms and the time of the bits.
cat >"$work/path.yaml" <<'END'
general: {stop_time: 10 s, seed: 1}
hosts:
  a: {network_node_id: 1, processes: [{path: ping, args: -4 -n -c 2 b, start_time: 1 s}]}
  b: {network_node_id: 3}
network:
  graph:
    type: gml
    inline: |
      graph [
        node [ id 1 host_bandwidth_up "10 Mbit" host_bandwidth_down "10 Mbit" ]
        node [ id 2 ]
        node [ id 3 host_bandwidth_up "10 Mbit" host_bandwidth_down "10 Mbit" ]
        edge [ source 1 target 1 latency "1 ms" ]
        edge [ source 3 target 3 latency "1 ms" ]
        edge [ source 1 target 3 latency "50 ms" ]
        edge [ source 1 target 2 latency "10 ms" ]
        edge [ source 2 target 3 latency "20 ms" ]
      ]
END
record path "$work/path.yaml"
expect_text "$(output "$work/path.data" a ping)" 'icmp_seq=1 ttl=64 time=60\.[34]'
