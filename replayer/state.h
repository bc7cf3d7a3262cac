/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.h - what every node was like at a moment, from the trace alone: nothing is executed.
 *
 *	struct rep_states *states;
 *	int r = rep_states_new(reader, &states);
 *	r = rep_states_at(states, seq, &state, error);		after event seq; 16 ms at most in the middle of ten
 *	const struct rep_state_node *node = rep_state_node(state, id);	million events, once there are keyframes
 *	const struct rep_state_thread *threads = node->threads.rows;
 *
 * A state is tables of plain rows.  Each is in the order of its numbers, and texts are cut to the room of their
 * row: seq names the event that has the whole.
 *
 * Keyframes (whole states, compressed) lie at the beginnings of chunks.  They are made by the first reading of the events in front
 * of a moment, bounded in memory, and those of a large finished trace are kept in the user's cache, by the hash of the run.
 */
#ifndef REP_STATE_H
#define REP_STATE_H

#include "base/cleanup.h"
#include "trace.h"

/* Rows of one type, in order.  Initialise with {0}. */
struct rep_table {
	void *rows;
	uint32_t count, capacity;
};

enum rep_doing {
	REP_DOING_NOTHING,	/* born, and has not run yet */
	REP_DOING_RUNS,		/* its last call is answered: it runs, or could */
	REP_DOING_WAITS,	/* in call nr */
	REP_DOING_LOOPS,	/* set aside in a loop that waits for memory to change */
	REP_DOING_FAULTED,	/* its last instruction caused signal nr */
};

struct rep_state_process {
	uint32_t pid, parent;		/* parent 0: the experiment, or unknown */
	uint32_t files;			/* which table of descriptors is its own; shared by those with the same number */
	bool ended;
	uint32_t code;			/* ended: as wait(2) has it */
	vtime_ns began, end;
	event_seq seq;			/* its last start, exec, birth or exit */
	char name[32];			/* of its program */
	char args[96];
};

struct rep_state_thread {
	uint32_t tid, pid;
	enum rep_doing doing;
	uint32_t handlers;		/* of signals that it is in */
	uint32_t signo;			/* ... the innermost, or the last */
	uint64_t nr;			/* the call that it waits in, or its last; UINT64_MAX: none */
	uint64_t args[6];		/* of that */
	int64_t ret;			/* unless it waits: what that gave */
	vtime_ns since;			/* of doing */
	vtime_ns until;			/* waits: at most, 0: no limit, or not known */
	event_seq seq;			/* its last event */
};

struct rep_state_fd {
	uint32_t files, fd;
	uint32_t flags;			/* O_* */
	uint32_t mode;			/* S_IFMT and permissions */
	uint64_t ino, sock;		/* sock 0: not a socket */
	event_seq seq;
	char what[80];			/* as in /proc/PID/fd */
};

struct rep_state_socket {
	uint64_t sock;
	uint32_t family, type, protocol;
	uint32_t refs;			/* descriptors */
	char local[56], remote[56];
	uint32_t has_tcp, state;	/* state: 1 ESTABLISHED ... 10 LISTEN */
	uint32_t snd_una, snd_nxt, write_seq, rcv_nxt, copied_seq, snd_wnd, rcv_wnd;
	uint32_t ca, cwnd, ssthresh, srtt_us, rttvar_us, rto_us, mss, lost, retrans, total_retrans;
	vtime_ns changed;
	event_seq seq;
};

struct rep_state_interface {
	uint32_t index, mtu, flags, operstate;
	char name[16], mac[24];
	event_seq seq;
};

struct rep_state_address {
	uint32_t index, scope, flags;
	char address[52];
	event_seq seq;
};

struct rep_state_route {
	uint32_t family, table, type, protocol, scope, metric, index;
	char target[52], via[64], source[48];
	event_seq seq;
};

struct rep_state_neighbour {
	uint32_t index, state;
	char address[48], lladdr[24];
	event_seq seq;
};

struct rep_state_timer {
	uint32_t pid;
	uint32_t nr;			/* the call that set it */
	uint64_t id;
	vtime_ns expires;		/* the next time, as far as nobody changes it */
	uint64_t interval_ns;
	event_seq seq;
};

struct rep_state_output {
	uint32_t pid, fd;		/* fd: 1 or 2 */
	uint64_t bytes, lines;
	event_seq first, last;		/* events */
	char tail[128];			/* of its text: the last bytes, without what is before the last 4 lines */
};

/* A frame that was sent and has not arrived. */
struct rep_state_packet {
	uint64_t id;
	uint64_t link;
	node_id from, to;		/* to 0: not known */
	uint32_t iface;
	uint32_t size;			/* bytes */
	vtime_ns sent, depart;		/* depart in the future: it waits in the ring, or is being sent */
	event_seq seq;			/* the send, which holds the frame */
	bool gone;			/* never in a state that was given out */
};

