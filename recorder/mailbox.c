/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mailbox.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/check.h"
#include "base/cleanup.h"

struct header {
	uint64_t size;
	uint32_t kind;
	uint32_t reserved;
};

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

int rec_mail_send(int socket, enum rec_mail kind, const void *body, size_t size, int pass_fd)
{
	const struct header header = {.size = size, .kind = kind};

	CHECK(size <= REC_MAIL_SIZE_MAX);
	const int error = pass_fd >= 0 ? send_header(socket, &header, pass_fd)
				       : write_all(socket, &header, sizeof(header));

	return error ?: write_all(socket, body, size);
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

int rec_mail_receive(int socket, enum rec_mail *ret_kind, struct fmt_buf *body, int *ret_fd)
{
	struct header header = {0};
	_cleanup_close_ int fd = -EBADF;
	int error = receive_header(socket, &header, &fd);

	if (error < 0)
		return error;
	if (header.size > REC_MAIL_SIZE_MAX)
		return -EBADMSG;
	fmt_buf_clear(body);
	fmt_buf_reserve(body, header.size);
	error = read_all(socket, body->data, header.size);
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
