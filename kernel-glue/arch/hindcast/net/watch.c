// SPDX-License-Identifier: GPL-2.0-only
/*
 * watch.c - notes what changes in a node, for the host to tell in the trace: descriptors, sockets and the state of TCP,
 * interfaces with their addresses, routes and neighbours, queues.
 *
 * Noting is cheap and happens anywhere: a pointer goes into a list.  What has changed is looked up later, when the host
 * asks (kg_tell_changes), outside of every lock, so a socket that ten segments have touched is told once.
 *
 *	a socket	is noted when its lock is released by a task, when it leaves the tables, and when a packet passes
 *			it in either direction (netfilter's local hooks); between them, these are all that touches one
 *	a descriptor	is noted where it is put into a table (fs/file.c, by a patch)
 *	the rest	comes as rtnetlink's own notifications, to a socket that listens as `ip monitor` does
 *
 * A noted socket is held by a reference until it is told, which is before any other task runs.
 */
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/inet.h>
#include <linux/net.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <net/af_unix.h>
#include <net/inet6_hashtables.h>
#include <net/inet_hashtables.h>
#include <net/inet_timewait_sock.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <net/tcp.h>
#include <net/transp_v6.h>
#include <net/udp.h>
#include "../kernel/glue.h"

/* Between two looks of the host there is one call, or the packets of one instant.  What is beyond these is not told. */
#define KG_WATCH_SOCKETS 1024
#define KG_WATCH_FDS 1024
/* "hcat": a port that no task's number is. */
#define KG_WATCH_PORT 0x68636174

struct kg_fd_note {
	u64 cookie;
	unsigned int fd;
};

static struct sock *kg_socks[KG_WATCH_SOCKETS];
static unsigned int kg_sock_count;
static struct kg_fd_note kg_fds[KG_WATCH_FDS];
static unsigned int kg_fd_count;
static struct sock *kg_listener;
static bool kg_watch_due;

/* Something has changed since the host was last told. */
s32 kg_changed(void)
{
	return kg_watch_due;
}

/* A queue of net/link.c has. */
void kg_note_queue(void)
{
	kg_watch_due = kg_host->change;
}

/* ---- noting ----------------------------------------------------------------- */

static void kg_note_sock(struct sock *sk)
{
	if (kg_sock_count == KG_WATCH_SOCKETS ||
	    (kg_sock_count && kg_socks[kg_sock_count - 1] == sk) ||
	    !refcount_inc_not_zero(&sk->sk_refcnt))
		return;
	kg_socks[kg_sock_count++] = sk;
	kg_watch_due = true;
}

static void kg_tcp_release_cb(struct sock *sk)
{
	tcp_release_cb(sk);
	kg_note_sock(sk);
}

static void kg_tcp_unhash(struct sock *sk)
{
	inet_unhash(sk);
	kg_note_sock(sk);
}

static void kg_udp4_release_cb(struct sock *sk)
{
	ip4_datagram_release_cb(sk);
	kg_note_sock(sk);
}

static void kg_udp6_release_cb(struct sock *sk)
{
	ip6_datagram_release_cb(sk);
	kg_note_sock(sk);
}

static void kg_udp_unhash(struct sock *sk)
{
	udp_lib_unhash(sk);
	kg_note_sock(sk);
}

/* A packet comes to a socket of this node, or leaves one. */
static unsigned int kg_note_packet(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct sock *sk = skb->sk ?: state->sk;

	/* What is no full socket is TCP's: a request, or a TIME_WAIT.  The kernel's own, by which it resets, are not told. */
	if (sk && (!sk_fullsock(sk) || (sk->sk_protocol == IPPROTO_TCP && !sk->sk_kern_sock)))
		kg_note_sock(sk);
	return NF_ACCEPT;
}

static const struct nf_hook_ops kg_packet_hooks[] = {
	{ .hook = kg_note_packet, .pf = NFPROTO_IPV4, .hooknum = NF_INET_LOCAL_IN, .priority = INT_MAX },
	{ .hook = kg_note_packet, .pf = NFPROTO_IPV4, .hooknum = NF_INET_LOCAL_OUT, .priority = INT_MAX },
	{ .hook = kg_note_packet, .pf = NFPROTO_IPV6, .hooknum = NF_INET_LOCAL_IN, .priority = INT_MAX },
	{ .hook = kg_note_packet, .pf = NFPROTO_IPV6, .hooknum = NF_INET_LOCAL_OUT, .priority = INT_MAX },
};

