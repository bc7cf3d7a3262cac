/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * experiment-radio.c - who hears whom on a radio channel: by distance, and by the matrix of a model of movement.
 *
 * Whenever places change, every pair of hosts on a channel is looked at anew, and what has become different takes effect at
 * that moment.  All of it is integers: places are whole millimetres, and distances are compared squared.
 */
#include "experiment-int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "square-root.h"

#define LIGHT_MM_PER_S 299792458000ull
#define RATES_MAX 1000u

/* ---- the file ---- */

struct rec__radio *rec__add_radio(struct rec__load *load, node_id node, int value)
{
	load->radios = rec__grow(load->radios, load->radio_count, sizeof(*load->radios));
	struct rec__radio *radio = &load->radios[load->radio_count++];

	*radio = (struct rec__radio){.node = node, .value = value};
	return radio;
}

int rec__take_length(struct rec__load *load, int value, void *object)
{
	const char *text = rec__scalar(load, value, "a distance");

	if (!text)
		return -EINVAL;
	if (rec__parse_length(text, object) < 0 || !*(uint64_t *)object)
		return rec__fail(load, value, "'%s' is not a distance; write it as 100 m or 2 km", text);
	return 0;
}

static int cmp_rates(const void *a, const void *b)
{
	const struct rec__rate *x = a, *y = b;

	return x->mm < y->mm ? -1 : x->mm > y->mm;
}

/* {50 m: 54 Mbit/s, 100 m: 6 Mbit/s}: the rate up to a distance. */
int rec__take_radio_rates(struct rec__load *load, int value, void *object)
{
	struct rec__radio *radio = object;

	if (rec__check_names(load, value, "rates (a map from distances to rates)") < 0)
		return -EINVAL;
	const yaml_node_t *map = rec__yaml(load, value);
	const size_t count = (size_t)(map->data.mapping.pairs.top - map->data.mapping.pairs.start);

	if (!count || count > RATES_MAX)
		return rec__fail(load, value, "there are to be 1 to %u rates", RATES_MAX);
	radio->rates = rec__keep(load, count * sizeof(*radio->rates));
	for (size_t i = 0; i < count; i++) {
		const yaml_node_pair_t *pair = &rec__yaml(load, value)->data.mapping.pairs.start[i];

		if (rec__take_length(load, pair->key, &radio->rates[i].mm) < 0 ||
		    rec__take_rate(load, pair->value, &radio->rates[i].bps) < 0)
			return -EINVAL;
	}
	qsort(radio->rates, count, sizeof(*radio->rates), cmp_rates);
	radio->rate_count = count;
	return 0;
}

int rec__take_radio_movement(struct rec__load *load, int value, void *object)
{
	((struct rec__radio *)object)->movement = value;
	return 0;
}

struct coordinates {
	int64_t mm[3];
	size_t count;
};

static int take_coordinate(struct rec__load *load, int value, void *object)
{
	struct coordinates *place = object;
	const char *text = rec__scalar(load, value, "a coordinate");
	uint64_t mm;

	if (!text)
		return -EINVAL;
	if (place->count == 3)
		return rec__fail(load, value, "a place has three coordinates at most");
	if (rec__parse_length(text + (*text == '-'), &mm) < 0 || mm > 1000000000000000)
		return rec__fail(load, value, "'%s' is not a coordinate in metres; write it as 12.5, -3 or 2 km", text);
	place->mm[place->count++] = *text == '-' ? -(int64_t)mm : (int64_t)mm;
	return 0;
}

int rec__take_coordinates(struct rec__load *load, int value, int64_t ret[3])
{
	struct coordinates place = {0};
	const int error = rec__each(load, value, "a place (a list of x, y and perhaps z)", take_coordinate, &place);

	if (!error && place.count < 2)
		return rec__fail(load, value, "a place has x and y: [100, 50]");
	memcpy(ret, place.mm, sizeof(place.mm));
	return error;
}

int rec__take_position(struct rec__load *load, int value, void *object)
{
	const struct rec_exp_node *node = object;
	int64_t mm[3];

	if (rec__take_coordinates(load, value, mm) < 0)
		return -EINVAL;
	/* Hosts are still being read: the list grows. */
	load->host->position_value = value;
	memcpy(load->host->position, mm, sizeof(mm));
	CHECK(node->id == load->exp->node_count);
	return 0;
}

/* ---- places ---- */

