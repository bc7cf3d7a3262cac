/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sql-scan.c - which rows a query goes over.
 *
 * A scan goes over [first, end) of event numbers, forwards or backwards.  Constraints on seq and time narrow it;
 * node, tid and kind skip events before a row is made.  They are only hints: SQLite tests every row again,
 * so a hint that is too wide is slow, never wrong.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "sql-int.h"

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

static char column_letter(const struct fmt__sql_table *table, int column)
{
	if (column == FMT__SQL_SEQ)
		return 's';
	if (column == FMT__SQL_TIME)
		return 't';
	if (column == FMT__SQL_NODE)
		return 'n';
	if (column == FMT__SQL_TID)
		return 'i';
	return table->form == FMT__SQL_FORM_EVENT && column == FMT__SQL_EVENT_KIND ? 'k' : 0;
}

int fmt__sql_plan(sqlite3_vtab *vtab, sqlite3_index_info *info)
{
	const struct fmt__sql_table *table = (const struct fmt__sql_table *)vtab;
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
	if (info->nOrderBy == 1 && info->aOrderBy[0].iColumn <= FMT__SQL_TIME &&
	    info->aOrderBy[0].iColumn >= FMT__SQL_SEQ) {
		info->orderByConsumed = 1;
		info->idxNum = info->aOrderBy[0].desc;
	}
	info->estimatedCost = cost + 1;
	info->estimatedRows = (sqlite3_int64)(table->form == FMT__SQL_FORM_EVENT ? cost : cost / 16) + 1;
	return SQLITE_OK;
}

/* ---- scans ---- */

int fmt__sql_open(sqlite3_vtab *vtab, sqlite3_vtab_cursor **ret)
{
	struct fmt__sql_cursor *cursor = calloc(1, sizeof(*cursor));

	CHECK(cursor);
	*ret = &cursor->base;
	return SQLITE_OK;
}

int fmt__sql_close(sqlite3_vtab_cursor *base)
{
	struct fmt__sql_cursor *cursor = (struct fmt__sql_cursor *)base;

	fmt_packets_free(cursor->packets);
	free(cursor);
	return SQLITE_OK;
}

static void narrow(struct fmt__sql_cursor *cursor, event_seq first, event_seq end)
{
	if (first > cursor->first)
		cursor->first = first;
	if (end < cursor->end)
		cursor->end = end;
}

