/* SPDX-License-Identifier: GPL-2.0-or-later */
/* names.c - calls that take a directory and a name, and the older ones beside them; descriptors and their numbers. */
#include "say.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <utime.h>

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

static int dir;		/* open on "dir" */

static void put(const char *name, const char *text)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);

	write(fd, text, strlen(text));
	close(fd);
}

static void show(const char *name)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		say("%s: %s", name, strerrorname_np(errno));
	else
		say("%s: %o links %lu owner %u:%u", name, st.st_mode, (unsigned long)st.st_nlink, st.st_uid, st.st_gid);
}

static void in_directories(void)
{
	char target[16] = "";

	TRY(mkdirat(dir, "sub", 0751));
	show("sub");
	TRY(mkdirat(99, "x", 0700));
	TRY(mkdirat(dir, "/", 0700));
	close(openat(dir, "file", O_CREAT | O_WRONLY, 0640));
	TRY(symlinkat("file", dir, "link"));
	TRY(readlinkat(dir, "link", target, sizeof(target)));
	TRY(readlinkat(dir, "file", target, sizeof(target)));
	TRY(linkat(dir, "file", dir, "hard", 0));
	TRY(linkat(dir, "link", dir, "hardlink", 0));
	show("hardlink");
	TRY(linkat(dir, "link", dir, "followed", AT_SYMLINK_FOLLOW));
	show("followed");
	TRY(mknodat(dir, "node", S_IFREG | 0600, 0));
	TRY(mknodat(dir, "fifo", S_IFIFO | 0600, 0));
	TRY(mknodat(dir, "node", S_IFIFO | 0600, 0));
	TRY(mknodat(dir, "null", S_IFCHR | 0600, makedev(1, 3)));
	show("null");
	TRY(syscall(SYS_mknod, "dir/zero", S_IFCHR | 0600, makedev(1, 5)));
	TRY(mknod("dir/bad", S_IFDIR | 0600, 0));
	TRY(renameat(dir, "node", AT_FDCWD, "up"));
	TRY(renameat(AT_FDCWD, "up", dir, "sub/down"));
	TRY(fchownat(dir, "link", 5, 6, AT_SYMLINK_NOFOLLOW));
	show("link");
	show("file");
	TRY(fchownat(dir, "file", 7, 8, 0));
	TRY(fchownat(dir, "", 9, 9, 0));
	TRY(fchownat(dir, "", 9, 9, AT_EMPTY_PATH));
	show(".");
	TRY(fchmodat(dir, "file", 0600, 0));
	TRY(fchmodat(dir, "link", 0604, AT_SYMLINK_NOFOLLOW) == -1 && (errno == EOPNOTSUPP || errno == ENOTSUP) ? 0 : 1);
	TRY(faccessat(dir, "file", R_OK, 0));
	TRY(syscall(SYS_faccessat, dir, "none", F_OK));
	TRY(syscall(SYS_faccessat2, dir, "link", F_OK, AT_SYMLINK_NOFOLLOW));
	TRY(syscall(SYS_faccessat2, dir, "link", 77, 0));
	TRY(unlinkat(dir, "sub", 0));
	TRY(unlinkat(dir, "sub", AT_REMOVEDIR));
	TRY(unlinkat(dir, "sub/down", 0));
	TRY(unlinkat(dir, "sub", AT_REMOVEDIR));
	TRY(unlinkat(dir, "file", AT_REMOVEDIR));
	TRY(unlinkat(dir, "file", 0x1000000));
	TRY(fchown(dir, 0, 0));
	TRY(fchmod(dir, 0755));
	TRY(fchmod(99, 0755));
}