void rec__set_place(struct rec__load *load, vtime_ns at, node_id node, const int64_t mm[3])
{
	struct rec_experiment *exp = load->exp;
	struct rec__place *place = &load->places[node - 1];

	if (place->known && !memcmp(place->mm, mm, sizeof(place->mm)))
		return;
	place->known = true;
	memcpy(place->mm, mm, sizeof(place->mm));
	exp->moves = rec__grow(exp->moves, exp->move_count, sizeof(*exp->moves));
	exp->moves[exp->move_count] = (struct rec_exp_move){.at = at, .node = node};
	memcpy(exp->moves[exp->move_count++].mm, mm, sizeof(place->mm));
}

static unsigned __int128 distance_squared(const struct rec__place *a, const struct rec__place *b)
{
	unsigned __int128 sum = 0;

	for (unsigned int i = 0; i < 3; i++) {
		const __int128 d = (__int128)a->mm[i] - b->mm[i];

		sum += (unsigned __int128)(d * d);
	}
	return sum;
}

/* ---- who hears whom ---- */

static bool is_within(unsigned __int128 squared, uint64_t mm)
{
	return squared <= (unsigned __int128)mm * mm;
}

/* What is between two hosts at this distance: closed, rate and delay of the channel. */
static void by_distance(const struct rec__radio *radio, unsigned __int128 squared, struct rec_exp_channel *channel)
{
	size_t i = 0;

	if (radio->range_mm && !is_within(squared, radio->range_mm))
		channel->closed = true;
	while (i < radio->rate_count && !is_within(squared, radio->rates[i].mm))
		i++;
	if (radio->rate_count && i == radio->rate_count)
		channel->closed = true;
	else if (radio->rate_count)
		channel->rate_bps = radio->rates[i].bps;
	if (radio->propagation)
		channel->delay_ns = (vtime_ns)((unsigned __int128)rec_square_root(squared) * 1000000000 / LIGHT_MM_PER_S);
}

static bool goes_by_distance(const struct rec__radio *radio)
{
	return radio->range_mm || radio->rate_count || radio->propagation;
}

static void update_way(struct rec__load *load, const struct rec__radio *radio, vtime_ns at, node_id from, node_id to)
{
	const struct rec__place *a = &load->places[from - 1], *b = &load->places[to - 1];
	const int connected = radio->model && rec__movement_has_matrix(radio->model) ?
			      rec__movement_connects(radio->model, from, to) : -1;

	/* At the beginning, the places come one after the other; in the end all are known. */
	if (goes_by_distance(radio) && (!a->known || !b->known))
		return;
	const struct rec_exp_link *known = rec__pair_if_known(load, from, to);
	const unsigned int side = from > to;
	struct rec_exp_channel now = known ? *rec_channel_at(&known->end[side], at) : rec__pair_channel(), was = now;

	now.closed = connected == 0;
	if (goes_by_distance(radio))
		by_distance(radio, distance_squared(a, b), &now);
	/* Where there is no pair, nobody hears anybody. */
	if (known ? !memcmp(&now, &was, sizeof(now)) || (now.closed && was.closed) : now.closed)
		return;
	struct rec_exp_link *pair = rec__pair(load, from, to);

	CHECK(pair);
	if (!known)
		pair->end[0].out.closed = pair->end[1].out.closed = true;
	*rec__from_time(&pair->end[side], at) = now;
}

static void update_radio(struct rec__load *load, const struct rec__radio *radio, vtime_ns at)
{
	const struct rec_experiment *exp = load->exp;
	_cleanup_free_ node_id *hosts = calloc(exp->link_count + 1, sizeof(*hosts));
	size_t count = 0;

	CHECK(hosts);
	for (size_t i = 0; i < exp->link_count; i++)
		if (exp->links[i].end[1].node == radio->node)
			hosts[count++] = exp->links[i].end[0].node;
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < count; k++)
			if (hosts[i] != hosts[k])
				update_way(load, radio, at, hosts[i], hosts[k]);
}

void rec__update_radios(struct rec__load *load, vtime_ns at)
{
	for (size_t i = 0; i < load->radio_count; i++)
		if (load->radios[i].model || goes_by_distance(&load->radios[i]))
			update_radio(load, &load->radios[i], at);
}

/* ---- the timeline ---- */

int rec__take_move_hosts(struct rec__load *load, int value, void *object)
{
	((struct rec__move *)object)->hosts = value;
	return 0;
}

int rec__take_move_to(struct rec__load *load, int value, void *object)
{
	((struct rec__move *)object)->to = value;
	return 0;
}

