/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sessions.c - process groups, sessions, pseudo-terminals, job control; credentials, limits, prctl, pidfds. */
#include "say.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <termios.h>

static void groups(void)
{
	const pid_t child = fork();

	if (child == 0) {
		IS(getpgrp() == getppid() || getpgrp() != getpid());
		TRY(setpgid(0, 0));
		IS(getpgrp() == getpid());
		TRY(setsid());
		TRY(setpgid(0, 1));
		const pid_t leader = fork();

		if (leader == 0) {
			IS(setsid() == getpid());
			IS(getsid(0) == getpid() && getpgrp() == getpid());
			TRY(setpgid(0, 0));
			TRY(open("/dev/tty", O_RDWR));
			_exit(0);
		}
		wait_and_say("leader", leader);
		_exit(0);
	}
	wait_and_say("child", child);
	TRY(setpgid(child, 0));
	TRY(getpgid(1000000));
	TRY(getsid(1000000));
	TRY(setpgid(0, -1));
}

static int master, slave;

static void open_pty(void)
{
	static char name[64];
	int unlocked = 0;

	master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlocked) < 0 || ptsname_r(master, name, sizeof(name)) != 0) {
		say("no pty: %s", strerrorname_np(errno));
		_exit(1);
	}
	slave = open(name, O_RDWR | O_NOCTTY);
	if (slave < 0) {
		say("no slave: %s", strerrorname_np(errno));
		_exit(1);
	}
}

/* What the terminal shows, until it shows `end`: it comes by a worker of the kernel, at its own time.  Ten seconds without
 * anything new are a failure, and what is there is said. */
static void show_master(const char *end)
{
	char text[300], safe[700] = "";
	const size_t end_size = strlen(end);
	size_t n = 0;
	struct pollfd poller = {master, POLLIN, 0};

	while ((n < end_size || strcmp(safe + n - end_size, end)) && poll(&poller, 1, 10000) > 0) {
		const ssize_t got = read(master, text, sizeof(text));

		for (ssize_t i = 0; i < got && n < sizeof(safe) - 5; i++)
			n += (size_t)snprintf(safe + n, 5, text[i] < 32 ? "^%c" : "%c",
					      text[i] < 32 ? text[i] + 64 : text[i]);
		if (got <= 0)
			break;
	}
	say("master: %s", safe);
}

static void terminal(void)
{
	struct termios termios;
	struct winsize size = {24, 80, 0, 0};
	char line[100] = "";

	open_pty();
	TRY(isatty(slave));
	TRY(tcgetattr(slave, &termios));
	say("echo %d, canonical %d", !!(termios.c_lflag & ECHO), !!(termios.c_lflag & ICANON));
	TRY(ioctl(master, TIOCSWINSZ, &size));
	size.ws_col = 0;
	TRY(ioctl(slave, TIOCGWINSZ, &size));
	say("%d columns", size.ws_col);
	TRY(write(master, "hellp\177o\n", 8));
	TRY(read(slave, line, sizeof(line)));
	say("line %s", line);
	show_master("o^M^J");
	termios.c_lflag &= (tcflag_t)~(ECHO | ICANON);
	termios.c_cc[VMIN] = 1;
	TRY(tcsetattr(slave, TCSANOW, &termios));
	TRY(write(master, "x", 1));
	TRY(read(slave, line, sizeof(line)));
	TRY(write(slave, "a\nb", 3));
	show_master("^M^Jb");
	TRY(write(master, "\004", 1));
	TRY(close(slave));
	char byte;

	TRY(read(master, &byte, 1));
	TRY(isatty(0));
}

static void on_signal(int signo)
{
	say("got %s", signal_text(signo));
}

/* From a child to its parent, which goes on when the child has come so far. */
static int reports[2];

static void report(char what)
{
	write(reports[1], &what, 1);
}

static char await_report(void)
{
	char what = 0;

	read(reports[0], &what, 1);
	return what;
}

static volatile sig_atomic_t signals_seen;

static void report_signal(int signo)
{
	signals_seen++;
	report((char)signo);
}

/* The session leader reports each signal; they are blocked but where it waits for them, so that none is missed. */
static void lead_session(void)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGWINCH, SIGQUIT};
	sigset_t set, none;

	sigemptyset(&none);
	sigemptyset(&set);
	for (size_t i = 0; i < 4; i++) {
		signal(signals[i], report_signal);
		sigaddset(&set, signals[i]);
	}
	sigprocmask(SIG_BLOCK, &set, NULL);
	TRY(tcgetpgrp(slave));
	IS(setsid() == getpid());
	TRY(ioctl(slave, TIOCSCTTY, 0));
	IS(tcgetpgrp(slave) == getpid());
	IS(tcgetsid(slave) == getpid());
	const int tty = open("/dev/tty", O_RDWR);

	IS(tty >= 0);
	TRY(write(slave, "ready\n", 6));
	report('r');
	while (signals_seen < 4)
		sigsuspend(&none);
	TRY(write(slave, "lost", 4));
	_exit(3);
}

