/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "world.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "frozen.h"

#define CLOCK_PAGE_SIZE 4096

/* ---- the world -------------------------------------------------------- */

void rep__world_init(struct rep_world *world, struct rec_tracer *tracer)
{
	*world = (struct rep_world){.tracer = tracer};
}

static void node_free(struct rep_world *world, struct rep_node *node)
{
	rep__node_clear(world, node);
	if (node->clock)
		munmap(node->clock, CLOCK_PAGE_SIZE);
	cleanup_close(&node->clock_fd);
	free(node);
}

void rep__world_done(struct rep_world *world)
{
	while (world->nodes) {
		struct rep_node *node = world->nodes;

		world->nodes = node->next;
		node_free(world, node);
	}
	CHECK(world->thread_count == 0);
	rep__id_table_done(&world->node_by_id);
	rep__id_table_done(&world->thread_by_id);
	if (world->tracer)
		rec_tracer_free(world->tracer);
	world->tracer = NULL;
}

/* ---- nodes ------------------------------------------------------------ */

void rep__name_copy(char to[REP_NAME_SIZE], struct fmt_bytes from)
{
	size_t size = 0;

	for (; size < from.size && size < REP_NAME_SIZE - 1; size++) {
		const uint8_t c = from.data[size];

		to[size] = c > ' ' && c < 0x7f ? (char)c : '?';
	}
	to[size] = '\0';
}

struct rep_node *rep__node_get(const struct rep_world *world, node_id id)
{
	return rep__id_table_get(&world->node_by_id, id);
}

int rep__node_new(struct rep_world *world, node_id id, struct fmt_bytes name, struct rep_node **ret)
{
	if (rep__node_get(world, id))
		return -EEXIST;
	if (world->node_count == REP_NODE_MAX)
		return -EMFILE;
	struct rep_node *node = calloc(1, sizeof(*node));

	CHECK(node);
	node->id = id;
	node->clock_fd = -EBADF;
	rep__name_copy(node->name, name);
	node->next = world->nodes;
	world->nodes = node;
	world->node_count++;
	rep__id_table_put(&world->node_by_id, id, node);
	*ret = node;
	return 0;
}

int rep__node_clock(struct rep_node *node, uint64_t step_ns, uint64_t realtime_ns)
{
	CHECK(!node->clock);
	_cleanup_close_ int fd = memfd_create("hindcast-clock", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, CLOCK_PAGE_SIZE) < 0)
		return -errno;
	void *page = mmap(NULL, CLOCK_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (page == MAP_FAILED)
		return -errno;
	node->clock = page;
	node->clock->step_ns = step_ns;
	node->clock->realtime_ns = realtime_ns;
	node->clock_fd = STEAL_FD(fd);
	return 0;
}

void rep__node_clear(struct rep_world *world, struct rep_node *node)
{
	while (node->processes)
		rep__process_end(world, node->processes);
}

/* ---- processes -------------------------------------------------------- */

struct rep_process *rep__process_get(const struct rep_node *node, uint32_t pid)
{
	struct rep_process *process = node->processes;

	while (process && process->pid != pid)
		process = process->next;
	return process;
}

struct rep_process *rep__process_new(struct rep_node *node, uint32_t pid)
{
	struct rep_process *process = calloc(1, sizeof(*process));

	CHECK(process);
	process->node = node;
	process->pid = pid;
	process->next = node->processes;
	process->prev_next = &node->processes;
	if (process->next)
		process->next->prev_next = &process->next;
	node->processes = process;
	return process;
}

static void process_free(struct rep_process *process)
{
	CHECK(process->thread_count == 0 && !process->threads);
	rep__frozen_unref(process->frozen);
	*process->prev_next = process->next;
	if (process->next)
		process->next->prev_next = process->prev_next;
	free(process);
}

/* Takes a thread out of all lists; what is native about it is the caller's affair. */
static void thread_forget(struct rep_world *world, struct rep_thread *thread)
{
	struct rep_process *process = thread->process;

	CHECK(rep__id_table_take(&world->thread_by_id,
				 rep__id(process->node->id, thread->tid)) == thread);
	*thread->prev_next = thread->next;
	if (thread->next)
		thread->next->prev_next = thread->prev_next;
	process->thread_count--;
	world->thread_count--;
	free(thread);
}

void rep__process_returns(struct rep_world *world, struct rep_process *process)
{
	if (process->borrows)
		world->borrower_count--;
	process->borrows = false;
}

void rep__process_end(struct rep_world *world, struct rep_process *process)
{
	rep__process_returns(world, process);
	if (process->threads && process->threads->tracee)
		rec_tracee_kill(process->threads->tracee);
	while (process->threads)
		thread_forget(world, process->threads);
	process_free(process);
}

void rep__process_keep_only(struct rep_world *world, struct rep_thread *thread)
{
	struct rep_process *process = thread->process;

	for (struct rep_thread *other = process->threads, *next; other; other = next) {
		next = other->next;
		if (other != thread)
			thread_forget(world, other);
	}
	CHECK(process->thread_count == 1);
}

/* ---- threads ---------------------------------------------------------- */

struct rep_thread *rep__thread_get(const struct rep_world *world, node_id node, uint32_t tid)
{
	return rep__id_table_get(&world->thread_by_id, rep__id(node, tid));
}

int rep__thread_new(struct rep_world *world, struct rep_process *process, uint32_t tid,
		    enum rep_thread_state state, struct rep_thread **ret)
{
	const uint64_t id = rep__id(process->node->id, tid);

	if (rep__id_table_get(&world->thread_by_id, id))
		return -EEXIST;
	if (world->thread_count == REP_THREAD_MAX)
		return -EMFILE;
	struct rep_thread *thread = calloc(1, sizeof(*thread));

	CHECK(thread);
	thread->process = process;
	thread->tid = tid;
	thread->state = state;
	thread->next = process->threads;
	thread->prev_next = &process->threads;
	if (thread->next)
		thread->next->prev_next = &thread->next;
	process->threads = thread;
	process->thread_count++;
	world->thread_count++;
	rep__id_table_put(&world->thread_by_id, id, thread);
	*ret = thread;
	return 0;
}

void rep__thread_end(struct rep_world *world, struct rep_thread *thread)
{
	struct rep_process *process = thread->process;

	if (process->thread_count == 1) {
		rep__process_end(world, process);
		return;
	}
	if (thread->tracee)
		rec_tracee_exit(thread->tracee);
	thread_forget(world, thread);
}

void rep__thread_rename(struct rep_world *world, struct rep_thread *thread, uint32_t tid)
{
	const node_id node = thread->process->node->id;

	CHECK(rep__id_table_take(&world->thread_by_id, rep__id(node, thread->tid)) == thread);
	thread->tid = tid;
	rep__id_table_put(&world->thread_by_id, rep__id(node, tid), thread);
}
