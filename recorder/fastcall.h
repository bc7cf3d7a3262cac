/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fastcall.h - what a thread and its tracer share to hand over a call without the host's kernel: numbers for C and assembly.
 * fastcall.c tells how it works.
 */
#ifndef REC_FASTCALL_H
#define REC_FASTCALL_H

/* In every tracee: the code that its calls jump to, behind it the ways there; and the words, in the node's clock page. */
#define REC_FAST_CODE 0x7ffff0040000
#define REC_FAST_SIZE 0x10000
#define REC_FAST_ADDR 0x7ffff0010400

/* Whose turn it is. */
#define REC_FAST_IDLE     0	/* the program runs, or waits in the host's kernel */
#define REC_FAST_REQUEST  1	/* tracee: here is a call */
#define REC_FAST_TAKEN    2	/* tracer: I have it */
#define REC_FAST_ANSWERED 3	/* tracer: here is the result */
#define REC_FAST_REAL     4	/* tracer: make the system call itself */
#define REC_FAST_SLEEP    5	/* either: the tracee waits on in call REC_FAST_SLEEP_NR, which Linux does not have */
#define REC_FAST_SLEEP_NR 1001

/* Offsets of struct rec_fast. */
#define REC_FAST_TURN      0
#define REC_FAST_LISTENING 64
#define REC_FAST_NR        128
#define REC_FAST_ARGS      136
#define REC_FAST_RET       184
#define REC_FAST_RESULT    192
#define REC_FAST_RSP       200
#define REC_FAST_FLAGS     208
#define REC_FAST_STACK_END 256

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tracee-int.h"

/* One in each clock page, since one thread of a node runs at a time.  A program may scribble over it: that harms no other. */
struct rec_fast {
	uint32_t turn;
	uint32_t own_line[15];
	uint32_t listening;	/* the tracer looks at turn */
	uint32_t its_line[15];
	uint64_t nr, args[6];
	uint64_t ret;		/* address behind the syscall instruction */
	int64_t result;
	uint64_t rsp, flags;	/* the program's, while the stub runs */
	uint64_t stack[5];	/* for flags alone: what is below a program's stack pointer is the program's */
};

_Static_assert(offsetof(struct rec_fast, listening) == REC_FAST_LISTENING, "fastcall.S has it");
_Static_assert(offsetof(struct rec_fast, nr) == REC_FAST_NR, "fastcall.S has it");
_Static_assert(offsetof(struct rec_fast, args) == REC_FAST_ARGS, "fastcall.S has it");
_Static_assert(offsetof(struct rec_fast, ret) == REC_FAST_RET, "fastcall.S has it");
_Static_assert(offsetof(struct rec_fast, result) == REC_FAST_RESULT, "fastcall.S has it");
_Static_assert(offsetof(struct rec_fast, rsp) == REC_FAST_RSP, "fastcall.S has it");
_Static_assert(offsetof(struct rec_fast, flags) == REC_FAST_FLAGS, "fastcall.S has it");
_Static_assert(sizeof(struct rec_fast) == REC_FAST_STACK_END, "fastcall.S has it");

/* tracee.c asks these; all of them are no-ops for processes without the words. */

/* Before a thread runs: whether its tracer will look for its next call here. */
void rec__fast_arm(struct rec_tracee *thread, bool on);
/* Looks for the next call of a thread that was armed, for a few microseconds.  True: it is taken, *ret is filled. */
bool rec__fast_take(struct rec_tracee *thread, struct rec_stop_info *ret);
/* Hands a result to the thread that has been taken.  False: it sleeps. */
bool rec__fast_answer(struct rec_tracee *thread, int64_t result);
/* Sends the thread that has been taken to sleep: its notification is to come. */
void rec__fast_sleep(struct rec_tracee *thread);
/* A process ends: nothing of it may be taken for another's. */
void rec__fast_forget(struct rec_process *process);
bool rec__fast_is_code(uint64_t pc);

#endif
#endif
