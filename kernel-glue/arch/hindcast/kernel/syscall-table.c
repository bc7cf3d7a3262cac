// SPDX-License-Identifier: GPL-2.0-only
/* syscall-table.c - x86-64's calls.  What touches a program's mappings or registers is the host's. */
#include <linux/linkage.h>
#include <linux/syscalls.h>
#include <asm/syscall.h>

#define sys_mmap sys_ni_syscall
#define sys_arch_prctl sys_ni_syscall
#define sys_rt_sigreturn sys_ni_syscall
#define sys_modify_ldt sys_ni_syscall
#define sys_iopl sys_ni_syscall
#define sys_ioperm sys_ni_syscall

/* Memory that a program maps is the host's: so are the files that are nothing but memory. */
#define sys_memfd_create kg_sys_memfd_create
#define sys_fcntl kg_sys_fcntl
asmlinkage long kg_sys_memfd_create(const char __user *name, unsigned int flags);
asmlinkage long kg_sys_fcntl(unsigned int fd, unsigned int cmd, unsigned long arg);

/* How large a program is is known by the host alone: fs/procmem.c. */
#define sys_getrusage kg_sys_getrusage
#define sys_exit_group kg_sys_exit_group
struct rusage;
asmlinkage long kg_sys_getrusage(int who, struct rusage __user *ru);
asmlinkage long kg_sys_exit_group(int code);

/* mm/process_vm_access.c pins pages, of which a program has none here. */
#define sys_process_vm_readv kg_sys_process_vm_readv
#define sys_process_vm_writev kg_sys_process_vm_writev
asmlinkage long kg_sys_process_vm_readv(pid_t pid, const struct iovec __user *local,
					unsigned long local_count, const struct iovec __user *remote,
					unsigned long remote_count, unsigned long flags);
asmlinkage long kg_sys_process_vm_writev(pid_t pid, const struct iovec __user *local,
					 unsigned long local_count,
					 const struct iovec __user *remote,
					 unsigned long remote_count, unsigned long flags);

#define __SYSCALL_NORETURN __SYSCALL
#define __SYSCALL(nr, call) [nr] = (sys_call_ptr_t)(void *)call,

const sys_call_ptr_t sys_call_table[] = {
#include <asm/syscall_table_64.h>
};
