/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PERSONALIZE_APDU_H
#define SIGNET_PERSONALIZE_APDU_H
/*
 * Commands to a card and its answers (ISO 7816-4), whatever moves the bytes:
 * chaining, GET RESPONSE (61xx), the right Le (6Cxx) and extended lengths are
 * done here and nowhere else.
 *
 * What a card answers is foreign bytes and bounded.  After an error of the
 * transport nobody knows which card is in the reader: the exchange is lost,
 * and every further command is refused until the card has been opened and
 * recognised again.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"
#include "base/mem.h"

#define APDU_ANSWER_MAX	16384	/* joined */
#define APDU_DATA_MAX	16384
#define APDU_FRAME_MAX	(65536 + 2)

enum apdu_sw {
	APDU_OK = 0x9000, APDU_WRONG = 0x6300, APDU_LENGTH = 0x6700, APDU_SECURITY = 0x6982,
	APDU_BLOCKED = 0x6983, APDU_UNUSABLE = 0x6984,
	APDU_CONDITION = 0x6985, APDU_NO_CHAINING = 0x6884,
	APDU_NO_SELECT = 0x6999, APDU_DATA = 0x6a80,
	APDU_NO_FUNCTION = 0x6a81, APDU_NOT_FOUND = 0x6a82,
	APDU_NO_SPACE = 0x6a84, APDU_PARAMETERS = 0x6a86,
	APDU_NO_REFERENCE = 0x6a88, APDU_NO_INS = 0x6d00,
	APDU_NO_CLA = 0x6e00,
	APDU_FAILED = 0x6f00,
};

struct scp03;

/* Moves one command and one answer; knows nothing of what they mean. */
struct card_io_ops {
	/* out: answer and status word, *outlen at least 2. */
	int	(*transmit)(void *io, struct bytes command, uint8_t *out,
		    size_t size, size_t *outlen, struct error *);
	/* Power off and on; what is in the reader then may be another card. */
	int	(*reconnect)(void *io, struct error *);
	/* Others may have the reader until reconnect(). */
	void	(*release)(void *io);
	void	(*close)(void *io);
};
struct card_io {
	const struct card_io_ops *ops;
	void	*io;
	bool	 extended;	/* both sides take extended lengths */
	/* T=0 (ISO 7816-3, 12.1.2): always a fifth byte, and no Le after data,
	 * where the card says itself how much there is (61xx). */
	bool	 t0;
	bool	 lost;		/* see above; apdu_reconnect() clears it */
	struct scp03 *channel;	/* scp03.h, or NULL */
};

struct apdu {
	uint8_t		 ins, p1, p2;
	struct bytes	 data;
	bool		 wants_answer;	/* with Le, all there is */
	uint8_t		 cla;		/* 0, or 80: GlobalPlatform's */
};

/*
 * 0 when the card answered, whatever its status word; the answer replaces
 * what is in *answer (NULL: not wanted).  Commands are wiped after use: they
 * may have a PIN in them.
 */
int	 apdu_exchange(struct card_io *, const struct apdu *,
	    struct buf *answer, uint16_t *sw, struct error *);
/* A status word as an error: what was tried, and what the card said. */
int	 apdu_error(struct error *, uint16_t sw, const char *what);
int	 apdu_reconnect(struct card_io *, struct error *);
/* The card is lost until then, without its power. */
void	 apdu_release(struct card_io *);
void	 apdu_close(struct card_io *);
#endif
