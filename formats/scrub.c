/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scrub.c - a trace without what others should not see.
 *
 * Bytes are overwritten and keep their number, so that sizes, times and order stay as they were, and everything but the
 * bytes can still be asked. A program that was given other bytes would do something else: who was given any cannot be
 * replayed, and is named. Frames and output are only looked at, so what is removed there costs no replay.
 *
 * Patterns are looked for in each buffer by itself; what is split over two of them is not found.
 */
#include "scrub.h"

#include <fnmatch.h>
#include <regex.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "effect.h"
#include "named-files.h"
#include "packet-text.h"
#include "roster.h"
#include "sources.h"
#include "text.h"
#include "trace-int.h"

#define REGEX_MAX 8
#define CASUALTIES_MAX 4096
#define MASK 'x'

static const struct {
	const char *name, *regex;
} patterns[] = {
	{"email", "[a-z0-9._%+-]+@[a-z0-9.-]+\\.[a-z]{2,}"},
	{"ipv4", "[0-9]{1,3}(\\.[0-9]{1,3}){3}"},
	{"password", "(password|passwd|secret|token|api[_-]?key|authorization)[\"']?[=:] *[\"']?[^\"'&\r\n]+"},
	{"card", "[0-9]{4}([ -]?[0-9]{4}){3}"},
};

/* A program that was given other bytes. */
struct casualty {
	node_id node;
	uint32_t tid;
	event_seq first;
	uint64_t events;
	char name[64];
};

struct fmt_scrub {
	struct fmt_scrub_options options;
	regex_t regexes[REGEX_MAX];
	size_t regex_count;
	struct fmt_roster roster;
	struct casualty casualties[CASUALTIES_MAX];
	size_t casualty_count, casualties_more;
	struct fmt_buf hashes;		/* of embedded files that go */
	struct fmt_buf files;		/* their paths, each with a newline */
	struct fmt_buf body, bytes, list, meta, changed;
	struct fmt_buf sources;		/* that stay */
	uint64_t masked;		/* bytes */
	uint64_t unknown;		/* events whose fields are not known */
};

void fmt_scrub_free(struct fmt_scrub *scrub)
{
	if (!scrub)
		return;
	for (size_t i = 0; i < scrub->regex_count; i++)
		regfree(&scrub->regexes[i]);
	fmt_roster_done(&scrub->roster);
	struct fmt_buf *const buffers[] = {&scrub->hashes, &scrub->files, &scrub->body, &scrub->bytes,
					   &scrub->list, &scrub->meta, &scrub->changed, &scrub->sources};

	for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++)
		fmt_buf_done(buffers[i]);
	free(scrub);
}

/* ---- what is to be removed ---- */

static int add_regex(struct fmt_scrub *scrub, const char *text, struct fmt_error *error)
{
	char message[200];

	if (scrub->regex_count == REGEX_MAX)
		return fmt__fail(error, -EINVAL, "more than %d patterns", REGEX_MAX);
	const int code = regcomp(&scrub->regexes[scrub->regex_count], text, REG_EXTENDED | REG_ICASE);

	if (code == 0) {
		scrub->regex_count++;
		return 0;
	}
	regerror(code, &scrub->regexes[scrub->regex_count], message, sizeof(message));
	return fmt__fail(error, -EINVAL, "\"%s\" is no regular expression: %s", text, message);
}

static int add_patterns(struct fmt_scrub *scrub, const char *list, struct fmt_error *error)
{
	int failed = 0;

	for (const char *at = list; failed == 0 && *at;) {
		const size_t size = strcspn(at, ",");
		size_t i = 0;

		while (i < sizeof(patterns) / sizeof(patterns[0]) &&
		       (strlen(patterns[i].name) != size || memcmp(patterns[i].name, at, size) != 0))
			i++;
		if (i == sizeof(patterns) / sizeof(patterns[0]))
			return fmt__fail(error, -EINVAL, "there is no pattern \"%.*s\"; there are email, ipv4, password, card, and --regex",
					 (int)size, at);
		failed = add_regex(scrub, patterns[i].regex, error);
		at += size + (at[size] == ',');
	}
	return failed;
}

