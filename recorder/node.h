/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * node.h - one node as its worker drives it: kernel, programs, files, sending ends of its links.
 */
#ifndef REC_NODE_H
#define REC_NODE_H

#include "buf.h"
#include "experiment.h"

struct kg_image;
struct rec_filehashes;
struct rec_node;
struct rec_tracer;

/* A frame on its way between nodes.  (arrive_ns, src, packet) is its place in the total order. */
struct rec_packet {
	vtime_ns arrive_ns;
	uint64_t packet;		/* (src << 40) | count: unique in the run, ascending per source */
	node_id src;
	node_id dst;
	uint32_t link;
	uint32_t dst_ifid;
	uint32_t size;
	uint8_t frame[];
};

struct rec_node_env {			/* what all nodes of a worker share */
	const struct rec_experiment *exp;
	struct kg_image *image;
	struct rec_tracer *tracer;
	struct rec_filehashes *hashes;	/* of files that several nodes map; NULL: none are kept */
	unsigned patience_s;		/* wall time that a slice may take; 0: any */
	const char *data_dir;		/* upper directories and output files: DATA/<node>/ */
	const char *coverage_dir;	/* where what kernels count is kept (coverage.h); NULL: nowhere */
	/* A packet leaves the node for another one; packet is the callee's to free(). */
	void (*send)(void *arg, struct rec_packet *packet);
	/* A file was given a number in an event: its content has to go into the trace. fd is borrowed. */
	void (*file)(void *arg, const uint8_t hash[32], int fd);
	void *arg;
};

/* Boots the node at vtime 0.  0 or -errno. */
int rec_node_new(const struct rec_node_env *env, node_id id, struct rec_node **ret);
void rec_node_free(struct rec_node *node);
/* When the node next has something to do by itself (packets received included); UINT64_MAX: never. */
vtime_ns rec_node_next(const struct rec_node *node);
/* Hands over a packet that arrives in the next window or later; takes ownership. */
void rec_node_receive(struct rec_node *node, struct rec_packet *packet);
/* Everything that begins strictly before until.  0, or -errno: hindcast itself failed (a node's panic is not that). */
int rec_node_run(struct rec_node *node, vtime_ns until);
/* More about why rec_node_run() failed; "" when there is no more to tell. */
const char *rec_node_failure(const struct rec_node *node);
/* Event records since the last fmt_buf_clear() of it; vtimes ascend, and may lie at or after until by the cost
 * of the last step. */
struct fmt_buf *rec_node_events(struct rec_node *node);
/* Processes of the experiment that have not ended (daemons of the experiment with expected state running do not count). */
size_t rec_node_unfinished(const struct rec_node *node);
/* At the end of the run: kills what is left, compares with the expected final states; emits the last events.
 * Number of expectations that failed; each is a warn event. */
size_t rec_node_stop(struct rec_node *node, vtime_ns now);
/* Adds what the kernel has counted so far to coverage_dir, if there is one: once, before a kernel goes.  0, or -errno, and
 * rec_node_failure() tells more. */
int rec_node_keep_coverage(struct rec_node *node);

#endif
