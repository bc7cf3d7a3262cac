/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frame-pane.h"

#include "bytes-view.h"
#include "frame-pair.h"
#include "names.h"
#include "said.h"
#include "tip.h"

/* ---- a layer or a field of one ---- */

#define INSP_TYPE_CELLS (insp_cells_get_type())
G_DECLARE_FINAL_TYPE(InspCells, insp_cells, INSP, CELLS, GObject)

struct _InspCells {
	GObject parent;
	char *text[2];			/* of each run; NULL: it has none */
	guint offset[2], size[2];	/* bytes that it is about */
	gboolean differs;
	GListStore *children;
};

#define BYTES_HEIGHT 136

G_DEFINE_FINAL_TYPE(InspCells, insp_cells, G_TYPE_OBJECT)

static void insp_cells_finalize(GObject *object)
{
	InspCells *cells = INSP_CELLS(object);

	for (int side = 0; side < 2; side++)
		g_free(cells->text[side]);
	g_clear_object(&cells->children);
	G_OBJECT_CLASS(insp_cells_parent_class)->finalize(object);
}

static void insp_cells_class_init(InspCellsClass *class)
{
	G_OBJECT_CLASS(class)->finalize = insp_cells_finalize;
}

static void insp_cells_init(InspCells *cells)
{
}

/* ---- the pane ---- */

struct _InspFramePane {
	GtkBox parent;
	GtkWidget *stack, *said, *list;
	GListStore *layers;
	GtkSingleSelection *selection;
	InspBytesView *bytes;
	guint frames;			/* until the chosen row has been scrolled to for good */
};

G_DEFINE_FINAL_TYPE(InspFramePane, insp_frame_pane, GTK_TYPE_BOX)

#define NOT_THERE "\u2014"
#define DIFFERS "\u2260"

static void field_selected(GtkSingleSelection *selection, GParamSpec *spec, InspFramePane *pane)
{
	GtkTreeListRow *row = gtk_single_selection_get_selected_item(selection);
	g_autoptr(InspCells) field = row ? gtk_tree_list_row_get_item(row) : NULL;

	if (!field)
		return;
	insp_bytes_view_unmark(pane->bytes);
	for (int side = 0; side < 2; side++)
		if (field->text[side])
			insp_bytes_view_mark(pane->bytes, side, field->offset[side], field->size[side]);
}

static GListModel *children_of(gpointer item, gpointer data)
{
	InspCells *field = item;

	return field->children ? G_LIST_MODEL(g_object_ref(field->children)) : NULL;
}

/* ---- rows of the list: what both have alike takes the whole width ---- */

static void setup_field(GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
	GtkWidget *expander = gtk_tree_expander_new(), *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);

	gtk_box_set_homogeneous(GTK_BOX(box), TRUE);
	for (int side = 0; side < 2; side++) {
		GtkWidget *label = gtk_label_new(NULL);

		gtk_label_set_xalign(GTK_LABEL(label), 0);
		gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_END);
		gtk_widget_set_hexpand(label, TRUE);
		gtk_widget_add_css_class(label, "numeric");
		insp_tip(label, "differs");
		gtk_box_append(GTK_BOX(box), label);
	}
	gtk_tree_expander_set_child(GTK_TREE_EXPANDER(expander), box);
	gtk_list_item_set_child(item, expander);
}

static void set_class(GtkWidget *widget, const char *class, gboolean has)
{
	if (has)
		gtk_widget_add_css_class(widget, class);
	else
		gtk_widget_remove_css_class(widget, class);
}

/* The words of one side where both differ. */
static char *words_of(const InspCells *field, int side)
{
	if (!side)
		return g_strdup(field->text[0] ? field->text[0] : NOT_THERE);
	const char *text = field->text[1] ? field->text[1] + strspn(field->text[1], " ") : NOT_THERE;

	return g_strdup_printf(DIFFERS " %s", g_strcmp0(field->text[0], field->text[1]) == 0 ? "other bytes" : text);
}

