/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fault.h - what happens to a host or a process at a time, as the experiment says. */
#ifndef REC_FAULT_H
#define REC_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "disk.h"
#include "event.h"
#include "inject.h"

enum rec_fault {
#define FAULT(symbol, key, targets, scope) REC_FAULT_##symbol,
#include "faults.def"
#undef FAULT
};

#define REC_WHOLE_NODE SIZE_MAX

struct rec_exp_fault {
	vtime_ns at;
	enum rec_fault kind;
	uint32_t line;			/* of the experiment file, from 1; 0: it comes from an override */
	size_t process;			/* number on its node; REC_WHOLE_NODE */
	bool wiped;			/* restart: without anything that the node had written */
	bool torn;			/* power_loss: of what was being written, some sectors stay */
	int signo;			/* signal */
	int64_t step_ns;		/* clock: how far it jumps */
	bool drifts;			/* clock: drift_ppb was given */
	int64_t drift_ppb;
	const struct rec_disk_fault *disk;	/* disk; NULL: it is as it should be */
	const struct rec_inject_rule *rules;	/* inject; the experiment's */
	size_t rule_count;			/* 0: what was in force is over */
	uint64_t nth;			/* allocation: which one from then on fails, from 1 */
};

/* "timeline, line 12": where the experiment says so; line 0: in an override. */
void rec_timeline_cause(uint32_t line, char *text, size_t size);
void rec_fault_cause(const struct rec_exp_fault *fault, char *text, size_t size);
/* Its word in the experiment. */
const char *rec_fault_key(enum rec_fault kind);

#endif
