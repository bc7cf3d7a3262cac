/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rtnl.c - what rtnetlink notifies of, as events: interfaces, addresses, routes, neighbours. */
#include "witness.h"

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "node-int.h"
#include "text.h"

/* The attributes of a message by their numbers; what a newer kernel knows beyond them is of no interest. */
#define ATTR_MAX 64
struct attrs {
	const struct rtattr *at[ATTR_MAX];
};

static struct attrs attrs_of(const struct nlmsghdr *message, size_t head)
{
	struct attrs attrs = {0};
	int left = (int)message->nlmsg_len - (int)NLMSG_SPACE(head);
	const struct rtattr *attr = (const void *)((const uint8_t *)NLMSG_DATA(message) + NLMSG_ALIGN(head));

	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left))
		if ((attr->rta_type & NLA_TYPE_MASK) < ATTR_MAX)
			attrs.at[attr->rta_type & NLA_TYPE_MASK] = attr;
	return attrs;
}

static uint32_t attr_u32(const struct rtattr *attr, uint32_t otherwise)
{
	uint32_t value = otherwise;

	if (attr && RTA_PAYLOAD(attr) >= sizeof(value))
		memcpy(&value, RTA_DATA(attr), sizeof(value));
	return value;
}

static void put_address(struct fmt_buf *out, int family, const struct rtattr *attr)
{
	char text[INET6_ADDRSTRLEN];

	if (attr && RTA_PAYLOAD(attr) >= (family == AF_INET6 ? 16u : 4u) &&
	    inet_ntop(family, RTA_DATA(attr), text, sizeof(text)))
		fmt_buf_put(out, text, strlen(text));
}

static void put_hardware(struct fmt_buf *out, const struct rtattr *attr)
{
	const size_t size = attr ? RTA_PAYLOAD(attr) : 0;

	for (size_t i = 0; i < size; i++)
		fmt_put_text(out, i ? ":%02x" : "%02x", ((const uint8_t *)RTA_DATA(attr))[i]);
}

static struct fmt_bytes bytes_of(const struct fmt_buf *buf)
{
	return (struct fmt_bytes) { buf->data, buf->size };
}

static void tell_link(struct rec_node *node, const struct nlmsghdr *message)
{
	const struct ifinfomsg *info = NLMSG_DATA(message);
	const struct attrs attrs = attrs_of(message, sizeof(*info));
	const struct rtattr *name = attrs.at[IFLA_IFNAME], *state = attrs.at[IFLA_OPERSTATE];
	_cleanup_(fmt_buf_done) struct fmt_buf mac = {0};

	/* A bridge tells of its ports in messages of its own. */
	if (info->ifi_family != AF_UNSPEC)
		return;
	put_hardware(&mac, attrs.at[IFLA_ADDRESS]);
	fmt_put_interface(&node->events, node->now, node->id, 0, &(struct fmt_ev_interface) {
		.index = (uint64_t)info->ifi_index, .mac = bytes_of(&mac), .flags = info->ifi_flags,
		.name = { name ? RTA_DATA(name) : NULL, name ? strnlen(RTA_DATA(name), RTA_PAYLOAD(name)) : 0 },
		.mtu = attr_u32(attrs.at[IFLA_MTU], 0), .operstate = state ? *(const uint8_t *)RTA_DATA(state) : 0,
		.on = message->nlmsg_type == RTM_NEWLINK });
}

static void tell_address(struct rec_node *node, const struct nlmsghdr *message)
{
	const struct ifaddrmsg *info = NLMSG_DATA(message);
	const struct attrs attrs = attrs_of(message, sizeof(*info));
	_cleanup_(fmt_buf_done) struct fmt_buf text = {0};

	put_address(&text, info->ifa_family, attrs.at[IFA_LOCAL] ?: attrs.at[IFA_ADDRESS]);
	fmt_put_text(&text, "/%u", info->ifa_prefixlen);
	fmt_put_if_address(&node->events, node->now, node->id, 0, &(struct fmt_ev_if_address) {
		.index = info->ifa_index, .address = bytes_of(&text), .scope = info->ifa_scope,
		.flags = attr_u32(attrs.at[IFA_FLAGS], info->ifa_flags), .on = message->nlmsg_type == RTM_NEWADDR });
}

