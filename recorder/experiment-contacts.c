/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * experiment-contacts.c - who can speak to whom when: ION's contact plans, and connection events of The ONE.
 *
 * A contact acts on whatever joins two hosts: the links between them, and their pair on a medium.  A plan closes all
 * directions that it mentions, from the beginning, and opens each for its contacts.
 */
#include "experiment-int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "lines.h"

struct plan {				/* while it is read */
	struct rec__lines lines;
	int file, format, hosts;	/* YAML nodes */
	bool one;			/* The ONE's, not ION's */
	vtime_ns reference;		/* what relative times are relative to */
	struct contact *contacts;
	size_t count;
};

/* A contact, or a range (how far apart two are), in one direction. */
struct contact {
	node_id from, to;
	vtime_ns begin, end;		/* end UINT64_MAX: never */
	bool range;
	bool up;			/* of an event of The ONE */
	uint64_t rate_bps;		/* contact; 0: the link's own */
	vtime_ns delay_ns;		/* range */
	unsigned int line;
};

int rec__take_plan_file(struct rec__load *load, int value, void *object)
{
	((struct plan *)object)->file = value;
	return 0;
}

int rec__take_plan_format(struct rec__load *load, int value, void *object)
{
	static const char *const words[] = {"ion", "one"};
	struct plan *plan = object;
	const int word = rec__take_word(load, value, "the format of contacts", words, 2);

	plan->format = value;
	plan->one = word == 1;
	return word < 0 ? word : 0;
}

int rec__take_plan_hosts(struct rec__load *load, int value, void *object)
{
	((struct plan *)object)->hosts = value;
	return rec__check_names(load, value, "hosts (a map from the file's numbers to hosts)");
}

/* ---- words of both formats ---- */

/* By the map that was given, or the n-th host: ION counts from 1, The ONE from 0. */
static int find_host(struct plan *plan, const char *word, node_id *ret)
{
	struct rec__load *load = plan->lines.load;
	const struct rec_experiment *exp = load->exp;
	uint64_t number;

	if (plan->hosts) {
		const int host = rec__yaml_find(load, plan->hosts, word);

		return host ? rec__find_host(load, host, ret) :
		       rec__lines_fail(&plan->lines, "node '%s' is not in 'hosts' of the plan", word);
	}
	if (rec__parse_u64(word, &number) < 0)
		return rec__lines_fail(&plan->lines, "'%s' is not the number of a node", word);
	number += plan->one;
	if (number < 1 || number > exp->node_count || exp->nodes[number - 1].medium)
		return rec__lines_fail(&plan->lines, "there is no node %s; without 'hosts' they are the experiment's hosts, "
				       "counted from %d", word, plan->one ? 0 : 1);
	*ret = (node_id)number;
	return 0;
}

static int find_hosts(struct plan *plan, const char *from, const char *to, struct contact *contact)
{
	const int error = find_host(plan, from, &contact->from) ?: find_host(plan, to, &contact->to);

	if (!error && contact->from == contact->to)
		return rec__lines_fail(&plan->lines, "a node has no contact with itself");
	return error;
}

static void add_contact(struct plan *plan, const struct contact *contact)
{
	plan->contacts = rec__grow(plan->contacts, plan->count, sizeof(*plan->contacts));
	plan->contacts[plan->count] = *contact;
	plan->contacts[plan->count++].line = plan->lines.line;
}

static bool same_way(const struct contact *a, const struct contact *b)
{
	return a->range == b->range && a->from == b->from && a->to == b->to;
}

