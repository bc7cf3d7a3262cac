#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# calls.sh - system calls fail, are replaced, delayed and signalled by rules; equally with any workers, and in replay.
. "$(dirname "$0")/../lib.sh"
need python3

cat >"$work/writer.py" <<'END'
import os, signal, subprocess, time
signal.signal(signal.SIGUSR1, lambda *_: print("usr1", flush=True))
fd = os.open("/var/f", os.O_RDWR | os.O_CREAT)
for i in range(1, 11):
    begin = time.monotonic()
    try:
        done = os.pwrite(fd, b"x" * 10, 0)
    except OSError as e:
        done = e.strerror
    print(i, done, round(time.monotonic() - begin, 4), flush=True)
print(subprocess.run(["cat", "/var/f"], capture_output=True))
END
cat >"$work/calls.yaml" <<END
general: {stop_time: 20 s, seed: 1}
hosts:
  a:
    processes:
    - {path: python3, name: writer, args: [$work/writer.py]}
    - {path: python3, name: other, args: [$work/writer.py], start_time: 5 s}
    - {path: python3, name: late, args: [$work/writer.py], start_time: 10 s}
timeline:
- at: 0
  inject:
    on: a/writer
    calls:
    - pwrite64:error=EIO:when=2..4+2
    - pwrite64:retval=3:when=6
    - pwrite64:delay_enter=5ms:when=7
    - pwrite64:delay_exit=7ms:when=8
    - pwrite64:signal=USR1:when=9
- {at: 1 s, inject: {on: a/writer, calls: none}}
- {at: 10 s, inject: {on: a, calls: "pwrite64:error=ENOSPC:when=9+"}}
END
record one "$work/calls.yaml"
record two --workers 2 "$work/calls.yaml"
expect_same "$work/one.hct" "$work/two.hct"
check_replay "$work/one.hct"
said=$(output "$work/one.data" a writer)
cat >"$work/expected" <<'END'
1 10 0.0
2 Input/output error 0.0
3 10 0.0
4 Input/output error 0.0
5 10 0.0
6 3 0.0
7 10 0.005
8 10 0.007
usr1
9 10 0.0
10 10 0.0
END
diff <(head -n 11 "$said") "$work/expected" >&2 || fail 'the rules did something else'
[[ $(grep -c ' 10 0.0$' "$(output "$work/one.data" a other)") -eq 10 ]] || fail "a process was hit that was not meant"
[[ $(grep -c 'No space left' "$(output "$work/one.data" a late)") -eq 2 ]] || fail "a rule for the whole host did not hit"
"$HINDCAST" dump "$work/one.hct" >"$work/dump"
[[ $(grep -c ' inject nr=pwrite64(18) rule="pwrite64:error=EIO:when=2..4+2" cause="timeline, line 11"' "$work/dump") -eq 2 ]] ||
    fail 'the trace does not tell of the rule'

# Rules for everything: programs get on all the same, whatever stops the calls make.
for rule in all:delay_enter=3 all:delay_exit=3 all:delay_exit=1ms:when=2+7 futex,clone3,wait4,read:signal=WINCH:when=1+2; do
    cat >"$work/all.yaml" <<END
general: {stop_time: 60 s, seed: 1}
hosts:
  a:
    processes:
    - {path: bash, args: ["-c", "(echo a; sleep 0.1) | cat; for i in 1 2 3; do /bin/true; done; trap 'echo trap' USR1; kill -USR1 \$\$; exit 0"]}
    - path: python3
      args:
      - -c
      - |
        import subprocess, threading, time
        threads = [threading.Thread(target=lambda: time.sleep(0.01)) for _ in range(4)]
        [t.start() for t in threads]
        [t.join() for t in threads]
        print(subprocess.check_output(["echo", "hi"]))
timeline:
- {at: 0, inject: {on: a, calls: "$rule"}}
END
    record all "$work/all.yaml"
    record all2 --workers 2 "$work/all.yaml"
    expect_same "$work/all.hct" "$work/all2.hct"
    check_replay "$work/all.hct"
    [[ $(paste -sd' ' "$(output "$work/all.data" a bash)") == 'a trap' ]] || fail "$rule: bash said something else"
done
