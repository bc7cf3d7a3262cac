#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# branch.sh - a branch is the recorded run up to a position, and from there on what was changed of it.
. "$(dirname "$0")/lib.sh"
need python3 ping

# A slow line and more pings than it takes: frames stand in its queue whenever something changes.
cat >"$work/pings.yaml" <<'END'
general: {stop_time: 5s, seed: 1}
hosts:
  a:
    processes:
    - {path: /bin/ping, args: [-i, "0.005", -s, "1400", b], start_time: 1s, expected_final_state: running}
  b: {}
network:
  links:
  - {ends: [a, b], rate: 700 kbit/s, delay: 10 ms, loss: 5%}
END
record run "$work/pings.yaml"
run=$work/run.hct

# branch STATUS NAME ARGUMENTS...: branches the run, or what NAME says behind a colon.
branch() {
    local status=$1 name=${2%:*} from=$run
    [[ $2 == *:* ]] && from=$work/${2#*:}.hct
    shift 2
    expect_status "$status" "$HINDCAST" branch -q -o "$work/$name.hct" --data "$work/$name.data" "$@" "$from"
    cp "$work/out" "$work/$name.out"
}

# before NAME TIME: the events of a run before a time, without their numbers.
before() { "$HINDCAST" dump "$work/$1.hct" "time<$2" | sed 's/^ *[0-9]* //'; }
after() { "$HINDCAST" dump "$work/$1.hct" "time>=$2" | sed 's/^ *[0-9]* //'; }

same_before() {
    cmp <(before "$1" "$3") <(before "$2" "$3") >&2 || fail "$1 and $2 differ before $3"
}

# Nothing changes: the same bytes, whatever else.
branch 0 none --at 2s
expect_same "$run" "$work/none.hct"
expect_text "$work/none.out" '^before   the same$'
expect_text "$work/none.out" '^after    nothing differs$'

# Another seed from a time on.
branch 0 seed --at 2s --seed 7
expect_text "$work/seed.out" '^seed     1, from 2.000000000 s on 7$'
expect_text "$work/seed.out" '^before   the same$'
same_before run seed 2s
expect_differ <(after run 2s) <(after seed 2s)
expect_text <(after seed 2s) ' packet-drop .*reason="loss"'
expect_differ <(after run 2s | grep packet-drop) <(after seed 2s | grep packet-drop)
expect_text <("$HINDCAST" dump "$work/seed.hct") '^[0-9]+ 2.000000000s - 0 injected fault="seed" .*what="7"'
check_replay "$work/seed.hct"
branch 0 again --at 2s --seed 7
expect_same "$work/seed.hct" "$work/again.hct"
branch 0 workers --at 2s --seed 7 --workers 2
expect_same "$work/seed.hct" "$work/workers.hct"
branch 0 other --at 2s --seed 8
same_before seed other 2s
expect_differ <(after seed 2s) <(after other 2s)

# It is an experiment like any other.
record by-hand --set 'timeline+={at: 2 s, seed: 7}' "$work/pings.yaml"
expect_same "$work/seed.hct" "$work/by-hand.hct"

# What programs draw from their kernel changes then, and not before.
cat >"$work/random.py" <<'END'
import os, time
for i in range(4):
    print(i, os.getrandom(8).hex(), os.urandom(8).hex(), open("/proc/sys/kernel/random/uuid").read(), flush=True)
    time.sleep(1)
END
record random -- python3 "$work/random.py"
branch 0 drawn:random --at 1.5s --seed 7
for name in random drawn; do
    "$HINDCAST" dump "$work/$name.hct" 'kind==output' | sed 's/.* text=//' >"$work/$name.text"
    [[ $(wc -l <"$work/$name.text") -eq 4 ]] || fail "$name: not four lines: $(cat "$work/$name.text")"
done
expect_same <(head -2 "$work/random.text") <(head -2 "$work/drawn.text")
for line in 3 4; do
    for word in 2 3 4; do
        expect_differ <(sed -n "${line}p" "$work/random.text" | cut -d' ' -f$word) <(sed -n "${line}p" "$work/drawn.text" | cut -d' ' -f$word)
    done
done

# Another kernel image is named; here only its last byte is another, and nothing comes of it.
cp "$HINDCAST_KERNEL" "$work/kernel.so"
printf 'x' >>"$work/kernel.so"
branch 0 kernel --at 2s --kernel "$work/kernel.so"
expect_text "$work/err" '^hindcast: warning: .*/kernel.so is another kernel image than that of the run'
expect_text "$work/kernel.out" '^before   the same$'

# Links, whose frames under way are told of before: nothing arrives that did not, and nothing else is another.
branch 0 cut --at 2s --change 'partition: [[a], [b]]'
expect_text "$work/cut.out" '^before   the same, but for [0-9]+ events about frames that were under way$'
expect_text <(after cut 2s) ' link-change .*what="cut=1"'
expect_text <(after cut 2s) ' packet-drop .*reason="partition"'
! after cut 2.1s | grep -q ' packet-recv ' || fail "frames arrive in spite of the partition"
same=" (packet-(send|drop)|link-loss) "
expect_same <(before run 2s | grep -Ev "$same") <(before cut 2s | grep -Ev "$same")
# Each copy has a number, so that those of later frames are other ones, and the line is faster.
branch 0 twice --at 2s --change '{set: {links: all, to: {duplicate: 100%, loss: 0%, rate: 10 Mbit/s}}}'
expect_text "$work/twice.out" '^before   the same, but for [0-9]+ events about frames that were under way$'
expect_text <(after twice 2s) ' packet-copy '
check_replay "$work/twice.hct"
# Chance alone changes nothing of what was told.
branch 0 late --at 2.1s --seed 3
expect_text "$work/late.out" '^before   the same$'

# A host, a process, a clock; two at once.
branch 0 crash --at 2s --change 'crash: b'
expect_text "$work/crash.out" '^before   the same$'
same_before run crash 2s
expect_text <(after crash 2s) '^2.000000000s b 0 node-down why="crash" cause="timeline, --set"'
branch 1 both --at 2s --change 'signal: {on: a/ping, signal: SIGKILL}' --change 'clock: {on: b, step: -300 ms}' --seed 5
same_before run both 2s
expect_text <(after both 2s) '^2.000000000s a 0 injected fault="signal"'
expect_text <(after both 2s) '^2.000000000s b 0 clock '
[[ $(grep -c '^change' "$work/both.out") -eq 3 ]] || fail "not all changes are told"

# A branch of a branch, from an event of it.
event=$("$HINDCAST" dump "$work/seed.hct" 'kind==packet-recv && time>2.5s' | sed -n 1p)
branch 0 second:seed --at "@${event%% *}" --change 'crash: b'
expect_text "$work/second.out" '^seed     1, from 2.000000000 s on 7$'
expect_text "$work/second.out" '^before   the same$'
when=$(cut -d' ' -f2 <<<"$event")
same_before seed second "$when"
expect_text <(after second "$when") "^$when b 0 node-down"
check_replay "$work/second.hct"

# The run goes on where it had been stopped, and record's command line is not forgotten.
record short --until 2s --seed 4 --model syscall=3us,clock=40ns "$work/pings.yaml"
branch 0 short-again:short --at 1.5s
expect_same "$work/short.hct" "$work/short-again.hct"
branch 0 longer:short --at 1.5s --until 3s
same_before short longer 1.9s
expect_text <("$HINDCAST" dump "$work/longer.hct" 'kind==end') '^[0-9]+ 3.000000000s .*stop_time was reached'

# Programs that have changed are noticed, and named.
mkdir "$work/own"
cp "$(command -v sleep)" "$work/own/pause"
printf '#!/bin/sh\necho one\n./pause 1\necho two\n' >"$work/own/script"
chmod +x "$work/own/script"
cat >"$work/own/experiment.yaml" <<'END'
hosts:
  a: {processes: [{path: ./script, environment: {PATH: /bin}}, {path: ./pause, args: ["2"]}]}
END
sed -i "s|^./pause|$work/own/pause|" "$work/own/script"
record own "$work/own"
# The experiment's folder is found though the trace lies elsewhere: by the programs.
branch 0 unchanged:own --at 1s
expect_same "$work/own.hct" "$work/unchanged.hct"
cp "$work/own/script" "$work/script"
sed -i 's/two/three/' "$work/own/script"
branch 1 script:own --at 1s
expect_text "$work/script.out" '^before   THE RUNS PART at 0.000[0-9]*s, before the branch'
expect_text "$work/script.out" "^cause    $work/own/script, which a reads, is not what it was"
[[ -e $work/script.hct ]] || fail "the trace of what went another way is gone"
cp "$work/script" "$work/own/script"
printf 'x' >>"$work/own/pause"
branch 1 program:own --at 1s
expect_text "$work/program.out" "^cause    $work/own/pause is another file now"
rm "$work/own/pause"
branch 1 missing:own --at 1s
expect_text "$work/err" "^hindcast: warning: a runs $work/own/pause, which this host does not have"

# A file that the experiment names.
mkdir "$work/graph"
cat >"$work/graph/experiment.yaml" <<'END'
general: {stop_time: 2s}
network: {graph: {type: gml, file: {path: net.gml}}}
hosts:
  a: {network_node_id: 0, processes: [{path: /bin/ping, args: [-c, "1", b]}]}
  b: {network_node_id: 0}
END
cat >"$work/graph/net.gml" <<'END'
graph [
  node [ id 0 host_bandwidth_up "10 Mbit" host_bandwidth_down "10 Mbit" ]
  edge [ source 0 target 0 latency "10 ms" packet_loss 0.0 ]
]
END
expect_status 0 "$HINDCAST" record -q -o "$work/graph.hct" "$work/graph"
expect_status 2 "$HINDCAST" branch -q --at 10ms -o "$work/lost.hct" "$work/graph.hct"
expect_text "$work/err" 'net.gml: No such file'
expect_text "$work/err" '^hindcast: the files that the experiment names are looked for in .*--experiment says'
expect_status 0 "$HINDCAST" branch -q --at 10ms --experiment "$work/graph" -o "$work/found.hct" "$work/graph.hct"
expect_same "$work/graph.hct" "$work/found.hct"
sed -i 's/10 ms/11 ms/' "$work/graph/net.gml"
expect_status 1 "$HINDCAST" branch -q --at 15ms --experiment "$work/graph" -o "$work/changed.hct" "$work/graph.hct"
expect_text "$work/err" '^hindcast: warning: net.gml is not what it was'
expect_text "$work/out" '^cause    net.gml is not what it was'

# Chance elsewhere: the paths of an internet, and who walks where, which decides who hears whom.  Which pairs there will be is told at
# the beginning.
cat >"$work/net.yaml" <<'END'
general: {stop_time: 6s, seed: 1}
network: {graph: {type: gml, inline: 'graph [ node [ id 0 host_bandwidth_up "10 Mbit" host_bandwidth_down "10 Mbit" ]
  edge [ source 0 target 0 latency "10 ms" packet_loss 0.4 ] ]'}}
hosts:
  a: {network_node_id: 0, processes: [{path: /bin/ping, args: [-i, "0.1", b], expected_final_state: running}]}
  b: {network_node_id: 0}
END
cat >"$work/walk.yaml" <<'END'
general: {stop_time: 40s, seed: 1}
hosts:
  a: {processes: [{path: /bin/ping, args: [-i, "0.5", b], expected_final_state: running}]}
  b: {}
  c: {}
  d: {}
network:
  mobility:
    walk: {model: random-waypoint, hosts: [a, b, c, d], options: {width: 500, height: 300, speed_min: 10, speed_max: 30}}
  media:
    air: {kind: radio, hosts: [a, b, c, d], range: 100 m, movement: walk, link: {rate: 11 Mbit/s, delay: 5 us}}
END
for what in net:3s walk:15s; do
    name=${what%:*} when=${what#*:}
    record "$name" "$work/$name.yaml"
    branch 0 "$name-seed:$name" --at "$when" --seed 5
    expect_text "$work/$name-seed.out" '^before   the same$'
    branch 0 "$name-two:$name" --at "$when" --seed 5 --workers 2
    expect_same "$work/$name-seed.hct" "$work/$name-two.hct"
    cmp <(before "$name" "$when" | grep -v ' pair ') <(before "$name-seed" "$when" | grep -v ' pair ') >&2 ||
        fail "$name: the runs differ before $when"
done
expect_differ <(after net 3s | grep -o 'packet-drop .*') <(after net-seed 3s | grep -o 'packet-drop .*')
expect_differ <(after walk 15s | grep ' position ') <(after walk-seed 15s | grep ' position ')

# Of many nodes only the first at which something differs are told.
{
    echo 'general: {stop_time: 2s}'
    echo 'hosts:'
    for host in a b c d e f; do echo "  $host: {processes: [{path: /bin/ping, args: [-c, '20', -i, '0.1', hub]}]}"; done
    echo '  hub: {}'
    echo 'network: {media: {hub-switch: {kind: switch, hosts: [a, b, c, d, e, f, hub], link: {delay: 1 ms}}}}'
} >"$work/many.yaml"
record many "$work/many.yaml"
branch 1 fewer:many --at 1s --change 'crash: hub'
expect_text "$work/fewer.out" '^node hub: '
expect_text "$work/fewer.out" '^and [0-9]+ more$'
[[ $(grep -c '^node ' "$work/fewer.out") -eq 4 ]] || fail "not four nodes are told of: $(cat "$work/fewer.out")"

# Seeds from the middle on.
expect_status 0 "$HINDCAST" explore -q --jobs 1 --at 2s --seeds 7..20 -o "$work/tried.hct" "$run" \
    'kind==packet-drop && node==b && time>2.5s'
seed=$(sed -n 's/^seed *\([0-9]*\),.*/\1/p' "$work/out")
branch 0 tried --at 2s --seed "$seed"
expect_same "$work/tried.hct" "$work/tried.$seed.hct"
expect_status 1 "$HINDCAST" explore -q --at 2s --seeds 1..2 -o "$work/tried.hct" "$run" 'kind==panic'
expect_status 1 "$HINDCAST" explore -q --at 1s --seeds 1..2 -o "$work/tried.hct" "$work/own.hct"
expect_text "$work/err" 'seed 1: the run parts from .*own.hct before the position'
expect_status 2 "$HINDCAST" explore -q --seeds 1..2 --change 'crash: b' "$work/pings.yaml"
expect_status 2 "$HINDCAST" explore -q --seeds 1..2 --at 90s "$run"

# Wrong input, said before anything is recorded.
wrong() {
    expect_status 2 "$HINDCAST" branch -q -o "$work/wrong.hct" "${@:2}"
    expect_text "$work/err" "$1"
    [[ ! -e $work/wrong.hct ]] || fail "something was recorded: $*"
}
wrong 'says from where on' "$run"
wrong '--at 90s: the run ends at 5.000000000s' --at 90s "$run"
wrong '--at start: that is the beginning' --at start --seed 3 "$run"
wrong 'no place in a trace' --at nowhere "$run"
wrong "has no key 'crsh'; did you mean 'crash'" --at 2s --change 'crsh: b' "$run"
wrong "no host 'c'|there is no .*'c'" --at 2s --change 'crash: c' "$run"
wrong 'is to be YAML in one line' --at 2s --change 'crash: [b' "$run"
wrong 'is to be written in one line' --at 2s --change $'crash:\n- b' "$run"
wrong "'at' is here a second time" --at 2s --change 'at: 3 s, crash: b' "$run"
wrong 'not a number' --at 2s --seed many "$run"
wrong 'usage: ' --at 2s "$run" "$run"
expect_status 2 "$HINDCAST" branch -q --at 2s -o "$run" "$run"
expect_text "$work/err" 'a trace is not written over itself'
"$HINDCAST" trim --from 2s -o "$work/part.hct" "$run" >/dev/null 2>&1
wrong 'the beginning of the run is not in it' --at 3s "$work/part.hct"
"$HINDCAST" scrub --payload -o "$work/scrubbed.hct" "$run" >/dev/null 2>&1 || true
wrong 'it was scrubbed' --at 2s "$work/scrubbed.hct"
wrong 'not a trace|no trace|is not' --at 2s "$work/pings.yaml"

# A node that has no generator to give a seed to goes on with the old one, and the trace says so.
cat >"$work/bare.yaml" <<'END'
general: {stop_time: 4 s, seed: 1}
hosts: {a: {processes: [{path: /bin/sh, args: [-c, "rm /dev/urandom; sleep 2; echo done"]}]}}
timeline: [{at: 1 s, seed: 5}]
END
record bare "$work/bare.yaml"
expect_text <("$HINDCAST" dump "$work/bare.hct" kind==warn) '1.000000000s a .*/dev/urandom: No such file'
