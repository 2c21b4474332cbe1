/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/secret.h"
#include "base/text.h"
#include "cli/audit_verify.h"
#include "os/file.h"
#include "tests/lib/testbundle.h"

struct fixture {
	char			 dir[64], heads[80];
	struct testbundle	 w;
	struct audit_report	 report;
	bool			 pushed;	/* give heads to the audit */
};

static int
setup(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));

	snprintf(f->dir, sizeof(f->dir), "/tmp/signet-audit.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->heads, sizeof(f->heads), "%s/pushed", f->dir);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture	*f = *state;
	char		*path;
	int		 i;

	for (i = 0; i < BUNDLE__MAX; i++) {
		path = file_join(f->dir, bundle_name(i));
		unlink(path);
		mem_free(&path);
	}
	unlink(f->heads);
	rmdir(f->dir);
	audit_report_clear(&f->report);
	testbundle_clear(&f->w);
	mem_free(&f);
	return 0;
}

static void
audit(struct fixture *f)
{
	struct error		 e = ERROR_INIT;
	struct audit_input	 in = { .dir = f->dir, .roots = f->w.pki.anchors,
				    .officers_ca = "services" };

	if (f->pushed)
		in.heads = f->heads;
	if (audit_verify(&f->report, &in, &e) == -1)
		fail_msg("%s", e.text);
}

static void
write_and_audit(struct fixture *f)
{
	testbundle_write(&f->w, f->dir, 0, 0, NULL);
	audit(f);
}

/* The finding of a check that has this text in it. */
static const struct audit_finding *
finding(const struct audit_report *r, enum audit_check check,
    const char *text)
{
	size_t	 i;

	for (i = 0; i < r->check[check].n; i++)
		if (strstr(r->check[check].v[i].text, text) != NULL)
			return &r->check[check].v[i];
	audit_report_print(stderr, false, r);
	fail_msg("no finding \"%s\"", text);
	return NULL;
}

/* Exactly one finding, in this check, with this text. */
static const struct audit_finding *
only(const struct audit_report *r, enum audit_check check, const char *text)
{
	const struct audit_finding	*found = finding(r, check, text);

	if (audit_report_failed(r) != 1)
		audit_report_print(stderr, false, r);
	assert_int_equal(audit_report_failed(r), 1);
	return found;
}

static void
assert_about(const struct audit_finding *found,
    const struct testbundle_cert *c)
{
	char	 serial[43], id[33];

	assert_string_equal(found->serial,
	    text_hex(serial, c->serial, c->serial_len));
	assert_string_equal(found->order, text_hex(id, c->order_id, 16));
}

/* The chain and its heads. */

static void
a_changed_entry_is_named(void **state)
{
	struct fixture	*f = *state;
	char		*before;
	int64_t		 seq;

	testbundle_make(&f->w);
	seq = f->w.alice.entry - 1;
	before = mem_strdup(buf_cstr(&f->w.body.v[seq - 1]));
	testbundle_edit(&f->w.body.v[seq - 1], "person=o1", "person=o9");
	testbundle_write(&f->w, f->dir, 0, seq, before);
	audit(f);
	assert_int_equal(only(&f->report, AUDIT_CHAIN,
	    "has been changed")->seq, seq);
	mem_free(&before);
}

static void
a_missing_entry_is_named(void **state)
{
	struct fixture			*f = *state;
	const struct audit_finding	*found;

	testbundle_make(&f->w);
	testbundle_write(&f->w, f->dir, 1, 0, NULL);
	audit(f);
	found = only(&f->report, AUDIT_CHAIN, "entries are missing before it");
	assert_int_equal(found->seq, 2);
}

static void
history_rewritten_with_good_hashes_is_told_by_the_signed_head(void **state)
{
	struct fixture	*f = *state;

	testbundle_make(&f->w);
	testbundle_edit(&f->w.body.v[0], "act=start", "act=stop");
	write_and_audit(f);
	assert_int_equal(finding(&f->report, AUDIT_HEADS,
	    "history was rewritten: the head of the store")->seq,
	    f->w.first_head);
	assert_int_equal(f->report.check[AUDIT_CHAIN].failed, 0);
	assert_int_equal(f->report.check[AUDIT_HEADS].failed, 2);
}

