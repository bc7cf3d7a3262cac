/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timeline: what becomes of the directions of links, and what is refused. */
#include "changes.h"
#include "experiment.h"

#include <unistd.h>

#include "unit.h"

static char path[] = "/tmp/test-timeline-XXXXXX";

static struct rec_experiment *load(const char *timeline, struct rec_exp_error *error)
{
	static const char head[] = "hosts: {a: {processes: [{path: /x}]}, b: {}, c: {}}\n"
				   "network:\n  links:\n  - {ends: [a, b], delay: 10 ms, rate: 10 Mbit/s, name: left}\n"
				   "  - {ends: [b, c], delay: 5 ms, rate: 1 Gbit/s}\n"
				   "timeline:\n";
	struct rec_experiment *exp = NULL;
	FILE *file = fopen(path, "w");

	*error = (struct rec_exp_error){0};
	HOLDS(file && fputs(head, file) >= 0 && fputs(timeline, file) >= 0 && !fclose(file));
	rec_experiment_load(path, NULL, &exp, error);
	return exp;
}

static struct rec_experiment *good(const char *timeline)
{
	struct rec_exp_error error;
	struct rec_experiment *exp = load(timeline, &error);

	STRING(error.text, "");
	return exp;
}

/* The complaint names the place, from line 7 on, and has the text. */
static void bad(const char *timeline, const char *where, const char *what)
{
	struct rec_exp_error error;
	struct rec_experiment *exp = load(timeline, &error);

	HOLDS(!exp);
	if (!strstr(error.text, where) || !strstr(error.text, what))
		STRING(error.text, what);
	rec_experiment_free(exp);
}

static void test_verbs(void)
{
	struct rec_experiment *exp = good("- {at: 3 s, up: left}\n"
					  "- {at: 1 s, set: {links: a>b, to: {delay: 4 ms}}, hold: 1}\n"
					  "- {at: 2 s, down: [left]}\n"
					  "- {at: 2 s, partition: {from: [c], to: [b]}}\n"
					  "- {at: 4 s, heal: all, release: b/c}\n"
					  "- {at: 0, set: {links: b>a, to: {loss: 1%}}}\n");

	part("verbs");
	const struct rec_exp_end *a = &exp->links[0].end[0], *b = &exp->links[0].end[1],
				 *c = &exp->links[1].end[1];

	EQUAL(rec_channel_at(a, 999999999)->delay_ns, 10000000);
	EQUAL(rec_channel_at(a, 1000000000)->delay_ns, 4000000);
	EQUAL(rec_channel_at(b, 1000000000)->delay_ns, 10000000);
	EQUAL(b->out.loss_ppb, 10000000);
	HOLDS(!rec_channel_at(a, 1999999999)->down && rec_channel_at(a, 2000000000)->down);
	HOLDS(rec_channel_at(b, 2999999999)->down && !rec_channel_at(b, 3000000000)->down);
	/* What was set stays. */
	EQUAL(rec_channel_at(a, 3000000000)->delay_ns, 4000000);
	HOLDS(rec_channel_at(c, 2000000000)->cut && !rec_channel_at(&exp->links[1].end[0], 2000000000)->cut);
	HOLDS(rec_channel_at(c, 1000000000)->held && !rec_channel_at(c, 4000000000)->held);
	HOLDS(!rec_channel_at(c, 4000000000)->cut);
	EQUAL(exp->lookahead, 4000000);
	rec_experiment_free(exp);
}

static void test_ramp(void)
{
	struct rec_experiment *exp = good("- {at: 1 s, ramp: {links: a>b, over: 3 s, steps: 3, to: {rate: 1 Mbit/s}}}\n"
					  "- {at: 2.5 s, set: {links: a>b, to: {delay: 20 ms}}}\n");
	const struct rec_exp_end *a = &exp->links[0].end[0];
	struct rec_changes changes;
	struct fmt_buf records = {0};
	struct fmt_event event;
	struct fmt_ev_link_change ev;
	size_t pos = 0;

	part("ramp");
	EQUAL(rec_channel_at(a, 1999999999)->rate_bps, 10000000);
	EQUAL(rec_channel_at(a, 2000000000)->rate_bps, 7000000);
	EQUAL(rec_channel_at(a, 3000000000)->rate_bps, 4000000);
	EQUAL(rec_channel_at(a, 3000000000)->delay_ns, 20000000);
	EQUAL(rec_channel_at(a, 4000000000)->rate_bps, 1000000);
	EQUAL(rec_channel_at(a, UINT64_MAX)->rate_bps, 1000000);

	part("changes");
	rec_changes_init(&changes, exp);
	EQUAL(changes.count, 4);
	EQUAL(rec_changes_next(&changes, exp), 2000000000);
	rec_changes_tell(&changes, exp, &records);
	EQUAL(rec_changes_next(&changes, exp), 2500000000);
	EQUAL(fmt_record_next(records.data, records.size, &pos, &event), 1);
	EQUAL(fmt_get_link_change(&event, &ev), 0);
	EQUAL(event.vtime, 2000000000);
	HOLDS(ev.what.size == 16 && !memcmp(ev.what.data, "rate_bps=7000000", 16));
	fmt_buf_done(&records);
	rec_changes_done(&changes);
	rec_experiment_free(exp);
}

