/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of nodes: what single events do, and that a state does not depend on the way on which it was come to. */
#include "state.h"

#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

static struct fmt_buf events;
static char path[] = "/tmp/test-state.XXXXXX";

static struct fmt_bytes text(const char *from)
{
	return (struct fmt_bytes){(const uint8_t *)from, strlen(from)};
}

/* ---- events in short ------------------------------------------------------------- */

static vtime_ns now;

static void put_node(node_id node, const char *name)
{
	fmt_put_node(&events, now, 0, 0, &(struct fmt_ev_node){.id = node, .name = text(name), .address = text("10.0.0.1/24")});
}

static void put_start(node_id node, uint32_t pid, const char *name)
{
	fmt_put_start(&events, ++now, node, pid, &(struct fmt_ev_start){.pid = pid, .name = text(name)});
}

static void put_exec(node_id node, uint32_t pid, const char *program)
{
	fmt_put_exec(&events, ++now, node, pid, &(struct fmt_ev_exec){.pid = pid, .path = text(program), .args = text(program)});
}

static void put_clone(node_id node, uint32_t tid, uint32_t child, uint32_t child_pid, uint64_t flags)
{
	fmt_put_clone(&events, ++now, node, tid,
		      &(struct fmt_ev_clone){.child_tid = child, .child_pid = child_pid, .flags = flags});
}

static void put_exit(node_id node, uint32_t tid, uint32_t pid, bool last)
{
	fmt_put_exit(&events, ++now, node, tid, &(struct fmt_ev_exit){.pid = pid, .code = 7 << 8, .last = last});
}

static void put_fd(node_id node, uint32_t tid, uint64_t fd, uint64_t flags, uint64_t sock, const char *what)
{
	fmt_put_fd(&events, ++now, node, tid,
		   &(struct fmt_ev_fd){.fd = fd, .flags = flags, .sock = sock, .what = text(what)});
}

static void put_call(node_id node, uint32_t tid, uint64_t nr, uint64_t a0, uint64_t a1, uint64_t a2, int64_t ret)
{
	fmt_put_syscall(&events, ++now, node, tid,
			&(struct fmt_ev_syscall){.nr = nr, .a0 = a0, .a1 = a1, .a2 = a2, .ret = ret});
}

static void put_tcp(node_id node, uint64_t sock, uint64_t state, uint32_t seq)
{
	fmt_put_tcp(&events, ++now, node, 0, &(struct fmt_ev_tcp){.sock = sock, .state = state, .snd_una = seq, .snd_nxt = seq});
}

static void put_route(const char *target, const char *via, uint64_t index, uint64_t on)
{
	fmt_put_route(&events, ++now, 1, 0, &(struct fmt_ev_route){.family = 2, .target = text(target), .via = text(via),
								   .index = index, .table = 254, .type = 1, .on = on});
}

static void put_interface(uint64_t index, const char *name, uint64_t flags, uint64_t on)
{
	fmt_put_interface(&events, ++now, 1, 0,
			  &(struct fmt_ev_interface){.index = index, .name = text(name), .flags = flags, .on = on});
}

/* ---- traces -------------------------------------------------------------------------- */

/* All events so far as a trace; the events are gone. */
static struct fmt_reader *open_trace(void)
{
	struct fmt_writer *writer;
	struct fmt_reader *reader = NULL;
	struct fmt_event event;
	struct fmt_error error = {{0}};
	size_t pos = 0;

	EQUAL(fmt_writer_new(path, &writer), 0);
	while (fmt_record_next(events.data, events.size, &pos, &event) > 0)
		EQUAL(fmt_writer_event(writer, &event), 0);
	EQUAL(fmt_writer_finish(writer, NULL), 0);
	EQUAL(fmt_reader_open(path, &reader, &error), 0);
	fmt_buf_clear(&events);
	now = 0;
	return reader;
}

static const struct rep_state *end_of(struct rep_states *states)
{
	const struct rep_state *state = NULL;
	struct fmt_error error = {{0}};

	EQUAL(rep_states_at_place(states, "end", &state, &error), 0);
	return state;
}

/* ---- what single events do --------------------------------------------------------------- */

static const char *what_of(const struct rep_state_node *node, uint32_t pid, uint32_t fd)
{
	const struct rep_state_fd *row = rep_state_fd(node, pid, fd);

	return row ? row->what : "";
}

