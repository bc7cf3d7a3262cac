/* SPDX-License-Identifier: GPL-2.0-or-later */
/* events.c - eventfd, epoll, poll, pipes, splice, sockets of one host, descriptors that travel. */
#include "say.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>

static void counters(void)
{
	uint64_t value = 0;
	int fd = eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC);

	TRY(read(fd, &value, 8));
	say("value %d", (int)value);
	TRY(read(fd, &value, 8));
	value = 5;
	TRY(write(fd, &value, 8));
	TRY(write(fd, &value, 8));
	TRY(read(fd, &value, 8));
	say("value %d", (int)value);
	value = UINT64_MAX;
	TRY(write(fd, &value, 8));
	value = UINT64_MAX - 1;
	TRY(write(fd, &value, 8));
	TRY(write(fd, &value, 8));
	TRY(write(fd, &value, 4));
	fd = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
	TRY(read(fd, &value, 8));
	say("value %d", (int)value);
	TRY(read(fd, &value, 8));
	TRY(read(fd, &value, 8));
	TRY(eventfd(0, 0x1000000));
}

static void epolls(void)
{
	const int epoll = epoll_create1(EPOLL_CLOEXEC);
	const int a = eventfd(0, EFD_NONBLOCK), b = eventfd(1, EFD_NONBLOCK);
	struct epoll_event event = {EPOLLIN, {.u32 = 1}}, got[4];
	uint64_t one = 1;

	TRY(epoll_ctl(epoll, EPOLL_CTL_ADD, a, &event));
	event = (struct epoll_event){EPOLLIN | EPOLLET, {.u32 = 2}};
	TRY(epoll_ctl(epoll, EPOLL_CTL_ADD, b, &event));
	TRY(epoll_ctl(epoll, EPOLL_CTL_ADD, b, &event));
	TRY(epoll_wait(epoll, got, 4, 0));
	say("who %u, events %u", got[0].data.u32, got[0].events);
	TRY(epoll_wait(epoll, got, 4, 10));
	write(a, &one, 8);
	TRY(epoll_wait(epoll, got, 4, -1));
	TRY(epoll_wait(epoll, got, 4, -1));
	event = (struct epoll_event){EPOLLIN | EPOLLONESHOT, {.u32 = 3}};
	TRY(epoll_ctl(epoll, EPOLL_CTL_MOD, a, &event));
	TRY(epoll_wait(epoll, got, 4, -1));
	TRY(epoll_wait(epoll, got, 4, 10));
	write(b, &one, 8);
	TRY(epoll_pwait(epoll, got, 4, -1, NULL));
	TRY(epoll_ctl(epoll, EPOLL_CTL_DEL, a, NULL));
	TRY(epoll_ctl(epoll, EPOLL_CTL_DEL, a, NULL));
	TRY(epoll_ctl(epoll, EPOLL_CTL_ADD, epoll, &event));
	TRY(epoll_ctl(epoll, EPOLL_CTL_ADD, 1000, &event));
	TRY(epoll_wait(epoll, got, 0, 0));
	TRY(epoll_wait(a, got, 4, 0));
	struct pollfd poller = {epoll, POLLIN, 0};

	write(b, &one, 8);
	TRY(poll(&poller, 1, 0));
}

static void pipes(void)
{
	int fds[2], other[2];
	char buf[100] = "";
	static char page[65536];

	TRY(pipe2(fds, O_NONBLOCK | O_CLOEXEC));
	TRY(read(fds[0], buf, 10));
	TRY(write(fds[1], "hello", 5));
	int count = 0;

	TRY(ioctl(fds[0], FIONREAD, &count));
	say("count %d", count);
	TRY(read(fds[0], buf, 3));
	TRY(read(fds[0], buf, 100));
	long total = 0, r;

	while ((r = write(fds[1], page, sizeof(page))) > 0)
		total += r;
	say("a pipe holds %ld, %s", total, strerrorname_np(errno));
	TRY(fcntl(fds[0], F_GETPIPE_SZ));
	TRY(fcntl(fds[0], F_SETPIPE_SZ, 1 << 17));
	TRY(pipe(other));
	TRY(tee(fds[0], other[1], 4096, 0));
	TRY(splice(fds[0], NULL, other[1], NULL, 4096, 0));
	TRY(vmsplice(other[1], &(struct iovec){page, 10}, 1, 0));
	TRY(read(other[0], page, sizeof(page)));
	close(fds[1]);
	while (read(fds[0], page, sizeof(page)) > 0)
		;
	TRY(read(fds[0], page, 1));
	struct pollfd poller = {fds[0], POLLIN, 0};

	TRY(poll(&poller, 1, 0));
	say("revents %d", poller.revents);
	close(other[0]);
	poller = (struct pollfd){other[1], POLLOUT, 0};
	TRY(poll(&poller, 1, 0));
	say("revents %d", poller.revents);
	TRY(poll(&(struct pollfd){999, POLLIN, 0}, 1, 0));
	TRY(mkfifo("/tmp/conformance-fifo", 0600));
	TRY(open("/tmp/conformance-fifo", O_WRONLY | O_NONBLOCK));
	const pid_t child = fork();

	if (child == 0) {
		const int fd = open("/tmp/conformance-fifo", O_WRONLY);

		_exit(write(fd, "fifo", 4) != 4);
	}
	const int fd = open("/tmp/conformance-fifo", O_RDONLY);

	TRY(read(fd, buf, 100));
	wait_and_say("writer", child);
	unlink("/tmp/conformance-fifo");
}

