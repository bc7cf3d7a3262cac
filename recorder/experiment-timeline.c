/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * experiment-timeline.c - what happens to links while the experiment runs.
 *
 *	timeline --collect--> moments (and the steps of ramps) --sort by time--> carried out one by one
 *
 * What a link is like at any time is known before the run begins: every moment ends in phases of directions
 * (rec_exp_phase), and the sending ends look up the phase of each instant.  So a change takes effect for all
 * links at the same nanosecond, whoever runs them, and costs nothing at run time.
 *
 * A new verb is a row of SCOPE(moment) in experiment-keys.def and its rec__take_moment_*() here.
 */
#include "experiment-int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"

#define MOMENTS_MAX 1000000u
#define STEPS_DEFAULT 100
#define STEPS_MAX 100000u

/* What a verb does to one direction. */
typedef int act_fn(struct rec__load *load, int value, struct rec_exp_channel *channel, const void *arg);

/* ---- directions ---- */

struct rec_exp_channel *rec__from_time(struct rec_exp_end *end, vtime_ns at)
{
	const struct rec_exp_channel *last = &end->out;

	if (!at)
		return &end->out;
	if (end->phase_count) {
		struct rec_exp_phase *phase = &end->phases[end->phase_count - 1];

		CHECK(phase->from <= at);
		if (phase->from == at)
			return &phase->channel;
		last = &phase->channel;
	}
	const struct rec_exp_channel copy = *last;

	end->phases = rec__grow(end->phases, end->phase_count, sizeof(*end->phases));
	end->phases[end->phase_count] = (struct rec_exp_phase){at, copy};
	return &end->phases[end->phase_count++].channel;
}

static int act_on(struct rec__load *load, int value, const struct rec__moment *moment, struct rec_exp_end *end,
		  act_fn *act, const void *arg)
{
	return act(load, value, rec__from_time(end, moment->at), arg);
}

static int act_flag(struct rec__load *load, int value, struct rec_exp_channel *channel, const void *arg)
{
	const char *verb = arg;

	if (*verb == 'd' || *verb == 'u')
		channel->down = *verb == 'd';
	else if (*verb == 'h' || *verb == 'r')
		channel->held = *verb == 'h';
	else
		channel->cut = *verb == 'c';
	return 0;
}

/* Which directions a word means: side 0, side 1 or both (2) of the links between two hosts, or of one link. */
struct reference {
	node_id a, b;			/* 0: any */
	size_t link;			/* SIZE_MAX: any */
	node_id medium;			/* all links to it; 0: any */
	bool one_way;			/* from a to b only */
};

static int take_reference(struct rec__load *load, int value, struct reference *ret)
{
	const struct rec_experiment *exp = load->exp;
	const char *text = rec__scalar(load, value, "a link"), *mark;
	uint64_t number;

	if (!text)
		return -EINVAL;
	*ret = (struct reference){.link = SIZE_MAX};
	if (!strcmp(text, "all"))
		return 0;
	mark = strpbrk(text, "/>");
	if (mark) {
		ret->one_way = *mark == '>';
		return rec__find_host_named(load, value, text, (size_t)(mark - text), &ret->a)
			?: rec__find_host_named(load, value, mark + 1, strlen(mark + 1), &ret->b);
	}
	if (!rec__parse_u64(text, &number)) {
		if (number >= exp->link_count)
			return rec__fail(load, value, "there is no link %s; they are numbered from 0 to %zu", text,
					 exp->link_count - 1);
		ret->link = number;
		return 0;
	}
	for (size_t i = 0; i < exp->link_count; i++)
		if (exp->links[i].name && !strcmp(exp->links[i].name, text)) {
			ret->link = i;
			return 0;
		}
	for (size_t i = 0; i < exp->node_count; i++)
		if (exp->nodes[i].medium && !strcmp(exp->nodes[i].name, text)) {
			ret->medium = exp->nodes[i].id;
			return 0;
		}
	return rec__fail(load, value, "there is no link '%s'; a link is its number, its name, A/B for those between two "
			 "hosts, A>B for their direction from A to B, or 'all'", text);
}

