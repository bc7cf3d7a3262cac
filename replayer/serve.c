/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * serve.c - clients of the control protocol.
 *
 * Two threads.  The one that called rep_serve() owns the timeline and carries out requests, one after another; the other, the porter,
 * takes lines from clients, and does at once what must not wait: interrupt, cancel, and the leaving of a client.  They
 * share a queue under one lock, and answers are written under the lock of their client's descriptor being alive.
 *
 *	client --line--> porter: queue --request--> owner: rep_control_handle() --answer--> client
 *	                   |
 *	                   +--interrupt--> rep_control_interrupt()
 *
 * Invariants
 *  1. A client's slot is freed by the porter alone, and only when no request of it is being carried out.
 *  2. rep_control_interrupt() is called only while a request is under way, from rep_control_begin() on, so it ends that one and
 *     nothing else.
 */
#include "serve.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/check.h"
#include "buf.h"
#include "text.h"

#define ENDING_MAX_S 10u	/* from a signal to the end */
#define CLIENTS_MAX 32
#define LINE_MAX_BYTES (1u << 20)
#define QUEUE_MAX 1024

struct client {
	int fd;				/* -1: a free slot */
	uint64_t serial;		/* never used twice */
	struct fmt_buf in;
	bool leaving;
};

struct queued {
	size_t client;
	uint64_t serial;
	int64_t id;
	char *line;			/* owned */
	bool cancelled;
};

struct server {
	struct rep_control *control;
	int listen_fd, wake_fd, ending_fd, owner_fd;
	pthread_mutex_t lock;
	pthread_cond_t ready;
	struct client clients[CLIENTS_MAX];
	struct queued queue[QUEUE_MAX];
	size_t queue_head, queue_count;
	struct queued current;		/* line NULL: nothing is under way */
	uint64_t serial;
	bool over;
};

/* ---- answers ------------------------------------------------------------------- */

/* A client that does not read its answers is let go rather than waited for: the timeline is everybody's. */
static void send_line(struct server *s, size_t client, uint64_t serial, const struct fmt_buf *line)
{
	struct client *to = &s->clients[client];
	size_t sent = 0;

	if (to->fd < 0 || to->serial != serial || to->leaving)
		return;
	while (sent < line->size) {
		const ssize_t n = send(to->fd, line->data + sent, line->size - sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			shutdown(to->fd, SHUT_RDWR);
			return;
		}
		sent += (size_t)n;
	}
}

static void send_refusal(struct server *s, size_t client, uint64_t serial, int64_t id, const char *code, const char *text)
{
	_cleanup_(fmt_buf_done) struct fmt_buf line = {0};

	fmt_put_text(&line, "{\"id\":%lld,\"ok\":false,\"code\":\"%s\",\"error\":\"%s\"}\n", (long long)id, code, text);
	send_line(s, client, serial, &line);
}

/* ---- the porter ------------------------------------------------------------------- */

static struct queued *queued_at(struct server *s, size_t i)
{
	return &s->queue[(s->queue_head + i) % QUEUE_MAX];
}

/* One request of a client, or all (id is not looked at). */
static void cancel(struct server *s, size_t client, bool all, int64_t id)
{
	const uint64_t serial = s->clients[client].serial;

	for (size_t i = 0; i < s->queue_count; i++) {
		struct queued *at = queued_at(s, i);

		if (at->client == client && at->serial == serial && (all || at->id == id))
			at->cancelled = true;
	}
	if (s->current.line && s->current.client == client && s->current.serial == serial && (all || s->current.id == id))
		rep_control_interrupt(s->control);
}

static void answer_done(struct server *s, size_t client, int64_t id)
{
	_cleanup_(fmt_buf_done) struct fmt_buf line = {0};

	fmt_put_text(&line, "{\"id\":%lld,\"ok\":true}\n", (long long)id);
	send_line(s, client, s->clients[client].serial, &line);
}

