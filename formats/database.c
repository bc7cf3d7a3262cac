/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * database.c - the form of a trace whose run has ended: one SQLite database.
 *
 * It is written in one go, without a journal, into a file that nobody else knows yet, every table in the order of
 * its key.  So equal content is equal bytes: SQLite's own counters and the places of pages depend on the
 * insertions alone (and on the version of SQLite, whose number is in the header).
 *
 * It is read with distrust.  The schema must be ours to the letter, so that no view, trigger, or generated
 * column can run; "immutable" keeps SQLite from looking at journals that lie beside the file.
 */
#include "trace-int.h"

#include <sqlite3.h>
#include <string.h>

#include "sqlite-guard.h"

#define SQL_META                                                                                   \
	"CREATE TABLE meta(key TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL) WITHOUT ROWID"
#define SQL_CHUNK                                                                                  \
	"CREATE TABLE chunk(first_seq INTEGER PRIMARY KEY, count INTEGER NOT NULL, "               \
	"t0 INTEGER NOT NULL, t1 INTEGER NOT NULL, codec INTEGER NOT NULL, "                       \
	"raw_size INTEGER NOT NULL, checksum INTEGER NOT NULL, summary BLOB NOT NULL, bytes BLOB NOT NULL)"
#define SQL_PAYLOAD                                                                                \
	"CREATE TABLE payload(first_seq INTEGER PRIMARY KEY, start INTEGER NOT NULL, "             \
	"codec INTEGER NOT NULL, raw_size INTEGER NOT NULL, checksum INTEGER NOT NULL, bytes BLOB NOT NULL)"
#define SQL_NOTE                                                                                   \
	"CREATE TABLE note(id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, author TEXT NOT NULL, "   \
	"time INTEGER NOT NULL, text TEXT NOT NULL)"
#define SQL_FILE                                                                                   \
	"CREATE TABLE file(id INTEGER PRIMARY KEY, hash BLOB NOT NULL, part INTEGER NOT NULL, "    \
	"codec INTEGER NOT NULL, raw_size INTEGER NOT NULL, bytes BLOB NOT NULL, "                 \
	"UNIQUE(hash, part))"

DEFINE_CLEANUP(sqlite3 *, sqlite3_close)
DEFINE_CLEANUP(sqlite3_stmt *, sqlite3_finalize)

/* What failed last, as the file of the database knows it: what errno was is long gone. */
static int errno_of(sqlite3 *db)
{
	int system = 0;

	switch (db ? sqlite3_errcode(db) & 0xff : SQLITE_NOMEM) {
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_IOERR:
		sqlite3_file_control(db, NULL, SQLITE_FCNTL_LAST_ERRNO, &system);
		return system > 0 ? -system : -EIO;
	default:
		system = sqlite3_system_errno(db);
		return system > 0 ? -system : -EIO;
	}
}

/* ---- writing ---- */

static int execute(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : errno_of(db);
}

/* Before SQLite closes the file: a file system that writes later tells of an error once, and SQLite does not ask close(). */
static int sync_file(sqlite3 *db)
{
	sqlite3_file *file = NULL;

	if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK || !file || !file->pMethods)
		return -EIO;
	if (file->pMethods->xSync(file, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY) == SQLITE_OK)
		return 0;
	int system = 0;

	sqlite3_file_control(db, "main", SQLITE_FCNTL_LAST_ERRNO, &system);
	return system > 0 ? -system : -EIO;
}

static int write_schema(sqlite3 *db)
{
	char pragmas[200];

	snprintf(pragmas, sizeof(pragmas),
		 "PRAGMA application_id = %d; PRAGMA user_version = %d; ", FMT_APPLICATION_ID,
		 FMT_VERSION);
	const int error = execute(db, "PRAGMA page_size = 4096; PRAGMA encoding = 'UTF-8'; "
				      "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; "
				      "PRAGMA locking_mode = EXCLUSIVE; PRAGMA auto_vacuum = NONE; "
				      "BEGIN EXCLUSIVE");

	if (error < 0)
		return error;
	const int pragma_error = execute(db, pragmas);

	if (pragma_error < 0)
		return pragma_error;
	return execute(db, SQL_META ";" SQL_NOTE ";" SQL_CHUNK ";" SQL_PAYLOAD ";" SQL_FILE ";");
}

