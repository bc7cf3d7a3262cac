#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# compare-panes.sh INSPECTOR PART - two runs of samples/lost-update: what a pane shows of both where they stand beside each other is what it
# shows of each alone, and what `hindcast` says of each.  Parts: packet, source, memory, code, topology.
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
record lost 47
record kept 48
a=$work/lost.hct
b=$work/kept.hct
ask() { "$hindcast" sql "$1" --csv "$2" | tail -n +2 | tr -d '\r"'; }
# What is printed behind a mark, up to the next one.
section() { awk -v want="$1" '/^\{"trace"/ {at++; next} at == want' "$work/out" >"$work/$2"; }
# Both sides of what section $1 prints of the pair are what sections of each run alone print; how many cells differ is told.
sides() { python3 "$here/sides.py" "$@" || fail "$part: $*"; }

case $part in
packet)
    # Packets of all nodes, from the begin, where both are the same, to the end, where hardly any is.
    mapfile -t seqs < <(ask "$a" "select seq from event where kind = 'packet-send' order by seq" | awk 'NR % 17 == 1')
    [[ ${#seqs[@]} -gt 12 ]] || fail "only ${#seqs[@]} packets"
    commands=()
    for seq in "${seqs[@]}"; do commands+=("focus.goto @$seq" print.status print.packet print.status print.bytes); done
    look 0 "$a" "compare.open $b" "compare.ignore time" "view.pane packet" "${commands[@]}"
    identical=0 changed=0 alone=0
    for i in "${!seqs[@]}"; do
        section $((2 * i + 1)) "packet.$i"
        section $((2 * i + 2)) "bytes.$i"
        said=$(head -n 1 "$work/packet.$i")
        case $said in
        'Identical bytes · '*) identical=$((identical + 1)) ;;
        *' differ · '*) changed=$((changed + 1)) ;;
        'Only A has this packet, sent @'*) alone=$((alone + 1)) ;;
        *) fail "@${seqs[i]}: $said" ;;
        esac
        [[ $said =~ sent\ @${seqs[i]}($|\ in\ both|\ in\ A,\ @([0-9]+)\ in\ B) ]] || fail "@${seqs[i]}: $said"
        others[i]=${BASH_REMATCH[2]}
        [[ $said != *' in both'* ]] || others[i]=${seqs[i]}
    done
    [[ $identical -gt 0 && $changed -gt 0 ]] || fail "$identical identical, $changed changed, $alone alone"
    # Each side is what each run alone shows, and what SQL has.
    for side in a b; do
        trace=$a commands=()
        [[ $side == a ]] || trace=$b
        for i in "${!seqs[@]}"; do
            at=${seqs[i]}
            [[ $side == a ]] || at=${others[i]}
            [[ -z $at ]] || commands+=("focus.goto @$at" print.status print.packet print.status print.bytes)
        done
        look 0 "$trace" "view.pane packet" "${commands[@]}"
        ask "$trace" "select seq, lower(hex(frame)) from packet where what = 'send'" >"$work/$side.frames"
        n=0
        for i in "${!seqs[@]}"; do
            at=${seqs[i]}
            [[ $side == a ]] || at=${others[i]}
            [[ -n $at ]] || continue
            section $((2 * n + 1)) "$side.packet.$i"
            section $((2 * n + 2)) "$side.bytes.$i"
            n=$((n + 1))
            grep "^$at," "$work/$side.frames" | cut -d , -f 2 >"$work/$side.frame.$i"
            [[ -s $work/$side.frame.$i ]] || fail "no frame of @$at"
        done
    done
    for i in "${!seqs[@]}"; do
        python3 "$here/frames.py" "$work" "$i" || fail "@${seqs[i]}"
        if [[ -n ${others[i]} ]]; then
            for file in packet a.packet b.packet; do sed 's/^ *//' "$work/$file.$i" >"$work/$file.flat"; done
            tail -n +2 "$work/packet.flat" >"$work/layers"
            cells=$(sides "$work/layers" "$work/a.packet.flat" "$work/b.packet.flat")
            # Nothing differs exactly where the bytes are the same, of which then each line is there once.
            same=0
            ! cmp -s "$work/a.frame.$i" "$work/b.frame.$i" || same=1
            [[ $(grep -c ' ≠ ' "$work/layers") -eq 0 ]] && shown=1 || shown=0
            [[ $(grep -c '^[AB]' "$work/bytes.$i") -eq 0 ]] && once=1 || once=0
            [[ $shown -eq $same && $once -eq $same ]] || fail "@${seqs[i]}: same $same, fields $shown ($cells cells), lines $once"
        else
            tail -n +2 "$work/packet.$i" | cmp - "$work/a.packet.$i" || fail "@${seqs[i]}, which A has alone"
        fi
    done
    # From B: what it has alone is told of as well.
    mapfile -t seqs_b < <(cut -d , -f 1 "$work/b.frames" | awk 'NR % 17 == 1')
    commands=()
    for seq in "${seqs_b[@]}"; do commands+=("compare.goto @$seq" print.status print.packet); done
    look 0 "$a" "compare.open $b" "compare.ignore time" "view.pane packet" "${commands[@]}"
    for i in "${!seqs_b[@]}"; do
        section $((i + 1)) packet
        [[ $(head -n 1 "$work/packet") =~ (sent @${seqs_b[i]} in both|, @${seqs_b[i]} in B|^Only B has this packet, sent @${seqs_b[i]}$) ]] ||
            fail "@${seqs_b[i]} of B: $(head -n 1 "$work/packet")"
        [[ ${BASH_REMATCH[0]} != Only* ]] || alone=$((alone + 1))
    done
    [[ $alone -gt 0 ]] || fail "neither run has a packet alone"
    # A run and itself.
    look 0 "$a" "compare.open $a" "view.pane packet" "focus.goto @${seqs[0]}" print.packet
    expect out "^Identical bytes · sent @${seqs[0]} in both\$"
    ! grep -q '≠' "$work/out" || fail "a run differs from itself"
    # Closed, it is as before.
    look 0 "$a" "compare.open $b" "view.pane packet" "focus.goto @${seqs[0]}" compare.close print.status print.packet print.status print.bytes
    section 1 packet
    section 2 bytes
    cmp "$work/packet" "$work/a.packet.0" && cmp "$work/bytes" "$work/a.bytes.0" || fail "the packet of a comparison that was closed"
    ;;
