/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state-names.h"

#include <asm/unistd.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define NAME_OF(names, index) ((index) < sizeof(names) / sizeof(names[0]) && names[index] ? names[index] : "?")

const char *rep__doing_name(enum rep_doing doing)
{
	static const char *const names[] = {
		[REP_DOING_NOTHING] = "nothing", [REP_DOING_RUNS] = "runs",	  [REP_DOING_WAITS] = "waits",
		[REP_DOING_LOOPS] = "loops",	 [REP_DOING_FAULTED] = "faulted",
	};

	return NAME_OF(names, doing);
}

const char *rep__tcp_state_name(uint32_t state)
{
	static const char *const names[] = {
		NULL,	    "ESTABLISHED", "SYN-SENT",	"SYN-RECV", "FIN-WAIT-1", "FIN-WAIT-2",
		"TIME-WAIT", "CLOSE",	   "CLOSE-WAIT", "LAST-ACK", "LISTEN",	  "CLOSING",
	};

	return NAME_OF(names, state);
}

const char *rep__ca_name(uint32_t ca)
{
	static const char *const names[] = {"open", "disorder", "cwr", "recovery", "loss"};

	return NAME_OF(names, ca);
}

const char *rep__family_name(uint32_t family)
{
	static const char *const names[] = {
		[AF_UNIX] = "unix", [AF_INET] = "inet", [AF_INET6] = "inet6", [AF_NETLINK] = "netlink", [AF_PACKET] = "packet",
	};

	return NAME_OF(names, family);
}

void rep__socket_kind(const struct rep_state_socket *socket, char ret[32])
{
	static const char *const types[] = {NULL, "stream", "dgram", "raw", NULL, "seqpacket"};
	const bool inet = socket->family == AF_INET || socket->family == AF_INET6;

	if (inet && socket->protocol == IPPROTO_TCP)
		snprintf(ret, 32, "tcp");
	else if (inet && socket->protocol == IPPROTO_UDP)
		snprintf(ret, 32, "udp");
	else
		snprintf(ret, 32, "%s-%s", rep__family_name(socket->family), NAME_OF(types, socket->type));
}

const char *rep__route_type_name(uint32_t type)
{
	static const char *const names[] = {
		"none", "unicast", "local", "broadcast", "anycast", "multicast", "blackhole", "unreachable", "prohibit", "throw",
	};

	return NAME_OF(names, type);
}

const char *rep__route_protocol_name(uint32_t protocol)
{
	static const char *const names[] = {
		[RTPROT_UNSPEC] = "none", [RTPROT_REDIRECT] = "redirect", [RTPROT_KERNEL] = "kernel",
		[RTPROT_BOOT] = "boot",	  [RTPROT_STATIC] = "static",	  [RTPROT_RA] = "ra",
	};

	return NAME_OF(names, protocol);
}

const char *rep__scope_name(uint32_t scope)
{
	return scope == RT_SCOPE_UNIVERSE ? "global" : scope == RT_SCOPE_LINK ? "link" : scope == RT_SCOPE_HOST ? "host" : "site";
}

const char *rep__table_name(uint32_t table)
{
	return table == RT_TABLE_MAIN ? "main" : table == RT_TABLE_LOCAL ? "local" : table == RT_TABLE_DEFAULT ? "default" : "other";
}

const char *rep__neighbour_state_name(uint32_t state)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} names[] = {
		{NUD_PERMANENT, "permanent"}, {NUD_NOARP, "noarp"}, {NUD_REACHABLE, "reachable"}, {NUD_STALE, "stale"},
		{NUD_DELAY, "delay"}, {NUD_PROBE, "probe"}, {NUD_INCOMPLETE, "incomplete"}, {NUD_FAILED, "failed"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (state & names[i].bit)
			return names[i].name;
	return "none";
}

const char *rep__timer_kind(uint32_t nr)
{
	return nr == __NR_timerfd_settime ? "timerfd" : nr == __NR_timer_settime ? "timer" : nr == __NR_alarm ? "alarm" : "itimer";
}

const char *rep__interface_name(const struct rep_state_node *node, uint32_t index)
{
	const struct rep_state_interface *rows = node->interfaces.rows;

	for (uint32_t i = 0; i < node->interfaces.count; i++)
		if (rows[i].index == index)
			return rows[i].name;
	return "";
}

#define TIME_WAIT 6

/* What is left of a connection in TIME-WAIT has no queues; its last numbers would say otherwise, since a FIN counts. */
uint32_t rep__send_queue(const struct rep_state_socket *socket)
{
	return socket->state == TIME_WAIT ? 0 : socket->write_seq - socket->snd_una;
}

uint32_t rep__recv_queue(const struct rep_state_socket *socket)
{
	if (socket->state == TIME_WAIT)
		return 0;
	return (int32_t)(socket->rcv_nxt - socket->copied_seq) > 0 ? socket->rcv_nxt - socket->copied_seq : 0;
}
