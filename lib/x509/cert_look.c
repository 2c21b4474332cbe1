/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/cert_look.h"

#include "x509/der.h"

/* The values of subjectAltName and extKeyUsage inside Extensions. */
static int
look_extensions(struct cert_look *l, struct bytes extensions)
{
	static const uint8_t	 oid_san[] = { 0x55, 0x1d, 0x11 };
	static const uint8_t	 oid_eku[] = { 0x55, 0x1d, 0x25 };
	struct bytes		 one, oid, skip, *value;
	uint8_t			 tag;
	int			 got;

	while ((got = der_next(&extensions, &tag, &one, NULL)) == 1) {
		if (der_take(&one, DER_OID, &oid) == -1)
			return -1;
		if (bytes_equal(oid, BYTES(oid_san, sizeof(oid_san))))
			value = &l->san;
		else if (bytes_equal(oid, BYTES(oid_eku, sizeof(oid_eku))))
			value = &l->ext_key_usage;
		else
			continue;
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
	    der_take(&in, DER_SEQUENCE, &skip) == -1 ||
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
