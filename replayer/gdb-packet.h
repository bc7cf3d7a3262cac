/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gdb-packet.h - packets of gdb's remote protocol: framing, checksums, escapes.
 *
 * A thread of its own reads the connection, since gdb's ^C (one byte, 0x03) comes while a move is under way.
 */
#ifndef REP_GDB_PACKET_H
#define REP_GDB_PACKET_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "buf.h"

#define REP_GDB_PACKET_MAX 0x20000	/* of what gdb sends; as told to it */

struct rep_gdb_link {
	int fd;				/* owned */
	bool no_ack;			/* both sides have agreed on a connection that loses nothing */
	void (*on_break)(void *arg);	/* ^C; called in the reader's thread */
	void *arg;
	pthread_t reader;
	pthread_mutex_t lock;
	pthread_cond_t filled, emptied;
	struct fmt_buf packet;		/* the one that was received; valid when full */
	bool full, ended;
};

/* Takes fd over. 0 or -errno. */
int rep__gdb_link_init(struct rep_gdb_link *link, int fd, void (*on_break)(void *arg), void *arg);
void rep__gdb_link_done(struct rep_gdb_link *link);
/* Waits for a packet; its bytes without frame, a zero behind them. False: gdb has gone.  Valid until the next call. */
bool rep__gdb_receive(struct rep_gdb_link *link, const char **ret, size_t *ret_size);
/* Sends a packet; what has to be escaped is. */
void rep__gdb_send(struct rep_gdb_link *link, const void *bytes, size_t size);

/* Hexadecimal digits of bytes, low address first. */
void rep__gdb_put_hex(struct fmt_buf *out, const void *bytes, size_t size);
/* Number of bytes, at most size. */
size_t rep__gdb_get_hex(const char *text, void *to, size_t size);

#endif
