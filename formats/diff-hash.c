/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff-hash.c - what counts of an event when some of it is ignored, as a number. */
#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "diff-int.h"
#include "packet-text.h"
#include "trace-int.h"

int fmt_diff_ignore(const char *list, unsigned int *ret, struct fmt_error *error)
{
	static const char *const names[] = {"time", "pids", "ports", "payload"};
	unsigned int flags = 0;

	for (const char *at = list; *at;) {
		const size_t size = strcspn(at, ",");
		size_t i = 0;

		while (i < 4 && (strlen(names[i]) != size || memcmp(names[i], at, size) != 0))
			i++;
		if (i == 4)
			return fmt__fail(error, -EINVAL, "--ignore does not know \"%.*s\"; it takes "
							 "time, pids, ports, payload",
					 (int)size, at);
		flags |= 1u << i;
		at += size + (at[size] == ',');
	}
	*ret = flags;
	return 0;
}

static bool is_any(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

static bool ignores_field(unsigned int ignore, const struct fmt_field *field)
{
	static const char *const times[] = {"ran", "depart_ns", "value", NULL};
	static const char *const pids[] = {"pid", "child_tid", "child_pid", NULL};

	if (ignore & FMT_IGNORE_TIME && is_any(field->name, times))
		return true;
	if (ignore & FMT_IGNORE_PIDS && is_any(field->name, pids))
		return true;
	return ignore & FMT_IGNORE_PAYLOAD && strchr("TBE", field->type);
}

void fmt__diff_view_init(struct fmt__diff_view *view, unsigned int ignore)
{
	const struct fmt_kind_info *info;

	*view = (struct fmt__diff_view){.ignore = ignore};
	for (size_t at = 0; (info = fmt_kind_at(at)); at++)
		for (size_t i = 0; i < info->field_count && info->kind < FMT__VIEW_KINDS; i++) {
			view->skip[info->kind] |= (uint16_t)(ignores_field(ignore, &info->fields[i]) << i);
			view->frame[info->kind] |= (uint16_t)((strcmp(info->fields[i].name, "frame") == 0) << i);
		}
}

/* A frame without what is ignored of it: ports, and the sums over them. */
static void put_frame(struct fmt_buf *out, struct fmt_bytes frame, unsigned int ignore)
{
	const size_t start = out->size;
	struct fmt_frame decoded;

	fmt_buf_put(out, frame.data, frame.size);
	fmt_frame_decode(frame.data, frame.size, &decoded);
	if (!(ignore & FMT_IGNORE_PORTS) || !decoded.has_transport || !decoded.payload ||
	    (decoded.transport != FMT_TRANSPORT_TCP && decoded.transport != FMT_TRANSPORT_UDP))
		return;
	const bool tcp = decoded.transport == FMT_TRANSPORT_TCP;
	/* The header ends where the payload begins; its length is that of TCP, in words, or 8. */
	size_t header = 8;

	for (size_t at = tcp ? 20 : 8; tcp && at <= 60; at += 4)
		if ((size_t)(decoded.payload - frame.data) >= at &&
		    (size_t)(decoded.payload[-(ptrdiff_t)at + 12] >> 4) * 4 == at)
			header = at;
	uint8_t *const transport = out->data + start + (decoded.payload - frame.data) - header;

	memset(transport, 0, 4);
	memset(transport + (tcp ? 16 : 6), 0, 2);
}

/* xxh64 would do; this is as good for telling runs apart: multiply, rotate, mix. */
static uint64_t hash_bytes(uint64_t hash, const uint8_t *bytes, size_t size)
{
	uint64_t word;

	for (; size >= 8; bytes += 8, size -= 8) {
		memcpy(&word, bytes, 8);
		hash = (hash ^ word) * 0x9fb21c651e98df25;
		hash ^= hash >> 35;
	}
	word = size;
	memcpy(&word, bytes, size);
	hash = (hash ^ word ^ (uint64_t)size << 56) * 0x9fb21c651e98df25;
	return hash ^ hash >> 28;
}

/* All that is not skipped.  Of kinds that are too high for the tables all counts. */
static uint64_t hash_values(const struct fmt__diff_view *view, uint64_t hash, const struct fmt_event *event, struct fmt_buf *scratch)
{
	const bool known = event->kind < FMT__VIEW_KINDS;
	const unsigned int skip = known ? view->skip[event->kind] : 0, frame = known ? view->frame[event->kind] : 0;
	struct fmt_value values[FMT_FIELD_MAX];
	const int count = fmt_event_values(event, values);

	if (count < 0)
		return hash_bytes(hash, event->body, event->body_size);
	for (int i = 0; i < count; i++) {
		struct fmt_bytes bytes = values[i].bytes;

		if (skip >> i & 1)
			continue;
		if (frame >> i & 1) {
			fmt_buf_clear(scratch);
			put_frame(scratch, bytes, view->ignore);
			bytes = (struct fmt_bytes){scratch->data, scratch->size};
		}
		hash = (hash ^ values[i].u) * 0x9fb21c651e98df25;
		hash ^= hash >> 35;
		if (bytes.size)
			hash = hash_bytes(hash, bytes.data, bytes.size);
	}
	return hash;
}

uint64_t fmt__diff_view_hash(const struct fmt__diff_view *view, const struct fmt_event *event, struct fmt_buf *scratch)
{
	const uint64_t tid = view->ignore & FMT_IGNORE_PIDS ? 0 : event->tid;
	const uint64_t vtime = view->ignore & FMT_IGNORE_TIME ? 0 : event->vtime;
	uint64_t hash = (vtime * 0xd6e8feb86659fd93 ^ tid << 32 ^ event->kind) * 0x9fb21c651e98df25;

	hash ^= hash >> 32;
	return view->ignore ? hash_values(view, hash, event, scratch) : hash_bytes(hash, event->body, event->body_size);
}

uint64_t fmt_diff_hash(const struct fmt_event *event, unsigned int ignore, struct fmt_buf *scratch)
{
	static _Thread_local struct fmt__diff_view view;
	static _Thread_local bool known;

	if (!known || view.ignore != ignore)
		fmt__diff_view_init(&view, ignore);
	known = true;
	return fmt__diff_view_hash(&view, event, scratch);
}
