/* SPDX-License-Identifier: GPL-2.0-or-later */
/* routes.h - who answers each syscall: syscall-routes.def as a table. */
#ifndef REC_ROUTES_H
#define REC_ROUTES_H

#include <stdint.h>

enum rec_route {
	REC_ROUTE_KERNEL, REC_ROUTE_MEMORY, REC_ROUTE_CLONE, REC_ROUTE_EXEC, REC_ROUTE_EXIT, REC_ROUTE_SIGRETURN,
	REC_ROUTE_EMULATE, REC_ROUTE_IGNORE, REC_ROUTE_REFUSE, REC_ROUTE_ABSENT,
};

struct rec_route_row {
	enum rec_route route;
	int error;		/* REFUSE, ABSENT: what the program gets */
};

/* Numbers that x86-64 does not have are ABSENT. */
struct rec_route_row rec_route_of(uint64_t nr);
/* For a person: "the node's kernel".  Static. */
const char *rec_route_text(enum rec_route route);

#endif
