/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spin-count.c - loops that count while they wait: `while (!flag) n++;`.
 *
 * No two turns of such a loop are the same, so the point where a watchdog interrupts it differs between runs.  But when
 * each turn adds the same amounts to some registers or words and is the same in everything else, and when nothing that
 * counts has a say in where the loop goes or what it touches, then its states form a ring: counters wrap around, and every
 * state is reached from every other by some number of turns.  A thread in it may have made any number of them, since
 * nobody has looked.  So one state of the ring can stand for all: that in which the slowest counter is at its least
 * value.  The thread is set to it, which is what it would have come to by itself, and the same in every run, however late the
 * interrupt came.  For the usual counter, by one, it is 0.
 *
 * That nothing depends on the counters is shown by interpreting one turn in terms of them.  Each register and each word of
 * memory that the turn touches is at each instruction one of
 *
 *	SAME	the same in every turn
 *	COUNTS	a counter's value at the head of the loop, plus a constant, modulo 2^bits
 *	OTHER	made of counters in some other way
 *
 * SAME from SAME alone is SAME; adding something that is SAME keeps COUNTS; all else that is made of COUNTS or OTHER is
 * OTHER.  An address or a jump that is not SAME ends the search.  At the head each must be SAME or its own counter, and then
 * this holds for all turns.  What is known of an instruction is what the disassembler says of registers and operands; two
 * turns are executed as well, and must agree.
 */
#include "spin-int.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

#define TURN_MAX 64		/* instructions of a turn */
#define LOOK_STEPS (4 * TURN_MAX)
#define COUNTER_MAX 16

enum kind { SAME, COUNTS, OTHER };

struct value {
	enum kind kind;
	unsigned base, bits;	/* COUNTS: index of the counter; modulo 2^bits */
	uint64_t plus;
};

/* Where a counter lies: a register, or a place of the search. */
struct counter {
	int reg;		/* -1: memory */
	size_t place;
	unsigned bits;
	uint64_t by;		/* what a turn adds */
};

struct step {
	struct user_regs_struct regs;	/* before it */
	uint8_t code[INSN_MAX];
	bool is_clear;		/* nothing is OTHER before it, flags included */
};

struct machine {		/* what is interpreted */
	struct value regs[REC__SPIN_REGISTERS], places[RANGE_MAX], flags;
	bool touched[RANGE_MAX];	/* was not SAME at some time */
};

struct count {
	struct search *s;
	struct step steps[TURN_MAX];
	size_t length;
	struct counter counters[COUNTER_MAX];
	size_t counter_count;
	struct user_regs_struct heads[3];
	uint64_t words[3][RANGE_MAX];	/* places of 8 bytes or fewer at the head */
	enum kind flags_at_head;
	struct machine m;
};

static uint64_t mask(unsigned bits)
{
	return bits == 64 ? ~0ull : (1ull << bits) - 1;
}

/* ---- the turn ------------------------------------------------------------------------ */

/* The least length of which the last two turns are the same instructions on the same stack; 0: there is none. */
static size_t period(const uint64_t (*trail)[2], size_t count)
{
	for (size_t length = 1; length <= TURN_MAX && 2 * length < count; length++)
		if (!memcmp(trail[count - length], trail[count - 2 * length], length * sizeof(trail[0])))
			return length;
	return 0;
}

/* As rec__spin_step(), 2: nothing repeats. */
static int find_length(struct count *c)
{
	uint64_t trail[LOOK_STEPS][2];
	int r = 1;

	for (size_t i = 0; r == 1 && i < LOOK_STEPS; i++) {
		trail[i][0] = c->s->regs.rip;
		trail[i][1] = c->s->regs.rsp;
		r = rec__spin_step(c->s);
	}
	c->length = r == 1 ? period((const uint64_t (*)[2])trail, LOOK_STEPS) : 0;
	return r == 1 && !c->length ? 2 : r;
}

