/* SPDX-License-Identifier: GPL-2.0-or-later */
/* info.c - the summary of a trace, for a person or as JSON.  Both say the same, from one struct. */
#include "dump.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "link-totals.h"
#include "roster.h"
#include "sources.h"
#include "syscall-names.h"
#include "text.h"

#define KINDS_MAX 128
#define REFUSED_MAX 100	/* shown */
#define WARNINGS_MAX 100	/* shown; all are counted */

struct process {
	node_id node;
	uint64_t pid;
	char name[64];
	vtime_ns started;
	bool ended;
	vtime_ns end;
	uint64_t code;
};

struct refused {
	node_id node;
	uint64_t nr, count;
	int64_t ret;
	char program[64];
};

struct totals {
	struct fmt_roster roster;
	struct fmt_link_totals links;
	uint64_t kinds[KINDS_MAX];	/* by row of event-kinds.def */
	uint64_t unknown;
	struct process *processes;	/* those that the experiment starts, in order */
	size_t process_count, process_capacity;
	uint64_t execs, clones;
	uint64_t frame_bytes;
	bool ended;
	uint64_t end_status;
	struct fmt_buf end_reason;
	struct refused refused[REFUSED_MAX];
	size_t refused_count;
	struct fmt_buf warnings[WARNINGS_MAX];
	size_t warning_count;
};

static void totals_done(struct totals *totals)
{
	fmt_roster_done(&totals->roster);
	fmt_link_totals_done(&totals->links);
	free(totals->processes);
	fmt_buf_done(&totals->end_reason);
	for (size_t i = 0; i < WARNINGS_MAX; i++)
		fmt_buf_done(&totals->warnings[i]);
}

/* ---- gathering ---- */

static uint64_t kind_total(const struct totals *totals, uint32_t kind)
{
	const struct fmt_kind_info *info;

	for (size_t i = 0; (info = fmt_kind_at(i)) && i < KINDS_MAX; i++)
		if (info->kind == kind)
			return totals->kinds[i];
	return 0;
}

static void count_kind(struct totals *totals, uint32_t kind)
{
	const struct fmt_kind_info *first = fmt_kind_at(0), *info = fmt_kind_info(kind);
	const size_t row = info ? (size_t)(info - first) : KINDS_MAX;

	if (row < KINDS_MAX)
		totals->kinds[row]++;
	else
		totals->unknown++;
}

static void see_start(struct totals *totals, const struct fmt_event *event)
{
	struct fmt_ev_start ev;

	if (fmt_get_start(event, &ev) < 0 || totals->process_count >= FMT_ROSTER_MAX)
		return;
	if (totals->process_count == totals->process_capacity) {
		totals->process_capacity = totals->process_capacity ? totals->process_capacity * 2 : 16;
		totals->processes = reallocarray(totals->processes, totals->process_capacity,
						 sizeof(*totals->processes));
		CHECK(totals->processes);
	}
	struct process process = {.node = event->node, .pid = ev.pid, .started = event->vtime};
	_cleanup_(fmt_buf_done) struct fmt_buf name = {0};

	fmt_put_escaped(&name, ev.name);
	fmt_buf_put(&name, "", 1);
	snprintf(process.name, sizeof(process.name), "%s", (const char *)name.data);
	totals->processes[totals->process_count++] = process;
}

static void see_exit(struct totals *totals, const struct fmt_event *event)
{
	struct fmt_ev_exit ev;

	if (fmt_get_exit(event, &ev) < 0 || !ev.last)
		return;
	for (size_t i = totals->process_count; i-- > 0;) {
		struct process *process = &totals->processes[i];

		if (process->node != event->node || process->pid != ev.pid || process->ended)
			continue;
		process->ended = true;
		process->end = event->vtime;
		process->code = ev.code;
		return;
	}
}

static void add_warning(struct totals *totals, const struct fmt_event *event)
{
	char buf[16];

	if (totals->warning_count++ >= WARNINGS_MAX)
		return;
	struct fmt_buf *line = &totals->warnings[totals->warning_count - 1];

	fmt_put_event(line, event, fmt_roster_node(&totals->roster, event->node, buf));
	fmt_buf_put(line, "", 1);
}

