/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-doctor.c - `hindcast doctor`: what recording needs of the host, and whether it is there. */
#include <errno.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "command.h"
#include "kernel-path.h"
#include "loader.h"
#include "rec-commands.h"
#include "tracee.h"

struct finding {
	bool ok;
	char text[256];		/* what was found */
};

static void found(struct finding *ret, bool ok, const char *text)
{
	ret->ok = ok;
	snprintf(ret->text, sizeof(ret->text), "%s", text);
}

/* Runs attempt() in a child, since what it asks for cannot be taken back: 0, or its errno. */
static int try_in_child(int (*attempt)(void))
{
	const pid_t pid = fork();
	int wait_status = 0;

	if (pid == 0)
		_exit(attempt() < 0 ? errno : 0);
	if (pid < 0 || waitpid(pid, &wait_status, 0) != pid || !WIFEXITED(wait_status))
		return EIO;
	return WEXITSTATUS(wait_status);
}

static void doctor_kernel_release(const struct fmt_arguments *args, struct finding *ret)
{
	struct utsname name;
	unsigned major = 0, minor = 0;

	CHECK(uname(&name) == 0);
	(void)sscanf(name.release, "%u.%u", &major, &minor);
	/* SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV came with 5.19. */
	found(ret, strcmp(name.machine, "x86_64") == 0 && (major > 5 || (major == 5 && minor >= 19)),
	      name.release);
}

/* A filter of NULL makes the kernel look at the flags first: EFAULT means that it knows them all. */
static int try_seccomp_flags(void)
{
	const unsigned flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | 1U << 5 /* WAIT_KILLABLE_RECV */;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, NULL) < 0 && errno == EFAULT ? 0 : -1;
}

static void doctor_seccomp(const struct fmt_arguments *args, struct finding *ret)
{
	uint32_t action = SECCOMP_RET_USER_NOTIF;

	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) < 0)
		found(ret, false, strerror(errno));
	else
		found(ret, try_in_child(try_seccomp_flags) == 0,
		      "user notification, new listener, killable wait");
}

/* Seizes and reads a child that waits for its death. */
static int try_tracing(void)
{
	static volatile uint64_t word = 0x68696e6463617374;
	const pid_t pid = fork();
	uint64_t copy = 0;

	if (pid == 0)
		for (;;)
			pause();
	const struct iovec here = {&copy, sizeof(copy)};
	const struct iovec there = {(void *)&word, sizeof(word)};
	const bool seized = pid > 0 && ptrace(PTRACE_SEIZE, pid, 0, 0) == 0;
	const bool read = seized && process_vm_readv(pid, &here, 1, &there, 1, 0) == sizeof(copy);
	const int saved = errno;

	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	errno = saved;
	return read && copy == word ? 0 : -1;
}

static void doctor_tracing(const struct fmt_arguments *args, struct finding *ret)
{
	const int error = try_in_child(try_tracing);

	found(ret, error == 0, error ? strerror(error) : "seize, process_vm_readv");
}

static int try_tsc(void)
{
	return prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0);
}

static void doctor_tsc(const struct fmt_arguments *args, struct finding *ret)
{
	const int error = try_in_child(try_tsc);

	found(ret, error == 0, error ? strerror(error) : "rdtsc can be made to trap");
}

static int try_cpuid(void)
{
	return (int)syscall(SYS_arch_prctl, 0x1012 /* ARCH_SET_CPUID */, 0UL);
}

/* Not a lack: without it the recorder patches the few cpuid instructions of a program. */
static void doctor_cpuid(const struct fmt_arguments *args, struct finding *ret)
{
	found(ret, true, try_in_child(try_cpuid) == 0 ? "cpuid can be made to trap"
						      : "cpuid does not trap; it is patched in programs");
}

static int try_tracer(void)
{
	struct rec_tracer *tracer = NULL;
	const char *reason = NULL;
	const int r = rec_tracer_new(&tracer, &reason);

	if (r == 0)
		rec_tracer_free(tracer);
	errno = -r;
	return r < 0 ? -1 : 0;
}

static void doctor_tracer(const struct fmt_arguments *args, struct finding *ret)
{
	const int error = try_in_child(try_tracer);

	found(ret, error == 0, error ? strerror(error) : "an empty supervised process starts");
}

static void doctor_image(const struct fmt_arguments *args, struct finding *ret)
{
	_cleanup_free_ char *path = rec__find_kernel(args);
	struct kg_image *image = NULL;

	if (!path) {
		found(ret, false, "none found");
		return;
	}
	const int r = kg_image_open(path, &image);
	if (r < 0) {
		snprintf(ret->text, sizeof(ret->text), "%s: %s", path, strerror(-r));
		return;
	}
	kg_image_close(image);
	found(ret, true, path);
}

static const struct check_row {
	const char *name;
	void (*check)(const struct fmt_arguments *args, struct finding *ret);
	const char *remedy;
} checks[] = {
	{"kernel", doctor_kernel_release, "hindcast needs Linux 5.19 or later on x86-64"},
	{"seccomp", doctor_seccomp, "allow seccomp(2) with user notification; in a container, use its default profile"},
	{"ptrace", doctor_tracing, "allow ptrace of own children: kernel.yama.ptrace_scope of 0 or 1"},
	{"tsc", doctor_tsc, "the CPU or its hypervisor must let rdtsc trap (PR_SET_TSC)"},
	{"cpuid", doctor_cpuid, ""},
	{"tracee", doctor_tracer, "see the lines above; if all are well, report it"},
	{"image", doctor_image, "build hindcast, or name an image with --kernel or HINDCAST_KERNEL"},
};

static enum fmt_status command_doctor(const struct fmt_arguments *args)
{
	enum fmt_status status = FMT_STATUS_OK;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct finding finding = {0};

		checks[i].check(args, &finding);
		printf("%-8s %-4s %s\n", checks[i].name, finding.ok ? "ok" : "NO", finding.text);
		if (!finding.ok) {
			printf("%-13s %s\n", "", checks[i].remedy);
			status = FMT_STATUS_HOST;
		}
	}
	return status;
}

const struct fmt_command rec_cmd_doctor = {
	.name = "doctor",
	.usage = "",
	.summary = "say whether this host can record, and what to change",
	.options = "kernel",
	.operand_min = 0,
	.operand_max = 0,
	.run = command_doctor,
};
