#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# ctl.sh - the control protocol from a shell: breakpoints before a program has begun, variables, steps in both directions, who wrote
# last, from a packet to the calls at its ends; and every wrong request is answered, not obeyed.
. "$(dirname "$0")/talk-lib.sh"
need jq gcc

record_talk 2%
trace=$work/one.hct

# ctl STATUS REQUEST...: answers in $work/out, one a line.
ctl() {
    local status=$1
    shift
    expect_status "$status" timeout 120 "$HINDCAST" ctl "$trace" "$@"
    jq -e . "$work/out" >/dev/null || fail "an answer is no JSON"
}
# answer N FILTER EXPECTED: what jq finds in the N-th answer.
answer() {
    local is
    is=$(sed -n "$1p" "$work/out" | jq -rc "$2")
    [[ $is == "$3" ]] || { sed -n "$1p" "$work/out" | cut -c 1-600 >&2; fail "answer $1, $2: $is, expected $3"; }
}

line=$(grep -n 'total_bytes += bytes;' "$root/tests/system/state/talk.c" | cut -d: -f1)
ctl 0 hello "break at=talk.c:$line node=server condition=bytes>1" continue 'stack limit=2' 'variables scope=arguments' \
    'evaluate expression=*tally' 'evaluate expression=tally->what' 'evaluate expression=total_bytes==0' \
    'step unit=over' 'evaluate expression=total_bytes>0' 'step unit=over back=true' 'evaluate expression=total_bytes==0' \
    disassemble 'delete point=1' 'watch expression=total_bytes' continue 'continue back=true' 'continue back=true' \
    "source file=$root/tests/system/state/talk.c" 'seek to=end' threads
answer 1 '.protocol, (.nodes | map(.name) | join(","))' $'1\nserver,client'
answer 3 '.stop.why + " " + .stop.function + " " + (.stop.line | tostring)' "breakpoint count $line"
answer 4 '.frames | map(.function) | join(" ")' 'count server'
answer 5 '.variables | map(.name + ": " + .type) | join(", ")' 'tally: struct tally *, bytes: long int'
answer 6 '.variable.kind' struct
answer 7 '.variable.value | sub("^0x[0-9a-f]+ "; "")' '"received"'
answer 8 '.variable.value' 1
answer 9 '.stop.why' done
answer 10 '.variable.value' 1
answer 11 '.stop.line' "$line"
answer 12 '.variable.value' 1
answer 13 '.instructions | length' 16
answer 15 '.size' 8
answer 16 '.stop.why + " " + .stop.function' 'watchpoint count'
answer 16 '.stop.before' 0x0
answer 17 '.stop.why + " " + .stop.function' 'watchpoint count'
answer 18 '.stop.why' start
answer 19 '.text | test("takes one connection")' true
answer 20 '.stop.why' done
answer 21 '.threads | length' 0

# Events, too, count only where a condition holds.
ctl 0 'break filter="node==server && kind==syscall && nr==read" condition=total_bytes>=100000' continue 'evaluate expression=total_bytes>=100000' \
    'seek to=@0' 'continue' points 'continue back=true'
answer 2 .stop.why event
answer 3 .variable.value 1
# The read that got the total over the line has been counted; the one before had not.
at=$(sed -n 2p "$work/out" | jq .seq)
before=$("$HINDCAST" dump "$trace" "node==server && kind==syscall && nr==read && seq<$((at - 1))" | tail -n 1 | cut -d' ' -f1)
answer 5 .seq "$at"
answer 6 '.points[0] | .hits' 2
answer 7 .stop.why start
ctl 0 "seek to=@$((before + 1))" 'select node=server' 'evaluate expression=total_bytes>=100000'
answer 3 .variable.value 0

# Who made the total what it is, after all is over: back to the line, and out to the caller.
printed=$("$HINDCAST" dump "$trace" 'node==server && kind==output' | head -n 1 | cut -d' ' -f1)
ctl 0 "seek to=@$printed" 'select node=server' 'last-write expression=total_bytes' 'evaluate expression=total_bytes+bytes' \
    'step unit=out back=true' 'evaluate expression=tally.calls' 'last-write expression=total_bytes' where
answer 3 '.stop.why + " " + .stop.function + " " + (.stop.line | tostring)' "watchpoint count $line"
answer 3 '.stop.after' 0x61a80
answer 4 '.variable.value' 400000
answer 5 '.stop.why + " " + .stop.function' 'done server'
answer 7 '.stop.function' count

# From a segment to both of its ends.
segment=$("$HINDCAST" dump "$trace" 'node==client && kind==packet-send && tcp.len>0' | sed -n 5p | cut -d' ' -f1)
ctl 0 "follow seq=$segment"
answer 1 '.sent.program + " " + (.sent.call | sub("\\(.*"; ""))' 'talk write'
answer 1 '.received.program + " " + (.received.call | sub("\\(.*"; ""))' 'talk read'
sender=$(jq -r .sent.position "$work/out") receiver=$(jq -r .received.position "$work/out")
ctl 0 "seek to=$sender" 'stack node=client' "seek to=$receiver" 'stack node=server'
answer 2 '.frames | map(.function) | index("client") != null' true
answer 4 '.frames | map(.function) | index("server") != null' true
lost=$("$HINDCAST" dump "$trace" 'node==client && kind==packet-drop' | head -n 1 | cut -d' ' -f1)
ctl 0 "follow seq=$lost"
answer 1 '.dropped, .received' $'loss\nnull'

