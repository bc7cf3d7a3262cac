/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sql.c - virtual tables over the events of a trace.
 *
 * Three forms of table, one module:
 *	event		every event: seq, time, node, tid, kind, text
 *	ev_KIND		one kind, with a column for every field of event-kinds.def
 *	packet		sends, arrivals and drops, with what is in the frame
 * All others are views (sql-tables.h).
 *
 * A scan goes over [first, end) of event numbers, forwards or backwards.  Constraints on seq and time narrow it;
 * node, tid and kind skip events before a row is made.  They are only hints: SQLite tests every row again,
 * so a hint that is too wide is slow, never wrong.
 */
#include "sql.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "packets.h"
#include "roster.h"
#include "sql-tables.h"
#include "syscall-names.h"
#include "text.h"

/* What the tables of one connection share. */
struct source {
	struct fmt_reader *reader;	/* owned */
	struct fmt_roster roster;	/* nodes only: they are told at the beginning */
	uint64_t cursors;
};

enum form { FORM_EVENT, FORM_KIND, FORM_PACKET };

struct table {
	sqlite3_vtab base;
	struct source *source;		/* borrowed from the module */
	enum form form;
	const struct fmt_kind_info *info;	/* of FORM_KIND */
};

struct cursor {
	sqlite3_vtab_cursor base;
	event_seq first, end;		/* what is left */
	bool backwards;
	bool at_end;
	int64_t node;			/* only this one; -1: any */
	int64_t tid, kind;		/* the same */
	uint32_t kind_number;		/* of kind, when there is one */
	struct fmt_event event;		/* borrowed from the reader: fetched again for each column */
	event_seq seq;
	struct fmt_packets *packets;	/* of FORM_PACKET */
	struct fmt_packet packet;	/* what the row is about */
	bool has_packet;
};

enum { COLUMN_SEQ, COLUMN_TIME, COLUMN_NODE, COLUMN_TID, COLUMN_OWN };
enum { EVENT_KIND = COLUMN_OWN, EVENT_TEXT };
enum { PACKET_WHAT = COLUMN_OWN, PACKET_ID, PACKET_LINK, PACKET_IFACE, PACKET_SIZE, PACKET_SENT, PACKET_DEPART,
       PACKET_SENDER, PACKET_REASON, PACKET_PROTO, PACKET_SRC, PACKET_SPORT, PACKET_DST, PACKET_DPORT, PACKET_CONN,
       PACKET_FLAGS, PACKET_SEQ, PACKET_ACK, PACKET_WINDOW, PACKET_LEN, PACKET_GIST, PACKET_FRAME };

#define EVENT_SCHEMA "CREATE TABLE x(seq INTEGER, time INTEGER, node TEXT, tid INTEGER, kind TEXT, text TEXT)"
#define PACKET_SCHEMA                                                                              \
	"CREATE TABLE x(seq INTEGER, time INTEGER, node TEXT, tid INTEGER, what TEXT, packet INTEGER, link INTEGER, " \
	"iface INTEGER, size INTEGER, sent INTEGER, depart INTEGER, sender TEXT, reason TEXT, proto TEXT, src TEXT, " \
	"sport INTEGER, dst TEXT, dport INTEGER, conn TEXT, flags TEXT, tcp_seq INTEGER, tcp_ack INTEGER, window INTEGER, " \
	"len INTEGER, gist TEXT, frame BLOB)"

static void free_source(void *pointer)
{
	struct source *source = pointer;

	if (!source)
		return;
	fmt_reader_close(source->reader);
	fmt_roster_done(&source->roster);
	free(source);
}

static int fail(sqlite3_vtab *vtab, const struct fmt_error *error)
{
	sqlite3_free(vtab->zErrMsg);
	vtab->zErrMsg = sqlite3_mprintf("%s", error->text);
	return SQLITE_CORRUPT_VTAB;
}

/* ---- tables ---- */