static void
history_cut_off_is_told_by_a_head_that_was_pushed(void **state)
{
	struct fixture	*f = *state;

	f->w.alarm = true;
	testbundle_make(&f->w);
	testbundle_write_heads(&f->w, f->heads);
	f->pushed = true;
	testbundle_remove(&f->w.body, f->w.body.n - 1);
	testbundle_remove(&f->w.part[BUNDLE_HEADS], 1);
	write_and_audit(f);
	assert_int_equal(only(&f->report, AUDIT_HEADS,
	    "history was cut off: the head pushed off the machine")->seq,
	    f->w.body.n + 1);
}

static void
a_head_signed_by_somebody_else_counts_for_nothing(void **state)
{
	struct fixture			*f = *state;
	struct error			 e = ERROR_INIT;
	struct audit_signed_head	 h = { .at = TESTPKI_NOW,
					    .instance = "cad1" };
	struct identity			 id = { 0 };
	struct buf			*cms;

	testbundle_make(&f->w);
	h.head = f->w.chain;
	testpki_identity_of(&id, &f->w.pki, f->w.officer.cert,
	    f->w.officer.key);
	cms = &f->w.part[BUNDLE_HEADS].v[1];
	cms->len = 0;
	assert_int_equal(audit_head_sign(cms, &h, &id, &e), 0);
	testpki_identity_clear(&id);
	write_and_audit(f);
	finding(&f->report, AUDIT_HEADS, "head number 2: ");
	assert_int_equal(f->report.check[AUDIT_HEADS].failed, 1);
}

static void
another_root_is_not_believed(void **state)
{
	struct fixture		*f = *state;
	struct error		 e = ERROR_INIT;
	struct testpki		 other;
	struct audit_input	 in = { .dir = f->dir,
				    .officers_ca = "services" };

	testbundle_make(&f->w);
	testbundle_write(&f->w, f->dir, 0, 0, NULL);
	testpki_init(&other, TESTPKI_NOW);
	in.roots = other.anchors;
	assert_int_equal(audit_verify(&f->report, &in, &e), 0);
	finding(&f->report, AUDIT_CAS, "is not the given root");
	finding(&f->report, AUDIT_HEADS, "head number 1");
	testpki_clear(&other);
}

/* Certificates. */

static void
a_certificate_without_an_entry_is_named(void **state)
{
	struct fixture		*f = *state;
	struct testpki_spec	 spec = { .name = "Mallory", .serial = 66 };
	unsigned char		*der = NULL;
	X509			*cert;
	int			 n;

	testbundle_make(&f->w);
	cert = testpki_cert(&f->w.pki, &spec, f->w.alice.key, f->w.pki.people,
	    f->w.pki.people_key);
	n = i2d_X509(cert, &der);
	buf_add(&f->w.part[BUNDLE_CERTS].v[f->w.part[BUNDLE_CERTS].n++], der,
	    (size_t)n);
	OPENSSL_free(der);
	X509_free(cert);
	write_and_audit(f);
	assert_string_equal(finding(&f->report, AUDIT_CERTS,
	    "no entry says that it was issued")->serial, "42");
	finding(&f->report, AUDIT_STATUS, "does not tell its status");
}

static void
an_entry_without_its_certificate_is_named(void **state)
{
	struct fixture			*f = *state;
	const struct audit_finding	*found;
	char				 hex[43];

	testbundle_make(&f->w);
	testbundle_remove(&f->w.part[BUNDLE_CERTS],
	    f->w.part[BUNDLE_CERTS].n - 1);
	write_and_audit(f);
	found = finding(&f->report, AUDIT_CERTS,
	    "no certificate with this digest");
	assert_string_equal(found->serial, text_hex(hex, f->w.dave.serial,
	    f->w.dave.serial_len));
	assert_int_equal(found->seq, f->w.dave.entry);
	finding(&f->report, AUDIT_STATUS, "that is not in certs.pem");
}

static void
a_certificate_signed_by_a_stranger_is_named(void **state)
{
	struct fixture		*f = *state;
	struct testpki_spec	 spec = { .name = "Mallory", .serial = 66 };
	struct testpki		 other;
	struct buf		*slot;
	unsigned char		*der = NULL;
	X509			*cert;
	int			 n;

	testbundle_make(&f->w);
	testpki_init(&other, TESTPKI_NOW);
	cert = testpki_cert(&other, &spec, f->w.alice.key, other.people,
	    other.people_key);
	n = i2d_X509(cert, &der);
	slot = &f->w.part[BUNDLE_CERTS].v[f->w.part[BUNDLE_CERTS].n++];
	buf_add(slot, der, (size_t)n);
	OPENSSL_free(der);
	X509_free(cert);
	testpki_clear(&other);
	write_and_audit(f);
	assert_string_equal(finding(&f->report, AUDIT_CERTS,
	    "its signature is by none of the CAs")->serial, "42");
}

