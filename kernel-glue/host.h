/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * host.h - the one place where a node's kernel and its host meet.
 *
 * The kernel image is an ET_DYN object that imports nothing and whose ELF
 * entry point is a kg_entry_fn.  Everything that the kernel asks of the host
 * goes through struct kg_host, everything that the host asks of the kernel
 * through struct kg_api; both are plain tables of functions, SysV ABI, no
 * TLS, no libc types.  The file is compiled on both sides, so it uses only
 * the compiler's own integer types.
 *
 * Invariants
 *  1. One host thread at a time is inside an image.  Images share nothing.
 *  2. Every kg_api call runs the kernel on its own stacks and comes back; no
 *     call ever waits for the outside world.
 *  3. kg_host callbacks run on the calling task's kernel stack (32 KiB): they
 *     keep small frames and never call kg_api again, with the one exception
 *     of the calls marked "reentrant".
 *  4. Time moves only by set_time().  The kernel never reads a host clock.
 *  5. A user address below 1<<47 belongs to the calling task's process and is
 *     reached by the copy callbacks.  An address with KG_HOST_PTR set is the
 *     host's own memory (arguments of calls that the host makes in a task's
 *     name) and is copied directly by the kernel side.
 */
#ifndef KG_HOST_H
#define KG_HOST_H

#define KG_ABI 4u

typedef __UINT64_TYPE__ kg_u64;
typedef __INT64_TYPE__ kg_s64;
typedef __UINT32_TYPE__ kg_u32;
typedef __INT32_TYPE__ kg_s32;

/* Tag of a pointer into the host's memory; see invariant 5. */
#define KG_HOST_PTR (1ULL << 62)

/* No timer is armed. */
#define KG_NEVER (~0ULL)

/* Length of a siginfo_t of x86-64 Linux. */
#define KG_SIGINFO_SIZE 128

/* A task of the node as the host names it; the host chooses, never 0. */
typedef kg_u64 kg_cookie;

/* ---- files ---------------------------------------------------------- */

/* Attributes of a file of the node.  ino is the node's own number, stable for
 * the life of the node and equal in every run; 1 is the root directory. */
struct kg_attr {
	kg_u64 ino;
	kg_u64 size;		/* bytes */
	kg_u64 rdev;		/* (major << 20) | minor, as new_encode_dev has it not: kernel MKDEV */
	kg_s64 mtime_ns;	/* since the epoch; atime and ctime follow it */
	kg_u32 mode;		/* S_IFMT bits and permissions */
	kg_u32 nlink;
	kg_u32 uid;
	kg_u32 gid;
};

/* Which fields of kg_attr fs_setattr() shall change. */
#define KG_SET_MODE  1u
#define KG_SET_UID   2u
#define KG_SET_GID   4u
#define KG_SET_SIZE  8u
#define KG_SET_MTIME 16u

struct kg_dirent {
	kg_u64 ino;
	kg_u32 type;		/* DT_* */
	kg_u32 name_size;	/* without the NUL */
	char name[256];		/* NUL terminated */
};

/* ---- memory --------------------------------------------------------- */

/* One mapping of a program, as /proc/PID/maps shows it. */
struct kg_map {
	kg_u64 start, end;
	kg_u64 offset;		/* in the file, of start */
	kg_u64 ino;		/* of the host file system, 0: none */
	kg_u32 prot;		/* PROT_* */
	kg_u32 shared;		/* MAP_SHARED */
	char name[512];		/* path on the node, "[heap]", or "" */
};

/* Registers as PTRACE_GETREGS and PTRACE_GETFPREGS have them. */
struct kg_regs {
	kg_u64 general[27];
	kg_u64 floating[64];
};

/* Where the parts of a program lie in its memory, for /proc; KG_NR_MM sets it. */
struct kg_mm {
	kg_u64 start_code, end_code, start_data, end_data, start_brk, brk, start_stack;
	kg_u64 arg_start, arg_end, env_start, env_end;
	kg_u64 auxv[48];	/* pairs, ended by AT_NULL */
};

/* ---- programs ------------------------------------------------------- */

/* What execve() has resolved: the kernel has opened the file and its ELF
 * interpreter on the node's own file system, handled #! lines, credentials and
 * close-on-exec, and the old address space is gone for the node.  Strings is
 * argc + envc NUL-terminated strings, args first.  Valid during the call. */
