#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""marker.py READER-FOLDER BYTES [TRACE found|gone]... - whether pieces of a file are in what a trace holds, once all is unpacked."""
import importlib.util
import sys

spec = importlib.util.spec_from_file_location("reader", sys.argv[1] + "/second-reader.py")
reader = importlib.util.module_from_spec(spec)
spec.loader.exec_module(reader)
payload = open(sys.argv[2], "rb").read()
# Short enough to lie within one segment somewhere, long enough to be nowhere by chance.
pieces = [payload[at:at + 12] for at in range(0, len(payload) - 12, 997)]
status = 0
for path, wanted in zip(sys.argv[3::2], sys.argv[4::2]):
    raw = open(path, "rb").read()
    trace = reader.read_database(path, raw[:100])
    everything = b"".join(event[-1] for event in trace.events()) + b"".join(trace.metas.values()) + raw
    found = sum(piece in everything for piece in pieces)
    if found < len(pieces) * 9 // 10 if wanted == "found" else found:
        print(f"{path}: {found} of {len(pieces)} pieces of the payload are there, they should be {wanted}")
        status = 1
sys.exit(status)
