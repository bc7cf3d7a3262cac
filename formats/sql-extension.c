/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sql-extension.c - the tables of a trace in any program that has SQLite:
 *
 *	sqlite3 -cmd '.load ./hindcast-sqlite' -cmd "SELECT hindcast_open('run.hct')"
 */
#include <string.h>

#include "sql.h"

static void open_trace(sqlite3_context *context, int argc, sqlite3_value **argv)
{
	const char *path = (const char *)sqlite3_value_text(argv[0]);
	struct fmt_reader *reader = NULL;
	struct fmt_error error = {{0}};
	char *message = NULL;

	if (!path || fmt_reader_open(path, &reader, &error) < 0) {
		sqlite3_result_error(context, path ? error.text : "hindcast_open() needs a path", -1);
		return;
	}
	const event_seq count = fmt_reader_count(reader);

	if (fmt_sql_attach(sqlite3_context_db_handle(context), reader, &message) == SQLITE_OK)
		sqlite3_result_int64(context, (sqlite3_int64)count);
	else
		sqlite3_result_error(context, message ? message : "cannot attach the trace", -1);
	sqlite3_free(message);
}

__attribute__((visibility("default"))) int sqlite3_extension_init(sqlite3 *db, char **ret_message, const void *api);

int sqlite3_extension_init(sqlite3 *db, char **ret_message, const void *api)
{
	/* Only who calls it may open files, not a view in a strange database. */
	return sqlite3_create_function(db, "hindcast_open", 1, SQLITE_UTF8 | SQLITE_DIRECTONLY, NULL,
				       open_trace, NULL, NULL);
}
