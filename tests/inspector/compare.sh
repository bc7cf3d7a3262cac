#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# compare.sh INSPECTOR MAKE-TRACE - a second run beside the first: what is folded, where both are, what is told of them.
# The program `hindcast` is asked for the truth.
set -euo pipefail

inspector=$1
make_trace=$2
hindcast=$HINDCAST
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

a=$work/a.hct
b=$work/b.hct
short=$work/short.hct
"$make_trace" "$a" 3000
"$make_trace" "$b" 3000 700
"$make_trace" "$short" 1200 700 extra
json() { grep '"stretches"' "$work/out" | tail -n 1 | jq -r "$1"; }
diffed() { jq -r "$1" "$work/diff.json"; }
same() { [[ $1 == "$2" ]] || fail "$3: $1, and $2"; }
# The events of a node before one, as `hindcast sql` counts them.
before() { "$hindcast" sql "$1" --csv "select count(*) from event where node = '$2' and seq < $3" | tail -n 1 | tr -d '\r'; }

# A run and itself: the same, one stretch of everything, which is shown until somebody folds it.
look 0 "$a" "compare.open $a" print.compare compare.stretches print.compare
same "$(json .same)" true "the same run"
same "$(json '.stretches | length')" 1 "stretches of the same run"
same "$(json '.stretches[0].count')" "$("$hindcast" info --json "$a" | jq .events)" "the only stretch"
[[ $(grep -c '"folded":false' "$work/out") -eq 1 && $(grep -c '"folded":true' "$work/out") -eq 1 ]] || fail "it was not shown, then folded"
look 2 "$a" "compare.open $a" compare.next
expect err 'the runs do not differ'

# Verdict and common begins are those of diff.
for other in "$b" "$short"; do
    "$hindcast" diff --json "$a" "$other" >"$work/diff.json" || [[ $? -eq 1 ]]
    look 0 "$a" "compare.open $other" print.compare compare.first print.status
    same "$(json .cause)" "$(diffed .cause)" "the cause"
    same "$(json .node)" "$(diffed '.nodes[0].node')" "the node that parts first"
    same "$(json .first_a)" "$(diffed '.nodes[0].a.seq')" "where it parts in A"
    same "$(json .first_b)" "$(diffed '.nodes[0].b.seq')" "where it parts in B"
    diffed '.nodes[] | select(.a) | "\(.node) \(.a.seq)"' | while read -r node seq; do
        [[ $node == - ]] || same "$(json ".nodes[] | select(.node == \"$node\") | .common")" "$(before "$a" "$node" "$seq")" "what $node has in common"
    done
    # Each stretch is as long in both, and nothing differs in it.
    same "$(json '[.stretches[].count] | add <= '"$(json .equal)")" true "more is folded than is the same"
    for stretch in $(json '.stretches[] | "\(.a),\(.b),\(.count)"'); do
        IFS=, read -r from_a from_b count <<<"$stretch"
        cmp <("$hindcast" dump "$a" | sed -n "$((from_a + 1)),$((from_a + count))p" | cut -d ' ' -f 2-) \
            <("$hindcast" dump "$other" | sed -n "$((from_b + 1)),$((from_b + count))p" | cut -d ' ' -f 2-) ||
            fail "the stretch at @$from_a differs"
    done
done
# Before the first difference nothing else differs: the first stretch goes on to right before it.
look 0 "$a" "compare.open $b" print.compare
begin=$(json '[.stretches[0].a, .stretches[0].count] | add')
[[ $(json '.stretches[0].a') -eq 0 && $begin -lt $(json .first_a) && $begin -gt $(($(json .first_a) - 20)) ]] ||
    fail "the common begin is folded up to @$begin"

# The other way round everything is mirrored.
mirror='[.changed, .differences, (.nodes | length), [.stretches[] | [.a, .b, .count]]]'
look 0 "$a" "compare.open $short" print.compare
there=$(json "$mirror | tojson") only_a=$(json .only_a) only_b=$(json .only_b)
look 0 "$short" "compare.open $a" print.compare
same "$(json '[.changed, .differences, (.nodes | length), [.stretches[] | [.b, .a, .count]]] | tojson')" "$there" "the other way round"
same "$(json '"\(.only_b) \(.only_a)"')" "$only_a $only_b" "alone, the other way round"
# A node that only one of them has.
same "$(json '.nodes[] | select(.in == "A") | .node')" extra "the node of one run"

# Positions: a step in A leads to where that stands in B, and back.
seqs=$("$hindcast" sql "$a" --csv "select seq from event where node = 'server' and kind = 'output' order by seq limit 12" | tail -n 3 | tr -d '\r')
for seq in $seqs; do
    line=$("$hindcast" dump "$a" | sed -n "$((seq + 1))p" | cut -d ' ' -f 2-)
    partner=$("$hindcast" dump "$b" | grep -F "$line" | cut -d ' ' -f 1)
    look 0 "$a" "compare.open $b" "focus.goto @$seq" print.compare "focus.goto @0" "compare.goto @$partner" print.compare
    same "$(grep '"stretches"' "$work/out" | jq -r '"\(.a) \(.b)"' | sort -u)" "$seq $partner" "where the other run is"
