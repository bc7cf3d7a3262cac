/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state-fold.c - what events do to the state of a node: processes, threads, descriptors, timers, output.
 *
 * A fold knows nothing but the state and the event, and never fails: a trace that tells of what cannot be gives a state that
 * cannot be, and no more.
 *
 * Descriptors come with fd events.  They go by what calls say of themselves (close, close_range, an exec for those with
 * O_CLOEXEC, the end of a process); threads share a table, and so do processes whose clone said so.
 */
#include "state-int.h"

#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/ioctl.h>

/* ---- finding rows ---------------------------------------------------------- */

static int compare_u32(const void *row, const void *key)
{
	const uint32_t a = *(const uint32_t *)row, b = *(const uint32_t *)key;

	return a < b ? -1 : a > b;
}

static int compare_pair(const void *row, const void *key)
{
	const uint32_t *a = row, *b = key;

	if (a[0] != b[0])
		return a[0] < b[0] ? -1 : 1;
	return a[1] < b[1] ? -1 : a[1] > b[1];
}

/* The row with the key, or a new one that the caller gives its key; NULL when the table is full. */
static void *row_get(struct rep_table *table, size_t row_size, int (*compare)(const void *, const void *), const void *key)
{
	const size_t at = rep__rows_find(table, row_size, compare, key);

	if (at < table->count && compare((uint8_t *)table->rows + at * row_size, key) == 0)
		return (uint8_t *)table->rows + at * row_size;
	return rep__rows_insert(table, row_size, at);
}

static void *row_find(const struct rep_table *table, size_t row_size, int (*compare)(const void *, const void *),
		      const void *key)
{
	const size_t at = rep__rows_find(table, row_size, compare, key);

	if (at == table->count || compare((uint8_t *)table->rows + at * row_size, key) != 0)
		return NULL;
	return (uint8_t *)table->rows + at * row_size;
}

static struct rep_state_thread *thread_find(const struct rep_state_node *node, uint32_t tid)
{
	return row_find(&node->threads, sizeof(struct rep_state_thread), compare_u32, &tid);
}

static struct rep_state_process *process_find(const struct rep_state_node *node, uint32_t pid)
{
	return row_find(&node->processes, sizeof(struct rep_state_process), compare_u32, &pid);
}

static struct rep_state_process *process_of(const struct rep_state_node *node, uint32_t tid)
{
	const struct rep_state_thread *thread = thread_find(node, tid);

	return thread ? process_find(node, thread->pid) : NULL;
}

const struct rep_state_thread *rep_state_thread(const struct rep_state_node *node, uint32_t tid)
{
	return thread_find(node, tid);
}

const struct rep_state_process *rep_state_process(const struct rep_state_node *node, uint32_t pid)
{
	return process_find(node, pid);
}

const struct rep_state_fd *rep_state_fd(const struct rep_state_node *node, uint32_t pid, uint32_t fd)
{
	const struct rep_state_process *process = process_find(node, pid);
	const uint32_t key[2] = {process ? process->files : 0, fd};

	return process ? row_find(&node->fds, sizeof(struct rep_state_fd), compare_pair, key) : NULL;
}

/* ---- descriptors -------------------------------------------------------------- */

/* The rows of a table of descriptors are [*ret_from, *ret_to). */
static void files_range(const struct rep_state_node *node, uint32_t files, uint32_t *ret_from, uint32_t *ret_to)
{
	const uint32_t from[2] = {files, 0}, to[2] = {files + 1, 0};

	*ret_from = (uint32_t)rep__rows_find(&node->fds, sizeof(struct rep_state_fd), compare_pair, from);
	*ret_to = (uint32_t)rep__rows_find(&node->fds, sizeof(struct rep_state_fd), compare_pair, to);
}

/* Takes those away that a function does not want to keep. */
static void files_sift(struct rep_state_node *node, uint32_t files, bool (*keep)(struct rep_state_fd *fd, const uint64_t *args),
		       const uint64_t *args)
{
	uint32_t from, to, kept;

	files_range(node, files, &from, &to);
	kept = from;
	struct rep_state_fd *fds = node->fds.rows;

	for (uint32_t i = from; i < to; i++) {
		if (keep(&fds[i], args))
			fds[kept++] = fds[i];
		else
			rep__socket_unref(node, fds[i].sock);
	}
	if (kept == to)
		return;
	memmove(&fds[kept], &fds[to], (node->fds.count - to) * sizeof(*fds));
	node->fds.count -= to - kept;
}

