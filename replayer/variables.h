/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * variables.h - what the variables of a process hold, with the names and types of its source.
 *
 * A variable is shown with what is in it as text.  What is within (members, elements, what a pointer points to) is asked
 * for by its type's handle and its address: nothing is followed that nobody asks for.
 */
#ifndef REP_VARIABLES_H
#define REP_VARIABLES_H

#include "location.h"

enum rep_variable_kind {
	REP_VARIABLE_UNAVAILABLE,	/* its value cannot be had; text says why */
	REP_VARIABLE_INTEGER,		/* with characters and truth values */
	REP_VARIABLE_FLOAT,
	REP_VARIABLE_POINTER,
	REP_VARIABLE_ENUM,
	REP_VARIABLE_STRUCT,		/* and unions and classes */
	REP_VARIABLE_ARRAY,
};

#define REP_VARIABLE_VALUE_MAX 256

struct rep_variable {
	char name[96];
	char type[128];			/* as in C */
	char value[REP_VARIABLE_VALUE_MAX];
	enum rep_variable_kind kind;
	bool has_within;
	bool has_addr;
	uint64_t addr;
	uint64_t size;			/* bytes; 0: unknown */
	/* For who goes on from it. */
	Dwarf_Die die;			/* its type; addr of NULL: it has none */
	struct rep_location location;
	uint8_t bit_offset, bit_size;	/* bit_size 0: not a bit field */
	unsigned module;		/* index */
};

const char *rep_variable_kind_name(enum rep_variable_kind kind);
/* Makes "3:1f40", by which rep_variable_within() knows the type; "" when there is nothing within. */
void rep_variable_handle(const struct rep_variable *variable, char ret[32]);

/* Called for each; false ends. */
typedef bool (*rep_variable_fn)(void *arg, const struct rep_variable *variable);

enum rep_variable_scope { REP_SCOPE_ARGUMENTS, REP_SCOPE_LOCALS, REP_SCOPE_GLOBALS };
/* Variables that a frame sees: arguments, those with all locals, innermost scope first, or the globals of its module. */
void rep_variables_of(const struct rep_place *place, enum rep_variable_scope scope, rep_variable_fn fn, void *arg);
/* One of them by name, the innermost first, then globals of all modules.  False: there is none. */
bool rep_variable_find(const struct rep_place *place, const char *name, struct rep_variable *ret);
/* Members, elements from start on (count of them), or what a pointer points to. */
void rep_variable_within(const struct rep_place *place, const struct rep_variable *variable, uint64_t start, uint64_t count,
			 rep_variable_fn fn, void *arg);
/* The variable that a handle and an address stand for.  False: there is no such type. */
bool rep_variable_of_handle(const struct rep_place *place, const char *handle, uint64_t addr, struct rep_variable *ret);
/* Reads its bytes again and makes kind, type and value anew. */
void rep_variable_show(const struct rep_place *place, struct rep_variable *variable);
/* Its number, extended as its type says.  False: it is none. */
bool rep_variable_number(const struct rep_place *place, const struct rep_variable *variable, uint64_t *ret, bool *ret_signed);

/* An expression: names, members (a.b, p->b), elements (a[3]), *p, &a, numbers, registers ($rax), + - * / %, comparisons, && || !,
 * parentheses.  0; -EINVAL: it is none; -ENOENT: no such name; -EFAULT: memory is not there.  error (may be NULL): a sentence. */
struct fmt_error;
int rep_evaluate(const struct rep_place *place, const char *text, struct rep_variable *ret, struct fmt_error *error);

#endif
