/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Completion of commands, and the columns that refusals are about. */
#include <stdio.h>
#include <string.h>

#include "../unit/unit.h"
#include "command-words.h"

struct words {
	char all[65536];
	unsigned count;
};

static void add(void *data, const char *word)
{
	struct words *words = data;
	const size_t size = strlen(words->all);

	snprintf(words->all + size, sizeof(words->all) - size, " %s ", word);
	words->count++;
}

static struct words words;

static size_t complete(const char *text, const struct insp_run *run)
{
	words = (struct words){.count = 0};
	return insp_complete(text, run, add, &words);
}

#define OFFERS(word) HOLDS(strstr(words.all, " " word " ") != NULL)
#define OFFERS_NOT(word) HOLDS(strstr(words.all, " " word " ") == NULL)

static void completes_ids(void)
{
	part("ids");
	EQUAL(complete("", NULL), 0);
	EQUAL(words.count, insp_command_words_count);
	EQUAL(complete("step.n", NULL), 0);
	EQUAL(words.count, 1);
	OFFERS("step.next");
	complete("nothing.like", NULL);
	EQUAL(words.count, 0);
}

static void completes_arguments(void)
{
	struct insp_lane lanes[] = {{.name = "machine"}, {.name = "server"}};
	const struct insp_run run = {.lanes = lanes, .lane_count = 2};

	part("arguments");
	EQUAL(complete("view.axis ", NULL), 10);
	OFFERS("time");
	OFFERS("activity");
	EQUAL(complete("view.axis a", NULL), 10);
	EQUAL(words.count, 1);
	complete("step.scope s", &run);
	EQUAL(words.count, 1);
	OFFERS("server");
	EQUAL(complete("list.filter kind==packet-drop && nod", &run), 33);
	OFFERS("node");
	OFFERS_NOT("kind");
	EQUAL(complete("share.save a.hct range,pay", NULL), 23);
	OFFERS("payload");
	/* A command within a command. */
	EQUAL(complete("repeat 3 step.n", NULL), 9);
	OFFERS("step.next");
	EQUAL(complete("repeat 3", NULL), 8);
	/* What takes nothing, or is no command. */
	EQUAL(complete("step.next ", NULL), 10);
	EQUAL(words.count, 0);
	complete("nothing ", NULL);
	EQUAL(words.count, 0);
}

static void finds_columns(void)
{
	part("columns");
	EQUAL(insp_command_column("step.sideways", "there is no command"), 1);
	EQUAL(insp_command_column("view.axis  up", "there is no axis"), 12);
	EQUAL(insp_command_column("list.filter kind==x", "filter, column 7: there is no kind"), 19);
	EQUAL(insp_command_column("step.grain", "step.grain needs"), 11);
}

int main(void)
{
	completes_ids();
	completes_arguments();
	finds_columns();
	return done();
}
