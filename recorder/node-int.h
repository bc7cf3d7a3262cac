/* SPDX-License-Identifier: GPL-2.0-or-later */
/* node-int.h - the inside of a node, shared by the files that make one: node.c (clock, network), supervisor.c
 * (the life of a syscall), process.c (birth, exec, signals, death), memory.c (mappings), netcfg.c (addresses). */
#ifndef REC_NODE_INT_H
#define REC_NODE_INT_H

#include "aspace.h"
#include "event.h"
#include "host.h"
#include "link.h"
#include "node-clock.h"
#include "node.h"
#include "nodefs.h"
#include "tracee.h"
#include "witness.h"

/* Last component of a program's path, cut. */
#define REC_PROGRAM_MAX 64

/* A page that a program may both write and execute, and has executed (code-pages.c). */
struct rec_code_page {
	uint64_t addr;
	int prot;		/* as the host has it */
	unsigned turns;		/* how often it was written after it had been executed */
};

/* A process as far as its memory goes: threads and vfork children share one. */
struct rec_memory {
	struct rec_aspace as;
	struct rec_node *node;
	struct rec_attached *attached;
	size_t attached_count;
	struct rec_code_page *code_pages;	/* by address */
	size_t code_page_count, code_page_capacity;
	unsigned refs;
};

/* A mapping that the kernel counts (attached.c). */
struct rec_attached {
	uint64_t addr, size;
	uint64_t ino;		/* file of the node that holds its bytes */
	uint64_t id;		/* the kernel's: shmid or ring */
	bool is_ring;
};

/* A process of the experiment file. */
struct rec_root {
	const struct rec_exp_process *exp;
	kg_cookie thread;	/* its first thread, 0 before it starts */
	uint32_t pid;
	vtime_ns start_at;	/* while it has not started: exp->start_time, or when its host came back */
	bool started, ended, shut_down;
	bool lost;		/* it ran when the host went down */
	bool again;		/* it is to start again when it has ended */
	int code;		/* as wait(2) gives it */
};

/* A call that was refused, and the program that made it. */
struct rec_refused {
	uint64_t nr, count;
	int error;
	char program[REC_PROGRAM_MAX];
};

enum rec_thread_state {
	REC_THREAD_READY,	/* may run: its last call is answered */
	REC_THREAD_IN_CALL,	/* stands in a syscall that the kernel has not finished */
	REC_THREAD_HELD,	/* its call waits to be carried out, or answered (delay.c) */
	REC_THREAD_DEAD,	/* its exit event is out; the native thread is to be reaped */
};

/* Frames that wait for one thread: the kernel keeps at most RLIMIT_SIGPENDING signals, and a main stack has no room
 * for more frames. */
#define REC_SIGNAL_MAX (1u << 20)

struct rec_thread {
	kg_cookie cookie;
	uint32_t tid, pid;
	enum rec_thread_state state;
	bool queued;		/* in the ready queue */
	bool entered;		/* the syscall-enter event of the present call is out */
	bool hosted;		/* stands in a call that no event tells (end of a handler, fault): stopped, mostly */
	bool newborn;		/* out of clone, and not yet told of its return */
	bool last;		/* DEAD: the whole process goes */
	bool interrupted;	/* its last slice was ended from outside: the kernel has to be told that it goes on */
	bool dirty;		/* effects is not empty, while it stands in a call */
	struct rec_tracee *tracee;
	struct rec_memory *memory;
	struct rec_root *root;	/* NULL: not the first of an experiment's process */
	struct rec_stop_info call;
	vtime_ns ran;		/* of the slice that call ended */
	struct fmt_buf effects;	/* of the present call, not yet in an event */
	struct kg_signal *signals;
	size_t signal_count;
	struct rec_exec *exec;	/* a new program is to be filled in */
	char program[REC_PROGRAM_MAX];
	struct rec_root *origin;/* process of the experiment that it comes from */
	vtime_ns held_until;	/* HELD */
	bool held_call;		/* its call is still to be carried out */
	int64_t held_result;	/* else its answer */
	uint64_t exit_ns;	/* how long the present call is to take after it was carried out */
	const struct rec_inject_rule *placed;	/* takes the place of the held call, NULL: none */
	struct rec_tally *tallies;	/* of calls that rules mean */
	size_t tally_count;
	unsigned quantum;	/* calls left before it goes to the back of the queue */
	struct rec_loop *loop;	/* READY, but parked: it waits in this loop for memory to change */
};

