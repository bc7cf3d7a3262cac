/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "variables.h"

#include <ctype.h>
#include <dwarf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scopes.h"
#include "types.h"

/* Of a string, array or structure this much is read to show it. */
#define PEEK_MAX 160
#define SUMMARY_ELEMENTS 10

const char *rep_variable_kind_name(enum rep_variable_kind kind)
{
	static const char *const names[] = {"unavailable", "integer", "float", "pointer", "enum", "struct", "array"};

	return names[kind];
}

/* ---- text ------------------------------------------------------------------------- */

struct text {
	char *to;
	size_t size, used;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...)
{
	va_list ap;

	if (text->used + 1 >= text->size)
		return;
	va_start(ap, format);
	const int n = vsnprintf(text->to + text->used, text->size - text->used, format, ap);
	va_end(ap);
	text->used += n > 0 ? (size_t)n : 0;
	if (text->used >= text->size)
		text->used = text->size - 1;
}

static void add_quoted(struct text *text, const uint8_t *bytes, size_t size, bool more)
{
	add(text, "\"");
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == '"' || bytes[i] == '\\')
			add(text, "\\%c", bytes[i]);
		else if (bytes[i] == '\n')
			add(text, "\\n");
		else if (isprint(bytes[i]))
			add(text, "%c", bytes[i]);
		else
			add(text, "\\x%02x", bytes[i]);
	}
	add(text, more ? "\"..." : "\"");
}

/* Up to a zero byte; where memory ends before, up to there. */
static size_t read_string(const struct rep_place *place, uint64_t addr, uint8_t *to, size_t max)
{
	const size_t got = place->target->ops->read(place->target->arg, to, addr, max);
	const uint8_t *end = memchr(to, 0, got);

	return end ? (size_t)(end - to) : got;
}

/* ---- values of each kind -------------------------------------------------------------- */

static bool is_character(Dwarf_Die *type)
{
	const unsigned encoding = rep_type_encoding(type);

	return dwarf_tag(type) == DW_TAG_base_type && rep_type_size(type) == 1 &&
	       (encoding == DW_ATE_signed_char || encoding == DW_ATE_unsigned_char || encoding == DW_ATE_UTF);
}

static bool is_signed(Dwarf_Die *type)
{
	const unsigned encoding = rep_type_encoding(type);

	return encoding == DW_ATE_signed || encoding == DW_ATE_signed_char;
}

static uint64_t extended(uint64_t value, unsigned bits, bool negative)
{
	if (bits == 0 || bits >= 64)
		return value;
	value &= (1ull << bits) - 1;
	return negative && value >> (bits - 1) ? value | ~0ull << bits : value;
}

static void show_base(struct text *text, Dwarf_Die *type, const uint8_t *bytes, uint64_t value, struct rep_variable *variable)
{
	const unsigned encoding = rep_type_encoding(type);

	variable->kind = REP_VARIABLE_INTEGER;
	if (encoding == DW_ATE_float) {
		long double wide = 0;
		double number;
		float narrow;

		variable->kind = REP_VARIABLE_FLOAT;
		if (variable->size == sizeof(narrow)) {
			memcpy(&narrow, bytes, sizeof(narrow));
			add(text, "%.9g", (double)narrow);
		} else if (variable->size == sizeof(number)) {
			memcpy(&number, bytes, sizeof(number));
			add(text, "%.17g", number);
		} else if (variable->size == sizeof(wide)) {
			memcpy(&wide, bytes, 10);
			add(text, "%.18Lg", wide);
		}
	} else if (encoding == DW_ATE_boolean) {
		add(text, value <= 1 ? (value ? "true" : "false") : "%llu", (unsigned long long)value);
	} else if (is_character(type)) {
		add(text, "%lld", is_signed(type) ? (long long)value : (long long)(value & 0xff));
		if (isprint((int)(value & 0xff)))
			add(text, " '%c'", (int)(value & 0xff));
	} else if (variable->size > 8) {
		add(text, "0x");
		for (uint64_t i = variable->size; i-- > 0 && i < 16;)
			add(text, "%02x", bytes[i]);
	} else {
		add(text, is_signed(type) ? "%lld" : "%llu", (long long)value);
	}
}

static void show_pointer(const struct rep_place *place, struct text *text, Dwarf_Die *type, uint64_t value,
			 struct rep_variable *variable)
{
	uint8_t bytes[PEEK_MAX];
	Dwarf_Die to, peeled;
	struct rep_place_info info;

