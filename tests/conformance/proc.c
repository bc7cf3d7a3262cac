/* SPDX-License-Identifier: GPL-2.0-or-later */
/* proc.c - what /proc, /sys and /dev tell a program of itself and of its machine. */
#include "family.h"

#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <libgen.h>
#include <sched.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int variable = 77;

static char *slurp(const char *path, size_t *ret_size)
{
	static char buf[1 << 18];
	int fd = open(path, O_RDONLY);
	size_t size = 0;
	ssize_t got;

	if (fd < 0) {
		printf("%s: %s\n", path, strerrorname_np(errno));
		buf[0] = 0;
		return buf;
	}
	while (size < sizeof(buf) - 1 && (got = read(fd, buf + size, sizeof(buf) - 1 - size)) > 0)
		size += (size_t)got;
	close(fd);
	buf[size] = 0;
	if (ret_size)
		*ret_size = size;
	return buf;
}

/* "12.3" has a digit: whether a file begins with a number. */
static void starts_with_number(const char *path)
{
	char *text = slurp(path, NULL);

	printf("%s %s\n", path, *text >= '0' && *text <= '9' ? "is a number" : "is not");
}

static void has(const char *path, const char *what)
{
	printf("%s has %s: %d\n", path, what, strstr(slurp(path, NULL), what) != NULL);
}