/* A copy of struct kg_exec that outlives the callback. */
struct rec_exec {
	struct kg_exec kg;
	char *path, *strings;
};


struct rec_node {
	struct rec_nodefs *fs;		/* first: nodefs.c finds it through the kernel's ctx */
	const struct rec_node_env *env;
	const struct rec_exp_node *exp;
	node_id id;
	bool panicked;			/* has no kernel that could run: it died, or the host is down */
	bool frozen;			/* paused as a whole: nothing happens */
	unsigned boots;
	size_t fault_next;		/* of exp->faults: the first that is to come */
	int failure;			/* -errno: hindcast itself cannot go on with this node */
	char failure_text[512];		/* more about it, "" without */
	struct kg_host host;
	struct kg_instance *instance;
	const struct kg_api *api;
	vtime_ns now;
	vtime_ns until;			/* end of the present window */
	vtime_ns slice_start;
	uint64_t slice_base_ns;		/* what the node's clock showed then */
	struct rec_thread *paused;	/* whose slice has been stopped at the clock, and is not over (slice.c) */
	unsigned free_turns;		/* pauses of this slice at a clock that stands still */
	unsigned still_slices;		/* slices so far that began at slice_start */
	size_t parked_count;
	struct fmt_buf events;
	struct rec_witness *witness;
	struct rec_thread *current;	/* whose syscall is being carried out and not yet answered */
	struct rec_thread **threads;	/* [cookie - REC_COOKIE_FIRST], NULL when reaped */
	size_t thread_count, thread_capacity;
	struct rec_thread **ready;	/* ring */
	size_t ready_head, ready_count, ready_capacity;
	size_t dead_count, dirty_count, held_count;
	const struct rec_exp_fault **call_faults;	/* rules for system calls that are in force */
	size_t call_fault_count;
	struct rec_refused *refused;	/* in the order in which they first came */
	size_t refused_count;
	struct rec_root *roots;
	size_t root_count;
	uint64_t *files;		/* [number - 1]: ino */
	size_t file_count, file_capacity;
	uint64_t shared_count;		/* anonymous shared mappings so far */
	struct rec_ring *rings;		/* packet rings that programs map (ring.c) */
	size_t ring_count;
	int clock_fd;
	struct rec_clock_page *clock;
	struct rec_node_clock own;	/* what its clock shows */
	uint64_t realtime_offset_ns;	/* wall clock - own */
	struct rec_link_end *ends;	/* by ifid */
	size_t end_count;
	uint64_t packet_count;
	struct rec_packet **inbound;	/* heap by (arrive, src, packet) */
	size_t inbound_count, inbound_capacity;
	struct rec_stream random;
	struct rec_stream disk_chance;	/* which operations of the disk fail */
	size_t reseeds_passed;
	bool disk_slow;
	char disk_cause[40];		/* where the experiment says so */
	vtime_ns disk_free_at;		/* when a slow disk has done what it was asked */
	char data_dir[4096];		/* DATA/<node> */
};

/* Tasks that a node may have (kernel.threads-max): each takes 32 KiB of its kernel's memory. */
#define REC_TASKS_MAX 8192
#define REC_TASKS_MAX_TEXT "8192"
#define REC_COOKIE_FIRST ((kg_cookie)2)
/* rec_vma.ino of an anonymous shared mapping: this plus a count. */
#define REC_INO_SHARED (1ULL << 40)

