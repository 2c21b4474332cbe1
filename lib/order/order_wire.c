/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders as doc/order.asn1 has them, between struct order and DER.
 *
 * The outer structure is an OpenSSL template.  The lists (fields, items,
 * targets) are raw bytes to it; order_encode.c and order_decode.c walk them one
 * element at a time (doc/decisions/0011-order-lists.md).
 */
#include <string.h>
#include <time.h>
#include <openssl/asn1t.h>
#include "order/order_private.h"

ASN1_SEQUENCE(WIRE_CODE) = {
	ASN1_SIMPLE(struct wire_code, salt, ASN1_OCTET_STRING),
	ASN1_SIMPLE(struct wire_code, key, ASN1_OCTET_STRING),
} static_ASN1_SEQUENCE_END_name(struct wire_code, WIRE_CODE)

ASN1_SEQUENCE(WIRE_AUDIT) = {
	ASN1_SIMPLE(struct wire_audit, seq, ASN1_INTEGER),
	ASN1_SIMPLE(struct wire_audit, hash, ASN1_OCTET_STRING),
} static_ASN1_SEQUENCE_END_name(struct wire_audit, WIRE_AUDIT)

ASN1_SEQUENCE(WIRE) = {
	ASN1_SIMPLE(struct wire, version, ASN1_INTEGER),
	ASN1_SIMPLE(struct wire, id, ASN1_OCTET_STRING),
	ASN1_SIMPLE(struct wire, kind, ASN1_ENUMERATED),
	ASN1_SIMPLE(struct wire, created, ASN1_GENERALIZEDTIME),
	ASN1_SIMPLE(struct wire, expires, ASN1_GENERALIZEDTIME),
	ASN1_EXP_OPT(struct wire, comment, ASN1_UTF8STRING, 0),
	ASN1_EXP_OPT(struct wire, ca, ASN1_UTF8STRING, 1),
	ASN1_EXP_OPT(struct wire, profile, ASN1_UTF8STRING, 2),
	ASN1_EXP_OPT(struct wire, until, ASN1_GENERALIZEDTIME, 3),
	ASN1_EXP_OPT(struct wire, holder, ASN1_UTF8STRING, 4),
	ASN1_EXP_OPT(struct wire, fields, ASN1_SEQUENCE, 5),
	ASN1_EXP_OPT(struct wire, request, ASN1_OCTET_STRING, 6),
	ASN1_EXP_OPT(struct wire, code, WIRE_CODE, 7),
	ASN1_EXP_OPT(struct wire, renews, ASN1_INTEGER, 8),
	ASN1_EXP_OPT(struct wire, items, ASN1_SEQUENCE, 9),
	ASN1_EXP_OPT(struct wire, batch, ASN1_OCTET_STRING, 10),
	ASN1_EXP_OPT(struct wire, n, ASN1_INTEGER, 11),
	ASN1_EXP_OPT(struct wire, targets, ASN1_SEQUENCE, 12),
	ASN1_EXP_OPT(struct wire, selector, ASN1_UTF8STRING, 13),
	ASN1_EXP_OPT(struct wire, reason, ASN1_ENUMERATED, 14),
	ASN1_EXP_OPT(struct wire, invalid_since, ASN1_GENERALIZEDTIME, 15),
	ASN1_EXP_OPT(struct wire, audit, WIRE_AUDIT, 16),
	ASN1_EXP_OPT(struct wire, rejects, ASN1_OCTET_STRING, 17),
	ASN1_EXP_OPT(struct wire, bind, ASN1_SEQUENCE, 18),
	ASN1_EXP_OPT(struct wire, unbinds, ASN1_OCTET_STRING, 19),
	ASN1_EXP_OPT(struct wire, permits, ASN1_OCTET_STRING, 20),
} static_ASN1_SEQUENCE_END_name(struct wire, WIRE)

/* Which kinds of order must have an optional element, and which may. */
#define OPTION(f, needs, takes)	{ #f, offsetof(struct wire, f), needs, takes }

static const struct option {
	const char	*name;
	size_t		 offset;
	unsigned int	 needs, takes;		/* sets of kinds */
} options[] = {
	OPTION(comment, 0, K_ALL),
	OPTION(ca, K_CERT, K_CERT),
	OPTION(profile, K_CERT, K_CERT),
	OPTION(until, 0, K_CERT | K(BIND)),
	OPTION(holder, K(ISSUE), K(ISSUE)),
	OPTION(fields, K(ISSUE), K(ISSUE)),
	OPTION(request, K(ITEM), K(ISSUE) | K(ITEM)),
	OPTION(code, 0, K(ISSUE)),
	OPTION(renews, 0, K(ISSUE)),
	OPTION(items, K(BATCH), K(BATCH)),
	OPTION(batch, K(ITEM), K(ITEM)),
	OPTION(n, K(ITEM), K(ITEM)),
	OPTION(targets, K_STATUS, K_STATUS),
	OPTION(selector, K(PERMIT), K_STATUS | K(PERMIT)),
	OPTION(reason, K(REVOKE), K(REVOKE)),
	OPTION(invalid_since, 0, K(REVOKE)),
	OPTION(audit, K(ADOPT), K(ADOPT)),
	OPTION(rejects, K(REJECT), K(REJECT)),
	OPTION(bind, K(BIND), K(BIND)),
	OPTION(unbinds, K(UNBIND), K(UNBIND)),
	OPTION(permits, K(PERMIT), K(PERMIT)),
};

int
order_wire_check(const struct wire *w, enum order_kind kind, struct error *e)
{
	const struct option	*opt;
	unsigned int		 bit = 1u << kind;
	void			*value;
	size_t			 i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		opt = &options[i];
		memcpy(&value, (const char *)w + opt->offset, sizeof(value));
		if (value == NULL && (opt->needs & bit) != 0)
			return error_set(e, ERROR_INPUT,
			    "an order of kind %s needs \"%s\"",
			    order_kind_name(kind), opt->name);
		if (value != NULL && (opt->takes & bit) == 0)
			return error_set(e, ERROR_INPUT,
			    "an order of kind %s has no \"%s\"",
			    order_kind_name(kind), opt->name);
	}
	if (kind == ORDER_ISSUE && (w->request == NULL) == (w->code == NULL))
		return error_set(e, ERROR_INPUT,
		    "an order of kind issue needs either \"request\" or "
		    "\"code\"");
	return 0;
}

const ASN1_ITEM *
order_wire_it(void)
{
	return ASN1_ITEM_rptr(WIRE);
}

const ASN1_ITEM *
order_wire_code_it(void)
{
	return ASN1_ITEM_rptr(WIRE_CODE);
}

const ASN1_ITEM *
order_wire_audit_it(void)
{
	return ASN1_ITEM_rptr(WIRE_AUDIT);
}

int
order_version(enum order_kind kind)
{
	if (kind == ORDER_PERMIT)
		return 3;
	return (K_BINDING >> kind & 1) != 0 ? 2 : 1;
}

bool
order_time_format(char dst[16], int64_t t)
{
	struct tm	 tm;
	time_t		 clock = (time_t)t;

	return gmtime_r(&clock, &tm) != NULL && tm.tm_year + 1900 <= 9999 &&
	    strftime(dst, 16, "%Y%m%d%H%M%SZ", &tm) == 15;
}
