/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "syscall-names.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const char *const syscall_names[] = {
#define SYSCALL(number, name) [number] = #name,
#include "syscalls.def"
#undef SYSCALL
};

static const char *const errno_names[] = {
#define ERRNO(number, name) [number] = #name,
#include "errnos.def"
#undef ERRNO
};

static const char *const signal_names[] = {
#define SIGNAL(number, name) [number] = #name,
#include "signals.def"
#undef SIGNAL
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char *fmt_syscall_name(uint64_t nr)
{
	return nr < COUNT(syscall_names) ? syscall_names[nr] : NULL;
}

int fmt_syscall_number(const char *name)
{
	for (size_t nr = 0; nr < COUNT(syscall_names); nr++)
		if (syscall_names[nr] && strcmp(syscall_names[nr], name) == 0)
			return (int)nr;
	return -ENOENT;
}

const char *fmt_errno_name(int number)
{
	return number >= 0 && (size_t)number < COUNT(errno_names) ? errno_names[number] : NULL;
}

const char *fmt_signal_name(uint64_t signo)
{
	return signo < COUNT(signal_names) ? signal_names[signo] : NULL;
}
