/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "branch.h"

#include <asm/unistd.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "diff.h"
#include "kernel-path.h"
#include "machine.h"
#include "place.h"
#include "preamble.h"
#include "roster.h"
#include "text.h"
#include "tool.h"

#define NODES_TOLD 4u		/* of how many nodes it is told where they differ */

/* ---- what was run ---- */

/* A text of the run's metas, or NULL; the caller frees it. */
static char *meta_text(struct fmt_reader *reader, const char *key)
{
	size_t size = 0;
	const char *const value = fmt_reader_meta(reader, key, &size);

	return value ? strndup(value, size) : NULL;
}

/* Only a trace that begins with its run, and tells it as it was, can be compared with another run. */
static enum fmt_status check_whole(struct fmt_reader *reader, const char *path)
{
	static const uint32_t kinds[] = {FMT_keyframe};
	const struct fmt_want want = {.kinds = kinds, .kind_count = 1};
	_cleanup_free_ char *changed = meta_text(reader, FMT_META_CHANGED);
	struct fmt_error error = {{0}};
	struct fmt_event event;
	event_seq at = 0;
	const int keyframe = fmt_reader_find(reader, &want, /* backwards= */ false, &at, &event, &error);

	if (keyframe < 0) {
		fmt_complain("%s: %s", path, error.text);
		return FMT_STATUS_NO;
	}
	const char *const trimmed = changed ? strstr(changed, "trimmed to ") : NULL;
	const bool lacks_start = keyframe || (trimmed && strncmp(trimmed, "trimmed to 0.000000000s ", 24) != 0);

	if (!lacks_start && !(changed && strstr(changed, "scrubbed of ")))
		return FMT_STATUS_OK;
	fmt_complain("%s: %s, so a new recording could not be compared with it; branch off the trace that it was made from", path,
		     lacks_start ? "the beginning of the run is not in it" : "it was scrubbed");
	return FMT_STATUS_USAGE;
}

static struct rec_experiment *load(struct rec_branch *branch, const char *const *set)
{
	_cleanup_free_ char *name = fmt_text_of("the experiment of %s", branch->path);
	struct rec_experiment *exp = NULL;
	struct rec_exp_error error = {{0}};

	if (rec_experiment_load_recorded(name, branch->folder, &branch->recorded, set, &exp, &error) >= 0)
		return exp;
	fmt_complain("%s", error.text);
	return NULL;
}

/* The folder from which the run's programs were started by relative paths: the one of the path that ends in this.  NULL: none was. */
static char *folder_of_run(struct fmt_reader *reader, const char *relative)
{
	static const uint32_t kinds[] = {FMT_exec};
	const struct fmt_want want = {.kinds = kinds, .kind_count = 1};
	const size_t size = strlen(relative);
	struct fmt_ev_exec ev;
	struct fmt_event event;

	for (event_seq at = 0; fmt_reader_find(reader, &want, /* backwards= */ false, &at, &event, NULL) > 0; at++) {
		const char *const path = fmt_get_exec(&event, &ev) < 0 ? NULL : (const char *)ev.path.data;

		if (path && ev.path.size > size + 1 && path[ev.path.size - size - 1] == '/' &&
		    memcmp(path + ev.path.size - size, relative, size) == 0)
			return fmt_text_of("%.*s", (int)(ev.path.size - size - 1), path);
	}
	return NULL;
}

/* Programs that lie beside their experiment have its folder in their paths, which nodes see: so it has to be the same one. */
static void find_folder(struct rec_branch *branch, const struct rec_experiment *exp)
{
	_cleanup_free_ char *here = realpath(branch->folder, NULL);
	const size_t size = here ? strlen(here) : 0;

	for (size_t i = 0; here && i < exp->node_count; i++)
		for (size_t p = 0; p < exp->nodes[i].process_count; p++) {
			const char *path = exp->nodes[i].processes[p].path;

			if (strncmp(path, here, size) != 0 || path[size] != '/')
				continue;
			_cleanup_free_ char *there = folder_of_run(branch->reader, path + size + 1);

			if (!there)
				continue;
			if (strcmp(there, here) == 0 || access(there, F_OK) < 0)
				return;
			free(branch->folder);
			branch->folder = STEAL(there);
			return;
		}
}

