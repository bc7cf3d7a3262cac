#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# dap.sh - a scripted editor walks a recorded run in both directions by the Debug Adapter Protocol.
. "$(dirname "$0")/talk-lib.sh"
need python3

record_talk 0%
expect_status 0 timeout 250 python3 "$(dirname "$0")/dap.py" "$HINDCAST" "$work/one.hct" "$root/tests/system/state/talk.c"
