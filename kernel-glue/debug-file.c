/* SPDX-License-Identifier: GPL-2.0-or-later */
/* debug-file.c - a build id says whether an image and a file with debug information belong together. */
#include "debug-file.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUILD_ID_SIZE 20	/* SHA-1 */

/* Whether one of the notes is a build id. */
static bool find_in_notes(Elf_Data *notes, unsigned char ret[BUILD_ID_SIZE])
{
	size_t next, name, value, at = 0;
	GElf_Nhdr note;

	while ((next = gelf_getnote(notes, at, &note, &name, &value)) > 0) {
		const char *const bytes = notes->d_buf;

		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof("GNU") &&
		    memcmp(bytes + name, "GNU", sizeof("GNU")) == 0 && note.n_descsz == BUILD_ID_SIZE) {
			memcpy(ret, bytes + value, BUILD_ID_SIZE);
			return true;
		}
		at = next;
	}
	return false;
}

static bool find_in_sections(Elf *elf, unsigned char ret[BUILD_ID_SIZE])
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section))) {
		Elf_Data *data;
		GElf_Shdr header;

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_NOTE)
			continue;
		data = elf_getdata(section, NULL);
		if (data && find_in_notes(data, ret))
			return true;
	}
	return false;
}

/* 0, or -errno (-EBADMSG: the file has no build id). */
static int read_build_id(const char *path, unsigned char ret[BUILD_ID_SIZE])
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	Elf *elf;
	int r;

	if (fd < 0)
		return -errno;
	elf = elf_version(EV_CURRENT) == EV_NONE ? NULL : elf_begin(fd, ELF_C_READ, NULL);
	r = elf && find_in_sections(elf, ret) ? 0 : -EBADMSG;
	elf_end(elf);
	close(fd);
	return r;
}

int kg_debug_file(const char *image, char **ret_path)
{
	unsigned char image_id[BUILD_ID_SIZE], debug_id[BUILD_ID_SIZE];
	const size_t length = strlen(image);
	const bool has_suffix = length > 3 && strcmp(image + length - 3, ".so") == 0;
	int r;

	if (asprintf(ret_path, "%.*s.debug", (int)(has_suffix ? length - 3 : length), image) < 0)
		return -ENOMEM;
	r = read_build_id(*ret_path, debug_id);
	if (r == 0)
		r = read_build_id(image, image_id);
	return r == 0 && memcmp(image_id, debug_id, BUILD_ID_SIZE) != 0 ? -ESTALE : r;
}
