#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# allocation.sh - the kernel of a node cannot get memory, by order and in earnest; equally with any workers, and in replay.
. "$(dirname "$0")/../lib.sh"
need python3

cat >"$work/taker.py" <<'END'
import errno, os, time
fds = []
for i in range(1, 41):
    time.sleep(0.1)
    try:
        fds.append(os.eventfd(0))
    except OSError as e:
        print(i, errno.errorcode[e.errno], flush=True)
print("took", len(fds), flush=True)
END
cat >"$work/filler.py" <<'END'
import os
while True:
    r, w = os.pipe()
    os.set_blocking(w, False)
    os.write(w, b"x" * 65536)
END
cat >"$work/allocation.yaml" <<END
general: {stop_time: 10 s, seed: 1}
hosts:
  a:
    isolated: true
    processes:
    - {path: python3, name: first, args: [$work/taker.py]}
    - {path: python3, name: spared, args: [$work/taker.py]}
    - {path: python3, name: later, args: [$work/taker.py]}
  b:
    isolated: true
    processes:
    - {path: python3, name: one, args: [$work/taker.py]}
    - {path: python3, name: other, args: [$work/taker.py]}
  c:
    isolated: true
    memory: 16 MiB
    processes:
    - {path: python3, name: filler, args: [$work/filler.py], expected_final_state: {signaled: SIGKILL}}
    - {path: python3, name: neighbour, args: [$work/taker.py]}
timeline:
- {at: 2.05 s, allocation: {on: a/first, nth: 1}}
- {at: 2.05 s, allocation: {on: a/later, nth: 10}}
- {at: 2.05 s, allocation: {on: b, nth: 8}}
- {at: 3 s, allocation: {on: c/filler, nth: 1}}
END
record one "$work/allocation.yaml"
record two --workers 2 "$work/allocation.yaml"
expect_same "$work/one.hct" "$work/two.hct"
check_replay "$work/one.hct"
"$HINDCAST" dump "$work/one.hct" >"$work/dump"

# failures HOST PROCESS...: lines of calls that failed.
failures() {
    local host=$1 name
    shift
    for name; do cat "$(output "$work/one.data" "$host" "$name")"; done | grep -c ENOMEM || true
}
for name in first later; do
    [[ $(failures a $name) -eq 1 ]] || fail "$name: not one call failed: $(cat "$(output "$work/one.data" a $name)")"
    expect_text "$(output "$work/one.data" a $name)" 'took 39'
done
expect_text "$(output "$work/one.data" a spared)" 'took 40'
[[ $(failures b one other) -eq 1 ]] || fail 'of the programs of a host, not one call failed'
# The tenth comes later than the first.
at() { sed -n 's/ ENOMEM//p' "$(output "$work/one.data" a "$1")"; }
[[ $(at first) -lt $(at later) ]] || fail "first failed at $(at first), later at $(at later)"
expect_text "$work/dump" ' 2\.050000000s a 0 injected fault="allocation" process="first" what="nth=1" cause="timeline, line 21"'
expect_text "$work/dump" ' a .* console .*an allocation of [0-9]+ bytes fails, as ordered'

# A kernel that is full kills the one who asks for more.
expect_text "$work/dump" ' c .* console .*Killed process [0-9]+ \(python3\)'
expect_text "$work/dump" ' 3\.000000000s c 0 warn .*allocation of c/filler .* did nothing: the process does not run'
expect_text "$(output "$work/one.data" c neighbour)" 'took 40'
