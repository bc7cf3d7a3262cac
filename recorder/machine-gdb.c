/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * machine-gdb.c - `record --gdb`: gdb in the worker, on the kernels of all nodes.
 *
 *	nodes have booted --> gdb attaches to the worker, which waits for its first window --> loads the debug information of the
 *	image once for each node, at the node's slot --> says so by a byte --> the machine goes on, the worker when gdb lets it
 *
 * The run does not notice: virtual time is no time of the host's, and breakpoints are in pages of the worker that no node and
 * no program reads.  The nodes' programs are the worker's tracees; gdb never has to do with them.
 *
 * When gdb ends before the run, the run goes on without it; when the run ends first, its trace is finished, and what it came to is
 * shown when gdb has ended.
 */
#include "machine-int.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "command.h"
#include "gdb-start.h"
#include "interrupt.h"
#include "loader.h"
#include "node-int.h"

#define GDB_PATIENCE_MS 1000	/* after it was told to end */

/* Python for gdb.  Before it stand: what is known of this run. */
static const char script[] =
	"import gdb, os, struct\n"
	"kernels = {}\n"
	"def hindcast_word(address):\n"
	"    return struct.unpack('<Q', gdb.selected_inferior().read_memory(address, 8).tobytes())[0]\n"
	"def hindcast_place(address):\n"
	"    number = (address - slots) // slot_size + 1\n"
	"    return number if number in nodes and (address - slots) % slot_size < image_max else 0\n"
	/* The recorder may be at work for a kernel, a few frames above it. */
	"def hindcast_current():\n"
	"    frame = gdb.newest_frame()\n"
	"    for _ in range(64):\n"
	"        if frame is None or hindcast_place(frame.pc()):\n"
	"            break\n"
	"        frame = frame.older()\n"
	"    return hindcast_place(frame.pc()) if frame is not None else 0\n"
	"def hindcast_number(node):\n"
	"    if node.type.code in (gdb.TYPE_CODE_ARRAY, gdb.TYPE_CODE_PTR):\n"
	"        found = [n for n in nodes if nodes[n] == node.string()]\n"
	"    else:\n"
	"        found = [n for n in nodes if n == int(node)]\n"
	"    if not found:\n"
	"        raise gdb.GdbError('the experiment has no host %s' % node)\n"
	"    return found[0]\n"
	"def hindcast_vtime(number):\n"
	"    return hindcast_word(hindcast_word(hindcast_word(slots + (number - 1) * slot_size + host_at) + ctx_at) + now_at)\n"
	"def hindcast_text(vtime):\n"
	"    return '%d.%09d s' % divmod(vtime, 10 ** 9)\n"
	"class Node(gdb.Function):\n"
	"    'The name of the node whose kernel runs, \"\" when none does; $_node(NAME or NUMBER): whether it is that one.'\n"
	"    def __init__(self):\n"
	"        super().__init__('_node')\n"
	"    def invoke(self, node=None):\n"
	"        number = hindcast_current()\n"
	"        return nodes.get(number, '') if node is None else number == hindcast_number(node)\n"
	"class NodeId(gdb.Function):\n"
	"    'The number of the node whose kernel runs, 0 when none does.'\n"
	"    def __init__(self):\n"
	"        super().__init__('_node_id')\n"
	"    def invoke(self):\n"
	"        return hindcast_current()\n"
	"class Vtime(gdb.Function):\n"
	"    'The virtual time of the node whose kernel runs, or of a node by its name or number, in ns.'\n"
	"    def __init__(self):\n"
	"        super().__init__('_vtime')\n"
	"    def invoke(self, node=None):\n"
	"        number = hindcast_number(node) if node is not None else hindcast_current()\n"
	"        if not number:\n"
	"            raise gdb.GdbError('no kernel runs; $_vtime(NODE) is that of a node')\n"
	"        return hindcast_vtime(number)\n"
	"class Kernel(gdb.Function):\n"
	"    'A variable of the kernel that runs, or of that of a node by its name or number, also one that its file hides.'\n"
	"    def __init__(self):\n"
	"        super().__init__('_kernel')\n"
	"    def invoke(self, name, node=None):\n"
	"        number = hindcast_number(node) if node is not None else hindcast_current()\n"
	"        if not number:\n"
	"            raise gdb.GdbError('no kernel runs; $_kernel(NAME, NODE) is that of a node')\n"
	"        name = name.string()\n"
	"        symbol = kernels[number].lookup_global_symbol(name) or kernels[number].lookup_static_symbol(name)\n"
	"        if symbol is None:\n"
	"            raise gdb.GdbError('the kernel has no %s' % name)\n"
	"        return symbol.value()\n"
	"class Nodes(gdb.Command):\n"
	"    'Lists the nodes: number, address of the kernel, virtual time, name. A * is where the kernel runs.'\n"
	"    def __init__(self):\n"
	"        super().__init__('nodes', gdb.COMMAND_STATUS)\n"
	"    def invoke(self, argument, from_tty):\n"
	"        current = hindcast_current()\n"
	"        for n in nodes:\n"
	"            try:\n"
	"                vtime = hindcast_text(hindcast_vtime(n))\n"
	"            except gdb.MemoryError:\n"
	"                vtime = 'down'\n"
	"            mark = '*' if n == current else ' '\n"
	"            gdb.write('%s %4d  %#x  %18s  %s\\n' % (mark, n, slots + (n - 1) * slot_size, vtime, nodes[n]))\n"
	"def hindcast_stopped(event):\n"
	"    number = hindcast_current()\n"
	"    if number and type(event) is not gdb.StopEvent:\n"	/* no step */
	"        gdb.write('Node %d \"%s\", at %s\\n' % (number, nodes[number], hindcast_text(hindcast_vtime(number))))\n"
	"def hindcast_exited(event):\n"
	"    if hasattr(event, 'exit_code'):\n"
	"        gdb.write('The run has ended; `quit` shows what it came to.\\n')\n"
	"def hindcast_begin():\n"
	"    global host_at\n"
	/* The recorder's own: clocks, the ends of slices, its tracees' stops, the kernels' faults. */
	"    gdb.execute('handle all nostop noprint pass', to_string=True)\n"
	"    gdb.execute('handle SIGINT stop print nopass', to_string=True)\n"
	"    gdb.execute('set suppress-cli-notifications on')\n"
	"    gdb.execute('attach %d' % worker, to_string=True)\n"
	"    gdb.execute('set suppress-cli-notifications off')\n"
	"    for n in nodes:\n"
	"        gdb.execute('add-symbol-file \"%s\" -o %#x' % (debug_file, slots + (n - 1) * slot_size), to_string=True)\n"
	"        kernels[n] = gdb.objfiles()[-1]\n"
	"    host_at = int(gdb.parse_and_eval('(unsigned long)&kg_host')) % slot_size\n"
	"    Node(), NodeId(), Vtime(), Kernel(), Nodes()\n"
	"    gdb.events.stop.connect(hindcast_stopped)\n"
	"    gdb.events.exited.connect(hindcast_exited)\n"
	"    gdb.write('The kernels of %d nodes have booted. `nodes` lists them, `continue` begins the run.\\n' % len(nodes))\n"
	"try:\n"
	"    hindcast_begin()\n"
	"except gdb.error as error:\n"
	"    gdb.write('%s\\n' % error, gdb.STDERR)\n"
	"    gdb.execute('quit 1')\n"
	"os.write(ready, b'!')\n"
	"os.close(ready)\n";

