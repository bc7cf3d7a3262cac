/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cores.c - core files: when there is one, what the status says, and that the file is one. */
#include "say.h"

#include <elf.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/procfs.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

static char marked[] = "a word that the core has to hold";
/* Of the loader's making, and closed by it afterwards: a debugger finds libraries by such words. */
static char *const volatile closed[] = {marked};

/* The bytes of a dumped address, NULL: they are not in the file. */
static const char *at_address(const char *core, size_t size, uint64_t addr)
{
	const Elf64_Ehdr *elf = (const void *)core;
	const Elf64_Phdr *phdr = (const void *)(core + elf->e_phoff);

	for (unsigned i = 0; i < elf->e_phnum; i++) {
		const uint64_t within = addr - phdr[i].p_vaddr;

		if (phdr[i].p_type == PT_LOAD && addr >= phdr[i].p_vaddr && within < phdr[i].p_filesz &&
		    phdr[i].p_offset + within < size)
			return core + phdr[i].p_offset + within;
	}
	return NULL;
}

/* Whether the list of mapped files is as long as it says. */
static bool names_fill(const char *data, size_t size)
{
	const uint64_t count = *(const uint64_t *)data;
	const char *name = data + 16 + 24 * count;

	for (uint64_t i = 0; i < count && name < data + size; i++)
		name += strlen(name) + 1;
	return count > 2 && name == data + size;
}

static void show_notes(const char *notes, size_t size)
{
	for (size_t at = 0; at + sizeof(Elf64_Nhdr) <= size;) {
		const Elf64_Nhdr *head = (const void *)(notes + at);
		const char *name = notes + at + sizeof(*head), *data = name + ((head->n_namesz + 3) & ~3u);
		const prstatus_t *status = (const void *)data;
		const prpsinfo_t *info = (const void *)data;

		if (head->n_type == NT_PRSTATUS)
			say("thread: %s, stack %d", signal_text(status->pr_cursig), status->pr_reg[19] > 0x10000);
		if (head->n_type == NT_PRPSINFO)
			say("process: %s, pid %d", info->pr_fname, info->pr_pid > 0);
		if (head->n_type == NT_SIGINFO)
			say("signal: %d", ((const siginfo_t *)data)->si_signo);
		if (head->n_type == NT_AUXV)
			say("auxv: %d", head->n_descsz > 64);
		if (head->n_type == NT_FILE)
			say("files: %d", names_fill(data, head->n_descsz));
		at = (size_t)(data - notes) + ((head->n_descsz + 3) & ~3u);
	}
}

static void show_core(void)
{
	struct stat st;
	int fd = open("core", O_RDONLY);

	if (fd < 0) {
		say("core: %s", strerrorname_np(errno));
		return;
	}
	fstat(fd, &st);
	const char *core = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	const Elf64_Ehdr *elf = (const void *)core;
	const Elf64_Phdr *phdr = (const void *)(core + elf->e_phoff);
	say("mode %o, an ELF core %d", st.st_mode & 0777, !memcmp(core, ELFMAG, SELFMAG) && elf->e_type == ET_CORE);
	say("notes %d", phdr->p_type == PT_NOTE);
	show_notes(core + phdr->p_offset, phdr->p_filesz);
	const char *found = at_address(core, (size_t)st.st_size, (uintptr_t)marked);
	say("the marked word: %s", found ? found : "is not there");
	const char *pointer = at_address(core, (size_t)st.st_size, (uintptr_t)&closed[0]);
	say("a pointer to it: %d", pointer && *(char *const *)pointer == marked);
	close(fd);
	unlink("core");
}

static void allow(rlim_t size)
{
	setrlimit(RLIMIT_CORE, &(struct rlimit){size, RLIM_INFINITY});
}

static void dies(const char *how, int signo, rlim_t limit)
{
	const pid_t child = fork();

	if (child == 0) {
		allow(limit);
		strcpy(marked, how);
		raise(signo);
		_exit(0);
	}
	wait_and_say(how, child);
	show_core();
}

static void *waits(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void with_threads(void)
{
	pthread_t thread;

	allow(RLIM_INFINITY);
	pthread_create(&thread, NULL, waits, NULL);
	pause_ms(5);
	strcpy(marked, "of two threads");
	*(volatile int *)8 = 1;
}

int main(void)
{
	char dir[] = "/tmp/conformance-XXXXXX";

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!mkdtemp(dir) || chdir(dir) < 0)
		return 1;
	prctl(PR_SET_NAME, "dies");
	dies("abort", SIGABRT, RLIM_INFINITY);
	dies("without a limit of more than 0", SIGQUIT, 0);
	dies("a limit that is too small", SIGSEGV, 1000);
	dies("a signal that dumps none", SIGTERM, RLIM_INFINITY);
	const pid_t child = fork();
	if (child == 0) {
		allow(RLIM_INFINITY);
		prctl(PR_SET_DUMPABLE, 0);
		abort();
	}
	wait_and_say("not dumpable", child);
	show_core();
	PART(with_threads);
	show_core();
	close(open("core", O_CREAT | O_WRONLY, 0600));
	chmod("core", 0400);
	link("core", "other");
	dies("in a place that is taken", SIGABRT, RLIM_INFINITY);
	return 0;
}
