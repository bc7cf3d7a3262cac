/* SPDX-License-Identifier: GPL-2.0-or-later */
/* experiment-channel.c - what characterises a direction of a link, as channel.h has it. */
#include "experiment-int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "jitter.h"
#include "lines.h"

#define QUEUE_MAX (1u << 20)
#define DELIVERIES_MAX 10000000u
#define JITTER_VALUES_MAX 100000u
#define JITTER_MAX 3600000000000ll	/* an hour: far from where sums could overflow */
#define RED_SHARE_DEFAULT 100000000	/* 10% */
#define CODEL_TARGET_DEFAULT 5000000
#define CODEL_INTERVAL_DEFAULT 100000000
#define POLICE_BURST_DEFAULT 16384	/* ten full frames */

int rec__take_channel_rate(struct rec__load *load, int value, void *object)
{
	struct rec_exp_channel *channel = object;

	channel->deliveries = (struct rec_deliveries){0};
	return rec__take_rate(load, value, &channel->rate_bps);
}

int rec__take_rate(struct rec__load *load, int value, void *object)
{
	const char *text = rec__scalar(load, value, "rate");

	if (!text)
		return -EINVAL;
	if (!strcmp(text, "unlimited")) {
		*(uint64_t *)object = 0;
		return 0;
	}
	if (rec__parse_rate(text, object) < 0)
		return rec__fail(load, value, "'%s' is not a rate; write it as 10 Mbit/s, or unlimited", text);
	if (!*(uint64_t *)object)
		return rec__fail(load, value, "a rate of 0 never sends; write 'unlimited', or leave it out");
	return 0;
}

int rec__take_delay(struct rec__load *load, int value, void *object)
{
	const int error = rec__take_time(load, value, object);

	if (!error && !*(vtime_ns *)object)
		return rec__fail(load, value, "a link's delay cannot be 0: nodes run side by side for as "
				 "long as the shortest link delays a packet (the lookahead), and without "
				 "a delay nobody could move; the least is 1 ns, and 10 us is fast");
	return error;
}

int rec__take_fraction(struct rec__load *load, int value, void *object)
{
	const char *text = rec__scalar(load, value, "a share");

	if (!text)
		return -EINVAL;
	if (rec__parse_fraction(text, object) < 0)
		return rec__fail(load, value, "'%s' is not a share of frames; write it as 1%% or 0.01, "
				 "from 0 to 1 in steps of 10^-9", text);
	return 0;
}

int rec__take_queue_frames(struct rec__load *load, int value, void *object)
{
	uint64_t count;
	const int error = rec__take_u64(load, value, &count);

	if (error)
		return error;
	if (count < 1 || count > QUEUE_MAX)
		return rec__fail(load, value, "queue is a number of frames, 1 to %u", QUEUE_MAX);
	*(uint32_t *)object = (uint32_t)count;
	return 0;
}

int rec__take_size(struct rec__load *load, int value, void *object)
{
	const char *text = rec__scalar(load, value, "a size");

	if (!text)
		return -EINVAL;
	if (rec__parse_size(text, object) < 0 || !*(uint64_t *)object)
		return rec__fail(load, value, "'%s' is not a size; write it as 64 KiB", text);
	return 0;
}

int rec__take_word(struct rec__load *load, int value, const char *what, const char *const *words, size_t count)
{
	const char *text = rec__scalar(load, value, what), *nearest;
	char list[200] = "";

	if (!text)
		return -EINVAL;
	for (size_t i = 0; i < count; i++)
		if (!strcmp(text, words[i]))
			return (int)i;
	nearest = rec__nearest(text, words, count);
	for (size_t i = 0; i < count; i++) {
		strncat(list, i ? ", " : "", sizeof(list) - strlen(list) - 1);
		strncat(list, words[i], sizeof(list) - strlen(list) - 1);
	}
	if (nearest)
		return rec__fail(load, value, "%s is not '%s'; did you mean '%s'?", what, text, nearest);
	return rec__fail(load, value, "%s is not '%s'; it is one of %s", what, text, list);
}

static bool is_map(struct rec__load *load, int value)
{
	return rec__yaml(load, value)->type == YAML_MAPPING_NODE;
}

int rec__take_loss(struct rec__load *load, int value, void *object)
{
	struct rec_exp_channel *channel = object;

	if (is_map(load, value))
		return rec__take_map(load, value, REC__SCOPE_loss, channel);
	return rec__take_fraction(load, value, &channel->loss_ppb);
}

int rec__take_bursts(struct rec__load *load, int value, void *object)
{
	struct rec_exp_channel *channel = object;

	if (!channel->burst_begin_ppb)
		channel->burst_loss_ppb = REC_PPB;
	const int error = rec__take_map(load, value, REC__SCOPE_bursts, channel);

	if (!error && channel->burst_begin_ppb && !channel->burst_end_ppb)
		return rec__fail(load, value, "bursts that never end need no bursts; give the chance of a frame to end "
				 "one: end: 20%%");
	return error;
}

