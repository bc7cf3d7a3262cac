/* SPDX-License-Identifier: GPL-2.0-or-later */
/* experiment-hosts.c - the hosts of an experiment and their processes. */
#include "experiment-int.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"

#define HOST_NAME_MAX_SIZE 63
#define PROCESSES_MAX 4096	/* of one host */
#define PROCESS_NAME_SIZE_MAX 200	/* with a number and ".stdout" it names a file: 255 bytes at most */
#define MEMORY_MIN (16ull << 20)
#define MEMORY_MAX (4ull << 30)

/* What every program finds in its environment, on any machine and in any shell. */
static const char *const environment_default[] = {
	"HOME=/root",
	"LANG=C.UTF-8",
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
};

/* ---- lists ---- */

char *rec__copy(const char *text)
{
	char *copy = strdup(text);

	CHECK(copy);
	return copy;
}

void *rec__grow(void *array, size_t count, size_t element_size)
{
	/* Doubles at powers of two; the first has room for one. */
	if (count & (count - 1))
		return array;
	uint8_t *grown = reallocarray(array, count ? 2 * count : 1, element_size);

	CHECK(grown);
	memset(grown + count * element_size, 0, (count ? count : 1) * element_size);
	return grown;
}

void rec__list_add(char ***list, size_t *count, const char *text)
{
	char **grown = reallocarray(*list, *count + 2, sizeof(*grown));

	CHECK(grown);
	grown[(*count)++] = rec__copy(text);
	grown[*count] = NULL;
	*list = grown;
}

/* Adds NAME=value, or replaces it; keeps the order of names by bytes. */
static void set_variable(char ***list, const char *name, const char *value)
{
	const size_t name_size = strlen(name);
	size_t count = 0, at = 0;
	char *text;

	CHECK(asprintf(&text, "%s=%s", name, value) > 0);
	while (*list && (*list)[count])
		count++;
	while (at < count && strncmp((*list)[at], text, name_size + 1) < 0)
		at++;
	if (at < count && !strncmp((*list)[at], text, name_size + 1)) {
		free((*list)[at]);
		(*list)[at] = text;
		return;
	}
	rec__list_add(list, &count, "");
	char *last = (*list)[count - 1];

	memmove(*list + at + 1, *list + at, (count - 1 - at) * sizeof(**list));
	(*list)[at] = text;
	free(last);
}

void rec__add_sysctl(struct rec_exp_node *node, const char *name, const char *value)
{
	set_variable(&node->sysctls, name, value);
}

static void free_list(char **list)
{
	for (char **item = list; item && *item; item++)
		free(*item);
	free(list);
}

void rec__process_done(struct rec_exp_process *process)
{
	free(process->name);
	free(process->path);
	free(process->stdin_path);
	free_list(process->args);
	free_list(process->env);
	*process = (struct rec_exp_process){0};
}

static char **copy_list(char *const *list)
{
	char **copy = NULL;
	size_t count = 0;

	for (; list && *list; list++)
		rec__list_add(&copy, &count, *list);
	return copy;
}

/* ---- a process ---- */

/* A program that lies beside its experiment ("./server") is found there, wherever recording is started.  Nodes have no
 * notion of that directory, so they are told the whole path. */
static char *program_path(const struct rec__load *load, const char *path)
{
	_cleanup_free_ char *dir = NULL;
	char *whole;

	if (*path == '/' || !strchr(path, '/'))
		return rec__copy(path);
	dir = realpath(load->exp->dir, NULL);
	CHECK(asprintf(&whole, "%s/%s", dir ?: load->exp->dir, strncmp(path, "./", 2) == 0 ? path + 2 : path) > 0);
	return whole;
}

int rec__take_path(struct rec__load *load, int value, void *object)
{
	struct rec__process *p = object;
	const char *path = rec__scalar(load, value, "the path of a program");
	size_t count = 0;

	if (!path)
		return -EINVAL;
	if (!*path)
		return rec__fail(load, value, "the path of a program is empty");
	p->process.path = program_path(load, path);
	rec__list_add(&p->process.args, &count, p->process.path);
	return 0;
}