static void
other_names_than_ordered_are_named(void **state)
{
	struct fixture	*f = *state;

	f->w.alice_name = "Mallory Grey";
	testbundle_make(&f->w);
	write_and_audit(f);
	assert_about(only(&f->report, AUDIT_NAMES,
	    "CN \"Mallory Grey\" is not in the order"), &f->w.alice);
}

static void
another_mail_address_than_ordered_is_named(void **state)
{
	struct fixture	*f = *state;

	f->w.alice_mail = "mallory@example.org";
	testbundle_make(&f->w);
	write_and_audit(f);
	assert_about(only(&f->report, AUDIT_NAMES,
	    "mail address \"mallory@example.org\" is not in the order"),
	    &f->w.alice);
}

/* Requests. */

static void
another_request_than_approved_is_named(void **state)
{
	struct fixture	*f = *state;

	f->w.wrong_request = true;
	testbundle_make(&f->w);
	write_and_audit(f);
	assert_about(finding(&f->report, AUDIT_REQUESTS,
	    "the request is not the one that was approved"), &f->w.alice);
	finding(&f->report, AUDIT_REQUESTS, "is not in requests.pem");
}

static void
a_request_without_proof_of_possession_is_named(void **state)
{
	struct fixture	*f = *state;
	struct buf	*b;

	testbundle_make(&f->w);
	b = &f->w.part[BUNDLE_REQUESTS].v[f->w.part[BUNDLE_REQUESTS].n - 1];
	b->p[b->len - 1] ^= 1;
	write_and_audit(f);
	finding(&f->report, AUDIT_REQUESTS, "its request is not in");
}

static void
a_code_that_was_not_given_is_named(void **state)
{
	struct fixture	*f = *state;

	f->w.wrong_code = true;
	testbundle_make(&f->w);
	write_and_audit(f);
	assert_about(only(&f->report, AUDIT_REQUESTS,
	    "the one-time code was not given"), &f->w.bob);
}

/* Orders. */

static void
an_order_that_is_gone_is_named(void **state)
{
	struct fixture	*f = *state;

	testbundle_make(&f->w);
	testbundle_remove(&f->w.part[BUNDLE_ORDERS], 5);
	write_and_audit(f);
	finding(&f->report, AUDIT_ORDERS, "is not in orders.pem");
	assert_int_equal(f->report.check[AUDIT_CHAIN].failed, 0);
}

static void
a_changed_order_is_named_by_its_id(void **state)
{
	struct fixture			*f = *state;
	const struct audit_finding	*found;
	struct buf			*b;
	char				 id[33];
	size_t				 i;

	testbundle_make(&f->w);
	b = &f->w.part[BUNDLE_ORDERS].v[5];
	for (i = 0; i + 10 < b->len; i++)
		if (memcmp(b->p + i, "Alice Holm", 10) == 0)
			break;
	assert_true(i + 10 < b->len);
	b->p[i] = 'B';
	write_and_audit(f);
	found = finding(&f->report, AUDIT_ORDERS,
	    "the signature is over another order");
	assert_string_equal(found->order, text_hex(id, f->w.alice.order_id,
	    16));
}

static void
an_approval_taken_out_of_an_order_is_named(void **state)
{
	struct fixture	*f = *state;
	struct error	 e = ERROR_INIT;
	struct approved	*a = NULL;
	struct buf	*b;

	testbundle_make(&f->w);
	b = &f->w.part[BUNDLE_ORDERS].v[5];
	assert_int_equal(approval_open(&a, BYTES(b->p, b->len), &e), 0);
	b->len = 0;
	assert_int_equal(approval_wrap(b, a->order, &e), 0);
	approval_free(&a);
	write_and_audit(f);
	finding(&f->report, AUDIT_ORDERS,
	    "the approval by o1 is gone from the order");
	finding(&f->report, AUDIT_ORDERS, "without sufficient approval");
}

static void
an_act_that_nobody_approved_is_named(void **state)
{
	struct fixture	*f = *state;

	f->w.nobody_approves = true;
	testbundle_make(&f->w);
	write_and_audit(f);
	assert_about(only(&f->report, AUDIT_ORDERS, "issue without sufficient "
	    "approval: "), &f->w.alice);
}

