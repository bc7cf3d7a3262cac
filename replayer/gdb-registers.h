/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gdb-registers.h - the registers of x86-64, in the order and with the names that gdb is told. */
#ifndef REP_GDB_REGISTERS_H
#define REP_GDB_REGISTERS_H

#include <sys/user.h>

#include "buf.h"

/* target.xml. */
void rep__gdb_registers_describe(struct fmt_buf *out);
/* All of them, as hexadecimal digits; fp NULL: those of floating point are not available. */
void rep__gdb_registers_put(const struct user_regs_struct *regs, const struct user_fpregs_struct *fp,
			    struct fmt_buf *out);
/* One by its number in the description.  -ENOENT: there is none. */
int rep__gdb_register_put(const struct user_regs_struct *regs, const struct user_fpregs_struct *fp, size_t number,
			  struct fmt_buf *out);

#endif
