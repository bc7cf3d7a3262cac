/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "question.h"

struct insp_question *insp__question_new(InspWindow *window, guint serial, const char *text, InspTextRow *row)
{
	struct insp_question *question = g_new0(struct insp_question, 1);

	question->window = window;
	question->serial = serial;
	question->text = g_strdup(text);
	question->row = row ? g_object_ref(row) : NULL;
	return question;
}

void insp__question_free(gpointer data)
{
	struct insp_question *question = data;

	g_free(question->text);
	g_clear_object(&question->row);
	g_free(question);
}
