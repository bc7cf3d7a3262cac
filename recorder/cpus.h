/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpus.h - which processors of the host the workers of a run, or a replay, keep to. */
#ifndef REC_CPUS_H
#define REC_CPUS_H

#include <sched.h>
#include <stdbool.h>

struct rec_tracer;

/* What a machine and its workers know of it, in memory that they share. */
struct rec_cpus;

/* Before the workers are forked.  NULL: there are more of them than processors. */
struct rec_cpus *rec_cpus_new(unsigned int workers);
void rec_cpus_free(struct rec_cpus *cpus);

/* In the tracer's thread: keeps it and its programs to one processor, but lets the host choose another one now and then.  To be
 * called often, at each window for example; mostly it looks at the clock only. */
void rec_cpus_keep(struct rec_cpus *cpus, unsigned int worker, struct rec_tracer *tracer);

/* The same thread may run anywhere again, and its programs.  Who goes on after the tracer's end calls it before that. */
void rec_cpus_let_go(struct rec_cpus *cpus, unsigned int worker, struct rec_tracer *tracer);

/* In the machine: the processors that are left for what runs beside the workers; where none is, all.  False: the same as when it was
 * last called. */
bool rec_cpus_left(struct rec_cpus *cpus, cpu_set_t *ret);

#endif
