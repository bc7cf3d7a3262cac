/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_HINDCAST_CURRENT_H
#define _ASM_HINDCAST_CURRENT_H

#ifndef __ASSEMBLY__
struct task_struct;

extern struct task_struct *kg_current;

#define current kg_current
#define get_current() kg_current
#endif

#endif