static void how_to_open(void)
{
	struct open_how how = {.flags = O_RDONLY};

	TRY(symlinkat("/etc", dir, "etc"));
	TRY(symlinkat("../up", dir, "outward"));
	put("up", "above");
	TRY(syscall(SYS_openat2, dir, "hard", &how, sizeof(how)) >= 0);
	how.resolve = RESOLVE_BENEATH;
	TRY(syscall(SYS_openat2, dir, "../up", &how, sizeof(how)));
	TRY(syscall(SYS_openat2, dir, "outward", &how, sizeof(how)));
	TRY(syscall(SYS_openat2, dir, "etc/passwd", &how, sizeof(how)));
	how.resolve = RESOLVE_IN_ROOT;
	TRY(syscall(SYS_openat2, dir, "../../hard", &how, sizeof(how)) >= 0);
	TRY(syscall(SYS_openat2, dir, "etc/passwd", &how, sizeof(how)));
	how.resolve = RESOLVE_NO_SYMLINKS;
	TRY(syscall(SYS_openat2, dir, "outward", &how, sizeof(how)));
	how.resolve = RESOLVE_NO_MAGICLINKS;
	TRY(syscall(SYS_openat2, AT_FDCWD, "/proc/self/exe", &how, sizeof(how)));
	how.resolve = RESOLVE_NO_XDEV;
	TRY(syscall(SYS_openat2, AT_FDCWD, "/proc/version", &how, sizeof(how)));
	how.resolve = 1 << 20;
	TRY(syscall(SYS_openat2, dir, "hard", &how, sizeof(how)));
	how.resolve = 0;
	how.mode = 0600;
	TRY(syscall(SYS_openat2, dir, "hard", &how, sizeof(how)));
	how.mode = 0;
	TRY(syscall(SYS_openat2, dir, "hard", &how, 8));
	TRY(syscall(SYS_openat2, dir, "hard", &how, 0));
	how.flags = 1ull << 40;
	TRY(syscall(SYS_openat2, dir, "hard", &how, sizeof(how)));
	TRY(syscall(SYS_open, "dir/hard", O_RDONLY) >= 0);
	TRY(syscall(SYS_open, "dir/none", O_RDONLY));
}

static void show_times(const char *what)
{
	struct stat st;

	stat("dir/hard", &st);
	say("%s: modified %ld.%06ld", what, (long)st.st_mtim.tv_sec, (long)st.st_mtim.tv_nsec / 1000);
}

static void times_of_files(void)
{
	const struct timeval tv[2] = {{1000, 5}, {2000, 7}}, bad[2] = {{0, 0}, {0, 1000000}};
	const struct timespec ts[2] = {{3000, 1000}, {4000, UTIME_OMIT}};

	TRY(syscall(SYS_utime, "dir/hard", &(struct utimbuf){100, 200}));
	show_times("utime");
	TRY(syscall(SYS_utimes, "dir/hard", tv));
	show_times("utimes");
	TRY(syscall(SYS_utimes, "dir/hard", bad));
	TRY(syscall(SYS_futimesat, dir, "hard", tv));
	TRY(syscall(SYS_futimesat, dir, "none", tv));
	TRY(syscall(SYS_utimensat, dir, "hard", ts, 0));
	show_times("utimensat");
	TRY(syscall(SYS_utimensat, dir, NULL, ts, 0));
	TRY(syscall(SYS_utimensat, dir, "hard", ts, 0x1000000));
}

static void old_stats(void)
{
	struct stat st;
	struct statfs fs, fs2;
	struct statx stx;
	int fd = open("dir/hard", O_RDONLY);

	TRY(syscall(SYS_stat, "dir/link", &st));
	say("mode %o", st.st_mode);
	TRY(syscall(SYS_lstat, "dir/link", &st));
	say("mode %o", st.st_mode);
	TRY(syscall(SYS_fstat, fd, &st));
	say("mode %o", st.st_mode);
	TRY(syscall(SYS_stat, "dir/hard/x", &st));
	TRY(syscall(SYS_fstat, 99, &st));
	TRY(statfs("dir", &fs));
	TRY(fstatfs(fd, &fs2));
	IS(fs.f_type == fs2.f_type && fs.f_bsize == fs2.f_bsize);
	TRY(statfs("/proc", &fs));
	say("type %lx", (unsigned long)fs.f_type);
	struct { int free; unsigned long inodes; char name[6], pack[6]; long more[4]; } ust;
	TRY(fstat(fd, &st));
	TRY(syscall(SYS_ustat, st.st_dev, &ust));
	TRY(syscall(SYS_ustat, makedev(99, 99), &ust));
	TRY(statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &stx));
	IS(stx.stx_ino == st.st_ino);
	TRY(statx(fd, "", AT_EMPTY_PATH, 1u << 31, &stx));
	TRY(statx(dir, "link", AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC, STATX_TYPE, &stx));
	say("mode %o", stx.stx_mode & S_IFMT);
	sync();
	TRY(syncfs(fd));
	TRY(syncfs(99));
	TRY(readahead(fd, 0, 10));
	TRY(readahead(99, 0, 10));
	TRY(creat("dir/created", 0604));
	TRY(syscall(SYS_rmdir, "dir/created"));
}

