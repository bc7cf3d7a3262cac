/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
#ifndef _UAPI_ASM_HINDCAST_SEMBUF_H
#define _UAPI_ASM_HINDCAST_SEMBUF_H

#include <asm/ipcbuf.h>

/* x86-64 pads both times as if they were halves of 32-bit ones. */
struct semid64_ds {
	struct ipc64_perm sem_perm;
	__kernel_long_t sem_otime;
	__kernel_ulong_t __unused1;
	__kernel_long_t sem_ctime;
	__kernel_ulong_t __unused2;
	__kernel_ulong_t sem_nsems;
	__kernel_ulong_t __unused3;
	__kernel_ulong_t __unused4;
};

#endif
