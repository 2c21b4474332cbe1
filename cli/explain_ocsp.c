/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/explain_ocsp.h"

#include <string.h>

#include "base/text.h"
#include "cli/last_crl.h"
#include "db/db_cert.h"
#include "desk/review.h"
#include "desk/selector.h"
#include "x509/der.h"
#include "x509/ocsp.h"

struct verdict {
	const struct ocsp_id	*id;
	const char		*ca;		/* NULL: none of ours */
	const char		*subject;
	const char		*answer;
	int			 reason;	/* with revoked; -1 none */
	int64_t			 revoked_at;
	const char		*order;		/* the last that changed it */
	const char		*became;	/* what that made of it */
	int64_t			 crl_number;	/* 0: there is none */
	bool			 on_crl;
	const char		*why, *next;
};

static const char *
hex_of(struct cli *c, struct bytes b)
{
	return text_hex(arena_alloc(c->desk.arena, 2 * b.len + 1), b.p, b.len);
}

static const char *
time_of(struct cli *c, int64_t t)
{
	return text_time(arena_alloc(c->desk.arena, TEXT_TIME_SIZE), t);
}

/* ---- whose is it? ---- */

struct match {
	const struct desk_issuer	*both;		/* name and key */
	const struct desk_issuer	*name, *key;	/* only that */
	bool			 root;
};

static int
match_one(struct match *m, const struct desk_issuer *ca, X509 *cert,
    const struct ocsp_id *id, struct error *e)
{
	struct ocsp_issuer	 i;

	if (ocsp_issuer_init(&i, cert, e) == -1)
		return -1;
	if (ocsp_issuer_is(&i, id)) {
		m->both = ca;
		m->root = ca == NULL;
	} else if (memcmp(i.key_hash[id->hash], id->key_hash.p,
	    id->key_hash.len) == 0)
		m->key = ca;
	else if (memcmp(i.name_hash[id->hash], id->name_hash.p,
	    id->name_hash.len) == 0)
		m->name = ca;
	return 0;
}

static int
match(struct cli *c, const struct ocsp_id *id, struct match *m,
    struct error *e)
{
	size_t	 i;
	int	 k;

	memset(m, 0, sizeof(*m));
	for (i = 0; i < c->desk.nissuers; i++)
		if (match_one(m, &c->desk.issuer[i], c->desk.issuer[i].cert,
		    id, e) == -1)
			return -1;
	for (k = 0; m->both == NULL && k < sk_X509_num(c->desk.anchors); k++)
		if (match_one(m, NULL, sk_X509_value(c->desk.anchors, k), id,
		    e) == -1)
			return -1;
	return 0;
}

static void
judge_foreign(struct cli *c, const struct match *m, struct verdict *v)
{
	v->answer = "unauthorized";
	v->next = "ask with the certificate of the CA that issued it, which"
	    " its authority information access names: signet ca list";
	if (m->root) {
		v->why = "It asks about a certificate of the root.  Nobody"
		    " answers for the root: its list does.";
		v->next = "fetch the list that the certificate's CRL"
		    " distribution point names";
	} else if (m->key != NULL)
		v->why = arena_printf(c->desk.arena, "The key is that of CA %s,"
		    " but the name is not.", m->key->name);
	else if (m->name != NULL)
		v->why = arena_printf(c->desk.arena,
		    "The name is that of CA %s, but"
		    " the key is not: it may be another CA of this name.",
		    m->name->name);
	else
		v->why = "No CA of this installation has this name or this"
		    " key.";
}

/* ---- what is known of it? ---- */

/* The order that made it what it is. */
static int
last_order(struct cli *c, const struct db_cert *x, struct verdict *v,
    struct error *e)
{
	struct db_status_entries	 h;
	char				 id[REVIEW_SHORT + 1];

	if (db_cert_history(c->desk.db, x->ca, &x->serial, &h, c->desk.arena,
	    e) == -1)
		return -1;
	if (h.n > 0) {
		v->order = arena_strdup(c->desk.arena, review_short_id(id,
		    h.v[h.n - 1].order_id));
		v->became = h.v[h.n - 1].status;
	}
	return 0;
}

