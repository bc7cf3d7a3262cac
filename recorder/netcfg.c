/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netcfg.c - a node's interfaces, addresses, neighbours, routes and sysctls, set before its programs start.
 *
 * All of it goes through the node's own kernel by rtnetlink, in the name of pid 1, as `ip` would do it.
 * Both ends of a point-to-point link know each other's hardware address from the start (permanent neighbour
 * entries): a first packet takes exactly as long as every other.  Duplicate address detection
 * is off: no address here can be a duplicate, and programs may bind to it at once.
 */
#include "node-int.h"

#include <arpa/inet.h>
#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/check.h"

/* One rtnetlink request under construction. */
struct request {
	struct nlmsghdr header;
	char body[512];
};

static void *request_init(struct request *rq, uint16_t type, uint16_t flags, size_t payload)
{
	memset(rq, 0, sizeof(*rq));
	rq->header.nlmsg_len = (uint32_t)NLMSG_LENGTH(payload);
	rq->header.nlmsg_type = type;
	rq->header.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	return NLMSG_DATA(&rq->header);
}

static void request_attr(struct request *rq, uint16_t type, const void *data, size_t size)
{
	struct rtattr *attr = (struct rtattr *)((char *)rq + NLMSG_ALIGN(rq->header.nlmsg_len));

	attr->rta_type = type;
	attr->rta_len = (uint16_t)RTA_LENGTH(size);
	memcpy(RTA_DATA(attr), data, size);
	rq->header.nlmsg_len = NLMSG_ALIGN(rq->header.nlmsg_len) + RTA_ALIGN(attr->rta_len);
	CHECK(rq->header.nlmsg_len <= sizeof(*rq));
}

static int64_t init_call(struct rec_node *node, uint64_t nr, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3,
			 uint64_t a4, uint64_t a5)
{
	return rec__init_call(node, KG_INIT, nr, a0, a1, a2, a3, a4, a5);
}

/* Sends a request and takes its answer.  0 or -errno of the kernel. */
static int request_do(struct rec_node *node, int64_t fd, struct request *rq)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char more[1024];
	} answer = { 0 };
	int64_t r = init_call(node, __NR_sendto, (uint64_t)fd, REC_PTR(rq), rq->header.nlmsg_len, 0, 0, 0);

	if (r >= 0)
		r = init_call(node, __NR_recvfrom, (uint64_t)fd, REC_PTR(&answer), sizeof(answer), MSG_DONTWAIT, 0, 0);
	if (r < 0)
		return (int)r;
	return answer.header.nlmsg_type == NLMSG_ERROR ? answer.error.error : -EPROTO;
}

/* "addr/prefix" of either family.  Bytes of the address, 0 when it is none. */
static size_t parse_address(const char *text, uint8_t ret[16], uint8_t *ret_prefix, uint8_t *ret_family)
{
	char copy[64];
	char *slash;

	snprintf(copy, sizeof(copy), "%s", text);
	slash = strchr(copy, '/');
	if (slash)
		*slash = 0;
	*ret_family = strchr(copy, ':') ? AF_INET6 : AF_INET;
	size_t size = *ret_family == AF_INET6 ? 16 : 4;

	*ret_prefix = slash ? (uint8_t)atoi(slash + 1) : (uint8_t)(8 * size);
	return inet_pton(*ret_family, copy, ret) == 1 ? size : 0;
}

static int link_up(struct rec_node *node, int64_t fd, const char *name)
{
	struct request rq;
	struct ifinfomsg *info = request_init(&rq, RTM_NEWLINK, 0, sizeof(*info));

	info->ifi_flags = IFF_UP;
	info->ifi_change = IFF_UP;
	request_attr(&rq, IFLA_IFNAME, name, strlen(name) + 1);
	return request_do(node, fd, &rq);
}

static int if_index(struct rec_node *node, int64_t fd, const char *name)
{
	struct ifreq ifr = { 0 };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	int64_t r = init_call(node, __NR_ioctl, (uint64_t)fd, SIOCGIFINDEX, REC_PTR(&ifr), 0, 0, 0);

	return r < 0 ? (int)r : ifr.ifr_ifindex;
}

static int add_address(struct rec_node *node, int64_t fd, int index, const char *text)
{
	struct request rq;
	struct ifaddrmsg *msg = request_init(&rq, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, sizeof(*msg));
	uint8_t addr[16];
	size_t size = parse_address(text, addr, &msg->ifa_prefixlen, &msg->ifa_family);

	if (!size)
		return -EINVAL;
	msg->ifa_index = (uint32_t)index;
	if (msg->ifa_family == AF_INET6)
		msg->ifa_flags = IFA_F_NODAD;
	request_attr(&rq, IFA_LOCAL, addr, size);
	request_attr(&rq, IFA_ADDRESS, addr, size);
	return request_do(node, fd, &rq);
}

static int add_neighbour(struct rec_node *node, int64_t fd, int index, const char *text, const uint8_t mac[6])
{
	struct request rq;
	struct ndmsg *msg = request_init(&rq, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, sizeof(*msg));
	uint8_t addr[16], prefix;
	size_t size = parse_address(text, addr, &prefix, &msg->ndm_family);

	if (!size)
		return -EINVAL;
	msg->ndm_ifindex = index;
	msg->ndm_state = NUD_PERMANENT;
	request_attr(&rq, NDA_DST, addr, size);
	request_attr(&rq, NDA_LLADDR, mac, 6);
	return request_do(node, fd, &rq);
}

