/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * experiment-yaml.c - the YAML of an experiment as a tree in which every error knows its place.
 *
 * libyaml's document API gives numbered nodes with marks; node 0 is none.  Aliases are the very node that they name.
 * Maps are read through the table experiment-keys.def, so that no key is ever silently passed over.  A tree with a
 * cycle does no harm: how deep the readers go is given by the table, not by the file.
 */
#include "experiment-int.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"

#define WORD_MAX 64	/* longer words have no neighbours */

struct key {
	enum rec__scope scope;
	const char *name;
	rec__take_fn *take;
	size_t offset;
};

static const struct key keys[] = {
#define SCOPE(name, title)
#define KEY(scope, key, take, type, member)                                                        \
	{REC__SCOPE_##scope, key, rec__take_##take, offsetof(struct type, member)},
#define PART(scope, key, take) {REC__SCOPE_##scope, key, rec__take_##take, 0},
#include "experiment-keys.def"
#undef SCOPE
#undef KEY
#undef PART
};

#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

static const char *const scope_titles[] = {
#define SCOPE(name, title) title,
#define KEY(scope, key, take, type, member)
#define PART(scope, key, take)
#include "experiment-keys.def"
#undef SCOPE
#undef KEY
#undef PART
};

yaml_node_t *rec__yaml(struct rec__load *load, int index)
{
	yaml_node_t *node = yaml_document_get_node(&load->doc, index);

	CHECK(node);
	return node;
}

/* "file:line:column: ", or the override that the node comes from. */
static int put_place(struct rec__load *load, int index, char *to, size_t size)
{
	if (index <= 0)
		return snprintf(to, size, "%s: ", load->file);
	if (index < load->file_nodes) {
		const yaml_mark_t mark = rec__yaml(load, index)->start_mark;

		return snprintf(to, size, "%s:%zu:%zu: ", load->file, mark.line + 1, mark.column + 1);
	}
	size_t i = 0;

	while (load->set[i + 1] && load->set_first[i + 1] && load->set_first[i + 1] <= index)
		i++;
	return snprintf(to, size, "--set %s: ", load->set[i]);
}

uint32_t rec__line(struct rec__load *load, int index)
{
	return index < load->file_nodes ? (uint32_t)rec__yaml(load, index)->start_mark.line + 1 : 0;
}

int rec__fail(struct rec__load *load, int index, const char *format, ...)
{
	char *text = load->error->text;
	const size_t size = sizeof(load->error->text);
	const int placed = put_place(load, index, text, size);
	va_list args;

	CHECK(placed > 0);
	if ((size_t)placed < size) {
		va_start(args, format);
		vsnprintf(text + placed, size - (size_t)placed, format, args);
		va_end(args);
	}
	return -EINVAL;
}

/* ---- words that are alike ---- */

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	const unsigned int least = a < b ? a : b;

	return least < c ? least : c;
}

