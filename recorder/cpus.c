/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cpus.c - each worker, with the programs that it runs, keeps to one processor; a replay likewise.
 *
 * A worker and its programs take turns: a second processor is of no use to them.  But whenever one wakes the other there are two that
 * could run, and the host moves one of them to a processor that happens to be idle, a thousand times in a run.  Until they are together
 * again each turn is a message between processors, which in a virtual machine is an exit for both.  The thread that encodes the trace
 * doubles that: it wakes up and goes to sleep all the time on what was the idle processor, and the others queue behind it.  With it kept
 * away from them as well, a trace costs a third of what it did, and a run of many short processes takes two thirds of its time
 * (docs/benchmarks.md).
 * Giving the encoder a lower priority does not help: workers are sessions of their own, which hosts that group processes by session
 * (sched_autogroup_enabled) weigh against the encoder's as a whole.  Nor does SCHED_BATCH for the workers.
 *
 * To stay forever would be wrong where two runs have come to the same processor while others are idle: only what is free to move is
 * moved.  So a worker is free for a moment each second, and then stays where it is, unless another worker of this run does.
 *
 * What the programs see of processors is their node's business; nothing in a trace tells where they ran.
 */
#include "cpus.h"

#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <time.h>

#include "base/check.h"
#include "tracee.h"

#define KEEP_NS 1000000000ull
#define FREE_NS 10000000ull	/* a few of the host's ticks, at which it looks around */

#define ANY (-1)

/* Only its worker writes it. */
struct kept {
	_Atomic int cpu;		/* or ANY */
	uint64_t since_ns;
};

struct rec_cpus {
	unsigned int workers;
	cpu_set_t allowed;
	cpu_set_t left;			/* the machine's: what it was told last */
	struct kept kept[];		/* [worker] */
};

static size_t size_of(unsigned int workers)
{
	return sizeof(struct rec_cpus) + workers * sizeof(struct kept);
}

static uint64_t wall_ns(void)
{
	struct timespec now;

	/* A tracer's thread has no rdtsc, which the finer one would need (tracee-tsc.c). */
	CHECK(clock_gettime(CLOCK_MONOTONIC_COARSE, &now) == 0);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

struct rec_cpus *rec_cpus_new(unsigned int workers)
{
	cpu_set_t allowed;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0 || (unsigned int)CPU_COUNT(&allowed) < workers)
		return NULL;
	struct rec_cpus *cpus = mmap(NULL, size_of(workers), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CHECK(cpus != MAP_FAILED);
	cpus->workers = workers;
	cpus->allowed = cpus->left = allowed;
	for (unsigned int i = 0; i < workers; i++)
		cpus->kept[i] = (struct kept){.cpu = ANY, .since_ns = wall_ns()};
	return cpus;
}

void rec_cpus_free(struct rec_cpus *cpus)
{
	if (cpus)
		munmap(cpus, size_of(cpus->workers));
}

static bool is_taken(struct rec_cpus *cpus, unsigned int worker, int cpu)
{
	for (unsigned int i = 0; i < cpus->workers; i++)
		if (i != worker && atomic_load(&cpus->kept[i].cpu) == cpu)
			return true;
	return false;
}

/* Two that do so at once may come to the same one; a second later they choose anew. */
static void settle(struct rec_cpus *cpus, unsigned int worker, struct rec_tracer *tracer)
{
	const int cpu = sched_getcpu();
	cpu_set_t only;

	if (cpu < 0 || cpu >= CPU_SETSIZE || is_taken(cpus, worker, cpu))
		return;
	CPU_ZERO(&only);
	CPU_SET(cpu, &only);
	rec_tracer_allow(tracer, &only);
	atomic_store(&cpus->kept[worker].cpu, cpu);
}

void rec_cpus_let_go(struct rec_cpus *cpus, unsigned int worker, struct rec_tracer *tracer)
{
	if (atomic_load(&cpus->kept[worker].cpu) == ANY)
		return;
	rec_tracer_allow(tracer, &cpus->allowed);
	atomic_store(&cpus->kept[worker].cpu, ANY);
}

void rec_cpus_keep(struct rec_cpus *cpus, unsigned int worker, struct rec_tracer *tracer)
{
	struct kept *kept = &cpus->kept[worker];
	const bool is_free = atomic_load(&kept->cpu) == ANY;
	const uint64_t now = wall_ns();

	if (now - kept->since_ns < (is_free ? FREE_NS : KEEP_NS))
		return;
	kept->since_ns = now;
	(is_free ? settle : rec_cpus_let_go)(cpus, worker, tracer);
}

bool rec_cpus_left(struct rec_cpus *cpus, cpu_set_t *ret)
{
	*ret = cpus->allowed;
	for (unsigned int i = 0; i < cpus->workers; i++) {
		const int cpu = atomic_load(&cpus->kept[i].cpu);

		if (cpu != ANY)
			CPU_CLR(cpu, ret);
	}
	/* Where each has a worker, the encoder takes its turn on any. */
	if (!CPU_COUNT(ret))
		*ret = cpus->allowed;
	const bool changed = !CPU_EQUAL(ret, &cpus->left);

	cpus->left = *ret;
	return changed;
}
