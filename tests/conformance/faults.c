/* SPDX-License-Identifier: GPL-2.0-or-later */
/* faults.c - SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP: what handlers are told, how they go on, what happens without one. */
#include "say.h"

#include <fcntl.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <ucontext.h>

static char *page;
static sigjmp_buf back;
static const char *expected;
/* Bit 0 of the error code says whether the processor had an entry for the page, which is the host's affair. */
static long long unknown = 1;

static void on_fault(int signo, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;

	say("%s: code %d, address %s, trap %lld, error %lld", signal_text(signo), info->si_code,
	    info->si_addr == expected ? "right" : "not the one", uc->uc_mcontext.gregs[REG_TRAPNO],
	    uc->uc_mcontext.gregs[REG_ERR] & ~unknown);
	siglongjmp(back, 1);
}

static void handle(int signo, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};

	sigaction(signo, &action, NULL);
}

static void no_page(void)
{
	expected = (char *)0x1234;
	for (int i = 0; i < 3; i++)
		if (sigsetjmp(back, 1) == 0)
			*(volatile char *)expected;
}

static void no_page_write(void)
{
	expected = (char *)0x1235;
	unknown |= 2;	/* write: told where there is a mapping */
	if (sigsetjmp(back, 1) == 0)
		*(volatile char *)0x1235 = 1;
}

static void read_only(void)
{
	expected = page + 5;
	mprotect(page, 4096, PROT_READ);
	for (int i = 0; i < 3; i++)
		if (sigsetjmp(back, 1) == 0)
			page[5] = 1;
	mprotect(page, 4096, PROT_NONE);
	if (sigsetjmp(back, 1) == 0)
		*(volatile char *)(page + 5);
	mprotect(page, 4096, PROT_READ | PROT_WRITE);
}

static void not_executable(void)
{
	expected = page;
	page[0] = (char)0xc3;
	if (sigsetjmp(back, 1) == 0)
		((void (*)(void))(uintptr_t)page)();
}

static void not_canonical(void)
{
	expected = NULL;
	if (sigsetjmp(back, 1) == 0)
		*(volatile char *)0x8000000000001000;
}

static void privileged(void)
{
	expected = NULL;
	if (sigsetjmp(back, 1) == 0)
		__asm__ volatile("hlt");
}

static void divide(void)
{
	__asm__ volatile("xor %%edx, %%edx\n\tmov $1, %%eax\n\tdivl %0" :: "r"(0) : "eax", "edx");
}

static void division(void)
{
	if (sigsetjmp(back, 1) == 0)
		divide();
	say("over");
}

static void illegal(void)
{
	if (sigsetjmp(back, 1) == 0)
		__asm__ volatile("ud2");
}

static void past_the_end(void)
{
	const int fd = open("/tmp/conformance-faults", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, 100) < 0)
		_exit(1);
	char *const map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	if (map == MAP_FAILED)
		_exit(2);
	expected = map + 4097;
	say("byte %d", map[200]);
	if (sigsetjmp(back, 1) == 0)
		*(volatile char *)(map + 4097);
	unlink("/tmp/conformance-faults");
}

static void on_repair(int signo, siginfo_t *info, void *context)
{
	(void)signo;
	(void)info;
	(void)context;
	mprotect(page, 4096, PROT_READ | PROT_WRITE);
}

static void repaired(void)
{
	handle(SIGSEGV, on_repair, 0);
	mprotect(page, 4096, PROT_READ);
	page[7] = 77;
	say("byte %d", page[7]);
}

static void on_skip(int signo, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)info;
	say("%s, rip at the instruction", signal_text(signo));
	uc->uc_mcontext.gregs[REG_RIP] += 2;
	uc->uc_mcontext.gregs[REG_RAX] = 99;
}

static void skipped(void)
{
	long rax = 0;

	handle(SIGILL, on_skip, 0);
	for (int i = 0; i < 3; i++) {
		__asm__ volatile("ud2" : "+a"(rax));
		say("rax %ld", rax);
	}
}

static void on_trap(int signo, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;

	say("%s: code %d, trap %lld", signal_text(signo), info->si_code, uc->uc_mcontext.gregs[REG_TRAPNO]);
}

static void trapped(void)
{
	handle(SIGTRAP, on_trap, 0);
	__asm__ volatile("int3");
	say("goes on after int3");
}

static double on_double(double x)
{
	return x * 1.5;
}

static void on_float(int signo, siginfo_t *info, void *context)
{
	volatile double x = 1e300;

	(void)signo;
	(void)info;
	(void)context;
	for (int i = 0; i < 20; i++)
		x = on_double(x) / 1.1;
	__asm__ volatile("fninit; pxor %%xmm0, %%xmm0; pxor %%xmm7, %%xmm7" ::: "xmm0", "xmm7");
}

static void floating(void)
{
	double kept = 1.25, result;

	handle(SIGUSR1, on_float, 0);
	__asm__ volatile("movsd %1, %%xmm7\n\tsyscall\n\tmovsd %%xmm7, %0"
			 : "=m"(result)
			 : "m"(kept), "a"(SYS_tkill), "D"(gettid()), "S"(SIGUSR1)
			 : "rcx", "r11", "xmm7", "memory");
	say("xmm7 %.3f", result);
}

static char alternate[32768];

