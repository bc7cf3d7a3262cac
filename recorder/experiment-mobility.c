/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * experiment-mobility.c - models of movement: those that come with hindcast, and plug-ins (hindcast-mobility.h).
 *
 * All that they say becomes part of the experiment before the run begins: positions and connections at 0, step, 2 step ... until
 * stop_time.  So a run needs no plug-in any more, and every worker knows the same.
 */
#include "experiment-int.h"

#include <dlfcn.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "mobility-int.h"
#include "stream.h"

#define STEP_DEFAULT 1000000000ull
#define METRES_MAX 1e12			/* millimetres then fit into 64 bits with room to square differences */

enum openness { SHUT, OPENING, OPEN };

struct rec__movement {
	struct rec__load *load;
	const char *name;		/* borrowed from the tree */
	int value;			/* YAML nodes, 0: none */
	int model_value, plugin, hosts_value, on, options;
	const struct hindcast_mobility *model;
	void *library;			/* dlopen()'s, NULL: the model comes with hindcast */
	void *state;
	enum openness openness;
	vtime_ns step;
	node_id *hosts;
	size_t host_count;
	const char **host_names;
	struct rec_stream *streams;	/* [host] */
	struct rec__movement *base;	/* that it builds on, NULL */
	struct hindcast_mobility_env env;
	char **files;			/* texts that the model has read */
	size_t file_count;
	/* what the model has said last */
	vtime_ns time;
	bool said;
	struct hindcast_position *positions;
	uint8_t *matrix;
};

static const struct {
	const char *name;
	const struct hindcast_mobility *model;
} models[] = {
#define MODEL(symbol, name) {name, &rec__mobility_##symbol},
#include "mobility.def"
#undef MODEL
};

#define MODEL_COUNT (sizeof(models) / sizeof(*models))

/* ---- the file ---- */

int rec__take_movement_model(struct rec__load *load, int value, void *object)
{
	struct rec__movement *m = object;
	const char *names[MODEL_COUNT];

	for (size_t i = 0; i < MODEL_COUNT; i++)
		names[i] = models[i].name;
	const int model = rec__take_word(load, value, "the model of a movement", names, MODEL_COUNT);

	if (model < 0)
		return model;
	m->model_value = value;
	m->model = models[model].model;
	return 0;
}

int rec__take_movement_plugin(struct rec__load *load, int value, void *object)
{
	((struct rec__movement *)object)->plugin = value;
	return 0;
}

int rec__take_movement_hosts(struct rec__load *load, int value, void *object)
{
	((struct rec__movement *)object)->hosts_value = value;
	return 0;
}

int rec__take_movement_on(struct rec__load *load, int value, void *object)
{
	((struct rec__movement *)object)->on = value;
	return 0;
}

int rec__take_movement_options(struct rec__load *load, int value, void *object)
{
	((struct rec__movement *)object)->options = value;
	return rec__check_names(load, value, "options (a map of names to values)");
}

static int load_plugin(struct rec__movement *m)
{
	struct rec__load *load = m->load;
	const char *path = rec__scalar(load, m->plugin, "the path of a plug-in");

	if (!path)
		return -EINVAL;
	_cleanup_free_ char *whole = rec__file_path(load, path);

	m->library = dlopen(whole, RTLD_NOW | RTLD_LOCAL);
	if (!m->library)
		return rec__fail(load, m->plugin, "the plug-in cannot be loaded: %s", dlerror());
	m->model = dlsym(m->library, "hindcast_mobility");
	if (!m->model)
		return rec__fail(load, m->plugin, "%s: this is no mobility plug-in: it has no symbol hindcast_mobility", whole);
	if (m->model->abi != HINDCAST_MOBILITY_ABI)
		return rec__fail(load, m->plugin, "%s: it was built for version %u of the interface, and this is %u; build it "
				 "again with this hindcast-mobility.h", whole, m->model->abi, HINDCAST_MOBILITY_ABI);
	if (rec__note_input(load, m->plugin, path) < 0)
		return -EINVAL;
	if (!m->model->open || !m->model->close || (!m->model->positions && !m->model->matrix))
		return rec__fail(load, m->plugin, "%s: a plug-in has open, close, and positions or matrix", whole);
	return 0;
}

