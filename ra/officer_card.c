/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A card: looked at, and what becomes of it.  A change that has an effect on
 * its certificates is an order, which the security key signs; the others are
 * noted.
 */
#include <string.h>

#include "base/text.h"
#include "desk/card_move.h"
#include "officer_card.h"

#define COMMENT_MAX	200

json_t *
officer_card_json(const struct db_card *c)
{
	json_t	*o = json_object();

	officer_put(o, "number", c->number);
	officer_put(o, "holder", c->holder);
	officer_put(o, "state", c->state);
	officer_put(o, "batch", c->batch);
	officer_put_time(o, "changed_at", c->changed_at);
	return o;
}

static int
may_see_cert(struct page *p, const struct officer_scope *s,
    const struct db_card_key *k, struct error *e)
{
	struct db_cert	cert;
	struct error	why = ERROR_INIT;
	int		found;

	found = db_cert_find(p->db, k->ca, &k->serial, &cert, p->arena, e);
	if (found != 1)
		return found;
	return officer_scope_cert(p, s, &cert, &why) == 0;
}

int
officer_card_may(struct page *p, const struct officer_scope *s,
    const struct db_card *c, struct error *e)
{
	struct db_card_keys	 keys;
	size_t			 n, certs = 0;
	int			 may;

	if (s->n == 0)
		return 0;
	if (db_card_keys(p->db, c->hold.id, &keys, p->arena, e) == -1)
		return -1;
	for (size_t i = 0; i < keys.n; i++) {
		if (keys.v[i].der.p == NULL)
			continue;
		certs++;
		if ((may = may_see_cert(p, s, &keys.v[i], e)) != 1)
			return may;
	}
	return certs > 0 || officer_scope_profiles(p, s, &n) == NULL;
}

/* ---- one ---- */

static int
find(struct page *p, const struct officer_scope *s, struct db_card *c,
    struct error *e)
{
	int	found = db_card_numbered(p->db, page_arg(p, "number"), c,
		    p->arena, e);

	if (found == 1)
		found = officer_card_may(p, s, c, e);
	return found == -1 ? -1 : found == 1 ? 0 :
	    error_set(e, ERROR_NOTFOUND, "no such card");
}

static int
put_certs(struct page *p, const struct db_card *c, struct error *e)
{
	struct db_card_keys	 keys;
	struct db_cert		 cert;
	json_t			*list, *o;

	if (db_card_keys(p->db, c->hold.id, &keys, p->arena, e) == -1)
		return -1;
	page_put(p, "certs", list = json_array());
	for (size_t i = 0; i < keys.n; i++) {
		const struct db_card_key	*k = &keys.v[i];

		if (k->der.p == NULL)
			continue;
		if (db_cert_find(p->db, k->ca, &k->serial, &cert, p->arena,
		    e) != 1)
			return e->code == ERROR_NONE ? error_set(e, ERROR_BUG,
			    "a certificate of a card is not there") : -1;
		o = officer_cert_json(p, &cert);
		officer_put(o, "slot", k->slot);
		officer_put(o, "alg", k->alg);
		json_array_append_new(list, o);
	}
	return 0;
}

static int
put_history(struct page *p, const struct db_card *c, struct error *e)
{
	struct db_card_events	 all;
	char			 hex[2 * DB_ORDER_ID + 1];
	json_t			*list, *o;

	if (db_card_events(p->db, c->hold.id, &all, p->arena, e) == -1)
		return -1;
	page_put(p, "history", list = json_array());
	for (size_t i = 0; i < all.n; i++) {
		o = json_object();
		officer_put_time(o, "at", all.v[i].at);
		officer_put(o, "what", all.v[i].what);
		officer_put(o, "who", all.v[i].who);
		officer_put(o, "reason", all.v[i].reason);
		officer_put(o, "order", all.v[i].has_order ? text_hex(hex,
		    all.v[i].order_id, DB_ORDER_ID) : NULL);
		json_array_append_new(list, o);
	}
	return 0;
}

/* What may become of it from where it is. */
static int
put_acts(struct page *p, const struct db_card *c, struct error *e)
{
	struct card_move	 m = { .desk = p->desk, .card = *c };
	json_t			*list = json_array();
	int			 found;

	page_put(p, "acts", list);
	for (size_t i = 0; (m.verb = card_move_verb(i)) != NULL; i++) {
		if ((found = card_move_find(&m, e)) == -1)
			return -1;
		if (found == 1)
			json_array_append_new(list, json_pack("{s:s, s:s}",
			    "verb", m.verb, "effect", m.effect));
	}
	page_put_bool(p, "has_acts", json_array_size(list) > 0);
	return 0;
}

