/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz-event.c - any bytes as records of events: taken apart, shown, filtered, and what packets are in them. */
#include "effect.h"
#include "filter.h"
#include "fuzz.h"
#include "packets.h"
#include "past.h"
#include "text.h"

static void read_effects(const struct fmt_event *event)
{
	const struct fmt_kind_info *info = fmt_kind_info(event->kind);
	struct fmt_value values[FMT_FIELD_MAX];
	const int count = fmt_event_values(event, values);
	struct fmt_effect effect;

	for (int i = 0; i < count; i++)
		for (size_t pos = 0; info->fields[i].type == 'E' &&
				     fmt_effect_next(values[i].bytes.data, values[i].bytes.size, &pos, &effect) > 0;)
			continue;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fmt_packets *packets = fmt_packets_new();
	struct fmt_filter *filter = NULL;
	struct fmt_roster roster = {0};
	struct fmt_buf text = {0}, records = {0};
	struct fmt_past *past = fmt_past_new();
	struct fmt_event event;
	size_t pos = 0;

	fmt_filter_new("tcp.stream >= 0 || ip.src == 10.0.0.1 || text contains a || ret < 0 || packet \"tcp\"", &filter, NULL);
	while (fmt_record_next(data, size, &pos, &event) > 0) {
		fmt_buf_clear(&text);
		fmt_event_text(&event, &text);
		fmt_roster_learn(&roster, &event);
		fmt_past_learn(past, &event);
		fmt_packets_see(packets, &event);
		read_effects(&event);
		if (filter)
			fmt_filter_match(filter, &event, &roster);
	}
	fmt_buf_done(&text);
	fmt_past_put(past, &records);
	fmt_buf_done(&records);
	fmt_past_free(past);
	fmt_roster_done(&roster);
	fmt_filter_free(filter);
	fmt_packets_free(packets);
	return 0;
}
