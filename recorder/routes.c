/* SPDX-License-Identifier: GPL-2.0-or-later */
/* routes.c - the table of syscall-routes.def, which cannot be compiled unless it has every call of x86-64. */
#include "routes.h"

#include <asm/unistd.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

/* A name without a row is an undeclared identifier here, a second row a second definition. */
enum {
#define ROUTE(name, route, errno_) HAS_##name,
#include "syscall-routes.def"
#undef ROUTE
	ROW_COUNT,
};

#define SYSCALL(number, name) _Static_assert(HAS_##name < ROW_COUNT, #name " has no row in syscall-routes.def");
#include "syscalls.def"
#undef SYSCALL

/* By number as syscalls.def has it: the host's headers may be older than that. */
enum {
#define SYSCALL(number, name) NUMBER_##name = number,
#include "syscalls.def"
#undef SYSCALL
};

static const struct table_row {
	bool known;
	struct rec_route_row row;
} rows[] = {
#define ROUTE(name, to, errno_) [NUMBER_##name] = { true, { REC_ROUTE_##to, errno_ } },
#include "syscall-routes.def"
#undef ROUTE
};

struct rec_route_row rec_route_of(uint64_t nr)
{
	struct rec_route_row row = { REC_ROUTE_ABSENT, ENOSYS };

	if (nr < sizeof(rows) / sizeof(*rows) && rows[nr].known)
		row = rows[nr].row;
	if (row.route == REC_ROUTE_ABSENT)
		row.error = ENOSYS;
	return row;
}

const char *rec_route_text(enum rec_route route)
{
	static const char *const TEXTS[] = {
		[REC_ROUTE_KERNEL] = "the node's kernel",
		[REC_ROUTE_MEMORY] = "carried out natively, at addresses of hindcast's choice",
		[REC_ROUTE_CLONE] = "the node's kernel and natively, together",
		[REC_ROUTE_EXEC] = "the node's kernel and natively, together",
		[REC_ROUTE_EXIT] = "the node's kernel and natively, together",
		[REC_ROUTE_SIGRETURN] = "the node's kernel and natively, together",
		[REC_ROUTE_EMULATE] = "the node's kernel, by way of another call",
		[REC_ROUTE_IGNORE] = "answered 0: it has no meaning here",
		[REC_ROUTE_REFUSE] = "refused, and counted",
		[REC_ROUTE_ABSENT] = "not there, as programs expect of a kernel that lacks it",
	};

	return TEXTS[route];
}
