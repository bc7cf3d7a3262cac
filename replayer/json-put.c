/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json-put.h"

#include <string.h>

#include "text.h"

static void begin(struct rep_json *json, const char *name)
{
	if (json->more)
		fmt_buf_put(json->out, ",", 1);
	json->more = true;
	if (name)
		fmt_put_text(json->out, "\"%s\":", name);
}

void rep_json_open(struct rep_json *json, const char *name, char bracket)
{
	begin(json, name);
	fmt_buf_put(json->out, &bracket, 1);
	json->more = false;
}

void rep_json_close(struct rep_json *json, char bracket)
{
	fmt_buf_put(json->out, &bracket, 1);
	json->more = true;
}

void rep_json_u64(struct rep_json *json, const char *name, uint64_t value)
{
	begin(json, name);
	fmt_put_text(json->out, "%llu", (unsigned long long)value);
}

void rep_json_s64(struct rep_json *json, const char *name, int64_t value)
{
	begin(json, name);
	fmt_put_text(json->out, "%lld", (long long)value);
}

void rep_json_hex(struct rep_json *json, const char *name, uint64_t value)
{
	begin(json, name);
	fmt_put_text(json->out, "\"0x%llx\"", (unsigned long long)value);
}

void rep_json_bool(struct rep_json *json, const char *name, bool value)
{
	begin(json, name);
	fmt_put_text(json->out, value ? "true" : "false");
}

void rep_json_bytes(struct rep_json *json, const char *name, struct fmt_bytes value)
{
	begin(json, name);
	fmt_put_json(json->out, value);
}

void rep_json_text(struct rep_json *json, const char *name, const char *value)
{
	rep_json_bytes(json, name, (struct fmt_bytes){(const uint8_t *)value, strlen(value)});
}

void rep_json_raw(struct rep_json *json, const char *name, const struct fmt_buf *value)
{
	begin(json, name);
	fmt_buf_put(json->out, value->data, value->size);
}
