/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hindcast.c - the front door: `hindcast COMMAND`.
 *
 * A command is a row of `commands`, an option is a row of `options`; a command names the options
 * that it takes.  Results go to standard output, progress and messages to standard error.
 *
 * Exit status, the same for every command: enum status.
 *
 * Longer than other files: it is many small functions with one user each, and the root of the tree
 * holds one C file.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "diff.h"
#include "dump.h"
#include "experiment.h"
#include "export.h"
#include "loader.h"
#include "machine.h"
#include "replay.h"
#include "sql.h"
#include "trace.h"
#include "tracee.h"

enum status {
	STATUS_OK = 0,
	STATUS_NO = 1,		/* an expectation failed, runs differ, replay diverged, damage was found */
	STATUS_USAGE = 2,	/* wrong usage or wrong input */
	STATUS_HOST = 3,	/* this host cannot do it; `hindcast doctor` says why */
	STATUS_BUG = 70,	/* a mistake of hindcast's own */
};

enum option_id {
	OPTION_CHECK,
	OPTION_CSV,
	OPTION_DATA,
	OPTION_HELP,
	OPTION_IGNORE,
	OPTION_JSON,
	OPTION_KERNEL,
	OPTION_MODEL,
	OPTION_NO_TRACE,
	OPTION_NODE,
	OPTION_OUTPUT,
	OPTION_PATIENCE,
	OPTION_QUIET,
	OPTION_SEED,
	OPTION_SET,
	OPTION_STORY,
	OPTION_UNTIL,
	OPTION_VERIFY,
	OPTION_WORKERS,
	OPTION_COUNT,
};

static const struct option_row {
	const char *name;
	char letter;		/* 0: none */
	const char *value;	/* what it takes, as help calls it; NULL: nothing */
	const char *help;
} options[OPTION_COUNT] = {
	[OPTION_CHECK] = {"check", 0, NULL, "say whether every event was as recorded, and nothing else"},
	[OPTION_CSV] = {"csv", 0, NULL, "comma-separated values"},
	[OPTION_DATA] = {"data", 0, "DIR", "where nodes keep their files and output (default: TRACE with .data)"},
	[OPTION_HELP] = {"help", 'h', NULL, "show this help"},
	[OPTION_IGNORE] = {"ignore", 0, "LIST", "what may differ: time, pids, ports, payload"},
	[OPTION_JSON] = {"json", 0, NULL, "output for programs"},
	[OPTION_KERNEL] = {"kernel", 0, "IMAGE", "kernel image of the nodes (default: $HINDCAST_KERNEL, or the built one)"},
	[OPTION_MODEL] = {"model", 0, "KEY=TIME,...", "what a system call and a look at the clock cost: syscall=1us,clock=20ns"},
	[OPTION_NO_TRACE] = {"no-trace", 0, NULL, "run without writing a trace"},
	[OPTION_NODE] = {"node", 0, "NAME", "only this node"},
	[OPTION_OUTPUT] = {"output", 'o', "FILE", "what to write (default: a trace in the experiment's folder; else standard output)"},
	[OPTION_PATIENCE] = {"patience", 0, "TIME", "wall time that a program may compute without a system call (default 2min; 0: any)"},
	[OPTION_QUIET] = {"quiet", 'q', NULL, "no progress"},
	[OPTION_SEED] = {"seed", 0, "N", "seed of all chance, instead of the experiment's"},
	[OPTION_SET] = {"set", 0, "KEY=VALUE", "change a value of the experiment, such as general.stop_time=5s"},
	[OPTION_STORY] = {"story", 0, NULL, "tell what happened in words, one line for each thing that matters"},
	[OPTION_UNTIL] = {"until", 0, "VTIME", "stop at this virtual time, such as 2s or 150ms"},
	[OPTION_VERIFY] = {"verify", 0, NULL, "record twice and compare the traces byte by byte"},
	[OPTION_WORKERS] = {"workers", 0, "N", "processes that share the nodes (default 1); the trace is the same"},
};

struct arguments {
	const char *value[OPTION_COUNT];	/* "" for a given option without a value */
	const char **set;			/* all --set, NULL terminated */
	size_t set_count;
	const char **operand;			/* NULL terminated */
	size_t operand_count;
	char *const *program;			/* after "--", NULL terminated; NULL without "--" */
};

struct command {
	const char *name;
	const char *usage;
	const char *summary;
	const char *options;			/* names, separated by spaces */
	size_t operand_min, operand_max;
	enum status (*run)(const struct arguments *args);
};

__attribute__((format(printf, 1, 2))) static void complain(const char *format, ...)
{
	va_list list;

	fputs("hindcast: ", stderr);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc('\n', stderr);
}

__attribute__((format(printf, 1, 2))) static char *text_of(const char *format, ...)
{
	char *text = NULL;
	va_list list;

	va_start(list, format);
	const int length = vasprintf(&text, format, list);
	va_end(list);
	CHECK(length >= 0);
	return text;
}

/* ---- names that nearly match ---------------------------------------- */

/* Levenshtein's distance, one row at a time; words longer than a name can be are far from all. */
static size_t distance(const char *a, const char *b)
{
	size_t row[32];
	const size_t length = strlen(b);

	if (length >= sizeof(row) / sizeof(row[0]))
		return SIZE_MAX;
	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 1; j <= length; j++) {
			const size_t above = row[j];
			size_t best = diagonal + (a[i] != b[j - 1]);

			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
			diagonal = above;
		}
	}
	return row[length];
}

