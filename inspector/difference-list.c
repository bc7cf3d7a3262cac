/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "difference-list.h"

#include "base/check.h"
#include "names.h"
#include "steps.h"

/* ---- the model: rows are made when they are looked at ---- */

#define INSP_TYPE_DIFFERENCE (insp_difference_get_type())
G_DECLARE_FINAL_TYPE(InspDifference, insp_difference, INSP, DIFFERENCE, GObject)
struct _InspDifference {
	GObject parent;
	guint index;
};
G_DEFINE_FINAL_TYPE(InspDifference, insp_difference, G_TYPE_OBJECT)

static void insp_difference_class_init(InspDifferenceClass *class)
{
}

static void insp_difference_init(InspDifference *difference)
{
}

#define INSP_TYPE_DIFFERENCES (insp_differences_get_type())
G_DECLARE_FINAL_TYPE(InspDifferences, insp_differences, INSP, DIFFERENCES, GObject)
struct _InspDifferences {
	GObject parent;
	guint count;
};

static GType item_type(GListModel *model)
{
	return INSP_TYPE_DIFFERENCE;
}

static guint item_count(GListModel *model)
{
	return INSP_DIFFERENCES(model)->count;
}

static gpointer get_item(GListModel *model, guint position)
{
	if (position >= INSP_DIFFERENCES(model)->count)
		return NULL;
	InspDifference *difference = g_object_new(INSP_TYPE_DIFFERENCE, NULL);

	difference->index = position;
	return difference;
}

static void list_interface(GListModelInterface *iface)
{
	iface->get_item_type = item_type;
	iface->get_n_items = item_count;
	iface->get_item = get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE(InspDifferences, insp_differences, G_TYPE_OBJECT,
			      G_IMPLEMENT_INTERFACE(G_TYPE_LIST_MODEL, list_interface))

static void insp_differences_class_init(InspDifferencesClass *class)
{
}

static void insp_differences_init(InspDifferences *list)
{
}

/* ---- the table ---- */

enum column { COLUMN_TIME, COLUMN_NODE, COLUMN_WHAT, COLUMN_A, COLUMN_B, COLUMN_COUNT };

struct _InspDifferenceList {
	GtkBox parent;
	const struct insp_pair *pair;
	InspPager *pagers[2];
	GtkWidget *view, *inner, *stack;
	GtkSingleSelection *selection;
	GHashTable *bound;		/* cells on the screen: GtkListItem -> column */
	gboolean quiet;
};

G_DEFINE_FINAL_TYPE(InspDifferenceList, insp_difference_list, GTK_TYPE_BOX)

static guint signal_chosen;

/* "@12 sendto(...) = 3, and 4 more" */
static void put_side(InspDifferenceList *list, const struct insp_difference *d, int side, GString *to)
{
	const uint32_t first = d->first[side];

	if (first == INSP_NONE) {
		g_string_append(to, "\u2014");
		return;
	}
	const struct insp_line *line = insp_pager_line(list->pagers[side], first);

	g_string_append_printf(to, "@%u  %s", first, line ? line->text : "\u2026");
	if (d->last[side] != first)
		g_string_append_printf(to, "  \u2026 @%u", d->last[side]);
}

static void fill(InspDifferenceList *list, GtkListItem *item, enum column column)
{
	InspDifference *row = gtk_list_item_get_item(item);
	const struct insp_difference *d = row ? &list->pair->differences[row->index] : NULL;
	g_autoptr(GString) text = g_string_new(NULL);
	char time[48];

	if (!d)
		return;
	const int side = d->first[0] == INSP_NONE;
	const struct insp_run *run = list->pair->run[side];

	switch (column) {
	case COLUMN_TIME:
		insp_put_time(time, sizeof(time), d->begin);
		g_string_append(text, time);
		break;
	case COLUMN_NODE:
		g_string_append(text, run->lanes[d->lane[side]].name);
		break;
	case COLUMN_WHAT:
		g_string_append(text, d->first[0] == INSP_NONE ? "only in B" : d->first[1] == INSP_NONE ? "only in A" : "\u2260 changed");
		break;
	default:
		put_side(list, d, column == COLUMN_B, text);
	}
	gtk_inscription_set_text(GTK_INSCRIPTION(gtk_list_item_get_child(item)), text->str);
	insp_name_row(item);
}

static enum column column_of(GtkSignalListItemFactory *factory)
{
	return GPOINTER_TO_INT(g_object_get_data(G_OBJECT(factory), "column"));
}

static void setup(GtkSignalListItemFactory *factory, GtkListItem *item, InspDifferenceList *list)
{
	GtkWidget *cell = gtk_inscription_new(NULL);

	gtk_inscription_set_text_overflow(GTK_INSCRIPTION(cell), GTK_INSCRIPTION_OVERFLOW_ELLIPSIZE_END);
	gtk_inscription_set_nat_chars(GTK_INSCRIPTION(cell), 4);
	gtk_widget_add_css_class(cell, "numeric");
	gtk_list_item_set_child(item, cell);
}

static void bind(GtkSignalListItemFactory *factory, GtkListItem *item, InspDifferenceList *list)
{
	fill(list, item, column_of(factory));
	g_hash_table_insert(list->bound, item, GINT_TO_POINTER(column_of(factory)));
}

static void unbind(GtkSignalListItemFactory *factory, GtkListItem *item, InspDifferenceList *list)
{
	g_hash_table_remove(list->bound, item);
}

static void lines_loaded(InspPager *pager, guint first, guint count, InspDifferenceList *list)
{
	GHashTableIter iter;
	gpointer item, column;

	g_hash_table_iter_init(&iter, list->bound);
	while (g_hash_table_iter_next(&iter, &item, &column))
		fill(list, item, GPOINTER_TO_INT(column));
}

static void selected(GtkSingleSelection *selection, GParamSpec *spec, InspDifferenceList *list)
{
	InspDifference *row = gtk_single_selection_get_selected_item(selection);

	if (row && !list->quiet)
		g_signal_emit(list, signal_chosen, 0, row->index);
}

static void add_column(InspDifferenceList *list, enum column column)
{
	static const char *const names[COLUMN_COUNT] = {"Time (s)", "Node", "What", "A", "B"};
	static const int widths[COLUMN_COUNT] = {130, 90, 84, 0, 0};
	GtkListItemFactory *factory = gtk_signal_list_item_factory_new();

	g_object_set_data(G_OBJECT(factory), "column", GINT_TO_POINTER(column));
	g_signal_connect(factory, "setup", G_CALLBACK(setup), list);
	g_signal_connect(factory, "bind", G_CALLBACK(bind), list);
	g_signal_connect(factory, "unbind", G_CALLBACK(unbind), list);
	g_autoptr(GtkColumnViewColumn) made = gtk_column_view_column_new(names[column], factory);

	if (widths[column])
		gtk_column_view_column_set_fixed_width(made, widths[column]);
	else
		gtk_column_view_column_set_expand(made, TRUE);
	gtk_column_view_append_column(GTK_COLUMN_VIEW(list->view), made);
}

static void forget(InspDifferenceList *list)
{
	for (int side = 0; side < 2; side++) {
		if (list->pagers[side])
			g_signal_handlers_disconnect_by_data(list->pagers[side], list);
		g_clear_object(&list->pagers[side]);
	}
	gtk_column_view_set_model(GTK_COLUMN_VIEW(list->view), NULL);
	list->selection = NULL;
	list->pair = NULL;
}

static void insp_difference_list_dispose(GObject *object)
{
	InspDifferenceList *list = INSP_DIFFERENCE_LIST(object);

	if (list->bound) {
		forget(list);
		g_clear_pointer(&list->bound, g_hash_table_unref);
	}
	G_OBJECT_CLASS(insp_difference_list_parent_class)->dispose(object);
}

static void insp_difference_list_class_init(InspDifferenceListClass *class)
{
	G_OBJECT_CLASS(class)->dispose = insp_difference_list_dispose;
	signal_chosen = g_signal_new("chosen", INSP_TYPE_DIFFERENCE_LIST, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
				     1, G_TYPE_UINT);
}

static void insp_difference_list_init(InspDifferenceList *list)
{
	GtkWidget *scroller = gtk_scrolled_window_new();

	list->bound = g_hash_table_new(NULL, NULL);
	list->view = gtk_column_view_new(NULL);
	gtk_widget_add_css_class(list->view, "data-table");
	insp_name(list->view, "Differences");
	for (int column = 0; column < COLUMN_COUNT; column++)
		add_column(list, column);
	for (GtkWidget *child = gtk_widget_get_first_child(list->view); child; child = gtk_widget_get_next_sibling(child))
		if (GTK_IS_LIST_VIEW(child))
			list->inner = child;
	CHECK(list->inner);
	gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroller), list->view);
	gtk_widget_set_hexpand(scroller, TRUE);
	gtk_widget_set_vexpand(scroller, TRUE);
	gtk_box_append(GTK_BOX(list), scroller);
}

