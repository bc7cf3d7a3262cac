#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# range.sh INSPECTOR MAKE-TRACE HINDCAST - a chosen range: what the window says of it is what SQL says; it is saved, shared, and dragged.
set -euo pipefail

inspector=$1
make_trace=$2
hindcast=$3
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

trace=$work/run.hct
"$make_trace" "$trace" 2000
# sql TRACE QUERY: its rows, without the names of the columns.
sql() { "$hindcast" sql --csv "$1" "$2" | tr -d '"\r' | tail -n +2; }
count=$(sql "$trace" "SELECT count(*) FROM event")

# sums FIRST LAST: of all nodes and of each, in the order of print.range.
sums() {
    sql "$trace" "
        WITH r AS (SELECT * FROM event WHERE seq BETWEEN $1 AND $2),
             p AS (SELECT * FROM packet WHERE seq BETWEEN $1 AND $2),
             s AS (SELECT node, ran FROM slice WHERE seq BETWEEN $1 AND $2),
             f AS (SELECT node FROM ev_syscall WHERE seq BETWEEN $1 AND $2 AND ret < 0 AND ret > -4096 UNION ALL
                   SELECT node FROM ev_syscall_exit WHERE seq BETWEEN $1 AND $2 AND ret < 0 AND ret > -4096),
             n(name, one) AS (SELECT '', 0 UNION ALL SELECT name, 1 FROM node)
        SELECT CASE WHEN one THEN name ELSE 'all' END,
               (SELECT count(*) FROM r WHERE NOT one OR node = name),
               (SELECT count(*) FROM p WHERE what = 'send' AND (NOT one OR node = name)),
               (SELECT coalesce(sum(size), 0) FROM p WHERE what = 'send' AND (NOT one OR node = name)),
               (SELECT count(*) FROM p WHERE what = 'recv' AND (NOT one OR node = name)),
               (SELECT count(*) FROM p WHERE what = 'drop' AND (NOT one OR node = name)),
               (SELECT count(*) FROM r WHERE kind IN ('syscall', 'syscall-enter') AND (NOT one OR node = name)),
               (SELECT count(*) FROM f WHERE NOT one OR node = name),
               (SELECT coalesce(sum(ran), 0) FROM s WHERE NOT one OR node = name)
        FROM n"
}
# What the window printed, in the same form.
printed() {
    python3 -c '
import json, sys
fields = ["events", "packets", "bytes", "received", "lost", "calls", "failed", "cpu_ns"]
range_ = json.loads(sys.stdin.readline())
for name, row in [("all", range_)] + [(row["node"], row) for row in range_["nodes"] if row["node"] != "machine"]:
    print(",".join([name] + [str(row[field]) for field in fields]))'
}

for ends in "0 $((count - 1))" "100 2345" "4321 4321" "17 9000"; do
    read -r first last <<<"$ends"
    look 0 "$trace" "range.select @$last @$first" print.range
    sums "$first" "$last" >"$work/want"
    printed <"$work/out" >"$work/is"
    diff "$work/want" "$work/is" || fail "of @$first to @$last SQL says something else"
done
[[ $(wc -l <"$work/want") -eq 4 ]] || fail "not a row for each node"
grep -qE '^all(,[1-9][0-9]*){8}$' "$work/want" || fail "something does not occur in the range: $(cat "$work/want")"
time_of() { sql "$trace" "SELECT time FROM event WHERE seq = $1"; }
expect out "\"duration_ns\":$(($(time_of 9000) - $(time_of 17))),"

# The whole is the sum of its parts, and what TCP sent again is known.
parts=("range.select @0 @4000" print.range "range.select @4001 @$((count - 1))" print.range "range.select @0 @$((count - 1))" print.range)
look 0 "$trace" "${parts[@]}"
python3 - "$work/out" <<'END' || fail "the parts are not the whole"
import json, sys
first, second, whole = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
for field in ["events", "packets", "bytes", "received", "lost", "sent_again", "calls", "failed", "cpu_ns"]:
    assert first[field] + second[field] == whole[field], field
