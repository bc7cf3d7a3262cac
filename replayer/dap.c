/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dap-int.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "command.h"

#define MESSAGE_MAX (64u << 20)
#define HEAD_MAX 4096
/* Numbers of Linux's threads have 22 bits. */
#define TID_BITS 22

/* ---- messages --------------------------------------------------------------------- */

static void send_message(struct rep_dap *dap, json_t *steal_message)
{
	char head[64];

	json_object_set_new(steal_message, "seq", json_integer(++dap->seq));
	char *text = json_dumps(steal_message, JSON_COMPACT);

	CHECK(text);
	const int size = snprintf(head, sizeof(head), "Content-Length: %zu\r\n\r\n", strlen(text));

	/* A client that is gone is noticed by the reading side. */
	(void)!write(dap->out_fd, head, (size_t)size);
	for (size_t sent = 0, all = strlen(text); sent < all;) {
		const ssize_t n = write(dap->out_fd, text + sent, all - sent);

		if (n <= 0 && errno != EINTR)
			break;
		sent += n > 0 ? (size_t)n : 0;
	}
	free(text);
	json_decref(steal_message);
}

void rep__dap_event(struct rep_dap *dap, const char *name, json_t *steal_body)
{
	send_message(dap, json_pack("{s:s, s:s, s:o}", "type", "event", "event", name, "body",
				    steal_body ? steal_body : json_object()));
}

static bool read_all(int fd, char *to, size_t size)
{
	while (size) {
		const ssize_t n = read(fd, to, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		to += n;
		size -= (size_t)n;
	}
	return true;
}

/* The next message; NULL: no more will come, *ret_broken: since it is none. */
static json_t *read_message(int fd, bool *ret_broken)
{
	char head[HEAD_MAX + 1];
	size_t size = 0, body = 0;

	*ret_broken = false;
	while (size < 4 || memcmp(head + size - 4, "\r\n\r\n", 4) != 0) {
		*ret_broken = size > 0;
		if (size == HEAD_MAX || !read_all(fd, head + size, 1))
			return NULL;
		size++;
	}
	head[size] = '\0';
	const char *at = strcasestr(head, "Content-Length:");

	*ret_broken = !at || sscanf(at + strlen("Content-Length:"), "%zu", &body) != 1 || body > MESSAGE_MAX;
	if (*ret_broken)
		return NULL;
	_cleanup_free_ char *text = malloc(body + 1);

	CHECK(text);
	json_t *message = read_all(fd, text, body) ? json_loadb(text, body, 0, NULL) : NULL;

	*ret_broken = !message;
	return message;
}

static bool is_command(json_t *message, const char *name)
{
	const char *command = json_string_value(json_object_get(message, "command"));

	return command && strcmp(command, name) == 0;
}

/* Takes messages as they come: a pause must not wait until the move that it is to end has ended. */
static void *take_messages(void *arg)
{
	struct rep_dap *dap = arg;
	json_t *message;
	bool broken;

	while ((message = read_message(dap->in_fd, &broken))) {
		pthread_mutex_lock(&dap->lock);
		if (dap->moving && (is_command(message, "pause") || is_command(message, "disconnect") || is_command(message, "terminate")))
			rep_control_interrupt(dap->control);
		json_array_append_new(dap->queue, message);
		pthread_cond_signal(&dap->ready);
		pthread_mutex_unlock(&dap->lock);
	}
	pthread_mutex_lock(&dap->lock);
	dap->closed = true;
	dap->broken = broken;
	if (dap->moving)
		rep_control_interrupt(dap->control);
	pthread_cond_signal(&dap->ready);
	pthread_mutex_unlock(&dap->lock);
	return NULL;
}

/* NULL: there is none and none will come. */
static json_t *next_message(struct rep_dap *dap)
{
	json_t *message = NULL;

	pthread_mutex_lock(&dap->lock);
	while (!json_array_size(dap->queue) && !dap->closed)
		pthread_cond_wait(&dap->ready, &dap->lock);
	if (json_array_size(dap->queue)) {
		message = json_incref(json_array_get(dap->queue, 0));
		json_array_remove(dap->queue, 0);
	}
	pthread_mutex_unlock(&dap->lock);
	return message;
}

/* ---- the control ------------------------------------------------------------------------ */

int rep__dap_refuse(struct fmt_error *error, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(error->text, sizeof(error->text), format, ap);
	va_end(ap);
	return -EINVAL;
}

json_t *rep__dap_ask(struct rep_dap *dap, json_t *steal_request, struct fmt_error *error)
{
	_cleanup_(fmt_buf_done) struct fmt_buf answer = {0};

	if (!dap->control) {
		json_decref(steal_request);
		rep__dap_refuse(error, "no trace is open");
		return NULL;
	}
	char *line = json_dumps(steal_request, JSON_COMPACT);

	CHECK(line);
	json_decref(steal_request);
	if (!dap->moving)
		rep_control_begin(dap->control);
	rep_control_handle(dap->control, line, strlen(line), &answer);
	free(line);
	json_t *result = json_loadb((const char *)answer.data, answer.size, 0, NULL);

	CHECK(result);
	if (json_is_true(json_object_get(result, "ok")))
		return result;
	rep__dap_refuse(error, "%s", json_string_value(json_object_get(result, "error")));
	json_decref(result);
	return NULL;
}

/* ---- numbers -------------------------------------------------------------------------------- */

json_int_t rep__dap_ref(struct rep_dap *dap, const struct rep_dap_ref *ref)
{
	if (dap->ref_count == dap->ref_capacity) {
		dap->ref_capacity = dap->ref_capacity ? 2 * dap->ref_capacity : 64;
		dap->refs = reallocarray(dap->refs, dap->ref_capacity, sizeof(*dap->refs));
		CHECK(dap->refs);
	}
	dap->refs[dap->ref_count++] = *ref;
	return (json_int_t)dap->ref_count;
}

const struct rep_dap_ref *rep__dap_of(const struct rep_dap *dap, json_t *number)
{
	const json_int_t at = json_integer_value(number);

	return at >= 1 && (size_t)at <= dap->ref_count ? &dap->refs[at - 1] : NULL;
}

json_int_t rep__dap_thread(uint64_t node, uint64_t tid)
{
	return (json_int_t)(node << TID_BITS | tid);
}

void rep__dap_thread_of(json_t *number, uint64_t *ret_node, uint64_t *ret_tid)
{
	const uint64_t value = (uint64_t)json_integer_value(number);

	*ret_node = value >> TID_BITS;
	*ret_tid = value & ((1u << TID_BITS) - 1);
}

uint64_t rep__dap_u64(json_t *object, const char *name)
{
	json_t *value = json_object_get(object, name);
	uint64_t number = 0;

	if (json_is_string(value))
		fmt_parse_number(json_string_value(value), &number);
	else
		number = (uint64_t)json_integer_value(value);
	return number;
}

/* ---- requests -------------------------------------------------------------------------------- */

static const struct rep_dap_command *find_command(const char *name)
{
	const struct rep_dap_command *const tables[] = {rep__dap_session, rep__dap_look};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct rep_dap_command *row = tables[i]; row->name; row++)
			if (strcmp(row->name, name) == 0)
				return row;
	return NULL;
}

