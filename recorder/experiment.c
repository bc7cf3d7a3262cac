/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * experiment.c - from the file that a person wrote to struct rec_experiment.
 *
 *	file --experiment-yaml.c--> tree --overrides--> tree --experiment-keys.def--> hosts, media, links, moments
 *	     --experiment-addresses.c--> addresses --experiment-pcap.c--> captures
 *	     --experiment-timeline.c--> all moments (the timeline's, of contacts, of movement) in one order of time:
 *	       what each makes of links and pairs is a phase of theirs, places are moves
 *	     --experiment-routes.c--> routes, forwarding
 *
 * So all that happens to the network is known before the run, and every worker knows it.
 *
 * Invariants of what rec_experiment_load() returns
 *  1. Nothing in it depends on the machine, the directory or the time of reading, except paths of stdin files.  The hashes of
 *     the files that it names are in its text.
 *  2. Ids ascend without gaps: nodes from 1 in the order of the file, links from 0, interfaces of a node from 0 in
 *     the order of links.
 *  3. Everything that could be checked without running was checked, and every complaint names its place.
 */
#include "experiment-int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "jitter.h"
#include "trace.h"

#define TEXT_SIZE_MAX (16u << 20)
#define OVERRIDES_MAX 1000
#define REALTIME_DEFAULT 946684800000000000ull	/* 2000-01-01T00:00:00Z, as in Shadow */
#define SYSCALL_COST_DEFAULT 1000
#define MONITOR_DEFAULT 1000000000
#define CLOCK_COST_DEFAULT 20
#define CLOCK_SPREAD_DEFAULT 1000

DEFINE_CLEANUP(struct rec_experiment *, rec_experiment_free)

/* ---- plain values ---- */

int rec__take_nothing(struct rec__load *load, int value, void *object)
{
	return 0;
}

int rec__take_u64(struct rec__load *load, int value, void *object)
{
	const char *text = rec__scalar(load, value, "a number");

	if (!text)
		return -EINVAL;
	if (rec__parse_u64(text, object) < 0)
		return rec__fail(load, value, "'%s' is not a whole number below 2^64", text);
	return 0;
}

int rec__take_bool(struct rec__load *load, int value, void *object)
{
	const char *text = rec__scalar(load, value, "true or false");

	if (!text)
		return -EINVAL;
	if (strcmp(text, "true") && strcmp(text, "false"))
		return rec__fail(load, value, "'%s' is to be true or false", text);
	*(bool *)object = *text == 't';
	return 0;
}

int rec__take_time(struct rec__load *load, int value, void *object)
{
	const char *text = rec__scalar(load, value, "a time");

	if (!text)
		return -EINVAL;
	switch (rec__parse_time(text, object)) {
	case 0:
		return 0;
	case -ERANGE:
		return rec__fail(load, value, "'%s' is out of range: times are whole nanoseconds, up to "
				 "292 years", text);
	default:
		return rec__fail(load, value, "'%s' is not a time; write it as 20 ms (ns, us, ms, s, min, "
				 "h; seconds without a unit)", text);
	}
}

int rec__take_stop_time(struct rec__load *load, int value, void *object)
{
	const int error = rec__take_time(load, value, object);

	if (!error && !*(vtime_ns *)object)
		return rec__fail(load, value, "a run that stops at 0 does nothing; leave stop_time out to "
				 "run until every process has ended");
	return error;
}

int rec__take_realtime(struct rec__load *load, int value, void *object)
{
	const char *text = rec__scalar(load, value, "realtime");

	if (!text)
		return -EINVAL;
	if (rec__parse_realtime(text, object) < 0)
		return rec__fail(load, value, "'%s' is not a time of day; write it as "
				 "2000-01-01T00:00:00Z, or seconds since 1970", text);
	return 0;
}

/* ---- the top ---- */

int rec__take_general(struct rec__load *load, int value, void *object)
{
	return rec__take_map(load, value, REC__SCOPE_general, object);
}

int rec__take_model(struct rec__load *load, int value, void *object)
{
	return rec__take_map(load, value, REC__SCOPE_model, object);
}

int rec__take_network(struct rec__load *load, int value, void *object)
{
	return rec__take_map(load, value, REC__SCOPE_network, object);
}

int rec__take_shortest_path(struct rec__load *load, int value, void *object)
{
	bool shortest = true;
	const int error = rec__take_bool(load, value, &shortest);

	load->direct_paths = !shortest;
	return error;
}

int rec__take_no_template(struct rec__load *load, int value, void *object)
{
	return rec__fail(load, value, "template_directory is not carried out yet; name the files by "
			 "absolute paths in args instead");
}

/* ---- what only shows when all is read ---- */

static int check_hosts(struct rec__load *load)
{
	const struct rec_experiment *exp = load->exp;

	for (size_t i = 0; i < exp->node_count && exp->node_count > 1; i++) {
		const struct rec__host *host = &load->hosts[i];

		if (host->place_value && !host->interface_count)
			return rec__fail(load, host->place_value, "there is no graph in which this would be a node; add "
					 "network.graph, for example {type: 1_gbit_switch}");
		if (!host->interface_count && exp->nodes[i].medium)
			return rec__fail(load, host->name, "nobody is on '%s'; say who: hosts: [a, b]",
					 exp->nodes[i].name);
		if (!host->interface_count && !host->isolated)
			return rec__fail(load, host->name, "'%s' has no link to another host; add one "
					 "under network.links, or say 'isolated: true' on the host",
					 exp->nodes[i].name);
		if (host->interface_count && host->isolated)
			return rec__fail(load, host->name, "'%s' is isolated, but has a link",
					 exp->nodes[i].name);
	}
	return 0;
}

/* A run ends with its processes; if all are meant to go on for ever, something else has to end it. */
static int check_end(struct rec__load *load)
{
	const struct rec_experiment *exp = load->exp;
	size_t counted = 0, running = 0;

	for (size_t i = 0; i < exp->node_count; i++)
		for (size_t p = 0; p < exp->nodes[i].process_count; p++)
			if (exp->nodes[i].processes[p].expected == REC_FINAL_RUNNING)
				running++;
			else
				counted++;
	if (!counted && exp->stop_time == UINT64_MAX)
		return rec__fail(load, 0, "%s, so general.stop_time has to say when the run ends",
				 running ? "every process is expected to be running at the end"
					 : "there are no processes");
	return 0;
}

static void lower_lookahead(struct rec_experiment *exp, const struct rec_exp_channel *channel)
{
	const vtime_ns delay = rec_jitter_delay_min(channel);

	CHECK(delay > 0);
	if (delay < exp->lookahead)
		exp->lookahead = delay;
}

static void find_lookahead(struct rec_experiment *exp)
{
	exp->lookahead = UINT64_MAX;
	for (size_t i = 0; i < 2 * exp->link_count; i++) {
		const struct rec_exp_end *end = &exp->links[i / 2].end[i % 2];

		lower_lookahead(exp, &end->out);
		for (size_t p = 0; p < end->phase_count; p++)
			lower_lookahead(exp, &end->phases[p].channel);
	}
}

const struct rec_exp_channel *rec_channel_at(const struct rec_exp_end *end, vtime_ns time)
{
	size_t low = 0, high = end->phase_count;

	/* Phases below low have begun; those from high on have not. */
	while (low < high) {
		const size_t middle = (low + high) / 2;

		if (end->phases[middle].from <= time)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &end->phases[low - 1].channel : &end->out;
}

static int take_all(struct rec__load *load)
{
	struct rec_experiment *exp = load->exp;
	int error = rec__take_map(load, 1, REC__SCOPE_root, exp);

	if (error < 0)
		return error;
	if (!exp->node_count)
		return rec__fail(load, 1, "there are no hosts; for example:\n"
				 "hosts: {a: {processes: [{path: /bin/true}]}}");
	error = check_hosts(load) ?: check_end(load) ?: rec__add_addresses(load) ?: rec__take_routes(load) ?:
		rec__take_captures(load) ?: rec__open_movements(load) ?: rec__begin_radio(load) ?:
		rec__begin_movements(load) ?: rec__run_moments(load);
	if (error < 0)
		return error;
	if (rec__check_radio(load) < 0)
		return -EINVAL;
	rec__finish_media(exp);
	find_lookahead(exp);
	if (exp->auto_routes)
		rec__add_routes(exp);
	return 0;
}

static int apply_overrides(struct rec__load *load)
{
	int error = 0;

	for (size_t i = 0; load->set && load->set[i] && !error; i++) {
		load->set_first[i] = (int)(load->doc.nodes.top - load->doc.nodes.start) + 1;
		error = rec__yaml_override(load, load->set[i]);
	}
	return error;
}

/* exp->text as it is read; then the overrides go behind it, since they belong to what was run. */
static int read_text(struct rec_experiment *exp, const char *file, const char *const *set,
		     struct rec_exp_error *error)
{
	struct rec__load load = {.exp = exp, .error = error, .file = file, .set = set};
	size_t count = 0;

	while (set && set[count])
		count++;
	if (count > OVERRIDES_MAX)
		return rec__fail(&load, 0, "there are more than %d overrides", OVERRIDES_MAX);
	int result = rec__yaml_parse(&load, exp->text, exp->text_size);

	if (result < 0)
		return result;
	load.set_first = calloc(count + 2, sizeof(*load.set_first));
	CHECK(load.set_first);
	result = apply_overrides(&load);
	if (!result)
		result = take_all(&load);
	yaml_document_delete(&load.doc);
	free(load.set_first);
	free(load.hosts);
	free(load.link_values);
	free(load.lans);
	free(load.moments);
	for (size_t i = 0; i < load.kept_count; i++)
		free(load.kept[i]);
	free(load.kept);
	rec__pairs_free(&load);
	rec__movements_free(&load);
	free(load.radios);
	free(load.captures);
	free(load.places);
	return result;
}

#define COMMENT_SET "# --set "
#define COMMENT_INPUT "# input "

static void put_comment(struct fmt_buf *text, const char *what, const char *value)
{
	if (text->data[text->size - 1] != '\n')
		fmt_buf_put(text, "\n", 1);
	fmt_buf_put(text, what, strlen(what));
	fmt_buf_put(text, value, strlen(value));
	fmt_buf_put(text, "\n", 1);
}

/* What was run is more than the file: it goes into the trace behind its text. */
static void append_comments(struct rec_experiment *exp, const char *const *set)
{
	struct fmt_buf text = {0};

	CHECK(exp->text_size > 0);
	fmt_buf_put(&text, exp->text, exp->text_size);
	for (; set && *set; set++)
		put_comment(&text, COMMENT_SET, *set);
	for (char **input = exp->inputs; input && *input; input++)
		put_comment(&text, COMMENT_INPUT, *input);
	exp->text_size = text.size;
	fmt_buf_put(&text, "", 1);
	free(exp->text);
	exp->text = (char *)text.data;
}

/* Takes lines of one kind off the end of a text, and gives what stands behind their mark. */
static size_t take_comments(const char *text, size_t size, const char *mark, char ***ret)
{
	const size_t mark_size = strlen(mark);
	char **list = NULL;
	size_t count = 0, end = size;

	while (end && text[end - 1] == '\n') {
		size_t begin = end - 1;

		while (begin && text[begin - 1] != '\n')
			begin--;
		if (end - 1 - begin < mark_size || memcmp(text + begin, mark, mark_size) != 0)
			break;
		_cleanup_free_ char *line = strndup(text + begin + mark_size, end - 1 - begin - mark_size);

		CHECK(line);
		rec__list_add(&list, &count, line);
		end = begin;
	}
	for (size_t i = 0; i < count / 2; i++) {
		char *const other = list[i];

		list[i] = list[count - 1 - i];
		list[count - 1 - i] = other;
	}
	*ret = list;
	return end;
}

void rec_exp_recorded_init(struct rec_exp_recorded *recorded, const char *text, size_t size)
{
	*recorded = (struct rec_exp_recorded){.text = text};
	recorded->text_size = take_comments(text, take_comments(text, size, COMMENT_INPUT, &recorded->inputs), COMMENT_SET, &recorded->set);
}

static void free_list(char **list)
{
	for (char **item = list; item && *item; item++)
		free(*item);
	free(list);
}

void rec_exp_recorded_done(struct rec_exp_recorded *recorded)
{
	free_list(recorded->set);
	free_list(recorded->inputs);
	*recorded = (struct rec_exp_recorded){0};
}

static struct rec_experiment *new_experiment(const char *path)
{
	struct rec_experiment *exp = calloc(1, sizeof(*exp));

	CHECK(exp);
	*exp = (struct rec_experiment){
		.path = rec__copy(path),
		.stop_time = UINT64_MAX,
		.realtime_ns = REALTIME_DEFAULT,
		.clock_spread_ns = CLOCK_SPREAD_DEFAULT,
		.syscall_cost_ns = SYSCALL_COST_DEFAULT,
		.clock_cost_ns = CLOCK_COST_DEFAULT,
		.monitor_ns = MONITOR_DEFAULT,
		.auto_routes = true,
	};
	return exp;
}

static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");

	CHECK(dir);
	return dir;
}

/* The text, with a zero byte behind it, is taken over. */
static int load_text(const char *name, const char *dir, char *text, size_t size, const char *const *set,
		     struct rec_experiment **ret, struct rec_exp_error *error)
{
	_cleanup_(rec_experiment_freep) struct rec_experiment *exp = new_experiment(name);

	exp->text = text;
	exp->text_size = size;
	exp->dir = rec__copy(dir);
	const int result = read_text(exp, name, set, error);

	if (result < 0)
		return result;
	append_comments(exp, set);
	*ret = STEAL(exp);
	return 0;
}

/* Who has a trace may think that it is enough. */
static bool is_trace(const char *path)
{
	struct fmt_reader *reader = NULL;

	if (fmt_reader_open(path, &reader, NULL) < 0)
		return false;
	fmt_reader_close(reader);
	return true;
}

int rec_experiment_load(const char *path, const char *const *set, struct rec_experiment **ret,
			struct rec_exp_error *error)
{
	_cleanup_free_ char *dir = directory_of(path);
	char *text = NULL;
	size_t size = 0;

	if (is_trace(path)) {
		snprintf(error->text, sizeof(error->text), "%s: a trace, and here is to be an experiment; `hindcast branch` records "
			 "the run of a trace again", path);
		return -EINVAL;
	}
	const int result = rec__read_file(path, TEXT_SIZE_MAX, &text, &size);

	if (result < 0) {
		snprintf(error->text, sizeof(error->text), "%s: %s", path, strerror(-result));
		return result;
	}
	return load_text(path, dir, text, size, set, ret, error);
}

int rec_experiment_load_recorded(const char *name, const char *dir, const struct rec_exp_recorded *recorded, const char *const *set,
				 struct rec_experiment **ret, struct rec_exp_error *error)
{
	char *copy = strndup(recorded->text, recorded->text_size);

	CHECK(copy);
	return load_text(name, dir, copy, recorded->text_size, set, ret, error);
}

/* ---- one program ---- */

/* A YAML scalar in double quotes; what is above 0x7f stays as it is. */
static void put_quoted(struct fmt_buf *out, const char *text)
{
	char escape[8];

	fmt_buf_put(out, "\"", 1);
	for (; *text; text++) {
		const unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\') {
			fmt_buf_put(out, (char[]){'\\', *text}, 2);
		} else if (c < ' ' || c == 0x7f) {
			snprintf(escape, sizeof(escape), "\\x%02x", c);
			fmt_buf_put(out, escape, 4);
		} else {
			fmt_buf_put(out, text, 1);
		}
	}
	fmt_buf_put(out, "\"", 1);
}

