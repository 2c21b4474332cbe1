/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_ORDER_ORDER_H
#define SIGNET_ORDER_ORDER_H
/*
 * The order: what officers sign and what alone makes the CA act.
 *
 * doc/order.md describes it and doc/order.asn1 is its module.  Encoding is
 * canonical: order_parse() refuses bytes that order_encode() would not have
 * made.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "x509/name.h"

#define ORDER_VERSION	3		/* of the newest kinds */
#define ORDER_ID_SIZE	16
#define ORDER_DIGEST	32		/* SHA-256 of the order's DER */
#define ORDER_MAX	(64u << 20)
#define ORDER_ITEMS_MAX	200000
#define ORDER_TARGETS_MAX 20000
#define ORDER_COMMENT_MAX 2000		/* bytes */
#define ORDER_PERSON_MAX 64
#define ORDER_CREDENTIAL_MAX 1023	/* as WebAuthn has it */
#define ORDER_KEY_MAX	2048
#define ORDER_ORIGIN_MAX 300
#define ORDER_SCOPE_MAX	64		/* of each list */

enum order_kind {
	ORDER_ISSUE,		/* one certificate */
	ORDER_BATCH,		/* a manifest of items */
	ORDER_ITEM,		/* a station's request for one item of a batch */
	ORDER_REVOKE,
	ORDER_HOLD,
	ORDER_RELEASE,
	ORDER_ADOPT,		/* go on from this audit head: after a restore */
	ORDER_REJECT,		/* another order is never to be carried out */
	ORDER_BIND,		/* this credential (WebAuthn) is that officer's */
	ORDER_UNBIND,		/* no longer */
	ORDER_PERMIT,		/* something that people do, not the CA */
	ORDER__MAX
};
const char *order_kind_name(enum order_kind);
enum order_kind order_kind_of(const char *);	/* ORDER__MAX if unknown */

struct order_item {
	uint32_t	 n;		/* 1, 2, 3 ... */
	char		*holder;
	struct fields	 fields;
	bool		 has_request;	/* else an ORDER_ITEM brings it */
	uint8_t		 request[ORDER_DIGEST];	/* SHA-256 of the PKCS#10 DER */
};

struct order_target {
	char		*ca;
	uint8_t		 serial[21];
	size_t		 serial_len;
};

struct order_names {		/* of profiles, domains, offices */
	char		**v;
	size_t		  n;		/* 0: all */
};
void	 order_names_add(struct order_names *, const char *);

struct order_bind {
	char		*person;	/* serialNumber of the officer's subject */
	struct buf	 credential;	/* its id */
	struct buf	 key;		/* SubjectPublicKeyInfo: ES256, EdDSA, RS256 */
	char		*rp_id;		/* "ra.example.org" */
	char		*origin;	/* "https://ra.example.org:8444" */
	/* What may be approved with it; the CA knows nothing of offices. */
	struct order_names profiles, domains, offices;
};

struct order {
	enum order_kind	 kind;
	uint8_t		 id[ORDER_ID_SIZE];	/* random */
	int64_t		 created, expires;
	char		*comment;	/* evidence of identity, reason in words */

	/* ISSUE, BATCH */
	char		*ca;		/* the issuing CA's name */
	char		*profile;
	int64_t		 until;		/* notAfter wished for, or 0; BIND: end */
	/* ISSUE */
	char		*holder;
	struct fields	 fields;
	bool		 has_request;	/* else code: the request comes later */
	uint8_t		 request[ORDER_DIGEST];
	bool		 has_code;
	uint8_t		 code_salt[16];
	uint8_t		 code_key[32];	/* Ed25519 public key; order/code.h */
	bool		 is_renewal;
	uint8_t		 renews[21];	/* serial, same CA, same profile */
	size_t		 renews_len;
	/* BATCH */
	struct order_item *item;
	size_t		 nitems;
	/* ITEM */
	uint8_t		 batch[ORDER_DIGEST];	/* digest of the batch order */
	uint32_t	 n;		/* request holds the digest */
	/* REVOKE, HOLD, RELEASE; PERMIT: what, "puk P0000123K" */
	struct order_target *target;
	size_t		 ntargets;
	char		*selector;	/* "holder:17", "card:..", for evidence */
	/* CRLReason; only a revoke order carries one: hold means 6, release 8 */
	int		 reason;
	int64_t		 invalid_since;	/* or 0 */
	/* ADOPT */
	int64_t		 audit_seq;
	uint8_t		 audit_hash[32];
	/* REJECT */
	uint8_t		 rejects[ORDER_DIGEST];	/* digest of that order */
	/* BIND */
	struct order_bind bind;
	/* UNBIND */
	uint8_t		 unbinds[ORDER_DIGEST];	/* digest of the bind order */
	/* PERMIT */
	uint8_t		 permits[ORDER_DIGEST];	/* of what it is done to */
};

/* A fresh order with id and times set. */
int	 order_new(struct order **, enum order_kind, int64_t lifetime,
	    const struct clock *, const struct rng *, struct error *);
int	 order_encode(struct buf *out, const struct order *, struct error *);
int	 order_parse(struct order **, struct bytes der, struct error *);
void	 order_free(struct order **);
/* Lines "name: value" for people: what an officer sees before signing. */
void	 order_describe(struct buf *out, const struct order *,
	    size_t max_items);
#endif