static bool read_words(struct count *c, unsigned head)
{
	for (size_t i = 0; i < c->s->place_count; i++) {
		const struct rec_range *range = &c->s->places[i].range;

		c->words[head][i] = 0;
		if (range->size <= 8 && rec_tracee_read(c->s->thread, &c->words[head][i], range->addr, range->size))
			return false;
	}
	return true;
}

/* Makes the turn, and notes all that it does.  As rec__spin_step(), 2: not to be understood. */
static int watch_turn(struct count *c)
{
	int r = 1;

	c->s->place_count = 0;
	c->heads[0] = c->s->regs;
	for (size_t i = 0; r == 1 && i < c->length; i++) {
		if (!rec__spin_look(c->s))
			return 2;
		c->steps[i].regs = c->s->regs;
		memcpy(c->steps[i].code, c->s->insn->bytes, c->s->insn->size);
		r = rec__spin_step(c->s);
	}
	for (size_t i = 0; i < c->s->place_count; i++) {
		c->words[0][i] = 0;
		if (c->s->places[i].range.size <= 8)
			memcpy(&c->words[0][i], c->s->places[i].before, c->s->places[i].range.size);
	}
	c->heads[1] = c->s->regs;
	const size_t place_count = c->s->place_count;

	if (r == 1 && (!read_words(c, 1) || rec__spin_keep(c->s)))
		return 2;
	c->s->place_count = place_count;	/* rec__spin_keep() has forgotten them */
	return r;
}

/* Makes it again: whether it goes the same way. */
static int repeat_turn(struct count *c)
{
	int r = 1;

	for (size_t i = 0; r == 1 && i < c->length; i++) {
		if (c->s->regs.rip != c->steps[i].regs.rip)
			return 2;
		r = rec__spin_step(c->s);
	}
	c->heads[2] = c->s->regs;
	return r == 1 && (!read_words(c, 2) || !rec__spin_same_vectors(c->s)) ? 2 : r;
}

static bool add_counter(struct count *c, const uint64_t values[3], const struct counter *what)
{
	if (values[0] == values[1] && values[1] == values[2])
		return true;
	/* What is wider than a word has no value here, so it never comes this far. */
	const uint64_t by = (values[1] - values[0]) & mask(what->bits);

	if (((values[2] - values[1]) & mask(what->bits)) != by || !by || c->counter_count == COUNTER_MAX)
		return false;
	c->counters[c->counter_count] = *what;
	c->counters[c->counter_count++].by = by;
	return true;
}

/* All that differs between heads; false: something does not count. */
static bool find_counters(struct count *c)
{
	c->counter_count = 0;
	for (int i = 0; i < REC__SPIN_REGISTERS; i++) {
		uint64_t values[3];

		for (unsigned head = 0; head < 3; head++)
			values[head] = *rec__spin_register_at(&c->heads[head], i);
		if (!add_counter(c, values, &(struct counter) { .reg = i, .bits = 64 }))
			return false;
	}
	for (size_t i = 0; i < c->s->place_count; i++) {
		const struct rec_range *range = &c->s->places[i].range;
		const uint64_t values[3] = { c->words[0][i], c->words[1][i], c->words[2][i] };

		if (!add_counter(c, values, &(struct counter) { .reg = -1, .place = i, .bits = 8 * (unsigned)range->size }))
			return false;
	}
	return c->counter_count > 0;
}

/* ---- what an instruction does to values ---------------------------------------------------- */

static struct value *place_of(struct count *c, uint64_t addr, uint64_t size)
{
	for (size_t i = 0; i < c->s->place_count; i++)
		if (c->s->places[i].range.addr == addr && c->s->places[i].range.size == size)
			return &c->m.places[i];
	return NULL;
}

/* The place that an instruction touches beside its operands; NULL: none. */
static struct value *stack_place(struct count *c, bool *ret_writes)
{
	const struct user_regs_struct *regs = &c->s->regs;