	variable->kind = REP_VARIABLE_POINTER;
	add(text, "%#llx", (unsigned long long)value);
	if (!value || !rep_type_of(type, &to))
		return;
	rep_type_peel(&to, &peeled);
	if (is_character(&peeled)) {
		const size_t size = read_string(place, value, bytes, sizeof(bytes));

		add(text, " ");
		add_quoted(text, bytes, size, size == sizeof(bytes));
	} else if (dwarf_tag(&peeled) == DW_TAG_subroutine_type) {
		rep_place_of(place->symbols, place->target, value, &info);
		if (info.function)
			add(text, " <%s>", info.function);
		return;
	}
	variable->has_within = true;
}

static void show_at(const struct rep_place *place, struct text *text, Dwarf_Die *type, const struct rep_location *location,
		    int depth);

static void show_array(const struct rep_place *place, struct text *text, Dwarf_Die *type, const struct rep_location *location,
		       int depth)
{
	uint8_t bytes[PEEK_MAX];
	uint64_t count, stride;
	Dwarf_Die element, peeled;

	if (!rep_type_array(type, &element, &count, &stride)) {
		add(text, "[...]");
		return;
	}
	rep_type_peel(&element, &peeled);
	if (is_character(&peeled) && location->kind == REP_LOCATION_MEMORY) {
		const size_t size = read_string(place, location->addr, bytes, count < sizeof(bytes) ? count : sizeof(bytes));

		add_quoted(text, bytes, size, size == sizeof(bytes));
		return;
	}
	add(text, "{");
	for (uint64_t i = 0; i < count && i < SUMMARY_ELEMENTS && location->kind == REP_LOCATION_MEMORY; i++) {
		struct rep_location at = *location;

		at.addr += i * stride;
		add(text, i ? ", " : "");
		show_at(place, text, &element, &at, depth + 1);
	}
	add(text, count > SUMMARY_ELEMENTS || location->kind != REP_LOCATION_MEMORY ? ", ...}" : "}");
}

static bool is_member(Dwarf_Die *die)
{
	const int tag = dwarf_tag(die);

	return tag == DW_TAG_member || tag == DW_TAG_inheritance;
}

/* Where a member is, given where its structure is.  False: it is not in it. */
static bool member_location(Dwarf_Die *member, const struct rep_location *location, struct rep_location *ret,
			    uint8_t *ret_bit_offset, uint8_t *ret_bit_size)
{
	uint64_t offset;

	if (!rep_member_place(member, &offset, ret_bit_offset, ret_bit_size))
		return false;
	*ret = *location;
	if (location->kind == REP_LOCATION_MEMORY) {
		ret->addr += offset;
	} else if (location->kind == REP_LOCATION_BYTES && offset < location->size) {
		memmove(ret->bytes, ret->bytes + offset, ret->size - offset);
		ret->size -= offset;
	} else {
		ret->kind = REP_LOCATION_NONE;
	}
	return true;
}

static void show_struct(const struct rep_place *place, struct text *text, Dwarf_Die *type, const struct rep_location *location,
			int depth)
{
	Dwarf_Die child, of;
	struct rep_location at;
	uint8_t bit_offset, bit_size;
	bool first = true;

	add(text, "{");
	if (dwarf_child(type, &child) == 0) {
		do {
			const char *name = dwarf_diename(&child);

			if (!is_member(&child) || !rep_type_of(&child, &of) ||
			    !member_location(&child, location, &at, &bit_offset, &bit_size))
				continue;
			add(text, first ? "" : ", ");
			if (name)
				add(text, "%s = ", name);
			first = false;
			if (bit_size)
				add(text, "...");
			else
				show_at(place, text, &of, &at, depth + 1);
		} while (text->used + 8 < text->size && dwarf_siblingof(&child, &child) == 0);
	}
	add(text, "}");
}

/* Bytes that are no longer than a number, and the number. */
static bool read_scalar(const struct rep_place *place, const struct rep_location *location, uint64_t size, uint8_t bytes[16],
			uint64_t *ret)
{
	memset(bytes, 0, 16);
	if (!size || size > 16 || !rep_location_read(place, location, bytes, size))
		return false;
	memcpy(ret, bytes, sizeof(*ret));
	return true;
}

static void show_scalar(const struct rep_place *place, struct text *text, Dwarf_Die *type, const struct rep_location *location,
			struct rep_variable *variable)
{
	const int tag = dwarf_tag(type);
	uint8_t bytes[16];
	uint64_t value;

