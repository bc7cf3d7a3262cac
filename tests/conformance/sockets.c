/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sockets.c - sockets of all kinds on one machine: unix with names and without, TCP, UDP, IPv6, netlink, packet. */
#include "say.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>

typedef struct sockaddr *address;

static struct sockaddr_un named(const char *name)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", name);
	return to;
}

static void show_received(const char *what, const char *bytes, ssize_t size)
{
	if (size < 0)
		say("%s: %s", what, strerrorname_np(errno));
	else
		say("%s: %zd \"%.*s\"", what, size, (int)size, bytes);
}

/* ---- unix -------------------------------------------------------------------- */

static void unix_streams(void)
{
	struct sockaddr_un name = named("stream"), peer;
	socklen_t size = sizeof(peer);
	char buf[64];
	int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);

	TRY(connect(client, (address)&name, sizeof(name)));
	TRY(bind(server, (address)&name, sizeof(name)));
	TRY(bind(server, (address)&name, sizeof(name)));
	TRY(connect(client, (address)&name, sizeof(name)));
	TRY(listen(server, 2));
	TRY(connect(client, (address)&name, sizeof(name)));
	TRY(connect(client, (address)&name, sizeof(name)));
	int conn = accept4(server, (address)&peer, &size, SOCK_NONBLOCK);
	say("peer family %d size %u", peer.sun_family, size);
	size = sizeof(peer);
	TRY(getsockname(conn, (address)&peer, &size));
	say("own name %s", peer.sun_path);
	size = sizeof(peer);
	TRY(getpeername(client, (address)&peer, &size));
	say("peer name %s", peer.sun_path);
	IS(fcntl(conn, F_GETFL) & O_NONBLOCK);
	TRY(recv(conn, buf, sizeof(buf), 0));
	TRY(send(client, "hello", 5, 0));
	TRY(recv(conn, buf, 2, MSG_PEEK));
	show_received("received", buf, recv(conn, buf, sizeof(buf), 0));
	TRY(shutdown(client, SHUT_WR));
	TRY(recv(conn, buf, sizeof(buf), 0));
	TRY(send(client, "x", 1, MSG_NOSIGNAL));
	TRY(send(conn, "back", 4, 0));
	show_received("half closed", buf, recv(client, buf, sizeof(buf), 0));
	close(conn);
	TRY(recv(client, buf, sizeof(buf), 0));
	struct ucred cred = {0};
	size = sizeof(cred);
	TRY(getsockopt(client, SOL_SOCKET, SO_PEERCRED, &cred, &size));
	IS(cred.pid == getpid());
	/* The queue of those who wait to be accepted is finite. */
	int waiting[5];
	for (int i = 0; i < 5; i++) {
		waiting[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		TRY(connect(waiting[i], (address)&name, sizeof(name)));
	}
	close(server);
	TRY(send(waiting[0], "x", 1, MSG_NOSIGNAL));
	TRY(connect(client, (address)&name, sizeof(name)));
	TRY(unlink("stream"));
}

