/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-record.c - `hindcast record`: an experiment, or one program, becomes a trace. */
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "command.h"
#include "coverage.h"
#include "debug-file.h"
#include "experiment.h"
#include "kernel-path.h"
#include "loader.h"
#include "machine.h"
#include "rec-commands.h"
#include "recording.h"
#include "syscall-names.h"
#include "tool.h"
#include "trace.h"

#define NS_PER_S 1000000000ull
#define MODEL_COST_MAX NS_PER_S
#define PATIENCE_DEFAULT_S 120

static enum fmt_status status_of_run(int error)
{
	switch (error) {
	case -ECHILD:
		return FMT_STATUS_BUG;
	case -EINVAL:
	case -ENOENT:
		return FMT_STATUS_USAGE;
	default:
		return FMT_STATUS_HOST;
	}
}

/* One run into trace (NULL: none) and data. */
static enum fmt_status record_once(const struct rec_experiment *exp, const struct rec_run_options *run,
			       struct rec_run_result *ret)
{
	struct rec_exp_error error = {0};

	if (!rec__data_prepare(run->data_dir, "--data") ||
	    (run->coverage_dir && !rec__data_prepare(run->coverage_dir, "--coverage")))
		return FMT_STATUS_USAGE;
	const int r = rec_machine_run(exp, run, ret, &error);
	if (r < 0) {
		fmt_complain("%s", error.text[0] ? error.text : strerror(-r));
		if (r == -ENOSYS)
			fmt_complain("`hindcast doctor` says what this host lacks");
		return status_of_run(r);
	}
	return FMT_STATUS_OK;
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
		printf("failed   %zu expectation%s of the experiment%s%s%s\n", result->failed_expectations,
		       result->failed_expectations == 1 ? "" : "s", run->trace_path ? "; `hindcast info " : "",
		       run->trace_path ?: "", run->trace_path ? "` says which" : "");
	for (size_t i = 0; i < result->refused_count && i < REC_RUN_REFUSED_MAX; i++) {
		const struct rec_run_refused *at = &result->refused[i];

		printf("refused  %s: %s, %" PRIu64 " time%s, by %s\n", fmt_syscall_name(at->nr) ?: "?",
		       strerrorname_np(at->error) ?: "?", at->count, at->count == 1 ? "" : "s", at->program);
	}
	if (result->refused_count > REC_RUN_REFUSED_MAX)
		printf("refused  and %zu more\n", result->refused_count - REC_RUN_REFUSED_MAX);
}

