/* SPDX-License-Identifier: GPL-2.0-or-later */
/* experiment-links.c - links, interfaces, addresses, and the routes that are written out. */
#include "experiment-int.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"

#define MTU_MIN 1280u	/* IPv6 does not live on less */
#define MTU_MAX 65535u
#define MTU_DEFAULT 1500u

/* ---- addresses ---- */

int rec__parse_address(const char *text, int family, unsigned int prefix, char *ret, size_t ret_size)
{
	char address[INET6_ADDRSTRLEN];
	uint8_t binary[16];
	const char *slash = strchr(text, '/');
	const size_t size = slash ? (size_t)(slash - text) : strlen(text);

	if (size >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, size);
	address[size] = 0;
	if (inet_pton(family, address, binary) != 1)
		return -EINVAL;
	if (slash) {
		uint64_t value;

		if (rec__parse_u64(slash + 1, &value) < 0 || value > (family == AF_INET ? 32 : 128))
			return -EINVAL;
		prefix = (unsigned int)value;
	}
	CHECK(inet_ntop(family, binary, address, sizeof(address)));
	CHECK((size_t)snprintf(ret, ret_size, "%s/%u", address, prefix) < ret_size);
	return 0;
}

/* ---- a link ---- */

int rec__take_link_name(struct rec__load *load, int value, void *object)
{
	const char *name = rec__scalar(load, value, "a link's name");

	if (!name)
		return -EINVAL;
	if (!*name || strpbrk(name, "/>, \t\n") || strspn(name, "0123456789") == strlen(name) || !strcmp(name, "all"))
		return rec__fail(load, value, "'%s' cannot be a link's name: it is to have no blanks, '/', '>' and ',', "
				 "and be neither a number nor 'all'", name);
	for (size_t i = 0; i < load->exp->link_count; i++)
		if (load->exp->links[i].name && !strcmp(load->exp->links[i].name, name))
			return rec__fail(load, value, "link %zu is called '%s' already", i, name);
	((struct rec__link *)object)->name = value;
	return 0;
}

int rec__take_a_to_b(struct rec__load *load, int value, void *object)
{
	((struct rec__link *)object)->a_to_b = value;
	return 0;
}

int rec__take_b_to_a(struct rec__load *load, int value, void *object)
{
	((struct rec__link *)object)->b_to_a = value;
	return 0;
}

int rec__take_mtu(struct rec__load *load, int value, void *object)
{
	uint64_t mtu;
	const int error = rec__take_u64(load, value, &mtu);

	if (error)
		return error;
	if (mtu < MTU_MIN || mtu > MTU_MAX)
		return rec__fail(load, value, "mtu is to be %u to %u bytes", MTU_MIN, MTU_MAX);
	((struct rec__link *)object)->mtu = (uint32_t)mtu;
	return 0;
}

int rec__take_end_node(struct rec__load *load, int value, void *object)
{
	return rec__find_host(load, value, &((struct rec__end *)object)->end.node);
}

int rec__take_end_interface(struct rec__load *load, int value, void *object)
{
	struct rec__end *e = object;
	const char *name = rec__scalar(load, value, "an interface's name");

	if (!name)
		return -EINVAL;
	if (!*name || strlen(name) >= REC_IF_NAME_SIZE || strpbrk(name, "/: \t\n") ||
	    !strcmp(name, ".") || !strcmp(name, "..") || !strcmp(name, "lo"))
		return rec__fail(load, value, "'%s' cannot be an interface's name: 1 to %d characters "
				 "without blanks, '/' and ':', and not lo", name, REC_IF_NAME_SIZE - 1);
	strcpy(e->end.if_name, name);
	return 0;
}

int rec__take_end_ipv4(struct rec__load *load, int value, void *object)
{
	struct rec__end *e = object;
	const char *text = rec__scalar(load, value, "ipv4");

	if (!text)
		return -EINVAL;
	if (rec__parse_address(text, AF_INET, 24, e->end.ipv4, sizeof(e->end.ipv4)) < 0)
		return rec__fail(load, value, "'%s' is not an IPv4 address; write it as 10.0.0.1/24", text);
	return 0;
}

