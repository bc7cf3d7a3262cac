/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spin-int.h - what the two searches for a loop share: turns that are the same (spin.c), turns that count (spin-count.c). */
#ifndef REC_SPIN_INT_H
#define REC_SPIN_INT_H

#include <capstone.h>

#include "spin.h"

#define INSN_MAX 15
#define RANGE_MAX 256		/* distinct places that one turn may touch */
#define PLACE_SIZE 64		/* the longest operand: a vector register */
#define XSTATE_SIZE 16384
#define RED_ZONE_WORD 8

struct place {
	struct rec_range range;
	uint8_t before[PLACE_SIZE];
};

struct search {
	struct rec_tracee *thread;
	struct rec_stop_info stop;
	struct user_regs_struct regs;		/* now */
	struct user_regs_struct kept;
	uint8_t xstate[XSTATE_SIZE];		/* of the kept state */
	size_t xstate_size;
	struct place places[RANGE_MAX];
	size_t place_count;
	csh handle;
	cs_insn *insn;
};

/* The index in general registers' order (rax, rbx, ... r15) of a register or a part of one, and its size in bytes; -1: it
 * is none of them. */
int rec__spin_register(unsigned reg, unsigned *ret_size);
#define REC__SPIN_REGISTERS 16
uint64_t *rec__spin_register_at(struct user_regs_struct *regs, int index);

/* Decodes the instruction at s->regs.rip into s->insn, and notes all that it touches in s->places, itself included.  False:
 * its doings are not plain, the search is over. */
bool rec__spin_look(struct search *s);
/* The address of a memory operand of s->insn; false for those with strange registers. */
bool rec__spin_address(const struct search *s, const cs_x86_op *op, uint64_t *ret);
/* s->regs, and the state that later ones are compared with.  0 or -errno. */
int rec__spin_get_regs(struct search *s);
int rec__spin_keep(struct search *s);
/* Whether the vector registers are those of the kept state. */
bool rec__spin_same_vectors(const struct search *s);
/* 1: stepped; 0: the thread wants something by itself; -errno. */
int rec__spin_step(struct search *s);

/* Looks for a loop that counts; the thread stands somewhere in it, s->insn and s->handle are ready.  As rec__spin_step(), 2
 * when there is none; *ret is complete but for ranges, bytes and fpregs. */
int rec__spin_count(struct search *s, struct rec_loop *ret);

#endif
