/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machine.c - what the machine is and who one is on it: scheduling, clocks, names, sizes, credentials, other processes. */
#include "say.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/kcmp.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fsuid.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <sys/utsname.h>

struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static void scheduling(void)
{
	struct sched_param param = {0};
	struct attributes attr = {0};
	struct timespec slice;
	cpu_set_t set;
	unsigned cpu = 99, node = 99;

	TRY(sched_getscheduler(0));
	TRY(sched_get_priority_max(SCHED_FIFO));
	TRY(sched_get_priority_min(SCHED_FIFO));
	TRY(sched_get_priority_max(SCHED_OTHER));
	TRY(sched_get_priority_max(77));
	TRY(sched_setscheduler(0, SCHED_BATCH, &param));
	TRY(sched_getscheduler(0));
	TRY(sched_getparam(0, &param));
	say("priority %d", param.sched_priority);
	param.sched_priority = 5;
	TRY(sched_setparam(0, &param));
	TRY(sched_setscheduler(0, SCHED_FIFO, &param));
	TRY(sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &param));
	TRY(sched_getscheduler(0) == (SCHED_RR | SCHED_RESET_ON_FORK));
	TRY(sched_rr_get_interval(0, &slice));
	say("slice %ld ms", slice.tv_sec * 1000 + slice.tv_nsec / 1000000);
	TRY(syscall(SYS_sched_getattr, 0, &attr, sizeof(attr), 0));
	say("policy %u priority %u flags %lu", attr.policy, attr.priority, (unsigned long)attr.flags);
	attr = (struct attributes){.size = sizeof(attr), .policy = SCHED_OTHER, .nice = 7};
	TRY(syscall(SYS_sched_setattr, 0, &attr, 0));
	TRY(getpriority(PRIO_PROCESS, 0));
	TRY(syscall(SYS_sched_setattr, 0, &attr, 1));
	attr.size = 8;
	TRY(syscall(SYS_sched_setattr, 0, &attr, 0));
	TRY(syscall(SYS_sched_getattr, 0, &attr, 8, 0));
	TRY(setpriority(PRIO_PROCESS, 0, -3));
	TRY(getpriority(PRIO_PROCESS, 0));
	TRY(setpriority(77, 0, 0));
	TRY(setpriority(PRIO_PROCESS, 999999, 0));
	TRY(getpriority(PRIO_USER, 54321));
	TRY(sched_setscheduler(0, 77, &param));
	TRY(sched_setscheduler(999999, SCHED_OTHER, &param));
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	TRY(sched_setaffinity(0, sizeof(set), &set));
	TRY(syscall(SYS_sched_getaffinity, 0, 4, &set));
	TRY(sched_getaffinity(0, sizeof(set), &set));
	say("cpus %d", CPU_COUNT(&set));
	CPU_ZERO(&set);
	TRY(sched_setaffinity(0, sizeof(set), &set));
	TRY(syscall(SYS_getcpu, &cpu, &node, NULL));
	say("cpu %u node %u", cpu, node);
	TRY(syscall(SYS_getcpu, NULL, NULL, NULL));
	TRY(sched_yield());
}

static void barriers(void)
{
	long commands = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);

	IS(commands & MEMBARRIER_CMD_GLOBAL && commands & MEMBARRIER_CMD_PRIVATE_EXPEDITED);
	TRY(syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0));
	TRY(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0));
	TRY(syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0));
	TRY(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0));
	TRY(syscall(SYS_membarrier, 1 << 20, 0, 0));
	TRY(syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 1 << 10, 0));
}

static void names(void)
{
	struct utsname uts;
	struct sysinfo info;
	char host[80];

	TRY(uname(&uts));
	say("%s %s", uts.sysname, uts.machine);
	TRY(uname((void *)8));
	TRY(sysinfo(&info));
	IS(info.uptime >= 0 && info.totalram * info.mem_unit > (8 << 20) && info.procs > 0 && info.mem_unit >= 1);
	IS(info.freeram <= info.totalram);
	TRY(unshare(CLONE_NEWUTS));
	TRY(sethostname("renamed", 7));
	TRY(gethostname(host, sizeof(host)));
	say("%s", host);
	TRY(setdomainname("a.domain", 8));
	uname(&uts);
	say("%s %s", uts.nodename, uts.domainname);
	TRY(sethostname(host, 65));
	TRY(sethostname((void *)8, 3));
	TRY(personality(0xffffffff));
	TRY(personality(ADDR_NO_RANDOMIZE));
	TRY(personality(0xffffffff) == ADDR_NO_RANDOMIZE);
	TRY(klogctl(10 /* SIZE_BUFFER */, NULL, 0) > 1000);
	TRY(klogctl(3, NULL, -1));
	TRY(klogctl(77, NULL, 0));
}

