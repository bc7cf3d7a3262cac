/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tracee-filter.c - the seccomp filter that every tracee carries: nothing that a program asks for is ever allowed.
 *
 * In order:
 *  1. A call of another ABI (int 0x80, sysenter, code in 32-bit segments; numbers of x32) is
 *     answered -ENOSYS by the host's kernel itself, as on a kernel without those ABIs.
 *  2. A call from the gadget of the stub page is traced.  The layer checks that it asked for it.
 *  3. A call that changes the address space, the registers or the set of threads is traced: it takes a
 *     ptrace stop to answer it.
 *  4. Everything else becomes a notification, which is four times cheaper.
 *
 * A traced call that the layer turns into another one is looked at by the filter a second time; the host lets a second "trace"
 * verdict pass.  So only calls of rule 3 can be carried out in place of each other (rec__filter_traces()).
 */
#include "tracee-int.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/check.h"

#define X32_BIT 0x40000000u

/* Sorted by number, so that a list in a trace or a review reads like the syscall table. */
static const uint16_t traced[] = {
	SYS_mmap, SYS_mprotect, SYS_munmap, SYS_brk, SYS_rt_sigreturn, SYS_mremap, SYS_madvise,
	SYS_shmat, SYS_clone, SYS_fork, SYS_vfork, SYS_execve, SYS_exit, SYS_shmdt, SYS_sigaltstack,
	SYS_modify_ldt, SYS_arch_prctl, SYS_set_thread_area, SYS_remap_file_pages, SYS_exit_group,
	SYS_execveat, SYS_pkey_mprotect, SYS_clone3,
};

#define TRACED_COUNT (sizeof(traced) / sizeof(traced[0]))

/* The traced numbers as a bitmap in words of 32, tested word by word: 15 + 2 instructions instead of a chain of 23, on
 * the path of every call. */
#define WORD_COUNT 15

static uint32_t traced_word(unsigned word)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < TRACED_COUNT; i++)
		if (traced[i] / 32 == word)
			bits |= 1u << (traced[i] % 32);
	return bits;
}

bool rec__filter_traces(uint64_t nr)
{
	return nr < WORD_COUNT * 32 && (traced_word((unsigned)nr / 32) >> (nr % 32) & 1);
}

#define LOAD(field)                                                                                \
	((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,                                    \
				      (uint32_t)offsetof(struct seccomp_data, field)))
#define IP_OFFSET ((uint32_t)offsetof(struct seccomp_data, instruction_pointer))
#define RETURN(value) ((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, (value)))
#define JUMP(op, k, yes, no) ((struct sock_filter)BPF_JUMP(BPF_JMP | (op) | BPF_K, (k), (yes), (no)))

/* Fills program; its length. */
static unsigned short build(struct sock_filter *program)
{
	unsigned short n = 0;

	program[n++] = LOAD(arch);
	program[n++] = JUMP(BPF_JEQ, AUDIT_ARCH_X86_64, 1, 0);
	program[n++] = RETURN(SECCOMP_RET_ERRNO | ENOSYS);
	program[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, IP_OFFSET);
	program[n++] = JUMP(BPF_JEQ, (uint32_t)REC_GADGET_END, 0, 3);
	program[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, IP_OFFSET + 4);
	program[n++] = JUMP(BPF_JEQ, (uint32_t)(REC_GADGET_END >> 32), 0, 1);
	program[n++] = RETURN(SECCOMP_RET_TRACE);
	program[n++] = LOAD(nr);
	program[n++] = JUMP(BPF_JGE, X32_BIT, 0, 1);
	program[n++] = RETURN(SECCOMP_RET_ERRNO | ENOSYS);
	program[n++] = JUMP(BPF_JGE, WORD_COUNT * 32, 0, 1);
	program[n++] = RETURN(SECCOMP_RET_USER_NOTIF);

	/* X = 1 << (nr % 32); A = nr / 32; then one test for each word that is not empty. */
	program[n++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 31);
	program[n++] = (struct sock_filter)BPF_STMT(BPF_MISC | BPF_TAX, 0);
	program[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_IMM, 1);
	program[n++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_LSH | BPF_X, 0);
	program[n++] = (struct sock_filter)BPF_STMT(BPF_MISC | BPF_TAX, 0);
	program[n++] = LOAD(nr);
	program[n++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 5);
	for (unsigned word = 0; word < WORD_COUNT; word++) {
		if (!traced_word(word))
			continue;
		program[n++] = JUMP(BPF_JEQ, word, 0, 4);
		program[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_IMM, traced_word(word));
		program[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_X, 0, 0, 1);
		program[n++] = RETURN(SECCOMP_RET_TRACE);
		program[n++] = RETURN(SECCOMP_RET_USER_NOTIF);
	}
	program[n++] = RETURN(SECCOMP_RET_USER_NOTIF);
	return n;
}

int rec__filter_install(void)
{
	struct sock_filter program[32 + 5 * WORD_COUNT];
	const struct sock_fprog prog = {.len = build(program), .filter = program};
	const unsigned flags = SECCOMP_FILTER_FLAG_NEW_LISTENER |
			       SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;

	CHECK(prog.len <= sizeof(program) / sizeof(program[0]));
	const long fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
	return fd < 0 ? -errno : (int)fd;
}
