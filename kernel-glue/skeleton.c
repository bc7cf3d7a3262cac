/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * skeleton.c - the smallest host: no files, no programs, nothing but a clock.
 *
 *	kg-skeleton IMAGE			boots a node and makes calls in it
 *	kg-skeleton --ping IMAGE		two nodes and a wire of 1 ms between them
 *	kg-skeleton --oops IMAGE		what becomes of a node whose kernel goes wrong
 *	kg-skeleton --instances N IMAGE		what N nodes cost
 *	kg-skeleton --cat FILE IMAGE		a file of a node, such as /proc/meminfo
 *
 * It shows that an image boots to its first idle with every question refused, and it is the
 * shortest text that shows how the two tables are used.  "Programs" of a node are functions of
 * this process: their memory is the skeleton's own.
 */
#include "loader.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <linux/futex.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define NODE_MEMORY (16ull << 20)
#define WIRE_NS 1000000ull
#define PROGRAM ((kg_cookie)100)
#define CHILD ((kg_cookie)101)
#define THREAD ((kg_cookie)102)
#define NODES_MAX 2

struct frame {
	struct frame *next;
	uint64_t due_ns;
	size_t size;
	unsigned char data[];
};

struct node {
	struct kg_host host;
	struct kg_instance *instance;
	const struct kg_api *api;
	struct node *peer;		/* at the other end of the wire */
	struct frame *first, **last;	/* on their way to this node */
	kg_cookie done_task;		/* of the last done() */
	int64_t done_result;
	int exit_code;			/* of the last exit() */
	bool may_panic, panicked;	/* panicked: panic() has come */
	struct kg_signal sig;		/* the last signal() */
	unsigned sig_count;
	bool exited;
	bool verbose;
};

static uint64_t now_ns = 1000000000;	/* virtual */
static struct node *nodes[NODES_MAX];
static unsigned node_count;
static unsigned failures;

static void check(bool good, const char *what, int64_t value)
{
	if (!good)
		failures++;
	fprintf(stderr, "%-4s %s (%" PRId64 ")\n", good ? "ok" : "FAIL", what, value);
}

/* ---- what the kernel asks ------------------------------------------------------- */

static void on_console(void *ctx, const char *text, kg_u64 size)
{
	const struct node *node = ctx;

	if (node->verbose)
		fwrite(text, 1, size, stderr);
}

static void on_panic(void *ctx, const char *text)
{
	struct node *node = ctx;

	node->panicked = true;
	if (!node->may_panic || node->verbose)
		fprintf(stderr, "kernel panic: %s\n", text);
}

static kg_u64 on_copy_from(void *ctx, kg_cookie task, void *to, kg_u64 from, kg_u64 size)
{
	(void)ctx;
	(void)task;
	if (from < 65536)
		return size;
	memcpy(to, (const void *)from, size);
	return 0;
}

static kg_u64 on_copy_to(void *ctx, kg_cookie task, kg_u64 to, const void *from, kg_u64 size)
{
	(void)ctx;
	(void)task;
	if (to < 65536)
		return size;
	memcpy((void *)to, from, size);
	return 0;
}

static void on_futex_key(void *ctx, kg_cookie task, kg_u64 addr, kg_u64 *ret_object,
			 kg_u64 *ret_offset)
{
	(void)ctx;
	(void)task;
	(void)addr;
	*ret_object = 0;
	*ret_offset = 0;
}

static void on_done(void *ctx, kg_cookie task, kg_s64 result)
{
	struct node *node = ctx;

	node->done_task = task;
	node->done_result = result;
}

static void on_signal(void *ctx, kg_cookie task, const struct kg_signal *sig)
{
	struct node *node = ctx;

	(void)task;
	node->sig = *sig;
	node->sig_count++;
}

static void on_exit_task(void *ctx, kg_cookie task, kg_s32 code)
{
	struct node *node = ctx;

	(void)task;
	node->exit_code = code;
	node->exited = true;
}

static void on_exec(void *ctx, kg_cookie task, const struct kg_exec *exec)
{
	(void)ctx;
	(void)task;
	(void)exec;
}

