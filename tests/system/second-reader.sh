#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# second-reader.sh - a reader that was written from docs/trace-format.5.md alone finds the same in recorded traces.
. "$(dirname "$0")/lib.sh"
need python3 zstd jq

record ping "$root/samples/ping"
hash=$("$HINDCAST" info --json "$work/ping.hct" | jq -r .run_hash)
count=$("$HINDCAST" dump "$work/ping.hct" | wc -l)
got=$(python3 "$root/tests/unit/second-reader.py" "$work/ping.hct")
[[ $got == "database $count $hash" ]] || fail "the second reader says $got, expected database $count $hash"
