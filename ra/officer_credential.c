/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Security keys: an officer's browser registers one, and what comes of it is
 * an order that two security officers sign on machines of their own.  Nobody
 * vouches for the key (there is no attestation): what makes it the officer's
 * is that they saw it registered.
 */
#include <string.h>
#include <openssl/sha.h>

#include "base/base64.h"
#include "base/digest.h"
#include "base/text.h"
#include "desk/draft.h"
#include "desk/submit.h"
#include "officer.h"
#include "order/assertion.h"
#include "public.h"

#define SHORT	16		/* digits of a key's digest */
#define FIELD_MAX	4096

/* authData of a registration: WebAuthn, 6.1 */
#define FLAG_UP		0x01
#define FLAG_UV		0x04
#define FLAG_AT		0x40
#define AT_ID		55	/* rpIdHash, flags, counter, AAGUID, length */

/* ---- list ---- */

static const char *
state_of(const struct page *p, const struct db_credential *c)
{
	if (c->unbound_at != 0)
		return "unbound";
	return c->until != 0 && c->until <= p->now ? "expired" : "bound";
}

static void
add_names(struct buf *b, const char *what, const struct order_names *names)
{
	size_t	i;

	for (i = 0; i < names->n; i++)
		buf_printf(b, "%s%s%s", i > 0 ? ", " : b->len > 0 ? "; " : "",
		    i == 0 ? what : "", names->v[i]);
}

static json_t *
row_json(struct page *p, const struct db_credential *c)
{
	struct approved	*a = NULL;
	struct error	 ignored = ERROR_INIT;
	struct buf	 scope = { 0 };
	json_t		*o = json_object();
	char		 hex[2 * DB_DIGEST + 1];

	if (approval_open(&a, c->blob, &ignored) == 0) {
		add_names(&scope, "", &a->order->bind.profiles);
		add_names(&scope, "@", &a->order->bind.domains);
		add_names(&scope, "", &a->order->bind.offices);
	}
	officer_put(o, "person", c->person);
	officer_put(o, "name", c->person);
	text_hex(hex, c->bind, DB_DIGEST);
	json_object_set_new(o, "id", json_sprintf("%.*s", SHORT, hex));
	officer_put(o, "state", state_of(p, c));
	officer_put_day(o, "until", c->until);
	officer_put(o, "scope", buf_cstr(&scope));
	officer_put(o, "order", text_hex(hex, c->order_id, DB_ORDER_ID));
	approval_free(&a);
	buf_clear(&scope);
	return o;
}

static int
list(struct page *p, struct error *e)
{
	bool			 all = p->client.role == ROLE_SECURITY_OFFICER;
	struct db_credentials	 keys;
	json_t			*rows;
	size_t			 i;

	if (db_credential_list(p->db, all ? NULL : p->client.person, true,
	    &keys, p->arena, e) == -1)
		return -1;
	rows = json_array();
	for (i = 0; i < keys.n; i++)
		json_array_append_new(rows, row_json(p, &keys.v[i]));
	page_put_bool(p, "all", all);
	officer_put_rows(p, "rows", rows);
	return page_show(p, "credentials.html", e);
}

/* ---- registering ---- */

/* The browser signs this: it is of this session and of nothing else. */
static void
challenge(const struct page *p, uint8_t out[SHA256_DIGEST_LENGTH])
{
	uint8_t	in[SESSION_ID + 8];

	memcpy(in, p->session.id, SESSION_ID);
	memcpy(in + SESSION_ID, "register", 8);
	digest_sha256(out, in, sizeof(in));
}

/* "https://ra.example.org:8444" -> "ra.example.org" */
static const char *
relying_party(struct page *p)
{
	const char	*host = page_url_cert(p, "") + strlen("https://");

	return arena_printf(p->arena, "%.*s", (int)strcspn(host, ":/"), host);
}

static int
form(struct page *p, struct error *e)
{
	struct officer_scope	 s;
	struct buf		 ids = { 0 };
	uint8_t			 what[SHA256_DIGEST_LENGTH];
	char			*text;
	size_t			 i;

	if (officer_scope(p, &s, e) == -1 || officer_put_limits(p, e) == -1)
		return -1;
	challenge(p, what);
	text = text_base64url(what, sizeof(what));
	page_put_text(p, "challenge", text);
	mem_free(&text);
	text = text_base64url(p->client.person, strlen(p->client.person));
	page_put_text(p, "user", text);
	mem_free(&text);
	page_put_text(p, "user_name", p->client.name);
	page_put_text(p, "rp", relying_party(p));
	for (i = 0; i < s.n; i++) {
		text = text_base64url(s.key[i].credential.p,
		    s.key[i].credential.len);
		buf_printf(&ids, "%s%s", i > 0 ? " " : "", text);
		mem_free(&text);
	}
	page_put_text(p, "credentials", buf_cstr(&ids));
	buf_clear(&ids);
	return page_show(p, "credential_new.html", e);
}

static int
take(struct page *p, const char *name, struct buf *out, struct error *e)
{
	const char	*text;

	if (page_need(p, name, &text, e) == -1)
		return -1;
	if (strlen(text) > FIELD_MAX)
		return error_set(e, ERROR_INPUT, "%s: too long", name);
	return base64url_parse(out, text, strlen(text), e) == -1 ?
	    error_wrap(e, "%s", name) : 0;
}

