/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sqlite-guard.h - what a connection to SQLite may do, by what it is for.
 *
 * A trace is data from elsewhere, and so may a query be.  What SQLite could do beyond that (open and write other files, load code,
 * run what a schema brings along) is switched off, and an authorizer names the few things that are left.
 */
#ifndef FMT_SQLITE_GUARD_H
#define FMT_SQLITE_GUARD_H

#include <sqlite3.h>
#include <stdbool.h>

enum fmt__sqlite_use {
	FMT__SQLITE_READ,	/* our own questions to a trace */
	FMT__SQLITE_READ_CUT,	/* ... to one whose end is missing: SQLite opens it only for who might repair it */
	FMT__SQLITE_NOTE,	/* a note comes or goes */
	FMT__SQLITE_QUERY,	/* somebody else's statements, in memory */
};

/* What may reach a connection that nobody trusts, before anything of it was read. */
void fmt__sqlite_restrain(sqlite3 *db, enum fmt__sqlite_use use);

/* The first thing that a statement was refused. */
struct fmt__sqlite_refusal {
	bool refused;
	char what[120];		/* "ATTACH other.db" */
};

/* From here on only what the use needs; to be called once the connection has been set up.  ret is that of a query, and outlives the
 * connection. */
void fmt__sqlite_authorize(sqlite3 *db, enum fmt__sqlite_use use, struct fmt__sqlite_refusal *ret);

#endif
