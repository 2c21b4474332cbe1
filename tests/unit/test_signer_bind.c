/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signer, orders that officers approved in the browser, and an RA that is
 * owned: it has its key, the store and the worker, and what officers' browsers
 * have sent it.
 */
#include "tests/unit/signer_fixture.h"

#include "audit/chain.h"
#include "base/text.h"
#include "tests/lib/testassert.h"

#define RP	"ra.example.org"
#define ORIGIN	"https://ra.example.org:8444"
#define UP_UV	(TESTASSERT_UP | TESTASSERT_UV)

struct office {
	struct fixture		*f;
	struct identity		 ra, security2, security_twin;
	EVP_PKEY		*key;		/* officer One's authenticator */
	struct order		*bind;		/* as it will be signed */
	struct buf		 bound;		/* and as it was */
	/* The next assertion. */
	struct testassert_ask	 ask;
	X509			*officer;	/* whose certificate it names */
	struct buf		 attribute;
};

static struct order *
bind_order(struct fixture *f, EVP_PKEY *key, const char *person)
{
	return testassert_bind(key, person, RP, ORIGIN, &f->clock);
}

static int
set_up_office(void **state)
{
	struct office	*o = mem_alloc(sizeof(*o));
	void		*f;

	if (set_up(&f) == -1)
		return -1;
	o->f = f;
	testpki_identity(&o->ra, &o->f->pki, "P-256", "RA", "ra-1",
	    OID_ROLE_RA_AGENT);
	testpki_identity(&o->security2, &o->f->pki, "P-256", "Security Two",
	    "5", OID_ROLE_SECURITY_OFFICER);
	testpki_identity(&o->security_twin, &o->f->pki, "P-256", "Security",
	    "3", OID_ROLE_SECURITY_OFFICER);
	o->key = testpki_key("P-256");
	o->bind = bind_order(o->f, o->key, "1");
	o->ask = (struct testassert_ask){ .rp_id = RP, .origin = ORIGIN,
	    .flags = UP_UV };
	o->officer = o->f->officer.cert;
	*state = o;
	return 0;
}

static int
tear_down_office(void **state)
{
	struct office	*o = *state;
	void		*f = o->f;

	testpki_identity_clear(&o->ra);
	testpki_identity_clear(&o->security2);
	testpki_identity_clear(&o->security_twin);
	EVP_PKEY_free(o->key);
	order_free(&o->bind);
	buf_clear(&o->bound);
	buf_clear(&o->attribute);
	mem_free(&o);
	return tear_down(&f);
}

static void
ask_bind(struct fixture *f, const struct buf *blob)
{
	msg_init(&f->ask, WIRE_BIND);
	msg_put_blob(&f->ask, blob->p, blob->len);
	answer(f);
}

static void
sign_bind(struct office *o, const struct identity *a,
    const struct identity *b)
{
	buf_clear(&o->bound);
	approve(o->f, &o->bound, o->bind, a, b);
	o->bind = bind_order(o->f, o->key, "1");
}

/* By all the rules. */
static void
bind(struct office *o)
{
	sign_bind(o, &o->f->security, &o->security2);
	ask_bind(o->f, &o->bound);
	if (o->f->e.code != ERROR_NONE)
		fail_msg("%s", o->f->e.text);
}

static void
content_digest(uint8_t dst[32], const struct buf *blob)
{
	struct approved	*a = NULL;
	struct error	 e = ERROR_INIT;

	if (approval_open(&a, BYTES(blob->p, blob->len), &e) == -1)
		fail_msg("%s", e.text);
	memcpy(dst, a->digest, 32);
	approval_free(&a);
}

/* The officer's browser, asked for this challenge. */
static void
assert_now(struct office *o)
{
	struct testassert	 made;
	struct assertion	 parts;

	testassert_make(&made, o->key, &o->ask);
	testassert_parts(&parts, &made, o->officer,
	    BYTES(o->bound.p, o->bound.len));
	buf_clear(&o->attribute);
	assert_int_equal(assertion_encode(&o->attribute, &parts, &o->f->e),
	    0);
	testassert_clear(&made);
}

static void
seal(struct office *o, struct buf *blob)
{
	struct buf	 out = { 0 };

	testassert_seal(&out, BYTES(blob->p, blob->len), &o->ra,
	    BYTES(o->attribute.p, o->attribute.len), o->officer, NOW);
	buf_clear(blob);
	*blob = out;
}

