/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mailbox.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"

/* Address space for the largest usual message; pages come as they are touched.  A larger one goes through the socket. */
#define AREA_SIZE (256ull << 20)
/* Where they lie: far from where the host puts things by itself, since there programs have their fixed places, which a child of this
 * process finds taken. */
#define AREA_FIRST 0x300000000000ull	/* behind the kernels of the nodes */
#define AREA_COUNT_MAX 1024u
/* What stays of them afterwards: so that one large message does not cost its memory for ever. */
#define AREA_KEPT (8ull << 20)

struct header {
	uint64_t size;
	uint32_t kind;
	uint32_t shared;	/* 1: the body is in the shared memory */
};

int rec_mailbox_pair(struct rec_mailbox ret[2])
{
	static unsigned int count;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	const int flags = MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
	void *area = mmap((void *)(AREA_FIRST + count++ % AREA_COUNT_MAX * AREA_SIZE), AREA_SIZE,
			  PROT_READ | PROT_WRITE, flags, -1, 0);

	/* A host that has not so much address space gets on without. */
	for (int i = 0; i < 2; i++)
		ret[i] = (struct rec_mailbox){pair[i], area == MAP_FAILED ? NULL : area};
	return 0;
}

void rec_mailbox_close(struct rec_mailbox *box)
{
	if (box->socket >= 0)
		close(box->socket);
	if (box->area)
		munmap(box->area, AREA_SIZE);
	*box = (struct rec_mailbox){.socket = -EBADF};
}

/* Room for one descriptor beside the header. */
union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

static int write_all(int socket, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	while (size > 0) {
		const ssize_t sent = send(socket, at, size, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == ECONNRESET ? -EPIPE : -errno;
		at += sent;
		size -= (size_t)sent;
	}
	return 0;
}

static int read_all(int socket, void *bytes, size_t size)
{
	uint8_t *at = bytes;

	while (size > 0) {
		const ssize_t got = recv(socket, at, size, MSG_WAITALL);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno == ECONNRESET ? -EPIPE : -errno;
		if (!got)
			return -EPIPE;
		at += got;
		size -= (size_t)got;
	}
	return 0;
}

/* The descriptor travels with the first byte of the header. */
static int send_header(int socket, const struct header *header, int pass_fd)
{
	union control control = {0};
	struct iovec iov = {(void *)header, sizeof(*header)};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	ssize_t sent;

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &pass_fd, sizeof(int));
	do
		sent = sendmsg(socket, &msg, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	return write_all(socket, (const uint8_t *)header + sent, sizeof(*header) - (size_t)sent);
}

int rec_mail_send(const struct rec_mailbox *box, enum rec_mail kind, const void *body, size_t size, int pass_fd)
{
	const bool shared = box->area && size && size <= AREA_SIZE;
	const struct header header = {.size = size, .kind = kind, .shared = shared};

	CHECK(size <= REC_MAIL_SIZE_MAX);
	if (shared)
		memcpy(box->area, body, size);
	const int error = pass_fd >= 0 ? send_header(box->socket, &header, pass_fd)
				       : write_all(box->socket, &header, sizeof(header));

	return error || shared ? error : write_all(box->socket, body, size);
}

static int receive_header(int socket, struct header *header, int *ret_fd)
{
	union control control = {0};
	struct iovec iov = {header, sizeof(*header)};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t got;

	do
		got = recvmsg(socket, &msg, MSG_CMSG_CLOEXEC | MSG_WAITALL);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	if (!got)
		return -EPIPE;
	const struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	if (cmsg && cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SCM_RIGHTS)
		memcpy(ret_fd, CMSG_DATA(cmsg), sizeof(int));
	return read_all(socket, (uint8_t *)header + got, sizeof(*header) - (size_t)got);
}

static int take_body(const struct rec_mailbox *box, const struct header *header, uint8_t *to)
{
	if (!header->shared)
		return read_all(box->socket, to, header->size);
	if (!box->area || header->size > AREA_SIZE)
		return -EBADMSG;
	memcpy(to, box->area, header->size);
	if (header->size > AREA_KEPT)
		madvise(box->area + AREA_KEPT, AREA_SIZE - AREA_KEPT, MADV_REMOVE);
	return 0;
}

int rec_mail_receive(const struct rec_mailbox *box, enum rec_mail *ret_kind, struct fmt_buf *body, int *ret_fd)
{
	struct header header = {0};
	_cleanup_close_ int fd = -EBADF;
	int error = receive_header(box->socket, &header, &fd);

	if (error < 0)
		return error;
	if (header.size > REC_MAIL_SIZE_MAX)
		return -EBADMSG;
	fmt_buf_clear(body);
	fmt_buf_reserve(body, header.size);
	error = take_body(box, &header, body->data);
	if (error < 0)
		return error;
	body->size = header.size;
	*ret_kind = header.kind;
	*ret_fd = STEAL_FD(fd);
	return 0;
}

/* ---- bodies ---- */

#define PACKET_HEADER_SIZE offsetof(struct rec_packet, frame)

void rec_mail_put_packet(struct fmt_buf *buf, const struct rec_packet *packet)
{
	fmt_buf_put(buf, packet, PACKET_HEADER_SIZE + packet->size);
}

int rec_mail_get(const struct fmt_buf *buf, size_t *pos, void *ret, size_t size)
{
	CHECK(*pos <= buf->size);
	if (size > buf->size - *pos)
		return -EBADMSG;
	memcpy(ret, buf->data + *pos, size);
	*pos += size;
	return 0;
}

int rec_mail_get_packet(const struct fmt_buf *buf, size_t *pos, struct rec_packet **ret)
{
	uint32_t size;

	CHECK(*pos <= buf->size);
	if (*pos == buf->size)
		return 0;
	if (buf->size - *pos < PACKET_HEADER_SIZE)
		return -EBADMSG;
	memcpy(&size, buf->data + *pos + offsetof(struct rec_packet, size), sizeof(size));
	if (size > buf->size - *pos - PACKET_HEADER_SIZE)
		return -EBADMSG;
	struct rec_packet *packet = malloc(sizeof(*packet) + size);

	CHECK(packet);
	CHECK(!rec_mail_get(buf, pos, packet, PACKET_HEADER_SIZE + size));
	*ret = packet;
	return 1;
}
