#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# truth.sh - the state of a node, from the trace alone, is what ss, ip and ls print on the node at that moment: at rest, in
# the middle of a transfer with losses, and after interfaces, addresses and routes have changed.
. "$(dirname "$0")/../lib.sh"
need ss ip python3

cat >"$work/look" <<'END'
echo "== ss"; ss -tinaH
echo "== links"; ip -o link
echo "== addresses"; ip -o addr
echo "== routes"; ip route
echo "== local routes"; ip route show table local
echo "== routes 6"; ip -6 route
echo "== neighbours"; ip neigh show nud all | grep -v NOARP
echo "== descriptors"
for pid in /proc/[0-9]*; do
    [ "$(cat $pid/comm)" != talk ] || ls -l $pid/fd
done
END
cat >"$work/change" <<'END'
ip link add dummy7 type dummy && ip link set dummy7 mtu 1400 up
ip addr add 192.0.2.7/24 dev dummy7
ip route add 198.51.100.0/24 via 192.0.2.1 dev dummy7 metric 50
ip route add default via 10.0.0.1
ip route replace 198.51.100.0/24 via 192.0.2.2 dev dummy7 metric 50
ip -6 addr add 2001:db8::7/64 dev dummy7 nodad
ip addr add 10.9.9.9/32 dev lo; ip addr del 10.9.9.9/32 dev lo
ip neigh add 10.0.0.77 lladdr 02:00:00:00:00:77 dev eth0
ip link add dummy8 type dummy && ip addr add 203.0.113.1/24 dev dummy8 && ip link set dummy8 up && ip link set dummy8 down
ip link add dummy9 type dummy && ip addr add 203.0.114.1/24 dev dummy9 && ip link set dummy9 up && ip link del dummy9
END
cat >"$work/experiment.yaml" <<END
general: {stop_time: 20 s, seed: 3}
hosts:
  server:
    processes:
    - {path: $programs/talk, args: server 9000, expected_final_state: {exited: 0}}
    - {path: sh, args: [$work/look], start_time: 3.5 s}
  client:
    processes:
    - {path: $programs/talk, args: client 10.0.0.1 9000, start_time: 1 s}
    - {path: sh, args: [$work/look], start_time: 2 s}
    - {path: sh, args: [$work/look], start_time: 3.31 s}
    - {path: sh, args: [$work/change], start_time: 6 s}
    - {path: sh, args: [$work/look], start_time: 7 s}
network:
  links:
  - {ends: [server, client], rate: 2 Mbit/s, delay: 15 ms, loss: 2%}
END
record one "$work/experiment.yaml"

# look NODE PROCESS START: the moment is when ss prints, some microseconds behind its question.  What is asked later does not
# change on its own.
look() {
    local seq
    seq=$("$HINDCAST" dump "$work/one.hct" "node==$1 && time >= $3 && kind==output" | sed -n 2p | cut -d' ' -f1)
    [[ -n $seq ]] || fail "nothing was printed on $1 after $3"
    "$HINDCAST" state "$work/one.hct" --at "@$seq" --node "$1" --json >"$work/state"
    expect_status 0 python3 "$(dirname "$0")/truth.py" "$work/state" "$(output "$work/one.data" "$1" "$2")"
}
look client sh 2s
look client sh.2 3.31s
look server sh 3.5s
look client sh.4 7s
