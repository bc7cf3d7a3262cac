// SPDX-License-Identifier: GPL-2.0-only
/*
 * uaccess.c - the memory of programs.
 *
 * Three kinds of address arrive here as user pointers:
 *	a program's own		the host copies
 *	tagged KG_HOST_PTR	memory of the host, in calls that the host makes itself
 *	a kernel address	from a kernel thread, which has no program
 */
#include <linux/export.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include "../kernel/glue.h"

enum kg_place {
	KG_PROGRAM,
	KG_DIRECT,
	KG_NOWHERE,
};

/* Where *addr points; a tag is taken off. */
static enum kg_place kg_place_of(unsigned long *addr)
{
	const struct thread_struct *t = &current->thread;

	if (!t->cookie)
		return KG_DIRECT;
	if (*addr >> 62 == 1) {
		*addr &= ~KG_HOST_PTR;
		return t->flags & KG_TASK_HOST_ARGS ? KG_DIRECT : KG_NOWHERE;
	}
	return t->cookie == KG_INIT ? KG_NOWHERE : KG_PROGRAM;
}

unsigned long raw_copy_from_user(void *to, const void __user *from, unsigned long size)
{
	unsigned long addr = (unsigned long)from;

	switch (kg_place_of(&addr)) {
	case KG_PROGRAM:
		return kg_host->copy_from_user(kg_host->ctx, current->thread.cookie, to, addr, size);
	case KG_DIRECT:
		memcpy(to, (const void *)addr, size);
		return 0;
	default:
		return size;
	}
}
EXPORT_SYMBOL(raw_copy_from_user);

unsigned long raw_copy_to_user(void __user *to, const void *from, unsigned long size)
{
	unsigned long addr = (unsigned long)to;

	switch (kg_place_of(&addr)) {
	case KG_PROGRAM:
		return kg_host->copy_to_user(kg_host->ctx, current->thread.cookie, addr, from, size);
	case KG_DIRECT:
		memcpy((void *)addr, from, size);
		return 0;
	default:
		return size;
	}
}
EXPORT_SYMBOL(raw_copy_to_user);

unsigned long __clear_user(void __user *to, unsigned long size)
{
	static const char zeros[256];

	while (size) {
		unsigned long chunk = min(size, sizeof(zeros));
		unsigned long left = raw_copy_to_user(to, zeros, chunk);

		if (left)
			return size - chunk + left;
		to += chunk;
		size -= chunk;
	}
	return 0;
}
EXPORT_SYMBOL(__clear_user);

/* Long enough for most paths in one copy; never across a page, the next of which may be unmapped. */
static unsigned long kg_chunk(const char __user *src, unsigned long limit)
{
	unsigned long to_page_end = PAGE_SIZE - ((unsigned long)src & ~PAGE_MASK);

	return min3(limit, to_page_end, 256ul);
}

/* Length of the string, count if it does not end within count bytes, or -EFAULT. */
long strncpy_from_user(char *dst, const char __user *src, long count)
{
	long done = 0;

	while (done < count) {
		unsigned long chunk = kg_chunk(src + done, count - done);
		char *end;

		if (raw_copy_from_user(dst + done, src + done, chunk))
			return -EFAULT;
		end = memchr(dst + done, 0, chunk);
		if (end)
			return end - dst;
		done += chunk;
	}
	return count;
}
EXPORT_SYMBOL(strncpy_from_user);

/* Size with the NUL; more than count if it does not end within count bytes; 0 on a fault. */
long strnlen_user(const char __user *src, long count)
{
	char buf[256];
	long done = 0;

	while (done < count) {
		unsigned long chunk = kg_chunk(src + done, count - done);
		char *end;

		if (raw_copy_from_user(buf, src + done, chunk))
			return 0;
		end = memchr(buf, 0, chunk);
		if (end)
			return done + (end - buf) + 1;
		done += chunk;
	}
	return count + 1;
}
EXPORT_SYMBOL(strnlen_user);
