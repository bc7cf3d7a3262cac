/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compare-export.c - a comparison as a file: JSON, which is what `hindcast diff --json` says; text, as of diff -u; a page of HTML.
 *
 * Text and page tell each difference in turn, with what the node did just before and after.  It is done in a thread, since both traces are
 * read for it.
 */
#include "compare-int.h"

#include <errno.h>
#include <stdio.h>

#include "saving.h"
#include "summary.h"

DEFINE_CLEANUP(struct fmt_reader *, fmt_reader_close)

#define CONTEXT 3u		/* events in common before and behind a difference */

struct export {
	struct insp_compared *of;
	struct insp_saving *saving;
	FILE *out;
	bool html, json;
	struct fmt_reader *reader[2];
	struct fmt_buf scratch;
	uint64_t told;			/* events of differences, of either run */
	int result;
};

static void export_free(gpointer data)
{
	struct export *export = data;

	insp__compared_unref(export->of);
	for (int side = 0; side < 2; side++)
		fmt_reader_close(export->reader[side]);
	fmt_buf_done(&export->scratch);
	g_free(export);
}

/* An event of a difference more is told. */
static void count_event(struct export *export)
{
	const struct insp_pair *pair = export->of->pair;
	const uint64_t all = 2ull * pair->changed + pair->alone[0] + pair->alone[1];

	if (export->told++ % 256 == 0 && !insp__saving_goes(export->saving, export->told, all))
		export->result = -ECANCELED;
}

static const struct insp_run *run_of(const struct export *export, int side)
{
	return export->of->pair->run[side];
}

/* "@812  1.012 345 678  packet-send  ..."; "" for INSP_NONE. */
static char *line_of(struct export *export, int side, uint32_t seq)
{
	struct fmt_event event;
	char time[48];
	vtime_ns ran;

	if (seq == INSP_NONE)
		return g_strdup("");
	const int r = fmt_reader_event(export->reader[side], seq, &event, insp__saving_reason(export->saving));

	if (r < 0) {
		export->result = r;
		return g_strdup("");
	}
	const struct fmt_kind_info *info = fmt_kind_info(event.kind);

	fmt_buf_clear(&export->scratch);
	insp_put_summary(&export->scratch, &event, &ran);
	insp_put_time(time, sizeof(time), event.vtime);
	return g_strdup_printf("@%u  %s  %s  %.*s", seq, time, info ? info->name : "", (int)export->scratch.size,
			       (const char *)export->scratch.data);
}

/* ---- a line of either ---- */

static void put_html(FILE *out, const char *text)
{
	g_autofree char *quoted = g_markup_escape_text(text, -1);

	fputs(quoted, out);
}

/* a, b: events side by side; INSP_NONE: this run has none here. */
static void put_row(struct export *export, const char *class, uint32_t a, uint32_t b)
{
	const uint32_t seqs[2] = {a, b};

	fprintf(export->out, "<tr class=\"%s\">", class);
	for (int side = 0; side < 2; side++) {
		g_autofree char *line = line_of(export, side, seqs[side]);

		fputs(seqs[side] == INSP_NONE ? "<td class=\"none\">" : "<td>", export->out);
		put_html(export->out, line);
		fputs("</td>", export->out);
	}
	fputs("</tr>\n", export->out);
}

static void put_line(struct export *export, char sign, int side, uint32_t seq)
{
	g_autofree char *line = line_of(export, side, seq);

	fprintf(export->out, "%c%s\n", sign, line);
}

/* ---- a difference ---- */

