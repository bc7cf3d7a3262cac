/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * expression.c - expressions over the variables of a frame, as a person types them into a debugger.
 *
 * Recursive descent; each level of C's operators is one function.  Whatever has no type of the source is a signed number of 64 bits.
 */
#include <ctype.h>
#include <dwarf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace.h"
#include "types.h"
#include "variables.h"

#define DEPTH_MAX 64

struct parser {
	const struct rep_place *place;
	const char *at;
	int error;
	struct fmt_error *text;
	int depth;
};

/* Either a thing of the source, or a number of nobody's type. */
struct operand {
	bool is_number;
	uint64_t number;
	struct rep_variable variable;
};

__attribute__((format(printf, 3, 4))) static void fail(struct parser *p, int error, const char *format, ...)
{
	va_list ap;

	if (p->error)
		return;
	p->error = error;
	if (!p->text)
		return;
	va_start(ap, format);
	vsnprintf(p->text->text, sizeof(p->text->text), format, ap);
	va_end(ap);
}

static void skip_blanks(struct parser *p)
{
	while (isspace((unsigned char)*p->at))
		p->at++;
}

/* Takes a sign of operation, unless it is the beginning of a longer one. */
static bool take(struct parser *p, const char *sign, const char *not_before)
{
	const size_t size = strlen(sign);

	skip_blanks(p);
	if (strncmp(p->at, sign, size) != 0 || (p->at[size] && strchr(not_before, p->at[size])))
		return false;
	p->at += size;
	return true;
}

static struct operand number_of(uint64_t value)
{
	return (struct operand){.is_number = true, .number = value};
}

static uint64_t load(struct parser *p, const struct operand *operand)
{
	uint64_t value = 0;
	bool negative;

	if (operand->is_number)
		return operand->number;
	if (!p->error && !rep_variable_number(p->place, &operand->variable, &value, &negative))
		fail(p, -EFAULT, "%s is no number that can be had: %s", operand->variable.name, operand->variable.value);
	return value;
}

static struct operand expression(struct parser *p);

/* ---- the leaves -------------------------------------------------------------------- */

static struct operand register_value(struct parser *p)
{
	static const struct {
		const char *name;
		size_t offset;
	} registers[] = {
#define REGISTER(name) {#name, offsetof(struct user_regs_struct, name)}
		REGISTER(rax), REGISTER(rbx), REGISTER(rcx), REGISTER(rdx), REGISTER(rsi), REGISTER(rdi), REGISTER(rbp),
		REGISTER(rsp), REGISTER(r8), REGISTER(r9), REGISTER(r10), REGISTER(r11), REGISTER(r12), REGISTER(r13),
		REGISTER(r14), REGISTER(r15), REGISTER(rip), REGISTER(eflags), {"pc", offsetof(struct user_regs_struct, rip)},
		{"sp", offsetof(struct user_regs_struct, rsp)},
#undef REGISTER
	};
	size_t size = 0;
	uint64_t value;

	while (isalnum((unsigned char)p->at[size]))
		size++;
	for (size_t i = 0; p->place->frame && i < sizeof(registers) / sizeof(registers[0]); i++)
		if (strlen(registers[i].name) == size && memcmp(registers[i].name, p->at, size) == 0) {
			memcpy(&value, (const uint8_t *)&p->place->frame->regs + registers[i].offset, sizeof(value));
			p->at += size;
			return number_of(value);
		}
	fail(p, -ENOENT, "there is no register $%.*s", (int)size, p->at);
	return number_of(0);
}

static struct operand name_value(struct parser *p)
{
	struct operand operand = {0};
	char name[sizeof(operand.variable.name)];
	size_t size = 0;

	while (isalnum((unsigned char)p->at[size]) || p->at[size] == '_')
		size++;
	snprintf(name, sizeof(name), "%.*s", (int)size, p->at);
	p->at += size;
	if (!rep_variable_find(p->place, name, &operand.variable))
		fail(p, -ENOENT, "there is no variable %s here", name);
	return operand;
}

