/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run-state.c - what a run tells of the state of its parts: threads' lives, places, outages, congestion windows. */
#include <string.h>

#include "base/check.h"
#include "run-int.h"

/* ---- threads' lives ---- */

static struct insp_life *add_life(struct insp_run *run, uint32_t seq, uint32_t lane, enum insp_life_type type)
{
	run->lives = insp__grow(run->lives, run->life_count, &run->life_capacity, sizeof(*run->lives));
	struct insp_life *life = &run->lives[run->life_count++];

	*life = (struct insp_life){.seq = seq, .lane = lane, .type = type};
	return life;
}

static struct fmt_bytes last_component(struct fmt_bytes path)
{
	const uint8_t *slash = path.size ? memrchr(path.data, '/', path.size) : NULL;

	if (!slash)
		return path;
	return (struct fmt_bytes){slash + 1, (size_t)(path.data + path.size - slash - 1)};
}

void insp__learn_life(struct insp_run *run, const struct fmt_event *event, uint32_t seq, uint32_t lane)
{
	struct fmt_ev_start start;
	struct fmt_ev_exec exec;
	struct fmt_ev_clone clone;
	struct fmt_ev_exit ended;
	struct insp_life *life;

	if (event->kind == FMT_start && fmt_get_start(event, &start) == 0) {
		life = add_life(run, seq, lane, INSP_LIFE_START);
		life->tid = event->tid;
		life->pid = (uint32_t)start.pid;
		insp__copy_text(life->name, sizeof(life->name), start.name);
	} else if (event->kind == FMT_exec && fmt_get_exec(event, &exec) == 0) {
		life = add_life(run, seq, lane, INSP_LIFE_EXEC);
		life->tid = event->tid;
		life->pid = (uint32_t)exec.pid;
		insp__copy_text(life->name, sizeof(life->name), last_component(exec.path));
	} else if (event->kind == FMT_clone && fmt_get_clone(event, &clone) == 0) {
		life = add_life(run, seq, lane, INSP_LIFE_CLONE);
		life->tid = (uint32_t)clone.child_tid;
		life->pid = (uint32_t)clone.child_pid;
		life->value = event->tid;
	} else if (event->kind == FMT_exit && fmt_get_exit(event, &ended) == 0) {
		life = add_life(run, seq, lane, INSP_LIFE_EXIT);
		life->tid = event->tid;
		life->pid = (uint32_t)ended.pid;
		life->value = (uint32_t)ended.code;
		run->aux[seq] |= ended.code ? 0x8000 : 0;
	}
}

void insp__learn_congestion(struct insp_run *run, uint32_t seq, uint32_t lane, uint64_t cwnd, uint64_t ssthresh)
{
	run->congestions = insp__grow(run->congestions, run->congestion_count, &run->congestion_capacity, sizeof(*run->congestions));
	/* Linux begins with a threshold that is as good as none. */
	run->congestions[run->congestion_count++] = (struct insp_congestion){seq, lane, (uint32_t)cwnd,
		ssthresh < INT32_MAX ? (uint32_t)ssthresh : UINT32_MAX};
}

void insp__learn_position(struct insp_run *run, uint32_t seq, uint64_t node, int64_t x, int64_t y)
{
	for (uint32_t lane = 0; lane < run->lane_count; lane++)
		if (run->lanes[lane].node == node) {
			run->positions = insp__grow(run->positions, run->position_count, &run->position_capacity,
						    sizeof(*run->positions));
			run->positions[run->position_count++] = (struct insp_position){seq, lane, x, y};
			return;
		}
}

void insp__learn_outage(struct insp_run *run, uint32_t seq, enum insp_outage_what what, uint32_t number, bool down)
{
	run->outages = insp__grow(run->outages, run->outage_count, &run->outage_capacity, sizeof(*run->outages));
	run->outages[run->outage_count++] = (struct insp_outage){seq, what, number, down};
}

/* "down=1" or "cut=1" among what has changed of a link: nothing gets through. */
void insp__learn_link_change(struct insp_run *run, const struct fmt_event *event, uint32_t seq)
{
	struct fmt_ev_link_change ev;
	char what[256];

	if (fmt_get_link_change(event, &ev) < 0)
		return;
	const uint32_t link = insp__link_index(run, ev.link);

	insp__copy_text(what, sizeof(what), ev.what);
	const char *state = strstr(what, "down=") ?: strstr(what, "cut=");

	if (link < run->link_count && state)
		insp__learn_outage(run, seq, INSP_OUTAGE_LINK, link, strchr(state, '=')[1] == '1');
}
