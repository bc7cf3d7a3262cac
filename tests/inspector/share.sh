#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# share.sh INSPECTOR - what the window shares carries source for whoever has none, and nothing of what was to go.
set -euo pipefail

inspector=$1
hindcast=$HINDCAST
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

mkdir -p "$work/far" "$work/shell"
cp -r "$HINDCAST_ROOT/tests/programs/counted" "$work/far/app"
(cd "$work/far/app" && gcc -g -O0 -o "$work/shell/counted" ./main.c)
cp "$work/far/app/experiment.yaml" "$work/shell/"
"$hindcast" record -q -o "$work/run.hct" --data "$work/run.data" "$work/shell" >/dev/null
info() { "$hindcast" info --json "$1" 2>/dev/null | jq -r "$2"; }

# From the menu's command as from the dialog's button.
look 0 "$work/run.hct" "view.range @0 50%" "share.save $work/shared.hct range,environment,sources" \
    "share.save $work/bare.hct payload,environment" "share.save $work/all.hct sources"
[[ $(info "$work/shared.hct" .source_files) -ge 2 ]] || fail "the shared trace has no source"
[[ $(info "$work/bare.hct" .source_files) -eq 0 ]] || fail "source that nobody asked for"
look 2 "$work/run.hct" "share.save $work/none/a.hct sources"
expect err 'none/a.hct'
look 2 "$work/run.hct" "share.save $work/a.hct source"
expect err '"source" is nothing that can be done to a trace: range, payload, environment, sources, noted-sources'

# Only the source of the frames at notes, though what would be needed to find them goes; without a note there is none.
at=$("$hindcast" sql --csv "$work/run.hct" "SELECT max(seq) FROM syscall WHERE name = 'brk'" | tail -n 1 | tr -d '\r')
cp "$work/run.hct" "$work/noted.hct"
"$hindcast" note add "$work/noted.hct" "memory is taken here" --at "@$at" >/dev/null
look 0 "$work/noted.hct" "share.save $work/some.hct noted-sources,payload,environment" "share.save $work/both.hct sources,noted-sources"
[[ $(info "$work/some.hct" .source_files) -eq 1 ]] || fail "not the one file of the note: $(info "$work/some.hct" .source_files)"
[[ $(info "$work/both.hct" .source_files) -ge 2 ]] || fail "of all and of some only some are there"
look 0 "$work/run.hct" "share.save $work/some.hct noted-sources"
[[ $(info "$work/some.hct" .source_files) -eq 0 ]] || fail "source of no note"

# Bytes that were to go are gone; without that they are there.
marker=$(printf 'open-sesame' | od -An -tx1 | tr -d ' \n')
for trace in run bare; do "$hindcast" dump --plain "$work/$trace.hct" >"$work/$trace.text" 2>/dev/null; done
grep -q "$marker" "$work/run.text" || fail "the test looks for nothing"
! grep -q "$marker" "$work/bare.text" || fail "payload is in the shared trace"

# The source is nowhere else now, and is shown; without it a path is all there is.
rm -r "$work/far"
look 0 "$work/all.hct" step.last "view.pane program" "view.list source" "break.add count_on" run.back print.stop print.source
expect out 'far/app/main.c:[0-9]+$'
expect out 'marker-of-the-source'
look 0 "$work/run.hct" step.last "view.pane program" "view.list source" "break.add count_on" run.back print.source
! grep -q 'marker-of-the-source' "$work/out" || fail "source out of nowhere"

# It opens as a file that somebody double-clicks: by its path alone.
timeout 60 dbus-run-session -- "$inspector" "$work/shared.hct" -c print.status -q >"$work/out" 2>"$work/err"
expect out '"trace":".*shared.hct"'
echo "ok"
