/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * experiment-gml.c - graphs in GML (Himsolt, "GML: a portable graph file format", 1996), with the attributes that Shadow gives
 * them.
 *
 *	graph [ directed 0  node [ id 0 host_bandwidth_up "1 Gbit" ... ]  edge [ source 0 target 0 latency "1 ms" ] ]
 *
 * A file is a list of keys and values; a value is a number, a text in quotes, or a list in brackets.  Keys that
 * are not known are passed over, as GML wants it.  Every complaint names line and column of the graph's text.
 */
#include "experiment-int.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "channel.h"

#define WORD_SIZE 256
#define DEPTH_MAX 64		/* of lists that are passed over */

enum token { END, KEY, NUMBER, TEXT, OPEN, CLOSE, WRONG };

struct parser {
	struct rec__load *load;
	int value;
	const char *name;
	const char *text, *at;
	enum token token;
	const char *token_at;
	char word[WORD_SIZE];		/* of KEY, NUMBER, TEXT */
};

__attribute__((format(printf, 3, 4)))
static int fail_at(struct parser *p, const char *at, const char *format, ...)
{
	unsigned int line = 1, column = 1;
	char what[400];
	va_list args;

	for (const char *c = p->text; c < at; c++) {
		column = *c == '\n' ? 1 : column + 1;
		line += *c == '\n';
	}
	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	return rec__fail(p->load, p->value, "%s:%u:%u: %s", p->name, line, column, what);
}

/* ---- tokens ---- */

static void skip_blanks(struct parser *p)
{
	for (;;) {
		while (isspace((unsigned char)*p->at))
			p->at++;
		if (*p->at != '#')
			return;
		p->at += strcspn(p->at, "\n");
	}
}

static enum token take_word(struct parser *p, enum token token, size_t size)
{
	if (size >= WORD_SIZE)
		return WRONG;
	memcpy(p->word, p->at, size);
	p->word[size] = 0;
	p->at += size;
	return token;
}

static enum token take_text(struct parser *p)
{
	p->at++;
	const enum token token = take_word(p, TEXT, strcspn(p->at, "\""));

	if (token == TEXT && *p->at++ != '"') {
		p->at--;
		return WRONG;
	}
	return token;
}

