#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# wrong.sh - a fault that is written wrong is named with its place.
. "$(dirname "$0")/../lib.sh"

# wrong MOMENT COLUMN PATTERN: line 8 of an experiment.
wrong() {
    cat >"$work/wrong.yaml" <<END
general: {stop_time: 1 s}
hosts:
  a: {processes: [{path: /bin/true, name: job}]}
  b: {}
network:
  links: [{ends: [a, b], delay: 1 ms}]
timeline:
- {at: 1 ms, $1}
END
    expect_status 2 "$HINDCAST" record -q -o "$work/wrong.hct" "$work/wrong.yaml"
    expect_text "$work/err" "wrong.yaml:8:$2: .*$3"
}

wrong 'crush: a' 14 "has no key 'crush'; did you mean 'crash'"
wrong 'crash: c' 21 "there is no host 'c'"
wrong 'crash: a/jab' 21 "has no process 'jab'; did you mean 'job'"
wrong 'crash: []' 21 'the list is empty'
wrong 'clock: a' 21 "'clock' needs a step or a drift"
wrong 'clock: {on: a/job, step: 1 s}' 26 'done to a whole host'
wrong 'clock: {on: a, step: soon}' 35 "'soon' is not how far a clock can jump"
wrong 'clock: {on: a, drift: 60%}' 36 'at most 50%'
wrong 'signal: {on: a/job, signal: SIGFOO}' 42 "'SIGFOO' is not a signal"
wrong 'signal: {on: a/job}' 22 "'signal' needs to know which one"
wrong 'signal: {on: a, signal: HUP}' 27 'done to a process'
wrong 'restart: {disk: kept}' 23 'needs to know what it is done to'
wrong 'restart: {on: a, disk: full}' 37 "'kept' or 'wiped'"
