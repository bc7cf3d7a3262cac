/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * diff.c - where two runs part, and why.
 *
 * Chunks are cut by content, so runs that begin alike have the same chunks up to where they part: those are passed over
 * by their checksums alone, without reading them.  A node's events are compared in its own order, whatever the order between nodes.
 *
 * When nothing is ignored, each node's chain of marks (fmt_reader_marks()) is bisected for the last one that both have in common; from
 * there on the node's events are compared one by one, which are 1024 at most, whatever the size of the runs.
 *
 * What is ignored is in the marks, though.  Then both are read in step, each by a thread of its own (diff-side.c): each side's events
 * wait in a queue of their node, as hashes of what is not ignored, until the other side's come.
 *
 *	node's queue:	equal --(another hash)--> parted: nothing more is kept of this node
 *
 * The node that parted first is where to look; its last events in common, and the packet that reached it last, are its
 * causal past.
 */
#include "diff-int.h"

#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "packet-text.h"
#include "roster.h"
#include "text.h"
#include "trace-int.h"

#define QUEUE_MAX (1u << 20)	/* 24 MiB; a node that is so far behind has stopped */
#define PAST_EVENTS 4
#define PAST_SEARCH 100000	/* events that the search for the past looks at */
#define ASK_EVENTS 4096		/* between two questions whether to go on */

struct lane {
	struct fmt__diff_mark *queue;		/* of the side that is ahead */
	size_t head, size, capacity;	/* a ring; capacity is a power of two */
	int ahead;			/* 0: a, 1: b */
	bool seen, parted;
	bool has[2];			/* the side has an event where they part */
	event_seq at[2];
	uint64_t same;			/* events in common */
};

struct side {
	struct fmt_reader *reader;
	struct fmt_roster roster;
};

struct diff {
	const struct fmt_diff_options *options;
	struct side side[2];
	struct fmt__diff_view view;
	atomic_bool *has_parted;	/* by node; FMT__DIFF_NODES_MAX, or NULL when nobody asks */
	struct lane *lanes;		/* by node */
	size_t lane_count;
	size_t parted;			/* lanes */
	struct fmt_buf scratch;
};

static void diff_done(struct diff *diff)
{
	for (size_t i = 0; i < diff->lane_count; i++)
		free(diff->lanes[i].queue);
	free(diff->lanes);
	free(diff->has_parted);
	fmt_roster_done(&diff->side[0].roster);
	fmt_roster_done(&diff->side[1].roster);
	fmt_buf_done(&diff->scratch);
}

/* ---- comparing ---- */

event_seq fmt__diff_skip_equal(const struct fmt_reader *a, const struct fmt_reader *b)
{
	struct fmt_chunk_id x, y;
	event_seq same = 0;

	for (size_t i = 0; fmt_reader_chunk_id(a, i, &x) && fmt_reader_chunk_id(b, i, &y); i++) {
		if (memcmp(&x, &y, sizeof(x)) != 0)
			break;
		same = x.first_seq + x.count;
	}
	return same;
}

static struct lane *lane_of(struct diff *diff, node_id node)
{
	if (node >= FMT__DIFF_NODES_MAX)
		return NULL;
	if (node >= diff->lane_count) {
		const size_t count = (size_t)node + 16;

		diff->lanes = reallocarray(diff->lanes, count, sizeof(*diff->lanes));
		CHECK(diff->lanes);
		memset(diff->lanes + diff->lane_count, 0,
		       (count - diff->lane_count) * sizeof(*diff->lanes));
		diff->lane_count = count;
	}
	struct lane *lane = &diff->lanes[node];

	lane->seen = true;
	return lane;
}

static void push(struct lane *lane, struct fmt__diff_mark mark)
{
	if (lane->size == lane->capacity) {
		const size_t capacity = lane->capacity ? lane->capacity * 2 : 64;
		struct fmt__diff_mark *queue = calloc(capacity, sizeof(*queue));

		CHECK(queue);
		for (size_t i = 0; i < lane->size; i++)
			queue[i] = lane->queue[(lane->head + i) & (lane->capacity - 1)];
		free(lane->queue);
		*lane = (struct lane){queue, 0, lane->size, capacity, lane->ahead, lane->seen,
				      lane->parted, {false, false}, {0, 0}, lane->same};
	}
	lane->queue[(lane->head + lane->size++) & (lane->capacity - 1)] = mark;
}

static void part(struct diff *diff, struct lane *lane, int side, const struct fmt__diff_mark *mark)
{
	lane->parted = true;
	diff->parted++;
	lane->has[side] = true;
	lane->at[side] = mark->seq;
	if (diff->has_parted)
		atomic_store_explicit(&diff->has_parted[mark->node], true, memory_order_relaxed);
}

