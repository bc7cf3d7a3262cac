/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frame-pane.h"

#include "dissect.h"
#include "names.h"

/* ---- a layer or a field of one ---- */

#define INSP_TYPE_CELLS (insp_cells_get_type())
G_DECLARE_FINAL_TYPE(InspCells, insp_cells, INSP, CELLS, GObject)

struct _InspCells {
	GObject parent;
	char *text;
	guint offset, size;		/* bytes that it is about */
	GListStore *children;
};

G_DEFINE_FINAL_TYPE(InspCells, insp_cells, G_TYPE_OBJECT)

static void insp_cells_finalize(GObject *object)
{
	InspCells *cells = INSP_CELLS(object);

	g_free(cells->text);
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
	GtkWidget *stack;
	GListStore *layers;
	GtkSingleSelection *selection;
	GtkTextBuffer *bytes;
	GtkTextTag *mark;
	guint size;
};

G_DEFINE_FINAL_TYPE(InspFramePane, insp_frame_pane, GTK_TYPE_BOX)

#define HEX_AT 6		/* columns before the first byte of a line */
#define TEXT_AT (HEX_AT + 16 * 3 + 2)
#define LINE_SIZE (TEXT_AT + 16 + 1)

static void put_bytes(InspFramePane *pane, const guint8 *data, gsize size)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (gsize line = 0; line < size; line += 16) {
		g_string_append_printf(text, "%04zx  ", line);
		for (gsize i = line; i < line + 16; i++)
			if (i < size)
				g_string_append_printf(text, "%02x ", data[i]);
			else
				g_string_append(text, "   ");
		g_string_append(text, "  ");
		for (gsize i = line; i < line + 16; i++)
			g_string_append_c(text, i >= size ? ' ' : data[i] >= ' ' && data[i] < 127 ? (char)data[i] : '.');
		g_string_append_c(text, '\n');
	}
	gtk_text_buffer_set_text(pane->bytes, text->str, (int)text->len);
	pane->size = (guint)size;
}

static void mark_range(InspFramePane *pane, guint line, guint from, guint to)
{
	GtkTextIter a, b;

	gtk_text_buffer_get_iter_at_line_offset(pane->bytes, &a, (int)line, (int)from);
	gtk_text_buffer_get_iter_at_line_offset(pane->bytes, &b, (int)line, (int)to);
	gtk_text_buffer_apply_tag(pane->bytes, pane->mark, &a, &b);
}

static void mark_bytes(InspFramePane *pane, guint offset, guint size)
{
	GtkTextIter start, end;
	const guint stop = MIN(offset + size, pane->size);

	gtk_text_buffer_get_bounds(pane->bytes, &start, &end);
	gtk_text_buffer_remove_tag(pane->bytes, pane->mark, &start, &end);
	for (guint line = offset / 16; offset < stop && line <= (stop - 1) / 16; line++) {
		const guint from = MAX(offset, line * 16) - line * 16, to = MIN(stop, line * 16 + 16) - line * 16;

		mark_range(pane, line, HEX_AT + from * 3, HEX_AT + to * 3 - 1);
		mark_range(pane, line, TEXT_AT + from, TEXT_AT + to);
	}
}

static void field_selected(GtkSingleSelection *selection, GParamSpec *spec, InspFramePane *pane)
{
	GtkTreeListRow *row = gtk_single_selection_get_selected_item(selection);
	g_autoptr(InspCells) field = row ? gtk_tree_list_row_get_item(row) : NULL;

	if (field)
		mark_bytes(pane, field->offset, field->size);
}

static GListModel *children_of(gpointer item, gpointer data)
{
	InspCells *field = item;

	return field->children ? G_LIST_MODEL(g_object_ref(field->children)) : NULL;
}

static void setup_field(GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
	GtkWidget *expander = gtk_tree_expander_new(), *label = gtk_label_new(NULL);

	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_END);
	gtk_widget_add_css_class(label, "numeric");
	gtk_tree_expander_set_child(GTK_TREE_EXPANDER(expander), label);
	gtk_list_item_set_child(item, expander);
}

static void bind_field(GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
	GtkTreeExpander *expander = GTK_TREE_EXPANDER(gtk_list_item_get_child(item));
	GtkTreeListRow *row = gtk_list_item_get_item(item);
	g_autoptr(InspCells) field = gtk_tree_list_row_get_item(row);

	gtk_tree_expander_set_list_row(expander, row);
	gtk_label_set_text(GTK_LABEL(gtk_tree_expander_get_child(expander)), field->text);
	if (gtk_tree_list_row_get_depth(row) == 0)
		gtk_widget_add_css_class(gtk_tree_expander_get_child(expander), "heading");
	else
		gtk_widget_remove_css_class(gtk_tree_expander_get_child(expander), "heading");
	insp_name_row(item);
}

static InspCells *field_new(const struct insp_field *field)
{
	InspCells *cells = g_object_new(INSP_TYPE_CELLS, NULL);

	cells->text = g_strdup(field->text);
	cells->offset = field->offset;
	cells->size = field->size;
	return cells;
}