# What is neither yes nor no is taken for neither.
ctl 1 'continue back=yes' 'watch expression=total_bytes access=1'
answer 1 .error 'back has to be true or false'
answer 2 .error 'access has to be true or false'

# The state is the same by the protocol and by the command.
ctl 0 'state at=2s node=client' 'changes from=1.5s to=2s node=client'
"$HINDCAST" state "$trace" --at 2s --node client --json >"$work/state"
[[ $(sed -n 1p "$work/out" | jq -c .state) == "$(jq -c . "$work/state")" ]] || fail "the protocol and the command have different states"
"$HINDCAST" state --diff "$trace" 1.5s 2s --node client >"$work/changes"
sed -n 2p "$work/out" | jq -r '.changes[]' >"$work/changes2"
expect_same "$work/changes" "$work/changes2"

# Wrong ones.
ctl 1 'nonsense' 'seek' 'seek to=later' 'seek to=@999999999' 'step unit=mile' 'break' 'break at=no_such_function node=server' \
    'break filter="kind==="' 'evaluate expression=x' 'delete point=77' 'memory address=zz' '{"do":7}' '[]' \
    'stack node=nobody' 'stack node=server tid=4000' 'follow seq=0' 'follow packet=1 seq=3' 'source file=/no/such/file.c' \
    'state at=never' 'expand type=1:2 address=0' 'step unit=line count=0' 'disassemble count=99999'
jq -e 'select(.ok or (.code | IN("usage", "not-found") | not) or (.error | length < 5))' "$work/out" >"$work/bad" || true
[[ ! -s $work/bad ]] || fail "answered without a complaint: $(cat "$work/bad")"
[[ $(wc -l <"$work/out") -eq 22 ]] || fail "$(wc -l <"$work/out") answers to 22 requests"
# What a compiler has inlined are frames, with their variables; and a step leads out of one.
cat >"$work/inlined.c" <<'END'
#include <stdio.h>
static __thread volatile int counted = 5;
static inline __attribute__((always_inline)) int inner(int number)
{
	volatile int twice = 2 * number;
	counted++;
	return twice + 1;
}
static inline __attribute__((always_inline)) int outer(int number)
{
	volatile int more = number + 10;
	return inner(more) + more;
}
__attribute__((noinline)) static double compiled(int number)
{
	volatile int own = number + 100;
	const double shown = outer(own) / 2.0;
	__asm__ volatile("" : : "x"(shown));
	printf("%f %d\n", shown, counted);
	return shown + own;
}
__attribute__((noipa)) static int forgets(int number, const char *word)
{
	printf("%d %s\n", number, word);
	puts("forgotten");
	return 7;
}
int main(int argc, char **argv)
{
	return compiled(argc) < 0 || forgets(48, "a word") < 0;
}
END
gcc -O2 -g -o "$work/inlined" "$work/inlined.c"
line_with() { grep -n -F "$1" "$work/inlined.c" | head -n 1 | cut -d: -f1; }
experiment "$work/inlined.yaml" <<END
- {path: $work/inlined}
END
record inlined "$work/inlined.yaml"
trace=$work/inlined.hct
ctl 0 "break at=inlined.c:$(line_with counted++)" continue 'stack limit=4' 'variables scope=locals' 'variables scope=locals frame=1' \
    'variables scope=locals frame=2' 'evaluate expression=own frame=2' 'evaluate expression=counted' 'step unit=out' where 'step unit=out' \
    where "break at=inlined.c:$(line_with __asm__)" continue 'evaluate expression=shown' 'step unit=out' 'stack limit=1'
answer 2 '.stop.function + " " + (.stop.line | tostring)' "inner $(line_with counted++)"
answer 3 '.frames | map(.function + " " + .how) | join(", ")' 'inner inlined, outer inlined, compiled registers, main unwound'
answer 3 '.frames | map(.line) | join(" ")' "$(line_with counted++) $(line_with 'return inner') $(line_with 'outer(own)') $(line_with 'compiled(argc)')"
answer 4 '.variables | map(select(.name == "twice").value) | join(" ")' 222
answer 5 '.variables | map(.name) | contains(["more"]) and (contains(["twice"]) or contains(["own"]) | not)' true
answer 6 '.variables | map(.name) | contains(["own"]) and (contains(["more"]) | not)' true
answer 7 .variable.value 101
answer 8 .variable.value 5
answer 9 .stop.function outer
answer 11 .stop.function compiled
answer 15 .variable.value 167
answer 17 '.frames[0].function' main
# Arguments that are no longer anywhere, but the caller knows what they were.
ctl 0 "break at=inlined.c:$(line_with forgotten)" continue 'variables scope=arguments' 'evaluate expression=number+1'
answer 3 '.variables | map(.name + "=" + (.value | sub("^0x[0-9a-f]+ "; ""))) | join(" ")' 'number=48 word="a word"'
answer 4 .variable.value 49
trace=$work/one.hct
expect_status 2 "$HINDCAST" ctl "$trace" '{"do":'
expect_status 2 "$HINDCAST" ctl "$trace" '{"do":"where","do":"where"}'
expect_status 2 "$HINDCAST" ctl
expect_status 3 "$HINDCAST" ctl --socket "$work/nobody" where
expect_status 2 "$HINDCAST" ctl "$work/experiment.yaml" where
