/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * filter.c - the language of filters: parsed once into a tree, asked for every event.
 *
 *	or    = and { ("||" | "or") and }
 *	and   = not { ["&&" | "and"] not }
 *	not   = ("!" | "not") not | "(" or ")" | "packet" string | test
 *	test  = field [ operator value | "in" ("[" value "," value "]" | "{" value { "," value } "}") ] | word
 *
 * A filter is written by a person: what cannot mean anything is refused with its column, never taken for something else.
 * The tree has at most FMT__NODES_MAX nodes and is at most DEPTH_MAX deep.
 */
#include "filter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fnmatch.h>
#include <pcap/pcap.h>
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "filter-int.h"

#define DEPTH_MAX 64
#define SNAPLEN 262144

struct parser {
	struct fmt_filter *filter;
	const char *text, *at;
	struct fmt_error *error;
	int depth;
};

void fmt_filter_free(struct fmt_filter *filter)
{
	if (!filter)
		return;
	for (int i = 0; i < filter->count; i++) {
		free(filter->nodes[i].text);
		if (filter->nodes[i].has_regex)
			regfree(&filter->nodes[i].regex);
		if (filter->nodes[i].has_program)
			pcap_freecode(&filter->nodes[i].program);
	}
	fmt_packets_free(filter->packets);
	fmt_buf_done(&filter->line);
	free(filter->source);
	free(filter);
}

/* ---- messages ---- */

/* Long texts are cut around the place. */
int fmt__filter_complain(struct fmt_error *error, const char *text, size_t at, const char *format, va_list args)
{
	const size_t start = at > 40 ? at - 40 : 0;
	char what[256];

	vsnprintf(what, sizeof(what), format, args);
	if (error)
		snprintf(error->text, sizeof(error->text), "filter, column %zu: %s\n  %.70s\n  %*s^",
			 at + 1, what, text + start, (int)(at - start), "");
	return -EINVAL;
}

__attribute__((format(printf, 3, 4))) static int refuse(const struct parser *p, const char *at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	const int failed = fmt__filter_complain(p->error, p->text, (size_t)(at - p->text), format, args);

	va_end(args);
	return failed;
}

/* ---- words ---- */

static void skip_space(struct parser *p)
{
	p->at += strspn(p->at, " \t\n");
}

/* Takes a sign of the language if it comes next. */
static bool take(struct parser *p, const char *sign)
{
	skip_space(p);
	if (strncmp(p->at, sign, strlen(sign)) != 0)
		return false;
	p->at += strlen(sign);
	return true;
}

/* The same for a word, which ends where a longer one would go on. */
static bool take_word(struct parser *p, const char *word)
{
	skip_space(p);
	const size_t size = strlen(word);

	if (strncmp(p->at, word, size) != 0 || (p->at[size] && !strchr(" \t\n()[{\"'", p->at[size])))
		return false;
	p->at += size;
	return true;
}

/* A quoted string or a bare word.  0, -EINVAL.  The caller frees it.  stop: what ends a bare word, too. */
static int take_value(struct parser *p, const char *stop, char **ret)
{
	skip_space(p);
	const char quote = *p->at;
	const char *const start = p->at;

	if (quote != '"' && quote != '\'') {
		const size_t size = strcspn(p->at, stop);

		if (!size)
			return refuse(p, p->at, "a value is missing here");
		*ret = strndup(p->at, size);
		CHECK(*ret);
		p->at += size;
		return 0;
	}
	char *text = calloc(1, strlen(p->at));
	size_t size = 0;

	CHECK(text);
	for (p->at++; *p->at && *p->at != quote; p->at++) {
		/* A backslash keeps what follows, except in regular expressions, where it is needed itself. */
		if (*p->at == '\\' && (p->at[1] == quote || p->at[1] == '\\'))
			p->at++;
		text[size++] = *p->at;
	}
	if (!*p->at) {
		free(text);
		return refuse(p, start, "this string has no end");
	}
	p->at++;
	*ret = text;
	return 0;
}

