/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * control-int.h - the inside of the control protocol: control.c (requests and answers, who is selected), control-move.c (moves and
 * points), control-look.c (threads, stacks, memory), control-variables.c, control-state.c, images.c (what is mapped where in a
 * whole trace), follow.c.
 */
#ifndef REP_CONTROL_INT_H
#define REP_CONTROL_INT_H

#include <jansson.h>
#include <stdatomic.h>

#include "control.h"
#include "json-put.h"
#include "source.h"
#include "state.h"
#include "timeline.h"
#include "scopes.h"
#include "location.h"

#define REP_FRAMES_MAX 256
#define REP_POINTS_MAX 1024

/* A process of the timeline, for symbols. */
struct rep_process_target {
	struct rep_control *control;
	node_id node;
	uint32_t pid;
	struct rep_target_map *maps;	/* owned; as of the move with this number */
	size_t map_count;
	uint64_t move;
	struct rep_target target;
};

/* What was set by one request: several addresses of one name are one point. */
struct rep_control_point {
	int number;			/* as the client knows it */
	struct rep_control *control;
	int *numbers;			/* of the timeline; owned */
	size_t count;
	char *text;			/* the request's words; owned */
	char *condition;		/* NULL: none; owned */
	uint64_t file;			/* the module that the address must lie in, 0: any */
	uint64_t hits;
};

struct rep_control {
	struct rep_timeline *timeline;
	struct fmt_reader *reader;	/* another one than the timeline's */
	struct rep_states *states;
	struct rep_symbols *symbols;
	struct rep_source *source;
	struct rep_images *images;	/* NULL: not asked for yet */
	struct rep_process_target process;
	char *path;
	uint64_t move;			/* goes up with every move */
	node_id node;			/* what is selected; 0: nobody */
	uint32_t tid;
	size_t frame;
	bool over;
	atomic_bool interrupted;	/* since the request at hand began */
	/* The stack of one thread, as of a move. */
	struct rep_frame frames[REP_FRAMES_MAX];
	size_t frame_count;
	uint64_t frames_move;
	node_id frames_node;
	uint32_t frames_tid;
	struct user_fpregs_struct fpregs;	/* of a place that was made last */
	struct rep_control_point points[REP_POINTS_MAX];
	size_t point_count;
	int last_number;
	/* Why the request at hand is refused. */
	const char *code;
	struct fmt_error error, said;
};

/* A request; 0, or what rep__refuse() returns. */
typedef int (*rep_request_fn)(struct rep_control *c, json_t *request, struct rep_json *out);
struct rep_request {
	const char *name;
	rep_request_fn fn;
};
/* Tables of requests, ended by a row without a name. */
extern const struct rep_request rep__move_requests[], rep__look_requests[], rep__variable_requests[], rep__state_requests[];

/* ---- control.c ---- */
/* -1, with the answer's code and sentence. */
__attribute__((format(printf, 3, 4))) int rep__refuse(struct rep_control *c, const char *code, const char *format, ...);
/* What a callee left in c->error, for rep__refuse() to repeat. */
const char *rep__said(struct rep_control *c);
/* Members of a request.  0; -1: refused, since it is missing or of the wrong type. */
int rep__get_text(struct rep_control *c, json_t *request, const char *name, const char **ret);
/* NULL or otherwise when it is not there. */
int rep__get_text_or(struct rep_control *c, json_t *request, const char *name, const char *otherwise, const char **ret);
/* A number, or "0x..." as text. */
int rep__get_number_or(struct rep_control *c, json_t *request, const char *name, uint64_t otherwise, uint64_t *ret);
int rep__get_number(struct rep_control *c, json_t *request, const char *name, uint64_t *ret);
bool rep__get_bool(json_t *request, const char *name);
/* The node that a request names, or the selected one; 0 when neither is. */
int rep__get_node(struct rep_control *c, json_t *request, node_id *ret);
/* The thread that a request names, or the selected one. */
int rep__get_thread(struct rep_control *c, json_t *request, struct rep_thread_info *ret);
/* A process: by pid, or that of the thread. */
int rep__get_process(struct rep_control *c, json_t *request, node_id *ret_node, uint32_t *ret_pid);
/* Symbols of a process read through this; borrowed until another process is asked for. */
const struct rep_target *rep__target(struct rep_control *c, node_id node, uint32_t pid);
/* The stack of a thread; borrowed until the next move.  -1: refused. */
int rep__stack(struct rep_control *c, node_id node, uint32_t tid, const struct rep_frame **ret, size_t *ret_count);
/* An interrupt that came when the move before had just ended ended this one: it is to be done again. */
bool rep__is_stale(struct rep_control *c, const struct rep_stop *stop);
/* After a move: position, stop; and that thread is selected. */
void rep__put_stop(struct rep_control *c, const struct rep_stop *stop, struct rep_json *out);
void rep__put_where(struct rep_control *c, struct rep_json *out);

/* ---- control-variables.c ---- */
/* The place of a frame of a thread's stack; borrowed until the next.  -1: refused, there is no such frame. */
int rep__place_of_frame(struct rep_control *c, const struct rep_thread_info *thread, uint64_t frame, struct rep_place *ret);
/* The same for what a request says. */
int rep__get_place(struct rep_control *c, json_t *request, struct rep_place *ret, struct rep_thread_info *ret_thread);

/* ---- images.c ---- */
/* What is mapped from files anywhere in a trace: where a name will be is known before anything is executed. */
struct rep_images;
struct rep_images *rep__images_new(struct fmt_reader *reader);
void rep__images_free(struct rep_images *images);
/* Every mapping of a file by a process of the node, as a target without memory; borrowed. */
const struct rep_target *rep__images_of(struct rep_images *images, node_id node);
/* The same number for a content, everywhere. */
uint64_t rep__file_number_of(const uint8_t hash[FMT_HASH_SIZE]);

/* ---- follow.c ---- */
int rep__follow(struct rep_control *c, json_t *request, struct rep_json *out);

#endif
