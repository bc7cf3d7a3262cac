/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shrink.c - an experiment's tree from which parts are taken away.
 *
 * The tree is libyaml's document; a part is a place in it: the item so-and-so of a list, the pair so-and-so of a map.  Parts are found
 * once, breadth first, so that those of one depth lie together; what two places share by an alias is found at the first, and goes from
 * both.  What is written is a copy of the tree without the parts that are gone, so comments and empty lines go too.
 */
#include "shrink.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "experiment-int.h"

#define FILE_SIZE_MAX (16u << 20)
#define NO_PART SIZE_MAX
#define NAMES_DEPTH 2		/* of hosts, links, areas and so on that others name */

struct part {
	int parent;			/* YAML node that it is in */
	size_t position;		/* there */
	size_t within;			/* part; NO_PART: the root is its parent */
	unsigned int depth;
	bool dropped, was_dropped;
	bool fixed, whole;		/* stays; and so does all that is in it */
};

struct rec_shrink {
	struct rec__load load;
	char *file, *text;
	struct part *parts;
	size_t part_count;
	size_t *first;			/* [YAML node]: its first part */
	char **kept;			/* paths */
	size_t kept_count;
};

/* ---- the tree ---- */

static size_t child_count(const yaml_node_t *node)
{
	switch (node->type) {
	case YAML_SEQUENCE_NODE:
		return (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
	case YAML_MAPPING_NODE:
		return (size_t)(node->data.mapping.pairs.top - node->data.mapping.pairs.start);
	default:
		return 0;
	}
}

static int child_at(const yaml_node_t *node, size_t position)
{
	return node->type == YAML_SEQUENCE_NODE ? node->data.sequence.items.start[position]
						: node->data.mapping.pairs.start[position].value;
}

static yaml_node_t *node_of(const struct rec_shrink *shrink, int index)
{
	return rec__yaml((struct rec__load *)&shrink->load, index);
}

static void add_parts(struct rec_shrink *shrink, int parent, size_t within)
{
	const size_t count = child_count(node_of(shrink, parent));

	shrink->parts = reallocarray(shrink->parts, shrink->part_count + count + 1, sizeof(*shrink->parts));
	CHECK(shrink->parts);
	shrink->first[parent] = shrink->part_count;
	for (size_t i = 0; i < count; i++)
		shrink->parts[shrink->part_count++] = (struct part){
			.parent = parent, .position = i, .within = within,
			.depth = within == NO_PART ? 1 : shrink->parts[within].depth + 1};
}

/* The key of a part of a map, NULL: it is none, or no text. */
static const char *key_of(const struct rec_shrink *shrink, const struct part *part)
{
	const yaml_node_t *map = node_of(shrink, part->parent);

	if (map->type != YAML_MAPPING_NODE)
		return NULL;
	const yaml_node_t *key = node_of(shrink, map->data.mapping.pairs.start[part->position].key);

	return key->type == YAML_SCALAR_NODE ? (const char *)key->data.scalar.value : NULL;
}

/* Whether the step of a path that begins here, up to '.' or the end, is the part's key or number. */
static bool is_step(const struct rec_shrink *shrink, const struct part *part, const char *step)
{
	const size_t size = strcspn(step, ".");
	const char *key = key_of(shrink, part);
	char number[24];

	snprintf(number, sizeof(number), "%zu", part->position);
	key = key ?: number;
	return strlen(key) == size && memcmp(key, step, size) == 0;
}

/* What is at a path, in it, and around it becomes fixed.  (Parts come after those that they are within.)  False: there is nothing. */
static bool fix(struct rec_shrink *shrink, const char *path)
{
	size_t within = NO_PART;

	for (const char *step = path; step; step = strchr(step, '.') ? strchr(step, '.') + 1 : NULL) {
		size_t i = 0;

		while (i < shrink->part_count && (shrink->parts[i].within != within || !is_step(shrink, &shrink->parts[i], step)))
			i++;
		if (i == shrink->part_count)
			return false;
		shrink->parts[i].fixed = true;
		within = i;
	}
	shrink->parts[within].whole = true;
	for (size_t i = within + 1; i < shrink->part_count; i++)
		if (shrink->parts[i].within != NO_PART && shrink->parts[shrink->parts[i].within].whole)
			shrink->parts[i].fixed = shrink->parts[i].whole = true;
	return true;
}

bool rec_shrink_keep(struct rec_shrink *shrink, const char *path)
{
	if (!fix(shrink, path))
		return false;
	rec__list_add(&shrink->kept, &shrink->kept_count, path);
	return true;
}

static void find_parts(struct rec_shrink *shrink)
{
	const size_t nodes = (size_t)(shrink->load.doc.nodes.top - shrink->load.doc.nodes.start) + 1;

	free(shrink->first);
	shrink->first = malloc(nodes * sizeof(*shrink->first));
	CHECK(shrink->first);
	for (size_t i = 0; i < nodes; i++)
		shrink->first[i] = NO_PART;
	shrink->part_count = 0;
	add_parts(shrink, 1, NO_PART);
	for (size_t i = 0; i < shrink->part_count; i++) {
		const int child = child_at(node_of(shrink, shrink->parts[i].parent), shrink->parts[i].position);

		if (shrink->first[child] == NO_PART)
			add_parts(shrink, child, i);
	}
	for (size_t i = 0; i < shrink->kept_count; i++)
		CHECK(fix(shrink, shrink->kept[i]));
}

static bool is_there(const struct rec_shrink *shrink, size_t part)
{
	for (; part != NO_PART; part = shrink->parts[part].within)
		if (shrink->parts[part].dropped)
			return false;
	return true;
}

size_t rec_shrink_left(const struct rec_shrink *shrink)
{
	size_t count = 0;

	for (size_t i = 0; i < shrink->part_count; i++)
		count += is_there(shrink, i);
	return count;
}

size_t rec_shrink_list(const struct rec_shrink *shrink, unsigned int depth, size_t *ret)
{
	size_t count = 0;

	for (size_t i = 0; i < shrink->part_count; i++) {
		if (shrink->parts[i].depth != depth || shrink->parts[i].fixed || !is_there(shrink, i))
			continue;
		if (ret)
			ret[count] = i;
		count++;
	}
	return count;
}

unsigned int rec_shrink_depth(const struct rec_shrink *shrink)
{
	return shrink->part_count ? shrink->parts[shrink->part_count - 1].depth : 0;
}

bool rec_shrink_drop(struct rec_shrink *shrink, size_t part)
{
	CHECK(part < shrink->part_count && !shrink->parts[part].fixed);
	if (!is_there(shrink, part))
		return false;
	shrink->parts[part].dropped = true;
	return true;
}

void rec_shrink_mark(struct rec_shrink *shrink)
{
	for (size_t i = 0; i < shrink->part_count; i++)
		shrink->parts[i].was_dropped = shrink->parts[i].dropped;
}

void rec_shrink_undo(struct rec_shrink *shrink)
{
	for (size_t i = 0; i < shrink->part_count; i++)
		shrink->parts[i].dropped = shrink->parts[i].was_dropped;
}

/* ---- what names what is gone ---- */

/* Whether the value of a part is this text.  (What is deeper is a part of its own.) */
static bool is_text(const struct rec_shrink *shrink, const struct part *part, const char *text)
{
	const yaml_node_t *value = node_of(shrink, child_at(node_of(shrink, part->parent), part->position));

	return value->type == YAML_SCALAR_NODE && strcmp((const char *)value->data.scalar.value, text) == 0;
}

/* The outermost item of a list that a part is within; NO_PART. */
static size_t outermost_item(const struct rec_shrink *shrink, size_t part)
{
	size_t found = NO_PART;

	for (; part != NO_PART; part = shrink->parts[part].within)
		if (node_of(shrink, shrink->parts[part].parent)->type == YAML_SEQUENCE_NODE)
			found = part;
	return found;
}

static bool drop_items_with(struct rec_shrink *shrink, const char *text)
{
	bool any = false;

	for (size_t i = 0; i < shrink->part_count; i++) {
		if (!is_there(shrink, i) || !is_text(shrink, &shrink->parts[i], text))
			continue;
		const size_t item = outermost_item(shrink, i);

		if (item != NO_PART && !shrink->parts[item].fixed)
			any |= rec_shrink_drop(shrink, item);
	}
	return any;
}

bool rec_shrink_drop_named(struct rec_shrink *shrink)
{
	bool any = false;

	for (size_t i = 0; i < shrink->part_count; i++) {
		const struct part *part = &shrink->parts[i];
		const char *name = part->depth == NAMES_DEPTH && part->dropped && !part->was_dropped ? key_of(shrink, part) : NULL;

		if (name)
			any |= drop_items_with(shrink, name);
	}
	return any;
}

/* ---- what is fixed ---- */

int rec_shrink_stop(struct rec_shrink *shrink, vtime_ns stop, struct rec_exp_error *error)
{
	char set[64];

	snprintf(set, sizeof(set), "general.stop_time=%" PRIu64 "ns", stop);
	shrink->load.set = (const char *const[]){set, NULL};
	shrink->load.set_first = (int[2]){0};
	shrink->load.error = error;
	const int before = (int)(shrink->load.doc.nodes.top - shrink->load.doc.nodes.start);
	const int r = rec__yaml_override(&shrink->load, set);

	shrink->load.set = NULL;
	shrink->load.set_first = NULL;
	if (r < 0)
		return r;
	/* Where the key was there it has got another value, and nothing has moved.  Otherwise nothing has been taken away yet. */
	if ((int)(shrink->load.doc.nodes.top - shrink->load.doc.nodes.start) > before + 1)
		find_parts(shrink);
	CHECK(fix(shrink, "general.stop_time"));
	return 0;
}

/* ---- writing ---- */

struct copy {
	const struct rec_shrink *shrink;
	yaml_document_t doc;
	int *of;			/* [YAML node]: its copy; 0: none yet */
};

static int copy_node(struct copy *copy, int index);

static void copy_children(struct copy *copy, int index)
{
	const size_t first = copy->shrink->first[index], count = child_count(node_of(copy->shrink, index));

	for (size_t i = 0; i < count; i++) {
		const yaml_node_t *node = node_of(copy->shrink, index);

		if (first != NO_PART && copy->shrink->parts[first + i].dropped)
			continue;
		if (node->type == YAML_SEQUENCE_NODE) {
			const int item = copy_node(copy, child_at(node, i));

			CHECK(yaml_document_append_sequence_item(&copy->doc, copy->of[index], item));
			continue;
		}
		const int key = copy_node(copy, node->data.mapping.pairs.start[i].key), value = copy_node(copy, child_at(node, i));

		CHECK(yaml_document_append_mapping_pair(&copy->doc, copy->of[index], key, value));
	}
}

static int copy_node(struct copy *copy, int index)
{
	const yaml_node_t *node = node_of(copy->shrink, index);

	if (copy->of[index])
		return copy->of[index];
	if (node->type == YAML_SCALAR_NODE)
		copy->of[index] = yaml_document_add_scalar(&copy->doc, NULL, node->data.scalar.value, (int)node->data.scalar.length,
							   node->data.scalar.style);
	else if (node->type == YAML_SEQUENCE_NODE)
		copy->of[index] = yaml_document_add_sequence(&copy->doc, NULL, node->data.sequence.style);
	else
		copy->of[index] = yaml_document_add_mapping(&copy->doc, NULL, node->data.mapping.style);
	CHECK(copy->of[index]);
	if (node->type != YAML_SCALAR_NODE)
		copy_children(copy, index);
	return copy->of[index];
}

static int emit(yaml_document_t *doc, FILE *out)
{
	yaml_emitter_t emitter;

	CHECK(yaml_emitter_initialize(&emitter));
	yaml_emitter_set_output_file(&emitter, out);
	yaml_emitter_set_unicode(&emitter, 1);
	yaml_emitter_set_width(&emitter, -1);
	/* The document is the emitter's from here on. */
	const bool done = yaml_emitter_open(&emitter) && yaml_emitter_dump(&emitter, doc) && yaml_emitter_close(&emitter);

	yaml_emitter_delete(&emitter);
	return done ? 0 : -EIO;
}

int rec_shrink_write(const struct rec_shrink *shrink, FILE *out)
{
	const size_t nodes = (size_t)(shrink->load.doc.nodes.top - shrink->load.doc.nodes.start) + 1;
	struct copy copy = {.shrink = shrink, .of = calloc(nodes, sizeof(*copy.of))};

	CHECK(copy.of && yaml_document_initialize(&copy.doc, NULL, NULL, NULL, 1, 1));
	copy_node(&copy, 1);
	free(copy.of);
	return emit(&copy.doc, out);
}

/* ---- its life ---- */

static int override_all(struct rec_shrink *shrink, const char *const *set)
{
	size_t count = 0;
	int r = 0;

	while (set && set[count])
		count++;
	_cleanup_free_ int *first = calloc(count + 2, sizeof(*first));

	CHECK(first);
	shrink->load.set = set;
	shrink->load.set_first = first;
	for (size_t i = 0; i < count && r == 0; i++) {
		first[i] = (int)(shrink->load.doc.nodes.top - shrink->load.doc.nodes.start) + 1;
		r = rec__yaml_override(&shrink->load, set[i]);
	}
	shrink->load.set = NULL;
	shrink->load.set_first = NULL;
	return r;
}

int rec_shrink_new(const char *file, const char *const *set, struct rec_shrink **ret, struct rec_exp_error *error)
{
	struct rec_shrink *shrink = calloc(1, sizeof(*shrink));
	size_t size = 0;

	CHECK(shrink);
	shrink->file = rec__copy(file);
	shrink->load = (struct rec__load){.file = shrink->file, .error = error};
	int r = rec__read_file(file, FILE_SIZE_MAX, &shrink->text, &size);

	if (r < 0)
		r = rec__fail(&shrink->load, 0, "%s", strerror(-r));
	else
		r = rec__yaml_parse(&shrink->load, shrink->text, size);
	if (r < 0) {
		free(shrink->text);
		free(shrink->file);
		free(shrink);
		return r;
	}
	r = override_all(shrink, set);
	if (r < 0) {
		rec_shrink_free(shrink);
		return r;
	}
	find_parts(shrink);
	*ret = shrink;
	return 0;
}

void rec_shrink_free(struct rec_shrink *shrink)
{
	if (!shrink)
		return;
	yaml_document_delete(&shrink->load.doc);
	for (size_t i = 0; i < shrink->kept_count; i++)
		free(shrink->kept[i]);
	free(shrink->kept);
	free(shrink->parts);
	free(shrink->first);
	free(shrink->text);
	free(shrink->file);
	free(shrink);
}
