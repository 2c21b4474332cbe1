/* SPDX-License-Identifier: Apache-2.0 */
/* Objects in a token: the private key, its public half, its certificate. */
#include <string.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include "x509/token_private.h"

#define FOUND_MAX	16

/* Objects of a class that fit these attributes; at most FOUND_MAX. */
static int
object_search(struct token_key *k, CK_SESSION_HANDLE session,
    CK_ATTRIBUTE *attr, CK_ULONG nattr, CK_OBJECT_HANDLE found[FOUND_MAX],
    CK_ULONG *n, struct error *e)
{
	CK_FUNCTION_LIST	*f = k->module->f;
	CK_RV			 rv;

	*n = 0;
	if ((rv = f->C_FindObjectsInit(session, attr, nattr)) != CKR_OK)
		return token_error(e, rv, "search token %s", k->label);
	rv = f->C_FindObjects(session, found, FOUND_MAX, n);
	(void)f->C_FindObjectsFinal(session);
	return rv == CKR_OK ? 0 :
	    token_error(e, rv, "search token %s", k->label);
}

/* One attribute, whatever its length. */
static int
object_get(struct token_key *k, CK_SESSION_HANDLE session,
    CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, struct buf *out,
    const char *what, struct error *e)
{
	CK_FUNCTION_LIST	*f = k->module->f;
	CK_ATTRIBUTE		 a = { type, NULL, 0 };
	CK_RV			 rv;

	out->len = 0;
	rv = f->C_GetAttributeValue(session, object, &a, 1);
	if (rv == CKR_OK && a.ulValueLen <= 65536) {
		buf_reserve(out, a.ulValueLen + 1);
		a.pValue = out->p;
		rv = f->C_GetAttributeValue(session, object, &a, 1);
	}
	if (rv != CKR_OK)
		return token_error(e, rv, "read %s in token %s", what,
		    k->label);
	if (a.ulValueLen > 65536)
		return error_set(e, ERROR_CRYPTO, "%s in token %s has no "
		    "sensible length", what, k->label);
	out->len = a.ulValueLen;
	return 0;
}

static CK_ULONG
attributes_of(struct token_key *k, CK_OBJECT_CLASS *class,
    CK_ATTRIBUTE attr[3])
{
	static const CK_ATTRIBUTE_TYPE	 taken[] = { CKA_LABEL, CKA_ID };
	CK_ATTRIBUTE			*a;
	CK_ULONG			 n = 0;
	size_t				 i;

	attr[n++] = (CK_ATTRIBUTE){ CKA_CLASS, class, sizeof(*class) };
	for (i = 0; i < 2; i++)
		if ((a = p11_kit_uri_get_attribute(k->uri, taken[i])) != NULL)
			attr[n++] = *a;
	return n;
}

int
token_object_key(struct token_key *k, CK_SESSION_HANDLE session,
    CK_OBJECT_HANDLE *object, struct error *e)
{
	CK_OBJECT_CLASS		 class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE		 attr[3];
	CK_OBJECT_HANDLE	 found[FOUND_MAX];
	struct buf		 id = { 0 };
	struct error		 ignored = ERROR_INIT;
	CK_ULONG		 n;

	if (object_search(k, session, attr, attributes_of(k, &class, attr),
	    found, &n, e) == -1)
		return -1;
	if (n == 0) {
		error_set(e, ERROR_NOTFOUND, "token %s has no such private "
		    "key", k->label);
		return error_hint(e, "see what is there: pkcs11-tool "
		    "--module %.50s --login -O; signet ca init makes a CA's",
		    k->module->path);
	}
	if (n > 1) {
		error_set(e, ERROR_CONFLICT, "token %s has %s%lu private keys "
		    "that fit", k->label, n == FOUND_MAX ? "at least " : "",
		    n);
		return error_hint(e, "add id=%%NN to the URI; the ids: "
		    "pkcs11-tool --module %.60s --login -O", k->module->path);
	}
	*object = found[0];
	k->id_len = 0;
	if (object_get(k, session, *object, CKA_ID, &id, "id", &ignored) == 0 &&
	    id.len > 0 && id.len <= sizeof(k->id)) {
		memcpy(k->id, id.p, id.len);
		k->id_len = id.len;
	}
	buf_clear(&id);
	return 0;
}

