/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * process.c - birth, exec, signals and death: where the node's kernel and the native process act together.
 *
 * Birth: the native child is made first, since the kernel's child may write to its memory as
 * soon as it exists; if the kernel refuses, the native child goes again.
 * Exec: the kernel resolves the file and lets the old program go; then a new native process is filled and the old
 * one killed, so there is never a half-emptied process, and what shared its memory (a vfork parent) keeps it.
 * Signals: the kernel chooses which and when; the frame is built here, in the same bytes for every host.
 * Death: the kernel tells of it (rec__on_exit) in the middle of whatever it does; the native threads are
 * reaped afterwards (rec__reap).
 */
#include "node-int.h"

#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "effect.h"
#include "image.h"
#include "sigframe.h"
#include "tool.h"

#define PATH_DEFAULT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* ---- owners ------------------------------------------------------------- */

static struct rec_memory *memory_new(struct rec_node *node, const struct rec_memory *from)
{
	struct rec_memory *memory = calloc(1, sizeof(*memory));

	CHECK(memory != NULL);
	memory->refs = 1;
	memory->node = node;
	if (from) {
		rec_aspace_copy(&memory->as, &from->as);
		rec__attached_fork(memory, from);
		rec__code_fork(memory, from);
	}
	return memory;
}

void rec__memory_unref(struct rec_memory *memory)
{
	if (memory && --memory->refs == 0) {
		rec__attached_done(memory);
		rec_aspace_done(&memory->as);
		free(memory->code_pages);
		free(memory);
	}
}

static void exec_free(struct rec_exec *exec)
{
	if (!exec)
		return;
	free(exec->path);
	free(exec->strings);
	free(exec);
}

void rec__task_free(struct rec_node *node, struct rec_thread *t)
{
	CHECK(!t->queued);
	rec__delay_forget(node, t);
	rec__unpark(node, t);
	if (node->paused == t)
		node->paused = NULL;
	rec__effects_taken(node, t);
	rec__memory_unref(t->memory);
	exec_free(t->exec);
	fmt_buf_done(&t->effects);
	free(t->signals);
	free(t->tallies);
	node->threads[t->cookie - REC_COOKIE_FIRST] = NULL;
	free(t);
}

/* ---- exec ---------------------------------------------------------------- */

void rec__on_exec(void *ctx, kg_cookie task, const struct kg_exec *kg)
{
	struct rec_thread *t = rec__thread(ctx, task);

	if (!t)
		return;
	exec_free(t->exec);
	t->exec = calloc(1, sizeof(*t->exec));
	CHECK(t->exec != NULL);
	t->exec->kg = *kg;
	t->exec->path = strdup(kg->path);
	t->exec->strings = malloc(kg->strings_size + 1);
	CHECK(t->exec->path && t->exec->strings);
	memcpy(t->exec->strings, kg->strings, kg->strings_size);
}

/* The memory map that a plan makes. */
static void aspace_from_plan(struct rec_node *node, struct rec_aspace *as, const struct rec_image_plan *plan)
{
	struct fmt_effect effect;
	size_t pos = 0;

	while (fmt_effect_next(plan->effects.data, plan->effects.size, &pos, &effect) > 0) {
		if (effect.op == FMT_EFFECT_MAP && rec_aspace_allowed(effect.addr, effect.size)) {
			uint64_t ino = effect.file ? node->files[effect.file - 1] : 0;

			rec_aspace_map(as, &(struct rec_vma) {
				.start = effect.addr, .end = effect.addr + effect.size,
				.prot = (int)effect.prot, .flags = (int)effect.flags, .ino = ino,
				.offset = effect.offset });
		} else if (effect.op == FMT_EFFECT_PROTECT) {
			rec_aspace_protect(as, effect.addr, effect.size, (int)effect.prot);
		} else if (effect.op == FMT_EFFECT_UNMAP) {
			rec_aspace_unmap(as, effect.addr, effect.size);
		}
	}
	as->brk_start = as->brk = plan->brk_start;
}

static int plan_fd(void *arg, uint64_t file)
{
	struct rec_node *node = arg;

	if (!file || file > node->file_count)
		return -EBADF;
	return rec_nodefs_fd(node->fs, node->files[file - 1], false);
}

