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
#include "machine-int.h"

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
#include "interrupt.h"
#include "syscall-names.h"
#include "worker.h"

#define WINDOW_NS_MAX 10000000ull	/* some 10,000 syscalls of each node: tens of milliseconds here */
#define WORKERS_MAX 1024u
#define FLUSH_POLL_MS 200		/* a window may take long, and what came before it is not to be lost meanwhile */

int rec__machine_fail(struct rec__machine *m, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(m->error->text, sizeof(m->error->text), format, args);
	va_end(args);
	return error;
}

const char *rec__machine_node_name(const struct rec__machine *m, node_id id)
{
	return m->exp->nodes[id - 1].name;
}

/* ---- workers ---- */

__attribute__((noreturn))
static void be_worker(struct rec__machine *m, unsigned int index, const struct rec_mailbox *box, pid_t parent)
{
	/* Out of the terminal's group: its ^C is for the machine, which ends the window first. */
	setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Where Yama lets only ancestors trace: gdb will be the machine's child. */
	if (m->options.debug_path)
		prctl(PR_SET_PTRACER, parent);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	rec_interrupt_leave();
	for (unsigned int i = 0; i < index; i++) {
		rec_mailbox_close(&m->crews[i].box);
		close(m->crews[i].pidfd);
	}
	_exit(rec_worker_main(box, m->exp, &m->options, m->cpus, index));
}

static int start_workers(struct rec__machine *m)
{
	const pid_t parent = getpid();

	fflush(NULL);
	for (unsigned int i = 0; i < m->options.workers; i++) {
		struct rec_mailbox pair[2];
		int error = rec_mailbox_pair(pair);

		if (error < 0)
			return rec__machine_fail(m, error, "a worker cannot be started: %s", strerror(-error));
		const pid_t pid = fork();

		if (!pid) {
			close(pair[0].socket);
			be_worker(m, i, &pair[1], parent);
		}
		error = -errno;
		close(pair[1].socket);	/* the memory is that of pair[0] */
		if (pid < 0) {
			rec_mailbox_close(&pair[0]);
			return rec__machine_fail(m, error, "a worker cannot be started: %s", strerror(-error));
		}
		m->crews[i].pid = pid;
		m->crews[i].box = pair[0];
		m->crews[i].busy = true;
		m->crews[i].pidfd = pidfd_open(pid, 0);
		if (m->crews[i].pidfd < 0)
			return rec__machine_fail(m, -errno, "a worker cannot be watched: %s", strerror(errno));
	}
	return 0;
}

static void list_nodes(const struct rec__machine *m, unsigned int worker, char *to, size_t size)
{
	size_t used = 0;

	*to = 0;
	for (node_id id = rec_worker_first(worker, m->options.workers, m->exp->node_count);
	     id < rec_worker_first(worker + 1, m->options.workers, m->exp->node_count) && used < size; id++)
		used += (size_t)snprintf(to + used, size - used, "%s%s", used ? ", " : "", rec__machine_node_name(m, id));
	if (used >= size)
		strcpy(to + size - 4, "...");
}

static int fail_dead(struct rec__machine *m, unsigned int worker)
{
	struct rec__crew *crew = &m->crews[worker];
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
	return rec__machine_fail(m, -ECHILD, "worker %u, which ran %s, %s near %llu ns; unless somebody killed it, "
		    "this is a bug in hindcast", worker, nodes, how, (unsigned long long)m->last);
}

