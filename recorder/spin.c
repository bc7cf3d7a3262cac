/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spin.c - finds the loop in which a thread waits for memory to change.
 *
 * `while (!flag);` makes no call, so the thread that would set the flag never runs, unless somebody interrupts the loop; and
 * an interrupt comes when the host's clock says so, at an instruction that is another one in every run.  But such a
 * loop is a fixed point: after one turn registers and memory are what they were before it.  Only one thread of a node
 * runs at a time, so nothing else can end it, and it does not matter how many turns were made: interrupting it at an agreed
 * point of the loop is the same in every run, however late the interrupt came.
 *
 * The loop is found by single steps.  A state (registers, and vector registers) is kept, each later one is compared
 * with it; on the way every byte that an instruction touches is noted with what it was before.
 * When the state comes again and all these bytes are as before, that is a turn.  The kept state is replaced after 1, 2, 4, 8...
 * steps (Brent's way), because the first ones may precede the loop.  The agreed point is the
 * state with the least pc of all states of the loop, and among those the least registers.
 *
 * Instructions whose doings are not plain loads and stores end the search, as do those that would see that they are
 * stepped (pushf and syscall show the trap flag).  So a loop with a call in it is not looked at: it has no need.
 *
 * A loop that counts (`while (!flag) n++;`) is no fixed point: spin-count.c looks for those when nothing was found here.
 */
#include "spin-int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

#define XSTATE_HEADER 512	/* says which parts differ from their initial values: not of the program */
#define XSTATE_HEADER_END 576
#define COUNT_STEPS 1024	/* a search of so many looks for loops that count as well */

/* ---- what an instruction touches -------------------------------------------------- */

static bool touch(struct search *s, uint64_t addr, uint64_t size)
{
	if (size == 0 || size > PLACE_SIZE || s->place_count == RANGE_MAX)
		return false;
	for (size_t i = 0; i < s->place_count; i++)
		if (s->places[i].range.addr == addr && s->places[i].range.size == size)
			return true;
	struct place *place = &s->places[s->place_count];

	place->range = (struct rec_range) { addr, size };
	if (rec_tracee_read(s->thread, place->before, addr, size))
		return false;
	s->place_count++;
	return true;
}

/* In the order of their numbers: 64, 32, 16 bits, the low byte. */
static const struct {
	x86_reg parts[4];
	size_t offset;
} REGISTERS[REC__SPIN_REGISTERS] = {
#define R(quad, half, word, byte, field) \
	{ { X86_REG_##quad, X86_REG_##half, X86_REG_##word, X86_REG_##byte }, offsetof(struct user_regs_struct, field) }
	R(RAX, EAX, AX, AL, rax), R(RBX, EBX, BX, BL, rbx), R(RCX, ECX, CX, CL, rcx), R(RDX, EDX, DX, DL, rdx),
	R(RSI, ESI, SI, SIL, rsi), R(RDI, EDI, DI, DIL, rdi), R(RBP, EBP, BP, BPL, rbp), R(RSP, ESP, SP, SPL, rsp),
	R(R8, R8D, R8W, R8B, r8), R(R9, R9D, R9W, R9B, r9), R(R10, R10D, R10W, R10B, r10), R(R11, R11D, R11W, R11B, r11),
	R(R12, R12D, R12W, R12B, r12), R(R13, R13D, R13W, R13B, r13), R(R14, R14D, R14W, R14B, r14),
	R(R15, R15D, R15W, R15B, r15),
#undef R
};

int rec__spin_register(unsigned reg, unsigned *ret_size)
{
	static const x86_reg high[] = { X86_REG_AH, X86_REG_BH, X86_REG_CH, X86_REG_DH };

	for (int i = 0; i < REC__SPIN_REGISTERS; i++)
		for (unsigned part = 0; part < 4; part++)
			if (REGISTERS[i].parts[part] == reg || (part == 3 && i < 4 && high[i] == reg)) {
				*ret_size = 8u >> part;
				return i;
			}
	return -1;
}

uint64_t *rec__spin_register_at(struct user_regs_struct *regs, int index)
{
	return (uint64_t *)(void *)((char *)regs + REGISTERS[index].offset);
}

/* The value of a register of an address; false for those that are none of the plain 64-bit ones. */
static bool register_value(const struct search *s, x86_reg reg, uint64_t *ret)
{
	*ret = 0;
	if (reg == X86_REG_INVALID)
		return true;
	if (reg == X86_REG_RIP) {
		*ret = s->regs.rip + s->insn->size;
		return true;
	}
	for (size_t i = 0; i < REC__SPIN_REGISTERS; i++)
		if (REGISTERS[i].parts[0] == reg) {
			memcpy(ret, (const uint8_t *)&s->regs + REGISTERS[i].offset, sizeof(*ret));
			return true;
		}
	return false;
}

bool rec__spin_address(const struct search *s, const cs_x86_op *op, uint64_t *ret)
{
	uint64_t base, index, segment = 0;

	if (!register_value(s, op->mem.base, &base) || !register_value(s, op->mem.index, &index))
		return false;
	if (op->mem.segment == X86_REG_FS)
		segment = s->regs.fs_base;
	else if (op->mem.segment == X86_REG_GS)
		segment = s->regs.gs_base;
	*ret = segment + base + index * (uint64_t)op->mem.scale + (uint64_t)op->mem.disp;
	return true;
}

static bool touch_operand(struct search *s, const cs_x86_op *op)
{
	uint64_t addr;

	return rec__spin_address(s, op, &addr) && touch(s, addr, op->size);
}

/* Whether all that the instruction does to memory is told by its operands, and it sees nothing of being stepped.
 * Privileged ones fault, and so end the search by themselves. */
static bool is_plain(const struct search *s)
{
	static const uint8_t strange_groups[] = { X86_GRP_INT, X86_GRP_IRET, X86_GRP_PRIVILEGE, X86_GRP_FSGSBASE };
	static const unsigned strange[] = {
		X86_INS_SYSCALL, X86_INS_SYSENTER, X86_INS_RDTSC, X86_INS_RDTSCP, X86_INS_CPUID, X86_INS_PUSHF,
		X86_INS_PUSHFD, X86_INS_PUSHFQ, X86_INS_POPF, X86_INS_POPFD, X86_INS_POPFQ, X86_INS_ENTER,
		X86_INS_XLATB, X86_INS_RDRAND, X86_INS_RDSEED, X86_INS_RDPMC, X86_INS_XBEGIN, X86_INS_XEND,
		X86_INS_XTEST, X86_INS_XABORT, X86_INS_XGETBV, X86_INS_MASKMOVQ, X86_INS_MASKMOVDQU,
		X86_INS_VMASKMOVDQU, X86_INS_FXSAVE, X86_INS_FXSAVE64, X86_INS_FXRSTOR, X86_INS_FXRSTOR64,
		X86_INS_XSAVE, X86_INS_XSAVE64, X86_INS_XSAVEC, X86_INS_XSAVEC64, X86_INS_XSAVEOPT,
		X86_INS_XSAVEOPT64, X86_INS_XRSTOR, X86_INS_XRSTOR64, X86_INS_FNSAVE, X86_INS_FRSTOR,
		X86_INS_FNSTENV, X86_INS_FLDENV, X86_INS_INT3, X86_INS_UD2, X86_INS_HLT,
	};

	for (size_t i = 0; i < sizeof(strange_groups); i++)
		if (cs_insn_group(s->handle, s->insn, strange_groups[i]))
			return false;
	for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++)
		if (s->insn->id == strange[i])
			return false;
	return true;
}

/* Addresses that a prefix shortens to 32 bits are read with registers that register_value() does not know. */
static bool touch_stack(struct search *s)
{
	switch (s->insn->id) {
	case X86_INS_PUSH:
	case X86_INS_CALL:
		return touch(s, s->regs.rsp - RED_ZONE_WORD, RED_ZONE_WORD);
	case X86_INS_POP:
	case X86_INS_RET:
		return touch(s, s->regs.rsp, RED_ZONE_WORD);
	case X86_INS_LEAVE:
		return touch(s, s->regs.rbp, RED_ZONE_WORD);
	default:
		return true;
	}
}

bool rec__spin_look(struct search *s)
{
	uint8_t code[INSN_MAX];
	const uint8_t *at = code;
	size_t size = sizeof(code) - rec_tracee_read(s->thread, code, s->regs.rip, sizeof(code));
	uint64_t addr = s->regs.rip;

	if (!cs_disasm_iter(s->handle, &at, &size, &addr, s->insn) || !is_plain(s))
		return false;
	if (!touch(s, s->regs.rip, s->insn->size) || !touch_stack(s))
		return false;
	if (s->insn->id == X86_INS_LEA || s->insn->id == X86_INS_NOP)
		return true;
	const cs_x86 *x86 = &s->insn->detail->x86;

	for (uint8_t i = 0; i < x86->op_count; i++)
		if (x86->operands[i].type == X86_OP_MEM && !touch_operand(s, &x86->operands[i]))
			return false;
	return true;
}

/* ---- states ------------------------------------------------------------------------ */

int rec__spin_get_regs(struct search *s)
{
	const int r = rec_tracee_get_regs(s->thread, &s->regs);

	s->regs.eflags &= ~(uint64_t)REC_EFLAGS_DEBUG;
	return r;
}

int rec__spin_keep(struct search *s)
{
	s->kept = s->regs;
	s->place_count = 0;
	s->xstate_size = sizeof(s->xstate);
	return rec_tracee_get_xstate(s->thread, s->xstate, &s->xstate_size);
}

static bool places_hold(const struct search *s)
{
	uint8_t now[PLACE_SIZE];

	for (size_t i = 0; i < s->place_count; i++) {
		const struct place *place = &s->places[i];

		if (rec_tracee_read(s->thread, now, place->range.addr, place->range.size) ||
		    memcmp(now, place->before, place->range.size) != 0)
			return false;
	}
	return true;
}

bool rec__spin_same_vectors(const struct search *s)
{
	static uint8_t xstate[XSTATE_SIZE];
	size_t size = sizeof(xstate);

	if (rec_tracee_get_xstate(s->thread, xstate, &size) < 0 || size != s->xstate_size)
		return false;
	const size_t first = size < XSTATE_HEADER ? size : XSTATE_HEADER;

	return memcmp(xstate, s->xstate, first) == 0 &&
	       (size <= XSTATE_HEADER_END || memcmp(xstate + XSTATE_HEADER_END, s->xstate + XSTATE_HEADER_END,
						    size - XSTATE_HEADER_END) == 0);
}

/* Whether the kept state has come again. */
static bool is_again(const struct search *s)
{
	return memcmp(&s->regs, &s->kept, sizeof(s->regs)) == 0 && places_hold(s) && rec__spin_same_vectors(s);
}

int rec__spin_step(struct search *s)
{
	const int r = rec_tracee_step(s->thread, &s->stop);

	if (r < 0)
		return r;
	if (s->stop.kind != REC_STOP_FAULT || s->stop.signo != SIGTRAP || s->stop.code != TRAP_TRACE)
		return 0;
	return rec__spin_get_regs(s) ?: 1;
}

/* ---- the search --------------------------------------------------------------------- */

/* Steps until a state comes again, at most steps_max times: as rec__spin_step(), 2 when none has; *ret_turn is the length of the
 * turn. */
static int find_turn(struct search *s, unsigned steps_max, unsigned *ret_turn)
{
	unsigned since = 0, power = 1;
	int r = rec__spin_get_regs(s) ?: rec__spin_keep(s);

	for (unsigned i = 0; r == 0 && i < steps_max; i++) {
		if (!rec__spin_look(s))
			return 2;
		r = rec__spin_step(s);
		if (r <= 0)
			return r;
		r = 0;
		since++;
		if (is_again(s)) {
			*ret_turn = since;
			return 1;
		}
		if (since == power) {
			power *= 2;
			since = 0;
			r = rec__spin_keep(s);
		}
	}
	return r < 0 ? r : 2;
}

static bool precedes(const struct user_regs_struct *a, const struct user_regs_struct *b)
{
	return a->rip != b->rip ? a->rip < b->rip : memcmp(a, b, sizeof(*a)) < 0;
}

/* Goes on to the agreed point of the loop.  As rec__spin_step(). */
static int go_to_least(struct search *s, unsigned turn)
{
	struct user_regs_struct least = s->regs;
	int r = 1;

	for (unsigned i = 0; r == 1 && i < turn; i++) {
		r = rec__spin_step(s);
		if (r == 1 && precedes(&s->regs, &least))
			least = s->regs;
	}
	for (unsigned i = 0; r == 1 && i < turn && memcmp(&s->regs, &least, sizeof(least)) != 0; i++)
		r = rec__spin_step(s);
	CHECK(r != 1 || memcmp(&s->regs, &least, sizeof(least)) == 0);
	return r;
}

static int by_address(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->range.addr != y->range.addr)
		return x->range.addr < y->range.addr ? -1 : 1;
	return (x->range.size > y->range.size) - (x->range.size < y->range.size);
}

static bool is_counter(const struct rec_loop *loop, const struct rec_range *range)
{
	const struct rec_range *counters = (const struct rec_range *)loop->counters.data;

	for (size_t i = 0; i < loop->counters.size / sizeof(*counters); i++)
		if (counters[i].addr == range->addr && counters[i].size == range->size)
			return true;
	return false;
}

/* What counts is none of the loop's memory, as far as the way out of it goes. */
static void leave_out_counters(struct search *s, const struct rec_loop *loop)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->place_count; i++)
		if (!is_counter(loop, &s->places[i].range))
			s->places[kept++] = s->places[i];
	s->place_count = kept;
}

