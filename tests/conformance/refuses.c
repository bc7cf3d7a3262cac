/* SPDX-License-Identifier: GPL-2.0-or-later */
/* refuses.c - asks three times for userfaultfd and once for io_uring, which are refused. */
#include "say.h"

int main(void)
{
	for (int i = 0; i < 3; i++)
		TRY(syscall(SYS_userfaultfd, 0));
	TRY(syscall(SYS_io_uring_setup, 1, NULL));
	return 0;
}
