/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "steps.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"

const char *const insp_grain_names[INSP_GRAIN_COUNT] = {"event", "packet", "syscall", "output", "fault"};

#define RANGE(first, last) (((insp_bits(last) << 1) - 1) & ~(insp_bits(first) - 1))

static inline uint64_t insp_bits(uint32_t kind)
{
	return insp_kind_bit(kind);
}

/* The kinds of a granularity as the blocks have them; a superset is enough. */
static uint64_t grain_kinds(enum insp_grain grain)
{
	switch (grain) {
	case INSP_GRAIN_PACKET:
		return RANGE(FMT_packet_send, FMT_packet_recv);
	case INSP_GRAIN_SYSCALL:
		return RANGE(FMT_syscall, FMT_syscall_enter) | insp_kind_bit(FMT_syscall_exit);
	case INSP_GRAIN_OUTPUT:
		return insp_kind_bit(FMT_output) | insp_kind_bit(FMT_console);
	case INSP_GRAIN_FAULT:
		return RANGE(FMT_panic, FMT_end) | insp_kind_bit(FMT_exit) | insp_kind_bit(FMT_fault) |
		       insp_kind_bit(FMT_packet_drop) | insp_kind_bit(FMT_signal) |
		       RANGE(FMT_node_down, FMT_injected);
	default:
		return UINT64_MAX;
	}
}

bool insp_grain_has(const struct insp_run *run, enum insp_grain grain, uint32_t seq)
{
	const uint8_t kind = run->kind[seq];

	switch (grain) {
	case INSP_GRAIN_PACKET:
		return kind >= FMT_packet_send && kind <= FMT_packet_recv;
	case INSP_GRAIN_SYSCALL:
		return kind == FMT_syscall || kind == FMT_syscall_enter || kind == FMT_syscall_exit;
	case INSP_GRAIN_OUTPUT:
		return kind == FMT_output || kind == FMT_console;
	case INSP_GRAIN_FAULT:
		return kind == FMT_panic || kind == FMT_warn || kind == FMT_host_change || kind == FMT_fault ||
		       kind == FMT_packet_drop || kind == FMT_signal || (kind >= FMT_node_down && kind <= FMT_injected) ||
		       ((kind == FMT_exit || kind == FMT_end) && insp_aux_failed(run, seq));
	default:
		return true;
	}
}

/* Blocks in which nothing can match are stepped over whole. */
uint32_t insp_step(const struct insp_run *run, uint32_t seq, int direction, enum insp_grain grain, uint32_t lane)
{
	const uint64_t kinds = grain_kinds(grain);
	const uint64_t lanes = lane == INSP_NONE ? UINT64_MAX : 1ull << (lane % 64);
	int64_t at = seq == INSP_NONE ? (direction > 0 ? 0 : -1) : (int64_t)seq + (direction > 0 ? 1 : -1);

	while (at >= 0 && at < run->count) {
		const struct insp_block *block = &run->blocks[at / INSP_BLOCK];

		if (!(block->kinds & kinds) || !(block->lanes & lanes)) {
			const int64_t first = at / INSP_BLOCK * INSP_BLOCK;

			at = direction > 0 ? first + INSP_BLOCK : first - 1;
			continue;
		}
		if (insp_grain_has(run, grain, (uint32_t)at) &&
		    (lane == INSP_NONE || insp_lane_of(run, (uint32_t)at) == lane))
			return (uint32_t)at;
		at += direction > 0 ? 1 : -1;
	}
	return INSP_NONE;
}

uint32_t insp_thread_last(const struct insp_run *run, uint32_t lane, uint32_t tid, uint32_t seq)
{
	uint32_t at = seq < run->count ? seq + 1 : run->count;

	while (at != INSP_NONE && at > 0) {
		at = insp_step(run, at, -1, INSP_GRAIN_EVENT, lane);
		if (at != INSP_NONE && run->threads[run->thread[at]].tid == tid)
			return at;
	}
	return INSP_NONE;
}

/* ---- positions as text ---- */

static int refuse(struct fmt_error *error, const char *text, const char *why)
{
	snprintf(error->text, sizeof(error->text), "\"%.60s\" %s", text, why);
	return -EINVAL;
}

