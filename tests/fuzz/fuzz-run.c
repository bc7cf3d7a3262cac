/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz-run.c - fuzz-X DIRECTORY [ROUNDS]: gives a target every file of a corpus, and ROUNDS (default 300) changes of each that are the
 * same in every run: flipped bits, bytes, cuts, pieces that come twice.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "fuzz.h"

static uint64_t state = 1;

static uint64_t draw(uint64_t below)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (state >> 33) % below;
}

static void change(uint8_t *bytes, size_t *size)
{
	for (uint64_t times = 1 + draw(4); times > 0 && *size; times--) {
		const size_t at = draw(*size);

		switch (draw(5)) {
		case 0:
			bytes[at] ^= (uint8_t)(1u << draw(8));
			break;
		case 1:
			bytes[at] = (uint8_t)draw(256);
			break;
		case 2:
			*size = at;
			break;
		case 3:
			memset(bytes + at, draw(2) ? 0xff : 0, draw(*size - at) % 9);
			break;
		default:
			memmove(bytes + at, bytes + draw(at + 1), draw(*size - at) % 64);
		}
	}
}

/* A copy of the very size, so that who watches memory sees a read beyond the end. */
static void give(const uint8_t *bytes, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	CHECK(copy);
	memcpy(copy, bytes, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void run_file(const char *path, uint64_t rounds)
{
	FILE *file = fopen(path, "re");
	uint8_t *bytes = NULL, *changed;
	size_t size = 0, capacity = 0;

	CHECK(file);
	for (int c; (c = fgetc(file)) != EOF;) {
		if (size == capacity) {
			capacity = capacity ? capacity * 2 : 4096;
			bytes = realloc(bytes, capacity);
			CHECK(bytes);
		}
		bytes[size++] = (uint8_t)c;
	}
	fclose(file);
	changed = malloc(size + 1);
	CHECK(changed);
	if (size)
		give(bytes, size);
	for (uint64_t i = 0; i < rounds && size; i++) {
		size_t changed_size = size;

		memcpy(changed, bytes, size);
		change(changed, &changed_size);
		give(changed, changed_size);
	}
	free(changed);
	free(bytes);
}

int main(int argc, char **argv)
{
	struct dirent **entries = NULL;
	int files = 0;

	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: %s DIRECTORY [ROUNDS]\n", argv[0]);
		return 2;
	}
	const uint64_t rounds = argc == 3 ? strtoull(argv[2], NULL, 10) : 300;
	const int count = scandir(argv[1], &entries, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		char path[4096];

		snprintf(path, sizeof(path), "%s/%s", argv[1], entries[i]->d_name);
		if (entries[i]->d_name[0] != '.') {
			run_file(path, rounds);
			files++;
		}
		free(entries[i]);
	}
	free(entries);
	printf("%d files, %llu changes of each\n", files, (unsigned long long)rounds);
	return files ? 0 : 1;
}
