/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cleanup.h - owners that let go of what they own when they leave scope.
 *
 *	_cleanup_free_ char *text = NULL;
 *	_cleanup_close_ int fd = -EBADF;
 *	_cleanup_(fmt_buf_done) struct fmt_buf buf = {0};
 *	...
 *	*ret_text = STEAL(text);
 *	*ret_fd = STEAL_FD(fd);
 */
#ifndef FMT_BASE_CLEANUP_H
#define FMT_BASE_CLEANUP_H

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(function) __attribute__((cleanup(function)))

static inline void cleanup_free(void *pointer)
{
	free(*(void **)pointer);
}

/* Keeps errno: the cleanup runs between the failure and the caller that reports it. */
static inline void cleanup_close(const int *fd)
{
	const int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

#define _cleanup_free_ _cleanup_(cleanup_free)
#define _cleanup_close_ _cleanup_(cleanup_close)

/* Defines x_freep() for _cleanup_(x_freep), out of x_free() that takes NULL. */
#define DEFINE_CLEANUP(type, function)                                                             \
	__attribute__((unused)) static inline void function##p(type *pointer)                      \
	{                                                                                          \
		function(*pointer);                                                                \
	}

#define STEAL(pointer)                                                                             \
	({                                                                                         \
		__typeof__(pointer) *steal_from_ = &(pointer);                                     \
		__typeof__(pointer) stolen_ = *steal_from_;                                        \
		*steal_from_ = NULL;                                                               \
		stolen_;                                                                           \
	})

#define STEAL_FD(fd)                                                                               \
	({                                                                                         \
		int *steal_fd_from_ = &(fd);                                                       \
		const int stolen_fd_ = *steal_fd_from_;                                            \
		*steal_fd_from_ = -EBADF;                                                          \
		stolen_fd_;                                                                        \
	})

#endif
