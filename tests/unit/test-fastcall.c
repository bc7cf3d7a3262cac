/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-fastcall.c - calls that are handed over through memory arrive, are answered, and leave no trace in registers, whichever
 * way they take; and a thread that spins can be stopped, set aside, copied and killed as any other.
 */
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fastcall.h"
#include "unit.h"

/* Within reach of the stub, as libraries are. */
#define CODE 0x7fffd0000000ULL
#define DATA 0x7fffc0000000ULL
#define PAGE 4096ULL
#define CALLS 3000
/* Rounds of CALLS until one was taken, on a machine whose processors have other work. */
#define ROUNDS_MAX 50

static struct rec_tracer *tracer;
static struct rec_clock_page *page;
static int clock_fd;

/* rbx counts down; each turn makes getppid, read and what syscall(3) makes, and adds up what they answer.  Around the first, bytes
 * below the stack pointer are the program's.  The read has free bytes behind a return, as glibc's has. */
__asm__(".pushsection .rodata\n.balign 64\nwork_start:\n"
	".fill 32, 1, 0x90\n"
	"1: mov %rbx, -8(%rsp)\n mov %rbx, -128(%rsp)\n"
	"mov %rbx, %rdi\n mov $2, %esi\n mov $3, %edx\n mov $4, %r10d\n mov $5, %r8d\n mov $6, %r9d\n stc\n"
	"mov $110, %eax\n syscall\n"
	"cmp $-4096, %rax\n ja 2f\n add %rax, %rbp\n add %rcx, %r12\n add %r11, %r13\n"
	"cmp %rbx, -8(%rsp)\n jne 2f\n cmp %rbx, -128(%rsp)\n jne 2f\n"
	"call 3f\n add %rax, %rbp\n"
	"push $7\n mov $39, %eax\n"
	".byte 0x4d, 0x89, 0xc8, 0x4c, 0x8b, 0x4c, 0x24, 0x08\n syscall\n"
	"cmp $-4096, %rax\n pop %rcx\n add %rax, %rbp\n"
	"dec %rbx\n jnz 1b\n"
	"mov $60, %eax\n syscall\n"
	"2: ud2\n"
	".balign 16\n3: mov $1, %edi\n xor %eax, %eax\n syscall\n cmp $-4096, %rax\n ja 2b\n ret\n"
	".byte 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0\n"
	".fill 32, 1, 0x90\n"
	"work_end:\n.popsection");
extern const uint8_t work_start[], work_end[];

static struct rec_tracee *load(bool fast)
{
	const size_t size = (size_t)(work_end - work_start);
	const struct user_regs_struct regs = {.rip = CODE, .rsp = DATA + PAGE - 256, .rbx = CALLS, .eflags = 0x202, .cs = 0x33,
					      .ss = 0x2b};
	struct rec_tracee *t = NULL;

