/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "location.h"

#include <dwarf.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "entry-value.h"
#include "scopes.h"

#define STACK_MAX 64
/* A program may have a loop. */
#define STEPS_MAX 4096

struct machine {
	const struct rep_place *place;
	Dwarf_Attribute *attr;
	uint64_t stack[STACK_MAX];
	size_t depth;
	bool failed;
	bool is_value, is_register;	/* the top is the thing itself, not its address */
	const uint8_t *wide;		/* of a register that is wider than the top: all of it, WIDE_SIZE bytes */
};

#define WIDE_SIZE 16

/* DWARF's numbers of xmm0 and the one behind xmm15. */
#define FIRST_XMM 17
#define END_XMM 33

/* ---- registers -------------------------------------------------------------------- */

static bool read_register(const struct machine *m, uint64_t number, uint64_t *ret)
{
	static const size_t offsets[] = {
#define AT(name) offsetof(struct user_regs_struct, name)
		AT(rax), AT(rdx), AT(rcx), AT(rbx), AT(rsi), AT(rdi), AT(rbp), AT(rsp), AT(r8),
		AT(r9),	 AT(r10), AT(r11), AT(r12), AT(r13), AT(r14), AT(r15), AT(rip),
#undef AT
	};

	if (number >= FIRST_XMM && number < END_XMM && m->place->fpregs) {
		memcpy(ret, &m->place->fpregs->xmm_space[4 * (number - FIRST_XMM)], sizeof(*ret));
		return true;
	}
	if (!m->place->frame || number >= sizeof(offsets) / sizeof(offsets[0]))
		return false;
	memcpy(ret, (const uint8_t *)&m->place->frame->regs + offsets[number], sizeof(*ret));
	return true;
}

/* ---- the stack ------------------------------------------------------------------------ */

static void push(struct machine *m, uint64_t value)
{
	if (m->depth == STACK_MAX)
		m->failed = true;
	else
		m->stack[m->depth++] = value;
}

static uint64_t pop(struct machine *m)
{
	if (!m->depth) {
		m->failed = true;
		return 0;
	}
	return m->stack[--m->depth];
}

static void pick(struct machine *m, uint64_t index)
{
	if (index < m->depth)
		push(m, m->stack[m->depth - 1 - index]);
	else
		m->failed = true;
}

static void deref(struct machine *m, uint64_t size)
{
	const uint64_t addr = pop(m);
	uint64_t value = 0;

	if (size > sizeof(value) || m->place->target->ops->read(m->place->target->arg, &value, addr, size) != size)
		m->failed = true;
	push(m, value);
}

static void push_register(struct machine *m, uint64_t number, int64_t offset)
{
	uint64_t value = 0;

	if (!read_register(m, number, &value))
		m->failed = true;
	push(m, value + (uint64_t)offset);
}

/* The thing is in a register. */
static void take_register(struct machine *m, uint64_t number)
{
	push_register(m, number, 0);
	m->is_register = true;
	m->wide = number >= FIRST_XMM && !m->failed ? (const uint8_t *)&m->place->fpregs->xmm_space[4 * (number - FIRST_XMM)] : NULL;
}

static void binary(struct machine *m, uint8_t atom)
{
	const uint64_t b = pop(m), a = pop(m);
	const int64_t sa = (int64_t)a, sb = (int64_t)b;
	uint64_t value = 0;

	switch (atom) {
	case DW_OP_and: value = a & b; break;
	case DW_OP_or: value = a | b; break;
	case DW_OP_xor: value = a ^ b; break;
	case DW_OP_plus: value = a + b; break;
	case DW_OP_minus: value = a - b; break;
	case DW_OP_mul: value = a * b; break;
	case DW_OP_div: value = sb && sb != -1 ? (uint64_t)(sa / sb) : 0 - a; break;
	case DW_OP_mod: value = b ? a % b : 0; break;
	case DW_OP_shl: value = b < 64 ? a << b : 0; break;
	case DW_OP_shr: value = b < 64 ? a >> b : 0; break;
	case DW_OP_shra: value = (uint64_t)(sa >> (b < 63 ? b : 63)); break;
	case DW_OP_eq: value = a == b; break;
	case DW_OP_ne: value = a != b; break;
	case DW_OP_lt: value = sa < sb; break;
	case DW_OP_le: value = sa <= sb; break;
	case DW_OP_gt: value = sa > sb; break;
	case DW_OP_ge: value = sa >= sb; break;
	}
	push(m, value);
}

