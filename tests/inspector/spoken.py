#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""spoken.py INSPECTOR HINDCAST TRACE OTHER - what a screen reader is told: where the window is, what lists say, what widgets are called.

OTHER is a run to compare TRACE with.  The truth about events comes from `hindcast sql`."""
import csv
import json
import subprocess
import sys

from reader import BY_CLASS, Atspi, Reader, cells_of, children, reachable, rows_of, selected_row, walk
from drive import Process, Window, fail

inspector, hindcast, trace, other = sys.argv[1:5]
reader = Reader()
process = Process(inspector, trace)
window = Window(process)
window.wait(lambda: window.status().get("events"))
count = window.status()["events"]


def event(seq):
    answer = subprocess.run([hindcast, "sql", trace, "--csv", f"select seq, time, node, tid, kind from event where seq = {seq}"],
                            check=True, capture_output=True, text=True).stdout
    told = list(csv.DictReader(answer.splitlines()))[0]
    # What belongs to no node has a lane of its own.
    told["node"] = told["node"].replace("-", "machine")
    return told


def seconds(text):
    """Of "0.006 784 000", with thin spaces, in nanoseconds."""
    whole, rest = text.replace("\u2009", "").split(".")
    return int(whole) * 10**9 + int(rest.ljust(9, "0"))


def row_of(seq):
    """The row that is selected in the list of events, when it is this event's."""
    row = selected_row(events)
    return row if row and cells_of(row)[0] == str(seq) else None


def described(timeline, seq):
    return timeline.get_description() if f"event {seq}," in timeline.get_description() else None


def await_value(what):
    found = []

    def look():
        found[:] = [what()]
        return found[0]

    window.wait(look)
    return found[0]


# Where the window is: in the list that has the position as its selected row, and in the timeline's description.
timeline = await_value(lambda: reader.find("Timeline"))
events = reader.find("Events", Atspi.Role.TREE_TABLE)
for seq in 0, 12, count // 2, count - 1, 1:
    window.run(f"focus.goto @{seq}")
    want = event(seq)
    row = await_value(lambda: row_of(seq))
    cells = cells_of(row)
    said = [cells[0], str(seconds(cells[1])), cells[2], cells[3] or "0", cells[4]]
    if said != list(want.values()) or not cells[5].strip(" \u2026"):
        fail(f"the row of event {seq} reads {cells}, not {want}")
    name = row.get_name()
    if name != ", ".join(cell for cell in cells if cell):
        fail(f"the row of event {seq} is called {name}, its cells are {cells}")
    words = await_value(lambda: described(timeline, seq)).split(", ")
    if words[:2] != [want["node"], want["kind"]] or seconds(words[2].removesuffix(" s")) != int(want["time"]):
        fail(f"at event {seq} the timeline says {words}, not {want}")

# A position that there is none of is refused, in words; all stays.
window.run(f"focus.goto @{count}")
log = reader.find("Commands", Atspi.Role.TREE_TABLE)
window.wait(lambda: any("past the last event" in row.get_name() for row in rows_of(log)))
if not row_of(1) or not described(timeline, 1) or window.status()["focus"] != 1:
    fail("a refused position moved: the selected row or the timeline's description is another")

# Every command is a row of the palette, with its words and its keys.
window.run("palette")
palette = await_value(lambda: reader.find("Commands that match", Atspi.Role.LIST))
rows = [row.get_name() for row in children(palette)]
known = json.loads(subprocess.run([inspector, "--commands", "--json"], check=True, capture_output=True).stdout)
if len(rows) != len(known):
    fail(f"the palette has {len(rows)} rows for {len(known)} commands")
for command in known:
    said = f"{command['label']}, {command['id']}"
    if [row for row in rows if row == said or row.startswith(said + ", ")] != [row for row in rows if f", {command['id']}," in row + ","]:
        fail(f"no row of the palette reads {said}")
    if bool(command["keys"]) != any(row.startswith(said + ", ") for row in rows):
        fail(f"the palette's row of {command['id']} does not say its keys {command['keys']}")

# A pane's window has a name of its own, and shows the position wherever that is moved from.
window.run("pane.detach events")
pane = await_value(lambda: next((one for one in reader.windows() if one.get_name() == "run.hct \u2013 Events"), None))
events = next(node for node in walk(pane) if node.get_role() == Atspi.Role.TREE_TABLE)
window.run("focus.goto @30")
await_value(lambda: row_of(30))

# Whatever can have the keyboard has a name of its own: with all that the window can show, and in other windows.
window.run(f"compare.open {other}", "compare.ignore time", "compare.next", "range.select @100 @200", "view.plots on", "packet.next",
           "note.add first", "find.text kind==packet-drop", "view.pane program", "view.pane node", "view.list packets", "view.list notes",
           "note.here", "settings", "keys.edit", "share", "talk.follow")
window.wait(lambda: len(reader.windows()) == 7)
found = [told for one in reader.windows() for told in reachable(one)]
bare = {f"{where}: {name!r}" for name, where in found if BY_CLASS.match(name)}
if bare:
    fail("can be reached, and has no name but its class:", "; ".join(sorted(bare)))
missing = {"Text of the note", "Watch an expression", "Find a command", "Find a command or a key", "Conversation", "Recent traces",
           "Next difference", "Save the range for somebody else", "Step by, by event", "Position", "Filter", "Scope, all nodes"} - {name for name, _ in found}
if missing:
    fail("cannot be reached:", ", ".join(sorted(missing)))
window.start("window.close-all")
process.end()
reader.end()
print(len(found), "widgets can have the keyboard")