int rec__take_reorder(struct rec__load *load, int value, void *object)
{
	struct rec_exp_channel *channel = object;
	const int error = rec__take_map(load, value, REC__SCOPE_reorder, channel);

	if (!error && channel->reorder_ppb && !channel->reorder_ns)
		return rec__fail(load, value, "reorder needs to know how much later such frames arrive: by: 5 ms");
	return error;
}

int rec__take_jitter_law(struct rec__load *load, int value, void *object)
{
	static const char *const words[] = {"constant", "uniform", "normal", "pareto", "table"};
	const int law = rec__take_word(load, value, "the law of jitter", words, sizeof(words) / sizeof(*words));

	if (law < 0)
		return law;
	((struct rec_exp_channel *)object)->jitter.law = (enum rec_jitter_law)law;
	return 0;
}

struct values {
	int64_t *list;
	uint32_t count;
};

static int add_jitter_value(struct values *values, const char *text)
{
	uint64_t ns;

	if (rec__parse_time(text + (*text == '-'), &ns) < 0 || ns > JITTER_MAX)
		return -EINVAL;
	if (values->count == JITTER_VALUES_MAX)
		return -E2BIG;
	values->list = rec__grow(values->list, values->count, sizeof(*values->list));
	values->list[values->count++] = *text == '-' ? -(int64_t)ns : (int64_t)ns;
	return 0;
}

#define VALUE_WRONG "'%s' is not a time of at most an hour; write it as -2 ms or 300 us"
#define VALUE_TOO_MANY "there can be %u values", JITTER_VALUES_MAX

static int take_jitter_value(struct rec__load *load, int value, void *object)
{
	const char *text = rec__scalar(load, value, "a value of jitter");
	const int error = text ? add_jitter_value(object, text) : -EINVAL;

	if (error && text)
		return error == -E2BIG ? rec__fail(load, value, VALUE_TOO_MANY) : rec__fail(load, value, VALUE_WRONG, text);
	return error;
}

/* A value on each line. */
static int read_jitter_values(struct rec__load *load, int value, struct values *values)
{
	_cleanup_free_ struct rec__lines *lines = calloc(1, sizeof(*lines));
	char text[100];
	int got, error;

	CHECK(lines);
	error = rec__lines_open(load, value, lines);
	if (error)
		return error;
	while (!error && (got = rec__lines_next(lines)) > 0) {
		snprintf(text, sizeof(text), "%s%s", lines->words[0], lines->count > 1 ? lines->words[1] : "");
		error = lines->count > 2 ? -EINVAL : add_jitter_value(values, text);
		if (error)
			error = error == -E2BIG ? rec__lines_fail(lines, VALUE_TOO_MANY) :
						  rec__lines_fail(lines, VALUE_WRONG, text);
	}
	rec__lines_close(lines);
	return error ?: got;
}

