// SPDX-License-Identifier: GPL-2.0-only
/* setup.c - what boot asks of an architecture, and what the end of a node asks of it. */
#include <linux/console.h>
#include <linux/cpu.h>
#include <linux/init.h>
#include <linux/init_task.h>
#include <linux/panic_notifier.h>
#include <linux/pm.h>
#include <linux/printk.h>
#include <linux/random.h>
#include <linux/reboot.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/utsname.h>
#include <asm/setup.h>
#include "glue.h"

void kg_memory_setup(void);

/* ---- console ----------------------------------------------------------- */

static void kg_console_write(struct console *con, const char *text, unsigned int size)
{
	kg_host->console(kg_host->ctx, text, size);
}

static struct console kg_console = {
	.name = "host",
	.write = kg_console_write,
	.flags = CON_PRINTBUFFER | CON_ENABLED | CON_ANYTIME,
	.index = -1,
};

/* ---- the end ------------------------------------------------------------ */

static int kg_on_panic(struct notifier_block *block, unsigned long event, void *text)
{
	kg_die(text);
}

static struct notifier_block kg_panic_block = {
	.notifier_call = kg_on_panic,
	.priority = INT_MIN,
};

void __noreturn kg_bug(const char *file, int line)
{
	panic("BUG at %s:%d", file, line);
}

void machine_restart(char *cmd)
{
	kg_die("reboot: restart");
}

void machine_halt(void)
{
	kg_die("reboot: halt");
}

void machine_power_off(void)
{
	kg_die("reboot: power off");
}

void (*pm_power_off)(void) = machine_power_off;

/* ---- boot ---------------------------------------------------------------- */

/*
 * Interfaces that other machines have only when somebody loads a module stay away here too.  A node has few files, and
 * a small memory: caches begin with one page, and hash tables are small.
 */
static const char kg_command_line[] __initconst =
	"fb_tunnels=none dummy.numdummies=0 slub_max_order=0 dhash_entries=512 ihash_entries=256";

/*
 * The seed is the only entropy there is, so it is credited in full.  Its bytes are hashed with
 * the command line and utsname by random_init_early(): an image is part of a run's identity.
 */
void __init setup_arch(char **cmdline_p)
{
	strscpy(boot_command_line, kg_command_line, COMMAND_LINE_SIZE);
	*cmdline_p = boot_command_line;
	register_console(&kg_console);
	atomic_notifier_chain_register(&panic_notifier_list, &kg_panic_block);
	kg_memory_setup();
	add_bootloader_randomness(kg_boot_info.seed, sizeof(kg_boot_info.seed));
	strscpy(init_uts_ns.name.nodename, kg_boot_info.hostname,
		sizeof(init_uts_ns.name.nodename));
	/* The usual 50 us would make every sleep inexact for no gain: nothing sleeps here. */
	init_task.timer_slack_ns = 0;
	init_task.default_timer_slack_ns = 0;
}

/* init sections stay: they are 200 KiB of a file that all nodes share, or never touched again. */
void free_initmem(void)
{
}

/* ---- /proc/cpuinfo ---------------------------------------------------------- */

static int kg_cpuinfo_show(struct seq_file *m, void *v)
{
	seq_puts(m, "processor\t: 0\n"
		    "vendor_id\t: GenuineIntel\n"
		    "cpu family\t: 6\n"
		    "model\t\t: 60\n"
		    "model name\t: hindcast virtual CPU\n"
		    "stepping\t: 1\n"
		    "cpu MHz\t\t: 1000.000\n"
		    "physical id\t: 0\n"
		    "siblings\t: 1\n"
		    "core id\t\t: 0\n"
		    "cpu cores\t: 1\n"
		    "flags\t\t: fpu cx8 cmov mmx fxsr sse sse2 lm constant_tsc pni cx16\n"
		    "clflush size\t: 64\n\n");
	return 0;
}

static void *kg_cpuinfo_start(struct seq_file *m, loff_t *pos)
{
	return *pos ? NULL : (void *)1;
}

static void *kg_cpuinfo_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return NULL;
}

static void kg_cpuinfo_stop(struct seq_file *m, void *v)
{
}

const struct seq_operations cpuinfo_op = {
	.start = kg_cpuinfo_start,
	.next = kg_cpuinfo_next,
	.stop = kg_cpuinfo_stop,
	.show = kg_cpuinfo_show,
};
