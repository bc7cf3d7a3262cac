/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keys.h - the keys that commands have now: those of a preset, but for the ones that somebody has chosen.
 *
 * One choice holds for all windows, and is kept in ~/.config/hindcast/keys.ini.  Whatever shows keys asks here.
 */
#ifndef INSP_KEYS_H
#define INSP_KEYS_H

#include "window.h"
#include "keymap.h"

#define INSP_KEYS_NONE G_MAXUINT

/* Reads what was chosen, and gives all windows their keys; after that, whenever keys change. */
void insp__keys_load(GtkApplication *application);
/* A new window's. */
void insp__keys_add_window(InspWindow *window);
/* Those of another window that has its actions. */
void insp__keys_add(GtkWidget *toplevel);
/* Buttons of commands, among the children too, say their keys in what they say of themselves. */
void insp__keys_tell(GtkWidget *widget);
/* With spaces between; "": none.  Until keys change. */
const char *insp__keys_of(guint command);
bool insp__keys_are_chosen(guint command);
/* The keys as people read them, "F8, Ctrl+Down"; "": none. */
char *insp__keys_text(guint command);
/* A copy of a menu in which each item tells the keys of its command. */
GMenuModel *insp__keys_menu(GMenuModel *menu);
/* The command that has a key, other than one; INSP_KEYS_NONE: no other has. */
guint insp__keys_owner(const char *key, guint but);
enum insp_preset insp__keys_preset(void);

/* keys-page.c: lets the user choose. */
void insp__keys_show(InspWindow *window);

#endif
