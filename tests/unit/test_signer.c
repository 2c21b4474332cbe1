/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signer, asked as a worker would ask it that an attacker owns.
 */
#include "tests/unit/signer_fixture.h"

#include <unistd.h>

#include "audit/chain.h"
#include "order/code.h"

#include <openssl/x509v3.h>

/* Tests: single orders. */

static void
signer_refuses_an_order_that_nobody_signed(void **state)
{
	struct fixture	*f = *state;

	refuse_approved_by(f, NULL, "needs officer");
}

static void
signer_refuses_a_role_that_may_not_approve(void **state)
{
	struct fixture	*f = *state;

	refuse_approved_by(f, &f->auditor, "needs officer");
}

static void
signer_refuses_an_officer_of_another_hierarchy(void **state)
{
	struct fixture	*f = *state;
	struct testpki	 other;

	testpki_init(&other, NOW);
	testpki_identity(&f->foreign, &other, "P-256", "Officer One", "1",
	    OID_ROLE_OFFICER);
	refuse_approved_by(f, &f->foreign, "Officer One");
	testpki_clear(&other);
}

static void
refuse_certified(struct fixture *f, const struct testpki_spec *spec, X509 *ca,
    EVP_PKEY *ca_key, const char *why)
{
	EVP_PKEY	*key = testpki_key("P-256");
	X509		*x = testpki_cert(&f->pki, spec, key, ca, ca_key);

	testpki_identity_of(&f->foreign, &f->pki, x, key);
	refuse_approved_by(f, &f->foreign, why);
	X509_free(x);
	EVP_PKEY_free(key);
}

static void
signer_refuses_an_officer_certified_by_the_people_ca(void **state)
{
	struct fixture		*f = *state;
	struct testpki_spec	 spec = { .name = "Mallory", .person = "9",
	    .eku = OID_ROLE_OFFICER };

	refuse_certified(f, &spec, f->pki.people, f->pki.people_key,
	    "Mallory");
}

static void
signer_refuses_an_officer_whose_certificate_has_expired(void **state)
{
	struct fixture		*f = *state;
	struct testpki_spec	 spec = { .name = "Retired", .person = "9",
	    .eku = OID_ROLE_OFFICER, .not_before = NOW - 8000,
	    .not_after = NOW - 10 };

	refuse_certified(f, &spec, f->pki.services, f->pki.services_key,
	    "expired");
}

static void
signer_refuses_a_swapped_request(void **state)
{
	struct fixture		*f = *state;
	struct prepared_reply	 r;
	struct buf		 blob, other = { 0 };
	EVP_PKEY		*key = testpki_key("P-256");

	assert_int_equal(csr_make(&other, key, "mallory", &f->e), 0);
	approve(f, &blob, tls_order(f, "www.example.org"), &f->officer, NULL);
	assert_int_equal(prepare(f, false, BYTES(blob.p, blob.len), 0, &other,
	    BYTES(NULL, 0), BYTES(NULL, 0), &r), -1);
	assert_int_equal(f->e.code, ERROR_DENIED);
	assert_non_null(strstr(f->e.text, "not the one that was approved"));
	buf_clear(&blob);
	buf_clear(&other);
	EVP_PKEY_free(key);
}

/*
 * Any byte of the blob.  Those that no signature covers (the list of digest
 * algorithms, the chain, which the signer has itself) may pass, but only as
 * the same order by the same officer.
 */
static void
signer_takes_no_edited_order_for_another(void **state)
{
	struct fixture		*f = *state;
	struct prepared_reply	 r;
	struct buf		 blob;
	uint8_t			 digest[32];
	size_t			 i, passed = 0;

	approve(f, &blob, tls_order(f, "www.example.org"), &f->officer, NULL);
	assert_int_equal(prepare_single(f, &blob, &r), 0);
	memcpy(digest, r.digest, 32);
	buf_clear(&r.tbs);
	for (i = 0; i < blob.len; i += 3) {
		blob.p[i] ^= 0x04;
		if (prepare_single(f, &blob, &r) == 0) {
			assert_memory_equal(r.digest, digest, 32);
			buf_clear(&r.tbs);
			passed++;
		}
		blob.p[i] ^= 0x04;
	}
	assert_true(passed * 3 < blob.len / 2);
	buf_clear(&blob);
}

static void
signer_refuses_expired_orders_and_orders_from_the_future(void **state)
{
	struct fixture	*f = *state;
	struct buf	 blob;

	approve(f, &blob, tls_order(f, "www.example.org"), &f->officer, NULL);
	f->clock.value = NOW + 86400;
	assert_refused(f, &blob, ERROR_DENIED, "order expired at");
	f->clock.value = NOW - 3600;
	assert_refused(f, &blob, ERROR_DENIED, "in the future");
	f->clock.value = NOW;
	buf_clear(&blob);
}

static void
signer_refuses_an_order_that_lives_longer_than_its_profile_allows(void **state)
{
	struct fixture	*f = *state;
	struct order	*o = tls_order(f, "www.example.org");
	struct buf	 blob;

	o->expires = o->created + 15 * 86400;
	approve(f, &blob, o, &f->officer, NULL);
	assert_refused(f, &blob, ERROR_DENIED, "lives longer than profile");
	buf_clear(&blob);
}

static void
signer_refuses_profiles_and_cas_that_do_not_belong_together(void **state)
{
	struct fixture	*f = *state;
	struct order	*o = tls_order(f, "www.example.org");
	struct buf	 blob;

	mem_free(&o->ca);
	o->ca = mem_strdup("people");
	approve(f, &blob, o, &f->officer, NULL);
	assert_refused(f, &blob, ERROR_DENIED, "is not issued by CA people");
	buf_clear(&blob);
	o = tls_order(f, "www.example.org");
	mem_free(&o->profile);
	o->profile = mem_strdup("sub-ca");
	approve(f, &blob, o, &f->officer, NULL);
	assert_null(issue(f, &blob));
	buf_clear(&blob);
	o = tls_order(f, "www.example.org");
	mem_free(&o->profile);
	o->profile = mem_strdup("tls-sever");
	approve(f, &blob, o, &f->officer, NULL);
	assert_refused(f, &blob, ERROR_NOTFOUND, "tls-sever");
	buf_clear(&blob);
}

/* And goes on: the other workers have done nothing wrong. */
static void
signer_refuses_a_digest_of_another_length(void **state)
{
	struct fixture	*f = *state;

	msg_init(&f->ask, WIRE_SIGN);
	msg_put_u32(&f->ask, 1);
	msg_put_blob(&f->ask, "short", 5);
	msg_put_u32(&f->ask, 0);
	msg_put_blob(&f->ask, NULL, 0);
	msg_put_blob(&f->ask, NULL, 0);
	answer(f);
	assert_int_equal(f->e.code, ERROR_NONE);
	assert_int_equal(msg_get_u32(&f->answer), 1);
	assert_int_equal(msg_get_u32(&f->answer), 0);
	msg_get_error(&f->answer, &f->e);
	assert_int_equal(f->e.code, ERROR_BUG);
	assert_string_equal(f->e.text, "malformed message");
	X509_free(issue_tls(f, "www.example.org"));
}

static void
signer_issues_what_the_order_says_and_uses_it_once(void **state)
{
	struct fixture		*f = *state;
	struct prepared_reply	 r;
	struct buf		 blob;
	X509			*x;

	approve(f, &blob, tls_order(f, "www.example.org"), &f->officer, NULL);
	assert_non_null(x = issue(f, &blob));
	assert_int_equal(X509_verify(x, X509_get0_pubkey(f->pki.services)), 1);
	assert_int_equal(X509_check_host(x, "www.example.org", 0, 0, NULL), 1);
	assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(x), f->key), 1);
	X509_free(x);
	assert_refused(f, &blob, ERROR_CONFLICT, "used before");
	/* Nor after a restart, which is what the ledger is for. */
	signer_free(&f->signer);
	start(f);
	assert_int_equal(prepare_single(f, &blob, &r), -1);
	assert_int_equal(f->e.code, ERROR_CONFLICT);
	buf_clear(&blob);
}