static int
show(struct page *p, struct error *e)
{
	struct officer_scope	s;
	struct db_card		c;
	json_t			*o;

	if (officer_scope(p, &s, e) == -1 || find(p, &s, &c, e) == -1)
		return -1;
	o = officer_card_json(&c);
	officer_put(o, "layout", c.layout);
	officer_put(o, "chip", c.identity);
	if (c.issued_at != 0)
		officer_put_time(o, "issued_at", c.issued_at);
	if (c.expires != 0)
		officer_put_day(o, "expires", c.expires);
	page_put(p, "card", o);
	return put_certs(p, &c, e) == -1 || put_history(p, &c, e) == -1 ||
	    put_acts(p, &c, e) == -1 ? -1 : page_show(p, "card.html", e);
}

/* ---- what becomes of it ---- */

static char *
card_url(struct page *p, const struct db_card *c, const char *what)
{
	return arena_printf(p->arena, "/officer/card/%s%s", c->number, what);
}

static int
read_act(struct page *p, struct officer_scope *s, struct card_move *m,
    struct error *e)
{
	int	found;

	*m = (struct card_move){ .desk = p->desk,
	    .words = page_field(p, "comment") };
	p->desk->who = p->client.person;
	if (m->words != NULL && *m->words == '\0')
		m->words = NULL;
	if (m->words != NULL && !text_is_clean(m->words, strlen(m->words),
	    COMMENT_MAX))
		return error_set(e, ERROR_INPUT, "comment: not one line of "
		    "clean text of at most %d bytes", COMMENT_MAX);
	if (page_need(p, "act", &m->verb, e) == -1 ||
	    officer_scope(p, s, e) == -1 ||
	    find(p, s, &m->card, e) == -1 ||
	    (found = card_move_find(m, e)) == -1)
		return -1;
	return found == 1 ? 0 : error_set(e, ERROR_CONFLICT, "card %s is %s: "
	    "this cannot become of it", m->card.number, m->card.state);
}

static int
note(struct page *p, struct card_move *m, struct error *e)
{
	if (db_txn(p->db, card_move_store, m, e) == -1)
		return -1;
	page_message(p, "flash.saved");
	return page_redirect(p, card_url(p, &m->card, ""), e);
}

static int
act(struct page *p, struct error *e)
{
	struct officer_scope	s;
	struct card_move	m;
	struct draft		d = { 0 };
	int			rc = -1;

	if (read_act(p, &s, &m, e) == -1)
		return -1;
	if (strcmp(m.effect, "none") == 0)
		return note(p, &m, e);
	if (card_move_draft(&m, &d, e) == 0) {
		officer_carry(p, "act", m.verb);
		officer_carry(p, "comment", m.words != NULL ? m.words : "");
		rc = d.order->ntargets == 0 ? note(p, &m, e) :
		    officer_sign_draft(p, &s, &d, card_url(p, &m.card,
		    "/sign"), card_url(p, &m.card, ""), e);
	}
	draft_clear(&d);
	return rc;
}

static bool
is_same_target(const struct order_target *a, const struct order_target *b)
{
	return strcmp(a->ca, b->ca) == 0 && bytes_equal(BYTES(a->serial,
	    a->serial_len), BYTES(b->serial, b->serial_len));
}

/* The order that was shown is what would be made now. */
static int
check_same(const struct order *shown, const struct order *now,
    struct error *e)
{
	bool	same = shown->ntargets == now->ntargets &&
		    (now->kind != ORDER_REVOKE ||
		    shown->reason == now->reason) && shown->selector != NULL &&
		    strcmp(shown->selector, now->selector) == 0;

	for (size_t i = 0; same && i < now->ntargets; i++)
		same = is_same_target(&shown->target[i], &now->target[i]);
	return same ? 0 : error_set(e, ERROR_CONFLICT, "this is not the order "
	    "for this card as it is now");
}

static int
sign(struct page *p, struct error *e)
{
	struct officer_scope	 s;
	struct card_move	 m;
	struct approved		*a = NULL;
	struct draft		 now = { 0 }, d = { 0 };
	int			 rc = -1;

	if (read_act(p, &s, &m, e) == -1)
		return -1;
	if (strcmp(m.effect, "none") == 0)
		return error_set(e, ERROR_INPUT, "there is nothing to sign");
	if (card_move_draft(&m, &now, e) == -1 || officer_sign_order(p,
	    now.order->kind, &a, e) == -1 ||
	    check_same(a->order, now.order, e) == -1)
		goto out;
	d = (struct draft){ .order = a->order, .also = card_move_store,
	    .also_arg = &m };
	m.order_id = a->order->id;
	if (officer_sign_new(p, &s, &d, NULL, e) == -1)
		goto out;
	page_message(p, "flash.ordered");
	rc = page_redirect(p, card_url(p, &m.card, ""), e);
 out:
	draft_clear(&now);
	approval_free(&a);
	return rc;
}

const struct page_route PAGES_OFFICER_CARD[] = {
	{ HTTP_GET, "/officer/card/{number}", PAGE_OFFICER, show, 0 },
	{ HTTP_POST, "/officer/card/{number}", PAGE_OFFICER, act, 0 },
	{ HTTP_POST, "/officer/card/{number}/sign", PAGE_OFFICER, sign, 0 },
	{ 0, NULL, PAGE_ANYONE, NULL, 0 }
};
