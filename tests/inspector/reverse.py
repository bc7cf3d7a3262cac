#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""reverse.py INSPECTOR HINDCAST TRACE EVENT NODE TID VARIABLE BREAKPOINT - steps back, and moves that are cancelled.

After each kind of step back the registers of the thread and the page of its stack are those that a new replay finds, which has
only gone forward to the same place.  A move that is cancelled does not happen."""
import hashlib
import json
import os
import re
import select
import signal
import subprocess
import sys

from drive import PATIENCE_S, Process, Window, fail, processor_time

inspector, hindcast, trace, event, node, tid, variable, breakpoint = sys.argv[1:9]
process = Process(inspector, trace)
window = Window(process)
window.wait(lambda: window.status().get("events"))


def printed(*commands):
    process.printed()
    window.run(*commands)
    return re.sub(r" \(was [^)]*\)", "", process.printed())


def straight(position, address):
    """By a replay of its own."""
    done = subprocess.run([hindcast, "ctl", trace, f"seek to={position}", f"registers node={node} tid={tid}",
                           f"memory node={node} tid={tid} address={address:#x} size=4096"], capture_output=True, text=True, check=False)
    if done.returncode:
        fail("straight to", position, done.stdout, done.stderr)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    registers = answers[1]["registers"]
    rows = registers.items() if isinstance(registers, dict) else [(row["name"], row["value"]) for row in registers]
    return dict(rows), answers[2]["bytes"]


def digest(registers, memory):
    text = "\n".join(f"{name}={value}" for name, value in sorted(registers.items())) + memory
    return hashlib.sha256(text.encode()).hexdigest()


def look(step):
    window.run("focus.goto @" + event, "view.pane program", "view.list machine", f"thread.select {node} {tid}", *step,
               f"thread.select {node} {tid}")
    registers = dict(line.split("\t")[:2] for line in printed("print.registers").splitlines())
    page = int(registers["rsp"], 16) & ~0xfff
    dump = printed("view.list memory", f"memory.show {page:#x}", "print.memory")
    memory = "".join(line[18:66].replace(" ", "") for line in dump.splitlines())
    inside, stop = printed("print.stop").rstrip("\n").split("\t")
    position = inside or f"@{window.status()['focus'] + 1}"
    if len(memory) != 2 * 4096:
        fail(f"after {step[-1]} at {position}: {len(memory) // 2} bytes of the stack's page:", dump[:200])
    want = straight(position, page)
    if digest(registers, memory) != digest(*want):
        differ = {name: (value, want[0].get(name)) for name, value in registers.items() if value != want[0].get(name)}
        fail(f"after {step[-1]} at {position} ({stop}): registers {differ}, memory equal: {memory == want[1]}")
    return position


places = [look(step) for step in (
    ["step.previous"], ["syscall.previous"], ["packet.previous"], ["flow.previous"],
    ["insn.previous"], ["insn.previous", "insn.previous", "insn.previous"], ["line.into-back"], ["line.over-back"], ["line.out-back"],
    ["write.last " + variable], ["write.last " + variable, "insn.previous"], ["write.last " + variable, "line.over-back"],
    ["break.add " + breakpoint, "run.back"], ["run.back", "insn.next", "line.over", "line.over-back"],
)]
if len(set(places)) < 8 or not any("+" in place for place in places):
    fail("the steps led to few places:", places)


def state_of(pid):
    return open(f"/proc/{pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()[0]


def cancelled(move):
    """While the replay is held a move is asked for and cancelled: whatever else is quick or slow, the cancelling comes before its end."""
    os.kill(window.replay(), signal.SIGSTOP)
    while state_of(window.replay()) != "T":
        pass
    window.start(move)
    window.start("cancel")
    os.kill(window.replay(), signal.SIGCONT)
    window.wait(lambda: window.state("busy") is False)
    stop = printed("print.stop")
    if "Stopped on the way" not in stop:
        fail(f"{move} was cancelled, and ended by itself: {stop}")


window.run("break.delete 1", "break.add " + breakpoint)
for move in "run.back", "run.forward", "write.last " + variable, "line.out-back", "insn.previous":
    window.run("focus.goto @" + event)
    cancelled(move)
where = look(["write.last " + variable])
if where != places[9]:
    fail(f"after moves were cancelled the last write is at {where}, not {places[9]}")

# What is cancelled is not executed behind the window's back either: the replay computes little of what the whole move takes.
window.run("break.delete 2", f"break.add {breakpoint} if 1 == 2")
spent = []
for move in lambda: window.run("run.forward"), lambda: cancelled("run.forward"):
    window.run("focus.goto @0")
    spent.append(-processor_time(window.replay()))
    move()
    # Questions to the replay, which it answers when it is done with what it does.
    window.run("view.list memory", "memory.show 0x1000", "view.list machine")
    spent[-1] += processor_time(window.replay())
if spent[1] > spent[0] / 2:
    fail(f"run.forward takes {spent[0]:.2f} s of processor time, and {spent[1]:.2f} s when it is cancelled at its begin")
window.start("window.close")
process.end()

# A window that is killed leaves no replay behind, in the middle of a move.
process = Process(inspector, trace)
window = Window(process)
window.wait(lambda: window.status().get("events"))
window.run("view.pane program", "focus.goto @" + event)
window.start("step.previous")
replay = os.pidfd_open(window.replay())
process.child.kill()
process.child.wait()
if not select.select([replay], [], [], PATIENCE_S)[0]:
    fail("the replay outlives its window")
print(f"{len(places)} steps back; run.forward {spent[0]:.2f} s, cancelled {spent[1]:.2f} s")