static void
signer_signs_bytes_of_the_store_only_if_it_made_them(void **state)
{
	struct fixture		*f = *state;
	struct prepared_reply	 r;
	struct buf		 blob;
	X509			*x;

	approve(f, &blob, tls_order(f, "www.example.org"), &f->officer, NULL);
	assert_int_equal(prepare_single(f, &blob, &r), 0);
	/* Not decided yet: an intent alone proves nothing. */
	assert_null(sign(f, r.digest, 0, r.serial, BYTES(r.tbs.p, r.tbs.len)));
	assert_non_null(strstr(f->e.text, "never prepared here"));
	x = sign(f, r.digest, 0, r.serial, BYTES(NULL, 0));
	assert_non_null(x);
	X509_free(x);
	signer_free(&f->signer);
	start(f);
	r.tbs.p[r.tbs.len - 1] ^= 1;
	assert_null(sign(f, r.digest, 0, r.serial, BYTES(r.tbs.p, r.tbs.len)));
	r.tbs.p[r.tbs.len - 1] ^= 1;
	x = sign(f, r.digest, 0, r.serial, BYTES(r.tbs.p, r.tbs.len));
	assert_non_null(x);
	X509_free(x);
	buf_clear(&r.tbs);
	buf_clear(&blob);
}

static void
signer_forgets_what_was_prepared_under_another_serial(void **state)
{
	struct fixture		*f = *state;
	struct prepared_reply	 a, b;
	struct buf		 blob;

	approve(f, &blob, tls_order(f, "www.example.org"), &f->officer, NULL);
	assert_int_equal(prepare_single(f, &blob, &a), 0);
	assert_int_equal(prepare_single(f, &blob, &b), 0);
	assert_null(sign(f, a.digest, 0, a.serial, BYTES(NULL, 0)));
	assert_int_equal(f->e.code, ERROR_RETRY);
	buf_clear(&a.tbs);
	buf_clear(&b.tbs);
	buf_clear(&blob);
}

static void
signer_takes_a_one_time_code_for_one_request_only(void **state)
{
	struct fixture		*f = *state;
	struct order		*o = tls_order(f, "www.example.org");
	struct prepared_reply	 r;
	struct secret		 code = { 0 };
	struct approved		*a = NULL;
	struct buf		 blob, other = { 0 };
	EVP_PKEY		*key = testpki_key("P-256");
	uint8_t			 proof[CODE_PROOF_SIZE], digest[32];
	struct bytes		 none = BYTES(NULL, 0);

	o->has_request = false;
	memset(o->request, 0, sizeof(o->request));
	assert_int_equal(code_make(o, &code, &f->rng, &f->e), 0);
	approve(f, &blob, o, &f->officer, NULL);
	assert_int_equal(approval_open(&a, BYTES(blob.p, blob.len), &f->e), 0);
	digest_of(digest, &f->request);
	assert_int_equal(code_prove(proof, a->order, a->digest, &code, digest,
	    &f->e), 0);
	assert_int_equal(csr_make(&other, key, "mallory", &f->e), 0);
	assert_int_equal(prepare(f, false, BYTES(blob.p, blob.len), 0,
	    &f->request, none, none, &r), -1);
	assert_non_null(strstr(f->e.text, "proof"));
	assert_int_equal(prepare(f, false, BYTES(blob.p, blob.len), 0, &other,
	    BYTES(proof, sizeof(proof)), none, &r), -1);
	assert_int_equal(f->e.code, ERROR_DENIED);
	assert_int_equal(prepare(f, false, BYTES(blob.p, blob.len), 0,
	    &f->request, BYTES(proof, sizeof(proof)), none, &r), 0);
	buf_clear(&r.tbs);
	secret_free(&code);
	approval_free(&a);
	buf_clear(&blob);
	buf_clear(&other);
	EVP_PKEY_free(key);
}

/* Tests: batches. */

static void
open_batch(struct fixture *f, const struct buf *blob, uint8_t digest[32])
{
	msg_init(&f->ask, WIRE_BATCH);
	msg_put_blob(&f->ask, blob->p, blob->len);
	answer(f);
	if (f->e.code != ERROR_NONE)
		fail_msg("%s", f->e.text);
	memcpy(digest, msg_get_blob(&f->answer, 32).p, 32);
}

static int
prepare_item(struct fixture *f, const uint8_t digest[32], uint32_t n,
    const struct buf *station, struct prepared_reply *r)
{
	return prepare(f, true, BYTES(digest, 32), n, &f->request,
	    BYTES(NULL, 0), station != NULL ? BYTES(station->p, station->len) :
	    BYTES(NULL, 0), r);
}

static void
signer_refuses_a_batch_approved_twice_by_one_person(void **state)
{
	struct fixture		*f = *state;
	struct prepared_reply	 r;
	struct buf		 blob;
	uint8_t			 digest[32];

	approve(f, &blob, batch_order(f, 3, true), &f->officer, NULL);
	open_batch(f, &blob, digest);
	assert_int_equal(prepare_item(f, digest, 1, NULL, &r), -1);
	assert_int_equal(f->e.code, ERROR_DENIED);
	buf_clear(&blob);
	/* Two certificates of one person are one person. */
	f->clock.value++;
	{
		struct order	*o = batch_order(f, 3, true);
		struct buf	 one = { 0 }, two = { 0 };

		assert_int_equal(approval_wrap(&one, o, &f->e), 0);
		order_free(&o);
		assert_int_equal(approval_add(&two, BYTES(one.p, one.len),
		    &f->officer, &f->clock, &f->e), 0);
		buf_clear(&one);
		if (approval_add(&one, BYTES(two.p, two.len), &f->twin,
		    &f->clock, &f->e) == 0) {
			open_batch(f, &one, digest);
			assert_int_equal(prepare_item(f, digest, 1, NULL, &r),
			    -1);
			assert_int_equal(f->e.code, ERROR_DENIED);
		} else {
			assert_int_equal(f->e.code, ERROR_CONFLICT);
		}
		buf_clear(&one);
		buf_clear(&two);
	}
}

static void
signer_uses_each_item_of_a_batch_once(void **state)
{
	struct fixture		*f = *state;
	struct prepared_reply	 r;
	struct buf		 blob;
	uint8_t			 digest[32];
	uint32_t		 n;
	X509			*x;

	approve(f, &blob, batch_order(f, 3, true), &f->officer, &f->second);
	open_batch(f, &blob, digest);
	for (n = 1; n <= 3; n++) {
		if (prepare_item(f, digest, n, NULL, &r) == -1)
			fail_msg("%s", f->e.text);
		x = sign(f, r.digest, n, r.serial, BYTES(NULL, 0));
		assert_non_null(x);
		X509_free(x);
		buf_clear(&r.tbs);
		assert_int_equal(prepare_item(f, digest, n, NULL, &r), -1);
		assert_int_equal(f->e.code, ERROR_CONFLICT);
	}
	assert_int_equal(prepare_item(f, digest, 4, NULL, &r), -1);
	assert_non_null(strstr(f->e.text, "no item 4"));
	assert_int_equal(prepare_item(f, digest, 0, NULL, &r), -1);
	buf_clear(&blob);
}

static struct order *
item_order(struct fixture *f, const uint8_t batch[32], uint32_t n)
{
	struct order	*o;

	assert_int_equal(order_new(&o, ORDER_ITEM, 3600, &f->clock, &f->rng,
	    &f->e), 0);
	memcpy(o->batch, batch, 32);
	o->n = n;
	o->has_request = true;
	digest_of(o->request, &f->request);
	return o;
}

static void
signer_takes_a_stations_order_for_its_own_item_only(void **state)
{
	struct fixture		*f = *state;
	struct prepared_reply	 r;
	struct buf		 one, two, station;
	struct identity		 agent;
	uint8_t			 first[32], second[32];
	X509			*x;

	testpki_identity(&agent, &f->pki, "P-256", "Station", "s1",
	    OID_ROLE_STATION_AGENT);
	approve(f, &one, batch_order(f, 2, false), &f->officer, &f->second);
	approve(f, &two, batch_order(f, 2, false), &f->officer, &f->second);
	open_batch(f, &one, first);
	open_batch(f, &two, second);
	assert_int_equal(prepare_item(f, first, 1, NULL, &r), -1);
	assert_non_null(strstr(f->e.text, "no request of a station"));
	approve(f, &station, item_order(f, first, 1), &f->officer, NULL);
	assert_int_equal(prepare_item(f, first, 1, &station, &r), -1);
	assert_non_null(strstr(f->e.text, "needs station-agent"));
	buf_clear(&station);
	approve(f, &station, item_order(f, first, 1), &agent, NULL);
	assert_int_equal(prepare_item(f, second, 1, &station, &r), -1);
	assert_non_null(strstr(f->e.text, "another item or batch"));
	assert_int_equal(prepare_item(f, first, 2, &station, &r), -1);
	assert_non_null(strstr(f->e.text, "another item or batch"));
	f->clock = clock_fixed(NOW + 3601);
	assert_int_equal(prepare_item(f, first, 1, &station, &r), -1);
	assert_non_null(strstr(f->e.text, "station's order: "));
	assert_non_null(strstr(f->e.text, "expired"));
	f->clock = clock_fixed(NOW);
	if (prepare_item(f, first, 1, &station, &r) == -1)
		fail_msg("%s", f->e.text);
	x = sign(f, r.digest, 1, r.serial, BYTES(NULL, 0));
	assert_non_null(x);
	X509_free(x);
	buf_clear(&r.tbs);
	buf_clear(&one);
	buf_clear(&two);
	buf_clear(&station);
	testpki_identity_clear(&agent);
}

