/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a registration authority can do to certificates with its own key alone:
 * revoke those whose profile lets holders revoke, and nothing else.  The
 * worker that asks is the attacker's, too.
 */
#include <string.h>

#include "signer_fixture.h"

static struct identity	ra;

static int
set_up_ra(void **state)
{
	struct fixture	*f;

	if (set_up(state) == -1)
		return -1;
	f = *state;
	testpki_identity(&ra, &f->pki, "P-256", "Registration", "ra-1",
	    OID_ROLE_RA_AGENT);
	return 0;
}

static int
tear_down_ra(void **state)
{
	testpki_identity_clear(&ra);
	return tear_down(state);
}

static X509 *
issue_of(struct fixture *f, const char *profile, const char *const *field,
    const struct identity *second)
{
	struct order	*o = tls_order(f, "example.org");
	struct buf	 blob;
	X509		*x;

	mem_free(&o->ca);
	mem_free(&o->profile);
	o->ca = mem_strdup("people");
	o->profile = mem_strdup(profile);
	fields_clear(&o->fields);
	for (; field[0] != NULL; field += 2)
		fields_add(&o->fields, field[0], field[1]);
	approve(f, &blob, o, &f->officer, second);
	x = issue(f, &blob);
	assert_non_null(x);
	buf_clear(&blob);
	return x;
}

static X509 *
issue_mail(struct fixture *f)
{
	static const char *const	fields[] = { "name", "Alice Holm",
		"given", "Alice", "surname", "Holm", "mail",
		"alice@example.org", "org", "Example AB", "orgid",
		"NTRSE-5560000001", "country", "SE", NULL };

	return issue_of(f, "mail-dual", fields, NULL);
}

static int
change_as_ra(struct fixture *f, enum order_kind kind, const char *ca, X509 *x,
    const char *profile)
{
	struct buf	blob;
	int		rc;

	f->clock.value++;
	approve(f, &blob, status_order(f, kind, ca, x), &ra, NULL);
	rc = change(f, &blob, x, profile);
	buf_clear(&blob);
	return rc;
}

static void
refuse(struct fixture *f, enum order_kind kind, const char *ca, X509 *x,
    const char *profile)
{
	assert_int_equal(change_as_ra(f, kind, ca, x, profile), -1);
	assert_int_equal(f->e.code, ERROR_DENIED);
	assert_non_null(strstr(f->e.text, "officer"));
}

static void
signer_takes_no_hold_and_no_release_from_the_ra_alone(void **state)
{
	struct fixture	*f = *state;
	X509		*x = issue_mail(f);
	struct buf	 blob;

	refuse(f, ORDER_HOLD, "people", x, "mail-dual");
	approve(f, &blob, status_order(f, ORDER_HOLD, "people", x),
	    &f->officer, NULL);
	assert_int_equal(change(f, &blob, x, "mail-dual"), 1);
	refuse(f, ORDER_RELEASE, "people", x, "mail-dual");
	/* What is on hold may still be given up for ever. */
	assert_int_equal(change_as_ra(f, ORDER_REVOKE, "people", x,
	    "mail-dual"), 1);
	buf_clear(&blob);
	X509_free(x);
}

static void
signer_takes_no_revocation_from_the_ra_alone_without_self_revoke(void **state)
{
	struct fixture	*f = *state;
	X509		*x = issue_tls(f, "www.example.org");

	refuse(f, ORDER_REVOKE, "services", x, "tls-server");
	X509_free(x);
}

static void
signer_asks_the_certificate_which_profile_let_it_be_revoked(void **state)
{
	static const char *const	gateway[] = { "domain", "example.org",
		"org", "Example AB", NULL };
	struct fixture	*f = *state;
	X509		*tls = issue_tls(f, "www.example.org");
	X509		*x = issue_of(f, "domain-gateway", gateway, &f->second);

	/* Whatever a row in a store says that somebody else writes. */
	refuse(f, ORDER_REVOKE, "services", tls, "mail-dual");
	refuse(f, ORDER_REVOKE, "services", tls, "web-login");
	refuse(f, ORDER_REVOKE, "people", x, "mail-encrypt");
	refuse(f, ORDER_REVOKE, "people", x, "mail-dual");
	assert_int_equal(change_as_ra(f, ORDER_REVOKE, "services",
	    f->officer.cert, "mail-dual"), -1);
	assert_int_equal(f->e.code, ERROR_DENIED);
	X509_free(x);
	X509_free(tls);
}

static void
signer_takes_a_revocation_from_the_ra_alone_with_self_revoke(void **state)
{
	struct fixture	*f = *state;
	X509		*x = issue_mail(f);

	if (change_as_ra(f, ORDER_REVOKE, "people", x, "mail-dual") != 1)
		fail_msg("%s", f->e.text);
	X509_free(x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    signer_takes_no_hold_and_no_release_from_the_ra_alone,
		    set_up_ra, tear_down_ra),
		cmocka_unit_test_setup_teardown(
		    signer_takes_no_revocation_from_the_ra_alone_without_self_revoke,
		    set_up_ra, tear_down_ra),
		cmocka_unit_test_setup_teardown(
		    signer_asks_the_certificate_which_profile_let_it_be_revoked,
		    set_up_ra, tear_down_ra),
		cmocka_unit_test_setup_teardown(
		    signer_takes_a_revocation_from_the_ra_alone_with_self_revoke,
		    set_up_ra, tear_down_ra),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
