/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Movement: mathematics that is equal everywhere, models against their laws, orbits against SGP4, plug-ins, and what is refused. */
#include <math.h>

#include "experiment-text.h"
#include "mobility-int.h"

#ifndef PLUGINS
#error "the build says where the plug-ins are"
#endif

static char data[] = "/tmp/test-movement-XXXXXX";

#define HEAD(stop)                                                                                 \
	"general: {realtime: 2000-01-01T00:00:00Z, stop_time: " stop ", seed: 5}\n"                \
	"hosts: {a: {processes: [{path: /x}]}, b: {}, c: {}, d: {}}\n"

/* Where a node is at a time; fails when nowhere. */
static const int64_t *place(const struct rec_experiment *exp, node_id node, double seconds)
{
	static const int64_t nowhere[3] = {INT64_MIN, INT64_MIN, INT64_MIN};
	const int64_t *found = nowhere;

	for (size_t i = 0; i < exp->move_count && exp->moves[i].at <= (vtime_ns)(seconds * 1e9); i++)
		if (exp->moves[i].node == node)
			found = exp->moves[i].mm;
	HOLDS(found != nowhere);
	return found;
}

static const struct rec_exp_channel *way(const struct rec_experiment *exp, node_id from, node_id to, double seconds)
{
	static const struct rec_exp_channel none = {.closed = true};

	for (size_t i = 0; i < 2 * exp->pair_count; i++) {
		const struct rec_exp_link *pair = &exp->pairs[i / 2];

		if (pair->end[i % 2].node == from && pair->end[!(i % 2)].node == to)
			return rec_channel_at(&pair->end[i % 2], (vtime_ns)(seconds * 1e9));
	}
	return &none;
}

static void test_math(void)
{
	double worst = 0;

	part("mathematics");
	for (unsigned i = 0; i < 100000; i++) {
		const double x = ((double)random_below(2000000) - 1000000) / 10;

		worst = fmax(worst, fabs(rec__sine(x) - sin(x)));
		worst = fmax(worst, fabs(rec__cosine(x) - cos(x)));
		const double y = ldexp((double)(random_u64() >> 11) + 1, (int)random_below(100) - 100);

		worst = fmax(worst, fabs(rec__logarithm(y) - log(y)) / fmax(1, fabs(log(y))));
	}
	HOLDS(worst < 1e-11);
	/* To the bit, on any machine. */
	HOLDS(rec__sine(1) == 0x1.aed548f090ceep-1);
	HOLDS(rec__cosine(1) == 0x1.14a280fb5068bp-1);
	HOLDS(rec__logarithm(10) == 0x1.26bb1bbb55515p+1);
}

/* ---- places, ranges and rates ---- */

static void test_range(void)
{
	struct rec_experiment *exp = good(
		"general: {stop_time: 20 s}\n"
		"hosts: {a: {position: [0, 0], processes: [{path: /x}]}, b: {position: [30, 40]}, c: {position: [0, 200, 0]}}\n"
		"network:\n  media:\n"
		"    air: {kind: radio, hosts: [a, b, c], rates: {50 m: 54 Mbit/s, 0.1 km: 6 Mbit/s}, propagation: true, "
		"link: {delay: 1 us}}\n"
		"timeline:\n- {at: 5 s, move: {hosts: b, to: [30.001, 40]}}\n- {at: 6 s, move: {hosts: [a, b], to: [0, -1000, 2 km]}}\n"
		"- {at: 10 s, move: {hosts: c, to: [0, -1000], over: 2 s, steps: 4}}\n");

	part("range");
	EQUAL(way(exp, 1, 2, 0)->rate_bps, 54000000);
	EQUAL(way(exp, 2, 1, 0)->rate_bps, 54000000);
	HOLDS(!way(exp, 1, 2, 0)->closed && way(exp, 1, 3, 0)->closed && way(exp, 3, 2, 0)->closed);
	/* 50 m at the speed of light */
	EQUAL(way(exp, 1, 2, 0)->delay_ns, 166);
	EQUAL(way(exp, 1, 2, 4.999999999)->rate_bps, 54000000);
	EQUAL(way(exp, 1, 2, 5)->rate_bps, 6000000);
	EQUAL(way(exp, 1, 2, 6)->rate_bps, 54000000);
	EQUAL(way(exp, 1, 2, 6)->delay_ns, 0);
	EQUAL(place(exp, 3, 9)[1], 200000);
	EQUAL(place(exp, 3, 10.5)[1], -100000);
	EQUAL(place(exp, 3, 11.999)[1], -700000);
	EQUAL(place(exp, 3, 12)[1], -1000000);
	EQUAL(place(exp, 1, 7)[2], 2000000);
	rec_experiment_free(exp);
}

