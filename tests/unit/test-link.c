/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sending end of a link: times by hand, and a ring against a model. */
#include "link.h"

#include "unit.h"

static struct rec_exp_link link_of(uint64_t rate, vtime_ns delay, uint64_t loss, uint32_t queue)
{
	const struct rec_exp_channel channel = {rate, delay, loss, queue};

	return (struct rec_exp_link){.id = 3, .end = {{.out = channel}, {.out = channel}}, .mtu = 1500};
}

static void test_rate(void)
{
	const struct rec_exp_link link = link_of(10000000, 20000000, 0, 2);
	struct rec_link_end end;
	struct rec_link_result r;

	part("rate");
	rec_link_end_init(&end, &link, 0, 1);
	/* 1250 bytes are 10^4 bits: 1 ms at 10 Mbit/s. */
	r = rec_link_end_send(&end, 1000, 1250);
	EQUAL(r.verdict, REC_LINK_KEPT);
	EQUAL(r.depart_ns, 1001000);
	EQUAL(r.arrive_ns, 21001000);
	HOLDS(!r.drop);
	EQUAL(rec_link_end_next(&end), 1001000);
	r = rec_link_end_send(&end, 2000, 1250);
	EQUAL(r.depart_ns, 2001000);
	r = rec_link_end_send(&end, 3000, 1250);
	EQUAL(r.verdict, REC_LINK_FULL);
	EQUAL(rec_link_end_departed(&end, 1000999), 0);
	EQUAL(rec_link_end_departed(&end, 1001000), 1);
	EQUAL(rec_link_end_next(&end), 2001000);
	r = rec_link_end_send(&end, 1001000, 125);
	EQUAL(r.depart_ns, 2101000);
	EQUAL(rec_link_end_departed(&end, 5000000), 2);
	HOLDS(rec_link_end_next(&end) == UINT64_MAX);
	/* An idle line begins at once. */
	r = rec_link_end_send(&end, 9000000, 1250);
	EQUAL(r.depart_ns, 10000000);
	rec_link_end_done(&end);
}

static void test_rounding(void)
{
	const struct rec_exp_link slow = link_of(3, 1, 0, 1), fast = link_of(1000000000000, 1, 0, 1);
	struct rec_link_end end;

	part("rounding is upwards");
	rec_link_end_init(&end, &slow, 1, 1);
	EQUAL(rec_link_end_send(&end, 0, 1).depart_ns, 2666666667);
	rec_link_end_done(&end);
	rec_link_end_init(&end, &slow, 1, 1);
	EQUAL(rec_link_end_send(&end, 0, 65535).depart_ns, 174760000000000);
	rec_link_end_done(&end);
	rec_link_end_init(&end, &fast, 1, 1);
	EQUAL(rec_link_end_send(&end, 0, 64).depart_ns, 1);
	rec_link_end_done(&end);
}

static void test_unlimited(void)
{
	const struct rec_exp_link link = link_of(0, 5000, 0, 1);
	struct rec_link_end end;

	part("unlimited");
	rec_link_end_init(&end, &link, 0, 1);
	for (vtime_ns now = 0; now < 100; now += 10) {
		const struct rec_link_result r = rec_link_end_send(&end, now, 1500);

		EQUAL(r.verdict, REC_LINK_SENT);
		EQUAL(r.depart_ns, now);
		EQUAL(r.arrive_ns, now + 5000);
	}
	rec_link_end_done(&end);
}

static void test_loss(void)
{
	const struct rec_exp_link none = link_of(0, 1, 0, 1), all = link_of(0, 1, 1000000000, 1),
				  some = link_of(0, 1, 10000000, 1);
	struct rec_link_end a, b, c;
	unsigned int lost = 0;

	part("loss");
	rec_link_end_init(&a, &none, 0, 9);
	rec_link_end_init(&b, &all, 0, 9);
	rec_link_end_init(&c, &some, 0, 9);
	for (unsigned int i = 0; i < 100000; i++) {
		HOLDS(!rec_link_end_send(&a, 0, 100).drop);
		const char *why = rec_link_end_send(&b, 0, 100).drop;

		STRING(why ? why : "", "loss");
		lost += rec_link_end_send(&c, 0, 100).drop != NULL;
	}
	HOLDS(lost > 800 && lost < 1200);
	/* One draw a frame, whatever the loss. */
	HOLDS(!memcmp(&a.loss, &b.loss, sizeof(a.loss)));
	HOLDS(!memcmp(&a.loss, &c.loss, sizeof(a.loss)));
	rec_link_end_done(&a);
	rec_link_end_done(&b);
	rec_link_end_done(&c);
}

/* Departures ascend, the ring never holds more than the queue, and everything departs. */
static void test_random(void)
{
	const struct rec_exp_link link = link_of(1000000, 100, 0, 7);
	struct rec_link_end end;
	vtime_ns now = 0, last = 0;
	uint32_t kept = 0, departed = 0;

	part("random");
	rec_link_end_init(&end, &link, 0, 1);
	for (unsigned int i = 0; i < 20000; i++) {
		now += random_below(3000000);
		const uint32_t gone = rec_link_end_departed(&end, now);

		departed += gone;
		HOLDS(rec_link_end_next(&end) > now);
		const struct rec_link_result r = rec_link_end_send(&end, now, 60 + random_below(1455));

		EQUAL(r.verdict == REC_LINK_FULL, kept - departed == 7);
		if (r.verdict == REC_LINK_FULL)
			continue;
		EQUAL(r.verdict, REC_LINK_KEPT);
		HOLDS(r.depart_ns > last && r.arrive_ns == r.depart_ns + 100);
		last = r.depart_ns;
		kept++;
	}
	EQUAL(departed + rec_link_end_departed(&end, UINT64_MAX), kept);
	HOLDS(kept > 1000 && kept < 20000);
	rec_link_end_done(&end);
}

int main(void)
{
	test_rate();
	test_rounding();
	test_unlimited();
	test_loss();
	test_random();
	return done();
}
