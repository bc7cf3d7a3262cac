/* SPDX-License-Identifier: GPL-2.0-or-later */
/* birth.c - the arrows by which processes and threads begin, become other programs, and end. */
#include <asm/unistd.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/user.h>

#include "base/check.h"
#include "session-int.h"

struct rep_node *rep__node_of(struct rep_session *s)
{
	struct rep_node *node = rep__node_get(&s->world, s->event->node);

	if (!node)
		rep__trace_error(s, "node %u has not been named", s->event->node);
	return node;
}

/* Registers a thread in a process; the process is freed when that fails and it was new. */
static enum rep_outcome add_thread(struct rep_session *s, struct rep_process *process, uint64_t tid,
				   enum rep_thread_state state, struct rep_thread **ret)
{
	int error = -EINVAL;

	if (tid > 0 && tid <= INT32_MAX)
		error = rep__thread_new(&s->world, process, (uint32_t)tid, state, ret);
	if (error == 0)
		return REP_AGREES;
	if (!process->threads)
		rep__process_end(&s->world, process);
	if (error == -EMFILE)
		return rep__trace_error(s, "more than %u threads are alive", REP_THREAD_MAX);
	return rep__trace_error(s, error == -EEXIST ? "there is a thread %" PRIu64 " already" :
						 "no thread can be called %" PRIu64, tid);
}

enum rep_outcome rep__begin_process(struct rep_session *s, uint64_t pid, struct fmt_bytes name)
{
	struct rep_thread *thread;
	struct rep_node *node = rep__node_of(s);

	if (!node)
		return REP_TRACE_ERROR;
	node->panicked = false;
	if (!node->clock) {
		const int error = rep__node_clock(node, s->model.clock_cost_ns, node->realtime_ns);

		if (error < 0)
			return rep__host_cannot(s, "a clock page cannot be made: %s", strerror(-error));
	}
	if (pid != s->event->tid || rep__process_get(node, (uint32_t)pid))
		return rep__trace_error(s, "process %" PRIu64 " cannot start as thread %u", pid, s->event->tid);
	struct rep_process *process = rep__process_new(node, (uint32_t)pid);

	rep__name_copy(process->name, name);
	return add_thread(s, process, s->event->tid, REP_EMPTY, &thread);
}

enum rep_outcome rep__step_start(struct rep_session *s)
{
	struct fmt_ev_start ev;

	if (fmt_get_start(s->event, &ev) < 0)
		return rep__damaged(s);
	return rep__begin_process(s, ev.pid, ev.name);
}

/* An exec by another thread than the first comes under the first one's id, whose own end has been told:
 * finds the one that stands in execve and gives it that id. */
static void rename_exec(struct rep_session *s, uint32_t pid)
{
	const struct rep_node *node = rep__node_get(&s->world, s->event->node);
	const struct rep_process *process = node ? rep__process_get(node, pid) : NULL;

	if (!process || s->event->tid != pid ||
	    rep__thread_get(&s->world, s->event->node, s->event->tid))
		return;
	for (struct rep_thread *t = process->threads; t; t = t->next)
		if (t->state == REP_IN_SYSCALL && !t->born &&
		    (t->nr == __NR_execve || t->nr == __NR_execveat)) {
			rep__thread_rename(&s->world, t, pid);
			return;
		}
}

/* The thread that an exec event is about; NULL: the verdict is given. */
static struct rep_thread *exec_thread(struct rep_session *s, const struct fmt_ev_exec *ev)
{
	rename_exec(s, (uint32_t)ev->pid);
	struct rep_thread *thread = rep__thread_get(&s->world, s->event->node, s->event->tid);

	if (!thread || thread->state != REP_EMPTY)
		thread = rep__thread_in(s, REP_IN_SYSCALL);
	if (!thread)
		return NULL;
	if (thread->state == REP_IN_SYSCALL &&
	    (thread->born || (thread->nr != __NR_execve && thread->nr != __NR_execveat))) {
		rep__trace_error(s, "thread %u does not stand in execve", thread->tid);
		return NULL;
	}
	if (thread->process->pid != ev->pid) {
		rep__trace_error(s, "thread %u is not of process %" PRIu64, thread->tid, ev->pid);
		return NULL;
	}
	return rep__ready(s, thread) == REP_AGREES ? thread : NULL;
}

