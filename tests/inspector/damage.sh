#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# damage.sh INSPECTOR HINDCAST [MAKE-TRACE] - a trace that was cut or changed at many places, in the window: see damage.py.  The trace is
# one that is made, or without MAKE-TRACE a recording of samples/lost-update.
set -euo pipefail

inspector=$1
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

if [[ $# -eq 3 ]]; then
    "$3" "$work/whole.hct" 12000
else
    "$2" record -q --seed 47 -o "$work/whole.hct" --data "$work/data" "$HINDCAST_PROGRAMS/../samples/lost-update" >/dev/null 2>&1 ||
        [[ $? -eq 1 ]] || fail "the sample cannot be recorded"
fi
drive damage.py "$inspector" "$2" "$work/whole.hct"
echo "ok"
