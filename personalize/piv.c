/* SPDX-License-Identifier: Apache-2.0 */
/* The table, and what a card's keys are called. */
#include "piv_private.h"

const struct card_driver piv_driver = {
	.name = "piv",
	.select = piv_select,
	.authenticate = piv_authenticate,
	.set_name = piv_set_name,
	.has_capabilities = piv_has_capabilities,
	.set_history = piv_set_history,
	.generate = piv_generate,
	.find_key = piv_find_key,
	.sign = piv_sign,
	.agree = piv_agree,
	.attest = piv_attest,
	.write_cert = piv_write_cert,
	.find_cert = piv_find_cert,
	.has_cert = piv_has_cert,
	.tries = piv_tries,
	.verify = piv_verify,
	.change = piv_change,
	.unblock = piv_unblock,
	.set_management = piv_set_management,
	.hides_management = piv_hides_management,
	.keep_management = piv_keep_management,
	.set_tries = piv_set_tries,
	.reset = piv_reset,
	.secure = piv_secure,
	.prepare = piv_prepare,
	.set_pins = piv_set_pins,
};

int
piv_send(struct card *c, uint8_t ins, uint8_t p1, uint8_t p2,
    struct bytes data, struct buf *answer, uint16_t *sw, struct error *e)
{
	struct apdu	 a = { ins, p1, p2, data, answer != NULL, 0 };

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
