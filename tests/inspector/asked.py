# SPDX-License-Identifier: GPL-2.0-or-later
"""asked.py INSPECTOR TRACE COMMAND... - what is asked for while a long run is read; and what it costs to go somewhere else in it.

The window does not run while it is asked, so that it finds all the questions together, before it has read anything."""
import os
import re
import signal
import sys

from drive import Process, Window, fail

inspector, trace, *asked = sys.argv[1:]


def bytes_read(pid):
    with open(f"/proc/{pid}/io", encoding="ascii") as io:
        return int(re.search(r"rchar: (\d+)", io.read()).group(1))


process = Process(inspector)
window = Window(process)
commands = [window.command(text) for text in ["trace.open " + trace, *asked]]
answers = []
os.kill(process.child.pid, signal.SIGSTOP)
for command in commands:
    window.post(command, answers.append)
window.bus.flush_sync(None)
os.kill(process.child.pid, signal.SIGCONT)
window.wait(lambda: len(answers) == len(commands) and window.state("busy") is False)
with open(f"{os.environ['work']}/asked.json", "w", encoding="utf-8") as out:
    out.write(window.state("status"))

# To go somewhere else reads a few chunks, not the trace.
window.run("list.filter ")
before = bytes_read(process.child.pid)
window.run("focus.goto @100", "focus.goto @9000000", "focus.goto @1234567")
read = bytes_read(process.child.pid) - before
if read >= os.path.getsize(trace) / 10:
    fail(f"three places took {read} bytes")
window.start("window.close")
process.end()