static void bind_field(GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
	GtkTreeExpander *expander = GTK_TREE_EXPANDER(gtk_list_item_get_child(item));
	GtkTreeListRow *row = gtk_list_item_get_item(item);
	g_autoptr(InspCells) field = gtk_tree_list_row_get_item(row);
	GtkWidget *label = gtk_widget_get_first_child(gtk_tree_expander_get_child(expander));

	gtk_tree_expander_set_list_row(expander, row);
	for (int side = 0; side < 2; side++, label = gtk_widget_get_next_sibling(label)) {
		g_autofree char *words = field->differs ? words_of(field, side)
							: g_strdup(field->text[0] ? field->text[0] : field->text[1]);

		gtk_label_set_text(GTK_LABEL(label), words);
		gtk_widget_set_visible(label, side == 0 || field->differs);
		set_class(label, "heading", gtk_tree_list_row_get_depth(row) == 0);
		set_class(label, "differs", field->differs);
	}
	insp_name_row(item);
}

/* ---- what is shown ---- */

static InspCells *cells_new(const struct insp_dissection *const fields[2], const struct insp_field_pair *row)
{
	InspCells *cells = g_object_new(INSP_TYPE_CELLS, NULL);

	cells->differs = row->differs;
	for (int side = 0; side < 2; side++) {
		if (row->of[side] == INSP_NO_FIELD)
			continue;
		const struct insp_field *field = &fields[side]->fields[row->of[side]];

		/* Depth 0 are layers, all below is one level of fields; what is deeper is indented. */
		cells->text[side] = g_strconcat(field->depth > 1 ? "    " : "", field->text, NULL);
		cells->offset[side] = field->offset;
		cells->size[side] = field->size;
	}
	return cells;
}

static bool is_layer(const struct insp_dissection *const fields[2], const struct insp_field_pair *row)
{
	const int side = row->of[0] == INSP_NO_FIELD;

	return fields[side]->fields[row->of[side]].depth == 0;
}

static void put_rows(InspFramePane *pane, const struct insp_dissection *const fields[2], const struct insp_field_pair *rows, uint32_t count)
{
	InspCells *layer = NULL;
	g_autoptr(GPtrArray) layers = g_ptr_array_new_with_free_func(g_object_unref);

	for (uint32_t i = 0; i < count; i++) {
		InspCells *cells = cells_new(fields, &rows[i]);

		if (is_layer(fields, &rows[i]) || !layer) {
			layer = cells;
			g_ptr_array_add(layers, cells);
			continue;
		}
		if (!layer->children)
			layer->children = g_list_store_new(INSP_TYPE_CELLS);
		g_list_store_append(layer->children, cells);
		g_object_unref(cells);
	}
	g_list_store_splice(pane->layers, 0, g_list_model_get_n_items(G_LIST_MODEL(pane->layers)), layers->pdata, layers->len);
}

