/* SPDX-License-Identifier: GPL-2.0-or-later */
/* threads.c - futexes of all kinds, what pthreads makes of them, thread-local memory, cancellation, many threads. */
#include "say.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/mman.h>

static long futex(void *word, int op, unsigned int value, const void *timeout, void *word2, unsigned int value3)
{
	return syscall(SYS_futex, word, op, value, timeout, word2, value3);
}

static unsigned int word, word2;
static int woken;

static void *sleeper(void *arg)
{
	const int op = (int)(intptr_t)arg;

	while (__atomic_load_n(&word, __ATOMIC_SEQ_CST) == 0)
		futex(&word, op, 0, NULL, NULL, FUTEX_BITSET_MATCH_ANY);
	__atomic_add_fetch(&woken, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void waits(void)
{
	static const int ops[] = {FUTEX_WAIT, FUTEX_WAIT_PRIVATE, FUTEX_WAIT_BITSET_PRIVATE};
	static const int wakes[] = {FUTEX_WAKE, FUTEX_WAKE_PRIVATE, FUTEX_WAKE_PRIVATE};
	struct timespec timeout = {0, 20000000};

	for (int round = 0; round < 3; round++) {
		pthread_t thread[4];

		word = 0;
		woken = 0;
		for (int i = 0; i < 4; i++)
			pthread_create(&thread[i], NULL, sleeper, (void *)(intptr_t)ops[round]);
		pause_ms(20);
		word = 1;
		TRY(futex(&word, wakes[round], 1, NULL, NULL, 0));
		TRY(futex(&word, wakes[round], INT_MAX, NULL, NULL, 0));
		for (int i = 0; i < 4; i++)
			pthread_join(thread[i], NULL);
		say("%d woken", woken);
	}
	TRY(futex(&word, FUTEX_WAIT, 0, NULL, NULL, 0));
	TRY(futex(&word, FUTEX_WAIT, 1, &timeout, NULL, 0));
	TRY(futex((char *)&word + 1, FUTEX_WAIT, 1, &timeout, NULL, 0));
	TRY(futex((void *)0x1000, FUTEX_WAIT, 1, &timeout, NULL, 0));
	TRY(futex(&word, FUTEX_WAIT_BITSET, 1, NULL, NULL, 0));
	TRY(futex(&word, 99, 1, NULL, NULL, 0));
	TRY(futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0));
}

static void *bit_sleeper(void *arg)
{
	const unsigned int mask = (unsigned int)(uintptr_t)arg;

	futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, mask);
	__atomic_or_fetch(&woken, (int)mask, __ATOMIC_SEQ_CST);
	return NULL;
}

static void bits(void)
{
	pthread_t thread[3];

	for (int i = 0; i < 3; i++)
		pthread_create(&thread[i], NULL, bit_sleeper, (void *)(uintptr_t)(1u << i));
	pause_ms(20);
	TRY(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, INT_MAX, NULL, NULL, 2));
	pthread_join(thread[1], NULL);
	say("woken: %d", woken);
	TRY(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, INT_MAX, NULL, NULL, 1));
	pthread_join(thread[0], NULL);
	say("woken: %d", woken);
	TRY(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, INT_MAX, NULL, NULL, 12));
	pthread_join(thread[2], NULL);
	say("woken: %d", woken);
}

static void *requeued(void *arg)
{
	futex(&word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	__atomic_add_fetch(&woken, 1, __ATOMIC_SEQ_CST);
	return arg;
}

static void requeue(void)
{
	pthread_t thread[5];

	for (int i = 0; i < 5; i++)
		pthread_create(&thread[i], NULL, requeued, NULL);
	pause_ms(20);
	TRY(futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)2, &word2, 7));
	TRY(futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)2, &word2, 0));
	pause_ms(20);
	say("%d woken", woken);
	TRY(futex(&word2, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0));
	TRY(futex(&word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0));
	for (int i = 0; i < 5; i++)
		pthread_join(thread[i], NULL);
	say("%d woken", woken);
	word2 = 5;
	TRY(futex(&word, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, &word2,
		  FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_EQ, 5)));
	say("word2 %u", word2);
}

static void *owns(void *arg)
{
	pthread_mutex_lock(arg);
	pause_ms(50);
	pthread_mutex_unlock(arg);
	return NULL;
}

static void *dies_owning(void *arg)
{
	pthread_mutex_lock(arg);
	return NULL;
}