/* Tests: status. */

static void
signer_refuses_revocation_without_the_right_role(void **state)
{
	struct fixture	*f = *state;
	X509		*x = issue_tls(f, "www.example.org");

	assert_int_equal(change_by(f, ORDER_REVOKE, x, "tls-server", NULL), -1);
	assert_int_equal(f->e.code, ERROR_DENIED);
	assert_int_equal(change_by(f, ORDER_REVOKE, x, "tls-server",
	    &f->auditor), -1);
	/* An officer does not revoke a security officer, whatever the row
	 * says the profile is. */
	assert_int_equal(change_by(f, ORDER_REVOKE, f->security.cert,
	    "tls-server", &f->officer), -1);
	assert_int_equal(f->e.code, ERROR_DENIED);
	X509_free(x);
}

static void
signer_believes_a_revoked_officer_no_more(void **state)
{
	struct fixture	*f = *state;
	struct buf	 before;

	approve(f, &before, tls_order(f, "www.example.org"), &f->officer,
	    NULL);
	if (change_by(f, ORDER_REVOKE, f->officer.cert, "officer",
	    &f->security) != 1)
		fail_msg("%s", f->e.text);
	assert_refused(f, &before, ERROR_DENIED, "revoked");
	refuse_approved_by(f, &f->officer, "revoked");
	/* The store may say what it likes after a restart. */
	signer_free(&f->signer);
	start(f);
	refuse_approved_by(f, &f->officer, "revoked");
	buf_clear(&before);
}

static void
signer_lets_no_replayed_release_undo_a_later_hold(void **state)
{
	struct fixture	*f = *state;
	X509		*x = issue_tls(f, "www.example.org");
	struct buf	 release;

	assert_int_equal(change_by(f, ORDER_HOLD, x, "tls-server",
	    &f->officer), 1);
	f->clock.value++;
	approve(f, &release, status_order(f, ORDER_RELEASE, "services", x),
	    &f->officer, NULL);
	assert_int_equal(change(f, &release, x, "tls-server"), 1);
	/* Again, right away: the store may have lost it. */
	assert_int_equal(change(f, &release, x, "tls-server"), 1);
	f->clock.value++;
	assert_int_equal(change_by(f, ORDER_HOLD, x, "tls-server",
	    &f->officer), 1);
	assert_int_equal(change(f, &release, x, "tls-server"), -1);
	assert_int_equal(f->e.code, ERROR_CONFLICT);
	buf_clear(&release);
	X509_free(x);
}

static void
signer_keeps_a_revoked_certificate_revoked(void **state)
{
	struct fixture	*f = *state;
	X509		*x = issue_tls(f, "www.example.org");

	assert_int_equal(change_by(f, ORDER_REVOKE, x, "tls-server",
	    &f->officer), 1);
	assert_int_equal(change_by(f, ORDER_RELEASE, x, "tls-server",
	    &f->officer), -1);
	assert_non_null(strstr(f->e.text, "stays revoked"));
	assert_int_equal(change_by(f, ORDER_HOLD, x, "tls-server",
	    &f->officer), -1);
	X509_free(x);
}

/* The status and the time of the only change in the answer. */
static void
assert_said(struct fixture *f, uint32_t status, int64_t at)
{
	char	 ca[65];

	msg_get_str(&f->answer, ca, sizeof(ca));
	(void)msg_get_blob(&f->answer, CERT_SERIAL_SIZE);
	assert_int_equal(msg_get_u32(&f->answer), status);
	(void)msg_get_i64(&f->answer);
	assert_int_equal(msg_get_i64(&f->answer), at);
}

static void
signer_lets_no_release_be_said_again_that_may_be_of_before_a_hold(void **state)
{
	struct fixture	*f = *state;
	X509		*x = issue_tls(f, "www.example.org");
	struct buf	 kept;

	/* What it never held may be held by one of whom it has not heard. */
	assert_int_equal(change_by(f, ORDER_RELEASE, x, "tls-server",
	    &f->officer), 0);
	assert_int_equal(change_by(f, ORDER_HOLD, x, "tls-server",
	    &f->officer), 1);
	approve(f, &kept, status_order(f, ORDER_RELEASE, "services", x),
	    &f->officer, NULL);
	f->clock.value++;
	assert_int_equal(change_by(f, ORDER_RELEASE, x, "tls-server",
	    &f->officer), 1);
	assert_int_equal(change(f, &kept, x, "tls-server"), 0);
	assert_int_equal(change(f, &kept, x, "tls-server"), -1);
	assert_int_equal(f->e.code, ERROR_CONFLICT);
	f->clock.value += 5;
	assert_int_equal(change_by(f, ORDER_RELEASE, x, "tls-server",
	    &f->officer), 1);
	assert_said(f, 0, NOW + 6);
	buf_clear(&kept);
	X509_free(x);
}

static void
signer_says_again_what_the_store_may_have_lost(void **state)
{
	struct fixture		*f = *state;
	X509			*x = issue_tls(f, "www.example.org");
	const ASN1_INTEGER	*n = X509_get0_serialNumber(x);
	struct crl_entry	 entry;
	struct crl		*crl;
	struct buf		 again;
	uint32_t		 differences, alarms;

	assert_int_equal(change_by(f, ORDER_HOLD, x, "tls-server",
	    &f->officer), 1);
	assert_said(f, 1, NOW);
	/* While a worker may be telling the store, another one need not. */
	f->clock.value += 4;
	assert_int_equal(change_by(f, ORDER_HOLD, x, "tls-server",
	    &f->officer), 0);
	f->clock.value++;
	assert_int_equal(change_by(f, ORDER_HOLD, x, "tls-server",
	    &f->officer), 1);
	assert_said(f, 1, NOW + 5);
	assert_int_equal(change_by(f, ORDER_REVOKE, x, "tls-server",
	    &f->officer), 1);
	/* Or as soon as it is known that the store had it. */
	told(f, "revoke", x);
	f->clock.value++;
	approve(f, &again, status_order(f, ORDER_REVOKE, "services", x),
	    &f->officer, NULL);
	assert_int_equal(change(f, &again, x, "tls-server"), 1);
	assert_said(f, 2, NOW + 6);
	f->clock.value++;
	assert_int_equal(change(f, &again, x, "tls-server"), 1);
	/* What it knows itself stays as it was. */
	crl = make_list(f, x, NULL, &differences, &alarms);
	assert_true(crl_find(crl, n->data, (size_t)n->length, &entry));
	assert_int_equal(entry.revoked_at, NOW + 5);
	assert_int_equal(alarms, 0);
	crl_free(&crl);
	buf_clear(&again);
	X509_free(x);
}

static void
signer_refuses_another_certificate_in_place_of_the_target(void **state)
{
	struct fixture	*f = *state;
	X509		*a = issue_tls(f, "a.example.org");
	X509		*b = issue_tls(f, "b.example.org");
	struct buf	 blob;

	approve(f, &blob, status_order(f, ORDER_REVOKE, "services", a),
	    &f->officer, NULL);
	assert_int_equal(change(f, &blob, b, "tls-server"), -1);
	assert_non_null(strstr(f->e.text, "is another one"));
	buf_clear(&blob);
	X509_free(a);
	X509_free(b);
}

/* As an installation of before may have written it: the name of the CA in
 * another type of string. */