static void put_text(struct fmt_buf *out, const char *text)
{
	fmt_buf_put(out, text, strlen(text));
}

/* ./program means the caller's directory; a name without a slash is looked up on the node. */
static char *absolute_path(const char *path)
{
	if (*path == '/' || !strchr(path, '/'))
		return rec__copy(path);
	_cleanup_free_ char *here = getcwd(NULL, 0);
	char *absolute;

	if (!here)
		return rec__copy(path);
	while (!strncmp(path, "./", 2))
		path += 2;
	CHECK(asprintf(&absolute, "%s/%s", strcmp(here, "/") ? here : "", path) > 0);
	return absolute;
}

/*
 * The experiment is written as YAML and read like any other: so the trace holds a text from which the run can be
 * made again.
 */
int rec_experiment_single(char *const *argv, struct rec_experiment **ret,
			  struct rec_exp_error *error)
{
	_cleanup_(rec_experiment_freep) struct rec_experiment *exp = new_experiment("command line");
	struct fmt_buf text = {0};

	if (!argv[0] || !*argv[0]) {
		snprintf(error->text, sizeof(error->text), "there is no program to record");
		return -EINVAL;
	}
	_cleanup_free_ char *path = absolute_path(argv[0]);

	put_text(&text, "hosts:\n  node:\n    processes:\n    - path: ");
	put_quoted(&text, path);
	put_text(&text, "\n      args: [");
	for (size_t i = 1; argv[i]; i++) {
		put_text(&text, i > 1 ? ", " : "");
		put_quoted(&text, argv[i]);
	}
	put_text(&text, "]\n");
	exp->text_size = text.size;
	fmt_buf_put(&text, "", 1);
	exp->text = (char *)text.data;
	exp->dir = rec__copy(".");
	const int result = read_text(exp, exp->path, NULL, error);

