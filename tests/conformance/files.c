/* SPDX-License-Identifier: GPL-2.0-or-later */
/* files.c - open, read, write, names, attributes, locks and listings of files. */
#include "family.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static void put(const char *path, const char *text)
{
	int fd = (int)MUST(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644));

	MUST(write(fd, text, strlen(text)));
	close(fd);
}

static void show_file(const char *path)
{
	char buf[256];
	int fd = open(path, O_RDONLY);
	ssize_t size = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);

	if (size >= 0) {
		buf[size] = 0;
		printf("%s holds %zd: %s\n", path, size, buf);
	} else {
		printf("%s: %s\n", path, strerrorname_np(errno));
	}
	if (fd >= 0)
		close(fd);
}

static void show_stat(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0) {
		printf("stat %s: %s\n", path, strerrorname_np(errno));
		return;
	}
	printf("stat %s: mode %o nlink %lu uid %u gid %u", path, st.st_mode, (unsigned long)st.st_nlink,
	       st.st_uid, st.st_gid);
	if (!S_ISDIR(st.st_mode))
		printf(" size %ld", (long)st.st_size);
	printf("\n");
}

static void open_flags(void)
{
	int fd;

	printf("-- open\n");
	put("a", "hello");
	SHOW(open("a", O_CREAT | O_EXCL | O_RDWR, 0600));
	SHOW(open("none", O_RDONLY));
	SHOW(open("a", O_RDONLY | O_DIRECTORY));
	SHOW(open("a/b", O_RDONLY));
	SHOW(open(".", O_WRONLY));
	SHOW(open(".", O_CREAT | O_RDWR, 0600));
	SHOW(open("", O_RDONLY));
	SHOW(symlink("a", "link"));
	SHOW(open("link", O_RDONLY | O_NOFOLLOW));
	SHOW(open("link", O_CREAT | O_EXCL | O_WRONLY, 0600));
	SHOW(symlink("dangling-target", "dangling"));
	SHOW(open("dangling", O_RDONLY));
	fd = (int)WORKS(open("dangling", O_CREAT | O_WRONLY, 0640));
	close(fd);
	show_stat("dangling-target");
	fd = (int)MUST(open("link", O_PATH | O_NOFOLLOW));
	char target[16] = "";
	SHOW(readlinkat(fd, "", target, sizeof(target)));
	SHOW(read(fd, target, 1));
	close(fd);
	fd = (int)MUST(open("a", O_WRONLY | O_APPEND));
	SHOW(write(fd, " world", 6));
	SHOW(lseek(fd, 0, SEEK_SET));
	SHOW(write(fd, "!", 1));
	SHOW(pwrite(fd, "?", 1, 0));
	char c;
	SHOW(read(fd, &c, 1));
	close(fd);
	show_file("a");
	fd = (int)MUST(open("a", O_RDONLY));
	SHOW(write(fd, "x", 1));
	SHOW(ftruncate(fd, 1));
	close(fd);
	fd = (int)MUST(open("a", O_RDWR | O_TRUNC));
	SHOW(lseek(fd, 0, SEEK_END));
	close(fd);
	show_file("a");
	umask(027);
	close((int)MUST(open("masked", O_CREAT | O_WRONLY, 0777)));
	show_stat("masked");
	umask(022);
	fd = (int)WORKS(open(".", O_TMPFILE | O_RDWR, 0600));
	if (fd >= 0) {
		struct stat st;
		char path[64];

		SHOW(write(fd, "tmp", 3));
		fstat(fd, &st);
		printf("nlink %lu\n", (unsigned long)st.st_nlink);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		SHOW(linkat(AT_FDCWD, path, AT_FDCWD, "linked", AT_SYMLINK_FOLLOW));
		show_stat("linked");
		show_file("linked");
		close(fd);
	}
	char name[300];
	memset(name, 'n', sizeof(name));
	name[299] = 0;
	SHOW(open(name, O_CREAT | O_RDWR, 0600));
	name[255] = 0;
	WORKS(open(name, O_CREAT | O_RDWR, 0600));
	SHOW(unlink(name));
	SHOW(open((char *)8, O_RDONLY));
	SHOW(creat("created", 0604));
	show_stat("created");
}

