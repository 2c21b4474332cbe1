/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "ra/judged.h"
#include "tests/lib/testpki.h"

#define NOW	TESTPKI_NOW

struct fixture {
	struct testpki	 pki;
	EVP_PKEY	*key;
	struct judged	*judged;
};

static int
set_up(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));

	testpki_init(&f->pki, NOW);
	f->key = testpki_key("P-256");
	f->judged = judged_new();
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture	*f = *state;

	judged_free(&f->judged);
	assert_null(f->judged);
	judged_free(&f->judged);
	EVP_PKEY_free(f->key);
	testpki_clear(&f->pki);
	mem_free(&f);
	return 0;
}

/* A verdict on a new certificate that ends at "end", under digest "n". */
static void
add(struct fixture *f, uint8_t n, int64_t end, int64_t now)
{
	struct testpki_spec	 spec = { .name = "guest", .not_after = end };
	struct page_client	 c = { .name = "guest", .ca = "people",
				    .holder = "4711", .role = ROLE_OFFICER };

	memset(c.digest, n, sizeof(c.digest));
	memcpy(c.person, "p1", 3);
	c.cert = testpki_cert(&f->pki, &spec, f->key, f->pki.people,
	    f->pki.people_key);
	judged_add(f->judged, &c, now);
	X509_free(c.cert);
}

static int
find(struct fixture *f, uint8_t n, int64_t now)
{
	struct page_client	 c = { 0 };
	uint8_t			 digest[32];
	int			 found;

	memset(digest, n, sizeof(digest));
	found = judged_find(f->judged, digest, now, &c);
	assert_int_equal(found, c.cert != NULL);
	X509_free(c.cert);
	return found;
}

static void
judged_find_knows_nobody_at_first(void **state)
{
	assert_int_equal(find(*state, 1, NOW), 0);
	assert_int_equal(find(*state, 0, NOW), 0);
}

static void
judged_find_forgets_after_a_minute(void **state)
{
	add(*state, 1, NOW + TESTPKI_DAY, NOW);
	assert_int_equal(find(*state, 2, NOW), 0);
	assert_int_equal(find(*state, 1, NOW + JUDGED_SECONDS + 1), 0);
	assert_int_equal(find(*state, 1, NOW + JUDGED_SECONDS), 1);
}

static void
judged_find_is_not_for_clocks_that_went_back(void **state)
{
	add(*state, 1, NOW + TESTPKI_DAY, NOW);
	assert_int_equal(find(*state, 1, NOW - 1), 0);
}

static void
judged_find_knows_when_a_certificate_ends(void **state)
{
	add(*state, 1, NOW + 10, NOW);
	assert_int_equal(find(*state, 1, NOW + 11), 0);
	assert_int_equal(find(*state, 1, NOW + 10), 1);
}

static void
judged_find_never_says_whose_or_whether_it_is_good(void **state)
{
	struct fixture		*f = *state;
	struct page_client	 c;
	uint8_t			 digest[32];

	add(f, 7, NOW + TESTPKI_DAY, NOW);
	memset(digest, 7, sizeof(digest));
	assert_int_equal(judged_find(f->judged, digest, NOW, &c), 1);
	assert_null(c.holder);
	assert_null(c.row);
	assert_int_equal(c.der.len, 0);
	assert_string_equal(c.name, "guest");
	assert_string_equal(c.ca, "people");
	assert_string_equal(c.person, "p1");
	assert_int_equal(c.role, ROLE_OFFICER);
	X509_free(c.cert);
}

static void
judged_add_makes_room_by_the_oldest(void **state)
{
	int	 i;

	for (i = 0; i <= JUDGED_MAX; i++)
		add(*state, (uint8_t)i, NOW + TESTPKI_DAY, NOW);
	assert_int_equal(find(*state, 0, NOW), 0);
	assert_int_equal(find(*state, 1, NOW), 1);
	assert_int_equal(find(*state, JUDGED_MAX, NOW), 1);
}

static void
judged_forget_forgets_all(void **state)
{
	struct fixture	*f = *state;

	add(f, 1, NOW + TESTPKI_DAY, NOW);
	judged_forget(f->judged);
	assert_int_equal(find(f, 1, NOW), 0);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(judged_find_knows_nobody_at_first),
		TEST(judged_find_forgets_after_a_minute),
		TEST(judged_find_is_not_for_clocks_that_went_back),
		TEST(judged_find_knows_when_a_certificate_ends),
		TEST(judged_find_never_says_whose_or_whether_it_is_good),
		TEST(judged_add_makes_room_by_the_oldest),
		TEST(judged_forget_forgets_all),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
