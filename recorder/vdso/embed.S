/* SPDX-License-Identifier: GPL-2.0-or-later */
/* embed.S - the bytes of the finished vDSO, as data of the program that maps them into tracees. */

	.section .rodata
	.balign 4096
	.globl rec__vdso_start, rec__vdso_end
	.hidden rec__vdso_start, rec__vdso_end
rec__vdso_start:
	.incbin REC_VDSO_FILE
rec__vdso_end:
	.byte 0

	.section .note.GNU-stack, "", @progbits
