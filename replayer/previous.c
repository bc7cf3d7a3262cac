/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "previous.h"

#include <capstone/capstone.h>
#include <string.h>

#include "base/check.h"

#define INSN_MAX 15
#define NEAR 0x8000	/* bytes of code on either side in which jumps are looked for: a large function */

struct list {
	uint64_t *addr;
	size_t count;
};

static void add(struct list *list, uint64_t addr)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->addr[i] == addr)
			return;
	if (list->count < REP_PREVIOUS_MAX)
		list->addr[list->count++] = addr;
}

/* Whether the instruction never goes on to the one behind it. */
static bool never_falls_through(const cs_insn *insn)
{
	return insn->id == X86_INS_JMP || insn->id == X86_INS_RET || insn->id == X86_INS_UD2 || insn->id == X86_INS_HLT;
}

/* Instructions of any length that end at pc.  Long ones are likelier: a suffix of an instruction often is one too. */
static void add_neighbours(struct list *list, const uint8_t *before, size_t size, uint64_t pc)
{
	cs_insn *insn;
	csh handle;

	if (cs_open(CS_ARCH_X86, CS_MODE_64, &handle) != CS_ERR_OK)
		return;
	for (size_t length = size < INSN_MAX ? size : INSN_MAX; length > 0; length--) {
		if (cs_disasm(handle, before + size - length, length, pc - length, 1, &insn) != 1)
			continue;
		if (insn->size == length && !never_falls_through(insn))
			add(list, pc - length);
		cs_free(insn, 1);
	}
	cs_close(&handle);
}

