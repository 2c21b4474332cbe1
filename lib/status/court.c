/* SPDX-License-Identifier: Apache-2.0 */
#include "status/court.h"

#include <string.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "db/db_credential.h"
#include "order/approval.h"
#include "x509/ca_name.h"
#include "x509/cert.h"

/* Absent and "unspecified" are the same. */
static int
reason_of(int reason)
{
	return reason <= 0 ? -1 : reason;
}

static bool
is_held(const struct crl_entry *c)
{
	return c->reason == CRL_REASON_CERTIFICATE_HOLD;
}

static void
overrule(struct db_ocsp_status *row, const struct crl_entry *c)
{
	row->status = is_held(c) ? DB_STATUS_HELD : DB_STATUS_REVOKED;
	row->reason = c->reason;
	row->revoked_at = c->revoked_at;
}

/* Revoked is for ever, when and why included. */
static int
judge_revoked(const struct crl_entry *c, const struct db_ocsp_status *row,
    struct error *why)
{
	if (row->status != DB_STATUS_REVOKED)
		return error_set(why, ERROR_DENIED, "the store calls it %s",
		    row->status == DB_STATUS_NONE ? "never issued" :
		    row->status == DB_STATUS_GOOD ? "good" : "held");
	if (row->revoked_at != c->revoked_at)
		return error_set(why, ERROR_DENIED, "the store has another "
		    "date of its revocation");
	if (reason_of(row->reason) != reason_of(c->reason))
		return error_set(why, ERROR_DENIED, "the store has another "
		    "reason of its revocation");
	return 0;
}

/* 0 there is an order that ended the hold, -1 there is none, and why; 1 the
 * store failed, and e. */
static int
judge_released(const struct court *court, size_t ca,
    const struct db_serial *serial, int64_t since, struct error *why,
    struct error *e)
{
	const struct db_ocsp_key	 key = { court->ca[ca].name, *serial };
	struct arena			*a = arena_new();
	struct db_ocsp_release		 r;
	int				 found, rc = -1;

	found = db_ocsp_release(court->db, &key, &r, a, e);
	if (found == -1)
		rc = 1;
	else if (found == 0)
		error_set(why, ERROR_DENIED, "the store calls it good, and has "
		    "no order for that");
	else if (court_check_release(court, ca, serial, &r, since, why) == 0)
		rc = 0;
	else
		error_wrap(why, "the store calls it good");
	arena_free(&a);
	return rc;
}

static int
judge_held(const struct court *court, size_t ca,
    const struct db_serial *serial, const struct crl_entry *c,
    const struct db_ocsp_status *row, struct error *why, struct error *e)
{
	switch (row->status) {
	case DB_STATUS_REVOKED:
		return 0;
	case DB_STATUS_HELD:
		return row->revoked_at >= c->revoked_at ? 0 : error_set(why,
		    ERROR_DENIED, "the store has an earlier date of its hold");
	case DB_STATUS_NONE:
		return error_set(why, ERROR_DENIED, "the store calls it never "
		    "issued");
	default:
		return judge_released(court, ca, serial, c->revoked_at, why,
		    e);
	}
}

int
court_judge(const struct court *court, size_t ca,
    const struct db_serial *serial, const struct crl_entry *c,
    struct db_ocsp_status *row, struct error *why, struct error *e)
{
	int	 said;

	said = is_held(c) ? judge_held(court, ca, serial, c, row, why, e) :
	    judge_revoked(c, row, why);
	if (said == 1)
		return -1;
	if (said == 0)
		return 0;
	overrule(row, c);
	return 1;
}

/* Releases. */

struct officers {
	const struct court	*court;
	int64_t			 at;
};

/* An officer whose certificate was on a list then is none. */
static int
officer_status(void *arg, X509 *x, struct error *e)
{
	const struct officers		*o = arg;
	const struct court		*court = o->court;
	const ASN1_INTEGER		*number = X509_get0_serialNumber(x);
	struct db_serial		 serial = { .len = 0 };
	struct crl_entry		 c;

	serial.len = (size_t)number->length;
	if (serial.len > sizeof(serial.p))
		return error_set(e, ERROR_DENIED, "a number that is too long");
	memcpy(serial.p, number->data, serial.len);
	for (size_t i = 0; i < court->n; i++)
		if (cert_is_by(x, court->ca[i].cert))
			return !court->find(court->arg, i, &serial, &c) ||
			    c.revoked_at > o->at;
	/* Another CA of ours, which approval_check() has led to the root. */
	return 1;
}

