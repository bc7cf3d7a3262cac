/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"

#include <inttypes.h>
#include <stdlib.h>

#include "session.h"

#define NS_PER_S UINT64_C(1000000000)

void rep_report_done(struct rep_report *report)
{
	rep_session_free(report->session);
	free(report->reason);
	free(report->expected);
	free(report->got);
	*report = (struct rep_report){0};
}

static void print_place(const struct rep_report *report, FILE *to)
{
	fprintf(to, "  at event %" PRIu64 ", %" PRIu64 ".%09" PRIu64 " s", report->seq,
		report->vtime / NS_PER_S, report->vtime % NS_PER_S);
	if (report->node)
		fprintf(to, ", node %u%s%s", report->node, *report->node_name ? " " : "",
			report->node_name);
	if (report->tid)
		fprintf(to, ", thread %u%s%s", report->tid, *report->program ? " of " : "",
			report->program);
	fputc('\n', to);
	if (report->expected)
		fprintf(to, "  recorded: %s\n", report->expected);
	if (report->got)
		fprintf(to, "  now:      %s\n", report->got);
	if (report->has_last_common)
		fprintf(to, "  the last event of this node that agreed is %" PRIu64 "\n",
			report->last_common);
}

static void print_counts(const struct rep_report *report, FILE *to)
{
	fprintf(to, "  %" PRIu64 " of %" PRIu64 " events, %" PRIu64 " slices of execution",
		report->executed, report->event_count, report->slices);
	if (report->skipped)
		fprintf(to, "; %" PRIu64 " of other nodes left out", report->skipped);
	if (report->unknown)
		fprintf(to, "; %" PRIu64 " of kinds that this version does not know",
			report->unknown);
	fputc('\n', to);
	if (report->unfinished)
		fputs("  the recorder did not come to its end: this is all that was kept\n", to);
}

void rep_report_print(const struct rep_report *report, FILE *to)
{
	static const char *const verdicts[] = {
		[REP_AGREES] = "replay agrees with the record",
		[REP_DIVERGED] = "replay diverged",
		[REP_TRACE_ERROR] = "the trace is not in order",
		[REP_HOST_CANNOT] = "this host cannot replay it",
	};

	fprintf(to, "%s%s%s\n", report->absent ? "there is nothing to replay" : verdicts[report->outcome], report->reason ? ": " : "",
		report->reason ? report->reason : "");
	if (report->has_event)
		print_place(report, to);
	if (report->event_count)
		print_counts(report, to);
}
