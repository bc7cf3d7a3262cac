/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * newer.c - calls that a node's kernel has and the host's may not: futex_waitv and its like, fchmodat2.  Where they are
 * absent natively, what is expected is said in place of it.
 */
#include "say.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/stat.h>

#define NR_FUTEX_WAITV 449
#define NR_FCHMODAT2 452
#define NR_FUTEX_WAKE 454
#define NR_FUTEX_WAIT 455
#define NR_FUTEX_REQUEUE 456

#define SIZE_32 2	/* FUTEX2_SIZE_U32 */
#define PRIVATE 128	/* FUTEX2_PRIVATE */

static bool absent[512];

/* The result of a call, or what is expected where it is absent. */
static void tell(long nr, const char *what, long result, long expected)
{
	if (absent[nr])
		result = expected;
	else if (result < 0)
		result = -errno;
	if (result < 0)
		say("%s: %s", what, strerrorname_np((int)-result));
	else
		say("%s: %ld", what, result);
}
#define TELL(nr, expected, ...) tell(nr, #nr " " #__VA_ARGS__, absent[nr] ? 0 : syscall(nr, __VA_ARGS__), expected)

static void probe(long nr)
{
	absent[nr] = syscall(nr, -1l, -1l, -1l, -1l, -1l, -1l) == -1 && errno == ENOSYS;
}

struct waitv {
	uint64_t value, address;
	uint32_t flags, reserved;
};

static uint32_t words[3];

static void *wake_late(void *arg)
{
	pause_ms(10);
	words[*(int *)arg] = 1;
	if (absent[NR_FUTEX_WAKE])
		syscall(SYS_futex, &words[*(int *)arg], FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	else
		syscall(NR_FUTEX_WAKE, &words[*(int *)arg], 0xfffffffful, 1, SIZE_32 | PRIVATE);
	return NULL;
}

static void many_words(void)
{
	struct waitv waits[3];
	struct timespec now;
	pthread_t thread;
	int which = 1;

	for (int i = 0; i < 3; i++)
		waits[i] = (struct waitv){0, (uintptr_t)&words[i], SIZE_32 | PRIVATE, 0};
	pthread_create(&thread, NULL, wake_late, &which);
	TELL(NR_FUTEX_WAITV, 1, waits, 3, 0, NULL, CLOCK_MONOTONIC);
	pthread_join(thread, NULL);
	TELL(NR_FUTEX_WAITV, -EAGAIN, waits, 3, 0, NULL, CLOCK_MONOTONIC);
	waits[1].value = 1;
	clock_gettime(CLOCK_MONOTONIC, &now);
	TELL(NR_FUTEX_WAITV, -ETIMEDOUT, waits, 3, 0, &now, CLOCK_MONOTONIC);
	TELL(NR_FUTEX_WAITV, -EINVAL, waits, 0, 0, NULL, CLOCK_MONOTONIC);
	TELL(NR_FUTEX_WAITV, -EINVAL, waits, 200, 0, NULL, CLOCK_MONOTONIC);
	waits[0].flags = 0x40;
	TELL(NR_FUTEX_WAITV, -EINVAL, waits, 3, 0, NULL, CLOCK_MONOTONIC);
}

static void one_word(void)
{
	struct timespec now;
	pthread_t thread;
	int which = 2;

	words[2] = 0;
	pthread_create(&thread, NULL, wake_late, &which);
	TELL(NR_FUTEX_WAIT, 0, &words[2], 0ul, 0xfffffffful, SIZE_32 | PRIVATE, NULL, CLOCK_MONOTONIC);
	pthread_join(thread, NULL);
	TELL(NR_FUTEX_WAIT, -EAGAIN, &words[2], 0ul, 0xfffffffful, SIZE_32 | PRIVATE, NULL, CLOCK_MONOTONIC);
	clock_gettime(CLOCK_MONOTONIC, &now);
	TELL(NR_FUTEX_WAIT, -ETIMEDOUT, &words[2], 1ul, 0xfffffffful, SIZE_32, &now, CLOCK_MONOTONIC);
	TELL(NR_FUTEX_WAKE, 0, &words[2], 0xfffffffful, 1, SIZE_32);
	TELL(NR_FUTEX_WAKE, -EINVAL, &words[2], ~0ul, 1, 0x40);
	struct waitv two[2] = {{1, (uintptr_t)&words[2], SIZE_32 | PRIVATE, 0}, {0, (uintptr_t)&words[0], SIZE_32 | PRIVATE, 0}};
	TELL(NR_FUTEX_REQUEUE, 0, two, 0, 1, 1);
	two[0].value = 7;
	TELL(NR_FUTEX_REQUEUE, -EAGAIN, two, 0, 1, 1);
}

static void modes(void)
{
	struct stat st;

	close(open("file", O_CREAT | O_WRONLY, 0600));
	symlink("file", "link");
	TELL(NR_FCHMODAT2, 0, AT_FDCWD, "link", 0640, 0);
	stat("file", &st);
	if (!absent[NR_FCHMODAT2] && (st.st_mode & 0777) != 0640)
		say("the mode is %o", st.st_mode);
	TELL(NR_FCHMODAT2, -EOPNOTSUPP, AT_FDCWD, "link", 0640, AT_SYMLINK_NOFOLLOW);
	TELL(NR_FCHMODAT2, -EINVAL, AT_FDCWD, "link", 0640, 0x1000000);
	TELL(NR_FCHMODAT2, -ENOENT, AT_FDCWD, "none", 0640, 0);
}

int main(void)
{
	char dir[] = "/tmp/conformance-XXXXXX";

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!mkdtemp(dir) || chdir(dir) < 0)
		return 1;
	for (long nr = 449; nr < 457; nr++)
		probe(nr);
	PART(many_words);
	PART(one_word);
	PART(modes);
	return 0;
}
