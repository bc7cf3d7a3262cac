/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * filter-fields.c - what a filter can ask about an event.
 *
 * Three families: what every event has, the fields of event-kinds.def by their names, and what is in the frame of a packet
 * (also for its arrival and its loss, which do not hold the frame).
 */
#include "filter-int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "syscall-names.h"
#include "text.h"

static struct fmt_bytes bytes_of(const char *text)
{
	return (struct fmt_bytes){(const uint8_t *)text, text ? strlen(text) : 0};
}

static size_t number(struct fmt__value *ret, uint64_t value)
{
	*ret = (struct fmt__value){.number = value};
	return 1;
}

/* ---- every event ---- */

typedef struct fmt__subject subject;
typedef struct fmt__value value;

static size_t get_seq(subject *s, value *ret)
{
	return number(ret, s->event->seq);
}

static size_t get_time(subject *s, value *ret)
{
	return number(ret, s->event->vtime);
}

static size_t get_node(subject *s, value *ret)
{
	number(ret, s->event->node);
	/* fmt_roster_node() may write to its buffer, so that is the subject's. */
	ret->text = bytes_of(fmt_roster_node(s->roster, s->event->node, s->text[0]));
	return 1;
}

static size_t get_tid(subject *s, value *ret)
{
	return number(ret, s->event->tid);
}

static size_t get_kind(subject *s, value *ret)
{
	const struct fmt_kind_info *info = fmt_kind_info(s->event->kind);

	number(ret, s->event->kind);
	snprintf(s->text[1], sizeof(s->text[1]), "kind-%u", s->event->kind);
	ret->text = bytes_of(info ? info->name : s->text[1]);
	return 1;
}

static size_t get_program(subject *s, value *ret)
{
	const char *name = fmt_roster_thread(s->roster, s->event->node, s->event->tid);

	if (!name)
		return 0;
	*ret = (value){.text = bytes_of(name)};
	return 1;
}

struct fmt_bytes fmt__subject_line(subject *s)
{
	char buf[16];

	if (!s->line.size)
		fmt_put_event(&s->line, s->event, fmt_roster_node(s->roster, s->event->node, buf));
	return (struct fmt_bytes){s->line.data, s->line.size};
}

static size_t get_line(subject *s, value *ret)
{
	*ret = (value){.text = fmt__subject_line(s)};
	return 1;
}

/* ---- packets ---- */

static size_t get_frame_len(subject *s, value *ret)
{
	return s->packet ? number(ret, s->packet->size) : 0;
}

static size_t get_eth_type(subject *s, value *ret)
{
	return s->packet && s->packet->size >= 14 ? number(ret, s->packet->frame.ether_type) : 0;
}

static size_t address(const subject *s, const uint8_t *from, value *ret)
{
	if (!s->packet || !s->packet->frame.ip_version)
		return 0;
	*ret = (value){.version = s->packet->frame.ip_version};
	memcpy(ret->address, from, sizeof(ret->address));
	return 1;
}

static size_t get_ip_src(subject *s, value *ret)
{
	return s->packet ? address(s, s->packet->frame.source, ret) : 0;
}

static size_t get_ip_dst(subject *s, value *ret)
{
	return s->packet ? address(s, s->packet->frame.target, ret) : 0;
}

static size_t get_ip_addr(subject *s, value *ret)
{
	return get_ip_src(s, ret) ? 1 + get_ip_dst(s, ret + 1) : 0;
}

static size_t get_ip(subject *s, value *ret)
{
	const struct fmt_packet *packet = s->packet;

	return packet && packet->frame.ip_version ? number(ret, packet->frame.ip_version) : 0;
}

static size_t get_ip_proto(subject *s, value *ret)
{
	const struct fmt_packet *packet = s->packet;

	return packet && packet->frame.ip_version ? number(ret, packet->frame.protocol) : 0;
}

static size_t get_arp(subject *s, value *ret)
{
	const struct fmt_packet *packet = s->packet;

	return packet && packet->frame.arp_op ? number(ret, packet->frame.arp_op) : 0;
}