/* What does not wait its turn.  False: it does. */
static bool do_at_once(struct server *s, size_t client, json_t *request, int64_t id)
{
	const char *name = json_string_value(json_object_get(request, "do"));

	if (name && strcmp(name, "interrupt") == 0) {
		if (s->current.line)
			rep_control_interrupt(s->control);
	} else if (name && strcmp(name, "cancel") == 0) {
		cancel(s, client, /* all= */ false, json_integer_value(json_object_get(request, "request")));
	} else {
		return false;
	}
	answer_done(s, client, id);
	return true;
}

static void take_line(struct server *s, size_t client, const char *line, size_t size)
{
	json_t *request = json_loadb(line, size, JSON_REJECT_DUPLICATES, NULL);
	const int64_t id = json_integer_value(json_object_get(request, "id"));

	if (!do_at_once(s, client, request, id)) {
		if (s->queue_count == QUEUE_MAX) {
			send_refusal(s, client, s->clients[client].serial, id, "cannot", "too many requests wait");
		} else {
			struct queued *at = queued_at(s, s->queue_count++);

			*at = (struct queued){client, s->clients[client].serial, id, strndup(line, size), false};
			CHECK(at->line);
			pthread_cond_signal(&s->ready);
		}
	}
	json_decref(request);
}

static void leave(struct server *s, size_t client)
{
	struct client *c = &s->clients[client];

	cancel(s, client, /* all= */ true, 0);
	close(c->fd);
	fmt_buf_done(&c->in);
	*c = (struct client){.fd = -1};
}

static void take_bytes(struct server *s, size_t client)
{
	struct client *c = &s->clients[client];
	char bytes[65536];
	const ssize_t n = recv(c->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || c->in.size + (size_t)n > LINE_MAX_BYTES) {
		leave(s, client);
		return;
	}
	fmt_buf_put(&c->in, bytes, (size_t)n);
	size_t start = 0;

	for (size_t i = 0; i < c->in.size; i++) {
		if (c->in.data[i] != '\n')
			continue;
		if (i > start)
			take_line(s, client, (const char *)c->in.data + start, i - start);
		start = i + 1;
	}
	memmove(c->in.data, c->in.data + start, c->in.size - start);
	c->in.size -= start;
}

static void welcome(struct server *s)
{
	const int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	const struct timeval patience = {.tv_sec = 5};

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (s->clients[i].fd < 0) {
			s->clients[i] = (struct client){.fd = fd, .serial = ++s->serial};
			return;
		}
	close(fd);
}

static void end(struct server *s)
{
	s->over = true;
	if (s->current.line)
		rep_control_interrupt(s->control);
	pthread_cond_signal(&s->ready);
}

/* A replay that hangs must end all the same, and its programs with it (PTRACE_O_EXITKILL). */
static void end_soon(struct server *s)
{
	alarm(ENDING_MAX_S);
	end(s);
}

/* Whoever started the server is still there: it has only said something. */
static bool has_owner(const struct server *s)
{
	char said[256];
	const ssize_t size = read(s->owner_fd, said, sizeof(said));

	return size > 0 || (size < 0 && (errno == EINTR || errno == EAGAIN));
}

