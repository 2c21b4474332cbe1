/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows against the list.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "ocsp/floor.h"
#include "os/file.h"
#include "tests/lib/testpki.h"

#define NOW	TESTPKI_NOW

struct fixture {
	struct testpki		 pki;
	char			 dir[40];
	char			*list;		/* of services */
	struct issuers		*issuers;
	struct floor		*floor;
	struct floor_court	 court;
	struct buf		 alarms;
	struct error		 e, why;
};

/* Revoked for its key, revoked for nothing, on hold; never mentioned. */
enum { KEY = 1, NOTHING, HOLD, FREE };
static const struct crl_entry	 entries[] = {
	{ { KEY }, 1, 1, NOW - 300, 0 },
	{ { NOTHING }, 1, -1, NOW - 300, 0 },
	{ { HOLD }, 1, 6, NOW - 300, 0 },
};

static int
next_entry(void *arg, struct crl_entry *x, struct error *e)
{
	size_t	*i = arg;

	(void)e;
	if (*i == sizeof(entries) / sizeof(entries[0]))
		return 0;
	*x = entries[(*i)++];
	return 1;
}

static void
write_list(struct fixture *f)
{
	const struct crl_params	 p = { .number = 41, .this_update = NOW,
	    .next_update = NOW + 86400 };
	struct buf		 der = { 0 };
	size_t			 i = 0;

	assert_int_equal(crl_sign(&der, &p, next_entry, &i,
	    &f->issuers->ca[0].issuer, f->pki.services_key, &f->e), 0);
	assert_int_equal(file_store(f->list, der.p, der.len, 0600, &f->e), 0);
	buf_clear(&der);
}

static struct issuers *
table(struct fixture *f)
{
	struct issuers	*t = mem_alloc(sizeof(*t));

	atomic_init(&t->refs, 1);
	t->n = 2;
	t->ca = mem_array(t->n, sizeof(*t->ca));
	snprintf(t->ca[0].name, sizeof(t->ca[0].name), "services");
	snprintf(t->ca[1].name, sizeof(t->ca[1].name), "people");
	t->ca[1].number = 1;
	assert_int_equal(issuer_init(&t->ca[0].issuer, "services",
	    f->pki.services, &f->e), 0);
	assert_int_equal(issuer_init(&t->ca[1].issuer, "people",
	    f->pki.people, &f->e), 0);
	return t;
}

static int
set_up(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));

	testpki_init(&f->pki, NOW);
	snprintf(f->dir, sizeof(f->dir), "/tmp/signet-floor.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->list = mem_printf("%s/services.crl", f->dir);
	f->issuers = table(f);
	assert_int_equal(floor_new(&f->floor, f->dir, &f->e), 0);
	f->court = (struct floor_court){ .floor = f->floor,
	    .issuers = f->issuers, .roots = f->pki.anchors,
	    .officers_ca = "services" };
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture	*f = *state;

	floor_free(&f->floor);
	issuers_free(&f->issuers);
	testpki_remove_tree(f->dir);
	testpki_clear(&f->pki);
	buf_clear(&f->alarms);
	mem_free(&f->list);
	mem_free(&f);
	return 0;
}

static struct cell_key
key_of(uint16_t ca, uint8_t serial)
{
	return (struct cell_key){ .ca = ca, .serial_len = 1,
	    .serial = { serial } };
}

/* What the judge says of a row about that certificate. */
static int
judge(struct fixture *f, uint8_t serial, struct db_ocsp_status *row)
{
	struct cell_key	 key = key_of(0, serial);

	error_clear(&f->why);
	return floor_judge(&f->court, &key, row, &f->why, &f->e);
}

static void
a_directory_that_cannot_be_is_named(void **state)
{
	struct fixture	*f = *state;
	struct floor	*floor = (void *)1;

	write_list(f);
	assert_int_equal(floor_new(&floor, f->list, &f->e), -1);
	assert_null(floor);
	assert_non_null(strstr(f->e.text, f->list));
}

