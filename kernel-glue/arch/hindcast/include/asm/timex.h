/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_HINDCAST_TIMEX_H
#define _ASM_HINDCAST_TIMEX_H

/* No cycle counter: jitter would be the host's. */
#define get_cycles() ((cycles_t)0)

#include <asm-generic/timex.h>

#endif
