/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gdb-registers.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "gdb-packet.h"

enum home { GENERAL, X87, X87_WORD, SSE, MXCSR };

struct row {
	const char *name;
	const char *type;
	unsigned bits;
	const char *feature;	/* of the first of its feature */
	enum home home;
	size_t offset;		/* GENERAL: in user_regs_struct; X87, SSE: which; X87_WORD: in user_fpregs_struct */
	size_t size;		/* of what is kept; less than bits: the rest is zero */
};

#define CORE "org.gnu.gdb.i386.core"
#define R(reg, kind, width) {#reg, kind, width, NULL, GENERAL, offsetof(struct user_regs_struct, reg), (width) / 8}
#define ST(n) {"st" #n, "i387_ext", 80, NULL, X87, n, 10}
#define FW(reg, field, width, keep) {#reg, "int", width, NULL, X87_WORD, offsetof(struct user_fpregs_struct, field), keep}
#define XMM(n) {"xmm" #n, "vec128", 128, NULL, SSE, n, 16}

static const struct row rows[] = {
	{"rax", "int64", 64, CORE, GENERAL, offsetof(struct user_regs_struct, rax), 8},
	R(rbx, "int64", 64), R(rcx, "int64", 64), R(rdx, "int64", 64), R(rsi, "int64", 64), R(rdi, "int64", 64),
	R(rbp, "data_ptr", 64), R(rsp, "data_ptr", 64), R(r8, "int64", 64), R(r9, "int64", 64),
	R(r10, "int64", 64), R(r11, "int64", 64), R(r12, "int64", 64), R(r13, "int64", 64),
	R(r14, "int64", 64), R(r15, "int64", 64), R(rip, "code_ptr", 64), R(eflags, "i386_eflags", 32),
	R(cs, "int32", 32), R(ss, "int32", 32), R(ds, "int32", 32), R(es, "int32", 32), R(fs, "int32", 32),
	R(gs, "int32", 32),
	ST(0), ST(1), ST(2), ST(3), ST(4), ST(5), ST(6), ST(7),
	FW(fctrl, cwd, 32, 2), FW(fstat, swd, 32, 2), FW(ftag, ftw, 32, 2), FW(fiseg, rip, 32, 0),
	FW(fioff, rip, 32, 4), FW(foseg, rdp, 32, 0), FW(fooff, rdp, 32, 4), FW(fop, fop, 32, 2),
	{"xmm0", "vec128", 128, "org.gnu.gdb.i386.sse", SSE, 0, 16},
	XMM(1), XMM(2), XMM(3), XMM(4), XMM(5), XMM(6), XMM(7), XMM(8), XMM(9), XMM(10), XMM(11), XMM(12), XMM(13),
	XMM(14), XMM(15),
	{"mxcsr", "i386_mxcsr", 32, NULL, MXCSR, 0, 4},
	{"orig_rax", "int", 64, "org.gnu.gdb.i386.linux", GENERAL, offsetof(struct user_regs_struct, orig_rax), 8},
	{"fs_base", "int", 64, "org.gnu.gdb.i386.segments", GENERAL, offsetof(struct user_regs_struct, fs_base), 8},
	R(gs_base, "int", 64),
};

#define COUNT (sizeof(rows) / sizeof(rows[0]))

static void put_text(struct fmt_buf *out, const char *text)
{
	fmt_buf_put(out, text, strlen(text));
}

/* Types that gdb does not know by itself. */
static const char core_types[] =
	"<flags id=\"i386_eflags\" size=\"4\">"
	"<field name=\"\" start=\"22\" end=\"31\"/><field name=\"ID\" start=\"21\" end=\"21\"/>"
	"<field name=\"AC\" start=\"18\" end=\"18\"/><field name=\"OF\" start=\"11\" end=\"11\"/>"
	"<field name=\"DF\" start=\"10\" end=\"10\"/><field name=\"IF\" start=\"9\" end=\"9\"/>"
	"<field name=\"TF\" start=\"8\" end=\"8\"/><field name=\"SF\" start=\"7\" end=\"7\"/>"
	"<field name=\"ZF\" start=\"6\" end=\"6\"/><field name=\"AF\" start=\"4\" end=\"4\"/>"
	"<field name=\"PF\" start=\"2\" end=\"2\"/><field name=\"CF\" start=\"0\" end=\"0\"/></flags>";