/* What no list says: that nobody has taken the credential away.  The order
 * that gave it is in the release, and is verified with it. */
static int
credential_bound(void *arg, const struct approved *bind, struct error *e)
{
	const struct officers	*o = arg;

	return db_credential_is_bound(o->court->db, bind->digest, e);
}

static int
check_approvers(const struct court *court, struct approved *a,
    const struct approval_rule *rule, struct error *e)
{
	struct officers		 o = { court, a->order->created };
	struct approval_trust	 trust = { .anchors = court->roots,
	    .intermediates = sk_X509_new_null(),
	    .officers_cas = sk_X509_new_null(), .now = a->order->created,
	    .status = officer_status, .status_arg = &o,
	    .bound = court->db != NULL ? credential_bound : NULL,
	    .bound_arg = &o };
	int			 rc;

	for (size_t i = 0; i < court->n; i++) {
		sk_X509_push(trust.intermediates, court->ca[i].cert);
		if (court->officers_ca != NULL && ca_name_is_of(
		    court->ca[i].name, court->officers_ca))
			sk_X509_push(trust.officers_cas, court->ca[i].cert);
	}
	rc = approval_check(a, &trust, e);
	sk_X509_free(trust.officers_cas);
	sk_X509_free(trust.intermediates);
	return rc == -1 ? -1 : approval_satisfies(a, rule, e);
}

/* By a CA of before, in a way that none of ours signs in. */
static bool
is_signed_otherwise(struct bytes der, EVP_PKEY *key)
{
	const unsigned char	*p = der.p;
	X509			*x = d2i_X509(NULL, &p, (long)der.len);
	bool			 is = x != NULL && X509_verify(x, key) == 1;

	X509_free(x);
	ERR_clear_error();
	return is;
}

/* The certificate of that number, which says itself what it is; its row says
 * what it likes. */
static bool
is_cert_of(const struct court_ca *ca, const struct db_serial *serial,
    struct bytes der, struct cert_look *look)
{
	EVP_PKEY	*key = X509_get0_pubkey(ca->cert);
	struct error	 e = ERROR_INIT;

	return cert_look(look, der, &e) == 0 && bytes_equal(
	    cert_look_serial(look), BYTES(serial->p, serial->len)) &&
	    (cert_look_verify(look, der, key, &e) == 0 ||
	    is_signed_otherwise(der, key));
}

/* May those who signed the order release this one? */
static int
check_target(const struct court *court, const struct court_ca *ca,
    const struct db_serial *serial, const struct db_ocsp_release *r,
    struct approved *a, struct error *e)
{
	const struct approval_rule	*rule;
	struct cert_look		 look;

	if (!is_cert_of(ca, serial, r->cert, &look))
		return error_set(e, ERROR_DENIED, "the store has another "
		    "certificate under its number");
	if (approval_rule_for_target(&rule, court->profiles, a->order,
	    ca->name, &look, r->profile, e) == -1 ||
	    approval_check_target(a, &look, r->profile, e) == -1)
		return -1;
	return check_approvers(court, a, rule, e);
}

static bool
is_target(const struct order *o, const char *ca,
    const struct db_serial *serial)
{
	for (size_t i = 0; i < o->ntargets; i++)
		if (strcmp(o->target[i].ca, ca) == 0 &&
		    bytes_equal(BYTES(o->target[i].serial,
		    o->target[i].serial_len), BYTES(serial->p, serial->len)))
			return true;
	return false;
}

int
court_check_release(const struct court *court, size_t i,
    const struct db_serial *serial, const struct db_ocsp_release *r,
    int64_t since, struct error *e)
{
	const struct court_ca	*ca = &court->ca[i];
	struct approved		*a = NULL;
	int			 rc = -1;

	if (approval_open(&a, r->order, e) == -1)
		return error_wrap(e, "its release");
	if (a->order->kind != ORDER_RELEASE ||
	    !is_target(a->order, ca->name, serial))
		error_set(e, ERROR_DENIED, "the order for that is not its "
		    "release");
	else if (a->order->created < since)
		error_set(e, ERROR_DENIED, "its release is older than its "
		    "hold");
	else if (check_target(court, ca, serial, r, a, e) == -1)
		error_wrap(e, "its release");
	else
		rc = 0;
	approval_free(&a);
	return rc;
}
