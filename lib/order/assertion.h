/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_ORDER_ASSERTION_H
#define SIGNET_ORDER_ASSERTION_H
/*
 * An officer's approval given in the browser: a WebAuthn assertion whose
 * challenge is the digest of the order (doc/order.md, "In the browser").
 *
 * It travels as a signed attribute (OID_ASSERTION) of the RA's SignerInfo,
 * with the bind order by which two security officers gave the credential to a
 * person.  Here is what needs no trust: the form, and whether the credential
 * of that bind order signed this challenge at that origin with the user
 * present and verified.  Who counts is approval_check()'s.
 */
#include "base/error.h"
#include "base/mem.h"
#include "order/order.h"

#define ASSERTION_AUTH_DATA	37	/* rpIdHash, flags, counter; no more */
#define ASSERTION_CLIENT_MAX	4096	/* clientDataJSON */
#define ASSERTION_SIGNATURE_MAX	1024
#define ASSERTION_BIND_MAX	(64 * 1024)
#define ASSERTION_MAX		(72 * 1024)	/* the whole attribute */

struct assertion {		/* all borrowed */
	uint8_t		 cert[32];	/* SHA-256 of the officer's certificate */
	struct bytes	 credential;	/* its id */
	struct bytes	 auth_data, client_data, signature;	/* as signed */
	struct bytes	 bind;		/* CMS of the bind order */
};
/* The attribute's value, doc/order.asn1.  Nothing is verified by either. */
int	 assertion_parse(struct assertion *, struct bytes der, struct error *);
int	 assertion_encode(struct buf *out, const struct assertion *,
	    struct error *);

/*
 * clientDataJSON, read strictly: an object without duplicate keys whose type is
 * the one given ("webauthn.get"), whose challenge is the base64url of these
 * bytes and nothing like it, whose origin is this one, and which is not of
 * another origin's frame.  ERROR_DENIED saying which.  With len 0 any
 * challenge will do.
 */
int	 assertion_check_client(struct bytes json, const char *type,
	    const uint8_t *challenge, size_t len, const char *origin,
	    struct error *);
/*
 * What navigator.credentials.create() gave, as JSON (toJSON()): fills the
 * order's credential, key, origin and relying party.  A challenge of length 0
 * is not compared: for a file, which nobody here has asked for.
 */
int	 assertion_read_registration(struct order_bind *, struct bytes json,
	    struct bytes challenge, const char *origin, const char *rp_id,
	    struct error *);
/* Did the credential of this bind order sign the digest of that order?
 * ERROR_DENIED. */
int	 assertion_verify(const struct assertion *, const struct order *bind,
	    const uint8_t order[ORDER_DIGEST], struct error *);
#endif