static void
an_approver_of_another_installation_is_named(void **state)
{
	struct fixture	*f = *state;

	f->w.stranger_approves = true;
	testbundle_make(&f->w);
	write_and_audit(f);
	assert_non_null(strstr(only(&f->report, AUDIT_ORDERS,
	    "without sufficient approval")->text, "Stranger"));
}

static void
an_approver_who_had_been_revoked_is_named(void **state)
{
	struct fixture	*f = *state;

	f->w.officer_revoked = true;
	testbundle_make(&f->w);
	write_and_audit(f);
	assert_about(only(&f->report, AUDIT_ORDERS,
	    "had been revoked before, in entry"), &f->w.alice);
}

static void
an_approver_revoked_while_the_act_was_under_way_is_only_noted(void **state)
{
	struct fixture	*f = *state;

	f->w.officer_just_revoked = true;
	testbundle_make(&f->w);
	write_and_audit(f);
	assert_true(finding(&f->report, AUDIT_ORDERS,
	    "an approver was revoked 10 seconds before")->is_note);
	assert_int_equal(audit_report_failed(&f->report), 0);
}

static void
an_officer_made_by_one_security_officer_is_named(void **state)
{
	struct fixture	*f = *state;

	f->w.lone_security_officer = true;
	testbundle_make(&f->w);
	write_and_audit(f);
	only(&f->report, AUDIT_ORDERS, "without sufficient approval");
}

static void
an_order_used_twice_is_named(void **state)
{
	struct fixture	*f = *state;

	f->w.used_twice = true;
	testbundle_make(&f->w);
	write_and_audit(f);
	finding(&f->report, AUDIT_ORDERS, "the order was used for this item "
	    "before");
	assert_int_equal(f->report.check[AUDIT_ORDERS].failed, 1);
}

static void
an_order_used_though_rejected_is_named(void **state)
{
	struct fixture	*f = *state;

	f->w.rejected = true;
	testbundle_make(&f->w);
	write_and_audit(f);
	assert_about(only(&f->report, AUDIT_ORDERS,
	    "the order had been rejected"), &f->w.alice);
}

static void
an_order_that_was_never_handed_in_is_named(void **state)
{
	struct fixture	*f = *state;

	f->w.not_handed_in = true;
	testbundle_make(&f->w);
	write_and_audit(f);
	assert_about(finding(&f->report, AUDIT_ORDERS,
	    "no entry says that the order was handed in"), &f->w.alice);
}

static void
an_order_used_after_its_expiry_is_named(void **state)
{
	struct fixture	*f = *state;

	f->w.late = true;
	testbundle_make(&f->w);
	write_and_audit(f);
	assert_about(only(&f->report, AUDIT_ORDERS,
	    "the order was used after it had expired"), &f->w.alice);
}

/* Approvals in the browser. */

static void
by_assertion(struct fixture *f)
{
	f->w.by_assertion = true;
	testbundle_make(&f->w);
	write_and_audit(f);
}

static void
an_approval_in_the_browser_is_proven_by_the_root_alone(void **state)
{
	struct fixture	*f = *state;

	by_assertion(f);
	if (audit_report_failed(&f->report) != 0)
		audit_report_print(stderr, false, &f->report);
	assert_int_equal(audit_report_failed(&f->report), 0);
}

/* What was issued on it is named, too. */
static void
assert_no_order(struct fixture *f)
{
	char	 hex[43];

	assert_string_equal(finding(&f->report, AUDIT_ORDERS,
	    "issue: the order with digest")->serial, text_hex(hex,
	    f->w.alice.serial, f->w.alice.serial_len));
}

static void
an_assertion_made_for_another_order_is_named(void **state)
{
	struct fixture			*f = *state;
	const struct audit_finding	*found;
	char				 id[33];

	f->w.asserted_other = true;
	by_assertion(f);
	found = finding(&f->report, AUDIT_ORDERS, "the assertion was made for "
	    "something else: its challenge is not the one asked for");
	assert_string_equal(found->order, text_hex(id, f->w.alice.order_id,
	    16));
	assert_no_order(f);
}

/* As who owns the store would; it does not have the RA's key. */
static void
a_changed_assertion_is_named(void **state)
{
	struct fixture	*f = *state;
	struct buf	*b;
	const char	*origin = "\"https://ra.example.org\"";
	size_t		 i, n = strlen(origin);

	f->w.by_assertion = true;
	testbundle_make(&f->w);
	b = &f->w.part[BUNDLE_ORDERS].v[7];
	for (i = 0; i + n < b->len && memcmp(b->p + i, origin, n) != 0; i++)
		;
	assert_true(i + n < b->len);
	b->p[i + 9] = 'b';
	write_and_audit(f);
	finding(&f->report, AUDIT_ORDERS, "signature does not verify");
	assert_no_order(f);
}