/* The order approved by an assertion as o->ask has it, over the order. */
static void
approve_by_assertion(struct office *o, struct buf *blob, struct order *order)
{
	if (blob->p == NULL)
		approve(o->f, blob, order, NULL, NULL);
	content_digest(o->ask.challenge, blob);
	assert_now(o);
	seal(o, blob);
}

static void
assert_nothing(struct office *o, enum error_code code, const char *text)
{
	struct buf	 blob = { 0 };

	approve_by_assertion(o, &blob, tls_order(o->f, "www.example.org"));
	assert_refused(o->f, &blob, code, text);
	buf_clear(&blob);
}

static void
assert_something(struct office *o)
{
	struct buf	 blob = { 0 };
	X509		*x;

	approve_by_assertion(o, &blob, tls_order(o->f, "www.example.org"));
	if ((x = issue(o->f, &blob)) == NULL)
		fail_msg("%s", o->f->e.text);
	X509_free(x);
	buf_clear(&blob);
}

static void
revoke(struct fixture *f, X509 *x, const struct identity *a)
{
	if (change_by(f, ORDER_REVOKE, x, "officer", a) != 1)
		fail_msg("%s", f->e.text);
}

/* ---- attacks ---- */

static void
an_ra_alone_gets_nothing(void **state)
{
	struct office	*o = *state;

	bind(o);
	refuse_approved_by(o->f, &o->ra, "has ra-agent ra-1");
}

static void
an_assertion_for_another_order_gets_nothing(void **state)
{
	struct office	*o = *state;
	struct buf	 wanted = { 0 }, other = { 0 };

	bind(o);
	approve(o->f, &other, tls_order(o->f, "other.example.org"), NULL,
	    NULL);
	content_digest(o->ask.challenge, &other);
	assert_now(o);
	approve(o->f, &wanted, tls_order(o->f, "www.example.org"), NULL,
	    NULL);
	seal(o, &wanted);
	assert_refused(o->f, &wanted, ERROR_DENIED, "the assertion was made "
	    "for something else");
	/* It was good for what it was made for, and once. */
	seal(o, &other);
	X509_free(issue(o->f, &other));
	assert_int_equal(o->f->e.code, ERROR_NONE);
	assert_refused(o->f, &other, ERROR_CONFLICT, "used before");
	buf_clear(&wanted);
	buf_clear(&other);
}

static void
another_origin_or_relying_party_gets_nothing(void **state)
{
	struct office	*o = *state;

	bind(o);
	o->ask.origin = "https://ra.example.net:8444";
	assert_nothing(o, ERROR_DENIED, "the assertion was made at "
	    "https://ra.example.net:8444");
	o->ask.origin = ORIGIN;
	o->ask.rp_id = "ra.example.net";
	assert_nothing(o, ERROR_DENIED, "for another relying party");
}

static void
a_touch_without_pin_gets_nothing(void **state)
{
	struct office	*o = *state;

	bind(o);
	o->ask.flags = TESTASSERT_UP;
	assert_nothing(o, ERROR_DENIED, "(flag UV)");
}

static void
json_with_two_readings_gets_nothing(void **state)
{
	struct office	*o = *state;

	bind(o);
	o->ask.client = "{\"type\":\"webauthn.get\",\"challenge\":\"AA\","
	    "\"challenge\":\"AA\",\"origin\":\"" ORIGIN "\"}";
	assert_nothing(o, ERROR_DENIED, "without duplicates");
}

static void
another_officers_certificate_gets_nothing(void **state)
{
	struct office	*o = *state;

	bind(o);
	o->officer = o->f->second.cert;
	assert_nothing(o, ERROR_DENIED, "approval by officer 2 (Officer Two): "
	    "the credential is bound to another person (1)");
	o->officer = o->f->security.cert;
	assert_nothing(o, ERROR_DENIED, "counts for officers alone");
	o->officer = o->ra.cert;
	assert_nothing(o, ERROR_INPUT, "the same certificate approves twice");
}

static void
a_credential_that_the_ledger_does_not_know_gets_nothing(void **state)
{
	struct office	*o = *state;

	/* The store's table may say what it likes. */
	sign_bind(o, &o->f->security, &o->security2);
	assert_nothing(o, ERROR_DENIED, "the credential is not bound");
}

