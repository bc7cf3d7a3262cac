/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * experiment-faults.c - what the timeline does to hosts and processes.
 *
 * The value of a fault's key says what it is done to (HOST, HOST/PROCESS, a list of these, all), or is a map with that under
 * `on` and the fault's arguments.  Each target gets a copy in its node's list, in the order of time.
 */
#include "experiment-int.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "node-clock.h"

enum targets { HOST = 1, PROCESS = 2, ANY = HOST | PROCESS };

static const struct {
	const char *key;
	enum targets targets;
	enum rec__scope scope;
} rows[] = {
#define FAULT(symbol, key, targets, scope) [REC_FAULT_##symbol] = {key, targets, REC__SCOPE_##scope},
#include "faults.def"
#undef FAULT
};

const char *rec_fault_key(enum rec_fault kind)
{
	return rows[kind].key;
}

void rec_timeline_cause(uint32_t line, char *text, size_t size)
{
	if (line)
		snprintf(text, size, "timeline, line %u", line);
	else
		snprintf(text, size, "timeline, --set");
}

void rec_fault_cause(const struct rec_exp_fault *fault, char *text, size_t size)
{
	rec_timeline_cause(fault->line, text, size);
}

/* ---- targets ---- */

static void add_fault(struct rec_exp_node *node, const struct rec_exp_fault *fault, size_t process)
{
	node->faults = rec__grow(node->faults, node->fault_count, sizeof(*node->faults));
	node->faults[node->fault_count] = *fault;
	node->faults[node->fault_count++].process = process;
}

static int find_process(struct rec__load *load, int value, const struct rec_exp_node *node, const char *name,
			size_t *ret)
{
	_cleanup_free_ const char **names = calloc(node->process_count + 1, sizeof(*names));

	CHECK(names);
	for (size_t i = 0; i < node->process_count; i++) {
		names[i] = node->processes[i].name;
		if (!strcmp(names[i], name)) {
			*ret = i;
			return 0;
		}
	}
	const char *nearest = rec__nearest(name, names, node->process_count);

	if (nearest)
		return rec__fail(load, value, "host '%s' has no process '%s'; did you mean '%s'?", node->name, name, nearest);
	return rec__fail(load, value, "host '%s' has no process '%s'", node->name, name);
}

static int take_all_hosts(struct rec__load *load, int value, const struct rec_exp_fault *fault)
{
	if (!(rows[fault->kind].targets & HOST))
		return rec__fail(load, value, "'%s' is done to a process: HOST/PROCESS", rows[fault->kind].key);
	for (size_t i = 0; i < load->exp->node_count; i++)
		if (!load->exp->nodes[i].medium)
			add_fault(&load->exp->nodes[i], fault, REC_WHOLE_NODE);
	return 0;
}

static int take_target(struct rec__load *load, int value, void *object)
{
	const struct rec_exp_fault *fault = object;
	const enum targets targets = rows[fault->kind].targets;
	const char *text = rec__scalar(load, value, "a host, or HOST/PROCESS"), *slash;
	size_t process = REC_WHOLE_NODE;
	node_id id;

	if (!text)
		return -EINVAL;
	if (!strcmp(text, "all"))
		return take_all_hosts(load, value, fault);
	slash = strchr(text, '/');
	if (slash ? !(targets & PROCESS) : !(targets & HOST))
		return rec__fail(load, value, slash ? "'%s' is done to a whole host, not to one process" :
				 "'%s' is done to a process: HOST/PROCESS", rows[fault->kind].key);
	int error = rec__find_host_named(load, value, text, slash ? (size_t)(slash - text) : strlen(text), &id);

	if (!error && load->exp->nodes[id - 1].medium)
		return rec__fail(load, value, "'%.*s' is a medium; faults befall hosts, and links to it can be down",
				 (int)strcspn(text, "/"), text);
	if (!error && slash)
		error = find_process(load, value, &load->exp->nodes[id - 1], slash + 1, &process);
	if (!error)
		add_fault(&load->exp->nodes[id - 1], fault, process);
	return error;
}

static int take_targets(struct rec__load *load, int value, struct rec_exp_fault *fault)
{
	const yaml_node_t *node = rec__yaml(load, value);

	if (node->type == YAML_SEQUENCE_NODE && node->data.sequence.items.start == node->data.sequence.items.top)
		return rec__fail(load, value, "the list is empty, so that nothing happens");
	if (node->type == YAML_SEQUENCE_NODE)
		return rec__each(load, value, "a list of hosts", take_target, fault);
	return take_target(load, value, fault);
}

