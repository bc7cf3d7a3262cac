/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mesh.h - a trace of four nodes that send each other packets at random: some are lost, overtake each other, or are made twice. */
#ifndef TEST_MESH_H
#define TEST_MESH_H

#include "run-for-tests.h"

struct mesh {
	uint64_t state;			/* of chance */
	struct fmt_writer *writer;
	struct fmt_buf buf;
	vtime_ns now;
	/* on their way, in no order */
	struct {
		uint64_t packet;
		vtime_ns at;
		node_id to;
		uint64_t link;
	} way[64];
	uint32_t on_way;
};

static inline uint64_t chance(struct mesh *mesh, uint64_t below)
{
	mesh->state ^= mesh->state << 13;
	mesh->state ^= mesh->state >> 7;
	mesh->state ^= mesh->state << 17;
	return mesh->state % below;
}

/* What has to arrive until a time does so, the earliest first. */
static inline void mesh_arrive(struct mesh *mesh, vtime_ns until)
{
	for (;;) {
		uint32_t first = 64;

		for (uint32_t i = 0; i < mesh->on_way; i++)
			if (mesh->way[i].at <= until && (first == 64 || mesh->way[i].at < mesh->way[first].at))
				first = i;
		if (first == 64)
			return;
		fmt_put_packet_recv(&mesh->buf, mesh->way[first].at, mesh->way[first].to, 0, &(struct fmt_ev_packet_recv){
			.link = mesh->way[first].link, .packet = mesh->way[first].packet, .size = sizeof(run_frame)});
		mesh->way[first] = mesh->way[--mesh->on_way];
	}
}

static inline void mesh_send(struct mesh *mesh, uint64_t number)
{
	const node_id from = 1 + (node_id)chance(mesh, 4), to = 1 + (from + (node_id)chance(mesh, 3)) % 4;
	const node_id low = from < to ? from : to, high = from < to ? to : from;
	const uint64_t link = low * 8 + high, packet = (uint64_t)from << 40 | number;
	const vtime_ns at = mesh->now;

	fmt_put_packet_send(&mesh->buf, at, from, 0, &(struct fmt_ev_packet_send){
		.link = link, .packet = packet, .depart_ns = at, .frame = {run_frame, sizeof(run_frame)}});
	if (chance(mesh, 8) == 0) {
		fmt_put_packet_drop(&mesh->buf, at, from, 0, &(struct fmt_ev_packet_drop){
			.link = link, .packet = packet, .reason = T("loss")});
		return;
	}
	mesh->way[mesh->on_way].packet = packet;
	mesh->way[mesh->on_way].at = at + 100 + chance(mesh, 5000);
	mesh->way[mesh->on_way].to = to;
	mesh->way[mesh->on_way++].link = link;
	if (chance(mesh, 8) == 0) {
		fmt_put_packet_copy(&mesh->buf, at, from, 0, &(struct fmt_ev_packet_copy){
			.link = link, .packet = packet | 1ull << 39, .original = packet});
		mesh->way[mesh->on_way] = mesh->way[mesh->on_way - 1];
		mesh->way[mesh->on_way].at += 300;
		mesh->way[mesh->on_way++].packet |= 1ull << 39;
	}
}

/* 0, -errno. */
static inline int write_mesh(const char *path, uint64_t seed, uint32_t count)
{
	static const char *const names[] = {"a", "b", "c", "d"};
	struct mesh mesh = {.state = seed * 2654435761u + 1};
	int r = fmt_writer_new(path, &mesh.writer);

	for (node_id node = 1; node <= 4; node++)
		fmt_put_node(&mesh.buf, 0, 0, 0, &(struct fmt_ev_node){node, {(const uint8_t *)names[node - 1], 1}, T("-"), T("-")});
	for (node_id low = 1; low <= 4; low++)
		for (node_id high = low + 1; high <= 4; high++)
			fmt_put_link(&mesh.buf, 0, 0, 0, &(struct fmt_ev_link){low * 8 + high, low, T("e"), high, T("e"), 0, 100, 0});
	for (uint32_t i = 0; i < count; i++) {
		mesh.now += chance(&mesh, 400);
		mesh_arrive(&mesh, mesh.on_way > 60 ? mesh.now + 6000 : mesh.now);
		mesh.now = mesh.on_way ? mesh.now : mesh.now + 6000;
		mesh_send(&mesh, i + 1);
	}
	mesh_arrive(&mesh, UINT64_MAX);
	if (r == 0)
		r = write_records(mesh.writer, &mesh.buf);
	fmt_buf_done(&mesh.buf);
	return r < 0 ? r : fmt_writer_finish(mesh.writer, NULL);
}

#endif