/* Readable form of argv for the event: arguments separated by spaces. */
static char *args_text(const struct rec_exec *exec, size_t *ret_size)
{
	char *text = malloc(exec->kg.strings_size + 1);
	const char *at = exec->strings, *end = exec->strings + exec->kg.strings_size;
	size_t size = 0;

	CHECK(text != NULL);
	for (uint32_t i = 0; i < exec->kg.argc && at < end; i++) {
		size_t length = strnlen(at, (size_t)(end - at));

		if (i)
			text[size++] = ' ';
		memcpy(text + size, at, length);
		size += length;
		at += length + 1;
	}
	*ret_size = size;
	return text;
}

static void tell_exec(struct rec_node *node, struct rec_thread *t, uint64_t file, uint64_t interp,
		      const struct rec_image_plan *plan)
{
	size_t args_size;
	_cleanup_free_ char *args = args_text(t->exec, &args_size);

	fmt_put_exec(&node->events, node->now, node->id, t->tid, &(struct fmt_ev_exec) {
		.pid = t->pid, .file = file, .interp = interp,
		.path = { (const uint8_t *)t->exec->path, strlen(t->exec->path) },
		.args = { (const uint8_t *)args, args_size },
		.regs = { (const uint8_t *)&plan->regs, sizeof(plan->regs) },
		.effects = { plan->effects.data, plan->effects.size } });
}

/* Fills a new native process with the program that the kernel has resolved.  0, or -errno of the program's
 * (-ENOEXEC...) or of ours (node->failure is set then). */
static int fill(struct rec_node *node, struct rec_thread *t)
{
	const struct kg_exec *kg = &t->exec->kg;
	uint8_t random[16];
	uint64_t file = 0, interp = 0;
	int r = rec__file_number(node, kg->file_ino, &file);

	if (r == 0 && kg->interp_ino)
		r = rec__file_number(node, kg->interp_ino, &interp);
	if (r < 0)
		return r;
	rec_stream_bytes(&node->random, random, sizeof(random));
	struct rec_image_request request = {
		.file_fd = rec_nodefs_fd(node->fs, kg->file_ino, false),
		.interp_fd = kg->interp_ino ? rec_nodefs_fd(node->fs, kg->interp_ino, false) : -1,
		.file = file, .interp = interp, .exec_path = t->exec->path,
		.strings = t->exec->strings, .strings_size = kg->strings_size,
		.argc = kg->argc, .envc = kg->envc, .uid = kg->uid, .euid = kg->euid,
		.gid = kg->gid, .egid = kg->egid, .secure = kg->secure, .random = random,
	};
	_cleanup_(rec_image_plan_done) struct rec_image_plan plan = { 0 };

	r = rec_image_plan(&request, /* patch_cpuid= */ true, &plan);
	if (r < 0)
		return r;
	struct rec_memory *memory = memory_new(node, NULL);
	struct rec_tracee *fresh;

	aspace_from_plan(node, &memory->as, &plan);
	rec__code_hold(&memory->as, &plan.effects);
	r = rec_tracee_new(node->env->tracer, node->clock_fd, &fresh);
	if (r == 0)
		rec_tracee_fast(fresh, node->clock);
	if (r == 0)
		r = rec_effects_apply(fresh, plan.effects.data, plan.effects.size, plan_fd, node, NULL);
	if (r == 0)
		r = rec_tracee_set_regs(fresh, &plan.regs);
	if (r < 0) {
		rec__memory_unref(memory);
		node->failure = r;
		return r;
	}
	rec__effects_taken(node, t);
	tell_exec(node, t, file, interp, &plan);
	if (t->tracee)
		rec_tracee_kill(t->tracee);
	t->tracee = fresh;
	rec__memory_unref(t->memory);
	t->memory = memory;
	rec__tell_layout(node, t, &plan);
	return 0;
}

