#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""spoken.py - what a screen reader is told of the window: names of widgets, and the timeline's place.

Started within a session of its own, with the window's process under way.  Prints what is wrong; status 1."""
import sys
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, Gio, GLib  # noqa: E402


def application():
    desktop = Atspi.get_desktop(0)
    desktop.clear_cache()
    for i in range(desktop.get_child_count()):
        child = desktop.get_child_at_index(i)
        if child and "hindcast" in (child.get_name() or "").lower():
            return child
    return None


def walk(node, depth=0):
    """Not into tables: each cell of a screen costs a question."""
    if not node or depth > 24:
        return
    yield node
    if node.get_role() in (Atspi.Role.TABLE, Atspi.Role.TREE_TABLE):
        return
    for i in range(min(node.get_child_count(), 60)):
        yield from walk(node.get_child_at_index(i), depth + 1)


def await_(what, seconds=30):
    """Asks again whenever the bus has said something, at least every 50 ms."""
    end = time.monotonic() + seconds
    tick = GLib.timeout_add(50, lambda: True)
    found = what()
    while not found and time.monotonic() < end:
        GLib.MainContext.default().iteration(True)
        found = what()
    GLib.source_remove(tick)
    return found


def named(app, name):
    app.clear_cache()
    return next((node for node in walk(app) if node.get_name() == name), None)


def chosen_row(node):
    """The first cell of the row that is selected in the table below a node."""
    node.clear_cache()
    tables = [child for child in walk(node) if child.get_role() in (Atspi.Role.TABLE, Atspi.Role.TREE_TABLE)]
    lists = [tables[0].get_child_at_index(i) for i in range(tables[0].get_child_count())] if tables else []
    for rows in lists:
        for i in range(rows.get_child_count()):
            row = rows.get_child_at_index(i)
            if row and row.get_state_set().contains(Atspi.StateType.SELECTED):
                return row.get_child_at_index(0).get_child_at_index(0).get_name()
    return None


def main():
    app = await_(application)
    timeline = app and await_(lambda: named(app, "Timeline"))
    if not timeline:
        print("no timeline is told of, but:", [f"{n.get_role_name()}:{n.get_name()}" for n in walk(app)][:60] if app else "nothing")
        return 1
    before = timeline.get_description()
    actions = Gio.DBusActionGroup.get(Gio.bus_get_sync(Gio.BusType.SESSION), "org.hindcast.Inspector",
                                      "/org/hindcast/Inspector/window/1")
    actions.list_actions()
    await_(lambda: actions.has_action("packet.next"))
    actions.activate_action("packet.next", None)
    if not await_(lambda: timeline.get_description() != before):
        print("the timeline's description does not follow a step:", before)
        return 1
    words = timeline.get_description()
    if "client" not in words or "packet-send" not in words:
        print("the description names no node and no event:", words)
        return 1
    wanted = {"Position", "Filter", "Step by", "Scope", "Overview of the whole run"}
    missing = wanted - {node.get_name() for node in walk(app)}
    if missing:
        print("without a name:", ", ".join(sorted(missing)))
        return 1
    # A pane's window has a name of its own, and shows the position wherever that is moved from.
    actions.activate_action("pane.detach", GLib.Variant("s", "events"))
    pane = await_(lambda: named(app, "run.hct \u2013 Events"))
    if not pane:
        print("the window of a pane has no name of its own, but there are:", [node.get_name() for node in walk(app, 22)])
        return 1
    actions.activate_action("focus.goto", GLib.Variant("s", "@30"))
    if not await_(lambda: chosen_row(pane) == "30"):
        print("the list in a window of its own is not at event 30, but at", chosen_row(pane))
        return 1
    bare = [f"{node.get_role_name()} {node.get_name()}" for node in walk(app)
            if node.get_state_set().contains(Atspi.StateType.FOCUSABLE) and node.get_state_set().contains(Atspi.StateType.SHOWING)
            and (not node.get_name() or node.get_name().startswith(("Gtk", "Adw", "Insp")))]
    if bare:
        print("can be reached, and has no name but its class:", ", ".join(sorted(set(bare))))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