static void
a_bind_order_without_two_security_officers_gets_nothing(void **state)
{
	struct office	*o = *state;
	struct {
		const struct identity	*a, *b;
		const char		*text;
	} who[] = {
		{ NULL, NULL, "has nobody" },
		{ &o->f->security, NULL, "needs security-officer and "
		    "security-officer; has security-officer 3 (Security)" },
		{ &o->f->officer, &o->f->second, "officer 1 (Officer One)" },
		{ &o->f->security, &o->f->officer, "officer 1 (Officer One)" },
		{ &o->ra, &o->f->security, "ra-agent ra-1" },
	};
	size_t	 i;

	for (i = 0; i < sizeof(who) / sizeof(who[0]); i++) {
		sign_bind(o, who[i].a, who[i].b);
		ask_bind(o->f, &o->bound);
		assert_int_equal(o->f->e.code, ERROR_DENIED);
		if (strstr(o->f->e.text, who[i].text) == NULL)
			fail_msg("%s", o->f->e.text);
		assert_nothing(o, ERROR_DENIED, "order that binds the "
		    "credential: ");
	}
}

/* approval_add() would not; who owns the RA has no need of it. */
static void
two_certificates_of_one_security_officer_bind_nothing(void **state)
{
	struct office	*o = *state;
	struct buf	 out = { 0 };

	sign_bind(o, &o->f->security, NULL);
	testassert_seal(&out, BYTES(o->bound.p, o->bound.len),
	    &o->security_twin, BYTES(NULL, 0), NULL, NOW);
	buf_clear(&o->bound);
	o->bound = out;
	ask_bind(o->f, &o->bound);
	assert_int_equal(o->f->e.code, ERROR_DENIED);
	assert_non_null(strstr(o->f->e.text, "not all different people"));
	assert_nothing(o, ERROR_DENIED, "not all different people");
}

static void
a_bind_order_that_is_not_one_gets_nothing(void **state)
{
	struct office	*o = *state;
	struct buf	 blob;

	approve(o->f, &blob, tls_order(o->f, "www.example.org"),
	    &o->f->security, &o->security2);
	buf_clear(&o->bound);
	o->bound = blob;
	assert_nothing(o, ERROR_DENIED, "an order to issue binds no "
	    "credential");
	ask_bind(o->f, &o->bound);
	assert_int_equal(o->f->e.code, ERROR_BUG);
}

/* Nor may a credential bind the next one. */
static void
a_bind_order_approved_by_assertion_binds_nothing(void **state)
{
	struct office	*o = *state;
	struct buf	 blob = { 0 };

	bind(o);
	o->officer = o->f->security.cert;
	approve_by_assertion(o, &blob, bind_order(o->f, o->key, "2"));
	ask_bind(o->f, &blob);
	assert_int_equal(o->f->e.code, ERROR_DENIED);
	assert_non_null(strstr(o->f->e.text, "counts for officers alone"));
	o->officer = o->f->officer.cert;
	buf_clear(&o->bound);
	o->bound = blob;
	assert_nothing(o, ERROR_DENIED, "it is not for assertions to bind "
	    "credentials");
}

static struct order *
unbind_order(struct office *o)
{
	struct order	*u;

	assert_int_equal(order_new(&u, ORDER_UNBIND, 86400, &o->f->clock,
	    &o->f->rng, &o->f->e), 0);
	content_digest(u->unbinds, &o->bound);
	return u;
}

static void
a_credential_that_was_taken_away_gets_nothing(void **state)
{
	struct office	*o = *state;
	struct buf	 blob = { 0 };

	bind(o);
	assert_something(o);
	approve(o->f, &blob, unbind_order(o), &o->ra, NULL);
	ask_bind(o->f, &blob);
	assert_int_equal(o->f->e.code, ERROR_DENIED);
	assert_something(o);
	buf_clear(&blob);
	approve(o->f, &blob, unbind_order(o), &o->f->second, NULL);
	ask_bind(o->f, &blob);
	assert_int_equal(o->f->e.code, ERROR_NONE);
	assert_nothing(o, ERROR_DENIED, "the credential is not bound");
	/* Nor is it given again by the order that gave it first, */
	ask_bind(o->f, &o->bound);
	assert_int_equal(o->f->e.code, ERROR_CONFLICT);
	assert_string_equal(o->f->e.text, "the credential that this order "
	    "bound was taken away since");
	/* or after a restart. */
	signer_free(&o->f->signer);
	start(o->f);
	assert_nothing(o, ERROR_DENIED, "the credential is not bound");
	bind(o);
	assert_something(o);
	buf_clear(&blob);
}