static int cmp_contacts(const void *a, const void *b)
{
	const struct contact *x = a, *y = b;

	if (x->range != y->range)
		return x->range ? -1 : 1;
	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	if (x->to != y->to)
		return x->to < y->to ? -1 : 1;
	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

static void sort_contacts(struct plan *plan)
{
	if (plan->count)
		qsort(plan->contacts, plan->count, sizeof(*plan->contacts), cmp_contacts);
}

static int check_overlaps(struct plan *plan)
{
	sort_contacts(plan);
	for (size_t i = 1; i < plan->count; i++) {
		const struct contact *before = &plan->contacts[i - 1], *contact = &plan->contacts[i];

		plan->lines.line = contact->line;
		if (same_way(before, contact) && contact->begin < before->end)
			return rec__lines_fail(&plan->lines, "this %s overlaps with that of line %u, in the same direction",
					       contact->range ? "range" : "contact", before->line);
	}
	return 0;
}

/* ---- ION ---- */

/* yyyy/mm/dd-hh:mm:ss of UTC as a time of the run; what was before its beginning is 0. */
static int parse_date(struct plan *plan, const char *word, vtime_ns *ret)
{
	const uint64_t start = plan->lines.load->exp->realtime_ns;
	char text[64];
	uint64_t at;

	snprintf(text, sizeof(text), "%sZ", word);
	for (char *c = text; *c; c++)
		if (*c == '/')
			*c = '-';
	if (strlen(word) != 19 || word[4] != '/' || word[7] != '/' || word[10] != '-')
		return rec__lines_fail(&plan->lines, "'%s' is not a time; write it as +3600 or 2000/01/01-01:00:00", word);
	text[10] = 'T';
	if (rec__parse_realtime(text, &at) < 0)
		return rec__lines_fail(&plan->lines, "'%s' is not a time of day", word);
	*ret = at > start ? at - start : 0;
	return 0;
}

static int parse_time(struct plan *plan, const char *word, vtime_ns *ret)
{
	if (*word != '+')
		return parse_date(plan, word, ret);
	const int error = rec__lines_seconds(&plan->lines, word + 1, ret);

	*ret += error ? 0 : plan->reference;
	return error;
}

static int take_rate(struct plan *plan, const char *word, struct contact *contact)
{
	uint64_t bytes;

	if (rec__parse_u64(word, &bytes) < 0 || bytes > UINT64_MAX / 8)
		return rec__lines_fail(&plan->lines, "'%s' is not a rate in bytes a second", word);
	if (!bytes)
		return rec__lines_fail(&plan->lines, "a contact with a rate of 0 is none; leave it out");
	contact->rate_bps = bytes * 8;
	return 0;
}

static int take_delay(struct plan *plan, const char *word, struct contact *contact)
{
	const int error = rec__lines_seconds(&plan->lines, word, &contact->delay_ns);

	if (!error && !contact->delay_ns)
		contact->delay_ns = 1;	/* ION has whole seconds: 0 is "next to each other" */
	return error;
}

/* a contact|range BEGIN END FROM TO RATE|DISTANCE [CONFIDENCE] */
static int take_ion_add(struct plan *plan)
{
	char **w = plan->lines.words;
	const bool range = plan->lines.count > 1 && !strcmp(w[1], "range");
	struct contact contact = {.range = range};

	if (plan->lines.count < 2 || (!range && strcmp(w[1], "contact")))
		return rec__lines_fail(&plan->lines, "only 'a contact' and 'a range' can be added");
	if (plan->lines.count != 7 && (range || plan->lines.count != 8))
		return rec__lines_fail(&plan->lines, "this is to be: a %s BEGIN END FROM TO %s", w[1],
				       range ? "SECONDS-OF-LIGHT" : "BYTES-A-SECOND");
	int error = parse_time(plan, w[2], &contact.begin) ?: parse_time(plan, w[3], &contact.end)
			?: find_hosts(plan, w[4], w[5], &contact)
			?: (range ? take_delay : take_rate)(plan, w[6], &contact);

	if (!error && contact.end <= contact.begin)
		/* Before the run begins all times are 0. */
		return contact.end ? rec__lines_fail(&plan->lines, "the %s ends before it begins", w[1]) : 0;
	if (!error)
		add_contact(plan, &contact);
	return error;
}

static int take_ion(struct plan *plan)
{
	char **w = plan->lines.words;

	if (!strcmp(w[0], "a"))
		return take_ion_add(plan);
	if (!strcmp(w[0], "@") && plan->lines.count == 2) {
		vtime_ns reference;

		plan->reference = 0;
		if (parse_time(plan, w[1], &reference) < 0)
			return -EINVAL;
		plan->reference = reference;
		return 0;
	}
	/* Of ionadmin's other commands these say nothing about contacts. */
	if (strlen(w[0]) == 1 && strchr("1ehilmqsvw", *w[0]))
		return 0;
	return rec__lines_fail(&plan->lines, "'%s' is not a line of a contact plan that is understood here: a contact, a range, @", w[0]);
}

/* A range from the lower number to the higher holds for both directions, unless the other one has its own. */
static void mirror_ranges(struct plan *plan)
{
	const size_t count = plan->count;

	for (size_t i = 0; i < count && plan->contacts[i].range; i++) {
		struct contact back = plan->contacts[i];
		bool own = back.from > back.to;

		back.from = plan->contacts[i].to;
		back.to = plan->contacts[i].from;
		for (size_t k = 0; k < count && plan->contacts[k].range && !own; k++)
			own = same_way(&plan->contacts[k], &back) && plan->contacts[k].begin < back.end &&
			      back.begin < plan->contacts[k].end;
		if (own)
			continue;
		plan->lines.line = back.line;
		add_contact(plan, &back);
	}
}

/* ---- The ONE ---- */

/* TIME CONN A B up|down: for now an event, of both directions. */
static int take_one(struct plan *plan)
{
	char **w = plan->lines.words;
	struct contact event = {0};

	if (plan->lines.count < 5 || strcmp(w[1], "CONN") || (strcmp(w[4], "up") && strcmp(w[4], "down")))
		return rec__lines_fail(&plan->lines, "this is to be: TIME CONN A B up, or down");
	const int error = rec__lines_seconds(&plan->lines, w[0], &event.begin) ?: find_hosts(plan, w[2], w[3], &event);

	if (error)
		return error;
	struct contact back = event;

	event.up = back.up = *w[4] == 'u';
	back.from = event.to;
	back.to = event.from;
	add_contact(plan, &event);
	add_contact(plan, &back);
	return 0;
}

/* Events that go up and down by turns become contacts. */
static int pair_events(struct plan *plan)
{
	size_t kept = 0;

	sort_contacts(plan);
	for (size_t i = 0; i < plan->count; i++) {
		const struct contact event = plan->contacts[i];
		struct contact *last = kept ? &plan->contacts[kept - 1] : NULL;
		const bool is_up = last && same_way(last, &event) && last->end == UINT64_MAX;

		plan->lines.line = event.line;
		if (event.up && is_up)
			return rec__lines_fail(&plan->lines, "this connection is up already, since line %u", last->line);
		if (!event.up && !is_up)
			return rec__lines_fail(&plan->lines, "this connection is not up");
		if (!event.up) {
			last->end = event.begin;
			continue;
		}
		plan->contacts[kept] = event;
		plan->contacts[kept++].end = UINT64_MAX;
	}
	plan->count = kept;
	return 0;
}

/* ---- what they do ---- */

struct change {				/* of a direction, in a moment's arg */
	node_id from, to;
	bool close, range;
	uint64_t rate_bps;
	vtime_ns delay_ns;
};

static int change_channel(struct rec__load *load, const struct rec__moment *moment, struct rec_exp_end *end)
{
	const struct change *change = moment->arg;
	struct rec_exp_channel *channel = rec__from_time(end, moment->at);

	if (change->range) {
		channel->delay_ns = change->delay_ns;
		return rec__check_channel(load, moment->value, channel);
	}
	channel->closed = change->close;
	if (change->rate_bps)
		channel->rate_bps = change->rate_bps;
	return 0;
}

static int carry_out(struct rec__load *load, const struct rec__moment *moment)
{
	struct rec_experiment *exp = load->exp;
	const struct change *change = moment->arg;
	struct rec_exp_link *pair = rec__pair(load, change->from, change->to);
	int error = 0;

	for (size_t i = 0; i < 2 * exp->link_count && !error; i++) {
		struct rec_exp_end *end = exp->links[i / 2].end;

		if (end[i % 2].node == change->from && end[!(i % 2)].node == change->to)
			error = change_channel(load, moment, &end[i % 2]);
	}
	if (pair && !error)
		error = change_channel(load, moment, &pair->end[pair->end[1].node == change->from]);
	return error;
}

static bool are_joined(struct rec__load *load, node_id a, node_id b)
{
	const struct rec_experiment *exp = load->exp;

	for (size_t i = 0; i < exp->link_count; i++) {
		const struct rec_exp_end *end = exp->links[i].end;

		if ((end[0].node == a && end[1].node == b) || (end[0].node == b && end[1].node == a))
			return true;
	}
	return rec__pair(load, a, b);
}

static int add_change(struct rec__load *load, int value, vtime_ns at, struct change change)
{
	struct change *copy = rec__keep(load, sizeof(*copy));

	*copy = change;
	return rec__add_moment(load, (struct rec__moment){.at = at, .value = value, .carry_out = carry_out, .arg = copy});
}

static int add_closings(struct plan *plan, const struct contact *contact)
{
	struct rec__load *load = plan->lines.load;
	const struct change close = {.from = contact->from, .to = contact->to, .close = true};

	plan->lines.line = contact->line;
	if (!are_joined(load, contact->from, contact->to))
		return rec__lines_fail(&plan->lines, "nothing joins '%s' and '%s': there is neither a link between them nor a medium "
				       "that both are on", load->exp->nodes[contact->from - 1].name,
				       load->exp->nodes[contact->to - 1].name);
	if (contact->range)
		return 0;
	const int error = add_change(load, plan->file, 0, close);

	return error || contact->end == UINT64_MAX ? error : add_change(load, plan->file, contact->end, close);
}

/* Where one contact ends as another begins, the end comes first. */
static int add_all(struct plan *plan)
{
	int error = 0;

	for (size_t i = 0; i < plan->count && !error; i++)
		error = add_closings(plan, &plan->contacts[i]);
	for (size_t i = 0; i < plan->count && !error; i++) {
		const struct contact *contact = &plan->contacts[i];

		error = add_change(plan->lines.load, plan->file, contact->begin, (struct change){
			.from = contact->from, .to = contact->to, .range = contact->range,
			.rate_bps = contact->rate_bps, .delay_ns = contact->delay_ns});
	}
	return error;
}

static int take_plan(struct rec__load *load, int value, void *object)
{
	_cleanup_free_ struct plan *plan = calloc(1, sizeof(*plan));
	int error, got = 0;

	CHECK(plan);
	error = rec__take_map(load, value, REC__SCOPE_plan, plan);
	if (!error && (!plan->file || !plan->format))
		error = rec__fail(load, value, "contacts come from a file: {file: plan.ion, format: ion}");
	error = error ?: rec__lines_open(load, plan->file, &plan->lines);
	if (error)
		return error;
	while (!error && (got = rec__lines_next(&plan->lines)) > 0)
		error = plan->one ? take_one(plan) : take_ion(plan);
	error = error ?: got ?: (plan->one ? pair_events : check_overlaps)(plan);
	if (!error) {
		mirror_ranges(plan);
		error = add_all(plan);
	}
	rec__lines_close(&plan->lines);
	free(plan->contacts);
	return error;
}

int rec__take_contacts(struct rec__load *load, int value, void *object)
{
	return rec__join_media(load) ?: rec__each(load, value, "contacts (a list of files)", take_plan, object);
}
