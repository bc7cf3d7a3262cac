/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff-cause.c - why two runs part, from the first events that differ. */
#include "diff-int.h"

#include <string.h>

static const char *cause_of_call(const struct fmt_event *a, const struct fmt_event *b)
{
	struct fmt_value x[FMT_FIELD_MAX], y[FMT_FIELD_MAX];
	const struct fmt_kind_info *info = fmt_kind_info(a->kind);
	const int count = fmt_event_values(a, x);

	if (count < 0 || fmt_event_values(b, y) != count)
		return "damage";
	/* The call itself comes from the program; what it gave comes from the kernel. */
	for (int i = 0; i < count; i++) {
		const char *name = info->fields[i].name;

		if (strcmp(name, "nr") == 0 && x[i].u != y[i].u)
			return "program";
		if (name[0] == 'a' && x[i].u != y[i].u)
			return "program";
		if (strcmp(name, "ret") == 0 && x[i].u != y[i].u)
			return "syscall result";
		if (info->fields[i].type == 'E' &&
		    (x[i].bytes.size != y[i].bytes.size ||
		     (x[i].bytes.size && memcmp(x[i].bytes.data, y[i].bytes.data, x[i].bytes.size) != 0)))
			return "input";
	}
	return "schedule";
}

const char *fmt__diff_cause(const struct fmt_event *a, const struct fmt_event *b)
{
	if (!a || !b)
		return "end";
	if (a->kind == FMT_host_change || b->kind == FMT_host_change)
		return "input";
	if (a->tid != b->tid)
		return "schedule";
	const bool packet = a->kind >= FMT_packet_send && a->kind <= FMT_packet_recv;

	if (a->kind != b->kind)
		return packet || (b->kind >= FMT_packet_send && b->kind <= FMT_packet_recv)
			       ? "packet timing" : "schedule";
	switch (a->kind) {
	case FMT_node:
		return "seed";
	case FMT_link:
		return "experiment";
	case FMT_end:
		return "end";
	case FMT_file:
		return "program image";
	case FMT_exec:
	case FMT_start:
		return "input";
	case FMT_packet_send:
	case FMT_packet_drop:
	case FMT_packet_recv:
		if (a->body_size == b->body_size && memcmp(a->body, b->body, a->body_size) == 0)
			return "packet timing";
		return a->kind == FMT_packet_send ? "input" : "packet timing";
	case FMT_syscall:
	case FMT_syscall_enter:
	case FMT_syscall_exit:
		return cause_of_call(a, b);
	default:
		return "program";
	}
}
