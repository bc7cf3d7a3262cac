/* SPDX-License-Identifier: GPL-2.0-or-later */
/* export-int.h - the formats, each a function with the contract of fmt_export(). */
#ifndef FMT_EXPORT_INT_H
#define FMT_EXPORT_INT_H

#include "export.h"
#include "walk.h"

typedef int fmt__export_function(struct fmt_reader *r, FILE *out,
				 const struct fmt_export_options *options, struct fmt_error *error);

fmt__export_function fmt__export_pcap, fmt__export_pcapng, fmt__export_csv, fmt__export_json, fmt__export_shiviz,
	fmt__export_perfetto, fmt__export_svg, fmt__export_dot;

/* What a person calls an event; false: nothing that matters to who looks at messages between nodes. */
bool fmt__export_title(struct fmt_buf *out, const struct fmt_event *event, const struct fmt_packet *packet);

/* Fills error and returns -EINVAL. */
__attribute__((format(printf, 2, 3))) int fmt__export_refuse(struct fmt_error *error,
							      const char *format, ...);

#endif
