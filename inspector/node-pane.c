/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "node-pane.h"

#include "names.h"
#include "program.h"
#include "steps.h"
#include "text-table.h"

/* What a column shows: a member as it is, or put into words. */
enum form { FORM_PLAIN, FORM_TIME, FORM_US, FORM_LIST, FORM_LIMIT };

struct member {
	const char *name;
	enum form form;
};

/* One list of the state: its columns, and which members are its key. */
static const struct list {
	const char *name, *title, *empty;
	struct insp_text_column columns[INSP_TEXT_COLUMNS + 1];
	struct member members[INSP_TEXT_COLUMNS];
	const char *keys[3];
} lists[] = {
	{"fds", "Descriptors", "No process has an open descriptor here.",
	 {NUMBER("Fd"), WIDE("What"), WORD("Socket"),
	  {.title = "Since event", .right = TRUE, .quiet = TRUE}, {NULL}},
	 {{"fd", FORM_PLAIN}, {"what", FORM_PLAIN}, {"sock", FORM_PLAIN}, {"seq", FORM_PLAIN}}, {"pids", "fd", NULL}},
	{"sockets", "Sockets", "The node has no sockets here.",
	 {NUMBER("No."), WIDE("Local"), WIDE("Remote"), WORD("State"), NUMBER("cwnd"),
	  NUMBER("ssthresh"), NUMBER("RTT"), {NULL}},
	 {{"sock", FORM_PLAIN}, {"local", FORM_PLAIN}, {"remote", FORM_PLAIN}, {"state", FORM_PLAIN}, {"cwnd", FORM_PLAIN},
	  {"ssthresh", FORM_LIMIT}, {"srtt_us", FORM_US}}, {"sock", NULL}},
	{"tcp", "TCP in detail", "No TCP connection here.",
	 {NUMBER("No."), NUMBER("una"), NUMBER("nxt"), NUMBER("rcv nxt"),
	  NUMBER("Send window"), NUMBER("Unsent and unacked"), NUMBER("RTO"),
	  NUMBER("Retransmitted"), {NULL}},
	 {{"sock", FORM_PLAIN}, {"snd_una", FORM_PLAIN}, {"snd_nxt", FORM_PLAIN}, {"rcv_nxt", FORM_PLAIN}, {"snd_wnd", FORM_PLAIN},
	  {"send_queue", FORM_PLAIN}, {"rto_us", FORM_US}, {"total_retrans", FORM_PLAIN}}, {"sock", NULL}},
	{"routes", "Routes", "The node has no routes here.",
	 {WIDE("To"), WIDE("Via"), {.title = "Device", .shared = TRUE}, WORD("Source"), NUMBER("Metric"), {NULL}},
	 {{"target", FORM_PLAIN}, {"via", FORM_PLAIN}, {"dev", FORM_PLAIN}, {"source", FORM_PLAIN}, {"metric", FORM_PLAIN}},
	 {"target", "dev", "table"}},
	{"neighbours", "Neighbours", "The node knows no neighbour here.",
	 {WIDE("Address"), WIDE("MAC"), {.title = "Device", .shared = TRUE}, WORD("State"), {NULL}},
	 {{"address", FORM_PLAIN}, {"lladdr", FORM_PLAIN}, {"dev", FORM_PLAIN}, {"state", FORM_PLAIN}}, {"address", "dev", NULL}},
	{"interfaces", "Interfaces", "The node has no interfaces here.",
	 {WORD("Name"), WORD("Up"), WORD("Running"), NUMBER("MTU"), WIDE("MAC"), WIDE("Addresses"), {NULL}},
	 {{"name", FORM_PLAIN}, {"up", FORM_PLAIN}, {"running", FORM_PLAIN}, {"mtu", FORM_PLAIN}, {"mac", FORM_PLAIN},
	  {"addresses", FORM_LIST}}, {"index", NULL}},
	{"timers", "Timers", "No timer is set here.",
	 {NUMBER("Process"), {.title = "Kind", .expand = TRUE, .shared = TRUE}, NUMBER("Expires (s)"), NUMBER("Every"), {NULL}},
	 {{"pid", FORM_PLAIN}, {"kind", FORM_PLAIN}, {"expires", FORM_TIME}, {"interval", FORM_TIME}}, {"pid", "kind", "id"}},
	{"outputs", "Output so far", "Nothing has been printed here.",
	 {NUMBER("Process"), {.title = "Fd", .right = TRUE, .shared = TRUE}, NUMBER("Lines"), WIDE("Last"), {NULL}},
	 {{"pid", FORM_PLAIN}, {"fd", FORM_PLAIN}, {"lines", FORM_PLAIN}, {"tail", FORM_PLAIN}}, {"pid", "fd", NULL}},
	{"ways", "Queues of links", "There are no links.",
	 {WORD("From"), {.title = "To", .shared = TRUE}, NUMBER("Rate (bit/s)"), NUMBER("Delay (s)"), WORD("Down"), NUMBER("Waiting"),
	  NUMBER("In flight"), NUMBER("Lost"), {NULL}},
	 {{"from", FORM_PLAIN}, {"to", FORM_PLAIN}, {"rate", FORM_PLAIN}, {"delay", FORM_TIME}, {"down", FORM_PLAIN},
	  {"queue_packets", FORM_PLAIN}, {"packets", FORM_LIST}, {"dropped", FORM_PLAIN}}, {"from", "to", "iface"}},
};