static void
an_officer_who_is_revoked_or_expired_gets_nothing(void **state)
{
	struct office	*o = *state;

	bind(o);
	assert_something(o);
	revoke(o->f, o->f->officer.cert, &o->f->security);
	assert_nothing(o, ERROR_DENIED, "approval by officer 1 (Officer One): "
	    "the certificate is revoked or on hold");
	/* The person's other certificate is not. */
	o->officer = o->f->twin.cert;
	assert_something(o);
	o->f->clock = clock_fixed(NOW + 366 * TESTPKI_DAY);
	assert_nothing(o, ERROR_DENIED, "the certificate has expired");
}

static void
a_credential_past_its_time_gets_nothing(void **state)
{
	struct office	*o = *state;

	o->bind->until = NOW + 3600;
	bind(o);
	assert_something(o);
	o->f->clock = clock_fixed(NOW + 3601);
	assert_nothing(o, ERROR_DENIED, "bound until an earlier time");
}

static void
an_expired_order_to_bind_binds_nothing(void **state)
{
	struct office	*o = *state;

	sign_bind(o, &o->f->security, &o->security2);
	o->f->clock = clock_fixed(NOW + 2 * 86400);
	ask_bind(o->f, &o->bound);
	assert_int_equal(o->f->e.code, ERROR_DENIED);
	assert_non_null(strstr(o->f->e.text, "order expired"));
}

static void
an_assertion_brought_by_nobody_of_the_ra_gets_nothing(void **state)
{
	struct office	*o = *state;
	struct buf	 blob = { 0 }, out = { 0 };

	bind(o);
	approve(o->f, &blob, tls_order(o->f, "www.example.org"), NULL, NULL);
	content_digest(o->ask.challenge, &blob);
	assert_now(o);
	testassert_seal(&out, BYTES(blob.p, blob.len), &o->f->auditor,
	    BYTES(o->attribute.p, o->attribute.len), o->officer, NOW);
	assert_refused(o->f, &out, ERROR_DENIED, "an assertion in a signature "
	    "that is not of an RA agent");
	buf_clear(&blob);
	buf_clear(&out);
}

/* ---- one person ---- */

static int
prepare_batch(struct office *o, const struct buf *blob)
{
	struct prepared_reply	 r;
	struct buf		 digest = { 0 };
	int			 rc;

	msg_init(&o->f->ask, WIRE_BATCH);
	msg_put_blob(&o->f->ask, blob->p, blob->len);
	answer(o->f);
	if (o->f->e.code != ERROR_NONE)
		return -1;
	buf_add(&digest, msg_get_blob(&o->f->answer, 32).p, 32);
	rc = prepare(o->f, true, BYTES(digest.p, digest.len), 1,
	    &o->f->request, BYTES(NULL, 0), BYTES(NULL, 0), &r);
	buf_clear(&digest);
	if (rc == 0)
		buf_clear(&r.tbs);
	return rc;
}

/* Card and browser of one officer, where two are asked for. */
static void
one_officer_in_two_ways_is_one(void **state)
{
	struct office	*o = *state;
	struct buf	 blob = { 0 };

	bind(o);
	approve(o->f, &blob, batch_order(o->f, 1, true), &o->f->officer,
	    NULL);
	o->officer = o->f->twin.cert;
	approve_by_assertion(o, &blob, NULL);
	assert_int_equal(prepare_batch(o, &blob), -1);
	assert_non_null(strstr(o->f->e.text, "not all different people"));
	buf_clear(&blob);
	approve(o->f, &blob, batch_order(o->f, 1, true), &o->f->officer,
	    NULL);
	o->officer = o->f->officer.cert;
	approve_by_assertion(o, &blob, NULL);
	assert_int_equal(prepare_batch(o, &blob), -1);
	assert_non_null(strstr(o->f->e.text, "the same certificate approves "
	    "twice"));
	buf_clear(&blob);
}

