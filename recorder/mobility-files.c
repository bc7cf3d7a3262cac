/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mobility-files.c - movement that others have computed: scripts of ns-2, and BonnMotion's own files.
 *
 * ns-2:	$node_(0) set X_ 150.0			where it is at first
 *		$ns_ at 2.0 "$node_(0) setdest 250.0 93.0 5.0"	from then on it goes there at that speed
 *	Other lines are about other things, and passed over.  A setdest takes the place of one that is still under way.
 * BonnMotion:	0.0 150.0 93.0 20.0 250.0 93.0 ...	a line a host: time, x, y; between them it goes straight
 *
 * Option: `file`.  Nodes are the hosts in their order, from 0.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "mobility-int.h"

struct order {				/* to go somewhere */
	uint32_t host;
	double time, x, y;
	double speed;			/* ns-2; BonnMotion: negative, it is there at the time */
	size_t number;
};

struct moves {
	const struct hindcast_mobility_env *env;
	struct order *orders;		/* by host and time */
	size_t count, capacity;
	struct rec__leg *legs;		/* [host]: what it does now */
	size_t *next;			/* [host]: its order that comes next */
};

static void add_order(struct moves *m, struct order order)
{
	if (m->count == m->capacity) {
		m->capacity = m->capacity ? 2 * m->capacity : 64;
		m->orders = reallocarray(m->orders, m->capacity, sizeof(*m->orders));
		CHECK(m->orders);
	}
	order.number = m->count;
	m->orders[m->count++] = order;
}

