/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-gdb.c - `hindcast gdb`: Debian's gdb on a recorded run. */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "command.h"
#include "gdb-sources.h"
#include "gdb-start.h"
#include "gdb.h"
#include "rep-commands.h"
#include "tracee.h"

/* What gdb is told before its user's own arguments.  Files come from the trace ("target:" is gdb's word for its server's). */
static const char *const settings[] = {
	"-iex", "set pagination off",
	"-iex", "set sysroot target:",
	"-iex", "set schedule-multiple on",
	"-iex", "set mem inaccessible-by-default off",
	"-iex", "set auto-load safe-path",
	"-iex", "set remotetimeout 3600",	/* a long way back takes time */
	"-iex", "set tcp connect-timeout 60",
	"-iex", "set confirm off",
	/* A new inferior has no description of its registers yet. */
	"-iex", "set architecture i386:x86-64",
	"-iex", "set osabi GNU/Linux",
};
#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

/* Python for gdb: connects, attaches to every process that lives, and defines two commands. */
static const char script[] =
	"import gdb\n"
	"def hindcast_quietly(command):\n"
	"    gdb.execute('set suppress-cli-notifications on', to_string=True)\n"
	"    try:\n"
	"        gdb.execute(command, to_string=True)\n"
	"    finally:\n"
	"        gdb.execute('set suppress-cli-notifications off', to_string=True)\n"
	"def hindcast_processes():\n"
	"    known = {i.pid for i in gdb.inferiors()}\n"
	"    before = gdb.selected_inferior().num\n"
	"    for number in gdb.execute('monitor numbers', to_string=True).split():\n"
	"        if int(number) in known:\n"
	"            continue\n"
	"        free = [i.num for i in gdb.inferiors() if i.pid == 0]\n"
	"        if not free:\n"
	"            gdb.execute('add-inferior', to_string=True)\n"
	"            free = [i.num for i in gdb.inferiors() if i.pid == 0]\n"
	"        hindcast_quietly('inferior %d' % free[0])\n"
	"        hindcast_quietly('attach ' + number)\n"
	"    if before in [i.num for i in gdb.inferiors() if i.pid]:\n"
	"        hindcast_quietly('inferior %d' % before)\n"
	"def hindcast_begin(socket, wanted):\n"
	"    gdb.execute('target extended-remote ' + socket, to_string=True)\n"
	"    hindcast_processes()\n"
	"    for i in gdb.inferiors():\n"
	"        if i.pid and (i.pid == wanted or wanted < 0 and i.pid // 100000 == -wanted):\n"
	"            hindcast_quietly('inferior %d' % i.num)\n"
	"            break\n"
	"    gdb.execute('frame')\n"
	"class Processes(gdb.Command):\n"
	"    'Makes all processes known to gdb that live now, on all nodes, as inferiors.'\n"
	"    def __init__(self):\n"
	"        super().__init__('processes', gdb.COMMAND_STATUS)\n"
	"    def invoke(self, argument, from_tty):\n"
	"        hindcast_processes()\n"
	"        gdb.execute('info inferiors')\n"
	"class Seek(gdb.Command):\n"
	"    'seek POSITION: goes to @EVENT, a time (12.5s), a part (50%), start or end of the recorded run.'\n"
	"    def __init__(self):\n"
	"        super().__init__('seek', gdb.COMMAND_RUNNING)\n"
	"    def invoke(self, argument, from_tty):\n"
	"        said = gdb.execute('monitor seek ' + argument, to_string=True)\n"
	"        if said.strip():\n"
	"            raise gdb.GdbError(said.strip())\n"
	"        hindcast_quietly('stepi')\n"
	"        hindcast_processes()\n"
	"        gdb.write(gdb.execute('monitor trouble', to_string=True))\n"
	"        gdb.execute('frame')\n"
	"Processes()\n"
	"Seek()\n";

struct place {
	char dir[64];		/* of the socket; "" before it is made */
	char socket_path[96], init_path[96];
	char sources[96];	/* folder of source files; "": the trace carries none */
	int listener;
	cpu_set_t cpus;			/* gdb's: those of the command, of which the replay keeps to one */
};

static void place_done(struct place *place)
{
	cleanup_close(&place->listener);
	if (!place->dir[0])
		return;
	unlink(place->socket_path);
	unlink(place->init_path);
	if (place->sources[0])
		rep_gdb_sources_remove(place->sources);
	rmdir(place->dir);
}