static bool keep_unless_cloexec(struct rep_state_fd *fd, const uint64_t *args)
{
	(void)args;
	return !(fd->flags & O_CLOEXEC);
}

static bool keep_none(struct rep_state_fd *fd, const uint64_t *args)
{
	(void)fd, (void)args;
	return false;
}

static bool keep_outside(struct rep_state_fd *fd, const uint64_t *args)
{
	if (fd->fd < args[0] || fd->fd > args[1])
		return true;
	if (!(args[2] & CLOSE_RANGE_CLOEXEC))
		return false;
	fd->flags |= O_CLOEXEC;
	return true;
}

/* A new table, with all that another one has. */
static uint32_t files_copy(struct rep_state_node *node, uint32_t files)
{
	const uint32_t fresh = ++node->next_files;
	uint32_t from, to;

	files_range(node, files, &from, &to);
	/* New numbers are higher than all others, so the copies go to the end. */
	for (uint32_t i = from; i < to; i++) {
		struct rep_state_fd *row = rep__rows_insert(&node->fds, sizeof(*row), node->fds.count);

		if (!row)
			break;
		*row = *rep__row(&node->fds, struct rep_state_fd, i);
		row->files = fresh;
		rep__socket_ref(node, row->sock);
	}
	return fresh;
}

static bool files_shared(const struct rep_state_node *node, const struct rep_state_process *process)
{
	const struct rep_state_process *all = node->processes.rows;

	for (uint32_t i = 0; i < node->processes.count; i++)
		if (&all[i] != process && !all[i].ended && all[i].files == process->files)
			return true;
	return false;
}

static void fold_fd(struct rep_state_node *node, const struct fmt_event *event)
{
	const struct rep_state_process *process = process_of(node, event->tid);
	struct fmt_ev_fd ev;

	if (!process || fmt_get_fd(event, &ev) < 0)
		return;
	const uint32_t key[2] = {process->files, (uint32_t)ev.fd};
	struct rep_state_fd *fd = row_get(&node->fds, sizeof(*fd), compare_pair, key);

	if (!fd)
		return;
	rep__socket_ref(node, ev.sock);
	rep__socket_unref(node, fd->sock);
	*fd = (struct rep_state_fd){.files = key[0], .fd = key[1], .flags = (uint32_t)ev.flags, .mode = (uint32_t)ev.mode,
				    .ino = ev.ino, .sock = ev.sock, .seq = event->seq};
	rep__text_set(fd->what, sizeof(fd->what), ev.what);
}

static void close_one(struct rep_state_node *node, const struct rep_state_process *process, uint64_t number)
{
	const uint32_t key[2] = {process->files, (uint32_t)number};
	const size_t at = rep__rows_find(&node->fds, sizeof(struct rep_state_fd), compare_pair, key);

	if (at == node->fds.count || compare_pair(rep__row(&node->fds, struct rep_state_fd, at), key) != 0)
		return;
	const uint64_t sock = rep__row(&node->fds, struct rep_state_fd, at)->sock;

	rep__rows_remove(&node->fds, sizeof(struct rep_state_fd), at);
	rep__socket_unref(node, sock);
}

static void set_flags(struct rep_state_node *node, const struct rep_state_process *process, uint64_t number, uint32_t mask,
		      uint32_t flags)
{
	const uint32_t key[2] = {process->files, (uint32_t)number};
	struct rep_state_fd *fd = row_find(&node->fds, sizeof(*fd), compare_pair, key);

	if (fd)
		fd->flags = (fd->flags & ~mask) | (flags & mask);
}

/* What a call that worked has done to descriptors, as far as no fd event tells it. */
static void call_files(struct rep_state_node *node, uint32_t tid, uint64_t nr, const uint64_t *args)
{
	struct rep_state_process *process = process_of(node, tid);

	if (!process)
		return;
	switch (nr) {
	case __NR_close:
		close_one(node, process, args[0]);
		break;
	case __NR_close_range:
		if ((args[2] & CLOSE_RANGE_UNSHARE) && files_shared(node, process))
			process->files = files_copy(node, process->files);
		files_sift(node, process->files, keep_outside, args);
		break;
	case __NR_unshare:
		if ((args[0] & CLONE_FILES) && files_shared(node, process))
			process->files = files_copy(node, process->files);
		break;
	case __NR_fcntl:
		if (args[1] == F_SETFD)
			set_flags(node, process, args[0], O_CLOEXEC, args[2] & FD_CLOEXEC ? O_CLOEXEC : 0);
		else if (args[1] == F_SETFL)
			set_flags(node, process, args[0], O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT | O_NOATIME,
				  (uint32_t)args[2]);
		break;
	case __NR_ioctl:
		if (args[1] == FIOCLEX || args[1] == FIONCLEX)
			set_flags(node, process, args[0], O_CLOEXEC, args[1] == FIOCLEX ? O_CLOEXEC : 0);
		break;
	}
}

