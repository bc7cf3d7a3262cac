#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Moves bytes as fast as they go:  transfer.py serve PORT COUNT  |  transfer.py send tcp|mptcp FROM TO PORT SECONDS

The server takes COUNT connections, one after the other, and tells the goodput of each: bytes between the first and the last.
"""
import socket
import sys
import time

IPPROTO_MPTCP = 262


def serve(port, count):
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("0.0.0.0", port))
    listener.listen()
    for _ in range(count):
        connection, peer = listener.accept()
        name, first, last, size = b"", None, None, 0
        while data := connection.recv(65536):
            last = time.monotonic()
            first = first or last
            size += len(data)
            name = name or data.split(b"\n")[0]
        print(f"{name.decode()} {size * 8 / (last - first) / 1e6:.5f} Mbit/s", flush=True)
        connection.close()


def send(way, source, target, port, seconds):
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP if way == "mptcp" else 0)
    connection.bind((source, 0))
    connection.connect((target, port))
    end = time.monotonic() + seconds
    connection.sendall(f"{way} from {source}\n".encode())
    while time.monotonic() < end:
        connection.sendall(bytes(16384))
    connection.close()


if sys.argv[1] == "serve":
    serve(int(sys.argv[2]), int(sys.argv[3]))
else:
    send(sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]), float(sys.argv[6]))