static enum token next(struct parser *p)
{
	skip_blanks(p);
	p->token_at = p->at;
	if (!*p->at)
		p->token = END;
	else if (*p->at == '[' || *p->at == ']')
		p->token = *p->at++ == '[' ? OPEN : CLOSE;
	else if (*p->at == '"')
		p->token = take_text(p);
	else if (isalpha((unsigned char)*p->at) || *p->at == '_')
		p->token = take_word(p, KEY, strspn(p->at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"));
	else if (strchr("+-.0123456789", *p->at))
		p->token = take_word(p, NUMBER, strspn(p->at, "+-.0123456789eE"));
	else
		p->token = WRONG;
	return p->token;
}

static int expect(struct parser *p, enum token token, const char *what)
{
	if (next(p) == token)
		return 0;
	return fail_at(p, p->token_at, "here is to be %s", what);
}

/* ---- values ---- */

static int skip_value(struct parser *p, unsigned int depth)
{
	next(p);
	if (p->token == NUMBER || p->token == TEXT)
		return 0;
	if (p->token != OPEN)
		return fail_at(p, p->token_at, "here is to be a value: a number, a text in quotes, or a list in brackets");
	if (depth == DEPTH_MAX)
		return fail_at(p, p->token_at, "lists are nested deeper than %d", DEPTH_MAX);
	while (next(p) == KEY) {
		const int error = skip_value(p, depth + 1);

		if (error)
			return error;
	}
	return p->token == CLOSE ? 0 : fail_at(p, p->token_at, "here is to be a key or ]");
}

static int take_number(struct parser *p, const char *key, uint64_t *ret)
{
	if (expect(p, NUMBER, "a whole number") < 0)
		return -EINVAL;
	if (rec__parse_u64(p->word, ret) < 0)
		return fail_at(p, p->token_at, "%s is to be a whole number from 0, not %s", key, p->word);
	return 0;
}

static int take_rate(struct parser *p, const char *key, uint64_t *ret)
{
	if (next(p) != TEXT && p->token != NUMBER)
		return fail_at(p, p->token_at, "%s is to be a rate in quotes: \"100 Mbit\"", key);
	if (rec__parse_rate(p->word, ret) < 0 || !*ret)
		return fail_at(p, p->token_at, "%s is not a rate above 0: '%s'; write it as \"100 Mbit\"", key, p->word);
	return 0;
}

static int take_latency(struct parser *p, uint64_t *ret)
{
	if (next(p) != TEXT && p->token != NUMBER)
		return fail_at(p, p->token_at, "latency is to be a time in quotes: \"10 ms\"");
	if (rec__parse_time(p->word, ret) < 0 || !*ret)
		return fail_at(p, p->token_at, "latency is not a time above 0 in whole nanoseconds: '%s'; write it as \"10 ms\"",
			       p->word);
	return 0;
}

static int take_loss(struct parser *p, uint64_t *ret)
{
	char *end;

	if (next(p) != NUMBER && p->token != TEXT)
		return fail_at(p, p->token_at, "packet_loss is to be a number from 0 to 1");
	const double share = strtod(p->word, &end);

	if (*end || end == p->word || !(share >= 0 && share <= 1))
		return fail_at(p, p->token_at, "packet_loss is to be a number from 0 to 1, not %s", p->word);
	*ret = (uint64_t)llround(share * REC_PPB);
	return 0;
}

/* ---- nodes and edges ---- */

static int take_place_key(struct parser *p, struct rec__gml_place *place)
{
	if (!strcmp(p->word, "id")) {
		place->has_id = true;
		return take_number(p, "id", &place->id);
	}
	if (!strcmp(p->word, "host_bandwidth_up"))
		return take_rate(p, "host_bandwidth_up", &place->up_bps);
	if (!strcmp(p->word, "host_bandwidth_down"))
		return take_rate(p, "host_bandwidth_down", &place->down_bps);
	return skip_value(p, 0);
}

static int take_place(struct parser *p, struct rec__gml *gml)
{
	const char *begin = p->token_at;
	struct rec__gml_place place = {0};

	if (expect(p, OPEN, "[, since a node is a list") < 0)
		return -EINVAL;
	while (next(p) == KEY)
		if (take_place_key(p, &place) < 0)
			return -EINVAL;
	if (p->token != CLOSE)
		return fail_at(p, p->token_at, "here is to be a key or ] of the node");
	if (!place.has_id)
		return fail_at(p, begin, "this node has no id");
	for (size_t i = 0; i < gml->place_count; i++)
		if (gml->places[i].id == place.id)
			return fail_at(p, begin, "there is a node with the id %llu already", (unsigned long long)place.id);
	gml->places = rec__grow(gml->places, gml->place_count, sizeof(*gml->places));
	gml->places[gml->place_count++] = place;
	return 0;
}

static int take_edge_key(struct parser *p, struct rec__gml_edge *edge)
{
	if (!strcmp(p->word, "source")) {
		edge->has_source = true;
		return take_number(p, "source", &edge->source);
	}
	if (!strcmp(p->word, "target")) {
		edge->has_target = true;
		return take_number(p, "target", &edge->target);
	}
	if (!strcmp(p->word, "latency"))
		return take_latency(p, &edge->latency_ns);
	if (!strcmp(p->word, "packet_loss"))
		return take_loss(p, &edge->loss_ppb);
	return skip_value(p, 0);
}

static int take_edge(struct parser *p, struct rec__gml *gml)
{
	const char *begin = p->token_at;
	struct rec__gml_edge edge = {0};

	if (expect(p, OPEN, "[, since an edge is a list") < 0)
		return -EINVAL;
	while (next(p) == KEY)
		if (take_edge_key(p, &edge) < 0)
			return -EINVAL;
	if (p->token != CLOSE)
		return fail_at(p, p->token_at, "here is to be a key or ] of the edge");
	if (!edge.has_source || !edge.has_target || !edge.latency_ns)
		return fail_at(p, begin, "this edge needs source, target and latency");
	gml->edges = rec__grow(gml->edges, gml->edge_count, sizeof(*gml->edges));
	gml->edges[gml->edge_count++] = edge;
	return 0;
}

static int take_graph(struct parser *p, struct rec__gml *gml)
{
	uint64_t directed = 0;

	if (expect(p, OPEN, "[, since the graph is a list") < 0)
		return -EINVAL;
	while (next(p) == KEY) {
		const int error = !strcmp(p->word, "node") ? take_place(p, gml) :
				  !strcmp(p->word, "edge") ? take_edge(p, gml) :
				  !strcmp(p->word, "directed") ? take_number(p, "directed", &directed) : skip_value(p, 0);

		if (error)
			return error;
	}
	if (p->token != CLOSE)
		return fail_at(p, p->token_at, "here is to be a key or ] of the graph");
	gml->directed = directed;
	return 0;
}

int rec__gml_read(struct rec__load *load, int value, const char *name, const char *text, struct rec__gml *ret)
{
	struct parser p = {.load = load, .value = value, .name = name, .text = text, .at = text};
	struct rec__gml gml = {0};
	bool found = false;
	int error = 0;

	while (!error && next(&p) == KEY) {
		if (strcmp(p.word, "graph")) {
			error = skip_value(&p, 0);
		} else if (found) {
			error = fail_at(&p, p.token_at, "there is a second graph");
		} else {
			error = take_graph(&p, &gml);
			found = true;
		}
	}
	if (!error && p.token != END)
		error = fail_at(&p, p.token_at, "here is to be a key, such as graph");
	if (!error && !found)
		error = fail_at(&p, text, "there is no graph in it: graph [ node [ id 0 ... ] edge [ ... ] ]");
	if (error) {
		free(gml.places);
		free(gml.edges);
		return error;
	}
	*ret = gml;
	return 0;
}