static void warn_changed(const struct rec_run_result *result)
{
	for (size_t i = 0; i < result->changed_count && i < REC_RUN_CHANGED_MAX; i++)
		fmt_complain("warning: %s changed on this host while it was read: another run may not give the same trace",
			     result->changed[i]);
	if (result->changed_count > REC_RUN_CHANGED_MAX)
		fmt_complain("warning: ... and %zu files more", result->changed_count - REC_RUN_CHANGED_MAX);
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
static enum fmt_status verify_run(const struct rec_experiment *exp, const struct rec_run_options *first)
{
	_cleanup_free_ char *stem = rec__without_suffix(first->trace_path, ".hct");
	_cleanup_free_ char *trace = fmt_text_of("%s.verify.hct", stem);
	_cleanup_free_ char *data = fmt_text_of("%s.verify.data", stem);
	struct rec_run_options second = *first;
	struct rec_run_result result = {0};
	uint64_t at = 0;

	second.trace_path = trace;
	second.data_dir = data;
	second.debug_path = NULL;
	second.coverage_dir = NULL;
	const enum fmt_status status = record_once(exp, &second, &result);
	if (status != FMT_STATUS_OK)
		return status;
	if (!same_bytes(first->trace_path, trace, &at)) {
		printf("verify   DIFFERS from a second run at byte %" PRIu64 "; compare with %s\n", at,
		       trace);
		return FMT_STATUS_NO;
	}
	printf("verify   a second run gave the same bytes\n");
	unlink(trace);
	rec__data_remove(data);
	return FMT_STATUS_OK;
}

/* Reads the experiment that the arguments name, and what they change of it.  NULL: wrong, and said so. */
static struct rec_experiment *load(const struct fmt_arguments *args, char **ret_trace)
{
	struct rec_experiment *exp = NULL;
	struct rec_exp_error error = {0};
	char *trace;
	int r;

	if (!args->operand_count) {
		_cleanup_free_ char *copy = fmt_text_of("%s", args->program[0]);

		trace = fmt_text_of("%s.hct", basename(copy));
		r = rec_experiment_single(args->program, &exp, &error);
	} else {
		_cleanup_free_ char *file = rec__experiment_file(args->operand[0]);

		trace = rec__trace_path(args->operand[0]);
		r = rec_experiment_load(file, args->set, &exp, &error);
	}
	if (r < 0) {
		fmt_complain("%s", error.text[0] ? error.text : strerror(-r));
		free(trace);
		return NULL;
	}
	*ret_trace = trace;
	return exp;
}

/* "syscall=2us,clock=0": each part that is named. */
static bool apply_model(const char *text, struct rec_experiment *exp)
{
	_cleanup_free_ char *copy = fmt_text_of("%s", text);
	char *rest = copy;

	for (char *part; (part = strsep(&rest, ","));) {
		char *const value = part + strcspn(part, "=");
		vtime_ns *const cost = strncmp(part, "syscall=", 8) == 0 ? &exp->syscall_cost_ns :
				       strncmp(part, "clock=", 6) == 0	 ? &exp->clock_cost_ns : NULL;

		if (cost && fmt_parse_vtime(value + 1, cost) && *cost <= MODEL_COST_MAX)
			continue;
		fmt_complain("--model %s: '%s' is none of syscall=TIME, clock=TIME (at most 1s), such as "
			 "syscall=1us,clock=20ns", text, part);
		return false;
	}
	return true;
}

/* Zero is allowed: a program that never polls sees its own calls take no time. */
static void warn_model(const struct rec_experiment *exp)
{
	if (!exp->clock_cost_ns || !exp->syscall_cost_ns)
		fmt_complain("warning: the model's %s costs no time, so a program that polls in a loop until time has passed never ends; "
			 "the run is given up when one does", exp->clock_cost_ns ? "system call" :
			 exp->syscall_cost_ns ? "look at the clock" : "system call, and its look at the clock,");
}

static bool apply_patience(const char *text, unsigned *ret_seconds)
{
	vtime_ns patience = PATIENCE_DEFAULT_S * NS_PER_S;

	if (text && (!fmt_parse_vtime(text, &patience) || patience > 365 * 86400 * NS_PER_S)) {
		fmt_complain("--patience %s: not a time; write it as 30s or 5min", text);
		return false;
	}
	*ret_seconds = (unsigned)((patience + NS_PER_S - 1) / NS_PER_S);
	return true;
}

static bool apply_ring(const char *text, vtime_ns *ret)
{
	if (!text || (fmt_parse_vtime(text, ret) && *ret))
		return true;
	fmt_complain("--ring %s: not a time; write it as 60s or 5min", text);
	return false;
}

static bool apply_numbers(const struct fmt_arguments *args, struct rec_experiment *exp, unsigned *ret_workers)
{
	uint64_t workers = 1;

	if (args->value[FMT_OPTION_SEED] && !fmt_parse_number(args->value[FMT_OPTION_SEED], &exp->seed)) {
		fmt_complain("--seed %s: not a number", args->value[FMT_OPTION_SEED]);
		return false;
	}
	if (args->value[FMT_OPTION_UNTIL] && !fmt_parse_vtime(args->value[FMT_OPTION_UNTIL], &exp->stop_time)) {
		fmt_complain("--until %s: not a time; write it as 2s, 150ms or 1.5min",
			 args->value[FMT_OPTION_UNTIL]);
		return false;
	}
	if (args->value[FMT_OPTION_WORKERS] &&
	    (!fmt_parse_number(args->value[FMT_OPTION_WORKERS], &workers) || workers < 1 || workers > 1024)) {
		fmt_complain("--workers %s: not a number from 1 to 1024", args->value[FMT_OPTION_WORKERS]);
		return false;
	}
	*ret_workers = (unsigned)workers;
	if (args->value[FMT_OPTION_MODEL] && !apply_model(args->value[FMT_OPTION_MODEL], exp))
		return false;
	warn_model(exp);
	return true;
}

/* Tools of hindcast's own that the experiment uses have to be there. */
static bool has_tools(const struct rec_experiment *exp)
{
	for (size_t i = 0; i < exp->node_count; i++)
		for (size_t p = 0; p < exp->nodes[i].process_count; p++) {
			const char *name = exp->nodes[i].processes[p].path;
			_cleanup_free_ char *path = rec_tool_is(name) ? rec_tool_find(name) : NULL;

			if (rec_tool_is(name) && !path) {
				fmt_complain("%s does not lie beside hindcast, where it belongs: build or install it",
					     name);
				return false;
			}
		}
	return true;
}

/* What gdb needs to know of the kernel. */
static bool find_debug(const char *kernel, char **ret_path)
{
	const int r = kg_debug_file(kernel, ret_path);

	if (r < 0)
		fmt_complain("--gdb: %s, the debug information of %s: %s; kernel-glue/build-kernel.sh makes both", *ret_path, kernel,
			     r == -ESTALE ? "it belongs to another image" :
			     r == -EBADMSG ? "one of them has no build id" : strerror(-r));
	return r == 0;
}

/* What is wrong with an image that is to count what it executes; NULL: nothing, or what the machine will say.  The caller frees it. */
static char *kernel_trouble(const char *kernel)
{
	_cleanup_free_ char *notes = kernel ? rec_coverage_notes(kernel) : NULL;
	struct kg_image *image = NULL;

	if (!kernel)
		return fmt_text_of("there is none");
	if (kg_image_open(kernel, &image) < 0)
		return NULL;
	const bool counts = kg_image_counts(image);

	kg_image_close(image);
	if (!counts)
		return fmt_text_of("%s does not", kernel);
	return access(notes, R_OK) == 0 ? NULL : fmt_text_of("%s, what has to lie beside it, is not there", notes);
}

static bool has_kernel(const char *kernel, bool counts)
{
	_cleanup_free_ char *trouble = counts ? kernel_trouble(kernel) : NULL;

	if (trouble)
		fmt_complain("--coverage takes a kernel image that counts what it executes, and %s; `ninja -C BUILD kernel-coverage` "
			     "makes one", trouble);
	else if (!kernel)
		fmt_complain("no kernel image: build hindcast, or name one with --kernel");
	return kernel && !trouble;
}

/* Sums up what nodes have counted, and shows it.  False: it cannot be, and that was said. */
static bool show_coverage(const struct rec_run_options *run)
{
	_cleanup_free_ char *notes = rec_coverage_notes(run->kernel_path);
	const int error = rec_coverage_sum(run->coverage_dir, notes);

	if (error < 0) {
		fmt_complain("the counts of the nodes cannot be added up in %s: %s", run->coverage_dir, strerror(-error));
		return false;
	}
	printf("coverage %s\n", run->coverage_dir);
	/* All that was asked for is there, also where gcov is not. */
	rec_coverage_print(run->coverage_dir, NULL);
	return true;
}

enum fmt_status rec__record(const struct fmt_arguments *args, struct rec_experiment *exp, const char *trace, struct rec_run_result *ret)
{
	_cleanup_free_ char *kernel = rec__find_kernel(args);
	_cleanup_free_ char *stem = rec__without_suffix(trace, ".hct");
	_cleanup_free_ char *data = args->value[FMT_OPTION_DATA] ? fmt_text_of("%s", args->value[FMT_OPTION_DATA])
							     : fmt_text_of("%s.data", stem);
	_cleanup_free_ char *debug = NULL;
	struct rec_run_options run = {
		.trace_path = args->value[FMT_OPTION_NO_TRACE] ? NULL : trace,
		.data_dir = data,
		.kernel_path = kernel,
		.coverage_dir = args->value[FMT_OPTION_COVERAGE],
		.status_path = args->value[FMT_OPTION_STATUS],
		.fast_calls = args->value[FMT_OPTION_FAST_CALLS],
		.quiet = args->value[FMT_OPTION_QUIET] || args->value[FMT_OPTION_GDB] || !isatty(STDERR_FILENO),
		.gdb_arguments = args->operand_count ? args->program : NULL,
	};

	if (!apply_numbers(args, exp, &run.workers) ||
	    !apply_patience(args->value[FMT_OPTION_PATIENCE], &run.patience_s) ||
	    !apply_ring(args->value[FMT_OPTION_RING], &run.ring))
		return FMT_STATUS_USAGE;
	if (!has_kernel(kernel, run.coverage_dir) || !has_tools(exp) || (args->value[FMT_OPTION_GDB] && !find_debug(kernel, &debug)))
		return FMT_STATUS_HOST;
	run.debug_path = debug;
	enum fmt_status status = record_once(exp, &run, ret);
	if (status != FMT_STATUS_OK)
		return status;
	print_result(&run, ret);
	warn_changed(ret);
	if (run.coverage_dir && !show_coverage(&run))
		return FMT_STATUS_HOST;
	/* No second run would end in the same place. */
	if (ret->status == REC_END_INTERRUPTED)
		return FMT_STATUS_NO;
	if (args->value[FMT_OPTION_VERIFY])
		status = verify_run(exp, &run);
	return status == FMT_STATUS_OK && ret->failed_expectations ? FMT_STATUS_NO : status;
}

static enum fmt_status command_record(const struct fmt_arguments *args)
{
	/* What follows "--" is the program, or, with --gdb and an experiment, for gdb. */
	const bool single = args->program && !(args->value[FMT_OPTION_GDB] && args->operand_count);

	if (single ? args->operand_count != 0 || !args->program[0] : args->operand_count != 1) {
		fmt_complain("record takes an experiment, or -- and a program; see hindcast record --help");
		return FMT_STATUS_USAGE;
	}
	if (single && args->set_count) {
		fmt_complain("--set changes a value of an experiment; a program alone has none");
		return FMT_STATUS_USAGE;
	}
	if (args->value[FMT_OPTION_VERIFY] && args->value[FMT_OPTION_NO_TRACE]) {
		fmt_complain("--verify compares traces, and --no-trace makes none");
		return FMT_STATUS_USAGE;
	}
	if (args->value[FMT_OPTION_GDB] && args->value[FMT_OPTION_WORKERS]) {
		fmt_complain("--gdb stands in the one process that has all kernels; --workers would share them out");
		return FMT_STATUS_USAGE;
	}
	_cleanup_free_ char *named = NULL;
	struct rec_experiment *const exp = load(args, &named);
	if (!exp)
		return FMT_STATUS_USAGE;
	const char *const trace = args->value[FMT_OPTION_OUTPUT] ? args->value[FMT_OPTION_OUTPUT] : named;
	struct rec_run_result result = {0};
	const enum fmt_status status = rec__record(args, exp, trace, &result);
	rec_experiment_free(exp);
	return status;
}

const struct fmt_command rec_cmd_record = {
	.name = "record",
	.usage = "EXPERIMENT [-- GDB-ARGUMENTS...] | -- PROGRAM ARGS...",
	.summary = "run an experiment, or one program on one node, and record it",
	.options = "output ring seed workers until set model patience verify data kernel coverage fast-calls no-trace status quiet gdb",
	.operand_min = 0,
	.operand_max = 1,
	.takes_program = true,
	.run = command_record,
};
