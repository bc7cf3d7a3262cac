#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# determinism.sh - a program that prints all that differs between runs prints the same in each recording,
# whatever its surroundings are.
. "$(dirname "$0")/lib.sh"

experiment "$work/probe/experiment.yaml" <<END
- path: $programs/probe
  environment: {GREETING: hello}
END

record first "$work/probe"
first=$(output "$work/first.data" only probe)
[[ $(wc -l <"$first") -ge 20 ]] || fail "the probe printed too little: $(cat "$first")"
expect_text "$first" '^env GREETING=hello$'
check_replay "$work/first.hct"

# Another directory, environment, niceness, layout of memory, time.
(
    cd /
    export NOISE=1 LC_ALL=C TZ=Asia/Tokyo
    ulimit -s 4096
    nice setarch -R "$HINDCAST" record -q -o "$work/second.hct" --data "$work/second.data" "$work/probe"
) >"$work/out" 2>"$work/err" || { cat "$work/err" >&2; fail "the second recording failed"; }
diff "$first" "$(output "$work/second.data" only probe)" >&2 || fail "the probe saw a difference"
expect_same "$work/first.hct" "$work/second.hct"

# Chance is the seed's, and only chance changes with it.
record other --seed 99 "$work/probe"
other=$(output "$work/other.data" only probe)
for line in getrandom urandom AT_RANDOM; do
    [[ $(grep "^$line" "$first") != $(grep "^$line" "$other") ]] || fail "$line does not depend on the seed"
done
diff <(grep -Ev '^(getrandom|urandom|AT_RANDOM)' "$first") \
    <(grep -Ev '^(getrandom|urandom|AT_RANDOM)' "$other") >&2 || fail "more than chance depends on the seed"
