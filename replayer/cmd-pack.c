/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-pack.c - `hindcast pack`: a trace as small as it gets, in its final form, and what takes the room. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "command.h"
#include "rewrite.h"
#include "rep-commands.h"
#include "share.h"
#include "source-collect.h"

#define PACK_LEVEL 19

/* The path by which the first node that maps an embedded file knows it. */
static void print_file(struct fmt_reader *reader, const struct fmt_trace_file *file)
{
	static const uint32_t kinds[] = {FMT_file};
	const struct fmt_want want = {.kinds = kinds, .kind_count = 1};
	struct fmt_bytes path = {NULL, 0};
	struct fmt_event event;
	struct fmt_ev_file ev;

	for (event_seq at = 0; !path.size && fmt_reader_find(reader, &want, /* backwards= */ false, &at, &event, NULL) > 0; at++)
		if (fmt_get_file(&event, &ev) == 0 && ev.hash.size == FMT_HASH_SIZE && memcmp(ev.hash.data, file->hash, FMT_HASH_SIZE) == 0)
			path = ev.path;
	printf("  %12" PRIu64 " %12" PRIu64 "  %.*s\n", file->stored_size, file->size, (int)path.size,
	       path.size ? (const char *)path.data : "");
}

static int compare_sizes(const void *a, const void *b)
{
	const struct fmt_trace_file *x = a, *y = b;

	if (x->stored_size != y->stored_size)
		return (x->stored_size < y->stored_size) - (x->stored_size > y->stored_size);
	return memcmp(x->hash, y->hash, FMT_HASH_SIZE);
}

/* The largest first. */
static void print_files(struct fmt_reader *reader, uint64_t count)
{
	_cleanup_free_ struct fmt_trace_file *files = calloc(count + 1, sizeof(*files));
	size_t found = 0;

	CHECK(files);
	while (found < count && fmt_reader_file_at(reader, found, &files[found]))
		found++;
	qsort(files, found, sizeof(*files), compare_sizes);
	for (size_t i = 0; i < found; i++)
		print_file(reader, &files[i]);
}

static void print_sizes(struct fmt_reader *reader, uint64_t before)
{
	struct fmt_trace_stat stat;

	fmt_reader_stat(reader, &stat);
	printf("%" PRIu64 " bytes, before %" PRIu64 "\n", stat.file_size, before);
	printf("  %12s %12s\n", "stored", "unpacked");
	printf("  %12" PRIu64 " %12" PRIu64 "  %" PRIu64 " events\n", stat.chunk_bytes, stat.chunk_bytes_raw, stat.events);
	printf("  %12" PRIu64 " %12" PRIu64 "  their payload, each byte once\n", stat.payload_bytes, stat.payload_bytes_raw);
	printf("  %12" PRIu64 " %12" PRIu64 "  %" PRIu64 " files, each once:\n", stat.file_bytes, stat.file_bytes_raw, stat.files);
	print_files(reader, stat.files);
}

/* Into sources, and says what was found.  noted: those of the frames at notes.  Not FMT_STATUS_OK: it cannot be, and that was said. */
static enum fmt_status collect(const char *path, bool noted, struct fmt_buf *sources)
{
	struct rep_collected found;
	struct fmt_error error = {{0}};
	enum fmt_status status = FMT_STATUS_OK;
	struct fmt_reader *reader = fmt_open_trace(path, &status);

	if (!reader)
		return status;
	const int r = noted ? rep_sources_collect_noted(reader, path, sources, &found, &error)
			    : rep_sources_collect(reader, NULL, 0, sources, &found, &error);

	if (r == 0 && noted)
		printf("%" PRIu32 " source files of frames at %" PRIu32 " notes, %zu bytes; %" PRIu32 " are not here\n", found.files,
		       found.notes, sources->size, found.missing);
	else if (r == 0)
		printf("%" PRIu32 " source files of %" PRIu32 " programs with debug information, %zu bytes; %" PRIu32 " are not here\n",
		       found.files, found.programs, sources->size, found.missing);
	status = fmt_close_trace(reader, path, r, &error);
	return r == -EIO ? FMT_STATUS_NO : status;
}

static enum fmt_status command_pack(const struct fmt_arguments *args)
{
	_cleanup_free_ char *path = NULL;
	struct fmt_trace_stat stat = {0};
	_cleanup_(fmt_buf_done) struct fmt_buf sources = {0};
	const bool noted = args->value[FMT_OPTION_NOTED_SOURCES], wanted = noted || args->value[FMT_OPTION_SOURCES];
	const struct fmt_rewrite how = {.level = PACK_LEVEL, .sources = wanted ? &sources : NULL};
	if (noted && args->value[FMT_OPTION_SOURCES]) {
		fmt_complain("--sources puts all source files in, --noted-sources only some: say one of them");
		return FMT_STATUS_USAGE;
	}
	enum fmt_status status = wanted ? collect(args->operand[0], noted, &sources) : FMT_STATUS_OK;

	if (status == FMT_STATUS_OK)
		status = fmt_share(args, "packed", &how, &path, &stat);
	struct fmt_reader *packed = status == FMT_STATUS_OK ? fmt_open_trace(path, &status) : NULL;

	if (!packed)
		return status;
	print_sizes(packed, stat.file_size);
	fmt_reader_close(packed);
	return FMT_STATUS_OK;
}

const struct fmt_command rep_cmd_pack = {
	.name = "pack",
	.usage = "TRACE",
	.summary = "make a trace small, also one whose recorder was killed, and say what takes the room",
	.options = "noted-sources output sources",
	.operand_min = 1,
	.operand_max = 1,
	.run = command_pack,
};
