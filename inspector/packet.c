/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packet.c - the packet that the position is about, of both runs while a second one is open.
 *
 * Frames are read by the runs' pagers; the pane is filled when all that are wanted have come.
 */
#include "compare-int.h"

/* Which packets; INSP_NONE: this run has none here. */
static void find_packets(InspWindow *window, uint32_t ret[2])
{
	const struct insp_pair *pair = insp__compare_pair(window);

	ret[0] = insp_packet_of(window->run, window->focus);
	ret[1] = INSP_NONE;
	if (pair)
		insp_pair_packets(pair, (const uint32_t[]){window->focus, insp__compare_other(window)}, ret);
}

static const struct insp_packet *packet_of(const struct insp_pair *pair, int side, uint32_t send)
{
	return &pair->run[side]->packets[insp_packet_of(pair->run[side], send)];
}

static const char *fate_words(const struct insp_packet *packet)
{
	return packet->fate == INSP_DROPPED ? "lost" : packet->fate == INSP_RECEIVED ? "received" : "still on its way at the end";
}

/* "sent @812 in A, @799 in B, 1.2 ms later · lost in A, received in B"; whether that is another fate or another packet. */
static char *words_of_both(const struct insp_pair *pair, uint32_t a, uint32_t b, gboolean *ret_apart)
{
	const struct insp_packet *packets[2] = {packet_of(pair, 0, a), packet_of(pair, 1, b)};
	const vtime_ns at_a = insp_vtime(pair->run[0], a), at_b = insp_vtime(pair->run[1], b);
	const gboolean others = insp_pair_packet(pair, 0, insp_packet_of(pair->run[0], a)) != insp_packet_of(pair->run[1], b);
	g_autoptr(GString) text = g_string_new(others ? "not each other's \u00b7 " : "");
	char time[48];

	if (a == b)
		g_string_append_printf(text, "sent @%u in both", a);
	else
		g_string_append_printf(text, "sent @%u in A, @%u in B", a, b);
	if (at_a != at_b) {
		insp_put_duration(time, sizeof(time), at_a > at_b ? at_a - at_b : at_b - at_a);
		g_string_append_printf(text, ", in B %s %s", time, at_a > at_b ? "earlier" : "later");
	}
	if (packets[0]->fate != packets[1]->fate)
		g_string_append_printf(text, " \u00b7 %s in A, %s in B", fate_words(packets[0]), fate_words(packets[1]));
	*ret_apart = others || packets[0]->fate != packets[1]->fate;
	return g_strdup(text->str);
}

static char *words_of(InspWindow *window, const struct insp_pair *pair, gboolean *ret_apart)
{
	const uint32_t a = window->packet[0].send, b = window->packet[1].send;

	*ret_apart = TRUE;
	if (a == INSP_NONE && b == INSP_NONE)
		return NULL;
	if (b == INSP_NONE)
		return g_strdup_printf("Only A has this packet, sent @%u", a);
	if (a == INSP_NONE)
		return g_strdup_printf("Only B has this packet, sent @%u", b);
	return words_of_both(pair, a, b, ret_apart);
}

static void show(InspWindow *window)
{
	const struct insp_pair *pair = insp__compare_pair(window);

	if (window->packet[0].waits || window->packet[1].waits)
		return;
	if (!pair) {
		insp_frame_pane_set(window->frame, window->packet[0].frame);
		return;
	}
	gboolean apart;
	g_autofree char *said = words_of(window, pair, &apart);

	insp_frame_pane_set_pair(window->frame, (GBytes *const[]){window->packet[0].frame, window->packet[1].frame}, said, apart);
}

static void take_frame(InspWindow *window, int side, uint32_t seq, GBytes *body)
{
	struct fmt_ev_packet_send sent;
	gsize size = 0;
	const uint8_t *bytes = body ? g_bytes_get_data(body, &size) : NULL;
	const struct fmt_event event = {.kind = FMT_packet_send, .body = bytes, .body_size = size};

	/* The window has gone on since. */
	if (seq != window->packet[side].send || !window->packet[side].waits)
		return;
	window->packet[side].waits = false;
	if (bytes && fmt_get_packet_send(&event, &sent) >= 0)
		window->packet[side].frame = g_bytes_new(sent.frame.data, sent.frame.size);
	show(window);
	insp__update_status(window);
}

static void frame_read(uint32_t seq, GBytes *body, gpointer data)
{
	take_frame(data, 0, seq, body);
}

static void other_frame_read(uint32_t seq, GBytes *body, gpointer data)
{
	take_frame(data, 1, seq, body);
}

void insp__show_packet(InspWindow *window)
{
	const struct insp_pair *pair = insp__compare_pair(window);
	const struct insp_run *runs[2] = {window->run, pair ? pair->run[1] : NULL};
	InspPager *pagers[2] = {window->pager, pair ? window->compare->pager : NULL};
	uint32_t packets[2];

	find_packets(window, packets);
	for (int side = 0; side < 2; side++) {
		g_clear_pointer(&window->packet[side].frame, g_bytes_unref);
		window->packet[side].waits = packets[side] != INSP_NONE;
		window->packet[side].send = packets[side] == INSP_NONE ? INSP_NONE : runs[side]->packets[packets[side]].send;
		if (packets[side] != INSP_NONE)
			insp_pager_body(pagers[side], window->packet[side].send, side ? other_frame_read : frame_read, window);
	}
	show(window);
}
