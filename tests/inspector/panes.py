# SPDX-License-Identifier: GPL-2.0-or-later
"""panes.py INSPECTOR TRACE - windows of panes as somebody with a keyboard has them: two main windows, each with its own."""
import subprocess
import sys

from drive import Process, Window, fail

inspector, trace = sys.argv[1:3]
MAIN = "^run.hct$"


def windows(name):
    found = subprocess.run(["xdotool", "search", "--onlyvisible", "--name", name], capture_output=True, text=True, check=False)
    return found.stdout.split()


def keyboard(name, *keys):
    """Keys, typed into the window of that name; it is waited for."""
    window.wait(lambda: len(windows(name)) == 1)
    subprocess.run(["xdotool", "windowfocus", "--sync", windows(name)[0], "key", "--clearmodifiers", *keys], check=True)


process = Process(inspector, trace)
window = Window(process)
window.wait(lambda: window.status().get("events"))


def out():
    return window.status()["detached"]


def focus():
    return window.status()["focus"]


# Its key takes a pane out; there the same keys do the same to the same run, and letters are keys as well.
keyboard(MAIN, "ctrl+alt+4")
window.wait(lambda: out() == ["packets"])
if not window.state("pane.packets"):
    fail("the action's state does not say that the pane is out")
PACKETS = "^run.hct – Packets$"
keyboard(PACKETS, "F8", "F8")
window.wait(lambda: focus() == 2)
keyboard(PACKETS, "F7", "period", "p")
window.wait(lambda: focus() > 2)
# The list that a command is about is the one of the window that it comes from.
window.run("list.filter kind==output")
keyboard(PACKETS, "F8")
window.wait(lambda: window.status()["rows"] == window.status()["packets"])
keyboard(MAIN, "F8")
window.wait(lambda: window.status()["rows"] not in (0, window.status()["packets"]))
# The palette opens over it.
keyboard(PACKETS, "ctrl+shift+p")
keyboard("^Commands$", "Escape")
# Ctrl+W closes this one, and only this one; then the same key there and back.
keyboard(PACKETS, "ctrl+w")
window.wait(lambda: out() == [] and not windows(PACKETS))
keyboard(MAIN, "ctrl+alt+1")
window.wait(lambda: out() == ["timeline"])
keyboard("^run.hct – Timeline$", "ctrl+alt+1")
window.wait(lambda: out() == [] and window.state("pane.timeline") is False)
# A position is typed in the main window, wherever the key was pressed.
window.run("pane.detach node")
keyboard("^run.hct – Node$", "ctrl+g")
main = windows(MAIN)[0]
window.wait(lambda: subprocess.run(["xdotool", "getwindowfocus"], capture_output=True, text=True, check=True).stdout.strip() == main)
subprocess.run(["xdotool", "type", "@77"], check=True)
subprocess.run(["xdotool", "key", "Return"], check=True)
window.wait(lambda: focus() == 77)

# Another main window has none, and another one of the same pane; one's end is that of its own.
window.run(f"window.new {trace}")
other = Window(process, 2)
other.wait(lambda: other.status().get("events"))
if other.status()["detached"]:
    fail("a new window has panes out:", other.status()["detached"])
other.run("pane.detach node", "pane.detach source")
window.wait(lambda: len(windows("^run.hct – Node$")) == 2)
window.run("focus.goto @200")
if (focus(), other.status()["focus"]) != (200, 0):
    fail("a step in one window moves the other:", focus(), other.status()["focus"])
window.start("window.close")
window.wait(lambda: window.state("busy") is None)
other.wait(lambda: len(windows("^run.hct – ")) == 2)
# The last one ends the program, with all that is out.
other.start("window.close")
process.end()
