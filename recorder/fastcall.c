/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fastcall.c - hands calls over between two processors, through memory.
 *
 * A notification costs two switches between processes, 4 us on a virtual machine, whatever is done with it.  Where every tracer has
 * a second processor to itself, a call can be handed over by words in a shared page instead, at which both sides
 * look in a loop: under 1 us.  It is used when it is asked for (rec_tracer_fast()), since the loops keep two processors busy.
 *
 *   tracee                     turn                      tracer
 *   writes its call            IDLE -> REQUEST
 *                              REQUEST -> TAKEN          was looking: rec__fast_take()
 *   looks                      TAKEN -> ANSWERED         rec__fast_answer()
 *   goes on                    ANSWERED -> IDLE
 *
 *   nobody is listening        REQUEST -> IDLE           the tracee makes the system call: an ordinary notification
 *   its turn is not to come    TAKEN -> SLEEP            the tracee calls REC_FAST_SLEEP_NR, and this notification waits for
 *   soon (another runs, or it has looked in vain)        the answer as any other does
 *
 * Which calls: those of libraries whose syscall instruction stands behind one that sets eax, or in syscall(3).  The instruction before
 * (five bytes; or two, with five free ones nearby) becomes a jump to a way of its own behind the stub, which carries it out, notes
 * where to go back to, and enters fastcall.S.  The syscall instruction itself stays: whoever jumps to it, and the stub when it
 * makes the call after all, finds it there.  So every address that signals, births and programs see is that of an unchanged program.
 *
 * Invariants
 *  1. What a program can see does not depend on which way a call took.  The exception are the changed bytes themselves, for programs that
 *     read their libraries' code; they are not told in the trace, and replay has none.
 *  2. At most one thread of a tracer is taken and not yet answered or asleep (tracer->fast_waiter); another one runs only when it
 *     is asleep.
 *  3. A thread is never set aside inside the stub: the words are those of whoever runs.
 */
#include "fastcall.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"

/* How often the tracer looks before it sleeps: some 10 us; and 50 us when the tracee has to be woken first. */
#define LOOKS 300
#define LOOKS_WOKEN 1500
/* So many times in vain and the other side is not on a processor of its own now; for so many calls nobody looks. */
#define MISSES_MAX 32
#define REST 1024

/* Ways: code before the stub's entry, of this size each, behind the first page. */
#define WAY_SIZE 24
#define WAY_FIRST 4096
#define WAY_COUNT ((REC_FAST_SIZE - WAY_FIRST) / WAY_SIZE)
#define TABLE_SIZE 8192		/* of ways by where they lead, three times as many as there can be */

extern const uint8_t rec__fast_start[], rec__fast_end[];

struct rec_fast_ways {
	uint8_t *code;			/* REC_FAST_SIZE bytes, shared with all tracees */
	unsigned count;
	uint64_t ret[TABLE_SIZE];	/* hash table: 0 is free */
	uint16_t number[TABLE_SIZE];
};

/* ---- beginning ------------------------------------------------------------------- */

static void set_sync(const struct rec_tracer *tracer, bool on)
{
	if (tracer->sync_wake_up)
		ioctl(tracer->listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, on ? REC_NOTIF_SYNC_WAKE_UP : 0UL);
}

static int map_code(struct rec_tracer *tracer, struct rec_fast_ways *ways)
{
	_cleanup_close_ int fd = memfd_create("hindcast-calls", MFD_CLOEXEC);
	const uint64_t args[6] = {REC_FAST_CODE, REC_FAST_SIZE, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED_NOREPLACE,
				  (uint64_t)fd, 0};
	int error = 0;

	if (fd < 0 || ftruncate(fd, REC_FAST_SIZE) < 0)
		return -errno;
	ways->code = mmap(NULL, REC_FAST_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ways->code == MAP_FAILED)
		return -errno;
	memcpy(ways->code, rec__fast_start, (size_t)(rec__fast_end - rec__fast_start));
	const int64_t r = rec_tracee_inject(tracer->zygote_thread, SYS_mmap, args, &error);
	return error ? error : r < 0 ? (int)r : 0;
}

/* The index-th of the processors that this thread may use, counted from a place that differs between machines
 * that run at the same time. */
