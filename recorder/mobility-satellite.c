/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mobility-satellite.c - satellites by their two-line elements, and stations on the ground.
 *
 * Positions are in an inertial frame with the earth at its centre and the z axis through the north pole; so distances and who sees whom are
 * right, and stations go round with the earth.  The orbit is Kepler's with the secular effects of J2 and the drag that the elements give
 * (first order of Brouwer's theory, as in Spacetrack Report No. 3, without the periodic terms): within some 20 km of SGP4
 * for days around the epoch, which is seconds of a pass.
 *
 * Options: `tle.HOST`: a file with the two lines of a satellite (a title before them is passed over); `station.HOST`:
 * "LATITUDE LONGITUDE METRES" in degrees; `elevation` (5): from how many degrees above the horizon a station hears a satellite.
 * Satellites hear each other when the earth is not between them; stations do not.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "mobility-int.h"

#define EARTH_RADIUS 6378137.0		/* WGS 84 */
#define EARTH_FLATTENING (1 / 298.257223563)
#define EARTH_MU 3.986004418e14
#define J2 1.08262668e-3
#define DAY 86400.0
#define UNIX_J2000 10957.5		/* days from 1970 to 2000-01-01 12:00 */
#define DEGREES (REC__PI / 180)

struct orbit {				/* at the epoch; angles in radians, rates per second */
	double epoch;			/* days since 1970 */
	double axis, eccentricity, inclination, node, perigee, anomaly;
	double node_rate, perigee_rate, anomaly_rate, anomaly_accel;
};

struct station {
	double latitude, longitude, height;
};

struct body {
	int is_station;
	struct orbit orbit;
	struct station station;
};

struct satellite {
	const struct hindcast_mobility_env *env;
	double elevation;
	struct body *bodies;
	struct hindcast_position *at;	/* of the time asked for last */
};

/* ---- two-line elements ---- */

static int is_line(const char *line, char number)
{
	int sum = 0;

	if (strcspn(line, "\r\n") != 69 || line[0] != number || line[1] != ' ')
		return 0;
	for (int i = 0; i < 68; i++)
		sum += line[i] >= '0' && line[i] <= '9' ? line[i] - '0' : line[i] == '-';
	return line[68] - '0' == sum % 10;
}

/* A field of columns, counted from 1 as in the format's description. */
static double field(const char *line, int from, int to)
{
	char text[32];

	snprintf(text, sizeof(text), "%.*s", to - from + 1, line + from - 1);
	return strtod(text, NULL);
}

static double epoch_days(const char *line)
{
	const int short_year = (int)field(line, 19, 20), year = short_year < 57 ? 2000 + short_year : 1900 + short_year;
	const int leap_days = (year - 1969) / 4;	/* of the years before it, from 1970; 2000 is one, 2100 is far */

	return (year - 1970) * 365.0 + leap_days + field(line, 21, 32) - 1;
}

static double cube_root(double x)
{
	double root = x > 1 ? x : 1;

	/* Newton's steps from above descend until they stand. */
	for (double next; (next = (2 * root + x / (root * root)) / 3) < root; root = next)
		;
	return root;
}

/* Mean motion as the elements have it (Kozai's) to that of the orbit (Brouwer's), and what J2 does to the orbit. */
static void find_rates(const struct hindcast_mobility_env *env, struct orbit *o, double motion)
{
	const double c = env->cosine(o->inclination), beta2 = 1 - o->eccentricity * o->eccentricity;
	const double k2 = J2 / 2 * EARTH_RADIUS * EARTH_RADIUS, beta3 = beta2 * sqrt(beta2);
	const double first = cube_root(EARTH_MU / (motion * motion));
	const double d1 = 1.5 * k2 * (3 * c * c - 1) / (first * first * beta3);
	const double a0 = first * (1 - d1 / 3 - d1 * d1 - 134.0 / 81 * d1 * d1 * d1);
	const double d0 = 1.5 * k2 * (3 * c * c - 1) / (a0 * a0 * beta3), n = motion / (1 + d0);

	o->axis = a0 / (1 - d0);
	const double a2 = o->axis * o->axis;

	o->anomaly_rate = n * (1 + 1.5 * k2 * (3 * c * c - 1) / (a2 * beta3));
	o->perigee_rate = -1.5 * k2 * (1 - 5 * c * c) / (a2 * beta2 * beta2) * n;
	o->node_rate = -3 * k2 * c / (a2 * beta2 * beta2) * n;
}

static int parse_elements(const struct hindcast_mobility_env *env, const char *name, const char *text, struct orbit *o)
{
	const char *line = text;

	while (line && !is_line(line, '1')) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	const char *second = line ? strchr(line, '\n') : NULL;

	if (!second || !is_line(second + 1, '2'))
		return rec__complain(env, "the elements of '%s' are to be two lines of 69 characters with right checksums", name);
	second++;
	*o = (struct orbit){
		.epoch = epoch_days(line),
		.inclination = field(second, 9, 16) * DEGREES,
		.node = field(second, 18, 25) * DEGREES,
		.eccentricity = field(second, 27, 33) / 1e7,
		.perigee = field(second, 35, 42) * DEGREES,
		.anomaly = field(second, 44, 51) * DEGREES,
		/* the first derivative divided by two, in revolutions a day and day */
		.anomaly_accel = field(line, 34, 43) * 2 * REC__PI / (DAY * DAY),
	};
	const double motion = field(second, 53, 63) * 2 * REC__PI / DAY;

	if (!(motion > 0) || !(o->eccentricity < 0.9))
		return rec__complain(env, "the elements of '%s' are of no orbit round the earth", name);
	find_rates(env, o, motion);
	return 0;
}

/* ---- positions ---- */

static double turn_of(double radians)
{
	return fmod(radians, 2 * REC__PI);
}

static double eccentric_anomaly(const struct hindcast_mobility_env *env, double mean, double eccentricity)
{
	double e = mean;

	for (int i = 0; i < 20; i++)
		e -= (e - eccentricity * env->sine(e) - mean) / (1 - eccentricity * env->cosine(e));
	return e;
}

static struct hindcast_position orbit_at(const struct hindcast_mobility_env *env, const struct orbit *o, double days)
{
	const double t = (days - o->epoch) * DAY;
	const double mean = turn_of(o->anomaly + o->anomaly_rate * t + o->anomaly_accel * t * t);
	const double node = turn_of(o->node + o->node_rate * t), perigee = turn_of(o->perigee + o->perigee_rate * t);
	const double e = eccentric_anomaly(env, mean, o->eccentricity);
	/* in the plane of the orbit, x towards the perigee */
	const double x = o->axis * (env->cosine(e) - o->eccentricity);
	const double y = o->axis * sqrt(1 - o->eccentricity * o->eccentricity) * env->sine(e);
	const double u = x * env->cosine(perigee) - y * env->sine(perigee),
		     v = x * env->sine(perigee) + y * env->cosine(perigee);
	const double ci = env->cosine(o->inclination), si = env->sine(o->inclination);

	return (struct hindcast_position){
		u * env->cosine(node) - v * ci * env->sine(node),
		u * env->sine(node) + v * ci * env->cosine(node),
		v * si,
	};
}

/* How far the earth has turned (Greenwich mean sidereal time). */
static double earth_turn(double days)
{
	return turn_of(fmod(280.46061837 + 360.98564736629 * (days - UNIX_J2000), 360) * DEGREES);
}

static struct hindcast_position up_at(const struct hindcast_mobility_env *env, const struct station *s, double days)
{
	const double angle = earth_turn(days) + s->longitude;

	return (struct hindcast_position){env->cosine(s->latitude) * env->cosine(angle),
					  env->cosine(s->latitude) * env->sine(angle), env->sine(s->latitude)};
}

static struct hindcast_position station_at(const struct hindcast_mobility_env *env, const struct station *s, double days)
{
	const double e2 = EARTH_FLATTENING * (2 - EARTH_FLATTENING), sine = env->sine(s->latitude);
	const double n = EARTH_RADIUS / sqrt(1 - e2 * sine * sine);
	const struct hindcast_position up = up_at(env, s, days);

	return (struct hindcast_position){(n + s->height) * up.x, (n + s->height) * up.y, (n * (1 - e2) + s->height) * up.z};
}

static double days_at(const struct satellite *s, uint64_t time_ns)
{
	return ((double)s->env->realtime_ns + (double)time_ns) / 1e9 / DAY;
}

static int satellite_positions(void *state, uint64_t time_ns, struct hindcast_position *ret)
{
	const struct satellite *s = state;
	const double days = days_at(s, time_ns);

	for (uint32_t i = 0; i < s->env->host_count; i++) {
		const struct body *body = &s->bodies[i];

		ret[i] = body->is_station ? station_at(s->env, &body->station, days) : orbit_at(s->env, &body->orbit, days);
	}
	return 0;
}

/* ---- who sees whom ---- */

static double dot(const struct hindcast_position *a, const struct hindcast_position *b)
{
	return a->x * b->x + a->y * b->y + a->z * b->z;
}

static int station_sees(const struct satellite *s, uint32_t station, uint32_t other, double days)
{
	const struct hindcast_position up = up_at(s->env, &s->bodies[station].station, days), *a = &s->at[station],
				       *b = &s->at[other], way = {b->x - a->x, b->y - a->y, b->z - a->z};

	return dot(&way, &up) >= s->env->sine(s->elevation * DEGREES) * rec__distance(a, b);
}

/* Whether the earth (a ball) leaves the line between two satellites free. */
static int satellite_sees(const struct satellite *s, uint32_t first, uint32_t second)
{
	const struct hindcast_position *a = &s->at[first], *b = &s->at[second], way = {b->x - a->x, b->y - a->y, b->z - a->z};
	const double nearest = -dot(a, &way) / dot(&way, &way);

	if (!(nearest > 0 && nearest < 1))
		return 1;
	const struct hindcast_position low = {a->x + nearest * way.x, a->y + nearest * way.y, a->z + nearest * way.z};

	return dot(&low, &low) > EARTH_RADIUS * EARTH_RADIUS;
}

static int sees(const struct satellite *s, uint32_t a, uint32_t b, double days)
{
	if (s->bodies[a].is_station && s->bodies[b].is_station)
		return 0;
	if (!s->bodies[a].is_station && !s->bodies[b].is_station)
		return satellite_sees(s, a, b);
	return s->bodies[a].is_station ? station_sees(s, a, b, days) : station_sees(s, b, a, days);
}

static int satellite_matrix(void *state, uint64_t time_ns, uint8_t *ret)
{
	struct satellite *s = state;
	const uint32_t count = s->env->host_count;
	const double days = days_at(s, time_ns);

	satellite_positions(state, time_ns, s->at);
	for (uint32_t a = 0; a < count; a++)
		for (uint32_t b = 0; b < count; b++)
			ret[a * count + b] = a != b && sees(s, a, b, days);
	return 0;
}

/* ---- options ---- */

static int parse_station(const struct hindcast_mobility_env *env, const char *name, const char *text, struct station *s)
{
	int used = 0;

	if (sscanf(text, "%lf %lf %lf%n", &s->latitude, &s->longitude, &s->height, &used) != 3 || text[used] ||
	    fabs(s->latitude) > 90 || fabs(s->longitude) > 360)
		return rec__complain(env, "station.%s is to be LATITUDE LONGITUDE METRES, with degrees: \"52.5 13.4 34\"", name);
	s->latitude *= DEGREES;
	s->longitude *= DEGREES;
	return 0;
}

static int take_body(struct satellite *s, uint32_t host)
{
	const struct hindcast_mobility_env *env = s->env;
	struct body *body = &s->bodies[host];
	const char *name = env->host_names[host];
	char tle[100], station[100];

	snprintf(tle, sizeof(tle), "tle.%s", name);
	snprintf(station, sizeof(station), "station.%s", name);
	const char *place = env->option(env->ctx, station);

	body->is_station = place != NULL;
	if (!place == !env->option(env->ctx, tle))
		return rec__complain(env, "'%s' is to have one of the options %s (a file) and %s (a place)", name, tle, station);
	if (place)
		return parse_station(env, name, place, &body->station);
	const char *text = env->file(env->ctx, tle);

	return text ? parse_elements(env, name, text, &body->orbit) : -1;
}

static int satellite_open(const struct hindcast_mobility_env *env, void **ret)
{
	struct satellite *s = calloc(1, sizeof(*s));

	CHECK(s);
	*s = (struct satellite){
		.env = env, .elevation = 5,
		.bodies = calloc(env->host_count, sizeof(*s->bodies)), .at = calloc(env->host_count, sizeof(*s->at)),
	};
	CHECK(s->bodies && s->at);
	*ret = s;
	if (env->number(env->ctx, "elevation", &s->elevation))
		return -1;
	if (fabs(s->elevation) > 90)
		return rec__complain(env, "elevation is in degrees, up to 90");
	for (uint32_t i = 0; i < env->host_count; i++)
		if (take_body(s, i))
			return -1;
	return 0;
}

static void satellite_close(void *state)
{
	struct satellite *s = state;

	free(s->bodies);
	free(s->at);
	free(s);
}

const struct hindcast_mobility rec__mobility_satellite = {
	.abi = HINDCAST_MOBILITY_ABI, .name = "satellite", .open = satellite_open, .positions = satellite_positions,
	.matrix = satellite_matrix, .close = satellite_close,
};