static bool goes(const struct fmt_scrub *scrub, const uint8_t hash[FMT_HASH_SIZE])
{
	for (size_t at = 0; at < scrub->hashes.size; at += FMT_HASH_SIZE)
		if (memcmp(scrub->hashes.data + at, hash, FMT_HASH_SIZE) == 0)
			return true;
	return false;
}

/* One name is enough for a file to go, whoever else knows it by another. */
static int find_files(struct fmt_scrub *scrub, struct fmt_reader *reader, struct fmt_error *error)
{
	static const uint32_t kinds[] = {FMT_file};
	const struct fmt_want want = {.kinds = kinds, .kind_count = 1};
	struct fmt_event event;
	struct fmt_ev_file ev;
	event_seq at = 0;
	int got;

	for (; (got = fmt_reader_find(reader, &want, /* backwards= */ false, &at, &event, error)) > 0; at++) {
		if (fmt_get_file(&event, &ev) < 0 || ev.hash.size != FMT_HASH_SIZE || goes(scrub, ev.hash.data))
			continue;
		_cleanup_free_ char *path = strndup((const char *)ev.path.data, ev.path.size);

		CHECK(path);
		if (fnmatch(scrub->options.files, path, 0) != 0)
			continue;
		fmt_buf_put(&scrub->hashes, ev.hash.data, FMT_HASH_SIZE);
		fmt_buf_put(&scrub->files, path, strlen(path));
		fmt_buf_put(&scrub->files, "\n", 1);
	}
	return got;
}

/* Files that images have memory from: its pages, and what shared mappings had made of files. */
static int find_memory(struct fmt_reader *reader, struct fmt_named_files *ret, struct fmt_error *error)
{
	static const uint32_t kinds[] = {FMT_image};
	const struct fmt_want want = {.kinds = kinds, .kind_count = 1};
	struct fmt_event event;
	event_seq at = 0;
	int got;

	for (; (got = fmt_reader_find(reader, &want, /* backwards= */ false, &at, &event, error)) > 0; at++) {
		struct fmt_effect effect;
		struct fmt_ev_image ev;
		size_t pos = 0;

		if (fmt_get_image(&event, &ev) < 0)
			continue;
		while (fmt_effect_next(ev.effects.data, ev.effects.size, &pos, &effect) > 0)
			if (effect.op == FMT_EFFECT_COPY || effect.op == FMT_EFFECT_RESIZE)
				fmt_named_files_add(ret, event.node, effect.file);
	}
	fmt_named_files_sort(ret);
	return got;
}

/* Memory is what programs were given, and nothing tells which of its bytes are what: all of it goes. */
static int remove_memory(struct fmt_scrub *scrub, struct fmt_reader *reader, struct fmt_error *error)
{
	static const uint32_t kinds[] = {FMT_file};
	const struct fmt_want want = {.kinds = kinds, .kind_count = 1};
	_cleanup_(fmt_named_files_done) struct fmt_named_files memory = {0};
	struct fmt_event event;
	struct fmt_ev_file ev;
	event_seq at = 0;
	int got = find_memory(reader, &memory, error);

	for (; got >= 0 && (got = fmt_reader_find(reader, &want, /* backwards= */ false, &at, &event, error)) > 0; at++) {
		if (!fmt_named_files_has(&memory, &event) || fmt_get_file(&event, &ev) < 0 || ev.hash.size != FMT_HASH_SIZE ||
		    goes(scrub, ev.hash.data))
			continue;
		fmt_buf_put(&scrub->hashes, ev.hash.data, FMT_HASH_SIZE);
		fmt_buf_put(&scrub->files, ev.path.data, ev.path.size);
		fmt_buf_put(&scrub->files, "\n", 1);
	}
	return got;
}

/* ---- bytes ---- */

/* All of these: the number of bytes that changed. */
static size_t mask_bytes(uint8_t *bytes, size_t size)
{
	size_t changed = 0;

	for (size_t i = 0; i < size; i++) {
		changed += bytes[i] != MASK;
		bytes[i] = MASK;
	}
	return changed;
}

