/* SPDX-License-Identifier: GPL-2.0-or-later */
/* birth.c - clone, clone3, fork, vfork, posix_spawn; the wait family; trees, orphans, subreapers. */
#include "say.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define STACK 65536

static long clone3(struct clone_args *args, size_t size)
{
	return syscall(SYS_clone3, args, size);
}

static void clone3_fork(void)
{
	int pidfd = -1;
	pid_t parent_tid = 0;
	siginfo_t info = {0};
	struct clone_args args = {
		.flags = CLONE_PIDFD | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID,
		.pidfd = (uintptr_t)&pidfd, .parent_tid = (uintptr_t)&parent_tid,
		.child_tid = (uintptr_t)&parent_tid, .exit_signal = SIGCHLD,
	};
	const long child = clone3(&args, sizeof(args));

	if (child == 0) {
		IS(parent_tid == getpid());
		_exit(5);
	}
	IS(child > 0 && parent_tid == child);
	IS(pidfd >= 0);
	IS(fcntl(pidfd, F_GETFD) == FD_CLOEXEC);
	struct pollfd poller = {pidfd, POLLIN, 0};

	TRY(poll(&poller, 1, -1));
	TRY(waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED));
	IS(info.si_pid == child && info.si_code == CLD_EXITED);
	say("status %d", info.si_status);
}

static void clone3_errors(void)
{
	struct clone_args args = {.exit_signal = SIGCHLD};
	struct { struct clone_args args; uint64_t more; } longer = {.more = 1};

	TRY(clone3(&args, 32));
	TRY(clone3(&args, 8192));
	TRY(clone3(&longer.args, sizeof(longer)));
	TRY(clone3(NULL, sizeof(args)));
	args.exit_signal = 200;
	TRY(clone3(&args, sizeof(args)));
	args = (struct clone_args){.flags = CLONE_THREAD};
	TRY(clone3(&args, sizeof(args)));
	args = (struct clone_args){.stack = 4096};
	TRY(clone3(&args, sizeof(args)));
	args = (struct clone_args){.stack_size = 4096};
	TRY(clone3(&args, sizeof(args)));
	args = (struct clone_args){.flags = CLONE_SIGHAND};
	TRY(clone3(&args, sizeof(args)));
	args = (struct clone_args){.flags = 1ULL << 60};
	TRY(clone3(&args, sizeof(args)));
	TRY(waitpid(-1, NULL, 0));
}

static void on_signal(int signo)
{
	say("got %s", signal_text(signo));
}

static void clone3_signals(void)
{
	struct clone_args args = {.exit_signal = SIGUSR1, .flags = CLONE_CLEAR_SIGHAND};
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, now;

	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	signal(SIGHUP, SIG_IGN);
	const long child = clone3(&args, sizeof(args));

	if (child == 0) {
		sigaction(SIGUSR2, NULL, &now);
		IS(now.sa_handler == SIG_DFL);
		sigaction(SIGHUP, NULL, &now);
		IS(now.sa_handler == SIG_IGN);
		_exit(1);
	}
	/* Not a SIGCHLD child: only with __WALL or __WCLONE. */
	TRY(waitpid((pid_t)child, NULL, 0));
	int status = 0;
	IS(waitpid((pid_t)child, &status, __WALL) == child);
	say_status("clone child", status);
}

static int in_clone(void *arg)
{
	*(int *)arg += 40;
	return 3;
}

static void clone_memory(void)
{
	char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int value = 2;
	const pid_t shared = clone(in_clone, stack + STACK, CLONE_VM | SIGCHLD, &value);

	wait_and_say("CLONE_VM", shared);
	say("value %d", value);
	const pid_t copied = clone(in_clone, stack + STACK, SIGCHLD, &value);

	wait_and_say("copy", copied);
	say("value %d", value);
	const pid_t vforked = clone(in_clone, stack + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, &value);

	say("value %d at once", value);
	wait_and_say("vfork", vforked);
}

static int in_fs(void *arg)
{
	(void)arg;
	if (chdir("/usr") < 0 || close(9) < 0)
		return 1;
	umask(077);
	return 0;
}

static void clone_files(void)
{
	char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char cwd[100];

	TRY(chdir("/"));
	TRY(dup2(0, 9));
	wait_and_say("apart", clone(in_fs, stack + STACK, SIGCHLD, NULL));
	say("cwd %s, descriptor 9 %s", getcwd(cwd, sizeof(cwd)), fcntl(9, F_GETFD) < 0 ? "closed" : "open");
	wait_and_say("together", clone(in_fs, stack + STACK, CLONE_FS | CLONE_FILES | SIGCHLD, NULL));
	say("cwd %s, descriptor 9 %s", getcwd(cwd, sizeof(cwd)), fcntl(9, F_GETFD) < 0 ? "closed" : "open");
	say("umask %03o", (unsigned int)umask(0));
}

