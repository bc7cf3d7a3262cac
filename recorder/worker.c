/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * worker.c - the process that runs a share of the nodes.
 *
 * It has one thread, since the tracer of its programs is a thread, and shares its table of descriptors with them.
 * What it needs of node, tracer and kernel image it finds at link time; the tests of machine.c bring their own.
 */
#include "worker.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "filehash.h"
#include "hashset.h"
#include "loader.h"
#include "mailbox.h"
#include "medium.h"
#include "tracee.h"

struct place {			/* of a node of the experiment */
	struct rec_node *node;
	struct rec_medium *medium;	/* in the place of a node; both NULL: another worker's */
	bool touched;		/* to be told of in the next DONE */
};

struct worker {
	struct rec_mailbox box;
	const struct rec_experiment *exp;
	unsigned int index;
	struct rec_cpus *cpus;	/* NULL: it keeps to none */
	struct rec_node_env env;
	struct place *places;	/* [id - 1] */
	struct fmt_buf outbound;/* packets of this window, for nodes of other workers */
	uint64_t delivered;	/* to those of its own */
	uint64_t until;		/* end of the window */
	struct fmt_buf message;	/* that came */
	struct fmt_buf reply;
	struct rec_hashset files;
};

/* Why the worker cannot go on; it stays for QUIT, so that its end is in order. */
__attribute__((format(printf, 3, 4)))
static int fail(struct worker *w, int error, const char *format, ...)
{
	struct fmt_buf body = {0};
	const int32_t code = error;
	char text[900];
	va_list args;

	CHECK(error < 0);
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fmt_buf_put(&body, &code, sizeof(code));
	fmt_buf_put(&body, text, strlen(text) + 1);
	rec_mail_send(&w->box, REC_MAIL_FAILED, body.data, body.size, /* pass_fd= */ -1);
	fmt_buf_done(&body);
	return error;
}

/* ---- nodes and media ---- */

static bool place_used(const struct place *place)
{
	return place->node || place->medium;
}

static vtime_ns place_next(const struct place *place)
{
	return place->medium ? rec_medium_next(place->medium) : rec_node_next(place->node);
}

static void place_receive(struct place *place, struct rec_packet *packet)
{
	if (place->medium)
		rec_medium_receive(place->medium, packet);
	else
		rec_node_receive(place->node, packet);
}

static int place_run(struct place *place, vtime_ns until)
{
	if (!place->medium)
		return rec_node_run(place->node, until);
	rec_medium_run(place->medium, until);
	return 0;
}

static int place_open(struct worker *w, node_id id)
{
	struct place *place = &w->places[id - 1];

	if (!w->exp->nodes[id - 1].medium)
		return rec_node_new(&w->env, id, &place->node);
	place->medium = rec_medium_new(&w->env, id);
	return 0;
}

/* ---- what nodes call ---- */

static void on_send(void *arg, struct rec_packet *packet)
{
	struct worker *w = arg;
	struct place *place = &w->places[packet->dst - 1];

	/* One that would come into the past is the machine's to complain of. */
	if (!place_used(place) || packet->arrive_ns < w->until) {
		rec_mail_put_packet(&w->outbound, packet);
		free(packet);
		return;
	}
	/* The same order awaits it in the node as if it had gone through the machine. */
	place->touched = true;
	w->delivered++;
	place_receive(place, packet);
}

/* Without the machine there is nobody to run for: QUIT or its death ends the process here. */
static void on_file(void *arg, const uint8_t hash[32], int fd)
{
	struct worker *w = arg;
	struct fmt_buf body = {0};
	enum rec_mail kind = 0;
	int passed = -EBADF;

	if (!rec_hashset_add(&w->files, hash))
		return;
	if (rec_mail_send(&w->box, REC_MAIL_FILE, hash, 32, fd) < 0 ||
	    rec_mail_receive(&w->box, &kind, &body, &passed) < 0 || kind == REC_MAIL_QUIT)
		_exit(EXIT_FAILURE);
	CHECK(kind == REC_MAIL_GO && passed < 0);
	fmt_buf_done(&body);
}

/* ---- replies ---- */

static void put_state(struct worker *w, node_id id, uint64_t failed)
{
	const struct place *place = &w->places[id - 1];
	struct fmt_buf *events = place->medium ? rec_medium_events(place->medium) : rec_node_events(place->node);
	const struct rec_node_state state = {
		.next = place_next(place),
		.unfinished = place->medium ? 0 : rec_node_unfinished(place->node),
		.failed = failed,
		.events_size = events->size,
		.node = id,
	};

	fmt_buf_put(&w->reply, &state, sizeof(state));
	fmt_buf_put(&w->reply, events->data, events->size);
	fmt_buf_clear(events);
}

/* DONE: touched nodes by id, then packets.  failed is by id, NULL: none. */
static int send_done(struct worker *w, const uint64_t *failed)
{
	struct rec_done done = {.delivered = w->delivered};

	w->delivered = 0;
	fmt_buf_clear(&w->reply);
	fmt_buf_put(&w->reply, &done, sizeof(done));
	for (size_t i = 0; i < w->exp->node_count; i++) {
		if (!w->places[i].touched)
			continue;
		put_state(w, (node_id)i + 1, failed ? failed[i] : 0);
		w->places[i].touched = false;
		done.states++;
	}
	memcpy(w->reply.data, &done, sizeof(done));
	fmt_buf_put(&w->reply, w->outbound.data, w->outbound.size);
	fmt_buf_clear(&w->outbound);
	return rec_mail_send(&w->box, REC_MAIL_DONE, w->reply.data, w->reply.size,
			     /* pass_fd= */ -1);
}

