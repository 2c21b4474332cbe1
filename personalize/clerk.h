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
	/* The same as they are in the store, and borrowed from there: for who
	 * passes them on and has no use for them. */
	struct bytes	 key_der, cert_der;
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
	uint8_t		 management_alg;	/* of card.h; the first to try */
	/* The card is to keep that key, for who has the PIN; false afterwards
	 * where it has no place for it. */
	bool		 keeps_management;
	/* It comes with nothing on it: all this is set in its channel. */
	bool		 is_bare;
	uint8_t		 channel_version;
	bool		 channel_s16;
};
void	 job_clear(struct job *);
/* Each slot has its certificate. */
bool	 job_has_certs(const struct job *);

enum job_step {
	STEP_CHANNEL, STEP_DENIED,	/* of a bare card: opened; never again */
	STEP_PREPARE,
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
	/* Made on this card, and proved to be; the card's attestation and the
	 * maker's certificate, or nothing.  The nonce is for the request.
	 * ERROR_CONFLICT: another card has this key. */
	int	(*key)(void *, const struct job_slot *, struct bytes leaf,
		    struct bytes issuer, struct buf *nonce, struct error *);
	/* A request, or the public key alone (is_request false): ordered. */
	int	(*request)(void *, enum card_slot, struct bytes der,
		    bool is_request, struct error *);
	/* Has the CA answered?  1 yes; 0 not yet, which may take a moment to
	 * say; -1, ERROR_DENIED when it will not.  Nobody holds the card. */
	int	(*wait)(void *, struct error *);
	/* Make the card's secrets, if there are none, and tell them. */
	int	(*secrets)(void *, struct job *, struct error *);
	/* The card has no management key of job's kind: make one of the next
	 * kind that will do, and tell.  ERROR_CONFIG: there is none. */
	int	(*weaker)(void *, struct job *, struct error *);
	/* The keys of a bare card's channel, which is being opened. */
	int	(*channel)(void *, struct bytes diversification,
		    struct secret *enc, struct secret *mac, struct error *);
	/* All was checked: the card is issued, with its letter. */
	int	(*issued)(void *, struct error *);
	/* It came to an end, for that reason: whether the card may be tried
	 * again (true) or is spoiled now. */
	int	(*failed)(void *, const struct error *why, bool *again,
		    struct error *);
};

struct clerk {
	const struct clerk_ops *ops;
	void	*arg;
};

/*
 * The same over a socketpair.  The worker's end is a clerk like any other; at
 * the other end clerk_answer() has one message answered by who is asked there:
 * 1; 2 when it was wait() and its answer is not yet, which the caller brings
 * later with clerk_answer_wait(); 0 the worker is gone; -1.
 */
void	 clerk_remote(struct clerk *, int *fd);
int	 clerk_answer(const struct clerk *, int fd, struct error *);
/* rc and e: what wait() said. */
int	 clerk_answer_wait(int fd, int rc, const struct error *why,
	    struct error *);
#endif
