/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Symbols, stacks, variables, expressions, instructions and source of a live process: a child of this program, which stops in
 * the middle of a function whose variables are known here.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "disassembly.h"
#include "scopes.h"
#include "source.h"
#include "unit.h"
#include "variables.h"

/* ---- the process that is looked at ------------------------------------------------ */

enum color { RED = 1, GREEN = 2 };
struct pair {
	int first;
	unsigned low : 3, high : 5;
	const char *name;
	struct pair *next;
};

static struct pair last = {.first = 7, .low = 5, .high = 17, .name = "last", .next = NULL};
long test_global = 12345;

__attribute__((noinline, optimize("O0"))) static void leaf(int number, struct pair *list)
{
	volatile enum color color = GREEN;
	char text[16] = "some \"text\"";
	int numbers[5] = {1, 2, 3, 4, number};
	double half = 0.5;
	struct pair own = {.first = -number, .low = 1, .high = 2, .name = text, .next = list};

	raise(SIGSTOP);
	printf("%d %s %d %f %d\n", color, text, numbers[4], half, own.first);
}

__attribute__((noinline, optimize("O0"))) static int middle(int depth)
{
	struct pair first = {.first = 42, .name = "first", .next = &last};

	if (depth > 0)
		return middle(depth - 1) + 1;
	leaf(depth + 9, &first);
	return (int)first.first;
}

static __thread volatile long own_number = 1;
static volatile int seed = 4;

/* Sanitizers would let the compiler forget what is looked at. */
#define AS_WRITTEN no_sanitize("address", "undefined")

/* The compiler makes one frame of these three. */
__attribute__((always_inline, AS_WRITTEN)) static inline int innermost(int depth)
{
	volatile int tripled = 3 * depth;
	const int got = middle(depth);

	return got + tripled;
}

__attribute__((always_inline, AS_WRITTEN)) static inline int between(int base)
{
	volatile int added = base + 100;

	{
		volatile int block = added + 1;
		const int got = innermost(base - 1);

		return got + block;
	}
}

__attribute__((noinline, AS_WRITTEN)) static int around(int number)
{
	volatile int outer = number * 1000;
	const int got = between(number);

	return got + outer;
}

/* Stands where its variables are in registers that only floating point has. */
__attribute__((noinline)) static double floating(double number)
{
	double half = number * 0.5;
	float narrow = (float)number + 1;

	__asm__ volatile("int3" : "+x"(half), "+x"(narrow));
	return half + (double)narrow;
}

__attribute__((noreturn)) static void be_looked_at(void)
{
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	own_number = seed + 38;
	const int got = around(seed);

	_exit(floating(seed + 0.5) + got > 1000);
}

/* ---- the target -------------------------------------------------------------------------- */

struct live {
	pid_t pid;
	struct rep_target_map maps[256];
	char paths[256][256];
	size_t count;
};

static size_t live_read(void *arg, void *to, uint64_t addr, size_t size)
{
	const struct live *live = arg;
	const struct iovec local = {to, size}, remote = {(void *)addr, size};
	const ssize_t n = process_vm_readv(live->pid, &local, 1, &remote, 1, 0);

	return n < 0 ? 0 : (size_t)n;
}

static size_t live_maps(void *arg, const struct rep_target_map **ret)
{
	struct live *live = arg;

	*ret = live->maps;
	return live->count;
}

static int live_open(void *arg, const struct rep_target_map *map)
{
	(void)arg;
	return open(map->path, O_RDONLY | O_CLOEXEC);
}

static void read_maps(struct live *live)
{
	char path[64], line[512];

	snprintf(path, sizeof(path), "/proc/%d/maps", live->pid);
	FILE *file = fopen(path, "re");

	HOLDS(file);
	while (fgets(line, sizeof(line), file) && live->count < 256) {
		struct rep_target_map *map = &live->maps[live->count];
		unsigned long long start, end, offset, inode;

		if (sscanf(line, "%llx-%llx %*s %llx %*s %llu %255s", &start, &end, &offset, &inode,
			   live->paths[live->count]) == 5 && inode)
			*map = (struct rep_target_map){start, end, offset, live->paths[live->count++], inode};
	}
	fclose(file);
}

