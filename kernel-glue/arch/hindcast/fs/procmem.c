// SPDX-License-Identifier: GPL-2.0-only
/*
 * procmem.c - what /proc says of a program's memory, which is the host's: maps, mem, the sizes in status and statm,
 * and where arguments, environment and auxiliary vector lie.  It stands in for fs/proc/task_nommu.c.
 *
 * What is resident is up to the host and no two hosts agree, so every page that may be touched counts.
 */
#include <linux/mm.h>
#include <linux/ptrace.h>
#include <linux/sched/mm.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/syscalls.h>
#include <uapi/linux/mman.h>
#include "../../../fs/proc/internal.h"
#include "../kernel/glue.h"

/* ---- memory itself ------------------------------------------------------------------- */

int kg_access_remote_vm(struct mm_struct *mm, unsigned long addr, void *buf, int size,
			unsigned int gup_flags);

int kg_access_remote_vm(struct mm_struct *mm, unsigned long addr, void *buf, int size,
			unsigned int gup_flags)
{
	u64 cookie = kg_cookie_of_mm(mm);

	if (!cookie)
		return 0;
	if (gup_flags & FOLL_WRITE)
		return size - kg_host->copy_to_user(kg_host->ctx, cookie, addr, buf, size);
	return size - kg_host->copy_from_user(kg_host->ctx, cookie, buf, addr, size);
}

/* KG_NR_MM */
long kg_set_mm(const u64 *args)
{
	const struct kg_mm *from = (const struct kg_mm *)(args[0] & ~KG_HOST_PTR);
	struct mm_struct *mm = current->mm;

	if (!mm)
		return -ESRCH;
	mm->start_code = from->start_code;
	mm->end_code = from->end_code;
	mm->start_data = from->start_data;
	mm->end_data = from->end_data;
	mm->start_brk = from->start_brk;
	mm->brk = from->brk;
	mm->start_stack = from->start_stack;
	mm->arg_start = from->arg_start;
	mm->arg_end = from->arg_end;
	mm->env_start = from->env_start;
	mm->env_end = from->env_end;
	memcpy(mm->saved_auxv, from->auxv, min(sizeof(mm->saved_auxv), sizeof(from->auxv)));
	return 0;
}

/* ---- sums ---------------------------------------------------------------------------- */

struct kg_sizes {		/* bytes */
	unsigned long all, touchable, shared, file, data, text, stack;
};

static void kg_add_map(struct kg_sizes *sizes, const struct kg_map *map, const struct mm_struct *mm)
{
	unsigned long size = map->end - map->start;

	sizes->all += size;
	if (!map->prot)
		return;
	sizes->touchable += size;
	if (map->shared)
		sizes->shared += size;
	else if (map->ino)
		sizes->file += size;
	if (map->prot & PROT_EXEC)
		sizes->text += size;
	else if (mm->start_stack >= map->start && mm->start_stack < map->end)
		sizes->stack += size;
	else if (map->prot & PROT_WRITE)
		sizes->data += size;
}

/* A host without programs has no such function. */
static bool kg_map_at(u64 cookie, u64 index, struct kg_map *ret)
{
	return cookie && kg_host->task_map &&
	       kg_host->task_map(kg_host->ctx, cookie, index, ret) > 0;
}

static void kg_measure(const struct mm_struct *mm, struct kg_sizes *sizes)
{
	struct kg_map *map = kmalloc(sizeof(*map), GFP_KERNEL);
	u64 cookie = kg_cookie_of_mm(mm), i;

	*sizes = (struct kg_sizes){ };
	if (!map)
		return;
	for (i = 0; kg_map_at(cookie, i, map); i++)
		kg_add_map(sizes, map, mm);
	kfree(map);
}

void task_mem(struct seq_file *m, struct mm_struct *mm)
{
	unsigned long text = PAGE_ALIGN(mm->end_code) - (mm->start_code & PAGE_MASK);
	struct kg_sizes s;

	kg_measure(mm, &s);
	text = min(text, s.text);
	seq_printf(m, "VmPeak:\t%8lu kB\nVmSize:\t%8lu kB\nVmLck:\t%8lu kB\nVmPin:\t%8lu kB\n",
		   s.all >> 10, s.all >> 10, 0ul, 0ul);
	seq_printf(m, "VmHWM:\t%8lu kB\nVmRSS:\t%8lu kB\n", s.touchable >> 10, s.touchable >> 10);
	seq_printf(m, "RssAnon:\t%8lu kB\nRssFile:\t%8lu kB\nRssShmem:\t%8lu kB\n",
		   (s.touchable - s.file - s.shared) >> 10, s.file >> 10, s.shared >> 10);
	seq_printf(m, "VmData:\t%8lu kB\nVmStk:\t%8lu kB\nVmExe:\t%8lu kB\nVmLib:\t%8lu kB\n",
		   s.data >> 10, s.stack >> 10, text >> 10, (s.text - text) >> 10);
	seq_printf(m, "VmPTE:\t%8lu kB\nVmSwap:\t%8lu kB\n", (s.touchable >> 19) * 4 + 4, 0ul);
}

