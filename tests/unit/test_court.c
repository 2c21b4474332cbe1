/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows against an entry of a list, and releases against officers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "order/approval.h"
#include "status/court.h"
#include "tests/lib/testassert.h"
#include "tests/lib/testpki.h"

#define NOW	TESTPKI_NOW

struct fixture {
	struct testpki	 pki;
	struct clock	 clock;
	struct court_ca	 ca[2];
	struct court	 court;
	bool		 officer_on_list;
	struct error	 e, why;
};

enum { KEY = 1, HOLD, FREE };

/* Whoever is asked about, while an officer is on trial. */
static bool
find(void *arg, size_t i, const struct db_serial *serial,
    struct crl_entry *c)
{
	const struct fixture	*f = arg;

	assert_int_equal(i, 0);
	assert_true(serial->len > 0);
	*c = (struct crl_entry){ .reason = 1, .revoked_at = NOW - 1 };
	return f->officer_on_list;
}

static int
set_up(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));

	testpki_init(&f->pki, NOW);
	f->clock = clock_fixed(NOW);
	f->ca[0] = (struct court_ca){ "services", f->pki.services };
	f->ca[1] = (struct court_ca){ "people", f->pki.people };
	f->court = (struct court){ .roots = f->pki.anchors,
	    .officers_ca = "services", .ca = f->ca, .n = 2, .find = find,
	    .arg = f };
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture	*f = *state;

	testpki_clear(&f->pki);
	mem_free(&f);
	return 0;
}

static int
judge(struct fixture *f, int reason, enum db_status status)
{
	const struct db_serial	 serial = { { KEY }, 1 };
	const struct crl_entry	 c = { { KEY }, 1, reason, NOW - 300, 0 };
	struct db_ocsp_status	 row = { status, reason, NOW - 300, 9 };
	int			 rc;

	error_clear(&f->why);
	rc = court_judge(&f->court, 0, &serial, &c, &row, &f->why, &f->e);
	if (rc == 1)
		assert_int_equal(row.status, reason == 6 ? DB_STATUS_HELD :
		    DB_STATUS_REVOKED);
	return rc;
}

static void
a_row_that_takes_back_what_the_list_says_is_overruled(void **state)
{
	struct fixture	*f = *state;

	assert_int_equal(judge(f, 1, DB_STATUS_GOOD), 1);
	assert_string_equal(f->why.text, "the store calls it good");
	assert_int_equal(judge(f, 1, DB_STATUS_HELD), 1);
	assert_string_equal(f->why.text, "the store calls it held");
	assert_int_equal(judge(f, 6, DB_STATUS_NONE), 1);
	assert_string_equal(f->why.text, "the store calls it never issued");
	assert_int_equal(judge(f, 1, DB_STATUS_REVOKED), 0);
	assert_int_equal(judge(f, 6, DB_STATUS_REVOKED), 0);
	assert_int_equal(judge(f, 6, DB_STATUS_HELD), 0);
}

/* An order about one certificate of services, signed by somebody. */
static void
order_about(struct fixture *f, struct buf *out, enum order_kind kind,
    uint8_t serial, const char *role)
{
	struct buf	 bare = { 0 };
	struct identity	 id;
	struct order	*o;

	assert_int_equal(order_new(&o, kind, 3600, &f->clock, &rng_system,
	    &f->e), 0);
	o->target = mem_array(1, sizeof(*o->target));
	o->ntargets = 1;
	o->target[0].ca = mem_strdup("services");
	o->target[0].serial[0] = serial;
	o->target[0].serial_len = 1;
	if (kind == ORDER_REVOKE)
		o->reason = 1;
	assert_int_equal(approval_wrap(&bare, o, &f->e), 0);
	order_free(&o);
	out->len = 0;
	if (role == NULL) {
		buf_add(out, bare.p, bare.len);
		buf_clear(&bare);
		return;
	}
	testpki_identity(&id, &f->pki, "P-256", "Somebody", "47", role);
	if (approval_add(out, BYTES(bare.p, bare.len), &id, &f->clock,
	    &f->e) == -1)
		fail_msg("%s", f->e.text);
	testpki_identity_clear(&id);
	buf_clear(&bare);
}

