#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""parting.py HINDCAST A B DIFF MIRRORED FIRST MIRRORED-FIRST - where two runs part, by comparing their dumps line by line.

DIFF and MIRRORED are what `hindcast diff --json` says of A and B, and of B and A; FIRST is where the window's first difference is."""
import collections
import itertools
import json
import subprocess
import sys

hindcast, a, b, diff, mirrored = sys.argv[1:6]


def by_node(trace):
    nodes = collections.defaultdict(list)
    for line in subprocess.run([hindcast, "dump", trace], check=True, capture_output=True, text=True).stdout.splitlines():
        seq, what = line.split(" ", 1)
        nodes[what.split(" ")[1]].append((int(seq), what))
    return nodes


def parting(ours, theirs):
    """For each node that differs its first event that does, on both sides; None: a side has ended before."""
    found = {}
    for node in set(ours) | set(theirs):
        for x, y in itertools.zip_longest(ours[node], theirs[node]):
            if not x or not y or x[1] != y[1]:
                found[node] = (x and x[0], y and y[0])
                break
    return found


def said(path):
    rows = json.load(open(path, encoding="utf-8"))["nodes"]
    return {row["node"]: tuple(row[side] and row[side]["seq"] for side in "ab") for row in rows}


runs = by_node(a), by_node(b)
wrong = 0
for name, path, found, first in (("forward", diff, parting(*runs), sys.argv[6]),
                                 ("mirrored", mirrored, parting(*reversed(runs)), sys.argv[7])):
    if said(path) != found:
        print(f"{name}: diff says {said(path)}, line by line it is {found}")
        wrong = 1
    least = min(seq for seq, _ in found.values() if seq is not None)
    if least != int(first):
        print(f"{name}: the window's first difference is at {first}, line by line it is at {least}")
        wrong = 1
if said(mirrored) != {node: (y, x) for node, (x, y) in said(diff).items()}:
    print("the other way round it is not mirrored")
    wrong = 1
sys.exit(wrong)
