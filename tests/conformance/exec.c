/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exec.c - execve and execveat: kinds of programs, scripts, errors, threads, what is kept and what is not.
 * The argument names the directory with the four links of shown.c. */
#include "say.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>

static const char *dir;
static char base[64];	/* a directory of our own */

static const char *in(const char *folder, const char *name)
{
	static char path[4][400];
	static unsigned next;
	char *const to = path[next++ % 4];

	snprintf(to, 400, "%s/%s", folder, name);
	return to;
}

static const char *make(const char *name, const char *text, mode_t mode)
{
	const char *path = in(base, name);
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	if (fd < 0 || write(fd, text, strlen(text)) < 0 || fchmod(fd, mode) < 0)
		say("cannot make %s", name);
	close(fd);
	return path;
}

static void nothing(int signo)
{
	(void)signo;
}

static void show(const char *path, char *const args[])
{
	static char *const env[] = {"COLOUR=green", NULL};
	sigset_t set;

	if (chdir("/") < 0)
		_exit(1);
	dup2(1, 7);
	dup3(1, 8, O_CLOEXEC);
	signal(SIGUSR2, nothing);
	signal(SIGHUP, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_SETMASK, &set, NULL);
	execve(path, args, env);
	say("execve: %s", strerrorname_np(errno));
}

static void kind_pie(void) { show(in(dir, "shown-pie"), (char *[]){"pie", "11", NULL}); }
static void kind_no_pie(void) { show(in(dir, "shown-no-pie"), (char *[]){"no pie", "12", "", NULL}); }
static void kind_static(void) { show(in(dir, "shown-static"), (char *[]){"static", "13", NULL}); }
static void kind_static_pie(void) { show(in(dir, "shown-static-pie"), (char *[]){"static pie", "14", NULL}); }

static void script(void)
{
	show(make("script", "#!/bin/sh -e\necho script $0 has $# $1; exit 4\n" + 0, 0755),
	     (char *[]){"zero", "one", NULL});
}

static void script_of_script(void)
{
	char text[500];

	make("inner", "#!/bin/sh\necho inner $# $2; exit 5\n", 0755);
	snprintf(text, sizeof(text), "#! %s  some words  \nnot read\n", in(base, "inner"));
	show(make("outer", text, 0755), (char *[]){"zero", "one", NULL});
}

static void script_shown(void)
{
	char text[500];

	snprintf(text, sizeof(text), "#!%s a b\n", in(dir, "shown-pie"));
	show(make("by-shown", text, 0755), (char *[]){"zero", "one", NULL});
}

static void script_endless(void)
{
	char text[500];

	snprintf(text, sizeof(text), "#!%s\n", in(base, "self"));
	show(make("self", text, 0755), (char *[]){"zero", NULL});
}

static int try_exec(const char *path)
{
	execve(path, (char *[]){"x", NULL}, (char *[]){NULL});
	return -1;
}

static void errors(void)
{
	static char long_name[5000];
	char *const no_args[] = {NULL};

	make("empty", "", 0755);
	make("text", "hello\n", 0755);
	make("not-executable", "#!/bin/sh\n", 0644);
	make("no-interpreter", "#!/nowhere/sh\n", 0755);
	make("cut", "\177ELF\2\1\1", 0755);
	memset(long_name, 'x', sizeof(long_name) - 1);
	TRY(try_exec("/nowhere"));
	TRY(try_exec(""));
	TRY(try_exec("/"));
	TRY(try_exec("/etc/passwd/x"));
	TRY(try_exec(long_name));
	say("text: %s", (try_exec(in(base, "text")), strerrorname_np(errno)));
	say("empty: %s", (try_exec(in(base, "empty")), strerrorname_np(errno)));
	say("not executable: %s", (try_exec(in(base, "not-executable")), strerrorname_np(errno)));
	say("no interpreter: %s", (try_exec(in(base, "no-interpreter")), strerrorname_np(errno)));
	say("cut: %s", (try_exec(in(base, "cut")), strerrorname_np(errno)));
	TRY(syscall(SYS_execve, 8, no_args, no_args));
	TRY(syscall(SYS_execve, "/bin/true", 8, no_args));
	TRY(syscall(SYS_execve, "/bin/true", (char *[]){(char *)8, NULL}, no_args));
	static char *many[40];
	char *huge = malloc(200000);

	memset(huge, 'a', 199999);
	huge[199999] = 0;
	for (int i = 0; i < 39; i++)
		many[i] = huge;
	TRY(execve("/bin/true", many, no_args));
}