static int take_host(struct rec__load *load, int value, void *object)
{
	struct rec__movement *m = object;
	node_id id;

	if (rec__find_host(load, value, &id) < 0)
		return -EINVAL;
	if (load->exp->nodes[id - 1].medium)
		return rec__fail(load, value, "'%s' is a medium, and does not move", load->exp->nodes[id - 1].name);
	for (size_t i = 0; i < m->host_count; i++)
		if (m->hosts[i] == id)
			return rec__fail(load, value, "'%s' is here twice", load->exp->nodes[id - 1].name);
	m->hosts = rec__grow(m->hosts, m->host_count, sizeof(*m->hosts));
	m->hosts[m->host_count++] = id;
	return 0;
}

static int take_movement(struct rec__load *load, const yaml_node_pair_t *pair)
{
	const char *name = rec__scalar(load, pair->key, "a movement's name");

	if (!name)
		return -EINVAL;
	load->movements = rec__grow(load->movements, load->movement_count, sizeof(*load->movements));
	struct rec__movement *m = &load->movements[load->movement_count++];

	*m = (struct rec__movement){.load = load, .name = name, .value = pair->value, .step = STEP_DEFAULT};
	if (rec__take_map(load, pair->value, REC__SCOPE_movement, m) < 0)
		return -EINVAL;
	if (!m->model_value == !m->plugin)
		return rec__fail(load, pair->value, "a movement has either a model or a plugin");
	if (!m->hosts_value && !m->on)
		return rec__fail(load, pair->value, "a movement needs to know who moves: hosts: [a, b]");
	if (!m->step)
		return rec__fail(load, pair->value, "a step of 0 would never come to an end");
	return 0;
}

int rec__take_movement_step(struct rec__load *load, int value, void *object)
{
	return rec__take_time(load, value, &((struct rec__movement *)object)->step);
}

int rec__take_mobility(struct rec__load *load, int value, void *object)
{
	int error = rec__check_names(load, value, "mobility (a map of names to movements)");
	const yaml_node_t *map = rec__yaml(load, value);

	for (const yaml_node_pair_t *pair = error ? NULL : map->data.mapping.pairs.start;
	     !error && pair < map->data.mapping.pairs.top; pair++)
		error = take_movement(load, pair);
	return error;
}

struct rec__movement *rec__find_movement(struct rec__load *load, int value)
{
	const char *name = rec__scalar(load, value, "a movement's name");

	if (!name)
		return NULL;
	_cleanup_free_ const char **names = calloc(load->movement_count + 1, sizeof(*names));

	CHECK(names);
	for (size_t i = 0; i < load->movement_count; i++) {
		names[i] = load->movements[i].name;
		if (!strcmp(names[i], name))
			return &load->movements[i];
	}
	const char *nearest = rec__nearest(name, names, load->movement_count);

	rec__fail(load, value, "there is no movement '%s'%s%s%s", name, nearest ? "; did you mean '" : " under network.mobility",
		  nearest ?: "", nearest ? "'?" : "");
	return NULL;
}

/* ---- what models call ---- */

