/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "effect.h"

#include <errno.h>
#include <stdbool.h>

#include "base/check.h"

/* What follows the address and size of each op.  One table serves both directions. */
enum operand { OPERAND_END, BYTES, CRC, PROT, FLAGS, FILE_, OFFSET, FROM, FROM_SIZE };

#define OPERANDS_MAX 5

struct op_info {
	bool known;
	bool has_size;
	uint8_t operands[OPERANDS_MAX];	/* enum operand, ended by OPERAND_END */
};

static const struct op_info op_infos[] = {
	[FMT_EFFECT_WRITE] = {true, true, {BYTES}},
	[FMT_EFFECT_FILL] = {true, true, {OPERAND_END}},
	[FMT_EFFECT_READ] = {true, true, {CRC}},
	[FMT_EFFECT_MAP] = {true, true, {PROT, FLAGS, FILE_, OFFSET}},
	[FMT_EFFECT_UNMAP] = {true, true, {OPERAND_END}},
	[FMT_EFFECT_PROTECT] = {true, true, {PROT}},
	[FMT_EFFECT_REMAP] = {true, true, {FROM, FROM_SIZE}},
	[FMT_EFFECT_TLS] = {true, false, {OPERAND_END}},
	[FMT_EFFECT_CLEAR] = {true, true, {OPERAND_END}},
	[FMT_EFFECT_STORE] = {true, true, {FILE_, BYTES}},
	[FMT_EFFECT_RESIZE] = {true, false, {FILE_}},
	[FMT_EFFECT_COPY] = {true, true, {FILE_, OFFSET}},
};

/* NULL: no such op in this version. */
static const struct op_info *find_op(uint64_t op)
{
	if (op >= sizeof(op_infos) / sizeof(op_infos[0]) || !op_infos[op].known)
		return NULL;
	return &op_infos[op];
}

static void put_operand(struct fmt_buf *list, enum operand operand, const struct fmt_effect *effect)
{
	switch (operand) {
	case BYTES:
		fmt_buf_put(list, effect->bytes, effect->size);
		return;
	case CRC:
		fmt_buf_put_u64(list, effect->crc);
		return;
	case PROT:
		fmt_buf_put_u64(list, effect->prot);
		return;
	case FLAGS:
		fmt_buf_put_u64(list, effect->flags);
		return;
	case FILE_:
		fmt_buf_put_u64(list, effect->file);
		return;
	case OFFSET:
		fmt_buf_put_u64(list, effect->offset);
		return;
	case FROM:
		fmt_buf_put_u64(list, effect->from);
		return;
	case FROM_SIZE:
		fmt_buf_put_u64(list, effect->from_size);
		return;
	case OPERAND_END:
		break;
	}
	CHECK(!"an operand of the table");
}

void fmt_effect_put(struct fmt_buf *list, const struct fmt_effect *effect)
{
	const struct op_info *info = find_op(effect->op);

	CHECK(info);
	fmt_buf_put_u64(list, effect->op);
	fmt_buf_put_u64(list, effect->addr);
	if (info->has_size)
		fmt_buf_put_u64(list, effect->size);
	for (size_t i = 0; i < OPERANDS_MAX && info->operands[i]; i++)
		put_operand(list, info->operands[i], effect);
}

static int get_u32(const uint8_t *list, size_t list_size, size_t *pos, uint32_t *ret)
{
	uint64_t value;
	const int error = fmt_get_u64(list, list_size, pos, &value);

	if (error < 0 || value > UINT32_MAX)
		return -EBADMSG;
	*ret = (uint32_t)value;
	return 0;
}

static int get_operand(const uint8_t *list, size_t list_size, size_t *pos, enum operand operand,
		       struct fmt_effect *effect)
{
	switch (operand) {
	case BYTES:
		if (effect->size > list_size - *pos)
			return -EBADMSG;
		effect->bytes = list + *pos;
		*pos += effect->size;
		return 0;
	case CRC:
		return get_u32(list, list_size, pos, &effect->crc);
	case PROT:
		return get_u32(list, list_size, pos, &effect->prot);
	case FLAGS:
		return get_u32(list, list_size, pos, &effect->flags);
	case FILE_:
		return fmt_get_u64(list, list_size, pos, &effect->file);
	case OFFSET:
		return fmt_get_u64(list, list_size, pos, &effect->offset);
	case FROM:
		return fmt_get_u64(list, list_size, pos, &effect->from);
	case FROM_SIZE:
		return fmt_get_u64(list, list_size, pos, &effect->from_size);
	case OPERAND_END:
		break;
	}
	return -EBADMSG;
}

/* A range that wraps around the address space is damage; who carries effects out need not look. */
static int check_ranges(const struct fmt_effect *effect)
{
	if (effect->size > UINT64_MAX - effect->addr)
		return -EBADMSG;
	return effect->from_size > UINT64_MAX - effect->from ? -EBADMSG : 0;
}

int fmt_effect_next(const uint8_t *list, size_t list_size, size_t *pos, struct fmt_effect *ret)
{
	CHECK(*pos <= list_size);
	if (*pos == list_size)
		return 0;
	struct fmt_effect effect = {0};
	size_t at = *pos;
	uint64_t op;

	if (fmt_get_u64(list, list_size, &at, &op) < 0)
		return -EBADMSG;
	const struct op_info *info = find_op(op);

	if (!info)
		return -EBADMSG;
	effect.op = (enum fmt_effect_op)op;
	if (fmt_get_u64(list, list_size, &at, &effect.addr) < 0)
		return -EBADMSG;
	if (info->has_size && fmt_get_u64(list, list_size, &at, &effect.size) < 0)
		return -EBADMSG;
	for (size_t i = 0; i < OPERANDS_MAX && info->operands[i]; i++)
		if (get_operand(list, list_size, &at, info->operands[i], &effect) < 0)
			return -EBADMSG;
	if (check_ranges(&effect) < 0)
		return -EBADMSG;
	CHECK(at > *pos);
	*pos = at;
	*ret = effect;
	return 1;
}