static void
two_officers_in_the_browser_are_two(void **state)
{
	struct office	*o = *state;
	struct buf	 blob = { 0 }, first;
	EVP_PKEY	*key = o->key;

	bind(o);
	approve_by_assertion(o, &blob, batch_order(o->f, 1, true));
	first = o->bound;
	o->bound = (struct buf){ 0 };
	o->key = testpki_key("ed25519");
	order_free(&o->bind);
	o->bind = bind_order(o->f, o->key, "2");
	bind(o);
	o->officer = o->f->second.cert;
	approve_by_assertion(o, &blob, NULL);
	if (prepare_batch(o, &blob) == -1)
		fail_msg("%s", o->f->e.text);
	EVP_PKEY_free(o->key);
	o->key = key;
	buf_clear(&first);
	buf_clear(&blob);
}

/* ---- scope ---- */

/* By mistake, or because the RA put one officer's key in the other's order. */
static void
one_security_key_of_two_officers_is_one_officer(void **state)
{
	struct office	*o = *state;
	struct buf	 blob = { 0 }, first;

	bind(o);
	approve_by_assertion(o, &blob, batch_order(o->f, 1, true));
	first = o->bound;
	o->bound = (struct buf){ 0 };
	order_free(&o->bind);
	o->bind = bind_order(o->f, o->key, "2");
	bind(o);
	o->officer = o->f->second.cert;
	approve_by_assertion(o, &blob, NULL);
	assert_int_equal(prepare_batch(o, &blob), -1);
	assert_int_equal(o->f->e.code, ERROR_DENIED);
	assert_non_null(strstr(o->f->e.text, "not all different people"));
	buf_clear(&first);
	buf_clear(&blob);
}

static void
what_a_credential_is_not_for_it_does_not_get(void **state)
{
	struct office	*o = *state;

	order_names_add(&o->bind->bind.profiles, "mail-sign");
	bind(o);
	assert_nothing(o, ERROR_DENIED, "the credential is not for profile "
	    "tls-server");
	order_names_add(&o->bind->bind.profiles, "tls-server");
	order_names_add(&o->bind->bind.domains, "mail.example.org");
	order_names_add(&o->bind->bind.domains, "w.example.org");
	bind(o);
	assert_nothing(o, ERROR_DENIED, "the credential is not for names in "
	    "\"www.example.org\"");
	order_names_add(&o->bind->bind.domains, "example.org");
	bind(o);
	assert_something(o);
}

static void
names_of_every_item_are_in_the_scope(void **state)
{
	struct office	*o = *state;
	struct order	*batch = batch_order(o->f, 3, true);
	struct buf	 blob = { 0 };

	order_names_add(&o->bind->bind.domains, "example.org");
	bind(o);
	mem_free(&batch->item[2].fields.v[3].value);
	batch->item[2].fields.v[3].value = mem_strdup("p3@example.org@x.net");
	approve_by_assertion(o, &blob, batch);
	assert_int_equal(prepare_batch(o, &blob), -1);
	assert_non_null(strstr(o->f->e.text, "item 3: the credential is not "
	    "for names in \"x.net\""));
	buf_clear(&blob);
}

static int
change_by_assertion(struct office *o, enum order_kind kind, X509 *x,
    const char *profile)
{
	struct buf	 blob = { 0 };
	int		 rc;

	approve_by_assertion(o, &blob, status_order(o->f, kind, "services",
	    x));
	rc = change(o->f, &blob, x, profile);
	buf_clear(&blob);
	return rc;
}

static void
certificates_outside_of_the_scope_are_not_touched(void **state)
{
	struct office	*o = *state;
	X509		*x = issue_tls(o->f, "www.example.net");
	X509		*y = issue_tls(o->f, "www.example.org");

	order_names_add(&o->bind->bind.profiles, "tls-server");
	order_names_add(&o->bind->bind.domains, "example.org");
	bind(o);
	assert_int_equal(change_by_assertion(o, ORDER_HOLD, x, "tls-server"),
	    -1);
	assert_string_equal(o->f->e.text, "approval by 1: the credential is "
	    "not for names in \"www.example.net\"");
	assert_int_equal(change_by_assertion(o, ORDER_HOLD, y, "mail-sign"),
	    -1);
	assert_string_equal(o->f->e.text, "approval by 1: the credential is "
	    "not for profile mail-sign");
	assert_int_equal(change_by_assertion(o, ORDER_HOLD, y, "tls-server"),
	    1);
	assert_int_equal(change_by_assertion(o, ORDER_RELEASE, y,
	    "tls-server"), 1);
	/* What gives a role is for security officers. */
	assert_int_equal(change_by_assertion(o, ORDER_REVOKE,
	    o->f->second.cert, "tls-server"), -1);
	X509_free(x);
	X509_free(y);
}

