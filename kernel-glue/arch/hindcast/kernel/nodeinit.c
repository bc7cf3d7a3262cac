// SPDX-License-Identifier: GPL-2.0-only
/*
 * nodeinit.c - what an early user space would do: the tree of mounts, device files, loopback.
 * Runs once in pid 1, between its exec and its first wait for the host.
 */
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/file.h>
#include <linux/init.h>
#include <linux/init_syscalls.h>
#include <linux/kdev_t.h>
#include <linux/major.h>
#include <linux/mount.h>
#include <uapi/linux/mount.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/gfp.h>
#include <linux/sched/signal.h>
#include <linux/syscalls.h>
#include <net/net_namespace.h>
#include <net/tcp.h>
#include "glue.h"

struct kg_device {
	const char *path;
	umode_t mode;
	unsigned int major, minor;
};

static const struct kg_device kg_devices[] __initconst = {
	{ "/dev/null", 0666, MEM_MAJOR, 3 },
	{ "/dev/zero", 0666, MEM_MAJOR, 5 },
	{ "/dev/full", 0666, MEM_MAJOR, 7 },
	{ "/dev/random", 0666, MEM_MAJOR, 8 },
	{ "/dev/urandom", 0666, MEM_MAJOR, 9 },
	{ "/dev/kmsg", 0644, MEM_MAJOR, 11 },
	{ "/dev/tty", 0666, TTYAUX_MAJOR, 0 },
	{ "/dev/console", 0600, TTYAUX_MAJOR, 1 },
	{ "/dev/ptmx", 0666, TTYAUX_MAJOR, 2 },
	{ "/dev/net/tun", 0666, MISC_MAJOR, 200 },
};

static const char *const kg_links[][2] __initconst = {
	{ "/proc/self/fd", "/dev/fd" },
	{ "/proc/self/fd/0", "/dev/stdin" },
	{ "/proc/self/fd/1", "/dev/stdout" },
	{ "/proc/self/fd/2", "/dev/stderr" },
};

/* execve("/init") must find something; what it is does not matter (see kg_load_init()). */
static int __init kg_make_init(void)
{
	struct file *file = filp_open("/init", O_CREAT | O_RDONLY, 0755);

	if (IS_ERR(file))
		return PTR_ERR(file);
	return filp_close(file, NULL);
}
late_initcall(kg_make_init);

/* The options have to lie in a page of their own: path_mount() ends it with a zero. */
static void __init kg_mount(const char *type, const char *dir, const char *options)
{
	char *page = options ? (char *)get_zeroed_page(GFP_KERNEL) : NULL;
	int err;

	if (page)
		strscpy(page, options, PAGE_SIZE);
	init_mkdir(dir, 0755);
	err = init_mount(type, dir, type, 0, page);
	free_page((unsigned long)page);
	if (err)
		pr_warn("%s: cannot mount %s: %d\n", dir, type, err);
}

static void __init kg_fill_dev(void)
{
	int i;

	kg_mount("ramfs", "/dev", "mode=0755");
	init_mkdir("/dev/net", 0755);
	for (i = 0; i < ARRAY_SIZE(kg_devices); i++) {
		const struct kg_device *dev = &kg_devices[i];

		init_mknod(dev->path, S_IFCHR | dev->mode,
			   new_encode_dev(MKDEV(dev->major, dev->minor)));
		init_chmod(dev->path, dev->mode);
	}
	for (i = 0; i < ARRAY_SIZE(kg_links); i++)
		init_symlink(kg_links[i][0], kg_links[i][1]);
	kg_mount("devpts", "/dev/pts", "gid=5,mode=620,ptmxmode=666");
	kg_mount("mqueue", "/dev/mqueue", NULL);
	init_mkdir("/dev/shm", 01777);
	init_chmod("/dev/shm", 01777);
}

static void __init kg_move(const char *from, const char *to)
{
	int err;

	init_mkdir(to, 0755);
	err = init_mount(from, to, NULL, MS_MOVE, NULL);
	if (err)
		pr_warn("%s: cannot move to %s: %d\n", from, to, err);
}

/*
 * The host's tree becomes the root.  /dev/shm stays the host's, under the ramfs of /dev:
 * shared memory has to be a file that the host can map.
 */
static void __init kg_take_host_root(void)
{
	int err;

	init_mkdir("/node", 0755);
	err = init_mount("hcfs", "/node", "hcfs", 0, NULL);
	if (err)
		panic("cannot mount the root file system: %d", err);
	init_mkdir("/node/dev", 0755);
	init_mkdir("/node/dev/shm", 01777);
	init_chmod("/node/dev/shm", 01777);
	if (init_mount("/node/dev/shm", "/dev/shm", NULL, MS_BIND, NULL))
		pr_warn("/dev/shm: cannot bind the host's\n");
	kg_move("/dev", "/node/dev");
	kg_move("/proc", "/node/proc");
	kg_move("/sys", "/node/sys");
	init_chdir("/node");
	init_mount(".", "/", NULL, MS_MOVE, NULL);
	init_chroot(".");
}

static void __init kg_loopback_up(void)
{
	rtnl_lock();
	dev_open(init_net.loopback_dev, NULL);
	rtnl_unlock();
}

/*
 * TCP sizes its buffers by memory at boot, for machines that hold everything in it.  A node's
 * memory holds little but packets: it gets the limits of an ordinary machine.
 */
static void __init kg_tune_tcp(void)
{
	init_net.ipv4.sysctl_tcp_rmem[2] = 6 << 20;
	init_net.ipv4.sysctl_tcp_wmem[2] = 4 << 20;
}

/*
 * Children of pid 1 leave no zombies: it never waits.  SIG_IGN would do as much, but programs
 * would inherit it: neither CLONE_CLEAR_SIGHAND nor execve() resets what is ignored.
 */
static void __init kg_forget_children(void)
{
	current->sighand->action[SIGCHLD - 1].sa.sa_flags = SA_NOCLDWAIT;
}

void __ref kg_node_init(void)
{
	kg_mount("proc", "/proc", NULL);
	kg_mount("sysfs", "/sys", NULL);
	kg_fill_dev();
	if (kg_host->fs_lookup)
		kg_take_host_root();
	kg_watch_start();
	kg_loopback_up();
	kg_tune_tcp();
	kg_forget_children();
	ksys_setsid();
}
