/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run.h - a recorded run, as the inspector holds it in memory.
 *
 * What every pane asks for at once (when, where, which kind) is held for each event in 9 bytes; all else is read
 * from the trace when it is shown.  Ten million events take 92 MB, their packets 48 bytes each.
 *
 * A run is filled by one thread (insp_run_load) and afterwards never changes, so that any thread may read it.
 *
 * Invariants, tested by insp_run_check():
 *   1. vtime never falls from one event to the next, so that a time is found by bisection;
 *   2. packets are in the order of their sending, and a packet's end comes after its sending;
 *   3. the counts of a block's lanes add up to the number of its events.
 */
#ifndef INSP_RUN_H
#define INSP_RUN_H

#include "base/cleanup.h"
#include "trace.h"

#define INSP_NONE UINT32_MAX		/* no event, no packet, no lane */
#define INSP_BLOCK 256			/* events that are counted together */
#define INSP_LANES_MAX 1024		/* more nodes than a person can look at share the last lane */
#define INSP_THREADS_MAX 65535

/* Lane 0 is the machine itself; the others are nodes in the order of their numbers. */
struct insp_lane {
	node_id node;
	char name[64];
	char address[64];
	uint32_t events;
};

struct insp_thread {
	uint32_t lane;
	uint32_t tid;			/* 0: what the node's kernel did by itself */
};

/* What changes the set of threads, in the order in which it happened. */
enum insp_life_type { INSP_LIFE_START, INSP_LIFE_CLONE, INSP_LIFE_EXEC, INSP_LIFE_EXIT };
struct insp_life {
	uint32_t seq;
	uint32_t lane;
	enum insp_life_type type;
	uint32_t tid;			/* whose life it is; of a clone the child's */
	uint32_t pid;
	uint32_t value;			/* exit: code; clone: the parent's tid */
	char name[48];			/* exec and start: of the program */
};

enum insp_fate { INSP_FLYING, INSP_RECEIVED, INSP_DROPPED };
enum insp_proto { INSP_PROTO_OTHER, INSP_PROTO_ARP, INSP_PROTO_ICMP, INSP_PROTO_UDP, INSP_PROTO_TCP };
/* What is odd about a packet. */
#define INSP_MARK_COPY 1		/* the link made it of another one */
#define INSP_MARK_CORRUPT 2		/* a bit was turned */
#define INSP_MARK_LATE 4		/* one sent after it on the same way arrived before it */
#define INSP_MARK_AGAIN 8		/* TCP had sent these bytes before */
struct insp_packet {
	vtime_ns depart;		/* when its last bit left the sender */
	uint32_t send, end;		/* events; end is INSP_NONE while it flies */
	uint32_t size;
	uint32_t seq, ack;		/* of TCP */
	uint32_t stream;		/* index of streams; INSP_NONE: neither TCP nor UDP */
	uint16_t from, to;		/* lanes */
	uint16_t link;			/* index of links; 65535: not told of */
	uint16_t header;		/* bytes before the payload of TCP or UDP */
	uint8_t fate;
	uint8_t proto;
	uint8_t tcp_flags;
	uint8_t marks;
};

/* A packet, or several that go the same way, with the same fate and marks. */
struct insp_arrow {
	uint32_t packet;		/* the first of them */
	uint32_t count;
	uint16_t from, to;		/* lanes */
	uint8_t fate;
	uint8_t marks;
};

/* Where links lead. */
struct insp_link {
	uint64_t id;
	uint64_t rate_bps;
	vtime_ns delay;
	uint16_t a, b;			/* lanes */
	uint32_t last[2];		/* the latest sent packet that arrived, of each direction */
};

/* A TCP connection or a pair of UDP ports; side 0 is who sent first. */
struct insp_stream {
	uint8_t address[2][16];
	uint16_t port[2];
	uint16_t lane[2];		/* where the first packet of that side began; 65535: it sent none */
	uint8_t ip_version, proto;
	uint32_t packets;
	uint32_t next[2];		/* TCP: what each side sends next */
	uint32_t first;			/* packet */
};

/* Where a node is from an event on, in millimetres. */
struct insp_position {
	uint32_t seq, lane;
	int64_t x, y;
};

/* A node or a link goes, or comes back. */
enum insp_outage_what { INSP_OUTAGE_NODE, INSP_OUTAGE_LINK };
struct insp_outage {
	uint32_t seq;
	enum insp_outage_what what;
	uint32_t number;		/* lane, or index of links */
	bool down;
};

/* What TCP's congestion control came to. */
struct insp_congestion {
	uint32_t seq;
	uint32_t lane;
	uint32_t cwnd, ssthresh;	/* segments; UINT32_MAX: not set */
};

struct insp_block {
	uint64_t kinds;			/* bit min(kind, 127) / 2 of each event */
	uint64_t lanes;			/* bit lane % 64 of each event */
	vtime_ns base;			/* of its first event */
	vtime_ns *wide;			/* whole times, when the block is too long for offsets; else NULL */
};