/* Names by the old call: structs without a type. */
static void old_listing(void)
{
	char buf[4096];
	unsigned count = 0, dots = 0;
	int fd = open("dir", O_RDONLY | O_DIRECTORY);
	long got;

	while ((got = syscall(SYS_getdents, fd, buf, sizeof(buf))) > 0)
		for (long at = 0; at < got;) {
			struct { unsigned long ino, off; unsigned short size; char name[]; } *entry = (void *)(buf + at);

			count++;
			dots += entry->name[0] == '.';
			at += entry->size;
		}
	say("%u names, %u dots, then %ld", count, dots, got);
	TRY(syscall(SYS_getdents, fd, buf, 8));
}

static void numbers(void)
{
	int a = open("up", O_RDONLY), b = dup(a);
	char c[4];
	struct iovec iov = {c, 2};

	IS(b == a + 1);
	TRY(dup2(a, 70));
	TRY(dup2(a, a) == a);
	TRY(dup2(99, 99));
	TRY(dup3(a, a, 0));
	TRY(dup3(a, 71, O_CLOEXEC));
	TRY(dup3(a, 71, 0x1000));
	TRY(fcntl(71, F_GETFD));
	TRY(fcntl(a, F_DUPFD, 72));
	TRY(fcntl(a, F_DUPFD_CLOEXEC, 72));
	TRY(fcntl(a, F_DUPFD, -1));
	TRY(fcntl(a, 9999));
	TRY(read(70, c, 2));
	TRY(lseek(a, 0, SEEK_CUR));
	TRY(close_range(70, 73, CLOSE_RANGE_CLOEXEC));
	TRY(fcntl(70, F_GETFD));
	TRY(close_range(70, 72, 0));
	TRY(fcntl(72, F_GETFD));
	TRY(fcntl(73, F_GETFD));
	TRY(close_range(5, 4, 0));
	TRY(close_range(70, ~0u, CLOSE_RANGE_UNSHARE));
	TRY(fcntl(73, F_GETFD));
	setrlimit(RLIMIT_NOFILE, &(struct rlimit){80, 80});
	int last, count = 0;
	while ((last = dup(a)) >= 0)
		count++;
	say("then %s, at %d", strerrorname_np(errno), count > 60 && count < 78);
	TRY(dup2(a, 80));
	TRY(fcntl(a, F_DUPFD, 80));
	/* In one call, at a place. */
	int w = open("vector", O_RDWR | O_CREAT | O_TRUNC, 0600);
	TRY(w);
	close(79);
	w = open("vector", O_RDWR | O_CREAT | O_TRUNC, 0600);
	TRY(syscall(SYS_pwritev2, w, &iov, 1, 3, 0, RWF_SYNC));
	TRY(syscall(SYS_pwritev2, w, &iov, 1, -1, -1, RWF_APPEND));
	TRY(lseek(w, 0, SEEK_END));
	TRY(syscall(SYS_pwritev2, w, &iov, 1, 0, 0, 1 << 20));
}

/* Whether a file system keeps attributes is its own affair; names and sizes are checked before. */
static void extended_attributes(void)
{
	int fd = open("up", O_RDWR);
	char value[8];

	TRY(setxattr("up", "", "x", 1, 0));
	TRY(setxattr("up", "user.x", "x", 1, 77));
	TRY(setxattr("none", "user.x", "x", 1, 0));
	TRY(fsetxattr(99, "user.x", "x", 1, 0));
	TRY(lsetxattr("none", "user.x", "x", 1, 0));
	TRY(setxattr("up", "nonsense", "x", 1, 0));
	IS(setxattr("up", "user.x", "x", 100000, 0) == -1 && errno == E2BIG);
	TRY(getxattr("none", "user.x", value, 8));
	TRY(lgetxattr("none", "user.x", value, 8));
	TRY(fgetxattr(99, "user.x", value, 8));
	IS(fgetxattr(fd, "user.none", value, 8) == -1);
	TRY(listxattr("none", value, 8));
	TRY(llistxattr("none", value, 8));
	TRY(flistxattr(99, value, 8));
	TRY(flistxattr(fd, value, 8));
	TRY(removexattr("none", "user.x"));
	TRY(lremovexattr("none", "user.x"));
	TRY(fremovexattr(99, "user.x"));
	IS(fremovexattr(fd, "user.none") == -1);
}

