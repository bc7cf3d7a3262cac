/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command-words.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "syscall-names.h"

const struct insp_command_words insp_command_words[] = {
#define COMMAND(id, symbol, argument, label, accels, key) {id, argument, label, accels, key},
#include "commands.def"
#undef COMMAND
};
const uint32_t insp_command_words_count = sizeof(insp_command_words) / sizeof(*insp_command_words);

const struct insp_command_words *insp_command_find(const char *id, size_t size)
{
	for (uint32_t i = 0; i < insp_command_words_count; i++)
		if (strlen(insp_command_words[i].id) == size && memcmp(insp_command_words[i].id, id, size) == 0)
			return &insp_command_words[i];
	return NULL;
}

struct completion {
	const char *word;		/* what has been typed of it */
	insp_word_func func;
	void *data;
};

static void offer(const struct completion *c, const char *word)
{
	if (word && strncmp(word, c->word, strlen(c->word)) == 0)
		c->func(c->data, word);
}

static void offer_ids(const struct completion *c)
{
	for (uint32_t i = 0; i < insp_command_words_count; i++)
		offer(c, insp_command_words[i].id);
}

static void offer_nodes(const struct completion *c, const struct insp_run *run)
{
	for (uint32_t lane = 0; run && lane < run->lane_count; lane++)
		offer(c, run->lanes[lane].name);
}

/* Fields, kinds of events, nodes, calls. */
static void offer_filter_words(const struct completion *c, const struct insp_run *run)
{
	for (size_t i = 0; fmt_filter_field_name(i); i++)
		offer(c, fmt_filter_field_name(i));
	for (uint32_t kind = 0; kind < 255; kind++)
		offer(c, fmt_kind_info((uint8_t)kind) ? fmt_kind_info((uint8_t)kind)->name : NULL);
	for (uint32_t nr = 0; nr < 512; nr++)
		offer(c, fmt_syscall_name(nr));
	offer_nodes(c, run);
}

/* The words of "on|off|system"; what is in capitals stands for something else. */
static void offer_choices(const struct completion *c, const char *argument)
{
	char word[64];
	int used;

	for (const char *at = argument; *at; at += used) {
		used = 1;
		if (sscanf(at, "%63[a-z-]%n", word, &used) == 1)
			offer(c, word);
	}
}

static const char *last_word(const char *text, bool filter)
{
	const char *at = text + strlen(text);

	while (at > text && (filter ? isalnum((unsigned char)at[-1]) || strchr("._-", at[-1]) : !strchr(" ,", at[-1])))
		at--;
	return at;
}

size_t insp_complete(const char *text, const struct insp_run *run, insp_word_func func, void *data)
{
	struct completion c = {.word = text, .func = func, .data = data};
	const size_t id_size = strcspn(text, " ");
	const struct insp_command_words *row = insp_command_find(text, id_size);

	if (!text[id_size]) {
		offer_ids(&c);
		return 0;
	}
	if (!row || !row->argument)
		return strlen(text);
	if (strcmp(row->id, "repeat") == 0) {
		const char *command = text + id_size + 1 + strspn(text + id_size + 1, "0123456789");

		return *command == ' ' ? (size_t)(command + 1 - text) + insp_complete(command + 1, run, func, data) : strlen(text);
	}
	const bool filter = strstr(row->argument, "FILTER") != NULL;

	c.word = last_word(text + id_size + 1, filter);
	if (filter)
		offer_filter_words(&c, run);
	else if (strstr(row->argument, "NODE"))
		offer_nodes(&c, run);
	offer_choices(&c, row->argument);
	return (size_t)(c.word - text);
}

size_t insp_command_column(const char *text, const char *refusal)
{
	const size_t id_size = strcspn(text, " ");
	const size_t argument = text[id_size] ? id_size + 1 + strspn(text + id_size, " ") : id_size + 1;
	size_t column;

	if (!insp_command_find(text, id_size))
		return 1;
	return sscanf(refusal, "filter, column %zu", &column) == 1 ? argument + column - 1 : argument;
}