static int cmp_orders(const void *a, const void *b)
{
	const struct order *x = a, *y = b;

	if (x->host != y->host)
		return x->host < y->host ? -1 : 1;
	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* ---- ns-2 ---- */

static int take_set(struct moves *m, const char *text, unsigned int line)
{
	unsigned int host;
	char axis;
	double value;

	if (sscanf(text, " $node_(%u) set %c_ %lf", &host, &axis, &value) != 3)
		return 0;
	if (host >= m->env->host_count)
		return rec__complain_at(m->env, line, "there are fewer hosts than that node's number says");
	if (axis == 'X')
		m->legs[host].to.x = value;
	else if (axis == 'Y')
		m->legs[host].to.y = value;
	else if (axis == 'Z')
		m->legs[host].to.z = value;
	return 0;
}

static int take_setdest(struct moves *m, const char *text, unsigned int line)
{
	struct order order;

	if (sscanf(text, " $ns_ at %lf \"$node_(%u) setdest %lf %lf %lf\"", &order.time, &order.host, &order.x, &order.y,
		   &order.speed) != 5)
		return strstr(text, "setdest") ?
		       rec__complain_at(m->env, line, "this is to be: $ns_ at TIME \"$node_(N) setdest X Y SPEED\"") : 0;
	if (order.host >= m->env->host_count)
		return rec__complain_at(m->env, line, "there are fewer hosts than that node's number says");
	if (order.time < 0 || order.speed < 0)
		return rec__complain_at(m->env, line, "times and speeds are not below 0");
	add_order(m, order);
	return 0;
}

static int take_ns2_line(void *arg, char *text, unsigned int line)
{
	struct moves *m = arg;

	text += strspn(text, " \t");
	return *text == '#' ? 0 : strncmp(text, "$ns_", 4) ? take_set(m, text, line) : take_setdest(m, text, line);
}

/* ---- BonnMotion ---- */

static int take_bonnmotion_line(void *arg, char *text, unsigned int line)
{
	struct moves *m = arg;
	const uint32_t host = line - 1;
	double last = -1;
	int used = 0;
	struct order order = {.host = host, .speed = -1};

	text += strspn(text, " \t\r");
	if (!*text)
		return 0;
	if (host >= m->env->host_count)
		return rec__complain_at(m->env, line, "there are more lines than hosts");
	for (; *text; text += used, text += strspn(text, " \t\r")) {
		if (sscanf(text, "%lf %lf %lf%n", &order.time, &order.x, &order.y, &used) != 3)
			return rec__complain_at(m->env, line, "a line is to be a row of TIME X Y");
		if (order.time <= last)
			return rec__complain_at(m->env, line, "the times are to ascend");
		last = order.time;
		add_order(m, order);
	}
	return 0;
}

/* ---- both ---- */

static int moves_open(const struct hindcast_mobility_env *env, void **ret,
		      rec__take_line_fn *take)
{
	struct moves *m = calloc(1, sizeof(*m));

	CHECK(m);
	*m = (struct moves){
		.env = env, .legs = calloc(env->host_count, sizeof(*m->legs)),
		.next = calloc(env->host_count + 1, sizeof(*m->next)),
	};
	CHECK(m->legs && m->next);
	*ret = m;
	if (rec__each_line(env, take, m))
		return -1;
	if (m->count)
		qsort(m->orders, m->count, sizeof(*m->orders), cmp_orders);
	for (size_t i = m->count; i-- > 0;)
		m->next[m->orders[i].host] = i;
	for (uint32_t i = 0; i < env->host_count; i++) {
		if (!m->count || m->orders[m->next[i]].host != i)
			m->next[i] = m->count;
		m->legs[i].from = m->legs[i].to;
	}
	return 0;
}

static void obey(struct rec__leg *leg, const struct order *order, int first)
{
	const struct hindcast_position target = {order->x, order->y, leg->to.z};

	if (order->speed < 0) {
		leg->from = first ? target : leg->to;
		leg->begin = leg->end;
		leg->to = target;
		leg->end = order->time;
		return;
	}
	leg->from = rec__leg_at(leg, order->time);
	leg->begin = leg->end = order->time;
	leg->to = order->speed > 0 ? target : leg->from;
	if (order->speed > 0)
		leg->end += rec__distance(&leg->from, &leg->to) / order->speed;
}

/* An order of ns-2 begins at its time, one of BonnMotion ends there. */
static int is_due(const struct order *order, const struct rec__leg *leg, double time, int first)
{
	return order->speed < 0 ? first || time > leg->end : time >= order->time;
}

/* The next order of a host that is due, or NULL; whether it is the host's first. */
static const struct order *due_order(struct moves *m, uint32_t host, double time, int *ret_first)
{
	const size_t next = m->next[host];

	if (next >= m->count || m->orders[next].host != host)
		return NULL;
	*ret_first = !next || m->orders[next - 1].host != host;
	if (!is_due(&m->orders[next], &m->legs[host], time, *ret_first))
		return NULL;
	m->next[host]++;
	return &m->orders[next];
}

static int moves_positions(void *state, uint64_t time_ns, struct hindcast_position *ret)
{
	struct moves *m = state;
	const double time = (double)time_ns / 1e9;

	for (uint32_t i = 0; i < m->env->host_count; i++) {
		const struct order *order;
		int first;

		while ((order = due_order(m, i, time, &first)))
			obey(&m->legs[i], order, first);
		ret[i] = rec__leg_at(&m->legs[i], time);
	}
	return 0;
}

static void moves_close(void *state)
{
	struct moves *m = state;

	free(m->orders);
	free(m->legs);
	free(m->next);
	free(m);
}

static int ns2_open(const struct hindcast_mobility_env *env, void **ret)
{
	return moves_open(env, ret, take_ns2_line);
}

static int bonnmotion_open(const struct hindcast_mobility_env *env, void **ret)
{
	return moves_open(env, ret, take_bonnmotion_line);
}

const struct hindcast_mobility rec__mobility_ns2 = {
	.abi = HINDCAST_MOBILITY_ABI, .name = "ns-2", .open = ns2_open, .positions = moves_positions, .close = moves_close,
};

const struct hindcast_mobility rec__mobility_bonnmotion = {
	.abi = HINDCAST_MOBILITY_ABI, .name = "bonnmotion", .open = bonnmotion_open, .positions = moves_positions,
	.close = moves_close,
};
