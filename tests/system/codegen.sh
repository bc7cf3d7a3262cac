#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# codegen.sh - cpuid in code that a program writes at run time is the virtual CPU's, in memory that is writable and executable and
# in memory that is one after the other.
. "$(dirname "$0")/lib.sh"

mkdir "$work/experiment"
cat >"$work/experiment/experiment.yaml" <<END
general: {stop_time: 10 s, seed: 1}
hosts:
  one:
    processes:
    - {path: $programs/codegen}
  other:
    processes:
    - {path: $programs/codegen, start_time: 1 s}
network:
  links:
  - {ends: [one, other], delay: 10 ms}
END
record first "$work/experiment"
record workers --workers 2 "$work/experiment"
expect_same "$work/first.hct" "$work/workers.hct"
check_replay "$work/first.hct"

for host in one other; do
    said=$(output "$work/first.data" $host codegen)
    cat "$said"
    ! grep -E 'instead|WRONG' "$said" || fail "generated code saw another processor"
    for what in rwx 'rwx, beside' 'rw to rx' 'rx to rwx' child parent 'across pages' 'across pages, then' moved 'mapped again' \
        'writes itself' read 'read, protected' 'before madvise' 'after madvise'; do
        expect_text "$said" "^$what: same\$"
    done
    expect_text "$said" '^has written 1$'
    expect_text "$said" '^read into code: EFAULT$'
    expect_text "$said" '^cleared: 00$'
    expect_text "$said" '^often: 1000$'
done
