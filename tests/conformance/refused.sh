#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# refused.sh - what is refused is said in the summary and in the trace: which call, how often, from which program.
. "$(dirname "$0")/../system/lib.sh"

experiment "$work/refuses/experiment.yaml" <<END
- path: $programs/conformance/refuses
- path: /bin/echo
  args: [hello]
END
record refuses "$work/refuses"
expect_text "$work/out" '^refused +userfaultfd: ENOSYS, 3 times, by refuses$'
expect_text "$work/out" '^refused +io_uring_setup: ENOSYS, 1 time, by refuses$'
[[ $(grep -c '^refused' "$work/out") -eq 2 ]] || fail "more is refused than was asked for"
expect_status 0 "$HINDCAST" info "$work/refuses.hct"
expect_text "$work/out" '^refused +userfaultfd: ENOSYS, 3 times, by refuses on only$'
expect_status 0 "$HINDCAST" info --json "$work/refuses.hct"
expect_text "$work/out" '"name": "userfaultfd", "error": "ENOSYS", "count": 3, "program": "refuses"'
check_replay "$work/refuses.hct"

# One line for every call, in the order of their numbers.
expect_status 0 "$HINDCAST" syscalls
calls=$(grep -c '^SYSCALL(' "$root/formats/syscalls.def")
[[ $(wc -l <"$work/out") -eq $calls ]] || fail "hindcast syscalls prints $(wc -l <"$work/out") lines for $calls calls"
sort -n -c "$work/out" || fail "not in order"
expect_text "$work/out" "^  0 read +the node's kernel$"
expect_text "$work/out" '^323 userfaultfd +refused, and counted: ENOSYS$'
