/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands-move.c - commands that go from one position to another. */
#include "window-int.h"

#include "base/check.h"
#include "streams.h"

static bool step(InspWindow *window, int direction, enum insp_grain grain, uint32_t lane)
{
	if (!insp__need_run(window))
		return false;
	const uint32_t seq = insp_step(window->run, window->focus, direction, grain, lane);

	if (seq == INSP_NONE) {
		insp__refuse(window, "no %s %s%s%s", direction > 0 ? "further" : "earlier", insp_grain_names[grain],
			     lane == INSP_NONE ? "" : " of ", lane == INSP_NONE ? "" : window->run->lanes[lane].name);
		return false;
	}
	insp__focus(window, seq, /* remember= */ false);
	return true;
}

#define STEP(symbol, direction, grain)                                                             \
	bool symbol(InspWindow *window, const char *argument)                               \
	{                                                                                          \
		return step(window, direction, grain, window->step_scope);                         \
	}

STEP(insp__do_step_next, 1, window->step_grain)
STEP(insp__do_step_previous, -1, window->step_grain)
STEP(insp__do_packet_next, 1, INSP_GRAIN_PACKET)
STEP(insp__do_packet_previous, -1, INSP_GRAIN_PACKET)
STEP(insp__do_syscall_next, 1, INSP_GRAIN_SYSCALL)
STEP(insp__do_syscall_previous, -1, INSP_GRAIN_SYSCALL)
STEP(insp__do_output_next, 1, INSP_GRAIN_OUTPUT)
STEP(insp__do_output_previous, -1, INSP_GRAIN_OUTPUT)
STEP(insp__do_fault_next, 1, INSP_GRAIN_FAULT)
STEP(insp__do_fault_previous, -1, INSP_GRAIN_FAULT)

/* The first or last event of granularity and scope. */
static bool step_end(InspWindow *window, bool first)
{
	if (!insp__need_run(window))
		return false;
	const uint32_t seq = insp_step(window->run, first ? INSP_NONE : window->run->count, first ? 1 : -1, window->step_grain,
				       window->step_scope);

	if (seq == INSP_NONE)
		insp__refuse(window, "there is no %s", insp_grain_names[window->step_grain]);
	else
		insp__focus(window, seq, /* remember= */ true);
	return seq != INSP_NONE;
}

bool insp__do_step_first(InspWindow *window, const char *argument)
{
	return step_end(window, true);
}

bool insp__do_step_last(InspWindow *window, const char *argument)
{
	return step_end(window, false);
}

bool insp__do_step_grain(InspWindow *window, const char *argument)
{
	for (guint grain = 0; grain < INSP_GRAIN_COUNT; grain++)
		if (strcmp(argument, insp_grain_names[grain]) == 0) {
			window->step_grain = grain;
			gtk_drop_down_set_selected(GTK_DROP_DOWN(window->grain), grain);
			return true;
		}
	insp__refuse(window, "there is no step by \"%s\"", argument);
	return false;
}

bool insp__do_step_scope(InspWindow *window, const char *argument)
{
	if (!insp__need_run(window))
		return false;
	const bool all = strcmp(argument, "all") == 0;
	const uint32_t lane = all ? INSP_NONE : insp_lane_find(window->run, argument);

	if (!all && lane == INSP_NONE) {
		insp__refuse(window, "there is no node \"%s\"", argument);
		return false;
	}
	insp__set_scope(window, lane);
	return true;
}

bool insp__do_step_scope_here(InspWindow *window, const char *argument)
{
	if (!insp__need_run(window))
		return false;
	insp__set_scope(window, window->step_scope == INSP_NONE ? insp_lane_of(window->run, window->focus) : INSP_NONE);
	return true;
}

bool insp__do_focus_goto(InspWindow *window, const char *argument)
{
	struct fmt_error error = {{0}};
	uint32_t seq;

	if (!insp__need_run(window))
		return false;
	if (insp_position_parse(window->run, argument, &seq, &error) < 0) {
		insp__refuse(window, "%s", error.text);
		return false;
	}
	insp__focus(window, seq, /* remember= */ true);
	return true;
}

bool insp__do_focus_entry(InspWindow *window, const char *argument)
{
	insp__give_keyboard(window, window->position);
	return true;
}