/* ---- calls ------------------------------------------------------------------------ */

/* The time limit of calls that carry it in a register, as milliseconds. */
static vtime_ns call_limit(const struct fmt_event *event, uint64_t nr, const uint64_t *args)
{
	const size_t at = nr == __NR_poll ? 2 : 3;
	const int64_t ms = (int32_t)args[at];

	if ((nr != __NR_poll && nr != __NR_epoll_wait && nr != __NR_epoll_pwait) || ms < 0)
		return 0;
	return event->vtime + (uint64_t)ms * 1000000;
}

static void begin_call(struct rep_state_thread *thread, uint64_t nr, const uint64_t *args)
{
	thread->nr = nr;
	memcpy(thread->args, args, sizeof(thread->args));
}

static void fold_syscall(struct rep_state_node *node, const struct fmt_event *event)
{
	struct rep_state_thread *thread = thread_find(node, event->tid);
	struct fmt_ev_syscall ev;

	if (!thread || fmt_get_syscall(event, &ev) < 0)
		return;
	const uint64_t args[6] = {ev.a0, ev.a1, ev.a2, ev.a3, ev.a4, ev.a5};

	begin_call(thread, ev.nr, args);
	thread->ret = ev.ret;
	if (thread->doing != REP_DOING_RUNS)
		thread->since = event->vtime;
	thread->doing = REP_DOING_RUNS;
	thread->until = 0;
	if (ev.ret >= 0)
		call_files(node, event->tid, ev.nr, args);
}

static void fold_syscall_enter(struct rep_state_node *node, const struct fmt_event *event)
{
	struct rep_state_thread *thread = thread_find(node, event->tid);
	struct fmt_ev_syscall_enter ev;

	if (!thread || fmt_get_syscall_enter(event, &ev) < 0)
		return;
	const uint64_t args[6] = {ev.a0, ev.a1, ev.a2, ev.a3, ev.a4, ev.a5};

	begin_call(thread, ev.nr, args);
	thread->doing = REP_DOING_WAITS;
	thread->since = event->vtime;
	thread->until = call_limit(event, ev.nr, args);
}

static void fold_syscall_exit(struct rep_state_node *node, const struct fmt_event *event)
{
	struct rep_state_thread *thread = thread_find(node, event->tid);
	struct fmt_ev_syscall_exit ev;

	if (!thread || fmt_get_syscall_exit(event, &ev) < 0)
		return;
	thread->ret = ev.ret;
	thread->doing = REP_DOING_RUNS;
	thread->since = event->vtime;
	thread->until = 0;
	if (ev.ret >= 0 && thread->nr == ev.nr)
		call_files(node, event->tid, ev.nr, thread->args);
}

static void fold_sleep(struct rep_state_node *node, const struct fmt_event *event)
{
	struct rep_state_thread *thread = thread_find(node, event->tid);
	struct fmt_ev_sleep ev;

	if (thread && thread->doing == REP_DOING_WAITS && fmt_get_sleep(event, &ev) == 0)
		thread->until = ev.until_ns;
}

static void fold_doing(struct rep_state_node *node, const struct fmt_event *event, enum rep_doing doing)
{
	struct rep_state_thread *thread = thread_find(node, event->tid);
	struct fmt_ev_fault ev;

	if (!thread)
		return;
	thread->doing = doing;
	thread->since = event->vtime;
	thread->until = 0;
	if (doing == REP_DOING_FAULTED && fmt_get_fault(event, &ev) == 0)
		thread->nr = ev.signo;
}

static void fold_signal(struct rep_state_node *node, const struct fmt_event *event)
{
	struct rep_state_thread *thread = thread_find(node, event->tid);
	struct fmt_ev_signal ev;

	if (!thread || fmt_get_signal(event, &ev) < 0)
		return;
	thread->handlers++;
	thread->signo = (uint32_t)ev.signo;
	fold_doing(node, event, REP_DOING_RUNS);
}

