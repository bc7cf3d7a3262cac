/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-trace.c [SEED] - traces are what was written, however they were written, and nothing else.
 */
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "effect.h"
#include "unit.h"
#include "wire.h"

static char directory[] = "/tmp/hindcast-test-XXXXXX";

static const char *path_of(const char *name)
{
	static char paths[32][PATH_MAX];
	static unsigned int next;
	char *path = paths[next++ % 32];

	snprintf(path, PATH_MAX, "%s/%s", directory, name);
	return path;
}

/* The writer asks the clock when it last flushed: here it goes as the test likes. */
static uint64_t clock_ahead_ns;

int clock_gettime(clockid_t clock, struct timespec *ret)
{
	const int got = (int)syscall(SYS_clock_gettime, clock, ret);

	ret->tv_sec += (time_t)((ret->tv_nsec + clock_ahead_ns) / 1000000000);
	ret->tv_nsec = (long)((ret->tv_nsec + clock_ahead_ns) % 1000000000);
	return got;
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* ---- a run: event number n is a function of n alone ---- */

static uint8_t noise[1 << 20];

static uint64_t mix(uint64_t n)
{
	n = (n ^ (n >> 30)) * 0xbf58476d1ce4e5b9;
	n = (n ^ (n >> 27)) * 0x94d049bb133111eb;
	return n ^ (n >> 31);
}

static struct fmt_event event_of(uint64_t n)
{
	const uint64_t h = mix(n / 5 + 77);

	return (struct fmt_event){
		.vtime = n * 1000 + mix(n) % 1000,
		.node = (node_id)(h % 3),
		.tid = (uint32_t)(h >> 8) % 4,
		/* kinds of another version: verify does not know what their bodies should be */
		.kind = 1000 + (uint32_t)mix(n + 3) % 100,
		.body = noise + mix(n + 1) % 5000,
		.body_size = mix(n + 2) % (n % 1000 == 500 ? 50000 : 40),
	};
}

static void put_events(struct fmt_writer *w, uint64_t from, uint64_t to)
{
	for (uint64_t n = from; n < to; n++) {
		const struct fmt_event event = event_of(n);

		EQUAL(fmt_writer_event(w, &event), 0);
	}
}

static bool same_event(const struct fmt_event *a, const struct fmt_event *b)
{
	return a->vtime == b->vtime && a->node == b->node && a->tid == b->tid &&
	       a->kind == b->kind && a->body_size == b->body_size &&
	       (a->body_size == 0 || memcmp(a->body, b->body, a->body_size) == 0);
}

/* Events that can be read are the right ones.  Number of them from the start. */
static uint64_t right_events(struct fmt_reader *r)
{
	struct fmt_error error;
	struct fmt_event is;
	uint64_t n;

	for (n = 0; n < fmt_reader_count(r); n++) {
		const struct fmt_event expected = event_of(n);
		const int got = fmt_reader_event(r, n, &is, &error);

		if (got < 0) {
			HOLDS(got == -EBADMSG);
			HOLDS(error.text[0]);
			break;
		}
		if (!same_event(&is, &expected) || is.seq != n) {
			EQUAL(n, -1);
			break;
		}
	}
	return n;
}

static struct fmt_reader *open_good(const char *path)
{
	struct fmt_error error = {{0}};
	struct fmt_reader *r = NULL;
	const int got = fmt_reader_open(path, &r, &error);

	judge(got == 0, __FILE__, __LINE__, "open %s: %d: %s", path, got, error.text);
	if (got < 0)
		exit(done());
	return r;
}

/* ---- whole files ---- */

static uint8_t *read_whole(const char *path, size_t *ret_size)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	HOLDS(fd >= 0 && fstat(fd, &st) == 0);
	uint8_t *bytes = malloc((size_t)st.st_size + 1);

	EQUAL(pread(fd, bytes, (size_t)st.st_size, 0), st.st_size);
	*ret_size = (size_t)st.st_size;
	return bytes;
}

static void write_whole(const char *path, const void *bytes, size_t size)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	EQUAL(write(fd, bytes, size), size);
}

static int content_fd(const void *bytes, size_t size, uint8_t hash[FMT_HASH_SIZE])
{
	const int fd = memfd_create("content", MFD_CLOEXEC);
	uint64_t hashed;

	EQUAL(write(fd, bytes, size), size);
	EQUAL(fmt_hash_fd(fd, hash, &hashed), 0);
	EQUAL(hashed, size);
	return fd;
}

/* ---- tests ---- */

/* How often and when the writer is told to flush; and in which order metas and files come. */
struct manner {
	uint64_t flush_every;		/* 0: never */
	bool backwards;
};

