/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * export-graph.c - who spoke to whom: ShiViz logs, Chrome and Perfetto traces, a sequence diagram.
 */
#include "export-int.h"

#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "packet-text.h"
#include "syscall-names.h"
#include "text.h"

static void put_raw(struct fmt_buf *out, const char *text)
{
	fmt_buf_put(out, text, strlen(text));
}

static void flush_to(FILE *out, struct fmt_buf *buf)
{
	fwrite(buf->data, 1, buf->size, out);
	fmt_buf_clear(buf);
}

bool fmt__export_title(struct fmt_buf *out, const struct fmt_event *event, const struct fmt_packet *packet)
{
	const struct fmt_kind_info *info = fmt_kind_info(event->kind);
	struct fmt_value values[FMT_FIELD_MAX];

	if (packet) {
		put_raw(out, event->kind == FMT_packet_send   ? "sends "
			     : event->kind == FMT_packet_recv ? "receives "
							      : "loses ");
		fmt_put_frame_gist(out, &packet->frame);
		return true;
	}
	switch (event->kind) {
	case FMT_start:
	case FMT_exec:
	case FMT_exit:
	case FMT_output:
	case FMT_signal:
	case FMT_warn:
	case FMT_host_change:
	case FMT_panic:
	case FMT_note:
		break;
	default:
		return false;
	}
	const int count = fmt_event_values(event, values);

	put_raw(out, info->name);
	for (int i = 0; i < count; i++)
		if (info->fields[i].type == 'T') {
			put_raw(out, " ");
			fmt_put_escaped(out, values[i].bytes);
		} else if (strcmp(info->fields[i].name, "code") == 0 ||
			   strcmp(info->fields[i].name, "signo") == 0) {
			fmt_put_text(out, " %llu", (unsigned long long)values[i].u);
		}
	return true;
}

/* ---- ShiViz: its default pattern, "event" on one line, "host {clock}" on the next ---- */

#define CLOCK_NODES_MAX 1024
#define CLOCKS_KEPT 16384u	/* of packets in flight */

struct clocks {
	size_t nodes;			/* so many components */
	uint32_t *now;			/* [node][component] */
	struct {
		uint64_t packet;
		uint32_t *clock;	/* NULL: none */
	} *sent;
};

static void clocks_done(struct clocks *clocks)
{
	for (size_t i = 0; clocks->sent && i < CLOCKS_KEPT; i++)
		free(clocks->sent[i].clock);
	free(clocks->sent);
	free(clocks->now);
}

static void clocks_init(struct clocks *clocks)
{
	clocks->now = calloc(CLOCK_NODES_MAX * CLOCK_NODES_MAX, sizeof(uint32_t));
	clocks->sent = calloc(CLOCKS_KEPT, sizeof(*clocks->sent));
	CHECK(clocks->now && clocks->sent);
}

static size_t slot_of(uint64_t packet)
{
	return (packet ^ (packet >> 40) * 0x9e3779b97f4a7c15) % CLOCKS_KEPT;
}

static void tick(struct clocks *clocks, const struct fmt_event *event,
		 const struct fmt_packet *packet)
{
	uint32_t *mine = clocks->now + event->node * CLOCK_NODES_MAX;

	if (event->node >= clocks->nodes)
		clocks->nodes = event->node + 1u;
	mine[event->node]++;
	if (!packet)
		return;
	const size_t slot = slot_of(packet->id);

	if (event->kind == FMT_packet_send) {
		if (!clocks->sent[slot].clock)
			clocks->sent[slot].clock = calloc(CLOCK_NODES_MAX, sizeof(uint32_t));
		CHECK(clocks->sent[slot].clock);
		clocks->sent[slot].packet = packet->id;
		memcpy(clocks->sent[slot].clock, mine, CLOCK_NODES_MAX * sizeof(uint32_t));
	} else if (event->kind == FMT_packet_recv && clocks->sent[slot].clock &&
		   clocks->sent[slot].packet == packet->id) {
		for (size_t i = 0; i < CLOCK_NODES_MAX; i++)
			if (clocks->sent[slot].clock[i] > mine[i])
				mine[i] = clocks->sent[slot].clock[i];
	}
}

