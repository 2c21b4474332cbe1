/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holders revoke: with the code, or with the certificate itself.
 *
 * A code that does not exist, one that is wrong and one that has been tried
 * too often are told in the same words after the same work.
 */
#include <string.h>

#include "db/db_revocation_code.h"
#include "desk/draft.h"
#include "desk/selector.h"
#include "desk/submit.h"
#include "desk/target.h"
#include "once.h"
#include "order/revocation.h"
#include "os/gate.h"
#include "public.h"
#include "rad.h"
#include "subject.h"

#define GATE_MS	5000
#define MY_MAX	100
#define CARD_MAX	100	/* certificates of a card, renewed ones, too */

static const struct limit_rate code_rate = { "revoke", 10, 5 };

bool
public_may_revoke(struct page *p, const struct db_cert *c)
{
	const struct profile	*profile;
	struct error		 ignored = ERROR_INIT;

	return strcmp(c->status, "revoked") != 0 && c->not_after > p->now &&
	    desk_need(p->desk, DESK_PROFILES, &ignored) == 0 &&
	    profiles_find(&p->desk->profiles, c->profile, &profile,
	    &ignored) == 0 && approval_rule_allows(
	    &profile->self_revoke_approvals, ROLE_RA_AGENT);
}

static const char *const reasons[] = { "keyCompromise", "superseded",
    "affiliationChanged", "cessationOfOperation", "unspecified" };
enum { REASONS = sizeof(reasons) / sizeof(reasons[0]) };

/* Puts the reasons that a holder can give. */
static void
public_put_reasons(struct page *p)
{
	json_t	*list = json_array();

	for (size_t i = 0; i < REASONS; i++)
		json_array_append_new(list, json_pack("{s:s, s:b}", "value",
		    reasons[i], "selected", i == 0));
	page_put(p, "reasons", list);
}

static int
find_reason(const char *name, int *reason, struct error *e)
{
	for (size_t i = 0; i < REASONS; i++)
		if (name != NULL && strcmp(name, reasons[i]) == 0)
			return selector_reason(reason, name, e);
	return error_set(e, ERROR_INPUT, "reason: choose one of the list");
}

static int
store(struct page *p, const struct draft *d, struct error *e)
{
	return submit_draft(p->desk, d, NULL, NULL, e) == -1 ? -1 : 0;
}

static int
revoke(struct page *p, const struct db_certs *all, const char *reason,
    const char *why, struct error *e)
{
	const char		**serial = arena_alloc(p->arena,
				    (all->n + 1) * sizeof(*serial));
	struct target_ask	 ask = { .serial = serial, .nserials = all->n };
	struct targets		 t = { 0 };
	struct draft		 d = { 0 };
	int			 n, rc = -1;

	for (size_t i = 0; i < all->n; i++)
		serial[i] = arena_printf(p->arena, "%s/%s", all->v[i].ca,
		    public_hex(p, all->v[i].serial.p, all->v[i].serial.len));
	if (all->n == 0)
		return error_set(e, ERROR_DENIED, "this certificate cannot be "
		    "revoked here: ask an officer");
	if (find_reason(reason, &n, e) == -1 ||
	    desk_need(p->desk, DESK_TRUST, e) == -1 ||
	    desk_need(p->desk, DESK_SIGNER, e) == -1 ||
	    target_resolve(p->desk, ORDER_REVOKE, &ask, &t, e) == -1 ||
	    draft_new(p->desk, &d, ORDER_REVOKE, NULL, e) == -1)
		goto out;
	d.order->reason = n;
	d.order->comment = mem_strdup(why);
	target_set(d.order, &t);
	rc = once_hand_in(p, &d, store, e);
 out:
	draft_clear(&d);
	target_clear(&t);
	return rc;
}

/* Those that can be revoked of what is on the same card, of the same holder;
 * or of this one alone.  The one asked about comes first. */
static int
find_all(struct page *p, const struct db_cert *c, bool card,
    struct db_certs *all, struct error *e)
{
	struct db_cert_filter	 f = { .card = c->card, .holder = c->holder };
	struct db_certs		 found = { .n = 0 };

	if (card && c->card != NULL && c->holder != NULL && db_cert_list(
	    p->db, &f, 0, CARD_MAX, &found, p->arena, e) == -1)
		return -1;
	all->v = arena_alloc(p->arena, (found.n + 1) * sizeof(*all->v));
	all->n = 0;
	if (public_may_revoke(p, c))
		all->v[all->n++] = *c;
	for (size_t i = 0; i < found.n; i++)
		if (found.v[i].id != c->id &&
		    public_may_revoke(p, &found.v[i]))
			all->v[all->n++] = found.v[i];
	return 0;
}