int rec__become(struct rec_node *node, struct rec_thread *t)
{
	uint32_t tid, pid, parent;

	if (node->api->task_ids(t->cookie, &tid, &pid, &parent) == 0) {
		t->tid = tid;
		t->pid = pid;
	}
	node->current = NULL;	/* the call is over */
	rec__reap(node);
	int r = fill(node, t);

	const char *slash = strrchr(t->exec->path, '/');

	snprintf(t->program, sizeof(t->program), "%s", slash ? slash + 1 : t->exec->path);
	exec_free(t->exec);
	t->exec = NULL;
	t->entered = false;
	if (r < 0 && !node->failure) {
		/* Past the point of no return: as Linux does, the process dies. */
		uint64_t args[6] = { t->pid, SIGKILL };
		int64_t result;

		rec__warn(node, t->tid, "execve: cannot load the program: %s", strerrorname_np(-r));
		rec__kernel_call(node, KG_INIT, __NR_kill, args, 0, &result);
		return 0;
	}
	if (r == 0)
		rec__ready(node, t, false);
	return r;
}

int rec__execve(struct rec_node *node, struct rec_thread *t)
{
	int64_t result = 0;

	rec__enter(node, t);
	t->state = REC_THREAD_IN_CALL;
	enum kg_outcome outcome = rec__kernel_call(node, t->cookie, t->call.nr, t->call.args, 0, &result);

	if (outcome != KG_DONE)
		return 0;
	if (result < 0 || !t->exec) {
		rec__finish(node, t, result);
		return 0;
	}
	return rec__become(node, t);
}

/* ---- processes of the experiment ------------------------------------------ */

/* Opens the three standard streams of a new process, as descriptors 0, 1, 2. */
static int open_streams(struct rec_node *node, struct rec_thread *t, const struct rec_exp_process *exp)
{
	for (unsigned stream = 0; stream < 3; stream++) {
		static const char *const SUFFIX[] = { "stdin", "stdout", "stderr" };
		char name[300], path[400], host[5000];

		snprintf(name, sizeof(name), "%s.%s", exp->name, SUFFIX[stream]);
		snprintf(path, sizeof(path), REC_NODEFS_IO "/%s", name);
		snprintf(host, sizeof(host), "%s/%s", node->data_dir, name);
		const char *file = stream ? host : exp->stdin_path;
		int r = rec_nodefs_io(node->fs, name, file, stream);

		if (r < 0)
			return r;
		int64_t fd = rec__init_call(node, t->cookie, __NR_openat, (uint64_t)AT_FDCWD, REC_PTR(path),
					    stream ? O_WRONLY | O_APPEND : O_RDONLY, 0, 0, 0);

		if (fd < 0)
			return (int)fd;
		if (fd != stream) {
			rec__init_call(node, t->cookie, __NR_dup2, (uint64_t)fd, stream, 0, 0, 0, 0);
			rec__init_call(node, t->cookie, __NR_close, (uint64_t)fd, 0, 0, 0, 0, 0);
		}
	}
	return 0;
}

/* The kernel reckons with its own memory, which holds no program; programs get the limits of an ordinary machine. */
static void set_limits(struct rec_node *node, struct rec_thread *t)
{
	static const struct {
		uint64_t which;
		struct rlimit limit;
	} LIMITS[] = {
		{ RLIMIT_NPROC, { REC_TASKS_MAX, REC_TASKS_MAX } },
		{ RLIMIT_SIGPENDING, { REC_TASKS_MAX, REC_TASKS_MAX } },
		{ RLIMIT_NOFILE, { 1024, 1 << 19 } },
		{ RLIMIT_MEMLOCK, { 8 << 20, 8 << 20 } },
	};

	for (size_t i = 0; i < sizeof(LIMITS) / sizeof(*LIMITS); i++)
		rec__init_call(node, t->cookie, __NR_prlimit64, 0, LIMITS[i].which, REC_PTR(&LIMITS[i].limit), 0, 0, 0);
}

static int64_t exec_at(struct rec_node *node, struct rec_thread *t, const char *path,
		       const struct rec_exp_process *exp)
{
	size_t argc = 0, envc = 0;

	while (exp->args[argc])
		argc++;
	while (exp->env && exp->env[envc])
		envc++;
	_cleanup_free_ uint64_t *argv = calloc(argc + 1, sizeof(*argv));
	_cleanup_free_ uint64_t *envp = calloc(envc + 1, sizeof(*envp));

	CHECK(argv && envp);
	for (size_t i = 0; i < argc; i++)
		argv[i] = REC_PTR(exp->args[i]);
	for (size_t i = 0; i < envc; i++)
		envp[i] = REC_PTR(exp->env[i]);
	return rec__init_call(node, t->cookie, KG_NR_EXEC, REC_PTR(path), REC_PTR(argv), REC_PTR(envp), 0, 0, 0);
}

