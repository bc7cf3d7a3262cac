/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target.h - the process that symbols, stacks and variables are about, as far as they need to know it: memory, and what is
 * mapped where.  A replayed process is one (control-target.c), and so is a live one (the tests).
 */
#ifndef REP_TARGET_H
#define REP_TARGET_H

#include <stddef.h>
#include <stdint.h>

/* A mapping of a file. */
struct rep_target_map {
	uint64_t start, end;
	uint64_t offset;		/* in the file */
	const char *path;		/* for people, and to look for separate debug files */
	uint64_t file;			/* the same number: the same content, in all targets of a rep_symbols */
};

struct rep_target_ops {
	/* Number of bytes read from the front. */
	size_t (*read)(void *arg, void *to, uint64_t addr, size_t size);
	/* The mappings of files, by address; borrowed until the target runs.  Their number. */
	size_t (*maps)(void *arg, const struct rep_target_map **ret);
	/* The content of a mapped file: a descriptor for the caller to close, or -errno. */
	int (*open)(void *arg, const struct rep_target_map *map);
};

struct rep_target {
	const struct rep_target_ops *ops;
	void *arg;
};

#endif
