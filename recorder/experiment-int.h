/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * experiment-int.h - what the files that read an experiment share.
 *
 * Functions that can fail return 0 or -EINVAL with rec__fail() having told where and why; -ENOMEM does not occur,
 * since an experiment that does not fit into memory could not run either (CHECK).
 */
#ifndef REC_EXPERIMENT_INT_H
#define REC_EXPERIMENT_INT_H

#include <yaml.h>

#include "experiment.h"

struct rec__load;
/* Reads the value of a key, or an item of a list, into object. */
typedef int rec__take_fn(struct rec__load *load, int value, void *object);

enum rec__scope {
#define SCOPE(name, title) REC__SCOPE_##name,
#define KEY(scope, key, take, type, member)
#define PART(scope, key, take)
#include "experiment-keys.def"
#undef SCOPE
#undef KEY
#undef PART
};

#define SCOPE(name, title)
#define KEY(scope, key, take, type, member) rec__take_fn rec__take_##take;
#define PART(scope, key, take) rec__take_fn rec__take_##take;
#include "experiment-keys.def"
#undef SCOPE
#undef KEY
#undef PART

/* A host while it is read. */
struct rec__host {
	int name;			/* YAML node, for the place of errors */
	bool isolated;
	uint32_t interface_count;
	int routes;			/* YAML node, 0: none; read when the links are known */
	char ip_addr[20];
	uint64_t place;			/* network_node_id: where it is in the graph, UINT64_MAX: nowhere */
	int place_value;
	uint64_t up_bps, down_bps;	/* 0: as the graph has it */
	int position_value;		/* YAML node, 0: it has no position */
	int64_t position[3];		/* millimetres */
};

/* An end of a link while it is read. */
struct rec__end {
	struct rec_exp_end end;
	int value;			/* YAML node for the place of errors, 0: not yet seen */
};

#define REC__UNSET UINT64_MAX	/* delay that was not given */

struct rec__link {
	int value;
	int name;			/* YAML node, 0: none */
	uint32_t mtu;
	struct rec__end end[2];
	struct rec_exp_channel both;	/* what is said for both directions */
	int a_to_b, b_to_a;		/* YAML nodes of overrides, 0: none */
};

struct rec__moment;
typedef int rec__carry_out_fn(struct rec__load *load, const struct rec__moment *moment);

/* Something that changes links at a time: an entry of the timeline, a step of a ramp, a contact ... */
struct rec__moment {
	vtime_ns at;
	int value;			/* YAML node for the place of errors */
	uint32_t step, step_count;	/* of the ramp, from 1; 0: the entry itself */
	bool first;			/* before all others of its time, which take effect in the order in which they were added */
	size_t order;
	rec__carry_out_fn *carry_out;
	void *arg;			/* carry_out's */
};

/* A fault while it is read. */
struct rec__fault {
	struct rec_exp_fault fault;
	struct rec_disk_fault disk;	/* what is said of it */
	int on, value, path;		/* YAML nodes: targets, the whole, disk.path */
	bool has_calls;
};

struct rec__route {
	struct rec_exp_route route;
	int interface, via;		/* YAML nodes, 0: none */
};

struct rec__process {
	struct rec_exp_process process;
	uint64_t quantity;
};

struct rec__load {
	struct rec_experiment *exp;
	struct rec_exp_error *error;
	const char *file;		/* name in messages */
	yaml_document_t doc;
	int file_nodes;			/* YAML nodes from here on come from overrides */
	const char *const *set;		/* the overrides */
	int *set_first;			/* [i]: first YAML node of override i */
	struct rec__host *hosts;	/* [id - 1] */
	struct rec__host *host;		/* that is being read */
	int *link_values;		/* [id]: YAML node of the link, for the place of errors */
	bool direct_paths;		/* use_shortest_path: false */
	struct rec__moment *moments;
	size_t moment_count;
	void **kept;			/* what moments need */
	size_t kept_count;
	uint32_t *lans;			/* [id - 1]: of a medium: that with the lowest index among those it is joined with */
	struct rec__pairs *pairs;	/* how exp->pairs are found; NULL: not yet needed */
	struct rec__movement *movements;
	size_t movement_count;
	struct rec__capture *captures;
	size_t capture_count;
	struct rec__radio *radios;
	size_t radio_count;
	struct rec__place *places;	/* [id - 1]: where nodes are, at the time that the moments have come to; NULL: nowhere */
};