static void put_clock(struct fmt_buf *out, const struct clocks *clocks, const struct fmt_walk *walk,
		      node_id node)
{
	const uint32_t *mine = clocks->now + node * CLOCK_NODES_MAX;
	const char *comma = "";
	char buf[16];

	put_raw(out, fmt_roster_node(&walk->roster, node, buf));
	put_raw(out, " {");
	for (size_t i = 0; i < clocks->nodes; i++) {
		if (!mine[i])
			continue;
		const char *name = fmt_roster_node(&walk->roster, (node_id)i, buf);

		put_raw(out, comma);
		fmt_put_json(out, (struct fmt_bytes){(const uint8_t *)name, strlen(name)});
		fmt_put_text(out, ":%u", mine[i]);
		comma = ", ";
	}
	put_raw(out, "}\n");
}

int fmt__export_shiviz(struct fmt_reader *r, FILE *out, const struct fmt_export_options *options,
		       struct fmt_error *error)
{
	_cleanup_(fmt_walk_done) struct fmt_walk walk = {0};
	_cleanup_(clocks_done) struct clocks clocks = {0};
	_cleanup_(fmt_buf_done) struct fmt_buf text = {0};
	struct fmt_event event;
	int got = fmt_walk_init_packets(&walk, r, options->filter, error);

	clocks_init(&clocks);
	while (got >= 0 && !ferror(out) && (got = fmt_walk_next(&walk, &event, error)) > 0) {
		const struct fmt_packet *packet = fmt_filter_packet(walk.filter);

		/* The machine itself is no host. */
		if (event.node == 0 || event.node >= CLOCK_NODES_MAX)
			continue;
		if (!fmt__export_title(&text, &event, packet))
			continue;
		tick(&clocks, &event, packet);
		put_raw(&text, " @");
		fmt_put_vtime(&text, event.vtime);
		put_raw(&text, "\n");
		put_clock(&text, &clocks, &walk, event.node);
		flush_to(out, &text);
	}
	return got < 0 ? got : 0;
}

/* ---- Chrome's trace event format, which Perfetto reads: nodes are processes, packets are flows ---- */

#define CALLS_KEPT 4096u	/* threads that wait in a call */

struct waiting {
	uint64_t thread;		/* node << 32 | tid; 0: none */
	vtime_ns since;
};

struct perfetto {
	struct fmt_buf text;
	struct waiting waiting[CALLS_KEPT];
	bool first;
	bool named[CLOCK_NODES_MAX];
};

static struct waiting *waiting_of(struct perfetto *perfetto, const struct fmt_event *event)
{
	const uint64_t thread = (uint64_t)event->node << 32 | event->tid;

	return &perfetto->waiting[(thread ^ thread >> 32) % CALLS_KEPT];
}

/* Microseconds with three digits, of an event that began at. */
static void put_head(struct perfetto *perfetto, const struct fmt_event *event, const char *phase,
		     vtime_ns at)
{
	fmt_put_text(&perfetto->text, "%s{\"ph\":\"%s\",\"pid\":%u,\"tid\":%u,\"ts\":%llu.%03llu",
		     perfetto->first ? "" : ",\n", phase, event->node, event->tid,
		     (unsigned long long)(at / 1000), (unsigned long long)(at % 1000));
	perfetto->first = false;
}

static void put_name(struct perfetto *perfetto, const char *name)
{
	put_raw(&perfetto->text, ",\"name\":");
	fmt_put_json(&perfetto->text, (struct fmt_bytes){(const uint8_t *)name, strlen(name)});
}

static void put_duration(struct perfetto *perfetto, vtime_ns ns)
{
	fmt_put_text(&perfetto->text, ",\"dur\":%llu.%03llu", (unsigned long long)(ns / 1000),
		     (unsigned long long)(ns % 1000));
}

