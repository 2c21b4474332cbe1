/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The secure channel: sums against numbers that another implementation (in
 * another language, on another library) made, and the whole of it against the
 * card for tests, which has its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/crypto.h>
#include "personalize/card.h"
#include "personalize/scp03_private.h"
#include "tests/lib/card_steps.h"
#include "tests/lib/cut_reader.h"
#include "tests/lib/refused.h"

/* Keys and challenges; what both show; EXTERNAL AUTHENTICATE at level 33; then
 * GET DATA of 5FC102, its answer, VERIFY without data, its answer. */
static const struct vector {
	const char	*enc, *mac, *host, *card, *card_shows, *host_shows;
	const char	*external, *get, *got, *verify, *verified;
} vectors[] = {
	{ "ee93d34fce0cd095bef3c2b7f06341d0",
	  "d11b3bce025c7bd53851354ac0462b2d",
	  "95af49e11cc52f7c",
	  "6da04366bdc93504",
	  "335b7ebe7ec7a9e0",
	  "aed4ec194dbd1ec2",
	  "8482330010aed4ec194dbd1ec2b9fc24af106f2908",
	  "84cb3fff182aa06cd7274ca3b570846eee903fc5b29e20bfebbd3119"
	    "7e",
	  "d5a4d1806baeb099815bb13a550c18d6477f1ef2c7011e5e",
	  "8420008008591776aef9bcdd10",
	  "702ab5c0883221a5" },
	{ "76f8d5c7592ea0449322bf866688bc0c80636a3a270d77b5",
	  "6d0a90b263a281d2c07a8c458e8ce70017b52c2253e1136c",
	  "5b7d3c8e21589e0a",
	  "1f3e258dadc8a8a3",
	  "21b10c6874aa775f",
	  "726579fea41a4cd4",
	  "8482330010726579fea41a4cd4d4407696efea02e0",
	  "84cb3fff1822e25ac75182f96c426c3318e6125d29cb0fa3dfe1a2e7"
	    "c2",
	  "a8fae53240f9b77901d10e5c68229a1919653c590dd7ae93",
	  "8420008008b1ca91a14c07b993",
	  "a77058c18c2ed194" },
	{ "9b1668416735f996d1418f29e8680ac704c87628b0fec9ba7d1e9b07"
	    "1a7dec7c",
	  "cd74cf6dbf28dff6e7d62f1641eb37f3545f11a1a445bcc9e1671670"
	    "ad6617dc",
	  "30f70a017f8ccc75",
	  "2f8313917fa95c3d",
	  "977f13b8ad020b18",
	  "d1b872c17a8e3b26",
	  "8482330010d1b872c17a8e3b26274016767db5f83f",
	  "84cb3fff189e42a9ee2b98376a763aafc75689f898b8efa5edbb86db"
	    "99",
	  "562a721e070d5ff593ffcafd99196e7bca7b31de1fd6b17a",
	  "84200080084df01607cdd03f53",
	  "9f5acf6c8592f82c" },
	{ "b64d4825c3c0259d6a10875e9b7f18e4",
	  "fa852251960144462a68fe6b803c4b25",
	  "4d49ab92eeab088e79c0a5144024b772",
	  "32c1c5b47aec93d689bd7f90f9a85d3b",
	  "8477680b5b110f183218dafef270f26b",
	  "12ca6c1a61828722c221e213cef6b55f",
	  "848233002012ca6c1a61828722c221e213cef6b55f0318c2f8de2c8e"
	    "3f9a037794ccce14f6",
	  "84cb3fff20c15da9e343e647764cdc567ea003263ac64bd684a89f78"
	    "7c698d5b64d81f0cb1",
	  "7e087cb860b1ef57d0d908a35b60fdfca17ead76358b6e5138f69994"
	    "2ef59c4c",
	  "84200080106912c90d6bdeee20682b76057169b5b5",
	  "82aaf727830cc3349e69227973f55143" },
	{ "d7892053a793bfc08b5194932802244e2eca3149c450b7d0a7a19596"
	    "9500cb8e",
	  "3111ac0eb233605df9bfee164207058d1dc397c9ea5283f631fd8455"
	    "00cb8c8c",
	  "4def9443e79ee02f309ea89f00ecf28e",
	  "1c1045922e70d5eefcb543f98d814d98",
	  "69559e7721f8e7d78dd64b508b77a814",
	  "dda1e04e154e2c67f2076fda23d85dd2",
	  "8482330020dda1e04e154e2c67f2076fda23d85dd288818f018b957a"
	    "74743b6d4c06469b0e",
	  "84cb3fff20eb6ec2a0e6d7e5ad73c0bdb32e6c2430c5ab9234be397e"
	    "d33135ae25a62e6db8",
	  "53f2c3b9647497ba1217ccb43c76ff58075912a0bed8a30371bc6428"
	    "5d81137d",
	  "8420008010aa37f94e369ab8f3efbdb1c61e5831c7",
	  "11ec092ca7b57615043728f10839ff7a" },
};
#define PLAIN	"53083306deadbeef0102"

