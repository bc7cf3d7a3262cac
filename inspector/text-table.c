/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text-table.h"

#include "names.h"
#include "tip.h"
/* ---- a row ---- */

G_DEFINE_FINAL_TYPE(InspTextRow, insp_text_row, G_TYPE_OBJECT)

static void insp_text_row_finalize(GObject *object)
{
	InspTextRow *row = INSP_TEXT_ROW(object);

	for (int i = 0; i < INSP_TEXT_COLUMNS; i++) {
		g_free(row->text[i]);
		g_free(row->was[i]);
	}
	for (int side = 0; side < 2; side++)
		g_clear_pointer(&row->inner[side], g_ptr_array_unref);
	g_free(row->key);
	g_clear_object(&row->children);
	g_clear_object(&row->twin);
	if (row->data_free)
		row->data_free(row->data);
	G_OBJECT_CLASS(insp_text_row_parent_class)->finalize(object);
}

static void insp_text_row_class_init(InspTextRowClass *class)
{
	G_OBJECT_CLASS(class)->finalize = insp_text_row_finalize;
}

static void insp_text_row_init(InspTextRow *row)
{
}

InspTextRow *insp_text_row_new(const char *key)
{
	InspTextRow *row = g_object_new(INSP_TYPE_TEXT_ROW, NULL);

	row->key = g_strdup(key);
	return row;
}

/* ---- the table ---- */

struct _InspTextTable {
	GtkBox parent;
	const struct insp_text_column *columns;
	GtkWidget *view, *stack, *why;
	const char *empty;
	GListStore *rows;
	GtkSelectionModel *selection;	/* of the rows: the view's while somebody may see it */
	insp_text_expand_func expand;
	gpointer expand_data;
	insp_text_activate_func activate;
	gpointer activate_data;
	gboolean paired;
	GPtrArray *of[2];		/* of a pair: each run's rows; NULL: not told yet */
	GtkColumnViewColumn *made[INSP_TEXT_COLUMNS][2];	/* the view's; [1]: NULL where the column is shared */
	guint frames;			/* until the end has been scrolled to for good */
};

G_DEFINE_FINAL_TYPE(InspTextTable, insp_text_table, GTK_TYPE_BOX)

static InspTextRow *row_of(GtkListItem *item)
{
	return gtk_tree_list_row_get_item(gtk_list_item_get_item(item));
}

static guint column_of(GtkSignalListItemFactory *factory)
{
	return GPOINTER_TO_UINT(g_object_get_data(G_OBJECT(factory), "column"));
}

/* 1: the second run's, of a pair. */
static int side_of(GtkSignalListItemFactory *factory)
{
	return GPOINTER_TO_INT(g_object_get_data(G_OBJECT(factory), "side"));
}

static gboolean is_shared(const InspTextTable *table, guint column)
{
	return column == 0 || table->columns[column].shared;
}

#define NOT_THERE "\u2014"
#define NOT_YET "\u2026"
#define DIFFERS "\u2260"

/* What a run says; NULL: nothing. */
static const char *text_of(const InspTextTable *table, const InspTextRow *row, guint column, int side)
{
	const InspTextRow *of = side || (row->foreign && is_shared(table, column)) ? row->twin : row;

	if (!of)
		return row->pending ? NOT_YET : NOT_THERE;
	return of == row && row->foreign ? NOT_THERE : of->text[column];
}

static gboolean differs(const InspTextTable *table, const InspTextRow *row, guint column)
{
	return table->paired && !row->pending && !is_shared(table, column) && !table->columns[column].quiet &&
	       (!row->twin || row->foreign || g_strcmp0(row->text[column], row->twin->text[column]) != 0);
}