static int add_route(struct rec_node *node, int64_t fd, int index, const struct rec_exp_route *route)
{
	struct request rq;
	struct rtmsg *msg = request_init(&rq, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, sizeof(*msg));
	bool is_default = !strcmp(route->destination, "default");
	uint8_t to[16], via[16], prefix, family = AF_INET;
	size_t via_size = route->via[0] ? parse_address(route->via, via, &prefix, &family) : 0;
	size_t to_size = is_default ? 0 : parse_address(route->destination, to, &msg->rtm_dst_len, &msg->rtm_family);

	if (is_default)
		msg->rtm_family = family;
	if ((!is_default && !to_size) || (route->via[0] && !via_size))
		return -EINVAL;
	msg->rtm_table = RT_TABLE_MAIN;
	msg->rtm_protocol = RTPROT_STATIC;
	msg->rtm_scope = via_size ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	msg->rtm_type = RTN_UNICAST;
	if (to_size)
		request_attr(&rq, RTA_DST, to, to_size);
	if (via_size)
		request_attr(&rq, RTA_GATEWAY, via, via_size);
	request_attr(&rq, RTA_OIF, &index, sizeof(index));
	return request_do(node, fd, &rq);
}

/* "net.ipv4.ip_forward=1", as sysctl(8) takes it. */
static int set_sysctl(struct rec_node *node, const char *setting)
{
	char path[512];
	const char *equals = strchr(setting, '=');

	if (!equals)
		return -EINVAL;
	snprintf(path, sizeof(path), "/proc/sys/%.*s", (int)(equals - setting), setting);
	for (char *at = path + 10; *at; at++)
		if (*at == '.')
			*at = '/';
	int64_t fd = init_call(node, __NR_openat, (uint64_t)AT_FDCWD, REC_PTR(path), O_WRONLY, 0, 0, 0);

	if (fd < 0)
		return (int)fd;
	int64_t r = init_call(node, __NR_write, (uint64_t)fd, REC_PTR(equals + 1), strlen(equals + 1), 0, 0, 0);

	init_call(node, __NR_close, (uint64_t)fd, 0, 0, 0, 0, 0);
	return r < 0 ? (int)r : 0;
}

/* Whether the experiment turns IPv6 off, on some interface at least. */
static bool lacks_ipv6(const struct rec_exp_node *exp)
{
	for (char **setting = exp->sysctls; setting && *setting; setting++)
		if (strstr(*setting, ".disable_ipv6=1"))
			return true;
	return false;
}

static int end_up(struct rec_node *node, int64_t fd, const struct rec_exp_end *end, const struct rec_exp_end *peer)
{
	int r = link_up(node, fd, end->if_name);
	int index = r < 0 ? r : if_index(node, fd, end->if_name);

	if (index < 0)
		return index;
	const char *const own[2] = { end->ipv4, end->ipv6 }, *const theirs[2] = { peer->ipv4, peer->ipv6 };

	for (int i = 0; i < 2; i++) {
		if (own[i][0])
			r = add_address(node, fd, index, own[i]);
		if (i && r == -EACCES && lacks_ipv6(node->exp))
			return 0;
		if (r == 0 && theirs[i][0])
			r = add_neighbour(node, fd, index, theirs[i], peer->mac);
		if (r < 0)
			return r;
	}
	return 0;
}

int rec__netcfg(struct rec_node *node)
{
	static const char *const FIRST[] = { "net.ipv6.conf.all.accept_dad=0", "net.ipv6.conf.default.accept_dad=0",
					     "net.ipv4.ping_group_range=0 2147483647",
					     "kernel.threads-max=" REC_TASKS_MAX_TEXT };

	for (size_t i = 0; i < sizeof(FIRST) / sizeof(*FIRST); i++) {
		int r = set_sysctl(node, FIRST[i]);

		if (r < 0)
			rec__warn(node, 0, "sysctl %s: %s", FIRST[i], strerrorname_np(-r) ?: "?");
	}
	for (uint32_t i = 0; i < node->end_count; i++) {
		const struct rec_link_end *send = &node->ends[i];
		const struct rec_exp_end *end = &send->link->end[send->side];
		int r = node->api->if_add(i, end->if_name, end->mac, send->link->mtu);

		if (r < 0)
			return r;
		node->api->if_carrier(i, rec_channel_carrier(rec_channel_at(end, node->now)));
	}
	int64_t fd = init_call(node, __NR_socket, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, 0, 0, 0);

	if (fd < 0)
		return (int)fd;
	int r = link_up(node, fd, "lo");

	for (char **setting = node->exp->sysctls; r == 0 && setting && *setting; setting++) {
		r = set_sysctl(node, *setting);
		if (r < 0)
			rec__warn(node, 0, "sysctl %s: %s", *setting, strerrorname_np(-r) ?: "?");
		r = 0;
	}
	for (uint32_t i = 0; r == 0 && i < node->end_count; i++) {
		const struct rec_link_end *send = &node->ends[i];

		r = end_up(node, fd, &send->link->end[send->side], &send->link->end[!send->side]);
	}
	for (size_t i = 0; r == 0 && i < node->exp->route_count; i++) {
		const struct rec_exp_route *route = &node->exp->routes[i];
		const struct rec_link_end *send = route->ifid < node->end_count ? &node->ends[route->ifid] : NULL;
		int index = send ? if_index(node, fd, send->link->end[send->side].if_name) : -ENODEV;

		if (strchr(route->destination, ':') && lacks_ipv6(node->exp))
			continue;
		r = index < 0 ? index : add_route(node, fd, index, route);
		if (r < 0)
			rec__warn(node, 0, "route %s via %s: %s", route->destination, route->via,
				  strerrorname_np(-r) ?: "?");
		r = 0;
	}
	init_call(node, __NR_close, (uint64_t)fd, 0, 0, 0, 0, 0);
	return r;
}
