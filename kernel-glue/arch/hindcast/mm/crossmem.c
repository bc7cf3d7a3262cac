// SPDX-License-Identifier: GPL-2.0-only
/*
 * crossmem.c - process_vm_readv() and process_vm_writev().  The memory of both programs is the host's, so that bytes go
 * by way of a page of the kernel's.  Rights and errors are those of mm/process_vm_access.c.
 */
#include <linux/compat.h>
#include <linux/mm.h>
#include <linux/ptrace.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/syscalls.h>
#include <linux/uio.h>
#include "../kernel/glue.h"

int kg_access_remote_vm(struct mm_struct *mm, unsigned long addr, void *buf, int size,
			unsigned int gup_flags);

/* At most a page between the iterator and addr of the other program.  What was moved. */
static size_t kg_move_part(struct mm_struct *mm, unsigned long addr, size_t size,
			   struct iov_iter *local, bool write, void *page)
{
	size_t got;

	if (!write) {
		got = kg_access_remote_vm(mm, addr, page, size, 0);
		return copy_to_iter(page, got, local);
	}
	got = copy_from_iter(page, size, local);
	return kg_access_remote_vm(mm, addr, page, got, FOLL_WRITE);
}

/* One piece of the other program's memory.  What was moved; less than it could be: something was not accessible. */
static size_t kg_move(struct mm_struct *mm, const struct iovec *remote, struct iov_iter *local,
		      bool write, void *page)
{
	unsigned long addr = (unsigned long)remote->iov_base;
	size_t want = min(remote->iov_len, iov_iter_count(local)), done = 0;

	while (done < want) {
		size_t part = min(want - done, PAGE_SIZE - offset_in_page(addr + done));
		size_t got = kg_move_part(mm, addr + done, part, local, write, page);

		done += got;
		if (got < part)
			break;
	}
	return done;
}

static ssize_t kg_move_all(struct mm_struct *mm, const struct iovec *remote, unsigned long count,
			   struct iov_iter *local, bool write)
{
	void *page = (void *)__get_free_page(GFP_KERNEL);
	ssize_t done = 0;
	unsigned long i;

	if (!page)
		return -ENOMEM;
	for (i = 0; i < count && iov_iter_count(local); i++) {
		size_t want = min(remote[i].iov_len, iov_iter_count(local));
		size_t got = kg_move(mm, &remote[i], local, write, page);

		done += got;
		if (got < want) {
			done = done ?: -EFAULT;
			break;
		}
	}
	free_page((unsigned long)page);
	return done;
}

/* The memory of the process pid, if current may have it.  To be put by mmput(). */
static struct mm_struct *kg_other_memory(pid_t pid)
{
	struct task_struct *task = find_get_task_by_vpid(pid);
	struct mm_struct *mm;

	if (!task)
		return ERR_PTR(-ESRCH);
	mm = mm_access(task, PTRACE_MODE_ATTACH_REALCREDS);
	put_task_struct(task);
	if (mm == ERR_PTR(-EACCES))
		return ERR_PTR(-EPERM);
	return mm ?: ERR_PTR(-ESRCH);
}

static ssize_t kg_process_vm(pid_t pid, const struct iovec __user *local, unsigned long local_count,
			     const struct iovec __user *remote, unsigned long remote_count,
			     unsigned long flags, bool write)
{
	struct iovec local_fast[UIO_FASTIOV], remote_fast[UIO_FASTIOV];
	struct iovec *local_iov = local_fast, *remote_iov = NULL;
	struct mm_struct *mm;
	struct iov_iter iter;
	ssize_t ret;

	if (flags)
		return -EINVAL;
	ret = import_iovec(write ? ITER_SOURCE : ITER_DEST, local, local_count, UIO_FASTIOV,
			   &local_iov, &iter);
	if (ret < 0)
		return ret;
	if (!iov_iter_count(&iter))
		goto out;
	remote_iov = iovec_from_user(remote, remote_count, UIO_FASTIOV, remote_fast, false);
	ret = PTR_ERR_OR_ZERO(remote_iov);
	if (ret < 0) {
		remote_iov = NULL;
		goto out;
	}
	mm = kg_other_memory(pid);
	ret = PTR_ERR_OR_ZERO(mm);
	if (ret < 0)
		goto out;
	ret = kg_move_all(mm, remote_iov, remote_count, &iter, write);
	mmput(mm);
out:
	if (remote_iov != remote_fast)
		kfree(remote_iov);
	kfree(local_iov);
	return ret;
}

asmlinkage long kg_sys_process_vm_readv(pid_t pid, const struct iovec __user *local,
					unsigned long local_count, const struct iovec __user *remote,
					unsigned long remote_count, unsigned long flags);
asmlinkage long kg_sys_process_vm_readv(pid_t pid, const struct iovec __user *local,
					unsigned long local_count, const struct iovec __user *remote,
					unsigned long remote_count, unsigned long flags)
{
	return kg_process_vm(pid, local, local_count, remote, remote_count, flags, false);
}

asmlinkage long kg_sys_process_vm_writev(pid_t pid, const struct iovec __user *local,
					 unsigned long local_count,
					 const struct iovec __user *remote,
					 unsigned long remote_count, unsigned long flags);
asmlinkage long kg_sys_process_vm_writev(pid_t pid, const struct iovec __user *local,
					 unsigned long local_count,
					 const struct iovec __user *remote,
					 unsigned long remote_count, unsigned long flags)
{
	return kg_process_vm(pid, local, local_count, remote, remote_count, flags, true);
}
