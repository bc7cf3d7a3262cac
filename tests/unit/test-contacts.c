/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contact plans, connection events and tables in files: what becomes of links and pairs, and what is refused. */
#include "experiment-text.h"

static char plan[] = "/tmp/test-plan-XXXXXX";

#define HEAD                                                                                       \
	"general: {realtime: 2000-01-01T00:00:00Z}\n"                                               \
	"hosts: {a: {processes: [{path: /x}]}, b: {}, c: {}}\n"                                      \
	"network:\n  links: [{ends: [b, a], delay: 1 ms}]\n"                                         \
	"  media: {air: {kind: radio, hosts: [b, c], link: {delay: 1 us}}}\n"                       \
	"  contacts: [{file: %s, format: %s%s}]\n"

static struct rec_experiment *load_plan(const char *format, const char *more, const char *text, struct rec_exp_error *error)
{
	char whole[1000];

	snprintf(whole, sizeof(whole), HEAD, plan, format, more);
	write_file(plan, text);
	return load(whole, error);
}

static struct rec_experiment *good_plan(const char *format, const char *more, const char *text)
{
	struct rec_exp_error error;
	struct rec_experiment *exp = load_plan(format, more, text, &error);

	STRING(error.text, "");
	if (!exp)
		exit(done());
	return exp;
}

/* The complaint names the line of the plan. */
static void bad_plan(const char *format, const char *text, unsigned line, const char *what)
{
	struct rec_exp_error error;
	struct rec_experiment *exp = load_plan(format, "", text, &error);
	char where[100];

	snprintf(where, sizeof(where), "%s:6:21: %s:%u: ", experiment_path, plan, line);
	HOLDS(!exp);
	if (!strstr(error.text, where) || !strstr(error.text, what))
		STRING(error.text, where);
	rec_experiment_free(exp);
}

static const struct rec_exp_channel *at(const struct rec_exp_end *end, double seconds)
{
	return rec_channel_at(end, (vtime_ns)(seconds * 1e9));
}

static void test_ion(void)
{
	struct rec_experiment *exp = good_plan("ion", "",
		"# a plan\n1 1 'ignored'\ns\nm horizon +0\n"
		"a range +0 +100 1 2 3\n"
		"a contact +10 +20 1 2 1000\n"
		"a contact +20 +30 1 2 2000 1.0\n"
		"a contact 2000/01/01-00:00:15 2000/01/01-00:00:25 2 1 125\n"
		"@ +100\n"
		"a contact +0 +1 2 3 5000\n"
		"a contact 1999/12/31-00:00:00 1999/12/31-01:00:00 2 1 125\n");
	const struct rec_exp_end *b = &exp->links[2].end[0], *a = &exp->links[2].end[1];

	part("ion");
	/* Link 2, since media come before links; its end a is host b. */
	EQUAL(a->node, 1);
	EQUAL(b->node, 2);
	HOLDS(at(a, 0)->closed && at(a, 9.999999999)->closed && !at(a, 10)->closed && !at(a, 29.999999999)->closed);
	HOLDS(at(a, 30)->closed);
	EQUAL(at(a, 10)->rate_bps, 8000);
	EQUAL(at(a, 19.9)->rate_bps, 8000);
	EQUAL(at(a, 20)->rate_bps, 16000);
	HOLDS(at(b, 14.9)->closed && !at(b, 15)->closed && !at(b, 24.9)->closed && at(b, 25)->closed);
	EQUAL(at(b, 15)->rate_bps, 1000);
	/* A range from 1 to 2 is one from 2 to 1. */
	EQUAL(at(a, 10)->delay_ns, 3000000000);
	EQUAL(at(b, 20)->delay_ns, 3000000000);
	EQUAL(exp->pair_count, 1);
	EQUAL(exp->pairs[0].end[0].node, 2);
	HOLDS(at(&exp->pairs[0].end[0], 0)->closed && !at(&exp->pairs[0].end[0], 100)->closed && at(&exp->pairs[0].end[0], 101)->closed);
	EQUAL(at(&exp->pairs[0].end[0], 100.5)->rate_bps, 40000);
	/* The plan is part of what was run. */
	HOLDS(strstr(exp->text, "\n# input /tmp/test-plan-") && strstr(exp->text, " sha256 "));
	rec_experiment_free(exp);

	part("ion, asymmetric ranges, hosts by a map");
	exp = good_plan("ion", ", hosts: {7: a, x: b, c: c}",
		   "a range +0 +9 x 7 5\na range +0 +9 7 x 1\na contact +1 +2 7 x 9\na contact +1 +2 c x 9\n");
	EQUAL(exp->links[2].end[1].out.delay_ns, 1000000000);
	EQUAL(exp->links[2].end[0].out.delay_ns, 5000000000);
	rec_experiment_free(exp);
}

static void test_one(void)
{
	struct rec_experiment *exp = good_plan("one", "", "1.5 CONN 0 1 up\n2 CONN 2 1 up\n3.25 CONN 1 0 down\n4 CONN 0 1 up\n");
	const struct rec_exp_end *end = exp->links[2].end;

	part("one");
	for (unsigned i = 0; i < 2; i++) {
		HOLDS(at(&end[i], 1.4)->closed && !at(&end[i], 1.5)->closed && at(&end[i], 3.25)->closed && !at(&end[i], 4)->closed);
		HOLDS(!at(&end[i], 1e9)->closed);
		HOLDS(at(&exp->pairs[0].end[i], 1.9)->closed && !at(&exp->pairs[0].end[i], 2)->closed);
	}
	EQUAL(exp->lookahead, 1000);
	rec_experiment_free(exp);
}