/* What goes with the key: by its id, else by the label in the URI. */
static int
object_beside(struct token_key *k, CK_SESSION_HANDLE session,
    CK_OBJECT_CLASS class, CK_OBJECT_HANDLE *object, struct error *e)
{
	CK_ATTRIBUTE		 attr[2] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_ID, k->id, k->id_len },
	};
	CK_ATTRIBUTE		*label;
	CK_OBJECT_HANDLE	 found[FOUND_MAX];
	CK_ULONG		 n = 0;

	if (k->id_len > 0 && object_search(k, session, attr, 2, found, &n,
	    e) == -1)
		return -1;
	label = p11_kit_uri_get_attribute(k->uri, CKA_LABEL);
	if (n == 0 && label != NULL) {
		attr[1] = *label;
		if (object_search(k, session, attr, 2, found, &n, e) == -1)
			return -1;
	}
	if (n == 1) {
		*object = found[0];
		return 0;
	}
	return error_set(e, n == 0 ? ERROR_NOTFOUND : ERROR_CONFLICT,
	    "token %s has %s %s with the key's id or label", k->label,
	    n == 0 ? "no" : "several",
	    class == CKO_CERTIFICATE ? "certificate" : "public key");
}

/* ---- public keys ---- */

static EVP_PKEY *
pkey_from(const char *type, OSSL_PARAM_BLD *bld)
{
	OSSL_PARAM	*params = OSSL_PARAM_BLD_to_param(bld);
	EVP_PKEY_CTX	*ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY	*pkey = NULL;

	if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1) {
		EVP_PKEY_free(pkey);
		pkey = NULL;
	}
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return pkey;
}

static int
rsa_public(struct token_key *k, CK_SESSION_HANDLE session,
    CK_OBJECT_HANDLE object, EVP_PKEY **pub, struct error *e)
{
	struct buf	 n = { 0 }, x = { 0 };
	OSSL_PARAM_BLD	*bld = OSSL_PARAM_BLD_new();
	BIGNUM		*bn = NULL, *be = NULL;
	int		 rc = -1;

	if (object_get(k, session, object, CKA_MODULUS, &n, "modulus", e) ==
	    -1 || object_get(k, session, object, CKA_PUBLIC_EXPONENT, &x,
	    "exponent", e) == -1)
		goto out;
	if (bld == NULL ||
	    (bn = BN_bin2bn(n.p, (int)n.len, NULL)) == NULL ||
	    (be = BN_bin2bn(x.p, (int)x.len, NULL)) == NULL ||
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, bn) != 1 ||
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, be) != 1 ||
	    (*pub = pkey_from("RSA", bld)) == NULL)
		error_ssl(e, ERROR_CRYPTO, "public key in token %s", k->label);
	else
		rc = 0;
 out:
	OSSL_PARAM_BLD_free(bld);
	BN_free(bn);
	BN_free(be);
	buf_clear(&n);
	buf_clear(&x);
	return rc;
}

/* CKA_EC_POINT is an OCTET STRING with the point; some leave that off. */
static struct bytes
ec_point(const struct buf *der)
{
	const unsigned char	*p = der->p;
	ASN1_OCTET_STRING	*os;
	size_t			 len;

	os = d2i_ASN1_OCTET_STRING(NULL, &p, (long)der->len);
	ERR_clear_error();
	if (os == NULL)
		return BYTES(der->p, der->len);
	len = (size_t)ASN1_STRING_length(os);
	ASN1_OCTET_STRING_free(os);
	return BYTES(p - len, len);
}

static const char *
ec_group(const struct buf *params)
{
	const unsigned char	*p = params->p;
	ASN1_OBJECT		*oid;
	int			 nid = NID_undef;

	if ((oid = d2i_ASN1_OBJECT(NULL, &p, (long)params->len)) != NULL)
		nid = OBJ_obj2nid(oid);
	ERR_clear_error();
	ASN1_OBJECT_free(oid);
	return nid != NID_undef ? OBJ_nid2sn(nid) : NULL;
}