static bool history(InspWindow *window, GArray *from, GArray *to)
{
	if (!insp__need_run(window))
		return false;
	if (!from->len) {
		insp__refuse(window, "there is nowhere to go back to");
		return false;
	}
	const uint32_t seq = g_array_index(from, uint32_t, from->len - 1);

	g_array_set_size(from, from->len - 1);
	g_array_append_val(to, window->focus);
	insp__focus(window, seq, /* remember= */ false);
	return true;
}

bool insp__do_focus_back(InspWindow *window, const char *argument)
{
	return history(window, window->back, window->forward);
}

bool insp__do_focus_forward(InspWindow *window, const char *argument)
{
	return history(window, window->forward, window->back);
}

bool insp__do_focus_copy(InspWindow *window, const char *argument)
{
	if (!insp__need_run(window))
		return false;
	g_autofree char *text = g_strdup_printf("@%u", window->focus);

	gdk_clipboard_set_text(gtk_widget_get_clipboard(GTK_WIDGET(window)), text);
	return true;
}

static bool flow(InspWindow *window, bool forward)
{
	if (!insp__need_run(window))
		return false;
	const struct insp_run *run = window->run;
	const uint32_t number = insp_packet_of(run, window->focus);
	const struct insp_packet *packet = number == INSP_NONE ? NULL : &run->packets[number];
	const uint32_t seq = forward ? insp_effect(run, window->focus) : insp_cause(run, window->focus);

	if (seq != INSP_NONE && seq != window->focus) {
		insp__focus(window, seq, /* remember= */ true);
		return true;
	}
	if (forward && packet && packet->fate == INSP_DROPPED)
		insp__refuse(window, "the packet was lost between %s and %s", run->lanes[packet->from].name,
			     run->lanes[packet->to].name);
	else if (forward && packet && packet->send == window->focus)
		insp__refuse(window, "the packet was still in flight when the run ended");
	else
		insp__refuse(window, forward ? "nothing is sent from here any more" : "nothing had arrived here before");
	return false;
}

bool insp__do_flow_next(InspWindow *window, const char *argument)
{
	return flow(window, true);
}

bool insp__do_flow_previous(InspWindow *window, const char *argument)
{
	return flow(window, false);
}

/* ---- conversations ---- */

/* The packet of the focus, if it belongs to a conversation; INSP_NONE, and says so. */
static uint32_t need_talk(InspWindow *window)
{
	const uint32_t packet = insp__need_run(window) ? insp_packet_of(window->run, window->focus) : INSP_NONE;

	if (window->run && (packet == INSP_NONE || window->run->packets[packet].stream == INSP_NONE)) {
		insp__refuse(window, "this event is about no packet of TCP or UDP");
		return INSP_NONE;
	}
	return packet;
}

static bool talk_step(InspWindow *window, int direction)
{
	const uint32_t packet = need_talk(window);
	const uint32_t other = packet == INSP_NONE ? INSP_NONE : insp_stream_step(window->run, packet, direction);

	if (packet != INSP_NONE && other == INSP_NONE)
		insp__refuse(window, direction > 0 ? "this is the last packet of the conversation"
						   : "this is the first packet of the conversation");
	if (other != INSP_NONE)
		insp__focus(window, window->run->packets[other].send, /* remember= */ false);
	return other != INSP_NONE;
}

bool insp__do_talk_next(InspWindow *window, const char *argument)
{
	return talk_step(window, 1);
}

bool insp__do_talk_previous(InspWindow *window, const char *argument)
{
	return talk_step(window, -1);
}

bool insp__do_talk_follow(InspWindow *window, const char *argument)
{
	const uint32_t packet = need_talk(window);

	if (packet != INSP_NONE)
		insp__talk(window, window->run->packets[packet].stream, TALK_SHOW, NULL);
	return packet != INSP_NONE;
}

bool insp__do_print_talk(InspWindow *window, const char *argument)
{
	const uint32_t packet = need_talk(window);

	if (packet != INSP_NONE)
		insp__talk(window, window->run->packets[packet].stream, TALK_PRINT, NULL);
	return packet != INSP_NONE;
}

