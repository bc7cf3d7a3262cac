/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "summary.h"

#include <inttypes.h>
#include <string.h>
#include <sys/wait.h>

#include "packet-text.h"
#include "syscall-names.h"
#include "text.h"

#define TEXT_SHOWN 400		/* of what a program printed */

static void put_string(struct fmt_buf *out, struct fmt_bytes text)
{
	/* The newline that ends a line tells nothing in a list of lines. */
	if (text.size && text.data[text.size - 1] == '\n')
		text.size--;
	const bool cut = text.size > TEXT_SHOWN;

	if (cut)
		text.size = TEXT_SHOWN;
	fmt_put_escaped(out, text);
	if (cut)
		fmt_put_text(out, "\u2026");
}

static void put_call(struct fmt_buf *out, uint64_t nr)
{
	const char *name = fmt_syscall_name(nr);

	if (name)
		fmt_put_text(out, "%s", name);
	else
		fmt_put_text(out, "syscall %" PRIu64, nr);
}

static void put_result(struct fmt_buf *out, int64_t ret)
{
	const char *error = ret < 0 && ret > -4096 ? fmt_errno_name((int)-ret) : NULL;

	if (error)
		fmt_put_text(out, " = %s", error);
	else if (ret > 0xffffffff)
		fmt_put_text(out, " = %#" PRIx64, (uint64_t)ret);
	else
		fmt_put_text(out, " = %" PRId64, ret);
}

/* Arguments that are no pointers are told; which they are is seen from their size. */
static void put_arguments(struct fmt_buf *out, const uint64_t *a)
{
	int count = 6;

	/* What a program leaves in the registers behind the arguments is seldom 0; three say enough. */
	if (count > 3)
		count = 3;
	fmt_put_text(out, "(");
	for (int i = 0; i < count; i++) {
		if (i)
			fmt_put_text(out, ", ");
		if ((int32_t)a[i] == -100)
			fmt_put_text(out, "AT_FDCWD");
		else if (a[i] < 65536 || (int64_t)a[i] < 0)
			fmt_put_text(out, "%" PRId64, (int64_t)a[i]);
		else
			fmt_put_text(out, "%#" PRIx64, a[i]);
	}
	fmt_put_text(out, ")");
}

static void put_status(struct fmt_buf *out, uint64_t code)
{
	const int status = (int)code;
	const char *name = WIFSIGNALED(status) ? fmt_signal_name((uint64_t)WTERMSIG(status)) : NULL;

	if (WIFSIGNALED(status) && name)
		fmt_put_text(out, "killed by %s", name);
	else if (WIFSIGNALED(status))
		fmt_put_text(out, "killed by signal %d", WTERMSIG(status));
	else
		fmt_put_text(out, "exits with status %d", WEXITSTATUS(status));
}

static bool put_call_event(struct fmt_buf *out, const struct fmt_event *event, vtime_ns *ret_ran)
{
	struct fmt_ev_syscall call;
	struct fmt_ev_syscall_enter enter;
	struct fmt_ev_syscall_exit leave;

	if (event->kind == FMT_syscall && fmt_get_syscall(event, &call) == 0) {
		put_call(out, call.nr);
		put_arguments(out, (uint64_t[]){call.a0, call.a1, call.a2});
		put_result(out, call.ret);
		*ret_ran = call.ran;
		return true;
	}
	if (event->kind == FMT_syscall_enter && fmt_get_syscall_enter(event, &enter) == 0) {
		put_call(out, enter.nr);
		put_arguments(out, (uint64_t[]){enter.a0, enter.a1, enter.a2});
		fmt_put_text(out, " begins");
		*ret_ran = enter.ran;
		return true;
	}
	if (event->kind == FMT_syscall_exit && fmt_get_syscall_exit(event, &leave) == 0) {
		put_call(out, leave.nr);
		put_result(out, leave.ret);
		return true;
	}
	return false;
}

