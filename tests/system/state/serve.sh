#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# serve.sh - a server of the control protocol with several clients, some of them rude.
. "$(dirname "$0")/talk-lib.sh"
need python3

record_talk 0%
expect_status 0 timeout 200 python3 "$(dirname "$0")/serve.py" "$HINDCAST" "$work/one.hct"
