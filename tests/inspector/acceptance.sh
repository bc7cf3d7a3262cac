#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# acceptance.sh INSPECTOR PART - what a person does with the window, on recorded runs of samples/lost-update: one that
# loses an update, and one that does not.  The program `hindcast` is asked for the truth.
set -euo pipefail

inspector=$1
part=$2
hindcast=$HINDCAST
here=$(cd "$(dirname "$0")" && pwd)
samples=$HINDCAST_PROGRAMS/../samples
# shellcheck source=lib.sh
. "$here/lib.sh"

record() {  # record NAME SEED
    "$hindcast" record -q --seed "$2" -o "$work/$1.hct" --data "$work/$1.data" "$samples/lost-update" >/dev/null 2>&1 || [[ $? -eq 1 ]]
}
ask() { "$hindcast" sql "$work/$1.hct" --csv "$2" | tail -n +2 | tr -d '\r'; }
focus() { sed -n 's/.*"focus":\([0-9]*\),.*/\1/p' "$work/out"; }
record lost 47
lost=$work/lost.hct
# The line that tells of the loss, the write that caused it, and the event before that.
symptom=$("$hindcast" dump "$lost" 'kind==output' | grep 'lost update' | sed 's/ .*//')

case $part in
walk)
    # Facts are those of info; a position is where it says, at both ends and not beyond.
    look 0 "$lost" print.status "focus.goto @$symptom" print.status step.last print.status step.first print.status
    events=$("$hindcast" info --json "$lost" | jq .events)
    expect out "\"events\":$events,\"nodes\":5,"
    [[ $(focus | tr '\n' ' ') == "0 $symptom $((events - 1)) 0 " ]] || fail "positions: $(focus)"
    look 2 "$lost" "focus.goto @$symptom" "focus.goto @$events" print.status
    [[ $(focus) -eq $symptom ]] || fail "a refused position moved"
    # A thousand steps there and back: everything is as it was.
    look 0 "$lost" "focus.goto @1000" print.state "repeat 1000 step.next" print.status "repeat 1000 step.previous" print.status print.state
    [[ $(focus | tr '\n' ' ') == "2000 1000 " ]] || fail "a thousand steps: $(focus)"
    half=$(($(grep -vc '{' "$work/out") / 2))
    cmp <(grep -v '{' "$work/out" | head -n "$half" | cut -f 1-2,4) <(grep -v '{' "$work/out" | tail -n "$half" | cut -f 1-2,4) ||
        fail "the state differs after a thousand steps there and back"
    # Steps on one node visit its events, in their order.
    look 0 "$lost" "step.scope r2" "focus.goto @1000" step.next print.status step.next print.status step.next print.status \
        step.next print.status step.next print.status
    ask lost "select seq from event where node = 'r2' and seq > 1000 order by seq limit 5" >"$work/want"
    focus | cmp - "$work/want" || fail "steps on r2: $(focus)"
    ;;
cause)
    # From an arrival to its sending and back; a lost packet says where it was lost.
    arrival=$("$hindcast" dump "$lost" 'kind==packet-recv && node==writer' | tail -n 1 | sed 's/ .*//')
    look 0 "$lost" "focus.goto @$arrival" flow.previous print.status flow.next print.status
    [[ $(focus | tail -n 1) -eq $arrival ]] || fail "there and back ends at $(focus)"
    drop=$("$hindcast" dump "$lost" 'kind==packet-drop && node==r1' | tail -n 1 | sed 's/ .*//')
    look 2 "$lost" "focus.goto @$drop" flow.next
    expect err 'the packet was lost between r1 and r[23]'
    # A cone holds what is listed, and the event itself last.
    look 0 "$lost" "focus.goto @$symptom" cone.list print.status step.last cone.off
    rows=$(sed -n 's/.*"rows":\([0-9]*\),.*/\1/p' "$work/out")
    python3 "$here/cone.py" "$hindcast" "$lost" "$symptom" >"$work/want"
    [[ $rows -eq $(cat "$work/want") ]] || fail "the past has $rows events, and by another way $(cat "$work/want")"
    # What both sides said.
    look 0 "$lost" "focus.goto @$arrival" print.talk
    expect out 'got [0-9]* counter 5 5'
    # Filters: as many as another program counts in the capture.
    if command -v tshark >/dev/null; then
        look 0 "$lost" 'list.filter kind==packet-send && packet "udp port 7000"' print.status "export.pcap $work/a.pcap"
        rows=$(sed -n 's/.*"rows":\([0-9]*\),.*/\1/p' "$work/out")
        [[ $rows -eq $(tshark -r "$work/a.pcap" udp.port==7000 2>/dev/null | wc -l) ]] || fail "the capture has not $rows packets"
    fi
    ;;