/* ---- models ---- */

static void test_waypoint(void)
{
	struct rec_experiment *exp = good(HEAD("2000 s")
		"network:\n  links: [{ends: [a, b], delay: 1 ms}, {ends: [c, d], delay: 1 ms}]\n"
		"  mobility: {w: {model: random-waypoint, hosts: [a, b, c, d], "
		"options: {width: 500, height: 200, speed_min: 2, speed_max: 4}}}\n");
	double sum[2] = {0};
	size_t count = 0;

	part("random waypoint");
	/* At least 1 m a second, since a turn can shorten the way; at most 4, and not beyond the borders. */
	for (size_t i = 0; i < exp->move_count; i++) {
		const struct rec_exp_move *move = &exp->moves[i], *last = i >= 4 ? &exp->moves[i - 4] : NULL;

		HOLDS(move->mm[0] >= 0 && move->mm[0] <= 500000 && move->mm[1] >= 0 && move->mm[1] <= 200000);
		sum[0] += (double)move->mm[0];
		sum[1] += (double)move->mm[1];
		count++;
		if (!last)
			continue;
		EQUAL(last->node, move->node);
		HOLDS(hypot((double)(move->mm[0] - last->mm[0]), (double)(move->mm[1] - last->mm[1])) < 4001);
	}
	EQUAL(count, 8000);
	/* In the mean they are in the middle. */
	HOLDS(fabs(sum[0] / (double)count - 250000) < 40000);
	HOLDS(fabs(sum[1] / (double)count - 100000) < 16000);
	rec_experiment_free(exp);
}

static void test_gauss_markov(void)
{
	struct rec_experiment *exp = good(HEAD("5000 s")
		"network:\n  links: [{ends: [a, b], delay: 1 ms}, {ends: [c, d], delay: 1 ms}]\n"
		"  mobility: {w: {model: gauss-markov, hosts: [a, b, c, d], "
		"options: {width: 1000000, height: 1000000, memory: 0.8, speed: 10, speed_deviation: 2}}}\n");
	double sum = 0, squares = 0, products = 0, before[4] = {0};
	size_t count = 0;

	part("gauss-markov");
	for (size_t i = 4; i < exp->move_count; i++) {
		const int64_t *now = exp->moves[i].mm, *was = exp->moves[i - 4].mm;
		const double speed = hypot((double)(now[0] - was[0]), (double)(now[1] - was[1])) / 1000;

		sum += speed;
		squares += (speed - 10) * (speed - 10);
		if (i >= 8) {
			products += (speed - 10) * (before[i % 4] - 10);
			count++;
		}
		before[i % 4] = speed;
	}
	/* The law: mean 10, deviation 2, and a correlation of 0.8 from one second to the next. */
	HOLDS(fabs(sum / (double)count - 10) < 0.3);
	HOLDS(fabs(sqrt(squares / (double)count) - 2) < 0.15);
	HOLDS(fabs(products / squares - 0.8) < 0.02);
	rec_experiment_free(exp);
}