static void unix_datagrams(void)
{
	struct sockaddr_un a = named("a"), b = named("b"), from;
	int x = socket(AF_UNIX, SOCK_DGRAM, 0), y = socket(AF_UNIX, SOCK_DGRAM, 0);
	socklen_t size = sizeof(from);
	char buf[64];

	TRY(bind(x, (address)&a, sizeof(a)));
	TRY(bind(y, (address)&b, sizeof(b)));
	TRY(sendto(x, "one", 3, 0, (address)&b, sizeof(b)));
	TRY(sendto(x, "two", 3, 0, (address)&b, sizeof(b)));
	TRY(sendto(x, "", 0, 0, (address)&b, sizeof(b)));
	show_received("first", buf, recvfrom(y, buf, 2, MSG_TRUNC, (address)&from, &size));
	say("from %s", from.sun_path);
	show_received("second", buf, recv(y, buf, sizeof(buf), 0));
	show_received("empty", buf, recv(y, buf, sizeof(buf), 0));
	TRY(recv(y, buf, sizeof(buf), MSG_DONTWAIT));
	TRY(connect(x, (address)&b, sizeof(b)));
	TRY(send(x, "three", 5, 0));
	/* y is not connected to x. */
	TRY(send(y, "x", 1, 0));
	TRY(connect(x, (address)&(struct sockaddr_un){.sun_family = AF_UNSPEC}, sizeof(sa_family_t)));
	TRY(send(x, "x", 1, 0));
	close(y);
	TRY(sendto(x, "x", 1, 0, (address)&b, sizeof(b)));
	/* By itself, and the abstract names. */
	int z = socket(AF_UNIX, SOCK_DGRAM, 0);
	TRY(bind(z, (address)&from, sizeof(sa_family_t)));
	size = sizeof(from);
	TRY(getsockname(z, (address)&from, &size));
	IS(size == sizeof(sa_family_t) + 6 && !from.sun_path[0]);
	TRY(sendto(x, "auto", 4, 0, (address)&from, size));
	show_received("by number", buf, recv(z, buf, sizeof(buf), 0));
	int w = socket(AF_UNIX, SOCK_SEQPACKET, 0), v = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	struct sockaddr_un abstract = named("_conformance-seq");
	const socklen_t abstract_size = offsetof(struct sockaddr_un, sun_path) + 16;
	abstract.sun_path[0] = 0;
	TRY(bind(w, (address)&abstract, abstract_size));
	TRY(listen(w, 1));
	TRY(connect(v, (address)&abstract, abstract_size));
	int u = accept(w, NULL, NULL);
	TRY(send(v, "record 1", 8, 0));
	TRY(send(v, "record 2", 8, 0));
	show_received("cut", buf, recv(u, buf, 3, 0));
	show_received("whole", buf, recv(u, buf, sizeof(buf), 0));
	TRY(connect(x, (address)&abstract, abstract_size));
	close(v);
	show_received("end", buf, recv(u, buf, sizeof(buf), 0));
	TRY(bind(socket(AF_UNIX, SOCK_STREAM, 0), (address)&(struct sockaddr_un){.sun_family = AF_UNIX,
		 .sun_path = "none/x"}, sizeof(a)));
}

/* ---- what travels beside bytes ------------------------------------------------------ */

static ssize_t send_with(int to, int level, int type, const void *data, size_t size)
{
	char control[CMSG_SPACE(300 * sizeof(int))] = "";
	struct iovec iov = {"x", 1};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(size)};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = level;
	cmsg->cmsg_type = type;
	cmsg->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(cmsg), data, size);
	return sendmsg(to, &msg, 0);
}

/* The descriptors that came; their count, and whether some were cut off. */
static int receive_fds(int from, int *fds, int max)
{
	char control[CMSG_SPACE(300 * sizeof(int))], byte;
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			     .msg_controllen = CMSG_SPACE((size_t)max * sizeof(int))};
	ssize_t got = recvmsg(from, &msg, MSG_CMSG_CLOEXEC);
	int count = 0;

	if (got < 0)
		return -1;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
			const int here = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));

			memcpy(fds + count, CMSG_DATA(c), (size_t)here * sizeof(int));
			count += here;
		}
	say("bytes %zd descriptors %d cut %d", got, count, !!(msg.msg_flags & MSG_CTRUNC));
	return count;
}

static void descriptors(void)
{
	int pair[2], pipes[2], file, got[300];
	char buf[32] = "";

	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	pipe(pipes);
	file = open("travels", O_RDWR | O_CREAT, 0600);
	write(file, "contents", 8);
	lseek(file, 3, SEEK_SET);
	int fds[4] = {file, pipes[0], pipes[1], pair[0]};
	TRY(send_with(pair[0], SOL_SOCKET, SCM_RIGHTS, fds, sizeof(fds)));
	close(file);
	unlink("travels");
	TRY(receive_fds(pair[1], got, 8));
	IS(fcntl(got[0], F_GETFD) == FD_CLOEXEC);
	TRY(read(got[0], buf, 5));
	say("%s", buf);
	TRY(write(got[2], "pipe", 4));
	TRY(read(pipes[0], buf, 4));
	TRY(send_with(pair[0], SOL_SOCKET, SCM_RIGHTS, fds + 1, 3 * sizeof(int)));
	TRY(receive_fds(pair[1], got, 1));
	int many[254];
	for (int i = 0; i < 254; i++)
		many[i] = pipes[0];
	TRY(send_with(pair[0], SOL_SOCKET, SCM_RIGHTS, many, 253 * sizeof(int)));
	TRY(receive_fds(pair[1], got, 253));
	TRY(send_with(pair[0], SOL_SOCKET, SCM_RIGHTS, many, 254 * sizeof(int)));
	many[1] = 999;
	TRY(send_with(pair[0], SOL_SOCKET, SCM_RIGHTS, many, 2 * sizeof(int)));
	/* To another process, which had no such file. */
	const pid_t child = fork();
	if (child == 0) {
		int mine[2];
		receive_fds(pair[1], mine, 2);
		say("child reads %zd", read(mine[0], buf, 4));
		_exit(0);
	}
	int secret = memfd_create("secret", 0);
	write(secret, "four", 4);
	lseek(secret, 0, SEEK_SET);
	TRY(send_with(pair[0], SOL_SOCKET, SCM_RIGHTS, &secret, sizeof(secret)));
	wait_and_say("child", child);
	TRY(lseek(secret, 0, SEEK_CUR));
}

