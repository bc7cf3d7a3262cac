/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check-sketch TRACE - the sketch of a long run is like the run, and hardly anything is read for it. */
#include <math.h>
#include <sys/stat.h>

#include "../unit/unit.h"
#include "sketch.h"
#include "view.h"

#define COLUMNS 200

/* What this process has read from files so far. */
static uint64_t bytes_read(void)
{
	unsigned long long bytes = 0;
	FILE *file = fopen("/proc/self/io", "re");

	HOLDS(file && fscanf(file, "rchar: %llu", &bytes) == 1);
	if (file)
		fclose(file);
	return bytes;
}

/* Events of the sketch that are in another column than those of the run: at most a twentieth. */
static void compare_cells(const struct insp_run *run, const struct insp_run *sketch)
{
	struct insp_cell *its = calloc((size_t)run->lane_count * COLUMNS, sizeof(*its));
	struct insp_cell *drawn = calloc((size_t)run->lane_count * COLUMNS, sizeof(*drawn));
	struct insp_view view;
	double wrong = 0, all = 0;

	HOLDS(its && drawn);
	insp_view_init(&view, run, COLUMNS);
	insp_view_cells(&view, COLUMNS, its);
	insp_view_init(&view, sketch, COLUMNS);
	insp_view_cells(&view, COLUMNS, drawn);
	for (uint32_t i = COLUMNS; i < run->lane_count * COLUMNS; i++) {
		wrong += fabs((double)its[i].count - (double)drawn[i].count);
		all += its[i].count;
		HOLDS(its[i].count < 4 * INSP_SKETCH_WEIGHT || drawn[i].count);
	}
	printf("# %.1f %% of the events are drawn elsewhere\n", 50 * wrong / all);
	HOLDS(wrong < 0.1 * all);
	free(its);
	free(drawn);
}

/* What went wrong in a part of the run is marked in that part, or right beside it. */
static void compare_troubles(const struct insp_run *run, const struct insp_run *sketch)
{
	bool marked[COLUMNS + 2] = {false};
	const double extent = (double)insp_last_vtime(run) + 1;

	for (uint32_t i = 0; i < sketch->trouble_count; i++)
		marked[1 + (int)((double)insp_vtime(sketch, sketch->troubles[i]) / extent * COLUMNS)] = true;
	for (uint32_t i = 0; i < run->trouble_count; i++) {
		const int column = 1 + (int)((double)insp_vtime(run, run->troubles[i]) / extent * COLUMNS);

		HOLDS(marked[column - 1] || marked[column] || marked[column + 1]);
	}
}

int main(int argc, char **argv)
{
	struct fmt_error error = {{0}};
	struct insp_run *run = NULL;
	struct stat st;

	if (argc != 2 || stat(argv[1], &st) < 0)
		return 2;
	part("what is read for a sketch");
	const uint64_t before = bytes_read();
	struct insp_sketch *sketch = insp_sketch_load(argv[1]);
	const uint64_t read = bytes_read() - before;

	HOLDS(sketch);
	if (!sketch)
		return done();
	printf("# %llu of %llu bytes\n", (unsigned long long)read, (unsigned long long)st.st_size);
	HOLDS(read < (uint64_t)st.st_size / 10);
	part("what is read for the run");
	EQUAL(insp_run_load(argv[1], NULL, NULL, &run, &error), 0);
	const uint64_t all = bytes_read() - before - read;

	printf("# %llu bytes\n", (unsigned long long)all);
	HOLDS(all < (uint64_t)st.st_size * 5 / 4);
	part("a sketch is like its run");
	EQUAL(sketch->events, run->count);
	EQUAL(sketch->run->lane_count, run->lane_count);
	for (uint32_t lane = 0; lane < run->lane_count; lane++)
		STRING(sketch->run->lanes[lane].name, run->lanes[lane].name);
	EQUAL(insp_last_vtime(sketch->run), insp_last_vtime(run));
	insp_run_check(sketch->run);
	compare_cells(run, sketch->run);
	compare_troubles(run, sketch->run);
	insp_run_free(run);
	insp_sketch_free(sketch);
	return done();
}