/* ---- commands ---- */

static int fail_node(struct worker *w, node_id id, int error)
{
	const char *more = rec_node_failure(w->places[id - 1].node);

	return fail(w, error, "node '%s' cannot go on: %s", w->exp->nodes[id - 1].name,
		    *more ? more : strerror(-error));
}

static int run_window(struct worker *w)
{
	struct rec_packet *packet;
	size_t pos = 0;

	if (w->cpus)
		rec_cpus_keep(w->cpus, w->index, w->env.tracer);
	CHECK(!rec_mail_get(&w->message, &pos, &w->until, sizeof(w->until)));
	while (rec_mail_get_packet(&w->message, &pos, &packet) > 0) {
		CHECK(packet->dst >= 1 && packet->dst <= w->exp->node_count);
		struct place *place = &w->places[packet->dst - 1];

		CHECK(place_used(place));
		place->touched = true;
		place_receive(place, packet);
	}
	for (size_t i = 0; i < w->exp->node_count; i++) {
		struct place *place = &w->places[i];

		if (!place_used(place) || place_next(place) >= w->until)
			continue;
		place->touched = true;
		const int error = place_run(place, w->until);

		if (error < 0)
			return fail_node(w, (node_id)i + 1, error);
	}
	return send_done(w, NULL);
}

static int stop_nodes(struct worker *w)
{
	_cleanup_free_ uint64_t *failed = calloc(w->exp->node_count, sizeof(*failed));
	uint64_t now;
	size_t pos = 0;

	CHECK(failed);
	CHECK(!rec_mail_get(&w->message, &pos, &now, sizeof(now)));
	for (size_t i = 0; i < w->exp->node_count; i++) {
		struct place *place = &w->places[i];

		if (!place->node)
			continue;
		place->touched = true;
		failed[i] = rec_node_stop(place->node, now);
		const int error = rec_node_keep_coverage(place->node);

		if (error < 0)
			return fail_node(w, (node_id)i + 1, error);
	}
	return send_done(w, failed);
}

static int boot_nodes(struct worker *w, const struct rec_run_options *options)
{
	const char *reason = NULL;
	int error = rec_tracer_new(&w->env.tracer, &reason);

	if (error < 0)
		return fail(w, -ENOSYS, "this host cannot run programs under hindcast: %s",
			    reason ? reason : strerror(-error));
	error = options->fast_calls ? rec_tracer_fast(w->env.tracer, w->index) : 0;
	if (error < 0)
		return fail(w, -ENOSYS, "--fast-calls: %s", error == -ENODEV ?
			    "it needs two processors for each worker" : strerror(-error));
	error = kg_image_open(options->kernel_path, &w->env.image);
	if (error < 0)
		return fail(w, error, "kernel image %s: %s", options->kernel_path,
			    error == -EPROTO ? "it was built for another version of hindcast" :
			    error == -EBADMSG ? "it is not a kernel image of hindcast" : strerror(-error));
	if (options->debug_path)
		kg_image_keep_text(w->env.image);
	for (node_id id = 1; id <= w->exp->node_count; id++) {
		if (rec_worker_of(id, options->workers, w->exp->node_count) != w->index)
			continue;
		error = place_open(w, id);
		if (error < 0)
			return fail(w, error, "node '%s' does not boot: %s",
				    w->exp->nodes[id - 1].name, strerror(-error));
		w->places[id - 1].touched = true;
	}
	return send_done(w, NULL);
}

static void worker_done(struct worker *w)
{
	for (size_t i = 0; i < w->exp->node_count; i++) {
		if (w->places[i].node)
			rec_node_free(w->places[i].node);
		rec_medium_free(w->places[i].medium);
	}
	if (w->env.image)
		kg_image_close(w->env.image);
	if (w->env.tracer)
		rec_tracer_free(w->env.tracer);
	rec_filehashes_free(w->env.hashes);
	free(w->places);
	fmt_buf_done(&w->outbound);
	fmt_buf_done(&w->message);
	fmt_buf_done(&w->reply);
	rec_hashset_done(&w->files);
}

/* One command; 1 when it was the last. */
static int obey(struct worker *w, bool failed)
{
	enum rec_mail kind = 0;
	int fd = -EBADF;
	const int error = rec_mail_receive(&w->box, &kind, &w->message, &fd);

	if (error < 0)
		return error;
	CHECK(fd < 0);
	if (kind == REC_MAIL_QUIT)
		return 1;
	CHECK(!failed);
	CHECK(kind == REC_MAIL_RUN || kind == REC_MAIL_STOP);
	return kind == REC_MAIL_RUN ? run_window(w) : stop_nodes(w);
}

int rec_worker_main(const struct rec_mailbox *box, const struct rec_experiment *exp,
		    const struct rec_run_options *options, struct rec_cpus *cpus, unsigned int index)
{
	struct worker w = {
		.box = *box,
		.exp = exp,
		.index = index,
		.cpus = cpus,
		.env = {.exp = exp, .patience_s = options->patience_s,
			.data_dir = options->data_dir, .coverage_dir = options->coverage_dir, .send = on_send, .file = on_file},
		.places = calloc(exp->node_count, sizeof(*w.places)),
	};
	int error;

	CHECK(w.places);
	w.env.arg = &w;
	w.env.hashes = rec_filehashes_new();
	error = boot_nodes(&w, options);
	while (!error)
		error = obey(&w, /* failed= */ false);
	if (error < 0)
		obey(&w, /* failed= */ true);
	worker_done(&w);
	return error > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
