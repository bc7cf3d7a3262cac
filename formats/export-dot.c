/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * export-dot.c - who spoke to whom, for Graphviz: dot -Tsvg, -Tpdf...
 *
 * Each node is a chain of its events from top to bottom, each packet an edge from where it is sent to where it arrives or is
 * lost.  dot places an event below all that it depends on, so this is the order that matters, without a scale of time.
 */
#include "export-int.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "text.h"

#define EVENTS_MAX 1000		/* more is no picture; the filter chooses which */

struct dot {
	FILE *out;
	struct fmt_walk walk;
	event_seq *last;		/* by place in the roster; 1 + the last event of the node */
	size_t last_count;
	event_seq drawn[EVENTS_MAX];	/* rising */
	size_t count;
	uint64_t left_out;
};

/* A string of dot: only quotes and backslashes matter. */
static void put_label(FILE *out, const struct fmt_buf *text)
{
	fputc('"', out);
	for (size_t i = 0; i < text->size; i++) {
		if (text->data[i] == '"' || text->data[i] == '\\')
			fputc('\\', out);
		fputc(text->data[i], out);
	}
	fputc('"', out);
}

static void put_node(struct dot *dot, size_t place)
{
	const struct fmt_roster_node *node = &dot->walk.roster.nodes[place];
	_cleanup_(fmt_buf_done) struct fmt_buf name = {0};

	fmt_buf_put(&name, node->name, strlen(node->name));
	fprintf(dot->out, "n%zu [shape=box, label=", place);
	put_label(dot->out, &name);
	fprintf(dot->out, "];\n");
}

/* The event before of the same node; the node itself when there is none. */
static void put_chain(struct dot *dot, node_id node, event_seq seq)
{
	size_t place = 0;

	while (place < dot->walk.roster.node_count && dot->walk.roster.nodes[place].id != node)
		place++;
	if (place == dot->walk.roster.node_count)
		return;
	if (place >= dot->last_count) {
		dot->last = reallocarray(dot->last, place + 1, sizeof(*dot->last));
		CHECK(dot->last);
		memset(dot->last + dot->last_count, 0, (place + 1 - dot->last_count) * sizeof(*dot->last));
		dot->last_count = place + 1;
	}
	if (!dot->last[place])
		put_node(dot, place);
	if (dot->last[place])
		fprintf(dot->out, "e%llu", (unsigned long long)dot->last[place] - 1);
	else
		fprintf(dot->out, "n%zu", place);
	fprintf(dot->out, " -> e%llu [weight=100];\n", (unsigned long long)seq);
	dot->last[place] = seq + 1;
}

static bool is_drawn(const struct dot *dot, event_seq seq)
{
	size_t low = 0, high = dot->count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (dot->drawn[middle] < seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low < dot->count && dot->drawn[low] == seq;
}

static void put_event(struct dot *dot, const struct fmt_event *event, const struct fmt_packet *packet,
		      const struct fmt_buf *title)
{
	const bool lost = event->kind == FMT_packet_drop, arrives = event->kind == FMT_packet_recv;
	_cleanup_(fmt_buf_done) struct fmt_buf label = {0};

	if (dot->count == EVENTS_MAX) {
		dot->left_out++;
		return;
	}
	fmt_put_vtime(&label, event->vtime);
	fmt_put_text(&label, " ");
	fmt_buf_put(&label, title->data, title->size < 80 ? title->size : 80);
	fprintf(dot->out, "e%llu [%sxlabel=", (unsigned long long)event->seq, lost ? "shape=plain, label=\"x\", fontcolor=red, " : "");
	put_label(dot->out, &label);
	fprintf(dot->out, "];\n");
	/* What a link loses is lost at no node. */
	if (!lost)
		put_chain(dot, event->node, event->seq);
	if ((lost || arrives) && is_drawn(dot, packet->send_seq))
		fprintf(dot->out, "e%llu -> e%llu [arrowhead=normal, color=%s];\n", (unsigned long long)packet->send_seq,
			(unsigned long long)event->seq, lost ? "red, style=dashed" : "blue");
	dot->drawn[dot->count++] = event->seq;
}

static int put_events(struct dot *dot, struct fmt_error *error)
{
	_cleanup_(fmt_buf_done) struct fmt_buf title = {0};
	struct fmt_event event;
	int got;

	while ((got = fmt_walk_next(&dot->walk, &event, error)) > 0) {
		const struct fmt_packet *packet = fmt_filter_packet(dot->walk.filter);

		fmt_buf_clear(&title);
		if (event.node && fmt__export_title(&title, &event, packet))
			put_event(dot, &event, packet, &title);
	}
	return got;
}

int fmt__export_dot(struct fmt_reader *r, FILE *out, const struct fmt_export_options *options, struct fmt_error *error)
{
	struct dot dot = {.out = out};
	int got = fmt_walk_init_packets(&dot.walk, r, options->filter, error);

	fprintf(out, "digraph run {\nforcelabels=true; nodesep=1.5; ranksep=0.2;\n"
		     "node [shape=point, fontsize=9]; edge [arrowhead=none, color=gray];\n");
	if (got == 0)
		got = put_events(&dot, error);
	if (dot.left_out)
		fprintf(out, "more [shape=plain, label=\"and %llu more; a filter chooses which are shown\"];\n",
			(unsigned long long)dot.left_out);
	fprintf(out, "}\n");
	free(dot.last);
	fmt_walk_done(&dot.walk);
	return got;
}
