// SPDX-License-Identifier: GPL-2.0-only
/*
 * coredump.c - the core file of a program that a signal has ended, where RLIMIT_CORE allows one.
 *
 * The kernel decides whether, where and how long; registers and memory are the host's.  Other threads stand still in
 * their exits while this runs.  Code is not dumped, since it lies in the files; all else that is private is, also what
 * cannot be written any more: in pages that the loader has closed lies where a debugger finds the libraries.
 */
#include <linux/binfmts.h>
#include <linux/coredump.h>
#include <linux/cred.h>
#include <linux/elf.h>
#include <linux/elfcore.h>
#include <linux/mm.h>
#include <linux/sched/cputime.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <uapi/linux/mman.h>
#include "glue.h"

#define KG_NOTES_MAX (4u << 20)

int kg_access_remote_vm(struct mm_struct *mm, unsigned long addr, void *buf, int size,
			unsigned int gup_flags);

/* ---- notes --------------------------------------------------------------------------- */

struct kg_notes {
	char *data;
	size_t size, room;
	bool failed;
};

static void kg_notes_add(struct kg_notes *notes, const void *data, size_t size)
{
	size_t room = max(notes->room, PAGE_SIZE);
	char *more;

	while (room < notes->size + ALIGN(size, 4))
		room *= 2;
	if (room > KG_NOTES_MAX)
		notes->failed = true;
	if (notes->failed)
		return;
	if (room != notes->room) {
		more = kvzalloc(room, GFP_KERNEL);
		if (!more) {
			notes->failed = true;
			return;
		}
		memcpy(more, notes->data, notes->size);
		kvfree(notes->data);
		notes->data = more;
		notes->room = room;
	}
	memcpy(notes->data + notes->size, data, size);
	notes->size += ALIGN(size, 4);
}

static void kg_note(struct kg_notes *notes, u32 type, const void *data, size_t size)
{
	const struct elf64_note head = { .n_namesz = 5, .n_descsz = size, .n_type = type };

	kg_notes_add(notes, &head, sizeof(head));
	kg_notes_add(notes, "CORE", 5);
	kg_notes_add(notes, data, size);
}

static void kg_note_thread(struct kg_notes *notes, struct task_struct *task, int signo)
{
	struct elf_prstatus *status = kzalloc(sizeof(*status), GFP_KERNEL);
	struct kg_regs *regs = kzalloc(sizeof(*regs), GFP_KERNEL);

	if (status && regs && kg_host->task_regs &&
	    !kg_host->task_regs(kg_host->ctx, task->thread.cookie, regs)) {
		BUILD_BUG_ON(sizeof(status->pr_reg) != sizeof(regs->general));
		status->common.pr_info.si_signo = signo;
		status->common.pr_cursig = signo;
		status->common.pr_sigpend = task->pending.signal.sig[0];
		status->common.pr_sighold = task->blocked.sig[0];
		status->common.pr_pid = task_pid_vnr(task);
		status->common.pr_ppid = task_pid_vnr(rcu_dereference_raw(task->real_parent));
		status->common.pr_pgrp = task_pgrp_vnr(task);
		status->common.pr_sid = task_session_vnr(task);
		status->pr_fpvalid = 1;
		memcpy(&status->pr_reg, regs->general, sizeof(status->pr_reg));
		kg_note(notes, NT_PRSTATUS, status, sizeof(*status));
		kg_note(notes, NT_PRFPREG, regs->floating, sizeof(regs->floating));
	}
	kfree(status);
	kfree(regs);
}

static void kg_note_process(struct kg_notes *notes, const struct coredump_params *cprm)
{
	siginfo_t *signal = kzalloc(sizeof(*signal), GFP_KERNEL);
	struct mm_struct *mm = current->mm;
	const struct cred *cred = current_cred();
	struct elf_prpsinfo info = {
		.pr_sname = 'R',
		.pr_uid = from_kuid_munged(cred->user_ns, cred->uid),
		.pr_gid = from_kgid_munged(cred->user_ns, cred->gid),
		.pr_pid = task_tgid_vnr(current),
		.pr_ppid = task_tgid_vnr(rcu_dereference_raw(current->real_parent)),
		.pr_pgrp = task_pgrp_vnr(current),
		.pr_sid = task_session_vnr(current),
		.pr_nice = task_nice(current),
	};
	size_t size = min_t(size_t, mm->arg_end - mm->arg_start, ELF_PRARGSZ - 1), i, auxv = 0;

	size = kg_access_remote_vm(mm, mm->arg_start, info.pr_psargs, size, 0);
	for (i = 0; i < size; i++)
		if (!info.pr_psargs[i])
			info.pr_psargs[i] = ' ';
	get_task_comm(info.pr_fname, current);
	kg_note(notes, NT_PRPSINFO, &info, sizeof(info));
	if (signal) {
		copy_siginfo_to_external(signal, cprm->siginfo);
		kg_note(notes, NT_SIGINFO, signal, sizeof(*signal));
	}
	kfree(signal);
	while (auxv + 2 < ARRAY_SIZE(mm->saved_auxv) && mm->saved_auxv[auxv])
		auxv += 2;
	kg_note(notes, NT_AUXV, mm->saved_auxv, (auxv + 2) * sizeof(mm->saved_auxv[0]));
}

