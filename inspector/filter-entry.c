/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filter-entry.c - completes the word under the cursor of the filter: fields, kinds, nodes, calls. */
#include "window-int.h"

#include "filter.h"
#include "syscall-names.h"

enum { COLUMN_WORD };

static void add_word(GtkListStore *words, GHashTable *seen, const char *word)
{
	GtkTreeIter iter;

	if (!word || !*word || !g_hash_table_add(seen, g_strdup(word)))
		return;
	gtk_list_store_append(words, &iter);
	gtk_list_store_set(words, &iter, COLUMN_WORD, word, -1);
}

/* Where the word before the cursor begins, in bytes; *ret_size: up to the cursor. */
static const char *word_at(GtkEntry *entry, gsize *ret_size)
{
	const char *text = gtk_editable_get_text(GTK_EDITABLE(entry));
	const char *cursor = g_utf8_offset_to_pointer(text, gtk_editable_get_position(GTK_EDITABLE(entry)));
	const char *begin = cursor;

	while (begin > text && (g_ascii_isalnum(begin[-1]) || strchr("._-", begin[-1])))
		begin--;
	*ret_size = (gsize)(cursor - begin);
	return begin;
}

static gboolean matches(GtkEntryCompletion *completion, const char *key, GtkTreeIter *iter, gpointer data)
{
	GtkEntry *entry = GTK_ENTRY(gtk_entry_completion_get_entry(completion));
	g_autofree char *word = NULL;
	gsize size;
	const char *begin = word_at(entry, &size);

	gtk_tree_model_get(gtk_entry_completion_get_model(completion), iter, COLUMN_WORD, &word, -1);
	return word && size > 0 && strlen(word) > size && g_ascii_strncasecmp(word, begin, size) == 0;
}

static gboolean take(GtkEntryCompletion *completion, GtkTreeModel *model, GtkTreeIter *iter, gpointer data)
{
	GtkEntry *entry = GTK_ENTRY(gtk_entry_completion_get_entry(completion));
	g_autofree char *word = NULL;
	gsize size;
	const char *begin = word_at(entry, &size);
	const char *text = gtk_editable_get_text(GTK_EDITABLE(entry));
	g_autofree char *head = g_strndup(text, (gsize)(begin - text));

	gtk_tree_model_get(model, iter, COLUMN_WORD, &word, -1);
	g_autofree char *whole = g_strconcat(head, word, begin + size, NULL);
	const int position = (int)g_utf8_strlen(head, -1) + (int)g_utf8_strlen(word, -1);

	gtk_editable_set_text(GTK_EDITABLE(entry), whole);
	gtk_editable_set_position(GTK_EDITABLE(entry), position);
	return TRUE;
}

void insp__complete_filter(InspWindow *window)
{
	g_autoptr(GtkEntryCompletion) completion = gtk_entry_completion_new();
	g_autoptr(GtkListStore) words = gtk_list_store_new(1, G_TYPE_STRING);
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (gsize i = 0; fmt_filter_field_name(i); i++)
		add_word(words, seen, fmt_filter_field_name(i));
	for (guint kind = 0; kind < 255; kind++)
		add_word(words, seen, fmt_kind_info(kind) ? fmt_kind_info(kind)->name : NULL);
	for (uint32_t lane = 0; lane < window->run->lane_count; lane++)
		add_word(words, seen, window->run->lanes[lane].name);
	for (guint nr = 0; nr < 512; nr++)
		add_word(words, seen, fmt_syscall_name(nr));
	gtk_entry_completion_set_model(completion, GTK_TREE_MODEL(words));
	gtk_entry_completion_set_text_column(completion, COLUMN_WORD);
	gtk_entry_completion_set_minimum_key_length(completion, 1);
	gtk_entry_completion_set_match_func(completion, matches, NULL, NULL);
	g_signal_connect(completion, "match-selected", G_CALLBACK(take), NULL);
	gtk_entry_set_completion(GTK_ENTRY(window->filter), completion);
}
