/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run-int.h - what the parts of loading a run share. */
#ifndef INSP_RUN_INT_H
#define INSP_RUN_INT_H

#include "run.h"

/* Room for one more of size bytes; capacity doubles. */
void *insp__grow(void *array, uint32_t count, uint32_t *capacity, size_t size);
/* Printable, cut to size. */
void insp__copy_text(char *to, size_t size, struct fmt_bytes text);
/* 65535: nobody told of that link. */
uint16_t insp__link_index(const struct insp_run *run, uint64_t id);

/* run-load.c: fills a run of run->count events, whose path is set; makes room for them, and learns of nodes. */
struct insp__loader;
struct insp__loader *insp__loader_new(struct insp_run *run, struct fmt_reader *reader);
void insp__loader_free(struct insp__loader *loader);
/* The next event, of which nothing else is known. */
void insp__loader_put(struct insp__loader *loader, uint32_t seq, vtime_ns vtime, node_id node, uint32_t kind);
/* run.c: when all events are there. */
void insp__measure_activity(struct insp_run *run);
void insp__bundle_packets(struct insp_run *run);

/* run-state.c: takes what an event of the right kind tells. */
void insp__learn_life(struct insp_run *run, const struct fmt_event *event, uint32_t seq, uint32_t lane);
void insp__learn_congestion(struct insp_run *run, uint32_t seq, uint32_t lane, uint64_t cwnd, uint64_t ssthresh);
void insp__learn_position(struct insp_run *run, uint32_t seq, uint64_t node, int64_t x, int64_t y);
void insp__learn_outage(struct insp_run *run, uint32_t seq, enum insp_outage_what what, uint32_t number, bool down);
void insp__learn_link_change(struct insp_run *run, const struct fmt_event *event, uint32_t seq);

#endif