/* "FILE client", "FILE server"; the client is who spoke first. */
bool insp__do_export_talk(InspWindow *window, const char *argument)
{
	const char *side = strrchr(argument, ' ');
	const bool client = g_strcmp0(side, " client") == 0;

	if (!client && g_strcmp0(side, " server") != 0) {
		insp__refuse(window, "export.talk needs a file, and client or server");
		return false;
	}
	const uint32_t packet = need_talk(window);
	g_autofree char *path = g_strndup(argument, (gsize)(side - argument));

	if (packet != INSP_NONE)
		insp__talk(window, window->run->packets[packet].stream, client ? TALK_SAVE_CLIENT : TALK_SAVE_SERVER, path);
	return packet != INSP_NONE;
}

bool insp__do_talk_filter(InspWindow *window, const char *argument)
{
	const uint32_t packet = need_talk(window);

	if (packet == INSP_NONE)
		return false;
	const struct insp_stream *stream = &window->run->streams[window->run->packets[packet].stream];
	g_autofree char *filter = g_strdup_printf("packet \"%s port %u and port %u\"",
						  stream->proto == INSP_PROTO_TCP ? "tcp" : "udp", stream->port[0], stream->port[1]);

	insp__set_filter(window, filter);
	return true;
}

/* ---- cause and effect ---- */

static bool set_cone(InspWindow *window, bool past, bool future)
{
	if (!insp__need_run(window))
		return false;
	if (!window->cone)
		window->cone = g_new(struct insp_cone, 1);
	insp_cone_find(window->run, window->focus, window->cone);
	insp_lanes_set_cone(window->lanes, window->cone, past, future);
	return true;
}

bool insp__do_cone_past(InspWindow *window, const char *argument)
{
	return set_cone(window, true, false);
}

bool insp__do_cone_future(InspWindow *window, const char *argument)
{
	return set_cone(window, false, true);
}

bool insp__do_cone_off(InspWindow *window, const char *argument)
{
	insp_lanes_set_cone(window->lanes, NULL, false, false);
	return true;
}

bool insp__do_cone_list(InspWindow *window, const char *argument)
{
	if (!set_cone(window, true, false))
		return false;
	insp__find(window, NULL, window->cone);
	return true;
}

/* ---- marks ---- */

static bool set_mark(InspWindow *window, int which)
{
	if (!insp__need_run(window))
		return false;
	window->marks[which] = window->focus;
	insp_lanes_set_marks(window->lanes, window->marks);
	return true;
}

bool insp__do_mark_a(InspWindow *window, const char *argument)
{
	return set_mark(window, 0);
}

bool insp__do_mark_b(InspWindow *window, const char *argument)
{
	return set_mark(window, 1);
}

/* ---- what was found ---- */

bool insp__do_find_text(InspWindow *window, const char *argument)
{
	if (!insp__need_run(window))
		return false;
	insp__find(window, argument, NULL);
	return true;
}

static bool find_step(InspWindow *window, int direction)
{
	InspEventList *list = window->list_of[TAB_FOUND];
	const guint count = list ? g_list_model_get_n_items(G_LIST_MODEL(list)) : 0;

	if (!insp__need_run(window))
		return false;
	if (!count) {
		insp__refuse(window, "nothing was found yet; find.text looks for something");
		return false;
	}
	/* The last at or before the focus; none: we stand before the first. */
	const guint at = insp_event_list_find(list, window->focus);
	const bool on = at != GTK_INVALID_LIST_POSITION && insp_event_list_at(list, at) == window->focus;
	const gint64 to = direction > 0 ? (at == GTK_INVALID_LIST_POSITION ? 0 : (gint64)at + 1)
					: at == GTK_INVALID_LIST_POSITION ? -1 : (gint64)at - on;

	if (to < 0 || to >= count) {
		insp__refuse(window, direction > 0 ? "there is no further one" : "there is no earlier one");
		return false;
	}
	insp__focus(window, insp_event_list_at(list, (guint)to), /* remember= */ false);
	return true;
}

bool insp__do_find_next(InspWindow *window, const char *argument)
{
	return find_step(window, 1);
}

bool insp__do_find_previous(InspWindow *window, const char *argument)
{
	return find_step(window, -1);
}
