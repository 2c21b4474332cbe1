/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "db/db_archive.h"
#include "db/db_cert.h"
#include "desk/review.h"
#include "desk/selector.h"

char *
review_short_id(char dst[REVIEW_SHORT + 1], const uint8_t *id)
{
	return text_hex(dst, id, REVIEW_SHORT / 2);
}

static int
check_agrees(const struct db_order *row, const struct order *o,
    const uint8_t digest[ORDER_DIGEST], struct error *e)
{
	if (memcmp(o->id, row->id, ORDER_ID_SIZE) != 0 ||
	    memcmp(digest, row->digest, ORDER_DIGEST) != 0 ||
	    strcmp(order_kind_name(o->kind), row->kind) != 0)
		return error_set(e, ERROR_DENIED, "the store's row and the "
		    "order it holds are not of the same order");
	return 0;
}

/* What was signed is not in the store any more. */
static int
say_archived(struct desk *dk, const uint8_t id[DB_ORDER_ID], struct error *e)
{
	const char	*name;
	char		 hex[REVIEW_SHORT + 1];

	if (db_archive_of_order(dk->db, id, &name, dk->arena, e) == -1)
		return -1;
	error_set(e, ERROR_NOTFOUND, "order %s is in archive %s, and not in "
	    "the store any more", review_short_id(hex, id), name != NULL ?
	    name : "?");
	return error_hint(e, "\"signet archive list\" has the digest of the "
	    "archive");
}

static int
open_blob(struct desk *dk, struct review *r, struct error *e)
{
	char	id[REVIEW_SHORT + 1];

	if (r->blob.p == NULL)
		return say_archived(dk, r->row.id, e);
	if (approval_open_cached(&r->approved, r->blob, dk->approvers,
	    e) == -1 || check_agrees(&r->row, r->approved->order,
	    r->approved->digest, e) == -1)
		return error_wrap(e, "order %s",
		    review_short_id(id, r->row.id));
	return 0;
}

static int
load_blob(struct desk *dk, struct review *r, struct error *e)
{
	char	id[REVIEW_SHORT + 1];
	int	found;

	found = db_order_blob(dk->db, r->row.id, &r->blob, dk->arena, e);
	if (found == 1)
		return open_blob(dk, r, e);
	if (found == 0)
		error_set(e, ERROR_NOTFOUND, "it is gone");
	return error_wrap(e, "order %s", review_short_id(id, r->row.id));
}

int
review_load(struct desk *dk, const char *text, struct review *r,
    struct error *e)
{
	struct selector_id	id;
	int			found;

	memset(r, 0, sizeof(*r));
	if (selector_id(&id, text, e) == -1 || desk_need(dk, DESK_DB, e) == -1)
		return -1;
	found = db_order_find_hex(dk->db, id.hex, &r->row, dk->arena, e);
	if (found == -1)
		return -1;
	if (found == 0) {
		error_set(e, ERROR_NOTFOUND, "no order %s", id.hex);
		return error_hint(e, "\"signet order list\" shows the latest");
	}
	return load_blob(dk, r, e);
}

static int
load(struct desk *dk, const uint8_t id[DB_ORDER_ID], struct db_order *row,
    struct bytes *blob, struct error *e)
{
	char	hex[2 * DB_ORDER_ID + 1];
	int	found;

	if (desk_need(dk, DESK_DB, e) == -1 || (found = db_order_load(dk->db,
	    id, row, blob, dk->arena, e)) == -1)
		return -1;
	return found == 1 ? 0 : error_set(e, ERROR_NOTFOUND, "no order %s",
	    text_hex(hex, id, DB_ORDER_ID));
}

int
review_load_id(struct desk *dk, const uint8_t id[DB_ORDER_ID],
    struct review *r, struct error *e)
{
	memset(r, 0, sizeof(*r));
	if (load(dk, id, &r->row, &r->blob, e) == -1)
		return -1;
	return open_blob(dk, r, e);
}

int
review_look(struct desk *dk, const uint8_t id[DB_ORDER_ID],
    struct order **out, struct error *e)
{
	struct db_order	row;
	struct bytes	blob;
	uint8_t		digest[ORDER_DIGEST];
	char		hex[REVIEW_SHORT + 1];

	*out = NULL;
	if (load(dk, id, &row, &blob, e) == -1)
		return -1;
	if (blob.p == NULL)
		return say_archived(dk, id, e);
	if (approval_look(out, digest, blob, e) == 0 &&
	    check_agrees(&row, *out, digest, e) == 0)
		return 0;
	order_free(out);
	return error_wrap(e, "order %s", review_short_id(hex, id));
}