static void
judge_revoked(struct cli *c, const struct db_cert *x, struct verdict *v)
{
	bool	 held = strcmp(x->status, "held") == 0;

	v->answer = "revoked";
	v->reason = x->reason;
	v->revoked_at = x->revoked_at;
	v->why = arena_printf(c->desk.arena, "It %s on %s%s%s.%s", held ?
	    "was put on hold" : "was revoked", time_of(c, x->revoked_at),
	    v->order != NULL ? " by order " : "",
	    v->order != NULL ? v->order : "",
	    v->on_crl ? "" : "  The next list will have it.");
	v->next = v->order != NULL ? arena_printf(c->desk.arena,
	    "signet explain order %s", v->order) : "signet audit verify";
}

static const char *
edited(struct cli *c, struct verdict *v, const char *how)
{
	v->next = "signet audit verify";
	return arena_printf(c->desk.arena, "%s: somebody has edited the store.",
	    how);
}

/* What the CA has signed stands above what a row says. */
static void
judge_listed(struct cli *c, const struct crl_entry *entry, const char *row,
    struct verdict *v)
{
	v->answer = "revoked";
	v->reason = entry->reason;
	v->revoked_at = entry->revoked_at;
	v->why = edited(c, v, arena_printf(c->desk.arena, "%s, but"
	    " list %lld of its CA has it, and no order has released it since",
	    row,
	    (long long)v->crl_number));
}

static void
judge_good(struct cli *c, const struct db_cert *x, struct verdict *v)
{
	const char	*since = "";

	v->answer = "good";
	v->next = "nothing";
	if (v->order != NULL && strcmp(v->became, "good") != 0) {
		v->why = edited(c, v, arena_printf(c->desk.arena,
		    "The store calls it good, but it became %s by order %s",
		    v->became, v->order));
		return;
	}
	if (v->order != NULL)
		since = arena_printf(c->desk.arena, ", released by order %s%s",
		    v->order, v->on_crl ? "; the next list will not have it" :
		    "");
	if (clock_now(c->desk.clock) > x->not_after)
		v->why = arena_printf(c->desk.arena, "It was issued and not"
		    " revoked%s.  It expired on %s, of which OCSP says"
		    " nothing.", since, time_of(c, x->not_after));
	else
		v->why = arena_printf(c->desk.arena, "It was issued and is not"
		    " revoked%s.", since);
}

static void
judge_never_issued(struct verdict *v)
{
	v->answer = "unknown";
	v->why = "Its CA has never issued this serial number.  A responder"
	    " with never_issued = \"revoked\" calls it revoked, on hold since"
	    " 1970.";
	v->next = "look for the one that is meant: signet cert find TEXT";
}

static int
judge_status(struct cli *c, struct verdict *v, struct error *e)
{
	struct db_serial	 serial;
	struct crl_entry	 entry;
	struct db_cert		 x;
	int			 found = 0, on;

	if ((on = last_crl_find(c, v->ca, v->id->serial, &entry,
	    &v->crl_number, e)) == -1)
		return -1;
	v->on_crl = on == 1;
	if (v->id->serial.len > 0 && v->id->serial.len <= sizeof(serial.p)) {
		memcpy(serial.p, v->id->serial.p, v->id->serial.len);
		serial.len = v->id->serial.len;
		found = db_cert_find(c->desk.db, v->ca, &serial, &x,
		    c->desk.arena, e);
	}
	if (found == 1 && last_order(c, &x, v, e) == 0)
		v->subject = x.subject;
	else if (found != 0)
		return -1;
	if (found == 0 && v->on_crl)
		judge_listed(c, &entry, "The store does not know it", v);
	else if (found == 0)
		judge_never_issued(v);
	else if (strcmp(x.status, "good") != 0)
		judge_revoked(c, &x, v);
	else if (v->on_crl && (v->order == NULL ||
	    strcmp(v->became, "good") != 0))
		judge_listed(c, &entry, "The store calls it good", v);
	else
		judge_good(c, &x, v);
	return 0;
}

