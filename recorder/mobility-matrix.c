/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mobility-matrix.c - who is connected with whom, over time, as somebody has written it down.
 *
 *	0	011 101 110	from the second 0 on all three hosts are connected with each other,
 *	12.5	010 100 000	from 12.5 on only the first and the second
 *
 * A line is a time in seconds and a row for each host, whose n-th digit says whether its frames reach host n.  What has no line yet is
 * not connected.
 *
 * Option: `file`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "mobility-int.h"

struct row {				/* of the file */
	double time;
	uint8_t *connected;		/* [from * host_count + to] */
};

struct matrices {
	const struct hindcast_mobility_env *env;
	struct row *rows;		/* by ascending times */
	size_t count;
};

static int take_rows(const struct matrices *m, const char *text, unsigned int line, uint8_t *ret)
{
	const uint32_t count = m->env->host_count;

	for (uint32_t from = 0; from < count; from++) {
		text += strspn(text, " \t");
		if (strspn(text, "01") != count)
			return rec__complain_at(m->env, line, "a matrix has a row for each host, of as many digits 0 or 1 as "
						"there are hosts");
		for (uint32_t to = 0; to < count; to++)
			ret[from * count + to] = text[to] == '1';
		text += count;
	}
	return text[strspn(text, " \t\r")] ? rec__complain_at(m->env, line, "there are more rows than hosts") : 0;
}

static int take_line(void *arg, char *text, unsigned int line)
{
	struct matrices *m = arg;
	char *rows;

	text[strcspn(text, "#")] = 0;
	text += strspn(text, " \t\r");
	if (!*text)
		return 0;
	const double time = strtod(text, &rows);

	if (rows == text || !(time >= 0) || (m->count && time <= m->rows[m->count - 1].time))
		return rec__complain_at(m->env, line, "a line begins with a time in seconds, and times ascend");
	m->rows = reallocarray(m->rows, m->count + 1, sizeof(*m->rows));
	CHECK(m->rows);
	m->rows[m->count] = (struct row){.time = time, .connected = calloc(m->env->host_count, m->env->host_count)};
	CHECK(m->rows[m->count].connected);
	return take_rows(m, rows, line, m->rows[m->count++].connected);
}

static int matrix_open(const struct hindcast_mobility_env *env, void **ret)
{
	struct matrices *m = calloc(1, sizeof(*m));

	CHECK(m);
	m->env = env;
	*ret = m;
	return rec__each_line(env, take_line, m);
}

static int matrix_matrix(void *state, uint64_t time_ns, uint8_t *ret)
{
	const struct matrices *m = state;
	const uint32_t count = m->env->host_count;
	const double time = (double)time_ns / 1e9;
	size_t i = 0;

	while (i < m->count && m->rows[i].time <= time)
		i++;
	if (i)
		memcpy(ret, m->rows[i - 1].connected, (size_t)count * count);
	else
		memset(ret, 0, (size_t)count * count);
	return 0;
}

static void matrix_close(void *state)
{
	struct matrices *m = state;

	for (size_t i = 0; i < m->count; i++)
		free(m->rows[i].connected);
	free(m->rows);
	free(m);
}

const struct hindcast_mobility rec__mobility_matrix = {
	.abi = HINDCAST_MOBILITY_ABI, .name = "matrix", .open = matrix_open, .matrix = matrix_matrix, .close = matrix_close,
};
