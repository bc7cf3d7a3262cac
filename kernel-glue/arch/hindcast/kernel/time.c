// SPDX-License-Identifier: GPL-2.0-only
/*
 * time.c - the virtual clock.  A variable that the host sets; CLOCK_MONOTONIC, sched_clock()
 * and the log's stamps all show it unscaled, so that every deadline is exact to the nanosecond.
 */
#include <linux/clockchips.h>
#include <linux/clocksource.h>
#include <linux/delay.h>
#include <linux/init.h>
#include <linux/sched/clock.h>
#include <linux/timekeeping.h>
#include "../../../kernel/time/timekeeping.h"	/* update_wall_time() */
#include "glue.h"

static u64 kg_now;
static u64 kg_deadline = KG_NEVER;

static u64 kg_clock_read(struct clocksource *cs)
{
	return kg_now;
}

static struct clocksource kg_clocksource = {
	.name = "virtual",
	.rating = 499,
	.read = kg_clock_read,
	.mask = CLOCKSOURCE_MASK(64),
	.flags = CLOCK_SOURCE_IS_CONTINUOUS | CLOCK_SOURCE_VALID_FOR_HRES,
	/* One tick is one nanosecond; the shift leaves room for adjtimex() to slew. */
	.mult = 1u << 24,
	.shift = 24,
	.max_idle_ns = KTIME_MAX >> 4,
};

/* In use from the first moment: time must not jump from one clock to another during boot. */
struct clocksource * __init clocksource_default_clock(void)
{
	return &kg_clocksource;
}

static int kg_set_next(unsigned long delta, struct clock_event_device *dev)
{
	kg_deadline = kg_now + delta;
	return 0;
}

static int kg_stop(struct clock_event_device *dev)
{
	kg_deadline = KG_NEVER;
	return 0;
}

static struct clock_event_device kg_clockevent = {
	.name = "virtual",
	.features = CLOCK_EVT_FEAT_ONESHOT,
	.rating = 499,
	.mult = 1,
	.shift = 0,
	.min_delta_ns = 1,
	.max_delta_ns = KTIME_MAX >> 1,
	.min_delta_ticks = 1,
	.max_delta_ticks = KTIME_MAX >> 1,
	.set_next_event = kg_set_next,
	.set_state_shutdown = kg_stop,
	.set_state_oneshot_stopped = kg_stop,
};

void kg_timer_irq(void)
{
	if (kg_deadline > kg_now)
		return;
	kg_deadline = KG_NEVER;
	kg_clockevent.event_handler(&kg_clockevent);
}

static u64 kg_start;	/* what the clocks show when boot is over */

void kg_clock_start(u64 vtime_ns)
{
	kg_start = vtime_ns;
}

void kg_set_time(kg_u64 vtime_ns)
{
	if (vtime_ns > kg_now)
		kg_now = vtime_ns;
	if (kg_deadline <= kg_now)
		kg_irq_bits |= KG_IRQ_TIMER;
}

kg_u64 kg_next_timer(void)
{
	return kg_deadline;
}

unsigned long long notrace sched_clock(void)
{
	return kg_now;
}

void read_persistent_clock64(struct timespec64 *ts)
{
	*ts = ns_to_timespec64(kg_boot_info.realtime_ns - kg_start);
}

/*
 * All clocks have begun at 0, as on a machine that is switched on; only now do they jump to the start.  If the time that
 * timekeeping_init() sees were not 0, CLOCK_MONOTONIC_RAW would be late by it for ever, and programs
 * take its first second for "not set" (ping does).  The coarse clocks, by which files get their times, would hear of the jump
 * at the first tick only; a clock that is not registered is not believed to have moved.
 */
void __init time_init(void)
{
	kg_now = kg_start;
	__clocksource_register(&kg_clocksource);
	update_wall_time();
	kg_clockevent.cpumask = cpumask_of(0);
	clockevents_register_device(&kg_clockevent);
}

/* Time stands still while the kernel runs, so there is no loop to be calibrated. */
void calibrate_delay(void)
{
	loops_per_jiffy = 1000000;
}