	*ret_writes = false;
	switch (c->s->insn->id) {
	case X86_INS_PUSH:
	case X86_INS_CALL:
		*ret_writes = true;
		return place_of(c, regs->rsp - RED_ZONE_WORD, RED_ZONE_WORD);
	case X86_INS_POP:
	case X86_INS_RET:
		return place_of(c, regs->rsp, RED_ZONE_WORD);
	case X86_INS_LEAVE:
		return place_of(c, regs->rbp, RED_ZONE_WORD);
	default:
		return NULL;
	}
}

static struct value *operand(struct count *c, const cs_x86_op *op)
{
	uint64_t addr;
	unsigned size;

	if (op->type == X86_OP_REG) {
		const int reg = rec__spin_register(op->reg, &size);

		return reg < 0 ? NULL : &c->m.regs[reg];
	}
	if (op->type != X86_OP_MEM || !rec__spin_address(c->s, op, &addr))
		return NULL;
	return place_of(c, addr, op->size);
}

/* Whether an address is the same in every turn. */
static bool address_is_same(struct count *c, const cs_x86_op *op)
{
	unsigned size;
	const int base = rec__spin_register(op->mem.base, &size), index = rec__spin_register(op->mem.index, &size);

	return (base < 0 || c->m.regs[base].kind == SAME) && (index < 0 || c->m.regs[index].kind == SAME);
}

/* The registers that an instruction reads and writes, by itself or as operands. */
struct access {
	cs_regs read, written;
	uint8_t read_count, written_count;
};

static bool get_access(const struct count *c, struct access *ret)
{
	return cs_regs_access(c->s->handle, c->s->insn, ret->read, &ret->read_count, ret->written,
			      &ret->written_count) == CS_ERR_OK;
}

/* Whether all that the instruction reads is the same in every turn.  Addresses have been looked at. */
static bool reads_same(struct count *c)
{
	const cs_x86 *x86 = &c->s->insn->detail->x86;
	struct access access = { 0 };
	bool writes;
	unsigned size;

	if (!get_access(c, &access))
		return false;
	for (uint8_t i = 0; i < access.read_count; i++) {
		const uint16_t id = access.read[i];
		const int reg = rec__spin_register(id, &size);

		if ((reg >= 0 && c->m.regs[reg].kind != SAME) || (id == X86_REG_EFLAGS && c->m.flags.kind != SAME))
			return false;
	}
	for (uint8_t i = 0; i < x86->op_count; i++) {
		const struct value *value = x86->operands[i].type == X86_OP_MEM ? operand(c, &x86->operands[i]) : NULL;

		if (value && value->kind != SAME && !(c->s->insn->id == X86_INS_MOV && i == 0))
			return false;
	}
	const struct value *stack = stack_place(c, &writes);

	return writes || !stack || stack->kind == SAME;
}

/* The flags are all written by these, and none of them is read. */
static bool writes_all_flags(unsigned id)
{
	switch (id) {
	case X86_INS_ADD: case X86_INS_SUB: case X86_INS_CMP: case X86_INS_TEST: case X86_INS_AND: case X86_INS_OR:
	case X86_INS_XOR: case X86_INS_NEG: case X86_INS_XADD: case X86_INS_CMPXCHG:
		return true;
	default:
		return false;
	}
}

/* A value of a size goes into an operand: a part of a register joins the rest of it. */
static bool assign(struct count *c, const cs_x86_op *op, struct value value)
{
	struct value *to = operand(c, op);

	if (!to)
		return false;
	if (op->type == X86_OP_REG && op->size < 4 && (value.kind != SAME || to->kind != SAME))
		value.kind = OTHER;
	*to = value;
	return true;
}

