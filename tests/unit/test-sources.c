/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of source files: what goes in comes out, through a trace, too; what is damaged is refused. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sources.h"
#include "unit.h"

#define TEXT(literal) ((struct fmt_bytes){(const uint8_t *)(literal), sizeof(literal) - 1})

static void fill(struct fmt_buf *list)
{
	EQUAL(fmt_sources_add(list, "/a/empty.c", TEXT("")), 0);
	EQUAL(fmt_sources_add(list, "/a/main.c", TEXT("int main(void);\n")), 0);
}

static void expect_both(const struct fmt_buf *list)
{
	struct fmt_bytes path = {NULL, 0}, text = {NULL, 0};
	size_t pos = 0;

	EQUAL(fmt_sources_next(list, &pos, &path, &text), 1);
	SAME(path.data, path.size, "/a/empty.c", 10);
	EQUAL(text.size, 0);
	EQUAL(fmt_sources_next(list, &pos, &path, &text), 1);
	SAME(path.data, path.size, "/a/main.c", 9);
	SAME(text.data, text.size, "int main(void);\n", 16);
	EQUAL(fmt_sources_next(list, &pos, &path, &text), 0);
}

/* A cut list gives whole files or -EBADMSG, at every byte. */
static void cut_lists(const struct fmt_buf *list)
{
	part("cut");
	for (size_t size = 1; size < list->size; size++) {
		struct fmt_buf cut = {list->data, size, size};
		struct fmt_bytes path, text;
		size_t pos = 0;
		int r = 1;

		while (r == 1)
			r = fmt_sources_next(&cut, &pos, &path, &text);
		/* Behind the first file the list may end. */
		judge(r == -EBADMSG || size == 12, __FILE__, __LINE__, "cut at %zu: %d", size, r);
	}
}

static void write_trace(const char *path, const void *value, size_t size)
{
	struct fmt_writer *writer = NULL;

	EQUAL(fmt_writer_new(path, &writer), 0);
	EQUAL(fmt_writer_own_meta(writer, FMT_META_SOURCES, value, size), 0);
	EQUAL(fmt_writer_finish(writer, NULL), 0);
}

static int read_trace(const char *path, struct fmt_buf *list)
{
	struct fmt_reader *reader = NULL;
	struct fmt_error error = {{0}};

	EQUAL(fmt_reader_open(path, &reader, &error), 0);
	const int r = fmt_sources_read(reader, list, &error);

	HOLDS((r < 0) == (error.text[0] != '\0'));
	fmt_reader_close(reader);
	return r;
}

static void through_traces(const struct fmt_buf *list)
{
	_cleanup_(fmt_buf_done) struct fmt_buf packed = {0}, read = {0};
	char path[] = "/tmp/hindcast-test-XXXXXX";

	part("traces");
	close(mkstemp(path));
	fmt_sources_pack(list, &packed);
	write_trace(path, packed.data, packed.size);
	EQUAL(read_trace(path, &read), 0);
	expect_both(&read);
	for (size_t size = 0; size < packed.size; size++) {
		write_trace(path, packed.data, size);
		EQUAL(read_trace(path, &read), -EBADMSG);
		EQUAL(read.size, 0);
	}
	unlink(path);
}

int main(void)
{
	_cleanup_(fmt_buf_done) struct fmt_buf list = {0};

	part("lists");
	fill(&list);
	expect_both(&list);
	cut_lists(&list);
	through_traces(&list);
	return done();
}
