/* SPDX-License-Identifier: GPL-2.0-or-later */
/* window-int.h - the parts of a window, for window.c (its life), commands.c (what it can do), export.c, palette.c. */
#ifndef INSP_WINDOW_INT_H
#define INSP_WINDOW_INT_H

#include "compare.h"
#include "cone.h"
#include "difference-list.h"
#include "event-list.h"
#include "lanes.h"
#include "names.h"
#include "notes.h"
#include "overview.h"
#include "panes.h"
#include "frame-pane.h"
#include "frames.h"
#include "plots.h"
#include "program.h"
#include "range.h"
#include "sketch.h"
#include "steps.h"
#include "threads.h"
#include "topology.h"
#include "window.h"

enum insp_tab { TAB_EVENTS, TAB_PACKETS, TAB_SYSCALLS, TAB_OUTPUT, TAB_FAULTS, TAB_FOUND, TAB_COUNT };

/* A run that threads may still be reading when its window is gone. */
struct insp_shared {
	struct insp_run *run;
};

struct _InspWindow {
	AdwApplicationWindow parent;
	/* widgets of window.ui */
	AdwWindowTitle *title;
	AdwToastOverlay *toasts;
	AdwStatusPage *error_page, *empty_page;
	GtkWidget *menu_button, *pages, *banner, *banner_text, *loading_text, *progress, *spinner;
	GtkWidget *position, *grain, *scope, *where, *found, *filter, *command_log, *facts;
	GtkWidget *lists, *details, *upper, *lower, *pictures, *elsewhere, *list_tabs, *detail_tabs, *list_out, *detail_out;
	AdwBin *overview_bin, *timeline_bin, *plots_bin;
	InspPlots *plots;
	GtkWidget *compare_page;
	InspDifferenceList *differences;
	InspOverview *overview;
	InspLanes *lanes;
	InspTextTable *threads;
	InspTopology *topology;
	GtkWidget *topology_said;
	InspTextTable *notes_table;
	InspFramePane *frame;
	/* made by hand */
	GtkWidget *tables[TAB_COUNT];
	struct insp_slot slots[INSP_PANE_COUNT];
	bool hidden[INSP_PART_COUNT];
	GtkWidget *hand_at;		/* of this window and those of panes, where a key or button was pressed last; else NULL */
	bool keeps_panes;		/* where they are is remembered for later windows */
	bool panes_restored, applying;	/* ... has been taken from there; settings are being carried out */
	/* the run */
	struct insp_shared *shared;	/* NULL: none is open */
	const struct insp_run *run;	/* shared->run */
	InspPager *pager;
	InspEventList *list_of[TAB_COUNT];	/* NULL: not made yet */
	struct insp_notes notes;
	char *filter_text;		/* in force; NULL: none */
	char *found_text;		/* what TAB_FOUND lists; NULL: nothing */
	char *problem;			/* with the trace, or why there is none; NULL: none */
	struct insp_program *program;	/* NULL: while the window is made or unmade */
	struct insp_compare *compare;	/* NULL: no second run is open */
	struct insp_cone *cone;		/* of the lanes; NULL: none */
	uint32_t marks[2];		/* A, B; INSP_NONE: not set */
	/* where we are */
	uint32_t focus;			/* INSP_NONE: no run, or an empty one */
	enum insp_grain step_grain;
	uint32_t step_scope;		/* lane; INSP_NONE: all */
	GArray *back, *forward;		/* uint32_t */
	struct {
		uint32_t send;		/* event that sends the packet of the position; INSP_NONE: there is none */
		bool waits;		/* it is being read */
		GBytes *frame;		/* NULL: none, not read yet, or it could not be */
	} packet[2];			/* of each run */
	bool quiet;			/* widgets are being set by us */
	/* what is under way */
	GCancellable *cancel;		/* of load and search */
	guint loading, searching, folding;
	guint fold_serial;
	gint done_count, all_count;	/* of the load, written by its thread */
	guint progress_timer;
	struct insp_sketch *sketch;	/* shown while the run is read; else NULL */
	GQueue waiting;			/* char *: commands that wait for the run */
	guint waited;			/* how many did, for this run */
	GtkWidget *saving_page, *saving_words, *saving_bar;
	GPtrArray *savings;		/* struct insp_saving: what is being saved, the oldest first */
	guint saving_timer;
	struct insp_range_bar *range_bar;	/* NULL: while the window is unmade */
	GtkWidget *note_bar, *note_where, *note_text;
	char *repeated;			/* a command that is run each frame; NULL: none */
	guint repeat_left, repeat_tick;
	/* commands of a script */
	GQueue script;			/* char * */
	bool quit;
	guint tick;
	struct insp_frames *frames;
	struct insp_log *log;
	guint settled;			/* frames since something was under way */
	GPtrArray *actions;		/* GSimpleAction, in the order of commands.def */
	GSimpleAction *busy_action, *status_action;
};

