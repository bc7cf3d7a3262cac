/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-tracee.c - native threads under a toy answerer.
 *
 * Most programs here are a few instructions, put into an empty process by hand: what is tested is the layer,
 * not a libc.  The last part runs real dynamic programs of the host from image plan to exit, with
 * an answerer that carries a dozen calls out by itself.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../kernel-glue/host.h"
#include "effect.h"
#include "image.h"
#include "sigframe.h"
#include "tracee-blob.h"
#include "tracee-int.h"

/* ---- calls ------------------------------------------------------------------ */

ASM(calls, "mov $39, %eax\n mov $1, %edi\n mov $2, %esi\n mov $3, %edx\n mov $4, %r10d\n"
	   "mov $5, %r8d\n mov $6, %r9d\n syscall\n"		/* getpid(1, ..., 6) */
	   "mov %rax, %rbx\n"
	   "mov $9, %eax\n mov $0x1234, %edi\n syscall\n"	/* mmap, traced */
	   "mov %rax, %r12\n"
	   "mov $1000, %eax\n syscall\n"			/* no such call */
	   "mov %rax, %r13\n"
	   "mov $-1, %rax\n syscall\n"
	   "mov %rax, %r14\n"
	   "mov $0x40000027, %eax\n syscall\n"			/* getpid of x32 */
	   "mov %rax, %r15\n"
	   "mov $20, %eax\n int $0x80\n"			/* getpid of i386 */
	   "mov %rax, %rbp\n"
	   "mov $60, %eax\n xor %edi, %edi\n syscall\n");

static void test_calls(void)
{
	part("calls");
	struct rec_tracee *const t = LOAD(calls);
	struct rec_stop_info info = run_to(t, SYS_getpid);

	EQUAL(info.trapped, false);
	for (int i = 0; i < 6; i++)
		EQUAL(info.args[i], i + 1);
	rec_tracee_answer(t, 77);
	info = run_to(t, SYS_mmap);
	EQUAL(info.trapped, true);
	EQUAL(info.args[0], 0x1234);
	rec_tracee_answer(t, -ENODEV);
	run_to(t, 1000);
	rec_tracee_answer(t, INT64_MIN);
	info = run_to(t, SYS_exit);
	const struct user_regs_struct regs = regs_of(t);
	EQUAL(regs.rbx, 77);
	EQUAL(regs.r12, -ENODEV);
	EQUAL(regs.r13, INT64_MIN);
	EQUAL(regs.r14, -ENOSYS);
	EQUAL(regs.r15, -ENOSYS);
	EQUAL(regs.rbp, -ENOSYS);
	rec_tracee_kill(t);
}

/* ---- an empty process has nothing of this one ---------------------------------- */

static void test_empty(void)
{
	char path[64], line[512];
	int mappings = 0;

	part("empty");
	struct rec_tracee *const t = LOAD(calls);
	snprintf(path, sizeof(path), "/proc/%d/maps", rec_tracee_native_tid(t));
	FILE *const maps = fopen(path, "re");
	HOLDS(maps != NULL);
	while (maps && fgets(line, sizeof(line), maps)) {
		const uint64_t start = strtoull(line, NULL, 16);

		mappings++;
		HOLDS(start == CODE || start == DATA || start == REC_STUB_ADDR || start == REC_CLOCK_ADDR ||
		      start == REC_VDSO_ADDR || start == 0xffffffffff600000);
	}
	HOLDS(mappings == 5 || mappings == 6);
	if (maps)
		fclose(maps);
	struct user_fpregs_struct fp;
	EQUAL(rec_tracee_get_fpregs(t, &fp), 0);
	EQUAL(fp.cwd, 0x37f);
	EQUAL(fp.mxcsr, 0x1f80);
	for (int i = 0; i < 64; i++)
		EQUAL(fp.xmm_space[i], 0);
	/* hindcast's own pages are out of reach. */
	EQUAL(rec_tracee_map(t, REC_STUB_ADDR, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), -EINVAL);
	EQUAL(rec_tracee_map(t, REC_STUB_ADDR - PAGE, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), -EINVAL);
	EQUAL(rec_tracee_unmap(t, REC_VDSO_ADDR, PAGE), -EINVAL);
	EQUAL(rec_tracee_protect(t, REC_STUB_ADDR, PAGE, 7), -EINVAL);
	EQUAL(rec_tracee_remap(t, DATA, PAGE, REC_STUB_ADDR, PAGE), -EINVAL);
	EQUAL(rec_tracee_unmap(t, DATA, UINT64_MAX - DATA + 1), -EINVAL);
	EQUAL(rec_tracee_write(t, REC_STUB_ADDR, "x", 1), 1);
	EQUAL(rec_tracee_write(t, UINT64_MAX, "xy", 2), 2);
	rec_tracee_kill(t);
}

/* ---- virtual CPU and clock --------------------------------------------------------- */

ASM(cpu, "xor %eax, %eax\n .byte 0x0e, 0xa2\n"		/* patched cpuid: vendor */
	 "mov %ebx, %r12d\n mov %edx, %r13d\n mov %ecx, %r14d\n"
	 "rdtsc\n shl $32, %rdx\n or %rdx, %rax\n mov %rax, %rbx\n"
	 "rdtscp\n mov %ecx, %ebp\n"
	 "mov $39, %eax\n syscall\n");

