# SPDX-License-Identifier: GPL-2.0-or-later
"""sides.py PAIR A B: what a pane prints of two runs, taken apart, is what it prints of each; says how many cells differ."""
import re
import sys

NOT_THERE = "\u2014"
SIGN = " \u2260 "


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [re.sub(r" \(was [^\t]*\)", "", line.rstrip("\n")).split("\t") for line in file]


def sides(rows):
    """Of each run the rows that it has, and how many cells differ."""
    runs, differ = ([], []), 0
    for row in rows:
        cells = [cell.split(SIGN, 1) if SIGN in cell else [cell, cell] for cell in row]
        apart = [cell for cell in cells if cell[0] != cell[1]]
        differ += len(apart)
        for side in range(2):
            # A row that only the other run has is apart in every cell that is compared.
            if not apart or any(cell[side] != NOT_THERE for cell in apart):
                runs[side].append([cell[side] for cell in cells])
    return runs, differ


def main():
    columns = int(sys.argv[4]) if len(sys.argv) > 4 else None
    (first, second), differ = sides(lines(sys.argv[1]))
    for name, got, path in (("A", first, sys.argv[2]), ("B", second, sys.argv[3])):
        want = lines(path)
        # What the pair shows of both without comparing it is the first run's.
        if sorted(row[:columns] for row in got) != sorted(row[:columns] for row in want):
            sys.exit(f"run {name}: the pair has {got}, and alone it has {want}")
    print(differ)


main()