/* Levenshtein's distance, one row at a time. */
static unsigned int distance(const char *a, const char *b)
{
	const size_t a_size = strlen(a), b_size = strlen(b);
	unsigned int row[WORD_MAX + 1];

	if (a_size > WORD_MAX || b_size > WORD_MAX)
		return UINT32_MAX;
	for (size_t j = 0; j <= b_size; j++)
		row[j] = (unsigned int)j;
	for (size_t i = 1; i <= a_size; i++) {
		unsigned int diagonal = row[0];

		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= b_size; j++) {
			const unsigned int above = row[j];

			row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[b_size];
}

const char *rec__nearest(const char *word, const char *const *candidates, size_t count)
{
	unsigned int least = (unsigned int)(strlen(word) / 3 > 2 ? strlen(word) / 3 : 2) + 1;
	const char *nearest = NULL;

	for (size_t i = 0; i < count; i++) {
		const unsigned int d = distance(word, candidates[i]);

		if (d < least && (d < strlen(candidates[i]) || d < strlen(word))) {
			least = d;
			nearest = candidates[i];
		}
	}
	return nearest;
}

/* ---- reading ---- */

static int fail_parse(struct rec__load *load, const yaml_parser_t *parser)
{
	const yaml_mark_t mark = parser->problem_mark;
	char text[600];

	snprintf(text, sizeof(text), "%s:%zu:%zu: not YAML: %s%s%s", load->file, mark.line + 1,
		 mark.column + 1, parser->problem ? parser->problem : "it cannot be read",
		 parser->context ? " " : "", parser->context ? parser->context : "");
	memcpy(load->error->text, text, sizeof(text));
	return -EINVAL;
}

/* Leaves the tree in load->doc, which the caller deletes when this has returned 0. */
int rec__yaml_parse(struct rec__load *load, const char *text, size_t size)
{
	yaml_parser_t parser;
	yaml_document_t second;
	int error = 0;

	CHECK(yaml_parser_initialize(&parser));
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
	if (!yaml_parser_load(&parser, &load->doc)) {
		error = fail_parse(load, &parser);
		yaml_parser_delete(&parser);
		return error;
	}
	load->file_nodes = (int)(load->doc.nodes.top - load->doc.nodes.start) + 1;
	if (!yaml_document_get_root_node(&load->doc)) {
		error = rec__fail(load, 0, "the file is empty; a smallest experiment is\n"
				  "hosts: {a: {processes: [{path: /bin/true}]}}");
	} else if (!yaml_parser_load(&parser, &second)) {
		error = fail_parse(load, &parser);
	} else {
		if (yaml_document_get_root_node(&second))
			error = rec__fail(load, 0, "there is a second document after '---' or '...'");
		yaml_document_delete(&second);
	}
	yaml_parser_delete(&parser);
	if (error)
		yaml_document_delete(&load->doc);
	return error;
}

const char *rec__scalar(struct rec__load *load, int index, const char *what)
{
	const yaml_node_t *node = rec__yaml(load, index);

	if (rec__expect(load, index, YAML_SCALAR_NODE, what) < 0)
		return NULL;
	const char *text = (const char *)node->data.scalar.value;

	if (strlen(text) != node->data.scalar.length) {
		rec__fail(load, index, "%s has a zero byte in it", what);
		return NULL;
	}
	if (node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && (!*text || !strcmp(text, "~"))) {
		rec__fail(load, index, "%s is missing", what);
		return NULL;
	}
	return text;
}

int rec__expect(struct rec__load *load, int index, yaml_node_type_t type, const char *what)
{
	static const char *const names[] = {"nothing", "a single value", "a list", "a map"};
	const yaml_node_t *node = rec__yaml(load, index);

	if (node->type == type)
		return 0;
	return rec__fail(load, index, "%s is to be %s, and here is %s", what, names[type],
			 names[node->type]);
}

int rec__yaml_find(struct rec__load *load, int map, const char *key)
{
	const yaml_node_t *node = rec__yaml(load, map);

	CHECK(node->type == YAML_MAPPING_NODE);
	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++) {
		const yaml_node_t *name = rec__yaml(load, pair->key);

		if (name->type == YAML_SCALAR_NODE && !strcmp((char *)name->data.scalar.value, key))
			return pair->value;
	}
	return 0;
}

int rec__each(struct rec__load *load, int list, const char *what, rec__take_fn *take, void *object)
{
	int error = rec__expect(load, list, YAML_SEQUENCE_NODE, what);

	if (error < 0)
		return error;
	const yaml_node_t *node = rec__yaml(load, list);

	for (const yaml_node_item_t *item = node->data.sequence.items.start;
	     item < node->data.sequence.items.top && !error; item++)
		error = take(load, *item, object);
	return error;
}

/* ---- maps ---- */

static const struct key *find_key(enum rec__scope scope, const char *name)
{
	for (size_t i = 0; i < KEY_COUNT; i++)
		if (keys[i].scope == scope && !strcmp(keys[i].name, name))
			return &keys[i];
	return NULL;
}

static int fail_unknown(struct rec__load *load, int index, enum rec__scope scope, const char *name)
{
	const char *known[KEY_COUNT], *nearest;
	char list[400] = "";
	size_t count = 0;

	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (keys[i].scope != scope)
			continue;
		known[count++] = keys[i].name;
		if (keys[i].take == rec__take_nothing)
			continue;
		const size_t used = strlen(list);

		snprintf(list + used, sizeof(list) - used, "%s%s", used ? ", " : "", keys[i].name);
	}
	nearest = rec__nearest(name, known, count);
	if (nearest)
		return rec__fail(load, index, "%s has no key '%s'; did you mean '%s'?",
				 scope_titles[scope], name, nearest);
	return rec__fail(load, index, "%s has no key '%s'; it has: %s", scope_titles[scope], name,
			 list);
}

