/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
#ifndef _UAPI_ASM_HINDCAST_SIGCONTEXT_H
#define _UAPI_ASM_HINDCAST_SIGCONTEXT_H

/* Signal frames are built by the host; the kernel never looks into one. */
struct sigcontext {
	unsigned long reserved[32];
};

#endif
