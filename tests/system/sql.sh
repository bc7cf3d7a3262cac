#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sql.sh - a trace as tables: they agree with dump, hints never change an answer, the documented queries run.
. "$(dirname "$0")/lib.sh"
need sqlite3 jq curl python3

record run "$root/samples/first-light"
trace=$work/run.hct
ask() { "$HINDCAST" sql --csv "$trace" "$1" | tr -d '\r' | tail -n +2; }
count() { "$HINDCAST" dump "$trace" "$@" | wc -l; }
is() { local got; got=$(ask "$1"); [[ $got == "$2" ]] || fail "$1 gives $got, expected $2"; }

is 'SELECT count(*) FROM event' "$(count)"
is "SELECT count(*) FROM event WHERE kind = 'syscall' AND node = 'client'" "$(count kind=syscall node=client)"
is "SELECT count(*) FROM syscall WHERE ret < 0" "$(count 'kind in {syscall, syscall-exit} && ret < 0')"
is "SELECT count(*) FROM packet WHERE what = 'recv' AND sport = 8000" \
    "$(count kind==packet-recv tcp.srcport==8000)"
is "SELECT count(*) FROM event WHERE time BETWEEN 5000000000 AND 5200000000" "$(count 'time in [5s, 5.2s]')"
is "SELECT count(*) FROM process" 3
is "SELECT path FROM process WHERE status = 0 ORDER BY start" $'"/usr/bin/curl"\n"/usr/bin/sha256sum"'

# A hint narrows the scan; an expression that cannot be one must give the same.
for hint in 'seq = 77' 'seq > 4000' 'seq BETWEEN 9 AND 11' 'seq < 3' 'time <= 40' 'time > 5000000000' \
    'time = 0' 'time < -1' 'seq >= -5' "node = 'server'" "node = '-'" "node = 'nobody'" 'tid = 18' \
    "kind = 'exit'" "kind = 'none'" 'seq > 76.5 AND seq < 78.5' 'time = NULL'; do
    plain=$(sed -E 's/\b(seq|time|node|tid|kind)\b/+\1/g' <<<"$hint")
    is "SELECT count(*), sum(seq) FROM event WHERE $hint" \
        "$(ask "SELECT count(*), sum(seq) FROM event WHERE $plain")"
done
is "SELECT seq FROM event ORDER BY seq DESC LIMIT 2" "$(($(count) - 1))"$'\n'"$(($(count) - 2))"
# An arrival that is asked for alone knows its frame, though the scan did not see it being sent.
last=$(ask "SELECT seq, packet, sent, len, conn FROM packet WHERE what = 'recv' AND len > 0 ORDER BY seq DESC LIMIT 1")
is "SELECT seq, packet, sent, len, conn FROM packet WHERE seq = ${last%%,*}" "$last"
is "SELECT count(*) FROM packet r JOIN packet s ON s.packet = r.packet AND s.what = 'send'
    WHERE r.what = 'recv' AND (s.time <> r.sent OR s.frame <> r.frame OR r.time <= s.time)" 0
is "SELECT count(*) FROM syscall WHERE (entered IS NULL AND name NOT IN ('clone', 'clone3', 'vfork', 'fork'))
    OR duration <> time - entered" 0

# All queries of the manual run, and most have something to say.
queries=0 answers=0
while IFS= read -r -d ';' query; do
    [[ $query == *SELECT* ]] || continue
    expect_status 0 "$HINDCAST" sql "$trace" "$query"
    queries=$((queries + 1))
    [[ $(wc -l <"$work/out") -lt 2 ]] || answers=$((answers + 1))
done < <(awk '/^```sql/ { on = 1; next } /^```/ { if (on) print ";"; on = 0 } on' "$root/docs/sql.7.md")
[[ $queries -ge 10 && $answers -ge 8 ]] || fail "$queries queries of the manual, $answers with an answer"

"$HINDCAST" sql --json "$trace" "SELECT seq, text FROM event" | jq -e 'length > 4000' >/dev/null ||
    fail "the JSON is none"
[[ $("$HINDCAST" sql --json "$trace" "SELECT 1e999 AS a, -1e999 AS b, 0.5 AS c" | jq -c '.[0]') == '{"a":null,"b":null,"c":0.5}' ]] ||
    fail "infinity is no JSON"
expect_status 2 "$HINDCAST" sql "$trace" 'SELEC 1'
expect_text "$work/err" 'syntax error'
expect_status 2 "$HINDCAST" sql "$trace" 'SELECT nothing FROM event'

# A query opens no other file, writes none and loads nothing; in memory it may do what it likes.
cd "$work"
refuses() {
    expect_status 2 "$HINDCAST" sql "$trace" "$1"
    expect_text "$work/err" "$2.* is refused: a query reads the trace and makes tables in memory"
    [[ ! -e other.db && ! -e sql-temp ]] || fail "$1 has made a file"
}
sqlite3 there.db "CREATE TABLE secret(x); INSERT INTO secret VALUES(1)"
refuses "ATTACH 'other.db' AS other" 'ATTACH other.db'
refuses "ATTACH 'there.db' AS t; SELECT * FROM t.secret" 'ATTACH there.db'
refuses "ATTACH ':memory:' AS t" ATTACH
refuses "DETACH temp" DETACH
refuses "VACUUM INTO 'other.db'" 'ATTACH other.db'
refuses "CREATE TABLE t(x); VACUUM main INTO 'other.db'" 'ATTACH other.db'
refuses "SELECT load_extension('./other.so')" 'function load_extension'
for pragma in "temp_store_directory = '$work/sql-temp'" "data_store_directory = '$work'" writable_schema=ON trusted_schema=ON \
    mmap_size=1000000 'journal_mode' 'key = 1' 'wal_checkpoint'; do
    refuses "PRAGMA $pragma" "PRAGMA ${pragma%%[ =]*}"
done
refuses "SELECT * FROM pragma_journal_mode" 'PRAGMA journal_mode'
refuses "CREATE VIRTUAL TABLE t USING fts5(x)" 'CREATE VIRTUAL TABLE'
refuses "CREATE TEMP TRIGGER t AFTER INSERT ON written_note BEGIN SELECT 1; END" 'CREATE TRIGGER'
is "CREATE TEMP TABLE mine AS SELECT seq, kind FROM event WHERE seq < 5; CREATE INDEX temp.by_kind ON mine(kind);
    CREATE VIEW temp.theirs AS SELECT * FROM mine; UPDATE mine SET seq = seq + 1; DELETE FROM mine WHERE seq > 4;
    BEGIN; DROP TABLE mine; ROLLBACK; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3)
    SELECT count(*), (SELECT sum(i) FROM n) FROM theirs" '4,6'
is "SELECT count(*) FROM pragma_table_info('packet') WHERE name = 'frame'" 1
[[ $(ls) == $'err\nout\nrun.data\nrun.hct\nthere.db' ]] || fail "there are also: $(ls)"
cd "$root"

extension=${HINDCAST%/*}/formats/hindcast-sqlite
got=$(sqlite3 -cmd ".load $extension" -cmd "SELECT hindcast_open('$trace')" :memory: \
    'SELECT count(*) FROM packet' | tail -n 1)
[[ $got == "$(count 'kind in {packet-send, packet-recv, packet-drop}')" ]] || fail "the extension counts $got packets"
expect_status 1 sqlite3 -cmd ".load $extension" :memory: "SELECT hindcast_open('/dev/null')"