static bool put_thread_event(struct fmt_buf *out, const struct fmt_event *event)
{
	struct fmt_ev_start start;
	struct fmt_ev_exec exec;
	struct fmt_ev_clone clone;
	struct fmt_ev_exit ended;
	struct fmt_ev_signal sig;

	if (event->kind == FMT_start && fmt_get_start(event, &start) == 0) {
		fmt_put_text(out, "starts ");
		put_string(out, start.name);
		fmt_put_text(out, " as %" PRIu64, start.pid);
	} else if (event->kind == FMT_exec && fmt_get_exec(event, &exec) == 0) {
		fmt_put_text(out, "executes ");
		put_string(out, exec.path);
	} else if (event->kind == FMT_clone && fmt_get_clone(event, &clone) == 0) {
		fmt_put_text(out, clone.child_pid == clone.child_tid ? "makes process %" PRIu64 : "makes thread %" PRIu64,
			     clone.child_tid);
	} else if (event->kind == FMT_exit && fmt_get_exit(event, &ended) == 0) {
		put_status(out, ended.code);
	} else if (event->kind == FMT_signal && fmt_get_signal(event, &sig) == 0) {
		const char *name = fmt_signal_name(sig.signo);

		fmt_put_text(out, name ? "receives %s" : "receives a signal", name);
	} else {
		return false;
	}
	return true;
}

#define PAYLOAD_SHOWN 48

/* What a packet carries, when it is meant to be read. */
static void put_payload(struct fmt_buf *out, struct fmt_bytes bytes)
{
	struct fmt_frame frame;

	fmt_frame_decode(bytes.data, bytes.size, &frame);
	for (size_t i = 0; i < frame.payload_size && i < PAYLOAD_SHOWN; i++)
		if ((frame.payload[i] < ' ' && !strchr("\r\n\t", frame.payload[i])) || frame.payload[i] >= 127)
			return;
	/* Of TCP its numbers matter more; what it carries is read as a whole. */
	if (!frame.payload_size || frame.transport != FMT_TRANSPORT_UDP)
		return;
	const bool cut = frame.payload_size > PAYLOAD_SHOWN;
	struct fmt_bytes text = {frame.payload, cut ? PAYLOAD_SHOWN : frame.payload_size};

	/* The first line says most. */
	const uint8_t *end = memchr(text.data, '\n', text.size);

	if (end)
		text.size = (size_t)(end - text.data);
	fmt_put_text(out, "\u201c");
	put_string(out, text);
	fmt_put_text(out, cut && !end ? "\u2026\u201d  " : "\u201d  ");
}

void insp_put_frame(struct fmt_buf *out, const uint8_t *frame, size_t size)
{
	put_payload(out, (struct fmt_bytes){frame, size});
	fmt_put_frame(out, frame, size);
}

static bool put_packet_event(struct fmt_buf *out, const struct fmt_event *event)
{
	struct fmt_ev_packet_send sent;
	struct fmt_ev_packet_recv received;
	struct fmt_ev_packet_drop dropped;

	if (event->kind == FMT_packet_send && fmt_get_packet_send(event, &sent) == 0) {
		insp_put_frame(out, sent.frame.data, sent.frame.size);
	} else if (event->kind == FMT_packet_recv && fmt_get_packet_recv(event, &received) == 0) {
		fmt_put_text(out, "%" PRIu64 " bytes arrive", received.size);
	} else if (event->kind == FMT_packet_drop && fmt_get_packet_drop(event, &dropped) == 0) {
		fmt_put_text(out, "lost: ");
		put_string(out, dropped.reason);
	} else {
		return false;
	}
	return true;
}

static bool put_text_event(struct fmt_buf *out, const struct fmt_event *event)
{
	struct fmt_value values[FMT_FIELD_MAX];

	if (event->kind != FMT_console && event->kind != FMT_panic && event->kind != FMT_warn &&
	    event->kind != FMT_host_change && event->kind != FMT_note && event->kind != FMT_output && event->kind != FMT_end)
		return false;
	const int count = fmt_event_values(event, values);

	if (count < 1)
		return false;
	/* In all of these the text is the last field. */
	put_string(out, values[count - 1].bytes);
	return true;
}

/* Any other kind: its fields, as dump has them. */
static void put_fields(struct fmt_buf *out, const struct fmt_event *event)
{
	struct fmt_buf line = {0};
	size_t at = 0;

	fmt_put_event(&line, event, "-");
	/* Number, time, node, thread and kind have columns of their own. */
	for (int words = 0; words < 5 && at < line.size; at++)
		words += line.data[at] == ' ';
	fmt_buf_put(out, line.data + at, line.size - at);
	fmt_buf_done(&line);
}

void insp_put_summary(struct fmt_buf *out, const struct fmt_event *event, vtime_ns *ret_ran)
{
	*ret_ran = 0;
	if (!put_call_event(out, event, ret_ran) && !put_thread_event(out, event) && !put_packet_event(out, event) &&
	    !put_text_event(out, event))
		put_fields(out, event);
}