static bool choose_cpu(const cpu_set_t *allowed, unsigned index, cpu_set_t *ret)
{
	const unsigned count = (unsigned)CPU_COUNT(allowed);

	if (index >= count)
		return false;
	unsigned wanted = (index + (unsigned)getsid(0)) % count;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, allowed) || wanted-- > 0)
			continue;
		CPU_ZERO(ret);
		CPU_SET(cpu, ret);
		return true;
	}
	return false;
}

/* Side by side, or neither would see the other spin.  Tracees inherit from the zygote. */
static int pin(const struct rec_tracer *tracer, unsigned index)
{
	cpu_set_t allowed, ours, theirs;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
		return -errno;
	if (!choose_cpu(&allowed, 2 * index, &ours) || !choose_cpu(&allowed, 2 * index + 1, &theirs))
		return -ENODEV;
	sched_setaffinity(tracer->zygote, sizeof(theirs), &theirs);
	sched_setaffinity(0, sizeof(ours), &ours);
	return 0;
}

int rec_tracer_fast(struct rec_tracer *tracer, unsigned index)
{
	CHECK(!tracer->fast_ways && tracer->processes == tracer->zygote_thread->process);
	int r = pin(tracer, index);
	if (r < 0)
		return r;
	struct rec_fast_ways *const ways = calloc(1, sizeof(*ways));
	CHECK(ways);
	r = map_code(tracer, ways);
	if (r < 0) {
		free(ways);
		return r;
	}
	tracer->fast_ways = ways;
	set_sync(tracer, false);
	return 0;
}

void rec__fast_done(struct rec_tracer *tracer)
{
	if (!tracer->fast_ways)
		return;
	munmap(tracer->fast_ways->code, REC_FAST_SIZE);
	free(tracer->fast_ways);
}

void rec_tracee_fast(struct rec_tracee *thread, struct rec_clock_page *page)
{
	if (thread->process->tracer->fast_ways)
		thread->process->fast = (struct rec_fast *)((uint8_t *)page + (REC_FAST_ADDR - REC_CLOCK_ADDR));
}

/* ---- ways -------------------------------------------------------------------------- */

/* The way that carries out `before` and returns to ret; made when it is new.  Its address, 0: there is no room. */
static uint64_t way_to(struct rec_fast_ways *ways, uint64_t ret, const uint8_t *before, size_t before_size)
{
	size_t at = ret * 0x9e3779b97f4a7c15ULL >> 51;	/* 13 bits */

	for (; ways->ret[at]; at = (at + 1) % TABLE_SIZE)
		if (ways->ret[at] == ret)
			break;
	const unsigned number = ways->ret[at] ? ways->number[at] : ways->count;
	if (number == WAY_COUNT)
		return 0;
	const uint32_t offset = WAY_FIRST + number * WAY_SIZE;
	uint8_t way[WAY_SIZE], *p = way;
	memset(way, 0xcc, sizeof(way));
	memcpy(p, before, before_size);
	p += before_size;
	memcpy(p, "\x48\xb9", 2);	/* movabs ret, %rcx */
	memcpy(p + 2, &ret, 8);
	p += 10;
	const int32_t back = -(int32_t)(offset + (uint32_t)(p - way) + 5);
	*p = 0xe9;			/* jmp to the stub */
	memcpy(p + 1, &back, 4);
	/* What another library had at this address may differ. */
	if (ways->ret[at] && memcmp(ways->code + offset, way, sizeof(way)))
		return 0;
	memcpy(ways->code + offset, way, sizeof(way));
	if (!ways->ret[at]) {
		ways->ret[at] = ret;
		ways->number[at] = (uint16_t)ways->count++;
	}
	return REC_FAST_CODE + offset;
}

/* ---- finding calls ------------------------------------------------------------------- */

struct library {
	struct rec_tracee *thread;
	const uint8_t *code;
	size_t size;
	uint64_t addr;
	size_t free_at, free_size;	/* bytes behind a return, which nothing reaches, found last */
	int error;
};

