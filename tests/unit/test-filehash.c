/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "filehash.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

/* Content that changes under an unchanged stamp: the second answer tells whether the file was read again. */
static void write_stamped(int fd, const char *text, long stamp)
{
	const struct timespec times[2] = {{stamp, 0}, {stamp, 0}};

	EQUAL(pwrite(fd, text, strlen(text), 0), strlen(text));
	EQUAL(futimens(fd, times), 0);
}

int main(void)
{
	struct rec_filehashes *hashes = rec_filehashes_new();
	char path[] = "/tmp/test-filehash.XXXXXX";
	uint8_t first[32], second[32], plain[32];
	uint64_t size = 0;
	int fd = mkstemp(path), other = open("/proc/self/exe", O_RDONLY);

	HOLDS(fd >= 0 && other >= 0);
	unlink(path);
	part("remembered");
	write_stamped(fd, "one", 1000);
	EQUAL(rec_filehash(hashes, fd, first, &size), 0);
	EQUAL(size, 3);
	EQUAL(rec_filehash(hashes, other, second, &size), 0);
	HOLDS(memcmp(first, second, 32) != 0);
	EQUAL(rec_filehash(hashes, fd, second, &size), 0);
	EQUAL(size, 3);
	SAME(second, 32, first, 32);
	part("changed");
	write_stamped(fd, "two!", 2000);
	EQUAL(rec_filehash(hashes, fd, second, &size), 0);
	EQUAL(size, 4);
	HOLDS(memcmp(first, second, 32) != 0);
	EQUAL(rec_filehash(NULL, fd, plain, &size), 0);
	SAME(second, 32, plain, 32);
	part("many");
	for (int i = 0; i < 200; i++) {
		char text[16];

		snprintf(text, sizeof(text), "file %03d", i);
		write_stamped(fd, text, 3000 - i);
		EQUAL(rec_filehash(hashes, fd, second, &size), 0);
		EQUAL(rec_filehash(NULL, fd, plain, &size), 0);
		SAME(second, 32, plain, 32);
	}
	EQUAL(rec_filehash(hashes, -1, first, &size), -9);
	rec_filehashes_free(hashes);
	close(fd);
	close(other);
	return done();
}
