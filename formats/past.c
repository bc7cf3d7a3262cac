/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * past.c - what must still be told of a run when its beginning is gone.
 *
 * Each event that lasts is kept as a record, at the thing that it is about, and goes with it:
 *
 *	a thread	its birth, its programs, its end; as long as it lives, or something that it made is told of.  The first thread
 *			of a process is there as long as any other one, and some time longer: a state shows who has just ended.
 *	a packet	how it was sent, copied, damaged; until it has arrived or is lost, and so have its copies
 *	a place		the latest event about it: where a node is, whether an interface has a carrier, what a link has become
 *	the run		nodes, links, files, clocks: for ever
 *
 * So the memory is that of what there is, but for ancestors: a child is told of by its parent, and that by its own, up to the first.
 */
#include "past.h"

#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "trace.h"

#define BUCKETS 4096u	/* of each table; a power of two */

/* A record that is kept. */
struct piece {
	struct piece *next;		/* of the same thing, the newest first */
	uint64_t order;
	size_t size;
	uint8_t bytes[];
};

struct thread {
	struct thread *bucket;		/* the next with the same hash */
	struct thread *next, **prev_next;	/* of all */
	struct thread *creator;		/* a share; NULL: the experiment */
	struct thread *leader;		/* of its process; itself */
	struct piece *pieces;
	uint64_t key;			/* node << 32 | tid */
	unsigned refs;			/* those that live, those it made, and of a leader: living threads, and being shown */
	unsigned living;		/* of a leader: threads of the process */
	bool alive, listed;		/* listed: the table knows it */
};

/* Who ended last on a node. */
struct ended {
	struct ended *next;
	node_id node;
	struct thread *leaders[FMT_PAST_ENDED_MAX];	/* shares */
	unsigned count, oldest;
};

struct packet {
	struct packet *bucket;
	struct packet *next, **prev_next;
	struct packet *original;	/* a share; NULL: it is none's copy */
	struct piece *pieces;
	uint64_t id;
	unsigned refs;			/* being under way, and copies */
	bool over;
};

/* A place about which only the latest event counts. */
struct place {
	struct place *bucket;
	struct piece *piece;
	size_t key_size;
	uint8_t key[];
};

struct fmt_past {
	uint64_t order;			/* of the next record */
	struct piece *run;
	struct thread *threads, *thread_table[BUCKETS];
	struct packet *packets, *packet_table[BUCKETS];
	struct place *place_table[BUCKETS];
	struct ended *ended;
	struct fmt_buf scratch, key;
};

/* ---- pieces ---- */

static struct piece *piece_new(struct fmt_past *past, const struct fmt_event *event)
{
	fmt_buf_clear(&past->scratch);
	fmt_record_put(&past->scratch, event);
	struct piece *piece = malloc(sizeof(*piece) + past->scratch.size);

	CHECK(piece);
	*piece = (struct piece){.order = past->order++, .size = past->scratch.size};
	memcpy(piece->bytes, past->scratch.data, past->scratch.size);
	return piece;
}

static void piece_add(struct fmt_past *past, struct piece **list, const struct fmt_event *event)
{
	struct piece *piece = piece_new(past, event);

	piece->next = *list;
	*list = piece;
}

static void pieces_free(struct piece *piece)
{
	for (struct piece *next; piece; piece = next) {
		next = piece->next;
		free(piece);
	}
}

/* Those of a kind go. */
static void pieces_drop(struct piece **list, uint32_t kind)
{
	struct fmt_event event;

	while (*list) {
		struct piece *piece = *list;
		size_t pos = 0;

		CHECK(fmt_record_next(piece->bytes, piece->size, &pos, &event) == 1);
		if (event.kind != kind) {
			list = &piece->next;
			continue;
		}
		*list = piece->next;
		free(piece);
	}
}

static size_t bucket_of(uint64_t key)
{
	return (key * 0x9e3779b97f4a7c15u) >> 52;
}
_Static_assert(BUCKETS == 1u << (64 - 52), "the upper bits number the buckets");