static int __net_init kg_watch_net(struct net *net)
{
	return nf_register_net_hooks(net, kg_packet_hooks, ARRAY_SIZE(kg_packet_hooks));
}

static void __net_exit kg_unwatch_net(struct net *net)
{
	nf_unregister_net_hooks(net, kg_packet_hooks, ARRAY_SIZE(kg_packet_hooks));
}

static struct pernet_operations kg_watch_nets = {
	.init = kg_watch_net,
	.exit = kg_unwatch_net,
};

static void kg_note_fd(u64 cookie, unsigned int fd)
{
	if (!kg_host->change || kg_fd_count == KG_WATCH_FDS)
		return;
	kg_fds[kg_fd_count++] = (struct kg_fd_note){ cookie, fd };
	kg_watch_due = true;
}

/* The current task has a new file behind this descriptor. */
void kg_fd_installed(unsigned int fd)
{
	u64 cookie = current->thread.cookie;

	if (cookie > KG_INIT)
		kg_note_fd(cookie, fd);
}

/* ---- telling ------------------------------------------------------------------ */

static struct kg_change kg_change;
static char kg_path[PATH_MAX];

static void kg_tell(u32 kind)
{
	kg_change.kind = kind;
	kg_host->change(kg_host->ctx, &kg_change);
}

static void kg_fill_inet(const struct sock *sk, struct kg_change_socket *ret)
{
	ret->local_port = sk->sk_num;
	ret->remote_port = ntohs(sk->sk_dport);
	if (sk->sk_family == AF_INET) {
		memcpy(ret->local, &sk->sk_rcv_saddr, 4);
		memcpy(ret->remote, &sk->sk_daddr, 4);
	} else if (IS_ENABLED(CONFIG_IPV6)) {
		memcpy(ret->local, &sk->sk_v6_rcv_saddr, 16);
		memcpy(ret->remote, &sk->sk_v6_daddr, 16);
	}
}

static void kg_fill_unix_name(struct sock *sk, char *ret, u32 *ret_size)
{
	const struct unix_address *addr = smp_load_acquire(&unix_sk(sk)->addr);

	if (!addr || addr->len <= offsetof(struct sockaddr_un, sun_path))
		return;
	*ret_size = min_t(u32, addr->len - offsetof(struct sockaddr_un, sun_path), KG_UNIX_NAME_MAX);
	memcpy(ret, addr->name->sun_path, *ret_size);
}

static bool kg_is_tcp(const struct sock *sk)
{
	return sk->sk_protocol == IPPROTO_TCP && sk->sk_type == SOCK_STREAM && sk->sk_family != AF_UNIX;
}

static void kg_fill_tcp(const struct sock *sk, struct kg_change_socket *ret)
{
	const struct inet_connection_sock *icsk = inet_csk(sk);
	const struct tcp_sock *tp = tcp_sk(sk);

	ret->has_tcp = 1;
	ret->state = sk->sk_state;
	/* The two queues of a listening socket are shown where others have theirs, as `ss` does. */
	if (sk->sk_state == TCP_LISTEN) {
		ret->rcv_nxt = sk->sk_ack_backlog;
		ret->write_seq = sk->sk_max_ack_backlog;
		return;
	}
	ret->snd_una = tp->snd_una;
	ret->snd_nxt = tp->snd_nxt;
	ret->write_seq = tp->write_seq;
	ret->rcv_nxt = tp->rcv_nxt;
	ret->copied_seq = tp->copied_seq;
	ret->snd_wnd = tp->snd_wnd;
	ret->rcv_wnd = tp->rcv_wnd;
	ret->ca = icsk->icsk_ca_state;
	ret->cwnd = tcp_snd_cwnd(tp);
	ret->ssthresh = tp->snd_ssthresh;
	ret->srtt_us = tp->srtt_us >> 3;
	ret->rttvar_us = tp->mdev_us >> 2;
	ret->rto_us = jiffies_to_usecs(icsk->icsk_rto);
	ret->mss = tp->mss_cache;
	ret->lost = tp->lost_out;
	ret->retrans = tp->retrans_out;
	ret->total_retrans = tp->total_retrans;
}