static void see_refused(struct totals *totals, const struct fmt_event *event)
{
	struct fmt_ev_refused ev;

	if (fmt_get_refused(event, &ev) < 0 || totals->refused_count++ >= REFUSED_MAX)
		return;
	struct refused *refused = &totals->refused[totals->refused_count - 1];
	_cleanup_(fmt_buf_done) struct fmt_buf name = {0};

	*refused = (struct refused){.node = event->node, .nr = ev.nr, .count = ev.count, .ret = ev.ret};
	fmt_put_escaped(&name, ev.program);
	fmt_buf_put(&name, "", 1);
	snprintf(refused->program, sizeof(refused->program), "%s", (const char *)name.data);
}

static void see_end(struct totals *totals, const struct fmt_event *event)
{
	struct fmt_ev_end ev;

	if (fmt_get_end(event, &ev) < 0)
		return;
	totals->ended = true;
	totals->end_status = ev.status;
	fmt_buf_clear(&totals->end_reason);
	fmt_put_escaped(&totals->end_reason, ev.reason);
}

static void see_packet_send(struct totals *totals, const struct fmt_event *event)
{
	struct fmt_ev_packet_send ev;

	if (fmt_get_packet_send(event, &ev) == 0)
		totals->frame_bytes += ev.frame.size;
}

static void see(struct totals *totals, const struct fmt_event *event)
{
	count_kind(totals, event->kind);
	fmt_roster_learn(&totals->roster, event);
	fmt_link_totals_see(&totals->links, event);
	switch (event->kind) {
	case FMT_start:
		see_start(totals, event);
		return;
	case FMT_exit:
		see_exit(totals, event);
		return;
	case FMT_warn:
	case FMT_panic:
	case FMT_host_change:
		add_warning(totals, event);
		return;
	case FMT_refused:
		see_refused(totals, event);
		return;
	case FMT_end:
		see_end(totals, event);
		return;
	case FMT_packet_send:
		see_packet_send(totals, event);
		return;
	}
}

/* ---- printing ---- */

/* "2.50", in hundredths, without floating point. */
static void put_ratio(FILE *out, uint64_t part, uint64_t whole)
{
	const uint64_t hundredths = whole ? (part * 100 + whole / 2) / whole : 0;

	fprintf(out, "%llu.%02llu", (unsigned long long)(hundredths / 100),
		(unsigned long long)(hundredths % 100));
}

static void print_time(FILE *out, vtime_ns vtime)
{
	fprintf(out, "%llu.%09llu", (unsigned long long)(vtime / 1000000000u),
		(unsigned long long)(vtime % 1000000000u));
}

static void print_hex(FILE *out, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		fprintf(out, "%02x", bytes[i]);
}

static void print_metas(FILE *out, struct fmt_reader *r)
{
	const char *key;

	for (size_t i = 0; (key = fmt_reader_meta_key(r, i)); i++) {
		_cleanup_(fmt_buf_done) struct fmt_buf text = {0};
		size_t size;
		const uint8_t *value = fmt_reader_meta(r, key, &size);

		if (strncmp(key, "format.", 7) == 0)
			continue;
		fmt_put_escaped(&text, (struct fmt_bytes){(const uint8_t *)key, strlen(key)});
		fprintf(out, "%-12.*s ", (int)text.size, (const char *)text.data);
		if (size > 80 || memchr(value, '\n', size)) {
			fprintf(out, "%zu bytes\n", size);
			continue;
		}
		fmt_buf_clear(&text);
		fmt_put_escaped(&text, (struct fmt_bytes){value, size});
		fprintf(out, "%.*s\n", (int)text.size, (const char *)text.data);
	}
}