/* Looks a program up as execvp() does, along the PATH of its environment. */
static int64_t exec_search(struct rec_node *node, struct rec_thread *t, const struct rec_exp_process *exp)
{
	const char *search = PATH_DEFAULT;
	int64_t result = -ENOENT;

	if (strchr(exp->path, '/'))
		return exec_at(node, t, exp->path, exp);
	if (rec_tool_is(exp->path)) {
		_cleanup_free_ char *path = NULL;

		CHECK(asprintf(&path, REC_TOOL_DIR "/%s", exp->path) > 0);
		return exec_at(node, t, path, exp);
	}
	for (char **env = exp->env; env && *env; env++)
		if (!strncmp(*env, "PATH=", 5))
			search = *env + 5;
	while (*search && result < 0) {
		size_t size = strcspn(search, ":");
		char path[4096];

		snprintf(path, sizeof(path), "%.*s/%s", (int)size, search, exp->path);
		result = exec_at(node, t, path, exp);
		search += size + (search[size] == ':');
	}
	return result;
}

void rec__root_start(struct rec_node *node, struct rec_root *root)
{
	struct rec_thread *t = rec__task_new(node);
	int64_t pid = rec__init_call(node, KG_INIT, KG_NR_SPAWN, t->cookie, 0, 0, 0, 0, 0);
	const char *name = root->exp->name;

	root->started = true;
	root->thread = t->cookie;
	t->root = t->origin = root;
	t->state = REC_THREAD_IN_CALL;
	t->entered = true;	/* no event ends a slice that never was */
	t->tid = t->pid = root->pid = (uint32_t)pid;
	if (pid < 0) {
		root->ended = true;
		root->code = -1;
		rec__warn(node, 0, "%s cannot be started: %s", name, strerrorname_np((int)-pid));
		return;
	}
	/* Init ignores SIGCHLD, so that orphans are reaped; an exec would hand that on to a program whose
	 * children were then gone before it could wait for them. */
	static const uint64_t DEFAULT_ACTION[4];

	rec__init_call(node, t->cookie, __NR_rt_sigaction, SIGCHLD, REC_PTR(DEFAULT_ACTION), 0, 8, 0, 0);
	set_limits(node, t);
	rec__init_call(node, t->cookie, __NR_setsid, 0, 0, 0, 0, 0, 0);
	fmt_put_start(&node->events, node->now, node->id, t->tid, &(struct fmt_ev_start) {
		.pid = t->pid, .name = { (const uint8_t *)name, strlen(name) } });
	int64_t r = open_streams(node, t, root->exp);

	if (r == 0)
		r = exec_search(node, t, root->exp);
	if (r == 0 && t->exec) {
		rec__become(node, t);
		return;
	}
	uint64_t args[6] = { 127 << 8 };
	int64_t result;

	rec__warn(node, t->tid, "%s: %s cannot be executed: %s", name, root->exp->path,
		  strerrorname_np((int)-r) ?: "?");
	args[0] = 127;
	rec__kernel_call(node, t->cookie, __NR_exit_group, args, 0, &result);
}

void rec__root_again(struct rec_node *node, struct rec_root *root)
{
	root->started = root->ended = root->lost = root->again = false;
	root->shut_down = root->exp->shutdown_time <= node->now;
	root->start_at = node->now;
}

void rec__root_shutdown(struct rec_node *node, struct rec_root *root)
{
	root->shut_down = true;
	if (root->started && !root->ended)
		rec__init_call(node, KG_INIT, __NR_kill, root->pid, (uint64_t)root->exp->shutdown_signal, 0, 0, 0, 0);
}

/* ---- clone ----------------------------------------------------------------- */

/* What a birth means natively, whichever of the four calls asks for it. */
struct birth {
	uint64_t nr, args[6];			/* as the kernel is asked; fork and vfork are clones */
	uint64_t flags, stack, tls;
};

