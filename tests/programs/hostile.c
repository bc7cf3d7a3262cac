/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hostile.c - hostile DIR: does everything that might write to the host's DIR, or outside of its own tree, by any
 * kind of path.  All of it may fail or work on the node; none of it may reach the host (see node-files.sh).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

static const char *dir;

static const char *in_dir(const char *name)
{
	static char path[4][4096];
	static unsigned next;
	char *to = path[next++ % 4];

	snprintf(to, sizeof(path[0]), "%s/%s", dir, name);
	return to;
}

static void deface(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT, 0666);

	if (fd < 0)
		return;
	if (write(fd, "defaced", 7) == 7 && ftruncate(fd, 4096) == 0) {
		char *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

		if (at != MAP_FAILED)
			strcpy(at + 100, "and mapped");
	}
	close(fd);
}

/* By the numbers of open files. */
static void through_proc(void)
{
	char path[64];
	int fd = open(in_dir("read"), O_RDONLY), place = open(dir, O_RDONLY | O_DIRECTORY);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	deface(path);
	truncate(path, 0);
	chmod(path, 0777);
	snprintf(path, sizeof(path), "/proc/self/fd/%d/new", place);
	deface(path);
	close(openat(place, "../by-dots", O_CREAT | O_RDWR, 0666));
	deface("/proc/1/root/by-root");
	deface("/proc/1/cwd/by-cwd");
	close(fd);
	close(place);
}

/* Directories that turn into links, and links that turn into directories. */
static void change_places(void)
{
	rename(in_dir("sub"), in_dir("moved"));
	symlink(in_dir("moved"), in_dir("sub"));
	deface(in_dir("sub/in"));
	deface(in_dir("sub/new"));
	mkdir("/scratch", 0777);
	symlink(dir, "/scratch/out");
	deface("/scratch/out/by-link");
	unlink("/scratch/out");
	mkdir("/scratch/out", 0777);
	deface("/scratch/out/file");
	mkdir("/scratch/other", 0777);
	symlink("/etc", "/scratch/etc");
	renameat2(AT_FDCWD, "/scratch/etc", AT_FDCWD, "/scratch/other", RENAME_EXCHANGE);
	deface("/scratch/etc/file");
	deface("/scratch/other/hosts");
	rename("/scratch/other", "/scratch/etc/moved");
	deface("/scratch/etc/moved/passwd");
}

static void names(void)
{
	link(in_dir("read"), "/linked");
	deface("/linked");
	link(in_dir("secret"), in_dir("sub/again"));
	deface(in_dir("sub/again"));
	unlink(in_dir("unlink"));
	deface(in_dir("unlink"));
	rename(in_dir("rename"), "/renamed");
	deface("/renamed");
	rename("/renamed", "/../../../../../../../../../outside");
	deface("/../../../../../../../../../../outside");
	deface("../../../../../../../../../../../tmp/outside");
	rmdir(in_dir("empty"));
	chmod(in_dir("secret"), 0777);
	chown(in_dir("secret"), 1, 1);
	utimensat(AT_FDCWD, in_dir("secret"), NULL, 0);
	setxattr(in_dir("secret"), "user.x", "y", 1, 0);
	mknod("/disk", S_IFBLK | 0666, makedev(8, 0));
	deface("/disk");
}

int main(int argc, char **argv)
{
	dir = argc > 1 ? argv[1] : "/";
	for (int round = 0; round < 2; round++) {
		through_proc();
		names();
		change_places();
		deface(in_dir("secret"));
		/* Out of the tree, as one does it from a chroot. */
		mkdir("/jail", 0777);
		int out = open("/", O_RDONLY);
		if (chroot("/jail") == 0 && fchdir(out) == 0) {
			for (int i = 0; i < 64; i++)
				chdir("..");
			chroot(".");
			deface("escaped");
		}
		mount(dir, "/jail", NULL, MS_BIND, NULL);
		deface("/jail/by-mount");
	}
	printf("done\n");
	return 0;
}
