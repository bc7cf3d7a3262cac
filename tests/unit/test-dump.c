/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dump.h"

#include "filter.h"

#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

#include "unit.h"

#define T(literal) {(const uint8_t *)(literal), sizeof(literal) - 1}

static char path[] = "/tmp/hindcast-test-XXXXXX";

/* ---- a small run: two nodes, a connection, a loss ---- */

static uint8_t frame[54 + 1000] = {
	2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00,
	0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
	0x9c, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x02, 0xfa, 0xf0, 0, 0, 0, 0};

static uint64_t packets;

static void put_packet(struct fmt_buf *buf, vtime_ns vtime, uint8_t flags, size_t payload, bool drop)
{
	frame[16] = (uint8_t)((40 + payload) >> 8);
	frame[17] = (uint8_t)(40 + payload);
	frame[47] = flags;
	fmt_put_packet_send(buf, vtime, 1, 0, &(struct fmt_ev_packet_send){
		.link = 7, .packet = ++packets, .depart_ns = vtime, .frame = {frame, 54 + payload}});
	if (drop)
		fmt_put_packet_drop(buf, vtime, 1, 0, &(struct fmt_ev_packet_drop){
			.link = 7, .packet = packets, .reason = T("loss")});
	else
		fmt_put_packet_recv(buf, vtime, 2, 0, &(struct fmt_ev_packet_recv){
			.link = 7, .packet = packets, .size = 54 + payload});
}

static void put_run(struct fmt_buf *buf)
{
	fmt_put_node(buf, 0, 0, 0, &(struct fmt_ev_node){1, T("client"), T("10.0.0.1"), T("abcd")});
	fmt_put_node(buf, 0, 0, 0, &(struct fmt_ev_node){2, T("server"), T("10.0.0.2"), T("efgh")});
	fmt_put_link(buf, 0, 0, 0, &(struct fmt_ev_link){7, 1, T("eth0"), 2, T("eth0"), 0, 10, 0});
	fmt_put_start(buf, 1000000000, 1, 30, &(struct fmt_ev_start){30, T("fetch")});
	fmt_put_exec(buf, 1000000000, 1, 30, &(struct fmt_ev_exec){
		.pid = 30, .path = T("/usr/bin/curl"), .args = T("curl\0-H\0a b")});
	fmt_put_syscall(buf, 1000002000, 1, 30, &(struct fmt_ev_syscall){
		.ran = 2000, .nr = 42, .a0 = 3, .ret = -115});
	put_packet(buf, 1000003000, 0x02, 0, false);
	put_packet(buf, 1000004000, 0x18, 1000, true);
	for (unsigned int i = 0; i < 10; i++)
		put_packet(buf, 1000005000 + i, 0x10, 500, false);
	fmt_put_output(buf, 1000006000, 1, 30, &(struct fmt_ev_output){1, T("one\ntwo\33[m")});
	fmt_put_warn(buf, 1000006500, 2, 0, &(struct fmt_ev_warn){T("careful")});
	fmt_put_exit(buf, 1000007000, 1, 30, &(struct fmt_ev_exit){.pid = 30, .code = 3 << 8, .last = 1});
	fmt_put_end(buf, 2000000000, 0, 0, &(struct fmt_ev_end){0, T("all processes have ended")});
}

static void write_run(bool finish)
{
	struct fmt_buf buf = {0};
	struct fmt_writer *w = NULL;
	struct fmt_event event;
	size_t pos = 0;

	packets = 1ull << 40;
	put_run(&buf);
	EQUAL(fmt_writer_new(path, &w), 0);
	EQUAL(fmt_writer_meta(w, "seed", "5", 1), 0);
	while (fmt_record_next(buf.data, buf.size, &pos, &event) > 0)
		EQUAL(fmt_writer_event(w, &event), 0);
	EQUAL(fmt_writer_flush(w, true), 0);
	if (finish)
		EQUAL(fmt_writer_finish(w, NULL), 0);
	else
		fmt_writer_abandon(w);
	fmt_buf_done(&buf);
}

