/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/linkage.h>

	.text
	/* For debuggers alone: nothing of it comes into the image. */
	.cfi_sections .debug_frame

.macro push_kept reg
	pushq	%\reg
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset \reg, 0
.endm

.macro pop_kept reg
	popq	%\reg
	.cfi_adjust_cfa_offset -8
	.cfi_restore \reg
.endm

/* Nobody has called what begins here. */
.macro first_frame
	.cfi_startproc
	.cfi_undefined rip
.endm

/*
 * void *kg_swap(unsigned long *save_sp, unsigned long sp, void *value)
 *
 * Leaves the running context in *save_sp and goes on in the one at sp, in which kg_swap()
 * then returns value.  All else that the ABI lets a function destroy is the caller's.
 */
SYM_FUNC_START(kg_swap)
	.cfi_startproc
	push_kept rbp
	push_kept rbx
	push_kept r12
	push_kept r13
	push_kept r14
	push_kept r15
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	movq	%rdx, %rax
	pop_kept r15
	pop_kept r14
	pop_kept r13
	pop_kept r12
	pop_kept rbx
	pop_kept rbp
	ret
	.cfi_endproc
SYM_FUNC_END(kg_swap)

/* First instructions of a new task: rax is the task before it, rbx a function or 0. */
SYM_CODE_START(kg_fork_entry)
	first_frame
	movq	%rax, %rdi
	call	schedule_tail
	testq	%rbx, %rbx
	jz	1f
	movq	%r12, %rdi
	call	*%rbx
1:	call	kg_task_loop
	ud2
	.cfi_endproc
SYM_CODE_END(kg_fork_entry)

/* First instructions of the idle task and of the side context: rbx is a function for ever. */
SYM_CODE_START(kg_start_entry)
	first_frame
	call	*%rbx
	ud2
	.cfi_endproc
SYM_CODE_END(kg_start_entry)

	.section .note.GNU-stack,"",@progbits
