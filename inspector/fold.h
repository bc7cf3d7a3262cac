/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fold.h - which threads there are at a position, and what each does. */
#ifndef INSP_FOLD_H
#define INSP_FOLD_H

#include "run.h"

enum insp_doing { INSP_DOING_RUNS, INSP_DOING_WAITS, INSP_DOING_ENDED };

struct insp_thread_state {
	uint32_t lane, tid, pid;
	char name[48];
	uint32_t born;			/* event */
	uint32_t last;			/* its last event until the position; INSP_NONE: none */
	enum insp_doing doing;
	uint32_t call;			/* waits: number of the syscall */
	uint32_t code;			/* ended: as wait(2) has it */
	bool changed;			/* does something else than at the event before */
};

/* The threads that have been born, in the order of lane and tid; lane INSP_NONE: of all nodes.  The caller frees. */
struct insp_thread_state *insp_fold(const struct insp_run *run, uint32_t seq, uint32_t lane, uint32_t *ret_count);

#endif