#define WORD_STOP " \t\n()[]{}\"'=!<>&|,~"
#define VALUE_STOP " \t\n()[]{}\"'=!<>&|,"
/* After a single "=", lists and ranges need no brackets. */
#define LIST_STOP " \t\n()\"'&|"

/* ---- numbers, times, addresses ---- */

/* "1.5s", "20ms", "3us", "7ns"; without floating point: a time must not be off by one.  bare: ns of a number without a unit. */
static int parse_time(const char *text, uint64_t bare, uint64_t *ret)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {{"s", 1000000000}, {"ms", 1000000}, {"us", 1000}, {"ns", 1}, {"min", 60000000000}};
	const size_t whole = strspn(text, "0123456789");
	const size_t digits = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;
	const char *unit = text + whole + (text[whole] == '.' ? 1 + digits : 0);
	uint64_t scale = *unit ? 0 : bare;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(unit, units[i].name) == 0)
			scale = units[i].ns;
	if (whole == 0 || whole > 19 || !scale)
		return -EINVAL;
	const uint64_t number = strtoull(text, NULL, 10);

	if (number > INT64_MAX / scale)
		return -EINVAL;
	*ret = number * scale;
	for (size_t k = 0; k < digits && scale; k++) {
		scale /= 10;
		*ret += (uint64_t)(text[whole + 1 + k] - '0') * scale;
	}
	return 0;
}

static int parse_number(const struct fmt__field *field, const char *text, uint64_t *ret)
{
	char *end;
	const bool negative = text[0] == '-';

	if (field->type == FMT__TIME)
		return parse_time(text, 1000000000, ret);
	if (text[negative] >= '0' && text[negative] <= '9') {
		errno = 0;
		*ret = strtoull(text + negative, &end, 0);
		if (negative)
			*ret = -*ret;
		if (!errno && !*end)
			return negative && field->type != FMT__SIGNED ? -EINVAL : 0;
		return parse_time(text, 0, ret);
	}
	return field->number_of ? field->number_of(text, ret) : -ENOENT;
}

/* "10.0.0.1", "10.0.0.0/8", "fe80::/10" */
static int parse_address(const char *text, struct fmt__node *node)
{
	_cleanup_free_ char *host = strdup(text);
	char *slash = strchr(host, '/'), *end;

	CHECK(host);
	if (slash)
		*slash++ = 0;
	if (inet_pton(AF_INET, host, node->address) == 1)
		node->version = 4;
	else if (inet_pton(AF_INET6, host, node->address) == 1)
		node->version = 6;
	else
		return -EINVAL;
	const unsigned long bits = node->version == 4 ? 32 : 128;
	const unsigned long prefix = slash ? strtoul(slash, &end, 10) : bits;

	if (prefix > bits || (slash && (!*slash || *end)))
		return -EINVAL;
	node->prefix = (uint8_t)prefix;
	return 0;
}

/* ---- the tree ---- */

static int add_node(struct parser *p, const struct fmt__node *node)
{
	if (p->filter->count == FMT__NODES_MAX)
		return refuse(p, p->at, "the filter is too long: more than %d terms", FMT__NODES_MAX);
	p->filter->nodes[p->filter->count] = *node;
	return p->filter->count++;
}

static int add_pair(struct parser *p, enum fmt__op op, int left, int right)
{
	return add_node(p, &(struct fmt__node){.op = op, .left = left, .right = right});
}

static bool is_known_kind(const char *pattern)
{
	const struct fmt_kind_info *info;

	for (size_t i = 0; (info = fmt_kind_at(i)); i++)
		if (fnmatch(pattern, info->name, 0) == 0)
			return true;
	return strncmp(pattern, "kind-", 5) == 0;
}

static const char *type_name(enum fmt__type type)
{
	static const char *const names[] = {
		[FMT__NUMBER] = "a number", [FMT__SIGNED] = "a number", [FMT__TEXT] = "text",
		[FMT__TIME] = "a time such as 12.5s or 300ms", [FMT__ADDRESS] = "an IP address"};

	return names[type];
}

