/* SPDX-License-Identifier: GPL-2.0-or-later */
/* disassembly.h - instructions of a process as text. */
#ifndef REP_DISASSEMBLY_H
#define REP_DISASSEMBLY_H

#include "symbols.h"

struct rep_instruction {
	uint64_t addr;
	uint8_t size;			/* bytes */
	uint8_t bytes[16];
	char text[112];			/* "call 0x401136 <main>" */
	bool is_call, is_return;
};

/* Up to max instructions from an address on; fewer where memory ends or bytes are none.  Their number. */
size_t rep_disassemble(struct rep_symbols *symbols, const struct rep_target *target, uint64_t addr,
		       struct rep_instruction *ret, size_t max);

#endif
