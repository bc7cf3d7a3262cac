/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-past.c - what is told of a run when its beginning is gone. */
#include "past.h"

#include <linux/sched.h>

#include "base/check.h"
#include "unit.h"

static struct fmt_past *past;
static vtime_ns now;

/* Learns a record that was put into a buffer. */
static void learn(struct fmt_buf *buf)
{
	struct fmt_event event;
	size_t pos = 0;

	while (fmt_record_next(buf->data, buf->size, &pos, &event) > 0)
		fmt_past_learn(past, &event);
	fmt_buf_done(buf);
}

#define LEARN(kind, node, tid, ...)                                                                \
	do {                                                                                       \
		struct fmt_buf buf_ = {0};                                                         \
		fmt_put_##kind(&buf_, now++, node, tid, &(struct fmt_ev_##kind){__VA_ARGS__});     \
		learn(&buf_);                                                                      \
	} while (0)

static struct fmt_bytes text_of(const char *text)
{
	return (struct fmt_bytes){(const uint8_t *)text, strlen(text)};
}

/* What is told, as "KIND.TID KIND.TID ..."; without node and file events. */
static const char *told(void)
{
	static char text[4096];
	struct fmt_buf records = {0};
	struct fmt_event event;
	size_t pos = 0;
	int used = 0;
	vtime_ns last = 0;

	text[0] = '\0';
	fmt_past_put(past, &records);
	while (fmt_record_next(records.data, records.size, &pos, &event) > 0) {
		HOLDS(event.vtime >= last);
		last = event.vtime;
		if (event.kind != FMT_node)
			used += snprintf(text + used, sizeof(text) - (size_t)used, "%s%s.%u", used ? " " : "",
					 fmt_kind_info(event.kind)->name, event.tid);
	}
	fmt_buf_done(&records);
	return text;
}

static void begin(const char *name)
{
	part(name);
	past = fmt_past_new();
	now = 0;
	LEARN(node, 1, 0, .id = 1, .name = text_of("one"));
}

static void end(void)
{
	fmt_past_free(past);
}

static void start(uint32_t pid)
{
	static const uint8_t regs[8];

	LEARN(start, 1, pid, .pid = pid);
	LEARN(exec, 1, pid, .pid = pid, .file = 3, .path = text_of("/bin/x"), .regs = {regs, sizeof(regs)});
}

static void fork_by(uint32_t tid, uint32_t pid)
{
	LEARN(clone, 1, tid, .child_tid = pid, .child_pid = pid);
}

static void thread_by(uint32_t tid, uint32_t pid, uint32_t child)
{
	LEARN(clone, 1, tid, .child_tid = child, .child_pid = pid, .flags = CLONE_THREAD | CLONE_VM);
}

static void exit_of(uint32_t tid, uint32_t pid, bool last)
{
	LEARN(exit, 1, tid, .pid = pid, .last = last);
}

static void test_threads(void)
{
	begin("threads");
	start(10);
	thread_by(10, 10, 11);
	thread_by(11, 10, 12);
	STRING(told(), "start.10 exec.10 clone.10 clone.11");
	exit_of(11, 10, false);
	STRING(told(), "start.10 exec.10 clone.10 clone.11 exit.11");	/* 12 came from it */
	exit_of(12, 10, false);
	STRING(told(), "start.10 exec.10");
	/* A program that another thread than the first executes. */
	thread_by(10, 10, 13);
	exit_of(10, 10, false);
	LEARN(exec, 1, 10, .pid = 10, .path = text_of("/bin/y"));
	STRING(told(), "start.10 exec.10 exit.10 exec.10");
	fork_by(10, 20);
	STRING(told(), "start.10 exec.10 exit.10 exec.10 clone.10");
	end();
}

/* The first thread ends before another one, which takes the process with it. */
static void test_last_thread(void)
{
	begin("last thread");
	start(10);
	thread_by(10, 10, 11);
	exit_of(10, 10, false);
	STRING(told(), "start.10 exec.10 clone.10 exit.10");
	exit_of(11, 10, true);
	STRING(told(), "start.10 exec.10 exit.10");
	end();
}

