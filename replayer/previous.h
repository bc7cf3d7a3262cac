/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * previous.h - from where an instruction may have been reached.
 *
 * Code does not tell which instruction came before; but few can have: the one that ends where this begins, a jump or call whose
 * target it is, the call that has just put its return address on the stack.  Who marks these finds out which it was, without
 * stepping through everything that came before.
 */
#ifndef REP_PREVIOUS_H
#define REP_PREVIOUS_H

#include "timeline.h"

#define REP_PREVIOUS_MAX 48

/* Addresses of instructions that may have come before the one at pc, the likely ones first; some are no instructions at all. rsp: of
 * the thread when it stands at pc. Their number. */
size_t rep__previous_candidates(struct rep_timeline *tl, node_id node, uint32_t pid, uint64_t pc, uint64_t rsp,
				uint64_t ret[REP_PREVIOUS_MAX]);

#endif