static void own_credentials(void)
{
	int pair[2], on = 1;
	char control[CMSG_SPACE(sizeof(struct ucred))], byte;
	struct ucred mine = {getpid(), getuid(), getgid()};

	socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
	TRY(setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	TRY(send_with(pair[0], SOL_SOCKET, SCM_CREDENTIALS, &mine, sizeof(mine)));
	TRY(send(pair[0], "y", 1, 0));
	for (int i = 0; i < 2; i++) {
		struct iovec iov = {&byte, 1};
		struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
				     .msg_controllen = sizeof(control)};

		TRY(recvmsg(pair[1], &msg, 0));
		const struct ucred *got = (const void *)CMSG_DATA(CMSG_FIRSTHDR(&msg));
		say("from me %d uid %u", got->pid == getpid(), got->uid);
	}
	mine.pid = 999999;
	TRY(send_with(pair[0], SOL_SOCKET, SCM_CREDENTIALS, &mine, sizeof(mine)));
}

static void many_messages(void)
{
	int pair[2];
	char bufs[4][8] = {""};
	struct iovec iov[4];
	struct mmsghdr msgs[4] = {0};
	struct timespec timeout = {0, 1000000};

	socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
	for (int i = 0; i < 4; i++) {
		snprintf(bufs[i], 8, "msg %d", i);
		iov[i] = (struct iovec){bufs[i], 5 - (size_t)i % 2};
		msgs[i].msg_hdr = (struct msghdr){.msg_iov = &iov[i], .msg_iovlen = 1};
	}
	TRY(sendmmsg(pair[0], msgs, 4, 0));
	say("sizes %u %u", msgs[0].msg_len, msgs[1].msg_len);
	memset(bufs, 0, sizeof(bufs));
	TRY(recvmmsg(pair[1], msgs, 3, MSG_WAITFORONE, NULL));
	say("%s|%s|%s", bufs[0], bufs[1], bufs[2]);
	TRY(recvmmsg(pair[1], msgs, 1, 0, &timeout));
	TRY(recvmmsg(pair[1], msgs, 4, MSG_DONTWAIT, NULL));
	struct timeval wait = {0, 20000};
	TRY(setsockopt(pair[1], SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)));
	TRY(recv(pair[1], bufs[0], 8, 0));
}

/* ---- inet ------------------------------------------------------------------------------ */