int rec__take_end_ipv6(struct rec__load *load, int value, void *object)
{
	struct rec__end *e = object;
	const char *text = rec__scalar(load, value, "ipv6");

	if (!text)
		return -EINVAL;
	if (rec__parse_address(text, AF_INET6, 64, e->end.ipv6, sizeof(e->end.ipv6)) < 0)
		return rec__fail(load, value, "'%s' is not an IPv6 address; write it as fd00::1/64", text);
	return 0;
}

/* A host's name, or a map of what is special about its interface. */
static int take_end(struct rec__load *load, int value, struct rec__end *e)
{
	if (e->value)
		return rec__fail(load, value, "this end of the link was given already; a link has "
				 "either 'ends' or 'a' and 'b'");
	e->value = value;
	if (rec__yaml(load, value)->type == YAML_SCALAR_NODE)
		return rec__find_host(load, value, &e->end.node);
	const int error = rec__take_map(load, value, REC__SCOPE_end, e);

	if (!error && !e->end.node)
		return rec__fail(load, value, "an end of a link needs the name of a host: node: NAME");
	return error;
}

int rec__take_end_a(struct rec__load *load, int value, void *object)
{
	return take_end(load, value, &((struct rec__link *)object)->end[0]);
}

int rec__take_end_b(struct rec__load *load, int value, void *object)
{
	return take_end(load, value, &((struct rec__link *)object)->end[1]);
}

int rec__take_ends(struct rec__load *load, int value, void *object)
{
	struct rec__link *l = object;

	if (rec__expect(load, value, YAML_SEQUENCE_NODE, "ends (a list of two hosts)") < 0)
		return -EINVAL;
	const yaml_node_t *list = rec__yaml(load, value);

	if (list->data.sequence.items.top - list->data.sequence.items.start != 2)
		return rec__fail(load, value, "a link joins two hosts: ends: [a, b]; what joins more is a "
				 "medium: media: {lan: {kind: switch, hosts: [a, b, c], link: {delay: 10 us}}}");
	const int error = take_end(load, list->data.sequence.items.start[0], &l->end[0]);

	return error ?: take_end(load, list->data.sequence.items.start[1], &l->end[1]);
}

/* ---- links together ---- */

static int check_if_name(struct rec__load *load, int value, const struct rec_exp_end *end)
{
	const struct rec_experiment *exp = load->exp;

	for (size_t i = 0; i < exp->link_count; i++)
		for (unsigned int side = 0; side < 2; side++) {
			const struct rec_exp_end *other = &exp->links[i].end[side];

			if (other->node == end->node && !strcmp(other->if_name, end->if_name))
				return rec__fail(load, value, "'%s' has an interface %s already, on "
						 "link %zu", exp->nodes[end->node - 1].name,
						 end->if_name, i);
		}
	return 0;
}

/* Numbers the interface, and fills in what was left open. */
static int finish_end(struct rec__load *load, struct rec__end *e)
{
	struct rec_exp_end *end = &e->end;
	struct rec__host *host = &load->hosts[end->node - 1];
	const bool is_host = !load->exp->nodes[end->node - 1].medium;
	const uint32_t ifid = host->interface_count;

	if (is_host && ifid == REC_INTERFACES_MAX)
		return rec__fail(load, e->value, "a host can have %u interfaces", REC_INTERFACES_MAX);
	end->ifid = ifid;
	if (!*end->if_name)
		snprintf(end->if_name, sizeof(end->if_name), "eth%u", ifid);
	memcpy(end->mac, (uint8_t[]){2, 0, (uint8_t)(end->node >> 8), (uint8_t)end->node,
				     (uint8_t)(ifid >> 8), (uint8_t)ifid}, sizeof(end->mac));
	if (!ifid && *host->ip_addr && !*end->ipv4)
		strcpy(end->ipv4, host->ip_addr);
	if (is_host && check_if_name(load, e->value, end) < 0)
		return -EINVAL;
	host->interface_count++;
	return 0;
}

