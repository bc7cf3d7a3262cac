/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unwind.h"

#include <libunwind.h>
#include <string.h>

#include "base/check.h"

/* libunwind exports it for remote targets, and declares it nowhere. */
#define search_table UNW_OBJ(dwarf_search_unwind_table)
extern int search_table(unw_addr_space_t as, unw_word_t ip, unw_dyn_info_t *di, unw_proc_info_t *pi, int need_unwind_info,
			void *arg);

struct context {
	struct rep_symbols *symbols;
	const struct rep_target *target;
	const struct user_regs_struct *regs;
};

/* ---- what libunwind asks -------------------------------------------------------- */

static int find_proc_info(unw_addr_space_t as, unw_word_t ip, unw_proc_info_t *ret, int need_unwind_info, void *arg)
{
	struct context *context = arg;
	uint64_t bias;
	const struct rep_module *module = rep_module_at(context->symbols, context->target, ip, &bias);

	if (!module || !module->unwind_table)
		return -UNW_ENOINFO;
	/* The table is in the module's memory, so the memory it speaks of is the target's. */
	unw_dyn_info_t info = {
		.format = UNW_INFO_FORMAT_REMOTE_TABLE,
		.start_ip = 0,
		.end_ip = UINT64_MAX,
		.u.rti = {
			.segbase = module->unwind_base + bias,
			.table_data = module->unwind_table + bias,
			.table_len = module->unwind_count,
		},
	};

	return search_table(as, ip, &info, ret, need_unwind_info, arg);
}

static void put_unwind_info(unw_addr_space_t as, unw_proc_info_t *info, void *arg)
{
	(void)as, (void)info, (void)arg;
}

static int get_dyn_info_list_addr(unw_addr_space_t as, unw_word_t *ret, void *arg)
{
	(void)as, (void)ret, (void)arg;
	return -UNW_ENOINFO;
}

static int access_mem(unw_addr_space_t as, unw_word_t addr, unw_word_t *value, int write, void *arg)
{
	const struct context *context = arg;

	(void)as;
	if (write || context->target->ops->read(context->target->arg, value, addr, sizeof(*value)) != sizeof(*value))
		return -UNW_EINVAL;
	return 0;
}

/* In the order of libunwind's numbers, which are DWARF's. */
static const size_t REGISTERS[] = {
#define AT(name) offsetof(struct user_regs_struct, name)
	AT(rax), AT(rdx), AT(rcx), AT(rbx), AT(rsi), AT(rdi), AT(rbp), AT(rsp), AT(r8),
	AT(r9),	 AT(r10), AT(r11), AT(r12), AT(r13), AT(r14), AT(r15), AT(rip),
#undef AT
};
#define REGISTER_COUNT (sizeof(REGISTERS) / sizeof(REGISTERS[0]))

static int access_reg(unw_addr_space_t as, unw_regnum_t number, unw_word_t *value, int write, void *arg)
{
	const struct context *context = arg;

	(void)as;
	if (write || number < 0 || (size_t)number >= REGISTER_COUNT)
		return -UNW_EBADREG;
	memcpy(value, (const uint8_t *)context->regs + REGISTERS[number], sizeof(*value));
	return 0;
}

static int access_fpreg(unw_addr_space_t as, unw_regnum_t number, unw_fpreg_t *value, int write, void *arg)
{
	(void)as, (void)number, (void)value, (void)write, (void)arg;
	return -UNW_EBADREG;
}

static int resume(unw_addr_space_t as, unw_cursor_t *cursor, void *arg)
{
	(void)as, (void)cursor, (void)arg;
	return -UNW_EINVAL;
}

/* ---- frames ------------------------------------------------------------------------ */

static bool get_regs(unw_cursor_t *cursor, struct user_regs_struct *ret)
{
	*ret = (struct user_regs_struct){0};
	for (size_t i = 0; i < REGISTER_COUNT; i++) {
		unw_word_t value = 0;

		if (unw_get_reg(cursor, (unw_regnum_t)i, &value) < 0 && i == UNW_X86_64_RIP)
			return false;
		memcpy((uint8_t *)ret + REGISTERS[i], &value, sizeof(value));
	}
	return true;
}

/* The caller by the frame pointer, if it looks like one: above the stack pointer, and code behind it. */
static bool step_pointer(const struct context *context, const struct user_regs_struct *regs, struct user_regs_struct *ret)
{
	uint64_t pair[2], bias;

	if (regs->rbp < regs->rsp || regs->rbp % 8 || regs->rbp - regs->rsp > 64 << 20 ||
	    context->target->ops->read(context->target->arg, pair, regs->rbp, sizeof(pair)) != sizeof(pair) ||
	    !rep_module_at(context->symbols, context->target, pair[1], &bias))
		return false;
	*ret = (struct user_regs_struct){.rbp = pair[0], .rip = pair[1], .rsp = regs->rbp + 16};
	return true;
}

/* Frames from regs on, as far as unwind tables go. */
static size_t unwind_tables(unw_addr_space_t as, struct context *context, struct rep_frame *frames, size_t max)
{
	unw_cursor_t cursor;
	size_t count = 1;

	if (unw_init_remote(&cursor, as, context) < 0)
		return count;
	while (count < max && unw_step(&cursor) > 0) {
		struct rep_frame *frame = &frames[count];

		*frame = (struct rep_frame){.how = REP_FRAME_UNWOUND, .exact = unw_is_signal_frame(&cursor) > 0};
		if (!get_regs(&cursor, &frame->regs) || !frame->regs.rip)
			break;
		frame->pc = frame->regs.rip;
		/* A step that leads nowhere would go on for ever. */
		if (frame->pc == frames[count - 1].pc && frame->regs.rsp == frames[count - 1].regs.rsp)
			break;
		/* What a signal broke off stands exactly where it was. */
		if (count && frames[count - 1].exact && frames[count - 1].how == REP_FRAME_UNWOUND)
			frame->exact = true;
		frames[count - 1].cfa = frame->regs.rsp;
		count++;
	}
	return count;
}

size_t rep_unwind(struct rep_symbols *symbols, const struct rep_target *target, const struct user_regs_struct *regs,
		  struct rep_frame *ret, size_t max)
{
	static unw_accessors_t accessors = {
		.find_proc_info = find_proc_info, .put_unwind_info = put_unwind_info,
		.get_dyn_info_list_addr = get_dyn_info_list_addr, .access_mem = access_mem, .access_reg = access_reg,
		.access_fpreg = access_fpreg, .resume = resume,
	};
	struct context context = {symbols, target, regs};
	unw_addr_space_t as = unw_create_addr_space(&accessors, 0);
	size_t count = 0;

	CHECK(as && max > 0);
	ret[0] = (struct rep_frame){.pc = regs->rip, .regs = *regs, .exact = true};
	do {
		context.regs = &ret[count].regs;
		count += unwind_tables(as, &context, &ret[count], max - count);
		if (count == max || !step_pointer(&context, &ret[count - 1].regs, &ret[count].regs))
			break;
		ret[count].pc = ret[count].regs.rip;
		ret[count].how = REP_FRAME_POINTER;
		ret[count].exact = false;
		ret[count].cfa = 0;
		ret[count - 1].cfa = ret[count].regs.rsp;
	} while (true);
	unw_destroy_addr_space(as);
	/* It is the thread's, whatever function it is in. */
	for (size_t i = 0; i < count; i++)
		ret[i].regs.fs_base = regs->fs_base;
	return count;
}
