/* SPDX-License-Identifier: GPL-2.0-or-later */
/* syscall-names.h - names of system calls, errors and signals of x86-64 Linux. */
#ifndef FMT_SYSCALL_NAMES_H
#define FMT_SYSCALL_NAMES_H

#include <stdint.h>

/* NULL: no such number. */
const char *fmt_syscall_name(uint64_t nr);
/* -ENOENT: no such name. */
int fmt_syscall_number(const char *name);
/* "EINPROGRESS" for 115; NULL: no such error. */
const char *fmt_errno_name(int number);
/* "SIGSEGV" for 11; NULL for real-time signals and what is none. */
const char *fmt_signal_name(uint64_t signo);

#endif
