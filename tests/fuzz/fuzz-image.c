/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz-image.c - any file as a program, and as the interpreter of one: planned, not executed. */
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t random[16];
	const int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct rec_image_request request = {
		.file_fd = fd, .interp_fd = -1, .file = 1, .interp = 2, .exec_path = "/bin/x", .strings = "x", .strings_size = 2,
		.argc = 1, .random = random};
	struct rec_image_plan plan = {0};

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		return 0;
	if (rec_image_plan(&request, /* patch_cpuid= */ true, &plan) == 0)
		rec_image_plan_done(&plan);
	request.interp_fd = fd;
	if (rec_image_plan(&request, /* patch_cpuid= */ false, &plan) == 0)
		rec_image_plan_done(&plan);
	close(fd);
	return 0;
}
