/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * story.c - what happened, one line for each thing that matters to a person.
 *
 *	   0.000000000  client       starts curl (pid 30)
 *	   0.010000000  client    --> server    TCP 40000>80 SYN
 *	   0.020000000  client    --x server    TCP 40000>80 ACK 1448 bytes: loss
 *	   0.030000000  client       curl: hello
 *
 * Segments of TCP that open, close or break nothing are counted after the first of a row: a transfer is a few
 * lines, not a thousand.
 */
#include "dump.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "base/check.h"
#include "filter.h"
#include "packet-text.h"
#include "roster.h"
#include "syscall-names.h"
#include "text.h"

#define ROW_SHOWN 4		/* segments of a row that have their own lines */
#define TCP_NOTABLE 0x07	/* FIN, SYN, RST */
#define TEXT_SHOWN 200		/* of a line that a program printed */

struct story {
	FILE *out;
	struct fmt_roster roster;
	struct fmt_buf line;
	/* a row of quiet segments */
	uint64_t row_count;
	uint64_t row_bytes;
	/* the last packet-send, until it is known whether a packet-drop follows */
	bool pending;
	struct fmt_event sent;
	struct fmt_ev_packet_send packet;
	struct fmt_buf frame;		/* packet.frame, kept */
};

static void story_done(struct story *story)
{
	fmt_roster_done(&story->roster);
	fmt_buf_done(&story->line);
	fmt_buf_done(&story->frame);
}

static void put_line(struct story *story)
{
	fmt_buf_put(&story->line, "\n", 1);
	fwrite(story->line.data, 1, story->line.size, story->out);
	fmt_buf_clear(&story->line);
}

static void end_row(struct story *story)
{
	if (story->row_count > ROW_SHOWN)
		fprintf(story->out, "%14s  %-12s ... %llu more segments, %llu bytes\n", "", "",
			(unsigned long long)story->row_count - ROW_SHOWN,
			(unsigned long long)story->row_bytes);
	story->row_count = 0;
	story->row_bytes = 0;
}

static void begin_line(struct story *story, vtime_ns vtime, node_id node)
{
	char buf[16], text[160];

	snprintf(text, sizeof(text), "%4llu.%09llu  %-12s ",
		 (unsigned long long)(vtime / 1000000000u),
		 (unsigned long long)(vtime % 1000000000u),
		 fmt_roster_node(&story->roster, node, buf));
	fmt_buf_clear(&story->line);
	fmt_put_text(&story->line, "%s", text);
}

/* A line about something else than packets. */
static void begin(struct story *story, const struct fmt_event *event)
{
	end_row(story);
	begin_line(story, event->vtime, event->node);
	fmt_put_text(&story->line, "   ");
}

static void put_thread(struct story *story, const struct fmt_event *event)
{
	const char *name = fmt_roster_thread(&story->roster, event->node, event->tid);

	if (name)
		fmt_put_text(&story->line, "%s", name);
	else if (event->tid)
		fmt_put_text(&story->line, "thread %u", event->tid);
	else
		fmt_put_text(&story->line, "kernel");
}

/* ---- packets ---- */

/* Who is at the other end of a link; the link itself when it was not told. */
static void put_peer(struct story *story, node_id sender, uint64_t link_id)
{
	const struct fmt_roster_link *link = fmt_roster_link(&story->roster, link_id);
	char buf[16], text[100];

	if (!link) {
		fmt_put_text(&story->line, "link %llu ", (unsigned long long)link_id);
		return;
	}
	const uint64_t peer = link->node_a == sender ? link->node_b : link->node_a;

	snprintf(text, sizeof(text), "%-12s ",
		 fmt_roster_node(&story->roster, (node_id)peer, buf));
	fmt_put_text(&story->line, "%s", text);
}

static bool is_quiet(const struct fmt_frame *frame)
{
	return frame->transport == FMT_TRANSPORT_TCP && frame->has_transport &&
	       !(frame->tcp_flags & TCP_NOTABLE);
}

