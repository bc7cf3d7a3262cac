#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# keyboard.sh INSPECTOR MAKE-TRACE - a run is opened, walked and noted by keyboard alone (keyboard.py).
set -euo pipefail

inspector=$1
make_trace=$2
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

command -v xdotool >/dev/null || { echo "needs xdotool"; exit 77; }
need_reader
"$make_trace" "$work/run.hct" 1000
drive keyboard.py "$inspector" "$HINDCAST" "$work/run.hct"
echo "ok"
