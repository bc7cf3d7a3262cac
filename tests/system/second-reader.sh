#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# second-reader.sh SAMPLE... - a reader that was written from docs/trace-format.5.md alone finds the same in recorded traces: the same run hash,
# and the same plain dump, byte for byte.
. "$(dirname "$0")/lib.sh"
need python3 zstd jq

for sample; do
    folder=$root/samples/$sample
    [[ ! -e $folder/meson.build ]] || folder=$programs/../samples/$sample
    record "$sample" "$folder"
    hash=$("$HINDCAST" info --json "$work/$sample.hct" | jq -r .run_hash)
    count=$("$HINDCAST" dump "$work/$sample.hct" | wc -l)
    got=$(python3 "$root/tests/unit/second-reader.py" "$work/$sample.hct")
    [[ $got == "database $count $hash" ]] || fail "the second reader says $got, expected database $count $hash"
    "$HINDCAST" dump --plain "$work/$sample.hct" >"$work/$sample.first"
    python3 "$root/tests/unit/second-reader.py" --dump "$work/$sample.hct" >"$work/$sample.second"
    expect_same "$work/$sample.first" "$work/$sample.second"
done
