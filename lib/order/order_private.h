/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_ORDER_PRIVATE_H
#define SIGNET_ORDER_PRIVATE_H
/*
 * What order_check.c (what an order may say), order_wire.c (the ASN.1
 * template), order_encode.c, order_decode.c and order_describe.c share.
 */
#include <stdbool.h>
#include <openssl/asn1.h>
#include "order/order.h"

#define ORDER_REASON_HOLD	6
#define ORDER_REASON_RELEASE	8

/* Which kinds of order: a set of enum order_kind. */
#define K(kind)		(1u << ORDER_##kind)
#define K_CERT		(K(ISSUE) | K(BATCH))
#define K_BINDING	(K(BIND) | K(UNBIND))
#define K_STATUS	(K(REVOKE) | K(HOLD) | K(RELEASE))
#define K_ALL		((1u << ORDER__MAX) - 1)

struct wire_code {
	ASN1_OCTET_STRING	*salt, *key;
};

struct wire_audit {
	ASN1_INTEGER		*seq;
	ASN1_OCTET_STRING	*hash;
};

struct wire {
	ASN1_INTEGER		*version;
	ASN1_OCTET_STRING	*id;
	ASN1_ENUMERATED		*kind;
	ASN1_GENERALIZEDTIME	*created, *expires;
	ASN1_UTF8STRING		*comment, *ca, *profile;
	ASN1_GENERALIZEDTIME	*until;
	ASN1_UTF8STRING		*holder;
	ASN1_STRING		*fields;	/* SEQUENCE, with its header */
	ASN1_OCTET_STRING	*request;
	struct wire_code	*code;
	ASN1_INTEGER		*renews;
	ASN1_STRING		*items;		/* SEQUENCE */
	ASN1_OCTET_STRING	*batch;
	ASN1_INTEGER		*n;
	ASN1_STRING		*targets;	/* SEQUENCE */
	ASN1_UTF8STRING		*selector;
	ASN1_ENUMERATED		*reason;
	ASN1_GENERALIZEDTIME	*invalid_since;
	struct wire_audit	*audit;
	ASN1_OCTET_STRING	*rejects;
	ASN1_STRING		*bind;		/* SEQUENCE */
	ASN1_OCTET_STRING	*unbinds, *permits;
};

/* The templates of struct wire and of the two inside it. */
const ASN1_ITEM *order_wire_it(void);
const ASN1_ITEM *order_wire_code_it(void);
const ASN1_ITEM *order_wire_audit_it(void);
/* Has the wire form what its kind needs, and nothing of another kind? */
int	 order_wire_check(const struct wire *, enum order_kind,
	    struct error *);
/* Orders are of the oldest version that has their kind. */
int	 order_version(enum order_kind);
/* Bind orders: order_bind.c. */
int	 order_bind_check(const struct order *, struct error *);
void	 order_bind_put(struct buf *der, const struct order_bind *);
int	 order_bind_take(struct order_bind *, struct bytes der, struct error *);
/* YYYYMMDDHHMMSSZ; false past 9999. */
bool	 order_time_format(char dst[16], int64_t);

/* "name:   value", without control characters; order_describe.c.  NULL: no
 * line. */
void	 order_describe_line(struct buf *, int indent, const char *name,
	    const char *value);
void	 order_describe_scope(struct buf *, int indent,
	    const struct order_bind *);

/* Values, whichever way the order came. */
int	 order_check(const struct order *, struct error *);
int	 order_check_text(const char *what, const char *, size_t max,
	    struct error *);
int	 order_check_serial(const uint8_t *, size_t, struct error *);
#endif
