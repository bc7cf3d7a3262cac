/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_HINDCAST_CMPXCHG_H
#define _ASM_HINDCAST_CMPXCHG_H

#include <linux/compiler.h>

/* See asm/atomic.h for why plain C will do. */
#define arch_xchg(ptr, new)						\
({									\
	__typeof__(ptr) __xp = (ptr);					\
	__typeof__(*(ptr)) __xo;					\
	barrier();							\
	__xo = *__xp;							\
	*__xp = (new);							\
	barrier();							\
	__xo;								\
})

#define arch_cmpxchg(ptr, old, new)					\
({									\
	__typeof__(ptr) __cp = (ptr);					\
	__typeof__(*(ptr)) __ce = (__typeof__(*(ptr)))(old);		\
	__typeof__(*(ptr)) __cn = (__typeof__(*(ptr)))(new);		\
	__typeof__(*(ptr)) __co;					\
	barrier();							\
	__co = *__cp;							\
	if (__co == __ce)						\
		*__cp = __cn;						\
	barrier();							\
	__co;								\
})

#define arch_cmpxchg_local arch_cmpxchg
#define arch_cmpxchg64 arch_cmpxchg
#define arch_cmpxchg64_local arch_cmpxchg

#endif
