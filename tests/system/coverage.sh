#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What of the kernel a run executes: as often as it must, whoever runs the nodes, in files that gcov reads.
# Argument: build-kernel.sh.  Of the kernel that counts a third is enough, and a third of the time to build it; tests/run names the same folders.
# shellcheck source=lib.sh
. "$HINDCAST_ROOT/tests/system/lib.sh"
need gcov jq

image=$("$1" --coverage='net/ipv4 net/mptcp') || fail 'the image that counts cannot be made'
plain=$HINDCAST_KERNEL
unset HINDCAST_KERNEL

# calls DIR OBJECT FUNCTION: how often the function was called.
calls() {
    (cd "$1" && gcov --json-format --stdout "$2.gcda") |
        jq --arg file "$2.c" --arg name "$3" '.files[] | select(.file == $file).functions[] | select(.name == $name).execution_count'
}

# expect_calls COUNT DIR OBJECT FUNCTION
expect_calls() {
    local got
    got=$(calls "${@:2}")
    [[ $got == "$1" ]] || fail "$4 was called ${got:-never, and is not there} instead of $1 times, says $2"
}

cover() {
    local name=$1
    shift
    record "$name" --kernel "$image" --coverage "$work/$name" "$@"
}

# --- ten echo requests by IPv4, of which each is answered once, by the node that is asked; no TCP.
cover one "$root/samples/ping"
expect_text "$work/out" "^coverage $work/one$"
expect_text "$work/out" '^net/ipv4 +[0-9.]+ % +[0-9]+/[0-9]+ '
expect_calls 10 "$work/one/all" net/ipv4/icmp icmp_echo
expect_calls 0 "$work/one/all" net/ipv4/tcp_ipv4 tcp_v4_connect
(
    # Sources are where somebody stands who reads the counts of one node.
    cd "$work/one/all"
    [[ -r net/ipv4/icmp.c ]] || fail 'the sources are not there'
)
expect_calls 10 "$work/one/nodes/right" net/ipv4/icmp icmp_echo
expect_calls 0 "$work/one/nodes/left" net/ipv4/icmp icmp_echo

# --- the table by files: of the folders that are asked for.
expect_status 0 "$HINDCAST" coverage "$work/one" net/mptcp
expect_text "$work/out" '^net/mptcp/protocol\.c '
expect_text "$work/out" '^all of these '
! grep -q '^net/ipv4' "$work/out" || fail 'a folder was shown that nobody asked for'
expect_status 2 "$HINDCAST" coverage "$work/one" net/decnet
expect_status 2 "$HINDCAST" coverage "$work"

# --- two workers count the same.
cover two --workers 2 "$root/samples/ping"
expect_same "$work/one.hct" "$work/two.hct"
count=0
while read -r file; do
    expect_same "$work/one/$file" "$work/two/$file"
    count=$((count + 1))
done < <(cd "$work/one" && find . -name '*.gcda' | sort)
[[ $count -gt 150 ]] || fail "only $count files of counts for two nodes and their sum"

# --- the run is the one that an image makes that does not count.
record plain --kernel "$plain" "$root/samples/ping"
# Its code is larger, which each kernel tells at boot.
for run in plain one; do
    "$HINDCAST" dump "$work/$run.hct" | grep -Ev ' console text="\[ *1\.000000\] Memory: ' >"$work/$run.txt"
done
expect_same "$work/plain.txt" "$work/one.txt"

# --- a host that crashes takes its kernel along, but not what that has counted.
mkdir "$work/crash.folder"
cat >"$work/crash.folder/experiment.yaml" <<'END'
general: {stop_time: 20s, seed: 1}
network: {links: [{ends: [left, right], delay: 10 ms}]}
hosts:
  left:
    processes:
    - {path: ping, name: before, args: [-n, -4, -c, "3", right], start_time: 1s}
    - {path: ping, name: after, args: [-n, -4, -c, "4", right], start_time: 10s}
  right: {}
timeline:
- {at: 6 s, crash: right}
- {at: 7 s, restart: right}
END
cover crash "$work/crash.folder"
expect_calls 7 "$work/crash/nodes/right" net/ipv4/icmp icmp_echo

# --- a folder that is somebody else's stays as it is; images that do not count are refused.
mkdir "$work/mine"
touch "$work/mine/file"
expect_status 2 "$HINDCAST" record -q -o "$work/x.hct" --kernel "$image" --coverage "$work/mine" "$root/samples/ping"
expect_text "$work/err" 'name another with --coverage'
[[ -e $work/mine/file ]] || fail 'a folder that is not of a run was emptied'
expect_status 3 "$HINDCAST" record -q -o "$work/x.hct" --kernel "$plain" --coverage "$work/x" "$root/samples/ping"
expect_text "$work/err" 'kernel-coverage'
cp "$image" "$work/alone.so"
expect_status 3 "$HINDCAST" record -q -o "$work/x.hct" --kernel "$work/alone.so" --coverage "$work/x" "$root/samples/ping"
expect_text "$work/err" 'alone\.notes, what has to lie beside it, is not there'
[[ ! -e $work/x && ! -e $work/x.hct ]] || fail 'something was left of a run that did not begin'