static int
judge(struct cli *c, struct verdict *v, const struct ocsp_id *id,
    struct error *e)
{
	struct match	 m;

	*v = (struct verdict){ .id = id, .reason = -1 };
	if (match(c, id, &m, e) == -1)
		return -1;
	if (m.both != NULL) {
		v->ca = m.both->name;
		return judge_status(c, v, e);
	}
	judge_foreign(c, &m, v);
	return 0;
}

/* ---- said ---- */

static json_t *
json_text(const char *s)
{
	return s != NULL ? json_string(s) : json_null();
}

static json_t *
verdict_json(struct cli *c, const struct verdict *v)
{
	bool	 revoked = strcmp(v->answer, "revoked") == 0;

	return json_pack("{s:s,s:s,s:o,s:s,s:s,s:o,s:s,s:o,s:o,s:o,s:b,s:o,"
	    "s:s,s:s}",
	    "serial", hex_of(c, v->id->serial),
	    "hash", ocsp_hash_name(v->id->hash),
	    "ca", json_text(v->ca),
	    "issuer_name_hash", hex_of(c, v->id->name_hash),
	    "issuer_key_hash", hex_of(c, v->id->key_hash),
	    "subject", json_text(v->subject),
	    "answer", v->answer,
	    "reason", json_text(revoked && v->reason != -1 ?
	    selector_reason_name(v->reason) : NULL),
	    "revoked_at", json_text(revoked ? time_of(c, v->revoked_at) :
	    NULL),
	    "order", json_text(v->order),
	    "on_crl", (int)v->on_crl,
	    "crl_number", v->crl_number > 0 ?
	    json_integer((json_int_t)v->crl_number) : json_null(),
	    "why", v->why,
	    "next", v->next);
}

/* Which issuers could it have named? */
static void
put_known(struct cli *c, struct out_record *out, const struct ocsp_id *id)
{
	struct ocsp_issuer	 i;
	struct error		 ignored = ERROR_INIT;
	size_t			 k, size = id->name_hash.len;

	for (k = 0; k < c->desk.nissuers; k++)
		if (ocsp_issuer_init(&i, c->desk.issuer[k].cert, &ignored) == 0)
			out_put(out, NULL, k == 0 ? "Known, name/key" : "",
			    arena_printf(c->desk.arena, "%s: %s/%s",
			    c->desk.issuer[k].name,
			    hex_of(c, BYTES(i.name_hash[id->hash], size)),
			    hex_of(c, BYTES(i.key_hash[id->hash], size))));
}

static void
put_verdict(struct cli *c, struct out_record *out, const struct verdict *v)
{
	out_put(out, NULL, "Certificate", v->id->serial.len > 0 ?
	    hex_of(c, v->id->serial) : "a serial number that nobody has");
	out_put(out, NULL, "Of", v->subject);
	out_put(out, NULL, "Issuer", v->ca != NULL ? v->ca :
	    "none that is known here");
	out_put(out, NULL, "Named by", ocsp_hash_name(v->id->hash));
	if (v->ca == NULL) {
		out_put(out, NULL, "  of name", hex_of(c, v->id->name_hash));
		out_put(out, NULL, "  of key", hex_of(c, v->id->key_hash));
		put_known(c, out, v->id);
	}
	out_put(out, NULL, "Answer", strcmp(v->answer, "revoked") == 0 &&
	    v->reason != -1 ? arena_printf(c->desk.arena, "%s (%s)", v->answer,
	    selector_reason_name(v->reason)) : v->answer);
	out_put(out, NULL, "", v->why);
	if (v->crl_number > 0)
		out_put(out, NULL, "On the latest CRL",
		    arena_printf(c->desk.arena, "%s (number %lld)", v->on_crl ?
		    "yes" : "no", (long long)v->crl_number));
	out_put(out, NULL, "Next", v->next);
}