/* Depth 0 are layers, all below is one level of fields; what is deeper is indented. */
static void put_layers(InspFramePane *pane, const struct insp_dissection *d)
{
	InspCells *layer = NULL;
	g_autoptr(GPtrArray) layers = g_ptr_array_new_with_free_func(g_object_unref);

	for (uint32_t i = 0; i < d->count; i++) {
		InspCells *cells = field_new(&d->fields[i]);

		if (d->fields[i].depth == 0 || !layer) {
			layer = cells;
			g_ptr_array_add(layers, cells);
			continue;
		}
		if (d->fields[i].depth > 1) {
			char *text = g_strconcat("    ", cells->text, NULL);

			g_free(cells->text);
			cells->text = text;
		}
		if (!layer->children)
			layer->children = g_list_store_new(INSP_TYPE_CELLS);
		g_list_store_append(layer->children, cells);
		g_object_unref(cells);
	}
	g_list_store_splice(pane->layers, 0, g_list_model_get_n_items(G_LIST_MODEL(pane->layers)), layers->pdata, layers->len);
}

void insp_frame_pane_set(InspFramePane *pane, GBytes *frame)
{
	gtk_stack_set_visible_child_name(GTK_STACK(pane->stack), frame ? "frame" : "none");
	if (!frame) {
		g_list_store_remove_all(pane->layers);
		return;
	}
	gsize size;
	const guint8 *data = g_bytes_get_data(frame, &size);
	g_autofree struct insp_dissection *d = g_new(struct insp_dissection, 1);

	insp_dissect(data, size, d);
	put_bytes(pane, data, size);
	put_layers(pane, d);
	/* The innermost layer is what one came to see. */
	gtk_single_selection_set_selected(pane->selection, g_list_model_get_n_items(G_LIST_MODEL(pane->selection)) - 1);
}

char *insp_frame_pane_text(InspFramePane *pane)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < g_list_model_get_n_items(G_LIST_MODEL(pane->layers)); i++) {
		g_autoptr(InspCells) layer = g_list_model_get_item(G_LIST_MODEL(pane->layers), i);

		g_string_append_printf(text, "%s\n", layer->text);
		for (guint k = 0; layer->children && k < g_list_model_get_n_items(G_LIST_MODEL(layer->children)); k++) {
			g_autoptr(InspCells) field = g_list_model_get_item(G_LIST_MODEL(layer->children), k);

			g_string_append_printf(text, "    %s\n", field->text);
		}
	}
	return g_string_free(text, FALSE);
}

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

static GtkWidget *make_bytes(InspFramePane *pane)
{
	GtkWidget *view = gtk_text_view_new();

	pane->bytes = gtk_text_view_get_buffer(GTK_TEXT_VIEW(view));
	pane->mark = gtk_text_buffer_create_tag(pane->bytes, NULL, "background", "#1c71d8", "foreground", "#ffffff", NULL);
	gtk_text_view_set_editable(GTK_TEXT_VIEW(view), FALSE);
	gtk_text_view_set_monospace(GTK_TEXT_VIEW(view), TRUE);
	gtk_text_view_set_left_margin(GTK_TEXT_VIEW(view), 12);
	gtk_text_view_set_top_margin(GTK_TEXT_VIEW(view), 6);
	gtk_widget_add_css_class(view, "bytes");
	insp_name(view, "Bytes of the packet");
	return scrolled(view);
}

static void insp_frame_pane_init(InspFramePane *pane)
{
	GtkListItemFactory *factory = gtk_signal_list_item_factory_new();
	GtkWidget *paned = gtk_paned_new(GTK_ORIENTATION_VERTICAL);

	pane->layers = g_list_store_new(INSP_TYPE_CELLS);
	GtkTreeListModel *tree = gtk_tree_list_model_new(G_LIST_MODEL(pane->layers), FALSE, TRUE, children_of, NULL, NULL);

	pane->selection = gtk_single_selection_new(G_LIST_MODEL(tree));
	g_signal_connect(factory, "setup", G_CALLBACK(setup_field), NULL);
	g_signal_connect(factory, "bind", G_CALLBACK(bind_field), NULL);
	g_signal_connect(pane->selection, "notify::selected", G_CALLBACK(field_selected), pane);
	GtkWidget *list = gtk_list_view_new(GTK_SELECTION_MODEL(pane->selection), factory);

	insp_name(list, "Layers of the packet");
	gtk_widget_add_css_class(list, "navigation-sidebar");
	gtk_widget_add_css_class(list, "fields");
	gtk_paned_set_start_child(GTK_PANED(paned), scrolled(list));
	gtk_paned_set_end_child(GTK_PANED(paned), make_bytes(pane));
	gtk_paned_set_position(GTK_PANED(paned), 230);
	insp_name(paned, "Divider between layers and bytes");
	gtk_widget_set_vexpand(paned, TRUE);
	pane->stack = gtk_stack_new();
	gtk_widget_set_hexpand(pane->stack, TRUE);
	gtk_stack_add_named(GTK_STACK(pane->stack),
			    empty_state("No packet here.\nChoose one in the list of packets, or step to one with P."), "none");
	gtk_stack_add_named(GTK_STACK(pane->stack), paned, "frame");
	gtk_box_append(GTK_BOX(pane), pane->stack);
}
