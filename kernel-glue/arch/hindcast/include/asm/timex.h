/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_HINDCAST_TIMEX_H
#define _ASM_HINDCAST_TIMEX_H

/* No cycle counter: jitter would be the host's. */
#define get_cycles() ((cycles_t)0)

/* The random generator wants a number that is not 0, and gets virtual time. */
#define random_get_entropy() random_get_entropy_fallback()

#include <asm-generic/timex.h>

#endif
