/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "places.h"

#include <math.h>

/* The first above. */
struct insp_place insp_place_on_circle(uint32_t lane, uint32_t lane_count)
{
	const double count = lane_count > 1 ? lane_count - 1 : 1, angle = ((double)lane - 1) / count * 2 * M_PI - M_PI / 2;

	return (struct insp_place){0.5 + cos(angle) / 2, 0.5 + sin(angle) / 2};
}

/* All that was ever told, so that the picture stands still while nodes move. */
static void bounds(const struct insp_run *const runs[2], double *low_x, double *low_y, double *size)
{
	double high_x = -INFINITY, high_y = -INFINITY;

	*low_x = *low_y = INFINITY;
	for (int side = 0; side < 2 && runs[side]; side++)
		for (uint32_t i = 0; i < runs[side]->position_count; i++) {
			const struct insp_position *p = &runs[side]->positions[i];

			*low_x = fmin(*low_x, (double)p->x);
			*low_y = fmin(*low_y, (double)p->y);
			high_x = fmax(high_x, (double)p->x);
			high_y = fmax(high_y, (double)p->y);
		}
	*size = fmax(fmax(high_x - *low_x, high_y - *low_y), 1);
}

void insp_places_find(const struct insp_run *const runs[2], int side, uint32_t seq, struct insp_place *ret)
{
	const struct insp_run *run = runs[side];
	double low_x, low_y, size;

	for (uint32_t lane = 0; lane < run->lane_count; lane++)
		ret[lane] = insp_place_on_circle(lane, run->lane_count);
	bounds(runs, &low_x, &low_y, &size);
	for (uint32_t i = 0; i < run->position_count && run->positions[i].seq <= seq; i++) {
		const struct insp_position *p = &run->positions[i];

		ret[p->lane] = (struct insp_place){((double)p->x - low_x) / size, ((double)p->y - low_y) / size};
	}
}

void insp_links_down(const struct insp_run *run, uint32_t seq, struct insp_link_state *ret)
{
	for (uint32_t i = 0; i < run->outage_count && run->outages[i].seq <= seq; i++)
		if (run->outages[i].what == INSP_OUTAGE_LINK)
			ret[run->outages[i].number].down = run->outages[i].down;
}

void insp_links_find(const struct insp_run *run, uint32_t seq, vtime_ns from, vtime_ns to, struct insp_link_state *ret)
{
	for (uint32_t i = insp_packet_from(run, insp_run_seek(run, from)); i < run->packet_count; i++) {
		const struct insp_packet *packet = &run->packets[i];

		if (insp_vtime(run, packet->send) > to)
			break;
		if (packet->link != UINT16_MAX)
			ret[packet->link].bytes += packet->size;
	}
	insp_links_down(run, seq, ret);
}

bool insp_node_is_down(const struct insp_run *run, uint32_t lane, uint32_t seq)
{
	bool down = false;

	for (uint32_t i = 0; i < run->outage_count && run->outages[i].seq <= seq; i++)
		if (run->outages[i].what == INSP_OUTAGE_NODE && run->outages[i].number == lane)
			down = run->outages[i].down;
	return down;
}

uint32_t insp_in_flight(const struct insp_run *run, uint32_t seq, uint32_t *ret, uint32_t max)
{
	const vtime_ns now = insp_vtime(run, seq);
	const uint32_t first = now > run->flight_max ? insp_run_seek(run, now - run->flight_max) : 0;
	uint32_t count = 0;

	for (uint32_t i = insp_packet_from(run, first); i < run->packet_count && count < max; i++) {
		if (run->packets[i].send > seq)
			break;
		if (run->packets[i].end == INSP_NONE || run->packets[i].end > seq)
			ret[count++] = i;
	}
	return count;
}
