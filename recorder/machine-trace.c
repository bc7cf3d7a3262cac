/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machine-trace.c - what the machine tells the trace, in the total order (invariant 3 of machine.c). */
#include "machine-int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "preamble.h"

/* What is left of it is said when it is closed.  It is the host that cannot, whatever the error. */
int rec__machine_fail_trace(struct rec__machine *m, int error)
{
	/* Somebody outside has changed it. */
	if (error == -ESTALE)
		return rec__machine_fail(m, error, "a file that a program has mapped changed while it was recorded; "
			    "run again when nothing else writes to the programs' files");
	m->trace_failed = true;
	rec__machine_fail(m, error, "%s: the trace cannot be written on: %s", m->options.trace_path, strerror(-error));
	return -EIO;
}

static void count_refused(struct rec_run_result *result, const struct fmt_event *event)
{
	struct fmt_ev_refused ev;
	char program[sizeof(result->refused[0].program)];
	size_t i;

	CHECK(fmt_get_refused(event, &ev) == 0);
	snprintf(program, sizeof(program), "%.*s", (int)ev.program.size, (const char *)ev.program.data);
	for (i = 0; i < result->refused_count && i < REC_RUN_REFUSED_MAX; i++)
		if (result->refused[i].nr == ev.nr && !strcmp(result->refused[i].program, program)) {
			result->refused[i].count += ev.count;
			return;
		}
	if (result->refused_count++ >= REC_RUN_REFUSED_MAX)
		return;
	result->refused[i] = (struct rec_run_refused){.nr = ev.nr, .count = ev.count, .error = (int)-ev.ret};
	strcpy(result->refused[i].program, program);
}

/* A file that many nodes have read counts once, among those that are kept. */
static void note_change(struct rec_run_result *result, const struct fmt_event *event)
{
	const size_t size = sizeof(result->changed[0]) - 1;
	struct fmt_ev_host_change ev;
	char path[sizeof(result->changed[0])];

	CHECK(fmt_get_host_change(event, &ev) == 0);
	const size_t skipped = ev.path.size > size ? ev.path.size - size : 0;

	snprintf(path, sizeof(path), "%.*s", (int)(ev.path.size - skipped), (const char *)ev.path.data + skipped);
	for (size_t i = 0; i < result->changed_count && i < REC_RUN_CHANGED_MAX; i++)
		if (!strcmp(result->changed[i], path))
			return;
	if (result->changed_count++ < REC_RUN_CHANGED_MAX)
		strcpy(result->changed[result->changed_count - 1], path);
}

static int write_event(struct rec__machine *m, const struct fmt_event *event)
{
	const int error = m->writer ? fmt_writer_event(m->writer, event) : 0;

	if (error < 0)
		return rec__machine_fail_trace(m, error);
	m->last = event->vtime;
	if (event->kind == FMT_refused)
		count_refused(m->result, event);
	if (event->kind == FMT_host_change)
		note_change(m->result, event);
	m->result->events++;
	return 0;
}

/* What the links carried up to a time that has come. */
static int tell_load(struct rec__machine *m, vtime_ns now)
{
	_cleanup_(fmt_buf_done) struct fmt_buf records = {0};
	struct fmt_event event;
	size_t pos = 0;
	int error = 0;

	rec_monitor_tell(&m->monitor, now, &records);
	while (!error && fmt_record_next(records.data, records.size, &pos, &event) > 0)
		error = write_event(m, &event);
	return error;
}

static int emit(void *arg, const struct fmt_event *event)
{
	struct rec__machine *m = arg;
	int error = 0;

	while (!error && rec_monitor_next(&m->monitor) <= event->vtime)
		error = tell_load(m, rec_monitor_next(&m->monitor));
	if (error < 0)
		return error;
	rec_monitor_see(&m->monitor, event);
	return write_event(m, event);
}

/* All that the nodes have told of before until. */
static int emit_nodes(struct rec__machine *m, vtime_ns until)
{
	const int error = rec_merge_take(&m->merge, until, emit, m);

	if (error == -EPROTO)
		return rec__machine_fail(m, error, "node '%s' told of events out of order near %llu ns; this is a bug "
			    "in hindcast", rec__machine_node_name(m, m->merge.culprit), (unsigned long long)m->last);
	return error;
}

