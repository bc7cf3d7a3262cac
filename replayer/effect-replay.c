/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * effect-replay.c - repeats in a process what a recorded event did to its memory.
 *
 * The work is done by the layer that did it in the recorder (rec_effects_apply()), one effect at a time, so that a
 * failure can be told by its effect; what stands here is the distrust.
 */
#include "effect-replay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "effect.h"
#include "image.h"

/* A copy of the kernel's is cut at MAX_RW_COUNT, so no honest effect moves more. */
#define COPY_SIZE_MAX 0x7ffff000ULL
#define USER_TOP (1ULL << 47)
#define IN_PAGE 4095ULL

/* What a mapping may be; populating, locking and huge pages spend memory of the host that no replay needs,
 * and change nothing that a program can see. */
#define MAP_FLAGS_KEPT                                                                             \
	(MAP_SHARED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE | MAP_GROWSDOWN |    \
	 MAP_STACK)

static const char *const op_names[] = {
	[FMT_EFFECT_WRITE] = "write", [FMT_EFFECT_FILL] = "fill",
	[FMT_EFFECT_READ] = "read", [FMT_EFFECT_MAP] = "map",
	[FMT_EFFECT_UNMAP] = "unmap", [FMT_EFFECT_PROTECT] = "protect",
	[FMT_EFFECT_REMAP] = "remap", [FMT_EFFECT_TLS] = "tls",
	[FMT_EFFECT_CLEAR] = "clear", [FMT_EFFECT_STORE] = "store",
	[FMT_EFFECT_RESIZE] = "resize", [FMT_EFFECT_COPY] = "copy",
};

struct carrier {
	struct rec_tracee *tracee;
	struct rep_content *content;
	const struct fmt_event *event;	/* whose effects these are */
	size_t index;			/* of the effect in hand */
	uint64_t size;			/* ... of so many bytes, when anonymous */
	bool anonymous;			/* it maps shared memory that is no file's */
	bool shared;			/* the effect in hand needs the file that all see, not just its bytes */
	int content_error;		/* what fetching its file said */
	struct fmt_error error;
};

/* Says what is wrong with an effect: "effect write of 8 bytes at 0x1000: ...". */
__attribute__((format(printf, 3, 4))) static void explain(char reason[REP_REASON_SIZE],
							   const struct fmt_effect *effect,
							   const char *format, ...)
{
	const int used = snprintf(reason, REP_REASON_SIZE,
				  "effect %s of %" PRIu64 " bytes at 0x%" PRIx64 ": ",
				  op_names[effect->op], effect->size, effect->addr);
	va_list list;

	CHECK(used > 0 && used < REP_REASON_SIZE);
	va_start(list, format);
	vsnprintf(reason + used, (size_t)(REP_REASON_SIZE - used), format, list);
	va_end(list);
}

/* ---- distrust --------------------------------------------------------- */

/* Whether a range is one that programs own: hindcast's pages lie above all of them. */
static bool is_program_range(uint64_t addr, uint64_t size)
{
	return addr <= REC_STUB_ADDR && size <= REC_STUB_ADDR - addr;
}

static bool is_page_range(uint64_t addr, uint64_t size)
{
	return ((addr | size) & IN_PAGE) == 0 && size > 0;
}

/* NULL, or what is wrong. */
static const char *check_map(const struct fmt_effect *effect)
{
	const uint32_t type = effect->flags & MAP_TYPE;

	if (!is_page_range(effect->addr, effect->size) || (effect->offset & IN_PAGE))
		return "it is not made of whole pages";
	if (effect->offset > INT64_MAX - effect->size)
		return "its offset is beyond any file";
	if (effect->prot & ~(uint32_t)(PROT_READ | PROT_WRITE | PROT_EXEC))
		return "there is no such protection";
	if (type != MAP_SHARED && type != MAP_PRIVATE)
		return "it is neither shared nor private";
	if (!(effect->flags & MAP_ANONYMOUS) != (effect->file != 0))
		return "a mapping is either of a file or anonymous";
	return NULL;
}

/* NULL, or what is wrong.  A file is memory of the replay: no larger than a program could map. */
static const char *check_file_change(const struct fmt_effect *effect)
{
	if (effect->size > COPY_SIZE_MAX)
		return "no call copies so much";
	return effect->addr > USER_TOP - effect->size ? "it is beyond any file" : NULL;
}