/* ---- node.c ---- */
/* Loads and boots a kernel, and configures its network.  0 or -errno. */
int rec__node_boot(struct rec_node *node);
int rec__node_open_files(struct rec_node *node);
/* Lets the node's kernel do all that it can do now. */
void rec__run_kernel(struct rec_node *node);
/* What the node's clock shows now. */
uint64_t rec__local_ns(const struct rec_node *node);
/* When something is due that is not a program's turn; UINT64_MAX: never. */
vtime_ns rec__next_due(const struct rec_node *node);
void rec__warn(struct rec_node *node, uint32_t tid, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* A call into the kernel in a task's name; pointers in args are the caller's affair. */
enum kg_outcome rec__kernel_call(struct rec_node *node, kg_cookie task, uint64_t nr, const uint64_t args[6],
				 uint64_t user_sp, int64_t *ret);
/* The same with host pointers for a call that cannot block; result or -errno (-EIO: the node is dead). */
#define REC_PTR(p) (KG_HOST_PTR | (uint64_t)(uintptr_t)(p))
int64_t rec__init_call(struct rec_node *node, kg_cookie task, uint64_t nr, uint64_t a0, uint64_t a1, uint64_t a2,
		       uint64_t a3, uint64_t a4, uint64_t a5);
/* The number of a file's present content in this node's events; makes the file event when it is new. */
int rec__file_number(struct rec_node *node, uint64_t ino, uint64_t *ret);

/* ---- supervisor.c ---- */
void rec__supervisor_ops(struct kg_host *host);
struct rec_thread *rec__thread(struct rec_node *node, kg_cookie cookie);
struct rec_thread *rec__task_new(struct rec_node *node);
void rec__ready(struct rec_node *node, struct rec_thread *t, bool front);
void rec__unready(struct rec_node *node, struct rec_thread *t);
/* Emits syscall-enter for the present call, once. */
void rec__enter(struct rec_node *node, struct rec_thread *t);
/* Answers the present call: emits syscall or syscall-exit, and makes the thread ready. */
void rec__finish(struct rec_node *node, struct rec_thread *t, int64_t result);
/* Before anything else of this node is told: the call in progress has begun (see supervisor.c, invariant 3). */
void rec__before_event(struct rec_node *node, const struct rec_thread *about);
/* Runs one thread until its next stop, and deals with it.  0 or -errno. */
int rec__step(struct rec_node *node, struct rec_thread *t);
/* After a call of our own in its name: it goes on, at once or when the kernel lets it. */
void rec__resume(struct rec_node *node, struct rec_thread *t, enum kg_outcome outcome);
/* At the node's end: how often what was refused. */
void rec__tell_refused(struct rec_node *node);
void rec__effects_taken(struct rec_node *node, struct rec_thread *t);
/* Something was put into its effects. */
void rec__effect_added(struct rec_node *node, struct rec_thread *t);

/* ---- slice.c ---- */
/* The watchdog over programs that ask for nothing rests until the next slice. */
void rec__watch_end(void);
/* The node cannot go on, and why. */
void rec__node_fail(struct rec_node *node, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));
void rec__slice_begin(struct rec_node *node);
/* Runs the thread until its slice is over (t->call; t->loop when it is to be parked) or paused (REC_STOP_CLOCK).  Moves the
 * node's clock to then; *ret_reads: how often it looked at the clock.  0 or -errno. */
int rec__slice_run(struct rec_node *node, struct rec_thread *t, uint64_t *ret_reads);
void rec__slice_pause(struct rec_node *node, struct rec_thread *t);
/* The paused thread, when nothing forbids it to go on; else NULL. */
struct rec_thread *rec__slice_goes_on(const struct rec_node *node);
/* Ends the paused slice, if there is one, and tells so; whose it was. */
struct rec_thread *rec__slice_preempt(struct rec_node *node);
/* Tells that the slice is over, in t->loop, and sets the thread aside; the way back. */
void rec__park(struct rec_node *node, struct rec_thread *t);
void rec__unpark(struct rec_node *node, struct rec_thread *t);
/* Lets those go on whose memory has changed. */
void rec__look_after_parked(struct rec_node *node);

