/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-version.c - `hindcast version`. */
#include <stdio.h>

#include "base/cleanup.h"
#include "command.h"
#include "kernel-path.h"
#include "loader.h"
#include "rec-commands.h"

static enum fmt_status command_version(const struct fmt_arguments *args)
{
	_cleanup_free_ char *path = rec__find_kernel(args);
	struct kg_image *image = NULL;

	printf("hindcast %s\n", HINDCAST_VERSION);
	if (!path || kg_image_open(path, &image) < 0) {
		printf("kernel image: none\n");
		return FMT_STATUS_OK;
	}
	printf("kernel image: %s\n              ", path);
	const unsigned char *const hash = kg_image_hash(image);
	for (size_t i = 0; i < FMT_HASH_SIZE; i++)
		printf("%02x", hash[i]);
	putchar('\n');
	kg_image_close(image);
	return FMT_STATUS_OK;
}

const struct fmt_command rec_cmd_version = {
	.name = "version",
	.usage = "",
	.summary = "print versions and the identity of the kernel image",
	.options = "kernel",
	.operand_min = 0,
	.operand_max = 0,
	.run = command_version,
};