int
review_load_row(struct desk *dk, const struct db_order *row,
    struct bytes blob, struct review *r, struct error *e)
{
	memset(r, 0, sizeof(*r));
	r->row = *row;
	r->blob = blob;
	return open_blob(dk, r, e);
}

void
review_clear(struct review *r)
{
	approval_free(&r->approved);
}

static void
add_rule(struct review *r, const struct approval_rule *rule)
{
	size_t	i;

	for (i = 0; i < r->nrules; i++)
		if (r->rule[i] == rule)
			return;
	if (r->nrules < REVIEW_RULES_MAX)
		r->rule[r->nrules++] = rule;
}

static int
add_profile_rule(struct desk *dk, struct review *r, const char *profile,
    struct error *e)
{
	const struct profile	*p;

	if (desk_need(dk, DESK_PROFILES, e) == -1 ||
	    profiles_find(&dk->profiles, profile, &p, e) == -1)
		return -1;
	add_rule(r, approval_rule_for(p, r->approved->order));
	return 0;
}

/* Each certificate that is acted on is judged by its own profile. */
/* Of one that left the store, the profile stays. */
static int
archived_profile(struct desk *dk, const char *ca,
    const struct db_serial *serial, const char **profile, struct error *e)
{
	struct db_archived	x;
	char			hex[2 * DB_SERIAL + 1];
	int			found;

	found = db_archived_find(dk->db, ca, serial, &x, dk->arena, e);
	if (found == 1)
		*profile = x.profile;
	else if (found == 0)
		error_set(e, ERROR_NOTFOUND, "the store has no certificate "
		    "%s/%s", ca, text_hex(hex, serial->p, serial->len));
	return found == 1 ? 0 : -1;
}

static int
add_target_rules(struct desk *dk, struct review *r, struct error *e)
{
	const struct order	*o = r->approved->order;
	struct db_serial	 serial;
	struct db_cert		 cert;
	const char		*profile = NULL;
	size_t			 i;
	int			 found;

	for (i = 0; i < o->ntargets; i++) {
		serial.len = o->target[i].serial_len;
		if (serial.len > sizeof(serial.p))
			return error_set(e, ERROR_INPUT, "serial number is "
			    "too long");
		memcpy(serial.p, o->target[i].serial, serial.len);
		found = db_cert_find(dk->db, o->target[i].ca, &serial, &cert,
		    dk->arena, e);
		if (found == -1 || (found == 0 && archived_profile(dk,
		    o->target[i].ca, &serial, &profile, e) == -1) ||
		    add_profile_rule(dk, r, found == 1 ? cert.profile :
		    profile, e) == -1)
			return -1;
	}
	return 0;
}

static int
find_rules(struct desk *dk, struct review *r, struct error *e)
{
	const struct order	*o = r->approved->order;

	if (r->nrules > 0)
		return 0;
	switch (o->kind) {
	case ORDER_REVOKE:
	case ORDER_HOLD:
	case ORDER_RELEASE:
		return add_target_rules(dk, r, e);
	case ORDER_ADOPT:
	case ORDER_REJECT:
	case ORDER_BIND:
	case ORDER_UNBIND:
	case ORDER_PERMIT:
	case ORDER_ITEM:
		add_rule(r, approval_rule_for(NULL, o));
		return 0;
	case ORDER_ISSUE:
	case ORDER_BATCH:
	case ORDER__MAX:
		break;
	}
	return add_profile_rule(dk, r, o->profile, e);
}

/* The certificate that a renewal replaces is in the blob. */
static X509 *
renewed_cert(const struct approved *a)
{
	const struct order	*o = a->order;
	const ASN1_INTEGER	*n;
	int			 i;

	for (i = 0; o->is_renewal && i < sk_X509_num(a->certs); i++) {
		n = X509_get0_serialNumber(sk_X509_value(a->certs, i));
		if ((size_t)n->length == o->renews_len &&
		    memcmp(n->data, o->renews, o->renews_len) == 0)
			return sk_X509_value(a->certs, i);
	}
	return NULL;
}

/* The names of what is acted on are in the certificates. */
static int
check_target(struct desk *dk, const struct review *r,
    const struct order_target *t, struct error *why, struct error *e)
{
	struct db_serial	 serial = { .len = t->serial_len };
	struct db_cert		 row;
	struct cert_look	 look;
	int			 found;

	memcpy(serial.p, t->serial, sizeof(serial.p));
	found = db_cert_find(dk->db, t->ca, &serial, &row, dk->arena, e);
	if (found != 1)
		return found == -1 ? -1 : 0;
	if (cert_look(&look, row.der, e) == -1)
		return error_wrap(e, "certificate in the store");
	return approval_check_target(r->approved, &look, row.profile,
	    why) == 0;
}

