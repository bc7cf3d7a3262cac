/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_HINDCAST_IRQFLAGS_H
#define _ASM_HINDCAST_IRQFLAGS_H

/*
 * Interrupts are a variable.  An event of the host (a timer that is due, a frame) sets a bit of
 * kg_irq_bits; its handler runs when interrupts are next enabled.  While the host itself
 * runs, interrupts are off: nothing of the kernel starts on the host's stack.
 */
#define ARCH_IRQ_DISABLED 0
#define ARCH_IRQ_ENABLED 1

#ifndef __ASSEMBLY__
#include <linux/compiler.h>

extern unsigned long kg_irq_on;
extern unsigned long kg_irq_bits;
void kg_irq_run(void);

static inline unsigned long arch_local_save_flags(void)
{
	return kg_irq_on;
}
#define arch_local_save_flags arch_local_save_flags

static inline void arch_local_irq_disable(void)
{
	kg_irq_on = ARCH_IRQ_DISABLED;
	barrier();
}
#define arch_local_irq_disable arch_local_irq_disable

static inline void arch_local_irq_enable(void)
{
	barrier();
	kg_irq_on = ARCH_IRQ_ENABLED;
	if (unlikely(kg_irq_bits))
		kg_irq_run();
}
#define arch_local_irq_enable arch_local_irq_enable

static inline unsigned long arch_local_irq_save(void)
{
	unsigned long flags = kg_irq_on;

	arch_local_irq_disable();
	return flags;
}
#define arch_local_irq_save arch_local_irq_save

static inline void arch_local_irq_restore(unsigned long flags)
{
	if (flags)
		arch_local_irq_enable();
	else
		arch_local_irq_disable();
}
#define arch_local_irq_restore arch_local_irq_restore
#endif

#include <asm-generic/irqflags.h>

#endif
