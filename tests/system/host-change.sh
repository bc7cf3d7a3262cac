#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# host-change.sh - a file of the host that a run has read changes while it is recorded: the recorder names it, the trace holds it, and diff
# says what to blame.
. "$(dirname "$0")/lib.sh"

mkdir "$work/run" "$work/folder"
experiment "$work/run/experiment.yaml" <<END
- path: /bin/sh
  args: [-c, "read word <$work/folder/word; read other <$work/folder/other; echo \$word \$other; while sleep 1; do :; done"]
END
sed -i 's/stop_time: 20s/stop_time: 100000s/' "$work/run/experiment.yaml"

# record_while NAME COMMAND...: records until the program has read; then the command runs, and the run ends.
record_while() {
    local name=$1 recorder
    shift
    rm -rf "$work/$name.data"
    echo first >"$work/folder/word"
    echo second >"$work/folder/other"
    touch -d '2020-01-01' "$work/folder/word" "$work/folder/other"
    env --default-signal "$HINDCAST" record -q -o "$work/$name.hct" --data "$work/$name.data" "$work/run" \
        >"$work/out" 2>"$work/err" &
    recorder=$!
    timeout 60 bash -c "until grep -q first '$work/$name.data'/only/*.stdout 2>/dev/null; do sleep 0.1; done" ||
        fail "the program does not start: $(cat "$work/err")"
    "$@"
    kill -TERM $recorder
    wait $recorder || true
    expect_text "$work/out" '^ended .*: interrupted$'
}

record_while calm true
[[ ! -s $work/err ]] || fail "nothing has changed: $(cat "$work/err")"
"$HINDCAST" dump "$work/calm.hct" 'kind==host-change' >"$work/out"
[[ ! -s $work/out ]] || fail "nothing has changed: $(cat "$work/out")"

# Other bytes of the same size; another file of the same name, time and size; no file.
replace() { echo third >"$work/new"; touch -d '2020-01-01' "$work/new"; mv "$work/new" "$work/folder/word"; }
for change in "eval echo FIRST >$work/folder/word" replace "rm $work/folder/word"; do
    # shellcheck disable=SC2086
    record_while changed $change
    [[ $(grep -c "warning: $work/folder/word changed on this host" "$work/err") -eq 1 ]] || fail "$change: $(cat "$work/err")"
    ! grep -q folder/other "$work/err" || fail "$change: the other file has not changed"
    expect_status 0 "$HINDCAST" dump "$work/changed.hct" 'kind==host-change'
    expect_text "$work/out" "only .* host-change path=\"$work/folder/word\""
    check_replay "$work/changed.hct"
    expect_status 0 "$HINDCAST" info "$work/changed.hct"
    expect_text "$work/out" "host-change path=\"$work/folder/word\""
    expect_status 1 "$HINDCAST" diff "$work/calm.hct" "$work/changed.hct"
    expect_text "$work/out" "note: $work/folder/word changed on the host while $work/changed.hct was recorded"
done

# Two runs between which a file changed: the first difference is an input.
record_once() {
    echo "$2" >"$work/folder/word"
    touch -d '2020-01-01' "$work/folder/word"
    expect_status 0 "$HINDCAST" record -q --until 5s -o "$work/$1.hct" --data "$work/$1.data" "$work/run" \
        --set 'hosts.only.processes.0.expected_final_state=running'
}
record_once one 12345
record_once other 54321
expect_status 1 "$HINDCAST" diff "$work/one.hct" "$work/other.hct"
expect_text "$work/out" 'cause: input'
