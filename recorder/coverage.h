/* SPDX-License-Identifier: GPL-2.0-or-later */
/* coverage.h - what nodes' kernels have counted of their own code, as gcov reads it. */
#ifndef REC_COVERAGE_H
#define REC_COVERAGE_H

#include <stddef.h>
#include <stdint.h>

struct kg_instance;

/* Adds all that an instance has counted to the .gcda files below a folder, which is made.  0 or -errno. */
int rec_coverage_keep(const struct kg_instance *instance, const char *folder);

/* Adds the files of all nodes (dir/nodes/NAME/...) into those of dir/all.  Beside every file of counts there is then a link to its
 * notes, and in dir/all links to the sources: all that gcov looks for.  notes is an image's folder of them.  0 or -errno. */
int rec_coverage_sum(const char *dir, const char *notes);

/* The folder with the notes of an image; the caller frees it. */
char *rec_coverage_notes(const char *image);

/* Prints a table of what was executed: lines, functions, branches of each folder of the kernel's source; with folders (NULL
 * terminated) of each file in them and below.  0, or -errno after it was said what is wrong. */
int rec_coverage_print(const char *dir, const char *const *folders);

/* Adds the counters of more to those of sum; both are .gcda files of size bytes.  -EBADMSG: they are not of the same object. */
int rec__coverage_add(uint8_t *sum, const uint8_t *more, size_t size);

#endif