static void test_community(void)
{
	char text[8000], *at = text;
	unsigned home = 0, gathering = 0, count = 0;

	part("community");
	at += sprintf(at, "general: {stop_time: 11500 s, seed: 1}\nhosts:\n  h1: {processes: [{path: /x}]}\n");
	for (unsigned i = 2; i <= 56; i++)
		at += sprintf(at, "  h%u: {}\n", i);
	at += sprintf(at, "network:\n  media: {air: {kind: radio, range: 100 m, movement: m, hosts: &all [h1");
	for (unsigned i = 2; i <= 56; i++)
		at += sprintf(at, ", h%u", i);
	sprintf(at, "], link: {delay: 1 ms}}}\n  mobility: {m: {model: community, hosts: *all}}\n");
	struct rec_experiment *exp = good(text);

	for (size_t i = 0; i < exp->move_count; i++) {
		const struct rec_exp_move *move = &exp->moves[i];
		const unsigned host = move->node - 1, part_of = (unsigned)(move->mm[0] / 750000 + move->mm[1] / 500000 * 4);

		HOLDS(move->mm[0] >= 0 && move->mm[0] < 3000000 && move->mm[1] >= 0 && move->mm[1] < 1500000);
		/* The fixed ones are told of once. */
		HOLDS(host % 5 || move->at == 0);
		if (host % 5 == 0)
			continue;
		home += part_of == host / 5 + (host / 5 >= 5);
		gathering += part_of == 5;
		count++;
	}
	/* Hosts are where the model sends them: the gathering place sees four of five trips, and the way home nearly all others. */
	HOLDS(count > 100000);
	HOLDS((double)home / count > 0.2 && (double)gathering / count > 0.15);
	EQUAL(place(exp, 56, 0)[0], 1125000);
	EQUAL(place(exp, 56, 0)[1], 750000);
	rec_experiment_free(exp);
}

/* ---- satellites ---- */

/* Spacetrack Report No. 3's test case: SGP4 has these positions (km) at 0, 360 and 720 minutes. */
static const char elements[] =
	"title\n1 88888U          80275.98708465  .00073094  13844-3  66816-4 0    87\n"
	"2 88888  72.8435 115.9689 0086731  52.6988 110.5714 16.05824518  1058\n";

static void test_satellite(void)
{
	static const double sgp4[][3] = {{2328.97, -5995.22, 1719.97}, {2456.11, -6071.94, 1222.90}, {2567.56, -6112.50, 713.96}};
	struct rec_exp_error error;
	char text[1000];

	part("satellite");
	write_file(data, elements);
	/* The epoch is day 275.98708465 of 1980: October 1st, 23:41:24.11. */
	snprintf(text, sizeof(text), "general: {realtime: 1980-10-01T23:41:24Z, stop_time: 12.1 h}\n"
		 "hosts: {sat: {processes: [{path: /x}]}, berlin: {}}\nnetwork:\n"
		 "  media: {air: {kind: radio, movement: orbit, propagation: true, hosts: [sat, berlin], link: {delay: 1 ms}}}\n"
		 "  mobility: {orbit: {model: satellite, hosts: [sat, berlin], step: 10 s, options: {tle.sat: %s, "
		 "station.berlin: 52.5 13.4 34}}}\n", data);
	struct rec_experiment *exp = good(text);
	vtime_ns connected = 0, longest = 0, begin = 0;
	bool before = false;

	for (unsigned i = 0; i < 3; i++) {
		const int64_t *mm = place(exp, 1, i * 21600.0);
		const double x = (double)mm[0] / 1e6 - sgp4[i][0], y = (double)mm[1] / 1e6 - sgp4[i][1],
			     z = (double)mm[2] / 1e6 - sgp4[i][2];

		HOLDS(sqrt(x * x + y * y + z * z) < 25);
	}
	/* Berlin is on the ellipsoid, and goes round with the earth. */
	HOLDS(fabs((double)place(exp, 2, 0)[2] / 1e6 - 5037.0) < 2);
	for (unsigned i = 0; i < 4356; i++) {
		const struct rec_exp_channel *channel = way(exp, 1, 2, i * 10.0);
		const int64_t *a = place(exp, 1, i * 10.0), *b = place(exp, 2, i * 10.0);

		if (!channel->closed) {
			const double x = (double)(a[0] - b[0]), y = (double)(a[1] - b[1]), z = (double)(a[2] - b[2]);

			HOLDS(fabs((double)channel->delay_ns - sqrt(x * x + y * y + z * z) / 299.792458) < 2);
			connected += 10;
			begin = before ? begin : i * 10;
			longest = i * 10 - begin > longest ? i * 10 - begin : longest;
		}
		before = !channel->closed;
	}
	/* Some passes, none of ten minutes: it flies 200 to 300 km high. */
	HOLDS(connected > 300 && longest > 100 && longest < 600);
	rec_experiment_free(exp);

	write_file(data, "1 88888U          80275.98708465  .00073094  13844-3  66816-4 0    88\n"
			 "2 88888  72.8435 115.9689 0086731  52.6988 110.5714 16.05824518  1058\n");
	HOLDS(!load(text, &error));
	HOLDS(strstr(error.text, "movement 'orbit': the elements of 'sat' are to be two lines"));
	unlink(data);
	HOLDS(!load(text, &error));
	HOLDS(strstr(error.text, "No such file"));
}

