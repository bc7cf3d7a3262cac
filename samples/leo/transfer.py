# SPDX-License-Identifier: GPL-2.0-or-later
"""A file by way of whoever can be reached, as LTP does it: blocks of 128 KiB out of datagrams, each block acknowledged.

    send SIZE GATEWAY@BEGIN-END ...     sends in these passes (seconds of the run) what is not acknowledged yet
    relay HOST                          passes datagrams on to the host, and its answers back
    receive SIZE                        until all of it is there
"""
import hashlib
import select
import socket
import struct
import sys
import time

BLOCK, PIECE = 128 * 1024, 1400
RELAY, CONTROL = 5000, 5001         # ports
HEADER = struct.Struct(">II")       # block, piece


def now():
    return time.time() - 946684800


def content(block, size):
    """Bytes that do not repeat, the same at both ends."""
    return hashlib.shake_128(block.to_bytes(4, "big")).digest(size)


def blocks_of(size):
    return [min(BLOCK, size - at) for at in range(0, size, BLOCK)]


def open_socket(port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("", port))
    return s


def take_acks(s, left, wait):
    while left and select.select([s], [], [], wait)[0]:
        left.pop(struct.unpack(">I", s.recv(64))[0], None)


def send(size, *passes):
    s = open_socket(RELAY)
    left = dict(enumerate(blocks_of(int(size))))
    for each in passes:
        gateway, span = each.split("@")
        begin, end = map(float, span.split("-"))
        time.sleep(max(0, begin - now()))
        address, before, sent = (socket.gethostbyname(gateway), RELAY), len(left), set()
        while now() < end and left:
            # What was sent first and is not acknowledged comes again when everything else is on its way.
            block = next((b for b in left if b not in sent), None)
            if block is None:
                take_acks(s, left, 0.5)
                sent.clear()
                continue
            data = content(block, left[block])
            for piece in range(0, len(data), PIECE):
                if now() >= end:
                    break
                s.sendto(HEADER.pack(block, piece) + data[piece:piece + PIECE], address)
            sent.add(block)
            take_acks(s, left, 0)
        take_acks(s, left, max(0, end - now()))
        print(f"{gateway}: {before - len(left)} blocks acknowledged, {len(left)} left at {now():.3f} s")
    sys.exit(1 if left else 0)


def relay(host):
    s = open_socket(RELAY)
    onward, back = (socket.gethostbyname(host), CONTROL), None
    while True:
        data, sender = s.recvfrom(2048)
        if sender[1] == CONTROL:
            s.sendto(data, back)
        else:
            back = sender
            s.sendto(data, onward)


def receive(size):
    s = open_socket(CONTROL)
    sizes = blocks_of(int(size))
    pieces, done, digest, by = {}, set(), {}, {}
    while len(done) < len(sizes):
        data, sender = s.recvfrom(2048)
        block, piece = HEADER.unpack_from(data)
        # Of a block that is there, because its acknowledgement was lost, the first piece is answered.
        answer = block in done and not piece
        if block not in done:
            first, _, count = by.get(sender[0], (now(), 0, 0))
            by[sender[0]] = (first, now(), count + len(data) - HEADER.size)
            have = pieces.setdefault(block, {})
            have[piece] = data[HEADER.size:]
            if sum(map(len, have.values())) == sizes[block]:
                whole = b"".join(have[at] for at in sorted(have))
                assert whole == content(block, sizes[block])
                digest[block] = hashlib.sha256(whole).digest()
                done.add(block)
                del pieces[block]
                answer = True
        if answer:
            s.sendto(struct.pack(">I", block), sender)
    for address, (first, last, count) in by.items():
        print(f"by way of {address}: {count} bytes from {first:.3f} to {last:.3f} s")
    print(f"complete at {now():.3f} s, sha256 {hashlib.sha256(b''.join(digest[b] for b in sorted(digest))).hexdigest()}")


{"send": send, "relay": relay, "receive": receive}[sys.argv[1]](*sys.argv[2:])
