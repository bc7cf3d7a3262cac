/* SPDX-License-Identifier: GPL-2.0-or-later */
/* program-fill.c - answers of the replay as rows of the panes. */
#include "program.h"

const char *insp__json_text(JsonObject *object, const char *name)
{
	JsonNode *node = object ? json_object_get_member(object, name) : NULL;

	return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING ? json_node_get_string(node)
													: NULL;
}

gint64 insp__json_number(JsonObject *object, const char *name)
{
	JsonNode *node = object ? json_object_get_member(object, name) : NULL;

	return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_INT64 ? json_node_get_int(node) : 0;
}

static JsonArray *list_of(JsonObject *answer, const char *name)
{
	JsonNode *node = answer ? json_object_get_member(answer, name) : NULL;

	return node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

static JsonObject *item_of(JsonArray *list, guint index)
{
	JsonNode *node = json_array_get_element(list, index);

	return JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static char *where_of(JsonObject *frame)
{
	const char *file = insp__json_text(frame, "file"), *module = insp__json_text(frame, "module");
	g_autofree char *base = file ? g_path_get_basename(file) : module ? g_path_get_basename(module) : g_strdup("");

	return file ? g_strdup_printf("%s:%" G_GINT64_FORMAT, base, insp__json_number(frame, "line")) : g_steal_pointer(&base);
}

GPtrArray *insp__rows_of_frames(JsonObject *answer, guint chosen)
{
	GPtrArray *rows = g_ptr_array_new_with_free_func(g_object_unref);
	JsonArray *frames = list_of(answer, "frames");
	const guint count = frames ? json_array_get_length(frames) : 0;

	for (guint i = 0; i < count; i++) {
		JsonObject *frame = item_of(frames, i);
		const char *function = insp__json_text(frame, "function");
		/* From the outermost one: that is which stays when a function is called. */
		g_autofree char *key = g_strdup_printf("%u", count - i);
		InspTextRow *row = insp_text_row_new(key);

		row->text[0] = g_strdup_printf("%u", i);
		row->text[1] = g_strdup(function ? function : insp__json_text(frame, "pc"));
		row->text[2] = where_of(frame);
		row->style = i == chosen ? "accent" : insp__json_text(frame, "file") ? NULL : "dim-label";
		row->data = GUINT_TO_POINTER(i);
		g_ptr_array_add(rows, row);
	}
	return rows;
}

static void variable_free(gpointer data)
{
	struct insp_variable *variable = data;

	g_free(variable->address);
	g_free(variable->handle);
	g_free(variable->expression);
	g_free(variable);
}

/* prefix: what the rows are within; NULL: variables. */
GPtrArray *insp__rows_of_variables(JsonObject *answer, const char *prefix)
{
	GPtrArray *rows = g_ptr_array_new_with_free_func(g_object_unref);
	JsonArray *list = list_of(answer, "variables");

	for (guint i = 0; list && i < json_array_get_length(list); i++) {
		JsonObject *object = item_of(list, i);
		const char *name = insp__json_text(object, "name"), *value = insp__json_text(object, "value");
		const char *kind = insp__json_text(object, "kind");
		struct insp_variable *variable = g_new0(struct insp_variable, 1);

		name = name ? name : "?";
		variable->expression = !prefix ? g_strdup(name)
				       : name[0] == '[' ? g_strconcat(prefix, name, NULL)
				       : name[0] == '*' ? g_strdup_printf("*%s", prefix) : g_strdup_printf("%s.%s", prefix, name);
		variable->address = g_strdup(insp__json_text(object, "address"));
		variable->handle = g_strdup(insp__json_text(object, "handle"));
		InspTextRow *row = insp_text_row_new(variable->expression);

		row->text[0] = g_strdup(name);
		row->text[1] = g_strdup(value ? value : "");
		row->text[2] = g_strdup(insp__json_text(object, "type"));
		row->expandable = variable->handle != NULL;
		row->style = g_strcmp0(kind, "unavailable") == 0 ? "dim-label" : NULL;
		row->data = variable;
		row->data_free = variable_free;
		g_ptr_array_add(rows, row);
	}
	return rows;
}

InspTextRow *insp__row_of_watch(const char *expression, JsonObject *answer, const char *error)
{
	InspTextRow *row = insp_text_row_new(expression);
	JsonObject *object = answer && json_object_has_member(answer, "variable") ? json_object_get_object_member(answer, "variable")
										  : NULL;
	const char *value = insp__json_text(object, "value");

	row->text[0] = g_strdup(expression);
	row->text[1] = g_strdup(value ? value : error ? error : "");
	row->text[2] = g_strdup(insp__json_text(object, "type"));
	row->style = value ? NULL : "dim-label";
	return row;
}

/* "0x6" as 6; what is large enough to be an address stays. */
static char *number_words(const char *hex)
{
	const guint64 value = g_ascii_strtoull(hex, NULL, 16);

	return value < 1u << 24 ? g_strdup_printf("%" G_GUINT64_FORMAT, value) : g_strdup(hex);
}

char *insp__stop_words(JsonObject *stop)
{
	const char *why = insp__json_text(stop, "why"), *function = insp__json_text(stop, "function");
	const char *before = insp__json_text(stop, "before"), *after = insp__json_text(stop, "after");
	const char *file = insp__json_text(stop, "file");
	g_autofree char *base = file ? g_path_get_basename(file) : NULL;
	g_autofree char *place = base ? g_strdup_printf(" in %s, %s:%" G_GINT64_FORMAT, function ? function : "?", base,
							insp__json_number(stop, "line"))
				 : function ? g_strdup_printf(" in %s", function) : g_strdup("");

	if (before && after) {
		g_autofree char *from = number_words(before), *to = number_words(after);

		return g_strdup_printf("Written%s: from %s to %s", place, from, to);
	}
	if (g_strcmp0(why, "breakpoint") == 0)
		return g_strdup_printf("Breakpoint %" G_GINT64_FORMAT "%s", insp__json_number(stop, "point"), place);
	if (g_strcmp0(why, "start") == 0)
		return g_strdup("Nothing before this: the run begins here");
	if (g_strcmp0(why, "end") == 0)
		return g_strdup("Nothing after this: the run ends here");
	if (g_strcmp0(why, "interrupted") == 0)
		return g_strdup(INTERRUPTED_WORDS);
	if (g_strcmp0(why, "done") == 0 && *place)
		return g_strdup_printf("Next%s", place);
	return g_strdup(insp__json_text(stop, "text"));
}

static void add_register(GPtrArray *rows, const char *name, const char *value)
{
	InspTextRow *row = insp_text_row_new(name);

	row->text[0] = g_strdup(name);
	row->text[1] = g_strdup(value ? value : "");
	g_ptr_array_add(rows, row);
}

GPtrArray *insp__rows_of_registers(JsonObject *answer)
{
	GPtrArray *rows = g_ptr_array_new_with_free_func(g_object_unref);
	JsonNode *node = json_object_get_member(answer, "registers");

	if (node && JSON_NODE_HOLDS_OBJECT(node)) {
		JsonObject *registers = json_node_get_object(node);
		g_autoptr(GList) names = json_object_get_members(registers);

		for (GList *at = names; at; at = at->next)
			add_register(rows, at->data, insp__json_text(registers, at->data));
	} else {
		JsonArray *list = list_of(answer, "registers");

		for (guint i = 0; list && i < json_array_get_length(list); i++)
			add_register(rows, insp__json_text(item_of(list, i), "name"), insp__json_text(item_of(list, i), "value"));
	}
	return rows;
}

GBytes *insp__bytes_of(JsonObject *answer)
{
	const char *hex = insp__json_text(answer, "bytes");
	const gsize size = hex ? strlen(hex) / 2 : 0;

	if (!size)
		return NULL;
	guint8 *bytes = g_malloc(size);

	for (gsize i = 0; i < size; i++)
		bytes[i] = (guint8)(g_ascii_xdigit_value(hex[2 * i]) << 4 | g_ascii_xdigit_value(hex[2 * i + 1]));
	return g_bytes_new_take(bytes, size);
}