int rec__take_process_name(struct rec__load *load, int value, void *object)
{
	struct rec__process *p = object;
	const char *name = rec__scalar(load, value, "the name of a process");

	if (!name)
		return -EINVAL;
	if (!*name || strchr(name, '/') || *name == '.' || strlen(name) > PROCESS_NAME_SIZE_MAX)
		return rec__fail(load, value, "'%.*s' cannot be a process's name: it is to be usable "
				 "as the name of a file, and has at most %d bytes", PROCESS_NAME_SIZE_MAX, name, PROCESS_NAME_SIZE_MAX);
	p->process.name = rec__copy(name);
	return 0;
}

static int add_arg(struct rec__load *load, int value, void *object)
{
	struct rec__process *p = object;
	const char *arg = rec__scalar(load, value, "an argument");
	size_t count = 0;

	if (!arg)
		return -EINVAL;
	while (p->process.args[count])
		count++;
	rec__list_add(&p->process.args, &count, arg);
	return 0;
}

int rec__take_args(struct rec__load *load, int value, void *object)
{
	struct rec__process *p = object;
	size_t count = 1;

	if (!p->process.path)
		return rec__fail(load, value, "there are arguments but no path of a program");
	if (rec__yaml(load, value)->type != YAML_SCALAR_NODE)
		return rec__each(load, value, "args", add_arg, p);
	const char *text = (const char *)rec__yaml(load, value)->data.scalar.value;

	if (strlen(text) != rec__yaml(load, value)->data.scalar.length)
		return rec__fail(load, value, "the arguments have a zero byte in them");
	if (rec__split_words(text, &p->process.args, &count) < 0)
		return rec__fail(load, value, "a quote is not closed, or a backslash is last; give "
				 "args as a list to be free of quoting");
	return 0;
}

int rec__take_environment(struct rec__load *load, int value, void *object)
{
	struct rec__process *p = object;

	if (rec__check_names(load, value, "environment (a map of names to values)") < 0)
		return -EINVAL;
	const yaml_node_t *map = rec__yaml(load, value);

	for (const yaml_node_pair_t *pair = map->data.mapping.pairs.start;
	     pair < map->data.mapping.pairs.top; pair++) {
		const char *name = rec__scalar(load, pair->key, "a variable's name");
		const char *text = rec__scalar(load, pair->value, "a variable's value");

		if (!name || !text)
			return -EINVAL;
		if (!*name || strchr(name, '='))
			return rec__fail(load, pair->key, "'%s' cannot be a variable's name", name);
		set_variable(&p->process.env, name, text);
	}
	return 0;
}

int rec__take_start_time(struct rec__load *load, int value, void *object)
{
	return rec__take_time(load, value, &((struct rec__process *)object)->process.start_time);
}

int rec__take_shutdown_time(struct rec__load *load, int value, void *object)
{
	struct rec_exp_process *process = &((struct rec__process *)object)->process;
	const int error = rec__take_time(load, value, &process->shutdown_time);

	if (!error && process->shutdown_time <= process->start_time)
		return rec__fail(load, value, "shutdown_time is not after start_time");
	return error;
}

int rec__take_signal(struct rec__load *load, int value, int *ret)
{
	const char *text = rec__scalar(load, value, "a signal");

	if (!text)
		return -EINVAL;
	if (rec__parse_signal(text, ret) < 0)
		return rec__fail(load, value, "'%s' is not a signal; write it as SIGTERM or 15", text);
	return 0;
}

int rec__take_shutdown_signal(struct rec__load *load, int value, void *object)
{
	return rec__take_signal(load, value, &((struct rec__process *)object)->process.shutdown_signal);
}

int rec__take_final_exited(struct rec__load *load, int value, void *object)
{
	struct rec_exp_process *process = object;
	const char *text = rec__scalar(load, value, "an exit code");
	uint64_t code;

	if (!text)
		return -EINVAL;
	if (rec__parse_u64(text, &code) < 0 || code > 255)
		return rec__fail(load, value, "'%s' is not an exit code: 0 to 255", text);
	process->expected = REC_FINAL_EXITED;
	process->expected_code = (int)code;
	return 0;
}