/* Rows that are new have their places in the frame after. */
static gboolean scroll_later(GtkWidget *list, GdkFrameClock *clock, gpointer data)
{
	InspFramePane *pane = data;

	gtk_widget_activate_action(list, "list.scroll-to-item", "u", gtk_single_selection_get_selected(pane->selection));
	return --pane->frames ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static guint first_differing(InspFramePane *pane)
{
	const guint count = g_list_model_get_n_items(G_LIST_MODEL(pane->selection));

	for (guint i = 0; i < count; i++) {
		g_autoptr(GtkTreeListRow) row = g_list_model_get_item(G_LIST_MODEL(pane->selection), i);
		g_autoptr(InspCells) field = gtk_tree_list_row_get_item(row);

		if (field->differs && !field->children)
			return i;
	}
	return count;
}

/* The first that differs is what one came to see; where none does, the innermost layer. */
static void select_row(InspFramePane *pane)
{
	const guint count = g_list_model_get_n_items(G_LIST_MODEL(pane->selection)), first = first_differing(pane);

	gtk_single_selection_set_selected(pane->selection, first < count ? first : count - 1);
	field_selected(pane->selection, NULL, pane);
	if (first == count)
		return;
	if (!pane->frames)
		gtk_widget_add_tick_callback(pane->list, scroll_later, pane, NULL);
	pane->frames = 2;
}

/* Of one run each line is a pair of itself. */
static void put_one(InspFramePane *pane, const struct insp_dissection *d, int side)
{
	const struct insp_dissection *const fields[2] = {d, d};
	g_autofree struct insp_field_pair *rows = g_new(struct insp_field_pair, d->count + 1);

	for (uint32_t i = 0; i < d->count; i++)
		rows[i] = (struct insp_field_pair){{side ? INSP_NO_FIELD : i, side ? i : INSP_NO_FIELD}, false};
	put_rows(pane, fields, rows, d->count);
}

void insp_frame_pane_set(InspFramePane *pane, GBytes *frame)
{
	insp_said_set(pane->said, NULL, FALSE);
	gtk_stack_set_visible_child_name(GTK_STACK(pane->stack), frame ? "frame" : "none");
	if (!frame) {
		g_list_store_remove_all(pane->layers);
		insp_bytes_view_say(pane->bytes, "");
		return;
	}
	gsize size;
	const guint8 *data = g_bytes_get_data(frame, &size);
	g_autofree struct insp_dissection *d = g_new(struct insp_dissection, 1);

	insp_dissect(data, size, d);
	insp_bytes_view_set(pane->bytes, 0, data, size);
	put_one(pane, d, 0);
	select_row(pane);
}

static char *verdict_of(const struct insp_frame_pair *pair)
{
	return pair->fields || pair->bytes ? g_strdup_printf("%u field%s and %u byte%s differ", pair->fields, pair->fields == 1 ? "" : "s",
							     pair->bytes, pair->bytes == 1 ? "" : "s")
					   : g_strdup("Identical bytes");
}

static void set_both(InspFramePane *pane, GBytes *const frames[2], const char *said, gboolean apart)
{
	g_autofree struct insp_dissection *d = g_new(struct insp_dissection, 2);
	const struct insp_dissection *const fields[2] = {&d[0], &d[1]};
	g_autofree struct insp_frame_pair *pair = g_new(struct insp_frame_pair, 1);
	gsize sizes[2];
	const guint8 *data[2];
	guint8 *marks[2];

	for (int side = 0; side < 2; side++) {
		data[side] = g_bytes_get_data(frames[side], &sizes[side]);
		marks[side] = g_malloc0(sizes[side] + 1);
		insp_dissect(data[side], sizes[side], &d[side]);
	}
	insp_frame_pair(data, sizes, fields, marks, pair);
	insp_bytes_view_set_pair(pane->bytes, 0, (const struct insp_bytes[]){{data[0], sizes[0], marks[0]}, {data[1], sizes[1], marks[1]}});
	put_rows(pane, fields, pair->rows, pair->count);
	g_autofree char *verdict = verdict_of(pair), *text = g_strdup_printf("%s \u00b7 %s", verdict, said);

	insp_said_set(pane->said, text, apart || pair->fields || pair->bytes);
	for (int side = 0; side < 2; side++)
		g_free(marks[side]);
}

static void set_alone(InspFramePane *pane, GBytes *frame, int side, const char *said)
{
	struct insp_bytes of[2] = {{0}};
	g_autofree struct insp_dissection *d = g_new(struct insp_dissection, 1);

	of[side].data = g_bytes_get_data(frame, &of[side].size);
	insp_dissect(of[side].data, of[side].size, d);
	insp_bytes_view_set_pair(pane->bytes, 0, of);
	put_one(pane, d, side);
	insp_said_set(pane->said, said, TRUE);
}

void insp_frame_pane_set_pair(InspFramePane *pane, GBytes *const frames[2], const char *said, gboolean apart)
{
	if (!frames[0] && !frames[1]) {
		insp_frame_pane_set(pane, NULL);
		return;
	}
	gtk_stack_set_visible_child_name(GTK_STACK(pane->stack), "frame");
	if (frames[0] && frames[1])
		set_both(pane, frames, said, apart);
	else
		set_alone(pane, frames[0] ? frames[0] : frames[1], !frames[0], said);
	select_row(pane);
}

/* ---- printed ---- */

static void print_field(GString *text, const InspCells *field, const char *indent)
{
	if (field->differs)
		g_string_append_printf(text, "%s%s " DIFFERS " %s\n", indent, field->text[0] ? field->text[0] : NOT_THERE,
				       field->text[1] ? field->text[1] : NOT_THERE);
	else
		g_string_append_printf(text, "%s%s\n", indent, field->text[0] ? field->text[0] : field->text[1]);
}

char *insp_frame_pane_text(InspFramePane *pane)
{
	GString *text = g_string_new(NULL);

	insp_said_print(pane->said, text);
	for (guint i = 0; i < g_list_model_get_n_items(G_LIST_MODEL(pane->layers)); i++) {
		g_autoptr(InspCells) layer = g_list_model_get_item(G_LIST_MODEL(pane->layers), i);

		print_field(text, layer, "");
		for (guint k = 0; layer->children && k < g_list_model_get_n_items(G_LIST_MODEL(layer->children)); k++) {
			g_autoptr(InspCells) field = g_list_model_get_item(G_LIST_MODEL(layer->children), k);

			print_field(text, field, "    ");
		}
	}
	return g_string_free(text, FALSE);
}

char *insp_frame_pane_bytes(InspFramePane *pane)
{
	return insp_bytes_view_print(pane->bytes);
}

/* ---- life ---- */

static void insp_frame_pane_class_init(InspFramePaneClass *class)
{
}

static GtkWidget *scrolled(GtkWidget *child)
{
	GtkWidget *scroller = gtk_scrolled_window_new();

	gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroller), child);
	gtk_widget_set_vexpand(scroller, TRUE);
	return scroller;
}

