#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What an event of a finished trace takes before payload, and which columns take it: event-size.py TRACE [CHUNKS]

Each column of CHUNKS chunks (default 6, spread over the trace) is compressed by itself, as the writer does with columns of 2 KiB and
more; smaller ones, which it compresses together, are counted too high in the list.  The sums in the first line are exact.
Payload: literals (texts, bytes of memory, what is behind the heads of frames).
"""
import collections
import importlib.util
import os
import sqlite3
import subprocess
import sys

here = os.path.dirname(os.path.abspath(__file__))
spec = importlib.util.spec_from_file_location("reader", here + "/../unit/second-reader.py")
reader = importlib.util.module_from_spec(spec)
spec.loader.exec_module(reader)


def packed(data):
    if not data:
        return 0
    return len(subprocess.run(["zstd", "-3", "-cq", "--no-check"], input=data, capture_output=True,
                              check=True).stdout)


def main(path, chunks=6):
    db = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    all_events, columns, payload = db.execute(
        "SELECT sum(c.count), sum(length(c.bytes) + length(c.summary)), sum(length(p.bytes)) "
        "FROM chunk c JOIN payload p USING(first_seq)").fetchone()
    print(f"{all_events} events, {columns / all_events:.2f} bytes an event before payload, "
          f"{payload / all_events:.2f} of payload")
    rows = db.execute("SELECT count, t0, codec, raw_size, bytes FROM chunk ORDER BY first_seq").fetchall()
    size, events = collections.Counter(), 0
    for count, t0, codec, raw_size, data in rows[::max(1, len(rows) // chunks)]:
        chunk = reader.Chunk(reader.unpack(codec, raw_size, data), t0, count)
        events += count
        names = ["kind", "thread", "time", "opaque", "op", "where", "address", "size", "operands", "crc"]
        names += ["copy: run", "copy: size", "copy: place"]
        names += ["head of frames"] * reader.FRAME_HEAD
        for kind, types in chunk.kinds:
            if types != "?":
                names += [f"{kind}.{i} {letter}" for i, letter in enumerate(types)]
        for name, column in zip(names, chunk.columns):
            size[name] += packed(column.data)
    for name, value in size.most_common(16):
        print(f"  {name:16} {value / events:8.3f}")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
