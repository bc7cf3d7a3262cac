#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# node-dies.sh - a node whose kernel stops is an event; the others go on, and the trace replays.
. "$(dirname "$0")/lib.sh"

mkdir "$work/dies"
cat >"$work/dies/experiment.yaml" <<'END'
general: {stop_time: 20s, seed: 1}
network:
  links:
    - {ends: [dies, lives], delay: 2 ms}
hosts:
  dies:
    processes:
      - path: /usr/bin/python3
        args:
          - -c
          - |
            import ctypes, time
            time.sleep(1.5)
            print("before", flush=True)
            ctypes.CDLL(None).reboot(0x01234567)
            print("after", flush=True)
        start_time: 1s
        expected_final_state: running
  lives:
    processes:
      - path: /usr/bin/ping
        args: [-n, -c, "5", -W, "1", dies]
        start_time: 100ms
END
for workers in 1 2; do
    record "$workers" "$work/dies" --workers "$workers"
done
expect_same "$work/1.hct" "$work/2.hct"
expect_text "$(output "$work/1.data" lives ping)" '5 packets transmitted, 3 received'
expect_text "$(output "$work/1.data" dies python3)" '^before$'
"$HINDCAST" dump "$work/1.hct" >"$work/dump"
[[ $(grep -c ' panic text="reboot: restart"' "$work/dump") -eq 1 ]] || fail 'no single panic event'
! grep -q ' output .*after' "$work/dump" || fail 'the program outlived its kernel'
check_replay "$work/1.hct"
