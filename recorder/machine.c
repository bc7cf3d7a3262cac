/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * machine.c - runs an experiment: workers, windows, the total order, the trace.
 *
 *	fork workers --> nodes boot --> [ window ]* --> stop --> end event --> trace finished
 *	                                   |
 *	     start = when the first node or packet in flight has something to do
 *	     until = start + lookahead, the least delay of any link: nobody can be told of anything before that
 *	     RUN to the workers concerned, with the packets that arrive before until; DONE from each of them
 *	     events before until are final, and go into the trace while the workers run the next window; packets that
 *	     left for another worker's nodes are in flight
 *
 * Invariants
 *  1. What the machine does depends on the nodes' states, events and packets alone, taken together over all nodes: not
 *     on which worker has a node, nor on which worker answers first.  So the trace is the same for any workers.
 *  2. Packets are handed over in the order (arrive_ns, src, packet), and never arrive before the window's start.
 *  3. Events go into the trace in the order (vtime, node, order in the node), the machine's own (node 0) first, but for what it
 *     tells when the run is over.
 *     A node may run past until by the cost of its last step; what it tells of there waits for a later window.
 *  4. The machine never writes to a worker that is not waiting for it (see mailbox.h), and reads from whoever speaks.
 *  5. Workers die with the machine (PR_SET_PDEATHSIG), and their programs with them.
 *
 * Windows are no longer than WINDOW_NS_MAX, so that an experiment without links, too, is flushed, shows its progress
 * and can be interrupted.  A signal ends the run after the window, in order; workers that do not come to its end within a second,
 * such as one in whose node the kernel loops, are given up, and the run ends with what was final before.
 */
#include "machine.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "changes.h"
#include "flight.h"
#include "hashset.h"
#include "interrupt.h"
#include "mailbox.h"
#include "merge.h"
#include "monitor.h"
#include "preamble.h"
#include "status.h"
#include "syscall-names.h"
#include "trace.h"
#include "worker.h"

#define WINDOW_NS_MAX 10000000ull	/* some 10,000 syscalls of each node: tens of milliseconds here */
#define WORKERS_MAX 1024u
#define NEVER UINT64_MAX
#define FLUSH_POLL_MS 200		/* a window may take long, and what came before it is not to be lost meanwhile */

struct crew {				/* a worker as the machine sees it */
	pid_t pid;			/* 0: reaped */
	struct rec_mailbox box;
	int pidfd;			/* its death; the socket alone would not tell, since programs share it */
	bool busy;			/* owes an answer */
	struct fmt_buf command;
};

struct standing {			/* a node as the machine knows it */
	vtime_ns next;
	uint64_t unfinished;
};

struct machine {
	const struct rec_experiment *exp;
	struct rec_run_options options;
	struct rec_run_result *result;
	struct rec_exp_error *error;
	struct crew *crews;
	struct pollfd *polls;		/* [worker]: its socket; [workers + worker]: its pidfd; last: patience */
	struct standing *nodes;		/* [id - 1] */
	struct rec_merge merge;
	struct rec_flight flight;
	struct rec_changes changes;
	struct rec_monitor monitor;
	struct rec_hashset files;
	struct fmt_writer *writer;	/* NULL: no trace */
	bool trace_failed;		/* nothing can be written to it any more */
	struct fmt_buf message;
	vtime_ns until;			/* end of the present window */
	vtime_ns last;			/* of the last event in the trace */
	bool counts;			/* some process is expected to end */
	bool given_up;			/* workers owe an answer that nobody waits for any more */
	struct rec_status status;
};

__attribute__((format(printf, 3, 4)))
static int fail(struct machine *m, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(m->error->text, sizeof(m->error->text), format, args);
	va_end(args);
	return error;
}

static const char *node_name(const struct machine *m, node_id id)
{
	return m->exp->nodes[id - 1].name;
}

/* ---- the trace ---- */