struct fixture {
	struct testpki	 pki;
	struct card_plan plan;
	struct cut_reader reader;
	struct card_io	 io;
	struct card	 card;
	struct scp03_keys keys;
	struct card_layout layout;
	struct error	 e;
};

static void
insert(struct fixture *f, size_t key_size)
{
	uint8_t	 key[32];

	pivcard_clear(&f->reader.card);
	pivcard_init(&f->reader.card, false, 0x0a);
	pivcard_strip(&f->reader.card, key_size);
	f->reader.card.serial = 4711;
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = 0x40 + (i & 0xf);
	assert_int_equal(secret_set(&f->keys.enc, key, key_size, &f->e), 0);
	assert_int_equal(secret_set(&f->keys.mac, key, key_size, &f->e), 0);
	apdu_close(&f->io);
	f->reader.count = f->reader.cut_at = 0;
	cut_reader_open(&f->reader, &f->io);
	assert_int_equal(card_open(&f->card, &f->io, &f->e), 0);
}

static int
set_up(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));

	testpki_init(&f->pki, TESTPKI_NOW);
	card_plan_init(&f->plan, &f->pki, false);
	f->plan.own_management = false;
	secret_free(&f->plan.factory_management);
	assert_int_equal(secret_dup(&f->plan.factory_management,
	    &f->plan.management, &f->e), 0);
	f->layout.has[CARD_AUTHENTICATION] = true;
	f->layout.alg[CARD_AUTHENTICATION] = CARD_P256;
	f->layout.has[CARD_KEY_MANAGEMENT] = true;
	f->layout.alg[CARD_KEY_MANAGEMENT] = CARD_P256;
	f->layout.management = 0x0a;
	pivcard_init(&f->reader.card, false, 3);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture	*f = *state;

	apdu_close(&f->io);
	pivcard_clear(&f->reader.card);
	secret_free(&f->keys.enc);
	secret_free(&f->keys.mac);
	card_plan_clear(&f->plan);
	testpki_clear(&f->pki);
	mem_free(&f);
	return 0;
}

static size_t
unhex(uint8_t *dst, size_t size, const char *hex)
{
	size_t	 n = 0;

	assert_int_equal(OPENSSL_hexstr2buf_ex(dst, size, &n, hex, '\0'), 1);
	return n;
}

static void
same(const uint8_t *p, size_t n, const char *hex)
{
	uint8_t	 want[512];

	assert_int_equal(unhex(want, sizeof(want), hex), n);
	assert_memory_equal(p, want, n);
}

static void
derive(struct scp03 *s, const struct vector *v, uint8_t card_shows[16],
    uint8_t host_shows[16])
{
	struct scp03_keys	 k = { .version = 0 };
	struct error		 e = ERROR_INIT;
	uint8_t			 b[32], host[16], card[16];
	size_t			 n = unhex(host, sizeof(host), v->host);

	assert_int_equal(secret_set(&k.enc, b, unhex(b, 32, v->enc), &e), 0);
	assert_int_equal(secret_set(&k.mac, b, unhex(b, 32, v->mac), &e), 0);
	unhex(card, sizeof(card), v->card);
	assert_int_equal(scp03_derive(s, &k, BYTES(host, n), BYTES(card, n),
	    card_shows, host_shows, &e), 0);
	secret_free(&k.enc);
	secret_free(&k.mac);
}

static void
wrap(struct scp03 *s, const char *head, const char *data, const char *want)
{
	struct error	 e = ERROR_INIT;
	uint8_t		 c[300];
	size_t		 n;

	unhex(c, 4, head);
	n = data[0] == '\0' ? 0 : unhex(c + 5, 200, data);
	assert_int_equal(scp03_wrap(s, c, &n, &e), 0);
	same(c, 5 + n, want);
}

