/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filter-match.c - a filter is asked: about an event, and about a kind of events before any of them is there. */
#include "filter.h"

#include <arpa/inet.h>
#include <fnmatch.h>
#include <string.h>

#include "base/check.h"
#include "filter-int.h"

/* ---- about an event ---- */

static bool contains(struct fmt_bytes text, const char *word)
{
	return text.size && memmem(text.data, text.size, word, strlen(word));
}

/* Text may hold zero bytes (arguments of a program do): they end a piece, any of which may match. */
static bool text_matches(const struct fmt__node *node, struct fmt_bytes text)
{
	_cleanup_free_ char *copy = calloc(1, text.size + 1);

	CHECK(copy);
	if (text.size)
		memcpy(copy, text.data, text.size);
	for (size_t at = 0; at <= text.size; at += strlen(copy + at) + 1) {
		const bool found = node->op == FMT__OP_MATCHES
					   ? regexec(&node->regex, copy + at, 0, NULL, 0) == 0
					   : fnmatch(node->text, copy + at, 0) == 0;

		if (found)
			return true;
	}
	return false;
}

static bool same_address(const struct fmt__node *node, const struct fmt__value *value)
{
	const size_t bytes = node->prefix / 8u;
	const unsigned int mask = 0xff00u >> node->prefix % 8u & 0xff;

	if (value->version != node->version || memcmp(value->address, node->address, bytes) != 0)
		return false;
	return !mask || ((value->address[bytes] ^ node->address[bytes]) & mask) == 0;
}

/* -1, 0, 1 */
static int compare(const struct fmt__field *field, uint64_t a, uint64_t b)
{
	if (field->type == FMT__SIGNED)
		return ((int64_t)a > (int64_t)b) - ((int64_t)a < (int64_t)b);
	return (a > b) - (a < b);
}

bool fmt__filter_test_value(const struct fmt__node *node, const struct fmt__value *value)
{
	const struct fmt__field *field = node->field;

	if (node->op == FMT__OP_CONTAINS)
		return contains(value->text, node->text);
	if (field->type == FMT__TEXT || node->by_name || node->op == FMT__OP_MATCHES)
		return text_matches(node, value->text);
	if (field->type == FMT__ADDRESS)
		return same_address(node, value);
	const int order = compare(field, value->number, node->number);

	switch (node->op) {
	case FMT__OP_EQ:
	case FMT__OP_NE:
		return order == 0;
	case FMT__OP_LT:
		return order < 0;
	case FMT__OP_LE:
		return order <= 0;
	case FMT__OP_GT:
		return order > 0;
	case FMT__OP_GE:
		return order >= 0;
	case FMT__OP_BETWEEN:
		return order >= 0 && compare(field, value->number, node->high) <= 0;
	default:
		CHECK(!"an operation on a value");
		return false;
	}
}

/* Of a field with two values, one has to match; for != none may be equal, but there must be one. */
static bool test_field(const struct fmt__node *node, struct fmt__subject *subject)
{
	struct fmt__value values[FMT__VALUES_MAX];
	const size_t count = fmt__field_get(node->field, subject, values);
	bool found = false;

	if (node->op == FMT__OP_EXISTS)
		return count > 0;
	for (size_t i = 0; i < count; i++)
		found |= fmt__filter_test_value(node, &values[i]);
	return node->op == FMT__OP_NE ? count && !found : found;
}

static bool test_packet(const struct fmt__node *node, const struct fmt__subject *subject)
{
	if (!subject->packet)
		return false;
	const struct pcap_pkthdr header = {.caplen = (bpf_u_int32)subject->packet->head_size,
					   .len = (bpf_u_int32)subject->packet->size};

	return pcap_offline_filter(&node->program, &header, subject->packet->head) > 0;
}