/* ---- files of others ---- */

#define MOVED HEAD("30 s") "network:\n  links: [{ends: [a, b], delay: 1 ms}, {ends: [c, d], delay: 1 ms}]\n" \
	"  mobility: {w: {model: %s, hosts: [a, b], step: 500 ms, options: {file: %s}}}\n"

static struct rec_experiment *moved(const char *model, const char *text, struct rec_exp_error *error)
{
	char whole[1000];

	snprintf(whole, sizeof(whole), MOVED, model, data);
	write_file(data, text);
	return load(whole, error);
}

static void test_files(void)
{
	struct rec_exp_error error;

	part("ns-2");
	struct rec_experiment *exp = moved("ns-2",
		"# comment\nset val(nn) 2\n$node_(0) set X_ 10.0\n$node_(0) set Y_ 20.0\n$node_(1) set X_ 0\n$node_(1) set Y_ 0\n"
		"$ns_ at 2.0 \"$node_(0) setdest 10.0 40.0 4.0\"\n$ns_ at 10 \"$node_(1) setdest 100.0 0.0 10.0\"\n"
		"$ns_ at 12 \"$node_(1) setdest 20.0 50.0 5.0\"\n$ns_ at 3 \"$god_ set-dist 0 1 2\"\n", &error);

	STRING(error.text, "");
	EQUAL(place(exp, 1, 0)[0], 10000);
	EQUAL(place(exp, 1, 2)[1], 20000);
	EQUAL(place(exp, 1, 4.5)[1], 30000);
	EQUAL(place(exp, 1, 7)[1], 40000);
	EQUAL(place(exp, 2, 9.9)[0], 0);
	EQUAL(place(exp, 2, 12)[0], 20000);
	EQUAL(place(exp, 2, 14)[1], 10000);
	EQUAL(place(exp, 2, 29)[1], 50000);
	rec_experiment_free(exp);
	HOLDS(!moved("ns-2", "\n$node_(2) set X_ 1\n", &error));
	HOLDS(strstr(error.text, ":2: there are fewer hosts"));
	HOLDS(!moved("ns-2", "$ns_ at 2.0 \"$node_(0) setdest 1 fast\"\n", &error));
	HOLDS(strstr(error.text, ":1: this is to be: $ns_ at TIME"));

	part("bonnmotion");
	exp = moved("bonnmotion", "0.0 10 20 5.0 10 30 10 20 30\n2.0 1 1\n", &error);
	STRING(error.text, "");
	EQUAL(place(exp, 1, 0)[1], 20000);
	EQUAL(place(exp, 1, 2.5)[1], 25000);
	EQUAL(place(exp, 1, 7.5)[0], 15000);
	EQUAL(place(exp, 1, 29)[0], 20000);
	EQUAL(place(exp, 2, 0)[0], 1000);
	rec_experiment_free(exp);
	HOLDS(!moved("bonnmotion", "0 1 1 0 2 2\n", &error));
	HOLDS(strstr(error.text, ":1: the times are to ascend"));
	HOLDS(!moved("bonnmotion", "0 1\n", &error));
	HOLDS(strstr(error.text, ":1: a line is to be a row"));
	HOLDS(!moved("bonnmotion", "0 1 1\n0 1 1\n0 1 1\n", &error));
	HOLDS(strstr(error.text, ":3: there are more lines than hosts"));
}

