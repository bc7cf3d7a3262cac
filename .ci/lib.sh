# SPDX-License-Identifier: GPL-2.0-or-later
# lib.sh - what every script that starts from a fresh machine does first: packages, configure, build.
# Sourced by bash scripts; `root` is the source tree.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${HINDCAST_BUILD:-$root/build}

# Progress goes to standard error, so that results can be piped.
say() { printf '%s\n' "-- $*" >&2; }
die() { printf '%s\n' "${0##*/}: $*" >&2; exit 1; }

# packages GROUP...: names of the packages of these groups, each once.
packages() {
    local group
    for group; do
        awk -v group="$group" '$1 == group { print $2 }' "$root/.ci/packages"
    done | sort -u
}

missing_packages() {
    local name
    for name in $(packages "$@"); do
        [[ $(dpkg-query -W -f '${db:Status-Abbrev}' "$name" 2>/dev/null) == ii* ]] || echo "$name"
    done
}

# For root's shell: apt-get ARGUMENTS, with servers that are among the packages not started: tests want their
# programs, not services of this host.
# shellcheck disable=SC2016
quiet_apt='policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf "#!/bin/sh\nexit 101\n" >"$policy" && chmod +x "$policy"
    trap "rm -f $policy" EXIT
fi
DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@"'

# install_packages GROUP...: installs what is missing from Debian; needs root or sudo only then.
install_packages() {
    local missing=() as_root=()
    command -v dpkg-query >/dev/null ||
        die "this is no Debian system; install by hand what .ci/packages lists, then use meson"
    mapfile -t missing < <(missing_packages "$@")
    [[ ${#missing[@]} -gt 0 ]] || return 0
    if [[ $(id -u) -ne 0 ]]; then
        command -v sudo >/dev/null ||
            die "as root, run: apt-get install ${missing[*]}"
        as_root=(sudo)
    fi
    say "installing from Debian: ${missing[*]}"
    as_root+=(sh -c "$quiet_apt" apt-get)
    if [[ $(apt-cache show "${missing[@]}" 2>/dev/null | grep -c '^Package:') -lt ${#missing[@]} ]]; then
        "${as_root[@]}" update >&2
    fi
    # Lists that are old name package versions that are gone: fetch them anew, once.
    if ! "${as_root[@]}" install --no-install-recommends "${missing[@]}" >&2; then
        "${as_root[@]}" update >&2
        "${as_root[@]}" install --no-install-recommends "${missing[@]}" >&2
    fi
}

# configure DIR [MESON OPTION...]: makes or refreshes a build directory.
configure() {
    local dir=$1
    shift
    # Always afresh: which unit tests there are is known from the files that lie there.
    if [[ -e $dir/build.ninja ]]; then
        meson setup --reconfigure "$dir" "$root" "$@" >&2
    else
        meson setup "$dir" "$root" "$@" >&2
    fi
}

# The kernel image from its cache, or 10 to 30 minutes of compiling.
build_all() {
    say "building in $build (the first time with a Linux kernel: 5 to 30 minutes)"
    ninja -C "$build" >&2
}
