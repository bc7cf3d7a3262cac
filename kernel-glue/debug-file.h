/* SPDX-License-Identifier: GPL-2.0-or-later */
/* debug-file.h - symbols and types of a kernel image, in a file beside it. */
#ifndef KG_DEBUG_FILE_H
#define KG_DEBUG_FILE_H

/* Of hindcast-kernel.so the debug information is hindcast-kernel.debug.  *ret_path (the caller frees it) is set also when
 * the file is not as it should be.  0, or -errno (-ENOENT: there is none, -ESTALE: it belongs to another image). */
int kg_debug_file(const char *image, char **ret_path);

#endif
