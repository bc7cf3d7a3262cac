/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * experiment-units.c - "20 ms", "10 Mbit/s", "1%" to integers.
 *
 * Numbers are decimal with an optional fraction, and are computed exactly in 128 bits; what is finer than the
 * smallest unit is an error rather than rounded, since nobody means it.
 */
#include "experiment-int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "syscall-names.h"

#define DIGITS_MAX 20

struct unit {
	const char *name;
	uint64_t factor;
};

#define KI 1024ull

static const struct unit time_units[] = {
	{"", 1000000000}, {"ns", 1}, {"nanosecond", 1}, {"nanoseconds", 1}, {"us", 1000},
	{"\xce\xbcs", 1000}, {"\xc2\xb5s", 1000}, {"microsecond", 1000}, {"microseconds", 1000},
	{"ms", 1000000}, {"millisecond", 1000000}, {"milliseconds", 1000000}, {"s", 1000000000},
	{"sec", 1000000000}, {"secs", 1000000000}, {"second", 1000000000}, {"seconds", 1000000000},
	{"m", 60000000000}, {"min", 60000000000}, {"mins", 60000000000}, {"minute", 60000000000},
	{"minutes", 60000000000}, {"h", 3600000000000}, {"hr", 3600000000000},
	{"hrs", 3600000000000}, {"hour", 3600000000000}, {"hours", 3600000000000},
	{NULL, 0},
};

static const struct unit rate_units[] = {
	{"", 1}, {"bit", 1}, {"bits", 1}, {"bps", 1}, {"Kbit", 1000}, {"kbit", 1000}, {"kbps", 1000},
	{"kilobit", 1000}, {"Kibit", KI}, {"kibibit", KI}, {"Mbit", 1000000}, {"Mbps", 1000000},
	{"megabit", 1000000}, {"Mibit", KI * KI}, {"mebibit", KI * KI}, {"Gbit", 1000000000},
	{"Gbps", 1000000000}, {"gigabit", 1000000000}, {"Gibit", KI * KI * KI},
	{"gibibit", KI * KI * KI}, {"Tbit", 1000000000000}, {"terabit", 1000000000000},
	{NULL, 0},
};

static const struct unit size_units[] = {
	{"", 1}, {"B", 1}, {"byte", 1}, {"bytes", 1}, {"KB", 1000}, {"kB", 1000}, {"kilobyte", 1000},
	{"KiB", KI}, {"kibibyte", KI}, {"MB", 1000000}, {"megabyte", 1000000}, {"MiB", KI * KI},
	{"mebibyte", KI * KI}, {"GB", 1000000000}, {"gigabyte", 1000000000}, {"GiB", KI * KI * KI},
	{"gibibyte", KI * KI * KI},
	{NULL, 0},
};

static const struct unit length_units[] = {{"", 1000}, {"mm", 1}, {"m", 1000}, {"km", 1000000}, {NULL, 0}};

static const struct unit fraction_units[] = {{"", 1000000000}, {"%", 10000000}, {"ppm", 1000}, {NULL, 0}};

/* Digits, perhaps with a point, as mantissa / 10^decimals.  *text moves behind them. */
static int take_decimal(const char **text, unsigned __int128 *ret, unsigned int *ret_decimals)
{
	const char *at = *text;
	unsigned __int128 mantissa = 0;
	unsigned int digits = 0, decimals = 0;
	bool point = false;

	for (; (*at >= '0' && *at <= '9') || (*at == '.' && !point); at++) {
		if (*at == '.') {
			point = true;
			continue;
		}
		if (++digits > DIGITS_MAX)
			return -ERANGE;
		mantissa = mantissa * 10 + (unsigned int)(*at - '0');
		decimals += point;
	}
	if (!digits || at[-1] == '.')
		return -EINVAL;
	*text = at;
	*ret = mantissa;
	*ret_decimals = decimals;
	return 0;
}

/* The unit that text is, blanks in front and a suffix allowed; NULL. */
static const struct unit *find_unit(const struct unit *units, const char *text, const char *suffix)
{
	text += strspn(text, " ");
	size_t size = strlen(text);
	const size_t suffix_size = strlen(suffix);

	if (suffix_size && size > suffix_size && !strcmp(text + size - suffix_size, suffix))
		size -= suffix_size;
	for (; units->name; units++)
		if (strlen(units->name) == size && !memcmp(units->name, text, size))
			return units;
	return NULL;
}

