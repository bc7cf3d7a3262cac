/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "memory-pane.h"

#include "bytes-view.h"
#include "said.h"

/* What a run has. */
struct part {
	gboolean told;
	guint64 address;
	GBytes *bytes;			/* NULL: nothing */
	char *why;			/* ... and why */
};

struct _InspMemoryPane {
	GtkBox parent;
	GtkWidget *said;
	InspBytesView *view;
	struct part parts[2];
	gboolean paired;
};

#define NOTHING_YET "No memory is looked at.\nType an address above: registers, variables and the stack have some."

G_DEFINE_FINAL_TYPE(InspMemoryPane, insp_memory_pane, GTK_TYPE_BOX)

static void part_clear(struct part *part)
{
	part->told = FALSE;
	g_clear_pointer(&part->bytes, g_bytes_unref);
	g_clear_pointer(&part->why, g_free);
}

static void part_set(struct part *part, guint64 address, GBytes *bytes, const char *why)
{
	part_clear(part);
	part->told = TRUE;
	part->address = address;
	part->bytes = bytes ? g_bytes_ref(bytes) : NULL;
	part->why = g_strdup(why ? why : "nothing is mapped there");
}

/* ---- both ---- */

/* Marks what differs; returns how many bytes do, and the first of them. */
static gsize mark(const struct insp_bytes of[2], guint8 *const marks[2], gsize *ret_first)
{
	gsize count = 0;

	for (gsize i = MAX(of[0].size, of[1].size); i-- > 0;) {
		const gboolean differs = i >= of[0].size || i >= of[1].size || of[0].data[i] != of[1].data[i];

		for (int side = 0; side < 2; side++)
			if (i < of[side].size)
				marks[side][i] = (guint8)differs;
		count += differs;
		if (differs)
			*ret_first = i;
	}
	return count;
}

static void show_both(InspMemoryPane *pane)
{
	struct insp_bytes of[2] = {{0}};
	guint8 *marks[2];
	gsize first = 0;

	for (int side = 0; side < 2; side++) {
		of[side].data = g_bytes_get_data(pane->parts[side].bytes, &of[side].size);
		of[side].marks = marks[side] = g_malloc0(of[side].size + 1);
	}
	const gsize differ = mark(of, marks, &first), all = MAX(of[0].size, of[1].size);
	g_autofree char *text = differ ? g_strdup_printf("%zu of %zu bytes differ, from %#" G_GINT64_MODIFIER "x on", differ, all,
							 pane->parts[0].address + first)
				       : g_strdup_printf("Identical: all %zu bytes", all);

	insp_said_set(pane->said, text, differ > 0);
	insp_bytes_view_set_pair(pane->view, pane->parts[0].address, of);
	if (differ)
		insp_bytes_view_show(pane->view, first >= of[0].size, first);
	for (int side = 0; side < 2; side++)
		g_free(marks[side]);
}

static void show_alone(InspMemoryPane *pane, int side)
{
	struct insp_bytes of[2] = {{0}};
	const struct part *part = &pane->parts[side], *other = &pane->parts[!side];
	g_autofree char *text = other->told ? g_strdup_printf("Only %c has memory there; %s", "AB"[side], other->why)
					    : g_strdup("The second run is on its way");

	of[side].data = g_bytes_get_data(part->bytes, &of[side].size);
	insp_said_set(pane->said, text, other->told);
	insp_bytes_view_set_pair(pane->view, part->address, of);
}

static void show(InspMemoryPane *pane)
{
	const struct part *parts = pane->parts;

	if (!pane->paired && parts[0].bytes) {
		gsize size;
		const guint8 *data = g_bytes_get_data(parts[0].bytes, &size);

		insp_bytes_view_set(pane->view, parts[0].address, data, size);
	} else if (parts[0].bytes && parts[1].bytes && parts[0].address == parts[1].address) {
		show_both(pane);
	} else if (parts[0].bytes) {
		show_alone(pane, 0);
	} else if (pane->paired && parts[0].told && parts[1].bytes) {
		show_alone(pane, 1);
	} else {
		insp_bytes_view_say(pane->view, parts[0].why ? parts[0].why : NOTHING_YET);
	}
	if (!pane->paired || (!parts[0].bytes && !parts[1].bytes))
		insp_said_set(pane->said, NULL, FALSE);
}

/* ---- what is shown ---- */

void insp_memory_pane_set(InspMemoryPane *pane, guint64 address, GBytes *bytes, const char *why)
{
	part_set(&pane->parts[0], address, bytes, why);
	show(pane);
}

void insp_memory_pane_clear(InspMemoryPane *pane)
{
	part_clear(&pane->parts[0]);
	part_clear(&pane->parts[1]);
	show(pane);
}

void insp_memory_pane_set_paired(InspMemoryPane *pane, gboolean paired)
{
	pane->paired = paired;
	insp_memory_pane_wait_other(pane);
}

void insp_memory_pane_wait_other(InspMemoryPane *pane)
{
	part_clear(&pane->parts[1]);
	show(pane);
}

void insp_memory_pane_set_other(InspMemoryPane *pane, guint64 address, GBytes *bytes, const char *why)
{
	part_set(&pane->parts[1], address, bytes, why);
	show(pane);
}

char *insp_memory_pane_print(InspMemoryPane *pane)
{
	GString *text = g_string_new(NULL);
	g_autofree char *bytes = insp_bytes_view_print(pane->view);

	insp_said_print(pane->said, text);
	g_string_append(text, bytes);
	return g_string_free(text, FALSE);
}

/* ---- life ---- */

static void insp_memory_pane_finalize(GObject *object)
{
	part_clear(&INSP_MEMORY_PANE(object)->parts[0]);
	part_clear(&INSP_MEMORY_PANE(object)->parts[1]);
	G_OBJECT_CLASS(insp_memory_pane_parent_class)->finalize(object);
}

static void insp_memory_pane_class_init(InspMemoryPaneClass *class)
{
	G_OBJECT_CLASS(class)->finalize = insp_memory_pane_finalize;
}

static void insp_memory_pane_init(InspMemoryPane *pane)
{
	gtk_orientable_set_orientation(GTK_ORIENTABLE(pane), GTK_ORIENTATION_VERTICAL);
	pane->said = insp_said_new();
	pane->view = insp_bytes_view_new("Memory", /* digits= */ 16);
	gtk_widget_set_vexpand(GTK_WIDGET(pane->view), TRUE);
	gtk_box_append(GTK_BOX(pane), pane->said);
	gtk_box_append(GTK_BOX(pane), GTK_WIDGET(pane->view));
	show(pane);
}