static struct operand primary(struct parser *p)
{
	skip_blanks(p);
	if (take(p, "(", "")) {
		const struct operand inner = expression(p);

		if (!take(p, ")", ""))
			fail(p, -EINVAL, "a ) is missing before \"%s\"", p->at);
		return inner;
	}
	if (take(p, "$", ""))
		return register_value(p);
	if (isdigit((unsigned char)*p->at)) {
		char *end;
		const uint64_t value = strtoull(p->at, &end, 0);

		p->at = end;
		return number_of(value);
	}
	if (isalpha((unsigned char)*p->at) || *p->at == '_')
		return name_value(p);
	fail(p, -EINVAL, *p->at ? "a name or number is missing before \"%s\"" : "a name or number is missing at the end%s", p->at);
	return number_of(0);
}

/* ---- what is within --------------------------------------------------------------------- */

struct search {
	const char *name;
	size_t size;
	struct rep_variable *ret;
	bool found;
};

static bool search_member(void *arg, const struct rep_variable *variable)
{
	struct search *search = arg;

	if (search->name && (strlen(variable->name) != search->size || memcmp(variable->name, search->name, search->size) != 0))
		return true;
	*search->ret = *variable;
	search->found = true;
	return false;
}

/* What a pointer points to, at an index; an array's element. */
static struct operand element(struct parser *p, const struct operand *of, uint64_t index)
{
	struct operand result = {0};
	struct search search = {.ret = &result.variable};

	if (of->is_number || p->error) {
		fail(p, -EINVAL, "a number points to nothing");
		return number_of(0);
	}
	rep_variable_within(p->place, &of->variable, index, 1, search_member, &search);
	if (!search.found)
		fail(p, -EINVAL, "%s (%s) has no element %lld", of->variable.name, of->variable.type, (long long)index);
	return result;
}

static struct operand member(struct parser *p, const struct operand *of)
{
	struct operand result = {0};
	struct search search = {.ret = &result.variable};

	skip_blanks(p);
	search.name = p->at;
	while (isalnum((unsigned char)p->at[search.size]) || p->at[search.size] == '_')
		search.size++;
	p->at += search.size;
	if (of->is_number || p->error || !search.size) {
		fail(p, -EINVAL, "a number has no members");
		return number_of(0);
	}
	rep_variable_within(p->place, &of->variable, 0, UINT64_MAX, search_member, &search);
	if (!search.found)
		fail(p, -ENOENT, "%s (%s) has no member %.*s", of->variable.name, of->variable.type, (int)search.size, search.name);
	return result;
}

static struct operand postfix(struct parser *p)
{
	struct operand operand = primary(p);

	while (!p->error) {
		if (take(p, "[", "")) {
			const struct operand index = expression(p);

			operand = element(p, &operand, load(p, &index));
			if (!take(p, "]", ""))
				fail(p, -EINVAL, "a ] is missing before \"%s\"", p->at);
		} else if (take(p, "->", "")) {
			operand = element(p, &operand, 0);
			operand = member(p, &operand);
		} else if (take(p, ".", "")) {
			operand = member(p, &operand);
		} else {
			break;
		}
	}
	return operand;
}

/* ---- operators ------------------------------------------------------------------------------ */

static struct operand unary(struct parser *p)
{
	struct operand operand;

	if (++p->depth > DEPTH_MAX)
		fail(p, -EINVAL, "it is nested too deeply");
	if (p->error) {
		operand = number_of(0);
	} else if (take(p, "*", "")) {
		operand = unary(p);
		operand = element(p, &operand, 0);
	} else if (take(p, "&", "&")) {
		operand = unary(p);
		if (operand.is_number || !operand.variable.has_addr)
			fail(p, -EFAULT, "it has no address");
		operand = number_of(operand.variable.addr);
	} else if (take(p, "-", "")) {
		operand = unary(p);
		operand = number_of(0 - load(p, &operand));
	} else if (take(p, "!", "=")) {
		operand = unary(p);
		operand = number_of(!load(p, &operand));
	} else {
		operand = postfix(p);
	}
	p->depth--;
	return operand;
}

