#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# multiprocessing.sh - Python's processes in all three ways of starting them: with pools, queues, locks and shared memory.
. "$(dirname "$0")/../system/lib.sh"
need python3

cat >"$work/program.py" <<'END'
import multiprocessing
from multiprocessing import shared_memory

def square(x):
    return x * x

def work(n, queue, value, name):
    with value.get_lock():
        value.value += n
    memory = shared_memory.SharedMemory(name=name)
    memory.buf[n] = n
    memory.close()
    queue.put(n)

if __name__ == '__main__':
    for how in ('spawn', 'fork', 'forkserver'):
        context = multiprocessing.get_context(how)
        with context.Pool(2) as pool:
            print(how, sum(pool.map(square, range(8))))
        queue, value = context.Queue(), context.Value('i', 0)
        memory = shared_memory.SharedMemory(create=True, size=100)
        workers = [context.Process(target=work, args=(i, queue, value, memory.name)) for i in range(3)]
        for worker in workers:
            worker.start()
        got = sorted(queue.get() for _ in workers)
        for worker in workers:
            worker.join()
        print(got, value.value, memory.buf[0], memory.buf[2])
        memory.close()
        memory.unlink()
END
for workers in 1 2; do
    record "$workers" --workers "$workers" -- python3 "$work/program.py"
done
expect_same "$work/1.hct" "$work/2.hct"
for how in spawn fork forkserver; do
    printf '%s 140\n[0, 1, 2] 3 0 2\n' $how
done >"$work/expected"
diff -u "$work/expected" "$work"/1.data/*/python3.stdout >&2 || fail "other output"
check_replay "$work/1.hct"