static int
ec_public(struct token_key *k, CK_SESSION_HANDLE session,
    CK_OBJECT_HANDLE object, EVP_PKEY **pub, struct error *e)
{
	CK_OBJECT_HANDLE	 beside;
	struct buf		 params = { 0 }, point = { 0 };
	OSSL_PARAM_BLD		*bld = OSSL_PARAM_BLD_new();
	struct bytes		 q;
	const char		*group;
	int			 rc = -1;

	if (object_get(k, session, object, CKA_EC_PARAMS, &params, "curve",
	    e) == -1 || object_beside(k, session, CKO_PUBLIC_KEY, &beside,
	    e) == -1 || object_get(k, session, beside, CKA_EC_POINT, &point,
	    "point", e) == -1)
		goto out;
	q = ec_point(&point);
	if (bld == NULL || (group = ec_group(&params)) == NULL ||
	    OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME,
	    group, 0) != 1 || OSSL_PARAM_BLD_push_octet_string(bld,
	    OSSL_PKEY_PARAM_PUB_KEY, q.p, q.len) != 1 ||
	    (*pub = pkey_from("EC", bld)) == NULL)
		error_ssl(e, ERROR_CRYPTO, "public key in token %s", k->label);
	else
		rc = 0;
 out:
	OSSL_PARAM_BLD_free(bld);
	buf_clear(&params);
	buf_clear(&point);
	return rc;
}

int
token_object_public(struct token_key *k, CK_SESSION_HANDLE session,
    CK_OBJECT_HANDLE object, EVP_PKEY **pub, struct error *e)
{
	CK_KEY_TYPE	 type = 0;
	CK_ATTRIBUTE	 a = { CKA_KEY_TYPE, &type, sizeof(type) };
	CK_RV		 rv;

	rv = k->module->f->C_GetAttributeValue(session, object, &a, 1);
	if (rv != CKR_OK)
		return token_error(e, rv, "read key in token %s", k->label);
	if (type == CKK_RSA)
		return rsa_public(k, session, object, pub, e);
	if (type == CKK_EC)
		return ec_public(k, session, object, pub, e);
	return error_set(e, ERROR_CONFIG, "the key in token %s is neither RSA "
	    "nor EC", k->label);
}

int
token_object_is_readable(struct token_key *k, CK_SESSION_HANDLE session,
    CK_OBJECT_HANDLE key, bool *readable, struct error *e)
{
	CK_BBOOL	 extractable = CK_TRUE, sensitive = CK_FALSE;
	CK_ATTRIBUTE	 a[] = {
		{ CKA_EXTRACTABLE, &extractable, sizeof(extractable) },
		{ CKA_SENSITIVE, &sensitive, sizeof(sensitive) },
	};
	CK_RV		 rv;

	rv = k->module->f->C_GetAttributeValue(session, key, a, 2);
	if (rv != CKR_OK)
		return token_error(e, rv, "look at the key");
	*readable = extractable != CK_FALSE || sensitive != CK_TRUE;
	return 0;
}

int
token_object_cert(struct token_key *k, CK_SESSION_HANDLE session, X509 **cert,
    struct error *e)
{
	CK_OBJECT_HANDLE	 object;
	struct buf		 der = { 0 };
	const unsigned char	*p;
	int			 rc = -1;

	if (object_beside(k, session, CKO_CERTIFICATE, &object, e) == -1) {
		error_hint(e, "write it there: pkcs11-tool --write-object "
		    "FILE --type cert --id NN, or give --cert FILE");
		goto out;
	}
	if (object_get(k, session, object, CKA_VALUE, &der, "certificate",
	    e) == -1)
		goto out;
	p = der.p;
	if ((*cert = d2i_X509(NULL, &p, (long)der.len)) == NULL)
		error_ssl(e, ERROR_INPUT, "certificate in token %s", k->label);
	else
		rc = 0;
 out:
	buf_clear(&der);
	return rc;
}
