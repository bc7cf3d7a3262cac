/* SPDX-License-Identifier: GPL-2.0-or-later */
/* export.h - a trace in the formats of other programs. */
#ifndef FMT_EXPORT_H
#define FMT_EXPORT_H

#include <stdio.h>

#include "trace.h"

struct fmt_export_options {
	const char *filter;	/* of events; may be NULL */
	const char *node;	/* pcap, pcapng: what passes the interfaces of this node; NULL: see export-pcap.c */
	const char *interface;	/* of that node, only this one; NULL: all */
	/* pcap, pcapng: asked now and then, with events done and all; false: it ends with -ECANCELED.  NULL: nobody asks. */
	bool (*go_on)(void *data, uint64_t done, uint64_t count);
	void *go_on_data;
};

/* "pcap, csv, json, ..." */
const char *fmt_export_formats(void);
/* Writes a trace as format to out.  0; -EINVAL: there is no such format or node, or the filter makes no sense; -EBADMSG; -EIO:
 * out could not be written. */
int fmt_export(struct fmt_reader *r, const char *format, FILE *out,
	       const struct fmt_export_options *options, struct fmt_error *error);

#endif