static void clocks(void)
{
	struct timex tx = {0};
	struct timespec ts;
	struct timeval tv;
	struct timezone zone;
	time_t now;

	TRY(clock_getres(CLOCK_MONOTONIC, &ts));
	say("resolution %ld", ts.tv_nsec);
	TRY(clock_getres(CLOCK_MONOTONIC_COARSE, &ts));
	IS(ts.tv_nsec >= 1000000);
	TRY(clock_getres(99, &ts));
	TRY(syscall(SYS_time, &now) == now);
	TRY(syscall(SYS_gettimeofday, &tv, &zone));
	IS(tv.tv_sec - now <= 1);
	say("west %d", zone.tz_minuteswest);
	TRY(syscall(SYS_adjtimex, &tx) >= 0);
	IS(tx.tick == 10000);
	tx = (struct timex){.modes = 0x100000};
	TRY(adjtimex(&tx) >= 0);
	tx = (struct timex){.modes = ADJ_TICK, .tick = 1};
	TRY(adjtimex(&tx));
	TRY(clock_adjtime(CLOCK_REALTIME, &(struct timex){0}) >= 0);
	TRY(clock_adjtime(99, &tx));
	TRY(clock_settime(CLOCK_MONOTONIC, &ts));
	TRY(clock_settime(CLOCK_REALTIME, &(struct timespec){1, 1000000000}));
	TRY(syscall(SYS_settimeofday, &(struct timeval){1, 1000000}, NULL));
	struct timespec left = {0, 1000000};
	TRY(syscall(SYS_nanosleep, &left, NULL));
	left.tv_nsec = 1000000000;
	TRY(syscall(SYS_nanosleep, &left, NULL));
}

/* Uses some processor time: by looks at the clock, which pass time on a node as well. */
static void burn(void)
{
	for (int i = 0; i < 2000; i++)
		now_ms();
}

/* Time of the processor: that it passes, and for whom. */
static void processor_time(void)
{
	struct rusage before, after, children;
	struct tms tms;
	clock_t clock_before = clock();

	getrusage(RUSAGE_SELF, &before);
	while (clock() - clock_before < CLOCKS_PER_SEC / 20)
		burn();
	getrusage(RUSAGE_SELF, &after);
	const long long used = (after.ru_utime.tv_sec - before.ru_utime.tv_sec + after.ru_stime.tv_sec -
				before.ru_stime.tv_sec) * 1000000ll + after.ru_utime.tv_usec - before.ru_utime.tv_usec +
			       after.ru_stime.tv_usec - before.ru_stime.tv_usec;
	IS(used >= 40000 && used < 1000000);
	IS(after.ru_maxrss > 0 && after.ru_minflt >= 0);
	IS(times(&tms) != (clock_t)-1 && tms.tms_utime + tms.tms_stime >= 3);
	const pid_t child = fork();
	if (child == 0) {
		const clock_t start = clock();
		while (clock() - start < CLOCKS_PER_SEC / 20)
			burn();
		_exit(0);
	}
	struct rusage of_child = {0};
	int status;
	TRY(wait4(child, &status, 0, &of_child) == child);
	IS(of_child.ru_utime.tv_usec + of_child.ru_stime.tv_usec >= 40000);
	getrusage(RUSAGE_CHILDREN, &children);
	IS(children.ru_utime.tv_usec + children.ru_stime.tv_usec >= 40000);
	TRY(getrusage(77, &before));
	struct timespec cpu;
	TRY(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu));
	IS(cpu.tv_nsec >= 40000000 && cpu.tv_sec == 0);
	TRY(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu));
	/* Sleep costs none. */
	const clock_t slept = clock();
	pause_ms(30);
	IS(clock() - slept < CLOCKS_PER_SEC / 100);
}