static struct sockaddr_in at_port(uint16_t port)
{
	return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port),
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void tcp(void)
{
	struct sockaddr_in name = at_port(0), peer;
	socklen_t size = sizeof(name);
	char buf[64];
	int on = 1, error = 0, server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);

	TRY(bind(server, (address)&name, sizeof(name)));
	TRY(getsockname(server, (address)&name, &size));
	IS(ntohs(name.sin_port) >= 1024);
	TRY(connect(client, (address)&name, sizeof(name)));
	TRY(listen(server, 5));
	close(client);
	client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	TRY(connect(client, (address)&name, sizeof(name)) == 0 || errno == EINPROGRESS);
	int conn = accept(server, (address)&peer, &size);
	IS(peer.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
	struct pollfd p = {client, POLLOUT, 0};
	TRY(poll(&p, 1, 1000));
	size = sizeof(error);
	TRY(getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &size));
	say("error %d", error);
	TRY(setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
	TRY(setsockopt(client, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)));
	TRY(setsockopt(client, SOL_SOCKET, 9999, &on, sizeof(on)));
	TRY(bind(socket(AF_INET, SOCK_STREAM, 0), (address)&name, sizeof(name)));
	TRY(send(client, "ab", 2, 0));
	TRY(send(client, "c", 1, MSG_OOB));
	p = (struct pollfd){conn, POLLIN | POLLPRI, 0};
	TRY(poll(&p, 1, 1000));
	IS(p.revents & POLLPRI);
	show_received("out of band", buf, recv(conn, buf, 1, MSG_OOB));
	show_received("in band", buf, recv(conn, buf, sizeof(buf), 0));
	TRY(send(client, "12345", 5, 0));
	show_received("wait for all", buf, recv(conn, buf, 5, MSG_WAITALL));
	TRY(shutdown(client, SHUT_WR));
	TRY(recv(conn, buf, sizeof(buf), 0));
	TRY(send(conn, "answer", 6, 0));
	p = (struct pollfd){client, POLLIN, 0};
	poll(&p, 1, 1000);
	show_received("answer", buf, recv(client, buf, sizeof(buf), 0));
	struct tcp_info info = {0};
	size = sizeof(info);
	TRY(getsockopt(conn, IPPROTO_TCP, TCP_INFO, &info, &size));
	IS(info.tcpi_state == 8 /* CLOSE_WAIT */);
	/* Unread bytes make a reset of the close. */
	close(conn);
	close(client);
	client = socket(AF_INET, SOCK_STREAM, 0);
	TRY(connect(client, (address)&name, sizeof(name)));
	conn = accept(server, NULL, NULL);
	TRY(send(client, "unread", 6, 0));
	p = (struct pollfd){conn, POLLIN, 0};
	poll(&p, 1, 1000);
	close(conn);
	TRY(recv(client, buf, sizeof(buf), 0));
	TRY(send(client, "x", 1, MSG_NOSIGNAL));
	TRY(getpeername(client, (address)&peer, &size));
	close(server);
	TRY(connect(socket(AF_INET, SOCK_STREAM, 0), (address)&name, sizeof(name)));
	TRY(connect(client, (address)&name, 3));
	TRY(socket(AF_INET, 99, 0));
	TRY(socket(99, SOCK_STREAM, 0));
	TRY(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));
}

static void udp(void)
{
	struct sockaddr_in a = at_port(0), b = at_port(0), from;
	socklen_t size = sizeof(a);
	int x = socket(AF_INET, SOCK_DGRAM, 0), y = socket(AF_INET, SOCK_DGRAM, 0), on = 1;
	char buf[64], big[70000] = "";

	bind(x, (address)&a, sizeof(a));
	bind(y, (address)&b, sizeof(b));
	getsockname(x, (address)&a, &size);
	getsockname(y, (address)&b, &size);
	TRY(sendto(x, "datagram", 8, 0, (address)&b, sizeof(b)));
	int pending = 0;
	TRY(ioctl(y, SIOCINQ, &pending));
	say("pending %d", pending);
	TRY(recvfrom(y, buf, 4, MSG_TRUNC | MSG_PEEK, (address)&from, &size));
	IS(from.sin_port == a.sin_port);
	show_received("cut", buf, recv(y, buf, 4, 0));
	TRY(sendto(x, big, sizeof(big), 0, (address)&b, sizeof(b)));
	TRY(sendto(x, "x", 1, 0, (address)&(struct sockaddr_in){.sin_family = AF_INET,
		   .sin_addr.s_addr = INADDR_BROADCAST, .sin_port = b.sin_port}, sizeof(b)));
	TRY(setsockopt(y, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)));
	TRY(setsockopt(y, IPPROTO_IP, IP_RECVTTL, &on, sizeof(on)));
	TRY(sendto(x, "y", 1, 0, (address)&b, sizeof(b)));
	char control[128];
	struct iovec iov = {buf, sizeof(buf)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	TRY(recvmsg(y, &msg, 0));
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
		say("control %d %d", c->cmsg_level, c->cmsg_type);
	TRY(connect(x, (address)&b, sizeof(b)));
	close(y);
	TRY(send(x, "lost", 4, 0));
	TRY(recv(x, buf, sizeof(buf), 0));
	TRY(send(x, "lost", 4, MSG_DONTWAIT) >= 0 || errno == ECONNREFUSED);
	TRY(setsockopt(x, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3));
	TRY(setsockopt(x, SOL_SOCKET, SO_BINDTODEVICE, "no-such-if", 11));
}

