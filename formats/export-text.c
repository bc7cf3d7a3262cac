/* SPDX-License-Identifier: GPL-2.0-or-later */
/* export-text.c - events as rows (CSV, RFC 4180) and as objects (JSON, one a line). */
#include "export-int.h"

#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "effect.h"
#include "syscall-names.h"
#include "text.h"

/* All names of fields, each once, in the order of event-kinds.def; the list is the caller's to free. */
static const char **list_columns(size_t *ret_count)
{
	const struct fmt_kind_info *info;
	size_t count = 0, fields = 0;

	for (size_t i = 0; (info = fmt_kind_at(i)); i++)
		fields += info->field_count;
	const char **const ret = calloc(fields, sizeof(*ret));

	CHECK(ret);
	for (size_t i = 0; (info = fmt_kind_at(i)); i++)
		for (size_t k = 0; k < info->field_count; k++) {
			size_t at = 0;

			while (at < count && strcmp(ret[at], info->fields[k].name) != 0)
				at++;
			if (at == count)
				ret[count++] = info->fields[k].name;
		}
	*ret_count = count;
	return ret;
}

static void put_csv(struct fmt_buf *out, struct fmt_bytes text)
{
	fmt_put_text(out, "\"");
	for (size_t i = 0; i < text.size; i++) {
		const size_t wide = fmt_utf8_size(text.data + i, text.size - i);

		if (wide) {
			fmt_buf_put(out, text.data + i, wide);
			i += wide - 1;
		} else if (text.data[i] == '"') {
			fmt_put_text(out, "\"\"");
		} else if (text.data[i] < 0x80 && text.data[i]) {
			fmt_buf_put(out, text.data + i, 1);
		} else {
			fmt_put_text(out, "\\%03o", text.data[i]);
		}
	}
	fmt_put_text(out, "\"");
}

static void put_csv_value(struct fmt_buf *out, const struct fmt_field *field,
			  const struct fmt_value *value)
{
	switch (field->type) {
	case 'U':
		fmt_put_text(out, "%llu", (unsigned long long)value->u);
		return;
	case 'H':
		fmt_put_text(out, "%#llx", (unsigned long long)value->u);
		return;
	case 'S':
		fmt_put_text(out, "%lld", (long long)value->u);
		return;
	case 'T':
		put_csv(out, value->bytes);
		return;
	case 'B':
		fmt_put_hex(out, value->bytes);
		return;
	default:
		fmt_put_text(out, "%zu", value->bytes.size);
	}
}

static void put_csv_row(struct fmt_buf *out, const struct fmt_walk *walk,
			const struct fmt_event *event, const char *const *columns, size_t count)
{
	const struct fmt_kind_info *info = fmt_kind_info(event->kind);
	struct fmt_value values[FMT_FIELD_MAX];
	const int value_count = fmt_event_values(event, values);
	char buf[16];
	const char *node = fmt_roster_node(&walk->roster, event->node, buf);

	fmt_put_text(out, "%llu,%llu,", (unsigned long long)event->seq,
		     (unsigned long long)event->vtime);
	put_csv(out, (struct fmt_bytes){(const uint8_t *)node, strlen(node)});
	fmt_put_text(out, ",%u,%s", event->tid, info ? info->name : "");
	for (size_t i = 0; i < count; i++) {
		fmt_put_text(out, ",");
		for (int k = 0; k < value_count; k++)
			if (strcmp(info->fields[k].name, columns[i]) == 0)
				put_csv_value(out, &info->fields[k], &values[k]);
	}
	fmt_put_text(out, "\r\n");
}

int fmt__export_csv(struct fmt_reader *r, FILE *out, const struct fmt_export_options *options,
		    struct fmt_error *error)
{
	_cleanup_(fmt_walk_done) struct fmt_walk walk = {0};
	_cleanup_(fmt_buf_done) struct fmt_buf row = {0};
	size_t count;
	_cleanup_free_ const char **columns = list_columns(&count);
	struct fmt_event event;
	int got = fmt_walk_init(&walk, r, options->filter, error);