static size_t mask_matches(const struct fmt_scrub *scrub, uint8_t *bytes, size_t size)
{
	size_t changed = 0;

	for (size_t i = 0; i < scrub->regex_count; i++) {
		regmatch_t match = {0, (regoff_t)size};

		while (match.rm_so < match.rm_eo && regexec(&scrub->regexes[i], (const char *)bytes, 1, &match, REG_STARTEND) == 0) {
			changed += mask_bytes(bytes + match.rm_so, (size_t)(match.rm_eo - match.rm_so));
			match = (regmatch_t){match.rm_eo + (match.rm_eo == match.rm_so), (regoff_t)size};
		}
	}
	return changed;
}

static int mask_sources(struct fmt_scrub *scrub, struct fmt_reader *reader, struct fmt_error *error)
{
	_cleanup_(fmt_buf_done) struct fmt_buf list = {0};
	struct fmt_bytes path, text;
	size_t pos = 0;
	int r = fmt_sources_read(reader, &list, error);

	while (r >= 0 && fmt_sources_next(&list, &pos, &path, &text) > 0) {
		_cleanup_free_ char *name = strndup((const char *)path.data, path.size);

		CHECK(name);
		scrub->masked += mask_matches(scrub, list.data + (text.data - list.data), text.size);
		r = fmt_sources_add(&scrub->sources, name, text);
	}
	return r;
}

/* ---- what is said of it ---- */

static void describe(struct fmt_scrub *scrub)
{
	const struct fmt_scrub_options *options = &scrub->options;

	const bool bytes = options->payload || options->environment || scrub->regex_count || options->files;

	/* Source is no part of the run. */
	if (!bytes)
		return;
	fmt_put_text(&scrub->changed, "scrubbed of%s%s%s%s: programs that were given any of that cannot be replayed",
		     options->payload ? " payload" : "", options->environment ? " environment" : "",
		     scrub->regex_count ? " patterns" : "", options->files ? " files" : "");
	fmt_buf_put(&scrub->changed, "", 1);
}

int fmt_scrub_new(struct fmt_reader *reader, const struct fmt_scrub_options *options, struct fmt_scrub **ret,
		  struct fmt_error *error)
{
	struct fmt_scrub *scrub = calloc(1, sizeof(*scrub));
	int failed = 0;

	CHECK(scrub);
	scrub->options = *options;
	if (!options->payload && !options->environment && !options->patterns && !options->regex && !options->files &&
	    !options->sources)
		failed = fmt__fail(error, -EINVAL,
				   "say what to remove: --payload, --environment, --pattern, --regex, --files, --sources");
	if (failed == 0 && options->patterns)
		failed = add_patterns(scrub, options->patterns, error);
	if (failed == 0 && options->regex)
		failed = add_regex(scrub, options->regex, error);
	if (failed == 0 && options->files)
		failed = find_files(scrub, reader, error);
	if (failed == 0 && (options->payload || options->environment || options->patterns || options->regex))
		failed = remove_memory(scrub, reader, error);
	if (failed == 0 && !options->sources)
		failed = mask_sources(scrub, reader, error);
	if (failed < 0) {
		fmt_scrub_free(scrub);
		return failed;
	}
	describe(scrub);
	*ret = scrub;
	return 0;
}

static bool is_name(uint8_t c, bool first)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || (!first && c >= '0' && c <= '9');
}

/* What stands behind the = of NAME=VALUE, up to a zero byte. */
static size_t mask_variables(uint8_t *bytes, size_t size)
{
	size_t changed = 0;

	for (size_t at = 0; at < size; at++) {
		const uint8_t *end = memchr(bytes + at, 0, size - at);
		const size_t length = end ? (size_t)(end - (bytes + at)) : size - at;
		size_t name = 0;

		while (name < length && is_name(bytes[at + name], name == 0))
			name++;
		if (name && name + 1 < length && bytes[at + name] == '=')
			changed += mask_bytes(bytes + at + name + 1, length - name - 1);
		at += length;
	}
	return changed;
}

