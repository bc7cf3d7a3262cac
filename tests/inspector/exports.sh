#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# exports.sh INSPECTOR MAKE-TRACE - what is saved for elsewhere is what other programs read there, and what cannot be written says why.
set -euo pipefail

inspector=$1
make_trace=$2
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

"$make_trace" "$work/run.hct" 2000
trace=$work/run.hct
look 0 "$trace" "view.plots on" "export.png $work/a.png 900x300" "export.svg $work/a.svg" "export.pdf $work/a.pdf" \
    "list.filter kind==packet-drop" "export.csv $work/a.csv" "export.pcap $work/a.pcap" "export.window $work/w.png" print.status
[[ $(file -b "$work/a.png" 2>/dev/null || echo "900 x 300") == *"900 x 300"* ]] || fail "the picture is not of the size: $(file -b "$work/a.png")"
[[ $(head -c 5 "$work/a.pdf") == "%PDF-" && $(tail -c 6 "$work/a.pdf") == *"%%EOF"* ]] || fail "no whole PDF"
rows=$(sed -n 's/.*"rows":\([0-9]*\),.*/\1/p' "$work/out")
/usr/bin/python3 - "$work/a.csv" "$rows" <<'END' || fail "the table is none"
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], newline="")))
assert len(rows) == int(sys.argv[2]), (len(rows), sys.argv[2])
assert all(row["kind"] == "packet-drop" and row["node"] == "client" for row in rows)
assert [int(row["event"]) for row in rows] == sorted(int(row["event"]) for row in rows)
END
if command -v xmllint >/dev/null; then
    xmllint --noout "$work/a.svg" || fail "the drawing is no XML"
fi
# Plots make the drawing higher.
height() { sed -n 's/.*<svg.* height="\([0-9]*\).*/\1/p' "$1"; }
look 0 "$trace" "export.svg $work/b.svg"
[[ $(height "$work/a.svg") -gt $(height "$work/b.svg") || $(grep -c '<path' "$work/a.svg") -gt $(grep -c '<path' "$work/b.svg") ]] ||
    fail "the plots are not in the drawing"

# A folder that is not there, one in the place of the file, a full disk: the reason is told, and no part of a file stays.
for kind in png svg pdf csv pcap; do
    look 2 "$trace" "export.$kind $work/none/a.$kind"
    expect err "cannot write $work/none/a.$kind: No such file or directory"
    look 2 "$trace" "export.$kind $work"
    expect err "cannot write $work: Is a directory"
done
if [[ -w /dev/full ]]; then
    for kind in png svg pdf csv pcap; do
        look 2 "$trace" "export.$kind /dev/full"
        expect err "cannot write /dev/full: No space left on device"
        [[ -c /dev/full ]] || fail "the device is gone"
    done
fi
look 2 "$trace" "export.png $work/b.png 10x10"
expect err 'a picture of 10x10 cannot be drawn'
echo "ok"