static void ipv6(void)
{
	struct sockaddr_in6 name = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT}, peer;
	socklen_t size = sizeof(name);
	char text[INET6_ADDRSTRLEN], buf[8];
	int server = socket(AF_INET6, SOCK_STREAM, 0), six = socket(AF_INET6, SOCK_STREAM, 0);
	int four = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	TRY(bind(server, (address)&name, sizeof(name)));
	getsockname(server, (address)&name, &size);
	TRY(listen(server, 2));
	name.sin6_addr = in6addr_loopback;
	TRY(connect(six, (address)&name, sizeof(name)));
	int conn = accept(server, (address)&peer, &size);
	say("from %s", inet_ntop(AF_INET6, &peer.sin6_addr, text, sizeof(text)));
	struct sockaddr_in old = at_port(ntohs(name.sin6_port));
	TRY(connect(four, (address)&old, sizeof(old)));
	conn = accept(server, (address)&peer, &size);
	say("from %s", inet_ntop(AF_INET6, &peer.sin6_addr, text, sizeof(text)));
	TRY(send(four, "mapped", 6, 0));
	TRY(recv(conn, buf, sizeof(buf), 0));
	TRY(setsockopt(server, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)));
}

/* ---- the rest ----------------------------------------------------------------------------- */

static void netlink(void)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg info;
	} ask = {{sizeof(ask), RTM_GETLINK, NLM_F_REQUEST, 7, 0}, {.ifi_family = AF_UNSPEC, .ifi_index = 1}};
	char buf[8192];
	int s = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	TRY(send(s, &ask, sizeof(ask), 0) == sizeof(ask));
	ssize_t got = recv(s, buf, sizeof(buf), 0);
	const struct nlmsghdr *head = (const void *)buf;
	const struct ifinfomsg *info = NLMSG_DATA(head);
	IS(got > 0 && head->nlmsg_type == RTM_NEWLINK && head->nlmsg_seq == 7 && info->ifi_index == 1);
	ask.info.ifi_index = 9999;
	send(s, &ask, sizeof(ask), 0);
	recv(s, buf, sizeof(buf), 0);
	const struct nlmsgerr *error = NLMSG_DATA(head);
	say("type %u error %s", head->nlmsg_type, strerrorname_np(-error->error));
	struct ifreq ifr = {.ifr_name = "lo"};
	TRY(ioctl(s, SIOCGIFINDEX, &ifr));
	TRY(ioctl(s, SIOCGIFFLAGS, &ifr));
	IS(ifr.ifr_flags & IFF_LOOPBACK);
	IS(if_nametoindex("lo") == 1);
	TRY(socket(AF_NETLINK, SOCK_RAW, 99));
}

/* A frame that we send over lo comes back by a packet socket, with our mark in it. */
static void packets(void)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(0x88b5), .sll_ifindex = 1, .sll_halen = 6};
	int s = socket(AF_PACKET, SOCK_DGRAM, htons(0x88b5)), raw = socket(AF_PACKET, SOCK_RAW, htons(0x88b5));
	socklen_t size = sizeof(at);
	char buf[128];

	TRY(bind(s, (address)&at, sizeof(at)));
	TRY(bind(raw, (address)&at, sizeof(at)));
	TRY(sendto(s, "experimental", 12, 0, (address)&at, sizeof(at)));
	show_received("cooked", buf, recvfrom(s, buf, sizeof(buf), 0, (address)&at, &size));
	say("type %u protocol %x", at.sll_pkttype, ntohs(at.sll_protocol));
	TRY(recv(raw, buf, sizeof(buf), 0));
	say("%.12s", buf + sizeof(struct ether_header));
}

int main(void)
{
	char dir[] = "/tmp/conformance-XXXXXX";

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	if (!mkdtemp(dir) || chdir(dir) < 0)
		return 1;
	PART(unix_streams);
	PART(unix_datagrams);
	PART(descriptors);
	PART(own_credentials);
	PART(many_messages);
	PART(tcp);
	PART(udp);
	PART(ipv6);
	PART(netlink);
	PART(packets);
	return 0;
}
