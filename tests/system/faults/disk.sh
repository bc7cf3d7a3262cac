#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# disk.sh - disks that fail, fill, are slow, and lose what was not synced; equally with any workers, and in replay.
. "$(dirname "$0")/../lib.sh"
need python3

# What is synced stays, what is not goes: contents, names, removals, renames.  The second life says what it finds.
cat >"$work/power.py" <<'END'
import os

def write(name, data, sync):
    fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(fd, data)
    if sync:
        os.fsync(fd)
    os.close(fd)

os.makedirs("/srv/d", exist_ok=True)
os.chdir("/srv/d")
names = sorted(os.listdir("."))
if not names:
    for name in ("both", "removed", "renamed", "replaced", "cut", "torn"):
        write(name, name.encode() * 4, True)
    write("fresh-synced", b"s" * 8, True)
    # From here on nothing is synced.
    write("both", b" and more", False)
    write("fresh", b"f" * 8, False)
    os.unlink("removed")
    os.rename("renamed", "other-name")
    write("new", b"new", False)
    os.rename("new", "replaced")
    os.truncate("cut", 3)
    os.mkdir("dir")
    write("dir/inner", b"x", False)
    write("torn", b"T" * 5000, False)
    import time; time.sleep(100)
for name in names:
    print(name, open(name, "rb").read().decode()[:40] if os.path.isfile(name) else "a directory", os.path.getsize(name) if name == "torn" else "")
END
cat >"$work/power.yaml" <<END
general: {stop_time: 10 s, seed: 1}
hosts:
  a:
    processes:
    - {path: python3, name: life, args: [$work/power.py]}
timeline:
- {at: 2 s, power_loss: {on: a, torn: true}}
- {at: 3 s, restart: a}
END
record power "$work/power.yaml"
record power2 --workers 2 "$work/power.yaml"
expect_same "$work/power.hct" "$work/power2.hct"
check_replay "$work/power.hct"
found=$(output "$work/power.data" a life)
for line in 'both bothbothbothboth *' 'cut cutcutcutcut *' 'fresh-synced ssssssss *' 'removed removedremovedremovedremoved *' \
            'renamed renamedrenamedrenamedrenamed *' 'replaced replacedreplacedreplacedreplaced *'; do
    grep -qxE "$line" "$found" || { cat "$found" >&2; fail "after the loss of power: $line"; }
done
[[ $(grep -cE '^(fresh|other-name|new|dir) ' "$found") -eq 0 ]] || fail "what was not synced is there: $(cat "$found")"
# Whole sectors of the write that was under way, and not all of it.
torn=$(awk '$1 == "torn" { print $NF }' "$found")
[[ $(((torn - 16) % 512)) -eq 0 && $torn -ge 16 && $torn -lt 5016 ]] || fail "a torn write left $torn bytes"
"$HINDCAST" dump "$work/power.hct" >"$work/dump"
expect_text "$work/dump" ' 2\.000000000s a 0 node-down why="power-loss" cause="timeline, line 7"'
expect_text "$work/dump" ' injected fault="power_loss" .*lost what was not synced: [0-9]+ writes'
# sync(2) is for all.
sed -i 's/# From here on nothing is synced\./&/; s/    import time; time.sleep(100)/    os.sync(); import time; time.sleep(100)/' "$work/power.py"
record synced "$work/power.yaml"
expect_text "$(output "$work/synced.data" a life)" '^other-name '
expect_text "$(output "$work/synced.data" a life)" '^torn .* 5016$'

# A full disk, errors by path and by chance, a slow disk.
cat >"$work/disk.py" <<'END'
import errno, os, time

def attempt(what, call):
    begin = time.monotonic()
    try:
        result = call()
    except OSError as e:
        result = errno.errorcode[e.errno]
    print(what, result, round(time.monotonic() - begin, 3), flush=True)

def until(t):
    time.sleep(max(0, 1 + t - time.monotonic()))

os.makedirs("/srv/bad", exist_ok=True)
fd = os.open("/srv/file", os.O_RDWR | os.O_CREAT)
bad = os.open("/srv/bad/file", os.O_RDWR | os.O_CREAT)
attempt("whole", lambda: os.write(fd, b"x" * 1000))
until(1.5)
attempt("partly", lambda: os.write(fd, b"x" * 1000))
attempt("full", lambda: os.write(fd, b"x"))
attempt("over", lambda: os.pwrite(fd, b"y" * 100, 0))
attempt("create", lambda: os.open("/srv/new", os.O_CREAT | os.O_WRONLY))
until(2.5)
attempt("elsewhere", lambda: os.pwrite(fd, b"z", 0))
attempt("bad-write", lambda: os.write(bad, b"z"))
attempt("bad-read", lambda: len(os.read(bad, 10)))
attempt("bad-sync", lambda: os.fsync(bad))
until(3.5)
attempt("slow", lambda: os.write(bad, b"x" * 1000000))
attempt("slow-sync", lambda: os.fsync(bad))
until(8)
attempt("well", lambda: os.write(bad, b"x" * 1000000))
until(9.5)
failed = 0
for i in range(1000):
    try:
        os.pwrite(bad, b"x", 0)
    except OSError:
        failed += 1
print("share", failed)
END
cat >"$work/disk.yaml" <<END
general: {stop_time: 20 s, seed: 1}
hosts:
  a: {processes: [{path: python3, name: user, args: [$work/disk.py]}]}
timeline:
- {at: 1 s, disk: {on: a, room: 300}}
- {at: 2 s, disk: {on: a, path: /srv/bad/, error: EIO, ops: [write, sync]}}
- {at: 3 s, disk: {on: a, delay: 10 ms, rate: 1 MB}}
- {at: 7 s, disk: a}
- {at: 9 s, disk: {on: a, error: EIO, share: 10%}}
END
record disk "$work/disk.yaml"
record disk2 --workers 2 "$work/disk.yaml"
expect_same "$work/disk.hct" "$work/disk2.hct"
check_replay "$work/disk.hct"
said=$(output "$work/disk.data" a user)
for line in 'whole 1000 0\.0' 'partly 300 0\.0' 'full ENOSPC 0\.0' 'over 100 0\.0' 'create ENOSPC 0\.0' 'elsewhere 1 0\.0' \
            'bad-write EIO 0\.0' 'bad-read 0 0\.0' 'bad-sync EIO 0\.0' 'slow 1000000 1\.01' 'slow-sync None 0\.01' 'well 1000000 0\.0'; do
    grep -qxE "$line" "$said" || { cat "$said" >&2; fail "expected: $line"; }
done
share=$(awk '$1 == "share" { print $2 }' "$said")
[[ $share -gt 60 && $share -lt 140 ]] || fail "$share of 1000 writes failed instead of 100"
"$HINDCAST" dump "$work/disk.hct" >"$work/dump"
expect_text "$work/dump" ' injected fault="disk" process="" what="write of /srv/bad/file: EIO" cause="timeline, line 6"'
expect_text "$work/dump" ' injected fault="disk" process="" what="as it should be" cause="timeline, line 8"'