static const struct rep_target_ops live_ops = {.read = live_read, .maps = live_maps, .open = live_open};
static struct live live;
static const struct rep_target target = {&live_ops, &live};
static struct rep_symbols *symbols;
static struct rep_frame frames[64];
static size_t frame_count;

/* Until it stops, and what its stack is there. */
static void await_stop(int signo)
{
	struct user_regs_struct regs;
	int status;

	HOLDS(waitpid(live.pid, &status, 0) == live.pid && WIFSTOPPED(status) && WSTOPSIG(status) == signo);
	HOLDS(ptrace(PTRACE_GETREGS, live.pid, NULL, &regs) == 0);
	if (!symbols) {
		read_maps(&live);
		symbols = rep_symbols_new();
	}
	frame_count = rep_unwind_inlined(symbols, &target, &regs, frames, 64);
}

__attribute__((noinline)) static void start(void)
{
	live.pid = fork();
	HOLDS(live.pid >= 0);
	if (live.pid == 0)
		be_looked_at();
	await_stop(SIGSTOP);
}

/* ---- what is asked ------------------------------------------------------------------------- */

/* Valid until the next call. */
static const char *function_of(size_t frame)
{
	static struct rep_place_info info;

	rep_place_of_frame(symbols, &target, &frames[frame], &info);
	return info.function ? info.function : "";
}

static size_t frame_named(const char *name)
{
	for (size_t i = 0; i < frame_count; i++)
		if (strcmp(function_of(i), name) == 0)
			return i;
	return SIZE_MAX;
}

static void test_stack(void)
{
	part("stack");
	const size_t leaf_at = frame_named("leaf");
	struct rep_place_info info;

	HOLDS(leaf_at < frame_count);
	for (size_t i = 1; i <= 4; i++)
		STRING(function_of(leaf_at + i), "middle");
	STRING(function_of(leaf_at + 8), "be_looked_at");
	STRING(function_of(leaf_at + 9), "start");
	STRING(function_of(leaf_at + 10), "main");
	rep_place_of(symbols, &target, rep_frame_place(&frames[leaf_at]), &info);
	HOLDS(info.file && strstr(info.file, "test-symbols.c"));
	HOLDS(info.line > 30 && info.line < 60);
	HOLDS(info.line_start <= rep_frame_place(&frames[leaf_at]) && rep_frame_place(&frames[leaf_at]) < info.line_end);
}

static void expect(size_t frame, const char *expression, const char *value)
{
	struct rep_place place;
	struct rep_variable variable = {0};
	struct fmt_error error = {{0}};

	rep_place_init(&place, symbols, &target, &frames[frame]);
	const int r = rep_evaluate(&place, expression, &variable, &error);

	if (r < 0)
		snprintf(variable.value, sizeof(variable.value), "%d: %.200s", r, error.text);
	STRING(variable.value, value);
}

static void test_values(void)
{
	part("values");
	const size_t at = frame_named("leaf");

	expect(at, "number", "9");
	expect(at, "color", "GREEN");
	expect(at, "text", "\"some \\\"text\\\"\"");
	expect(at, "numbers", "{1, 2, 3, 4, 9}");
	expect(at, "numbers[4] + 1", "10");
	expect(at, "half", "0.5");
	expect(at, "own.first", "-9");
	expect(at, "own.high", "2");
	expect(at, "list->first", "42");
	expect(at, "list->next->high", "17");
	expect(at, "(*list->next).low == 5 && list->next->next == 0", "1");
	expect(at, "own.first < 0", "1");
	expect(at, "1 + 2 * 3 - 4 / 2", "5");
	expect(at, "!(number != 9) || 0", "1");
	expect(at, "test_global", "12345");
	expect(at + 1, "depth", "0");
	expect(at + 2, "depth", "1");
	expect(at + 4, "depth", "3");
	expect(at + 1, "$pc == $rip", "1");
}

struct names {
	char text[512];
};

