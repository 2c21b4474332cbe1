/* SPDX-License-Identifier: Apache-2.0 */
/* What only cards with a vendor's extensions can do. */
#include "piv_private.h"
#include "x509/der.h"

#define TRIES_MAX	15

static int
need_extension(struct card *c, const char *what, struct error *e)
{
	if (c->info.extended)
		return 0;
	return error_set(e, ERROR_CARD, "%s: this card cannot", what);
}

int
piv_attest(struct card *c, enum card_slot slot, X509 **leaf, X509 **issuer,
    struct error *e)
{
	struct buf	 out = { 0 };
	const uint8_t	*p;
	uint16_t	 sw;
	int		 rc = 0;

	*leaf = NULL;
	if (!c->info.extended)
		return 0;
	if (piv_send(c, PIV_ATTEST, piv_slot(slot), 0, BYTES(NULL, 0), &out,
	    &sw, e) == -1) {
		rc = -1;
		goto out;
	}
	if (sw != APDU_OK)
		goto out;
	p = out.p;
	rc = der_check(BYTES(out.p, out.len), 24, e);
	if (rc == 0 && (*leaf = d2i_X509(NULL, &p, (long)out.len)) == NULL)
		rc = error_ssl(e, ERROR_INPUT, "not a certificate");
	if (rc == 0)
		rc = *issuer != NULL ? 1 :
		    piv_read_cert(c, PIV_ATTESTER, issuer, e);
	/* Nobody vouches for its word: then it has given none. */
	if (rc != 1) {
		X509_free(*leaf);
		*leaf = NULL;
	}
	if (rc == -1)
		error_wrap(e, "attestation of slot %02x", piv_slot(slot));
 out:
	buf_clear(&out);
	return rc;
}

/* SP 800-73-4 part 1, table 2: the printed information is read after the PIN
 * alone.  Whether this card knows that is seen only when there is some. */
int
piv_hides_management(struct card *c, struct error *e)
{
	static const uint8_t	 nothing[] = { 0x88, 0 };
	static const uint8_t	 tag[] = { 0x5c, 3, PIV_PRINTED >> 16,
		PIV_PRINTED >> 8 & 0xff, PIV_PRINTED & 0xff };
	struct buf		 out = { 0 };
	uint16_t		 sw;
	int			 rc;

	if (!c->info.extended)
		return 0;
	if (piv_put(c, PIV_PRINTED, BYTES(nothing, sizeof(nothing)), &sw,
	    e) == -1 || card_reopen(c, e) == -1)
		return -1;
	if (sw != APDU_OK)
		return 0;
	rc = piv_send(c, PIV_GET, 0x3f, 0xff, BYTES(tag, sizeof(tag)), &out,
	    &sw, e);
	buf_clear(&out);
	return rc == -1 ? -1 : sw == APDU_SECURITY;
}

/* Where that vendor's own tools look for it: an object of theirs says that
 * (ADMIN_PROTECTED) the key is in the printed information. */
#define ADMIN_PROTECTED	0x02

int
piv_keep_management(struct card *c, const struct secret *key,
    struct error *e)
{
	static const uint8_t	 flags[] = { 0x80, 3, 0x81, 1,
		ADMIN_PROTECTED };
	struct secret		 v = { NULL, 0 };
	int			 rc = -1;

	if (need_extension(c, "keep its management key", e) == -1 ||
	    secret_new(&v, 4 + key->len, e) == -1)
		return -1;
	v.p[0] = 0x88;
	v.p[1] = (uint8_t)(2 + key->len);
	v.p[2] = 0x89;
	v.p[3] = (uint8_t)key->len;
	memcpy(v.p + 4, key->p, key->len);
	if (piv_store(c, PIV_PRINTED, BYTES(v.p, v.len), "printed information",
	    e) == 0)
		rc = piv_store(c, PIV_ADMIN, BYTES(flags, sizeof(flags)),
		    "who has the management key", e);
	if (rc == -1 && !c->io->lost)
		e->code = ERROR_CARD;
	secret_free(&v);
	return rc;
}

int
piv_set_tries(struct card *c, int pin, int puk, struct error *e)
{
	uint16_t	 sw;

	if (pin < 1 || pin > TRIES_MAX || puk < 1 || puk > TRIES_MAX)
		return error_set(e, ERROR_BUG, "%d and %d tries", pin, puk);
	if (need_extension(c, "set how often a PIN may be wrong", e) == -1 ||
	    piv_send(c, PIV_TRIES, (uint8_t)pin, (uint8_t)puk, BYTES(NULL, 0),
	    NULL, &sw, e) == -1)
		return -1;
	if (sw != APDU_OK)
		return apdu_error(e, sw, "set how often a PIN may be wrong");
	return 0;
}

/* A card is reset when PIN and PUK are blocked; on purpose, here. */
static int
block(struct card *c, uint8_t ins, const uint8_t *wrong, size_t n,
    struct error *e)
{
	uint16_t	 sw;

	for (int i = 0; i <= TRIES_MAX; i++) {
		if (piv_send(c, ins, 0, 0x80, BYTES(wrong, n), NULL, &sw,
		    e) == -1)
			return -1;
		if (sw == APDU_BLOCKED || sw == 0x63c0)
			return 0;
		if ((sw & 0xfff0) != 0x63c0 && sw != APDU_OK)
			return apdu_error(e, sw, "block");
	}
	return error_set(e, ERROR_CARD, "the card's PIN cannot be blocked");
}

int
piv_reset(struct card *c, struct error *e)
{
	static const uint8_t	 wrong[16] = { '9', '1', '7', '2', '6', '4',
		0xff, 0xff, '9', '1', '7', '2', '6', '4', 0xff, 0xff };
	uint16_t		 sw;

	if (need_extension(c, "reset", e) == -1 ||
	    block(c, PIV_VERIFY, wrong, 8, e) == -1 ||
	    block(c, PIV_UNBLOCK, wrong, 16, e) == -1 ||
	    piv_send(c, PIV_RESET, 0, 0, BYTES(NULL, 0), NULL, &sw, e) == -1)
		return -1;
	if (sw != APDU_OK)
		return apdu_error(e, sw, "reset");
	return piv_select(c, e);
}