static int finish_channel(struct rec__load *load, const struct rec__link *l, int overrides,
			  struct rec_exp_channel *ret)
{
	*ret = l->both;
	if (overrides && rec__take_map(load, overrides, REC__SCOPE_channel, ret) < 0)
		return -EINVAL;
	if (ret->delay_ns == REC__UNSET)
		return rec__fail(load, overrides ?: l->value, "a link needs a delay, in each direction; "
				 "for example: delay: 1 ms");
	return rec__check_channel(load, overrides ?: l->value, ret);
}

struct rec__link rec__link_new(int value)
{
	return (struct rec__link){
		.value = value,
		.mtu = MTU_DEFAULT,
		.both = {.queue_frames = REC__QUEUE_DEFAULT, .delay_ns = REC__UNSET},
	};
}

int rec__add_link(struct rec__load *load, struct rec__link *l)
{
	struct rec_experiment *exp = load->exp;
	const uint32_t id = (uint32_t)exp->link_count;

	if (id == REC_LINKS_MAX)
		return rec__fail(load, l->value, "an experiment can have %u links", REC_LINKS_MAX);
	if (l->end[0].end.node == l->end[1].end.node)
		return rec__fail(load, l->value, "both ends of the link are on '%s'",
				 exp->nodes[l->end[0].end.node - 1].name);
	if (finish_channel(load, l, l->a_to_b, &l->end[0].end.out) < 0 ||
	    finish_channel(load, l, l->b_to_a, &l->end[1].end.out) < 0 ||
	    finish_end(load, &l->end[0]) < 0 || finish_end(load, &l->end[1]) < 0)
		return -EINVAL;
	exp->links = rec__grow(exp->links, id, sizeof(*exp->links));
	exp->links[id] = (struct rec_exp_link){
		.id = id,
		.end = {l->end[0].end, l->end[1].end},
		.mtu = l->mtu,
		.name = l->name ? rec__copy(rec__scalar(load, l->name, "a link's name")) : NULL,
	};
	load->link_values = rec__grow(load->link_values, id, sizeof(*load->link_values));
	load->link_values[id] = l->value;
	exp->link_count++;
	return 0;
}

/* Of a link to a medium the medium is end b. */
static void turn(const struct rec_experiment *exp, struct rec__link *l)
{
	if (!exp->nodes[l->end[0].end.node - 1].medium || exp->nodes[l->end[1].end.node - 1].medium)
		return;
	const struct rec__end end = l->end[0];
	const int overrides = l->a_to_b;

	l->end[0] = l->end[1];
	l->end[1] = end;
	l->a_to_b = l->b_to_a;
	l->b_to_a = overrides;
}

static int take_link(struct rec__load *load, int value, void *object)
{
	struct rec__link l = rec__link_new(value);

	if (rec__take_map(load, value, REC__SCOPE_link, &l) < 0)
		return -EINVAL;
	if (!l.end[0].value || !l.end[1].value)
		return rec__fail(load, value, "a link needs two ends: ends: [a, b]");
	turn(load->exp, &l);
	return rec__add_link(load, &l);
}

int rec__take_links(struct rec__load *load, int value, void *object)
{
	return rec__each(load, value, "links", take_link, object);
}

/* ---- routes that are written out ---- */

int rec__take_route_to(struct rec__load *load, int value, void *object)
{
	struct rec__route *r = object;
	char *to = r->route.destination;
	const size_t size = sizeof(r->route.destination);
	const char *text = rec__scalar(load, value, "the destination of a route");

	if (!text)
		return -EINVAL;
	if (!strcmp(text, "default"))
		strcpy(to, "default");
	else if (rec__parse_address(text, AF_INET, 32, to, size) < 0 &&
		 rec__parse_address(text, AF_INET6, 128, to, size) < 0)
		return rec__fail(load, value, "'%s' is not a network; write it as 10.0.0.0/24, "
				 "fd00::/64 or default", text);
	return 0;
}