/* Runs an insertion with its values bound, and makes it ready for the next. */
static int insert(sqlite3 *db, sqlite3_stmt *stmt)
{
	const int code = sqlite3_step(stmt);
	const int error = code == SQLITE_DONE ? 0 : errno_of(db);

	sqlite3_reset(stmt);
	return error;
}

static int insert_note(sqlite3 *db, const struct fmt_note *note)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(db, "INSERT INTO note VALUES(NULL, ?, ?, ?, ?)", -1, &stmt, NULL) != SQLITE_OK)
		return errno_of(db);
	sqlite3_bind_int64(stmt, 1, (sqlite3_int64)note->seq);
	sqlite3_bind_text(stmt, 2, note->author, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 3, (sqlite3_int64)note->time_s);
	sqlite3_bind_text(stmt, 4, note->text, -1, SQLITE_STATIC);
	return insert(db, stmt);
}

static int write_metas(sqlite3 *db, const struct fmt__index *index)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(db, "INSERT INTO meta VALUES(?, ?)", -1, &stmt, NULL) != SQLITE_OK)
		return errno_of(db);
	for (size_t i = 0; i < index->meta_count; i++) {
		const struct fmt__meta *meta = &index->metas[i];

		sqlite3_bind_text(stmt, 1, meta->key, -1, SQLITE_STATIC);
		sqlite3_bind_blob64(stmt, 2, meta->value, meta->size, SQLITE_STATIC);
		const int error = insert(db, stmt);

		if (error < 0)
			return error;
	}
	return 0;
}

static int write_notes(sqlite3 *db, const struct fmt__index *index)
{
	for (size_t i = 0; i < index->note_count; i++) {
		const int error = insert_note(db, &index->notes[i]);

		if (error < 0)
			return error;
	}
	return 0;
}

/* Also when it is empty, which is not the same as NULL. */
static void bind_blob(sqlite3_stmt *stmt, int at, const struct fmt_buf *buf)
{
	sqlite3_bind_blob64(stmt, at, buf->size ? (const void *)buf->data : "", buf->size, SQLITE_STATIC);
}

/* Brings the bytes of a chunk or part from the log. */
static int load(int log_fd, uint64_t location, uint64_t size, struct fmt_buf *buf)
{
	fmt_buf_clear(buf);
	fmt_buf_reserve(buf, size);
	const int error = fmt__read_at(log_fd, location, buf->data, size);

	if (error == 0)
		buf->size = size;
	return error;
}

static void bind_packed(sqlite3_stmt *stmt, int first, const struct fmt__packed *packed)
{
	sqlite3_bind_int64(stmt, first, packed->codec);
	sqlite3_bind_int64(stmt, first + 1, packed->raw_size);
	sqlite3_bind_int64(stmt, first + 2, packed->checksum);
}

static int write_chunk(sqlite3 *db, sqlite3_stmt *stmt, int log_fd, const struct fmt__chunk *chunk, struct fmt_buf *buf)
{
	_cleanup_(fmt_buf_done) struct fmt_buf summary = {0};
	int error = load(log_fd, chunk->columns.location, chunk->columns.stored_size, buf);

	if (error == 0)
		error = load(log_fd, chunk->summary_location, chunk->summary_size, &summary);
	if (error < 0)
		return error;
	sqlite3_bind_int64(stmt, 1, (sqlite3_int64)chunk->first_seq);
	sqlite3_bind_int64(stmt, 2, chunk->count);
	sqlite3_bind_int64(stmt, 3, (sqlite3_int64)chunk->t0);
	sqlite3_bind_int64(stmt, 4, (sqlite3_int64)chunk->t1);
	bind_packed(stmt, 5, &chunk->columns);
	bind_blob(stmt, 8, &summary);
	bind_blob(stmt, 9, buf);
	return insert(db, stmt);
}

static int write_payload(sqlite3 *db, sqlite3_stmt *stmt, int log_fd, const struct fmt__chunk *chunk, struct fmt_buf *buf)
{
	const int error = load(log_fd, chunk->payload.location, chunk->payload.stored_size, buf);

	if (error < 0)
		return error;
	sqlite3_bind_int64(stmt, 1, (sqlite3_int64)chunk->first_seq);
	sqlite3_bind_int64(stmt, 2, (sqlite3_int64)chunk->payload_start);
	bind_packed(stmt, 3, &chunk->payload);
	bind_blob(stmt, 6, buf);
	return insert(db, stmt);
}

