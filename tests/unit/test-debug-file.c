/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An image and its debug information, over files that have a build id and nothing else. */
#include "debug-file.h"

#include <elf.h>
#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include "unit.h"

static char folder[] = "/tmp/test-debug-file-XXXXXX";
static char image[64], debug[64];

struct file {
	Elf64_Ehdr header;
	struct {
		Elf64_Nhdr header;
		char name[4];
		unsigned char value[20];
	} note;
	Elf64_Shdr sections[2];
};

/* type: of the note; id: the first byte of its value. */
static void write_file(const char *path, uint32_t type, unsigned char id)
{
	struct file file = {
		.header = {
			.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
			.e_type = ET_DYN, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
			.e_shoff = offsetof(struct file, sections), .e_ehsize = sizeof(Elf64_Ehdr),
			.e_shentsize = sizeof(Elf64_Shdr), .e_shnum = 2,
		},
		.note = {.header = {.n_namesz = 4, .n_descsz = 20, .n_type = type}, .name = "GNU", .value = {id}},
		.sections[1] = {.sh_type = SHT_NOTE, .sh_offset = offsetof(struct file, note), .sh_size = sizeof(file.note),
				.sh_addralign = 4},
	};
	FILE *const to = fopen(path, "w");

	if (!to || fwrite(&file, sizeof(file), 1, to) != 1 || fclose(to) != 0)
		abort();
}

static int look(const char *path)
{
	char *found = NULL;
	const int r = kg_debug_file(path, &found);

	STRING(found, debug);
	free(found);
	return r;
}

int main(void)
{
	if (!mkdtemp(folder))
		abort();
	snprintf(image, sizeof(image), "%s/kernel.so", folder);
	snprintf(debug, sizeof(debug), "%s/kernel.debug", folder);

	part("none");
	write_file(image, NT_GNU_BUILD_ID, 1);
	EQUAL(look(image), -ENOENT);
	part("it belongs to the image");
	write_file(debug, NT_GNU_BUILD_ID, 1);
	EQUAL(look(image), 0);
	part("it belongs to another one");
	write_file(debug, NT_GNU_BUILD_ID, 2);
	EQUAL(look(image), -ESTALE);
	part("no build id");
	write_file(debug, NT_GNU_ABI_TAG, 1);
	EQUAL(look(image), -EBADMSG);
	part("cut");
	write_file(debug, NT_GNU_BUILD_ID, 1);
	EQUAL(truncate(debug, sizeof(Elf64_Ehdr)), 0);
	EQUAL(look(image), -EBADMSG);
	part("an image of another name");
	write_file(debug, NT_GNU_BUILD_ID, 1);
	image[strlen(image) - strlen(".so")] = '\0';
	write_file(image, NT_GNU_BUILD_ID, 1);
	EQUAL(look(image), 0);

	unlink(image);
	strcat(image, ".so");
	unlink(image);
	unlink(debug);
	rmdir(folder);
	return done();
}