static struct birth birth_of(const struct rec_thread *t)
{
	const struct rec_stop_info *call = &t->call;
	struct birth birth = { .nr = __NR_clone };
	struct clone_args args = { 0 };

	if (call->nr == __NR_clone || call->nr == __NR_clone3)
		memcpy(birth.args, call->args, sizeof(birth.args));
	else
		birth.args[0] = call->nr == __NR_vfork ? CLONE_VM | CLONE_VFORK | SIGCHLD : SIGCHLD;
	if (call->nr != __NR_clone3) {
		birth.flags = birth.args[0];
		birth.stack = birth.args[1];
		birth.tls = birth.args[4];
		return birth;
	}
	/* What cannot be read, the kernel cannot read either, and refuses. */
	birth.nr = __NR_clone3;
	if (birth.args[1] >= CLONE_ARGS_SIZE_VER0)
		rec_tracee_read(t->tracee, &args, birth.args[0],
				birth.args[1] < sizeof(args) ? birth.args[1] : sizeof(args));
	birth.flags = args.flags;
	birth.stack = args.stack ? args.stack + args.stack_size : 0;
	birth.tls = args.tls;
	return birth;
}

static void child_born(struct rec_node *node, struct rec_thread *t, struct rec_thread *child,
		       const struct birth *birth)
{
	uint32_t parent;

	CHECK(node->api->task_ids(child->cookie, &child->tid, &child->pid, &parent) == 0);
	fmt_put_clone(&node->events, node->now, node->id, t->tid, &(struct fmt_ev_clone) {
		.child_tid = child->tid, .child_pid = child->pid, .flags = birth->flags,
		.stack = birth->stack, .tls = birth->tls });
	child->state = REC_THREAD_IN_CALL;
	child->entered = child->newborn = true;
	child->call.nr = t->call.nr;
	memcpy(child->program, t->program, sizeof(child->program));
}

/* The kernel has refused: the native child goes again. */
static void unborn(struct rec_node *node, struct rec_thread *child, uint64_t flags)
{
	if (flags & CLONE_THREAD)
		rec_tracee_exit(child->tracee);
	else
		rec_tracee_kill(child->tracee);
	child->tracee = NULL;
	rec__task_free(node, child);
}

int rec__clone(struct rec_node *node, struct rec_thread *t)
{
	const struct birth birth = birth_of(t);
	int64_t result = 0;

	rec__enter(node, t);
	struct rec_thread *child = rec__task_new(node);

	child->origin = t->origin;
	int r = rec_tracee_clone(t->tracee, birth.flags, birth.stack, birth.tls, &child->tracee);

	if (r == -EPERM) {	/* no address that a program can have */
		rec__task_free(node, child);
		rec__finish(node, t, r);
		return 0;
	}
	if (r < 0)
		return r;
	if (birth.flags & CLONE_VM) {
		child->memory = t->memory;
		child->memory->refs++;
	} else {
		child->memory = memory_new(node, t->memory);
	}
	t->state = REC_THREAD_IN_CALL;
	node->api->set_child(t->cookie, child->cookie);
	enum kg_outcome outcome = rec__kernel_call(node, t->cookie, birth.nr, birth.args, 0, &result);

	if (outcome == KG_PANIC)
		return 0;
	if (outcome == KG_DONE && result < 0) {
		unborn(node, child, birth.flags);
		rec__finish(node, t, result);
		return 0;
	}
	/* The child's own first act in the kernel, the write of its tid, has to be done before it runs. */
	child_born(node, t, child, &birth);
	if (outcome == KG_DONE)
		rec__finish(node, t, result);
	else if (outcome == KG_GONE)
		return 0;
	if (node->api->pending())
		node->panicked |= node->api->run() == KG_PANIC;
	if (child->state == REC_THREAD_IN_CALL) {
		child->quantum = 0;
		rec__finish(node, child, 0);
	}
	return 0;
}

/* ---- signals ---------------------------------------------------------------- */

void rec__on_signal(void *ctx, kg_cookie task, const struct kg_signal *sig)
{
	struct rec_thread *t = rec__thread(ctx, task);

	if (!t)
		return;
	CHECK(t->signal_count < REC_SIGNAL_MAX);
	t->signals = reallocarray(t->signals, t->signal_count + 1, sizeof(*t->signals));
	CHECK(t->signals != NULL);
	t->signals[t->signal_count++] = *sig;
}