static void mutexes(void)
{
	static const int protocols[] = {PTHREAD_PRIO_NONE, PTHREAD_PRIO_INHERIT};

	for (int shared = 0; shared < 2; shared++)
		for (int protocol = 0; protocol < 2; protocol++) {
			pthread_mutexattr_t attr;
			pthread_mutex_t mutex;
			pthread_t thread;
			struct timespec at;

			say("%s, %s", shared ? "shared" : "private", protocol ? "PI" : "plain");
			pthread_mutexattr_init(&attr);
			pthread_mutexattr_setpshared(&attr, shared);
			pthread_mutexattr_setprotocol(&attr, protocols[protocol]);
			pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
			pthread_mutex_init(&mutex, &attr);
			pthread_create(&thread, NULL, owns, &mutex);
			pause_ms(10);
			say("trylock: %s", strerrorname_np(pthread_mutex_trylock(&mutex)));
			clock_gettime(CLOCK_REALTIME, &at);
			say("timedlock: %s", strerrorname_np(pthread_mutex_timedlock(&mutex, &at)));
			say("lock: %d", pthread_mutex_lock(&mutex));
			pthread_mutex_unlock(&mutex);
			pthread_join(thread, NULL);
			pthread_create(&thread, NULL, dies_owning, &mutex);
			pthread_join(thread, NULL);
			say("owner dead: %s", strerrorname_np(pthread_mutex_lock(&mutex)));
			say("consistent: %d", pthread_mutex_consistent(&mutex));
			pthread_mutex_unlock(&mutex);
			say("lock: %d", pthread_mutex_lock(&mutex));
			pthread_mutex_unlock(&mutex);
		}
}

struct shared {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	pthread_barrier_t barrier;
	sem_t sem, back;
	int turn, word;
};

static struct shared *new_shared(void)
{
	struct shared *s = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_t mutex;
	pthread_condattr_t cond;
	pthread_barrierattr_t barrier;

	pthread_mutexattr_init(&mutex);
	pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&mutex, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&s->mutex, &mutex);
	pthread_condattr_init(&cond);
	pthread_condattr_setpshared(&cond, PTHREAD_PROCESS_SHARED);
	pthread_cond_init(&s->cond, &cond);
	pthread_barrierattr_init(&barrier);
	pthread_barrierattr_setpshared(&barrier, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&s->barrier, &barrier, 3);
	sem_init(&s->sem, 1, 0);
	sem_init(&s->back, 1, 0);
	return s;
}

static void between_processes(void)
{
	struct shared *s = new_shared();
	pid_t child = fork();

	if (child == 0) {
		for (int i = 0; i < 100; i++) {
			sem_wait(&s->sem);
			s->word++;
			sem_post(&s->back);
		}
		_exit(0);
	}
	for (int i = 0; i < 100; i++) {
		sem_post(&s->sem);
		sem_wait(&s->back);
	}
	say("%d turns", s->word);
	wait_and_say("semaphores", child);
	child = fork();
	if (child == 0) {
		pthread_mutex_lock(&s->mutex);
		for (int i = 0; i < 20; i++) {
			while (s->turn % 2 == 0)
				pthread_cond_wait(&s->cond, &s->mutex);
			s->turn++;
			pthread_cond_signal(&s->cond);
		}
		_exit(0);	/* owning the mutex */
	}
	pthread_mutex_lock(&s->mutex);
	for (int i = 0; i < 20; i++) {
		while (s->turn % 2 == 1)
			pthread_cond_wait(&s->cond, &s->mutex);
		s->turn++;
		pthread_cond_signal(&s->cond);
	}
	pthread_mutex_unlock(&s->mutex);
	wait_and_say("condition", child);
	say("owner dead: %s, turn %d", strerrorname_np(pthread_mutex_lock(&s->mutex)), s->turn);
	for (int i = 0; i < 2; i++)
		if (fork() == 0)
			_exit(pthread_barrier_wait(&s->barrier) > 0);
	const int r = pthread_barrier_wait(&s->barrier);

	IS(r == 0 || r == PTHREAD_BARRIER_SERIAL_THREAD);
	while (wait(NULL) > 0)
		;
	/* The same page at another address is the same futex. */
	child = fork();
	if (child == 0) {
		struct shared *other = mremap(s, 8192, 8192, MREMAP_MAYMOVE | MREMAP_FIXED, (char *)s - (1 << 20));

		pause_ms(20);
		other->word = -1;
		_exit(other == MAP_FAILED || futex(&other->word, FUTEX_WAKE, 9, NULL, NULL, 0) != 1);
	}
	TRY(futex(&s->word, FUTEX_WAIT, 100, NULL, NULL, 0));
	wait_and_say("moved", child);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static int sum, started;
static __thread int local = 7;
static __thread char large[3000];

static void *one_of_many(void *arg)
{
	local += (int)(intptr_t)arg;
	large[2999] = (char)local;
	pthread_mutex_lock(&lock);
	if (++started == 200)
		pthread_cond_broadcast(&cond);
	while (started < 200)
		pthread_cond_wait(&cond, &lock);
	pthread_mutex_unlock(&lock);
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < 10; i++) {
		pthread_rwlock_wrlock(&rwlock);
		sum++;
		pthread_rwlock_unlock(&rwlock);
		if (i % 3 == 0)
			sched_yield();
	}
	return (void *)(intptr_t)(local == 7 + (int)(intptr_t)arg && large[2999] == (char)local);
}

