/* SPDX-License-Identifier: GPL-2.0-or-later */
/* difference-list.h - where two runs differ, as a table: node, what the one did, what the other did. */
#ifndef INSP_DIFFERENCE_LIST_H
#define INSP_DIFFERENCE_LIST_H

#include <gtk/gtk.h>

#include "pager.h"
#include "pair.h"

#define INSP_TYPE_DIFFERENCE_LIST (insp_difference_list_get_type())
G_DECLARE_FINAL_TYPE(InspDifferenceList, insp_difference_list, INSP, DIFFERENCE_LIST, GtkBox)

/* pair and pagers live until this is called with others (NULL: nothing is shown). */
void insp_difference_list_set(InspDifferenceList *list, const struct insp_pair *pair, InspPager *a, InspPager *b);
/* Selects a difference, without the signal; INSP_NONE: none. */
void insp_difference_list_show(InspDifferenceList *list, uint32_t index);
/* Signal "chosen" (index): the user selected one. */

#endif
