#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# process-options.sh - what an experiment may say of a process: when it starts, how it is ended, what it is given, what is
# expected of it, and where its output goes.
. "$(dirname "$0")/lib.sh"

mkdir "$work/e"
printf 'first line\nsecond line\n' >"$work/e/input"
cat >"$work/e/experiment.yaml" <<'END'
general: {stop_time: 30 s, seed: 1}
hosts:
  only:
    processes:
    - {path: sh, args: [-c, 'cut -d" " -f1 /proc/uptime; echo late >&2'], start_time: 2.5 s, name: late}
    - {path: sh, args: [-c, 'for a; do printf "<%s>" "$a"; done; echo', x, a b, "", 'c"d'], name: list}
    - {path: printf, args: "'<%s>' one 'two  three' \"four 'five'\" six\\ seven $HOME", name: text}
    - {path: sh, args: [-c, 'echo "$A|$B|$HOME|$HOSTNAME|$OUTSIDE"'], environment: {A: 1, B: two words, HOME: /elsewhere}, name: env}
    - {path: cat, stdin: input, name: input}
    - {path: cat, name: no-input}
    - path: bash
      args: [-c, "trap 'cut -d. -f1 /proc/uptime; exit 7' USR1; while :; do sleep 0.1; done"]
      shutdown_time: 4 s
      shutdown_signal: SIGUSR1
      expected_final_state: {exited: 7}
      name: asked
    - {path: sleep, args: [100], shutdown_time: 5 s, shutdown_signal: 9, expected_final_state: {signaled: KILL}, name: killed}
    - {path: sleep, args: [100], shutdown_time: 6 s, expected_final_state: {signaled: SIGTERM}, name: ended}
    - {path: sleep, args: [100], start_time: 1 s, expected_final_state: running, name: stays}
    - {path: sh, args: [-c, 'echo out; echo err >&2; exit 3'], expected_final_state: {exited: 3}, name: both}
    - {path: "true", quantity: 3, name: many}
END

OUTSIDE=1 record one "$work/e"
data=$work/one.data/only
says() {
    local got
    got=$(cat "$data/$1")
    [[ $got == "$2" ]] || fail "$1 has '$got' instead of '$2'"
}
# A node's clock shows 1 s when the run begins.
says late.stdout 3.50
says late.stderr late
says list.stdout '<a b><><c"d>'
# shellcheck disable=SC2016
says text.stdout '<one><two  three><four '\''five'\''><six seven><$HOME>'
says env.stdout '1|two words|/elsewhere||'
says input.stdout "$(cat "$work/e/input")"
says no-input.stdout ''
says asked.stdout 5
says both.stdout out
says both.stderr err
[[ -e $data/many.stdout && -e $data/many.2.stdout && -e $data/many.3.stdout ]] || fail "three were not started: $(ls "$data")"
check_replay "$work/one.hct"

# The same is in the trace: what was written, by whom, where, and how each ended.
"$HINDCAST" dump "$work/one.hct" >"$work/dump"
expect_text "$work/dump" ' output .*fd=1 text="out\\n"'
expect_text "$work/dump" ' output .*fd=2 text="err\\n"'
"$HINDCAST" info "$work/one.hct" >"$work/info"
expect_text "$work/info" 'late \(pid [0-9]+\) from 2.500000000 '
expect_text "$work/info" 'both \(pid [0-9]+\) from 0.000000000 to [0-9.]*, status 3$'
expect_text "$work/info" 'killed \(pid [0-9]+\) from 0.000000000 to 5.000000000, signal 9$'
expect_text "$work/info" 'stays \(pid [0-9]+\) from 1.000000000, does not end$'

# Each expectation that fails is told, and fails the run.
for change in 6.expected_final_state.exited=0 7.expected_final_state=running 8.expected_final_state.signaled=SIGHUP \
    10.expected_final_state.exited=4 2.expected_final_state=running; do
    expect_status 1 "$HINDCAST" record -q --no-trace --set "hosts.only.processes.$change" "$work/e"
    expect_text "$work/out" '^failed +1 expectation'
done

# What cannot be is said with its place.
wrong() {
    expect_status 2 "$HINDCAST" record -q --no-trace --set "hosts.only.processes.$1" "$work/e"
    expect_text "$work/err" "$2"
}
wrong '6.shutdown_signal=SIGNOTHING' 'SIGNOTHING'
wrong '6.shutdown_time=never' 'never'
wrong '4.stdin=not-there' 'not-there'
wrong '10.expected_final_state.exited=300' '300'
wrong '2.args="unbalanced' 'unbalanced'