/* ---- threads ---- */

static uint64_t thread_key(node_id node, uint64_t tid)
{
	return (uint64_t)node << 32 | (uint32_t)tid;
}

static struct thread *thread_find(const struct fmt_past *past, uint64_t key)
{
	struct thread *thread = past->thread_table[bucket_of(key)];

	while (thread && thread->key != key)
		thread = thread->bucket;
	return thread;
}

static void thread_unlist(struct fmt_past *past, struct thread *thread)
{
	struct thread **at = &past->thread_table[bucket_of(thread->key)];

	if (!thread->listed)
		return;
	while (*at != thread)
		at = &(*at)->bucket;
	*at = thread->bucket;
	thread->listed = false;
}

/* Takes one share, and with the last the thread, and with that what it had a share of. */
static void thread_unref(struct fmt_past *past, struct thread *thread)
{
	while (thread && --thread->refs == 0) {
		struct thread *creator = thread->creator;

		CHECK(!thread->alive);
		thread_unlist(past, thread);
		*thread->prev_next = thread->next;
		if (thread->next)
			thread->next->prev_next = thread->prev_next;
		pieces_free(thread->pieces);
		free(thread);
		thread = creator;
	}
}

static void thread_lives(struct thread *thread)
{
	thread->alive = true;
	thread->refs++;
	thread->leader->refs++;
	thread->leader->living++;
}

/* A leader stays known while its process lives: an exec by another thread comes under its number. */
static void thread_dies(struct fmt_past *past, struct thread *thread)
{
	struct thread *leader = thread->leader;

	if (!thread->alive)
		return;
	thread->alive = false;
	leader->living--;
	if (thread != leader)
		thread_unlist(past, thread);
	thread_unref(past, thread);
	thread_unref(past, leader);
}

static void thread_new(struct fmt_past *past, uint64_t key, struct thread *creator, struct thread *leader,
		       const struct fmt_event *event)
{
	struct thread *old = thread_find(past, key);
	struct thread *thread = calloc(1, sizeof(*thread));

	CHECK(thread);
	if (old)
		thread_unlist(past, old);	/* its number is used again */
	*thread = (struct thread){.bucket = past->thread_table[bucket_of(key)], .next = past->threads,
				  .prev_next = &past->threads, .creator = creator, .leader = leader ? leader : thread,
				  .key = key, .listed = true};
	past->thread_table[bucket_of(key)] = thread;
	if (thread->next)
		thread->next->prev_next = &thread->next;
	past->threads = thread;
	if (creator)
		creator->refs++;
	piece_add(past, &thread->pieces, event);
	thread_lives(thread);
}

/* All threads of a process but one (NULL: all) are gone. */
static void end_threads(struct fmt_past *past, const struct thread *leader, const struct thread *except)
{
	for (struct thread *t = past->threads, *next; t; t = next) {
		next = t->next;
		/* Freeing one may free its ancestors as well, which are behind it in the list: begin again. */
		if (t->leader != leader || t == except || !t->alive)
			continue;
		thread_dies(past, t);
		next = past->threads;
	}
}

static struct ended *ended_of(struct fmt_past *past, node_id node)
{
	struct ended *ended = past->ended;

	while (ended && ended->node != node)
		ended = ended->next;
	if (ended)
		return ended;
	ended = calloc(1, sizeof(*ended));
	CHECK(ended);
	*ended = (struct ended){.next = past->ended, .node = node};
	past->ended = ended;
	return ended;
}

/* The process is shown as ended, in place of the one that ended first when there are many. */
static void show_ended(struct fmt_past *past, node_id node, struct thread *leader)
{
	struct ended *ended = ended_of(past, node);

	leader->refs++;
	if (ended->count < FMT_PAST_ENDED_MAX) {
		ended->leaders[ended->count++] = leader;
		return;
	}
	struct thread *first = ended->leaders[ended->oldest];

	ended->leaders[ended->oldest] = leader;
	ended->oldest = (ended->oldest + 1) % FMT_PAST_ENDED_MAX;
	thread_unref(past, first);
}

