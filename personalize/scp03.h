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
	/* Where enc and mac are empty, who has them is asked, with what the
	 * card says to tell it from others. */
	int		(*ask)(void *arg, struct bytes diversification,
			    struct secret *enc, struct secret *mac,
			    struct error *);
	void		*arg;
};

/*
 * With the application that is selected.  ERROR_DENIED: the card does not know
 * the keys, and has not been shown that we do, which would cost a try.
 */
int	 scp03_open(struct card_io *, const struct scp03_keys *,
	    struct error *);
void	 scp03_close(struct card_io *);

/*
 * The key of a card from that of its maker or batch, as the scheme known as
 * KDF3 has it: SP 800-108 in counter mode with CMAC, over a number for what the
 * key is for (1 enciphers, 2 protects) and the card's ten bytes.
 */
int	 scp03_diversify(struct secret *key, const struct secret *master,
	    uint8_t number, struct bytes diversification, struct error *);

/* For apdu.c.  How many bytes of data a short command has room for. */
size_t	 scp03_room(const struct scp03 *);
/* c is CLA to P2, room for Lc, and *n bytes of data, which grow. */
int	 scp03_wrap(struct scp03 *, uint8_t *c, size_t *n, struct error *);
/* What came behind `from`, checked and deciphered; with the status word. */
int	 scp03_unwrap(struct scp03 *, struct buf *answer, size_t from,
	    uint16_t sw, struct error *);
#endif