/* A chunk, then its payload, so that the beginning of a file that was cut has both. */
static int write_chunks(sqlite3 *db, int log_fd, const struct fmt__index *index, struct fmt_buf *buf)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *chunk = NULL, *payload = NULL;

	if (sqlite3_prepare_v2(db, "INSERT INTO chunk VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)", -1, &chunk, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(db, "INSERT INTO payload VALUES(?, ?, ?, ?, ?, ?)", -1, &payload, NULL) != SQLITE_OK)
		return errno_of(db);
	for (size_t i = 0; i < index->chunk_count; i++) {
		CHECK(!index->chunks[i].tail);
		int error = write_chunk(db, chunk, log_fd, &index->chunks[i], buf);

		if (error == 0)
			error = write_payload(db, payload, log_fd, &index->chunks[i], buf);
		if (error < 0)
			return error;
	}
	return 0;
}

static int write_file(sqlite3 *db, sqlite3_stmt *stmt, int log_fd, const struct fmt__index *index,
		      const struct fmt__file *file, struct fmt_buf *buf)
{
	for (size_t i = 0; i < file->part_count; i++) {
		const struct fmt__part *part = &index->parts[file->first_part + i];
		int error = load(log_fd, part->location, part->stored_size, buf);

		if (error < 0)
			return error;
		sqlite3_bind_blob64(stmt, 1, file->hash, FMT_HASH_SIZE, SQLITE_STATIC);
		sqlite3_bind_int64(stmt, 2, (sqlite3_int64)i);
		sqlite3_bind_int64(stmt, 3, part->codec);
		sqlite3_bind_int64(stmt, 4, part->raw_size);
		bind_blob(stmt, 5, buf);
		error = insert(db, stmt);
		if (error < 0)
			return error;
	}
	return 0;
}

static int write_files(sqlite3 *db, int log_fd, const struct fmt__index *index,
		       struct fmt_buf *buf)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(db, "INSERT INTO file VALUES(NULL, ?, ?, ?, ?, ?)", -1, &stmt,
			       NULL) != SQLITE_OK)
		return errno_of(db);
	for (size_t i = 0; i < index->file_count; i++) {
		const int error = write_file(db, stmt, log_fd, index, &index->files[i], buf);

		if (error < 0)
			return error;
	}
	return 0;
}

int fmt__db_write(const char *path, int log_fd, const struct fmt__index *index)
{
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;
	_cleanup_(fmt_buf_done) struct fmt_buf buf = {0};
	int error;

	if (sqlite3_open_v2(path, &db,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW |
				    SQLITE_OPEN_PRIVATECACHE,
			    NULL) != SQLITE_OK)
		return errno_of(db);
	error = write_schema(db);
	if (error == 0)
		error = write_metas(db, index);
	if (error == 0)
		error = write_notes(db, index);
	if (error == 0)
		error = write_chunks(db, log_fd, index, &buf);
	if (error == 0)
		error = write_files(db, log_fd, index, &buf);
	if (error == 0)
		error = execute(db, "COMMIT");
	return error == 0 ? sync_file(db) : error;
}

/* ---- notes of a trace that is finished ---- */

static int open_to_change(const char *path, sqlite3 **ret)
{
	if (sqlite3_open_v2(path, ret, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_PRIVATECACHE, NULL) != SQLITE_OK)
		return errno_of(*ret);
	fmt__sqlite_restrain(*ret, FMT__SQLITE_NOTE);
	/* It is a copy that nobody else knows; who is defensive cannot do without any journal. */
	const int error = execute(*ret, "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA cell_size_check = ON; "
					"PRAGMA mmap_size = 0");

	fmt__sqlite_authorize(*ret, FMT__SQLITE_NOTE, NULL);
	return error;
}