struct _InspNodePane {
	GtkBox parent;
	GtkWidget *choice, *stack;
	InspTextTable *tables[G_N_ELEMENTS(lists)];
};

G_DEFINE_FINAL_TYPE(InspNodePane, insp_node_pane, GTK_TYPE_BOX)

static char *list_words(JsonArray *array)
{
	/* Things are counted, words are told. */
	if (json_array_get_length(array) && !JSON_NODE_HOLDS_VALUE(json_array_get_element(array, 0)))
		return g_strdup_printf("%u", json_array_get_length(array));
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < json_array_get_length(array); i++)
		g_string_append_printf(text, "%s%s", i ? ", " : "", json_array_get_string_element(array, i));
	return g_strdup(text->str);
}

static char *time_words(gint64 ns)
{
	char text[48];

	if (!ns)
		return NULL;
	insp_put_time(text, sizeof(text), (vtime_ns)ns);
	return g_strdup(text);
}

static char *number_words(gint64 value, enum form form)
{
	char text[48];

	switch (form) {
	case FORM_TIME:
		return time_words(value);
	case FORM_US:
		insp_put_duration(text, sizeof(text), (vtime_ns)value * 1000);
		return value ? g_strdup(text) : NULL;
	case FORM_LIMIT:
		return value < G_MAXINT32 ? g_strdup_printf("%" G_GINT64_FORMAT, value) : g_strdup("none");
	default:
		return g_strdup_printf("%" G_GINT64_FORMAT, value);
	}
}

static char *words_of(JsonObject *object, const struct member *member)
{
	JsonNode *node = json_object_get_member(object, member->name);

	if (!node || JSON_NODE_HOLDS_NULL(node))
		return NULL;
	if (JSON_NODE_HOLDS_ARRAY(node))
		return list_words(json_node_get_array(node));
	if (!JSON_NODE_HOLDS_VALUE(node))
		return NULL;
	if (json_node_get_value_type(node) == G_TYPE_STRING)
		return g_strdup(json_node_get_string(node));
	if (json_node_get_value_type(node) == G_TYPE_BOOLEAN)
		return g_strdup(json_node_get_boolean(node) ? "yes" : "no");
	return number_words(json_node_get_int(node), member->form);
}

static void add_row(GPtrArray *rows, const struct list *list, JsonObject *object)
{
	g_autoptr(GString) key = g_string_new(NULL);

	for (int i = 0; i < 3 && list->keys[i]; i++) {
		const struct member member = {list->keys[i], FORM_PLAIN};
		g_autofree char *word = words_of(object, &member);

		g_string_append_printf(key, "%s ", word ? word : "");
	}
	InspTextRow *row = insp_text_row_new(key->str);

	for (int i = 0; i < INSP_TEXT_COLUMNS && list->members[i].name; i++)
		row->text[i] = words_of(object, &list->members[i]);
	g_ptr_array_add(rows, row);
}