source | memory | code)
    # Events of r3's program, behind the place where the runs part; in B what stands there.
    mapfile -t seqs < <(ask "$a" "select seq from event where node = 'r3' and tid = 18 and kind like 'syscall-%' and seq > 1500 order by seq" |
        awk 'NR % 7 == 1' | head -n 12)
    address=0x7fffeffef000	# of the stack
    case $part in
    source) show=("view.list source") ;;
    memory) show=("view.list memory" "memory.show $address") ;;
    code) show=("view.list machine") ;;
    esac
    # at TRACE NAME SEQ...: what it shows there of one run, in the frames of the stack that frames has (as printed: "WHERE" or "FUNCTION").
    at() {
        local trace=$1 name=$2 commands=() number=0
        shift 2
        for seq; do commands+=("focus.goto @$seq" "thread.select r3 18" print.status print.stack); done
        look 0 "$trace" "view.pane program" "${show[@]}" "${commands[@]}"
        commands=()
        for seq; do
            section $((number + 1)) stack
            commands+=("focus.goto @$seq" "thread.select r3 18")
            if [[ -n ${frames[number]} ]]; then
                frame=$(cut -f 1-3 "$work/stack" | sed 's/ (was [^)]*)//g' | grep -P "\t${frames[number]}(\t|$)" | head -n 1 | cut -f 1)
                [[ -n $frame ]] || fail "$name @$seq: no frame ${frames[number]} in $(cat "$work/stack")"
                commands+=("frame.select $frame")
            fi
            commands+=(print.status "print.$part")
            number=$((number + 1))
        done
        look 0 "$trace" "view.pane program" "${show[@]}" "${commands[@]}"
        for ((i = 1; i <= $#; i++)); do section "$i" "$name.$((i - 1))"; done
    }
    # The frame of a side that the pair is about: in source its place, in code its function.
    frame_of() {
        case $part in
        source) head -n 1 "$work/pair.$2" | awk -F ' ≠ ' -v side="$1" '{print $(side <= NF ? side : NF)}' | sed 's|.*/||' ;;
        code) head -n 1 "$work/pair.$2" | sed -E "s/^Both runs are at //; s/^A is at (.*), B at (.*)/\\$1/; s/.* in //" ;;
        esac
    }
    commands=()
    for seq in "${seqs[@]}"; do commands+=("focus.goto @$seq" "thread.select r3 18" print.status "print.$part"); done
    look 0 "$a" "compare.open $b" "compare.ignore time" "view.pane program" "${show[@]}" "${commands[@]}"
    mapfile -t others < <(grep '^{"trace"' "$work/out" | jq .other)
    # Three places where the runs are elsewhere, three others.
    keep=() kept=(0 0)
    for i in "${!seqs[@]}"; do
        section $((i + 1)) pair
        grep -qE '≠|^A is at |bytes differ' "$work/pair" && kind=1 || kind=0
        [[ ${kept[kind]} -lt 3 ]] || continue
        cp "$work/pair" "$work/pair.${#keep[@]}"
        kept[kind]=$((kept[kind] + 1))
        keep+=("$i")
    done
    for i in "${!keep[@]}"; do
        seqs[i]=${seqs[keep[i]]}
        others[i]=${others[keep[i]]}
    done
    seqs=("${seqs[@]:0:${#keep[@]}}") others=("${others[@]:0:${#keep[@]}}")
    [[ ${#seqs[@]} -ge 3 ]] || fail "${#seqs[@]} places"
    for side in 1 2; do
        frames=()
        for i in "${!seqs[@]}"; do frames[i]=$(frame_of "$side" "$i"); done
        if [[ $side -eq 1 ]]; then at "$a" a "${seqs[@]}"; else at "$b" b "${others[@]}"; fi
    done
    same=0 apart=0
    for i in "${!seqs[@]}"; do
        [[ -s $work/pair.$i && -s $work/a.$i && -s $work/b.$i ]] || fail "@${seqs[i]}: nothing is shown"
        case $part in
        source)
            for file in pair a b; do tr -d '\t' <"$work/$file.$i" >"$work/$file.flat"; done
            sides "$work/pair.flat" "$work/a.flat" "$work/b.flat" >"$work/cells"
            ;;
        *) python3 "$here/lists.py" "$part" "$work/pair.$i" "$work/a.$i" "$work/b.$i" >"$work/cells" || fail "@${seqs[i]} and @${others[i]}" ;;
        esac
        if [[ $(<"$work/cells") -eq 0 ]]; then same=$((same + 1)); else apart=$((apart + 1)); fi
    done
    [[ $same -gt 0 || $part == memory ]] && [[ $apart -gt 0 ]] || fail "the same at $same places, another at $apart"
    # The bytes are those that the replay of each run has.
    if [[ $part == memory ]]; then
        for side in a b; do
            trace=$a seq=${seqs[0]}
            [[ $side == a ]] || { trace=$b seq=${others[0]}; }
            "$hindcast" ctl "$trace" "seek to=@$((seq + 1))" "memory address=$address size=4096 node=r3 pid=18" | tail -n 1 | jq -r .bytes >"$work/want"
            cut -c 19-66 "$work/$side.0" | tr -d ' \n' | cmp - <(tr -d '\n' <"$work/want") || fail "memory of $side"
        done
    fi
    # A run and itself is told to be the same, and shown once; closed, it is as before.
    look 0 "$a" "compare.open $a" "view.pane program" "${show[@]}" "focus.goto @${seqs[0]}" "thread.select r3 18" print.status "print.$part" \
        "compare.close" "focus.goto @${seqs[0]}" "thread.select r3 18" print.status "print.$part"
    section 1 self
    section 2 alone
    ! grep -qE '≠|^[AB]$|^[AB] 0' "$work/self" || fail "a run differs from itself: $(cat "$work/self")"
    case $part in
    memory) [[ $(head -n 1 "$work/self") == "Identical: all 4096 bytes" ]] || fail "the same memory: $(head -n 1 "$work/self")" ;;
    code) [[ $(head -n 1 "$work/self") == "Both runs are at 0x"* ]] || fail "the same code: $(head -n 1 "$work/self")" ;;
    source) cmp "$work/self" "$work/a.0" || fail "the same source" ;;
    esac
    cmp "$work/alone" "$work/a.0" || fail "the $part of a comparison that was closed"
    ;;