static void read_write(void)
{
	char buf[64] = "";
	struct iovec v[2] = { { buf, 3 }, { buf + 3, 4 } };
	int fd = (int)MUST(open("rw", O_RDWR | O_CREAT | O_TRUNC, 0644));

	printf("-- read and write\n");
	SHOW(write(fd, "0123456789", 10));
	SHOW(pread(fd, buf, 4, 3));
	SHOW(pread(fd, buf, 4, 8));
	SHOW(pread(fd, buf, 4, 100));
	SHOW(pread(fd, buf, 4, -1));
	SHOW(pwrite(fd, "ab", 2, 20));
	SHOW(lseek(fd, 0, SEEK_CUR));
	SHOW(lseek(fd, -3, SEEK_END));
	SHOW(lseek(fd, -100, SEEK_CUR));
	SHOW(lseek(fd, 0, 77));
	SHOW(lseek(fd, 1, SEEK_SET));
	SHOW(readv(fd, v, 2));
	printf("[%.7s]\n", buf);
	SHOW(writev(fd, v, 2));
	SHOW(preadv(fd, v, 2, 5));
	SHOW(pwritev(fd, v, 2, 40));
	SHOW(preadv2(fd, v, 2, 5, 0));
	SHOW(readv(fd, v, -1));
	SHOW(readv(fd, v, 0));
	SHOW(read(fd, (void *)8, 4));
	SHOW(write(fd, (void *)8, 4));
	SHOW(read(-1, buf, 1));
	SHOW(read(fd, buf, 0));
	SHOW(ftruncate(fd, 5));
	SHOW(lseek(fd, 0, SEEK_END));
	SHOW(ftruncate(fd, 4096 * 3));
	SHOW(lseek(fd, 0, SEEK_END));
	SHOW(ftruncate(fd, -1));
	SHOW(truncate("rw", 8));
	SHOW(truncate("none", 8));
	SHOW(truncate(".", 8));
	SHOW(lseek(fd, 0, SEEK_DATA));
	SHOW(lseek(fd, 0, SEEK_HOLE));
	SHOW(lseek(fd, 8, SEEK_DATA));
	SHOW(lseek(fd, 8, SEEK_HOLE));
	SHOW(fsync(fd));
	SHOW(fdatasync(fd));
	SHOW(sync_file_range(fd, 0, 0, 0));
	SHOW(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	SHOW(fallocate(fd, 0, 0, 100));
	show_stat("rw");
	SHOW(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 1000));
	show_stat("rw");
	SHOW(pwrite(fd, "abcdefgh", 8, 0));
	SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 2, 3));
	memset(buf, 'x', 8);
	SHOW(pread(fd, buf, 8, 0));
	for (int i = 0; i < 8; i++)
		printf("%02x ", buf[i]);
	printf("\n");
	SHOW(fallocate(fd, FALLOC_FL_ZERO_RANGE, 0, 2));
	SHOW(fallocate(fd, 0, 0, 0));
	SHOW(posix_fallocate(fd, 0, 200));
	show_stat("rw");
	close(fd);
	int pipes[2];
	SHOW(pipe(pipes));
	SHOW(lseek(pipes[0], 0, SEEK_SET));
	SHOW(pread(pipes[0], buf, 1, 0));
	close(pipes[0]);
	close(pipes[1]);
}

static void copies(void)
{
	char buf[64] = "";
	int pipes[2];
	off_t offset = 2;
	loff_t in_at = 1, out_at = 3;

	printf("-- copies between files\n");
	put("src", "abcdefghij");
	int src = (int)MUST(open("src", O_RDONLY));
	int dst = (int)MUST(open("dst", O_RDWR | O_CREAT | O_TRUNC, 0644));
	SHOW(sendfile(dst, src, &offset, 3));
	printf("offset %ld\n", (long)offset);
	SHOW(sendfile(dst, src, NULL, 100));
	SHOW(sendfile(dst, src, NULL, 100));
	show_file("dst");
	SHOW(copy_file_range(src, &in_at, dst, &out_at, 4, 0));
	printf("at %ld %ld\n", (long)in_at, (long)out_at);
	show_file("dst");
	MUST(pipe(pipes));
	SHOW(sendfile(pipes[1], src, &(off_t){ 0 }, 10));
	SHOW(read(pipes[0], buf, sizeof(buf)));
	printf("[%s]\n", buf);
	SHOW(splice(src, &(loff_t){ 4 }, pipes[1], NULL, 3, 0));
	SHOW(splice(pipes[0], NULL, dst, &(loff_t){ 0 }, 3, 0));
	show_file("dst");
	int sv[2];
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, sv));
	memset(buf, 0, sizeof(buf));
	SHOW(sendfile(sv[0], src, &(off_t){ 1 }, 8));
	SHOW(read(sv[1], buf, sizeof(buf)));
	printf("[%s]\n", buf);
	SHOW(ioctl(dst, 0x40049409 /* FICLONE */, src) == -1 && (errno == EOPNOTSUPP || errno == EINVAL || errno == EXDEV ||
							    errno == ENOTTY) ? 0 : 1);
	close(src);
	close(dst);
	close(pipes[0]);
	close(pipes[1]);
	close(sv[0]);
	close(sv[1]);
}

