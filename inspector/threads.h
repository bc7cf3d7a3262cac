/* SPDX-License-Identifier: GPL-2.0-or-later */
/* threads.h - the table of threads: what each does at a position, and since when. */
#ifndef INSP_THREADS_H
#define INSP_THREADS_H

#include "fold.h"
#include "text-table.h"

InspTextTable *insp_threads_new(void);
void insp_threads_set(InspTextTable *table, const struct insp_run *run, uint32_t seq,
		      const struct insp_thread_state *states, uint32_t count);
/* The thread of a row. */
struct insp_thread insp_threads_of(InspTextRow *row);

#endif
