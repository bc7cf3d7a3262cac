#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""damage.py INSPECTOR HINDCAST TRACE - a trace that was cut at 64 places, and one with bits turned at 64 places, in one window.

Whatever is opened, the window goes on; it shows at least the events that `hindcast dump` can read, and when that is not all it says
where the damage is and what is left."""
import os
import re
import subprocess
import sys

from drive import Process, Window, fail

PLACES = 64
ONE_CHUNK = 16384  # events at the most
WHERE = re.compile(r"byte|chunk|row|table|page|event \d+|not a trace|format version|SQLite|features|empty|header")
inspector, hindcast, trace = sys.argv[1:4]
work = os.environ["work"]
whole = open(trace, "rb").read()


def readable(path):
    """How many events `hindcast` reads before it is in its way."""
    out = subprocess.run([hindcast, "dump", "--plain", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
    return out.count(b"\n")


def look(window, kind, at, content):
    path = f"{work}/{kind}-at-{at}.hct"
    open(path, "wb").write(content)
    window.run("trace.open " + path)
    status = window.status()
    problem = status["problem"] or ""
    want = readable(path)
    if status["trace"] is None:
        if want or path not in problem or not WHERE.search(problem):
            fail(f"{kind} at {at}: {want} events can be read, and the window says: {problem}")
    else:
        # All that is painted and listed of the part that is left.
        if 0 < want < events:
            window.run("step.last", "view.list packets", "flow.previous", "view.whole")
        # Events without payload can be shown where `dump`, which reads chunks as a whole, ends before them.
        shown = status["events"]
        if not want <= shown <= events:
            fail(f"{kind} at {at}: the window shows {status['events']} events, {want} can be read; it says: {problem}")
        if shown < events and not (WHERE.search(problem) and str(shown) in problem):
            fail(f"{kind} at {at}: {shown} of {events} events are left, and the window says: {problem}")
        if kind == "cut" and f"{at} of its {len(whole)} bytes" not in problem:
            fail(f"cut at {at}: the window says: {problem}")
    os.unlink(path)
    return problem != "", want


process = Process(inspector, trace)
window = Window(process)
window.wait(lambda: window.status().get("events"))
events = window.status()["events"]
cuts = [look(window, "cut", len(whole) * i // PLACES + i % 7, whole[:len(whole) * i // PLACES + i % 7]) for i in range(PLACES)]
turned = []
for i in range(PLACES):
    at = min(len(whole) * i // PLACES + i, len(whole) - 1)
    turned.append(look(window, "turned", at, whole[:at] + bytes([whole[at] ^ 1 << i % 8]) + whole[at + 1:]))
if not all(said for said, _ in cuts):
    fail("a cut trace was taken for a whole one")
# Neither test is worth anything when all is lost at once, or nothing ever.
parts = sum(0 < left < events for _, left in cuts + turned)
lost = sum(left < events for _, left in turned)
print(f"{sum(said for said, _ in turned)} of {PLACES} turned bits were noticed, {lost} of them cost events; {parts} traces were readable in part")
# A short run is one chunk, which is read as a whole or not at all.
if not lost or (not parts and events > ONE_CHUNK):
    fail("no damage met events: another trace is needed")
window.start("window.close")
process.end()