static void test_cpu(void)
{
	part("cpu");
	struct rec_tracee *const t = LOAD(cpu);
	struct rec_stop_info info = run(t);

	EQUAL(info.kind, REC_STOP_TSC);
	rec_tracee_answer_tsc(t, 0x123456789abcdef0, 9);
	info = run(t);
	EQUAL(info.kind, REC_STOP_TSC);
	rec_tracee_answer_tsc(t, 5, 9);
	run_to(t, SYS_getpid);
	rec_tracee_answer(t, 0);
	const struct user_regs_struct regs = regs_of(t);
	EQUAL(regs.r12, 0x756e6547);
	EQUAL(regs.r13, 0x49656e69);
	EQUAL(regs.r14, 0x6c65746e);
	EQUAL(regs.rbx, 0x123456789abcdef0);
	EQUAL(regs.rbp, 9);
	rec_tracee_kill(t);
}

/* ---- faults and steps ------------------------------------------------------------------ */

ASM(faults, "mov $0x1008, %eax\n mov (%rax), %rbx\n"
	    "nop\n ud2\n"
	    "nop\n int3\n"
	    "nop\n xor %ecx, %ecx\n div %ecx\n");

static void test_faults(void)
{
	part("faults");
	struct rec_tracee *const t = LOAD(faults);
	struct rec_stop_info info = run(t);

	EQUAL(info.kind, REC_STOP_FAULT);
	EQUAL(info.signo, SIGSEGV);
	EQUAL(info.code, SEGV_MAPERR);
	EQUAL(info.addr, 0x1008);
	EQUAL(info.pc, CODE + 5);
	struct user_regs_struct regs = regs_of(t);
	regs.rip += 3;
	rec_tracee_set_regs(t, &regs);
	info = run(t);
	EQUAL(info.signo, SIGILL);
	EQUAL(info.pc, CODE + 9);
	regs.rip = info.pc + 2;
	rec_tracee_set_regs(t, &regs);
	info = run(t);
	EQUAL(info.signo, SIGTRAP);
	info = run(t);		/* int3 is behind it already */
	EQUAL(info.signo, SIGFPE);
	EQUAL(info.code, FPE_INTDIV);
	rec_tracee_kill(t);
}

ASM(steps, "nop\n mov $9, %eax\n syscall\n nop\n .byte 0x0e, 0xa2\n nop\n");

static void test_steps(void)
{
	struct rec_stop_info info;

	part("steps");
	struct rec_tracee *const t = LOAD(steps);
	EQUAL(rec_tracee_step(t, &info), 0);
	EQUAL(info.signo, SIGTRAP);
	EQUAL(info.pc, CODE + 1);
	EQUAL(rec_tracee_step(t, &info), 0);
	EQUAL(info.pc, CODE + 6);
	EQUAL(rec_tracee_step(t, &info), 0);
	EQUAL(info.kind, REC_STOP_SYSCALL);
	EQUAL(info.nr, SYS_mmap);
	rec_tracee_answer(t, 0);
	EQUAL(rec_tracee_step(t, &info), 0);
	EQUAL(info.kind, REC_STOP_FAULT);
	EQUAL(info.pc, CODE + 9);
	EQUAL(rec_tracee_step(t, &info), 0);
	EQUAL(info.signo, SIGTRAP);
	EQUAL(info.pc, CODE + 11);	/* cpuid, and no more */
	rec_tracee_kill(t);
}

ASM(watch, "nop\n movq $1, 0x20000010\n nop\n movl $2, 0x20000008\n nop\n");

static void test_watch(void)
{
	uint64_t hit = 0;

	part("watch");
	struct rec_tracee *const t = LOAD(watch);
	EQUAL(rec_tracee_set_debug(t, 0, DATA + 8), 0);
	EQUAL(rec_tracee_set_debug(t, 7, 1 | 0xd << 16), 0);	/* writes, 4 bytes */
	const struct rec_stop_info info = run(t);
	EQUAL(info.kind, REC_STOP_FAULT);
	EQUAL(info.signo, SIGTRAP);
	EQUAL(info.code, 4);		/* TRAP_HWBKPT */
	EQUAL(info.pc, CODE + 1 + 12 + 1 + 11);
	EQUAL(rec_tracee_get_debug(t, 6, &hit), 0);
	EQUAL(hit & 15, 1);
	rec_tracee_kill(t);
}

/* nop, icebp, nop */
ASM(nameless, "nop\n .byte 0xf1\n nop\n");

static int named(struct rec_tracee *t, bool stepped, uint64_t before, uint64_t pc)
{
	struct rec_stop_info stop = {.kind = REC_STOP_FAULT, .trapped = true, .signo = SIGTRAP, .code = TRAP_BRKPT, .pc = pc};

	rec__name_trap(t, stepped, before, &stop);
	return stop.code;
}

