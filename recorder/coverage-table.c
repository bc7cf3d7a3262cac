/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * coverage-table.c - how much of each part of the kernel was executed.
 *
 * gcov knows what a counter means; it is asked for JSON.  Of each object only its own .c file is looked at: what headers bring
 * in is in many objects, and who wants to know of that has lcov.
 */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "command.h"
#include "coverage.h"
#include "recording.h"

struct part {			/* how many there are, and how many were executed */
	uint64_t all, run;
};

struct row {
	char *name;		/* owned */
	struct part lines, functions, branches;
};

struct table {
	const char *const *folders;	/* NULL: rows are folders */
	struct row *rows;
	size_t count, capacity;
	char **objects;		/* names of .gcda files, relative to dir/all, NULL terminated; owned */
	size_t object_count, object_capacity;
};

static void table_done(struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->rows[i].name);
	for (size_t i = 0; i < table->object_count; i++)
		free(table->objects[i]);
	free(table->rows);
	free(table->objects);
}

static struct row *row_of(struct table *table, const char *name)
{
	for (size_t i = 0; i < table->count; i++)
		if (strcmp(table->rows[i].name, name) == 0)
			return &table->rows[i];
	if (table->count == table->capacity) {
		table->capacity = table->capacity * 2 + 16;
		table->rows = reallocarray(table->rows, table->capacity, sizeof(*table->rows));
		CHECK(table->rows);
	}
	table->rows[table->count] = (struct row){.name = fmt_text_of("%s", name)};
	return &table->rows[table->count++];
}

/* ---- objects ---- */

/* Whether the object is in one of the folders that are asked for, or below. */
static bool is_wanted(const struct table *table, const char *object)
{
	for (const char *const *folder = table->folders; folder && *folder; folder++) {
		const size_t length = strlen(*folder);

		if (strncmp(object, *folder, length) == 0 && (object[length] == '/' || (length && object[length - 1] == '/')))
			return true;
	}
	return !table->folders;
}

/* argv of gcov begins with its own words, which are not ours to free. */
static void add_object(struct table *table, const char *name)
{
	if (table->object_count == table->object_capacity) {
		table->object_capacity = table->object_capacity * 2 + 64;
		table->objects = reallocarray(table->objects, table->object_capacity, sizeof(*table->objects));
		CHECK(table->objects);
	}
	table->objects[table->object_count++] = fmt_text_of("%s", name);
}

static int find_objects(struct table *table, const char *all)
{
	char *const roots[] = {(char *)all, NULL};
	FTS *const walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_NOSTAT, NULL);
	const size_t skip = strlen(all) + 1;

	if (!walk)
		return -errno;
	for (FTSENT *at; (at = fts_read(walk));) {
		const char *const end = strrchr(at->fts_name, '.');

		if (at->fts_level > 0 && end && strcmp(end, ".gcda") == 0 && is_wanted(table, at->fts_path + skip))
			add_object(table, at->fts_path + skip);
	}
	fts_close(walk);
	return 0;
}

/* ---- what gcov says ---- */

static void count(struct part *part, const json_t *number)
{
	part->all++;
	part->run += json_integer_value(number) > 0;
}

static void count_file(struct row *row, const json_t *file)
{
	const json_t *item, *branch;
	size_t i, b;

	json_array_foreach(json_object_get(file, "functions"), i, item)
		count(&row->functions, json_object_get(item, "execution_count"));
	json_array_foreach(json_object_get(file, "lines"), i, item) {
		count(&row->lines, json_object_get(item, "count"));
		json_array_foreach(json_object_get(item, "branches"), b, branch)
			count(&row->branches, json_object_get(branch, "count"));
	}
}

static void count_object(struct table *table, const json_t *object)
{
	_cleanup_free_ char *data = fmt_text_of("%s", json_string_value(json_object_get(object, "data_file")) ?: "");
	_cleanup_free_ char *stem = rec__without_suffix(data, ".gcda");
	_cleanup_free_ char *source = fmt_text_of("%s.c", stem);
	_cleanup_free_ char *folder = fmt_text_of("%.*s", (int)(strrchr(source, '/') ? strrchr(source, '/') - source : 0), source);
	const json_t *file;
	size_t i;

	json_array_foreach(json_object_get(object, "files"), i, file) {
		const char *const name = json_string_value(json_object_get(file, "file"));

		if (name && strcmp(name, source) == 0)
			count_file(row_of(table, table->folders ? source : folder), file);
	}
}

