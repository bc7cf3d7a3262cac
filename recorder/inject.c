/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inject.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "syscall-names.h"

#define ERRNO_MAX 4095

struct parser {
	struct rec_inject_rule *rule;
	char *why;
	size_t why_size;
};

__attribute__((format(printf, 2, 3))) static int wrong(const struct parser *parser, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(parser->why, parser->why_size, format, args);
	va_end(args);
	return -EINVAL;
}

/* ---- which calls ---- */

/* Ends of programs and of handlers have no result, and cannot be left out. */
static bool is_fixed(const char *name)
{
	return !strcmp(name, "exit") || !strcmp(name, "exit_group") || !strcmp(name, "rt_sigreturn");
}

static int take_set(const struct parser *parser, char *set)
{
	char *rest = set;

	for (char *name; (name = strsep(&rest, ","));) {
		if (!strcmp(name, "all")) {
			for (uint64_t nr = 0; nr < REC_INJECT_CALLS; nr++)
				if (fmt_syscall_name(nr) && !is_fixed(fmt_syscall_name(nr)))
					parser->rule->calls[nr / 64] |= 1ull << nr % 64;
			continue;
		}
		const int nr = fmt_syscall_number(name);

		if (nr < 0 || (unsigned)nr >= REC_INJECT_CALLS)
			return wrong(parser, "there is no system call '%s' (a set is a list of names, or 'all')", name);
		if (is_fixed(name))
			return wrong(parser, "nothing can be done to '%s'", name);
		parser->rule->calls[nr / 64] |= 1ull << nr % 64;
	}
	return 0;
}

/* ---- what happens to them ---- */

static int take_error(const struct parser *parser, const char *value)
{
	char *end;
	long number = strtol(value, &end, 10);

	if (end == value || *end)
		for (number = ERRNO_MAX; number > 0; number--) {
			const char *name = fmt_errno_name((int)number);

			if (name && !strcmp(name, value))
				break;
		}
	if (number < 1 || number > ERRNO_MAX)
		return wrong(parser, "'%s' is no error; write it as EIO or 5", value);
	parser->rule->fails = true;
	parser->rule->result = -number;
	return 0;
}

static int take_retval(const struct parser *parser, const char *value)
{
	char *end;

	errno = 0;
	parser->rule->result = strtoll(value, &end, 0);
	if (errno || end == value || *end || parser->rule->result < 0)
		return wrong(parser, "'%s' is no result: a number from 0 on (errors are error=)", value);
	parser->rule->fails = true;
	return 0;
}

static int take_signal(const struct parser *parser, const char *value)
{
	char *end;
	long number = strtol(value, &end, 10);

	if (end == value || *end)
		for (number = 64; number > 0; number--) {
			const char *name = fmt_signal_name((uint64_t)number);

			if (name && (!strcmp(name, value) || !strcmp(name + 3, value)))
				break;
		}
	if (number < 1 || number > 64)
		return wrong(parser, "'%s' is no signal; write it as SIGPIPE or 13", value);
	parser->rule->signo = (int)number;
	return 0;
}

static int take_delay(const struct parser *parser, const char *value, uint64_t *ret)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {{"", 1000}, {"us", 1000}, {"ns", 1}, {"ms", 1000000}, {"s", 1000000000}};
	char *end;
	const unsigned long long number = strtoull(value, &end, 10);

	for (size_t i = 0; end != value && *value != '-' && i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(end, units[i].name) && number && number < UINT64_MAX / 4 / units[i].ns) {
			*ret = number * units[i].ns;
			return 0;
		}
	return wrong(parser, "'%s' is no delay; write it as 500 (us), 10ms or 2s", value);
}

/* FIRST[..LAST][+[STEP]], counted from 1. */
static int take_when(const struct parser *parser, const char *value)
{
	struct rec_inject_rule *rule = parser->rule;
	char *at;
	unsigned long first = strtoul(value, &at, 10), last = 0, step = 0;
	bool good = at != value && *value != '-' && first >= 1;

	if (good && !strncmp(at, "..", 2)) {
		const char *begin = at + 2;

		last = strtoul(begin, &at, 10);
		good = at != begin && last >= first;
		step = 1;
	}
	if (good && *at == '+') {
		const char *begin = ++at;

		step = *at ? strtoul(begin, &at, 10) : 1;
		good = step >= 1;
		last = last ?: UINT32_MAX;
	}
	if (!good || *at || first > UINT32_MAX || last > UINT32_MAX || step > UINT32_MAX)
		return wrong(parser, "'%s' does not say when; write it as 3, 3+, 3+2, 3..9 or 3..9+2", value);
	rule->first = (uint32_t)first;
	rule->last = (uint32_t)(last ?: first);
	rule->step = (uint32_t)step;
	return 0;
}

static int take_part(const struct parser *parser, const char *part)
{
	const char *value = strchr(part, '=');

	if (!value)
		return wrong(parser, "'%s' is none of error=, retval=, signal=, delay_enter=, delay_exit=, when=", part);
	const size_t size = (size_t)(value++ - part);

	if (size == 5 && !strncmp(part, "error", size))
		return take_error(parser, value);
	if (size == 6 && !strncmp(part, "retval", size))
		return take_retval(parser, value);
	if (size == 6 && !strncmp(part, "signal", size))
		return take_signal(parser, value);
	if (size == 11 && !strncmp(part, "delay_enter", size))
		return take_delay(parser, value, &parser->rule->enter_ns);
	if (size == 10 && !strncmp(part, "delay_exit", size))
		return take_delay(parser, value, &parser->rule->exit_ns);
	if (size == 4 && !strncmp(part, "when", size))
		return take_when(parser, value);
	return wrong(parser, "'%.*s=' is none of error=, retval=, signal=, delay_enter=, delay_exit=, when=", (int)size, part);
}

int rec_inject_parse(const char *text, struct rec_inject_rule *ret, char *why, size_t why_size)
{
	struct rec_inject_rule rule = {.first = 1, .last = UINT32_MAX, .step = 1};
	const struct parser parser = {&rule, why, why_size};
	_cleanup_free_ char *copy = strdup(text);
	char *rest = copy;

	CHECK(copy);
	int error = take_set(&parser, strsep(&rest, ":"));

	for (char *part; !error && (part = strsep(&rest, ":"));)
		error = take_part(&parser, part);
	if (error)
		return error;
	if (!rule.fails && !rule.signo && !rule.enter_ns && !rule.exit_ns)
		return wrong(&parser, "'%s' does nothing: it needs error=, retval=, signal=, delay_enter= or delay_exit=", text);
	rule.text = strdup(text);
	CHECK(rule.text);
	*ret = rule;
	return 0;
}

void rec_inject_done(struct rec_inject_rule *rule)
{
	free(rule->text);
	*rule = (struct rec_inject_rule){0};
}

/* ---- when it is time ---- */

bool rec_inject_has(const struct rec_inject_rule *rule, uint64_t nr)
{
	return nr < REC_INJECT_CALLS && rule->calls[nr / 64] >> nr % 64 & 1;
}

bool rec_inject_means(const struct rec_inject_rule *rule, uint32_t count)
{
	if (count < rule->first || count > rule->last)
		return false;
	return count == rule->first || (rule->step && (count - rule->first) % rule->step == 0);
}