/* All that the instruction writes becomes kind; flags too.  False: it writes what is not watched. */
static bool write_all(struct count *c, enum kind kind)
{
	const struct value value = { .kind = kind };
	struct access access = { 0 };
	unsigned size;

	if (!get_access(c, &access))
		return false;
	for (uint8_t i = 0; i < access.written_count; i++) {
		const uint16_t written = access.written[i];
		const int reg = rec__spin_register(written, &size);

		if (written == X86_REG_EFLAGS) {
			if (kind != SAME || writes_all_flags(c->s->insn->id))
				c->m.flags.kind = kind;
			continue;
		}
		/* Vector registers are taken for the same always. */
		if (reg < 0 && kind != SAME && written != X86_REG_RIP)
			return false;
		if (reg >= 0 && !(size < 4 && c->m.regs[reg].kind != SAME))
			c->m.regs[reg] = value;
	}
	const cs_x86 *x86 = &c->s->insn->detail->x86;
	const unsigned id = c->s->insn->id;
	bool writes;
	const bool only_reads = id == X86_INS_CMP || id == X86_INS_TEST || id == X86_INS_PUSH || id == X86_INS_CALL;

	if (x86->op_count && x86->operands[0].type == X86_OP_MEM && !only_reads && id != X86_INS_LEA && id != X86_INS_NOP &&
	    !assign(c, &x86->operands[0], value))
		return false;
	struct value *stack = stack_place(c, &writes);

	if (stack && writes)
		*stack = value;
	return true;
}

/* The value of an operand that is the same always, as a number; false: it is not known. */
static bool constant(struct count *c, const cs_x86_op *op, uint64_t *ret)
{
	unsigned size;

	if (op->type == X86_OP_IMM) {
		*ret = (uint64_t)op->imm;
		return true;
	}
	const int reg = op->type == X86_OP_REG ? rec__spin_register(op->reg, &size) : -1;

	if (reg < 0 || c->m.regs[reg].kind != SAME)
		return false;
	*ret = *rec__spin_register_at(&c->s->regs, reg);
	return true;
}

/* A counter plus a constant, in so many bytes. */
static struct value moved(struct value value, uint64_t by, unsigned size)
{
	if (value.kind != COUNTS || 8 * size > value.bits)
		return (struct value) { .kind = value.kind == SAME ? SAME : OTHER };
	value.bits = 8 * size;
	value.plus = (value.plus + by) & mask(value.bits);
	return value;
}

/* mov, add, sub, inc, dec and lea of something that counts.  False: it is none of these, or not so simple. */
static bool count_on(struct count *c)
{
	const cs_x86 *x86 = &c->s->insn->detail->x86;
	const cs_x86_op *ops = x86->operands;
	uint64_t by = 0;

	switch (c->s->insn->id) {
	case X86_INS_MOV: {
		const struct value *from = operand(c, &ops[1]);

		return from && assign(c, &ops[0], moved(*from, 0, ops[0].size));
	}
	case X86_INS_INC:
	case X86_INS_DEC:
		by = c->s->insn->id == X86_INS_INC ? 1 : ~0ull;
		break;
	case X86_INS_ADD:
	case X86_INS_SUB:
		if (!constant(c, &ops[1], &by))
			return false;
		by = c->s->insn->id == X86_INS_ADD ? by : 0 - by;
		break;
	case X86_INS_LEA: {
		unsigned size;
		const int base = rec__spin_register(ops[1].mem.base, &size);

		if (base < 0 || ops[1].mem.index != X86_REG_INVALID)
			return false;
		return assign(c, &ops[0], moved(c->m.regs[base], (uint64_t)ops[1].mem.disp, ops[0].size));
	}
	default:
		return false;
	}
	const struct value *to = operand(c, &ops[0]);

	c->m.flags.kind = OTHER;
	return to && assign(c, &ops[0], moved(*to, by, ops[0].size));
}

/* What decides where the loop goes must not count. */
static bool is_jump(const struct search *s)
{
	return cs_insn_group(s->handle, s->insn, X86_GRP_JUMP) || cs_insn_group(s->handle, s->insn, X86_GRP_CALL) ||
	       cs_insn_group(s->handle, s->insn, X86_GRP_RET) || s->insn->id == X86_INS_LOOP ||
	       s->insn->id == X86_INS_LOOPE || s->insn->id == X86_INS_LOOPNE;
}

