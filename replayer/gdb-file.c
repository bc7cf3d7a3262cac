/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gdb-file.c - files of the nodes, for gdb to load symbols from: the contents that the trace carries, by the paths they had; and
 * /proc/PID/maps, which gdb reads for `info proc mappings`.
 */
#include "gdb-int.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"

#define PATH_SIZE 4096
#define READ_MAX 65536
/* Numbers of errors in gdb's file protocol. */
#define FILE_ENOENT 2
#define FILE_EBADF 9
#define FILE_EINVAL 22
#define FILE_ENOSYS 88

static void reply_number(struct rep_gdb *gdb, int64_t number)
{
	if (number >= 0)
		rep__gdb_print(&gdb->reply, "F%" PRIx64, (uint64_t)number);
	else
		rep__gdb_print(&gdb->reply, "F-1,%" PRIx64, (uint64_t)-number);
}

/* /usr/lib and /lib are one directory on Debian. */
static const char *without_usr(const char *path)
{
	return strncmp(path, "/usr/", 5) == 0 ? path + 4 : path;
}

/* Where in the trace files are named; looked for once. */
static void find_file_events(struct rep_gdb *gdb)
{
	struct fmt_reader *reader = rep_timeline_reader(gdb->tl);
	struct fmt_event event;
	size_t capacity = 64;

	if (gdb->file_events)
		return;
	gdb->file_events = calloc(capacity, sizeof(*gdb->file_events));
	CHECK(gdb->file_events);
	for (event_seq seq = 0; seq < rep_timeline_count(gdb->tl); seq++) {
		if (fmt_reader_event(reader, seq, &event, NULL) < 0 || event.kind != FMT_file)
			continue;
		if (gdb->file_event_count == capacity) {
			capacity *= 2;
			gdb->file_events = reallocarray(gdb->file_events, capacity, sizeof(*gdb->file_events));
			CHECK(gdb->file_events);
		}
		gdb->file_events[gdb->file_event_count++] = seq;
	}
}

/* The content of a file of a node, by the event that named it first.  A descriptor, or -errno. */
static int open_content(struct rep_gdb *gdb, node_id node, const char *path)
{
	struct fmt_reader *reader = rep_timeline_reader(gdb->tl);
	uint8_t hash[FMT_HASH_SIZE];
	struct fmt_event event;
	struct fmt_ev_file ev;
	char name[PATH_SIZE];
	bool found = false;

	find_file_events(gdb);
	for (size_t i = 0; i < gdb->file_event_count && !found; i++) {
		if (fmt_reader_event(reader, gdb->file_events[i], &event, NULL) < 0 || event.node != node ||
		    fmt_get_file(&event, &ev) < 0 || ev.path.size >= sizeof(name) || ev.hash.size != sizeof(hash))
			continue;
		memcpy(name, ev.path.data, ev.path.size);
		name[ev.path.size] = '\0';
		found = strcmp(without_usr(name), without_usr(path)) == 0;
		memcpy(hash, ev.hash.data, sizeof(hash));
	}
	return found ? fmt_reader_file(reader, hash, NULL) : -ENOENT;
}

/* As Linux writes it. */
static int open_maps(struct rep_gdb *gdb, node_id node, uint32_t pid)
{
	const struct rep_mapping *mappings;
	size_t count;

	if (rep_timeline_mappings(gdb->tl, node, pid, &mappings, &count) < 0)
		return -ENOENT;
	const int fd = memfd_create("hindcast-maps", MFD_CLOEXEC);
	FILE *to = fd < 0 ? NULL : fdopen(dup(fd), "w");

	if (!to)
		return -errno;
	for (size_t i = 0; i < count; i++) {
		const struct rep_mapping *m = &mappings[i];

		fprintf(to, "%08" PRIx64 "-%08" PRIx64 " %c%c%c%c %08" PRIx64 " 00:00 %" PRIu64 " %s%s\n", m->start, m->end,
			m->prot & PROT_READ ? 'r' : '-', m->prot & PROT_WRITE ? 'w' : '-',
			m->prot & PROT_EXEC ? 'x' : '-', m->shared ? 's' : 'p', m->offset, m->file,
			*m->path ? "                   " : "", m->path);
	}
	fclose(to);
	return fd;
}

static int open_path(struct rep_gdb *gdb, const char *path)
{
	const node_id node = gdb->file_node ? gdb->file_node : gdb->general.node;
	uint64_t id;
	char what[16];

	if (sscanf(path, "/proc/%*u/task/%" SCNu64 "/%15s", &id, what) == 2 ||
	    sscanf(path, "/proc/%" SCNu64 "/%15s", &id, what) == 2)
		return strcmp(what, "maps") == 0 ? open_maps(gdb, (node_id)(id / REP_GDB_NODE), (uint32_t)(id % REP_GDB_NODE)) :
						   -ENOENT;
	return open_content(gdb, node, path);
}