/* ---- with the code ---- */

/* 1: this certificate; 0: told; -1. */
static int
find_by_code(struct page *p, struct db_cert *c, struct error *e)
{
	static const uint8_t		 none[REVOCATION_SALT];
	struct db_revocation_code	 code;
	struct secret			 part = { 0 };
	struct error			 why = ERROR_INIT;
	const char			*typed = page_field(p, "code");
	char				 name[REVOCATION_NAME + 1] = "";
	int				 found = -1, right = 0;

	if (page_limit_address(p, &code_rate, e) == -1)
		return -1;
	if (revocation_parse(name, &part, typed != NULL ? typed : "",
	    &why) == -1) {
		public_wrong(p, "code", why.text);
		found = 0;
	} else if ((found = db_revocation_code_try(p->db, name, &code,
	    e)) != -1) {
		if (gate_enter(p->rad->hashes, GATE_MS, e) == -1) {
			secret_free(&part);
			return -1;
		}
		right = revocation_verify(&part, found == 1 ? code.salt : none,
		    found == 1 ? code.hash : (const uint8_t *)"no such code, "
		    "and as much work....", e);
		gate_leave(p->rad->hashes);
		if (right == -1)
			found = -1;
		else if (found == 0 || right == 0) {
			public_wrong(p, "code", "this is not a code of ours, "
			    "or it was tried too often: wait a while");
			p->status = 403;
			found = 0;
		}
	}
	secret_free(&part);
	if (found != 1)
		return found;
	if (db_revocation_code_used(p->db, code.cert, e) == -1 ||
	    (found = db_cert_find_id(p->db, code.cert, c, p->arena, e)) == -1)
		return -1;
	return found == 1 ? 1 : error_set(e, ERROR_BUG, "a code of nothing");
}

static int
form_show(struct page *p, struct error *e)
{
	const char	*typed = page_field(p, "code");

	page_put_text(p, "code", typed != NULL ? typed : "");
	return page_show(p, "revoke.html", e);
}

static int
sure(struct page *p, const struct db_cert *c, const struct db_certs *all,
    const char *action, const char *code, struct error *e)
{
	json_t	*more = json_array();

	for (size_t i = 1; i < all->n; i++)
		json_array_append_new(more, public_cert(p, &all->v[i]));
	page_put(p, "cert", public_cert(p, c));
	page_put(p, "more", more);
	page_put_text(p, "code", code);
	page_put_url(p, "act", action);
	public_put_reasons(p);
	return page_show(p, "revoke_confirm.html", e);
}

static int
done(struct page *p, const struct db_cert *c, const struct db_certs *all,
    struct error *e)
{
	struct db_cert	 now;
	bool		 over = true;
	int		 found;

	for (size_t i = 0; i < all->n; i++) {
		if ((found = db_cert_find(p->db, all->v[i].ca,
		    &all->v[i].serial, &now, p->arena, e)) == -1)
			return -1;
		over &= found == 1 && strcmp(now.status, "revoked") == 0;
	}
	page_put(p, "cert", public_cert(p, c));
	page_put_bool(p, "done", over);
	return page_show(p, "revoke_done.html", e);
}

/* What has been revoked already, and nothing else, is done. */
static bool
is_over(const struct db_cert *c, const struct db_certs *all)
{
	return all->n == 0 && strcmp(c->status, "revoked") == 0;
}

static int
code_next(struct page *p, struct error *e)
{
	struct db_cert	 c;
	struct db_certs	 all;
	int		 found = find_by_code(p, &c, e);

	if (found != 1)
		return found == 0 ? form_show(p, e) : -1;
	if (find_all(p, &c, true, &all, e) == -1)
		return -1;
	if (is_over(&c, &all))
		return done(p, &c, &all, e);
	return sure(p, &c, &all, "/revoke/confirm", page_field(p, "code"), e);
}

static int
code_revoke(struct page *p, struct error *e)
{
	struct db_cert	 c;
	struct db_certs	 all;
	int		 found = find_by_code(p, &c, e);

	if (found != 1)
		return found == 0 ? form_show(p, e) : -1;
	if (find_all(p, &c, true, &all, e) == -1 || (!is_over(&c, &all) &&
	    revoke(p, &all, page_field(p, "reason"), "by the holder, with the "
	    "revocation code", e) == -1))
		return -1;
	return done(p, &c, &all, e);
}