/* A stop of which the processor did not say why gets its name from its place; that of icebp has the right one. */
static void test_nameless_traps(void)
{
	struct rec_stop_info info;
	uint64_t hit = 0;

	part("nameless traps");
	struct rec_tracee *const t = LOAD(nameless);
	EQUAL(rec_tracee_step(t, &info), 0);
	EQUAL(info.code, TRAP_TRACE);
	EQUAL(named(t, true, CODE, CODE + 1), TRAP_TRACE);
	EQUAL(named(t, true, CODE + 1, CODE + 1), TRAP_TRACE);	/* it jumps to itself */
	EQUAL(named(t, false, 0, CODE + 1), TRAP_BRKPT);
	EQUAL(rec_tracee_set_debug(t, 1, CODE + 1), 0);
	EQUAL(rec_tracee_set_debug(t, 7, 1 << 2), 0);
	EQUAL(named(t, true, CODE, CODE + 1), TRAP_TRACE);
	EQUAL(named(t, true, CODE + 1, CODE + 1), TRAP_HWBKPT);
	EQUAL(rec_tracee_get_debug(t, 6, &hit), 0);
	EQUAL(hit & 15, 2);
	EQUAL(named(t, false, 0, CODE + 1), TRAP_HWBKPT);
	EQUAL(named(t, false, 0, CODE + 3), TRAP_BRKPT);
	EQUAL(rec_tracee_set_debug(t, 0, DATA), 0);
	EQUAL(rec_tracee_set_debug(t, 2, DATA + 8), 0);
	EQUAL(rec_tracee_set_debug(t, 7, 1 | 1 << 2 | 1 << 4 | 0xd << 16 | 0xf << 24), 0);
	EQUAL(named(t, false, 0, CODE + 3), TRAP_HWBKPT);	/* one of the two that watch data */
	EQUAL(rec_tracee_get_debug(t, 6, &hit), 0);
	EQUAL(hit & 15, 5);
	EQUAL(named(t, false, 0, CODE + 1), TRAP_HWBKPT);
	EQUAL(rec_tracee_get_debug(t, 6, &hit), 0);
	EQUAL(hit & 15, 2);
	EQUAL(named(t, true, CODE, CODE + 3), TRAP_TRACE);
	EQUAL(named(t, true, CODE + 3, CODE + 3), TRAP_TRACE);
	EQUAL(rec_tracee_set_debug(t, 7, 0), 0);
	info = run(t);
	EQUAL(info.signo, SIGTRAP);
	EQUAL(info.pc, CODE + 2);
	EQUAL(info.code, TRAP_BRKPT);
	EQUAL(named(t, true, CODE + 1, CODE + 2), TRAP_BRKPT);
	rec_tracee_kill(t);
}

ASM(vsyscall, "mov $0xffffffffff600400, %rax\n xor %edi, %edi\n call *%rax\n"
	      "mov %rax, %rbx\n mov $39, %eax\n syscall\n");

/* The page of old static programs does not tell the host's time. */
static void test_vsyscall(void)
{
	part("vsyscall");
	struct rec_tracee *const t = LOAD(vsyscall);
	const struct rec_stop_info info = run(t);
	if (info.kind == REC_STOP_SYSCALL) {
		EQUAL(info.nr, SYS_time);
		rec_tracee_answer(t, 12345);
		run_to(t, SYS_getpid);
		rec_tracee_answer(t, 0);
		EQUAL(regs_of(t).rbx, 12345);
	} else {
		EQUAL(info.signo, SIGSEGV);	/* the host has no such page */
	}
	rec_tracee_kill(t);
}

/* Code that goes to a 32-bit segment calls as i386 and gets nothing. */
ASM(compat, "pushq $0x23\n pushq $0x1000001a\n lretq\n"
	    ".org blob_compat + 0x1a, 0x90\n"
	    ".code32\n mov $20, %eax\n int $0x80\n mov %eax, %ebx\n ud2\n .code64\n");

static void test_compat(void)
{
	part("compat");
	struct rec_tracee *const t = LOAD(compat);
	const struct rec_stop_info info = run(t);
	EQUAL(info.kind, REC_STOP_FAULT);
	EQUAL(info.signo, SIGILL);
	EQUAL((int32_t)regs_of(t).rbx, -ENOSYS);
	rec_tracee_kill(t);
}

/* ---- trap and inject --------------------------------------------------------------------- */

ASM(loop, "1: mov $39, %eax\n syscall\n inc %rbx\n mov %rax, %r12\n jmp 1b\n");

static void test_trap(void)
{
	const uint64_t none[6] = {0};
	struct user_regs_struct regs;
	int error = 0;

	part("trap");
	struct rec_tracee *const t = LOAD(loop);
	for (int i = 0; i < 20; i++) {
		run_to(t, SYS_getpid);
		rec_tracee_answer(t, 1000 + i);
		regs = regs_of(t);
		EQUAL(regs.rbx, i);	/* no instruction since the call */
		EQUAL(regs.rax, 1000 + i);
		EQUAL(regs.rip, CODE + 7);
		EQUAL(rec_tracee_inject(t, SYS_gettid, none, &error), rec_tracee_native_tid(t));
		EQUAL(error, 0);
	}
	/* Injected between question and answer. */
	run_to(t, SYS_getpid);
	EQUAL(rec_tracee_inject(t, SYS_gettid, none, &error), rec_tracee_native_tid(t));
	rec_tracee_answer(t, -EINTR);
	run_to(t, SYS_getpid);
	rec_tracee_answer(t, 0);
	regs = regs_of(t);
	EQUAL(regs.r12, -EINTR);
	EQUAL(regs.rbx, 21);
	rec_tracee_kill(t);
}