/* Last component of a path. */
static struct fmt_bytes base_name(struct fmt_bytes path)
{
	for (size_t i = path.size; i > 0; i--)
		if (path.data[i - 1] == '/')
			return (struct fmt_bytes){path.data + i, path.size - i};
	return path;
}

/* The new image is whole before the old one goes: when it cannot be made, the old one can still be looked at. */
enum rep_outcome rep__step_exec(struct rep_session *s)
{
	struct fmt_ev_exec ev;
	struct rec_tracee *fresh;

	if (fmt_get_exec(s->event, &ev) < 0)
		return rep__damaged(s);
	struct rep_thread *thread = exec_thread(s, &ev);

	if (!thread)
		return s->report->outcome;
	enum rep_outcome outcome = rep__check_regs_size(s, ev.regs);

	if (outcome != REP_AGREES)
		return outcome;
	const int error = rec_tracee_new(s->world.tracer, thread->process->node->clock_fd, &fresh);

	if (error < 0)
		return rep__host_cannot(s, "a process cannot be made: %s", strerror(-error));
	outcome = rep__apply(s, fresh, ev.effects);
	if (outcome == REP_AGREES)
		outcome = rep__set_regs(s, fresh, ev.regs);
	if (outcome != REP_AGREES) {
		rec_tracee_kill(fresh);
		return outcome;
	}
	if (thread->tracee)
		rec_tracee_kill(thread->tracee);
	rep__process_returns(&s->world, thread->process);
	thread->process->shares = false;
	rep__process_keep_only(&s->world, thread);
	thread->tracee = fresh;
	thread->armed = 0;
	thread->state = REP_RUNNABLE;
	thread->process->exec_seq = s->event->seq;
	rep__name_copy(thread->process->name, base_name(ev.path));
	return REP_AGREES;
}

/* In the past only the name of a program counts. */
enum rep_outcome rep__past_exec(struct rep_session *s)
{
	struct fmt_ev_exec ev;

	if (fmt_get_exec(s->event, &ev) < 0)
		return rep__damaged(s);
	const struct rep_node *node = rep__node_get(&s->world, s->event->node);
	struct rep_process *process = node ? rep__process_get(node, (uint32_t)ev.pid) : NULL;

	if (!process || s->event->tid != ev.pid)
		return rep__trace_error(s, "node %u has no process %" PRIu64, s->event->node, ev.pid);
	struct rep_thread *thread = rep__thread_get(&s->world, s->event->node, s->event->tid);

	if (!thread) {
		thread = process->threads;
		rep__thread_rename(&s->world, thread, process->pid);
	}
	if (thread->process != process || thread->tracee)
		return rep__trace_error(s, "process %" PRIu64 " cannot execute a program here", ev.pid);
	rep__process_keep_only(&s->world, thread);
	process->exec_seq = s->event->seq;
	rep__name_copy(process->name, base_name(ev.path));
	return REP_AGREES;
}

static bool is_clone(uint64_t nr)
{
	return nr == __NR_clone || nr == __NR_fork || nr == __NR_vfork || nr == __NR_clone3;
}

/* NULL, or what is wrong with a birth. */
static const char *check_clone(const struct rep_thread *parent, const struct fmt_ev_clone *ev)
{
	const bool is_thread = ev->flags & CLONE_THREAD;

	if (parent->born || !is_clone(parent->nr))
		return "its parent does not stand in a call that makes one";
	if (is_thread && !(ev->flags & CLONE_VM))
		return "a thread has its process's memory";
	if (ev->stack >= REP_USER_TOP || ev->tls >= REP_USER_TOP)
		return "its addresses are not a program's";
	if (is_thread && ev->child_pid != parent->process->pid)
		return "a thread is of its parent's process";
	if (!is_thread && ev->child_pid != ev->child_tid)
		return "a process is called after its first thread";
	if (!is_thread && rep__process_get(parent->process->node, (uint32_t)ev->child_pid))
		return "there is such a process already";
	return NULL;
}