/* What is left of it is said when it is closed.  It is the host that cannot, whatever the error. */
static int fail_trace(struct machine *m, int error)
{
	m->trace_failed = true;
	fail(m, error, "%s: the trace cannot be written on: %s", m->options.trace_path, strerror(-error));
	return -EIO;
}

static void count_refused(struct rec_run_result *result, const struct fmt_event *event)
{
	struct fmt_ev_refused ev;
	char program[sizeof(result->refused[0].program)];
	size_t i;

	CHECK(fmt_get_refused(event, &ev) == 0);
	snprintf(program, sizeof(program), "%.*s", (int)ev.program.size, (const char *)ev.program.data);
	for (i = 0; i < result->refused_count && i < REC_RUN_REFUSED_MAX; i++)
		if (result->refused[i].nr == ev.nr && !strcmp(result->refused[i].program, program)) {
			result->refused[i].count += ev.count;
			return;
		}
	if (result->refused_count++ >= REC_RUN_REFUSED_MAX)
		return;
	result->refused[i] = (struct rec_run_refused){.nr = ev.nr, .count = ev.count, .error = (int)-ev.ret};
	strcpy(result->refused[i].program, program);
}

/* A file that many nodes have read counts once, among those that are kept. */
static void note_change(struct rec_run_result *result, const struct fmt_event *event)
{
	const size_t size = sizeof(result->changed[0]) - 1;
	struct fmt_ev_host_change ev;
	char path[sizeof(result->changed[0])];

	CHECK(fmt_get_host_change(event, &ev) == 0);
	const size_t skipped = ev.path.size > size ? ev.path.size - size : 0;

	snprintf(path, sizeof(path), "%.*s", (int)(ev.path.size - skipped), (const char *)ev.path.data + skipped);
	for (size_t i = 0; i < result->changed_count && i < REC_RUN_CHANGED_MAX; i++)
		if (!strcmp(result->changed[i], path))
			return;
	if (result->changed_count++ < REC_RUN_CHANGED_MAX)
		strcpy(result->changed[result->changed_count - 1], path);
}

static int write_event(struct machine *m, const struct fmt_event *event)
{
	const int error = m->writer ? fmt_writer_event(m->writer, event) : 0;

	if (error < 0)
		return fail_trace(m, error);
	m->last = event->vtime;
	if (event->kind == FMT_refused)
		count_refused(m->result, event);
	if (event->kind == FMT_host_change)
		note_change(m->result, event);
	m->result->events++;
	return 0;
}

/* What the links carried up to a time that has come. */
static int tell_load(struct machine *m, vtime_ns now)
{
	_cleanup_(fmt_buf_done) struct fmt_buf records = {0};
	struct fmt_event event;
	size_t pos = 0;
	int error = 0;

	rec_monitor_tell(&m->monitor, now, &records);
	while (!error && fmt_record_next(records.data, records.size, &pos, &event) > 0)
		error = write_event(m, &event);
	return error;
}

static int emit(void *arg, const struct fmt_event *event)
{
	struct machine *m = arg;
	int error = 0;

	while (!error && rec_monitor_next(&m->monitor) <= event->vtime)
		error = tell_load(m, rec_monitor_next(&m->monitor));
	if (error < 0)
		return error;
	rec_monitor_see(&m->monitor, event);
	return write_event(m, event);
}

/* All that the nodes have told of before until. */
static int emit_nodes(struct machine *m, vtime_ns until)
{
	const int error = rec_merge_take(&m->merge, until, emit, m);

	if (error == -EPROTO)
		return fail(m, error, "node '%s' told of events out of order near %llu ns; this is a bug "
			    "in hindcast", node_name(m, m->merge.culprit), (unsigned long long)m->last);
	return error;
}

static int emit_records(struct machine *m, struct fmt_buf *records)
{
	struct fmt_event event;
	size_t pos = 0;
	int error = 0;

	while (!error && fmt_record_next(records->data, records->size, &pos, &event) > 0)
		error = emit(m, &event);
	fmt_buf_done(records);
	return error;
}

