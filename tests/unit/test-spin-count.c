/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-spin-count.c - loops that count while they wait: which are found, and which state stands for all of them. */
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>

#include "spin.h"
#include "tracee-blob.h"

#define FLAG "0x20000000"
#define WORD "0x20000100"
#define LONG_WORD "0x20000108"

static void *interrupt_late(void *arg)
{
	usleep((useconds_t)(intptr_t)arg);
	rec_tracer_interrupt(tracer);
	return NULL;
}

/* Lets a program run for so long, and looks for its loop. */
static enum rec_spin find(struct rec_tracee *t, unsigned us, struct rec_loop *ret)
{
	struct rec_stop_info stop;
	pthread_t thread;

	pthread_create(&thread, NULL, interrupt_late, (void *)(intptr_t)us);
	EQUAL(run(t).kind, REC_STOP_INTERRUPTED);
	pthread_join(thread, NULL);
	const int r = rec_spin_find(t, 1024, ret, &stop);

	HOLDS(r >= 0);
	return (enum rec_spin)r;
}

static uint64_t word_of(struct rec_tracee *t, uint64_t addr, size_t size)
{
	uint64_t word = 0;

	EQUAL(rec_tracee_read(t, &word, addr, size), 0);
	return word;
}

/* The state that a loop is set to, after two different times: the same, whatever lies between. */
static struct user_regs_struct settled(struct rec_tracee *(*start)(void), struct rec_tracee **ret_thread)
{
	struct user_regs_struct first = {0}, again;

	for (unsigned i = 0; i < 2; i++) {
		struct rec_tracee *const t = start();
		struct rec_loop loop;

		EQUAL(find(t, 3000 + 9000 * i, &loop), REC_SPIN_LOOP);
		HOLDS(loop.counts);
		EQUAL(rec_loop_settle(&loop, t), 0);
		EQUAL(rec_tracee_get_regs(t, &again), 0);
		HOLDS(rec_loop_holds(&loop, t));
		rec_loop_done(&loop);
		if (i == 0) {
			first = again;
			rec_tracee_kill(t);
		} else {
			*ret_thread = t;
		}
	}
	again.orig_rax = first.orig_rax;
	again.eflags = first.eflags;
	HOLDS(memcmp(&first, &again, sizeof(first)) == 0);
	return again;
}

#define LOOP(name, text)	\
	ASM(name, text);	\
	static struct rec_tracee *start_##name(void) { return LOAD(name); }

/* By one from 1000, in a register. */
LOOP(by_one, "mov $1000, %eax\n 1: inc %rax\n cmpl $0, " FLAG "\n je 1b\n")
/* Of 32 bits: by 6 from 5, and a copy of it that is 2 ahead; a count of 64 bits takes longer to come round. */
LOOP(several, "mov $5, %ecx\n mov $100, %esi\n"
	      "1: lea 2(%rcx), %edx\n add $6, %ecx\n sub $3, %rsi\n cmpl $0, " FLAG "\n je 1b\n")
/* In memory, by way of a register, and with a lock. */
LOOP(in_memory, "movl $77, " WORD "\n movq $1, " LONG_WORD "\n"
		"1: mov " WORD ", %eax\n add $4, %eax\n mov %eax, " WORD "\n lock addq $5, " LONG_WORD "\n"
		"mov " FLAG ", %eax\n test %eax, %eax\n je 1b\n")
/* In a function, whose return address lies on the stack. */
LOOP(called, "jmp 1f\n 2: dec %rbx\n ret\n 1: call 2b\n cmpl $0, " FLAG "\n je 1b\n")

static void test_found(void)
{
	struct rec_tracee *t;

	part("a register");
	EQUAL(settled(start_by_one, &t).rax, 0);
	rec_tracee_kill(t);
	part("several registers");
	struct user_regs_struct regs = settled(start_several, &t);
	EQUAL(regs.rsi, 0);
	/* 100 - 3n = 0 modulo 2^64 for this n; the others have made as many turns. */
	const uint64_t turns = 100 * 0xaaaaaaaaaaaaaaabull;
	EQUAL(regs.rcx, (uint32_t)(5 + 6 * turns));
	rec_tracee_kill(t);
	part("memory");
	settled(start_in_memory, &t);
	EQUAL(word_of(t, 0x20000108, 8), 0);
	EQUAL(word_of(t, 0x20000100, 4) % 4, 1);
	rec_tracee_kill(t);
	part("a call");
	EQUAL(settled(start_called, &t).rbx, 0);
	rec_tracee_kill(t);
}

/* Ends after 2^40 turns: the counter decides. */
LOOP(bounded, "mov $1, %rcx\n shl $40, %rcx\n 1: dec %rcx\n je 2f\n cmpl $0, " FLAG "\n je 1b\n 2: ud2\n")
/* Looks at another place in each turn. */
LOOP(walks, "xor %eax, %eax\n 1: add $4, %eax\n mov %eax, %ebx\n and $0xffc, %ebx\n cmpl $0, " FLAG "(%rbx)\n je 1b\n")
/* Computes. */
LOOP(hashes, "mov $1, %eax\n 1: imul $31, %rax, %rax\n inc %rax\n cmpl $0, " FLAG "\n je 1b\n")
/* Takes every second turn another way. */
LOOP(alternates, "1: inc %eax\n test $1, %al\n je 2f\n nop\n 2: cmpl $0, " FLAG "\n je 1b\n")

static void test_not_found(void)
{
	struct rec_tracee *(*const starts[])(void) = { start_bounded, start_walks, start_hashes, start_alternates };

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		part("not such a loop");
		struct rec_tracee *const t = starts[i]();
		struct rec_loop loop;

		EQUAL(find(t, 3000, &loop), REC_SPIN_NONE);
		rec_tracee_kill(t);
	}
}

/* Set to its state it goes on, and ends when the flag is set. */
static void test_goes_on(void)
{
	const uint32_t one = 1;
	struct rec_tracee *t;

	part("goes on");
	settled(start_by_one, &t);
	EQUAL(rec_tracee_write(t, 0x20000000, &one, sizeof(one)), 0);
	EQUAL(run(t).kind, REC_STOP_FAULT);	/* behind its end there is nothing */
	HOLDS(regs_of(t).rax <= 1);
	rec_tracee_kill(t);
}

int main(void)
{
	alarm(60);
	make_clock();
	new_tracer();
	test_found();
	test_not_found();
	test_goes_on();
	rec_tracer_free(tracer);
	return done();
}
