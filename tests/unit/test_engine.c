/* SPDX-License-Identifier: Apache-2.0 */
/* Cards on their way from blank to finished, cut at every command. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>
#include "personalize/engine.h"
#include "tests/lib/cut_reader.h"
#include "tests/lib/paper_clerk.h"
#include "tests/lib/refused.h"
#include "tests/lib/watched.h"

#define WATCHED_STEP	29	/* every so many commands there is a cut */

struct fixture {
	struct testpki		 pki;
	struct paper_clerk	 paper;
	struct clerk		 clerk;
	struct cut_reader	 reader;
	struct card_io		 io;
	struct card		 card;
	struct error		 e;
	int			 pair[2];
};

static void
insert(struct fixture *f, bool extended)
{
	paper_clerk_clear(&f->paper);
	paper_clerk_init(&f->paper, &f->pki, extended);
	f->clerk = paper_clerk(&f->paper);
	cut_reader_insert(&f->reader, extended, extended ? 0x0a : 0x03,
	    &f->io);
	error_clear(&f->e);
}

/* With nothing on it, and nothing that it would be made for. */
static void
insert_bare(struct fixture *f, size_t key_size)
{
	insert(f, false);
	pivcard_strip(&f->reader.card, key_size);
	f->paper.is_bare = f->paper.own_management = true;
	f->paper.channel_size = key_size;
}

enum { STRICT, EXTENDED, BARE, KINDS };

static void
insert_kind(struct fixture *f, int kind)
{
	if (kind == BARE)
		insert_bare(f, 16);
	else
		insert(f, kind == EXTENDED);
}

static int
set_up(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));

	testpki_init(&f->pki, TESTPKI_NOW);
	pivcard_init(&f->reader.card, false, 3);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture	*f = *state;

	paper_clerk_clear(&f->paper);
	pivcard_clear(&f->reader.card);
	testpki_clear(&f->pki);
	mem_free(&f);
	return 0;
}

/* What a worker does with the card that it finds; 1: wait for the CA. */
static int
work_once(struct fixture *f)
{
	struct job	 j = { .nslots = 0 };
	enum engine_end	 end = ENGINE_DONE;
	int		 rc = -1;

	if (card_open(&f->card, &f->io, &f->e) == 0 &&
	    f->clerk.ops->found(f->clerk.arg, &f->card.info, &j, &f->e) == 0)
		rc = engine_work(&f->card, &f->clerk, &j, &end, &f->e);
	job_clear(&j);
	return rc == -1 ? -1 : end == ENGINE_WAIT;
}

/* Until it is finished or fails; the card is powered off in between. */
static int
work(struct fixture *f)
{
	int	 rc;

	while ((rc = work_once(f)) == 1) {
		if (f->clerk.ops->wait(f->clerk.arg, &f->e) != 1)
			return -1;
		assert_int_equal(apdu_reconnect(&f->io, &f->e), 0);
	}
	return rc;
}

static void
is_whole(struct fixture *f)
{
	const struct pivcard	*c = &f->reader.card;

	assert_true(f->paper.is_issued);
	assert_non_null(pivcard_object_find(&f->reader.card, 0x5fc102));
	assert_non_null(pivcard_object_find(&f->reader.card, 0x5fc107));
	assert_int_equal(f->paper.certs, f->paper.nslots);
	assert_memory_equal(c->pin.value, "72430981", 8);
	assert_memory_equal(c->puk.value, "98127364", 8);
	assert_int_equal(c->pin.tries, c->pin.max);
	assert_int_equal(c->puk.tries, c->puk.max);
	assert_int_equal(c->manage_default, !f->paper.own_management);
	if (f->paper.own_management) {
		assert_int_equal(c->manage_alg, f->paper.management_alg);
		assert_memory_equal(c->manage,
		    "32 bytes for an AES-256 key, yes",
		    card_management_size(c->manage_alg));
	}
}

