/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "gaps.h"

const char *const insp_series_names[INSP_SERIES_COUNT] = {"Events", "Throughput", "Goodput", "Round trip", "In flight", "cwnd",
							   "ssthresh", "Queue"};
const char *const insp_series_units[INSP_SERIES_COUNT] = {"/s", "bit/s", "bit/s", "s", "B", "segments",
							   "segments", "packets"};

bool insp_series_is_rate(enum insp_series series)
{
	return series <= INSP_SERIES_GOODPUT || series == INSP_SERIES_QUEUE;
}

static int column_of(const struct insp_view *view, double coord, uint32_t columns)
{
	const double at = floor((coord - view->from) / view->span * columns);

	return at < 0 ? -1 : at >= columns ? (int)columns : (int)at;
}

/* Seconds that a column stands for. */
static double column_seconds(const struct insp_view *view, uint32_t columns, uint32_t column)
{
	if (view->axis == INSP_AXIS_TIME)
		return view->span / columns / 1e9;
	const uint32_t a = insp_view_seek(view, view->from + view->span * column / columns);
	const uint32_t b = insp_view_seek(view, view->from + view->span * (column + 1) / columns);

	if (a >= view->run->count || b >= view->run->count || insp_vtime(view->run, a) == insp_vtime(view->run, b))
		return INFINITY;
	return (double)(insp_vtime(view->run, b) - insp_vtime(view->run, a)) / 1e9;
}

/* Bits that arrive; payload: only what TCP or UDP carries, and only once. */
static void read_bits(const struct insp_view *view, bool payload, uint32_t lane, uint32_t columns, double *values)
{
	const struct insp_run *run = view->run;
	uint32_t at, end;

	insp_view_packets(view, &at, &end);
	for (; at < end; at++) {
		const struct insp_packet *packet = &run->packets[at];

		if (packet->fate != INSP_RECEIVED || (lane != INSP_NONE && packet->to != lane))
			continue;
		if (payload && (packet->stream == INSP_NONE || packet->header >= packet->size ||
				packet->marks & (INSP_MARK_AGAIN | INSP_MARK_COPY)))
			continue;
		const int column = column_of(view, insp_view_coord(view, packet->end), columns);

		if (column >= 0 && column < (int)columns)
			values[column] += (packet->size - (payload ? packet->header : 0)) * 8.0;
	}
}

/* A packet waits from its sending until its last bit has left. */
static void read_queue(const struct insp_view *view, uint32_t lane, uint32_t columns, double *values)
{
	const struct insp_run *run = view->run;
	uint32_t at, end;

	insp_view_packets(view, &at, &end);
	for (; at < end; at++) {
		const struct insp_packet *packet = &run->packets[at];
		const double left = insp_view_coord_of(view, view->axis == INSP_AXIS_TIME ? (double)packet->depart
											  : (double)insp_run_seek(run, packet->depart));

		if (lane != INSP_NONE && packet->from != lane)
			continue;
		/* Of each column how many come and go, at first; the level is their sum. */
		const int in = column_of(view, insp_view_coord(view, packet->send), columns);
		const int out = column_of(view, left, columns);

		if (in < (int)columns)
			values[in < 0 ? 0 : in]++;
		if (out + 1 < (int)columns)
			values[out + 1]--;
	}
	for (uint32_t i = 1; i < columns; i++)
		values[i] += values[i - 1];
}

/* ---- TCP ---- */

/* One side of a connection, as its sender knows it. */
struct sender {
	bool sent, acked;		/* the next two are known */
	uint32_t next, una;
	bool timed;			/* one segment is waited for, as in the first TCPs */
	uint32_t timed_end;
	vtime_ns timed_at;
};

struct tcp {
	const struct insp_view *view;
	enum insp_series series;
	uint32_t columns;
	double *values;
	struct sender *senders;		/* [2 * stream + side] */
};

static void put_level(const struct tcp *tcp, double coord, double value)
{
	const int column = column_of(tcp->view, coord, tcp->columns);

	if (column >= 0 && column < (int)tcp->columns && !(tcp->values[column] >= value))
		tcp->values[column] = value;
}

static void put_flight(const struct tcp *tcp, const struct sender *sender, double coord)
{
	if (tcp->series == INSP_SERIES_FLIGHT && sender->sent && sender->acked)
		put_level(tcp, coord, (double)(int32_t)(sender->next - sender->una));
}

static void see_data(const struct tcp *tcp, struct sender *sender, const struct insp_packet *packet)
{
	const struct insp_run *run = tcp->view->run;
	const uint32_t end = packet->seq + (packet->size - packet->header);

	if (packet->marks & INSP_MARK_AGAIN) {
		/* Of a segment that was sent twice nobody knows which one is acknowledged. */
		sender->timed = false;
		return;
	}
	if (!sender->sent || (int32_t)(end - sender->next) > 0)
		sender->next = end;
	sender->sent = true;
	if (!sender->timed) {
		sender->timed = true;
		sender->timed_end = end;
		sender->timed_at = insp_vtime(run, packet->send);
	}
	put_flight(tcp, sender, insp_view_coord(tcp->view, packet->send));
}

static void see_ack(const struct tcp *tcp, struct sender *sender, const struct insp_packet *packet)
{
	const struct insp_run *run = tcp->view->run;
	const double coord = insp_view_coord(tcp->view, packet->end);

	if (!sender->acked || (int32_t)(packet->ack - sender->una) > 0)
		sender->una = packet->ack;
	sender->acked = true;
	if (sender->timed && (int32_t)(packet->ack - sender->timed_end) >= 0) {
		sender->timed = false;
		if (tcp->series == INSP_SERIES_RTT)
			put_level(tcp, coord, (double)(insp_vtime(run, packet->end) - sender->timed_at) / 1e9);
	}
	put_flight(tcp, sender, coord);
}

