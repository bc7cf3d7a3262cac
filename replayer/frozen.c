/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frozen.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"

void rep__frozen_unref(struct rep_frozen *frozen)
{
	if (!frozen || --frozen->refs > 0)
		return;
	rec_tracee_kill(frozen->native);
	frozen->sum->count--;
	frozen->sum->bytes -= frozen->size;
	for (size_t i = 0; i < frozen->thread_count; i++)
		rec_tracee_state_done(&frozen->threads[i].native);
	free(frozen->threads);
	free(frozen);
}

/* ---- freezing --------------------------------------------------------- */

static int save_threads(const struct rep_process *process, struct rep_frozen *frozen)
{
	for (const struct rep_thread *t = process->threads; t; t = t->next) {
		struct rep_frozen_thread *to = &frozen->threads[frozen->thread_count++];

		*to = (struct rep_frozen_thread){
			.tid = t->tid, .state = t->state, .nr = t->nr, .born = t->born};
		const int r = t->tracee ? rec_tracee_save(t->tracee, &to->native) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

static struct rep_frozen *frozen_new(struct rep_world *world, const struct rep_process *process)
{
	struct rep_frozen *frozen = calloc(1, sizeof(*frozen));

	CHECK(frozen);
	*frozen = (struct rep_frozen){.refs = 1, .sum = &world->frozen, .pid = process->pid, .node = process->node->id,
				      .exec_seq = process->exec_seq, .shares = process->shares};
	memcpy(frozen->name, process->name, sizeof(frozen->name));
	world->frozen.count++;
	frozen->threads = calloc(process->thread_count, sizeof(*frozen->threads));
	CHECK(frozen->threads);
	return frozen;
}

int rep__frozen_of(struct rep_world *world, struct rep_process *process, struct rep_frozen **ret)
{
	if (!process->frozen) {
		struct rep_frozen *frozen = frozen_new(world, process);
		int r = save_threads(process, frozen);

		if (r == 0 && process->threads->tracee)
			r = rec_tracee_copy(process->threads->tracee, &frozen->threads[0].native,
					    &frozen->native);
		if (r < 0) {
			rep__frozen_unref(frozen);
			return r;
		}
		process->frozen = frozen;
	}
	process->frozen->refs++;
	*ret = process->frozen;
	return 0;
}

/* ---- coming back ------------------------------------------------------ */

/* One thread of the list; the list's order is the frozen one's when they are put in from the end. */
static int restore_thread(struct rep_world *world, struct rep_process *process,
			  const struct rep_frozen_thread *from)
{
	struct rep_thread *thread;
	const int r = rep__thread_new(world, process, from->tid, from->state, &thread);

	if (r < 0)
		return r;
	thread->nr = from->nr;
	thread->born = from->born;
	return 0;
}

int rep__frozen_restore(struct rep_world *world, struct rep_node *node, struct rep_frozen *frozen)
{
	struct rep_process *process = rep__process_new(node, frozen->pid);
	int r = 0;

	memcpy(process->name, frozen->name, sizeof(process->name));
	process->exec_seq = frozen->exec_seq;
	process->shares = frozen->shares;
	for (size_t i = frozen->thread_count; i-- > 0 && r == 0;)
		r = restore_thread(world, process, &frozen->threads[i]);
	frozen->refs++;
	process->frozen = frozen;
	process->asleep = frozen->native != NULL;
	if (r < 0)
		rep__process_end(world, process);
	return r;
}

static int wake(struct rep_process *process)
{
	const struct rep_frozen *frozen = process->frozen;
	struct rep_thread *first = process->threads;
	size_t i = 1;
	int r = rec_tracee_copy(frozen->native, &frozen->threads[0].native, &first->tracee);

	if (r < 0)
		return r;
	for (struct rep_thread *t = first->next; t; t = t->next, i++) {
		CHECK(i < frozen->thread_count && frozen->threads[i].tid == t->tid);
		r = rec_tracee_join(first->tracee, &frozen->threads[i].native, &t->tracee);
		if (r < 0) {
			rec_tracee_kill(first->tracee);
			for (t = process->threads; t; t = t->next)
				t->tracee = NULL;
			return r;
		}
	}
	return 0;
}

size_t rep__process_read(const struct rep_world *world, node_id node, uint32_t pid, void *to,
			 uint64_t addr, size_t size)
{
	const struct rep_node *at = rep__node_get(world, node);
	const struct rep_process *process = at ? rep__process_get(at, pid) : NULL;

	if (!process)
		return 0;
	struct rec_tracee *native = process->asleep ? process->frozen->native : process->threads->tracee;

	return native ? size - rec_tracee_read(native, to, addr, size) : 0;
}

int rep__process_wake(struct rep_process *process)
{
	if (!process->asleep)
		return 0;
	CHECK(process->frozen && process->thread_count == process->frozen->thread_count);
	const int r = wake(process);

	if (r == 0)
		process->asleep = false;
	return r;
}

int rep__process_touch(struct rep_process *process)
{
	const int r = rep__process_wake(process);

	if (r < 0 || !process->frozen)
		return r;
	rep__frozen_unref(process->frozen);
	process->frozen = NULL;
	return 0;
}

/* ---- memory ----------------------------------------------------------- */

void rep__frozen_measure(struct rep_frozen *frozen)
{
	char path[64], line[256];
	uint64_t kib, sum = 0;

	if (!frozen->native)
		return;
	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", rec_tracee_native_tid(frozen->native));
	FILE *file = fopen(path, "re");

	if (!file)
		return;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Private_Clean: %" SCNu64, &kib) == 1 ||
		    sscanf(line, "Private_Dirty: %" SCNu64, &kib) == 1)
			sum += kib * 1024;
	fclose(file);
	frozen->sum->bytes += sum - frozen->size;
	frozen->size = sum;
}
