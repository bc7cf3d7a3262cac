#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# build-kernel.sh [--coverage[=FOLDERS]] [--out FILE] [--print-key] [--jobs N]
# build-kernel.sh --unpack FOLDER
#
# Builds the kernel image from the distribution's source and what is in this folder, or finds it in
# the cache.  Prints the image's path; with --print-key the cache key before it, on a line of its own.
# With --out, FILE becomes a copy of the image, and is not touched if it is one already.  With --unpack nothing
# is built: FOLDER becomes the source as it is compiled, for whoever debugs.
#
# With --coverage the image counts which of its code is executed: that of FOLDERS of the source and of all below
# them, net unless said otherwise.  Beside it, in a folder that ends in .notes in the place of .so, are gcc's notes and the sources
# that they name, in which gcov looks for what the counts are of.
#
# An image is the same bytes wherever it is built: the build runs inside the unpacked source, so
# that no absolute path reaches an object, and all stamps are pinned.  The cache key covers
# everything that goes in.
#
# Beside hindcast-kernel.so lies hindcast-kernel.debug: its symbols and types, of the same build id.  The image is what it
# would be without: the objects are linked once without debug information, for the image, and once with it.
# That one keeps the code, too: gdb finds in .dynamic that names are first looked up in the kernel that uses them.
#
# Environment: KERNEL_SOURCE (tarball), HINDCAST_CACHE (default $XDG_CACHE_HOME/hindcast), CC.
set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
cache=${HINDCAST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hindcast}
tarball=${KERNEL_SOURCE:-/usr/src/linux-source-6.12.tar.xz}
compiler=${CC:-gcc}
jobs=$(nproc)
out=
print_key=
folder=
coverage=	# folders, "": none

usage()
{
	echo "usage: build-kernel.sh [--coverage[=FOLDERS]] [--out FILE] [--print-key] [--jobs N] | --unpack FOLDER" >&2
	exit 2
}

die()
{
	echo "build-kernel.sh: $*" >&2
	exit 1
}

while [ $# -gt 0 ]; do
	case $1 in
	--out) [ $# -ge 2 ] || usage; out=$2; shift ;;
	--jobs) [ $# -ge 2 ] || usage; jobs=$2; shift ;;
	--print-key) print_key=1 ;;
	--unpack) [ $# -ge 2 ] || usage; folder=$2; shift ;;
	--coverage) coverage=net ;;
	--coverage=?*) coverage=${1#*=} ;;
	*) usage ;;
	esac
	shift
done

[ -r "$tarball" ] || die "$tarball: not found (Debian package linux-source-6.12)"
for tool in "$compiler" make flex bison bc xz flock patch ${coverage:+gcov}; do
	command -v "$tool" >/dev/null || die "$tool is not installed"
done

# Hashing 150 MB takes a second; the sum is kept for as long as the file looks the same.
hash_tarball()
{
	local stamp memo=$cache/tarball.sum

	stamp=$(stat -c '%n %s %Y' "$tarball")
	if [ -r "$memo" ] && [ "$(head -n 1 "$memo")" = "$stamp" ]; then
		tail -n 1 "$memo"
		return
	fi
	mkdir -p "$cache"
	{ echo "$stamp"; sha256sum <"$tarball"; } >"$memo.$$"
	mv "$memo.$$" "$memo"
	tail -n 1 "$memo"
}

make_key()
{
	{
		dpkg-query -W -f '${Version}\n' linux-source-6.12 2>/dev/null || true
		hash_tarball
		"$compiler" --version | head -n 1
		"$compiler" -dumpmachine
		ld --version | head -n 1
		cd "$here"
		find -L arch config patches -type f -print0 | sort -z | xargs -0 sha256sum
		sha256sum host.h build-kernel.sh
		[ -z "$coverage" ] || echo "coverage $coverage"
	} | sha256sum | cut -c 1-32
}

