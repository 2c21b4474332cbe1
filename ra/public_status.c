/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How it stands, and the certificate when it is there.  The address is the
 * secret: a token of a mail, or the id of an order, which is 128 random bits
 * that officers and whoever handed it in know.
 */
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "db/db_application.h"
#include "db/db_order.h"
#include "db/db_revocation_code.h"
#include "link.h"
#include "order/revocation.h"
#include "public.h"
#include "rad.h"

static const struct limit_rate link_rate = { "link", 60, 60 };
static const struct limit_rate code_rate = { "make-code", 5, 2 };

struct standing {
	struct db_application	 a;
	struct db_order		 o;
	bool			 has_application, has_order;
	const char		*state;		/* of an application */
	const char		*reason;	/* why not, or NULL */
};

static const char *
state_of_order(const struct db_order *o)
{
	static const char *const	 same[][2] = {
		{ "pending", "waiting" }, { "ready", "ordered" },
		{ "done", "issued" }, { "rejected", "rejected" },
		{ "refused", "rejected" }, { "expired", "expired" },
	};

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		if (strcmp(same[i][0], o->state) == 0)
			return same[i][1];
	return "waiting";
}

static int
find_order(struct page *p, const uint8_t *id, struct standing *s,
    struct error *e)
{
	int	 found;

	if ((found = db_order_find(p->db, id, &s->o, p->arena, e)) == -1)
		return -1;
	if (found == 0 || strcmp(s->o.kind, "issue") != 0)
		return error_set(e, ERROR_NOTFOUND, "this link leads nowhere");
	s->has_order = true;
	return 0;
}

static int
find(struct page *p, struct standing *s, struct error *e)
{
	const char	*token = page_arg(p, "token");
	uint8_t		 id[DB_ORDER_ID];
	struct error	 ignored = ERROR_INIT;

	*s = (struct standing){ .state = "waiting" };
	if (page_limit_address(p, &link_rate, e) == -1)
		return -1;
	if (strlen(token) == 2 * DB_ORDER_ID &&
	    text_unhex(id, sizeof(id), NULL, token, &ignored) == 0) {
		if (find_order(p, id, s, e) == -1)
			return -1;
		s->state = state_of_order(&s->o);
		s->reason = s->o.reason;
		return 0;
	}
	if (link_find(p->db, DB_LINK_STATUS, token, &s->a, p->arena, e) == -1)
		return -1;
	s->has_application = true;
	s->state = s->a.state;
	s->reason = s->a.reason;
	if (s->a.has_order && find_order(p, s->a.order_id, s, e) == -1)
		return -1;
	/* The row follows its order a second later. */
	if (strcmp(s->state, "ordered") == 0 &&
	    strcmp(s->o.state, "pending") != 0) {
		s->state = state_of_order(&s->o);
		s->reason = s->o.reason;
	}
	return 0;
}

static json_t *
fields_value(struct page *p, const char *text)
{
	json_t	*list = json_array(), *in = json_loads(text, 0, NULL), *one;
	size_t	 i;

	json_array_foreach(in, i, one) {
		const char	*name = json_string_value(json_array_get(one,
		    0));
		const char	*label = name == NULL ? NULL : public_text(p,
		    arena_printf(p->arena, "field.%s", name));
		const char	*value = json_string_value(json_array_get(one,
		    1));

		if (name != NULL && value != NULL)
			json_array_append_new(list, json_pack("{s:s, s:s}",
			    "label", label != NULL ? label : name, "value",
			    value));
	}
	json_decref(in);
	return list;
}

static int
status_show(struct page *p, struct error *e)
{
	struct standing	 s;
	json_t		*v;
	bool		 waits;

	if (find(p, &s, e) == -1)
		return -1;
	waits = strcmp(s.state, "waiting") == 0 ||
	    strcmp(s.state, "ordered") == 0;
	v = json_pack("{s:s, s:s, s:s, s:s, s:o}", "state", s.state,
	    "description", public_description(p, s.has_application ?
	    s.a.profile : s.o.profile), "made_at", public_day(p,
	    s.has_application ? s.a.made_at : s.o.created_at), "short",
	    arena_printf(p->arena, "%.8s", public_hex(p, s.has_application ?
	    s.a.id : s.o.id, 4)), "fields", s.has_application ?
	    fields_value(p, s.a.fields) : json_array());
	if (s.has_application)
		json_object_set_new(v, "mail", json_string(s.a.mail));
	if (s.reason != NULL && *s.reason != '\0' && !waits &&
	    strcmp(s.state, "issued") != 0)
		json_object_set_new(v, "reason", json_string(s.reason));
	if (waits)
		json_object_set_new(v, "expires_at", json_string(
		    public_day(p, s.has_order ? s.o.expires_at :
		    s.a.expires_at)));
	page_put(p, "application", v);
	page_put_text(p, "token", page_arg(p, "token"));
	page_put_bool(p, "waits", waits);
	page_put_bool(p, "issued", strcmp(s.state, "issued") == 0);
	page_put_bool(p, "may_withdraw", s.has_application &&
	    strcmp(s.a.state, "waiting") == 0);
	return page_show(p, "status.html", e);
}