enum rep_outcome rep__step_clone(struct rep_session *s)
{
	struct fmt_ev_clone ev;
	struct rep_thread *child;

	if (fmt_get_clone(s->event, &ev) < 0)
		return rep__damaged(s);
	struct rep_thread *parent = rep__thread_in(s, REP_IN_SYSCALL);

	if (!parent)
		return s->report->outcome;
	const char *wrong = check_clone(parent, &ev);

	if (wrong)
		return rep__trace_error(s, "thread %" PRIu64 " cannot be born so: %s", ev.child_tid, wrong);
	struct rep_process *process = parent->process;

	if (!(ev.flags & CLONE_THREAD)) {
		process = rep__process_new(parent->process->node, (uint32_t)ev.child_pid);
		memcpy(process->name, parent->process->name, sizeof(process->name));
		process->exec_seq = parent->process->exec_seq;
		process->shares = parent->process->shares;
		process->borrows = ev.flags & CLONE_VM;
		process->lender = parent->process->borrows ? parent->process->lender : parent->process->pid;
		s->world.borrower_count += process->borrows;
	}
	const enum rep_outcome outcome =
		add_thread(s, process, ev.child_tid, REP_IN_SYSCALL, &child);

	if (outcome != REP_AGREES)
		return outcome;
	child->nr = parent->nr;
	child->born = true;
	const int error = rec_tracee_clone(parent->tracee, ev.flags, ev.stack, ev.tls, &child->tracee);

	if (error == 0)
		return REP_AGREES;
	child->tracee = NULL;
	rep__thread_end(&s->world, child);
	return rep__host_cannot(s, "a thread cannot be made: %s", strerror(-error));
}

enum rep_outcome rep__past_clone(struct rep_session *s)
{
	const struct rep_thread *parent = rep__thread_get(&s->world, s->event->node, s->event->tid);
	struct fmt_ev_clone ev;
	struct rep_thread *child;

	if (fmt_get_clone(s->event, &ev) < 0)
		return rep__damaged(s);
	if (!parent || parent->tracee)
		return rep__trace_error(s, "node %u has no thread %u that could make another one here", s->event->node, s->event->tid);
	struct rep_process *process = parent->process;
	const bool is_thread = ev.flags & CLONE_THREAD;

	if (is_thread ? ev.child_pid != process->pid :
			ev.child_pid != ev.child_tid || ev.child_pid > INT32_MAX ||
				rep__process_get(process->node, (uint32_t)ev.child_pid) != NULL)
		return rep__trace_error(s, "thread %" PRIu64 " cannot be born so", ev.child_tid);
	if (!is_thread) {
		const struct rep_process *made_by = process;

		process = rep__process_new(process->node, (uint32_t)ev.child_pid);
		memcpy(process->name, made_by->name, sizeof(process->name));
		process->exec_seq = made_by->exec_seq;
	}
	return add_thread(s, process, ev.child_tid, REP_EMPTY, &child);
}

enum rep_outcome rep__step_exit(struct rep_session *s)
{
	struct fmt_ev_exit ev;
	enum rep_outcome outcome = REP_AGREES;

	if (fmt_get_exit(s->event, &ev) < 0)
		return rep__damaged(s);
	struct rep_thread *thread = rep__thread_get(&s->world, s->event->node, s->event->tid);
	const struct rep_node *node = rep__node_get(&s->world, s->event->node);

	/* What a panic took with it may still be mourned one by one. */
	if (!thread && node && node->panicked)
		return REP_AGREES;
	if (!thread)
		return rep__trace_error(s, "node %u has no thread %u", s->event->node, s->event->tid);
	if (thread->process->pid != ev.pid)
		return rep__trace_error(s, "thread %u is not of process %" PRIu64, thread->tid, ev.pid);
	outcome = rep__ready(s, thread);
	if (outcome == REP_AGREES && thread->tracee)
		outcome = rep__apply(s, thread->tracee, ev.effects);
	if (outcome != REP_AGREES)
		return outcome;
	if (ev.last)
		rep__process_end(&s->world, thread->process);
	else
		rep__thread_end(&s->world, thread);
	return REP_AGREES;
}