# What other architectures and drivers need is most of the source: it stays packed.
unpack()
{
	tar -C "$1" --strip-components=1 -xf "$tarball" \
		--exclude='linux-source-*/Documentation/*/*' --exclude='linux-source-*/tools/testing' \
		--exclude='linux-source-*/sound/*.[ch]' --exclude='linux-source-*/drivers/gpu/*.[ch]' \
		--exclude='linux-source-*/arch/*/boot/dts' --exclude='linux-source-*/arch/*/configs'
	cp -rL "$here/arch/hindcast" "$1/arch/hindcast"
	for p in "$here"/patches/*.patch; do
		patch -d "$1" -p1 -s <"$p"
	done
}

if [ -n "$folder" ]; then
	mkdir -p "$folder"
	[ -z "$(ls -A "$folder")" ] || die "$folder is not empty; name a folder that is, or a new one"
	unpack "$folder"
	exit 0
fi

key=$(make_key)
store=$cache/kernel/$key
image=$store/hindcast-kernel.so
log=$cache/kernel/$key.log

# copy_out FROM TO: TO becomes a copy, and is not touched if it is one already.
copy_out()
{
	cmp -s "$1" "$2" && return
	cp "$1" "$2.$$"
	mv "$2.$$" "$2"
}

finish()
{
	if [ -n "$out" ]; then
		copy_out "$image" "$out"
		copy_out "${image%.so}.debug" "${out%.so}.debug"
	fi
	[ -z "$out" ] || [ -z "$coverage" ] || ln -sfn "${image%.so}.notes" "${out%.so}.notes"
	[ -z "$print_key" ] || echo "$key"
	echo "$image"
	exit 0
}

[ ! -f "$image" ] || finish
mkdir -p "$cache/kernel"
exec 9>"$cache/kernel/lock"
flock -n 9 || { echo "waiting for another build" >&2; flock 9; }
[ ! -f "$image" ] || finish

# Left-overs of builds that were killed: the lock is ours, so nobody uses them.
rm -rf "$cache"/kernel/build.*
work=$cache/kernel/build.$$
mkdir -p "$work"
progress=
cleanup()
{
	[ -z "$progress" ] || kill "$progress" 2>/dev/null || true
	rm -rf "$work"
}
trap cleanup EXIT

failed()
{
	echo "build-kernel.sh: $1 failed; the end of $log:" >&2
	grep -E 'error|Error|undefined|\*\*\*' "$log" | tail -n 20 >&2 || true
	tail -n 20 "$log" >&2
	exit 1
}

cc=$compiler
if command -v ccache >/dev/null; then
	export CCACHE_DIR=$cache/ccache CCACHE_NOHASHDIR=1 CCACHE_COMPILERCHECK=content
	export CCACHE_BASEDIR=$work CCACHE_MAXSIZE=${CCACHE_MAXSIZE:-2G}
	cc="ccache $compiler"
fi

# ---- coverage ----

# What the compiler is told for code that is to count.  Its lists of counters are put into a section, so that nobody
# has to run constructors (arch/hindcast/kernel/coverage.c).  That option stands in a file: ccache does not know it, and
# would keep nothing.
# Without a seed it would stamp each object with the time.
counting='-fprofile-arcs -ftest-coverage -fno-tree-loop-im -frandom-seed=hindcast -specs=./counting.specs'

# Notes and lists name the folder in which the compiler ran.  By this name it is the same one wherever it lies, for ccache, too, and
# gcov's own while it reads them.
top=$work
if [ -n "$coverage" ]; then
	top=/proc/self/cwd
	cc="env PWD=$top $cc"
fi

# Below every folder that is named the flags hold.
start_counting()
{
	local folder file

	printf '*cc1:\n+ -fprofile-info-section=gcov_infos\n\n' >"$work/counting.specs"
	for folder in $coverage; do
		file=$work/$folder/Kbuild
		[ -f "$file" ] || file=$work/$folder/Makefile
		[ -f "$file" ] || die "--coverage: the kernel's source has no folder $folder with a Makefile"
		echo "subdir-ccflags-y += $counting" >>"$file"
	done
}

# The notes of all that counts, and the sources that they name.
keep_notes()
{
	local notes=$work/store/hindcast-kernel.notes

	mkdir -p "$notes" && cd "$work" &&
		find $coverage -name '*.gcno' | sort -u >notes.list &&
		xargs gcov --stdout <notes.list | sed -n 's/^ *-: *0:Source://p' | sort -u >sources.list &&
		cat notes.list sources.list | xargs cp --parents -t "$notes"
}

export KBUILD_BUILD_TIMESTAMP='Thu Jan  1 00:00:00 UTC 1970'
export KBUILD_BUILD_USER=hindcast KBUILD_BUILD_HOST=hindcast KBUILD_BUILD_VERSION=1
export SOURCE_DATE_EPOCH=0
# Debuggers are told of a place that is nobody's; `directory` of gdb says where the source really lies.
export KCFLAGS="-g -fdebug-prefix-map=$top=/usr/src/linux-hindcast"
export KAFLAGS=$KCFLAGS

kmake()
{
	make -C "$work" ARCH=hindcast HINDCAST_COVERAGE="${coverage:+y}" CC="$cc" HOSTCC="$compiler" "$@" >>"$log" 2>&1 9>&-
}

# A line every ten seconds.  The number of objects is that of the configuration here, roughly.
watch()
{
	local started=$SECONDS done

	while sleep 10; do
		done=$(grep -c '^  CC ' "$log" || true)
		echo "kernel: $done of about 760 objects, $((SECONDS - started)) s" >&2
	done
}

: >"$log"
echo "kernel: building $key" >&2
unpack "$work" >>"$log" 2>&1 || failed unpacking
start_counting
kmake KCONFIG_ALLCONFIG="$here/config/hindcast.config" allnoconfig || failed configuration
while read -r line; do
	grep -qxF "$line" "$work/.config" || die "the source does not know $line"
done < <(grep '^CONFIG_' "$here/config/hindcast.config")
watch 9>&- &
progress=$!
kmake -j "$jobs" KG_LDFLAGS=--strip-debug vmlinux || failed compilation
kill "$progress" 2>/dev/null || true
progress=

strip --strip-all -o "$work/hindcast-kernel.so" "$work/vmlinux"
"$here/check-exports.sh" "$work/hindcast-kernel.so" ${coverage:+kg_coverage} >>"$log" 2>&1 || failed "the check of exports"
kmake vmlinux || failed "the link with debug information"
{
	objcopy -O binary --only-section=.notes "$work/hindcast-kernel.so" "$work/notes" &&
	objcopy --compress-debug-sections=zlib --update-section .notes="$work/notes" \
		"$work/vmlinux" "$work/hindcast-kernel.debug"
} >>"$log" 2>&1 || failed "the extraction of debug information"
mkdir -p "$work/store"
cp "$work/hindcast-kernel.so" "$work/hindcast-kernel.debug" "$work/System.map" "$work/.config" "$work/store/"
[ -z "$coverage" ] || (keep_notes) >>"$log" 2>&1 || failed "the keeping of notes"
mv "$work/store" "$store"
finish