static bool test(const struct fmt_filter *filter, int at, struct fmt__subject *subject)
{
	const struct fmt__node *node = &filter->nodes[at];

	switch (node->op) {
	case FMT__OP_AND:
		return test(filter, node->left, subject) && test(filter, node->right, subject);
	case FMT__OP_OR:
		return test(filter, node->left, subject) || test(filter, node->right, subject);
	case FMT__OP_NOT:
		return !test(filter, node->left, subject);
	case FMT__OP_LINE:
		return contains(fmt__subject_line(subject), node->text);
	case FMT__OP_PCAP:
		return test_packet(node, subject);
	default:
		return test_field(node, subject);
	}
}

bool fmt_filter_match(struct fmt_filter *filter, const struct fmt_event *event,
		      const struct fmt_roster *roster)
{
	if (filter->packets)
		filter->packet = fmt_packets_see(filter->packets, event);
	if (filter->root < 0)
		return true;
	fmt_buf_clear(&filter->line);
	struct fmt__subject subject = {
		.event = event, .roster = roster, .packet = filter->packet, .line = filter->line};
	const bool matches = test(filter, filter->root, &subject);

	filter->line = subject.line;
	return matches;
}

/* ---- which kinds of events it can want at all ---- */

#define UNKNOWN_KIND UINT32_MAX

enum answer { NO, MAYBE, YES };

static bool wants_kind(const struct fmt__node *node, uint32_t kind)
{
	const struct fmt_event event = {.kind = kind};
	struct fmt__subject subject = {.event = &event};

	return test_field(node, &subject);
}

/* A test that wants a known kind by its name or number wants no other; of the rest nobody knows. */
static enum answer reach_unknown_kind(const struct fmt__node *node)
{
	const struct fmt_kind_info *kind;

	for (size_t i = 0; node->op == FMT__OP_EQ && (kind = fmt_kind_at(i)); i++)
		if (wants_kind(node, kind->kind))
			return wants_kind(node, UNKNOWN_KIND) ? YES : NO;
	return MAYBE;
}

static enum answer reach_field(const struct fmt__node *node, const struct fmt_kind_info *kind)
{
	if (fmt__field_is(node->field, "kind") && kind->kind == UNKNOWN_KIND)
		return reach_unknown_kind(node);
	if (fmt__field_is(node->field, "kind"))
		return wants_kind(node, kind->kind) ? YES : NO;
	if (node->field->get)
		return MAYBE;
	for (size_t i = 0; i < kind->field_count; i++)
		if (strcmp(kind->fields[i].name, node->field->name) == 0)
			return MAYBE;
	return NO;
}

static enum answer reach(const struct fmt_filter *filter, int at, const struct fmt_kind_info *kind)
{
	const struct fmt__node *node = &filter->nodes[at];
	enum answer left, right;

	switch (node->op) {
	case FMT__OP_AND:
	case FMT__OP_OR:
		left = reach(filter, node->left, kind);
		right = reach(filter, node->right, kind);
		return (node->op == FMT__OP_AND) == (left < right) ? left : right;
	case FMT__OP_NOT:
		return YES - reach(filter, node->left, kind);
	case FMT__OP_LINE:
	case FMT__OP_PCAP:
		return MAYBE;
	default:
		return reach_field(node, kind);
	}
}

size_t fmt_filter_kinds(const struct fmt_filter *filter, uint32_t ret[FMT_FILTER_KINDS_MAX])
{
	/* What is known of a kind that is not known. */
	static const struct fmt_kind_info unknown = {.kind = UNKNOWN_KIND, .name = "unknown"};
	const struct fmt_kind_info *kind;
	size_t count = 0, all = 0;

	if (filter->root < 0 || reach(filter, filter->root, &unknown) != NO)
		return 0;
	for (; (kind = fmt_kind_at(all)); all++) {
		if (reach(filter, filter->root, kind) == NO)
			continue;
		if (count == FMT_FILTER_KINDS_MAX)
			return 0;
		ret[count++] = kind->kind;
	}
	/* None of the kinds: then one that does not occur. */
	if (!count)
		ret[count++] = UNKNOWN_KIND;
	return count == all ? 0 : count;
}
