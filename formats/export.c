/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "export.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "export-int.h"

static const struct {
	const char *name;
	fmt__export_function *function;
} formats[] = {
	{"pcap", fmt__export_pcap}, {"pcapng", fmt__export_pcapng},	{"csv", fmt__export_csv},
	{"json", fmt__export_json},	{"shiviz", fmt__export_shiviz},
	{"perfetto", fmt__export_perfetto}, {"svg", fmt__export_svg},
	{"dot", fmt__export_dot},
};

const char *fmt_export_formats(void)
{
	return "pcap, pcapng, csv, json, shiviz, perfetto, svg, dot";
}

int fmt__export_refuse(struct fmt_error *error, const char *format, ...)
{
	va_list args;

	if (error) {
		va_start(args, format);
		vsnprintf(error->text, sizeof(error->text), format, args);
		va_end(args);
	}
	return -EINVAL;
}

int fmt_export(struct fmt_reader *r, const char *format, FILE *out,
	       const struct fmt_export_options *options, struct fmt_error *error)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(formats[i].name, format) != 0)
			continue;
		const int failed = formats[i].function(r, out, options, error);

		if (failed < 0)
			return failed;
		if (fflush(out) == 0 && !ferror(out))
			return 0;
		fmt__export_refuse(error, "cannot write: %s", strerror(errno));
		return -EIO;
	}
	return fmt__export_refuse(error, "there is no format %s; there are %s", format,
				  fmt_export_formats());
}
