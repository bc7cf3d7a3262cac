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
  {links: [{ends: [a, b], delay: 1 ms}], media: {lan: {kind: switch, hosts: [a, b], link: {delay: 1 ms}}}}
timeline:
- {at: 1 ms, $1}
END
    expect_status 2 "$HINDCAST" record -q -o "$work/wrong.hct" "$work/wrong.yaml"
    expect_text "$work/err" "wrong.yaml:8:$2: .*$3"
}

wrong 'crush: a' 14 "has no key 'crush'; did you mean 'crash'"
wrong 'crash: lan' 21 "'lan' is a medium"
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
wrong 'inject: {on: a/job}' 22 'needs to know what is done to which calls'
wrong 'inject: {on: a/job, calls: "reed:error=EIO"}' 41 "there is no system call 'reed'"
wrong 'inject: {on: a/job, calls: [read, write]}' 42 "'read' does nothing"
wrong 'inject: {on: a/job, calls: "read:error=EIO:when=5..3"}' 41 "'5..3' does not say when"
wrong 'inject: {on: a/job, calls: "read:fault=EIO"}' 41 "'fault=' is none of error="
wrong 'allocation: {on: a/job}' 26 'needs to know which one from then on fails'
wrong 'allocation: {on: a/job, nth: 0}' 26 'needs to know which one from then on fails'
wrong 'allocation: {on: a/job, nth: -1}' 43 'not a whole number'
wrong 'disk: {on: a/job, error: EIO}' 25 'done to a whole host'
wrong 'disk: {on: a, error: EIEIO}' 35 "'EIEIO' is no error"
wrong 'disk: {on: a, ops: [write]}' 20 "there is to be an 'error'"
wrong 'disk: {on: a, error: EIO, ops: [wipe]}' 46 "'wipe' is none of read, write"
wrong 'disk: {on: a, path: var}' 34 'absolute path'
wrong 'disk: {on: a, path: /var}' 34 'nothing is said of what is wrong'
wrong 'disk: {on: a, room: much}' 34 'size'
wrong 'power_loss: {on: a, torn: maybe}' 40 'true or false'
wrong 'power_loss: a/job' 26 'done to a whole host'
