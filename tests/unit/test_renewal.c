/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "desk/renewal.h"

#define NOW	INT64_C(1800000000)
#define DAY	INT64_C(86400)

static char	*takes[] = { (char *)(uintptr_t)"name", (char *)(uintptr_t)"mail" };
static struct profile_attr cn = { .attr = (char *)(uintptr_t)"CN",
	.from = (char *)(uintptr_t)"name" };
static struct profile_san email = { .type = (char *)(uintptr_t)"email",
	.from = (char *)(uintptr_t)"mail", .max = 1 };
static struct profile	 mail = { .name = (char *)(uintptr_t)"mail",
	.fields = { takes, 2 }, .subject = &cn, .nsubject = 1, .san = &email,
	.nsan = 1, .renewal_window = 60 * DAY };
static struct profile	*all[] = { &mail };

static void
desk_at(struct desk *dk, struct clock *clock)
{
	desk_init(dk);
	*clock = clock_fixed(NOW);
	dk->clock = clock;
	dk->profiles.v = all;
	dk->profiles.n = 1;
}

static void
desk_leave(struct desk *dk)
{
	dk->profiles.v = NULL;
	dk->profiles.n = 0;
	desk_clear(dk);
}

static void
renewal_check_refuses_what_is_not_good_any_more(void **state)
{
	struct db_cert	 x = { .status = "held", .not_after = NOW + DAY,
		.profile = "mail" };
	struct error	 e = ERROR_INIT;
	struct clock	 clock;
	struct desk	 dk;

	(void)state;
	desk_at(&dk, &clock);
	assert_int_equal(renewal_check(&dk, &x, &e), -1);
	assert_int_equal(e.code, ERROR_DENIED);
	assert_string_equal(e.text, "the certificate is held");
	x.status = "good";
	x.not_after = NOW - 1;
	assert_int_equal(renewal_check(&dk, &x, &e), -1);
	assert_int_equal(e.code, ERROR_DENIED);
	x.not_after = NOW + DAY;
	error_clear(&e);
	assert_int_equal(renewal_check(&dk, &x, &e), 0);
	desk_leave(&dk);
}

static void
renewal_check_window_refuses_who_comes_early(void **state)
{
	struct db_cert	 x = { .status = "good", .profile = "mail",
		.not_after = NOW + 60 * DAY + 1 };
	struct error	 e = ERROR_INIT;
	struct clock	 clock;
	struct desk	 dk;

	(void)state;
	desk_at(&dk, &clock);
	assert_int_equal(renewal_check_window(&dk, &x, &e), -1);
	assert_int_equal(e.code, ERROR_DENIED);
	assert_string_equal(e.text, "too early to renew: the holder may from "
	    "2027-01-15T08:00:01Z on");
	x.not_after = NOW + 60 * DAY;
	error_clear(&e);
	assert_int_equal(renewal_check_window(&dk, &x, &e), 0);
	desk_leave(&dk);
}

static void
renewal_check_names_refuses_a_name_that_is_new(void **state)
{
	struct fields	 f = { 0 };
	struct error	 e = ERROR_INIT;
	EVP_PKEY	*key = NULL;
	struct buf	 der = { 0 };
	struct csr	*csr;

	(void)state;
	assert_int_equal(key_generate(&key, "ec:P-256", &e), 0);
	assert_int_equal(csr_make(&der, key, "Mallory", &e), 0);
	assert_int_equal(csr_parse(&csr, BYTES(der.p, der.len), &e), 0);
	fields_add(&f, "name", "Alice");
	assert_int_equal(renewal_check_names(&mail, &f, csr, &e), -1);
	assert_int_equal(e.code, ERROR_DENIED);
	assert_string_equal(e.text, "request: name \"Mallory\" is not in the "
	    "certificate (RFC 7030, 4.2.2)");
	error_clear(&e);
	fields_add(&f, "name", "Mallory");
	assert_int_equal(renewal_check_names(&mail, &f, csr, &e), 0);
	fields_clear(&f);
	csr_free(&csr);
	EVP_PKEY_free(key);
	buf_clear(&der);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(
		    renewal_check_refuses_what_is_not_good_any_more),
		cmocka_unit_test(renewal_check_window_refuses_who_comes_early),
		cmocka_unit_test(
		    renewal_check_names_refuses_a_name_that_is_new),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
