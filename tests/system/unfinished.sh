#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# unfinished.sh MAKE-TRACE - pack, scrub, trim, export and report leave a whole file or none: when a signal ends them, and when what they write
# does not fit.  What was there before stays, where it was not to be written over from the start.
. "$(dirname "$0")/lib.sh"

"$1" --events 400000 --packets 200 "$work/run.hct"
mkdir "$work/to"
is_empty() { [[ -z $(ls -A "$work/to") ]] || fail "$1 leaves $(ls -A "$work/to")"; }

signals=--default-signal
# begin CALL FILE COMMAND...: in the background, until it stops itself before its third CALL on FILE; others of it are on the disk.
begin() {
    local call=$1 file=$2
    shift 2
    env "$signals" WRITE_FAULTS="$file:$call:3:3:-1" LD_PRELOAD="$programs/write-faults.so" "$@" >"$work/out" 2>"$work/err" &
    writer=$!
    until [[ $(ps -o state= $writer) == T ]]; do
        [[ $(ps -o state= $writer) == [!Z] ]] || fail "$*: it did not stop: $(cat "$work/err")"
    done
}

# ends SIGNAL: by that and nothing else, as a shell sees it.
ends() {
    local status=0
    kill -"$1" $writer
    kill -CONT $writer
    wait $writer || status=$?
    [[ $status -eq $((128 + $(kill -l "$1"))) ]] || fail "SIG$1: status $status: $(cat "$work/err")"
}

for signal in INT TERM HUP; do
    begin write "$work/to/a.hct.part" "$HINDCAST" pack "$work/run.hct" -o "$work/to/a.hct"
    ends $signal
    is_empty "pack, after SIG$signal,"
done
begin write "$work/to/a.hct.part" "$HINDCAST" scrub --payload "$work/run.hct" -o "$work/to/a.hct"
ends TERM
is_empty scrub
begin write "$work/to/a.hct.part" "$HINDCAST" trim --to 0.2s "$work/run.hct" -o "$work/to/a.hct"
ends TERM
is_empty trim
begin fwrite "$work/to/a.json" "$HINDCAST" export json "$work/run.hct" -o "$work/to/a.json"
ends INT
is_empty export

# A trace that was there is there yet, and a link to it.
echo old >"$work/old"
ln -s "$work/old" "$work/to/link.hct"
begin write "$work/old.part" "$HINDCAST" pack "$work/run.hct" -o "$work/to/link.hct"
ends TERM
[[ $(cat "$work/to/link.hct") == old && -L $work/to/link.hct ]] || fail "the old file is gone"
[[ ! -e $work/old.part ]] || fail "something is left where the link leads"
rm "$work/to/link.hct" "$work/old"

# Who is not to be ended by it, as under nohup(1), goes on.
signals=--ignore-signal=HUP begin write "$work/to/a.hct.part" "$HINDCAST" scrub --payload "$work/run.hct" -o "$work/to/a.hct"
kill -HUP $writer
kill -CONT $writer
wait $writer || fail "SIGHUP ended what was to go on"
[[ $(ls "$work/to") == a.hct ]] || fail "more than a.hct is there: $(ls "$work/to")"
expect_status 0 "$HINDCAST" verify "$work/to/a.hct"
rm "$work/to/a.hct"

# Files may not be as large.
for command in "pack" "scrub --payload" "trim --to 0.2s" "export json"; do
    status=0
    # shellcheck disable=SC2086
    (ulimit -f 64; exec "$HINDCAST" $command "$work/run.hct" -o "$work/to/a.hct" >/dev/null 2>"$work/err") || status=$?
    [[ $status -eq 2 || $status -eq 3 ]] || fail "$command into too little room: status $status"
    expect_text "$work/err" 'File too large'
    is_empty "$command, where there is no room,"
done