static struct rec_experiment *connected(const char *text, struct rec_exp_error *error)
{
	char whole[1000];

	snprintf(whole, sizeof(whole), HEAD("20 s")
		 "network:\n  media: {air: {kind: radio, hosts: [a, b, c, d], movement: m, link: {delay: 1 ms}}}\n"
		 "  mobility: {m: {model: matrix, hosts: [a, b, c], step: 500 ms, options: {file: %s}}}\n", data);
	write_file(data, text);
	return load(whole, error);
}

static void test_matrix(void)
{
	struct rec_exp_error error;

	part("matrix");
	struct rec_experiment *exp = connected("1 011 101 110 # all\n\n12.5 010 000 000\n", &error);

	STRING(error.text, "");
	HOLDS(way(exp, 1, 2, 0.9)->closed && !way(exp, 1, 2, 1)->closed && !way(exp, 3, 1, 12.4)->closed);
	HOLDS(!way(exp, 1, 2, 12.5)->closed && way(exp, 2, 1, 12.5)->closed && way(exp, 3, 1, 12.5)->closed);
	rec_experiment_free(exp);
	HOLDS(!connected("1 011 101\n", &error));
	HOLDS(strstr(error.text, ":1: a matrix has a row for each host"));
	HOLDS(!connected("1 011 101 110\n2 0110 101 110\n", &error));
	HOLDS(strstr(error.text, ":2: a matrix has a row for each host"));
	HOLDS(!connected("1 011 101 110 011\n", &error));
	HOLDS(strstr(error.text, ":1: there are more rows than hosts"));
	HOLDS(!connected("1 011 101 110\n1 011 101 110\n", &error));
	HOLDS(strstr(error.text, ":2: a line begins with a time in seconds, and times ascend"));
}

/* ---- plug-ins ---- */

#define AIR "network:\n  media: {air: {kind: radio, hosts: [a, b, c, d], range: 1 km, movement: s, link: {delay: 1 ms}}}\n  mobility:\n"

