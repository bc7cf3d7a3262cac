/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dissect-app.c - what TCP and UDP carry: DNS, HTTP/1, TLS record headers; the rest as bytes. */
#include "dissect-int.h"

#include <stdio.h>
#include <string.h>

/* ---- DNS ---- */

#define DNS_JUMPS_MAX 16	/* a name that refers to itself ends */

/* Reads a name at *at; *at moves behind it.  False: damaged. */
static bool dns_name(const struct insp__part *part, uint32_t *at, char *to, size_t size)
{
	uint32_t read = *at, jumps = 0;
	size_t used = 0;
	bool jumped = false;

	for (;;) {
		if (read >= part->size)
			return false;
		const uint8_t length = insp__u8(part, read);

		if (length >= 0xc0) {
			if (read + 1 >= part->size || ++jumps > DNS_JUMPS_MAX)
				return false;
			if (!jumped)
				*at = read + 2;
			jumped = true;
			read = insp__u16(part, read) & 0x3fff;
			continue;
		}
		if (length > 63 || read + 1 + length > part->size)
			return false;
		read += 1u + length;
		if (length == 0)
			break;
		if (used + length + 2 > size)
			return false;
		if (used)
			to[used++] = '.';
		insp__printable(to + used, length + 1u, part->frame + part->at + read - length, length);
		used += length;
	}
	if (!jumped)
		*at = read;
	snprintf(to + used, size - used, "%s", used ? "" : ".");
	return true;
}

static const char *dns_type(uint16_t type)
{
	switch (type) {
	case 1: return "A";
	case 2: return "NS";
	case 5: return "CNAME";
	case 6: return "SOA";
	case 12: return "PTR";
	case 15: return "MX";
	case 16: return "TXT";
	case 28: return "AAAA";
	case 33: return "SRV";
	case 41: return "OPT";
	default: return "other";
	}
}

static void dns_address(char *to, size_t size, const struct insp__part *part, uint32_t at, uint16_t type, uint16_t length)
{
	to[0] = '\0';
	if (type == 1 && length == 4)
		snprintf(to, size, " %u.%u.%u.%u", insp__u8(part, at), insp__u8(part, at + 1), insp__u8(part, at + 2),
			 insp__u8(part, at + 3));
}

static bool dns_record(struct insp_dissection *d, const struct insp__part *part, uint32_t *at)
{
	char name[64], value[32];
	const uint32_t start = *at;

	if (!dns_name(part, at, name, sizeof(name)) || *at + 10 > part->size)
		return false;
	const uint16_t type = insp__u16(part, *at), length = insp__u16(part, *at + 8);

	if (*at + 10 + length > part->size)
		return false;
	dns_address(value, sizeof(value), part, *at + 10, type, length);
	*at += 10u + length;
	insp__field(d, 1, part, start, *at - start, "Record: %s %s%s", name, dns_type(type), value);
	return true;
}

static void dissect_dns(struct insp_dissection *d, const struct insp__part *part)
{
	char name[64];
	uint32_t at = 12;

	if (insp__cut(d, part, 12, "DNS"))
		return;
	const uint16_t questions = insp__u16(part, 4);
	const uint32_t records = (uint32_t)insp__u16(part, 6) + insp__u16(part, 8) + insp__u16(part, 10);

	insp__field(d, 0, part, 0, part->size, "DNS, %s, id %u", insp__u8(part, 2) & 0x80 ? "response" : "query",
		    insp__u16(part, 0));
	insp__field(d, 1, part, 0, 2, "Identifier: %u", insp__u16(part, 0));
	insp__field(d, 1, part, 2, 2, "Flags: 0x%04x, status %u", insp__u16(part, 2), insp__u8(part, 3) & 15u);
	for (uint32_t i = 0; i < questions; i++) {
		const uint32_t start = at;

		if (!dns_name(part, &at, name, sizeof(name)) || at + 4 > part->size)
			goto damaged;
		at += 4;
		insp__field(d, 1, part, start, at - start, "Question: %s %s", name, dns_type(insp__u16(part, at - 4)));
	}
	for (uint32_t i = 0; i < records; i++)
		if (!dns_record(d, part, &at))
			goto damaged;
	return;
damaged:
	insp__field(d, 1, part, at < part->size ? at : 0, 0, "Damaged from byte %u on", at);
}

