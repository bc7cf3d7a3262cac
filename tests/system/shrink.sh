#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shrink.sh - of an experiment so much is left as an event needs, always the same; what does not show it, or is none, is said.
. "$(dirname "$0")/lib.sh"

mkdir "$work/set"
cat >"$work/set/experiment.yaml" <<END
# Only d's question to a matters.
general: {stop_time: 30 s, seed: 3}
hosts:
  a:
    processes: &idle
    - {path: sleep, args: ["2"]}
    - {path: sh, args: [-c, "echo one; sleep 3; echo two"]}
  b: {processes: *idle}
  c: {}
  d:
    processes:
    - {path: cat, stdin: words}
    - {path: /bin/ping, args: [-c, "2", -W, "1", a]}
network:
  links:
  - {ends: [a, b], delay: 10 ms, loss: 20%}
  - {ends: [b, c], delay: 10 ms, jitter: 2 ms}
  - {ends: [a, d], delay: 5 ms}
timeline:
- {at: 1 s, crash: c}
- {at: 12 s, crash: d}
END
echo words >"$work/set/words"

# shrunk PATTERN...: of the text of it that is left.
shrunk() { for pattern; do expect_text "$work/set/experiment.shrunk.yaml" "$pattern"; done; }
gone() { for pattern; do ! grep -q "$pattern" "$work/set/experiment.shrunk.yaml" || fail "$pattern is left: $(cat "$work/set/experiment.shrunk.yaml")"; done; }
nothing_left() {
    [[ ! -e $work/set/experiment.shrunk.shrink && ! -e $work/set/.experiment.shrink.yaml ]] || fail "left: $(ls -A "$work/set")"
}

filter='kind==output && "2 received"'
expect_status 0 "$HINDCAST" shrink -q "$work/set" "$filter"
cat "$work/set/experiment.shrunk.yaml"
expect_text "$work/out" '^parts    [0-9]+ of [0-9]+ left$'
expect_text "$work/out" '^event .* d .* output .*2 received'
shrunk '^  a: \{\}$' '/bin/ping' 'ends: \[a, d\]' 'stop_time: [0-9]+ns'
gone ' b' ' c:' sleep cat echo loss jitter crash 'seed'
nothing_left
expect_status 0 "$HINDCAST" dump "$work/set/experiment.shrunk.hct" "$filter"
check_replay "$work/set/experiment.shrunk.hct"
# It ends right behind the event, before ping does.
expect_status 1 "$HINDCAST" record -q --workers 2 -o "$work/again.hct" "$work/set/experiment.shrunk.yaml"
expect_same "$work/again.hct" "$work/set/experiment.shrunk.hct"

# Always the same, with as many workers as one likes.
cp "$work/set/experiment.shrunk.yaml" "$work/first.yaml"
expect_status 0 "$HINDCAST" shrink -q --workers 2 "$work/set" "$filter"
expect_same "$work/first.yaml" "$work/set/experiment.shrunk.yaml"
expect_same "$work/again.hct" "$work/set/experiment.shrunk.hct"

# What files it names it still finds, if it stays where they are; what --set says is in it.
expect_status 0 "$HINDCAST" shrink -q --seed 4 --set 'hosts.d.processes.1.path=nothing-of-the-kind' "$work/set" 'kind==output && "words"'
shrunk 'stdin: words'
gone ping sleep links
expect_status 2 "$HINDCAST" shrink -q -o "$work/other.yaml" "$work/set" 'kind==output && "words"'
expect_text "$work/err" 'looked for beside it'
nothing_left

# What is to stay does, with what it is in.
expect_status 0 "$HINDCAST" shrink -q --keep network.links.1,hosts.a.processes "$work/set" "$filter"
shrunk '/bin/ping' 'jitter: 2 ms' '^  c: \{\}' 'sleep 3'
gone 'cat' 'loss' 'crash'
expect_status 2 "$HINDCAST" shrink -q --keep network.links.7 "$work/set" "$filter"
expect_text "$work/err" 'there is no such part'

# An event that a change of the timeline makes needs that one.
expect_status 0 "$HINDCAST" shrink -q "$work/set" kind==node-down
shrunk 'at: 1 s, crash: c'
gone ' [abd]:' 'crash: d'

rm "$work"/set/experiment.shrunk.*
expect_status 1 "$HINDCAST" shrink -q "$work/set" 'kind==output && "3 received"'
expect_text "$work/err" 'does not show what the filter wants'
expect_status 2 "$HINDCAST" shrink -q "$work/set" 'kind=='
expect_status 2 "$HINDCAST" shrink -q "$work/set" 'node==nobody'
expect_text "$work/err" 'there is no node "nobody"'
expect_status 2 "$HINDCAST" shrink -q "$work/nowhere.yaml" kind==output
expect_text "$work/err" 'nowhere.yaml'
expect_status 2 "$HINDCAST" shrink -q --set hosts.a.colour=red "$work/set" kind==output
expect_text "$work/err" "no key 'colour'"
expect_status 2 "$HINDCAST" shrink -q "$work/set"
nothing_left
[[ ! -e $work/set/experiment.shrunk.yaml ]] || fail "something was written"

# Interrupted, it takes its run with it, and leaves nothing.
sed 's/stop_time: 30 s/stop_time: 100000 s/; s/"2", -W/"1000000", -W/; s/crash: d/crash: b/' "$work/set/experiment.yaml" >"$work/set/long.yaml"
env --default-signal "$HINDCAST" shrink -q "$work/set/long.yaml" 'kind==node-down && node==a' >"$work/out" 2>"$work/err" &
shrinker=$!
# shellcheck disable=SC2016
timeout 60 bash -c 'until [[ -s $1/run.data/d/ping.stdout ]]; do sleep 0.1; done' - "$work/set/long.shrunk.shrink" ||
    fail "no run begins: $(cat "$work/err")"
kill -TERM $shrinker
status=0
wait $shrinker || status=$?
[[ $status -eq 1 ]] || fail "interrupted with status $status: $(cat "$work/err")"
expect_text "$work/err" 'interrupted before anything was taken away'
! pgrep -f "record -q -o $work/set/long" >/dev/null || fail "its run goes on"
[[ $(ls -A "$work/set" | tr '\n' ' ') == 'experiment.yaml long.yaml words ' ]] || fail "left: $(ls -A "$work/set")"