static kg_s32 on_xmit(void *ctx, kg_u32 ifid, const void *data, kg_u64 size)
{
	struct node *node = ctx;
	struct frame *frame;

	(void)ifid;
	if (!node->peer)
		return 0;
	frame = malloc(sizeof(*frame) + size);
	if (!frame)
		return -1;
	*frame = (struct frame){ .due_ns = now_ns + WIRE_NS, .size = size };
	memcpy(frame->data, data, size);
	*node->peer->last = frame;
	node->peer->last = &frame->next;
	return 1;
}

/* ---- nodes ---------------------------------------------------------------------------- */

static int node_boot(struct node *node, struct kg_image *image, unsigned index)
{
	struct kg_boot boot = {
		.memory_size = NODE_MEMORY,
		.realtime_ns = 1700000000ull * 1000000000ull,
		.vtime_ns = now_ns,
	};
	int r;

	node->host = (struct kg_host){
		.abi = KG_ABI,
		.ctx = node,
		.console = on_console,
		.panic = on_panic,
		.copy_from_user = on_copy_from,
		.copy_to_user = on_copy_to,
		.futex_key = on_futex_key,
		.done = on_done,
		.signal = on_signal,
		.exit = on_exit_task,
		.exec = on_exec,
		.xmit = on_xmit,
	};
	node->last = &node->first;
	r = kg_instance_new(image, index, NODE_MEMORY, &node->host, &node->instance);
	if (r < 0)
		return r;
	node->api = kg_instance_api(node->instance);
	boot.memory_base = kg_instance_memory(node->instance);
	memset(boot.seed, (int)index + 1, sizeof(boot.seed));
	snprintf(boot.hostname, sizeof(boot.hostname), "n%u", index);
	return node->api->boot(&boot) == KG_DONE ? 0 : -EIO;
}

static void node_free(struct node *node)
{
	for (struct frame *frame = node->first, *next; frame; frame = next) {
		next = frame->next;
		free(frame);
	}
	kg_instance_free(node->instance);
	free(node);
}

/* Hands over what has arrived. */
static void node_deliver(struct node *node)
{
	while (node->first && node->first->due_ns <= now_ns) {
		struct frame *frame = node->first;

		node->first = frame->next;
		if (!node->first)
			node->last = &node->first;
		node->api->rx(0, frame->data, frame->size);
		node->peer->api->tx_done(0, 1);
		free(frame);
	}
}

static uint64_t node_next(const struct node *node)
{
	uint64_t timer = node->api->next_timer();

	return node->first && node->first->due_ns < timer ? node->first->due_ns : timer;
}

/* Moves time to what comes next.  False: nothing will. */
static bool advance(void)
{
	uint64_t next = KG_NEVER;

	for (unsigned i = 0; i < node_count; i++)
		if (node_next(nodes[i]) < next)
			next = node_next(nodes[i]);
	if (next == KG_NEVER)
		return false;
	if (next > now_ns)
		now_ns = next;
	for (unsigned i = 0; i < node_count; i++) {
		nodes[i]->api->set_time(now_ns);
		node_deliver(nodes[i]);
	}
	return true;
}

/* Everything that is due at this instant, on all nodes. */
static void run_all(void)
{
	for (unsigned i = 0; i < node_count; i++)
		nodes[i]->api->run();
}

/* Starts a call and does not wait for it: -EINPROGRESS if it blocks. */
static int64_t start_call(struct node *node, kg_cookie task, uint64_t nr, const uint64_t *args)
{
	kg_s64 result = -ENOSYS;
	int outcome;

	node->done_task = 0;
	outcome = node->api->syscall(task, nr, args, 0, &result);
	return outcome == KG_DONE ? result : outcome == KG_BLOCKED ? -EINPROGRESS : -ESRCH;
}

/* The result of a call that has blocked. */
static int64_t finish_call(struct node *node, kg_cookie task)
{
	for (int i = 0; i < 10000; i++) {
		run_all();
		if (node->done_task == task)
			return node->done_result;
		if (!advance())
			break;
	}
	return -ETIME;
}

static int64_t call(struct node *node, kg_cookie task, uint64_t nr, uint64_t a, uint64_t b,
		    uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
	const uint64_t args[6] = { a, b, c, d, e, f };
	int64_t result = start_call(node, task, nr, args);

	return result == -EINPROGRESS ? finish_call(node, task) : result;
}

