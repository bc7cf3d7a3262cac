/* SPDX-License-Identifier: GPL-2.0-or-later */
/* experiment-text.h - experiments out of texts, for tests of what becomes of them. */
#ifndef TEST_EXPERIMENT_TEXT_H
#define TEST_EXPERIMENT_TEXT_H

#include <unistd.h>

#include "experiment.h"
#include "unit.h"

static char experiment_path[] = "/tmp/test-experiment-XXXXXX";

static inline void write_file(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	HOLDS(file && fputs(text, file) >= 0 && !fclose(file));
}

/* Makes the name of a file that is ours, from "...XXXXXX". */
static inline void own_file(char *name)
{
	const int fd = mkstemp(name);

	if (fd < 0)
		abort();
	close(fd);
}

static inline struct rec_experiment *load(const char *text, struct rec_exp_error *error)
{
	struct rec_experiment *exp = NULL;

	write_file(experiment_path, text);
	*error = (struct rec_exp_error){0};
	rec_experiment_load(experiment_path, NULL, &exp, error);
	return exp;
}

static inline struct rec_experiment *good(const char *text)
{
	struct rec_exp_error error;
	struct rec_experiment *exp = load(text, &error);

	STRING(error.text, "");
	if (!exp)
		exit(done());
	return exp;
}

/* The complaint has the place and the text. */
__attribute__((unused)) static void bad(const char *text, const char *where, const char *what)
{
	struct rec_exp_error error;
	struct rec_experiment *exp = load(text, &error);

	HOLDS(!exp);
	if (!strstr(error.text, where) || !strstr(error.text, what))
		STRING(error.text, what);
	rec_experiment_free(exp);
}

#endif