static void put_call(struct perfetto *perfetto, const struct fmt_event *event, uint64_t nr,
		     int64_t ret, vtime_ns since)
{
	const char *name = fmt_syscall_name(nr);

	put_head(perfetto, event, "X", since);
	put_duration(perfetto, event->vtime - since);
	put_name(perfetto, name ? name : "call");
	fmt_put_text(&perfetto->text, ",\"args\":{\"seq\":%llu,\"ret\":%lld}}",
		     (unsigned long long)event->seq, (long long)ret);
}

static void put_run(struct perfetto *perfetto, const struct fmt_event *event, uint64_t ran)
{
	if (!ran || ran > event->vtime)
		return;
	put_head(perfetto, event, "X", event->vtime - ran);
	put_duration(perfetto, ran);
	put_raw(&perfetto->text, ",\"name\":\"run\"}");
}

static void see_calls(struct perfetto *perfetto, const struct fmt_event *event)
{
	struct waiting *waiting = waiting_of(perfetto, event);
	const uint64_t thread = (uint64_t)event->node << 32 | event->tid;
	struct fmt_ev_syscall call;
	struct fmt_ev_syscall_enter enter;
	struct fmt_ev_syscall_exit leave;

	if (event->kind == FMT_syscall && fmt_get_syscall(event, &call) == 0) {
		put_run(perfetto, event, call.ran);
		put_call(perfetto, event, call.nr, call.ret, event->vtime);
	}
	if (event->kind == FMT_syscall_enter && fmt_get_syscall_enter(event, &enter) == 0) {
		put_run(perfetto, event, enter.ran);
		*waiting = (struct waiting){thread, event->vtime};
	}
	if (event->kind == FMT_syscall_exit && fmt_get_syscall_exit(event, &leave) == 0 &&
	    waiting->thread == thread) {
		put_call(perfetto, event, leave.nr, leave.ret, waiting->since);
		waiting->thread = 0;
	}
}

static void see_packet(struct perfetto *perfetto, const struct fmt_event *event,
		       const struct fmt_packet *packet)
{
	_cleanup_(fmt_buf_done) struct fmt_buf title = {0};

	fmt__export_title(&title, event, packet);
	fmt_buf_put(&title, "", 1);
	/* A flow binds to a slice, so there is one. */
	put_head(perfetto, event, "X", event->vtime);
	put_duration(perfetto, 1000);
	put_name(perfetto, (const char *)title.data);
	fmt_put_text(&perfetto->text, ",\"args\":{\"seq\":%llu}}", (unsigned long long)event->seq);
	if (event->kind == FMT_packet_drop)
		return;
	put_head(perfetto, event, event->kind == FMT_packet_send ? "s" : "f", event->vtime);
	fmt_put_text(&perfetto->text, ",\"cat\":\"packet\",\"name\":\"packet\",\"bp\":\"e\",\"id\":\"%llx\"}",
		     (unsigned long long)packet->id);
}

static void see_other(struct perfetto *perfetto, const struct fmt_event *event)
{
	_cleanup_(fmt_buf_done) struct fmt_buf title = {0};

	if (!fmt__export_title(&title, event, NULL))
		return;
	fmt_buf_put(&title, "", 1);
	put_head(perfetto, event, "i", event->vtime);
	put_name(perfetto, (const char *)title.data);
	fmt_put_text(&perfetto->text, ",\"s\":\"t\",\"args\":{\"seq\":%llu}}",
		     (unsigned long long)event->seq);
}

static void name_node(struct perfetto *perfetto, const struct fmt_walk *walk,
		      const struct fmt_event *event)
{
	char buf[16];

	if (event->node >= CLOCK_NODES_MAX || perfetto->named[event->node])
		return;
	perfetto->named[event->node] = true;
	put_head(perfetto, event, "M", 0);
	put_raw(&perfetto->text, ",\"name\":\"process_name\",\"args\":{\"name\":");
	const char *name = fmt_roster_node(&walk->roster, event->node, buf);

	fmt_put_json(&perfetto->text, (struct fmt_bytes){(const uint8_t *)name, strlen(name)});
	put_raw(&perfetto->text, "}}");
}