static const char *env_option(void *ctx, const char *name)
{
	const struct rec__movement *m = ctx;
	const int value = m->options ? rec__yaml_find(m->load, m->options, name) : 0;
	const yaml_node_t *node = value ? rec__yaml(m->load, value) : NULL;

	return node && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

/* Where an option stands, or else the movement. */
static int option_place(const struct rec__movement *m, const char *name)
{
	const int value = m->options ? rec__yaml_find(m->load, m->options, name) : 0;

	return value ?: m->value;
}

static int env_number(void *ctx, const char *name, double *ret)
{
	const struct rec__movement *m = ctx;
	const char *text = env_option(ctx, name);
	char *end;

	if (!text)
		return 0;
	const double number = strtod(text, &end);

	if (end == text || *end || !isfinite(number)) {
		rec__fail(m->load, option_place(m, name), "'%s' is not a number; %s has no unit: metres, seconds, metres a second",
			  text, name);
		return -1;
	}
	*ret = number;
	return 0;
}

static const char *env_file(void *ctx, const char *name)
{
	struct rec__movement *m = ctx;
	const char *path = env_option(ctx, name);
	char *text = path ? rec__file_text(m->load, option_place(m, name), path) : NULL;

	if (!text)
		return NULL;
	m->files = rec__grow(m->files, m->file_count, sizeof(*m->files));
	m->files[m->file_count++] = text;
	return text;
}

static double env_random(void *ctx, uint32_t stream)
{
	struct rec__movement *m = ctx;

	CHECK(stream < m->host_count);
	return (double)(rec_stream_u64(&m->streams[stream]) >> 11) * 0x1p-53;
}

static void env_complain(void *ctx, const char *text)
{
	const struct rec__movement *m = ctx;

	rec__fail(m->load, m->value, "movement '%s': %s", m->name, text);
}

/* Asks a model, unless it has just been asked for the same time. */
static int ask(struct rec__movement *m, vtime_ns time)
{
	const size_t count = m->host_count;
	char why[200];

	if (m->said && m->time == time)
		return 0;
	snprintf(why, sizeof(why), "the model does not say what is at %llu ns", (unsigned long long)time);
	m->load->error->text[0] = 0;
	if ((m->model->positions && m->model->positions(m->state, time, m->positions)) ||
	    (m->model->matrix && m->model->matrix(m->state, time, m->matrix))) {
		if (!m->load->error->text[0])
			env_complain(m, why);
		return -1;
	}
	for (size_t i = 0; i < count && m->model->positions; i++) {
		const struct hindcast_position *at = &m->positions[i];

		if (!(fabs(at->x) < METRES_MAX && fabs(at->y) < METRES_MAX && fabs(at->z) < METRES_MAX)) {
			env_complain(m, "a position is no number, or farther away than the sun");
			return -1;
		}
	}
	m->time = time;
	m->said = true;
	return 0;
}

static int complain_of_base(void *ctx, const char *lacks)
{
	const struct rec__movement *m = ctx;
	char text[100];

	snprintf(text, sizeof(text), "the movement that it builds on has no %s", lacks);
	env_complain(ctx, m->base ? text : "it builds on no other movement; say on: NAME");
	return -1;
}

static int env_base_positions(void *ctx, uint64_t time, struct hindcast_position *ret)
{
	struct rec__movement *base = ((struct rec__movement *)ctx)->base;

	if (!base || !base->model->positions)
		return complain_of_base(ctx, "positions");
	if (ask(base, time))
		return -1;
	memcpy(ret, base->positions, base->host_count * sizeof(*ret));
	return 0;
}

static int env_base_matrix(void *ctx, uint64_t time, uint8_t *ret)
{
	struct rec__movement *base = ((struct rec__movement *)ctx)->base;

	if (!base || !base->model->matrix)
		return complain_of_base(ctx, "matrix");
	if (ask(base, time))
		return -1;
	memcpy(ret, base->matrix, base->host_count * base->host_count);
	return 0;
}

/* ---- opening ---- */

static void find_hosts_of_base(struct rec__movement *m)
{
	for (size_t i = 0; i < m->base->host_count; i++) {
		m->hosts = rec__grow(m->hosts, m->host_count, sizeof(*m->hosts));
		m->hosts[m->host_count++] = m->base->hosts[i];
	}
}

static void streams_init(struct rec__movement *m, uint64_t seed)
{
	char stream[200];

	for (size_t i = 0; i < m->host_count; i++) {
		snprintf(stream, sizeof(stream), "movement %.100s %u", m->name, m->hosts[i]);
		rec_stream_init(&m->streams[i], seed, stream);
	}
}

static void prepare(struct rec__movement *m)
{
	const struct rec_experiment *exp = m->load->exp;

	m->host_names = calloc(m->host_count + 1, sizeof(*m->host_names));
	m->streams = calloc(m->host_count + 1, sizeof(*m->streams));
	m->positions = calloc(m->host_count + 1, sizeof(*m->positions));
	m->matrix = calloc(m->host_count * m->host_count + 1, 1);
	CHECK(m->host_names && m->streams && m->positions && m->matrix);
	for (size_t i = 0; i < m->host_count; i++)
		m->host_names[i] = exp->nodes[m->hosts[i] - 1].name;
	streams_init(m, exp->seed);
	m->env = (struct hindcast_mobility_env){
		.abi = HINDCAST_MOBILITY_ABI, .host_count = (uint32_t)m->host_count, .host_names = m->host_names,
		.end_ns = exp->stop_time, .realtime_ns = exp->realtime_ns,
		.base_count = m->base ? (uint32_t)m->base->host_count : 0, .ctx = m,
		.option = env_option, .number = env_number, .file = env_file, .random = env_random,
		.base_positions = env_base_positions, .base_matrix = env_base_matrix, .complain = env_complain,
		.sine = rec__sine, .cosine = rec__cosine, .logarithm = rec__logarithm,
	};
}

/* What it builds on comes first. */
static int open_movement(struct rec__movement *m)
{
	struct rec__load *load = m->load;

	if (m->openness == OPEN)
		return 0;
	if (m->openness == OPENING)
		return rec__fail(load, m->on, "the movement '%s' builds on itself, by way of others", m->name);
	m->openness = OPENING;
	if (m->on) {
		m->base = rec__find_movement(load, m->on);
		if (!m->base || open_movement(m->base) < 0)
			return -EINVAL;
	}
	int error = m->plugin ? load_plugin(m) : 0;

	if (!error && m->hosts_value)
		error = rec__each(load, m->hosts_value, "hosts (a list of those that move)", take_host, m);
	else if (!error)
		find_hosts_of_base(m);
	if (error)
		return error;
	if (!m->host_count)
		return rec__fail(load, m->value, "nobody moves in '%s'", m->name);
	prepare(m);
	load->error->text[0] = 0;
	if (m->model->open(&m->env, &m->state)) {
		if (!load->error->text[0])
			env_complain(m, "the model cannot be opened, and does not say why");
		return -EINVAL;
	}
	m->openness = OPEN;
	return 0;
}

/* ---- steps ---- */

bool rec__movement_has_matrix(const struct rec__movement *m)
{
	return m->model->matrix;
}

int rec__movement_connects(const struct rec__movement *m, node_id from, node_id to)
{
	size_t a = SIZE_MAX, b = SIZE_MAX;

	for (size_t i = 0; i < m->host_count; i++) {
		a = m->hosts[i] == from ? i : a;
		b = m->hosts[i] == to ? i : b;
	}
	return a == SIZE_MAX || b == SIZE_MAX ? -1 : m->matrix[a * m->host_count + b] != 0;
}

static int carry_out_step(struct rec__load *load, const struct rec__moment *moment)
{
	struct rec__movement *m = moment->arg;

	if (ask(m, moment->at))
		return -EINVAL;
	for (size_t i = 0; i < m->host_count && m->model->positions; i++) {
		const struct hindcast_position *at = &m->positions[i];

		rec__set_place(load, moment->at, m->hosts[i], (int64_t[3]){llround(at->x * 1000), llround(at->y * 1000),
									     llround(at->z * 1000)});
	}
	rec__update_radios(load, moment->at);
	return 0;
}

static int add_steps(struct rec__movement *m)
{
	const vtime_ns stop = m->load->exp->stop_time;
	int error = 0;

	if (stop == UINT64_MAX)
		return rec__fail(m->load, m->value, "a movement goes on until general.stop_time, which is not given");
	for (vtime_ns at = 0; at < stop && !error; at += m->step)
		error = rec__add_moment(m->load, (struct rec__moment){
			.at = at, .value = m->value, .first = true, .carry_out = carry_out_step, .arg = m});
	return error;
}

int rec__open_movements(struct rec__load *load)
{
	int error = 0;

	for (size_t i = 0; i < load->movement_count && !error; i++)
		error = open_movement(&load->movements[i]);
	return error;
}

int rec__begin_movements(struct rec__load *load)
{
	int error = 0;

	for (size_t i = 0; i < load->movement_count && !error; i++)
		error = add_steps(&load->movements[i]);
	return error;
}

void rec__reseed_movements(struct rec__load *load, uint64_t seed)
{
	for (size_t i = 0; i < load->movement_count; i++)
		streams_init(&load->movements[i], seed);
}

void rec__movements_free(struct rec__load *load)
{
	for (size_t i = 0; i < load->movement_count; i++) {
		struct rec__movement *m = &load->movements[i];

		if (m->state)
			m->model->close(m->state);
		for (size_t k = 0; k < m->file_count; k++)
			free(m->files[k]);
		free(m->files);
		free(m->hosts);
		free(m->host_names);
		free(m->streams);
		free(m->positions);
		free(m->matrix);
		if (m->library)
			dlclose(m->library);
	}
	free(load->movements);
}