struct nearest {
	const char *name;
	size_t distance;	/* a suggestion further off than 3 letters would be a guess */
};

static void nearest_try(struct nearest *nearest, const char *typed, const char *name)
{
	const size_t off = distance(typed, name);

	if (off < nearest->distance) {
		nearest->name = name;
		nearest->distance = off;
	}
}

/* ---- arguments ------------------------------------------------------ */

/* True when list has name among its words. */
static bool has_word(const char *list, const char *name)
{
	const size_t length = strlen(name);

	for (const char *at = list; (at = strstr(at, name)); at += length)
		if ((at == list || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
			return true;
	return false;
}

static bool command_takes(const struct command *command, enum option_id id)
{
	return id == OPTION_HELP || has_word(command->options, options[id].name);
}

/* The option that an argument such as --seed, --seed=7, -o or -oFILE names.  *ret_value: what follows in the
 * same argument, or NULL.  OPTION_COUNT: the command has no such option. */
static enum option_id option_find(const struct command *command, const char *argument, const char **ret_value)
{
	for (int id = 0; id < OPTION_COUNT; id++) {
		const struct option_row *row = &options[id];
		const size_t length = strlen(row->name);

		if (!command_takes(command, id))
			continue;
		if (row->letter && argument[1] == row->letter && (row->value || !argument[2])) {
			*ret_value = argument[2] ? argument + 2 : NULL;
			return id;
		}
		if (argument[1] != '-' || strncmp(argument + 2, row->name, length) != 0)
			continue;
		if (argument[2 + length] && argument[2 + length] != '=')
			continue;
		*ret_value = argument[2 + length] ? argument + 3 + length : NULL;
		return id;
	}
	return OPTION_COUNT;
}

static void complain_option(const struct command *command, const char *argument)
{
	struct nearest nearest = {NULL, 4};
	_cleanup_free_ char *name = strdup(argument + strspn(argument, "-"));

	CHECK(name);
	name[strcspn(name, "=")] = '\0';
	for (int id = 0; id < OPTION_COUNT; id++)
		if (command_takes(command, id))
			nearest_try(&nearest, name, options[id].name);
	if (nearest.name)
		complain("%s has no option %s; did you mean --%s?", command->name, argument,
			 nearest.name);
	else
		complain("%s has no option %s; see hindcast %s --help", command->name, argument,
			 command->name);
}

/* Takes one option off argv at *at.  False: wrong, and said so. */
static bool parse_option(const struct command *command, char *const *argv, size_t *at, struct arguments *ret)
{
	const char *value = NULL;
	const enum option_id id = option_find(command, argv[*at], &value);

	if (id == OPTION_COUNT) {
		complain_option(command, argv[*at]);
		return false;
	}
	if (!options[id].value && value) {
		complain("--%s takes no value", options[id].name);
		return false;
	}
	if (options[id].value && !value) {
		value = argv[*at + 1];
		if (!value) {
			complain("--%s needs a value: --%s %s", options[id].name, options[id].name,
				 options[id].value);
			return false;
		}
		(*at)++;
	}
	ret->value[id] = value ? value : "";
	if (id == OPTION_SET)
		ret->set[ret->set_count++] = value;
	return true;
}

/* Takes argv (what follows the command, NULL terminated) apart; operands and --set go to two
 * arrays as long as argv, which are the caller's to free, also after a failure. */
static bool parse(const struct command *command, char *const *argv, struct arguments *ret)
{
	size_t count = 0;

	while (argv[count])
		count++;
	ret->operand = calloc(count + 1, sizeof(*ret->operand));
	ret->set = calloc(count + 1, sizeof(*ret->set));
	CHECK(ret->operand && ret->set);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(argv[i], "--") == 0) {
			ret->program = argv + i + 1;
			break;
		}
		if (argv[i][0] != '-' || !argv[i][1])
			ret->operand[ret->operand_count++] = argv[i];
		else if (!parse_option(command, argv, &i, ret))
			return false;
	}
	return true;
}

static bool parse_number(const char *text, uint64_t *ret)
{
	char *end = NULL;

	errno = 0;
	const uint64_t value = strtoull(text, &end, 0);
	if (errno || end == text || *end || *text == '-')
		return false;
	*ret = value;
	return true;
}

/* "1.5s", "150ms", "2 min": virtual time; a number alone is seconds. */
static bool parse_vtime(const char *text, vtime_ns *ret)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {{"", 1e9},	   {"ns", 1},	 {"us", 1e3},	 {"ms", 1e6}, {"s", 1e9},
		     {"sec", 1e9}, {"m", 60e9}, {"min", 60e9}, {"h", 3600e9}};
	char *end = NULL;
	const double number = strtod(text, &end);

	if (end == text || !(number >= 0))
		return false;
	end += strspn(end, " ");
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		const double ns = number * units[i].ns;

		if (strcmp(end, units[i].name) != 0)
			continue;
		/* Below 2^63, so that the conversion is exact in range whatever follows. */
		if (!(ns < 9e18))
			return false;
		*ret = (vtime_ns)(ns + 0.5);
		return true;
	}
	return false;
}

/* ---- record --------------------------------------------------------- */

#define NS_PER_S 1000000000ull
#define MODEL_COST_MAX NS_PER_S
#define PATIENCE_DEFAULT_S 120

