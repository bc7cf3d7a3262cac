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
 * sql-scan.c finds their rows, sql-columns.c says what is in one.
 */
#include "sql-int.h"

#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "sql-tables.h"
#include "syscall-names.h"
#include "text.h"

#define EVENT_SCHEMA "CREATE TABLE x(seq INTEGER, time INTEGER, node TEXT, tid INTEGER, kind TEXT, text TEXT)"
#define PACKET_SCHEMA                                                                              \
	"CREATE TABLE x(seq INTEGER, time INTEGER, node TEXT, tid INTEGER, what TEXT, packet INTEGER, link INTEGER, " \
	"iface INTEGER, size INTEGER, sent INTEGER, depart INTEGER, sender TEXT, reason TEXT, proto TEXT, src TEXT, " \
	"sport INTEGER, dst TEXT, dport INTEGER, conn TEXT, flags TEXT, tcp_seq INTEGER, tcp_ack INTEGER, window INTEGER, " \
	"len INTEGER, gist TEXT, frame BLOB)"

static void free_source(void *pointer)
{
	struct fmt__sql_source *source = pointer;

	if (!source)
		return;
	fmt_reader_close(source->reader);
	fmt_roster_done(&source->roster);
	free(source);
}

int fmt__sql_fail(sqlite3_vtab *vtab, const struct fmt_error *error)
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
	struct fmt__sql_table *table = sqlite3_malloc(sizeof(*table));

	if (!table)
		return SQLITE_NOMEM;
	*table = (struct fmt__sql_table){.source = aux, .form = FMT__SQL_FORM_KIND};
	const char *name = argc > 3 ? argv[3] : "";

	if (strcmp(name, "event") == 0) {
		table->form = FMT__SQL_FORM_EVENT;
		fmt_buf_put(&schema, EVENT_SCHEMA, sizeof(EVENT_SCHEMA));
	} else if (strcmp(name, "packet") == 0) {
		table->form = FMT__SQL_FORM_PACKET;
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

static const sqlite3_module module = {
	.xCreate = connect_table, .xConnect = connect_table, .xBestIndex = fmt__sql_plan,
	.xDisconnect = disconnect_table, .xDestroy = disconnect_table, .xOpen = fmt__sql_open,
	.xClose = fmt__sql_close, .xFilter = fmt__sql_filter, .xNext = fmt__sql_next,
	.xEof = fmt__sql_at_end,
	.xColumn = fmt__sql_column, .xRowid = fmt__sql_row_id,
};

/* ---- functions ---- */

static void call_name(sqlite3_context *context, int argc, sqlite3_value **argv)
{
	const char *name = fmt_syscall_name((uint64_t)sqlite3_value_int64(argv[0]));

	if (name)
		fmt__sql_string(context, name);
	else
		sqlite3_result_value(context, argv[0]);
}

static void error_name(sqlite3_context *context, int argc, sqlite3_value **argv)
{
	const int64_t value = sqlite3_value_int64(argv[0]);
	const char *name = value < 0 && value > -4096 ? fmt_errno_name((int)-value) : NULL;

	if (name)
		fmt__sql_string(context, name);
}

static void signal_name(sqlite3_context *context, int argc, sqlite3_value **argv)
{
	const char *name = fmt_signal_name((uint64_t)sqlite3_value_int64(argv[0]));

	if (name)
		fmt__sql_string(context, name);
	else
		sqlite3_result_value(context, argv[0]);
}

/* ---- attaching ---- */

static int learn_nodes(struct fmt__sql_source *source, struct fmt_error *error)
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
	struct fmt__sql_source *source = calloc(1, sizeof(*source));
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