static void line_of(const void *addr, const char *what, const char *name, char write)
{
	char *save = NULL;

	for (char *line = strtok_r(slurp("/proc/self/maps", NULL), "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		unsigned long start, end;
		char perms[5];

		if (sscanf(line, "%lx-%lx %4s", &start, &end, perms) != 3)
			continue;
		if ((unsigned long)addr < start || (unsigned long)addr >= end)
			continue;
		printf("%s: %s, named %d, writable %d\n", what, perms, strstr(line, name) != NULL, perms[1] == write);
		return;
	}
	printf("%s: in no mapping\n", what);
}

static void maps(void)
{
	unsigned long before = 0;
	int sorted = 1, local, fd;
	char *save = NULL;

	printf("-- maps\n");
	line_of((const void *)maps, "code", "proc", '-');
	line_of(&variable, "data", "proc", 'w');
	line_of(&local, "stack", "[stack]", 'w');
	line_of(malloc(10), "heap", "[heap]", 'w');
	line_of((void *)getauxval(AT_SYSINFO_EHDR), "vdso", "[vdso]", '-');
	line_of((void *)printf, "libc", "libc", '-');
	fd = memfd_create("shown", 0);
	ftruncate(fd, 8192);
	char *shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	line_of(shared, "memfd", "/memfd:shown (deleted)", 'w');
	mprotect(shared, 4096, PROT_READ);
	line_of(shared, "protected", "/memfd:shown (deleted)", '-');
	munmap(shared, 8192);
	line_of(shared, "unmapped", "", '-');
	for (char *line = strtok_r(slurp("/proc/self/maps", NULL), "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		unsigned long start = strtoul(line, NULL, 16);

		sorted &= start >= before;
		before = start;
	}
	printf("sorted %d\n", sorted);
	fd = (int)MUST(open("/proc/self/mem", O_RDWR));
	int read_back = 0, written = 78;
	SHOW(pread(fd, &read_back, sizeof(read_back), (off_t)&variable));
	SHOW(pwrite(fd, &written, sizeof(written), (off_t)&variable));
	printf("%d %d\n", read_back, variable);
	SHOW(pread(fd, &read_back, 1, 0x1000));
}

static long field(const char *path, const char *name)
{
	char *at = strstr(slurp(path, NULL), name);

	return at ? strtol(at + strlen(name), NULL, 10) : -1;
}

static void sizes(void)
{
	long size = field("/proc/self/status", "VmSize:"), rss = field("/proc/self/status", "VmRSS:");
	long pages = strtol(slurp("/proc/self/statm", NULL), NULL, 10);

	printf("-- sizes\n");
	printf("size %d rss %d statm %d\n", size > 1000, rss > 100 && rss <= size, pages * 4 == size);
	char *big = mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	printf("grown by %ld kB\n", field("/proc/self/status", "VmSize:") - size);
	munmap(big, 64 << 20);
	printf("threads %ld\n", field("/proc/self/status", "Threads:"));
	printf("pid %d ppid %d tgid %d\n", field("/proc/self/status", "\nPid:") == getpid(),
	       field("/proc/self/status", "PPid:") == getppid(), field("/proc/self/status", "Tgid:") == getpid());
	has("/proc/self/status", "Name:\tproc\n");
	has("/proc/self/status", "State:\tR (running)");
	char *stat = slurp("/proc/self/stat", NULL);
	printf("stat %d %d\n", atoi(stat) == getpid(), strstr(stat, "(proc) R") != NULL);
	starts_with_number("/proc/self/stat");
	has("/proc/self/comm", "proc\n");
}

static void identity(char **argv)
{
	char link[4096] = "";
	size_t size = 0;
	const char *text;

	printf("-- identity\n");
	MUST(readlink("/proc/self/exe", link, sizeof(link) - 1));
	printf("exe %s\n", basename(link));
	text = slurp("/proc/self/cmdline", &size);
	printf("cmdline is argv[0] %d\n", !strcmp(text, argv[0]));
	setenv("AFTERWARDS", "x", 1);
	has("/proc/self/environ", "AFTERWARDS");
	text = slurp("/proc/self/environ", &size);
	printf("environ %d\n", memmem(text, size, "PATH=", 5) != NULL || size == 0);
	const Elf64_auxv_t *aux = (const void *)slurp("/proc/self/auxv", &size);
	for (size_t i = 0; i < size / sizeof(*aux); i++)
		if (aux[i].a_type == AT_PAGESZ || aux[i].a_type == AT_ENTRY || aux[i].a_type == AT_PHNUM)
			printf("auxv %ld agrees %d\n", (long)aux[i].a_type, aux[i].a_un.a_val == getauxval(aux[i].a_type));
	MUST(chdir("/tmp"));
	memset(link, 0, sizeof(link));
	SHOW(readlink("/proc/self/cwd", link, sizeof(link) - 1));
	printf("cwd %s\n", link);
	memset(link, 0, sizeof(link));
	SHOW(readlink("/proc/self/root", link, sizeof(link) - 1));
	printf("root %s\n", link);
	SHOW(readlink("/proc/1000000/exe", link, sizeof(link)));
	starts_with_number("/proc/thread-self/stat");
	has("/proc/self/mounts", " / ");
	has("/proc/self/mountinfo", " / ");
	has("/proc/mounts", " /proc proc ");
}

static void descriptors(void)
{
	int fd = (int)MUST(open("/etc/hostname", O_RDONLY));
	char link[300] = "", path[64], c;

	printf("-- descriptors\n");
	MUST(read(fd, &c, 1));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	MUST(readlink(path, link, sizeof(link) - 1));
	printf("%s\n", link);
	int again = (int)WORKS(open(path, O_RDONLY));
	printf("offset %ld\n", (long)lseek(again, 0, SEEK_CUR));
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	has(path, "pos:\t1\n");
	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	WORKS(open(path, O_RDONLY));
	int pipes[2];
	MUST(pipe(pipes));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", pipes[0]);
	memset(link, 0, sizeof(link));
	MUST(readlink(path, link, sizeof(link) - 1));
	printf("%.6s\n", link);
}

static void machine(void)
{
	printf("-- machine\n");
	has("/proc/cpuinfo", "processor\t: 0\n");
	has("/proc/cpuinfo", "model name\t:");
	has("/proc/cpuinfo", " sse2 ");
	printf("memory %d\n", field("/proc/meminfo", "MemTotal:") > 10000);
	printf("available %d\n", field("/proc/meminfo", "MemAvailable:") > 1000);
	starts_with_number("/proc/uptime");
	starts_with_number("/proc/loadavg");
	has("/proc/version", "Linux version ");
	has("/proc/filesystems", "\tproc\n");
	has("/proc/stat", "cpu0 ");
	has("/proc/net/dev", "lo:");
	has("/proc/self/net/tcp", "local_address");
	starts_with_number("/proc/sys/kernel/pid_max");
	starts_with_number("/proc/sys/net/core/somaxconn");
	starts_with_number("/proc/sys/vm/overcommit_memory");
	has("/proc/sys/kernel/ostype", "Linux");
	starts_with_number("/sys/devices/system/cpu/online");
	starts_with_number("/sys/devices/system/cpu/possible");
	starts_with_number("/sys/class/net/lo/mtu");
	cpu_set_t set;
	MUST(sched_getaffinity(0, sizeof(set), &set));
	printf("cpus %d\n", CPU_COUNT(&set) >= 1);
	printf("online %d\n", sysconf(_SC_NPROCESSORS_ONLN) >= 1);
}

static void devices(void)
{
	char buf[16];
	struct stat st;
	int fd;

	printf("-- devices\n");
	fd = (int)WORKS(open("/dev/null", O_RDWR));
	SHOW(read(fd, buf, sizeof(buf)));
	SHOW(write(fd, buf, sizeof(buf)));
	fd = (int)WORKS(open("/dev/zero", O_RDWR));
	SHOW(read(fd, buf, sizeof(buf)));
	fd = (int)WORKS(open("/dev/full", O_RDWR));
	SHOW(write(fd, buf, 1));
	fd = (int)WORKS(open("/dev/urandom", O_RDONLY));
	SHOW(read(fd, buf, sizeof(buf)));
	fd = (int)WORKS(open("/dev/random", O_RDONLY));
	SHOW(read(fd, buf, sizeof(buf)));
	MUST(stat("/dev/shm", &st));
	printf("shm %o\n", st.st_mode);
	WORKS(open("/dev/ptmx", O_RDWR | O_NOCTTY));
	SHOW(open("/dev/tty", O_RDWR));
	MUST(lstat("/dev/stdin", &st));
	printf("stdin is a link %d\n", S_ISLNK(st.st_mode));
	SHOW(access("/dev/pts", F_OK));
	SHOW(access("/dev/fd/0", F_OK));
}

int main(int argc, char **argv)
{
	(void)argc;
	setvbuf(stdout, NULL, _IOLBF, 0);
	maps();
	sizes();
	identity(argv);
	descriptors();
	machine();
	devices();
	printf("end\n");
	return 0;
}