/* The kernel image, or NULL when there is none; the caller frees it. */
static char *find_kernel(const struct arguments *args)
{
	const char *const given = args->value[OPTION_KERNEL] ? args->value[OPTION_KERNEL]
							     : getenv("HINDCAST_KERNEL");
	char self[PATH_MAX];

	if (given && *given)
		return text_of("%s", given);
	/* In a build directory the image lies beside the program. */
	const ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (length > 0) {
		self[length] = '\0';
		_cleanup_free_ char *beside = text_of("%s/hindcast-kernel.so", dirname(self));

		if (access(beside, R_OK) == 0)
			return STEAL(beside);
	}
	if (access(HINDCAST_KERNEL_INSTALLED, R_OK) == 0)
		return text_of("%s", HINDCAST_KERNEL_INSTALLED);
	return NULL;
}

/* name without its last suffix of that spelling. */
static char *without_suffix(const char *name, const char *suffix)
{
	const size_t length = strlen(name), cut = strlen(suffix);

	if (length > cut && strcmp(name + length - cut, suffix) == 0)
		return text_of("%.*s", (int)(length - cut), name);
	return text_of("%s", name);
}

/* Where an experiment's trace goes unless -o says so: first-light/experiment.yaml gives
 * first-light/first-light.hct, first-light/slow.yaml gives first-light/slow.hct. */
static char *default_trace(const char *file)
{
	char folder[PATH_MAX];
	_cleanup_free_ char *copy_of_file = text_of("%s", file);
	_cleanup_free_ char *copy_of_path = text_of("%s", file);
	const char *const dir = dirname(copy_of_path);
	_cleanup_free_ char *stem = without_suffix(basename(copy_of_file), ".yaml");

	if (strcmp(stem, "experiment") == 0 && realpath(dir, folder))
		return text_of("%s/%s.hct", dir, basename(folder));
	return text_of("%s/%s.hct", dir, stem);
}

#define DATA_MARKER "hindcast-data"

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	/* The directory itself stays; its marker goes with the rest and is made again. */
	if (ftw->level == 0)
		return 0;
	return remove(path);
}

/* Makes an empty data directory.  One that exists is emptied when an earlier run left it, which its marker
 * shows; what somebody else keeps there is not ours to remove. */
static bool prepare_data(const char *dir)
{
	_cleanup_free_ char *marker = text_of("%s/" DATA_MARKER, dir);

	if (mkdir(dir, 0777) < 0) {
		if (errno != EEXIST) {
			complain("cannot make %s: %s", dir, strerror(errno));
			return false;
		}
		/* rmdir() tells whether it is empty; an empty one is as good as a new one. */
		if (access(marker, F_OK) < 0 && (rmdir(dir) < 0 || mkdir(dir, 0777) < 0)) {
			complain("%s exists and is not of an earlier run; name another with --data", dir);
			return false;
		}
		if (nftw(dir, remove_entry, 64, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) != 0) {
			complain("cannot empty %s: %s", dir, strerror(errno));
			return false;
		}
	}
	_cleanup_close_ int fd = open(marker, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0) {
		complain("cannot write to %s: %s", dir, strerror(errno));
		return false;
	}
	return true;
}

static enum status status_of_run(int error)
{
	switch (error) {
	case -ECHILD:
		return STATUS_BUG;
	case -EINVAL:
	case -ENOENT:
		return STATUS_USAGE;
	default:
		return STATUS_HOST;
	}
}

/* One run into trace (NULL: none) and data. */
static enum status record_once(const struct rec_experiment *exp, const struct rec_run_options *run,
			       struct rec_run_result *ret)
{
	struct rec_exp_error error = {0};

	if (!prepare_data(run->data_dir))
		return STATUS_USAGE;
	const int r = rec_machine_run(exp, run, ret, &error);
	if (r < 0) {
		complain("%s", error.text[0] ? error.text : strerror(-r));
		if (r == -ENOSYS)
			complain("`hindcast doctor` says what this host lacks");
		return status_of_run(r);
	}
	return STATUS_OK;
}

static void print_vtime(vtime_ns vtime)
{
	printf("%" PRIu64 ".%09" PRIu64 " s", vtime / 1000000000, vtime % 1000000000);
}

static void print_result(const struct rec_run_options *run, const struct rec_run_result *result)
{
	if (run->trace_path) {
		printf("trace    %s\nhash     ", run->trace_path);
		for (size_t i = 0; i < sizeof(result->hash); i++)
			printf("%02x", result->hash[i]);
		putchar('\n');
	}
	printf("events   %" PRIu64 "\npackets  %" PRIu64 "\nended    at ", result->events,
	       result->packets);
	print_vtime(result->end);
	printf(": %s\n", result->reason);
	if (result->failed_expectations)
		printf("failed   %zu expectation%s of the experiment\n",
		       result->failed_expectations, result->failed_expectations == 1 ? "" : "s");
}

/* True when two files have the same bytes.  Sets *ret_at to the first that differs. */
static bool same_bytes(const char *a, const char *b, uint64_t *ret_at)
{
	FILE *const file_a = fopen(a, "re"), *const file_b = fopen(b, "re");
	bool same = file_a && file_b;

	for (uint64_t at = 0; same; at++) {
		const int byte_a = getc_unlocked(file_a), byte_b = getc_unlocked(file_b);

		if (byte_a != byte_b) {
			*ret_at = at;
			same = false;
		} else if (byte_a == EOF) {
			break;
		}
	}
	if (file_a)
		fclose(file_a);
	if (file_b)
		fclose(file_b);
	return same;
}