static void test_descriptors(void)
{
	struct fmt_reader *reader;
	struct rep_states *states;

	part("descriptors");
	put_node(1, "one");
	put_start(1, 10, "a");
	put_exec(1, 10, "/bin/a");
	put_fd(1, 10, 0, 0, 0, "/in");
	put_fd(1, 10, 3, O_CLOEXEC, 0, "/kept until exec");
	put_fd(1, 10, 4, 0, 0, "/shared");
	put_fd(1, 10, 5, 0, 0, "/closed");
	put_call(1, 10, __NR_close, 5, 0, 0, 0);
	put_call(1, 10, __NR_close, 4, 0, 0, -EINTR);
	put_clone(1, 10, 11, 11, 0);				/* a fork has copies */
	put_fd(1, 11, 6, 0, 0, "/the child's own");
	put_clone(1, 10, 12, 10, CLONE_THREAD | CLONE_FILES);	/* a thread shares */
	put_fd(1, 12, 7, 0, 0, "/by the thread");
	put_clone(1, 10, 13, 13, CLONE_FILES);			/* so does a process that asks for it */
	put_call(1, 13, __NR_fcntl, 7, F_SETFD, FD_CLOEXEC, 0);
	put_exec(1, 11, "/bin/b");
	put_clone(1, 10, 14, 14, 0);
	put_call(1, 14, __NR_close_range, 3, 6, 0, 0);
	put_exit(1, 14, 14, true);
	reader = open_trace();
	rep_states_new(reader, &states);
	const struct rep_state_node *node = rep_state_node(end_of(states), 1);

	STRING(what_of(node, 10, 0), "/in");
	STRING(what_of(node, 10, 3), "/kept until exec");
	STRING(what_of(node, 10, 4), "/shared");
	STRING(what_of(node, 10, 5), "");
	STRING(what_of(node, 10, 6), "");
	STRING(what_of(node, 10, 7), "/by the thread");
	STRING(what_of(node, 11, 6), "/the child's own");
	STRING(what_of(node, 11, 3), "");
	STRING(what_of(node, 11, 4), "/shared");
	STRING(what_of(node, 13, 7), "/by the thread");
	EQUAL(rep_state_fd(node, 13, 7)->flags & O_CLOEXEC, O_CLOEXEC);
	HOLDS(rep_state_fd(node, 14, 0) == NULL);
	EQUAL(rep_state_process(node, 14)->ended, true);
	EQUAL(rep_state_process(node, 14)->code, 7 << 8);
	EQUAL(node->threads.count, 4);
	STRING(rep_state_process(node, 11)->name, "b");
	rep_states_free(states);
	fmt_reader_close(reader);
}

static void test_sockets(void)
{
	struct fmt_reader *reader;
	struct rep_states *states;
	const struct rep_state *state;

	part("sockets");
	put_node(1, "one");
	put_start(1, 10, "a");
	put_fd(1, 10, 3, 0, 5, "socket:[1]");
	put_tcp(1, 5, 1, 100);
	put_fd(1, 10, 4, 0, 6, "socket:[2]");
	put_tcp(1, 6, 1, 200);
	put_call(1, 10, __NR_dup, 3, 0, 0, 5);
	put_fd(1, 10, 5, 0, 5, "socket:[1]");
	put_call(1, 10, __NR_close, 3, 0, 0, 0);
	put_call(1, 10, __NR_close, 4, 0, 0, 0);		/* TCP goes on without a descriptor ... */
	put_tcp(1, 6, 6, 300);					/* ... in TIME-WAIT ... */
	now += 61000000000;					/* ... for a minute */
	put_call(1, 10, __NR_getpid, 0, 0, 0, 10);
	put_tcp(1, 5, 7, 0);
	put_call(1, 10, __NR_close, 5, 0, 0, 0);
	reader = open_trace();
	rep_states_new(reader, &states);
	EQUAL(rep_states_at(states, 10, &state, NULL), 0);
	EQUAL(rep_state_socket(rep_state_node(state, 1), 6)->state, 6);
	EQUAL(rep_state_socket(rep_state_node(state, 1), 5)->refs, 1);
	EQUAL(rep_states_at(states, 12, &state, NULL), 0);
	HOLDS(rep_state_socket(rep_state_node(state, 1), 6) == NULL);
	HOLDS(rep_state_socket(rep_state_node(state, 1), 5) != NULL);
	/* Back again, to where it was there. */
	EQUAL(rep_states_at(states, 10, &state, NULL), 0);
	HOLDS(rep_state_socket(rep_state_node(state, 1), 6) != NULL);
	HOLDS(rep_state_socket(rep_state_node(end_of(states), 1), 5) == NULL);
	rep_states_free(states);
	fmt_reader_close(reader);
}

