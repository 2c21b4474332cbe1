/* SPDX-License-Identifier: Apache-2.0 */
/* The driver and the card for tests, in one process: refusals, lies, and a cut
 * at every command. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "personalize/card.h"
#include "tests/lib/card_steps.h"
#include "tests/lib/cut_reader.h"
#include "tests/lib/refused.h"

struct fixture {
	struct testpki	 pki;
	struct card_plan plan;
	struct cut_reader slot;
	struct card_io	 io;
	struct card	 card;
	struct error	 e;
};

static void
insert(struct fixture *f, bool extended, uint8_t alg)
{
	cut_reader_insert(&f->slot, extended, alg, &f->io);
	f->plan.own_management = extended;
	error_clear(&f->e);
	assert_int_equal(card_open(&f->card, &f->io, &f->e), 0);
}

static int
set_up(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));

	testpki_init(&f->pki, TESTPKI_NOW);
	card_plan_init(&f->plan, &f->pki, true);
	pivcard_init(&f->slot.card, false, 3);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture	*f = *state;

	pivcard_clear(&f->slot.card);
	card_plan_clear(&f->plan);
	testpki_clear(&f->pki);
	mem_free(&f);
	return 0;
}

static void
authenticated(struct fixture *f)
{
	assert_int_equal(f->card.driver->authenticate(&f->card,
	    &f->plan.factory_management, &f->e), 0);
}

static void
card_open_refuses_a_card_that_is_not_piv(void **state)
{
	struct fixture	*f = *state;
	struct cut_reader dead = { .count = 0 };
	struct card_io	 io;

	pivcard_init(&dead.card, false, 3);
	cut_reader_insert(&dead, false, 3, &io);
	dead.cut_at = 1;
	refused(&f->e, card_open(&f->card, &io, &f->e), ERROR_CARD, "cut");
	pivcard_clear(&dead.card);
}

static void
piv_select_tells_strict_cards_from_extended_ones(void **state)
{
	struct fixture	*f = *state;

	insert(f, false, 3);
	assert_false(f->card.info.extended);
	assert_string_equal(f->card.info.identity,
	    "cplc:4790d3216351000012671000");
	assert_true(f->card.info.has_discovery);
	assert_false(f->card.info.prefers_global_pin);
	assert_int_equal(f->card.info.default_pin, -1);
	insert(f, true, 0x0c);
	assert_true(f->card.info.extended);
	assert_true(f->card.info.has_serial);
	assert_int_equal(f->card.info.serial, 4711);
	assert_string_equal(f->card.info.identity, "piv-serial:4711");
	assert_int_equal(f->card.info.default_pin, 1);
	assert_int_equal(f->card.info.default_management, 1);
	assert_int_equal(f->card.management_alg, 0x0c);
}

static void
piv_authenticate_refuses_a_wrong_key_and_a_wrong_card(void **state)
{
	struct fixture	*f = *state;
	struct secret	 wrong = { NULL, 0 };

	assert_int_equal(secret_set(&wrong, "twenty-four wrong bytes!", 24,
	    &f->e), 0);
	insert(f, false, 3);
	refused(&f->e, f->card.driver->authenticate(&f->card, &wrong, &f->e),
	    ERROR_DENIED, "this is not the card's management key");
	f->slot.card.lie = LIE_WITNESS;
	refused(&f->e, f->card.driver->authenticate(&f->card,
	    &f->plan.factory_management, &f->e), ERROR_DENIED,
	    "the card does not know its management key: it is not the card "
	    "that it seems to be");
	wrong.len = 7;
	refused(&f->e, f->card.driver->authenticate(&f->card, &wrong, &f->e),
	    ERROR_DENIED, "the card takes no management key of 7 bytes");
	secret_free(&wrong);
}

static void
piv_authenticate_learns_the_algorithm(void **state)
{
	static const struct { uint8_t alg; size_t len; } rows[] = {
		{ 0x03, 24 }, { 0x08, 16 }, { 0x0a, 24 }, { 0x0c, 32 } };
	struct fixture	*f = *state;
	struct secret	 key = { NULL, 0 };

	for (size_t i = 0; i < 8; i++) {
		insert(f, i >= 4, rows[i % 4].alg);
		assert_int_equal(secret_new(&key, rows[i % 4].len, &f->e), 0);
		memcpy(key.p, f->slot.card.manage, key.len);
		assert_int_equal(f->card.driver->authenticate(&f->card, &key,
		    &f->e), 0);
		assert_int_equal(f->card.management_alg, rows[i % 4].alg);
		secret_free(&key);
	}
}

static void
piv_generate_says_what_the_card_does_not_offer(void **state)
{
	struct fixture	*f = *state;
	EVP_PKEY	*pub;

	insert(f, false, 3);
	refused(&f->e, f->card.driver->generate(&f->card, CARD_AUTHENTICATION,
	    CARD_P256, &pub, &f->e), ERROR_DENIED,
	    "ec:P-256 in slot 9a: make a key: the card says 6982, not allowed "
	    "to");
	authenticated(f);
	refused(&f->e, f->card.driver->generate(&f->card, CARD_AUTHENTICATION,
	    CARD_RSA_4096, &pub, &f->e), ERROR_CONFIG,
	    "rsa:4096 in slot 9a: this card does not make such keys (it says "
	    "6A80): choose another kind");
	refused(&f->e, f->card.driver->generate(&f->card, CARD_RETIRED,
	    CARD_P256, &pub, &f->e), ERROR_CONFIG,
	    "ec:P-256 in slot 82: this card does not make such keys (it says "
	    "6A86): choose another kind");
	assert_null(pub);
}

static void
piv_generate_makes_each_kind_of_key_and_finds_it_again(void **state)
{
	struct fixture	*f = *state;
	EVP_PKEY	*pub, *found;
	enum card_alg	 alg;

	insert(f, true, 3);
	authenticated(f);
	assert_int_equal(f->card.driver->verify(&f->card,
	    &f->plan.factory_pin, 1, &f->e), 0);
	for (alg = CARD_RSA_2048; alg < CARD_ALG__MAX; alg++) {
		if (alg == CARD_RSA_4096)
			continue;		/* seconds, and no news */
		assert_int_equal(f->card.driver->generate(&f->card,
		    CARD_RETIRED + 3, alg, &pub, &f->e), 0);
		assert_int_equal(f->card.driver->find_key(&f->card,
		    CARD_RETIRED + 3, &found, &f->e), 1);
		assert_int_equal(EVP_PKEY_eq(pub, found), 1);
		assert_int_equal(card_prove(&f->card, CARD_RETIRED + 3, pub,
		    &f->e), 0);
		EVP_PKEY_free(found);
		EVP_PKEY_free(pub);
	}
	assert_int_equal(f->card.driver->find_key(&f->card, CARD_SIGNATURE,
	    &found, &f->e), 0);
}