#define CALL0(node, task, nr) call(node, task, nr, 0, 0, 0, 0, 0, 0)
#define CALL1(node, task, nr, a) call(node, task, nr, (uint64_t)(a), 0, 0, 0, 0, 0)
#define CALL2(node, task, nr, a, b) \
	call(node, task, nr, (uint64_t)(a), (uint64_t)(b), 0, 0, 0, 0)
#define CALL3(node, task, nr, a, b, c) \
	call(node, task, nr, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), 0, 0, 0)
#define CALL6(node, task, nr, a, b, c, d, e, f)                                          \
	call(node, task, nr, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), \
	     (uint64_t)(e), (uint64_t)(f))
#define TAGGED(pointer) ((uint64_t)(pointer) | KG_HOST_PTR)

/* ---- the checks ---------------------------------------------------------------------------- */

static struct sockaddr_in address(const char *ip, uint16_t port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(port) };

	inet_pton(AF_INET, ip, &sin.sin_addr);
	return sin;
}

static void check_init(struct node *node)
{
	struct utsname uts = { 0 };
	uint64_t word = 0;

	check(CALL0(node, KG_INIT, SYS_getpid) == 1, "init is pid 1", 1);
	check(CALL1(node, KG_INIT, SYS_uname, TAGGED(&uts)) == 0, "uname", 0);
	fprintf(stderr, "     %s %s %s %s %s\n", uts.sysname, uts.nodename, uts.release, uts.version,
		uts.machine);
	check(strcmp(uts.machine, "x86_64") == 0, "machine is x86_64", 0);
	check(CALL3(node, KG_INIT, SYS_getrandom, TAGGED(&word), sizeof(word), 0) == 8,
	      "getrandom", (int64_t)word);
	check(CALL1(node, KG_INIT, SYS_uname, &uts) == -EFAULT, "init's pointers must be tagged", 0);
}

static void check_udp(struct node *node)
{
	struct sockaddr_in sin = address("127.0.0.1", 7);
	char text[6] = { 0 };
	int64_t a = CALL3(node, PROGRAM, SYS_socket, AF_INET, SOCK_DGRAM, 0);
	int64_t b = CALL3(node, PROGRAM, SYS_socket, AF_INET, SOCK_DGRAM, 0);
	int64_t r;

	check(a >= 0 && b > a, "socket", a);
	r = CALL3(node, PROGRAM, SYS_bind, a, &sin, sizeof(sin));
	check(r == 0, "bind", r);
	r = CALL6(node, PROGRAM, SYS_sendto, b, "hello", 6, 0, &sin, sizeof(sin));
	check(r == 6, "sendto over lo", r);
	r = CALL6(node, PROGRAM, SYS_recvfrom, a, text, sizeof(text), 0, 0, 0);
	check(r == 6 && strcmp(text, "hello") == 0, "recvfrom over lo", r);
	CALL1(node, PROGRAM, SYS_close, a);
	CALL1(node, PROGRAM, SYS_close, b);
}

/* A read that waits, and what ends it. */
static int64_t start_read(struct node *node, kg_cookie task, int fd, char *buf)
{
	const uint64_t args[6] = { (uint64_t)fd, (uint64_t)buf, 1 };

	return start_call(node, task, SYS_read, args);
}

static void set_handler(struct node *node, int sig, uint64_t flags)
{
	/* As the kernel knows it: handler, flags, restorer, mask. */
	const uint64_t action[4] = { 0x1234, flags | 0x04000000, 0x5678, 0 };
	int64_t r = call(node, PROGRAM, SYS_rt_sigaction, (uint64_t)sig, (uint64_t)action, 0, 8, 0, 0);

	check(r == 0, "rt_sigaction", r);
}