static X509 *
of_before(const X509 *x, EVP_PKEY *key, const EVP_MD *md)
{
	X509			*old = X509_dup(x);
	X509_NAME		*name = X509_NAME_new();
	const X509_NAME		*was = X509_get_issuer_name(x);

	for (int i = 0; i < X509_NAME_entry_count(was); i++) {
		const X509_NAME_ENTRY	*n = X509_NAME_get_entry(was, i);
		const ASN1_STRING	*v = X509_NAME_ENTRY_get_data(n);

		assert_int_equal(X509_NAME_add_entry_by_OBJ(name,
		    X509_NAME_ENTRY_get_object(n), V_ASN1_T61STRING,
		    ASN1_STRING_get0_data(v), ASN1_STRING_length(v), -1, 0), 1);
	}
	assert_int_equal(X509_set_issuer_name(old, name), 1);
	assert_true(X509_sign(old, key, md) > 0);
	X509_NAME_free(name);
	return old;
}

static void
signer_revokes_what_its_ca_has_signed_in_other_ways_before(void **state)
{
	struct fixture	*f = *state;
	X509		*x = issue_tls(f, "a.example.org");
	X509		*forged = of_before(x, f->pki.people_key, EVP_sha256());
	X509		*old = of_before(x, f->pki.services_key, EVP_sha1());

	assert_int_equal(change_by(f, ORDER_REVOKE, forged, "tls-server",
	    &f->officer), -1);
	assert_non_null(strstr(f->e.text, "is another one"));
	assert_int_equal(change_by(f, ORDER_REVOKE, old, "tls-server",
	    &f->officer), 1);
	X509_free(old);
	X509_free(forged);
	X509_free(x);
}

/* Tests: lists. */

static void
signer_keeps_an_entry_that_the_store_has_dropped(void **state)
{
	struct fixture	*f = *state;
	X509		*x = issue_tls(f, "www.example.org");
	struct crl	*crl;
	uint32_t	 differences, alarms;

	assert_int_equal(change_by(f, ORDER_REVOKE, x, "tls-server",
	    &f->officer), 1);
	told(f, "revoke", x);
	crl = make_list(f, NULL, NULL, &differences, &alarms);
	assert_int_equal(differences, 1);
	assert_int_equal(alarms, 1);
	assert_int_equal(crl->n, 1);
	assert_int_equal(reason_of(crl), 1);
	crl_free(&crl);
	signer_free(&f->signer);
	start(f);
	crl = make_list(f, NULL, NULL, &differences, &alarms);
	assert_int_equal(crl->n, 1);
	assert_int_equal(crl->params.number, 2);
	crl_free(&crl);
	X509_free(x);
}

static void
signer_lists_no_certificate_without_an_order(void **state)
{
	struct fixture	*f = *state;
	X509		*x = issue_tls(f, "www.example.org");
	struct buf	 blob;
	struct crl	*crl;
	uint32_t	 differences, alarms;

	crl = make_list(f, x, NULL, &differences, &alarms);
	assert_int_equal(differences, 1);
	assert_int_equal(alarms, 1);
	assert_int_equal(crl->n, 0);
	crl_free(&crl);
	/* With the order, as another instance would have used it. */
	approve(f, &blob, status_order(f, ORDER_REVOKE, "services", x),
	    &f->officer, NULL);
	f->clock.value++;
	crl = make_list(f, x, &blob, &differences, &alarms);
	assert_int_equal(alarms, 0);
	assert_int_equal(crl->n, 1);
	crl_free(&crl);
	buf_clear(&blob);
	X509_free(x);
}

static void
signer_drops_an_expired_entry_after_one_more_list(void **state)
{
	struct fixture	*f = *state;
	X509		*x = issue_tls(f, "www.example.org");
	struct crl	*crl;
	uint32_t	 differences, alarms;

	assert_int_equal(change_by(f, ORDER_REVOKE, x, "tls-server",
	    &f->officer), 1);
	crl = make_list(f, x, NULL, &differences, &alarms);
	assert_int_equal(differences, 0);
	crl_free(&crl);
	/* Expired, but not yet at the time of the last list. */
	f->clock.value = NOW + 200 * TESTPKI_DAY;
	crl = make_list(f, x, NULL, &differences, &alarms);
	assert_int_equal(crl->n, 1);
	crl_free(&crl);
	X509_free(x);
}

static void
signer_makes_no_list_that_is_older_than_the_last(void **state)
{
	struct fixture	*f = *state;
	struct crl	*crl;
	uint32_t	 differences, alarms;

	crl = make_list(f, NULL, NULL, &differences, &alarms);
	crl_free(&crl);
	f->clock.value = NOW - 60;
	assert_int_equal(begin_list(f, WIRE_CRL_COMPLETE, f->lists,
	    f->lists + 1), 0);
	assert_int_equal(f->e.code, ERROR_CONFIG);
	assert_string_equal(f->e.text, "the clock is behind the last list");
}

/* Revoked or held by whom?  By an officer; by an auditor; by an officer who
 * had only asked for a hold. */
static void
signer_lists_only_what_the_order_says_by_those_who_may(void **state)
{
	struct fixture	*f = *state;
	X509		*x = issue_tls(f, "www.example.org");
	struct buf	 blob;
	struct crl	*crl;
	uint32_t	 differences, alarms;

	approve(f, &blob, status_order(f, ORDER_REVOKE, "services", x),
	    &f->auditor, NULL);
	crl = make_list(f, x, &blob, &differences, &alarms);
	assert_int_equal(alarms, 1);
	assert_int_equal(crl->n, 0);
	crl_free(&crl);
	buf_clear(&blob);
	/* The store says keyCompromise; the order says hold. */
	approve(f, &blob, status_order(f, ORDER_HOLD, "services", x),
	    &f->officer, NULL);
	f->clock.value++;
	crl = make_list(f, x, &blob, &differences, &alarms);
	assert_int_equal(crl->n, 1);
	assert_int_equal(reason_of(crl), 6);
	crl_free(&crl);
	buf_clear(&blob);
	X509_free(x);
}

static void
signer_drops_no_entry_for_a_release_older_than_the_hold(void **state)
{
	struct fixture	*f = *state;
	X509		*x = issue_tls(f, "www.example.org");
	struct buf	 used, kept;
	struct crl	*crl;
	uint32_t	 differences, alarms;

	assert_int_equal(change_by(f, ORDER_HOLD, x, "tls-server",
	    &f->officer), 1);
	f->clock.value++;
	approve(f, &used, status_order(f, ORDER_RELEASE, "services", x),
	    &f->officer, NULL);
	approve(f, &kept, status_order(f, ORDER_RELEASE, "services", x),
	    &f->officer, NULL);
	assert_int_equal(change(f, &used, x, "tls-server"), 1);
	f->clock.value++;
	assert_int_equal(change_by(f, ORDER_HOLD, x, "tls-server",
	    &f->officer), 1);
	assert_int_equal(change(f, &kept, x, "tls-server"), -1);
	assert_non_null(strstr(f->e.text, "older than the hold"));
	told(f, "hold", x);
	crl = make_list(f, NULL, &used, &differences, &alarms);
	assert_int_equal(alarms, 1);
	assert_int_equal(crl->n, 1);
	crl_free(&crl);
	crl = make_list(f, NULL, &kept, &differences, &alarms);
	assert_int_equal(alarms, 1);
	assert_int_equal(crl->n, 1);
	crl_free(&crl);
	buf_clear(&used);
	buf_clear(&kept);
	X509_free(x);
}

/* Deltas: from the ledger alone, on the last complete list. */
static struct crl *
make_delta(struct fixture *f)
{
	uint32_t	 alarms;

	assert_int_equal(begin_list(f, WIRE_CRL_DELTA, f->complete,
	    f->lists + 1), WIRE_NEXT_SIGN);
	return take_list(f, &alarms);
}