static void fold_sigreturn(struct rep_state_node *node, const struct fmt_event *event)
{
	struct rep_state_thread *thread = thread_find(node, event->tid);

	if (thread && thread->handlers)
		thread->handlers--;
}

/* ---- birth and death ------------------------------------------------------------------ */

static struct rep_state_thread *thread_new(struct rep_state_node *node, uint32_t tid, uint32_t pid, vtime_ns vtime)
{
	struct rep_state_thread *thread = row_get(&node->threads, sizeof(*thread), compare_u32, &tid);

	if (thread)
		*thread = (struct rep_state_thread){.tid = tid, .pid = pid, .since = vtime, .nr = UINT64_MAX};
	return thread;
}

static struct rep_state_process *process_new(struct rep_state_node *node, uint32_t pid, const struct fmt_event *event)
{
	struct rep_state_process *process = row_get(&node->processes, sizeof(*process), compare_u32, &pid);

	if (process)
		*process = (struct rep_state_process){.pid = pid, .began = event->vtime, .seq = event->seq};
	return process;
}

static void fold_start(struct rep_state_node *node, const struct fmt_event *event)
{
	struct fmt_ev_start ev;

	if (fmt_get_start(event, &ev) < 0)
		return;
	struct rep_state_process *process = process_new(node, (uint32_t)ev.pid, event);

	if (!process)
		return;
	process->files = ++node->next_files;
	rep__text_set(process->name, sizeof(process->name), ev.name);
	thread_new(node, event->tid, (uint32_t)ev.pid, event->vtime);
}

static void fold_clone(struct rep_state_node *node, const struct fmt_event *event)
{
	const struct rep_state_process *parent = process_of(node, event->tid);
	struct fmt_ev_clone ev;

	if (!parent || fmt_get_clone(event, &ev) < 0)
		return;
	if (!(ev.flags & CLONE_THREAD)) {
		const struct rep_state_process before = *parent;
		struct rep_state_process *child = process_new(node, (uint32_t)ev.child_pid, event);

		if (!child)
			return;
		child->parent = before.pid;
		memcpy(child->name, before.name, sizeof(child->name));
		memcpy(child->args, before.args, sizeof(child->args));
		child->files = ev.flags & CLONE_FILES ? before.files : files_copy(node, before.files);
	}
	thread_new(node, (uint32_t)ev.child_tid, (uint32_t)ev.child_pid, event->vtime);
}

static void drop_threads(struct rep_state_node *node, uint32_t pid, uint32_t except)
{
	struct rep_state_thread *threads = node->threads.rows;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < node->threads.count; i++)
		if (threads[i].pid != pid || threads[i].tid == except)
			threads[kept++] = threads[i];
	node->threads.count = kept;
}

static void drop_timers(struct rep_state_node *node, uint32_t pid)
{
	struct rep_state_timer *timers = node->timers.rows;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < node->timers.count; i++)
		if (timers[i].pid != pid)
			timers[kept++] = timers[i];
	node->timers.count = kept;
}

static struct fmt_bytes base_name(struct fmt_bytes path)
{
	for (size_t i = path.size; i > 0; i--)
		if (path.data[i - 1] == '/')
			return (struct fmt_bytes){path.data + i, path.size - i};
	return path;
}

/* A program takes the place of another: one thread is left, called like the process. */
static void fold_exec(struct rep_state_node *node, const struct fmt_event *event)
{
	struct fmt_ev_exec ev;

	if (fmt_get_exec(event, &ev) < 0)
		return;
	const uint32_t pid = (uint32_t)ev.pid;
	struct rep_state_process *process = process_find(node, pid);

	if (!process)
		return;
	process->seq = event->seq;
	rep__text_set(process->name, sizeof(process->name), base_name(ev.path));
	rep__text_set(process->args, sizeof(process->args), ev.args);
	if (files_shared(node, process))
		process->files = files_copy(node, process->files);
	files_sift(node, process->files, keep_unless_cloexec, NULL);
	drop_timers(node, pid);
	drop_threads(node, pid, pid);
	struct rep_state_thread *thread = thread_new(node, pid, pid, event->vtime);

	if (thread)
		thread->doing = REP_DOING_RUNS;
}

/* The one that ended first goes, when there are many. */
static void forget_ended(struct rep_state_node *node)
{
	const struct rep_state_process *all = node->processes.rows;
	uint32_t count = 0, oldest = 0;

	for (uint32_t i = 0; i < node->processes.count; i++)
		if (all[i].ended) {
			if (!count || all[i].end < all[oldest].end)
				oldest = i;
			count++;
		}
	if (count > REP_STATE_ENDED_MAX)
		rep__rows_remove(&node->processes, sizeof(*all), oldest);
}

