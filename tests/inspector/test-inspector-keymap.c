/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys of commands: in no preset does one do two things, and all presets speak of commands that there are. */
#include <stdio.h>
#include <string.h>

#include "../unit/unit.h"
#include "command-words.h"
#include "keymap.h"

static void presets_are_unique(enum insp_preset preset)
{
	char keys[256][256];

	part(insp_preset_names[preset]);
	for (uint32_t i = 0; i < insp_command_words_count; i++)
		insp_preset_keys(preset, i, keys[i], sizeof(keys[i]));
	for (uint32_t i = 0; i < insp_command_words_count; i++) {
		char one[64];
		int used;

		for (const char *at = keys[i]; sscanf(at, " %63s%n", one, &used) == 1; at += used)
			for (uint32_t k = i + 1; k < insp_command_words_count; k++)
				judge(!insp_keys_have(keys[k], one), __FILE__, __LINE__, "%s does %s and %s", one,
				      insp_command_words[i].id, insp_command_words[k].id);
	}
}

#define PRESET_KEYS(preset, command, keys) HOLDS(insp_command_find(command, strlen(command)));
static void presets_name_commands(void)
{
	part("commands of presets");
#include "keys-presets.def"
}
#undef PRESET_KEYS

static void compares_keys(void)
{
	part("keys");
	HOLDS(insp_key_same("<Control><Shift>p", "<Shift><Control>p"));
	HOLDS(!insp_key_same("<Control>p", "p"));
	HOLDS(!insp_key_same("<Control>p", "<Control>P"));
	HOLDS(insp_keys_have("F8 <Control>Down period", "<control>Down"));
	HOLDS(!insp_keys_have("F8 <Control>Down period", "Down"));
	HOLDS(!insp_keys_have("", "a"));
	HOLDS(insp_key_is_typed("period"));
	HOLDS(insp_key_is_typed("<Shift>p"));
	HOLDS(insp_key_is_typed("F"));
	HOLDS(!insp_key_is_typed("F8"));
	HOLDS(!insp_key_is_typed("<Shift>F12"));
	HOLDS(!insp_key_is_typed("<Control>p"));
	HOLDS(!insp_key_is_typed("Escape"));
}

int main(void)
{
	char keys[256];
	uint32_t next = 0;

	while (strcmp(insp_command_words[next].id, "step.next") != 0)
		next++;
	for (int preset = 0; preset < INSP_PRESET_COUNT; preset++)
		presets_are_unique((enum insp_preset)preset);
	presets_name_commands();
	compares_keys();
	part("step.next");
	insp_preset_keys(INSP_PRESET_DEFAULT, next, keys, sizeof(keys));
	STRING(keys, "F8 <Control>Down period");
	insp_preset_keys(INSP_PRESET_WIRESHARK, next, keys, sizeof(keys));
	STRING(keys, "period");
	return done();
}
