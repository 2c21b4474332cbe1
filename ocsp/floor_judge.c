/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row against the list.
 */
#include "floor.h"

#include <string.h>
#include <openssl/err.h>

#include "order/approval.h"

#define HOLD	6		/* certificateHold */

/* Absent and "unspecified" are the same. */
static int
reason_of(int reason)
{
	return reason <= 0 ? -1 : reason;
}

static void
overrule(struct db_ocsp_status *row, const struct crl_entry *c)
{
	row->status = c->reason == HOLD ? DB_STATUS_HELD : DB_STATUS_REVOKED;
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

/* 0 the row may be, -1 it may not, and why; 1 the store failed, and e. */
static int
judge_held(const struct floor_court *court, const struct cell_key *key,
    const struct crl_entry *c, const struct db_ocsp_status *row,
    struct error *why, struct error *e)
{
	struct db_ocsp_key	 k = { .serial.len = key->serial_len };
	struct bytes		 blob;
	struct arena		*a;
	size_t			 i;
	int			 found, rc = -1;

	if (row->status == DB_STATUS_REVOKED)
		return 0;
	if (row->status == DB_STATUS_HELD)
		return row->revoked_at >= c->revoked_at ? 0 : error_set(why,
		    ERROR_DENIED, "the store has an earlier date of its hold");
	if (row->status == DB_STATUS_NONE)
		return error_set(why, ERROR_DENIED, "the store calls it never "
		    "issued");
	for (i = 0; i < court->issuers->n; i++)
		if (court->issuers->ca[i].number == key->ca)
			k.ca = court->issuers->ca[i].name;
	memcpy(k.serial.p, key->serial, key->serial_len);
	a = arena_new();
	found = db_ocsp_release(court->db, &k, &blob, a, e);
	if (found == -1)
		rc = 1;
	else if (found == 0)
		error_set(why, ERROR_DENIED, "the store calls it good, and has "
		    "no order for that");
	else if (floor_check_release(court, key, blob, c->revoked_at, why) ==
	    0)
		rc = 0;
	else
		error_wrap(why, "the store calls it good");
	arena_free(&a);
	return rc;
}

int
floor_judge(const struct floor_court *court, const struct cell_key *key,
    struct db_ocsp_status *row, struct error *why, struct error *e)
{
	struct crl_entry	 c;
	int			 said;

	if (!floor_find(court->floor, key, &c))
		return 0;
	said = c.reason == HOLD ? judge_held(court, key, &c, row, why, e) :
	    judge_revoked(&c, row, why);
	if (said == 1)
		return -1;
	if (said == 0)
		return 0;
	overrule(row, &c);
	return 1;
}

/* Releases. */

struct officers {
	const struct floor_court	*court;
	int64_t				 at;
};

/* An officer whose certificate was on a list then is none. */
static int
officer_status(void *arg, X509 *x, struct error *e)
{
	const struct officers		*o = arg;
	const struct issuers		*t = o->court->issuers;
	const ASN1_INTEGER		*serial = X509_get0_serialNumber(x);
	struct cell_key			 key = { .ca = 0 };
	struct crl_entry		 c;
	size_t				 i, len = (size_t)serial->length;

	if (len > sizeof(key.serial))
		return error_set(e, ERROR_DENIED, "a number that is too long");
	memcpy(key.serial, serial->data, len);
	key.serial_len = (uint8_t)len;
	for (i = 0; i < t->n; i++) {
		if (X509_NAME_cmp(X509_get_issuer_name(x),
		    X509_get_subject_name(t->ca[i].issuer.cert)) != 0 ||
		    X509_verify(x, X509_get0_pubkey(
		    t->ca[i].issuer.cert)) != 1)
			continue;
		key.ca = t->ca[i].number;
		return !floor_find(o->court->floor, &key, &c) ||
		    c.revoked_at > o->at;
	}
	ERR_clear_error();
	/* Another CA of ours, which approval_check() has led to the root. */
	return 1;
}

static int
check_approvers(const struct floor_court *court, struct approved *a,
    struct error *e)
{
	const struct issuers	*t = court->issuers;
	struct officers		 o = { court, a->order->created };
	struct approval_trust	 trust = { .anchors = court->roots,
	    .intermediates = sk_X509_new_null(),
	    .officers_cas = sk_X509_new_null(), .now = a->order->created,
	    .status = officer_status, .status_arg = &o };
	size_t			 i;
	int			 rc;

	for (i = 0; i < t->n; i++) {
		sk_X509_push(trust.intermediates, t->ca[i].issuer.cert);
		if (ca_name_is_of(t->ca[i].name, court->officers_ca))
			sk_X509_push(trust.officers_cas,
			    t->ca[i].issuer.cert);
	}
	rc = approval_check(a, &trust, e);
	sk_X509_free(trust.officers_cas);
	sk_X509_free(trust.intermediates);
	for (i = 0; rc == 0 && i < a->n; i++)
		if (a->by[i].role == ROLE_OFFICER ||
		    a->by[i].role == ROLE_SECURITY_OFFICER)
			return 0;
	return rc == -1 ? -1 : error_set(e, ERROR_DENIED, "no officer signed "
	    "its release");
}

static bool
is_target(const struct order *o, const char *ca, const struct cell_key *key)
{
	size_t	 i;

	for (i = 0; i < o->ntargets; i++)
		if (strcmp(o->target[i].ca, ca) == 0 &&
		    o->target[i].serial_len == key->serial_len &&
		    memcmp(o->target[i].serial, key->serial,
		    key->serial_len) == 0)
			return true;
	return false;
}

int
floor_check_release(const struct floor_court *court,
    const struct cell_key *key, struct bytes blob, int64_t since,
    struct error *e)
{
	const struct issuers	*t = court->issuers;
	struct approved		*a = NULL;
	const char		*ca = "";
	size_t			 i;
	int			 rc = -1;

	for (i = 0; i < t->n; i++)
		if (t->ca[i].number == key->ca)
			ca = t->ca[i].name;
	if (approval_open(&a, blob, e) == -1)
		return error_wrap(e, "its release");
	if (a->order->kind != ORDER_RELEASE || !is_target(a->order, ca, key))
		error_set(e, ERROR_DENIED, "the order for that is not its "
		    "release");
	else if (a->order->created < since)
		error_set(e, ERROR_DENIED, "its release is older than its "
		    "hold");
	else
		rc = check_approvers(court, a, e);
	approval_free(&a);
	return rc;
}