/* Waits for the end of a worker; when the user has asked for the end, not for long. */
static void reap(const struct rec__crew *crew)
{
	struct pollfd polls[] = {{.fd = crew->pidfd, .events = POLLIN}, {.fd = rec_interrupt_fd(), .events = POLLIN}};

	if (!crew->busy && (poll(polls, 2, -1) < 0 || !polls[0].revents))
		kill(crew->pid, SIGKILL);
	while (waitpid(crew->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* Tells all workers to end: in order where they wait for a command, by force where not. */
static void dismiss_workers(struct rec__machine *m)
{
	rec_interrupt_extend();
	for (unsigned int i = 0; i < m->options.workers; i++) {
		struct rec__crew *crew = &m->crews[i];

		if (crew->pid && (crew->busy || rec_mail_send(&crew->box, REC_MAIL_QUIT, NULL, 0, -1)))
			kill(crew->pid, SIGKILL);
	}
}

static void reap_workers(struct rec__machine *m)
{
	for (unsigned int i = 0; i < m->options.workers; i++) {
		struct rec__crew *crew = &m->crews[i];

		if (crew->pid)
			reap(crew);
		rec_mailbox_close(&crew->box);
		if (crew->pidfd >= 0)
			close(crew->pidfd);
		fmt_buf_done(&crew->command);
	}
}

/* ---- what workers say ---- */

static int take_file(struct rec__machine *m, struct rec__crew *crew, int fd)
{
	int error = 0;

	if (m->message.size != FMT_HASH_SIZE || fd < 0)
		return rec__machine_fail(m, -EPROTO, "a worker sent a file without its content");
	if (m->writer && rec_hashset_add(&m->files, m->message.data))
		error = fmt_writer_file(m->writer, m->message.data, fd);
	if (error < 0)
		return rec__machine_fail_trace(m, error);
	error = rec_mail_send(&crew->box, REC_MAIL_GO, NULL, 0, -1);
	return error == -EPIPE ? 0 : error;
}

static int take_state(struct rec__machine *m, size_t *pos)
{
	struct rec_node_state state;

	if (rec_mail_get(&m->message, pos, &state, sizeof(state)) < 0 || state.node < 1 ||
	    state.node > m->exp->node_count || state.events_size > m->message.size - *pos)
		return -EPROTO;
	struct rec__standing *node = &m->nodes[state.node - 1];

	node->next = state.next;
	node->unfinished = state.unfinished;
	m->result->failed_expectations += state.failed;
	rec_merge_add(&m->merge, state.node, m->message.data + *pos, state.events_size);
	*pos += state.events_size;
	return 0;
}

static int take_packets(struct rec__machine *m, size_t *pos)
{
	struct rec_packet *packet = NULL;
	int got;

	while ((got = rec_mail_get_packet(&m->message, pos, &packet)) > 0) {
		const bool known = packet->src >= 1 && packet->src <= m->exp->node_count &&
				   packet->dst >= 1 && packet->dst <= m->exp->node_count;

		if (!known || packet->arrive_ns < m->until) {
			const node_id src = known ? packet->src : 1;

			free(packet);
			return rec__machine_fail(m, -EPROTO, "node '%s' sent a packet into the past of another one "
				    "(before %llu ns); this is a bug in hindcast", rec__machine_node_name(m, src),
				    (unsigned long long)m->until);
		}
		rec_flight_add(&m->flight, packet);
		m->result->packets++;
	}
	return got < 0 ? rec__machine_fail(m, -EPROTO, "a worker sent half a packet") : 0;
}

static int take_done(struct rec__machine *m)
{
	struct rec_done done;
	size_t pos = 0;

	if (rec_mail_get(&m->message, &pos, &done, sizeof(done)) < 0)
		return rec__machine_fail(m, -EPROTO, "a worker sent an empty answer");
	m->result->packets += done.delivered;
	while (done.states--)
		if (take_state(m, &pos) < 0)
			return rec__machine_fail(m, -EPROTO, "a worker sent half a node");
	return take_packets(m, &pos);
}

static int take_failure(struct rec__machine *m)
{
	int32_t code = 0;
	size_t pos = 0;

	if (rec_mail_get(&m->message, &pos, &code, sizeof(code)) < 0 || code >= 0 ||
	    pos == m->message.size || m->message.data[m->message.size - 1])
		return rec__machine_fail(m, -EPROTO, "a worker failed without a reason");
	return rec__machine_fail(m, code, "%s", (const char *)m->message.data + pos);
}

/* One message of a worker that is busy. */
static int hear(struct rec__machine *m, unsigned int worker)
{
	struct rec__crew *crew = &m->crews[worker];
	_cleanup_close_ int fd = -EBADF;
	enum rec_mail kind = 0;
	const int error = rec_mail_receive(&crew->box, &kind, &m->message, &fd);

	if (error == -EPIPE)
		return fail_dead(m, worker);
	if (error < 0)
		return rec__machine_fail(m, error, "worker %u cannot be heard: %s", worker, strerror(-error));
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
		return rec__machine_fail(m, -EPROTO, "worker %u sent a message of kind %d", worker, (int)kind);
	}
}

__attribute__((format(printf, 2, 3)))
static void set_reason(struct rec__machine *m, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(m->result->reason, sizeof(m->result->reason), format, args);
	va_end(args);
}

/* The first busy worker gives the reason; usually it is the only one. */
static int give_up(struct rec__machine *m)
{
	unsigned int worker = 0;
	char nodes[200];

	while (!m->crews[worker].busy)
		worker++;
	list_nodes(m, worker, nodes, sizeof(nodes));
	m->given_up = true;
	set_reason(m, "interrupted; no answer from %s", nodes);
	return rec__machine_fail(m, -EINTR, "interrupted, and no answer from %s", nodes);
}

/* Waits until a busy worker speaks or dies; the number of busy ones, -errno. */
static int wait_for_workers(struct rec__machine *m)
{
	const unsigned int workers = m->options.workers;
	int busy = 0;

	for (unsigned int i = 0; i < workers; i++) {
		const struct rec__crew *crew = &m->crews[i];

		m->polls[i] = (struct pollfd){.fd = crew->busy ? crew->box.socket : -1, .events = POLLIN};
		m->polls[workers + i] =
			(struct pollfd){.fd = crew->busy ? crew->pidfd : -1, .events = POLLIN};
		busy += crew->busy;
	}
	if (!busy)
		return 0;
	const int error = rec__machine_flush(m);

	if (error < 0)
		return error;
	m->polls[2 * workers] = (struct pollfd){.fd = rec_interrupt_fd(), .events = POLLIN};
	m->polls[2 * workers + 1] = (struct pollfd){.fd = m->gdb_pidfd, .events = POLLIN};
	if (poll(m->polls, 2 * workers + 2, m->writer ? FLUSH_POLL_MS : -1) >= 0) {
		if (m->polls[2 * workers + 1].revents)
			rec__machine_gdb_ended(m);
		return m->polls[2 * workers].revents ? give_up(m) : busy;
	}
	if (errno != EINTR)
		return rec__machine_fail(m, -errno, "poll: %s", strerror(errno));
	for (unsigned int i = 0; i < 2 * workers; i++)
		m->polls[i].revents = 0;
	return busy;
}

/*
 * Hears busy workers until none is left.  All that DONE brings goes into tables by node or by total order, so
 * who comes first does not matter.  What a worker said before it died is heard.
 */
static int collect(struct rec__machine *m)
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

static int command(struct rec__machine *m, unsigned int worker, enum rec_mail kind)
{
	struct rec__crew *crew = &m->crews[worker];

	CHECK(!crew->busy);
	const int error =
		rec_mail_send(&crew->box, kind, crew->command.data, crew->command.size, -1);

	if (error == -EPIPE)
		return fail_dead(m, worker);
	if (error < 0)
		return rec__machine_fail(m, error, "worker %u cannot be told: %s", worker, strerror(-error));
	crew->busy = true;
	return 0;
}

/* ---- windows ---- */

static vtime_ns next_start(const struct rec__machine *m)
{
	vtime_ns next = rec_flight_next(&m->flight);

	for (size_t i = 0; i < m->exp->node_count; i++)
		if (m->nodes[i].next < next)
			next = m->nodes[i].next;
	return next;
}

static uint64_t unfinished(const struct rec__machine *m)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < m->exp->node_count; i++)
		sum += m->nodes[i].unfinished;
	return sum;
}