/* wanted: gdb's number of the process to show first, or the node's, negative; 0: any. */
static int write_init(const struct place *place, int64_t wanted)
{
	FILE *to = fopen(place->init_path, "we");

	if (!to)
		return -errno;
	fprintf(to, "%shindcast_begin('%s', %" PRId64 ")\n", script, place->socket_path, wanted);
	return fclose(to) == 0 ? 0 : -errno;
}

/* A socket that nobody else can reach: its directory is ours alone. */
static int make_place(struct place *place, int64_t wanted)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	strcpy(place->dir, "/tmp/hindcast-gdb-XXXXXX");
	if (!mkdtemp(place->dir)) {
		place->dir[0] = '\0';
		return -errno;
	}
	snprintf(place->socket_path, sizeof(place->socket_path), "%s/socket", place->dir);
	snprintf(place->init_path, sizeof(place->init_path), "%s/init.py", place->dir);
	strcpy(address.sun_path, place->socket_path);
	place->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (place->listener < 0 || bind(place->listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(place->listener, 1) < 0)
		return -errno;
	return write_init(place, wanted);
}

/* Says what is wrong; gdb is of use without source, too. */
static void make_sources(struct place *place, const char *trace)
{
	struct fmt_reader *reader = NULL;
	struct fmt_error error = {{0}};
	size_t count = 0;

	snprintf(place->sources, sizeof(place->sources), "%s/sources", place->dir);
	int r = mkdir(place->sources, 0700) < 0 ? -errno : fmt_reader_open(trace, &reader, &error);

	if (r == 0)
		r = rep_gdb_sources_write(reader, place->sources, &count, &error);
	fmt_reader_close(reader);
	if (r < 0)
		fmt_complain("%s: %s", trace, error.text[0] ? error.text : strerror(-r));
	if (count)
		return;
	rep_gdb_sources_remove(place->sources);
	place->sources[0] = '\0';
}

__attribute__((noreturn)) static void exec_gdb(const struct place *place, char *const *extra)
{
	const char *own[SETTINGS + 5];
	size_t count = 0;

	for (size_t i = 0; i < SETTINGS; i++)
		own[count++] = settings[i];
	if (place->sources[0]) {
		own[count++] = "-d";
		own[count++] = place->sources;
	}
	own[count++] = "-x";
	own[count++] = place->init_path;
	own[count] = NULL;
	/* Where the host has more than a set holds, the replay keeps to none, and nothing is there to undo. */
	if (CPU_COUNT(&place->cpus))
		sched_setaffinity(0, sizeof(place->cpus), &place->cpus);
	rec_gdb_exec(own, extra);
}

/* gdb connects, or has ended before it could.  A connected socket, or -errno. */
static int await_gdb(const struct place *place, pid_t gdb)
{
	for (;;) {
		const int fd = accept4(place->listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0 || errno != EINTR)
			return fd >= 0 ? fd : -errno;
		if (kill(gdb, 0) < 0)
			return -ECHILD;
	}
}

