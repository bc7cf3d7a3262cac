// SPDX-License-Identifier: GPL-2.0-only
/*
 * hcfs.c - the host's files as the root file system of a node.
 *
 * There is no page cache: every read and write is a call of the host, so that a file that the host maps into
 * a program and the same file read by another one can never differ.  Dentries and inodes are
 * cached as ever, since nobody but this node changes its tree.
 *
 * Invariants
 *  1. inode number == the host's number; one struct inode a file, however many links.
 *  2. Attributes in struct inode are what the host said last; stat(2), O_APPEND and SEEK_END ask again.
 *  3. fs_forget() comes once for every inode that a lookup or a create has brought in.
 *  4. Positions in an open directory are offsets in a listing that is taken when reading starts at 0:
 *     entries made or removed meanwhile move no other.
 */
#include <linux/fs.h>
#include <linux/falloc.h>
#include <linux/fs_context.h>
#include <linux/init.h>
#include <linux/namei.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/splice.h>
#include <linux/statfs.h>
#include <linux/uio.h>
#include "../kernel/glue.h"

#define HCFS_MAGIC 0x68636673
#define HCFS_ROOT_INO 1
#define HCFS_BOUNCE (32 * 1024)

/* One call of the host; returns what it returns. */
#define hcfs_ask(op, ...) (kg_host->op(kg_host->ctx, ##__VA_ARGS__))

static struct super_block *hcfs_sb;
static struct vfsmount *hcfs_mnt;	/* of files without a name */

static const struct inode_operations hcfs_dir_iops, hcfs_file_iops, hcfs_link_iops;
static const struct file_operations hcfs_dir_fops, hcfs_file_fops;

/* ---- inodes ------------------------------------------------------------------ */

static void hcfs_take_attr(struct inode *inode, const struct kg_attr *attr)
{
	struct timespec64 time = ns_to_timespec64(attr->mtime_ns);

	inode->i_mode = attr->mode;
	i_uid_write(inode, attr->uid);
	i_gid_write(inode, attr->gid);
	set_nlink(inode, attr->nlink);
	i_size_write(inode, attr->size);
	inode->i_blocks = (attr->size + 511) >> 9;
	inode_set_mtime_to_ts(inode, time);
	inode_set_atime_to_ts(inode, time);
	inode_set_ctime_to_ts(inode, time);
}

static void hcfs_take_ops(struct inode *inode, const struct kg_attr *attr)
{
	switch (attr->mode & S_IFMT) {
	case S_IFREG:
		inode->i_op = &hcfs_file_iops;
		inode->i_fop = &hcfs_file_fops;
		break;
	case S_IFDIR:
		inode->i_op = &hcfs_dir_iops;
		inode->i_fop = &hcfs_dir_fops;
		break;
	case S_IFLNK:
		inode->i_op = &hcfs_link_iops;
		break;
	default:
		inode->i_op = &hcfs_file_iops;
		init_special_inode(inode, attr->mode, attr->rdev);
		break;
	}
}

static struct inode *hcfs_iget(struct super_block *sb, const struct kg_attr *attr)
{
	struct inode *inode = iget_locked(sb, attr->ino);

	if (!inode)
		return ERR_PTR(-ENOMEM);
	hcfs_take_attr(inode, attr);
	if (inode->i_state & I_NEW) {
		hcfs_take_ops(inode, attr);
		unlock_new_inode(inode);
	}
	return inode;
}

static int hcfs_refresh(struct inode *inode)
{
	struct kg_attr attr;
	int err = hcfs_ask(fs_getattr, inode->i_ino, &attr);

	if (!err)
		hcfs_take_attr(inode, &attr);
	return err;
}

/* The contents have changed: new times, if the clock has moved since the last ones. */
static void hcfs_touch(struct inode *inode)
{
	struct timespec64 now = current_time(inode), old = inode_get_mtime(inode);
	struct kg_attr attr = { .mtime_ns = timespec64_to_ns(&now) }, ret;

	if (timespec64_equal(&now, &old))
		return;
	if (!hcfs_ask(fs_setattr, inode->i_ino, KG_SET_MTIME, &attr, &ret))
		hcfs_take_attr(inode, &ret);
}

