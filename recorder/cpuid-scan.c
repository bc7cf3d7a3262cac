/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cpuid-scan.c - finds the cpuid instructions in a piece of machine code.
 *
 * Where the processor cannot be told to fault on cpuid, the instruction is overwritten by two bytes that do fault:
 * REC_CPUID_PATCH, 0e a2.  0e was "push cs" and is undefined in 64-bit mode for good; compilers and assemblers do not
 * emit it there, and programs that want to die use ud2 (0f 0b) or int3.  So SIGILL at just these two
 * bytes means cpuid, in the recorder and in the replayer, without a list of addresses; and the second byte still
 * shows in a disassembly what stood there.
 *
 * The two bytes 0f a2 can also be part of another instruction (an immediate, a displacement), and x86 code cannot be read
 * backwards.  But linear disassembly synchronises itself: begun at nearly any byte, it falls into step
 * with the true instructions within a few of them.  So every one of the WINDOW bytes before the candidate is taken as a
 * start; the candidate is accepted when most of the chains arrive exactly at it.  Wrong either way is bad: an unpatched
 * cpuid shows the host, a patched immediate breaks a program.  When in doubt nothing is patched.
 */
#include <capstone.h>
#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "tracee.h"

#define WINDOW 64
#define INSN_MAX 15

/* Of the chains that do not end in bytes that are no instruction, this share must hit. */
#define HIT_NUMERATOR 2
#define HIT_DENOMINATOR 3

/* Length of the instruction at code, 0 when there is none. */
static unsigned insn_size(csh handle, cs_insn *insn, const uint8_t *code, size_t size)
{
	uint64_t addr = 0;
	size_t left = size;

	return cs_disasm_iter(handle, &code, &left, &addr, insn) ? insn->size : 0;
}

/* Whether chains begun before position at fall into step with it. */
static bool is_boundary(csh handle, cs_insn *insn, const uint8_t *code, size_t size, size_t at)
{
	enum { MISS, HIT, DEAD } fate[WINDOW + 1];
	const size_t window = at < WINDOW ? at : WINDOW;
	unsigned hits = 0, misses = 0;

	/* From the candidate backwards: the fate of a start is that of where its first instruction ends. */
	for (size_t back = 1; back <= window; back++) {
		const size_t start = at - back;
		const size_t room = size - start < back + INSN_MAX ? size - start : back + INSN_MAX;
		const unsigned n = insn_size(handle, insn, code + start, room);

		if (n == 0)
			fate[back] = DEAD;
		else if (n == back)
			fate[back] = HIT;
		else
			fate[back] = n > back ? MISS : fate[back - n];
		hits += fate[back] == HIT;
		misses += fate[back] == MISS;
	}
	return window == 0 || (hits > 0 && hits * HIT_DENOMINATOR >= (hits + misses) * HIT_NUMERATOR);
}

/* What follows must be code as well. */
static bool goes_on(csh handle, cs_insn *insn, const uint8_t *code, size_t size)
{
	for (int i = 0; i < 3 && size > 0; i++) {
		const unsigned n = insn_size(handle, insn, code, size);

		if (n == 0)
			return size < INSN_MAX;
		code += n;
		size -= n;
	}
	return true;
}

int rec_cpuid_scan(const uint8_t *code, size_t size, uint64_t addr, void (*found)(void *arg, uint64_t addr),
		   void *arg)
{
	static const uint8_t cpuid[2] = {0x0f, 0xa2};
	const uint8_t *at = size ? memmem(code, size, cpuid, sizeof(cpuid)) : NULL;
	csh handle;

	if (!at)
		return 0;
	if (cs_open(CS_ARCH_X86, CS_MODE_64, &handle) != CS_ERR_OK)
		return -ENOMEM;
	cs_insn *const insn = cs_malloc(handle);
	CHECK(insn);
	while (at) {
		const size_t offset = (size_t)(at - code);
		const size_t after = offset + sizeof(cpuid);

		if (is_boundary(handle, insn, code, size, offset) &&
		    goes_on(handle, insn, code + after, size - after))
			found(arg, addr + offset);
		at = memmem(code + after, size - after, cpuid, sizeof(cpuid));
	}
	cs_free(insn, 1);
	cs_close(&handle);
	return 0;
}
