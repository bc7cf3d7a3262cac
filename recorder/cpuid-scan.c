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
 * The two bytes 0f a2 can also be part of another instruction (an immediate, a displacement) or of a table among code
 * (OpenSSL's elliptic curves have 150 KiB of constants in .text, with several of them).  Wrong either way is bad:
 * an unpatched cpuid shows the host, a patched constant breaks a program in a way that nobody finds.  When in doubt
 * nothing is patched.  A candidate must pass three tests:
 *
 *  1. Boundary.  x86 code cannot be read backwards, but linear disassembly synchronises itself: begun at nearly any byte,
 *     it falls into step with the true instructions within a few of them.  Every one of the WINDOW bytes before
 *     the candidate is taken as a start; half of the chains that stay code must arrive exactly at it.
 *  2. Before.  cpuid destroys eax, so its leaf is set shortly before it: among the last LOOK_BACK instructions one writes
 *     eax, and from there on all are of the kinds that compilers emit around cpuid.
 *  3. Behind.  The next LOOK_AHEAD instructions, up to an unconditional jump, are of such kinds as well, and
 *     their jumps and displacements lead somewhere.
 *
 * Code that a program has written itself (the JVM asks cpuid from a stub that it generates) is scanned when it is about to be
 * executed, code-pages.c.  Then one true instruction is known, the next to run; and what can be reached from it by direct
 * jumps needs no other test.
 *
 * Measured: of 65,536 candidates planted in random bytes 53 pass, and candidates stand once in 65,536 bytes of such
 * data, so a false patch takes some 80 MB of tables.  Against the disassembly of Debian's ld.so, libcrypto,
 * libgcrypt, gnutls, libstdc++, cc1, go, node, libjvm and LLVM: every instruction found, none invented.
 */
#include <capstone.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "effect.h"
#include "tracee.h"

#define WINDOW 160
#define INSN_MAX 15
#define LOOK_BACK 20
#define LOOK_AHEAD 14

/* Displacements from a register beyond this are no structure that anybody has. */
#define DISPLACEMENT_MAX (1L << 20)

static const uint8_t cpuid[2] = {0x0f, 0xa2};

struct scan {
	csh handle;
	cs_insn *insn;		/* the last one decoded */
	const uint8_t *code;
	size_t size;
};

/* Length of the instruction at an offset, 0 when there is none. */
static unsigned decode(const struct scan *scan, size_t offset)
{
	const uint8_t *code = scan->code + offset;
	size_t left = scan->size - offset < INSN_MAX ? scan->size - offset : INSN_MAX;
	uint64_t addr = offset;

	return cs_disasm_iter(scan->handle, &code, &left, &addr, scan->insn) ? scan->insn->size : 0;
}

/* ---- 1: boundary --------------------------------------------------------------- */

/* Whether chains begun before at fall into step with it, and the offset of the first that does. */
static bool is_boundary(const struct scan *scan, size_t at, size_t *ret_start)
{
	enum { MISS, HIT, DEAD } fate[WINDOW + 1];
	const size_t window = at < WINDOW ? at : WINDOW;
	unsigned hits = 0, misses = 0;

	/* From the candidate backwards: the fate of a start is that of where its first instruction ends. */
	for (size_t back = 1; back <= window; back++) {
		const unsigned n = decode(scan, at - back);

		if (n == 0)
			fate[back] = DEAD;
		else if (n == back)
			fate[back] = HIT;
		else
			fate[back] = n > back ? MISS : fate[back - n];
		if (fate[back] == HIT)
			*ret_start = at - back;
		hits += fate[back] == HIT;
		misses += fate[back] == MISS;
	}
	return hits > 0 && hits >= misses;
}

/* ---- 2 and 3: kinds ------------------------------------------------------------------ */

/* What compilers and assemblers of feature detection emit.  Sorted by nothing; asked rarely. */
static const uint16_t plain[] = {
	X86_INS_MOV, X86_INS_MOVABS, X86_INS_MOVZX, X86_INS_MOVSX, X86_INS_MOVSXD, X86_INS_LEA, X86_INS_XOR,
	X86_INS_OR, X86_INS_AND, X86_INS_ADD, X86_INS_SUB, X86_INS_CMP, X86_INS_TEST, X86_INS_SHL, X86_INS_SHR,
	X86_INS_SAR, X86_INS_PUSH, X86_INS_POP, X86_INS_JMP, X86_INS_CALL, X86_INS_RET, X86_INS_NOP,
	X86_INS_INC, X86_INS_DEC, X86_INS_NEG, X86_INS_NOT, X86_INS_BT, X86_INS_BTR, X86_INS_BTS, X86_INS_XCHG,
	X86_INS_IMUL, X86_INS_MUL, X86_INS_ROL, X86_INS_ROR, X86_INS_CDQE, X86_INS_CDQ, X86_INS_LEAVE,
	X86_INS_MOVD, X86_INS_MOVQ, X86_INS_MOVDQA, X86_INS_MOVDQU, X86_INS_MOVUPS, X86_INS_MOVAPS,
	X86_INS_MOVHPS, X86_INS_PXOR, X86_INS_XORPS, X86_INS_PINSRD, X86_INS_PUNPCKLDQ, X86_INS_PUNPCKLQDQ,
	X86_INS_CPUID, X86_INS_XGETBV, X86_INS_RDTSC, X86_INS_LFENCE, X86_INS_MFENCE, X86_INS_UD2,
	X86_INS_BSF, X86_INS_BSR, X86_INS_TZCNT, X86_INS_POPCNT, X86_INS_BSWAP, X86_INS_PUSHFQ, X86_INS_POPFQ,
	X86_INS_ENDBR64, X86_INS_INT3, X86_INS_ADC, X86_INS_SBB, X86_INS_DIV, X86_INS_RORX, X86_INS_SHUFPS,
	X86_INS_PSHUFD, X86_INS_UNPCKLPS, X86_INS_VZEROUPPER, X86_INS_CLD, X86_INS_CQO,
	X86_INS_IDIV, X86_INS_XADD, X86_INS_CMPXCHG,
};

static bool is_conditional(unsigned id)
{
	switch (id) {
	case X86_INS_JAE: case X86_INS_JA: case X86_INS_JBE: case X86_INS_JB: case X86_INS_JE:
	case X86_INS_JGE: case X86_INS_JG: case X86_INS_JLE: case X86_INS_JL: case X86_INS_JNE:
	case X86_INS_JNO: case X86_INS_JNP: case X86_INS_JNS: case X86_INS_JO: case X86_INS_JP: case X86_INS_JS:
	case X86_INS_SETAE: case X86_INS_SETA: case X86_INS_SETBE: case X86_INS_SETB: case X86_INS_SETE:
	case X86_INS_SETGE: case X86_INS_SETG: case X86_INS_SETLE: case X86_INS_SETL: case X86_INS_SETNE:
	case X86_INS_SETS: case X86_INS_SETNS:
	case X86_INS_CMOVAE: case X86_INS_CMOVA: case X86_INS_CMOVBE: case X86_INS_CMOVB: case X86_INS_CMOVE:
	case X86_INS_CMOVGE: case X86_INS_CMOVG: case X86_INS_CMOVLE: case X86_INS_CMOVL: case X86_INS_CMOVNE:
	case X86_INS_CMOVS: case X86_INS_CMOVNS:
		return true;
	default:
		return false;
	}
}

static bool is_known(unsigned id)
{
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (plain[i] == id)
			return true;
	return is_conditional(id);
}

/* Direct jumps and calls end in this code; displacements are those of structures; no segments but fs. */
static bool leads_somewhere(const struct scan *scan, const cs_insn *insn)
{
	const cs_x86 *const x86 = &insn->detail->x86;
	const bool jumps = cs_insn_group(scan->handle, insn, X86_GRP_JUMP) ||
			   cs_insn_group(scan->handle, insn, X86_GRP_CALL);

	if (insn->id == X86_INS_NOP)	/* paddings have any operand */
		return true;
	for (int i = 0; i < x86->op_count; i++) {
		const cs_x86_op *const op = &x86->operands[i];

		if (op->type == X86_OP_IMM && jumps && (uint64_t)op->imm >= scan->size)
			return false;
		if (op->type != X86_OP_MEM)
			continue;
		if (op->mem.segment != X86_REG_INVALID && op->mem.segment != X86_REG_FS)
			return false;
		if (op->mem.base != X86_REG_INVALID && op->mem.base != X86_REG_RIP &&
		    (op->mem.disp > DISPLACEMENT_MAX || op->mem.disp < -DISPLACEMENT_MAX))
			return false;
	}
	return true;
}

static bool is_plain(const struct scan *scan)
{
	return is_known(scan->insn->id) && leads_somewhere(scan, scan->insn);
}

static bool writes_eax(const struct scan *scan)
{
	cs_regs read, written;
	uint8_t read_count, written_count;

	if (scan->insn->id == X86_INS_CALL)
		return true;	/* "if (f() == 0) cpuid(0)" needs no other write */
	if (cs_regs_access(scan->handle, scan->insn, read, &read_count, written, &written_count) != CS_ERR_OK)
		return false;
	for (int i = 0; i < written_count; i++)
		if (written[i] == X86_REG_EAX || written[i] == X86_REG_RAX)
			return true;
	return false;
}

/* Walks the chain from start to at. */
static bool leaf_is_set(const struct scan *scan, size_t start, size_t at)
{
	unsigned since = LOOK_BACK;	/* instructions since eax was written, all plain */

	while (start < at) {
		const unsigned n = decode(scan, start);

		if (n == 0)
			return false;
		if (!is_plain(scan))
			since = LOOK_BACK;
		else if (writes_eax(scan) && scan->insn->id != X86_INS_CPUID)
			since = 0;
		else if (since < LOOK_BACK)
			since++;
		start += n;
	}
	return since < LOOK_BACK;
}

/* Where a direct jump goes, or past the instruction. */
static size_t next_of(const struct scan *scan, size_t at, unsigned n)
{
	const cs_x86 *const x86 = &scan->insn->detail->x86;

	if (scan->insn->id == X86_INS_JMP && x86->op_count == 1 && x86->operands[0].type == X86_OP_IMM)
		return (size_t)x86->operands[0].imm;
	return at + n;
}

static bool goes_on(const struct scan *scan, size_t at)
{
	for (int i = 0; i < LOOK_AHEAD && at < scan->size; i++) {
		const unsigned n = decode(scan, at);

		if (n == 0)
			return i > 0 && scan->size - at < INSN_MAX;
		if (!is_plain(scan))
			return false;
		/* A function does something with the answers before it returns. */
		if (scan->insn->id == X86_INS_RET || scan->insn->id == X86_INS_UD2)
			return i >= 1;
		at = next_of(scan, at, n);
	}
	return true;
}

static bool is_cpuid(const struct scan *scan, size_t at)
{
	size_t start;

	return is_boundary(scan, at, &start) && leaf_is_set(scan, start, at) && goes_on(scan, at + 2);
}

/* ---- results, kept ----------------------------------------------------------------------- */

/*
 * Every process maps the same few files, and scanning ld.so takes as long as all the rest of starting one.
 * Entries are found by size and checksum of the code: who forges a collision fools his own program.
 */
#define CACHE_ENTRIES 64

struct result {
	size_t size;		/* of the code; 0: unused */
	uint32_t crc;
	size_t *offsets;
	size_t count;
};

static struct result cache[CACHE_ENTRIES];
static unsigned cache_next;		/* the oldest entry */

static const struct result *cache_find(size_t size, uint32_t crc)
{
	for (unsigned i = 0; i < CACHE_ENTRIES; i++)
		if (cache[i].size == size && cache[i].crc == crc)
			return &cache[i];
	return NULL;
}

static void result_add(struct result *result, size_t offset)
{
	if (result->count % 16 == 0) {
		const size_t room = (result->count / 16 + 1) * 16;

		result->offsets = realloc(result->offsets, room * sizeof(size_t));
		CHECK(result->offsets);
	}
	result->offsets[result->count++] = offset;
}

static const struct result *cache_add(const struct result *result)
{
	struct result *const entry = &cache[cache_next];

	cache_next = (cache_next + 1) % CACHE_ENTRIES;
	free(entry->offsets);
	*entry = *result;
	return entry;
}

/* ---- the scan -------------------------------------------------------------------------- */

static int scan_open(struct scan *scan)
{
	if (cs_open(CS_ARCH_X86, CS_MODE_64, &scan->handle) != CS_ERR_OK)
		return -ENOMEM;
	cs_option(scan->handle, CS_OPT_DETAIL, CS_OPT_ON);
	scan->insn = cs_malloc(scan->handle);
	CHECK(scan->insn);
	return 0;
}

static void scan_close(struct scan *scan)
{
	cs_free(scan->insn, 1);
	cs_close(&scan->handle);
}

static int scan_all(const uint8_t *code, size_t size, const uint8_t *at, struct result *result)
{
	struct scan scan = {.code = code, .size = size};

	if (scan_open(&scan) < 0)
		return -ENOMEM;
	while (at) {
		const size_t offset = (size_t)(at - code);
		const size_t after = offset + sizeof(cpuid);

		if (is_cpuid(&scan, offset))
			result_add(result, offset);
		at = memmem(code + after, size - after, cpuid, sizeof(cpuid));
	}
	scan_close(&scan);
	return 0;
}

/* ---- code that is about to run ----------------------------------------------------------- */

/* Marks the instructions that the one at offset entry leads to. */
static void mark_reached(const struct scan *scan, size_t entry, bool *reached)
{
	_cleanup_free_ size_t *todo = malloc(scan->size * sizeof(*todo));
	size_t count = 0;

	CHECK(todo);
	todo[count++] = entry;
	while (count > 0) {
		for (size_t at = todo[--count]; at < scan->size && !reached[at];) {
			const unsigned n = decode(scan, at);

			if (n == 0)
				break;
			reached[at] = true;
			const cs_x86 *const x86 = &scan->insn->detail->x86;
			const bool jumps = cs_insn_group(scan->handle, scan->insn, X86_GRP_JUMP) ||
					   cs_insn_group(scan->handle, scan->insn, X86_GRP_CALL);

			/* Each instruction is marked once, so there is room for where it goes. */
			if (jumps && x86->op_count == 1 && x86->operands[0].type == X86_OP_IMM &&
			    (uint64_t)x86->operands[0].imm < scan->size && count < scan->size)
				todo[count++] = (size_t)x86->operands[0].imm;
			if (scan->insn->id == X86_INS_JMP || scan->insn->id == X86_INS_RET)
				break;
			at += n;
		}
	}
}

int rec_cpuid_scan_written(const struct rec_written_code *code, void (*found)(void *arg, uint64_t addr), void *arg)
{
	struct scan scan = {.code = code->bytes, .size = code->size};
	_cleanup_free_ bool *reached = NULL;
	const uint8_t *at = code->size ? memmem(code->bytes, code->size, cpuid, sizeof(cpuid)) : NULL;

	if (!at)
		return 0;
	if (scan_open(&scan) < 0)
		return -ENOMEM;
	reached = calloc(code->size, sizeof(*reached));
	CHECK(reached);
	if (code->entry >= code->addr && code->entry - code->addr < code->size)
		mark_reached(&scan, (size_t)(code->entry - code->addr), reached);
	while (at) {
		const size_t offset = (size_t)(at - code->bytes), after = offset + sizeof(cpuid);
		const uint64_t addr = code->addr + offset;

		if (addr >= code->from && addr < code->to && (reached[offset] || is_cpuid(&scan, offset)))
			found(arg, addr);
		at = memmem(code->bytes + after, code->size - after, cpuid, sizeof(cpuid));
	}
	scan_close(&scan);
	return 0;
}

int rec_cpuid_scan(const uint8_t *code, size_t size, uint64_t addr, void (*found)(void *arg, uint64_t addr),
		   void *arg)
{
	const uint8_t *const first = size ? memmem(code, size, cpuid, sizeof(cpuid)) : NULL;

	if (!first)
		return 0;
	const uint32_t crc = fmt_crc32c(0, code, size);
	const struct result *known = cache_find(size, crc);
	if (!known) {
		struct result result = {.size = size, .crc = crc};
		const int r = scan_all(code, size, first, &result);

		if (r < 0)
			return r;
		known = cache_add(&result);
	}
	for (size_t i = 0; i < known->count; i++)
		found(arg, addr + known->offsets[i]);
	return 0;
}