	if (!read_scalar(place, location, variable->size, bytes, &value)) {
		variable->kind = REP_VARIABLE_UNAVAILABLE;
		add(text, location->kind == REP_LOCATION_NONE ? "optimised away" : "not in memory");
		return;
	}
	const unsigned bits = variable->bit_size ? variable->bit_size : (unsigned)(variable->size < 8 ? variable->size * 8 : 64);

	value = extended(value >> variable->bit_offset, bits, is_signed(type));
	if (tag == DW_TAG_base_type) {
		show_base(text, type, bytes, value, variable);
	} else if (tag == DW_TAG_enumeration_type) {
		const char *name = rep_enum_name(type, (int64_t)extended(value, bits, true));

		variable->kind = REP_VARIABLE_ENUM;
		add(text, name ? "%s" : "%s%lld", name ? name : "", (long long)value);
	} else {
		show_pointer(place, text, type, value, variable);
	}
}

static bool is_aggregate(int tag)
{
	return tag == DW_TAG_structure_type || tag == DW_TAG_union_type || tag == DW_TAG_class_type;
}

static void show_at(const struct rep_place *place, struct text *text, Dwarf_Die *type, const struct rep_location *location,
		    int depth)
{
	struct rep_variable scratch = {0};
	Dwarf_Die peeled;

	rep_type_peel(type, &peeled);
	scratch.size = rep_type_size(&peeled);
	if (depth > 3 && (is_aggregate(dwarf_tag(&peeled)) || dwarf_tag(&peeled) == DW_TAG_array_type))
		add(text, "{...}");
	else if (is_aggregate(dwarf_tag(&peeled)))
		show_struct(place, text, &peeled, location, depth);
	else if (dwarf_tag(&peeled) == DW_TAG_array_type)
		show_array(place, text, &peeled, location, depth);
	else
		show_scalar(place, text, &peeled, location, &scratch);
}

void rep_variable_show(const struct rep_place *place, struct rep_variable *variable)
{
	struct text text = {variable->value, sizeof(variable->value), 0};
	Dwarf_Die peeled;

	variable->value[0] = '\0';
	variable->has_addr = variable->location.kind == REP_LOCATION_MEMORY;
	variable->addr = variable->has_addr ? variable->location.addr : 0;
	rep_type_name(&variable->die, variable->type, sizeof(variable->type));
	if (!variable->die.addr) {
		add(&text, "without a type");
		return;
	}
	rep_type_peel(&variable->die, &peeled);
	variable->size = rep_type_size(&peeled);
	const int tag = dwarf_tag(&peeled);

	if (!is_aggregate(tag) && tag != DW_TAG_array_type) {
		show_scalar(place, &text, &peeled, &variable->location, variable);
		return;
	}
	variable->kind = tag == DW_TAG_array_type ? REP_VARIABLE_ARRAY : REP_VARIABLE_STRUCT;
	variable->has_within = variable->location.kind != REP_LOCATION_NONE;
	if (!variable->has_within) {
		variable->kind = REP_VARIABLE_UNAVAILABLE;
		add(&text, "optimised away");
	} else if (tag == DW_TAG_array_type) {
		show_array(place, &text, &peeled, &variable->location, 0);
	} else {
		show_struct(place, &text, &peeled, &variable->location, 0);
	}
}

bool rep_variable_number(const struct rep_place *place, const struct rep_variable *variable, uint64_t *ret, bool *ret_signed)
{
	Dwarf_Die peeled;
	uint8_t bytes[16];
	uint64_t value;

	if (!variable->die.addr)
		return false;
	rep_type_peel(&variable->die, &peeled);
	if (is_aggregate(dwarf_tag(&peeled)) || dwarf_tag(&peeled) == DW_TAG_array_type ||
	    rep_type_encoding(&peeled) == DW_ATE_float ||
	    !read_scalar(place, &variable->location, rep_type_size(&peeled), bytes, &value))
		return false;
	const uint64_t size = rep_type_size(&peeled);

	*ret_signed = is_signed(&peeled) || dwarf_tag(&peeled) == DW_TAG_enumeration_type;
	*ret = extended(value >> variable->bit_offset, variable->bit_size ? variable->bit_size : (unsigned)(size < 8 ? size * 8 : 64),
			*ret_signed);
	return true;
}

/* ---- what is within ------------------------------------------------------------------------ */

static void set_name(struct rep_variable *variable, const char *name)
{
	snprintf(variable->name, sizeof(variable->name), "%s", name ? name : "");
}

static bool emit(const struct rep_place *place, struct rep_variable *variable, rep_variable_fn fn, void *arg)
{
	rep_variable_show(place, variable);
	return fn(arg, variable);
}

