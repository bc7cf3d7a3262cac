/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "event-list.h"

#include <inttypes.h>

#include "base/check.h"
#include "names.h"
#include "steps.h"

/* ---- rows ---- */

struct _InspRow {
	GObject parent;
	uint32_t seq;
};

G_DEFINE_FINAL_TYPE(InspRow, insp_row, G_TYPE_OBJECT)

static void insp_row_class_init(InspRowClass *class)
{
}

static void insp_row_init(InspRow *row)
{
}

uint32_t insp_row_seq(InspRow *row)
{
	return row->seq;
}

/* ---- the model ---- */

struct _InspEventList {
	GObject parent;
	const struct insp_run *run;
	InspPager *pager;
	bool all;
	struct insp_hits hits;
};

static GType list_item_type(GListModel *model)
{
	return INSP_TYPE_ROW;
}

static guint list_count(GListModel *model)
{
	const InspEventList *list = INSP_EVENT_LIST(model);

	return list->all ? list->run->count : list->hits.count;
}

uint32_t insp_event_list_at(InspEventList *list, guint position)
{
	return list->all ? position : list->hits.seqs[position];
}

static gpointer list_item(GListModel *model, guint position)
{
	InspEventList *list = INSP_EVENT_LIST(model);

	if (position >= list_count(model))
		return NULL;
	InspRow *row = g_object_new(INSP_TYPE_ROW, NULL);

	row->seq = insp_event_list_at(list, position);
	return row;
}