static void test_routes(void)
{
	struct fmt_reader *reader;
	struct rep_states *states;
	const struct rep_state *state;

	part("routes");
	put_node(1, "one");
	put_interface(2, "eth0", 0x1043, 1);
	put_interface(3, "eth1", 0x1043, 1);
	put_route("10.0.0.0/24", "", 2, 1);
	put_route("default", "10.0.0.9", 2, 1);
	put_route("default", "10.1.0.9", 3, 2);			/* in the place of the other */
	put_route("10.1.0.0/24", "", 3, 1);
	put_route("10.0.0.0/24", "", 2, 0);
	put_interface(3, "eth1", 0x1002, 1);			/* down */
	put_interface(2, "eth0", 0, 0);				/* gone */
	reader = open_trace();
	rep_states_new(reader, &states);
	EQUAL(rep_states_at(states, 6, &state, NULL), 0);
	const struct rep_state_node *node = rep_state_node(state, 1);
	const struct rep_state_route *routes = node->routes.rows;

	EQUAL(node->routes.count, 3);
	STRING(routes[1].via, "10.1.0.9");
	node = rep_state_node(end_of(states), 1);
	EQUAL(node->routes.count, 0);
	EQUAL(node->interfaces.count, 1);
	rep_states_free(states);
	fmt_reader_close(reader);
}

static void test_timers(void)
{
	struct fmt_reader *reader;
	struct rep_states *states;
	const struct rep_state *state;

	part("timers");
	put_node(1, "one");
	put_start(1, 10, "a");
	for (uint64_t id = 3; id < 6; id++)
		fmt_put_timer(&events, 100, 1, 10, &(struct fmt_ev_timer){
			.nr = __NR_timerfd_settime, .id = id, .expires_ns = 200, .interval_ns = id == 4 ? 70 : 0 });
	fmt_put_timer(&events, 150, 1, 10, &(struct fmt_ev_timer){.nr = __NR_timerfd_settime, .id = 5});
	now = 1000;
	put_exec(1, 10, "/bin/b");
	reader = open_trace();
	rep_states_new(reader, &states);
	EQUAL(rep_states_at_time(states, 150, &state, NULL), 0);
	EQUAL(rep_state_node(state, 1)->timers.count, 3);
	EQUAL(rep_states_at_time(states, 199, &state, NULL), 0);
	EQUAL(rep_state_node(state, 1)->timers.count, 2);
	/* One is over, the other goes on: 200, 270, 340, 410. */
	EQUAL(rep_states_at_time(states, 350, &state, NULL), 0);
	EQUAL(rep_state_node(state, 1)->timers.count, 1);
	EQUAL(((const struct rep_state_timer *)rep_state_node(state, 1)->timers.rows)->expires, 410);
	EQUAL(rep_state_node(end_of(states), 1)->timers.count, 0);
	rep_states_free(states);
	fmt_reader_close(reader);
}

/* Events about what there never was, and of numbers without end, do nothing. */
static void test_nonsense(void)
{
	struct fmt_reader *reader;
	struct rep_states *states;

	part("nonsense");
	put_call(9, 9, __NR_close, 1, 0, 0, 0);
	put_node(1, "one");
	put_node(UINT32_MAX, "last");
	put_exit(1, 4, 4, true);
	put_exec(1, 5, "/x");
	put_fd(1, 6, 1, 0, 1, "x");
	put_clone(1, 7, 8, 8, 0);
	put_tcp(1, 1, 7, 0);
	put_start(1, 10, "a");
	put_call(1, 10, __NR_close, UINT64_MAX, 0, 0, 0);
	put_call(1, 10, __NR_close_range, 5, 1, UINT64_MAX, 0);
	put_exit(1, 10, 11, false);
	fmt_put_packet_recv(&events, now, 1, 0, &(struct fmt_ev_packet_recv){.packet = UINT64_MAX});
	fmt_put_packet_send(&events, now, 1, 0, &(struct fmt_ev_packet_send){.packet = 7ull << 40});
	fmt_put_queue(&events, now, 1, 0, &(struct fmt_ev_queue){.iface = UINT64_MAX});
	reader = open_trace();
	rep_states_new(reader, &states);
	const struct rep_state_node *node = rep_state_node(end_of(states), 1);

	EQUAL(node->processes.count, 1);
	EQUAL(node->fds.count + node->sockets.count + node->packets.count, 0);
	EQUAL(rep_states_at(states, 100, &(const struct rep_state *){NULL}, NULL), -ERANGE);
	rep_states_free(states);
	fmt_reader_close(reader);
}