static bool has_names(const struct fmt__field *field)
{
	return field->number_of || fmt__field_is(field, "node") || fmt__field_is(field, "kind");
}

/* Fills in what a field is compared with.  at: where it stands. */
static int set_literal(struct parser *p, struct fmt__node *node, const char *text, const char *at)
{
	const struct fmt__field *field = node->field;
	const bool equality = node->op == FMT__OP_EQ || node->op == FMT__OP_NE;

	node->text = strdup(text);
	CHECK(node->text);
	if (field->type == FMT__TEXT) {
		if (equality || node->op == FMT__OP_CONTAINS || node->op == FMT__OP_MATCHES)
			return 0;
		return refuse(p, at, "text has no order; use ==, contains or matches");
	}
	if (node->op == FMT__OP_CONTAINS || node->op == FMT__OP_MATCHES) {
		node->by_name = has_names(field);
		return node->by_name ? 0 : refuse(p, at, "%s is %s, not text", field->name, type_name(field->type));
	}
	if (field->type == FMT__ADDRESS) {
		if (!equality)
			return refuse(p, at, "addresses have no order; use == with a prefix such as 10.0.0.0/8");
		return parse_address(text, node) < 0 ? refuse(p, at, "\"%s\" is not an IP address", text) : 0;
	}
	if (parse_number(field, text, &node->number) == 0)
		return 0;
	if (equality && fmt__field_is(field, "kind") && !is_known_kind(text))
		return refuse(p, at, "there is no kind of event \"%s\"", text);
	const bool plain = field->number_of && !strpbrk(text, "*?[");

	if (!equality || !has_names(field) || plain)
		return refuse(p, at, "\"%s\" is not %s%s", text, type_name(field->type),
			      has_names(field) ? " or a name that it can have" : "");
	node->by_name = true;
	return 0;
}

/* A term whose literal is known.  Its number, -EINVAL. */
static int add_test(struct parser *p, enum fmt__op op, const struct fmt__field *field, const char *text,
		    const char *at)
{
	struct fmt__node node = {.op = op, .field = field, .at = (size_t)(at - p->text)};
	int failed = set_literal(p, &node, text, at);

	if (failed == 0 && op == FMT__OP_MATCHES) {
		const int code = regcomp(&node.regex, text, REG_EXTENDED | REG_NOSUB);
		char why[128] = "";

		node.has_regex = code == 0;
		if (code) {
			regerror(code, &node.regex, why, sizeof(why));
			failed = refuse(p, at, "not a regular expression: %s", why);
		}
	}
	const int added = failed < 0 ? failed : add_node(p, &node);

	if (added < 0) {
		free(node.text);
		if (node.has_regex)
			regfree(&node.regex);
	}
	return added;
}

/* low..high, both included; what is missing is no limit. */
static int add_between(struct parser *p, const struct fmt__field *field, const char *low,
		       const char *high, const char *at)
{
	struct fmt__node node = {.op = FMT__OP_BETWEEN, .field = field, .high = INT64_MAX};

	if (field->type == FMT__TEXT || field->type == FMT__ADDRESS)
		return refuse(p, at, "%s has no order", field->name);
	if (field->type == FMT__SIGNED)
		node.number = (uint64_t)INT64_MIN;
	if ((*low && parse_number(field, low, &node.number) < 0) ||
	    (*high && parse_number(field, high, &node.high) < 0))
		return refuse(p, at, "not a range of %s", type_name(field->type));
	return add_node(p, &node);
}

static int parse_interval(struct parser *p, const struct fmt__field *field)
{
	_cleanup_free_ char *low = NULL, *high = NULL;
	const char *const at = p->at;

	if (take_value(p, VALUE_STOP, &low) < 0)
		return -EINVAL;
	if (!take(p, ","))
		return refuse(p, p->at, "a comma is missing: in [from, to]");
	if (take_value(p, VALUE_STOP, &high) < 0)
		return -EINVAL;
	if (!take(p, "]"))
		return refuse(p, p->at, "\"]\" is missing");
	return add_between(p, field, low, high, at);
}

