/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Three segments: code; relocations, which the loader applies and nobody reads again; and
 * data.  Constants are data too, since most of their tables hold pointers.
 */
#define RO_EXCEPTION_TABLE_ALIGN 16

#include <asm/cache.h>
#include <asm/page.h>
#include <asm/thread_info.h>
#include <asm-generic/vmlinux.lds.h>

OUTPUT_FORMAT("elf64-x86-64")
OUTPUT_ARCH(i386:x86-64)
ENTRY(kg_entry)

jiffies = jiffies_64;

PHDRS
{
	text PT_LOAD FLAGS(5);
	rel PT_LOAD FLAGS(4);
	data PT_LOAD FLAGS(6);
	dynamic PT_DYNAMIC FLAGS(6);
}

SECTIONS
{
	. = 0x1000;
	_text = .;
	.text : {
		_stext = .;
		HEAD_TEXT
		TEXT_TEXT
		SCHED_TEXT
		LOCK_TEXT
		KPROBES_TEXT
		IRQENTRY_TEXT
		SOFTIRQENTRY_TEXT
		*(.fixup)
		_etext = .;
	} :text

	. = ALIGN(PAGE_SIZE);
	.init.text : {
		_sinittext = .;
		INIT_TEXT
		*(.exit.text)
		_einittext = .;
	} :text

	. = ALIGN(PAGE_SIZE);
	.dynsym : { *(.dynsym) } :rel
	.dynstr : { *(.dynstr) } :rel
	.hash : { *(.hash) } :rel
	.gnu.hash : { *(.gnu.hash) } :rel
	.gnu.version : { *(.gnu.version*) } :rel
	.rela.dyn : { *(.rela*) } :rel

	. = ALIGN(PAGE_SIZE);
	_sdata = .;
	.got : { *(.got) *(.got.plt) } :data
	RO_DATA(PAGE_SIZE)
	.dynamic : { *(.dynamic) } :data :dynamic

	__init_begin = .;
	.exit.data : { EXIT_DATA } :data
	INIT_DATA_SECTION(16)
	PERCPU_SECTION(L1_CACHE_BYTES)
	__init_end = .;

	RW_DATA(L1_CACHE_BYTES, PAGE_SIZE, THREAD_SIZE)
	_edata = .;

	BSS_SECTION(0, 0, 0)
	_end = .;

	STABS_DEBUG
	DWARF_DEBUG
	ELF_DETAILS

	DISCARDS
}
