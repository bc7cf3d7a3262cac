/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "keymap.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "command-words.h"

#define KEY_MAX 64

const char *const insp_preset_names[INSP_PRESET_COUNT + 1] = {"default", "builder", "wireshark", NULL};

static const struct {
	enum insp_preset preset;
	const char *command, *keys;
} others[] = {
#define PRESET_KEYS(preset, command, keys) {INSP_PRESET_##preset, command, keys},
#include "keys-presets.def"
#undef PRESET_KEYS
};

void insp_preset_keys(enum insp_preset preset, uint32_t command, char *to, size_t size)
{
	const struct insp_command_words *row = &insp_command_words[command];

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (others[i].preset == preset && strcmp(others[i].command, row->id) == 0) {
			snprintf(to, size, "%s", others[i].keys);
			return;
		}
	snprintf(to, size, "%s%s%s", row->accels ? row->accels : "", row->accels && row->key ? " " : "", row->key ? row->key : "");
}

/* One bit a modifier, in the order of this list. */
static unsigned int modifiers_of(const char *key, const char **ret_rest)
{
	static const char *const names[] = {"<shift>", "<control>", "<alt>", "<super>", "<meta>", "<hyper>"};
	unsigned int bits = 0;

	while (*key == '<') {
		size_t i = 0;

		while (i < 6 && strncasecmp(key, names[i], strlen(names[i])) != 0)
			i++;
		if (i == 6)
			break;
		bits |= 1u << i;
		key += strlen(names[i]);
	}
	*ret_rest = key;
	return bits;
}

bool insp_key_same(const char *a, const char *b)
{
	const char *a_rest, *b_rest;

	return modifiers_of(a, &a_rest) == modifiers_of(b, &b_rest) && strcmp(a_rest, b_rest) == 0;
}

bool insp_keys_have(const char *keys, const char *key)
{
	char one[KEY_MAX];
	int used;

	for (const char *at = keys; sscanf(at, " %63s%n", one, &used) == 1; at += used)
		if (insp_key_same(one, key))
			return true;
	return false;
}

bool insp_key_is_typed(const char *key)
{
	static const char *const silent[] = {"Escape", "Tab", "Return", "Insert", "Delete", "BackSpace", "Home", "End", "Page_Up",
					     "Page_Down", "Up", "Down", "Left", "Right", "Pause", "Print", "Menu", NULL};
	const char *rest;
	const unsigned int modifiers = modifiers_of(key, &rest);

	if (modifiers & ~1u)
		return false;
	for (size_t i = 0; silent[i]; i++)
		if (strcmp(silent[i], rest) == 0)
			return false;
	return !(rest[0] == 'F' && isdigit((unsigned char)rest[1]));
}