static void check_signals(struct node *node, int read_end, int write_end)
{
	int64_t pid = CALL0(node, PROGRAM, SYS_getpid), r;
	char byte = 0;

	set_handler(node, SIGUSR1, 0);
	r = start_read(node, PROGRAM, read_end, &byte);
	check(r == -EINPROGRESS, "read of an empty pipe waits", r);
	CALL2(node, KG_INIT, SYS_kill, pid, SIGUSR1);
	r = finish_call(node, PROGRAM);
	check(r == -EINTR && node->sig_count == 1 && !node->sig.restart, "a handler interrupts it", r);
	check(node->sig.signo == SIGUSR1 && node->sig.handler == 0x1234 &&
	      node->sig.restorer == 0x5678 && node->sig.saved_mask == 0, "the handler is told",
	      node->sig.signo);
	CALL1(node, PROGRAM, KG_NR_SIGRETURN, 0);

	set_handler(node, SIGUSR1, SA_RESTART);
	start_read(node, PROGRAM, read_end, &byte);
	CALL2(node, KG_INIT, SYS_kill, pid, SIGUSR1);
	r = finish_call(node, PROGRAM);
	check(node->sig_count == 2 && node->sig.restart, "SA_RESTART asks for a redo", r);
	CALL1(node, PROGRAM, KG_NR_SIGRETURN, 0);

	/* SIGCHLD has no handler: the kernel goes on with the call by itself. */
	start_read(node, PROGRAM, read_end, &byte);
	CALL2(node, KG_INIT, SYS_kill, pid, SIGCHLD);
	CALL3(node, KG_INIT, SYS_kill, pid, SIGWINCH, 0);
	run_all();
	check(node->done_task != PROGRAM, "an ignored signal is not seen", 0);
	CALL3(node, CHILD, SYS_write, write_end, "x", 1);
	r = finish_call(node, PROGRAM);
	check(r == 1 && byte == 'x', "the child's byte ends the read", r);

	CALL2(node, KG_INIT, SYS_kill, pid, SIGUSR1);
	run_all();
	check(node->sig_count == 3 && node->done_task != PROGRAM, "a signal outside any call", 3);
	CALL1(node, PROGRAM, KG_NR_SIGRETURN, 0);
}

static void check_futex(struct node *node)
{
	static uint32_t word = 1;
	const uint64_t wait[6] = { (uint64_t)&word, FUTEX_WAIT, 1 };
	uint64_t flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			 CLONE_SYSVSEM;
	int64_t tid, r;

	node->api->set_child(PROGRAM, THREAD);
	tid = CALL3(node, PROGRAM, SYS_clone, flags, 0, 0);
	check(tid > 0, "clone of a thread", tid);
	check(CALL0(node, THREAD, SYS_gettid) == tid, "its own number", tid);
	r = start_call(node, PROGRAM, SYS_futex, wait);
	check(r == -EINPROGRESS, "futex waits without the private flag", r);
	r = CALL3(node, CHILD, SYS_futex, &word, FUTEX_WAKE, 1);
	check(r == 0, "another process does not wake it", r);
	r = CALL3(node, THREAD, SYS_futex, &word, FUTEX_WAKE, 1);
	check(r == 1 && finish_call(node, PROGRAM) == 0, "its thread wakes it", r);
	/* The end of a thread clears its word and wakes, as pthread_join() expects. */
	word = 1;
	CALL1(node, THREAD, SYS_set_tid_address, &word);
	start_call(node, PROGRAM, SYS_futex, wait);
	CALL1(node, THREAD, SYS_exit, 0);
	check(word == 0 && finish_call(node, PROGRAM) == 0, "the end of a thread wakes", word);
}

static void check_tasks(struct node *node)
{
	int fds[2] = { -1, -1 }, status = -1;
	int64_t r = CALL1(node, PROGRAM, SYS_pipe, fds), pid;

	check(r == 0 && fds[1] > fds[0], "pipe", r);
	check(CALL0(node, PROGRAM, SYS_fork) == -EINVAL, "no child without a cookie for it", 0);
	node->api->set_child(PROGRAM, CHILD);
	pid = CALL0(node, PROGRAM, SYS_fork);
	check(pid > 0 && CALL0(node, CHILD, SYS_getpid) == pid, "fork", pid);
	check_signals(node, fds[0], fds[1]);
	check_futex(node);
	CALL2(node, PROGRAM, SYS_kill, pid, SIGTERM);
	run_all();
	check(node->exited && node->exit_code == SIGTERM, "a fatal signal ends the child",
	      node->exit_code);
	r = CALL6(node, PROGRAM, SYS_wait4, -1, &status, 0, 0, 0, 0);
	check(r == pid, "wait4", r);
	check(status == SIGTERM, "the status that it tells", status);
}

