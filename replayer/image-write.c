/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * image-write.c - processes as they stand, for a trace that begins there; image-step.c makes them again.
 *
 * An image names contents by numbers of the node's files: those that programs mapped have theirs, and what has none (pages of
 * memory, shared memory that is no file's) gets one from the highest number down, which no recorder gives.  Of a file that was changed the
 * content is that of now.
 */
#include "image-write.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/user.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "effect.h"
#include "memory-image.h"

/* Shared memory of a node that has a number of the image's own. */
struct unnamed {
	ino_t inode;
	uint64_t number;
};

struct image_writer {
	struct rep_session *session;
	struct rep_image *image;
	struct rec_pages *pages;
	vtime_ns vtime;
	const char *reason;
	/* Of the node in hand. */
	const struct rep_node *node;
	uint64_t pages_number;
	uint64_t next_number;		/* counts down */
	struct unnamed *unnamed;
	size_t unnamed_count;
	struct fmt_buf effects;
};

void rep__image_done(struct rep_image *image)
{
	for (size_t i = 0; i < image->content_count; i++)
		cleanup_close(&image->contents[i].fd);
	free(image->contents);
	fmt_buf_done(&image->records);
	*image = (struct rep_image){0};
}

/* ---- contents ----------------------------------------------------------- */

/* Takes fd over. */
static int add_content(struct image_writer *w, uint64_t number, int fd, bool is_new)
{
	struct rep_image *image = w->image;

	if (image->content_count == image->content_capacity) {
		image->content_capacity = image->content_capacity ? 2 * image->content_capacity : 16;
		image->contents = reallocarray(image->contents, image->content_capacity, sizeof(*image->contents));
		CHECK(image->contents);
	}
	struct rep_image_content *content = &image->contents[image->content_count];

	*content = (struct rep_image_content){.node = w->node->id, .number = number, .fd = fd, .is_new = is_new};
	const int r = fmt_hash_fd(fd, content->hash, &content->size);

	if (r < 0)
		close(fd);
	else
		image->content_count++;
	return r;
}

static int copy_fd(int fd)
{
	const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	return copy < 0 ? -errno : copy;
}

/* A number that no file of the node has. */
static uint64_t take_number(struct image_writer *w)
{
	while (rep__content_has(&w->session->content, w->node->id, w->next_number))
		w->next_number--;
	return w->next_number--;
}

static void put_resize(struct image_writer *w, uint64_t number, uint64_t size)
{
	fmt_effect_put(&w->effects, &(struct fmt_effect){.op = FMT_EFFECT_RESIZE, .addr = size, .file = number});
}

struct live {
	struct image_writer *w;
	int error;
};

/* A file that mappings see change: its content is that of now, and it is one that changes from its first mapping on. */
static void see_live(void *arg, uint64_t number, const uint8_t hash[FMT_HASH_SIZE], int fd)
{
	struct live *live = arg;
	const int copy = live->error < 0 ? -1 : copy_fd(fd);

	if (copy < 0) {
		live->error = live->error < 0 ? live->error : copy;
		return;
	}
	live->error = add_content(live->w, number, copy, /* is_new= */ false);
	if (live->error < 0)
		return;
	struct rep_image *image = live->w->image;
	struct rep_image_content *content = &image->contents[image->content_count - 1];

	put_resize(live->w, number, content->size);
	if (memcmp(content->hash, hash, FMT_HASH_SIZE) == 0) {
		close(content->fd);
		image->content_count--;
	}
}

/* The number of shared memory that is no file's. */
static int number_unnamed(struct image_writer *w, int fd, uint64_t *ret)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	for (size_t i = 0; i < w->unnamed_count; i++)
		if (w->unnamed[i].inode == st.st_ino) {
			*ret = w->unnamed[i].number;
			return 0;
		}
	const int copy = copy_fd(fd);
	const uint64_t number = take_number(w);
	const int r = copy < 0 ? copy : add_content(w, number, copy, /* is_new= */ true);

	if (r < 0)
		return r;
	w->unnamed = reallocarray(w->unnamed, w->unnamed_count + 1, sizeof(*w->unnamed));
	CHECK(w->unnamed);
	w->unnamed[w->unnamed_count++] = (struct unnamed){st.st_ino, number};
	put_resize(w, number, (uint64_t)st.st_size);
	*ret = number;
	return 0;
}

/* ---- mappings ----------------------------------------------------------- */

struct native_map {
	struct rec_memory_map map;
	uint64_t inode;
};

