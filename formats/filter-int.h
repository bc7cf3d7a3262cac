/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filter-int.h - what filter.c (the language), filter-match.c (asking) and filter-fields.c (what can be asked about) share. */
#ifndef FMT_FILTER_INT_H
#define FMT_FILTER_INT_H

#include <pcap/pcap.h>
#include <regex.h>
#include <stdarg.h>

#include "filter.h"
#include "packets.h"
#include "roster.h"

enum fmt__type {
	FMT__NUMBER,		/* unsigned; a value may have a name, too */
	FMT__SIGNED,
	FMT__TIME,		/* ns; a literal without a unit is in seconds */
	FMT__TEXT,
	FMT__ADDRESS,
};

/* One event, and what is found out about it once somebody asks. */
struct fmt__subject {
	const struct fmt_event *event;
	const struct fmt_roster *roster;
	const struct fmt_packet *packet;	/* NULL: about none */
	bool decoded;
	int value_count;			/* negative: its body is strange */
	struct fmt_value values[FMT_FIELD_MAX];
	struct fmt_buf line;			/* as dump prints it; empty until asked for */
	char text[2][64];
};

struct fmt__value {
	uint64_t number;		/* NUMBER, SIGNED (two's complement), TIME */
	struct fmt_bytes text;		/* TEXT; the name of a number, size 0: none */
	uint8_t address[16];		/* ADDRESS */
	uint8_t version;		/* 4, 6 */
};

/* An event has none, one or two values of a field: tcp.port has two. */
#define FMT__VALUES_MAX 2

struct fmt__field {
	const char *name;
	enum fmt__type type;
	bool history;		/* known only to who has seen the events before */
	/* Number of values. */
	size_t (*get)(struct fmt__subject *subject, struct fmt__value ret[FMT__VALUES_MAX]);
	/* NULL, or a name's number; -ENOENT. */
	int (*number_of)(const char *name, uint64_t *ret);
};

/* A field by name, NULL: there is none.  Fields of event-kinds.def have get == NULL and are found by name. */
const struct fmt__field *fmt__field_find(const char *name, size_t size);
/* The name that is most like it, for a message. */
const char *fmt__field_nearest(const char *name, size_t size);
bool fmt__field_is(const struct fmt__field *field, const char *name);
size_t fmt__field_get(const struct fmt__field *field, struct fmt__subject *subject,
		      struct fmt__value ret[FMT__VALUES_MAX]);
struct fmt_bytes fmt__subject_line(struct fmt__subject *subject);

/* ---- the tree of a filter ---- */

#define FMT__NODES_MAX 256

enum fmt__op {
	FMT__OP_AND, FMT__OP_OR, FMT__OP_NOT, FMT__OP_LINE, FMT__OP_PCAP, FMT__OP_EXISTS, FMT__OP_EQ, FMT__OP_NE, FMT__OP_LT, FMT__OP_LE,
	FMT__OP_GT, FMT__OP_GE, FMT__OP_CONTAINS, FMT__OP_MATCHES, FMT__OP_BETWEEN,
};

struct fmt__node {
	enum fmt__op op;
	size_t at;			/* where its value stands in the text */
	int left, right;		/* of AND, OR, NOT */
	const struct fmt__field *field;
	bool by_name;			/* compare the text of a number */
	uint64_t number, high;		/* literal; high: of BETWEEN */
	char *text;			/* owned */
	uint8_t address[16];
	uint8_t version, prefix;	/* bits of address that count */
	regex_t regex;
	bool has_regex;
	struct bpf_program program;
	bool has_program;
};

struct fmt_filter {
	char *source;			/* what it was parsed from; owned */
	struct fmt__node nodes[FMT__NODES_MAX];
	int count;
	int root;			/* -1: everything */
	bool history;
	vtime_ns from, to;
	event_seq first, last;
	struct fmt_packets *packets;	/* with history */
	const struct fmt_packet *packet;
	struct fmt_buf line;		/* lent to subjects */
};

/* Says what is wrong at a place of a filter's text, with a mark under it.  -EINVAL.  error may be NULL. */
__attribute__((format(printf, 4, 0))) int fmt__filter_complain(struct fmt_error *error, const char *text, size_t at, const char *format,
								va_list args);
/* Whether a value, as it would be of an event, passes a test by itself. */
bool fmt__filter_test_value(const struct fmt__node *node, const struct fmt__value *value);

#endif