/* What a frame carries; its headers stay. */
static size_t mask_frame(struct fmt_scrub *scrub, uint8_t *bytes, size_t size)
{
	struct fmt_frame frame;

	fmt_frame_decode(bytes, size, &frame);
	if (!frame.payload)
		return mask_matches(scrub, bytes, size);
	uint8_t *payload = bytes + (frame.payload - bytes);
	/* An Ethernet frame of the least size is longer than what is in it. */
	const size_t payload_size = size - (size_t)(payload - bytes);

	return scrub->options.payload ? mask_bytes(payload, payload_size) : mask_matches(scrub, payload, payload_size);
}

/* Bytes that memory gets. */
static size_t mask_memory(struct fmt_scrub *scrub, const struct fmt_event *event, uint8_t *bytes, size_t size)
{
	const bool image = event->kind == FMT_exec;
	size_t changed = 0;

	if (image && scrub->options.environment)
		changed = mask_variables(bytes, size);
	/* The image of a program is no payload: without it there is nothing to look at. */
	if (!image && scrub->options.payload)
		return changed + mask_bytes(bytes, size);
	return changed + mask_matches(scrub, bytes, size);
}

/* ---- events ---- */

static size_t put_effects(struct fmt_scrub *scrub, const struct fmt_event *event, struct fmt_bytes list)
{
	struct fmt_effect effect;
	size_t pos = 0, changed = 0;

	fmt_buf_clear(&scrub->list);
	while (fmt_effect_next(list.data, list.size, &pos, &effect) > 0) {
		if (effect.op == FMT_EFFECT_WRITE || effect.op == FMT_EFFECT_STORE) {
			fmt_buf_clear(&scrub->bytes);
			fmt_buf_put(&scrub->bytes, effect.bytes, effect.size);
			changed += mask_memory(scrub, event, scrub->bytes.data, scrub->bytes.size);
			effect.bytes = scrub->bytes.data;
		}
		fmt_effect_put(&scrub->list, &effect);
	}
	fmt_buf_put_u64(&scrub->body, scrub->list.size);
	fmt_buf_put(&scrub->body, scrub->list.data, scrub->list.size);
	return changed;
}

static size_t put_bytes(struct fmt_scrub *scrub, const struct fmt_event *event, const struct fmt_field *field, struct fmt_bytes value)
{
	size_t changed = 0;

	fmt_buf_clear(&scrub->bytes);
	fmt_buf_put(&scrub->bytes, value.data, value.size);
	if (strcmp(field->name, "frame") == 0)
		changed = mask_frame(scrub, scrub->bytes.data, value.size);
	else if ((event->kind == FMT_output || event->kind == FMT_written) && scrub->options.payload)
		changed = mask_bytes(scrub->bytes.data, value.size);
	else if (field->type == 'T')
		changed = mask_matches(scrub, scrub->bytes.data, value.size);
	fmt_buf_put_u64(&scrub->body, value.size);
	fmt_buf_put(&scrub->body, scrub->bytes.data, value.size);
	return changed;
}

static void add_casualty(struct fmt_scrub *scrub, const struct fmt_event *event)
{
	for (size_t i = 0; i < scrub->casualty_count; i++) {
		struct casualty *casualty = &scrub->casualties[i];
		const char *name = fmt_roster_thread(&scrub->roster, event->node, event->tid);

		if (casualty->node == event->node && casualty->tid == event->tid && strcmp(casualty->name, name ? name : "") == 0) {
			casualty->events++;
			return;
		}
	}
	if (scrub->casualty_count == CASUALTIES_MAX) {
		scrub->casualties_more++;
		return;
	}
	const char *name = fmt_roster_thread(&scrub->roster, event->node, event->tid);
	struct casualty *casualty = &scrub->casualties[scrub->casualty_count++];

	*casualty = (struct casualty){event->node, event->tid, event->seq, 1, ""};
	snprintf(casualty->name, sizeof(casualty->name), "%s", name ? name : "");
}