static void print_process(FILE *out, const struct totals *totals, const struct process *process)
{
	const int status = (int)process->code;
	char buf[16];

	fprintf(out, "  process    %s: %s (pid %llu) from ",
		fmt_roster_node(&totals->roster, process->node, buf), process->name,
		(unsigned long long)process->pid);
	print_time(out, process->started);
	if (!process->ended) {
		fprintf(out, ", does not end\n");
		return;
	}
	fprintf(out, " to ");
	print_time(out, process->end);
	if (WIFEXITED(status))
		fprintf(out, ", status %d\n", WEXITSTATUS(status));
	else
		fprintf(out, ", signal %d\n", WTERMSIG(status));
}

/* "    a > b    8507 frames, 12911626 bytes, busy 10.3 % (at most 10.4 % of an interval), queue at most 2, lost 3: loss 2, queue 1" */
static void print_direction(FILE *out, const struct totals *totals, const struct fmt_roster_link *link, unsigned int side)
{
	const struct fmt_link_total *total = fmt_link_totals_get(&totals->links, link->id, side);
	char a[16], b[16];

	if (!total)
		return;
	fprintf(out, "    %s > %s  %llu frames, %llu bytes, busy %.1f %% (at most %.1f %% of an interval), queue at most %llu",
		fmt_roster_node(&totals->roster, (node_id)(side ? link->node_b : link->node_a), a),
		fmt_roster_node(&totals->roster, (node_id)(side ? link->node_a : link->node_b), b),
		(unsigned long long)total->frames, (unsigned long long)total->bytes,
		total->time_ns ? 100.0 * (double)total->busy_ns / (double)total->time_ns : 0.0, 100.0 * total->busiest,
		(unsigned long long)total->queue_max);
	for (size_t i = 0; i < total->loss_count; i++)
		fprintf(out, "%s%s %llu", i ? ", " : ", lost: ", total->losses[i].reason,
			(unsigned long long)total->losses[i].frames);
	fputc('\n', out);
}

static void print_world(FILE *out, const struct totals *totals)
{
	const struct fmt_roster *roster = &totals->roster;
	char a[16], b[16];

	for (size_t i = 0; i < roster->node_count; i++)
		fprintf(out, "  node       %s (%u) %s\n", roster->nodes[i].name, roster->nodes[i].id,
			roster->nodes[i].address);
	for (size_t i = 0; i < roster->link_count; i++) {
		fprintf(out, "  link       %llu: %s - %s\n", (unsigned long long)roster->links[i].id,
			fmt_roster_node(roster, (node_id)roster->links[i].node_a, a),
			fmt_roster_node(roster, (node_id)roster->links[i].node_b, b));
		for (unsigned int side = 0; side < 2; side++)
			print_direction(out, totals, &roster->links[i], side);
	}
	for (size_t i = 0; i < totals->process_count; i++)
		print_process(out, totals, &totals->processes[i]);
}

static void print_kinds(FILE *out, const struct totals *totals)
{
	const struct fmt_kind_info *info;

	for (size_t i = 0; (info = fmt_kind_at(i)) && i < KINDS_MAX; i++)
		if (totals->kinds[i])
			fprintf(out, "  %-14s %llu\n", info->name,
				(unsigned long long)totals->kinds[i]);
	if (totals->unknown)
		fprintf(out, "  %-14s %llu\n", "(unknown)", (unsigned long long)totals->unknown);
}

static void print_sizes(FILE *out, const struct totals *totals, const struct fmt_trace_stat *stat)
{
	fprintf(out, "packets      %llu sent (%llu bytes), %llu dropped, %llu received\n",
		(unsigned long long)kind_total(totals, FMT_packet_send),
		(unsigned long long)totals->frame_bytes,
		(unsigned long long)kind_total(totals, FMT_packet_drop),
		(unsigned long long)kind_total(totals, FMT_packet_recv));
	fprintf(out, "duration     ");
	print_time(out, stat->last);
	fprintf(out, " s of virtual time\n");
	fprintf(out, "size         %llu bytes; events %llu bytes in %llu chunks, ",
		(unsigned long long)stat->file_size, (unsigned long long)stat->chunk_bytes,
		(unsigned long long)stat->chunks);
	put_ratio(out, stat->chunk_bytes, stat->events);
	fprintf(out, " bytes/event (");
	put_ratio(out, stat->chunk_bytes_raw, stat->events);
	fprintf(out, " unpacked)\npayload      %llu bytes (%llu unpacked), each stored once\n",
		(unsigned long long)stat->payload_bytes, (unsigned long long)stat->payload_bytes_raw);
	fprintf(out, "files        %llu embedded, %llu bytes (%llu unpacked)\n",
		(unsigned long long)stat->files, (unsigned long long)stat->file_bytes,
		(unsigned long long)stat->file_bytes_raw);
}