static int hcfs_getattr(struct mnt_idmap *idmap, const struct path *path, struct kstat *stat,
			u32 mask, unsigned int flags)
{
	struct inode *inode = d_inode(path->dentry);

	hcfs_refresh(inode);
	generic_fillattr(idmap, mask, inode, stat);
	return 0;
}

static u32 hcfs_what_to_set(const struct iattr *iattr, struct kg_attr *attr)
{
	u32 valid = 0;

	if (iattr->ia_valid & ATTR_MODE) {
		valid |= KG_SET_MODE;
		attr->mode = iattr->ia_mode;
	}
	if (iattr->ia_valid & ATTR_UID) {
		valid |= KG_SET_UID;
		attr->uid = from_kuid(&init_user_ns, iattr->ia_uid);
	}
	if (iattr->ia_valid & ATTR_GID) {
		valid |= KG_SET_GID;
		attr->gid = from_kgid(&init_user_ns, iattr->ia_gid);
	}
	if (iattr->ia_valid & ATTR_SIZE) {
		valid |= KG_SET_SIZE;
		attr->size = iattr->ia_size;
	}
	if (iattr->ia_valid & ATTR_MTIME) {
		valid |= KG_SET_MTIME;
		attr->mtime_ns = timespec64_to_ns(&iattr->ia_mtime);
	}
	return valid;
}

static int hcfs_setattr(struct mnt_idmap *idmap, struct dentry *dentry, struct iattr *iattr)
{
	struct inode *inode = d_inode(dentry);
	struct kg_attr attr = { }, ret;
	u32 valid;
	int err = setattr_prepare(idmap, dentry, iattr);

	if (!err && (iattr->ia_valid & ATTR_SIZE))
		err = kg_sealed_size(inode, iattr->ia_size);
	if (err)
		return err;
	/* A set-group-ID bit does not outlive a change by one who is not in the group. */
	if ((iattr->ia_valid & ATTR_MODE) &&
	    !in_group_or_capable(idmap, inode, i_gid_into_vfsgid(idmap, inode)))
		iattr->ia_mode &= ~S_ISGID;
	valid = hcfs_what_to_set(iattr, &attr);
	if (!valid)
		return 0;
	err = hcfs_ask(fs_setattr, inode->i_ino, valid, &attr, &ret);
	if (err)
		return err;
	hcfs_take_attr(inode, &ret);
	if (valid == KG_SET_SIZE)
		hcfs_touch(inode);
	return 0;
}

/* ---- directories ----------------------------------------------------------------- */

static struct dentry *hcfs_lookup(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	struct inode *inode = NULL;
	struct kg_attr attr;
	int err;

	if (dentry->d_name.len > NAME_MAX)
		return ERR_PTR(-ENAMETOOLONG);
	err = hcfs_ask(fs_lookup, dir->i_ino, dentry->d_name.name, dentry->d_name.len, &attr);
	if (err && err != -ENOENT)
		return ERR_PTR(err);
	if (!err)
		inode = hcfs_iget(dir->i_sb, &attr);
	return d_splice_alias(inode, dentry);
}

/* A new inode in dir; dir NULL: in no tree.  A name of 0 bytes: it has none. */
static struct inode *hcfs_new(struct inode *dir, const char *name, u32 size, umode_t mode,
			      dev_t rdev, const char *target)
{
	struct timespec64 now;
	struct kg_attr attr = {
		.mode = mode,
		.rdev = rdev,
		.uid = from_kuid(&init_user_ns, current_fsuid()),
		.gid = from_kgid(&init_user_ns, current_fsgid()),
	}, ret;
	int err;

	ktime_get_coarse_real_ts64(&now);
	attr.mtime_ns = timespec64_to_ns(&now);
	if (dir && (dir->i_mode & S_ISGID)) {
		attr.gid = i_gid_read(dir);
		if (S_ISDIR(mode))
			attr.mode |= S_ISGID;
	}
	err = hcfs_ask(fs_create, dir ? dir->i_ino : 0, name, size, &attr, target, &ret);
	return err ? ERR_PTR(err) : hcfs_iget(hcfs_sb, &ret);
}

static int hcfs_make(struct inode *dir, struct dentry *dentry, umode_t mode, dev_t rdev,
		     const char *target)
{
	struct inode *inode = hcfs_new(dir, dentry->d_name.name, dentry->d_name.len, mode, rdev,
				       target);

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	d_instantiate(dentry, inode);
	if (S_ISDIR(mode))
		inc_nlink(dir);
	hcfs_touch(dir);
	return 0;
}