static void handles(void)
{
	struct { struct file_handle head; unsigned char bytes[128]; } handle = {.head.handle_bytes = 0};
	int mount;

	IS(name_to_handle_at(AT_FDCWD, "none", &handle.head, &mount, 0) == -1 && errno == ENOENT);
	IS(name_to_handle_at(AT_FDCWD, "/proc/version", &handle.head, &mount, 0) == -1 && errno == EOPNOTSUPP);
	handle.head.handle_bytes = 0;
	TRY(open_by_handle_at(AT_FDCWD, &handle.head, O_RDONLY));
}

static void roots(void)
{
	char cwd[64];

	TRY(syscall(SYS_chroot, "up"));
	TRY(syscall(SYS_chroot, "none"));
	mkdir("dir/below", 0755);
	TRY(syscall(SYS_chroot, "dir"));
	say("cwd is outside: %d", syscall(SYS_getcwd, cwd, sizeof(cwd)) > 0 && !strncmp(cwd, "(unreachable)", 13));
	TRY(open("up", O_RDONLY) >= 0);
	TRY(chdir("/below"));
	TRY(chdir("../../.."));
	TRY(syscall(SYS_getcwd, cwd, sizeof(cwd)));
	say("%s", cwd);
	TRY(open("/hard", O_RDONLY) >= 0);
	TRY(open("/etc/passwd", O_RDONLY));
	TRY(syscall(SYS_getcwd, cwd, 1));
}

/* What hangs on a directory besides its files. */
static void dir_notes(void)
{
	sigset_t set;
	siginfo_t info;
	struct timespec soon = {1, 0};

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 3);
	sigprocmask(SIG_BLOCK, &set, NULL);
	TRY(fcntl(dir, F_SETSIG, SIGRTMIN + 3));
	TRY(fcntl(dir, F_GETSIG) == SIGRTMIN + 3);
	TRY(fcntl(dir, F_NOTIFY, DN_CREATE | DN_DELETE | DN_MULTISHOT));
	put("dir/noted", "");
	TRY(sigtimedwait(&set, &info, &soon) == SIGRTMIN + 3);
	IS(info.si_fd == dir);
	unlink("dir/noted");
	TRY(sigtimedwait(&set, &info, &soon) == SIGRTMIN + 3);
	TRY(fcntl(open("up", O_RDONLY), F_NOTIFY, DN_CREATE));
	int notes = (int)syscall(SYS_inotify_init), watch = inotify_add_watch(notes, "up", IN_OPEN | IN_ONESHOT);
	char buf[4096];
	close(open("up", O_RDONLY));
	TRY(read(notes, buf, sizeof(buf)) > 0);
	TRY(inotify_rm_watch(notes, watch));
	TRY(inotify_rm_watch(99, 1));
	TRY(inotify_add_watch(notes, "none", IN_OPEN));
	watch = inotify_add_watch(notes, "up", IN_OPEN);
	TRY(inotify_rm_watch(notes, watch));
}

int main(void)
{
	char here[] = "/tmp/conformance-XXXXXX";

	setvbuf(stdout, NULL, _IOLBF, 0);
	umask(022);
	if (!mkdtemp(here) || chdir(here) < 0 || mkdir("dir", 0755) < 0)
		return 1;
	dir = open("dir", O_RDONLY | O_DIRECTORY);
	PART(in_directories);
	PART(how_to_open);
	PART(times_of_files);
	PART(old_stats);
	PART(old_listing);
	PART(numbers);
	PART(extended_attributes);
	PART(handles);
	PART(roots);
	PART(dir_notes);
	return 0;
}
