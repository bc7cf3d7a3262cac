/* SPDX-License-Identifier: GPL-2.0-or-later */
/* command-words.h - what can stand next in a command that is being typed. */
#ifndef INSP_COMMAND_WORDS_H
#define INSP_COMMAND_WORDS_H

#include "run.h"

/* A row of commands.def, without what runs it. */
struct insp_command_words {
	const char *id, *argument, *label, *accels, *key;
};
extern const struct insp_command_words insp_command_words[];
extern const uint32_t insp_command_words_count;

/* NULL: there is none of that id, which has size bytes. */
const struct insp_command_words *insp_command_find(const char *id, size_t size);

typedef void (*insp_word_func)(void *data, const char *word);
/* Calls back with each word that begins as the last one of text does, in no particular order and perhaps twice; returns where in
 * text, in bytes, that word begins.  run: whose nodes are meant; NULL: none's. */
size_t insp_complete(const char *text, const struct insp_run *run, insp_word_func func, void *data);

/* The column (from 1) of a command that a refusal is about: that which a filter's error tells, the argument, or the id. */
size_t insp_command_column(const char *text, const char *refusal);

#endif
