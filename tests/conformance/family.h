/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * family.h - what the programs of this folder share: one program a family of syscalls, which prints what each call
 * brought.  The text has to be the same natively and on a node, so it holds no number that a host chooses.
 */
#ifndef CONFORMANCE_FAMILY_H
#define CONFORMANCE_FAMILY_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "what: 3" or "what: -1 ENOENT". */
static inline long show_result(const char *what, long result, int error)
{
	if (result == -1)
		printf("%s: -1 %s\n", what, strerrorname_np(error) ?: "?");
	else
		printf("%s: %ld\n", what, result);
	fflush(stdout);
	return result;
}

#define SHOW(call) __extension__ ({ errno = 0; long result_ = (long)(call); show_result(#call, result_, errno); })
/* For results that a host chooses: only whether it worked. */
#define WORKS(call) __extension__ ({ errno = 0; long result_ = (long)(call); \
	show_result(#call, result_ == -1 ? -1 : 0, errno); result_; })
#define MUST(call) __extension__ ({ long result_ = (long)(call); \
	if (result_ == -1) { printf("%s failed: %s\n", #call, strerror(errno)); exit(1); } result_; })

#endif
