/* SPDX-License-Identifier: GPL-2.0-or-later */
/* worker.h - the process that runs a share of the nodes. */
#ifndef REC_WORKER_H
#define REC_WORKER_H

#include "machine.h"

/* Node id belongs to this worker.  Nothing in a run may depend on it. */
static inline unsigned int rec_worker_of(node_id id, unsigned int workers)
{
	return (id - 1) % workers;
}

/* The life of worker index: boots its nodes and does what the messages on socket say, until QUIT or the other side
 * is gone.  Exit status of the process. */
int rec_worker_main(int socket, const struct rec_experiment *exp,
		    const struct rec_run_options *options, unsigned int index);

#endif
