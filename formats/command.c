/* SPDX-License-Identifier: GPL-2.0-or-later */
/* command.c - the arguments of a command, its help, and what all commands say and open alike. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "command.h"
#include "unfinished.h"

static const struct option_row {
	const char *name;
	char letter;		/* 0: none */
	const char *value;	/* what it takes, as help calls it; NULL: nothing */
	const char *help;
} options[FMT_OPTION_COUNT] = {
#define OPTION(symbol, name, letter, value, help) [FMT_OPTION_##symbol] = {name, letter, value, help},
#include "options.def"
#undef OPTION
};

void fmt_complain(const char *format, ...)
{
	va_list list;

	fputs("hindcast: ", stderr);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc('\n', stderr);
}

char *fmt_text_of(const char *format, ...)
{
	char *text = NULL;
	va_list list;

	va_start(list, format);
	const int length = vasprintf(&text, format, list);
	va_end(list);
	CHECK(length >= 0);
	return text;
}

/* ---- names that nearly match ---------------------------------------- */

/* Levenshtein's distance, one row at a time; words longer than a name can be are far from all. */
static size_t distance(const char *a, const char *b)
{
	size_t row[32];
	const size_t length = strlen(b);

	if (length >= sizeof(row) / sizeof(row[0]))
		return SIZE_MAX;
	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 1; j <= length; j++) {
			const size_t above = row[j];
			size_t best = diagonal + (a[i] != b[j - 1]);

			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
			diagonal = above;
		}
	}
	return row[length];
}

void fmt_nearest_try(struct fmt_nearest *nearest, const char *typed, const char *name)
{
	const size_t off = distance(typed, name);

	if (off < nearest->distance) {
		nearest->name = name;
		nearest->distance = off;
	}
}

/* ---- arguments ------------------------------------------------------ */

/* True when list has name among its words. */
static bool has_word(const char *list, const char *name)
{
	const size_t length = strlen(name);

	for (const char *at = list; (at = strstr(at, name)); at += length)
		if ((at == list || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
			return true;
	return false;
}

static bool command_takes(const struct fmt_command *command, enum fmt_option id)
{
	return id == FMT_OPTION_HELP || has_word(command->options, options[id].name);
}

/* The option that an argument such as --seed, --seed=7, -o or -oFILE names.  *ret_value: what follows in the
 * same argument, or NULL.  FMT_OPTION_COUNT: the command has no such option. */
static enum fmt_option option_find(const struct fmt_command *command, const char *argument, const char **ret_value)
{
	for (int id = 0; id < FMT_OPTION_COUNT; id++) {
		const struct option_row *row = &options[id];
		const size_t length = strlen(row->name);

		if (!command_takes(command, id))
			continue;
		if (row->letter && argument[1] == row->letter && (row->value || !argument[2])) {
			*ret_value = argument[2] ? argument + 2 : NULL;
			return id;
		}
		if (argument[1] != '-' || strncmp(argument + 2, row->name, length) != 0)
			continue;
		if (argument[2 + length] && argument[2 + length] != '=')
			continue;
		*ret_value = argument[2 + length] ? argument + 3 + length : NULL;
		return id;
	}
	return FMT_OPTION_COUNT;
}

static void complain_option(const struct fmt_command *command, const char *argument)
{
	struct fmt_nearest nearest = {NULL, 4};
	_cleanup_free_ char *name = strdup(argument + strspn(argument, "-"));

	CHECK(name);
	name[strcspn(name, "=")] = '\0';
	for (int id = 0; id < FMT_OPTION_COUNT; id++)
		if (command_takes(command, id))
			fmt_nearest_try(&nearest, name, options[id].name);
	if (nearest.name)
		fmt_complain("%s has no option %s; did you mean --%s?", command->name, argument,
			 nearest.name);
	else
		fmt_complain("%s has no option %s; see hindcast %s --help", command->name, argument,
			 command->name);
}

/* Takes one option off argv at *at.  False: wrong, and said so. */
static bool parse_option(const struct fmt_command *command, char *const *argv, size_t *at, struct fmt_arguments *ret)
{
	const char *value = NULL;
	const enum fmt_option id = option_find(command, argv[*at], &value);

	if (id == FMT_OPTION_COUNT) {
		complain_option(command, argv[*at]);
		return false;
	}
	if (!options[id].value && value) {
		fmt_complain("--%s takes no value", options[id].name);
		return false;
	}
	if (options[id].value && !value) {
		value = argv[*at + 1];
		if (!value) {
			fmt_complain("--%s needs a value: --%s %s", options[id].name, options[id].name,
				 options[id].value);
			return false;
		}
		(*at)++;
	}
	/* Usually a variable of a script that is not set. */
	if (value && !*value) {
		fmt_complain("--%s: the value is empty; --%s %s", options[id].name, options[id].name, options[id].value);
		return false;
	}
	ret->value[id] = value ? value : "";
	if (id == FMT_OPTION_SET)
		ret->set[ret->set_count++] = value;
	if (id == FMT_OPTION_CHANGE)
		ret->change[ret->change_count++] = value;
	return true;
}

/* Takes argv (what follows the command, NULL terminated) apart; operands, --set and --change go to three
 * arrays as long as argv, which are the caller's to free, also after a failure. */
static bool parse(const struct fmt_command *command, char *const *argv, struct fmt_arguments *ret)
{
	size_t count = 0;

	while (argv[count])
		count++;
	ret->operand = calloc(count + 1, sizeof(*ret->operand));
	ret->set = calloc(count + 1, sizeof(*ret->set));
	ret->change = calloc(count + 1, sizeof(*ret->change));
	CHECK(ret->operand && ret->set && ret->change);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(argv[i], "--") == 0) {
			ret->program = argv + i + 1;
			break;
		}
		if (argv[i][0] != '-' || !argv[i][1])
			ret->operand[ret->operand_count++] = argv[i];
		else if (!parse_option(command, argv, &i, ret))
			return false;
	}
	return true;
}