int fmt__db_add_note(const char *path, const struct fmt_note *note, uint64_t *ret_id)
{
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;
	int error = open_to_change(path, &db);

	if (error == 0)
		error = insert_note(db, note);
	if (error == 0)
		error = sync_file(db);
	if (error == 0)
		*ret_id = (uint64_t)sqlite3_last_insert_rowid(db);
	return error;
}

int fmt__db_remove_note(const char *path, uint64_t id)
{
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *stmt = NULL;
	int error = open_to_change(path, &db);

	if (error < 0)
		return error;
	if (sqlite3_prepare_v2(db, "DELETE FROM note WHERE id = ?", -1, &stmt, NULL) != SQLITE_OK)
		return errno_of(db);
	sqlite3_bind_int64(stmt, 1, (sqlite3_int64)id);
	error = insert(db, stmt);
	return error == 0 ? sync_file(db) : error;
}

/* ---- reading ---- */

struct fmt__db {
	sqlite3 *db;
	bool cut;			/* the end of the file is missing: what can be read of a table is taken */
	sqlite3_stmt *bytes[FMT__DB_TABLES];
};

void fmt__db_close(struct fmt__db *db)
{
	if (!db)
		return;
	for (size_t i = 0; i < FMT__DB_TABLES; i++)
		sqlite3_finalize(db->bytes[i]);
	sqlite3_close(db->db);
	free(db);
}

static int fail_damaged(struct fmt__db *db, const char *what, struct fmt_error *error)
{
	return fmt__fail(error, -EBADMSG,
			 "the trace is damaged: %s (%s); copy or record it again", what,
			 sqlite3_errmsg(db->db));
}

static int prepare(struct fmt__db *db, const char *sql, sqlite3_stmt **ret, struct fmt_error *error)
{
	if (sqlite3_prepare_v3(db->db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL) == SQLITE_OK)
		return 0;
	return fail_damaged(db, "a table is missing", error);
}

static int check_schema(struct fmt__db *db, const char *name, const char *sql,
			struct fmt_error *error)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *stmt = NULL;
	const int failed = prepare(db, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND "
				       "name = ? AND tbl_name = name AND sql = ?", &stmt, error);

	if (failed < 0)
		return failed;
	sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 2, sql, -1, SQLITE_STATIC);
	if (sqlite3_step(stmt) == SQLITE_ROW)
		return 0;
	return fmt__fail(error, -EBADMSG,
			 "the trace is damaged: table %s is missing or not as in format version %d; "
			 "copy or record it again", name, FMT_VERSION);
}

/* An integer column that fits max.  0, -EBADMSG. */
static int column_u64(sqlite3_stmt *stmt, int column, uint64_t max, uint64_t *ret)
{
	if (sqlite3_column_type(stmt, column) != SQLITE_INTEGER)
		return -EBADMSG;
	const sqlite3_int64 value = sqlite3_column_int64(stmt, column);

	if (value < 0 || (uint64_t)value > max)
		return -EBADMSG;
	*ret = (uint64_t)value;
	return 0;
}

static int column_u32(sqlite3_stmt *stmt, int column, uint32_t *ret)
{
	uint64_t value;

	if (column_u64(stmt, column, UINT32_MAX, &value) < 0)
		return -EBADMSG;
	*ret = (uint32_t)value;
	return 0;
}

static int read_meta(sqlite3_stmt *stmt, struct fmt__index *index)
{
	if (sqlite3_column_type(stmt, 0) != SQLITE_TEXT ||
	    sqlite3_column_type(stmt, 1) != SQLITE_BLOB)
		return -EBADMSG;
	const char *key = (const char *)sqlite3_column_text(stmt, 0);
	const int key_size = sqlite3_column_bytes(stmt, 0);

	if (!key || memchr(key, 0, (size_t)key_size))
		return -EBADMSG;
	return fmt__index_add_meta(index, key, (size_t)key_size, sqlite3_column_blob(stmt, 1),
				   (size_t)sqlite3_column_bytes(stmt, 1));
}

/* Three columns from one on, then that with the size; the key of the row is the first. */
static int column_packed(sqlite3_stmt *stmt, int first, struct fmt__packed *ret)
{
	if (column_u64(stmt, 0, INT64_MAX, &ret->location) < 0 || column_u32(stmt, first, &ret->codec) < 0 ||
	    column_u32(stmt, first + 1, &ret->raw_size) < 0 || column_u32(stmt, first + 2, &ret->checksum) < 0)
		return -EBADMSG;
	return column_u64(stmt, first + 3, FMT_STORED_MAX, &ret->stored_size);
}

