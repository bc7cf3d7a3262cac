/* SPDX-License-Identifier: GPL-2.0-or-later */
/* experiment.h - what the experiment file says: nodes, programs, links.  A superset of Shadow's keys. */
#ifndef REC_EXPERIMENT_H
#define REC_EXPERIMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "channel.h"
#include "event.h"
#include "fault.h"
#include "stream.h"

#define REC_IF_NAME_SIZE 16
#define REC_NODES_MAX 65535u	/* a node's number has two bytes in its MAC addresses */
#define REC_LINKS_MAX 65536u	/* a link's number has two bytes in automatic addresses */
#define REC_INTERFACES_MAX 256u	/* of one node */

/* When a process starts again after its host has. */
enum rec_after_restart { REC_AGAIN_IF_RUNNING, REC_AGAIN_ALWAYS, REC_AGAIN_NEVER };

enum rec_final_state { REC_FINAL_EXITED, REC_FINAL_SIGNALED, REC_FINAL_RUNNING };

struct rec_exp_process {
	char *name;			/* file name of path, or as given; "name.2" and so on make it unique on its node */
	char *path;			/* absolute, or looked up in PATH on the node */
	char **args;			/* argv, NULL terminated, [0] is the path as given */
	char **env;			/* NAME=value, sorted by name, NULL terminated */
	vtime_ns start_time;
	vtime_ns shutdown_time;		/* UINT64_MAX: none */
	int shutdown_signal;		/* default SIGTERM */
	enum rec_final_state expected;	/* default exited with 0 */
	int expected_code;		/* exit code, or signal number */
	enum rec_after_restart after_restart;
	char *stdin_path;		/* file on the host (what is relative in the file has got its dir), NULL: empty */
};

/* One direction of a link from a time on. */
struct rec_exp_phase {
	vtime_ns from;
	struct rec_exp_channel channel;
};

struct rec_exp_end {
	node_id node;
	uint32_t ifid;			/* number of the interface on its node, from 0 */
	char if_name[REC_IF_NAME_SIZE];	/* default eth0, eth1 ... in order of links */
	uint8_t mac[6];			/* 02:00: + node (2 bytes) + interface (2 bytes) */
	char ipv4[20], ipv6[50];	/* address/prefix; automatic when not given */
	struct rec_exp_channel out;	/* towards the other end, at first */
	struct rec_exp_phase *phases;	/* what the timeline makes of it, by ascending times, all after 0 */
	size_t phase_count;
};

struct rec_exp_link {
	uint32_t id;			/* from 0; pairs have numbers of their own from REC_LINKS_MAX on */
	char *name;			/* NULL: none was given */
	struct rec_exp_end end[2];
	uint32_t mtu;			/* default 1500 */
};

enum rec_medium_kind {
#define MEDIUM(kind) REC_MEDIUM_##kind,
#include "media.def"
#undef MEDIUM
	REC_MEDIUM_COUNT
};

struct rec_exp_path {			/* across the graph of an internet */
	vtime_ns delay_ns;
	uint64_t loss_ppb;
};

struct rec_exp_frame {			/* that a capture sends */
	vtime_ns at;
	uint32_t size;
	uint8_t *bytes;
};

/* What joins more than two interfaces.  It is a node without a kernel: every interface on it has a link to it. */
struct rec_exp_medium {
	enum rec_medium_kind kind;
	bool pairs_only;		/* frames pass between the pairs that are listed, and no others */
	vtime_ns age_ns;		/* switch: how long an address is remembered */
	/* internet: where in the graph the hosts are, and the paths between these places, less what the links delay */
	uint32_t *place;		/* [number of the medium's interface] */
	size_t place_count;
	struct rec_exp_path *paths;	/* [from * place_count + to] */
	struct rec_exp_frame *frames;	/* pcap, by ascending times */
	size_t frame_count;
};

struct rec_exp_route {			/* explicit, or the automatic shortest path ones; see docs */
	char destination[50];		/* address/prefix; "0.0.0.0/0" and "::/0" are the default ones */
	char via[50];			/* address; "": the destination is on the interface's own link */
	uint32_t ifid;
};

struct rec_exp_node {
	node_id id;			/* from 1, in order of names as written */
	char *name;
	struct rec_exp_process *processes;
	size_t process_count;
	char **sysctls;			/* "path=value", path with dots, NULL terminated */
	struct rec_exp_route *routes;	/* in the order in which they can be added */
	size_t route_count;
	uint64_t memory_size;		/* bytes of the node's kernel */
	char *root;			/* host directory that it sees as /, NULL: the experiment's */
	struct rec_exp_fault *faults;	/* by ascending times */
	size_t fault_count;
	struct rec_exp_medium *medium;	/* NULL: a host */
};