static void
engine_work_does_not_begin_without_the_journal(void **state)
{
	struct fixture	*f = *state;

	insert(f, false);
	f->paper.is_broken = true;
	refused(&f->e, work(f), ERROR_UPSTREAM, "no store");
	assert_int_equal(f->reader.card.nobjects, 0);
	assert_int_equal(f->reader.card.nkeys, 0);
}

static void
engine_work_refuses_a_card_with_another_management_key(void **state)
{
	struct fixture	*f = *state;

	insert(f, false);
	f->reader.card.manage[0] ^= 2;
	refused(&f->e, work(f), ERROR_DENIED,
	    "this is not the card's management key");
	assert_int_equal(f->reader.card.nobjects, 0);
}

static void
engine_work_refuses_a_card_on_which_the_ordered_key_is_gone(void **state)
{
	struct fixture	*f = *state;

	insert(f, true);
	assert_int_equal(work_once(f), 1);
	EVP_PKEY_free(f->paper.slot[1].key);
	f->paper.slot[1].key = testpki_key("P-256");
	apdu_reconnect(&f->io, &f->e);
	refused(&f->e, work(f), ERROR_DENIED, "the key that was ordered for is "
	    "gone: the card does not have the key that it shows");
	assert_false(f->paper.is_issued);
}

static void
engine_work_spends_no_last_try(void **state)
{
	struct fixture	*f = *state;

	insert(f, false);
	f->reader.card.pin.tries = 1;
	refused(&f->e, work(f), ERROR_DENIED, "before anything was changed: "
	    "only 1 tries of the PIN are left, and none of them is ours");
	assert_int_equal(f->reader.card.pin.tries, 1);
}

/* A wrong one shows by a try, and one is spent: before there is half a card. */
static void
engine_work_changes_nothing_on_a_blank_with_another_pin_or_puk(void **state)
{
	struct fixture	*f = *state;
	size_t		 n;

	for (int extended = 0; extended < 2; extended++) {
		insert(f, extended);
		n = f->reader.card.nobjects;
		f->reader.card.pin.value[0] = '9';
		refused(&f->e, work(f), ERROR_DENIED, "before anything was "
		    "changed: PIN: wrong, 2 tries left");
		assert_int_equal(f->reader.card.pin.tries, 2);
		assert_int_equal(f->reader.card.nobjects, n);
		insert(f, extended);
		f->reader.card.puk.value[0] = '9';
		f->reader.card.puk.is_default = false;
		refused(&f->e, work(f), ERROR_DENIED, "before anything was "
		    "changed: PUK: wrong, 2 tries left");
		assert_int_equal(f->reader.card.puk.tries, 2);
		assert_int_equal(f->reader.card.nobjects, n);
		assert_int_equal(f->paper.begun[STEP_NAME], 0);
	}
}

static void
engine_work_believes_no_card_that_lies(void **state)
{
	static const enum pivcard_lie	 lies[] = { LIE_KEY, LIE_SIGNATURE,
		LIE_ATTESTATION, LIE_WITNESS, LIE_STORED };
	struct fixture			*f = *state;

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		insert(f, true);
		f->reader.card.lie = lies[i];
		assert_int_equal(work(f), -1);
		assert_false(f->paper.is_issued);
		assert_int_equal(f->paper.certs, 0);
	}
}

static void
engine_work_finishes_cards_of_both_kinds(void **state)
{
	struct fixture	*f = *state;

	for (int extended = 0; extended < 2; extended++) {
		insert(f, extended);
		assert_int_equal(work(f), 0);
		is_whole(f);
		assert_int_equal(f->paper.keys, f->paper.nslots);
		apdu_reconnect(&f->io, &f->e);
		refused(&f->e, work(f), ERROR_CONFLICT, "issued already");
	}
}

