/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * write-faults.c - preloaded into a recorder: calls on the trace's file fail when the test says so.
 *
 *	WRITE_FAULTS=PATH:CALL:FIRST:LAST:ERROR
 *
 * Of the files whose names begin with PATH, the calls number FIRST to LAST (from 1; 0: none) fail with ERROR, a number of errno; 0: they
 * write only half of what they are given; -1: the process stops itself (SIGSTOP) before it, as one that a test wants in the middle of its
 * work.  CALL is write (pwrite, pwritev), fwrite, sync, rename (by its first name), truncate, close (which
 * closes nevertheless), or late: sync or close, as where a file system writes later and tells whoever asks first.  With
 * WRITE_FAULTS_COUNT=FILE the number of such calls goes there, again after each.
 *
 * Programs that are recorded do not get it: it takes itself out of the environment.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static struct {
	char path[PATH_MAX], call[16], count[PATH_MAX];
	unsigned long first, last;
	int error;
	unsigned long calls;
	pid_t pid;			/* the recorder; its workers have other files */
} faults;

__attribute__((constructor)) static void begin(void)
{
	const char *said = getenv("WRITE_FAULTS"), *count = getenv("WRITE_FAULTS_COUNT");

	unsetenv("LD_PRELOAD");
	if (said && sscanf(said, "%4095[^:]:%15[^:]:%lu:%lu:%d", faults.path, faults.call, &faults.first, &faults.last,
			   &faults.error) != 5) {
		fprintf(stderr, "write-faults: WRITE_FAULTS=%s makes no sense\n", said);
		_exit(99);
	}
	if (count)
		snprintf(faults.count, sizeof(faults.count), "%s", count);
	faults.pid = getpid();
}

enum verdict { PASS, FAIL, SHORT };

static enum verdict judge(const char *call, const char *path)
{
	if (!faults.path[0] || faults.pid != getpid() || strcmp(call, faults.call) != 0 ||
	    strncmp(path, faults.path, strlen(faults.path)) != 0)
		return PASS;
	faults.calls++;
	if (faults.count[0]) {
		FILE *out = fopen(faults.count, "we");

		if (out) {
			fprintf(out, "%lu\n", faults.calls);
			fclose(out);
		}
	}
	if (faults.calls < faults.first || faults.calls > faults.last)
		return PASS;
	if (!faults.error)
		return SHORT;
	if (faults.error < 0) {
		raise(SIGSTOP);
		return PASS;
	}
	errno = faults.error;
	return FAIL;
}

static enum verdict judge_fd(const char *call, int fd)
{
	char link[32], path[PATH_MAX];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	const ssize_t size = readlink(link, path, sizeof(path) - 1);

	if (size < 0)
		return PASS;
	path[size] = 0;
	return judge(call, path);
}

/* As late as the system can tell. */
static enum verdict judge_late(const char *call, int fd)
{
	return judge_fd(strcmp(faults.call, "late") == 0 ? "late" : call, fd);
}

#define REAL(type, name) ((type)dlsym(RTLD_NEXT, name))

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at)
{
	const enum verdict verdict = judge_fd("write", fd);

	if (verdict == FAIL)
		return -1;
	return REAL(ssize_t(*)(int, const void *, size_t, off64_t), "pwrite64")(fd, bytes, verdict == SHORT ? (size + 1) / 2 : size, at);
}

ssize_t pwritev64(int fd, const struct iovec *iov, int count, off64_t at)
{
	const enum verdict verdict = judge_fd("write", fd);

	if (verdict == FAIL)
		return -1;
	if (verdict == SHORT)
		return REAL(ssize_t(*)(int, const void *, size_t, off64_t), "pwrite64")(fd, iov->iov_base, (iov->iov_len + 1) / 2, at);
	return REAL(ssize_t(*)(int, const struct iovec *, int, off64_t), "pwritev64")(fd, iov, count, at);
}

/* Into a buffer: only to stop, since an error comes with the write. */
size_t fwrite(const void *bytes, size_t size, size_t count, FILE *out)
{
	if (strcmp(faults.call, "fwrite") == 0)
		judge_fd("fwrite", fileno(out));
	return REAL(size_t (*)(const void *, size_t, size_t, FILE *), "fwrite")(bytes, size, count, out);
}

int fdatasync(int fd)
{
	return judge_late("sync", fd) == FAIL ? -1 : REAL(int (*)(int), "fdatasync")(fd);
}

int fsync(int fd)
{
	return judge_late("sync", fd) == FAIL ? -1 : REAL(int (*)(int), "fsync")(fd);
}

int close(int fd)
{
	const enum verdict verdict = judge_late("close", fd);
	const int error = errno, closed = REAL(int (*)(int), "close")(fd);

	if (verdict != FAIL)
		return closed;
	errno = error;
	return -1;
}

int ftruncate64(int fd, off64_t size)
{
	return judge_fd("truncate", fd) == FAIL ? -1 : REAL(int (*)(int, off64_t), "ftruncate64")(fd, size);
}

int rename(const char *from, const char *to)
{
	return judge("rename", from) == FAIL ? -1 : REAL(int (*)(const char *, const char *), "rename")(from, to);
}