static bool is_meant(const struct rec_exp_link *link, unsigned int side, const struct reference *reference)
{
	const node_id from = link->end[side].node, to = link->end[!side].node;

	if (reference->link != SIZE_MAX)
		return link->id == reference->link;
	if (reference->medium)
		return from == reference->medium || to == reference->medium;
	if (!reference->a)
		return true;
	return (from == reference->a && to == reference->b) ||
	       (!reference->one_way && from == reference->b && to == reference->a);
}

/* Which directions of a list are meant.  Their number, or -errno. */
static int act_on_list(struct rec__load *load, int value, const struct rec__moment *moment, struct rec_exp_link *list,
		       size_t count, const struct reference *reference, act_fn *act, const void *arg)
{
	int done = 0;

	for (size_t i = 0; i < 2 * count; i++) {
		if (!is_meant(&list[i / 2], i % 2, reference))
			continue;
		const int error = act_on(load, value, moment, &list[i / 2].end[i % 2], act, arg);

		if (error)
			return error;
		done++;
	}
	return done;
}

/* What is said of all links is not said of pairs, unless it opens or closes them: they only say what is special. */
static int act_on_pairs(struct rec__load *load, int value, const struct rec__moment *moment,
			const struct reference *reference, act_fn *act, const void *arg)
{
	struct rec_experiment *exp = load->exp;

	if (reference->link != SIZE_MAX || reference->medium || (!reference->a && act != act_flag))
		return 0;
	if (reference->a)
		rec__pair(load, reference->a, reference->b);
	return act_on_list(load, value, moment, exp->pairs, exp->pair_count, reference, act, arg);
}

static int act_on_reference(struct rec__load *load, int value, const struct rec__moment *moment, bool both_ways,
			    act_fn *act, const void *arg)
{
	struct rec_experiment *exp = load->exp;
	struct reference reference;
	const int error = take_reference(load, value, &reference);

	if (error)
		return error;
	if (both_ways && reference.one_way)
		return rec__fail(load, value, "a link is down or up as a whole; to lose what goes one way, use "
				 "partition: {from: [A], to: [B]}");
	const int links = act_on_list(load, value, moment, exp->links, exp->link_count, &reference, act, arg);
	const int pairs = links < 0 ? links : act_on_pairs(load, value, moment, &reference, act, arg);

	if (pairs < 0)
		return pairs;
	if (!links && !pairs)
		return rec__fail(load, value, "no link is meant by '%s'", rec__scalar(load, value, "a link"));
	return 0;
}

/* One word, or a list of them. */
static int act_on_links(struct rec__load *load, int value, const struct rec__moment *moment, bool both_ways,
			act_fn *act, const void *arg)
{
	const yaml_node_t *node = rec__yaml(load, value);
	int error = 0;

	if (node->type != YAML_SEQUENCE_NODE)
		return act_on_reference(load, value, moment, both_ways, act, arg);
	const size_t count = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);

	for (size_t i = 0; i < count && !error; i++)
		error = act_on_reference(load, rec__yaml(load, value)->data.sequence.items.start[i], moment,
					 both_ways, act, arg);
	return error;
}

/* ---- down, up, hold, release, heal ---- */

int rec__take_moment_down(struct rec__load *load, int value, void *object)
{
	return act_on_links(load, value, object, /* both_ways= */ true, act_flag, "d");
}

int rec__take_moment_up(struct rec__load *load, int value, void *object)
{
	return act_on_links(load, value, object, /* both_ways= */ true, act_flag, "u");
}

int rec__take_moment_hold(struct rec__load *load, int value, void *object)
{
	return act_on_links(load, value, object, /* both_ways= */ false, act_flag, "h");
}

int rec__take_moment_release(struct rec__load *load, int value, void *object)
{
	return act_on_links(load, value, object, /* both_ways= */ false, act_flag, "r");
}

int rec__take_moment_heal(struct rec__load *load, int value, void *object)
{
	return act_on_links(load, value, object, /* both_ways= */ false, act_flag, "-");
}

/* ---- partition ---- */

struct groups {
	uint32_t *of;			/* [id - 1]: number of the host's group from 1, 0: none */
	uint32_t now;			/* that is being read */
};

