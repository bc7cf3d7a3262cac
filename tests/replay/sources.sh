#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sources.sh - source goes with the trace: it is found there once it is nowhere else, by the control protocol (and so by DAP) and by gdb.
. "$(dirname "$0")/../system/lib.sh"
need python3 zstd jq gcc

# Compiled in a folder that is gone later, with names as compilers have them that are called elsewhere.
mkdir -p "$work/far" "$work/shell"
cp -r "$root/tests/programs/counted" "$work/far/app"
(cd "$work/far/app" && gcc -g -O0 -o "$work/shell/counted" ./main.c)
cp "$work/far/app/experiment.yaml" "$work/shell/"
record run "$work/shell"

# Packed with source, it is the same run, also for the second reader; what was done to it then keeps the source.
expect_status 0 "$HINDCAST" pack --sources "$work/run.hct" -o "$work/with.hct"
expect_text "$work/out" '^[0-9]+ source files of [0-9]+ programs with debug information'
info() { "$HINDCAST" info --json "$1" 2>/dev/null | jq -r "$2"; }
[[ $(info "$work/with.hct" .run_hash) == $(info "$work/run.hct" .run_hash) ]] || fail "source changed the run hash"
[[ $(info "$work/with.hct" .source_files) -ge 2 && $(info "$work/run.hct" .source_files) -eq 0 ]] || fail "not two source files"
expect_status 0 "$HINDCAST" verify "$work/with.hct"
python3 "$root/tests/unit/second-reader.py" "$work/with.hct" >/dev/null || fail "the second reader cannot read it"
check_replay "$work/with.hct"
expect_status 0 "$HINDCAST" note add "$work/with.hct" "here" --at @10
[[ $(info "$work/with.hct" .source_files) -ge 2 ]] || fail "a note took the source away"
expect_status 0 "$HINDCAST" trim "$work/with.hct" --from 0s --to 1s -o "$work/trimmed.hct"
[[ $(info "$work/trimmed.hct" .source_files) -ge 2 ]] || fail "trim took the source away"
# What is scrubbed is gone from the source, too; or all of it is.
carried() {  # carried TRACE: its source, unpacked
    python3 - "$root/tests/unit" "$1" <<'END'
import importlib.util, sys
spec = importlib.util.spec_from_file_location("reader", sys.argv[1] + "/second-reader.py")
reader = importlib.util.module_from_spec(spec)
spec.loader.exec_module(reader)
for path, text in (reader.sources(reader.read_database(sys.argv[2], open(sys.argv[2], "rb").read(100))) or {}).items():
    print(path.decode())
    print(text.decode(errors="replace"))
END
}
expect_status 0 "$HINDCAST" scrub --pattern password "$work/with.hct" -o "$work/scrubbed.hct"
carried "$work/with.hct" >"$work/carried"
grep -q open-sesame "$work/carried" || fail "the test looks for nothing"
carried "$work/scrubbed.hct" >"$work/carried"
! grep -q open-sesame "$work/carried" || fail "the password is in the source"
expect_text "$work/carried" 'marker-of-the-header'
expect_status 0 "$HINDCAST" scrub --sources "$work/with.hct" -o "$work/without.hct"
expect_text "$work/out" 'everything can still be replayed'
[[ -z $(carried "$work/without.hct") && $(info "$work/without.hct" .source_files) -eq 0 ]] || fail "source was not removed"
check_replay "$work/without.hct"

# Or only what somebody has written notes about: in malloc(), below printf(), below main(), which has nothing of the header.
cp "$work/run.hct" "$work/noted.hct"
at=$("$HINDCAST" sql --csv "$work/run.hct" "SELECT max(seq) FROM syscall WHERE name = 'brk'" | tail -n 1 | tr -d '\r')
expect_status 0 "$HINDCAST" pack --noted-sources "$work/noted.hct" -o "$work/some.hct"
expect_text "$work/out" '^0 source files of frames at 0 notes'
expect_status 0 "$HINDCAST" note add "$work/noted.hct" "memory is taken here" --at "@$at"
expect_status 0 "$HINDCAST" note add "$work/noted.hct" "again" --at "@$at"
expect_status 0 "$HINDCAST" note add "$work/noted.hct" "before any program" --at @0
expect_status 0 "$HINDCAST" pack --noted-sources "$work/noted.hct" -o "$work/some.hct"
expect_text "$work/out" '^[0-9]+ source files of frames at 2 notes'
carried "$work/some.hct" >"$work/carried"
expect_text "$work/carried" 'marker-of-the-source'
! grep -q 'marker-of-the-header' "$work/carried" || fail "source that no note is about"
[[ $(info "$work/some.hct" .run_hash) == $(info "$work/run.hct" .run_hash) ]] || fail "noted source changed the run hash"
# A packet's event is about no thread: then it is about those of its node.
at=$("$HINDCAST" sql --csv "$work/run.hct" "SELECT min(seq) FROM packet WHERE node = 'one'" | tail -n 1 | tr -d '\r')
cp "$work/run.hct" "$work/packet.hct"
expect_status 0 "$HINDCAST" note add "$work/packet.hct" "a packet" --at "@$at"
expect_status 0 "$HINDCAST" pack --noted-sources "$work/packet.hct" -o "$work/some.hct"
expect_text "$work/out" 'frames at 1 notes'
# What cannot be executed has no frames.
expect_status 0 "$HINDCAST" scrub --payload "$work/noted.hct" -o "$work/scrubbed.hct"
expect_status 1 "$HINDCAST" pack --noted-sources "$work/scrubbed.hct" -o "$work/none.hct"
expect_text "$work/err" 'it cannot be executed up to the note at @[0-9]+'
[[ ! -e $work/none.hct ]] || fail "something was written"
expect_status 2 "$HINDCAST" pack --noted-sources --sources "$work/noted.hct"

# Now the source is nowhere but in the trace.
rm -r "$work/far"
ask() { "$HINDCAST" ctl "$1" "source file=$work/far/app/main.c" >"$work/answer"; }
ask "$work/with.hct"
jq -e '.text | contains("marker-of-the-source")' "$work/answer" >/dev/null || fail "the trace's source is not found: $(cat "$work/answer")"
ask "$work/run.hct" || true
jq -e '.ok == false' "$work/answer" >/dev/null || fail "source without source: $(cat "$work/answer")"
if command -v gdb >/dev/null; then
    printf 'break count_on\nreverse-continue\nlist\nup\nlist twice_of\n' >"$work/script"
    expect_status 0 "$HINDCAST" gdb "$work/with.hct" -- -batch -x "$work/script"
    expect_text "$work/out" 'marker-of-the-source'
    expect_text "$work/out" 'marker-of-the-header'
    [[ -z $(ls -d /tmp/hindcast-gdb-*/sources 2>/dev/null) ]] || fail "gdb's source files are left behind"
else
    echo "no gdb here: it is not tried"
fi
