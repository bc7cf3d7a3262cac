/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sql-int.h - the tables of SQL from inside: sql.c defines and attaches them, sql-scan.c finds rows, sql-columns.c says what is in one. */
#ifndef FMT_SQL_INT_H
#define FMT_SQL_INT_H

#include "packets.h"
#include "roster.h"
#include "sql.h"

/* What the tables of one connection share. */
struct fmt__sql_source {
	struct fmt_reader *reader;	/* owned */
	struct fmt_roster roster;	/* nodes only: they are told at the beginning */
	uint64_t cursors;
};

enum fmt__sql_form { FMT__SQL_FORM_EVENT, FMT__SQL_FORM_KIND, FMT__SQL_FORM_PACKET };

struct fmt__sql_table {
	sqlite3_vtab base;
	struct fmt__sql_source *source;		/* borrowed from the module */
	enum fmt__sql_form form;
	const struct fmt_kind_info *info;	/* of FMT__SQL_FORM_KIND */
};

struct fmt__sql_cursor {
	sqlite3_vtab_cursor base;
	event_seq first, end;		/* what is left */
	bool backwards;
	bool at_end;
	int64_t node;			/* only this one; -1: any */
	int64_t tid, kind;		/* the same */
	uint32_t kind_number;		/* of kind, when there is one */
	struct fmt_event event;		/* borrowed from the reader: fetched again for each column */
	event_seq seq;
	struct fmt_packets *packets;	/* of FMT__SQL_FORM_PACKET */
	struct fmt_packet packet;	/* what the row is about */
	bool has_packet;
};

enum { FMT__SQL_SEQ, FMT__SQL_TIME, FMT__SQL_NODE, FMT__SQL_TID, FMT__SQL_OWN };
enum { FMT__SQL_EVENT_KIND = FMT__SQL_OWN, FMT__SQL_EVENT_TEXT };
enum {
	FMT__SQL_PACKET_WHAT = FMT__SQL_OWN, FMT__SQL_PACKET_ID, FMT__SQL_PACKET_LINK, FMT__SQL_PACKET_IFACE, FMT__SQL_PACKET_SIZE,
	FMT__SQL_PACKET_SENT, FMT__SQL_PACKET_DEPART, FMT__SQL_PACKET_SENDER, FMT__SQL_PACKET_REASON, FMT__SQL_PACKET_PROTO,
	FMT__SQL_PACKET_SRC, FMT__SQL_PACKET_SPORT, FMT__SQL_PACKET_DST, FMT__SQL_PACKET_DPORT, FMT__SQL_PACKET_CONN,
	FMT__SQL_PACKET_FLAGS, FMT__SQL_PACKET_SEQ, FMT__SQL_PACKET_ACK, FMT__SQL_PACKET_WINDOW, FMT__SQL_PACKET_LEN,
	FMT__SQL_PACKET_GIST, FMT__SQL_PACKET_FRAME,
};

static inline const struct fmt__sql_table *fmt__sql_table_of(const struct fmt__sql_cursor *cursor)
{
	return (const struct fmt__sql_table *)cursor->base.pVtab;
}

static inline struct fmt_reader *fmt__sql_reader_of(const struct fmt__sql_cursor *cursor)
{
	return fmt__sql_table_of(cursor)->source->reader;
}

static inline void fmt__sql_string(sqlite3_context *context, const char *text)
{
	sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

/* The methods of a table, as sqlite3_module(3) has them. */
int fmt__sql_plan(sqlite3_vtab *vtab, sqlite3_index_info *info);
int fmt__sql_open(sqlite3_vtab *vtab, sqlite3_vtab_cursor **ret);
int fmt__sql_close(sqlite3_vtab_cursor *base);
int fmt__sql_filter(sqlite3_vtab_cursor *base, int backwards, const char *text, int argc, sqlite3_value **argv);
int fmt__sql_next(sqlite3_vtab_cursor *base);
int fmt__sql_at_end(sqlite3_vtab_cursor *base);
int fmt__sql_row_id(sqlite3_vtab_cursor *base, sqlite3_int64 *ret);
int fmt__sql_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int number);
/* The trace cannot be read: its words become the table's. */
int fmt__sql_fail(sqlite3_vtab *vtab, const struct fmt_error *error);

#endif
