#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# node-files.sh - a node may have another root; what its programs write reaches nothing outside of its own directory.
. "$(dirname "$0")/lib.sh"

# A root with one static program, and the host's own tree with a directory that tempts.
for place in "$work/image" "$work/host"; do
    mkdir -p "$place"/tempting/{sub,empty}
    for name in read secret unlink rename sub/in; do echo "untouched $name" >"$place/tempting/$name"; done
    ln -s /etc "$place/tempting/etc"
done
mkdir -p "$work/image/bin" "$work/image/etc"
echo "image" >"$work/image/etc/issue"
cp "$programs/hostile" "$work/image/bin/"
mkdir "$work/set"
cat >"$work/set/experiment.yaml" <<END
general: {stop_time: 20s, seed: 1}
hosts:
  image:
    root: ../image
    isolated: true
    processes:
    - {path: /bin/hostile, args: [/tempting]}
  host:
    isolated: true
    processes:
    - {path: $programs/hostile, args: ["$work/host/tempting"]}
    - {path: /bin/sh, args: [-c, 'echo >/tmp/new; echo age \$((\$(date +%s) - \$(stat -c %Y /tmp/new)))']}
END

# Content, modes, owners, times and names of everything that is the host's.
shot() {
    find "$work/image" "$work/host" /etc -xdev -printf '%p %y %m %U %G %s %T@ %l\n' | sort
    find "$work/image" "$work/host" -type f -exec sha256sum {} + | sort
    find / /tmp "$work" -maxdepth 1 -xdev \( -name 'outside' -o -name 'by-*' -o -name escaped -o -name linked -o -name renamed \)
}

shot >"$work/before"
record first "$work/set"
shot >"$work/after"
diff "$work/before" "$work/after" >&2 || fail "the host's files have changed"
for node in image host; do
    expect_text "$(output "$work/first.data" "$node" hostile)" '^done$'
done
# The first file of a node is no older than the node.
expect_text "$(output "$work/first.data" host sh)" '^age 0$'
# They have had an effect on the node all the same, and the node's own directory remains.
expect_text "$work/first.data/image/root/tempting/secret" 'defaced'
[[ ! -e $work/first.data/image/root/bin ]] || fail "a file that nobody wrote to stands in the upper directory"

record again --workers 2 "$work/set"
expect_same "$work/first.hct" "$work/again.hct"
check_replay "$work/first.hct"

# A root that is none is an error that says where.
sed 's,\.\./image,../nowhere,' "$work/set/experiment.yaml" >"$work/wrong.yaml"
expect_status 2 "$HINDCAST" record -q -o "$work/wrong.hct" "$work/wrong.yaml"
expect_text "$work/err" 'root: .*nowhere: No such file'
