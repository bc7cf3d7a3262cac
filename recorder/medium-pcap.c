/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * medium-pcap.c - traffic that was captured elsewhere: the frames of a file leave onto the medium's link at their times.
 *
 * What comes back is taken and forgotten: nobody is there who could answer.
 */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "medium-int.h"

static void *pcap_init(struct rec_medium *medium)
{
	const struct rec_exp_medium *exp = medium->exp;

	for (size_t i = 0; i < exp->frame_count; i++) {
		const struct rec_exp_frame *frame = &exp->frames[i];
		struct rec_packet *packet = malloc(sizeof(*packet) + frame->size);

		CHECK(packet);
		*packet = (struct rec_packet) { .arrive_ns = frame->at, .packet = medium->outbound_count++,
						.src = medium->id, .dst = rec__medium_peer(medium, 0)->node,
						.size = frame->size };
		memcpy(packet->frame, frame->bytes, frame->size);
		rec_flight_add(&medium->outbound, packet);
	}
	return NULL;
}

static const char *pcap_frame(struct rec_medium *medium, const struct rec_packet *packet)
{
	return NULL;
}

const struct rec_medium_ops rec__medium_pcap = { pcap_init, pcap_frame, NULL };