/* ---- faults.c ---- */
/* The next one; UINT64_MAX: there is none. */
vtime_ns rec__faults_next(const struct rec_node *node);
void rec__faults_due(struct rec_node *node);
/* Whether a fault that is to come starts the process again, which has ended or is down with its host. */
bool rec__faults_restart(const struct rec_node *node, const struct rec_root *root);

/* ---- delay.c ---- */
/* Holds a call before it is carried out. */
void rec__delay_call(struct rec_node *node, struct rec_thread *t, uint64_t ns);
/* Holds its answer for t->exit_ns; false: that is 0. */
/* Lets the call that t is in last until a slow disk has done what the call asked of it. */
void rec__disk_wait(struct rec_node *node, struct rec_thread *t);
bool rec__delay_answer(struct rec_node *node, struct rec_thread *t, int64_t result);
vtime_ns rec__delay_next(const struct rec_node *node);
void rec__delay_due(struct rec_node *node);
void rec__delay_forget(struct rec_node *node, struct rec_thread *t);

/* ---- call-faults.c ---- */
void rec__call_faults_add(struct rec_node *node, const struct rec_exp_fault *fault);
/* Ends those of a process; of all with REC_WHOLE_NODE. */
void rec__call_faults_remove(struct rec_node *node, size_t process);
/* Before the present call is carried out.  True: it is not to be, now or at all, and all is done. */
bool rec__call_faults(struct rec_node *node, struct rec_thread *t);
/* Before a held call is carried out. */
bool rec__call_replaced(struct rec_node *node, struct rec_thread *t);

/* ---- process.c ---- */
/* A process that has ended shall start now. */
void rec__root_again(struct rec_node *node, struct rec_root *root);
void rec__root_start(struct rec_node *node, struct rec_root *root);
void rec__root_shutdown(struct rec_node *node, struct rec_root *root);
int rec__clone(struct rec_node *node, struct rec_thread *t);
int rec__execve(struct rec_node *node, struct rec_thread *t);
/* After a successful execve of the kernel: the new program, ready to run. */
int rec__become(struct rec_node *node, struct rec_thread *t);
void rec__exit(struct rec_node *node, struct rec_thread *t);
int rec__sigreturn(struct rec_node *node, struct rec_thread *t);
int rec__push_signals(struct rec_node *node, struct rec_thread *t);
void rec__on_exec(void *ctx, kg_cookie task, const struct kg_exec *exec);
void rec__on_exit(void *ctx, kg_cookie task, kg_s32 code);
void rec__on_signal(void *ctx, kg_cookie task, const struct kg_signal *sig);
/* Reaps native threads whose tasks have died.  0 or -errno. */
int rec__reap(struct rec_node *node);
void rec__memory_unref(struct rec_memory *memory);
void rec__task_free(struct rec_node *node, struct rec_thread *t);

/* ---- memory.c ---- */
int64_t rec__memory_call(struct rec_node *node, struct rec_thread *t);
/* Where a mapping goes (mmap's flags).  The address, or -errno. */
int64_t rec__place(const struct rec_aspace *as, uint64_t addr, uint64_t size, int flags);
/* Makes a mapping and tells it; fd is the host's, -1: anonymous.  The address, or -errno. */
int64_t rec__map_at(struct rec_node *node, struct rec_thread *t, struct rec_vma *vma, int fd);
int64_t rec__unmap(struct rec_thread *t, uint64_t addr, uint64_t size);