/* The same, and the changes of links that every node has reached, each before what nodes tell of its time. */
static int emit_until(struct machine *m, vtime_ns until)
{
	int error = 0;

	while (!error && rec_changes_next(&m->changes, m->exp) < (until < m->until ? until : m->until)) {
		struct fmt_buf records = {0};

		error = emit_nodes(m, rec_changes_next(&m->changes, m->exp));
		rec_changes_tell(&m->changes, m->exp, &records);
		error = error ?: emit_records(m, &records);
	}
	return error ?: emit_nodes(m, until);
}

static struct fmt_bytes text(const char *string)
{
	return (struct fmt_bytes){(const uint8_t *)string, strlen(string)};
}

static int emit_first(struct machine *m)
{
	struct fmt_buf records = {0};

	rec_preamble_events(m->exp, &records);
	return emit_records(m, &records);
}

static int open_trace(struct machine *m)
{
	if (!m->options.trace_path)
		return 0;
	int error = fmt_writer_new(m->options.trace_path, &m->writer);

	if (error < 0)
		return fail(m, error, "%s: %s", m->options.trace_path,
			    error == -EBUSY ? "another recorder writes there" :
			    error == -EINVAL ? "it is no regular file" : strerror(-error));
	if (m->options.ring)
		fmt_writer_ring(m->writer, m->options.ring, "/proc/self/exe");
	uint8_t kernel[FMT_HASH_SIZE];

	error = rec_preamble_kernel(m->options.kernel_path, kernel);
	if (error < 0)
		return fail(m, error, "kernel image %s: %s", m->options.kernel_path, strerror(-error));
	error = rec_preamble_meta(m->writer, m->exp, kernel);
	return error < 0 ? fail_trace(m, error) : 0;
}

/* Makes safe what is final, if it is time for it. */
static int flush(struct machine *m)
{
	const int error = m->writer ? fmt_writer_flush(m->writer, /* now= */ false) : 0;

	return error < 0 ? fail_trace(m, error) : 0;
}

/* ---- workers ---- */

__attribute__((noreturn))
static void be_worker(struct machine *m, unsigned int index, const struct rec_mailbox *box, pid_t parent)
{
	/* Out of the terminal's group: its ^C is for the machine, which ends the window first. */
	setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	rec_interrupt_leave();
	for (unsigned int i = 0; i < index; i++) {
		rec_mailbox_close(&m->crews[i].box);
		close(m->crews[i].pidfd);
	}
	_exit(rec_worker_main(box, m->exp, &m->options, index));
}

static int start_workers(struct machine *m)
{
	const pid_t parent = getpid();

	fflush(NULL);
	for (unsigned int i = 0; i < m->options.workers; i++) {
		struct rec_mailbox pair[2];
		int error = rec_mailbox_pair(pair);

		if (error < 0)
			return fail(m, error, "a worker cannot be started: %s", strerror(-error));
		const pid_t pid = fork();

		if (!pid) {
			close(pair[0].socket);
			be_worker(m, i, &pair[1], parent);
		}
		error = -errno;
		close(pair[1].socket);	/* the memory is that of pair[0] */
		if (pid < 0) {
			rec_mailbox_close(&pair[0]);
			return fail(m, error, "a worker cannot be started: %s", strerror(-error));
		}
		m->crews[i].pid = pid;
		m->crews[i].box = pair[0];
		m->crews[i].busy = true;
		m->crews[i].pidfd = pidfd_open(pid, 0);
		if (m->crews[i].pidfd < 0)
			return fail(m, -errno, "a worker cannot be watched: %s", strerror(errno));
	}
	return 0;
}

static void list_nodes(const struct machine *m, unsigned int worker, char *to, size_t size)
{
	size_t used = 0;

	*to = 0;
	for (node_id id = rec_worker_first(worker, m->options.workers, m->exp->node_count);
	     id < rec_worker_first(worker + 1, m->options.workers, m->exp->node_count) && used < size; id++)
		used += (size_t)snprintf(to + used, size - used, "%s%s", used ? ", " : "", node_name(m, id));
	if (used >= size)
		strcpy(to + size - 4, "...");
}

