/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_HINDCAST_SWITCH_TO_H
#define _ASM_HINDCAST_SWITCH_TO_H

struct task_struct;

struct task_struct *kg_switch_to(struct task_struct *prev, struct task_struct *next);

#define switch_to(prev, next, last) ((last) = kg_switch_to((prev), (next)))

#endif
