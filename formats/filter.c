/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "filter.h"

#include <errno.h>
#include <stdarg.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"

#define TERMS_MAX 32

enum term_type { TERM_KIND, TERM_NODE, TERM_TID, TERM_FROM, TERM_TO, TERM_SEQ, TERM_FIELD, TERM_WORD };

struct term {
	enum term_type type;
	bool negated;
	char *text;		/* owned: the value; for TERM_FIELD " name=value" */
	uint64_t low, high;	/* numbers */
};

struct fmt_filter {
	struct term terms[TERMS_MAX];
	size_t count;
};

void fmt_filter_free(struct fmt_filter *filter)
{
	if (!filter)
		return;
	for (size_t i = 0; i < filter->count; i++)
		free(filter->terms[i].text);
	free(filter);
}

__attribute__((format(printf, 2, 3))) static int refuse(struct fmt_error *error, const char *format,
							 ...)
{
	va_list args;

	if (error) {
		va_start(args, format);
		vsnprintf(error->text, sizeof(error->text), format, args);
		va_end(args);
	}
	return -EINVAL;
}

static int parse_u64(const char *text, uint64_t *ret)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return -EINVAL;
	errno = 0;
	*ret = strtoull(text, &end, 10);
	return errno || *end ? -EINVAL : 0;
}

/* "1.5s", "20ms", "3us", "7ns", "2" seconds.  Without floating point: a time must not be off by one. */
static int parse_time(const char *text, vtime_ns *ret)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {{"", 1000000000}, {"s", 1000000000}, {"ms", 1000000}, {"us", 1000}, {"ns", 1}};
	const size_t whole = strspn(text, "0123456789");
	const size_t digits = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;
	const char *unit = text + whole + (text[whole] == '.' ? 1 + digits : 0);

	if (whole == 0 || whole > 10)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(unit, units[i].name) != 0)
			continue;
		uint64_t scale = units[i].ns;

		*ret = strtoull(text, NULL, 10) * scale;
		for (size_t k = 0; k < digits && scale; k++) {
			scale /= 10;
			*ret += (uint64_t)(text[whole + 1 + k] - '0') * scale;
		}
		return 0;
	}
	return -EINVAL;
}

static int parse_range(const char *text, uint64_t *ret_low, uint64_t *ret_high)
{
	const char *dots = strstr(text, "..");

	if (!dots) {
		const int error = parse_u64(text, ret_low);

		*ret_high = *ret_low;
		return error;
	}
	_cleanup_free_ char *low = strndup(text, (size_t)(dots - text));

	CHECK(low);
	*ret_low = 0;
	*ret_high = UINT64_MAX;
	if (low[0] && parse_u64(low, ret_low) < 0)
		return -EINVAL;
	return dots[2] ? parse_u64(dots + 2, ret_high) : 0;
}

static bool is_known_kind(const char *pattern)
{
	const struct fmt_kind_info *info;

	for (size_t i = 0; (info = fmt_kind_at(i)); i++)
		if (fnmatch(pattern, info->name, 0) == 0)
			return true;
	return strncmp(pattern, "kind-", 5) == 0;
}

/* Whether any of a list with commas matches. */
static bool match_list(const char *list, const char *name)
{
	char pattern[128];

	for (const char *at = list; *at;) {
		const size_t size = strcspn(at, ",");

		snprintf(pattern, sizeof(pattern), "%.*s", (int)size, at);
		if (fnmatch(pattern, name, 0) == 0)
			return true;
		at += size + (at[size] == ',');
	}
	return false;
}

/* A kind that does not exist would match nothing in silence. */
static int check_kinds(const char *list, struct fmt_error *error)
{
	char pattern[128];

	for (const char *at = list; *at;) {
		const size_t size = strcspn(at, ",");

		snprintf(pattern, sizeof(pattern), "%.*s", (int)size, at);
		if (!is_known_kind(pattern))
			return refuse(error, "filter: there is no kind of event \"%s\"", pattern);
		at += size + (at[size] == ',');
	}
	return list[0] ? 0 : refuse(error, "filter: kind= needs a name");
}

static int parse_value(struct term *term, const char *word, const char *value,
		       struct fmt_error *error)
{
	int bad = 0;

	switch (term->type) {
	case TERM_KIND:
		return check_kinds(value, error);
	case TERM_TID:
	case TERM_SEQ:
		bad = parse_range(value, &term->low, &term->high);
		break;
	case TERM_FROM:
		term->high = UINT64_MAX;
		bad = parse_time(value, &term->low);
		break;
	case TERM_TO:
		bad = parse_time(value, &term->high);
		break;
	default:
		return 0;
	}
	return bad < 0 ? refuse(error, "filter: \"%s\" is not a number, range, or time", word) : 0;
}

