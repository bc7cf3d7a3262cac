/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "run-int.h"

void insp_run_free(struct insp_run *run)
{
	if (!run)
		return;
	free(run->path);
	for (uint32_t block = 0; run->blocks && block < run->block_capacity; block++)
		free(run->blocks[block].wide);
	free(run->offset);
	free(run->thread);
	free(run->kind);
	free(run->aux);
	free(run->lanes);
	free(run->threads);
	free(run->lives);
	free(run->packets);
	free(run->bundles);
	free(run->bundle_from);
	free(run->links);
	free(run->streams);
	free(run->congestions);
	free(run->troubles);
	free(run->positions);
	free(run->outages);
	free(run->activity);
	free(run->blocks);
	free(run->block_counts);
	free(run->warning);
	free(run->damage);
	free(run);
}

void insp_run_check(const struct insp_run *run)
{
	for (uint32_t i = 1; i < run->count; i++)
		CHECK(insp_vtime(run, i - 1) <= insp_vtime(run, i));
	for (uint32_t i = 0; i < run->packet_count; i++) {
		CHECK(i == 0 || run->packets[i - 1].send < run->packets[i].send);
		CHECK(run->packets[i].end > run->packets[i].send);
	}
	uint32_t bundled = 0;

	for (uint32_t i = 0; i < run->bundle_count; i++)
		bundled += run->bundles[i].count;
	CHECK(bundled == run->packet_count / INSP_BLOCK * INSP_BLOCK);
	for (uint32_t block = 0; block < run->block_count; block++) {
		const uint32_t left = run->count - block * INSP_BLOCK;
		uint32_t sum = 0;

		for (uint32_t lane = 0; lane < run->lane_count; lane++)
			sum += run->block_counts[(size_t)block * run->lane_count + lane];
		CHECK(sum == (left < INSP_BLOCK ? left : INSP_BLOCK));
	}
}

/* ---- the axis of activity ---- */

static double activity_step(vtime_ns gap)
{
	return gap ? 65 - __builtin_clzll(gap) : 1;
}

void insp__measure_activity(struct insp_run *run)
{
	double at = 0;

	run->activity = calloc(run->block_count + 1u, sizeof(*run->activity));
	CHECK(run->activity);
	for (uint32_t seq = 0; seq < run->count; seq++) {
		if (seq)
			at += activity_step(insp_vtime(run, seq) - insp_vtime(run, seq - 1));
		if (seq % INSP_BLOCK == 0)
			run->activity[seq / INSP_BLOCK] = at;
	}
}

double insp_activity_of(const struct insp_run *run, uint32_t seq)
{
	double at = run->activity[seq / INSP_BLOCK];

	for (uint32_t i = seq / INSP_BLOCK * INSP_BLOCK + 1; i <= seq; i++)
		at += activity_step(insp_vtime(run, i) - insp_vtime(run, i - 1));
	return at;
}

/* ---- bundles of packets ---- */

static void bundle(struct insp_run *run, uint32_t first, uint32_t packet)
{
	const struct insp_arrow its = insp_arrow_of(run, packet);

	for (uint32_t i = run->bundle_count; i-- > first;)
		if (insp_arrow_alike(&run->bundles[i], &its)) {
			run->bundles[i].count++;
			return;
		}
	run->bundles = insp__grow(run->bundles, run->bundle_count, &run->bundle_capacity, sizeof(*run->bundles));
	run->bundles[run->bundle_count++] = its;
}

void insp__bundle_packets(struct insp_run *run)
{
	const uint32_t blocks = run->packet_count / INSP_BLOCK;

	run->bundle_from = calloc(blocks + 1u, sizeof(*run->bundle_from));
	CHECK(run->bundle_from);
	for (uint32_t block = 0; block < blocks; block++) {
		for (uint32_t i = 0; i < INSP_BLOCK; i++)
			bundle(run, run->bundle_from[block], block * INSP_BLOCK + i);
		run->bundle_from[block + 1] = run->bundle_count;
	}
}

/* ---- finding ---- */

uint32_t insp_run_seek(const struct insp_run *run, vtime_ns vtime)
{
	uint32_t low = 0, high = run->count;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (insp_vtime(run, middle) < vtime)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t insp_packet_from(const struct insp_run *run, uint32_t seq)
{
	uint32_t low = 0, high = run->packet_count;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (run->packets[middle].send < seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The packet that an arrival or a loss ends: it was sent at most flight_max before, a lost one at once. */
static uint32_t packet_ending(const struct insp_run *run, uint32_t seq, uint32_t next)
{
	for (uint32_t i = next; i-- > 0;) {
		if (run->packets[i].end == seq)
			return i;
		if (insp_vtime(run, seq) - insp_vtime(run, run->packets[i].send) > run->flight_max && run->kind[seq] == FMT_packet_recv)
			return INSP_NONE;
	}
	return INSP_NONE;
}

uint32_t insp_packet_of(const struct insp_run *run, uint32_t seq)
{
	if (seq >= run->count || run->kind[seq] < FMT_packet_send || run->kind[seq] > FMT_packet_corrupt)
		return INSP_NONE;
	const uint32_t next = insp_packet_from(run, seq);

	switch (run->kind[seq]) {
	case FMT_packet_send:
	case FMT_packet_copy:
		return next < run->packet_count && run->packets[next].send == seq ? next : INSP_NONE;
	case FMT_packet_corrupt:
		/* Told right behind the sending. */
		for (uint32_t i = next; i-- > 0;)
			if (run->packets[i].from == insp_lane_of(run, seq))
				return run->packets[i].marks & INSP_MARK_CORRUPT ? i : INSP_NONE;
		return INSP_NONE;
	default:
		return packet_ending(run, seq, next);
	}
}

uint32_t insp_lane_find(const struct insp_run *run, const char *name)
{
	char number[16];

	for (uint32_t i = 0; i < run->lane_count; i++) {
		snprintf(number, sizeof(number), "n%u", run->lanes[i].node);
		if (strcmp(run->lanes[i].name, name) == 0 || strcmp(number, name) == 0)
			return i;
	}
	return INSP_NONE;
}
