/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scan.c - goes over a trace, and takes apart only the columns of what is wanted.
 *
 * A column stands for itself: one that nobody wants is passed over whole.  But contexts are shared (columns.c): what a difference adds
 * to may be a value that another kind left in the same slot, at the same place among its fields.  So where the third field of one
 * kind is wanted, the third field of every kind is taken apart, as far as it is a difference; so it is with heads of frames.
 */
#include "scan.h"

#include "columns-int.h"
#include "reader-int.h"

struct want {
	uint32_t kind;
	uint8_t fields[FMT_SCAN_FIELDS];	/* places in its row */
	uint8_t count;
};

/* What is done with a field of the events of a kind. */
struct step {
	struct fmt__column *column;
	char type;
	uint8_t place;			/* of a difference: in its context */
	uint8_t to;			/* place among the wanted fields; FMT_SCAN_FIELDS: it is not wanted */
};

/* What is done with the events of a kind, in one chunk. */
struct plan {
	const struct want *want;
	struct step steps[FMT_FIELD_MAX];
	size_t step_count;
	bool whole;			/* the event has to be taken apart for what is wanted */
};

struct fmt_scan {
	struct fmt_reader *reader;
	struct want *wants;
	size_t want_count;
	uint32_t differences;		/* fields that are taken apart in all kinds */
	uint8_t places[FMT_FIELD_MAX];	/* of these */
	size_t place_count;
	bool frames;
	/* the chunk at hand */
	size_t next;			/* chunk after it */
	uint32_t left;			/* its events */
	struct fmt_buf raw;
	struct fmt__shape shape;
	struct fmt__column *columns;
	struct plan *plans;		/* by index of shape.kinds */
	uint64_t *values;		/* place_count of each context */
	uint8_t (*heads)[FMT__FRAME_HEAD];	/* of each context */
	struct fmt_scanned now;
};

_Static_assert(FMT_SCAN_HEAD == FMT__FRAME_HEAD, "a reader is told how much of a frame there is");
_Static_assert(sizeof(struct fmt_scan_thread) == sizeof(struct fmt__thread), "threads are given as they are");

static void resolve(struct fmt_scan *scan, const struct fmt_scan_want *asked, struct want *want)
{
	const struct fmt_kind_info *info = fmt_kind_info(asked->kind);

	CHECK(info);
	want->kind = asked->kind;
	for (; want->count < FMT_SCAN_FIELDS && asked->fields[want->count]; want->count++) {
		uint8_t field = 0;

		while (field < info->field_count && strcmp(info->fields[field].name, asked->fields[want->count]) != 0)
			field++;
		CHECK(field < info->field_count);
		want->fields[want->count] = field;
		scan->differences |= 1u << field;
		scan->frames = scan->frames || info->fields[field].type == 'B';
	}
}

struct fmt_scan *fmt_scan_new(struct fmt_reader *reader, const struct fmt_scan_want *wants, size_t count)
{
	struct fmt_scan *scan = calloc(1, sizeof(*scan));

	CHECK(scan);
	scan->reader = reader;
	scan->wants = calloc(count + 1, sizeof(*scan->wants));
	CHECK(scan->wants);
	scan->want_count = count;
	for (size_t i = 0; i < count; i++)
		resolve(scan, &wants[i], &scan->wants[i]);
	for (size_t field = 0; field < FMT_FIELD_MAX; field++)
		if (scan->differences >> field & 1)
			scan->places[field] = (uint8_t)scan->place_count++;
	scan->values = calloc(FMT__SLOTS * scan->place_count + 1, sizeof(*scan->values));
	scan->heads = calloc(FMT__SLOTS, sizeof(*scan->heads));
	CHECK(scan->values && scan->heads);
	return scan;
}

static void close_chunk(struct fmt_scan *scan)
{
	fmt__shape_done(&scan->shape);
	scan->shape = (struct fmt__shape){0};
	free(STEAL(scan->columns));
	free(STEAL(scan->plans));
}

void fmt_scan_free(struct fmt_scan *scan)
{
	if (!scan)
		return;
	close_chunk(scan);
	fmt_buf_done(&scan->raw);
	free(scan->wants);
	free(scan->values);
	free(scan->heads);
	free(scan);
}

/* ---- the plan of a chunk ---- */

static const struct want *want_of(const struct fmt_scan *scan, uint32_t kind)
{
	static const struct want nothing;

	for (size_t i = 0; i < scan->want_count; i++)
		if (scan->wants[i].kind == kind)
			return &scan->wants[i];
	return &nothing;
}

