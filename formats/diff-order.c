/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * diff-order.c - where two runs part in the total order, of which one is the other with something changed from a time on.
 *
 * Up to that time the runs are to be the same, event by event.  But the fate of a frame is known, and told, when it is given to its
 * link: also what a change will do to it before it arrives.  And all pairs of hosts between which something will be special are told of
 * at the beginning.  So these may differ before a change of links, and pairs before any:
 *	packet-drop, packet-corrupt, packet-copy	one run has it, the other has not
 *	packet-send	depart_ns, when it is not before the change in either
 *	numbers of packets	a copy has one: all later ones of its node are higher by one
 *	link-loss	the sums of these drops
 * If any of that mattered before the change, a frame would arrive in one run and not in the other, which is compared.
 */
#include "diff-int.h"

#include <string.h>

#include "base/check.h"
#include "trace-int.h"

#define NODE_SHIFT 40		/* of a packet's number */

struct side {
	struct fmt_reader *reader;
	event_seq next;
	struct fmt_event event;
	bool has;
	uint64_t *copies;		/* numbers of those that were set aside */
	size_t copy_count;
	uint64_t aside;
};

/* The event that is to be compared next.  0, -EBADMSG. */
static int look(struct side *side, struct fmt_error *error)
{
	side->has = side->next < fmt_reader_count(side->reader);
	return side->has ? fmt_reader_event(side->reader, side->next, &side->event, error) : 0;
}

/* What a packet's number would be without the copies that were set aside. */
static uint64_t plain_number(const struct side *side, uint64_t number)
{
	uint64_t less = 0;

	for (size_t i = 0; i < side->copy_count; i++)
		less += side->copies[i] >> NODE_SHIFT == number >> NODE_SHIFT && side->copies[i] < number;
	return number - less;
}

static uint64_t plain_value(const struct side *side, const char *field, uint64_t value, vtime_ns changed)
{
	if (strcmp(field, "packet") == 0 || strcmp(field, "original") == 0)
		return plain_number(side, value);
	if (strcmp(field, "depart_ns") == 0)
		return value < changed ? value : changed;
	return value;
}

static bool same_packet_event(const struct side *a, const struct side *b, vtime_ns changed)
{
	const struct fmt_kind_info *info = fmt_kind_info(a->event.kind);
	struct fmt_value x[FMT_FIELD_MAX], y[FMT_FIELD_MAX];
	const int count = fmt_event_values(&a->event, x);

	if (count < 0 || fmt_event_values(&b->event, y) != count)
		return false;
	for (int i = 0; i < count; i++) {
		const char *field = info->fields[i].name;

		if (plain_value(a, field, x[i].u, changed) != plain_value(b, field, y[i].u, changed))
			return false;
		if (x[i].bytes.size != y[i].bytes.size ||
		    (x[i].bytes.size && memcmp(x[i].bytes.data, y[i].bytes.data, x[i].bytes.size) != 0))
			return false;
	}
	return true;
}

static bool is_packet_kind(uint32_t kind)
{
	return kind >= FMT_packet_send && kind <= FMT_packet_corrupt;
}

static bool same(const struct side *a, const struct side *b, vtime_ns changed)
{
	const struct fmt_event *x = &a->event, *y = &b->event;

	if (x->vtime != y->vtime || x->node != y->node || x->tid != y->tid || x->kind != y->kind)
		return false;
	if (x->vtime < changed && is_packet_kind(x->kind))
		return same_packet_event(a, b, changed);
	return x->body_size == y->body_size && (!x->body_size || memcmp(x->body, y->body, x->body_size) == 0);
}

/* Passes an event over that may be there or not.  False: it has to be the same. */
static bool set_aside(struct side *side, vtime_ns changed)
{
	const struct fmt_event *event = &side->event;
	struct fmt_ev_packet_copy copy;

	if (side->has && event->kind == FMT_pair) {
		side->next++;
		return true;
	}
	if (!side->has || event->vtime >= changed)
		return false;
	switch (event->kind) {
	case FMT_packet_copy:
		if (fmt_get_packet_copy(event, &copy) < 0)
			return false;
		side->copies = reallocarray(side->copies, side->copy_count + 1, sizeof(*side->copies));
		CHECK(side->copies);
		side->copies[side->copy_count++] = copy.packet;
		break;
	case FMT_packet_drop:
	case FMT_packet_corrupt:
	case FMT_link_loss:
		break;
	default:
		return false;
	}
	side->next++;
	side->aside++;
	return true;
}

static void part(const struct side sides[2], struct fmt_parting *ret)
{
	ret->parts = true;
	ret->vtime = UINT64_MAX;
	for (int i = 0; i < 2; i++) {
		ret->has[i] = sides[i].has;
		ret->at[i] = sides[i].next;
		if (sides[i].has && sides[i].event.vtime < ret->vtime)
			ret->vtime = sides[i].event.vtime;
	}
	ret->cause = fmt__diff_cause(sides[0].has ? &sides[0].event : NULL, sides[1].has ? &sides[1].event : NULL);
}

static int compare(struct side sides[2], vtime_ns changed, struct fmt_parting *ret, struct fmt_error *error)
{
	for (;;) {
		const int failed = look(&sides[0], error) ?: look(&sides[1], error);

		if (failed < 0 || (!sides[0].has && !sides[1].has))
			return failed;
		if (sides[0].has && sides[1].has && same(&sides[0], &sides[1], changed)) {
			sides[0].next++;
			sides[1].next++;
			ret->same++;
		} else if (!set_aside(&sides[0], changed) && !set_aside(&sides[1], changed)) {
			part(sides, ret);
			return 0;
		}
	}
}

int fmt_diff_order(struct fmt_reader *a, struct fmt_reader *b, vtime_ns changed, struct fmt_parting *ret, struct fmt_error *error)
{
	const event_seq equal = fmt__diff_skip_equal(a, b);
	struct side sides[2] = {{.reader = a, .next = equal}, {.reader = b, .next = equal}};
	struct fmt_parting parting = {.same = equal};
	const int failed = compare(sides, changed, &parting, error);

	parting.aside = sides[0].aside + sides[1].aside;
	free(sides[0].copies);
	free(sides[1].copies);
	if (failed == 0)
		*ret = parting;
	return failed;
}
