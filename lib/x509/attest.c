/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509v3.h>
#include "x509/attest.h"
#include "x509/cert.h"
#include "x509/der.h"

#define OID_CARD_SERIAL	"1.3.6.1.4.1.41482.3.7"
#define OID_CARD_RULES	"1.3.6.1.4.1.41482.3.8"

/* The value of an extension: 1, 0 it is not there, -1 it is there twice, or there
 * is no memory to look. */
static int
find_value(const X509 *cert, const char *oid, struct bytes *value)
{
	ASN1_OBJECT		*o = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING	*v;
	int			 at, again;

	if (o == NULL)
		return -1;
	at = X509_get_ext_by_OBJ(cert, o, -1);
	again = at == -1 ? -1 : X509_get_ext_by_OBJ(cert, o, at);
	ASN1_OBJECT_free(o);
	if (at == -1 || again != -1)
		return at == -1 ? 0 : -1;
	v = X509_EXTENSION_get_data(X509_get_ext(cert, at));
	*value = BYTES(v->data, (size_t)v->length);
	return 1;
}

/* An INTEGER, which cards do not always write in its shortest form. */
static int
take_serial(struct bytes v, uint32_t *serial)
{
	struct bytes	 n;

	if (der_take(&v, DER_INTEGER, &n) == -1 || v.len > 0 || n.len == 0 ||
	    n.len > 5 || (n.p[0] & 0x80) != 0 || (n.len == 5 && n.p[0] != 0))
		return -1;
	for (*serial = 0; n.len > 0; n.len--)
		*serial = *serial << 8 | *n.p++;
	return 1;
}

int
attest_read(struct attest *a, X509 *leaf, struct error *e)
{
	struct bytes	 v;
	int		 rc;

	*a = (struct attest){ .pin_policy = -1, .touch_policy = -1 };
	if ((rc = find_value(leaf, OID_CARD_SERIAL, &v)) == 1) {
		rc = take_serial(v, &a->serial);
		a->has_serial = rc == 1;
	}
	if (rc != -1 && (rc = find_value(leaf, OID_CARD_RULES, &v)) == 1) {
		rc = v.len == 2 ? 0 : -1;
		if (rc == 0) {
			a->pin_policy = v.p[0];
			a->touch_policy = v.p[1];
		}
	}
	return rc == -1 ? error_set(e, ERROR_INPUT,
	    "attestation: its extensions are malformed") : 0;
}

static X509 *
voucher_parse(struct bytes der)
{
	const uint8_t	*p = der.p;

	return d2i_X509(NULL, &p, (long)der.len);
}

static int
check(struct attest *a, X509 *leaf, STACK_OF(X509) *others,
    const struct csr *csr, STACK_OF(X509) *roots, int64_t now,
    struct error *e)
{
	if (EVP_PKEY_eq(X509_get0_pubkey(leaf), csr->key) != 1)
		return error_set(e, ERROR_DENIED, "it is about another key");
	if (X509_check_ca(leaf) > 0)
		return error_set(e, ERROR_DENIED,
		    "its first certificate is one of a CA, not of a key");
	if (cert_verify_chain(leaf, others, roots, now, e) == -1)
		return -1;
	return attest_read(a, leaf, e) == -1 ? -1 : 1;
}

int
attest_check(struct attest *a, const struct csr *csr, STACK_OF(X509) *roots,
    int64_t now, struct error *e)
{
	STACK_OF(X509)	*others = NULL;
	X509		*leaf = NULL, *x;
	int		 rc = -1;

	if (csr->nvouchers == 0)
		return 0;
	if ((others = sk_X509_new_null()) == NULL) {
		error_ssl(e, ERROR_NOMEM, "attestation");
		goto out;
	}
	for (size_t i = 0; i < csr->nvouchers; i++) {
		if ((x = voucher_parse(csr->voucher[i])) == NULL ||
		    (i > 0 && sk_X509_push(others, x) == 0)) {
			X509_free(i > 0 ? x : NULL);
			error_ssl(e, ERROR_DENIED, "malformed certificate");
			goto out;
		}
		leaf = i == 0 ? x : leaf;
	}
	rc = check(a, leaf, others, csr, roots, now, e);
 out:
	if (rc == -1)
		error_wrap(e, "attestation");
	sk_X509_pop_free(others, X509_free);
	X509_free(leaf);
	return rc;
}
