/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clock-model.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "tracee.h"

/* A slice with more readings than this is a program that wrote into its clock page; the recorder takes
 * such a number for 0, or time would jump for it. */
#define READS_MAX 1000000000u
/* 2000-01-01T00:00:00Z, where experiments begin that do not say otherwise. */
#define REALTIME_DEFAULT 946684800000000000ULL
/* The virtual CPU of this version's tracee layer (recorder/vcpu.c), as recorders name it. */
#define CPU "hindcast-1"
/* Of all words that are known, the longest is a key and 20 digits. */
#define WORD_SIZE 64

/* The value of "key=123ns" when word is that.  False: it is not. */
static bool word_value(const char *word, const char *key, uint64_t *ret)
{
	const size_t size = strlen(key);
	char *end;

	if (strncmp(word, key, size) != 0 || word[size] != '=')
		return false;
	if (word[size + 1] < '0' || word[size + 1] > '9')
		return false;
	errno = 0;
	const uint64_t value = strtoull(word + size + 1, &end, 10);

	if (errno || strcmp(end, "ns") != 0)
		return false;
	*ret = value;
	return true;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\0';
}

int rep__model_parse(const char *text, size_t size, struct rep_model *ret)
{
	struct rep_model model = {.realtime_ns = REALTIME_DEFAULT};
	bool has_cost = false;
	size_t at = 0;

	while (at < size) {
		char word[WORD_SIZE];
		size_t length = 0;

		while (at + length < size && !is_space(text[at + length]))
			length++;
		if (length < sizeof(word)) {
			memcpy(word, text + at, length);
			word[length] = '\0';
			has_cost |= word_value(word, "clock", &model.clock_cost_ns);
			word_value(word, "realtime", &model.realtime_ns);
		}
		at += length + 1;
	}
	if (!has_cost)
		return -EBADMSG;
	*ret = model;
	return 0;
}

uint64_t rep__model_ran(const struct rep_model *model, uint64_t reads)
{
	if (reads > READS_MAX)
		reads = 0;
	return reads ? (reads - 1) * model->clock_cost_ns : 0;
}

vtime_ns rep__event_start(const struct fmt_event *event)
{
	struct fmt_value values[FMT_FIELD_MAX];
	const struct fmt_kind_info *info = fmt_kind_info(event->kind);

	if (!info || info->field_count == 0 || strcmp(info->fields[0].name, "ran") != 0 ||
	    fmt_event_values(event, values) < 0 || values[0].u > event->vtime)
		return event->vtime;
	return event->vtime - values[0].u;
}

enum rep_outcome rep__model_load(struct fmt_reader *reader, struct rep_model *ret,
				 const char **ret_reason)
{
	size_t size = 0;
	const char *text = fmt_reader_meta(reader, "model", &size);

	if (!text || rep__model_parse(text, size, ret) < 0) {
		*ret_reason = "it does not say how its clock went (meta \"model\")";
		return REP_TRACE_ERROR;
	}
	const char *cpu = fmt_reader_meta(reader, "cpu", &size);

	if (!cpu || size != strlen(CPU) || memcmp(cpu, CPU, size) != 0) {
		*ret_reason = "its programs were shown another virtual CPU than this version has "
			      "(" CPU "); replay it with the version that recorded it";
		return REP_HOST_CANNOT;
	}
	return REP_AGREES;
}