static int parse_set(struct parser *p, const struct fmt__field *field)
{
	int found = -1;

	do {
		_cleanup_free_ char *text = NULL;

		skip_space(p);
		const char *const at = p->at;

		if (take_value(p, VALUE_STOP, &text) < 0)
			return -EINVAL;
		const int one = add_test(p, FMT__OP_EQ, field, text, at);

		if (one < 0)
			return one;
		found = found < 0 ? one : add_pair(p, FMT__OP_OR, found, one);
		if (found < 0)
			return found;
	} while (take(p, ","));
	if (!take(p, "}"))
		return refuse(p, p->at, "\"}\" is missing");
	return found;
}

/* name=a,b*,c and name=low..high: the short form for command lines. */
static int parse_short(struct parser *p, const struct fmt__field *field)
{
	_cleanup_free_ char *text = NULL;

	skip_space(p);
	const char *const at = p->at;
	const bool quoted = *at == '"' || *at == '\'';

	if (take_value(p, LIST_STOP, &text) < 0)
		return -EINVAL;
	char *const dots = strstr(text, "..");

	if (dots && !quoted && field->type != FMT__TEXT && field->type != FMT__ADDRESS) {
		*dots = 0;
		return add_between(p, field, text, dots + 2, at);
	}
	if (quoted || field->type == FMT__TEXT)
		return add_test(p, FMT__OP_EQ, field, text, at);
	char *rest = text, *word;
	int found = -1;

	while ((word = strsep(&rest, ","))) {
		const int one = add_test(p, FMT__OP_EQ, field, word, at + (word - text));

		if (one < 0)
			return one;
		found = found < 0 ? one : add_pair(p, FMT__OP_OR, found, one);
		if (found < 0)
			return found;
	}
	return found;
}

static int parse_operation(struct parser *p, const struct fmt__field *field)
{
	static const struct {
		const char *sign;
		enum fmt__op op;
		bool word;
	} signs[] = {{"==", FMT__OP_EQ, false}, {"!=", FMT__OP_NE, false}, {"<=", FMT__OP_LE, false}, {">=", FMT__OP_GE, false},
		     {"<", FMT__OP_LT, false}, {">", FMT__OP_GT, false}, {"~", FMT__OP_MATCHES, false},
		     {"eq", FMT__OP_EQ, true}, {"ne", FMT__OP_NE, true}, {"le", FMT__OP_LE, true}, {"ge", FMT__OP_GE, true},
		     {"lt", FMT__OP_LT, true}, {"gt", FMT__OP_GT, true}, {"contains", FMT__OP_CONTAINS, true},
		     {"matches", FMT__OP_MATCHES, true}};

	if (take_word(p, "in")) {
		if (take(p, "["))
			return parse_interval(p, field);
		if (take(p, "{"))
			return parse_set(p, field);
		return refuse(p, p->at, "after \"in\" comes [from, to] or {a, b, c}");
	}
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		_cleanup_free_ char *text = NULL;

		if (!(signs[i].word ? take_word(p, signs[i].sign) : take(p, signs[i].sign)))
			continue;
		skip_space(p);
		const char *const at = p->at;

		if (take_value(p, VALUE_STOP, &text) < 0)
			return -EINVAL;
		return add_test(p, signs[i].op, field, text, at);
	}
	if (take(p, "="))
		return parse_short(p, field);
	return add_node(p, &(struct fmt__node){.op = FMT__OP_EXISTS, .field = field});
}

