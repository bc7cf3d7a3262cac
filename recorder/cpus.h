/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpus.h - which processors of the host the workers of a run keep to. */
#ifndef REC_CPUS_H
#define REC_CPUS_H

#include <sched.h>
#include <stdbool.h>

struct rec_tracer;

/* What a machine and its workers know of it, in memory that they share. */
struct rec_cpus;

/* Before the workers are forked.  NULL: there are too few processors for anybody to keep to one. */
struct rec_cpus *rec_cpus_new(unsigned int workers);
void rec_cpus_free(struct rec_cpus *cpus);

/* In a worker, which has no other thread: keeps it and the programs of its tracer to one processor, but lets the host choose another
 * one now and then.  To be called at each window; mostly it looks at the clock only. */
void rec_cpus_keep(struct rec_cpus *cpus, unsigned int worker, struct rec_tracer *tracer);

/* In the machine: the processors that are left for what runs beside the workers.  False: the same as when it was last called. */
bool rec_cpus_left(struct rec_cpus *cpus, cpu_set_t *ret);

#endif
