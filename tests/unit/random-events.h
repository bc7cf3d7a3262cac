/* SPDX-License-Identifier: GPL-2.0-or-later */
/* random-events.h - any events of any kinds, for tests of what holds them.  Fill noise first. */
#ifndef TEST_RANDOM_EVENTS_H
#define TEST_RANDOM_EVENTS_H

#include "effect.h"
#include "event.h"
#include "unit.h"

static uint8_t noise[4096];

static void put_random_effects(struct fmt_buf *list, uint64_t near)
{
	fmt_buf_clear(list);
	for (uint64_t count = random_below(7); count > 0; count--) {
		const enum fmt_effect_op op = 1 + random_below(FMT_EFFECT_COPY);
		/* Now and then where a number of the event points, or at the end of all addresses. */
		const uint64_t addr = random_below(3) ? near : random_wide() >> 1;

		fmt_effect_put(list, &(struct fmt_effect){
			.op = op, .prot = (uint32_t)random_wide(), .flags = (uint32_t)random_wide(),
			.crc = (uint32_t)random_u64(), .addr = addr,
			.size = op == FMT_EFFECT_WRITE || op == FMT_EFFECT_STORE ? random_below(500) : random_wide() >> 1,
			.from = random_wide() >> 1, .from_size = random_wide() >> 1, .file = random_wide(),
			.offset = random_wide(), .bytes = noise});
	}
}

/* Any event of any kind: numbers near and far, bytes, lists of effects and what is none. */
static void put_random_event(struct fmt_buf *records, vtime_ns vtime)
{
	const struct fmt_kind_info *info;
	struct fmt_buf body = {0}, list = {0};
	size_t kinds = 0;
	uint64_t number = 0;

	while (fmt_kind_at(kinds))
		kinds++;
	info = fmt_kind_at(random_below(kinds));
	for (size_t i = 0; i < info->field_count; i++) {
		number = random_below(3) ? random_below(300) : random_wide();
		switch (info->fields[i].type) {
		case 'U':
		case 'H':
			fmt_buf_put_u64(&body, number);
			break;
		case 'S':
			fmt_buf_put_s64(&body, (int64_t)number);
			break;
		case 'E':
			put_random_effects(&list, number);
			if (!random_below(20))
				fmt_buf_put(&list, noise, 5);
			fmt_buf_put_u64(&body, list.size);
			fmt_buf_put(&body, list.data, list.size);
			break;
		default:
			number = random_below(200);
			fmt_buf_put_u64(&body, number);
			fmt_buf_put(&body, noise + random_below(2000), number);
		}
	}
	if (!random_below(30))
		fmt_buf_put(&body, noise, 3);
	fmt_record_put(records, &(struct fmt_event){
		.vtime = vtime, .node = (node_id)random_below(3), .tid = (uint32_t)random_below(4),
		.kind = random_below(40) ? info->kind : 70000 + (uint32_t)random_below(5),
		.body = body.data, .body_size = body.size});
	fmt_buf_done(&body);
	fmt_buf_done(&list);
}

static size_t random_events(struct fmt_buf *records, struct fmt_event *ret, size_t count)
{
	vtime_ns vtime = random_wide() >> 2;
	size_t pos = 0, got = 0;

	fmt_buf_clear(records);
	for (size_t i = 0; i < count; i++)
		put_random_event(records, vtime += random_wide() >> 20);
	while (fmt_record_next(records->data, records->size, &pos, &ret[got]) > 0)
		got++;
	return got;
}

#endif
