/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mounts.c - the tree of mounts and namespaces: all in namespaces of our own, so that a host keeps its tree. */
#include "say.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/statfs.h>

/* <sys/mount.h> and <linux/mount.h> cannot be had together. */
#define MNT_DETACH 2
#define UMOUNT_NOFOLLOW 8

#ifndef SYS_statmount
#define SYS_statmount 457
#define SYS_listmount 458
#endif

static long old_mount(const char *from, const char *to, const char *type, unsigned long flags, const void *data)
{
	return syscall(SYS_mount, from, to, type, flags, data);
}

static void put(const char *name, const char *text)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);

	write(fd, text, strlen(text));
	close(fd);
}

static void show(const char *name)
{
	char text[32] = "";
	int fd = open(name, O_RDONLY);

	if (fd < 0)
		say("%s: %s", name, strerrorname_np(errno));
	else
		say("%s: %zd %s", name, read(fd, text, sizeof(text) - 1), text);
	close(fd);
}

/* A mount namespace of our own, from which nothing spreads; in it dir "a" with "a/file". */
static void alone(void)
{
	TRY(unshare(CLONE_NEWNS));
	TRY(old_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	mkdir("a", 0755);
	mkdir("b", 0755);
	put("a/file", "in a");
}

static void binds(void)
{
	alone();
	TRY(old_mount("a", "b", NULL, MS_BIND, NULL));
	show("b/file");
	put("b/more", "by b");
	show("a/more");
	TRY(old_mount(NULL, "b", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	TRY(open("b/file", O_WRONLY));
	TRY(open("a/file", O_WRONLY) >= 0);
	TRY(unlink("b/more"));
	TRY(rename("b/more", "b/other"));
	TRY(rename("a/more", "b/other"));
	int inside = open("b/file", O_RDONLY);
	TRY(syscall(SYS_umount2, "b", 0));
	close(inside);
	TRY(syscall(SYS_umount2, "b", UMOUNT_NOFOLLOW));
	TRY(syscall(SYS_umount2, "b", 0));
	TRY(old_mount("a/file", "b", NULL, MS_BIND, NULL));
	put("target", "");
	TRY(old_mount("a/file", "target", NULL, MS_BIND, NULL));
	show("target");
	TRY(unlink("target"));
	TRY(syscall(SYS_umount2, "target", MNT_DETACH));
	show("target");
	TRY(old_mount("none", "a", "no-such-type", 0, NULL));
	TRY(old_mount("none", "none", "tmpfs", 0, NULL));
	TRY(old_mount("none", "a", "tmpfs", 0, (void *)8));
}

static void memory_file_systems(void)
{
	struct stat st;

	alone();
	TRY(old_mount("none", "b", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0711"));
	put("b/file", "in memory");
	show("b/file");
	stat("b", &st);
	say("%o", st.st_mode);
	TRY(rename("b/file", "a/moved"));
	TRY(old_mount("b", "a", NULL, MS_MOVE, NULL));
	show("a/file");
	TRY(old_mount("none", "b", "proc", 0, NULL));
	show("b/sys/kernel/ostype");
	TRY(old_mount("none", "b/sys", "ramfs", 0, NULL));
	show("b/sys/kernel/ostype");
	TRY(syscall(SYS_umount2, "b", MNT_DETACH));
}

static void new_calls(void)
{
	alone();
	int fs = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
	IS(fs >= 0);
	TRY(syscall(SYS_fsopen, "no-such-type", 0));
	TRY(syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "mode", "0700", 0));
	TRY(syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
	TRY(syscall(SYS_fsconfig, fs, 99, NULL, NULL, 0));
	int mount = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NODEV);
	IS(mount >= 0);
	TRY(syscall(SYS_move_mount, mount, "", AT_FDCWD, "b", MOVE_MOUNT_F_EMPTY_PATH));
	put("b/file", "in memory");
	show("b/file");
	int tree = (int)syscall(SYS_open_tree, AT_FDCWD, "a", OPEN_TREE_CLONE);
	IS(tree >= 0);
	TRY(syscall(SYS_open_tree, AT_FDCWD, "none", 0));
	mkdir("c", 0755);
	TRY(syscall(SYS_move_mount, tree, "", AT_FDCWD, "c", MOVE_MOUNT_F_EMPTY_PATH));
	show("c/file");
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
	TRY(syscall(SYS_mount_setattr, AT_FDCWD, "c", 0, &attr, sizeof(attr)));
	TRY(open("c/file", O_WRONLY));
	attr.attr_set = 1u << 31;
	TRY(syscall(SYS_mount_setattr, AT_FDCWD, "c", 0, &attr, sizeof(attr)));
	TRY(syscall(SYS_fspick, AT_FDCWD, "b", 0) >= 0);
	TRY(syscall(SYS_fspick, AT_FDCWD, "none", 0));
	/* Of newer kernels than some that run this natively. */
	uint64_t request[4] = {24, ~0ull, 0, 0}, ids[4];
	long count = syscall(SYS_listmount, request, ids, 4, 0);
	IS(count >= 1 || errno == ENOSYS);
	request[1] = 1;
	long got = syscall(SYS_statmount, request, ids, sizeof(ids), 0);
	IS(got == -1);
}

static void pivot(void)
{
	alone();
	TRY(old_mount("a", "a", NULL, MS_BIND, NULL));
	mkdir("a/old", 0755);
	TRY(syscall(SYS_pivot_root, "b", "b"));
	TRY(syscall(SYS_pivot_root, "a", "a/old"));
	show("/file");
	TRY(chdir("/"));
	TRY(syscall(SYS_umount2, "/old", MNT_DETACH));
	TRY(open("/old/etc", O_RDONLY));
	TRY(open("/proc", O_RDONLY));
}

static void name_spaces(void)
{
	char host[64];
	int here = open("/proc/self/ns/uts", O_RDONLY);

	TRY(unshare(CLONE_NEWUTS | CLONE_NEWIPC));
	sethostname("elsewhere", 9);
	int there = open("/proc/self/ns/uts", O_RDONLY);
	struct stat a, b;
	fstat(here, &a);
	fstat(there, &b);
	IS(a.st_ino != b.st_ino);
	TRY(setns(here, CLONE_NEWUTS));
	gethostname(host, sizeof(host));
	IS(strcmp(host, "elsewhere"));
	TRY(setns(there, CLONE_NEWNET));
	TRY(setns(there, 0));
	gethostname(host, sizeof(host));
	say("%s", host);
	TRY(setns(99, 0));
	TRY(unshare(1));
	TRY(unshare(CLONE_NEWPID));
	const pid_t child = fork();
	if (child == 0) {
		say("pid %d of %d", getpid(), getppid());
		const pid_t grandchild = fork();
		if (grandchild == 0) {
			say("pid %d of %d", getpid(), getppid());
			kill(1, SIGKILL);
			pause();
		}
		pause_ms(5);
		say("alive");
		_exit(3);
	}
	wait_and_say("child", child);
	TRY(unshare(CLONE_NEWNET));
	TRY(access("/proc/self/net/dev", R_OK));
}

static void user_space(void)
{
	char text[64] = "";

	TRY(unshare(CLONE_NEWUSER));
	say("%u %u", getuid(), getgid());
	put("/proc/self/setgroups", "deny");
	put("/proc/self/uid_map", "0 0 1\n");
	say("%u", getuid());
	int fd = open("/proc/self/uid_map", O_RDONLY);
	TRY(read(fd, text, sizeof(text)) > 0);
	TRY(unshare(CLONE_NEWUTS));
	TRY(sethostname("mine", 4));
}

int main(void)
{
	char dir[] = "/tmp/conformance-XXXXXX";

	setvbuf(stdout, NULL, _IOLBF, 0);
	umask(022);
	if (!mkdtemp(dir) || chdir(dir) < 0)
		return 1;
	PART(binds);
	PART(memory_file_systems);
	PART(new_calls);
	PART(pivot);
	PART(name_spaces);
	PART(user_space);
	return 0;
}