/* Made for this site, touched by a person whom it knows, and this key. */
static int
check_auth_data(const struct buf *data, const char *rp, const struct buf *id,
    struct error *e)
{
	uint8_t	hash[SHA256_DIGEST_LENGTH];
	uint8_t	flags = FLAG_UP | FLAG_UV | FLAG_AT;

	digest_sha256(hash, rp, strlen(rp));
	if (data->len < AT_ID || memcmp(data->p, hash, sizeof(hash)) != 0)
		return error_set(e, ERROR_DENIED, "the security key was "
		    "registered for another site");
	if ((data->p[32] & flags) != flags)
		return error_set(e, ERROR_DENIED, "the security key did not "
		    "ask who touches it: set a PIN on it");
	if ((size_t)(data->p[AT_ID - 2] << 8 | data->p[AT_ID - 1]) !=
	    id->len || data->len < AT_ID + id->len ||
	    memcmp(data->p + AT_ID, id->p, id->len) != 0)
		return error_set(e, ERROR_INPUT, "authenticator_data: of "
		    "another key");
	return 0;
}

static int
take_bind(struct page *p, struct order_bind *b, struct error *e)
{
	struct buf	client = { 0 }, data = { 0 };
	uint8_t		what[SHA256_DIGEST_LENGTH];
	int		rc = -1;

	b->person = mem_strdup(p->client.person);
	b->rp_id = mem_strdup(relying_party(p));
	b->origin = mem_strdup(page_url_cert(p, ""));
	challenge(p, what);
	if (take(p, "credential", &b->credential, e) == 0 &&
	    take(p, "public_key", &b->key, e) == 0 &&
	    take(p, "client_data", &client, e) == 0 &&
	    take(p, "authenticator_data", &data, e) == 0 &&
	    assertion_check_client(BYTES(client.p, client.len),
	    "webauthn.create", what, sizeof(what), b->origin, e) == 0)
		rc = check_auth_data(&data, b->rp_id, &b->credential, e);
	buf_clear(&client);
	buf_clear(&data);
	return rc;
}

static int
register_key(struct page *p, struct error *e)
{
	struct draft	d = { 0 };
	char		hex[2 * DB_ORDER_ID + 1];
	int		rc = -1;

	if (draft_new(p->desk, &d, ORDER_BIND, NULL, e) == -1 ||
	    officer_take_limits(p, d.order, e) == -1)
		goto out;
	if (public_is_wrong(p)) {
		rc = form(p, e);
		goto out;
	}
	if (take_bind(p, &d.order->bind, e) == -1)
		goto out;
	d.order->comment = mem_printf("registered in the browser by %s",
	    p->client.person);
	p->desk->who = p->client.person;
	if (submit_draft(p->desk, &d, NULL, NULL, e) == -1)
		goto out;
	page_message(p, "flash.registered");
	rc = page_redirect(p, arena_printf(p->arena,
	    "/officer/credentials/new/%s", text_hex(hex, d.order->id,
	    DB_ORDER_ID)), e);
 out:
	draft_clear(&d);
	return rc;
}

/* Who has no key yet may still see the order that is to bind the first. */
static int
registered(struct page *p, struct error *e)
{
	struct review	 r = { 0 };
	uint8_t		 id[DB_ORDER_ID];
	json_t		*o;
	struct buf	 text = { 0 };
	char		 hex[2 * DB_DIGEST + 1], short_id[REVIEW_SHORT + 1];
	int		 rc = -1;

	if (page_arg_id(p, "id", id, sizeof(id), e) == -1 ||
	    review_load_id(p->desk, id, &r, e) == -1)
		return -1;
	if (r.approved->order->kind != ORDER_BIND ||
	    strcmp(r.approved->order->bind.person, p->client.person) != 0) {
		error_set(e, ERROR_NOTFOUND, "no such order");
		goto out;
	}
	if (review_judge(p->desk, &r, e) == -1)
		goto out;
	order_describe(&text, r.approved->order, 0);
	o = json_object();
	officer_put(o, "summary", r.row.summary);
	officer_put(o, "state", r.row.state);
	officer_put_time(o, "made_at", r.row.created_at);
	officer_put_time(o, "expires_at", r.row.expires_at);
	officer_put(o, "text", buf_cstr(&text));
	officer_put(o, "digest", text_hex(hex, r.row.digest, DB_DIGEST));
	officer_put(o, "rules", "security-officer and security-officer");
	officer_put(o, "missing", r.complete ? NULL : r.missing.text);
	page_put(p, "order", o);
	page_put_text(p, "id", text_hex(hex, id, DB_ORDER_ID));
	page_put_text(p, "short", review_short_id(short_id, id));
	page_put(p, "approvals", json_array());
	page_put(p, "certs", json_array());
	page_put_bool(p, "by_command", true);
	rc = page_show(p, "order.html", e);
 out:
	buf_clear(&text);
	review_clear(&r);
	return rc;
}

const struct page_route PAGES_OFFICER_CREDENTIAL[] = {
	{ HTTP_GET, "/officer/credentials", PAGE_OFFICER, list, 0 },
	{ HTTP_GET, "/officer/credentials/new", PAGE_OFFICER, form, 0 },
	{ HTTP_POST, "/officer/credentials/new", PAGE_OFFICER, register_key,
	    0 },
	{ HTTP_GET, "/officer/credentials/new/{id}", PAGE_OFFICER,
	    registered, 0 },
	{ 0, NULL, PAGE_ANYONE, NULL, 0 }
};
