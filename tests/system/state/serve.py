#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""serve.py HINDCAST TRACE: several clients on one server; interrupting, cancelling, leaving, misbehaving."""
import json
import os
import socket
import subprocess
import sys


class Client:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(100)
        self.socket.connect(path)
        self.lines = self.socket.makefile("rb")
        self.id = 0

    def send(self, do, **members):
        self.id += 1
        self.socket.sendall(json.dumps({"id": self.id, "do": do, **members}).encode() + b"\n")
        return self.id

    def answer(self):
        return json.loads(self.lines.readline())

    def ask(self, do, **members):
        number = self.send(do, **members)
        answer = self.answer()
        assert answer["id"] == number, (number, answer)
        return answer


def main():
    program, trace = sys.argv[1:]
    path = trace + ".socket"
    server = subprocess.Popen([program, "serve", trace], stderr=subprocess.PIPE)
    assert b"serving" in server.stderr.readline()
    assert os.stat(path).st_mode & 0o777 == 0o600, "others may connect"

    one, two = Client(path), Client(path)
    assert one.ask("hello")["protocol"] == 1
    assert two.ask("where")["position"] == "@0"

    # Both see one timeline.
    assert one.ask("seek", to="@50")["ok"]
    assert two.ask("where")["seq"] == 50

    # A request that waits is cancelled; one that is under way is interrupted by somebody else; later ones are not touched.
    assert one.ask("seek", to="start")["ok"]
    one.send("break", filter="kind==exec && kind==exit")
    assert one.answer()["ok"]
    long_one = one.send("continue")
    waits = one.send("where")
    one.send("cancel", request=waits)
    done = two.ask("interrupt")
    assert done["ok"], done
    answers = {}
    while len(answers) < 3:
        answer = one.answer()
        answers[answer["id"]] = answer
    assert answers[long_one]["stop"]["why"] in ("interrupted", "end"), answers[long_one]
    assert answers[waits].get("code") == "cancelled" or answers[waits]["ok"], answers[waits]
    assert two.ask("seek", to="@20")["stop"]["why"] == "done"

    # A client that leaves takes its requests with it; one that sends rubbish gets an answer; one that never ends a line is let go.
    three = Client(path)
    three.send("seek", to="end")
    three.socket.close()
    two.socket.sendall(b"rubbish\n")
    assert two.answer()["code"] == "usage"
    four = Client(path)
    try:
        for _ in range(40):
            four.socket.sendall(b"x" * 65536)
        assert four.lines.readline() == b""
    except (BrokenPipeError, ConnectionResetError):
        pass

    # A second server does not take the first one's place.
    second = subprocess.run([program, "serve", trace], capture_output=True, timeout=60)
    assert second.returncode == 3 and b"another server" in second.stderr, second

    assert two.ask("shutdown")["ok"]
    assert server.wait(30) == 0
    assert not os.path.exists(path)

    # A signal ends it as well, in the middle of a move.
    server = subprocess.Popen([program, "serve", trace], stderr=subprocess.PIPE)
    server.stderr.readline()
    five = Client(path)
    five.send("seek", to="end")
    server.terminate()
    assert server.wait(30) == 0, (server.returncode, server.stderr.read())
    assert not os.path.exists(path)

    # So does the end of who started it, where it was told; what that says before is nobody's business.
    server = subprocess.Popen([program, "serve", "--stdin", trace], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    server.stderr.readline()
    server.stdin.write(b"hello")
    server.stdin.flush()
    six = Client(path)
    assert six.ask("where")["position"] == "@0"
    six.send("seek", to="end")
    server.stdin.close()
    assert server.wait(30) == 0, (server.returncode, server.stderr.read())
    assert not os.path.exists(path)
    print("ok")


main()