/* What the node did before and behind, in the run that has the difference. */
static void put_context(struct export *export, const struct insp_difference *d, int direction)
{
	const struct insp_pair *pair = export->of->pair;
	const int side = d->first[0] == INSP_NONE;
	uint32_t seqs[CONTEXT], count = 0, at = direction < 0 ? d->first[side] : d->last[side];

	while (count < CONTEXT) {
		at = insp_step(pair->run[side], at, direction, INSP_GRAIN_EVENT, d->lane[side]);
		if (at == INSP_NONE || pair->match[side][at] != INSP_SAME)
			break;
		seqs[count++] = at;
	}
	for (uint32_t i = 0; i < count; i++) {
		const uint32_t seq = seqs[direction < 0 ? count - 1 - i : i], other = pair->other[side][seq];

		if (export->html)
			put_row(export, "same", side ? other : seq, side ? seq : other);
		else
			put_line(export, ' ', side, seq);
	}
}

static uint32_t next_of(const struct export *export, const struct insp_difference *d, int side, uint32_t seq)
{
	const uint32_t next = seq == INSP_NONE || seq >= d->last[side]
				      ? INSP_NONE : insp_step(run_of(export, side), seq, 1, INSP_GRAIN_EVENT, d->lane[side]);

	return next != INSP_NONE && next <= d->last[side] ? next : INSP_NONE;
}

/* Both runs' events, partners beside each other. */
static void put_pairs(struct export *export, const struct insp_difference *d)
{
	const struct insp_pair *pair = export->of->pair;
	uint32_t a = d->first[0], b = d->first[1];

	while ((a != INSP_NONE || b != INSP_NONE) && export->result == 0) {
		count_event(export);
		if (a != INSP_NONE && (b == INSP_NONE || pair->match[0][a] == INSP_ALONE)) {
			put_row(export, "only", a, INSP_NONE);
			a = next_of(export, d, 0, a);
		} else if (a == INSP_NONE || pair->match[1][b] == INSP_ALONE) {
			put_row(export, "only", INSP_NONE, b);
			b = next_of(export, d, 1, b);
		} else {
			put_row(export, "changed", a, b);
			count_event(export);
			a = next_of(export, d, 0, a);
			b = next_of(export, d, 1, b);
		}
	}
}

static void put_sides(struct export *export, const struct insp_difference *d)
{
	for (int side = 0; side < 2; side++)
		for (uint32_t seq = d->first[side]; seq != INSP_NONE && export->result == 0; seq = next_of(export, d, side, seq)) {
			put_line(export, side ? '+' : '-', side, seq);
			count_event(export);
		}
}

static char *heading_of(const struct export *export, const struct insp_difference *d)
{
	const int side = d->first[0] == INSP_NONE;
	g_autoptr(GString) text = g_string_new(run_of(export, side)->lanes[d->lane[side]].name);

	for (int i = 0; i < 2; i++)
		if (d->first[i] == INSP_NONE)
			g_string_append_printf(text, "  nothing in %c", "AB"[i]);
		else
			g_string_append_printf(text, "  %c @%u..@%u", "AB"[i], d->first[i], d->last[i]);
	return g_strdup(text->str);
}

static void put_difference(struct export *export, const struct insp_difference *d)
{
	g_autofree char *heading = heading_of(export, d);

	if (export->html) {
		fputs("<tr class=\"heading\"><th colspan=\"2\">", export->out);
		put_html(export->out, heading);
		fputs("</th></tr>\n", export->out);
	} else {
		fprintf(export->out, "@@ %s @@\n", heading);
	}
	put_context(export, d, -1);
	if (export->html)
		put_pairs(export, d);
	else
		put_sides(export, d);
	put_context(export, d, 1);
}

/* ---- the file ---- */

static char *facts_of(const struct insp_pair *pair)
{
	return g_strdup_printf("%u events the same, %u changed, %u only in A, %u only in B", pair->same, pair->changed, pair->alone[0],
			       pair->alone[1]);
}