static void send_fds(int socket, const int *fds, int count)
{
	union {
		char space[CMSG_SPACE(4 * sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct iovec iov = {"x", 1};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space,
			     .msg_controllen = CMSG_SPACE((size_t)count * sizeof(int))};
	struct cmsghdr *header = CMSG_FIRSTHDR(&msg);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
	memcpy(CMSG_DATA(header), fds, (size_t)count * sizeof(int));
	TRY(sendmsg(socket, &msg, 0));
}

static int receive_fds(int socket, int *fds)
{
	char space[CMSG_SPACE(4 * sizeof(int))] __attribute__((aligned(8))), byte;
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof(space)};

	TRY(recvmsg(socket, &msg, MSG_CMSG_CLOEXEC));
	struct cmsghdr *header = CMSG_FIRSTHDR(&msg);

	if (!header)
		return 0;
	const int count = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));

	memcpy(fds, CMSG_DATA(header), (size_t)count * sizeof(int));
	return count;
}

static void travel(void)
{
	int pair[2], fds[2], got[4] = {0};
	char text[40] = "";

	TRY(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	const pid_t child = fork();

	if (child == 0) {
		close(pair[0]);
		say("%d descriptors", receive_fds(pair[1], got));
		TRY(write(got[0], "through a pipe", 14));
		lseek(got[1], 5, SEEK_SET);
		read(got[1], text, 4);
		IS(fcntl(got[0], F_GETFD) == FD_CLOEXEC);
		_exit(0);
	}
	close(pair[1]);
	const int file = open("/tmp/conformance-travel", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	unlink("/tmp/conformance-travel");
	write(file, "0123456789", 10);
	pipe(fds);
	send_fds(pair[0], (int[]){fds[1], file}, 2);
	close(fds[1]);
	TRY(read(fds[0], text, sizeof(text)));
	wait_and_say("child", child);
	/* One position for both. */
	TRY(lseek(file, 0, SEEK_CUR));
	TRY(read(fds[0], text, sizeof(text)));
}

static void local_sockets(void)
{
	struct sockaddr_un address = {AF_UNIX, "/tmp/conformance-socket"};
	struct ucred cred = {0};
	socklen_t size = sizeof(cred);
	char text[20] = "";

	unlink(address.sun_path);
	const int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	TRY(bind(server, (struct sockaddr *)&address, sizeof(address)));
	TRY(bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof(address)));
	struct stat st;

	TRY(stat(address.sun_path, &st));
	IS(S_ISSOCK(st.st_mode));
	TRY(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof(address)));
	TRY(listen(server, 5));
	const pid_t child = fork();

	if (child == 0) {
		const int fd = socket(AF_UNIX, SOCK_STREAM, 0);

		_exit(connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
		      send(fd, "hello", 5, 0) != 5 || recv(fd, text, sizeof(text), 0) != 0);
	}
	const int fd = accept4(server, NULL, NULL, SOCK_CLOEXEC);

	TRY(recv(fd, text, 5, MSG_WAITALL));
	TRY(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size));
	IS(cred.pid == child && cred.uid == getuid());
	TRY(close(fd));
	wait_and_say("client", child);
	TRY(unlink(address.sun_path));
	memcpy(address.sun_path, "\0abstract", 9);
	TRY(bind(server, (struct sockaddr *)&address, 11));
	const int other = socket(AF_UNIX, SOCK_DGRAM, 0);

	TRY(bind(other, (struct sockaddr *)&address, 11));
	int pair[2];

	TRY(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
	TRY(send(pair[0], "ab", 2, 0));
	TRY(send(pair[0], "cde", 3, 0));
	TRY(recv(pair[1], text, 20, 0));
	TRY(recv(pair[1], text, 2, MSG_TRUNC));
	TRY(shutdown(pair[0], SHUT_WR));
	TRY(recv(pair[1], text, 20, 0));
	TRY(send(pair[0], "x", 1, MSG_NOSIGNAL));
}

static void numbers(void)
{
	TRY(dup2(1, 20));
	TRY(dup3(1, 20, 0));
	TRY(dup3(20, 20, 0));
	TRY(dup2(20, 20));
	TRY(fcntl(1, F_DUPFD, 30));
	TRY(fcntl(1, F_DUPFD_CLOEXEC, 30));
	TRY(fcntl(31, F_GETFD));
	TRY(fcntl(31, F_SETFD, 0));
	TRY(fcntl(31, F_GETFD));
	TRY(close_range(20, 30, 0));
	TRY(fcntl(30, F_GETFD));
	TRY(close_range(31, ~0U, CLOSE_RANGE_CLOEXEC));
	TRY(fcntl(31, F_GETFD));
	TRY(close_range(9, 8, 0));
	TRY(close(999));
	TRY(fcntl(999, F_GETFL));
	TRY(dup(-1));
	TRY(syscall(SYS_kcmp, getpid(), getpid(), 0, 1, 31));
	TRY(lseek(0, 0, SEEK_CUR) >= 0);
	int fds[2];

	TRY(pipe(fds));
	TRY(lseek(fds[0], 0, SEEK_CUR));
	TRY(fcntl(fds[0], F_SETFL, O_NONBLOCK));
	IS((fcntl(fds[0], F_GETFL) & O_NONBLOCK) != 0);
	TRY(fcntl(fds[0], F_SETOWN, getpid()) );
	IS(fcntl(fds[0], F_GETOWN) == getpid());
	TRY(syscall(1000));
	TRY(syscall(SYS_uselib, "x"));
	TRY(syscall(SYS_create_module, "x", 1));
}

int main(void)
{
	PART(counters);
	PART(epolls);
	PART(pipes);
	PART(travel);
	PART(local_sockets);
	PART(numbers);
	return 0;
}