static int hcfs_create(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry,
		       umode_t mode, bool excl)
{
	return hcfs_make(dir, dentry, (mode & S_IALLUGO) | S_IFREG, 0, NULL);
}

static int hcfs_mkdir(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry,
		      umode_t mode)
{
	return hcfs_make(dir, dentry, (mode & S_IALLUGO) | S_IFDIR, 0, NULL);
}

static int hcfs_mknod(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry,
		      umode_t mode, dev_t rdev)
{
	return hcfs_make(dir, dentry, mode, rdev, NULL);
}

static int hcfs_symlink(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry,
			const char *target)
{
	return hcfs_make(dir, dentry, S_IFLNK | 0777, 0, target);
}

static int hcfs_tmpfile(struct mnt_idmap *idmap, struct inode *dir, struct file *file,
			umode_t mode)
{
	struct inode *inode = hcfs_new(dir, "", 0, (mode & S_IALLUGO) | S_IFREG, 0, NULL);

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	d_mark_tmpfile(file, inode);
	d_instantiate(file->f_path.dentry, inode);
	return finish_open_simple(file, 0);
}

static int hcfs_link(struct dentry *old, struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = d_inode(old);
	int err = hcfs_ask(fs_link, inode->i_ino, dir->i_ino, dentry->d_name.name,
			   dentry->d_name.len);

	if (err)
		return err;
	ihold(inode);
	d_instantiate(dentry, inode);
	hcfs_refresh(inode);
	hcfs_touch(dir);
	return 0;
}

static int hcfs_remove(struct inode *dir, struct dentry *dentry, bool is_dir)
{
	struct inode *inode = d_inode(dentry);
	int err = hcfs_ask(fs_unlink, dir->i_ino, dentry->d_name.name, dentry->d_name.len, is_dir);

	if (err)
		return err;
	if (is_dir) {
		clear_nlink(inode);
		if (dir->i_nlink > 2)
			drop_nlink(dir);
	} else {
		drop_nlink(inode);
	}
	hcfs_touch(dir);
	return 0;
}

static int hcfs_unlink(struct inode *dir, struct dentry *dentry)
{
	return hcfs_remove(dir, dentry, false);
}

static int hcfs_rmdir(struct inode *dir, struct dentry *dentry)
{
	return hcfs_remove(dir, dentry, true);
}

/* Two directories that change places take their ".." with them. */
static void hcfs_count_exchange(struct inode *old_dir, struct inode *inode, struct inode *new_dir,
				struct inode *other)
{
	int moves = S_ISDIR(inode->i_mode) - S_ISDIR(other->i_mode);

	if (old_dir == new_dir || !moves)
		return;
	if (moves > 0) {
		drop_nlink(old_dir);
		inc_nlink(new_dir);
	} else {
		inc_nlink(old_dir);
		drop_nlink(new_dir);
	}
}

static void hcfs_count_rename(struct inode *old_dir, struct inode *inode, struct inode *new_dir,
			      struct inode *replaced)
{
	bool is_dir = S_ISDIR(inode->i_mode);

	if (replaced && is_dir)
		clear_nlink(replaced);
	else if (replaced)
		drop_nlink(replaced);
	if (is_dir && old_dir != new_dir) {
		drop_nlink(old_dir);
		if (!replaced)
			inc_nlink(new_dir);
	} else if (is_dir && replaced) {
		drop_nlink(old_dir);
	}
}

static int hcfs_rename(struct mnt_idmap *idmap, struct inode *old_dir, struct dentry *old,
		       struct inode *new_dir, struct dentry *new, unsigned int flags)
{
	struct inode *replaced = d_inode(new);
	int err;

	if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	err = hcfs_ask(fs_rename, old_dir->i_ino, old->d_name.name, old->d_name.len,
		       new_dir->i_ino, new->d_name.name, new->d_name.len, flags);
	if (err)
		return err;
	if (flags & RENAME_EXCHANGE)
		hcfs_count_exchange(old_dir, d_inode(old), new_dir, replaced);
	else if (replaced != d_inode(old))
		hcfs_count_rename(old_dir, d_inode(old), new_dir, replaced);
	hcfs_touch(old_dir);
	if (new_dir != old_dir)
		hcfs_touch(new_dir);
	return 0;
}