static void write_run(const char *path, uint64_t count, const struct manner *manner,
		      uint8_t hash[FMT_HASH_SIZE])
{
	const char *keys[] = {"experiment", "seed"};
	const size_t sizes[] = {0, 9000, 9u << 20};
	struct fmt_writer *w = NULL;
	uint8_t file_hash[FMT_HASH_SIZE];

	EQUAL(fmt_writer_new(path, &w), 0);
	for (int i = 0; i < 2; i++) {
		const char *key = keys[manner->backwards ? 1 - i : i];

		EQUAL(fmt_writer_meta(w, key, key, strlen(key)), 0);
	}
	static uint8_t big[9u << 20];

	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = noise[i % sizeof(noise)] & (uint8_t)(i >> 18);
	for (size_t i = 0; i < 3; i++) {
		const size_t which = manner->backwards ? 2 - i : i;
		_cleanup_close_ int fd = content_fd(big, sizes[which], file_hash);

		EQUAL(fmt_writer_file(w, file_hash, fd), 0);
		EQUAL(fmt_writer_file(w, file_hash, fd), 0);
	}
	for (uint64_t n = 0; n < count; n++) {
		put_events(w, n, n + 1);
		if (manner->flush_every && n % manner->flush_every == 0)
			EQUAL(fmt_writer_flush(w, /* now= */ true), 0);
	}
	EQUAL(fmt_writer_finish(w, hash), 0);
}

static void test_canonical(void)
{
	static const struct manner manners[] = {{0, false}, {7000, false}, {999, true}, {20000, true}};
	uint8_t hash[FMT_HASH_SIZE], first_hash[FMT_HASH_SIZE];
	const char *first = path_of("first.hct");
	const uint64_t count = 150000;
	size_t first_size, size;

	part("equal runs are equal files, however they were flushed");
	write_run(first, count, &manners[0], first_hash);
	uint8_t *first_bytes = read_whole(first, &first_size);

	for (size_t i = 1; i < sizeof(manners) / sizeof(manners[0]); i++) {
		const char *path = path_of("other.hct");

		write_run(path, count, &manners[i], hash);
		uint8_t *bytes = read_whole(path, &size);

		SAME(bytes, size, first_bytes, first_size);
		SAME(hash, FMT_HASH_SIZE, first_hash, FMT_HASH_SIZE);
		free(bytes);
	}
	free(first_bytes);
	static const char *const rests[] = {"first.hct.part", "first.hct.tmp", "other.hct-journal",
					    "other.hct-wal", "other.hct.part", "other.hct.tmp"};

	for (size_t i = 0; i < sizeof(rests) / sizeof(rests[0]); i++)
		HOLDS(!exists(path_of(rests[i])));

	part("a finished trace");
	struct fmt_reader *r = open_good(first);
	struct fmt_error error = {{0}};

	EQUAL(fmt_reader_count(r), count);
	HOLDS(fmt_reader_finished(r));
	HOLDS(!fmt_reader_warning(r));
	SAME(fmt_reader_hash(r), FMT_HASH_SIZE, first_hash, FMT_HASH_SIZE);
	EQUAL(fmt_reader_meta(r, "seed", &size) ? size : 0, 4);
	HOLDS(!fmt_reader_meta(r, "no", &size));
	EQUAL(right_events(r), count);
	EQUAL(fmt_reader_verify(r, &error), 0);
	STRING(error.text, "");

	part("events in any order");
	for (int i = 0; i < 2000; i++) {
		/* mostly near, sometimes anywhere: chunks come and go in the cache */
		const uint64_t n = i % 50 ? random_below(3000) : random_below(count);
		const struct fmt_event expected = event_of(n);
		struct fmt_event is;
		event_seq seq;

		EQUAL(fmt_reader_event(r, n, &is, NULL), 0);
		HOLDS(same_event(&is, &expected));
		EQUAL(fmt_reader_seek(r, expected.vtime, &seq, NULL), 0);
		EQUAL(seq, n);
		EQUAL(fmt_reader_seek(r, expected.vtime + 1, &seq, NULL), 0);
		EQUAL(seq, n + 1);
	}
	struct fmt_event is;
	event_seq seq;

	EQUAL(fmt_reader_event(r, count, &is, &error), -ERANGE);
	EQUAL(fmt_reader_seek(r, UINT64_MAX, &seq, NULL), 0);
	EQUAL(seq, count);
	struct fmt_trace_stat stat;

	fmt_reader_stat(r, &stat);
	EQUAL(stat.files, 3);
	EQUAL(stat.chunks, (count + FMT_CHUNK_EVENTS_MAX - 1) / FMT_CHUNK_EVENTS_MAX);
	EQUAL(stat.file_bytes_raw, 9000 + (9u << 20));
	fmt_reader_close(r);
}