static void
a_credential_bound_by_one_security_officer_is_named(void **state)
{
	struct fixture	*f = *state;

	f->w.bound_by_one = true;
	by_assertion(f);
	finding(&f->report, AUDIT_ORDERS, "bind without sufficient approval: "
	    "needs security-officer and security-officer; has "
	    "security-officer so1 (Sigrid Ost)");
	assert_about(finding(&f->report, AUDIT_ORDERS, "issue without "
	    "sufficient approval: approval by officer o1 (Olga Vik): order "
	    "that binds the credential: needs security-officer"),
	    &f->w.alice);
}

static void
a_credential_that_was_never_bound_is_named(void **state)
{
	struct fixture	*f = *state;

	f->w.never_bound = true;
	by_assertion(f);
	assert_about(only(&f->report, AUDIT_ORDERS, "no entry says that the "
	    "credential was bound"), &f->w.alice);
}

static void
a_credential_used_after_it_was_taken_away_is_named(void **state)
{
	struct fixture	*f = *state;

	f->w.unbound = true;
	by_assertion(f);
	assert_about(only(&f->report, AUDIT_ORDERS, "the credential had been "
	    "taken away before, in entry"), &f->w.alice);
}

static void
a_credential_taken_away_while_the_act_was_under_way_is_only_noted(void **state)
{
	struct fixture	*f = *state;

	f->w.just_unbound = true;
	by_assertion(f);
	assert_true(finding(&f->report, AUDIT_ORDERS,
	    "a credential was taken away 10 seconds before")->is_note);
	assert_int_equal(audit_report_failed(&f->report), 0);
}

static void
a_credential_taken_away_by_the_ra_alone_is_named_and_stays_bound(void **state)
{
	struct fixture	*f = *state;

	f->w.unbound_by_ra = true;
	by_assertion(f);
	only(&f->report, AUDIT_ORDERS, "unbind without sufficient approval: "
	    "needs officer, or security-officer; has ra-agent ra-9");
}

/* Secrets of cards. */

static void
open_secret(struct fixture *f)
{
	f->w.secret = true;
	testbundle_make(&f->w);
	write_and_audit(f);
}

static void
a_secret_that_two_officers_had_opened_is_proven(void **state)
{
	struct fixture	*f = *state;
	size_t		 i;

	open_secret(f);
	assert_int_equal(audit_report_failed(&f->report), 0);
	/* And nothing is said of an act that nobody knows. */
	for (i = 0; i < AUDIT__MAX; i++)
		assert_int_equal(f->report.check[i].n, 0);
}

static void
a_secret_that_one_officer_had_opened_is_named(void **state)
{
	struct fixture	*f = *state;

	f->w.secret_by_one = true;
	open_secret(f);
	only(&f->report, AUDIT_ORDERS, "card-secret without sufficient "
	    "approval: needs ");
}

static void
a_secret_opened_with_an_order_for_another_is_named(void **state)
{
	struct fixture	*f = *state;

	f->w.secret_other = true;
	open_secret(f);
	only(&f->report, AUDIT_ORDERS,
	    "card-secret: the order permits something else");
}

static void
a_secret_opened_twice_with_one_order_is_named(void **state)
{
	struct fixture	*f = *state;

	f->w.secret_twice = true;
	open_secret(f);
	only(&f->report, AUDIT_ORDERS, "card-secret: the order was used for a "
	    "secret of a card before");
}

/* Status and lists. */

static void
a_certificate_made_good_again_in_the_store_is_named(void **state)
{
	struct fixture			*f = *state;
	const struct audit_finding	*found;
	struct buf			*line;
	char				 hex[43];

	testbundle_make(&f->w);
	line = &f->w.line.v[f->w.line.n - 1];
	line->len = 0;
	buf_printf(line, "people %s good - - -\n", text_hex(hex,
	    f->w.alice.serial, f->w.alice.serial_len));
	write_and_audit(f);
	found = only(&f->report, AUDIT_STATUS,
	    "the store says good, but it is revoked since entry");
	assert_string_equal(found->serial, hex);
}