static void check_program(struct node *node)
{
	struct timespec ts = { .tv_sec = 2, .tv_nsec = 345 };
	uint64_t before = now_ns;
	int64_t pid = CALL1(node, KG_INIT, KG_NR_SPAWN, PROGRAM);
	int64_t r;

	check(pid > 1, "spawn", pid);
	check(CALL0(node, PROGRAM, SYS_getpid) == pid, "the program's own pid", pid);
	check(CALL0(node, PROGRAM, SYS_getppid) == 1, "its parent is init", 1);
	check_udp(node);
	check_tasks(node);
	node->exited = false;
	before = now_ns;
	r = CALL2(node, PROGRAM, SYS_nanosleep, &ts, 0);
	check(r == 0 && now_ns - before == 2000000345ull, "sleep is exact in virtual time",
	      (int64_t)(now_ns - before));
	r = CALL3(node, PROGRAM, SYS_open, TAGGED("/dev/null"), O_RDWR, 0);
	check(r == -EFAULT, "a program's tagged pointer is a bad address", r);
	r = CALL3(node, PROGRAM, SYS_open | KG_NR_HOST, TAGGED("/proc/self/status"), O_RDONLY, 0);
	check(r >= 0, "open of a file in /proc by the host", r);
	CALL1(node, PROGRAM, SYS_exit_group, 3);
	node->api->run();
	check(node->exited && node->exit_code == 3 << 8, "exit is told", node->exit_code);
	check(CALL0(node, PROGRAM, SYS_getpid) == -ESRCH, "and then the task is gone", 0);
}

static void time_getpid(struct node *node)
{
	struct timespec a, b;
	uint64_t best = ~0ull;

	for (int round = 0; round < 20; round++) {
		clock_gettime(CLOCK_MONOTONIC, &a);
		for (int i = 0; i < 1000; i++)
			CALL0(node, KG_INIT, SYS_getpid);
		clock_gettime(CLOCK_MONOTONIC, &b);
		uint64_t ns = (uint64_t)(b.tv_sec - a.tv_sec) * 1000000000u +
			      (uint64_t)(b.tv_nsec - a.tv_nsec);
		if (ns < best)
			best = ns;
	}
	fprintf(stderr, "     getpid: %" PRIu64 " ns\n", best / 1000);
}

/* Address and state of an interface, as ifconfig does it. */
static void configure(struct node *node, const char *ip)
{
	struct ifreq ifr = { .ifr_name = "eth0" };
	struct sockaddr_in sin = address(ip, 0), mask = address("255.255.255.0", 0);
	int64_t fd = CALL3(node, KG_INIT, SYS_socket, AF_INET, SOCK_DGRAM, 0), r;

	memcpy(&ifr.ifr_addr, &sin, sizeof(sin));
	r = CALL3(node, KG_INIT, SYS_ioctl, fd, SIOCSIFADDR, TAGGED(&ifr));
	memcpy(&ifr.ifr_netmask, &mask, sizeof(mask));
	r |= CALL3(node, KG_INIT, SYS_ioctl, fd, SIOCSIFNETMASK, TAGGED(&ifr));
	ifr.ifr_flags = IFF_UP | IFF_RUNNING;
	r |= CALL3(node, KG_INIT, SYS_ioctl, fd, SIOCSIFFLAGS, TAGGED(&ifr));
	check(r == 0, "interface up", r);
	CALL1(node, KG_INIT, SYS_close, fd);
}

static uint16_t checksum(const unsigned char *data, size_t size)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < size; i += 2)
		sum += (uint32_t)(data[i] << 8 | data[i + 1]);
	sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)~(sum + (sum >> 16));
}

