/* SPDX-License-Identifier: Apache-2.0 */
/* What a card shows about a key, checked here. */
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include "card.h"
#include "x509/alg.h"
#include "x509/attest.h"
#include "x509/cert.h"
#include "x509/csr.h"
#include "x509/der.h"

#define NONCE_MAX	64

static bool
is_for_agreement(enum card_slot slot, EVP_PKEY *pub)
{
	return (slot == CARD_KEY_MANAGEMENT || slot >= CARD_RETIRED) &&
	    alg_key_is(pub, "EC");
}

/* CertificationRequestInfo, RFC 2986, 4.1. */
static int
put_info(struct buf *out, EVP_PKEY *pub, const char *common_name,
    struct bytes nonce, struct error *e)
{
	static const char	 digit[] = "0123456789abcdef";
	char			 hex[2 * NONCE_MAX + 1] = "";
	size_t			 info, a, b, s;

	if (nonce.len > NONCE_MAX)
		return error_set(e, ERROR_BUG, "%zu bytes of nonce",
		    nonce.len);
	for (size_t i = 0; i < nonce.len; i++) {
		hex[2 * i] = digit[nonce.p[i] >> 4];
		hex[2 * i + 1] = digit[nonce.p[i] & 15];
	}
	info = der_begin(out, DER_SEQUENCE);
	der_put_int(out, 0);
	a = der_begin(out, DER_SEQUENCE);
	b = der_begin(out, DER_SET);
	s = der_begin(out, DER_SEQUENCE);
	der_put_oid(out, "2.5.4.3");
	der_put_str(out, DER_UTF8, common_name);
	der_end(out, s);
	der_end(out, b);
	der_end(out, a);
	if (key_public_der(out, pub, e) == -1)
		return -1;
	a = der_begin(out, DER_CONTEXT_CONS(0));
	b = der_begin(out, DER_SEQUENCE);
	der_put_oid(out, "1.2.840.113549.1.9.7");
	s = der_begin(out, DER_SET);
	der_put_str(out, DER_PRINTABLE, hex);
	der_end(out, s);
	der_end(out, b);
	der_end(out, a);
	der_end(out, info);
	return 0;
}

static int
finish(struct buf *der, struct bytes info, EVP_PKEY *pub, struct bytes sig,
    struct error *e)
{
	const struct alg_sig	*alg;
	struct csr		*csr = NULL;
	size_t			 mark;

	if (alg_sig_choose(&alg, pub, NULL, e) == -1)
		return -1;
	mark = der_begin(der, DER_SEQUENCE);
	der_put_raw(der, info);
	alg_sig_put(der, alg);
	der_put_bits(der, sig.p, sig.len);
	der_end(der, mark);
	/* The card's word is checked by who would check anybody's. */
	if (csr_parse(&csr, BYTES(der->p, der->len), e) == -1)
		return error_wrap(e, "what the card signed");
	csr_free(&csr);
	return 0;
}

int
card_request(struct card *c, enum card_slot slot, EVP_PKEY *pub,
    const char *common_name, struct bytes nonce, struct buf *der,
    struct error *e)
{
	struct buf	 info = { 0 }, sig = { 0 };
	int		 rc = -1;

	if (put_info(&info, pub, common_name, nonce, e) == -1)
		goto out;
	if (c->driver->sign(c, slot, pub, BYTES(info.p, info.len), &sig,
	    e) == 0) {
		rc = finish(der, BYTES(info.p, info.len), pub,
		    BYTES(sig.p, sig.len), e) == -1 ? -1 : 1;
		goto out;
	}
	if (c->io->lost || e->code == ERROR_DENIED ||
	    !is_for_agreement(slot, pub))
		goto out;
	error_clear(e);
	if (card_prove_agreement(c, slot, pub, e) == 0)
		rc = key_public_der(der, pub, e);
 out:
	if (rc == -1) {
		buf_clear(der);
		error_wrap(e, "%s key", card_slot_name(slot));
	}
	buf_clear(&sig);
	buf_clear(&info);
	return rc;
}

