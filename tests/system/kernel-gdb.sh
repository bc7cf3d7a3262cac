#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel-gdb.sh - gdb stops in the kernel of the node that a condition names, shows what is there, and the trace is the same as without it.
. "$(dirname "$0")/lib.sh"
need gdb ping
[[ -e ${HINDCAST_KERNEL%.so}.debug ]] || skip "there is no debug information of the kernel image"

# debug NAME EXPERIMENT: runs gdb with the commands on stdin; what it says is in $work/out.
debug() {
    cat >"$work/script"
    expect_status "${status:-0}" "$HINDCAST" record --gdb -o "$work/$1.hct" --data "$work/$1.data" "$2" -- -batch -x "$work/script"
    expect_same "$work/$1.hct" "$work/$1-plain.hct"
}

record ping-plain "$root/samples/ping"
debug ping "$root/samples/ping" <<'END'
nodes
break icmp_echo if $_node("right")
continue
echo first \n
print $_kernel("init_uts_ns").name.nodename
print init_uts_ns.name.nodename
print $_kernel("init_uts_ns", "left").name.nodename
print &$_kernel("inetsw_array")
print $_node()
print $_node_id()
print $_node("left")
print $_vtime() > 1010000000 && $_vtime() < 1020000000
print skb->len
print skb->dev->name
info source
nodes
backtrace
delete
break ping_rcv if $_node("left")
continue
echo second \n
print $_kernel("init_uts_ns", "right").name.nodename
print init_uts_ns.name.nodename
print $_node()
delete
break icmp_rcv if $_node("middle")
continue
delete
continue
END
# shown N TEXT: gdb's Nth answer begins with it.
shown() { expect_text "$work/out" "^\\\$$1 = $2"; }
expect_text "$work/out" '^The kernels of 2 nodes have booted'
expect_text "$work/out" '^ +1 +0x200000000000 +0\.000000000 s  left'
expect_text "$work/out" 'Breakpoint 1\.[0-9]+, icmp_echo \(skb=0x20010[0-9a-f]+\) at net/ipv4/icmp\.c:[0-9]+'
expect_text "$work/out" '^Node 2 "right", at 1\.01[0-9]+ s'
# Names are those of the kernel that runs, though all kernels have them.
shown 1 '"right"'
shown 2 '"right"'
shown 3 '"left"'
shown 4 '.* 0x20010[0-9a-f]+ <inetsw_array>'
shown 5 '"right"'
shown 6 2
shown 7 0
shown 8 1
shown 9 56
shown 10 '"eth0"'
expect_text "$work/out" '^Compilation directory is /usr/src/linux-hindcast'
expect_text "$work/out" '^\* +2 +0x200100000000 .* right$'
expect_text "$work/out" '^#1 .* icmp_rcv \(skb=0x20010[0-9a-f]+\) at net/ipv4/icmp\.c:[0-9]+'
expect_text "$work/out" '^#[0-9]+ .*net_rx_action \('
# The outermost frame of a kernel's stack has no caller.
expect_text "$work/out" '^#[0-9]+ .* kg_(start|fork)_entry \(\)'
! grep -q '?? ()' "$work/out" || fail "a frame has no name: $(grep '?? ()' "$work/out")"
expect_text "$work/out" 'Breakpoint 2\.[0-9]+, ping_rcv \(skb=0x20000[0-9a-f]+\)'
shown 11 '"right"'
shown 12 '"left"'
shown 13 '"left"'
expect_text "$work/err" 'the experiment has no host "middle"'
expect_text "$work/out" '^The run has ended'
expect_text "$work/out" '^trace .*ping.hct'

# A node that goes down loses its kernel, and gets a new one: breakpoints stay.
cat >"$work/restart.yaml" <<'END'
general: {stop_time: 6 s, seed: 1}
hosts:
  a:
    processes:
    - {path: ping, args: -n -c 10 -i 1 -W 1 -4 b, expected_final_state: running}
  b: {}
network:
  links:
  - {ends: [a, b], delay: 10 ms}
timeline:
- {at: 1.5 s, crash: b}
- {at: 3.2 s, restart: b}
END
record restart-plain "$work/restart.yaml"
debug restart "$work/restart.yaml" <<'END'
break icmp_echo if $_node("b") && $_vtime() > 3200000000
break ip_output if $_node("a") && $_vtime() > 2000000000
continue
nodes
delete 2
continue
print $_vtime("b") / 1000000000
delete
continue
END
expect_text "$work/out" '^ +2 +0x200100000000 +down  b'
expect_text "$work/out" 'Breakpoint 1\.[0-9]+, icmp_echo '
expect_text "$work/out" '^\$1 = 4$'

# Whoever leaves lets the run go on; a program alone has a kernel, too.
debug ping "$root/samples/ping" <<'END'
break icmp_echo
continue
END
record true-plain -- /bin/true
expect_status 0 "$HINDCAST" record --gdb -o "$work/true.hct" --data "$work/true.data" -- /bin/true </dev/null
expect_same "$work/true.hct" "$work/true-plain.hct"

# Asked to end, hindcast ends, though gdb's user says nothing, and so the worker stands.
mkfifo "$work/silence"
exec 9<>"$work/silence"
expect_status 1 "$HINDCAST" record --gdb -o "$work/term.hct" --data "$work/term.data" "$root/samples/ping" -- \
    -ex 'python os.kill(os.getppid(), 15)' <&9
expect_text "$work/out" 'ended .*interrupted; no answer from left, right'

# What cannot be.
expect_status 2 "$HINDCAST" record --gdb --workers 2 "$root/samples/ping"
cp "$HINDCAST_KERNEL" "$work/kernel.so"
expect_status 3 "$HINDCAST" record --gdb --kernel "$work/kernel.so" -o "$work/no.hct" --data "$work/no.data" "$root/samples/ping"
expect_text "$work/err" 'kernel\.debug, the debug information of .*No such file'
cp "$HINDCAST" "$work/kernel.debug"
expect_status 3 "$HINDCAST" record --gdb --kernel "$work/kernel.so" -o "$work/no.hct" --data "$work/no.data" "$root/samples/ping"
expect_text "$work/err" 'it belongs to another image'
expect_status 3 env PATH=/nowhere "$HINDCAST" record --gdb -o "$work/no.hct" --data "$work/no.data" "$root/samples/ping"
expect_text "$work/err" 'is the package gdb installed'