static int
check(struct fixture *f, const struct buf *blob, int64_t since)
{
	const struct db_serial	 serial = { { HOLD }, 1 };

	error_clear(&f->e);
	return court_check_release(&f->court, 0, &serial, BYTES(blob->p,
	    blob->len), since, &f->e);
}

static void
a_hold_ends_by_an_officers_order_about_it_and_by_nothing_else(void **state)
{
	struct fixture	*f = *state;
	struct buf	 b = { 0 };

	buf_str(&b, "junk");
	assert_int_equal(check(f, &b, NOW - 300), -1);
	assert_int_equal(f->e.code, ERROR_INPUT);
	order_about(f, &b, ORDER_REVOKE, HOLD, OID_ROLE_OFFICER);
	assert_int_equal(check(f, &b, NOW - 300), -1);
	assert_string_equal(f->e.text,
	    "the order for that is not its release");
	order_about(f, &b, ORDER_RELEASE, FREE, OID_ROLE_OFFICER);
	assert_int_equal(check(f, &b, NOW - 300), -1);
	assert_string_equal(f->e.text,
	    "the order for that is not its release");
	order_about(f, &b, ORDER_RELEASE, HOLD, OID_ROLE_RA_AGENT);
	assert_int_equal(check(f, &b, NOW - 300), -1);
	assert_string_equal(f->e.text, "no officer signed its release");
	order_about(f, &b, ORDER_RELEASE, HOLD, OID_ROLE_OFFICER);
	assert_int_equal(check(f, &b, NOW + 1), -1);
	assert_string_equal(f->e.text, "its release is older than its hold");
	f->court.officers_ca = "people";
	assert_int_equal(check(f, &b, NOW - 300), -1);
	assert_int_equal(f->e.code, ERROR_DENIED);
	f->court.officers_ca = "services";
	if (check(f, &b, NOW - 300) == -1)
		fail_msg("%s", f->e.text);
	f->officer_on_list = true;
	assert_int_equal(check(f, &b, NOW - 300), -1);
	assert_int_equal(f->e.code, ERROR_DENIED);
	buf_clear(&b);
}

/* With the store at hand they count: tests/integration/72-ocspd-assertion.t */
static void
without_the_store_a_release_by_assertion_ends_no_hold(void **state)
{
	struct fixture	*f = *state;
	EVP_PKEY	*key = testpki_key("P-256");
	struct identity	 officer, ra;
	struct buf	 bind = { 0 }, blob = { 0 }, out = { 0 };
	struct order	*o = testassert_bind(key, "47", "ra.example.org",
	    "https://ra.example.org", &f->clock);

	testpki_identity(&officer, &f->pki, "P-256", "Somebody", "47",
	    OID_ROLE_OFFICER);
	testpki_identity(&ra, &f->pki, "P-256", "RA", "9", OID_ROLE_RA_AGENT);
	assert_int_equal(approval_wrap(&bind, o, &f->e), 0);
	order_about(f, &blob, ORDER_RELEASE, HOLD, NULL);
	testassert_approve(&out, BYTES(blob.p, blob.len), &ra, officer.cert,
	    key, BYTES(bind.p, bind.len), NULL, NOW);
	assert_int_equal(check(f, &out, NOW - 300), -1);
	assert_int_equal(f->e.code, ERROR_DENIED);
	assert_non_null(strstr(f->e.text, "approval by officer 47 (Somebody): "
	    "order that binds the credential: needs security-officer"));
	order_free(&o);
	buf_clear(&bind);
	buf_clear(&blob);
	buf_clear(&out);
	EVP_PKEY_free(key);
	testpki_identity_clear(&officer);
	testpki_identity_clear(&ra);
}

#define T(test)	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_row_that_takes_back_what_the_list_says_is_overruled),
		T(without_the_store_a_release_by_assertion_ends_no_hold),
		T(a_hold_ends_by_an_officers_order_about_it_and_by_nothing_else),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