static void put_schema(struct fmt_buf *out, const struct fmt_kind_info *info)
{
	fmt_put_text(out, "CREATE TABLE x(seq INTEGER, time INTEGER, node TEXT, tid INTEGER");
	for (size_t i = 0; i < info->field_count; i++)
		fmt_put_text(out, ", \"%s\" %s", info->fields[i].name,
			     info->fields[i].type == 'T'   ? "TEXT"
			     : info->fields[i].type == 'B' ? "BLOB"
							   : "INTEGER");
	fmt_buf_put(out, ")", 2);
}

/* Arguments: module, schema, table, then what the table is called in the trace. */
static int connect_table(sqlite3 *db, void *aux, int argc, const char *const *argv,
			 sqlite3_vtab **ret, char **ret_error)
{
	_cleanup_(fmt_buf_done) struct fmt_buf schema = {0};
	struct table *table = sqlite3_malloc(sizeof(*table));

	if (!table)
		return SQLITE_NOMEM;
	*table = (struct table){.source = aux, .form = FORM_KIND};
	const char *name = argc > 3 ? argv[3] : "";

	if (strcmp(name, "event") == 0) {
		table->form = FORM_EVENT;
		fmt_buf_put(&schema, EVENT_SCHEMA, sizeof(EVENT_SCHEMA));
	} else if (strcmp(name, "packet") == 0) {
		table->form = FORM_PACKET;
		fmt_buf_put(&schema, PACKET_SCHEMA, sizeof(PACKET_SCHEMA));
	} else {
		for (size_t i = 0; (table->info = fmt_kind_at(i)); i++)
			if (strcmp(table->info->name, name) == 0)
				break;
		if (!table->info) {
			*ret_error = sqlite3_mprintf("there is no kind of event %s", name);
			sqlite3_free(table);
			return SQLITE_ERROR;
		}
		put_schema(&schema, table->info);
	}
	const int code = sqlite3_declare_vtab(db, (const char *)schema.data);

	if (code != SQLITE_OK) {
		sqlite3_free(table);
		return code;
	}
	*ret = &table->base;
	return SQLITE_OK;
}

static int disconnect_table(sqlite3_vtab *vtab)
{
	sqlite3_free(vtab);
	return SQLITE_OK;
}

/* ---- plans: idxStr has two letters for each argument, column and operation ---- */

static char letter_of(unsigned char op)
{
	switch (op) {
	case SQLITE_INDEX_CONSTRAINT_EQ:
		return '=';
	case SQLITE_INDEX_CONSTRAINT_LT:
		return '<';
	case SQLITE_INDEX_CONSTRAINT_LE:
		return '[';
	case SQLITE_INDEX_CONSTRAINT_GT:
		return '>';
	case SQLITE_INDEX_CONSTRAINT_GE:
		return ']';
	default:
		return 0;
	}
}

static char column_letter(const struct table *table, int column)
{
	if (column == COLUMN_SEQ)
		return 's';
	if (column == COLUMN_TIME)
		return 't';
	if (column == COLUMN_NODE)
		return 'n';
	if (column == COLUMN_TID)
		return 'i';
	return table->form == FORM_EVENT && column == EVENT_KIND ? 'k' : 0;
}

static int plan(sqlite3_vtab *vtab, sqlite3_index_info *info)
{
	const struct table *table = (const struct table *)vtab;
	const double events = (double)fmt_reader_count(table->source->reader) + 1;
	double cost = events;
	char text[64];
	int used = 0;

	for (int i = 0; i < info->nConstraint && used < 16; i++) {
		const char column = column_letter(table, info->aConstraint[i].iColumn);
		const char op = letter_of(info->aConstraint[i].op);

		if (!info->aConstraint[i].usable || !column || !op || (strchr("nik", column) && op != '='))
			continue;
		text[used * 2] = column;
		text[used * 2 + 1] = op;
		info->aConstraintUsage[i].argvIndex = ++used;
		cost = column == 's' && op == '=' ? 1 : cost / (strchr("st", column) ? 8 : 2);
	}
	text[used * 2] = 0;
	info->idxStr = sqlite3_mprintf("%s", text);
	info->needToFreeIdxStr = 1;
	/* Both columns rise together; with time, equal ones have no order of their own. */
	if (info->nOrderBy == 1 && info->aOrderBy[0].iColumn <= COLUMN_TIME &&
	    info->aOrderBy[0].iColumn >= COLUMN_SEQ) {
		info->orderByConsumed = 1;
		info->idxNum = info->aOrderBy[0].desc;
	}
	info->estimatedCost = cost + 1;
	info->estimatedRows = (sqlite3_int64)(table->form == FORM_EVENT ? cost : cost / 16) + 1;
	return SQLITE_OK;
}

