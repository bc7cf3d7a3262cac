#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# pictures.sh INSPECTOR COMPARE-PICTURES GOLDEN OUT [--renew] - the timeline looks as it did: pictures of fixed parts of
# GOLDEN/picture.hct (a run of samples/lost-update without its files) are those of GOLDEN/pictures, in light, dark and high contrast.
# A picture that differs is left in OUT with one that shows where.  --renew makes the golden ones anew: ninja -C build renew-pictures
#
# What could move a pixel without a change of ours is held fast: size, letters (fonts.conf), resolution, renderer, theme.
set -euo pipefail

inspector=$1
compare=$2
golden=$3
out=$4
renew=${5:-}
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib.sh
. "$here/lib.sh"
[[ -e /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf ]] || { echo "needs the DejaVu fonts"; exit 77; }
export FONTCONFIG_FILE=$here/fonts.conf ADW_DISABLE_PORTAL=1
mkdir -p "$out" "$golden/pictures"
cp "$golden/picture.hct" "$work/run.hct"

# The whole run, folded; an exchange, event by event, with a position, its past, and marks.
whole=(view.whole "focus.goto @2000")
exchange=("focus.goto 1.286s" mark.a "focus.goto 1.2965s" mark.b "view.range 1.28s 1.31s" cone.past)
differ=()
for theme in light dark contrast contrast-dark; do
    export ADW_DEBUG_HIGH_CONTRAST=0 ADW_DEBUG_COLOR_SCHEME=prefer-light
    [[ $theme != contrast* ]] || ADW_DEBUG_HIGH_CONTRAST=1
    [[ $theme != *dark ]] || ADW_DEBUG_COLOR_SCHEME=prefer-dark
    look 0 "$work/run.hct" "${whole[@]}" "export.png $out/whole-$theme.png 1000x330" \
        "${exchange[@]}" "export.png $out/exchange-$theme.png 1000x330"
    for part in whole exchange; do
        name=$part-$theme
        if [[ $renew == --renew ]]; then
            mv "$out/$name.png" "$golden/pictures/"
        elif "$compare" "$golden/pictures/$name.png" "$out/$name.png" "$out/$name-difference.png"; then
            rm -f "$out/$name.png" "$out/$name-difference.png"
        else
            differ+=("$name")
        fi
    done
done
[[ ${#differ[@]} -eq 0 ]] || fail "pictures differ: ${differ[*]}; they are in $out. Are they better? ninja -C build renew-pictures"

# A drawing is XML, and has the stripe that stands before a node's name for every node.
nodes=$(look 0 "$work/run.hct" print.status "export.svg $work/a.svg"; sed -n 's/.*"nodes":\([0-9]*\),.*/\1/p' "$work/out")
lanes=$(grep -c ' d="M 8 [0-9.]* L 11 [0-9.]* L 11 [0-9.]* L 8 ' "$work/a.svg")
[[ $lanes -eq $nodes && $nodes -gt 1 ]] || fail "the drawing has $lanes lanes for $nodes nodes"
if command -v xmllint >/dev/null; then
    xmllint --noout "$work/a.svg" || fail "the drawing is no XML"
else
    echo "no xmllint here: the drawing is not parsed"
fi
echo "ok"
