/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cut.c - a part of a run that begins with images of its processes.
 *
 * In front of the part there are, in the order of their times:
 *
 *	what has become of the run	records of its own events, past.c
 *	what nodes have come to		state-tell.c
 *	images of processes		image-write.c
 *	keyframe			execution begins behind it
 *
 * All but the first are told at the time of the last event before the part.
 */
#include "cut.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "command.h"
#include "image-write.h"
#include "named-files.h"
#include "past.h"
#include "state-tell.h"
#include "text.h"

struct rep_cut {
	struct fmt_reader *reader;		/* borrowed, until rep_cut_new() returns */
	event_seq seq;				/* of the first event of the part */
	vtime_ns vtime;				/* of the last event before it */
	struct rep_cut_options options;
	struct rep_report report;		/* of the execution; has the session */
	struct fmt_past *past;
	struct rep_image image;
	struct fmt_buf records;			/* the past, as it is written */
	struct fmt_named_files named;
	struct fmt_buf changed;
	struct rep_cut_stat stat;
};

void rep_cut_free(struct rep_cut *cut)
{
	if (!cut)
		return;
	rep_report_done(&cut->report);
	fmt_past_free(cut->past);
	rep__image_done(&cut->image);
	fmt_buf_done(&cut->records);
	fmt_named_files_done(&cut->named);
	fmt_buf_done(&cut->changed);
	free(cut);
}

/* ---- up to the part ----------------------------------------------------- */

static int execute(struct rep_cut *cut, char **ret_reason)
{
	struct fmt_error error = {{0}};
	struct fmt_event event;
	enum rep_outcome outcome =
		rep_session_new(cut->reader, /* only_node= */ 0, /* only_name= */ NULL, &cut->report, &cut->report.session);

	cut->past = fmt_past_new();
	for (event_seq seq = 0; outcome == REP_AGREES && seq < cut->seq; seq++) {
		const int r = fmt_reader_event(cut->reader, seq, &event, &error);

		if (r < 0) {
			*ret_reason = fmt_text_of("%s", error.text);
			return r;
		}
		fmt_past_learn(cut->past, &event);
		cut->vtime = event.vtime;
		outcome = rep_session_step(cut->report.session, &event);
	}
	if (outcome == REP_AGREES)
		return 0;
	*ret_reason = fmt_text_of("%s", cut->report.reason ? cut->report.reason : "it cannot be executed");
	return -EBADMSG;
}

/* Memory may be large: on a disk, if that can be had. */
static int open_pages(const char *folder)
{
	const int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	const int in_memory = memfd_create("hindcast-pages", MFD_CLOEXEC);

	return in_memory < 0 ? -errno : in_memory;
}

static int write_images(struct rep_cut *cut, char **ret_reason)
{
	const int fd = open_pages(cut->options.folder);
	const char *reason = fd < 0 ? strerror(-fd) : NULL;
	const int r = fd < 0 ? fd : rep__image_write(cut->report.session, cut->vtime, fd, &cut->image, &reason);

	if (r < 0)
		*ret_reason = fmt_text_of("%s", reason);
	cut->stat.processes = cut->image.processes;
	cut->stat.threads = cut->image.threads;
	return r;
}

/* ---- the past as records ------------------------------------------------ */

/* Files by the contents that they have now. */
static void put_file(const struct rep_cut *cut, const struct fmt_event *event, struct fmt_buf *out)
{
	struct fmt_ev_file ev;

	if (fmt_get_file(event, &ev) < 0)
		return;
	for (size_t i = 0; i < cut->image.content_count; i++) {
		const struct rep_image_content *content = &cut->image.contents[i];

		if (content->node == event->node && content->number == ev.id && !content->is_new) {
			ev.hash = (struct fmt_bytes){content->hash, FMT_HASH_SIZE};
			ev.size = content->size;
		}
	}
	fmt_put_file(out, event->vtime, event->node, event->tid, &ev);
}

static void put_new_files(const struct rep_cut *cut, struct fmt_buf *out)
{
	for (size_t i = 0; i < cut->image.content_count; i++) {
		const struct rep_image_content *content = &cut->image.contents[i];

		if (content->is_new)
			fmt_put_file(out, cut->vtime, content->node, 0, &(struct fmt_ev_file){
				.id = content->number, .size = content->size, .hash = {content->hash, FMT_HASH_SIZE},
				.path = {(const uint8_t *)"[memory]", 8}});
	}
}

