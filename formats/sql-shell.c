/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sql-shell.c - runs SQL on a trace and prints rows as a table, as CSV or as JSON. */
#include "sql.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "sqlite-guard.h"
#include "text.h"

#define SAMPLE_ROWS 500		/* rows that choose the widths of a table's columns */
#define WIDTH_MAX 100		/* of a column; longer values go beyond it */
#define COLUMNS_MAX 256

struct shell {
	FILE *out;
	enum fmt_sql_output output;
	int columns;
	struct fmt_buf sample;		/* cells, each with a zero byte */
	size_t sample_rows;
	int width[COLUMNS_MAX];
	bool right[COLUMNS_MAX];	/* numbers */
	bool widths_known;
	uint64_t rows;
	struct fmt__sqlite_refusal refusal;
};

/* ---- one value as text ---- */

static struct fmt_bytes column_bytes(sqlite3_stmt *stmt, int column)
{
	const void *data = sqlite3_column_type(stmt, column) == SQLITE_BLOB
				   ? sqlite3_column_blob(stmt, column)
				   : sqlite3_column_text(stmt, column);

	return (struct fmt_bytes){data, data ? (size_t)sqlite3_column_bytes(stmt, column) : 0};
}

static void put_plain(struct fmt_buf *out, sqlite3_stmt *stmt, int column)
{
	const struct fmt_bytes bytes = column_bytes(stmt, column);

	if (sqlite3_column_type(stmt, column) == SQLITE_BLOB)
		fmt_put_hex(out, bytes);
	else
		fmt_put_escaped(out, bytes);
}

static void put_csv(struct fmt_buf *out, sqlite3_stmt *stmt, int column)
{
	const struct fmt_bytes bytes = column_bytes(stmt, column);
	const int type = sqlite3_column_type(stmt, column);

	if (type == SQLITE_BLOB || type == SQLITE_INTEGER || type == SQLITE_FLOAT) {
		put_plain(out, stmt, column);
		return;
	}
	if (type == SQLITE_NULL)
		return;
	fmt_buf_put(out, "\"", 1);
	for (size_t i = 0; i < bytes.size; i++) {
		if (bytes.data[i] == '"')
			fmt_buf_put(out, "\"", 1);
		fmt_buf_put(out, bytes.data + i, 1);
	}
	fmt_buf_put(out, "\"", 1);
}

static void put_json(struct fmt_buf *out, sqlite3_stmt *stmt, int column)
{
	switch (sqlite3_column_type(stmt, column)) {
	case SQLITE_NULL:
		fmt_put_text(out, "null");
		return;
	case SQLITE_FLOAT:
		/* JSON has no infinity. */
		if (isinf(sqlite3_column_double(stmt, column))) {
			fmt_put_text(out, "null");
			return;
		}
		put_plain(out, stmt, column);
		return;
	case SQLITE_INTEGER:
		put_plain(out, stmt, column);
		return;
	case SQLITE_BLOB:
		fmt_put_text(out, "\"");
		put_plain(out, stmt, column);
		fmt_put_text(out, "\"");
		return;
	default:
		fmt_put_json(out, column_bytes(stmt, column));
	}
}

/* ---- tables: the first rows wait until the widths are known ---- */