static void
signer_makes_deltas_of_what_its_ledger_says_since(void **state)
{
	struct fixture	*f = *state;
	X509		*held = issue_tls(f, "www.example.org"), *other;
	struct crl	*crl;
	uint32_t	 differences, alarms;

	/* Nothing to be based on. */
	assert_int_equal(begin_list(f, WIRE_CRL_DELTA, 0, 1), 0);
	assert_string_equal(f->e.text, "a delta before any list");
	f->ca[0].crl_delta = 3600;
	assert_int_equal(change_by(f, ORDER_HOLD, held, "tls-server",
	    &f->officer), 1);
	crl = make_list(f, held, NULL, &differences, &alarms);
	assert_int_equal(crl->params.base, 0);
	crl_free(&crl);
	/* Nothing has changed. */
	f->clock.value++;
	crl = make_delta(f);
	assert_int_equal(crl->params.base, 1);
	assert_int_equal(crl->params.number, 2);
	assert_int_equal(crl->n, 0);
	crl_free(&crl);
	/* Off the list again; after a restart, too. */
	assert_int_equal(change_by(f, ORDER_RELEASE, held, "tls-server",
	    &f->officer), 1);
	signer_free(&f->signer);
	start(f);
	crl = make_delta(f);
	assert_int_equal(crl->params.number, 3);
	assert_int_equal(crl->n, 1);
	assert_int_equal(reason_of(crl), CRL_REMOVE);
	crl_free(&crl);
	/* What was never on the base and is good now is in no delta. */
	other = issue_tls(f, "mail.example.org");
	f->clock.value++;
	assert_int_equal(change_by(f, ORDER_REVOKE, other, "tls-server",
	    &f->officer), 1);
	crl = make_delta(f);
	assert_int_equal(crl->n, 2);
	crl_free(&crl);
	crl = make_list(f, other, NULL, &differences, &alarms);
	assert_int_equal(differences, 0);
	assert_int_equal(alarms, 0);
	assert_int_equal(crl->n, 1);
	assert_int_equal(crl->params.number, 5);
	crl_free(&crl);
	crl = make_delta(f);
	assert_int_equal(crl->params.base, 5);
	assert_int_equal(crl->n, 0);
	crl_free(&crl);
	X509_free(held);
	X509_free(other);
}

static void
signer_takes_parts_of_a_list_only_in_turn(void **state)
{
	struct fixture	*f = *state;
	static const uint32_t	 types[] = { WIRE_CRL_SEEN, WIRE_CRL_ENTRIES,
	    WIRE_CRL_EVIDENCE, WIRE_CRL_SIGN };
	X509		*x = issue_tls(f, "www.example.org");
	size_t		 i;

	for (i = 0; i < 4; i++) {
		send_crl(f, types[i], "services");
		answer(f);
		assert_int_equal(f->e.code, ERROR_BUG);
		assert_non_null(strstr(f->e.text, "no list is being made"));
	}
	assert_int_equal(begin_list(f, 7, 0, 1), 0);
	assert_string_equal(f->e.text, "no such kind of list");
	assert_int_equal(begin_list(f, WIRE_CRL_COMPLETE, 0, 1),
	    WIRE_NEXT_ENTRIES);
	/* Signing before the last entries. */
	send_crl(f, WIRE_CRL_SIGN, "services");
	answer(f);
	assert_string_equal(f->e.text, "entries are missing");
	assert_int_equal(begin_list(f, WIRE_CRL_COMPLETE, 0, 1),
	    WIRE_NEXT_ENTRIES);
	send_crl(f, WIRE_CRL_ENTRIES, "services");
	msg_put_u32(&f->ask, 0);
	msg_put_u32(&f->ask, WIRE_CRL_PAGE + 1);
	answer(f);
	assert_string_equal(f->e.text, "entries out of turn");
	/* More entries while evidence is wanted; evidence for others. */
	for (i = 0; i < 2; i++) {
		send_crl(f, WIRE_CRL_ENTRIES, "services");
		msg_put_u32(&f->ask, 0);
		msg_put_u32(&f->ask, 1);
		put_entry(f, x);
		answer(f);
	}
	assert_string_equal(f->e.text, "entries out of turn");
	send_crl(f, WIRE_CRL_EVIDENCE, "services");
	msg_put_u32(&f->ask, 2);
	answer(f);
	assert_string_equal(f->e.text, "evidence for 2 of 1 differences");
	send_crl(f, WIRE_CRL_PIECE, "services");
	msg_put_i64(&f->ask, 0);
	msg_put_i64(&f->ask, 1);
	msg_put_i64(&f->ask, 0);
	answer(f);
	assert_int_equal(f->e.code, ERROR_NOTFOUND);
	X509_free(x);
}

/* One that nobody signed, instead of a newer list by another instance. */
static void
signer_learns_no_list_that_is_none_of_its_ca(void **state)
{
	struct fixture	*f = *state;
	struct crl	*crl;
	uint32_t	 alarms, differences;

	crl = make_list(f, NULL, NULL, &differences, &alarms);
	crl_free(&crl);
	assert_int_equal(begin_list(f, WIRE_CRL_COMPLETE, 9, 10),
	    WIRE_NEXT_SEEN);
	send_crl(f, WIRE_CRL_SEEN, "services");
	msg_put_u32(&f->ask, 0);
	msg_put_blob(&f->ask, f->list.p, f->list.len - 1);
	answered(f);
	assert_int_equal(msg_get_u32(&f->answer), WIRE_NEXT_SEEN);
	send_crl(f, WIRE_CRL_SEEN, "services");
	msg_put_u32(&f->ask, 1);
	msg_put_blob(&f->ask, "?", 1);
	answered(f);
	assert_int_equal(msg_get_u32(&f->answer), WIRE_NEXT_ENTRIES);
	send_crl(f, WIRE_CRL_ENTRIES, "services");
	msg_put_u32(&f->ask, 1);
	msg_put_u32(&f->ask, 0);
	answered(f);
	crl = take_list(f, &alarms);
	assert_int_equal(alarms, 1);
	assert_int_equal(crl->params.number, 10);
	crl_free(&crl);
}

/* Tests: the chain. */

/* Entries with what proves the last of them, or NULL. */
static void
follow_proof(struct fixture *f, int64_t first, const char *const *body,
    size_t n, struct audit_head *head, const struct buf *proof, X509 *x)
{
	unsigned char	*cert = NULL;
	size_t		 i;
	int		 len = x != NULL ? i2d_X509(x, &cert) : 0;

	msg_init(&f->ask, WIRE_FOLLOW);
	msg_put_i64(&f->ask, 0);
	msg_put_u32(&f->ask, proof != NULL);
	if (proof != NULL)
		msg_put_blob(&f->ask, proof->p, proof->len);
	msg_put_u32(&f->ask, (uint32_t)n);
	for (i = 0; i < n; i++) {
		audit_advance(head, BYTES(body[i], strlen(body[i])));
		msg_put_i64(&f->ask, first + (int64_t)i);
		msg_put_blob(&f->ask, head->hash, 32);
		msg_put_blob(&f->ask, body[i], strlen(body[i]));
		msg_put_u32(&f->ask, proof != NULL && i == n - 1);
		msg_put_blob(&f->ask, cert, (size_t)len);
		msg_put_str(&f->ask, "officer");
	}
	OPENSSL_free(cert);
	answer(f);
}

static void
follow(struct fixture *f, int64_t first, const char *const *body, size_t n,
    struct audit_head *head)
{
	follow_proof(f, first, body, n, head, NULL, NULL);
}

static const char *const bodies[] = {
	"act=start\nat=2027-01-15T08:00:00Z\n",
	"act=holder-new\nat=2027-01-15T08:00:01Z\nholder=17\n",
	"act=start\nat=2027-01-15T08:00:02Z\n",
};

static void
signer_stops_when_history_was_rewritten(void **state)
{
	struct fixture		*f = *state;
	struct audit_head	 head = { .seq = 0 }, other;
	static const char *const forged[] = {
		"act=holder-new\nat=2027-01-15T08:00:01Z\nholder=18\n" };

	follow(f, 1, bodies, 2, &head);
	assert_int_equal(f->e.code, ERROR_NONE);
	/* Entry 2 comes back, but another. */
	other = (struct audit_head){ .seq = 0 };
	audit_advance(&other, BYTES(bodies[0], strlen(bodies[0])));
	follow(f, 2, forged, 1, &other);
	assert_int_equal(f->e.code, ERROR_UPSTREAM);
	assert_non_null(strstr(f->e.text, "does not continue"));
	/* And then nothing is issued, not even for good orders. */
	{
		struct buf	 blob;

		approve(f, &blob, tls_order(f, "www.example.org"), &f->officer,
		    NULL);
		assert_refused(f, &blob, ERROR_UPSTREAM, "does not continue");
		buf_clear(&blob);
	}
	/* Until the right store is back. */
	error_clear(&f->e);
	other = (struct audit_head){ .seq = 0 };
	audit_advance(&other, BYTES(bodies[0], strlen(bodies[0])));
	follow(f, 2, &bodies[1], 1, &other);
	assert_int_equal(f->e.code, ERROR_NONE);
}

