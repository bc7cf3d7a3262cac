// SPDX-License-Identifier: GPL-2.0-only
/*
 * coverage.c - the second door of an image that counts what it executes.
 *
 * The compiler puts a pointer to each object's list of counters into a section, whose bounds the linker knows.  Counters are data
 * of the instance like any other: they count from its first instruction, and nothing has to be switched on.  How a list is
 * read depends on the compiler; the kernel has a file for that, which is all that is used of its own gcov support: the rest
 * hands files out by debugfs, to programs of the node.
 */
#include <linux/string.h>
#include <linux/unaligned.h>
#include "../../../kernel/gcov/gcc_4_7.c"
#include "glue.h"

extern struct gcov_info *__start_gcov_infos[], *__stop_gcov_infos[];

/* Only its address is used: an object's list says by it that it has counters of this kind. */
void __gcov_merge_add(gcov_type *counters, unsigned int count);
void __gcov_merge_add(gcov_type *counters, unsigned int count)
{
}

size_t store_gcov_u32(void *buffer, size_t off, u32 v)
{
	if (buffer)
		put_unaligned(v, (u32 *)(buffer + off));
	return sizeof(v);
}

/* Two words, the lower one first. */
size_t store_gcov_u64(void *buffer, size_t off, u64 v)
{
	return store_gcov_u32(buffer, off, lower_32_bits(v)) +
	       store_gcov_u32(buffer, off + sizeof(u32), upper_32_bits(v));
}

__attribute__((visibility("default"))) kg_coverage_fn kg_coverage;
kg_s32 kg_coverage(kg_u64 index, void *buf, kg_u64 size, const char **ret_name, kg_u64 *ret_size)
{
	/* The folder in which the compiler ran, as build-kernel.sh has it called. */
	static const char folder[] = "/proc/self/cwd/";
	struct gcov_info *info;
	const char *name;

	if (index >= __stop_gcov_infos - __start_gcov_infos)
		return 0;
	info = __start_gcov_infos[index];
	name = gcov_info_filename(info);
	*ret_name = name + (strncmp(name, folder, strlen(folder)) == 0 ? strlen(folder) : 0);
	*ret_size = convert_to_gcda(NULL, info);
	if (*ret_size <= size)
		convert_to_gcda(buf, info);
	return 1;
}