static void
a_certificate_revoked_without_an_order_is_named(void **state)
{
	struct fixture			*f = *state;
	const struct audit_finding	*found;
	struct buf			*line;
	char				 hex[43];

	testbundle_make(&f->w);
	line = &f->w.line.v[f->w.line.n - 2];
	testbundle_edit(line, "good - - -",
	    "revoked 1 2027-01-15T09:00:00Z -");
	write_and_audit(f);
	found = only(&f->report, AUDIT_STATUS,
	    "the store says revoked, but no entry made it so");
	assert_string_equal(found->serial, text_hex(hex, f->w.dave.serial,
	    f->w.dave.serial_len));
}

static void
another_reason_in_the_store_is_named(void **state)
{
	struct fixture	*f = *state;

	testbundle_make(&f->w);
	testbundle_edit(&f->w.line.v[f->w.line.n - 1], "revoked 1",
	    "revoked 4");
	write_and_audit(f);
	only(&f->report, AUDIT_STATUS, "the store gives reason 4, entry");
}

static void
what_was_held_and_released_again_is_good(void **state)
{
	struct fixture	*f = *state;

	f->w.dave_released = true;
	testbundle_make(&f->w);
	write_and_audit(f);
	if (audit_report_failed(&f->report) != 0)
		audit_report_print(stderr, false, &f->report);
	assert_int_equal(audit_report_failed(&f->report), 0);
	assert_int_equal(f->report.revoked, 1);
}

static void
what_is_held_must_be_told_as_held(void **state)
{
	struct fixture	*f = *state;

	f->w.dave_held = true;
	testbundle_make(&f->w);
	write_and_audit(f);
	assert_int_equal(audit_report_failed(&f->report), 0);
	assert_int_equal(f->report.revoked, 2);
	audit_report_clear(&f->report);
	testbundle_edit(&f->w.line.v[f->w.line.n - 1], "held 6",
	    "revoked 1");
	write_and_audit(f);
	only(&f->report, AUDIT_STATUS,
	    "the store says revoked, but it is held since entry");
}

static void
a_revoked_certificate_that_was_released_is_named(void **state)
{
	struct fixture	*f = *state;

	f->w.revoked_released = true;
	testbundle_make(&f->w);
	write_and_audit(f);
	only(&f->report, AUDIT_STATUS,
	    "a revoked certificate was released; entry");
}

/* A head of what a restore has lost. */
static void
put_lost_head(struct fixture *f)
{
	struct error			 e = ERROR_INIT;
	struct audit_signed_head	 h = { .instance = "cad1",
					    .at = TESTPKI_NOW + 100 };
	struct testbundle_list		*l = &f->w.part[BUNDLE_HEADS];
	struct identity			 id = { 0 };

	h.head.seq = f->w.first_head + 2;
	memset(h.head.hash, 0x77, sizeof(h.head.hash));
	testpki_identity_of(&id, &f->w.pki, f->w.agent.cert,
	    f->w.agent.key);
	assert_int_equal(audit_head_sign(&l->v[l->n++], &h, &id, &e), 0);
	testpki_identity_clear(&id);
	testbundle_write_heads(&f->w, f->heads);
	f->pushed = true;
	testbundle_remove(l, l->n - 1);
}

static void
heads_lost_in_a_restore_are_a_finding_without_an_order(void **state)
{
	struct fixture	*f = *state;

	testbundle_make(&f->w);
	put_lost_head(f);
	write_and_audit(f);
	only(&f->report, AUDIT_HEADS, "history was rewritten: the head pushed "
	    "off the machine");
}

static void
heads_given_up_with_an_approved_order_are_only_noted(void **state)
{
	struct fixture	*f = *state;

	f->w.adopted = true;
	testbundle_make(&f->w);
	put_lost_head(f);
	write_and_audit(f);
	assert_true(finding(&f->report, AUDIT_HEADS,
	    "was given up with an approved order")->is_note);
	assert_true(finding(&f->report, AUDIT_ALARMS,
	    "security officers let the CA go on")->is_note);
	assert_int_equal(audit_report_failed(&f->report), 0);
}

static void
a_list_that_hides_a_revocation_is_named(void **state)
{
	struct fixture	*f = *state;
	char		 hex[43];

	f->w.list_lacks = true;
	testbundle_make(&f->w);
	write_and_audit(f);
	assert_string_equal(only(&f->report, AUDIT_CRLS,
	    "list 2 of CA people lacks it")->serial,
	    text_hex(hex, f->w.alice.serial, f->w.alice.serial_len));
}

