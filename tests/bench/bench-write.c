/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench-write.c - bench-write TRACE OUT [TIMES]: what it costs to write the events of a trace again.
 *
 * The events are in memory before the clock starts.  Processor time, the least of TIMES (default 5): of the thread that has the
 * events (in a run it also has the experiment to think of), and of the whole process, which the thread that encodes is part of.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "trace.h"

struct load {
	struct fmt_event *events;	/* bodies are in bodies */
	struct fmt_buf bodies;
	event_seq count;
};

struct cost {
	uint64_t caller_ns, process_ns, finish_ns;
};

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	CHECK(clock_gettime(clock, &now) == 0);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int load(const char *path, struct load *ret, struct fmt_error *error)
{
	struct fmt_reader *reader = NULL;
	int failed = fmt_reader_open(path, &reader, error);

	if (failed < 0)
		return failed;
	ret->count = fmt_reader_count(reader);
	ret->events = calloc(ret->count + 1, sizeof(*ret->events));
	CHECK(ret->events);
	for (event_seq seq = 0; failed == 0 && seq < ret->count; seq++) {
		failed = fmt_reader_event(reader, seq, &ret->events[seq], error);
		if (failed == 0)
			fmt_buf_put(&ret->bodies, ret->events[seq].body, ret->events[seq].body_size);
	}
	for (size_t seq = 0, at = 0; failed == 0 && seq < ret->count; at += ret->events[seq++].body_size)
		ret->events[seq].body = ret->bodies.data + at;
	fmt_reader_close(reader);
	return failed;
}

static struct cost write_once(const struct load *load, const char *path)
{
	const uint64_t process = now_ns(CLOCK_PROCESS_CPUTIME_ID), caller = now_ns(CLOCK_THREAD_CPUTIME_ID);
	struct fmt_writer *writer;
	struct cost cost;

	CHECK(fmt_writer_new(path, &writer) == 0);
	for (event_seq seq = 0; seq < load->count; seq++)
		CHECK(fmt_writer_event(writer, &load->events[seq]) == 0);
	cost.caller_ns = now_ns(CLOCK_THREAD_CPUTIME_ID) - caller;
	const uint64_t finish = now_ns(CLOCK_THREAD_CPUTIME_ID);

	CHECK(fmt_writer_finish(writer, NULL) == 0);
	cost.finish_ns = now_ns(CLOCK_THREAD_CPUTIME_ID) - finish;
	cost.process_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID) - process;
	return cost;
}

static void keep_least(struct cost *least, const struct cost *cost)
{
	if (cost->caller_ns < least->caller_ns)
		least->caller_ns = cost->caller_ns;
	if (cost->process_ns < least->process_ns)
		least->process_ns = cost->process_ns;
	if (cost->finish_ns < least->finish_ns)
		least->finish_ns = cost->finish_ns;
}

int main(int argc, char **argv)
{
	struct cost least = {UINT64_MAX, UINT64_MAX, UINT64_MAX};
	struct fmt_error error = {{0}};
	struct load events = {0};

	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: bench-write TRACE OUT [TIMES]\n");
		return 2;
	}
	if (load(argv[1], &events, &error) < 0) {
		fprintf(stderr, "bench-write: %s: %s\n", argv[1], error.text);
		return 1;
	}
	const unsigned long times = argc == 4 ? strtoul(argv[3], NULL, 10) : 5;
	const double count = (double)(events.count ? events.count : 1);

	for (unsigned long i = 0; i < times; i++) {
		const struct cost cost = write_once(&events, argv[2]);

		keep_least(&least, &cost);
	}
	printf("%.0f events, ns each: %.0f in the run's thread, %.0f at its end, %.0f in all\n", (double)events.count,
	       (double)least.caller_ns / count, (double)least.finish_ns / count, (double)least.process_ns / count);
	free(events.events);
	fmt_buf_done(&events.bodies);
	return 0;
}
