/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PERSONALIZE_SCP03_H
#define SIGNET_PERSONALIZE_SCP03_H
/*
 * GlobalPlatform's secure channel with AES keys (Card Specification, amendment
 * D): below the commands of a card family, above the reader.  Once it is open,
 * apdu_exchange() sends everything through it, and it ends with the power.
 *
 * Commands are always enciphered and protected; answers as far as the card
 * offers it.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"
#include "base/mem.h"
#include "base/secret.h"

struct card_io;
struct scp03;

struct scp03_keys {		/* as they are in this card */
	struct secret	 enc, mac;	/* 16, 24 or 32 bytes, all alike */
	uint8_t		 version;	/* 0: the card's first */
	bool		 s16;		/* challenges and MACs of 16 bytes */
};

/*
 * With the application that is selected.  ERROR_DENIED: the card does not know
 * the keys, and has not been shown that we do, which would cost a try.
 */
int	 scp03_open(struct card_io *, const struct scp03_keys *,
	    struct error *);
void	 scp03_close(struct card_io *);

/* For apdu.c.  How many bytes of data a short command has room for. */
size_t	 scp03_room(const struct scp03 *);
/* c is CLA to P2, room for Lc, and *n bytes of data, which grow. */
int	 scp03_wrap(struct scp03 *, uint8_t *c, size_t *n, struct error *);
/* What came behind `from`, checked and deciphered; with the status word. */
int	 scp03_unwrap(struct scp03 *, struct buf *answer, size_t from,
	    uint16_t sw, struct error *);
#endif
