/* SPDX-License-Identifier: GPL-2.0-or-later */
/* experiment-media.c - switches, radio channels, and pairs of hosts on them. */
#include "experiment-int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"

#define AGE_DEFAULT 300000000000ull	/* as 802.1D recommends */

struct medium {				/* while it is read */
	struct rec__radio radio;	/* first: its keys are read into it */
	struct rec_exp_medium *exp;
	node_id node;
	struct rec__capture capture;
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

int rec__take_capture_file(struct rec__load *load, int value, void *object)
{
	((struct medium *)object)->capture.file = value;
	return 0;
}

int rec__take_capture_addresses(struct rec__load *load, int value, void *object)
{
	((struct medium *)object)->capture.addresses = value;
	return 0;
}

int rec__take_capture_start(struct rec__load *load, int value, void *object)
{
	return rec__take_time(load, value, &((struct medium *)object)->capture.start);
}

static int keep_capture(struct rec__load *load, const struct medium *medium)
{
	const struct rec__capture *capture = &medium->capture;

	if (medium->exp->kind == REC_MEDIUM_pcap && !capture->file)
		return rec__fail(load, capture->value, "a medium of the kind pcap needs the file that it sends: file: traffic.pcap");
	if (medium->exp->kind != REC_MEDIUM_pcap && (capture->file || capture->addresses || capture->start))
		return rec__fail(load, capture->value, "file, addresses and start are for media of the kind pcap");
	if (!capture->file)
		return 0;
	load->captures = rec__grow(load->captures, load->capture_count, sizeof(*load->captures));
	load->captures[load->capture_count++] = *capture;
	return 0;
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
	struct medium medium = {
		.radio = {.node = node->id, .value = pair->value},
		.capture = {.node = node->id, .value = pair->value}, .exp = calloc(1, sizeof(*node->medium)), .node = node->id,
	};

	CHECK(medium.exp);
	node->medium = medium.exp;
	node->medium->age_ns = AGE_DEFAULT;
	if (rec__take_map(load, pair->value, REC__SCOPE_medium, &medium) < 0)
		return -EINVAL;
	if (!medium.has_kind)
		return rec__fail(load, pair->value, "a medium needs its kind: kind: switch");
	if (medium.exp->kind == REC_MEDIUM_radio)
		*rec__add_radio(load, medium.node, pair->value) = medium.radio;
	else if (medium.radio.range_mm || medium.radio.rates || medium.radio.propagation || medium.radio.movement)
		return rec__fail(load, pair->value, "range, rates, propagation and movement are for media of the kind radio");
	if (keep_capture(load, &medium) < 0)
		return -EINVAL;
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

/* How pairs are found: there are as many as hosts squared when hosts move. */
struct rec__pairs {
	size_t *first;			/* [id - 1]: of the media that the node is on; [id]: their end */
	uint32_t *media;
	uint32_t *slots;		/* number of the pair + 1; open addressing by both nodes */
	size_t slot_count;		/* a power of two */
};

/* Media that are joined count as one. */
static void index_media(struct rec__pairs *pairs, const struct rec__load *load)
{
	const struct rec_experiment *exp = load->exp;
	size_t used = 0;

	pairs->first = calloc(exp->node_count + 1, sizeof(*pairs->first));
	pairs->media = calloc(exp->link_count + 1, sizeof(*pairs->media));
	CHECK(pairs->first && pairs->media);
	for (size_t i = 0; i < exp->link_count; i++)
		if (exp->nodes[exp->links[i].end[1].node - 1].medium)
			pairs->first[exp->links[i].end[0].node]++;
	for (size_t i = 1; i <= exp->node_count; i++)
		pairs->first[i] += pairs->first[i - 1];
	_cleanup_free_ size_t *at = calloc(exp->node_count + 1, sizeof(*at));

	CHECK(at);
	for (size_t i = 0; i < exp->link_count; i++) {
		const struct rec_exp_end *end = exp->links[i].end;

		if (!exp->nodes[end[1].node - 1].medium)
			continue;
		pairs->media[pairs->first[end[0].node - 1] + at[end[0].node - 1]++] =
			load->lans[end[1].node - 1];
		used++;
	}
	CHECK(used == pairs->first[exp->node_count]);
}

static bool share_medium(const struct rec__pairs *pairs, node_id a, node_id b)
{
	for (size_t i = pairs->first[a - 1]; i < pairs->first[a]; i++)
		for (size_t k = pairs->first[b - 1]; k < pairs->first[b]; k++)
			if (pairs->media[i] == pairs->media[k])
				return true;
	return false;
}

/* The slot of a pair, or the free one where it belongs; a is below b. */
static uint32_t *find_slot(const struct rec__pairs *pairs, const struct rec_experiment *exp, node_id a, node_id b)
{
	size_t at = ((uint64_t)a << 32 | b) * 0x9e3779b97f4a7c15 >> 32;

	for (;; at++) {
		uint32_t *slot = &pairs->slots[at & (pairs->slot_count - 1)];
		const struct rec_exp_end *end = *slot ? exp->pairs[*slot - 1].end : NULL;

		if (!end || (end[0].node == a && end[1].node == b))
			return slot;
	}
}

static void grow_slots(struct rec__pairs *pairs, const struct rec_experiment *exp)
{
	free(pairs->slots);
	pairs->slot_count = pairs->slot_count ? 2 * pairs->slot_count : 64;
	pairs->slots = calloc(pairs->slot_count, sizeof(*pairs->slots));
	CHECK(pairs->slots);
	for (size_t i = 0; i < exp->pair_count; i++)
		*find_slot(pairs, exp, exp->pairs[i].end[0].node, exp->pairs[i].end[1].node) = (uint32_t)i + 1;
}

struct rec_exp_channel rec__pair_channel(void)
{
	return (struct rec_exp_channel){.queue_frames = REC__QUEUE_DEFAULT, .queue.drops = true};
}

/* The slot of the pair of two hosts, a below b; NULL: they are on no medium together. */
static uint32_t *pair_slot(struct rec__load *load, node_id a, node_id b)
{
	struct rec__pairs *pairs = load->pairs;

	if (!pairs) {
		pairs = load->pairs = calloc(1, sizeof(*pairs));
		CHECK(pairs);
		index_media(pairs, load);
	}
	if (a == b || !share_medium(pairs, a, b))
		return NULL;
	if (pairs->slot_count < 2 * (load->exp->pair_count + 1))
		grow_slots(pairs, load->exp);
	return find_slot(pairs, load->exp, a, b);
}

const struct rec_exp_link *rec__pair_if_known(struct rec__load *load, node_id a, node_id b)
{
	const uint32_t *slot = a < b ? pair_slot(load, a, b) : pair_slot(load, b, a);

	return slot && *slot ? &load->exp->pairs[*slot - 1] : NULL;
}

/* Its end a is the host with the lower number. */
struct rec_exp_link *rec__pair(struct rec__load *load, node_id a, node_id b)
{
	struct rec_experiment *exp = load->exp;

	if (a > b)
		return rec__pair(load, b, a);
	uint32_t *slot = pair_slot(load, a, b);

	if (!slot || *slot)
		return slot ? &exp->pairs[*slot - 1] : NULL;
	exp->pairs = rec__grow(exp->pairs, exp->pair_count, sizeof(*exp->pairs));
	struct rec_exp_link *pair = &exp->pairs[exp->pair_count++];

	*slot = (uint32_t)exp->pair_count;
	*pair = (struct rec_exp_link){
		.id = REC_LINKS_MAX + (uint32_t)exp->pair_count - 1,
		.end = {{.node = a, .out = rec__pair_channel()}, {.node = b, .out = rec__pair_channel()}},
	};
	return pair;
}

void rec__pairs_free(struct rec__load *load)
{
	if (!load->pairs)
		return;
	free(load->pairs->first);
	free(load->pairs->media);
	free(load->pairs->slots);
	free(load->pairs);
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