static int
derive(EVP_PKEY *mine, EVP_PKEY *pub, struct secret *z, struct error *e)
{
	EVP_PKEY_CTX	*ctx = EVP_PKEY_CTX_new_from_pkey(NULL, mine, NULL);
	size_t		 n = 0;
	int		 rc = -1;

	if (ctx == NULL || EVP_PKEY_derive_init(ctx) != 1 ||
	    EVP_PKEY_derive_set_peer(ctx, pub) != 1 ||
	    EVP_PKEY_derive(ctx, NULL, &n) != 1)
		error_ssl(e, ERROR_CRYPTO, "agree on a key");
	else if (secret_new(z, n, e) == 0)
		rc = EVP_PKEY_derive(ctx, z->p, &n) == 1 && n == z->len ? 0 :
		    error_ssl(e, ERROR_CRYPTO, "agree on a key");
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

int
card_prove_agreement(struct card *c, enum card_slot slot, EVP_PKEY *pub,
    struct error *e)
{
	EVP_PKEY	*mine = NULL;
	unsigned char	*point = NULL;
	struct secret	 ours = { NULL, 0 }, theirs = { NULL, 0 };
	char		 group[40];
	size_t		 n;
	int		 rc = -1;

	if (EVP_PKEY_get_group_name(pub, group, sizeof(group), NULL) != 1 ||
	    (mine = EVP_EC_gen(group)) == NULL ||
	    (n = EVP_PKEY_get1_encoded_public_key(mine, &point)) == 0) {
		error_ssl(e, ERROR_CRYPTO, "make a key to agree with");
		goto out;
	}
	if (derive(mine, pub, &ours, e) == -1 ||
	    c->driver->agree(c, slot, pub, BYTES(point, n), &theirs, e) == -1)
		goto out;
	rc = secret_compare(&ours, &theirs) == 0 ? 0 :
	    error_set(e, ERROR_DENIED,
	    "the card does not have the key that it shows");
 out:
	secret_free(&theirs);
	secret_free(&ours);
	OPENSSL_free(point);
	EVP_PKEY_free(mine);
	return rc;
}

int
card_prove(struct card *c, enum card_slot slot, EVP_PKEY *pub,
    struct error *e)
{
	const struct alg_sig	*alg;
	struct buf		 sig = { 0 };
	uint8_t			 fresh[32];
	int			 rc = -1;

	if (is_for_agreement(slot, pub))
		return card_prove_agreement(c, slot, pub, e);
	if (RAND_bytes(fresh, sizeof(fresh)) != 1)
		return error_ssl(e, ERROR_CRYPTO, "make a challenge");
	if (alg_sig_choose(&alg, pub, NULL, e) == -1 ||
	    c->driver->sign(c, slot, pub, BYTES(fresh, sizeof(fresh)), &sig,
	    e) == -1)
		goto out;
	rc = alg_verify(alg, pub, BYTES(fresh, sizeof(fresh)),
	    BYTES(sig.p, sig.len), e);
	if (rc == -1) {
		error_clear(e);
		error_set(e, ERROR_DENIED,
		    "the card does not have the key that it shows");
	}
 out:
	buf_clear(&sig);
	return rc;
}

/* What is wrong with it, or NULL. */
static const char *
attestation_wrong(const struct card *c, EVP_PKEY *pub, X509 *leaf,
    X509 *issuer)
{
	struct error	 e = ERROR_INIT;
	struct attest	 a;

	if (EVP_PKEY_eq(X509_get0_pubkey(leaf), pub) != 1)
		return "is about another key";
	if (!cert_is_by(leaf, issuer))
		return "is not signed by the one whom the card names";
	if (attest_read(&a, leaf, &e) == -1)
		return "has malformed extensions";
	if (a.has_serial && c->info.has_serial && a.serial != c->info.serial)
		return "is about another card";
	return NULL;
}

int
card_attested(struct card *c, enum card_slot slot, EVP_PKEY *pub,
    X509 **leaf, X509 **issuer, struct error *e)
{
	const char	*wrong;
	int		 rc;

	if ((rc = c->driver->attest(c, slot, leaf, issuer, e)) != 1)
		return rc;
	if ((wrong = attestation_wrong(c, pub, *leaf, *issuer)) == NULL)
		return 1;
	X509_free(*leaf);
	*leaf = NULL;
	ERR_clear_error();
	return error_set(e, ERROR_DENIED, "%s key: the attestation %s",
	    card_slot_name(slot), wrong);
}
