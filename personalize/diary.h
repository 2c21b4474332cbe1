/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PERSONALIZE_DIARY_H
#define SIGNET_PERSONALIZE_DIARY_H
/*
 * What a card that somebody makes for himself has come to, in a file: who
 * stopped goes on from there.
 *
 * Until its certificate has come there is nothing secret in it.  The PUK and
 * the management key are made after that, when the one-time code is known to
 * be right, and are sealed with a key that is derived from it.
 */
#include "card.h"

struct diary {
	char	*path;			/* of the file */
	char	 ra[256], holder[129];	/* where, and by what name */
	char	 card[CARD_IDENTITY_MAX];
	uint8_t	 guid[16];
	char	 expires[9];
	enum card_slot slot;
	enum card_alg alg;
	struct buf spki;		/* of the key that was made, or empty */
	struct buf request;		/* may have been sent */
	struct buf cert;
	struct buf sealed;		/* PUK and management key */
};
void	 diary_clear(struct diary *);

/* The one of this card, in this directory: 1, 0 there is none, -1. */
int	 diary_load(struct diary *, const char *dir, const struct card_info *,
	    struct error *);
/* path is made of dir for a card that has none yet. */
int	 diary_store(struct diary *, const char *dir, struct error *);
int	 diary_remove(struct diary *, struct error *);

/* ERROR_DENIED: it was not this code. */
int	 diary_seal(struct diary *, const struct secret *code,
	    const struct secret *puk, const struct secret *management,
	    struct error *);
int	 diary_open(const struct diary *, const struct secret *code,
	    struct secret *puk, struct secret *management, struct error *);
#endif
