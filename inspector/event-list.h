/* SPDX-License-Identifier: GPL-2.0-or-later */
/* event-list.h - a list of events of any length, as a model and as a table. */
#ifndef INSP_EVENT_LIST_H
#define INSP_EVENT_LIST_H

#include <gtk/gtk.h>

#include "pager.h"
#include "search.h"

/* A row: only the number of its event; all else is asked of run and pager when it is shown. */
#define INSP_TYPE_ROW (insp_row_get_type())
G_DECLARE_FINAL_TYPE(InspRow, insp_row, INSP, ROW, GObject)
uint32_t insp_row_seq(InspRow *row);

/* All events, or those of a list.  Rows are made when they are looked at. */
#define INSP_TYPE_EVENT_LIST (insp_event_list_get_type())
G_DECLARE_FINAL_TYPE(InspEventList, insp_event_list, INSP, EVENT_LIST, GObject)
/* The list takes the hits' memory. */
InspEventList *insp_event_list_new(const struct insp_run *run, InspPager *pager, bool all, struct insp_hits hits);
/* Position of the last event of the list at or before seq; GTK_INVALID_LIST_POSITION. */
guint insp_event_list_find(InspEventList *list, uint32_t seq);
uint32_t insp_event_list_at(InspEventList *list, guint position);

enum insp_column {
	INSP_COLUMN_SEQ, INSP_COLUMN_TIME, INSP_COLUMN_NODE, INSP_COLUMN_THREAD, INSP_COLUMN_KIND,
	INSP_COLUMN_FROM, INSP_COLUMN_TO, INSP_COLUMN_PROTO, INSP_COLUMN_SIZE, INSP_COLUMN_FATE,
	INSP_COLUMN_SUMMARY, INSP_COLUMN_COUNT
};

/* The text of a cell; summary may be NULL when it is not there yet. */
void insp_cell_put(const struct insp_run *run, uint32_t seq, enum insp_column column, const char *summary, GString *to);
bool insp_cell_failed(const struct insp_run *run, uint32_t seq, enum insp_column column);
extern const char *const insp_column_names[INSP_COLUMN_COUNT];

/* A table without a model: columns ends with INSP_COLUMN_COUNT. */
GtkWidget *insp_table_new(const enum insp_column *columns, const char *name);
/* Shows a list (NULL: nothing). */
void insp_table_set(GtkWidget *table, InspEventList *list);
InspEventList *insp_table_get(GtkWidget *table);
/* Selects the row of an event, or the one before it, and scrolls there, without the signal of a selection. */
void insp_table_show(GtkWidget *table, uint32_t seq);
/* Calls back with the event that the user selected. */
typedef void (*insp_selected_func)(uint32_t seq, gpointer data);
void insp_table_on_select(GtkWidget *table, insp_selected_func func, gpointer data);

/* Rows for which there are widgets, in all tables: what a frame may have to lay out. */
guint insp_table_rows_bound(void);

#endif