/* Takes "12.5" and a unit, exactly; a time must not be off by one. */
static int parse_vtime(const char *text, vtime_ns *ret)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {{"s", 1000000000}, {"ms", 1000000}, {"us", 1000}, {"ns", 1}};
	const size_t whole = strspn(text, "0123456789");
	const size_t digits = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;
	const char *unit = text + whole + (text[whole] == '.' ? 1 + digits : 0);

	unit += strspn(unit, " ");
	if (whole == 0 || whole > 10)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		uint64_t scale = units[i].ns;

		if (strcmp(unit, units[i].name) != 0)
			continue;
		*ret = strtoull(text, NULL, 10) * scale;
		for (size_t k = 0; k < digits && scale; k++) {
			scale /= 10;
			*ret += (uint64_t)(text[whole + 1 + k] - '0') * scale;
		}
		return 0;
	}
	return -EINVAL;
}

/* The last event at or before a time, so that what happened until then has happened. */
static uint32_t at_vtime(const struct insp_run *run, vtime_ns vtime)
{
	const uint32_t next = vtime == UINT64_MAX ? run->count : insp_run_seek(run, vtime + 1);

	return next ? next - 1 : 0;
}

int insp_position_parse(const struct insp_run *run, const char *text, uint32_t *ret, struct fmt_error *error)
{
	const char *number = text + (text[0] == '@');
	const size_t digits = strspn(number, "0123456789");
	char *end;
	vtime_ns vtime;

	if (!run->count)
		return refuse(error, text, "is nowhere: the trace has no events");
	if (digits > 0 && digits < 19 && !number[digits]) {
		const uint64_t seq = strtoull(number, NULL, 10);

		if (seq >= run->count)
			return refuse(error, text, "is past the last event");
		*ret = (uint32_t)seq;
		return 0;
	}
	if (text[0] >= '0' && text[0] <= '9') {
		const double share = strtod(text, &end);

		if (end > text && strcmp(end, "%") == 0 && share >= 0 && share <= 100) {
			*ret = at_vtime(run, (vtime_ns)((double)insp_last_vtime(run) * share / 100));
			return 0;
		}
	}
	if (parse_vtime(text, &vtime) < 0)
		return refuse(error, text, "is no position; write @1234 (an event), 12.5s or 20ms (a time), or 50%");
	if (vtime > insp_last_vtime(run))
		return refuse(error, text, "is after the end of the run");
	*ret = at_vtime(run, vtime);
	return 0;
}

#define THIN "\u2009"

void insp_put_time(char *to, size_t size, vtime_ns vtime)
{
	const uint64_t fraction = vtime % 1000000000;

	snprintf(to, size, "%" PRIu64 ".%03" PRIu64 THIN "%03" PRIu64 THIN "%03" PRIu64, vtime / 1000000000,
		 fraction / 1000000, fraction / 1000 % 1000, fraction % 1000);
}

void insp_put_duration(char *to, size_t size, vtime_ns duration)
{
	static const char *const units[] = {"ns", "\u00b5s", "ms", "s"};
	double value = (double)duration;
	size_t unit = 0;

	while (unit < 3 && value >= 999.5) {
		value /= 1000;
		unit++;
	}
	snprintf(to, size, "%.*f" THIN "%s", unit == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2, value,
		 units[unit]);
}

void insp_put_quantity(char *to, size_t size, double value, const char *unit)
{
	static const char *const prefixes[] = {"n", "\u00b5", "m", "", "k", "M", "G", "T"};
	int prefix = 3;

	while (prefix < 7 && value >= 999.5) {
		value /= 1000;
		prefix++;
	}
	while (prefix > 0 && value > 0 && value < 0.9995 && unit[0] == 's') {
		value *= 1000;
		prefix--;
	}
	snprintf(to, size, "%.3g\u2009%s%s", value, prefixes[prefix], unit);
}

void insp_put_count(char *to, size_t size, uint64_t count)
{
	char digits[24];
	const int length = snprintf(digits, sizeof(digits), "%" PRIu64, count);
	size_t used = 0;

	CHECK(size >= 48);
	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			used += (size_t)snprintf(to + used, size - used, THIN);
		to[used++] = digits[i];
	}
	to[used] = '\0';
}