/* Records a second time beside the first and compares.  What the second run made stays only when it differs. */
static enum status verify_run(const struct rec_experiment *exp, const struct rec_run_options *first)
{
	_cleanup_free_ char *stem = without_suffix(first->trace_path, ".hct");
	_cleanup_free_ char *trace = text_of("%s.verify.hct", stem);
	_cleanup_free_ char *data = text_of("%s.verify.data", stem);
	struct rec_run_options second = *first;
	struct rec_run_result result = {0};
	uint64_t at = 0;

	second.trace_path = trace;
	second.data_dir = data;
	const enum status status = record_once(exp, &second, &result);
	if (status != STATUS_OK)
		return status;
	if (!same_bytes(first->trace_path, trace, &at)) {
		printf("verify   DIFFERS from a second run at byte %" PRIu64 "; compare with %s\n", at,
		       trace);
		return STATUS_NO;
	}
	printf("verify   a second run gave the same bytes\n");
	unlink(trace);
	if (nftw(data, remove_entry, 64, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) == 0)
		rmdir(data);
	return STATUS_OK;
}

/* Reads the experiment that the arguments name, and what they change of it.  NULL: wrong, and said so. */
static struct rec_experiment *load(const struct arguments *args, char **ret_trace)
{
	struct rec_experiment *exp = NULL;
	struct rec_exp_error error = {0};
	struct stat st;
	char *trace;
	int r;

	if (args->program) {
		_cleanup_free_ char *copy = text_of("%s", args->program[0]);

		trace = text_of("%s.hct", basename(copy));
		r = rec_experiment_single(args->program, &exp, &error);
	} else {
		const char *const path = args->operand[0];
		const bool folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
		_cleanup_free_ char *file =
			folder ? text_of("%s/experiment.yaml", path) : text_of("%s", path);

		trace = default_trace(file);
		r = rec_experiment_load(file, args->set, &exp, &error);
	}
	if (r < 0) {
		complain("%s", error.text[0] ? error.text : strerror(-r));
		free(trace);
		return NULL;
	}
	*ret_trace = trace;
	return exp;
}

/* "syscall=2us,clock=0": each part that is named. */
static bool apply_model(const char *text, struct rec_experiment *exp)
{
	_cleanup_free_ char *copy = text_of("%s", text);
	char *rest = copy;

	for (char *part; (part = strsep(&rest, ","));) {
		char *const value = part + strcspn(part, "=");
		vtime_ns *const cost = strncmp(part, "syscall=", 8) == 0 ? &exp->syscall_cost_ns :
				       strncmp(part, "clock=", 6) == 0	 ? &exp->clock_cost_ns : NULL;

		if (cost && parse_vtime(value + 1, cost) && *cost <= MODEL_COST_MAX)
			continue;
		complain("--model %s: '%s' is none of syscall=TIME, clock=TIME (at most 1s), such as "
			 "syscall=1us,clock=20ns", text, part);
		return false;
	}
	return true;
}

/* Zero is allowed: a program that never polls sees its own calls take no time. */
static void warn_model(const struct rec_experiment *exp)
{
	if (!exp->clock_cost_ns || !exp->syscall_cost_ns)
		complain("warning: the model's %s costs no time, so a program that polls in a loop until time has passed never ends; "
			 "the run is given up when one does", exp->clock_cost_ns ? "system call" :
			 exp->syscall_cost_ns ? "look at the clock" : "system call, and its look at the clock,");
}

static bool apply_patience(const char *text, unsigned *ret_seconds)
{
	vtime_ns patience = PATIENCE_DEFAULT_S * NS_PER_S;

	if (text && (!parse_vtime(text, &patience) || patience > 365 * 86400 * NS_PER_S)) {
		complain("--patience %s: not a time; write it as 30s or 5min", text);
		return false;
	}
	*ret_seconds = (unsigned)((patience + NS_PER_S - 1) / NS_PER_S);
	return true;
}

static bool apply_numbers(const struct arguments *args, struct rec_experiment *exp, unsigned *ret_workers)
{
	uint64_t workers = 1;

	if (args->value[OPTION_SEED] && !parse_number(args->value[OPTION_SEED], &exp->seed)) {
		complain("--seed %s: not a number", args->value[OPTION_SEED]);
		return false;
	}
	if (args->value[OPTION_UNTIL] && !parse_vtime(args->value[OPTION_UNTIL], &exp->stop_time)) {
		complain("--until %s: not a time; write it as 2s, 150ms or 1.5min",
			 args->value[OPTION_UNTIL]);
		return false;
	}
	if (args->value[OPTION_WORKERS] &&
	    (!parse_number(args->value[OPTION_WORKERS], &workers) || workers < 1 || workers > 1024)) {
		complain("--workers %s: not a number from 1 to 1024", args->value[OPTION_WORKERS]);
		return false;
	}
	*ret_workers = (unsigned)workers;
	if (args->value[OPTION_MODEL] && !apply_model(args->value[OPTION_MODEL], exp))
		return false;
	warn_model(exp);
	return true;
}

