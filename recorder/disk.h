/* SPDX-License-Identifier: GPL-2.0-or-later */
/* disk.h - what is wrong with a node's disk. */
#ifndef REC_DISK_H
#define REC_DISK_H

#include <stdbool.h>
#include <stdint.h>

enum rec_disk_op { REC_DISK_READ = 1, REC_DISK_WRITE = 2, REC_DISK_SYNC = 4, REC_DISK_CREATE = 8 };
#define REC_DISK_ALL_OPS 15u

struct rec_disk_fault {
	char *path;		/* what lies there and below it; NULL: everything */
	unsigned ops;		/* of enum rec_disk_op: which fail */
	int error;		/* with which errno; 0: none fails */
	uint64_t share_ppb;	/* of them, by chance */
	bool limited;
	uint64_t room;		/* limited: bytes by which files can still grow */
	uint64_t delay_ns;	/* what each call that uses the disk takes */
	uint64_t rate_bytes;	/* in a second, beside that; 0: at once */
};

#endif
