/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inject.h - rules of faults in system calls, in the syntax of strace's --inject.
 *
 *	SET:error=ERRNO|:retval=N|:signal=SIG|:delay_enter=TIME|:delay_exit=TIME[:when=FIRST[..LAST][+[STEP]]]
 *
 * SET is a list of names of calls, or `all`.  Times are microseconds unless they have a unit.  As in strace, every thread counts its
 * calls by itself, each call of the set by itself.
 */
#ifndef REC_INJECT_H
#define REC_INJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REC_INJECT_CALLS 512u

struct rec_inject_rule {
	uint64_t calls[REC_INJECT_CALLS / 64];	/* a bit for each number */
	bool fails;				/* the call is not made: result takes its place */
	int64_t result;
	int signo;				/* 0: none */
	uint64_t enter_ns, exit_ns;		/* how long it waits, before and after */
	uint32_t first, last, step;		/* of the calls that are meant, counted from 1; step 0: only the first */
	char *text;				/* as written, owned */
};

/* 0; -EINVAL, and why says what is wrong, for a person. */
int rec_inject_parse(const char *text, struct rec_inject_rule *ret, char *why, size_t why_size);
void rec_inject_done(struct rec_inject_rule *rule);
/* Whether a rule means calls of this number at all; and whether it means the count-th. */
bool rec_inject_has(const struct rec_inject_rule *rule, uint64_t nr);
bool rec_inject_means(const struct rec_inject_rule *rule, uint32_t count);

#endif
