#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""cone.py HINDCAST TRACE EVENT - the events that can have caused an event, by walking every edge backwards."""
import json
import subprocess
import sys

hindcast, trace, event = sys.argv[1], sys.argv[2], int(sys.argv[3])
text = subprocess.run([hindcast, "export", "json", trace], check=True, capture_output=True, text=True).stdout
events = json.loads(text) if text.lstrip().startswith("[") else [json.loads(line) for line in text.splitlines()]
before, last, sent = {}, {}, {}
edges = {}
for e in events:
    seq, node = e["seq"], e.get("node")
    edges[seq] = [last[node]] if node in last else []
    last[node] = seq
    if e["kind"] in ("packet-send", "packet-copy"):
        sent[e["packet"]] = seq
    elif e["kind"] == "packet-recv" and e["packet"] in sent:
        edges[seq].append(sent.pop(e["packet"]))
seen, stack = set(), [event]
while stack:
    seq = stack.pop()
    if seq not in seen:
        seen.add(seq)
        stack += edges[seq]
print(*sorted(seen), sep="\n")