static enum status record_experiment(const struct arguments *args, struct rec_experiment *exp, const char *trace)
{
	_cleanup_free_ char *kernel = find_kernel(args);
	_cleanup_free_ char *stem = without_suffix(trace, ".hct");
	_cleanup_free_ char *data = args->value[OPTION_DATA] ? text_of("%s", args->value[OPTION_DATA])
							     : text_of("%s.data", stem);
	struct rec_run_result result = {0};
	struct rec_run_options run = {
		.trace_path = args->value[OPTION_NO_TRACE] ? NULL : trace,
		.data_dir = data,
		.kernel_path = kernel,
		.quiet = args->value[OPTION_QUIET] || !isatty(STDERR_FILENO),
	};

	if (!apply_numbers(args, exp, &run.workers) ||
	    !apply_patience(args->value[OPTION_PATIENCE], &run.patience_s))
		return STATUS_USAGE;
	if (!kernel) {
		complain("no kernel image: build hindcast, or name one with --kernel");
		return STATUS_HOST;
	}
	enum status status = record_once(exp, &run, &result);
	if (status != STATUS_OK)
		return status;
	print_result(&run, &result);
	if (args->value[OPTION_VERIFY])
		status = verify_run(exp, &run);
	return status == STATUS_OK && result.failed_expectations ? STATUS_NO : status;
}

static enum status command_record(const struct arguments *args)
{
	if (args->program ? args->operand_count != 0 || !args->program[0] : args->operand_count != 1) {
		complain("record takes an experiment, or -- and a program; see hindcast record --help");
		return STATUS_USAGE;
	}
	if (args->program && args->set_count) {
		complain("--set changes a value of an experiment; a program alone has none");
		return STATUS_USAGE;
	}
	if (args->value[OPTION_VERIFY] && args->value[OPTION_NO_TRACE]) {
		complain("--verify compares traces, and --no-trace makes none");
		return STATUS_USAGE;
	}
	_cleanup_free_ char *named = NULL;
	struct rec_experiment *const exp = load(args, &named);
	if (!exp)
		return STATUS_USAGE;
	const char *const trace = args->value[OPTION_OUTPUT] ? args->value[OPTION_OUTPUT] : named;
	const enum status status = record_experiment(args, exp, trace);
	rec_experiment_free(exp);
	return status;
}

/* ---- what reads traces ---------------------------------------------- */

/* NULL: it is no trace, or damaged, and that was said; *ret_status is what the command ends with. */
static struct fmt_reader *open_trace(const char *path, enum status *ret_status)
{
	struct fmt_reader *reader = NULL;
	struct fmt_error error = {{0}};
	const int r = fmt_reader_open(path, &reader, &error);

	if (r < 0) {
		complain("%s: %s", path, error.text[0] ? error.text : strerror(-r));
		*ret_status = STATUS_USAGE;
		return NULL;
	}
	return reader;
}

/* Says why reading ended, if it did not end well. */
static enum status close_trace(struct fmt_reader *reader, const char *path, int r, const struct fmt_error *error)
{
	fmt_reader_close(reader);
	if (r >= 0)
		return STATUS_OK;
	complain("%s: %s", path, error->text[0] ? error->text : strerror(-r));
	return r == -EBADMSG ? STATUS_NO : STATUS_USAGE;
}

static enum status command_check(const struct arguments *args)
{
	const char *const path = args->operand[0];
	enum status status = STATUS_OK;
	struct fmt_error error = {{0}};
	struct fmt_reader *const reader = open_trace(path, &status);

	if (!reader)
		return status;
	const event_seq count = fmt_reader_count(reader);
	const bool finished = fmt_reader_finished(reader);
	status = close_trace(reader, path, fmt_reader_verify(reader, &error), &error);
	if (status == STATUS_OK)
		printf("%s: %" PRIu64 " events, all whole%s\n", path, count,
		       finished ? "" : "; its recorder did not come to its end");
	return status;
}

/* All operands from one on, as one filter. */
static char *filter_of(const struct arguments *args, size_t first)
{
	char *filter = text_of("%s", "");

	for (size_t i = first; i < args->operand_count; i++) {
		char *const longer = text_of("%s%s%s", filter, i > first ? " " : "", args->operand[i]);

		free(filter);
		filter = longer;
	}
	return filter;
}

static enum status command_dump(const struct arguments *args)
{
	const char *const path = args->operand[0];
	_cleanup_free_ char *filter = filter_of(args, 1);
	enum status status = STATUS_OK;
	struct fmt_error error = {{0}};
	struct fmt_reader *const reader = open_trace(path, &status);

	if (!reader)
		return status;
	const int r = args->value[OPTION_STORY] ? fmt_story(reader, stdout, filter, &error)
						: fmt_dump(reader, stdout, filter, &error);
	return close_trace(reader, path, r, &error);
}

/* Where a command writes: standard output, or the file that was asked for.  NULL: said why. */
static FILE *open_output(const struct arguments *args)
{
	const char *const path = args->value[OPTION_OUTPUT];
	FILE *const out = path ? fopen(path, "we") : stdout;

	if (!out)
		complain("%s: %s", path, strerror(errno));
	return out;
}

static enum status close_output(const struct arguments *args, FILE *out, enum status status)
{
	if (out == stdout || fclose(out) == 0)
		return status;
	complain("%s: %s", args->value[OPTION_OUTPUT], strerror(errno));
	return STATUS_HOST;
}

static enum status command_export(const struct arguments *args)
{
	const char *const path = args->operand[1];
	_cleanup_free_ char *filter = filter_of(args, 2);
	const struct fmt_export_options how = {.filter = filter, .node = args->value[OPTION_NODE]};
	enum status status = STATUS_OK;
	struct fmt_error error = {{0}};
	struct fmt_reader *const reader = open_trace(path, &status);
	FILE *const out = reader ? open_output(args) : NULL;