/* ---- HTTP/1 ---- */

static bool is_http(const struct insp__part *part)
{
	static const char *const begins[] = {"GET ", "POST ", "PUT ", "HEAD ", "DELETE ", "OPTIONS ", "PATCH ",
					     "CONNECT ", "TRACE ", "HTTP/1."};

	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (part->size >= strlen(begins[i]) &&
		    memcmp(part->frame + part->at, begins[i], strlen(begins[i])) == 0)
			return true;
	return false;
}

static void dissect_http(struct insp_dissection *d, const struct insp__part *part)
{
	char line[100];
	uint32_t at = 0;
	bool first = true;

	while (at < part->size) {
		const uint8_t *start = part->frame + part->at + at;
		const uint8_t *end = memchr(start, '\n', part->size - at);
		const uint32_t size = end ? (uint32_t)(end - start) + 1 : part->size - at;
		const uint32_t shown = size - (end != NULL) - (size > 1 && end && start[size - 2] == '\r');

		if (shown == 0) {
			at += size;
			break;
		}
		insp__printable(line, sizeof(line), start, shown);
		insp__field(d, first ? 0 : 1, part, at, first ? part->size : size, first ? "HTTP, %s" : "%s", line);
		first = false;
		at += size;
	}
	if (at < part->size)
		insp__field(d, 1, part, at, part->size - at, "Body: %u bytes in this segment", part->size - at);
}

/* ---- TLS ---- */

static bool is_tls(const struct insp__part *part)
{
	return part->size >= 5 && insp__u8(part, 0) >= 20 && insp__u8(part, 0) <= 24 && insp__u8(part, 1) == 3 &&
	       insp__u8(part, 2) <= 4;
}

static void dissect_tls(struct insp_dissection *d, const struct insp__part *part)
{
	static const char *const types[] = {"change cipher spec", "alert", "handshake", "application data", "heartbeat"};
	uint32_t at = 0;

	while (at + 5 <= part->size) {
		const struct insp__part record = insp__rest(part, at);

		if (!is_tls(&record))
			break;
		const uint32_t size = insp__u16(&record, 3);
		const bool whole = size + 5 <= record.size;

		insp__field(d, 0, &record, 0, whole ? size + 5 : record.size, "TLS, %s, %u bytes%s",
			    types[insp__u8(&record, 0) - 20], size, whole ? "" : ", goes on in the next segment");
		insp__field(d, 1, &record, 1, 2, "Version: %u.%u", insp__u8(&record, 1), insp__u8(&record, 2));
		at += whole ? size + 5 : record.size;
	}
	if (at < part->size)
		insp__field(d, 0, part, at, part->size - at, "Data: %u bytes", part->size - at);
}

void insp__payload(struct insp_dissection *d, const struct insp__part *part, bool tcp, uint16_t source, uint16_t target)
{
	char text[64];

	if (!tcp && (source == 53 || target == 53 || source == 5353 || target == 5353)) {
		dissect_dns(d, part);
	} else if (tcp && (source == 53 || target == 53) && part->size > 2) {
		const struct insp__part message = insp__rest(part, 2);

		dissect_dns(d, &message);
	} else if (tcp && is_http(part)) {
		dissect_http(d, part);
	} else if (tcp && is_tls(part)) {
		dissect_tls(d, part);
	} else {
		insp__printable(text, sizeof(text), part->frame + part->at, part->size);
		insp__field(d, 0, part, 0, part->size, "Data: %u bytes", part->size);
		insp__field(d, 1, part, 0, part->size, "As text: %s", text);
	}
}