/* Tells the packet that was sent last; reason: why it was dropped, or NULL. */
static void tell_packet(struct story *story, const struct fmt_bytes *reason)
{
	struct fmt_frame frame;

	if (!story->pending)
		return;
	story->pending = false;
	fmt_frame_decode(story->frame.data, story->frame.size, &frame);
	if (is_quiet(&frame) && !reason) {
		if (++story->row_count > ROW_SHOWN) {
			story->row_bytes += frame.payload_size;
			return;
		}
	} else {
		end_row(story);
	}
	begin_line(story, story->sent.vtime, story->sent.node);
	fmt_put_text(&story->line, reason ? "--x " : "--> ");
	put_peer(story, story->sent.node, story->packet.link);
	fmt_put_frame_gist(&story->line, &frame);
	if (reason) {
		fmt_put_text(&story->line, ": ");
		fmt_put_escaped(&story->line, *reason);
	}
	put_line(story);
}

static void see_packet_send(struct story *story, const struct fmt_event *event)
{
	if (fmt_get_packet_send(event, &story->packet) < 0)
		return;
	story->sent = *event;
	story->pending = true;
	fmt_buf_clear(&story->frame);
	fmt_buf_put(&story->frame, story->packet.frame.data, story->packet.frame.size);
}

static void see_packet_drop(struct story *story, const struct fmt_event *event)
{
	struct fmt_ev_packet_drop ev;

	if (fmt_get_packet_drop(event, &ev) < 0)
		return;
	if (story->pending && story->packet.packet == ev.packet) {
		tell_packet(story, &ev.reason);
		return;
	}
	tell_packet(story, NULL);
	begin(story, event);
	fmt_put_text(&story->line, "packet n%llu.%llu is dropped: ",
		     (unsigned long long)(ev.packet >> 40),
		     (unsigned long long)(ev.packet & ((1ull << 40) - 1)));
	fmt_put_escaped(&story->line, ev.reason);
	put_line(story);
}

/* ---- processes ---- */

static void see_start(struct story *story, const struct fmt_event *event)
{
	struct fmt_ev_start ev;

	if (fmt_get_start(event, &ev) < 0)
		return;
	begin(story, event);
	fmt_put_text(&story->line, "starts ");
	fmt_put_escaped(&story->line, ev.name);
	fmt_put_text(&story->line, " (pid %llu)", (unsigned long long)ev.pid);
	put_line(story);
}

/* Arguments have spaces between them; or zero bytes, and then those with spaces are quoted. */
static void put_args(struct fmt_buf *line, struct fmt_bytes args)
{
	bool first = true;

	if (!memchr(args.data, 0, args.size)) {
		fmt_put_escaped(line, args);
		return;
	}
	while (args.size) {
		const uint8_t *zero = memchr(args.data, 0, args.size);
		const size_t size = zero ? (size_t)(zero - args.data) : args.size;
		const bool spaces = memchr(args.data, ' ', size) || memchr(args.data, '\n', size);

		fmt_put_text(line, "%s%s", first ? "" : " ", spaces || !size ? "\"" : "");
		fmt_put_escaped(line, (struct fmt_bytes){args.data, size});
		fmt_put_text(line, "%s", spaces || !size ? "\"" : "");
		first = false;
		args.data += size + (zero != NULL);
		args.size -= size + (zero != NULL);
	}
}

static void see_exec(struct story *story, const struct fmt_event *event)
{
	struct fmt_ev_exec ev;

	if (fmt_get_exec(event, &ev) < 0)
		return;
	begin(story, event);
	fmt_put_text(&story->line, "pid %llu runs ", (unsigned long long)ev.pid);
	put_args(&story->line, ev.args.size ? ev.args : ev.path);
	put_line(story);
}

static void see_exit(struct story *story, const struct fmt_event *event)
{
	struct fmt_ev_exit ev;

	if (fmt_get_exit(event, &ev) < 0 || !ev.last)
		return;
	const int status = (int)ev.code;
	const char *name = WIFSIGNALED(status) ? fmt_signal_name((uint64_t)WTERMSIG(status)) : NULL;

	begin(story, event);
	put_thread(story, event);
	fmt_put_text(&story->line, " (pid %llu) ", (unsigned long long)ev.pid);
	if (WIFEXITED(status))
		fmt_put_text(&story->line, "exits with status %d", WEXITSTATUS(status));
	else if (name)
		fmt_put_text(&story->line, "is killed by %s", name);
	else
		fmt_put_text(&story->line, "ends with code %#llx", (unsigned long long)ev.code);
	put_line(story);
}