/* E062: the private key in the card is that of the certificate. */
static void
card_request_refuses_a_key_that_was_not_made_on_this_card(void **state)
{
	struct fixture	*f = *state;
	struct buf	 der = { 0 };
	EVP_PKEY	*pub;

	insert(f, false, 3);
	authenticated(f);
	f->slot.card.lie = LIE_KEY;
	assert_int_equal(f->card.driver->generate(&f->card,
	    CARD_KEY_MANAGEMENT, CARD_P256, &pub, &f->e), 0);
	assert_int_equal(f->card.driver->verify(&f->card,
	    &f->plan.factory_pin, 1, &f->e), 0);
	refused(&f->e, card_request(&f->card, CARD_KEY_MANAGEMENT, pub, "x",
	    BYTES("n", 1), &der, &f->e), ERROR_DENIED,
	    "key management key: the card does not have the key that it "
	    "shows");
	refused(&f->e, card_prove_agreement(&f->card, CARD_KEY_MANAGEMENT, pub,
	    &f->e), ERROR_DENIED,
	    "the card does not have the key that it shows");
	EVP_PKEY_free(pub);
	assert_int_equal(f->card.driver->generate(&f->card,
	    CARD_AUTHENTICATION, CARD_P256, &pub, &f->e), 0);
	assert_int_equal(card_request(&f->card, CARD_AUTHENTICATION, pub, "x",
	    BYTES("n", 1), &der, &f->e), -1);
	assert_non_null(strstr(f->e.text,
	    "authentication key: what the card signed: "));
	assert_null(der.p);
	error_clear(&f->e);
	refused(&f->e, card_prove(&f->card, CARD_AUTHENTICATION, pub, &f->e),
	    ERROR_DENIED, "the card does not have the key that it shows");
	EVP_PKEY_free(pub);
}

