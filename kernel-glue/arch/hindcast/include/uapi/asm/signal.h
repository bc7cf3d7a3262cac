/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
#ifndef _UAPI_ASM_HINDCAST_SIGNAL_H
#define _UAPI_ASM_HINDCAST_SIGNAL_H

/* x86 has the restorer in its sigaction; the generic header goes by this. */
#define SA_RESTORER 0x04000000

#include <asm-generic/signal.h>

#endif