int rec__machine_emit_records(struct rec__machine *m, struct fmt_buf *records)
{
	struct fmt_event event;
	size_t pos = 0;
	int error = 0;

	while (!error && fmt_record_next(records->data, records->size, &pos, &event) > 0)
		error = emit(m, &event);
	fmt_buf_done(records);
	return error;
}

int rec__machine_emit_until(struct rec__machine *m, vtime_ns until)
{
	int error = 0;

	while (!error && rec_changes_next(&m->changes, m->exp) < (until < m->until ? until : m->until)) {
		struct fmt_buf records = {0};

		error = emit_nodes(m, rec_changes_next(&m->changes, m->exp));
		rec_changes_tell(&m->changes, m->exp, &records);
		error = error ?: rec__machine_emit_records(m, &records);
	}
	return error ?: emit_nodes(m, until);
}

int rec__machine_emit_first(struct rec__machine *m)
{
	struct fmt_buf records = {0};

	rec_preamble_events(m->exp, &records);
	return rec__machine_emit_records(m, &records);
}

int rec__machine_open_trace(struct rec__machine *m)
{
	if (!m->options.trace_path)
		return 0;
	int error = fmt_writer_new(m->options.trace_path, &m->writer);

	if (error < 0)
		return rec__machine_fail(m, error, "%s: %s", m->options.trace_path,
			    error == -EBUSY ? "another recorder writes there" :
			    error == -EINVAL ? "it is no regular file" : strerror(-error));
	fmt_writer_tidy(m->writer);
	if (m->options.ring)
		fmt_writer_ring(m->writer, m->options.ring, "/proc/self/exe");
	uint8_t kernel[FMT_HASH_SIZE];

	error = rec_preamble_kernel(m->options.kernel_path, kernel);
	if (error < 0)
		return rec__machine_fail(m, error, "kernel image %s: %s", m->options.kernel_path, strerror(-error));
	error = rec_preamble_meta(m->writer, m->exp, kernel);
	return error < 0 ? rec__machine_fail_trace(m, error) : 0;
}

/* What encodes the trace stays out of the workers' way. */
static void give_way(struct rec__machine *m)
{
	cpu_set_t left;

	if (m->cpus && m->writer && rec_cpus_left(m->cpus, &left))
		fmt_writer_run_on(m->writer, &left);
}

int rec__machine_flush(struct rec__machine *m)
{
	give_way(m);
	const int error = m->writer ? fmt_writer_flush(m->writer, /* now= */ false) : 0;

	return error < 0 ? rec__machine_fail_trace(m, error) : 0;
}

static struct fmt_bytes text(const char *string)
{
	return (struct fmt_bytes){(const uint8_t *)string, strlen(string)};
}

int rec__machine_emit_end(struct rec__machine *m, vtime_ns now)
{
	struct fmt_buf records = {0};

	m->result->end = m->last > now ? m->last : now;
	if (rec_monitor_next(&m->monitor) != REC__NEVER) {
		const int error = tell_load(m, m->result->end);

		if (error < 0)
			return error;
	}
	fmt_put_end(&records, m->result->end, 0, 0,
		    &(struct fmt_ev_end){m->result->status, text(m->result->reason)});
	return rec__machine_emit_records(m, &records);
}

static void say_what_is_left(struct rec__machine *m, bool kept)
{
	const size_t used = strlen(m->error->text);

	snprintf(m->error->text + used, sizeof(m->error->text) - used, kept ? "; what was written so far is there and can be replayed"
									      : "; nothing of it is left");
}

int rec__machine_close_trace(struct rec__machine *m, int error)
{
	if (!m->writer)
		return error;
	if (error == 0) {
		error = fmt_writer_finish(m->writer, m->result->hash);
		if (error == 0)
			return 0;
		error = rec__machine_fail_trace(m, error);
	} else if (!m->trace_failed) {
		fmt_writer_flush(m->writer, /* now= */ true);
	}
	const bool kept = fmt_writer_give_up(m->writer);

	if (m->trace_failed)
		say_what_is_left(m, kept);
	return error;
}
