/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_OS_MSG_H
#define SIGNET_OS_MSG_H
/*
 * Typed messages between the processes of one program over a socketpair.
 *
 * A message is a 32-bit type, a 32-bit length and fields.  The put functions
 * append to a message under construction; the get functions read fields in
 * the same order and latch the first mistake, so that a handler reads
 * everything and asks msg_done() once.  Integers are big-endian; a blob is a
 * 32-bit length and bytes.  Nothing is trusted: every length is checked
 * against what is there.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"
#include "base/mem.h"

#define MSG_MAX	(64u << 20)		/* bytes in one message */

struct msg {
	uint32_t	 type;
	struct buf	 body;
	size_t		 pos;		/* of the reader */
	bool		 bad;		/* a get ran past the end or a bound */
};

void	 msg_init(struct msg *, uint32_t type);	/* empties, keeps memory */
void	 msg_clear(struct msg *);
void	 msg_put_u32(struct msg *, uint32_t);
void	 msg_put_i64(struct msg *, int64_t);
void	 msg_put_blob(struct msg *, const void *, size_t);
void	 msg_put_str(struct msg *, const char *);	/* NULL becomes "" */
void	 msg_put_error(struct msg *, const struct error *);

uint32_t msg_get_u32(struct msg *);
int64_t	 msg_get_i64(struct msg *);
/* Borrowed from the message; more than max bytes latches. */
struct bytes msg_get_blob(struct msg *, size_t max);
/* NUL-terminated copy into dst; longer or with an inner NUL latches. */
void	 msg_get_str(struct msg *, char *dst, size_t size);
/* Has a code and a text in any case; one that lacks them latches. */
void	 msg_get_error(struct msg *, struct error *);
/* 0 when every get succeeded and nothing is left over. */
int	 msg_done(const struct msg *, struct error *);

/* Blocking; EOF before a message is ERROR_UPSTREAM "peer is gone". */
int	 msg_send(int fd, const struct msg *, struct error *);
/* Returns 1, or 0 on a clean end of stream, or -1. */
int	 msg_recv(int fd, struct msg *, struct error *);
/* Send, then receive a message of type "want" or one of type 0, which is an
 * error that the peer put with msg_put_error and which becomes ours. */
int	 msg_call(int fd, struct msg *request, struct msg *reply,
	    uint32_t want, struct error *);
/* The second half of it, for who does something else between the two. */
int	 msg_answer(int fd, struct msg *reply, uint32_t want, struct error *);
#endif