static int take_member(struct rec__load *load, int value, void *object)
{
	struct groups *groups = object;
	node_id id;
	const int error = rec__find_host(load, value, &id);

	if (error)
		return error;
	if (groups->of[id - 1])
		return rec__fail(load, value, "'%s' is in two groups", load->exp->nodes[id - 1].name);
	groups->of[id - 1] = groups->now;
	return 0;
}

static int take_group(struct rec__load *load, int value, void *object)
{
	struct groups *groups = object;

	groups->now++;
	return rec__each(load, value, "a group of hosts", take_member, groups);
}

int rec__take_oneway_from(struct rec__load *load, int value, void *object)
{
	((struct groups *)object)->now = 1;
	return rec__each(load, value, "from", take_member, object);
}

int rec__take_oneway_to(struct rec__load *load, int value, void *object)
{
	((struct groups *)object)->now = 2;
	return rec__each(load, value, "to", take_member, object);
}

static bool is_cut(const struct groups *groups, node_id from, node_id to, bool one_way)
{
	const uint32_t a = groups->of[from - 1], b = groups->of[to - 1];

	return a && b && a != b && (!one_way || a == 1);
}

static int cut_list(struct rec__load *load, int value, const struct rec__moment *moment, struct rec_exp_link *list,
		    size_t list_count, const struct groups *groups, bool one_way)
{
	int count = 0;

	for (size_t i = 0; i < 2 * list_count; i++) {
		struct rec_exp_link *link = &list[i / 2];

		if (!is_cut(groups, link->end[i % 2].node, link->end[!(i % 2)].node, one_way))
			continue;
		act_on(load, value, moment, &link->end[i % 2], act_flag, "c");
		count++;
	}
	return count;
}

/* Hosts on one medium have no link with each other: their pairs are cut. */
static void pair_groups(struct rec__load *load, const struct groups *groups, bool one_way)
{
	const struct rec_experiment *exp = load->exp;

	for (node_id a = 1; a <= exp->node_count; a++)
		for (node_id b = a + 1; b <= exp->node_count && groups->of[a - 1]; b++)
			if (is_cut(groups, a, b, one_way) || is_cut(groups, b, a, one_way))
				rec__pair(load, a, b);
}

static int cut_between(struct rec__load *load, int value, const struct rec__moment *moment,
		       const struct groups *groups, bool one_way)
{
	struct rec_experiment *exp = load->exp;

	pair_groups(load, groups, one_way);
	const int links = cut_list(load, value, moment, exp->links, exp->link_count, groups, one_way),
		  pairs = cut_list(load, value, moment, exp->pairs, exp->pair_count, groups, one_way);

	if (!links && !pairs)
		return rec__fail(load, value, "no link joins these groups, so that nothing is cut; routers belong into a "
				 "group, too");
	return 0;
}

int rec__take_moment_partition(struct rec__load *load, int value, void *object)
{
	_cleanup_free_ uint32_t *of = calloc(load->exp->node_count, sizeof(*of));
	struct groups groups = {.of = of};
	const bool one_way = rec__yaml(load, value)->type == YAML_MAPPING_NODE;

	CHECK(of);
	const int error = one_way ? rec__take_map(load, value, REC__SCOPE_oneway, &groups) :
			  rec__each(load, value, "partition (a list of groups of hosts)", take_group, &groups);

	return error ?: cut_between(load, value, object, &groups, one_way);
}

/* ---- set, ramp ---- */

struct change {
	const struct rec__moment *moment;
	int links, to;			/* YAML nodes, 0: none */
	vtime_ns over;
	uint64_t steps;
};

int rec__take_change_links(struct rec__load *load, int value, void *object)
{
	((struct change *)object)->links = value;
	return 0;
}

int rec__take_change_to(struct rec__load *load, int value, void *object)
{
	((struct change *)object)->to = value;
	return 0;
}

int rec__take_change_over(struct rec__load *load, int value, void *object)
{
	return rec__take_time(load, value, &((struct change *)object)->over);
}

int rec__take_change_steps(struct rec__load *load, int value, void *object)
{
	struct change *change = object;
	const int error = rec__take_u64(load, value, &change->steps);

	if (!error && (change->steps < 1 || change->steps > STEPS_MAX))
		return rec__fail(load, value, "a ramp has 1 to %u steps", STEPS_MAX);
	return error;
}