static void learn_start(struct fmt_past *past, const struct fmt_event *event)
{
	struct fmt_ev_start ev;

	if (fmt_get_start(event, &ev) == 0)
		thread_new(past, thread_key(event->node, ev.pid), NULL, NULL, event);
}

static void learn_clone(struct fmt_past *past, const struct fmt_event *event)
{
	struct thread *creator = thread_find(past, thread_key(event->node, event->tid));
	struct fmt_ev_clone ev;

	if (!creator || fmt_get_clone(event, &ev) < 0)
		return;
	thread_new(past, thread_key(event->node, ev.child_tid), creator,
		   ev.child_pid == ev.child_tid ? NULL : creator->leader, event);
}

/* The name of the program without its image. */
static void learn_exec(struct fmt_past *past, const struct fmt_event *event)
{
	struct fmt_buf record = {0};
	struct fmt_event bare;
	struct fmt_ev_exec ev;
	size_t pos = 0;

	if (fmt_get_exec(event, &ev) < 0)
		return;
	struct thread *leader = thread_find(past, thread_key(event->node, ev.pid));

	if (!leader || leader->leader != leader || !leader->living)
		return;
	ev.effects = ev.regs = (struct fmt_bytes){NULL, 0};
	fmt_put_exec(&record, event->vtime, event->node, event->tid, &ev);
	CHECK(fmt_record_next(record.data, record.size, &pos, &bare) == 1);
	piece_add(past, &leader->pieces, &bare);
	fmt_buf_done(&record);
	if (!leader->alive)
		thread_lives(leader);
	if (leader->living > 1)
		end_threads(past, leader, leader);
}

/* The end of its last thread is the process's.  It is told of the first thread, which is there even when the last one is not told of:
 * a thread of Java's calls exit() and goes after all others. */
static void learn_exit(struct fmt_past *past, const struct fmt_event *event)
{
	struct thread *thread = thread_find(past, thread_key(event->node, event->tid));
	struct fmt_ev_exit ev;

	if (!thread || !thread->alive || fmt_get_exit(event, &ev) < 0)
		return;
	struct thread *leader = thread->leader;

	leader->refs++;
	ev.effects = (struct fmt_bytes){NULL, 0};
	struct fmt_buf record = {0};
	struct fmt_event bare;
	size_t pos = 0;

	if (ev.last)
		pieces_drop(&leader->pieces, FMT_exit);
	fmt_put_exit(&record, event->vtime, event->node, ev.last ? (uint32_t)leader->key : event->tid, &ev);
	CHECK(fmt_record_next(record.data, record.size, &pos, &bare) == 1);
	piece_add(past, ev.last ? &leader->pieces : &thread->pieces, &bare);
	fmt_buf_done(&record);
	thread_dies(past, thread);
	if (ev.last && leader->living)
		end_threads(past, leader, NULL);
	if (!leader->living) {
		thread_unlist(past, leader);
		show_ended(past, event->node, leader);
	}
	thread_unref(past, leader);
}

/* Its kernel is gone, and all processes with it. */
static void lose_node(struct fmt_past *past, node_id node)
{
	struct ended *ended = ended_of(past, node);

	for (struct thread *t = past->threads, *next; t; t = next) {
		next = t->next;
		if (t->key >> 32 != node || !t->alive)
			continue;
		thread_dies(past, t);
		next = past->threads;
	}
	while (ended->count)
		thread_unref(past, ended->leaders[--ended->count]);
	ended->oldest = 0;
}

/* ---- packets ---- */

static struct packet *packet_find(const struct fmt_past *past, uint64_t id)
{
	struct packet *packet = past->packet_table[bucket_of(id)];

	while (packet && packet->id != id)
		packet = packet->bucket;
	return packet;
}

static void packet_unref(struct fmt_past *past, struct packet *packet)
{
	while (packet && --packet->refs == 0) {
		struct packet *original = packet->original;
		struct packet **at = &past->packet_table[bucket_of(packet->id)];

		while (*at != packet)
			at = &(*at)->bucket;
		*at = packet->bucket;
		*packet->prev_next = packet->next;
		if (packet->next)
			packet->next->prev_next = packet->prev_next;
		pieces_free(packet->pieces);
		free(packet);
		packet = original;
	}
}