static int parse_term(const char *word, struct term *ret, struct fmt_error *error)
{
	static const char *const names[] = {
		[TERM_KIND] = "kind", [TERM_NODE] = "node", [TERM_TID] = "tid",
		[TERM_FROM] = "from", [TERM_TO] = "to", [TERM_SEQ] = "seq"};
	struct term term = {.type = TERM_WORD, .negated = word[0] == '!'};

	word += term.negated;
	const char *equals = strchr(word, '=');
	const size_t size = equals ? (size_t)(equals - word) : 0;

	if (!word[0])
		return refuse(error, "filter: \"!\" needs a term behind it");
	if (equals && size) {
		term.type = TERM_FIELD;
		for (int i = 0; i < TERM_FIELD; i++)
			if (strlen(names[i]) == size && memcmp(names[i], word, size) == 0)
				term.type = (enum term_type)i;
	}
	const bool named = term.type < TERM_FIELD;
	const int bad = named ? parse_value(&term, word, equals + 1, error) : 0;

	if (bad < 0)
		return bad;
	if (asprintf(&term.text, "%s%s", term.type == TERM_FIELD ? " " : "",
		     named ? equals + 1 : word) < 0)
		CHECK(!"memory");
	*ret = term;
	return 0;
}

int fmt_filter_new(const char *text, struct fmt_filter **ret, struct fmt_error *error)
{
	_cleanup_(fmt_filter_freep) struct fmt_filter *filter = calloc(1, sizeof(*filter));
	_cleanup_free_ char *words = strdup(text ? text : "");
	char *rest = words, *word;

	CHECK(filter);
	CHECK(words);
	while ((word = strsep(&rest, " \t\n"))) {
		if (!word[0])
			continue;
		if (filter->count == TERMS_MAX)
			return refuse(error, "filter: more than %d terms", TERMS_MAX);
		const int bad = parse_term(word, &filter->terms[filter->count], error);

		if (bad < 0)
			return bad;
		filter->count++;
	}
	*ret = STEAL(filter);
	return 0;
}

vtime_ns fmt_filter_from(const struct fmt_filter *filter)
{
	vtime_ns from = 0;

	for (size_t i = 0; i < filter->count; i++)
		if (filter->terms[i].type == TERM_FROM && !filter->terms[i].negated &&
		    filter->terms[i].low > from)
			from = filter->terms[i].low;
	return from;
}

vtime_ns fmt_filter_to(const struct fmt_filter *filter)
{
	vtime_ns to = UINT64_MAX;

	for (size_t i = 0; i < filter->count; i++)
		if (filter->terms[i].type == TERM_TO && !filter->terms[i].negated &&
		    filter->terms[i].high < to)
			to = filter->terms[i].high;
	return to;
}

static bool match_node(const struct term *term, node_id node, const struct fmt_roster *roster)
{
	char buf[16], number[16];

	snprintf(number, sizeof(number), "%u", node);
	return match_list(term->text, fmt_roster_node(roster, node, buf)) ||
	       match_list(term->text, number);
}

static bool match_kind(const struct term *term, uint32_t kind)
{
	const struct fmt_kind_info *info = fmt_kind_info(kind);
	char name[24];

	snprintf(name, sizeof(name), "kind-%u", kind);
	return match_list(term->text, info ? info->name : name);
}

static bool match_term(const struct term *term, const struct fmt_event *event,
		       const struct fmt_roster *roster, struct fmt_bytes line)
{
	switch (term->type) {
	case TERM_KIND:
		return match_kind(term, event->kind);
	case TERM_NODE:
		return match_node(term, event->node, roster);
	case TERM_TID:
		return event->tid >= term->low && event->tid <= term->high;
	case TERM_FROM:
	case TERM_TO:
		return event->vtime >= term->low && event->vtime <= term->high;
	case TERM_SEQ:
		return event->seq >= term->low && event->seq <= term->high;
	case TERM_FIELD:
	case TERM_WORD:
		break;
	}
	return memmem(line.data, line.size, term->text, strlen(term->text));
}

bool fmt_filter_match(const struct fmt_filter *filter, const struct fmt_event *event,
		      const struct fmt_roster *roster, struct fmt_bytes line)
{
	for (size_t i = 0; i < filter->count; i++)
		if (match_term(&filter->terms[i], event, roster, line) == filter->terms[i].negated)
			return false;
	return true;
}
