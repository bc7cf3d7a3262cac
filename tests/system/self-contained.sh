#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# self-contained.sh - nothing but the trace is needed: neither programs, nor libraries, nor the data directory. In a root that has none of
# the recorded programs it is opened, queried, replayed and compared.
. "$(dirname "$0")/lib.sh"

mkdir "$work/private"
cp /bin/ls "$work/private/ls"
experiment "$work/private/experiment.yaml" <<END
- path: $work/private/ls
  args: [-l, $work/private]
END
record private "$work/private"
rm -r "$work/private" "$work/private.data"
check_replay "$work/private.hct"

# The whole host's programs out of sight: hindcast alone, with the libraries that it is linked to.
mounting chroot / true 2>/dev/null ||
    skip "replay without the programs is checked; this host allows no chroot to check it without /usr"
jail=$work/jail
mkdir -p "$jail/dev" "$jail/proc" "$jail/tmp"
ldd "$HINDCAST" | awk '$2 == "=>" { print $3 } $1 ~ /^\// { print $1 }' | while read -r library; do
    mkdir -p "$jail/$(dirname "$library")"
    cp -L "$library" "$jail/$library"
done
cp "$HINDCAST" "$jail/hindcast"
cp "$work/private.hct" "$jail/private.hct"
# The same program at another seed, recorded outside: what is compared in there.
mkdir "$work/private"
cp /bin/ls "$work/private/ls"
experiment "$work/private/experiment.yaml" <<END
- path: $work/private/ls
  args: [-l, $work/private]
END
record other "$work/private" --seed 2
cp "$work/other.hct" "$jail/other.hct"
cat >"$work/jail.sh" <<'END'
set -e
mount --bind /proc "$1/proc" 2>/dev/null || mount --rbind /proc "$1/proc"
trap 'umount --lazy "$1/proc"' EXIT
chroot "$@"
END
inside() { mounting bash "$work/jail.sh" "$jail" "$@"; }
[[ ! -e $jail/bin/ls && ! -e $jail/usr/bin ]] || fail "the recorded program is in the bare root"
expect_status 0 inside /hindcast replay --check /private.hct
expect_text "$work/out" 'replay agrees'
expect_status 0 inside /hindcast verify /private.hct
expect_status 0 inside /hindcast dump --story /private.hct
expect_text "$work/out" 'starts ls'
expect_status 0 inside /hindcast sql --csv /private.hct "SELECT status FROM process"
expect_text "$work/out" '^0'
expect_status 1 inside /hindcast diff /private.hct /other.hct
expect_text "$work/out" 'cause: seed'
expect_status 0 inside /hindcast diff /private.hct /private.hct
expect_status 0 inside /hindcast trim /private.hct --from 0s -o /trimmed.hct
expect_status 0 inside /hindcast replay --check /trimmed.hct