bool fmt_parse_number(const char *text, uint64_t *ret)
{
	char *end = NULL;

	errno = 0;
	const uint64_t value = strtoull(text, &end, 0);
	if (errno || end == text || *end || *text == '-')
		return false;
	*ret = value;
	return true;
}

bool fmt_parse_vtime(const char *text, vtime_ns *ret)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {{"", 1e9},	   {"ns", 1},	 {"us", 1e3},	 {"ms", 1e6}, {"s", 1e9},
		     {"sec", 1e9}, {"m", 60e9}, {"min", 60e9}, {"h", 3600e9}};
	char *end = NULL;
	const double number = strtod(text, &end);

	if (end == text || !(number >= 0))
		return false;
	end += strspn(end, " ");
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		const double ns = number * units[i].ns;

		if (strcmp(end, units[i].name) != 0)
			continue;
		/* Below 2^63, so that the conversion is exact in range whatever follows. */
		if (!(ns < 9e18))
			return false;
		*ret = (vtime_ns)(ns + 0.5);
		return true;
	}
	return false;
}

/* ---- help ----------------------------------------------------------- */

static void print_command_help(const struct fmt_command *command)
{
	printf("usage: hindcast %s [OPTION...]%s%s\n\n%s\n\n", command->name,
	       *command->usage ? " " : "", command->usage, command->summary);
	for (int id = 0; id < FMT_OPTION_COUNT; id++) {
		const struct option_row *row = &options[id];

		if (!command_takes(command, id))
			continue;
		_cleanup_free_ char *shown = fmt_text_of("--%s%s%s", row->name, row->value ? " " : "",
						     row->value ? row->value : "");
		if (row->letter)
			printf("  -%c, %-19s %s\n", row->letter, shown, row->help);
		else
			printf("      %-19s %s\n", shown, row->help);
	}
}