static const struct inode_operations hcfs_dir_iops = {
	.lookup = hcfs_lookup,
	.create = hcfs_create,
	.mkdir = hcfs_mkdir,
	.mknod = hcfs_mknod,
	.symlink = hcfs_symlink,
	.link = hcfs_link,
	.unlink = hcfs_unlink,
	.rmdir = hcfs_rmdir,
	.rename = hcfs_rename,
	.tmpfile = hcfs_tmpfile,
	.getattr = hcfs_getattr,
	.setattr = hcfs_setattr,
};

/* ---- listings ----------------------------------------------------------------------- */

/* One entry of a listing; entries follow each other, each aligned to 8. */
struct hcfs_entry {
	u64 ino;
	u16 next;		/* bytes to the next one */
	u8 type;
	u8 name_size;
	char name[];
};

struct hcfs_listing {
	char *data;
	size_t size;
	size_t room;
};

static void hcfs_listing_drop(struct file *file)
{
	struct hcfs_listing *listing = file->private_data;

	file->private_data = NULL;
	if (!listing)
		return;
	kvfree(listing->data);
	kfree(listing);
}

static int hcfs_listing_reserve(struct hcfs_listing *listing, size_t more)
{
	size_t room = max_t(size_t, listing->room * 2, PAGE_SIZE);
	char *data;

	if (listing->size + more <= listing->room)
		return 0;
	data = kvmalloc(room, GFP_KERNEL);
	if (!data)
		return -ENOMEM;
	memcpy(data, listing->data, listing->size);
	kvfree(listing->data);
	listing->data = data;
	listing->room = room;
	return 0;
}

static int hcfs_listing_add(struct hcfs_listing *listing, const struct kg_dirent *ent)
{
	size_t next = ALIGN(sizeof(struct hcfs_entry) + ent->name_size, 8);
	struct hcfs_entry *entry;
	int err = hcfs_listing_reserve(listing, next);

	if (err)
		return err;
	entry = (struct hcfs_entry *)(listing->data + listing->size);
	entry->ino = ent->ino;
	entry->next = next;
	entry->type = ent->type;
	entry->name_size = ent->name_size;
	memcpy(entry->name, ent->name, ent->name_size);
	listing->size += next;
	return 0;
}

static int hcfs_listing_read(struct hcfs_listing *listing, u64 ino)
{
	struct kg_dirent ent;
	int got = 0, err;

	while ((got = hcfs_ask(fs_readdir, ino, got, &ent)) > 0) {
		if (ent.name_size > NAME_MAX)
			return -EIO;
		err = hcfs_listing_add(listing, &ent);
		if (err)
			return err;
	}
	return got;
}

static int hcfs_listing_take(struct file *file)
{
	struct hcfs_listing *listing = kzalloc(sizeof(*listing), GFP_KERNEL);
	int err;

	if (!listing)
		return -ENOMEM;
	file->private_data = listing;
	err = hcfs_listing_read(listing, file_inode(file)->i_ino);
	if (err)
		hcfs_listing_drop(file);
	return err;
}

/* Positions: 0 and 1 are the dots, 2 + n is the entry at offset n of the listing. */
static int hcfs_iterate(struct file *file, struct dir_context *ctx)
{
	struct hcfs_listing *listing;
	int err;

	if (ctx->pos == 0)
		hcfs_listing_drop(file);
	if (!dir_emit_dots(file, ctx))
		return 0;
	if (!file->private_data) {
		err = hcfs_listing_take(file);
		if (err)
			return err;
	}
	listing = file->private_data;
	while (ctx->pos - 2 < listing->size) {
		const struct hcfs_entry *entry =
			(const struct hcfs_entry *)(listing->data + (ctx->pos - 2));

		if (!IS_ALIGNED(ctx->pos - 2, 8))
			return -EINVAL;
		if (!dir_emit(ctx, entry->name, entry->name_size, entry->ino, entry->type))
			return 0;
		ctx->pos += entry->next;
	}
	return 0;
}

static int hcfs_dir_release(struct inode *inode, struct file *file)
{
	hcfs_listing_drop(file);
	return 0;
}

