/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * filter-names.c - whether what a filter names is in a trace.
 *
 * "node==cleint" wants nothing, and an empty answer would look like one.  Nodes and links are those of the experiment, so
 * asking about another one is a mistake.  Of programs and threads that cannot be said: one that never started is an answer.
 */
#include "filter-int.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "text.h"

/* What the trace has. */
struct known {
	struct fmt_roster roster;
	uint64_t *pairs;		/* links between hosts on a medium */
	size_t pair_count;
};

static void known_done(struct known *known)
{
	fmt_roster_done(&known->roster);
	free(known->pairs);
}

static void learn_pair(struct known *known, const struct fmt_event *event)
{
	struct fmt_ev_pair ev;

	if (fmt_get_pair(event, &ev) < 0 || known->pair_count >= FMT_ROSTER_MAX)
		return;
	known->pairs = reallocarray(known->pairs, known->pair_count + 1, sizeof(*known->pairs));
	CHECK(known->pairs);
	known->pairs[known->pair_count++] = ev.id;
}

static void learn_event(struct known *known, const struct fmt_event *event)
{
	if (event->kind == FMT_pair)
		learn_pair(known, event);
	else
		fmt_roster_learn(&known->roster, event);
}

/* False: the trace cannot be read, or tells of no nodes, as no recording does. */
static bool learn(struct fmt_reader *reader, struct known *known)
{
	static const uint32_t kinds[] = {FMT_node, FMT_link, FMT_pair};
	const struct fmt_want want = {.kinds = kinds, .kind_count = sizeof(kinds) / sizeof(kinds[0])};
	struct fmt_event event;
	event_seq seq = 0;
	int got;

	for (; (got = fmt_reader_find(reader, &want, /* backwards= */ false, &seq, &event, NULL)) > 0; seq++)
		learn_event(known, &event);
	return got == 0 && known->roster.node_count;
}

__attribute__((format(printf, 4, 5))) static int refuse(const struct fmt_filter *filter, const struct fmt__node *node,
							struct fmt_error *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	const int failed = fmt__filter_complain(error, filter->source, node->at, format, args);

	va_end(args);
	return failed;
}

/* ---- nodes ---- */

static bool is_node(const struct known *known, const struct fmt__node *test, node_id id)
{
	char buf[16];
	const char *const name = fmt_roster_node(&known->roster, id, buf);

	return fmt__filter_test_value(test, &(struct fmt__value){.number = id, .text = {(const uint8_t *)name, strlen(name)}});
}

/* "client, server and 48 more" */
static void put_nodes(struct fmt_buf *out, const struct known *known)
{
	const size_t count = known->roster.node_count, shown_max = 8;
	char buf[16];

	for (size_t i = 0; i < count && i < shown_max; i++)
		fmt_put_text(out, "%s%s", i == 0 ? "" : i + 1 == count ? " and " : ", ",
			     fmt_roster_node(&known->roster, known->roster.nodes[i].id, buf));
	if (count > shown_max)
		fmt_put_text(out, " and %zu more", count - shown_max);
	fmt_buf_put(out, "", 1);
}

static int check_node(const struct fmt_filter *filter, const struct fmt__node *test, const struct known *known, struct fmt_error *error)
{
	_cleanup_(fmt_buf_done) struct fmt_buf names = {0};

	/* What no node does: the run's own events. */
	if (is_node(known, test, 0))
		return 0;
	for (size_t i = 0; i < known->roster.node_count; i++)
		if (is_node(known, test, known->roster.nodes[i].id))
			return 0;
	put_nodes(&names, known);
	return refuse(filter, test, error, "there is no node \"%s\"; there are %s", test->text, (const char *)names.data);
}

/* ---- links ---- */

static bool is_link(const struct fmt__node *test, uint64_t id)
{
	return fmt__filter_test_value(test, &(struct fmt__value){.number = id});
}

static int check_link(const struct fmt_filter *filter, const struct fmt__node *test, const struct known *known, struct fmt_error *error)
{
	const struct fmt_roster *const roster = &known->roster;

	for (size_t i = 0; i < roster->link_count; i++)
		if (is_link(test, roster->links[i].id))
			return 0;
	for (size_t i = 0; i < known->pair_count; i++)
		if (is_link(test, known->pairs[i]))
			return 0;
	if (!roster->link_count)
		return refuse(filter, test, error, "there is no link %s; there are none", test->text);
	return refuse(filter, test, error, "there is no link %s; there are %zu, from %llu to %llu", test->text, roster->link_count,
		      (unsigned long long)roster->links[0].id,
		      (unsigned long long)roster->links[roster->link_count - 1].id);
}

/* ---- all of a filter ---- */

/* Whether it asks for one by name or number.  For one that is less or greater than a number there may be none. */
static bool names(const struct fmt__node *node, const char *field)
{
	return node->field && node->text && fmt__field_is(node->field, field) &&
	       (node->op == FMT__OP_EQ || node->op == FMT__OP_NE || node->op == FMT__OP_CONTAINS || node->op == FMT__OP_MATCHES);
}

static bool names_any(const struct fmt_filter *filter)
{
	for (int i = 0; i < filter->count; i++)
		if (names(&filter->nodes[i], "node") || names(&filter->nodes[i], "link"))
			return true;
	return false;
}

static int check(const struct fmt_filter *filter, const struct known *known, struct fmt_error *error)
{
	int failed = 0;

	for (int i = 0; failed == 0 && i < filter->count; i++) {
		const struct fmt__node *const node = &filter->nodes[i];

		if (names(node, "node"))
			failed = check_node(filter, node, known, error);
		else if (names(node, "link"))
			failed = check_link(filter, node, known, error);
	}
	return failed;
}

int fmt_filter_new_for(const char *text, struct fmt_reader *reader, struct fmt_filter **ret, struct fmt_error *error)
{
	_cleanup_(fmt_filter_freep) struct fmt_filter *filter = NULL;
	_cleanup_(known_done) struct known known = {0};
	int failed = fmt_filter_new(text, &filter, error);

	if (failed == 0 && names_any(filter) && learn(reader, &known))
		failed = check(filter, &known, error);
	if (failed == 0)
		*ret = STEAL(filter);
	return failed;
}

int fmt_filter_new_among(const char *text, const struct fmt_buf *records, struct fmt_filter **ret, struct fmt_error *error)
{
	_cleanup_(fmt_filter_freep) struct fmt_filter *filter = NULL;
	_cleanup_(known_done) struct known known = {0};
	int failed = fmt_filter_new(text, &filter, error);
	struct fmt_event event;
	size_t pos = 0;

	while (fmt_record_next(records->data, records->size, &pos, &event) > 0)
		learn_event(&known, &event);
	if (failed == 0)
		failed = check(filter, &known, error);
	if (failed == 0)
		*ret = STEAL(filter);
	return failed;
}
