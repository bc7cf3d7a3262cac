#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A second reader of traces, written from docs/trace-format.5.md alone: second-reader.py [--dump] TRACE

Reads everything, checks everything, and prints: form, number of events, run hash (computed, not read); with --dump the
plain dump.  The names of kinds and fields are those of the document's table.
"""
import collections
import hashlib
import pathlib
import re
import sqlite3
import struct
import subprocess
import sys

SCHEMA = """
CREATE TABLE meta(key TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL) WITHOUT ROWID
CREATE TABLE note(id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, author TEXT NOT NULL, time INTEGER NOT NULL, \
text TEXT NOT NULL)
CREATE TABLE chunk(first_seq INTEGER PRIMARY KEY, count INTEGER NOT NULL, t0 INTEGER NOT NULL, \
t1 INTEGER NOT NULL, codec INTEGER NOT NULL, raw_size INTEGER NOT NULL, checksum INTEGER NOT NULL, \
summary BLOB NOT NULL, bytes BLOB NOT NULL)
CREATE TABLE payload(first_seq INTEGER PRIMARY KEY, start INTEGER NOT NULL, codec INTEGER NOT NULL, \
raw_size INTEGER NOT NULL, checksum INTEGER NOT NULL, bytes BLOB NOT NULL)
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


def unzigzag(value):
    return value >> 1 ^ -(value & 1)


MASK = (1 << 64) - 1
FRAME_HEAD = 66
OP, WHERE, ADDR, SIZE, EXTRA, CRC, COPY_RUN, COPY_SIZE, COPY_FROM, HEAD = range(4, 14)
OPERANDS = {4: 4, 6: 1, 7: 2, 10: 1, 11: 1, 12: 2}  # map, protect, remap: so many varints


class Column:
    def __init__(self, data):
        self.data, self.at = data, 0

    def varint(self):
        value, self.at = take_varint(self.data, self.at)
        return value

    def bytes(self, size):
        assert self.at + size <= len(self.data)
        self.at += size
        return self.data[self.at - size:self.at]


class Slot:
    def __init__(self):
        self.values, self.addrs, self.sizes, self.head = [0] * 16, [0] * 4, [0] * 4, bytearray(FRAME_HEAD)


