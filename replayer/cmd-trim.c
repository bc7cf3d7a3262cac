/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-trim.c - `hindcast trim`: a part of a run that still replays. */
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/cleanup.h"
#include "command.h"
#include "cut.h"
#include "rep-commands.h"
#include "share.h"
#include "trim.h"

/* What is cut out of which trace. */
struct part {
	const struct fmt_arguments *args;
	const char *path;
	struct fmt_reader *reader;
	vtime_ns from, to;
};

static bool parse_bound(const struct fmt_arguments *args, enum fmt_option option, const char *name, vtime_ns *ret)
{
	const char *const text = args->value[option];

	if (!text || fmt_parse_vtime(text, ret))
		return true;
	fmt_complain("--%s %s is no virtual time: say 12.5s or 300ms", name, text);
	return false;
}

/* Bytes of embedded files, as stored, that the whole run has not.  Both have them in order of their hashes. */
static uint64_t bytes_of_new_files(const struct fmt_reader *part, const struct fmt_reader *whole)
{
	struct fmt_trace_file file, old;
	uint64_t size = 0;
	size_t at = 0;

	for (size_t i = 0; fmt_reader_file_at(part, i, &file); i++) {
		while (fmt_reader_file_at(whole, at, &old) && memcmp(old.hash, file.hash, FMT_HASH_SIZE) < 0)
			at++;
		if (!fmt_reader_file_at(whole, at, &old) || memcmp(old.hash, file.hash, FMT_HASH_SIZE) != 0)
			size += file.stored_size;
	}
	return size;
}

/* What came out. */
struct outcome {
	char *path;			/* owned */
	struct fmt_trace_stat before, after;
	uint64_t new_size;		/* of embedded files that the whole run has not: memory */
};

static void outcome_done(struct outcome *outcome)
{
	free(outcome->path);
}

static enum fmt_status write_part(const struct part *part, const struct fmt_rewrite *how, struct outcome *ret)
{
	enum fmt_status status = fmt_share(part->args, "trimmed", how, &ret->path, &ret->before);
	struct fmt_reader *reader = status == FMT_STATUS_OK ? fmt_open_trace(ret->path, &status) : NULL;

	if (!reader)
		return status;
	fmt_reader_stat(reader, &ret->after);
	ret->new_size = bytes_of_new_files(reader, part->reader);
	fmt_reader_close(reader);
	return FMT_STATUS_OK;
}

/* ---- with images ------------------------------------------------------------ */

static enum fmt_status write_cut(const struct part *part, struct rep_cut *cut)
{
	_cleanup_(outcome_done) struct outcome out = {0};
	const struct fmt_rewrite how = rep_cut_how(cut);
	const enum fmt_status status = write_part(part, &how, &out);
	const struct rep_cut_stat stat = rep_cut_stat(cut);

	if (status != FMT_STATUS_OK)
		return status;
	printf("%s: %" PRIu64 " of %" PRIu64 " events, and %" PRIu64 " that tell of what came before, with images of %" PRIu64
	       " processes; %" PRIu64 " of %" PRIu64 " bytes\n",
	       out.path, stat.kept - stat.past, stat.events, stat.past, stat.processes, out.after.file_size, out.before.file_size);
	if (out.after.file_size > out.before.file_size)
		printf("  larger than the run: %" PRIu64 " bytes are memory, which the run makes by executing from its beginning; so does "
		       "a part with --whole-past\n", out.new_size);
	return FMT_STATUS_OK;
}

/* Where the trace will be, and memory can be put for a while. */
static char *folder_of(const struct part *part)
{
	const char *const wanted = part->args->value[FMT_OPTION_OUTPUT];
	_cleanup_free_ char *path = fmt_text_of("%s", wanted ? wanted : part->path);

	return fmt_text_of("%s", dirname(path));
}

/* ---- with the whole past ------------------------------------------------------ */

static enum fmt_status write_whole(const struct part *part, struct fmt_trim *trim)
{
	_cleanup_(outcome_done) struct outcome out = {0};
	const struct fmt_rewrite how = fmt_trim_how(trim);
	const enum fmt_status status = write_part(part, &how, &out);
	const struct fmt_trim_stat stat = fmt_trim_stat(trim);

	if (status != FMT_STATUS_OK)
		return status;
	printf("%s: %" PRIu64 " of %" PRIu64 " events", out.path, stat.kept, stat.events);
	if (stat.before)
		printf(" (%" PRIu64 " of them before the part, for its processes' memory)", stat.before);
	printf(", %" PRIu64 " of %" PRIu64 " processes, %" PRIu64 " of %" PRIu64 " bytes\n", stat.processes - stat.gone,
	       stat.processes, out.after.file_size, out.before.file_size);
	return FMT_STATUS_OK;
}