static void many(void)
{
	static pthread_t threads[200];
	pthread_attr_t attr;
	int right = 0;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	pthread_barrier_init(&barrier, NULL, 200);
	for (int i = 0; i < 200; i++)
		if (pthread_create(&threads[i], &attr, one_of_many, (void *)(intptr_t)i) != 0)
			say("no thread %d", i);
	for (int i = 0; i < 200; i++) {
		void *result = NULL;

		pthread_join(threads[i], &result);
		right += (int)(intptr_t)result;
	}
	say("sum %d, %d right, ours %d", sum, right, local);
}

static void clean(void *arg)
{
	say("cleanup of %s", (const char *)arg);
}

static void *cancelled(void *arg)
{
	pthread_cleanup_push(clean, arg);
	for (;;)
		pause();
	pthread_cleanup_pop(0);
	return NULL;
}

static void *spins(void *arg)
{
	int old;

	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old);
	for (volatile unsigned long i = 0;; i++)
		sched_yield();
	return arg;
}

static void *protected(void *arg)
{
	int old;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	pause_ms(40);
	say("not cancelled yet");
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old);
	pthread_testcancel();
	return arg;
}

static void cancellation(void)
{
	void *(*const what[])(void *) = {cancelled, spins, protected};

	for (int i = 0; i < 3; i++) {
		pthread_t thread;
		void *result = NULL;

		pthread_create(&thread, NULL, what[i], "a thread");
		pause_ms(10);
		say("cancel: %d", pthread_cancel(thread));
		pthread_join(thread, &result);
		IS(result == PTHREAD_CANCELED);
	}
}

static void at_fork(void) { say("in the child"); }
static void before_fork(void) { say("before the fork"); }

static void *forks(void *arg)
{
	const pid_t child = fork();

	if (child == 0) {
		IS(gettid() == getpid());
		_exit(3);
	}
	wait_and_say("fork of a thread", child);
	return arg;
}

static void forking(void)
{
	pthread_t thread;

	pthread_atfork(before_fork, NULL, at_fork);
	pthread_create(&thread, NULL, forks, NULL);
	pthread_join(thread, NULL);
	pid_t self = 0;

	IS(syscall(SYS_set_tid_address, &self) == getpid());
	struct robust_list_head *head = NULL;
	size_t size = 0;

	TRY(syscall(SYS_get_robust_list, 0, &head, &size));
	say("size %zu", size);
	TRY(syscall(SYS_set_robust_list, head, 7));
}

static void *names(void *arg)
{
	char name[16];

	pthread_setname_np(pthread_self(), "a-name");
	pthread_getname_np(pthread_self(), name, sizeof(name));
	say("name %s", name);
	return arg;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;

static void destroyed(void *value) { say("destroyed %s", (const char *)value); }
static void make_key(void) { pthread_key_create(&key, destroyed); say("once"); }

static void *keeps(void *arg)
{
	pthread_once(&once, make_key);
	pthread_setspecific(key, arg);
	return NULL;
}

static void keys(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, names, NULL);
	pthread_join(thread, NULL);
	for (int i = 0; i < 2; i++) {
		pthread_create(&thread, NULL, keeps, i ? "second" : "first");
		pthread_join(thread, NULL);
	}
	IS(sched_getcpu() >= 0);
}

static volatile int flag;

static void *sets_flag(void *arg)
{
	flag = 1;
	return arg;
}

static void yielding(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, sets_flag, NULL);
	while (!flag)
		sched_yield();
	pthread_join(thread, NULL);
	say("the flag was set");
}

int main(void)
{
	PART(waits);
	PART(bits);
	PART(requeue);
	PART(mutexes);
	PART(between_processes);
	PART(many);
	PART(cancellation);
	PART(forking);
	PART(keys);
	PART(yielding);
	return 0;
}