int fmt__export_perfetto(struct fmt_reader *r, FILE *out, const struct fmt_export_options *options,
			 struct fmt_error *error)
{
	_cleanup_(fmt_walk_done) struct fmt_walk walk = {0};
	_cleanup_free_ struct perfetto *perfetto = calloc(1, sizeof(*perfetto));
	struct fmt_event event;
	int got = fmt_walk_init_packets(&walk, r, options->filter, error);

	CHECK(perfetto);
	if (got < 0)
		return got;
	perfetto->first = true;
	fprintf(out, "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n");
	while (!ferror(out) && (got = fmt_walk_next(&walk, &event, error)) > 0) {
		const struct fmt_packet *packet = fmt_filter_packet(walk.filter);

		if (event.node)
			name_node(perfetto, &walk, &event);
		see_calls(perfetto, &event);
		if (packet)
			see_packet(perfetto, &event, packet);
		else
			see_other(perfetto, &event);
		flush_to(out, &perfetto->text);
	}
	fmt_buf_done(&perfetto->text);
	fprintf(out, "\n]}\n");
	return got < 0 ? got : 0;
}

/* ---- a sequence diagram ---- */

#define ARROWS_MAX 400		/* more is no picture; the filter chooses which */
#define LANE_WIDTH 220
#define ROW_HEIGHT 26
#define TOP 60

struct diagram {
	struct fmt_buf body;
	uint64_t rows, left_out;
};

static void put_xml(struct fmt_buf *out, struct fmt_bytes text)
{
	for (size_t i = 0; i < text.size; i++) {
		const uint8_t byte = text.data[i];

		if (byte == '&' || byte == '<' || byte == '>' || byte == '"' || byte == '\'')
			fmt_put_text(out, "&#%u;", byte);
		else
			fmt_buf_put(out, &byte, 1);
	}
}

static int lane_of(const struct fmt_roster *roster, node_id node)
{
	for (size_t i = 0; i < roster->node_count; i++)
		if (roster->nodes[i].id == node)
			return (int)(i * LANE_WIDTH + LANE_WIDTH / 2 + 110);
	return 110;
}

static void put_label(struct diagram *diagram, int x, int y, vtime_ns vtime, const struct fmt_buf *title)
{
	fmt_put_text(&diagram->body, "<text class=\"t\" x=\"4\" y=\"%d\">", y);
	fmt_put_vtime(&diagram->body, vtime);
	fmt_put_text(&diagram->body, "</text><text x=\"%d\" y=\"%d\">", x, y - 4);
	put_xml(&diagram->body, (struct fmt_bytes){title->data, title->size});
	put_raw(&diagram->body, "</text>\n");
}

/* An arrow ends where the link does; what it lost ends half way. */
static void put_arrow(struct diagram *diagram, const struct fmt_walk *walk,
		      const struct fmt_event *event, const struct fmt_packet *packet)
{
	_cleanup_(fmt_buf_done) struct fmt_buf title = {0};
	const struct fmt_roster_link *link = fmt_roster_link(&walk->roster, packet->link);
	const bool lost = event->kind == FMT_packet_drop;
	node_id to = event->node;

	if (lost && link)
		to = (node_id)(link->node_a == packet->sender ? link->node_b : link->node_a);
	const int from_x = lane_of(&walk->roster, packet->sender), to_x = lane_of(&walk->roster, to);
	const int end_x = lost ? (from_x + to_x) / 2 : to_x;
	const int y = TOP + (int)diagram->rows * ROW_HEIGHT;

	fmt_put_frame_gist(&title, &packet->frame);
	fmt_put_text(&diagram->body,
		     "<line class=\"%s\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" marker-end=\"url(#%s)\"/>\n",
		     lost ? "x" : "a", from_x, y - 8, end_x, y, lost ? "cross" : "tip");
	put_label(diagram, (from_x < to_x ? from_x : to_x) + 8, y - 6, packet->sent, &title);
	diagram->rows++;
}