static void
card_request_gives_the_key_alone_where_it_only_agrees(void **state)
{
	struct fixture	*f = *state;
	struct buf	 der = { 0 };
	const uint8_t	*p;
	EVP_PKEY	*pub, *back;

	insert(f, false, 3);
	authenticated(f);
	assert_int_equal(f->card.driver->verify(&f->card,
	    &f->plan.factory_pin, 1, &f->e), 0);
	assert_int_equal(f->card.driver->generate(&f->card,
	    CARD_KEY_MANAGEMENT, CARD_P384, &pub, &f->e), 0);
	assert_int_equal(card_request(&f->card, CARD_KEY_MANAGEMENT, pub, "x",
	    BYTES("n", 1), &der, &f->e), 0);
	p = der.p;
	back = d2i_PUBKEY(NULL, &p, (long)der.len);
	assert_int_equal(EVP_PKEY_eq(pub, back), 1);
	EVP_PKEY_free(back);
	EVP_PKEY_free(pub);
	buf_clear(&der);
}

static void
card_attested_refuses_the_word_for_another_key(void **state)
{
	struct fixture	*f = *state;
	EVP_PKEY	*pub;
	X509		*leaf, *issuer = NULL;

	insert(f, true, 3);
	authenticated(f);
	assert_int_equal(f->card.driver->generate(&f->card,
	    CARD_AUTHENTICATION, CARD_P256, &pub, &f->e), 0);
	f->slot.card.lie = LIE_ATTESTATION;
	refused(&f->e, card_attested(&f->card, CARD_AUTHENTICATION, pub, &leaf,
	    &issuer, &f->e), ERROR_DENIED,
	    "authentication key: the attestation is about another key");
	f->slot.card.lie = LIE_NONE;
	f->slot.card.serial = 4712;
	refused(&f->e, card_attested(&f->card, CARD_AUTHENTICATION, pub, &leaf,
	    &issuer, &f->e), ERROR_DENIED,
	    "authentication key: the attestation is about another card");
	f->slot.card.serial = 4711;
	assert_int_equal(card_attested(&f->card, CARD_AUTHENTICATION, pub,
	    &leaf, &issuer, &f->e), 1);
	X509_free(leaf);
	X509_free(issuer);
	insert(f, false, 3);
	assert_int_equal(card_attested(&f->card, CARD_AUTHENTICATION, pub,
	    &leaf, &issuer, &f->e), 0);
	EVP_PKEY_free(pub);
}

static void
piv_keep_management_is_for_cards_that_ask_for_the_pin(void **state)
{
	struct fixture			*f = *state;
	const struct card_driver	*d = &piv_driver;

	insert(f, false, 3);
	authenticated(f);
	assert_int_equal(d->hides_management(&f->card, &f->e), 0);
	refused(&f->e, d->keep_management(&f->card, &f->plan.factory_management,
	    &f->e), ERROR_CARD, "keep its management key: this card cannot");
	insert(f, true, 3);
	authenticated(f);
	f->slot.card.lie = LIE_OPEN;
	assert_int_equal(d->hides_management(&f->card, &f->e), 0);
	f->slot.card.lie = LIE_NONE;
	authenticated(f);
	assert_int_equal(d->hides_management(&f->card, &f->e), 1);
	authenticated(f);
	assert_int_equal(d->keep_management(&f->card,
	    &f->plan.factory_management, &f->e), -1);
	error_clear(&f->e);		/* nobody can see that it is there */
	assert_int_equal(d->verify(&f->card, &f->plan.factory_pin, 1, &f->e),
	    0);
	assert_int_equal(d->keep_management(&f->card,
	    &f->plan.factory_management, &f->e), 0);
}

/* G044: it is certain that the certificate is in the card. */
static void
piv_write_cert_notices_that_the_card_keeps_something_else(void **state)
{
	struct fixture	*f = *state;

	insert(f, false, 3);
	authenticated(f);
	f->slot.card.lie = LIE_STORED;
	assert_int_equal(f->card.driver->write_cert(&f->card, CARD_SIGNATURE,
	    f->pki.people, &f->e), -1);
	assert_non_null(strstr(f->e.text, "certificate of slot 9c: "));
	error_clear(&f->e);
	refused(&f->e, f->card.driver->set_name(&f->card, &f->plan.name, &f->e),
	    ERROR_CARD,
	    "CHUID: the card keeps something else than was written");
}

