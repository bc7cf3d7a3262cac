/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mailbox.h - messages between the machine and its workers: bodies through memory that both share, the word that one is there
 * over a stream socket.
 *
 *	machine                    worker
 *	   |  <--- DONE --------------|   nodes are booted
 *	   |  ---- RUN ------------>  |   a window: until, packets that arrive in it
 *	   |  <--- FILE (and its fd)--|   any number; the worker waits for each GO, so that nobody changes the file
 *	   |  ---- GO ------------->  |   meanwhile
 *	   |  <--- DONE --------------|   states and events of nodes, packets that left
 *	   |  ---- STOP ----------->  |
 *	   |  <--- DONE --------------|
 *	   |  ---- QUIT ----------->  |
 *
 * The shared memory holds one message at a time, of either direction, and is taken out of it as the message is received.
 *
 * A worker writes only between a command and its DONE, and the machine writes a command only to a worker that waits
 * for one: so neither ever waits for the other to read while the other waits likewise.  FAILED takes the place of DONE.
 */
#ifndef REC_MAILBOX_H
#define REC_MAILBOX_H

#include "node.h"

enum rec_mail {
	REC_MAIL_RUN = 1,	/* u64 until, packets */
	REC_MAIL_STOP,		/* u64 now */
	REC_MAIL_QUIT,
	REC_MAIL_GO,
	REC_MAIL_DONE,		/* struct rec_done, states of nodes each with its events, packets for other workers */
	REC_MAIL_FILE,		/* hash */
	REC_MAIL_FAILED,	/* s32 -errno, text */
};

struct rec_done {
	uint64_t states;	/* that many struct rec_node_state follow */
	uint64_t delivered;	/* packets between nodes of this worker, which it has delivered itself */
};

/* Of a node that a window touched. */
struct rec_node_state {
	uint64_t next;
	uint64_t unfinished;
	uint64_t failed;	/* expectations; after STOP */
	uint64_t events_size;	/* records follow */
	uint32_t node;
	uint32_t reserved;	/* 0 */
};

#define REC_MAIL_SIZE_MAX (1ull << 32)

/* One end of the way between the machine and a worker. */
struct rec_mailbox {
	int socket;
	uint8_t *area;		/* shared with the other end; NULL: bodies go through the socket */
};

/* Both ends of a new way, for two processes after a fork.  0 or -errno. */
int rec_mailbox_pair(struct rec_mailbox ret[2]);
/* Closes this end.  Takes one that was never opened (socket < 0). */
void rec_mailbox_close(struct rec_mailbox *box);

/* 0; -EPIPE: the other side is gone; -errno.  pass_fd is borrowed, -1: none. */
int rec_mail_send(const struct rec_mailbox *box, enum rec_mail kind, const void *body, size_t size, int pass_fd);
/* Waits for a message; body is replaced.  0; -EPIPE: the other side is gone; -EBADMSG; -errno.
 * *ret_fd is the caller's, -EBADF when none came. */
int rec_mail_receive(const struct rec_mailbox *box, enum rec_mail *ret_kind, struct fmt_buf *body, int *ret_fd);

void rec_mail_put_packet(struct fmt_buf *buf, const struct rec_packet *packet);
/* The next packet of a body, the caller's to free().  1, 0 at the end, -EBADMSG. */
int rec_mail_get_packet(const struct fmt_buf *buf, size_t *pos, struct rec_packet **ret);
/* Takes size bytes.  0, -EBADMSG. */
int rec_mail_get(const struct fmt_buf *buf, size_t *pos, void *ret, size_t size);

#endif