struct insp_command {
	const char *id, *argument, *label, *accels, *key;
	/* False: refused, and said so. */
	bool (*run)(InspWindow *window, const char *argument);
};
#define COMMAND(id, symbol, taken, label, accels, key)                                             \
	bool insp__do_##symbol(InspWindow *window, const char *argument);
#include "commands.def"
#undef COMMAND
extern const struct insp_command insp__commands[];
extern const guint insp__command_count;

struct insp_shared *insp__shared_new(struct insp_run *run);
void insp__shared_unref(struct insp_shared *shared);

/* For a moment, over the window. */
void insp__say(InspWindow *window, const char *text);
/* Tells what went wrong, in the window and, in a script, on standard error. */
__attribute__((format(printf, 2, 3))) void insp__refuse(InspWindow *window, const char *format, ...);
/* False, and says so: no trace is open, or it is empty. */
bool insp__need_run(InspWindow *window);

/* The nodes that can be chosen for steps. */
void insp__show_scopes(InspWindow *window, const struct insp_run *run);

/* range-bar.c: a range of events that was chosen, and what happened in it. */
void insp__add_range_bar(InspWindow *window);
void insp__range_bar_free(InspWindow *window);
void insp__range_clear(InspWindow *window);
/* Another scope: other numbers. */
void insp__range_show(InspWindow *window);
/* False: none is chosen. */
bool insp__range_get(InspWindow *window, struct insp_range *ret);
/* Two positions, separated by a space.  False: refused. */
bool insp__need_positions(InspWindow *window, const char *command, const char *text, uint32_t *ret_a, uint32_t *ret_b);

/* reading.c: what is shown and done while a run is read.  insp__sketch_show() takes the sketch. */
void insp__sketch_show(InspWindow *window, struct insp_sketch *sketch);
void insp__sketch_forget(InspWindow *window);
void insp__reading_progress(InspWindow *window, int percent);
/* True: the command waits for the run that is read. */
bool insp__wait_for_run(InspWindow *window, const char *text);
/* The run is there: carries out what has waited.  It is not: forgets it. */
void insp__run_arrived(InspWindow *window);
void insp__run_missing(InspWindow *window);

/* Makes an event the one that all panes are about.  remember: it can be gone back from. */
void insp__focus(InspWindow *window, uint32_t seq, bool remember);
void insp__show_topology(InspWindow *window);
/* packet.c: the packet of the position, beside the second run's while one is open. */
void insp__show_packet(InspWindow *window);
void insp__set_scope(InspWindow *window, uint32_t lane);
/* "on" or "off".  False: it is neither, and that was said. */
bool insp__take_switch(InspWindow *window, const char *argument, bool *ret);
/* NULL or "": all events. */
void insp__set_filter(InspWindow *window, const char *text);
/* A list of events that a thread finds: by a filter, or when cone is not NULL its past. */
void insp__find(InspWindow *window, const char *text, const struct insp_cone *cone);
bool insp__is_busy(InspWindow *window);
void insp__update_status(InspWindow *window);
char *insp__status(InspWindow *window);
/* "step.next", "focus.goto @3". False: refused. */
bool insp__run_text(InspWindow *window, const char *text);
/* "300 view.in": how often, and what; 0: refused. */
guint insp__repeat_count(InspWindow *window, const char *argument, const char **ret_command);
void insp__add_commands(InspWindow *window);
enum insp_tab insp__current_tab(InspWindow *window);