static void see_signal(struct story *story, const struct fmt_event *event)
{
	struct fmt_ev_signal ev;

	if (fmt_get_signal(event, &ev) < 0)
		return;
	const char *name = fmt_signal_name(ev.signo);

	begin(story, event);
	put_thread(story, event);
	if (name)
		fmt_put_text(&story->line, " handles %s", name);
	else
		fmt_put_text(&story->line, " handles signal %llu", (unsigned long long)ev.signo);
	put_line(story);
}

static void put_text_lines(struct story *story, const struct fmt_event *event,
			   struct fmt_bytes text, const char *who)
{
	while (text.size) {
		const uint8_t *newline = memchr(text.data, '\n', text.size);
		const size_t size = newline ? (size_t)(newline - text.data) : text.size;

		if (size) {
			begin(story, event);
			if (who)
				fmt_put_text(&story->line, "%s", who);
			else
				put_thread(story, event);
			fmt_put_text(&story->line, ": ");
			fmt_put_escaped(&story->line, (struct fmt_bytes){
				text.data, size < TEXT_SHOWN ? size : TEXT_SHOWN});
			fmt_put_text(&story->line, "%s", size > TEXT_SHOWN ? "..." : "");
			put_line(story);
		}
		text.data += size + (newline != NULL);
		text.size -= size + (newline != NULL);
	}
}

static void see_output(struct story *story, const struct fmt_event *event)
{
	struct fmt_ev_output ev;

	if (fmt_get_output(event, &ev) == 0)
		put_text_lines(story, event, ev.text, NULL);
}

/* panic, warn and note have the same one field. */
static void see_text(struct story *story, const struct fmt_event *event)
{
	struct fmt_value values[FMT_FIELD_MAX];

	if (fmt_event_values(event, values) == 1)
		put_text_lines(story, event, values[0].bytes, fmt_kind_info(event->kind)->name);
}

/* ---- faults ---- */

static void put_cause(struct story *story, struct fmt_bytes cause)
{
	fmt_put_text(&story->line, " (");
	fmt_put_escaped(&story->line, cause);
	fmt_put_text(&story->line, ")");
	put_line(story);
}

static void see_node_down(struct story *story, const struct fmt_event *event)
{
	struct fmt_ev_node_down ev;

	if (fmt_get_node_down(event, &ev) < 0)
		return;
	begin(story, event);
	fmt_put_text(&story->line, "goes down: ");
	fmt_put_escaped(&story->line, ev.why);
	put_cause(story, ev.cause);
}

static void see_node_up(struct story *story, const struct fmt_event *event)
{
	struct fmt_ev_node_up ev;

	if (fmt_get_node_up(event, &ev) < 0)
		return;
	begin(story, event);
	fmt_put_text(&story->line, "boots, for the %llu. time, disk ", (unsigned long long)ev.boots);
	fmt_put_escaped(&story->line, ev.disk);
	put_cause(story, ev.cause);
}

static void see_injected(struct story *story, const struct fmt_event *event)
{
	struct fmt_ev_injected ev;

	if (fmt_get_injected(event, &ev) < 0)
		return;
	begin(story, event);
	fmt_put_text(&story->line, "fault: ");
	fmt_put_escaped(&story->line, ev.fault);
	if (ev.process.size) {
		fmt_put_text(&story->line, " of ");
		fmt_put_escaped(&story->line, ev.process);
	}
	if (ev.what.size) {
		fmt_put_text(&story->line, ": ");
		fmt_put_escaped(&story->line, ev.what);
	}
	put_cause(story, ev.cause);
}

static void see_inject(struct story *story, const struct fmt_event *event)
{
	struct fmt_ev_inject ev;

	if (fmt_get_inject(event, &ev) < 0)
		return;
	begin(story, event);
	fmt_put_text(&story->line, "fault: ");
	put_thread(story, event);
	fmt_put_text(&story->line, ": %s meets ", fmt_syscall_name(ev.nr) ?: "a call");
	fmt_put_escaped(&story->line, ev.rule);
	put_cause(story, ev.cause);
}