/* The union of all places, which does not depend on where in the loop the search began. */
static bool describe(struct search *s, struct rec_loop *ret)
{
	struct rec_range range = { 0 };
	uint8_t now[RANGE_MAX * PLACE_SIZE];

	qsort(s->places, s->place_count, sizeof(s->places[0]), by_address);
	for (size_t i = 0; i <= s->place_count; i++) {
		const struct rec_range *next = i < s->place_count ? &s->places[i].range : NULL;

		if (next && range.size && next->addr <= range.addr + range.size) {
			if (next->addr + next->size > range.addr + range.size)
				range.size = next->addr + next->size - range.addr;
			continue;
		}
		if (range.size) {
			if (rec_tracee_read(s->thread, now, range.addr, range.size))
				return false;
			fmt_buf_put(&ret->ranges, &range, sizeof(range));
			fmt_buf_put(&ret->bytes, now, range.size);
		}
		if (next)
			range = *next;
	}
	return rec_tracee_get_fpregs(s->thread, &ret->fpregs) == 0;
}

/* As rec__spin_step(), 2: there is no such loop. */
static int find_same(struct search *s, unsigned steps_max, struct rec_loop *ret)
{
	unsigned turn = 0;
	int r = find_turn(s, steps_max, &turn);

	if (r == 1)
		r = go_to_least(s, turn);
	ret->regs = s->regs;
	return r;
}