/* lists.c: its tables are made once; each list when its tab is shown. */
void insp__add_lists(InspWindow *window);
/* The table takes the list; NULL: it shows nothing. */
void insp__set_list(InspWindow *window, enum insp_tab tab, InspEventList *list);
/* Selects the row of the focus, wherever a list is seen. */
void insp__show_in_lists(InspWindow *window);
/* A pane came to light: if it is a list it is made, or shows the focus. */
void insp__list_needed(InspWindow *window, enum insp_pane pane);
void insp__tab_shown(GtkStack *stack, GParamSpec *spec, InspWindow *window);
void insp__lines_loaded(InspPager *pager, guint first, guint count, InspWindow *window);

/* width, height: pixels; those that the widget has: what is seen now. */
bool insp__export_png(InspWindow *window, GtkWidget *widget, int width, int height, const char *path);
/* Timeline and plots as SVG or PDF. */
bool insp__export_drawing(InspWindow *window, const char *path, bool pdf);
/* In a thread: the list that is shown; the packets that the filter keeps. */
/* False: there is no list there, and says so. */
bool insp__export_csv(InspWindow *window, const char *path);
void insp__export_pcap(InspWindow *window, const char *path);
/* Its events as a table, or its packets as a capture. */
void insp__export_range(InspWindow *window, const char *path, const struct insp_range *range, bool table);
/* Asks for a file, then runs the command with it; a run is open.  suffix: what the name that is proposed ends in. */
bool insp__ask_target(InspWindow *window, const char *command, const char *title, const char *suffix);
void insp__palette(InspWindow *window);
/* notes-pane.c */
void insp__add_notes(InspWindow *window);
void insp__notes_read(InspWindow *window);
void insp__notes_forget(InspWindow *window);
/* note-bar.c: asks for the text of a note, below the panes. */
void insp__add_note_bar(InspWindow *window);
void insp__note_bar_ask(InspWindow *window);
/* The position is another. */
void insp__note_bar_follow(InspWindow *window);
/* False: it was not open. */
bool insp__note_bar_close(InspWindow *window);
void insp__help(InspWindow *window);
/* recent.c: remembers the open trace; shows those of before in the empty page. */
void insp__recent_add(InspWindow *window);
void insp__recent_show(InspWindow *window);
/* settings.c: carries out what the user has chosen for all windows; lets him choose. */
void insp__settings_apply(InspWindow *window);
void insp__settings_show(InspWindow *window);
/* A value of the file, which is no choice of its page; NULL: there is none. */
void insp__settings_keep(InspWindow *window, const char *key, const char *value);
char *insp__settings_text(const char *key);
/* Words of the open run complete the filter. */
void insp__complete_filter(InspWindow *window);
/* The timeline's share of the window, by what is shown with it. */
void insp__share_height(InspWindow *window);
/* log.c: what has been done. */
void insp__log_new(InspWindow *window);
void insp__log_free(InspWindow *window);
/* talk.c: reads a conversation, then shows it, prints it, or saves the bytes of one side to path (else NULL). */
enum insp_talk_use { TALK_SHOW, TALK_PRINT, TALK_SAVE_CLIENT, TALK_SAVE_SERVER };
void insp__talk(InspWindow *window, uint32_t stream, enum insp_talk_use use, const char *path);

#endif