static void
a_kept_list_is_loaded_and_one_that_does_not_verify_is_not(void **state)
{
	struct fixture		*f = *state;
	struct cell_key		 key = key_of(0, KEY);
	struct crl_entry	 x;
	struct floor		*again;

	assert_false(floor_find(f->floor, &key, &x));
	write_list(f);
	assert_int_equal(floor_load(f->floor, f->issuers, NULL, &f->alarms,
	    &f->e), 1);
	assert_int_equal(f->alarms.len, 0);
	assert_true(floor_is_ready(f->floor, 0));
	assert_false(floor_is_ready(f->floor, 1));
	assert_int_equal(floor_number(f->floor, 0), 41);
	assert_int_equal(floor_number(f->floor, 1), 0);
	assert_true(floor_find(f->floor, &key, &x));
	assert_int_equal(x.revoked_at, NOW - 300);
	key = key_of(1, KEY);
	assert_false(floor_find(f->floor, &key, &x));

	/* Of services, under the name of people. */
	mem_free(&f->list);
	f->list = mem_printf("%s/people.crl", f->dir);
	write_list(f);
	assert_int_equal(floor_new(&again, f->dir, &f->e), 0);
	assert_int_equal(floor_load(again, f->issuers, NULL, &f->alarms,
	    &f->e), 1);
	assert_non_null(strstr(buf_cstr(&f->alarms),
	    "the list that was kept for CA people is of no use: "));
	assert_false(floor_is_ready(again, 1));
	assert_false(floor_find(again, &key, &x));
	floor_free(&again);
}

static void
what_a_list_revokes_stays_as_it_is_there(void **state)
{
	static const struct {
		uint8_t			 serial;
		struct db_ocsp_status	 row;
		const char		*why;
	} rows[] = {
		{ KEY, { DB_STATUS_GOOD, -1, 0, 9 },
		  "the store calls it good" },
		{ KEY, { DB_STATUS_NONE, -1, 0, 0 },
		  "the store calls it never issued" },
		{ KEY, { DB_STATUS_HELD, 6, NOW - 300, 9 },
		  "the store calls it held" },
		{ KEY, { DB_STATUS_REVOKED, 1, NOW - 299, 9 },
		  "the store has another date of its revocation" },
		{ KEY, { DB_STATUS_REVOKED, 4, NOW - 300, 9 },
		  "the store has another reason of its revocation" },
		{ NOTHING, { DB_STATUS_REVOKED, 4, NOW - 300, 9 },
		  "the store has another reason of its revocation" },
		{ HOLD, { DB_STATUS_NONE, -1, 0, 0 },
		  "the store calls it never issued" },
		{ HOLD, { DB_STATUS_HELD, 6, NOW - 301, 9 },
		  "the store has an earlier date of its hold" },
	};
	struct fixture	*f = *state;
	size_t		 i;

	write_list(f);
	floor_load(f->floor, f->issuers, NULL, &f->alarms, &f->e);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct db_ocsp_status	 row = rows[i].row;

		assert_int_equal(judge(f, rows[i].serial, &row), 1);
		assert_string_equal(f->why.text, rows[i].why);
		assert_int_equal(f->why.code, ERROR_DENIED);
		assert_int_equal(row.status, rows[i].serial == HOLD ?
		    DB_STATUS_HELD : DB_STATUS_REVOKED);
		assert_int_equal(row.reason, entries[rows[i].serial -
		    1].reason);
		assert_int_equal(row.revoked_at, NOW - 300);
		assert_int_equal(row.not_after, rows[i].row.not_after);
	}
}

static void
a_row_that_agrees_or_goes_further_stands(void **state)
{
	static const struct {
		uint8_t			 serial;
		struct db_ocsp_status	 row;
	} rows[] = {
		{ FREE, { DB_STATUS_GOOD, -1, 0, 9 } },
		{ FREE, { DB_STATUS_REVOKED, 1, NOW, 9 } },
		{ KEY, { DB_STATUS_REVOKED, 1, NOW - 300, 9 } },
		{ NOTHING, { DB_STATUS_REVOKED, 0, NOW - 300, 9 } },
		{ NOTHING, { DB_STATUS_REVOKED, -1, NOW - 300, 9 } },
		{ HOLD, { DB_STATUS_HELD, 6, NOW - 300, 9 } },
		{ HOLD, { DB_STATUS_HELD, 6, NOW - 10, 9 } },
		{ HOLD, { DB_STATUS_REVOKED, 1, NOW - 10, 9 } },
	};
	struct fixture	*f = *state;
	size_t		 i;

	write_list(f);
	floor_load(f->floor, f->issuers, NULL, &f->alarms, &f->e);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct db_ocsp_status	 row = rows[i].row;

		assert_int_equal(judge(f, rows[i].serial, &row), 0);
		assert_int_equal(row.status, rows[i].row.status);
		assert_int_equal(row.revoked_at, rows[i].row.revoked_at);
	}
}

#define T(test)	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_directory_that_cannot_be_is_named),
		T(a_kept_list_is_loaded_and_one_that_does_not_verify_is_not),
		T(what_a_list_revokes_stays_as_it_is_there),
		T(a_row_that_agrees_or_goes_further_stands),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