static volatile sig_atomic_t profiled, virtual_alarms;

static void on_profile(int signo)
{
	profiled += signo == SIGPROF;
	virtual_alarms += signo == SIGVTALRM;
}

static void processor_timers(void)
{
	const struct itimerval every = {{0, 10000}, {0, 10000}}, none = {{0, 0}, {0, 0}};
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	struct itimerspec once = {.it_value = {0, 30000000}};
	sigset_t set;
	timer_t timer;

	signal(SIGPROF, on_profile);
	signal(SIGVTALRM, on_profile);
	TRY(setitimer(ITIMER_PROF, &every, NULL));
	const clock_t start = clock();
	while (clock() - start < CLOCKS_PER_SEC / 5)
		burn();
	TRY(setitimer(ITIMER_PROF, &none, NULL));
	IS(profiled >= 10 && profiled <= 30);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	TRY(timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &timer));
	TRY(timer_settime(timer, 0, &once, NULL));
	sigset_t pending;
	const clock_t second = clock();
	do {
		burn();
		sigpending(&pending);
	} while (!sigismember(&pending, SIGUSR1) && clock() - second < CLOCKS_PER_SEC);
	IS(clock() - second >= CLOCKS_PER_SEC / 40 && clock() - second < CLOCKS_PER_SEC / 5);
	const pid_t child = fork();
	if (child == 0) {
		setrlimit(RLIMIT_CPU, &(struct rlimit){1, 2});
		signal(SIGXCPU, SIG_DFL);
		for (;;)
			now_ms();
	}
	wait_and_say("over its limit", child);
}

static void identities(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};

	TRY(setfsuid(1234));
	TRY(setfsuid(-1));
	TRY(setfsgid(4321));
	TRY(setfsgid(-1));
	TRY(syscall(SYS_setregid, 10, 20));
	say("%u %u", getgid(), getegid());
	TRY(syscall(SYS_capget, &head, data));
	const uint32_t all = data[0].permitted;
	data[0].effective &= ~(1u << CAP_CHOWN);
	TRY(syscall(SYS_capset, &head, data));
	int fd = memfd_create("owned", 0);
	TRY(fchown(fd, 5, 5));
	data[0].permitted &= ~(1u << CAP_CHOWN);
	data[0].inheritable &= data[0].permitted;
	TRY(syscall(SYS_capset, &head, data));
	data[0].permitted = all;
	TRY(syscall(SYS_capset, &head, data));
	head.version = 1;
	TRY(syscall(SYS_capset, &head, data));
	TRY(head.version == _LINUX_CAPABILITY_VERSION_3);
	TRY(syscall(SYS_setreuid, 30, 40));
	say("%u %u", getuid(), geteuid());
	TRY(syscall(SYS_setreuid, 50, -1));
	TRY(syscall(SYS_setregid, 50, -1));
	TRY(sethostname("x", 1));
	TRY(syscall(SYS_chroot, "/"));
	TRY(syscall(SYS_vhangup));
	TRY(sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 1}));
	TRY(setpriority(PRIO_PROCESS, 0, -20));
	TRY(setrlimit(RLIMIT_NICE, &(struct rlimit){30, 30}));
	TRY(syscall(SYS_reboot, 0xfee1dead, 672274793, 0, NULL));
	TRY(syscall(SYS_mount, "none", "/", "proc", 0, NULL));
	TRY(syscall(SYS_umount2, "/proc", 0));
	TRY(syscall(SYS_pivot_root, "/", "/"));
	TRY(klogctl(5, NULL, 0));
}

/* ---- other processes ------------------------------------------------------------------------- */

