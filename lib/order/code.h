/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_ORDER_CODE_H
#define SIGNET_ORDER_CODE_H
/*
 * One-time codes.  A code is 20 characters of Crockford's base 32 (100 bits)
 * in groups of five.  The order carries a salt and an Ed25519 public key whose
 * seed is scrypt(code, salt); who redeems the code signs the digests of order
 * and request with that key.  So the store never holds the code, a copied
 * proof fits no other request, and the signer needs no secret to check it
 * (doc/decisions says why this and not a salted hash).
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"
#include "order/order.h"

#define CODE_PROOF_SIZE	64

/* Also of revocation codes: the letter for a random octet, each as likely as any
 * other; and that which is meant by one that somebody typed, or NUL. */
char	 code_letter(uint8_t);
char	 code_meant(char);
/* Make a code and put salt and key into the order. */
int	 code_make(struct order *, struct secret *code, const struct rng *,
	    struct error *);
/* The twenty characters that are meant by what somebody typed; ERROR_INPUT. */
int	 code_normalise(struct secret *out, const struct secret *typed,
	    struct error *);
/* Proof that the bearer of the code wants this request certified.  Spaces,
 * dashes, case, O for 0 and I, L for 1 are forgiven.  A wrong code is
 * ERROR_DENIED. */
int	 code_prove(uint8_t proof[CODE_PROOF_SIZE], const struct order *,
	    const uint8_t order_digest[ORDER_DIGEST], const struct secret *code,
	    const uint8_t request[ORDER_DIGEST], struct error *);
int	 code_verify(const struct order *,
	    const uint8_t order_digest[ORDER_DIGEST],
	    const uint8_t request[ORDER_DIGEST], struct bytes proof,
	    struct error *);
#endif