	if (!out) {
		fmt_reader_close(reader);
		return reader ? STATUS_USAGE : status;
	}
	const int r = fmt_export(reader, args->operand[0], out, &how, &error);
	return close_output(args, out, close_trace(reader, path, r, &error));
}

static enum status command_diff(const struct arguments *args)
{
	struct fmt_reader *reader[2] = {NULL, NULL};
	enum status status = STATUS_OK;
	struct fmt_error error = {{0}};
	unsigned ignore = 0;
	const char *const list = args->value[OPTION_IGNORE];

	if (list && fmt_diff_ignore(list, &ignore, &error) < 0) {
		complain("%s", error.text);
		return STATUS_USAGE;
	}
	/* As with diff(1), 1 says that they differ; trouble of any kind is 2. */
	for (size_t i = 0; i < 2 && status == STATUS_OK; i++)
		reader[i] = open_trace(args->operand[i], &status);
	int r = status == STATUS_OK ? fmt_diff(reader[0], reader[1], ignore, stdout,
					       args->value[OPTION_JSON] != NULL, &error)
				    : -EINVAL;
	if (r < 0 && status == STATUS_OK)
		complain("%s", error.text);
	fmt_reader_close(reader[0]);
	fmt_reader_close(reader[1]);
	return r < 0 ? STATUS_USAGE : (enum status)r;
}

static enum status command_sql(const struct arguments *args)
{
	const char *const path = args->operand[0];
	enum status status = STATUS_OK;
	struct fmt_error error = {{0}};
	struct fmt_reader *const reader = open_trace(path, &status);

	if (!reader)
		return status;
	const enum fmt_sql_output output = args->value[OPTION_JSON]  ? FMT_SQL_JSON
					   : args->value[OPTION_CSV] ? FMT_SQL_CSV
								     : FMT_SQL_TABLE;
	const int r = fmt_sql(reader, stdout, args->operand[1], output, &error);
	return close_trace(NULL, path, r, &error);
}

static enum status command_info(const struct arguments *args)
{
	const char *const path = args->operand[0];
	enum status status = STATUS_OK;
	struct fmt_error error = {{0}};
	struct fmt_reader *const reader = open_trace(path, &status);

	if (!reader)
		return status;
	const int r = fmt_info(reader, stdout, args->value[OPTION_JSON] != NULL, &error);
	return close_trace(reader, path, r, &error);
}

static enum status command_replay(const struct arguments *args)
{
	struct rep_report report = {0};
	const struct rep_options rep_options = {
		.check = args->value[OPTION_CHECK] != NULL,
		.node_name = args->value[OPTION_NODE],
	};
	enum status status = STATUS_OK;
	/* Opened here first, so that what is no trace at all is refused as by every other command. */
	struct fmt_reader *const reader = open_trace(args->operand[0], &status);

	if (!reader)
		return status;
	fmt_reader_close(reader);
	const int outcome = rep_replay(args->operand[0], &rep_options, &report);

	/* The verdict is the result of --check; without it the programs' output is. */
	fflush(stdout);
	rep_report_print(&report, outcome == REP_AGREES && rep_options.check ? stdout : stderr);
	rep_report_done(&report);
	return (enum status)outcome;
}

/* ---- what is routed where ------------------------------------------- */

/* The window is a program of its own: in a build directory it lies in inspector/, installed it is our neighbour. */
static enum status command_inspect(const struct arguments *args)
{
	char self[PATH_MAX];
	char name[] = "hindcast-inspector";
	char *const argv[] = {name, (char *)args->operand[0], NULL};
	const ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (length > 0) {
		self[length] = '\0';
		const char *const folder = dirname(self);
		_cleanup_free_ char *built = text_of("%s/inspector/hindcast-inspector", folder);
		_cleanup_free_ char *installed = text_of("%s/hindcast-inspector", folder);

		execv(built, argv);
		execv(installed, argv);
	}
	execvp(name, argv);
	complain("cannot start hindcast-inspector: %s; it is built where libadwaita-1-dev (1.2 or later) is installed",
		 strerror(errno));
	return STATUS_HOST;
}

static enum status command_syscalls(const struct arguments *args)
{
	static const struct {
		const char *name, *route;
		int error;
	} routes[] = {
#define ROUTE(name, route, error) {#name, #route, error},
#include "syscall-routes.def"
#undef ROUTE
	};
	static const struct {
		const char *route, *meaning;
	} meanings[] = {
		{"MEMORY", "carried out natively, at addresses of hindcast's choice"},
		{"CLONE", "by the node's kernel and natively, together"},
		{"EXEC", "by the node's kernel and natively, together"},
		{"EXIT", "by the node's kernel and natively, together"},
		{"SIGRETURN", "by the node's kernel and natively, together"},
		{"IGNORE", "answered 0: it has no meaning here"},
		{"REFUSE", "refused, with a warning in the trace"},
		{"ABSENT", "answered ENOSYS: programs probe for it and have another way"},
	};

	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		const char *meaning = routes[i].route;

		for (size_t j = 0; j < sizeof(meanings) / sizeof(meanings[0]); j++)
			if (strcmp(meanings[j].route, routes[i].route) == 0)
				meaning = meanings[j].meaning;
		printf("%-18s %s", routes[i].name, meaning);
		if (routes[i].error)
			printf(": %s", strerrorname_np(routes[i].error));
		putchar('\n');
	}
	printf("%-18s answered by the node's kernel\n", "all others");
	return STATUS_OK;
}

