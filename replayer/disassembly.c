/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disassembly.h"

#include <capstone/capstone.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

#define INSTRUCTION_MAX 15		/* bytes, of x86-64 */

/* Where a jump or call leads is more than a number. */
static void name_target(struct rep_symbols *symbols, const struct rep_target *target, const cs_insn *insn,
			struct rep_instruction *ret)
{
	const cs_x86 *x86 = &insn->detail->x86;
	struct rep_place_info place;

	if (x86->op_count != 1 || x86->operands[0].type != X86_OP_IMM)
		return;
	rep_place_of(symbols, target, (uint64_t)x86->operands[0].imm, &place);
	const size_t used = strlen(ret->text);

	if (place.function && place.offset)
		snprintf(ret->text + used, sizeof(ret->text) - used, " <%s+%#llx>", place.function,
			 (unsigned long long)place.offset);
	else if (place.function)
		snprintf(ret->text + used, sizeof(ret->text) - used, " <%s>", place.function);
}

size_t rep_disassemble(struct rep_symbols *symbols, const struct rep_target *target, uint64_t addr,
		       struct rep_instruction *ret, size_t max)
{
	_cleanup_free_ uint8_t *bytes = malloc(max * INSTRUCTION_MAX + 1);
	csh handle;
	size_t count = 0;

	CHECK(bytes);
	size_t left = target->ops->read(target->arg, bytes, addr, max * INSTRUCTION_MAX);
	const uint8_t *at = bytes;

	if (cs_open(CS_ARCH_X86, CS_MODE_64, &handle) != CS_ERR_OK)
		return 0;
	cs_option(handle, CS_OPT_DETAIL, CS_OPT_ON);
	cs_insn *insn = cs_malloc(handle);

	while (count < max && cs_disasm_iter(handle, &at, &left, &addr, insn)) {
		struct rep_instruction *is = &ret[count++];

		*is = (struct rep_instruction){.addr = insn->address, .size = (uint8_t)insn->size,
					       .is_call = cs_insn_group(handle, insn, CS_GRP_CALL),
					       .is_return = cs_insn_group(handle, insn, CS_GRP_RET)};
		memcpy(is->bytes, insn->bytes, is->size);
		snprintf(is->text, sizeof(is->text), insn->op_str[0] ? "%s %s" : "%s", insn->mnemonic, insn->op_str);
		if (is->is_call || cs_insn_group(handle, insn, CS_GRP_JUMP))
			name_target(symbols, target, insn, is);
	}
	cs_free(insn, 1);
	cs_close(&handle);
	return count;
}