/* Calls and packets as programs make them, with bytes that do not compress where there are bytes. */
static void put_busy_run(struct fmt_buf *buf, uint64_t count, uint64_t *ret_payload)
{
	struct fmt_buf list = {0};
	uint64_t payload = 0;
	uint8_t frame[166];

	memcpy(frame, noise, sizeof(frame));
	for (uint64_t n = 0; n < count; n++) {
		const vtime_ns vtime = n * 20000 + mix(n) % 2000;
		const node_id node = 1 + n / 50 % 3;

		if (n % 4 == 3) {
			memcpy(frame + 66, noise + mix(n) % 1000000, 100);
			payload += 100;
			fmt_put_packet_send(buf, vtime, node, 0, &(struct fmt_ev_packet_send){
				.link = node, .packet = ((uint64_t)node << 40) + n,
				.depart_ns = vtime + 1200, .frame = {frame, sizeof(frame)}});
			continue;
		}
		fmt_buf_clear(&list);
		fmt_effect_put(&list, &(struct fmt_effect){
			.op = FMT_EFFECT_WRITE, .addr = 0x7fffd000 + n % 4 * 64, .size = 20,
			.bytes = noise + mix(n) % 1000000});
		payload += 20;
		fmt_put_syscall(buf, vtime, node, 1000 + n / 5 % 2, &(struct fmt_ev_syscall){
			.ran = 200, .nr = n % 4, .a0 = 3 + n % 2, .a1 = 0x7fffd000 + n % 4 * 64, .a2 = 4096,
			.ret = 20, .effects = {list.data, list.size}});
	}
	fmt_buf_done(&list);
	*ret_payload = payload;
}

static void test_event_size(void)
{
	struct fmt_buf buf = {0};
	struct fmt_writer *w;
	struct fmt_trace_stat stat;
	struct fmt_event event;
	const uint64_t count = 60000;
	uint64_t payload;
	size_t pos = 0;

	part("an event has at most 5 bytes before payload");
	put_busy_run(&buf, count, &payload);
	EQUAL(fmt_writer_new(path_of("small.hct"), &w), 0);
	while (fmt_record_next(buf.data, buf.size, &pos, &event) > 0)
		EQUAL(fmt_writer_event(w, &event), 0);
	EQUAL(fmt_writer_finish(w, NULL), 0);
	fmt_buf_done(&buf);
	struct fmt_reader *r = open_good(path_of("small.hct"));

	EQUAL(fmt_reader_verify(r, NULL), 0);
	fmt_reader_stat(r, &stat);
	EQUAL(stat.events, count);
	printf("# %llu bytes for %llu events with %llu of payload\n", (unsigned long long)stat.chunk_bytes,
	       (unsigned long long)count, (unsigned long long)payload);
	HOLDS(stat.chunk_bytes <= count * 5);
	HOLDS(stat.payload_bytes <= payload + payload / 50);
	fmt_reader_close(r);
}

