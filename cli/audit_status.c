/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Status: what the orders made it, entry by entry, and what the store said
 * when the bundle was written.
 */
#include "base/text.h"
#include "cli/audit_state.h"

static const char *const names[] = { "good", "held", "revoked" };

static const struct {
	const char		*act;
	enum order_kind		 kind;
	enum audit_status	 to;
} acts[] = {
	{ "revoke",  ORDER_REVOKE,  AUDIT_REVOKED },
	{ "hold",    ORDER_HOLD,    AUDIT_HELD },
	{ "release", ORDER_RELEASE, AUDIT_GOOD },
};

static size_t
act_of(const char *act)
{
	size_t	 i;

	for (i = 0; strcmp(acts[i].act, act) != 0; i++)
		;	/* the caller's table has no others */
	return i;
}

/* The CA's list of what must be on its CRL. */
static void
bad_put(struct audit_ca *ca, struct audit_cert *c)
{
	c->bad_pos = ca->nbad;
	ca->bad = mem_resize(ca->bad, ca->nbad + 1, sizeof(*ca->bad));
	ca->bad[ca->nbad++] = c;
}

static void
bad_remove(struct audit_ca *ca, struct audit_cert *c)
{
	struct audit_cert	*last = ca->bad[--ca->nbad];

	ca->bad[c->bad_pos] = last;
	last->bad_pos = c->bad_pos;
}

static bool
is_target(const struct order *o, const char *ca, const uint8_t *serial,
    size_t len)
{
	size_t	 i;

	for (i = 0; i < o->ntargets; i++)
		if (o->target[i].serial_len == len &&
		    memcmp(o->target[i].serial, serial, len) == 0 &&
		    strcmp(o->target[i].ca, ca) == 0)
			return true;
	return false;
}

static struct audit_cert *
target_find(struct audit_verify *v, struct audit_entry *en, const char *name,
    const uint8_t *serial, size_t len)
{
	struct audit_ca		*ca = cas_find(v, name);
	struct audit_cert	*c = NULL;

	if (ca != NULL)
		c = certs_find(v, (int16_t)(ca - v->ca), serial, len);
	if (c != NULL && c->issued != 0)
		return c;
	audit_failed(v->r, AUDIT_STATUS, &en->about,
	    "%s of a certificate that CA %s had not issued", en->act, name);
	return NULL;
}

/* May it go from here to there, and is it what the order says? */
static void
check_change(struct audit_verify *v, struct audit_entry *en, size_t act,
    const struct audit_cert *c, const struct order *o, int64_t reason)
{
	if (o->kind != acts[act].kind)
		audit_failed(v->r, AUDIT_STATUS, &en->about,
		    "%s on an order to %s", en->act, order_kind_name(o->kind));
	if (o->kind == ORDER_REVOKE && reason != o->reason)
		audit_failed(v->r, AUDIT_STATUS, &en->about, "the reason is "
		    "%lld in the entry, %d in the order", (long long)reason,
		    o->reason);
	if (acts[act].to == AUDIT_GOOD && c->status == AUDIT_REVOKED)
		audit_failed(v->r, AUDIT_STATUS, &en->about, "a revoked "
		    "certificate was released; entry %lld had revoked it",
		    (long long)c->changed);
}

static void
change(struct audit_verify *v, struct audit_entry *en, size_t act,
    struct audit_cert *c, const uint8_t id[ORDER_ID_SIZE], int64_t reason)
{
	enum audit_status	 before = c->status;
	char			 text[TEXT_TIME_SIZE];
	struct error		 ignored = ERROR_INIT;

	c->status = acts[act].to;
	c->reason = -1;
	if (c->status != AUDIT_GOOD)
		c->reason = c->status == AUDIT_HELD ? 6 : (int8_t)reason;
	c->changed = en->seq;
	c->changed_at = en->at;
	c->early = 0;
	memcpy(c->changed_by, id, ORDER_ID_SIZE);
	c->since = 0;
	if (entry_maybe(v, en, "since", text, sizeof(text)))
		(void)text_parse_time(&c->since, text, &ignored);
	if (before == AUDIT_GOOD && c->status != AUDIT_GOOD)
		bad_put(&v->ca[c->ca], c);
	else if (before != AUDIT_GOOD && c->status == AUDIT_GOOD)
		bad_remove(&v->ca[c->ca], c);
	if (c->has_role)
		v->generation++;
}

static int64_t
reason_of(struct audit_verify *v, struct audit_entry *en)
{
	struct error	 ignored = ERROR_INIT;
	char		 text[24];
	int64_t		 n = 0;

	if (entry_maybe(v, en, "reason", text, sizeof(text)))
		(void)text_parse_number(&n, text, 0, 10, &ignored);
	return n;
}

