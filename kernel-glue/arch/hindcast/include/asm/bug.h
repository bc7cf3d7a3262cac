/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_HINDCAST_BUG_H
#define _ASM_HINDCAST_BUG_H

#include <linux/compiler.h>

/* A broken kernel is an event of its node, never the end of the host's process. */
void __noreturn kg_bug(const char *file, int line);

#define HAVE_ARCH_BUG
#define BUG() kg_bug(__FILE__, __LINE__)

#include <asm-generic/bug.h>

#endif