static bool note(void *arg, const struct rep_variable *variable)
{
	struct names *names = arg;
	const size_t used = strlen(names->text);

	snprintf(names->text + used, sizeof(names->text) - used, "%s:%s ", variable->name, variable->type);
	return true;
}

static int line_of(size_t frame)
{
	struct rep_place_info info;

	rep_place_of_frame(symbols, &target, &frames[frame], &info);
	HOLDS(info.file && strstr(info.file, "test-symbols.c"));
	return info.line;
}

/* Three functions, each with its name, its line and its variables, in one frame of the machine. */
static void test_inlined(void)
{
	part("inlined functions");
	const size_t at = frame_named("leaf") + 5;
	static const char *const names[] = {"innermost", "between", "around"};
	struct rep_place place;
	struct names locals = {""};

	for (size_t i = 0; i < 3; i++) {
		STRING(function_of(at + i), names[i]);
		EQUAL(frames[at + i].level, i);
		EQUAL(frames[at + i].inlined, i < 2);
		EQUAL(frames[at + i].pc, frames[at].pc);
		EQUAL(frames[at + i].cfa, frames[at].cfa);
	}
	EQUAL(frames[at + 3].level, 0);
	HOLDS(line_of(at) < line_of(at + 1) && line_of(at + 1) < line_of(at + 2));
	expect(at, "tripled", "9");
	expect(at + 1, "added", "104");
	expect(at + 1, "block", "105");
	expect(at + 2, "outer", "4000");
	rep_place_init(&place, symbols, &target, &frames[at + 1]);
	rep_variables_of(&place, REP_SCOPE_LOCALS, note, &locals);
	HOLDS(strstr(locals.text, "block:") && strstr(locals.text, "added:") && strstr(locals.text, "base:"));
	HOLDS(!strstr(locals.text, "tripled:") && !strstr(locals.text, "outer:"));
	/* An array that ends in the middle of them. */
	struct rep_frame few[8];

	EQUAL(rep_unwind_inlined(symbols, &target, &frames[0].regs, few, 8), 8);
}

static void test_own(void)
{
	part("variables of a thread");
	expect(frame_named("leaf"), "own_number", "42");
	expect(frame_named("around"), "own_number + 1", "43");
}

static void expect_floating(const struct user_fpregs_struct *fpregs, const char *name, const char *value)
{
	struct rep_variable variable = {0};
	struct rep_place place;

	rep_place_init(&place, symbols, &target, &frames[0]);
	place.fpregs = fpregs;
	HOLDS(rep_variable_find(&place, name, &variable));
	STRING(variable.value, value);
}

/* Last: it goes on from where all others look. */
static void test_floating(void)
{
	struct user_fpregs_struct fpregs;

	part("variables in registers of floating point");
	HOLDS(ptrace(PTRACE_CONT, live.pid, NULL, NULL) == 0);
	await_stop(SIGTRAP);
	HOLDS(ptrace(PTRACE_GETFPREGS, live.pid, NULL, &fpregs) == 0);
	STRING(function_of(0), "floating");
	expect_floating(&fpregs, "half", "2.25");
	expect_floating(&fpregs, "narrow", "5.5");
	expect_floating(NULL, "half", "optimised away");
}

static void test_wrong_expressions(void)
{
	part("wrong expressions");
	static const char *const wrong[] = {"", "nothing", "number +", "(number", "number)", "numbers[", "own.none", "5->x",
					    "*number", "$xyz", "number / 0", "&5", "list->first.x", "own + 1"};
	struct rep_place place;
	struct rep_variable variable;
	struct fmt_error error;

	rep_place_init(&place, symbols, &target, &frames[frame_named("leaf")]);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		error.text[0] = '\0';
		const int r = rep_evaluate(&place, wrong[i], &variable, &error);

		if (r >= 0 || !error.text[0])
			printf("\"%s\" gave %d \"%s\"\n", wrong[i], r, error.text);
		HOLDS(r < 0 && error.text[0]);
	}
}

