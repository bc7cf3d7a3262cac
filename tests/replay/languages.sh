#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# languages.sh - programs with threads, in Go, Python and C++: executed again, from checkpoints and after random walks, and each
# process by itself.
. "$(dirname "$0")/../system/lib.sh"

need go g++ python3
folder=$root/tests/system/real/go
program=$work/program
mkdir "$program" "$work/experiment"
# shellcheck source=/dev/null
. "$folder/prepare"
g++ -O1 -pthread -o "$program/threads" "$root/tests/replay/threads.cc"
cat >"$work/experiment/experiment.yaml" <<END
general: {stop_time: 20 s, seed: 1}
hosts:
  server:
    processes:
      - {path: $program/many, args: [server], expected_final_state: running}
  client:
    processes:
      - {path: $program/many, args: [client, "http://server:8080"], environment: {GOMAXPROCS: 3}, start_time: 1 s}
  cc:
    isolated: true
    processes:
      - {path: $program/threads}
  python:
    isolated: true
    processes:
      - {path: /bin/sh, args: [-c, "echo a | cat | wc -c; (echo sub; x=1; echo \$x); ls /bin/sh; wait"]}
      - path: /usr/bin/python3
        args:
          - -c
          - >-
            import threading, subprocess, os, mmap;
            t = [threading.Thread(target=lambda i=i: sum(range(1000 * i))) for i in range(8)];
            [x.start() for x in t]; [x.join() for x in t];
            print(subprocess.run(["/bin/echo", "hi"], capture_output=True).stdout);
            m = mmap.mmap(-1, 4096); p = os.fork();
            (m.write(b"child wrote"), os._exit(3)) if p == 0 else os.waitpid(p, 0); print(m[:11])
network:
  links:
  - {ends: [server, client], delay: 3 ms, rate: 100 Mbit/s}
END
record run "$work/experiment"
expect_text "$(output "$work/run.data" cc threads)" '^19110$'
expect_text "$(output "$work/run.data" python python3)" 'child wrote'
expect_status 0 "$HINDCAST_WALK" "$work/run.hct" ends 4000
cat "$work/out"
expect_status 0 "$HINDCAST_WALK" "$work/run.hct" walks 30 1
cat "$work/out"

# From the middle on, each language's processes begin as images.
for from in 0.003s 1.01s 1.5s; do
    expect_status 0 "$HINDCAST" trim "$work/run.hct" --from "$from" -o "$work/part.hct"
    expect_text "$work/out" 'with images of [0-9]+ processes'
    check_replay "$work/part.hct"
    expect_status 0 "$HINDCAST_WALK" "$work/part.hct" part "$work/run.hct" 8
    cat "$work/out"
done

# Each process of the shell and of Python alone, also those that were forked and share memory.
count=0
while read -r pid; do
    expect_status 0 "$HINDCAST" replay --check --node python --pid "$pid" "$work/run.hct"
    count=$((count + 1))
done < <("$HINDCAST" dump "$work/run.hct" 'node==python && kind==exit' | sed -n 's/.* pid=\([0-9]*\) .*/\1/p' | sort -un)
[[ $count -ge 7 ]] || fail "$count processes were executed alone"
echo "$count processes, each alone"
expect_status 2 "$HINDCAST" replay --check --node python --pid 4711 "$work/run.hct"
expect_text "$work/err" 'no such process'
expect_status 2 "$HINDCAST" replay --check --pid 18 "$work/run.hct"