static void fold_exit(struct rep_state_node *node, const struct fmt_event *event)
{
	struct fmt_ev_exit ev;

	if (fmt_get_exit(event, &ev) < 0)
		return;
	struct rep_state_process *process = process_find(node, (uint32_t)ev.pid);

	if (!ev.last) {
		const size_t at = rep__rows_find(&node->threads, sizeof(struct rep_state_thread), compare_u32, &event->tid);

		if (at < node->threads.count && rep__row(&node->threads, struct rep_state_thread, at)->tid == event->tid)
			rep__rows_remove(&node->threads, sizeof(struct rep_state_thread), at);
		return;
	}
	drop_threads(node, (uint32_t)ev.pid, /* except= */ 0);
	drop_timers(node, (uint32_t)ev.pid);
	if (!process)
		return;
	if (!files_shared(node, process))
		files_sift(node, process->files, keep_none, NULL);
	process->ended = true;
	process->code = (uint32_t)ev.code;
	process->end = event->vtime;
	process->seq = event->seq;
	forget_ended(node);
}

static void fold_panic(struct rep_state_node *node)
{
	node->panicked = true;
	node->threads.count = node->fds.count = node->sockets.count = node->timers.count = 0;
}

/* ---- the rest --------------------------------------------------------------------------- */

static void fold_timer(struct rep_state_node *node, const struct fmt_event *event)
{
	const struct rep_state_thread *thread = thread_find(node, event->tid);
	struct fmt_ev_timer ev;

	if (!thread || fmt_get_timer(event, &ev) < 0)
		return;
	struct rep_state_timer *timers = node->timers.rows;
	uint32_t at = 0;

	while (at < node->timers.count && (timers[at].pid != thread->pid || timers[at].nr != ev.nr || timers[at].id != ev.id))
		at++;
	if (!ev.expires_ns) {
		if (at < node->timers.count)
			rep__rows_remove(&node->timers, sizeof(*timers), at);
		return;
	}
	struct rep_state_timer *timer = at < node->timers.count ? &timers[at] :
					rep__rows_insert(&node->timers, sizeof(*timers), at);

	if (timer)
		*timer = (struct rep_state_timer){.pid = thread->pid, .nr = (uint32_t)ev.nr, .id = ev.id,
						  .expires = ev.expires_ns, .interval_ns = ev.interval_ns, .seq = event->seq};
}

void rep__timers_expire(struct rep_state_node *node, vtime_ns now)
{
	struct rep_state_timer *timers = node->timers.rows;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < node->timers.count; i++) {
		struct rep_state_timer timer = timers[i];

		if (timer.expires <= now && !timer.interval_ns)
			continue;
		if (timer.expires <= now)
			timer.expires += ((now - timer.expires) / timer.interval_ns + 1) * timer.interval_ns;
		timers[kept++] = timer;
	}
	node->timers.count = kept;
}

/* The last lines of a text that goes on. */
static void tail_add(struct rep_state_output *output, struct fmt_bytes text)
{
	char both[2 * sizeof(output->tail)];
	const size_t had = strnlen(output->tail, sizeof(output->tail)), room = sizeof(output->tail) - 1;
	const size_t added = text.size < room ? text.size : room;
	size_t from, lines = 0;

	memcpy(both, output->tail, had);
	memcpy(both + had, text.data + text.size - added, added);
	from = had + added > room ? had + added - room : 0;
	for (size_t i = had + added; i > from + 1; i--)
		if (both[i - 2] == '\n' && ++lines == 4)
			from = i - 1;
	rep__text_set(output->tail, sizeof(output->tail),
		      (struct fmt_bytes){(const uint8_t *)both + from, had + added - from});
}

static void fold_output(struct rep_state_node *node, const struct fmt_event *event)
{
	const struct rep_state_thread *thread = thread_find(node, event->tid);
	struct fmt_ev_output ev;

	if (fmt_get_output(event, &ev) < 0)
		return;
	const uint32_t key[2] = {thread ? thread->pid : event->tid, (uint32_t)ev.fd};
	struct rep_state_output *output = row_get(&node->outputs, sizeof(*output), compare_pair, key);

	if (!output)
		return;
	if (!output->bytes) {
		output->pid = key[0];
		output->fd = key[1];
		output->first = event->seq;
	}
	output->bytes += ev.text.size;
	for (size_t i = 0; i < ev.text.size; i++)
		output->lines += ev.text.data[i] == '\n';
	output->last = event->seq;
	if (ev.text.size)
		tail_add(output, ev.text);
}