/* ---- other instances ---- */

static void
bound_by_other(struct office *o, struct buf *b, const char *act, int64_t at,
    const struct buf *order)
{
	uint8_t	 digest[32];

	content_digest(digest, order);
	audit_begin(b, act, at);
	audit_hex(b, "order", digest, 32);
	if (strcmp(act, "unbind") == 0) {
		content_digest(digest, &o->bound);
		audit_hex(b, "unbinds", digest, 32);
	}
	audit_str(b, "instance", "other");
}

/* One entry after the entries that were sent before. */
static void
follow_on(struct office *o, struct audit_head *head, struct buf *last,
    struct buf *entry, const struct buf *proof)
{
	struct fixture		*f = o->f;
	struct audit_head	 now = *head;

	audit_advance(&now, BYTES(entry->p, entry->len));
	msg_init(&f->ask, WIRE_FOLLOW);
	msg_put_i64(&f->ask, head->seq);
	msg_put_u32(&f->ask, proof != NULL);
	if (proof != NULL)
		msg_put_blob(&f->ask, proof->p, proof->len);
	msg_put_u32(&f->ask, last->len > 0 ? 2 : 1);
	if (last->len > 0) {
		msg_put_i64(&f->ask, head->seq);
		msg_put_blob(&f->ask, head->hash, 32);
		msg_put_blob(&f->ask, last->p, last->len);
		msg_put_u32(&f->ask, 0);
		msg_put_blob(&f->ask, NULL, 0);
		msg_put_str(&f->ask, "");
	}
	msg_put_i64(&f->ask, now.seq);
	msg_put_blob(&f->ask, now.hash, 32);
	msg_put_blob(&f->ask, entry->p, entry->len);
	msg_put_u32(&f->ask, proof != NULL);
	msg_put_blob(&f->ask, NULL, 0);
	msg_put_str(&f->ask, "");
	answer(f);
	*head = now;
	buf_clear(last);
	*last = *entry;
	*entry = (struct buf){ 0 };
}

static void
what_others_bound_counts_by_its_order_alone(void **state)
{
	struct office		*o = *state;
	struct audit_head	 head = { .seq = 0 };
	struct buf		 entry = { 0 }, last = { 0 }, blob = { 0 };

	/* Injected: without the order, or with one that few have signed. */
	sign_bind(o, &o->f->security, &o->security2);
	bound_by_other(o, &entry, "bind", NOW, &o->bound);
	follow_on(o, &head, &last, &entry, NULL);
	assert_int_equal(o->f->e.code, ERROR_NONE);
	assert_nothing(o, ERROR_DENIED, "the credential is not bound");
	sign_bind(o, &o->f->security, NULL);
	bound_by_other(o, &entry, "bind", NOW, &o->bound);
	follow_on(o, &head, &last, &entry, &o->bound);
	assert_int_equal(o->f->e.code, ERROR_NONE);
	assert_nothing(o, ERROR_DENIED, "order that binds the credential");
	sign_bind(o, &o->f->security, &o->security2);
	bound_by_other(o, &entry, "bind", NOW, &o->bound);
	follow_on(o, &head, &last, &entry, &o->bound);
	assert_int_equal(o->f->e.code, ERROR_NONE);
	assert_something(o);
	/* And what others took away is gone, or nothing goes on. */
	approve(o->f, &blob, unbind_order(o), &o->f->second, NULL);
	bound_by_other(o, &entry, "unbind", NOW, &blob);
	follow_on(o, &head, &last, &entry, &blob);
	assert_int_equal(o->f->e.code, ERROR_NONE);
	assert_nothing(o, ERROR_DENIED, "the credential is not bound");
	buf_clear(&blob);
	buf_clear(&last);
}

static void
the_signer_stops_where_a_credential_is_taken_without_an_order(void **state)
{
	struct office		*o = *state;
	struct audit_head	 head = { .seq = 0 };
	struct buf		 entry = { 0 }, last = { 0 };

	bind(o);
	bound_by_other(o, &entry, "unbind", NOW, &o->bound);
	follow_on(o, &head, &last, &entry, NULL);
	assert_int_equal(o->f->e.code, ERROR_UPSTREAM);
	assert_non_null(strstr(o->f->e.text, "has no order that proves it"));
	buf_clear(&last);
}

