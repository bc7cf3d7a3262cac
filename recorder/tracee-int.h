/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tracee-int.h - what the files of the tracee layer share. */
#ifndef REC_TRACEE_INT_H
#define REC_TRACEE_INT_H

#include <linux/seccomp.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/types.h>

#include "tracee.h"

#define REC_PAGE 4096ULL

#define REC_NOTIF_SYNC_WAKE_UP 1UL	/* SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP, Linux 6.6 */
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif

/* Everything from here to the end of user space is hindcast's own: no effect maps, unmaps or writes there. */
#define REC_OWN_START REC_STUB_ADDR
#define REC_USER_END  0x7ffffffff000ULL

/* The stub page begins with the gadget: syscall, then int3s. */
#define REC_GADGET     REC_STUB_ADDR
#define REC_GADGET_END (REC_STUB_ADDR + 2)

#define REC_FLAG_RF 0x10000ULL	/* of eflags: the next instruction meets no breakpoint */

enum rec_state {
	REC_NOTIFIED,	/* in a seccomp notification that has not been replied to */
	REC_TAKEN,	/* spins for its answer, fastcall.c */
	REC_TRAPPED,	/* in a ptrace stop */
	REC_RUNNING,	/* only inside rec_tracee_run() and its like */
	REC_GONE,	/* reaped, or as good as */
};

/* What pending answer a thread owes its program. */
enum rec_pending {
	REC_PENDING_NONE,
	REC_PENDING_SYSCALL,	/* the call waits for rec_tracee_answer() */
	REC_PENDING_TSC,	/* the instruction waits for rec_tracee_answer_tsc() */
};

struct rec_process {
	struct rec_tracer *tracer;
	struct rec_process *next, **prev_next;
	struct rec_tracee *threads;
	pid_t tgid;
	struct rec_fast *fast;	/* words of fastcall.c, NULL: it has none */
	int mem_fd;		/* /proc/tgid/mem, opened at the first write to protected memory; -1 */
};

struct rec_tracee {
	struct rec_process *process;
	struct rec_tracee *next, **prev_next;
	pid_t tid;
	enum rec_state state;
	enum rec_pending pending;
	uint64_t notif_id;	/* REC_NOTIFIED */
	bool answered;		/* answer is valid */
	int64_t answer;
	bool regs_valid;	/* regs holds what the program will see (answer excluded) */
	bool regs_dirty;	/* regs differ from the kernel's */
	bool own_call;		/* stands in the EVENT_SECCOMP stop of its own call: it can be turned into another */
	uint64_t own_nr;	/* its number: only calls of the filter's trace class can take its place */
	unsigned tsc_size;	/* length of the instruction that waits */
	bool tsc_aux;		/* it is rdtscp */
	bool stepped_in;	/* was being stepped when its call came: the host tells of the step when the call ends */
	struct user_regs_struct regs;
};

struct rec_tracer {
	pid_t zygote;
	int listener;
	bool patches;			/* cpuid cannot fault here */
	bool sync_wake_up;		/* a notification runs its receiver on the same processor */
	struct rec_tracee *zygote_thread;
	struct rec_process *processes;
	struct rec_fast_ways *fast_ways;	/* NULL: calls come as notifications alone */
	struct rec_tracee *fast_waiter;		/* REC_TAKEN, at most one */
	unsigned fast_misses, fast_rest;	/* in vain, in a row; calls for which nobody looks */
	bool fast_woken;			/* the running thread had slept */
	struct sigaction old_sigchld;
	sigset_t old_mask;
};

/* stub.S: receives one notification.  -EINTR at once when *rec__child_event is set before or
 * during the wait; the handler of SIGCHLD knows the two labels. */
long rec__notif_recv(int fd, struct seccomp_notif *notif);
extern const char rec__notif_recv_start[], rec__notif_recv_call[], rec__notif_recv_abort[];
extern volatile int rec__child_event;

/* vdso/embed.S: the image, built into the program. */
extern const uint8_t rec__vdso_start[], rec__vdso_end[];

/* tracee-filter.c */
int rec__filter_install(void);		/* in the zygote; the listener, or -errno. */
bool rec__filter_traces(uint64_t nr);

/* fastcall.c */
void rec__fast_done(struct rec_tracer *tracer);

/* tracee-tsc.c */
void rec__tsc_share(void);
void rec__tsc_unshare(void);

/* zygote.c: 0 or -errno, with a reason for a person. */
int rec__zygote_start(struct rec_tracer *tracer, const char **ret_reason);

/* tracee.c */
struct rec_tracee *rec__thread_new(struct rec_process *process, pid_t tid);
struct rec_process *rec__process_new(struct rec_tracer *tracer, pid_t tgid);
void rec__thread_free(struct rec_tracee *thread);	/* and its process with the last one */
/* Waits for the next ptrace stop of a thread. 0 (*ret_status), -ESRCH when it has ended. */
int rec__wait_stop(struct rec_tracee *thread, int *ret_status);
/* Runs a thread to its next stop.  request: PTRACE_CONT or PTRACE_SINGLESTEP.  0 (*ret, zeroed before) or -errno. */
int rec__tracee_run_by(struct rec_tracee *thread, enum __ptrace_request request, struct rec_stop_info *ret);

/* tracee-step.c: in a virtual machine it happens, once in some hundred thousand times, that the register is lost that says why the
 * processor stopped (DR6).  Linux takes such a stop for that of an icebp instruction, and the program would get a SIGTRAP of nobody's.
 * What it was can be told from where it was: of a thread that was stepped from `before`, or ran. */
void rec__name_trap(struct rec_tracee *thread, bool stepped, uint64_t before, struct rec_stop_info *stop);

/* tracee-registers.c */
/* Hands cached registers back to the kernel, the answer included. */
int rec__flush_regs(struct rec_tracee *thread);
int rec__fetch_regs(struct rec_tracee *thread);

#endif