static void test_outside_signals(void)
{
	part("signals from outside");
	struct rec_tracee *const t = LOAD(loop);
	for (int i = 0; i < 200; i++) {
		if (i % 3 == 0)
			kill(rec_tracee_native_tid(t), i % 2 ? SIGTERM : SIGSTOP);
		run_to(t, SYS_getpid);
		if (i % 5 == 0)
			kill(rec_tracee_native_tid(t), SIGSEGV);
		rec_tracee_answer(t, i);
		if (i % 7 == 0)
			EQUAL(regs_of(t).rbx, i);
	}
	/* An out-of-memory killer. */
	kill(rec_tracee_native_tid(t), SIGKILL);
	struct rec_stop_info info = run(t);
	EQUAL(info.kind, REC_STOP_EXITED);
	info = run(t);
	EQUAL(info.kind, REC_STOP_EXITED);
	rec_tracee_kill(t);
}

ASM(spin, "1: pause\n jmp 1b\n");

static void *shoot(void *arg)
{
	usleep(20000);
	if (arg)
		kill(*(pid_t *)arg, SIGKILL);
	else
		rec_tracer_interrupt(tracer);
	return NULL;
}

static void test_interrupt(void)
{
	pthread_t thread;

	part("interrupt");
	struct rec_tracee *const t = LOAD(spin);
	pthread_create(&thread, NULL, shoot, NULL);
	struct rec_stop_info info = run(t);
	EQUAL(info.kind, REC_STOP_INTERRUPTED);
	HOLDS(info.pc >= CODE && info.pc < CODE + 4);
	pthread_join(thread, NULL);
	rec_tracer_interrupt(tracer);
	info = run(t);
	EQUAL(info.kind, REC_STOP_INTERRUPTED);
	pid_t pid = rec_tracee_native_tid(t);
	pthread_create(&thread, NULL, shoot, &pid);
	info = run(t);
	EQUAL(info.kind, REC_STOP_EXITED);
	pthread_join(thread, NULL);
	rec_tracee_kill(t);
}

/* ---- births and ends --------------------------------------------------------------------- */

ASM(birth, "mov $56, %eax\n syscall\n"		/* clone */
	   "mov %rax, %rbx\n"
	   "1: mov %rsp, %rdi\n mov $39, %eax\n syscall\n"
	   "movl $7, 0x20000000\n"
	   "jmp 1b\n");

static void test_threads(void)
{
	enum { COUNT = 40 };
	struct rec_tracee *threads[COUNT];
	int word = 0;

	part("threads");
	struct rec_tracee *const t = LOAD(birth);
	run_to(t, SYS_clone);
	for (int i = 0; i < COUNT; i++)
		EQUAL(rec_tracee_clone(t, CLONE_VM | CLONE_THREAD | CLONE_SETTLS, DATA + PAGE + 64 * (uint64_t)i,
				       DATA + 8 * (uint64_t)i, &threads[i]), 0);
	rec_tracee_answer(t, 4242);
	for (int i = 0; i < COUNT; i++) {
		const struct rec_stop_info info = run_to(threads[i], SYS_getpid);

		EQUAL(info.args[0], DATA + PAGE + 64 * (uint64_t)i);
		rec_tracee_answer(threads[i], 0);
		const struct user_regs_struct regs = regs_of(threads[i]);
		EQUAL(regs.rbx, 0);
		EQUAL(regs.fs_base, DATA + 8 * (uint64_t)i);
	}
	run_to(t, SYS_getpid);
	rec_tracee_answer(t, 0);
	EQUAL(regs_of(t).rbx, 4242);
	/* The first thread leaves, the others go on in the same memory. */
	rec_tracee_exit(t);
	for (int i = 1; i < COUNT; i += 2)
		rec_tracee_exit(threads[i]);
	run_to(threads[0], SYS_getpid);
	EQUAL(rec_tracee_read(threads[0], &word, DATA, sizeof(word)), 0);
	EQUAL(word, 7);
	EQUAL(rec_tracee_write(threads[0], CODE, &word, 1), 0);
	rec_tracee_exit(threads[0]);
	/* Death from outside takes all. */
	kill(rec_tracee_native_tid(threads[2]), SIGKILL);
	EQUAL(run(threads[4]).kind, REC_STOP_EXITED);
	EQUAL(run(threads[2]).kind, REC_STOP_EXITED);
	rec_tracee_kill(threads[2]);
}

static void test_forks(void)
{
	struct rec_tracee *child, *vchild;
	int word = 0;

	part("forks");
	struct rec_tracee *const t = LOAD(birth);
	run_to(t, SYS_clone);
	EQUAL(rec_tracee_clone(t, SIGCHLD, 0, 0, &child), 0);
	EQUAL(rec_tracee_clone(t, CLONE_VM | CLONE_VFORK | SIGCHLD, 0, 0, &vchild), 0);
	rec_tracee_answer(t, 5);
	run_to(child, SYS_getpid);
	rec_tracee_answer(child, 0);
	run_to(child, SYS_getpid);
	EQUAL(rec_tracee_read(child, &word, DATA, sizeof(word)), 0);
	EQUAL(word, 7);
	EQUAL(rec_tracee_read(t, &word, DATA, sizeof(word)), 0);
	EQUAL(word, 0);
	run_to(vchild, SYS_getpid);
	rec_tracee_answer(vchild, 0);
	run_to(vchild, SYS_getpid);
	EQUAL(rec_tracee_read(t, &word, DATA, sizeof(word)), 0);
	EQUAL(word, 7);
	rec_tracee_kill(vchild);
	rec_tracee_kill(child);
	run_to(t, SYS_getpid);
	rec_tracee_kill(t);
}

/* ---- the gadget --------------------------------------------------------------------------- */

ASM(gadget, "mov $39, %eax\n movabs $0x7ffff0000000, %rbx\n jmp *%rbx\n");