static void see(struct diff *diff, int side, struct fmt__diff_mark mark)
{
	struct lane *lane = lane_of(diff, mark.node);

	if (!lane || lane->parted)
		return;
	if (lane->size && lane->ahead != side) {
		const struct fmt__diff_mark other = lane->queue[lane->head & (lane->capacity - 1)];

		lane->head = (lane->head + 1) & (lane->capacity - 1);
		lane->size--;
		if (other.hash == mark.hash) {
			lane->same++;
			return;
		}
		part(diff, lane, side, &mark);
		lane->has[!side] = true;
		lane->at[!side] = other.seq;
		return;
	}
	lane->ahead = side;
	push(lane, mark);
	/* The other side has come to its end, or might as well have. */
	if (lane->size >= QUEUE_MAX)
		part(diff, lane, side, &lane->queue[lane->head & (lane->capacity - 1)]);
}

/* taken: marks so far; those of chunks that are passed over count as taken from the start. */
static bool goes_on(const struct diff *diff, uint64_t taken)
{
	const struct fmt_diff_options *options = diff->options;

	return !options->go_on || taken % ASK_EVENTS ||
	       options->go_on(options->go_on_data, taken, fmt_reader_count(diff->side[0].reader) + fmt_reader_count(diff->side[1].reader));
}

/* Takes marks in the order of their numbers, a before b, whichever side is read faster.  0, -EBADMSG, -ECANCELED. */
static int compare_sides(struct diff *diff, event_seq from, struct fmt__diff_side *sides[2])
{
	struct fmt__diff_mark mark[2];
	uint64_t taken = 2 * from;

	/* All nodes and the machine. */
	while (diff->parted <= diff->side[0].roster.node_count) {
		int got[2];

		for (int i = 0; i < 2; i++) {
			got[i] = fmt__diff_side_peek(sides[i], &mark[i]);
			if (got[i] < 0)
				return got[i];
		}
		if (!got[0] && !got[1])
			return 0;
		const int next = !got[0] || (got[1] && mark[1].seq < mark[0].seq);

		if (!goes_on(diff, taken++))
			return -ECANCELED;
		see(diff, next, mark[next]);
		fmt__diff_side_take(sides[next]);
	}
	return 0;
}

static int compare(struct diff *diff, event_seq from, struct fmt_error *error)
{
	struct fmt__diff_side *sides[2] = {NULL, NULL};
	int failed = 0;

	diff->has_parted = calloc(FMT__DIFF_NODES_MAX, sizeof(*diff->has_parted));
	CHECK(diff->has_parted);
	for (int i = 0; i < 2; i++)
		sides[i] = fmt__diff_side_start(diff->side[i].reader, from, &diff->view, diff->has_parted);
	if (sides[0] && sides[1])
		failed = compare_sides(diff, from, sides);
	else
		failed = fmt__fail(error, -EAGAIN, "no thread can be started to read the traces: too many run");
	for (int i = 0; i < 2; i++)
		fmt__diff_side_stop(sides[i], failed == -EBADMSG ? error : NULL);
	if (failed < 0)
		return failed;
	for (size_t i = 0; i < diff->lane_count; i++) {
		struct lane *lane = &diff->lanes[i];

		if (lane->seen && !lane->parted && lane->size)
			part(diff, lane, lane->ahead, &lane->queue[lane->head & (lane->capacity - 1)]);
	}
	return 0;
}

/* ---- comparing by marks ---- */

struct chain {
	struct fmt_mark *marks;
	size_t count, capacity;
};

struct chains {
	struct chain *nodes;		/* FMT__DIFF_NODES_MAX */
};

static void see_mark(void *context, const struct fmt_mark *mark)
{
	struct chains *chains = context;

	if (mark->node >= FMT__DIFF_NODES_MAX)
		return;
	struct chain *chain = &chains->nodes[mark->node];

	/* One that is missing would make all behind it another number. */
	if (mark->number != chain->count + 1)
		return;
	if (chain->count == chain->capacity) {
		chain->capacity = chain->capacity ? chain->capacity * 2 : 16;
		chain->marks = reallocarray(chain->marks, chain->capacity, sizeof(*chain->marks));
		CHECK(chain->marks);
	}
	chain->marks[chain->count++] = *mark;
}

