/* SPDX-License-Identifier: GPL-2.0-or-later */
/* experiment-media.c - switches, radio channels, and pairs of hosts on them. */
#include "experiment-int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

#define AGE_DEFAULT 300000000000ull	/* as 802.1D recommends */

struct medium {				/* while it is read */
	struct rec_exp_medium *exp;
	node_id node;
	bool has_kind;
	int hosts, link;		/* YAML nodes, 0: none */
};

int rec__take_medium_kind(struct rec__load *load, int value, void *object)
{
	static const char *const words[] = {
#define MEDIUM(kind) [REC_MEDIUM_##kind] = #kind,
#include "media.def"
#undef MEDIUM
	};
	struct medium *medium = object;
	const int kind = rec__take_word(load, value, "the kind of a medium", words, REC_MEDIUM_COUNT);

	if (kind < 0)
		return kind;
	if (kind == REC_MEDIUM_internet)
		return rec__fail(load, value, "an internet is what network.graph describes; there is one at most");
	medium->exp->kind = (enum rec_medium_kind)kind;
	medium->exp->pairs_only = kind == REC_MEDIUM_radio;
	medium->has_kind = true;
	return 0;
}

int rec__take_medium_hosts(struct rec__load *load, int value, void *object)
{
	((struct medium *)object)->hosts = value;
	return 0;
}

int rec__take_medium_link(struct rec__load *load, int value, void *object)
{
	((struct medium *)object)->link = value;
	return 0;
}

int rec__take_medium_age(struct rec__load *load, int value, void *object)
{
	const struct medium *medium = object;

	if (medium->exp->kind != REC_MEDIUM_switch)
		return rec__fail(load, value, "only a switch has addresses that age");
	return rec__take_delay(load, value, &medium->exp->age_ns);
}

static int take_member(struct rec__load *load, int value, void *object)
{
	const struct medium *medium = object;
	struct rec__link l = rec__link_new(medium->link ?: value);

	if (medium->link && rec__take_map(load, medium->link, REC__SCOPE_link, &l) < 0)
		return -EINVAL;
	if (l.end[0].value || l.end[1].value || l.name)
		return rec__fail(load, medium->link, "this describes the links of all hosts to the medium, a being the host "
				 "and b the medium: it cannot have ends or a name");
	if (rec__take_end_a(load, value, &l) < 0)
		return -EINVAL;
	if (load->exp->nodes[l.end[0].end.node - 1].medium)
		return rec__fail(load, value, "'%s' is not a host; switches are joined by a link of their own",
				 load->exp->nodes[l.end[0].end.node - 1].name);
	l.end[1] = (struct rec__end){.end.node = medium->node, .value = value};
	return rec__add_link(load, &l);
}

static int take_medium(struct rec__load *load, const yaml_node_pair_t *pair)
{
	struct rec_experiment *exp = load->exp;

	if (rec__add_node(load, pair->key, "a medium's name") < 0)
		return -EINVAL;
	struct rec_exp_node *node = &exp->nodes[exp->node_count - 1];
	struct medium medium = {.exp = calloc(1, sizeof(*node->medium)), .node = node->id};

	CHECK(medium.exp);
	node->medium = medium.exp;
	node->medium->age_ns = AGE_DEFAULT;
	if (rec__take_map(load, pair->value, REC__SCOPE_medium, &medium) < 0)
		return -EINVAL;
	if (!medium.has_kind)
		return rec__fail(load, pair->value, "a medium needs its kind: kind: switch");
	return medium.hosts ? rec__each(load, medium.hosts, "hosts (a list of those on the medium)", take_member, &medium) : 0;
}

int rec__take_media(struct rec__load *load, int value, void *object)
{
	int error = rec__check_names(load, value, "media (a map of names to media)");
	const yaml_node_t *map = rec__yaml(load, value);

	if (error < 0)
		return error;
	for (const yaml_node_pair_t *pair = map->data.mapping.pairs.start;
	     pair < map->data.mapping.pairs.top && !error; pair++)
		error = take_medium(load, pair);
	return error;
}

/* ---- pairs ---- */

static bool is_on(const struct rec_experiment *exp, node_id host, node_id medium)
{
	for (size_t i = 0; i < exp->link_count; i++)
		if (exp->links[i].end[0].node == host && exp->links[i].end[1].node == medium)
			return true;
	return false;
}

static bool share_medium(const struct rec_experiment *exp, node_id a, node_id b)
{
	for (size_t i = 0; i < exp->node_count; i++)
		if (exp->nodes[i].medium && is_on(exp, a, exp->nodes[i].id) && is_on(exp, b, exp->nodes[i].id))
			return true;
	return false;
}

struct rec_exp_link *rec__pair(struct rec__load *load, node_id a, node_id b)
{
	struct rec_experiment *exp = load->exp;

	for (size_t i = 0; i < exp->pair_count; i++) {
		const struct rec_exp_end *end = exp->pairs[i].end;

		if ((end[0].node == a && end[1].node == b) || (end[0].node == b && end[1].node == a))
			return &exp->pairs[i];
	}
	if (a == b || !share_medium(exp, a, b))
		return NULL;
	const struct rec_exp_channel open = {.queue_frames = REC__QUEUE_DEFAULT, .queue.drops = true};

	exp->pairs = rec__grow(exp->pairs, exp->pair_count, sizeof(*exp->pairs));
	struct rec_exp_link *pair = &exp->pairs[exp->pair_count];

	*pair = (struct rec_exp_link){
		.id = REC_LINKS_MAX + (uint32_t)exp->pair_count,
		.end = {{.node = a, .out = open}, {.node = b, .out = open}},
	};
	exp->pair_count++;
	return pair;
}

/* ---- the end ---- */

static void let_queue_drop(struct rec_exp_end *end)
{
	end->out.queue.drops = true;
	for (size_t i = 0; i < end->phase_count; i++)
		end->phases[i].channel.queue.drops = true;
}

/* Behind a medium's queue there is nobody who could be made to wait. */
void rec__finish_media(struct rec_experiment *exp)
{
	for (size_t i = 0; i < 2 * exp->link_count; i++)
		if (exp->nodes[exp->links[i / 2].end[i % 2].node - 1].medium)
			let_queue_drop(&exp->links[i / 2].end[i % 2]);
	for (size_t i = 0; i < 2 * exp->pair_count; i++)
		let_queue_drop(&exp->pairs[i / 2].end[i % 2]);
}