static const char sse_types[] =
	"<vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/><vector id=\"v2d\" type=\"ieee_double\" count=\"2\"/>"
	"<vector id=\"v16i8\" type=\"int8\" count=\"16\"/><vector id=\"v8i16\" type=\"int16\" count=\"8\"/>"
	"<vector id=\"v4i32\" type=\"int32\" count=\"4\"/><vector id=\"v2i64\" type=\"int64\" count=\"2\"/>"
	"<union id=\"vec128\"><field name=\"v4_float\" type=\"v4f\"/><field name=\"v2_double\" type=\"v2d\"/>"
	"<field name=\"v16_int8\" type=\"v16i8\"/><field name=\"v8_int16\" type=\"v8i16\"/>"
	"<field name=\"v4_int32\" type=\"v4i32\"/><field name=\"v2_int64\" type=\"v2i64\"/>"
	"<field name=\"uint128\" type=\"uint128\"/></union>"
	"<flags id=\"i386_mxcsr\" size=\"4\"><field name=\"IE\" start=\"0\" end=\"0\"/></flags>";

void rep__gdb_registers_describe(struct fmt_buf *out)
{
	bool open = false;
	char line[160];

	put_text(out, "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target>"
		      "<architecture>i386:x86-64</architecture><osabi>GNU/Linux</osabi>");
	for (size_t i = 0; i < COUNT; i++) {
		if (rows[i].feature) {
			snprintf(line, sizeof(line), "%s<feature name=\"%s\">", open ? "</feature>" : "",
				 rows[i].feature);
			put_text(out, line);
			put_text(out, i == 0 ? core_types : rows[i].home == SSE ? sse_types : "");
			open = true;
		}
		snprintf(line, sizeof(line), "<reg name=\"%s\" bitsize=\"%u\" type=\"%s\" regnum=\"%zu\"/>",
			 rows[i].name, rows[i].bits, rows[i].type, i);
		put_text(out, line);
	}
	put_text(out, "</feature></target>");
}

/* Where the bytes of a register are; NULL: not available. */
static const void *place_of(const struct row *row, const struct user_regs_struct *regs,
			    const struct user_fpregs_struct *fp)
{
	if (row->home == GENERAL)
		return (const uint8_t *)regs + row->offset;
	if (!fp)
		return NULL;
	switch (row->home) {
	case X87:
		return &fp->st_space[row->offset * 4];
	case SSE:
		return &fp->xmm_space[row->offset * 4];
	case MXCSR:
		return &fp->mxcsr;
	default:
		return (const uint8_t *)fp + row->offset;
	}
}

static void put_row(const struct row *row, const struct user_regs_struct *regs, const struct user_fpregs_struct *fp,
		    struct fmt_buf *out)
{
	const uint8_t zeros[16] = {0};
	const void *place = place_of(row, regs, fp);

	if (!place) {
		for (unsigned i = 0; i < row->bits / 8; i++)
			put_text(out, "xx");
		return;
	}
	rep__gdb_put_hex(out, place, row->size);
	rep__gdb_put_hex(out, zeros, row->bits / 8 - row->size);
}

void rep__gdb_registers_put(const struct user_regs_struct *regs, const struct user_fpregs_struct *fp,
			    struct fmt_buf *out)
{
	for (size_t i = 0; i < COUNT; i++)
		put_row(&rows[i], regs, fp, out);
}

int rep__gdb_register_put(const struct user_regs_struct *regs, const struct user_fpregs_struct *fp, size_t number,
			  struct fmt_buf *out)
{
	if (number >= COUNT)
		return -ENOENT;
	put_row(&rows[number], regs, fp, out);
	return 0;
}
