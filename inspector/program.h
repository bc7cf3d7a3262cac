/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * program.h - the program at the position: stack, source, variables, registers, code, memory; and what of the node has to be
 * asked of the replay.
 *
 *	resting --follow() while a pane is seen--> asking --all answers--> resting
 *	   asking --follow()--> asking anew; what the first answers bring is dropped
 *
 * A position of the window is an event, and what it shows is the moment when that has happened: position @N+1 of the replay.
 * Moves within an event (a line, an instruction) leave the window's focus at the last event that has happened, and `inside`
 * tells the rest.
 */
#ifndef INSP_PROGRAM_H
#define INSP_PROGRAM_H

#include "code-pane.h"
#include "engine.h"
#include "memory-pane.h"
#include "node-pane.h"
#include "source-pane.h"
#include "text-table.h"
#include "window.h"

struct insp_program {
	InspEngine *engine;		/* NULL: no run is open */
	guint serial;			/* of what is shown; answers to older questions are dropped */
	gboolean here;			/* the replay stands where the window does already */
	char *node;			/* of the chosen thread; NULL: none yet */
	guint pid, tid, frame;
	char *inside;			/* position within an event; NULL: between two */
	char *stop;			/* why it stopped, for a person; NULL: nothing to say */
	gboolean moving;		/* a move is under way, that Esc ends */
	gboolean cancelled;		/* ... and it was pressed */
	char *source_path;		/* of the shown frame, as the program has it */
	guint source_line;
	GPtrArray *watches;		/* char *: expressions whose values are shown */
	GHashTable *roots;		/* folders in which source is looked for */
	GHashTable *points;		/* number -> char *: what was set */
	gboolean frame_chosen;		/* by the user, at this position */
	guint64 memory_address;		/* 0: none is looked at */
	/* widgets */
	GtkWidget *page, *say, *watch_entry, *machine, *memory_page, *memory_entry;
	InspTextTable *stack, *variables, *watch_table, *registers, *points_table;
	InspCodePane *code;
	InspSourcePane *source;
	InspNodePane *node_pane;
	InspMemoryPane *memory;
};

/* Makes the panes. */
void insp__add_program(InspWindow *window);
/* A run is open; nothing is started before a pane is looked at or a move is asked for. */
void insp__program_open(InspWindow *window);
void insp__program_close(InspWindow *window);
/* The focus has moved. */
void insp__program_follow(InspWindow *window);
/* A pane has come to light. */
void insp__program_shown(InspWindow *window);
/* Questions without an answer. */
guint insp__program_pending(InspWindow *window);
/* Ends a move that is under way. */
void insp__program_cancel(InspWindow *window);
/* Asks the replay to move; what names the request ("step", "continue") with members as by printf. */
void insp__program_move(InspWindow *window, const char *members);
/* Chooses a thread, and shows it. */
void insp__program_select(InspWindow *window, const char *node, guint tid);
/* "\"node\":\"r2\",\"tid\":18", or "" when no thread is chosen. */
char *insp__program_thread(const struct insp_program *program);

/* Chooses a frame of the thread, and shows its source and variables. */
void insp__program_frame(InspWindow *window, guint frame);
/* The value of an expression is shown from now on. */
void insp__program_watch(InspWindow *window, const char *expression);
void insp__program_memory(InspWindow *window, guint64 address);
/* Sets a point: members is the request, what tells it in words. */
void insp__program_point(InspWindow *window, const char *what, const char *members);
void insp__program_delete(InspWindow *window, int point);
/* The number of the point whose words are place; 0: there is none. */
int insp__program_point_at(InspWindow *window, const char *place);
/* Fills the table of points and marks their lines in the source. */
void insp__program_show_points(InspWindow *window);
/* Asks for what is within an opened row of variables; data is the window. */
void insp__program_expand(InspTextRow *row, gpointer data);
/* After the widgets are gone. */
void insp__program_free(InspWindow *window);

/* program-fill.c: puts answers into the panes. */
const char *insp__json_text(JsonObject *object, const char *name);
gint64 insp__json_number(JsonObject *object, const char *name);
GPtrArray *insp__rows_of_frames(JsonObject *answer, guint chosen);
GPtrArray *insp__rows_of_variables(JsonObject *answer, const char *prefix);
GPtrArray *insp__rows_of_registers(JsonObject *answer);
/* The "bytes" of an answer; NULL: it has none. */
GBytes *insp__bytes_of(JsonObject *answer);
/* Why the replay stopped, for a person. */
#define INTERRUPTED_WORDS "Stopped on the way"
char *insp__stop_words(JsonObject *stop);

/* What both runs' replays are asked alike: members, for printf with an address. */
#define INSP_ASK_MEMORY "\"do\":\"memory\",\"address\":\"%#" G_GINT64_MODIFIER "x\",\"size\":4096,"	/* a page */
#define INSP_ASK_CODE "\"do\":\"disassemble\",\"address\":\"%s\",\"count\":40"
#define NO_SOURCE_WORDS "There is no source of this function.\nPrograms that were built with -g have it; choose a frame of one."
/* The folders above a program are those in which its source is looked for; roots: which the engine has been told. */
void insp__add_roots(InspEngine *engine, GHashTable *roots, const char *path);

/* The row of an expression that is watched; error: why there is no value. */
InspTextRow *insp__row_of_watch(const char *expression, JsonObject *answer, const char *error);

/* What a row of variables is about. */
struct insp_variable {
	char *address, *handle;		/* NULL: nothing within */
	char *expression;		/* by which it can be asked for */
};

#endif