class Chunk:
    """The events of a chunk, from its columns, and the bytes that its literals and copies make."""

    def __init__(self, raw, t0, count):
        head = Column(raw)
        self.bodies, self.vtime, self.count, self.slots = head.varint(), t0, count, {}
        self.kinds = []
        for _ in range(head.varint()):
            kind = head.varint()
            self.kinds.append((kind, head.bytes(head.varint()).decode()))
        self.threads = [(head.varint(), head.varint()) for _ in range(head.varint())]
        self.recent = list(range(len(self.threads)))
        fields = [0 if types == "?" else len(types) for _, types in self.kinds]
        sizes = [head.varint() for _ in range(HEAD + FRAME_HEAD + sum(fields) - 1)]
        self.columns = [Column(head.bytes(size)) for size in sizes]
        self.columns.append(Column(raw[head.at:]))
        self.first = [HEAD + FRAME_HEAD + sum(fields[:i]) for i in range(len(fields))]

    def join(self, literals, start, source):
        """The bytes of the events, for events()."""
        out, used, place = bytearray(), 0, start
        runs, sizes, steps = self.columns[COPY_RUN:COPY_FROM + 1]
        while runs.at < len(runs.data):
            run, size = runs.varint(), sizes.varint()
            place += unzigzag(steps.varint())
            out += literals[used:used + run]
            used += run
            assert size and used <= len(literals) and start - (8 << 20) <= place <= start + used - size
            before = max(0, min(size, start - place))
            out += source(place, before) + literals[max(0, place - start):place + size - start][:size - before]
            place += size
        self.data = Column(bytes(out) + literals[used:])
        return self

    def slot(self, kind, thread, context):
        at = (kind * 1000003 + thread * 8191 + context & MASK) % 4096
        return self.slots.setdefault(at, Slot())

    def effect(self, slot, number, numbers):
        number, columns = min(number, 3), self.columns
        op, where = columns[OP].varint(), columns[WHERE].varint()
        if where:
            slot.addrs[number] = numbers[where - 1]
        else:
            slot.addrs[number] = slot.addrs[number] + unzigzag(columns[ADDR].varint()) & MASK
        out = varint(op) + varint(slot.addrs[number])
        if op not in (8, 11):
            slot.sizes[number] = slot.sizes[number] + unzigzag(columns[SIZE].varint()) & MASK
            out += varint(slot.sizes[number])
        if op == 1:
            out += self.data.bytes(slot.sizes[number])
        elif op == 3:
            out += varint(struct.unpack("<I", columns[CRC].bytes(4))[0])
        out += b"".join(varint(columns[EXTRA].varint()) for _ in range(OPERANDS.get(op, 0)))
        return out + self.data.bytes(slot.sizes[number]) if op == 10 else out

    def field(self, i, type, column, slot, numbers):
        if type in "UHSCV":
            value = column.varint()
            if type == "V":
                value = self.vtime + unzigzag(value) & MASK
            elif type != "C":
                value = slot.values[i] = slot.values[i] + unzigzag(value) & MASK
            numbers.append(value)
            if type == "S":
                value = (value << 1 & MASK) ^ (MASK if value >> 63 else 0)
            return varint(value)
        size = column.varint()
        if type == "E" and size:
            value = b"".join([self.effect(slot, n, numbers) for n in range(size - 1)])
        elif type == "E":
            value = self.data.bytes(column.varint())
        elif type == "F":
            for n in range(min(size, FRAME_HEAD)):
                slot.head[n] = slot.head[n] + self.columns[HEAD + n].bytes(1)[0] & 255
            value = bytes(slot.head[:size]) + self.data.bytes(size - min(size, FRAME_HEAD))
        else:
            value = self.data.bytes(size)
        return varint(len(value)) + value

    def body(self, kind, thread):
        types, numbers, out = self.kinds[kind][1], [], b""
        if types == "?":
            return self.data.bytes(self.columns[3].varint())
        slot = self.slot(kind, thread, 0)
        for i, type in enumerate(types):
            out += self.field(i, type, self.columns[self.first[kind] + i], slot, numbers)
            if type == "C":
                slot = self.slot(kind, thread, numbers[-1] + 1)
        return out

    def events(self):
        for _ in range(self.count):
            kind = self.columns[0].varint()
            thread = self.recent.pop(self.columns[1].varint())
            self.recent.insert(0, thread)
            self.vtime += self.columns[2].varint()
            body = self.body(kind, thread)
            self.bodies -= len(body)
            yield self.vtime, *self.threads[thread], self.kinds[kind][0], body
        assert self.bodies == 0
        assert all(column.at == len(column.data) for column in self.columns + [self.data])


Stored = collections.namedtuple("Stored", "first t0 t1 count codec raw_size checksum bytes "
                                          "start payload_codec payload_raw_size payload_checksum payload tail")