/* What the command line of record had said besides: seed and model are metas, and a stop shows in the end.  What the branch changes
 * goes before that. */
static void restore_options(struct fmt_reader *reader, const struct rec_experiment *base, struct rec_experiment *exp)
{
	static const uint32_t kinds[] = {FMT_end};
	const struct fmt_want want = {.kinds = kinds, .kind_count = 1};
	_cleanup_free_ char *seed = meta_text(reader, "seed"), *model = meta_text(reader, "model");
	event_seq at = fmt_reader_count(reader) - 1;
	struct fmt_ev_end end;
	struct fmt_event event;

	if (seed && exp->seed == base->seed)
		fmt_parse_number(seed, &exp->seed);
	if (model && exp->syscall_cost_ns == base->syscall_cost_ns && exp->clock_cost_ns == base->clock_cost_ns)
		sscanf(model, "syscall=%" SCNu64 "ns clock=%" SCNu64 "ns", &exp->syscall_cost_ns, &exp->clock_cost_ns);
	if (exp->stop_time != base->stop_time)
		return;
	if (fmt_reader_find(reader, &want, /* backwards= */ true, &at, &event, NULL) > 0 && fmt_get_end(&event, &end) == 0 &&
	    end.reason.size == strlen(REC_REASON_STOP_TIME) && memcmp(end.reason.data, REC_REASON_STOP_TIME, end.reason.size) == 0)
		exp->stop_time = event.vtime;
}

enum fmt_status rec_branch_open(struct rec_branch *branch, struct fmt_reader *reader, const char *path, const char *folder)
{
	size_t size = 0;
	const char *const text = fmt_reader_meta(reader, "experiment", &size);

	*branch = (struct rec_branch){.path = path, .reader = reader, .at = UINT64_MAX};
	if (!text || !fmt_reader_count(reader)) {
		fmt_complain("%s: there is no experiment in it that could be recorded again", path);
		return FMT_STATUS_USAGE;
	}
	const enum fmt_status whole = check_whole(reader, path);

	if (whole != FMT_STATUS_OK)
		return whole;
	_cleanup_free_ char *copy = fmt_text_of("%s", path);

	branch->folder = fmt_text_of("%s", folder ? folder : dirname(copy));
	rec_exp_recorded_init(&branch->recorded, text, size);
	branch->base = load(branch, (const char *const *)branch->recorded.set);
	if (!branch->base) {
		fmt_complain("the files that the experiment names are looked for in %s; --experiment says where else they are",
			     branch->folder);
		return FMT_STATUS_USAGE;
	}
	if (!folder)
		find_folder(branch, branch->base);
	return FMT_STATUS_OK;
}

void rec_branch_done(struct rec_branch *branch)
{
	for (char **moment = branch->moments; moment && *moment; moment++)
		free(*moment);
	free(branch->moments);
	for (size_t i = 0; i < branch->unlike_count; i++)
		free(branch->unlike[i]);
	free(branch->unlike);
	free(branch->set);
	free(branch->folder);
	rec_exp_recorded_done(&branch->recorded);
	rec_experiment_free(branch->base);
	rec_experiment_free(branch->exp);
	*branch = (struct rec_branch){0};
}

/* ---- what changes ---- */

bool rec_branch_at(struct rec_branch *branch, const char *place)
{
	struct fmt_trace_stat stat;
	struct fmt_error error = {{0}};
	struct fmt_event event;
	event_seq next;
	vtime_ns at;
	int r = fmt_place_parse(branch->reader, place, &next, &at, &error);

	fmt_reader_stat(branch->reader, &stat);
	if (r == 0 && at == UINT64_MAX && next < fmt_reader_count(branch->reader)) {
		r = fmt_reader_event(branch->reader, next, &event, &error);
		at = r == 0 ? event.vtime : at;
	}
	if (r < 0) {
		fmt_complain("--at %s", error.text);
		return false;
	}
	branch->at = at != UINT64_MAX ? at : stat.last;
	if (branch->at <= stat.last && branch->at > 0)
		return true;
	_cleanup_(fmt_buf_done) struct fmt_buf end = {0};

	fmt_put_vtime(&end, stat.last);
	if (branch->at)
		fmt_complain("--at %s: the run ends at %.*s; behind that there is nothing that could be changed", place, (int)end.size,
			     (const char *)end.data);
	else
		fmt_complain("--at %s: that is the beginning of the run, before which nothing is; record --seed N --set ... makes another "
			     "one", place);
	return false;
}