/* ---- the way does not matter ---------------------------------------------------------------- */

#define MANY 60000

static void put_random(void)
{
	const node_id node = 1 + (node_id)random_below(3);
	const uint32_t pid = 10 + (uint32_t)random_below(20), other = 10 + (uint32_t)random_below(20);
	const uint64_t sock = random_below(40), fd = random_below(16);
	static uint64_t packets;

	switch (random_below(10)) {
	case 0:
		put_clone(node, pid, other, other, random_below(2) ? CLONE_FILES : 0);
		break;
	case 1:
		put_exit(node, pid, pid, random_below(4));
		break;
	case 2:
		put_start(node, pid, "program");
		break;
	case 3:
	case 4:
		put_fd(node, pid, fd, random_below(2) ? O_CLOEXEC : 0, sock, "something");
		break;
	case 5:
		put_call(node, pid, __NR_close, fd, 0, 0, 0);
		break;
	case 6:
		put_tcp(node, 1 + sock, 1 + random_below(11), (uint32_t)random_u64());
		break;
	case 7:
		put_exec(node, pid, "/bin/other");
		break;
	case 8:
		fmt_put_packet_send(&events, ++now, node, 0, &(struct fmt_ev_packet_send){
			.packet = (uint64_t)node << 40 | packets++, .depart_ns = now + 5, .frame = text("frame") });
		break;
	case 9:
		fmt_put_packet_recv(&events, ++now, node, 0, &(struct fmt_ev_packet_recv){
			.packet = (uint64_t)(1 + random_below(3)) << 40 | random_below(packets + 1) });
		break;
	}
	if (!random_below(20))
		fmt_put_timer(&events, ++now, node, pid, &(struct fmt_ev_timer){
			.nr = __NR_timerfd_settime, .id = fd, .expires_ns = random_below(4) ? now + random_below(5000) : 0,
			.interval_ns = random_below(2) ? 1 + random_below(3000) : 0 });
	/* A minute passes now and then, so that closing connections end. */
	now += random_below(1000) ? 0 : 40000000000;
}

static void same_states(struct rep_states *states, struct rep_states *straight, event_seq seq)
{
	_cleanup_(fmt_buf_done) struct fmt_buf one = {0}, two = {0};
	const struct rep_state *state = NULL;

	EQUAL(rep_states_at(straight, seq, &state, NULL), 0);
	rep_state_json(&one, state, 0);
	EQUAL(rep_states_at(states, seq, &state, NULL), 0);
	rep_state_json(&two, state, 0);
	EQUAL(one.size, two.size);
	HOLDS(one.size == two.size && memcmp(one.data, two.data, one.size) == 0);
}

/* Jumps through a trace with keyframes give what one walk from the beginning to the end gives. */
static void test_ways(void)
{
	struct rep_states *straight, *jumping;
	event_seq walk[64];
	struct fmt_reader *reader, *other = NULL;

	part("ways");
	for (node_id node = 1; node <= 3; node++)
		put_node(node, "node");
	for (size_t i = 0; i < MANY; i++)
		put_random();
	reader = open_trace();
	EQUAL(fmt_reader_open(path, &other, NULL), 0);
	rep_states_new(reader, &straight);
	rep_states_new(other, &jumping);
	EQUAL(rep_states_build(jumping, NULL, NULL, NULL), 0);
	const event_seq count = fmt_reader_count(reader);

	for (size_t i = 0; i < 64; i++)
		walk[i] = i * (count - 1) / 63;
	/* In order for the one; for the other each is a jump from somewhere else. */
	for (size_t i = 0; i < 64; i++) {
		const struct rep_state *state;

		EQUAL(rep_states_at(jumping, random_below(count), &state, NULL), 0);
		same_states(jumping, straight, walk[i]);
	}
	rep_states_free(straight);
	rep_states_free(jumping);
	fmt_reader_close(reader);
	fmt_reader_close(other);
}

int main(void)
{
	/* Nobody's cache takes part. */
	setenv("HINDCAST_CACHE", "/nonexistent", 1);
	HOLDS(close(mkstemp(path)) == 0);
	test_descriptors();
	test_sockets();
	test_routes();
	test_timers();
	test_nonsense();
	test_ways();
	unlink(path);
	fmt_buf_done(&events);
	return done();
}