struct rec_exp_move {			/* from a time on a node is somewhere */
	vtime_ns at;
	node_id node;
	int64_t mm[3];
};

/* Rules for system calls that stand together in one place. */
struct rec_inject_rules {
	struct rec_inject_rule *list;
	size_t count;
};

struct rec_experiment {
	char *path;			/* as opened */
	char *dir;			/* where it lies; relative host paths start here */
	char *text;			/* the file and, as comments, overrides and inputs; goes into the trace */
	size_t text_size;
	char **inputs;			/* files that it names, as "NAME sha256 HASH", NULL terminated; NULL: none */
	uint64_t seed;
	struct rec_reseeds reseeds;	/* what the timeline makes of it */
	vtime_ns stop_time;		/* UINT64_MAX: until every process has ended */
	vtime_ns bootstrap_ns;		/* until then an internet loses nothing, and its links are unlimited; 0: never */
	uint64_t realtime_ns;		/* wall clock at vtime 0; default 2000-01-01T00:00:00Z, as in Shadow */
	vtime_ns clock_spread_ns;	/* the clocks of day of other nodes than the first are ahead of it by less; default 1000 */
	vtime_ns syscall_cost_ns;	/* CPU model; default 1000 */
	char *root;			/* of all nodes that name no other, NULL: the host's own / */
	vtime_ns monitor_ns;		/* how often the load of links is told; 0: never; default 1 s */
	vtime_ns clock_cost_ns;		/* of one clock read from the vDSO; default 20 */
	struct rec_exp_node *nodes;	/* [id - 1]: hosts, then media */
	size_t node_count;
	struct rec_exp_link *links;	/* [id] */
	size_t link_count;
	struct rec_exp_link *pairs;	/* two hosts on one medium between which something is special; [id - REC_LINKS_MAX] */
	size_t pair_count;
	struct rec_exp_move *moves;	/* by ascending times */
	size_t move_count;
	int64_t **tables;		/* of jitter */
	size_t table_count;
	struct rec_disk_fault **disks;
	size_t disk_count;
	struct rec_inject_rules *rules;
	size_t rules_count;
	bool auto_routes;
	vtime_ns lookahead;		/* least delay of any link at any time, jitter included; UINT64_MAX without links */
};

struct rec_exp_error {
	char text[1024];		/* file:line:column: what, and what to do */
};

/* Reads path.  set: NULL or NULL-terminated "key.path=value" overrides.  0 or -errno (-EINVAL: what is written is wrong). */
int rec_experiment_load(const char *path, const char *const *set, struct rec_experiment **ret, struct rec_exp_error *error);
/* hindcast record -- PROGRAM ARGS...: one node, one program. */
int rec_experiment_single(char *const *argv, struct rec_experiment **ret, struct rec_exp_error *error);
void rec_experiment_free(struct rec_experiment *exp);	/* takes NULL */

/* The experiment as a trace has it, taken apart again: the file's text and the comments behind it. */
struct rec_exp_recorded {
	const char *text;		/* borrowed */
	size_t text_size;
	char **set;			/* overrides, NULL terminated; NULL: none */
	char **inputs;			/* as rec_experiment.inputs */
};
/* A file whose own last lines look like such comments is taken for one that was changed by them. */
void rec_exp_recorded_init(struct rec_exp_recorded *recorded, const char *text, size_t size);
void rec_exp_recorded_done(struct rec_exp_recorded *recorded);
/* As rec_experiment_load(): name is for messages, relative paths start at dir, and set is all that is to be changed. */
int rec_experiment_load_recorded(const char *name, const char *dir, const struct rec_exp_recorded *recorded, const char *const *set,
				 struct rec_experiment **ret, struct rec_exp_error *error);

/* The characteristics of a direction at a time. */
const struct rec_exp_channel *rec_channel_at(const struct rec_exp_end *end, vtime_ns time);

/* Appends the /etc/hosts of a node: localhost, and every node's name with its first addresses.  A node's
 * own name stands on 127.0.0.1 only when it has no interface. */
void rec_experiment_hosts_file(const struct rec_experiment *exp, node_id self, struct fmt_buf *out);

#endif