/* "{crash: a}" and "crash: a" are the same moment: what stands in the braces. */
static void inside(const char *change, const char **ret, size_t *ret_size)
{
	size_t size;

	while (isspace((unsigned char)*change))
		change++;
	for (size = strlen(change); size && isspace((unsigned char)change[size - 1]);)
		size--;
	const bool braces = size > 1 && change[0] == '{' && change[size - 1] == '}';

	*ret = change + braces;
	*ret_size = size - 2 * braces;
}

/* In seconds, exactly, without zeros at the end. */
static char *time_text(vtime_ns at)
{
	char *const text = fmt_text_of("%" PRIu64 ".%09" PRIu64, at / 1000000000, at % 1000000000);
	size_t size = strlen(text);

	while (text[size - 1] == '0')
		size--;
	text[size - (text[size - 1] == '.')] = '\0';
	return text;
}

static char *moment_of(vtime_ns at, const char *change)
{
	_cleanup_free_ char *time = time_text(at);
	const char *body;
	size_t size;

	inside(change, &body, &size);
	return fmt_text_of("timeline+={at: %s s, %.*s}", time, (int)size, body);
}

static size_t length(const char *const *list)
{
	size_t count = 0;

	while (list && list[count])
		count++;
	return count;
}

static void add_moments(struct rec_branch *branch, const char *const *changes, const uint64_t *seed)
{
	const size_t count = length(changes);

	branch->changes = count;
	branch->moments = calloc(count + 2, sizeof(*branch->moments));
	CHECK(branch->moments);
	for (size_t i = 0; i < count; i++)
		branch->moments[i] = moment_of(branch->at, changes[i]);
	if (seed) {
		_cleanup_free_ char *change = fmt_text_of("seed: %" PRIu64, *seed);

		branch->moments[count] = moment_of(branch->at, change);
	}
}

bool rec_branch_change(struct rec_branch *branch, const char *const *set, const char *const *changes, const uint64_t *seed)
{
	add_moments(branch, changes, seed);
	const char *const *const lists[] = {(const char *const *)branch->recorded.set, set, (const char *const *)branch->moments};
	size_t count = 0;

	branch->sets = length(set);
	branch->set = calloc(length(lists[0]) + length(lists[1]) + length(lists[2]) + 1, sizeof(*branch->set));
	CHECK(branch->set);
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		for (size_t k = 0; k < length(lists[i]); k++)
			branch->set[count++] = lists[i][k];
	branch->exp = load(branch, branch->set);
	if (branch->exp)
		restore_options(branch->reader, branch->base, branch->exp);
	return branch->exp;
}

/* ---- this host ---- */

__attribute__((format(printf, 2, 3)))
static void add_unlike(struct rec_branch *branch, const char *format, ...)
{
	va_list list;
	char *text;

	va_start(list, format);
	CHECK(vasprintf(&text, format, list) >= 0);
	va_end(list);
	branch->unlike = reallocarray(branch->unlike, branch->unlike_count + 1, sizeof(*branch->unlike));
	CHECK(branch->unlike);
	branch->unlike[branch->unlike_count++] = text;
}

/* Files that the experiment names: "NAME sha256 HASH". */
static void look_at_inputs(struct rec_branch *branch)
{
	for (char **was = branch->recorded.inputs; was && *was; was++) {
		const char *const hash = strstr(*was, " sha256 ");
		bool same = false;

		for (char **is = branch->exp->inputs; is && *is && !same; is++)
			same = strcmp(*is, *was) == 0;
		if (!same)
			add_unlike(branch, "%.*s is not what it was when the run was recorded",
				   (int)(hash ? hash - *was : (ptrdiff_t)strlen(*was)), *was);
	}
}

