/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PERSONALIZE_CARD_H
#define SIGNET_PERSONALIZE_CARD_H
/*
 * A card of some family, on some transport.  The driver is a table in which
 * every operation is there; what a card cannot do ends in ERROR_CARD and says
 * so.  Nothing here decides, remembers or waits: who personalises a card does.
 *
 * Every write is read back or used before it counts, and a retry counter is
 * read before one of its tries is spent: what is not known to be right is not
 * tried on the last one.
 */
#include <openssl/evp.h>
#include <openssl/x509.h>
#include "apdu.h"
#include "base/secret.h"

enum card_slot {
	CARD_AUTHENTICATION,	/* of the holder */
	CARD_SIGNATURE,
	CARD_KEY_MANAGEMENT,
	CARD_ITSELF,		/* of the card, without a PIN */
	CARD_RETIRED,		/* the first of 20 former key management keys */
	CARD_SLOT__MAX = CARD_RETIRED + 20
};

enum card_alg {
	CARD_RSA_2048, CARD_RSA_3072, CARD_RSA_4096, CARD_P256, CARD_P384,
	CARD_ALG__MAX
};

enum card_pin { CARD_PIN, CARD_PUK };

#define CARD_IDENTITY_MAX 40	/* with the NUL */

/* What select() has learnt. */
struct card_info {
	/* What a piece of plastic is known by for life, whatever is written to
	 * it: "piv-serial:4711", "cplc:4790..."; "" where a card has neither,
	 * and only the GUID that we gave it is left. */
	char	 identity[CARD_IDENTITY_MAX];
	bool	 extended;	/* vendor's metadata and attestation */
	uint8_t	 version[3];
	bool	 has_serial, has_guid;
	uint32_t serial;
	uint8_t	 guid[16];	/* of the CHUID */
	bool	 has_discovery;
	bool	 prefers_global_pin;	/* not the one that we set */
	/* -1 where the card does not tell. */
	int	 default_pin, default_puk, default_management;
};

struct card_name {		/* who a card is to be */
	uint8_t		 guid[16];
	uint8_t		 unique[14];	/* of the CCC: random */
	const char	*expires;	/* YYYYMMDD */
};

struct card_layout {		/* what a card is to have */
	bool		 has[CARD_SLOT__MAX];
	enum card_alg	 alg[CARD_SLOT__MAX];
	uint8_t		 management;	/* algorithm: 03, 08, 0A, 0C */
};

struct card;
struct scp03_keys;
struct card_driver {
	const char	*name;		/* "piv" */
	/* Select and learn; what was verified or authenticated is not any
	 * longer.  ERROR_NOTFOUND: a card of another family. */
	int	(*select)(struct card *, struct error *);
	/* Both sides prove the key.  ERROR_DENIED: it is not that one, or the
	 * card does not know it. */
	int	(*authenticate)(struct card *, const struct secret *key,
		    struct error *);
	/* CHUID and CCC; and the discovery object, where the card has none and
	 * takes one. */
	int	(*set_name)(struct card *, const struct card_name *,
		    struct error *);
	/* Is there a CCC?  1, 0, -1. */
	int	(*has_capabilities)(struct card *, struct error *);
	int	(*set_history)(struct card *, unsigned int nretired,
		    struct error *);
	/* Make a key; there may be one already, which is then gone.
	 * ERROR_CONFIG: the card does not make such keys there; nothing has
	 * changed. */
	int	(*generate)(struct card *, enum card_slot, enum card_alg,
		    EVP_PKEY **pub, struct error *);
	/* The key that is there: 1, 0 none or the card does not tell, -1. */
	int	(*find_key)(struct card *, enum card_slot, EVP_PKEY **pub,
		    struct error *);
	/* Over the message, with the hash usual for the key.  Cards want
	 * verify() before: CARD_SIGNATURE directly before each signature,
	 * CARD_ITSELF never. */
	int	(*sign)(struct card *, enum card_slot, EVP_PKEY *pub,
		    struct bytes message, struct buf *sig, struct error *);
	/* ECDH with an encoded point of the other side. */
	int	(*agree)(struct card *, enum card_slot, EVP_PKEY *pub,
		    struct bytes point, struct secret *z, struct error *);
	/* The vendor's word on where the key was made, and who vouches, which
	 * is read where *issuer is NULL.  1, 0 the card does not attest, -1. */
	int	(*attest)(struct card *, enum card_slot, X509 **leaf,
		    X509 **issuer, struct error *);
	/* Written, read back, compared. */
	int	(*write_cert)(struct card *, enum card_slot, X509 *,
		    struct error *);
	int	(*find_cert)(struct card *, enum card_slot, X509 **,
		    struct error *);		/* 1, 0, -1 */
	/* This very one: 1; 0 none, or another; -1. */
	int	(*has_cert)(struct card *, enum card_slot, X509 *,
		    struct error *);
	/* Tries left; *verified: nothing needs to be tried. */
	int	(*tries)(struct card *, enum card_pin, int *left,
		    bool *verified, struct error *);
	/* Refused with ERROR_DENIED, and nothing spent, when only `keep` tries
	 * are left. */
	int	(*verify)(struct card *, const struct secret *pin, int keep,
		    struct error *);
	int	(*change)(struct card *, enum card_pin, const struct secret *old,
		    const struct secret *new, int keep, struct error *);
	int	(*unblock)(struct card *, const struct secret *puk,
		    const struct secret *new_pin, struct error *);
	/* After authenticate() or secure(); proved by authenticating with it.
	 * ERROR_CONFIG: the card has no such cipher, or lets nobody change the
	 * key; nothing has changed. */
	int	(*set_management)(struct card *, uint8_t alg,
		    const struct secret *key, struct error *);
	/* Is there a place that the card shows to nobody without its PIN?
	 * After authenticate(); something meaningless is put there, and the
	 * card is reopened.  1, 0, -1. */
	int	(*hides_management)(struct card *, struct error *);
	/* Then, after authenticate() and verify(): put the management key where
	 * whoever has the PIN finds it.  ERROR_CARD: there is no such place. */
	int	(*keep_management)(struct card *, const struct secret *key,
		    struct error *);
	/* How often a PIN may be wrong; both are the factory's afterwards. */
	int	(*set_tries)(struct card *, int pin, int puk, struct error *);
	/* To the factory's state; everything on it is gone. */
	int	(*reset)(struct card *, struct error *);