static bool has_prefix_rep(const cs_x86 *x86)
{
	return x86->prefix[0] == X86_PREFIX_REP || x86->prefix[0] == X86_PREFIX_REPNE;
}

static bool interpret_one(struct count *c)
{
	const cs_x86 *x86 = &c->s->insn->detail->x86;

	for (uint8_t i = 0; i < x86->op_count; i++)
		if (x86->operands[i].type == X86_OP_MEM && c->s->insn->id != X86_INS_LEA && c->s->insn->id != X86_INS_NOP &&
		    !address_is_same(c, &x86->operands[i]))
			return false;
	if (c->m.regs[rec__spin_register(X86_REG_RSP, &(unsigned) { 0 })].kind != SAME)
		return false;
	if (c->s->insn->id == X86_INS_NOP || c->s->insn->id == X86_INS_PAUSE)
		return true;
	if (reads_same(c))
		return write_all(c, SAME);
	if (is_jump(c->s) || has_prefix_rep(x86))
		return false;
	return count_on(c) || write_all(c, OTHER);
}

/* ---- the whole turn --------------------------------------------------------------------------- */

static void begin(struct count *c)
{
	memset(&c->m, 0, sizeof(c->m));
	c->m.flags.kind = c->flags_at_head;
	for (unsigned i = 0; i < c->counter_count; i++) {
		const struct counter *counter = &c->counters[i];
		const struct value value = { COUNTS, i, counter->bits, 0 };

		if (counter->reg >= 0)
			c->m.regs[counter->reg] = value;
		else
			c->m.places[counter->place] = value;
	}
}

/* Nothing is OTHER, the flags aside. */
static bool nothing_is_lost(const struct count *c)
{
	for (size_t i = 0; i < REC__SPIN_REGISTERS; i++)
		if (c->m.regs[i].kind == OTHER)
			return false;
	for (size_t i = 0; i < c->s->place_count; i++)
		if (c->m.places[i].kind == OTHER)
			return false;
	return true;
}

static void note_touched(struct count *c)
{
	for (size_t i = 0; i < c->s->place_count; i++)
		c->m.touched[i] |= c->m.places[i].kind != SAME;
}

static bool interpret(struct count *c)
{
	const struct user_regs_struct now = c->s->regs;
	bool ok = true;

	begin(c);
	note_touched(c);
	for (size_t i = 0; ok && i < c->length; i++) {
		const uint8_t *code = c->steps[i].code;
		size_t size = INSN_MAX;
		uint64_t addr = c->steps[i].regs.rip;

		c->steps[i].is_clear = c->m.flags.kind == SAME && nothing_is_lost(c);
		c->s->regs = c->steps[i].regs;
		ok = cs_disasm_iter(c->s->handle, &code, &size, &addr, c->s->insn) && interpret_one(c);
		note_touched(c);
	}
	c->s->regs = now;
	return ok && nothing_is_lost(c) && (c->m.flags.kind == SAME || c->flags_at_head != SAME);
}

/* A place that counts must be touched as a whole always. */
static bool places_are_apart(const struct count *c)
{
	for (size_t i = 0; i < c->s->place_count; i++)
		for (size_t k = 0; c->m.touched[i] && k < c->s->place_count; k++) {
			const struct rec_range *a = &c->s->places[i].range, *b = &c->s->places[k].range;

			if (i != k && a->addr < b->addr + b->size && b->addr < a->addr + a->size)
				return false;
		}
	return true;
}

/* The end of a turn: what did not count is as at its head, and a counter is a counter plus a constant.  One that only
 * follows another (a copy of it) has that other as its base. */
