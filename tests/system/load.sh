#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# load.sh - what else the host does changes nothing: the same bytes while its cores are busy.
. "$(dirname "$0")/lib.sh"

record quiet "$root/samples/ping"
busy=()
for ((i = 0; i < $(nproc) + 1; i++)); do
    (while :; do :; done) &
    busy+=($!)
done
trap 'kill "${busy[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT
record busy --workers 2 "$root/samples/ping"
kill "${busy[@]}"
expect_same "$work/quiet.hct" "$work/busy.hct"
