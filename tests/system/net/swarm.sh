#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# swarm.sh [SEED ...] - networks drawn from a seed: the same bytes with one worker and with three, and a replay that agrees.
# The line that fails names the seed; `swarm.sh SEED` runs it alone.
. "$(dirname "$0")/../lib.sh"
need ping python3

cat >"$work/draw.py" <<'END'
import random, sys
r = random.Random(int(sys.argv[1]))
hosts = [f"h{i}" for i in range(r.randint(4, 9))]
chance = lambda p: r.random() < p
def characteristics(what):
    c = [f"delay: {r.choice(['200 us', '1 ms', '7 ms', '30 ms'])}"]
    if chance(0.6): c.append(f"rate: {r.choice(['64 kbit/s', '1 Mbit/s', '100 Mbit/s'])}")
    if chance(0.4): c.append(f"loss: {r.choice(['2%', '20%', '{share: 10%, correlation: 50%}'])}")
    if chance(0.2): c.append("bursts: {begin: 5%, end: 30%}") if "correlation" not in str(c) else None
    if chance(0.4): c.append(f"jitter: {r.choice(['100 us', '{law: normal, spread: 50 us, correlation: 30%}', '{law: pareto, spread: 100 us, overtakes: true}'])}")
    if chance(0.3): c.append("duplicate: 10%")
    if chance(0.3): c.append("corrupt: 5%")
    if chance(0.3): c.append("reorder: {share: 10%, by: 3 ms}")
    if chance(0.4): c.append(f"queue: {r.choice(['2', '{frames: 20, discipline: red}', '{discipline: codel, target: 1 ms}', '{bytes: 4 KiB, full: drop}'])}")
    if chance(0.2): c.append("police: {rate: 200 kbit/s, burst: 4 KiB}")
    return ", ".join(c)
links, media = [], []
lan = r.sample(hosts, r.randint(2, len(hosts)))
media.append(f"    lan: {{kind: switch, hosts: [{', '.join(lan)}], link: {{{characteristics('lan')}}}}}")
air = r.sample(hosts, r.randint(2, len(hosts)))
media.append(f"    air: {{kind: radio, range: 60 m, rates: {{30 m: 5 Mbit/s, 60 m: 500 kbit/s}}, movement: walk, hosts: [{', '.join(air)}], link: {{delay: {r.choice(['150 us', '2 ms'])}}}}}")
if chance(0.5):
    media.append(f"    attic: {{kind: switch, hosts: [{', '.join(r.sample(hosts, 2))}], link: {{delay: 300 us}}}}")
    links.append("  - {ends: [lan, attic], delay: 1 ms, rate: 10 Mbit/s}")
names = [h for h in hosts if h not in lan and h not in air] or [hosts[0]]
for h in names:
    links.append(f"  - {{ends: [{h}, {r.choice([x for x in hosts if x != h])}], name: wire{len(links)}, {characteristics('p2p')}}}")
print(f"general: {{stop_time: 3 s, seed: {r.randint(0, 2**63)}}}")
print("hosts:")
for h in hosts:
    print(f"  {h}:\n    processes:")
    for target in r.sample([x for x in hosts if x != h], 2):
        print(f"    - {{path: ping, args: -n -i 0.1 -s {r.randint(0, 1400)} -W 1 {target}, start_time: {r.randint(0, 700)} ms, expected_final_state: running}}")
print("network:\n  mobility: {walk: {model: random-waypoint, hosts: [" + ", ".join(air) + "], step: 250 ms, options: {width: 90, height: 60, speed_min: 5, speed_max: 30}}}")
print("  media:")
print("\n".join(media))
if links: print("  links:")
print("\n".join(links))
print("timeline:")
a, b = r.sample(lan, 2)
for at, what in [(1500, f"set: {{links: {a}>{b}, to: {{delay: 3 ms, loss: 10%}}}}"), (2000, f"partition: [[{a}], [{b}]]"), (2500, "heal: all"),
                 (3000, f"hold: {a}/lan"), (3300, "release: all"), (3600, f"down: {b}/lan"), (3900, f"up: {b}/lan"),
                 (4200, "ramp: {links: 0, over: 500 ms, steps: 7, to: {delay: 12 ms}}"), (5000, "partition: {from: [%s], to: [%s]}" % (b, a))]:
    if chance(0.7): print(f"- {{at: {at // 2} ms, {what}}}")
print(f"- {{at: 2.7 s, move: {{hosts: [{air[0]}], to: [10, 10]}}}}")
END
[[ $# -gt 0 ]] || set -- 1 2 3
for seed; do
    python3 "$work/draw.py" "$seed" >"$work/$seed.yaml"
    for workers in 1 3; do
        "$HINDCAST" record -q --workers "$workers" -o "$work/$workers.hct" --data "$work/$workers.data" "$work/$seed.yaml" \
            >"$work/out" 2>"$work/err" || { cat "$work/err" "$work/out" >&2; fail "seed $seed: it is not recorded with $workers workers"; }
    done
    cmp "$work/1.hct" "$work/3.hct" >&2 || fail "seed $seed: another trace with three workers"
    "$HINDCAST" replay --check "$work/1.hct" >"$work/out" 2>&1 || { cat "$work/out" >&2; fail "seed $seed: the replay differs"; }
done
