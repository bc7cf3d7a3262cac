/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run-for-tests.h - writes a trace: three nodes, programs that wait, packets of which some are lost or still fly. */
#ifndef TEST_RUN_H
#define TEST_RUN_H

#include "trace.h"

#define T(literal) {(const uint8_t *)(literal), sizeof(literal) - 1}

static uint8_t run_frame[] = {
	2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00,
	0x45, 0, 0, 60, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
	0x9c, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0xa0, 0x02, 0xfa, 0xf0, 0, 0, 0, 0,
	2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7};

static inline void put_begin(struct fmt_buf *buf)
{
	fmt_put_node(buf, 0, 0, 0, &(struct fmt_ev_node){1, T("client"), T("10.0.0.1/24"), T("a")});
	fmt_put_node(buf, 0, 0, 0, &(struct fmt_ev_node){2, T("server"), T("10.0.0.2/24"), T("b")});
	fmt_put_node(buf, 0, 0, 0, &(struct fmt_ev_node){3, T("router"), T("10.0.0.3/24"), T("c")});
	fmt_put_link(buf, 0, 0, 0, &(struct fmt_ev_link){7, 1, T("eth0"), 2, T("eth0"), 1000000, 5000, 0});
	for (uint32_t node = 1; node <= 2; node++) {
		fmt_put_start(buf, 1000, node, 30, &(struct fmt_ev_start){30, T("work")});
		fmt_put_exec(buf, 1000, node, 30, &(struct fmt_ev_exec){
			.pid = 30, .path = T("/usr/bin/worker"), .args = T("worker\0-v")});
	}
	fmt_put_clone(buf, 1500, 1, 30, &(struct fmt_ev_clone){.child_tid = 31, .child_pid = 30});
}

/* Request and answer, one microsecond a step; every seventh request is lost, every 50th program line is told.  Of an odd round the
 * request fares the other way. */
static inline void put_round(struct fmt_buf *buf, uint64_t i, vtime_ns at, bool odd)
{
	const struct fmt_bytes frame = {run_frame, sizeof(run_frame)};
	const uint64_t packet = (1ull << 40) + i;

	fmt_put_syscall(buf, at, 1, 30, &(struct fmt_ev_syscall){.ran = 300, .nr = 44, .a0 = 3, .ret = i % 10 ? 60 : -11});
	fmt_put_packet_send(buf, at + 1000, 1, 0, &(struct fmt_ev_packet_send){
		.link = 7, .packet = packet, .depart_ns = at + 3000, .frame = frame});
	fmt_put_syscall_enter(buf, at + 1000, 1, 31, &(struct fmt_ev_syscall_enter){.nr = 45});
	if ((i % 7 == 3) != odd)
		fmt_put_packet_drop(buf, at + 1000, 1, 0, &(struct fmt_ev_packet_drop){.link = 7, .packet = packet, .reason = T("loss")});
	else
		fmt_put_packet_recv(buf, at + 6000, 2, 0, &(struct fmt_ev_packet_recv){.link = 7, .packet = packet, .size = 74});
	fmt_put_syscall_exit(buf, at + 6000, 1, 31, &(struct fmt_ev_syscall_exit){.nr = 45, .ret = 1});
	if (i % 50 == 0)
		fmt_put_output(buf, at + 7000, 2, 30, &(struct fmt_ev_output){1, T("line\n")});
}

static inline void put_end(struct fmt_buf *buf, vtime_ns at)
{
	const struct fmt_bytes frame = {run_frame, sizeof(run_frame)};

	fmt_put_syscall_enter(buf, at, 2, 30, &(struct fmt_ev_syscall_enter){.nr = 7});
	fmt_put_exit(buf, at + 10, 1, 31, &(struct fmt_ev_exit){.pid = 30, .code = 0});
	fmt_put_exit(buf, at + 20, 1, 30, &(struct fmt_ev_exit){.pid = 30, .code = 9, .last = 1});
	fmt_put_packet_send(buf, at + 30, 2, 0, &(struct fmt_ev_packet_send){
		.link = 7, .packet = 2ull << 40, .depart_ns = at + 40, .frame = frame});
	fmt_put_end(buf, at + 40, 0, 0, &(struct fmt_ev_end){0, T("the time is over")});
}

static inline int write_records(struct fmt_writer *writer, const struct fmt_buf *buf)
{
	struct fmt_event event;
	size_t pos = 0;
	int r;

	while ((r = fmt_record_next(buf->data, buf->size, &pos, &event)) > 0)
		if ((r = fmt_writer_event(writer, &event)) < 0)
			return r;
	return r;
}

/* A node that does something now and then, and that other runs do not have. */
static inline void put_extra(struct fmt_buf *buf, uint64_t i, vtime_ns at)
{
	if (i == 0)
		fmt_put_node(buf, 0, 0, 0, &(struct fmt_ev_node){9, T("extra"), T("10.0.0.9/24"), T("e")});
	else if (i % 100 == 0)
		fmt_put_output(buf, at + 7500, 9, 30, &(struct fmt_ev_output){1, T("more\n")});
}

/* Every so many rounds something is odd; 0: never.  0, -errno. */
static inline int write_odd_run(const char *path, uint64_t rounds, uint64_t every, bool extra)
{
	struct fmt_writer *writer = NULL;
	struct fmt_buf buf = {0};
	int r = fmt_writer_new(path, &writer);

	if (r < 0)
		return r;
	r = fmt_writer_meta(writer, "seed", "42", 2);
	if (extra)
		put_extra(&buf, 0, 0);
	put_begin(&buf);
	for (uint64_t i = 0; i < rounds && r == 0; i++) {
		/* Bursts of forty, then a pause: neither even nor at random. */
		const vtime_ns at = 2000 + i * 8000 + i / 40 * 3000000;

		put_round(&buf, i, at, every && i && i % every == 0);
		if (extra && i)
			put_extra(&buf, i, at);
		r = write_records(writer, &buf);
		fmt_buf_clear(&buf);
	}
	put_end(&buf, 2000 + rounds * 8000 + rounds / 40 * 3000000);
	if (r == 0)
		r = write_records(writer, &buf);
	fmt_buf_done(&buf);
	if (r < 0)
		fmt_writer_abandon(writer);
	return r < 0 ? r : fmt_writer_finish(writer, NULL);
}

static inline int write_run(const char *path, uint64_t rounds)
{
	return write_odd_run(path, rounds, 0, false);
}

#endif
