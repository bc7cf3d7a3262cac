#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""keyboard.py INSPECTOR HINDCAST TRACE - by keyboard alone: a run is opened, walked in its list, noted; the program ends.

No mouse is moved.  There is no window manager, so this script gives the keyboard to a window that has come, as one would do.  Where the
keyboard then is the window tells itself, as it would tell a screen reader."""
import re
import subprocess
import sys

from reader import Atspi, Reader, rows_of, selected_row
from drive import Process, Window, fail

inspector, hindcast, trace = sys.argv[1:4]
reader = Reader()
process = Process(inspector)
window = Window(process)
focused = []


def focus_moved(event):
    if event.detail1:
        focused.append(event.source)


listener = Atspi.EventListener.new(focus_moved)
listener.register("object:state-changed:focused")


def keys(*words):
    subprocess.run(["xdotool", *words], check=True)


def give_keyboard_to(title):
    found = subprocess.run(["xdotool", "search", "--sync", "--onlyvisible", "--name", title], check=True, capture_output=True, text=True)
    keys("windowfocus", "--sync", found.stdout.split()[0])


def await_focus(seq):
    window.wait(lambda: window.status().get("focus") == seq)


# Open: by the palette, in which what is typed counts also when nobody waits for its list.
give_keyboard_to("^hindcast$")
keys("key", "ctrl+shift+p")
give_keyboard_to("^Commands$")
keys("type", f"trace.open {trace}")
keys("key", "Return")
window.wait(lambda: window.status().get("events"))
last = window.status()["events"] - 1
give_keyboard_to("^run.hct$")
keys("key", "ctrl+shift+p")
give_keyboard_to("^Commands$")
keys("type", "step.last")
keys("key", "Return")
await_focus(last)
give_keyboard_to("^run.hct$")
keys("key", "ctrl+Home")
await_focus(0)

# Tab to the list: each stop on the way says what it is.
events = reader.find("Events", Atspi.Role.TREE_TABLE)
stops = []
while not stops or not stops[-1].startswith("0, "):
    count = len(focused)
    keys("key", "Tab")
    window.wait(lambda: len(focused) > count)
    stops.append(focused[-1].get_name())
    if len(stops) > 40:
        fail("Tab does not lead to the list, but to", stops)

# Steps, there and back; the list goes along, and so does the keyboard in it: an arrow goes on from where the steps have led.
keys("key", "F8", "F8", "F8")
await_focus(3)
timeline = reader.find("Timeline")
window.wait(lambda: "event 3," in timeline.get_description())
keys("key", "F7")
await_focus(2)
window.wait(lambda: "event 2," in timeline.get_description())
row = selected_row(events)
seq, time, node, kind, *_ = row.get_name().split(", ") if row else [""] * 4
if seq != "2" or not timeline.get_description().startswith(f"{node}, {kind}, {time} s, event 2, "):
    fail("at event 2 the selected row is", row and row.get_name(), "and the timeline says", timeline.get_description())

def await_keyboard(seq):
    """The row of the event has the keyboard."""
    window.wait(lambda: focused[-1].get_name().startswith(f"{seq}, "))


await_keyboard(2)
keys("key", "Down")
await_focus(3)
keys("key", "ctrl+End")
await_focus(last)
await_keyboard(last)
keys("key", "Up")
await_focus(last - 1)

# A position, a note there, and the reflex of saving; then a note at the end, which is not lost when all is closed with the next key.
keys("key", "ctrl+g", "type", "@777")
keys("key", "Return")
await_focus(777)
keys("key", "period")
await_focus(778)
keys("key", "alt+Left")
await_focus(last - 1)
keys("key", "alt+Right")
await_focus(778)
keys("key", "m", "type", "written by hand")
keys("key", "Return")
window.wait(lambda: window.status()["notes"] == 1)
keys("key", "ctrl+s")
log = reader.find("Commands", Atspi.Role.TREE_TABLE)
window.wait(lambda: any("trace.save" in line.get_name() for line in rows_of(log)))
keys("key", "ctrl+End")
await_focus(last)
keys("key", "m", "type", "and at the end")
keys("key", "Return", "ctrl+q")
process.end()
reader.end()
told = subprocess.run([hindcast, "note", "list", trace], check=True, capture_output=True, text=True).stdout
for seq, text in (778, "written by hand"), (last, "and at the end"):
    if not re.search(rf"@{seq} .*: {text}$", told, re.MULTILINE):
        fail(f"no note \"{text}\" at {seq}:", told)
print("to the list by way of", ", ".join(stops))
