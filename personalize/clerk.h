/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PERSONALIZE_CLERK_H
#define SIGNET_PERSONALIZE_CLERK_H
/*
 * Who a card is for, and what was done to it: the journal, seen by the worker
 * that has the card.
 *
 * Every call returns after what it says is committed.  The worker holds no
 * journal of its own: when it dies, or the card is pulled, the next worker
 * that sees the card asks again and goes on from the answer.
 */
#include "card.h"

#define JOB_SLOTS	24
#define JOB_TEXT	65

struct job_slot {
	enum card_slot	 slot;
	enum card_alg	 alg;
	EVP_PKEY	*key;		/* noted by key(), else NULL */
	bool		 ordered;	/* request() was called for it */
	X509		*cert;		/* issued, else NULL */
};

struct job {
	struct card_name name;
	char		 expires[9];
	char		 number[JOB_TEXT], holder[JOB_TEXT];
	struct job_slot	 slot[JOB_SLOTS];
	size_t		 nslots;
	struct secret	 factory_management, factory_pin, factory_puk;
	/* Empty until secrets() was called; management: for ever, where the
	 * card keeps the one it came with. */
	struct secret	 management, pin, puk;
};
void	 job_clear(struct job *);

enum job_step {
	STEP_NAME,		/* who the card is */
	STEP_KEY, STEP_CERT,	/* of a slot */
	STEP_PUK, STEP_PIN, STEP_MANAGEMENT,
	STEP_CHECK,
	STEP__MAX
};
const char *job_step_name(enum job_step);

struct clerk_ops {
	/*
	 * This card is in the reader: fill *job, which the caller clears.
	 * ERROR_NOTFOUND: no work waits for it.  ERROR_CONFLICT: it is not a
	 * card for us (finished, retired, of another batch, half made by
	 * somebody else), and why.
	 */
	int	(*found)(void *, const struct card_info *, struct job *,
		    struct error *);
	/* What comes next changes the card. */
	int	(*begin)(void *, enum job_step, enum card_slot,
		    struct error *);
	/* Made on this card, and proved to be.  The nonce is for the request.
	 * ERROR_CONFLICT: another card has this key. */
	int	(*key)(void *, const struct job_slot *, X509 *leaf,
		    X509 *issuer, struct buf *nonce, struct error *);
	/* A request, or the public key alone (is_request false): ordered. */
	int	(*request)(void *, enum card_slot, struct bytes der,
		    bool is_request, struct error *);
	/* Wait until the CA has answered, without holding the card. */
	int	(*wait)(void *, struct error *);
	/* Make the card's secrets, if there are none, and tell them. */
	int	(*secrets)(void *, struct job *, struct error *);
	/* All was checked: the card is issued, with its letter. */
	int	(*issued)(void *, struct error *);
};

struct clerk {
	const struct clerk_ops *ops;
	void	*arg;
};
#endif
