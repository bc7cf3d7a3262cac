/* SPDX-License-Identifier: GPL-2.0-or-later */
/* look.c - what is there where a timeline stands: threads, registers, memory, mappings. */
#include "timeline-int.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "frozen.h"
#include "spin.h"

/* ---- threads ---------------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
	const struct rep_thread_info *x = a, *y = b;

	if (x->node != y->node)
		return x->node < y->node ? -1 : 1;
	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

static struct rep_thread_info info_of(const struct rep_thread *thread, const struct fmt_event *next)
{
	const struct rep_process *process = thread->process;

	return (struct rep_thread_info){
		.node = process->node->id,
		.pid = process->pid,
		.tid = thread->tid,
		.node_name = process->node->name,
		.name = process->name,
		.has_program = thread->state != REP_EMPTY,
		.in_syscall = thread->state == REP_IN_SYSCALL,
		.nr = thread->state == REP_IN_SYSCALL ? thread->nr : 0,
		.is_next = next && next->node == process->node->id && next->tid == thread->tid &&
			   rep__is_stretch(next->kind),
	};
}

/* The event that comes next; NULL: none. */
static const struct fmt_event *next_event(struct rep_timeline *tl, struct fmt_event *event)
{
	return tl->seq < tl->count && fmt_reader_event(tl->reader, tl->seq, event, NULL) == 0 ? event : NULL;
}

size_t rep_timeline_threads(struct rep_timeline *tl, const struct rep_thread_info **ret)
{
	const struct rep_world *world = &tl->session->world;
	struct fmt_event event;
	const struct fmt_event *next = next_event(tl, &event);
	size_t count = 0;

	tl->threads = reallocarray(tl->threads, world->thread_count + 1, sizeof(*tl->threads));
	CHECK(tl->threads);
	for (const struct rep_node *n = world->nodes; n; n = n->next)
		for (const struct rep_process *p = n->processes; p; p = p->next)
			for (const struct rep_thread *t = p->threads; t; t = t->next)
				tl->threads[count++] = info_of(t, next);
	CHECK(count == world->thread_count);
	qsort(tl->threads, count, sizeof(*tl->threads), by_id);
	*ret = tl->threads;
	return count;
}

int rep_timeline_thread(struct rep_timeline *tl, node_id node, uint32_t tid, struct rep_thread_info *ret)
{
	const struct rep_thread *thread = rep__thread_get(&tl->session->world, node, tid);
	struct fmt_event event;

	if (!thread)
		return -ESRCH;
	*ret = info_of(thread, next_event(tl, &event));
	return 0;
}

size_t rep_timeline_node_count(const struct rep_timeline *tl)
{
	return rep_session_node_count(tl->session);
}

node_id rep_timeline_node(const struct rep_timeline *tl, const char *name)
{
	for (const struct rep_node *n = tl->session->world.nodes; n; n = n->next)
		if (strcmp(n->name, name) == 0)
			return n->id;
	return 0;
}

const char *rep_timeline_node_name(const struct rep_timeline *tl, node_id node)
{
	return rep_session_node_name(tl->session, node);
}

/* ---- registers -------------------------------------------------------- */

/* The place of a thread in the frozen process that it is. */
static const struct rep_frozen_thread *frozen_thread(const struct rep_thread *thread)
{
	const struct rep_frozen *frozen = thread->process->frozen;

	for (size_t i = 0; i < frozen->thread_count; i++)
		if (frozen->threads[i].tid == thread->tid)
			return &frozen->threads[i];
	CHECK(!"a sleeping thread is frozen");
}

int rep_timeline_regs(struct rep_timeline *tl, node_id node, uint32_t tid, struct user_regs_struct *ret)
{
	const struct rep_thread *thread = rep__thread_get(&tl->session->world, node, tid);
	struct user_regs_struct regs;
	int r = 0;

	if (!thread || thread->state == REP_EMPTY)
		return -ESRCH;
	if (thread->process->asleep) {
		regs = frozen_thread(thread)->native.regs;
	} else {
		r = rec_tracee_trap(thread->tracee);
		if (r == 0)
			r = rec_tracee_get_regs(thread->tracee, &regs);
	}
	if (r < 0)
		return -ESRCH;
	regs.eflags &= ~(uint64_t)REC_EFLAGS_DEBUG;
	regs.orig_rax = UINT64_MAX;
	if (thread->state == REP_IN_SYSCALL && !thread->born) {
		regs.orig_rax = thread->nr;
		regs.rax = (uint64_t)-ENOSYS;
	}
	*ret = regs;
	return 0;
}

