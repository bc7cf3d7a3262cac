/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tracee-blob.h - programs of a few instructions, put into an empty process by hand.  For one source file a test. */
#ifndef TEST_TRACEE_BLOB_H
#define TEST_TRACEE_BLOB_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tracee.h"
#include "unit.h"

#define CODE 0x10000000ULL
#define DATA 0x20000000ULL
#define PAGE 4096ULL

static struct rec_tracer *tracer;
static struct rec_clock_page *clock_page;
static int clock_fd;

/* Code between two labels of the file-level assembler below. */
#define BLOB(name)                                                                                 \
	extern const uint8_t blob_##name[], blob_##name##_end[];

#define ASM(name, text)                                                                            \
	BLOB(name)                                                                                 \
	__asm__(".pushsection .rodata\n.balign 64\nblob_" #name ":\n" text "\nblob_" #name "_end:\n.popsection")

static struct user_regs_struct start_regs(uint64_t rip)
{
	return (struct user_regs_struct){
		.rip = rip, .rsp = DATA + 8 * PAGE, .eflags = 0x202, .cs = 0x33, .ss = 0x2b};
}

static struct rec_tracee *load(const uint8_t *code, const uint8_t *end)
{
	struct rec_tracee *t = NULL;
	const struct user_regs_struct regs = start_regs(CODE);

	EQUAL(rec_tracee_new(tracer, clock_fd, &t), 0);
	EQUAL(rec_tracee_map(t, CODE, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 0);
	EQUAL(rec_tracee_map(t, DATA, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 0);
	EQUAL(rec_tracee_write(t, CODE, code, (size_t)(end - code)), 0);
	EQUAL(rec_tracee_set_regs(t, &regs), 0);
	return t;
}

#define LOAD(name) load(blob_##name, blob_##name##_end)

static struct rec_stop_info run(struct rec_tracee *t)
{
	struct rec_stop_info info;

	EQUAL(rec_tracee_run(t, &info), 0);
	return info;
}

/* Runs to a call and says whether it is the expected one. */
__attribute__((unused)) static struct rec_stop_info run_to(struct rec_tracee *t, long nr)
{
	const struct rec_stop_info info = run(t);

	EQUAL(info.kind, REC_STOP_SYSCALL);
	EQUAL(info.nr, nr);
	return info;
}

static struct user_regs_struct regs_of(struct rec_tracee *t)
{
	struct user_regs_struct regs = {0};

	EQUAL(rec_tracee_trap(t), 0);
	EQUAL(rec_tracee_get_regs(t, &regs), 0);
	return regs;
}

static void new_tracer(void)
{
	const char *reason = "";
	const int r = rec_tracer_new(&tracer, &reason);

	if (r < 0) {
		printf("skipped: %s (%d)\n", reason, r);
		exit(77);
	}
}

static void make_clock(void)
{
	clock_fd = memfd_create("clock", MFD_CLOEXEC);
	HOLDS(clock_fd >= 0 && ftruncate(clock_fd, (off_t)PAGE) == 0);
	clock_page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, clock_fd, 0);
	HOLDS(clock_page != MAP_FAILED);
}

#endif
