#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# bare-debian.sh - a trace of nginx, redis, curl and python is opened, asked, replayed, debugged and compared in a bare Debian 12
# that has none of these: by a user who is not root, on another host, without a network, in another time zone and locale.
#
# The Debian is debootstrap's minbase with what hindcast itself depends on. Mirror and keyring are those of this machine's apt. It is kept
# in ~/.cache/hindcast/debian, and made anew when hindcast is linked to other packages.
. "$(dirname "$0")/lib.sh"
need debootstrap apt-get dpkg-query gdb zstd jq nginx redis-server redis-cli curl python3

suite=bookworm
cache=${HINDCAST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hindcast}/debian
jail=$work/jail

mounting unshare --uts --net chroot / true 2>/dev/null ||
    skip "this host allows no chroot with a network and a host name of its own"

# ---- the bare Debian -----------------------------------------------------------------

# What hindcast is linked to, and the gdb that it starts.  The libraries of the latter are named, too, since debootstrap does not find who
# provides a virtual package.
packages_needed() {
    local library
    echo gdb
    ldd "$HINDCAST" "$(command -v gdb)" | awk '$2 == "=>" { print $3 }' | while read -r library; do
        # With /usr merged, it may be known by either name.
        { dpkg-query -S "$library" "/usr$library" 2>/dev/null || true; } | sed -n '1s/:.*//p' | grep . || echo "$library"
    done
}