/* ---- scans ---- */

static int open_cursor(sqlite3_vtab *vtab, sqlite3_vtab_cursor **ret)
{
	struct cursor *cursor = calloc(1, sizeof(*cursor));

	CHECK(cursor);
	*ret = &cursor->base;
	return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *base)
{
	struct cursor *cursor = (struct cursor *)base;

	fmt_packets_free(cursor->packets);
	free(cursor);
	return SQLITE_OK;
}

static const struct table *table_of(const struct cursor *cursor)
{
	return (const struct table *)cursor->base.pVtab;
}

static struct fmt_reader *reader_of(const struct cursor *cursor)
{
	return table_of(cursor)->source->reader;
}

static void narrow(struct cursor *cursor, event_seq first, event_seq end)
{
	if (first > cursor->first)
		cursor->first = first;
	if (end < cursor->end)
		cursor->end = end;
}

/* A limit on numbers of events. */
static void narrow_seq(struct cursor *cursor, char op, int64_t value)
{
	const uint64_t at = value < 0 ? 0 : (uint64_t)value;

	if (op == '=')
		narrow(cursor, at, value < 0 ? 0 : at + 1);
	else if (op == '<')
		narrow(cursor, 0, at);
	else if (op == '[')
		narrow(cursor, 0, value < 0 ? 0 : at + 1);
	else
		narrow(cursor, value < 0 ? 0 : at + (op == '>'), UINT64_MAX);
}

/* A limit on times becomes one on numbers. */
static int narrow_time(struct cursor *cursor, char op, int64_t value, struct fmt_error *error)
{
	const vtime_ns at = value < 0 ? 0 : (vtime_ns)value;
	event_seq from, after;

	if (value < 0) {
		if (op != '>' && op != ']')
			cursor->end = 0;
		return 0;
	}
	int failed = fmt_reader_seek(reader_of(cursor), at, &from, error);

	if (failed == 0)
		failed = fmt_reader_seek(reader_of(cursor), at + 1, &after, error);
	if (failed < 0)
		return failed;
	if (op == '=')
		narrow(cursor, from, after);
	else if (op == '<' || op == '[')
		narrow(cursor, 0, op == '<' ? from : after);
	else
		narrow(cursor, op == '>' ? after : from, UINT64_MAX);
	return 0;
}

static int64_t node_of(const struct source *source, const char *name)
{
	unsigned int number;
	char end;

	if (!name)
		return -1;
	if (strcmp(name, "-") == 0)
		return 0;
	for (size_t i = 0; i < source->roster.node_count; i++)
		if (strcmp(source->roster.nodes[i].name, name) == 0)
			return source->roster.nodes[i].id;
	if (sscanf(name, "n%u%c", &number, &end) == 1)
		return number;
	/* No event has it. */
	return INT64_MAX;
}

static int64_t kind_of(const char *name)
{
	const struct fmt_kind_info *info;
	unsigned int number;
	char end;

	if (!name)
		return -1;
	for (size_t i = 0; (info = fmt_kind_at(i)); i++)
		if (strcmp(info->name, name) == 0)
			return info->kind;
	return sscanf(name, "kind-%u%c", &number, &end) == 1 ? (int64_t)number : INT64_MAX;
}

/* Only integers narrow a scan by number or time: SQLite compares all others by its own rules. */
static int take_hint(struct cursor *cursor, char column, char op, sqlite3_value *value,
		     struct fmt_error *error)
{
	const bool integer = sqlite3_value_type(value) == SQLITE_INTEGER;
	const bool text = sqlite3_value_type(value) == SQLITE_TEXT;