static void vfork_exact(void)
{
	volatile int value = 1;
	const uint64_t before = now_ms();
	const pid_t child = vfork();

	if (child == 0) {
		value = 2;
		usleep(50000);
		_exit(4);
	}
	IS(value == 2);
	IS(now_ms() - before >= 50);
	wait_and_say("vfork", child);
	const pid_t executes = vfork();

	if (executes == 0) {
		execl("/bin/sh", "sh", "-c", "exit 6", NULL);
		_exit(127);
	}
	wait_and_say("vfork and exec", executes);
	const pid_t fails = vfork();

	if (fails == 0) {
		execl("/nowhere", "nowhere", NULL);
		value = errno;
		_exit(1);
	}
	IS(value == ENOENT);
	wait_and_say("vfork and no exec", fails);
	const pid_t dies = vfork();

	if (dies == 0) {
		kill(getpid(), SIGKILL);
		_exit(0);
	}
	wait_and_say("vfork and die", dies);
}

static void spawn(void)
{
	extern char **environ;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t set;
	int fds[2];
	char text[40] = "";
	pid_t child = 0;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	if (pipe2(fds, O_CLOEXEC) < 0)
		_exit(1);
	posix_spawn_file_actions_adddup2(&actions, fds[1], 1);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	posix_spawnattr_setsigmask(&attr, &set);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
	char *args[] = {"sh", "-c", "echo spawned; kill -USR1 $$; exit 2", NULL};

	say("posix_spawn: %d", posix_spawn(&child, "/bin/sh", &actions, &attr, args, environ));
	close(fds[1]);
	IS(getpgid(child) == child || true);
	say("read %zd", read(fds[0], text, sizeof(text) - 1));
	say("said %s", text);
	wait_and_say("spawned", child);
	say("posix_spawn: %s", strerrorname_np(posix_spawn(&child, "/nowhere", NULL, NULL, args, environ)));
	say("posix_spawnp: %d", posix_spawnp(&child, "true", NULL, NULL, (char *[]){"true", NULL}, environ));
	wait_and_say("true", child);
	TRY(waitpid(-1, NULL, WNOHANG));
}

static int tree(int depth)
{
	int sum = 1;

	for (int i = 0; i < 3 && depth > 0; i++) {
		int status = 0;
		const pid_t child = fork();

		if (child == 0)
			_exit(tree(depth - 1));
		if (waitpid(child, &status, 0) == child)
			sum += WEXITSTATUS(status);
	}
	return sum;
}

static void fork_tree(void)
{
	say("tree of %d", tree(3));
	pid_t children[20];

	for (int i = 0; i < 20; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			pause_ms(40 * (20 - i));
			_exit(i);
		}
	}
	for (int i = 0; i < 20; i++) {
		int status = 0;
		const pid_t child = wait(&status);

		say("child %d of 20 ended, the right one: %d", WEXITSTATUS(status),
		    child == children[WEXITSTATUS(status)]);
	}
}

static void waiting(void)
{
	int status = 0;
	siginfo_t info = {0};
	struct rusage usage = {0};
	pid_t child = fork();

	if (child == 0) {
		pause_ms(20);
		_exit(300);
	}
	TRY(waitpid(child, &status, WNOHANG));
	TRY(waitpid(getpid(), &status, 0));
	TRY(waitpid(child, &status, 0x4000));
	TRY(waitid(P_PID, (id_t)child, &info, 0));
	IS(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) == 0 && info.si_pid == child);
	say("status %d, code %d, signo %s", info.si_status, info.si_code, signal_text(info.si_signo));
	IS(wait4(child, &status, 0, &usage) == child);
	say_status("child", status);
	TRY(wait4(child, &status, 0, &usage));
	child = fork();
	if (child == 0) {
		setpgid(0, 0);
		_exit(7);
	}
	setpgid(child, child);
	TRY(waitpid(0, &status, 0));
	IS(waitpid(-child, &status, 0) == child);
	say_status("group", status);
	signal(SIGCHLD, SIG_IGN);
	child = fork();
	if (child == 0)
		_exit(1);
	TRY(waitpid(child, &status, 0));
	TRY(waitid(P_ALL, 0, &info, WEXITED | WNOHANG));
}

static void orphans(void)
{
	int fds[2];
	pid_t told[2];

	if (pipe(fds) < 0)
		_exit(1);
	for (int round = 0; round < 2; round++) {
		if (round == 1)
			TRY(prctl(PR_SET_CHILD_SUBREAPER, 1));
		const pid_t child = fork();

		if (child == 0) {
			const pid_t parent = getpid();

			if (fork() == 0) {
				while (getppid() == parent)
					pause_ms(5);
				told[0] = getpid();
				told[1] = getppid();
				_exit(write(fds[1], told, sizeof(told)) == sizeof(told) ? 8 : 9);
			}
			_exit(0);
		}
		wait_and_say("middle", child);
		IS(read(fds[0], told, sizeof(told)) == sizeof(told));
		say("the orphan is %s", told[1] == getpid() ? "ours" : "somebody's");
		if (round == 1)
			wait_and_say("orphan", told[0]);
	}
}

int main(void)
{
	PART(clone3_fork);
	PART(clone3_errors);
	PART(clone3_signals);
	PART(clone_memory);
	PART(clone_files);
	PART(vfork_exact);
	PART(spawn);
	PART(fork_tree);
	PART(waiting);
	PART(orphans);
	return 0;
}