static int hcfs_fsync(struct file *file, loff_t start, loff_t end, int datasync)
{
	return hcfs_ask(fs_sync, file_inode(file)->i_ino);
}

/* A program may seek to anywhere; only offsets that it was given find an entry. */
static loff_t hcfs_dir_llseek(struct file *file, loff_t offset, int whence)
{
	if (whence == SEEK_END)
		return -EINVAL;
	if (whence == SEEK_SET && offset > 2 && !file->private_data)
		return -EINVAL;
	return generic_file_llseek(file, offset, whence);
}

static const struct file_operations hcfs_dir_fops = {
	.llseek = hcfs_dir_llseek,
	.read = generic_read_dir,
	.iterate_shared = hcfs_iterate,
	.release = hcfs_dir_release,
	.fsync = hcfs_fsync,
};

/* ---- regular files -------------------------------------------------------------------- */

static int hcfs_open(struct inode *inode, struct file *file)
{
	/* There is no cache, so that O_DIRECT is no different. */
	file->f_mode |= FMODE_CAN_ODIRECT;
	return hcfs_ask(fs_open, inode->i_ino, !!(file->f_mode & FMODE_WRITE));
}

static char *hcfs_bounce(size_t want, size_t *ret_size)
{
	size_t size = clamp_t(size_t, want, 512, HCFS_BOUNCE);
	char *buf = kmalloc(size, GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);

	if (!buf && size > PAGE_SIZE) {
		size = PAGE_SIZE;
		buf = kmalloc(size, GFP_KERNEL);
	}
	*ret_size = size;
	return buf;
}

/* The host brings the bytes straight to the program. */
static ssize_t hcfs_read_to_program(struct kiocb *iocb, struct iov_iter *to)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	ssize_t done = 0;

	while (iov_iter_count(to)) {
		bool single = iter_is_ubuf(to);
		void __user *addr = single ? to->ubuf + to->iov_offset : iter_iov_addr(to);
		size_t want = single ? iov_iter_count(to) : iter_iov_len(to);
		s64 got;

		/* An empty piece of a vector is skipped by the next advance. */
		if (!want) {
			to->__iov++;
			to->nr_segs--;
			to->iov_offset = 0;
			continue;
		}
		got = hcfs_ask(fs_read_user, current->thread.cookie, inode->i_ino,
			       (unsigned long)addr, iocb->ki_pos, want);
		if (got < 0)
			return done ?: got;
		iov_iter_advance(to, got);
		iocb->ki_pos += got;
		done += got;
		if (got < want)
			break;
	}
	return done;
}

static bool hcfs_is_of_program(const struct iov_iter *to)
{
	const struct thread_struct *t = &current->thread;

	return kg_host->fs_read_user && user_backed_iter(to) && t->cookie > KG_INIT &&
	       !(t->flags & KG_TASK_HOST_ARGS);
}

static ssize_t hcfs_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	ssize_t done = 0, err = 0;
	size_t size;
	char *buf;

	if (!iov_iter_count(to))
		return 0;
	if (hcfs_is_of_program(to))
		return hcfs_read_to_program(iocb, to);
	buf = hcfs_bounce(iov_iter_count(to), &size);
	if (!buf)
		return -ENOMEM;
	while (iov_iter_count(to)) {
		size_t want = min(size, iov_iter_count(to)), copied;
		s64 got = hcfs_ask(fs_read, inode->i_ino, buf, iocb->ki_pos, want);

		if (got <= 0) {
			err = got;
			break;
		}
		copied = copy_to_iter(buf, got, to);
		iocb->ki_pos += copied;
		done += copied;
		if (copied < got) {
			err = -EFAULT;
			break;
		}
		if (got < want)
			break;
	}
	kfree(buf);
	return done ?: err;
}

static ssize_t hcfs_write_all(struct kiocb *iocb, struct iov_iter *from)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	ssize_t done = 0, err = 0;
	size_t size;
	char *buf = hcfs_bounce(iov_iter_count(from), &size);

	if (!buf)
		return -ENOMEM;
	while (iov_iter_count(from)) {
		size_t want = copy_from_iter(buf, min(size, iov_iter_count(from)), from);
		s64 put;

		if (!want) {
			err = -EFAULT;
			break;
		}
		put = hcfs_ask(fs_write, inode->i_ino, buf, iocb->ki_pos, want);
		if (put < 0) {
			err = put;
			break;
		}
		iocb->ki_pos += put;
		done += put;
		if (put < want)
			break;
	}
	kfree(buf);
	return done ?: err;
}

