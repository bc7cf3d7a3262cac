// SPDX-License-Identifier: GPL-2.0-only
/* irq.c - the three interrupts that a node has: its timer, its network, and work for itself. */
#include <linux/hardirq.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irq_work.h>
#include <linux/seq_file.h>
#include <asm/irq_regs.h>
#include "glue.h"

unsigned long kg_irq_on;
unsigned long kg_irq_bits;

/* Called with interrupts just enabled; comes back with them enabled. */
void kg_irq_run(void)
{
	/* user_mode() is whether there is an instruction of a program's. */
	struct pt_regs regs = { .ip = !!(current->thread.flags & KG_TASK_IN_PROGRAM) };

	while (kg_irq_bits) {
		unsigned long bits = kg_irq_bits;
		struct pt_regs *old = set_irq_regs(&regs);

		kg_irq_on = ARCH_IRQ_DISABLED;
		kg_irq_bits = 0;
		irq_enter();
		if (bits & KG_IRQ_TIMER)
			kg_timer_irq();
		if (bits & KG_IRQ_NET)
			kg_net_irq();
		if (bits & KG_IRQ_WORK)
			irq_work_run();
		irq_exit();
		set_irq_regs(old);
		kg_irq_on = ARCH_IRQ_ENABLED;
	}
}

void arch_irq_work_raise(void)
{
	kg_irq_bits |= KG_IRQ_WORK;
}

void __init init_IRQ(void)
{
}

int show_interrupts(struct seq_file *p, void *v)
{
	return 0;
}
