/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tracee-memory.c - the memory of tracees.
 *
 * process_vm_readv() and _writev() copy at 0.4 us a call and obey page protection.  What ignores it goes through
 * /proc/PID/mem, which some kernels restrict to the tracer and some forbid; then word by word through ptrace.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/check.h"
#include "tracee-int.h"

/* One transfer by the host is at most 0x7ffff000 bytes. */
#define TRANSFER_MAX (1UL << 30)

typedef ssize_t transfer_fn(pid_t pid, const struct iovec *local, unsigned long local_count,
			    const struct iovec *remote, unsigned long remote_count, unsigned long flags);

static size_t transfer(transfer_fn *fn, pid_t tid, uint8_t *local, uint64_t remote, size_t size)
{
	while (size > 0) {
		const size_t part = size < TRANSFER_MAX ? size : TRANSFER_MAX;
		const struct iovec ours = {local, part};
		const struct iovec theirs = {(void *)(uintptr_t)remote, part};
		const ssize_t r = fn(tid, &ours, 1, &theirs, 1, 0);

		if (r <= 0)
			break;
		local += r;
		remote += (uint64_t)r;
		size -= (size_t)r;
	}
	return size;
}

size_t rec_tracee_read(struct rec_tracee *thread, void *to, uint64_t from, size_t size)
{
	if (thread->state == REC_GONE)
		return size;
	return transfer(process_vm_readv, thread->tid, to, from, size);
}

static int open_mem(struct rec_tracee *thread)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", thread->tid);
	return open(path, O_RDWR | O_CLOEXEC);
}

/* How much of a range lies below hindcast's own pages. */
static size_t writable_size(uint64_t to, size_t size)
{
	if (to >= REC_OWN_START)
		return 0;
	return size < REC_OWN_START - to ? size : (size_t)(REC_OWN_START - to);
}

size_t rec_tracee_write_user(struct rec_tracee *thread, uint64_t to, const void *from, size_t size)
{
	const size_t wanted = writable_size(to, size);

	if (thread->state == REC_GONE)
		return size;
	return size - wanted + transfer(process_vm_writev, thread->tid, (uint8_t *)from, to, wanted);
}

static size_t read_by_file(struct rec_tracee *thread, uint8_t *to, uint64_t from, size_t size)
{
	int *const fd = &thread->process->mem_fd;

	if (*fd < 0)
		*fd = open_mem(thread);
	while (*fd >= 0 && size > 0) {
		const ssize_t r = pread(*fd, to, size, (off_t)from);

		if (r <= 0)
			break;
		to += r;
		from += (uint64_t)r;
		size -= (size_t)r;
	}
	return size;
}

size_t rec_tracee_read_any(struct rec_tracee *thread, void *to, uint64_t from, size_t size)
{
	const size_t left = rec_tracee_read(thread, to, from, size);
	const size_t done = size - left;

	if (!left || thread->state == REC_GONE)
		return left;
	return read_by_file(thread, (uint8_t *)to + done, from + done, left);
}

static size_t write_by_file(struct rec_tracee *thread, uint64_t to, const uint8_t *from, size_t size)
{
	int *const fd = &thread->process->mem_fd;

	if (*fd < 0)
		*fd = open_mem(thread);
	while (*fd >= 0 && size > 0) {
		const ssize_t r = pwrite(*fd, from, size, (off_t)to);

		if (r <= 0)
			break;
		from += r;
		to += (uint64_t)r;
		size -= (size_t)r;
	}
	return size;
}

static bool poke(struct rec_tracee *thread, uint64_t to, const uint8_t *from, size_t size)
{
	const uint64_t at = to & ~7ULL;
	uint8_t word[8];
	long value;

	errno = 0;
	value = ptrace(PTRACE_PEEKDATA, thread->tid, at, NULL);
	if (errno)
		return false;
	memcpy(word, &value, sizeof(word));
	memcpy(word + (to - at), from, size);
	memcpy(&value, word, sizeof(value));
	return ptrace(PTRACE_POKEDATA, thread->tid, at, value) == 0;
}

static size_t write_by_ptrace(struct rec_tracee *thread, uint64_t to, const uint8_t *from, size_t size)
{
	while (size > 0) {
		const size_t room = 8 - to % 8;
		const size_t part = size < room ? size : room;

		if (!poke(thread, to, from, part))
			break;
		to += part;
		from += part;
		size -= part;
	}
	return size;
}

size_t rec_tracee_write(struct rec_tracee *thread, uint64_t to, const void *from, size_t size)
{
	const uint8_t *bytes = from;
	const size_t refused = size - writable_size(to, size);
	size_t left = size - refused;

	if (thread->state == REC_GONE)
		return size;
	/* Protected and plain pages may alternate: each way goes as far as it can. */
	for (size_t before = left + 1; left > 0 && left < before;) {
		const size_t done = size - refused - left;

		before = left;
		left = transfer(process_vm_writev, thread->tid, (uint8_t *)bytes + done, to + done, left);
		if (left == before)
			left = write_by_file(thread, to + done, bytes + done, left);
		if (left == before && thread->state == REC_TRAPPED)
			left = write_by_ptrace(thread, to + done, bytes + done, left);
	}
	return refused + left;
}
