/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frames.h - what a frame and a command cost: measured always, since it costs next to nothing, and printed by print.frames. */
#ifndef INSP_FRAMES_H
#define INSP_FRAMES_H

#include "lanes.h"

struct insp_frames;

/* Watches a window's frames from when it is realised. */
struct insp_frames *insp_frames_new(GtkWidget *window, InspLanes *lanes);
void insp_frames_free(struct insp_frames *frames);
/* A command begins; what it set off has ended and was painted. */
void insp_frames_begin(struct insp_frames *frames);
void insp_frames_settled(struct insp_frames *frames);
/* As JSON, and begins anew. */
char *insp_frames_print(struct insp_frames *frames);

#endif