/* ---- operations --------------------------------------------------------------------------- */

static void rearrange(struct machine *m, const Dwarf_Op *op)
{
	const uint64_t top = pop(m);

	switch (op->atom) {
	case DW_OP_drop:
		break;
	case DW_OP_dup:
		push(m, top);
		push(m, top);
		break;
	case DW_OP_neg:
		push(m, 0 - top);
		break;
	case DW_OP_not:
		push(m, ~top);
		break;
	case DW_OP_abs:
		push(m, (int64_t)top < 0 ? 0 - top : top);
		break;
	case DW_OP_plus_uconst:
		push(m, top + op->number);
		break;
	case DW_OP_swap: {
		const uint64_t below = pop(m);

		push(m, top);
		push(m, below);
		break;
	}
	default:
		m->failed = true;
	}
}

/* Where the thread has the variables of the program that are each thread's own: below its thread control block, whose address fs holds.
 * A library's blocks are anywhere; only the dynamic linker knows. */
static bool find_thread_block(const struct rep_place *place, uint64_t *ret)
{
	uint64_t size = 0, align = 1;
	bool is_program = false;
	GElf_Phdr header;
	size_t count;

	if (!place->frame || !place->frame->regs.fs_base || !place->module->elf || elf_getphdrnum(place->module->elf, &count) < 0)
		return false;
	for (size_t i = 0; i < count && gelf_getphdr(place->module->elf, (int)i, &header); i++) {
		is_program |= header.p_type == PT_INTERP;
		if (header.p_type == PT_TLS) {
			size = header.p_memsz;
			align = header.p_align ? header.p_align : 1;
		}
	}
	*ret = place->frame->regs.fs_base - (size + align - 1) / align * align;
	return is_program && size;
}

/* What a register held when the function was called. */
static void add_entry_value(struct machine *m, const Dwarf_Op *op)
{
	Dwarf_Attribute attr;
	uint64_t number, value = 0;

	if (dwarf_getlocation_attr(m->attr, op, &attr) < 0 || !rep__location_register(&attr, &number) ||
	    !rep__entry_value(m->place, number, &value))
		m->failed = true;
	push(m, value);
}

static void add_thread_block(struct machine *m)
{
	const uint64_t offset = pop(m);
	uint64_t block = 0;

	m->failed |= !find_thread_block(m->place, &block);
	push(m, block + offset);
}

/* Operations of addresses that need the unit or the frame. */
static void look_up(struct machine *m, const Dwarf_Op *op)
{
	const struct rep_place *place = m->place;
	Dwarf_Attribute attr;
	Dwarf_Addr addr;

	switch (op->atom) {
	case DW_OP_addr:
		push(m, op->number + place->bias);
		break;
	case DW_OP_addrx:
	case DW_OP_GNU_addr_index:
		if (dwarf_getlocation_attr(m->attr, op, &attr) < 0 || dwarf_formaddr(&attr, &addr) < 0)
			m->failed = true;
		else
			push(m, addr + place->bias);
		break;
	case DW_OP_form_tls_address:
	case DW_OP_GNU_push_tls_address:
		add_thread_block(m);
		break;
	case DW_OP_entry_value:
	case DW_OP_GNU_entry_value:
		add_entry_value(m, op);
		break;
	case DW_OP_fbreg:
		m->failed |= !place->has_frame_base;
		push(m, place->frame_base + op->number);
		break;
	case DW_OP_call_frame_cfa:
		m->failed |= !place->frame || !place->frame->cfa;
		push(m, place->frame ? place->frame->cfa : 0);
		break;
	default:
		m->failed = true;
	}
}