static void
signer_stops_when_history_was_cut_off(void **state)
{
	struct fixture		*f = *state;
	struct audit_head	 head = { .seq = 0 };

	follow(f, 1, bodies, 3, &head);
	assert_int_equal(f->e.code, ERROR_NONE);
	follow(f, 4, bodies, 0, &head);
	assert_int_equal(f->e.code, ERROR_UPSTREAM);
	assert_non_null(strstr(f->e.text, "entry 3 is gone"));
	/* It is remembered, though nothing has been signed since. */
	signer_free(&f->signer);
	start(f);
	head = (struct audit_head){ .seq = 0 };
	follow(f, 1, bodies, 2, &head);
	assert_int_equal(f->e.code, ERROR_NONE);
	follow(f, 4, bodies, 0, &head);
	assert_non_null(strstr(f->e.text, "entry 3 is gone"));
}

static void
signer_stops_when_entries_are_missing_in_the_middle(void **state)
{
	struct fixture		*f = *state;
	struct audit_head	 head = { .seq = 0 };
	const char *const	*next = bodies + 2;

	follow(f, 1, bodies, 1, &head);
	assert_int_equal(f->e.code, ERROR_NONE);
	audit_advance(&head, BYTES(bodies[1], strlen(bodies[1])));
	/* Entry 3 fits to 2, which is not there; nor is 1, where we stood. */
	follow(f, 3, next, 1, &head);
	assert_int_equal(f->e.code, ERROR_UPSTREAM);
	assert_non_null(strstr(f->e.text, "entry 1 is gone"));
	signer_free(&f->signer);
	start(f);
	/* The next fits, but the one where we stood is not shown. */
	head = (struct audit_head){ .seq = 0 };
	follow(f, 1, bodies, 2, &head);
	assert_int_equal(f->e.code, ERROR_NONE);
	follow(f, 3, next, 1, &head);
	assert_int_equal(f->e.code, ERROR_UPSTREAM);
	assert_non_null(strstr(f->e.text, "entry 2 is gone"));
}

/* What HELLO says last. */
static bool
is_lost(struct fixture *f)
{
	const struct msg	*m = &f->answer;

	msg_init(&f->ask, WIRE_HELLO);
	answer(f);
	assert_int_equal(f->e.code, ERROR_NONE);
	return m->body.p[m->body.len - 1] != 0 ||
	    m->body.p[m->body.len - 4] != 0;
}

static void
lost_has(struct fixture *f, enum wire_lost what, int n)
{
	char	 ca[65];

	msg_init(&f->ask, WIRE_LOST);
	msg_put_u32(&f->ask, what);
	msg_put_i64(&f->ask, 0);
	answer(f);
	assert_int_equal(f->e.code, ERROR_NONE);
	while (n-- > 0) {
		assert_int_equal(msg_get_u32(&f->answer), 1);
		(void)msg_get_blob(&f->answer, 32);
		assert_int_equal(msg_get_u32(&f->answer), 0);
		msg_get_str(&f->answer, ca, sizeof(ca));
		assert_string_not_equal(ca, "");
		assert_int_equal(msg_get_blob(&f->answer,
		    CERT_SERIAL_SIZE).len, CERT_SERIAL_SIZE);
		assert_int_equal(msg_get_u32(&f->answer), 0);
	}
	assert_int_equal(msg_get_u32(&f->answer), 0);
	assert_int_equal(msg_get_i64(&f->answer), -1);
	assert_int_equal(msg_done(&f->answer, &f->e), 0);
}

static void
signer_goes_on_from_a_head_that_two_security_officers_name(void **state)
{
	struct fixture		*f = *state;
	struct audit_head	 head = { .seq = 0 }, seen;
	struct identity		 fourth;
	struct order		*o;
	struct buf		 blob;

	testpki_identity(&fourth, &f->pki, "P-256", "Security Two", "5",
	    OID_ROLE_SECURITY_OFFICER);
	follow(f, 1, bodies, 3, &head);
	seen = head;
	head = (struct audit_head){ .seq = 0 };
	audit_advance(&head, BYTES(bodies[0], strlen(bodies[0])));
	assert_int_equal(order_new(&o, ORDER_ADOPT, 3600, &f->clock, &f->rng,
	    &f->e), 0);
	o->audit_seq = head.seq;
	memcpy(o->audit_hash, head.hash, 32);
	approve(f, &blob, o, &f->security, NULL);
	msg_init(&f->ask, WIRE_ADOPT);
	msg_put_blob(&f->ask, blob.p, blob.len);
	answer(f);
	assert_int_equal(f->e.code, ERROR_UPSTREAM);
	assert_string_equal(f->e.text, "the audit chain continues here: there "
	    "is nothing to adopt");
	follow(f, 4, bodies, 0, &seen);
	assert_int_equal(f->e.code, ERROR_UPSTREAM);
	error_clear(&f->e);
	msg_init(&f->ask, WIRE_ADOPT);
	msg_put_blob(&f->ask, blob.p, blob.len);
	answer(f);
	assert_int_equal(f->e.code, ERROR_DENIED);
	{
		struct buf	 both = { 0 };

		assert_int_equal(approval_add(&both, BYTES(blob.p, blob.len),
		    &fourth, &f->clock, &f->e), 0);
		buf_clear(&blob);
		blob = both;
	}
	msg_init(&f->ask, WIRE_ADOPT);
	msg_put_blob(&f->ask, blob.p, blob.len);
	answer(f);
	if (f->e.code != ERROR_NONE)
		fail_msg("%s", f->e.text);
	assert_true(is_lost(f));
	X509_free(issue_tls(f, "www.example.org"));
	lost_has(f, WIRE_LOST_CERTS, 1);
	lost_has(f, WIRE_LOST_STATUS, 0);
	assert_true(is_lost(f));
	/* Also after a crash, until it was looked. */
	signer_free(&f->signer);
	start(f);
	assert_true(is_lost(f));
	lost_has(f, WIRE_LOST_CERTS, 1);
	msg_init(&f->ask, WIRE_LOST);
	msg_put_u32(&f->ask, WIRE_LOST_CERTS);
	msg_put_i64(&f->ask, -1);
	answer(f);
	assert_int_equal(f->e.code, ERROR_NONE);
	assert_false(is_lost(f));
	follow(f, 4, bodies, 0, &seen);
	error_clear(&f->e);
	msg_init(&f->ask, WIRE_ADOPT);
	msg_put_blob(&f->ask, blob.p, blob.len);
	answer(f);
	assert_int_equal(f->e.code, ERROR_CONFLICT);
	buf_clear(&blob);
	testpki_identity_clear(&fourth);
}

/* An entry as another instance, or whoever owns the store, would write it. */
static void
entry_by(struct fixture *f, struct buf *b, const char *instance,
    const char *act, const struct buf *order, X509 *x)
{
	struct approved	*a = NULL;

	assert_int_equal(approval_open(&a, BYTES(order->p, order->len), &f->e),
	    0);
	entry_of(b, instance, act, a->digest, x);
	approval_free(&a);
}

static void
entry_by_other(struct fixture *f, struct buf *b, const char *act,
    const struct buf *order, X509 *x)
{
	entry_by(f, b, "other", act, order, x);
}

/* Alarms of the next list; x is the row that the store has, or NULL. */
static uint32_t
alarms_of_list(struct fixture *f, X509 *x, size_t entries)
{
	struct crl	*crl;
	uint32_t	 differences, alarms;

	crl = make_list(f, x, NULL, &differences, &alarms);
	assert_int_equal(differences, 1);
	assert_int_equal(crl->n, entries);
	crl_free(&crl);
	return alarms;
}

/* The chain with one entry more. */
struct told {
	struct buf	 entry[4];
	size_t		 n;
};

static void
settle(struct fixture *f, struct told *t, const char *act,
    const struct buf *order, X509 *x)
{
	struct audit_head	 head = { .seq = 0 };
	const char		*body[4];

	entry_by(f, &t->entry[t->n++], f->conf.instance, act, order, x);
	for (size_t i = 0; i < t->n; i++)
		body[i] = buf_cstr(&t->entry[i]);
	follow(f, 1, body, t->n, &head);
	assert_int_equal(f->e.code, ERROR_NONE);
}