struct source_count {
	size_t files, bytes;
};

static struct source_count count_sources(struct fmt_reader *r)
{
	_cleanup_(fmt_buf_done) struct fmt_buf list = {0};
	struct source_count count = {0, 0};
	struct fmt_bytes path, text;
	struct fmt_error error;
	size_t pos = 0;

	fmt_sources_read(r, &list, &error);
	for (; fmt_sources_next(&list, &pos, &path, &text) > 0; count.files++)
		count.bytes += text.size;
	return count;
}

static void print_text(FILE *out, struct fmt_reader *r, const struct totals *totals,
		       const struct fmt_trace_stat *stat)
{
	fprintf(out, "format       version %u, %s\n", stat->version,
		fmt_reader_finished(r) ? "finished" : "unfinished");
	if (fmt_reader_hash(r)) {
		fprintf(out, "run hash     ");
		print_hex(out, fmt_reader_hash(r), FMT_HASH_SIZE);
		fprintf(out, "\n");
	}
	if (totals->ended)
		fprintf(out, "ended        %.*s (status %llu)\n", (int)totals->end_reason.size,
			(const char *)totals->end_reason.data,
			(unsigned long long)totals->end_status);
	print_metas(out, r);
	print_sizes(out, totals, stat);
	const struct source_count sources = count_sources(r);

	if (sources.files)
		fprintf(out, "source       %zu files, %zu bytes unpacked\n", sources.files, sources.bytes);
	print_world(out, totals);
	fprintf(out, "events       %llu\n", (unsigned long long)stat->events);
	print_kinds(out, totals);
	for (size_t i = 0; i < totals->refused_count && i < REFUSED_MAX; i++) {
		const struct refused *at = &totals->refused[i];
		char buf[16];

		fprintf(out, "refused      %s: %s, %llu times, by %s on %s\n", fmt_syscall_name(at->nr) ?: "?",
			fmt_errno_name((int)-at->ret) ?: "?", (unsigned long long)at->count, at->program,
			fmt_roster_node(&totals->roster, at->node, buf));
	}
	for (size_t i = 0; i < totals->warning_count && i < WARNINGS_MAX; i++)
		fprintf(out, "warning      %s\n", (const char *)totals->warnings[i].data);
	if (totals->warning_count > WARNINGS_MAX)
		fprintf(out, "warning      and %zu more\n", totals->warning_count - WARNINGS_MAX);
	if (fmt_reader_warning(r))
		fprintf(out, "warning      %s\n", fmt_reader_warning(r));
}

/* ---- JSON ---- */

static void json_string(FILE *out, const void *bytes, size_t size)
{
	_cleanup_(fmt_buf_done) struct fmt_buf text = {0};

	fmt_put_json(&text, (struct fmt_bytes){bytes, size});
	fwrite(text.data, 1, text.size, out);
}

static void json_text(FILE *out, const char *text)
{
	json_string(out, text, strlen(text));
}

static void json_u64(FILE *out, const char *key, uint64_t value)
{
	fprintf(out, ", \"%s\": %llu", key, (unsigned long long)value);
}

static void json_metas(FILE *out, struct fmt_reader *r)
{
	const char *key, *comma = "";

	fprintf(out, ",\n \"meta\": {");
	for (size_t i = 0; (key = fmt_reader_meta_key(r, i)); i++) {
		size_t size;
		const void *value = fmt_reader_meta(r, key, &size);

		if (strncmp(key, "format.", 7) == 0)
			continue;
		fprintf(out, "%s", comma);
		json_text(out, key);
		fprintf(out, ": ");
		json_string(out, value, size);
		comma = ", ";
	}
	fprintf(out, "}");
}

