/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading PKCS#10 (RFC 2986).  The request is walked here, strictly and once;
 * OpenSSL sees only the numbers of the key and the signature.  The other form
 * of a request is csr_crmf.c's.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <openssl/evp.h>
#include "x509/alg.h"
#include "x509/csr_private.h"

int
csr_bad(struct error *e, const char *fmt, ...)
{
	char	 what[300];
	va_list	 ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return error_set(e, ERROR_INPUT, "request: %s", what);
}

/* Proof of possession: the key's signature over tbs. */
static int
csr_verify_pop(const struct csr *csr, struct bytes tbs, struct bytes alg,
    struct bytes sig, struct error *e)
{
	const struct alg_sig	*s;

	if (alg_sig_find(&s, alg, e) == -1)
		return error_wrap(e, "request");
	if (!alg_sig_suits(s, csr->key))
		return csr_bad(e, "signature algorithm is not one of the "
		    "key's");
	if (alg_verify(s, csr->key, tbs, sig, e) == -1) {
		error_clear(e);
		return csr_bad(e, "signature does not verify: the key's "
		    "holder did not make this request");
	}
	return 0;
}

static int
info_walk(struct csr *csr, struct bytes info, struct error *e)
{
	struct bytes	 seq, attrs;
	int64_t		 version;

	if (der_take(&info, DER_SEQUENCE, &seq) == -1 ||
	    der_take_int(&seq, &version) == -1 ||
	    der_take(&seq, DER_SEQUENCE, &csr->subject) == -1 ||
	    der_take_whole(&seq, DER_SEQUENCE, &csr->spki) == -1)
		return csr_bad(e, "malformed");
	if (version != 0)
		return csr_bad(e, "version is not 1 (RFC 2986, 4.1)");
	if (csr_read_subject(csr, e) == -1)
		return -1;
	if (seq.len == 0)	/* left out by some who have none */
		return 0;
	if (der_take(&seq, DER_CONTEXT_CONS(0), &attrs) == -1 || seq.len > 0)
		return csr_bad(e, "malformed");
	return csr_read_attributes(csr, attrs, e);
}

static int
pkcs10_read(struct csr *csr, struct bytes in, struct bytes *info,
    struct bytes *alg, struct bytes *sig, struct error *e)
{
	struct bytes	 seq;

	if (der_take(&in, DER_SEQUENCE, &seq) == -1 ||
	    der_take_whole(&seq, DER_SEQUENCE, info) == -1 ||
	    der_take_whole(&seq, DER_SEQUENCE, alg) == -1 ||
	    der_take_bits(&seq, sig) == -1 || seq.len > 0)
		return csr_bad(e, "not a PKCS#10 request");
	return info_walk(csr, *info, e);
}

static int
proof_read(struct csr *csr, struct bytes in, struct error *e)
{
	struct bytes	 tbs, alg, sig;

	if (csr->is_bare)
		csr->spki = in;
	else if ((csr_is_crmf(in) ? csr_read_crmf(csr, &tbs, &alg, &sig, e) :
	    pkcs10_read(csr, in, &tbs, &alg, &sig, e)) == -1)
		return -1;
	if (csr_read_key(csr, e) == -1 || csr_check_key(csr->key, e) == -1)
		return -1;
	return csr->is_bare ? 0 : csr_verify_pop(csr, tbs, alg, sig, e);
}

static int
request_read(struct csr *csr, bool is_station, struct error *e)
{
	struct bytes	 in = BYTES(csr->der.p, csr->der.len);

	if (der_check(in, CSR_DEPTH_MAX, e) == -1)
		return error_wrap(e, "request");
	if ((is_station && csr_is_card(in) &&
	    csr_read_card(csr, &in, e) == -1) || proof_read(csr, in, e) == -1)
		return -1;
	if (EVP_Digest(csr->der.p, csr->der.len, csr->digest, NULL,
	    EVP_sha256(), NULL) != 1 ||
	    EVP_Digest(csr->spki.p, csr->spki.len, csr->key_digest, NULL,
	    EVP_sha256(), NULL) != 1)
		return error_ssl(e, ERROR_CRYPTO, "digest request");
	return 0;
}