static int find(struct search *s, unsigned steps_max, struct rec_loop *ret)
{
	int r = find_same(s, steps_max, ret);

	if (r == 2 && steps_max >= COUNT_STEPS) {
		r = rec__spin_count(s, ret);
		leave_out_counters(s, ret);
	}
	if (r == 1 && !describe(s, ret))
		r = 2;
	if (r < 0)
		return r;
	return r == 1 ? REC_SPIN_LOOP : r == 2 ? REC_SPIN_NONE : REC_SPIN_STOPPED;
}

int rec_spin_find(struct rec_tracee *thread, unsigned steps_max, struct rec_loop *ret, struct rec_stop_info *ret_stop)
{
	struct search *s = calloc(1, sizeof(*s));

	CHECK(s != NULL);
	s->thread = thread;
	CHECK(cs_open(CS_ARCH_X86, CS_MODE_64, &s->handle) == CS_ERR_OK);
	CHECK(cs_option(s->handle, CS_OPT_DETAIL, CS_OPT_ON) == CS_ERR_OK);
	s->insn = cs_malloc(s->handle);
	CHECK(s->insn != NULL);
	memset(ret, 0, sizeof(*ret));
	const int r = find(s, steps_max, ret);

	if (r != REC_SPIN_LOOP)
		rec_loop_done(ret);
	if (r == REC_SPIN_STOPPED)
		*ret_stop = s->stop;
	cs_free(s->insn, 1);
	cs_close(&s->handle);
	free(s);
	return r;
}

