/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fastcall.S - the tracee's side of fastcall.c: asks through memory, spins for the answer, and otherwise makes the system call.
 *
 * Entered with rcx = address behind the syscall instruction, all else as that instruction would find it; left for there with
 * all as it would leave it, r11 = flags included.  Nothing below rsp is touched: it is the program's red zone.  One thread of a
 * node runs at a time, and none is set aside in here (tracee.c), so the words are this thread's.
 */
#include "fastcall.h"

/* Turns of the loop: some 50 us. After that whoever answers has been interrupted, and the processor is better used by others. */
#define SPINS 1500
#define TRAP_FLAG 0x100

	.section .rodata
	.globl rec__fast_start, rec__fast_end
	.hidden rec__fast_start, rec__fast_end
	.balign 16
rec__fast_start:
	movabsq	$REC_FAST_ADDR, %r11
	movq	%rsp, REC_FAST_RSP(%r11)
	leaq	REC_FAST_STACK_END(%r11), %rsp
	pushfq
	popq	REC_FAST_FLAGS(%r11)
	movq	REC_FAST_RSP(%r11), %rsp
	andl	$~TRAP_FLAG, REC_FAST_FLAGS(%r11)	/* a step of the tracer's is not the program's */
	movq	%rax, REC_FAST_NR(%r11)
	movq	%rdi, REC_FAST_ARGS(%r11)
	movq	%rsi, REC_FAST_ARGS + 8(%r11)
	movq	%rdx, REC_FAST_ARGS + 16(%r11)
	movq	%r10, REC_FAST_ARGS + 24(%r11)
	movq	%r8, REC_FAST_ARGS + 32(%r11)
	movq	%r9, REC_FAST_ARGS + 40(%r11)
	movq	%rcx, REC_FAST_RET(%r11)
	movl	$REC_FAST_REQUEST, %eax
	xchgl	%eax, REC_FAST_TURN(%r11)		/* a full barrier: either we see it listen, or it sees this */
	cmpl	$0, REC_FAST_LISTENING(%r11)
	je	.Lwithdraw
.Lagain:
	movl	$SPINS, %ecx
.Llook:
	movl	REC_FAST_TURN(%r11), %eax
	cmpl	$REC_FAST_ANSWERED, %eax
	je	.Lanswered
	cmpl	$REC_FAST_REAL, %eax
	je	.Lreal
	cmpl	$REC_FAST_SLEEP, %eax
	je	.Lsleep
	pause
	decl	%ecx
	jnz	.Llook
.Lwithdraw:
	movl	$REC_FAST_REQUEST, %eax
	movl	$REC_FAST_IDLE, %ecx
	lock cmpxchgl %ecx, REC_FAST_TURN(%r11)
	je	.Lreal
	movl	$REC_FAST_TAKEN, %eax
	movl	$REC_FAST_SLEEP, %ecx
	lock cmpxchgl %ecx, REC_FAST_TURN(%r11)
	jne	.Lagain
.Lsleep:
	movl	$REC_FAST_SLEEP_NR, %eax		/* turn stays: it is the tracer's to end */
	jmp	.Lcall
.Lreal:
	movl	$REC_FAST_IDLE, REC_FAST_TURN(%r11)
	movq	REC_FAST_NR(%r11), %rax
.Lcall:
	movq	REC_FAST_RET(%r11), %rcx
	leaq	-2(%rcx), %rcx				/* the program's own instruction, with its own registers */
	jmp	.Lback
.Lanswered:
	movq	REC_FAST_RESULT(%r11), %rax
	movq	REC_FAST_RET(%r11), %rcx
	movl	$REC_FAST_IDLE, REC_FAST_TURN(%r11)
.Lback:
	leaq	REC_FAST_STACK_END(%r11), %rsp
	pushq	REC_FAST_FLAGS(%r11)
	popfq
	movq	REC_FAST_RSP(%r11), %rsp
	movq	REC_FAST_FLAGS(%r11), %r11
	jmp	*%rcx
rec__fast_end:

	.section .note.GNU-stack, "", @progbits