#define RENAME2(a, b, f) syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, f)

static void names(void)
{
	printf("-- names\n");
	SHOW(mkdir("d", 0755));
	SHOW(mkdir("d", 0755));
	SHOW(mkdir("none/x", 0755));
	SHOW(mkdir("a/x", 0755));
	SHOW(mkdir("d/sub", 0700));
	show_stat("d");
	SHOW(rmdir("d"));
	SHOW(rmdir("a"));
	SHOW(rmdir("none"));
	SHOW(rmdir("d/."));
	SHOW(rmdir("d/.."));
	SHOW(unlink("d"));
	SHOW(unlink("none"));
	put("f1", "one");
	put("f2", "two");
	SHOW(rename("f1", "f2"));
	show_file("f2");
	SHOW(rename("f1", "f2"));
	SHOW(rename("f2", "d"));
	SHOW(rename("d", "f2"));
	SHOW(rename("d", "d/sub/x"));
	SHOW(rename("d/sub", "sub2"));
	show_stat("d");
	SHOW(mkdir("e", 0755));
	put("e/f", "inside");
	SHOW(rename("sub2", "e"));
	SHOW(rename("e", "sub2"));
	show_file("sub2/f");
	SHOW(rename(".", "x"));
	SHOW(rename("f2", "f2"));
	put("g", "gee");
	SHOW(RENAME2("f2", "g", RENAME_NOREPLACE));
	SHOW(RENAME2("f2", "g", RENAME_EXCHANGE));
	show_file("f2");
	show_file("g");
	SHOW(RENAME2("g", "sub2", RENAME_EXCHANGE));
	show_file("sub2");
	show_file("g/f");
	SHOW(RENAME2("g", "none", RENAME_EXCHANGE));
	SHOW(RENAME2("f2", "g", RENAME_EXCHANGE | RENAME_NOREPLACE));
	SHOW(link("f2", "hard"));
	SHOW(link("f2", "hard"));
	SHOW(link("d", "hard2"));
	show_stat("f2");
	put("hard", "through");
	show_file("f2");
	SHOW(unlink("f2"));
	show_stat("hard");
	show_file("hard");
	SHOW(rename("hard", "moved"));
	show_file("moved");
	SHOW(link("moved", "d/other"));
	SHOW(rename("moved", "d/other"));
	show_stat("moved");
	SHOW(symlink("loop2", "loop1"));
	SHOW(symlink("loop1", "loop2"));
	SHOW(open("loop1", O_RDONLY));
	SHOW(symlink("", "empty"));
	SHOW(link("loop1", "loop3"));
	show_stat("loop3");
	char small[3];
	SHOW(readlink("loop1", small, sizeof(small)));
	SHOW(readlink("moved", small, sizeof(small)));
	SHOW(symlink("d", "dlink"));
	SHOW(rmdir("dlink"));
	SHOW(open("dlink/other", O_RDONLY) >= 0 ? 0 : -1);
	int fd = (int)MUST(open("gone", O_RDWR | O_CREAT, 0644));
	SHOW(write(fd, "still", 5));
	SHOW(unlink("gone"));
	struct stat st;
	MUST(fstat(fd, &st));
	printf("nlink %lu size %ld\n", (unsigned long)st.st_nlink, (long)st.st_size);
	char buf[8] = "";
	SHOW(pread(fd, buf, 5, 0));
	put("gone", "new");
	SHOW(pread(fd, buf, 5, 0));
	printf("[%s]\n", buf);
	close(fd);
	SHOW(mkdir("cwd", 0755));
	SHOW(chdir("cwd"));
	SHOW(rmdir("../cwd"));
	SHOW(open("x", O_CREAT | O_RDWR, 0600));
	SHOW(getcwd(buf, 8) == NULL ? -1 : 0);
	SHOW(chdir(".."));
	SHOW(fchdir(99));
	SHOW(chdir("moved"));
	fd = (int)MUST(open("moved", O_RDONLY));
	put("over", "over");
	SHOW(rename("over", "moved"));
	memset(buf, 0, sizeof(buf));
	SHOW(read(fd, buf, 7));
	printf("[%s]\n", buf);
	show_file("moved");
	close(fd);
}

