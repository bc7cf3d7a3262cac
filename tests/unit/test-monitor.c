/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a monitor tells of frames whose times are known exactly. */
#include "monitor.h"

#include "unit.h"

#define MS 1000000ull

static struct rec_exp_link link_ab = {.end = {{.node = 1}, {.node = 2}}};
static const struct rec_experiment exp_ab = {.links = &link_ab, .link_count = 1, .monitor_ns = 10 * MS};

/* Shows the monitor the event that records hold. */
static void see(struct rec_monitor *monitor, struct fmt_buf *records)
{
	struct fmt_event event;
	size_t pos = 0;

	while (fmt_record_next(records->data, records->size, &pos, &event) > 0)
		rec_monitor_see(monitor, &event);
	fmt_buf_clear(records);
}

static void send_frame(struct rec_monitor *monitor, vtime_ns at, vtime_ns depart, uint64_t packet)
{
	static const uint8_t frame[100];
	struct fmt_buf records = {0};

	fmt_put_packet_send(&records, at, 1, 0, &(struct fmt_ev_packet_send){
		.link = 0, .iface = 0, .packet = 1ull << 40 | packet, .depart_ns = depart, .frame = {frame, sizeof(frame)}});
	see(monitor, &records);
	fmt_buf_done(&records);
}

static void lose(struct rec_monitor *monitor, vtime_ns at, node_id who, uint64_t packet, const char *reason)
{
	struct fmt_buf records = {0};

	fmt_put_packet_drop(&records, at, who, 0, &(struct fmt_ev_packet_drop){
		.link = 0, .packet = 1ull << 40 | packet, .reason = {(const uint8_t *)reason, strlen(reason)}});
	see(monitor, &records);
	fmt_buf_done(&records);
}

/* The loads that are told at the end of the interval, as text. */
static const char *told(struct rec_monitor *monitor)
{
	static char text[400];
	struct fmt_buf records = {0};
	struct fmt_event event;
	size_t pos = 0, used = 0;

	*text = '\0';
	rec_monitor_tell(monitor, rec_monitor_next(monitor), &records);
	while (fmt_record_next(records.data, records.size, &pos, &event) > 0) {
		struct fmt_ev_link_load load;
		struct fmt_ev_link_loss loss;

		if (event.kind == FMT_link_load && fmt_get_link_load(&event, &load) == 0)
			used += (size_t)snprintf(text + used, sizeof(text) - used,
						 "%llu-%llu side %llu: %llu of %llu, busy %llu, queue %llu %llu. ",
						 (unsigned long long)(load.from_ns / MS), (unsigned long long)(event.vtime / MS),
						 (unsigned long long)load.side, (unsigned long long)load.frames,
						 (unsigned long long)load.bytes, (unsigned long long)(load.busy_ns / MS),
						 (unsigned long long)load.queue_max, (unsigned long long)load.queue);
		if (event.kind == FMT_link_loss && fmt_get_link_loss(&event, &loss) == 0)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "side %llu lost %llu: %.*s. ",
						 (unsigned long long)loss.side, (unsigned long long)loss.frames,
						 (int)loss.reason.size, (const char *)loss.reason.data);
	}
	fmt_buf_done(&records);
	return text;
}

static void test_intervals(void)
{
	struct rec_monitor monitor;

	rec_monitor_init(&monitor, &exp_ab);
	EQUAL(rec_monitor_next(&monitor), 10 * MS);
	/* Three frames at once, of 6 ms each: the line works until 20 ms, over the end of the interval. */
	send_frame(&monitor, 2 * MS, 8 * MS, 1);
	send_frame(&monitor, 2 * MS, 14 * MS, 2);
	send_frame(&monitor, 2 * MS, 20 * MS, 3);
	STRING(told(&monitor), "0-10 side 0: 3 of 300, busy 8, queue 3 2. ");
	/* Nothing new, but what was given before still leaves. */
	STRING(told(&monitor), "10-20 side 0: 0 of 0, busy 10, queue 2 0. ");
	STRING(told(&monitor), "");
	EQUAL(rec_monitor_next(&monitor), 40 * MS);
	rec_monitor_done(&monitor);
}

static void test_losses(void)
{
	struct rec_monitor monitor;

	rec_monitor_init(&monitor, &exp_ab);
	send_frame(&monitor, 1 * MS, 3 * MS, 1);
	lose(&monitor, 1 * MS, 1, 1, "loss");
	/* The queue refuses one: it never comes to the line. */
	send_frame(&monitor, 1 * MS, 1 * MS, 2);
	lose(&monitor, 1 * MS, 1, 2, "queue");
	/* One that the receiver's side loses counts for the way by which it came. */
	send_frame(&monitor, 4 * MS, 5 * MS, 3);
	lose(&monitor, 6 * MS, 2, 3, "policed");
	lose(&monitor, 6 * MS, 2, 3, "policed");
	STRING(told(&monitor), "0-10 side 0: 3 of 300, busy 3, queue 1 0. "
	       "side 0 lost 1: loss. side 0 lost 1: queue. side 0 lost 2: policed. ");
	STRING(told(&monitor), "");
	rec_monitor_done(&monitor);
}

int main(void)
{
	test_intervals();
	test_losses();
	return done();
}