typedef int show_function(struct fmt_reader *r, FILE *out, const char *filter,
			  struct fmt_error *error);

static int json(struct fmt_reader *r, FILE *out, const char *filter, struct fmt_error *error)
{
	(void)filter;
	return fmt_info(r, out, /* json= */ true, error);
}

static int info(struct fmt_reader *r, FILE *out, const char *filter, struct fmt_error *error)
{
	(void)filter;
	return fmt_info(r, out, /* json= */ false, error);
}

/* What is printed; the caller frees it. */
static char *show(show_function *function, const char *filter, int expected)
{
	struct fmt_error error = {{0}};
	struct fmt_reader *r = NULL;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	EQUAL(fmt_reader_open(path, &r, &error), 0);
	EQUAL(function(r, out, filter, &error), expected);
	HOLDS(expected == 0 || error.text[0]);
	fclose(out);
	fmt_reader_close(r);
	return text;
}

static void shows(show_function *function, const char *filter, const char *expected)
{
	char *text = show(function, filter, 0);

	STRING(text, expected);
	free(text);
}

static void contains(show_function *function, const char *word)
{
	char *text = show(function, NULL, 0);

	judge(strstr(text, word) != NULL, __FILE__, __LINE__, "no \"%s\" in:\n%s", word, text);
	free(text);
}

static size_t lines(const char *filter)
{
	char *text = show(fmt_dump, filter, 0);
	size_t count = 0;

	for (const char *at = text; (at = strchr(at, '\n')); at++)
		count++;
	free(text);
	return count;
}

static void refused(const char *filter)
{
	free(show(fmt_dump, filter, -EINVAL));
}

static void test_dump(void)
{
	part("dump");
	EQUAL(lines(NULL), 34);
	shows(fmt_dump, "nr=connect",
	      "5 1.000002000s client 30 syscall ran=2000 nr=connect(42) a0=0x3 a1=0 a2=0 a3=0 a4=0 "
	      "a5=0 ret=-115(EINPROGRESS) effects=0\n");
	shows(fmt_dump, "kind=end", "33 2.000000000s - 0 end status=0 "
				    "reason=\"all processes have ended\"\n");
	shows(fmt_dump, "kind=node node=0 seq=1", "1 0.000000000s - 0 node id=2 name=\"server\" "
						  "address=\"10.0.0.2\" seed=65666768\n");

	part("filters");
	EQUAL(lines(""), 34);
	EQUAL(lines("kind=packet-*"), 24);
	EQUAL(lines("kind=packet-send,packet-drop"), 13);
	EQUAL(lines("kind=packet-* !kind=packet-recv"), 13);
	EQUAL(lines("node=server"), 12);
	EQUAL(lines("node=2"), 12);
	EQUAL(lines("tid=30"), 5);
	EQUAL(lines("seq=3..5"), 3);
	EQUAL(lines("seq=..1"), 2);
	EQUAL(lines("from=1.000006s"), 4);
	EQUAL(lines("from=1000006us to=1.000007"), 3);
	EQUAL(lines("to=0"), 3);
	EQUAL(lines("from=3"), 0);
	EQUAL(lines("EINPROGRESS"), 1);
	EQUAL(lines("reason==loss"), 1);
	EQUAL(lines("reason=\"loss\""), 1);
	EQUAL(lines("\"reason=\\\"loss\""), 1);
	refused("kind=no-such-kind");
	refused("tid=x");
	refused("from=yesterday");
	refused("to=1h");
	refused("!");
}