static void list_interface(GListModelInterface *iface)
{
	iface->get_item_type = list_item_type;
	iface->get_n_items = list_count;
	iface->get_item = list_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE(InspEventList, insp_event_list, G_TYPE_OBJECT,
			      G_IMPLEMENT_INTERFACE(G_TYPE_LIST_MODEL, list_interface))

static void insp_event_list_finalize(GObject *object)
{
	InspEventList *list = INSP_EVENT_LIST(object);

	free(list->hits.seqs);
	g_object_unref(list->pager);
	G_OBJECT_CLASS(insp_event_list_parent_class)->finalize(object);
}

static void insp_event_list_class_init(InspEventListClass *class)
{
	G_OBJECT_CLASS(class)->finalize = insp_event_list_finalize;
}

static void insp_event_list_init(InspEventList *list)
{
}

InspEventList *insp_event_list_new(const struct insp_run *run, InspPager *pager, bool all, struct insp_hits hits)
{
	InspEventList *list = g_object_new(INSP_TYPE_EVENT_LIST, NULL);

	list->run = run;
	list->pager = g_object_ref(pager);
	list->all = all;
	list->hits = hits;
	return list;
}

guint insp_event_list_find(InspEventList *list, uint32_t seq)
{
	guint low = 0, high = list_count(G_LIST_MODEL(list));

	while (low < high) {
		const guint middle = low + (high - low) / 2;

		if (insp_event_list_at(list, middle) <= seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? low - 1 : GTK_INVALID_LIST_POSITION;
}

/* ---- cells ---- */

const char *const insp_column_names[INSP_COLUMN_COUNT] = {"No.", "Time (s)", "Node", "Thread", "Kind", "From", "To",
							  "Protocol", "Size", "Arrives", "What"};
static const int column_widths[INSP_COLUMN_COUNT] = {84, 140, 110, 64, 116, 110, 110, 76, 70, 90, 0};
static const bool column_right[INSP_COLUMN_COUNT] = {[INSP_COLUMN_SEQ] = true, [INSP_COLUMN_TIME] = true,
						     [INSP_COLUMN_THREAD] = true, [INSP_COLUMN_SIZE] = true,
						     [INSP_COLUMN_FATE] = true};

static void put_packet(const struct insp_run *run, const struct insp_packet *packet, enum insp_column column, GString *to)
{
	static const char *const protos[] = {"other", "ARP", "ICMP", "UDP", "TCP"};
	char text[48];

	switch (column) {
	case INSP_COLUMN_FROM:
		g_string_append(to, run->lanes[packet->from].name);
		return;
	case INSP_COLUMN_TO:
		g_string_append(to, run->lanes[packet->to].name);
		return;
	case INSP_COLUMN_PROTO:
		g_string_append(to, protos[packet->proto]);
		return;
	case INSP_COLUMN_SIZE:
		g_string_append_printf(to, "%u", packet->size);
		return;
	default:
		break;
	}
	if (packet->fate == INSP_RECEIVED) {
		insp_put_duration(text, sizeof(text), insp_vtime(run, packet->end) - insp_vtime(run, packet->send));
		g_string_append_printf(to, "+%s", text);
	} else {
		g_string_append(to, packet->fate == INSP_DROPPED ? "\u2715 lost" : "in flight");
	}
}

void insp_cell_put(const struct insp_run *run, uint32_t seq, enum insp_column column, const char *summary, GString *to)
{
	const struct insp_thread *thread = &run->threads[run->thread[seq]];
	const struct fmt_kind_info *info = fmt_kind_info(run->kind[seq]);
	const uint32_t packet = insp_packet_of(run, seq);
	char text[48];

	switch (column) {
	case INSP_COLUMN_SEQ:
		g_string_append_printf(to, "%u", seq);
		return;
	case INSP_COLUMN_TIME:
		insp_put_time(text, sizeof(text), insp_vtime(run, seq));
		g_string_append(to, text);
		return;
	case INSP_COLUMN_NODE:
		g_string_append(to, run->lanes[thread->lane].name);
		return;
	case INSP_COLUMN_THREAD:
		if (thread->tid)
			g_string_append_printf(to, "%u", thread->tid);
		return;
	case INSP_COLUMN_KIND:
		g_string_append(to, info ? info->name : "of a newer version");
		return;
	case INSP_COLUMN_SUMMARY:
		g_string_append(to, summary ? summary : "\u2026");
		return;
	default:
		if (packet != INSP_NONE)
			put_packet(run, &run->packets[packet], column, to);
	}
}

bool insp_cell_failed(const struct insp_run *run, uint32_t seq, enum insp_column column)
{
	if (column == INSP_COLUMN_SUMMARY)
		return insp_aux_failed(run, seq);
	if (column != INSP_COLUMN_FATE)
		return false;
	const uint32_t packet = insp_packet_of(run, seq);

	return packet != INSP_NONE && run->packets[packet].fate == INSP_DROPPED;
}

/* ---- the table ---- */

struct table {
	GtkWidget *view;		/* the GtkColumnView */
	GtkWidget *inner;		/* its GtkListView, which scrolls */
	GtkSingleSelection *selection;
	InspEventList *list;
	GHashTable *bound;		/* summary cells on the screen, GtkListItem */
	gulong loaded;
	bool quiet;			/* a selection that we make ourselves */
	bool fresh;			/* the list has not been laid out yet */
	guint scroll_to;		/* row, at the next frame */
	guint tick;
	insp_selected_func func;
	gpointer data;
};

static struct table *table_of(GtkWidget *widget)
{
	return g_object_get_data(G_OBJECT(widget), "insp-table");
}

static enum insp_column column_of(GtkSignalListItemFactory *factory)
{
	return GPOINTER_TO_INT(g_object_get_data(G_OBJECT(factory), "column"));
}

static void setup_cell(GtkSignalListItemFactory *factory, GtkListItem *item, struct table *table)
{
	GtkWidget *cell = gtk_inscription_new(NULL);
	const enum insp_column column = column_of(factory);

	gtk_inscription_set_xalign(GTK_INSCRIPTION(cell), column_right[column] ? 1 : 0);
	gtk_inscription_set_text_overflow(GTK_INSCRIPTION(cell), GTK_INSCRIPTION_OVERFLOW_ELLIPSIZE_END);
	gtk_inscription_set_nat_chars(GTK_INSCRIPTION(cell), 4);
	gtk_widget_add_css_class(cell, "numeric");
	gtk_list_item_set_child(item, cell);
}

static void fill_cell(struct table *table, GtkListItem *item, enum insp_column column)
{
	InspRow *row = gtk_list_item_get_item(item);
	GtkWidget *cell = gtk_list_item_get_child(item);
	g_autoptr(GString) text = g_string_new(NULL);

	if (!row || !table->list)
		return;
	const struct insp_line *line =
		column == INSP_COLUMN_SUMMARY ? insp_pager_line(table->list->pager, row->seq) : NULL;

	insp_cell_put(table->list->run, row->seq, column, line ? line->text : NULL, text);
	gtk_inscription_set_text(GTK_INSCRIPTION(cell), text->str);
	if (insp_cell_failed(table->list->run, row->seq, column))
		gtk_widget_add_css_class(cell, "error");
	else
		gtk_widget_remove_css_class(cell, "error");
	insp_name_row(item);
}

static guint rows_bound;

guint insp_table_rows_bound(void)
{
	return rows_bound;
}

static void bind_cell(GtkSignalListItemFactory *factory, GtkListItem *item, struct table *table)
{
	fill_cell(table, item, column_of(factory));
	if (column_of(factory) == INSP_COLUMN_SUMMARY)
		rows_bound += g_hash_table_add(table->bound, item);
}

static void unbind_cell(GtkSignalListItemFactory *factory, GtkListItem *item, struct table *table)
{
	rows_bound -= g_hash_table_remove(table->bound, item);
}

static void lines_loaded(InspPager *pager, guint first, guint count, struct table *table)
{
	GHashTableIter iter;
	gpointer item;

	g_hash_table_iter_init(&iter, table->bound);
	while (g_hash_table_iter_next(&iter, &item, NULL)) {
		InspRow *row = gtk_list_item_get_item(item);

		if (row && row->seq >= first && row->seq - first < count)
			fill_cell(table, item, INSP_COLUMN_SUMMARY);
	}
}

static void selected(GtkSingleSelection *selection, GParamSpec *spec, struct table *table)
{
	InspRow *row = gtk_single_selection_get_selected_item(selection);

	if (row && !table->quiet && table->func)
		table->func(row->seq, table->data);
}

static void table_free(gpointer data)
{
	struct table *table = data;

	rows_bound -= g_hash_table_size(table->bound);
	g_hash_table_unref(table->bound);
	g_free(table);
}

static void add_column(struct table *table, enum insp_column column)
{
	GtkListItemFactory *factory = gtk_signal_list_item_factory_new();

	g_object_set_data(G_OBJECT(factory), "column", GINT_TO_POINTER(column));
	g_signal_connect(factory, "setup", G_CALLBACK(setup_cell), table);
	g_signal_connect(factory, "bind", G_CALLBACK(bind_cell), table);
	g_signal_connect(factory, "unbind", G_CALLBACK(unbind_cell), table);
	g_autoptr(GtkColumnViewColumn) made = gtk_column_view_column_new(insp_column_names[column], factory);

	if (column_widths[column])
		gtk_column_view_column_set_fixed_width(made, column_widths[column]);
	else
		gtk_column_view_column_set_expand(made, TRUE);
	gtk_column_view_column_set_resizable(made, TRUE);
	gtk_column_view_append_column(GTK_COLUMN_VIEW(table->view), made);
}

/* The scrolling action works only on the inner list of a column view. */
static GtkWidget *find_inner(GtkWidget *view)
{
	for (GtkWidget *child = gtk_widget_get_first_child(view); child; child = gtk_widget_get_next_sibling(child))
		if (GTK_IS_LIST_VIEW(child))
			return child;
	return NULL;
}

GtkWidget *insp_table_new(const enum insp_column *columns, const char *name)
{
	struct table *table = g_new0(struct table, 1);
	GtkWidget *scroller = gtk_scrolled_window_new();

	table->bound = g_hash_table_new(NULL, NULL);
	table->view = gtk_column_view_new(NULL);
	gtk_widget_add_css_class(table->view, "data-table");
	insp_name(table->view, name);
	for (size_t i = 0; columns[i] != INSP_COLUMN_COUNT; i++)
		add_column(table, columns[i]);
	table->inner = find_inner(table->view);
	CHECK(table->inner);
	gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroller), table->view);
	gtk_widget_set_vexpand(scroller, TRUE);
	g_object_set_data_full(G_OBJECT(scroller), "insp-table", table, table_free);
	return scroller;
}

void insp_table_set(GtkWidget *widget, InspEventList *list)
{
	struct table *table = table_of(widget);

	if (table->loaded)
		g_signal_handler_disconnect(table->list->pager, table->loaded);
	table->loaded = 0;
	gtk_column_view_set_model(GTK_COLUMN_VIEW(table->view), NULL);
	table->selection = NULL;
	table->list = list;
	if (table->tick)
		gtk_widget_remove_tick_callback(widget, table->tick);
	table->tick = 0;
	table->fresh = true;
	if (!list)
		return;
	table->loaded = g_signal_connect(list->pager, "loaded", G_CALLBACK(lines_loaded), table);
	table->selection = gtk_single_selection_new(G_LIST_MODEL(g_object_ref(list)));
	gtk_single_selection_set_autoselect(table->selection, FALSE);
	g_signal_connect(table->selection, "notify::selected", G_CALLBACK(selected), table);
	gtk_column_view_set_model(GTK_COLUMN_VIEW(table->view), GTK_SELECTION_MODEL(table->selection));
	g_object_unref(table->selection);
}

InspEventList *insp_table_get(GtkWidget *widget)
{
	return table_of(widget)->list;
}

/* Into sight: a row that is not seen yet comes a third from the top, so that what was before it is seen as well.  All rows
 * have the same height. */
static void scroll_near(struct table *table, guint position)
{
	GtkAdjustment *adjustment = gtk_scrollable_get_vadjustment(GTK_SCROLLABLE(table->inner));
	const guint count = list_count(G_LIST_MODEL(table->list));
	const double row = count ? gtk_adjustment_get_upper(adjustment) / count : 0;
	const double page = gtk_adjustment_get_page_size(adjustment), top = gtk_adjustment_get_value(adjustment);

	if (position >= count)
		return;
	if (page <= 0 || row < 1)
		gtk_widget_activate_action(table->inner, "list.scroll-to-item", "u", position);
	else if (position * row < top || (position + 1) * row > top + page)
		gtk_adjustment_set_value(adjustment, position * row - page / 3);
}

/* A keyboard that is in the list goes along: its arrows lead on from the position, wherever that was set, and a screen reader reads it. */
static void keyboard_to_selected(struct table *table)
{
	GtkRoot *root = gtk_widget_get_root(table->inner);
	GtkWidget *has = root ? gtk_root_get_focus(root) : NULL;

	if (!has || !gtk_widget_is_ancestor(has, table->inner))
		return;
	for (GtkWidget *row = gtk_widget_get_first_child(table->inner); row; row = gtk_widget_get_next_sibling(row))
		if (gtk_widget_get_state_flags(row) & GTK_STATE_FLAG_SELECTED) {
			gtk_widget_grab_focus(row);
			return;
		}
}

/* A list that scrolls before it has been laid out shows a part of its rows only.  Ticks come before the layout of
 * their frame, so that a fresh list waits for the second. */
static gboolean scroll_later(GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
	struct table *table = data;

	if (table->fresh) {
		table->fresh = false;
		return G_SOURCE_CONTINUE;
	}
	table->tick = 0;
	scroll_near(table, table->scroll_to);
	keyboard_to_selected(table);
	return G_SOURCE_REMOVE;
}

void insp_table_show(GtkWidget *widget, uint32_t seq)
{
	struct table *table = table_of(widget);

	if (!table->list)
		return;
	const guint position = insp_event_list_find(table->list, seq);

	table->quiet = true;
	gtk_single_selection_set_selected(table->selection, position);
	table->quiet = false;
	if (position == GTK_INVALID_LIST_POSITION)
		return;
	if (!table->fresh)
		scroll_near(table, position);
	table->scroll_to = position;
	if (!table->tick)
		table->tick = gtk_widget_add_tick_callback(widget, scroll_later, table, NULL);
}

void insp_table_on_select(GtkWidget *widget, insp_selected_func func, gpointer data)
{
	table_of(widget)->func = func;
	table_of(widget)->data = data;
}
