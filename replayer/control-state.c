/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control-state.c - requests about the state of nodes, from the trace alone. */
#include <errno.h>

#include "control-int.h"

static int state_at(struct rep_control *c, const char *at, const struct rep_state **ret)
{
	const event_seq here = rep_timeline_seq(c->timeline, NULL);
	const int r = at ? rep_states_at_place(c->states, at, ret, &c->error) :
			   rep_states_at(c->states, here ? here - 1 : UINT64_MAX, ret, &c->error);

	if (r < 0)
		return rep__refuse(c, r == -EBADMSG ? "damaged" : r == -EINVAL ? "usage" : "not-found", "%s", rep__said(c));
	return 0;
}

static int get_wanted(struct rep_control *c, json_t *request, node_id *ret)
{
	*ret = 0;
	return json_object_get(request, "node") ? rep__get_node(c, request, ret) : 0;
}

static int do_state(struct rep_control *c, json_t *request, struct rep_json *out)
{
	_cleanup_(fmt_buf_done) struct fmt_buf text = {0};
	const struct rep_state *state;
	const char *at;
	node_id node;

	if (rep__get_text_or(c, request, "at", NULL, &at) < 0 || get_wanted(c, request, &node) < 0 || state_at(c, at, &state) < 0)
		return -1;
	rep_state_json(&text, state, node);
	rep_json_raw(out, "state", &text);
	return 0;
}

static int do_changes(struct rep_control *c, json_t *request, struct rep_json *out)
{
	_cleanup_(fmt_buf_done) struct fmt_buf text = {0};
	_cleanup_(rep_state_freep) struct rep_state *before = NULL;
	const struct rep_state *state;
	const char *from, *to;
	node_id node;

	if (rep__get_text(c, request, "from", &from) < 0 || rep__get_text_or(c, request, "to", NULL, &to) < 0 ||
	    get_wanted(c, request, &node) < 0 || state_at(c, from, &state) < 0)
		return -1;
	before = rep_state_copy(state);
	if (state_at(c, to, &state) < 0)
		return -1;
	rep_state_diff(&text, before, state, node);
	rep_json_open(out, "changes", '[');
	for (size_t i = 0, start = 0; i < text.size; i++)
		if (text.data[i] == '\n') {
			rep_json_bytes(out, NULL, (struct fmt_bytes){text.data + start, i - start});
			start = i + 1;
		}
	rep_json_close(out, ']');
	return 0;
}

const struct rep_request rep__state_requests[] = {
	{"state", do_state}, {"changes", do_changes}, {NULL, NULL},
};
