/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sql-columns.c - what is in a row of a table of events. */
#include <arpa/inet.h>
#include <string.h>

#include "base/check.h"
#include "sql-int.h"
#include "syscall-names.h"
#include "text.h"

static void result_text(sqlite3_context *context, struct fmt_bytes text)
{
	char *copy = sqlite3_malloc64(text.size + 1);

	if (!copy) {
		sqlite3_result_error_nomem(context);
		return;
	}
	/* Between arguments of a program there are zero bytes, which end text for most who read it. */
	for (size_t i = 0; i < text.size; i++)
		copy[i] = text.data[i] ? (char)text.data[i] : ' ';
	copy[text.size] = 0;
	sqlite3_result_text64(context, copy, text.size, sqlite3_free, SQLITE_UTF8);
}

static void result_buf(sqlite3_context *context, const struct fmt_buf *buf)
{
	result_text(context, (struct fmt_bytes){buf->data, buf->size});
}

static void result_value(sqlite3_context *context, const struct fmt_field *field,
			 const struct fmt_value *value)
{
	switch (field->type) {
	case 'T':
		result_text(context, value->bytes);
		return;
	case 'B':
		sqlite3_result_blob64(context, value->bytes.data, value->bytes.size, SQLITE_TRANSIENT);
		return;
	case 'E':
		sqlite3_result_int64(context, (sqlite3_int64)value->bytes.size);
		return;
	default:
		sqlite3_result_int64(context, (sqlite3_int64)value->u);
	}
}

static void event_column(sqlite3_context *context, const struct fmt_event *event, int column)
{
	const struct fmt_kind_info *info = fmt_kind_info(event->kind);
	_cleanup_(fmt_buf_done) struct fmt_buf line = {0};

	if (column == FMT__SQL_EVENT_KIND) {
		fmt_put_text(&line, "kind-%u", event->kind);
		fmt_buf_put(&line, "", 1);
		fmt__sql_string(context, info ? info->name : (const char *)line.data);
		return;
	}
	fmt_put_event(&line, event, "-");
	/* Number, time, node, thread and kind have columns of their own. */
	size_t at = 0;

	for (int spaces = 0; at < line.size && spaces < 5; at++)
		spaces += line.data[at] == ' ';
	result_text(context, (struct fmt_bytes){line.data + at, line.size - at});
}

static const char *proto_name(const struct fmt_packet *packet)
{
	static const char *const names[] = {[FMT_TRANSPORT_TCP] = "tcp", [FMT_TRANSPORT_UDP] = "udp",
					    [FMT_TRANSPORT_ICMP] = "icmp", [FMT_TRANSPORT_ICMP6] = "icmp6"};

	if (packet->frame.arp_op)
		return "arp";
	if (!packet->frame.ip_version)
		return "other";
	return names[packet->frame.transport] ? names[packet->frame.transport] : "ip";
}

static void put_end(struct fmt_buf *out, const struct fmt_frame *frame, const uint8_t *address,
		    uint16_t port)
{
	fmt_put_address(out, frame, address);
	fmt_put_text(out, ":%u", port);
}

/* Both directions of a connection have the same name. */
static void conn_column(sqlite3_context *context, const struct fmt_frame *frame)
{
	_cleanup_(fmt_buf_done) struct fmt_buf name = {0};
	const int order = memcmp(frame->source, frame->target, sizeof(frame->source));
	const bool swap = order > 0 || (order == 0 && frame->source_port > frame->target_port);

	put_end(&name, frame, swap ? frame->target : frame->source,
		swap ? frame->target_port : frame->source_port);
	fmt_put_text(&name, "-");
	put_end(&name, frame, swap ? frame->source : frame->target,
		swap ? frame->source_port : frame->target_port);
	result_buf(context, &name);
}

static void flags_column(sqlite3_context *context, uint8_t flags)
{
	static const char letters[] = "FSRPAUEC";
	char text[9];
	size_t size = 0;

	for (size_t i = 0; i < 8; i++)
		if (flags & 1u << i)
			text[size++] = letters[i];
	text[size] = 0;
	fmt__sql_string(context, text);
}

static void transport_column(sqlite3_context *context, const struct fmt_packet *packet, int column)
{
	const struct fmt_frame *frame = &packet->frame;
	const bool tcp = frame->transport == FMT_TRANSPORT_TCP;

	if (!frame->has_transport || (!tcp && frame->transport != FMT_TRANSPORT_UDP))
		return;
	if (column == FMT__SQL_PACKET_SPORT)
		sqlite3_result_int64(context, frame->source_port);
	else if (column == FMT__SQL_PACKET_DPORT)
		sqlite3_result_int64(context, frame->target_port);
	else if (column == FMT__SQL_PACKET_CONN)
		conn_column(context, frame);
	else if (column == FMT__SQL_PACKET_LEN)
		sqlite3_result_int64(context, (sqlite3_int64)frame->payload_size);
	else if (!tcp)
		return;
	else if (column == FMT__SQL_PACKET_FLAGS)
		flags_column(context, frame->tcp_flags);
	else if (column == FMT__SQL_PACKET_SEQ)
		sqlite3_result_int64(context, frame->seq);
	else if (column == FMT__SQL_PACKET_ACK)
		sqlite3_result_int64(context, frame->ack);
	else if (column == FMT__SQL_PACKET_WINDOW)
		sqlite3_result_int64(context, frame->window);
}

