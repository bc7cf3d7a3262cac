/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-filter-names.c - a filter that names a node or a link which the trace has not is refused, and says which there are. */
#include "filter.h"

#include <errno.h>
#include <unistd.h>

#include "unit.h"
#include "walk.h"

static char path[] = "/tmp/hindcast-test-XXXXXX";

static struct fmt_bytes text(const char *bytes)
{
	return (struct fmt_bytes){(const uint8_t *)bytes, strlen(bytes)};
}

/* Its last events come late: what a trace has is not only what it begins with. */
static struct fmt_reader *make_trace(unsigned int nodes)
{
	struct fmt_buf records = {0};
	struct fmt_reader *reader = NULL;
	struct fmt_writer *w;
	struct fmt_event event;
	char name[16];
	size_t pos = 0;

	for (unsigned int i = 1; i <= nodes; i++) {
		snprintf(name, sizeof(name), "host%u", i);
		fmt_put_node(&records, 0, 0, 0, &(struct fmt_ev_node){.id = i, .name = text(name)});
	}
	fmt_put_link(&records, 0, 0, 0, &(struct fmt_ev_link){.id = 3, .node_a = 1, .node_b = 2});
	fmt_put_link(&records, 0, 0, 0, &(struct fmt_ev_link){.id = 5, .node_a = 1, .node_b = 2});
	fmt_put_pair(&records, 0, 0, 0, &(struct fmt_ev_pair){.id = 9, .node_a = 1, .node_b = 2});
	fmt_put_output(&records, 10, 1, 1, &(struct fmt_ev_output){.fd = 1, .text = text("hello")});
	fmt_put_node(&records, 20, 0, 0, &(struct fmt_ev_node){.id = 77, .name = text("late")});
	EQUAL(fmt_writer_new(path, &w), 0);
	while (fmt_record_next(records.data, records.size, &pos, &event) > 0)
		EQUAL(fmt_writer_event(w, &event), 0);
	EQUAL(fmt_writer_finish(w, NULL), 0);
	EQUAL(fmt_reader_open(path, &reader, NULL), 0);
	fmt_buf_done(&records);
	return reader;
}

static void test_refused(struct fmt_reader *reader)
{
	static const struct {
		const char *filter, *words;
	} wrong[] = {
		{"kind==output && node==nobody", "filter, column 23: there is no node \"nobody\"; there are host1, host2 and late\n"
						 "  kind==output && node==nobody\n                        ^"},
		{"node!=nobody", "column 7: there is no node \"nobody\""},
		{"node in {host1, hots2}", "column 17: there is no node \"hots2\""},
		{"node=host1,hots2", "column 12: there is no node \"hots2\""},
		{"!(node == 'nob*')", "no node \"nob*\""},
		{"node contains hosts", "no node \"hosts\""},
		{"node matches '^ost'", "no node \"^ost\""},
		{"node==3", "no node \"3\""},
		{"link==4", "column 7: there is no link 4; there are 2, from 3 to 5"},
		{"kind==output || link!=0", "no link 0"},
	};

	part("what is not there is named, with its place");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct fmt_filter *filter = NULL;
		struct fmt_error error = {{0}};
		struct fmt_walk walk = {0};

		EQUAL(fmt_filter_new_for(wrong[i].filter, reader, &filter, &error), -EINVAL);
		HOLDS(!filter);
		if (!strstr(error.text, wrong[i].words))
			STRING(error.text, wrong[i].words);
		/* So is it for who walks. */
		EQUAL(fmt_walk_init(&walk, reader, wrong[i].filter, /* error= */ NULL), -EINVAL);
		fmt_walk_done(&walk);
	}
}

static void test_accepted(struct fmt_reader *reader)
{
	static const char *const right[] = {
		"", "node==host1", "node!=late", "node==-", "node=='h*'", "node==2", "node==77", "node==0", "node > 100", "node in [3, 9]",
		"node matches '^h'", "link==3", "link==9", "link < 2", "program==nobody", "tid==99", "nobody"};

	part("all else is not");
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		struct fmt_filter *filter = NULL;
		struct fmt_error error = {{0}};

		EQUAL(fmt_filter_new_for(right[i], reader, &filter, &error), 0);
		STRING(error.text, "");
		fmt_filter_free(filter);
	}
}

static void test_many(void)
{
	struct fmt_reader *reader = make_trace(40);
	struct fmt_filter *filter = NULL;
	struct fmt_error error = {{0}};

	part("of many nodes the first are listed");
	EQUAL(fmt_filter_new_for("node==host41", reader, &filter, &error), -EINVAL);
	HOLDS(strstr(error.text, "there are host1, host2, host3, host4, host5, host6, host7, host8 and 33 more\n"));
	fmt_reader_close(reader);
}

int main(void)
{
	close(mkstemp(path));
	struct fmt_reader *reader = make_trace(2);

	test_refused(reader);
	test_accepted(reader);
	fmt_reader_close(reader);
	test_many();
	unlink(path);
	return done();
}