static void test_gadget(void)
{
	part("gadget");
	struct rec_tracee *const t = LOAD(gadget);
	EQUAL(run(t).kind, REC_STOP_EXITED);
	rec_tracee_kill(t);
}

/* ---- vDSO ------------------------------------------------------------------------------------ */

ASM(vdso, "mov $1, %edi\n mov $0x20000100, %esi\n call *%rbx\n mov %rax, %r12\n"
	  "mov $2, %edi\n mov $0x20000100, %esi\n call *%rbx\n mov $60, %eax\n syscall\n");

static const uint8_t *vdso_table(const uint8_t *image, int64_t tag)
{
	const Elf64_Ehdr *const eh = (const void *)image;
	const Elf64_Phdr *ph = (const void *)(image + eh->e_phoff);

	while (ph->p_type != PT_DYNAMIC)
		ph++;
	for (const Elf64_Dyn *d = (const void *)(image + ph->p_offset); d->d_tag != DT_NULL; d++)
		if (d->d_tag == tag)
			return image + d->d_un.d_ptr;
	return NULL;
}

static uint64_t vdso_symbol(const char *name)
{
	size_t size;
	const uint8_t *const image = rec_vdso_image(&size);
	const Elf64_Sym *const symbols = (const void *)vdso_table(image, DT_SYMTAB);
	const char *const strings = (const char *)vdso_table(image, DT_STRTAB);
	const uint32_t count = ((const uint32_t *)(const void *)vdso_table(image, DT_HASH))[1];

	HOLDS(size > 64 && size <= 2 * PAGE);
	for (uint32_t i = 0; i < count; i++)
		if (strcmp(strings + symbols[i].st_name, name) == 0)
			return REC_VDSO_ADDR + symbols[i].st_value;
	return 0;
}

static void test_vdso(void)
{
	uint64_t time[2];

	part("vdso");
	struct rec_tracee *const t = LOAD(vdso);
	struct user_regs_struct regs = start_regs(CODE);
	*clock_page = (struct rec_clock_page){.base_ns = 5000000007, .reads = 3, .step_ns = 10, .realtime_ns = 1};
	regs.rbx = vdso_symbol("__vdso_clock_gettime");
	HOLDS(regs.rbx != 0);
	rec_tracee_set_regs(t, &regs);
	const struct rec_stop_info info = run_to(t, SYS_clock_gettime);	/* the CPU clock is the kernel's */
	EQUAL(info.args[0], 2);
	EQUAL(rec_tracee_read(t, time, DATA + 0x100, sizeof(time)), 0);
	EQUAL(time[0], 5);
	EQUAL(time[1], 37);
	EQUAL(clock_page->reads, 4);
	rec_tracee_kill(t);
}

/* ---- signal frames ------------------------------------------------------------------------------ */

ASM(handler, "mov $39, %eax\n syscall\n"
	     "movabs $0x1122334455667788, %r13\n movq %r13, %xmm3\n"
	     "mov $39, %eax\n syscall\n"		/* here the signal comes */
	     "mov $39, %eax\n syscall\n"
	     ".balign 64\n"				/* the handler */
	     "xor %r13d, %r13d\n pxor %xmm3, %xmm3\n mov %rdi, %r14\n std\n"
	     "mov $39, %eax\n syscall\n ret\n"
	     ".balign 64\n mov $15, %eax\n syscall\n");	/* the restorer */

static void push_frame(struct rec_tracee *t, const struct kg_signal *sig)
{
	struct user_regs_struct regs = regs_of(t), after;
	struct user_fpregs_struct fp;
	struct fmt_buf effects = {0};

	EQUAL(rec_tracee_get_fpregs(t, &fp), 0);
	EQUAL(rec_sigframe_push(sig, &regs, &fp, /* fault_error= */ 0, &effects, &after), 0);
	EQUAL(rec_effects_apply(t, effects.data, effects.size, NULL, NULL, NULL), 0);
	EQUAL(rec_tracee_set_regs(t, &after), 0);
	EQUAL(after.rsp % 16, 8);
	fmt_buf_done(&effects);
}

static void test_sigframe(void)
{
	const struct kg_signal sig = {
		.signo = SIGUSR1, .handler = CODE + 64, .restorer = CODE + 128, .saved_mask = 0xabc,
		.altstack_sp = DATA, .altstack_size = 2 * PAGE, .flags = SA_ONSTACK | SA_RESTART,
	};
	struct user_regs_struct regs, before;
	struct user_fpregs_struct fp;
	struct rec_sigframe_rest rest;

	part("sigframe");
	struct rec_tracee *const t = LOAD(handler);
	run_to(t, SYS_getpid);
	rec_tracee_answer(t, 0);
	run_to(t, SYS_getpid);
	rec_tracee_answer(t, -EINTR);
	before = regs_of(t);
	push_frame(t, &sig);
	run_to(t, SYS_getpid);		/* the handler's */
	rec_tracee_answer(t, 1);
	regs = regs_of(t);
	EQUAL(regs.r14, SIGUSR1);
	HOLDS(regs.rsp > DATA && regs.rsp < DATA + 2 * PAGE);
	const struct rec_stop_info info = run_to(t, SYS_rt_sigreturn);
	EQUAL(info.trapped, true);
	regs = regs_of(t);
	EQUAL(rec_sigframe_pop(t, &regs, &regs, &fp, &rest), 0);
	EQUAL(rest.mask, 0xabc);
	EQUAL(rest.altstack_sp, DATA);
	EQUAL(rest.altstack_size, 2 * PAGE);
	EQUAL(rec_tracee_set_regs(t, &regs), 0);
	EQUAL(rec_tracee_set_fpregs(t, &fp), 0);
	SAME(&regs, sizeof(regs), &before, sizeof(before));
	EQUAL(fp.xmm_space[12], 0x55667788);
	EQUAL(fp.xmm_space[13], 0x11223344);
	run_to(t, SYS_getpid);
	rec_tracee_answer(t, 0);
	regs = regs_of(t);
	EQUAL(regs.r13, 0x1122334455667788);
	EQUAL(regs.rip, CODE + 36);
	rec_tracee_kill(t);
}