static void
signer_misses_only_what_the_store_has_had(void **state)
{
	struct fixture		*f = *state;
	struct told		 chain = { .n = 0 };
	X509			*x = issue_tls(f, "www.example.org");
	struct buf		 hold, release;

	approve(f, &hold, status_order(f, ORDER_HOLD, "services", x),
	    &f->officer, NULL);
	assert_int_equal(change(f, &hold, x, "tls-server"), 1);
	/* On its way, in a transaction. */
	assert_int_equal(alarms_of_list(f, NULL, 1), 0);
	f->clock.value++;
	approve(f, &release, status_order(f, ORDER_RELEASE, "services", x),
	    &f->officer, NULL);
	settle(f, &chain, "hold", &release, x);
	assert_int_equal(alarms_of_list(f, NULL, 1), 0);
	settle(f, &chain, "hold", &hold, x);
	assert_int_equal(alarms_of_list(f, NULL, 1), 1);
	assert_non_null(strstr(f->alarm, "the store lacks"));
	/* The same of a release: the row is still on hold. */
	assert_int_equal(change(f, &release, x, "tls-server"), 1);
	assert_int_equal(alarms_of_list(f, x, 0), 0);
	settle(f, &chain, "release", &release, x);
	assert_int_equal(alarms_of_list(f, x, 0), 1);
	assert_non_null(strstr(f->alarm, "without an order"));
	/* Once more: it never arrived, as after a crash. */
	assert_int_equal(change(f, &release, x, "tls-server"), 1);
	assert_int_equal(alarms_of_list(f, x, 0), 0);
	for (size_t i = 0; i < chain.n; i++)
		buf_clear(&chain.entry[i]);
	buf_clear(&hold);
	buf_clear(&release);
	X509_free(x);
}

static void
restart(struct fixture *f)
{
	signer_free(&f->signer);
	start(f);
}

/* Killed between its ledger and the store's COMMIT. */
static void
signer_misses_nothing_that_was_under_way_when_it_was_killed(void **state)
{
	struct fixture	*f = *state;
	X509		*x = issue_tls(f, "www.example.org");

	assert_int_equal(change_by(f, ORDER_REVOKE, x, "tls-server",
	    &f->officer), 1);
	restart(f);
	assert_int_equal(alarms_of_list(f, NULL, 1), 0);
	f->clock.value += 599;
	assert_int_equal(alarms_of_list(f, NULL, 1), 0);
	/* A store that keeps it under way for ever is found as well. */
	f->clock.value++;
	assert_int_equal(alarms_of_list(f, NULL, 1), 1);
	assert_non_null(strstr(f->alarm, "the store lacks"));
	restart(f);
	assert_int_equal(alarms_of_list(f, NULL, 1), 0);
	told(f, "revoke", x);
	assert_int_equal(alarms_of_list(f, NULL, 1), 1);
	/* What it has had, it has had. */
	restart(f);
	assert_int_equal(alarms_of_list(f, NULL, 1), 1);
	assert_non_null(strstr(f->alarm, "the store lacks"));
	X509_free(x);
}

static void
signer_learns_from_the_chain_what_others_used_and_revoked(void **state)
{
	struct fixture		*f = *state;
	struct audit_head	 head = { .seq = 0 };
	struct buf		 blob, order, used = { 0 }, revoked = { 0 };
	const char		*body[2];

	approve(f, &blob, tls_order(f, "www.example.org"), &f->officer, NULL);
	approve(f, &order, status_order(f, ORDER_REVOKE, "services",
	    f->second.cert), &f->security, NULL);
	entry_by_other(f, &used, "issue", &blob, NULL);
	entry_by_other(f, &revoked, "revoke", &order, f->second.cert);
	body[0] = buf_cstr(&used);
	body[1] = buf_cstr(&revoked);
	follow_proof(f, 1, body, 2, &head, &order, f->second.cert);
	if (f->e.code != ERROR_NONE)
		fail_msg("%s", f->e.text);
	assert_refused(f, &blob, ERROR_CONFLICT, "used before");
	refuse_approved_by(f, &f->second, "revoked");
	buf_clear(&blob);
	buf_clear(&order);
	buf_clear(&used);
	buf_clear(&revoked);
}

static struct order *
reject_order(struct fixture *f, const struct buf *blob)
{
	struct approved	*a = NULL;
	struct order	*o;

	assert_int_equal(approval_open(&a, BYTES(blob->p, blob->len), &f->e),
	    0);
	assert_int_equal(order_new(&o, ORDER_REJECT, 3600, &f->clock, &f->rng,
	    &f->e), 0);
	memcpy(o->rejects, a->digest, 32);
	approval_free(&a);
	return o;
}

static void
ask_reject(struct fixture *f, const struct buf *blob)
{
	msg_init(&f->ask, WIRE_REJECT);
	msg_put_blob(&f->ask, blob->p, blob->len);
	answer(f);
}

static void
signer_never_carries_out_what_an_officer_has_rejected(void **state)
{
	struct fixture	*f = *state;
	struct buf	 blob, no;

	approve(f, &blob, tls_order(f, "www.example.org"), &f->officer, NULL);
	approve(f, &no, reject_order(f, &blob), NULL, NULL);
	ask_reject(f, &no);
	assert_int_equal(f->e.code, ERROR_DENIED);
	assert_non_null(strstr(f->e.text, "has nobody"));
	X509_free(issue_tls(f, "mail.example.org"));
	buf_clear(&no);
	approve(f, &no, reject_order(f, &blob), &f->second, NULL);
	ask_reject(f, &no);
	if (f->e.code != ERROR_NONE)
		fail_msg("%s", f->e.text);
	/* Whose COMMIT was lost asks again. */
	ask_reject(f, &no);
	assert_int_equal(f->e.code, ERROR_NONE);
	assert_refused(f, &blob, ERROR_DENIED, "rejected the order");
	signer_free(&f->signer);
	start(f);
	assert_refused(f, &blob, ERROR_DENIED, "rejected the order");
	ask_reject(f, &blob);
	assert_int_equal(f->e.code, ERROR_BUG);
	buf_clear(&blob);
	buf_clear(&no);
}

/* "reject" as another instance writes it. */
static void
rejected_by_other(struct fixture *f, struct buf *b, const struct buf *no)
{
	struct approved	*a = NULL;

	assert_int_equal(approval_open(&a, BYTES(no->p, no->len), &f->e), 0);
	audit_begin(b, "reject", NOW);
	audit_hex(b, "order", a->digest, 32);
	audit_hex(b, "rejects", a->order->rejects, 32);
	audit_str(b, "instance", "other");
	approval_free(&a);
}

static void
signer_learns_what_others_were_told_to_reject_by_its_order(void **state)
{
	struct fixture		*f = *state;
	struct audit_head	 head = { .seq = 0 };
	struct buf		 blob, no, entry = { 0 };
	const char		*body[1];

	approve(f, &blob, tls_order(f, "www.example.org"), &f->officer, NULL);
	approve(f, &no, reject_order(f, &blob), NULL, NULL);
	rejected_by_other(f, &entry, &no);
	body[0] = buf_cstr(&entry);
	follow_proof(f, 1, body, 1, &head, &no, f->second.cert);
	assert_int_equal(f->e.code, ERROR_UPSTREAM);
	assert_non_null(strstr(f->e.text, "has no order that proves it"));
	signer_free(&f->signer);
	start(f);
	buf_clear(&no);
	buf_clear(&entry);
	approve(f, &no, reject_order(f, &blob), &f->security, NULL);
	rejected_by_other(f, &entry, &no);
	body[0] = buf_cstr(&entry);
	head = (struct audit_head){ .seq = 0 };
	follow_proof(f, 1, body, 1, &head, &no, f->second.cert);
	if (f->e.code != ERROR_NONE)
		fail_msg("%s", f->e.text);
	assert_refused(f, &blob, ERROR_DENIED, "rejected the order");
	buf_clear(&blob);
	buf_clear(&no);
	buf_clear(&entry);
}