/* An echo request to the other node, by a raw socket; the round trip in virtual time. */
static void check_ping(struct node *from, const char *ip)
{
	struct sockaddr_in sin = address(ip, 0);
	unsigned char echo[16] = { 8, 0, 0, 0, 0x12, 0x34, 0, 1 }, reply[128];
	int64_t fd = CALL3(from, PROGRAM, SYS_socket, AF_INET, SOCK_RAW, IPPROTO_ICMP), r;
	uint16_t sum = checksum(echo, sizeof(echo));
	uint64_t start;

	echo[2] = (unsigned char)(sum >> 8);
	echo[3] = (unsigned char)sum;
	for (int i = 0; i < 2; i++) {
		start = now_ns;
		r = CALL6(from, PROGRAM, SYS_sendto, fd, echo, sizeof(echo), 0, &sin, sizeof(sin));
		check(r == sizeof(echo), "echo request sent", r);
		r = CALL6(from, PROGRAM, SYS_recvfrom, fd, reply, sizeof(reply), 0, 0, 0);
		check(r == 36 && reply[20] == 0, "echo reply", r);
		/* The first one waits for ARP as well. */
		check(now_ns - start == (i ? 2 : 4) * WIRE_NS, "round trip in ns",
		      (int64_t)(now_ns - start));
	}
	CALL1(from, PROGRAM, SYS_close, fd);
}

/* ---- commands ---------------------------------------------------------------------------------- */

static uint64_t wall_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* A line of /proc/self/smaps_rollup in KiB. */
static uint64_t memory_kib(const char *key)
{
	FILE *file = fopen("/proc/self/smaps_rollup", "re");
	char line[128];
	uint64_t value = 0;

	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, key, strlen(key)) == 0)
			value = strtoull(line + strlen(key), NULL, 10);
	if (file)
		fclose(file);
	return value;
}

static struct node *new_node(struct kg_image *image, unsigned index, bool verbose)
{
	struct node *node = calloc(1, sizeof(*node));
	int r;

	if (!node)
		exit(3);
	node->verbose = verbose;
	r = node_boot(node, image, index);
	if (r < 0) {
		fprintf(stderr, "node %u does not boot: %s\n", index, strerror(-r));
		exit(1);
	}
	return node;
}

/* Prints a file of the node, for a look at /proc. */
static void print_file(struct node *node, const char *path)
{
	int64_t fd = CALL3(node, KG_INIT, SYS_open, TAGGED(path), O_RDONLY, 0), got;
	char buf[4096];

	check(fd >= 0, path, fd);
	while ((got = CALL3(node, KG_INIT, SYS_read, fd, TAGGED(buf), sizeof(buf))) > 0)
		fwrite(buf, 1, (size_t)got, stdout);
	CALL1(node, KG_INIT, SYS_close, fd);
}

/* No node here has change(), so nothing is noted, whatever was done with descriptors, sockets and interfaces. */
static void check_nothing_told(struct node *node)
{
	check(node->api->changed() == 0, "nothing is noted for who is not interested", 0);
	node->api->tell_changes();
}

static void run_one(struct kg_image *image, const char *path, bool verbose)
{
	uint64_t start = wall_ns(), memory = memory_kib("Private_Dirty:");
	uint64_t end;

	nodes[0] = new_node(image, 0, verbose);
	end = wall_ns();
	node_count = 1;
	fprintf(stderr, "     booted in %.2f ms, %" PRIu64 " KiB\n", (double)(end - start) / 1e6,
		memory_kib("Private_Dirty:") - memory);
	if (path) {
		print_file(nodes[0], path);
		return;
	}
	check_init(nodes[0]);
	check_program(nodes[0]);
	check_nothing_told(nodes[0]);
	time_getpid(nodes[0]);
	fprintf(stderr, "     after that %" PRIu64 " KiB\n",
		memory_kib("Private_Dirty:") - memory);
}

static void run_ping(struct kg_image *image, bool verbose)
{
	for (unsigned i = 0; i < 2; i++) {
		const unsigned char mac[6] = { 2, 0, 0, 0, 0, (unsigned char)(i + 1) };
		char ip[16];
		int r;

		nodes[i] = new_node(image, i, verbose);
		r = nodes[i]->api->if_add(0, "eth0", mac, 1500);
		check(r == 0, "interface added", r);
		snprintf(ip, sizeof(ip), "10.0.0.%u", i + 1);
		configure(nodes[i], ip);
	}
	nodes[0]->peer = nodes[1];
	nodes[1]->peer = nodes[0];
	node_count = 2;
	check(CALL1(nodes[0], KG_INIT, KG_NR_SPAWN, PROGRAM) > 1, "spawn", 0);
	check_ping(nodes[0], "10.0.0.2");
	check_nothing_told(nodes[0]);
}