static bool closes(const struct count *c)
{
	size_t counting = 0;

	for (size_t i = 0; i < REC__SPIN_REGISTERS; i++)
		counting += c->m.regs[i].kind == COUNTS;
	for (size_t i = 0; i < c->s->place_count; i++)
		counting += c->m.places[i].kind == COUNTS;
	for (size_t i = 0; i < c->counter_count; i++) {
		const struct counter *counter = &c->counters[i];
		const struct value *value = counter->reg >= 0 ? &c->m.regs[counter->reg] : &c->m.places[counter->place];
		const struct counter *base = &c->counters[value->base];

		if (value->kind != COUNTS || value->bits != counter->bits)
			return false;
		/* The base itself must go on by its own step, else nothing is known of turns to come. */
		const struct value *own = base->reg >= 0 ? &c->m.regs[base->reg] : &c->m.places[base->place];

		if (own->base != value->base || (own->plus & mask(base->bits)) != base->by ||
		    (base->by & mask(counter->bits)) != counter->by)
			return false;
	}
	return counting == c->counter_count;
}

/* The clear instruction with the least address that a turn executes once; length: there is none. */
static size_t agreed_point(const struct count *c)
{
	size_t point = c->length;

	for (size_t i = 0; i < c->length; i++) {
		unsigned times = 0;

		for (size_t k = 0; k < c->length; k++)
			times += c->steps[k].regs.rip == c->steps[i].regs.rip;
		if (times == 1 && c->steps[i].is_clear &&
		    (point == c->length || c->steps[i].regs.rip < c->steps[point].regs.rip))
			point = i;
	}
	return point;
}

/* Interprets up to a point, for what counts there. */
static void interpret_to(struct count *c, size_t point)
{
	const size_t length = c->length;

	c->length = point;
	interpret(c);
	c->length = length;
}

/* ---- the state that stands for all ------------------------------------------------------------------- */

static unsigned zeros_of(uint64_t by)
{
	return (unsigned)__builtin_ctzll(by);
}

/* The inverse of an odd number modulo 2^64: each round doubles the bits that are right. */
static uint64_t inverse(uint64_t odd)
{
	uint64_t x = odd;

	for (unsigned i = 0; i < 5; i++)
		x *= 2 - odd * x;
	return x;
}

/* Turns until a counter of value is at its least. */
static uint64_t turns_to_least(uint64_t value, uint64_t by, unsigned bits)
{
	const unsigned zeros = zeros_of(by);
	const uint64_t least = value & mask(bits) & ((1ull << zeros) - 1);

	return ((((least - value) & mask(bits)) >> zeros) * inverse(by >> zeros)) & mask(bits - zeros);
}

static uint64_t word_at(struct count *c, size_t place)
{
	uint64_t word = 0;

	CHECK(rec_tracee_read(c->s->thread, &word, c->s->places[place].range.addr, c->s->places[place].range.size) == 0);
	return word;
}

/* One place or register that counts at the point, by what and modulo what. */
struct moving {
	int reg;
	size_t place;
	unsigned bits;
	uint64_t by, value;
};

static size_t list_moving(struct count *c, struct moving *list)
{
	size_t count = 0;

	for (int i = 0; i < REC__SPIN_REGISTERS; i++)
		if (c->m.regs[i].kind == COUNTS)
			list[count++] = (struct moving) { i, 0, c->m.regs[i].bits,
				c->counters[c->m.regs[i].base].by & mask(c->m.regs[i].bits),
				*rec__spin_register_at(&c->s->regs, i) };
	for (size_t i = 0; i < c->s->place_count; i++)
		if (c->m.places[i].kind == COUNTS)
			list[count++] = (struct moving) { -1, i, c->m.places[i].bits,
				c->counters[c->m.places[i].base].by & mask(c->m.places[i].bits), word_at(c, i) };
	return count;
}

/* The one that takes the most turns to come back, the first of several: all others come back with it. */
static const struct moving *slowest(const struct moving *list, size_t count)
{
	const struct moving *slow = NULL;

	for (size_t i = 0; i < count; i++)
		if (list[i].by && (!slow || list[i].bits - zeros_of(list[i].by) > slow->bits - zeros_of(slow->by)))
			slow = &list[i];
	return slow;
}

