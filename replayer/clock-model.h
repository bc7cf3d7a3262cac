/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock-model.h - what a trace says about time and the processor, as far as programs can see them. */
#ifndef REP_CLOCK_MODEL_H
#define REP_CLOCK_MODEL_H

#include "report.h"
#include "trace.h"

struct rep_model {
	uint64_t clock_cost_ns;		/* of one reading of the clock */
	uint64_t realtime_ns;		/* wall clock at virtual time 0 */
};

/* Reads it from the metas "cpu" and "model".  TRACE_ERROR or HOST_CANNOT with *ret_reason, static text. */
enum rep_outcome rep__model_load(struct fmt_reader *reader, struct rep_model *ret,
				 const char **ret_reason);
/* "syscall=1000ns clock=20ns realtime=946684800000000000ns": keys that are not known are left alone. 0, -EBADMSG. */
int rep__model_parse(const char *text, size_t size, struct rep_model *ret);
/* How long a slice with so many readings took; a program can write any number there. */
uint64_t rep__model_ran(const struct rep_model *model, uint64_t reads);
/* Node time at which the slice began that an event ended. */
vtime_ns rep__event_start(const struct fmt_event *event);

#endif