static vtime_ns window_end(const struct rec__machine *m, vtime_ns start)
{
	vtime_ns length = m->exp->lookahead < WINDOW_NS_MAX ? m->exp->lookahead : WINDOW_NS_MAX;

	CHECK(length > 0 && start < m->exp->stop_time);
	if (length > m->exp->stop_time - start)
		length = m->exp->stop_time - start;
	return start + length;
}

/* Workers without anything to do in the window are left alone. */
static int send_window(struct rec__machine *m)
{
	for (unsigned int i = 0; i < m->options.workers; i++) {
		fmt_buf_clear(&m->crews[i].command);
		fmt_buf_put(&m->crews[i].command, &m->until, sizeof(m->until));
	}
	while (rec_flight_next(&m->flight) < m->until) {
		_cleanup_free_ struct rec_packet *packet = rec_flight_take(&m->flight);
		struct rec__standing *node = &m->nodes[packet->dst - 1];

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

static struct rec_status_now status_now(const struct rec__machine *m)
{
	return (struct rec_status_now){m->until, m->result->events, m->result->packets};
}

static int show_status(struct rec__machine *m)
{
	const struct rec_status_now now = status_now(m);
	const int error = rec_status_show(&m->status, &now);

	return error < 0 ? rec__machine_fail(m, error, "%s: the status cannot be written: %s", m->options.status_path,
				error == -EINVAL ? "it is no regular file" : strerror(-error)) : 0;
}

/* Runs one window.  While the workers are at it, what they told of the one before goes into the trace.  0 or -errno. */
static int run_window(struct rec__machine *m, vtime_ns start)
{
	const vtime_ns final = m->until;

	m->until = window_end(m, start);
	const int error = send_window(m) ?: rec__machine_emit_until(m, final) ?: collect(m);

	if (error < 0)
		return error;
	return rec__machine_flush(m) ?: show_status(m);
}

static void set_deadlock_reason(struct rec__machine *m)
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
static bool is_over(struct rec__machine *m, vtime_ns start, vtime_ns *ret_end)
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
	} else if (start == REC__NEVER && unfinished(m)) {
		set_deadlock_reason(m);
	} else if (start == REC__NEVER && stop == REC__NEVER) {
		set_reason(m, "nothing can happen any more");
	} else if (start >= stop) {
		set_reason(m, REC_REASON_STOP_TIME);
		*ret_end = stop;
	} else {
		return false;
	}
	return true;
}