/* All directions change ten times, each time at one instant. */
static void test_many(void)
{
	char text[4000] = "";
	struct rec_changes changes;
	struct rec_experiment *exp;

	part("many");
	for (unsigned int i = 1; i <= 10; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "- {at: %u ms, set: {links: all, to: {rate: %u Mbit/s}}}\n", i, i);
	exp = good(text);
	rec_changes_init(&changes, exp);
	EQUAL(changes.count, 40);
	for (unsigned int i = 0; i < 40; i++) {
		EQUAL(changes.list[i].at, (i / 4 + 1) * 1000000);
		EQUAL(changes.list[i].link, i / 2 % 2);
		EQUAL(changes.list[i].side, i % 2);
	}
	rec_changes_done(&changes);
	rec_experiment_free(exp);
}

static void test_seeds(void)
{
	struct rec_changes changes;
	struct fmt_buf records = {0};
	struct fmt_ev_injected ev;
	struct fmt_event event;
	size_t pos = 0;
	struct rec_experiment *exp = good("- {at: 2 s, seed: 9, down: left}\n- {at: 1 s, seed: 18446744073709551615}\n"
					  "- {at: 2 s, seed: 7}\n");

	part("seeds");
	EQUAL(exp->reseeds.count, 3);
	EQUAL(exp->reseeds.list[0].at, 1000000000);
	HOLDS(exp->reseeds.list[0].seed == UINT64_MAX);
	EQUAL(exp->reseeds.list[1].seed, 9);
	EQUAL(exp->reseeds.list[2].seed, 7);
	EQUAL(exp->reseeds.list[2].line, 9);
	rec_changes_init(&changes, exp);
	EQUAL(rec_changes_next(&changes, exp), 1000000000);
	rec_changes_tell(&changes, exp, &records);
	EQUAL(rec_changes_next(&changes, exp), 2000000000);
	EQUAL(fmt_record_next(records.data, records.size, &pos, &event), 1);
	EQUAL(fmt_get_injected(&event, &ev), 0);
	EQUAL(event.vtime, 1000000000);
	EQUAL(event.node, 0);
	HOLDS(ev.fault.size == 4 && !memcmp(ev.fault.data, "seed", 4));
	HOLDS(ev.what.size == 20 && !memcmp(ev.what.data, "18446744073709551615", 20));
	HOLDS(ev.cause.size == 16 && !memcmp(ev.cause.data, "timeline, line 8", 16));
	fmt_buf_done(&records);
	rec_changes_done(&changes);
	rec_experiment_free(exp);
}

static void test_errors(void)
{
	part("errors");
	bad("- {at: 0, seed: 1}\n", ":7:17: ", "that of general.seed");
	bad("- {at: 1 s, seed: -1}\n", ":7:19: ", "not a whole number");
	bad("- {at: 1 s, seed: {on: a}}\n", ":7:19: ", "single value");
	bad("- {down: left}\n", ":7:3: ", "needs its time");
	bad("- {at: 1 s, dwon: left}\n", ":7:13: ", "did you mean 'down'?");
	bad("- {at: 1 s, down: lefd}\n", ":7:19: ", "there is no link 'lefd'");
	bad("- {at: 1 s, down: 2}\n", ":7:19: ", "there is no link 2");
	bad("- {at: 1 s, down: a>b}\n", ":7:19: ", "as a whole");
	bad("- {at: 1 s, hold: a/x}\n", ":7:19: ", "there is no host 'x'");
	bad("- {at: 1 s, hold: a/c}\n", ":7:19: ", "no link is meant");
	bad("- {at: 1 s, partition: [[a], [a, b]]}\n", ":7:31: ", "in two groups");
	bad("- {at: 1 s, partition: [[a], [c]]}\n", ":7:24: ", "no link joins");
	bad("- {at: 1 s, set: {links: all}}\n", ":7:18: ", "needs 'links' and 'to'");
	bad("- {at: 1 s, set: {links: all, to: {delay: 0}}}\n", ":7:43: ", "cannot be 0");
	bad("- {at: 1 s, set: {links: all, to: {rate: 0}}}\n", ":7:42: ", "never sends");
	bad("- {at: 1 s, ramp: {links: all, to: {rate: 1}}}\n", ":7:19: ", "over: 5 s");
	bad("- {at: 1 s, ramp: {links: all, over: 1 s, to: {rate: unlimited}}}\n", ":7:", "unlimited");
	bad("- {at: -1 s, down: left}\n", ":7:8: ", "not a time");
	bad("- {at: 1 s, set: {links: all, to: {jitter: {law: gauss, spread: 1 ms}}}}\n", ":7:50: ", "one of constant");
	bad("- {at: 1 s, set: {links: all, to: {jitter: {law: normal}}}}\n", ":7:", "needs a spread");
	bad("- {at: 1 s, set: {links: all, to: {queue: {discipline: rde}}}}\n", ":7:56: ", "did you mean 'red'?");
}

int main(void)
{
	const int fd = mkstemp(path);

	if (fd < 0)
		return 77;
	close(fd);
	test_verbs();
	test_ramp();
	test_many();
	test_seeds();
	test_errors();
	unlink(path);
	return done();
}
