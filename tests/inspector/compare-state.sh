#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# compare-state.sh INSPECTOR - what two runs of samples/lost-update have where they stand beside each other: what the panes show of both
# is what they show of each alone, and what `hindcast state` says.
set -euo pipefail

inspector=$1
hindcast=$HINDCAST
here=$(cd "$(dirname "$0")" && pwd)
samples=$HINDCAST_PROGRAMS/../samples
# shellcheck source=lib.sh
. "$here/lib.sh"

record() {  # record NAME SEED
    "$hindcast" record -q --seed "$2" -o "$work/$1.hct" --data "$work/$1.data" "$samples/lost-update" >/dev/null 2>&1 || [[ $? -eq 1 ]]
}
# What is printed behind a mark, up to the next one.
section() { awk -v want="$1" '/^\{"trace"/ {at++; next} at == want' "$work/out" >"$work/$2"; }
record lost 47
record kept 48
a=$work/lost.hct
b=$work/kept.hct

# Late enough for the runs to have parted, on a node whose socket has a port by chance.
look 0 "$a" "compare.open $b" "compare.ignore time" "focus.goto 1.3s" "step.scope reader" step.next print.compare
at_a=$(grep '"stretches"' "$work/out" | jq -r .a)
at_b=$(grep '"stretches"' "$work/out" | jq -r .b)
lists=(sockets interfaces routes timers outputs fds)
prints=(print.status)
for list in "${lists[@]}"; do prints+=("node.list $list" print.node print.status); done
look 0 "$a" "compare.open $b" "compare.ignore time" "compare.goto @$at_b" "focus.goto @$at_a" "view.pane node" print.compare "${prints[@]}"
[[ $(grep '"stretches"' "$work/out" | jq -r '"\(.a) \(.b)"') == "$at_a $at_b" ]] || fail "@$at_a does not stand beside @$at_b"
for part in "${!lists[@]}"; do section $((part + 1)) "pair$part"; done
look 0 "$a" "focus.goto @$at_a" "view.pane node" "${prints[@]}"
for part in "${!lists[@]}"; do section $((part + 1)) "a$part"; done
look 0 "$b" "focus.goto @$at_b" "view.pane node" "${prints[@]}"
for part in "${!lists[@]}"; do section $((part + 1)) "b$part"; done
differ=0
for part in "${!lists[@]}"; do
    # Since which event a descriptor is open is told, and not compared.
    columns=()
    [[ ${lists[part]} != fds ]] || columns=(3)
    more=$(python3 "$here/sides.py" "$work/pair$part" "$work/a$part" "$work/b$part" "${columns[@]}") || fail "${lists[part]}"
    differ=$((differ + more))
done
[[ $differ -gt 0 ]] || fail "nothing differs in the state of runs that have parted"
node=$("$hindcast" sql "$b" --csv "select node from event where seq = $at_b" | tail -n 1 | tr -d '\r"')
"$hindcast" state --json --at "@$((at_b + 1))" "$b" | jq -r ".nodes[] | select(.name == \"$node\") | .sockets[].local" | sort >"$work/want"
cut -f 2 "$work/b0" | sort | cmp - "$work/want" || fail "the sockets of B are not those of hindcast state"

# Threads, by the trace; stack, variables and registers, by both replays.
panes=("view.pane program" "view.list machine" "thread.select r2 18" "watch.show store[0].version")
prints=(print.status print.state print.status print.stack print.status print.variables print.status print.registers print.status)
look 0 "$a" "compare.open $b" "compare.ignore time" "focus.goto @$at_a" "${panes[@]}" print.compare "${prints[@]}"
for part in 1 2 3 4; do section "$part" "pair$part"; done
look 0 "$a" "focus.goto @$at_a" "${panes[@]}" "${prints[@]}"
for part in 1 2 3 4; do section "$part" "a$part"; done
look 0 "$b" "focus.goto @$at_b" "${panes[@]}" "${prints[@]}"
for part in 1 2 3 4; do section "$part" "b$part"; done
for part in 1 2 3 4; do
    # For how long a thread does what it does is told, and not compared.
    columns=()
    [[ $part -ne 1 ]] || columns=(3)
    [[ -s $work/pair$part ]] || fail "part $part of the program is empty"
    python3 "$here/sides.py" "$work/pair$part" "$work/a$part" "$work/b$part" "${columns[@]}" >/dev/null || fail "part $part of the program"
done

# In great haste, with both replays asked sixty times before either can answer: in the end the panes show what they show when gone to at once.
show=("thread.select r2 18" print.status print.registers print.stack print.status)
look 0 "$a" "compare.open $b" "compare.ignore time" "focus.goto @$at_a" "${panes[@]}" "repeat 60 step.next" "${show[@]}"
section 1 haste
there=$(grep '^{"trace"' "$work/out" | head -n 1 | jq .focus)
look 0 "$a" "compare.open $b" "compare.ignore time" "focus.goto @$there" "${panes[@]}" "${show[@]}"
section 1 once
[[ -s $work/once ]] && cmp "$work/haste" "$work/once" || fail "in haste @$there is not what it is"

# Without the second run the panes are as before.
look 0 "$a" "compare.open $b" "focus.goto @$at_a" "${panes[@]}" compare.close "${prints[@]}"
for part in 1 2 3 4; do
    section "$part" again
    ! grep -q '≠' "$work/again" || fail "part $part tells of a run that was closed"
    cmp <(sed 's/ (was [^)]*)//g' "$work/again" | cut -f 1-2) <(sed 's/ (was [^)]*)//g' "$work/a$part" | cut -f 1-2) || fail "part $part differs afterwards"
done
# A run and itself: nothing differs anywhere.
look 0 "$a" "compare.open $a" "focus.goto @$at_a" "${panes[@]}" "${prints[@]}"
! grep -q '≠' "$work/out" || fail "a run differs from itself: $(grep '≠' "$work/out")"
echo "ok"
