#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# diverged.sh - a program does something else than the record says: gdb and the control protocol say where and why, stand there in the
# stopped world, and go back from there, an instruction or to what wrote last, and on to there again.
. "$(dirname "$0")/../system/lib.sh"

need gdb jq
record run "$programs/../samples/wrong-balance"

# A request of the store's is said to have three bytes; so its answer is shorter, and that is what it sends next.
calls() { "$HINDCAST" dump "$work/run.hct" "node==store && time>1s && $1" | cut -d' ' -f1; }
seq=$(calls 'kind==syscall-exit && nr==recvfrom' | sed -n 3p)
sent=$(calls "kind==syscall && nr==sendto && seq>$seq" | head -n 1)
expect_status 0 "$HINDCAST_TWIST" "$work/run.hct" "seq==$seq" 3 "$work/twisted.hct"
expect_status 1 "$HINDCAST" replay --check "$work/twisted.hct"
expect_text "$work/err" '^replay diverged: argument 2 was 0x3, now it is 0x2$'
expect_text "$work/err" "^  at event $sent, [0-9.]+ s, node 3 store, thread 18 of ledger$"
expect_text "$work/err" "hindcast gdb $work/twisted.hct"

cat >"$work/script" <<'END'
echo \n== attached\n
monitor where
info threads
backtrace
frame 1
print got
print line
watch -location line[3]
echo \n== back to the write\n
reverse-continue
backtrace 1
delete
echo \n== on\n
continue
echo \n== one back\n
reverse-stepi
monitor where
monitor trouble
echo \n== the same on\n
stepi
monitor where
echo \n== elsewhere\n
seek 1s
echo \n== the end\n
seek end
backtrace
END
"$HINDCAST" gdb "$work/twisted.hct" --node store -- -batch -x "$work/script" >"$work/said" 2>&1 || fail "gdb: $(tail "$work/said")"
# part NAME: what was said after that line.
part() { awk -v name="== $1" '$0 == name { on = 1; next } /^== / { on = 0 } on' "$work/said" >"$work/part"; }
verdict='replay diverged: argument 2 was 0x3, now it is 0x2'

sed '/^== attached/,$d' "$work/said" >"$work/part"
expect_text "$work/part" "^$verdict"
expect_text "$work/part" "^  at event $sent, "
part attached
expect_text "$work/part" "^@$sent\\+0x[0-9a-f]+#1 of "
expect_text "$work/part" "^$verdict"
expect_text "$work/part" '^\* 3.1 .*ledger on store.*next'
expect_text "$work/part" '^#1 .* in store \(\) at .*ledger.c'
expect_text "$work/part" '^\$1 = 3$'
part 'back to the write'
# In the very stretch that ends so: line[got] = 0.
expect_text "$work/part" 'Hardware watchpoint'
expect_text "$work/part" "^Old value = 0 '.000'"
expect_text "$work/part" 'store \(\) at .*ledger.c'
for name in on 'the same on'; do
    part "$name"
    expect_text "$work/part" "^$verdict"
    expect_text "$work/part" '^Thread 3.1 "ledger on store" stopped'
    ! grep -q SIGABRT "$work/part" || fail "the replay's trouble looks like a signal of the program's"
done
expect_text "$work/part" "^@$sent\\+0x[0-9a-f]+#1 of "
part 'one back'
expect_text "$work/part" "^@$sent\\+0x[0-9a-f]+#1 of "
! grep -q diverged "$work/part" || fail "before the call nothing is wrong yet"
part elsewhere
! grep -q diverged "$work/part" || fail "1 s agrees with the record"
part 'the end'
expect_text "$work/part" "^$verdict"
expect_text "$work/part" '^#1 .* in store \(\) at .*ledger.c'

# The control protocol stands there as well; what it calls the place can be gone to.
expect_status 0 "$HINDCAST" ctl "$work/twisted.hct" 'seek to=end' 'select node=store' stack 'step unit=instruction back=true' 'step unit=instruction'
answer() { sed -n "$1p" "$work/out" | jq -r "$2"; }
[[ $(answer 1 .stop.why) == diverged && $(answer 5 .stop.why) == diverged ]] || fail "it does not say that it diverged: $(cat "$work/out")"
[[ $(answer 1 .position) == "@$sent+0x"*'#1' && $(answer 4 .position) == "$(answer 1 .position)" ]] ||
    fail "one instruction back from $(answer 1 .position) is $(answer 4 .position)"
[[ $(answer 3 '.frames | map(.function) | index("store") != null') == true ]] || fail "the stack is not the store's"

# A fault that the record has not: memory that a program was given elsewhere than it is now told.
seq=$("$HINDCAST" dump "$work/run.hct" 'node==store && kind==syscall && nr==mmap' | tail -n 1 | cut -d' ' -f1)
expect_status 0 "$HINDCAST_TWIST" "$work/run.hct" "seq==$seq" 16 "$work/twisted.hct"
"$HINDCAST" gdb "$work/twisted.hct" --node store -- -batch -ex 'monitor where' -ex reverse-stepi -ex 'monitor where' -ex reverse-stepi \
    -ex stepi -ex stepi -ex stepi -ex 'monitor where' >"$work/said" 2>&1 || fail "gdb: $(tail "$work/said")"
expect_text "$work/said" '^replay diverged: the thread made a system call, now it caused a fault$'
grep '^@' "$work/said" | sed 's/ of .*//' >"$work/places"
[[ $(sed -n 1p "$work/places") == "@$((seq + 1))+0x"*'#1' && $(sed -n 3p "$work/places") == "$(sed -n 1p "$work/places")" &&
    $(sed -n 2p "$work/places") == "@$((seq + 1))+0x"* && $(sed -n 2p "$work/places") != "$(sed -n 1p "$work/places")" ]] ||
    fail "back from a fault and on: $(cat "$work/places")"