static JsonArray *array_of(JsonObject *object, const char *name)
{
	JsonNode *node = object ? json_object_get_member(object, name) : NULL;

	return node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

static void add_rows(GPtrArray *rows, const struct list *list, JsonObject *owner, const char *member)
{
	JsonArray *array = array_of(owner, member);
	const gboolean tcp = strcmp(list->name, "tcp") == 0;

	for (guint i = 0; array && i < json_array_get_length(array); i++) {
		JsonObject *object = json_array_get_object_element(array, i);

		if (!tcp || json_object_has_member(object, "snd_una"))
			add_row(rows, list, object);
	}
}

static JsonObject *node_of(JsonObject *state, const char *name)
{
	JsonArray *nodes = array_of(state, "nodes");

	for (guint i = 0; nodes && i < json_array_get_length(nodes); i++) {
		JsonObject *node = json_array_get_object_element(nodes, i);

		if (g_strcmp0(insp__json_text(node, "name"), name) == 0)
			return node;
	}
	return NULL;
}

static GPtrArray *rows_of(const struct list *list, JsonObject *state, const char *node)
{
	GPtrArray *rows = g_ptr_array_new_with_free_func(g_object_unref);
	JsonArray *links = strcmp(list->name, "ways") == 0 ? array_of(state, "links") : NULL;

	if (links)
		for (guint i = 0; i < json_array_get_length(links); i++)
			add_rows(rows, list, json_array_get_object_element(links, i), "ways");
	else
		add_rows(rows, list, node_of(state, node), strcmp(list->name, "tcp") == 0 ? "sockets" : list->name);
	return rows;
}

static void chosen(GtkDropDown *choice, GParamSpec *spec, InspNodePane *pane)
{
	const guint index = gtk_drop_down_get_selected(choice);

	if (index < G_N_ELEMENTS(lists))
		gtk_stack_set_visible_child_name(GTK_STACK(pane->stack), lists[index].name);
}

static void insp_node_pane_class_init(InspNodePaneClass *class)
{
}

static void insp_node_pane_init(InspNodePane *pane)
{
	g_autoptr(GtkStringList) titles = gtk_string_list_new(NULL);

	gtk_orientable_set_orientation(GTK_ORIENTABLE(pane), GTK_ORIENTATION_VERTICAL);
	pane->stack = gtk_stack_new();
	for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
		gtk_string_list_append(titles, lists[i].title);
		pane->tables[i] = insp_text_table_new(lists[i].columns, lists[i].title, lists[i].empty);
		gtk_stack_add_named(GTK_STACK(pane->stack), GTK_WIDGET(pane->tables[i]), lists[i].name);
	}
	pane->choice = gtk_drop_down_new(G_LIST_MODEL(g_steal_pointer(&titles)), NULL);
	insp_name(pane->choice, "What of the node is shown");
	gtk_widget_set_halign(pane->choice, GTK_ALIGN_START);
	gtk_widget_set_margin_start(pane->choice, 6);
	gtk_widget_set_margin_top(pane->choice, 6);
	gtk_widget_set_margin_bottom(pane->choice, 6);
	gtk_widget_set_vexpand(pane->stack, TRUE);
	g_signal_connect(pane->choice, "notify::selected", G_CALLBACK(chosen), pane);
	gtk_box_append(GTK_BOX(pane), pane->choice);
	gtk_box_append(GTK_BOX(pane), pane->stack);
}

void insp_node_pane_set(InspNodePane *pane, JsonObject *state, const char *node)
{
	for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
		insp_text_table_set(pane->tables[i], rows_of(&lists[i], state, node), /* keep_marks= */ FALSE);
}

void insp_node_pane_set_paired(InspNodePane *pane, gboolean paired)
{
	for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
		insp_text_table_set_paired(pane->tables[i], paired);
}

void insp_node_pane_set_other(InspNodePane *pane, JsonObject *state, const char *node)
{
	for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
		insp_text_table_set_other(pane->tables[i], state ? rows_of(&lists[i], state, node) : NULL);
}

void insp_node_pane_clear(InspNodePane *pane, const char *why)
{
	for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
		insp_text_table_clear(pane->tables[i], why);
}

gboolean insp_node_pane_show(InspNodePane *pane, const char *list)
{
	for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
		if (strcmp(lists[i].name, list) == 0) {
			gtk_drop_down_set_selected(GTK_DROP_DOWN(pane->choice), i);
			return TRUE;
		}
	return FALSE;
}

char *insp_node_pane_print(InspNodePane *pane)
{
	return insp_text_table_print(pane->tables[gtk_drop_down_get_selected(GTK_DROP_DOWN(pane->choice))]);
}