static void test_lists(void)
{
	part("lists");
	struct rep_place place;
	struct names arguments = {""}, locals = {""}, within = {""};
	struct rep_variable own, again;
	char handle[32];

	rep_place_init(&place, symbols, &target, &frames[frame_named("leaf")]);
	rep_variables_of(&place, REP_SCOPE_ARGUMENTS, note, &arguments);
	STRING(arguments.text, "number:int list:struct pair * ");
	rep_variables_of(&place, REP_SCOPE_LOCALS, note, &locals);
	HOLDS(strstr(locals.text, "text:char [16] ") && strstr(locals.text, "color:volatile enum color "));
	HOLDS(rep_evaluate(&place, "own", &own, NULL) == 0);
	EQUAL(own.kind, REP_VARIABLE_STRUCT);
	rep_variable_handle(&own, handle);
	HOLDS(rep_variable_of_handle(&place, handle, own.addr, &again));
	STRING(again.value, own.value);
	rep_variable_within(&place, &again, 0, UINT64_MAX, note, &within);
	STRING(within.text, "first:int low:unsigned int high:unsigned int name:const char * next:struct pair * ");
	HOLDS(!rep_variable_of_handle(&place, "x", 0, &again) && !rep_variable_of_handle(&place, "9999:0", 0, &again));
}

static void test_addresses(void)
{
	part("addresses");
	uint64_t at[8];
	struct rep_place_info info;
	struct rep_instruction instructions[8];
	uint64_t function = 0;

	EQUAL(rep_function_addresses(symbols, &target, "middle", &function, 1), 1);
	rep_place_of(symbols, &target, function, &info);
	STRING(info.function, "middle");
	HOLDS(rep_line_addresses(symbols, &target, "test-symbols.c", info.line, at, 8) >= 1);
	rep_place_of(symbols, &target, at[0], &info);
	STRING(info.function, "middle");
	EQUAL(rep_function_addresses(symbols, &target, "no_such_function", at, 8), 0);
	EQUAL(rep_line_addresses(symbols, &target, "no-such-file.c", 1, at, 8), 0);
	EQUAL(rep_disassemble(symbols, &target, function, instructions, 8), 8);
	for (size_t i = 1; i < 8; i++)
		EQUAL(instructions[i].addr, instructions[i - 1].addr + instructions[i - 1].size);
	EQUAL(rep_disassemble(symbols, &target, 0x10, instructions, 8), 0);
}

/* As test_stack(), where no table tells how to unwind. */
static void test_frame_pointers(void)
{
	part("frame pointers");
	const size_t at = frame_named("middle");
	struct rep_symbols *blind = rep_symbols_new();
	struct rep_frame found[8];
	uint64_t bias;
	struct rep_module *module = (struct rep_module *)rep_module_at(blind, &target, frames[at].pc, &bias);

	HOLDS(module);
	module->unwind_table = 0;
	HOLDS(rep_unwind(blind, &target, &frames[at].regs, found, 8) >= 4);
	for (size_t i = 1; i < 4; i++)
		EQUAL(found[i].pc, frames[at + i].pc);
	rep_symbols_free(blind);
}

static void test_source(void)
{
	part("source");
	_cleanup_(rep_source_freep) struct rep_source *source = rep_source_new(NULL);
	_cleanup_(fmt_buf_done) struct fmt_buf text = {0}, path = {0};

	EQUAL(rep_source_read(source, "/nowhere/tests/unit/test-symbols.c", &text, &path), -ENOENT);
	rep_source_add_root(source, ".");
	EQUAL(rep_source_read(source, "/nowhere/tests/unit/test-symbols.c", &text, &path), 0);
	HOLDS(text.size > 100 && memmem(text.data, text.size, "test_source", 11));
	EQUAL(rep_source_read(source, "../etc/passwd", &text, &path), -ENOENT);
}

int main(void)
{
	start();
	test_stack();
	test_values();
	test_wrong_expressions();
	test_lists();
	test_addresses();
	test_frame_pointers();
	test_source();
	test_inlined();
	test_own();
	test_floating();
	rep_symbols_free(symbols);
	kill(live.pid, SIGKILL);
	waitpid(live.pid, NULL, 0);
	return done();
}