	if (column == 's' && integer)
		narrow_seq(cursor, op, sqlite3_value_int64(value));
	else if (column == 't' && integer)
		return narrow_time(cursor, op, sqlite3_value_int64(value), error);
	else if (column == 'n' && text)
		cursor->node = node_of(table_of(cursor)->source, (const char *)sqlite3_value_text(value));
	else if (column == 'k' && text)
		cursor->kind = kind_of((const char *)sqlite3_value_text(value));
	else if (column == 'i' && integer)
		cursor->tid = sqlite3_value_int64(value);
	return 0;
}

/* Chunks that have nothing of this are passed over. */
static struct fmt_want want_of(struct cursor *cursor)
{
	static const uint32_t packets[] = {FMT_packet_send, FMT_packet_drop, FMT_packet_recv};
	struct fmt_want want = {
		.has_node = cursor->node >= 0, .node = (node_id)cursor->node, .has_tid = cursor->tid >= 0, .tid = (uint32_t)cursor->tid};

	if (table_of(cursor)->form == FORM_PACKET) {
		want.kinds = packets;
		want.kind_count = 3;
	} else if (cursor->kind >= 0) {
		cursor->kind_number = (uint32_t)cursor->kind;
		want.kinds = &cursor->kind_number;
		want.kind_count = 1;
	}
	return want;
}

/* The send of a packet is in no far past: backwards from its arrival.  0, -EBADMSG. */
static int find_send(struct cursor *cursor, uint64_t packet, struct fmt_error *error)
{
	const struct fmt_want want = {.has_packet = true, .packet = packet};
	event_seq seq = cursor->seq;
	struct fmt_event event;
	const int got = fmt_reader_find(reader_of(cursor), &want, /* backwards= */ true, &seq, &event, error);
	const struct fmt_packet *found = got > 0 ? fmt_packets_see(cursor->packets, &event) : NULL;

	if (found) {
		cursor->packet = *found;
		cursor->has_packet = true;
	}
	return got < 0 ? got : 0;
}

static int load_packet(struct cursor *cursor, const struct fmt_event *event, struct fmt_error *error)
{
	struct fmt_ev_packet_recv recv;
	struct fmt_ev_packet_drop drop;
	const struct fmt_packet *packet = fmt_packets_see(cursor->packets, event);

	cursor->has_packet = packet != NULL;
	if (packet)
		cursor->packet = *packet;
	else if (event->kind == FMT_packet_recv && fmt_get_packet_recv(event, &recv) == 0)
		return find_send(cursor, recv.packet, error);
	else if (event->kind == FMT_packet_drop && fmt_get_packet_drop(event, &drop) == 0)
		return find_send(cursor, drop.packet, error);
	return 0;
}

static int next(sqlite3_vtab_cursor *base)
{
	struct cursor *cursor = (struct cursor *)base;
	struct fmt_error error = {{0}};
	struct fmt_event event;

	/* A node, thread or kind that there cannot be. */
	const bool impossible = cursor->node > UINT32_MAX || cursor->tid > UINT32_MAX || cursor->kind > UINT32_MAX;

	if (cursor->first < cursor->end && !impossible) {
		const struct fmt_want want = want_of(cursor);

		cursor->seq = cursor->backwards ? cursor->end - 1 : cursor->first;
		const int got = fmt_reader_find(reader_of(cursor), &want, cursor->backwards, &cursor->seq, &event, &error);

		if (got < 0)
			return fail(base->pVtab, &error);
		cursor->at_end = !got || cursor->seq < cursor->first || cursor->seq >= cursor->end;
		if (cursor->at_end)
			return SQLITE_OK;
		*(cursor->backwards ? &cursor->end : &cursor->first) = cursor->seq + !cursor->backwards;
		if (cursor->packets && load_packet(cursor, &event, &error) < 0)
			return fail(base->pVtab, &error);
		return SQLITE_OK;
	}
	cursor->at_end = true;
	return SQLITE_OK;
}