	/* All is quoted: nothing but other bytes can keep it from being YAML. */
	if (result < 0 && strstr(error->text, "not YAML"))
		snprintf(error->text, sizeof(error->text), "the program's name and arguments become an experiment, which is text in "
			 "UTF-8, and one of them is not");
	if (result < 0)
		return result;
	*ret = STEAL(exp);
	return 0;
}

/* ---- the end ---- */

void rec_experiment_free(struct rec_experiment *exp)
{
	if (!exp)
		return;
	for (size_t i = 0; i < exp->node_count; i++) {
		struct rec_exp_node *node = &exp->nodes[i];

		for (size_t p = 0; p < node->process_count; p++)
			rec__process_done(&node->processes[p]);
		for (char **item = node->sysctls; item && *item; item++)
			free(*item);
		free(node->sysctls);
		free(node->processes);
		free(node->routes);
		if (node->medium) {
			free(node->medium->place);
			free(node->medium->paths);
			for (size_t f = 0; f < node->medium->frame_count; f++)
				free(node->medium->frames[f].bytes);
			free(node->medium->frames);
			free(node->medium);
		}
		free(node->root);
		free(node->faults);
		free(node->name);
	}
	free(exp->nodes);
	for (size_t i = 0; i < 2 * exp->link_count; i++)
		free(exp->links[i / 2].end[i % 2].phases);
	for (size_t i = 0; i < exp->link_count; i++)
		free(exp->links[i].name);
	free(exp->links);
	for (size_t i = 0; i < 2 * exp->pair_count; i++)
		free(exp->pairs[i / 2].end[i % 2].phases);
	free(exp->pairs);
	free(exp->moves);
	for (size_t i = 0; i < exp->table_count; i++)
		free(exp->tables[i]);
	free(exp->tables);
	for (size_t i = 0; i < exp->rules_count; i++) {
		for (size_t r = 0; r < exp->rules[i].count; r++)
			rec_inject_done(&exp->rules[i].list[r]);
		free(exp->rules[i].list);
	}
	free(exp->rules);
	for (size_t i = 0; i < exp->disk_count; i++) {
		free(exp->disks[i]->path);
		free(exp->disks[i]);
	}
	free(exp->disks);
	free(exp->reseeds.list);
	free_list(exp->inputs);
	free(exp->root);
	free(exp->path);
	free(exp->dir);
	free(exp->text);
	free(exp);
}

/* ---- /etc/hosts ---- */

static void put_host(struct fmt_buf *out, const char *address, const char *name)
{
	fmt_buf_put(out, address, strcspn(address, "/"));
	put_text(out, "\t");
	put_text(out, name);
	put_text(out, "\n");
}

static const struct rec_exp_end *first_end(const struct rec_experiment *exp, node_id node)
{
	for (size_t i = 0; i < 2 * exp->link_count; i++)
		if (exp->links[i / 2].end[i % 2].node == node)
			return &exp->links[i / 2].end[i % 2];
	return NULL;
}

void rec_experiment_hosts_file(const struct rec_experiment *exp, node_id self, struct fmt_buf *out)
{
	CHECK(self >= 1 && self <= exp->node_count);
	put_text(out, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n");
	for (size_t i = 0; i < exp->node_count; i++) {
		const struct rec_exp_node *node = &exp->nodes[i];
		const struct rec_exp_end *end = first_end(exp, node->id);

		if (node->medium)
			continue;
		if (end) {
			put_host(out, end->ipv4, node->name);
			put_host(out, end->ipv6, node->name);
		} else if (node->id == self) {
			put_host(out, "127.0.0.1", node->name);
		}
	}
}