/* Three connections would need three frames; the one here is a SYN, then data on the same ports. */
static void test_packet_filters(void)
{
	part("filters of packets");
	EQUAL(lines("tcp"), 24);
	EQUAL(lines("tcp.port==80"), 24);
	EQUAL(lines("tcp.port!=80"), 0);
	EQUAL(lines("tcp.srcport == 80"), 0);
	EQUAL(lines("tcp.flags.syn"), 2);
	EQUAL(lines("tcp.flags==S && kind==packet-recv"), 1);
	EQUAL(lines("tcp.stream==0 and tcp.len > 0"), 22);
	EQUAL(lines("tcp.stream==1"), 0);
	EQUAL(lines("ip.addr==10.0.0.0/30 kind=packet-drop"), 1);
	EQUAL(lines("ip.src==10.0.0.1 && ip.dst!=10.0.0.2"), 0);
	EQUAL(lines("ip.addr==::/0"), 0);
	EQUAL(lines("frame.len>=1000"), 2);
	EQUAL(lines("packet \"tcp dst port 80 and greater 1000\""), 2);
	EQUAL(lines("packet \"udp\""), 0);
	EQUAL(lines("packet==0x10000000001"), 2);
	EQUAL(lines("udp or arp or icmp"), 0);
	refused("packet \"tcp prt 80\"");
	refused("ip.addr==10.0.0.256");
	refused("ip.addr==10.0.0.1/33");
	refused("ip.addr>10.0.0.1");
}