static void test_complaints(void)
{
	struct rec_exp_error error;

	part("complaints");
	bad_plan("ion", "a contact +1 +2 1 9 1\n", 1, "there is no node 9");
	bad_plan("ion", "a contact +1 +2 1 4 1\n", 1, "there is no node 4");
	bad_plan("ion", "a contact +1 +2 1 x 1\n", 1, "'x' is not the number of a node");
	bad_plan("ion", "a contact +1 +2 1 3 1\n", 1, "nothing joins 'a' and 'c'");
	bad_plan("ion", "a contact +1 +2 1 1 1\n", 1, "no contact with itself");
	bad_plan("ion", "\n\na contact +1 +5 1 2 1\na contact +4 +6 1 2 1\n", 4, "overlaps with that of line 3");
	bad_plan("ion", "a contact +4 +6 1 2 1\na contact +1 +5 1 2 1\n", 1, "overlaps with that of line 2");
	bad_plan("ion", "a range +1 +5 1 2 1\na range +4 +6 1 2 1\n", 2, "this range overlaps");
	bad_plan("ion", "a contact +1 +5 1 2 0\n", 1, "a rate of 0");
	bad_plan("ion", "a contact +1 +5 1 2 -3\n", 1, "'-3' is not a rate");
	bad_plan("ion", "a range +1 +5 1 2 -1\n", 1, "'-1' is not a time");
	bad_plan("ion", "a contact +5 +5 1 2 1\n", 1, "ends before it begins");
	bad_plan("ion", "a contact 5 6 1 2 1\n", 1, "'5' is not a time");
	bad_plan("ion", "a contact 2000/13/01-00:00:00 +6 1 2 1\n", 1, "is not a time of day");
	bad_plan("ion", "a contact +1 +2 1 2\n", 1, "this is to be: a contact BEGIN END FROM TO");
	bad_plan("ion", "a plan\n", 1, "only 'a contact' and 'a range'");
	bad_plan("ion", "d contact +1 1 2\n", 1, "'d' is not a line of a contact plan");
	bad_plan("one", "1 CONN 0 1 up\n2 CONN 0 1 up\n", 2, "up already, since line 1");
	bad_plan("one", "1 CONN 0 1 down\n", 1, "not up");
	bad_plan("one", "1 CONN 0 7 up\n", 1, "there is no node 7");
	bad_plan("one", "1 C M1 0 1 100\n", 1, "this is to be: TIME CONN A B up");
	bad_plan("one", "soon CONN 0 1 up\n", 1, "'soon' is not a time");
	rec_experiment_free(load_plan("ion", ", hosts: {1: a}", "a contact +1 +2 1 2 3\n", &error));
	HOLDS(strstr(error.text, ":1: node '2' is not in 'hosts'"));
	rec_experiment_free(load_plan("ino", "", "", &error));
	HOLDS(strstr(error.text, "did you mean 'ion'?"));
	unlink(plan);
	HOLDS(!load("hosts: {a: {processes: [{path: /x}]}, b: {}}\nnetwork:\n  links: [{ends: [a, b], delay: 1 ms}]\n"
		    "  contacts: [{file: /none, format: ion}]\n", &error));
	HOLDS(strstr(error.text, ":4:21: /none: No such file"));
}

static struct rec_experiment *load_link(const char *what, const char *text, struct rec_exp_error *error)
{
	char whole[600];

	snprintf(whole, sizeof(whole), "hosts: {a: {processes: [{path: /x}]}, b: {}}\n"
		 "network: {links: [{ends: [a, b], delay: 50 ms, %s}]}\n", what);
	write_file(plan, text);
	return load(whole, error);
}

static void test_tables(void)
{
	struct rec_exp_error error;
	char what[200];

	part("tables in files");
	snprintf(what, sizeof(what), "deliveries: %s, jitter: {values: %s}", plan, plan);
	struct rec_experiment *exp = load_link(what, "3\n3\n 7 # full\n", &error);

	STRING(error.text, "");
	const struct rec_exp_channel *channel = &exp->links[0].end[0].out;

	EQUAL(channel->deliveries.count, 3);
	EQUAL(channel->deliveries.period, 7000000);
	EQUAL(channel->deliveries.at[1], 3000000);
	EQUAL(channel->jitter.table_count, 3);
	EQUAL(channel->jitter.table[2], 7000000000);
	rec_experiment_free(exp);
	snprintf(what, sizeof(what), "jitter: {values: %s}", plan);
	exp = load_link(what, "-2 ms\n300us\n0\n", &error);
	STRING(error.text, "");
	EQUAL(exp->links[0].end[0].out.jitter.table[0], -2000000);
	rec_experiment_free(exp);
	HOLDS(!load_link(what, "1 ms\nfast\n", &error));
	HOLDS(strstr(error.text, ":2: 'fast' is not a time of at most an hour"));
	HOLDS(!load_link(what, "", &error));
	HOLDS(strstr(error.text, "the list of values is empty"));
	snprintf(what, sizeof(what), "deliveries: %s", plan);
	HOLDS(!load_link(what, "1\n5\n4\n", &error));
	HOLDS(strstr(error.text, ":3: the times are to ascend"));
	HOLDS(!load_link(what, "1\n1.5\n", &error));
	HOLDS(strstr(error.text, ":2: each line is to be a number of milliseconds"));
	HOLDS(!load_link(what, "0\n", &error));
	HOLDS(strstr(error.text, "there is no delivery after 0 ms"));
}

int main(void)
{
	own_file(experiment_path);
	own_file(plan);
	test_ion();
	test_one();
	test_complaints();
	test_tables();
	unlink(experiment_path);
	unlink(plan);
	return done();
}
