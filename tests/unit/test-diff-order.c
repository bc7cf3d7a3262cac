/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-diff-order.c - where two runs part in the total order: what is told of frames under way before a change may differ, nothing else. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "diff.h"
#include "unit.h"

#define CHANGED 1000u

static char paths[2][32] = {"/tmp/hindcast-order-a-XXXXXX", "/tmp/hindcast-order-b-XXXXXX"};

/* A run is a text of words, one for each event: a letter for the kind, then its numbers.
 *	sPACKET,DEPART	dPACKET	xPACKET (corrupt)	cPACKET,ORIGINAL	rPACKET	l (link-loss)	p (pair)	wTEXT (warn)
 * @TIME moves the clock. */
static void put_word(struct fmt_buf *buf, vtime_ns now, const char *word)
{
	unsigned a = 0, b = 0;
	const uint8_t frame[] = {1, 2, 3};

	sscanf(word + 1, "%u,%u", &a, &b);
	switch (*word) {
	case 's':
		fmt_put_packet_send(buf, now, 1, 0, &(struct fmt_ev_packet_send){.packet = 1ull << 40 | a, .depart_ns = b,
										 .frame = {frame, sizeof(frame)}});
		break;
	case 'd':
		fmt_put_packet_drop(buf, now, 1, 0, &(struct fmt_ev_packet_drop){.packet = 1ull << 40 | a});
		break;
	case 'x':
		fmt_put_packet_corrupt(buf, now, 1, 0, &(struct fmt_ev_packet_corrupt){.packet = 1ull << 40 | a});
		break;
	case 'c':
		fmt_put_packet_copy(buf, now, 1, 0, &(struct fmt_ev_packet_copy){.packet = 1ull << 40 | a, .original = 1ull << 40 | b});
		break;
	case 'r':
		fmt_put_packet_recv(buf, now, 2, 0, &(struct fmt_ev_packet_recv){.packet = 1ull << 40 | a});
		break;
	case 'l':
		fmt_put_link_loss(buf, now, 0, 0, &(struct fmt_ev_link_loss){.frames = a});
		break;
	case 'p':
		fmt_put_pair(buf, now, 0, 0, &(struct fmt_ev_pair){.id = a});
		break;
	default:
		fmt_put_warn(buf, now, 1, 0, &(struct fmt_ev_warn){{(const uint8_t *)word, strlen(word)}});
	}
}

static struct fmt_reader *run_of(unsigned which, const char *text)
{
	char copy[200], *rest = copy;
	struct fmt_writer *w = NULL;
	struct fmt_reader *reader = NULL;
	struct fmt_buf buf = {0};
	vtime_ns now = 0;

	CHECK(strlen(text) < sizeof(copy));
	strcpy(copy, text);
	CHECK(fmt_writer_new(paths[which], &w) == 0);
	for (char *word; (word = strsep(&rest, " "));) {
		struct fmt_event event;
		size_t pos = 0;

		if (*word == '@') {
			now = (vtime_ns)strtoull(word + 1, NULL, 10);
			continue;
		}
		fmt_buf_clear(&buf);
		put_word(&buf, now, word);
		CHECK(fmt_record_next(buf.data, buf.size, &pos, &event) == 1);
		CHECK(fmt_writer_event(w, &event) == 0);
	}
	CHECK(fmt_writer_finish(w, NULL) == 0);
	CHECK(fmt_reader_open(paths[which], &reader, NULL) == 0);
	fmt_buf_done(&buf);
	return reader;
}

static struct fmt_parting order(const char *a, const char *b, vtime_ns changed)
{
	struct fmt_reader *readers[] = {run_of(0, a), run_of(1, b)};
	struct fmt_parting parting = {0};

	EQUAL(fmt_diff_order(readers[0], readers[1], changed, &parting, NULL), 0);
	fmt_reader_close(readers[0]);
	fmt_reader_close(readers[1]);
	return parting;
}

