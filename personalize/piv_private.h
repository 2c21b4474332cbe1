/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PERSONALIZE_PIV_PRIVATE_H
#define SIGNET_PERSONALIZE_PIV_PRIVATE_H
/*
 * What the files of the PIV driver share: SP 800-73-4 part 2, with the vendor
 * commands that answer where they are there.
 */
#include "card.h"
#include "tlv.h"

#define PIV_CHUID	0x5fc102
#define PIV_CCC		0x5fc107
#define PIV_HISTORY	0x5fc10c
#define PIV_DISCOVERY	0x7e
#define PIV_PRINTED	0x5fc109
#define PIV_ADMIN	0x5fff00	/* a vendor's */
#define PIV_ATTESTER	0x5fff01
#define PIV_MANAGEMENT	0x9b
#define PIV_BLOCK_MAX	16

enum piv_ins {
	PIV_VERIFY = 0x20, PIV_CHANGE = 0x24, PIV_UNBLOCK = 0x2c,
	PIV_GENERATE = 0x47, PIV_USE = 0x87, PIV_SELECT = 0xa4,
	PIV_CPLC = 0xca, PIV_GET = 0xcb, PIV_PUT = 0xdb, PIV_METADATA = 0xf7,
	PIV_SERIAL = 0xf8, PIV_ATTEST = 0xf9, PIV_TRIES = 0xfa,
	PIV_RESET = 0xfb, PIV_VERSION = 0xfd, PIV_SET_MANAGEMENT = 0xff,
};

/* An exchange that only a transport can fail. */
int	 piv_send(struct card *, uint8_t ins, uint8_t p1, uint8_t p2,
	    struct bytes data, struct buf *answer, uint16_t *sw,
	    struct error *);
uint8_t	 piv_slot(enum card_slot);
uint32_t piv_cert_tag(enum card_slot);
/* An algorithm's byte; and which key that is: CARD_ALG__MAX none of ours. */
uint8_t	 piv_alg(enum card_alg);
enum card_alg piv_alg_of(EVP_PKEY *);

/* Objects.  get: 1, 0 there is none (for which each card has its own word), -1;
 * what is inside 53, or 7E. */
int	 piv_get(struct card *, uint32_t tag, struct buf *, struct error *);
/* Cards that do not know it say so in odd ways: only the transport fails. */
int	 piv_get_discovery(struct card *, struct buf *, struct error *);
/* The status word decides; only the transport fails. */
int	 piv_put(struct card *, uint32_t tag, struct bytes, uint16_t *sw,
	    struct error *);
/* ... written, read back and compared. */
int	 piv_store(struct card *, uint32_t tag, struct bytes, const char *what,
	    struct error *);
/* The metadata of a key or PIN: 1, 0 none, -1. */
int	 piv_metadata(struct card *, uint8_t reference, struct buf *,
	    struct error *);
/* The card knows the command, and not with these parameters. */
bool	 piv_is_not_offered(uint16_t sw);
/* The 7C of an answer and in it the tag; ERROR_CARD when it is not there. */
int	 piv_answer(struct bytes answer, uint32_t tag, struct bytes *value,
	    struct error *);

/* As the card wants it: eight bytes. */
int	 piv_pin_padded(struct secret *, enum card_pin, const struct secret *,
	    struct error *);
/* The management key, in a channel. */
int	 piv_set_reference(struct card *, uint8_t alg, const struct secret *,
	    uint16_t *sw, struct error *);

/* The driver's operations; see struct card_driver. */
int	 piv_select(struct card *, struct error *);
int	 piv_authenticate(struct card *, const struct secret *,
	    struct error *);
int	 piv_set_name(struct card *, const struct card_name *, struct error *);
int	 piv_has_capabilities(struct card *, struct error *);
int	 piv_set_history(struct card *, unsigned int, struct error *);
int	 piv_generate(struct card *, enum card_slot, enum card_alg,
	    EVP_PKEY **, struct error *);
int	 piv_find_key(struct card *, enum card_slot, EVP_PKEY **,
	    struct error *);
int	 piv_sign(struct card *, enum card_slot, EVP_PKEY *, struct bytes,
	    struct buf *, struct error *);
int	 piv_agree(struct card *, enum card_slot, EVP_PKEY *, struct bytes,
	    struct secret *, struct error *);
int	 piv_attest(struct card *, enum card_slot, X509 **, X509 **,
	    struct error *);
int	 piv_write_cert(struct card *, enum card_slot, X509 *, struct error *);
int	 piv_find_cert(struct card *, enum card_slot, X509 **, struct error *);
int	 piv_has_cert(struct card *, enum card_slot, X509 *, struct error *);
int	 piv_read_cert(struct card *, uint32_t tag, X509 **, struct error *);
int	 piv_tries(struct card *, enum card_pin, int *, bool *,
	    struct error *);
int	 piv_verify(struct card *, const struct secret *, int, struct error *);
int	 piv_change(struct card *, enum card_pin, const struct secret *,
	    const struct secret *, int, struct error *);
int	 piv_unblock(struct card *, const struct secret *,
	    const struct secret *, struct error *);
int	 piv_set_management(struct card *, uint8_t alg, const struct secret *,
	    struct error *);
int	 piv_hides_management(struct card *, struct error *);
int	 piv_keep_management(struct card *, const struct secret *,
	    struct error *);
int	 piv_set_tries(struct card *, int, int, struct error *);
int	 piv_reset(struct card *, struct error *);
int	 piv_secure(struct card *, const struct scp03_keys *, struct error *);
int	 piv_prepare(struct card *, const struct card_layout *, struct error *);
int	 piv_set_pins(struct card *, const struct secret *,
	    const struct secret *, struct error *);
#endif