static int take_change(struct rec__load *load, int value, struct change *ret)
{
	const int error = rec__take_map(load, value, REC__SCOPE_change, ret);

	if (!error && (!ret->links || !ret->to))
		return rec__fail(load, value, "a change needs 'links' and 'to': {links: all, to: {rate: 1 Mbit/s}}");
	return error;
}

static int act_set(struct rec__load *load, int value, struct rec_exp_channel *channel, const void *arg)
{
	const struct change *change = arg;

	return rec__take_map(load, change->to, REC__SCOPE_channel, channel)
		?: rec__check_channel(load, change->to, channel);
}

int rec__take_moment_set(struct rec__load *load, int value, void *object)
{
	struct change change = {.moment = object};
	const int error = take_change(load, value, &change);

	if (!error && (change.over || change.steps))
		return rec__fail(load, value, "'set' changes at once; what takes its time is a 'ramp'");
	return error ?: act_on_links(load, change.links, object, /* both_ways= */ false, act_set, &change);
}

/* One of the steps that are left; the last one arrives exactly. */
static uint64_t approach(uint64_t now, uint64_t target, uint32_t left)
{
	CHECK(left > 0);
	return target > now ? now + (target - now) / left : now - (now - target) / left;
}

static int act_ramp(struct rec__load *load, int value, struct rec_exp_channel *channel, const void *arg)
{
	const struct change *change = arg;
	const struct rec__moment *moment = change->moment;
	const uint32_t left = moment->step_count - moment->step + 1;
	struct rec_exp_channel target = *channel;
	const int error = act_set(load, value, &target, arg);

	if (error)
		return error;
	if (!channel->rate_bps != !target.rate_bps)
		return rec__fail(load, change->to, "a ramp cannot lead from or to an unlimited rate");
	const struct rec_exp_channel from = *channel;

	*channel = target;
	channel->rate_bps = approach(from.rate_bps, target.rate_bps, left);
	channel->delay_ns = approach(from.delay_ns, target.delay_ns, left);
	channel->loss_ppb = approach(from.loss_ppb, target.loss_ppb, left);
	channel->duplicate_ppb = approach(from.duplicate_ppb, target.duplicate_ppb, left);
	channel->corrupt_ppb = approach(from.corrupt_ppb, target.corrupt_ppb, left);
	channel->reorder_ppb = approach(from.reorder_ppb, target.reorder_ppb, left);
	if (from.jitter.law == target.jitter.law)
		channel->jitter.spread_ns = approach(from.jitter.spread_ns, target.jitter.spread_ns, left);
	return 0;
}

int rec__take_moment_ramp(struct rec__load *load, int value, void *object)
{
	const struct rec__moment *moment = object;
	struct change change = {.moment = moment};
	const int error = take_change(load, value, &change);

	/* At its beginning a ramp has not changed anything yet. */
	if (error || !moment->step)
		return error;
	return act_on_links(load, change.links, moment, /* both_ways= */ false, act_ramp, &change);
}

/* ---- the whole ---- */

void *rec__keep(struct rec__load *load, size_t size)
{
	void *memory = calloc(1, size);

	CHECK(memory);
	load->kept = rec__grow(load->kept, load->kept_count, sizeof(*load->kept));
	load->kept[load->kept_count++] = memory;
	return memory;
}

int rec__add_moment(struct rec__load *load, struct rec__moment moment)
{
	if (load->moment_count == MOMENTS_MAX)
		return rec__fail(load, moment.value, "there are more than %u changes of links (steps of ramps, contacts and "
				 "movement included)", MOMENTS_MAX);
	load->moments = rec__grow(load->moments, load->moment_count, sizeof(*load->moments));
	moment.order = load->moment_count;
	load->moments[load->moment_count++] = moment;
	return 0;
}

static int carry_out_ramp(struct rec__load *load, const struct rec__moment *moment)
{
	struct rec__moment step = *moment;

	return rec__take_moment_ramp(load, rec__yaml_find(load, moment->value, "ramp"), &step);
}

static int carry_out_move(struct rec__load *load, const struct rec__moment *moment)
{
	struct rec__moment step = *moment;

	return rec__take_moment_move(load, rec__yaml_find(load, moment->value, "move"), &step);
}