/* Worth it: what does not need registers or memory maps, and is called often. */
static bool is_frequent(uint32_t nr)
{
	static const uint16_t frequent[] = {
		SYS_read, SYS_write, SYS_close, SYS_fstat, SYS_poll, SYS_lseek, SYS_rt_sigprocmask, SYS_pread64, SYS_pwrite64,
		SYS_readv, SYS_writev, SYS_getpid, SYS_sendto, SYS_recvfrom, SYS_sendmsg, SYS_recvmsg, SYS_fcntl, SYS_getppid,
		SYS_futex, SYS_clock_gettime, SYS_clock_nanosleep, SYS_epoll_wait, SYS_epoll_ctl, SYS_openat, SYS_newfstatat,
		SYS_ppoll, SYS_epoll_pwait, SYS_accept4,
	};

	for (size_t i = 0; i < sizeof(frequent) / sizeof(frequent[0]); i++)
		if (frequent[i] == nr)
			return true;
	return false;
}

static void patch(struct library *lib, size_t at, const uint8_t *bytes, size_t size)
{
	if (rec_tracee_write(lib->thread, lib->addr + at, bytes, size))
		lib->error = -EFAULT;
}

/* A jump of five bytes at `at`; false: it does not reach. */
static bool put_jump(struct library *lib, size_t at, uint64_t to)
{
	const int64_t distance = (int64_t)(to - (lib->addr + at + 5));
	const int32_t near = (int32_t)distance;
	uint8_t jump[5] = {0xe9};

	if (!to || near != distance)
		return false;
	memcpy(jump + 1, &near, 4);
	patch(lib, at, jump, sizeof(jump));
	return true;
}

/* How compilers and glibc go on after a call: compare with the errors, or return. */
static bool is_end_of_call(const uint8_t *p)
{
	return !memcmp(p, "\x48\x3d\x00\xf0\xff\xff", 6) || !memcmp(p, "\x48\x3d\x01\xf0\xff\xff", 6) || p[0] == 0xc3;
}

/* Whether the b8 can be the constant's or the displacement's part of a longer instruction. */
static bool may_be_inside(const uint8_t *before)
{
	for (int i = 1; i <= 3; i++)
		if (before[-i] == 0xc7 || before[-i] == 0x81 || before[-i] == 0x69)
			return true;
	return (before[-1] & 0xf0) == 0x40 || before[-1] == 0x66 || before[-1] == 0x0f;
}

/* mov $nr, %eax; syscall - or syscall(3), which has the last argument on the stack. */
static bool is_long(const uint8_t *syscall)
{
	uint32_t nr;

	memcpy(&nr, syscall - 4, sizeof(nr));
	if (syscall[-5] == 0xb8)
		return is_frequent(nr) && !may_be_inside(syscall - 5);
	return !memcmp(syscall - 8, "\x4d\x89\xc8\x4c\x8b\x4c\x24\x08", 8);	/* mov %r9, %r8; mov 8(%rsp), %r9 */
}

/* Five bytes of padding behind "jump if error; return", within reach of a short jump. */
static bool find_free(struct library *lib, size_t at)
{
	static const uint8_t nop[] = {0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0};
	const uint8_t *end = lib->code + at + 8;	/* behind the comparison */

	if (at + 8 + 3 + sizeof(nop) <= lib->size && end[0] == 0x77 && end[2] == 0xc3 && !memcmp(end + 3, nop, sizeof(nop))) {
		lib->free_at = at + 8 + 3;
		lib->free_size = sizeof(nop);
	}
	return lib->free_size >= 5 && lib->free_at + 127 > at && at + 100 > lib->free_at;
}

/* xor %eax, %eax; syscall, which is read: a short jump to a long one. */
static void patch_short(struct library *lib, size_t at)
{
	const uint8_t *syscall = lib->code + at;

	if (memcmp(syscall - 2, "\x31\xc0", 2) || !is_end_of_call(syscall + 2) || syscall[2] == 0xc3 || !find_free(lib, at))
		return;
	const int distance = (int)lib->free_at - (int)at;
	const uint8_t jump[2] = {0xeb, (uint8_t)distance};
	const uint64_t way = way_to(lib->thread->process->tracer->fast_ways, lib->addr + at + 2, syscall - 2, 2);
	if (distance < -128 || distance > 127 || !put_jump(lib, lib->free_at, way))
		return;
	patch(lib, at - 2, jump, sizeof(jump));
	lib->free_at += 5;
	lib->free_size -= 5;
}

