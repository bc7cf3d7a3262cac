#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# contrast.sh CONTRAST STYLE-FOLDER - words and colours can be told from their ground, in light, dark, and high contrast of both.
set -euo pipefail

contrast=$1
styles=$2
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# Opacity is not seen by who asks for a colour: weight is given by colours alone, but for pictures that are not read yet.
! grep -nE 'opacity: *0?\.' "$styles"/style*.css | grep -v '\.unread' || fail "an opacity that takes contrast away"
grep -q '^\.dim-label { opacity: 1;' "$styles/style.css" || fail "the theme's opacity of .dim-label is in force"
export ADW_DISABLE_PORTAL=1
for scheme in light dark; do
    for high in 0 1; do
        ADW_DEBUG_COLOR_SCHEME=prefer-$scheme ADW_DEBUG_HIGH_CONTRAST=$high \
            timeout 60 dbus-run-session -- "$contrast" "$styles" >"$work/out" 2>"$work/err" ||
            fail "$scheme, high contrast $high: $(grep LOW "$work/out") $(cat "$work/err")"
        ! grep -E 'CRITICAL|Theme parser' "$work/err" || fail "warnings"
    done
done
echo "ok"
