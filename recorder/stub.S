/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stub.S - the wait for a notification that no child event can slip past.
 *
 * A tracer waits for two kinds of events that no single call of Linux waits for: a seccomp notification
 * (ioctl, readable by poll) and a ptrace stop (SIGCHLD, wait).  A handler that runs
 * just before a blocking ioctl would be lost and the ioctl would sleep for ever; ppoll with a signal
 * mask closes the gap and costs 0.4 us a call.  Here the gap is closed for
 * nothing, the way of glibc's cancellation points and of restartable sequences: the handler sets a flag and, when the
 * interrupted instruction lies between start and call (both inclusive), moves it to abort.
 * The flag is looked at after start, so an event is seen either by the flag or by the handler.
 */
#include <asm/unistd.h>

	.text
	.globl rec__notif_recv, rec__notif_recv_start, rec__notif_recv_call, rec__notif_recv_abort
	.hidden rec__notif_recv, rec__notif_recv_start, rec__notif_recv_call, rec__notif_recv_abort
	.type rec__notif_recv, @function
rec__notif_recv:
	.cfi_startproc
	movq	%rsi, %rdx
	movl	$0xc0502100, %esi	/* SECCOMP_IOCTL_NOTIF_RECV, asserted in tracee.c */
rec__notif_recv_start:
	cmpl	$0, rec__child_event(%rip)
	jne	rec__notif_recv_abort
	movl	$__NR_ioctl, %eax
rec__notif_recv_call:
	syscall
	ret
rec__notif_recv_abort:
	movq	$-4, %rax		/* -EINTR */
	ret
	.cfi_endproc
	.size rec__notif_recv, . - rec__notif_recv

	.section .note.GNU-stack, "", @progbits