static const char style[] =
	":root{color-scheme:light dark;--amber:#9c6e03;--faint:#77767b}"
	"@media(prefers-color-scheme:dark){:root{--amber:#f8e45c;--faint:#9a9996}}"
	"body{font:14px/1.45 system-ui,sans-serif;margin:2em}"
	"table{border-collapse:collapse;width:100%;table-layout:fixed}"
	"td{font:12px/1.5 ui-monospace,monospace;padding:1px 8px;vertical-align:top;overflow-wrap:anywhere;width:50%}"
	"th{text-align:left;padding:14px 8px 2px;font-weight:600}"
	".same td{color:var(--faint)}"
	".changed td{outline:1px solid var(--amber);outline-offset:-1px}"
	".only td:not(.none){background:repeating-linear-gradient(135deg,transparent 0 5px,"
	"color-mix(in srgb,var(--amber) 30%,transparent) 5px 6px)}";

static void put_begin(struct export *export)
{
	const char *a = run_of(export, 0)->path, *b = run_of(export, 1)->path;
	g_autofree char *verdict = insp__compare_verdict(export->of), *facts = facts_of(export->of->pair);

	if (!export->html) {
		fprintf(export->out, "--- A  %s\n+++ B  %s\n# %s\n# %s\n", a, b, verdict, facts);
		return;
	}
	fprintf(export->out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Two runs</title>\n"
		"<style>%s</style></head>\n<body><h1>", style);
	put_html(export->out, verdict);
	fprintf(export->out, "</h1>\n<p>");
	put_html(export->out, facts);
	fprintf(export->out, "</p>\n<table><tr><th>A ");
	put_html(export->out, a);
	fprintf(export->out, "</th><th>B ");
	put_html(export->out, b);
	fprintf(export->out, "</th></tr>\n");
}

static void put_all(struct export *export)
{
	const struct insp_pair *pair = export->of->pair;

	put_begin(export);
	for (uint32_t i = 0; i < pair->difference_count && export->result == 0; i++)
		put_difference(export, &pair->differences[i]);
	if (export->html)
		fprintf(export->out, "</table></body></html>\n");
}

static int write_export(struct insp_saving *saving, FILE *out, gpointer data)
{
	struct export *export = data;
	int r = 0;

	export->saving = saving;
	export->out = out;
	for (int side = 0; side < 2 && r == 0; side++)
		r = fmt_reader_open(run_of(export, side)->path, &export->reader[side], insp__saving_reason(saving));
	if (r < 0)
		return r;
	if (export->json) {
		const struct fmt_diff_options options = {
			.ignore = export->of->ignore, .json = true, .go_on = insp__saving_goes, .go_on_data = saving,
		};

		r = fmt_diff(export->reader[0], export->reader[1], &options, out, insp__saving_reason(saving));
		return MIN(r, 0);
	}
	put_all(export);
	return export->result;
}

void insp__compare_export(InspWindow *window, const char *path)
{
	struct export *export = g_new0(struct export, 1);

	export->of = g_atomic_rc_box_acquire(window->compare->of);
	export->html = g_str_has_suffix(path, ".html");
	export->json = g_str_has_suffix(path, ".json");
	insp__save(window, path, write_export, export, export_free);
}

/* ---- the command ---- */

static void place_chosen(GtkNativeDialog *dialog, int response, InspWindow *window)
{
	g_autoptr(GFile) file = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog)) : NULL;
	g_autofree char *path = file ? g_file_get_path(file) : NULL;

	if (path && window->compare)
		insp__compare_export(window, path);
	g_object_unref(dialog);
}

bool insp__do_compare_export(InspWindow *window, const char *argument)
{
	if (!window->compare) {
		insp__refuse(window, "no second run is open; compare.open opens one");
		return false;
	}
	if (*argument) {
		insp__compare_export(window, argument);
		return true;
	}
	GtkFileChooserNative *dialog = gtk_file_chooser_native_new("Save the Comparison (.txt, .html, .json)", insp__front(window),
								   GTK_FILE_CHOOSER_ACTION_SAVE, NULL, NULL);

	gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(dialog), "comparison.html");
	g_signal_connect(dialog, "response", G_CALLBACK(place_chosen), window);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
	return true;
}
