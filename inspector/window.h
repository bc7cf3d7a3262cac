/* SPDX-License-Identifier: GPL-2.0-or-later */
/* window.h - a window on one trace. */
#ifndef INSP_WINDOW_H
#define INSP_WINDOW_H

#include <adwaita.h>

#define INSP_TYPE_WINDOW (insp_window_get_type())
G_DECLARE_FINAL_TYPE(InspWindow, insp_window, INSP, WINDOW, AdwApplicationWindow)

InspWindow *insp_window_new(AdwApplication *application);
void insp_window_open(InspWindow *window, const char *path);
/* Runs commands ("step.next", "focus.goto @100") one after the other, each when the one before has had its effect, then
 * closes the window when quit is set.  Refused commands and a trace that does not open make the status 2. */
void insp_window_run(InspWindow *window, char **commands, gboolean quit);
/* Exit status: 0 all went well; 2 a command was refused or the trace did not open. */
int insp_window_status(void);
/* Prints the rows of commands.def, for people or as JSON. */
void insp_window_print_commands(bool json);

#endif