/* ---- doctor --------------------------------------------------------- */

struct finding {
	bool ok;
	char text[256];		/* what was found */
};

static void found(struct finding *ret, bool ok, const char *text)
{
	ret->ok = ok;
	snprintf(ret->text, sizeof(ret->text), "%s", text);
}

/* Runs attempt() in a child, since what it asks for cannot be taken back: 0, or its errno. */
static int try_in_child(int (*attempt)(void))
{
	const pid_t pid = fork();
	int wait_status = 0;

	if (pid == 0)
		_exit(attempt() < 0 ? errno : 0);
	if (pid < 0 || waitpid(pid, &wait_status, 0) != pid || !WIFEXITED(wait_status))
		return EIO;
	return WEXITSTATUS(wait_status);
}

static void doctor_kernel_release(const struct arguments *args, struct finding *ret)
{
	struct utsname name;
	unsigned major = 0, minor = 0;

	CHECK(uname(&name) == 0);
	(void)sscanf(name.release, "%u.%u", &major, &minor);
	/* SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV came with 5.19. */
	found(ret, strcmp(name.machine, "x86_64") == 0 && (major > 5 || (major == 5 && minor >= 19)),
	      name.release);
}

/* A filter of NULL makes the kernel look at the flags first: EFAULT means that it knows them all. */
static int try_seccomp_flags(void)
{
	const unsigned flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | 1U << 5 /* WAIT_KILLABLE_RECV */;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, NULL) < 0 && errno == EFAULT ? 0 : -1;
}

static void doctor_seccomp(const struct arguments *args, struct finding *ret)
{
	uint32_t action = SECCOMP_RET_USER_NOTIF;

	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) < 0)
		found(ret, false, strerror(errno));
	else
		found(ret, try_in_child(try_seccomp_flags) == 0,
		      "user notification, new listener, killable wait");
}

/* Seizes and reads a child that waits for its death. */
static int try_tracing(void)
{
	static volatile uint64_t word = 0x68696e6463617374;
	const pid_t pid = fork();
	uint64_t copy = 0;

	if (pid == 0)
		for (;;)
			pause();
	const struct iovec here = {&copy, sizeof(copy)};
	const struct iovec there = {(void *)&word, sizeof(word)};
	const bool seized = pid > 0 && ptrace(PTRACE_SEIZE, pid, 0, 0) == 0;
	const bool read = seized && process_vm_readv(pid, &here, 1, &there, 1, 0) == sizeof(copy);
	const int saved = errno;

	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	errno = saved;
	return read && copy == word ? 0 : -1;
}

static void doctor_tracing(const struct arguments *args, struct finding *ret)
{
	const int error = try_in_child(try_tracing);

	found(ret, error == 0, error ? strerror(error) : "seize, process_vm_readv");
}

static int try_tsc(void)
{
	return prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0);
}

static void doctor_tsc(const struct arguments *args, struct finding *ret)
{
	const int error = try_in_child(try_tsc);

	found(ret, error == 0, error ? strerror(error) : "rdtsc can be made to trap");
}

static int try_cpuid(void)
{
	return (int)syscall(SYS_arch_prctl, 0x1012 /* ARCH_SET_CPUID */, 0UL);
}

/* Not a lack: without it the recorder patches the few cpuid instructions of a program. */
static void doctor_cpuid(const struct arguments *args, struct finding *ret)
{
	found(ret, true, try_in_child(try_cpuid) == 0 ? "cpuid can be made to trap"
						      : "cpuid does not trap; it is patched in programs");
}

static int try_tracer(void)
{
	struct rec_tracer *tracer = NULL;
	const char *reason = NULL;
	const int r = rec_tracer_new(&tracer, &reason);

	if (r == 0)
		rec_tracer_free(tracer);
	errno = -r;
	return r < 0 ? -1 : 0;
}

static void doctor_tracer(const struct arguments *args, struct finding *ret)
{
	const int error = try_in_child(try_tracer);

	found(ret, error == 0, error ? strerror(error) : "an empty supervised process starts");
}

static void doctor_image(const struct arguments *args, struct finding *ret)
{
	_cleanup_free_ char *path = find_kernel(args);
	struct kg_image *image = NULL;

	if (!path) {
		found(ret, false, "none found");
		return;
	}
	const int r = kg_image_open(path, &image);
	if (r < 0) {
		snprintf(ret->text, sizeof(ret->text), "%s: %s", path, strerror(-r));
		return;
	}
	kg_image_close(image);
	found(ret, true, path);
}

static const struct check_row {
	const char *name;
	void (*check)(const struct arguments *args, struct finding *ret);
	const char *remedy;
} checks[] = {
	{"kernel", doctor_kernel_release, "hindcast needs Linux 5.19 or later on x86-64"},
	{"seccomp", doctor_seccomp, "allow seccomp(2) with user notification; in a container, use its default profile"},
	{"ptrace", doctor_tracing, "allow ptrace of own children: kernel.yama.ptrace_scope of 0 or 1"},
	{"tsc", doctor_tsc, "the CPU or its hypervisor must let rdtsc trap (PR_SET_TSC)"},
	{"cpuid", doctor_cpuid, ""},
	{"tracee", doctor_tracer, "see the lines above; if all are well, report it"},
	{"image", doctor_image, "build hindcast, or name an image with --kernel or HINDCAST_KERNEL"},
};