static uint8_t place_in(const struct want *want, size_t field)
{
	for (uint8_t i = 0; i < want->count; i++)
		if (want->fields[i] == field)
			return i;
	return FMT_SCAN_FIELDS;
}

/* Whether all columns hold what the fields of event-kinds.def are: an older or newer program may have laid them out otherwise. */
static bool holds(const struct fmt__kind *kind, const struct want *want)
{
	for (uint8_t i = 0; i < want->count; i++) {
		const struct fmt_field *field = &fmt_kind_info(kind->kind)->fields[want->fields[i]];
		const char type = kind->types[want->fields[i]];

		if (want->fields[i] >= strlen(kind->types) || !strchr(field->type == 'B' ? "F" : "UHSCV", type))
			return false;
	}
	return true;
}

static void make_plan(struct fmt_scan *scan, const struct fmt__kind *kind, struct plan *plan)
{
	const struct want *want = want_of(scan, kind->kind);

	plan->want = want;
	plan->whole = !holds(kind, want);
	for (size_t i = 0; kind->types[i]; i++) {
		const char type = kind->types[i];
		const uint8_t to = place_in(want, i);
		const bool difference = type == 'U' || type == 'H' || type == 'S';

		/* What chooses a context is always looked at. */
		if (type == 'C' || (difference && scan->differences >> i & 1) || (type == 'V' && to < FMT_SCAN_FIELDS) ||
		    (type == 'F' && scan->frames))
			plan->steps[plan->step_count++] = (struct step){&scan->columns[kind->first_column + i], type,
									 scan->places[i], to};
	}
}

static void make_plans(struct fmt_scan *scan)
{
	scan->plans = calloc(scan->shape.kind_count + 1, sizeof(*scan->plans));
	CHECK(scan->plans);
	for (size_t i = 0; i < scan->shape.kind_count; i++)
		make_plan(scan, &scan->shape.kinds[i], &scan->plans[i]);
	memset(scan->values, 0, FMT__SLOTS * scan->place_count * sizeof(*scan->values));
	if (scan->frames)
		memset(scan->heads, 0, FMT__SLOTS * sizeof(*scan->heads));
}

static int damaged(const struct fmt_scan *scan, const char *complaint, struct fmt_error *error)
{
	const struct fmt__chunk *chunk = &scan->reader->index.chunks[scan->next - 1];

	return fmt__fail(error, -EBADMSG, "chunk of event %llu: %s", (unsigned long long)chunk->first_seq, complaint);
}

static int open_chunk(struct fmt_scan *scan, struct fmt_error *error)
{
	const struct fmt__chunk *chunk = &scan->reader->index.chunks[scan->next];
	uint64_t bodies;
	size_t column_count;

	close_chunk(scan);
	const int failed = fmt__reader_columns(scan->reader, scan->next, &scan->raw, error);

	if (failed < 0)
		return failed;
	scan->next++;
	scan->shape.recent = calloc(chunk->count, sizeof(*scan->shape.recent));
	CHECK(scan->shape.recent);
	const char *complaint = fmt__columns_open(&scan->shape, (struct fmt__column){scan->raw.data, scan->raw.data + scan->raw.size},
						  chunk->count, &bodies, &scan->columns, &column_count);

	if (complaint)
		return damaged(scan, complaint, error);
	make_plans(scan);
	scan->left = chunk->count;
	scan->now.seq = chunk->first_seq;
	scan->now.vtime = chunk->t0;
	scan->now.first = true;
	return 0;
}

/* ---- an event ---- */

static bool head_get(struct fmt_scan *scan, size_t slot, uint64_t size)
{
	struct fmt__column *column = &scan->columns[FMT__COLUMN_HEAD];
	uint8_t *head = scan->heads[slot];
	const size_t count = size < FMT__FRAME_HEAD ? size : FMT__FRAME_HEAD;

	for (size_t i = 0; i < count; i++) {
		if (column[i].at == column[i].end)
			return false;
		head[i] = (uint8_t)(head[i] + *column[i].at++);
	}
	scan->now.head = head;
	return true;
}