static void setup(GtkSignalListItemFactory *factory, GtkListItem *item, InspTextTable *table)
{
	const struct insp_text_column *column = &table->columns[column_of(factory)];
	GtkWidget *label = gtk_label_new(NULL);

	gtk_label_set_xalign(GTK_LABEL(label), column->right ? 1 : 0);
	gtk_label_set_ellipsize(GTK_LABEL(label), column->whole ? PANGO_ELLIPSIZE_NONE : PANGO_ELLIPSIZE_END);
	gtk_widget_add_css_class(label, column->monospace ? "monospace" : "numeric");
	insp_tip(label, NULL);
	if (column_of(factory) == 0 && table->expand) {
		GtkWidget *expander = gtk_tree_expander_new();

		gtk_tree_expander_set_child(GTK_TREE_EXPANDER(expander), label);
		gtk_list_item_set_child(item, expander);
	} else {
		gtk_list_item_set_child(item, label);
	}
}

/* What a cell says, and the class that it has for it; NULL: none. */
static char *cell_of(const InspTextTable *table, const InspTextRow *row, guint column, int side, const char **ret_class)
{
	const char *text = text_of(table, row, column, side);

	*ret_class = NULL;
	text = text ? text : "";
	if (differs(table, row, column)) {
		*ret_class = "differs";
		return side ? g_strdup_printf(DIFFERS " %s", text) : g_strdup(text);
	}
	if (table->paired || !row->was[column])
		return g_strdup(text);
	*ret_class = "changed";
	return g_strdup_printf("%s   (was %s)", text, row->was[column]);
}

static void bind(GtkSignalListItemFactory *factory, GtkListItem *item, InspTextTable *table)
{
	static const char *const styles[] = {"error", "warning", "dim-label", "accent", "heading", "changed", "differs"};
	g_autoptr(InspTextRow) row = row_of(item);
	GtkWidget *child = gtk_list_item_get_child(item), *label = child;
	const char *class;

	if (GTK_IS_TREE_EXPANDER(child)) {
		gtk_tree_expander_set_list_row(GTK_TREE_EXPANDER(child), gtk_list_item_get_item(item));
		label = gtk_tree_expander_get_child(GTK_TREE_EXPANDER(child));
	}
	g_autofree char *told = cell_of(table, row, column_of(factory), side_of(factory), &class);
	const InspTextRow *of = side_of(factory) || row->foreign ? row->twin : row;

	for (guint i = 0; i < G_N_ELEMENTS(styles); i++)
		gtk_widget_remove_css_class(label, styles[i]);
	if (of && of->style)
		gtk_widget_add_css_class(label, of->style);
	if (class)
		gtk_widget_add_css_class(label, class);
	gtk_label_set_text(GTK_LABEL(label), told);
	insp_name_row(item);
}

static GtkColumnViewColumn *add_column(InspTextTable *table, guint number, int side)
{
	const struct insp_text_column *column = &table->columns[number];
	GtkListItemFactory *factory = gtk_signal_list_item_factory_new();

	g_object_set_data(G_OBJECT(factory), "column", GUINT_TO_POINTER(number));
	g_object_set_data(G_OBJECT(factory), "side", GINT_TO_POINTER(side));
	g_signal_connect(factory, "setup", G_CALLBACK(setup), table);
	g_signal_connect(factory, "bind", G_CALLBACK(bind), table);
	g_autoptr(GtkColumnViewColumn) made = gtk_column_view_column_new(column->title, factory);

	gtk_column_view_column_set_expand(made, column->expand);
	gtk_column_view_column_set_resizable(made, TRUE);
	gtk_column_view_column_set_visible(made, side == 0);
	gtk_column_view_append_column(GTK_COLUMN_VIEW(table->view), made);
	return made;
}

static GListModel *children_of(gpointer item, gpointer data)
{
	InspTextTable *table = data;
	InspTextRow *row = item;

	if (!row->expandable || !table->expand)
		return NULL;
	if (!row->children) {
		row->children = g_list_store_new(INSP_TYPE_TEXT_ROW);
		table->expand(row, table->expand_data);
	}
	return G_LIST_MODEL(g_object_ref(row->children));
}

static void activated(GtkColumnView *view, guint position, InspTextTable *table)
{
	GListModel *model = G_LIST_MODEL(gtk_column_view_get_model(view));
	g_autoptr(GtkTreeListRow) tree_row = g_list_model_get_item(model, position);
	g_autoptr(InspTextRow) row = tree_row ? gtk_tree_list_row_get_item(tree_row) : NULL;

	if (row && !row->foreign && table->activate)
		table->activate(row, table->activate_data);
}

