/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-golden.c - traces of every released version are read for ever: tests/golden/vN.hct is shown as tests/golden/vN.dump.
 *
 * "test-golden --write PATH" writes a trace of the present version with every kind of event, for when a version is
 * released.  It is kept then, and never written again.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"
#include "dump.h"
#include "effect.h"
#include "unit.h"

static void put_value(struct fmt_buf *body, const struct fmt_field *field, uint64_t number)
{
	static const struct fmt_effect effects[] = {
		{.op = FMT_EFFECT_WRITE, .addr = 4096, .size = 5, .bytes = (const uint8_t *)"bytes"},
		{.op = FMT_EFFECT_FILL, .addr = 8192, .size = 100},
		{.op = FMT_EFFECT_READ, .addr = 1, .size = 12, .crc = 0xdeadbeef},
		{.op = FMT_EFFECT_MAP, .addr = 1 << 20, .size = 4096, .prot = 5, .flags = 2, .file = 1, .offset = 8192},
		{.op = FMT_EFFECT_UNMAP, .addr = 1 << 20, .size = 4096},
		{.op = FMT_EFFECT_PROTECT, .addr = 4096, .size = 4096, .prot = 1},
		{.op = FMT_EFFECT_REMAP, .addr = 2 << 20, .size = 8192, .from = 1 << 20, .from_size = 4096},
		{.op = FMT_EFFECT_TLS, .addr = 0x7ffff000},
		{.op = FMT_EFFECT_CLEAR, .addr = 4096, .size = 4096}};
	static const uint8_t bytes[] =
		"\2\0\0\0\0\2\2\0\0\0\0\1\10\0\105\0\0\50\0\0\100\0\100\6\0\0\12\0\0\1\12\0\0\2"
		"\234\100\0\120\0\0\0\1\0\0\0\0\120\2\372\360\0\0\0\0 and what it carries, over the head of a frame";
	struct fmt_buf list = {0};

	switch (field->type) {
	case 'U':
	case 'H':
		fmt_buf_put_u64(body, number);
		return;
	case 'S':
		fmt_buf_put_s64(body, -(int64_t)(number % 100));
		return;
	case 'E':
		for (size_t i = 0; i < sizeof(effects) / sizeof(effects[0]); i++)
			if (number >> i & 1)
				fmt_effect_put(&list, &effects[i]);
		fmt_buf_put_u64(body, list.size);
		fmt_buf_put(body, list.data, list.size);
		fmt_buf_done(&list);
		return;
	default:
		number %= sizeof(bytes);
		fmt_buf_put_u64(body, number);
		fmt_buf_put(body, bytes, number);
	}
}

/* Three events of each kind, and some of a kind that there will never be. */
static void write_events(struct fmt_writer *w)
{
	const struct fmt_kind_info *info;
	uint64_t number = 3;

	for (size_t i = 0; i < 300; i++) {
		struct fmt_buf body = {0};
		size_t kinds = 0;

		while (fmt_kind_at(kinds))
			kinds++;
		info = i % 50 == 49 ? NULL : fmt_kind_at(i * kinds / 300);
		for (size_t k = 0; info && k < info->field_count; k++)
			put_value(&body, &info->fields[k], number = number * 29 % 1021);
		const struct fmt_event event = {.vtime = i * 1000, .node = (node_id)(i / 7 % 3), .tid = i % 5,
						.kind = info ? info->kind : 999999, .body = body.data,
						.body_size = body.size};

		CHECK(fmt_writer_event(w, &event) == 0);
		fmt_buf_done(&body);
	}
}

static int write_golden(const char *path)
{
	struct fmt_writer *w = NULL;
	uint8_t hash[FMT_HASH_SIZE];
	uint64_t size;
	const int fd = memfd_create("golden", MFD_CLOEXEC);

	CHECK(fd >= 0 && write(fd, "a file\n", 7) == 7);
	CHECK(fmt_hash_fd(fd, hash, &size) == 0);
	CHECK(fmt_writer_new(path, &w) == 0);
	CHECK(fmt_writer_meta(w, "seed", "1", 1) == 0);
	CHECK(fmt_writer_file(w, hash, fd) == 0);
	write_events(w);
	close(fd);
	return fmt_writer_finish(w, NULL) == 0 ? 0 : 1;
}

static char *file_text(const char *path)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = fopen(path, "re");

	HOLDS(file);
	if (file && getdelim(&text, &size, EOF, file) < 0)
		*text = 0;
	if (file)
		fclose(file);
	return text ? text : strdup("");
}

static void test_version(int version)
{
	struct fmt_error error = {{0}};
	struct fmt_reader *r = NULL;
	char path[64], *shown = NULL, *expected;
	size_t size;
	FILE *out = open_memstream(&shown, &size);

	printf("# version %d\n", version);
	snprintf(path, sizeof(path), "tests/golden/v%d.hct", version);
	EQUAL(fmt_reader_open(path, &r, &error), 0);
	STRING(error.text, "");
	if (!r)
		return;
	EQUAL(fmt_reader_verify(r, &error), 0);
	STRING(error.text, "");
	HOLDS(fmt_reader_finished(r));
	EQUAL(fmt_reader_count(r), 300);
	EQUAL(fmt_dump(r, out, NULL, &error), 0);
	fclose(out);
	fmt_reader_close(r);
	snprintf(path, sizeof(path), "tests/golden/v%d.dump", version);
	expected = file_text(path);
	STRING(shown, expected);
	free(expected);
	free(shown);
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--write") == 0)
		return write_golden(argv[2]);
	part("golden traces");
	for (int version = 1; version <= 1; version++)
		test_version(version);
	return done();
}