static void
engine_work_gives_a_card_the_best_management_key_that_it_takes(void **state)
{
	static const uint8_t	 algs[] = { 0x0c, 0x0a, 0x08, 0x03 };
	struct fixture		*f = *state;

	for (size_t i = 0; i < sizeof(algs); i++)
		for (int kind = EXTENDED; kind <= BARE; kind++) {
			insert_kind(f, kind);
			f->reader.card.manage_best = algs[i];
			if (work(f) == -1)
				fail_msg("%02x: %s", algs[i], f->e.text);
			is_whole(f);
			assert_int_equal(f->reader.card.manage_alg, algs[i]);
		}
	insert(f, true);
	f->reader.card.manage_best = 1;
	refused(&f->e, work(f), ERROR_CARD, "no weaker key");
	assert_false(f->paper.is_issued);
}

static void
engine_work_tries_wrong_keys_of_a_channel_once_on_a_card(void **state)
{
	struct fixture	*f = *state;
	unsigned int	 n;

	insert_bare(f, 16);
	f->paper.has_wrong_keys = true;
	refused(&f->e, work(f), ERROR_DENIED,
	    "the card does not know the keys of this channel");
	assert_int_equal(f->paper.begun[STEP_DENIED], 1);
	n = f->reader.card.channel_count;
	for (int i = 0; i < 3; i++) {
		apdu_reconnect(&f->io, &f->e);
		f->paper.has_wrong_keys = i == 0;
		refused(&f->e, work(f), ERROR_CONFLICT, "denied before");
	}
	assert_int_equal(f->reader.card.channel_count, n);
	assert_int_equal(f->paper.begun[STEP_CHANNEL], 1);
	assert_int_equal(f->paper.begun[STEP_PREPARE], 0);
	assert_false(f->paper.has_secrets);
}

static void
engine_work_finishes_bare_cards(void **state)
{
	static const size_t	 size[] = { 16, 24, 32 };
	struct fixture		*f = *state;

	for (size_t i = 0; i < 6; i++) {
		insert_bare(f, size[i % 3]);
		f->paper.s16 = i >= 3;
		if (work(f) == -1)
			fail_msg("%s", f->e.text);
		is_whole(f);
		assert_int_equal(f->paper.begun[STEP_CHANNEL], 1);
	}
}

/* By the book, and the words of five cards that were looked at (pivcard_kind).
 * One keeps the management key for its holder. */
static const struct personality {
	int	 kind;
	char	 letter;
	bool	 keeps;
} personalities[] = {
	{ BARE, '-', false }, { STRICT, 'D', false }, { STRICT, 'E', false },
	{ EXTENDED, 'A', true }, { EXTENDED, 'B', false },
	{ EXTENDED, 'C', false },
};

static void
insert_personality(struct fixture *f, const struct personality *p)
{
	insert_kind(f, p->kind);
	f->reader.card.kind = pivcard_kind_find(p->letter);
	f->paper.keeps_management = p->keeps;
}

static void
has_kept(struct fixture *f)
{
	const struct pivcard_object	*o =
	    pivcard_object_find(&f->reader.card, 0x5fc109);

	if (!f->paper.keeps_management)
		assert_null(o);
	else {
		assert_int_equal(o->value.len, 36);
		assert_memory_equal(o->value.p, "\x88\x22\x89\x20", 4);
		assert_memory_equal(o->value.p + 4, f->reader.card.manage, 32);
		assert_non_null(pivcard_object_find(&f->reader.card,
		    0x5fff00));
	}
}

/* Power fails once, before or after the n-th command; whoever sees the card
 * next finishes it. */