/* When gdb ends without connecting nobody would wake the server: a child of gdb's parent does, by connecting and hanging up. */
static void *await_end(void *arg)
{
	struct place *place = ((void **)arg)[0];
	const pid_t gdb = *(pid_t *)((void **)arg)[1];
	siginfo_t info;

	while (waitid(P_PID, (id_t)gdb, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR)
		;
	shutdown(place->listener, SHUT_RDWR);
	return NULL;
}

static enum fmt_status status_of(int status)
{
	if (WIFEXITED(status))
		return (enum fmt_status)WEXITSTATUS(status);
	return FMT_STATUS_NO;
}

static enum fmt_status run_gdb(struct rep_timeline *tl, char *const *extra, struct place *place)
{
	int status = 0;

	fflush(NULL);
	rec_tracer_tsc(true);		/* gdb is another program, which nobody would help with rdtsc */
	pid_t gdb = fork();

	if (gdb == 0)
		exec_gdb(place, extra);
	rec_tracer_tsc(false);
	if (gdb < 0) {
		fmt_complain("gdb cannot be started: %s", strerror(errno));
		return FMT_STATUS_HOST;
	}
	signal(SIGINT, SIG_IGN);	/* ^C is gdb's, which tells us */
	void *what[] = {place, &gdb};
	pthread_t waiter;

	CHECK(pthread_create(&waiter, NULL, await_end, what) == 0);
	const int fd = await_gdb(place, gdb);

	if (fd >= 0)
		rep_gdb_serve(tl, fd);
	pthread_join(waiter, NULL);
	while (waitpid(gdb, &status, 0) < 0 && errno == EINTR)
		;
	return status_of(status);
}

/* Whether a process is there for gdb: this one, one of the node, or any (0). */
static bool lives(struct rep_timeline *tl, node_id node, uint32_t pid)
{
	const struct rep_thread_info *threads;
	const size_t count = rep_timeline_threads(tl, &threads);

	for (size_t i = 0; i < count; i++)
		if (threads[i].has_program && (!node || threads[i].node == node) && (!pid || threads[i].pid == pid))
			return true;
	return false;
}

/* Where to begin: --at; the node and process to show first.  False: that is wrong, and it was said. */
static bool go_to_start(struct rep_timeline *tl, const struct fmt_arguments *args, node_id *ret_node, uint32_t *ret_pid)
{
	const char *at = args->value[FMT_OPTION_AT], *name = args->value[FMT_OPTION_NODE];
	const char *pid_text = args->value[FMT_OPTION_PID];
	struct rep_position position;
	struct fmt_error error = {0};
	struct rep_stop stop;
	uint64_t pid = 0;

	if (pid_text && (!fmt_parse_number(pid_text, &pid) || pid == 0 || pid >= REP_GDB_NODE)) {
		fmt_complain("--pid: \"%s\" is no process", pid_text);
		return false;
	}
	if (rep_timeline_parse(tl, at ? at : "end", &position, &error) < 0) {
		fmt_complain("--at: \"%s\": %s", at, error.text);
		return false;
	}
	rep_timeline_seek(tl, &position, &stop);
	if (stop.why == REP_WHY_DIVERGED || stop.why == REP_WHY_FAILED)	/* gdb is shown the world that it left */
		rep_report_print(rep_timeline_report(tl), stderr);
	if (!at)
		rep_timeline_seek_alive(tl, &stop);
	*ret_node = name ? rep_timeline_node(tl, name) : 0;
	if (name && !*ret_node) {
		fmt_complain("the trace has no node \"%s\"", name);
		return false;
	}
	/* A process without a node is one of the first. */
	if (!lives(tl, pid && !name ? 1 : *ret_node, (uint32_t)pid)) {
		fmt_complain("no %s%s%s%s lives %s %s; `hindcast state` shows what does", pid ? "process " : "process",
			     pid ? pid_text : "", name ? " of " : "", name ?: "", at ? "at" : "at the", at ?: "end");
		return false;
	}
	*ret_pid = (uint32_t)pid;
	return true;
}

static enum fmt_status command_gdb(const struct fmt_arguments *args)
{
	_cleanup_(place_done) struct place place = {.listener = -EBADF};
	struct fmt_error error = {0};
	enum fmt_status status = FMT_STATUS_OK;
	struct rep_timeline *tl;
	uint32_t pid;
	node_id node;

	sched_getaffinity(0, sizeof(place.cpus), &place.cpus);
	int r = rep_timeline_open(args->operand[0], &(struct rep_timeline_options){0}, &tl, &error);

	if (r < 0) {
		fmt_complain("%s: %s", args->operand[0], error.text[0] ? error.text : strerror(-r));
		return r == -ENODEV ? FMT_STATUS_HOST : FMT_STATUS_USAGE;
	}
	if (!go_to_start(tl, args, &node, &pid)) {
		status = FMT_STATUS_USAGE;
	} else {
		r = make_place(&place, pid ? (int64_t)(node ? node : 1) * REP_GDB_NODE + pid : -(int64_t)node);
		if (r < 0) {
			fmt_complain("no socket can be made in /tmp: %s", strerror(-r));
			status = FMT_STATUS_HOST;
		} else {
			make_sources(&place, args->operand[0]);
			status = run_gdb(tl, args->program, &place);
		}
	}
	rep_timeline_close(tl);
	return status;
}

const struct fmt_command rep_cmd_gdb = {
	.name = "gdb",
	.usage = "TRACE [-- GDB-ARGUMENTS...]",
	.summary = "debug a recorded run with gdb, forwards and backwards",
	.options = "node pid at",
	.operand_min = 1,
	.operand_max = 1,
	.takes_program = true,
	.run = command_gdb,
};