static void members(const struct rep_place *place, const struct rep_variable *of, Dwarf_Die *type, rep_variable_fn fn, void *arg)
{
	Dwarf_Die child;

	if (dwarf_child(type, &child) != 0)
		return;
	do {
		struct rep_variable member = {.module = of->module};

		if (!is_member(&child) || !rep_type_of(&child, &member.die) ||
		    !member_location(&child, &of->location, &member.location, &member.bit_offset, &member.bit_size))
			continue;
		set_name(&member, dwarf_tag(&child) == DW_TAG_inheritance ? dwarf_diename(&member.die) : dwarf_diename(&child));
		if (!emit(place, &member, fn, arg))
			return;
	} while (dwarf_siblingof(&child, &child) == 0);
}

static void elements(const struct rep_place *place, const struct rep_variable *of, Dwarf_Die *type, uint64_t start,
		     uint64_t count, rep_variable_fn fn, void *arg)
{
	uint64_t all, stride;
	Dwarf_Die element;

	if (!rep_type_array(type, &element, &all, &stride) || of->location.kind != REP_LOCATION_MEMORY)
		return;
	for (uint64_t i = start; i < all && i - start < count; i++) {
		struct rep_variable at = {.module = of->module, .die = element, .location = of->location};

		at.location.addr += i * stride;
		snprintf(at.name, sizeof(at.name), "[%llu]", (unsigned long long)i);
		if (!emit(place, &at, fn, arg))
			return;
	}
}

/* What a pointer points to, as an array of one's own choice. */
static void pointed(const struct rep_place *place, const struct rep_variable *of, Dwarf_Die *type, uint64_t start,
		    uint64_t count, rep_variable_fn fn, void *arg)
{
	struct rep_variable at = {.module = of->module};
	uint64_t value;
	bool negative;

	if (!rep_variable_number(place, of, &value, &negative) || !rep_type_of(type, &at.die))
		return;
	const uint64_t size = rep_type_size(&at.die);

	for (uint64_t i = start; i - start < count; i++) {
		at.location = (struct rep_location){.kind = REP_LOCATION_MEMORY, .addr = value + i * size};
		if (count == 1 && start == 0)
			snprintf(at.name, sizeof(at.name), "*%.90s", of->name);
		else
			snprintf(at.name, sizeof(at.name), "[%llu]", (unsigned long long)i);
		if (!emit(place, &at, fn, arg))
			return;
	}
}

void rep_variable_within(const struct rep_place *place, const struct rep_variable *variable, uint64_t start, uint64_t count,
			 rep_variable_fn fn, void *arg)
{
	Dwarf_Die peeled;

	if (!variable->die.addr)
		return;
	rep_type_peel(&variable->die, &peeled);
	const int tag = dwarf_tag(&peeled);

	if (is_aggregate(tag))
		members(place, variable, &peeled, fn, arg);
	else if (tag == DW_TAG_array_type)
		elements(place, variable, &peeled, start, count, fn, arg);
	else if (tag == DW_TAG_pointer_type || tag == DW_TAG_reference_type || tag == DW_TAG_rvalue_reference_type)
		pointed(place, variable, &peeled, start, count, fn, arg);
}

void rep_variable_handle(const struct rep_variable *variable, char ret[32])
{
	Dwarf_Die die = variable->die;

	ret[0] = '\0';
	if (variable->has_within && variable->has_addr)
		snprintf(ret, 32, "%u:%llx", variable->module, (unsigned long long)dwarf_dieoffset(&die));
}

bool rep_variable_of_handle(const struct rep_place *place, const char *handle, uint64_t addr, struct rep_variable *ret)
{
	unsigned long long offset;
	unsigned index;
	char more;

	if (sscanf(handle, "%u:%llx%c", &index, &offset, &more) != 2)
		return false;
	const struct rep_module *module = rep_module_by_index(place->symbols, index);

	*ret = (struct rep_variable){.module = index, .location = {.kind = REP_LOCATION_MEMORY, .addr = addr}};
	if (!module || !module->dwarf || !dwarf_offdie(module->dwarf, offset, &ret->die))
		return false;
	rep_variable_show(place, ret);
	return true;
}

/* ---- finding variables ------------------------------------------------------------------------ */

