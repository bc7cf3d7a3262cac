/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "event.h"

#include <errno.h>

#include "effect.h"
#include "syscall-names.h"
#include "unit.h"

static uint8_t bytes[3000];

/* ---- a round trip for each row of event-kinds.def, with random values ---- */

static uint64_t random_U(void)
{
	return random_wide();
}

#define random_H random_U

static int64_t random_S(void)
{
	return (int64_t)random_wide() * (random_below(2) ? 1 : -1);
}

static struct fmt_bytes random_B(void)
{
	const size_t size = random_below(4) ? random_below(100) : random_below(sizeof(bytes));

	return (struct fmt_bytes){bytes + random_below(sizeof(bytes) - size + 1), size};
}

#define random_T random_B
#define random_E random_B

static void compare_U(uint64_t is, uint64_t put)
{
	EQUAL(is, put);
}

#define compare_H compare_U

static void compare_S(int64_t is, int64_t put)
{
	EQUAL(is, put);
}

static void compare_B(struct fmt_bytes is, struct fmt_bytes put)
{
	SAME(is.data, is.size, put.data, put.size);
}

#define compare_T compare_B
#define compare_E compare_B

static void compare_value_U(const struct fmt_value *is, uint64_t put)
{
	EQUAL(is->u, put);
}

#define compare_value_H compare_value_U

static void compare_value_S(const struct fmt_value *is, int64_t put)
{
	EQUAL(is->u, put);
}

static void compare_value_B(const struct fmt_value *is, struct fmt_bytes put)
{
	compare_B(is->bytes, put);
}

#define compare_value_T compare_value_B
#define compare_value_E compare_value_B

/* Every cut and many changed bits: an error or values, nothing else. */
static void damage(const struct fmt_event *event)
{
	struct fmt_value values[FMT_FIELD_MAX];

	for (size_t size = 0; size < event->body_size; size += 1 + size / 16) {
		struct fmt_event cut = *event;
		uint8_t *copy = malloc(size ? size : 1);

		memcpy(copy, event->body, size);
		cut.body = copy;
		cut.body_size = size;
		EQUAL(fmt_event_values(&cut, values), -EBADMSG);
		if (size) {
			struct fmt_buf text = {0};

			copy[random_below(size)] ^= (uint8_t)(1 << random_below(8));
			fmt_event_values(&cut, values);
			fmt_event_text(&cut, &text);
			HOLDS(!memchr(text.data, '\n', text.size));
			fmt_buf_done(&text);
		}
		free(copy);
	}
}

static void take_record(struct fmt_buf *buf, struct fmt_event *ret, uint64_t vtime, uint32_t node,
			uint32_t tid, uint32_t kind)
{
	size_t pos = 0;

	EQUAL(fmt_record_next(buf->data, buf->size, &pos, ret), 1);
	EQUAL(pos, buf->size);
	EQUAL(ret->vtime, vtime);
	EQUAL(ret->node, node);
	EQUAL(ret->tid, tid);
	EQUAL(ret->kind, kind);
	for (size_t size = 1; size < buf->size; size += 1 + size / 8) {
		struct fmt_event cut;

		pos = 0;
		EQUAL(fmt_record_next(buf->data, size, &pos, &cut), -EBADMSG);
		EQUAL(pos, 0);
	}
	struct fmt_buf again = {0};

	fmt_record_put(&again, ret);
	SAME(again.data, again.size, buf->data, buf->size);
	fmt_buf_done(&again);
}

static void check_field(const struct fmt_kind_info *info, size_t i, const char *type,
			const char *name)
{
	STRING(info->fields[i].name, name);
	EQUAL(info->fields[i].type, type[0]);
}

#define F(type, field) put.field = random_##type();
#define EVENT(number, symbol, name, fields)                                                        \
	static void fill_##symbol(struct fmt_ev_##symbol *ret)                                     \
	{                                                                                          \
		struct fmt_ev_##symbol put;                                                        \
		fields                                                                             \
		*ret = put;                                                                        \
	}
#include "event-kinds.def"
#undef EVENT
#undef F

#define F(type, field) compare_##type(is.field, put.field);
#define EVENT(number, symbol, name, fields)                                                        \
	static void compare_structs_##symbol(struct fmt_ev_##symbol is, struct fmt_ev_##symbol put) \
	{                                                                                          \
		fields                                                                             \
	}
#include "event-kinds.def"
#undef EVENT
#undef F