make_debian() {
    local mirror sources keyring as_root=()
    [[ $(id -u) -eq 0 ]] || as_root=(sudo -n)
    "${as_root[@]}" true 2>/dev/null || skip "there is no bare Debian in $cache yet; to make one needs root"
    # Where lists were never fetched, or were removed, only what stands in the sources is known.
    # shellcheck disable=SC2016
    local targets=(apt-get indextargets --format '$(REPO_URI) $(SOURCESENTRY)' 'Created-By: Packages' 'Component: main')
    read -r mirror sources < <("${targets[@]}" 'Origin: Debian' "Codename: $suite"
        "${targets[@]}" --no-release-info "Release: $suite") || skip "apt of this machine knows no $suite to make a bare Debian of"
    # Without one of its own, a source has the keyring of Debian's archive, as debootstrap does.
    keyring=$(sed -nE 's/.*[Ss]igned-[Bb]y *[:=] *(\/[^] ]+).*/\1/p' "${sources%:*}" | head -n 1)
    mkdir -p "$cache"
    local new
    new=$(mktemp -d "$cache/new.XXXXXX")
    "${as_root[@]}" bash -c "$(declare -f mounting)"'; mounting debootstrap "$@"' debootstrap --variant=minbase \
        --include="$(paste -sd, "$work/packages")" ${keyring:+"--keyring=$keyring"} "$suite" "$new" "$mirror" \
        >"$work/debootstrap.log" 2>&1 || {
        "${as_root[@]}" rm -rf --one-file-system "$new"
        skip "a bare Debian cannot be had from $mirror: $(grep '^[EW]:' "$work/debootstrap.log" | tail -n 1)"
    }
    "${as_root[@]}" tar -C "$new" --one-file-system --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' \
        --exclude='./var/cache/apt/*' --exclude='./var/lib/apt/lists/*' --exclude='./usr/share/doc/*' \
        --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*' -cf - . | zstd -q >"$work/debian.tar.zst"
    "${as_root[@]}" rm -rf --one-file-system "$new"
    rm -f "$cache"/*.tar.zst
    mv "$work/debian.tar.zst" "$1"
}

packages_needed | sort -u >"$work/packages"
! grep ^/ "$work/packages" >"$work/foreign" ||
    skip "hindcast is linked to what no Debian package holds: $(paste -sd' ' "$work/foreign")"
# shellcheck disable=SC2016
key=$( { echo "1 $suite"; xargs dpkg-query -W -f '${Package} ${Version}\n' <"$work/packages"; } | sha256sum | cut -c1-16)
debian=$cache/$key.tar.zst
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
[[ -e $debian ]] || make_debian "$debian"
mkdir "$jail"
zstd -qdc "$debian" | tar -C "$jail" -xf -
chmod 755 "$jail"
exec 9>&-
install "$HINDCAST" "$jail/usr/local/bin/hindcast"

# ---- the runs ---------------------------------------------------------------------------

mkdir "$work/run"
cat >"$work/run/experiment.yaml" <<'END'
general: {stop_time: 20 s, seed: 1}
network:
  links:
  - {ends: [server, client], delay: 5 ms, rate: 10 Mbit, loss: 2%}
hosts:
  server:
    processes:
    - path: /bin/sh
      args:
      - -ec
      - |
        mkdir /tmp/www; seq 1 20000 >/tmp/www/numbers
        cat >/tmp/nginx.conf <<'CONF'
        pid /tmp/nginx.pid;
        error_log /tmp/error.log;
        events { }
        http {
          access_log off; client_body_temp_path /tmp/b; proxy_temp_path /tmp/p; fastcgi_temp_path /tmp/f;
          uwsgi_temp_path /tmp/u; scgi_temp_path /tmp/s;
          server { listen 80; root /tmp/www; }
        }
        CONF
        exec nginx -c /tmp/nginx.conf -g 'daemon off;'
      name: nginx
      expected_final_state: running
    - path: /usr/bin/redis-server
      args: --bind 0.0.0.0 --protected-mode no --dir /tmp --save ""
      expected_final_state: running
  client:
    processes:
    - path: /usr/bin/python3
      args:
      - -c
      - |
        import subprocess
        numbers = subprocess.check_output(["curl", "-sS", "http://server/numbers"]).split()
        total = sum(map(int, numbers))
        print(subprocess.check_output(["redis-cli", "-h", "server", "incrby", "total", str(total)]).decode(), end="")
      start_time: 2 s
END
record one "$work/run"
record again "$work/run" --workers 2
record other "$work/run" --seed 2
expect_text "$(output "$work/one.data" client python3)" '^200010000$'
mkdir "$jail/traces"
cp "$work/one.hct" "$work/again.hct" "$work/other.hct" "$jail/traces"

# ---- inside --------------------------------------------------------------------------------

# Root becomes nobody in there; who is not root already is.
inside_options=()
[[ $(id -u) -ne 0 ]] || inside_options=(--userspec=nobody:nogroup)
cat >"$work/inside.sh" <<'END'
set -e
jail=$1
shift
trap 'umount --lazy "$jail/proc" "$jail/dev/null" "$jail/dev/ptmx" 2>/dev/null || true' EXIT
mount --bind /proc "$jail/proc" 2>/dev/null || mount --rbind /proc "$jail/proc"
for device in null ptmx; do
    touch "$jail/dev/$device"
    mount --bind "/dev/$device" "$jail/dev/$device"
done
hostname elsewhere
chroot "$@"
END
inside() {
    mounting unshare --uts --net bash "$work/inside.sh" "$jail" "${inside_options[@]}" "$jail" /usr/bin/env -i \
        PATH=/usr/local/bin:/usr/bin:/bin TZ=Pacific/Chatham LC_ALL=C HOME=/nonexistent "$@"
}

for program in python3 python3.11 curl redis-server redis-cli redis-check-rdb nginx; do
    for folder in bin sbin usr/bin usr/sbin usr/local/bin; do
        [[ ! -e $jail/$folder/$program ]] || fail "the bare Debian has $folder/$program"
    done
done
expect_status 0 inside sh -c 'hostname; date +%Z; cat /proc/net/route | wc -l; id -u'
[[ $(id -u) -ne 0 ]] || expect_text "$work/out" '^65534$'
expect_text "$work/out" '^elsewhere$'

expect_status 0 inside hindcast info /traces/one.hct
expect_text "$work/out" 'stop_time|processes have ended'
expect_status 0 inside hindcast verify /traces/one.hct
expect_status 0 inside hindcast dump --story /traces/one.hct
expect_text "$work/out" 'client +python3: 200010000'
expect_text "$work/out" 'server +starts .*nginx'
expect_status 0 inside hindcast dump /traces/one.hct 'node==server && tcp.port==6379 && kind==packet-send'
expect_text "$work/out" packet-send
expect_status 0 inside hindcast sql --csv /traces/one.hct "SELECT count(*) FROM process WHERE status = 0"
expect_text "$work/out" '^[1-9]'
expect_status 0 inside hindcast replay --check /traces/one.hct
expect_text "$work/out" 'replay agrees with the record'
expect_status 0 inside hindcast replay /traces/one.hct
expect_text "$work/out" '200010000'
expect_status 0 inside hindcast diff /traces/one.hct /traces/again.hct
expect_status 1 inside hindcast diff /traces/one.hct /traces/other.hct
expect_text "$work/out" 'cause: seed'
expect_status 0 inside hindcast state --at 50% --json /traces/one.hct
jq -e '.. | strings | select(. == "/usr/bin/redis-server" or test("redis-server"))' "$work/out" >/dev/null ||
    fail "state does not know of redis-server"
for format in pcap pcapng csv json shiviz perfetto svg dot; do
    expect_status 0 inside hindcast export -o "/tmp/run.$format" "$format" /traces/one.hct 'packet'
    [[ -s $jail/tmp/run.$format ]] || fail "export $format wrote nothing"
done
# The same bytes as here.
expect_status 0 "$HINDCAST" export -o "$work/run.pcap" pcap "$work/one.hct" 'packet'
expect_same "$work/run.pcap" "$jail/tmp/run.pcap"
expect_status 0 inside hindcast gdb --node server --at 5s /traces/one.hct -- -batch \
    -ex backtrace -ex 'info inferiors' -ex 'inferior 2' -ex backtrace
# nginx has written its title over its arguments; still its libraries are found.
expect_text "$work/out" '#0 .* sigsuspend|#0 .* __GI___sigsuspend'
expect_text "$work/out" 'target:/usr/bin/redis-'
expect_text "$work/out" '#0 .* epoll_wait'
expect_status 0 inside hindcast ctl /traces/one.hct 'seek to=50%' threads
expect_status 0 inside hindcast trim --to 3s -o /tmp/trimmed.hct /traces/one.hct
expect_status 0 inside hindcast replay --check /tmp/trimmed.hct
expect_status 0 inside hindcast report /traces/one.hct
expect_text "$work/out" 'redis-server'