/* A line of the host's smaps that begins a mapping of the program's. */
static bool parse_head(const char *line, struct native_map *ret)
{
	struct native_map m = {.map.base_fd = -1};
	char flags[5];

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %*s %" SCNu64, &m.map.start, &m.map.end, flags, &m.map.offset,
		   &m.inode) != 5)
		return false;
	m.map.prot = (flags[0] == 'r' ? PROT_READ : 0) | (flags[1] == 'w' ? PROT_WRITE : 0) | (flags[2] == 'x' ? PROT_EXEC : 0);
	m.map.flags = flags[3] == 's' ? MAP_SHARED : MAP_PRIVATE;
	if (!m.inode)
		m.map.flags |= MAP_ANONYMOUS;
	*ret = m;
	return true;
}

/* Lines of a mapping behind its head begin with a name. */
static bool is_head(const char *line)
{
	return (line[0] >= '0' && line[0] <= '9') || (line[0] >= 'a' && line[0] <= 'f');
}

/* What the mapping is of, as effects name it. */
static int name_map(struct image_writer *w, struct native_map *m)
{
	struct rep_content *content = &w->session->content;
	struct fmt_error error;
	uint64_t number = 0;
	int fd = -1;

	if (!m->inode)
		return 0;
	if (!rep__content_shared(content, w->node->id, m->inode, &number, &fd))
		number = rep__content_of_inode(content, w->node->id, m->inode);
	else if (!number && number_unnamed(w, fd, &number) < 0)
		return -EIO;
	if (!number)
		return -ENOENT;
	m->map.file = number;
	if ((m->map.flags & MAP_TYPE) == MAP_SHARED)
		return 0;
	m->map.base_fd = fd >= 0 ? fd : rep__content_fd(content, w->node->id, number, /* shared= */ false, &error);
	return m->map.base_fd < 0 ? m->map.base_fd : 0;
}

static int put_map(struct image_writer *w, struct rec_tracee *native, struct native_map *m)
{
	int r = 0;

	if (m->map.start >= REC_STUB_ADDR)
		return 0;
	r = name_map(w, m);
	if (r < 0) {
		w->reason = "a process maps what the trace has no name for";
		return r;
	}
	r = rec_memory_image(native, &m->map, w->pages, w->pages_number, &w->effects);
	if (r < 0)
		w->reason = "the memory of a process cannot be kept";
	return r;
}

/* Mappings do not overlap, so all of them can be made in any order; each is told when its flags are known. */
static int put_memory(struct image_writer *w, struct rec_tracee *native)
{
	struct native_map m;
	char path[64], line[4400];
	bool open = false;
	int r = rec_tracee_trap(native);

	snprintf(path, sizeof(path), "/proc/%d/smaps", rec_tracee_native_tid(native));
	FILE *file = r < 0 ? NULL : fopen(path, "re");

	if (!file)
		return r < 0 ? r : -errno;
	while (r == 0 && fgets(line, sizeof(line), file)) {
		if (is_head(line)) {
			open = parse_head(line, &m);
		} else if (open && strncmp(line, "VmFlags:", 8) == 0) {
			/* What limits of memory are not asked for now must not be asked for then. */
			if (strstr(line, " nr"))
				m.map.flags |= MAP_NORESERVE;
			r = put_map(w, native, &m);
			open = false;
		}
	}
	fclose(file);
	return r;
}

/* ---- threads ------------------------------------------------------------ */

static enum fmt_image_state state_of(const struct rep_thread *thread)
{
	if (thread->state == REP_IN_SYSCALL)
		return thread->born ? FMT_IMAGE_BORN : FMT_IMAGE_WAITS;
	return thread->state == REP_INTERRUPTED ? FMT_IMAGE_INTERRUPTED : FMT_IMAGE_RUNS;
}

static int put_thread(struct image_writer *w, const struct rep_thread *thread, uint64_t memory_of)
{
	struct {
		struct user_regs_struct regs;
		struct user_fpregs_struct fpregs;
	} both;
	int r = rec_tracee_trap(thread->tracee);

	_Static_assert(sizeof(both) == sizeof(both.regs) + sizeof(both.fpregs), "no padding");
	if (r == 0)
		r = rec_tracee_get_regs(thread->tracee, &both.regs);
	if (r == 0)
		r = rec_tracee_get_fpregs(thread->tracee, &both.fpregs);
	if (r < 0)
		return r;
	both.regs.orig_rax = UINT64_MAX;
	w->image->threads++;
	fmt_put_image(&w->image->records, w->vtime, w->node->id, thread->tid, &(struct fmt_ev_image){
		.pid = thread->process->pid, .memory_of = memory_of, .state = state_of(thread),
		.nr = thread->state == REP_IN_SYSCALL ? thread->nr : 0,
		.regs = {(const uint8_t *)&both, sizeof(both)},
		.effects = {w->effects.data, w->effects.size}});
	fmt_buf_clear(&w->effects);
	return 0;
}

static int compare_thread(const void *a, const void *b)
{
	const struct rep_thread *const *x = a, *const *y = b;

	return ((*x)->tid > (*y)->tid) - ((*x)->tid < (*y)->tid);
}