topology)
    # Where packets are on their way in either; in B what stands there.
    mapfile -t seqs < <(ask "$a" "select seq from event where kind = 'packet-send' and seq > 1000 order by seq" | awk 'NR % 40 == 1')
    commands=()
    for seq in "${seqs[@]}"; do commands+=("focus.goto @$seq" print.status print.topology); done
    look 0 "$a" "compare.open $b" "compare.ignore time" "view.pane topology" "${commands[@]}"
    mapfile -t others < <(grep '^{"trace"' "$work/out" | jq .other)
    for i in "${!seqs[@]}"; do section $((i + 1)) "pair.$i"; done
    # flying TRACE SEQ: sender and size of packets that have been sent and have not ended, by SQL.
    flying() {
        ask "$1" "select node || ' ' || size from packet s where what = 'send' and seq <= $2 and not exists
            (select 1 from packet e where e.packet = s.packet and e.what != 'send' and e.seq <= $2) order by seq"
    }
    for side in a b; do
        trace=$a places=("${seqs[@]}")
        [[ $side == a ]] || { trace=$b places=("${others[@]}"); }
        commands=()
        for seq in "${places[@]}"; do commands+=("focus.goto @$seq" print.status print.topology); done
        look 0 "$trace" "view.pane topology" "${commands[@]}"
        for i in "${!places[@]}"; do
            section $((i + 1)) "$side.$i"
            cmp <(flying "$trace" "${places[i]}" | sort) <(sed -nE 's/^packet\t(\S+) > \S+, ([0-9]+) bytes\ton its way$/\1 \2/p' "$work/$side.$i" | sort) ||
                fail "packets on their way at @${places[i]} of $side"
        done
    done
    differ=0
    for i in "${!seqs[@]}"; do
        tail -n +2 "$work/pair.$i" >"$work/rows"
        cells=$(sides "$work/rows" "$work/a.$i" "$work/b.$i")
        differ=$((differ + cells))
        said=$(head -n 1 "$work/pair.$i")
        [[ $cells -gt 0 && $said == 'Differ: '* ]] || [[ $cells -eq 0 && $said == 'Identical: 5 nodes, 9 links'* ]] || fail "@${seqs[i]}: $said"
    done
    [[ $differ -gt 0 ]] || fail "nothing differs"
    look 0 "$a" "compare.open $a" "view.pane topology" "focus.goto @${seqs[0]}" print.status print.topology compare.close print.status print.topology
    section 1 self
    section 2 alone
    tail -n +2 "$work/self" | cmp - "$work/a.0" || fail "a run beside itself"
    cmp "$work/alone" "$work/a.0" || fail "the topology of a comparison that was closed"
    ;;
*) fail "there is no part $part" ;;
esac
echo "ok"