struct kg_exec {
	kg_u64 file_ino;	/* the ELF file */
	kg_u64 interp_ino;	/* its PT_INTERP, 0 if static */
	const char *path;	/* as execve() was given it (AT_EXECFN) */
	const char *file_path;	/* absolute path of file_ino on the node */
	const char *interp_path;/* absolute path of interp_ino, "" if none */
	const char *strings;
	kg_u64 strings_size;
	kg_u32 argc;
	kg_u32 envc;
	kg_u32 uid, euid, gid, egid;
	kg_u32 secure;		/* AT_SECURE */
};

/* A signal whose handler is to run, or (handler == 0 never occurs here: the
 * kernel carries out the default actions itself). */
struct kg_signal {
	kg_u32 signo;
	kg_u32 restart;		/* 1: the interrupted syscall is to be redone after the handler */
	kg_u64 handler;
	kg_u64 flags;		/* SA_* */
	kg_u64 restorer;
	kg_u64 saved_mask;	/* goes into uc_sigmask */
	kg_u64 altstack_sp;	/* the task's sigaltstack, for uc_stack and SA_ONSTACK */
	kg_u64 altstack_size;
	kg_u32 altstack_flags;
	kg_u32 pad;
	unsigned char info[KG_SIGINFO_SIZE];
};

/* ---- changes -------------------------------------------------------- */

/* What has changed in the node, for the trace.  Pointers are the kernel's, valid during the call. */
enum kg_change_kind {
	KG_CHANGE_FD = 1,
	KG_CHANGE_SOCKET,
	KG_CHANGE_NETLINK,
	KG_CHANGE_QUEUE,
};

/* A task has a new file behind a descriptor. */
struct kg_change_fd {
	kg_cookie task;
	const char *path;	/* as a link of /proc/PID/fd shows it */
	kg_u64 ino;
	kg_u64 sock;		/* of a socket: its number, unique in the node; else 0 */
	kg_u32 fd;
	kg_u32 flags;		/* O_*, O_CLOEXEC of the descriptor among them */
	kg_u32 mode;		/* S_IFMT and permissions */
	kg_u32 pad;
};

#define KG_UNIX_NAME_MAX 108u

/* How a socket is now.  The fields behind has_tcp are as struct tcp_info has them; a listening socket has its queue of
 * connections in rcv_nxt, and the longest that it may be in write_seq. */
struct kg_change_socket {
	kg_u64 sock;
	kg_u32 family, type, protocol;
	kg_u32 gone;		/* it will not be told again */
	unsigned char local[16], remote[16];
	kg_u32 local_port, remote_port;
	kg_u32 unix_local_size, unix_remote_size;
	char unix_local[KG_UNIX_NAME_MAX], unix_remote[KG_UNIX_NAME_MAX];
	kg_u32 has_tcp;
	kg_u32 timewait;	/* only state is known */
	kg_u32 state, ca;
	kg_u32 snd_una, snd_nxt, write_seq, rcv_nxt, copied_seq, snd_wnd, rcv_wnd;
	kg_u32 cwnd, ssthresh, srtt_us, rttvar_us, rto_us, mss, lost, retrans, total_retrans;
	kg_u32 pad;
};

/* Notifications of rtnetlink: messages, one after another. */
struct kg_change_netlink {
	const void *data;
	kg_u64 size;
};

/* What waits in a card's queue, before the ring of its link. */
struct kg_change_queue {
	kg_u64 packets, bytes;
	kg_u32 ifid;
	kg_u32 pad;
};

struct kg_change {
	kg_u32 kind;		/* enum kg_change_kind */
	kg_u32 pad;
	union {
		struct kg_change_fd fd;
		struct kg_change_socket socket;
		struct kg_change_netlink netlink;
		struct kg_change_queue queue;
	};
};

/* ---- the host's table: what the kernel may ask ---------------------- */

struct kg_host {
	kg_u32 abi;		/* KG_ABI */
	kg_u32 pad;
	void *ctx;		/* handed back as first argument of every callback */

