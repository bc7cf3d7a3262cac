/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "code-pane.h"

#include "program.h"
#include "said.h"

static const struct insp_text_column columns[] = {
	{.title = "Address", .monospace = TRUE, .whole = TRUE, .fleeting = TRUE},	/* whose place it is changes at each step */
	{.title = "Instruction", .expand = TRUE, .monospace = TRUE},
	{.title = "Bytes", .monospace = TRUE}, {NULL}};

#define COLUMN_BYTES 2u

struct instruction {
	char *address, *text, *bytes;
};

/* What a run is about to execute. */
struct part {
	gboolean told;
	GPtrArray *code;		/* struct instruction *; NULL: none */
	char *pc, *function;		/* function: NULL: not known */
	char *why;			/* there is none */
};

struct _InspCodePane {
	GtkBox parent;
	GtkWidget *said;
	InspTextTable *tables[2];
	struct part parts[2];
	gboolean paired;
};

G_DEFINE_FINAL_TYPE(InspCodePane, insp_code_pane, GTK_TYPE_BOX)

static void instruction_free(gpointer data)
{
	struct instruction *instruction = data;

	g_free(instruction->address);
	g_free(instruction->text);
	g_free(instruction->bytes);
	g_free(instruction);
}

static void part_clear(struct part *part)
{
	part->told = FALSE;
	g_clear_pointer(&part->code, g_ptr_array_unref);
	g_clear_pointer(&part->pc, g_free);
	g_clear_pointer(&part->function, g_free);
	g_clear_pointer(&part->why, g_free);
}

static void part_set(struct part *part, JsonObject *answer, const char *pc, const char *why)
{
	JsonNode *node = answer ? json_object_get_member(answer, "instructions") : NULL;
	JsonArray *list = node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;

	part_clear(part);
	part->told = TRUE;
	part->pc = g_strdup(pc);
	part->why = g_strdup(why);
	if (!list || !pc)
		return;
	part->code = g_ptr_array_new_with_free_func(instruction_free);
	for (guint i = 0; i < json_array_get_length(list); i++) {
		JsonObject *object = json_array_get_object_element(list, i);
		struct instruction *instruction = g_new0(struct instruction, 1);

		instruction->address = g_strdup(insp__json_text(object, "address"));
		instruction->text = g_strdup(insp__json_text(object, "text"));
		instruction->bytes = g_strdup(insp__json_text(object, "bytes"));
		g_ptr_array_add(part->code, instruction);
		if (i == 0)
			part->function = g_strdup(insp__json_text(object, "function"));
	}
}

/* ---- one list ---- */

/* Whose place an address is, in letters, since colours are not for everybody: "A ", " B", "AB". */
static char *address_of(InspCodePane *pane, const char *address, gboolean is_a, gboolean is_b)
{
	return pane->paired ? g_strdup_printf("%s%s %s", is_a ? "A" : " ", is_b ? "B" : " ", address) : g_strdup(address);
}

/* pcs: of the runs that have this code; NULL: not this run. */
static GPtrArray *rows_of(InspCodePane *pane, const struct part *part, const char *const pcs[2])
{
	GPtrArray *rows = g_ptr_array_new_with_free_func(g_object_unref);

	for (guint i = 0; part->code && i < part->code->len; i++) {
		const struct instruction *instruction = part->code->pdata[i];
		const gboolean is_a = g_strcmp0(instruction->address, pcs[0]) == 0, is_b = g_strcmp0(instruction->address, pcs[1]) == 0;
		InspTextRow *row = insp_text_row_new(instruction->address);

		row->text[0] = address_of(pane, instruction->address, is_a, is_b);
		row->text[1] = g_strdup(instruction->text);
		row->text[2] = g_strdup(instruction->bytes);
		row->style = is_a ? "accent" : is_b ? "differs" : NULL;
		g_ptr_array_add(rows, row);
	}
	return rows;
}

static void put(InspCodePane *pane, int table, const struct part *part, const char *const pcs[2])
{
	if (part->code)
		insp_text_table_set(pane->tables[table], rows_of(pane, part, pcs), /* keep_marks= */ TRUE);
	else
		insp_text_table_clear(pane->tables[table], part->why);
}

/* ---- both ---- */

static const struct instruction *find(const struct part *part, const char *address)
{
	for (guint i = 0; part->code && i < part->code->len; i++) {
		const struct instruction *instruction = part->code->pdata[i];

		if (g_strcmp0(instruction->address, address) == 0)
			return instruction;
	}
	return NULL;
}

/* What both list is the same in both. */
static gboolean agree(const struct part *a, const struct part *b)
{
	for (guint i = 0; a->code && i < a->code->len; i++) {
		const struct instruction *of_a = a->code->pdata[i], *of_b = find(b, of_a->address);

		if (of_b && g_strcmp0(of_a->bytes, of_b->bytes) != 0)
			return FALSE;
	}
	return TRUE;
}