static void
piv_write_cert_compresses_only_what_does_not_fit(void **state)
{
	struct fixture	*f = *state;
	X509		*back;
	size_t		 plain;

	insert(f, false, 3);
	authenticated(f);
	assert_int_equal(f->card.driver->write_cert(&f->card, CARD_SIGNATURE,
	    f->pki.people, &f->e), 0);
	plain = pivcard_object_find(&f->slot.card, 0x5fc10a)->value.len;
	assert_int_equal(f->slot.card.objects[0].value.p[0], 0x70);
	f->slot.card.object_max = plain - 1;
	assert_int_equal(f->card.driver->write_cert(&f->card, CARD_SIGNATURE,
	    f->pki.people, &f->e), 0);
	assert_true(pivcard_object_find(&f->slot.card, 0x5fc10a)->value.len <
	    plain);
	assert_int_equal(f->card.driver->find_cert(&f->card, CARD_SIGNATURE,
	    &back, &f->e), 1);
	assert_int_equal(X509_cmp(back, f->pki.people), 0);
	X509_free(back);
	f->slot.card.object_max = 100;
	assert_int_equal(f->card.driver->write_cert(&f->card, CARD_SIGNATURE,
	    f->pki.people, &f->e), -1);
	assert_non_null(strstr(f->e.text, "do not fit on the card, nor do "
	    "they compressed"));
	error_clear(&f->e);
}

static void
piv_verify_does_not_spend_the_last_tries(void **state)
{
	struct fixture	*f = *state;
	bool		 verified;
	int		 left;

	insert(f, false, 3);
	refused(&f->e, f->card.driver->verify(&f->card, &f->plan.pin, 1, &f->e),
	    ERROR_DENIED, "PIN: wrong, 2 tries left");
	refused(&f->e, f->card.driver->verify(&f->card, &f->plan.pin, 2, &f->e),
	    ERROR_DENIED,
	    "only 2 tries of the PIN are left, and none of them is ours");
	assert_int_equal(f->card.driver->tries(&f->card, CARD_PIN, &left,
	    &verified, &f->e), 0);
	assert_int_equal(left, 2);
	assert_false(verified);
	f->slot.card.pin.tries = 0;
	refused(&f->e, f->card.driver->verify(&f->card, &f->plan.factory_pin, 0,
	    &f->e), ERROR_DENIED, "the PIN is blocked");
	assert_int_equal(f->card.driver->unblock(&f->card,
	    &f->plan.factory_puk, &f->plan.pin, &f->e), 0);
	assert_int_equal(f->card.driver->verify(&f->card, &f->plan.pin, 1,
	    &f->e), 0);
}

static void
piv_change_refuses_a_pin_that_is_too_short(void **state)
{
	struct fixture	*f = *state;
	struct secret	 weak = { NULL, 0 };

	insert(f, false, 3);
	assert_int_equal(secret_set(&weak, "12345", 5, &f->e), 0);
	refused(&f->e, f->card.driver->change(&f->card, CARD_PIN,
	    &f->plan.factory_pin, &weak, 0, &f->e), ERROR_INPUT,
	    "a PIN has 6 to 8 characters");
	refused(&f->e, f->card.driver->change(&f->card, CARD_PUK,
	    &f->plan.factory_puk, &weak, 0, &f->e), ERROR_INPUT,
	    "a PUK has 8 characters");
	assert_int_equal(f->slot.card.pin.tries, 3);
	secret_free(&weak);
}