/* How many marks two chains have in common: once a run differs, so do all later marks. */
static size_t bisect(const struct chain *a, const struct chain *b)
{
	size_t low = 0, high = a->count < b->count ? a->count : b->count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (a->marks[middle].crc == b->marks[middle].crc)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The node's next event of a side, which is hashed at once.  1, 0, -EBADMSG. */
static int next_of(struct diff *diff, int side, node_id node, event_seq *seq, struct fmt__diff_mark *ret, struct fmt_error *error)
{
	const struct fmt_want want = {.has_node = true, .node = node};
	struct fmt_event event;
	const int got = fmt_reader_find(diff->side[side].reader, &want, /* backwards= */ false, seq, &event, error);

	if (got <= 0)
		return got;
	*ret = (struct fmt__diff_mark){fmt__diff_view_hash(&diff->view, &event, &diff->scratch), event.seq, event.node};
	*seq = event.seq + 1;
	return 1;
}

static int compare_node(struct diff *diff, node_id node, const struct chain chains[2], struct fmt_error *error)
{
	const size_t common = bisect(&chains[0], &chains[1]);
	event_seq next[2] = {0, 0};
	struct fmt__diff_mark marks[2];
	int got[2] = {1, 1};
	struct lane *lane = lane_of(diff, node);

	for (int i = 0; i < 2 && common; i++)
		next[i] = chains[i].marks[common - 1].seq + 1;
	lane->same = common * (uint64_t)FMT_MARK_EVENTS;
	for (;; lane->same++) {
		for (int i = 0; i < 2; i++) {
			got[i] = next_of(diff, i, node, &next[i], &marks[i], error);
			if (got[i] < 0)
				return got[i];
		}
		if (!got[0] && !got[1])
			return 0;
		if (!got[0] || !got[1] || marks[0].hash != marks[1].hash)
			break;
	}
	lane->parted = true;
	diff->parted++;
	for (int i = 0; i < 2; i++) {
		lane->has[i] = got[i];
		lane->at[i] = got[i] ? marks[i].seq : 0;
	}
	return 0;
}

static bool is_node(const struct diff *diff, node_id node)
{
	for (int i = 0; i < 2; i++)
		for (size_t k = 0; k < diff->side[i].roster.node_count; k++)
			if (diff->side[i].roster.nodes[k].id == node)
				return true;
	return node == 0;
}

static int compare_marks(struct diff *diff, struct fmt_error *error)
{
	struct chains chains[2] = {{calloc(FMT__DIFF_NODES_MAX, sizeof(struct chain))},
				   {calloc(FMT__DIFF_NODES_MAX, sizeof(struct chain))}};
	int failed = 0;

	CHECK(chains[0].nodes && chains[1].nodes);
	for (int i = 0; i < 2 && failed == 0; i++)
		failed = fmt_reader_marks(diff->side[i].reader, see_mark, &chains[i], error);
	for (node_id node = 0; node < FMT__DIFF_NODES_MAX && failed == 0; node++) {
		const struct chain pair[2] = {chains[0].nodes[node], chains[1].nodes[node]};

		if (pair[0].count || pair[1].count || is_node(diff, node))
			failed = compare_node(diff, node, pair, error);
	}
	for (int i = 0; i < 2; i++) {
		for (size_t node = 0; node < FMT__DIFF_NODES_MAX; node++)
			free(chains[i].nodes[node].marks);
		free(chains[i].nodes);
	}
	return failed;
}

/* Names of nodes are told at the beginning, which may have been passed over. */
static int learn_names(struct side *side, struct fmt_error *error)
{
	struct fmt_event event;

	for (event_seq seq = 0; seq < fmt_reader_count(side->reader); seq++) {
		const int failed = fmt_reader_event(side->reader, seq, &event, error);

		if (failed < 0)
			return failed;
		if (event.vtime > 0)
			break;
		fmt_roster_learn(&side->roster, &event);
	}
	return 0;
}

/* ---- causes ---- */

static bool same_meta(struct diff *diff, const char *key)
{
	size_t size[2] = {0, 0};
	const void *value[2];

	for (int i = 0; i < 2; i++)
		value[i] = fmt_reader_meta(diff->side[i].reader, key, &size[i]);
	if (!value[0] || !value[1])
		return value[0] == value[1];
	return size[0] == size[1] && memcmp(value[0], value[1], size[0]) == 0;
}

/* ---- telling ---- */

struct finding {
	node_id node;
	const struct lane *lane;
	struct fmt_event event[2];	/* bodies are copies */
	bool has[2];
	uint8_t *body[2];		/* owned */
	vtime_ns vtime;			/* of the earlier */
	const char *cause;
};

static int load(struct diff *diff, struct finding *finding, struct fmt_error *error)
{
	finding->vtime = UINT64_MAX;
	for (int i = 0; i < 2; i++) {
		struct fmt_event *event = &finding->event[i];

		finding->has[i] = finding->lane->has[i];
		if (!finding->has[i])
			continue;
		const int failed = fmt_reader_event(diff->side[i].reader, finding->lane->at[i], event, error);

		if (failed < 0)
			return failed;
		finding->body[i] = malloc(event->body_size + 1);
		CHECK(finding->body[i]);
		memcpy(finding->body[i], event->body, event->body_size);
		event->body = finding->body[i];
		if (event->vtime < finding->vtime)
			finding->vtime = event->vtime;
	}
	finding->cause = fmt__diff_cause(finding->has[0] ? &finding->event[0] : NULL,
				  finding->has[1] ? &finding->event[1] : NULL);
	return 0;
}

/* The last events of a node before a place, in order; the packet that reached it last among or before them. */
struct past {
	event_seq seq[PAST_EVENTS];
	size_t count;
	event_seq arrival;
	bool has_arrival;
};

static int find_past(struct fmt_reader *reader, node_id node, event_seq before, struct past *ret,
		     struct fmt_error *error)
{
	struct fmt_event event;
	struct past past = {0};

	for (event_seq seq = before; seq > 0 && before - seq < PAST_SEARCH;) {
		const int failed = fmt_reader_event(reader, --seq, &event, error);

		if (failed < 0)
			return failed;
		if (event.node != node)
			continue;
		if (past.count < PAST_EVENTS)
			past.seq[past.count++] = seq;
		if (event.kind == FMT_packet_recv && !past.has_arrival) {
			past.has_arrival = true;
			past.arrival = seq;
		}
		if (past.has_arrival && past.count == PAST_EVENTS)
			break;
	}
	*ret = past;
	return 0;
}

static void put_line(struct diff *diff, struct fmt_buf *out, int side, const struct fmt_event *event)
{
	char buf[16];

	fmt_put_event(out, event, fmt_roster_node(&diff->side[side].roster, event->node, buf));
}

static int print_past(struct diff *diff, FILE *out, const struct finding *finding, bool json, struct fmt_error *error)
{
	_cleanup_(fmt_buf_done) struct fmt_buf line = {0};
	const int side = finding->has[0] ? 0 : 1;
	struct fmt_event event;
	struct past past;
	int failed = find_past(diff->side[side].reader, finding->node, finding->lane->at[side], &past, error);

	for (size_t i = past.count + past.has_arrival; failed == 0 && i-- > 0;) {
		const bool arrival = past.has_arrival && i == past.count;
		const event_seq seq = arrival ? past.arrival : past.seq[i];

		/* An arrival among the last events is there already. */
		if (arrival && past.count && past.arrival >= past.seq[past.count - 1])
			continue;
		failed = fmt_reader_event(diff->side[side].reader, seq, &event, error);
		if (failed < 0)
			break;
		fmt_buf_clear(&line);
		put_line(diff, &line, side, &event);
		if (json) {
			_cleanup_(fmt_buf_done) struct fmt_buf text = {0};

			fmt_put_json(&text, (struct fmt_bytes){line.data, line.size});
			fprintf(out, "%s%.*s", i + 1 == past.count + past.has_arrival ? "" : ", ",
				(int)text.size, (const char *)text.data);
		} else {
			fprintf(out, "    %.*s\n", (int)line.size, (const char *)line.data);
		}
	}
	return failed;
}

static void print_finding(struct diff *diff, FILE *out, const struct finding *finding)
{
	char buf[16];

	fprintf(out, "node %s: %s\n",
		fmt_roster_node(&diff->side[finding->has[0] ? 0 : 1].roster, finding->node, buf), finding->cause);
	for (int i = 0; i < 2; i++) {
		_cleanup_(fmt_buf_done) struct fmt_buf line = {0};

		if (finding->has[i])
			put_line(diff, &line, i, &finding->event[i]);
		else
			fmt_put_text(&line, "(nothing more)");
		fprintf(out, "  %c %.*s\n", i ? '>' : '<', (int)line.size, (const char *)line.data);
	}
}

static void print_json_finding(struct diff *diff, FILE *out, const struct finding *finding)
{
	char buf[16];

	fprintf(out, "{\"node\": \"%s\", \"cause\": \"%s\"",
		fmt_roster_node(&diff->side[finding->has[0] ? 0 : 1].roster, finding->node, buf), finding->cause);
	for (int i = 0; i < 2; i++) {
		_cleanup_(fmt_buf_done) struct fmt_buf line = {0}, text = {0};

		if (!finding->has[i]) {
			fprintf(out, ", \"%c\": null", "ab"[i]);
			continue;
		}
		put_line(diff, &line, i, &finding->event[i]);
		fmt_put_json(&text, (struct fmt_bytes){line.data, line.size});
		fprintf(out, ", \"%c\": {\"seq\": %llu, \"vtime_ns\": %llu, \"text\": %.*s}", "ab"[i],
			(unsigned long long)finding->event[i].seq,
			(unsigned long long)finding->event[i].vtime, (int)text.size,
			(const char *)text.data);
	}
	fprintf(out, "}");
}

static int compare_findings(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;

	if (x->vtime != y->vtime)
		return x->vtime < y->vtime ? -1 : 1;
	return (x->node > y->node) - (x->node < y->node);
}

/* What was given to the runs comes before what happened in them. */
static const char *given_cause(struct diff *diff)
{
	if (!same_meta(diff, "seed"))
		return "seed";
	const char *key;

	for (int i = 0; i < 2; i++)
		for (size_t k = 0; (key = fmt_reader_meta_key(diff->side[i].reader, k)); k++)
			if (!fmt__meta_is_own(key) && !same_meta(diff, key))
				return strstr(key, "kernel") || strstr(key, "image") ? "program image" : "experiment";
	return NULL;
}

static int tell(struct diff *diff, FILE *out, bool json, struct finding *findings, size_t count,
		struct fmt_error *error)
{
	const char *given = given_cause(diff);
	const size_t most = diff->options->most ? diff->options->most : SIZE_MAX;
	int failed = 0;

	if (!count && !given) {
		fprintf(out, json ? "{\"same\": true}\n" : "the runs are the same\n");
		return 0;
	}
	const char *cause = given ? given : findings[0].cause;

	if (json)
		fprintf(out, "{\"same\": false, \"cause\": \"%s\", \"nodes\": [", cause);
	else
		fprintf(out, "the runs differ; cause: %s\n", cause);
	for (size_t i = 0; i < count && i < most; i++) {
		if (json) {
			fprintf(out, i ? ",\n " : "\n ");
			print_json_finding(diff, out, &findings[i]);
		} else {
			print_finding(diff, out, &findings[i]);
		}
	}
	if (count > most)
		fprintf(out, "and %zu more\n", count - most);
	const bool past = count && !diff->options->most;

	if (json)
		fprintf(out, "], \"past\": [");
	else if (past)
		fprintf(out, "before that, in common:\n");
	if (past)
		failed = print_past(diff, out, &findings[0], json, error);
	if (json)
		fprintf(out, "]}\n");
	return failed < 0 ? failed : 1;
}

static bool is_all_equal(const struct diff *diff, event_seq same)
{
	for (int i = 0; i < 2; i++)
		if (same != fmt_reader_count(diff->side[i].reader))
			return false;
	return true;
}

int fmt_diff(struct fmt_reader *a, struct fmt_reader *b, const struct fmt_diff_options *options, FILE *out, struct fmt_error *error)
{
	_cleanup_(diff_done) struct diff diff = {.options = options, .side = {{.reader = a}, {.reader = b}}};
	const event_seq same = fmt__diff_skip_equal(a, b);
	struct finding *findings = NULL;
	size_t count = 0;

	fmt__diff_view_init(&diff.view, options->ignore);
	int failed = learn_names(&diff.side[0], error);

	if (failed == 0)
		failed = learn_names(&diff.side[1], error);
	if (failed == 0)
		failed = options->ignore ? compare(&diff, same, error) : is_all_equal(&diff, same) ? 0 : compare_marks(&diff, error);
	findings = calloc(diff.lane_count + 1, sizeof(*findings));
	CHECK(findings);
	for (size_t i = 0; failed == 0 && i < diff.lane_count; i++) {
		if (!diff.lanes[i].parted)
			continue;
		findings[count] = (struct finding){.node = (node_id)i, .lane = &diff.lanes[i]};
		failed = load(&diff, &findings[count++], error);
	}
	if (count)
		qsort(findings, count, sizeof(*findings), compare_findings);
	if (failed == 0)
		failed = tell(&diff, out, options->json, findings, count, error);
	for (size_t i = 0; i < count; i++) {
		free(findings[i].body[0]);
		free(findings[i].body[1]);
	}
	free(findings);
	if (failed >= 0 && (fflush(out) != 0 || ferror(out)))
		return fmt__fail(error, -EIO, "cannot write: %s", strerror(errno));
	return failed;
}
