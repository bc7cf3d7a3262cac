/* SPDX-License-Identifier: GPL-2.0-or-later */
/* worker.h - the process that runs a share of the nodes. */
#ifndef REC_WORKER_H
#define REC_WORKER_H

#include "cpus.h"
#include "machine.h"
#include "mailbox.h"

/* The first node of a worker.  Workers have as many neighbours in the order of the experiment each: these talk to each other more
 * often than others, and what stays within a worker costs less.  Nothing in a run may depend on it. */
static inline node_id rec_worker_first(unsigned int worker, unsigned int workers, size_t nodes)
{
	return (node_id)((uint64_t)worker * nodes / workers) + 1;
}

/* The worker of a node. */
static inline unsigned int rec_worker_of(node_id id, unsigned int workers, size_t nodes)
{
	return (unsigned int)(((uint64_t)id * workers - 1) / nodes);
}

/* The life of worker index: boots its nodes and does what the messages say, until QUIT or the other side
 * is gone.  cpus: NULL, it keeps to none.  Exit status of the process. */
int rec_worker_main(const struct rec_mailbox *box, const struct rec_experiment *exp,
		    const struct rec_run_options *options, struct rec_cpus *cpus, unsigned int index);

#endif