static void operate(struct machine *m, const Dwarf_Op *op)
{
	const uint8_t atom = op->atom;

	if (atom >= DW_OP_lit0 && atom <= DW_OP_lit31) {
		push(m, atom - DW_OP_lit0);
	} else if (atom >= DW_OP_breg0 && atom <= DW_OP_breg31) {
		push_register(m, atom - DW_OP_breg0, (int64_t)op->number);
	} else if (atom >= DW_OP_reg0 && atom <= DW_OP_reg31) {
		take_register(m, atom - DW_OP_reg0);
	} else if (atom >= DW_OP_const1u && atom <= DW_OP_consts) {
		push(m, op->number);
	} else if (atom >= DW_OP_abs && atom <= DW_OP_xor && atom != DW_OP_abs && atom != DW_OP_neg && atom != DW_OP_not &&
		   atom != DW_OP_plus_uconst) {
		binary(m, atom);
	} else if (atom >= DW_OP_eq && atom <= DW_OP_ne) {
		binary(m, atom);
	} else {
		switch (atom) {
		case DW_OP_nop:
			break;
		case DW_OP_deref:
			deref(m, 8);
			break;
		case DW_OP_deref_size:
			deref(m, op->number);
			break;
		case DW_OP_over:
			pick(m, 1);
			break;
		case DW_OP_pick:
			pick(m, op->number);
			break;
		case DW_OP_bregx:
			push_register(m, op->number, (int64_t)op->number2);
			break;
		case DW_OP_regx:
			take_register(m, op->number);
			break;
		case DW_OP_stack_value:
			m->is_value = true;
			break;
		case DW_OP_addr:
		case DW_OP_addrx:
		case DW_OP_GNU_addr_index:
		case DW_OP_form_tls_address:
		case DW_OP_GNU_push_tls_address:
		case DW_OP_entry_value:
		case DW_OP_GNU_entry_value:
		case DW_OP_fbreg:
		case DW_OP_call_frame_cfa:
			look_up(m, op);
			break;
		default:
			rearrange(m, op);
		}
	}
}

/* Where a jump leads: operations know their offsets. */
static size_t jump(const Dwarf_Op *ops, size_t count, size_t at)
{
	const Dwarf_Word to = ops[at].offset + 3 + (Dwarf_Word)(int16_t)ops[at].number;

	for (size_t i = 0; i < count; i++)
		if (ops[i].offset == to)
			return i;
	return count;
}

/* A part of it: the top of the stack says where it is. */
static void add_piece(struct machine *m, uint64_t size, struct rep_location *ret)
{
	if (size > REP_PIECES_MAX - ret->size) {
		m->failed = true;
		return;
	}
	uint8_t *to = ret->bytes + ret->size;

	memset(to, 0, size);
	ret->kind = REP_LOCATION_BYTES;
	ret->size += size;
	/* Without a place the piece is optimised away. */
	if (!m->depth)
		return;
	const uint64_t top = pop(m);

	if (m->is_register && m->wide)
		memcpy(to, m->wide, size < WIDE_SIZE ? size : WIDE_SIZE);
	else if (m->is_register || m->is_value)
		memcpy(to, &top, size < sizeof(top) ? size : sizeof(top));
	else
		m->failed |= m->place->target->ops->read(m->place->target->arg, to, top, size) != size;
	m->is_register = m->is_value = false;
	m->wide = NULL;
}

static void implicit(struct machine *m, const Dwarf_Op *op, struct rep_location *ret)
{
	Dwarf_Block block;

	if (dwarf_getlocation_implicit_value(m->attr, op, &block) < 0 || block.length > REP_PIECES_MAX) {
		m->failed = true;
		return;
	}
	memcpy(ret->bytes, block.data, block.length);
	ret->size = block.length;
	ret->kind = REP_LOCATION_BYTES;
}

