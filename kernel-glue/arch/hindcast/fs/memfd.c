// SPDX-License-Identifier: GPL-2.0-only
/*
 * memfd.c - memfd_create() and seals.  The file is the host's, as all files are that programs map; seals
 * lie in i_private of its inode, which hcfs does not use otherwise.
 */
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>
#include <uapi/linux/memfd.h>
#include "../kernel/glue.h"

#define KG_SEALS_ALL (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE | \
		      F_SEAL_EXEC)
#define KG_SEALABLE 0x10000ul	/* it is a memfd at all */
#define KG_NAME_MAX 249		/* as in mm/memfd.c: with "memfd:" it is a file name */

asmlinkage long kg_sys_memfd_create(const char __user *uname, unsigned int flags);
asmlinkage long kg_sys_fcntl(unsigned int fd, unsigned int cmd, unsigned long arg);

unsigned int kg_seals(const struct inode *inode)
{
	return (unsigned long)inode->i_private & KG_SEALS_ALL;
}

/* Whether a file may get this size: 0 or -EPERM. */
int kg_sealed_size(const struct inode *inode, loff_t size)
{
	unsigned int seals = kg_seals(inode);

	if ((seals & F_SEAL_SHRINK) && size < i_size_read(inode))
		return -EPERM;
	return (seals & F_SEAL_GROW) && size > i_size_read(inode) ? -EPERM : 0;
}

/* Whether bytes up to end may be written: 0 or -EPERM. */
int kg_sealed_write(const struct inode *inode, loff_t end)
{
	unsigned int seals = kg_seals(inode);

	if (seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return -EPERM;
	return (seals & F_SEAL_GROW) && end > i_size_read(inode) ? -EPERM : 0;
}

static struct file *kg_memfd_file(const char __user *uname, unsigned int flags)
{
	char *name = kmalloc(KG_NAME_MAX + 7, GFP_KERNEL);
	struct file *file;
	long size;

	if (!name)
		return ERR_PTR(-ENOMEM);
	strcpy(name, "memfd:");
	size = strncpy_from_user(name + 6, uname, KG_NAME_MAX + 1);
	file = size < 0 ? ERR_PTR(size) : size > KG_NAME_MAX ? ERR_PTR(-EINVAL) :
	       kg_unnamed_file(name, 0, flags & MFD_NOEXEC_SEAL ? 0666 : 0777, O_RDWR | O_LARGEFILE);
	kfree(name);
	return file;
}

asmlinkage long kg_sys_memfd_create(const char __user *uname, unsigned int flags)
{
	unsigned long seals = KG_SEALABLE;
	struct file *file;
	int fd;

	if (flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL | MFD_EXEC))
		return -EINVAL;
	if ((flags & MFD_NOEXEC_SEAL) && (flags & MFD_EXEC))
		return -EINVAL;
	if (flags & MFD_NOEXEC_SEAL)
		seals |= F_SEAL_EXEC;
	else if (!(flags & MFD_ALLOW_SEALING))
		seals |= F_SEAL_SEAL;
	fd = get_unused_fd_flags(flags & MFD_CLOEXEC ? O_CLOEXEC : 0);
	if (fd < 0)
		return fd;
	file = kg_memfd_file(uname, flags);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	file_inode(file)->i_private = (void *)seals;
	fd_install(fd, file);
	return fd;
}

static long kg_add_seals(struct file *file, unsigned long seals)
{
	struct inode *inode = file_inode(file);
	unsigned long now = (unsigned long)inode->i_private;

	if (!(file->f_mode & FMODE_WRITE))
		return -EPERM;
	if (seals & ~(unsigned long)KG_SEALS_ALL)
		return -EINVAL;
	if (now & F_SEAL_SEAL)
		return -EPERM;
	inode->i_private = (void *)(now | seals);
	return 0;
}

asmlinkage long kg_sys_fcntl(unsigned int fd, unsigned int cmd, unsigned long arg)
{
	struct fd f;
	long ret = -EINVAL;

	if (cmd != F_ADD_SEALS && cmd != F_GET_SEALS)
		return sys_fcntl(fd, cmd, arg);
	f = fdget(fd);
	if (!fd_file(f))
		return -EBADF;
	if (kg_file_ino(fd_file(f)) &&
	    ((unsigned long)file_inode(fd_file(f))->i_private & KG_SEALABLE))
		ret = cmd == F_GET_SEALS ? kg_seals(file_inode(fd_file(f))) :
					   kg_add_seals(fd_file(f), arg);
	fdput(f);
	return ret;
}