static void insp_text_table_finalize(GObject *object)
{
	for (int side = 0; side < 2; side++)
		g_clear_pointer(&INSP_TEXT_TABLE(object)->of[side], g_ptr_array_unref);
	g_clear_object(&INSP_TEXT_TABLE(object)->selection);
	G_OBJECT_CLASS(insp_text_table_parent_class)->finalize(object);
}

static void insp_text_table_class_init(InspTextTableClass *class)
{
	G_OBJECT_CLASS(class)->finalize = insp_text_table_finalize;
}

static void insp_text_table_init(InspTextTable *table)
{
}

static void show_rows(InspTextTable *table)
{
	GtkTreeListModel *tree = gtk_tree_list_model_new(G_LIST_MODEL(g_object_ref(table->rows)), /* passthrough= */ FALSE,
							 /* autoexpand= */ FALSE, children_of, table, NULL);
	GtkSingleSelection *selection = gtk_single_selection_new(G_LIST_MODEL(tree));

	gtk_single_selection_set_autoselect(selection, FALSE);
	table->selection = GTK_SELECTION_MODEL(selection);
	gtk_column_view_set_model(GTK_COLUMN_VIEW(table->view), table->selection);
}

static void mapped(GtkWidget *view, InspTextTable *table)
{
	if (!gtk_column_view_get_model(GTK_COLUMN_VIEW(view)))
		gtk_column_view_set_model(GTK_COLUMN_VIEW(view), table->selection);
}

/* Before all rows are others: a list makes widgets for them also where nobody sees it, which is most of what a step would take. */
static void rest(InspTextTable *table)
{
	if (!gtk_widget_get_mapped(table->view))
		gtk_column_view_set_model(GTK_COLUMN_VIEW(table->view), NULL);
}

InspTextTable *insp_text_table_new(const struct insp_text_column *columns, const char *name, const char *empty)
{
	InspTextTable *table = g_object_new(INSP_TYPE_TEXT_TABLE, NULL);
	GtkWidget *scroller = gtk_scrolled_window_new();

	table->columns = columns;
	table->empty = empty;
	table->rows = g_list_store_new(INSP_TYPE_TEXT_ROW);
	table->view = gtk_column_view_new(NULL);
	table->stack = gtk_stack_new();
	table->why = gtk_label_new(empty);
	gtk_widget_add_css_class(table->view, "data-table");
	insp_name(table->view, name);
	for (guint i = 0; i < INSP_TEXT_COLUMNS && columns[i].title; i++)
		for (int side = 0; side < (is_shared(table, i) ? 1 : 2); side++)
			table->made[i][side] = add_column(table, i, side);
	gtk_label_set_wrap(GTK_LABEL(table->why), TRUE);
	gtk_label_set_justify(GTK_LABEL(table->why), GTK_JUSTIFY_CENTER);
	gtk_widget_add_css_class(table->why, "dim-label");
	gtk_widget_set_margin_start(table->why, 24);
	gtk_widget_set_margin_end(table->why, 24);
	gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroller), table->view);
	gtk_widget_set_hexpand(table->stack, TRUE);
	gtk_widget_set_vexpand(table->stack, TRUE);
	gtk_stack_add_named(GTK_STACK(table->stack), table->why, "why");
	gtk_stack_add_named(GTK_STACK(table->stack), scroller, "rows");
	gtk_box_append(GTK_BOX(table), table->stack);
	g_signal_connect(table->view, "activate", G_CALLBACK(activated), table);
	g_signal_connect(table->view, "map", G_CALLBACK(mapped), table);
	show_rows(table);
	return table;
}

/* ---- rows ---- */

static InspTextRow *find_row(GListModel *rows, const char *key)
{
	const guint count = rows ? g_list_model_get_n_items(rows) : 0;

	for (guint i = 0; i < count; i++) {
		InspTextRow *row = g_list_model_get_item(rows, i);

		/* The model keeps it. */
		g_object_unref(row);
		if (g_strcmp0(row->key, key) == 0)
			return row;
	}
	return NULL;
}

