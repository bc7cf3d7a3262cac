/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source-collect.h"

#include <dwarf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "module.h"
#include "source-noted.h"
#include "source.h"
#include "sources.h"

#define PATHS_MAX 262144u

/* Paths, each once when they have been sorted. */
struct paths {
	char **list;
	size_t count, capacity;
};

static void paths_done(struct paths *paths)
{
	for (size_t i = 0; i < paths->count; i++)
		free(paths->list[i]);
	free(paths->list);
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_paths(struct paths *paths)
{
	size_t kept = 0;

	if (paths->count)
		qsort(paths->list, paths->count, sizeof(*paths->list), compare_paths);
	for (size_t i = 0; i < paths->count; i++) {
		if (kept && strcmp(paths->list[kept - 1], paths->list[i]) == 0)
			free(paths->list[i]);
		else
			paths->list[kept++] = paths->list[i];
	}
	paths->count = kept;
}

static void add_path(struct paths *paths, const char *file, const char *folder)
{
	const struct rep_place_info place = {.file = file, .folder = folder};
	char path[8192];

	rep_place_path(&place, path, sizeof(path));
	if (paths->count == PATHS_MAX || !path[0])
		return;
	if (paths->count == paths->capacity) {
		paths->capacity = paths->capacity ? 2 * paths->capacity : 256;
		paths->list = reallocarray(paths->list, paths->capacity, sizeof(*paths->list));
		CHECK(paths->list);
	}
	paths->list[paths->count] = strdup(path);
	CHECK(paths->list[paths->count]);
	paths->count++;
}

/* Headers without code are named by a unit, but by none of its lines. */
static void add_unit(struct paths *paths, Dwarf_Die *unit)
{
	Dwarf_Attribute folder;
	Dwarf_Lines *lines;
	size_t count;
	const char *last = NULL;
	const char *called = dwarf_attr(unit, DW_AT_comp_dir, &folder) ? dwarf_formstring(&folder) : NULL;

	if (dwarf_getsrclines(unit, &lines, &count) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		const char *file = dwarf_linesrc(dwarf_onesrcline(lines, i), NULL, NULL);

		/* libdw gives one pointer for one file of a unit; the rest is done by sorting. */
		if (file && file != last)
			add_path(paths, file, called);
		last = file;
	}
}

static bool add_module(struct paths *paths, const struct rep_module *module)
{
	Dwarf_CU *unit = NULL;
	uint8_t type;
	Dwarf_Die die;

	while (module->dwarf && dwarf_get_units(module->dwarf, unit, &unit, NULL, &type, &die, NULL) == 0)
		if (type == DW_UT_compile || type == DW_UT_skeleton)
			add_unit(paths, &die);
	return module->dwarf;
}

static int add_programs(struct paths *paths, struct fmt_reader *reader, struct rep_collected *ret, struct fmt_error *error)
{
	struct fmt_trace_file file;

	for (size_t i = 0; fmt_reader_file_at(reader, i, &file); i++) {
		const int fd = fmt_reader_file(reader, file.hash, error);

		if (fd < 0)
			return fd;
		/* Its own path matters for separate debug files by name only; those with a build-id are found. */
		struct rep_module *module = rep__module_new(fd, "", NULL, 0);

		ret->programs += add_module(paths, module);
		sort_paths(paths);
		rep__module_free(module);
	}
	return 0;
}

static int read_sources(struct rep_source *source, const struct paths *paths, struct fmt_buf *list, struct rep_collected *ret,
			struct fmt_error *error)
{
	_cleanup_(fmt_buf_done) struct fmt_buf text = {0}, found = {0};
	int r = 0;

	fmt_buf_clear(list);
	for (size_t i = 0; i < paths->count && r == 0; i++) {
		if (rep_source_read(source, paths->list[i], &text, &found) < 0) {
			ret->missing++;
			continue;
		}
		r = fmt_sources_add(list, paths->list[i], (struct fmt_bytes){text.data, text.size});
		ret->files++;
	}
	if (r == -E2BIG)
		snprintf(error->text, sizeof(error->text), "the programs' source is more than %u MiB", FMT_SOURCES_MAX >> 20);
	return r;
}

int rep_sources_collect(struct fmt_reader *reader, const char *const *roots, size_t root_count, struct fmt_buf *list,
			struct rep_collected *ret, struct fmt_error *error)
{
	_cleanup_(rep_source_freep) struct rep_source *source = rep_source_new(reader);
	_cleanup_(paths_done) struct paths paths = {0};

	*ret = (struct rep_collected){0};
	for (size_t i = 0; i < root_count; i++)
		rep_source_add_root(source, roots[i]);
	const int r = add_programs(&paths, reader, ret, error);

	return r < 0 ? r : read_sources(source, &paths, list, ret, error);
}

static void take_place(void *paths, const struct rep_place_info *place)
{
	add_path(paths, place->file, place->folder);
}

int rep_sources_collect_noted(struct fmt_reader *reader, const char *path, struct fmt_buf *list, struct rep_collected *ret,
			      struct fmt_error *error)
{
	_cleanup_(rep_source_freep) struct rep_source *source = rep_source_new(reader);
	_cleanup_(paths_done) struct paths paths = {0};

	*ret = (struct rep_collected){0};
	const int r = rep__noted_places(path, take_place, &paths, &ret->notes, error);

	sort_paths(&paths);
	return r < 0 ? r : read_sources(source, &paths, list, ret, error);
}