	/* Kernel log text, not terminated. */
	void (*console)(void *ctx, const char *text, kg_u64 size);
	/* The kernel cannot go on.  Does not return to the kernel: after the
	 * callback the pending kg_api call returns KG_PANIC, and so does every later one. */
	void (*panic)(void *ctx, const char *text);

	/* User memory of the task; both return the number of bytes NOT copied. */
	kg_u64 (*copy_from_user)(void *ctx, kg_cookie task, void *to, kg_u64 from, kg_u64 size);
	kg_u64 (*copy_to_user)(void *ctx, kg_cookie task, kg_u64 to, const void *from, kg_u64 size);
	/* Identity of a shared futex word: *ret_object != 0 and its offset when
	 * the address lies in a shared mapping, else *ret_object = 0. */
	void (*futex_key)(void *ctx, kg_cookie task, kg_u64 addr, kg_u64 *ret_object, kg_u64 *ret_offset);

	/* A syscall that had been answered KG_BLOCKED is finished. */
	void (*done)(void *ctx, kg_cookie task, kg_s64 result);
	/* A handler is to run in the task before it goes on.  May come several times; frames nest in
	 * the order of the calls.  It precedes done() of the call that it interrupts. */
	void (*signal)(void *ctx, kg_cookie task, const struct kg_signal *sig);
	/* The task is dying; its last writes to user memory are done.  code is as for wait(2). */
	void (*exit)(void *ctx, kg_cookie task, kg_s32 code);
	/* An execve() of the task has passed its point of no return. */
	void (*exec)(void *ctx, kg_cookie task, const struct kg_exec *exec);

	/* A frame leaves by an interface.  Returns 0 when the frame has left (the kernel frees it), 1 when
	 * the host will call tx_done() for it later, -1 when the ring is full: the queue stops, and
	 * the same frame is offered again after tx_done(). */
	kg_s32 (*xmit)(void *ctx, kg_u32 ifid, const void *frame, kg_u64 size);

	/* The node's files (kernel-glue/arch/.../hcfs.c asks, recorder/nodefs.c answers).  All return 0,
	 * a count, or -errno; attributes are written only on success. */
	kg_s32 (*fs_lookup)(void *ctx, kg_u64 dir, const char *name, kg_u32 size, struct kg_attr *ret);
	kg_s32 (*fs_getattr)(void *ctx, kg_u64 ino, struct kg_attr *ret);
	kg_s32 (*fs_setattr)(void *ctx, kg_u64 ino, kg_u32 valid, const struct kg_attr *attr, struct kg_attr *ret);
	/* mode's S_IFMT says what to make: file, directory, symlink (target given), device, fifo, socket.
	 * size 0: a regular file without a name, which fs_link() may name; dir 0 as well: one that never has a place
	 * in the tree (memfd, System V shared memory), name only for show. */
	kg_s32 (*fs_create)(void *ctx, kg_u64 dir, const char *name, kg_u32 size, const struct kg_attr *attr,
			    const char *target, struct kg_attr *ret);
	kg_s32 (*fs_link)(void *ctx, kg_u64 ino, kg_u64 dir, const char *name, kg_u32 size);
	kg_s32 (*fs_unlink)(void *ctx, kg_u64 dir, const char *name, kg_u32 size, kg_u32 is_dir);
	kg_s32 (*fs_rename)(void *ctx, kg_u64 dir, const char *name, kg_u32 size, kg_u64 new_dir,
			    const char *new_name, kg_u32 new_size, kg_u32 flags);
	kg_s64 (*fs_readlink)(void *ctx, kg_u64 ino, char *buf, kg_u64 size);
	/* The first entry at or behind place pos, in the order of names by bytes ("." and ".." are the kernel's).  The place
	 * behind it, 0 at the end. */
	kg_s32 (*fs_readdir)(void *ctx, kg_u64 ino, kg_u64 pos, struct kg_dirent *ret);
	kg_s64 (*fs_read)(void *ctx, kg_u64 ino, void *buf, kg_u64 offset, kg_u64 size);
	kg_s64 (*fs_write)(void *ctx, kg_u64 ino, const void *buf, kg_u64 offset, kg_u64 size);
	/* open: makes a lower file private when writable; release: the last use of an inode is over. */
	kg_s32 (*fs_open)(void *ctx, kg_u64 ino, kg_u32 writable);
	void (*fs_forget)(void *ctx, kg_u64 ino);
	kg_s32 (*fs_sync)(void *ctx, kg_u64 ino);
	/* The bytes become zeros and give back their room; they lie within the file. */
	kg_s32 (*fs_punch)(void *ctx, kg_u64 ino, kg_u64 offset, kg_u64 size);