static void
a_list_with_another_date_is_named(void **state)
{
	struct fixture	*f = *state;

	f->w.list_is_earlier = true;
	testbundle_make(&f->w);
	write_and_audit(f);
	only(&f->report, AUDIT_CRLS, "list 2 of CA people gives another time");
}

static void
a_date_that_was_given_up_with_an_approved_order_is_only_noted(void **state)
{
	struct fixture	*f = *state;
	char		 hex[43];

	f->w.list_is_earlier = f->w.adopted = true;
	testbundle_make(&f->w);
	write_and_audit(f);
	assert_string_equal(finding(&f->report, AUDIT_CRLS,
	    "list 2 of CA people gives an earlier time")->serial,
	    text_hex(hex, f->w.alice.serial, f->w.alice.serial_len));
	assert_int_equal(audit_report_failed(&f->report), 0);
}

static void
a_list_with_one_too_many_is_named(void **state)
{
	struct fixture	*f = *state;
	char		 hex[43];

	f->w.list_has_more = true;
	testbundle_make(&f->w);
	write_and_audit(f);
	assert_string_equal(only(&f->report, AUDIT_CRLS,
	    "but no entry revoked it")->serial,
	    text_hex(hex, f->w.dave.serial, f->w.dave.serial_len));
}

static void
a_list_whose_number_goes_back_is_named(void **state)
{
	struct fixture	*f = *state;

	f->w.list_goes_back = true;
	testbundle_make(&f->w);
	write_and_audit(f);
	only(&f->report, AUDIT_CRLS, "list 1 of CA people came after list 1");
}

/* It is of all certificates, and would pass for a part of them. */
static void
a_list_of_another_scope_than_its_entry_says_is_named(void **state)
{
	struct fixture	*f = *state;

	testbundle_make(&f->w);
	testbundle_edit(&f->w.body.v[f->w.body.n - 1], "\nnumber=",
	    "\nshard=3\nnumber=");
	write_and_audit(f);
	assert_non_null(strstr(finding(&f->report, AUDIT_CRLS,
	    "has another number, time, count or scope than its entry")->text,
	    "of shard 3 of CA people"));
}

static void
a_list_without_an_entry_is_named(void **state)
{
	struct fixture	*f = *state;

	testbundle_make(&f->w);
	testbundle_edit(&f->w.body.v[f->w.body.n - 1], "act=crl",
	    "act=expire");
	write_and_audit(f);
	finding(&f->report, AUDIT_CRLS,
	    "no entry says that the list with digest");
}

/* What holds, and what cannot be judged. */

static void
garbage_in_each_file_is_a_finding_with_its_line(void **state)
{
	struct fixture	*f = *state;
	struct error	 e = ERROR_INIT;
	char		*path;
	int		 i;

	testbundle_make(&f->w);
	for (i = 0; i < BUNDLE__MAX; i++) {
		testbundle_write(&f->w, f->dir, 0, 0, NULL);
		path = file_join(f->dir, bundle_name(i));
		if (i != BUNDLE_CAS)
			assert_int_equal(file_store(path,
			    "-----BEGIN CMS-----\n%%%\n-----END CMS-----\n",
			    42, 0600, &e), 0);
		mem_free(&path);
		audit(f);
		assert_true(i == BUNDLE_CAS ||
		    audit_report_failed(&f->report) > 0);
		audit_report_clear(&f->report);
	}
}

static void
a_directory_that_is_no_bundle_is_refused(void **state)
{
	struct fixture		*f = *state;
	struct error		 e = ERROR_INIT;
	struct audit_input	 in = { .dir = f->dir, .officers_ca = "x" };

	testbundle_make(&f->w);
	in.roots = f->w.pki.anchors;
	assert_int_equal(audit_verify(&f->report, &in, &e), -1);
	assert_int_equal(e.code, ERROR_NOTFOUND);
	assert_non_null(strstr(e.text, "entries.txt"));
	assert_non_null(strstr(e.hint, "signet audit export"));
}

static void
alarms_are_shown_and_are_no_fault_of_the_bundle(void **state)
{
	struct fixture	*f = *state;

	f->w.alarm = true;
	testbundle_make(&f->w);
	write_and_audit(f);
	assert_true(finding(&f->report, AUDIT_ALARMS,
	    "alarm: crl: the store hides 2a")->is_note);
	assert_int_equal(f->report.alarms, 1);
	assert_int_equal(audit_report_failed(&f->report), 0);
}