static void frame_column(sqlite3_context *context, const struct fmt__sql_cursor *cursor, const struct fmt_packet *packet, int column)
{
	_cleanup_(fmt_buf_done) struct fmt_buf text = {0};
	struct fmt_ev_packet_send send;
	struct fmt_event event;

	switch (column) {
	case FMT__SQL_PACKET_PROTO:
		fmt__sql_string(context, proto_name(packet));
		return;
	case FMT__SQL_PACKET_SRC:
	case FMT__SQL_PACKET_DST:
		if (!packet->frame.ip_version && !packet->frame.arp_op)
			return;
		fmt_put_address(&text, &packet->frame,
				column == FMT__SQL_PACKET_SRC ? packet->frame.source : packet->frame.target);
		result_buf(context, &text);
		return;
	case FMT__SQL_PACKET_GIST:
		fmt_put_frame_gist(&text, &packet->frame);
		result_buf(context, &text);
		return;
	case FMT__SQL_PACKET_FRAME:
		if (fmt_reader_event(fmt__sql_reader_of(cursor), packet->send_seq, &event, NULL) == 0 &&
		    fmt_get_packet_send(&event, &send) == 0)
			sqlite3_result_blob64(context, send.frame.data, send.frame.size,
					      SQLITE_TRANSIENT);
		return;
	default:
		transport_column(context, packet, column);
	}
}

static void packet_column(sqlite3_context *context, const struct fmt__sql_cursor *cursor,
			  const struct fmt_event *event, int column)
{
	const struct fmt_packet *packet = &cursor->packet;
	struct fmt_ev_packet_drop drop;
	char buf[16];

	if (column == FMT__SQL_PACKET_WHAT) {
		fmt__sql_string(context, event->kind == FMT_packet_send	? "send"
				       : event->kind == FMT_packet_recv ? "recv"
									: "drop");
	} else if (column == FMT__SQL_PACKET_REASON) {
		if (event->kind == FMT_packet_drop && fmt_get_packet_drop(event, &drop) == 0)
			result_text(context, drop.reason);
	} else if (!cursor->has_packet) {
		return;
	} else if (column == FMT__SQL_PACKET_ID) {
		sqlite3_result_int64(context, (sqlite3_int64)packet->id);
	} else if (column == FMT__SQL_PACKET_LINK) {
		sqlite3_result_int64(context, (sqlite3_int64)packet->link);
	} else if (column == FMT__SQL_PACKET_IFACE) {
		sqlite3_result_int64(context, (sqlite3_int64)packet->iface);
	} else if (column == FMT__SQL_PACKET_SIZE) {
		sqlite3_result_int64(context, (sqlite3_int64)packet->size);
	} else if (column == FMT__SQL_PACKET_SENT) {
		sqlite3_result_int64(context, (sqlite3_int64)packet->sent);
	} else if (column == FMT__SQL_PACKET_DEPART) {
		sqlite3_result_int64(context, (sqlite3_int64)packet->depart);
	} else if (column == FMT__SQL_PACKET_SENDER) {
		fmt__sql_string(context, fmt_roster_node(&fmt__sql_table_of(cursor)->source->roster, packet->sender, buf));
	} else {
		frame_column(context, cursor, packet, column);
	}
}

static void kind_column(sqlite3_context *context, const struct fmt_event *event, int field)
{
	const struct fmt_kind_info *info = fmt_kind_info(event->kind);
	struct fmt_value values[FMT_FIELD_MAX];

	/* A strange body has no fields. */
	if (fmt_event_values(event, values) > field)
		result_value(context, &info->fields[field], &values[field]);
}

int fmt__sql_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int number)
{
	const struct fmt__sql_cursor *cursor = (const struct fmt__sql_cursor *)base;
	const struct fmt__sql_table *table = fmt__sql_table_of(cursor);
	struct fmt_error error = {{0}};
	struct fmt_event event;
	char buf[16];

	if (number == FMT__SQL_SEQ) {
		sqlite3_result_int64(context, (sqlite3_int64)cursor->seq);
		return SQLITE_OK;
	}
	if (fmt_reader_event(table->source->reader, cursor->seq, &event, &error) < 0)
		return fmt__sql_fail(base->pVtab, &error);
	if (number == FMT__SQL_TIME)
		sqlite3_result_int64(context, (sqlite3_int64)event.vtime);
	else if (number == FMT__SQL_NODE)
		fmt__sql_string(context, fmt_roster_node(&table->source->roster, event.node, buf));
	else if (number == FMT__SQL_TID)
		sqlite3_result_int64(context, event.tid);
	else if (table->form == FMT__SQL_FORM_EVENT)
		event_column(context, &event, number);
	else if (table->form == FMT__SQL_FORM_PACKET)
		packet_column(context, cursor, &event, number);
	else
		kind_column(context, &event, number - FMT__SQL_OWN);
	return SQLITE_OK;
}