bool rec_loop_holds(const struct rec_loop *loop, struct rec_tracee *thread)
{
	const struct rec_range *ranges = (const struct rec_range *)loop->ranges.data;
	const uint8_t *bytes = loop->bytes.data;
	uint8_t now[RANGE_MAX * PLACE_SIZE];

	for (size_t i = 0; i < loop->ranges.size / sizeof(*ranges); i++) {
		if (rec_tracee_read(thread, now, ranges[i].addr, ranges[i].size) ||
		    memcmp(now, bytes, ranges[i].size) != 0)
			return false;
		bytes += ranges[i].size;
	}
	return true;
}

int rec_loop_settle(const struct rec_loop *loop, struct rec_tracee *thread)
{
	const struct rec_range *counters = (const struct rec_range *)loop->counters.data;
	const uint8_t *values = loop->values.data;
	const int r = rec_tracee_set_regs(thread, &loop->regs);

	for (size_t i = 0; r == 0 && i < loop->counters.size / sizeof(*counters); i++) {
		if (rec_tracee_write(thread, counters[i].addr, values, counters[i].size) != 0)
			return -EFAULT;
		values += counters[i].size;
	}
	return r;
}

void rec_loop_done(struct rec_loop *loop)
{
	fmt_buf_done(&loop->counters);
	fmt_buf_done(&loop->values);
	fmt_buf_done(&loop->ranges);
	fmt_buf_done(&loop->bytes);
}
