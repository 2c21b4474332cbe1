/* SPDX-License-Identifier: Apache-2.0 */
/* Keys: made on the card, used there.  SP 800-73-4 part 2, 3.2.4 and 3.3.2. */
#include <openssl/crypto.h>
#include "piv_private.h"
#include "x509/alg.h"
#include "x509/csr.h"
#include "x509/der.h"

int
piv_answer(struct bytes answer, uint32_t tag, struct bytes *value,
    struct error *e)
{
	struct bytes	 v;

	if (tlv_find(answer, 0x7c, &v) != 1 || tlv_find(v, tag, value) != 1)
		return error_set(e, ERROR_CARD, "the card's answer is not "
		    "one (no %02x)", (unsigned int)tag);
	return 0;
}

static int
put_rsa(struct buf *out, struct bytes in)
{
	struct bytes	 n, exp;
	struct buf	 key = { 0 };
	size_t		 outer, inner;

	if (tlv_find(in, 0x81, &n) != 1 || tlv_find(in, 0x82, &exp) != 1 ||
	    n.len == 0 || exp.len == 0)
		return -1;
	inner = der_begin(&key, DER_SEQUENCE);
	der_put_uint(&key, n.p, n.len);
	der_put_uint(&key, exp.p, exp.len);
	der_end(&key, inner);
	outer = der_begin(out, DER_SEQUENCE);
	inner = der_begin(out, DER_SEQUENCE);
	der_put_oid(out, "1.2.840.113549.1.1.1");
	der_put(out, DER_NULL, NULL, 0);
	der_end(out, inner);
	der_put_bits(out, key.p, key.len);
	der_end(out, outer);
	buf_clear(&key);
	return 0;
}

static int
put_ec(struct buf *out, struct bytes in, const char *curve)
{
	struct bytes	 point;
	size_t		 outer, inner;

	if (tlv_find(in, 0x86, &point) != 1 || point.len == 0)
		return -1;
	outer = der_begin(out, DER_SEQUENCE);
	inner = der_begin(out, DER_SEQUENCE);
	der_put_oid(out, "1.2.840.10045.2.1");
	der_put_oid(out, curve);
	der_end(out, inner);
	der_put_bits(out, point.p, point.len);
	der_end(out, outer);
	return 0;
}

/* 81 and 82, or 86, to a key that is good enough to be certified. */
static int
piv_public(EVP_PKEY **out, struct bytes in, enum card_alg alg,
    struct error *e)
{
	struct buf	 der = { 0 };
	EVP_PKEY	*key = NULL;
	int		 rc;

	if (alg == CARD_P256)
		rc = put_ec(&der, in, "1.2.840.10045.3.1.7");
	else if (alg == CARD_P384)
		rc = put_ec(&der, in, "1.3.132.0.34");
	else
		rc = put_rsa(&der, in);
	if (rc == -1 ||
	    (key = key_public_parse(BYTES(der.p, der.len))) == NULL ||
	    !card_key_is(key, alg))
		rc = error_ssl(e, ERROR_CARD, "the card's public key is no %s",
		    card_alg_name(alg));
	else if ((rc = csr_check_key(key, e)) == 0) {
		*out = key;
		key = NULL;
	}
	EVP_PKEY_free(key);
	buf_clear(&der);
	return rc;
}

/* Cards do not agree on how they say that they have no such algorithm. */
bool
piv_is_not_offered(uint16_t sw)
{
	return sw == APDU_DATA || sw == APDU_NO_FUNCTION ||
	    sw == APDU_NO_SPACE || sw == APDU_PARAMETERS;
}

static int
not_made(uint16_t sw, struct error *e)
{
	if (!piv_is_not_offered(sw) && sw != APDU_FAILED)
		return apdu_error(e, sw, "make a key");
	return error_set(e, ERROR_CONFIG, "this card does not make such keys "
	    "(it says %04X): choose another kind", sw);
}

int
piv_generate(struct card *c, enum card_slot slot, enum card_alg alg,
    EVP_PKEY **pub, struct error *e)
{
	uint8_t		 data[5] = { 0xac, 3, 0x80, 1, piv_alg(alg) };
	struct buf	 out = { 0 };
	struct bytes	 v;
	uint16_t	 sw;
	int		 rc;

	*pub = NULL;
	rc = piv_send(c, PIV_GENERATE, 0, piv_slot(slot),
	    BYTES(data, sizeof(data)), &out, &sw, e);
	if (rc == 0 && sw != APDU_OK)
		rc = not_made(sw, e);
	if (rc == 0 && sw == APDU_OK &&
	    tlv_find(BYTES(out.p, out.len), 0x7f49, &v) != 1)
		rc = error_set(e, ERROR_CARD,
		    "the card made a key and does not show it");
	else if (rc == 0)
		rc = piv_public(pub, v, alg, e);
	buf_clear(&out);
	if (rc == -1)
		error_wrap(e, "%s in slot %02x", card_alg_name(alg),
		    piv_slot(slot));
	return rc;
}

int
piv_find_key(struct card *c, enum card_slot slot, EVP_PKEY **pub,
    struct error *e)
{
	struct buf	 out = { 0 };
	struct bytes	 alg, key;
	int		 rc, shows = 0, i = 0;