int rec__take_final_signaled(struct rec__load *load, int value, void *object)
{
	struct rec_exp_process *process = object;

	process->expected = REC_FINAL_SIGNALED;
	return rec__take_signal(load, value, &process->expected_code);
}

int rec__take_final_state(struct rec__load *load, int value, void *object)
{
	struct rec_exp_process *process = &((struct rec__process *)object)->process;
	const yaml_node_t *node = rec__yaml(load, value);

	if (node->type == YAML_SCALAR_NODE && !strcmp((char *)node->data.scalar.value, "running")) {
		process->expected = REC_FINAL_RUNNING;
		return 0;
	}
	if (node->type != YAML_MAPPING_NODE ||
	    node->data.mapping.pairs.top - node->data.mapping.pairs.start != 1)
		return rec__fail(load, value, "expected_final_state is to be one of: running, "
				 "{exited: 0}, {signaled: SIGTERM}");
	return rec__take_map(load, value, REC__SCOPE_final, process);
}

/* What is relative starts where the experiment lies. */
int rec__take_stdin(struct rec__load *load, int value, void *object)
{
	struct rec_exp_process *process = &((struct rec__process *)object)->process;
	const char *path = rec__scalar(load, value, "stdin, the path of a file");

	if (!path)
		return -EINVAL;
	if (*path == '/')
		process->stdin_path = rec__copy(path);
	else
		CHECK(asprintf(&process->stdin_path, "%s/%s", load->exp->dir, path) > 0);
	if (access(process->stdin_path, R_OK) < 0)
		return rec__fail(load, value, "stdin: %s: %s", process->stdin_path, strerror(errno));
	return 0;
}

