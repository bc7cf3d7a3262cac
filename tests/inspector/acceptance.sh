#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# acceptance.sh INSPECTOR PART - what a person does with the window, on recorded runs of samples/lost-update: one that
# loses an update, and one that does not; and on a transfer over TCP.  The program `hindcast`, scripts that walk a trace by
# other ways, and tshark are asked for the truth.  docs/inspector.md lists what is tested where.
set -euo pipefail

inspector=$1
part=$2
hindcast=$HINDCAST
here=$(cd "$(dirname "$0")" && pwd)
samples=$HINDCAST_PROGRAMS/../samples
# shellcheck source=lib.sh
. "$here/lib.sh"
for tool in jq tshark python3; do
    command -v "$tool" >/dev/null || { echo "needs $tool"; exit 77; }
done

record() {  # record NAME SEED
    "$hindcast" record -q --seed "$2" -o "$work/$1.hct" --data "$work/$1.data" "$samples/lost-update" >/dev/null 2>&1 || [[ $? -eq 1 ]]
}
ask() { "$hindcast" sql "$work/$1.hct" --csv "$2" | tail -n +2 | tr -d '\r'; }
focus() { sed -n 's/.*"focus":\([0-9]*\),.*/\1/p' "$work/out"; }
rows() { sed -n 's/.*"rows":\([0-9]*\),.*/\1/p' "$work/out"; }
record lost 47
lost=$work/lost.hct
# The line that tells of the loss, and the packet before it that brought the wrong answer.
symptom=$("$hindcast" dump "$lost" 'kind==output' | grep 'lost update' | sed 's/ .*//')
packet=$("$hindcast" dump "$lost" "kind==packet-send && node==r2" | awk -v max="$symptom" '$1 + 0 < max + 0 {at = $1} END {print at}')

case $part in
walk)
    # Facts are those of info; a position is where it says, at both ends and not beyond.
    look 0 "$lost" print.status "focus.goto @$symptom" print.status step.last print.status step.first print.status
    events=$("$hindcast" info --json "$lost" | jq .events)
    expect out "\"events\":$events,\"nodes\":5,"
    [[ $(focus | tr '\n' ' ') == "0 $symptom $((events - 1)) 0 " ]] || fail "positions: $(focus)"
    look 2 "$lost" "focus.goto @$symptom" "focus.goto @$events" print.status
    [[ $(focus) -eq $symptom ]] || fail "a refused position moved"
    # A thousand steps there and back: everything is as it was, and every pane shows the same bytes, also what it says of the
    # position before.
    panes=(print.state print.packet "view.pane program" "view.list machine" print.stack print.variables print.registers print.stop
        "view.pane node" "node.list sockets" print.node "node.list fds" print.node "view.pane threads" "view.list events")
    look 0 "$lost" "focus.goto @$((packet + 1))" step.previous "${panes[@]}" print.status "repeat 1000 step.next" print.status \
        "repeat 999 step.previous" step.previous "${panes[@]}" print.status
    [[ $(focus | tr '\n' ' ') == "$packet $((packet + 1000)) $packet " ]] || fail "a thousand steps: $(focus)"
    awk '/^\{"trace"/ {n++; next} {print >"'"$work"'/panes" n + 0}' "$work/out"
    [[ $(wc -l <"$work/panes0") -gt 60 ]] || fail "the panes show little: $(cat "$work/panes0")"
    cmp "$work/panes0" "$work/panes2" || fail "a pane differs after a thousand steps there and back"
    # Panes in windows of their own show the same, whatever the main window shows.
    apart=("pane.detach program" "pane.detach machine" "pane.detach node" "view.pane topology" "view.list notes")
    look 0 "$lost" "node.list sockets" "${apart[@]}" "view.part details off" "focus.goto @$packet" step.next step.previous print.stack \
        print.variables print.registers print.node
    mv "$work/out" "$work/apart"
    look 0 "$lost" "view.pane program" "view.list machine" "focus.goto @$packet" step.next step.previous print.stack print.variables \
        print.registers "node.list sockets" print.node
    [[ $(wc -l <"$work/out") -gt 20 ]] || fail "the panes show little: $(cat "$work/out")"
    cmp "$work/out" "$work/apart" || fail "panes in windows of their own show something else"
    # Fifty steps on one node visit its events, in their order.
    steps=()
    for ((i = 0; i < 50; i++)); do steps+=(step.next print.status); done
    look 0 "$lost" "step.scope r2" "focus.goto @1000" "${steps[@]}"
    ask lost "select seq from event where node = 'r2' and seq > 1000 order by seq limit 50" >"$work/want"
    focus | cmp - "$work/want" || fail "steps on r2: $(focus)"
    ;;
