/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gdb-query.c - what gdb asks before it shows anything: abilities, threads, programs, libraries, mappings. */
#include "gdb-int.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/check.h"
#include "effect.h"
#include "gdb-registers.h"

#define AUXV_MAX 64
#define LIBRARY_MAX 4096
#define PHDR_MAX 64
#define PATH_SIZE 4096

/* What the dynamic linker keeps for debuggers, as <link.h> has it. */
struct debug_list {
	uint64_t version, first;
};
struct library {
	uint64_t addr, name, dynamic, next, previous;
};

static const char features[] =
	"PacketSize=20000;QStartNoAckMode+;multiprocess+;swbreak+;hwbreak+;vContSupported+;ReverseStep+;ReverseContinue+;"
	"qXfer:features:read+;qXfer:threads:read+;qXfer:auxv:read+;qXfer:exec-file:read+;"
	"qXfer:libraries-svr4:read+;augmented-libraries-svr4-read+;qXfer:memory-map:read+";

static size_t read_memory(struct rep_gdb *gdb, void *to, uint64_t addr, size_t size)
{
	return rep_timeline_read(gdb->tl, gdb->general.node, gdb->general.pid, to, addr, size);
}

/* Text in an attribute of XML. */
static void put_xml(struct fmt_buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '<' || *text == '>' || *text == '&' || *text == '"')
			rep__gdb_print(out, "&#%d;", *text);
		else if ((unsigned char)*text >= ' ')
			fmt_buf_put(out, text, 1);
	}
}

/* ---- threads ---------------------------------------------------------- */

static void put_threads(struct rep_gdb *gdb)
{
	const struct rep_thread_info *threads;
	const size_t count = rep_timeline_threads(gdb->tl, &threads);
	struct fmt_buf *out = &gdb->object;

	rep__gdb_print(out, "<?xml version=\"1.0\"?><threads>");
	for (size_t i = 0; i < count; i++) {
		const struct rep_thread_info *t = &threads[i];

		if (!t->has_program || !rep__gdb_knows(gdb, t->node, t->pid))
			continue;
		rep__gdb_print(out, "<thread id=\"p%" PRIx64 ".%" PRIx64 "\" name=\"", rep__gdb_id(t->node, t->pid),
			       rep__gdb_id(t->node, t->tid));
		put_xml(out, t->name);
		rep__gdb_print(out, " on ");
		put_xml(out, t->node_name);
		rep__gdb_print(out, "\">%s</thread>", t->is_next ? "next" : t->in_syscall ? "in a system call" : "");
	}
	rep__gdb_print(out, "</threads>");
}

/* ---- the program ------------------------------------------------------ */

/* The stack from its pointer on, as the last exec made it; borrowed until the trace is read again.  What stands there later
 * is the program's: nginx, for one, ends its arguments early to write its title over them. */
static struct fmt_bytes first_stack(struct rep_gdb *gdb)
{
	struct user_regs_struct regs;
	struct fmt_effect effect;
	struct fmt_event event;
	struct fmt_ev_exec ev;
	event_seq seq;
	size_t pos = 0;

	if (rep_timeline_exec(gdb->tl, gdb->general.node, gdb->general.pid, &seq) < 0 ||
	    fmt_reader_event(rep_timeline_reader(gdb->tl), seq, &event, NULL) < 0 ||
	    fmt_get_exec(&event, &ev) < 0 || ev.regs.size < sizeof(regs))
		return (struct fmt_bytes){0};
	memcpy(&regs, ev.regs.data, sizeof(regs));
	while (fmt_effect_next(ev.effects.data, ev.effects.size, &pos, &effect) > 0)
		if (effect.op == FMT_EFFECT_WRITE && regs.rsp >= effect.addr && regs.rsp - effect.addr < effect.size)
			return (struct fmt_bytes){effect.bytes + (regs.rsp - effect.addr),
						  effect.size - (regs.rsp - effect.addr)};
	return (struct fmt_bytes){0};
}

/* The auxiliary vector stands behind the count of arguments, the arguments and the environment; both end with 0. */
static size_t read_auxv(struct rep_gdb *gdb, Elf64_auxv_t ret[AUXV_MAX])
{
	const struct fmt_bytes stack = first_stack(gdb);
	uint64_t at = sizeof(uint64_t), word;
	int ends = 0;

	for (; ends < 2 && at + sizeof(word) <= stack.size; at += sizeof(word)) {
		memcpy(&word, stack.data + at, sizeof(word));
		ends += word == 0;
	}
	for (size_t count = 0; count < AUXV_MAX && at + sizeof(*ret) <= stack.size; at += sizeof(*ret)) {
		memcpy(&ret[count], stack.data + at, sizeof(*ret));
		if (ret[count++].a_type == AT_NULL)
			return count;
	}
	return 0;
}