int rep_timeline_fpregs(struct rep_timeline *tl, node_id node, uint32_t tid, struct user_fpregs_struct *ret)
{
	struct rep_thread *thread = rep__thread_get(&tl->session->world, node, tid);

	if (!thread || thread->state == REP_EMPTY || rep__process_wake(thread->process) < 0)
		return -ESRCH;
	const int r = rec_tracee_trap(thread->tracee);

	return r < 0 || rec_tracee_get_fpregs(thread->tracee, ret) < 0 ? -ESRCH : 0;
}

/* ---- memory ----------------------------------------------------------- */

size_t rep_timeline_read(struct rep_timeline *tl, node_id node, uint32_t pid, void *to, uint64_t addr, size_t size)
{
	return rep__process_read(&tl->session->world, node, pid, to, addr, size);
}

static struct rep_process *process_of(const struct rep_timeline *tl, node_id node, uint32_t pid)
{
	const struct rep_node *at = rep__node_get(&tl->session->world, node);

	return at ? rep__process_get(at, pid) : NULL;
}

/* What has its memory natively; NULL: nothing yet. */
static struct rec_tracee *native_of(const struct rep_process *process)
{
	return process->asleep ? process->frozen->native : process->threads->tracee;
}

/* One line of the host's maps of a process.  False: of no concern to programs. */
static bool parse_mapping(const char *line, struct rep_mapping *ret, uint64_t *ret_inode)
{
	struct rep_mapping m = {0};
	char flags[5];

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %*s %" SCNu64, &m.start, &m.end, flags,
		   &m.offset, ret_inode) != 5)
		return false;
	if (m.start >= REC_STUB_ADDR && m.start != REC_VDSO_ADDR)
		return false;
	m.prot = (flags[0] == 'r' ? PROT_READ : 0) | (flags[1] == 'w' ? PROT_WRITE : 0) |
		 (flags[2] == 'x' ? PROT_EXEC : 0);
	m.shared = flags[3] == 's';
	m.path = m.start == REC_VDSO_ADDR ? "[vdso]" : m.end == REC_STACK_TOP ? "[stack]" : "";
	*ret = m;
	return true;
}

/* The host splits and joins as it likes, and differently in a fork. */
static bool continues(const struct rep_mapping *a, const struct rep_mapping *b, uint64_t inode)
{
	return a->end == b->start && a->prot == b->prot && a->shared == b->shared &&
	       (!inode || b->offset == a->offset + (a->end - a->start)) && b->start != REC_VDSO_ADDR;
}

/* Name and content of a mapped file, from its event.  The text is the timeline's. */
static void name_mapping(struct rep_timeline *tl, node_id node, struct rep_mapping *m, uint64_t inode,
			 struct fmt_buf *text)
{
	struct fmt_event event;
	struct fmt_ev_file ev;
	event_seq seq;

	m->file = inode ? rep__content_of_inode(&tl->session->content, node, inode) : 0;
	if (!m->file || !rep__content_file(&tl->session->content, node, m->file, &seq) ||
	    fmt_reader_event(tl->reader, seq, &event, NULL) < 0 || fmt_get_file(&event, &ev) < 0 ||
	    ev.hash.size != sizeof(m->hash)) {
		m->file = 0;
		return;
	}
	memcpy(m->hash, ev.hash.data, sizeof(m->hash));
	m->path = (const char *)(uintptr_t)text->size;	/* until the text has its place */
	fmt_buf_put(text, ev.path.data, ev.path.size);
	fmt_buf_put(text, "", 1);
}

int rep_timeline_mappings(struct rep_timeline *tl, node_id node, uint32_t pid, const struct rep_mapping **ret,
			  size_t *ret_count)
{
	const struct rep_process *process = process_of(tl, node, pid);
	struct rec_tracee *native = process ? native_of(process) : NULL;
	struct fmt_buf text = {0};
	char path[64], line[4400];
	size_t count = 0;
	uint64_t inode, last_inode = 0;

	if (!native)
		return -ESRCH;
	snprintf(path, sizeof(path), "/proc/%d/maps", rec_tracee_native_tid(native));
	FILE *file = fopen(path, "re");

	if (!file)
		return -ESRCH;
	while (fgets(line, sizeof(line), file)) {
		struct rep_mapping m;

		if (!parse_mapping(line, &m, &inode))
			continue;
		if (count > 0 && inode == last_inode && continues(&tl->mappings[count - 1], &m, inode)) {
			tl->mappings[count - 1].end = m.end;
			continue;
		}
		last_inode = inode;
		tl->mappings = reallocarray(tl->mappings, count + 1, sizeof(*tl->mappings));
		CHECK(tl->mappings);
		name_mapping(tl, node, &m, inode, &text);
		tl->mappings[count++] = m;
	}
	fclose(file);
	free(tl->mapping_text);
	tl->mapping_text = (char *)text.data;
	for (size_t i = 0; i < count; i++)
		if (tl->mappings[i].file)
			tl->mappings[i].path = tl->mapping_text + (uintptr_t)tl->mappings[i].path;
	*ret = tl->mappings;
	*ret_count = count;
	return 0;
}