/* Sums that hold when all else has been told. */
static int put_nodes(const struct rep_cut *cut, const struct rep_state *state, struct fmt_buf *out)
{
	const struct rep_state_node *nodes = state->nodes.rows;

	for (uint32_t i = 0; i < state->nodes.count; i++) {
		const struct rep_node *node = rep__node_get(&cut->report.session->world, nodes[i].id);

		if (!node)
			return -EBADMSG;
		fmt_put_node_past(out, cut->vtime, nodes[i].id, 0, &(struct fmt_ev_node_past){
			.events = nodes[i].events, .last_ns = nodes[i].last, .clock_ns = node->own.shown_ns});
	}
	return 0;
}

/* How many events of the run came before the part, of a trace that may begin in the middle itself. */
static uint64_t count_before(const struct rep_cut *cut)
{
	const event_seq begins = rep_session_begins(cut->report.session);
	struct fmt_ev_keyframe ev = {0};
	struct fmt_event event;

	if (!begins || fmt_reader_event(cut->reader, begins - 1, &event, NULL) < 0 || fmt_get_keyframe(&event, &ev) < 0)
		return cut->seq;
	return ev.events + (cut->seq - begins);
}

struct placed {
	struct fmt_event event;
	size_t index;
};

static int compare_placed(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->event.vtime != y->event.vtime)
		return x->event.vtime < y->event.vtime ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

/* All records of a buffer, in the order of their times. */
static void put_sorted(struct rep_cut *cut, const struct fmt_buf *records)
{
	struct placed *list = NULL;
	size_t count = 0, capacity = 0, pos = 0;
	struct fmt_event event;

	while (fmt_record_next(records->data, records->size, &pos, &event) > 0) {
		if (count == capacity) {
			capacity = capacity ? 2 * capacity : 256;
			list = reallocarray(list, capacity, sizeof(*list));
			CHECK(list);
		}
		list[count] = (struct placed){event, count};
		count++;
	}
	CHECK(pos == records->size);
	if (count)
		qsort(list, count, sizeof(*list), compare_placed);
	for (size_t i = 0; i < count; i++) {
		if (list[i].event.kind == FMT_file)
			put_file(cut, &list[i].event, &cut->records);
		else
			fmt_record_put(&cut->records, &list[i].event);
	}
	free(list);
}

static int put_past(struct rep_cut *cut, struct rep_states *states, struct fmt_error *error)
{
	_cleanup_(fmt_buf_done) struct fmt_buf told = {0};
	const struct rep_state *state;
	int r = rep_states_at(states, cut->seq - 1, &state, error);

	if (r < 0)
		return r;
	fmt_past_put(cut->past, &told);
	r = rep__state_tell(state, cut->reader, cut->vtime, &told);
	if (r < 0)
		return r;
	put_sorted(cut, &told);
	put_new_files(cut, &cut->records);
	fmt_buf_put(&cut->records, cut->image.records.data, cut->image.records.size);
	r = put_nodes(cut, state, &cut->records);
	fmt_put_keyframe(&cut->records, cut->vtime, 0, 0, &(struct fmt_ev_keyframe){.events = count_before(cut)});
	return r;
}

/* ---- which files are named ---------------------------------------------- */

/* Calls see for each event of what is written. */
static int each_event(struct rep_cut *cut, void (*see)(struct fmt_named_files *named, const struct fmt_event *event),
		      struct fmt_error *error)
{
	struct fmt_event event;
	size_t pos = 0;

	while (fmt_record_next(cut->records.data, cut->records.size, &pos, &event) > 0)
		see(&cut->named, &event);
	for (event_seq seq = cut->seq; !cut->options.images_only && seq < fmt_reader_count(cut->reader); seq++) {
		const int r = fmt_reader_event(cut->reader, seq, &event, error);

		if (r < 0)
			return r;
		if (event.vtime > cut->options.to)
			break;
		see(&cut->named, &event);
	}
	return 0;
}

static int find_files(struct rep_cut *cut, struct fmt_error *error)
{
	int r = each_event(cut, fmt_named_files_learn, error);

	fmt_named_files_sort(&cut->named);
	if (r == 0)
		r = each_event(cut, fmt_named_files_take, error);
	return r;
}