static void mark_row(InspTextTable *table, InspTextRow *row, InspTextRow *old, gboolean keep)
{
	for (guint i = 0; i < INSP_TEXT_COLUMNS && table->columns[i].title; i++) {
		if (g_strcmp0(row->text[i], old->text[i]) == 0) {
			row->was[i] = keep ? g_strdup(old->was[i]) : NULL;
			continue;
		}
		if (!table->columns[i].fleeting && old->text[i])
			row->was[i] = g_strdup(old->text[i]);
	}
}

/* Rows in the order of the old ones are found at once, others by looking through all. */
static void mark_rows(InspTextTable *table, GPtrArray *rows, GListModel *old, gboolean keep)
{
	for (guint i = 0; i < rows->len; i++) {
		InspTextRow *row = rows->pdata[i];
		g_autoptr(InspTextRow) same_place = old ? g_list_model_get_item(old, i) : NULL;
		InspTextRow *before = same_place && g_strcmp0(same_place->key, row->key) == 0 ? same_place : find_row(old, row->key);

		if (before)
			mark_row(table, row, before, keep);
	}
}

/* ---- pairs ---- */

static InspTextRow *find_in(GPtrArray *rows, const char *key, guint *ret_place)
{
	for (guint i = 0; rows && i < rows->len; i++)
		if (g_strcmp0(((InspTextRow *)rows->pdata[i])->key, key) == 0) {
			*ret_place = i;
			return rows->pdata[i];
		}
	return NULL;
}

static InspTextRow *foreign_new(InspTextRow *twin)
{
	InspTextRow *row = insp_text_row_new(twin->key);

	row->foreign = TRUE;
	row->twin = g_object_ref(twin);
	return row;
}

/* Rows of both: in the first run's order, and each that only the second has behind that which it has before. */
static GPtrArray *merge(GPtrArray *own, GPtrArray *others)
{
	GPtrArray *merged = g_ptr_array_new_with_free_func(g_object_unref);
	guint place = 0;

	for (guint i = 0; own && i < own->len; i++) {
		InspTextRow *row = own->pdata[i], *twin = find_in(others, row->key, &place);

		g_set_object(&row->twin, twin);
		row->pending = !others;
		g_ptr_array_add(merged, g_object_ref(row));
	}
	guint behind = 0;

	for (guint i = 0; others && i < others->len; i++) {
		InspTextRow *other = others->pdata[i];

		if (!find_in(merged, other->key, &place))
			g_ptr_array_insert(merged, (gint)(place = behind), foreign_new(other));
		behind = place + 1;
	}
	return merged;
}

static void show_merged(GListStore *store, GPtrArray *own, GPtrArray *others)
{
	g_autoptr(GPtrArray) merged = merge(own, others);

	g_list_store_splice(store, 0, g_list_model_get_n_items(G_LIST_MODEL(store)), merged->pdata, merged->len);
}

static guint column_count(const InspTextTable *table)
{
	guint count = 0;

	while (count < INSP_TEXT_COLUMNS && table->columns[count].title)
		count++;
	return count;
}

#define NARROW 2u	/* a table of more columns, without those that are shared, has no room for all of them twice */

static gboolean any_differs(InspTextTable *table, guint column)
{
	for (guint i = 0; i < g_list_model_get_n_items(G_LIST_MODEL(table->rows)); i++) {
		g_autoptr(InspTextRow) row = g_list_model_get_item(G_LIST_MODEL(table->rows), i);

		if (differs(table, row, column))
			return TRUE;
	}
	return FALSE;
}

/* Which columns are there twice: all, or of a wide table those of which it is not known that nothing differs. */
static void show_columns(InspTextTable *table)
{
	guint apart = 0;

	for (guint i = 0; i < column_count(table); i++)
		apart += !is_shared(table, i);
	for (guint i = 0; i < column_count(table); i++) {
		const gboolean twice = table->paired && !is_shared(table, i) &&
				       (apart <= NARROW || table->columns[i].quiet || any_differs(table, i));
		const char *title = table->columns[i].title;
		g_autofree char *a = g_strdup_printf("%s%sA", title, *title ? " " : "");
		g_autofree char *b = g_strdup_printf("%s%sB", title, *title ? " " : "");

		gtk_column_view_column_set_title(table->made[i][0], twice ? a : title);
		if (!table->made[i][1])
			continue;
		gtk_column_view_column_set_title(table->made[i][1], b);
		gtk_column_view_column_set_visible(table->made[i][1], twice);
	}
}