int rec__take_route_via(struct rec__load *load, int value, void *object)
{
	struct rec__route *r = object;
	const char *text = rec__scalar(load, value, "the gateway of a route");
	char *slash;

	if (!text)
		return -EINVAL;
	if (strchr(text, '/') ||
	    (rec__parse_address(text, AF_INET, 32, r->route.via, sizeof(r->route.via)) < 0 &&
	     rec__parse_address(text, AF_INET6, 128, r->route.via, sizeof(r->route.via)) < 0))
		return rec__fail(load, value, "'%s' is not an address", text);
	slash = strchr(r->route.via, '/');
	*slash = 0;
	r->via = value;
	return 0;
}

int rec__take_route_interface(struct rec__load *load, int value, void *object)
{
	((struct rec__route *)object)->interface = value;
	return rec__scalar(load, value, "an interface's name") ? 0 : -EINVAL;
}

/* Whether the gateway is on the network of an interface, or at the other end of its link. */
static bool reaches(const struct rec_exp_end *end, const struct rec_exp_end *far, const char *via)
{
	const char *address = strchr(via, ':') ? far->ipv6 : far->ipv4;
	const size_t size = strlen(via);

	return (*end->ipv4 && rec__on_network(via, end->ipv4)) || (*end->ipv6 && rec__on_network(via, end->ipv6)) ||
	       (!strncmp(address, via, size) && address[size] == '/');
}

/* The interface by its name, or the one through which the gateway is reached. */
static const struct rec_exp_end *route_end(const struct rec_experiment *exp, node_id node,
					   const char *interface, const char *via)
{
	for (size_t i = 0; i < 2 * exp->link_count; i++) {
		const struct rec_exp_end *end = &exp->links[i / 2].end[i % 2];

		if (end->node != node)
			continue;
		if (interface ? !strcmp(end->if_name, interface)
			      : reaches(end, &exp->links[i / 2].end[!(i % 2)], via))
			return end;
	}
	return NULL;
}

static int take_route(struct rec__load *load, int value, void *object)
{
	struct rec_exp_node *node = object;
	struct rec__route r = {0};

	if (rec__take_map(load, value, REC__SCOPE_route, &r) < 0)
		return -EINVAL;
	if (!*r.route.destination || (!r.via && !r.interface))
		return rec__fail(load, value, "a route needs 'to', and 'via' or 'interface'");
	const char *interface =
		r.interface ? rec__scalar(load, r.interface, "an interface's name") : NULL;
	const struct rec_exp_end *end = route_end(load->exp, node->id, interface, r.route.via);

	if (!end && interface)
		return rec__fail(load, r.interface, "'%s' has no interface '%s'", node->name, interface);
	if (!end)
		return rec__fail(load, r.via, "%s is on no network of '%s'; if it is to be reached all "
				 "the same, name the interface", r.route.via, node->name);
	const bool via_v6 = strchr(r.route.via, ':'), to_v6 = strchr(r.route.destination, ':');

	if (!strcmp(r.route.destination, "default"))
		strcpy(r.route.destination, via_v6 ? "::/0" : "0.0.0.0/0");
	else if (r.via && via_v6 != to_v6)
		return rec__fail(load, value, "'to' and 'via' are of different families");
	r.route.ifid = end->ifid;
	node->routes = rec__grow(node->routes, node->route_count, sizeof(*node->routes));
	node->routes[node->route_count++] = r.route;
	return 0;
}

int rec__take_routes(struct rec__load *load)
{
	struct rec_experiment *exp = load->exp;
	int error = 0;

	for (size_t i = 0; i < exp->node_count && !error; i++)
		if (load->hosts[i].routes)
			error = rec__each(load, load->hosts[i].routes, "routes", take_route,
					  &exp->nodes[i]);
	return error;
}