static void put_auxv(struct rep_gdb *gdb)
{
	Elf64_auxv_t auxv[AUXV_MAX];

	fmt_buf_put(&gdb->object, auxv, read_auxv(gdb, auxv) * sizeof(*auxv));
}

static void put_exec_file(struct rep_gdb *gdb, const char *annex)
{
	const uint64_t id = *annex ? strtoull(annex, NULL, 16) : rep__gdb_id(gdb->general.node, gdb->general.pid);
	const char *path;
	uint64_t file;

	if (rep_timeline_program(gdb->tl, (node_id)(id / REP_GDB_NODE), (uint32_t)(id % REP_GDB_NODE), &path, &file) == 0)
		rep__gdb_print(&gdb->object, "%s", path);
}

/* ---- libraries --------------------------------------------------------- */

static uint64_t aux_value(const Elf64_auxv_t *auxv, size_t count, uint64_t type)
{
	for (size_t i = 0; i < count; i++)
		if (auxv[i].a_type == type)
			return auxv[i].a_un.a_val;
	return 0;
}

/* The list that the dynamic linker keeps for debuggers: by the program's headers to its dynamic section, and from there. */
static uint64_t find_debug(struct rep_gdb *gdb)
{
	Elf64_auxv_t auxv[AUXV_MAX];
	const size_t count = read_auxv(gdb, auxv);
	const uint64_t at = aux_value(auxv, count, AT_PHDR);
	const uint64_t phnum = aux_value(auxv, count, AT_PHNUM);
	uint64_t dynamic = 0, bias = 0;
	Elf64_Phdr phdr;
	Elf64_Dyn dyn;

	for (uint64_t i = 0; i < phnum && i < PHDR_MAX; i++) {
		if (read_memory(gdb, &phdr, at + i * sizeof(phdr), sizeof(phdr)) != sizeof(phdr))
			return 0;
		if (phdr.p_type == PT_PHDR)
			bias = at - phdr.p_vaddr;
		if (phdr.p_type == PT_DYNAMIC)
			dynamic = phdr.p_vaddr;
	}
	for (uint64_t i = 0; dynamic && i < LIBRARY_MAX; i++) {
		if (read_memory(gdb, &dyn, bias + dynamic + i * sizeof(dyn), sizeof(dyn)) != sizeof(dyn) ||
		    dyn.d_tag == DT_NULL)
			return 0;
		if (dyn.d_tag == DT_DEBUG)
			return dyn.d_un.d_ptr;
	}
	return 0;
}

/* The path of the file that is mapped at an address; the linker's own name may be a link to it. */
static const char *path_at(const struct rep_mapping *mappings, size_t count, uint64_t addr)
{
	for (size_t i = 0; i < count; i++)
		if (addr >= mappings[i].start && addr < mappings[i].end && mappings[i].file)
			return mappings[i].path;
	return NULL;
}

static void put_libraries(struct rep_gdb *gdb)
{
	const struct rep_mapping *mappings = NULL;
	struct fmt_buf *out = &gdb->object;
	struct debug_list debug = {0};
	struct library map;
	size_t count = 0;
	const uint64_t at = find_debug(gdb);

	rep__gdb_print(out, "<library-list-svr4 version=\"1.0\"");
	if (!at || read_memory(gdb, &debug, at, sizeof(debug)) != sizeof(debug) ||
	    rep_timeline_mappings(gdb->tl, gdb->general.node, gdb->general.pid, &mappings, &count) < 0) {
		rep__gdb_print(out, "/>");
		return;
	}
	rep__gdb_print(out, " main-lm=\"0x%" PRIx64 "\">", debug.first);
	uint64_t lm = debug.first;

	for (size_t i = 0; lm && i < LIBRARY_MAX; i++) {
		if (read_memory(gdb, &map, lm, sizeof(map)) != sizeof(map))
			break;
		const char *path = i > 0 ? path_at(mappings, count, map.dynamic) : NULL;

		if (path) {
			rep__gdb_print(out, "<library name=\"");
			put_xml(out, path);
			rep__gdb_print(out, "\" lm=\"0x%" PRIx64 "\" l_addr=\"0x%" PRIx64 "\" l_ld=\"0x%" PRIx64 "\" lmid=\"0x0\"/>",
				       lm, map.addr, map.dynamic);
		}
		lm = map.next;
	}
	rep__gdb_print(out, "</library-list-svr4>");
}