/* ---- with the certificate ---- */

static bool
is_own(const struct page *p, const struct db_cert *c)
{
	const struct page_client	*me = &p->client;

	if (me->holder != NULL && c->holder != NULL)
		return strcmp(me->holder, c->holder) == 0;
	return me->ca != NULL && strcmp(me->ca, c->ca) == 0 &&
	    me->serial.len == c->serial.len &&
	    memcmp(me->serial.p, c->serial.p, c->serial.len) == 0;
}

/* Another's and none are the same answer. */
static int
find_own(struct page *p, struct db_cert *c, struct error *e)
{
	int	 found = db_cert_find_hex(p->db, NULL, page_arg(p, "serial"),
		    c, p->arena, e);

	if (found == 1 && is_own(p, c))
		return 0;
	if (found == -1 && e->code != ERROR_INPUT)
		return -1;
	return error_set(e, ERROR_NOTFOUND, "you have no such certificate");
}

static json_t *
own_value(struct page *p, const struct db_cert *c)
{
	char	*hex = public_hex(p, c->serial.p, c->serial.len);
	bool	 renew = strcmp(c->status, "good") == 0 &&
	    c->not_after > p->now;

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:b, "
	    "s:{s:s, s:s}}", "name", subject_name(p->arena, c->subject),
	    "description", public_description(p, c->profile), "serial", hex,
	    "not_after", public_day(p, c->not_after), "status", c->not_after < p->now ?
	    "expired" : strcmp(c->status, "good") == 0 ? "valid" : c->status,
	    "may_revoke", public_may_revoke(p, c), "may_renew", renew,
	    "current", p->client.serial.len == c->serial.len &&
	    memcmp(p->client.serial.p, c->serial.p, c->serial.len) == 0,
	    "url", "revoke", arena_printf(p->arena, "/my/cert/%s/revoke",
	    hex), "renew", page_url(p, "/renew"));
}

static int
my_show(struct page *p, struct error *e)
{
	struct db_cert_filter	 f = { .holder = p->client.holder };
	struct db_certs		 all = { .n = 0 };
	struct db_cert		 own;
	json_t			*list = json_array();
	int			 found;

	page_put(p, "certs", list);
	if (f.holder != NULL) {
		if (db_cert_list(p->db, &f, 0, MY_MAX, &all, p->arena,
		    e) == -1)
			return -1;
	} else if (p->client.ca != NULL) {
		if ((found = db_cert_find(p->db, p->client.ca,
		    &p->client.serial, &own, p->arena, e)) == -1)
			return -1;
		all = (struct db_certs){ &own, (size_t)found };
	}
	for (size_t i = 0; i < all.n; i++)
		json_array_append_new(list, own_value(p, &all.v[i]));
	return page_show(p, "my.html", e);
}

static int
my_sure(struct page *p, struct error *e)
{
	struct db_cert	 c;
	struct db_certs	 all = { .v = &c, .n = 1 };

	if (find_own(p, &c, e) == -1)
		return -1;
	return sure(p, &c, &all, arena_printf(p->arena, "/my/cert/%s/revoke",
	    page_arg(p, "serial")), "", e);
}

static int
my_revoke(struct page *p, struct error *e)
{
	struct db_cert	 c;
	struct db_certs	 all;

	if (find_own(p, &c, e) == -1 || find_all(p, &c, false, &all, e) == -1)
		return -1;
	if (!is_over(&c, &all) && revoke(p, &all, page_field(p, "reason"),
	    "by the holder, with a certificate of the same holder", e) == -1)
		return -1;
	return done(p, &c, &all, e);
}

const struct page_route PAGES_REVOKE[] = {
	{ HTTP_GET, "/revoke", PAGE_ANYONE, form_show, PAGE_STATELESS },
	{ HTTP_POST, "/revoke", PAGE_ANYONE, code_next, 0 },
	{ HTTP_POST, "/revoke/confirm", PAGE_ANYONE, code_revoke, 0 },
	{ HTTP_GET, "/my", PAGE_HOLDER, my_show, 0 },
	{ HTTP_GET, "/my/cert/{serial}/revoke", PAGE_HOLDER, my_sure, 0 },
	{ HTTP_POST, "/my/cert/{serial}/revoke", PAGE_HOLDER, my_revoke, 0 },
	{ .path = NULL }
};