struct rep_state_direction {
	uint64_t rate_bps, delay_ns, loss_ppb;	/* as last told */
	uint32_t down, cut, held;
	uint32_t carrier;			/* of the interface that sends */
	uint64_t sent, received, dropped;	/* packets */
	uint64_t sent_bytes;
	uint64_t queue_packets, queue_bytes;	/* before the ring */
};

struct rep_state_link {
	uint64_t id;
	node_id node[2];
	char iface[2][16];
	uint32_t ifid[2];			/* UINT32_MAX: nothing was sent yet */
	struct rep_state_direction way[2];	/* by the end at which it begins */
};

struct rep_state_node {
	node_id id;
	char name[64], address[64];
	bool panicked, down;		/* down: by a fault, until it boots again */
	vtime_ns clock_from;		/* when its clock was last set */
	uint64_t clock_ns;		/* what it showed then */
	int64_t drift_ppb;
	uint64_t realtime_ns;		/* its wall clock where its clock shows 0 */
	vtime_ns last;			/* of its last event */
	event_seq seq;
	uint32_t next_files;
	uint64_t events;		/* so far */
	struct rep_table processes;	/* by pid; those that ended last are among them */
	struct rep_table threads;	/* by tid */
	struct rep_table fds;		/* by files, fd */
	struct rep_table sockets;	/* by sock */
	struct rep_table interfaces;	/* by index */
	struct rep_table addresses;	/* by index, and as they came */
	struct rep_table routes;	/* as they came */
	struct rep_table neighbours;	/* by index, and as they came */
	struct rep_table timers;	/* by pid, and as they came */
	struct rep_table outputs;	/* by pid, fd */
	struct rep_table packets;	/* by id: of this sender */
};

struct rep_state {
	event_seq next;			/* the first event that has not happened */
	vtime_ns vtime;
	uint64_t realtime_ns;		/* wall clock at virtual time 0 */
	uint64_t ended;			/* the run has ended: 1 + its status */
	struct rep_table nodes;		/* struct rep_state_node by id */
	struct rep_table links;		/* struct rep_state_link by id */
};

struct rep_states;

/* reader is borrowed until the states are freed.  0. */
int rep_states_new(struct fmt_reader *reader, struct rep_states **ret);
void rep_states_free(struct rep_states *states);
DEFINE_CLEANUP(struct rep_states *, rep_states_free)

/* Reads the whole trace for keyframes, unless that was done; without it, rep_states_at() reads as far as it must.  progress
 * (may be NULL) is called now and then, false ends it.  0, -ECANCELED, -EBADMSG. */
typedef bool (*rep_states_progress)(void *data, event_seq done, event_seq count);
int rep_states_build(struct rep_states *states, rep_states_progress progress, void *data, struct fmt_error *error);

/* The state after event seq; of an empty trace, or for UINT64_MAX, the state before all.  *ret is borrowed until the next call.  0,
 * -ERANGE, -EBADMSG (error says where). */
int rep_states_at(struct rep_states *states, event_seq seq, const struct rep_state **ret, struct fmt_error *error);
/* The state at a time: after all events before it. */
int rep_states_at_time(struct rep_states *states, vtime_ns vtime, const struct rep_state **ret, struct fmt_error *error);

/* What a node's clock (CLOCK_MONOTONIC) shows; its wall clock is that + realtime_ns. */
uint64_t rep_state_clock(const struct rep_state *state, const struct rep_state_node *node);
/* NULL: there is none. */
const struct rep_state_node *rep_state_node(const struct rep_state *state, node_id id);
const struct rep_state_thread *rep_state_thread(const struct rep_state_node *node, uint32_t tid);
const struct rep_state_process *rep_state_process(const struct rep_state_node *node, uint32_t pid);
const struct rep_state_fd *rep_state_fd(const struct rep_state_node *node, uint32_t pid, uint32_t fd);
const struct rep_state_socket *rep_state_socket(const struct rep_state_node *node, uint64_t sock);

/* The state at a place as place.h has it. */
int rep_states_at_place(struct rep_states *states, const char *text, const struct rep_state **ret, struct fmt_error *error);

/* A copy that stays, which rep_state_free() frees. */
struct rep_state *rep_state_copy(const struct rep_state *state);
void rep_state_free(struct rep_state *state);
DEFINE_CLEANUP(struct rep_state *, rep_state_free)

/* ---- as text (state-text.c) ---- */

struct fmt_buf;
/* For a person; node 0: all. */
void rep_state_text(struct fmt_buf *out, const struct rep_state *state, node_id node);
/* One object of JSON, without newline; docs/control-protocol.7.md has its members. */
void rep_state_json(struct fmt_buf *out, const struct rep_state *state, node_id node);
/* What differs, a line each: "+ ..." is new, "- ..." is gone, "~ what: before -> after". */
void rep_state_diff(struct fmt_buf *out, const struct rep_state *before, const struct rep_state *after, node_id node);
/* "read(3 <socket:[17]>, 0x7f.., 4096)": a call with its arguments, as far as a trace has them.  thread's node. */
void rep_state_call_text(struct fmt_buf *out, const struct rep_state_node *node, const struct rep_state_thread *thread);

#endif
