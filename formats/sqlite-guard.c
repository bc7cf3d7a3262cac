/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sqlite-guard.c - see sqlite-guard.h.  After "Defense Against The Dark Arts" of SQLite's manual. */
#include "sqlite-guard.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "wire.h"

/* ---- settings and limits ---- */

/* Our tables have ten columns, and our questions to them are short; what a strange schema holds beside them need not work. */
static const struct {
	int limit, value;
} reading[] = {
	{SQLITE_LIMIT_LENGTH, (int)FMT_STORED_MAX},
	{SQLITE_LIMIT_SQL_LENGTH, 65536},
	{SQLITE_LIMIT_COLUMN, 100},
	{SQLITE_LIMIT_EXPR_DEPTH, 10},
	{SQLITE_LIMIT_COMPOUND_SELECT, 3},
	{SQLITE_LIMIT_VDBE_OP, 25000},
	{SQLITE_LIMIT_FUNCTION_ARG, 8},
	{SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50},
	{SQLITE_LIMIT_VARIABLE_NUMBER, 10},
	{SQLITE_LIMIT_TRIGGER_DEPTH, 0},
};

static void set(sqlite3 *db, int option, bool on)
{
	CHECK(sqlite3_db_config(db, option, (int)on, NULL) == SQLITE_OK);
}

void fmt__sqlite_restrain(sqlite3 *db, enum fmt__sqlite_use use)
{
	const bool query = use == FMT__SQLITE_QUERY;

	set(db, SQLITE_DBCONFIG_DEFENSIVE, use != FMT__SQLITE_READ_CUT);
	set(db, SQLITE_DBCONFIG_WRITABLE_SCHEMA, use == FMT__SQLITE_READ_CUT);
	set(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, false);
	set(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, false);
	/* The tables of a query are views of ours. */
	set(db, SQLITE_DBCONFIG_ENABLE_VIEW, query);
	set(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, false);
	sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_limit(db, SQLITE_LIMIT_WORKER_THREADS, 0);
	for (size_t i = 0; !query && i < sizeof(reading) / sizeof(reading[0]); i++)
		sqlite3_limit(db, reading[i].limit, reading[i].value);
}

/* ---- what a statement may do ---- */

/* What an action is called in SQL, for those that somebody may try. */
static const char *action_name(int action)
{
	static const struct {
		int action;
		const char *name;
	} names[] = {
		{SQLITE_ATTACH, "ATTACH"}, {SQLITE_DETACH, "DETACH"}, {SQLITE_PRAGMA, "PRAGMA"}, {SQLITE_FUNCTION, "function"},
		{SQLITE_CREATE_VTABLE, "CREATE VIRTUAL TABLE"}, {SQLITE_DROP_VTABLE, "DROP TABLE"}, {SQLITE_ANALYZE, "ANALYZE"},
		{SQLITE_CREATE_TRIGGER, "CREATE TRIGGER"}, {SQLITE_CREATE_TEMP_TRIGGER, "CREATE TRIGGER"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].action == action)
			return names[i].name;
	return "a change to";
}

static bool is_one_of(const char *name, const char *const *list)
{
	while (*list && sqlite3_stricmp(name, *list) != 0)
		list++;
	return *list != NULL;
}

/* a and b are as sqlite3_set_authorizer() tells for each action. */
static int allow_read(void *context, int action, const char *a, const char *b, const char *schema, const char *inner)
{
	if (action == SQLITE_SELECT || action == SQLITE_READ)
		return SQLITE_OK;
	return action == SQLITE_FUNCTION && strcmp(b, "length") == 0 ? SQLITE_OK : SQLITE_DENY;
}

static int allow_note(void *context, int action, const char *a, const char *b, const char *schema, const char *inner)
{
	const bool of_table = action == SQLITE_INSERT || action == SQLITE_DELETE || action == SQLITE_READ;

	return of_table && a && strcmp(a, "note") == 0 ? SQLITE_OK : SQLITE_DENY;
}

/* Tables and views that a query makes are in memory, so it may do with them what it likes. */
static bool is_in_memory(int action)
{
	static const int actions[] = {
		SQLITE_INSERT, SQLITE_UPDATE, SQLITE_DELETE, SQLITE_CREATE_TABLE, SQLITE_CREATE_TEMP_TABLE, SQLITE_CREATE_VIEW,
		SQLITE_CREATE_TEMP_VIEW, SQLITE_CREATE_INDEX, SQLITE_CREATE_TEMP_INDEX, SQLITE_DROP_TABLE, SQLITE_DROP_TEMP_TABLE,
		SQLITE_DROP_VIEW, SQLITE_DROP_TEMP_VIEW, SQLITE_DROP_INDEX, SQLITE_DROP_TEMP_INDEX, SQLITE_ALTER_TABLE,
		SQLITE_REINDEX, SQLITE_TRANSACTION, SQLITE_SAVEPOINT,
	};

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (actions[i] == action)
			return true;
	return false;
}

static bool is_harmless(int action, const char *a, const char *b)
{
	/* These only tell. */
	static const char *const pragmas[] = {"table_info", "table_xinfo", "table_list", "index_list", "index_info",
					      "index_xinfo", "function_list", "pragma_list", "module_list", "collation_list",
					      "database_list", "compile_options", NULL};
	static const char *const functions[] = {"load_extension", "fts3_tokenizer", NULL};

	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_RECURSIVE:
		return true;
	case SQLITE_FUNCTION:
		return !is_one_of(b, functions);
	case SQLITE_PRAGMA:
		return is_one_of(a, pragmas);
	default:
		return is_in_memory(action);
	}
}

static int allow_query(void *context, int action, const char *a, const char *b, const char *schema, const char *inner)
{
	struct fmt__sqlite_refusal *const refusal = context;
	const char *const what = action == SQLITE_FUNCTION ? b : a;

	if (is_harmless(action, a, b))
		return SQLITE_OK;
	if (!refusal->refused)
		snprintf(refusal->what, sizeof(refusal->what), "%s %s", action_name(action), what ? what : "");
	refusal->refused = true;
	return SQLITE_DENY;
}

void fmt__sqlite_authorize(sqlite3 *db, enum fmt__sqlite_use use, struct fmt__sqlite_refusal *ret)
{
	switch (use) {
	case FMT__SQLITE_READ:
	case FMT__SQLITE_READ_CUT:
		sqlite3_set_authorizer(db, allow_read, NULL);
		return;
	case FMT__SQLITE_NOTE:
		sqlite3_set_authorizer(db, allow_note, NULL);
		return;
	case FMT__SQLITE_QUERY:
		CHECK(ret);
		sqlite3_set_authorizer(db, allow_query, ret);
		return;
	}
	CHECK(!"a use of SQLite");
}