static int by_place(const struct count *c, const struct moving *a, const struct moving *b)
{
	const uint64_t x = c->s->places[a->place].range.addr, y = c->s->places[b->place].range.addr;

	return (x > y) - (x < y);
}

/* By insertion: there are few. */
static void sort_places(const struct count *c, struct moving *list, size_t count)
{
	for (size_t i = 1; i < count; i++)
		for (size_t k = i; k > 0 && list[k].reg < 0 && list[k - 1].reg < 0 && by_place(c, &list[k], &list[k - 1]) < 0; k--) {
			const struct moving other = list[k];

			list[k] = list[k - 1];
			list[k - 1] = other;
		}
}

/* Fills in the state at the point.  The thread stands there. */
static bool fill(struct count *c, struct rec_loop *ret)
{
	struct moving list[REC__SPIN_REGISTERS + RANGE_MAX];
	const size_t count = list_moving(c, list);
	const struct moving *slow = slowest(list, count);

	if (!slow)
		return false;
	const uint64_t turns = turns_to_least(slow->value, slow->by, slow->bits);

	ret->regs = c->s->regs;
	sort_places(c, list, count);
	for (size_t i = 0; i < count; i++) {
		const uint64_t value = (list[i].value + turns * list[i].by) & mask(list[i].bits);

		if (list[i].reg >= 0) {
			*rec__spin_register_at(&ret->regs, list[i].reg) = value;
			*rec__spin_register_at(&ret->by, list[i].reg) = list[i].by;
			continue;
		}
		fmt_buf_put(&ret->counters, &c->s->places[list[i].place].range, sizeof(struct rec_range));
		fmt_buf_put(&ret->values, &value, c->s->places[list[i].place].range.size);
	}
	return true;
}

/* Interprets the turn until the widths of all counters are known.  Whether it is understood. */
static bool understand(struct count *c, enum kind flags_at_head)
{
	bool ok = find_counters(c);

	c->flags_at_head = flags_at_head;
	for (unsigned round = 0; ok && round < 3; round++) {
		bool narrower = false;

		if (!interpret(c))
			return false;
		for (size_t i = 0; i < c->counter_count; i++) {
			struct counter *counter = &c->counters[i];
			const struct value *value = counter->reg >= 0 ? &c->m.regs[counter->reg] : NULL;

			if (!value || value->kind != COUNTS || value->bits >= counter->bits)
				continue;
			counter->bits = value->bits;
			counter->by &= mask(value->bits);
			narrower = true;
			ok &= counter->by != 0;
		}
		if (!narrower)
			return closes(c) && places_are_apart(c);
	}
	return false;
}

/* As rec__spin_step(). */
static int go_to(struct count *c, size_t point)
{
	int r = 1;

	for (size_t i = 0; r == 1 && i < point; i++)
		r = rec__spin_step(c->s);
	CHECK(r != 1 || c->s->regs.rip == c->steps[point].regs.rip);
	return r;
}

static int search(struct count *c, struct rec_loop *ret)
{
	int r = find_length(c);

	if (r == 1)
		r = watch_turn(c);
	if (r == 1)
		r = repeat_turn(c);
	if (r != 1)
		return r;
	/* The search may have begun between a test and its jump, or where flags tell of a counter and nobody asks. */
	if (!understand(c, SAME) && !understand(c, OTHER))
		return 2;
	const size_t point = agreed_point(c);

	if (point == c->length)
		return 2;
	interpret_to(c, point);
	r = go_to(c, point);
	if (r == 1 && !fill(c, ret))
		return 2;
	ret->counts = r == 1;
	return r;
}

int rec__spin_count(struct search *s, struct rec_loop *ret)
{
	struct count *c = calloc(1, sizeof(*c));

	CHECK(c != NULL);
	c->s = s;
	int r = rec__spin_get_regs(s);

	if (r == 0)
		r = search(c, ret);
	free(c);
	return r;
}