static int parse(const char *text, const struct unit *units, const char *suffix, uint64_t *ret)
{
	unsigned __int128 value, scale = 1;
	unsigned int decimals;
	const int error = take_decimal(&text, &value, &decimals);

	if (error < 0)
		return error;
	const struct unit *unit = find_unit(units, text, suffix);

	if (!unit)
		return -EINVAL;
	/* 10^20 * 3.6e12 is below 2^128. */
	value *= unit->factor;
	while (decimals--)
		scale *= 10;
	if (value % scale)
		return -ERANGE;
	value /= scale;
	if (value > INT64_MAX)
		return -ERANGE;
	*ret = (uint64_t)value;
	return 0;
}

int rec__parse_time(const char *text, vtime_ns *ret)
{
	return parse(text, time_units, "", ret);
}

int rec__parse_rate(const char *text, uint64_t *ret_bps)
{
	return parse(text, rate_units, "/s", ret_bps);
}

int rec__parse_size(const char *text, uint64_t *ret_bytes)
{
	return parse(text, size_units, "", ret_bytes);
}

int rec__parse_length(const char *text, uint64_t *ret_mm)
{
	return parse(text, length_units, "", ret_mm);
}

int rec__parse_fraction(const char *text, uint64_t *ret_ppb)
{
	uint64_t value;
	const int error = parse(text, fraction_units, "", &value);

	if (error < 0)
		return error;
	if (value > 1000000000)
		return -ERANGE;
	*ret_ppb = value;
	return 0;
}

int rec__parse_u64(const char *text, uint64_t *ret)
{
	unsigned __int128 value;
	unsigned int decimals;
	const int error = take_decimal(&text, &value, &decimals);

	if (error < 0)
		return error;
	if (*text || decimals)
		return -EINVAL;
	if (value > UINT64_MAX)
		return -ERANGE;
	*ret = (uint64_t)value;
	return 0;
}

/* Seconds since 1970, or 2000-01-01T00:00:00Z (T may be a blank). */
int rec__parse_realtime(const char *text, uint64_t *ret_ns)
{
	struct tm tm = {0};
	char zone, separator;
	int used = 0;

	if (sscanf(text, "%4d-%2d-%2d%c%2d:%2d:%2d%c%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
		   &separator, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &zone, &used) != 8) {
		return rec__parse_time(text, ret_ns);
	}
	if (text[used] || zone != 'Z' || (separator != 'T' && separator != ' '))
		return -EINVAL;
	struct tm wanted;

	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	wanted = tm;
	const time_t seconds = timegm(&tm);

	/* timegm() makes the first of March of the 30th of February. */
	if (tm.tm_mday != wanted.tm_mday || tm.tm_mon != wanted.tm_mon ||
	    tm.tm_hour != wanted.tm_hour || tm.tm_min != wanted.tm_min)
		return -EINVAL;
	if (seconds < 0 || seconds > INT64_MAX / 1000000000)
		return -ERANGE;
	*ret_ns = (uint64_t)seconds * 1000000000;
	return 0;
}

/* "SIGTERM", "TERM" or 15. */
int rec__parse_signal(const char *text, int *ret)
{
	uint64_t number;

	if (!rec__parse_u64(text, &number)) {
		if (number < 1 || number > 64)
			return -ERANGE;
		*ret = (int)number;
		return 0;
	}
	for (int signo = 1; signo <= 64; signo++) {
		const char *name = fmt_signal_name((uint64_t)signo);

		if (name && (!strcmp(name, text) || !strcmp(name + 3, text))) {
			*ret = signo;
			return 0;
		}
	}
	return -EINVAL;
}

/* One character of a word, quotes and backslashes resolved.  *quote is the quote that is open. */
static int take_char(const char **text, char *quote, char *word, size_t *size)
{
	const char c = *(*text)++;

	if (c == '\\' && *quote != '\'') {
		/* Inside double quotes a backslash protects only what is special there. */
		if (!**text)
			return -EINVAL;
		if (*quote && !strchr("\"\\$`", **text))
			word[(*size)++] = '\\';
		word[(*size)++] = *(*text)++;
	} else if (*quote ? c == *quote : c == '\'' || c == '"') {
		*quote = *quote ? 0 : c;
	} else {
		word[(*size)++] = c;
	}
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

int rec__split_words(const char *text, char ***list, size_t *count)
{
	char *word = rec__copy(text);
	int error = 0;

	while (!error) {
		char quote = 0;
		size_t size = 0;

		while (is_blank(*text))
			text++;
		if (!*text)
			break;
		while (!error && *text && (quote || !is_blank(*text)))
			error = take_char(&text, &quote, word, &size);
		if (quote)
			error = -EINVAL;
		word[size] = 0;
		if (!error)
			rec__list_add(list, count, word);
	}
	free(word);
	return error;
}