static void controlling(void)
{
	open_pty();
	pipe(reports);
	const pid_t child = fork();

	if (child == 0) {
		close(master);
		lead_session();
	}
	close(slave);
	await_report();
	show_master("^M^J");
	TRY(write(master, "\003", 1));
	say("got %s", signal_text(await_report()));
	show_master("^C");
	TRY(write(master, "\034", 1));
	say("got %s", signal_text(await_report()));
	show_master("^\\");
	TRY(ioctl(master, TIOCSWINSZ, &(struct winsize){30, 90, 0, 0}));
	say("got %s", signal_text(await_report()));
	close(master);
	wait_and_say("session leader", child);
	say("got %s", signal_text(await_report()));
}

/* A shell in small: two jobs on one terminal. */
static void job_control(void)
{
	open_pty();
	pipe(reports);
	const pid_t shell = fork();

	if (shell == 0) {
		int status = 0;

		close(master);
		setsid();
		ioctl(slave, TIOCSCTTY, 0);
		signal(SIGTTOU, SIG_IGN);
		const pid_t job = fork();

		if (job == 0) {
			char byte;

			setpgid(0, 0);
			signal(SIGTTOU, SIG_DFL);
			TRY(read(slave, &byte, 1));	/* in the background: SIGTTIN */
			say("job read %c", byte);
			report('d');
			for (;;)
				pause();
			_exit(0);
		}
		setpgid(job, job);
		IS(waitpid(job, &status, WUNTRACED) == job);
		say_status("background job", status);
		TRY(tcsetpgrp(slave, job));
		kill(-job, SIGCONT);
		write(slave, "go", 2);
		IS(waitpid(job, &status, WUNTRACED) == job);	/* ^Z */
		say_status("foreground job", status);
		TRY(tcsetpgrp(slave, getpid()));
		kill(-job, SIGTERM);
		kill(-job, SIGCONT);
		wait_and_say("job", job);
		const pid_t writer = fork();

		if (writer == 0) {
			struct termios termios;

			setpgid(0, 0);
			signal(SIGTTOU, SIG_DFL);
			TRY(tcgetattr(slave, &termios));
			tcsetattr(slave, TCSANOW, &termios);	/* SIGTTOU */
			_exit(0);
		}
		setpgid(writer, writer);
		IS(waitpid(writer, &status, WUNTRACED) == writer);
		say_status("writer", status);
		kill(writer, SIGKILL);
		wait_and_say("writer", writer);
		_exit(0);
	}
	close(slave);
	char text[10];

	for (size_t got = 0; got < 2;)
		got += (size_t)read(master, text, sizeof(text));
	write(master, "y\n", 2);
	await_report();
	write(master, "\032", 1);
	wait_and_say("shell", shell);
}

static void show_ids(void)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;

	getresuid(&r, &e, &s);
	getresgid(&rg, &eg, &sg);
	say("uid %u %u %u, gid %u %u %u, fs %d", r, e, s, rg, eg, sg, setfsuid((uid_t)-1));
}

static void show_capabilities(void)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {{0}};

	syscall(SYS_capget, &header, data);
	say("setuid: effective %d, permitted %d", !!(data[0].effective & 1 << CAP_SETUID),
	    !!(data[0].permitted & 1 << CAP_SETUID));
}

static void credentials(void)
{
	gid_t list[8];

	show_ids();
	TRY(setgroups(2, (gid_t[]){100, 200}));
	TRY(getgroups(8, list));
	TRY(setresgid(5, 6, 7));
	TRY(setresuid(1001, 1002, 0));
	show_ids();
	show_capabilities();
	TRY(setuid(1003));
	TRY(seteuid(0));
	show_ids();
	show_capabilities();
	TRY(setuid(1003));
	show_ids();
	show_capabilities();
	TRY(setuid(0));
	TRY(setgroups(0, NULL));
	TRY(kill(getppid(), 0));
	TRY(setpriority(PRIO_PROCESS, 0, -5));
	TRY(sethostname("x", 1));
	TRY(open("/etc/shadow", O_RDONLY));
	TRY(chown("/tmp", 0, 0));
	prctl(PR_SET_DUMPABLE, 1);
	TRY(prctl(PR_GET_DUMPABLE));
}