unsigned long task_vsize(struct mm_struct *mm)
{
	struct kg_sizes s;

	kg_measure(mm, &s);
	return s.all;
}

unsigned long task_statm(struct mm_struct *mm, unsigned long *shared, unsigned long *text,
			 unsigned long *data, unsigned long *resident)
{
	struct kg_sizes s;

	kg_measure(mm, &s);
	*shared = (s.file + s.shared) >> PAGE_SHIFT;
	*text = (PAGE_ALIGN(mm->end_code) - (mm->start_code & PAGE_MASK)) >> PAGE_SHIFT;
	*data = (s.data + s.stack) >> PAGE_SHIFT;
	*resident = s.touchable >> PAGE_SHIFT;
	return s.all >> PAGE_SHIFT;
}

/* ---- the greatest size ------------------------------------------------------------------ */

asmlinkage long kg_sys_getrusage(int who, struct rusage __user *ru);
asmlinkage long kg_sys_exit_group(int code);

/* Nobody counts pages here: what getrusage() and wait4() tell is the size when they ask and when a program ends. */
static void kg_note_size(void)
{
	struct mm_struct *mm = current->mm;
	struct kg_sizes s;

	if (!mm)
		return;
	kg_measure(mm, &s);
	if (mm->hiwater_rss < s.touchable >> PAGE_SHIFT)
		mm->hiwater_rss = s.touchable >> PAGE_SHIFT;
}

asmlinkage long kg_sys_getrusage(int who, struct rusage __user *ru)
{
	kg_note_size();
	return sys_getrusage(who, ru);
}

asmlinkage long kg_sys_exit_group(int code)
{
	kg_note_size();
	return sys_exit_group(code);
}

/* ---- /proc/PID/maps ------------------------------------------------------------------- */

struct kg_maps {
	struct mm_struct *mm;
	struct kg_map map;
};

static void *kg_maps_at(struct kg_maps *maps, loff_t pos)
{
	bool got;

	if (!maps->mm || !mmget_not_zero(maps->mm))
		return NULL;
	got = kg_map_at(kg_cookie_of_mm(maps->mm), pos, &maps->map);
	mmput(maps->mm);
	return got ? maps : NULL;
}

static void *kg_maps_start(struct seq_file *m, loff_t *pos)
{
	return kg_maps_at(m->private, *pos);
}

static void *kg_maps_next(struct seq_file *m, void *v, loff_t *pos)
{
	return kg_maps_at(m->private, ++*pos);
}

static void kg_maps_stop(struct seq_file *m, void *v)
{
}

static int kg_maps_show(struct seq_file *m, void *v)
{
	const struct kg_map *map = &((struct kg_maps *)v)->map;
	dev_t dev = map->ino ? kg_file_dev() : 0;

	seq_setwidth(m, 25 + sizeof(void *) * 6 - 1);
	seq_printf(m, "%08lx-%08lx %c%c%c%c %08lx %02x:%02x %lu ", map->start, map->end,
		   map->prot & PROT_READ ? 'r' : '-', map->prot & PROT_WRITE ? 'w' : '-',
		   map->prot & PROT_EXEC ? 'x' : '-', map->shared ? 's' : 'p', map->offset,
		   MAJOR(dev), MINOR(dev), map->ino);
	if (map->name[0]) {
		seq_pad(m, ' ');
		seq_escape(m, map->name, "\n");
	}
	seq_putc(m, '\n');
	return 0;
}

static const struct seq_operations kg_maps_ops = {
	.start = kg_maps_start,
	.next = kg_maps_next,
	.stop = kg_maps_stop,
	.show = kg_maps_show,
};

static int kg_maps_open(struct inode *inode, struct file *file)
{
	struct kg_maps *maps = __seq_open_private(file, &kg_maps_ops, sizeof(*maps));
	struct mm_struct *mm;

	if (!maps)
		return -ENOMEM;
	mm = proc_mem_open(inode, PTRACE_MODE_READ);
	if (IS_ERR_OR_NULL(mm)) {
		seq_release_private(inode, file);
		return mm ? PTR_ERR(mm) : -ESRCH;
	}
	maps->mm = mm;
	return 0;
}

static int kg_maps_release(struct inode *inode, struct file *file)
{
	struct kg_maps *maps = ((struct seq_file *)file->private_data)->private;

	if (maps->mm)
		mmdrop(maps->mm);
	return seq_release_private(inode, file);
}

const struct file_operations proc_pid_maps_operations = {
	.open = kg_maps_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = kg_maps_release,
};