int rec__read_move(struct rec__load *load, int value, struct rec__move *ret)
{
	const int error = rec__take_map(load, value, REC__SCOPE_move, ret);

	if (!error && (!ret->hosts || !ret->to))
		return rec__fail(load, value, "a move needs 'hosts' and 'to': {hosts: [a], to: [100, 50]}");
	return error;
}

struct arrival {
	const struct rec__moment *moment;
	int64_t mm[3];
};

/* At once, or one of the steps that are left. */
static int move_host(struct rec__load *load, int value, void *object)
{
	const struct arrival *arrival = object;
	const struct rec__moment *moment = arrival->moment;
	const int64_t left = moment->step ? moment->step_count - moment->step + 1 : 1;
	int64_t mm[3];
	node_id id;

	if (rec__find_host(load, value, &id) < 0)
		return -EINVAL;
	const struct rec__place *place = &load->places[id - 1];

	if (moment->step && !place->known)
		return rec__fail(load, value, "'%s' has no place from which it could move", load->exp->nodes[id - 1].name);
	for (unsigned int i = 0; i < 3; i++)
		mm[i] = left == 1 ? arrival->mm[i] : place->mm[i] + (arrival->mm[i] - place->mm[i]) / left;
	rec__set_place(load, moment->at, id, mm);
	return 0;
}

int rec__take_moment_move(struct rec__load *load, int value, void *object)
{
	struct arrival arrival = {.moment = object};
	struct rec__move move = {0};
	int error = rec__read_move(load, value, &move);

	/* One that takes its time has not changed anything at its beginning. */
	if (error || (move.over && !arrival.moment->step))
		return error;
	error = rec__take_coordinates(load, move.to, arrival.mm);
	if (!error && rec__yaml(load, move.hosts)->type == YAML_SCALAR_NODE)
		error = move_host(load, move.hosts, &arrival);
	else if (!error)
		error = rec__each(load, move.hosts, "hosts", move_host, &arrival);
	if (!error)
		rec__update_radios(load, arrival.moment->at);
	return error;
}

/* ---- beginning and end ---- */

static int carry_out_beginning(struct rec__load *load, const struct rec__moment *moment)
{
	for (size_t i = 0; i < load->exp->node_count; i++)
		if (load->hosts[i].position_value)
			rec__set_place(load, 0, (node_id)i + 1, load->hosts[i].position);
	rec__update_radios(load, 0);
	return 0;
}

int rec__begin_radio(struct rec__load *load)
{
	load->places = calloc(load->exp->node_count, sizeof(*load->places));
	CHECK(load->places);
	for (size_t i = 0; i < load->radio_count; i++) {
		struct rec__radio *radio = &load->radios[i];

		if (!radio->movement)
			continue;
		radio->model = rec__find_movement(load, radio->movement);
		if (!radio->model)
			return -EINVAL;
		if (!rec__movement_has_matrix(radio->model) && !goes_by_distance(radio))
			return rec__fail(load, radio->movement,
					 "this movement says where hosts are, but '%s' does not say how far they "
					 "hear each other; add range: 100 m", load->exp->nodes[radio->node - 1].name);
	}
	return rec__add_moment(load, (struct rec__moment){.first = true, .carry_out = carry_out_beginning});
}

static int check_places(struct rec__load *load, const struct rec__radio *radio)
{
	const struct rec_experiment *exp = load->exp;

	for (size_t i = 0; i < exp->link_count; i++) {
		const struct rec_exp_end *end = exp->links[i].end;

		if (end[1].node == radio->node && !load->places[end[0].node - 1].known)
			return rec__fail(load, radio->value, "'%s' has no place, and on '%s' distance decides who is heard; give it "
					 "one (position: [0, 0]), or a movement", exp->nodes[end[0].node - 1].name,
					 exp->nodes[radio->node - 1].name);
	}
	return 0;
}

int rec__check_radio(struct rec__load *load)
{
	for (size_t i = 0; i < load->radio_count; i++)
		if (goes_by_distance(&load->radios[i]) && check_places(load, &load->radios[i]) < 0)
			return -EINVAL;
	for (size_t i = 0; i < load->radio_count; i++)
		if (!load->exp->pair_count && !load->radios[i].model && !goes_by_distance(&load->radios[i]))
			return rec__fail(load, load->radios[i].value,
					 "on '%s' nobody ever hears anybody; say who does, by range and places, "
					 "by a movement, or by contacts", load->exp->nodes[load->radios[i].node - 1].name);
	return 0;
}