static int
withdraw(struct page *p, struct error *e)
{
	struct standing	 s;

	if (find(p, &s, e) == -1)
		return -1;
	if (!s.has_application)
		return error_set(e, ERROR_CONFLICT, "this is an order already: "
		    "only an officer can stop it");
	if (db_application_withdraw(p->db, s.a.id, e) == -1)
		return -1;
	page_message(p, "flash.withdrawn");
	return page_redirect(p, arena_printf(p->arena, "/status/%s",
	    page_arg(p, "token")), e);
}

/* ---- collecting ---- */

static int
find_cert(struct page *p, struct db_cert *c, struct error *e)
{
	struct standing	 s;
	struct db_ref	 ref = { .n = 0 };
	int		 found = 0;

	if (find(p, &s, e) == -1)
		return -1;
	if (s.has_order) {
		memcpy(ref.order_id, s.o.id, DB_ORDER_ID);
		if ((found = db_cert_find_ref(p->db, &ref, c, p->arena,
		    e)) == -1)
			return -1;
	}
	if (found == 1)
		return 0;
	error_set(e, ERROR_NOTFOUND, "there is no certificate yet");
	return error_hint(e, "see how it stands, at the same address with "
	    "/status/ in the place of /collect/");
}

/* That of a card is in the letter that comes with its PIN. */
static bool
may_replace_code(struct page *p, const struct db_cert *c)
{
	return c->card == NULL && public_may_revoke(p, c);
}

/* 0, and the page shows it; of two who look at once one sees it. */
static int
make_code(struct page *p, const struct db_cert *c, bool replace,
    struct error *e)
{
	struct db_revocation_code	 code = { .cert = c->id };
	struct secret			 text = { 0 };
	int				 rc;

	if ((rc = page_limit_address(p, &code_rate, e)) == 0 &&
	    (rc = revocation_make(&text, code.name, code.salt, code.hash,
	    &rng_system, e)) == 0 &&
	    (rc = db_revocation_code_set(p->db, &code, replace, e)) == 0)
		page_put_text(p, "revocation_code", (const char *)text.p);
	if (rc == -1 && e->code == ERROR_CONFLICT) {
		error_clear(e);
		rc = 0;
	}
	secret_free(&text);
	return rc;
}

/* Who has none yet is shown one, once: it may be lost on the way. */
static int
put_code(struct page *p, const struct db_cert *c, struct error *e)
{
	struct db_revocation_code	 code = { .cert = c->id };
	int				 found;

	if (!public_may_revoke(p, c))
		return 0;
	if ((found = db_revocation_code_of(p->db, c->id, &code, e)) == -1)
		return -1;
	page_put_bool(p, "has_code", found == 1 && may_replace_code(p, c));
	return found == 1 ? 0 : make_code(p, c, false, e);
}

static int
show_cert(struct page *p, const struct db_cert *c, struct error *e)
{
	struct buf	 pem = { 0 };
	int		 rc = -1;

	if (public_chain_pem(p, c->der, &pem, e) == 0) {
		page_put(p, "cert", public_cert(p, c));
		page_put_text(p, "token", page_arg(p, "token"));
		page_put_text(p, "pem", buf_cstr(&pem));
		rc = page_show(p, "collect.html", e);
	}
	buf_clear(&pem);
	return rc;
}

static int
collect_show(struct page *p, struct error *e)
{
	struct db_cert	 c;

	if (find_cert(p, &c, e) == -1 || put_code(p, &c, e) == -1)
		return -1;
	return show_cert(p, &c, e);
}

/* Another code in the place of one that was lost, which is void then. */
static int
code_again(struct page *p, struct error *e)
{
	struct db_cert	 c;

	if (find_cert(p, &c, e) == -1)
		return -1;
	if (!may_replace_code(p, &c))
		return error_set(e, ERROR_CONFLICT, "no code of this "
		    "certificate is made here");
	return make_code(p, &c, true, e) == -1 ? -1 : show_cert(p, &c, e);
}

static int
collect_file(struct page *p, struct error *e)
{
	const char	*form = page_arg(p, "form");
	struct db_cert	 c;
	struct buf	 out = { 0 };
	int		 rc = -1;

	if (find_cert(p, &c, e) == -1)
		return -1;
	if (strcmp(form, "der") == 0)
		return page_send(p, "application/pkix-cert",
		    "certificate.cer", c.der, e);
	if (strcmp(form, "pem") == 0) {
		if (public_chain_pem(p, c.der, &out, e) == 0)
			rc = page_send(p, "application/x-pem-file",
			    "certificate.pem", BYTES(out.p, out.len), e);
	} else if (strcmp(form, "p7") == 0) {
		if (public_chain_p7(p, c.der, &out, e) == 0)
			rc = page_send(p, "application/pkcs7-mime",
			    "certificate.p7b", BYTES(out.p, out.len), e);
	} else
		error_set(e, ERROR_NOTFOUND, "there is pem, der and p7");
	buf_clear(&out);
	return rc;
}

const struct page_route PAGES_STATUS[] = {
	{ HTTP_GET, "/status/{token}", PAGE_ANYONE, status_show, 0 },
	{ HTTP_POST, "/status/{token}/withdraw", PAGE_ANYONE, withdraw, 0 },
	{ HTTP_GET, "/collect/{token}", PAGE_ANYONE, collect_show, 0 },
	{ HTTP_POST, "/collect/{token}/code", PAGE_ANYONE, code_again, 0 },
	{ HTTP_GET, "/collect/{token}/{form}", PAGE_ANYONE, collect_file, 0 },
	{ .path = NULL }
};