/* A path as a string of Python. */
static void put_quoted(FILE *to, const char *text)
{
	fputc('\'', to);
	for (; *text; text++)
		fprintf(to, strchr("'\\\n", *text) ? "\\x%02x" : "%c", (unsigned char)*text);
	fputc('\'', to);
}

/* A file without a name.  The descriptor, or -errno. */
static int write_script(const struct rec__machine *m, int ready)
{
	_cleanup_close_ int fd = memfd_create("hindcast-gdb", MFD_CLOEXEC);
	FILE *const to = fd < 0 ? NULL : fdopen(fcntl(fd, F_DUPFD_CLOEXEC, 0), "w");

	if (!to)
		return -errno;
	fprintf(to, "slots, slot_size, image_max = %llu, %llu, %llu\n", KG_SLOTS_START, KG_SLOT_SIZE, KG_MEMORY_AT);
	fprintf(to, "ctx_at, now_at, worker, ready = %zu, %zu, %d, %d\nnodes = {", offsetof(struct kg_host, ctx),
		offsetof(struct rec_node, now), m->crews[0].pid, ready);
	for (size_t i = 0; i < m->exp->node_count; i++)
		if (!m->exp->nodes[i].medium)
			fprintf(to, "%zu: '%s', ", i + 1, m->exp->nodes[i].name);
	fprintf(to, "}\ndebug_file = ");
	put_quoted(to, m->options.debug_path);
	fprintf(to, "\n%s", script);
	return fclose(to) == 0 ? STEAL_FD(fd) : -errno;
}