static void
signer_stops_at_a_revocation_that_no_order_proves(void **state)
{
	struct fixture		*f = *state;
	struct audit_head	 head = { .seq = 0 };
	struct buf		 order, entry = { 0 };
	const char		*body[1];

	/* An officer may not revoke an officer. */
	approve(f, &order, status_order(f, ORDER_REVOKE, "services",
	    f->second.cert), &f->officer, NULL);
	entry_by_other(f, &entry, "revoke", &order, f->second.cert);
	body[0] = buf_cstr(&entry);
	follow_proof(f, 1, body, 1, &head, &order, f->second.cert);
	assert_int_equal(f->e.code, ERROR_UPSTREAM);
	assert_non_null(strstr(f->e.text, "entry 1 has no order that proves "
	    "it: needs security-officer"));
	signer_free(&f->signer);
	start(f);
	head = (struct audit_head){ .seq = 0 };
	follow(f, 1, body, 1, &head);
	assert_non_null(strstr(f->e.text, "its order is not in the store"));
	/* Nothing of it has stuck. */
	signer_free(&f->signer);
	start(f);
	{
		struct prepared_reply	 r;
		struct buf		 blob;

		approve(f, &blob, tls_order(f, "www.example.org"), &f->second,
		    NULL);
		assert_int_equal(prepare_single(f, &blob, &r), 0);
		buf_clear(&r.tbs);
		buf_clear(&blob);
	}
	buf_clear(&order);
	buf_clear(&entry);
}

static void
signer_signs_no_bytes_that_only_the_chain_vouches_for(void **state)
{
	struct fixture		*f = *state;
	struct audit_head	 head = { .seq = 0 };
	struct prepared_reply	 r;
	struct approved		*a = NULL;
	struct buf		 blob, entry = { 0 };
	const char		*body[1];
	uint8_t			 digest[32];

	approve(f, &blob, tls_order(f, "www.example.org"), &f->officer, NULL);
	assert_int_equal(prepare_single(f, &blob, &r), 0);
	assert_int_equal(approval_open(&a, BYTES(blob.p, blob.len), &f->e), 0);
	/* What somebody would like to have signed. */
	r.tbs.p[r.tbs.len - 1] ^= 1;
	SHA256(r.tbs.p, r.tbs.len, digest);
	audit_begin(&entry, "issue", NOW);
	audit_hex(&entry, "order", a->digest, 32);
	audit_num(&entry, "n", 0);
	audit_hex(&entry, "tbs", digest, 32);
	audit_str(&entry, "expires", "2027-02-01T00:00:00Z");
	audit_str(&entry, "instance", "other");
	body[0] = buf_cstr(&entry);
	follow(f, 1, body, 1, &head);
	assert_int_equal(f->e.code, ERROR_NONE);
	assert_null(sign(f, a->digest, 0, r.serial, BYTES(r.tbs.p,
	    r.tbs.len)));
	assert_non_null(strstr(f->e.text, "never prepared here"));
	approval_free(&a);
	buf_clear(&r.tbs);
	buf_clear(&entry);
	buf_clear(&blob);
}

/* Tests: start. */

static void
signer_starts_without_one_of_its_keys_but_not_without_all(void **state)
{
	struct fixture	*f = *state;
	struct buf	 notes = { 0 };
	struct buf	 blob;

	signer_free(&f->signer);
	unlink(f->ca[1].key);
	assert_int_equal(signer_new(&f->signer, &f->conf, &f->clock, &f->rng,
	    &notes, &f->e), 0);
	assert_non_null(strstr(buf_cstr(&notes), "CA people: "));
	X509_free(issue_tls(f, "www.example.org"));
	approve(f, &blob, batch_order(f, 1, true), &f->officer, &f->second);
	{
		struct prepared_reply	 r;
		uint8_t			 digest[32];

		open_batch(f, &blob, digest);
		assert_int_equal(prepare_item(f, digest, 1, NULL, &r), -1);
		assert_int_equal(f->e.code, ERROR_UPSTREAM);
		assert_non_null(strstr(f->e.text,
		    "CA people has no usable key"));
	}
	buf_clear(&blob);
	buf_clear(&notes);
	signer_free(&f->signer);
	unlink(f->ca[0].key);
	error_clear(&f->e);
	assert_int_equal(signer_new(&f->signer, &f->conf, &f->clock, &f->rng,
	    &notes, &f->e), -1);
	assert_non_null(strstr(f->e.text, "no CA has a usable key"));
	buf_clear(&notes);
}

static void
signer_takes_no_group_that_is_too_large(void **state)
{
	static const uint32_t	 types[] = { WIRE_PREPARE, WIRE_SIGN,
				    WIRE_RESUME };
	static const uint32_t	 n[] = { WIRE_GROUP_MAX + 1, UINT32_MAX };
	struct fixture		*f = *state;
	char			 text[64];
	size_t			 i, k;

	for (i = 0; i < 3; i++)
		for (k = 0; k < 2; k++) {
			msg_init(&f->ask, types[i]);
			msg_put_u32(&f->ask, n[k]);
			answer(f);
			snprintf(text, sizeof(text), "group of %u is too large",
			    n[k]);
			assert_int_equal(f->e.code, ERROR_BUG);
			assert_string_equal(f->e.text, text);
		}
}

static void
signer_answers_nonsense_with_an_error(void **state)
{
	struct fixture	*f = *state;
	uint32_t	 type, seed = 1, i, k;

	for (type = 0; type < WIRE__MAX + 2; type++)
		for (i = 0; i < 200; i++) {
			msg_init(&f->ask, type);
			for (k = 0; k < i; k++) {
				seed = seed * 1103515245 + 12345;
				buf_byte(&f->ask.body, (uint8_t)(seed >> 16));
			}
			signer_answer(f->signer, &f->ask, &f->answer);
		}
	X509_free(issue_tls(f, "www.example.org"));
}

#define T(name)	cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		T(signer_refuses_an_order_that_nobody_signed),
		T(signer_refuses_a_role_that_may_not_approve),
		T(signer_refuses_an_officer_of_another_hierarchy),
		T(signer_refuses_an_officer_certified_by_the_people_ca),
		T(signer_refuses_an_officer_whose_certificate_has_expired),
		T(signer_refuses_a_swapped_request),
		T(signer_takes_no_edited_order_for_another),
		T(signer_refuses_expired_orders_and_orders_from_the_future),
		T(signer_refuses_an_order_that_lives_longer_than_its_profile_allows),
		T(signer_refuses_profiles_and_cas_that_do_not_belong_together),
		T(signer_refuses_a_digest_of_another_length),
		T(signer_issues_what_the_order_says_and_uses_it_once),
		T(signer_signs_bytes_of_the_store_only_if_it_made_them),
		T(signer_forgets_what_was_prepared_under_another_serial),
		T(signer_takes_a_one_time_code_for_one_request_only),
		T(signer_refuses_a_batch_approved_twice_by_one_person),
		T(signer_uses_each_item_of_a_batch_once),
		T(signer_takes_a_stations_order_for_its_own_item_only),
		T(signer_refuses_revocation_without_the_right_role),
		T(signer_believes_a_revoked_officer_no_more),
		T(signer_lets_no_replayed_release_undo_a_later_hold),
		T(signer_keeps_a_revoked_certificate_revoked),
		T(signer_lets_no_release_be_said_again_that_may_be_of_before_a_hold),
		T(signer_says_again_what_the_store_may_have_lost),
		T(signer_refuses_another_certificate_in_place_of_the_target),
		T(signer_revokes_what_its_ca_has_signed_in_other_ways_before),
		T(signer_keeps_an_entry_that_the_store_has_dropped),
		T(signer_lists_no_certificate_without_an_order),
		T(signer_makes_deltas_of_what_its_ledger_says_since),
		T(signer_takes_parts_of_a_list_only_in_turn),
		T(signer_learns_no_list_that_is_none_of_its_ca),
		T(signer_lists_only_what_the_order_says_by_those_who_may),
		T(signer_drops_no_entry_for_a_release_older_than_the_hold),
		T(signer_drops_an_expired_entry_after_one_more_list),
		T(signer_makes_no_list_that_is_older_than_the_last),
		T(signer_stops_when_history_was_rewritten),
		T(signer_stops_when_history_was_cut_off),
		T(signer_stops_when_entries_are_missing_in_the_middle),
		T(signer_goes_on_from_a_head_that_two_security_officers_name),
		T(signer_learns_from_the_chain_what_others_used_and_revoked),
		T(signer_misses_only_what_the_store_has_had),
		T(signer_misses_nothing_that_was_under_way_when_it_was_killed),
		T(signer_never_carries_out_what_an_officer_has_rejected),
		T(signer_learns_what_others_were_told_to_reject_by_its_order),
		T(signer_stops_at_a_revocation_that_no_order_proves),
		T(signer_signs_no_bytes_that_only_the_chain_vouches_for),
		T(signer_starts_without_one_of_its_keys_but_not_without_all),
		T(signer_takes_no_group_that_is_too_large),
		T(signer_answers_nonsense_with_an_error),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