done
# Next and previous visit every difference once, in time's order.
look 0 "$a" "compare.open $b" print.compare
count=$(json .differences)
steps=()
for ((i = 0; i < count; i++)); do steps+=(compare.next print.compare); done
look 2 "$a" "compare.open $b" "${steps[@]}" compare.next
expect err 'there is no further difference'
same "$(grep '"stretches"' "$work/out" | jq -r '"\(.a) \(.b)"' | uniq | wc -l)" "$count" "differences that N went to"
look 0 "$a" "compare.open $b" "repeat $count compare.next" "repeat $((count - 1)) compare.previous" print.compare compare.first print.compare
same "$(grep '"stretches"' "$work/out" | jq -r '"\(.a) \(.b)"' | sort -u | wc -l)" 1 "back at the first difference"
look 2 "$a" "compare.open $b" "compare.difference $count" print.compare "compare.difference $((count + 1))"
expect err "there is no difference $((count + 1))"
same "$(json .differences)" "$count" "differences"

# Folded or not: the picture stays small, one stretch opens by its number, a wrong one is refused.
look 0 "$a" "compare.open $b" "compare.expand 2" print.compare print.status compare.expand view.whole print.status \
    "view.axis event" view.whole view.in view.in compare.collapse print.status "export.svg $work/a.svg" "export.png $work/a.png"
same "$(json '[.stretches[] | select(.folded == false)] | length')" 1 "open stretches"
grep -o '"paint_nodes":[0-9]*' "$work/out" | cut -d : -f 2 | while read -r nodes; do
    [[ $nodes -gt 0 && $nodes -le 7000 ]] || fail "$nodes painted nodes"
done
look 2 "$a" "compare.open $b" "compare.expand 99"
expect err 'there is no identical stretch 99'

# What is ignored is no difference: by list, and by toggle.
look 0 "$a" "compare.open $short" print.compare "compare.ignore time" print.compare compare.ignore-time print.compare
same "$(grep '"stretches"' "$work/out" | sed -n 1p)" "$(grep '"stretches"' "$work/out" | sed -n 3p)" "ignored, then regarded again"
look 2 "$a" compare.next
expect err 'no second run is open'
look 2 "$a" "compare.open $work/none.hct"
expect err 'none.hct'

# From elsewhere: the same over D-Bus.
cat >"$work/bus.sh" <<'END_OF_BUS'
set -euo pipefail
"$1" "$2" & pid=$!
gdbus wait --session --timeout 60 org.hindcast.Inspector
call() { gdbus call --session -d org.hindcast.Inspector -o "/org/hindcast/Inspector/window/1" -m "org.gtk.Actions.$@"; }
# A question costs its answer's time, so that asking again is no busy loop.
settle() { until call Describe status 2>/dev/null | grep -q "$1" && call Describe busy | grep -q '<false>'; do kill -0 "$pid"; done; }
settle '"events":'
call Activate compare.open "[<'$3'>]" "{}" >/dev/null
settle '"differences":[1-9]'
call Activate compare.ignore-time "[]" "{}" >/dev/null
settle '"differences":'
for action in compare.first compare.next compare.next compare.previous compare.stretches; do call Activate "$action" "[]" "{}" >/dev/null; done
settle '"differences":'
call Describe status
call Activate compare.close "[]" "{}" >/dev/null
settle '"differences":-1'
call Activate window.close "[]" "{}" >/dev/null
wait "$pid"
END_OF_BUS
timeout 120 dbus-run-session -- bash "$work/bus.sh" "$inspector" "$a" "$b" >"$work/bus" 2>"$work/err" || fail "over D-Bus: $(cat "$work/err")"
look 0 "$a" "compare.open $b" compare.ignore-time compare.first compare.next print.status
same "$(grep -o '"focus":[0-9]*' "$work/bus")" "$(grep -o '"focus":[0-9]*' "$work/out")" "where D-Bus led to"

# As files: JSON is what diff says; text and page tell every difference.
look 0 "$a" "compare.open $b" "compare.export $work/c.json" "compare.export $work/c.txt" "compare.export $work/c.html" print.compare
"$hindcast" diff --json "$a" "$b" >"$work/diff.json" || [[ $? -eq 1 ]]
cmp "$work/c.json" "$work/diff.json" || fail "JSON is not what diff says"
same "$(grep -c '^@@ ' "$work/c.txt")" "$(json .differences)" "differences in the text"
same "$(grep -c '^-' "$work/c.txt")" "$(($(json .changed) + $(json .only_a) + 1))" "lines of A in the text"
same "$(grep -c '^+' "$work/c.txt")" "$(($(json .changed) + $(json .only_b) + 1))" "lines of B in the text"
same "$(grep -c 'class="only"' "$work/c.html")" "$(($(json .only_a) + $(json .only_b)))" "rows alone in the page"
python3 - "$work/c.html" <<'END_OF_PYTHON' || fail "the page is not well formed"
import html.parser, sys
class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open = []
    def handle_starttag(self, tag, attrs):
        if tag != "meta":
            self.open.append(tag)
    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag
page = Page()
page.feed(open(sys.argv[1], encoding="utf-8").read())
assert not page.open, page.open
END_OF_PYTHON
look 2 "$a" "compare.open $b" "compare.export $work/none/c.txt"
expect err 'cannot write'
echo "ok"
