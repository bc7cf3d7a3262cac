/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json-put.h - JSON, written member by member.
 *
 *	struct rep_json json = {.out = &buf};
 *	rep_json_open(&json, NULL, '{');
 *	rep_json_u64(&json, "seq", 7);
 *	rep_json_close(&json, '}');
 *
 * Within a list the name is NULL.
 */
#ifndef REP_JSON_PUT_H
#define REP_JSON_PUT_H

#include <stdbool.h>

#include "event.h"

struct rep_json {
	struct fmt_buf *out;
	bool more;		/* the next member needs a comma */
};

void rep_json_open(struct rep_json *json, const char *name, char bracket);
void rep_json_close(struct rep_json *json, char bracket);
void rep_json_u64(struct rep_json *json, const char *name, uint64_t value);
void rep_json_s64(struct rep_json *json, const char *name, int64_t value);
/* As a string, "0x...": JSON's numbers are not sure to hold 64 bits. */
void rep_json_hex(struct rep_json *json, const char *name, uint64_t value);
void rep_json_bool(struct rep_json *json, const char *name, bool value);
void rep_json_text(struct rep_json *json, const char *name, const char *value);
void rep_json_bytes(struct rep_json *json, const char *name, struct fmt_bytes value);
/* What is JSON already. */
void rep_json_raw(struct rep_json *json, const char *name, const struct fmt_buf *value);

#endif
