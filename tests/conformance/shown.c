/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shown.c - executed by exec.c in four links (static, static-pie, pie, not pie): tells what it was given. */
#include "say.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/prctl.h>

static __thread int thread_local = 17;
extern char **environ;

int main(int argc, char **argv)
{
	char comm[16] = "", cwd[200];
	sigset_t set;
	struct sigaction action;

	say("%d arguments", argc);
	for (int i = 0; i < argc && i < 8; i++)
		say("argument %d: %.60s", i, strrchr(argv[i], '/') ? strrchr(argv[i], '/') : argv[i]);
	for (char **env = environ; *env; env++)
		say("environment: %s", *env);
	prctl(PR_GET_NAME, comm);
	say("comm %s, thread local %d", comm, thread_local);
	say("execfn ends in %s", strrchr((const char *)getauxval(AT_EXECFN), '/'));
	IS(getauxval(AT_PAGESZ) == 4096);
	IS(getauxval(AT_RANDOM) != 0);
	say("secure %lu, uid %lu", getauxval(AT_SECURE), getauxval(AT_UID));
	IS(getauxval(AT_SYSINFO_EHDR) != 0);
	IS(fcntl(7, F_GETFD) >= 0);
	IS(fcntl(8, F_GETFD) >= 0);
	sigprocmask(SIG_BLOCK, NULL, &set);
	IS(sigismember(&set, SIGUSR1));
	sigaction(SIGUSR2, NULL, &action);
	IS(action.sa_handler == SIG_DFL);
	sigaction(SIGHUP, NULL, &action);
	IS(action.sa_handler == SIG_IGN);
	say("cwd %s", getcwd(cwd, sizeof(cwd)));
	return argc > 1 ? atoi(argv[1]) : 0;
}