static unsigned int
cut_everywhere(struct fixture *f, const struct personality *p, bool after)
{
	unsigned int	 n, step = is_watched() ? WATCHED_STEP :
			    getenv("SIGNET_CUTS") != NULL ? 1 : 2;

	/* Of two commands one is cut before and the other after; all are
	 * where tests/integration/84-engine-cut.t asks for it. */
	for (n = step == 2 && after ? 2 : 1;; n += step) {
		insert_personality(f, p);
		f->reader.cut_at = n;
		f->reader.cut_after = after;
		if (work(f) == 0)
			break;
		assert_string_equal(f->e.text + strlen(f->e.text) - 3, "cut");
		assert_int_equal(f->e.code, ERROR_CARD);
		error_clear(&f->e);
		assert_false(f->paper.is_issued);
		assert_int_equal(apdu_reconnect(&f->io, &f->e), 0);
		if (work(f) == -1)
			fail_msg("%c after cut %u: %s", p->letter, n,
			    f->e.text);
		is_whole(f);
		has_kept(f);
	}
	is_whole(f);
	has_kept(f);
	assert_true(n > 60);
	return n / step;
}

static void
engine_work_is_taken_up_again_wherever_it_was_cut(void **state)
{
	unsigned int	 n = 0;

	for (size_t i = 0; i < sizeof(personalities) /
	    sizeof(personalities[0]); i++)
		n += cut_everywhere(*state, &personalities[i], false) +
		    cut_everywhere(*state, &personalities[i], true);
	print_message("# %u cuts\n", n);
}

static void *
sit(void *arg)
{
	struct fixture	*f = arg;
	struct error	 e = ERROR_INIT;
	struct clerk	 local = paper_clerk(&f->paper);

	while (clerk_answer(&local, f->pair[1], &e) == 1)
		continue;
	return e.code == ERROR_NONE ? NULL : f;
}

static void
a_clerk_in_another_process_says_the_same(void **state)
{
	struct fixture	*f = *state;
	pthread_t	 thread;
	void		*failed;

	for (int kind = STRICT; kind < KINDS; kind++) {
		insert_kind(f, kind);
		f->reader.card.manage_best = 0x0a;
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, f->pair),
		    0);
		clerk_remote(&f->clerk, &f->pair[0]);
		assert_int_equal(pthread_create(&thread, NULL, sit, f), 0);
		if (work(f) == -1)
			fail_msg("%s", f->e.text);
		is_whole(f);
		apdu_reconnect(&f->io, &f->e);
		refused(&f->e, work(f), ERROR_CONFLICT, "issued already");
		close(f->pair[0]);
		pthread_join(thread, &failed);
		assert_null(failed);
		close(f->pair[1]);
	}
}

static void
a_clerk_that_is_gone_is_said_to_be_so(void **state)
{
	struct fixture	*f = *state;

	insert(f, true);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, f->pair), 0);
	close(f->pair[1]);
	clerk_remote(&f->clerk, &f->pair[0]);
	assert_int_equal(work(f), -1);
	assert_int_equal(f->e.code, ERROR_UPSTREAM);
	error_clear(&f->e);
	close(f->pair[0]);
	assert_int_equal(f->reader.card.nkeys, 1);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(
		    engine_work_does_not_begin_without_the_journal),
		cmocka_unit_test(
		    engine_work_refuses_a_card_with_another_management_key),
		cmocka_unit_test(
		    engine_work_refuses_a_card_on_which_the_ordered_key_is_gone),
		cmocka_unit_test(engine_work_spends_no_last_try),
		cmocka_unit_test(
		    engine_work_changes_nothing_on_a_blank_with_another_pin_or_puk),
		cmocka_unit_test(engine_work_believes_no_card_that_lies),
		cmocka_unit_test(
		    engine_work_tries_wrong_keys_of_a_channel_once_on_a_card),
		cmocka_unit_test(engine_work_finishes_cards_of_both_kinds),
		cmocka_unit_test(engine_work_finishes_bare_cards),
		cmocka_unit_test(
		    engine_work_gives_a_card_the_best_management_key_that_it_takes),
		cmocka_unit_test(a_clerk_in_another_process_says_the_same),
		cmocka_unit_test(a_clerk_that_is_gone_is_said_to_be_so),
		cmocka_unit_test(
		    engine_work_is_taken_up_again_wherever_it_was_cut),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