static void no_arguments(void)
{
	syscall(SYS_execve, in(dir, "shown-static"), NULL, NULL);
	say("%s", strerrorname_np(errno));
}

static void at_empty(void)
{
	const int fd = open(in(dir, "shown-pie"), O_PATH | O_CLOEXEC);

	syscall(SYS_execveat, fd, "", (char *[]){"by descriptor", NULL}, (char *[]){NULL}, AT_EMPTY_PATH);
	say("execveat: %s", strerrorname_np(errno));
}

static void at_directory(void)
{
	const int fd = open(dir, O_PATH | O_DIRECTORY);

	TRY(syscall(SYS_execveat, fd, "nothing", NULL, NULL, 0));
	TRY(syscall(SYS_execveat, fd, "", NULL, NULL, 0));
	TRY(syscall(SYS_execveat, -1, "x", NULL, NULL, 0));
	TRY(syscall(SYS_execveat, fd, "x", NULL, NULL, 0x1));
	if (symlink("/bin/true", in(base, "link")) < 0)
		say("no link");
	TRY(syscall(SYS_execveat, AT_FDCWD, in(base, "link"), NULL, NULL, AT_SYMLINK_NOFOLLOW) < 0 ? -1 : 0);
	syscall(SYS_execveat, fd, "shown-static", (char *[]){"in directory", "9", NULL}, (char *[]){NULL}, 0);
	say("execveat: %s", strerrorname_np(errno));
}

static pid_t first;

static void *exec_in_thread(void *arg)
{
	(void)arg;
	IS(gettid() != first);
	execl("/bin/sh", "sh", "-c", "test $$ = $1 && echo the same process; exit 3", "sh",
	      ({ static char number[20]; snprintf(number, 20, "%d", first); number; }), NULL);
	return NULL;
}

static void *wait_for_ever(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static void by_thread(void)
{
	pthread_t thread;

	first = getpid();
	for (int i = 0; i < 5; i++)
		pthread_create(&thread, NULL, wait_for_ever, NULL);
	pthread_create(&thread, NULL, exec_in_thread, NULL);
	for (;;)
		pause();
}

static void by_first(void)
{
	pthread_t thread;

	for (int i = 0; i < 5; i++)
		pthread_create(&thread, NULL, wait_for_ever, NULL);
	pause_ms(10);
	execl("/bin/sh", "sh", "-c", "exit 21", NULL);
}

static void *leave_by_exec(void *arg)
{
	(void)arg;
	pause_ms(20);
	execl("/bin/sh", "sh", "-c", "exit 22", NULL);
	return NULL;
}

static void leader_gone(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, leave_by_exec, NULL);
	pthread_exit(NULL);
}

int main(int argc, char **argv)
{
	dir = argc > 1 ? argv[1] : ".";
	snprintf(base, sizeof(base), "/tmp/conformance-exec");
	if (mkdir(base, 0755) < 0 && errno != EEXIST)
		say("mkdir: %s", strerrorname_np(errno));
	PART(kind_pie);
	PART(kind_no_pie);
	PART(kind_static);
	PART(kind_static_pie);
	PART(script);
	PART(script_of_script);
	PART(script_shown);
	PART(script_endless);
	PART(errors);
	PART(no_arguments);
	PART(at_empty);
	PART(at_directory);
	PART(by_thread);
	PART(by_first);
	PART(leader_gone);
	return 0;
}