/* Starts gcov on all objects, in the folder in which it finds notes and sources.  What it writes; NULL: it cannot be started. */
static FILE *start_gcov(const struct table *table, const char *all, pid_t *ret)
{
	static const char *const words[] = {"gcov", "--json-format", "--stdout", "--branch-probabilities"};
	const size_t word_count = sizeof(words) / sizeof(*words);
	_cleanup_free_ const char **argv = calloc(word_count + table->object_count + 1, sizeof(*argv));
	int ends[2];

	CHECK(argv);
	memcpy(argv, words, sizeof(words));
	memcpy(argv + word_count, table->objects, table->object_count * sizeof(*argv));
	if (pipe2(ends, O_CLOEXEC) < 0)
		return NULL;
	*ret = fork();
	if (*ret == 0) {
		if (chdir(all) == 0 && dup2(ends[1], STDOUT_FILENO) >= 0)
			execvp(argv[0], (char **)argv);
		_exit(127);
	}
	close(ends[1]);
	if (*ret > 0)
		return fdopen(ends[0], "re");
	close(ends[0]);
	return NULL;
}

/* One object of JSON after the other. */
static bool read_gcov(struct table *table, FILE *from)
{
	json_error_t error;
	size_t objects = 0;
	json_t *object;

	while ((object = json_loadf(from, JSON_DISABLE_EOF_CHECK, &error))) {
		count_object(table, object);
		json_decref(object);
		objects++;
	}
	return feof(from) && objects == table->object_count;
}

static int ask_gcov(struct table *table, const char *all)
{
	pid_t pid = -1;
	int status = -1;
	FILE *const from = start_gcov(table, all, &pid);
	const bool good = from && read_gcov(table, from);

	if (from)
		fclose(from);
	if (pid > 0)
		waitpid(pid, &status, 0);
	if (good && status == 0)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		fmt_complain("gcov cannot be started; it is in the compiler's package (gcc)");
	else
		fmt_complain("gcov does not understand the files in %s; it has to be of the gcc that built the kernel image", all);
	return -EPROTO;
}

/* ---- the table ---- */

static int compare_rows(const void *a, const void *b)
{
	return strcmp(((const struct row *)a)->name, ((const struct row *)b)->name);
}

static void add_part(struct part *sum, const struct part *more)
{
	sum->all += more->all;
	sum->run += more->run;
}

static void print_part(const struct part *part)
{
	if (part->all)
		printf("  %5.1f %% %6" PRIu64 "/%-6" PRIu64, 100.0 * (double)part->run / (double)part->all, part->run, part->all);
	else
		printf("  %21s", "-      ");
}

static void print_row(const struct row *row, int width)
{
	printf("%-*s", width, row->name);
	print_part(&row->lines);
	print_part(&row->functions);
	print_part(&row->branches);
	putchar('\n');
}

static void print_table(struct table *table)
{
	char all[] = "all of these";
	struct row total = {.name = all};
	int width = (int)strlen(all);

	qsort(table->rows, table->count, sizeof(*table->rows), compare_rows);
	for (size_t i = 0; i < table->count; i++) {
		const int length = (int)strlen(table->rows[i].name);

		width = length > width ? length : width;
		add_part(&total.lines, &table->rows[i].lines);
		add_part(&total.functions, &table->rows[i].functions);
		add_part(&total.branches, &table->rows[i].branches);
	}
	printf("%-*s%12s%25s%23s\n", width, "executed", "lines", "functions", "branches");
	for (size_t i = 0; i < table->count; i++)
		print_row(&table->rows[i], width);
	print_row(&total, width);
}

int rec_coverage_print(const char *dir, const char *const *folders)
{
	_cleanup_free_ char *all = fmt_text_of("%s/all", dir);
	_cleanup_(table_done) struct table table = {.folders = folders && *folders ? folders : NULL};
	struct stat st;
	int error = stat(all, &st) < 0 ? -errno : find_objects(&table, all);

	if (error == 0 && !table.object_count)
		error = -ENOENT;
	if (error < 0) {
		fmt_complain("%s: no counts%s: %s; hindcast record --coverage makes them", dir, table.folders ? " of such a folder" : "",
			     strerror(-error));
		return error;
	}
	error = ask_gcov(&table, all);
	if (error == 0)
		print_table(&table);
	return error;
}