/* 1 they are within what their credentials are for, 0 not (r->missing). */
static int
check_targets(struct desk *dk, struct review *r, struct error *e)
{
	const struct order	*o = r->approved->order;
	bool			 asserted = false;
	size_t			 i;
	int			 rc = 1;

	for (i = 0; i < r->approved->n; i++)
		asserted |= r->approved->by[i].bind != NULL;
	for (i = 0; rc == 1 && asserted && i < o->ntargets; i++)
		rc = check_target(dk, r, &o->target[i], &r->missing, e);
	return rc;
}

static int
find_profile(struct desk *dk, const struct review *r,
    const struct profile **out, struct error *e)
{
	const char	*name = r->approved->order->profile;

	*out = NULL;
	if (name == NULL)
		return 0;
	return profiles_find(&dk->profiles, name, out, e);
}

static int
trust_for(struct desk *dk, const struct review *r,
    struct approval_trust *trust, struct error *e)
{
	if (desk_trust(dk, trust, e) == -1 ||
	    find_profile(dk, r, &trust->profile, e) == -1)
		return -1;
	trust->renewed = renewed_cert(r->approved);
	return 0;
}

int
review_judge(struct desk *dk, struct review *r, struct error *e)
{
	struct approval_trust	trust;
	size_t			i;
	int			within;

	r->complete = false;
	error_clear(&r->missing);
	if (find_rules(dk, r, e) == -1 || trust_for(dk, r, &trust, e) == -1)
		return -1;
	if (approval_check(r->approved, &trust, &r->missing) == -1)
		return 0;
	if ((within = check_targets(dk, r, e)) != 1)
		return within;
	for (i = 0; i < r->nrules; i++)
		if (approval_satisfies(r->approved, r->rule[i],
		    &r->missing) == -1)
			return 0;
	r->complete = true;
	return 0;
}

int
review_check_approver(struct desk *dk, struct review *r,
    const struct approver *by, struct error *e)
{
	struct approval_trust	 trust;
	int			 within = 1;

	if (trust_for(dk, r, &trust, e) == -1 || approval_check_one(
	    r->approved, (size_t)(by - r->approved->by), &trust, e) == -1)
		return -1;
	if (by->bind != NULL)
		within = check_targets(dk, r, e);
	if (within == 0)
		*e = r->missing;
	return within == 1 ? 0 : -1;
}

int
review_describe(struct desk *dk, struct review *r, struct buf *out,
    struct error *e)
{
	struct approval_trust	 trust;

	if (trust_for(dk, r, &trust, e) == -1)
		return -1;
	approval_describe(out, r->approved, review_is_open(r) ? &trust : NULL);
	return 0;
}

bool
review_is_open(const struct review *r)
{
	return strcmp(r->row.state, "pending") == 0 ||
	    strcmp(r->row.state, "ready") == 0;
}

static bool
rule_has(const struct approval_rule *rule, enum role role)
{
	size_t	i, k;

	for (i = 0; i < rule->n; i++)
		for (k = 0; k < rule->way[i].n; k++)
			if (rule->way[i].role[k] == role)
				return true;
	return false;
}

int
review_wants_role(struct desk *dk, struct review *r, enum role role,
    struct error *e)
{
	char	*rules;
	size_t	 i;

	if (find_rules(dk, r, e) == -1)
		return -1;
	for (i = 0; i < r->nrules; i++)
		if (rule_has(r->rule[i], role))
			return 0;
	rules = review_rules_text(r);
	error_set(e, ERROR_DENIED, "your approval would not count: your "
	    "certificate is of %s%s, the order needs %s", role == ROLE_NONE ?
	    "no role" : "role ", role == ROLE_NONE ? "" : role_name(role),
	    rules);
	mem_free(&rules);
	return error_hint(e, "nothing was signed");
}

char *
review_rules_text(const struct review *r)
{
	struct buf	 b = { 0 };
	char		*one, *all;
	size_t		 i;

	for (i = 0; i < r->nrules; i++) {
		one = approval_rule_text(r->rule[i]);
		buf_printf(&b, "%s%s", i > 0 ? "; and " : "", one);
		mem_free(&one);
	}
	all = mem_strdup(buf_cstr(&b));
	buf_clear(&b);
	return all;
}