/* The path of the file itself, which the one that was executed may be a link to. */
static void name_program(struct rep_timeline *tl, node_id node, uint64_t file)
{
	struct fmt_event event;
	struct fmt_ev_file ev;
	event_seq seq;

	if (!rep__content_file(&tl->session->content, node, file, &seq) ||
	    fmt_reader_event(tl->reader, seq, &event, NULL) < 0 || fmt_get_file(&event, &ev) < 0)
		return;
	free(tl->program);
	tl->program = strndup((const char *)ev.path.data, ev.path.size);
}

int rep_timeline_program(struct rep_timeline *tl, node_id node, uint32_t pid, const char **ret_path,
			 uint64_t *ret_file)
{
	const struct rep_process *process = process_of(tl, node, pid);
	struct fmt_event event;
	struct fmt_ev_exec ev;

	if (!process)
		return -ESRCH;
	free(tl->program);
	*ret_file = 0;
	if (process->exec_seq && fmt_reader_event(tl->reader, process->exec_seq, &event, NULL) == 0 &&
	    fmt_get_exec(&event, &ev) == 0) {
		tl->program = strndup((const char *)ev.path.data, ev.path.size);
		*ret_file = ev.file;
		name_program(tl, node, ev.file);
	} else {
		tl->program = strdup("");
	}
	CHECK(tl->program);
	*ret_path = tl->program;
	return 0;
}

int rep_timeline_exec(struct rep_timeline *tl, node_id node, uint32_t pid, event_seq *ret)
{
	const struct rep_process *process = process_of(tl, node, pid);

	if (!process || !process->exec_seq)
		return -ESRCH;
	*ret = process->exec_seq;
	return 0;
}

/* ---- a hash of everything --------------------------------------------- */

/* FNV-1a, by words: fast enough, and nobody attacks it. */
static uint64_t mix(uint64_t hash, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	for (; size >= 8; size -= 8, at += 8) {
		uint64_t word;

		memcpy(&word, at, sizeof(word));
		hash = (hash ^ word) * 0x100000001b3ull;
		hash ^= hash >> 29;
	}
	for (; size > 0; size--, at++)
		hash = (hash ^ *at) * 0x100000001b3ull;
	return hash;
}

/* Memory that can be written; what cannot be read (a file mapping beyond the file's end) counts as nothing. */
static uint64_t mix_memory(struct rep_timeline *tl, const struct rep_thread_info *t, uint64_t hash)
{
	const struct rep_mapping *mappings;
	static uint8_t page[65536];
	size_t count;

	if (rep_timeline_mappings(tl, t->node, t->pid, &mappings, &count) < 0)
		return hash;
	for (size_t i = 0; i < count; i++) {
		const struct rep_mapping *m = &mappings[i];

		hash = mix(hash, &m->start, sizeof(m->start));
		hash = mix(hash, &m->end, sizeof(m->end));
		hash = mix(hash, &m->prot, sizeof(m->prot));
		for (uint64_t at = m->start; (m->prot & PROT_WRITE) && at < m->end; at += sizeof(page)) {
			const size_t part = m->end - at < sizeof(page) ? m->end - at : sizeof(page);
			const size_t done = rep_timeline_read(tl, t->node, t->pid, page, at, part);

			hash = mix(hash, page, done);
			if (done < part)
				break;
		}
	}
	return hash;
}

static int mix_thread(struct rep_timeline *tl, const struct rep_thread_info *t, uint64_t *hash)
{
	const uint64_t who[] = {t->node, t->pid, t->tid, t->has_program, t->in_syscall, t->nr};
	struct user_regs_struct regs;
	struct user_fpregs_struct fpregs;

	*hash = mix(*hash, who, sizeof(who));
	if (!t->has_program)
		return 0;
	if (rep_timeline_regs(tl, t->node, t->tid, &regs) < 0 ||
	    rep_timeline_fpregs(tl, t->node, t->tid, &fpregs) < 0)
		return -EIO;
	*hash = mix(*hash, &regs, sizeof(regs));
	*hash = mix(*hash, &fpregs, sizeof(fpregs));
	return 0;
}

int rep_timeline_hash(struct rep_timeline *tl, uint64_t *ret)
{
	const struct rep_thread_info *threads;
	const size_t count = rep_timeline_threads(tl, &threads);
	uint64_t hash = 0xcbf29ce484222325ull;

	for (size_t i = 0; i < count; i++) {
		const int r = mix_thread(tl, &threads[i], &hash);

		if (r < 0)
			return r;
		if (i == 0 || threads[i - 1].node != threads[i].node || threads[i - 1].pid != threads[i].pid)
			hash = mix_memory(tl, &threads[i], hash);
	}
	*ret = hash;
	return 0;
}
