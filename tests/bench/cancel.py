#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""cancel.py INSPECTOR TRACE - moves to and fro over a whole run, each cancelled a little later than the one before."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../inspector"))
from drive import Process, Window, processor_time  # noqa: E402

MOVES = 60
LATER_S = 0.01  # of the replay's processor time
inspector, trace = sys.argv[1:3]
process = Process(inspector, trace)
window = Window(process)
window.wait(lambda: window.status().get("events"))
# A breakpoint that never holds, in what every program calls again and again.
window.run("focus.goto 50%", "view.pane program", "thread.select r2 18", "break.add repair_item if 1 == 2")
ended, shown, computed = [], [], []
for i in range(MOVES):
    window.run(f"focus.goto {'0%' if i % 2 == 0 else '100%'}")
    place, begun = window.status()["focus"], processor_time(window.replay())
    window.start("run.forward" if i % 2 == 0 else "run.back")
    while window.state("busy") and processor_time(window.replay()) - begun < (i // 2) % 10 * LATER_S:
        pass
    if not window.state("busy"):
        continue
    spent, at = processor_time(window.replay()), time.monotonic()
    window.start("cancel")
    # What was executed until then is where the window is now; the panes follow.
    window.wait(lambda: window.status()["focus"] != place or window.state("busy") is False)
    ended.append(1000 * (time.monotonic() - at))
    computed.append(1000 * (processor_time(window.replay()) - spent))
    window.wait(lambda: window.state("busy") is False)
    shown.append(1000 * (time.monotonic() - at))
window.start("window.close")
process.end()


def some(values):
    ordered = sorted(values)
    return ", ".join(f"{ordered[min(int(len(ordered) * part), len(ordered) - 1)]:.0f}" for part in (0.5, 0.95, 1))


print("| what | measured |\n|---|---|")
print(f"| until a cancelled move has ended, ms of wall time: half, 95 %, all of {len(ended)} | {some(ended)} |")
print(f"| processor time of the replay until then, ms: half, 95 %, all | {some(computed)} |")
print(f"| until all panes show where it has ended, ms of wall time: half, 95 %, all | {some(shown)} |")