	/* fs_read() into a program's memory, so that the host knows what these bytes are; -EFAULT when none could be
	 * written. */
	kg_s64 (*fs_read_user)(void *ctx, kg_cookie task, kg_u64 ino, kg_u64 to, kg_u64 offset, kg_u64 size);

	/* The mapping at index of a task's memory, in order of addresses: 1, 0 behind the last. */
	kg_s32 (*task_map)(void *ctx, kg_cookie task, kg_u64 index, struct kg_map *ret);

	/* Out of tell_changes() alone.  NULL: the host is not interested, and nothing is noted. */
	void (*change)(void *ctx, const struct kg_change *change);

	/* The registers of a task that stands still, for a core file.  0 or -errno. */
	kg_s32 (*task_regs)(void *ctx, kg_cookie task, struct kg_regs *ret);

	/* The kernel has written into a page of a ring that programs map, or is about to look at it. */
	void (*ring_page)(void *ctx, kg_u64 addr);
};

/* ---- the kernel's table: what the host may ask ---------------------- */

/* How a call into the kernel ended. */
enum kg_outcome {
	KG_DONE = 0,		/* the syscall is answered; *ret_result is valid */
	KG_BLOCKED = 1,		/* it waits; host->done() will come out of a later call */
	KG_GONE = 2,		/* the task is dead (exit() has come) */
	KG_PANIC = 3,		/* the kernel is dead */
};

/* Calls of the host in a task's name, beside the numbers of x86-64. */
enum kg_private_nr {
	KG_NR_SIGRETURN = 1024,	/* (mask, altstack_sp, altstack_size, altstack_flags): end of a handler */
	KG_NR_FAULT,		/* (signo, si_code, si_addr): synchronous fault: force_sig_fault */
	KG_NR_FD_INO,		/* (fd, KG_HOST_PTR|struct kg_fd *): what an fd is; -EBADF */
	KG_NR_SPAWN,		/* (child cookie): by KG_INIT only: a new process, child of init; its pid */
	KG_NR_EXEC,		/* (path, argv, envp): execve with host pointers */
	KG_NR_COMM,		/* (KG_HOST_PTR|char[16]): task name */
	KG_NR_MM,		/* (KG_HOST_PTR|struct kg_mm *): what /proc tells of a new program */
	KG_NR_SHM_AT,		/* (shmid, shmflg, KG_HOST_PTR|struct kg_fd *): shmat but for the mapping; its size */
	KG_NR_SHM_DUP,		/* (shmid): a child has it as well */
	KG_NR_SHM_DT,		/* (shmid): one attachment less */
	KG_NR_GO_ON,		/* (): the program goes on where it was interrupted: its time runs again */
	KG_NR_RING_MAP,		/* (fd, size, KG_HOST_PTR|kg_u64 *ret_ring): mmap of a packet socket but for the mapping */
	KG_NR_RING_BLOCK,	/* (ring, index, KG_HOST_PTR|struct kg_block *): a piece of it: 1, 0 behind the last */
	KG_NR_RING_DUP,		/* (ring): a child has it as well */
	KG_NR_RING_UNMAP,	/* (ring): one mapping less */
	/* (process id, nth), by KG_INIT only: the nth allocation that the process (0: any program) makes in the kernel from
	 * now on fails.  An earlier order for the same is forgotten; -ENOSPC: too many are pending. */
	KG_NR_FAIL_ALLOCATION,
};

/* Or'ed to a number below 1024: this call may hold pointers tagged KG_HOST_PTR.  Without it a tag
 * is a bad address, or else a program could reach the host's memory by it.  Private calls and
 * calls by KG_INIT always may. */
#define KG_NR_HOST (1ULL << 32)

struct kg_fd {
	kg_u64 ino;		/* of a file of the host file system, else 0 */
	kg_u32 flags;		/* O_* of the open file description */
	kg_u32 mode;		/* S_IFMT and permissions */
	kg_u32 rdev;		/* of a device: kernel MKDEV */
	kg_u32 seals;		/* F_SEAL_* */
};