static void test_ancestors(void)
{
	begin("ancestors");
	start(10);
	fork_by(10, 20);
	exit_of(10, 10, true);
	fork_by(20, 30);
	exit_of(20, 20, true);
	STRING(told(), "start.10 exec.10 clone.10 exit.10 clone.20 exit.20");
	/* The last that ended are told of, others only as far as someone comes from them. */
	for (uint32_t pid = 100; pid < 100 + 2 * FMT_PAST_ENDED_MAX; pid++) {
		fork_by(30, pid);
		exit_of(pid, pid, true);
	}
	const char *text = told();
	size_t exits = 0;

	for (const char *at = text; (at = strstr(at, "exit.")); at++)
		exits++;
	EQUAL(exits, 2 + FMT_PAST_ENDED_MAX);
	HOLDS(strncmp(text, "start.10 exec.10 clone.10 exit.10 clone.20 exit.20 ", 51) == 0);
	HOLDS(!strstr(text, "exit.100 ") && strstr(text, "exit.227"));
	end();
}

static void test_exec_is_bare(void)
{
	struct fmt_buf records = {0};
	struct fmt_ev_exec ev = {0};
	struct fmt_event event;
	size_t pos = 0;

	begin("programs");
	start(10);
	fmt_past_put(past, &records);
	while (fmt_record_next(records.data, records.size, &pos, &event) > 0)
		if (event.kind == FMT_exec)
			EQUAL(fmt_get_exec(&event, &ev), 0);
	EQUAL(ev.file, 3);
	EQUAL(ev.regs.size, 0);
	exit_of(10, 10, true);
	fmt_buf_clear(&records);
	fmt_past_put(past, &records);
	for (pos = 0; fmt_record_next(records.data, records.size, &pos, &event) > 0;)
		if (event.kind == FMT_exec)
			EQUAL(fmt_get_exec(&event, &ev), 0);
	EQUAL(ev.file, 0);
	fmt_buf_done(&records);
	end();
}

static void test_packets(void)
{
	begin("packets");
	LEARN(packet_send, 1, 0, .packet = 7);
	LEARN(packet_send, 1, 0, .packet = 8);
	LEARN(packet_copy, 1, 0, .packet = 9, .original = 7);
	LEARN(packet_corrupt, 1, 0, .packet = 7, .bit = 1);
	STRING(told(), "packet-send.0 packet-send.0 packet-copy.0 packet-corrupt.0");
	LEARN(packet_recv, 1, 0, .packet = 8);
	LEARN(packet_recv, 1, 0, .packet = 7);
	STRING(told(), "packet-send.0 packet-copy.0 packet-corrupt.0 packet-recv.0");	/* the copy is under way */
	LEARN(packet_drop, 1, 0, .packet = 9);
	STRING(told(), "");
	end();
}

static void test_places(void)
{
	begin("places");
	LEARN(link_change, 0, 0, .link = 1, .side = 0, .what = text_of("rate_bps=5 delay_ns=2"));
	LEARN(link_change, 0, 0, .link = 1, .side = 0, .what = text_of("down=1"));
	LEARN(link_change, 0, 0, .link = 1, .side = 1, .what = text_of("down=1"));
	LEARN(link_change, 0, 0, .link = 1, .side = 0, .what = text_of("down=0"));
	LEARN(carrier, 1, 0, .iface = 0, .on = 0);
	LEARN(carrier, 1, 0, .iface = 0, .on = 1);
	LEARN(position, 0, 0, .id = 1, .x = 5);
	LEARN(position, 0, 0, .id = 2, .x = 5);
	LEARN(position, 0, 0, .id = 1, .x = 6);
	STRING(told(), "link-change.0 link-change.0 link-change.0 carrier.0 position.0 position.0");
	end();
}

static void test_reboot(void)
{
	begin("a node that boots again");
	start(10);
	fork_by(10, 20);
	exit_of(20, 20, true);
	LEARN(node_down, 1, 0, .why = text_of("crash"));
	STRING(told(), "node-down.0");
	LEARN(node_up, 1, 0, .boots = 2);
	start(10);
	STRING(told(), "node-down.0 node-up.0 start.10 exec.10");
	end();
}

int main(void)
{
	test_threads();
	test_last_thread();
	test_ancestors();
	test_exec_is_bare();
	test_packets();
	test_places();
	test_reboot();
	return done();
}
