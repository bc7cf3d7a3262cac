#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""truth.py STATE PRINTED: whether the state of a node is what programs printed there at the same moment.

STATE is what `hindcast state --json --node` shows, PRINTED what ss, ip and ls wrote, in parts that begin with "== NAME".
"""
import json
import re
import sys

wrong = []


def expect(what, state, printed):
    if state != printed:
        wrong.append(f"{what}: the state has {state!r}, the program printed {printed!r}")


def parts_of(text):
    parts = {}
    for block in text.split("== ")[1:]:
        name, _, rest = block.partition("\n")
        parts[name.strip()] = rest
    return parts


def number(pattern, line, default=None, kind=float):
    found = re.search(pattern, line)
    return kind(found.group(1)) if found else default


def check_sockets(state, text):
    """One socket is two lines: its names, and behind a tab what TCP knows of it."""
    tcp = {(s["local"], s["remote"]): s for s in state["sockets"] if s["kind"] == "tcp" and s.get("state") != "CLOSE"}
    lines = [line for line in text.splitlines() if line.strip()]
    seen = set()
    for i, line in enumerate(lines):
        if line[0].isspace():
            continue
        name, recv_queue, send_queue, local, remote = line.split()[:5]
        remote = "" if remote.endswith(":*") else remote
        local = local.replace("*:", "0.0.0.0:")
        seen.add((local, remote))
        socket = tcp.get((local, remote))
        if not socket:
            wrong.append(f"socket {local} - {remote}: not in the state")
            continue
        what = f"socket {local} - {remote} "
        expect(what + "state", socket["state"].replace("ESTABLISHED", "ESTAB"), name)
        expect(what + "receive queue", socket["recv_queue"], int(recv_queue))
        expect(what + "send queue", socket["send_queue"], int(send_queue))
        # Of these two ss knows no more.
        if name in ("LISTEN", "TIME-WAIT"):
            continue
        info = lines[i + 1]
        expect(what + "cwnd", socket["cwnd"], number(r" cwnd:(\d+)", info, kind=int))
        expect(what + "ssthresh", socket["ssthresh"], number(r" ssthresh:(\d+)", info, 0x7fffffff, int))
        expect(what + "rto", socket["rto_us"] / 1000, number(r" rto:([\d.]+)", info))
        expect(what + "rtt", round(socket["srtt_us"] / 1000, 3), number(r" rtt:([\d.]+)/", info))
        expect(what + "rttvar", round(socket["rttvar_us"] / 1000, 3), number(r" rtt:[\d.]+/([\d.]+)", info))
        expect(what + "mss", socket["mss"], number(r" mss:(\d+)", info, kind=int))
        expect(what + "retransmits", socket["retrans"], number(r" retrans:(\d+)/", info, 0, int))
        expect(what + "all retransmits", socket["total_retrans"], number(r" retrans:\d+/(\d+)", info, 0, int))
        expect(what + "lost", socket["lost"], number(r" lost:(\d+)", info, 0, int))
    expect("TCP's sockets", sorted(tcp), sorted(seen))


def check_addresses(state, text):
    printed = sorted((line.split()[1], line.split()[3]) for line in text.splitlines() if line.strip())
    has = sorted((i["name"], a) for i in state["interfaces"] for a in i["addresses"])
    expect("addresses", has, printed)


def check_links(state, text):
    for line in filter(str.strip, text.splitlines()):
        name, flags, mtu = re.match(r"\d+: ([^:@]+)[^<]*<([^>]*)> mtu (\d+)", line).groups()
        found = [i for i in state["interfaces"] if i["name"] == name]
        expect(f"interface {name}", len(found), 1)
        for interface in found:
            expect(f"{name} up", interface["up"], "UP" in flags.split(","))
            expect(f"{name} mtu", interface["mtu"], int(mtu))
            expect(f"{name} mac", interface["mac"], re.search(r"link/\S+ (\S+)", line).group(1))


def route_key(words):
    """What `ip route` prints of a route, and a state has."""
    def after(word):
        return words[words.index(word) + 1] if word in words else ""

    kind = words[0] if words[0] in ("local", "broadcast", "multicast", "anycast", "unreachable") else "unicast"
    target = words[0] if kind == "unicast" else words[1]
    return (kind, target, after("via"), after("dev"), after("src"), after("metric") or "0")


def check_routes(state, text, family, table):
    printed = sorted(route_key(line.split()) for line in text.splitlines() if line.strip())
    has = []
    for route in state["routes"]:
        if route["family"] != family or route["table"] != table:
            continue
        target = re.sub(r"/32$" if family == "inet" else r"/128$", "", route["target"])
        metric = str(route["metric"]) if route["metric"] or family == "inet" else "0"
        has.append((route["type"], target, route["via"], route["dev"], route["source"], metric))
    expect(f"routes of {family}, table {table}", sorted(has), printed)


def check_neighbours(state, text):
    printed = []
    for line in filter(str.strip, text.splitlines()):
        words = line.split()
        lladdr = words[words.index("lladdr") + 1] if "lladdr" in words else ""
        printed.append((words[0], words[words.index("dev") + 1], lladdr, words[-1].lower()))
    has = [(n["address"], n["dev"], n["lladdr"], n["state"]) for n in state["neighbours"]]
    expect("neighbours", sorted(has), sorted(printed))


def check_descriptors(state, text, name):
    pids = [p["pid"] for p in state["processes"] if p["name"] == name and not p["ended"]]
    printed = {}
    for line in text.splitlines():
        found = re.search(r" (\d+) -> (.*)$", line)
        if found:
            printed[int(found.group(1))] = found.group(2)
    has = {f["fd"]: f["what"] for f in state["fds"] if pids and pids[0] in f["pids"]}
    # What the client closes on exec: its timer, epoll, the local socket, and one that it marked later.
    closing = [f["fd"] for f in state["fds"] if pids and pids[0] in f["pids"] and f["flags"] & 0o2000000]
    expect(f"descriptors of {name} that close on exec", len(closing), 4 if 40 in printed else 0)
    expect(f"processes {name}", len(pids), 1 if printed else 0)
    expect(f"descriptors of {name}", has, printed)


def main():
    state = json.load(open(sys.argv[1]))["nodes"][0]
    parts = parts_of(open(sys.argv[2]).read())
    checks = {
        "ss": check_sockets,
        "addresses": check_addresses,
        "links": check_links,
        "routes": lambda s, t: check_routes(s, t, "inet", 254),
        "local routes": lambda s, t: check_routes(s, t, "inet", 255),
        "routes 6": lambda s, t: check_routes(s, t, "inet6", 254),
        "neighbours": check_neighbours,
        "descriptors": lambda s, t: check_descriptors(s, t, "talk"),
    }
    for name, check in checks.items():
        if name not in parts:
            sys.exit(f"{sys.argv[2]} has no part {name}")
        check(state, parts[name])
    for line in wrong:
        print(line)
    print(f"{len(checks)} parts compared, {len(wrong)} differences")
    sys.exit(1 if wrong else 0)


main()