/* A variable of the source, with the place of its module. */
static bool from_die(const struct rep_place *place, Dwarf_Die *die, struct rep_variable *ret)
{
	Dwarf_Attribute attr;
	Dwarf_Word value;

	*ret = (struct rep_variable){.module = place->module->index};
	set_name(ret, dwarf_diename(die));
	if (!ret->name[0] || dwarf_hasattr(die, DW_AT_declaration))
		return false;
	if (!rep_type_of(die, &ret->die))
		ret->die = (Dwarf_Die){0};
	if (dwarf_attr_integrate(die, DW_AT_location, &attr)) {
		rep_location_of(place, &attr, &ret->location);
	} else if (dwarf_attr_integrate(die, DW_AT_const_value, &attr) && dwarf_formudata(&attr, &value) == 0) {
		ret->location = (struct rep_location){.kind = REP_LOCATION_BYTES, .size = sizeof(value)};
		memcpy(ret->location.bytes, &value, sizeof(value));
	}
	return true;
}

/* The variables and arguments of one scope.  False: fn wants no more. */
static bool scope_variables(const struct rep_place *place, Dwarf_Die *scope, bool arguments_only, rep_variable_fn fn, void *arg)
{
	Dwarf_Die child;

	if (dwarf_child(scope, &child) != 0)
		return true;
	do {
		const int tag = dwarf_tag(&child);
		struct rep_variable variable;

		if (tag != DW_TAG_formal_parameter && (arguments_only || tag != DW_TAG_variable))
			continue;
		if (from_die(place, &child, &variable) && !emit(place, &variable, fn, arg))
			return false;
	} while (dwarf_siblingof(&child, &child) == 0);
	return true;
}

static bool frame_variables(const struct rep_place *place, bool arguments_only, rep_variable_fn fn, void *arg)
{
	_cleanup_free_ Dwarf_Die *scopes = NULL;
	bool more = true;

	if (!place->frame || !place->module)
		return true;
	const unsigned int level = place->frame->level;
	const int count = rep_scopes_at(place->module, rep_frame_place(place->frame) - place->bias, &scopes);
	const int last = rep_scope_of_level(scopes, count, level);
	/* Behind the function that was inlined into this one. */
	const int first = level ? rep_scope_of_level(scopes, count, level - 1) + 1 : 0;

	for (int i = first; i <= last && more; i++)
		if (!arguments_only || i == last)
			more = scope_variables(place, &scopes[i], arguments_only, fn, arg);
	return more;
}

/* Globals of a module, those of the unit that the frame is in first. */
static bool module_globals(const struct rep_place *place, rep_variable_fn fn, void *arg)
{
	Dwarf_CU *unit = NULL;
	Dwarf_Die die, own;
	uint8_t type;
	const bool has_own = place->frame && rep_unit_at(place->module, rep_frame_place(place->frame) - place->bias, &own);

	if (has_own && !scope_variables(place, &own, /* arguments_only= */ false, fn, arg))
		return false;
	while (dwarf_get_units(place->module->dwarf, unit, &unit, NULL, &type, &die, NULL) == 0)
		if (type == DW_UT_compile && (!has_own || dwarf_dieoffset(&die) != dwarf_dieoffset(&own)) &&
		    !scope_variables(place, &die, /* arguments_only= */ false, fn, arg))
			return false;
	return true;
}

void rep_variables_of(const struct rep_place *place, enum rep_variable_scope scope, rep_variable_fn fn, void *arg)
{
	if (!place->module || !place->module->dwarf)
		return;
	if (scope == REP_SCOPE_GLOBALS)
		module_globals(place, fn, arg);
	else
		frame_variables(place, scope == REP_SCOPE_ARGUMENTS, fn, arg);
}

struct wanted {
	const char *name;
	struct rep_variable *ret;
	bool found;
};

static bool is_wanted(void *arg, const struct rep_variable *variable)
{
	struct wanted *wanted = arg;

	if (strcmp(variable->name, wanted->name) != 0)
		return true;
	*wanted->ret = *variable;
	wanted->found = true;
	return false;
}

bool rep_variable_find(const struct rep_place *place, const char *name, struct rep_variable *ret)
{
	struct wanted wanted = {name, ret, false};
	struct rep_place elsewhere = *place;

	if (place->module && place->module->dwarf) {
		frame_variables(place, /* arguments_only= */ false, is_wanted, &wanted);
		if (!wanted.found)
			module_globals(place, is_wanted, &wanted);
	}
	for (size_t i = 0; !wanted.found; i++) {
		elsewhere.module = rep_module_of_target(place->symbols, place->target, i, &elsewhere.bias);
		elsewhere.frame = NULL;
		if (!elsewhere.module)
			break;
		if (elsewhere.module->dwarf && elsewhere.module != place->module)
			module_globals(&elsewhere, is_wanted, &wanted);
	}
	return wanted.found;
}