static void show_pair(InspTextTable *table)
{
	rest(table);
	show_merged(table->rows, table->of[0], table->of[1]);
	/* While the second run's answer is under way columns stay, lest they come and go at each step. */
	if (table->of[1])
		show_columns(table);
	if (table->of[0] || table->of[1])
		gtk_stack_set_visible_child_name(GTK_STACK(table->stack),
						 g_list_model_get_n_items(G_LIST_MODEL(table->rows)) ? "rows" : "why");
}

static void take_rows(GPtrArray **place, GPtrArray *rows)
{
	g_clear_pointer(place, g_ptr_array_unref);
	*place = rows ? g_ptr_array_ref(rows) : NULL;
}

void insp_text_table_set_paired(InspTextTable *table, gboolean paired)
{
	if (table->paired == paired)
		return;
	g_autoptr(GPtrArray) own = g_ptr_array_new_with_free_func(g_object_unref);

	for (guint i = 0; i < g_list_model_get_n_items(G_LIST_MODEL(table->rows)); i++) {
		InspTextRow *row = g_list_model_get_item(G_LIST_MODEL(table->rows), i);

		if (row->foreign)
			g_object_unref(row);
		else
			g_ptr_array_add(own, row);
	}
	table->paired = paired;
	take_rows(&table->of[0], paired ? own : NULL);
	take_rows(&table->of[1], NULL);
	show_merged(table->rows, own, NULL);
	show_columns(table);
}

void insp_text_table_set_other(InspTextTable *table, GPtrArray *rows)
{
	if (!table->paired) {
		g_clear_pointer(&rows, g_ptr_array_unref);
		return;
	}
	take_rows(&table->of[1], rows);
	g_clear_pointer(&rows, g_ptr_array_unref);
	show_pair(table);
}

/* The row takes the place of that with its key, or is the last. */
static void put_into(GPtrArray **rows, InspTextRow *row)
{
	guint place;

	if (!*rows)
		*rows = g_ptr_array_new_with_free_func(g_object_unref);
	if (!find_in(*rows, row->key, &place)) {
		g_ptr_array_add(*rows, g_object_ref(row));
		return;
	}
	g_object_unref((*rows)->pdata[place]);
	(*rows)->pdata[place] = g_object_ref(row);
}

void insp_text_table_put_other(InspTextTable *table, InspTextRow *row)
{
	g_autoptr(InspTextRow) owned = row;

	if (!table->paired)
		return;
	put_into(&table->of[1], row);
	show_pair(table);
}

/* ---- one run ---- */

void insp_text_table_set(InspTextTable *table, GPtrArray *rows, gboolean keep_marks)
{
	g_autoptr(GPtrArray) owned = rows;
	GListModel *model = G_LIST_MODEL(table->rows);

	rest(table);
	mark_rows(table, rows, model, keep_marks);
	gtk_label_set_text(GTK_LABEL(table->why), table->empty);
	if (table->paired) {
		take_rows(&table->of[0], rows);
		show_pair(table);
		return;
	}
	g_list_store_splice(table->rows, 0, g_list_model_get_n_items(model), rows->pdata, rows->len);
	gtk_stack_set_visible_child_name(GTK_STACK(table->stack), rows->len ? "rows" : "why");
}

void insp_text_table_put(InspTextTable *table, InspTextRow *row)
{
	GListModel *model = G_LIST_MODEL(table->rows);
	InspTextRow *old = find_row(model, row->key);
	g_autoptr(InspTextRow) owned = row;
	guint position = g_list_model_get_n_items(model);

	if (old)
		mark_row(table, row, old, FALSE);
	if (table->paired) {
		put_into(&table->of[0], row);
		show_pair(table);
		return;
	}
	if (old)
		g_list_store_find(table->rows, old, &position);
	g_list_store_splice(table->rows, position, old ? 1 : 0, (gpointer *)&row, 1);
	gtk_stack_set_visible_child_name(GTK_STACK(table->stack), "rows");
}

