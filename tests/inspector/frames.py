# SPDX-License-Identifier: GPL-2.0-or-later
"""frames.py FOLDER NUMBER: the bytes that the packet's pane prints of two runs, and of each alone, are those of the trace.

bytes.N is of both, a.bytes.N and b.bytes.N of each, a.frame.N and b.frame.N what SQL says; of B there may be none."""
import pathlib
import re
import sys

folder, number = pathlib.Path(sys.argv[1]), sys.argv[2]
LINE = re.compile(r"(?P<run>  |A |B |)(?P<at>[0-9a-f]{4})  (?P<bytes>(?:[0-9a-f]{2} |   ){16}) (?P<text>.*)")


def lines(name):
    for line in (folder / f"{name}.{number}").read_text().splitlines():
        match = LINE.fullmatch(line)
        if not match:
            sys.exit(f"{name}: no line of bytes: {line!r}")
        data = bytes.fromhex(match["bytes"])
        if match["text"] != "".join(chr(byte) if 32 <= byte < 127 else "." for byte in data):
            sys.exit(f"{name}: another text than bytes: {line!r}")
        yield match["run"].strip(), int(match["at"], 16), data


def frame(rows):
    whole = b""
    for at, data in rows:
        if at != len(whole):
            sys.exit(f"a line of {at:#x} where {len(whole):#x} is next")
        whole += data
    return whole


pair = list(lines("bytes"))
for run in "AB":
    path = folder / f"{run.lower()}.frame.{number}"
    if not path.exists():
        if any(name == run for name, _, _ in pair):
            sys.exit(f"the pair has bytes of {run}, which has no such packet")
        continue
    want = bytes.fromhex(path.read_text().strip())
    for what, rows in (("the pair", [row[1:] for row in pair if row[0] in ("", run)]),
                       ("alone", [row[1:] for row in lines(f"{run.lower()}.bytes")])):
        if frame(rows) != want:
            sys.exit(f"{what}: {run} has {frame(rows).hex()}, and the trace {want.hex()}")