static void kg_fill_socket(struct sock *sk, struct kg_change_socket *ret)
{
	*ret = (struct kg_change_socket){
		.sock = sock_gen_cookie(sk), .family = sk->sk_family, .type = sk->sk_type,
		.protocol = sk->sk_protocol,
	};
	if (sk->sk_family == AF_INET || sk->sk_family == AF_INET6)
		kg_fill_inet(sk, ret);
	if (sk->sk_family == AF_UNIX) {
		struct sock *peer = unix_peer(sk);

		kg_fill_unix_name(sk, ret->unix_local, &ret->unix_local_size);
		if (peer)
			kg_fill_unix_name(peer, ret->unix_remote, &ret->unix_remote_size);
	}
	if (kg_is_tcp(sk))
		kg_fill_tcp(sk, ret);
	ret->gone = !sk->sk_socket && (!ret->has_tcp || ret->state == TCP_CLOSE);
}

/* What the tables have under the names of a socket: its TIME_WAIT, or what became of a request.  With a reference. */
static struct sock *kg_successor(const struct sock *sk)
{
	struct net *net = sock_net(sk);
	struct inet_hashinfo *hashes = net->ipv4.tcp_death_row.hashinfo;
	u16 port = sk->sk_num;

	/* A socket that is closed has given its port away, and still knows what it was. */
	if (!port && sk_fullsock(sk))
		port = ntohs(inet_sk(sk)->inet_sport);
	if (!sk->sk_dport || !port)
		return NULL;
	if (sk->sk_family == AF_INET)
		return __inet_lookup_established(net, hashes, sk->sk_daddr, sk->sk_dport, sk->sk_rcv_saddr,
						 port, sk->sk_bound_dev_if, 0);
	return __inet6_lookup_established(net, hashes, &sk->sk_v6_daddr, sk->sk_dport, &sk->sk_v6_rcv_saddr,
					  port, sk->sk_bound_dev_if, 0);
}

static void kg_tell_timewait(const struct sock *sk)
{
	const struct inet_timewait_sock *tw = inet_twsk(sk);

	kg_change.socket = (struct kg_change_socket){
		.sock = atomic64_read(&tw->tw_cookie), .family = sk->sk_family, .type = SOCK_STREAM,
		.protocol = IPPROTO_TCP, .has_tcp = 1, .timewait = 1, .state = tw->tw_substate,
	};
	kg_fill_inet(sk, &kg_change.socket);
	kg_tell(KG_CHANGE_SOCKET);
}

static void kg_tell_sock(struct sock *sk)
{
	if (sk->sk_state == TCP_TIME_WAIT) {
		kg_tell_timewait(sk);
	} else if (sk_fullsock(sk)) {
		kg_fill_socket(sk, &kg_change.socket);
		kg_tell(KG_CHANGE_SOCKET);
	}
}

static void kg_tell_noted(struct sock *sk)
{
	struct sock *next = NULL;

	if (sk->sk_state == TCP_NEW_SYN_RECV || (sk->sk_state == TCP_CLOSE && kg_is_tcp(sk)))
		next = kg_successor(sk);
	if (next && next != sk)
		kg_tell_sock(next);
	else
		kg_tell_sock(sk);
	if (next)
		sock_gen_put(next);
}

static void kg_tell_fd(const struct kg_fd_note *note)
{
	struct task_struct *task = kg_find_task(note->cookie);
	struct kg_change_fd *ret = &kg_change.fd;
	struct file *file;
	struct fdtable *fdt;
	char *path;

	if (!task || !task->files)
		return;
	rcu_read_lock();
	fdt = files_fdtable(task->files);
	file = note->fd < fdt->max_fds ? fdt->fd[note->fd] : NULL;
	if (file) {
		path = d_path(&file->f_path, kg_path, sizeof(kg_path));
		*ret = (struct kg_change_fd){
			.task = note->cookie, .fd = note->fd, .ino = file_inode(file)->i_ino,
			.mode = file_inode(file)->i_mode, .path = IS_ERR(path) ? "" : path,
			.flags = (file->f_flags & ~O_CLOEXEC) | (close_on_exec(note->fd, task->files) ? O_CLOEXEC : 0),
		};
	}
	rcu_read_unlock();
	if (!file)
		return;
	if (sock_from_file(file) && sock_from_file(file)->sk) {
		struct sock *sk = sock_from_file(file)->sk;

		ret->sock = sock_gen_cookie(sk);
		kg_tell(KG_CHANGE_FD);
		kg_tell_sock(sk);
		return;
	}
	kg_tell(KG_CHANGE_FD);
}

