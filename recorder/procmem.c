/* SPDX-License-Identifier: GPL-2.0-or-later */
/* procmem.c - what meets in programs' memory: the node's /proc shows it, files come into it by reads and mappings. */
#include "node-int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "effect.h"
#include "image.h"

#define PAGE 4096ULL
#define ZEROS_SIZE 65536

/* ---- /proc ---------------------------------------------------------------- */

static const char *name_of(struct rec_node *node, const struct rec_aspace *as, const struct rec_vma *vma)
{
	if (vma->ino && vma->ino < REC_INO_SHARED)
		return rec_nodefs_path(node->fs, vma->ino);
	if (vma->ino)
		return "/dev/zero (deleted)";
	if (vma->end == REC_STACK_TOP)
		return "[stack]";
	return vma->start >= as->brk_start && vma->end <= as->brk + PAGE - 1 ? "[heap]" : "";
}

kg_s32 rec__on_task_map(void *ctx, kg_cookie task, kg_u64 index, struct kg_map *ret)
{
	static const struct { uint64_t start; uint32_t prot; const char *name; } own[] = {
		{ REC_CLOCK_ADDR, PROT_READ | PROT_WRITE, "[vvar]" },
		{ REC_VDSO_ADDR, PROT_READ | PROT_EXEC, "[vdso]" },
	};
	struct rec_node *node = ctx;
	struct rec_thread *t = rec__thread(node, task);

	if (!t || !t->memory)
		return 0;
	const struct rec_aspace *as = &t->memory->as;

	memset(ret, 0, sizeof(*ret));
	if (index < as->count) {
		const struct rec_vma *vma = &as->vmas[index];

		*ret = (struct kg_map) { .start = vma->start, .end = vma->end, .prot = (kg_u32)vma->prot,
					 .offset = vma->ino ? vma->offset : 0, .shared = !!(vma->flags & MAP_SHARED),
					 .ino = vma->ino < REC_INO_SHARED ? vma->ino : 0 };
		snprintf(ret->name, sizeof(ret->name), "%s", name_of(node, as, vma));
		return 1;
	}
	index -= as->count;
	if (index >= sizeof(own) / sizeof(*own))
		return 0;
	*ret = (struct kg_map) { .start = own[index].start, .end = own[index].start + PAGE, .prot = own[index].prot };
	snprintf(ret->name, sizeof(ret->name), "%s", own[index].name);
	return 1;
}

void rec__tell_layout(struct rec_node *node, struct rec_thread *t, const struct rec_image_plan *plan)
{
	struct kg_mm mm = {
		.start_code = plan->start_code, .end_code = plan->end_code, .start_data = plan->start_data,
		.end_data = plan->end_data, .start_brk = plan->brk_start, .brk = plan->brk_start,
		.start_stack = plan->regs.rsp, .arg_start = plan->arg_start, .arg_end = plan->arg_end,
		.env_start = plan->arg_end, .env_end = plan->env_end,
	};

	_Static_assert(sizeof(mm.auxv) == sizeof(plan->auxv), "one vector");
	memcpy(mm.auxv, plan->auxv, sizeof(mm.auxv));
	rec__init_call(node, t->cookie, KG_NR_MM, REC_PTR(&mm), 0, 0, 0, 0, 0);
}

/* ---- reading of files --------------------------------------------------------- */

#define READ_SIZE (1u << 20)
#define COPY_MIN 256	/* below, the bytes themselves are about as short as the words that stand for them */

/* The number by which a read can be told as a copy, 0: its bytes have to be told.  A file whose content goes into the
 * trace anyway, by a mapping or because it is read as a whole, and which does not change. */
static uint64_t copy_number(struct rec_node *node, uint64_t ino, uint64_t offset, uint64_t size)
{
	uint64_t number = 0;

	if (size < COPY_MIN || rec_nodefs_is_own(node->fs, ino))
		return 0;
	number = rec_nodefs_number(node->fs, ino);
	if (!number && offset == 0 && size == rec_nodefs_size(node->fs, ino) &&
	    rec__file_number(node, ino, &number) < 0)
		return 0;
	return number;
}

static void tell_read(struct rec_node *node, struct rec_thread *t, struct fmt_effect *effect, uint64_t ino)
{
	effect->file = copy_number(node, ino, effect->offset, effect->size);
	effect->op = effect->file ? FMT_EFFECT_COPY : FMT_EFFECT_WRITE;
	fmt_effect_put(&t->effects, effect);
	rec__effect_added(node, t);
}

kg_s64 rec__on_read_user(void *ctx, kg_cookie task, kg_u64 ino, kg_u64 to, kg_u64 offset, kg_u64 size)
{
	struct rec_node *node = ctx;
	struct rec_thread *t = rec__thread(node, task);
	_cleanup_free_ uint8_t *bytes = malloc(size < READ_SIZE ? size + 1 : READ_SIZE);
	uint64_t done = 0;

	if (!t || !t->tracee)
		return -EFAULT;
	CHECK(bytes != NULL);
	while (done < size) {
		const uint64_t want = size - done < READ_SIZE ? size - done : READ_SIZE;
		const int64_t got = rec_nodefs_load(node->fs, ino, bytes, offset + done, want);

		if (got <= 0)
			return done ? (kg_s64)done : got;
		const size_t left = rec__code_write(t, to + done, bytes, (size_t)got);
		struct fmt_effect effect = { .addr = to + done, .size = (uint64_t)got - left, .offset = offset + done,
					     .bytes = bytes };

		if (effect.size)
			tell_read(node, t, &effect, ino);
		rec__code_written(t, effect.addr, effect.size);
		done += effect.size;
		if (left)
			return done ? (kg_s64)done : -EFAULT;
		if ((uint64_t)got < want)
			break;
	}
	return (kg_s64)done;
}

/* ---- files that programs have mapped --------------------------------------- */

/* Whose effects tell of a file: the call in progress, or, when the kernel ends one that had waited, any thread's: the
 * file is the same for all. */
static struct rec_thread *teller(struct rec_node *node)
{
	if (node->current)
		return node->current;
	for (size_t i = 0; i < node->thread_count; i++)
		if (node->threads[i] && node->threads[i]->tracee)
			return node->threads[i];
	return NULL;
}

static void tell(struct rec_node *node, const struct fmt_effect *effect)
{
	struct rec_thread *t = teller(node);

	/* Without programs there are no mappings. */
	if (!t)
		return;
	fmt_effect_put(&t->effects, effect);
	rec__effect_added(node, t);
}

void rec__on_stored(void *arg, uint64_t number, uint64_t offset, const void *bytes, uint64_t size)
{
	static const uint8_t zeros[ZEROS_SIZE];

	for (uint64_t done = 0; done < size;) {
		const uint64_t left = size - done;
		const uint64_t part = bytes || left < ZEROS_SIZE ? left : ZEROS_SIZE;

		tell(arg, &(struct fmt_effect) { .op = FMT_EFFECT_STORE, .addr = offset + done, .size = part,
						 .file = number, .bytes = bytes ? bytes : zeros });
		done += part;
	}
}

void rec__on_resized(void *arg, uint64_t number, uint64_t size)
{
	tell(arg, &(struct fmt_effect) { .op = FMT_EFFECT_RESIZE, .addr = size, .file = number });
}
