/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "status.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "buf.h"
#include "text.h"

#define NS_PER_S 1000000000ull

static uint64_t wall_ns(void)
{
	struct timespec ts;

	CHECK(!clock_gettime(CLOCK_MONOTONIC, &ts));
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* Of a second of the host's time. */
struct rates {
	double wall_s;			/* since the start */
	double speed;			/* virtual seconds */
	double events, packets;
	double eta_s;			/* until the end; negative: it is not known */
};

void rec_status_init(struct rec_status *status, FILE *terminal, const char *path, vtime_ns stop_time)
{
	const uint64_t now = wall_ns();

	*status = (struct rec_status){.terminal = terminal, .path = path, .stop_time = stop_time, .started_ns = now,
				      .last_ns = now};
}

static struct rates rates_of(const struct rec_status *status, const struct rec_status_now *now, uint64_t wall)
{
	const double passed = (double)(wall - status->last_ns + 1) / NS_PER_S;
	struct rates rates = {
		.wall_s = (double)(wall - status->started_ns) / NS_PER_S,
		.speed = (double)(now->vtime - status->last_vtime) / NS_PER_S / passed,
		.events = (double)(now->events - status->last_events) / passed,
		.packets = (double)(now->packets - status->last_packets) / passed,
		.eta_s = -1,
	};

	if (status->stop_time != UINT64_MAX && status->stop_time >= now->vtime && rates.speed > 0)
		rates.eta_s = (double)(status->stop_time - now->vtime) / NS_PER_S / rates.speed;
	return rates;
}

/* ---- the file ---- */

static void put_body(FILE *out, const struct rec_status *status, const struct rec_status_now *now,
		     const struct rates *rates, const char *state, const char *reason)
{
	struct fmt_buf text = {0};

	fprintf(out, "{\"state\":\"%s\",\"vtime_ns\":%" PRIu64 ",\"wall_s\":%.3f,\"speed\":%.4g,\"events\":%" PRIu64
		",\"packets\":%" PRIu64 ",\"events_per_s\":%.0f,\"packets_per_s\":%.0f", state, now->vtime,
		rates->wall_s, rates->speed, now->events, now->packets, rates->events, rates->packets);
	if (status->stop_time == UINT64_MAX)
		fputs(",\"stop_time_ns\":null", out);
	else
		fprintf(out, ",\"stop_time_ns\":%" PRIu64, status->stop_time);
	if (rates->eta_s < 0)
		fputs(",\"eta_s\":null", out);
	else
		fprintf(out, ",\"eta_s\":%.1f", rates->eta_s);
	fmt_put_json(&text, (struct fmt_bytes){(const uint8_t *)reason, strlen(reason)});
	fprintf(out, ",\"reason\":%.*s}\n", (int)text.size, (const char *)text.data);
	fmt_buf_done(&text);
}

/* Under another name first, so that whoever reads finds the old or the new one, whole. */
static int write_file(const struct rec_status *status, const struct rec_status_now *now, const struct rates *rates,
		      const char *state, const char *reason)
{
	_cleanup_free_ char *fresh = NULL;
	struct stat st;

	/* A rename would replace /dev/null, not write to it. */
	if (stat(status->path, &st) == 0 && !S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	CHECK(asprintf(&fresh, "%s.new", status->path) > 0);
	FILE *out = fopen(fresh, "we");

	if (!out)
		return -errno;
	put_body(out, status, now, rates, state, reason);
	const bool failed = ferror(out);

	if (fclose(out) != 0 || failed || rename(fresh, status->path) < 0) {
		const int error = -errno;

		unlink(fresh);
		return error ?: -EIO;
	}
	return 0;
}

/* ---- the line ---- */

/* "1.2M", "840k", "17". */
static void put_count(FILE *out, double count)
{
	if (count >= 1e6)
		fprintf(out, "%.1fM", count / 1e6);
	else if (count >= 1e4)
		fprintf(out, "%.0fk", count / 1e3);
	else
		fprintf(out, "%.0f", count);
}

static void put_line(FILE *out, const struct rec_status_now *now, const struct rates *rates)
{
	const uint64_t ms = now->vtime / 1000000;

	fprintf(out, "\r%" PRIu64 ".%03" PRIu64 " s  %.2g x real time  ", ms / 1000, ms % 1000, rates->speed);
	put_count(out, rates->events);
	fputs(" events/s  ", out);
	put_count(out, rates->packets);
	fputs(" packets/s", out);
	if (rates->eta_s >= 0 && rates->eta_s < 360000)
		fprintf(out, "  ETA %u:%02u:%02u", (unsigned)rates->eta_s / 3600, (unsigned)rates->eta_s / 60 % 60,
			(unsigned)rates->eta_s % 60);
	fputs("\033[K", out);
	fflush(out);
}

/* ---- */

int rec_status_show(struct rec_status *status, const struct rec_status_now *now)
{
	if (!status->terminal && !status->path)
		return 0;
	const uint64_t wall = wall_ns();
	const bool first = status->path && status->last_ns == status->started_ns;

	if (wall - status->last_ns < NS_PER_S && !first)
		return 0;
	const struct rates rates = rates_of(status, now, wall);

	/* The file first: who sees the line finds it there. */
	const int error = status->path ? write_file(status, now, &rates, "running", "") : 0;

	if (status->terminal && !first) {
		put_line(status->terminal, now, &rates);
		status->shown = true;
	}
	status->last_ns = wall;
	status->last_vtime = now->vtime;
	status->last_events = now->events;
	status->last_packets = now->packets;
	return error;
}

int rec_status_end(struct rec_status *status, const struct rec_status_now *now, const char *state, const char *reason)
{
	/* Of the run as a whole. */
	status->last_ns = status->started_ns;
	status->last_vtime = status->last_events = status->last_packets = 0;
	struct rates rates = rates_of(status, now, wall_ns());

	rates.eta_s = 0;
	if (status->shown)
		fputs("\r\033[K", status->terminal);
	return status->path ? write_file(status, now, &rates, state, reason) : 0;
}
