# SPDX-License-Identifier: GPL-2.0-or-later
"""drive.py - moves a window over D-Bus, as another program would.  Nothing sleeps: every call waits for what it is about.

Used within a session of its own (dbus-run-session)."""
import json
import os
import re
import subprocess
import sys
import time
import traceback

import gi
from gi.repository import Gio, GLib

NAME = "org.hindcast.Inspector"
WINDOW = "/org/hindcast/Inspector/window/%d"
PATIENCE_S = 240


def fail(*words):
    print("not ok:", *words)
    sys.exit(1)


def session_bus():
    return Gio.bus_get_sync(Gio.BusType.SESSION)


def complaints(said):
    """Lines of standard error that must not be there.  GTK 4.8 lays out its window of keys in columns with a width that it then
    complains of itself; and a picture of the window that is asked for between a change and its next frame, as over D-Bus nobody
    waits for, lacks what has no place yet."""
    known = ("reported min width -3", "without a current allocation")
    return [line for line in said.splitlines()
            if re.search("CRITICAL|WARNING|Sanitizer|runtime error", line) and not any(words in line for words in known)]


class Process:
    """The program, with what it prints in files of its own."""

    def __init__(self, *arguments):
        # Ours and the program's are opened one by one: a position that was shared would move with what it writes.
        paths = [f"{os.environ['work']}/{name}" for name in ("out", "err")]
        theirs = [open(path, "w", encoding="utf-8") for path in paths]
        self.out, self.err = (open(path, encoding="utf-8") for path in paths)
        self.child = subprocess.Popen(arguments, stdout=theirs[0], stderr=theirs[1])

    def printed(self):
        """What it has printed since this was asked last."""
        return self.out.read()

    def check(self):
        if self.child.poll() is not None:
            self.err.seek(0)
            fail("the program ended with status", self.child.returncode, self.err.read())

    def end(self):
        status = self.child.wait()
        self.err.seek(0)
        said = self.err.read()
        if status or complaints(said):
            fail("the program ended with status", status, said)


def descendants(pid):
    """The process and all below it."""
    found = [pid]
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as below:
                found += [each for child in below.read().split() for each in descendants(int(child))]
    except OSError:
        return []
    return found


def processor_time(pid):
    """Seconds that the process, all below it, and what they have waited for have computed."""
    ticks = 0
    for each in descendants(pid):
        try:
            with open(f"/proc/{each}/stat", encoding="ascii") as stat:
                ticks += sum(int(word) for word in stat.read().rsplit(")", 1)[1].split()[11:15])
        except OSError:
            continue
    return ticks / os.sysconf("SC_CLK_TCK")


class Window:
    def __init__(self, process, number=1):
        self.process = process
        self.bus = session_bus()
        self.path = WINDOW % number
        self.changed = False
        self.bus.signal_subscribe(NAME, "org.gtk.Actions", "Changed", self.path, None, Gio.DBusSignalFlags.NONE,
                                  self.on_changed)
        self.wait(lambda: self.state("busy") is False)

    def on_changed(self, *_):
        self.changed = True

    def call(self, method, parameters, answer):
        return self.bus.call_sync(NAME, self.path, "org.gtk.Actions", method, parameters, GLib.VariantType(answer),
                                  Gio.DBusCallFlags.NO_AUTO_START, -1, None).unpack()

    def replay(self):
        """The process that holds the replay."""
        for pid in descendants(self.process.child.pid):
            with open(f"/proc/{pid}/cmdline", "rb") as words:
                if b"serve" in words.read().split(b"\0"):
                    return pid
        return fail("no replay is under way")

    def state(self, name):
        """None: the window is not there (yet)."""
        try:
            return self.call("Describe", GLib.Variant("(s)", (name,)), "((bgav))")[0][2][0]
        except GLib.Error:
            return None

    def wait(self, what):
        """Until something is true; asked whenever the window has said that something changed.  A window that is not there
        yet says nothing, so the question is repeated by a timer too.  What has not come after minutes will not come."""
        timer = GLib.timeout_add(20, lambda: True)
        end = time.monotonic() + PATIENCE_S
        while not what():
            self.process.check()
            if time.monotonic() > end:
                fail("waited in vain in line", traceback.extract_stack()[0].lineno, "while the window says", self.state("status"))
            GLib.MainContext.default().iteration(True)
        GLib.source_remove(timer)

    def command(self, text):
        """What Activate wants for it."""
        words = text.split(" ", 1) + [""]
        takes = self.call("Describe", GLib.Variant("(s)", (words[0],)), "((bgav))")[0][1]
        argument = [GLib.Variant("s", words[1])] if takes == "s" else []
        return GLib.Variant("(sava{sv})", (words[0], argument, {}))

    def start(self, text):
        """Begins a command and does not wait for its effect."""
        self.call("Activate", self.command(text), "()")

    def post(self, command, func):
        """Sends what self.command() gave, to a window that may stand still; func is called with the answer."""
        self.bus.call(NAME, self.path, "org.gtk.Actions", "Activate", command, GLib.VariantType("()"), Gio.DBusCallFlags.NO_AUTO_START,
                      -1, None, lambda bus, result: func(bus.call_finish(result)))

    def run(self, *commands):
        for command in commands:
            self.start(command)
            self.wait(lambda: self.state("busy") is False)

    def status(self):
        return json.loads(self.state("status"))

    def ids(self):
        return self.call("List", None, "(as)")[0]