class Trace:
    def __init__(self):
        self.metas, self.files, self.chunks = {}, {}, []

    def events(self):
        """All events; the literals of the last 64 chunks are kept, since later ones copy from them."""
        kept = []

        def source(place, size):
            out = b""
            for start, literals in kept[-64:]:
                if start <= place + len(out) < start + len(literals) and len(out) < size:
                    at = place + len(out) - start
                    out += literals[at:at + size - len(out)]
            assert len(out) == size, "literals that are not there"
            return out

        for chunk in self.chunks:
            raw = unpack(chunk.codec, chunk.raw_size, chunk.bytes)
            literals = unpack(chunk.payload_codec, chunk.payload_raw_size, chunk.payload)
            assert crc32c(raw) == chunk.checksum, f"chunk of event {chunk.first}"
            assert crc32c(literals) == chunk.payload_checksum, f"payload of event {chunk.first}"
            events = list(Chunk(raw, chunk.t0, chunk.count).join(literals, chunk.start, source).events())
            assert events[0][0] == chunk.t0 and events[-1][0] == chunk.t1, f"chunk of event {chunk.first}"
            if not chunk.tail:
                kept.append((chunk.start, literals))
            yield from events

    def check_chunks(self):
        expected = start = 0
        for chunk in self.chunks:
            assert chunk.first == expected and chunk.start == start, (chunk.first, expected, chunk.start, start)
            expected += chunk.count
            start += 0 if chunk.tail else chunk.payload_raw_size
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
    for row in db.execute("SELECT c.first_seq, c.t0, c.t1, c.count, c.codec, c.raw_size, c.checksum, c.bytes, p.start, "
                          "p.codec, p.raw_size, p.checksum, p.bytes FROM chunk c JOIN payload p USING(first_seq) "
                          "ORDER BY 1"):
        trace.chunks.append(Stored(*row, tail=False))
    for name, part, codec, raw_size, data in db.execute(
            "SELECT hash, part, codec, raw_size, bytes FROM file ORDER BY hash, part"):
        assert part == 0 or raw_size < 4 << 20 or raw_size == 4 << 20
        trace.files[name] = trace.files.get(name, b"") + unpack(codec, raw_size, data)
    assert int(trace.metas[b"format.events"]) == trace.check_chunks()
    return trace


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
            first, t0, t1, count, codec, raw_size, checksum, size, summary, start, *packed, _ = \
                struct.unpack("<QQQIIIIIIQIIII", payload[:72])
            if kind == 2:
                while trace.chunks and trace.chunks[-1].tail and trace.chunks[-1].first >= first:
                    trace.chunks.pop()
            trace.chunks.append(Stored(first, t0, t1, count, codec, raw_size, checksum, payload[72:72 + size], start,
                                       *packed, payload[72 + size + summary:], tail=kind == 3))
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
    return trace


def sources(trace):
    """Paths and texts of the source files that the trace carries, or None."""
    value = trace.metas.get(b"format.sources")
    if value is None:
        return None
    codec, at = take_varint(value, 0)
    raw_size, at = take_varint(value, at)
    raw, files, at = unpack(codec, raw_size, value[at:]), {}, 0
    while at < len(raw):
        size, at = take_varint(raw, at)
        path, at = raw[at:at + size], at + size
        size, at = take_varint(raw, at)
        files[path], at = raw[at:at + size], at + size
    assert at == len(raw) and list(files) == sorted(files)
    return files


def read_kinds():
    """Names of kinds, and of their fields with types, from the table of the document."""
    page = pathlib.Path(__file__).resolve().parents[2] / "docs" / "trace-format.5.md"
    kinds = {}
    for number, name, fields in re.findall(r"^\| (\d+) \| ([a-z-]+) \| (\w+:[UHSTBE](?:, \w+:[UHSTBE])*) \|$", page.read_text(), re.M):
        kinds[int(number)] = name, [field.split(":") for field in fields.split(", ")]
    return kinds


def take_value(type, body, at):
    value, at = take_varint(body, at)
    if type in "TBE":
        assert at + value <= len(body)
        return body[at:at + value].hex(), at + value
    return hex(value) if type == "H" else str(unzigzag(value) if type == "S" else value), at


def fields_text(fields, body):
    at, out = 0, ""
    for name, type in fields:
        value, at = take_value(type, body, at)
        out += f" {name}={value}"
    assert at == len(body)
    return out


def dump(trace):
    kinds = read_kinds()
    for seq, (vtime, node, tid, kind, body) in enumerate(trace.events()):
        name, fields = kinds.get(kind, (kind, None))
        try:
            text = fields_text(fields, body)
        except (AssertionError, IndexError, TypeError):
            text = f" body={body.hex()}"
        print(f"{seq} {vtime} {node} {tid} {name}{text}")


def main(path, dump_it):
    with open(path, "rb") as file:
        data = file.read()
    if data.startswith(b"SQLite format 3\0"):
        form, trace = "database", read_database(path, data[:100])
    else:
        assert data.startswith(b"hindcast log\r\n\x1a\n"), "not a trace"
        form, trace = "log", read_log(data)
    if dump_it:
        return dump(trace)
    sources(trace)
    count, run = trace.run_hash()
    if form == "database":
        assert bytes.fromhex(run) == trace.metas[b"format.hash"], "run hash"
    print(form, count, run)


if __name__ == "__main__":
    main(sys.argv[-1], "--dump" in sys.argv[1:-1])
