/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests read: RFC 6960, 4.1.
 */
#include <string.h>
#include "x509/der.h"
#include "x509/ocsp_private.h"

static int
bad(struct error *e, const char *what)
{
	return error_set(e, ERROR_INPUT, "OCSP request: %s", what);
}

int
ocsp_ext_of(struct bytes oid)
{
	static const uint8_t	 base[] = { OCSP_OID };

	if (oid.len != base[1] || memcmp(oid.p, base + 2, oid.len - 1) != 0)
		return 0;
	return oid.p[oid.len - 1];
}

/*
 * RFC 6960 puts an OCTET STRING into the extension's; RFC 2560 was read as
 * the octets alone, and some clients still send these.  The value is echoed
 * as it came, so only its length matters.
 */
bool
ocsp_nonce_fits(struct bytes value)
{
	struct bytes	 in = value, inner;

	if (der_take(&in, DER_OCTET_STRING, &inner) == 0 && in.len == 0)
		value = inner;
	return value.len >= 1 && value.len <= OCSP_NONCE_MAX;
}

/* nonce NULL: those of a single request, where a nonce says nothing. */
static int
read_extensions(struct bytes in, struct bytes *nonce, struct error *e)
{
	struct bytes	 list;
	struct der_ext	 x;
	int		 kind;

	if (der_take(&in, DER_SEQUENCE, &list) == -1 || in.len > 0 ||
	    list.len == 0)
		return bad(e, "malformed extensions");
	while (list.len > 0) {
		if (der_take_ext(&list, &x) == -1)
			return bad(e, "malformed extension");
		kind = ocsp_ext_of(x.oid);
		if (kind == OCSP_EXT_NONCE && nonce != NULL) {
			if (nonce->len > 0)
				return bad(e, "two nonces");
			if (!ocsp_nonce_fits(x.value))
				return bad(e, "nonce is not of 1 to 128"
				    " octets (RFC 9654, 2.1)");
			*nonce = x.value;
		} else if (x.critical && kind != OCSP_EXT_RESPONSE &&
		    kind != OCSP_EXT_LOCATOR && kind != OCSP_EXT_PREFERRED)
			return bad(e, "critical extension that is not known");
	}
	return 0;
}

static int
read_one(struct ocsp_id *id, struct bytes *list, struct error *e)
{
	struct bytes	 in, der, exts;

	if (der_take(list, DER_SEQUENCE, &in) == -1 ||
	    der_take_whole(&in, DER_SEQUENCE, &der) == -1)
		return bad(e, "malformed request in the list");
	if (ocsp_id_read(id, der, e) == -1)
		return error_wrap(e, "OCSP request");
	if (in.len == 0)
		return 0;
	if (der_take(&in, DER_CONTEXT_CONS(0), &exts) == -1 || in.len > 0)
		return bad(e, "malformed singleRequestExtensions");
	return read_extensions(exts, NULL, e);
}

static int
read_list(struct ocsp_request *r, struct bytes list, struct error *e)
{
	if (list.len == 0)
		return bad(e, "asks for nothing");
	while (list.len > 0) {
		if (r->n == OCSP_IDS_MAX)
			return error_set(e, ERROR_INPUT, "OCSP request: asks"
			    " for more than %d certificates", OCSP_IDS_MAX);
		if (read_one(&r->id[r->n], &list, e) == -1)
			return -1;
		r->n++;
	}
	return 0;
}

static int
read_version(struct bytes *tbs, struct error *e)
{
	struct bytes	 v;
	int64_t		 version;

	if (!der_peek(*tbs, DER_CONTEXT_CONS(0)))
		return 0;
	/* v1 is the default, which DER leaves out; it is harmless. */
	if (der_take(tbs, DER_CONTEXT_CONS(0), &v) == -1 ||
	    der_take_int(&v, &version) == -1 || v.len > 0 || version != 0)
		return bad(e, "version is not 1");
	return 0;
}

static int
read_tbs(struct ocsp_request *r, struct bytes tbs, struct error *e)
{
	struct bytes	 skip, list;

	if (read_version(&tbs, e) == -1)
		return -1;
	if (der_peek(tbs, DER_CONTEXT_CONS(1)) &&
	    der_take(&tbs, DER_CONTEXT_CONS(1), &skip) == -1)
		return bad(e, "malformed requestorName");
	if (der_take(&tbs, DER_SEQUENCE, &list) == -1)
		return bad(e, "malformed requestList");
	if (read_list(r, list, e) == -1)
		return -1;
	if (tbs.len == 0)
		return 0;
	if (der_take(&tbs, DER_CONTEXT_CONS(2), &skip) == -1 || tbs.len > 0)
		return bad(e, "malformed requestExtensions");
	return read_extensions(skip, &r->nonce, e);
}

int
ocsp_request_read(struct ocsp_request *r, struct bytes der, struct error *e)
{
	struct bytes	 in, tbs, skip;

	r->n = 0;
	r->nonce = BYTES(NULL, 0);
	if (der.len > OCSP_REQUEST_MAX)
		return bad(e, "over 64 KiB");
	if (der_check(der, OCSP_DEPTH, e) == -1)
		return error_wrap(e, "OCSP request");
	if (der_take(&der, DER_SEQUENCE, &in) == -1 ||
	    der_take(&in, DER_SEQUENCE, &tbs) == -1)
		return bad(e, "malformed");
	if (read_tbs(r, tbs, e) == -1)
		return -1;
	if (in.len > 0 && (der_take(&in, DER_CONTEXT_CONS(0), &skip) == -1 ||
	    !der_peek(skip, DER_SEQUENCE) || in.len > 0))
		return bad(e, "malformed optionalSignature");
	return 0;
}