int rec__take_fault_on(struct rec__load *load, int value, void *object)
{
	((struct rec__fault *)object)->on = value;
	return 0;
}

/* ---- arguments ---- */

int rec__take_fault_disk_kept(struct rec__load *load, int value, void *object)
{
	const char *text = rec__scalar(load, value, "disk");

	if (!text)
		return -EINVAL;
	if (strcmp(text, "kept") && strcmp(text, "wiped"))
		return rec__fail(load, value, "'%s': the disk is 'kept' or 'wiped'", text);
	((struct rec__fault *)object)->fault.wiped = *text == 'w';
	return 0;
}

int rec__take_fault_signal(struct rec__load *load, int value, void *object)
{
	return rec__take_signal(load, value, &((struct rec__fault *)object)->fault.signo);
}

int rec__take_fault_step(struct rec__load *load, int value, void *object)
{
	const char *text = rec__scalar(load, value, "step");
	uint64_t ns;

	if (!text)
		return -EINVAL;
	if (rec__parse_time(text + (*text == '-'), &ns) < 0 || !ns)
		return rec__fail(load, value, "'%s' is not how far a clock can jump; write it as -5 s or 300 ms", text);
	((struct rec__fault *)object)->fault.step_ns = *text == '-' ? -(int64_t)ns : (int64_t)ns;
	return 0;
}

int rec__take_fault_drift(struct rec__load *load, int value, void *object)
{
	struct rec_exp_fault *fault = &((struct rec__fault *)object)->fault;
	const char *text = rec__scalar(load, value, "drift");
	uint64_t ppb;

	if (!text)
		return -EINVAL;
	if (rec__parse_fraction(text + (*text == '-'), &ppb) < 0)
		return rec__fail(load, value, "'%s' is not a drift; write it as 200 ppm, -50 ppm or 1%%", text);
	if (ppb > REC_DRIFT_PPB_MAX)
		return rec__fail(load, value, "'%s': a clock drifts by at most 50%%", text);
	fault->drifts = true;
	fault->drift_ppb = *text == '-' ? -(int64_t)ppb : (int64_t)ppb;
	return 0;
}

static int take_rule(struct rec__load *load, int value, void *object)
{
	struct rec__fault *reading = object;
	struct rec_experiment *exp = load->exp;
	const char *text = rec__scalar(load, value, "a rule for system calls");
	struct rec_inject_rules *list = &exp->rules[exp->rules_count - 1];
	char why[300];

	if (!text)
		return -EINVAL;
	list->list = rec__grow(list->list, list->count, sizeof(*list->list));
	if (rec_inject_parse(text, &list->list[list->count], why, sizeof(why)) < 0)
		return rec__fail(load, value, "%s", why);
	list->count++;
	reading->fault.rules = list->list;
	reading->fault.rule_count = list->count;
	return 0;
}

/* A rule, a list of rules, or `none`. */
int rec__take_fault_calls(struct rec__load *load, int value, void *object)
{
	struct rec_experiment *exp = load->exp;
	const yaml_node_t *node = rec__yaml(load, value);

	((struct rec__fault *)object)->has_calls = true;
	if (node->type == YAML_SCALAR_NODE && !strcmp((const char *)node->data.scalar.value, "none"))
		return 0;
	exp->rules = rec__grow(exp->rules, exp->rules_count, sizeof(*exp->rules));
	exp->rules_count++;
	if (node->type == YAML_SEQUENCE_NODE)
		return rec__each(load, value, "rules for system calls", take_rule, object);
	return take_rule(load, value, object);
}

/* ---- the disk ---- */

int rec__take_disk_path(struct rec__load *load, int value, void *object)
{
	const char *text = rec__scalar(load, value, "a path on the host");
	struct rec__fault *reading = object;

	if (!text)
		return -EINVAL;
	if (*text != '/')
		return rec__fail(load, value, "'%s' is to be an absolute path on the host", text);
	reading->path = value;
	reading->disk.path = rec__copy(text);
	/* "/var/" and "/var" are the same. */
	for (size_t size = strlen(text); size > 1 && reading->disk.path[size - 1] == '/'; size--)
		reading->disk.path[size - 1] = '\0';
	return 0;
}

int rec__take_disk_error(struct rec__load *load, int value, void *object)
{
	const char *text = rec__scalar(load, value, "an error");

	if (!text)
		return -EINVAL;
	for (int number = 1; number < 134; number++)
		if (!strcmp(strerrorname_np(number) ?: "", text)) {
			((struct rec__fault *)object)->disk.error = number;
			return 0;
		}
	return rec__fail(load, value, "'%s' is no error; write it as EIO", text);
}