static void same(const char *a, const char *b, uint64_t aside)
{
	const struct fmt_parting parting = order(a, b, CHANGED);

	HOLDS(!parting.parts);
	EQUAL(parting.aside, aside);
}

static void parts(const char *a, const char *b, vtime_ns changed, vtime_ns at)
{
	const struct fmt_parting parting = order(a, b, changed), mirrored = order(b, a, changed);

	HOLDS(parting.parts && mirrored.parts);
	EQUAL(parting.vtime, at);
	EQUAL(mirrored.vtime, at);
	HOLDS(parting.cause && mirrored.cause);
}

static void test_exact(void)
{
	part("nothing changed");
	EQUAL(order("w1 @5 s1,9 @9 r1", "w1 @5 s1,9 @9 r1", 0).same, 3);
	HOLDS(!order("w1", "w1", 0).parts);
	parts("w1 @5 w2", "w1 @5 w3", 0, 5);
	parts("w1 @5 w2", "w1 @7 w2", 0, 5);
	parts("w1 @5 w2", "w1", 0, 5);
	parts("@5 s1,9 d1", "@5 s1,9", 0, 5);
	parts("@5 s1,9", "@5 s1,8", 0, 5);
}

static void test_under_way(void)
{
	part("frames under way");
	same("@5 s1,2000 w1", "@5 s1,2000 d1 w1", 1);
	same("@5 s1,2000 d1 w1", "@5 s1,2000 w1", 1);
	same("@5 s1,2000 x1 w1", "@5 s1,1500 w1", 1);
	same("@5 s1,900 d1 @6 s2,2000 d2 w1", "@5 s1,900 d1 @6 s2,2000 w1", 1);
	same("@5 s1,2000 @10 l3", "@5 s1,2000 d1 @10 l4", 3);
	/* When a frame leaves before the change, it leaves as it did. */
	parts("@5 s1,900", "@5 s1,901", CHANGED, 5);
	parts("@5 s1,999", "@5 s1,1000", CHANGED, 5);
	/* Its arrival is no matter of what is told early. */
	parts("@5 s1,100 @200 r1 w1", "@5 s1,100 d1 @200 w1", CHANGED, 200);
	/* From the change on all counts. */
	parts("@5 w1 @1000 s1,2000", "@5 w1 @1000 s1,2000 d1", CHANGED, 1000);
	parts("@5 w1 @1000 s1,2000", "@5 w1 @1000 s1,3000", CHANGED, 1000);
}

static void test_copies(void)
{
	part("numbers of copies");
	same("@5 s1,2000 @6 s2,2000 w1", "@5 s1,2000 c2,1 @6 s3,2000 c4,3 w1", 2);
	same("@5 s1,2000 @6 s2,900 @990 r2", "@5 s1,2000 c2,1 @6 s3,900 @990 r3", 1);
	parts("@5 s1,2000 @6 s2,900 @990 r2", "@5 s1,2000 c2,1 @6 s3,900 @990 r1", CHANGED, 990);
	/* Those that both have are numbered alike. */
	same("@5 s1,900 c2,1 @6 s3,900", "@5 s1,900 c2,1 @6 s3,900", 0);
	parts("@5 s1,900 @6 s2,900", "@5 s1,900 @6 s3,900", CHANGED, 6);
}

static void test_pairs(void)
{
	part("pairs");
	HOLDS(!order("p1 p2 @5 w1", "p1 @5 w1", 0).parts);
	EQUAL(order("p1 p2 @5 w1", "p1 @5 w1", 0).aside, 0);
	parts("p1 p2 @5 w1", "p1 @5 w2", 0, 5);
}

int main(void)
{
	for (unsigned i = 0; i < 2; i++) {
		const int fd = mkstemp(paths[i]);

		if (fd < 0)
			return 77;
		close(fd);
	}
	test_exact();
	test_under_way();
	test_copies();
	test_pairs();
	unlink(paths[0]);
	unlink(paths[1]);
	return done();
}