cause)
    # From an arrival to its sending and back; a lost packet says where it was lost.
    read -r arrival number < <("$hindcast" dump "$lost" 'kind==packet-recv && node==writer' | tail -n 1 | sed 's/ .* packet=\([0-9]*\) .*/ \1/')
    sent=$("$hindcast" dump "$lost" "kind==packet-send" | grep " packet=$number " | sed 's/ .*//')
    look 0 "$lost" "focus.goto @$arrival" flow.previous print.status flow.next print.status
    [[ $(focus | tr '\n' ' ') == "$sent $arrival " ]] || fail "there and back: $(focus), not $sent $arrival"
    drop=$("$hindcast" dump "$lost" 'kind==packet-drop && node==r1' | tail -n 1 | sed 's/ .*//')
    look 2 "$lost" "focus.goto @$drop" flow.next
    expect err 'the packet was lost between r1 and r[23]'
    # A cone holds the events that another way finds, and the event itself last; the count that is shown is theirs.
    look 0 "$lost" "focus.goto @$symptom" cone.list print.status "export.csv $work/cone.csv" step.last cone.off
    python3 "$here/cone.py" "$hindcast" "$lost" "$symptom" >"$work/want"
    tail -n +2 "$work/cone.csv" | cut -d , -f 1 | cmp - "$work/want" || fail "the past is not that which another way finds"
    [[ $(rows) -eq $(wc -l <"$work/want") ]] || fail "the past has $(rows) events, and by another way $(wc -l <"$work/want")"
    [[ $(tail -n 1 "$work/want") -eq $symptom ]] || fail "the past does not end with the event"
    # What both sides said.
    look 0 "$lost" "focus.goto @$arrival" print.talk
    expect out 'got [0-9]* counter 5 5'
    # Filters: as many as another program counts in the capture; one that makes no sense is told where, and changes nothing.
    look 0 "$lost" 'list.filter kind==packet-send && packet "udp port 7000"' print.status "export.pcap $work/a.pcap"
    [[ $(rows) -gt 0 && $(rows) -eq $(tshark -r "$work/a.pcap" udp.port==7000 2>/dev/null | wc -l) ]] ||
        fail "the capture has not $(rows) packets"
    look 2 "$lost" 'list.filter kind==packet-send' print.status 'list.filter kind==packet-send && nonsense==' print.status
    expect err 'filter, column 2[0-9]'
    [[ $(rows | uniq | wc -l) -eq 1 && $(rows | wc -l) -eq 2 ]] || fail "a filter without sense changed the list: $(rows)"
    ;;