static void test_language(void)
{
	part("the language of filters");
	EQUAL(lines("node==client && kind==syscall"), 1);
	EQUAL(lines("node==client and not kind==syscall"), 17);
	EQUAL(lines("!(kind==packet-send || kind==packet-recv) && seq in [3, 8]"), 3);
	EQUAL(lines("kind in {syscall, warn, end}"), 3);
	EQUAL(lines("time in [1s, 1.000002s]"), 3);
	EQUAL(lines("time in [1s,1000002us] tid==30"), 3);
	EQUAL(lines("time > 1s time < 1.000003s"), 1);
	EQUAL(lines("ret < 0"), 1);
	EQUAL(lines("ret == EINPROGRESS"), 1);
	EQUAL(lines("ret == -115"), 1);
	EQUAL(lines("ret >= 0"), 0);
	EQUAL(lines("nr==conn*"), 1);
	EQUAL(lines("nr==42"), 1);
	EQUAL(lines("nr"), 1);
	EQUAL(lines("text contains two"), 1);
	EQUAL(lines("text matches \"^one\" or text == careful"), 2);
	EQUAL(lines("args==-H"), 1);
	EQUAL(lines("program==curl kind==exit"), 1);
	EQUAL(lines("a1==0 || a0==0x4"), 1);
	EQUAL(lines("'careful'"), 1);
	refused("(kind==end");
	refused("kind==end)");
	refused("kind==");
	refused("no.such==1");
	refused("node<client");
	refused("nr==no_such_call");
	refused("text<3");
	refused("text matches \"(\"");
	refused("time in [1s 2s]");
	refused("time in 1s");
	refused("\"open");
	refused("kind==end ||");
	refused("tid==-1");
	refused("seq==1e9");
	char deep[600];

	memset(deep, '(', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = 0;
	refused(deep);
	memset(deep, '!', sizeof(deep) - 1);
	refused(deep);
	for (size_t i = 0; i + 2 < sizeof(deep); i += 2)
		memcpy(deep + i, "a ", 3);
	refused(deep);
}

/* What is wrong is shown where it is. */
static void test_filter_message(void)
{
	struct fmt_error error = {{0}};
	struct fmt_filter *filter = NULL;

	part("messages about filters");
	EQUAL(fmt_filter_new("kind==end && nod==x", &filter, &error), -EINVAL);
	STRING(error.text, "filter, column 14: there is no field nod; did you mean node?\n"
			   "  kind==end && nod==x\n               ^");
	EQUAL(fmt_filter_new("time in [1.5s, 2s] && seq>3", &filter, &error), 0);
	EQUAL(fmt_filter_from(filter), 1500000000);
	EQUAL(fmt_filter_to(filter), 2000000000);
	HOLDS(!fmt_filter_needs_history(filter));
	fmt_filter_free(filter);
	EQUAL(fmt_filter_new("time==1s || tcp", &filter, &error), 0);
	EQUAL(fmt_filter_from(filter), 0);
	HOLDS(fmt_filter_to(filter) == UINT64_MAX);
	HOLDS(fmt_filter_needs_history(filter));
	fmt_filter_free(filter);
}

static void test_story(void)
{
	part("story");
	shows(fmt_story, NULL,
	      "   1.000000000  client          starts fetch (pid 30)\n"
	      "   1.000000000  client          pid 30 runs curl -H \"a b\"\n"
	      "   1.000002000  client          curl: connect(3) = EINPROGRESS\n"
	      "   1.000003000  client       --> server       TCP 40000>80 SYN\n"
	      "   1.000004000  client       --x server       TCP 40000>80 PSH ACK 1000 bytes: loss\n"
	      "   1.000005000  client       --> server       TCP 40000>80 ACK 500 bytes\n"
	      "   1.000005001  client       --> server       TCP 40000>80 ACK 500 bytes\n"
	      "   1.000005002  client       --> server       TCP 40000>80 ACK 500 bytes\n"
	      "   1.000005003  client       --> server       TCP 40000>80 ACK 500 bytes\n"
	      "                             ... 6 more segments, 3000 bytes\n"
	      "   1.000006000  client          curl: one\n"
	      "   1.000006000  client          curl: two\\033[m\n"
	      "   1.000006500  server          warn: careful\n"
	      "   1.000007000  client          curl (pid 30) exits with status 3\n"
	      "   2.000000000  -               the run ends: all processes have ended\n");
	shows(fmt_story, "node=server",
	      "   1.000006500  server          warn: careful\n");
}

static void test_info(void)
{
	part("info");
	contains(info, "format       version 1, finished\n");
	contains(info, "run hash     ");
	contains(info, "seed         5\n");
	contains(info, "packets      12 sent (6648 bytes), 1 dropped, 11 received\n");
	contains(info, "duration     2.000000000 s");
	contains(info, "  process    client: fetch (pid 30) from 1.000000000 to 1.000007000, status 3\n");
	contains(info, "  link       7: client - server\n");
	contains(info, "  node       server (2) 10.0.0.2\n");
	contains(info, "warn text=\"careful\"\n");
	contains(json, "{\"version\": 1, \"finished\": true, \"run_hash\": \"");
	contains(json, "\"end_reason\": \"all processes have ended\"");
	contains(json, "\"meta\": {\"seed\": \"5\"}");
	contains(json, "\"wait_status\": 768}");
}

static void test_unfinished(void)
{
	part("of an unfinished trace");
	write_run(/* finish= */ false);
	EQUAL(lines(NULL), 34);
	contains(info, "unfinished\n");
	contains(info, "warning      the recorder did not come to its end");
	contains(json, "\"run_hash\": null");
}

/* Whoever made the trace: nothing that is shown reads beyond a body, or breaks a line. */
static void test_strange_bodies(void)
{
	struct fmt_buf buf = {0};
	struct fmt_writer *w = NULL;
	struct fmt_event event;
	uint8_t body[1200];
	vtime_ns vtime = 0;

	part("bodies that are not those of their kinds");
	put_run(&buf);
	EQUAL(fmt_writer_new(path, &w), 0);
	for (int i = 0; i < 300; i++) {
		for (size_t pos = 0; fmt_record_next(buf.data, buf.size, &pos, &event) > 0;) {
			event.vtime = vtime++;
			event.body_size -= i % 3 ? 0 : random_below(event.body_size + 1);
			memcpy(body, event.body, event.body_size);
			for (int k = 0; k < i % 4 && event.body_size; k++)
				body[random_below(event.body_size)] = (uint8_t)random_u64();
			event.body = body;
			EQUAL(fmt_writer_event(w, &event), 0);
		}
	}
	EQUAL(fmt_writer_finish(w, NULL), 0);
	fmt_buf_done(&buf);
	EQUAL(lines(NULL), 34 * 300);
	free(show(fmt_story, NULL, 0));
	free(show(fmt_story, "node=1", 0));
	free(show(info, NULL, 0));
	free(show(json, NULL, 0));
}

int main(void)
{
	const int fd = mkstemp(path);

	HOLDS(fd >= 0);
	close(fd);
	write_run(/* finish= */ true);
	test_dump();
	test_packet_filters();
	test_language();
	test_filter_message();
	test_story();
	test_info();
	test_unfinished();
	test_strange_bodies();
	unlink(path);
	return done();
}