/* The processor's error code of the page fault that a thread stands at; ptrace does not tell it, the map tells most of it. */
static uint64_t fault_error(const struct rec_thread *t)
{
	enum { PRESENT = 1, WRITE = 2, USER = 4, FETCH = 16 };
	const struct rec_stop_info *stop = &t->call;
	const struct rec_vma *vma = rec_aspace_at(&t->memory->as, stop->addr);
	uint64_t error = USER;

	if (stop->kind != REC_STOP_FAULT)
		return 0;
	if (stop->signo == SIGSEGV && stop->code == SEGV_ACCERR)
		error |= PRESENT;
	if (stop->addr == stop->pc)
		return error | FETCH;
	return vma && (error & PRESENT) && (vma->prot & PROT_READ) ? error | WRITE : error;
}

static int push_one(struct rec_node *node, struct rec_thread *t, const struct kg_signal *sig,
		    struct user_regs_struct *regs, const struct user_fpregs_struct *fp)
{
	_cleanup_(fmt_buf_done) struct fmt_buf effects = { 0 };
	struct user_regs_struct after;

	if (sig->restart) {
		/* The syscall instruction is two bytes long. */
		regs->rip -= 2;
		regs->rax = t->call.nr;
	}
	int r = rec_sigframe_push(sig, regs, fp, fault_error(t), &effects, &after);

	if (r == 0)
		r = rec_effects_apply(t->tracee, effects.data, effects.size, NULL, NULL, NULL);
	if (r < 0)
		return r;
	fmt_put_signal(&node->events, node->now, node->id, t->tid, &(struct fmt_ev_signal) {
		.signo = sig->signo, .handler = sig->handler,
		.regs = { (const uint8_t *)&after, sizeof(after) },
		.effects = { effects.data, effects.size } });
	*regs = after;
	return 0;
}

/* There is no stack for a frame: SIGSEGV instead, for which there may be one; if this was SIGSEGV, death by it. */
static void no_room(struct rec_node *node, struct rec_thread *t, uint32_t signo)
{
	static const uint64_t DEFAULT_ACTION[4];
	const uint64_t args[6] = { SIGSEGV, (uint64_t)SI_KERNEL, 0 };
	int64_t result;

	if (signo == SIGSEGV)
		rec__init_call(node, t->cookie, __NR_rt_sigaction, SIGSEGV, REC_PTR(DEFAULT_ACTION), 0, 8, 0, 0);
	enum kg_outcome outcome = rec__kernel_call(node, t->cookie, KG_NR_FAULT, args, 0, &result);

	if (outcome == KG_BLOCKED)
		rec__resume(node, t, outcome);
}

int rec__push_signals(struct rec_node *node, struct rec_thread *t)
{
	struct user_regs_struct regs;
	struct user_fpregs_struct fp;
	size_t i;
	int r = rec_tracee_trap(t->tracee);

	if (r == 0)
		r = rec_tracee_get_regs(t->tracee, &regs);
	if (r == 0)
		r = rec_tracee_get_fpregs(t->tracee, &fp);
	for (i = 0; r == 0 && i < t->signal_count && t->state == REC_THREAD_READY; i++) {
		const struct kg_signal sig = t->signals[i];

		r = push_one(node, t, &sig, &regs, &fp);
		if (r == -EFAULT) {
			no_room(node, t, sig.signo);	/* may add to the list, or end the thread */
			r = 0;
		}
	}
	if (r < 0)
		return r;
	t->signal_count -= i;
	memmove(t->signals, t->signals + i, t->signal_count * sizeof(*t->signals));
	return rec_tracee_set_regs(t->tracee, &regs);
}