static int read_chunk(sqlite3_stmt *stmt, struct fmt__index *index)
{
	struct fmt__chunk chunk = {0};

	if (column_u64(stmt, 0, INT64_MAX, &chunk.first_seq) < 0 ||
	    column_u32(stmt, 1, &chunk.count) < 0 ||
	    column_u64(stmt, 2, INT64_MAX, &chunk.t0) < 0 ||
	    column_u64(stmt, 3, INT64_MAX, &chunk.t1) < 0 || column_packed(stmt, 4, &chunk.columns) < 0 ||
	    column_u64(stmt, 8, FMT_SUMMARY_MAX, &chunk.summary_size) < 0 ||
	    column_u64(stmt, 9, INT64_MAX, &chunk.payload_start) < 0 || column_packed(stmt, 10, &chunk.payload) < 0)
		return -EBADMSG;
	chunk.summary_location = chunk.first_seq;
	if (fmt__chunk_complaint(&chunk) || fmt__chunk_complaint_after(index, &chunk))
		return -EBADMSG;
	fmt__index_add_chunk(index, &chunk);
	return 0;
}

static int read_note(sqlite3_stmt *stmt, struct fmt__index *index)
{
	struct fmt_note note = {0};

	if (column_u64(stmt, 0, INT64_MAX, &note.id) < 0 || column_u64(stmt, 1, INT64_MAX, &note.seq) < 0 ||
	    column_u64(stmt, 3, INT64_MAX, &note.time_s) < 0 || sqlite3_column_type(stmt, 2) != SQLITE_TEXT ||
	    sqlite3_column_type(stmt, 4) != SQLITE_TEXT)
		return -EBADMSG;
	note.author = (const char *)sqlite3_column_text(stmt, 2);
	note.text = (const char *)sqlite3_column_text(stmt, 4);
	if (!note.author || !note.text || fmt__note_complaint(&note, fmt__index_events(index)))
		return -EBADMSG;
	return fmt__index_add_note(index, &note);
}

/* Rows are by hash, then part. */
static int read_file_part(sqlite3_stmt *stmt, struct fmt__index *index)
{
	struct fmt__part part = {0};
	uint32_t number;

	if (column_u64(stmt, 0, INT64_MAX, &part.location) < 0 ||
	    sqlite3_column_type(stmt, 1) != SQLITE_BLOB ||
	    sqlite3_column_bytes(stmt, 1) != FMT_HASH_SIZE || column_u32(stmt, 2, &number) < 0 ||
	    column_u32(stmt, 3, &part.codec) < 0 || column_u32(stmt, 4, &part.raw_size) < 0 ||
	    column_u64(stmt, 5, FMT_STORED_MAX, &part.stored_size) < 0)
		return -EBADMSG;
	if (part.codec > FMT_CODEC_ZSTD || part.raw_size > FMT_FILE_PART_MAX)
		return -EBADMSG;
	const void *hash = sqlite3_column_blob(stmt, 1);

	if (number == 0) {
		struct fmt__file file = {.first_part = index->part_count};

		memcpy(file.hash, hash, FMT_HASH_SIZE);
		if (fmt__index_add_file(index, &file) < 0)
			return -EBADMSG;
	}
	if (!index->file_count)
		return -EBADMSG;
	struct fmt__file *file = &index->files[index->file_count - 1];

	if (memcmp(file->hash, hash, FMT_HASH_SIZE) != 0 || number != file->part_count)
		return -EBADMSG;
	file->part_count++;
	file->size += part.raw_size;
	fmt__index_add_part(index, &part);
	return 0;
}

/* Calls row for each row of a query. */
static int read_rows(struct fmt__db *db, const char *sql, struct fmt__index *index,
		     int (*row)(sqlite3_stmt *stmt, struct fmt__index *index), const char *table,
		     struct fmt_error *error)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *stmt = NULL;
	const int failed = prepare(db, sql, &stmt, error);
	unsigned long long count = 0;
	int code;

	if (failed < 0)
		return failed;
	for (; (code = sqlite3_step(stmt)) == SQLITE_ROW; count++)
		if (row(stmt, index) < 0) {
			if (db->cut)
				return 0;
			return fmt__fail(error, -EBADMSG,
					 "the trace is damaged: row %llu of table %s makes no sense; "
					 "copy or record it again", count, table);
		}
	return code == SQLITE_DONE || db->cut ? 0 : fail_damaged(db, table, error);
}

