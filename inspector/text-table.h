/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * text-table.h - rows of words, for panes about one position: threads, frames, variables, registers, descriptors ...
 *
 * Rows have keys.  When new rows are set a cell whose text is not that of the row with the same key before is marked, and
 * tells the old text: so whoever steps sees what changed.  Rows may hold others, which are asked for when they are opened.
 *
 * While two runs are compared a table is a pair: each column but those that say what a row is about is there twice, A and B, and the
 * rows of the second run stand beside those of the first that have their keys.  Cells that differ are marked, and have a sign.
 */
#ifndef INSP_TEXT_TABLE_H
#define INSP_TEXT_TABLE_H

#include <gtk/gtk.h>

#define INSP_TEXT_COLUMNS 8

#define INSP_TYPE_TEXT_ROW (insp_text_row_get_type())
G_DECLARE_FINAL_TYPE(InspTextRow, insp_text_row, INSP, TEXT_ROW, GObject)

struct _InspTextRow {
	GObject parent;
	char *key;
	char *text[INSP_TEXT_COLUMNS];	/* NULL: empty */
	char *was[INSP_TEXT_COLUMNS];	/* what it was before; NULL: the same, or new */
	const char *style;		/* CSS class of the whole row; NULL: none */
	gpointer data;			/* of who made the row */
	GDestroyNotify data_free;
	gboolean expandable;
	GListStore *children;		/* made when the row is first opened */
	/* of a pair: */
	InspTextRow *twin;		/* the second run's; NULL: it has none, or has not told yet */
	gboolean foreign;		/* only the second run has it: the texts are its twin's */
	gboolean pending;		/* the second run has not told yet */
	GPtrArray *inner[2];		/* what children are made of; NULL: not told yet */
};

InspTextRow *insp_text_row_new(const char *key);

struct insp_text_column {
	const char *title;
	gboolean expand, right, monospace;
	gboolean whole;			/* never cut off */
	gboolean fleeting;		/* changes always: not worth a mark */
	gboolean quiet;			/* in a pair: shown of both, not compared */
	gboolean shared;		/* says what the row is about, as the first column does: once for both runs of a pair */
};

/* The usual columns: as wide as its words, as wide as there is room, numbers. */
#define WORD(name) {.title = (name)}
#define WIDE(name) {.title = (name), .expand = TRUE}
#define NUMBER(name) {.title = (name), .right = TRUE}

#define INSP_TYPE_TEXT_TABLE (insp_text_table_get_type())
G_DECLARE_FINAL_TYPE(InspTextTable, insp_text_table, INSP, TEXT_TABLE, GtkBox)

/* columns ends with a title of NULL, and lives as long as the program.  empty: what is said when there are no rows. */
InspTextTable *insp_text_table_new(const struct insp_text_column *columns, const char *name, const char *empty);
/* The table takes the rows (InspTextRow *).  keep_marks: they are the same position's, told anew: old texts stay. */
void insp_text_table_set(InspTextTable *table, GPtrArray *rows, gboolean keep_marks);
/* Takes one row: the place of the row with its key, which it is marked against, or the end. */
void insp_text_table_put(InspTextTable *table, InspTextRow *row);
/* Whether it is a pair; one that is none shows the first run's rows alone. */
void insp_text_table_set_paired(InspTextTable *table, gboolean paired);
/* The second run's rows, taken; of one row: that with its key, or one more.  NULL: it has not told yet.  Only of a pair. */
void insp_text_table_set_other(InspTextTable *table, GPtrArray *rows);
void insp_text_table_put_other(InspTextTable *table, InspTextRow *row);
void insp_text_table_set_other_children(InspTextTable *table, InspTextRow *row, GPtrArray *rows);
/* A column comes or goes; of a table that is no pair. */
void insp_text_table_show_column(InspTextTable *table, guint column, gboolean visible);
/* Says why there is nothing. */
void insp_text_table_clear(InspTextTable *table, const char *why);
/* Fills row->children, now or later. */
typedef void (*insp_text_expand_func)(InspTextRow *row, gpointer data);
void insp_text_table_on_expand(InspTextTable *table, insp_text_expand_func func, gpointer data);
/* Rows for an opened row, marked against what it held before. */
void insp_text_table_set_children(InspTextTable *table, InspTextRow *row, GPtrArray *rows);
/* Calls back when the user activates a row (double click, Enter). */
typedef void (*insp_text_activate_func)(InspTextRow *row, gpointer data);
void insp_text_table_on_activate(InspTextTable *table, insp_text_activate_func func, gpointer data);
/* The row that is chosen, which the caller unrefs; NULL: none. */
InspTextRow *insp_text_table_selected(InspTextTable *table);
/* Rows go from the top until there are no more than this. */
void insp_text_table_trim(InspTextTable *table, guint max);
/* Scrolls to the last row, once it is there. */
void insp_text_table_show_end(InspTextTable *table);
/* Lines of cells with tabs between, a changed one followed by " (was OLD)"; of a pair "A \u2260 B" where they differ. */
char *insp_text_table_print(InspTextTable *table);

#endif
