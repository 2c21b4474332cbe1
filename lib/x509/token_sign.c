/* SPDX-License-Identifier: Apache-2.0 */
/* What a key in a token signs. */
#include <string.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>

#include "x509/alg.h"
#include "x509/token_private.h"

/* DigestInfo up to the digest: RFC 8017, 9.2, note 1. */
static const struct {
	int	 nid;
	uint8_t	 prefix[19];
	CK_MECHANISM_TYPE	 hash;
	CK_RSA_PKCS_MGF_TYPE	 mgf;
} digests[] = {
#define SHA2(arc, len)	{ 0x30, 0x11 + len, 0x30, 0x0d, 0x06, 0x09, 0x60, \
	    0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, arc, 0x05, 0x00, 0x04, \
	    len }
	{ NID_sha256, SHA2(1, 32), CKM_SHA256, CKG_MGF1_SHA256 },
	{ NID_sha384, SHA2(2, 48), CKM_SHA384, CKG_MGF1_SHA384 },
	{ NID_sha512, SHA2(3, 64), CKM_SHA512, CKG_MGF1_SHA512 },
#undef SHA2
};
#define NDIGESTS	(sizeof(digests) / sizeof(digests[0]))

struct signing {
	CK_MECHANISM		 mechanism;
	CK_RSA_PKCS_PSS_PARAMS	 pss;
	uint8_t			 data[19 + EVP_MAX_MD_SIZE];
	CK_ULONG		 len;
	uint8_t			 out[1024];
	CK_ULONG		 outlen;
};

static int
signing_init(struct signing *s, const struct token_key *k, const EVP_MD *md,
    struct bytes digest, enum token_padding padding, struct error *e)
{
	size_t	 i;

	memset(s, 0, sizeof(*s));
	for (i = 0; i < NDIGESTS; i++)
		if (EVP_MD_get_type(md) == digests[i].nid)
			break;
	if (i == NDIGESTS)
		return error_set(e, ERROR_CONFIG, "keys in tokens sign with "
		    "SHA-256, SHA-384 and SHA-512, not %s",
		    EVP_MD_get0_name(md));
	if (digest.len != (size_t)EVP_MD_get_size(md))
		return error_set(e, ERROR_BUG, "%s of %zu bytes",
		    EVP_MD_get0_name(md), digest.len);
	if (alg_key_is(k->pub, "EC")) {
		s->mechanism.mechanism = CKM_ECDSA;
	} else if (padding == TOKEN_PSS) {
		s->mechanism = (CK_MECHANISM){ CKM_RSA_PKCS_PSS, &s->pss,
		    sizeof(s->pss) };
		s->pss = (CK_RSA_PKCS_PSS_PARAMS){ digests[i].hash,
		    digests[i].mgf, digest.len };
	} else {
		s->mechanism.mechanism = CKM_RSA_PKCS;
		memcpy(s->data, digests[i].prefix, 19);
		s->len = 19;
	}
	memcpy(s->data + s->len, digest.p, digest.len);
	s->len += digest.len;
	return 0;
}

/* A token gives r and s side by side, certificates have them in DER. */
static int
put_ecdsa(struct buf *out, const uint8_t *raw, size_t n, struct error *e)
{
	ECDSA_SIG	*sig = ECDSA_SIG_new();
	BIGNUM		*r = BN_bin2bn(raw, (int)(n / 2), NULL);
	BIGNUM		*s = BN_bin2bn(raw + n / 2, (int)(n / 2), NULL);
	unsigned char	*der = NULL;
	int		 len = -1;

	if (sig != NULL && r != NULL && s != NULL &&
	    ECDSA_SIG_set0(sig, r, s) == 1) {
		r = s = NULL;	/* now owned by sig */
		len = i2d_ECDSA_SIG(sig, &der);
	}
	if (len > 0)
		buf_add(out, der, (size_t)len);
	OPENSSL_free(der);
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(sig);
	return len > 0 ? 0 : error_ssl(e, ERROR_CRYPTO, "encode signature");
}

static CK_RV
sign_once(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session,
    CK_OBJECT_HANDLE key, void *arg)
{
	struct signing	*s = arg;
	CK_RV		 rv;

	s->outlen = sizeof(s->out);
	if ((rv = f->C_SignInit(session, &s->mechanism, key)) == CKR_OK)
		rv = f->C_Sign(session, s->data, s->len, s->out, &s->outlen);
	return rv;
}

static int
sign_here(struct token_key *k, const EVP_MD *md, struct bytes digest,
    enum token_padding padding, struct buf *sig, struct error *e)
{
	struct signing	 s;

	if (signing_init(&s, k, md, digest, padding, e) == -1 ||
	    token_use(k, sign_once, &s, "sign", e) == -1)
		return -1;
	if (s.outlen == 0 || s.outlen > sizeof(s.out))
		return error_set(e, ERROR_UPSTREAM, "%s: a signature of %lu "
		    "bytes", k->name, s.outlen);
	if (alg_key_is(k->pub, "EC"))
		return put_ecdsa(sig, s.out, s.outlen, e);
	buf_add(sig, s.out, s.outlen);
	return 0;
}

int
token_key_sign(struct token_key *k, const EVP_MD *md, struct bytes digest,
    enum token_padding padding, struct buf *sig, struct error *e)
{
	if (k->by != NULL)
		return k->by(k->by_arg, k->pub, md, digest, padding, sig, e);
	return token_note(k, token_apart_is_on() ?
	    token_apart_sign(k, md, digest, padding, sig, e) :
	    sign_here(k, md, digest, padding, sig, e), e);
}