static int fail_dead(struct machine *m, unsigned int worker)
{
	struct crew *crew = &m->crews[worker];
	char nodes[300], how[100];
	int status = 0;

	while (waitpid(crew->pid, &status, 0) < 0 && errno == EINTR)
		;
	crew->pid = 0;
	list_nodes(m, worker, nodes, sizeof(nodes));
	if (WIFSIGNALED(status))
		snprintf(how, sizeof(how), "was killed by %s",
			 fmt_signal_name((uint64_t)WTERMSIG(status)) ?: "a signal");
	else
		snprintf(how, sizeof(how), "ended with status %d", WEXITSTATUS(status));
	return fail(m, -ECHILD, "worker %u, which ran %s, %s near %llu ns; unless somebody killed it, "
		    "this is a bug in hindcast", worker, nodes, how, (unsigned long long)m->last);
}

/* Waits for the end of a worker; when the user has asked for the end, not for long. */
static void reap(const struct crew *crew)
{
	struct pollfd polls[] = {{.fd = crew->pidfd, .events = POLLIN}, {.fd = rec_interrupt_fd(), .events = POLLIN}};

	if (!crew->busy && (poll(polls, 2, -1) < 0 || !polls[0].revents))
		kill(crew->pid, SIGKILL);
	while (waitpid(crew->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* Ends all workers: in order where they wait for a command, by force where not. */
static void end_workers(struct machine *m)
{
	rec_interrupt_extend();
	for (unsigned int i = 0; i < m->options.workers; i++) {
		struct crew *crew = &m->crews[i];

		if (crew->pid && (crew->busy || rec_mail_send(&crew->box, REC_MAIL_QUIT, NULL, 0, -1)))
			kill(crew->pid, SIGKILL);
	}
	for (unsigned int i = 0; i < m->options.workers; i++) {
		struct crew *crew = &m->crews[i];

		if (crew->pid)
			reap(crew);
		rec_mailbox_close(&crew->box);
		if (crew->pidfd >= 0)
			close(crew->pidfd);
		fmt_buf_done(&crew->command);
	}
}

/* ---- what workers say ---- */

/* -ESTALE: somebody outside changes the file while it is recorded. */
static int take_file(struct machine *m, struct crew *crew, int fd)
{
	int error = 0;

	if (m->message.size != FMT_HASH_SIZE || fd < 0)
		return fail(m, -EPROTO, "a worker sent a file without its content");
	if (m->writer && rec_hashset_add(&m->files, m->message.data))
		error = fmt_writer_file(m->writer, m->message.data, fd);
	if (error == -ESTALE)
		return fail(m, error, "a file that a program has mapped changed while it was recorded; "
			    "run again when nothing else writes to the programs' files");
	if (error < 0)
		return fail_trace(m, error);
	error = rec_mail_send(&crew->box, REC_MAIL_GO, NULL, 0, -1);
	return error == -EPIPE ? 0 : error;
}

static int take_state(struct machine *m, size_t *pos)
{
	struct rec_node_state state;

	if (rec_mail_get(&m->message, pos, &state, sizeof(state)) < 0 || state.node < 1 ||
	    state.node > m->exp->node_count || state.events_size > m->message.size - *pos)
		return -EPROTO;
	struct standing *node = &m->nodes[state.node - 1];

	node->next = state.next;
	node->unfinished = state.unfinished;
	m->result->failed_expectations += state.failed;
	rec_merge_add(&m->merge, state.node, m->message.data + *pos, state.events_size);
	*pos += state.events_size;
	return 0;
}

static int take_packets(struct machine *m, size_t *pos)
{
	struct rec_packet *packet = NULL;
	int got;

	while ((got = rec_mail_get_packet(&m->message, pos, &packet)) > 0) {
		const bool known = packet->src >= 1 && packet->src <= m->exp->node_count &&
				   packet->dst >= 1 && packet->dst <= m->exp->node_count;

		if (!known || packet->arrive_ns < m->until) {
			const node_id src = known ? packet->src : 1;

			free(packet);
			return fail(m, -EPROTO, "node '%s' sent a packet into the past of another one "
				    "(before %llu ns); this is a bug in hindcast", node_name(m, src),
				    (unsigned long long)m->until);
		}
		rec_flight_add(&m->flight, packet);
		m->result->packets++;
	}
	return got < 0 ? fail(m, -EPROTO, "a worker sent half a packet") : 0;
}

static int take_done(struct machine *m)
{
	struct rec_done done;
	size_t pos = 0;

	if (rec_mail_get(&m->message, &pos, &done, sizeof(done)) < 0)
		return fail(m, -EPROTO, "a worker sent an empty answer");
	m->result->packets += done.delivered;
	while (done.states--)
		if (take_state(m, &pos) < 0)
			return fail(m, -EPROTO, "a worker sent half a node");
	return take_packets(m, &pos);
}

static int take_failure(struct machine *m)
{
	int32_t code = 0;
	size_t pos = 0;

	if (rec_mail_get(&m->message, &pos, &code, sizeof(code)) < 0 || code >= 0 ||
	    pos == m->message.size || m->message.data[m->message.size - 1])
		return fail(m, -EPROTO, "a worker failed without a reason");
	return fail(m, code, "%s", (const char *)m->message.data + pos);
}

/* One message of a worker that is busy. */
static int hear(struct machine *m, unsigned int worker)
{
	struct crew *crew = &m->crews[worker];
	_cleanup_close_ int fd = -EBADF;
	enum rec_mail kind = 0;
	const int error = rec_mail_receive(&crew->box, &kind, &m->message, &fd);

	if (error == -EPIPE)
		return fail_dead(m, worker);
	if (error < 0)
		return fail(m, error, "worker %u cannot be heard: %s", worker, strerror(-error));
	switch (kind) {
	case REC_MAIL_FILE:
		return take_file(m, crew, fd);
	case REC_MAIL_DONE:
		crew->busy = false;
		return take_done(m);
	case REC_MAIL_FAILED:
		crew->busy = false;
		return take_failure(m);
	default:
		return fail(m, -EPROTO, "worker %u sent a message of kind %d", worker, (int)kind);
	}
}

__attribute__((format(printf, 2, 3)))
static void set_reason(struct machine *m, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(m->result->reason, sizeof(m->result->reason), format, args);
	va_end(args);
}

/* The first busy worker gives the reason; usually it is the only one. */
static int give_up(struct machine *m)
{
	unsigned int worker = 0;
	char nodes[200];

	while (!m->crews[worker].busy)
		worker++;
	list_nodes(m, worker, nodes, sizeof(nodes));
	m->given_up = true;
	set_reason(m, "interrupted; no answer from %s", nodes);
	return fail(m, -EINTR, "interrupted, and no answer from %s", nodes);
}

/* Waits until a busy worker speaks or dies; the number of busy ones, -errno. */
static int wait_for_workers(struct machine *m)
{
	const unsigned int workers = m->options.workers;
	int busy = 0;

	for (unsigned int i = 0; i < workers; i++) {
		const struct crew *crew = &m->crews[i];

		m->polls[i] = (struct pollfd){.fd = crew->busy ? crew->box.socket : -1, .events = POLLIN};
		m->polls[workers + i] =
			(struct pollfd){.fd = crew->busy ? crew->pidfd : -1, .events = POLLIN};
		busy += crew->busy;
	}
	if (!busy)
		return 0;
	const int error = flush(m);

	if (error < 0)
		return error;
	m->polls[2 * workers] = (struct pollfd){.fd = rec_interrupt_fd(), .events = POLLIN};
	if (poll(m->polls, 2 * workers + 1, m->writer ? FLUSH_POLL_MS : -1) >= 0)
		return m->polls[2 * workers].revents ? give_up(m) : busy;
	if (errno != EINTR)
		return fail(m, -errno, "poll: %s", strerror(errno));
	for (unsigned int i = 0; i < 2 * workers; i++)
		m->polls[i].revents = 0;
	return busy;
}

/*
 * Hears busy workers until none is left.  All that DONE brings goes into tables by node or by total order, so
 * who comes first does not matter.  What a worker said before it died is heard.
 */
static int collect(struct machine *m)
{
	const unsigned int workers = m->options.workers;
	int error;

	while ((error = wait_for_workers(m)) > 0)
		for (unsigned int i = 0; i < workers; i++) {
			if (m->polls[i].revents)
				error = hear(m, i);
			else if (m->polls[workers + i].revents)
				error = fail_dead(m, i);
			if (error < 0)
				return error;
		}
	return error;
}

static int command(struct machine *m, unsigned int worker, enum rec_mail kind)
{
	struct crew *crew = &m->crews[worker];

	CHECK(!crew->busy);
	const int error =
		rec_mail_send(&crew->box, kind, crew->command.data, crew->command.size, -1);

	if (error == -EPIPE)
		return fail_dead(m, worker);
	if (error < 0)
		return fail(m, error, "worker %u cannot be told: %s", worker, strerror(-error));
	crew->busy = true;
	return 0;
}

/* ---- windows ---- */

static vtime_ns next_start(const struct machine *m)
{
	vtime_ns next = rec_flight_next(&m->flight);

	for (size_t i = 0; i < m->exp->node_count; i++)
		if (m->nodes[i].next < next)
			next = m->nodes[i].next;
	return next;
}

static uint64_t unfinished(const struct machine *m)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < m->exp->node_count; i++)
		sum += m->nodes[i].unfinished;
	return sum;
}

static vtime_ns window_end(const struct machine *m, vtime_ns start)
{
	vtime_ns length = m->exp->lookahead < WINDOW_NS_MAX ? m->exp->lookahead : WINDOW_NS_MAX;

	CHECK(length > 0 && start < m->exp->stop_time);
	if (length > m->exp->stop_time - start)
		length = m->exp->stop_time - start;
	return start + length;
}

/* Workers without anything to do in the window are left alone. */
static int send_window(struct machine *m)
{
	for (unsigned int i = 0; i < m->options.workers; i++) {
		fmt_buf_clear(&m->crews[i].command);
		fmt_buf_put(&m->crews[i].command, &m->until, sizeof(m->until));
	}
	while (rec_flight_next(&m->flight) < m->until) {
		_cleanup_free_ struct rec_packet *packet = rec_flight_take(&m->flight);
		struct standing *node = &m->nodes[packet->dst - 1];

		rec_mail_put_packet(&m->crews[rec_worker_of(packet->dst, m->options.workers, m->exp->node_count)].command,
				    packet);
		if (packet->arrive_ns < node->next)
			node->next = packet->arrive_ns;
	}
	for (unsigned int i = 0; i < m->options.workers; i++) {
		bool wanted = m->crews[i].command.size > sizeof(m->until);

		for (node_id id = rec_worker_first(i, m->options.workers, m->exp->node_count);
		     id < rec_worker_first(i + 1, m->options.workers, m->exp->node_count) && !wanted; id++)
			wanted = m->nodes[id - 1].next < m->until;
		const int error = wanted ? command(m, i, REC_MAIL_RUN) : 0;

		if (error < 0)
			return error;
	}
	return 0;
}

static struct rec_status_now status_now(const struct machine *m)
{
	return (struct rec_status_now){m->until, m->result->events, m->result->packets};
}

static int show_status(struct machine *m)
{
	const struct rec_status_now now = status_now(m);
	const int error = rec_status_show(&m->status, &now);

	return error < 0 ? fail(m, error, "%s: the status cannot be written: %s", m->options.status_path,
				error == -EINVAL ? "it is no regular file" : strerror(-error)) : 0;
}

/* Runs one window.  While the workers are at it, what they told of the one before goes into the trace.  0 or -errno. */
static int run_window(struct machine *m, vtime_ns start)
{
	const vtime_ns final = m->until;

	m->until = window_end(m, start);
	const int error = send_window(m) ?: emit_until(m, final) ?: collect(m);

	if (error < 0)
		return error;
	return flush(m) ?: show_status(m);
}

static void set_deadlock_reason(struct machine *m)
{
	char *to = m->result->reason;
	const size_t size = sizeof(m->result->reason);
	size_t used = (size_t)snprintf(to, size, "nothing can happen any more, but processes wait: ");
	const char *separator = "";

	for (size_t i = 0; i < m->exp->node_count && used < size; i++)
		if (m->nodes[i].unfinished) {
			used += (size_t)snprintf(to + used, size - used, "%s%s (%llu)", separator,
						 m->exp->nodes[i].name,
						 (unsigned long long)m->nodes[i].unfinished);
			separator = ", ";
		}
	if (used >= size)
		strcpy(to + size - 4, "...");
}

/* Whether the run is over before the window that would start next; the reason, and in *ret_end its time. */
static bool is_over(struct machine *m, vtime_ns start, vtime_ns *ret_end)
{
	const vtime_ns stop = m->exp->stop_time;

	*ret_end = m->last;
	if (rec_interrupted()) {
		rec_interrupt_extend();
		m->result->status = REC_END_INTERRUPTED;
		set_reason(m, "interrupted");
		*ret_end = m->until;
	} else if (m->counts && !unfinished(m)) {
		set_reason(m, "all processes have ended");
	} else if (start == NEVER && unfinished(m)) {
		set_deadlock_reason(m);
	} else if (start == NEVER && stop == NEVER) {
		set_reason(m, "nothing can happen any more");
	} else if (start >= stop) {
		set_reason(m, "stop_time was reached");
		*ret_end = stop;
	} else {
		return false;
	}
	return true;
}

static int emit_end(struct machine *m, vtime_ns now)
{
	struct fmt_buf records = {0};

	m->result->end = m->last > now ? m->last : now;
	if (rec_monitor_next(&m->monitor) != NEVER) {
		const int error = tell_load(m, m->result->end);

		if (error < 0)
			return error;
	}
	fmt_put_end(&records, m->result->end, 0, 0,
		    &(struct fmt_ev_end){m->result->status, text(m->result->reason)});
	return emit_records(m, &records);
}

/* The end: nodes stop at a time that all have reached, and the end event comes after everything. */
static int stop(struct machine *m, vtime_ns now)
{
	int error = emit_until(m, NEVER);

	if (error < 0)
		return error;
	now = m->last > now ? m->last : now;
	for (unsigned int i = 0; i < m->options.workers && !error; i++) {
		fmt_buf_clear(&m->crews[i].command);
		fmt_buf_put(&m->crews[i].command, &now, sizeof(now));
		error = command(m, i, REC_MAIL_STOP);
	}
	error = error ?: collect(m) ?: emit_until(m, NEVER);
	if (error < 0)
		return error;
	if (m->result->status == REC_END_HOPED && m->result->failed_expectations)
		m->result->status = REC_END_FAILED;
	return emit_end(m, now);
}

static int run(struct machine *m)
{
	vtime_ns end;
	int error = show_status(m) ?: start_workers(m) ?: open_trace(m) ?: emit_first(m) ?: collect(m);

	while (!error) {
		const vtime_ns start = next_start(m);

		if (is_over(m, start, &end))
			break;
		error = run_window(m, start);
	}
	error = error ?: stop(m, end);
	if (!m->given_up)
		return error;
	m->result->status = REC_END_INTERRUPTED;
	return emit_end(m, m->last);
}

/* ---- one run ---- */

static void machine_init(struct machine *m)
{
	const struct rec_experiment *exp = m->exp;

	if (m->options.workers > exp->node_count)
		m->options.workers = (unsigned int)exp->node_count;
	if (m->options.workers > WORKERS_MAX)
		m->options.workers = WORKERS_MAX;
	m->options.quiet = m->options.quiet || !isatty(STDERR_FILENO);
	m->crews = calloc(m->options.workers, sizeof(*m->crews));
	m->polls = calloc(2 * m->options.workers + 1, sizeof(*m->polls));
	m->nodes = calloc(exp->node_count, sizeof(*m->nodes));
	CHECK(m->crews && m->polls && m->nodes);
	for (unsigned int i = 0; i < m->options.workers; i++)
		m->crews[i].box.socket = m->crews[i].pidfd = -EBADF;
	rec_merge_init(&m->merge, exp->node_count);
	rec_changes_init(&m->changes, exp);
	rec_monitor_init(&m->monitor, exp);
	for (size_t i = 0; i < exp->node_count; i++)
		for (size_t p = 0; p < exp->nodes[i].process_count; p++)
			if (exp->nodes[i].processes[p].expected != REC_FINAL_RUNNING)
				m->counts = true;
	rec_status_init(&m->status, m->options.quiet ? NULL : stderr, m->options.status_path, exp->stop_time);
}

static void machine_done(struct machine *m)
{
	free(m->crews);
	free(m->polls);
	free(m->nodes);
	rec_merge_done(&m->merge);
	rec_changes_done(&m->changes);
	rec_monitor_done(&m->monitor);
	rec_flight_done(&m->flight);
	rec_hashset_done(&m->files);
	fmt_buf_done(&m->message);
}

static void say_what_is_left(struct machine *m, bool kept)
{
	const size_t used = strlen(m->error->text);

	snprintf(m->error->text + used, sizeof(m->error->text) - used, kept ? "; what was written so far is there and can be replayed"
									      : "; nothing of it is left");
}

/* Finished in order, or left as it was last flushed: all that is final is flushed first. */
static int close_trace(struct machine *m, int error)
{
	if (!m->writer)
		return error;
	if (error == 0) {
		error = fmt_writer_finish(m->writer, m->result->hash);
		if (error == 0)
			return 0;
		error = fail_trace(m, error);
	} else if (!m->trace_failed) {
		fmt_writer_flush(m->writer, /* now= */ true);
	}
	const bool kept = fmt_writer_give_up(m->writer);

	if (m->trace_failed)
		say_what_is_left(m, kept);
	return error;
}

int rec_machine_run(const struct rec_experiment *exp, const struct rec_run_options *options,
		    struct rec_run_result *ret, struct rec_exp_error *error)
{
	struct rec_run_result result = {0};
	struct machine m = {.exp = exp, .options = *options, .result = &result, .error = error};

	CHECK(options->workers >= 1);
	CHECK(exp->node_count >= 1);
	*error = (struct rec_exp_error){0};
	if (options->data_dir && mkdir(options->data_dir, 0777) < 0 && errno != EEXIST)
		return fail(&m, -errno, "%s: %s", options->data_dir, strerror(errno));
	const int interrupt_error = rec_interrupt_begin();

	if (interrupt_error < 0)
		return fail(&m, interrupt_error, "signals cannot be waited for: %s", strerror(-interrupt_error));
	machine_init(&m);
	const int run_error = run(&m);

	end_workers(&m);
	const int last_error = close_trace(&m, run_error);
	struct rec_status_now now = status_now(&m);

	now.vtime = last_error < 0 ? now.vtime : result.end;
	rec_status_end(&m.status, &now, last_error < 0 ? "failed" : "ended", last_error < 0 ? error->text : result.reason);

	rec_interrupt_end();
	machine_done(&m);
	if (last_error < 0)
		return last_error;
	*ret = result;
	return 0;
}
