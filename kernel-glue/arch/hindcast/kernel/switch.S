/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/linkage.h>

	.text

/*
 * void *kg_swap(unsigned long *save_sp, unsigned long sp, void *value)
 *
 * Leaves the running context in *save_sp and goes on in the one at sp, in which kg_swap()
 * then returns value.  All else that the ABI lets a function destroy is the caller's.
 */
SYM_FUNC_START(kg_swap)
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	movq	%rdx, %rax
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret
SYM_FUNC_END(kg_swap)

/* First instructions of a new task: rax is the task before it, rbx a function or 0. */
SYM_CODE_START(kg_fork_entry)
	movq	%rax, %rdi
	call	schedule_tail
	testq	%rbx, %rbx
	jz	1f
	movq	%r12, %rdi
	call	*%rbx
1:	call	kg_task_loop
	ud2
SYM_CODE_END(kg_fork_entry)

/* First instructions of the idle task and of the side context: rbx is a function for ever. */
SYM_CODE_START(kg_start_entry)
	call	*%rbx
	ud2
SYM_CODE_END(kg_start_entry)

	.section .note.GNU-stack,"",@progbits