#define F(type, field)                                                                             \
	check_field(info, i, #type, #field);                                                       \
	compare_value_##type(&values[i++], put.field);
#define EVENT(number, symbol, event_name, fields)                                                  \
	static void round_trip_##symbol(void)                                                      \
	{                                                                                          \
		const struct fmt_kind_info *info = fmt_kind_info(number);                          \
		const uint64_t vtime = random_wide();                                              \
		const uint32_t node = (uint32_t)random_wide(), tid = (uint32_t)random_wide();      \
		struct fmt_value values[FMT_FIELD_MAX];                                            \
		struct fmt_ev_##symbol put, is;                                                    \
		struct fmt_buf buf = {0};                                                          \
		struct fmt_event event;                                                            \
		size_t i = 0;                                                                      \
                                                                                                   \
		STRING(info->name, event_name);                                                    \
		fill_##symbol(&put);                                                               \
		fmt_put_##symbol(&buf, vtime, node, tid, &put);                                    \
		take_record(&buf, &event, vtime, node, tid, FMT_##symbol);                         \
		EQUAL(fmt_get_##symbol(&event, &is), 0);                                           \
		compare_structs_##symbol(is, put);                                                 \
		EQUAL(fmt_event_values(&event, values), info->field_count);                        \
		fields                                                                             \
		EQUAL(i, info->field_count);                                                       \
		damage(&event);                                                                    \
		fmt_buf_done(&buf);                                                                \
	}
#include "event-kinds.def"
#undef EVENT
#undef F

static void test_round_trips(void)
{
#define EVENT(number, symbol, name, fields)                                                        \
	part("round trip of " name);                                                               \
	for (int n = 0; n < 40; n++)                                                               \
		round_trip_##symbol();
#include "event-kinds.def"
#undef EVENT
}

static void test_kinds(void)
{
	size_t count = 0;

	part("every row can be found, others not");
	for (const struct fmt_kind_info *info; (info = fmt_kind_at(count)); count++)
		HOLDS(fmt_kind_info(info->kind) == info);
	HOLDS(count > 20);
	HOLDS(!fmt_kind_info(0));
	HOLDS(!fmt_kind_info(UINT32_MAX));
	struct fmt_value values[FMT_FIELD_MAX];

	EQUAL(fmt_event_values(&(struct fmt_event){.kind = 9999}, values), -ENOENT);
}

/* The document has every row of the table, as it is. */
static void test_document(void)
{
	static char document[1 << 18];
	const struct fmt_kind_info *info;
	FILE *file = fopen("docs/trace-format.5.md", "re");

	part("the document");
	if (!file) {
		printf("# skipped: needs the source tree as working directory\n");
		return;
	}
	document[fread(document, 1, sizeof(document) - 1, file)] = 0;
	fclose(file);
	for (size_t i = 0; (info = fmt_kind_at(i)); i++) {
		char row[500];
		int size = snprintf(row, sizeof(row), "\n| %u | %s |", info->kind, info->name);

		for (size_t k = 0; k < info->field_count; k++)
			size += snprintf(row + size, sizeof(row) - (size_t)size, "%s %s:%c",
					 k ? "," : "", info->fields[k].name, info->fields[k].type);
		snprintf(row + size, sizeof(row) - (size_t)size, " |\n");
		judge(strstr(document, row) != NULL, __FILE__, __LINE__, "no row%s", row);
	}
}

/* ---- text ---- */

static const char *text_of(struct fmt_buf *record, struct fmt_buf *text)
{
	struct fmt_event event;
	size_t pos = 0;

	fmt_buf_clear(text);
	EQUAL(fmt_record_next(record->data, record->size, &pos, &event), 1);
	event.seq = 12;
	fmt_event_text(&event, text);
	fmt_buf_put(text, "", 1);
	fmt_buf_clear(record);
	return (const char *)text->data;
}

#define T(literal) {(const uint8_t *)(literal), sizeof(literal) - 1}

static const uint8_t syn[] = {
	2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00,
	0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
	0x9c, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x02, 0xfa, 0xf0, 0, 0, 0, 0};
static const uint8_t echo[] = {
	2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00,
	0x45, 0, 0, 28, 0, 0, 0x40, 0, 64, 1, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
	8, 0, 0, 0, 0, 7, 0, 3};
static const uint8_t arp[] = {
	255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 0x08, 0x06,
	0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2};

static void test_text(void)
{
	struct fmt_buf record = {0}, text = {0}, effects = {0};

	part("lines of text");
	fmt_put_syscall(&record, 1020000001, 1, 30,
			&(struct fmt_ev_syscall){.ran = 200, .nr = 42, .a0 = 3, .ret = -115});
	STRING(text_of(&record, &text),
	       "12 1.020000001s n1 30 syscall ran=200 nr=connect(42) a0=0x3 a1=0 a2=0 a3=0 a4=0 a5=0 "
	       "ret=-115(EINPROGRESS) effects=0");
	fmt_put_output(&record, 0, 2, 7, &(struct fmt_ev_output){1, T("a\"\\\n\t\1\33[m\x7f \xc3\xa9 "
								      "\xff\xc2\x9b\xe2\x80\xae")});
	STRING(text_of(&record, &text),
	       "12 0.000000000s n2 7 output fd=1 text=\"a\\\"\\\\\\n\\t\\001\\033[m\\177 \xc3\xa9 "
	       "\\377\\302\\233\\342\\200\\256\"");
	fmt_put_signal(&record, 5, 1, 1, &(struct fmt_ev_signal){.signo = 11, .regs = T("123456789")});
	STRING(text_of(&record, &text), "12 0.000000005s n1 1 signal signo=SIGSEGV(11) handler=0 "
					"regs=9#e3069283 effects=0");
	fmt_put_packet_drop(&record, 5, 1, 0, &(struct fmt_ev_packet_drop){
						      .link = 1, .packet = 1ull << 40 | 17,
						      .reason = T("loss")});
	STRING(text_of(&record, &text), "12 0.000000005s n1 0 packet-drop link=1 iface=0 packet=1099511627793 "
					"reason=\"loss\"");
	fmt_effect_put(&effects, &(struct fmt_effect){.op = FMT_EFFECT_FILL, .addr = 1, .size = 1});
	fmt_put_sigreturn(&record, 5, 1, 1, &(struct fmt_ev_sigreturn){
						    .effects = {effects.data, effects.size}});
	HOLDS(strstr(text_of(&record, &text), " effects=1#"));
	fmt_buf_done(&record);
	fmt_buf_done(&text);
	fmt_buf_done(&effects);
}

static void frame_text(const uint8_t *frame, size_t size, const char *expected)
{
	struct fmt_buf record = {0}, text = {0};

	fmt_put_packet_send(&record, 0, 1, 0, &(struct fmt_ev_packet_send){.frame = {frame, size}});
	const char *line = text_of(&record, &text);
	const char *decoded = strchr(line, '[');

	STRING(decoded ? decoded : line, expected);
	fmt_buf_done(&record);
	fmt_buf_done(&text);
}

static void test_frames(void)
{
	part("frames");
	frame_text(syn, sizeof(syn), "[10.0.0.1:40000 > 10.0.0.2:80 tcp S seq=1 ack=0 win=64240 len=0]");
	frame_text(echo, sizeof(echo), "[10.0.0.1 > 10.0.0.2 icmp echo-request id=7 seq=3]");
	frame_text(arp, sizeof(arp), "[arp who-has 10.0.0.2 tell 10.0.0.1]");
	frame_text(syn, 5, "[short]");
	part("damaged frames");
	for (int i = 0; i < 20000; i++) {
		const uint8_t *const from[] = {syn, echo, arp};
		const size_t sizes[] = {sizeof(syn), sizeof(echo), sizeof(arp)};
		const size_t which = random_below(3), size = random_below(sizes[which] + 1);
		uint8_t *copy = malloc(size ? size : 1);
		struct fmt_buf record = {0}, text = {0};

		memcpy(copy, from[which], size);
		for (int k = 0; size && k < 3; k++)
			copy[random_below(size)] = (uint8_t)random_u64();
		fmt_put_packet_send(&record, 0, 1, 0,
				    &(struct fmt_ev_packet_send){.frame = {copy, size}});
		HOLDS(strstr(text_of(&record, &text), "packet-send"));
		fmt_buf_done(&record);
		fmt_buf_done(&text);
		free(copy);
	}
}

static void test_names(void)
{
	part("names");
	STRING(fmt_syscall_name(0), "read");
	STRING(fmt_syscall_name(59), "execve");
	STRING(fmt_syscall_name(462), "mseal");
	HOLDS(!fmt_syscall_name(463));
	HOLDS(!fmt_syscall_name(400));
	HOLDS(!fmt_syscall_name(UINT64_MAX));
	EQUAL(fmt_syscall_number("futex_waitv"), 449);
	EQUAL(fmt_syscall_number("no_such_call"), -ENOENT);
	STRING(fmt_errno_name(11), "EAGAIN");
	STRING(fmt_errno_name(512), "ERESTARTSYS");
	HOLDS(!fmt_errno_name(0));
	HOLDS(!fmt_errno_name(-1));
	STRING(fmt_signal_name(9), "SIGKILL");
	HOLDS(!fmt_signal_name(40));
}

int main(void)
{
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)random_u64();
	test_round_trips();
	test_kinds();
	test_document();
	test_text();
	test_frames();
	test_names();
	return done();
}
