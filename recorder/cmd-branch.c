/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-branch.c - `hindcast branch`: a recorded run once more, with something changed from a time on. */
#include <inttypes.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "branch.h"
#include "rec-commands.h"
#include "recording.h"
#include "trace.h"

static bool parse_seed(const struct fmt_arguments *args, uint64_t *ret)
{
	const char *const text = args->value[FMT_OPTION_SEED];

	if (!text || fmt_parse_number(text, ret))
		return true;
	fmt_complain("--seed %s: not a number", text);
	return false;
}

/* What the branch is, below what record has said of the run. */
static void print_branch(const struct rec_branch *branch)
{
	printf("from     %s\nat       %" PRIu64 ".%09" PRIu64 " s\nseed     %" PRIu64, branch->path, branch->at / 1000000000,
	       branch->at % 1000000000, branch->exp->seed);
	for (size_t i = 0; i < branch->exp->reseeds.count; i++) {
		const struct rec_reseed *reseed = &branch->exp->reseeds.list[i];

		printf(", from %" PRIu64 ".%09" PRIu64 " s on %" PRIu64, reseed->at / 1000000000, reseed->at % 1000000000, reseed->seed);
	}
	printf("\n");
	for (char **moment = branch->moments; *moment; moment++)
		printf("change   %s\n", *moment);
}

static enum fmt_status record_branch(const struct fmt_arguments *args, struct rec_branch *branch, const char *trace)
{
	/* The experiment has the seeds. */
	struct fmt_arguments recording = *args;
	struct rec_run_result result = {0};

	recording.value[FMT_OPTION_SEED] = NULL;
	rec_branch_warn(branch, args);
	const enum fmt_status recorded = rec__record(&recording, branch->exp, trace, &result);

	if ((recorded != FMT_STATUS_OK && recorded != FMT_STATUS_NO) || result.status == REC_END_INTERRUPTED)
		return recorded;
	print_branch(branch);
	const enum fmt_status compared = rec_branch_compare(branch, trace);

	return compared != FMT_STATUS_OK ? compared : recorded;
}

static enum fmt_status branch_off(const struct fmt_arguments *args, struct fmt_reader *reader, const char *trace)
{
	_cleanup_(rec_branch_done) struct rec_branch branch;
	const char *const at = args->value[FMT_OPTION_AT];
	uint64_t seed = 0;
	const enum fmt_status status = rec_branch_open(&branch, reader, args->operand[0], args->value[FMT_OPTION_EXPERIMENT]);

	if (status != FMT_STATUS_OK)
		return status;
	if (!rec_branch_at(&branch, at) || !parse_seed(args, &seed) ||
	    !rec_branch_change(&branch, args->set, args->change, args->value[FMT_OPTION_SEED] ? &seed : NULL))
		return FMT_STATUS_USAGE;
	return record_branch(args, &branch, trace);
}

static enum fmt_status command_branch(const struct fmt_arguments *args)
{
	const char *const path = args->operand[0];
	_cleanup_free_ char *trace = args->value[FMT_OPTION_OUTPUT] ? fmt_text_of("%s", args->value[FMT_OPTION_OUTPUT])
								    : rec__branch_path(path);
	enum fmt_status status = FMT_STATUS_OK;

	if (!args->value[FMT_OPTION_AT]) {
		fmt_complain("--at says from where on something changes: --at 12s, --at @1893");
		return FMT_STATUS_USAGE;
	}
	if (fmt_is_over_itself(path, trace))
		return FMT_STATUS_USAGE;
	struct fmt_reader *const reader = fmt_open_trace(path, &status);

	if (!reader)
		return status;
	status = branch_off(args, reader, trace);
	fmt_reader_close(reader);
	return status;
}

const struct fmt_command rec_cmd_branch = {
	.name = "branch",
	.usage = "TRACE",
	.summary = "record a run again, with something changed from a position on",
	.options = "at seed change set output experiment until workers patience data kernel fast-calls status quiet",
	.operand_min = 1,
	.operand_max = 1,
	.run = command_branch,
};
