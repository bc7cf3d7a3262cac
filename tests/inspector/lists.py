# SPDX-License-Identifier: GPL-2.0-or-later
"""lists.py memory|code PAIR A B: what is printed of the memory or the code of two runs, taken apart, is what is printed of each.

Says in how many lines they differ; the line about both has to say the same."""
import re
import sys


def lines(path):
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


def memory(pair, a, b):
    """Lines of 16 bytes: behind "A " and "B ", or behind two blanks of both."""
    said, rows = pair[0], pair[1:]
    for name, want in ("A", a), ("B", b):
        got = [row[2:] for row in rows if row[:2] in ("  ", name + " ")]
        if got != want:
            sys.exit(f"{name}: {[line for line in zip(got, want) if line[0] != line[1]][:3]}")
    differ = 0
    for of_a, of_b in zip(a, b):
        cells = [[line[18 + 3 * i:20 + 3 * i] for i in range(16)] for line in (of_a, of_b)]
        differ += sum(x != y for x, y in zip(*cells))
    want = f"{differ} of 4096 bytes differ, from " if differ else "Identical: all 4096 bytes"
    if not said.startswith(want):
        sys.exit(f"{said}, and {want}")
    if sum(row.startswith("A ") for row in rows) != sum(x != y for x, y in zip(a, b)):
        sys.exit("a line that both have is there twice, or the other way round")
    return differ


def bare(row):
    """An instruction without whose place it is."""
    return re.sub(r"^[A ][B ] ", "", row)


def code(pair, a, b):
    """One list in which both places are, or two behind a line with A and one with B."""
    said, rows = pair[0], pair[1:]
    at_a, at_b = a[0].split("\t")[0], b[0].split("\t")[0]
    if at_a == at_b:
        if not said.startswith(f"Both runs are at {at_a}"):
            sys.exit(said)
        if [bare(row) for row in rows] != a or not rows[0].startswith(f"AB {at_a}"):
            sys.exit(f"the list of both is {rows[:2]}, and alone it is {a[:2]}")
        return 0
    if not re.match(rf"A is at {at_a}( in \S+)?, B at {at_b}", said):
        sys.exit(f"{said}: A is at {at_a}, B at {at_b}")
    if rows[0] == "A":
        half = rows.index("B")
        if [bare(row) for row in rows[1:half]] != a or [bare(row) for row in rows[half + 1:]] != b:
            sys.exit("two lists, which are not those of each run")
    elif [bare(row) for row in rows] not in (a, b) or not any(row.startswith(f"A  {at_a}") for row in rows) \
            or not any(row.startswith(f" B {at_b}") for row in rows):
        sys.exit("one list, which does not hold both places")
    return 1


print({"memory": memory, "code": code}[sys.argv[1]](*[lines(path) for path in sys.argv[2:5]]))