static void packet_new(struct fmt_past *past, uint64_t id, struct packet *original, const struct fmt_event *event)
{
	if (packet_find(past, id))
		return;			/* no two packets have one number */
	struct packet *packet = calloc(1, sizeof(*packet));

	CHECK(packet);
	*packet = (struct packet){.bucket = past->packet_table[bucket_of(id)], .next = past->packets,
				  .prev_next = &past->packets, .original = original, .id = id, .refs = 1};
	past->packet_table[bucket_of(id)] = packet;
	if (packet->next)
		packet->next->prev_next = &packet->next;
	past->packets = packet;
	if (original)
		original->refs++;
	piece_add(past, &packet->pieces, event);
}

static void learn_packet(struct fmt_past *past, const struct fmt_event *event)
{
	struct fmt_value values[FMT_FIELD_MAX];

	/* Link, interface, packet: all of these begin alike. */
	if (fmt_event_values(event, values) < 3)
		return;
	const uint64_t id = values[2].u;
	struct packet *packet = packet_find(past, id);

	if (event->kind == FMT_packet_send) {
		packet_new(past, id, NULL, event);
	} else if (event->kind == FMT_packet_copy) {
		struct packet *original = packet_find(past, values[3].u);

		if (original)
			packet_new(past, id, original, event);
	} else if (packet && !packet->over) {
		piece_add(past, &packet->pieces, event);
		packet->over = event->kind != FMT_packet_corrupt;
		if (packet->over)
			packet_unref(past, packet);
	}
}

/* ---- places ---- */

/* The names of NAME=VALUE words: a change is superseded by a later one of the same things. */
static void put_names(struct fmt_buf *key, struct fmt_bytes words)
{
	bool name = true;

	for (size_t i = 0; i < words.size; i++) {
		const uint8_t c = words.data[i];

		name = c == ' ' || (name && c != '=');
		if (name)
			fmt_buf_put(key, &c, 1);
	}
}

static void learn_place(struct fmt_past *past, const struct fmt_event *event)
{
	struct fmt_value values[FMT_FIELD_MAX];
	const uint32_t head[2] = {event->kind, event->kind == FMT_carrier ? event->node : 0};

	if (fmt_event_values(event, values) < 2)
		return;
	fmt_buf_clear(&past->key);
	fmt_buf_put(&past->key, head, sizeof(head));
	fmt_buf_put(&past->key, &values[0].u, sizeof(values[0].u));
	if (event->kind == FMT_link_change) {
		fmt_buf_put(&past->key, &values[1].u, sizeof(values[1].u));
		put_names(&past->key, values[2].bytes);
	}
	uint64_t hash = 0xcbf29ce484222325u;	/* FNV-1a */

	for (size_t i = 0; i < past->key.size; i++)
		hash = (hash ^ past->key.data[i]) * 0x100000001b3u;
	struct place **first = &past->place_table[bucket_of(hash)], *place = *first;

	while (place && (place->key_size != past->key.size || memcmp(place->key, past->key.data, place->key_size) != 0))
		place = place->bucket;
	if (!place) {
		place = malloc(sizeof(*place) + past->key.size);
		CHECK(place);
		*place = (struct place){.bucket = *first, .key_size = past->key.size};
		memcpy(place->key, past->key.data, past->key.size);
		*first = place;
	}
	free(place->piece);
	place->piece = piece_new(past, event);
}

/* ---- all ---- */

