# SPDX-License-Identifier: GPL-2.0-or-later
"""reader.py - looks at the windows of the program as a screen reader does: at names, texts and states of widgets, over AT-SPI.

Used within a session of its own (dbus-run-session).  A Reader is made before the program, which has to find the readers' bus."""
import os
import re
import subprocess

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, Gio, GLib  # noqa: E402

from drive import session_bus  # noqa: E402

LAUNCHER = "/usr/libexec/at-spi-bus-launcher"
BY_CLASS = re.compile(r"(Gtk|Gdk|Adw|Insp)[A-Z]|$")
ROWS = 10


class Reader:
    def __init__(self):
        self.launcher = subprocess.Popen([LAUNCHER, "--launch-immediately"])
        # Both start the same when it is not there yet, and the second to come finds the first.
        address = session_bus().call_sync("org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress", None, GLib.VariantType("(s)"),
                                          Gio.DBusCallFlags.NONE, -1, None).unpack()[0]
        os.environ.update(AT_SPI_BUS_ADDRESS=address, GTK_A11Y="atspi")

    def windows(self):
        """Those of the program.  Nothing is kept of what was read: it is always asked anew."""
        desktop = Atspi.get_desktop(0)
        desktop.clear_cache()
        for i in range(desktop.get_child_count()):
            program = desktop.get_child_at_index(i)
            if program and "hindcast" in (program.get_name() or "").lower():
                program.set_cache_mask(Atspi.Cache.NONE)
                return list(children(program))
        return []

    def find(self, name, role=None):
        """The widget of a name; None: there is none (yet)."""
        for window in self.windows():
            for node in walk(window):
                if node.get_name() == name and role in (None, node.get_role()):
                    return node
        return None

    def end(self):
        self.launcher.terminate()
        self.launcher.wait()


def children(node):
    found = (node.get_child_at_index(i) for i in range(node.get_child_count()))
    return (child for child in found if child)


def walk(node, in_table=False):
    """All widgets, of a table the first rows: each question takes its time, and there are hundreds of rows."""
    # Of libadwaita, and gone in a moment.
    if node.get_name() == "AdwToastWidget":
        return
    yield node
    count = node.get_child_count()
    if in_table and count > ROWS:
        count = ROWS
    is_table = count > 1 and node.get_role() == Atspi.Role.TREE_TABLE
    for i in range(count):
        child = node.get_child_at_index(i)
        if child:
            yield from walk(child, is_table)


def reachable(window):
    """What can have the keyboard: its name, and what else tells where it is."""
    for node in walk(window):
        if has(node, Atspi.StateType.FOCUSABLE):
            yield node.get_name() or "", f"{node.get_role_name()} below {node.get_parent().get_name()!r}"


def has(node, state):
    return node.get_state_set().contains(state)


def text_of(node):
    """What is written there, not what it is called."""
    return Atspi.Text.get_text(node, 0, Atspi.Text.get_character_count(node))


def cells_of(row):
    return [text_of(next(children(cell))) for cell in children(row)]


def rows_of(table):
    return [row for child in children(table) if child.get_role() == Atspi.Role.LIST for row in children(child)]


def selected_row(table):
    """None: there is none (yet)."""
    return next((row for row in rows_of(table) if has(row, Atspi.StateType.SELECTED)), None)
