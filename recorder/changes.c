/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * changes.c - what the timeline changes, as the machine tells it at the exact time.
 *
 * The text of an event is found by comparing a phase with the one before it, member by member: so it cannot differ from
 * what took effect.
 */
#include "changes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

struct member {
	const char *name;
	size_t offset, size;
};

#define MEMBER(name, member) \
	{name, offsetof(struct rec_exp_channel, member), sizeof(((struct rec_exp_channel *)0)->member)}

static const struct member members[] = {
	MEMBER("rate_bps", rate_bps), MEMBER("deliveries", deliveries.count), MEMBER("delay_ns", delay_ns), MEMBER("loss_ppb", loss_ppb),
	MEMBER("loss_correlation_ppb", loss_correlation_ppb), MEMBER("burst_begin_ppb", burst_begin_ppb),
	MEMBER("burst_end_ppb", burst_end_ppb), MEMBER("burst_loss_ppb", burst_loss_ppb),
	MEMBER("duplicate_ppb", duplicate_ppb), MEMBER("corrupt_ppb", corrupt_ppb),
	MEMBER("reorder_ppb", reorder_ppb), MEMBER("reorder_ns", reorder_ns), MEMBER("jitter_law", jitter.law),
	MEMBER("jitter_ns", jitter.spread_ns), MEMBER("jitter_least_ns", jitter.least_ns),
	MEMBER("jitter_correlation_ppb", jitter.correlation_ppb), MEMBER("jitter_overtakes", jitter.overtakes),
	MEMBER("jitter_values", jitter.table_count), MEMBER("queue_frames", queue_frames),
	MEMBER("queue_bytes", queue.bytes), MEMBER("queue_drops", queue.drops),
	MEMBER("queue_discipline", queue.discipline), MEMBER("red_min", queue.red_min),
	MEMBER("red_max", queue.red_max), MEMBER("red_share_ppb", queue.red_share_ppb),
	MEMBER("codel_target_ns", queue.target_ns), MEMBER("codel_interval_ns", queue.interval_ns),
	MEMBER("police_bps", police_bps), MEMBER("police_bytes", police_bytes), MEMBER("down", down),
	MEMBER("cut", cut), MEMBER("held", held), MEMBER("closed", closed),
};

static uint64_t value_of(const struct rec_exp_channel *channel, const struct member *member)
{
	const uint8_t *at = (const uint8_t *)channel + member->offset;
	uint64_t value = 0;

	/* x86-64 is little-endian. */
	CHECK(member->size <= sizeof(value));
	memcpy(&value, at, member->size);
	return value;
}

static int cmp_changes(const void *a, const void *b)
{
	const struct rec_change *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (x->link != y->link)
		return x->link < y->link ? -1 : 1;
	return x->side < y->side ? -1 : x->side > y->side;
}

static void add_phases(struct rec_changes *changes, const struct rec_exp_link *links, size_t count)
{
	for (size_t i = 0; i < 2 * count; i++) {
		const struct rec_exp_end *end = &links[i / 2].end[i % 2];

		for (size_t p = 0; p < end->phase_count; p++)
			changes->list[changes->count++] = (struct rec_change){
				.at = end->phases[p].from, .link = links[i / 2].id,
				.side = (uint32_t)(i % 2), .phase = p,
			};
	}
}

void rec_changes_init(struct rec_changes *changes, const struct rec_experiment *exp)
{
	size_t count = 0;

	for (size_t i = 0; i < 2 * exp->link_count; i++)
		count += exp->links[i / 2].end[i % 2].phase_count;
	for (size_t i = 0; i < 2 * exp->pair_count; i++)
		count += exp->pairs[i / 2].end[i % 2].phase_count;
	*changes = (struct rec_changes){.list = calloc(count + 1, sizeof(*changes->list))};
	CHECK(changes->list);
	add_phases(changes, exp->links, exp->link_count);
	add_phases(changes, exp->pairs, exp->pair_count);
	CHECK(changes->count == count);
	qsort(changes->list, count, sizeof(*changes->list), cmp_changes);
}

void rec_changes_done(struct rec_changes *changes)
{
	free(changes->list);
	*changes = (struct rec_changes){0};
}

static vtime_ns next_phase(const struct rec_changes *changes)
{
	return changes->next < changes->count ? changes->list[changes->next].at : UINT64_MAX;
}

static vtime_ns next_move(const struct rec_changes *changes, const struct rec_experiment *exp)
{
	return changes->next_move < exp->move_count ? exp->moves[changes->next_move].at : UINT64_MAX;
}

/* Of moves and phases. */
static vtime_ns next_of_network(const struct rec_changes *changes, const struct rec_experiment *exp)
{
	const vtime_ns phase = next_phase(changes), move = next_move(changes, exp);

	return move < phase ? move : phase;
}

vtime_ns rec_changes_next(const struct rec_changes *changes, const struct rec_experiment *exp)
{
	const vtime_ns network = next_of_network(changes, exp), reseed = rec_reseeds_next(&exp->reseeds, changes->next_reseed);

	return reseed < network ? reseed : network;
}

static void tell_reseed(struct rec_changes *changes, const struct rec_experiment *exp, struct fmt_buf *records)
{
	const struct rec_reseed *reseed = &exp->reseeds.list[changes->next_reseed++];
	char seed[24], cause[40];

	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)reseed->seed);
	rec_timeline_cause(reseed->line, cause, sizeof(cause));
	fmt_put_injected(records, reseed->at, 0, 0, &(struct fmt_ev_injected){
		.fault = {(const uint8_t *)"seed", strlen("seed")}, .what = {(const uint8_t *)seed, strlen(seed)},
		.cause = {(const uint8_t *)cause, strlen(cause)}});
}

static void tell_move(struct rec_changes *changes, const struct rec_experiment *exp, struct fmt_buf *records)
{
	const struct rec_exp_move *move = &exp->moves[changes->next_move++];

	fmt_put_position(records, move->at, 0, 0, &(struct fmt_ev_position){
		.id = move->node, .x = move->mm[0], .y = move->mm[1], .z = move->mm[2]});
}

void rec_changes_tell(struct rec_changes *changes, const struct rec_experiment *exp, struct fmt_buf *records)
{
	if (rec_reseeds_next(&exp->reseeds, changes->next_reseed) <= next_of_network(changes, exp)) {
		CHECK(changes->next_reseed < exp->reseeds.count);
		tell_reseed(changes, exp, records);
		return;
	}
	if (next_move(changes, exp) <= next_phase(changes)) {
		CHECK(next_move(changes, exp) != UINT64_MAX);
		tell_move(changes, exp, records);
		return;
	}
	CHECK(changes->next < changes->count);
	const struct rec_change *change = &changes->list[changes->next++];
	const struct rec_exp_link *link = change->link < REC_LINKS_MAX ? &exp->links[change->link] :
					  &exp->pairs[change->link - REC_LINKS_MAX];
	const struct rec_exp_end *end = &link->end[change->side];
	const struct rec_exp_channel *now = &end->phases[change->phase].channel,
				     *before = change->phase ? &end->phases[change->phase - 1].channel : &end->out;
	char text[1200] = "";
	size_t used = 0;

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		if (value_of(now, &members[i]) != value_of(before, &members[i]))
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s=%llu", used ? " " : "",
						 members[i].name,
						 (unsigned long long)value_of(now, &members[i]));
	CHECK(used < sizeof(text));
	fmt_put_link_change(records, change->at, 0, 0, &(struct fmt_ev_link_change){
		.link = change->link, .side = change->side, .what = {(const uint8_t *)text, used}});
}
