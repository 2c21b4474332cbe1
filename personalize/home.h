/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PERSONALIZE_HOME_H
#define SIGNET_PERSONALIZE_HOME_H
/*
 * The clerk of a holder who makes a card for himself: the journal is a diary,
 * and the certificate comes by EST for a one-time code.
 */
#include "clerk.h"
#include "diary.h"
#include "est_client.h"

struct home {
	struct est_client est;
	const char	*dir;		/* of diaries */
	enum card_slot	 slot;
	enum card_alg	 alg;
	struct secret	 pin;		/* as the holder wants it */
	int64_t		 until;		/* clock_monotonic_ms() */
	void		(*say)(const char *);	/* a line, as it goes on */

	struct diary	 diary;
	bool		 extended;
	bool		 is_escrowed;	/* the management key is with others */
	bool		 is_done;
};
struct clerk home_clerk(struct home *);
void	 home_clear(struct home *);

/*
 * Is this a card for us: one that was begun here, of which the diary is read,
 * or a blank?  ERROR_CONFLICT, and why not; nothing is changed on it.
 */
int	 home_recognise(struct home *, struct card *, struct error *);
#endif