/* Two security officers signed it once, and nobody carried it out. */
static void
an_old_order_to_bind_is_not_brought_back_through_the_chain(void **state)
{
	struct office		*o = *state;
	struct audit_head	 head = { .seq = 0 };
	struct buf		 entry = { 0 }, last = { 0 };

	sign_bind(o, &o->f->security, &o->security2);
	o->f->clock = clock_fixed(NOW + 30 * 86400);
	audit_begin(&entry, "start", NOW + 30 * 86400 - 60);
	follow_on(o, &head, &last, &entry, NULL);
	assert_int_equal(o->f->e.code, ERROR_NONE);
	bound_by_other(o, &entry, "bind", NOW + 30 * 86400, &o->bound);
	follow_on(o, &head, &last, &entry, &o->bound);
	bound_by_other(o, &entry, "bind", NOW + 10, &o->bound);
	follow_on(o, &head, &last, &entry, &o->bound);
	assert_int_equal(o->f->e.code, ERROR_NONE);
	assert_nothing(o, ERROR_DENIED, "the credential is not bound");
	buf_clear(&last);
}

/* An instance that joins later learns from the beginning. */
static void
a_new_instance_learns_what_was_bound_long_ago(void **state)
{
	struct office		*o = *state;
	struct audit_head	 head = { .seq = 0 };
	struct buf		 entry = { 0 }, last = { 0 };

	sign_bind(o, &o->f->security, &o->security2);
	o->f->clock = clock_fixed(NOW + 30 * 86400);
	bound_by_other(o, &entry, "bind", NOW + 10, &o->bound);
	follow_on(o, &head, &last, &entry, &o->bound);
	assert_int_equal(o->f->e.code, ERROR_NONE);
	assert_something(o);
	buf_clear(&last);
}

/* ---- it works ---- */

static void
a_bound_credential_approves_until_the_ledger_says_otherwise(void **state)
{
	struct office	*o = *state;

	bind(o);
	assert_something(o);
	/* The worker lost the COMMIT and asks again. */
	ask_bind(o->f, &o->bound);
	assert_int_equal(o->f->e.code, ERROR_NONE);
	signer_free(&o->f->signer);
	start(o->f);
	assert_something(o);
	/* A security officer who has left has not bound less. */
	revoke(o->f, o->security2.cert, &o->f->security);
	assert_something(o);
}

#define TEST(t)	cmocka_unit_test_setup_teardown(t, set_up_office, \
	tear_down_office)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(an_ra_alone_gets_nothing),
		TEST(an_assertion_for_another_order_gets_nothing),
		TEST(another_origin_or_relying_party_gets_nothing),
		TEST(a_touch_without_pin_gets_nothing),
		TEST(json_with_two_readings_gets_nothing),
		TEST(another_officers_certificate_gets_nothing),
		TEST(a_credential_that_the_ledger_does_not_know_gets_nothing),
		TEST(a_bind_order_without_two_security_officers_gets_nothing),
		TEST(two_certificates_of_one_security_officer_bind_nothing),
		TEST(a_bind_order_that_is_not_one_gets_nothing),
		TEST(a_bind_order_approved_by_assertion_binds_nothing),
		TEST(a_credential_that_was_taken_away_gets_nothing),
		TEST(an_officer_who_is_revoked_or_expired_gets_nothing),
		TEST(a_credential_past_its_time_gets_nothing),
		TEST(an_expired_order_to_bind_binds_nothing),
		TEST(an_assertion_brought_by_nobody_of_the_ra_gets_nothing),
		TEST(one_officer_in_two_ways_is_one),
		TEST(two_officers_in_the_browser_are_two),
		TEST(one_security_key_of_two_officers_is_one_officer),
		TEST(what_a_credential_is_not_for_it_does_not_get),
		TEST(names_of_every_item_are_in_the_scope),
		TEST(certificates_outside_of_the_scope_are_not_touched),
		TEST(what_others_bound_counts_by_its_order_alone),
		TEST(the_signer_stops_where_a_credential_is_taken_without_an_order),
		TEST(an_old_order_to_bind_is_not_brought_back_through_the_chain),
		TEST(a_new_instance_learns_what_was_bound_long_ago),
		TEST(a_bound_credential_approves_until_the_ledger_says_otherwise),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
