/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory.c - mappings of all kinds, and memory that processes share. */
#include "family.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ul
#define RW (PROT_READ | PROT_WRITE)

static sigjmp_buf back;

static void on_fault(int signo)
{
	siglongjmp(back, signo);
}

/* "read", "write": what touching memory brings. */
static void touch(const char *what, volatile char *at, int write)
{
	int signo = sigsetjmp(back, 1);

	if (signo)
		printf("%s: SIG%s\n", what, sigabbrev_np(signo));
	else if (write)
		printf("%s: written %d\n", what, (*at = 'w') == 'w');
	else
		printf("%s: %02x\n", what, *at);
}

/* Runs work in a child, so that the parent sees what it did. */
static void in_child(void (*work)(void *), void *arg)
{
	fflush(stdout);
	pid_t pid = (pid_t)MUST(fork());

	if (pid == 0) {
		work(arg);
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static char *map(size_t pages, int prot, int flags, int fd, off_t offset)
{
	char *at = mmap(NULL, pages * PAGE, prot, flags, fd, offset);

	if (at == MAP_FAILED) {
		printf("mmap failed: %s\n", strerrorname_np(errno));
		exit(1);
	}
	return at;
}

#define MAP(addr, size, prot, flags, fd, offset) __extension__ ({ errno = 0; \
	void *at_ = mmap(addr, size, prot, flags, fd, offset); \
	show_result("mmap(" #addr ", " #size ", " #prot ", " #flags ", " #fd ", " #offset ")", \
		    at_ == MAP_FAILED ? -1 : 0, errno); at_; })

