#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# spoken.sh INSPECTOR MAKE-TRACE - what a screen reader is told of the window (spoken.py).
set -euo pipefail

inspector=$1
make_trace=$2
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

need_reader
"$make_trace" "$work/run.hct" 1000
"$make_trace" "$work/other.hct" 1000 100
drive spoken.py "$inspector" "$HINDCAST" "$work/run.hct" "$work/other.hct"
echo "ok"
