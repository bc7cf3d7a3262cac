#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""commands.py INSPECTOR HINDCAST TRACE OTHER PACKET NODE TID VARIABLE - every command by its id, over D-Bus and by --command.

Both have to do the same: after each the window's status is the same, and so are the files that were written.  PACKET is an event
that is about a datagram, NODE and TID a thread that runs then, with VARIABLE."""
import collections
import json
import os
import shutil
import subprocess
import sys

from drive import Process, Window, complaints, fail

inspector, hindcast, trace, other, packet, node, tid, variable = sys.argv[1:9]
work = os.environ["work"]
known = json.loads(subprocess.run([inspector, "--commands", "--json"], check=True, capture_output=True).stdout)

# Each has words, each is there once, and no key does two things.
for command in known:
    if not command["label"].strip():
        fail(command["id"], "has no words of its own")
for what, values in ("id", [c["id"] for c in known]), ("key", [key.lower() for c in known for key in c["keys"]]):
    twice = [value for value, count in collections.Counter(values).items() if count > 1]
    if twice:
        fail(f"two commands have the {what}", *twice)

# Each command once, where it can be carried out.
SCRIPT = f"""
focus.goto @{packet}
focus.entry
list.entry
step.scope-here
step.scope all
step.grain packet
step.next
step.previous
step.grain event
step.first
step.last
focus.back
focus.forward
focus.back
focus.copy
branch.copy
print.branch
print.branch crash: {node}
focus.goto @{packet}
packet.previous
packet.next
syscall.previous
syscall.next
output.previous
output.next
fault.previous
fault.next
focus.goto @{packet}
flow.next
flow.previous
talk.previous
talk.next
talk.filter
talk.follow
print.talk
print.packet
print.bytes
print.topology
list.filter
cone.past
cone.future
cone.list
cone.off
mark.a
mark.b
find.text kind==packet-drop
find.next
find.previous
note.add looked at by a test
step.last
note.previous
step.first
note.next
note.remove 1
note.here
view.list events
list.filter kind==packet-send
export.csv $/list.csv
export.pcap $/packets.pcap
focus.goto @{packet}
export.talk $/said client
export.png $/lanes.png
export.svg $/lanes.svg
export.pdf $/lanes.pdf
export.window $/window.png
view.range @{packet} 60%
view.in
view.out
view.left
view.right
view.centre
view.fit
view.whole
range.select @1000 @1200
print.range
range.zoom
range.export $/range.csv
range.clear
view.place 1200000000 200000000
view.axis event
view.axis-other
view.plots on
view.plots-other
view.dark on
view.list packets
pane.detach packets
pane.packets
pane.timeline
pane.attach
pane.keep off
view.part overview off
view.lists-other
view.details-other
view.part all on
print.state
print.frames
view.pane program
thread.select {node} {tid}
frame.select 0
print.stack
print.variables
print.registers
memory.show 0x1000
print.memory
print.code
watch.show {variable}
watch.add {variable}
break.delete 1
break.add main
break.delete 2
break.events kind==output
run.forward
run.back
break.delete 3
focus.goto @{packet}
break.toggle replica.c:59
break.toggle replica.c:59
write.last {variable}
print.stop
write.next {variable}
insn.next
insn.previous
line.over
line.over-back
line.into
line.into-back
line.out
line.out-back
view.pane node
node.list sockets
print.node
repeat 3 step.next
repeat.frames 3 step.previous
compare.open {other}
compare.ignore time
compare.first
compare.next
compare.next
compare.previous
compare.difference 2
compare.goto @500
compare.stretches
compare.expand
compare.collapse
compare.ignore-time
compare.ignore-pids
compare.ignore-ports
compare.ignore-payload
print.compare
compare.export $/differences.json
compare.close
share.save $/part.hct range,payload
report.save $/report.md
log.save $/log.txt
log.copy
log.copy-last
log.entry
print.log
trace.save
print.status
cancel
palette
help.keys
help.about
settings
keys.set step.next F4
keys.take step.next F5
keys.reset
keys.preset default
share
trace.open $/run.hct
window.close
""".split("\n")[1:-1]


def example(command):
    """Of a command that the script does not name: where it takes a choice the first will do."""
    choice = (command["argument"] or "").strip("[]").split(" ")[0]
    if command["argument"] and "|" not in choice and not command["argument"].startswith("["):
        fail(f"this script lacks an example of {command['id']} {command['argument']}")
    return f"{command['id']} {choice.split('|')[0]}" if "|" in choice else command["id"]


# A second window would outlive the one that is looked at here; desktop.sh has several.
named = {line.split(" ")[0] for line in SCRIPT} | {"window.new", "window.close-all"}
# These may be refused, by both alike.
unnamed = [example(command) for command in known if command["id"] not in named]
SCRIPT[-2:-2] = unnamed


def folder(name):
    path = f"{work}/{name}"
    os.mkdir(path)
    shutil.copy(trace, path + "/run.hct")
    return path


def comparable(status, path):
    # What the last frame cost is of the last frame.
    status = {key: value for key, value in status.items() if key not in ("paint_nodes", "arrows", "waited")}
    return json.loads(json.dumps(status).replace(path, "$"))


def by_text():
    path = folder("text")
    arguments = []
    for line in SCRIPT:
        arguments += ["-c", line.replace("$", path)]
        if line != "window.close":
            arguments += ["-c", "print.status"]
    done = subprocess.run([inspector, path + "/run.hct", *arguments, "-q"], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 2 if unnamed else 0) or complaints(done.stderr) or \
            done.stderr.count("hindcast-inspector: ") > len(unnamed):
        fail("by --command: status", done.returncode, done.stderr)
    lines = [comparable(json.loads(line), path) for line in done.stdout.splitlines() if line.startswith('{"trace"')]
    del lines[SCRIPT.index("print.status")]
    return lines


def by_bus():
    path = folder("bus")
    process = Process(inspector, path + "/run.hct")
    window = Window(process)
    window.wait(lambda: window.status().get("events"))
    offered = set(window.ids())
    lines = []
    for line in SCRIPT[:-1]:
        if line.split(" ")[0] not in offered:
            fail(line, "is no action of the window")
        window.run(line.replace("$", path))
        lines.append(comparable(window.status(), path))
    window.start(SCRIPT[-1])
    process.end()
    return lines


text, bus = by_text(), by_bus()
if len(text) != len(bus):
    fail("as many answers as commands:", len(text), len(bus))
for line, a, b in zip(SCRIPT, text, bus):
    if a != b:
        fail(f"after `{line}`, by --command:\n{a}\nover D-Bus:\n{b}")
for name in ("list.csv", "packets.pcap", "said", "differences.json", "report.md"):
    a, b = (open(f"{work}/{side}/{name}", "rb").read() for side in ("text", "bus"))
    if not a or a.replace(b"/text/", b"/bus/") != b:
        fail(name, "is not the same by --command and over D-Bus")
for name in ("lanes.png", "lanes.svg", "lanes.pdf", "window.png", "part.hct"):
    for side in ("text", "bus"):
        if os.path.getsize(f"{work}/{side}/{name}") < 1000:
            fail(side, name, "is empty")
print(len(known), "commands")
