#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A second reader of traces, written from docs/trace-format.5.md alone: second-reader.py TRACE

Reads everything, checks everything, and prints: form, number of events, run hash (computed, not read).
"""
import hashlib
import sqlite3
import struct
import subprocess
import sys

SCHEMA = """
CREATE TABLE meta(key TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL) WITHOUT ROWID
CREATE TABLE chunk(first_seq INTEGER PRIMARY KEY, count INTEGER NOT NULL, t0 INTEGER NOT NULL, \
t1 INTEGER NOT NULL, codec INTEGER NOT NULL, raw_size INTEGER NOT NULL, checksum INTEGER NOT NULL, \
bytes BLOB NOT NULL)
CREATE TABLE file(id INTEGER PRIMARY KEY, hash BLOB NOT NULL, part INTEGER NOT NULL, \
codec INTEGER NOT NULL, raw_size INTEGER NOT NULL, bytes BLOB NOT NULL, UNIQUE(hash, part))
""".strip().split("\n")

CRC_TABLE = []
for n in range(256):
    for _ in range(8):
        n = n >> 1 ^ (0x82f63b78 if n & 1 else 0)
    CRC_TABLE.append(n)


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc = crc >> 8 ^ CRC_TABLE[(crc ^ byte) & 0xff]
    return crc ^ 0xffffffff


def unpack(codec, raw_size, data):
    if codec == 1:
        data = subprocess.run(["zstd", "-dcq", "--memory=8MB"], input=data, capture_output=True,
                              check=True).stdout
    assert codec in (0, 1) and len(data) == raw_size, (codec, raw_size, len(data))
    return data


def take_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7f) << shift
        if byte < 0x80:
            break
        shift += 7
    assert value < 1 << 64 and (byte or not shift), "varint"
    return value, at


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


class Trace:
    def __init__(self):
        self.metas, self.files, self.chunks = {}, {}, []

    def events(self):
        for first, count, t0, t1, base, codec, raw_size, checksum, data in self.chunks:
            raw = unpack(codec, raw_size, data)
            assert crc32c(raw) == checksum, f"chunk of event {first}"
            (vtime, node, tid), at = base, 0
            for i in range(count):
                head, at = take_varint(raw, at)
                if not head & 1:
                    node, at = take_varint(raw, at)
                    tid, at = take_varint(raw, at)
                dt, at = take_varint(raw, at)
                size, at = take_varint(raw, at)
                vtime += dt
                assert i or vtime == t0
                assert at + size <= len(raw)
                yield vtime, node, tid, head >> 1, raw[at:at + size]
                at += size
            assert at == len(raw) and vtime == t1, f"chunk of event {first}"

    def check_chunks(self):
        expected = 0
        for first, count, *_ in self.chunks:
            assert first == expected, (first, expected)
            expected += count
        return expected

    def run_hash(self):
        records, count = hashlib.sha256(), 0
        for vtime, node, tid, kind, body in self.events():
            record = varint(vtime) + varint(node) + varint(tid) + varint(kind) + body
            records.update(struct.pack("<I", len(record)) + record)
            count += 1
        assert count == self.check_chunks()
        run = hashlib.sha256(b"hindcast run 1\n")
        metas = {k: v for k, v in self.metas.items() if not k.startswith(b"format.")}
        run.update(struct.pack("<Q", len(metas)))
        for key in sorted(metas):
            run.update(struct.pack("<Q", len(key)) + key)
            run.update(struct.pack("<Q", len(metas[key])) + metas[key])
        run.update(struct.pack("<Q", count) + records.digest())
        run.update(struct.pack("<Q", len(self.files)) + b"".join(sorted(self.files)))
        for name, content in self.files.items():
            assert hashlib.sha256(content).digest() == name
        return count, run.hexdigest()


def read_database(path, header):
    trace = Trace()
    assert struct.unpack(">I", header[60:64])[0] == 1, "version"
    assert struct.unpack(">I", header[68:72])[0] == 0x68637472, "application_id"
    db = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    assert [row[0] for row in db.execute("SELECT sql FROM sqlite_schema WHERE type = 'table'")] == SCHEMA
    trace.metas = {key.encode(): value for key, value in db.execute("SELECT key, value FROM meta")}
    assert int(trace.metas[b"format.incompat"]) & ~1 == 0
    for first, count, t0, t1, codec, raw_size, checksum, data in db.execute(
            "SELECT * FROM chunk ORDER BY first_seq"):
        trace.chunks.append((first, count, t0, t1, (t0, 0, 0), codec, raw_size, checksum, data))
    for name, part, codec, raw_size, data in db.execute(
            "SELECT hash, part, codec, raw_size, bytes FROM file ORDER BY hash, part"):
        assert part == 0 or raw_size < 4 << 20 or raw_size == 4 << 20
        trace.files[name] = trace.files.get(name, b"") + unpack(codec, raw_size, data)
    assert int(trace.metas[b"format.events"]) == trace.check_chunks()
    count, run = trace.run_hash()
    assert bytes.fromhex(run) == trace.metas[b"format.hash"], "run hash"
    return "database", count, run


def read_log(data):
    trace, parts, at = Trace(), [], 40
    version, _, _, incompat = struct.unpack("<IIQQ", data[16:40])
    assert version == 1 and incompat & ~1 == 0
    while at + 16 <= len(data):
        kind, size, crc, _ = struct.unpack("<IIII", data[at:at + 16])
        payload = data[at + 16:at + 16 + size]
        if len(payload) < size or crc32c(data[at:at + 8] + payload) != crc:
            break
        at += 16 + size
        if kind == 1:
            key_size, pos = take_varint(payload, 0)
            trace.metas[payload[pos:pos + key_size]] = payload[pos + key_size:]
        elif kind in (2, 3):
            first, t0, t1, base_vtime, base_node, base_tid, count, codec, raw_size, checksum = \
                struct.unpack("<QQQQIIIIII", payload[:56])
            if kind == 2:
                while trace.chunks and trace.chunks[-1][-1] == "tail" and trace.chunks[-1][0] >= first:
                    trace.chunks.pop()
            trace.chunks.append((first, count, t0, t1, (base_vtime, base_node, base_tid), codec,
                                 raw_size, checksum, payload[56:], "tail" if kind == 3 else ""))
        elif kind == 4:
            name, part, codec, raw_size, _ = struct.unpack("<32sIIII", payload[:48])
            if part == 0:
                parts = []
            assert part == len(parts)
            parts.append(unpack(codec, raw_size, payload[48:]))
        elif kind == 5:
            name, file_size, count, _ = struct.unpack("<32sQII", payload)
            assert count == len(parts) and file_size == sum(map(len, parts))
            trace.files[name] = b"".join(parts)
            parts = []
    trace.chunks = [chunk[:9] for chunk in trace.chunks]
    return "log", *trace.run_hash()


def main(path):
    with open(path, "rb") as file:
        data = file.read()
    if data.startswith(b"SQLite format 3\0"):
        print(*read_database(path, data[:100]))
    else:
        assert data.startswith(b"hindcast log\r\n\x1a\n"), "not a trace"
        print(*read_log(data))


if __name__ == "__main__":
    main(sys.argv[1])
