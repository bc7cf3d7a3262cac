/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lines.h - text files of lines with words, such as contact plans and movement: one line after the other, with its number. */
#ifndef REC_LINES_H
#define REC_LINES_H

#include "experiment-int.h"

#define REC__WORDS_MAX 4096

struct rec__lines {
	struct rec__load *load;
	int value;			/* YAML node that names the file */
	char *name;			/* of the file, as given */
	char *text, *at;
	unsigned int line;		/* number of the present one, from 1 */
	char *words[REC__WORDS_MAX];	/* of it */
	size_t count;
};

/* Opens the file that a YAML node names.  0 or -EINVAL. */
int rec__lines_open(struct rec__load *load, int value, struct rec__lines *ret);
void rec__lines_close(struct rec__lines *lines);
/* The next line that has a word, but for what stands behind #.  1, 0 at the end, -EINVAL. */
int rec__lines_next(struct rec__lines *lines);
/* Tells what is wrong with the present line; -EINVAL. */
int rec__lines_fail(struct rec__lines *lines, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A word of the present line as seconds, with a fraction of up to nine digits. */
int rec__lines_seconds(struct rec__lines *lines, const char *word, vtime_ns *ret);
/* ... as a decimal number, which may be negative.  Equal on every machine: strtod() rounds correctly. */
int rec__lines_number(struct rec__lines *lines, const char *word, double *ret);

#endif