static void on_overflow(int signo, siginfo_t *info, void *context)
{
	char here;

	(void)info;
	(void)context;
	say("%s on the %s stack", signal_text(signo),
	    &here >= alternate && &here < alternate + sizeof(alternate) ? "alternate" : "own");
	_exit(5);
}

static int deeper(volatile char *above)
{
	volatile char frame[4096];

	frame[0] = above[0];
	return deeper(frame) + frame[0];
}

static void limit_stack(void)
{
	struct rlimit limit = {1 << 20, 1 << 20};

	setrlimit(RLIMIT_STACK, &limit);
}

static void overflow_handled(void)
{
	char byte = 0;

	limit_stack();
	sigaltstack(&(stack_t){.ss_sp = alternate, .ss_size = sizeof(alternate)}, NULL);
	handle(SIGSEGV, on_overflow, SA_ONSTACK);
	deeper(&byte);
}

static void overflow_without_stack(void)
{
	char byte = 0;

	limit_stack();
	handle(SIGSEGV, on_overflow, 0);
	deeper(&byte);
}

/* No room for a frame: SIGSEGV instead, for which there may be a stack. */
static void no_room(void)
{
	sigaltstack(&(stack_t){.ss_sp = alternate, .ss_size = sizeof(alternate)}, NULL);
	handle(SIGSEGV, on_overflow, SA_ONSTACK);
	handle(SIGUSR1, on_overflow, 0);
	__asm__ volatile("mov $0x1000, %%rsp\n\tsyscall\n\tud2"
			 :: "a"(SYS_tkill), "D"(gettid()), "S"(SIGUSR1) : "memory");
}

static void no_room_at_all(void)
{
	handle(SIGSEGV, on_overflow, 0);
	handle(SIGUSR1, on_overflow, 0);
	__asm__ volatile("mov $0x1000, %%rsp\n\tsyscall\n\tud2"
			 :: "a"(SYS_tkill), "D"(gettid()), "S"(SIGUSR1) : "memory");
}

static void bad_return(void)
{
	handle(SIGSEGV, on_overflow, SA_ONSTACK);
	sigaltstack(&(stack_t){.ss_sp = alternate, .ss_size = sizeof(alternate)}, NULL);
	__asm__ volatile("mov $0x1000, %%rsp\n\tsyscall\n\tud2" :: "a"(SYS_rt_sigreturn) : "memory");
}

static void blocked(void)
{
	sigset_t set;

	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	*(volatile char *)0x10;
}

static void ignored(void)
{
	signal(SIGSEGV, SIG_IGN);
	*(volatile char *)0x10;
}

static void unprepared(void)
{
	*(volatile char *)0x10;
}

static void unprepared_ill(void) { __asm__ volatile("ud2"); }
static void unprepared_trap(void) { __asm__ volatile("int3"); }
static void unprepared_fpe(void) { divide(); }

/* The address of a division and of ud2 is that of the instruction, which only the context can tell. */
static void on_place(int signo, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;

	say("%s: code %d, address %s, trap %lld", signal_text(signo), info->si_code,
	    (uintptr_t)info->si_addr == (uintptr_t)uc->uc_mcontext.gregs[REG_RIP] ? "rip" : "another",
	    uc->uc_mcontext.gregs[REG_TRAPNO]);
	siglongjmp(back, 1);
}

static void sent_and_real(void)
{
	/* The same signal, sent: goes on; and the real one. */
	handle(SIGSEGV, on_trap, 0);
	raise(SIGSEGV);
	kill(getpid(), SIGSEGV);
	say("goes on");
}

static void outside(void)
{
	/* What the kernel is given is an error, no fault. */
	TRY(write(1, (void *)0x1000, 5));
	TRY(read(0, (void *)0x1000, 5) > 0);
	mprotect(page, 4096, PROT_READ);
	int fds[2];

	if (pipe(fds) < 0 || write(fds[1], "abc", 3) != 3)
		_exit(1);
	TRY(read(fds[0], page, 3));
	TRY(pipe((int *)(uintptr_t)page));
	mprotect(page, 4096, PROT_READ | PROT_WRITE);
	TRY(read(fds[0], page, 3));
	TRY(write(fds[1], (void *)0x8000000000001000, 5));
	TRY(nanosleep((void *)8, NULL));
}

int main(void)
{
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	handle(SIGSEGV, on_fault, 0);
	handle(SIGBUS, on_fault, 0);
	handle(SIGFPE, on_place, 0);
	handle(SIGILL, on_place, 0);
	PART(no_page);
	PART(no_page_write);
	PART(read_only);
	PART(not_executable);
	PART(not_canonical);
	PART(privileged);
	PART(division);
	PART(illegal);
	PART(past_the_end);
	PART(repaired);
	PART(skipped);
	PART(trapped);
	PART(floating);
	PART(overflow_handled);
	PART(overflow_without_stack);
	PART(no_room);
	PART(no_room_at_all);
	PART(bad_return);
	PART(sent_and_real);
	PART(outside);
	signal(SIGSEGV, SIG_DFL);
	signal(SIGILL, SIG_DFL);
	signal(SIGFPE, SIG_DFL);
	PART(blocked);
	PART(ignored);
	PART(unprepared);
	PART(unprepared_ill);
	PART(unprepared_trap);
	PART(unprepared_fpe);
	return 0;
}