/* "load": one object for each direction of which something is known. */
static void json_load(FILE *out, const struct totals *totals, const struct fmt_roster_link *link)
{
	const char *comma = "";

	fprintf(out, ", \"load\": [");
	for (unsigned int side = 0; side < 2; side++) {
		const struct fmt_link_total *total = fmt_link_totals_get(&totals->links, link->id, side);

		if (!total)
			continue;
		fprintf(out, "%s{\"side\": %u", comma, side);
		json_u64(out, "frames", total->frames);
		json_u64(out, "bytes", total->bytes);
		json_u64(out, "busy_ns", total->busy_ns);
		json_u64(out, "time_ns", total->time_ns);
		json_u64(out, "queue_max", total->queue_max);
		fprintf(out, ", \"lost\": {");
		for (size_t i = 0; i < total->loss_count; i++) {
			fprintf(out, "%s", i ? ", " : "");
			json_text(out, total->losses[i].reason);
			fprintf(out, ": %llu", (unsigned long long)total->losses[i].frames);
		}
		fprintf(out, "}}");
		comma = ", ";
	}
	fprintf(out, "]");
}

static void json_world(FILE *out, const struct totals *totals)
{
	const struct fmt_roster *roster = &totals->roster;

	fprintf(out, ",\n \"nodes\": [");
	for (size_t i = 0; i < roster->node_count; i++) {
		fprintf(out, "%s{\"id\": %u, \"name\": ", i ? ", " : "", roster->nodes[i].id);
		json_text(out, roster->nodes[i].name);
		fprintf(out, ", \"address\": ");
		json_text(out, roster->nodes[i].address);
		fprintf(out, "}");
	}
	fprintf(out, "],\n \"links\": [");
	for (size_t i = 0; i < roster->link_count; i++) {
		fprintf(out, "%s{\"id\": %llu, \"node_a\": %llu, \"node_b\": %llu", i ? ", " : "",
			(unsigned long long)roster->links[i].id,
			(unsigned long long)roster->links[i].node_a,
			(unsigned long long)roster->links[i].node_b);
		json_load(out, totals, &roster->links[i]);
		fprintf(out, "}");
	}
	fprintf(out, "]");
}

static void json_processes(FILE *out, const struct totals *totals)
{
	fprintf(out, ",\n \"processes\": [");
	for (size_t i = 0; i < totals->process_count; i++) {
		const struct process *process = &totals->processes[i];

		fprintf(out, "%s{\"node\": %u, \"pid\": %llu, \"name\": ", i ? ", " : "",
			process->node, (unsigned long long)process->pid);
		json_text(out, process->name);
		json_u64(out, "start_ns", process->started);
		if (process->ended) {
			json_u64(out, "end_ns", process->end);
			json_u64(out, "wait_status", process->code);
		}
		fprintf(out, "}");
	}
	fprintf(out, "]");
}

static void json_kinds(FILE *out, const struct totals *totals)
{
	const struct fmt_kind_info *info;
	const char *comma = "";

	fprintf(out, ",\n \"kinds\": {");
	for (size_t i = 0; (info = fmt_kind_at(i)) && i < KINDS_MAX; i++) {
		if (!totals->kinds[i])
			continue;
		fprintf(out, "%s\"%s\": %llu", comma, info->name,
			(unsigned long long)totals->kinds[i]);
		comma = ", ";
	}
	fprintf(out, "}");
}

static void json_refused(FILE *out, const struct totals *totals)
{
	fprintf(out, ",\n \"refused\": [");
	for (size_t i = 0; i < totals->refused_count && i < REFUSED_MAX; i++) {
		const struct refused *at = &totals->refused[i];

		fprintf(out, "%s{\"node\": %u, \"nr\": %llu, \"name\": ", i ? ", " : "", at->node,
			(unsigned long long)at->nr);
		json_text(out, fmt_syscall_name(at->nr) ?: "?");
		fprintf(out, ", \"error\": ");
		json_text(out, fmt_errno_name((int)-at->ret) ?: "?");
		json_u64(out, "count", at->count);
		fprintf(out, ", \"program\": ");
		json_text(out, at->program);
		fprintf(out, "}");
	}
	fprintf(out, "]");
}