static int parse_packet(struct parser *p)
{
	_cleanup_free_ char *text = NULL;
	struct fmt__node node = {.op = FMT__OP_PCAP};

	skip_space(p);
	const char *const at = p->at;

	if (*at != '"' && *at != '\'')
		return refuse(p, at, "after \"packet\" comes a libpcap expression in quotes, such as "
				     "\"tcp port 80\"");
	if (take_value(p, "", &text) < 0)
		return -EINVAL;
	pcap_t *const dead = pcap_open_dead(DLT_EN10MB, SNAPLEN);

	CHECK(dead);
	/* Without a netmask, "ip broadcast" is refused; there is none that is right for all. */
	node.has_program = pcap_compile(dead, &node.program, text, /* optimize= */ 1,
					PCAP_NETMASK_UNKNOWN) == 0;
	const int added = node.has_program ? add_node(p, &node)
					   : refuse(p, at, "libpcap: %s", pcap_geterr(dead));

	if (added < 0 && node.has_program)
		pcap_freecode(&node.program);
	pcap_close(dead);
	p->filter->history = true;
	return added;
}

/* from=1.5s and to=2s: the time of the event, both included. */
static int parse_bound(struct parser *p, bool from)
{
	_cleanup_free_ char *text = NULL;

	skip_space(p);
	const char *const at = p->at;

	if (take_value(p, VALUE_STOP, &text) < 0)
		return -EINVAL;
	return add_test(p, from ? FMT__OP_GE : FMT__OP_LE, fmt__field_find("time", 4), text, at);
}

static int add_line(struct parser *p, const char *text)
{
	struct fmt__node node = {.op = FMT__OP_LINE, .text = strdup(text)};

	CHECK(node.text);
	const int added = add_node(p, &node);

	if (added < 0)
		free(node.text);
	return added;
}

static int parse_test(struct parser *p)
{
	_cleanup_free_ char *text = NULL;

	skip_space(p);
	const char *const start = p->at;

	if (*start == '"' || *start == '\'')
		return take_value(p, "", &text) < 0 ? -EINVAL : add_line(p, text);
	const size_t size = strcspn(start, WORD_STOP);

	if (!size)
		return refuse(p, start, *start ? "this is not a term" : "a term is missing at the end");
	p->at += size;
	const struct fmt__field *field = fmt__field_find(start, size);

	if (field) {
		p->filter->history |= field->history;
		return parse_operation(p, field);
	}
	if (size == 4 && memcmp(start, "from", 4) == 0 && (take(p, "==") || take(p, "=")))
		return parse_bound(p, true);
	if (size == 2 && memcmp(start, "to", 2) == 0 && (take(p, "==") || take(p, "=")))
		return parse_bound(p, false);
	skip_space(p);
	/* "connect" is a word to look for; "knd==x" is a mistake. */
	if (strncmp(p->at, "!=", 2) == 0 || (*p->at && strchr("=<>~", *p->at)))
		return refuse(p, start, "there is no field %.*s; did you mean %s?", (int)size, start,
			      fmt__field_nearest(start, size));
	text = strndup(start, size);
	CHECK(text);
	return add_line(p, text);
}

static int parse_or(struct parser *p);

static int parse_group(struct parser *p)
{
	const char *const open = p->at - 1;
	const int inner = parse_or(p);

	if (inner < 0)
		return inner;
	return take(p, ")") ? inner : refuse(p, open, "this \"(\" is never closed");
}

static int parse_not(struct parser *p)
{
	int found;

	if (p->depth == DEPTH_MAX)
		return refuse(p, p->at, "more than %d levels deep", DEPTH_MAX);
	p->depth++;
	skip_space(p);
	if ((p->at[0] == '!' && p->at[1] != '=' && take(p, "!")) || take_word(p, "not")) {
		found = parse_not(p);
		if (found >= 0)
			found = add_pair(p, FMT__OP_NOT, found, -1);
	} else if (take(p, "(")) {
		found = parse_group(p);
	} else if (take_word(p, "packet") && (skip_space(p), *p->at == '"' || *p->at == '\'')) {
		found = parse_packet(p);
	} else {
		/* "packet" without a string is the field. */
		if (p->at - p->text >= 6 && strncmp(p->at - 6, "packet", 6) == 0)
			p->at -= 6;
		found = parse_test(p);
	}
	p->depth--;
	return found;
}

