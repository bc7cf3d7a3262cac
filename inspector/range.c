/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "range.h"

#include <string.h>

#include "base/check.h"
#include "scan.h"

DEFINE_CLEANUP(struct fmt_reader *, fmt_reader_close)

static void count_events(const struct insp_run *run, const struct insp_range *range, struct insp_range_sum *sums)
{
	for (uint32_t seq = range->first; seq <= range->last; seq++) {
		struct insp_range_sum *sum = &sums[insp_lane_of(run, seq)];
		const uint8_t kind = run->kind[seq];

		sum->events++;
		sum->received += kind == FMT_packet_recv;
		sum->lost += kind == FMT_packet_drop;
		sum->calls += kind == FMT_syscall || kind == FMT_syscall_enter;
		sum->failed += (kind == FMT_syscall || kind == FMT_syscall_exit) && insp_aux_failed(run, seq);
	}
}

static void count_packets(const struct insp_run *run, const struct insp_range *range, struct insp_range_sum *sums)
{
	const uint32_t end = insp_packet_from(run, range->last + 1);

	for (uint32_t i = insp_packet_from(run, range->first); i < end; i++) {
		const struct insp_packet *packet = &run->packets[i];
		struct insp_range_sum *sum = &sums[packet->from];

		if (packet->marks & INSP_MARK_COPY)
			continue;
		sum->packets++;
		sum->bytes += packet->size;
		sum->again += packet->marks & INSP_MARK_AGAIN ? 1 : 0;
	}
}

/* Each of these ends a slice. */
static const struct fmt_scan_want wants[] = {
	{FMT_syscall, {"ran"}}, {FMT_syscall_enter, {"ran"}}, {FMT_tsc, {"ran"}}, {FMT_fault, {"ran"}},
	{FMT_code_page, {"ran"}}, {FMT_preempt, {"ran"}},
};

static bool is_slice(uint32_t kind)
{
	for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++)
		if (wants[i].kind == kind)
			return true;
	return false;
}

static int add_ran(const struct insp_run *run, const struct insp_range *range, struct fmt_reader *reader, insp_progress progress,
		   void *data, struct insp_range_sum *sums, struct fmt_error *error)
{
	_cleanup_(fmt_scan_freep) struct fmt_scan *scan = fmt_scan_new(reader, wants, sizeof(wants) / sizeof(wants[0]));
	const struct fmt_scanned *event;
	int got;

	fmt_scan_seek(scan, range->first);
	while ((got = fmt_scan_next(scan, &event, error)) > 0 && event->seq <= range->last) {
		if (event->first && progress && !progress(data, (uint32_t)event->seq, run->count))
			return -ECANCELED;
		if (event->seq >= range->first && event->known && is_slice(event->kind))
			sums[insp_lane_of(run, (uint32_t)event->seq)].ran += event->value[0];
	}
	return got < 0 ? got : 0;
}

static void add(struct insp_range_sum *to, const struct insp_range_sum *sum)
{
	to->events += sum->events;
	to->packets += sum->packets;
	to->bytes += sum->bytes;
	to->received += sum->received;
	to->lost += sum->lost;
	to->again += sum->again;
	to->calls += sum->calls;
	to->failed += sum->failed;
	to->ran += sum->ran;
}

int insp_range_read(const struct insp_run *run, const struct insp_range *range, insp_progress progress, void *data,
		    struct insp_range_sum *sums, struct insp_range_sum *all, struct fmt_error *error)
{
	_cleanup_(fmt_reader_closep) struct fmt_reader *reader = NULL;

	CHECK(range->first <= range->last && range->last < run->count);
	memset(sums, 0, run->lane_count * sizeof(*sums));
	*all = (struct insp_range_sum){0};
	count_events(run, range, sums);
	count_packets(run, range, sums);
	int failed = fmt_reader_open(run->path, &reader, error);

	if (failed == 0)
		failed = add_ran(run, range, reader, progress, data, sums, error);
	for (uint32_t lane = 0; lane < run->lane_count; lane++)
		add(all, &sums[lane]);
	return failed;
}
