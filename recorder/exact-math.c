/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * exact-math.c - functions whose last digit does not depend on the processor.
 *
 * libm picks other code where there is FMA, and the results differ in the last place.  These use + - * / alone, which IEEE 754
 * defines to the bit: Taylor's series after reduction of the argument.
 */
#include <math.h>

#include "base/check.h"
#include "mobility-int.h"

/* pi/2 in two parts, the first of which has 33 bits: so k times it is exact for all k that occur. */
#define HALF_PI_HIGH 1.57079632673412561417e+00
#define HALF_PI_LOW 6.07710050650619224932e-11
#define TERMS 10

/* |x| <= pi/4 */
static double sine_near(double x)
{
	double term = x, sum = x;

	for (unsigned int i = 1; i < TERMS; i++) {
		term *= -x * x / (2 * i * (2 * i + 1));
		sum += term;
	}
	return sum;
}

static double cosine_near(double x)
{
	double term = 1, sum = 1;

	for (unsigned int i = 1; i < TERMS; i++) {
		term *= -x * x / ((2 * i - 1) * 2 * i);
		sum += term;
	}
	return sum;
}

static double quarter(double radians, int turns)
{
	const double k = floor(radians / (REC__PI / 2) + 0.5);
	const double rest = (radians - k * HALF_PI_HIGH) - k * HALF_PI_LOW;

	CHECK(fabs(radians) < 1e6);
	switch (((long)k + turns) & 3) {
	case 0:
		return sine_near(rest);
	case 1:
		return cosine_near(rest);
	case 2:
		return -sine_near(rest);
	default:
		return -cosine_near(rest);
	}
}

double rec__sine(double radians)
{
	return quarter(radians, 0);
}

double rec__cosine(double radians)
{
	return quarter(radians, 1);
}

/* x = m 2^e with m near 1; ln m = 2 atanh((m - 1) / (m + 1)) */
double rec__logarithm(double x)
{
	int exponent;
	double m = frexp(x, &exponent);

	CHECK(x > 0);
	if (m < 0.70710678118654752) {
		m *= 2;
		exponent--;
	}
	const double z = (m - 1) / (m + 1);
	double power = z, sum = 0;

	for (unsigned int i = 1; i < 30; i += 2) {
		sum += power / i;
		power *= z * z;
	}
	return 2 * sum + exponent * 0.69314718055994530942;
}