static void anonymous(void)
{
	char *a = map(8, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	printf("-- anonymous\n");
	printf("zero %d\n", a[0] == 0 && a[8 * PAGE - 1] == 0);
	memset(a, 'a', 8 * PAGE);
	MAP(a + PAGE, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	SHOW(munmap(a + PAGE, PAGE));
	printf("at hint %d\n", MAP(a + PAGE, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == a + PAGE);
	printf("new %d old %c\n", a[PAGE], a[2 * PAGE]);
	printf("fixed %d\n", MAP(a + 2 * PAGE, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	       a + 2 * PAGE);
	printf("replaced %d\n", a[2 * PAGE]);
	MAP(a + 1, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	MAP(NULL, 0, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MAP(NULL, 1ul << 60, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MAP(NULL, PAGE, RW, MAP_ANONYMOUS, -1, 0);
	MAP(NULL, PAGE, RW, MAP_PRIVATE, -1, 0);
	char *low = MAP(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	printf("low %d\n", (unsigned long)low < 1ul << 31);
	SHOW(munmap(a + 1, PAGE));
	SHOW(munmap(a, 0));
	SHOW(munmap((void *)0x1234000, PAGE));
	SHOW(munmap(a, 8 * PAGE));
	touch("gone", a, 0);
}

static void protections(void)
{
	char *a = map(6, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	printf("-- mprotect\n");
	memset(a, 'x', 6 * PAGE);
	SHOW(mprotect(a + PAGE, 2 * PAGE, PROT_READ));
	touch("before", a + PAGE - 1, 1);
	touch("inside", a + PAGE, 1);
	touch("inside", a + PAGE, 0);
	touch("behind", a + 3 * PAGE, 1);
	SHOW(mprotect(a + 2 * PAGE, PAGE, PROT_NONE));
	touch("none", a + 2 * PAGE, 0);
	SHOW(mprotect(a, 6 * PAGE, RW));
	touch("again", a + 2 * PAGE, 1);
	SHOW(mprotect(a + 1, PAGE, RW));
	SHOW(mprotect(a, PAGE, 0x1000));
	SHOW(mprotect(a, 0, RW));
	MUST(munmap(a + 3 * PAGE, PAGE));
	SHOW(mprotect(a, 6 * PAGE, PROT_READ));
	touch("before the gap", a + 2 * PAGE, 1);
	touch("after the gap", a + 4 * PAGE, 1);
	static const unsigned char code[] = { 0xb8, 42, 0, 0, 0, 0xc3 };
	char *c = map(1, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memcpy(c, code, sizeof(code));
	SHOW(mprotect(c, PAGE, PROT_READ | PROT_EXEC));
	printf("code says %d\n", ((int (*)(void))(void *)c)());
}

static void files(void)
{
	int fd = (int)MUST(open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0644));
	char buf[16] = "";

	printf("-- files\n");
	MUST(ftruncate(fd, 2 * PAGE + 100));
	MUST(pwrite(fd, "hello", 5, 0));
	char *shared = map(4, RW, MAP_SHARED, fd, 0);
	char *private = map(3, RW, MAP_PRIVATE, fd, 0);
	char *second = map(1, PROT_READ, MAP_SHARED, fd, PAGE);
	printf("%s %s\n", shared, private);
	MUST(pwrite(fd, "HELLO", 5, 0));
	printf("after write: %s %s\n", shared, private);
	strcpy(shared, "store");
	MUST(pread(fd, buf, 5, 0));
	printf("after store: %s %s\n", buf, private);
	strcpy(private, "mine!");
	MUST(pread(fd, buf, 5, 0));
	printf("after private store: %s %s %s\n", buf, shared, private);
	strcpy(shared + PAGE, "page two");
	printf("second mapping: %s\n", second);
	printf("tail %d\n", shared[2 * PAGE + 200]);
	touch("past the end", shared + 3 * PAGE, 0);
	MUST(ftruncate(fd, PAGE));
	touch("cut off", shared + PAGE, 0);
	touch("cut off private", private + 2 * PAGE, 0);
	MUST(ftruncate(fd, 4 * PAGE));
	touch("grown", shared + PAGE, 0);
	touch("grown further", shared + 3 * PAGE, 1);
	MUST(pread(fd, buf, 1, 3 * PAGE));
	printf("read back %c\n", buf[0]);
	SHOW(msync(shared, 4 * PAGE, MS_SYNC));
	SHOW(msync(shared + 1, PAGE, MS_SYNC));
	SHOW(msync(shared, PAGE, MS_SYNC | MS_ASYNC));
	SHOW(mprotect(second, PAGE, RW));
	touch("second", second, 1);
	printf("%c\n", shared[PAGE]);
	SHOW(read(fd, shared + 2 * PAGE, 5));
	printf("read into itself: %.5s\n", shared + 2 * PAGE);
	SHOW(write(fd, shared + PAGE, 3));
	int ro = (int)MUST(open("mapped", O_RDONLY)), wo = (int)MUST(open("mapped", O_WRONLY));
	MAP(NULL, PAGE, RW, MAP_SHARED, ro, 0);
	MAP(NULL, PAGE, RW, MAP_PRIVATE, ro, 0);
	char *read_only = MAP(NULL, PAGE, PROT_READ, MAP_SHARED, ro, 0);
	SHOW(mprotect(read_only, PAGE, RW));
	MAP(NULL, PAGE, PROT_READ, MAP_PRIVATE, wo, 0);
	MAP(NULL, PAGE, PROT_READ, MAP_SHARED, ro, 1);
	int dir = (int)MUST(open(".", O_RDONLY));
	MAP(NULL, PAGE, PROT_READ, MAP_PRIVATE, dir, 0);
	close(fd);
	SHOW(unlink("mapped"));
	strcpy(shared, "after unlink");
	printf("%s\n", shared);
	int zero = (int)MUST(open("/dev/zero", O_RDWR));
	char *z = MAP(NULL, PAGE, RW, MAP_PRIVATE, zero, 0);
	touch("zero", z, 1);
	int pipes[2];
	MUST(pipe(pipes));
	MAP(NULL, PAGE, PROT_READ, MAP_SHARED, pipes[0], 0);
}

struct shared {
	char *at;
	int fd;
};

static void store_child(void *arg)
{
	struct shared *s = arg;

	printf("child sees %s\n", s->at);
	strcpy(s->at, "from child");
}

static void write_child(void *arg)
{
	struct shared *s = arg;

	MUST(pwrite(s->fd, "by write", 9, 0));
	MUST(ftruncate(s->fd, 2 * PAGE));
	MUST(pwrite(s->fd, "more", 5, PAGE));
}

static void between_processes(void)
{
	struct shared s = { .fd = -1 };

	printf("-- between processes\n");
	s.at = map(1, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	strcpy(s.at, "parent");
	in_child(store_child, &s);
	printf("anonymous: %s\n", s.at);
	s.at = map(1, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	strcpy(s.at, "parent");
	in_child(store_child, &s);
	printf("private: %s\n", s.at);
	s.fd = (int)MUST(open("common", O_RDWR | O_CREAT, 0600));
	MUST(ftruncate(s.fd, PAGE));
	s.at = map(2, RW, MAP_SHARED, s.fd, 0);
	strcpy(s.at, "parent");
	in_child(store_child, &s);
	printf("file: %s\n", s.at);
	in_child(write_child, &s);
	printf("file: %s, %s\n", s.at, s.at + PAGE);
	close(s.fd);
	s.fd = (int)WORKS(shm_open("/conformance-shm", O_RDWR | O_CREAT | O_EXCL, 0600));
	MUST(ftruncate(s.fd, PAGE));
	s.at = map(1, RW, MAP_SHARED, s.fd, 0);
	strcpy(s.at, "posix");
	in_child(store_child, &s);
	printf("posix: %s\n", s.at);
	SHOW(shm_unlink("/conformance-shm"));
	SHOW(shm_open("/conformance-shm", O_RDWR, 0));
	/* The same name again is another object. */
	int again = (int)MUST(shm_open("/conformance-shm", O_RDWR | O_CREAT | O_EXCL, 0600));
	MUST(ftruncate(again, PAGE));
	char *other = map(1, RW, MAP_SHARED, again, 0);
	strcpy(other, "another");
	printf("%s, %s\n", s.at, other);
	SHOW(shm_unlink("/conformance-shm"));
}

static void memfds(void)
{
	int fd = (int)WORKS(memfd_create("conformance", MFD_CLOEXEC | MFD_ALLOW_SEALING));
	struct shared s = { .fd = fd };
	struct stat st;
	char path[64], target[128] = "";

	printf("-- memfd\n");
	MUST(fstat(fd, &st));
	printf("mode %o nlink %lu size %ld\n", st.st_mode, (unsigned long)st.st_nlink, (long)st.st_size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	MUST(readlink(path, target, sizeof(target) - 1));
	printf("%s\n", target);
	SHOW(fcntl(fd, F_GET_SEALS));
	SHOW(write(fd, "bytes", 5));
	SHOW(ftruncate(fd, PAGE));
	s.at = map(1, RW, MAP_SHARED, fd, 0);
	in_child(store_child, &s);
	printf("memfd: %s\n", s.at);
	SHOW(munmap(s.at, PAGE));
	SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
	SHOW(ftruncate(fd, 10));
	SHOW(ftruncate(fd, 2 * PAGE));
	SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
	SHOW(ftruncate(fd, 3 * PAGE));
	SHOW(pwrite(fd, "x", 1, 2 * PAGE));
	SHOW(pwrite(fd, "x", 1, 0));
	SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	SHOW(pwrite(fd, "x", 1, 0));
	MAP(NULL, PAGE, RW, MAP_SHARED, fd, 0);
	MAP(NULL, PAGE, RW, MAP_PRIVATE, fd, 0);
	SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL));
	SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
	SHOW(fcntl(fd, F_GET_SEALS));
	int plain = (int)WORKS(memfd_create("plain", 0));
	SHOW(fcntl(plain, F_GET_SEALS));
	SHOW(fcntl(plain, F_ADD_SEALS, F_SEAL_WRITE));
	SHOW(fcntl(0, F_GET_SEALS) == -1 ? 0 : 1);
	SHOW(memfd_create("x", 0x8000));
	WORKS(open(path, O_RDONLY));
}

static void attach_child(void *arg)
{
	int id = *(int *)arg;
	char *at = shmat(id, NULL, 0);

	printf("child has %s\n", at);
	strcpy(at, "shm child");
}

static void system_v(void)
{
	int id = (int)WORKS(shmget(IPC_PRIVATE, 3 * PAGE, IPC_CREAT | 0600));
	struct shmid_ds ds;

	printf("-- System V\n");
	char *at = shmat(id, NULL, 0);
	printf("at %d\n", at != (void *)-1);
	strcpy(at, "shm parent");
	in_child(attach_child, &id);
	printf("%s\n", at);
	MUST(shmctl(id, IPC_STAT, &ds));
	printf("size %zu attached %lu\n", ds.shm_segsz, (unsigned long)ds.shm_nattch);
	char *ro = shmat(id, NULL, SHM_RDONLY);
	printf("%s\n", ro);
	touch("read-only", ro, 1);
	SHOW(mprotect(ro, PAGE, RW));
	SHOW(shmdt(ro));
	SHOW(shmdt(ro));
	SHOW(shmdt(at + 1));
	SHOW(shmctl(id, IPC_RMID, NULL));
	strcpy(at, "still there");
	printf("%s\n", at);
	SHOW(shmdt(at));
	SHOW(shmctl(id, IPC_STAT, &ds));
	SHOW(shmat(id, NULL, 0) == (void *)-1 ? -1 : 0);
	SHOW(shmget(0x1234567, PAGE, 0));
	id = (int)WORKS(shmget(0x1234567, PAGE, IPC_CREAT | IPC_EXCL | 0600));
	SHOW(shmget(0x1234567, PAGE, IPC_CREAT | IPC_EXCL | 0600));
	SHOW(shmget(0x1234567, 2 * PAGE, 0600));
	SHOW(shmget(0x1234567, 0, 0) == id ? 0 : 1);
	SHOW(shmctl(id, IPC_RMID, NULL));
}

static void remaps(void)
{
	char *a = map(4, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	printf("-- mremap\n");
	strcpy(a, "one");
	strcpy(a + PAGE, "two");
	strcpy(a + 3 * PAGE, "four");
	printf("shrink %d\n", mremap(a, 4 * PAGE, 2 * PAGE, 0) == a);
	touch("cut", a + 2 * PAGE, 0);
	printf("grow in place %d\n", mremap(a, 2 * PAGE, 4 * PAGE, 0) == a);
	printf("new %d\n", a[3 * PAGE]);
	char *b = mremap(a, 4 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
	printf("grown %s %s\n", b, b + PAGE);
	touch("end", b + 63 * PAGE, 1);
	char *room = map(8, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	printf("fixed %d\n", mremap(b, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, room + 2 * PAGE) ==
	       room + 2 * PAGE);
	printf("%s %s\n", room + 2 * PAGE, room + 3 * PAGE);
	touch("old place", b, 0);
	SHOW(mremap(b, PAGE, PAGE, MREMAP_MAYMOVE) == MAP_FAILED ? -1 : 0);
	SHOW(mremap(room + 1, PAGE, PAGE, 0) == MAP_FAILED ? -1 : 0);
	SHOW(mremap(room, PAGE, 0, 0) == MAP_FAILED ? -1 : 0);
	SHOW(mremap(room, PAGE, PAGE, MREMAP_FIXED, room) == MAP_FAILED ? -1 : 0);
	SHOW(mremap(room, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, room + PAGE) == MAP_FAILED ? -1 : 0);
	int fd = (int)MUST(memfd_create("alias", 0));
	MUST(ftruncate(fd, 2 * PAGE));
	char *s = map(2, RW, MAP_SHARED, fd, 0);
	strcpy(s, "aliased");
	char *t = mremap(s, 0, 2 * PAGE, MREMAP_MAYMOVE);
	printf("alias %s\n", t);
	strcpy(t, "both");
	printf("%s\n", s);
	char *d = map(1, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	strcpy(d, "kept");
	/* Without a fifth argument the C library passes on what lies in its register. */
	char *e = mremap(d, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	printf("dontunmap %s %d\n", e, d[0]);
	char *moved = mremap(s, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE);
	printf("shared moved %s\n", moved);
	touch("past the end", moved + 3 * PAGE, 0);
}

static void advice(void)
{
	char *a = map(4, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned char vec[4] = { 0 };

	printf("-- madvise and its like\n");
	memset(a, 'z', 4 * PAGE);
	SHOW(madvise(a + PAGE, PAGE, MADV_DONTNEED));
	printf("%c %d %c\n", a[0], a[PAGE], a[2 * PAGE]);
	SHOW(madvise(a, PAGE, MADV_WILLNEED));
	SHOW(madvise(a, PAGE, 9999));
	SHOW(madvise(a + 1, PAGE, MADV_DONTNEED));
	SHOW(madvise(a, PAGE, MADV_FREE));
	a[0] = 'f';
	printf("%c\n", a[0]);
	MUST(munmap(a + 2 * PAGE, PAGE));
	SHOW(madvise(a, 4 * PAGE, MADV_DONTNEED));
	printf("%d %d\n", a[0], a[3 * PAGE]);
	a[0] = a[PAGE] = 1;
	SHOW(mincore(a, 2 * PAGE, vec));
	printf("%d %d\n", vec[0] & 1, vec[1] & 1);
	SHOW(mincore(a, 4 * PAGE, vec));
	SHOW(mincore(a + 1, PAGE, vec));
	SHOW(mlock(a, PAGE));
	SHOW(munlock(a, PAGE));
	SHOW(mlock(a, 4 * PAGE));
	SHOW(mlock2(a, PAGE, MLOCK_ONFAULT));
	SHOW(mlockall(0));
	SHOW(munlockall());
	SHOW(msync(a, 4 * PAGE, MS_ASYNC));
}

static void breaks(void)
{
	char *start = sbrk(0);

	printf("-- brk\n");
	printf("%d\n", (char *)sbrk(3 * PAGE + 5) == start);
	start[3 * PAGE] = 'b';
	printf("%d\n", (char *)sbrk(0) - start == 3 * PAGE + 5);
	SHOW(brk(start + PAGE));
	touch("above", start + 4 * PAGE, 0);
	SHOW(brk(start + 3 * PAGE));
	printf("%d\n", start[2 * PAGE + 100]);
	SHOW(brk((void *)(1ul << 46)));
	SHOW(brk(start));
}

int main(void)
{
	struct sigaction action = { .sa_handler = on_fault };
	char dir[] = "/tmp/conformance-XXXXXX";

	setvbuf(stdout, NULL, _IOLBF, 0);
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	signal(SIGCHLD, SIG_DFL);
	MUST(mkdtemp(dir) ? 0 : -1);
	MUST(chdir(dir));
	anonymous();
	protections();
	files();
	between_processes();
	memfds();
	system_v();
	remaps();
	advice();
	breaks();
	printf("end\n");
	return 0;
}