static void describe(struct rep_cut *cut)
{
	const uint8_t *hash = fmt_reader_hash(cut->reader);

	fmt_put_text(&cut->changed, "trimmed to ");
	fmt_put_vtime(&cut->changed, cut->options.from);
	fmt_put_text(&cut->changed, " ... ");
	fmt_put_vtime(&cut->changed, cut->options.to);
	fmt_put_text(&cut->changed, " of the run ");
	for (size_t i = 0; hash && i < 8; i++)
		fmt_put_text(&cut->changed, "%02x", hash[i]);
	fmt_put_text(&cut->changed, ": it begins with images of its processes");
	fmt_buf_put(&cut->changed, "", 1);
}

static int make(struct rep_cut *cut, char **ret_reason)
{
	struct fmt_error error = {{0}};
	_cleanup_(rep_states_freep) struct rep_states *states = NULL;
	int r = execute(cut, ret_reason);

	if (r == 0)
		r = write_images(cut, ret_reason);
	if (r < 0)
		return r;
	r = rep_states_new(cut->reader, &states);
	if (r == 0)
		r = put_past(cut, states, &error);
	if (r == 0)
		r = find_files(cut, &error);
	if (r < 0)
		*ret_reason = fmt_text_of("%s", error.text[0] ? error.text : strerror(-r));
	return r;
}

int rep_cut_new(struct fmt_reader *reader, const struct rep_cut_options *options, struct rep_cut **ret, char **ret_reason)
{
	struct rep_cut *cut = calloc(1, sizeof(*cut));
	struct fmt_error error = {{0}};

	CHECK(cut);
	*cut = (struct rep_cut){.reader = reader, .options = *options};
	int r = fmt_reader_seek(reader, options->from, &cut->seq, &error);

	if (r == 0 && cut->seq == 0) {
		r = -EBADMSG;
		snprintf(error.text, sizeof(error.text), "nothing comes before the part");
	}
	if (r < 0)
		*ret_reason = fmt_text_of("%s", error.text);
	else
		r = make(cut, ret_reason);
	if (r < 0) {
		rep_cut_free(cut);
		return r;
	}
	cut->stat.events = fmt_reader_count(reader);
	describe(cut);
	/* Its programs are no longer of use, and the copy is to have all processors. */
	rep_report_done(&cut->report);
	*ret = cut;
	return 0;
}

/* ---- the copy ----------------------------------------------------------- */

/* Numbers above this are a past's own, and mean nothing without its images. */
#define NUMBER_MAX 0x7fffffffu

/* Whether a file event stays: when the file is named, or may still be. */
static bool stays_named(const struct rep_cut *cut, const struct fmt_event *event)
{
	struct fmt_ev_file ev;

	if (fmt_named_files_has(&cut->named, event))
		return true;
	return cut->options.images_only && event->kind == FMT_file && fmt_get_file(event, &ev) == 0 && ev.id <= NUMBER_MAX;
}

static int begin(void *context, struct fmt_writer *to, event_seq *ret_written)
{
	struct rep_cut *cut = context;
	struct fmt_event event;
	size_t pos = 0;

	for (size_t i = 0; i < cut->image.content_count; i++) {
		const struct rep_image_content *content = &cut->image.contents[i];
		const int r = fmt_named_files_has_hash(&cut->named, content->hash) ?
				      fmt_writer_file(to, content->hash, content->fd) : 0;

		if (r < 0)
			return r;
	}
	while (fmt_record_next(cut->records.data, cut->records.size, &pos, &event) > 0) {
		if (!stays_named(cut, &event))
			continue;
		const int r = fmt_writer_event(to, &event);

		if (r < 0)
			return r;
		cut->stat.past++;
	}
	*ret_written = cut->stat.past;
	cut->stat.kept = cut->stat.past;
	return 0;
}

static int keep(void *context, struct fmt_event *event)
{
	struct rep_cut *cut = context;

	if (cut->options.images_only || event->seq < cut->seq || event->vtime > cut->options.to ||
	    !fmt_named_files_has(&cut->named, event))
		return 0;
	cut->stat.kept++;
	return 1;
}

static bool keep_file(void *context, const uint8_t hash[FMT_HASH_SIZE])
{
	const struct rep_cut *cut = context;

	return !cut->options.images_only && fmt_named_files_has_hash(&cut->named, hash);
}

struct fmt_rewrite rep_cut_how(struct rep_cut *cut)
{
	return (struct fmt_rewrite){.changed = (const char *)cut->changed.data, .begin = begin, .event = keep, .file = keep_file,
				    .context = cut};
}

struct rep_cut_stat rep_cut_stat(const struct rep_cut *cut)
{
	return cut->stat;
}