	if (got < 0)
		return got;
	fprintf(out, "seq,vtime_ns,node,tid,kind");
	for (size_t i = 0; i < count; i++)
		fprintf(out, ",%s", columns[i]);
	fprintf(out, "\r\n");
	while ((got = fmt_walk_next(&walk, &event, error)) > 0 && !ferror(out)) {
		fmt_buf_clear(&row);
		put_csv_row(&row, &walk, &event, columns, count);
		fwrite(row.data, 1, row.size, out);
	}
	return got < 0 ? got : 0;
}

/* ---- JSON ---- */

static void put_effects(struct fmt_buf *out, struct fmt_bytes list)
{
	static const char *const names[] = {"", "write", "fill", "read", "map", "unmap", "protect",
					    "remap", "tls", "clear", "store", "resize", "copy"};
	struct fmt_effect effect;
	const char *comma = "";
	size_t pos = 0;

	fmt_put_text(out, "[");
	while (fmt_effect_next(list.data, list.size, &pos, &effect) > 0) {
		CHECK(effect.op < sizeof(names) / sizeof(names[0]));
		fmt_put_text(out, "%s{\"op\":\"%s\",\"addr\":\"%#llx\",\"size\":%llu", comma,
			     names[effect.op], (unsigned long long)effect.addr,
			     (unsigned long long)effect.size);
		if (effect.op == FMT_EFFECT_WRITE) {
			fmt_put_text(out, ",\"hex\":\"");
			fmt_put_hex(out, (struct fmt_bytes){effect.bytes, effect.size});
			fmt_put_text(out, "\"");
		}
		fmt_put_text(out, "}");
		comma = ",";
	}
	fmt_put_text(out, "]");
}

static void put_json_value(struct fmt_buf *out, const struct fmt_field *field,
			   const struct fmt_value *value)
{
	fmt_put_text(out, ",\"%s\":", field->name);
	switch (field->type) {
	case 'U':
		fmt_put_text(out, "%llu", (unsigned long long)value->u);
		break;
	case 'H':
		/* A number of JSON is often a double. */
		fmt_put_text(out, "\"%#llx\"", (unsigned long long)value->u);
		break;
	case 'S':
		fmt_put_text(out, "%lld", (long long)value->u);
		break;
	case 'T':
		fmt_put_json(out, value->bytes);
		break;
	case 'B':
		fmt_put_text(out, "\"");
		fmt_put_hex(out, value->bytes);
		fmt_put_text(out, "\"");
		break;
	default:
		put_effects(out, value->bytes);
	}
	if (strcmp(field->name, "nr") == 0 && fmt_syscall_name(value->u))
		fmt_put_text(out, ",\"call\":\"%s\"", fmt_syscall_name(value->u));
}

static void put_json_event(struct fmt_buf *out, const struct fmt_walk *walk,
			   const struct fmt_event *event)
{
	const struct fmt_kind_info *info = fmt_kind_info(event->kind);
	struct fmt_value values[FMT_FIELD_MAX];
	const int count = fmt_event_values(event, values);
	char buf[16];
	const char *node = fmt_roster_node(&walk->roster, event->node, buf);

	fmt_put_text(out, "{\"seq\":%llu,\"vtime_ns\":%llu,\"node\":", (unsigned long long)event->seq,
		     (unsigned long long)event->vtime);
	fmt_put_json(out, (struct fmt_bytes){(const uint8_t *)node, strlen(node)});
	if (info)
		fmt_put_text(out, ",\"tid\":%u,\"kind\":\"%s\"", event->tid, info->name);
	else
		fmt_put_text(out, ",\"tid\":%u,\"kind\":%u", event->tid, event->kind);
	for (int i = 0; i < count; i++)
		put_json_value(out, &info->fields[i], &values[i]);
	fmt_put_text(out, "}\n");
}

int fmt__export_json(struct fmt_reader *r, FILE *out, const struct fmt_export_options *options,
		     struct fmt_error *error)
{
	_cleanup_(fmt_walk_done) struct fmt_walk walk = {0};
	_cleanup_(fmt_buf_done) struct fmt_buf line = {0};
	struct fmt_event event;
	int got = fmt_walk_init(&walk, r, options->filter, error);

	while (got >= 0 && !ferror(out) && (got = fmt_walk_next(&walk, &event, error)) > 0) {
		fmt_buf_clear(&line);
		put_json_event(&line, &walk, &event);
		fwrite(line.data, 1, line.size, out);
	}
	return got < 0 ? got : 0;
}