/* ---- experiment-yaml.c ---- */
yaml_node_t *rec__yaml(struct rec__load *load, int index);
int rec__fail(struct rec__load *load, int index, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Line of the file from 1; 0: the node comes from an override. */
uint32_t rec__line(struct rec__load *load, int index);
int rec__yaml_parse(struct rec__load *load, const char *text, size_t size);
int rec__yaml_override(struct rec__load *load, const char *set);
/* Value of a key, 0: none. */
int rec__yaml_find(struct rec__load *load, int map, const char *key);
/* Takes all keys of a map in the order of the table. what is said in messages ("a process"). */
/* A map whose keys are names: all are text, and each is there once. */
int rec__check_names(struct rec__load *load, int map, const char *what);
int rec__take_map(struct rec__load *load, int map, enum rec__scope scope, void *object);
/* Borrowed text of a scalar, NULL when failed. what: "a host's name". */
const char *rec__scalar(struct rec__load *load, int index, const char *what);
int rec__expect(struct rec__load *load, int index, yaml_node_type_t type, const char *what);
/* Calls take for every item of a list. */
int rec__each(struct rec__load *load, int list, const char *what, rec__take_fn *take, void *object);
/* The candidate most like word, NULL when none is alike. */
const char *rec__nearest(const char *word, const char *const *candidates, size_t count);

/* ---- experiment-units.c: text to numbers.  0, -EINVAL (not of this form), -ERANGE ---- */
int rec__parse_time(const char *text, vtime_ns *ret);
int rec__parse_rate(const char *text, uint64_t *ret_bps);
int rec__parse_size(const char *text, uint64_t *ret_bytes);
int rec__parse_length(const char *text, uint64_t *ret_mm);
int rec__parse_fraction(const char *text, uint64_t *ret_ppb);
int rec__parse_u64(const char *text, uint64_t *ret);
int rec__parse_realtime(const char *text, uint64_t *ret_ns);
int rec__parse_signal(const char *text, int *ret);
/* Splits as a shell would: blanks, quotes, backslashes; appends to the NULL-terminated list. */
int rec__split_words(const char *text, char ***list, size_t *count);

/* ---- experiment-hosts.c ---- */
/* Adds a copy of text to a list and keeps it NULL terminated. */
void rec__list_add(char ***list, size_t *count, const char *text);
char *rec__copy(const char *text);
/* The array with room for one more element, which is zeroed. */
void *rec__grow(void *array, size_t count, size_t element_size);
/* The host that a scalar names; or a part of it. */
int rec__find_host(struct rec__load *load, int value, node_id *ret);
int rec__find_host_named(struct rec__load *load, int value, const char *name, size_t size, node_id *ret);
int rec__take_signal(struct rec__load *load, int value, int *ret);
/* A node, host or medium, of the name that a YAML node has; load->host is its. what: "a host's name". */
int rec__add_node(struct rec__load *load, int key, const char *what);
int rec__add_named_node(struct rec__load *load, int key, const char *name);
void rec__add_sysctl(struct rec_exp_node *node, const char *name, const char *value);
void rec__process_done(struct rec_exp_process *process);

/* ---- experiment-channel.c ---- */
/* Defaults and errors that follow from several characteristics. */
int rec__check_channel(struct rec__load *load, int value, struct rec_exp_channel *channel);
/* Index of the word that a scalar is; -EINVAL. */
int rec__take_word(struct rec__load *load, int value, const char *what, const char *const *words, size_t count);

/* ---- experiment-timeline.c ---- */
/* Zeroed memory that lives as long as the load. */
void *rec__keep(struct rec__load *load, size_t size);
int rec__add_moment(struct rec__load *load, struct rec__moment moment);
/* Carries all moments out, in the order of their times. */
int rec__run_moments(struct rec__load *load);
/* The characteristics of a direction from a time on, to be changed.  Times never descend. */
struct rec_exp_channel *rec__from_time(struct rec_exp_end *end, vtime_ns at);

/* ---- experiment-media.c ---- */
/* The pair of two hosts that are on one medium, or on switches that are joined, made when there is none; NULL, silently:
 * they are on none together. */
struct rec_exp_link *rec__pair(struct rec__load *load, node_id a, node_id b);
/* NULL: there is none. */
const struct rec_exp_link *rec__pair_if_known(struct rec__load *load, node_id a, node_id b);
/* What a pair is like at first. */
struct rec_exp_channel rec__pair_channel(void);
/* What only shows when all links are known. */
void rec__finish_media(struct rec_experiment *exp);
void rec__pairs_free(struct rec__load *load);

/* ---- experiment-radio.c ---- */
struct rec__place {
	bool known;
	int64_t mm[3];
};

struct rec__rate {			/* up to a distance */
	uint64_t mm, bps;
};

/* A radio channel on which distance or a model of movement decides who hears whom. */
struct rec__radio {
	node_id node;			/* its medium */
	int value;			/* YAML node for the place of errors */
	uint64_t range_mm;		/* 0: not limited */
	struct rec__rate *rates;	/* by ascending distances; owned by the load */
	size_t rate_count;
	bool propagation;		/* the way takes light its time */
	int movement;			/* YAML node with its name, 0: none */
	struct rec__movement *model;	/* whose matrix says who is connected; NULL: none has one */
};

struct rec__move {			/* an entry of the timeline */
	int hosts, to;			/* YAML nodes, 0: none */
	vtime_ns over;			/* 0: at once */
	uint64_t steps;			/* 0: as many as usual */
};

int rec__read_move(struct rec__load *load, int value, struct rec__move *ret);
struct rec__radio *rec__add_radio(struct rec__load *load, node_id node, int value);
/* [x, y] or [x, y, z] in millimetres. */
int rec__take_coordinates(struct rec__load *load, int value, int64_t ret[3]);
/* Remembers where a node is from now on. */
void rec__set_place(struct rec__load *load, vtime_ns at, node_id node, const int64_t mm[3]);
/* After places or a matrix have changed: who hears whom from now on. */
void rec__update_radios(struct rec__load *load, vtime_ns at);
/* After all: every host has a place that needs one. */
int rec__check_radio(struct rec__load *load);
/* Where everybody is at first. */
int rec__begin_radio(struct rec__load *load);

/* ---- experiment-pcap.c ---- */
struct rec__capture {			/* a medium that sends what was captured */
	node_id node;
	int value, file, addresses;	/* YAML nodes, 0: none */
	vtime_ns start;			/* when its first frame leaves */
};

/* When all addresses are known. */
int rec__take_captures(struct rec__load *load);

/* ---- experiment-mobility.c ---- */
/* The movement of a name. */
struct rec__movement *rec__find_movement(struct rec__load *load, int value);
/* Whether the model connects two hosts now; 1, 0, or -1: it says nothing about them. */
int rec__movement_connects(const struct rec__movement *movement, node_id from, node_id to);
bool rec__movement_has_matrix(const struct rec__movement *movement);
int rec__open_movements(struct rec__load *load);
/* Adds their steps. */
int rec__begin_movements(struct rec__load *load);
/* What the models draw from now on is of this seed. */
void rec__reseed_movements(struct rec__load *load, uint64_t seed);
void rec__movements_free(struct rec__load *load);

/* ---- experiment-addresses.c ---- */
/* Finds load->lans, when all links are known. */
int rec__join_media(struct rec__load *load);
/* Gives addresses to the interfaces that have none, and checks those that have. */
int rec__add_addresses(struct rec__load *load);

/* ---- experiment-gml.c ---- */
struct rec__gml_place {
	uint64_t id, up_bps, down_bps;	/* rates: 0: not given */
	bool has_id;
	unsigned int line;
};

struct rec__gml_edge {
	uint64_t source, target, latency_ns, loss_ppb;
	bool has_source, has_target;
	unsigned int line;
};

struct rec__gml {
	bool directed;
	struct rec__gml_place *places;
	struct rec__gml_edge *edges;
	size_t place_count, edge_count;
};

/* Reads text, which name calls in messages; value: the YAML node that it comes from.  The caller frees both lists. */
int rec__gml_read(struct rec__load *load, int value, const char *name, const char *text, struct rec__gml *ret);

/* ---- experiment-files.c: what an experiment names ---- */
/* The path of a file on the host, the caller's to free(): a relative one starts where the experiment lies. */
char *rec__file_path(const struct rec__load *load, const char *path);
/* The whole of a file with a zero byte behind it, the caller's to free().  0 or -errno (-EFBIG: larger than size_max). */
int rec__read_file(const char *path, uint64_t size_max, char **ret, size_t *ret_size);
/* The text of a file that a YAML node names; the caller's to free(), NULL when failed. */
char *rec__file_text(struct rec__load *load, int value, const char *path);
/* What a file holds becomes part of what was run: its hash goes into the trace, with the name as it is written. */
int rec__note_input(struct rec__load *load, int value, const char *path);
char *rec__file_text_xz(struct rec__load *load, int value, const char *path);

/* ---- experiment-links.c ---- */
#define REC__QUEUE_DEFAULT 64
/* An empty link, as every one begins. */
struct rec__link rec__link_new(int value);
/* Completes a link, numbers it and its interfaces, and adds it. */
int rec__add_link(struct rec__load *load, struct rec__link *link);
/* The explicit routes of all hosts, when the links are known. */
int rec__take_routes(struct rec__load *load);
/* Canonical "address/prefix" of "address" or "address/prefix"; -EINVAL.  prefix is used when there is none. */
int rec__parse_address(const char *text, int family, unsigned int prefix, char *ret, size_t ret_size);

/* ---- experiment-routes.c ---- */
/* Adds the routes of shortest delay, and forwarding where they pass. */
void rec__add_routes(struct rec_experiment *exp);
/* Whether an address lies in the network of an "address/prefix". */
bool rec__on_network(const char *address, const char *network);

#endif