static bool fields_get(struct fmt_scan *scan, size_t kind, size_t thread)
{
	const struct plan *plan = &scan->plans[kind];
	size_t slot = fmt__slot_index(kind, thread, 0);

	for (size_t i = 0; i < plan->step_count; i++) {
		const struct step *step = &plan->steps[i];
		uint64_t value, *previous;

		if (!fmt__column_u64(step->column, &value))
			return false;
		switch (step->type) {
		case 'C':
			slot = fmt__slot_index(kind, thread, value + 1);
			break;
		case 'V':
			value = scan->now.vtime + fmt__unzigzag(value);
			break;
		case 'F':
			if (!head_get(scan, slot, value))
				return false;
			break;
		default:
			previous = &scan->values[slot * scan->place_count + step->place];
			value = *previous += fmt__unzigzag(value);
		}
		if (step->to < FMT_SCAN_FIELDS)
			scan->now.value[step->to] = value;
	}
	return true;
}

static bool event_get(struct fmt_scan *scan, size_t *ret_kind)
{
	struct fmt__column *columns = scan->columns;
	uint64_t kind, dt;
	size_t thread;

	if (!fmt__column_u64(&columns[FMT__COLUMN_KIND], &kind) || kind >= scan->shape.kind_count ||
	    !fmt__column_thread(&columns[FMT__COLUMN_THREAD], &scan->shape, &thread) || !fmt__column_u64(&columns[FMT__COLUMN_TIME], &dt) ||
	    dt > INT64_MAX - scan->now.vtime)
		return false;
	scan->now.vtime += dt;
	scan->now.kind = scan->shape.kinds[kind].kind;
	scan->now.thread = (uint32_t)thread;
	*ret_kind = kind;
	return fields_get(scan, kind, thread);
}

/* What the columns do not tell: the whole event does. */
static int take_whole(struct fmt_scan *scan, const struct want *want, struct fmt_error *error)
{
	struct fmt_value values[FMT_FIELD_MAX];
	struct fmt_event event;
	const int failed = fmt_reader_event(scan->reader, scan->now.seq, &event, error);

	if (failed < 0)
		return failed;
	scan->now.known = fmt_event_values(&event, values) >= 0;
	for (uint8_t i = 0; i < want->count && scan->now.known; i++) {
		const struct fmt_value *value = &values[want->fields[i]];
		const bool frame = fmt_kind_info(want->kind)->fields[want->fields[i]].type == 'B';

		scan->now.value[i] = frame ? value->bytes.size : value->u;
		if (frame)
			scan->now.head = value->bytes.data;
	}
	return 1;
}

static bool has_rest(const struct fmt__column *column)
{
	return column->at != column->end;
}

/* At the ends of a chunk: it must be as its index says. */
static const char *complaint_at_end(const struct fmt_scan *scan)
{
	const struct fmt__chunk *chunk = &scan->reader->index.chunks[scan->next - 1];
	const struct fmt__column *columns = scan->columns;

	if ((scan->now.first && scan->now.vtime != chunk->t0) || (!scan->left && scan->now.vtime != chunk->t1))
		return "its times are not those of its events";
	if (!scan->left && (has_rest(&columns[FMT__COLUMN_KIND]) || has_rest(&columns[FMT__COLUMN_THREAD]) ||
			    has_rest(&columns[FMT__COLUMN_TIME])))
		return "there is something behind its last event";
	return NULL;
}

void fmt_scan_seek(struct fmt_scan *scan, event_seq seq)
{
	const struct fmt_reader *reader = scan->reader;

	scan->left = 0;
	scan->next = seq < fmt_reader_count(reader) ? fmt__reader_chunk_of(reader, seq) : reader->index.chunk_count;
}

int fmt_scan_next(struct fmt_scan *scan, const struct fmt_scanned **ret, struct fmt_error *error)
{
	size_t kind;

	if (scan->left) {
		scan->now.seq++;
		scan->now.first = false;
	} else {
		if (scan->next == scan->reader->index.chunk_count)
			return 0;
		const int failed = open_chunk(scan, error);

		if (failed < 0)
			return failed;
	}
	if (!event_get(scan, &kind))
		return damaged(scan, "one of its events is damaged", error);
	scan->left--;
	const char *complaint = scan->now.first || !scan->left ? complaint_at_end(scan) : NULL;

	if (complaint)
		return damaged(scan, complaint, error);
	scan->now.known = true;
	*ret = &scan->now;
	return scan->plans[kind].whole ? take_whole(scan, scan->plans[kind].want, error) : 1;
}

const struct fmt_scan_thread *fmt_scan_threads(const struct fmt_scan *scan, size_t *ret_count)
{
	*ret_count = scan->shape.thread_count;
	return (const struct fmt_scan_thread *)scan->shape.threads;
}
