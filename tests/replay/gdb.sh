#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# gdb.sh - gdb walks from a wrong answer on one node to the line on another that caused it, and shows the same text each time.
. "$(dirname "$0")/../system/lib.sh"

need gdb
record run "$programs/../samples/wrong-balance"

cat >"$work/script" <<'END'
info inferiors
info threads
break show
continue
backtrace
inferior 3
print account
watch -location account.balance
python
turns = 0
while gdb.selected_frame().name() != 'rename_account' and turns < 20:
    gdb.execute('reverse-continue')
    turns += 1
end
backtrace
print account
print i
monitor where
reverse-stepi
monitor where
stepi
monitor where
delete
reverse-continue
seek 1.5s
info threads
info sharedlibrary
info proc mappings
monitor nodes
monitor events 3 kind==syscall
monitor clock
print $rip
print $xmm0
info auxv
set var account.balance = 1
END
session() {
    # What gdb says of its files names the socket, which is another one each time.
    "$HINDCAST" gdb "$work/run.hct" --node client --at 3s -- -batch -x "$work/script" 2>&1 |
        sed 's,/tmp/hindcast-gdb-[^/]*/,/tmp/,' >"$1" || true
}
session "$work/first"
session "$work/second"
expect_same "$work/first" "$work/second"
expect_text "$work/first" '^\* 1 +process 100018 .*ledger'
expect_text "$work/first" '^  3 +process 300018 .*ledger'
expect_text "$work/first" 'Thread 1.1 "ledger on client" hit Breakpoint 1.1, show \(balance=104, expected=42\) at .*ledger.c:[0-9]+'
expect_text "$work/first" 'name = "elisabet", balance = 104}'
expect_text "$work/first" 'Thread 3.1 "ledger on store" hit Hardware watchpoint 2: -location account.balance'
expect_text "$work/first" 'in rename_account \(name=0x[0-9a-f]+ "elisabeth"\) at .*ledger.c:[0-9]+'
expect_text "$work/first" 'account.name\[i\] = name\[i\];'
expect_text "$work/first" 'name = "elisabet", balance = 42}'
expect_text "$work/first" '^\$[0-9]+ = 8$'
expect_text "$work/first" 'No more reverse-execution history'
expect_text "$work/first" 'Yes .*libc.so.6'
expect_text "$work/first" '\[stack\]'
expect_text "$work/first" 'AT_ENTRY'
# A step there and back is at the same place.
[[ $(grep -c '^@[0-9]*+0x[0-9a-f]*#[0-9]* of' "$work/first") -eq 3 ]] || fail "three positions were asked for"
[[ $(grep '^@[0-9]*+0x' "$work/first" | sed -n '1p;3p' | uniq | wc -l) -eq 1 ]] || fail "a step there and back is elsewhere"

# A run of which gdb is told before its processes begin, and nonsense.
expect_status 2 "$HINDCAST" gdb "$work/run.hct" --at nowhere -- -batch
expect_text "$work/err" 'a position is'
expect_status 2 "$HINDCAST" gdb "$work/run.hct" --node nobody -- -batch
expect_text "$work/err" 'no node "nobody"'
expect_status 2 "$HINDCAST" gdb "$work/run.hct" --at @99999999 -- -batch
expect_status 0 "$HINDCAST" gdb "$work/run.hct" --node store --pid 18 --at 50% -- -batch -ex 'info threads'
expect_text "$work/out" '^\* 2.1 .*ledger on store'