static void run(struct machine *m, const Dwarf_Op *ops, size_t count, struct rep_location *ret)
{
	size_t steps = 0;

	for (size_t i = 0; i < count && !m->failed; i++) {
		m->failed |= ++steps > STEPS_MAX;
		if (ops[i].atom == DW_OP_piece)
			add_piece(m, ops[i].number, ret);
		else if (ops[i].atom == DW_OP_implicit_value)
			implicit(m, &ops[i], ret);
		else if (ops[i].atom == DW_OP_skip || (ops[i].atom == DW_OP_bra && pop(m)))
			i = jump(ops, count, i) - 1;
		else if (ops[i].atom != DW_OP_bra)
			operate(m, &ops[i]);
	}
	if (m->failed || ret->kind == REP_LOCATION_BYTES)
		return;
	const uint64_t top = pop(m);

	if (m->failed)
		return;
	ret->kind = m->is_value || m->is_register ? REP_LOCATION_BYTES : REP_LOCATION_MEMORY;
	ret->addr = top;
	if (ret->kind == REP_LOCATION_BYTES) {
		ret->size = m->is_register && m->wide ? WIDE_SIZE : sizeof(top);
		memcpy(ret->bytes, m->is_register && m->wide ? m->wide : (const uint8_t *)&top, ret->size);
	}
}

void rep_location_of(const struct rep_place *place, Dwarf_Attribute *attr, struct rep_location *ret)
{
	struct machine machine = {.place = place, .attr = attr};
	Dwarf_Op *ops;
	size_t count;
	const uint64_t pc = place->frame ? rep_frame_place(place->frame) - place->bias : 0;

	*ret = (struct rep_location){.kind = REP_LOCATION_NONE};
	if (dwarf_getlocation_addr(attr, pc, &ops, &count, 1) != 1 || !count)
		return;
	run(&machine, ops, count, ret);
	if (machine.failed)
		*ret = (struct rep_location){.kind = REP_LOCATION_NONE};
}

bool rep_location_read(const struct rep_place *place, const struct rep_location *location, void *to, size_t size)
{
	switch (location->kind) {
	case REP_LOCATION_MEMORY:
		return place->target->ops->read(place->target->arg, to, location->addr, size) == size;
	case REP_LOCATION_BYTES:
		if (size > location->size)
			return false;
		memcpy(to, location->bytes, size);
		return true;
	case REP_LOCATION_NONE:
		break;
	}
	return false;
}

/* The frame base of the function that was compiled, for whatever was inlined into it, too. */
static void find_frame_base(struct rep_place *place)
{
	_cleanup_free_ Dwarf_Die *scopes = NULL;
	const int count = rep_scopes_at(place->module, rep_frame_place(place->frame) - place->bias, &scopes);
	struct rep_location base;
	Dwarf_Attribute attr;

	for (int i = 0; i < count; i++) {
		if (dwarf_tag(&scopes[i]) != DW_TAG_subprogram || !dwarf_attr_integrate(&scopes[i], DW_AT_frame_base, &attr))
			continue;
		rep_location_of(place, &attr, &base);
		place->has_frame_base = base.kind != REP_LOCATION_NONE;
		/* "In register 6" means that the base is what the register holds. */
		if (base.kind == REP_LOCATION_MEMORY)
			place->frame_base = base.addr;
		else
			memcpy(&place->frame_base, base.bytes, sizeof(place->frame_base));
		break;
	}
}

void rep_place_init(struct rep_place *place, struct rep_symbols *symbols, const struct rep_target *target,
		    const struct rep_frame *frame)
{
	*place = (struct rep_place){.symbols = symbols, .target = target, .frame = frame};
	if (!frame)
		return;
	place->module = rep_module_at(symbols, target, frame->pc, &place->bias);
	if (place->module)
		find_frame_base(place);
}
