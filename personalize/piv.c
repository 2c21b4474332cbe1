/* SPDX-License-Identifier: Apache-2.0 */
/* The table, and finding out what kind of PIV card this is. */
#include "piv_private.h"

const struct card_driver piv_driver = {
	.name = "piv",
	.select = piv_select,
	.authenticate = piv_authenticate,
	.set_name = piv_set_name,
	.set_history = piv_set_history,
	.generate = piv_generate,
	.find_key = piv_find_key,
	.sign = piv_sign,
	.agree = piv_agree,
	.attest = piv_attest,
	.write_cert = piv_write_cert,
	.find_cert = piv_find_cert,
	.tries = piv_tries,
	.verify = piv_verify,
	.change = piv_change,
	.unblock = piv_unblock,
	.set_management = piv_set_management,
	.set_tries = piv_set_tries,
	.reset = piv_reset,
};

int
piv_send(struct card *c, uint8_t ins, uint8_t p1, uint8_t p2,
    struct bytes data, struct buf *answer, uint16_t *sw, struct error *e)
{
	struct apdu	 a = { ins, p1, p2, data, answer != NULL };

	return apdu_exchange(c->io, &a, answer, sw, e);
}

uint8_t
piv_slot(enum card_slot slot)
{
	static const uint8_t	 first[CARD_RETIRED] = {
		[CARD_AUTHENTICATION] = 0x9a, [CARD_SIGNATURE] = 0x9c,
		[CARD_KEY_MANAGEMENT] = 0x9d, [CARD_ITSELF] = 0x9e };

	return slot < CARD_RETIRED ? first[slot] :
	    (uint8_t)(0x82 + slot - CARD_RETIRED);
}

/* SP 800-73-4 part 1, table 3. */
uint32_t
piv_cert_tag(enum card_slot slot)
{
	static const uint32_t	 first[CARD_RETIRED] = {
		[CARD_AUTHENTICATION] = 0x5fc105, [CARD_SIGNATURE] = 0x5fc10a,
		[CARD_KEY_MANAGEMENT] = 0x5fc10b, [CARD_ITSELF] = 0x5fc101 };

	return slot < CARD_RETIRED ? first[slot] :
	    0x5fc10d + (uint32_t)(slot - CARD_RETIRED);
}

/* SP 800-78-5, table 6; 16 is a vendor's. */
uint8_t
piv_alg(enum card_alg alg)
{
	static const uint8_t	 algs[CARD_ALG__MAX] = {
		[CARD_RSA_2048] = 0x07, [CARD_RSA_3072] = 0x05,
		[CARD_RSA_4096] = 0x16, [CARD_P256] = 0x11,
		[CARD_P384] = 0x14 };

	return algs[alg];
}

enum card_alg
piv_alg_of(EVP_PKEY *key)
{
	int	 alg = 0;

	while (alg < CARD_ALG__MAX && !card_key_is(key, (enum card_alg)alg))
		alg++;
	return (enum card_alg)alg;
}

int
piv_metadata(struct card *c, uint8_t reference, struct buf *out,
    struct error *e)
{
	uint16_t	 sw;

	if (!c->info.extended)
		return 0;
	if (piv_send(c, PIV_METADATA, 0, reference, BYTES(NULL, 0), out, &sw,
	    e) == -1)
		return -1;
	return sw == APDU_OK ? 1 : 0;
}

/* Is it the factory's?  1, 0, or -1: the card does not tell. */
static int
piv_is_default(struct card *c, uint8_t reference, int *is, uint8_t *alg,
    struct error *e)
{
	struct buf	 out = { 0 };
	struct bytes	 v;
	int		 rc;

	*is = -1;
	if ((rc = piv_metadata(c, reference, &out, e)) == 1) {
		if (tlv_find(BYTES(out.p, out.len), 0x05, &v) == 1 &&
		    v.len == 1)
			*is = v.p[0] != 0;
		if (tlv_find(BYTES(out.p, out.len), 0x01, &v) == 1 &&
		    v.len == 1)
			*alg = v.p[0];
	}
	buf_clear(&out);
	return rc == -1 ? -1 : 0;
}

/* Strict cards answer 6D00 to all of these. */
static int
learn_vendor(struct card *c, struct error *e)
{
	struct buf	 out = { 0 };
	uint8_t		 none, alg = 0;
	uint16_t	 sw;
	int		 rc = -1;

	if (piv_send(c, PIV_VERSION, 0, 0, BYTES(NULL, 0), &out, &sw,
	    e) == -1)
		goto out;
	c->info.extended = sw == APDU_OK && out.len == 3;
	if (!c->info.extended) {
		rc = 0;
		goto out;
	}
	memcpy(c->info.version, out.p, 3);
	if (piv_send(c, PIV_SERIAL, 0, 0, BYTES(NULL, 0), &out, &sw, e) == -1)
		goto out;
	if (sw == APDU_OK && out.len == 4) {
		c->info.has_serial = true;
		c->info.serial = (uint32_t)out.p[0] << 24 |
		    (uint32_t)out.p[1] << 16 | (uint32_t)out.p[2] << 8 |
		    out.p[3];
	}
	rc = piv_is_default(c, 0x80, &c->info.default_pin, &none, e) == -1 ||
	    piv_is_default(c, 0x81, &c->info.default_puk, &none, e) == -1 ||
	    piv_is_default(c, PIV_MANAGEMENT, &c->info.default_management,
	    &alg, e) == -1 ? -1 : 0;
	if (piv_management_size(alg) != 0)
		c->management_alg = alg;
 out:
	buf_clear(&out);
	return rc;
}

static int
learn_guid(struct card *c, struct error *e)
{
	struct buf	 chuid = { 0 };
	struct bytes	 v;
	int		 rc;

	if ((rc = piv_get(c, PIV_CHUID, &chuid, e)) == 1 &&
	    tlv_find(BYTES(chuid.p, chuid.len), 0x34, &v) == 1 &&
	    v.len == sizeof(c->info.guid)) {
		c->info.has_guid = true;
		memcpy(c->info.guid, v.p, v.len);
	}
	buf_clear(&chuid);
	return rc == -1 ? -1 : 0;
}

int
piv_select(struct card *c, struct error *e)
{
	static const uint8_t	 aid[] = { 0xa0, 0, 0, 3, 8, 0, 0, 0x10, 0, 1,
		0 };
	struct buf		 out = { 0 };
	uint16_t		 sw;
	int			 rc;

	c->info = (struct card_info){ .default_pin = -1, .default_puk = -1,
	    .default_management = -1 };
	c->management_alg = 0;
	/* What the template says differs from what cards do: not read. */
	rc = piv_send(c, PIV_SELECT, 4, 0, BYTES(aid, sizeof(aid)), &out, &sw,
	    e);
	buf_clear(&out);
	if (rc == -1)
		return -1;
	if (sw == APDU_NOT_FOUND)
		return error_set(e, ERROR_NOTFOUND, "not a PIV card");
	if (sw != APDU_OK)
		return apdu_error(e, sw, "select PIV");
	if (learn_vendor(c, e) == -1)
		return -1;
	return learn_guid(c, e);
}