static void test_files(void)
{
	uint8_t hash[FMT_HASH_SIZE], wrong[FMT_HASH_SIZE] = {1}, found[FMT_HASH_SIZE];
	struct fmt_writer *w;
	struct fmt_error error;
	uint64_t size;

	part("embedded files");
	_cleanup_close_ int fd = content_fd(noise, sizeof(noise), hash);
	const char *path = path_of("files.hct");

	EQUAL(fmt_writer_new(path, &w), 0);
	EQUAL(fmt_writer_file(w, hash, fd), 0);
	EQUAL(fmt_writer_finish(w, NULL), 0);
	struct fmt_reader *r = open_good(path);

	EQUAL(fmt_reader_file(r, wrong, &error), -ENOENT);
	_cleanup_close_ int copy = fmt_reader_file(r, hash, &error);

	HOLDS(copy >= 0);
	EQUAL(fmt_hash_fd(copy, found, &size), 0);
	EQUAL(size, sizeof(noise));
	SAME(found, FMT_HASH_SIZE, hash, FMT_HASH_SIZE);
	EQUAL(fcntl(copy, F_GET_SEALS),
	      F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
	EQUAL(fmt_reader_verify(r, &error), 0);
	fmt_reader_close(r);
}

/* A ring whose lap ends with one of these says so then: the log that knew is gone after that. */
static void test_stale_in_ring(void)
{
	uint8_t hash[FMT_HASH_SIZE], wrong[FMT_HASH_SIZE] = {1};
	struct fmt_trace_file file;
	struct fmt_writer *w;
	struct fmt_error error;

	part("files of a ring");
	_cleanup_close_ int fd = content_fd(noise, sizeof(noise), hash);
	const char *path = path_of("ring.hct");

	EQUAL(fmt_writer_new(path, &w), 0);
	fmt_writer_ring(w, /* duration= */ 10, /* program= */ NULL);
	EQUAL(fmt_writer_file(w, hash, fd), 0);
	for (vtime_ns t = 1; t < 50; t += 7)
		EQUAL(fmt_writer_event(w, &(struct fmt_event){.vtime = t, .kind = 1000}), 0);
	EQUAL(fmt_writer_finish(w, NULL), 0);
	struct fmt_reader *r = open_good(path);

	/* It has been carried from log to log. */
	HOLDS(fmt_reader_file_at(r, 0, &file) && !fmt_reader_file_at(r, 1, &file));
	EQUAL(fmt_reader_verify(r, &error), 0);
	fmt_reader_close(r);

	EQUAL(fmt_writer_new(path, &w), 0);
	fmt_writer_ring(w, /* duration= */ 10, /* program= */ NULL);
	EQUAL(fmt_writer_event(w, &(struct fmt_event){.vtime = 1, .kind = 1000}), 0);
	EQUAL(fmt_writer_file(w, wrong, fd), 0);
	EQUAL(fmt_writer_event(w, &(struct fmt_event){.vtime = 15, .kind = 1000}), -ESTALE);
	fmt_writer_discard(w);
}

/* Somebody changed a file between its hash and its content: it is not in the trace, and all else is. */
static void test_stale_file(void)
{
	uint8_t hash[FMT_HASH_SIZE], wrong[FMT_HASH_SIZE] = {1};
	struct fmt_writer *w;
	struct fmt_error error;

	part("a file that changed");
	_cleanup_close_ int fd = content_fd(noise, sizeof(noise), hash);
	const char *path = path_of("stale.hct");

	EQUAL(fmt_writer_new(path, &w), 0);
	EQUAL(fmt_writer_event(w, &(struct fmt_event){.vtime = 1, .kind = 1}), 0);
	EQUAL(fmt_writer_file(w, wrong, fd), 0);
	EQUAL(fmt_writer_file(w, hash, fd), 0);
	EQUAL(fmt_writer_finish(w, NULL), -ESTALE);
	HOLDS(fmt_writer_give_up(w));
	struct fmt_reader *r;

	EQUAL(fmt_reader_open(path, &r, &error), 0);
	EQUAL(fmt_reader_count(r), 1);
	EQUAL(fmt_reader_file(r, wrong, &error), -ENOENT);
	_cleanup_close_ int copy = fmt_reader_file(r, hash, &error);

	HOLDS(copy >= 0);
	fmt_reader_close(r);
}

static void test_refusals(void)
{
	struct fmt_writer *w, *second;
	struct fmt_event event = {.vtime = 10, .kind = 1001};

	part("what a writer refuses");
	EQUAL(fmt_writer_new(path_of("no/such/place.hct"), &w), -ENOENT);
	EQUAL(fmt_writer_new(directory, &w), -EISDIR);
	EQUAL(fmt_writer_new("/dev/null", &w), -EINVAL);
	const char *path = path_of("refusals.hct");

	EQUAL(fmt_writer_new(path, &w), 0);
	EQUAL(fmt_writer_new(path, &second), -EBUSY);
	EQUAL(fmt_writer_event(w, &event), 0);
	event.vtime = 9;
	EQUAL(fmt_writer_event(w, &event), -EINVAL);
	event.vtime = UINT64_MAX;
	EQUAL(fmt_writer_event(w, &event), -EINVAL);
	event.vtime = 10;
	event.body = noise;
	event.body_size = FMT_BODY_MAX + 1ul;
	EQUAL(fmt_writer_event(w, &event), -E2BIG);
	EQUAL(fmt_writer_meta(w, "format.hash", "x", 1), -EINVAL);
	EQUAL(fmt_writer_meta(w, "", "x", 1), -EINVAL);
	EQUAL(fmt_writer_meta(w, "a", "x", 1), 0);
	EQUAL(fmt_writer_meta(w, "a", "x", 1), -EEXIST);
	EQUAL(fmt_writer_meta(w, "b", noise, FMT_META_MAX), -E2BIG);
	EQUAL(fmt_writer_flush(w, true), 0);
	EQUAL(fmt_writer_new(path, &second), -EBUSY);
	EQUAL(fmt_writer_finish(w, NULL), 0);
	EQUAL(fmt_writer_new(path, &second), 0);
	fmt_writer_abandon(second);
	struct fmt_reader *r = open_good(path);

	EQUAL(fmt_reader_count(r), 1);
	EQUAL(fmt_reader_verify(r, NULL), 0);
	fmt_reader_close(r);

	part("a run of nothing");
	EQUAL(fmt_writer_new(path, &w), 0);
	EQUAL(fmt_writer_finish(w, NULL), 0);
	r = open_good(path);
	EQUAL(fmt_reader_count(r), 0);
	HOLDS(fmt_reader_finished(r));
	EQUAL(fmt_reader_verify(r, NULL), 0);
	fmt_reader_close(r);
}

static void test_large_events(void)
{
	const size_t sizes[] = {10, FMT_CHUNK_ROWS_MAX - 10, FMT_CHUNK_ROWS_MAX, 20u << 20, 10, 5u << 20};
	uint8_t *large = calloc(1, 20u << 20);
	struct fmt_writer *w;
	struct fmt_event is;

	part("events larger than a chunk");
	memcpy(large, noise, sizeof(noise));
	EQUAL(fmt_writer_new(path_of("large.hct"), &w), 0);
	for (size_t i = 0; i < 6; i++) {
		EQUAL(fmt_writer_event(w, &(struct fmt_event){.vtime = i, .kind = 1004, .body = large,
							      .body_size = sizes[i]}), 0);
		if (i % 2)
			EQUAL(fmt_writer_flush(w, true), 0);
	}
	EQUAL(fmt_writer_finish(w, NULL), 0);
	struct fmt_reader *r = open_good(path_of("large.hct"));

	for (size_t i = 0; i < 6; i++) {
		EQUAL(fmt_reader_event(r, i, &is, NULL), 0);
		SAME(is.body, is.body_size, large, sizes[i]);
	}
	fmt_reader_close(r);
	free(large);
}

static void test_flush(void)
{
	const char *path = path_of("flush.hct");
	struct fmt_error error;
	struct fmt_writer *w;
	struct fmt_reader *r;

	part("a trace is there after the first flush, and not before");
	write_whole(path, "precious", 8);
	EQUAL(fmt_writer_new(path, &w), 0);
	put_events(w, 0, 100);
	EQUAL(fmt_writer_flush(w, /* now= */ false), 0);
	EQUAL(fmt_reader_open(path, &r, &error), -EBADMSG);
	EQUAL(fmt_writer_flush(w, /* now= */ true), 0);
	r = open_good(path);
	EQUAL(fmt_reader_count(r), 100);
	HOLDS(!fmt_reader_finished(r));
	HOLDS(!fmt_reader_hash(r));
	HOLDS(fmt_reader_warning(r));
	put_events(w, 100, 150);
	EQUAL(fmt_writer_flush(w, /* now= */ false), 0);
	fmt_reader_close(r);
	r = open_good(path);
	EQUAL(fmt_reader_count(r), 100);
	fmt_reader_close(r);
	clock_ahead_ns += 1000000000;
	EQUAL(fmt_writer_flush(w, /* now= */ false), 0);
	put_events(w, 150, 160);
	fmt_writer_abandon(w);
	r = open_good(path);
	EQUAL(fmt_reader_count(r), 150);
	EQUAL(right_events(r), 150);
	EQUAL(fmt_reader_verify(r, &error), 0);
	fmt_reader_close(r);
}

/* Opens a trace once it has so many events: a flush is written by a thread.  Fails by the test's time limit. */
static struct fmt_reader *open_when(const char *path, uint64_t count)
{
	struct fmt_reader *r = NULL;

	while (fmt_reader_open(path, &r, NULL) < 0 || fmt_reader_count(r) < count) {
		fmt_reader_close(STEAL(r));
		sched_yield();
	}
	return r;
}

/* Whoever kills the recorder between two steps loses what came in the last second, whatever the steps are. */
static void test_flush_interval(void)
{
	const char *path = path_of("interval.hct");
	uint64_t added[200] = {0};	/* events, by step */
	struct fmt_writer *w;

	part("a second at most is lost");
	EQUAL(fmt_writer_new(path, &w), 0);
	for (size_t step = 1; step < 200; step++) {
		const uint64_t step_ns = 137000000;
		const size_t second = 1000000000 / step_ns + 1;	/* in steps */
		const uint64_t more = step % 50 == 0 ? 20000 : random_below(30);

		put_events(w, added[step - 1], added[step - 1] + more);
		added[step] = added[step - 1] + more;
		clock_ahead_ns += step_ns;
		EQUAL(fmt_writer_flush(w, /* now= */ false), 0);
		if (step < second)
			continue;
		struct fmt_reader *r = open_when(path, added[step - second]);

		HOLDS(fmt_reader_count(r) <= added[step]);
		fmt_reader_close(r);
	}
	fmt_writer_abandon(w);
}

/* More flushes within a chunk than there are chunks that one may copy from: tails do not count as such. */
static void test_many_tails(void)
{
	const uint64_t chunk = 16384, tails = 100;
	struct fmt_writer *w;
	const char *path = path_of("tails.hct");

	part("many flushes within a chunk");
	unlink(path);
	EQUAL(fmt_writer_new(path, &w), 0);
	put_events(w, 0, chunk);
	for (uint64_t i = 0; i < tails; i++) {
		put_events(w, chunk + i * 100, chunk + (i + 1) * 100);
		EQUAL(fmt_writer_flush(w, /* now= */ true), 0);
	}
	fmt_writer_abandon(w);
	struct fmt_reader *r = open_good(path);

	EQUAL(fmt_reader_count(r), chunk + tails * 100);
	EQUAL(right_events(r), fmt_reader_count(r));
	fmt_reader_close(r);
}

/* ---- kills ---- */

/* Tells through a shared word how many events a flush has promised. */
static void __attribute__((noreturn)) write_until_killed(const char *path, volatile uint64_t *promised)
{
	struct fmt_writer *w;

	if (fmt_writer_new(path, &w) < 0)
		_exit(1);
	for (uint64_t n = 0;; n++) {
		const struct fmt_event event = event_of(n);

		if (fmt_writer_event(w, &event) < 0)
			_exit(1);
		if (mix(n) % 300 != 0)
			continue;
		if (fmt_writer_flush(w, true) < 0)
			_exit(1);
		*promised = n + 1;
	}
}

static void kill_once(const char *path, volatile uint64_t *promised)
{
	*promised = 0;
	unlink(path);
	const pid_t child = fork();
	int status;

	if (child == 0)
		write_until_killed(path, promised);
	nanosleep(&(struct timespec){.tv_nsec = (long)random_below(150000000)}, NULL);
	kill(child, SIGKILL);
	EQUAL(waitpid(child, &status, 0), child);
	HOLDS(WIFSIGNALED(status));
	if (!exists(path)) {
		EQUAL(*promised, 0);
		return;
	}
	/* The one file elsewhere, without the right to write. */
	size_t size;
	uint8_t *bytes = read_whole(path, &size);
	const char *copy = path_of("copy.hct");

	unlink(copy);
	write_whole(copy, bytes, size);
	chmod(copy, 0400);
	free(bytes);
	struct fmt_reader *r = open_good(copy);

	HOLDS(fmt_reader_count(r) >= *promised);
	EQUAL(right_events(r), fmt_reader_count(r));
	HOLDS(!fmt_reader_finished(r));
	fmt_reader_close(r);
}

static void test_kill(void)
{
	volatile uint64_t *promised = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
					   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	part("a kill at any moment leaves what was flushed");
	for (int i = 0; i < 40; i++)
		kill_once(path_of("killed.hct"), promised);
	munmap((void *)promised, 4096);
}

/* ---- the disk ---- */

static void full_disk_once(const char *path, rlim_t limit)
{
	const struct rlimit small = {limit, RLIM_INFINITY}, large = {RLIM_INFINITY, RLIM_INFINITY};
	uint64_t flushed = 0, n;
	struct fmt_writer *w;
	int error = 0;

	unlink(path);
	EQUAL(fmt_writer_new(path, &w), 0);
	setrlimit(RLIMIT_FSIZE, &small);
	for (n = 0; error == 0 && n < 200000; n++) {
		const struct fmt_event event = event_of(n);

		error = fmt_writer_event(w, &event);
		if (error == 0 && n % 500 == 0) {
			error = fmt_writer_flush(w, true);
			if (error == 0)
				flushed = n + 1;
		}
	}
	EQUAL(error, -EFBIG);
	EQUAL(fmt_writer_flush(w, true), -EFBIG);
	EQUAL(fmt_writer_finish(w, NULL), -EFBIG);
	const bool kept = fmt_writer_give_up(w);

	setrlimit(RLIMIT_FSIZE, &large);
	HOLDS(!exists(path_of("full.hct.tmp")));
	HOLDS(!exists(path_of("full.hct.part")));
	EQUAL(exists(path), kept);
	HOLDS(kept || !flushed);
	if (!kept)
		return;
	struct fmt_reader *r = open_good(path);

	HOLDS(fmt_reader_count(r) >= flushed);
	EQUAL(right_events(r), fmt_reader_count(r));
	fmt_reader_close(r);
}

/* The log fits, the database does not. */
static void full_at_end(const char *path)
{
	const struct rlimit large = {RLIM_INFINITY, RLIM_INFINITY};
	struct fmt_writer *w;
	struct stat st;

	unlink(path);
	EQUAL(fmt_writer_new(path, &w), 0);
	put_events(w, 0, 5000);
	EQUAL(fmt_writer_flush(w, true), 0);
	EQUAL(stat(path, &st), 0);
	mkdir(path_of("full.hct.tmp"), 0700);
	HOLDS(fmt_writer_finish(w, NULL) < 0);
	HOLDS(fmt_writer_give_up(w));
	rmdir(path_of("full.hct.tmp"));
	setrlimit(RLIMIT_FSIZE, &large);
	struct fmt_reader *r = open_good(path);

	EQUAL(fmt_reader_count(r), 5000);
	EQUAL(right_events(r), 5000);
	fmt_reader_close(r);
}

static void test_full_disk(void)
{
	part("a full disk is told, and what was flushed remains");
	signal(SIGXFSZ, SIG_IGN);
	for (int i = 0; i < 20; i++)
		full_disk_once(path_of("full.hct"), 1000 + random_below(400000));
	full_at_end(path_of("full.hct"));
}

/* ---- damage ---- */

/* Opens what may be damaged; whatever can be read of it is right. */
static void read_damaged(const char *path, bool log)
{
	struct fmt_error error = {{0}};
	struct fmt_reader *r = NULL;
	const int got = fmt_reader_open(path, &r, &error);

	if (got < 0) {
		HOLDS(got == -EBADMSG || got == -EPROTONOSUPPORT || got == -EIO);
		HOLDS(error.text[0]);
		return;
	}
	right_events(r);
	/* A log ends where it is damaged, so what it has is whole. */
	if (log)
		EQUAL(right_events(r), fmt_reader_count(r));
	fmt_reader_verify(r, &error);
	fmt_reader_close(r);
}

/* What is left of a database is right, is said to be cut, and is not taken for whole.  Number of events. */
static uint64_t read_cut(const char *path)
{
	struct fmt_error error = {{0}};
	struct fmt_reader *r = NULL;
	const int got = fmt_reader_open(path, &r, &error);

	if (got < 0) {
		EQUAL(got, -EBADMSG);
		HOLDS(error.text[0]);
		return 0;
	}
	const uint64_t count = fmt_reader_count(r);

	EQUAL(right_events(r), count);
	HOLDS(!fmt_reader_finished(r));
	HOLDS(fmt_reader_warning(r) && strstr(fmt_reader_warning(r), "cut off"));
	EQUAL(fmt_reader_verify(r, &error), -EBADMSG);
	fmt_reader_close(r);
	return count;
}

static void sweep_cuts(const char *name, bool log)
{
	const char *path = path_of("cut.hct");
	uint64_t least = UINT64_MAX, most = 0;
	size_t size;
	uint8_t *bytes = read_whole(path_of(name), &size);
	const size_t step = 1 + size / (log ? 400 : 150);

	for (size_t cut = 0; cut < size; cut += 1 + random_below(step * 2)) {
		write_whole(path, bytes, cut);
		if (log) {
			read_damaged(path, log);
			continue;
		}
		const uint64_t count = read_cut(path);

		if (count && count < least)
			least = count;
		if (count > most)
			most = count;
	}
	/* Its events are one chunk, so it is all or nothing; test-find.c has more. */
	HOLDS(log || (least == 6000 && most == 6000));
	free(bytes);
}

static void sweep_flips(const char *name, bool log)
{
	const char *path = path_of("flip.hct");
	size_t size;
	uint8_t *bytes = read_whole(path_of(name), &size);

	for (int i = 0; i < 1500; i++) {
		/* the header and the first pages have more to break */
		const size_t at = random_below(i % 3 == 0 ? 150 : i % 3 == 1 ? 16384 : size) % size;
		const uint8_t was = bytes[at];

		bytes[at] ^= (uint8_t)(i % 2 ? 1u << random_below(8) : 1 + random_below(255));
		write_whole(path, bytes, size);
		read_damaged(path, log);
		bytes[at] = was;
	}
	free(bytes);
}

static void test_damage(void)
{
	uint8_t hash[FMT_HASH_SIZE];
	struct fmt_writer *w;

	_cleanup_close_ int fd = content_fd(noise, 100000, hash);

	EQUAL(fmt_writer_new(path_of("good.hct"), &w), 0);
	EQUAL(fmt_writer_meta(w, "seed", "1", 1), 0);
	EQUAL(fmt_writer_file(w, hash, fd), 0);
	put_events(w, 0, 6000);
	EQUAL(fmt_writer_finish(w, NULL), 0);

	EQUAL(fmt_writer_new(path_of("log.hct"), &w), 0);
	EQUAL(fmt_writer_meta(w, "seed", "1", 1), 0);
	EQUAL(fmt_writer_file(w, hash, fd), 0);
	for (uint64_t n = 0; n < 6000; n += 200) {
		put_events(w, n, n + 200);
		EQUAL(fmt_writer_flush(w, true), 0);
	}
	fmt_writer_abandon(w);

	part("cut databases");
	sweep_cuts("good.hct", /* log= */ false);
	part("cut logs");
	sweep_cuts("log.hct", /* log= */ true);
	part("databases with flipped bits");
	sweep_flips("good.hct", /* log= */ false);
	part("logs with flipped bits");
	sweep_flips("log.hct", /* log= */ true);
}

/* Both forms of the same run, read by a program that was written from the document alone. */
static void test_second_reader(void)
{
	static const char script[] = "tests/unit/second-reader.py";
	static const char *const forms[] = {"database", "log"}, *const names[] = {"good.hct", "log.hct"};
	char command[PATH_MAX + 100], line[200], expected[200];

	part("the second reader");
	if (!exists(script) || system("zstd --version >/dev/null 2>&1") != 0 ||
	    system("python3 --version >/dev/null 2>&1") != 0) {
		printf("# skipped: needs python3, zstd, and the source tree as working directory\n");
		return;
	}
	struct fmt_reader *r = open_good(path_of("good.hct"));
	int size = 0;

	for (int form = 0; form < 2; form++) {
		size = snprintf(expected, sizeof(expected), "%s 6000 ", forms[form]);
		for (size_t i = 0; i < FMT_HASH_SIZE; i++)
			size += snprintf(expected + size, sizeof(expected) - (size_t)size, "%02x",
					 fmt_reader_hash(r)[i]);
		snprintf(expected + size, sizeof(expected) - (size_t)size, "\n");
		snprintf(command, sizeof(command), "python3 %s %s", script, path_of(names[form]));
		FILE *output = popen(command, "re");

		HOLDS(output && fgets(line, sizeof(line), output));
		EQUAL(pclose(output), 0);
		STRING(line, expected);
	}
	fmt_reader_close(r);
}

static void refused(const void *bytes, size_t size, int code, const char *word)
{
	const char *path = path_of("strange.hct");
	struct fmt_error error = {{0}};
	struct fmt_reader *r;

	write_whole(path, bytes, size);
	EQUAL(fmt_reader_open(path, &r, &error), code);
	judge(strstr(error.text, word) != NULL, __FILE__, __LINE__, "\"%s\" has no \"%s\"",
	      error.text, word);
}

static void test_strangers(void)
{
	struct fmt_error error;
	struct fmt_reader *r;
	size_t size;

	part("what is no trace, and what is newer");
	EQUAL(fmt_reader_open(path_of("nothing.hct"), &r, &error), -ENOENT);
	EQUAL(fmt_reader_open(directory, &r, &error), -EISDIR);
	EQUAL(fmt_reader_open("/dev/null", &r, &error), -EBADMSG);
	refused("", 0, -EBADMSG, "empty");
	refused("hello, world", 12, -EBADMSG, "not a trace");
	refused(noise, 10000, -EBADMSG, "not a trace");
	refused(FMT_LOG_MAGIC, 16, -EBADMSG, "cut off");
	uint8_t *bytes = read_whole(path_of("good.hct"), &size);

	refused(bytes, 50, -EBADMSG, "cut off");
	refused(bytes, 5000, -EBADMSG, "cut off");
	bytes[63]++;
	refused(bytes, size, -EPROTONOSUPPORT, "version 2");
	bytes[63]--;
	bytes[71]++;
	refused(bytes, size, -EBADMSG, "another program");
	free(bytes);
	bytes = read_whole(path_of("log.hct"), &size);
	bytes[16]++;
	refused(bytes, size, -EPROTONOSUPPORT, "version 2");
	bytes[16]--;
	bytes[36] = 0x80;
	refused(bytes, size, -EPROTONOSUPPORT, "features 0x8000000000,");
	bytes[36] = 0;
	/* A compatible one is none of our business, nor is a record of another type at the end. */
	bytes[24] = 0x80;
	bytes = realloc(bytes, size + sizeof(struct fmt_wire_record));
	CHECK(bytes);
	struct fmt_wire_record record = {0};

	le32_put(&record.type, 999);
	le32_put(&record.crc, fmt_crc32c(0, &record, offsetof(struct fmt_wire_record, crc)));
	memcpy(bytes + size, &record, sizeof(record));
	write_whole(path_of("later.hct"), bytes, size + sizeof(record));
	r = open_good(path_of("later.hct"));
	EQUAL(right_events(r), 6000);
	HOLDS(!strstr(fmt_reader_warning(r), "damaged"));
	fmt_reader_close(r);
	free(bytes);
}

static void remove_all(void)
{
	char command[PATH_MAX + 20];

	snprintf(command, sizeof(command), "rm -rf %s", directory);
	EQUAL(system(command), 0);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		random_state = strtoull(argv[1], NULL, 0);
	HOLDS(mkdtemp(directory));
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)random_u64();
	test_canonical();
	test_event_size();
	test_files();
	test_stale_file();
	test_stale_in_ring();
	test_refusals();
	test_large_events();
	test_flush();
	test_flush_interval();
	test_many_tails();
	test_kill();
	test_full_disk();
	test_damage();
	test_second_reader();
	test_strangers();
	if (!getenv("KEEP"))
		remove_all();
	return done();
}