static const char *
nonce_words(struct cli *c, const struct ocsp_request *r)
{
	struct bytes	 in = r->nonce, inner;

	if (r->nonce.len == 0)
		return "none: the answer may come out of a cache";
	if (der_take(&in, DER_OCTET_STRING, &inner) == -1 || in.len > 0)
		return arena_printf(c->desk.arena, "%zu octets, not in an OCTET"
		    " STRING of their own; echoed, never cached",
		    r->nonce.len);
	return arena_printf(c->desk.arena, "%zu octets, echoed, never cached",
	    inner.len);
}

/* Of all together: a response has one signer, who may speak for one CA. */
static const char *
overall(const struct verdict *v, size_t n, const char **why)
{
	size_t	 i;

	*why = NULL;
	for (i = 0; i < n; i++)
		if (v[i].ca == NULL) {
			*why = n > 1 ? "One of them is not ours to answer"
			    " for." : NULL;
			return ocsp_status_name(OCSP_UNAUTHORIZED);
		}
	for (i = 1; i < n; i++)
		if (strcmp(v[i].ca, v[0].ca) != 0) {
			*why = "They are of several CAs, and no signer may"
			    " answer for more than one.";
			return ocsp_status_name(OCSP_UNAUTHORIZED);
		}
	return ocsp_status_name(OCSP_SUCCESSFUL);
}

static void
say(struct cli *c, const struct ocsp_request *r, const struct verdict *v)
{
	struct out_record	*out = out_record_new(stdout, c->json);
	json_t			*all = json_array();
	const char		*why, *status = overall(v, r->n, &why);
	size_t			 i;

	out_put_num(out, "certificates", r->n > 1 ? "Asks about" : NULL,
	    (int64_t)r->n);
	out_put(out, "nonce", "Nonce", nonce_words(c, r));
	out_put(out, "response", "Response", status);
	out_put(out, "why", "", why);
	for (i = 0; i < r->n; i++)
		json_array_append_new(all, verdict_json(c, &v[i]));
	out_put_json(out, "asked", all);
	if (r->n == 1 && !c->json)
		put_verdict(c, out, &v[0]);
	out_record_free(&out);
	for (i = 0; r->n > 1 && !c->json && i < r->n; i++) {
		cli_say(c, "%s", "");
		out = out_record_new(stdout, false);
		put_verdict(c, out, &v[i]);
		out_record_free(&out);
	}
}

/* No request: that has an answer, too. */
static void
say_refused(struct cli *c, const struct error *e)
{
	struct out_record	*out = out_record_new(stdout, c->json);

	out_put(out, "response", "Response", ocsp_status_name(
	    ocsp_status_of(e)));
	out_put(out, "why", "", e->text);
	out_put(out, "next", "Next", e->code == ERROR_DENIED ?
	    "ask with SHA-1 or SHA-256: openssl ocsp -sha256 ..." :
	    "the client is at fault; see what it sends: openssl ocsp -reqin"
	    " FILE -req_text");
	out_record_free(&out);
}

int
explain_ocsp(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct ocsp_request	*r;
	struct verdict		*v;
	struct buf		 der = { 0 };
	char *const		*what;
	size_t			 i;
	int			 rc = -1;

	cli_begin(c, a);
	cmd_operands(a, &what);
	if (ocsp_input_load(&der, what[0], e) == -1)
		goto out;
	r = arena_alloc(c->desk.arena, sizeof(*r));
	if (ocsp_request_read(r, BYTES(der.p, der.len), e) == -1) {
		say_refused(c, e);
		error_clear(e);
		rc = 0;
		goto out;
	}
	if (cli_open_trust(c, e) == -1 || cli_open_db(c, e) == -1)
		goto out;
	v = arena_alloc(c->desk.arena, r->n * sizeof(*v));
	for (i = 0; i < r->n; i++)
		if (judge(c, &v[i], &r->id[i], e) == -1)
			goto out;
	say(c, r, v);
	rc = 0;
 out:
	buf_clear(&der);
	return rc;
}