/* The end: nodes stop at a time that all have reached, and the end event comes after everything. */
static int stop(struct rec__machine *m, vtime_ns now)
{
	int error = rec__machine_emit_until(m, REC__NEVER);

	if (error < 0)
		return error;
	now = m->last > now ? m->last : now;
	for (unsigned int i = 0; i < m->options.workers && !error; i++) {
		fmt_buf_clear(&m->crews[i].command);
		fmt_buf_put(&m->crews[i].command, &now, sizeof(now));
		error = command(m, i, REC_MAIL_STOP);
	}
	error = error ?: collect(m) ?: rec__machine_emit_until(m, REC__NEVER);
	if (error < 0)
		return error;
	if (m->result->status == REC_END_HOPED && m->result->failed_expectations)
		m->result->status = REC_END_FAILED;
	return rec__machine_emit_end(m, now);
}

static int run(struct rec__machine *m)
{
	vtime_ns end;
	int error = show_status(m) ?: start_workers(m) ?: rec__machine_open_trace(m) ?: rec__machine_emit_first(m) ?: collect(m) ?:
		    rec__machine_gdb_begin(m);

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
	return rec__machine_emit_end(m, m->last);
}

/* ---- one run ---- */

static void machine_init(struct rec__machine *m)
{
	const struct rec_experiment *exp = m->exp;

	if (m->options.workers > exp->node_count)
		m->options.workers = (unsigned int)exp->node_count;
	if (m->options.workers > WORKERS_MAX)
		m->options.workers = WORKERS_MAX;
	m->options.quiet = m->options.quiet || !isatty(STDERR_FILENO);
	m->crews = calloc(m->options.workers, sizeof(*m->crews));
	m->polls = calloc(2 * m->options.workers + 2, sizeof(*m->polls));
	m->gdb_pidfd = -EBADF;
	m->nodes = calloc(exp->node_count, sizeof(*m->nodes));
	CHECK(m->crews && m->polls && m->nodes);
	/* Fast calls have a rule of their own. */
	m->cpus = m->options.fast_calls ? NULL : rec_cpus_new(m->options.workers);
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

static void machine_done(struct rec__machine *m)
{
	free(m->crews);
	rec_cpus_free(m->cpus);
	free(m->polls);
	free(m->nodes);
	rec_merge_done(&m->merge);
	rec_changes_done(&m->changes);
	rec_monitor_done(&m->monitor);
	rec_flight_done(&m->flight);
	rec_hashset_done(&m->files);
	fmt_buf_done(&m->message);
}

int rec_machine_run(const struct rec_experiment *exp, const struct rec_run_options *options,
		    struct rec_run_result *ret, struct rec_exp_error *error)
{
	struct rec_run_result result = {0};
	struct rec__machine m = {.exp = exp, .options = *options, .result = &result, .error = error};

	CHECK(options->workers >= 1);
	CHECK(exp->node_count >= 1);
	*error = (struct rec_exp_error){0};
	if (options->data_dir && mkdir(options->data_dir, 0777) < 0 && errno != EEXIST)
		return rec__machine_fail(&m, -errno, "%s: %s", options->data_dir, strerror(errno));
	const int interrupt_error = rec_interrupt_begin();

	if (interrupt_error < 0)
		return rec__machine_fail(&m, interrupt_error, "signals cannot be waited for: %s", strerror(-interrupt_error));
	machine_init(&m);
	const int run_error = run(&m);

	dismiss_workers(&m);
	/* A tracer comes first: while gdb waits for its user, nobody else can reap the worker. */
	const bool traced = m.gdb;

	if (!traced)
		reap_workers(&m);
	const int last_error = rec__machine_close_trace(&m, run_error);
	struct rec_status_now now = status_now(&m);

	now.vtime = last_error < 0 ? now.vtime : result.end;
	rec_status_end(&m.status, &now, last_error < 0 ? "failed" : "ended", last_error < 0 ? error->text : result.reason);

	if (traced) {
		rec__machine_gdb_end(&m);
		reap_workers(&m);
	}
	rec_interrupt_end();
	machine_done(&m);
	if (last_error < 0)
		return last_error;
	*ret = result;
	return 0;
}