static void
an_untouched_bundle_holds(void **state)
{
	struct fixture	*f = *state;

	testbundle_make(&f->w);
	testbundle_write_heads(&f->w, f->heads);
	f->pushed = true;
	write_and_audit(f);
	if (audit_report_failed(&f->report) != 0)
		audit_report_print(stderr, false, &f->report);
	assert_int_equal(audit_report_failed(&f->report), 0);
	assert_int_equal(f->report.certs, 8);
	assert_int_equal(f->report.revoked, 1);
	assert_int_equal(f->report.entries, f->w.chain.seq);
	assert_int_equal(f->report.last_head, f->w.chain.seq);
	assert_memory_equal(f->report.hash, f->w.chain.hash, 32);
}

#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	struct error		 e = ERROR_INIT;
	const struct CMUnitTest	 tests[] = {
		TEST(a_changed_entry_is_named),
		TEST(a_missing_entry_is_named),
		TEST(history_rewritten_with_good_hashes_is_told_by_the_signed_head),
		TEST(history_cut_off_is_told_by_a_head_that_was_pushed),
		TEST(a_head_signed_by_somebody_else_counts_for_nothing),
		TEST(another_root_is_not_believed),
		TEST(a_certificate_without_an_entry_is_named),
		TEST(an_entry_without_its_certificate_is_named),
		TEST(a_certificate_signed_by_a_stranger_is_named),
		TEST(other_names_than_ordered_are_named),
		TEST(another_mail_address_than_ordered_is_named),
		TEST(another_request_than_approved_is_named),
		TEST(a_request_without_proof_of_possession_is_named),
		TEST(a_code_that_was_not_given_is_named),
		TEST(an_order_that_is_gone_is_named),
		TEST(a_changed_order_is_named_by_its_id),
		TEST(an_approval_taken_out_of_an_order_is_named),
		TEST(an_act_that_nobody_approved_is_named),
		TEST(an_approver_of_another_installation_is_named),
		TEST(an_approver_who_had_been_revoked_is_named),
		TEST(an_approver_revoked_while_the_act_was_under_way_is_only_noted),
		TEST(an_officer_made_by_one_security_officer_is_named),
		TEST(an_order_used_twice_is_named),
		TEST(an_order_used_though_rejected_is_named),
		TEST(an_order_that_was_never_handed_in_is_named),
		TEST(an_order_used_after_its_expiry_is_named),
		TEST(an_approval_in_the_browser_is_proven_by_the_root_alone),
		TEST(an_assertion_made_for_another_order_is_named),
		TEST(a_changed_assertion_is_named),
		TEST(a_credential_bound_by_one_security_officer_is_named),
		TEST(a_credential_that_was_never_bound_is_named),
		TEST(a_credential_used_after_it_was_taken_away_is_named),
		TEST(a_credential_taken_away_while_the_act_was_under_way_is_only_noted),
		TEST(a_credential_taken_away_by_the_ra_alone_is_named_and_stays_bound),
		TEST(a_secret_that_two_officers_had_opened_is_proven),
		TEST(a_secret_that_one_officer_had_opened_is_named),
		TEST(a_secret_opened_with_an_order_for_another_is_named),
		TEST(a_secret_opened_twice_with_one_order_is_named),
		TEST(a_certificate_made_good_again_in_the_store_is_named),
		TEST(a_certificate_revoked_without_an_order_is_named),
		TEST(another_reason_in_the_store_is_named),
		TEST(what_was_held_and_released_again_is_good),
		TEST(what_is_held_must_be_told_as_held),
		TEST(a_revoked_certificate_that_was_released_is_named),
		TEST(heads_lost_in_a_restore_are_a_finding_without_an_order),
		TEST(heads_given_up_with_an_approved_order_are_only_noted),
		TEST(a_list_that_hides_a_revocation_is_named),
		TEST(a_list_with_another_date_is_named),
		TEST(a_date_that_was_given_up_with_an_approved_order_is_only_noted),
		TEST(a_list_with_one_too_many_is_named),
		TEST(a_list_whose_number_goes_back_is_named),
		TEST(a_list_without_an_entry_is_named),
		TEST(a_list_of_another_scope_than_its_entry_says_is_named),
		TEST(garbage_in_each_file_is_a_finding_with_its_line),
		TEST(a_directory_that_is_no_bundle_is_refused),
		TEST(alarms_are_shown_and_are_no_fault_of_the_bundle),
		TEST(an_untouched_bundle_holds),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (secret_init(&e) == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
