/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keymap.h - which keys commands have, before anybody has chosen others.
 *
 * A key is written as GTK parses it, "<Control><Shift>p", "F8", "period".  Those with Control, Alt or Super and those that write
 * nothing work everywhere; what could be typed works when no entry has the keyboard.
 */
#ifndef INSP_KEYMAP_H
#define INSP_KEYMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum insp_preset { INSP_PRESET_DEFAULT, INSP_PRESET_BUILDER, INSP_PRESET_WIRESHARK, INSP_PRESET_COUNT };
/* Of --command and of the file of settings; ends with NULL. */
extern const char *const insp_preset_names[INSP_PRESET_COUNT + 1];

/* The keys of a command (an index of insp_command_words) with spaces between, cut off at size; "": none. */
void insp_preset_keys(enum insp_preset preset, uint32_t command, char *to, size_t size);
/* The same key, in whatever order its modifiers are written. */
bool insp_key_same(const char *a, const char *b);
/* Is it among keys with spaces between? */
bool insp_keys_have(const char *keys, const char *key);
/* Could it be typed into an entry? */
bool insp_key_is_typed(const char *key);

#endif
