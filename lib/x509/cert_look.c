/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/cert_look.h"

#include <string.h>
#include <openssl/err.h>

#include "x509/alg.h"
#include "x509/der.h"

#define DEPTH	16

/* Where the value of an extension goes, or NULL: id-ce and one octet. */
static struct bytes *
look_place(struct cert_look *l, struct bytes oid)
{
	static const uint8_t	 ce[] = { 0x55, 0x1d };

	if (oid.len != 3 || memcmp(oid.p, ce, sizeof(ce)) != 0)
		return NULL;
	switch (oid.p[2]) {
	case 15:
		return &l->key_usage;
	case 17:
		return &l->san;
	case 19:
		return &l->basic_constraints;
	case 31:
		return &l->crl_points;
	case 32:
		return &l->policies;
	case 37:
		return &l->ext_key_usage;
	default:
		return NULL;
	}
}

static int
look_extensions(struct cert_look *l, struct bytes extensions)
{
	struct bytes		 one, oid, skip, *value;
	uint8_t			 tag;
	int			 got;

	while ((got = der_next(&extensions, &tag, &one, NULL)) == 1) {
		if (der_take(&one, DER_OID, &oid) == -1)
			return -1;
		if ((value = look_place(l, oid)) == NULL)
			continue;
		if (value->p != NULL)
			return -1;
		if (one.len > 0 && one.p[0] == DER_BOOLEAN &&
		    der_take(&one, DER_BOOLEAN, &skip) == -1)
			return -1;
		if (der_take(&one, DER_OCTET_STRING, value) == -1)
			return -1;
	}
	return got;
}

static int
look_fields(struct cert_look *l, struct bytes in)
{
	struct bytes	 skip, validity, extensions;

	if (der_take(&in, DER_CONTEXT_CONS(0), &skip) == -1 ||
	    der_take(&in, DER_INTEGER, &l->serial) == -1 ||
	    der_take_whole(&in, DER_SEQUENCE, &l->alg) == -1 ||
	    der_take_whole(&in, DER_SEQUENCE, &l->issuer) == -1 ||
	    der_take(&in, DER_SEQUENCE, &validity) == -1 ||
	    der_take_time(&validity, &l->not_before) == -1 ||
	    der_take_time(&validity, &l->not_after) == -1 ||
	    der_take_whole(&in, DER_SEQUENCE, &l->subject) == -1 ||
	    der_take_whole(&in, DER_SEQUENCE, &l->spki) == -1)
		return -1;
	if (in.len == 0)
		return 0;
	if (der_take(&in, DER_CONTEXT_CONS(3), &skip) == -1 ||
	    der_take(&skip, DER_SEQUENCE, &extensions) == -1)
		return -1;
	return look_extensions(l, extensions);
}

int
cert_look_tbs(struct cert_look *l, struct bytes tbs, struct error *e)
{
	struct bytes	 in;

	*l = (struct cert_look){ .tbs = tbs };
	if (der_take(&tbs, DER_SEQUENCE, &in) == -1 ||
	    look_fields(l, in) == -1)
		return error_set(e, ERROR_INPUT, "not a certificate");
	return 0;
}

int
cert_look(struct cert_look *l, struct bytes der, struct error *e)
{
	struct bytes	 in, tbs;

	if (der_take(&der, DER_SEQUENCE, &in) == -1 ||
	    der_take_whole(&in, DER_SEQUENCE, &tbs) == -1)
		return error_set(e, ERROR_INPUT, "not a certificate");
	return cert_look_tbs(l, tbs, e);
}

struct bytes
cert_look_serial(const struct cert_look *l)
{
	struct bytes	 n = l->serial;

	return n.len > 1 && n.p[0] == 0 ? BYTES(n.p + 1, n.len - 1) : n;
}

void *
cert_look_decode(const ASN1_ITEM *type, struct bytes value)
{
	const unsigned char	*p = value.p;
	ASN1_VALUE		*v;

	if (p == NULL)
		return NULL;
	v = ASN1_item_d2i(NULL, &p, (long)value.len, type);
	if (v != NULL && p != value.p + value.len) {
		ASN1_item_free(v, type);
		v = NULL;
	}
	ERR_clear_error();
	return v;
}

int
cert_look_verify(const struct cert_look *l, struct bytes der, EVP_PKEY *key,
    struct error *e)
{
	const struct alg_sig	*how;
	struct bytes		 in, tbs, alg, sig;

	if (der_check(der, DEPTH, e) == -1)
		return -1;
	if (der_take(&der, DER_SEQUENCE, &in) == -1 ||
	    der_take_whole(&in, DER_SEQUENCE, &tbs) == -1 ||
	    der_take_whole(&in, DER_SEQUENCE, &alg) == -1 ||
	    der_take_bits(&in, &sig) == -1 || in.len > 0)
		return error_set(e, ERROR_INPUT, "not a certificate");
	/* RFC 5280, 4.1.1.2 */
	if (!bytes_equal(alg, l->alg))
		return error_set(e, ERROR_INPUT, "two algorithms of one "
		    "signature");
	if (alg_sig_find(&how, alg, e) == -1)
		return -1;
	return alg_verify(how, key, tbs, sig, e);
}