/* Where the trace begins in the middle of its run; 0: it does not. */
static event_seq find_keyframe(struct fmt_reader *reader)
{
	static const uint32_t kinds[] = {FMT_keyframe};
	const struct fmt_want want = {.kinds = kinds, .kind_count = 1};
	struct fmt_event event;
	event_seq seq = 0;

	return fmt_reader_find(reader, &want, /* backwards= */ false, &seq, &event, NULL) > 0 ? seq : 0;
}

/* What processes did before images were made of them nobody knows: then all from there on stays. */
static enum fmt_status trim_whole(const struct part *part)
{
	struct fmt_error error = {{0}};
	struct fmt_trim *trim = NULL;
	const vtime_ns from = find_keyframe(part->reader) ? 0 : part->from;
	const int r = fmt_trim_new(part->reader, from, part->to, &trim, &error);

	if (r < 0) {
		fmt_complain("%s: %s", part->path, error.text);
		return FMT_STATUS_NO;
	}
	const enum fmt_status status = write_whole(part, trim);

	fmt_trim_free(trim);
	return status;
}

/* ---- either ------------------------------------------------------------------- */

/* Whether there is anything in front of the part that an image could stand for.  A trace that begins with images has nothing
 * there up to its keyframe. */
static bool has_past(const struct part *part)
{
	const event_seq keyframe = find_keyframe(part->reader);
	event_seq first = 0;

	if (fmt_reader_seek(part->reader, part->from, &first, NULL) < 0)
		return true;
	return keyframe ? first > keyframe + 1 : part->from > 0 && first > 0;
}

static enum fmt_status trim_part(const struct part *part)
{
	_cleanup_free_ char *folder = folder_of(part), *reason = NULL;
	const bool images_only = part->args->value[FMT_OPTION_IMAGES_ONLY] != NULL;
	struct rep_cut *cut = NULL;

	if (!images_only && !has_past(part)) {
		const struct part whole = {part->args, part->path, part->reader, 0, part->to};

		return trim_whole(&whole);
	}
	if (!images_only && part->args->value[FMT_OPTION_WHOLE_PAST])
		return trim_whole(part);
	const struct rep_cut_options options = {
		.from = part->from, .to = part->to, .folder = folder, .images_only = images_only};

	if (rep_cut_new(part->reader, &options, &cut, &reason) < 0 && images_only) {
		fmt_complain("%s: it cannot be executed up to there: %s", part->path, reason);
		return FMT_STATUS_NO;
	}
	if (!cut) {
		fmt_complain("%s: it cannot be executed up to the part, which is kept with all that its processes did before: %s",
			     part->path, reason);
		return trim_whole(part);
	}
	const enum fmt_status status = write_cut(part, cut);

	rep_cut_free(cut);
	return status;
}

static enum fmt_status command_trim(const struct fmt_arguments *args)
{
	struct part part = {.args = args, .path = args->operand[0], .to = INT64_MAX};
	enum fmt_status status = FMT_STATUS_OK;

	/* Of use to the recorder that has started it, and to nobody when that is gone. */
	if (args->value[FMT_OPTION_IMAGES_ONLY])
		prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (!parse_bound(args, FMT_OPTION_FROM, "from", &part.from) || !parse_bound(args, FMT_OPTION_TO, "to", &part.to))
		return FMT_STATUS_USAGE;
	part.reader = fmt_open_trace(part.path, &status);
	if (!part.reader)
		return status;
	struct fmt_trace_stat stat;

	fmt_reader_stat(part.reader, &stat);
	if (part.to > stat.last)
		part.to = stat.last;
	if (part.from > part.to && !args->value[FMT_OPTION_IMAGES_ONLY]) {
		fmt_complain("%s: there is no such part; the run is from 0 to %.9f s", part.path, (double)stat.last / 1e9);
		status = FMT_STATUS_USAGE;
	} else {
		status = trim_part(&part);
	}
	fmt_reader_close(part.reader);
	return status;
}

const struct fmt_command rep_cmd_trim = {
	.name = "trim",
	.usage = "TRACE",
	.summary = "take a part of a run that still replays",
	.options = "from images-only output to whole-past",
	.operand_min = 1,
	.operand_max = 1,
	.run = command_trim,
};