static int read_index(struct fmt__db *db, struct fmt__index *index, struct fmt_error *error)
{
	int failed = check_schema(db, "meta", SQL_META, error);

	if (failed == 0)
		failed = check_schema(db, "chunk", SQL_CHUNK, error);
	if (failed == 0)
		failed = check_schema(db, "payload", SQL_PAYLOAD, error);
	if (failed == 0)
		failed = check_schema(db, "note", SQL_NOTE, error);
	if (failed == 0)
		failed = check_schema(db, "file", SQL_FILE, error);
	if (failed == 0)
		failed = read_rows(db, "SELECT key, value FROM meta ORDER BY key", index, read_meta,
				   "meta", error);
	if (failed == 0)
		failed = read_rows(db,
				   "SELECT c.first_seq, c.count, c.t0, c.t1, c.codec, c.raw_size, c.checksum, "
				   "length(c.bytes), length(c.summary), p.start, p.codec, p.raw_size, p.checksum, "
				   "length(p.bytes) FROM chunk c LEFT JOIN payload p USING(first_seq) ORDER BY c.first_seq",
				   index, read_chunk, "chunk", error);
	if (failed == 0)
		failed = read_rows(db, "SELECT id, seq, author, time, text FROM note ORDER BY seq, id", index, read_note, "note",
				   error);
	if (failed == 0)
		failed = read_rows(db,
				   "SELECT id, hash, part, codec, raw_size, length(bytes) "
				   "FROM file ORDER BY id",
				   index, read_file_part, "file", error);
	return failed;
}

/* A meta of the container that is a decimal number.  0, -EBADMSG. */
static int own_number(const struct fmt__index *index, const char *key, uint64_t *ret)
{
	const struct fmt__meta *meta = fmt__index_meta(index, key);

	if (!meta || meta->size == 0 || meta->size > 19)
		return -EBADMSG;
	uint64_t value = 0;

	for (size_t i = 0; i < meta->size; i++) {
		if (meta->value[i] < '0' || meta->value[i] > '9')
			return -EBADMSG;
		value = value * 10 + (meta->value[i] - '0');
	}
	*ret = value;
	return 0;
}

static int check_own_metas(struct fmt__index *index, bool cut, struct fmt_error *error)
{
	uint64_t events;

	if (own_number(index, "format.compat", &index->compat) < 0 ||
	    own_number(index, "format.incompat", &index->incompat) < 0 ||
	    own_number(index, "format.events", &events) < 0)
		return fmt__fail(error, -EBADMSG, "the trace is damaged: a meta \"format.*\" is missing "
						  "or wrong; copy or record it again");
	if (events != fmt__index_events(index) && !cut)
		return fmt__fail(error, -EBADMSG,
				 "the trace is damaged: it has %llu of its %llu events; "
				 "copy or record it again",
				 (unsigned long long)fmt__index_events(index),
				 (unsigned long long)events);
	return 0;
}

/* A path as a URI: what has a meaning there is escaped. */
static void put_uri(struct fmt_buf *uri, const char *path)
{
	/* What stands between "//" and the next slash is a host; it must be empty. */
	fmt_buf_put(uri, path[0] == '/' ? "file://" : "file:./", 7);
	for (; *path; path++) {
		char escaped[4];

		if (*path == '/') {
			fmt_buf_put(uri, "/", 1);
			continue;
		}
		snprintf(escaped, sizeof(escaped), "%%%02X", (unsigned char)*path);
		fmt_buf_put(uri, escaped, 3);
	}
	fmt_buf_put(uri, "?immutable=1", sizeof("?immutable=1"));
}