static int put_threads(struct image_writer *w, const struct rep_process *process, uint64_t memory_of)
{
	_cleanup_free_ const struct rep_thread **list = calloc(process->thread_count + 1, sizeof(*list));
	size_t count = 0;
	int r = 0;

	CHECK(list);
	for (const struct rep_thread *t = process->threads; t; t = t->next)
		list[count++] = t;
	qsort(list, count, sizeof(*list), compare_thread);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = put_thread(w, list[i], memory_of);
	return r;
}

/* ---- processes ---------------------------------------------------------- */

/* Whose memory a process has: its own pid when it alone has it. */
static uint32_t lender_of(const struct rep_process *process)
{
	return process->borrows && rep__process_get(process->node, process->lender) ? process->lender : process->pid;
}

/* The memory of one that is gone, which two have. */
static bool is_orphan_shared(const struct rep_process *process)
{
	if (!process->borrows || lender_of(process) != process->pid)
		return false;
	for (const struct rep_process *p = process->node->processes; p; p = p->next)
		if (p != process && p->borrows && p->lender == process->lender)
			return true;
	return false;
}

static int put_process(struct image_writer *w, const struct rep_process *process)
{
	const uint32_t lender = lender_of(process);
	int r = 0;

	if (is_orphan_shared(process)) {
		w->reason = "two processes have the memory of one that has ended";
		return -EOPNOTSUPP;
	}
	CHECK(!process->asleep && process->threads);
	if (!process->threads->tracee)
		return 0;	/* it has no program yet */
	if (lender == process->pid)
		r = put_memory(w, process->threads->tracee);
	if (r == 0)
		r = put_threads(w, process, lender == process->pid ? 0 : lender);
	w->image->processes += r == 0;
	return r;
}

/* Who lends memory comes before who borrows it. */
static int compare_process(const void *a, const void *b)
{
	const struct rep_process *const *x = a, *const *y = b;
	const bool late[2] = {lender_of(*x) != (*x)->pid, lender_of(*y) != (*y)->pid};

	if (late[0] != late[1])
		return late[0] - late[1];
	return ((*x)->pid > (*y)->pid) - ((*x)->pid < (*y)->pid);
}

static int put_processes(struct image_writer *w)
{
	_cleanup_free_ const struct rep_process **list = NULL;
	size_t count = 0;
	int r = 0;

	for (const struct rep_process *p = w->node->processes; p; p = p->next) {
		list = reallocarray(list, count + 1, sizeof(*list));
		CHECK(list);
		list[count++] = p;
	}
	if (count)
		qsort(list, count, sizeof(*list), compare_process);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = put_process(w, list[i]);
	return r;
}

static int put_node(struct image_writer *w, const struct rep_node *node)
{
	struct live live = {.w = w};

	w->node = node;
	w->next_number = UINT32_MAX;
	w->unnamed_count = 0;
	w->pages_number = take_number(w);
	fmt_buf_clear(&w->effects);
	rep__content_each_live(&w->session->content, node->id, see_live, &live);
	return live.error < 0 ? live.error : put_processes(w);
}

static int compare_node(const void *a, const void *b)
{
	const struct rep_node *const *x = a, *const *y = b;

	return ((*x)->id > (*y)->id) - ((*x)->id < (*y)->id);
}

static int put_nodes(struct image_writer *w)
{
	const struct rep_world *world = &w->session->world;
	_cleanup_free_ const struct rep_node **list = calloc(world->node_count + 1, sizeof(*list));
	size_t count = 0;
	int r = 0;

	CHECK(list);
	for (const struct rep_node *n = world->nodes; n; n = n->next)
		list[count++] = n;
	qsort(list, count, sizeof(*list), compare_node);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = put_node(w, list[i]);
	/* The pages are known now: one content, by a number of each node. */
	for (size_t i = 0; r == 0 && i < count; i++) {
		w->node = list[i];
		w->next_number = UINT32_MAX;
		const int fd = list[i]->processes ? copy_fd(rec_pages_fd(w->pages)) : -1;

		if (list[i]->processes)
			r = fd < 0 ? fd : add_content(w, take_number(w), fd, /* is_new= */ true);
	}
	return r;
}

int rep__image_write(struct rep_session *session, vtime_ns vtime, int pages_fd, struct rep_image *ret, const char **ret_reason)
{
	struct rep_image image = {0};
	struct image_writer w = {.session = session, .image = &image, .pages = rec_pages_new(pages_fd), .vtime = vtime};
	const int r = put_nodes(&w);

	rec_pages_free(w.pages);
	fmt_buf_done(&w.effects);
	free(w.unnamed);
	if (r == 0) {
		*ret = image;
		return 0;
	}
	*ret_reason = w.reason ? w.reason : strerror(-r);
	rep__image_done(&image);
	return r;
}