static void
piv_set_management_and_reset_need_a_card_that_can(void **state)
{
	struct fixture	*f = *state;

	insert(f, false, 3);
	authenticated(f);
	refused(&f->e, f->card.driver->set_management(&f->card, 0x0c,
	    &f->plan.management, &f->e), ERROR_CONFIG,
	    "set the management key: the card says 6D00, no such command");
	refused(&f->e, f->card.driver->reset(&f->card, &f->e), ERROR_CARD,
	    "reset: this card cannot");
	refused(&f->e, f->card.driver->set_tries(&f->card, 5, 5, &f->e),
	    ERROR_CARD, "set how often a PIN may be wrong: this card cannot");
	insert(f, true, 3);
	authenticated(f);
	assert_int_equal(f->card.driver->verify(&f->card,
	    &f->plan.factory_pin, 1, &f->e), 0);
	assert_int_equal(f->card.driver->set_tries(&f->card, 5, 6, &f->e), 0);
	assert_int_equal(f->slot.card.puk.max, 6);
	refused(&f->e, f->card.driver->set_management(&f->card, 0x0a,
	    &f->plan.management, &f->e), ERROR_BUG,
	    "a management key of 32 bytes");
	f->slot.card.manage_best = 0x0a;
	refused(&f->e, f->card.driver->set_management(&f->card, 0x0c,
	    &f->plan.management, &f->e), ERROR_CONFIG,
	    "set the management key: the card says 6A80, wrong data");
	f->slot.card.manage_best = 0;
	assert_int_equal(f->card.driver->set_management(&f->card, 0x0c,
	    &f->plan.management, &f->e), 0);
	assert_int_equal(f->slot.card.manage_alg, 0x0c);
	assert_int_equal(f->card.driver->reset(&f->card, &f->e), 0);
	assert_int_equal(f->card.info.default_management, 1);
}

static void
card_reopen_refuses_another_card(void **state)
{
	struct fixture	*f = *state;

	insert(f, true, 3);
	card_release(&f->card);
	assert_true(f->io.lost);
	assert_int_equal(card_reopen(&f->card, &f->e), 0);
	f->slot.card.serial = 4712;
	refused(&f->e, card_reopen(&f->card, &f->e), ERROR_CONFLICT,
	    "another card is in the reader now");
	assert_true(f->io.lost);
	insert(f, true, 3);
	f->slot.count = 0;
	f->slot.cut_at = 3;
	refused(&f->e, card_reopen(&f->card, &f->e), ERROR_CARD, "cut");
	assert_true(f->io.lost);
	assert_int_equal(card_reopen(&f->card, &f->e), 0);
	insert(f, false, 3);
	f->slot.card.serial = 0;		/* one without CPLC */
	refused(&f->e, card_reopen(&f->card, &f->e), ERROR_CONFLICT,
	    "another card is in the reader now");
	assert_int_equal(card_open(&f->card, &f->io, &f->e), -1);
	error_clear(&f->e);
	f->io.lost = false;
	assert_int_equal(card_open(&f->card, &f->io, &f->e), 0);
	assert_string_equal(f->card.info.identity, "");
	authenticated(f);
	assert_int_equal(f->card.driver->set_name(&f->card, &f->plan.name,
	    &f->e), 0);
	pivcard_object_find(&f->slot.card, 0x5fc102)->value.p[29] ^= 1;
	refused(&f->e, card_reopen(&f->card, &f->e), ERROR_CONFLICT,
	    "another card is in the reader now");
}

static void
refused_wrong_key(struct fixture *f)
{
	struct secret	 wrong = { NULL, 0 };

	assert_int_equal(secret_set(&wrong, "32 bytes of a key that is wrong.",
	    f->plan.own_management ? 32 : 24, &f->e), 0);
	refused(&f->e, f->card.driver->authenticate(&f->card, &wrong, &f->e),
	    ERROR_DENIED, "this is not the card's management key");
	secret_free(&wrong);
}

static void
cut_everywhere(struct fixture *f, bool extended, bool torn, bool exact_le)
{
	unsigned int	 n, total;

	insert(f, extended, 3);
	f->slot.card.exact_le = exact_le;
	f->slot.count = 0;
	assert_int_equal(card_steps(&f->card, &f->plan, &f->e), 0);
	total = f->slot.count;
	assert_int_equal(card_steps_check(&f->card, &f->plan, &f->e), 0);
	for (n = 1; n <= 2 * total; n++) {
		insert(f, extended, 3);
		f->slot.card.torn = torn;
		f->slot.card.exact_le = exact_le;
		f->slot.count = 0;
		f->slot.cut_at = (n + 1) / 2;
		f->slot.cut_after = n % 2 == 0;
		assert_int_equal(card_steps(&f->card, &f->plan, &f->e), -1);
		error_clear(&f->e);
		assert_int_equal(card_reopen(&f->card, &f->e), 0);
		if (card_steps(&f->card, &f->plan, &f->e) == -1)
			fail_msg("command %u: %s", (n + 1) / 2, f->e.text);
		assert_int_equal(card_steps_check(&f->card, &f->plan, &f->e),
		    0);
	}
	print_message("# %u commands, cut before and after each\n", total);
}

