/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_HINDCAST_UACCESS_H
#define _ASM_HINDCAST_UACCESS_H

#include <linux/string.h>
#include <asm-generic/access_ok.h>

/* A program's memory is in another process; mm/uaccess.c asks the host. */
unsigned long raw_copy_from_user(void *to, const void __user *from, unsigned long size);
unsigned long raw_copy_to_user(void __user *to, const void *from, unsigned long size);
unsigned long __clear_user(void __user *to, unsigned long size);
#define __clear_user __clear_user

/* The image cannot take faults: kernel addresses are taken at their word. */
#define __get_kernel_nofault(dst, src, type, err_label)			\
do {									\
	*((type *)(dst)) = *((type *)(src));				\
	if (0)								\
		goto err_label;						\
} while (0)

#define __put_kernel_nofault(dst, src, type, err_label)			\
do {									\
	*((type *)(dst)) = *((type *)(src));				\
	if (0)								\
		goto err_label;						\
} while (0)

#include <asm-generic/uaccess.h>

#endif