/* ---- memory ------------------------------------------------------------ */

static void put_memory_map(struct rep_gdb *gdb)
{
	const struct rep_mapping *mappings;
	size_t count;

	rep__gdb_print(&gdb->object, "<?xml version=\"1.0\"?><memory-map>");
	if (rep_timeline_mappings(gdb->tl, gdb->general.node, gdb->general.pid, &mappings, &count) == 0)
		for (size_t i = 0; i < count; i++)
			rep__gdb_print(&gdb->object, "<memory type=\"ram\" start=\"0x%" PRIx64 "\" length=\"0x%" PRIx64 "\"/>",
				       mappings[i].start, mappings[i].end - mappings[i].start);
	rep__gdb_print(&gdb->object, "</memory-map>");
}

/* ---- objects in parts --------------------------------------------------- */

/* False: there is no such object. */
static bool make_object(struct rep_gdb *gdb, const char *name, const char *annex)
{
	fmt_buf_clear(&gdb->object);
	if (strcmp(name, "features") == 0)
		rep__gdb_registers_describe(&gdb->object);
	else if (strcmp(name, "threads") == 0)
		put_threads(gdb);
	else if (strcmp(name, "auxv") == 0)
		put_auxv(gdb);
	else if (strcmp(name, "exec-file") == 0)
		put_exec_file(gdb, annex);
	else if (strcmp(name, "libraries-svr4") == 0)
		put_libraries(gdb);
	else if (strcmp(name, "memory-map") == 0)
		put_memory_map(gdb);
	else
		return false;
	return true;
}

/* "threads:read::0,fff": name, read, annex, offset and size. */
static void on_xfer(struct rep_gdb *gdb, const char *text)
{
	char name[64], annex[256] = "";
	uint64_t offset, size;
	const char *place = strrchr(text, ':');

	if (!place || sscanf(text, "%63[^:]:read:%255[^:]", name, annex) < 1 ||
	    sscanf(place + 1, "%" SCNx64 ",%" SCNx64, &offset, &size) != 2)
		return;
	if (offset == 0 && !make_object(gdb, name, annex))
		return;
	const uint64_t all = gdb->object.size;
	const uint64_t from = offset < all ? offset : all;
	const uint64_t part = all - from < size ? all - from : size;

	fmt_buf_put(&gdb->reply, from + part < all ? "m" : "l", 1);
	fmt_buf_put(&gdb->reply, gdb->object.data + from, part);
}

/* ---- questions ----------------------------------------------------------- */

static void on_command(struct rep_gdb *gdb, const char *hex)
{
	char line[1024];

	line[rep__gdb_get_hex(hex, line, sizeof(line) - 1)] = '\0';
	rep__gdb_monitor(gdb, line);
	rep__gdb_print(&gdb->reply, "OK");
}

void rep__gdb_query(struct rep_gdb *gdb, const char *text)
{
	static const char xfer[] = "qXfer:", command[] = "qRcmd,";

	if (strncmp(text, "qSupported", 10) == 0)
		rep__gdb_print(&gdb->reply, "%s", features);
	else if (strcmp(text, "QStartNoAckMode") == 0)
		rep__gdb_print(&gdb->reply, "OK");
	else if (strncmp(text, "qAttached", 9) == 0)
		rep__gdb_print(&gdb->reply, "1");
	else if (strcmp(text, "qC") == 0)
		rep__gdb_print(&gdb->reply, "QCp%" PRIx64 ".%" PRIx64, rep__gdb_id(gdb->general.node, gdb->general.pid),
			       rep__gdb_id(gdb->general.node, gdb->general.tid));
	else if (strncmp(text, "qSymbol", 7) == 0)
		rep__gdb_print(&gdb->reply, "OK");
	else if (strncmp(text, xfer, sizeof(xfer) - 1) == 0)
		on_xfer(gdb, text + sizeof(xfer) - 1);
	else if (strncmp(text, command, sizeof(command) - 1) == 0)
		on_command(gdb, text + sizeof(command) - 1);
}
