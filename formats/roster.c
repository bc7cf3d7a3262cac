/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "text.h"

/* Where key is or belongs in a list that is sorted by the uint64_t that key_of() gives. */
#define FIND(list, count, key_of, wanted)                                                          \
	({                                                                                         \
		size_t low_ = 0, high_ = (count);                                                  \
		while (low_ < high_) {                                                             \
			const size_t middle_ = low_ + (high_ - low_) / 2;                          \
			if (key_of(&(list)[middle_]) < (wanted))                                   \
				low_ = middle_ + 1;                                                \
			else                                                                       \
				high_ = middle_;                                                   \
		}                                                                                  \
		low_;                                                                              \
	})

static uint64_t node_key(const struct fmt_roster_node *node)
{
	return node->id;
}

static uint64_t link_key(const struct fmt_roster_link *link)
{
	return link->id;
}

static uint64_t thread_key(const struct fmt_roster_thread *thread)
{
	return (uint64_t)thread->node << 32 | thread->tid;
}

/* Makes room for an element at a place; NULL: the list is full. */
static void *insert(void **list, size_t *count, size_t *capacity, size_t size, size_t at)
{
	CHECK(at <= *count);
	if (*count >= FMT_ROSTER_MAX)
		return NULL;
	if (*count == *capacity) {
		*capacity = *capacity ? *capacity * 2 : 16;
		*list = reallocarray(*list, *capacity, size);
		CHECK(*list);
	}
	uint8_t *const element = (uint8_t *)*list + at * size;

	memmove(element + size, element, (*count - at) * size);
	memset(element, 0, size);
	++*count;
	return element;
}

static void copy_text(char *to, size_t to_size, struct fmt_bytes text)
{
	_cleanup_(fmt_buf_done) struct fmt_buf escaped = {0};

	fmt_put_escaped(&escaped, text);
	fmt_buf_put(&escaped, "", 1);
	snprintf(to, to_size, "%s", (const char *)escaped.data);
}

static void learn_node(struct fmt_roster *roster, const struct fmt_event *event)
{
	struct fmt_ev_node ev;

	if (fmt_get_node(event, &ev) < 0 || ev.id > UINT32_MAX)
		return;
	const size_t at = FIND(roster->nodes, roster->node_count, node_key, ev.id);
	struct fmt_roster_node *node = &roster->nodes[at];

	if (at == roster->node_count || node->id != ev.id)
		node = insert((void **)&roster->nodes, &roster->node_count, &roster->node_capacity,
			      sizeof(*node), at);
	if (!node)
		return;
	node->id = (node_id)ev.id;
	copy_text(node->name, sizeof(node->name), ev.name);
	copy_text(node->address, sizeof(node->address), ev.address);
}

static void learn_link(struct fmt_roster *roster, const struct fmt_event *event)
{
	struct fmt_ev_link ev;

	if (fmt_get_link(event, &ev) < 0)
		return;
	const size_t at = FIND(roster->links, roster->link_count, link_key, ev.id);
	struct fmt_roster_link *link = &roster->links[at];

	if (at == roster->link_count || link->id != ev.id)
		link = insert((void **)&roster->links, &roster->link_count, &roster->link_capacity,
			      sizeof(*link), at);
	if (!link)
		return;
	*link = (struct fmt_roster_link){.id = ev.id, .node_a = ev.node_a, .node_b = ev.node_b};
	copy_text(link->if_a, sizeof(link->if_a), ev.if_a);
	copy_text(link->if_b, sizeof(link->if_b), ev.if_b);
}

static void name_thread(struct fmt_roster *roster, node_id node, uint32_t tid, const char *name)
{
	const struct fmt_roster_thread wanted = {.node = node, .tid = tid};
	const uint64_t key = thread_key(&wanted);
	const size_t at = FIND(roster->threads, roster->thread_count, thread_key, key);
	struct fmt_roster_thread *thread = &roster->threads[at];

	if (at == roster->thread_count || thread_key(thread) != key)
		thread = insert((void **)&roster->threads, &roster->thread_count,
				&roster->thread_capacity, sizeof(*thread), at);
	if (!thread)
		return;
	thread->node = node;
	thread->tid = tid;
	snprintf(thread->name, sizeof(thread->name), "%s", name);
}

/* A program is called by the last part of its path. */
static void learn_exec(struct fmt_roster *roster, const struct fmt_event *event)
{
	struct fmt_ev_exec ev;
	char name[64];

	if (fmt_get_exec(event, &ev) < 0)
		return;
	const uint8_t *slash = ev.path.size ? memrchr(ev.path.data, '/', ev.path.size) : NULL;

	if (slash)
		ev.path = (struct fmt_bytes){slash + 1,
					     (size_t)(ev.path.data + ev.path.size - slash - 1)};
	copy_text(name, sizeof(name), ev.path);
	name_thread(roster, event->node, event->tid, name);
}

static void learn_start(struct fmt_roster *roster, const struct fmt_event *event)
{
	struct fmt_ev_start ev;
	char name[64];

	if (fmt_get_start(event, &ev) < 0)
		return;
	copy_text(name, sizeof(name), ev.name);
	name_thread(roster, event->node, event->tid, name);
}

static void learn_clone(struct fmt_roster *roster, const struct fmt_event *event)
{
	struct fmt_ev_clone ev;

	if (fmt_get_clone(event, &ev) < 0 || ev.child_tid > UINT32_MAX)
		return;
	const char *parent = fmt_roster_thread(roster, event->node, event->tid);
	char name[64];

	if (!parent)
		return;
	/* The list that parent points into may move. */
	snprintf(name, sizeof(name), "%s", parent);
	name_thread(roster, event->node, (uint32_t)ev.child_tid, name);
}

void fmt_roster_learn(struct fmt_roster *roster, const struct fmt_event *event)
{
	switch (event->kind) {
	case FMT_node:
		learn_node(roster, event);
		return;
	case FMT_link:
		learn_link(roster, event);
		return;
	case FMT_start:
		learn_start(roster, event);
		return;
	case FMT_exec:
		learn_exec(roster, event);
		return;
	case FMT_clone:
		learn_clone(roster, event);
		return;
	}
}

void fmt_roster_done(struct fmt_roster *roster)
{
	free(roster->nodes);
	free(roster->links);
	free(roster->threads);
	*roster = (struct fmt_roster){0};
}

const char *fmt_roster_node(const struct fmt_roster *roster, node_id node, char buf[16])
{
	const size_t at = FIND(roster->nodes, roster->node_count, node_key, node);

	if (at < roster->node_count && roster->nodes[at].id == node && roster->nodes[at].name[0] &&
	    !strchr(roster->nodes[at].name, ' '))
		return roster->nodes[at].name;
	if (node == 0)
		return "-";
	snprintf(buf, 16, "n%u", node);
	return buf;
}

const struct fmt_roster_link *fmt_roster_link(const struct fmt_roster *roster, uint64_t id)
{
	const size_t at = FIND(roster->links, roster->link_count, link_key, id);

	return at < roster->link_count && roster->links[at].id == id ? &roster->links[at] : NULL;
}

const char *fmt_roster_thread(const struct fmt_roster *roster, node_id node, uint32_t tid)
{
	const struct fmt_roster_thread wanted = {.node = node, .tid = tid};
	const uint64_t key = thread_key(&wanted);
	const size_t at = FIND(roster->threads, roster->thread_count, thread_key, key);

	return at < roster->thread_count && thread_key(&roster->threads[at]) == key ?
		       roster->threads[at].name : NULL;
}