__attribute__((noreturn)) static void be_gdb(const struct rec__machine *m, int script_fd, int ready)
{
	_cleanup_free_ char *command = fmt_text_of("python exec(open('/proc/self/fd/%d').read())", script_fd);
	const char *const own[] = {
		"-iex", "set pagination off", "-iex", "set confirm off", "-iex", "set debuginfod enabled off",
		"-ex", command, NULL,
	};

	rec_interrupt_leave();
	fcntl(script_fd, F_SETFD, 0);
	fcntl(ready, F_SETFD, 0);
	rec_gdb_exec(own, m->options.gdb_arguments);
}

static int fail(struct rec__machine *m, int error)
{
	return rec__machine_fail(m, error, "gdb cannot be started: %s", strerror(-error));
}

int rec__machine_gdb_begin(struct rec__machine *m)
{
	int ready[2];
	char byte;

	if (!m->options.debug_path)
		return 0;
	if (pipe2(ready, O_CLOEXEC) < 0)
		return fail(m, -errno);
	_cleanup_close_ int ready_fd = ready[0], told_fd = ready[1];
	_cleanup_close_ int script_fd = write_script(m, told_fd);

	if (script_fd < 0)
		return fail(m, script_fd);
	fflush(NULL);
	const pid_t pid = fork();

	if (pid == 0)
		be_gdb(m, script_fd, told_fd);
	if (pid < 0)
		return fail(m, -errno);
	const int pidfd = pidfd_open(pid, 0);

	if (pidfd < 0) {
		const int error = -errno;

		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return fail(m, error);
	}
	m->gdb = pid;
	m->gdb_pidfd = pidfd;
	rec_interrupt_spare(true);	/* ^C is gdb's */
	close(STEAL_FD(told_fd));
	while (!rec_interrupted()) {
		const ssize_t got = read(ready_fd, &byte, 1);

		if (got > 0)
			return 0;
		if (got == 0 || errno != EINTR)
			return rec__machine_fail(m, -ENOSYS, "gdb has ended, or failed, before it had the nodes' kernels");
	}
	return 0;
}

void rec__machine_gdb_ended(struct rec__machine *m)
{
	while (waitpid(m->gdb, NULL, 0) < 0 && errno == EINTR)
		;
	m->gdb = 0;
	close(STEAL_FD(m->gdb_pidfd));
	rec_interrupt_spare(false);
}

void rec__machine_gdb_end(struct rec__machine *m)
{
	struct pollfd polls[] = {{.fd = m->gdb_pidfd, .events = POLLIN}, {.fd = rec_interrupt_fd(), .events = POLLIN}};

	while (poll(polls, 2, -1) < 0 && errno == EINTR)
		;
	/* SIGTERM is not heard by a gdb that reads commands from a pipe; SIGHUP it obeys, and leaves the terminal as it was. */
	if (!polls[0].revents && (kill(m->gdb, SIGHUP) < 0 || poll(polls, 1, GDB_PATIENCE_MS) <= 0))
		kill(m->gdb, SIGKILL);
	rec__machine_gdb_ended(m);
}