/* A bad access of one kernel ends its node, and nothing else; a fresh kernel can take its place. */
static void run_oops(struct kg_image *image, bool verbose)
{
	const kg_u64 args[6] = { KG_HOST_PTR | 0x10, O_RDONLY };
	kg_s64 result = 0;
	int r = kg_faults_catch();

	check(r == 0, "faults are caught", r);
	for (unsigned i = 0; i < 2; i++)
		nodes[i] = new_node(image, i, verbose);
	node_count = 2;
	nodes[0]->may_panic = true;
	r = nodes[0]->api->syscall(KG_INIT, SYS_open, args, 0, &result);
	check(r == KG_PANIC, "a kernel that reads address 16 panics", r);
	check(nodes[0]->panicked, "and says so", nodes[0]->panicked);
	r = nodes[0]->api->syscall(KG_INIT, SYS_getpid, args, 0, &result);
	check(r == KG_PANIC, "it stays dead", r);
	check(CALL1(nodes[1], KG_INIT, SYS_getpid, 0) == 1, "the other node lives", 0);
	node_free(nodes[0]);
	nodes[0] = new_node(image, 0, verbose);
	check(CALL1(nodes[0], KG_INIT, SYS_getpid, 0) == 1, "a fresh kernel takes its place", 0);
}

static void run_many(struct kg_image *image, unsigned count, bool json)
{
	struct node **many = calloc(count, sizeof(*many));
	uint64_t best = ~0ull, total = 0, memory = memory_kib("Private_Dirty:");

	if (!many)
		exit(3);
	for (unsigned i = 0; i < count; i++) {
		uint64_t start = wall_ns(), took;

		many[i] = new_node(image, i, false);
		took = wall_ns() - start;
		total += took;
		if (took < best)
			best = took;
	}
	memory = memory_kib("Private_Dirty:") - memory;
	printf(json ? "{\"instances\":%u,\"boot_ms_best\":%.3f,\"boot_ms_mean\":%.3f,"
		      "\"private_kib_mean\":%" PRIu64 "}\n" :
		      "%u instances: load and boot %.2f ms best, %.2f ms mean; %" PRIu64
		      " KiB private each\n",
	       count, (double)best / 1e6, (double)total / 1e6 / count, memory / count);
	for (unsigned i = 0; i < count; i++)
		node_free(many[i]);
	free(many);
}

static int usage(void)
{
	fprintf(stderr, "usage: kg-skeleton [--ping | --oops | --instances N | --cat FILE] [--json] [--verbose] IMAGE\n");
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "ping", no_argument, NULL, 'p' },
		{ "oops", no_argument, NULL, 'o' },
		{ "instances", required_argument, NULL, 'n' },
		{ "json", no_argument, NULL, 'j' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "cat", required_argument, NULL, 'c' },
		{ 0 },
	};
	bool ping = false, oops = false, json = false, verbose = false;
	const char *path = NULL;
	struct kg_image *image;
	unsigned count = 0;
	int opt, r;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'p':
			ping = true;
			break;
		case 'o':
			oops = true;
			break;
		case 'n':
			count = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'j':
			json = true;
			break;
		case 'c':
			path = optarg;
			break;
		case 'v':
			verbose = true;
			break;
		default:
			return usage();
		}
	}
	if (argc - optind != 1)
		return usage();
	r = kg_image_open(argv[optind], &image);
	if (r < 0) {
		fprintf(stderr, "%s: %s\n", argv[optind], strerror(-r));
		return 1;
	}
	if (count)
		run_many(image, count, json);
	else if (ping)
		run_ping(image, verbose);
	else if (oops)
		run_oops(image, verbose);
	else
		run_one(image, path, verbose);
	for (unsigned i = 0; i < node_count; i++)
		node_free(nodes[i]);
	kg_image_close(image);
	if (json && !count)
		printf("{\"failures\":%u}\n", failures);
	return failures ? 1 : 0;
}