static GtkWidget *empty_state(const char *text)
{
	GtkWidget *label = gtk_label_new(text);

	gtk_label_set_wrap(GTK_LABEL(label), TRUE);
	gtk_label_set_justify(GTK_LABEL(label), GTK_JUSTIFY_CENTER);
	gtk_widget_add_css_class(label, "dim-label");
	gtk_widget_set_margin_start(label, 24);
	gtk_widget_set_margin_end(label, 24);
	return label;
}

static GtkWidget *make_list(InspFramePane *pane)
{
	GtkListItemFactory *factory = gtk_signal_list_item_factory_new();

	pane->layers = g_list_store_new(INSP_TYPE_CELLS);
	GtkTreeListModel *tree = gtk_tree_list_model_new(G_LIST_MODEL(pane->layers), FALSE, TRUE, children_of, NULL, NULL);

	pane->selection = gtk_single_selection_new(G_LIST_MODEL(tree));
	g_signal_connect(factory, "setup", G_CALLBACK(setup_field), NULL);
	g_signal_connect(factory, "bind", G_CALLBACK(bind_field), NULL);
	g_signal_connect(pane->selection, "notify::selected", G_CALLBACK(field_selected), pane);

	pane->list = gtk_list_view_new(GTK_SELECTION_MODEL(pane->selection), factory);

	insp_name(pane->list, "Layers of the packet");
	gtk_widget_add_css_class(pane->list, "navigation-sidebar");
	gtk_widget_add_css_class(pane->list, "fields");
	return scrolled(pane->list);
}

static void insp_frame_pane_init(InspFramePane *pane)
{
	GtkWidget *paned = gtk_paned_new(GTK_ORIENTATION_VERTICAL), *page = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);

	pane->said = insp_said_new();
	pane->bytes = insp_bytes_view_new("Bytes of the packet", /* digits= */ 4);
	gtk_paned_set_start_child(GTK_PANED(paned), make_list(pane));
	gtk_paned_set_end_child(GTK_PANED(paned), GTK_WIDGET(pane->bytes));
	/* Some lines of bytes are seen however low the pane is; layers are long, and have what is left of a tall window. */
	gtk_widget_set_size_request(GTK_WIDGET(pane->bytes), -1, BYTES_HEIGHT);
	gtk_paned_set_shrink_end_child(GTK_PANED(paned), FALSE);
	gtk_paned_set_resize_end_child(GTK_PANED(paned), FALSE);
	insp_name(paned, "Divider between layers and bytes");
	gtk_widget_set_vexpand(paned, TRUE);
	gtk_box_append(GTK_BOX(page), pane->said);
	gtk_box_append(GTK_BOX(page), paned);
	pane->stack = gtk_stack_new();
	gtk_widget_set_hexpand(pane->stack, TRUE);
	gtk_stack_add_named(GTK_STACK(pane->stack),
			    empty_state("No packet here.\nChoose one in the list of packets, or step to one with P."), "none");
	gtk_stack_add_named(GTK_STACK(pane->stack), page, "frame");
	gtk_box_append(GTK_BOX(pane), pane->stack);
}