static void handle(struct rep_dap *dap, json_t *message)
{
	const char *name = json_string_value(json_object_get(message, "command"));
	const struct rep_dap_command *command = name ? find_command(name) : NULL;
	json_t *arguments = json_object_get(message, "arguments"), *body = NULL;
	struct fmt_error error = {{0}};

	if (!name)
		return;
	const int r = command ? command->fn(dap, arguments, &body, &error) :
				rep__dap_refuse(&error, "hindcast does not know the request %s", name);
	json_t *answer = json_pack("{s:s, s:I, s:s, s:b}", "type", "response", "request_seq",
				   json_integer_value(json_object_get(message, "seq")), "command", name, "success", r == 0);

	if (r < 0)
		json_object_set_new(answer, "message", json_string(error.text));
	json_object_set_new(answer, "body", body ? body : json_object());
	send_message(dap, answer);
	if (r == 0 && command->after)
		command->after(dap, arguments, NULL, &error);
}

int rep_dap_serve(int in_fd, int out_fd, struct fmt_error *error)
{
	struct rep_dap dap = {.in_fd = in_fd, .out_fd = out_fd, .queue = json_array(), .points = json_object(),
			      .lock = PTHREAD_MUTEX_INITIALIZER, .ready = PTHREAD_COND_INITIALIZER};
	json_t *message;

	CHECK(pthread_create(&dap.thread, NULL, take_messages, &dap) == 0);
	while (!dap.over && (message = next_message(&dap))) {
		handle(&dap, message);
		json_decref(message);
	}
	/* A client may say disconnect and yet keep the pipe open. */
	if (!dap.closed)
		pthread_cancel(dap.thread);
	pthread_join(dap.thread, NULL);
	rep_control_free(dap.control);
	json_decref(dap.queue);
	json_decref(dap.points);
	free(dap.refs);
	if (!dap.broken || dap.over)
		return 0;
	snprintf(error->text, sizeof(error->text), "what came is no message of the Debug Adapter Protocol");
	return -EPROTO;
}
