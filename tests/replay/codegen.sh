#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# codegen.sh - pages that a program writes and executes by turns are in replay what they were, from wherever one comes.
. "$(dirname "$0")/../system/lib.sh"

experiment "$work/experiment/experiment.yaml" <<END
- {path: $programs/codegen}
END
record run "$work/experiment"
expect_status 0 "$HINDCAST" dump "$work/run.hct"
expect_text "$work/out" ' code-page '
expect_status 0 "$HINDCAST_WALK" "$work/run.hct" ends 100
cat "$work/out"
expect_status 0 "$HINDCAST_WALK" "$work/run.hct" walks 40 1
cat "$work/out"

# Images of processes have their pages as they stood.
expect_status 0 "$HINDCAST" trim "$work/run.hct" --from 0.0005s -o "$work/part.hct"
expect_text "$work/out" 'with images of [0-9]+ processes'
check_replay "$work/part.hct"
expect_status 0 "$HINDCAST_WALK" "$work/part.hct" part "$work/run.hct" 8
cat "$work/out"