static int open_defensive(struct fmt__db *db, const char *path, struct fmt_error *error)
{
	const enum fmt__sqlite_use use = db->cut ? FMT__SQLITE_READ_CUT : FMT__SQLITE_READ;
	_cleanup_(fmt_buf_done) struct fmt_buf uri = {0};

	put_uri(&uri, path);
	if (sqlite3_open_v2((const char *)uri.data, &db->db,
			    SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_PRIVATECACHE,
			    NULL) != SQLITE_OK)
		return fmt__fail(error, errno_of(db->db), "cannot open: %s",
				 sqlite3_errmsg(db->db));
	sqlite3_extended_result_codes(db->db, 1);
	/* Nothing is written in any case: it is opened for reading, and query_only. */
	fmt__sqlite_restrain(db->db, use);
	if (execute(db->db, "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; "
			    "PRAGMA query_only = ON") < 0)
		return fail_damaged(db, "SQLite cannot read it", error);
	fmt__sqlite_authorize(db->db, use, NULL);
	return 0;
}

static const struct {
	const char *name, *sql;
} tables[FMT__DB_TABLES] = {
	[FMT__DB_CHUNK] = {"chunk", "SELECT bytes FROM chunk WHERE first_seq = ?"},
	[FMT__DB_PAYLOAD] = {"payload", "SELECT bytes FROM payload WHERE first_seq = ?"},
	[FMT__DB_FILE] = {"file", "SELECT bytes FROM file WHERE id = ?"},
	[FMT__DB_SUMMARY] = {"chunk", "SELECT summary FROM chunk WHERE first_seq = ?"},
};

int fmt__db_open(const char *path, bool cut, struct fmt__db **ret, struct fmt__index *index,
		 struct fmt_error *error)
{
	_cleanup_(fmt__db_closep) struct fmt__db *db = calloc(1, sizeof(*db));

	CHECK(db);
	db->cut = cut;
	int failed = open_defensive(db, path, error);

	if (failed == 0)
		failed = read_index(db, index, error);
	if (failed == 0)
		failed = check_own_metas(index, cut, error);
	for (size_t i = 0; failed == 0 && i < FMT__DB_TABLES; i++)
		failed = prepare(db, tables[i].sql, &db->bytes[i], error);
	if (failed < 0)
		return failed;
	*ret = STEAL(db);
	return 0;
}

int fmt__db_bytes(struct fmt__db *db, enum fmt__db_table table, uint64_t location, uint64_t size,
		  struct fmt_buf *out, struct fmt_error *error)
{
	sqlite3_stmt *stmt = db->bytes[table];
	int failed = 0;

	fmt_buf_clear(out);
	sqlite3_bind_int64(stmt, 1, (sqlite3_int64)location);
	if (sqlite3_step(stmt) != SQLITE_ROW)
		failed = fail_damaged(db, tables[table].name, error);
	else if (sqlite3_column_type(stmt, 0) != SQLITE_BLOB ||
		 (uint64_t)sqlite3_column_bytes(stmt, 0) != size)
		failed = fmt__fail(error, -EBADMSG, "the trace is damaged: row %llu of table %s is "
						    "not what it was; copy or record it again",
				   (unsigned long long)location,
				   tables[table].name);
	else
		fmt_buf_put(out, sqlite3_column_blob(stmt, 0), size);
	sqlite3_reset(stmt);
	return failed;
}

/* In the order of the table, so that no row is looked for. */
int fmt__db_summaries(struct fmt__db *db, const struct fmt__index *index, struct fmt_buf *ret, struct fmt_error *error)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *stmt = NULL;
	int failed = prepare(db, "SELECT first_seq, summary FROM chunk ORDER BY first_seq", &stmt, error);

	for (size_t i = 0; failed == 0 && i < index->chunk_count; i++) {
		const struct fmt__chunk *chunk = &index->chunks[i];

		if (sqlite3_step(stmt) != SQLITE_ROW || (event_seq)sqlite3_column_int64(stmt, 0) != chunk->first_seq ||
		    sqlite3_column_type(stmt, 1) != SQLITE_BLOB || (uint64_t)sqlite3_column_bytes(stmt, 1) != chunk->summary_size)
			return fail_damaged(db, tables[FMT__DB_SUMMARY].name, error);
		fmt_buf_clear(&ret[i]);
		fmt_buf_put(&ret[i], sqlite3_column_blob(stmt, 1), chunk->summary_size);
	}
	return failed;
}