static int
parse(struct csr **out, struct bytes text, bool is_station, struct error *e)
{
	struct csr	*csr = mem_alloc(sizeof(*csr));

	*out = NULL;
	if (csr_input(&csr->der, text, e) == -1 ||
	    request_read(csr, is_station, e) == -1) {
		csr_free(&csr);
		return -1;
	}
	*out = csr;
	return 0;
}

int
csr_parse(struct csr **out, struct bytes text, struct error *e)
{
	return parse(out, text, false, e);
}

int
csr_parse_card(struct csr **out, struct bytes der, struct error *e)
{
	return parse(out, der, true, e);
}

static int
pkcs10_key(struct bytes *key, struct bytes der, struct error *e)
{
	struct bytes	 seq, info;
	int64_t		 version;

	if (der_take(&der, DER_SEQUENCE, &seq) == -1 ||
	    der_take(&seq, DER_SEQUENCE, &info) == -1 ||
	    der_take_int(&info, &version) == -1 ||
	    der_take(&info, DER_SEQUENCE, &seq) == -1 ||
	    der_take(&info, DER_SEQUENCE, key) == -1)
		return csr_bad(e, "malformed");
	return 0;
}

int
csr_find_key(uint8_t dst[KEY_DIGEST_SIZE], struct bytes der, struct error *e)
{
	struct bytes	 key, inside;
	struct buf	 spki = { 0 };
	int		 ok, rc = 1;

	if (csr_is_card(der)) {
		if ((rc = csr_card_key(&inside, der, e)) == -1)
			return -1;
		der = inside;
	}
	if (rc == 0 ? der_take(&der, DER_SEQUENCE, &key) == -1 :
	    (csr_is_crmf(der) ? csr_crmf_key(&key, der, e) :
	    pkcs10_key(&key, der, e)) == -1)
		return -1;
	der_put(&spki, DER_SEQUENCE, key.p, key.len);
	ok = EVP_Digest(spki.p, spki.len, dst, NULL, EVP_sha256(), NULL);
	buf_clear(&spki);
	return ok == 1 ? 0 : error_ssl(e, ERROR_CRYPTO, "digest key");
}

bool
csr_is_same(const struct csr *a, const struct csr *b)
{
	return memcmp(a->key_digest, b->key_digest, sizeof(a->key_digest)) ==
	    0 && bytes_equal(a->subject, b->subject) &&
	    bytes_equal(a->san, b->san) && a->wants_ca == b->wants_ca &&
	    a->key_usage == b->key_usage &&
	    bytes_equal(a->ext_key_usage, b->ext_key_usage);
}

void
csr_free(struct csr **csr)
{
	if (*csr == NULL)
		return;
	EVP_PKEY_free((*csr)->key);
	buf_clear(&(*csr)->made_spki);
	buf_clear(&(*csr)->der);
	mem_free(csr);
}

int
csr_make(struct buf *der, EVP_PKEY *key, const char *common_name,
    struct error *e)
{
	struct buf	 info = { 0 }, sig = { 0 };
	size_t		 mark, name;
	int		 rc = -1;

	mark = der_begin(&info, DER_SEQUENCE);
	der_put_int(&info, 0);
	name = der_begin(&info, DER_SEQUENCE);
	if (name_put_rdn(&info, name_attr_find("CN"), common_name, e) == -1)
		goto out;
	der_end(&info, name);
	if (key_public_der(&info, key, e) == -1)
		goto out;
	der_put(&info, DER_CONTEXT_CONS(0), NULL, 0);
	der_end(&info, mark);
	if (key_sign(&sig, key, BYTES(info.p, info.len), e) == -1)
		goto out;
	mark = der_begin(der, DER_SEQUENCE);
	der_put_raw(der, BYTES(info.p, info.len));
	if (key_signature_alg(der, key, NULL, e) == -1)
		goto out;
	der_put_bits(der, sig.p, sig.len);
	der_end(der, mark);
	rc = 0;
 out:
	buf_clear(&info);
	buf_clear(&sig);
	return rc;
}