/* What is relative starts where the experiment lies. */
int rec__take_directory(struct rec__load *load, int value, void *object)
{
	const char *path = rec__scalar(load, value, "root, the path of a directory");
	char **ret = object;
	struct stat st;

	if (!path)
		return -EINVAL;
	free(*ret);
	*ret = NULL;
	if (*path == '/')
		*ret = rec__copy(path);
	else
		CHECK(asprintf(ret, "%s/%s", load->exp->dir, path) > 0);
	if (stat(*ret, &st) < 0)
		return rec__fail(load, value, "root: %s: %s", *ret, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return rec__fail(load, value, "root: %s: it is to be a directory, whose bin, etc, usr... the nodes see",
				 *ret);
	return 0;
}

int rec__take_after_restart(struct rec__load *load, int value, void *object)
{
	static const char *const words[] = {"running", "always", "never"};
	const char *text = rec__scalar(load, value, "after_restart");

	for (size_t i = 0; text && i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(text, words[i])) {
			((struct rec__process *)object)->process.after_restart = (enum rec_after_restart)i;
			return 0;
		}
	return text ? rec__fail(load, value, "'%s': after its host's restart a process starts again when it was 'running', "
				"'always' or 'never'", text) : -EINVAL;
}

int rec__take_quantity(struct rec__load *load, int value, void *object)
{
	struct rec__process *p = object;
	const int error = rec__take_u64(load, value, &p->quantity);

	if (!error && (p->quantity < 1 || p->quantity > PROCESSES_MAX))
		return rec__fail(load, value, "quantity is to be 1 to %d", PROCESSES_MAX);
	return error;
}

/* ---- the processes of a host ---- */

static bool has_process(const struct rec_exp_node *node, const char *name)
{
	for (size_t i = 0; i < node->process_count; i++)
		if (!strcmp(node->processes[i].name, name))
			return true;
	return false;
}

/* name, or name.2, name.3 ...; that of a program may be too long. */
static char *unique_name(const struct rec_exp_node *node, const char *name)
{
	char *unique = strndup(name, PROCESS_NAME_SIZE_MAX);

	CHECK(unique);
	for (unsigned int i = 2; has_process(node, unique); i++) {
		free(unique);
		CHECK(asprintf(&unique, "%.*s.%u", PROCESS_NAME_SIZE_MAX, name, i) > 0);
	}
	return unique;
}

static int add_process(struct rec__load *load, int value, struct rec_exp_node *node,
		       const struct rec_exp_process *process)
{
	const char *slash = strrchr(process->path, '/');

	if (node->process_count == PROCESSES_MAX)
		return rec__fail(load, value, "a host can have %d processes", PROCESSES_MAX);
	node->processes = rec__grow(node->processes, node->process_count, sizeof(*process));
	struct rec_exp_process *added = &node->processes[node->process_count];

	*added = *process;
	added->name = unique_name(node, process->name ?: slash ? slash + 1 : process->path);
	added->path = rec__copy(process->path);
	added->args = copy_list(process->args);
	added->env = copy_list(process->env);
	added->stdin_path = process->stdin_path ? rec__copy(process->stdin_path) : NULL;
	node->process_count++;
	return 0;
}

static int take_process(struct rec__load *load, int value, void *object)
{
	struct rec_exp_node *node = object;
	struct rec__process p = {
		.process = {.shutdown_time = UINT64_MAX, .shutdown_signal = SIGTERM},
		.quantity = 1,
	};
	size_t count = 0;

	for (size_t i = 0; i < sizeof(environment_default) / sizeof(*environment_default); i++)
		rec__list_add(&p.process.env, &count, environment_default[i]);
	int error = rec__take_map(load, value, REC__SCOPE_process, &p);

	if (!error && !p.process.path)
		error = rec__fail(load, value, "a process needs the path of its program; for "
				  "example: path: /bin/true");
	if (!error && p.process.name && has_process(node, p.process.name))
		error = rec__fail(load, value, "'%s' has a process '%s' already", node->name,
				  p.process.name);
	for (uint64_t i = 0; i < p.quantity && !error; i++)
		error = add_process(load, value, node, &p.process);
	rec__process_done(&p.process);
	return error;
}

int rec__take_processes(struct rec__load *load, int value, void *object)
{
	return rec__each(load, value, "processes", take_process, object);
}

/* ---- a host ---- */

int rec__take_ip_addr(struct rec__load *load, int value, void *object)
{
	const char *text = rec__scalar(load, value, "an address");

	if (!text)
		return -EINVAL;
	if (rec__parse_address(text, AF_INET, 32, load->host->ip_addr,
			       sizeof(load->host->ip_addr)) < 0)
		return rec__fail(load, value, "'%s' is not an IPv4 address", text);
	return 0;
}

int rec__take_place(struct rec__load *load, int value, void *object)
{
	load->host->place_value = value;
	return rec__take_u64(load, value, &load->host->place);
}

int rec__take_bandwidth_up(struct rec__load *load, int value, void *object)
{
	return rec__take_rate(load, value, &load->host->up_bps);
}

int rec__take_bandwidth_down(struct rec__load *load, int value, void *object)
{
	return rec__take_rate(load, value, &load->host->down_bps);
}

int rec__take_isolated(struct rec__load *load, int value, void *object)
{
	return rec__take_bool(load, value, &load->host->isolated);
}

int rec__take_memory(struct rec__load *load, int value, void *object)
{
	const char *text = rec__scalar(load, value, "memory");
	uint64_t *size = object;

	if (!text)
		return -EINVAL;
	if (rec__parse_size(text, size) < 0)
		return rec__fail(load, value, "'%s' is not a size; write it as 64 MiB", text);
	if (*size < MEMORY_MIN || *size > MEMORY_MAX || *size % 4096)
		return rec__fail(load, value, "memory is that of the node's kernel (programs have "
				 "their own): 16 MiB to 4 GiB, in whole pages of 4 KiB");
	return 0;
}

/* "net.ipv4.tcp_rmem: 4096 131072 6291456"; the name may be written with slashes. */
int rec__take_sysctls(struct rec__load *load, int value, void *object)
{
	if (rec__check_names(load, value, "sysctls (a map of names to values)") < 0)
		return -EINVAL;
	const yaml_node_t *map = rec__yaml(load, value);

	for (const yaml_node_pair_t *pair = map->data.mapping.pairs.start;
	     pair < map->data.mapping.pairs.top; pair++) {
		const char *given = rec__scalar(load, pair->key, "a sysctl's name");
		const char *text = rec__scalar(load, pair->value, "a sysctl's value");

		if (!given || !text)
			return -EINVAL;
		_cleanup_free_ char *name = rec__copy(given);

		for (char *c = name; strchr(given, '/') && *c; c++)
			*c = *c == '/' ? '.' : *c == '.' ? '/' : *c;
		if (!*name || strchr(name, '=') || strstr(name, "..") || *name == '.')
			return rec__fail(load, pair->key, "'%s' is not a sysctl's name; write it as "
					 "net.ipv4.tcp_sack", given);
		rec__add_sysctl(object, name, text);
	}
	return 0;
}

int rec__take_later_routes(struct rec__load *load, int value, void *object)
{
	load->host->routes = value;
	return 0;
}

static bool is_host_name(const char *name)
{
	if (!isalnum((unsigned char)*name) || strlen(name) > HOST_NAME_MAX_SIZE)
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("-_.", *name))
			return false;
	return true;
}

