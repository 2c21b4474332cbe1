/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PERSONALIZE_OFFICE_PRIVATE_H
#define SIGNET_PERSONALIZE_OFFICE_PRIVATE_H
#include <openssl/x509.h>
#include "agent/place.h"
#include "base/clock.h"
#include "card/layout.h"
#include "db/db_card.h"
#include "event.h"
#include "office.h"

#define NONCE_SIZE	16
#define OFFICE_MASTER	32	/* bytes of the key that management keys come of */
#define TRIES_MAX	2	/* of one card that fails, then it is spoiled */
#define CHANNEL_TRIES	5	/* without ever getting an answer */
#define DENIED_MAX	3	/* then it is the keys that are wrong */

struct channel {
	const struct station_channel *conf;
	struct secret		 enc, mac, master;
};

struct office {
	const struct office_setup *setup;
	const struct station_conf *conf;
	int			 parent;
	struct db		*db;
	struct place_secret	 secret;
	struct place		 place;
	struct identity		 agent;
	struct stat		 agent_file;	/* its certificate's */
	bool			 agent_told;	/* that it cannot be used */
	EVP_PKEY		*seal_key;
	X509			*seal_cert, *escrow, *mailing_house;
	STACK_OF(X509)		*stations;	/* us and our peers */
	struct secret		 master;
	struct secret		 factory_management, factory_pin, factory_puk;
	struct channel		*channel;
	size_t			 nchannels;
	unsigned int		 denied;	/* cards in a row that denied it */
	struct seat		*seat;
	size_t			 nseats;
	struct arena		*look;		/* of one look at the store */
	int64_t			 look_at;	/* at orders, unless woken */
};

/* A worker, and the card that it has. */
struct seat {
	struct office		*office;
	uint32_t		 index;
	int			 fd;		/* -1: it is gone */
	struct arena		*arena;		/* of this card */
	int64_t			 asked_at;	/* wait() is not answered; 0 */
	bool			 has_card, waits, extended;
	bool			 at_hand;	/* it answers here */
	bool			 no_cert;	/* the CA has refused one */
	struct db_card		 card;
	struct layout		*layout;
	int			 step;		/* open in the journal; 0: none */
	uint8_t			 nonce[NONCE_SIZE];
	enum card_slot		 nonce_slot;
	struct buf		 leaf, issuer;	/* its attestation, or none */
	unsigned int		 failures;	/* of this card, in a row */
	bool			 denied;	/* its channel */
};

int	 office_keys(struct office *, const struct office_setup *,
	    struct error *);
void	 office_clear(struct office *);
/* Another process may have renewed the station's certificate: from now on
 * orders are signed with the new one. */
void	 office_look_agent(struct office *);

void	 seat_tell(struct seat *, enum event_kind, const char *text);
void	 seat_tell_event(struct seat *, struct event *);
void	 seat_leave(struct seat *);
/* When the card does, as far as batch and layout know. */
int64_t	 seat_expires(const struct seat *);
/* All its certificates are there: it needs to wait for none. */
int	 seat_certified(struct seat *, struct error *);
/* What is open in the journal is done: the card was looked at since. */
int	 seat_close_step(struct seat *, struct db *, struct error *);

/* A card in this state is neither issued nor at its end. */
bool	 office_is_under_way(const char *state);

int	 office_found(void *, const struct card_info *, struct job *,
	    struct error *);
int	 office_begin(void *, enum job_step, enum card_slot, struct error *);
int	 office_key(void *, const struct job_slot *, struct bytes leaf,
	    struct bytes issuer, struct buf *nonce, struct error *);
int	 office_request(void *, enum card_slot, struct bytes der,
	    bool is_request, struct error *);
int	 office_wait(void *, struct error *);
int	 office_secrets(void *, struct job *, struct error *);
int	 office_weaker(void *, struct job *, struct error *);
int	 office_channel(void *, struct bytes diversification,
	    struct secret *enc, struct secret *mac, struct error *);
int	 office_get_channels(struct office *, struct error *);
void	 office_clear_channels(struct office *);
/* That of the card's batch; NULL: it has another kind of cards. */
const struct channel *seat_channel(const struct seat *);
/* May the channel's keys be tried on this card?  ERROR_CONFLICT. */
int	 seat_may_open(struct seat *, struct error *);
/* Those that are in the journal already; none is no error. */
int	 office_known_secrets(struct seat *, struct job *, struct error *);
int	 office_issued(void *, struct error *);
int	 office_failed(void *, const struct error *why, bool *again,
	    struct error *);
/* A card that is none for us: said so, audited, and in the history of the card
 * that it pretends to be (or NULL). */
int	 office_refuse(struct seat *, const struct db_card *, const char *why,
	    struct error *);
/* Certificates of cards that were spoiled here are revoked. */
int	 office_revoke(struct office *, struct error *);
#endif
