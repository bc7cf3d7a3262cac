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
# No save is over before it is seen: FILE.part is a FIFO of one page, so that what is saved stands still until somebody reads it; and what takes a
# payload away does that, and then waits for the signal that ends it.
cat >"$work/hindcast" <<END2
#!/bin/bash
[[ \$1 == scrub ]] || exec "$hindcast" "\$@"
"$hindcast" "\$@" && : >"$work/scrubbed" && exec sleep infinity
END2
chmod +x "$work/hindcast"
cat >"$work/bus.sh" <<'END2'
set -euo pipefail
"$1" "$2" & pid=$!
work=$3
shift 3
gdbus wait --session --timeout 60 org.hindcast.Inspector
call() { gdbus call --session -d org.hindcast.Inspector -o "/org/hindcast/Inspector/window/1" -m "org.gtk.Actions.$@"; }
settle() { until call Describe busy | grep -q '<false>'; do kill -0 "$pid"; done; }
status() { call Describe status | grep -o '"saving":[^,]*'; }
hold() {
    mkfifo "$1"
    exec 8<>"$1"
    python3 -c 'import fcntl; fcntl.fcntl(8, fcntl.F_SETPIPE_SZ, 4096)'
}
# What came out goes to a file.
let_go() { cat <&8 >"$1" & reader=$!; }
end_hold() {
    kill "$reader"
    wait "$reader" || true
    exec 8>&-
}
until call Describe status 2>/dev/null | grep -q '"events"'; do kill -0 "$pid"; done
call Activate compare.open "[<'$work/b.hct'>]" "{}" >/dev/null
settle
[[ $(status) == '"saving":null' ]] || { echo "nothing is being saved, and it says $(status)"; exit 1; }
for what; do
    read -r id file rest <<<"$what"
    echo old >"$work/to/$file"
    [[ $rest ]] || hold "$work/to/$file.part"
    call Activate "$id" "[<'$work/to/$file${rest:+ $rest}'>]" "{}" >/dev/null
    # Some way, and not all of it.
    until [[ $(status) =~ :0\.[0-9]*[1-9] || $rest && -e $work/scrubbed ]]; do
        call Describe busy | grep -q '<true>' || { echo "$what: it did not wait, or says nothing: $(status)"; exit 1; }
        [[ $rest ]] || dd bs=4096 count=1 status=none <&8 >/dev/null
    done
    [[ ! $rest || $(status) == *-1 ]] || { echo "$what: how far it is cannot be known, and it says $(status)"; exit 1; }
    call Activate cancel "[]" "{}" >/dev/null
    [[ $rest ]] || let_go /dev/null
    settle
    [[ $rest ]] || end_hold
    [[ $(status) == '"saving":null' ]] || { echo "$what goes on: $(status)"; exit 1; }
    [[ $(ls "$work/to") == "$file" && -f $work/to/$file && $(cat "$work/to/$file") == old ]] || { echo "$what: $(ls -l "$work/to")"; exit 1; }
    [[ -z $(ls -A "$TMPDIR") ]] || { echo "$what: left in TMPDIR: $(ls "$TMPDIR")"; exit 1; }
    rm "$work/to/$file"
done
# A window that is closed finishes what it has begun.
hold "$work/to/a.csv.part"
call Activate export.csv "[<'$work/to/a.csv'>]" "{}" >/dev/null
call Activate window.close "[]" "{}" >/dev/null
until ! call Describe busy >/dev/null 2>&1; do kill -0 "$pid"; done
kill -0 "$pid"
let_go "$work/closed.csv"
wait "$pid"
[[ $(ls "$work/to") == a.csv ]] || { echo "the closed window leaves $(ls "$work/to")"; exit 1; }
# The reader is behind; the FIFO is empty when the last line is in the file.
until [[ $(tail -n 1 "$work/closed.csv") == *'the time is over'* ]]; do kill -0 "$reader"; done
end_hold
END2
TMPDIR=$work/tmp HINDCAST=$work/hindcast timeout 250 dbus-run-session -- bash "$work/bus.sh" "$inspector" "$work/a.hct" "$work" \
    "export.csv a.csv" "export.pcap a.pcap" "export.pcap a.pcapng" "compare.export c.html" "compare.export c.txt" \
    "share.save t.hct" "share.save s.hct payload" >"$work/out" 2>"$work/err" || fail "$(cat "$work/out" "$work/err")"
rm "$work/to/a.csv"

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