static void
unwrap(struct scp03 *s, const char *hex, const char *want)
{
	struct error	 e = ERROR_INIT;
	struct buf	 in = { 0 };
	uint8_t		 b[300];

	buf_add(&in, b, unhex(b, sizeof(b), hex));
	assert_int_equal(scp03_unwrap(s, &in, 0, APDU_OK, &e), 0);
	if (want[0] == '\0')
		assert_int_equal(in.len, 0);
	else
		same(in.p, in.len, want);
	/* And with one bit changed. */
	buf_clear(&in);
	buf_add(&in, b, unhex(b, sizeof(b), hex));
	in.p[0] ^= 1;
	assert_int_equal(scp03_unwrap(s, &in, 0, APDU_OK, &e), -1);
	assert_string_equal(e.text,
	    "the card's answer was changed on its way");
	buf_clear(&in);
}

static void
scp03_sums_are_those_of_another_implementation(void **state)
{
	uint8_t	 card_shows[16], host_shows[16];

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		const struct vector	*v = &vectors[i];
		struct scp03		 s;

		derive(&s, v, card_shows, host_shows);
		same(card_shows, s.mac_len, v->card_shows);
		same(host_shows, s.mac_len, v->host_shows);
		s.level = SCP03_C_MAC;
		wrap(&s, "80823300", v->host_shows, v->external);
		memset(s.counter, 0, sizeof(s.counter));
		s.level = 0x33;
		wrap(&s, "00cb3fff", "5c035fc102", v->get);
		unwrap(&s, v->got, PLAIN);
		wrap(&s, "00200080", "", v->verify);
		unwrap(&s, v->verified, "");
		OPENSSL_cleanse(&s, sizeof(s));
	}
}

/* A key that other implementations make as well. */
static void
scp03_diversify_makes_the_keys_that_makers_make(void **state)
{
	uint8_t		 master[32], card[10];
	struct secret	 m = { NULL, 0 }, key = { NULL, 0 };
	struct error	 e = ERROR_INIT;

	(void)state;
	unhex(master, 32, "8c72c72cf908411653018807950d82fbad947562f0828a0b"
	    "10b8b9606abf3bcd");
	unhex(card, 10, "d9b1de5d0362dedce4fb");
	assert_int_equal(secret_set(&m, master, 20, &e), 0);
	assert_int_equal(scp03_diversify(&key, &m, 1, BYTES(card, 10), &e),
	    -1);
	assert_string_equal(e.text,
	    "a key of channels has 16, 24 or 32 bytes");
	error_clear(&e);
	secret_free(&m);
	assert_int_equal(secret_set(&m, master, 32, &e), 0);
	assert_int_equal(scp03_diversify(&key, &m, 1, BYTES(card, 10), &e), 0);
	same(key.p, key.len, "9aac5d0b3601f89438a0d9d0b6b256cfb47e6462dfa5228d"
	    "3420c4ac7c224781");
	secret_free(&key);
	secret_free(&m);
}

static void
scp03_unwrap_refuses_answers_without_protection(void **state)
{
	struct scp03	 s;
	struct error	 e = ERROR_INIT;
	struct buf	 in = { 0 };
	uint8_t		 none_[16];

	(void)state;
	derive(&s, &vectors[0], none_, none_);
	s.level = 0x33;
	buf_add(&in, "seven b", 7);
	assert_int_equal(scp03_unwrap(&s, &in, 0, APDU_OK, &e), -1);
	assert_string_equal(e.text,
	    "the card's answer is not protected by the channel");
	assert_int_equal(e.code, ERROR_DENIED);
	error_clear(&e);
	assert_int_equal(scp03_unwrap(&s, &in, 0, APDU_SECURITY, &e), 0);
	buf_clear(&in);
}

static void
scp03_open_refuses_wrong_keys_before_it_costs_a_try(void **state)
{
	struct fixture		*f = *state;
	unsigned int		 before;

	insert(f, 16);
	f->keys.enc.p[0] ^= 1;
	f->keys.mac.p[0] ^= 1;
	before = f->reader.count;
	refused(&f->e, f->card.driver->secure(&f->card, &f->keys, &f->e),
	    ERROR_DENIED, "the card does not know the keys of this channel");
	assert_int_equal(f->reader.count, before + 1);
	assert_null(f->io.channel);
	f->keys.mac.len = 8;
	refused(&f->e, f->card.driver->secure(&f->card, &f->keys, &f->e),
	    ERROR_CONFIG,
	    "keys of a channel have 16, 24 or 32 bytes, all alike");
	f->keys.mac.len = 16;
	f->reader.card.channel_size = 0;
	refused(&f->e, f->card.driver->secure(&f->card, &f->keys, &f->e),
	    ERROR_CARD,
	    "begin a channel: the card says 6D00, no such command");
}

