#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# saving.sh INSPECTOR MAKE-TRACE HINDCAST - what a window saves says how far it is, and Esc stops it: then what was there before is there yet, and
# nothing else.
set -euo pipefail

inspector=$1
make_trace=$2
hindcast=$3
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

"$make_trace" "$work/a.hct" 120000
"$make_trace" "$work/b.hct" 120000 9
mkdir "$work/to" "$work/tmp"
cat >"$work/bus.sh" <<'END2'
set -euo pipefail
"$1" "$2" & pid=$!
work=$3
shift 3
gdbus wait --session --timeout 60 org.hindcast.Inspector
call() { gdbus call --session -d org.hindcast.Inspector -o "/org/hindcast/Inspector/window/1" -m "org.gtk.Actions.$@"; }
settle() { until call Describe busy | grep -q '<false>'; do kill -0 "$pid"; done; }
status() { call Describe status | grep -o '"saving":[^,]*'; }
until call Describe status 2>/dev/null | grep -q '"events"'; do kill -0 "$pid"; done
call Activate compare.open "[<'$work/b.hct'>]" "{}" >/dev/null
settle
[[ $(status) == '"saving":null' ]] || { echo "nothing is being saved, and it says $(status)"; exit 1; }
for what; do
    read -r id file rest <<<"$what"
    echo old >"$work/to/$file"
    call Activate "$id" "[<'$work/to/$file${rest:+ $rest}'>]" "{}" >/dev/null
    # Some way, and not all of it.
    until [[ $(status) =~ :0\.[0-9]*[1-9] || $rest && $(status) == *-1 ]]; do
        call Describe busy | grep -q '<true>' || { echo "$what: it was over before it was seen, or says nothing: $(status)"; exit 1; }
    done
    [[ -e $work/to/$file.part || $rest ]] || { echo "$what: no part"; exit 1; }
    call Activate cancel "[]" "{}" >/dev/null
    settle
    [[ $(status) == '"saving":null' ]] || { echo "$what goes on: $(status)"; exit 1; }
    [[ $(ls "$work/to") == "$file" && $(cat "$work/to/$file") == old ]] || { echo "$what: $(ls -l "$work/to")"; exit 1; }
    [[ -z $(ls -A "$TMPDIR") ]] || { echo "$what: left in TMPDIR: $(ls "$TMPDIR")"; exit 1; }
    rm "$work/to/$file"
done
# A window that is closed finishes what it has begun.
call Activate export.csv "[<'$work/to/a.csv'>]" "{}" >/dev/null
until [[ -e $work/to/a.csv.part ]]; do kill -0 "$pid"; done
call Activate window.close "[]" "{}" >/dev/null
wait "$pid"
[[ $(ls "$work/to") == a.csv && $(tail -n 1 "$work/to/a.csv") == *'the time is over'* ]] ||
    { echo "the closed window leaves $(ls "$work/to") $(tail -n 1 "$work/to/a.csv")"; exit 1; }
END2
TMPDIR=$work/tmp HINDCAST=$hindcast timeout 250 dbus-run-session -- bash "$work/bus.sh" "$inspector" "$work/a.hct" "$work" \
    "export.csv a.csv" "export.pcap a.pcap" "export.pcap a.pcapng" "compare.export c.html" "compare.export c.txt" \
    "share.save s.hct payload" >"$work/out" 2>"$work/err" || fail "$(cat "$work/out" "$work/err")"

# What is not stopped is whole, and has the rights of what it replaces; a link stays one.
echo old >"$work/to/real.csv"
chmod 640 "$work/to/real.csv"
ln -s real.csv "$work/to/link.csv"
look 0 "$work/a.hct" "list.filter seq < 500" "export.csv $work/to/link.csv" "share.save $work/to/s.hct"
[[ -L $work/to/link.csv && $(stat -c %a "$work/to/real.csv") == 640 && $(wc -l <"$work/to/real.csv") -eq 501 ]] ||
    fail "not in its place: $(ls -l "$work/to")"
cmp "$work/a.hct" "$work/to/s.hct" || fail "the copy is another"
[[ $(find "$work/to" -name '*.part' | wc -l) -eq 0 ]] || fail "left: $(ls "$work/to")"
echo "ok"
