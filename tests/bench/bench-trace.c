/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench-trace.c - bench-trace TRACE [TIMES]: how long it takes to open a trace, and to come to any place of it.
 *
 * Times are of the processor.  Each of TIMES (default 200) places is drawn at random over the whole trace, so hardly any is in a
 * chunk that was decoded before.  The first search of a reader is measured apart, FIRST_TIMES times: each time in a process that has
 * done nothing but open the trace.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "trace.h"

#define TIMES_MAX 10000
#define FIRST_TIMES 20

struct bench {
	struct fmt_reader *reader;
	struct fmt_event sample;	/* an event at a random place, without its body */
	struct fmt_trace_stat stat;
	uint64_t chance;
};

/* Of the processor: the file is in memory, and what else the machine does is not our time. */
static uint64_t now_ns(void)
{
	struct timespec now;

	CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) == 0);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t draw(struct bench *bench, uint64_t below)
{
	bench->chance = bench->chance * 6364136223846793005u + 1442695040888963407u;
	return (bench->chance >> 20) % below;
}

static int look_for(struct bench *bench, const struct fmt_want *want, event_seq from)
{
	struct fmt_event event;

	return fmt_reader_find(bench->reader, want, /* backwards= */ false, &from, &event, NULL);
}

static int by_event(struct bench *bench)
{
	struct fmt_event event;

	return fmt_reader_event(bench->reader, draw(bench, bench->stat.events), &event, NULL) == 0;
}

static int by_time(struct bench *bench)
{
	event_seq seq;

	return fmt_reader_seek(bench->reader, draw(bench, bench->stat.last), &seq, NULL) == 0;
}

static int by_node(struct bench *bench)
{
	return look_for(bench, &(struct fmt_want){.has_node = true, .node = 1 + (node_id)draw(bench, 20)}, draw(bench, bench->stat.events));
}

static int by_process(struct bench *bench)
{
	return look_for(bench, &(struct fmt_want){.has_node = true, .node = 1 + (node_id)draw(bench, 20), .has_tid = true, .tid = 30},
			draw(bench, bench->stat.events));
}

static int by_packet(struct bench *bench)
{
	/* Each node sends about so many of make-trace's packets. */
	const uint64_t count = bench->stat.events / 14 / 20;

	return look_for(bench, &(struct fmt_want){.has_packet = true, .packet = (1 + draw(bench, 20)) << 40 | draw(bench, count)}, 0);
}

static int by_stream(struct bench *bench)
{
	return look_for(bench, &(struct fmt_want){.has_stream = true, .stream = draw(bench, 20)}, draw(bench, bench->stat.events));
}

static int compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void measure(struct bench *bench, const char *name, int (*go)(struct bench *bench), size_t times)
{
	static uint64_t took[TIMES_MAX];
	size_t found = 0;

	for (size_t i = 0; i < times; i++) {
		const uint64_t start = now_ns();

		found += go(bench) > 0;
		took[i] = now_ns() - start;
	}
	qsort(took, times, sizeof(took[0]), compare);
	printf("| %s | %.2f | %.2f | %.2f | %zu of %zu |\n", name, (double)took[times / 2] / 1e6, (double)took[times * 95 / 100] / 1e6,
	       (double)took[times - 1] / 1e6, found, times);
}

/* In a child: opens the trace, and looks for one thing.  0 ns: it was not found. */
static uint64_t first_search(const char *path, int (*go)(struct bench *bench), uint64_t chance)
{
	uint64_t took = 0;
	int status, pipes[2];

	CHECK(pipe(pipes) == 0);
	fflush(NULL);
	const pid_t child = fork();

	CHECK(child >= 0);
	if (!child) {
		struct bench bench = {.chance = chance};

		CHECK(fmt_reader_open(path, &bench.reader, NULL) == 0);
		fmt_reader_stat(bench.reader, &bench.stat);
		const uint64_t start = now_ns();

		if (go(&bench) > 0)
			took = now_ns() - start;
		CHECK(write(pipes[1], &took, sizeof(took)) == sizeof(took));
		_exit(0);
	}
	close(pipes[1]);
	CHECK(read(pipes[0], &took, sizeof(took)) == sizeof(took));
	close(pipes[0]);
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	return took;
}

static void measure_first(const char *path, const char *name, int (*go)(struct bench *bench))
{
	uint64_t took[FIRST_TIMES];
	size_t found = 0;

	for (size_t i = 0; i < FIRST_TIMES; i++) {
		took[i] = first_search(path, go, 77 + i * 1000003);
		found += took[i] > 0;
	}
	qsort(took, FIRST_TIMES, sizeof(took[0]), compare);
	printf("| %s | %.2f | %.2f | %zu of %d |\n", name, (double)took[FIRST_TIMES / 2] / 1e6, (double)took[FIRST_TIMES - 1] / 1e6, found,
	       FIRST_TIMES);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*go)(struct bench *bench);
	} ways[] = {{"event", by_event}, {"time", by_time}, {"node", by_node}, {"process", by_process}, {"packet", by_packet},
		    {"stream", by_stream}};
	struct bench bench = {.chance = 1};
	struct rusage usage;

	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: bench-trace TRACE [TIMES]\n");
		return 2;
	}
	const size_t times = argc == 3 ? strtoull(argv[2], NULL, 10) : 200;

	CHECK(times && times <= TIMES_MAX);
	/* First, while there is no memory that a child would have to copy. */
	printf("| the first search, for a | median ms | most ms | found |\n|---|---|---|---|\n");
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		measure_first(argv[1], ways[i].name, ways[i].go);
	const uint64_t start = now_ns();

	if (fmt_reader_open(argv[1], &bench.reader, NULL) < 0) {
		fprintf(stderr, "bench-trace: %s: cannot be opened\n", argv[1]);
		return 1;
	}
	const double opened = (double)(now_ns() - start) / 1e6;

	fmt_reader_stat(bench.reader, &bench.stat);
	printf("\n%llu events in %llu bytes; opened in %.1f ms\n\n"
	       "| to a | median ms | 95 %% ms | most ms | found |\n|---|---|---|---|---|\n",
	       (unsigned long long)bench.stat.events, (unsigned long long)bench.stat.file_size, opened);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		measure(&bench, ways[i].name, ways[i].go, times);
	getrusage(RUSAGE_SELF, &usage);
	printf("\nmemory: %ld MiB at most\n", usage.ru_maxrss / 1024);
	fmt_reader_close(bench.reader);
	return 0;
}
