#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# self-contained.sh - replay needs nothing but the trace: neither programs, nor libraries, nor the data directory.
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
unshare --user --map-root-user --mount true 2>/dev/null || [[ $(id -u) -eq 0 ]] ||
    skip "replay without the programs is checked; this host allows no chroot to check it without /usr"
jail=$work/jail
mkdir -p "$jail/dev" "$jail/proc" "$jail/tmp"
ldd "$HINDCAST" | awk '$2 == "=>" { print $3 } $1 ~ /^\// { print $1 }' | while read -r library; do
    mkdir -p "$jail/$(dirname "$library")"
    cp -L "$library" "$jail/$library"
done
cp "$HINDCAST" "$jail/hindcast"
cp "$work/private.hct" "$jail/private.hct"
cat >"$work/jail.sh" <<'END'
set -e
mount --bind /proc "$1/proc" 2>/dev/null || mount --rbind /proc "$1/proc"
exec chroot "$1" /hindcast replay --check /private.hct
END
# Root needs no user namespace, which there is none of inside of a chroot.
privileges=()
[[ $(id -u) -eq 0 ]] || privileges=(--map-root-user)
expect_status 0 unshare --mount "${privileges[@]}" bash "$work/jail.sh" "$jail"
