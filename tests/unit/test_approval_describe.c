/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/text.h"
#include "order/approval.h"
#include "tests/lib/testassert.h"
#include "tests/lib/testpki.h"

#define RP	"ra.example.org"
#define ORIGIN	"https://ra.example.org:8444"

struct fixture {
	struct testpki		 pki;
	struct clock		 clock;
	struct identity		 officer, ra, security1, security2;
	EVP_PKEY		*key;
	struct buf		 blob, bind;
	struct approved		*a;
	struct approval_trust	 trust;
	STACK_OF(X509)		*officers;
	int			 good, bound;
	struct buf		 text;
	struct error		 e;
};

static int
status(void *arg, X509 *cert, struct error *e)
{
	const struct fixture	*f = arg;

	(void)e;
	return X509_cmp(cert, f->officer.cert) == 0 ? f->good : 1;
}

static int
is_bound(void *arg, const struct approved *bind, struct error *e)
{
	const struct fixture	*f = arg;

	(void)bind;
	(void)e;
	return f->bound;
}

static void
approve(struct fixture *f, struct buf *blob, const struct identity *id)
{
	struct buf	 out = { 0 };

	if (approval_add(&out, BYTES(blob->p, blob->len), id, &f->clock,
	    &f->e) == -1)
		fail_msg("%s", f->e.text);
	buf_clear(blob);
	*blob = out;
}

static void
make_bind(struct fixture *f)
{
	struct order	*o = testassert_bind(f->key, "1", RP, ORIGIN,
	    &f->clock);

	order_names_add(&o->bind.domains, "example.org");
	assert_int_equal(approval_wrap(&f->bind, o, &f->e), 0);
	order_free(&o);
	approve(f, &f->bind, &f->security1);
	approve(f, &f->bind, &f->security2);
}

static void
make_order(struct fixture *f)
{
	struct order	*o;

	assert_int_equal(order_new(&o, ORDER_UNBIND, 86400, &f->clock,
	    &rng_system, &f->e), 0);
	assert_int_equal(approval_wrap(&f->blob, o, &f->e), 0);
	order_free(&o);
}

static int
setup(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));

	f->clock = clock_fixed(TESTPKI_NOW);
	testpki_init(&f->pki, TESTPKI_NOW);
	testpki_identity(&f->officer, &f->pki, "P-256", "Olga One", "1",
	    OID_ROLE_OFFICER);
	testpki_identity(&f->ra, &f->pki, "P-256", "RA nine", "ra-9",
	    OID_ROLE_RA_AGENT);
	testpki_identity(&f->security1, &f->pki, "P-256", "Sara One", "s1",
	    OID_ROLE_SECURITY_OFFICER);
	testpki_identity(&f->security2, &f->pki, "P-256", "Sten\nTwo", "s2",
	    OID_ROLE_SECURITY_OFFICER);
	f->key = testpki_key("P-256");
	f->officers = sk_X509_new_null();
	sk_X509_push(f->officers, f->pki.services);
	f->trust = (struct approval_trust){ .anchors = f->pki.anchors,
	    .intermediates = f->pki.intermediates,
	    .officers_cas = f->officers, .now = TESTPKI_NOW,
	    .status = status, .status_arg = f, .bound = is_bound,
	    .bound_arg = f };
	f->good = f->bound = 1;
	make_bind(f);
	make_order(f);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture	*f = *state;

	approval_free(&f->a);
	buf_clear(&f->blob);
	buf_clear(&f->bind);
	buf_clear(&f->text);
	EVP_PKEY_free(f->key);
	testpki_identity_clear(&f->officer);
	testpki_identity_clear(&f->ra);
	testpki_identity_clear(&f->security1);
	testpki_identity_clear(&f->security2);
	sk_X509_free(f->officers);
	testpki_clear(&f->pki);
	mem_free(&f);
	return 0;
}

static void
by_assertion(struct fixture *f)
{
	struct buf	 out = { 0 };

	testassert_approve(&out, BYTES(f->blob.p, f->blob.len), &f->ra,
	    f->officer.cert, f->key, BYTES(f->bind.p, f->bind.len),
	    NULL, TESTPKI_NOW);
	buf_clear(&f->blob);
	f->blob = out;
}

static const char *
describe(struct fixture *f, bool judge)
{
	approval_free(&f->a);
	f->text.len = 0;
	if (approval_open(&f->a, BYTES(f->blob.p, f->blob.len), &f->e) == -1)
		fail_msg("%s", f->e.text);
	approval_describe(&f->text, f->a, judge ? &f->trust : NULL);
	return buf_cstr(&f->text);
}

static void
assert_has(struct fixture *f, const char *text)
{
	if (strstr(buf_cstr(&f->text), text) == NULL)
		fail_msg("\"%s\" is not in:\n%s", text, buf_cstr(&f->text));
}

static void
what_nobody_approved_has_no_lines(void **state)
{
	assert_string_equal(describe(*state, true), "");
}

static void
an_assertion_that_does_not_count_is_told_with_the_reason(void **state)
{
	struct fixture	*f = *state;

	by_assertion(f);
	f->bound = 0;
	describe(f, true);
	assert_has(f, "  does not count: approval by officer 1 (Olga One): "
	    "the credential is not bound (any more)\n");
	assert_has(f, "  counts:       yes\n");		/* the RA */
	f->bound = 1;
	f->good = 0;
	describe(f, true);
	assert_has(f, "the certificate is revoked or on hold\n");
	f->good = 1;
	f->trust.bound = NULL;
	describe(f, true);
	assert_has(f, "nobody here knows whether the credential is bound\n");
}

static void
what_was_done_long_ago_is_not_judged(void **state)
{
	struct fixture	*f = *state;

	by_assertion(f);
	f->bound = 0;
	assert_null(strstr(describe(f, false), "count"));
	assert_has(f, "approved by:    officer 1 (Olga One)\n");
}

static void
an_assertion_is_told_with_all_that_stands_behind_it(void **state)
{
	struct fixture	*f = *state;
	char		 hex[2 * TESTASSERT_ID + 1];
	uint8_t		 id[TESTASSERT_ID];

	by_assertion(f);
	describe(f, true);
	testassert_id(id, f->key);
	assert_has(f, "approved by:    ra-agent ra-9 (RA nine)\n"
	    "  on:           2027-01-15T08:00:00Z\n"
	    "  how:          with the key of the certificate\n"
	    "  counts:       yes\n"
	    "approved by:    officer 1 (Olga One)\n"
	    "  on:           2027-01-15T08:00:00Z\n"
	    "  how:          by a security key in the browser\n"
	    "  brought by:   ra-agent ra-9 (RA nine)\n"
	    "  credential:   ");
	assert_has(f, text_hex(hex, id, sizeof(id)));
	assert_has(f, "  bound to:     1\n  bound by:     ");
	assert_has(f, "  bound by:     security-officer s1 (Sara One)\n");
	assert_has(f, "  bound by:     security-officer s2 (Sten\\x0aTwo)\n");
	assert_has(f, "  origin:       " ORIGIN "\n  relying party: " RP "\n");
	assert_has(f, "  verified:     it signed the digest of this order");
	assert_has(f, "    profiles:   all\n    domains:    example.org\n");
	assert_has(f, text_hex(hex, f->a->by[1].bind->digest, 32));
}

#define T(test)	cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_nobody_approved_has_no_lines),
		T(an_assertion_that_does_not_count_is_told_with_the_reason),
		T(what_was_done_long_ago_is_not_judged),
		T(an_assertion_is_told_with_all_that_stands_behind_it),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