static void *porter(void *arg)
{
	struct server *s = arg;

	pthread_mutex_lock(&s->lock);
	while (!s->over) {
		struct pollfd fds[CLIENTS_MAX + 4] = {{s->listen_fd, POLLIN, 0}, {s->wake_fd, POLLIN, 0}, {s->ending_fd, POLLIN, 0},
						      {s->owner_fd, POLLIN, 0}};

		for (size_t i = 0; i < CLIENTS_MAX; i++)
			fds[i + 4] = (struct pollfd){s->clients[i].fd, POLLIN, 0};
		pthread_mutex_unlock(&s->lock);
		(void)!poll(fds, CLIENTS_MAX + 4, -1);
		pthread_mutex_lock(&s->lock);
		if (fds[2].revents || (fds[3].revents && !has_owner(s)))
			end_soon(s);
		for (size_t i = 0; i < CLIENTS_MAX; i++)
			if (fds[i + 4].revents && s->clients[i].fd == fds[i + 4].fd)
				take_bytes(s, i);
		if (fds[0].revents)
			welcome(s);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* ---- the owner ---------------------------------------------------------------------- */

/* Takes the next request into current.  False: it is over. */
static bool next_request(struct server *s)
{
	while (!s->over && !s->queue_count)
		pthread_cond_wait(&s->ready, &s->lock);
	if (s->over)
		return false;
	s->current = *queued_at(s, 0);
	s->queue_head = (s->queue_head + 1) % QUEUE_MAX;
	s->queue_count--;
	return true;
}

static void carry_out(struct server *s)
{
	_cleanup_(fmt_buf_done) struct fmt_buf answer = {0};

	if (s->current.cancelled) {
		send_refusal(s, s->current.client, s->current.serial, s->current.id, "cancelled", "it was cancelled before it began");
		return;
	}
	/* While the porter cannot interrupt: it sees that the request is under way. */
	rep_control_begin(s->control);
	pthread_mutex_unlock(&s->lock);
	rep_control_handle(s->control, s->current.line, strlen(s->current.line), &answer);
	fmt_buf_put(&answer, "\n", 1);
	pthread_mutex_lock(&s->lock);
	send_line(s, s->current.client, s->current.serial, &answer);
}

static void own(struct server *s)
{
	const uint64_t one = 1;

	pthread_mutex_lock(&s->lock);
	while (next_request(s)) {
		carry_out(s);
		free(STEAL(s->current.line));
		s->over |= rep_control_is_over(s->control);
	}
	pthread_mutex_unlock(&s->lock);
	(void)!write(s->wake_fd, &one, sizeof(one));
}

/* ---- the socket --------------------------------------------------------------------------- */

static int fail(struct fmt_error *error, int code, const char *path, const char *what)
{
	snprintf(error->text, sizeof(error->text), "%.300s: %s: %s", path, what, strerror(-code));
	return code;
}

static int address_of(const char *path, struct sockaddr_un *ret, struct fmt_error *error)
{
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(ret->sun_path)) {
		snprintf(error->text, sizeof(error->text), "%.300s: the path of a socket has at most %zu bytes; name a shorter one "
			 "with --socket", path, sizeof(ret->sun_path) - 1);
		return -ENAMETOOLONG;
	}
	memcpy(ret->sun_path, path, strlen(path));
	return 0;
}

int rep_serve_connect(const char *path, struct fmt_error *error)
{
	struct sockaddr_un address;
	int r = address_of(path, &address, error);

	if (r < 0)
		return r;
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return fail(error, -errno, path, "cannot connect");
	return STEAL_FD(fd);
}

/* Signals that end a server write there.  A handler rather than a signalfd: the tracee layer unblocks signals where it waits. */
static int ending_fd = -1;

static void on_ending(int signo)
{
	const uint64_t one = 1;
	const int saved = errno;

	(void)signo;
	(void)!write(ending_fd, &one, sizeof(one));
	errno = saved;
}

static void catch_endings(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	const struct sigaction action = {.sa_handler = on_ending, .sa_flags = SA_RESTART};

	ending_fd = eventfd(0, EFD_CLOEXEC);
	CHECK(ending_fd >= 0);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

int rep_serve_listen(const char *path, struct fmt_error *error)
{
	struct sockaddr_un address;
	struct stat st;
	int r = address_of(path, &address, error);

	if (r < 0)
		return r;
	/* From here on they come to rep_serve(), which removes what is made here. */
	catch_endings();
	/* What a server left that was killed. */
	if (stat(path, &st) == 0 && S_ISSOCK(st.st_mode)) {
		const int other = rep_serve_connect(path, error);

		if (other >= 0) {
			close(other);
			return fail(error, -EADDRINUSE, path, "another server is there");
		}
		unlink(path);
	}
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const mode_t mask = umask(0177);

	r = fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 16) < 0 ? -errno : 0;
	umask(mask);
	return r < 0 ? fail(error, r, path, "cannot listen") : STEAL_FD(fd);
}

void rep_serve(struct rep_control *control, int listen_fd, int owner_fd, const char *path)
{
	struct server *s = calloc(1, sizeof(*s));
	pthread_t thread;

	CHECK(s);
	s->control = control;
	s->listen_fd = listen_fd;
	s->ending_fd = ending_fd;
	s->owner_fd = owner_fd;
	s->wake_fd = eventfd(0, EFD_CLOEXEC);
	CHECK(s->ending_fd >= 0 && s->wake_fd >= 0);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->ready, NULL);
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		s->clients[i].fd = -1;
	CHECK(pthread_create(&thread, NULL, porter, s) == 0);
	own(s);
	pthread_join(thread, NULL);
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (s->clients[i].fd >= 0)
			leave(s, i);
	for (size_t i = 0; i < s->queue_count; i++)
		free(queued_at(s, i)->line);
	close(s->listen_fd);
	close(s->ending_fd);
	close(s->wake_fd);
	unlink(path);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->ready);
	free(s);
}