	/* For cards that come with nothing on them.  A channel with the keys
	 * of the card's issuer (scp03.h): all that follows travels in it, until
	 * select() or the power goes; it stands for authenticate().
	 * ERROR_DENIED: not the keys of this card. */
	int	(*secure)(struct card *, const struct scp03_keys *,
		    struct error *);
	/* In the channel: what the card is to have, where it has it not.
	 * ERROR_CONFIG: not such a management key; the rest is there. */
	int	(*prepare)(struct card *, const struct card_layout *,
		    struct error *);
	/* In the channel, whatever they were. */
	int	(*set_pins)(struct card *, const struct secret *pin,
		    const struct secret *puk, struct error *);
};

struct card {
	const struct card_driver *driver;
	struct card_io		*io;
	struct card_info	 info;
	/* The driver's. */
	uint8_t	 management_alg;	/* 0: not known yet */
};

extern const struct card_driver piv_driver;

/* Find the family and select it.  io stays the caller's. */
int	 card_open(struct card *, struct card_io *, struct error *);
/* Power off and on, select, and find the same card as before: ERROR_CONFLICT
 * when it is another one.  What was verified or authenticated is not. */
bool	 card_is_same(const struct card_info *, const struct card_info *);
int	 card_reopen(struct card *, struct error *);
/* Nobody holds the card while people or the network are waited for; then
 * card_reopen(). */
void	 card_release(struct card *);
const char *card_slot_name(enum card_slot);
/* ERROR_CONFIG for a word that is none. */
int	 card_slot_named(enum card_slot *, const char *, struct error *);
const char *card_alg_name(enum card_alg);
/* ERROR_CONFIG for a word that is none. */
int	 card_alg_named(enum card_alg *, const char *, struct error *);
bool	 card_key_is(EVP_PKEY *, enum card_alg);
/* Ciphers of management keys: "aes-256" is 0C; 0: none of that name.  How many
 * bytes its keys have; 0: unknown. */
uint8_t	 card_management_named(const char *);
size_t	 card_management_size(uint8_t alg);
/* The best one with keys of that size, and the next best to one; 0: none. */
uint8_t	 card_management_best(size_t size);
uint8_t	 card_management_next(uint8_t alg);

/*
 * A request for the key, signed by the card and checked here; the nonce (as
 * challengePassword) shows that it was made for this occasion.  1: PKCS#10.
 * 0: this card does not sign with an EC key that is there to agree: the key
 * alone (SubjectPublicKeyInfo), proved by agreement.  -1.  csr_card_put() makes
 * of either, and of the attestation, what a station orders.
 */
int	 card_request(struct card *, enum card_slot, EVP_PKEY *pub,
	    const char *common_name, struct bytes nonce, struct buf *der,
	    struct error *);
/* The card has the private half, shown by a signature over fresh bytes or, for
 * keys that do nothing else, by agreeing on a key with us.  ERROR_DENIED. */
int	 card_prove(struct card *, enum card_slot, EVP_PKEY *pub,
	    struct error *);
/* Likewise by agreement alone. */
int	 card_prove_agreement(struct card *, enum card_slot, EVP_PKEY *pub,
	    struct error *);
/* attest() and what it says: the same key, on this card, and a chain that holds
 * as far as it goes.  Who may vouch is the CA's to judge.  1, 0 does not attest,
 * -1; *issuer is the caller's to keep for other keys of the card, and to free. */
int	 card_attested(struct card *, enum card_slot, EVP_PKEY *pub,
	    X509 **leaf, X509 **issuer, struct error *);
#endif
