/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe.c - prints all that differs between two runs of a program on an ordinary host.
 *
 * Recorded twice it has to print the same; docs/determinism.md names what closes each of these.
 */
#include <cpuid.h>
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

extern char **environ;

static void hex(const char *name, const void *bytes, size_t size)
{
	printf("%s ", name);
	for (size_t i = 0; i < size; i++)
		printf("%02x", ((const uint8_t *)bytes)[i]);
	putchar('\n');
}

static void print_clocks(void)
{
	static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME,
					   CLOCK_REALTIME_COARSE};
	struct timespec ts;
	struct timeval tv;
	unsigned aux;

	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		clock_gettime(clocks[i], &ts);
		printf("clock %d %lld.%09ld\n", (int)clocks[i], (long long)ts.tv_sec, ts.tv_nsec);
	}
	gettimeofday(&tv, NULL);
	printf("gettimeofday %lld.%06ld, time %lld\n", (long long)tv.tv_sec, (long)tv.tv_usec,
	       (long long)time(NULL));
	printf("rdtsc %llu %llu\n", (unsigned long long)__rdtsc(), (unsigned long long)__rdtscp(&aux));
}

static void print_chance(void)
{
	uint8_t bytes[16] = {0};
	const int fd = open("/dev/urandom", O_RDONLY);

	if (getrandom(bytes, sizeof(bytes), 0) == sizeof(bytes))
		hex("getrandom", bytes, sizeof(bytes));
	if (fd >= 0 && read(fd, bytes, sizeof(bytes)) == sizeof(bytes))
		hex("urandom", bytes, sizeof(bytes));
	hex("AT_RANDOM", (const void *)getauxval(AT_RANDOM), 16);
}

static void print_addresses(void)
{
	int on_stack = 0;
	void *const small = malloc(100), *const large = malloc(1 << 20);
	void *const map = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	printf("code %p stack %p heap %p large %p map %p brk %p libc %p vdso %#lx\n",
	       (void *)print_addresses, (void *)&on_stack, small, large, map, sbrk(0), (void *)puts,
	       getauxval(AT_SYSINFO_EHDR));
	free(small);
	free(large);
}

static void print_host(void)
{
	unsigned a, b, c, d;
	struct utsname name;

	__cpuid(0, a, b, c, d);
	printf("cpuid 0: %x %x %x %x\n", a, b, c, d);
	__cpuid_count(7, 0, a, b, c, d);
	printf("cpuid 7: %x %x %x %x\n", a, b, c, d);
	uname(&name);
	printf("uname %s %s %s %s\n", name.nodename, name.release, name.version, name.machine);
	printf("cpus %ld pages %ld pid %d ppid %d\n", sysconf(_SC_NPROCESSORS_ONLN),
	       sysconf(_SC_PHYS_PAGES), getpid(), getppid());
	for (char **variable = environ; *variable; variable++)
		printf("env %s\n", *variable);
}

static void print_files(void)
{
	DIR *const dir = opendir("/etc");
	struct dirent *entry;
	struct stat st;

	if (dir) {
		for (int i = 0; i < 50 && (entry = readdir(dir)); i++)
			printf("entry %s %llu\n", entry->d_name, (unsigned long long)entry->d_ino);
		closedir(dir);
	}
	const int fd = open("/tmp/probe", O_WRONLY | O_CREAT, 0644);
	if (fd >= 0 && fstat(fd, &st) == 0)
		printf("new file: inode %llu, mtime %lld.%09ld\n", (unsigned long long)st.st_ino,
		       (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

/* Which thread comes first is visible in the order of what they append. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char order[256];

static void *append(void *letter)
{
	for (int i = 0; i < 20; i++) {
		pthread_mutex_lock(&lock);
		strncat(order, letter, 1);
		pthread_mutex_unlock(&lock);
		if (i % 5 == 0)
			usleep(1);
	}
	return NULL;
}

static void print_threads(void)
{
	static char letters[][2] = {"a", "b", "c", "d"};
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, append, letters[i]);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	printf("threads %s\n", order);
}

int main(void)
{
	print_host();
	print_clocks();
	print_chance();
	print_addresses();
	print_files();
	print_threads();
	print_clocks();
	return 0;
}