static void attributes(void)
{
	struct timespec times[2] = { { 1000000000, 5 }, { 1234567890, 123456789 } };
	struct statx stx;
	struct statfs sfs;
	struct stat st;

	printf("-- attributes\n");
	put("at", "x");
	SHOW(chmod("at", 04711));
	show_stat("at");
	SHOW(chown("at", 12, 34));
	show_stat("at");
	SHOW(chown("at", -1, 35));
	show_stat("at");
	SHOW(lchown("link", 7, 8));
	show_stat("link");
	SHOW(chmod("none", 0));
	SHOW(fchmodat(AT_FDCWD, "at", 0640, 0));
	SHOW(utimensat(AT_FDCWD, "at", times, 0));
	MUST(stat("at", &st));
	printf("mtime %ld.%ld blksize %s\n", (long)st.st_mtim.tv_sec, (long)st.st_mtim.tv_nsec,
	       st.st_blksize == 4096 ? "4096" : "?");
	times[0].tv_nsec = UTIME_OMIT;
	times[1].tv_nsec = UTIME_OMIT;
	SHOW(utimensat(AT_FDCWD, "at", times, 0));
	MUST(stat("at", &st));
	printf("mtime %ld.%ld\n", (long)st.st_mtim.tv_sec, (long)st.st_mtim.tv_nsec);
	SHOW(statx(AT_FDCWD, "at", 0, STATX_BASIC_STATS, &stx));
	printf("statx mask %d mode %o nlink %u size %llu\n", (stx.stx_mask & STATX_BASIC_STATS) == STATX_BASIC_STATS,
	       stx.stx_mode, stx.stx_nlink, (unsigned long long)stx.stx_size);
	SHOW(statx(-1, "at", 0, STATX_BASIC_STATS, &stx));
	SHOW(fstatat(AT_FDCWD, "", &st, 0));
	SHOW(fstatat(AT_FDCWD, "", &st, AT_EMPTY_PATH));
	SHOW(statfs(".", &sfs));
	printf("bsize %ld namelen %ld free %d\n", (long)sfs.f_bsize, (long)sfs.f_namelen, sfs.f_bavail > 0);
	SHOW(access("at", R_OK | W_OK));
	SHOW(access("at", X_OK));
	SHOW(access("none", F_OK));
	SHOW(faccessat(AT_FDCWD, "d", X_OK, AT_EACCESS));
	char value[8];
	SHOW(getxattr("at", "user.nothing", value, sizeof(value)) == -1 ? 0 : 1);
	SHOW(mknod("node", S_IFREG | 0600, 0));
	show_stat("node");
	SHOW(mkdir("sgid", 0755));
	SHOW(chown("sgid", 0, 77));
	SHOW(chmod("sgid", 02755));
	put("sgid/in", "");
	SHOW(mkdir("sgid/dir", 0755));
	show_stat("sgid/in");
	show_stat("sgid/dir");
	put("suid", "x");
	SHOW(chown("suid", 1000, 1000));
	SHOW(chmod("suid", 06755));
	if (fork() == 0) {
		MUST(setgid(1000));
		MUST(setuid(1000));
		int fd = (int)MUST(open("suid", O_WRONLY));
		MUST(write(fd, "y", 1));
		exit(0);
	}
	wait(NULL);
	show_stat("suid");
}