static void test_plugins(void)
{
	struct rec_experiment *exp = good(HEAD("10 s") AIR
		"    s: {plugin: " PLUGINS "/shadow-of.so, on: w, hosts: [c, d], options: {metres: 25}}\n"
		"    w: {model: random-waypoint, hosts: [a, b]}\n"
		"timeline:\n- {at: 0, move: {hosts: a, to: [0, 0]}}\n");

	part("plug-ins");
	for (double t = 1; t < 10; t++) {
		EQUAL(place(exp, 3, t)[0], place(exp, 1, t)[0] + 25000);
		EQUAL(place(exp, 4, t)[1], place(exp, 2, t)[1]);
		/* Of the two that it is about, the matrix speaks; of the others distance alone. */
		EQUAL(way(exp, 3, 4, t)->closed, (int)t % 2 == 1);
		HOLDS(!way(exp, 1, 3, t)->closed);
	}
	rec_experiment_free(exp);

	part("complaints");
	bad(HEAD("10 s") AIR "    s: {plugin: " PLUGINS "/shadow-of.so, on: t}\n    t: {plugin: " PLUGINS "/shadow-of.so, on: s}\n", ":6:",
	    "the movement 's' builds on itself");
	bad(HEAD("10 s") AIR "    s: {model: random-waypoint, on: s}\n", ":6:37: ", "builds on itself");
	bad(HEAD("10 s") AIR "    s: {plugin: /none.so, hosts: [a]}\n", ":6:17: ", "the plug-in cannot be loaded: /none.so");
	bad(HEAD("10 s") AIR "    s: {plugin: " PLUGINS "/old.so, hosts: [a]}\n", ":6:17: ", "built for version 99");
	bad(HEAD("10 s") AIR "    s: {plugin: /lib/x86_64-linux-gnu/libm.so.6, hosts: [a]}\n", ":6:17: ", "no symbol hindcast_mobility");
	bad(HEAD("10 s") AIR "    s: {plugin: " PLUGINS "/shadow-of.so, hosts: [a]}\n", ":6:8: ", "movement 's': every host needs one");
	bad(HEAD("10 s") AIR "    s: {plugin: " PLUGINS "/shadow-of.so, on: w, options: {metres: far}}\n"
	    "    w: {model: random-waypoint, hosts: [a]}\n",
	    ":6:", "'far' is not a number");
	bad(HEAD("10 s") AIR "    w: {model: random-waypoint, hosts: [a]}\n", ":4:74: ", "there is no movement 's'");
	bad(HEAD("10 s") AIR "    s: {model: random-walk, hosts: [a]}\n", ":6:16: ", "the model of a movement is not 'random-walk'");
	bad(HEAD("10 s") AIR "    s: {hosts: [a]}\n", ":6:8: ", "either a model or a plugin");
	bad(HEAD("10 s") AIR "    s: {model: random-waypoint}\n", ":6:8: ", "who moves");
	bad(HEAD("10 s") AIR "    s: {model: random-waypoint, hosts: [a, a]}\n", ":6:44: ", "'a' is here twice");
	bad(HEAD("10 s") AIR "    s: {model: random-waypoint, hosts: [a, air]}\n", ":6:44: ", "'air' is a medium");
	bad(HEAD("10 s") AIR "    s: {model: random-waypoint, hosts: [a]}\n", ":4:16: ", "'b' has no place");
	bad(HEAD("10 s") AIR "    s: {model: community, hosts: [a]}\n", ":6:8: ", "the community model has 56 hosts");
	bad(HEAD("10 s") AIR "    s: {model: random-waypoint, hosts: [a], options: {speed_min: 0}}\n", ":6:8: ",
	    "speed_min is to be above 0");
	bad(HEAD("10 s") AIR "    s: {model: ns-2, hosts: [a]}\n", ":6:8: ", "this needs the option file");
	bad(HEAD("10 s") AIR "    s: {model: random-waypoint, hosts: [a], step: 0}\n", ":6:8: ", "a step of 0");
	bad("hosts: {a: {processes: [{path: /x}]}, b: {}, c: {}, d: {}}\n" AIR "    s: {model: random-waypoint, hosts: [a]}\n", ":5:8: ",
	    "until general.stop_time");
	bad(HEAD("10 s") "network:\n  media: {air: {kind: radio, hosts: [a, b, c, d], link: {delay: 1 ms}}}\n", ":4:16: ",
	    "on 'air' nobody ever hears anybody");
	bad(HEAD("10 s") "network:\n  media: {lan: {kind: switch, range: 5 m, hosts: [a, b, c, d], link: {delay: 1 ms}}}\n", ":4:16: ",
	    "are for media of the kind radio");
	bad(HEAD("10 s") "network:\n  media: {air: {kind: radio, range: 0, hosts: [a, b, c, d], link: {delay: 1 ms}}}\n", ":4:37: ",
	    "'0' is not a distance");
}

int main(void)
{
	own_file(experiment_path);
	own_file(data);
	test_math();
	test_range();
	test_waypoint();
	test_gauss_markov();
	test_community();
	test_satellite();
	test_files();
	test_matrix();
	test_plugins();
	unlink(experiment_path);
	unlink(data);
	return done();
}
