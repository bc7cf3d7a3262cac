// SPDX-License-Identifier: GPL-2.0-only
/*
 * exec.c - programs.  The kernel opens and checks the file and its interpreter, gives up
 * the old address space and changes credentials; the host maps the segments, builds the
 * stack and starts the native process, as kg_exec tells it.
 */
#include <linux/binfmts.h>
#include <linux/cred.h>
#include <linux/elf.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/highmem.h>
#include <linux/init.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/syscalls.h>
#include <linux/user_namespace.h>
#include <asm/futex.h>
#include "glue.h"

/* Program headers that anybody's linker makes fit well into a page. */
#define KG_PHDRS_MAX 64

static bool kg_is_elf(const struct elf64_hdr *ehdr)
{
	return !memcmp(ehdr->e_ident, ELFMAG, SELFMAG) &&
	       ehdr->e_ident[EI_CLASS] == ELFCLASS64 &&
	       ehdr->e_ident[EI_DATA] == ELFDATA2LSB &&
	       ehdr->e_machine == EM_X86_64 &&
	       (ehdr->e_type == ET_EXEC || ehdr->e_type == ET_DYN) &&
	       ehdr->e_phentsize == sizeof(struct elf64_phdr) &&
	       ehdr->e_phnum && ehdr->e_phnum <= KG_PHDRS_MAX;
}

/* Exactly size bytes at pos, or -ENOEXEC. */
static int kg_read(struct file *file, void *buf, size_t size, loff_t pos)
{
	ssize_t got = kernel_read(file, buf, size, &pos);

	if (got < 0)
		return got;
	return got == size ? 0 : -ENOEXEC;
}

static char *kg_read_interp_path(struct file *file, const struct elf64_phdr *phdr)
{
	char *path;
	int err;

	if (phdr->p_filesz < 2 || phdr->p_filesz > PATH_MAX)
		return ERR_PTR(-ENOEXEC);
	path = kmalloc(phdr->p_filesz, GFP_KERNEL);
	if (!path)
		return ERR_PTR(-ENOMEM);
	err = kg_read(file, path, phdr->p_filesz, phdr->p_offset);
	if (!err && path[phdr->p_filesz - 1])
		err = -ENOEXEC;
	if (!err)
		return path;
	kfree(path);
	return ERR_PTR(err);
}

/* The path of PT_INTERP, to be freed; NULL for a static program. */
static char *kg_interp_path(struct file *file, const struct elf64_hdr *ehdr)
{
	size_t size = ehdr->e_phnum * sizeof(struct elf64_phdr);
	struct elf64_phdr *phdrs = kmalloc(size, GFP_KERNEL);
	char *path = NULL;
	int i, err;

	if (!phdrs)
		return ERR_PTR(-ENOMEM);
	err = kg_read(file, phdrs, size, ehdr->e_phoff);
	if (err)
		path = ERR_PTR(err);
	for (i = 0; !err && i < ehdr->e_phnum; i++) {
		if (phdrs[i].p_type != PT_INTERP)
			continue;
		path = kg_read_interp_path(file, &phdrs[i]);
		break;
	}
	kfree(phdrs);
	return path;
}

static struct file *kg_open_interp(const char *path)
{
	struct file *file = open_exec(path);
	struct elf64_hdr ehdr;
	int err;

	if (IS_ERR(file))
		return file;
	err = kg_read(file, &ehdr, sizeof(ehdr), 0);
	if (!err && kg_is_elf(&ehdr))
		return file;
	exe_file_allow_write_access(file);
	fput(file);
	return ERR_PTR(-ELIBBAD);
}

/* The strings of argv and envp lie in the pages of bprm, from p to exec. */
static char *kg_collect_strings(struct linux_binprm *bprm, size_t *ret_size)
{
	size_t size = bprm->exec - bprm->p, done = 0;
	char *strings = kvmalloc(size + 1, GFP_KERNEL);

	if (!strings)
		return NULL;
	while (done < size) {
		unsigned long pos = bprm->p + done;
		size_t chunk = min(size - done, PAGE_SIZE - offset_in_page(pos));

		memcpy(strings + done,
		       page_address(bprm->page[pos / PAGE_SIZE]) + offset_in_page(pos), chunk);
		done += chunk;
	}
	*ret_size = size;
	return strings;
}

/* What has to be allocated before the point of no return. */
struct kg_program {
	char *interp_path;
	struct file *interp;
	char *strings;
	size_t strings_size;
	char *names;		/* two pages, for the absolute paths */
};

static void kg_program_done(struct kg_program *prog)
{
	if (prog->interp) {
		exe_file_allow_write_access(prog->interp);
		fput(prog->interp);
	}
	kfree(prog->interp_path);
	kvfree(prog->strings);
	kfree(prog->names);
}