static void as_another(void)
{
	int status;

	printf("-- permissions\n");
	put("secret", "x");
	MUST(chmod("secret", 0600));
	MUST(mkdir("closed", 0700));
	put("closed/in", "x");
	MUST(mkdir("sticky", 0777));
	MUST(chmod("sticky", 01777));
	put("sticky/roots", "x");
	MUST(mkdir("open", 0777));
	MUST(chmod("open", 0777));
	put("group", "x");
	MUST(chown("group", 0, 1234));
	MUST(chmod("group", 0640));
	fflush(stdout);
	if (fork() == 0) {
		MUST(setgid(1234));
		MUST(setuid(1234));
		SHOW(open("secret", O_RDONLY));
		SHOW(open("group", O_WRONLY));
		WORKS(open("group", O_RDONLY));
		SHOW(open("closed/in", O_RDONLY));
		SHOW(access("closed", X_OK));
		SHOW(open("new", O_CREAT | O_RDWR, 0600));
		SHOW(unlink("secret"));
		SHOW(unlink("sticky/roots"));
		SHOW(rename("sticky/roots", "sticky/x"));
		put("open/mine", "x");
		show_stat("open/mine");
		SHOW(chmod("open/mine", 0600));
		SHOW(chown("open/mine", 0, 0));
		SHOW(chmod("secret", 0666));
		SHOW(utimensat(AT_FDCWD, "secret", NULL, 0));
		SHOW(mknod("open/dev", S_IFCHR | 0600, 0x103));
		SHOW(mkfifo("open/fifo", 0600));
		SHOW(link("secret", "open/secret") == -1 ? 0 : 1);
		SHOW(truncate("secret", 0));
		SHOW(chdir("closed"));
		exit(0);
	}
	wait(&status);
	printf("status %x\n", status);
	SHOW(chmod("secret", 0));
	WORKS(open("secret", O_RDWR));
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void listings(void)
{
	char *found[64], path[64];
	int count = 0, total = 0;

	printf("-- listings\n");
	MUST(mkdir("list", 0755));
	for (int i = 0; i < 40; i++) {
		snprintf(path, sizeof(path), "list/entry-%d", (i * 7) % 40);
		put(path, "");
	}
	MUST(mkdir("list/dir", 0755));
	MUST(symlink("x", "list/sym"));
	DIR *dir = opendir("list");
	for (struct dirent *d; (d = readdir(dir));)
		found[count++] = strdup(d->d_name);
	qsort(found, (size_t)count, sizeof(*found), by_name);
	for (int i = 0; i < count; i++)
		printf("%s%c", found[i], i + 1 < count ? ' ' : '\n');
	rewinddir(dir);
	struct dirent *d = readdir(dir);
	long at = telldir(dir);
	d = readdir(dir);
	char second[256];
	strcpy(second, d->d_name);
	for (int i = 0; i < 5; i++)
		readdir(dir);
	seekdir(dir, at);
	printf("seekdir %s\n", strcmp(second, readdir(dir)->d_name) ? "elsewhere" : "back");
	/* Removing while listing: everything is seen once. */
	rewinddir(dir);
	while ((d = readdir(dir)))
		if (d->d_type == DT_REG && unlinkat(dirfd(dir), d->d_name, 0) == 0)
			total++;
	closedir(dir);
	printf("removed %d\n", total);
	SHOW(rmdir("list"));
	dir = opendir("list");
	while ((d = readdir(dir)))
		if (d->d_name[0] != '.')
			printf("%s type %d\n", d->d_name, d->d_type);
	closedir(dir);
	int fd = (int)MUST(open("rw", O_RDONLY));
	SHOW(syscall(SYS_getdents64, fd, path, sizeof(path)));
	close(fd);
	fd = (int)MUST(open(".", O_RDONLY));
	SHOW(syscall(SYS_getdents64, fd, path, 8));
	SHOW(read(fd, path, 1));
	close(fd);
}

static void show_events(int fd)
{
	char buf[4096] __attribute__((aligned(8)));
	ssize_t size = read(fd, buf, sizeof(buf));

	for (ssize_t at = 0; at < size;) {
		const struct inotify_event *e = (const void *)(buf + at);

		printf("inotify %x %s%s\n", e->mask, e->len ? e->name : "-", e->cookie ? " +" : "");
		at += (ssize_t)sizeof(*e) + e->len;
	}
}

static void watches(void)
{
	printf("-- inotify\n");
	MUST(mkdir("watched", 0755));
	int fd = (int)MUST(inotify_init1(IN_NONBLOCK));
	SHOW(inotify_add_watch(fd, "watched", IN_ALL_EVENTS));
	put("watched/f", "x");
	show_events(fd);
	MUST(chmod("watched/f", 0600));
	MUST(rename("watched/f", "watched/g"));
	MUST(unlink("watched/g"));
	MUST(mkdir("watched/d", 0700));
	show_events(fd);
	MUST(rmdir("watched/d"));
	MUST(rmdir("watched"));
	show_events(fd);
	char c;
	SHOW(read(fd, &c, 1));
	close(fd);
}

static void locks(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 5 };
	int a = (int)MUST(open("lock", O_RDWR | O_CREAT, 0644)), b = (int)MUST(open("lock", O_RDWR));

	printf("-- locks\n");
	SHOW(flock(a, LOCK_EX));
	SHOW(flock(b, LOCK_EX | LOCK_NB));
	SHOW(flock(a, LOCK_UN));
	SHOW(flock(b, LOCK_SH | LOCK_NB));
	SHOW(fcntl(a, F_SETLK, &lock));
	fflush(stdout);
	if (fork() == 0) {
		struct flock other = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 100 };

		SHOW(fcntl(b, F_SETLK, &other));
		SHOW(fcntl(b, F_GETLK, &other));
		printf("held %d %ld %ld by parent %d\n", other.l_type, (long)other.l_start, (long)other.l_len,
		       other.l_pid == getppid());
		other.l_type = F_RDLCK;
		other.l_start = 20;
		SHOW(fcntl(b, F_SETLK, &other));
		exit(0);
	}
	wait(NULL);
	struct flock ofd = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 100, .l_len = 1 };
	SHOW(fcntl(a, F_OFD_SETLK, &ofd));
	SHOW(fcntl(b, F_OFD_SETLK, &ofd));
	SHOW(fcntl(a, F_GETFL) & O_ACCMODE);
	SHOW(fcntl(a, F_SETLEASE, F_RDLCK) == -1 ? 0 : 0);
	close(a);
	close(b);
}

