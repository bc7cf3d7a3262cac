#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# monitor.sh - what links carry and lose is told in the trace; how far a run is, on the terminal and in a file.
. "$(dirname "$0")/../lib.sh"
need python3 jq

# 12 Mbit/s into a link of 10 Mbit/s that drops what does not fit, and loses 1 % besides.
cat >"$work/load.yaml" <<'END'
general: {seed: 1, monitor: 500 ms}
hosts:
  a: {processes: [{path: hindcast-traffic, name: sender, args: send b 9 rate=12Mbit size=1000 time=4s, start_time: 1 s}]}
  b: {processes: [{path: hindcast-traffic, name: receiver, args: receive 9, expected_final_state: {exited: 1}}]}
network:
  links: [{ends: [a, b], rate: 10 Mbit/s, delay: 5 ms, loss: 1%, queue: {frames: 20, full: drop}}]
END
record one "$work/load.yaml"
record two --workers 2 "$work/load.yaml"
expect_same "$work/one.hct" "$work/two.hct"
check_replay "$work/one.hct"
ask() { "$HINDCAST" sql --csv "$work/one.hct" "$1" | tr -d '\r' | tail -n +2; }
[[ $(ask "select count(*) from load where side = 0 and from_ns between 1500000000 and 4000000000 and utilisation = 1.0 and queue_max = 20") -eq 6 ]] ||
    fail "the full link: $(ask 'select * from load')"
[[ $(ask "select count(*) from load where time > 6000000000 and utilisation > 0.01") -eq 0 ]] || fail 'the link is busy when nobody sends'
# The sums are those of the packets themselves.
[[ $(ask "select sum(frames), sum(bytes) from load where side = 0") == \
   $(ask "select count(*), sum(size) from packet where what = 'send' and node = 'a'") ]] || fail 'frames are counted wrong'
for reason in loss queue; do
    [[ $(ask "select sum(frames) from loss where reason = '$reason'") -eq $(ask "select count(*) from packet where what = 'drop' and reason = '$reason'") ]] ||
        fail "losses by $reason are counted wrong"
done
"$HINDCAST" info "$work/one.hct" >"$work/info"
expect_text "$work/info" 'a > b  [0-9]+ frames, [0-9]+ bytes, busy [0-9.]+ % \(at most 100\.0 % of an interval\), queue at most 20, lost: (queue|loss) [0-9]+, (queue|loss) [0-9]+'
"$HINDCAST" info --json "$work/one.hct" | jq -e '.links[0].load[0] | .queue_max == 20 and .lost.queue > 100 and .lost.loss > 10' >"$work/jq" ||
    fail 'info --json does not tell of the load'
record none --set general.monitor=0 "$work/load.yaml"
[[ $("$HINDCAST" dump "$work/none.hct" kind=link-load | wc -l) -eq 0 ]] || fail 'monitor: 0 monitors'

# The line and the file, of a run that would go on for very long: read until both have told, then interrupted.
cat >"$work/long.yaml" <<'END'
general: {stop_time: 100 h, seed: 1}
hosts:
  a: {processes: [{path: hindcast-traffic, name: sender, args: send b 9 rate=1Mbit time=1000000s, expected_final_state: running}]}
  b: {processes: [{path: hindcast-traffic, name: receiver, args: receive 9, expected_final_state: running}]}
network: {links: [{ends: [a, b], delay: 5 ms}]}
END
python3 - "$HINDCAST" "$work" <<'END' || fail 'how far a run is was not told'
import json, os, pty, re, signal, sys
hindcast, work = sys.argv[1:]
status = work + "/status.json"
pid, terminal = pty.fork()
if pid == 0:
    os.execv(hindcast, ["hindcast", "record", "-o", work + "/long.hct", "--status", status, work + "/long.yaml"])
seen = b""
while not re.search(rb"\d+\.\d{3} s  [0-9.e+]+ x real time  \S+ events/s  \S+ packets/s  ETA \d+:\d\d:\d\d", seen):
    seen += os.read(terminal, 4096)
told = json.load(open(status))
assert told["state"] == "running" and told["vtime_ns"] > 0 and told["events"] > 0 and told["eta_s"] > 0, told
assert told["stop_time_ns"] == 360000 * 10**9 and told["speed"] > 0 and told["packets_per_s"] > 0, told
os.kill(pid, signal.SIGINT)
try:
    while os.read(terminal, 4096):
        pass
except OSError:
    pass
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1
told = json.load(open(status))
assert told["state"] == "ended" and told["reason"] == "interrupted" and not os.path.exists(status + ".new"), told
END
check_replay "$work/long.hct"
expect_status 2 "$HINDCAST" record -q -o "$work/x.hct" --status "$work/nowhere/status.json" "$work/load.yaml"
expect_text "$work/err" 'nowhere/status.json: the status cannot be written'