/* ---- requests in short --------------------------------------------------------------------- */

static json_t *short_value(const char *text, size_t size)
{
	bool digits = size > 0 && size < 19;

	for (size_t i = 0; i < size; i++)
		digits &= text[i] >= '0' && text[i] <= '9';
	if (digits)
		return json_integer(strtoll(text, NULL, 10));
	if (size == 4 && memcmp(text, "true", 4) == 0)
		return json_true();
	if (size == 5 && memcmp(text, "false", 5) == 0)
		return json_false();
	return json_stringn(text, size);
}

/* The end of KEY=VALUE: a blank, but not within quotes, which may stand around the value. */
static size_t word_size(const char *at, bool *ret_quoted)
{
	const size_t key = strcspn(at, "= ");

	*ret_quoted = at[key] == '=' && at[key + 1] == '"' && strchr(at + key + 2, '"');
	if (*ret_quoted)
		return (size_t)(strchr(at + key + 2, '"') + 1 - at);
	return strcspn(at, " ");
}

static json_t *parse_short(const char *text, struct fmt_error *error)
{
	json_t *request = json_object();
	const size_t name = strcspn(text, " ");
	bool quoted;

	json_object_set_new(request, "do", json_stringn(text, name));
	for (const char *at = text + name + strspn(text + name, " "); *at;) {
		const size_t size = word_size(at, &quoted), key = strcspn(at, "= ");

		if (key >= size || !key) {
			snprintf(error->text, sizeof(error->text), "\"%.*s\" is no KEY=VALUE", (int)size, at);
			json_decref(request);
			return NULL;
		}
		_cleanup_free_ char *member = strndup(at, key);

		CHECK(member);
		json_object_set_new(request, member,
				    quoted ? json_stringn(at + key + 2, size - key - 3) : short_value(at + key + 1, size - key - 1));
		at += size;
		at += strspn(at, " ");
	}
	return request;
}

bool rep_request_line(const char *text, int64_t id, struct fmt_buf *ret, struct fmt_error *error)
{
	json_error_t why;

	text += strspn(text, " ");
	json_t *request = text[0] == '{' ? json_loads(text, JSON_REJECT_DUPLICATES, &why) : parse_short(text, error);

	if (!request) {
		if (text[0] == '{')
			snprintf(error->text, sizeof(error->text), "no JSON: %s", why.text);
		return false;
	}
	if (!json_object_get(request, "id"))
		json_object_set_new(request, "id", json_integer(id));
	char *line = json_dumps(request, JSON_COMPACT);

	CHECK(line);
	fmt_buf_put(ret, line, strlen(line));
	free(line);
	json_decref(request);
	return true;
}