static void kg_tell_netlink(void)
{
	struct sk_buff *skb;

	while (kg_listener && (skb = skb_dequeue(&kg_listener->sk_receive_queue))) {
		kg_change.netlink = (struct kg_change_netlink){ .data = skb->data, .size = skb->len };
		kg_tell(KG_CHANGE_NETLINK);
		consume_skb(skb);
	}
}

static void kg_tell_queue(u32 ifid, u64 packets, u64 bytes)
{
	kg_change.queue = (struct kg_change_queue){ .ifid = ifid, .packets = packets, .bytes = bytes };
	kg_tell(KG_CHANGE_QUEUE);
}

/* Aside: freeing a socket is generic code.  Telling notes nothing new, so this ends. */
s32 kg_tell_changes(const struct kg_side_call *call)
{
	unsigned int i;

	kg_watch_due = false;
	for (i = 0; i < kg_fd_count; i++)
		kg_tell_fd(&kg_fds[i]);
	kg_fd_count = 0;
	for (i = 0; i < kg_sock_count; i++) {
		kg_tell_noted(kg_socks[i]);
		sock_gen_put(kg_socks[i]);
	}
	kg_sock_count = 0;
	kg_tell_netlink();
	kg_link_queues(kg_tell_queue);
	return 0;
}

/* A unix socket may have got its name: no lock is released that would tell. */
s32 kg_touch_fd(const struct kg_side_call *call)
{
	struct task_struct *task = kg_find_task(call->size);
	struct fdtable *fdt;
	struct file *file = NULL;

	if (!task || !task->files)
		return 0;
	fdt = files_fdtable(task->files);
	if (call->number < fdt->max_fds)
		file = fdt->fd[call->number];
	if (file && sock_from_file(file) && sock_from_file(file)->sk &&
	    sock_from_file(file)->sk->sk_family == AF_UNIX)
		kg_note_fd(call->size, call->number);
	return 0;
}

/* ---- the beginning -------------------------------------------------------------- */

static void kg_listener_ready(struct sock *sk)
{
	kg_watch_due = true;
}

#define KG_GROUP(name) (1u << (RTNLGRP_##name - 1))

static void __init kg_listen(void)
{
	struct sockaddr_nl addr = {
		.nl_family = AF_NETLINK, .nl_pid = KG_WATCH_PORT,
		.nl_groups = KG_GROUP(LINK) | KG_GROUP(NEIGH) | KG_GROUP(IPV4_IFADDR) | KG_GROUP(IPV4_ROUTE) |
			     KG_GROUP(IPV6_IFADDR) | KG_GROUP(IPV6_ROUTE),
	};
	struct socket *sock;
	int err = sock_create_kern(&init_net, PF_NETLINK, SOCK_RAW, NETLINK_ROUTE, &sock);

	if (!err)
		err = kernel_bind(sock, (struct sockaddr *)&addr, sizeof(addr));
	if (err) {
		pr_warn("changes of routes are not told: %d\n", err);
		return;
	}
	sock->sk->sk_rcvbuf = INT_MAX / 2;
	sock->sk->sk_data_ready = kg_listener_ready;
	kg_listener = sock->sk;
}

/* In pid 1, before there is anything to note. */
void __ref kg_watch_start(void)
{
	if (!kg_host->change)
		return;
	tcp_prot.release_cb = kg_tcp_release_cb;
	tcp_prot.unhash = kg_tcp_unhash;
	udp_prot.release_cb = kg_udp4_release_cb;
	udp_prot.unhash = kg_udp_unhash;
#if IS_ENABLED(CONFIG_IPV6)
	tcpv6_prot.release_cb = kg_tcp_release_cb;
	tcpv6_prot.unhash = kg_tcp_unhash;
	udpv6_prot.release_cb = kg_udp6_release_cb;
	udpv6_prot.unhash = kg_udp_unhash;
#endif
	if (register_pernet_subsys(&kg_watch_nets))
		pr_warn("packets do not tell of their sockets\n");
	kg_listen();
}