/* Columns of a terminal, taking each character as one. */
static int shown_width(const char *text)
{
	int width = 0;

	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

static void print_cell(struct shell *shell, int column, const char *text)
{
	const int pad = shell->width[column] - shown_width(text);
	const bool last = column + 1 == shell->columns;

	if (shell->right[column])
		fprintf(shell->out, "%*s%s%s", pad > 0 ? pad : 0, "", text, last ? "\n" : "  ");
	else
		fprintf(shell->out, "%s%*s%s", text, pad > 0 && !last ? pad : 0, "", last ? "\n" : "  ");
}

static void print_sample(struct shell *shell, sqlite3_stmt *stmt)
{
	const char *at = (const char *)shell->sample.data;

	if (shell->widths_known)
		return;
	shell->widths_known = true;
	for (int i = 0; i < shell->columns; i++)
		print_cell(shell, i, sqlite3_column_name(stmt, i));
	for (size_t row = 0; row < shell->sample_rows; row++)
		for (int i = 0; i < shell->columns; i++, at += strlen(at) + 1)
			print_cell(shell, i, at);
}

static void table_row(struct shell *shell, sqlite3_stmt *stmt)
{
	_cleanup_(fmt_buf_done) struct fmt_buf cell = {0};

	if (shell->sample_rows == SAMPLE_ROWS)
		print_sample(shell, stmt);
	for (int i = 0; i < shell->columns; i++) {
		fmt_buf_clear(&cell);
		put_plain(&cell, stmt, i);
		fmt_buf_put(&cell, "", 1);
		if (shell->widths_known) {
			print_cell(shell, i, (const char *)cell.data);
			continue;
		}
		const int width = shown_width((const char *)cell.data);

		if (width > shell->width[i] && width <= WIDTH_MAX)
			shell->width[i] = width;
		if (sqlite3_column_type(stmt, i) == SQLITE_TEXT)
			shell->right[i] = false;
		fmt_buf_put(&shell->sample, cell.data, cell.size);
	}
	shell->sample_rows += !shell->widths_known;
}

/* ---- statements ---- */

static void begin_rows(struct shell *shell, sqlite3_stmt *stmt)
{
	shell->columns = sqlite3_column_count(stmt);
	shell->sample_rows = 0;
	shell->rows = 0;
	shell->widths_known = false;
	fmt_buf_clear(&shell->sample);
	CHECK(shell->columns <= COLUMNS_MAX);
	for (int i = 0; i < shell->columns; i++) {
		shell->width[i] = shown_width(sqlite3_column_name(stmt, i));
		shell->right[i] = true;
	}
	if (shell->output == FMT_SQL_JSON && shell->columns)
		fprintf(shell->out, "[");
	for (int i = 0; shell->output == FMT_SQL_CSV && i < shell->columns; i++)
		fprintf(shell->out, "%s%s", sqlite3_column_name(stmt, i),
			i + 1 == shell->columns ? "\r\n" : ",");
}

static void print_row(struct shell *shell, sqlite3_stmt *stmt)
{
	_cleanup_(fmt_buf_done) struct fmt_buf line = {0};

	if (shell->output == FMT_SQL_TABLE) {
		table_row(shell, stmt);
		return;
	}
	const bool json = shell->output == FMT_SQL_JSON;

	if (json)
		fmt_put_text(&line, shell->rows ? ",\n{" : "\n{");
	for (int i = 0; i < shell->columns; i++) {
		const char *name = sqlite3_column_name(stmt, i);

		if (i)
			fmt_put_text(&line, ",");
		if (json) {
			fmt_put_json(&line, (struct fmt_bytes){(const uint8_t *)name, strlen(name)});
			fmt_put_text(&line, ":");
			put_json(&line, stmt, i);
		} else {
			put_csv(&line, stmt, i);
		}
	}
	fmt_put_text(&line, json ? "}" : "\r\n");
	fwrite(line.data, 1, line.size, shell->out);
}

static void end_rows(struct shell *shell, sqlite3_stmt *stmt)
{
	if (!shell->columns)
		return;
	if (shell->output == FMT_SQL_TABLE)
		print_sample(shell, stmt);
	if (shell->output == FMT_SQL_JSON)
		fprintf(shell->out, "\n]\n");
}

static int fail(const struct shell *shell, sqlite3 *db, int code, struct fmt_error *error)
{
	if (error && shell->refusal.refused)
		snprintf(error->text, sizeof(error->text), "%s is refused: a query reads the trace and makes tables in memory; it "
			 "opens no other file and loads nothing", shell->refusal.what);
	else if (error)
		snprintf(error->text, sizeof(error->text), "%s", sqlite3_errmsg(db));
	return (code & 0xff) == SQLITE_CORRUPT ? -EBADMSG : -EINVAL;
}

static int run(struct shell *shell, sqlite3 *db, const char *query, struct fmt_error *error)
{
	while (query && *query) {
		sqlite3_stmt *stmt = NULL;
		int code = sqlite3_prepare_v2(db, query, -1, &stmt, &query);

		if (code != SQLITE_OK)
			return fail(shell, db, code, error);
		if (!stmt)
			continue;
		begin_rows(shell, stmt);
		for (; (code = sqlite3_step(stmt)) == SQLITE_ROW && !ferror(shell->out); shell->rows++)
			print_row(shell, stmt);
		if (code == SQLITE_DONE)
			end_rows(shell, stmt);
		const int failed = code == SQLITE_DONE || code == SQLITE_ROW ? 0 : fail(shell, db, code, error);

		sqlite3_finalize(stmt);
		if (failed < 0)
			return failed;
	}
	return 0;
}

int fmt_sql(struct fmt_reader *reader, FILE *out, const char *query, enum fmt_sql_output output,
	    struct fmt_error *error)
{
	struct shell shell = {.out = out, .output = output};
	sqlite3 *db = NULL;
	char *message = NULL;
	int failed = 0;

	CHECK(sqlite3_open(":memory:", &db) == SQLITE_OK);
	fmt__sqlite_restrain(db, FMT__SQLITE_QUERY);
	sqlite3_limit(db, SQLITE_LIMIT_COLUMN, COLUMNS_MAX);
	const int code = fmt_sql_attach(db, reader, &message);

	if (code != SQLITE_OK) {
		if (error)
			snprintf(error->text, sizeof(error->text), "%s",
				 message ? message : sqlite3_errstr(code));
		failed = -EBADMSG;
	} else {
		fmt__sqlite_authorize(db, FMT__SQLITE_QUERY, &shell.refusal);
		failed = run(&shell, db, query, error);
	}
	sqlite3_free(message);
	fmt_buf_done(&shell.sample);
	sqlite3_close(db);
	if (failed == 0 && (fflush(out) != 0 || ferror(out))) {
		if (error)
			snprintf(error->text, sizeof(error->text), "cannot write: %s", strerror(errno));
		return -EIO;
	}
	return failed;
}