void fmt_past_learn(struct fmt_past *past, const struct fmt_event *event)
{
	switch (event->kind) {
	case FMT_node_down:
	case FMT_node_up:
		lose_node(past, event->node);
		piece_add(past, &past->run, event);
		return;
	case FMT_node:
	case FMT_link:
	case FMT_medium:
	case FMT_pair:
	case FMT_file:
	case FMT_clock:
	case FMT_panic:
		piece_add(past, &past->run, event);
		return;
	case FMT_position:
	case FMT_carrier:
	case FMT_link_change:
		learn_place(past, event);
		return;
	case FMT_start:
		learn_start(past, event);
		return;
	case FMT_clone:
		learn_clone(past, event);
		return;
	case FMT_exec:
		learn_exec(past, event);
		return;
	case FMT_exit:
		learn_exit(past, event);
		return;
	case FMT_packet_send:
	case FMT_packet_drop:
	case FMT_packet_recv:
	case FMT_packet_copy:
	case FMT_packet_corrupt:
		learn_packet(past, event);
		return;
	}
}

struct fmt_past *fmt_past_new(void)
{
	struct fmt_past *past = calloc(1, sizeof(*past));

	CHECK(past);
	return past;
}

static void places_free(struct place *place)
{
	for (struct place *next; place; place = next) {
		next = place->bucket;
		free(place->piece);
		free(place);
	}
}

void fmt_past_free(struct fmt_past *past)
{
	if (!past)
		return;
	pieces_free(past->run);
	for (struct thread *t = past->threads, *next; t; t = next) {
		next = t->next;
		pieces_free(t->pieces);
		free(t);
	}
	for (struct packet *p = past->packets, *next; p; p = next) {
		next = p->next;
		pieces_free(p->pieces);
		free(p);
	}
	for (size_t i = 0; i < BUCKETS; i++)
		places_free(past->place_table[i]);
	for (struct ended *e = past->ended, *next; e; e = next) {
		next = e->next;
		free(e);
	}
	fmt_buf_done(&past->scratch);
	fmt_buf_done(&past->key);
	free(past);
}

struct chosen {
	const struct piece *piece;
	bool ended;			/* it is of a process that lives no more */
};

struct choice {
	struct chosen *list;
	size_t count, capacity;
};

static void choose(struct choice *choice, const struct piece *piece, bool ended)
{
	for (; piece; piece = piece->next) {
		if (choice->count == choice->capacity) {
			choice->capacity = choice->capacity ? 2 * choice->capacity : 256;
			choice->list = reallocarray(choice->list, choice->capacity, sizeof(*choice->list));
			CHECK(choice->list);
		}
		choice->list[choice->count++] = (struct chosen){piece, ended};
	}
}

static int compare_order(const void *a, const void *b)
{
	const uint64_t x = ((const struct chosen *)a)->piece->order, y = ((const struct chosen *)b)->piece->order;

	return (x > y) - (x < y);
}

static void put_chosen(const struct chosen *chosen, struct fmt_buf *records)
{
	struct fmt_event event;
	struct fmt_ev_exec ev;
	size_t pos = 0;

	CHECK(fmt_record_next(chosen->piece->bytes, chosen->piece->size, &pos, &event) == 1);
	if (!chosen->ended || event.kind != FMT_exec || fmt_get_exec(&event, &ev) < 0) {
		fmt_buf_put(records, chosen->piece->bytes, chosen->piece->size);
		return;
	}
	ev.file = ev.interp = 0;
	fmt_put_exec(records, event.vtime, event.node, event.tid, &ev);
}

void fmt_past_put(const struct fmt_past *past, struct fmt_buf *records)
{
	struct choice choice = {0};

	choose(&choice, past->run, /* ended= */ false);
	for (const struct thread *t = past->threads; t; t = t->next)
		choose(&choice, t->pieces, !t->leader->living);
	for (const struct packet *p = past->packets; p; p = p->next)
		choose(&choice, p->pieces, /* ended= */ false);
	for (size_t i = 0; i < BUCKETS; i++)
		for (const struct place *place = past->place_table[i]; place; place = place->bucket)
			choose(&choice, place->piece, /* ended= */ false);
	if (choice.count)
		qsort(choice.list, choice.count, sizeof(*choice.list), compare_order);
	for (size_t i = 0; i < choice.count; i++)
		put_chosen(&choice.list[i], records);
	free(choice.list);
}