static void
a_card_is_finished_after_a_cut_at_any_command(void **state)
{
	struct fixture	*f = *state;

	cut_everywhere(f, false, false, false);
	cut_everywhere(f, true, false, false);
}

static void
also_if_it_writes_in_parts_and_wants_the_exact_length(void **state)
{
	struct fixture	*f = *state;

	cut_everywhere(f, false, true, false);
	cut_everywhere(f, true, false, true);
}

/* Whatever status words the cards have that were looked at. */
static void
cards_of_all_kinds_are_finished(void **state)
{
	struct fixture	*f = *state;
	EVP_PKEY	*pub;

	for (int letter = 'A'; letter <= 'E'; letter++) {
		insert(f, letter != 'D', letter == 'B' ? 0x0a : 3);
		f->slot.card.kind = pivcard_kind_find(letter);
		f->slot.card.object_max = 500;	/* needs gzip */
		if (card_steps(&f->card, &f->plan, &f->e) == -1 ||
		    card_steps_check(&f->card, &f->plan, &f->e) == -1)
			fail_msg("%c: %s", letter, f->e.text);
		refused_wrong_key(f);
		if (!f->card.info.extended)
			continue;
		assert_int_equal(f->card.driver->reset(&f->card, &f->e), 0);
	}
	assert_null(pivcard_kind_find('H'));
	insert(f, false, 3);
	for (int letter = 'A'; letter <= 'F'; letter++) {
		f->slot.card.kind = pivcard_kind_find(letter);
		authenticated(f);
		assert_int_equal(f->card.driver->generate(&f->card,
		    CARD_AUTHENTICATION, CARD_RSA_4096, &pub, &f->e), -1);
		assert_int_equal(f->e.code, ERROR_CONFIG);
		error_clear(&f->e);
	}
}

static void
finished(struct fixture *f, const char *what)
{
	if (card_reopen(&f->card, &f->e) == -1 ||
	    card_steps(&f->card, &f->plan, &f->e) == -1 ||
	    card_steps_check(&f->card, &f->plan, &f->e) == -1)
		fail_msg("%s: %s", what, f->e.text);
}

static void
a_card_that_says_everything_otherwise_is_finished(void **state)
{
	struct fixture	*f = *state;
	bool		 verified;
	int		 left;

	for (int extended = 0; extended < 2; extended++) {
		insert(f, extended, 3);
		f->slot.card.kind = pivcard_kind_find('F');
		assert_int_equal(card_reopen(&f->card, &f->e), 0);
		assert_false(f->card.info.has_discovery);
		assert_int_equal(f->card.driver->tries(&f->card, CARD_PIN,
		    &left, &verified, &f->e), 0);
		assert_int_equal(left, extended ? 3 : -1);
		finished(f, extended ? "extended" : "strict");
	}
}

static void
piv_select_tells_that_another_pin_comes_first(void **state)
{
	struct fixture	*f = *state;

	insert(f, false, 3);
	f->slot.card.kind = pivcard_kind_find('G');
	assert_int_equal(card_open(&f->card, &f->io, &f->e), 0);
	assert_true(f->card.info.has_discovery);
	assert_true(f->card.info.prefers_global_pin);
}

static void
a_card_that_has_t0_alone_is_finished(void **state)
{
	struct fixture	*f = *state;

	for (int extended = 0; extended < 2; extended++) {
		insert(f, extended, 3);
		f->slot.card.t0 = true;
		refused(&f->e, card_reopen(&f->card, &f->e), ERROR_CARD,
		    "select PIV: the card says 6700, wrong length");
		f->io.t0 = true;
		f->io.lost = false;
		finished(f, extended ? "extended" : "strict");
	}
}

static void
card_open_believes_no_number_that_nobody_wrote(void **state)
{
	static const uint32_t	 numbers[] = { 0, 0xffffffff };
	struct fixture		*f = *state;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		for (int extended = 0; extended < 2; extended++) {
			insert(f, extended, 3);
			f->slot.card.serial = numbers[i];
			assert_int_equal(card_open(&f->card, &f->io, &f->e),
			    0);
			assert_false(f->card.info.has_serial);
			assert_string_equal(f->card.info.identity, "");
		}
}