static void
scp03_refuses_a_card_that_does_not_know_the_keys(void **state)
{
	struct fixture	*f = *state;

	insert(f, 32);
	f->reader.card.lie = LIE_CHANNEL;
	refused(&f->e, f->card.driver->secure(&f->card, &f->keys, &f->e),
	    ERROR_DENIED, "the card does not know the keys of this channel");
	f->reader.card.lie = LIE_ANSWER;
	assert_int_equal(f->card.driver->secure(&f->card, &f->keys, &f->e),
	    0);
	refused(&f->e, f->card.driver->prepare(&f->card, &f->layout, &f->e),
	    ERROR_DENIED, "the card's answer was changed on its way");
	assert_true(f->io.lost);
}

static void
piv_prepare_needs_the_channel(void **state)
{
	struct fixture	*f = *state;

	insert(f, 16);
	refused(&f->e, f->card.driver->prepare(&f->card, &f->layout, &f->e),
	    ERROR_BUG, "prepare the card: no secure channel is open");
	refused(&f->e, f->card.driver->set_pins(&f->card, &f->plan.pin,
	    &f->plan.puk, &f->e), ERROR_BUG,
	    "set PIN and PUK: no secure channel is open");
	refused(&f->e, f->card.driver->set_management(&f->card, 0x0a,
	    &f->plan.management, &f->e), ERROR_CONFIG,
	    "set the management key: the card says 6D00, no such command");
}

static int
prepare(struct fixture *f)
{
	const struct card_driver	*d = f->card.driver;

	return d->secure(&f->card, &f->keys, &f->e) == -1 ||
	    d->prepare(&f->card, &f->layout, &f->e) == -1 ||
	    d->set_pins(&f->card, &f->plan.pin, &f->plan.puk, &f->e) == -1 ||
	    d->set_management(&f->card, 0x0a, &f->plan.management,
	    &f->e) == -1 ?
	    -1 : 0;
}

static void
a_bare_card_is_prepared_and_finished(void **state)
{
	static const size_t	 size[] = { 16, 24, 32 };
	struct fixture		*f = *state;

	for (size_t i = 0; i < 6; i++) {
		insert(f, size[i % 3]);
		f->keys.s16 = i >= 3;
		if (prepare(f) == -1 ||
		    card_reopen(&f->card, &f->e) == -1 ||
		    card_steps(&f->card, &f->plan, &f->e) == -1 ||
		    card_steps_check(&f->card, &f->plan, &f->e) == -1)
			fail_msg("%s", f->e.text);
	}
}

/* Long objects travel in pieces, answers enciphered. */
static void
it_is_also_finished_inside_the_channel(void **state)
{
	struct fixture	*f = *state;
	X509		*back;

	insert(f, 16);
	assert_int_equal(prepare(f), 0);
	if (f->card.driver->write_cert(&f->card, CARD_AUTHENTICATION,
	    f->pki.people, &f->e) == -1)
		fail_msg("%s", f->e.text);
	assert_int_equal(f->card.driver->find_cert(&f->card,
	    CARD_AUTHENTICATION, &back, &f->e), 1);
	assert_int_equal(X509_cmp(back, f->pki.people), 0);
	assert_non_null(f->io.channel);
	X509_free(back);
}

static void
a_bare_card_is_prepared_after_a_cut_at_any_command(void **state)
{
	struct fixture	*f = *state;
	unsigned int	 total, n;

	insert(f, 16);
	f->reader.count = 0;
	assert_int_equal(prepare(f), 0);
	total = f->reader.count;
	for (n = 1; n <= 2 * total; n++) {
		insert(f, 16);
		f->reader.count = 0;
		f->reader.cut_at = (n + 1) / 2;
		f->reader.cut_after = n % 2 == 0;
		assert_int_equal(prepare(f), -1);
		error_clear(&f->e);
		assert_int_equal(card_reopen(&f->card, &f->e), 0);
		assert_null(f->io.channel);
		if (prepare(f) == -1)
			fail_msg("command %u: %s", (n + 1) / 2, f->e.text);
	}
	print_message("# %u commands, cut before and after each\n", total);
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(scp03_sums_are_those_of_another_implementation),
		cmocka_unit_test(scp03_diversify_makes_the_keys_that_makers_make),
		cmocka_unit_test(scp03_unwrap_refuses_answers_without_protection),
		TEST(scp03_open_refuses_wrong_keys_before_it_costs_a_try),
		TEST(scp03_refuses_a_card_that_does_not_know_the_keys),
		TEST(piv_prepare_needs_the_channel),
		TEST(a_bare_card_is_prepared_and_finished),
		TEST(it_is_also_finished_inside_the_channel),
		TEST(a_bare_card_is_prepared_after_a_cut_at_any_command),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