/* Levels of binary operators, weakest first. */
static const struct {
	const char *sign, *not_before;
	int level;
} OPERATORS[] = {
	{"||", "", 0}, {"&&", "", 1}, {"|", "|", 2}, {"^", "", 3}, {"&", "&", 4}, {"==", "", 5}, {"!=", "", 5},
	{"<=", "", 6}, {">=", "", 6}, {"<", "<=", 6}, {">", ">=", 6}, {"<<", "", 7}, {">>", "", 7}, {"+", "", 8},
	{"-", ">", 8}, {"*", "", 9}, {"/", "", 9}, {"%", "", 9},
};
#define LEVELS 10

static uint64_t apply(struct parser *p, const char *sign, uint64_t a, uint64_t b)
{
	const int64_t x = (int64_t)a, y = (int64_t)b;

	switch (sign[0]) {
	case '|': return sign[1] ? a || b : a | b;
	case '&': return sign[1] ? a && b : a & b;
	case '^': return a ^ b;
	case '=': return a == b;
	case '!': return a != b;
	case '<': return sign[1] == '<' ? (b < 64 ? a << b : 0) : sign[1] ? x <= y : x < y;
	case '>': return sign[1] == '>' ? (b < 64 ? a >> b : 0) : sign[1] ? x >= y : x > y;
	case '+': return a + b;
	case '-': return a - b;
	case '*': return a * b;
	}
	if (!b || (y == -1 && x == INT64_MIN)) {
		fail(p, -EINVAL, "division by zero");
		return 0;
	}
	return (uint64_t)(sign[0] == '/' ? x / y : x % y);
}

static struct operand binary(struct parser *p, int level)
{
	struct operand left = level == LEVELS ? unary(p) : binary(p, level + 1);

	for (size_t i = 0; level < LEVELS && !p->error && i < sizeof(OPERATORS) / sizeof(OPERATORS[0]); i++) {
		if (OPERATORS[i].level != level || !take(p, OPERATORS[i].sign, OPERATORS[i].not_before))
			continue;
		const struct operand right = binary(p, level + 1);
		const uint64_t a = load(p, &left);

		left = number_of(apply(p, OPERATORS[i].sign, a, load(p, &right)));
		i = SIZE_MAX;	/* from the first operator of the level again */
	}
	return left;
}

static struct operand expression(struct parser *p)
{
	if (++p->depth > DEPTH_MAX) {
		fail(p, -EINVAL, "it is nested too deeply");
		return number_of(0);
	}
	const struct operand result = binary(p, 0);

	p->depth--;
	return result;
}

int rep_evaluate(const struct rep_place *place, const char *text, struct rep_variable *ret, struct fmt_error *error)
{
	struct parser parser = {.place = place, .at = text, .text = error};
	struct operand result = expression(&parser);

	skip_blanks(&parser);
	if (*parser.at)
		fail(&parser, -EINVAL, "it goes on with \"%s\"", parser.at);
	if (parser.error)
		return parser.error;
	if (result.is_number) {
		*ret = (struct rep_variable){.kind = REP_VARIABLE_INTEGER, .size = sizeof(result.number), .type = "long",
					     .location = {.kind = REP_LOCATION_BYTES, .size = sizeof(result.number)}};
		memcpy(ret->location.bytes, &result.number, sizeof(result.number));
		snprintf(ret->value, sizeof(ret->value), "%lld", (long long)result.number);
	} else {
		*ret = result.variable;
	}
	snprintf(ret->name, sizeof(ret->name), "%.90s", text);
	return 0;
}
