/* SPDX-License-Identifier: GPL-2.0-only */
/* glue.h - what the files of this architecture share among themselves. */
#ifndef _HINDCAST_GLUE_H
#define _HINDCAST_GLUE_H

#include <linux/types.h>
#include <linux/sched.h>
#include <asm/host.h>

struct coredump_params;
struct inode;

/* thread.flags */
#define KG_TASK_HOST_ARGS 1u	/* the current call may hold pointers tagged KG_HOST_PTR */
#define KG_TASK_PARKED 2u	/* asleep because its program runs, or could */
#define KG_TASK_IN_PROGRAM 4u	/* current because its program runs: time that passes is its user time */

/* Numbers of calls that the architecture makes to itself, behind the host's own. */
#define KG_NR_IF_ADD 1280	/* (ifid, name, mac, mtu), kernel pointers */

/* kg_irq_bits */
#define KG_IRQ_TIMER 1ul
#define KG_IRQ_NET 2ul
#define KG_IRQ_WORK 4ul

/* A request of the host to a task; lives at the top of the task's kernel stack. */
struct kg_call {
	u64 nr;
	u64 args[6];
	u64 user_sp;
	s64 result;
	u64 pad;		/* keeps the stack below aligned to 16 */
};

/* A request about an interface; see kg_aside() in entry.c. */
struct kg_side_call {
	s32 (*fn)(const struct kg_side_call *call);
	u32 ifid;
	u32 number;
	const void *frame;
	u64 size;
};

extern const struct kg_host *kg_host;
extern struct kg_boot kg_boot_info;

/* switch.S */
void *kg_swap(unsigned long *save_sp, unsigned long sp, void *value);
void kg_fork_entry(void);
void kg_start_entry(void);

/* entry.c: control between the host's stack and the kernel's */
void kg_to_host(void);
void __noreturn kg_die(const char *text);
bool kg_answer(struct task_struct *task, enum kg_outcome outcome, s64 result);

/* task.c: the tasks that have a cookie */
struct task_struct *kg_find_task(u64 cookie);
u64 kg_cookie_of_mm(const struct mm_struct *mm);
void kg_name_task(struct task_struct *task, u64 cookie);
struct kg_call *kg_call_of(struct task_struct *task);
long kg_private_call(const struct kg_call *call);

/* signal.c */
bool kg_exit_work(s64 *result, bool in_call);
long kg_sigreturn(const u64 *args);

/* coredump.c */
int kg_core_dump(struct coredump_params *cprm);

/* exec.c */
long kg_exec(const u64 *args);

/* time.c */
void kg_timer_irq(void);
void kg_set_time(kg_u64 vtime_ns);
kg_u64 kg_next_timer(void);
void kg_clock_start(u64 vtime_ns);

/* setup.c */
void kg_console_start(void);

/* nodeinit.c */
void kg_node_init(void);

/* net/link.c */
void kg_net_irq(void);
s32 kg_if_add(const struct kg_call *call);
s32 kg_if_carrier(const struct kg_side_call *call);
s32 kg_rx(const struct kg_side_call *call);
s32 kg_tx_done(const struct kg_side_call *call);
void kg_link_queues(void (*tell)(u32 ifid, u64 packets, u64 bytes));

/* net/watch.c */
void kg_watch_start(void);
s32 kg_changed(void);
void kg_note_queue(void);
s32 kg_tell_changes(const struct kg_side_call *call);
s32 kg_touch_fd(const struct kg_side_call *call);

/* net/ring.c: rings of packet sockets, of which programs map the pages */
long kg_ring_map(int fd, u64 size, u64 *ret_ring);
long kg_ring_block(u64 ring, u64 index, struct kg_block *ret);
long kg_ring_dup(u64 ring);
long kg_ring_unmap(u64 ring);

/* fs/hcfs.c */
u64 kg_file_ino(struct file *file);
struct file *kg_unnamed_file(const char *name, loff_t size, umode_t mode, int flags);
dev_t kg_file_dev(void);

/* fs/memfd.c */
unsigned int kg_seals(const struct inode *inode);
int kg_sealed_size(const struct inode *inode, loff_t size);
int kg_sealed_write(const struct inode *inode, loff_t end);

/* fs/procmem.c */
long kg_set_mm(const u64 *args);

/* mm/shortage.c */
long kg_order_shortage(pid_t tgid, u64 nth);

/* ipc/shm.c, by a patch */
long kg_shm_attach(int shmid, int shmflg, struct kg_fd *ret);
long kg_shm_dup(int shmid);
long kg_shm_detach(int shmid);

#endif