	*pub = NULL;
	if ((rc = piv_metadata(c, piv_slot(slot), &out, e)) != 1)
		goto out;
	if (tlv_find(BYTES(out.p, out.len), 0x01, &alg) != 1 ||
	    (shows = tlv_find(BYTES(out.p, out.len), 0x04, &key)) == -1 ||
	    alg.len != 1) {
		rc = error_set(e, ERROR_CARD, "slot %02x: the card's metadata "
		    "are malformed", piv_slot(slot));
		goto out;
	}
	while (i < CARD_ALG__MAX && piv_alg((enum card_alg)i) != alg.p[0])
		i++;
	if (i == CARD_ALG__MAX || shows == 0)
		rc = 0;			/* of a kind that we do not make */
	else
		rc = piv_public(pub, key, (enum card_alg)i, e) == -1 ? -1 : 1;
 out:
	buf_clear(&out);
	return rc;
}

/* 7C { 82 empty, what }, and the 82 of the answer. */
static int
piv_use(struct card *c, uint8_t alg, uint8_t reference, uint32_t what,
    struct bytes data, struct buf *answer, uint16_t *sw, struct error *e)
{
	struct buf	 inside = { 0 }, ask = { 0 };
	int		 rc;

	tlv_put(&inside, 0x82, BYTES(NULL, 0));
	tlv_put(&inside, what, data);
	tlv_put(&ask, 0x7c, BYTES(inside.p, inside.len));
	rc = piv_send(c, PIV_USE, alg, reference, BYTES(ask.p, ask.len),
	    answer, sw, e);
	buf_clear(&inside);
	buf_clear(&ask);
	return rc;
}

/* RFC 8017, 9.2: as long as the modulus. */
static void
put_emsa(struct buf *out, size_t size, const struct alg_hash *hash,
    const uint8_t *digest)
{
	struct buf	 info = { 0 };
	size_t		 outer = der_begin(&info, DER_SEQUENCE);
	size_t		 inner = der_begin(&info, DER_SEQUENCE);

	der_put_oid(&info, hash->oid);
	der_put(&info, DER_NULL, NULL, 0);
	der_end(&info, inner);
	der_put(&info, DER_OCTET_STRING, digest, hash->size);
	der_end(&info, outer);
	buf_byte(out, 0);
	buf_byte(out, 1);
	while (out->len + 1 + info.len < size)
		buf_byte(out, 0xff);
	buf_byte(out, 0);
	buf_add(out, info.p, info.len);
	buf_clear(&info);
}

int
piv_sign(struct card *c, enum card_slot slot, EVP_PKEY *pub,
    struct bytes message, struct buf *sig, struct error *e)
{
	enum card_alg		 kind = piv_alg_of(pub);
	const struct alg_sig	*alg;
	struct buf		 in = { 0 }, out = { 0 };
	uint8_t			 digest[EVP_MAX_MD_SIZE];
	struct bytes		 v;
	uint16_t		 sw;
	int			 rc = -1;

	if (kind == CARD_ALG__MAX)
		return error_set(e, ERROR_BUG, "sign with a key of no card");
	if (alg_sig_choose(&alg, pub, NULL, e) == -1)
		return -1;
	if (EVP_Digest(message.p, message.len, digest, NULL, alg->hash->md(),
	    NULL) != 1)
		return error_ssl(e, ERROR_CRYPTO, "digest");
	if (alg_key_is(pub, "RSA"))
		put_emsa(&in, (size_t)EVP_PKEY_get_size(pub), alg->hash,
		    digest);
	else
		buf_add(&in, digest, alg->hash->size);
	if (piv_use(c, piv_alg(kind), piv_slot(slot), 0x81, BYTES(in.p,
	    in.len), &out, &sw, e) == -1)
		goto out;
	if (sw != APDU_OK) {
		apdu_error(e, sw, "sign");
		goto out;
	}
	if (piv_answer(BYTES(out.p, out.len), 0x82, &v, e) == -1)
		goto out;
	if (v.len > 0)
		buf_add(sig, v.p, v.len);
	rc = 0;
 out:
	buf_clear(&out);
	buf_clear(&in);
	return rc;
}

int
piv_agree(struct card *c, enum card_slot slot, EVP_PKEY *pub,
    struct bytes point, struct secret *z, struct error *e)
{
	enum card_alg	 kind = piv_alg_of(pub);
	struct buf	 out = { 0 };
	struct bytes	 v;
	uint16_t	 sw;
	int		 rc = -1;

	if (kind == CARD_ALG__MAX)
		return error_set(e, ERROR_BUG, "agree with a key of no card");
	if (piv_use(c, piv_alg(kind), piv_slot(slot), 0x85, point, &out, &sw,
	    e) == -1)
		goto out;
	if (sw != APDU_OK) {
		apdu_error(e, sw, "agree on a key");
		goto out;
	}
	if (piv_answer(BYTES(out.p, out.len), 0x82, &v, e) == 0)
		rc = secret_set(z, v.p, v.len, e);
 out:
	if (out.len > 0)
		OPENSSL_cleanse(out.p, out.len);
	buf_clear(&out);
	return rc;
}
