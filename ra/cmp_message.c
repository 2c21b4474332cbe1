/* SPDX-License-Identifier: Apache-2.0 */
#include "cmp_message.h"

#include <string.h>

#include "x509/der.h"

#define DEPTH		24
#define OID_PBM		"1.2.840.113533.7.66.13"
#define OID_PBMAC1	"1.2.840.113549.1.5.14"

enum {			/* tags of PKIHeader, RFC 9810, 5.1.1 */
	H_TIME, H_PROTECTION, H_SENDER_KID, H_RECIP_KID, H_TRANSACTION,
	H_SENDER_NONCE, H_RECIP_NONCE, H_FREE_TEXT, H_INFO, H__MAX
};

static int
bad(struct error *e, const char *what)
{
	return error_set(e, ERROR_INPUT, "CMP message: %s", what);
}

/* pvno, sender and recipient, then the tagged fields, each at most once. */
static int
header_walk(struct bytes field[H__MAX], struct bytes in, struct error *e)
{
	struct bytes	 content;
	int64_t		 version;
	uint8_t		 tag;
	int		 n, last = -1;

	memset(field, 0, H__MAX * sizeof(*field));
	if (der_take_int(&in, &version) == -1 ||
	    der_next(&in, &tag, &content, NULL) != 1 ||
	    der_next(&in, &tag, &content, NULL) != 1)
		return bad(e, "malformed header");
	if (version != 2 && version != 3)
		return bad(e, "neither version 2 nor 3 (RFC 9810, 5.1.1)");
	while (in.len > 0) {
		if (der_next(&in, &tag, &content, NULL) != 1 ||
		    (tag & 0xe0) != 0xa0 || (n = tag & 0x1f) >= H__MAX ||
		    n <= last)
			return bad(e, "malformed header");
		field[n] = content;
		last = n;
	}
	return 0;
}

static int
read_protection(struct cmp_message *m, struct bytes field, struct error *e)
{
	struct bytes	 alg, oid;

	if (field.p == NULL)
		return 0;
	if (der_take(&field, DER_SEQUENCE, &alg) == -1 || field.len > 0 ||
	    der_take(&alg, DER_OID, &oid) == -1)
		return bad(e, "malformed protectionAlg");
	m->protection = der_is_oid(oid, OID_PBM) ||
	    der_is_oid(oid, OID_PBMAC1) ? CMP_MAC : CMP_SIGNATURE;
	return 0;
}

static int
header_read(struct cmp_message *m, struct bytes header, struct error *e)
{
	struct bytes	 field[H__MAX], *id = &field[H_TRANSACTION];
	struct bytes	*kid = &field[H_SENDER_KID];

	if (header_walk(field, header, e) == -1 ||
	    read_protection(m, field[H_PROTECTION], e) == -1)
		return -1;
	if (kid->p != NULL && (der_take(kid, DER_OCTET_STRING,
	    &m->reference) == -1 || kid->len > 0))
		return bad(e, "malformed senderKID");
	if (id->p == NULL || der_take(id, DER_OCTET_STRING,
	    &m->transaction) == -1 || id->len > 0 ||
	    m->transaction.len == 0 || m->transaction.len > CMP_ID_MAX)
		return bad(e, "no transactionID of 1 to 64 octets (RFC 9483, "
		    "3.1)");
	return 0;
}

int
cmp_message_read(struct cmp_message *m, struct bytes der, struct error *e)
{
	struct bytes	 seq, header, content, certs;
	uint8_t		 tag;

	memset(m, 0, sizeof(*m));
	if (der.len > CMP_MESSAGE_MAX)
		return bad(e, "larger than 64 KiB");
	if (der_check(der, DEPTH, e) == -1)
		return error_wrap(e, "CMP message");
	if (der_take(&der, DER_SEQUENCE, &seq) == -1 ||
	    der_take(&seq, DER_SEQUENCE, &header) == -1 ||
	    der_next(&seq, &tag, &content, NULL) != 1 ||
	    (tag & 0xe0) != 0xa0)
		return bad(e, "not a PKIMessage (RFC 9810, 5.1)");
	m->body = tag & 0x1f;
	if (header_read(m, header, e) == -1)
		return -1;
	if (der_peek(seq, DER_CONTEXT_CONS(0)) &&
	    der_take(&seq, DER_CONTEXT_CONS(0), &content) == -1)
		return bad(e, "malformed protection");
	if (!der_peek(seq, DER_CONTEXT_CONS(1)))
		return 0;
	if (der_take(&seq, DER_CONTEXT_CONS(1), &content) == -1 ||
	    der_take(&content, DER_SEQUENCE, &certs) == -1 ||
	    der_take_whole(&certs, DER_SEQUENCE, &m->signer) == -1)
		return bad(e, "malformed extraCerts");
	return 0;
}