/* A piece of memory of the node's, whole pages. */
struct kg_block {
	kg_u64 addr;
	kg_u64 size;
};

/* Identity and size of a node, all that boot may depend on. */
struct kg_boot {
	kg_u64 memory_base;	/* page-aligned, zeroed, writable */
	kg_u64 memory_size;	/* bytes, multiple of 4096, at least 16 MiB */
	kg_u64 realtime_ns;	/* wall clock at virtual time vtime_ns */
	kg_u64 vtime_ns;	/* > 0: time stamps of 0 mean "none" to TCP */
	unsigned char seed[32];	/* of the random generator, hash secrets and boot id */
	char hostname[64];
};

#define KG_INIT ((kg_cookie)1)	/* pid 1: the host's hand on the node; has no program */

struct kg_api {
	kg_u32 abi;
	kg_u32 pad;
	/* Boots up to first idle.  KG_DONE or KG_PANIC. */
	kg_s32 (*boot)(const struct kg_boot *boot);
	/* One syscall by a task that is not inside one.  args has 6 words. */
	kg_s32 (*syscall)(kg_cookie task, kg_u64 nr, const kg_u64 *args, kg_u64 user_sp, kg_s64 *ret_result);
	/* The cookie that the task's next clone() gives to its child. */
	void (*set_child)(kg_cookie task, kg_cookie child);
	/* Lets all runnable tasks and pending interrupts run until idle. */
	kg_s32 (*run)(void);
	/* 1 when run() has something to do. */
	kg_s32 (*pending)(void);
	/* Moves time forward; due timers are pending afterwards. */
	void (*set_time)(kg_u64 vtime_ns);
	/* Earliest armed timer in virtual time, or KG_NEVER. */
	kg_u64 (*next_timer)(void);
	/* Task numbers of a live task (thread and process id as the node sees them). */
	kg_s32 (*task_ids)(kg_cookie task, kg_u32 *ret_tid, kg_u32 *ret_tgid, kg_u32 *ret_ppid);
	/* Interfaces: ifid is the host's number, 0..KG_IF_MAX-1. */
	kg_s32 (*if_add)(kg_u32 ifid, const char *name, const unsigned char mac[6], kg_u32 mtu);
	kg_s32 (*if_carrier)(kg_u32 ifid, kg_u32 on);
	/* A frame has arrived (Ethernet header included); run() handles it. */
	kg_s32 (*rx)(kg_u32 ifid, const void *frame, kg_u64 size);
	/* The oldest count frames that xmit() kept have left. */
	kg_s32 (*tx_done)(kg_u32 ifid, kg_u32 count);
	/* Where the processor goes on after a fault of the kernel's own (loader.h, kg_faults_catch): on the faulting
	 * stack, panics.  addr is what could not be reached, pc by which instruction. */
	void (*oops)(kg_u64 addr, kg_u64 pc) __attribute__((noreturn));
	/* 1 when tell_changes() has something to tell. */
	kg_s32 (*changed)(void);
	/* Tells all that has changed since the last time by change(). */
	void (*tell_changes)(void);
	/* The call of a task that has just ended may have named the unix socket behind this descriptor. */
	void (*touch_fd)(kg_cookie task, kg_u32 fd);
};

#define KG_IF_MAX 256u

/* ELF entry of the image: checks host->abi, keeps host, returns the table (NULL: other ABI). */
typedef const struct kg_api *kg_entry_fn(const struct kg_host *host);

/* ---- images that count which of their code is executed ------------------------------------- */

/* Such an image exports this function by this name.  It only reads: it runs on the caller's stack at any time between two calls, and
 * after a panic.  Gives the counts of the object with this index as gcc's .gcda file, whose name relative to the kernel's source
 * is written to *ret_name, and its size to *ret_size; buf is filled when size is enough.  1, 0 behind the last. */
#define KG_COVERAGE_SYMBOL "kg_coverage"
typedef kg_s32 kg_coverage_fn(kg_u64 index, void *buf, kg_u64 size, const char **ret_name, kg_u64 *ret_size);

#endif