/* Also for maps whose keys are names: each is text, and there once. */
static int check_name(struct rec__load *load, int map, const yaml_node_pair_t *pair,
		      const char *what)
{
	const char *name = rec__scalar(load, pair->key, what);

	if (!name)
		return -EINVAL;
	if (!strcmp(name, "<<"))
		return rec__fail(load, pair->key, "merge keys (<<) are not part of YAML 1.2 and not "
				 "read; write the keys out, or give a whole value by an alias (*name)");
	const yaml_node_pair_t *first = rec__yaml(load, map)->data.mapping.pairs.start;

	for (; first < pair; first++) {
		const yaml_node_t *other = rec__yaml(load, first->key);

		if (!strcmp((char *)other->data.scalar.value, name))
			return rec__fail(load, pair->key, "'%s' is here a second time; first in line %zu",
					 name, other->start_mark.line + 1);
	}
	return 0;
}

int rec__check_names(struct rec__load *load, int map, const char *what)
{
	const int error = rec__expect(load, map, YAML_MAPPING_NODE, what);

	if (error < 0)
		return error;
	const yaml_node_t *node = rec__yaml(load, map);

	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++)
		if (check_name(load, map, pair, "a key") < 0)
			return -EINVAL;
	return 0;
}

static int check_keys(struct rec__load *load, int map, enum rec__scope scope)
{
	if (rec__check_names(load, map, scope_titles[scope]) < 0)
		return -EINVAL;
	const yaml_node_t *node = rec__yaml(load, map);

	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++) {
		const char *name = (char *)rec__yaml(load, pair->key)->data.scalar.value;

		if (strncmp(name, "x-", 2) && !find_key(scope, name))
			return fail_unknown(load, pair->key, scope, name);
	}
	return 0;
}

int rec__take_map(struct rec__load *load, int map, enum rec__scope scope, void *object)
{
	int error = check_keys(load, map, scope);

	for (size_t i = 0; i < KEY_COUNT && !error; i++) {
		if (keys[i].scope != scope)
			continue;
		const int value = rec__yaml_find(load, map, keys[i].name);

		if (value)
			error = keys[i].take(load, value, (char *)object + keys[i].offset);
	}
	return error;
}

/* ---- overrides ---- */

static int add_scalar(struct rec__load *load, const char *text, size_t size)
{
	const int index = yaml_document_add_scalar(&load->doc, NULL, (const yaml_char_t *)text,
						   (int)size, YAML_PLAIN_SCALAR_STYLE);

	CHECK(index);
	return index;
}

static int *map_slot(struct rec__load *load, int map, const char *key, size_t size)
{
	const yaml_node_t *node = rec__yaml(load, map);

	for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++) {
		const yaml_node_t *name = rec__yaml(load, pair->key);

		if (name->type == YAML_SCALAR_NODE && name->data.scalar.length == size &&
		    !memcmp(name->data.scalar.value, key, size))
			return &pair->value;
	}
	const int name = add_scalar(load, key, size);

	CHECK(yaml_document_append_mapping_pair(&load->doc, map, name, name));
	return &rec__yaml(load, map)->data.mapping.pairs.top[-1].value;
}

static int *list_slot(struct rec__load *load, int list, const char *key, size_t size)
{
	const yaml_node_t *node = rec__yaml(load, list);
	const size_t count =
		(size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
	size_t index = 0;

	for (size_t i = 0; i < size; i++) {
		if (key[i] < '0' || key[i] > '9' || index >= count)
			return NULL;
		index = index * 10 + (size_t)(key[i] - '0');
	}
	return index < count ? &node->data.sequence.items.start[index] : NULL;
}

static int empty_map(struct rec__load *load)
{
	const int map = yaml_document_add_mapping(&load->doc, NULL, YAML_BLOCK_MAPPING_STYLE);

	CHECK(map);
	return map;
}

/* Whether a new map may take the place of what is there: a key that was just made, or has no value. */
static bool is_void(struct rec__load *load, int index)
{
	const yaml_node_t *node = rec__yaml(load, index);

	return node->type == YAML_SCALAR_NODE && (!node->data.scalar.length);
}

static int fail_fragment(struct rec__load *load, const char *set, const char *why)
{
	return rec__fail(load, 0, "--set %s: what is added is to be YAML in one line, such as {at: 5 s, crash: a}: %s", set, why);
}

/* The nodes of a document, behind those that are there: number n of it becomes number before + n. */
static void add_nodes(struct rec__load *load, const yaml_document_t *from, int before)
{
	yaml_document_t *to = &load->doc;

	for (const yaml_node_t *node = from->nodes.start; node < from->nodes.top; node++) {
		int index;

		if (node->type == YAML_SCALAR_NODE)
			index = yaml_document_add_scalar(to, NULL, node->data.scalar.value, (int)node->data.scalar.length,
							 node->data.scalar.style);
		else if (node->type == YAML_SEQUENCE_NODE)
			index = yaml_document_add_sequence(to, NULL, YAML_FLOW_SEQUENCE_STYLE);
		else
			index = yaml_document_add_mapping(to, NULL, YAML_FLOW_MAPPING_STYLE);
		CHECK(index == before + (int)(node - from->nodes.start) + 1);
	}
	for (const yaml_node_t *node = from->nodes.start; node < from->nodes.top; node++) {
		const int index = before + (int)(node - from->nodes.start) + 1;

		if (node->type == YAML_SEQUENCE_NODE)
			for (const yaml_node_item_t *item = node->data.sequence.items.start; item < node->data.sequence.items.top; item++)
				CHECK(yaml_document_append_sequence_item(to, index, before + *item));
		if (node->type == YAML_MAPPING_NODE)
			for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++)
				CHECK(yaml_document_append_mapping_pair(to, index, before + pair->key, before + pair->value));
	}
}

