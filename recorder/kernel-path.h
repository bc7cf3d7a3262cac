/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel-path.h - where the nodes' kernel image lies. */
#ifndef REC_KERNEL_PATH_H
#define REC_KERNEL_PATH_H

#include "command.h"

/* The image that --kernel or $HINDCAST_KERNEL names, the one beside the program, or the installed one; with --coverage the one
 * beside the program that counts what it executes.  NULL: none; the caller frees it. */
char *rec__find_kernel(const struct fmt_arguments *args);

#endif