/* ---- effects ------------------------------------------------------------------------------------- */

static int one_fd(void *arg, uint64_t file)
{
	return file == 1 ? *(int *)arg : -ENOENT;
}

static void put(struct fmt_buf *list, struct fmt_effect effect)
{
	fmt_effect_put(list, &effect);
}

static void test_effects(void)
{
	int fd = memfd_create("file", MFD_CLOEXEC);
	struct fmt_buf list = {0};
	struct fmt_effect bad = {0};
	char text[8] = {0};

	part("effects");
	HOLDS(fd >= 0 && write(fd, "content", 7) == 7);
	struct rec_tracee *const t = LOAD(calls);
	put(&list, (struct fmt_effect){.op = FMT_EFFECT_MAP, .addr = DATA + 16 * PAGE, .size = PAGE,
				       .prot = PROT_READ, .flags = MAP_PRIVATE, .file = 1});
	put(&list, (struct fmt_effect){.op = FMT_EFFECT_WRITE, .addr = DATA + 16 * PAGE, .size = 1,
				       .bytes = (const uint8_t *)"C"});
	put(&list, (struct fmt_effect){.op = FMT_EFFECT_FILL, .addr = DATA + 16 * PAGE + 6, .size = 100});
	put(&list, (struct fmt_effect){.op = FMT_EFFECT_TLS, .addr = DATA});
	put(&list, (struct fmt_effect){.op = FMT_EFFECT_READ, .addr = DATA + 16 * PAGE, .size = 6,
				       .crc = fmt_crc32c(0, "Conten", 6)});
	put(&list, (struct fmt_effect){.op = FMT_EFFECT_REMAP, .addr = DATA + 32 * PAGE, .size = 2 * PAGE,
				       .from = DATA + 16 * PAGE, .from_size = PAGE});
	EQUAL(rec_effects_apply(t, list.data, list.size, one_fd, &fd, &bad), 0);
	EQUAL(rec_tracee_read(t, text, DATA + 32 * PAGE, 7), 0);
	STRING(text, "Conten");
	EQUAL(rec_tracee_write_user(t, DATA + 32 * PAGE, "x", 1), 1);	/* it is read-only */
	EQUAL(regs_of(t).fs_base, DATA);
	fmt_buf_clear(&list);
	put(&list, (struct fmt_effect){.op = FMT_EFFECT_CLEAR, .addr = DATA + 32 * PAGE, .size = PAGE});
	put(&list, (struct fmt_effect){.op = FMT_EFFECT_READ, .addr = DATA + 32 * PAGE, .size = 7, .crc = 1});
	EQUAL(rec_effects_apply(t, list.data, list.size, one_fd, &fd, &bad), -EILSEQ);
	EQUAL(bad.op, FMT_EFFECT_READ);
	EQUAL(rec_tracee_read(t, text, DATA + 32 * PAGE, 7), 0);
	STRING(text, "content");
	fmt_buf_done(&list);
	close(fd);
	rec_tracee_kill(t);
}

static uint64_t random_address(void)
{
	static const uint64_t bases[] = {0, CODE, DATA, REC_STACK_TOP, REC_STUB_ADDR, REC_CLOCK_ADDR, REC_VDSO_ADDR,
					 0x7ffffffff000, 0xffffffffff600000, UINT64_MAX - PAGE + 1};
	const uint64_t address = bases[random_below(10)] + PAGE * (random_below(5) - 2);

	return random_below(4) ? address : address + random_below(PAGE);
}

static uint64_t random_size(void)
{
	return random_below(3) ? PAGE * random_below(4) : random_wide() & ~(PAGE - 1);
}

/* A stranger's trace: whatever it lists, hindcast's own pages stay, and so does the tracer. */
static void test_hostile_effects(void)
{
	uint8_t stub[16], now[16];

	part("hostile effects");
	for (int round = 0; round < 20; round++) {
		struct rec_tracee *const t = LOAD(spin);
		struct fmt_buf list = {0};

		random_state = (uint64_t)round;
		EQUAL(rec_tracee_read(t, stub, REC_STUB_ADDR, sizeof(stub)), 0);
		for (int i = 0; i < 100; i++) {
			struct fmt_effect e = {
				.op = 1 + random_below(9), .addr = random_address(), .size = random_size(),
				.from = random_address(), .from_size = random_size(),
				.prot = (uint32_t)random_u64(), .flags = (uint32_t)random_u64(),
				.file = random_below(2), .offset = random_wide(), .bytes = (const uint8_t *)"bytes",
			};

			if (e.op == FMT_EFFECT_WRITE)
				e.size = random_below(6);
			if (e.op == FMT_EFFECT_FILL || e.op == FMT_EFFECT_READ)
				e.size &= 0xffff;
			fmt_buf_clear(&list);
			put(&list, e);
			rec_effects_apply(t, list.data, list.size, NULL, NULL, NULL);
		}
		EQUAL(rec_tracee_read(t, now, REC_STUB_ADDR, sizeof(now)), 0);
		SAME(now, sizeof(now), stub, sizeof(stub));
		EQUAL(rec_tracee_read(t, now, REC_CLOCK_ADDR, sizeof(now)), 0);
		SAME(now, sizeof(now), clock_page, sizeof(now));
		EQUAL(rec_tracee_read(t, now, REC_VDSO_ADDR, 4), 0);
		SAME(now, 4, "\177ELF", 4);
		fmt_buf_done(&list);
		rec_tracee_kill(t);
	}
}