/* "10.0.0.1@2 10.0.1.1@3": gateways and the interfaces to them. */
static void put_multipath(struct fmt_buf *out, int family, const struct rtattr *attr)
{
	const struct rtnexthop *hop = RTA_DATA(attr);
	int left = (int)RTA_PAYLOAD(attr);

	for (; RTNH_OK(hop, left); left -= NLMSG_ALIGN(hop->rtnh_len), hop = RTNH_NEXT(hop)) {
		int inner = hop->rtnh_len - (int)RTNH_LENGTH(0);
		const struct rtattr *at = RTNH_DATA(hop);

		if (out->size)
			fmt_put_text(out, " ");
		for (; RTA_OK(at, inner); at = RTA_NEXT(at, inner))
			if (at->rta_type == RTA_GATEWAY)
				put_address(out, family, at);
		fmt_put_text(out, "@%d", hop->rtnh_ifindex);
	}
}

static void tell_route(struct rec_node *node, const struct nlmsghdr *message)
{
	const struct rtmsg *info = NLMSG_DATA(message);
	const struct attrs attrs = attrs_of(message, sizeof(*info));
	_cleanup_(fmt_buf_done) struct fmt_buf target = {0}, via = {0}, source = {0};
	const bool replaces = message->nlmsg_flags & NLM_F_REPLACE;

	/* What is cached is nobody's setting. */
	if (info->rtm_flags & RTM_F_CLONED)
		return;
	put_address(&target, info->rtm_family, attrs.at[RTA_DST]);
	if (target.size || info->rtm_dst_len)
		fmt_put_text(&target, "/%u", info->rtm_dst_len);
	else
		fmt_put_text(&target, "default");
	put_address(&via, info->rtm_family, attrs.at[RTA_GATEWAY]);
	if (attrs.at[RTA_MULTIPATH])
		put_multipath(&via, info->rtm_family, attrs.at[RTA_MULTIPATH]);
	put_address(&source, info->rtm_family, attrs.at[RTA_PREFSRC]);
	fmt_put_route(&node->events, node->now, node->id, 0, &(struct fmt_ev_route) {
		.family = info->rtm_family, .target = bytes_of(&target), .via = bytes_of(&via),
		.index = attr_u32(attrs.at[RTA_OIF], 0), .source = bytes_of(&source),
		.table = attr_u32(attrs.at[RTA_TABLE], info->rtm_table), .type = info->rtm_type,
		.protocol = info->rtm_protocol, .scope = info->rtm_scope,
		.metric = attr_u32(attrs.at[RTA_PRIORITY], 0),
		.on = message->nlmsg_type == RTM_DELROUTE ? 0 : replaces ? 2 : 1 });
}

static void tell_neighbour(struct rec_node *node, const struct nlmsghdr *message)
{
	const struct ndmsg *info = NLMSG_DATA(message);
	const struct attrs attrs = attrs_of(message, sizeof(*info));
	_cleanup_(fmt_buf_done) struct fmt_buf address = {0}, hardware = {0};

	if (info->ndm_family != AF_INET && info->ndm_family != AF_INET6)
		return;
	put_address(&address, info->ndm_family, attrs.at[NDA_DST]);
	put_hardware(&hardware, attrs.at[NDA_LLADDR]);
	fmt_put_neighbour(&node->events, node->now, node->id, 0, &(struct fmt_ev_neighbour) {
		.index = (uint64_t)info->ndm_ifindex, .address = bytes_of(&address), .lladdr = bytes_of(&hardware),
		.state = info->ndm_state, .on = message->nlmsg_type == RTM_NEWNEIGH });
}

static const struct {
	uint16_t type;			/* of what appears or changes; one more: of what goes */
	uint16_t head;
	void (*tell)(struct rec_node *node, const struct nlmsghdr *message);
} MESSAGES[] = {
	{ RTM_NEWLINK, sizeof(struct ifinfomsg), tell_link },
	{ RTM_NEWADDR, sizeof(struct ifaddrmsg), tell_address },
	{ RTM_NEWROUTE, sizeof(struct rtmsg), tell_route },
	{ RTM_NEWNEIGH, sizeof(struct ndmsg), tell_neighbour },
};

void rec__tell_rtnl(struct rec_node *node, const void *messages, size_t size)
{
	const struct nlmsghdr *message = messages;
	int left = (int)size;

	for (; NLMSG_OK(message, left); message = NLMSG_NEXT(message, left))
		for (size_t i = 0; i < sizeof(MESSAGES) / sizeof(*MESSAGES); i++)
			if ((message->nlmsg_type == MESSAGES[i].type || message->nlmsg_type == MESSAGES[i].type + 1) &&
			    message->nlmsg_len >= (uint32_t)NLMSG_LENGTH(MESSAGES[i].head))
				MESSAGES[i].tell(node, message);
}
