#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# trim.sh - a part of a run begins with images of its processes, wherever it begins: it replays, its memory, registers and states are
# those of the whole run, nothing goes back behind it, and a part of it is as good.
. "$(dirname "$0")/../system/lib.sh"
need python3 curl zstd

mkdir "$work/still" "$work/net"
cat >"$work/still/experiment.yaml" <<END
general: {stop_time: 20s, seed: 1}
hosts:
  only:
    processes:
      - {path: $programs/still}
END
cat >"$work/net/experiment.yaml" <<'END'
general: {stop_time: 60s, seed: 1}
network:
  links:
    - {ends: [server, client], rate: 2 Mbit, delay: 5 ms}
hosts:
  server:
    processes:
      - path: /usr/bin/python3
        args: [-m, http.server, -d, /usr/share/common-licenses]
        shutdown_time: 20s
        expected_final_state: {signaled: SIGTERM}
  client:
    processes:
      - path: /bin/bash
        args: [-c, "for i in 1 2 3 4 5 6; do curl --no-progress-meter -f -o /tmp/f http://server:8000/GPL-3; sleep 1; done"]
        start_time: 2s
END
record still "$work/still"
expect_text "$(output "$work/still.data" only still)" 'wrong 0$'
record net "$work/net"

# The state of a trace at a time, without the numbers of its events.
state() {
    expect_status 0 "$HINDCAST" state --at "$2" "$1"
    tail -n +2 "$work/out"
}
larger=0
# part TRACE FROM TO POSITIONS
part() {
    local trace=$work/$1.hct at
    expect_status 0 "$HINDCAST" trim "$trace" --from "$2" --to "$3" -o "$work/$1.part.hct"
    expect_text "$work/out" "that tell of what came before, with images of [0-9]+ processes"
    # Why one is larger than the run is told: memory, and some pages of the file for what it begins with.
    local more=$(($(stat -c %s "$work/$1.part.hct") - $(stat -c %s "$trace"))) memory
    memory=$(sed -n 's/^  larger than the run: \([0-9]*\) bytes are memory.*--whole-past$/\1/p' "$work/out")
    if [[ $more -gt 0 ]]; then
        [[ ${memory:-0} -gt $((more - 65536)) && -n $memory ]] || fail "a part that is $more bytes larger than the run says of memory: $memory"
        larger=$((larger + 1))
    else
        [[ -z $memory ]] || fail "a part that is not larger than the run says that it is"
    fi
    expect_status 0 "$HINDCAST" verify "$work/$1.part.hct"
    expect_status 0 "$HINDCAST" replay --check "$work/$1.part.hct"
    expect_status 0 "$HINDCAST_WALK" "$work/$1.part.hct" part "$trace" "$4"
    cat "$work/out"
    for at in "$2" "$3"; do
        state "$trace" "$at" >"$work/a"
        state "$work/$1.part.hct" "$at" >"$work/b"
        expect_same "$work/a" "$work/b"
    done
}
# Inside of calls that wait, handlers, children with their parent's memory (0.5 s, 1.9 s); then with packets under way.
for from in 0.0001s 0.5s 0.86s 0.9s 1.2s 1.9s 2.95s; do
    part still "$from" 20s 6
done
for from in 1s 2.05s 3.1s 4.5s; do
    part net "$from" 8s 6
done
[[ $larger -gt 0 ]] || fail "no part was larger than its run"
"$HINDCAST" dump --plain "$work/net.part.hct" >"$work/a" 2>"$work/err"
python3 "$root/tests/unit/second-reader.py" --dump "$work/net.part.hct" >"$work/b"
expect_same "$work/a" "$work/b"
expect_status 0 "$HINDCAST_WALK" "$work/still.part.hct" walks 10 1

# A part of a part, a process alone, and what others do with it.
part still 0.5s 2.5s 3
cp "$work/still.part.hct" "$work/again.hct"
part again 1.2s 2s 3
expect_status 0 "$HINDCAST" trim "$work/again.hct" --from 0s --to 1s -o "$work/front.hct"
check_replay "$work/front.hct"
pid=$("$HINDCAST" dump "$work/again.hct" 'kind==image' 2>"$work/err" | sed -n 's/.* pid=\([0-9]*\) .*/\1/p' | head -n 1)
expect_status 0 "$HINDCAST" replay --check --node only --pid "$pid" "$work/again.hct"
expect_status 0 "$HINDCAST" pack "$work/again.hct" -o "$work/packed.hct"
check_replay "$work/packed.hct"
expect_status 1 "$HINDCAST" diff "$work/again.hct" "$work/still.hct"
expect_status 0 "$HINDCAST" scrub "$work/again.hct" --payload -o "$work/scrubbed.hct"
expect_text "$work/out" '^\[memory\]$'
expect_status 2 "$HINDCAST" replay --check "$work/scrubbed.hct"

# Whoever steps back is told that the trace begins there; without its images, that nothing can be executed.
expect_status 0 "$HINDCAST" ctl "$work/again.hct" '{"do":"step","unit":"event","back":true}'
expect_text "$work/out" '"why":"start".*the trace begins here'
expect_status 0 "$HINDCAST" ctl "$work/scrubbed.hct" '{"do":"where"}' '{"do":"seek","to":"end"}'
expect_text "$work/out" '"why":"failed".*no embedded file'

# A late part of a long run is small; the same with its processes' past is not.
mkdir "$work/long"
cat >"$work/long/experiment.yaml" <<'END'
general: {stop_time: 60s, seed: 1}
network:
  links:
    - {ends: [server, client], rate: 8 Mbit, delay: 1 ms}
hosts:
  server:
    processes:
      - path: /usr/bin/python3
        args: [-c, "import socket, random; c = socket.create_server(('', 80)).accept()[0]; [c.sendall(random.randbytes(10000)) for i in range(2000)]"]
  client:
    processes:
      - path: /usr/bin/python3
        args: [-c, "import socket; c = socket.create_connection(('server', 80)); n = 0; b = c.recv(65536)\nwhile b: n += len(b); b = c.recv(65536)\nprint(n)"]
        start_time: 1s
END
record long "$work/long"
size() { stat -c %s "$1"; }
expect_status 0 "$HINDCAST" trim "$work/long.hct" --from 18s --to 18.5s -o "$work/late.hct"
check_replay "$work/late.hct"
expect_status 0 "$HINDCAST" trim "$work/long.hct" --from 18s --to 18.5s --whole-past -o "$work/whole.hct"
check_replay "$work/whole.hct"
[[ $(size "$work/late.hct") -lt $(($(size "$work/whole.hct") / 2)) ]] ||
    fail "a late part has $(size "$work/late.hct") bytes, with its processes' past $(size "$work/whole.hct")"

# What cannot be executed keeps its past, and says so.
expect_status 0 "$HINDCAST" scrub "$work/net.hct" --payload -o "$work/scrubbed.hct"
expect_status 0 "$HINDCAST" trim "$work/scrubbed.hct" --from 7s -o "$work/late.hct"
expect_text "$work/err" 'cannot be executed up to the part'
expect_status 2 "$HINDCAST" trim "$work/net.hct" --from 5s --to 4s