static enum fmt_status run_parsed(const struct fmt_command *command, const struct fmt_arguments *args)
{
	if (args->value[FMT_OPTION_HELP]) {
		print_command_help(command);
		return FMT_STATUS_OK;
	}
	if (args->operand_count < command->operand_min || args->operand_count > command->operand_max ||
	    (args->program && !command->takes_program)) {
		fmt_complain("usage: hindcast %s [OPTION...] %s", command->name, command->usage);
		return FMT_STATUS_USAGE;
	}
	return command->run(args);
}

enum fmt_status fmt_command_run(const struct fmt_command *command, char *const *argv)
{
	struct fmt_arguments args = {0};
	const enum fmt_status status = parse(command, argv, &args) ? run_parsed(command, &args) : FMT_STATUS_USAGE;

	free(args.set);
	free(args.change);
	free(args.operand);
	return status;
}

/* ---- traces and output ---------------------------------------------- */

struct fmt_reader *fmt_open_trace(const char *path, enum fmt_status *ret_status)
{
	struct fmt_reader *reader = NULL;
	struct fmt_error error = {{0}};
	const int r = fmt_reader_open(path, &reader, &error);

	if (r < 0) {
		fmt_complain("%s: %s", path, error.text[0] ? error.text : strerror(-r));
		*ret_status = FMT_STATUS_USAGE;
		return NULL;
	}
	if (fmt_reader_warning(reader))
		fmt_complain("%s: %s", path, fmt_reader_warning(reader));
	return reader;
}

enum fmt_status fmt_close_trace(struct fmt_reader *reader, const char *path, int r, const struct fmt_error *error)
{
	fmt_reader_close(reader);
	if (r >= 0)
		return FMT_STATUS_OK;
	fmt_complain("%s: %s", path, error->text[0] ? error->text : strerror(-r));
	return r == -EBADMSG ? FMT_STATUS_NO : FMT_STATUS_USAGE;
}

char *fmt_filter_of(const struct fmt_arguments *args, size_t first)
{
	char *filter = fmt_text_of("%s", "");

	for (size_t i = first; i < args->operand_count; i++) {
		char *const longer = fmt_text_of("%s%s%s", filter, i > first ? " " : "", args->operand[i]);

		free(filter);
		filter = longer;
	}
	return filter;
}

bool fmt_is_over_itself(const char *trace, const char *output)
{
	struct stat x, y;

	if (!output || stat(trace, &x) < 0 || stat(output, &y) < 0 || x.st_dev != y.st_dev || x.st_ino != y.st_ino)
		return false;
	fmt_complain("%s: a trace is not written over itself; name another file with --output", trace);
	return true;
}

/* A device, or standard output, stays what it is. */
static bool is_file(const char *path)
{
	struct stat st;

	return path && lstat(path, &st) == 0 && S_ISREG(st.st_mode);
}

FILE *fmt_open_output(const struct fmt_arguments *args, const char *trace)
{
	const char *const path = args->value[FMT_OPTION_OUTPUT];

	if (fmt_is_over_itself(trace, path))
		return NULL;
	sigset_t old;

	if (!path)
		return stdout;
	fmt_unfinished_watch();
	fmt_unfinished_defer(&old);
	FILE *const out = fopen(path, "we");
	const int error = errno;

	if (out && is_file(path))
		fmt_unfinished_add(path);
	fmt_unfinished_resume(&old);
	if (!out)
		fmt_complain("%s: %s", path, strerror(error));
	return out;
}

enum fmt_status fmt_close_output(const struct fmt_arguments *args, FILE *out, enum fmt_status status)
{
	const char *const path = args->value[FMT_OPTION_OUTPUT];

	if (out == stdout)
		return status;
	if (fclose(out) != 0) {
		fmt_complain("%s: %s", path, strerror(errno));
		status = FMT_STATUS_HOST;
	}
	/* What was wrong with the trace has been said; half a file would pass for a whole one. */
	if (status != FMT_STATUS_OK && is_file(path))
		unlink(path);
	fmt_unfinished_remove(path);
	return status;
}