static int cmp_values(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void keep_table(struct rec_experiment *exp, int64_t *table)
{
	exp->tables = rec__grow(exp->tables, exp->table_count, sizeof(*exp->tables));
	exp->tables[exp->table_count++] = table;
}

/* A list, or the name of a file. */
int rec__take_jitter_values(struct rec__load *load, int value, void *object)
{
	struct rec_exp_channel *channel = object;
	struct values values = {0};
	int error = rec__yaml(load, value)->type == YAML_SCALAR_NODE ? read_jitter_values(load, value, &values) :
		    rec__each(load, value, "values of jitter", take_jitter_value, &values);

	if (!error && !values.count)
		error = rec__fail(load, value, "the list of values is empty");
	if (error) {
		free(values.list);
		return error;
	}
	qsort(values.list, values.count, sizeof(*values.list), cmp_values);
	keep_table(load->exp, values.list);
	channel->jitter.table = values.list;
	channel->jitter.table_count = values.count;
	channel->jitter.law = REC_JITTER_TABLE;
	return 0;
}

/* Mahimahi's traces: each line is a millisecond at which a full frame can leave; after the last one they begin anew. */
static int take_delivery(struct rec__lines *lines, struct values *values)
{
	uint64_t ms;

	if (lines->count != 1 || rec__parse_u64(lines->words[0], &ms) < 0 || ms > INT64_MAX / 1000000)
		return rec__lines_fail(lines, "each line is to be a number of milliseconds");
	if (values->count && (int64_t)(ms * 1000000) < values->list[values->count - 1])
		return rec__lines_fail(lines, "the times are to ascend");
	if (values->count == DELIVERIES_MAX)
		return rec__lines_fail(lines, "there can be %u deliveries", DELIVERIES_MAX);
	values->list = rec__grow(values->list, values->count, sizeof(*values->list));
	values->list[values->count++] = (int64_t)(ms * 1000000);
	return 0;
}

int rec__take_deliveries(struct rec__load *load, int value, void *object)
{
	struct rec_exp_channel *channel = object;
	_cleanup_free_ struct rec__lines *lines = calloc(1, sizeof(*lines));
	struct values values = {0};
	int error, got = 0;

	CHECK(lines);
	error = rec__lines_open(load, value, lines);
	if (error)
		return error;
	while (!error && (got = rec__lines_next(lines)) > 0)
		error = take_delivery(lines, &values);
	error = error ?: got;
	if (!error && (!values.count || !values.list[values.count - 1]))
		error = rec__fail(load, value, "%s: there is no delivery after 0 ms, so that nothing would ever leave", lines->name);
	rec__lines_close(lines);
	keep_table(load->exp, values.list);
	if (error)
		return error;
	channel->deliveries = (struct rec_deliveries){
		.at = (const vtime_ns *)values.list, .count = values.count,
		.period = (vtime_ns)values.list[values.count - 1],
	};
	return 0;
}

int rec__take_jitter(struct rec__load *load, int value, void *object)
{
	struct rec_exp_channel *channel = object;

	if (channel->jitter.law == REC_JITTER_NONE)
		channel->jitter.law = REC_JITTER_UNIFORM;
	if (is_map(load, value))
		return rec__take_map(load, value, REC__SCOPE_jitter, channel);
	return rec__take_time(load, value, &channel->jitter.spread_ns);
}

int rec__take_queue_full(struct rec__load *load, int value, void *object)
{
	static const char *const words[] = {"wait", "drop"};
	const int word = rec__take_word(load, value, "what a full queue does", words, 2);

	if (word < 0)
		return word;
	((struct rec_exp_channel *)object)->queue.drops = word;
	return 0;
}

int rec__take_discipline(struct rec__load *load, int value, void *object)
{
	static const char *const words[] = {"drop-tail", "red", "codel"};
	const int word = rec__take_word(load, value, "the discipline of a queue", words, 3);

	if (word < 0)
		return word;
	((struct rec_exp_channel *)object)->queue.discipline = (enum rec_discipline)word;
	return 0;
}

int rec__take_queue(struct rec__load *load, int value, void *object)
{
	struct rec_exp_channel *channel = object;

	if (is_map(load, value))
		return rec__take_map(load, value, REC__SCOPE_queue, channel);
	return rec__take_queue_frames(load, value, &channel->queue_frames);
}

int rec__take_police(struct rec__load *load, int value, void *object)
{
	struct rec_exp_channel *channel = object;
	const int error = rec__take_map(load, value, REC__SCOPE_police, channel);

	if (!channel->police_bytes)
		channel->police_bytes = POLICE_BURST_DEFAULT;
	return error;
}

/* What follows from several of them. */
int rec__check_channel(struct rec__load *load, int value, struct rec_exp_channel *channel)
{
	struct rec_jitter_law_of *jitter = &channel->jitter;
	struct rec_queue_rule *queue = &channel->queue;

	if (jitter->law == REC_JITTER_TABLE && !jitter->table)
		return rec__fail(load, value, "the law 'table' needs its values: values: [-1 ms, 0, 3 ms]");
	if (jitter->law == REC_JITTER_TABLE ? false : jitter->law != REC_JITTER_NONE && !jitter->spread_ns)
		return rec__fail(load, value, "jitter needs a spread: jitter: {law: normal, spread: 2 ms}");
	if (jitter->spread_ns > JITTER_MAX)
		return rec__fail(load, value, "jitter is at most an hour");
	if (jitter->law != REC_JITTER_NONE && !jitter->least_ns)
		jitter->least_ns = channel->delay_ns < 10 ? 1 : channel->delay_ns / 10;
	if (jitter->law != REC_JITTER_NONE && jitter->least_ns > channel->delay_ns)
		return rec__fail(load, value, "the least delay with jitter is above the delay");
	if (channel->burst_begin_ppb && channel->loss_correlation_ppb)
		return rec__fail(load, value, "loss is either correlated or in bursts");
	if (queue->discipline == REC_RED) {
		queue->red_min = queue->red_min ?: channel->queue_frames / 6 ?: 1;
		queue->red_max = queue->red_max ?: 3 * queue->red_min;
		queue->red_share_ppb = queue->red_share_ppb ?: RED_SHARE_DEFAULT;
		if (queue->red_min >= queue->red_max)
			return rec__fail(load, value, "a RED queue's min is to be below its max");
	}
	if (queue->discipline == REC_CODEL) {
		queue->target_ns = queue->target_ns ?: CODEL_TARGET_DEFAULT;
		queue->interval_ns = queue->interval_ns ?: CODEL_INTERVAL_DEFAULT;
	}
	return 0;
}
