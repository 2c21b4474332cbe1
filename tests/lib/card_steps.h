/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_TESTS_LIB_CARD_STEPS_H
#define SIGNET_TESTS_LIB_CARD_STEPS_H
/*
 * A card made from blank to finished with personalize/, in steps that can all
 * be done again: who was interrupted anywhere reopens the card and starts over.
 * Certificates are by a CA of testpki.
 */
#include "personalize/card.h"
#include "tests/lib/testpki.h"

struct card_plan {
	const struct testpki	*pki;
	enum card_alg		 alg;
	struct card_name	 name;
	bool			 own_management;	/* set a new key */
	struct secret		 factory_management, management;
	struct secret		 factory_pin, pin, factory_puk, puk;
};

void	 card_plan_init(struct card_plan *, const struct testpki *, bool aes);
void	 card_plan_clear(struct card_plan *);
/* CARD_AUTHENTICATION and CARD_KEY_MANAGEMENT get a key and a certificate;
 * name, PIN, PUK and management key are set. */
int	 card_steps(struct card *, const struct card_plan *, struct error *);
/* After a reset: what the card has, and that it works. */
int	 card_steps_check(struct card *, const struct card_plan *,
	    struct error *);
#endif
