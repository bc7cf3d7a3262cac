/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sql.h - a trace as tables of SQLite.  docs/sql.7.md describes the tables.
 *
 * Tables are virtual: rows are decoded as they are asked for.  What a query says about seq, time, node, tid and kind is
 * used to read only the chunks that can match.
 */
#ifndef FMT_SQL_H
#define FMT_SQL_H

#include <sqlite3.h>
#include <stdio.h>

#include "trace.h"

/* Gives a connection the tables of a trace, in its schema temp.  The reader belongs to the connection from
 * then on, also on failure.  SQLITE_OK or another code; *ret_message (sqlite3_free) says what went wrong. */
int fmt_sql_attach(sqlite3 *db, struct fmt_reader *reader, char **ret_message);

enum fmt_sql_output { FMT_SQL_TABLE, FMT_SQL_CSV, FMT_SQL_JSON };

/* Runs statements on a trace and prints what they give.  The reader is closed.  0; -EINVAL: SQL is wrong; -EBADMSG; -EIO. */
int fmt_sql(struct fmt_reader *reader, FILE *out, const char *query, enum fmt_sql_output output,
	    struct fmt_error *error);

#endif