/* ---- code-pages.c ---- */
/* The protection that a mapping gets on the host when the program has not executed anything in it yet. */
int rec__code_prot(const struct rec_vma *vma);
/* The mappings of a new program, which are as it wants them, become as the host has them. */
void rec__code_hold(const struct rec_aspace *as, struct fmt_buf *effects);
/* What the host does with some pages was decided anew. */
void rec__code_forget(struct rec_memory *memory, uint64_t start, uint64_t size);
void rec__code_fork(struct rec_memory *child, const struct rec_memory *parent);
/* Code of a file: its cpuids are patched, and told.  0 or -errno. */
int rec__code_of_file(struct rec_thread *t, const uint8_t *code, size_t size, uint64_t addr);
/* Whole pages can be executed from here on, and not be written.  0 or -errno. */
int rec__code_ready(struct rec_thread *t, uint64_t start, uint64_t end);
/* Whole pages of one mapping are as newly mapped, or have moved.  0 or -errno. */
int rec__code_again(struct rec_thread *t, uint64_t start, uint64_t end);
/* The thread stands at a fault.  1: it was ours, is dealt with (t->effects) and the thread is to go on; 0: it is the program's;
 * -errno. */
int rec__code_fault(struct rec_thread *t);
/* As rec_tracee_write_user(), to where the program may write. */
size_t rec__code_write(struct rec_thread *t, uint64_t to, const void *from, size_t size);
/* After such a write was told. */
void rec__code_written(struct rec_thread *t, uint64_t addr, size_t size);

/* ---- shm.c ---- */
int64_t rec__shmat(struct rec_node *node, struct rec_thread *t);
int64_t rec__shmdt(struct rec_thread *t);

/* ---- attached.c ---- */
/* A mapping is there that the kernel has counted. */
void rec__attach(struct rec_memory *memory, const struct rec_attached *fresh);
/* The one that begins at addr; NULL: none. */
const struct rec_attached *rec__attached_at(const struct rec_memory *memory, uint64_t addr);
/* Mappings may have gone: the kernel is told, in the task's name, of those that have. */
void rec__attached_check(struct rec_memory *memory, kg_cookie task);
/* mremap has moved what began at from. */
void rec__attached_moved(struct rec_memory *memory, uint64_t from, uint64_t to, uint64_t size);
/* A child has what its parent has; and at the end of a memory nobody has it. */
void rec__attached_fork(struct rec_memory *child, const struct rec_memory *parent);
void rec__attached_done(struct rec_memory *memory);

/* ---- ring.c ---- */
/* mmap of a socket: vma has its place (start, end), flags and offset.  The address, or -errno (-ENODEV: not a packet
 * socket, -EINVAL: another size than that of its rings). */
int64_t rec__ring_map(struct rec_node *node, struct rec_thread *t, int fd, struct rec_vma *vma);
void rec__ring_dup(struct rec_node *node, uint64_t id);
void rec__ring_unmap(struct rec_node *node, uint64_t id);
void rec__rings_done(struct rec_node *node);
void rec__on_ring_page(void *ctx, kg_u64 addr);

/* ---- procmem.c ---- */
/* What the node's /proc says of memory. */
kg_s32 rec__on_task_map(void *ctx, kg_cookie task, kg_u64 index, struct kg_map *ret);
kg_s64 rec__on_read_user(void *ctx, kg_cookie task, kg_u64 ino, kg_u64 to, kg_u64 offset, kg_u64 size);
struct rec_image_plan;
void rec__tell_layout(struct rec_node *node, struct rec_thread *t, const struct rec_image_plan *plan);
/* A file that programs have mapped was changed by a call. */
void rec__on_stored(void *arg, uint64_t number, uint64_t offset, const void *bytes, uint64_t size);
void rec__on_resized(void *arg, uint64_t number, uint64_t size);
void rec__on_futex_key(void *ctx, kg_cookie task, kg_u64 addr, kg_u64 *ret_object, kg_u64 *ret_offset);

/* ---- netcfg.c ---- */
/* Addresses, routes, neighbours and sysctls of the experiment; interfaces exist already.  0 or -errno. */
int rec__netcfg(struct rec_node *node);

#endif