static int carry_out_entry(struct rec__load *load, const struct rec__moment *moment)
{
	struct rec__moment entry = *moment;

	return rec__take_map(load, moment->value, REC__SCOPE_moment, &entry);
}

/* What takes its time is done in equal steps.  value: the YAML node that says how long. */
static int add_steps(struct rec__load *load, struct rec__moment moment, int value, vtime_ns over, uint64_t steps)
{
	const vtime_ns begin = moment.at;
	int error = 0;

	if (steps > STEPS_MAX)
		return rec__fail(load, value, "there are 1 to %u steps", STEPS_MAX);
	if (over > UINT64_MAX / 4 || begin > UINT64_MAX / 4)
		return rec__fail(load, value, "this ends after the end of time");
	moment.step_count = (uint32_t)(steps ?: STEPS_DEFAULT);
	for (moment.step = 1; moment.step <= moment.step_count && !error; moment.step++) {
		moment.at = begin + (vtime_ns)((unsigned __int128)over * moment.step / moment.step_count);
		error = rec__add_moment(load, moment);
	}
	return error;
}

static int add_ramp(struct rec__load *load, struct rec__moment moment, int ramp)
{
	struct change change = {0};
	const int error = take_change(load, ramp, &change);

	if (error)
		return error;
	if (!change.over)
		return rec__fail(load, ramp, "a ramp needs to know how long it takes: over: 5 s");
	moment.carry_out = carry_out_ramp;
	return add_steps(load, moment, ramp, change.over, change.steps);
}

static int add_move(struct rec__load *load, struct rec__moment moment, int value)
{
	struct rec__move move = {0};
	const int error = rec__read_move(load, value, &move);

	if (error || !move.over)
		return error;
	moment.carry_out = carry_out_move;
	return add_steps(load, moment, value, move.over, move.steps);
}

/* Times ascend here, as everywhere where moments are carried out. */
static int carry_out_seed(struct rec__load *load, const struct rec__moment *moment)
{
	struct rec_reseeds *reseeds = &load->exp->reseeds;
	const int value = rec__yaml_find(load, moment->value, "seed");
	struct rec_reseed reseed = {.at = moment->at, .line = rec__line(load, moment->value)};
	const int error = rec__take_u64(load, value, &reseed.seed);

	if (error)
		return error;
	if (!moment->at)
		return rec__fail(load, value, "at 0 the seed is that of general.seed");
	reseeds->list = rec__grow(reseeds->list, reseeds->count, sizeof(*reseeds->list));
	reseeds->list[reseeds->count++] = reseed;
	rec__reseed_movements(load, reseed.seed);
	return 0;
}

static int collect(struct rec__load *load, int value, void *object)
{
	struct rec__moment moment = {.value = value, .carry_out = carry_out_entry};

	if (rec__check_names(load, value, "a moment of the timeline") < 0)
		return -EINVAL;
	const int at = rec__yaml_find(load, value, "at"), ramp = rec__yaml_find(load, value, "ramp"),
		  move = rec__yaml_find(load, value, "move"), seed = rec__yaml_find(load, value, "seed");

	if (!at)
		return rec__fail(load, value, "a moment of the timeline needs its time: at: 5 s");
	if (rec__take_time(load, at, &moment.at) < 0)
		return -EINVAL;
	int error = 0;

	/* Before the movements' steps of that time, which are added later. */
	if (seed)
		error = rec__add_moment(load, (struct rec__moment){
			.at = moment.at, .value = value, .first = true, .carry_out = carry_out_seed});
	error = error ?: rec__add_moment(load, moment);
	if (!error && ramp)
		error = add_ramp(load, moment, ramp);
	if (!error && move)
		error = add_move(load, moment, move);
	return error;
}

int rec__take_timeline(struct rec__load *load, int value, void *object)
{
	return rec__each(load, value, "the timeline", collect, NULL);
}

static int cmp_moments(const void *a, const void *b)
{
	const struct rec__moment *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (x->first != y->first)
		return x->first ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

int rec__run_moments(struct rec__load *load)
{
	int error = 0;

	if (load->moment_count)
		qsort(load->moments, load->moment_count, sizeof(*load->moments), cmp_moments);
	for (size_t i = 0; i < load->moment_count && !error; i++)
		error = load->moments[i].carry_out(load, &load->moments[i]);
	return error;
}