/* All but the one whose signal it was. */
static void kg_note_others(struct kg_notes *notes, const struct coredump_params *cprm)
{
	const struct core_thread *thread = current->signal->core_state->dumper.next;

	for (; thread; thread = thread->next)
		kg_note_thread(notes, thread->task, cprm->siginfo->si_signo);
}

/* ---- memory -------------------------------------------------------------------------------- */

/* The mapping at index of the dying program. */
static bool kg_core_map(u64 index, struct kg_map *map)
{
	return kg_host->task_map &&
	       kg_host->task_map(kg_host->ctx, current->thread.cookie, index, map) > 0;
}

/* How much of a mapping is dumped. */
static u64 kg_dump_size(const struct kg_map *map)
{
	if (!map->prot)
		return 0;
	if (!map->ino || (!map->shared && !(map->prot & PROT_EXEC)))
		return map->end - map->start;
	/* By its head a debugger knows a program. */
	return !map->shared && !map->offset && (map->prot & PROT_READ) ? PAGE_SIZE : 0;
}

/* NT_FILE: count, page size, (start, end, offset in pages) of each, then the names. */
static void kg_note_files(struct kg_notes *notes, struct kg_map *map)
{
	struct kg_notes names = { }, note = { };
	u64 head[2] = { 0, 1 }, i;

	for (i = 0; kg_core_map(i, map); i++)
		head[0] += !!map->ino;
	kg_notes_add(&note, head, sizeof(head));
	for (i = 0; kg_core_map(i, map); i++) {
		const u64 where[3] = { map->start, map->end, map->offset };

		if (!map->ino)
			continue;
		kg_notes_add(&note, where, sizeof(where));
		/* Names follow each other without a gap. */
		kg_notes_add(&names, map->name, strlen(map->name) + 1);
		names.size -= ALIGN(strlen(map->name) + 1, 4) - (strlen(map->name) + 1);
	}
	if (names.data) {
		kg_notes_add(&note, names.data, names.size);
		note.size -= ALIGN(names.size, 4) - names.size;
	}
	if (!names.failed && !note.failed)
		kg_note(notes, NT_FILE, note.data, note.size);
	kvfree(names.data);
	kvfree(note.data);
}

static int kg_emit_headers(struct coredump_params *cprm, const struct kg_notes *notes,
			   struct kg_map *map, u64 count)
{
	struct elf64_hdr elf = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_CORE, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
		.e_phoff = sizeof(elf), .e_ehsize = sizeof(elf), .e_phnum = count + 1,
		.e_phentsize = sizeof(struct elf64_phdr),
	};
	struct elf64_phdr phdr = {
		.p_type = PT_NOTE, .p_filesz = notes->size,
		.p_offset = sizeof(elf) + (count + 1) * sizeof(phdr), .p_align = 4,
	};
	u64 offset = PAGE_ALIGN(phdr.p_offset + notes->size), i;

	if (!dump_emit(cprm, &elf, sizeof(elf)) || !dump_emit(cprm, &phdr, sizeof(phdr)))
		return 0;
	for (i = 0; i < count; i++) {
		if (!kg_core_map(i, map))
			return 0;
		phdr = (struct elf64_phdr){
			.p_type = PT_LOAD, .p_offset = offset, .p_vaddr = map->start,
			.p_filesz = kg_dump_size(map), .p_memsz = map->end - map->start,
			.p_flags = (map->prot & PROT_READ ? PF_R : 0) |
				   (map->prot & PROT_WRITE ? PF_W : 0) |
				   (map->prot & PROT_EXEC ? PF_X : 0),
			.p_align = PAGE_SIZE,
		};
		offset += phdr.p_filesz;
		if (!dump_emit(cprm, &phdr, sizeof(phdr)))
			return 0;
	}
	return dump_emit(cprm, notes->data, notes->size);
}

static int kg_emit_memory(struct coredump_params *cprm, struct kg_map *map, u64 count)
{
	char *page = (char *)__get_free_page(GFP_KERNEL);
	int ok = page && dump_align(cprm, PAGE_SIZE);
	u64 i, done;

	for (i = 0; ok && i < count && kg_core_map(i, map); i++) {
		for (done = 0; ok && done < kg_dump_size(map); done += PAGE_SIZE) {
			if (kg_access_remote_vm(current->mm, map->start + done, page, PAGE_SIZE, 0) ==
			    PAGE_SIZE)
				ok = dump_emit(cprm, page, PAGE_SIZE);
			else
				dump_skip(cprm, PAGE_SIZE);
		}
	}
	free_page((unsigned long)page);
	return ok;
}

/* Whether there is a whole core file. */
int kg_core_dump(struct coredump_params *cprm)
{
	struct kg_map *map = kzalloc(sizeof(*map), GFP_KERNEL);
	struct kg_notes notes = { };
	u64 count = 0;
	int ok = 0;

	if (!map)
		return 0;
	/* In the order that debuggers are used to. */
	kg_note_thread(&notes, current, cprm->siginfo->si_signo);
	kg_note_process(&notes, cprm);
	kg_note_files(&notes, map);
	kg_note_others(&notes, cprm);
	while (count < PN_XNUM - 2 && kg_core_map(count, map))
		count++;
	if (!notes.failed && notes.data)
		ok = kg_emit_headers(cprm, &notes, map, count) && kg_emit_memory(cprm, map, count);
	kvfree(notes.data);
	kfree(map);
	return ok;
}
