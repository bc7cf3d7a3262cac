/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-state.c - `hindcast state`: what every node was like at a moment. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "command.h"
#include "rep-commands.h"
#include "state.h"

static bool show_progress(void *data, event_seq done, event_seq count)
{
	(void)data;
	fprintf(stderr, "\r%llu of %llu events read%s", (unsigned long long)done, (unsigned long long)count,
		done == count ? "\n" : "");
	return true;
}

/* A node by name or number; 0: there is none. */
static node_id find_node(const struct rep_state *state, const char *name)
{
	const struct rep_state_node *nodes = state->nodes.rows;
	uint64_t number;

	for (uint32_t i = 0; i < state->nodes.count; i++)
		if (strcmp(nodes[i].name, name) == 0)
			return nodes[i].id;
	return fmt_parse_number(name, &number) && number <= UINT32_MAX && rep_state_node(state, (node_id)number) ?
		       (node_id)number : 0;
}

static int print_state(struct rep_states *states, const struct fmt_arguments *args, struct fmt_buf *out,
		       struct fmt_error *error)
{
	const char *at = args->value[FMT_OPTION_AT] ?: "end", *name = args->value[FMT_OPTION_NODE];
	const struct rep_state *state;
	const int r = rep_states_at_place(states, at, &state, error);

	if (r < 0)
		return r;
	const node_id node = name ? find_node(state, name) : 0;

	if (name && !node) {
		snprintf(error->text, sizeof(error->text), "no node %s there", name);
		return -ENOENT;
	}
	if (args->value[FMT_OPTION_JSON]) {
		rep_state_json(out, state, node);
		fmt_buf_put(out, "\n", 1);
	} else {
		rep_state_text(out, state, node);
	}
	return 0;
}

static int print_diff(struct rep_states *states, const struct fmt_arguments *args, struct fmt_buf *out,
		      struct fmt_error *error)
{
	const char *name = args->value[FMT_OPTION_NODE];
	const struct rep_state *state;
	int r = rep_states_at_place(states, args->operand[1], &state, error);

	if (r < 0)
		return r;
	_cleanup_(rep_state_freep) struct rep_state *before = rep_state_copy(state);

	r = rep_states_at_place(states, args->operand[2], &state, error);
	if (r < 0)
		return r;
	const node_id node = name ? find_node(state, name) : 0;

	if (name && !node) {
		snprintf(error->text, sizeof(error->text), "no node %s there", name);
		return -ENOENT;
	}
	rep_state_diff(out, before, state, node);
	return 0;
}

static enum fmt_status wrong_usage(const char *text)
{
	fmt_complain("%s", text);
	return FMT_STATUS_USAGE;
}

static enum fmt_status command_state(const struct fmt_arguments *args)
{
	const char *const path = args->operand[0];
	const bool diff = args->value[FMT_OPTION_DIFF];
	enum fmt_status status = FMT_STATUS_OK;
	struct fmt_error error = {{0}};

	if (args->operand_count != (diff ? 3 : 1))
		return wrong_usage(diff ? "state --diff takes a trace and two positions" :
				   "state takes one trace; the position is --at POSITION");
	if (diff && (args->value[FMT_OPTION_AT] || args->value[FMT_OPTION_JSON]))
		return wrong_usage("state --diff goes with neither --at nor --json");
	struct fmt_reader *const reader = fmt_open_trace(path, &status);

	if (!reader)
		return status;
	_cleanup_(fmt_buf_done) struct fmt_buf out = {0};
	struct rep_states *states;

	rep_states_new(reader, &states);
	/* Once for a large trace, so that later looks are fast. */
	int r = rep_states_build(states, isatty(STDERR_FILENO) ? show_progress : NULL, NULL, &error);

	if (r == 0)
		r = diff ? print_diff(states, args, &out, &error) : print_state(states, args, &out, &error);
	rep_states_free(states);
	if (r == 0)
		fwrite(out.data, 1, out.size, stdout);
	return fmt_close_trace(reader, path, r, &error);
}

const struct fmt_command rep_cmd_state = {
	.name = "state",
	.usage = "TRACE | --diff TRACE POSITION POSITION",
	.summary = "show what every node was like at a moment",
	.options = "at diff json node",
	.operand_min = 1,
	.operand_max = 3,
	.run = command_state,
};
