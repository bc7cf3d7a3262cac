#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check-exports.sh IMAGE [kg_coverage]
#
# An image has one door, and one that counts what it executes a second.  Fails, and says why, if it imports anything,
# exports anything but kg_entry and what is named, needs relocations that depend on symbols, or has memory both writable and executable.
set -euo pipefail
export LC_ALL=C

[ $# -eq 1 ] || [ "$#/${2-}" = 2/kg_coverage ] || { echo "usage: check-exports.sh IMAGE [kg_coverage]" >&2; exit 2; }
image=$1
doors=$(printf '%s\n' kg_entry "${@:2}" | sort)
bad=0

complain()
{
	echo "$image: $1" >&2
	bad=1
}

header=$(readelf -hW "$image")
dynamic=$(readelf -dW "$image")
symbols=$(readelf --dyn-syms -W "$image" | awk '$1 ~ /^[0-9]+:$/ && $8 != "" { print $7, $8 }')
relocs=$(readelf -rW "$image" | awk '$3 ~ /^R_/ { print $3 }' | sort | uniq -c)
segments=$(readelf -lW "$image" | awk '$1 == "LOAD"')

grep -q 'Type: *DYN' <<<"$header" || complain "is not ET_DYN"
! grep -q '(NEEDED)' <<<"$dynamic" || complain "needs libraries"
! grep -q '(TEXTREL)' <<<"$dynamic" || complain "relocates its text"
undefined=$(awk '$1 == "UND" { print $2 }' <<<"$symbols")
[ -z "$undefined" ] || complain "imports: $undefined"
exported=$(awk '$1 != "UND" { print $2 }' <<<"$symbols" | sort)
[ "$exported" = "$doors" ] || complain "exports: $exported"
other=$(awk '$2 != "R_X86_64_RELATIVE" { print $2 }' <<<"$relocs")
[ -z "$other" ] || complain "has relocations of other kinds: $other"
! grep -q 'RWE' <<<"$segments" || complain "has memory both writable and executable"
exit $bad