int rec__sigreturn(struct rec_node *node, struct rec_thread *t)
{
	struct user_regs_struct at, regs;
	struct user_fpregs_struct fp;
	struct rec_sigframe_rest restored;
	int64_t result;

	rec__enter(node, t);
	int r = rec_tracee_get_regs(t->tracee, &at);

	if (r == 0)
		r = rec_sigframe_pop(t->tracee, &at, &regs, &fp, &restored);
	if (r < 0) {
		uint64_t fault[6] = { SIGSEGV, (uint64_t)SI_KERNEL, 0 };

		t->state = REC_THREAD_IN_CALL;
		rec__resume(node, t, rec__kernel_call(node, t->cookie, KG_NR_FAULT, fault, 0, &result));
		return 0;
	}
	uint8_t all[sizeof(regs) + sizeof(fp)];

	memcpy(all, &regs, sizeof(regs));
	memcpy(all + sizeof(regs), &fp, sizeof(fp));
	fmt_put_sigreturn(&node->events, node->now, node->id, t->tid, &(struct fmt_ev_sigreturn) {
		.regs = { all, sizeof(all) } });
	t->entered = false;
	node->current = NULL;	/* the call is over */
	r = rec_tracee_set_regs(t->tracee, &regs);
	if (r == 0)
		r = rec_tracee_set_fpregs(t->tracee, &fp);
	if (r < 0)
		return r;
	uint64_t args[6] = { restored.mask, restored.altstack_sp, restored.altstack_size, restored.altstack_flags };

	/* READY already: a signal that the mask held back may kill it in this very call. */
	t->state = REC_THREAD_READY;
	rec__resume(node, t, rec__kernel_call(node, t->cookie, KG_NR_SIGRETURN, args, 0, &result));
	return 0;
}

/* ---- death ------------------------------------------------------------------- */

void rec__exit(struct rec_node *node, struct rec_thread *t)
{
	int64_t result;

	rec__enter(node, t);
	t->state = REC_THREAD_IN_CALL;
	rec__kernel_call(node, t->cookie, t->call.nr, t->call.args, 0, &result);
}

/* Whether no other thread of the process is alive. */
static bool is_last(const struct rec_node *node, const struct rec_thread *t)
{
	for (size_t i = 0; i < node->thread_count; i++) {
		const struct rec_thread *other = node->threads[i];

		if (other && other != t && other->pid == t->pid && other->state != REC_THREAD_DEAD)
			return false;
	}
	return true;
}

/* A process of the experiment, if pid is one's; those of a kernel before a restart had the same numbers. */
static void root_ended(struct rec_node *node, uint32_t pid, kg_s32 code)
{
	for (size_t i = 0; i < node->root_count; i++) {
		struct rec_root *root = &node->roots[i];

		if (!root->started || root->ended || root->pid != pid)
			continue;
		root->ended = true;
		root->code = code;
		if (root->again)
			rec__root_again(node, root);
	}
}

void rec__on_exit(void *ctx, kg_cookie task, kg_s32 code)
{
	struct rec_node *node = ctx;
	struct rec_thread *t = rec__thread(node, task);

	if (!t || t->state == REC_THREAD_DEAD)
		return;
	/* Its own call may be what it dies of; then the slice before that call comes first. */
	rec__before_event(node, NULL);
	rec__unready(node, t);
	rec__delay_forget(node, t);
	t->state = REC_THREAD_DEAD;
	t->last = is_last(node, t);
	node->dead_count++;
	fmt_put_exit(&node->events, node->now, node->id, t->tid, &(struct fmt_ev_exit) {
		.pid = t->pid, .code = (uint32_t)code, .last = t->last,
		.effects = { t->effects.data, t->effects.size } });
	rec__effects_taken(node, t);
	if (t->last)
		root_ended(node, t->pid, code);
}

static void reap_one(struct rec_node *node, struct rec_thread *t)
{
	if (t->tracee && t->last)
		rec_tracee_kill(t->tracee);
	else if (t->tracee)
		rec_tracee_exit(t->tracee);
	t->tracee = NULL;
	rec__task_free(node, t);
	node->dead_count--;
}

int rec__reap(struct rec_node *node)
{
	/* The last thread takes its native process along: its siblings go first. */
	for (int last = 0; last < 2; last++)
		for (size_t i = 0; node->dead_count && i < node->thread_count; i++) {
			struct rec_thread *t = node->threads[i];

			if (t && t->state == REC_THREAD_DEAD && t != node->current && t->last == last)
				reap_one(node, t);
		}
	return 0;
}
