/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compare-pictures.c - compare-pictures GOLDEN NEW DIFFERENCE: are two PNG files the same picture?
 *
 * Decoded pixels are compared, not files: what zlib makes of the same pixels is its own affair.  A channel may differ by
 * CHANNEL_MAX of 255, because pixman blends with the vector instructions that a processor has, and these round differently; a line that
 * moved by a tenth of a pixel differs by more.  0: the same.  1: not, and DIFFERENCE shows where: red on the golden picture in pale.
 */
#include <cairo.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define CHANNEL_MAX 3
#define RED 0xffe01b24u

static cairo_surface_t *picture_read(const char *path)
{
	cairo_surface_t *surface = cairo_image_surface_create_from_png(path);

	if (cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS) {
		fprintf(stderr, "compare-pictures: %s: %s\n", path, cairo_status_to_string(cairo_surface_status(surface)));
		exit(2);
	}
	return surface;
}

static uint32_t *row_of(cairo_surface_t *surface, int y)
{
	return (uint32_t *)(cairo_image_surface_get_data(surface) + (size_t)y * (size_t)cairo_image_surface_get_stride(surface));
}

static int channel_difference(uint32_t a, uint32_t b)
{
	int most = 0;

	for (int shift = 0; shift < 24; shift += 8) {
		const int d = abs((int)(a >> shift & 255) - (int)(b >> shift & 255));

		most = d > most ? d : most;
	}
	return most;
}

/* Half way to white. */
static uint32_t pale(uint32_t pixel)
{
	return 0xff000000u | ((pixel >> 1 & 0x7f7f7fu) + 0x808080u);
}

/* How many pixels differ; they are red in golden afterwards. */
static unsigned mark_differences(cairo_surface_t *golden, cairo_surface_t *new, int *ret_most)
{
	unsigned count = 0;

	cairo_surface_flush(golden);
	for (int y = 0; y < cairo_image_surface_get_height(golden); y++) {
		uint32_t *a = row_of(golden, y);
		const uint32_t *b = row_of(new, y);

		for (int x = 0; x < cairo_image_surface_get_width(golden); x++) {
			const int d = channel_difference(a[x], b[x]);

			*ret_most = d > *ret_most ? d : *ret_most;
			count += d > CHANNEL_MAX;
			a[x] = d > CHANNEL_MAX ? RED : pale(a[x]);
		}
	}
	cairo_surface_mark_dirty(golden);
	return count;
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: compare-pictures GOLDEN NEW DIFFERENCE\n");
		return 2;
	}
	cairo_surface_t *golden = picture_read(argv[1]), *new = picture_read(argv[2]);
	const int width = cairo_image_surface_get_width(golden), height = cairo_image_surface_get_height(golden);
	int most = 0;

	if (cairo_image_surface_get_width(new) != width || cairo_image_surface_get_height(new) != height) {
		printf("%s is %dx%d, and not %dx%d as %s\n", argv[2], cairo_image_surface_get_width(new),
		       cairo_image_surface_get_height(new), width, height, argv[1]);
		return 1;
	}
	const unsigned count = mark_differences(golden, new, &most);

	if (count && cairo_surface_write_to_png(golden, argv[3]) != CAIRO_STATUS_SUCCESS)
		fprintf(stderr, "compare-pictures: cannot write %s\n", argv[3]);
	if (count)
		printf("%u pixels differ, by up to %d of 255: %s, not %s; see %s\n", count, most, argv[2], argv[1], argv[3]);
	cairo_surface_destroy(golden);
	cairo_surface_destroy(new);
	return count > 0;
}