void insp_difference_list_set(InspDifferenceList *list, const struct insp_pair *pair, InspPager *a, InspPager *b)
{
	forget(list);
	if (!pair)
		return;
	list->pair = pair;
	list->pagers[0] = g_object_ref(a);
	list->pagers[1] = g_object_ref(b);
	for (int side = 0; side < 2; side++)
		g_signal_connect(list->pagers[side], "loaded", G_CALLBACK(lines_loaded), list);
	InspDifferences *model = g_object_new(INSP_TYPE_DIFFERENCES, NULL);

	model->count = pair->difference_count;
	list->selection = gtk_single_selection_new(G_LIST_MODEL(model));
	gtk_single_selection_set_autoselect(list->selection, FALSE);
	gtk_single_selection_set_selected(list->selection, GTK_INVALID_LIST_POSITION);
	g_signal_connect(list->selection, "notify::selected", G_CALLBACK(selected), list);
	gtk_column_view_set_model(GTK_COLUMN_VIEW(list->view), GTK_SELECTION_MODEL(list->selection));
	g_object_unref(list->selection);
}

void insp_difference_list_show(InspDifferenceList *list, uint32_t index)
{
	if (!list->selection)
		return;
	list->quiet = TRUE;
	gtk_single_selection_set_selected(list->selection, index == INSP_NONE ? GTK_INVALID_LIST_POSITION : index);
	list->quiet = FALSE;
	if (index != INSP_NONE)
		gtk_widget_activate_action(list->inner, "list.scroll-to-item", "u", index);
}