static char *place_of(const struct part *part)
{
	return !part->code ? g_strdup("nowhere") : part->function ? g_strdup_printf("%s in %s", part->pc, part->function)
								   : g_strdup(part->pc);
}

static void say(InspCodePane *pane)
{
	const struct part *a = &pane->parts[0], *b = &pane->parts[1];
	const gboolean same = a->code && b->code && g_strcmp0(a->pc, b->pc) == 0, code = agree(a, b);
	g_autofree char *at_a = place_of(a), *at_b = place_of(b);

	if (!pane->paired || !b->told || (!a->code && !b->code)) {
		insp_said_set(pane->said, pane->paired && !b->told && a->told ? "The second run is on its way" : NULL, FALSE);
		return;
	}
	g_autofree char *text = same ? g_strdup_printf("Both runs are at %s", at_a) : g_strdup_printf("A is at %s, B at %s", at_a, at_b);
	g_autofree char *whole = g_strconcat(text, code ? "" : ", and the code differs", NULL);

	insp_said_set(pane->said, whole, !same || !code);
}

/* The list that holds both places; NULL: none does. */
static const struct part *list_of_both(InspCodePane *pane)
{
	const struct part *a = &pane->parts[0], *b = &pane->parts[1];

	if (!b->told)
		return a;
	if (!a->code || !b->code || !agree(a, b))
		return NULL;
	return find(a, b->pc) ? a : find(b, a->pc) ? b : NULL;
}

static void show(InspCodePane *pane)
{
	const struct part *a = &pane->parts[0], *b = &pane->parts[1];
	const struct part *both = list_of_both(pane);

	gtk_widget_set_visible(GTK_WIDGET(pane->tables[1]), !both);
	/* Two lists beside each other have no room for all. */
	for (int table = 0; table < 2; table++)
		insp_text_table_show_column(pane->tables[table], COLUMN_BYTES, both || !agree(a, b));
	put(pane, 0, both ? both : a, (const char *[]){a->pc, both ? b->pc : NULL});
	if (!both)
		put(pane, 1, b, (const char *[]){NULL, b->pc});
	say(pane);
}

/* ---- what is shown ---- */

void insp_code_pane_set(InspCodePane *pane, JsonObject *answer, const char *pc, const char *why)
{
	part_set(&pane->parts[0], answer, pc, why);
	show(pane);
}

void insp_code_pane_clear(InspCodePane *pane, const char *why)
{
	part_clear(&pane->parts[0]);
	part_clear(&pane->parts[1]);
	show(pane);
	insp_text_table_clear(pane->tables[0], why);
}

void insp_code_pane_set_paired(InspCodePane *pane, gboolean paired)
{
	pane->paired = paired;
	insp_code_pane_wait_other(pane);
}

void insp_code_pane_wait_other(InspCodePane *pane)
{
	part_clear(&pane->parts[1]);
	show(pane);
}

void insp_code_pane_set_other(InspCodePane *pane, JsonObject *answer, const char *pc, const char *why)
{
	part_set(&pane->parts[1], answer, pc, why);
	show(pane);
}

char *insp_code_pane_print(InspCodePane *pane)
{
	GString *text = g_string_new(NULL);
	const gboolean two = gtk_widget_get_visible(GTK_WIDGET(pane->tables[1]));

	insp_said_print(pane->said, text);
	for (int side = 0; side <= two; side++) {
		g_autofree char *rows = insp_text_table_print(pane->tables[side]);

		if (two)
			g_string_append_printf(text, "%c\n", "AB"[side]);
		g_string_append(text, rows);
	}
	return g_string_free(text, FALSE);
}

/* ---- life ---- */

static void insp_code_pane_finalize(GObject *object)
{
	part_clear(&INSP_CODE_PANE(object)->parts[0]);
	part_clear(&INSP_CODE_PANE(object)->parts[1]);
	G_OBJECT_CLASS(insp_code_pane_parent_class)->finalize(object);
}

static void insp_code_pane_class_init(InspCodePaneClass *class)
{
	G_OBJECT_CLASS(class)->finalize = insp_code_pane_finalize;
}

static void insp_code_pane_init(InspCodePane *pane)
{
	static const char *const names[] = {"Code", "Code of the second run"};
	GtkWidget *both = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);

	gtk_orientable_set_orientation(GTK_ORIENTABLE(pane), GTK_ORIENTATION_VERTICAL);
	gtk_box_set_homogeneous(GTK_BOX(both), TRUE);
	gtk_widget_set_vexpand(both, TRUE);
	pane->said = insp_said_new();
	for (int side = 0; side < 2; side++) {
		pane->tables[side] = insp_text_table_new(columns, names[side], "No program is looked at.");
		gtk_box_append(GTK_BOX(both), GTK_WIDGET(pane->tables[side]));
	}
	gtk_widget_set_visible(GTK_WIDGET(pane->tables[1]), FALSE);
	gtk_box_append(GTK_BOX(pane), pane->said);
	gtk_box_append(GTK_BOX(pane), both);
}