void
status_change(struct audit_verify *v, struct audit_entry *en)
{
	size_t			 act = act_of(en->act), len;
	struct audit_order	*rec;
	struct audit_cert	*c;
	struct approved		*a;
	uint8_t			 serial[21];
	char			 ca[65];
	int64_t			 reason = reason_of(v, en);

	audit_looked(v->r, AUDIT_STATUS);
	if (!entry_hex(v, en, AUDIT_STATUS, "serial", serial, sizeof(serial),
	    &len) || !entry_text(v, en, AUDIT_STATUS, "ca", ca, sizeof(ca)))
		return;
	en->about.serial = serial;
	en->about.serial_len = len;
	if ((c = target_find(v, en, ca, serial, len)) == NULL ||
	    (rec = orders_use(v, en, &a)) == NULL)
		return;
	if (!is_target(a->order, ca, serial, len))
		audit_failed(v->r, AUDIT_STATUS, &en->about,
		    "%s: the order does not name this certificate", en->act);
	check_change(v, en, act, c, a->order, reason);
	orders_use_once(v, en, rec, c->digest, sizeof(c->digest),
	    "on this certificate");
	orders_check_approvals(v, en, rec, a, c->profile, false);
	change(v, en, act, c, rec->id, reason);
}

void
status_adopt(struct audit_verify *v, struct audit_entry *en)
{
	struct audit_order	*rec;
	struct approved		*a;
	int64_t			 seq;
	uint8_t			 hash[32];

	if ((rec = orders_use(v, en, &a)) == NULL ||
	    !entry_num(v, en, AUDIT_ORDERS, "seq", &seq) ||
	    !entry_digest(v, en, AUDIT_ORDERS, "hash", hash))
		return;
	if (a->order->kind != ORDER_ADOPT || a->order->audit_seq != seq ||
	    memcmp(a->order->audit_hash, hash, 32) != 0) {
		audit_failed(v->r, AUDIT_ORDERS, &en->about,
		    "adopt: the order names another head");
		return;
	}
	if (!orders_check_approvals(v, en, rec, a, NULL, true))
		return;
	v->adopted = mem_resize(v->adopted, v->nadopted + 1,
	    sizeof(*v->adopted));
	v->adopted[v->nadopted++] = (struct audit_adopted){ seq, en->at };
	audit_note(v->r, AUDIT_ALARMS, &en->about, "security officers let the "
	    "CA go on from entry %lld", (long long)seq);
}

/* What the store says. */

static void
about_cert(struct audit_about *about, const struct audit_cert *c)
{
	*about = (struct audit_about){ .serial = c->serial,
	    .serial_len = c->serial_len };
	if (c->changed != 0)
		about->order = c->changed_by;
}

static void
compare_details(struct audit_verify *v, const struct audit_about *about,
    const struct audit_cert *c, const struct bundle_status *s)
{
	char	 id[33], at[TEXT_TIME_SIZE];

	if (c->status == AUDIT_GOOD)
		return;
	if (s->reason != c->reason)
		audit_failed(v->r, AUDIT_STATUS, about, "the store gives "
		    "reason %d, entry %lld gave %d", s->reason,
		    (long long)c->changed, c->reason);
	if (s->at != c->changed_at)
		audit_failed(v->r, AUDIT_STATUS, about, "the store says %s "
		    "since another time than entry %lld, which says %s",
		    names[c->status], (long long)c->changed,
		    text_time(at, c->changed_at));
	if (strcmp(s->order, text_hex(id, c->changed_by, 16)) != 0)
		audit_failed(v->r, AUDIT_STATUS, about,
		    "the store names another order: \"%s\"", s->order);
}

static void
compare(struct audit_verify *v, struct audit_cert *c,
    const struct bundle_status *s)
{
	struct audit_about	 about;

	about_cert(&about, c);
	if (c->told)
		audit_failed(v->r, AUDIT_STATUS, &about,
		    "is in status.txt twice");
	c->told = true;
	if (strcmp(s->status, names[c->status]) == 0)
		compare_details(v, &about, c, s);
	else if (c->changed != 0)
		audit_failed(v->r, AUDIT_STATUS, &about, "the store says %s, "
		    "but it is %s since entry %lld", s->status,
		    names[c->status], (long long)c->changed);
	else
		audit_failed(v->r, AUDIT_STATUS, &about, "the store says %s, "
		    "but no entry made it so", s->status);
}

static void
status_line(struct audit_verify *v, const struct bundle_status *s)
{
	struct audit_about	 about = { .serial = s->serial,
				    .serial_len = s->serial_len };
	struct audit_ca		*ca = cas_find(v, s->ca);
	struct audit_cert	*c = NULL;

	audit_looked(v->r, AUDIT_STATUS);
	if (ca != NULL)
		c = certs_find(v, (int16_t)(ca - v->ca), s->serial,
		    s->serial_len);
	if (c == NULL)
		audit_failed(v->r, AUDIT_STATUS, &about, "status.txt names a "
		    "certificate of CA %s that is not in certs.pem", s->ca);
	else
		compare(v, c, s);
}

void
status_finish(struct audit_verify *v)
{
	struct bundle_file	*f = &v->b.part[BUNDLE_STATUS];
	struct error		 e = ERROR_INIT;
	struct bundle_status	 s;
	struct audit_about	 about;
	struct audit_cert	*c;
	size_t			 pos = 0;
	int			 found;

	while ((found = bundle_status_next(f, &s, &e)) != 0) {
		if (found == 1)
			status_line(v, &s);
		else
			audit_failed(v->r, AUDIT_STATUS, NULL, "%s", e.text);
	}
	while ((c = map_next(&v->certs, &pos)) != NULL) {
		about_cert(&about, c);
		v->r->revoked += c->status != AUDIT_GOOD;
		if (!c->told && c->ca >= 0)
			audit_failed(v->r, AUDIT_STATUS, &about,
			    "status.txt does not tell its status");
	}
}
