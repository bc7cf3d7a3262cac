/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * image.h - fills an empty process with a program: what the host's execve would have done, at addresses that are the same in every run.
 *
 * The plan is made first, as a list of effects (see formats/effect.h) and registers, and then carried out: the
 * recorder logs the very same plan, and the replayer needs no ELF file to repeat it.
 */
#ifndef REC_IMAGE_H
#define REC_IMAGE_H

#include <sys/user.h>

#include "buf.h"
#include "tracee.h"

struct rec_image_request {
	int file_fd;			/* the ELF file */
	int interp_fd;			/* its interpreter, -1 if none */
	uint64_t file;			/* their numbers in the trace */
	uint64_t interp;
	const char *exec_path;		/* AT_EXECFN */
	const char *strings;		/* argc + envc strings, NUL terminated */
	size_t strings_size;
	unsigned argc, envc;
	unsigned uid, euid, gid, egid, secure;
	const uint8_t *random;		/* 16 bytes for AT_RANDOM */
};

#define REC_AUXV_WORDS 48

struct rec_image_plan {
	struct fmt_buf effects;			/* MAP, WRITE, FILL ... in order */
	struct user_regs_struct regs;		/* all that the program starts with */
	uint64_t brk_start;
	uint64_t stack_start, stack_size;	/* of the mapping */
	/* For /proc. */
	uint64_t start_code, end_code, start_data, end_data;
	uint64_t arg_start, arg_end, env_end;	/* the environment follows the arguments */
	uint64_t auxv[REC_AUXV_WORDS];		/* pairs, ended by AT_NULL */
};

/* 0, -ENOEXEC (not an x86-64 ELF program), -E2BIG, -ELIBBAD. */
int rec_image_plan(const struct rec_image_request *request, bool patch_cpuid, struct rec_image_plan *ret);
void rec_image_plan_done(struct rec_image_plan *plan);

/* Carries out a list of effects on a trapped thread; fds come from fd_of(arg, file number).
 * READ effects are compared: -EILSEQ when memory differs (*ret_bad, may be NULL, is the effect). */
struct fmt_effect;
int rec_effects_apply(struct rec_tracee *thread, const uint8_t *list, size_t size,
		      int (*fd_of)(void *arg, uint64_t file), void *arg, struct fmt_effect *ret_bad);

#endif