program)
    # Who wrote the variable last, and who before; and when there is nothing before.
    packet=$("$hindcast" dump "$lost" "kind==packet-send && node==r2" | awk -v max="$symptom" '$1 + 0 < max + 0 {at = $1} END {print at}')
    look 0 "$lost" "focus.goto @$packet" "view.pane program" "view.list source" "watch.show store[0].version" \
        "write.last store[0].version" print.stop print.stack print.variables "write.last store[0].version" print.stop
    expect out 'Written in repair_item, replica.c:59: from 6 to 5'
    expect out '^0	repair_item	replica.c:59'
    expect out 'store\[0\].version	6'
    expect out 'Written in write_item, replica.c:[0-9]*: from 5 to 6'
    # A breakpoint, backwards; a line; and nothing before the start.
    look 0 "$lost" "focus.goto @$packet" "view.pane program" "break.add repair_item" run.back print.stop line.over print.stop \
        "break.delete 1" run.back print.stop print.status
    expect out 'Breakpoint 1 in repair_item, replica.c:57'
    expect out 'Next in repair_item, replica.c:59'
    expect out 'the run begins here'
    # The same place has the same registers, whichever way one came.
    look 0 "$lost" "focus.goto @$packet" "view.pane program" "view.list machine" "thread.select r2 18" print.registers
    cp "$work/out" "$work/fresh"
    look 0 "$lost" "focus.goto @$((packet + 40))" "view.pane program" "view.list machine" "thread.select r2 18" \
        "repeat 40 step.previous" "thread.select r2 18" print.registers
    cmp <(sed 's/ (was [^)]*)//' "$work/out") "$work/fresh" || fail "registers differ by the way that led there"
    # Bad questions are answered, and the window goes on.
    look 2 "$lost" "focus.goto @$packet" "view.pane program" "write.last nothing_of_that_name" print.status
    expect err 'nothing_of_that_name'
    expect out "\"focus\":$packet,"
    # What of the node is asked of the replay.
    look 0 "$lost" "focus.goto @$symptom" "node.list sockets" print.node "node.list interfaces" print.node "node.list fds" print.node
    expect out '10.0.3.1'
    ;;
share)
    record kept 48
    # Two runs: alike with itself, the first difference is that of diff, and the other way round there are as many.
    look 0 "$lost" "compare.open $lost" print.status "compare.open $work/kept.hct" print.status compare.next print.status \
        "compare.export $work/diff.json"
    expect out '"differences":0}'
    count=$(sed -n 's/.*"differences":\([0-9]*\)}.*/\1/p' "$work/out" | tail -n 1)
    first=$(focus | tail -n 1)
    "$hindcast" diff --json "$lost" "$work/kept.hct" >"$work/want" || [[ $? -eq 1 ]]
    cmp "$work/want" "$work/diff.json" || fail "the exported comparison is not that of diff"
    grep -q "\"seq\": *$first\b\|\"a\": *$first\b\|: *$first[,}]" "$work/want" || fail "diff knows no difference at @$first"
    look 0 "$work/kept.hct" "compare.open $lost" print.status
    expect out "\"differences\":$count}"
    # A note stays in the copy of the trace, and what was recorded stays what it was.
    cp "$lost" "$work/noted.hct"
    look 0 "$work/noted.hct" "focus.goto @$symptom" "note.add the sixth update is gone" "focus.goto @0" note.next print.status
    [[ $(focus) -eq $symptom ]] || fail "the note is at $(focus)"
    cp "$work/noted.hct" "$work/copy.hct"
    "$hindcast" note list "$work/copy.hct" | grep -q "@$symptom .*the sixth update is gone" || fail "the note is not in the copy"
    cmp <("$hindcast" info --json "$lost" | jq -e .run_hash) <("$hindcast" info --json "$work/copy.hct" | jq -e .run_hash) || fail "the hash moved"
    # A part without payload opens by itself, and holds none of it.
    look 0 "$lost" "view.range 1.2s 1.4s" "share.save $work/part.hct range,payload" "report.save $work/report.md"
    "$hindcast" verify "$work/part.hct" >/dev/null || fail "the shared part is damaged"
    grep -q "$(basename "$lost")" "$work/report.md" || fail "the report names no trace"
    look 0 "$work/part.hct" print.status
    ! "$hindcast" dump "$work/part.hct" | grep -q 'counter 5' || fail "payload is in the shared part"
    ;;
esac
echo "ok"