/* ---- before a keyframe ------------------------------------------------------------------- */

static void fold_thread(struct rep_state_node *node, const struct fmt_event *event)
{
	struct rep_state_thread *thread = thread_find(node, event->tid);
	struct fmt_ev_thread ev;

	if (!thread || fmt_get_thread(event, &ev) < 0 || ev.doing > REP_DOING_FAULTED)
		return;
	*thread = (struct rep_state_thread){.tid = thread->tid, .pid = thread->pid, .doing = (enum rep_doing)ev.doing,
					    .handlers = (uint32_t)ev.handlers, .signo = (uint32_t)ev.signo, .nr = ev.nr,
					    .args = {ev.a0, ev.a1, ev.a2, ev.a3, ev.a4, ev.a5}, .ret = ev.ret,
					    .since = ev.since_ns, .until = ev.until_ns};
}

static void fold_written(struct rep_state_node *node, const struct fmt_event *event)
{
	struct fmt_ev_written ev;

	if (fmt_get_written(event, &ev) < 0)
		return;
	const uint32_t key[2] = {event->tid, (uint32_t)ev.fd};
	struct rep_state_output *output = row_get(&node->outputs, sizeof(*output), compare_pair, key);

	if (!output)
		return;
	*output = (struct rep_state_output){.pid = key[0], .fd = key[1], .bytes = ev.bytes, .lines = ev.lines,
					    .first = event->seq, .last = event->seq};
	tail_add(output, ev.text);
}

static void fold_node_past(struct rep_state_node *node, const struct fmt_event *event)
{
	struct fmt_ev_node_past ev;

	if (fmt_get_node_past(event, &ev) < 0)
		return;
	node->events = ev.events;
	node->last = ev.last_ns;
}

static void fold_of_node(struct rep_state *state, struct rep_state_node *node, const struct fmt_event *event)
{
	switch (event->kind) {
	case FMT_panic:
		fold_panic(node);
		break;
	case FMT_start:
		fold_start(node, event);
		break;
	case FMT_exec:
		fold_exec(node, event);
		break;
	case FMT_clone:
		fold_clone(node, event);
		break;
	case FMT_exit:
		fold_exit(node, event);
		break;
	case FMT_output:
		fold_output(node, event);
		break;
	case FMT_syscall:
		fold_syscall(node, event);
		break;
	case FMT_syscall_enter:
		fold_syscall_enter(node, event);
		break;
	case FMT_syscall_exit:
		fold_syscall_exit(node, event);
		break;
	case FMT_fault:
		fold_doing(node, event, REP_DOING_FAULTED);
		break;
	case FMT_preempt:
		fold_doing(node, event, REP_DOING_LOOPS);
		break;
	case FMT_tsc:
	case FMT_code_page:
		fold_doing(node, event, REP_DOING_RUNS);
		break;
	case FMT_signal:
		fold_signal(node, event);
		break;
	case FMT_sigreturn:
		fold_sigreturn(node, event);
		break;
	case FMT_fd:
		fold_fd(node, event);
		break;
	case FMT_sleep:
		fold_sleep(node, event);
		break;
	case FMT_timer:
		fold_timer(node, event);
		break;
	case FMT_thread:
		fold_thread(node, event);
		break;
	case FMT_written:
		fold_written(node, event);
		break;
	case FMT_node_past:
		fold_node_past(node, event);
		break;
	default:
		rep__state_fold_net(state, node, event);
	}
}

void rep__state_fold(struct rep_state *state, const struct fmt_event *event)
{
	struct rep_state_node *node = rep__state_node(state, event->node);
	struct fmt_ev_end end;

	state->next = event->seq + 1;
	state->vtime = event->vtime;
	if (event->kind == FMT_end && fmt_get_end(event, &end) == 0)
		state->ended = 1 + end.status;
	if (!node || event->kind == FMT_node) {
		rep__state_fold_net(state, node, event);
		return;
	}
	node->last = event->vtime;
	node->seq = event->seq;
	node->events++;
	fold_of_node(state, node, event);
	if (!event->tid)
		return;
	struct rep_state_thread *thread = thread_find(node, event->tid);

	if (thread)
		thread->seq = event->seq;
}