/* Begins a few round trips before the view, so that what is in flight at its left edge is known. */
static uint32_t first_packet(const struct insp_view *view)
{
	const struct insp_run *run = view->run;
	const uint32_t first = insp_view_seek(view, view->from);
	const vtime_ns back = 6 * run->flight_max;

	if (first >= run->count || insp_vtime(run, first) <= back)
		return 0;
	return insp_packet_from(run, insp_run_seek(run, insp_vtime(run, first) - back));
}

/* Packets are seen in the order of their sending: an acknowledgement is sent behind what it acknowledges. */
static void read_tcp(struct tcp *tcp, uint32_t lane)
{
	const struct insp_run *run = tcp->view->run;
	uint32_t at, end;

	insp_view_packets(tcp->view, &at, &end);
	for (at = first_packet(tcp->view); at < end; at++) {
		const struct insp_packet *packet = &run->packets[at];

		if (packet->proto != INSP_PROTO_TCP || packet->stream == INSP_NONE || packet->marks & INSP_MARK_COPY)
			continue;
		const struct insp_stream *stream = &run->streams[packet->stream];
		const int side = insp_stream_side(run, at);
		struct sender *senders = &tcp->senders[2 * packet->stream];
		const bool of_side = lane == INSP_NONE || stream->lane[side] == lane;
		const bool of_other = lane == INSP_NONE || stream->lane[!side] == lane;

		if (of_side && packet->from == stream->lane[side] && packet->size > packet->header)
			see_data(tcp, &senders[side], packet);
		if (of_other && packet->fate == INSP_RECEIVED && packet->to == stream->lane[!side] && packet->tcp_flags & 0x10)
			see_ack(tcp, &senders[!side], packet);
	}
}

static void read_levels(const struct insp_view *view, enum insp_series series, uint32_t lane, uint32_t columns, double *values)
{
	struct tcp tcp = {.view = view, .series = series, .columns = columns, .values = values,
			  .senders = calloc(2 * (size_t)view->run->stream_count + 1, sizeof(struct sender))};

	CHECK(tcp.senders);
	for (uint32_t i = 0; i < columns; i++)
		values[i] = NAN;
	read_tcp(&tcp, lane);
	free(tcp.senders);
}

/* ---- congestion ---- */

/* A connection's window holds until it is told anew, also from before the view. */
static void read_congestion(const struct insp_view *view, enum insp_series series, uint32_t lane, uint32_t columns, double *values)
{
	const struct insp_run *run = view->run;
	double before = NAN;

	for (uint32_t i = 0; i < columns; i++)
		values[i] = NAN;
	for (uint32_t i = 0; i < run->congestion_count; i++) {
		const struct insp_congestion *at = &run->congestions[i];
		const uint32_t level = series == INSP_SERIES_CWND ? at->cwnd : at->ssthresh;
		const int column = column_of(view, insp_view_coord(view, at->seq), columns);

		if ((lane != INSP_NONE && at->lane != lane) || level == UINT32_MAX || column >= (int)columns)
			continue;
		if (column < 0)
			before = level;
		else if (!(values[column] >= level))
			values[column] = level;
	}
	if (columns && isnan(values[0]))
		values[0] = before;
}

/* ---- all ---- */

static void read_events(const struct insp_view *view, uint32_t lane, uint32_t columns, double *values)
{
	struct insp_cell *cells = calloc((size_t)columns * view->run->lane_count, sizeof(*cells));

	CHECK(cells);
	insp_view_cells(view, columns, cells);
	for (size_t i = 0; i < (size_t)columns * view->run->lane_count; i++)
		if (lane == INSP_NONE || i / columns == lane)
			values[i % columns] += cells[i].count;
	free(cells);
}

static void read_series(const struct insp_view *view, enum insp_series series, uint32_t lane, uint32_t columns, double *values)
{
	memset(values, 0, columns * sizeof(*values));
	switch (series) {
	case INSP_SERIES_QUEUE:
		read_queue(view, lane, columns, values);
		return;
	case INSP_SERIES_RTT:
	case INSP_SERIES_FLIGHT:
		read_levels(view, series, lane, columns, values);
		return;
	case INSP_SERIES_CWND:
	case INSP_SERIES_SSTHRESH:
		read_congestion(view, series, lane, columns, values);
		return;
	case INSP_SERIES_EVENTS:
		read_events(view, lane, columns, values);
		break;
	default:
		read_bits(view, series == INSP_SERIES_GOODPUT, lane, columns, values);
	}
	for (uint32_t i = 0; i < columns; i++)
		values[i] /= column_seconds(view, columns, i);
}

/* What a closed gap hides is not squeezed into its few columns. */
static void blank_gaps(const struct insp_view *view, double blank, uint32_t columns, double *values)
{
	for (uint32_t i = 0; i < view->gaps->closed; i++) {
		double from, to;

		insp_view_gap(view, i, &from, &to);
		for (double column = fmax(floor(from / view->width * columns), 0); column < fmin(to / view->width, 1) * columns; column++)
			values[(uint32_t)column] = blank;
	}
}

void insp_series_read(const struct insp_view *view, enum insp_series series, uint32_t lane, uint32_t columns, double *values)
{
	read_series(view, series, lane, columns, values);
	if (view->gaps)
		blank_gaps(view, insp_series_is_rate(series) ? 0 : NAN, columns, values);
}