/* Who has a CHUID is taken for a card that has the rest. */
static void
piv_set_name_ends_with_the_chuid(void **state)
{
	struct fixture	*f = *state;

	insert(f, false, 3);
	authenticated(f);
	f->slot.card.object_max = 20;		/* neither fits */
	refused(&f->e, f->card.driver->set_name(&f->card, &f->plan.name, &f->e),
	    ERROR_CARD, "CCC: write: the card says 6A84, no space");
	assert_int_equal(f->slot.card.nobjects, 0);
	f->slot.card.object_max = 55;		/* the CCC does */
	refused(&f->e, f->card.driver->set_name(&f->card, &f->plan.name, &f->e),
	    ERROR_CARD, "CHUID: write: the card says 6A84, no space");
	assert_false(f->card.info.has_guid);
	assert_int_equal(f->card.driver->has_capabilities(&f->card, &f->e), 1);
}

/* As long as that is, readers are given up too early if a watchdog is short. */
static void
the_card_keeps_a_real_ones_pace(void **state)
{
	static const uint8_t	 rsa[] = { 0, 0x47, 0, 0x9a, 5, 0xac, 3, 0x80,
		1, 7, 0 }, ec[] = { 0, 0x47, 0, 0x9a, 5, 0xac, 3, 0x80, 1,
		0x11, 0 }, verify[] = { 0, 0x20, 0, 0x80 };
	struct fixture		*f = *state;
	struct pivcard		*c = &f->slot.card;

	assert_true(pivcard_pace(c, BYTES(rsa, sizeof(rsa))) >
	    pivcard_pace(c, BYTES(ec, sizeof(ec))));
	assert_true(pivcard_pace(c, BYTES(ec, sizeof(ec))) >
	    pivcard_pace(c, BYTES(verify, sizeof(verify))));
	assert_true(pivcard_pace(c, BYTES(verify, sizeof(verify))) > 0);
}

static void
card_alg_named_knows_the_kinds_of_keys(void **state)
{
	struct fixture	*f = *state;
	enum card_alg	 alg;

	refused(&f->e, card_alg_named(&alg, "ed25519", &f->e), ERROR_CONFIG,
	    "no key \"ed25519\" for cards");
	assert_int_equal(card_alg_named(&alg, "ec:P-384", &f->e), 0);
	assert_int_equal(alg, CARD_P384);
	assert_string_equal(card_alg_name(alg), "ec:P-384");
	assert_string_equal(card_slot_name(CARD_SIGNATURE), "signature");
	assert_true(card_key_is(f->pki.people_key, CARD_P256));
	assert_false(card_key_is(f->pki.people_key, CARD_P384));
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(card_open_refuses_a_card_that_is_not_piv),
		TEST(piv_select_tells_strict_cards_from_extended_ones),
		TEST(piv_authenticate_refuses_a_wrong_key_and_a_wrong_card),
		TEST(piv_authenticate_learns_the_algorithm),
		TEST(piv_generate_says_what_the_card_does_not_offer),
		TEST(piv_generate_makes_each_kind_of_key_and_finds_it_again),
		TEST(card_request_refuses_a_key_that_was_not_made_on_this_card),
		TEST(card_request_gives_the_key_alone_where_it_only_agrees),
		TEST(card_attested_refuses_the_word_for_another_key),
		TEST(piv_keep_management_is_for_cards_that_ask_for_the_pin),
		TEST(piv_write_cert_notices_that_the_card_keeps_something_else),
		TEST(piv_write_cert_compresses_only_what_does_not_fit),
		TEST(piv_verify_does_not_spend_the_last_tries),
		TEST(piv_change_refuses_a_pin_that_is_too_short),
		TEST(piv_set_management_and_reset_need_a_card_that_can),
		TEST(card_reopen_refuses_another_card),
		TEST(a_card_is_finished_after_a_cut_at_any_command),
		TEST(also_if_it_writes_in_parts_and_wants_the_exact_length),
		TEST(cards_of_all_kinds_are_finished),
		TEST(a_card_that_says_everything_otherwise_is_finished),
		TEST(piv_select_tells_that_another_pin_comes_first),
		TEST(a_card_that_has_t0_alone_is_finished),
		TEST(card_open_believes_no_number_that_nobody_wrote),
		TEST(piv_set_name_ends_with_the_chuid),
		TEST(the_card_keeps_a_real_ones_pace),
		TEST(card_alg_named_knows_the_kinds_of_keys),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