static void keep_capabilities(void)
{
	TRY(prctl(PR_SET_KEEPCAPS, 1));
	TRY(setresuid(1001, 1001, 1001));
	show_capabilities();
	TRY(prctl(PR_CAPBSET_READ, CAP_CHOWN));
	TRY(prctl(PR_CAPBSET_READ, 1000));
	TRY(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	TRY(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

static void limits(void)
{
	struct rlimit limit = {10, 20};

	TRY(setrlimit(RLIMIT_NOFILE, &limit));
	TRY(getrlimit(RLIMIT_NOFILE, &limit));
	say("%lu %lu", limit.rlim_cur, limit.rlim_max);
	TRY(dup2(0, 9));
	TRY(dup2(0, 10));
	int last = 0;

	for (int fd = 0; fd >= 0; fd = dup(0))
		last = fd;
	say("last %d, %s", last, strerrorname_np(errno));
	limit.rlim_cur = 30;
	TRY(setrlimit(RLIMIT_NOFILE, &limit));
	TRY(setrlimit(99, &limit));
	close(9);
	close(8);
	limit = (struct rlimit){1000, 1000};
	TRY(setrlimit(RLIMIT_FSIZE, &limit));
	const int fd = open("/tmp/conformance-limit", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	static char data[2000];

	unlink("/tmp/conformance-limit");
	TRY(write(fd, data, sizeof(data)));
	signal(SIGXFSZ, on_signal);
	TRY(write(fd, data, 10));
	TRY(ftruncate(fd, 5000));
	TRY(getpriority(PRIO_PROCESS, 0));
	TRY(setpriority(PRIO_PROCESS, 0, 5));
	TRY(nice(3));
	struct sched_param param = {0};

	TRY(sched_getscheduler(0));
	TRY(sched_setscheduler(0, SCHED_BATCH, &param));
	TRY(sched_getscheduler(0));
	TRY(sched_get_priority_max(SCHED_FIFO));
}

static void prctls(void)
{
	char name[16] = "";
	int value = 0;

	TRY(prctl(PR_SET_NAME, "a name that is far too long"));
	TRY(prctl(PR_GET_NAME, name));
	say("name %s", name);
	TRY(prctl(PR_SET_PDEATHSIG, SIGUSR1));
	TRY(prctl(PR_GET_PDEATHSIG, &value));
	say("pdeathsig %s", signal_text(value));
	TRY(prctl(PR_SET_PDEATHSIG, 100));
	TRY(prctl(PR_SET_TIMERSLACK, 12345));
	TRY(prctl(PR_GET_TIMERSLACK));
	TRY(prctl(PR_GET_CHILD_SUBREAPER, &value));
	TRY(prctl(12345, 0));
	int fds[2];

	if (pipe(fds) < 0)
		_exit(1);
	const pid_t child = fork();

	if (child == 0) {
		const pid_t grandchild = fork();

		if (grandchild == 0) {
			sigset_t set;
			int signo = 0;

			sigemptyset(&set);
			sigaddset(&set, SIGUSR2);
			sigprocmask(SIG_BLOCK, &set, NULL);
			prctl(PR_SET_PDEATHSIG, SIGUSR2);
			write(fds[1], "x", 1);
			sigwait(&set, &signo);
			write(fds[1], &(char){(char)signo}, 1);
			_exit(0);
		}
		char byte;

		read(fds[0], &byte, 1);
		_exit(0);
	}
	wait_and_say("child", child);
	char byte = 0;

	TRY(read(fds[0], &byte, 1));
	say("the parent is dead: %s", signal_text(byte));
}

static void pidfds(void)
{
	siginfo_t info = {0};
	const pid_t child = fork();

	if (child == 0)
		for (;;)
			pause();
	const int fd = (int)syscall(SYS_pidfd_open, child, 0);
	struct pollfd poller = {fd, POLLIN, 0};

	IS(fd >= 0);
	TRY(poll(&poller, 1, 0));
	TRY(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0));
	TRY(syscall(SYS_pidfd_getfd, fd, 0, 0) >= 0);
	TRY(waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG));
	TRY(syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0));
	TRY(poll(&poller, 1, -1));
	TRY(waitid(P_PIDFD, (id_t)fd, &info, WEXITED));
	say("code %d, status %d", info.si_code, info.si_status);
	TRY(syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0));
	TRY(syscall(SYS_pidfd_open, child, 0));
	TRY(syscall(SYS_pidfd_open, -1, 0));
	TRY(syscall(SYS_pidfd_send_signal, 0, SIGTERM, NULL, 0));
}

int main(void)
{
	PART(groups);
	PART(terminal);
	PART(controlling);
	PART(job_control);
	PART(credentials);
	PART(keep_capabilities);
	PART(limits);
	PART(prctls);
	PART(pidfds);
	return 0;
}
