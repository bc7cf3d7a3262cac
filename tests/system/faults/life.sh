#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# life.sh - hosts and processes crash, start again, stand still, and their clocks go wrong; equally with any workers, and in replay.
. "$(dirname "$0")/../lib.sh"
need ping python3

cat >"$work/keeper.py" <<'END2'
import os, time
count = int(open("/var/count").read()) if os.path.exists("/var/count") else 0
open("/var/count", "w").write(str(count + 1))
print("boot", count, os.getpid(), flush=True)
while True:
    time.sleep(0.25)
    print("tick %.2f %.2f" % (time.monotonic(), time.time() - 946684800), flush=True)
END2
cat >"$work/experiment.yaml" <<END2
general: {stop_time: 30 s, seed: 1}
hosts:
  a:
    processes:
    - {path: ping, args: -n -c 22 -i 1 -W 1 -4 b}
  b:
    processes:
    - {path: python3, name: keeper, args: [$work/keeper.py], expected_final_state: running}
    - {path: sleep, args: ["1"], name: once}
    - {path: sleep, args: ["1"], name: each, after_restart: always}
    - {path: sleep, args: ["100"], name: first, after_restart: never, expected_final_state: {signaled: SIGKILL}}
    - {path: echo, args: [late], name: late, start_time: 4 s}
network:
  links:
  - {ends: [a, b], delay: 10 ms, rate: 10 Mbit/s}
timeline:
- {at: 3.5 s, crash: b}
- {at: 5.2 s, restart: b}
- {at: 7 s, restart: {on: b, disk: wiped}}
- {at: 9 s, pause: b/keeper}
- {at: 10 s, resume: b/keeper}
- {at: 11 s, pause: b}
- {at: 12 s, resume: b}
- {at: 13 s, crash: b/keeper}
- {at: 13.5 s, restart: b/keeper}
- {at: 14 s, restart: b/keeper}
- {at: 15 s, clock: {on: b, step: -5 s, drift: -10%}}
- {at: 18 s, clock: {on: b, drift: 10%}}
END2
record one "$work/experiment.yaml"
record two --workers 2 "$work/experiment.yaml"
expect_same "$work/one.hct" "$work/two.hct"
check_replay "$work/one.hct"

"$HINDCAST" dump "$work/one.hct" >"$work/dump"
expect_text "$work/dump" ' 3\.500000000s b 0 node-down why="crash" cause="timeline, line 17"'
expect_text "$work/dump" ' 5\.200000000s b 0 node-up boots=2 disk="kept"'
expect_text "$work/dump" ' 7\.000000000s b 0 node-up boots=3 disk="wiped"'
expect_text "$work/dump" ' 9\.000000000s b 0 injected fault="pause" process="keeper" what="SIGSTOP"'
expect_text "$work/dump" ' packet-drop .*reason="node-down"'
expect_text "$work/dump" ' 15\.000000000s b 0 clock .*drift_ppb=-100000000'
"$HINDCAST" dump --story "$work/one.hct" >"$work/story"
expect_text "$work/story" ' b  .* goes down: crash \(timeline, line 17\)'

ticks() { awk -v from="$1" -v to="$2" '/ b [0-9]+ output .*tick/ && $2 + 0 >= from && $2 + 0 < to' "$work/dump" | wc -l; }
[[ $(ticks 3.5 5.2) -eq 0 && $(ticks 9 10) -eq 0 && $(ticks 11 12) -eq 0 && $(ticks 13 13.5) -eq 0 ]] ||
    fail 'a program ran that could not'
[[ $(ticks 5.2 7) -eq 7 && $(ticks 10 11) -ge 3 ]] || fail 'a program did not go on'
# Ten per cent slower, then faster: 0.25 s take 0.278 s, 0.227 s.
[[ $(ticks 15 18) -eq 10 || $(ticks 15 18) -eq 11 ]] || fail "$(ticks 15 18) ticks of a slow clock in 3 s"
[[ $(ticks 18 21) -eq 13 || $(ticks 18 21) -eq 12 ]] || fail "$(ticks 18 21) ticks of a fast clock in 3 s"
expect_text "$work/dump" ' 15\.[0-9]*s b .*tick [0-9.]* 10\.'

# The kept disk counts on, the wiped one does not; output of all lives is in one file.
keeper=$(output "$work/one.data" b keeper)
grep boot "$keeper" | cut -d' ' -f2 | paste -sd' ' | grep -qx '0 1 0 1 2' || fail "lives of the keeper: $(grep boot "$keeper")"
# Who starts again: what ran, and what always does; what had its time in between starts late.
starts() { grep -c " b [0-9]* start .*name=\"$1\"" "$work/dump" || true; }
[[ "$(starts once) $(starts each) $(starts first) $(starts late)" == '1 3 1 1' ]] ||
    fail "starts: once $(starts once), each $(starts each), first $(starts first), late $(starts late)"
expect_text "$work/dump" ' 5\.200000000s b [0-9]+ start .*name="late"'
expect_text "$(output "$work/one.data" a ping)" '22 packets transmitted, 20 received'