static int scrub_event(void *context, struct fmt_event *event)
{
	struct fmt_scrub *scrub = context;
	const struct fmt_kind_info *info = fmt_kind_info(event->kind);
	struct fmt_value values[FMT_FIELD_MAX];
	const int count = fmt_event_values(event, values);
	size_t memory = 0;

	fmt_roster_learn(&scrub->roster, event);
	scrub->unknown += count < 0;
	fmt_buf_clear(&scrub->body);
	for (int i = 0; i < count; i++) {
		const char type = info->fields[i].type;

		if (type == 'E')
			memory += put_effects(scrub, event, values[i].bytes);
		else if (type == 'T' || type == 'B')
			scrub->masked += put_bytes(scrub, event, &info->fields[i], values[i].bytes);
		else if (type == 'S')
			fmt_buf_put_s64(&scrub->body, (int64_t)values[i].u);
		else
			fmt_buf_put_u64(&scrub->body, values[i].u);
	}
	if (memory)
		add_casualty(scrub, event);
	scrub->masked += memory;
	if (count < 0)
		return 1;
	event->body = scrub->body.data;
	event->body_size = scrub->body.size;
	return 1;
}

static bool scrub_file(void *context, const uint8_t hash[FMT_HASH_SIZE])
{
	return !goes(context, hash);
}

/* Metas come before events; so the variables of the experiment are found by the key there. */
static void mask_environment(uint8_t *text, size_t size)
{
	static const char key[] = "environment:";
	size_t depth = SIZE_MAX;

	for (size_t at = 0; at < size;) {
		uint8_t *line = text + at;
		const uint8_t *newline = memchr(line, '\n', size - at);
		const size_t length = newline ? (size_t)(newline - line) : size - at;
		size_t indent = 0;

		while (indent < length && line[indent] == ' ')
			indent++;
		if (indent < length && depth != SIZE_MAX && indent > depth) {
			const uint8_t *colon = memchr(line + indent, ':', length - indent);
			const size_t value = colon ? (size_t)(colon - line) + 1 : indent;

			mask_bytes(line + value, length - value);
		} else if (indent < length) {
			const uint8_t *found = memmem(line, length, key, strlen(key));

			depth = found ? indent : SIZE_MAX;
			if (found)
				mask_bytes(line + (found - line) + strlen(key), length - (size_t)(found - line) - strlen(key));
		}
		at += length + 1;
	}
}

static struct fmt_bytes scrub_meta(void *context, const char *key, struct fmt_bytes value)
{
	struct fmt_scrub *scrub = context;

	fmt_buf_clear(&scrub->meta);
	fmt_buf_put(&scrub->meta, value.data, value.size);
	if (scrub->options.environment && strcmp(key, "experiment") == 0)
		mask_environment(scrub->meta.data, scrub->meta.size);
	scrub->masked += mask_matches(scrub, scrub->meta.data, scrub->meta.size);
	return (struct fmt_bytes){scrub->meta.data, scrub->meta.size};
}

struct fmt_rewrite fmt_scrub_how(struct fmt_scrub *scrub)
{
	return (struct fmt_rewrite){.changed = (const char *)scrub->changed.data, .sources = &scrub->sources,
				    .event = scrub_event, .file = scrub_file, .meta = scrub_meta, .context = scrub};
}

/* ---- telling ---- */

void fmt_scrub_print(const struct fmt_scrub *scrub, FILE *out)
{
	char name[16];

	fprintf(out, "%llu bytes overwritten, %zu files removed\n", (unsigned long long)scrub->masked,
		scrub->hashes.size / FMT_HASH_SIZE);
	if (scrub->unknown)
		fprintf(out, "%llu events are of kinds that this program does not know, and are as they were\n",
			(unsigned long long)scrub->unknown);
	for (size_t i = 0; i < scrub->casualty_count; i++) {
		const struct casualty *casualty = &scrub->casualties[i];

		fprintf(out, "cannot be replayed from event %llu on: %s %s (thread %u), which is given other bytes %llu times\n",
			(unsigned long long)casualty->first, fmt_roster_node(&scrub->roster, casualty->node, name), casualty->name,
			casualty->tid, (unsigned long long)casualty->events);
	}
	if (scrub->casualties_more)
		fprintf(out, "... and others, in %zu events\n", scrub->casualties_more);
	if (scrub->files.size)
		fprintf(out, "what maps or reads these files cannot be replayed:\n%.*s", (int)scrub->files.size,
			(const char *)scrub->files.data);
	if (!scrub->casualty_count && !scrub->files.size)
		fprintf(out, "everything can still be replayed\n");
}