static void special(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = "sock" };
	char buf[8] = "";

	printf("-- pipes and sockets by name\n");
	SHOW(mkfifo("fifo", 0600));
	show_stat("fifo");
	SHOW(open("fifo", O_WRONLY | O_NONBLOCK));
	int r = (int)WORKS(open("fifo", O_RDONLY | O_NONBLOCK));
	int w = (int)WORKS(open("fifo", O_WRONLY));
	SHOW(write(w, "pipe", 4));
	SHOW(read(r, buf, 8));
	close(r);
	close(w);
	SHOW(unlink("fifo"));
	int s = (int)MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	SHOW(bind(s, (struct sockaddr *)&addr, sizeof(addr)));
	show_stat("sock");
	SHOW(open("sock", O_RDONLY));
	SHOW(listen(s, 1));
	int c = (int)MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	SHOW(connect(c, (struct sockaddr *)&addr, sizeof(addr)));
	int t = (int)WORKS(accept(s, NULL, NULL));
	SHOW(write(c, "sock", 4));
	SHOW(read(t, buf, 8));
	printf("[%.4s]\n", buf);
	int u = (int)MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	SHOW(bind(u, (struct sockaddr *)&addr, sizeof(addr)));
	SHOW(unlink("sock"));
	SHOW(connect(u, (struct sockaddr *)&addr, sizeof(addr)));
	SHOW(bind(u, (struct sockaddr *)&addr, sizeof(addr)));
	SHOW(rename("sock", "sock2"));
	show_stat("sock2");
	close(s);
	close(c);
	close(t);
	close(u);
}

int main(void)
{
	char dir[] = "/tmp/conformance-XXXXXX";

	umask(022);
	signal(SIGPIPE, SIG_IGN);
	MUST(mkdtemp(dir) ? 0 : -1);
	MUST(chmod(dir, 0755));
	MUST(chdir(dir));
	open_flags();
	read_write();
	copies();
	names();
	attributes();
	as_another();
	listings();
	watches();
	locks();
	special();
	printf("end\n");
	return 0;
}
