#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""dap.py HINDCAST TRACE SOURCE: an editor's session with the debug adapter, forwards and backwards."""
import base64
import json
import subprocess
import sys


class Editor:
    def __init__(self, program):
        self.adapter = subprocess.Popen([program, "dap"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.seq = 0
        self.events = []

    def send(self, command, **arguments):
        self.seq += 1
        text = json.dumps({"seq": self.seq, "type": "request", "command": command, "arguments": arguments}).encode()
        self.adapter.stdin.write(b"Content-Length: %d\r\n\r\n" % len(text) + text)
        self.adapter.stdin.flush()
        return self.seq

    def message(self):
        size = 0
        while (line := self.adapter.stdout.readline()).strip():
            size = int(line.split(b":")[1])
        return json.loads(self.adapter.stdout.read(size))

    def ask(self, command, good=True, **arguments):
        number = self.send(command, **arguments)
        while True:
            message = self.message()
            if message["type"] == "event":
                self.events.append(message)
            elif message["request_seq"] == number:
                assert message["success"] == good, message
                return message.get("body", {}) if good else message["message"]

    def wait(self, name):
        while True:
            for event in self.events:
                if event["event"] == name:
                    self.events.remove(event)
                    return event["body"]
            message = self.message()
            if message["type"] == "event":
                self.events.append(message)

    def move(self, command, **arguments):
        self.ask(command, **arguments)
        return self.wait("stopped")

    def top(self, thread):
        return self.ask("stackTrace", threadId=thread)["stackFrames"][0]


def line_of(source, text):
    return next(i for i, line in enumerate(open(source), 1) if text in line)


def main():
    program, trace, source = sys.argv[1:]
    editor = Editor(program)
    abilities = editor.ask("initialize", adapterID="hindcast")
    assert abilities["supportsStepBack"] and abilities["supportsFunctionBreakpoints"]
    assert "trace" in editor.ask("launch", good=False)
    assert "/no/such" in editor.ask("launch", good=False, trace="/no/such.hct")
    assert "no node nobody" in editor.ask("launch", good=False, trace=trace, node="nobody")
    editor.ask("launch", trace=trace)
    editor.wait("initialized")

    total = line_of(source, "total_bytes += bytes;")
    points = editor.ask("setBreakpoints", source={"path": source},
                        breakpoints=[{"line": total, "condition": "bytes > 0"}, {"line": 100000}])["breakpoints"]
    assert points[0]["verified"] and not points[1]["verified"] and points[1]["message"], points
    editor.ask("configurationDone")
    assert editor.wait("stopped")["reason"] == "entry"

    stop = editor.move("continue", threadId=0)
    assert stop["reason"] == "breakpoint", stop
    thread = stop["threadId"]
    assert thread in [t["id"] for t in editor.ask("threads")["threads"]]
    frames = editor.ask("stackTrace", threadId=thread)["stackFrames"]
    assert [f["name"] for f in frames[:3]] == ["count", "client", "main"], frames
    assert frames[0]["line"] == total and frames[0]["source"]["path"].endswith("talk.c")

    scopes = {s["name"]: s["variablesReference"] for s in editor.ask("scopes", frameId=frames[0]["id"])["scopes"]}
    variables = {v["name"]: v for v in editor.ask("variables", variablesReference=scopes["Locals"])["variables"]}
    within = editor.ask("variables", variablesReference=variables["tally"]["variablesReference"])["variables"]
    members = editor.ask("variables", variablesReference=within[0]["variablesReference"])["variables"]
    assert [m["name"] for m in members] == ["bytes", "calls", "what", "previous"], members
    assert members[2]["value"].endswith('"sent"')
    registers = editor.ask("variables", variablesReference=scopes["Registers"])["variables"]
    pc = next(r["value"] for r in registers if r["name"] == "rip")

    def total_bytes():
        return int(editor.ask("evaluate", expression="total_bytes", context="watch",
                              frameId=editor.top(thread)["id"])["result"])

    # A line forward, and back; out, and on.
    before = total_bytes()
    assert editor.move("next", threadId=thread)["reason"] == "step"
    assert total_bytes() > before and editor.top(thread)["line"] == total + 1
    editor.move("stepBack", threadId=thread)
    assert total_bytes() == before and editor.top(thread)["line"] == total
    editor.move("stepIn", threadId=thread, granularity="instruction")
    assert editor.top(thread)["instructionPointerReference"] != pc
    editor.move("stepBack", threadId=thread, granularity="instruction")
    assert editor.top(thread)["instructionPointerReference"] == pc
    editor.move("stepOut", threadId=thread)
    assert editor.top(thread)["name"] == "client"

    # To the third time and back to the second.
    editor.move("continue", threadId=thread)
    second = total_bytes()
    editor.move("continue", threadId=thread)
    assert total_bytes() > second
    stop = editor.move("reverseContinue", threadId=thread)
    assert stop["reason"] == "breakpoint" and total_bytes() == second, stop

    # Data breakpoints, with the line taken away.
    editor.ask("setBreakpoints", source={"path": source}, breakpoints=[])
    info = editor.ask("dataBreakpointInfo", name="total_bytes")
    assert info["dataId"], info
    assert editor.ask("setDataBreakpoints", breakpoints=[{"dataId": info["dataId"]}])["breakpoints"][0]["verified"]
    assert editor.move("continue", threadId=thread)["reason"] == "data breakpoint"
    assert editor.ask("setFunctionBreakpoints", breakpoints=[{"name": "count"}, {"name": "no_such"}])["breakpoints"][1]["verified"] is False

    shown = editor.ask("disassemble", memoryReference=pc, instructionOffset=-1, instructionCount=4)["instructions"]
    assert len(shown) == 4 and shown[1]["address"] == pc, shown
    memory = editor.ask("readMemory", memoryReference=pc, count=8)
    assert base64.b64decode(memory["data"]).hex().startswith(shown[1]["instructionBytes"])
    assert "talk.c" in editor.ask("source", source={"path": source}, sourceReference=0)["content"]
    assert '"ok": true' in editor.ask("evaluate", expression="-where", context="repl")["result"]
    assert editor.ask("evaluate", good=False, expression="no_such_variable", context="watch")
    assert "nonsense" in editor.ask("nonsense", good=False)
    assert editor.ask("variables", good=False, variablesReference=123456)

    editor.ask("setDataBreakpoints", breakpoints=[])
    editor.ask("setFunctionBreakpoints", breakpoints=[])
    editor.send("continue", threadId=thread)
    editor.send("pause", threadId=thread)
    assert editor.wait("stopped")["reason"] in ("pause", "entry")
    editor.ask("disconnect")
    editor.adapter.stdin.close()
    assert editor.adapter.wait(30) == 0

    # What is no protocol.
    rude = subprocess.run([program, "dap"], input=b"hello\r\n\r\n", capture_output=True, timeout=60)
    assert rude.returncode == 2 and b"protocol" in rude.stderr.lower(), rude
    assert subprocess.run([program, "dap"], input=b"", capture_output=True, timeout=60).returncode == 0
    print("ok")


main()