/* NULL, or what is wrong. */
static const char *check_effect(const struct fmt_effect *effect)
{
	if (effect->op == FMT_EFFECT_READ)
		return effect->size > COPY_SIZE_MAX ? "no call copies so much" : NULL;
	if (effect->op == FMT_EFFECT_STORE || effect->op == FMT_EFFECT_RESIZE)
		return check_file_change(effect);
	if (effect->op == FMT_EFFECT_TLS)
		return effect->addr >= USER_TOP ? "it is no address of a program" : NULL;
	if (!is_program_range(effect->addr, effect->size))
		return "it reaches outside the program's part of the address space";
	switch (effect->op) {
	case FMT_EFFECT_WRITE:
	case FMT_EFFECT_FILL:
		return effect->size > COPY_SIZE_MAX ? "no call copies so much" : NULL;
	case FMT_EFFECT_COPY:
		if (effect->size > COPY_SIZE_MAX)
			return "no call copies so much";
		return effect->offset > INT64_MAX - effect->size ? "its offset is beyond any file" : NULL;
	case FMT_EFFECT_MAP:
		return check_map(effect);
	case FMT_EFFECT_PROTECT:
		if (effect->prot & ~(uint32_t)(PROT_READ | PROT_WRITE | PROT_EXEC))
			return "there is no such protection";
		break;
	case FMT_EFFECT_REMAP:
		if (!is_program_range(effect->from, effect->from_size))
			return "it moves what is not the program's";
		if (!is_page_range(effect->from, effect->from_size))
			return "it is not made of whole pages";
		break;
	case FMT_EFFECT_UNMAP:
	case FMT_EFFECT_CLEAR:
	case FMT_EFFECT_READ:
	case FMT_EFFECT_TLS:
	case FMT_EFFECT_STORE:
	case FMT_EFFECT_RESIZE:
		break;
	}
	return is_page_range(effect->addr, effect->size) ? NULL : "it is not made of whole pages";
}

/* ---- work ------------------------------------------------------------- */

static int fd_of(void *arg, uint64_t file)
{
	struct carrier *carrier = arg;
	const int fd = carrier->anonymous ?
			       rep__content_anonymous(carrier->content, carrier->event->seq,
						      carrier->index, carrier->size) :
			       rep__content_fd(carrier->content, carrier->event->node, file,
					       carrier->shared, &carrier->error);

	if (fd < 0)
		carrier->content_error = fd;
	return fd;
}

/* CRC of memory as it is now; *ret_left is how much of it cannot be read. */
static uint32_t memory_crc(struct rec_tracee *tracee, uint64_t addr, uint64_t size, uint64_t *ret_left)
{
	uint8_t bytes[4096];
	uint32_t crc = 0;

	while (size > 0) {
		const size_t part = size < sizeof(bytes) ? (size_t)size : sizeof(bytes);
		const size_t left = rec_tracee_read(tracee, bytes, addr, part);

		crc = fmt_crc32c(crc, bytes, part - left);
		addr += part - left;
		size -= part - left;
		if (left > 0)
			break;
	}
	*ret_left = size;
	return crc;
}

static enum rep_outcome explain_read(struct carrier *carrier, const struct fmt_effect *effect,
				     char reason[REP_REASON_SIZE])
{
	uint64_t left;
	const uint32_t crc = memory_crc(carrier->tracee, effect->addr, effect->size, &left);

	if (left > 0)
		explain(reason, effect, "the call read memory that is not there now");
	else
		explain(reason, effect,
			"the call read other bytes: CRC-32C was 0x%08x, now it is 0x%08x",
			effect->crc, crc);
	return REP_DIVERGED;
}

static enum rep_outcome explain_failure(struct carrier *carrier, const struct fmt_effect *effect,
					int error, char reason[REP_REASON_SIZE])
{
	if (effect->op == FMT_EFFECT_READ && (error == -EILSEQ || error == -EFAULT))
		return explain_read(carrier, effect, reason);
	if (carrier->content_error == -ENOENT && !carrier->error.text[0]) {
		explain(reason, effect, "file %" PRIu64 " of this node has not been named",
			effect->file);
		return REP_TRACE_ERROR;
	}
	if (carrier->content_error) {
		const bool host = carrier->content_error == -EMFILE ||
				  carrier->content_error == -ENFILE ||
				  carrier->content_error == -ENOMEM;

		explain(reason, effect, "file %" PRIu64 ": %.300s", effect->file,
			carrier->error.text[0] ? carrier->error.text :
						 strerror(-carrier->content_error));
		return host ? REP_HOST_CANNOT : REP_TRACE_ERROR;
	}
	explain(reason, effect, "cannot be carried out: %s", strerror(-error));
	/* What the trace asks for is the trace's fault, except for what the host has run out of. */
	return error == -ENOMEM || error == -ESRCH || error == -EMFILE ? REP_HOST_CANNOT :
									 REP_TRACE_ERROR;
}