/* A limit on numbers of events. */
static void narrow_seq(struct fmt__sql_cursor *cursor, char op, int64_t value)
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
static int narrow_time(struct fmt__sql_cursor *cursor, char op, int64_t value, struct fmt_error *error)
{
	const vtime_ns at = value < 0 ? 0 : (vtime_ns)value;
	event_seq from, after;

	if (value < 0) {
		if (op != '>' && op != ']')
			cursor->end = 0;
		return 0;
	}
	int failed = fmt_reader_seek(fmt__sql_reader_of(cursor), at, &from, error);

	if (failed == 0)
		failed = fmt_reader_seek(fmt__sql_reader_of(cursor), at + 1, &after, error);
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

static int64_t node_of(const struct fmt__sql_source *source, const char *name)
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
static int take_hint(struct fmt__sql_cursor *cursor, char column, char op, sqlite3_value *value,
		     struct fmt_error *error)
{
	const bool integer = sqlite3_value_type(value) == SQLITE_INTEGER;
	const bool text = sqlite3_value_type(value) == SQLITE_TEXT;

	if (column == 's' && integer)
		narrow_seq(cursor, op, sqlite3_value_int64(value));
	else if (column == 't' && integer)
		return narrow_time(cursor, op, sqlite3_value_int64(value), error);
	else if (column == 'n' && text)
		cursor->node = node_of(fmt__sql_table_of(cursor)->source, (const char *)sqlite3_value_text(value));
	else if (column == 'k' && text)
		cursor->kind = kind_of((const char *)sqlite3_value_text(value));
	else if (column == 'i' && integer)
		cursor->tid = sqlite3_value_int64(value);
	return 0;
}

/* Chunks that have nothing of this are passed over. */
static struct fmt_want want_of(struct fmt__sql_cursor *cursor)
{
	static const uint32_t packets[] = {FMT_packet_send, FMT_packet_drop, FMT_packet_recv};
	struct fmt_want want = {
		.has_node = cursor->node >= 0, .node = (node_id)cursor->node, .has_tid = cursor->tid >= 0, .tid = (uint32_t)cursor->tid};

	if (fmt__sql_table_of(cursor)->form == FMT__SQL_FORM_PACKET) {
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
static int find_send(struct fmt__sql_cursor *cursor, uint64_t packet, struct fmt_error *error)
{
	const struct fmt_want want = {.has_packet = true, .packet = packet};
	event_seq seq = cursor->seq;
	struct fmt_event event;
	const int got = fmt_reader_find(fmt__sql_reader_of(cursor), &want, /* backwards= */ true, &seq, &event, error);
	const struct fmt_packet *found = got > 0 ? fmt_packets_see(cursor->packets, &event) : NULL;

	if (found) {
		cursor->packet = *found;
		cursor->has_packet = true;
	}
	return got < 0 ? got : 0;
}

static int load_packet(struct fmt__sql_cursor *cursor, const struct fmt_event *event, struct fmt_error *error)
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

int fmt__sql_next(sqlite3_vtab_cursor *base)
{
	struct fmt__sql_cursor *cursor = (struct fmt__sql_cursor *)base;
	struct fmt_error error = {{0}};
	struct fmt_event event;

	/* A node, thread or kind that there cannot be. */
	const bool impossible = cursor->node > UINT32_MAX || cursor->tid > UINT32_MAX || cursor->kind > UINT32_MAX;

	if (cursor->first < cursor->end && !impossible) {
		const struct fmt_want want = want_of(cursor);

		cursor->seq = cursor->backwards ? cursor->end - 1 : cursor->first;
		const int got = fmt_reader_find(fmt__sql_reader_of(cursor), &want, cursor->backwards, &cursor->seq, &event, &error);

		if (got < 0)
			return fmt__sql_fail(base->pVtab, &error);
		cursor->at_end = !got || cursor->seq < cursor->first || cursor->seq >= cursor->end;
		if (cursor->at_end)
			return SQLITE_OK;
		*(cursor->backwards ? &cursor->end : &cursor->first) = cursor->seq + !cursor->backwards;
		if (cursor->packets && load_packet(cursor, &event, &error) < 0)
			return fmt__sql_fail(base->pVtab, &error);
		return SQLITE_OK;
	}
	cursor->at_end = true;
	return SQLITE_OK;
}

int fmt__sql_filter(sqlite3_vtab_cursor *base, int backwards, const char *text, int argc,
		  sqlite3_value **argv)
{
	struct fmt__sql_cursor *cursor = (struct fmt__sql_cursor *)base;
	const struct fmt__sql_table *table = fmt__sql_table_of(cursor);
	struct fmt_error error = {{0}};

	cursor->first = 0;
	cursor->end = fmt_reader_count(fmt__sql_reader_of(cursor));
	cursor->backwards = backwards;
	cursor->at_end = false;
	cursor->node = cursor->tid = -1;
	cursor->kind = table->info ? (int64_t)table->info->kind : -1;
	for (int i = 0; i < argc; i++)
		if (take_hint(cursor, text[i * 2], text[i * 2 + 1], argv[i], &error) < 0)
			return fmt__sql_fail(base->pVtab, &error);
	fmt_packets_free(cursor->packets);
	cursor->packets = table->form == FMT__SQL_FORM_PACKET ? fmt_packets_new() : NULL;
	return fmt__sql_next(base);
}

int fmt__sql_at_end(sqlite3_vtab_cursor *base)
{
	return ((struct fmt__sql_cursor *)base)->at_end;
}

int fmt__sql_row_id(sqlite3_vtab_cursor *base, sqlite3_int64 *ret)
{
	*ret = (sqlite3_int64)((struct fmt__sql_cursor *)base)->seq;
	return SQLITE_OK;
}
