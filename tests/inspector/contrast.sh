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
# Numbers of lines and comments of source, on the ground that the numbers have: 4.5 to 1, in high contrast 7 to 1.
python3 - "$styles"/data/source-*.xml >"$work/out" <<'END' || fail "source: $(cat "$work/out")"
import sys
import xml.etree.ElementTree as tree


def luminance(color):
    parts = [int(color[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


low = len(sys.argv) != 5
for path in sys.argv[1:]:
    styles = tree.parse(path).getroot().findall("style")
    ground = luminance(styles[0].get("background"))
    for style in styles:
        bright, dark = sorted((luminance(style.get("foreground")), ground), reverse=True)
        if (bright + 0.05) / (dark + 0.05) < (7 if "contrast" in path else 4.5):
            print(path, style.get("name"), (bright + 0.05) / (dark + 0.05))
            low = True
sys.exit(low)
END
echo "ok"
