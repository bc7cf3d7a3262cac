/* SPDX-License-Identifier: GPL-2.0-or-later */
/* threads.h - the table of threads: what each does at a position, and since when. */
#ifndef INSP_THREADS_H
#define INSP_THREADS_H

#include "fold.h"
#include "text-table.h"

InspTextTable *insp_threads_new(void);
/* The rows, for the table; threads of two runs have the same key when node and number are the same, and so many had it before. */
GPtrArray *insp_threads_rows(const struct insp_run *run, uint32_t seq, const struct insp_thread_state *states, uint32_t count);
/* The thread of a row. */
struct insp_thread insp_threads_of(InspTextRow *row);

#endif