static ssize_t hcfs_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct file *file = iocb->ki_filp;
	struct inode *inode = file_inode(file);
	ssize_t ret;

	inode_lock(inode);
	if (iocb->ki_flags & IOCB_APPEND)
		hcfs_refresh(inode);
	ret = generic_write_checks(iocb, from);
	if (ret > 0)
		ret = kg_sealed_write(inode, iocb->ki_pos + ret) ?: ret;
	if (ret > 0)
		ret = file_remove_privs(file) ?: ret;
	if (ret > 0)
		ret = hcfs_write_all(iocb, from);
	if (ret > 0) {
		if (iocb->ki_pos > i_size_read(inode))
			i_size_write(inode, iocb->ki_pos);
		hcfs_touch(inode);
	}
	inode_unlock(inode);
	if (ret > 0)
		ret = generic_write_sync(iocb, ret);
	return ret;
}

static loff_t hcfs_llseek(struct file *file, loff_t offset, int whence)
{
	if (whence != SEEK_SET && whence != SEEK_CUR)
		hcfs_refresh(file_inode(file));
	return generic_file_llseek(file, offset, whence);
}

static int hcfs_grow(struct inode *inode, loff_t size)
{
	struct kg_attr attr = { .size = size }, ret;
	int err = inode_newsize_ok(inode, size) ?: kg_sealed_size(inode, size);

	if (!err)
		err = hcfs_ask(fs_setattr, inode->i_ino, KG_SET_SIZE, &attr, &ret);
	if (!err)
		hcfs_take_attr(inode, &ret);
	return err;
}

static int hcfs_punch(struct inode *inode, loff_t start, loff_t end)
{
	end = min(end, i_size_read(inode));
	if (start >= end)
		return 0;
	return kg_sealed_write(inode, end) ?:
	       hcfs_ask(fs_punch, inode->i_ino, start, end - start);
}

/* Space is the host's; what is promised here is how long the file is, and what it holds. */
static long hcfs_fallocate(struct file *file, int mode, loff_t offset, loff_t size)
{
	struct inode *inode = file_inode(file);
	loff_t end = offset + size;
	int err = 0;

	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE))
		return -EOPNOTSUPP;
	inode_lock(inode);
	hcfs_refresh(inode);
	if (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE))
		err = hcfs_punch(inode, offset, end);
	if (!err && !(mode & FALLOC_FL_KEEP_SIZE) && end > i_size_read(inode))
		err = hcfs_grow(inode, end);
	if (!err)
		hcfs_touch(inode);
	inode_unlock(inode);
	return err;
}

static const struct file_operations hcfs_file_fops = {
	.open = hcfs_open,
	.llseek = hcfs_llseek,
	.read_iter = hcfs_read_iter,
	.write_iter = hcfs_write_iter,
	.splice_read = copy_splice_read,
	.splice_write = iter_file_splice_write,
	.fallocate = hcfs_fallocate,
	.fsync = hcfs_fsync,
};

static const struct inode_operations hcfs_file_iops = {
	.getattr = hcfs_getattr,
	.setattr = hcfs_setattr,
};

/* ---- symbolic links ------------------------------------------------------------------------ */

static const char *hcfs_get_link(struct dentry *dentry, struct inode *inode,
				 struct delayed_call *done)
{
	char *target;
	s64 size;

	/* An RCU walk must not sleep; it comes again with a dentry. */
	if (!dentry)
		return ERR_PTR(-ECHILD);
	target = kmalloc(PATH_MAX, GFP_KERNEL);
	if (!target)
		return ERR_PTR(-ENOMEM);
	size = hcfs_ask(fs_readlink, inode->i_ino, target, PATH_MAX - 1);
	if (size < 0 || size >= PATH_MAX) {
		kfree(target);
		return ERR_PTR(size < 0 ? size : -ENAMETOOLONG);
	}
	target[size] = '\0';
	set_delayed_call(done, kfree_link, target);
	return target;
}