program)
    # Who wrote the variable last, and who before; and when there is nothing before.
    look 0 "$lost" "focus.goto @$packet" "view.pane program" "view.list source" "watch.show store[0].version" \
        "write.last store[0].version" print.stop print.stack print.variables "write.last store[0].version" print.stop
    expect out 'Written in repair_item, replica.c:59: from 6 to 5'
    expect out '^0	repair_item	replica.c:59'
    expect out 'store\[0\].version	6'
    expect out 'Written in write_item, replica.c:[0-9]*: from 5 to 6'
    # All eight writes, until there is none left: each begins with what the one before it left, the first with zero.
    writes=()
    for ((i = 0; i < 9; i++)); do writes+=("write.last store[0].version" print.stop); done
    look 0 "$lost" "focus.goto @$packet" "view.pane program" "${writes[@]}"
    sed -n 's/.*Written in \(repair_item\|write_item\), replica.c:[0-9]*: from \([0-9]*\) to \([0-9]*\)$/\2 \3/p' "$work/out" >"$work/writes"
    [[ $(awk 'NR > 1 && $2 != from {print "broken"} {from = $1} END {print from}' "$work/writes") == 0 ]] ||
        fail "the writes of one variable are no chain: $(cat "$work/writes")"
    [[ $(wc -l <"$work/writes") -eq 8 ]] || fail "$(wc -l <"$work/writes") writes were found"
    [[ $(tail -n 1 "$work/out" | cut -f 2) == "Nothing before this: the run begins here" ]] || fail "after the first write: $(tail -n 1 "$work/out")"
    # A breakpoint, backwards; a line; and nothing before the start.
    look 0 "$lost" "focus.goto @$packet" "view.pane program" "break.add repair_item" run.back print.stop line.over print.stop \
        "break.delete 1" run.back print.stop print.status
    expect out 'Breakpoint 1 in repair_item, replica.c:57'
    expect out 'Next in repair_item, replica.c:59'
    expect out 'the run begins here'
    # Bad questions are answered, and the window goes on.
    look 2 "$lost" "focus.goto @$packet" "view.pane program" "write.last nothing_of_that_name" print.status
    expect err 'nothing_of_that_name'
    expect out "\"focus\":$packet,"
    # What of the node is asked of the replay.
    look 0 "$lost" "focus.goto @$symptom" "node.list sockets" print.node "node.list interfaces" print.node "node.list fds" print.node
    expect out '10.0.3.1'
    ;;
reverse)
    drive reverse.py "$inspector" "$hindcast" "$lost" "$packet" r2 18 "store[0].version" repair_item
    ;;
commands)
    record kept 48
    drive commands.py "$inspector" "$hindcast" "$lost" "$work/kept.hct" "$packet" r2 18 "store[0].version"
    ;;