static void put_spot(struct diagram *diagram, const struct fmt_walk *walk,
		     const struct fmt_event *event, const struct fmt_buf *title)
{
	const int x = lane_of(&walk->roster, event->node);
	const int y = TOP + (int)diagram->rows * ROW_HEIGHT;
	struct fmt_buf shown = {title->data, title->size > 60 ? 60 : title->size, 0};

	/* Not within a character. */
	while (shown.size < title->size && shown.size && (shown.data[shown.size] & 0xc0) == 0x80)
		shown.size--;
	fmt_put_text(&diagram->body, "<circle cx=\"%d\" cy=\"%d\" r=\"3\"/>\n", x, y - 4);
	put_label(diagram, x + 8, y + 4, event->vtime, &shown);
	diagram->rows++;
}

static void put_picture(FILE *out, const struct diagram *diagram, const struct fmt_roster *roster)
{
	const size_t width = roster->node_count * LANE_WIDTH + 260;
	const unsigned long long height = TOP + (diagram->rows + 1) * ROW_HEIGHT;

	fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%zu\" height=\"%llu\">\n"
		"<style>text{font:11px sans-serif}.t{fill:#777}.n{font-weight:bold;text-anchor:middle}"
		".l{stroke:#bbb}.a{stroke:#1a5fb4}.x{stroke:#c01c28;stroke-dasharray:4}</style>\n"
		"<defs><marker id=\"tip\" markerWidth=\"8\" markerHeight=\"8\" refX=\"8\" refY=\"4\" orient=\"auto\">"
		"<path d=\"M0 0L8 4L0 8z\" fill=\"#1a5fb4\"/></marker>"
		"<marker id=\"cross\" markerWidth=\"8\" markerHeight=\"8\" refX=\"4\" refY=\"4\">"
		"<path d=\"M0 0L8 8M8 0L0 8\" stroke=\"#c01c28\"/></marker></defs>\n", width, height);
	for (size_t i = 0; i < roster->node_count; i++) {
		const int x = lane_of(roster, roster->nodes[i].id);
		_cleanup_(fmt_buf_done) struct fmt_buf name = {0};

		put_xml(&name, (struct fmt_bytes){(const uint8_t *)roster->nodes[i].name,
						  strlen(roster->nodes[i].name)});
		fprintf(out, "<text class=\"n\" x=\"%d\" y=\"20\">%.*s</text><line class=\"l\" x1=\"%d\" y1=\"28\" "
			"x2=\"%d\" y2=\"%llu\"/>\n", x, (int)name.size, (const char *)name.data, x, x, height);
	}
	fwrite(diagram->body.data, 1, diagram->body.size, out);
	if (diagram->left_out)
		fprintf(out, "<text x=\"110\" y=\"%llu\">and %llu more; a filter chooses which are shown</text>\n",
			height - 8, (unsigned long long)diagram->left_out);
	fprintf(out, "</svg>\n");
}

int fmt__export_svg(struct fmt_reader *r, FILE *out, const struct fmt_export_options *options,
		    struct fmt_error *error)
{
	_cleanup_(fmt_walk_done) struct fmt_walk walk = {0};
	_cleanup_(fmt_buf_done) struct fmt_buf title = {0};
	struct diagram diagram = {0};
	struct fmt_event event;
	int got = fmt_walk_init_packets(&walk, r, options->filter, error);

	while (got >= 0 && (got = fmt_walk_next(&walk, &event, error)) > 0) {
		const struct fmt_packet *packet = fmt_filter_packet(walk.filter);

		/* An arrow stands where it arrives. */
		fmt_buf_clear(&title);
		if (event.kind == FMT_packet_send || !fmt__export_title(&title, &event, packet))
			continue;
		if (diagram.rows >= ARROWS_MAX)
			diagram.left_out++;
		else if (packet)
			put_arrow(&diagram, &walk, &event, packet);
		else
			put_spot(&diagram, &walk, &event, &title);
	}
	if (got == 0)
		put_picture(out, &diagram, &walk.roster);
	fmt_buf_done(&diagram.body);
	return got < 0 ? got : 0;
}
