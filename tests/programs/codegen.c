/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * codegen.c - writes code with cpuid at run time, in all the ways that compilers do, and says whether it answers as the cpuid does
 * that stands in the program's file.
 */
#include <cpuid.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096
#define RWX (PROT_READ | PROT_WRITE | PROT_EXEC)

typedef void cpuid_fn(uint32_t leaf, uint32_t subleaf, uint32_t ret[4]);
typedef uint32_t number_fn(void);

static const uint8_t cpuid_code[] = {
	0x53,				/* push %rbx */
	0x89, 0xf8, 0x89, 0xf1,		/* mov %edi, %eax; mov %esi, %ecx */
	0x49, 0x89, 0xd0,		/* mov %rdx, %r8 */
	0x0f, 0xa2,
	0x41, 0x89, 0x00,		/* mov %eax, (%r8) */
	0x41, 0x89, 0x58, 0x04,		/* mov %ebx, 4(%r8) */
	0x41, 0x89, 0x48, 0x08, 0x41, 0x89, 0x50, 0x0c,
	0x5b, 0xc3,
};
#define CPUID_AT 8	/* where cpuid is in it */

/* mov $0xa20f, %eax; ret: a number that looks like cpuid */
static const uint8_t number_code[] = {0xb8, 0x0f, 0xa2, 0x00, 0x00, 0xc3};

static uint8_t *map(size_t pages, int prot)
{
	uint8_t *at = mmap(NULL, pages * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return at;
}

static void protect(void *at, int prot)
{
	if (mprotect(at, PAGE, prot) < 0) {
		perror("mprotect");
		exit(1);
	}
}

static void say(const char *what, const void *code)
{
	static const uint32_t leaves[] = {0, 1, 7, 0xb, 0xd, 0x80000000, 0x80000001, 0x80000008};
	cpuid_fn *generated = (cpuid_fn *)(uintptr_t)code;

	for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
		uint32_t got[4], want[4];

		__cpuid_count(leaves[i], 0, want[0], want[1], want[2], want[3]);
		generated(leaves[i], 0, got);
		if (memcmp(got, want, sizeof(got)) != 0) {
			printf("%s: leaf %x: %x %x %x %x instead of %x %x %x %x\n", what, leaves[i], got[0], got[1], got[2],
			       got[3], want[0], want[1], want[2], want[3]);
			return;
		}
	}
	printf("%s: same\n", what);
}

static void say_number(const char *what, const void *code)
{
	printf("%s: %s\n", what, ((number_fn *)(uintptr_t)code)() == 0xa20f ? "right" : "WRONG");
}

static void writable_and_executable(void)
{
	uint8_t *at = map(2, RWX);

	for (int i = 0; i < 5; i++) {
		memcpy(at, cpuid_code, sizeof(cpuid_code));
		say("rwx", at);
		memcpy(at, number_code, sizeof(number_code));
		say_number("rwx, rewritten", at);
	}
	/* Beside code that has run. */
	memcpy(at + 100, cpuid_code, sizeof(cpuid_code));
	say("rwx, beside", at + 100);
	say_number("rwx, as before", at);
}

static void protected(void)
{
	uint8_t *at = map(1, PROT_READ | PROT_WRITE);

	for (int i = 0; i < 3; i++) {
		protect(at, PROT_READ | PROT_WRITE);
		memcpy(at + 64 * i, cpuid_code, sizeof(cpuid_code));
		protect(at, PROT_READ | PROT_EXEC);
		say("rw to rx", at + 64 * i);
	}
	protect(at, RWX);
	memcpy(at + 1024, cpuid_code, sizeof(cpuid_code));
	say("rx to rwx", at + 1024);
}

static void in_child(void)
{
	uint8_t *at = map(1, RWX);

	memcpy(at, number_code, sizeof(number_code));
	say_number("before fork", at);
	fflush(stdout);
	pid_t pid = fork();

	memcpy(at, cpuid_code, sizeof(cpuid_code));
	say(pid ? "parent" : "child", at);
	fflush(stdout);
	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
}

static void across_pages(void)
{
	uint8_t *at = map(3, RWX), *code = at + PAGE - CPUID_AT - 1;

	memcpy(code, cpuid_code, sizeof(cpuid_code));
	say("across pages", code);
	memcpy(code + PAGE, cpuid_code, sizeof(cpuid_code));
	memcpy(at + 2 * PAGE + 100, number_code, sizeof(number_code));
	say_number("across pages, behind first", at + 2 * PAGE + 100);
	say("across pages, then", code + PAGE);
}

static void moved(void)
{
	uint8_t *at = map(1, RWX), *to;

	memcpy(at, number_code, sizeof(number_code));
	say_number("before mremap", at);
	to = mremap(at, PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, map(2, PROT_NONE));
	memcpy(to + 512, cpuid_code, sizeof(cpuid_code));
	say("moved", to + 512);
	munmap(to, 2 * PAGE);
	at = mmap(to, PAGE, RWX, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	memcpy(at, cpuid_code, sizeof(cpuid_code));
	say("mapped again", at);
}

static void self_writing(void)
{
	static const uint8_t write_here[] = {0xc6, 0x05, 0, 1, 0, 0, 1};	/* movb $1, 256(%rip) */
	uint8_t *at = map(1, RWX);

	memcpy(at, write_here, sizeof(write_here));
	memcpy(at + sizeof(write_here), cpuid_code, sizeof(cpuid_code));
	say("writes itself", at);
	printf("has written %d\n", at[sizeof(write_here) + 256]);
}

/* The code comes by a call. */
static void read_in(void)
{
	uint8_t *at = map(1, RWX);
	int ends[2];

	memcpy(at, number_code, sizeof(number_code));
	say_number("before read", at);
	if (pipe(ends) < 0 || write(ends[1], cpuid_code, sizeof(cpuid_code)) != sizeof(cpuid_code) ||
	    read(ends[0], at + 512, sizeof(cpuid_code)) != sizeof(cpuid_code))
		exit(1);
	say("read", at + 512);
	protect(at, PROT_READ | PROT_EXEC);
	say("read, protected", at + 512);
	if (write(ends[1], "x", 1) != 1)
		exit(1);
	printf("read into code: %s\n", read(ends[0], at + 512, 1) < 0 ? strerrorname_np(errno) : "WRONG");
}

/* Pages that have lost what they held. */
static void cleared(void)
{
	uint8_t *at = map(1, RWX);

	memcpy(at, cpuid_code, sizeof(cpuid_code));
	say("before madvise", at);
	madvise(at, PAGE, MADV_DONTNEED);
	printf("cleared: %02x\n", at[CPUID_AT]);
	memcpy(at + 16, cpuid_code, sizeof(cpuid_code));
	say("after madvise", at + 16);
}

/* A page that holds data beside the code. */
static void often(void)
{
	uint8_t *at = map(1, RWX);
	uint32_t right = 0;

	memcpy(at, number_code, sizeof(number_code));
	for (uint32_t i = 0; i < 1000; i++) {
		at[1000] = (uint8_t)i;
		right += ((number_fn *)(uintptr_t)at)() == 0xa20f;
	}
	printf("often: %u\n", right);
}

int main(void)
{
	writable_and_executable();
	protected();
	in_child();
	usleep(1000);	/* a run can be cut here */
	across_pages();
	moved();
	self_writing();
	read_in();
	cleared();
	often();
	return 0;
}