static void look_at_kernel(struct rec_branch *branch, const struct fmt_arguments *args)
{
	_cleanup_free_ char *kernel = rec__find_kernel(args);
	_cleanup_free_ char *was = meta_text(branch->reader, "kernel");
	uint8_t hash[FMT_HASH_SIZE];
	char is[2 * FMT_HASH_SIZE + 1];

	if (!kernel || !was || rec_preamble_kernel(kernel, hash) < 0)
		return;
	for (unsigned int i = 0; i < FMT_HASH_SIZE; i++)
		snprintf(is + 2 * i, 3, "%02x", hash[i]);
	if (strcmp(is, was) != 0)
		add_unlike(branch, "%s is another kernel image than that of the run (%.12s instead of %.12s)", kernel, is, was);
}

static const char *root_of(const struct rec_experiment *exp, node_id node)
{
	return (node && node <= exp->node_count ? exp->nodes[node - 1].root : NULL) ?: exp->root ?: "";
}

/* One that comes into being while the run goes on is not missing, but that does not show here: so nothing is refused. */
static void look_at_programs(struct rec_branch *branch)
{
	const struct rec_experiment *exp = branch->exp;

	for (size_t i = 0; i < exp->node_count; i++)
		for (size_t p = 0; p < exp->nodes[i].process_count; p++) {
			const struct rec_exp_process *process = &exp->nodes[i].processes[p];
			_cleanup_free_ char *path = fmt_text_of("%s%s", root_of(exp, exp->nodes[i].id), process->path);

			if (strchr(process->path, '/') && access(path, F_OK) < 0)
				add_unlike(branch, "%s runs %s, which this host does not have (a branch needs the host's files; those in "
						   "the trace will not do)", exp->nodes[i].name, path);
		}
}

void rec_branch_warn(struct rec_branch *branch, const struct fmt_arguments *args)
{
	look_at_inputs(branch);
	look_at_kernel(branch, args);
	look_at_programs(branch);
	for (size_t i = 0; i < branch->unlike_count; i++)
		fmt_complain("warning: %s", branch->unlike[i]);
}

/* ---- what came of it ---- */

static void print_vtime(vtime_ns vtime)
{
	_cleanup_(fmt_buf_done) struct fmt_buf text = {0};

	fmt_put_vtime(&text, vtime);
	printf("%.*s", (int)text.size, (const char *)text.data);
}

static int print_event(struct fmt_reader *reader, char mark, bool has, event_seq at, struct fmt_error *error)
{
	_cleanup_(fmt_buf_done) struct fmt_buf line = {0};
	_cleanup_(fmt_roster_done) struct fmt_roster roster = {0};
	struct fmt_event event;
	char buf[16];
	int r = 0;

	for (event_seq seq = 0; r == 0 && seq < fmt_reader_count(reader); seq++) {
		r = fmt_reader_event(reader, seq, &event, error);
		if (r < 0 || event.vtime > 0)
			break;
		fmt_roster_learn(&roster, &event);
	}
	r = r ?: has ? fmt_reader_event(reader, at, &event, error) : 0;
	if (r < 0)
		return r;
	if (has)
		fmt_put_event(&line, &event, fmt_roster_node(&roster, event.node, buf));
	printf("  %c %.*s\n", mark, (int)line.size, has ? (const char *)line.data : "(nothing more)");
	return 0;
}

/* The file that is met where the runs part, when it is another one now, or gone.  All that were met before are the same.  1, 0. */
static size_t tell_file(const struct rec_branch *branch, struct fmt_reader *fresh, const struct fmt_parting *parting)
{
	struct fmt_event was, is;
	struct fmt_ev_file old, new;

	if (fmt_reader_event(branch->reader, parting->at[0], &was, NULL) < 0 || was.kind != FMT_file || fmt_get_file(&was, &old) < 0)
		return 0;
	const bool met = parting->has[1] && fmt_reader_event(fresh, parting->at[1], &is, NULL) == 0 && is.kind == FMT_file &&
			 fmt_get_file(&is, &new) == 0 && new.path.size == old.path.size &&
			 memcmp(new.path.data, old.path.data, old.path.size) == 0;
	_cleanup_free_ char *path = fmt_text_of("%s%.*s", root_of(branch->exp, was.node), (int)old.path.size,
						(const char *)old.path.data);

	if (!met && access(path, F_OK) == 0)
		return 0;
	printf("cause    %s %s\n", path, met ? "is another file now than when the run was recorded" : "is not on this host");
	return 1;
}