static void other_memory(void)
{
	static char secret[10000] = "what the child does not have";
	char mine[64] = "";
	struct iovec local[2] = {{mine, 4}, {mine + 4, 20}}, remote[2] = {{secret, 10}, {secret + 5000, 5}};
	int ready[2], go[2];

	pipe(ready);
	pipe(go);
	const pid_t child = fork();
	if (child == 0) {
		char byte;
		strcpy(secret, "the child's words");
		strcpy(secret + 5000, "more");
		write(ready[1], "x", 1);
		read(go[0], &byte, 1);
		say("child has %s", secret);
		write(ready[1], "y", 1);
		read(go[0], &byte, 1);
		_exit(0);
	}
	char byte;
	read(ready[0], &byte, 1);
	TRY(process_vm_readv(child, local, 2, remote, 2, 0));
	say("%s", mine);
	say("%s", secret);
	strcpy(mine, "from the parent");
	local[0].iov_len = 16;
	TRY(process_vm_writev(child, local, 1, remote, 1, 0));
	remote[0].iov_len = 16;
	TRY(process_vm_writev(child, local, 1, remote, 1, 0));
	write(go[1], "x", 1);
	read(ready[0], &byte, 1);
	remote[1].iov_base = (void *)8;
	TRY(process_vm_readv(child, local, 2, remote, 2, 0));
	TRY(process_vm_readv(child, local, 2, remote + 1, 1, 0));
	TRY(process_vm_readv(child, local, 1, remote, 1, 1));
	TRY(process_vm_readv(999999, local, 1, remote, 1, 0));
	TRY(process_vm_readv(child, local, 5000, remote, 1, 0));
	TRY(process_vm_readv(child, (void *)8, 1, remote, 1, 0));
	TRY(process_vm_writev(child, local, 1, &(struct iovec){(void *)barriers, 4}, 1, 0));
	TRY(process_vm_readv(getpid(), local, 1, remote, 1, 0));
	TRY(syscall(SYS_kcmp, getpid(), child, KCMP_FILE, ready[0], ready[0]));
	TRY(syscall(SYS_kcmp, getpid(), child, KCMP_VM, 0, 0) != 0);
	TRY(syscall(SYS_kcmp, getpid(), child, 77, 0, 0));
	const pid_t stranger = fork();
	if (stranger == 0) {
		setgid(77);
		setuid(77);
		TRY(process_vm_readv(child, local, 1, remote, 1, 0));
		TRY(syscall(SYS_kcmp, getpid(), child, KCMP_FILE, 0, 0));
		_exit(0);
	}
	wait_and_say("stranger", stranger);
	write(go[1], "x", 1);
	wait_and_say("child", child);
	TRY(process_vm_readv(child, local, 1, remote, 1, 0));
}

static void old_descriptors(void)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct timespec soon = {0, 2000000};
	sigset_t set;
	eventfd_t value;
	int counter = (int)syscall(SYS_eventfd, 3), poll = (int)syscall(SYS_epoll_create, 1), flag;

	TRY(syscall(SYS_epoll_create, 0));
	TRY(eventfd_read(counter, &value));
	say("%lu", (unsigned long)value);
	TRY(epoll_ctl(poll, EPOLL_CTL_ADD, counter, &event));
	TRY(syscall(SYS_epoll_pwait2, poll, &event, 1, &soon, NULL, 8));
	eventfd_write(counter, 1);
	TRY(syscall(SYS_epoll_pwait2, poll, &event, 1, NULL, NULL, 8));
	soon.tv_nsec = -1;
	TRY(syscall(SYS_epoll_pwait2, poll, &event, 1, &soon, NULL, 8));
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	flag = (int)syscall(SYS_signalfd, -1, &set, 8);
	kill(getpid(), SIGUSR2);
	struct signalfd_siginfo info;
	TRY(read(flag, &info, sizeof(info)) == sizeof(info));
	IS(info.ssi_signo == SIGUSR2);
	TRY(syscall(SYS_signalfd, counter, &set, 8));
	TRY(syscall(SYS_getrlimit, 77, &soon));
	struct rlimit limit;
	TRY(syscall(SYS_setrlimit, RLIMIT_NOFILE, &(struct rlimit){100, 200}));
	TRY(syscall(SYS_getrlimit, RLIMIT_NOFILE, &limit));
	say("%lu %lu", (unsigned long)limit.rlim_cur, (unsigned long)limit.rlim_max);
	TRY(syscall(SYS_fork) >= 0 ? 0 : -1);
	if (getpid() != syscall(SYS_gettid))
		say("impossible");
	while (wait(NULL) > 0)
		;
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	PART(scheduling);
	PART(barriers);
	PART(names);
	PART(clocks);
	PART(processor_time);
	PART(processor_timers);
	PART(identities);
	PART(other_memory);
	PART(old_descriptors);
	return 0;
}
