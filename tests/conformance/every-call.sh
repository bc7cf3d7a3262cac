#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# every-call.sh PROGRAM... - each number of x86-64 has a row; what is refused or absent gives the error that its row says; and
# what is carried out is carried out by some program of this folder, all of which are named.
. "$(dirname "$0")/../system/lib.sh"

here=$programs/conformance
expect_status 0 "$HINDCAST" syscalls
cp "$work/out" "$work/rows"

# The numbers that this host's headers know; a newer header may know more than the kernel of a node.
printf '#include <asm/unistd.h>\n' | "${CC:-cc}" -E -dM - | sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$/\2 \1/p' |
    sort -n >"$work/known"
[[ $(wc -l <"$work/known") -gt 330 ]] || fail "the headers know $(wc -l <"$work/known") calls only"
while read -r number name; do
    [[ $number -le 462 ]] || continue
    grep -Eq "^ *$number $name +" "$work/rows" || fail "call $number, $name, has no row"
done <"$work/known"

# What a row refuses.
sed -n 's/^ *\([0-9]*\) [a-z0-9_]* .*: \(E[A-Z0-9]*\)$/\1 \2/p' "$work/rows" >"$work/errors"
[[ $(wc -l <"$work/errors") -gt 50 ]] || fail "only $(wc -l <"$work/errors") rows name an error"
mapfile -t numbers < <(cut -d ' ' -f 1 "$work/errors")
record calls -- "$here/calls" "${numbers[@]}"
diff -u --label "the table" --label "what a program sees" "$work/errors" "$work"/calls.data/*/calls.stdout >&2 ||
    fail "errors differ"
check_replay "$work/calls.hct"

# What is carried out: every such call is in the trace of the programs that are compared with native runs.
mkdir "$work/all"
{
    printf 'general: {stop_time: 3000s, seed: 1}\nhosts:\n  only:\n    processes:\n'
    start=0
    for name; do
        printf '    - {path: %s, args: ["%s"], name: %s, start_time: %ds}\n' "$here/$name" "$here" "$name" "$start"
        start=$((start + 60))
    done
} >"$work/all/experiment.yaml"
"$HINDCAST" record -q -o "$work/all.hct" --data "$work/all.data" "$work/all" >"$work/out" 2>"$work/err" ||
    { cat "$work/out" "$work/err" >&2; fail record; }
"$HINDCAST" sql "$work/all.hct" "select distinct name from syscall" >"$work/made"
sed -n '/: E[A-Z0-9]*$/!s/^ *[0-9]* \([a-z0-9_]*\) .*/\1/p' "$work/rows" | sort >"$work/carried-out"
# restart_syscall is made by the kernel itself, between a signal and what it interrupted; the others do not return, and are
# events of their own.
grep -vxFf <(printf '%s\n' restart_syscall exit exit_group rt_sigreturn) "$work/carried-out" | grep -vxFf "$work/made" >"$work/missing" || true
[[ ! -s $work/missing ]] || fail "no program makes these calls: $(tr '\n' ' ' <"$work/missing")"
