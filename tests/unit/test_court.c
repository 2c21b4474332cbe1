/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows against an entry of a list, and releases against officers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
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
	struct profiles	 profiles;
	struct buf	 cert;		/* which is on hold */
	const char	*profile;	/* as its row has it */
	bool		 officer_on_list;
	int64_t		 listed_at;	/* NOW - 1, unless it is said */
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
	*c = (struct crl_entry){ .reason = 1,
	    .revoked_at = f->listed_at != 0 ? f->listed_at : NOW - 1 };
	return f->officer_on_list;
}

/* What is on hold: with a role, if it has one, and another number. */
static void
hold(struct fixture *f, const char *role, long serial)
{
	const struct testpki_spec	 spec = { .name = "held", .eku = role,
	    .serial = serial };
	EVP_PKEY			*key = testpki_key("P-256");
	X509				*x = testpki_cert(&f->pki, &spec, key,
					    f->pki.services,
					    f->pki.services_key);
	unsigned char			*der = NULL;
	int				 len = i2d_X509(x, &der);

	assert_true(len > 0);
	f->cert.len = 0;
	buf_add(&f->cert, der, (size_t)len);
	OPENSSL_free(der);
	X509_free(x);
	EVP_PKEY_free(key);
}

static int
set_up(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));
	const char	*src = getenv("srcdir");
	char		*dir;

	testpki_init(&f->pki, NOW);
	dir = mem_printf("%s/etc/profiles", src != NULL ? src : ".");
	if (profiles_load(&f->profiles, dir, &f->e) == -1)
		fail_msg("%s", f->e.text);
	mem_free(&dir);
	hold(f, NULL, HOLD);
	f->profile = "tls-server";
	f->clock = clock_fixed(NOW);
	f->ca[0] = (struct court_ca){ "services", f->pki.services };
	f->ca[1] = (struct court_ca){ "people", f->pki.people };
	f->court = (struct court){ .roots = f->pki.anchors,
	    .officers_ca = "services", .profiles = &f->profiles,
	    .ca = f->ca, .n = 2, .find = find, .arg = f };
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture	*f = *state;

	profiles_free(&f->profiles);
	buf_clear(&f->cert);
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

static void
sign(struct fixture *f, struct buf *blob, const char *person,
    const char *role)
{
	struct buf	 out = { 0 };
	struct identity	 id;

	testpki_identity(&id, &f->pki, "P-256", "Somebody", person, role);
	if (approval_add(&out, BYTES(blob->p, blob->len), &id, &f->clock,
	    &f->e) == -1)
		fail_msg("%s", f->e.text);
	testpki_identity_clear(&id);
	buf_clear(blob);
	*blob = out;
}

/* An order about one certificate of services, signed by somebody. */
static void
order_about(struct fixture *f, struct buf *out, enum order_kind kind,
    uint8_t serial, const char *role)
{
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
	out->len = 0;
	assert_int_equal(approval_wrap(out, o, &f->e), 0);
	order_free(&o);
	if (role != NULL)
		sign(f, out, "47", role);
}

static int
check(struct fixture *f, const struct buf *blob, int64_t since)
{
	const struct db_serial		 serial = { { HOLD }, 1 };
	const struct db_ocsp_release	 r = {
	    .order = BYTES(blob->p, blob->len),
	    .cert = BYTES(f->cert.p, f->cert.len), .profile = f->profile };

	error_clear(&f->e);
	return court_check_release(&f->court, 0, &serial, &r, since, &f->e);
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
	assert_string_equal(f->e.text, "its release: needs officer, or "
	    "security-officer; has ra-agent 47 (Somebody)");
	order_about(f, &b, ORDER_RELEASE, HOLD, OID_ROLE_OFFICER);
	assert_int_equal(check(f, &b, NOW + 1), -1);
	assert_string_equal(f->e.text, "its release is older than its hold");
	f->court.officers_ca = "people";
	assert_int_equal(check(f, &b, NOW - 300), -1);
	assert_int_equal(f->e.code, ERROR_DENIED);
	f->court.officers_ca = "services";
	f->ca[0].name = "services.g2";
	assert_int_equal(check(f, &b, NOW - 300), -1);
	assert_string_equal(f->e.text,
	    "the order for that is not its release");
	f->ca[0].name = "services";
	if (check(f, &b, NOW - 300) == -1)
		fail_msg("%s", f->e.text);
	f->officer_on_list = true;
	/* What an officer signed before stands. */
	f->listed_at = NOW + 1;
	if (check(f, &b, NOW - 300) == -1)
		fail_msg("%s", f->e.text);
	f->listed_at = 0;
	assert_int_equal(check(f, &b, NOW - 300), -1);
	assert_int_equal(f->e.code, ERROR_DENIED);
	buf_clear(&b);
}

static void
a_hold_ends_only_by_as_many_as_its_profile_asks_for(void **state)
{
	static const struct approval_rule	 pair = { .n = 1, .way = {
	    { { ROLE_OFFICER, ROLE_OFFICER }, 2 } } };
	struct fixture				*f = *state;
	const struct profile			*p;
	struct buf				 b = { 0 };

	assert_int_equal(profiles_find(&f->profiles, f->profile, &p, &f->e),
	    0);
	for (size_t i = 0; i < f->profiles.n; i++)
		if (f->profiles.v[i] == p)
			f->profiles.v[i]->revoke_approvals = pair;
	order_about(f, &b, ORDER_RELEASE, HOLD, OID_ROLE_OFFICER);
	assert_int_equal(check(f, &b, NOW - 300), -1);
	assert_int_equal(f->e.code, ERROR_DENIED);
	assert_string_equal(f->e.text, "its release: needs officer and "
	    "officer; has officer 47 (Somebody)");
	sign(f, &b, "48", OID_ROLE_OFFICER);
	if (check(f, &b, NOW - 300) == -1)
		fail_msg("%s", f->e.text);
	f->profile = "nothing";
	assert_int_equal(check(f, &b, NOW - 300), -1);
	assert_int_equal(f->e.code, ERROR_NOTFOUND);
	buf_clear(&b);
}

static void
a_row_does_not_say_which_certificate_it_is_nor_its_role(void **state)
{
	struct fixture	*f = *state;
	struct buf	 b = { 0 };

	order_about(f, &b, ORDER_RELEASE, HOLD, OID_ROLE_OFFICER);
	hold(f, OID_ROLE_OCSP_AGENT, HOLD);
	assert_int_equal(check(f, &b, NOW - 300), -1);
	assert_string_equal(f->e.text, "its release: needs security-officer, "
	    "or root; has officer 47 (Somebody)");
	hold(f, NULL, FREE);
	assert_int_equal(check(f, &b, NOW - 300), -1);
	assert_string_equal(f->e.text, "its release: the store has another "
	    "certificate under its number");
	hold(f, NULL, HOLD);
	f->cert.p[f->cert.len - 1] ^= 1;
	assert_int_equal(check(f, &b, NOW - 300), -1);
	assert_int_equal(f->e.code, ERROR_DENIED);
	f->cert.len = 0;
	assert_int_equal(check(f, &b, NOW - 300), -1);
	assert_int_equal(f->e.code, ERROR_DENIED);
	f->profile = "ocsp-agent";
	hold(f, NULL, HOLD);
	assert_int_equal(check(f, &b, NOW - 300), -1);
	assert_string_equal(f->e.text, "its release: certificate is not of "
	    "profile ocsp-agent");
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
		T(a_hold_ends_only_by_as_many_as_its_profile_asks_for),
		T(a_row_does_not_say_which_certificate_it_is_nor_its_role),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
