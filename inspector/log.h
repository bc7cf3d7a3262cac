/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log.h - what has been done in a window, as the commands that do it again.
 *
 * Every command goes through insp__run_text() and is a row.  What the hand does without one, moving the picture or choosing a tab, becomes
 * the command that would have done it.  log.c keeps the rows, log-pane.c shows them and takes commands that are typed.
 */
#ifndef INSP_LOG_H
#define INSP_LOG_H

#include "window-int.h"

#define LOG_MAX 10000u		/* rows; then the oldest go, and the script says so */

struct insp_logged {
	char *text;
	char *refusal;		/* NULL: it was done */
	uint32_t at, to;	/* position before and after; INSP_NONE: no run was open */
	bool moves_view;	/* is of the hand, and the next such one takes its place */
};

struct insp_log {
	GPtrArray *rows;	/* struct insp_logged * */
	guint dropped;		/* of the oldest */
	guint depth;		/* commands within commands: the outermost is the row */
	bool hand;		/* an event of mouse or keyboard is being handled */
	guint hand_over;	/* source that ends that */
	/* log-pane.c */
	GtkWidget *page, *entry, *hint;
	InspTextTable *table;
	guint shown;		/* rows that the table has */
	guint recalled;		/* rows back in history; 0: what is typed now */
	char *typed;		/* ... while history is looked through */
};

/* Between these a command is run. */
void insp__log_begin(InspWindow *window, const char *text);
void insp__log_end(InspWindow *window);
/* Of the command that is run, or was run last. */
void insp__log_refused(InspWindow *window, const char *refusal);
/* The position may have changed. */
void insp__log_settle(InspWindow *window);
/* What the hand does in another window of this one counts as well. */
void insp__log_listen(InspWindow *window, GtkWidget *toplevel);
/* A script for --script. */
char *insp__log_script(InspWindow *window);
char *insp__log_result(const struct insp_logged *row);

/* log-pane.c */
void insp__add_log_pane(InspWindow *window);
/* The last row is new, or has changed. */
void insp__log_show(InspWindow *window);
void insp__log_hint(InspWindow *window, const char *text);

#endif