static const struct inode_operations hcfs_link_iops = {
	.get_link = hcfs_get_link,
	.getattr = hcfs_getattr,
	.setattr = hcfs_setattr,
};

/* ---- the file system --------------------------------------------------------------------------- */

static void hcfs_evict(struct inode *inode)
{
	truncate_inode_pages_final(&inode->i_data);
	clear_inode(inode);
	hcfs_ask(fs_forget, inode->i_ino);
}

/* A large, half empty disk that is the same on every machine. */
static int hcfs_statfs(struct dentry *dentry, struct kstatfs *st)
{
	st->f_type = HCFS_MAGIC;
	st->f_bsize = PAGE_SIZE;
	st->f_blocks = 1ull << 26;
	st->f_bfree = 1ull << 25;
	st->f_bavail = 1ull << 25;
	st->f_files = 1ull << 24;
	st->f_ffree = 1ull << 23;
	st->f_namelen = NAME_MAX;
	return 0;
}

static const struct super_operations hcfs_super_ops = {
	.evict_inode = hcfs_evict,
	.statfs = hcfs_statfs,
};

static int hcfs_fill_super(struct super_block *sb, struct fs_context *fc)
{
	struct kg_attr attr;
	struct inode *root;
	int err = hcfs_ask(fs_getattr, HCFS_ROOT_INO, &attr);

	if (err)
		return err;
	if (attr.ino != HCFS_ROOT_INO || !S_ISDIR(attr.mode))
		return -ENOTDIR;
	sb->s_maxbytes = MAX_LFS_FILESIZE;
	sb->s_blocksize = PAGE_SIZE;
	sb->s_blocksize_bits = PAGE_SHIFT;
	sb->s_magic = HCFS_MAGIC;
	sb->s_op = &hcfs_super_ops;
	sb->s_time_gran = 1;
	root = hcfs_iget(sb, &attr);
	if (IS_ERR(root))
		return PTR_ERR(root);
	sb->s_root = d_make_root(root);
	hcfs_sb = sb;
	return sb->s_root ? 0 : -ENOMEM;
}

static int hcfs_get_tree(struct fs_context *fc)
{
	return get_tree_single(fc, hcfs_fill_super);
}

static const struct fs_context_operations hcfs_context_ops = {
	.get_tree = hcfs_get_tree,
};

static int hcfs_init_context(struct fs_context *fc)
{
	fc->ops = &hcfs_context_ops;
	return 0;
}

static struct file_system_type hcfs_type = {
	.name = "hcfs",
	.init_fs_context = hcfs_init_context,
	.kill_sb = kill_anon_super,
};

/* A file of the host's in no directory, whose bytes programs can map. */
struct file *kg_unnamed_file(const char *name, loff_t size, umode_t mode, int flags)
{
	struct inode *inode;
	struct file *file;
	int err = 0;

	if (!hcfs_sb)
		return ERR_PTR(-ENOSYS);
	if (!hcfs_mnt) {
		struct vfsmount *mnt = kern_mount(hcfs_sb->s_type);

		if (IS_ERR(mnt))
			return ERR_CAST(mnt);
		hcfs_mnt = mnt;
	}
	inode = hcfs_new(NULL, name, strlen(name), S_IFREG | mode, 0, NULL);
	if (IS_ERR(inode))
		return ERR_CAST(inode);
	clear_nlink(inode);
	if (size)
		err = hcfs_grow(inode, size);
	file = err ? ERR_PTR(err) :
		     alloc_file_pseudo(inode, hcfs_mnt, name, flags, &hcfs_file_fops);
	if (IS_ERR(file))
		iput(inode);
	else
		file->f_mode |= FMODE_LSEEK | FMODE_PREAD | FMODE_PWRITE | FMODE_CAN_ODIRECT;
	return file;
}

/* Device number of the node's files. */
dev_t kg_file_dev(void)
{
	return hcfs_sb ? hcfs_sb->s_dev : 0;
}

/* The host's number of a file of its tree; 0 for every other file. */
u64 kg_file_ino(struct file *file)
{
	struct inode *inode = file_inode(file);

	return inode->i_sb->s_magic == HCFS_MAGIC ? inode->i_ino : 0;
}

static int __init hcfs_init(void)
{
	return register_filesystem(&hcfs_type);
}
fs_initcall(hcfs_init);
