/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * medium-radio.c - a radio channel: whoever is connected to the sender at that moment hears it.
 *
 * Who is connected, and how fast and far apart they are, are the pairs of the experiment, which movement and contact
 * plans change over time.  A frame for one station reaches the stations with that address alone: the others would hear it, too, but
 * their cards would not pass it on, and it would only make the trace longer.
 */
#include <string.h>

#include "medium-int.h"

static const char *radio_frame(struct rec_medium *medium, const struct rec_packet *packet)
{
	bool found = rec__eth_is_group(rec__eth_to(packet));

	for (uint32_t port = 0; port < medium->end_count; port++) {
		const bool meant = !memcmp(rec__medium_peer(medium, port)->mac, rec__eth_to(packet), 6);

		if (port == packet->dst_ifid || (!meant && !rec__eth_is_group(rec__eth_to(packet))))
			continue;
		rec__medium_forward(medium, packet, port, 0);
		found = true;
	}
	return found ? NULL : "no such station";
}

const struct rec_medium_ops rec__medium_radio = { NULL, radio_frame, NULL };