static int32_t rel32(const uint8_t *at)
{
	int32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

#define FUNCTION_MAX 8192	/* bytes of a callee in which returns are looked for */
#define HOPS_MAX 3		/* stubs between a call and its function */

/* Where a direct call really goes to: through jumps by the table of the dynamic linker, which are put into list (NULL: nowhere). */
static uint64_t follow_stubs(struct rep_timeline *tl, node_id node, uint32_t pid, uint64_t at, struct list *list)
{
	for (int hop = 0; hop < HOPS_MAX; hop++) {
		static const uint8_t endbr[] = {0xf3, 0x0f, 0x1e, 0xfa};
		uint8_t code[16] = {0};
		size_t i = 0;

		if (rep_timeline_read(tl, node, pid, code, at, sizeof(code)) != sizeof(code))
			return at;
		if (memcmp(code, endbr, sizeof(endbr)) == 0)
			i += sizeof(endbr);
		if (code[i] == 0xf2)	/* bnd */
			i++;
		if (code[i] != 0xff || code[i + 1] != 0x25)
			return at;
		if (list)
			add(list, code[i - (i > 0)] == 0xf2 ? at + i - 1 : at + i);
		const uint64_t entry = at + i + 6 + (uint64_t)(int64_t)rel32(code + i + 2);

		if (rep_timeline_read(tl, node, pid, &at, entry, sizeof(at)) != sizeof(at))
			return 0;
	}
	return at;
}

/* The call that put the return address on the stack, if pc is where it went to. */
static void add_calls(struct list *list, struct rep_timeline *tl, node_id node, uint32_t pid, uint64_t rsp)
{
	static const uint8_t lengths[] = {5, 2, 3, 6, 7, 4};
	uint64_t back;

	if (rep_timeline_read(tl, node, pid, &back, rsp, sizeof(back)) != sizeof(back))
		return;
	for (size_t i = 0; i < sizeof(lengths); i++) {
		uint8_t code[5] = {0};
		const uint64_t at = back - lengths[i];

		if (rep_timeline_read(tl, node, pid, code, at, sizeof(code)) != sizeof(code))
			continue;
		const bool direct = lengths[i] == 5 && code[0] == 0xe8;
		const bool indirect = (code[0] == 0xff && (code[1] & 0x38) == 0x10) ||
				      (code[0] == 0x41 && code[1] == 0xff);

		if (direct)	/* it may have gone through a stub */
			follow_stubs(tl, node, pid, back + (uint64_t)(int64_t)rel32(code + 1), list);
		if (direct || indirect)
			add(list, at);
	}
}

/* Jumps to pc in the code around it, by their bytes. */
static void add_jumps(struct list *list, const uint8_t *code, size_t size, uint64_t start, uint64_t pc)
{
	for (size_t i = 0; i + 6 <= size; i++) {
		const uint64_t at = start + i;
		const uint8_t *c = code + i;
		const bool is_short = c[0] == 0xeb || (c[0] & 0xf0) == 0x70 || (c[0] >= 0xe0 && c[0] <= 0xe3);

		if (is_short && at + 2 + (uint64_t)(int64_t)(int8_t)c[1] == pc)
			add(list, at);
		else if (c[0] == 0xe9 && at + 5 + (uint64_t)(int64_t)rel32(c + 1) == pc)
			add(list, at);
		else if (c[0] == 0x0f && (c[1] & 0xf0) == 0x80 && at + 6 + (uint64_t)(int64_t)rel32(c + 2) == pc)
			add(list, at);
	}
}

/* Returns of the function that starts at an address, up to what looks like its end. */
static void add_returns(struct list *list, const uint8_t *code, size_t size, uint64_t start)
{
	const uint8_t *at = code;
	uint64_t address = start;
	csh handle;

	if (cs_open(CS_ARCH_X86, CS_MODE_64, &handle) != CS_ERR_OK)
		return;
	cs_insn *insn = cs_malloc(handle);

	while (insn && cs_disasm_iter(handle, &at, &size, &address, insn)) {
		if (insn->id == X86_INS_RET)
			add(list, insn->address);
		/* Functions begin at multiples of 16, behind what is never executed. */
		if (never_falls_through(insn) && (address % 16 == 0 || (size && (*at == 0x90 || *at == 0xcc || *at == 0x66))))
			break;
	}
	if (insn)
		cs_free(insn, 1);
	cs_close(&handle);
}

/* What ends at pc may be a call, and then its function's return came before. */
static void add_callee(struct list *list, struct rep_timeline *tl, node_id node, uint32_t pid, const uint8_t *before,
		       uint64_t pc)
{
	static uint8_t code[FUNCTION_MAX];

	if (before[-5] != 0xe8)
		return;
	const uint64_t start = follow_stubs(tl, node, pid, pc + (uint64_t)(int64_t)rel32(before - 4), NULL);
	const size_t size = start ? rep_timeline_read(tl, node, pid, code, start, sizeof(code)) : 0;

	add_returns(list, code, size, start);
}

/* Code from start on, page by page, since the neighbourhood may not all be there. */
static size_t read_code(struct rep_timeline *tl, node_id node, uint32_t pid, uint8_t *to, uint64_t start, size_t size)
{
	for (size_t done = 0; done < size; done += 4096)
		if (rep_timeline_read(tl, node, pid, to + done, start + done, 4096) != 4096)
			memset(to + done, 0xcc, 4096);
	return size;
}

size_t rep__previous_candidates(struct rep_timeline *tl, node_id node, uint32_t pid, uint64_t pc, uint64_t rsp,
				uint64_t ret[REP_PREVIOUS_MAX])
{
	static uint8_t code[2 * NEAR + 4096];
	struct list list = {.addr = ret};
	const uint64_t page = pc & ~4095ull, start = page > NEAR ? page - NEAR : 0;
	const size_t size = read_code(tl, node, pid, code, start, sizeof(code));
	const size_t before = (size_t)(pc - start);

	CHECK(before < size);
	add_neighbours(&list, code, before, pc);
	if (before >= 5)
		add_callee(&list, tl, node, pid, code + before, pc);
	add_calls(&list, tl, node, pid, rsp);
	add_jumps(&list, code, size, start, pc);
	return list.count;
}
