/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys made in the token: sensitive, not extractable, for signatures and
 * nothing else.
 */
#include <string.h>
#include <openssl/rand.h>

#include "base/text.h"
#include "x509/token_private.h"

#define ID_SIZE	16

static CK_BBOOL	yes = CK_TRUE, no = CK_FALSE;

/* namedCurve, DER */
static const struct {
	const char	*alg;
	uint8_t		 oid[10];
	CK_ULONG	 len;
} curves[] = {
	{ "ec:P-256", { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01,
	    0x07 }, 10 },
	{ "ec:P-384", { 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22 }, 7 },
};
#define NCURVES	(sizeof(curves) / sizeof(curves[0]))

struct pair {
	CK_MECHANISM	 mechanism;
	CK_ULONG	 bits;
	uint8_t		 exponent[3];
	uint8_t		 oid[10];
	uint8_t		 id[ID_SIZE];
	CK_ATTRIBUTE	 pub[8], priv[12];
	CK_ULONG	 npub, npriv;
};

static int
pair_algorithm(struct pair *p, const char *alg, struct error *e)
{
	int64_t	 bits;
	size_t	 i;

	for (i = 0; i < NCURVES; i++) {
		if (strcmp(alg, curves[i].alg) != 0)
			continue;
		p->mechanism.mechanism = CKM_EC_KEY_PAIR_GEN;
		memcpy(p->oid, curves[i].oid, curves[i].len);
		p->pub[p->npub++] = (CK_ATTRIBUTE){ CKA_EC_PARAMS, p->oid,
		    curves[i].len };
		return 0;
	}
	if (strncmp(alg, "rsa:", 4) != 0 ||
	    text_parse_number(&bits, alg + 4, 2048, 4096, e) == -1)
		return error_set(e, ERROR_INPUT, "key algorithm \"%s\" for a "
		    "token is not rsa:2048..4096, ec:P-256 or ec:P-384", alg);
	p->mechanism.mechanism = CKM_RSA_PKCS_KEY_PAIR_GEN;
	p->bits = (CK_ULONG)bits;
	memcpy(p->exponent, "\x01\x00\x01", 3);
	p->pub[p->npub++] = (CK_ATTRIBUTE){ CKA_MODULUS_BITS, &p->bits,
	    sizeof(p->bits) };
	p->pub[p->npub++] = (CK_ATTRIBUTE){ CKA_PUBLIC_EXPONENT, p->exponent,
	    3 };
	return 0;
}

static void
put_bool(CK_ATTRIBUTE *v, CK_ULONG *n, CK_ATTRIBUTE_TYPE type,
    CK_BBOOL *value)
{
	v[(*n)++] = (CK_ATTRIBUTE){ type, value, sizeof(*value) };
}

/* A name for both halves: the URI's label, and its id or one of ours. */
static int
pair_names(struct pair *p, const struct token_key *k, struct error *e)
{
	CK_ATTRIBUTE	*label = p11_kit_uri_get_attribute(k->uri, CKA_LABEL);
	CK_ATTRIBUTE	*given = p11_kit_uri_get_attribute(k->uri, CKA_ID);
	CK_ATTRIBUTE	 id = { CKA_ID, p->id, sizeof(p->id) };

	if (label == NULL) {
		error_set(e, ERROR_INPUT, "a new key needs a label");
		return error_hint(e, "add object=LABEL to the URI");
	}
	if (given != NULL)
		id = *given;
	else if (RAND_bytes(p->id, sizeof(p->id)) != 1)
		return error_ssl(e, ERROR_CRYPTO, "random id");
	p->pub[p->npub++] = p->priv[p->npriv++] = *label;
	p->pub[p->npub++] = p->priv[p->npriv++] = id;
	return 0;
}

static void
pair_uses(struct pair *p)
{
	put_bool(p->pub, &p->npub, CKA_TOKEN, &yes);
	put_bool(p->pub, &p->npub, CKA_VERIFY, &yes);
	put_bool(p->priv, &p->npriv, CKA_TOKEN, &yes);
	put_bool(p->priv, &p->npriv, CKA_PRIVATE, &yes);
	put_bool(p->priv, &p->npriv, CKA_SENSITIVE, &yes);
	put_bool(p->priv, &p->npriv, CKA_EXTRACTABLE, &no);
	put_bool(p->priv, &p->npriv, CKA_SIGN, &yes);
	put_bool(p->priv, &p->npriv, CKA_DECRYPT, &no);
	put_bool(p->priv, &p->npriv, CKA_UNWRAP, &no);
}

/* What was asked for is looked at in what was made. */
static int
pair_check(struct token_key *k, CK_SESSION_HANDLE session,
    CK_OBJECT_HANDLE key, struct error *e)
{
	bool	 readable;

	if (token_object_is_readable(k, session, key, &readable, e) == -1)
		return -1;
	if (!readable)
		return 0;
	return error_set(e, ERROR_DENIED, "token %s made a key that can be "
	    "read out of it", k->label);
}

int
token_generate(struct token_key *k, CK_SESSION_HANDLE session,
    const char *alg, struct error *e)
{
	CK_FUNCTION_LIST	*f = k->module->f;
	struct pair		 p = { .npub = 0 };
	struct error		 there = ERROR_INIT;
	CK_OBJECT_HANDLE	 pub, priv;
	CK_RV			 rv;

	if (pair_algorithm(&p, alg, e) == -1 || pair_names(&p, k, e) == -1)
		return -1;
	pair_uses(&p);
	if (token_object_key(k, session, &priv, &there) == 0 ||
	    there.code == ERROR_CONFLICT) {
		error_set(e, ERROR_CONFLICT, "token %s has such a key already",
		    k->label);
		return error_hint(e, "give the new one another object=LABEL");
	}
	if (there.code != ERROR_NOTFOUND) {
		*e = there;
		return -1;
	}
	rv = f->C_GenerateKeyPair(session, &p.mechanism, p.pub, p.npub,
	    p.priv, p.npriv, &pub, &priv);
	if (rv != CKR_OK)
		return token_error(e, rv, "make a %s key in token %s", alg,
		    k->label);
	if (pair_check(k, session, priv, e) == 0)
		return 0;
	f->C_DestroyObject(session, priv);
	f->C_DestroyObject(session, pub);
	return -1;
}
