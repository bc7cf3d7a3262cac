/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * panes.h - where each pane is: in the main window, or in a window of its own.
 *
 *	in its slot of the main window --pane.detach--> in a window of its own --pane.attach, or that is closed--> in its slot
 *
 * A pane is the same widget in both places, so it follows the position in both alike.  A slot that is empty takes no room: its tab is
 * gone, and a side without tabs leaves its room to the others.
 */
#ifndef INSP_PANES_H
#define INSP_PANES_H

#include "pane-window.h"
#include "window.h"

enum insp_pane {
#define PANE(id, symbol, name, title, space, width, height, keys) INSP_PANE_##id,
#include "panes.def"
#undef PANE
	INSP_PANE_COUNT
};

/* Parts of the main window that can be hidden. */
enum insp_part { INSP_PART_OVERVIEW, INSP_PART_TIMELINE, INSP_PART_LISTS, INSP_PART_DETAILS, INSP_PART_COUNT };

struct insp_slot {
	AdwBin *bin;			/* in the main window */
	GtkWidget *child;		/* the pane; of its bin or of its window */
	InspPaneWindow *window;		/* NULL: it is in the main window */
	int width, height;		/* of its window when that was closed last; 0: it has never been */
	bool withheld;			/* it has nothing to show, and no tab */
};

const char *insp__pane_name(enum insp_pane pane);
const char *insp__pane_title(enum insp_pane pane);

/* The panes of window.ui get their slots; before others are added. */
void insp__panes_init(InspWindow *window);
/* A tab of the side that it belongs to. */
void insp__pane_add(InspWindow *window, enum insp_pane pane, GtkWidget *child);
/* All are in the main window again, and nothing is told: it is being closed. */
void insp__panes_close(InspWindow *window);
/* A run is there: panes with windows of their own want to be filled. */
void insp__panes_run_shown(InspWindow *window);
/* What the windows are called, by trace and position. */
void insp__panes_tell(InspWindow *window);
/* Takes them to where they were when a window of before was left, if that is wanted; once. */
void insp__panes_restore(InspWindow *window);
/* A part of the main window appears or disappears with what is in it. */
void insp__panes_lay_out(InspWindow *window);
/* Somebody can look at it: its tab is chosen, or it has a window of its own. */
bool insp__pane_is_seen(InspWindow *window, enum insp_pane pane);
bool insp__pane_is_out(InspWindow *window, enum insp_pane pane);
/* Its tab is chosen.  asked: somebody wants to see it, so its side is shown, or the window that it has comes to the front. */
void insp__pane_show(InspWindow *window, enum insp_pane pane, bool asked);
/* Shows the one of that name among the tabs of a stack, or says which there are; what: of what they are. */
bool insp__pane_choose(InspWindow *window, GtkWidget *stack, const char *what, const char *name);
/* It has something to show, or not any more. */
void insp__pane_offer(InspWindow *window, enum insp_pane pane, bool offered);
/* Brings it back, wherever it is. */
void insp__pane_attach(InspWindow *window, enum insp_pane pane);
/* Members of the status: which panes are out, and which parts are hidden. */
char *insp__panes_status(InspWindow *window);

/* Of this window and those of its panes, the one that has the keyboard; else this one. */
GtkWindow *insp__front(InspWindow *window);
/* Where the user looks: messages are to appear there. */
AdwToastOverlay *insp__front_toasts(InspWindow *window);
/* A widget of the window or of a pane gets the keyboard, wherever that is now. */
void insp__give_keyboard(InspWindow *window, GtkWidget *widget);

#endif
