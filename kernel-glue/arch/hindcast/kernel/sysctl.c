// SPDX-License-Identifier: GPL-2.0-only
/*
 * sysctl.c - settings in /proc/sys/vm that programs look for, and that a kernel without an MMU does not have.  They can be
 * read and set as anywhere; a program's memory is the host's, so that they rule nothing.
 */
#include <linux/init.h>
#include <linux/sysctl.h>

static int kg_max_map_count = 65530;
static unsigned long kg_mmap_min_addr = 65536;

static struct ctl_table kg_vm_table[] = {
	{
		.procname = "max_map_count",
		.data = &kg_max_map_count,
		.maxlen = sizeof(kg_max_map_count),
		.mode = 0644,
		.proc_handler = proc_dointvec_minmax,
		.extra1 = SYSCTL_ZERO,
	},
	{
		.procname = "mmap_min_addr",
		.data = &kg_mmap_min_addr,
		.maxlen = sizeof(kg_mmap_min_addr),
		.mode = 0644,
		.proc_handler = proc_doulongvec_minmax,
	},
};

static int __init kg_sysctl_init(void)
{
	register_sysctl_init("vm", kg_vm_table);
	return 0;
}
subsys_initcall(kg_sysctl_init);
