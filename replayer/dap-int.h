/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dap-int.h - the inside of the debug adapter: dap.c (messages, queue), dap-session.c (launch, points, moves), dap-look.c (threads, stacks,
 * variables). */
#ifndef REP_DAP_INT_H
#define REP_DAP_INT_H

#include <jansson.h>
#include <pthread.h>

#include "control.h"
#include "dap.h"

/* A number that the client was given, and what it stands for; all of them end with the next move. */
struct rep_dap_ref {
	enum { REP_DAP_FRAME, REP_DAP_LOCALS, REP_DAP_GLOBALS, REP_DAP_REGISTERS, REP_DAP_WITHIN } kind;
	uint64_t node, tid, frame;
	char handle[32];		/* WITHIN: the type */
	uint64_t addr;
};

struct rep_dap {
	int in_fd, out_fd;
	struct rep_control *control;	/* NULL before launch */
	struct rep_dap_ref *refs;	/* number - 1 */
	size_t ref_count, ref_capacity;
	json_int_t seq;			/* of messages to the client */
	bool over;
	bool stop_on_entry;
	json_t *points;			/* by source path, and "" for functions, "data": lists of numbers of the control */
	/* Messages that wait, and what must not. */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t ready;
	json_t *queue;			/* list */
	bool closed;			/* no more will come */
	bool broken;			/* ... since it was no message of the protocol */
	bool moving;			/* a move is under way: pause ends it */
};

/* Carries out a request; the answer's body (owned by the caller; NULL: none), or error->text. */
typedef int (*rep_dap_fn)(struct rep_dap *dap, json_t *arguments, json_t **ret_body, struct fmt_error *error);
struct rep_dap_command {
	const char *name;
	rep_dap_fn fn;
	rep_dap_fn after;		/* once the answer has been sent; NULL: nothing */
};
extern const struct rep_dap_command rep__dap_session[], rep__dap_look[];

/* ---- dap.c ---- */
void rep__dap_event(struct rep_dap *dap, const char *name, json_t *steal_body);
/* A request of the control protocol, which is stolen; its answer, to be given back by json_decref().  NULL: refused, with error. */
json_t *rep__dap_ask(struct rep_dap *dap, json_t *steal_request, struct fmt_error *error);
int rep__dap_refuse(struct fmt_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Numbers for the client. */
json_int_t rep__dap_ref(struct rep_dap *dap, const struct rep_dap_ref *ref);
const struct rep_dap_ref *rep__dap_of(const struct rep_dap *dap, json_t *number);
/* Threads of all nodes have one number each. */
json_int_t rep__dap_thread(uint64_t node, uint64_t tid);
void rep__dap_thread_of(json_t *number, uint64_t *ret_node, uint64_t *ret_tid);
uint64_t rep__dap_u64(json_t *object, const char *name);

#endif
