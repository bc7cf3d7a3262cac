#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# share.sh - what is sent to others: notes, reports, packed, trimmed and scrubbed traces. All of them open, are whole, are read alike by
# the second reader, and replay unless they say that they do not.
. "$(dirname "$0")/lib.sh"
need python3 zstd jq

mkdir "$work/shell"
cat >"$work/shell/experiment.yaml" <<'END'
general: {stop_time: 60s, seed: 1}
network:
  links:
    - {ends: [server, client], rate: 10 Mbit, delay: 5 ms}
hosts:
  server:
    processes:
      - path: /usr/bin/python3
        args: [-m, http.server, -d, /usr/share/common-licenses]
        environment: {TEST_SECRET: "the-value-that-nobody-sees"}
        shutdown_time: 20s
        expected_final_state: {signaled: SIGTERM}
  client:
    processes:
      - path: /bin/bash
        args: [-c, "for i in 1 2 3 4 5 6; do curl --no-progress-meter -f -o /tmp/f http://server:8000/BSD; echo mail me@example.org; sleep 1; done"]
        start_time: 2s
END
record run "$work/shell"
record small "$root/samples/ping"
trace=$work/run.hct
info() { "$HINDCAST" info --json "$1" 2>/dev/null | jq -r "$2"; }
is_whole() {
    expect_status 0 "$HINDCAST" verify "$1"
    "$HINDCAST" dump --plain "$1" >"$work/first" 2>/dev/null
    python3 "$root/tests/unit/second-reader.py" --dump "$1" >"$work/second"
    expect_same "$work/first" "$work/second"
}

# Notes are no part of the run.
cp "$work/small.hct" "$work/noted.hct"
expect_status 0 "$HINDCAST" note add "$work/noted.hct" "here it waits" --at 3.5s --author Ann
expect_status 0 "$HINDCAST" note add "$work/noted.hct" "and here" --at @100
expect_status 0 "$HINDCAST" note list "$work/noted.hct"
expect_text "$work/out" '^1  [0-9.]+s @[0-9]+ Ann, [0-9]{4}-.*: here it waits$'
[[ $(info "$work/noted.hct" .run_hash) == $(info "$work/small.hct" .run_hash) ]] || fail "a note changed the run hash"
is_whole "$work/noted.hct"
expect_status 0 "$HINDCAST" sql --csv "$work/noted.hct" "SELECT author, text FROM note WHERE author = 'Ann'"
expect_text "$work/out" '"Ann","here it waits"'
expect_status 0 "$HINDCAST" note remove "$work/noted.hct" 2
[[ $("$HINDCAST" note list "$work/noted.hct" | wc -l) -eq 1 ]] || fail "the second note is still there"
expect_status 2 "$HINDCAST" note remove "$work/noted.hct" 2
expect_status 2 "$HINDCAST" note add "$work/noted.hct" "too far" --at @999999999
expect_status 2 "$HINDCAST" note add "$work/noted.hct" "nowhere" --at soon

expect_status 0 "$HINDCAST" report "$work/noted.hct"
for line in '^# A run that hindcast recorded: noted.hct$' '^seed +1$' 'hindcast inspect noted.hct' \
    '^\* .*Ann, .*here it waits$' '\|[-]+>\|' 'stop_time: 30s'; do
    expect_text "$work/out" "$line"
done

# The same run, smaller. The notes go with it.
expect_status 0 "$HINDCAST" pack "$work/noted.hct" -o "$work/packed.hct"
expect_text "$work/out" 'libc\.so\.6'
[[ $(info "$work/packed.hct" .run_hash) == $(info "$work/small.hct" .run_hash) ]] || fail "a packed trace has another run hash"
[[ $(stat -c %s "$work/packed.hct") -lt $(stat -c %s "$work/small.hct") ]] || fail "a packed trace is larger"
[[ $("$HINDCAST" note list "$work/packed.hct") == "$("$HINDCAST" note list "$work/noted.hct")" ]] || fail "the note is not as it was"
is_whole "$work/packed.hct"
check_replay "$work/packed.hct"
expect_status 2 "$HINDCAST" pack "$work/small.hct" -o "$work/small.hct"

# A part replays; what its processes did before takes less room. (With images instead: trim.sh.)
for part in '4s 5s' '6.5s 60s' '0s 3s'; do
    read -r from to <<<"$part"
    expect_status 0 "$HINDCAST" trim "$trace" --from "$from" --to "$to" --whole-past -o "$work/trimmed.hct"
    [[ $from != 4s ]] || is_whole "$work/trimmed.hct"
    check_replay "$work/trimmed.hct"
    expect_text "$work/err" "trimmed to"
    "$HINDCAST" dump "$work/trimmed.hct" "from=$from" "to=$to" 2>/dev/null | cut -d' ' -f2- >"$work/a"
    "$HINDCAST" dump "$trace" "from=$from" "to=$to" | cut -d' ' -f2- >"$work/b"
    expect_same "$work/a" "$work/b"
    [[ $(info "$work/trimmed.hct" .events) -lt $(info "$trace" .events) ]] || fail "nothing went of $part"
    [[ $(stat -c %s "$work/trimmed.hct") -lt $(stat -c %s "$trace") ]] || fail "the part $part is as large as the whole"
done
expect_status 2 "$HINDCAST" trim "$trace" --from 5s --to 4s

# What is removed is nowhere, and who cannot be replayed is named.
expect_status 0 "$HINDCAST" scrub "$trace" --environment --pattern email -o "$work/scrubbed.hct"
expect_text "$work/out" 'cannot be replayed from event [0-9]+ on: server python3'
is_whole "$work/scrubbed.hct"
python3 - "$root/tests/unit" "$work" <<'END'
import importlib.util, sys
spec = importlib.util.spec_from_file_location("reader", sys.argv[1] + "/second-reader.py")
reader = importlib.util.module_from_spec(spec)
spec.loader.exec_module(reader)
for name, expected in ("run", True), ("scrubbed", False):
    path = f"{sys.argv[2]}/{name}.hct"
    trace = reader.read_database(path, open(path, "rb").read(100))
    everything = b"".join(event[-1] for event in trace.events()) + b"".join(trace.metas.values())
    for secret in b"the-value-that-nobody-sees", b"me@example.org":
        found = secret in everything
        assert found == expected, f"{secret} in {name}: {found}"
END
status=0
"$HINDCAST" replay --check "$work/scrubbed.hct" >"$work/out" 2>"$work/err" || status=$?
expect_text "$work/err" 'scrubbed of'
expect_status 0 "$HINDCAST" scrub "$trace" --payload -o "$work/scrubbed.hct"
expect_status 0 "$HINDCAST" verify "$work/scrubbed.hct"
! "$HINDCAST" dump --plain "$work/scrubbed.hct" 2>/dev/null | grep -q "$(printf 'HTTP/1.0 200' | od -An -tx1 | tr -d ' ')" ||
    fail "payload is still there"
expect_status 0 "$HINDCAST" scrub "$trace" --files '*/libc.so.6' -o "$work/scrubbed.hct"
expect_text "$work/out" '1 files removed'
expect_status 2 "$HINDCAST" replay --check "$work/scrubbed.hct"
expect_text "$work/err" "no embedded file"
expect_status 2 "$HINDCAST" scrub "$trace"
expect_status 2 "$HINDCAST" scrub "$trace" --regex '('
