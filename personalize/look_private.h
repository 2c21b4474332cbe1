/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PERSONALIZE_LOOK_PRIVATE_H
#define SIGNET_PERSONALIZE_LOOK_PRIVATE_H
#include <jansson.h>
#include "card.h"
#include "settings.h"

struct look {
	struct card	 card;
	json_t		*o;			/* all that is said */
	json_t		*findings;		/* in o: what is not right */
	X509		*cert[CARD_SLOT__MAX];	/* those that are there */
	size_t		 ncerts, nkeys;
};

/* One more thing that is not as it should be. */
void	 look_find(struct look *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* What the store has of this card, into "store". */
int	 look_store(struct look *, const struct station_conf *,
	    struct error *);
#endif
