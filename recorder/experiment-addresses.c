/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * experiment-addresses.c - the addresses that interfaces get when nobody gives them.
 *
 * Every network has a number, that of its first link: 10.<number / 256>.<number % 256>.0/24 and
 * fd00:0:0:<number in hexadecimal>::/64.  A link between two hosts is a network, with the ends 1 and 2; so are media that are
 * joined with each other and all links on them, whose hosts count from 1.  Hosts on an internet have 11.0.0.0/8, as in Shadow.
 */
#include "experiment-int.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"

#define NETWORK_HOSTS_MAX 254u
#define INTERNET_BASE 0x0b000000u	/* 11.0.0.0 */
#define INTERNET_END 0x0c000000u

struct network {
	uint32_t link;			/* its first */
	uint32_t host_count;
};

static bool is_medium(const struct rec_experiment *exp, const struct rec_exp_end *end)
{
	return exp->nodes[end->node - 1].medium;
}

static bool is_internet(const struct rec_experiment *exp, const struct rec_exp_end *end)
{
	return is_medium(exp, end) && exp->nodes[end->node - 1].medium->kind == REC_MEDIUM_internet;
}

static void set_ipv4(struct rec_exp_end *end, uint32_t address, unsigned int prefix)
{
	char text[64];

	snprintf(text, sizeof(text), "%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255, address & 255);
	CHECK(!rec__parse_address(text, AF_INET, prefix, end->ipv4, sizeof(end->ipv4)));
}

static void set_addresses(struct rec_exp_end *end, uint32_t network, uint32_t host)
{
	char text[64];

	if (!*end->ipv4)
		set_ipv4(end, 10u << 24 | network << 8 | host, 24);
	if (!*end->ipv6) {
		snprintf(text, sizeof(text), "fd00:0:0:%x::%x", network, host);
		CHECK(!rec__parse_address(text, AF_INET6, 64, end->ipv6, sizeof(end->ipv6)));
	}
}

/* ---- media that are joined have one network ---- */

static uint32_t root_of(const uint32_t *joined, uint32_t node)
{
	while (joined[node] != node)
		node = joined[node];
	return node;
}

static bool is_wired(const struct rec_experiment *exp, const struct rec_exp_end *end)
{
	const enum rec_medium_kind kind = exp->nodes[end->node - 1].medium->kind;

	return kind == REC_MEDIUM_switch || kind == REC_MEDIUM_pcap;
}

int rec__join_media(struct rec__load *load)
{
	const struct rec_experiment *exp = load->exp;

	if (load->lans)
		return 0;
	uint32_t *joined = load->lans = calloc(exp->node_count + 1, sizeof(*joined));

	CHECK(joined);
	for (uint32_t i = 0; i < exp->node_count; i++)
		joined[i] = i;
	for (size_t i = 0; i < exp->link_count; i++) {
		const struct rec_exp_end *end = exp->links[i].end;

		if (!is_medium(exp, &end[0]) || !is_medium(exp, &end[1]))
			continue;
		const uint32_t a = root_of(joined, end[0].node - 1), b = root_of(joined, end[1].node - 1);
		const char *a_name = exp->nodes[end[0].node - 1].name, *b_name = exp->nodes[end[1].node - 1].name;

		if (!is_wired(exp, &end[0]) || !is_wired(exp, &end[1]))
			return rec__fail(load, load->link_values[i],
					 "only switches can be joined with each other, not '%s' and '%s'; put a "
					 "host between them", a_name, b_name);
		if (a == b)
			return rec__fail(load, load->link_values[i],
					 "link %zu between '%s' and '%s' closes a loop of switches, in which "
					 "frames would go round for ever: they have no spanning tree protocol", i,
					 a_name, b_name);
		joined[a < b ? b : a] = a < b ? a : b;
	}
	for (uint32_t i = 0; i < exp->node_count; i++)
		joined[i] = root_of(joined, i);
	return 0;
}

/* The host's end of a link to a medium. */
static int number_end(struct rec__load *load, struct rec_exp_link *link, struct network *network)
{
	struct rec_exp_end *end = &link->end[0];

	if (!network->host_count++)
		network->link = link->id;
	if (network->host_count > NETWORK_HOSTS_MAX && (!*end->ipv4 || !*end->ipv6))
		return rec__fail(load, load->link_values[link->id],
				 "'%s' is the %uth interface on '%s', and the network has room for %u; give "
				 "addresses (ipv4 and ipv6) at the links to it", load->exp->nodes[end->node - 1].name,
				 network->host_count, load->exp->nodes[link->end[1].node - 1].name, NETWORK_HOSTS_MAX);
	set_addresses(end, network->link, network->host_count);
	return 0;
}

/* ---- the internet ---- */

static bool is_taken(const struct rec_experiment *exp, uint32_t address)
{
	char text[32];
	struct rec_exp_end wanted = {0};

	set_ipv4(&wanted, address, 32);
	snprintf(text, sizeof(text), "%.*s/", (int)strcspn(wanted.ipv4, "/"), wanted.ipv4);
	for (size_t i = 0; i < 2 * exp->link_count; i++)
		if (!strncmp(exp->links[i / 2].end[i % 2].ipv4, text, strlen(text)))
			return true;
	return false;
}

/* The next free one, but for those that end in 0 or 255. */
static int number_internet(struct rec__load *load, struct rec_exp_link *link, uint32_t *last)
{
	struct rec_exp_end *end = &link->end[0], *gateway = &link->end[1];
	char text[64];

	strcpy(gateway->ipv4, "169.254.0.1/32");
	strcpy(gateway->ipv6, "fe80::1/128");
	if (!*end->ipv4) {
		do
			++*last;
		while ((*last & 255) == 0 || (*last & 255) == 255 || is_taken(load->exp, *last));
		if (*last >= INTERNET_END)
			return rec__fail(load, load->link_values[link->id], "11.0.0.0/8 is full");
		set_ipv4(end, *last, 32);
	}
	if (!*end->ipv6) {
		snprintf(text, sizeof(text), "fd00:b::%x", end->node);
		CHECK(!rec__parse_address(text, AF_INET6, 128, end->ipv6, sizeof(end->ipv6)));
	}
	return 0;
}

/* ---- all ---- */

struct own {				/* an interface of a host */
	const struct rec_exp_end *end;
	uint32_t link;
};

static int cmp_own(const void *a, const void *b)
{
	const struct own *x = a, *y = b;
	const int c = strcmp(x->end->ipv4, y->end->ipv4);

	return c ? c : x->link < y->link ? -1 : x->link > y->link;
}

/* An address that two nodes have would make the network look broken where the file is. */
static int check_addresses(struct rec__load *load)
{
	const struct rec_experiment *exp = load->exp;
	_cleanup_free_ struct own *own = calloc(2 * exp->link_count + 1, sizeof(*own));
	size_t count = 0;

	CHECK(own);
	for (size_t i = 0; i < 2 * exp->link_count; i++)
		if (!is_medium(exp, &exp->links[i / 2].end[i % 2]))
			own[count++] = (struct own){&exp->links[i / 2].end[i % 2], (uint32_t)(i / 2)};
	qsort(own, count, sizeof(*own), cmp_own);
	for (size_t i = 1; i < count; i++) {
		const struct rec_exp_end *before = own[i - 1].end, *end = own[i].end;

		if (!strncmp(end->ipv4, before->ipv4, strcspn(end->ipv4, "/") + 1) && end->node != before->node)
			return rec__fail(load, load->link_values[own[i].link],
					 "'%s' and '%s' have the same address, %s", exp->nodes[before->node - 1].name,
					 exp->nodes[end->node - 1].name, end->ipv4);
	}
	return 0;
}

static int add_address(struct rec__load *load, struct rec_exp_link *link, struct network *network, uint32_t *last)
{
	const struct rec_experiment *exp = load->exp;

	if (is_internet(exp, &link->end[1]))
		return number_internet(load, link, last);
	if (is_medium(exp, &link->end[0]))
		return 0;
	if (is_medium(exp, &link->end[1]))
		return number_end(load, link, network);
	set_addresses(&link->end[0], link->id, 1);
	set_addresses(&link->end[1], link->id, 2);
	return 0;
}

int rec__add_addresses(struct rec__load *load)
{
	struct rec_experiment *exp = load->exp;
	_cleanup_free_ struct network *networks = calloc(exp->node_count + 1, sizeof(*networks));
	uint32_t last = INTERNET_BASE;

	CHECK(networks);
	int error = rec__join_media(load);

	for (size_t i = 0; i < exp->link_count && !error; i++)
		error = add_address(load, &exp->links[i], &networks[load->lans[exp->links[i].end[1].node - 1]], &last);
	return error ?: check_addresses(load);
}