static bool at_word(struct parser *p, const char *word)
{
	const char *const at = p->at;
	const bool found = take_word(p, word);

	p->at = at;
	return found;
}

static int parse_and(struct parser *p)
{
	int found = parse_not(p);

	while (found >= 0) {
		const bool joined = take(p, "&&") || take_word(p, "and");

		skip_space(p);
		if (!joined && (!*p->at || *p->at == ')' || strncmp(p->at, "||", 2) == 0 ||
				at_word(p, "or")))
			break;
		const int next = parse_not(p);

		found = next < 0 ? next : add_pair(p, FMT__OP_AND, found, next);
	}
	return found;
}

static int parse_or(struct parser *p)
{
	int found = parse_and(p);

	while (found >= 0 && (take(p, "||") || take_word(p, "or"))) {
		const int next = parse_and(p);

		found = next < 0 ? next : add_pair(p, FMT__OP_OR, found, next);
	}
	return found;
}

/* Takes a limit of time or number that all of the filter lies in. */
static void narrow(const struct fmt__node *node, uint64_t *from, uint64_t *to)
{
	const bool low = node->op == FMT__OP_GE || node->op == FMT__OP_GT || node->op == FMT__OP_EQ ||
			 node->op == FMT__OP_BETWEEN;
	const bool high = node->op == FMT__OP_LE || node->op == FMT__OP_LT || node->op == FMT__OP_EQ ||
			  node->op == FMT__OP_BETWEEN;
	const uint64_t end = node->op == FMT__OP_BETWEEN ? node->high : node->number;

	if (low && node->number > *from)
		*from = node->number;
	if (high && end < *to)
		*to = end;
}

static void find_bounds(struct fmt_filter *filter, int at)
{
	const struct fmt__node *node = &filter->nodes[at];

	if (node->op == FMT__OP_AND) {
		find_bounds(filter, node->left);
		find_bounds(filter, node->right);
	} else if (node->field && fmt__field_is(node->field, "time")) {
		narrow(node, &filter->from, &filter->to);
	} else if (node->field && fmt__field_is(node->field, "seq") && !node->by_name) {
		narrow(node, &filter->first, &filter->last);
	}
}

int fmt_filter_new(const char *text, struct fmt_filter **ret, struct fmt_error *error)
{
	_cleanup_(fmt_filter_freep) struct fmt_filter *filter = calloc(1, sizeof(*filter));
	struct parser p = {.filter = filter, .text = text ? text : "", .error = error};

	CHECK(filter);
	p.at = p.text;
	filter->source = strdup(p.text);
	CHECK(filter->source);
	filter->to = filter->last = UINT64_MAX;
	filter->root = -1;
	skip_space(&p);
	if (*p.at) {
		filter->root = parse_or(&p);
		if (filter->root < 0)
			return -EINVAL;
		skip_space(&p);
		if (*p.at)
			return refuse(&p, p.at, "this does not belong here");
		find_bounds(filter, filter->root);
	}
	if (filter->history)
		fmt_filter_want_history(filter);
	*ret = STEAL(filter);
	return 0;
}

void fmt_filter_want_history(struct fmt_filter *filter)
{
	filter->history = true;
	if (!filter->packets)
		filter->packets = fmt_packets_new();
}

vtime_ns fmt_filter_from(const struct fmt_filter *filter)
{
	return filter->from;
}

vtime_ns fmt_filter_to(const struct fmt_filter *filter)
{
	return filter->to;
}

event_seq fmt_filter_first(const struct fmt_filter *filter)
{
	return filter->first;
}

event_seq fmt_filter_last(const struct fmt_filter *filter)
{
	return filter->last;
}

bool fmt_filter_needs_history(const struct fmt_filter *filter)
{
	return filter->history;
}

const struct fmt_packet *fmt_filter_packet(const struct fmt_filter *filter)
{
	return filter->packet;
}