/* "2f62696e2f7368,0,0": path, flags, mode. */
static void on_open(struct rep_gdb *gdb, const char *text)
{
	char path[PATH_SIZE];
	size_t i = 0;

	path[rep__gdb_get_hex(text, path, sizeof(path) - 1)] = '\0';
	while (i < REP_GDB_FILE_MAX && gdb->files[i].fd)
		i++;
	const int fd = i < REP_GDB_FILE_MAX ? open_path(gdb, path) : -EMFILE;

	if (fd < 0) {
		reply_number(gdb, -FILE_ENOENT);
		return;
	}
	gdb->files[i].fd = fd;
	reply_number(gdb, (int64_t)i);
}

static struct rep_gdb_file *file_of(struct rep_gdb *gdb, const char *text)
{
	const uint64_t number = strtoull(text, NULL, 16);

	return number < REP_GDB_FILE_MAX && gdb->files[number].fd ? &gdb->files[number] : NULL;
}

static void reply_bytes(struct rep_gdb *gdb, const void *bytes, size_t size)
{
	rep__gdb_print(&gdb->reply, "F%zx;", size);
	fmt_buf_put(&gdb->reply, bytes, size);
}

/* "0,1000,2000": number, size, offset. */
static void on_pread(struct rep_gdb *gdb, const char *text)
{
	static uint8_t bytes[READ_MAX];
	const struct rep_gdb_file *file = file_of(gdb, text);
	uint64_t size, offset;

	if (!file || sscanf(text, "%*x,%" SCNx64 ",%" SCNx64, &size, &offset) != 2) {
		reply_number(gdb, -FILE_EBADF);
		return;
	}
	const ssize_t got = pread(file->fd, bytes, size < sizeof(bytes) ? size : sizeof(bytes), (off_t)offset);

	if (got < 0)
		reply_number(gdb, -FILE_EINVAL);
	else
		reply_bytes(gdb, bytes, (size_t)got);
}

static void put_be(uint8_t *to, uint64_t value, size_t size)
{
	while (size-- > 0) {
		to[size] = (uint8_t)value;
		value >>= 8;
	}
}

/* struct stat as the protocol has it: big-endian, without padding. */
static void on_fstat(struct rep_gdb *gdb, const char *text)
{
	const struct rep_gdb_file *file = file_of(gdb, text);
	uint8_t bytes[64] = {0};
	struct stat st;

	if (!file || fstat(file->fd, &st) < 0) {
		reply_number(gdb, -FILE_EBADF);
		return;
	}
	put_be(bytes + 8, S_IFREG | 0555, 4);	/* mode */
	put_be(bytes + 12, 1, 4);		/* links */
	put_be(bytes + 28, (uint64_t)st.st_size, 8);
	put_be(bytes + 36, 4096, 8);
	put_be(bytes + 44, ((uint64_t)st.st_size + 511) / 512, 8);
	reply_bytes(gdb, bytes, sizeof(bytes));
}

static void on_close(struct rep_gdb *gdb, const char *text)
{
	struct rep_gdb_file *file = file_of(gdb, text);

	if (!file) {
		reply_number(gdb, -FILE_EBADF);
		return;
	}
	close(file->fd);
	file->fd = 0;
	reply_number(gdb, 0);
}

/* Whose files: of a process; 0 is of the one that is looked at. */
static void on_setfs(struct rep_gdb *gdb, const char *text)
{
	const uint64_t id = strtoull(text, NULL, 16);

	gdb->file_node = (node_id)(id / REP_GDB_NODE);
	reply_number(gdb, 0);
}

void rep__gdb_file(struct rep_gdb *gdb, const char *text, size_t size)
{
	static const struct {
		const char *name;
		void (*on)(struct rep_gdb *gdb, const char *text);
	} calls[] = {
		{"open:", on_open}, {"pread:", on_pread}, {"fstat:", on_fstat},
		{"close:", on_close}, {"setfs:", on_setfs},
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		const size_t length = strlen(calls[i].name);

		if (size > length && strncmp(text, calls[i].name, length) == 0) {
			calls[i].on(gdb, text + length);
			return;
		}
	}
	/* The others change files; an empty answer says that there is no such call. */
}

void rep__gdb_files_close(struct rep_gdb *gdb)
{
	for (size_t i = 0; i < REP_GDB_FILE_MAX; i++)
		if (gdb->files[i].fd)
			close(gdb->files[i].fd);
	free(gdb->file_events);
}