static int take_disk_op(struct rec__load *load, int value, void *object)
{
	static const char *const words[] = {"read", "write", "sync", "create"};
	const char *text = rec__scalar(load, value, "an operation of the disk");

	for (size_t i = 0; text && i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(text, words[i])) {
			((struct rec__fault *)object)->disk.ops |= 1u << i;
			return 0;
		}
	return text ? rec__fail(load, value, "'%s' is none of read, write, sync, create", text) : -EINVAL;
}

int rec__take_disk_ops(struct rec__load *load, int value, void *object)
{
	if (rec__yaml(load, value)->type == YAML_SCALAR_NODE)
		return take_disk_op(load, value, object);
	return rec__each(load, value, "operations of the disk", take_disk_op, object);
}

int rec__take_disk_room(struct rec__load *load, int value, void *object)
{
	struct rec__fault *reading = object;

	reading->disk.limited = true;
	return rec__take_size(load, value, &reading->disk.room);
}

/* Whether anything is said of what is wrong; a disk of which nothing is said is as it should be. */
static int check_disk(struct rec__load *load, struct rec__fault *reading)
{
	struct rec_experiment *exp = load->exp;
	struct rec_disk_fault *disk = &reading->disk;

	if (!disk->error && (disk->ops || disk->share_ppb != REC_PPB))
		return rec__fail(load, reading->value, "'ops' and 'share' say what fails, so there is to be an 'error': EIO");
	if (!disk->error && !disk->limited && !disk->delay_ns && !disk->rate_bytes)
		return !disk->path ? 0 : rec__fail(load, reading->path, "nothing is said of what is wrong there: error, room, "
						   "delay or rate");
	disk->ops = disk->ops ?: REC_DISK_ALL_OPS;
	exp->disks = rec__grow(exp->disks, exp->disk_count, sizeof(*exp->disks));
	struct rec_disk_fault *kept = malloc(sizeof(*kept));

	CHECK(kept);
	*kept = *disk;
	disk->path = NULL;
	exp->disks[exp->disk_count++] = kept;
	reading->fault.disk = kept;
	return 0;
}

/* What only shows when all arguments are there. */
static int check_arguments(struct rec__load *load, struct rec__fault *reading)
{
	const struct rec_exp_fault *fault = &reading->fault;

	if (!reading->on)
		return rec__fail(load, reading->value, "'%s' needs to know what it is done to: on: a", rows[fault->kind].key);
	if (fault->kind == REC_FAULT_signal && !fault->signo)
		return rec__fail(load, reading->value, "'signal' needs to know which one: {on: a/redis-server, signal: SIGHUP}");
	if (fault->kind == REC_FAULT_clock && !fault->step_ns && !fault->drifts)
		return rec__fail(load, reading->value, "'clock' needs a step or a drift: {on: a, step: -5 s}, {on: a, drift: 200 ppm}");
	if (fault->kind == REC_FAULT_inject && !reading->has_calls)
		return rec__fail(load, reading->value, "'inject' needs to know what is done to which calls: {on: a, calls: "
				 "\"write:error=EIO:when=3+\"}, {on: a, calls: none}");
	if (fault->kind == REC_FAULT_allocation && !fault->nth)
		return rec__fail(load, reading->value, "'allocation' needs to know which one from then on fails, from 1: "
				 "{on: a/redis-server, nth: 100}");
	return fault->kind == REC_FAULT_disk ? check_disk(load, reading) : 0;
}

/* ---- one fault ---- */

static int take_fault(struct rec__load *load, int value, const struct rec__moment *moment, enum rec_fault kind)
{
	struct rec__fault reading = {
		.fault = {.at = moment->at, .kind = kind, .line = rec__line(load, value)},
		.value = value,
		.disk = {.share_ppb = REC_PPB},
	};
	int error = 0;

	if (rec__yaml(load, value)->type == YAML_MAPPING_NODE)
		error = rec__take_map(load, value, rows[kind].scope, &reading);
	else
		reading.on = value;
	error = error ?: check_arguments(load, &reading) ?: take_targets(load, reading.on, &reading.fault);
	free(reading.disk.path);
	return error;
}

#define FAULT(symbol, key, targets, scope) \
	int rec__take_moment_##symbol(struct rec__load *load, int value, void *object) \
	{ \
		return take_fault(load, value, object, REC_FAULT_##symbol); \
	}
#include "faults.def"
#undef FAULT