int rec__add_named_node(struct rec__load *load, int key, const char *name)
{
	struct rec_experiment *exp = load->exp;
	const size_t index = exp->node_count;

	if (index == REC_NODES_MAX)
		return rec__fail(load, key, "an experiment can have %u hosts and media", REC_NODES_MAX);
	for (size_t i = 0; i < index; i++)
		if (!strcmp(exp->nodes[i].name, name))
			return rec__fail(load, key, "there is a host '%s' already", name);
	exp->nodes = rec__grow(exp->nodes, index, sizeof(*exp->nodes));
	load->hosts = rec__grow(load->hosts, index, sizeof(*load->hosts));
	exp->nodes[index] = (struct rec_exp_node){.id = (node_id)index + 1, .name = rec__copy(name)};
	exp->node_count++;
	load->host = &load->hosts[index];
	*load->host = (struct rec__host){.name = key, .place = UINT64_MAX};
	return 0;
}

int rec__add_node(struct rec__load *load, int key, const char *what)
{
	const char *name = rec__scalar(load, key, what);

	if (!name)
		return -EINVAL;
	if (!is_host_name(name) || !strcmp(name, "localhost"))
		return rec__fail(load, key, "'%s' cannot be %s: letters, digits, "
				 "'-', '_' and '.', at most %d", name, what, HOST_NAME_MAX_SIZE);
	return rec__add_named_node(load, key, name);
}

static int take_host(struct rec__load *load, const yaml_node_pair_t *pair)
{
	struct rec_experiment *exp = load->exp;

	if (rec__add_node(load, pair->key, "a host's name") < 0)
		return -EINVAL;
	struct rec_exp_node *node = &exp->nodes[exp->node_count - 1];

	node->memory_size = 64ull << 20;
	return rec__take_map(load, pair->value, REC__SCOPE_host, node);
}

int rec__take_hosts(struct rec__load *load, int value, void *object)
{
	if (rec__check_names(load, value, "hosts (a map of names to hosts)") < 0)
		return -EINVAL;
	const yaml_node_t *map = rec__yaml(load, value);

	for (const yaml_node_pair_t *pair = map->data.mapping.pairs.start;
	     pair < map->data.mapping.pairs.top; pair++) {
		const int error = take_host(load, pair);

		if (error < 0)
			return error;
	}
	return 0;
}

int rec__find_host_named(struct rec__load *load, int value, const char *name, size_t size, node_id *ret)
{
	const struct rec_experiment *exp = load->exp;
	_cleanup_free_ const char **names = calloc(exp->node_count + 1, sizeof(*names));
	_cleanup_free_ char *word = strndup(name, size);

	CHECK(names && word);
	for (size_t i = 0; i < exp->node_count; i++) {
		names[i] = exp->nodes[i].name;
		if (!strcmp(names[i], word)) {
			*ret = exp->nodes[i].id;
			return 0;
		}
	}
	const char *nearest = rec__nearest(word, names, exp->node_count);

	if (nearest)
		return rec__fail(load, value, "there is no host '%s'; did you mean '%s'?", word, nearest);
	return rec__fail(load, value, "there is no host '%s' under hosts", word);
}

int rec__find_host(struct rec__load *load, int value, node_id *ret)
{
	const char *name = rec__scalar(load, value, "the name of a host");

	return name ? rec__find_host_named(load, value, name, strlen(name), ret) : -EINVAL;
}