static enum status command_doctor(const struct arguments *args)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct finding finding = {0};

		checks[i].check(args, &finding);
		printf("%-8s %-4s %s\n", checks[i].name, finding.ok ? "ok" : "NO", finding.text);
		if (!finding.ok) {
			printf("%-13s %s\n", "", checks[i].remedy);
			status = STATUS_HOST;
		}
	}
	return status;
}

static enum status command_version(const struct arguments *args)
{
	_cleanup_free_ char *path = find_kernel(args);
	struct kg_image *image = NULL;

	printf("hindcast %s\n", HINDCAST_VERSION);
	if (!path || kg_image_open(path, &image) < 0) {
		printf("kernel image: none\n");
		return STATUS_OK;
	}
	printf("kernel image: %s\n              ", path);
	const unsigned char *const hash = kg_image_hash(image);
	for (size_t i = 0; i < FMT_HASH_SIZE; i++)
		printf("%02x", hash[i]);
	putchar('\n');
	kg_image_close(image);
	return STATUS_OK;
}

/* ---- commands ------------------------------------------------------- */

static const struct command commands[] = {
	{"record", "EXPERIMENT | -- PROGRAM ARGS...",
	 "run an experiment, or one program on one node, and record it",
	 "output seed workers until set model patience verify data kernel no-trace quiet", 0, 1, command_record},
	{"replay", "TRACE", "execute a recorded run again, from the trace alone", "check node", 1, 1,
	 command_replay},
	{"dump", "TRACE [FILTER...]", "print events, one stable line each", "story", 1, 64, command_dump},
	{"diff", "TRACE TRACE", "say where two runs part, and why", "ignore json", 2, 2, command_diff},
	{"export", "FORMAT TRACE [FILTER...]",
	 "write a trace as pcap, csv, json, shiviz, perfetto or svg", "output node", 2, 64, command_export},
	{"info", "TRACE", "print a trace's summary", "json", 1, 1, command_info},
	{"check", "TRACE", "read a whole trace and look for damage", "", 1, 1, command_check},
	{"sql", "TRACE QUERY", "ask a trace in SQL", "csv json", 2, 2, command_sql},
	{"inspect", "TRACE", "open a trace in a window", "", 1, 1, command_inspect},
	{"syscalls", "", "print which system call is carried out where", "", 0, 0, command_syscalls},
	{"doctor", "", "say whether this host can record, and what to change", "kernel", 0, 0,
	 command_doctor},
	{"version", "", "print versions and the identity of the kernel image", "kernel", 0, 0,
	 command_version},
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void print_help(void)
{
	printf("usage: hindcast COMMAND ...\n\n"
	       "Records a distributed system of unmodified programs on real Linux network stacks,\n"
	       "under one virtual clock, and runs it again from the trace alone.\n\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		printf("  %-9s %s\n", commands[i].name, commands[i].summary);
	printf("\nhindcast COMMAND --help says more.  Exit status: 0 as hoped; 1 the answer is no;\n"
	       "2 wrong usage or input; 3 this host cannot do it; 70 a bug in hindcast.\n");
}

static void print_command_help(const struct command *command)
{
	printf("usage: hindcast %s [OPTION...]%s%s\n\n%s\n\n", command->name,
	       *command->usage ? " " : "", command->usage, command->summary);
	for (int id = 0; id < OPTION_COUNT; id++) {
		const struct option_row *row = &options[id];

		if (!command_takes(command, id))
			continue;
		_cleanup_free_ char *shown = text_of("--%s%s%s", row->name, row->value ? " " : "",
						     row->value ? row->value : "");
		if (row->letter)
			printf("  -%c, %-19s %s\n", row->letter, shown, row->help);
		else
			printf("      %-19s %s\n", shown, row->help);
	}
}

static const struct command *find_command(const char *name)
{
	struct nearest nearest = {NULL, 4};

	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
		nearest_try(&nearest, name, commands[i].name);
	}
	if (nearest.name)
		complain("there is no command %s; did you mean %s?", name, nearest.name);
	else
		complain("there is no command %s; see hindcast --help", name);
	return NULL;
}

static enum status run_parsed(const struct command *command, const struct arguments *args)
{
	if (args->value[OPTION_HELP]) {
		print_command_help(command);
		return STATUS_OK;
	}
	if (args->operand_count < command->operand_min || args->operand_count > command->operand_max ||
	    (args->program && command->run != command_record)) {
		complain("usage: hindcast %s [OPTION...] %s", command->name, command->usage);
		return STATUS_USAGE;
	}
	return command->run(args);
}

static enum status run_command(const struct command *command, char *const *argv)
{
	struct arguments args = {0};
	const enum status status = parse(command, argv, &args) ? run_parsed(command, &args) : STATUS_USAGE;

	free(args.set);
	free(args.operand);
	return status;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		print_help();
		return STATUS_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
		print_help();
		return STATUS_OK;
	}
	const char *const name = strcmp(argv[1], "--version") == 0 ? "version" : argv[1];
	const struct command *const command = find_command(name);
	if (!command)
		return STATUS_USAGE;
	const enum status status = run_command(command, argv + 2);
	/* A full disk shows when the last of the output is written. */
	if (fflush(stdout) != 0 || ferror(stdout)) {
		complain("cannot write the output: %s", strerror(errno));
		return STATUS_HOST;
	}
	return status;
}