static void see_clock(struct story *story, const struct fmt_event *event)
{
	struct fmt_ev_clock ev;

	/* At the run's beginning no two hosts' clocks are equal, which is no news. */
	if (fmt_get_clock(event, &ev) < 0 || !event->vtime)
		return;
	const unsigned long long wall = (unsigned long long)(ev.clock_ns + ev.realtime_ns);

	begin(story, event);
	fmt_put_text(&story->line, "fault: its wall clock shows %llu.%09llu, and drifts by %lld ppb", wall / 1000000000,
		     wall % 1000000000, (long long)ev.drift_ppb);
	put_cause(story, ev.cause);
}

static void see_end(struct story *story, const struct fmt_event *event)
{
	struct fmt_ev_end ev;

	if (fmt_get_end(event, &ev) < 0)
		return;
	begin(story, event);
	fmt_put_text(&story->line, "the run ends: ");
	fmt_put_escaped(&story->line, ev.reason);
	if (ev.status)
		fmt_put_text(&story->line, " (status %llu)", (unsigned long long)ev.status);
	put_line(story);
}

/* Calls that open connections; what they carry is told by packets. */
static void see_syscall(struct story *story, const struct fmt_event *event)
{
	struct fmt_ev_syscall ev;

	if (fmt_get_syscall(event, &ev) < 0)
		return;
	const char *name = fmt_syscall_name(ev.nr);

	if (!name || (strcmp(name, "connect") != 0 && strcmp(name, "listen") != 0 &&
		      strcmp(name, "accept") != 0 && strcmp(name, "accept4") != 0))
		return;
	const char *error = ev.ret < 0 && ev.ret > -4096 ? fmt_errno_name((int)-ev.ret) : NULL;

	begin(story, event);
	put_thread(story, event);
	fmt_put_text(&story->line, ": %s(%lld) = ", name, (long long)ev.a0);
	if (error)
		fmt_put_text(&story->line, "%s", error);
	else
		fmt_put_text(&story->line, "%lld", (long long)ev.ret);
	put_line(story);
}

static const struct {
	uint32_t kind;
	void (*see)(struct story *story, const struct fmt_event *event);
} sights[] = {
	{FMT_panic, see_text},	   {FMT_warn, see_text},     {FMT_note, see_text},
	{FMT_host_change, see_text},
	{FMT_end, see_end},	   {FMT_start, see_start},   {FMT_exec, see_exec},
	{FMT_exit, see_exit},	   {FMT_output, see_output}, {FMT_syscall, see_syscall},
	{FMT_signal, see_signal},  {FMT_node_down, see_node_down}, {FMT_node_up, see_node_up},
	{FMT_injected, see_injected}, {FMT_clock, see_clock}, {FMT_inject, see_inject},
};

static void see(struct story *story, const struct fmt_event *event)
{
	if (event->kind == FMT_packet_drop) {
		see_packet_drop(story, event);
		return;
	}
	tell_packet(story, NULL);
	if (event->kind == FMT_packet_send)
		see_packet_send(story, event);
	for (size_t i = 0; i < sizeof(sights) / sizeof(sights[0]); i++)
		if (sights[i].kind == event->kind)
			sights[i].see(story, event);
}

int fmt_story(struct fmt_reader *r, FILE *out, const char *filter_text, struct fmt_error *error)
{
	_cleanup_(fmt_filter_freep) struct fmt_filter *filter = NULL;
	_cleanup_(story_done) struct story story = {.out = out};
	int failed = fmt_filter_new_for(filter_text, r, &filter, error);
	struct fmt_event event;

	for (event_seq seq = 0; failed == 0 && seq < fmt_reader_count(r); seq++) {
		failed = fmt_reader_event(r, seq, &event, error);
		if (failed < 0 || event.vtime > fmt_filter_to(filter) || ferror(out))
			break;
		fmt_roster_learn(&story.roster, &event);
		if (fmt_filter_match(filter, &event, &story.roster))
			see(&story, &event);
	}
	tell_packet(&story, NULL);
	end_row(&story);
	if (failed == 0 && (fflush(out) != 0 || ferror(out))) {
		if (error)
			snprintf(error->text, sizeof(error->text), "cannot write: %s",
				 strerror(errno));
		return -EIO;
	}
	return failed;
}