	EQUAL(rec_tracee_new(tracer, clock_fd, &t), 0);
	if (fast)
		rec_tracee_fast(t, page);
	EQUAL(rec_tracee_map(t, CODE, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 0);
	EQUAL(rec_tracee_map(t, DATA, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 0);
	EQUAL(rec_tracee_write(t, CODE, work_start, size), 0);
	EQUAL(rec_fast_patch(t, work_start, size, CODE), 0);
	EQUAL(rec_tracee_set_regs(t, &regs), 0);
	return t;
}

static bool is_patched(struct rec_tracee *t)
{
	uint8_t now[PAGE];
	const size_t size = (size_t)(work_end - work_start);

	EQUAL(rec_tracee_read(t, now, CODE, size), 0);
	return memcmp(now, work_start, size) != 0;
}

/* Runs to the next call, which is the index-th of a turn. */
static struct rec_stop_info next(struct rec_tracee *t, unsigned index, unsigned *taken)
{
	static const uint64_t numbers[] = {SYS_getppid, SYS_read, SYS_getpid};
	struct rec_stop_info info;

	EQUAL(rec_tracee_run(t, &info), 0);
	EQUAL(info.kind, REC_STOP_SYSCALL);
	EQUAL(info.nr, numbers[index]);
	*taken += t->state == REC_TAKEN;
	return info;
}

/* All of it; the registers at the end. */
static struct user_regs_struct work(struct rec_tracee *t, unsigned *taken)
{
	struct user_regs_struct regs = {0};
	struct rec_stop_info info;

	for (uint64_t turn = CALLS; turn > 0; turn--) {
		info = next(t, 0, taken);
		EQUAL(info.args[0], turn);
		EQUAL(info.args[5], 6);
		rec_tracee_answer(t, (int64_t)turn);
		info = next(t, 1, taken);
		EQUAL(info.args[0], 1);
		rec_tracee_answer(t, 3);
		next(t, 2, taken);
		/* Now and then it is stopped in its call, as for a signal. */
		if (turn % 100 == 0)
			EQUAL(rec_tracee_trap(t), 0);
		rec_tracee_answer(t, 5);
	}
	EQUAL(rec_tracee_run(t, &info), 0);
	EQUAL(info.nr, SYS_exit);
	EQUAL(rec_tracee_get_regs(t, &regs), 0);
	return regs;
}

static void expect_same_regs(const struct user_regs_struct *a, const struct user_regs_struct *b)
{
	EQUAL(a->rbp, b->rbp);
	EQUAL(a->r12, b->r12);		/* the sum of what syscall leaves in rcx, and in r11 */
	EQUAL(a->r13, b->r13);
	EQUAL(a->rip, b->rip);
	EQUAL(a->rsp, b->rsp);
	EQUAL(a->rcx, b->rcx);
	EQUAL(a->r11, b->r11);
	EQUAL(a->eflags, b->eflags);
}

static void test_answers(void)
{
	part("answers");
	unsigned none = 0, taken = 0;
	struct rec_tracee *const plain = load(/* fast= */ false);
	const struct user_regs_struct want = work(plain, &none);

	EQUAL(none, 0);
	EQUAL(want.rbp, CALLS * (CALLS + 1ULL) / 2 + 8ULL * CALLS);
	HOLDS(!is_patched(plain));
	rec_tracee_kill(plain);
	for (int i = 0; i < ROUNDS_MAX && !taken; i++) {
		struct rec_tracee *const t = load(/* fast= */ true);

		HOLDS(is_patched(t));
		const struct user_regs_struct got = work(t, &taken);
		expect_same_regs(&got, &want);
		rec_tracee_kill(t);
	}
	if (taken)
		return;
	printf("skipped: no processor was free to take a call in %d\n", ROUNDS_MAX * 3 * CALLS);
	exit(77);
}

/* Two that take turns: one spins, or sleeps, while the other runs. */
static void test_turns(void)
{
	part("turns");
	struct rec_tracee *const a = load(/* fast= */ true), *const b = load(/* fast= */ true);
	unsigned taken = 0;

	for (uint64_t turn = CALLS; turn > CALLS - 300; turn--)
		for (unsigned index = 0; index < 3; index++) {
			next(a, index, &taken);
			next(b, index, &taken);
			rec_tracee_answer(b, 1);
			rec_tracee_answer(a, 1);
		}
	struct rec_tracee *child = NULL;
	next(a, 0, &taken);
	rec_tracee_answer(a, 1);
	EQUAL(rec_tracee_clone(a, 0, 0, 0, &child), 0);
	next(child, 1, &taken);
	next(b, 0, &taken);
	rec_tracee_kill(a);
	rec_tracee_answer(child, 3);
	next(child, 2, &taken);
	rec_tracee_kill(child);
	rec_tracee_kill(b);
}

int main(void)
{
	const char *reason = "";

	alarm(100);
	clock_fd = memfd_create("clock", MFD_CLOEXEC);
	HOLDS(clock_fd >= 0 && ftruncate(clock_fd, (off_t)PAGE) == 0);
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, clock_fd, 0);
	HOLDS(page != MAP_FAILED);
	if (rec_tracer_new(&tracer, &reason) < 0) {
		printf("skipped: %s\n", reason);
		return 77;
	}
	if (rec_tracer_fast(tracer, 0) < 0) {
		printf("skipped: there is one processor\n");
		return 77;
	}
	test_answers();
	test_turns();
	rec_tracer_free(tracer);
	return done();
}