static void json_warnings(FILE *out, struct fmt_reader *r, const struct totals *totals)
{
	const char *comma = "";

	fprintf(out, ",\n \"warnings\": [");
	for (size_t i = 0; i < totals->warning_count && i < WARNINGS_MAX; i++) {
		fprintf(out, "%s", comma);
		json_text(out, (const char *)totals->warnings[i].data);
		comma = ", ";
	}
	if (fmt_reader_warning(r)) {
		fprintf(out, "%s", comma);
		json_text(out, fmt_reader_warning(r));
	}
	fprintf(out, "]");
}

static void print_json(FILE *out, struct fmt_reader *r, const struct totals *totals,
		       const struct fmt_trace_stat *stat)
{
	fprintf(out, "{\"version\": %u, \"finished\": %s, \"run_hash\": ", stat->version,
		fmt_reader_finished(r) ? "true" : "false");
	if (fmt_reader_hash(r)) {
		fputc('"', out);
		print_hex(out, fmt_reader_hash(r), FMT_HASH_SIZE);
		fputc('"', out);
	} else {
		fprintf(out, "null");
	}
	if (totals->ended) {
		json_u64(out, "end_status", totals->end_status);
		fprintf(out, ", \"end_reason\": ");
		json_string(out, totals->end_reason.data, totals->end_reason.size);
	}
	json_metas(out, r);
	fprintf(out, ",\n \"duration_ns\": %llu", (unsigned long long)stat->last);
	json_u64(out, "events", stat->events);
	json_u64(out, "packets_sent", kind_total(totals, FMT_packet_send));
	json_u64(out, "packets_dropped", kind_total(totals, FMT_packet_drop));
	json_u64(out, "packets_received", kind_total(totals, FMT_packet_recv));
	json_u64(out, "packet_bytes", totals->frame_bytes);
	json_u64(out, "file_size", stat->file_size);
	json_u64(out, "chunks", stat->chunks);
	json_u64(out, "event_bytes", stat->chunk_bytes);
	json_u64(out, "event_bytes_raw", stat->chunk_bytes_raw);
	fprintf(out, ", \"bytes_per_event\": ");
	put_ratio(out, stat->chunk_bytes, stat->events);
	json_u64(out, "payload_bytes", stat->payload_bytes);
	json_u64(out, "payload_bytes_raw", stat->payload_bytes_raw);
	json_u64(out, "embedded_files", stat->files);
	json_u64(out, "embedded_bytes", stat->file_bytes);
	json_u64(out, "embedded_bytes_raw", stat->file_bytes_raw);
	json_u64(out, "source_files", count_sources(r).files);
	json_world(out, totals);
	json_processes(out, totals);
	json_kinds(out, totals);
	json_refused(out, totals);
	json_warnings(out, r, totals);
	fprintf(out, "}\n");
}

int fmt_info(struct fmt_reader *r, FILE *out, bool json, struct fmt_error *error)
{
	_cleanup_(totals_done) struct totals totals = {0};
	struct fmt_trace_stat stat;
	struct fmt_event event;

	fmt_reader_stat(r, &stat);
	for (event_seq seq = 0; seq < fmt_reader_count(r); seq++) {
		const int failed = fmt_reader_event(r, seq, &event, error);

		if (failed < 0)
			return failed;
		see(&totals, &event);
	}
	if (json)
		print_json(out, r, &totals, &stat);
	else
		print_text(out, r, &totals, &stat);
	if (fflush(out) == 0 && !ferror(out))
		return 0;
	if (error)
		snprintf(error->text, sizeof(error->text), "cannot write: %s", strerror(errno));
	return -EIO;
}