static int kg_program_init(struct kg_program *prog, struct linux_binprm *bprm)
{
	char *path = kg_interp_path(bprm->file, (const struct elf64_hdr *)bprm->buf);
	struct file *interp;

	*prog = (struct kg_program){ };
	if (IS_ERR(path))
		return PTR_ERR(path);
	prog->interp_path = path;
	if (path) {
		interp = kg_open_interp(path);
		if (IS_ERR(interp))
			return PTR_ERR(interp);
		prog->interp = interp;
		/* A program that may not be read must not be read by way of its interpreter. */
		would_dump(bprm, interp);
	}
	prog->strings = kg_collect_strings(bprm, &prog->strings_size);
	prog->names = kmalloc(2 * PAGE_SIZE, GFP_KERNEL);
	return prog->strings && prog->names ? 0 : -ENOMEM;
}

static const char *kg_file_path(struct file *file, char *page)
{
	char *path = file ? file_path(file, page, PAGE_SIZE) : NULL;

	return IS_ERR_OR_NULL(path) ? "" : path;
}

static void kg_tell_exec(struct linux_binprm *bprm, const struct kg_program *prog)
{
	const struct cred *cred = current_cred();
	struct kg_exec exec = {
		.file_ino = kg_file_ino(bprm->file),
		.interp_ino = prog->interp ? kg_file_ino(prog->interp) : 0,
		.path = bprm->filename,
		.file_path = kg_file_path(bprm->file, prog->names),
		.interp_path = kg_file_path(prog->interp, prog->names + PAGE_SIZE),
		.strings = prog->strings,
		.strings_size = prog->strings_size,
		.argc = bprm->argc,
		.envc = bprm->envc,
		.uid = from_kuid_munged(cred->user_ns, cred->uid),
		.euid = from_kuid_munged(cred->user_ns, cred->euid),
		.gid = from_kgid_munged(cred->user_ns, cred->gid),
		.egid = from_kgid_munged(cred->user_ns, cred->egid),
		.secure = bprm->secureexec,
	};

	kg_host->exec(kg_host->ctx, current->thread.cookie, &exec);
}

static struct linux_binfmt kg_format;

static int kg_replace_program(struct linux_binprm *bprm)
{
	int err = begin_new_exec(bprm);

	if (err)
		return err;
	set_binfmt(&kg_format);
	set_personality(PER_LINUX);
	setup_new_exec(bprm);
	finalize_exec(bprm);
	return 0;
}

/* pid 1 has no program; its execve() of /init is where it becomes the host's hand. */
static int kg_load_init(struct linux_binprm *bprm)
{
	int err = kg_replace_program(bprm);

	if (err)
		return err;
	kg_name_task(current, KG_INIT);
	kg_node_init();
	return 0;
}

static int kg_load_binary(struct linux_binprm *bprm)
{
	struct kg_program prog;
	int err;

	if (is_global_init(current) && !current->thread.cookie)
		return kg_load_init(bprm);
	if (!kg_is_elf((const struct elf64_hdr *)bprm->buf) || !current->thread.cookie)
		return -ENOEXEC;
	err = kg_program_init(&prog, bprm);
	if (!err)
		err = kg_replace_program(bprm);
	if (!err)
		kg_tell_exec(bprm, &prog);
	kg_program_done(&prog);
	return err;
}

static struct linux_binfmt kg_format = {
	.load_binary = kg_load_binary,
	.core_dump = kg_core_dump,
	.min_coredump = PAGE_SIZE,
};

static int __init kg_exec_init(void)
{
	register_binfmt(&kg_format);
	return 0;
}
core_initcall(kg_exec_init);

/* KG_NR_EXEC: all pointers are tagged, those inside argv and envp as well. */
long kg_exec(const u64 *args)
{
	return sys_execve((const char __user *)args[0],
			  (const char __user *const __user *)args[1],
			  (const char __user *const __user *)args[2]);
}

/*
 * A futex in a shared mapping is known by the mapped object.  Any other is known by its address
 * space, exactly as a private one: glibc waits for a thread's end without
 * FUTEX_PRIVATE_FLAG and the kernel wakes with it, and both must meet.
 */
void arch_futex_shared_key(u32 __user *uaddr, struct mm_struct *mm, union futex_key *key)
{
	kg_u64 object = 0, offset = 0;

	if (current->thread.cookie && kg_host->futex_key)
		kg_host->futex_key(kg_host->ctx, current->thread.cookie, (unsigned long)uaddr,
				   &object, &offset);
	if (object) {
		key->shared.i_seq = object;
		key->shared.pgoff = offset / PAGE_SIZE;
		key->both.offset = offset_in_page(offset) | FUT_OFF_INODE;
		return;
	}
	key->private.mm = mm;
	key->private.address = (unsigned long)uaddr & PAGE_MASK;
}
