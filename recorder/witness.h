/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * witness.h - tells in the trace what a node's kernel has come to: descriptors, sockets, TCP, interfaces, routes, timers.
 *
 * The kernel notes what has changed (kernel-glue, net/watch.c); between two steps the node asks it.  A socket that was
 * touched is told only as far as it differs from what was told of it last.
 */
#ifndef REC_WITNESS_H
#define REC_WITNESS_H

#include <stddef.h>
#include <stdint.h>

#include "host.h"

struct rec_node;
struct rec_thread;
struct rec_witness;

struct rec_witness *rec__witness_new(void);
void rec__witness_free(struct rec_witness *witness);
/* The kernel's callback. */
void rec__on_change(void *ctx, const struct kg_change *change);
/* Tells what has changed.  Outside of the kernel, and of every thread's call. */
void rec__witness_look(struct rec_node *node);
/* A call of the thread has been answered: it may have set a timer, or named a socket. */
void rec__witness_ended(struct rec_node *node, const struct rec_thread *t, int64_t result);
/* A call of the thread has begun to wait, and that was told: tells for how long, if only memory says so. */
void rec__witness_waits(struct rec_node *node, const struct rec_thread *t);

/* rtnl.c: tells a list of rtnetlink messages. */
void rec__tell_rtnl(struct rec_node *node, const void *messages, size_t size);

#endif