/* The file that the call at which the runs part has read from.  1, 0: that is not what it did. */
static size_t tell_read(const struct rec_branch *branch, event_seq at)
{
	static const uint32_t kinds[] = {FMT_fd};
	struct fmt_ev_syscall ev;
	struct fmt_ev_fd fd;
	struct fmt_event event;

	if (fmt_reader_event(branch->reader, at, &event, NULL) < 0 || event.kind != FMT_syscall || fmt_get_syscall(&event, &ev) < 0 ||
	    (ev.nr != __NR_read && ev.nr != __NR_pread64 && ev.nr != __NR_readv && ev.nr != __NR_preadv && ev.nr != __NR_fstat))
		return 0;
	/* One that another thread has opened may be another one: the thread's own are certain. */
	const struct fmt_want want = {.kinds = kinds, .kind_count = 1, .has_node = true, .node = event.node, .has_tid = true,
				      .tid = event.tid};
	const uint64_t number = ev.a0;

	for (; fmt_reader_find(branch->reader, &want, /* backwards= */ true, &at, &event, NULL) > 0; at--) {
		if (fmt_get_fd(&event, &fd) == 0 && fd.fd == number) {
			if (!S_ISREG(fd.mode) || !event.node || event.node > branch->exp->node_count)
				return 0;
			printf("cause    %.*s, which %s reads, is not what it was when the run was recorded\n", (int)fd.what.size,
			       (const char *)fd.what.data, branch->exp->nodes[event.node - 1].name);
			return 1;
		}
		if (!at)
			break;
	}
	return 0;
}

static void tell_cause(const struct rec_branch *branch, struct fmt_reader *fresh, const struct fmt_parting *parting)
{
	size_t told = branch->unlike_count;

	for (size_t i = 0; i < branch->unlike_count; i++)
		printf("cause    %s\n", branch->unlike[i]);
	if (parting->has[0])
		told += tell_file(branch, fresh, parting) + (parting->has[1] ? tell_read(branch, parting->at[0]) : 0);
	if (!told)
		printf("cause    %s%s\n", parting->cause,
		       branch->sets ? "; what --set changes holds from the beginning on, and --change is for the position" : "");
}

static int tell_early(const struct rec_branch *branch, struct fmt_reader *fresh, const struct fmt_parting *parting,
		      struct fmt_error *error)
{
	printf("before   THE RUNS PART at ");
	print_vtime(parting->vtime);
	printf(", before the branch, after %" PRIu64 " events in common\n", parting->same);
	const int r = print_event(branch->reader, '<', parting->has[0], parting->at[0], error) ?:
		      print_event(fresh, '>', parting->has[1], parting->at[1], error);

	if (r == 0)
		tell_cause(branch, fresh, parting);
	return r;
}

static int tell_late(const struct rec_branch *branch, struct fmt_reader *fresh, const struct fmt_parting *parting,
		     struct fmt_error *error)
{
	printf("before   the same");
	if (parting->aside)
		printf(", but for %" PRIu64 " events about frames that were under way", parting->aside);
	printf("\n");
	if (!parting->parts) {
		printf("after    nothing differs\n");
		return 0;
	}
	printf("after    ");
	const int r = fmt_diff(branch->reader, fresh, &(struct fmt_diff_options){.most = NODES_TOLD}, stdout, error);

	return r < 0 ? r : 0;
}

enum fmt_status rec_branch_compare(const struct rec_branch *branch, const char *trace)
{
	enum fmt_status status = FMT_STATUS_OK;
	struct fmt_error error = {{0}};
	struct fmt_parting parting = {0};
	struct fmt_reader *fresh = fmt_open_trace(trace, &status);

	if (!fresh)
		return status;
	int r = fmt_diff_order(branch->reader, fresh, branch->changes ? branch->at : 0, &parting, &error);
	const bool early = r == 0 && parting.parts && parting.vtime < branch->at;

	if (r == 0)
		r = early ? tell_early(branch, fresh, &parting, &error) : tell_late(branch, fresh, &parting, &error);
	status = fmt_close_trace(fresh, trace, r, &error);
	return status == FMT_STATUS_OK && early ? FMT_STATUS_NO : status;
}
