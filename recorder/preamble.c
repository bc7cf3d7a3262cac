/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "preamble.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"

/* The processor that programs see (vcpu.c); the number changes with what it can do. */
#define CPU "hindcast-1"

int rec_preamble_kernel(const char *path, uint8_t ret_hash[FMT_HASH_SIZE])
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t size;

	return fd < 0 ? -errno : fmt_hash_fd(fd, ret_hash, &size);
}

static int put(struct fmt_writer *writer, const char *key, const char *value)
{
	return fmt_writer_meta(writer, key, value, strlen(value));
}

int rec_preamble_meta(struct fmt_writer *writer, const struct rec_experiment *exp,
		      const uint8_t kernel[FMT_HASH_SIZE])
{
	char seed[32], model[120], hex[2 * FMT_HASH_SIZE + 1];

	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)exp->seed);
	snprintf(model, sizeof(model), "syscall=%lluns clock=%lluns realtime=%lluns",
		 (unsigned long long)exp->syscall_cost_ns, (unsigned long long)exp->clock_cost_ns,
		 (unsigned long long)exp->realtime_ns);
	for (unsigned int i = 0; i < FMT_HASH_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", kernel[i]);
	return fmt_writer_meta(writer, "experiment", exp->text, exp->text_size)
		?: put(writer, "seed", seed) ?: put(writer, "kernel", hex)
		?: put(writer, "model", model) ?: put(writer, "cpu", CPU);
}

static struct fmt_bytes text(const char *string)
{
	return (struct fmt_bytes){(const uint8_t *)string, strlen(string)};
}

/* The address is that of the first interface, empty without one. */
static void put_node(struct fmt_buf *records, const struct rec_experiment *exp, node_id id)
{
	struct fmt_ev_node ev = {.id = id, .name = text(exp->nodes[id - 1].name)};

	for (size_t i = 0; i < 2 * exp->link_count && !ev.address.size; i++)
		if (exp->links[i / 2].end[i % 2].node == id)
			ev.address = text(exp->links[i / 2].end[i % 2].ipv4);
	fmt_put_node(records, 0, 0, 0, &ev);
}

/* The figures from a to b; the experiment's text has the rest. */
static void put_link(struct fmt_buf *records, const struct rec_exp_link *link)
{
	const struct fmt_ev_link ev = {
		.id = link->id,
		.node_a = link->end[0].node,
		.if_a = text(link->end[0].if_name),
		.node_b = link->end[1].node,
		.if_b = text(link->end[1].if_name),
		.rate_bps = link->end[0].out.rate_bps,
		.delay_ns = link->end[0].out.delay_ns,
		.loss_ppb = link->end[0].out.loss_ppb,
	};

	fmt_put_link(records, 0, 0, 0, &ev);
}

static void put_medium(struct fmt_buf *records, node_id id, const struct rec_exp_medium *medium)
{
	static const char *const names[] = {
#define MEDIUM(kind) [REC_MEDIUM_##kind] = #kind,
#include "media.def"
#undef MEDIUM
	};

	fmt_put_medium(records, 0, 0, 0, &(struct fmt_ev_medium){.id = id, .type = text(names[medium->kind])});
}

static void put_pair(struct fmt_buf *records, const struct rec_exp_link *pair)
{
	fmt_put_pair(records, 0, 0, 0, &(struct fmt_ev_pair){
		.id = pair->id, .node_a = pair->end[0].node, .node_b = pair->end[1].node});
}

void rec_preamble_events(const struct rec_experiment *exp, struct fmt_buf *records)
{
	for (node_id id = 1; id <= exp->node_count; id++)
		put_node(records, exp, id);
	for (size_t i = 0; i < exp->link_count; i++)
		put_link(records, &exp->links[i]);
	for (node_id id = 1; id <= exp->node_count; id++)
		if (exp->nodes[id - 1].medium)
			put_medium(records, id, exp->nodes[id - 1].medium);
	for (size_t i = 0; i < exp->pair_count; i++)
		put_pair(records, &exp->pairs[i]);
}