static const char ld_so[] = "/lib64/ld-linux-x86-64.so.2";

/* ---- real programs --------------------------------------------------------------------------------- */

struct toy {
	struct rec_tracee *t;
	uint64_t mmap_top, brk;
	int exit_code;
	bool patch;
	char out[4096];
	size_t out_size;
};

static void patch(void *arg, uint64_t addr)
{
	EQUAL(rec_tracee_write(arg, addr, REC_CPUID_PATCH, 2), 0);
}

static int64_t toy_mmap(struct toy *toy, const uint64_t *args)
{
	const uint64_t size = (args[1] + PAGE - 1) & ~(PAGE - 1);
	uint64_t addr = args[0];

	if (!(args[3] & MAP_FIXED))
		addr = toy->mmap_top -= size;
	const int r = rec_tracee_map(toy->t, addr, size, (int)args[2], (int)args[3], (int)args[4], args[5]);
	if (r < 0)
		return r;
	if (toy->patch && (args[2] & PROT_EXEC)) {
		uint8_t *const code = malloc(size);
		const size_t left = rec_tracee_read(toy->t, code, addr, size);

		rec_cpuid_scan(code, size - left, addr, patch, toy->t);
		free(code);
	}
	return (int64_t)addr;
}

static int64_t toy_brk(struct toy *toy, uint64_t to)
{
	const uint64_t old = (toy->brk + PAGE - 1) & ~(PAGE - 1);
	const uint64_t new = (to + PAGE - 1) & ~(PAGE - 1);

	if (to < toy->brk)
		return (int64_t)toy->brk;
	if (new > old)
		rec_tracee_map(toy->t, old, new - old, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	toy->brk = to;
	return (int64_t)to;
}

static int64_t toy_path(struct toy *toy, const struct rec_stop_info *info)
{
	char path[4096] = {0};
	struct stat st;

	rec_tracee_read(toy->t, path, info->args[1], sizeof(path) - 1);
	if (info->nr == SYS_openat) {
		const int fd = openat((int)info->args[0], path, (int)info->args[2] & O_ACCMODE);
		return fd < 0 ? -errno : fd;
	}
	if (fstatat((int)info->args[0], path, &st, (int)info->args[3]) < 0)
		return -errno;
	return rec_tracee_write_user(toy->t, info->args[2], &st, sizeof(st)) ? -EFAULT : 0;
}

static int64_t toy_read(struct toy *toy, const struct rec_stop_info *info)
{
	char buf[65536];
	const size_t size = info->args[2] < sizeof(buf) ? info->args[2] : sizeof(buf);
	const ssize_t n = info->nr == SYS_pread64 ? pread((int)info->args[0], buf, size, (off_t)info->args[3])
						  : read((int)info->args[0], buf, size);

	if (n < 0)
		return -errno;
	return rec_tracee_write_user(toy->t, info->args[1], buf, (size_t)n) ? -EFAULT : n;
}

static int64_t toy_write(struct toy *toy, uint64_t from, size_t size)
{
	if (size > sizeof(toy->out) - toy->out_size - 1)
		size = sizeof(toy->out) - toy->out_size - 1;
	if (rec_tracee_read(toy->t, toy->out + toy->out_size, from, size))
		return -EFAULT;
	toy->out_size += size;
	return (int64_t)size;
}

static int64_t toy_answer(struct toy *toy, const struct rec_stop_info *info)
{
	const uint64_t *const a = info->args;

	switch (info->nr) {
	case SYS_mmap:
		return toy_mmap(toy, a);
	case SYS_munmap:
		return rec_tracee_unmap(toy->t, a[0], (a[1] + PAGE - 1) & ~(PAGE - 1));
	case SYS_mprotect:
		return rec_tracee_protect(toy->t, a[0], (a[1] + PAGE - 1) & ~(PAGE - 1), (int)a[2]);
	case SYS_brk:
		return toy_brk(toy, a[0]);
	case SYS_arch_prctl:
		return a[0] == 0x1002 ? rec_tracee_set_tls(toy->t, a[1]) : -EINVAL;
	case SYS_openat:
	case SYS_newfstatat:
		return toy_path(toy, info);
	case SYS_read:
	case SYS_pread64:
		return toy_read(toy, info);
	case SYS_write:
		return toy_write(toy, a[1], a[2]);
	case SYS_close:
		return a[0] > 2 && close((int)a[0]) < 0 ? -errno : 0;
	case SYS_set_tid_address:
		return 1;
	case SYS_getrandom:
		return (int64_t)a[1];
	case SYS_set_robust_list:
		return 0;
	default:
		return -ENOSYS;
	}
}

static void toy_run(struct toy *toy)
{
	uint64_t tsc = 1000;

	for (int calls = 0; calls < 100000; calls++) {
		const struct rec_stop_info info = run(toy->t);

		if (info.kind == REC_STOP_TSC) {
			rec_tracee_answer_tsc(toy->t, tsc += 100, 0);
			continue;
		}
		EQUAL(info.kind, REC_STOP_SYSCALL);
		if (info.kind != REC_STOP_SYSCALL) {
			printf("  signal %d code %d addr %#lx pc %#lx\n", info.signo, info.code,
			       (long)info.addr, (long)info.pc);
			toy->exit_code = -1;
			return;
		}
		if (info.nr == SYS_exit_group) {
			toy->exit_code = (int)info.args[0];
			return;
		}
		rec_tracee_answer(toy->t, toy_answer(toy, &info));
	}
}

struct toy_files {
	int program, interp;
};

static int toy_fd(void *arg, uint64_t file)
{
	const struct toy_files *const files = arg;

	return file == 1 ? files->program : file == 2 ? files->interp : -ENOENT;
}

static void run_program(const char *path, const char *interp, const char *strings, size_t size, unsigned argc, struct toy *toy)
{
	static const uint8_t random[16] = {1, 2, 3};
	struct toy_files files = {open(path, O_RDONLY | O_CLOEXEC),
				  interp ? open(interp, O_RDONLY | O_CLOEXEC) : -1};
	struct rec_image_plan plan = {0};
	const struct rec_image_request request = {
		.file_fd = files.program, .interp_fd = files.interp, .file = 1, .interp = 2, .exec_path = path,
		.strings = strings, .strings_size = size, .argc = argc, .envc = 1, .random = random,
	};

	toy->patch = rec_tracer_needs_cpuid_patches(tracer);
	EQUAL(rec_image_plan(&request, toy->patch, &plan), 0);
	EQUAL(rec_tracee_new(tracer, clock_fd, &toy->t), 0);
	EQUAL(rec_effects_apply(toy->t, plan.effects.data, plan.effects.size, toy_fd, &files, NULL), 0);
	EQUAL(rec_tracee_set_regs(toy->t, &plan.regs), 0);
	toy->mmap_top = REC_MMAP_TOP - (16 << 20);
	toy->brk = plan.brk_start;
	toy_run(toy);
	rec_tracee_kill(toy->t);
	rec_image_plan_done(&plan);
	close(files.program);
	if (interp)
		close(files.interp);
}

/* By hand: test-tracee PROGRAM [INTERPRETER], one that needs little of its kernel. */
static int run_by_hand(const char *path, const char *interp)
{
	char strings[4200];
	const int size = snprintf(strings, sizeof(strings), "%s%cA=b", path, 0) + 1;
	struct toy toy = {0};

	run_program(path, interp, strings, (size_t)size, 1, &toy);
	printf("%sexit code %d\n", toy.out, toy.exit_code);
	rec_tracer_free(tracer);
	return toy.exit_code;
}

static void test_programs(void)
{
	static const char true_strings[] = "true\0A=b";
	static const char echo_strings[] = "echo\0hello\0world\0A=b";
	static const char date_strings[] = "date\0-u\0+%s %N\0A=b";
	struct toy toy = {0};

	part("programs");
	run_program("/bin/true", ld_so, true_strings, sizeof(true_strings), 1, &toy);
	EQUAL(toy.exit_code, 0);
	toy = (struct toy){0};
	run_program("/bin/false", ld_so, true_strings, sizeof(true_strings), 1, &toy);
	EQUAL(toy.exit_code, 1);
	toy = (struct toy){0};
	run_program("/bin/echo", ld_so, echo_strings, sizeof(echo_strings), 3, &toy);
	EQUAL(toy.exit_code, 0);
	STRING(toy.out, "hello world\n");
	toy = (struct toy){0};
	*clock_page = (struct rec_clock_page){.base_ns = 1000000009, .step_ns = 5, .realtime_ns = 86400000000000};
	run_program("/bin/date", ld_so, date_strings, sizeof(date_strings), 3, &toy);
	EQUAL(toy.exit_code, 0);
	HOLDS(strncmp(toy.out, "86401 0000000", 13) == 0);	/* by way of the vDSO */
	HOLDS(clock_page->reads > 0);
}

/* ---- ends of tracers ------------------------------------------------------------------------------- */

static int count_children(void)
{
	int children = 0;

	for (pid_t pid; (pid = waitpid(-1, NULL, WNOHANG | __WALL)) >= 0; children++)
		if (pid == 0)
			return children + 1;
	return children;
}

int main(int argc, char **argv)
{
	alarm(100);
	make_clock();
	new_tracer();
	if (argc > 1)
		return run_by_hand(argv[1], argv[2]);
	test_calls();
	test_empty();
	test_cpu();
	test_faults();
	test_steps();
	test_watch();
	test_nameless_traps();
	test_vsyscall();
	test_compat();
	test_trap();
	test_outside_signals();
	test_interrupt();
	test_threads();
	test_forks();
	test_gadget();
	test_vdso();
	test_sigframe();
	test_effects();
	test_hostile_effects();
	test_programs();
	part("the end");
	struct rec_tracee *const left = LOAD(loop);
	run_to(left, SYS_getpid);
	rec_tracer_free(tracer);
	EQUAL(count_children(), 0);
	new_tracer();
	rec_tracer_free(tracer);
	return done();
}