struct insp_run {
	char *path;
	uint32_t count;			/* events */
	uint32_t weight;		/* how many each stands for: 1, but in a sketch (sketch.h) */
	uint32_t *offset;		/* of each event: its time since the base of its block; see insp_vtime() */
	uint16_t *thread;		/* ... index of threads */
	uint8_t *kind;			/* ... 255: not of this version */
	uint16_t *aux;			/* ... see insp_aux_*() */
	struct insp_lane *lanes;
	uint32_t lane_count;
	struct insp_thread *threads;
	uint32_t thread_count, thread_capacity;
	struct insp_life *lives;
	uint32_t life_count, life_capacity;
	struct insp_packet *packets;
	uint32_t packet_count, packet_capacity;
	struct insp_arrow *bundles;	/* what each whole block of INSP_BLOCK packets is, in the order in which each way begins */
	uint32_t *bundle_from;		/* of each block, and behind the last: index of bundles; NULL: no packets are known */
	uint32_t bundle_count, bundle_capacity;
	struct insp_link *links;
	uint32_t link_count, link_capacity;
	struct insp_stream *streams;
	uint32_t stream_count, stream_capacity;
	struct insp_congestion *congestions;	/* in the order of events */
	uint32_t congestion_count, congestion_capacity;
	uint32_t *troubles;		/* events that went wrong (INSP_GRAIN_FAULT), in order */
	uint32_t trouble_count, trouble_capacity;
	struct insp_position *positions;
	uint32_t position_count, position_capacity;
	struct insp_outage *outages;
	uint32_t outage_count, outage_capacity;
	double *activity;		/* of each block: where it begins on the axis of activity */
	struct insp_block *blocks;	/* of INSP_BLOCK events each */
	uint16_t *block_counts;		/* [block * lane_count + lane] */
	uint32_t block_count, block_capacity;
	vtime_ns flight_max;		/* the longest that a packet took */
	uint32_t drops;
	char *warning;			/* what is unusual about the trace; NULL: nothing */
	char *damage;			/* why reading ended early; NULL: it did not */
	char hash[2 * FMT_HASH_SIZE + 1];
	char seed[24];
};

/* What became of reading so far; called now and then.  False: stop (the load ends with -ECANCELED). */
typedef bool (*insp_progress)(void *data, uint32_t done, uint32_t count);

/* Reads a trace, as far as fmt_scan does: damage of texts and frames shows where these are read.  A trace whose columns are damaged is
 * loaded up to there, and ret->damage says so.  0; -ECANCELED;
 * -EFBIG: more than 2^32 - 2 events; what fmt_reader_open() returns. */
int insp_run_load(const char *path, insp_progress progress, void *data, struct insp_run **ret, struct fmt_error *error);
void insp_run_free(struct insp_run *run);
DEFINE_CLEANUP(struct insp_run *, insp_run_free)
void insp_run_check(const struct insp_run *run);

static inline uint32_t insp_lane_of(const struct insp_run *run, uint32_t seq)
{
	return run->threads[run->thread[seq]].lane;
}

static inline vtime_ns insp_vtime(const struct insp_run *run, uint32_t seq)
{
	const struct insp_block *block = &run->blocks[seq / INSP_BLOCK];

	return block->wide ? block->wide[seq % INSP_BLOCK] : block->base + run->offset[seq];
}

static inline vtime_ns insp_last_vtime(const struct insp_run *run)
{
	return run->count ? insp_vtime(run, run->count - 1) : 0;
}

/* The number of a syscall (or of a signal) that the event is about. */
static inline uint32_t insp_aux_number(const struct insp_run *run, uint32_t seq)
{
	return run->aux[seq] & 0x7fff;
}

/* The event says that something did not work: an error returned, a program that ended badly, a loss. */
static inline bool insp_aux_failed(const struct insp_run *run, uint32_t seq)
{
	return run->aux[seq] & 0x8000;
}

static inline uint64_t insp_kind_bit(uint32_t kind)
{
	return 1ull << ((kind < 127 ? kind : 127) / 2);
}

/* First event at or after a time; count when there is none. */
uint32_t insp_run_seek(const struct insp_run *run, vtime_ns vtime);
/* The packet that an event sends, receives or loses; INSP_NONE for other events. */
uint32_t insp_packet_of(const struct insp_run *run, uint32_t seq);
/* Index of the first packet sent at or after an event. */
uint32_t insp_packet_from(const struct insp_run *run, uint32_t seq);
/* One packet as an arrow; two that can be one. */
static inline struct insp_arrow insp_arrow_of(const struct insp_run *run, uint32_t packet)
{
	const struct insp_packet *its = &run->packets[packet];

	return (struct insp_arrow){packet, 1, its->from, its->to, its->fate, its->marks};
}

static inline bool insp_arrow_alike(const struct insp_arrow *a, const struct insp_arrow *b)
{
	return a->from == b->from && a->to == b->to && a->fate == b->fate && a->marks == b->marks;
}

/* What an event takes on the axis of activity: pauses count by their logarithm, so that a second is three times a
 * microsecond. */
double insp_activity_of(const struct insp_run *run, uint32_t seq);
/* The side (0, 1) of its stream that sent a packet. */
int insp_stream_side(const struct insp_run *run, uint32_t packet);
/* Lane by name or number; INSP_NONE. */
uint32_t insp_lane_find(const struct insp_run *run, const char *name);

#endif