static int filter(sqlite3_vtab_cursor *base, int backwards, const char *text, int argc,
		  sqlite3_value **argv)
{
	struct cursor *cursor = (struct cursor *)base;
	const struct table *table = table_of(cursor);
	struct fmt_error error = {{0}};

	cursor->first = 0;
	cursor->end = fmt_reader_count(reader_of(cursor));
	cursor->backwards = backwards;
	cursor->at_end = false;
	cursor->node = cursor->tid = -1;
	cursor->kind = table->info ? (int64_t)table->info->kind : -1;
	for (int i = 0; i < argc; i++)
		if (take_hint(cursor, text[i * 2], text[i * 2 + 1], argv[i], &error) < 0)
			return fail(base->pVtab, &error);
	fmt_packets_free(cursor->packets);
	cursor->packets = table->form == FORM_PACKET ? fmt_packets_new() : NULL;
	return next(base);
}

static int at_end(sqlite3_vtab_cursor *base)
{
	return ((struct cursor *)base)->at_end;
}

static int row_id(sqlite3_vtab_cursor *base, sqlite3_int64 *ret)
{
	*ret = (sqlite3_int64)((struct cursor *)base)->seq;
	return SQLITE_OK;
}

/* ---- columns ---- */

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

static void result_string(sqlite3_context *context, const char *text)
{
	sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
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

	if (column == EVENT_KIND) {
		fmt_put_text(&line, "kind-%u", event->kind);
		fmt_buf_put(&line, "", 1);
		result_string(context, info ? info->name : (const char *)line.data);
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
	result_string(context, text);
}

static void transport_column(sqlite3_context *context, const struct fmt_packet *packet, int column)
{
	const struct fmt_frame *frame = &packet->frame;
	const bool tcp = frame->transport == FMT_TRANSPORT_TCP;

	if (!frame->has_transport || (!tcp && frame->transport != FMT_TRANSPORT_UDP))
		return;
	if (column == PACKET_SPORT)
		sqlite3_result_int64(context, frame->source_port);
	else if (column == PACKET_DPORT)
		sqlite3_result_int64(context, frame->target_port);
	else if (column == PACKET_CONN)
		conn_column(context, frame);
	else if (column == PACKET_LEN)
		sqlite3_result_int64(context, (sqlite3_int64)frame->payload_size);
	else if (!tcp)
		return;
	else if (column == PACKET_FLAGS)
		flags_column(context, frame->tcp_flags);
	else if (column == PACKET_SEQ)
		sqlite3_result_int64(context, frame->seq);
	else if (column == PACKET_ACK)
		sqlite3_result_int64(context, frame->ack);
	else if (column == PACKET_WINDOW)
		sqlite3_result_int64(context, frame->window);
}

static void frame_column(sqlite3_context *context, const struct cursor *cursor, const struct fmt_packet *packet, int column)
{
	_cleanup_(fmt_buf_done) struct fmt_buf text = {0};
	struct fmt_ev_packet_send send;
	struct fmt_event event;

	switch (column) {
	case PACKET_PROTO:
		result_string(context, proto_name(packet));
		return;
	case PACKET_SRC:
	case PACKET_DST:
		if (!packet->frame.ip_version && !packet->frame.arp_op)
			return;
		fmt_put_address(&text, &packet->frame,
				column == PACKET_SRC ? packet->frame.source : packet->frame.target);
		result_buf(context, &text);
		return;
	case PACKET_GIST:
		fmt_put_frame_gist(&text, &packet->frame);
		result_buf(context, &text);
		return;
	case PACKET_FRAME:
		if (fmt_reader_event(reader_of(cursor), packet->send_seq, &event, NULL) == 0 &&
		    fmt_get_packet_send(&event, &send) == 0)
			sqlite3_result_blob64(context, send.frame.data, send.frame.size,
					      SQLITE_TRANSIENT);
		return;
	default:
		transport_column(context, packet, column);
	}
}

static void packet_column(sqlite3_context *context, const struct cursor *cursor,
			  const struct fmt_event *event, int column)
{
	const struct fmt_packet *packet = &cursor->packet;
	struct fmt_ev_packet_drop drop;
	char buf[16];

	if (column == PACKET_WHAT) {
		result_string(context, event->kind == FMT_packet_send	? "send"
				       : event->kind == FMT_packet_recv ? "recv"
									: "drop");
	} else if (column == PACKET_REASON) {
		if (event->kind == FMT_packet_drop && fmt_get_packet_drop(event, &drop) == 0)
			result_text(context, drop.reason);
	} else if (!cursor->has_packet) {
		return;
	} else if (column == PACKET_ID) {
		sqlite3_result_int64(context, (sqlite3_int64)packet->id);
	} else if (column == PACKET_LINK) {
		sqlite3_result_int64(context, (sqlite3_int64)packet->link);
	} else if (column == PACKET_IFACE) {
		sqlite3_result_int64(context, (sqlite3_int64)packet->iface);
	} else if (column == PACKET_SIZE) {
		sqlite3_result_int64(context, (sqlite3_int64)packet->size);
	} else if (column == PACKET_SENT) {
		sqlite3_result_int64(context, (sqlite3_int64)packet->sent);
	} else if (column == PACKET_DEPART) {
		sqlite3_result_int64(context, (sqlite3_int64)packet->depart);
	} else if (column == PACKET_SENDER) {
		result_string(context, fmt_roster_node(&table_of(cursor)->source->roster, packet->sender, buf));
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

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int number)
{
	const struct cursor *cursor = (const struct cursor *)base;
	const struct table *table = table_of(cursor);
	struct fmt_error error = {{0}};
	struct fmt_event event;
	char buf[16];

	if (number == COLUMN_SEQ) {
		sqlite3_result_int64(context, (sqlite3_int64)cursor->seq);
		return SQLITE_OK;
	}
	if (fmt_reader_event(table->source->reader, cursor->seq, &event, &error) < 0)
		return fail(base->pVtab, &error);
	if (number == COLUMN_TIME)
		sqlite3_result_int64(context, (sqlite3_int64)event.vtime);
	else if (number == COLUMN_NODE)
		result_string(context, fmt_roster_node(&table->source->roster, event.node, buf));
	else if (number == COLUMN_TID)
		sqlite3_result_int64(context, event.tid);
	else if (table->form == FORM_EVENT)
		event_column(context, &event, number);
	else if (table->form == FORM_PACKET)
		packet_column(context, cursor, &event, number);
	else
		kind_column(context, &event, number - COLUMN_OWN);
	return SQLITE_OK;
}

static const sqlite3_module module = {
	.xCreate = connect_table, .xConnect = connect_table, .xBestIndex = plan,
	.xDisconnect = disconnect_table, .xDestroy = disconnect_table, .xOpen = open_cursor,
	.xClose = close_cursor, .xFilter = filter, .xNext = next, .xEof = at_end,
	.xColumn = column, .xRowid = row_id,
};

/* ---- functions ---- */

static void call_name(sqlite3_context *context, int argc, sqlite3_value **argv)
{
	const char *name = fmt_syscall_name((uint64_t)sqlite3_value_int64(argv[0]));

	if (name)
		result_string(context, name);
	else
		sqlite3_result_value(context, argv[0]);
}

static void error_name(sqlite3_context *context, int argc, sqlite3_value **argv)
{
	const int64_t value = sqlite3_value_int64(argv[0]);
	const char *name = value < 0 && value > -4096 ? fmt_errno_name((int)-value) : NULL;

	if (name)
		result_string(context, name);
}

static void signal_name(sqlite3_context *context, int argc, sqlite3_value **argv)
{
	const char *name = fmt_signal_name((uint64_t)sqlite3_value_int64(argv[0]));

	if (name)
		result_string(context, name);
	else
		sqlite3_result_value(context, argv[0]);
}

/* ---- attaching ---- */

static int learn_nodes(struct source *source, struct fmt_error *error)
{
	struct fmt_event event;

	for (event_seq seq = 0; seq < fmt_reader_count(source->reader); seq++) {
		const int failed = fmt_reader_event(source->reader, seq, &event, error);

		if (failed < 0)
			return failed;
		if (event.vtime > 0)
			break;
		if (event.kind == FMT_node)
			fmt_roster_learn(&source->roster, &event);
	}
	return 0;
}

/* What people wrote is little, so it is copied. */
static int copy_notes(sqlite3 *db, const struct fmt_reader *reader, char **ret_message)
{
	const struct fmt_note *note;
	sqlite3_stmt *stmt = NULL;
	int code = sqlite3_exec(db, "CREATE TEMP TABLE written_note(seq INTEGER, author TEXT, written INTEGER, text TEXT)", NULL, NULL,
				ret_message);

	if (code == SQLITE_OK)
		code = sqlite3_prepare_v2(db, "INSERT INTO temp.written_note VALUES(?, ?, ?, ?)", -1, &stmt, NULL);
	for (size_t i = 0; code == SQLITE_OK && (note = fmt_reader_note(reader, i)); i++) {
		sqlite3_bind_int64(stmt, 1, (sqlite3_int64)note->seq);
		sqlite3_bind_text(stmt, 2, note->author, -1, SQLITE_STATIC);
		sqlite3_bind_int64(stmt, 3, (sqlite3_int64)note->time_s);
		sqlite3_bind_text(stmt, 4, note->text, -1, SQLITE_STATIC);
		code = sqlite3_step(stmt) == SQLITE_DONE ? SQLITE_OK : SQLITE_ERROR;
		sqlite3_reset(stmt);
	}
	sqlite3_finalize(stmt);
	return code;
}

static int create_tables(sqlite3 *db, char **ret_message)
{
	const struct fmt_kind_info *info;
	int code = sqlite3_exec(db, "CREATE VIRTUAL TABLE temp.event USING hindcast(event);"
				    "CREATE VIRTUAL TABLE temp.packet USING hindcast(packet);",
				NULL, NULL, ret_message);

	for (size_t i = 0; code == SQLITE_OK && (info = fmt_kind_at(i)); i++) {
		char name[40], sql[160];

		snprintf(name, sizeof(name), "%s", info->name);
		for (char *at = name; *at; at++)
			if (*at == '-')
				*at = '_';
		snprintf(sql, sizeof(sql), "CREATE VIRTUAL TABLE temp.ev_%s USING hindcast(%s)", name,
			 info->name);
		code = sqlite3_exec(db, sql, NULL, NULL, ret_message);
	}
	for (size_t i = 0; code == SQLITE_OK && i < sizeof(sql_views) / sizeof(sql_views[0]); i++)
		code = sqlite3_exec(db, sql_views[i], NULL, NULL, ret_message);
	return code;
}

int fmt_sql_attach(sqlite3 *db, struct fmt_reader *reader, char **ret_message)
{
	static const struct {
		const char *name;
		void (*function)(sqlite3_context *context, int argc, sqlite3_value **argv);
	} functions[] = {{"call_name", call_name}, {"error_name", error_name}, {"signal_name", signal_name}};
	struct source *source = calloc(1, sizeof(*source));
	struct fmt_error error = {{0}};

	CHECK(source);
	source->reader = reader;
	if (learn_nodes(source, &error) < 0) {
		*ret_message = sqlite3_mprintf("%s", error.text);
		free_source(source);
		return SQLITE_CORRUPT;
	}
	/* From here on the source is SQLite's. */
	int code = sqlite3_create_module_v2(db, "hindcast", &module, source, free_source);

	for (size_t i = 0; code == SQLITE_OK && i < sizeof(functions) / sizeof(functions[0]); i++)
		code = sqlite3_create_function(db, functions[i].name, 1,
					       SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, NULL,
					       functions[i].function, NULL, NULL);
	if (code == SQLITE_OK)
		code = copy_notes(db, reader, ret_message);
	return code == SQLITE_OK ? create_tables(db, ret_message) : code;
}
