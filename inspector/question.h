/* SPDX-License-Identifier: GPL-2.0-or-later */
/* question.h - what an answer of a replay needs to know of its question. */
#ifndef INSP_QUESTION_H
#define INSP_QUESTION_H

#include "text-table.h"
#include "window.h"

struct insp_question {
	InspWindow *window;
	guint serial;			/* of what was shown when it was asked: an answer to older ones is dropped */
	char *text;			/* expression, path, pc, node: of what was asked */
	InspTextRow *row;		/* that was opened; NULL: none was */
};

/* text (or NULL) is copied, row (or NULL) gets one more reference.  Freed by insp__question_free(). */
struct insp_question *insp__question_new(InspWindow *window, guint serial, const char *text, InspTextRow *row);
/* A GDestroyNotify. */
void insp__question_free(gpointer question);

#endif
