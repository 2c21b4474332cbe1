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
	if (rc == 0)
		rc = error_set(e, ERROR_CARD,
		    "the card has no certificate to attest with");
	if (rc == -1) {
		X509_free(*leaf);
		*leaf = NULL;
		error_wrap(e, "attestation of slot %02x", piv_slot(slot));
	}
 out:
	buf_clear(&out);
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