/* Shared anonymous memory becomes a mapping of an object that checkpoints know. */
static void make_object(struct carrier *carrier, struct fmt_effect *effect)
{
	carrier->anonymous = true;
	carrier->size = effect->size;
	effect->flags &= ~(uint32_t)MAP_ANONYMOUS;
	effect->offset = 0;
	effect->file = UINT32_MAX;	/* fd_of() does not look at it */
}

static enum rep_outcome replay_one(struct carrier *carrier, struct fmt_effect *effect,
				   char reason[REP_REASON_SIZE])
{
	_cleanup_(fmt_buf_done) struct fmt_buf one = {0};
	const char *wrong = check_effect(effect);

	if (wrong) {
		explain(reason, effect, "%s", wrong);
		return REP_TRACE_ERROR;
	}
	if (effect->size == 0 && effect->op != FMT_EFFECT_TLS && effect->op != FMT_EFFECT_RESIZE)
		return REP_AGREES;
	if (effect->op == FMT_EFFECT_MAP)
		effect->flags &= MAP_FLAGS_KEPT;
	carrier->shared = effect->op == FMT_EFFECT_STORE || effect->op == FMT_EFFECT_RESIZE ||
			  (effect->op == FMT_EFFECT_MAP && (effect->flags & MAP_TYPE) == MAP_SHARED);
	carrier->anonymous = false;
	if (effect->op == FMT_EFFECT_MAP && carrier->shared && (effect->prot & PROT_WRITE))
		carrier->content->mapped_shared = true;
	if (effect->op == FMT_EFFECT_MAP && carrier->shared && (effect->flags & MAP_ANONYMOUS))
		make_object(carrier, effect);
	carrier->content_error = 0;
	fmt_effect_put(&one, effect);
	const int error = rec_effects_apply(carrier->tracee, one.data, one.size, fd_of, carrier,
					    /* ret_bad= */ NULL);

	return error < 0 ? explain_failure(carrier, effect, error, reason) : REP_AGREES;
}

enum rep_outcome rep__effects_replay(struct rec_tracee *tracee, struct fmt_bytes list,
				     struct rep_content *content, const struct fmt_event *event,
				     char reason[REP_REASON_SIZE])
{
	struct carrier carrier = {.tracee = tracee, .content = content, .event = event};
	struct fmt_effect effect;
	size_t pos = 0;
	int more;

	while ((more = fmt_effect_next(list.data, list.size, &pos, &effect)) > 0) {
		const enum rep_outcome outcome = replay_one(&carrier, &effect, reason);

		if (outcome != REP_AGREES)
			return outcome;
		carrier.index++;
	}
	if (more < 0) {
		snprintf(reason, REP_REASON_SIZE, "the list of effects is damaged at its byte %zu",
			 pos);
		return REP_TRACE_ERROR;
	}
	return REP_AGREES;
}

enum rep_outcome rep__effects_of_files(struct fmt_bytes list, struct rep_content *content,
				       const struct fmt_event *event, char reason[REP_REASON_SIZE])
{
	struct carrier carrier = {.content = content, .event = event};
	struct fmt_effect effect;
	size_t pos = 0;
	int more;

	while ((more = fmt_effect_next(list.data, list.size, &pos, &effect)) > 0) {
		if (effect.op != FMT_EFFECT_STORE && effect.op != FMT_EFFECT_RESIZE)
			continue;
		const enum rep_outcome outcome = replay_one(&carrier, &effect, reason);

		if (outcome != REP_AGREES)
			return outcome;
	}
	if (more == 0)
		return REP_AGREES;
	snprintf(reason, REP_REASON_SIZE, "the list of effects is damaged at its byte %zu", pos);
	return REP_TRACE_ERROR;
}
