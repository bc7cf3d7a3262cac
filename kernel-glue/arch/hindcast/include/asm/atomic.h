/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_HINDCAST_ATOMIC_H
#define _ASM_HINDCAST_ATOMIC_H

/*
 * One thread, and interrupts only where the kernel enables them: a plain read-modify-write
 * is atomic.  barrier() keeps the compiler from moving it out of its section.
 */
#include <linux/types.h>
#include <asm/cmpxchg.h>
#include <asm/barrier.h>

#define arch_atomic_read(v) READ_ONCE((v)->counter)
#define arch_atomic_set(v, i) WRITE_ONCE((v)->counter, (i))
#define arch_atomic64_read(v) READ_ONCE((v)->counter)
#define arch_atomic64_set(v, i) WRITE_ONCE((v)->counter, (i))

#define ATOMIC64_INIT(i) { (i) }

#define KG_ATOMIC_OP(prefix, vtype, itype, op, c_op)			\
static __always_inline void prefix##_##op(itype i, vtype *v)		\
{									\
	barrier();							\
	v->counter = v->counter c_op i;					\
	barrier();							\
}

#define KG_ATOMIC_RETURN(prefix, vtype, itype, op, c_op)		\
static __always_inline itype prefix##_##op##_return(itype i, vtype *v)	\
{									\
	itype ret;							\
									\
	barrier();							\
	ret = v->counter = v->counter c_op i;				\
	barrier();							\
	return ret;							\
}

#define KG_ATOMIC_FETCH(prefix, vtype, itype, op, c_op)			\
static __always_inline itype prefix##_fetch_##op(itype i, vtype *v)	\
{									\
	itype ret;							\
									\
	barrier();							\
	ret = v->counter;						\
	v->counter = ret c_op i;					\
	barrier();							\
	return ret;							\
}

#define KG_ATOMIC_TYPE(prefix, vtype, itype)				\
	KG_ATOMIC_OP(prefix, vtype, itype, add, +)			\
	KG_ATOMIC_OP(prefix, vtype, itype, sub, -)			\
	KG_ATOMIC_OP(prefix, vtype, itype, and, &)			\
	KG_ATOMIC_OP(prefix, vtype, itype, or, |)			\
	KG_ATOMIC_OP(prefix, vtype, itype, xor, ^)			\
	KG_ATOMIC_RETURN(prefix, vtype, itype, add, +)			\
	KG_ATOMIC_RETURN(prefix, vtype, itype, sub, -)			\
	KG_ATOMIC_FETCH(prefix, vtype, itype, add, +)			\
	KG_ATOMIC_FETCH(prefix, vtype, itype, sub, -)			\
	KG_ATOMIC_FETCH(prefix, vtype, itype, and, &)			\
	KG_ATOMIC_FETCH(prefix, vtype, itype, or, |)			\
	KG_ATOMIC_FETCH(prefix, vtype, itype, xor, ^)

KG_ATOMIC_TYPE(arch_atomic, atomic_t, int)
KG_ATOMIC_TYPE(arch_atomic64, atomic64_t, s64)

#undef KG_ATOMIC_TYPE
#undef KG_ATOMIC_FETCH
#undef KG_ATOMIC_RETURN
#undef KG_ATOMIC_OP

#define arch_atomic_add_return arch_atomic_add_return
#define arch_atomic_sub_return arch_atomic_sub_return
#define arch_atomic_fetch_add arch_atomic_fetch_add
#define arch_atomic_fetch_sub arch_atomic_fetch_sub
#define arch_atomic_fetch_and arch_atomic_fetch_and
#define arch_atomic_fetch_or arch_atomic_fetch_or
#define arch_atomic_fetch_xor arch_atomic_fetch_xor
#define arch_atomic64_add_return arch_atomic64_add_return
#define arch_atomic64_sub_return arch_atomic64_sub_return
#define arch_atomic64_fetch_add arch_atomic64_fetch_add
#define arch_atomic64_fetch_sub arch_atomic64_fetch_sub
#define arch_atomic64_fetch_and arch_atomic64_fetch_and
#define arch_atomic64_fetch_or arch_atomic64_fetch_or
#define arch_atomic64_fetch_xor arch_atomic64_fetch_xor

#endif