END

# It is shown alone, saved, shared, and forgotten.
look 0 "$trace" "range.select @1000 @1999" range.zoom print.status "range.export $work/range.csv" "range.export $work/range.pcap" \
    "share.save $work/part.hct range"
expect out '"range":\[1000,1999\],'
[[ $(wc -l <"$work/range.csv") -eq 1001 ]] || fail "the table has not a row for each event"
[[ $(sed -n 2p "$work/range.csv" | cut -d, -f1) -eq 1000 ]] || fail "the table begins elsewhere"
[[ -s $work/range.pcap ]] || fail "no capture"
if command -v tshark >/dev/null; then
    [[ $(tshark -r "$work/range.pcap" 2>/dev/null | wc -l) -eq $(grep -c ',packet-send,' "$work/range.csv") ]] ||
        fail "the capture has other packets"
fi
"$hindcast" verify "$work/part.hct" >/dev/null || fail "the shared part is damaged"
late=$(sql "$work/part.hct" "SELECT count(*) FROM event WHERE time > $(time_of 1999)")
[[ $late -eq 0 ]] || fail "$late events behind the range are in the shared part"
look 2 "$trace" "range.select @1 @5" range.clear print.status print.range
expect out '"range":null,'
expect err 'no range is chosen'
look 2 "$trace" "range.select @1 @5" cancel range.zoom
expect err 'no range is chosen'
look 2 "$trace" "range.select @1" "range.select @1 @99999999"
expect err 'needs two positions'
expect err 'past the last event'
look 2 "$trace" "range.select @1 @5" "range.export $work/range.txt"
expect err '\.csv.*\.pcap'

# By hand: a drag chooses, Esc forgets; with Ctrl it moves the picture.
if command -v xdotool >/dev/null; then
    cat >"$work/hand.sh" <<'END'
set -euo pipefail
"$1" "$2" & pid=$!
call() { gdbus call --session -d org.hindcast.Inspector -o "/org/hindcast/Inspector/window/1" -m "org.gtk.Actions.$@"; }
await() { until call Describe status 2>/dev/null | grep -q -- "$1"; do kill -0 "$pid"; done; }
await '"range":null'
until call Describe busy | grep -q '<false>'; do :; done
window=$(xdotool search --sync --onlyvisible --class hindcast | head -n 1)
xdotool windowfocus --sync "$window"
drag() { xdotool mousemove --window "$window" "$1" 250 mousedown 1 mousemove --window "$window" "$(($1 + 80))" 250 \
    mousemove --window "$window" "$2" 250 mouseup 1; }
drag 500 900
await '"range":\[[1-9]'
until call Describe busy | grep -q '<false>'; do :; done
call Describe status
xdotool key Escape
await '"range":null'
view=$(call Describe status | grep -o '"view":[^]]*')
xdotool keydown ctrl; drag 500 700; xdotool keyup ctrl
until [[ $(call Describe status | grep -o '"view":[^]]*') != "$view" ]]; do kill -0 "$pid"; done
await '"range":null'
call Activate window.close "[]" "{}" >/dev/null
wait "$pid"
END
    timeout 200 dbus-run-session -- bash "$work/hand.sh" "$inspector" "$trace" >"$work/out" 2>"$work/err" ||
        fail "by hand: $(cat "$work/out" "$work/err")"
    # The pixels lie between the ends of the run, and so do the events.
    read -r first last <<<"$(sed 's/.*"range":\[\([0-9]*\),\([0-9]*\)\].*/\1 \2/' "$work/out")"
    [[ $first -gt 0 && $last -gt $first && $last -lt $count ]] || fail "dragged from $first to $last"
else
    echo "no xdotool here: the hand is not tried"
fi
echo "ok"
