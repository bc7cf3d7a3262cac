/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * medium.h - what joins more than two interfaces, as its worker drives it: a node without kernel and programs.
 *
 * The functions are those of node.h, and mean the same.
 */
#ifndef REC_MEDIUM_H
#define REC_MEDIUM_H

#include "node.h"

struct rec_medium;

struct rec_medium *rec_medium_new(const struct rec_node_env *env, node_id id);
void rec_medium_free(struct rec_medium *medium);	/* takes NULL */
vtime_ns rec_medium_next(const struct rec_medium *medium);
void rec_medium_receive(struct rec_medium *medium, struct rec_packet *packet);
void rec_medium_run(struct rec_medium *medium, vtime_ns until);
struct fmt_buf *rec_medium_events(struct rec_medium *medium);

#endif