talk)
    # What both sides said of half a megabyte over a link that loses and reorders is what the programs have sent.
    mkdir "$work/transfer"
    cp "$here/transfer.yaml" "$work/transfer/experiment.yaml"
    "$hindcast" record -q -o "$work/transfer.hct" --data "$work/transfer.data" "$work/transfer" >/dev/null
    [[ $("$hindcast" dump "$work/transfer.hct" kind==packet-drop | wc -l) -gt 2 ]] || fail "nothing was lost on the way"
    first=$("$hindcast" dump "$work/transfer.hct" 'kind==packet-send && packet "tcp port 7000 and ip"' | sed -n '1s/ .*//p')
    look 0 "$work/transfer.hct" "focus.goto @$first" "export.talk $work/up client" "export.talk $work/down server"
    sum() { sha256sum "$1" | cut -d ' ' -f 1; }
    # Each program tells the sum of what it has sent, and of what it has got.
    for side in "client up down" "server down up"; do
        read -r node own others <<<"$side"
        [[ $(cat "$work/transfer.data/$node"/*.stdout) == "sent $(sum "$work/$own") got $(sum "$work/$others")" ]] ||
            fail "the window has other bytes than $node: $(cat "$work/transfer.data/$node"/*.stdout)"
    done
    [[ $(stat -c %s "$work/up") -eq 300000 && $(stat -c %s "$work/down") -eq 200000 ]] || fail "$(wc -c "$work/up" "$work/down")"
    look 2 "$work/transfer.hct" "focus.goto @$first" "export.talk $work/up both"
    expect err 'client or server'
    # As many arrivals of a stream as tshark finds with the same filter in a capture of both ends.
    for stream in 0 1 2 3; do
        [[ $("$hindcast" dump "$work/transfer.hct" "tcp.stream==$stream" | sed -n '1s/ .*//p') -ne $first ]] || break
    done
    look 0 "$work/transfer.hct" "export.pcap $work/all.pcapng" "list.filter tcp.stream==$stream && kind==packet-recv" print.status
    count=$(tshark -r "$work/all.pcapng" -Y "tcp.stream==$stream && frame.packet_flags_direction==1" 2>/dev/null | wc -l)
    [[ $(rows) -gt 500 && $(rows) -eq $count ]] || fail "the list has $(rows) arrivals of stream $stream, tshark $count"
    # What is shared without payload holds none of it, however it is packed; and it says why it cannot be replayed.
    look 0 "$work/transfer.hct" "view.range @$first 99%" "share.save $work/part.hct range,payload" "share.save $work/whole.hct payload"
    python3 "$here/marker.py" "$HINDCAST_ROOT/tests/unit" "$work/up" "$work/transfer.hct" found "$work/part.hct" gone "$work/whole.hct" gone ||
        fail "payload is not where it should be"
    for copy in part whole; do
        "$hindcast" verify "$work/$copy.hct" >/dev/null || fail "$copy.hct is damaged"
        look 0 "$work/$copy.hct" step.last print.status
        "$hindcast" replay --check "$work/$copy.hct" >"$work/out" 2>"$work/err" || grep -q scrubbed "$work/err" ||
            fail "why $copy.hct cannot be replayed is not told: $(cat "$work/err")"
    done
    ;;
share)
    record kept 48
    # Two runs: alike with itself; where each node parts is found by comparing line by line as well, and the first of these is the window's
    # first difference; the other way round everything is mirrored.
    look 0 "$lost" "compare.open $lost" print.status "compare.open $work/kept.hct" print.status compare.next print.status \
        "compare.export $work/diff.json"
    expect out '"differences":0,'
    count=$(sed -n 's/.*"differences":\([0-9]*\),.*/\1/p' "$work/out" | tail -n 1)
    first=$(focus | tail -n 1)
    look 0 "$work/kept.hct" "compare.open $lost" print.status compare.next print.status "compare.export $work/mirrored.json"
    expect out "\"differences\":$count,"
    mirrored=$(focus | tail -n 1)
    "$hindcast" diff "$lost" "$lost" >/dev/null || fail "a run differs from itself"
    for pair in "lost kept diff" "kept lost mirrored"; do
        read -r a b json <<<"$pair"
        status=0
        "$hindcast" diff --json "$work/$a.hct" "$work/$b.hct" >"$work/want" || status=$?
        [[ $status -eq 1 ]] || fail "diff of two runs ends with status $status"
        cmp "$work/want" "$work/$json.json" || fail "the exported comparison is not that of diff"
    done
    python3 "$here/parting.py" "$hindcast" "$lost" "$work/kept.hct" "$work/diff.json" "$work/mirrored.json" "$first" "$mirrored" ||
        fail "the runs do not part where they are said to"
    # A note stays in the copy of the trace, and what was recorded stays what it was.
    cp "$lost" "$work/noted.hct"
    look 0 "$work/noted.hct" "focus.goto @$symptom" "note.add the sixth update is gone" "focus.goto @0" note.next print.status
    [[ $(focus) -eq $symptom ]] || fail "the note is at $(focus)"
    mkdir "$work/elsewhere"
    mv "$work/noted.hct" "$work/elsewhere/copy.hct"
    author=$(id -un)
    HOME=$work/elsewhere look 0 "$work/elsewhere/copy.hct" print.status note.next print.status
    expect out '"notes":1,'
    [[ $(focus | tail -n 1) -eq $symptom ]] || fail "in the copy the note is at $(focus)"
    "$hindcast" note list "$work/elsewhere/copy.hct" | grep -q "@$symptom $author, .*the sixth update is gone" || fail "the note is not in the copy"
    run_hash() { "$hindcast" info --json "$1" | jq -e .run_hash; }
    [[ $(run_hash "$lost") == "$(run_hash "$work/elsewhere/copy.hct")" ]] || fail "the hash moved"
    cmp <("$hindcast" dump --plain "$lost" | sha256sum) <("$hindcast" dump --plain "$work/elsewhere/copy.hct" | sha256sum) ||
        fail "the note changed events"
    # A part without payload opens by itself, and holds none of it.
    look 0 "$lost" "view.range 1.2s 1.4s" "share.save $work/part.hct range,payload" "report.save $work/report.md"
    "$hindcast" verify "$work/part.hct" >/dev/null || fail "the shared part is damaged"
    grep -q "$(basename "$lost")" "$work/report.md" || fail "the report names no trace"
    look 0 "$work/part.hct" print.status
    ! "$hindcast" dump "$work/part.hct" | grep -q 'counter 5' || fail "payload is in the shared part"
    ;;
esac
echo "ok"