static const struct fmt_frame *frame_of(const subject *s, enum fmt_transport transport)
{
	const struct fmt_frame *frame = s->packet ? &s->packet->frame : NULL;

	return frame && frame->has_transport && frame->transport == transport ? frame : NULL;
}

#define FRAME_NUMBER(function, transport, expression)                                              \
	static size_t function(subject *s, value *ret)                                             \
	{                                                                                          \
		const struct fmt_frame *f = frame_of(s, FMT_TRANSPORT_##transport);                \
		return f ? number(ret, expression) : 0;                                            \
	}
#define FRAME_PORTS(function, transport)                                                           \
	static size_t function(subject *s, value *ret)                                             \
	{                                                                                          \
		const struct fmt_frame *f = frame_of(s, FMT_TRANSPORT_##transport);                \
		return f ? number(ret, f->source_port) + number(ret + 1, f->target_port) : 0;      \
	}

FRAME_PORTS(get_tcp_port, TCP)
FRAME_NUMBER(get_tcp_srcport, TCP, f->source_port)
FRAME_NUMBER(get_tcp_dstport, TCP, f->target_port)
FRAME_NUMBER(get_tcp_flags, TCP, f->tcp_flags)
FRAME_NUMBER(get_tcp_seq, TCP, f->seq)
FRAME_NUMBER(get_tcp_ack, TCP, f->ack)
FRAME_NUMBER(get_tcp_window, TCP, f->window)
FRAME_NUMBER(get_tcp_len, TCP, f->payload_size)
FRAME_PORTS(get_udp_port, UDP)
FRAME_NUMBER(get_udp_srcport, UDP, f->source_port)
FRAME_NUMBER(get_udp_dstport, UDP, f->target_port)
FRAME_NUMBER(get_udp_len, UDP, f->payload_size)
FRAME_NUMBER(get_icmp_type, ICMP, f->icmp_type)
FRAME_NUMBER(get_icmp_code, ICMP, f->icmp_code)
FRAME_NUMBER(get_icmp6_type, ICMP6, f->icmp_type)

static size_t get_tcp_stream(subject *s, value *ret)
{
	return s->packet && s->packet->stream >= 0 ? number(ret, (uint64_t)s->packet->stream) : 0;
}

/* A flag is there (1) or the field is not, so that `tcp.syn` alone is a test. */
#define TCP_FLAG(function, bit)                                                                    \
	static size_t function(subject *s, value *ret)                                             \
	{                                                                                          \
		const struct fmt_frame *f = frame_of(s, FMT_TRANSPORT_TCP);                        \
		return f && f->tcp_flags & (bit) ? number(ret, 1) : 0;                             \
	}

TCP_FLAG(get_tcp_fin, 0x01)
TCP_FLAG(get_tcp_syn, 0x02)
TCP_FLAG(get_tcp_rst, 0x04)
TCP_FLAG(get_tcp_push, 0x08)
TCP_FLAG(get_tcp_is_ack, 0x10)

/* ---- names of numbers ---- */

static int syscall_number(const char *name, uint64_t *ret)
{
	const int nr = fmt_syscall_number(name);

	if (nr < 0)
		return -ENOENT;
	*ret = (uint64_t)nr;
	return 0;
}

static int signal_number(const char *name, uint64_t *ret)
{
	for (uint64_t signo = 1; signo < 65; signo++) {
		const char *known = fmt_signal_name(signo);

		if (!known || (strcmp(known, name) != 0 && strcmp(known + 3, name) != 0))
			continue;
		*ret = signo;
		return 0;
	}
	return -ENOENT;
}

/* "EINPROGRESS" or "-EINPROGRESS": both are how a call returns it. */
static int errno_number(const char *name, uint64_t *ret)
{
	name += name[0] == '-';
	for (int number_ = 1; number_ < 4096; number_++) {
		const char *known = fmt_errno_name(number_);

		if (!known || strcmp(known, name) != 0)
			continue;
		*ret = (uint64_t)-(int64_t)number_;
		return 0;
	}
	return -ENOENT;
}

/* "SA" or "S": as dump shows them, in any order. */
static int flags_number(const char *name, uint64_t *ret)
{
	static const char letters[] = "FSRPAUEC";
	uint64_t flags = 0;

	for (; *name; name++) {
		const char *at = strchr(letters, *name);

		if (!at)
			return -ENOENT;
		flags |= 1u << (at - letters);
	}
	*ret = flags;
	return 0;
}

/* ---- the table ---- */

static const struct fmt__field own_fields[] = {
	{"seq", FMT__NUMBER, false, get_seq, NULL},
	{"time", FMT__TIME, false, get_time, NULL},
	{"node", FMT__NUMBER, false, get_node, NULL},
	{"tid", FMT__NUMBER, false, get_tid, NULL},
	{"kind", FMT__NUMBER, false, get_kind, NULL},
	{"program", FMT__TEXT, true, get_program, NULL},
	{"line", FMT__TEXT, false, get_line, NULL},
	{"frame.len", FMT__NUMBER, true, get_frame_len, NULL},
	{"eth.type", FMT__NUMBER, true, get_eth_type, NULL},
	{"arp", FMT__NUMBER, true, get_arp, NULL},
	{"ip", FMT__NUMBER, true, get_ip, NULL},
	{"ip.src", FMT__ADDRESS, true, get_ip_src, NULL},
	{"ip.dst", FMT__ADDRESS, true, get_ip_dst, NULL},
	{"ip.addr", FMT__ADDRESS, true, get_ip_addr, NULL},
	{"ip.version", FMT__NUMBER, true, get_ip, NULL},
	{"ip.proto", FMT__NUMBER, true, get_ip_proto, NULL},
	{"tcp", FMT__NUMBER, true, get_tcp_srcport, NULL},
	{"tcp.port", FMT__NUMBER, true, get_tcp_port, NULL},
	{"tcp.srcport", FMT__NUMBER, true, get_tcp_srcport, NULL},
	{"tcp.dstport", FMT__NUMBER, true, get_tcp_dstport, NULL},
	{"tcp.stream", FMT__NUMBER, true, get_tcp_stream, NULL},
	{"tcp.flags", FMT__NUMBER, true, get_tcp_flags, flags_number},
	{"tcp.flags.fin", FMT__NUMBER, true, get_tcp_fin, NULL},
	{"tcp.flags.syn", FMT__NUMBER, true, get_tcp_syn, NULL},
	{"tcp.flags.reset", FMT__NUMBER, true, get_tcp_rst, NULL},
	{"tcp.flags.push", FMT__NUMBER, true, get_tcp_push, NULL},
	{"tcp.flags.ack", FMT__NUMBER, true, get_tcp_is_ack, NULL},
	{"tcp.seq", FMT__NUMBER, true, get_tcp_seq, NULL},
	{"tcp.ack", FMT__NUMBER, true, get_tcp_ack, NULL},
	{"tcp.window", FMT__NUMBER, true, get_tcp_window, NULL},
	{"tcp.len", FMT__NUMBER, true, get_tcp_len, NULL},
	{"udp", FMT__NUMBER, true, get_udp_srcport, NULL},
	{"udp.port", FMT__NUMBER, true, get_udp_port, NULL},
	{"udp.srcport", FMT__NUMBER, true, get_udp_srcport, NULL},
	{"udp.dstport", FMT__NUMBER, true, get_udp_dstport, NULL},
	{"udp.len", FMT__NUMBER, true, get_udp_len, NULL},
	{"icmp", FMT__NUMBER, true, get_icmp_type, NULL},
	{"icmp.type", FMT__NUMBER, true, get_icmp_type, NULL},
	{"icmp.code", FMT__NUMBER, true, get_icmp_code, NULL},
	{"icmp6.type", FMT__NUMBER, true, get_icmp6_type, NULL},
};
#define OWN_COUNT (sizeof(own_fields) / sizeof(own_fields[0]))

/* The fields of event-kinds.def; one name means the same in every kind.  Sizes of B and E are what can be compared. */
#define TYPE_U FMT__NUMBER
#define TYPE_H FMT__NUMBER
#define TYPE_S FMT__SIGNED
#define TYPE_T FMT__TEXT
#define TYPE_B FMT__NUMBER
#define TYPE_E FMT__NUMBER
static const struct fmt__field event_fields[] = {
#define F(type, field) {#field, TYPE_##type, false, NULL, NULL},
#define EVENT(number, symbol, name, fields) fields
#include "event-kinds.def"
#undef EVENT
#undef F
};
#define EVENT_COUNT (sizeof(event_fields) / sizeof(event_fields[0]))

static const struct fmt__field named_fields[] = {
	{"nr", FMT__NUMBER, false, NULL, syscall_number},
	{"ret", FMT__SIGNED, false, NULL, errno_number},
	{"signo", FMT__NUMBER, false, NULL, signal_number},
};

static bool is_name(const struct fmt__field *field, const char *name, size_t size)
{
	return strlen(field->name) == size && memcmp(field->name, name, size) == 0;
}

bool fmt__field_is(const struct fmt__field *field, const char *name)
{
	return strcmp(field->name, name) == 0;
}

const struct fmt__field *fmt__field_find(const char *name, size_t size)
{
	for (size_t i = 0; i < OWN_COUNT; i++)
		if (is_name(&own_fields[i], name, size))
			return &own_fields[i];
	for (size_t i = 0; i < sizeof(named_fields) / sizeof(named_fields[0]); i++)
		if (is_name(&named_fields[i], name, size))
			return &named_fields[i];
	for (size_t i = 0; i < EVENT_COUNT; i++)
		if (is_name(&event_fields[i], name, size))
			return &event_fields[i];
	return NULL;
}

/* Letters that both begin with, then how much they differ in length: enough for a hint. */
static size_t likeness(const char *known, const char *name, size_t size)
{
	size_t same = 0;

	while (same < size && known[same] == name[same])
		same++;
	return same;
}

const char *fmt__field_nearest(const char *name, size_t size)
{
	const char *nearest = "kind";
	size_t best = 0;

	for (size_t i = 0; i < OWN_COUNT + EVENT_COUNT; i++) {
		const char *known = i < OWN_COUNT ? own_fields[i].name
						  : event_fields[i - OWN_COUNT].name;

		if (likeness(known, name, size) > best) {
			best = likeness(known, name, size);
			nearest = known;
		}
	}
	return nearest;
}

const char *fmt_filter_field_name(size_t index)
{
	if (index < OWN_COUNT)
		return own_fields[index].name;
	return index - OWN_COUNT < EVENT_COUNT ? event_fields[index - OWN_COUNT].name : NULL;
}

/* ---- values ---- */

static const char *name_of(const struct fmt__field *field, uint64_t value_)
{
	const int64_t result = (int64_t)value_;

	if (field->number_of == syscall_number)
		return fmt_syscall_name(value_);
	if (field->number_of == signal_number)
		return fmt_signal_name(value_);
	if (field->number_of == errno_number && result < 0 && result > -4096)
		return fmt_errno_name((int)-result);
	return NULL;
}

size_t fmt__field_get(const struct fmt__field *field, subject *s, value ret[FMT__VALUES_MAX])
{
	if (field->get)
		return field->get(s, ret);
	const struct fmt_kind_info *info = fmt_kind_info(s->event->kind);

	if (!s->decoded) {
		s->value_count = fmt_event_values(s->event, s->values);
		s->decoded = true;
	}
	for (int i = 0; i < s->value_count; i++) {
		if (strcmp(info->fields[i].name, field->name) != 0)
			continue;
		const bool sized = strchr("BE", info->fields[i].type);

		number(ret, sized ? s->values[i].bytes.size : s->values[i].u);
		ret->text = field->type == FMT__TEXT ? s->values[i].bytes
						     : bytes_of(name_of(field, ret->number));
		return 1;
	}
	return 0;
}