/* Whether more follows than the one document that was read: the parser's complaint, or NULL. */
static const char *what_follows(yaml_parser_t *parser)
{
	yaml_document_t second;

	if (!yaml_parser_load(parser, &second))
		return parser->problem ?: "it cannot be read";
	const bool more = yaml_document_get_root_node(&second);

	yaml_document_delete(&second);
	return more ? "there is a second document" : NULL;
}

/* Adds the tree of a text; *ret is its root. */
static int add_fragment(struct rec__load *load, const char *set, const char *text, int *ret)
{
	const int before = (int)(load->doc.nodes.top - load->doc.nodes.start);
	yaml_document_t fragment;
	yaml_parser_t parser;
	int error = 0;

	CHECK(yaml_parser_initialize(&parser));
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, strlen(text));
	if (!yaml_parser_load(&parser, &fragment)) {
		error = fail_fragment(load, set, parser.problem ?: "it cannot be read");
	} else {
		const char *why = yaml_document_get_root_node(&fragment) ? what_follows(&parser) : "there is nothing";

		if (why)
			error = fail_fragment(load, set, why);
		else
			add_nodes(load, &fragment, before);
		yaml_document_delete(&fragment);
	}
	yaml_parser_delete(&parser);
	*ret = before + 1;
	return error;
}

/* KEY.PATH+=YAML: one more item of a list, which need not be there. */
static int append_item(struct rec__load *load, const char *set, int *slot, bool fresh)
{
	int list = *slot, item = 0;

	if (fresh || is_void(load, list)) {
		list = yaml_document_add_sequence(&load->doc, NULL, YAML_FLOW_SEQUENCE_STYLE);
		CHECK(list);
		*slot = list;
	}
	if (rec__yaml(load, list)->type != YAML_SEQUENCE_NODE)
		return rec__fail(load, 0, "--set %s: += adds to a list, and this is none", set);
	const int error = add_fragment(load, set, strchr(set, '=') + 1, &item);

	if (!error)
		CHECK(yaml_document_append_sequence_item(&load->doc, list, item));
	return error;
}

int rec__yaml_override(struct rec__load *load, const char *set)
{
	const char *equals = strchr(set, '=');
	const bool adds = equals && equals > set + 1 && equals[-1] == '+';
	int at = 1;	/* the root */

	if (strchr(set, '\n'))
		return rec__fail(load, 0, "--set %.*s...: it is to be written in one line, as it stands in the trace",
				 (int)strcspn(set, "\n"), set);
	if (!equals || equals == set)
		return rec__fail(load, 0, "--set %s: it is to be KEY.PATH=VALUE", set);
	for (const char *part = set;;) {
		const char *const end = part + strcspn(part, ".=");
		const bool last = *end == '=';
		const size_t size = (size_t)(end - part) - (last && adds);
		const yaml_node_type_t type = rec__yaml(load, at)->type;
		const int before = (int)(load->doc.nodes.top - load->doc.nodes.start);
		int *slot = NULL;

		if (type == YAML_MAPPING_NODE)
			slot = map_slot(load, at, part, size);
		else if (type == YAML_SEQUENCE_NODE)
			slot = list_slot(load, at, part, size);
		if (!slot)
			return rec__fail(load, 0, "--set %s: there is no '%.*s' (items of a list are "
					 "counted from 0)", set, (int)size, part);
		if (last && adds)
			return append_item(load, set, slot, *slot > before);
		if (last) {
			*slot = add_scalar(load, equals + 1, strlen(equals + 1));
			return 0;
		}
		if (*slot > before || is_void(load, *slot)) {
			const int map = empty_map(load);

			/* The slot has not moved: only nodes were added. */
			*slot = map;
		}
		at = *slot;
		part = end + 1;
	}
}