int rec_fast_patch(struct rec_tracee *thread, const uint8_t *code, size_t size, uint64_t addr)
{
	struct rec_fast_ways *const ways = thread->process->tracer->fast_ways;
	struct library lib = {.thread = thread, .code = code, .size = size, .addr = addr};

	if (!thread->process->fast)
		return 0;
	for (size_t at = 16; at + 16 < size; at += 2) {
		const uint8_t *const found = memmem(code + at, size - 16 - at, "\x0f\x05", 2);

		if (!found)
			break;
		at = (size_t)(found - code);
		if (is_end_of_call(found + 2) && is_long(found))
			put_jump(&lib, at - 5, way_to(ways, addr + at + 2, found - 5, 5));
		else
			patch_short(&lib, at);
	}
	return lib.error;
}

/* ---- handing over ----------------------------------------------------------------------- */

static bool change(struct rec_fast *fast, uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(&fast->turn, &from, to, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

void rec__fast_arm(struct rec_tracee *thread, bool on)
{
	struct rec_tracer *const tracer = thread->process->tracer;
	struct rec_fast *const fast = thread->process->fast;

	if (!fast)
		return;
	if (tracer->fast_rest && --tracer->fast_rest == 0)
		set_sync(tracer, false);
	tracer->fast_woken = thread->state != REC_TAKEN;
	__atomic_store_n(&fast->listening, on && !tracer->fast_rest, __ATOMIC_SEQ_CST);
}

static void missed(struct rec_tracer *tracer)
{
	if (++tracer->fast_misses < MISSES_MAX)
		return;
	tracer->fast_misses = 0;
	tracer->fast_rest = REST;
	set_sync(tracer, true);
}

/* Whether the call that was taken is one for here.  What a program has scribbled may be anything. */
static bool is_ours(const struct rec_fast *fast)
{
	return fast->nr < 512 && !rec__filter_traces(fast->nr);
}

static bool take(struct rec_tracee *thread, struct rec_stop_info *ret)
{
	struct rec_fast *const fast = thread->process->fast;

	if (!change(fast, REC_FAST_REQUEST, REC_FAST_TAKEN))
		return false;
	if (!is_ours(fast)) {
		change(fast, REC_FAST_TAKEN, REC_FAST_REAL);
		return false;
	}
	thread->process->tracer->fast_waiter = thread;
	ret->kind = REC_STOP_SYSCALL;
	ret->nr = fast->nr;
	memcpy(ret->args, fast->args, sizeof(ret->args));
	ret->pc = fast->ret;
	return true;
}

bool rec__fast_take(struct rec_tracee *thread, struct rec_stop_info *ret)
{
	struct rec_fast *const fast = thread->process->fast;
	struct rec_tracer *const tracer = thread->process->tracer;

	if (!fast || !fast->listening)
		return false;
	const int looks = tracer->fast_woken ? LOOKS_WOKEN : LOOKS;

	for (int i = 0; i < looks && !rec__child_event; i++) {
		if (__atomic_load_n(&fast->turn, __ATOMIC_ACQUIRE) == REC_FAST_REQUEST) {
			if (!take(thread, ret))
				break;
			tracer->fast_misses = 0;
			return true;
		}
		__builtin_ia32_pause();
	}
	__atomic_store_n(&fast->listening, 0, __ATOMIC_SEQ_CST);
	if (take(thread, ret))
		return true;
	missed(tracer);
	return false;
}

bool rec__fast_answer(struct rec_tracee *thread, int64_t result)
{
	struct rec_fast *const fast = thread->process->fast;

	fast->result = result;
	if (!change(fast, REC_FAST_TAKEN, REC_FAST_ANSWERED))
		return false;
	thread->process->tracer->fast_waiter = NULL;
	return true;
}

void rec__fast_sleep(struct rec_tracee *thread)
{
	change(thread->process->fast, REC_FAST_TAKEN, REC_FAST_SLEEP);
}

void rec__fast_forget(struct rec_process *process)
{
	struct rec_tracer *const tracer = process->tracer;

	if (!process->fast)
		return;
	if (tracer->fast_waiter && tracer->fast_waiter->process == process)
		tracer->fast_waiter = NULL;
	else if (tracer->fast_waiter && tracer->fast_waiter->process->fast == process->fast)
		return;	/* the words are another's */
	__atomic_store_n(&process->fast->turn, REC_FAST_IDLE, __ATOMIC_SEQ_CST);
}

bool rec__fast_is_code(uint64_t pc)
{
	return pc >= REC_FAST_CODE && pc < REC_FAST_CODE + REC_FAST_SIZE;
}