void insp_text_table_clear(InspTextTable *table, const char *why)
{
	for (int side = 0; side < 2; side++)
		g_clear_pointer(&table->of[side], g_ptr_array_unref);
	g_list_store_remove_all(table->rows);
	gtk_label_set_text(GTK_LABEL(table->why), why ? why : table->empty);
	gtk_stack_set_visible_child_name(GTK_STACK(table->stack), "why");
}

void insp_text_table_show_column(InspTextTable *table, guint column, gboolean visible)
{
	gtk_column_view_column_set_visible(table->made[column][0], visible);
}

InspTextRow *insp_text_table_selected(InspTextTable *table)
{
	GtkTreeListRow *chosen = gtk_single_selection_get_selected_item(GTK_SINGLE_SELECTION(table->selection));

	return chosen ? gtk_tree_list_row_get_item(chosen) : NULL;
}

void insp_text_table_trim(InspTextTable *table, guint max)
{
	const guint count = g_list_model_get_n_items(G_LIST_MODEL(table->rows));

	if (count > max)
		g_list_store_splice(table->rows, 0, count - max, NULL, 0);
}

/* Of the column view's children the list is the last. */
static gboolean scroll_to_end(GtkWidget *view, GdkFrameClock *clock, gpointer data)
{
	InspTextTable *table = data;
	const guint count = g_list_model_get_n_items(G_LIST_MODEL(table->rows));

	if (count)
		gtk_widget_activate_action(gtk_widget_get_last_child(view), "list.scroll-to-item", "u", count - 1);
	return --table->frames ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

void insp_text_table_show_end(InspTextTable *table)
{
	if (!table->frames)
		gtk_widget_add_tick_callback(table->view, scroll_to_end, table, NULL);
	table->frames = 2;
}

void insp_text_table_on_expand(InspTextTable *table, insp_text_expand_func func, gpointer data)
{
	table->expand = func;
	table->expand_data = data;
}

static void set_inner(InspTextTable *table, InspTextRow *row, int side, GPtrArray *rows)
{
	g_autoptr(GPtrArray) owned = rows;

	if (!row->children)
		return;
	take_rows(&row->inner[side], rows);
	if (table->paired)
		show_merged(row->children, row->inner[0], row->inner[1]);
	else
		g_list_store_splice(row->children, 0, g_list_model_get_n_items(G_LIST_MODEL(row->children)), rows->pdata, rows->len);
}

void insp_text_table_set_children(InspTextTable *table, InspTextRow *row, GPtrArray *rows)
{
	set_inner(table, row, 0, rows);
}

void insp_text_table_set_other_children(InspTextTable *table, InspTextRow *row, GPtrArray *rows)
{
	set_inner(table, row, 1, rows);
}

void insp_text_table_on_activate(InspTextTable *table, insp_text_activate_func func, gpointer data)
{
	table->activate = func;
	table->activate_data = data;
}

static void print_cell(GString *text, const InspTextTable *table, const InspTextRow *row, guint column)
{
	const char *a = text_of(table, row, column, 0), *b = table->paired ? text_of(table, row, column, 1) : NULL;

	g_string_append(text, a ? a : "");
	if (differs(table, row, column))
		g_string_append_printf(text, " " DIFFERS " %s", b ? b : "");
	else if (!table->paired && row->was[column])
		g_string_append_printf(text, " (was %s)", row->was[column]);
}

char *insp_text_table_print(InspTextTable *table)
{
	GString *text = g_string_new(NULL);
	GListModel *model = G_LIST_MODEL(table->rows);

	for (guint i = 0; i < g_list_model_get_n_items(model); i++) {
		g_autoptr(InspTextRow) row = g_list_model_get_item(model, i);

		for (guint k = 0; k < column_count(table); k++) {
			if (k)
				g_string_append_c(text, '\t');
			print_cell(text, table, row, k);
		}
		g_string_append_c(text, '\n');
	}
	return g_string_free(text, FALSE);
}
