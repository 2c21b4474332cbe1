/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet canary: what the world is told, held against what is so.
 *
 * The addresses are those that stand in certificates, so that what is asked is
 * what a mail program asks.
 */
#include "cli/canary.h"

#include <stdlib.h>
#include <string.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "net/fetch.h"
#include "x509/cert.h"

#define CERT_BYTES	65536

static const struct cmd_opt opts[] = {
	{ "ca", 0, CMD_STRING, false, "NAME", "only this CA" },
	{ "sample", 0, CMD_NUMBER, false, "N",
	    "certificates to ask about, of each status (3)" },
	{ "timeout", 0, CMD_STRING, false, "TIME",
	    "how long an answer may take (10s)" },
	{ "lag", 0, CMD_STRING, false, "TIME",
	    "how far behind the store a list may be at its address (5m)" },
	{ "failed", 0, CMD_FLAG, false, NULL, "show only what is wrong" },
	CMD_OPT_END
};

/* ---- results ---- */

static struct canary_row *
row_find(const struct canary *n, const struct canary_ask *k)
{
	size_t	 i;

	for (i = 0; i < n->n; i++)
		if (strcmp(n->row[i].ask.ca, k->ca) == 0 &&
		    strcmp(n->row[i].ask.what, k->what) == 0 &&
		    strcmp(n->row[i].ask.address, k->address) == 0)
			return &n->row[i];
	return NULL;
}

static struct canary_row *
row_of(struct canary *n, const struct canary_ask *k)
{
	struct canary_row	*r = row_find(n, k);

	if (r != NULL)
		return r;
	n->row = mem_resize(n->row, n->n + 1, sizeof(*n->row));
	r = &n->row[n->n++];
	*r = (struct canary_row){ .age = -1 };
	r->ask.ca = arena_strdup(n->cli->desk.arena, k->ca);
	r->ask.what = arena_strdup(n->cli->desk.arena, k->what);
	r->ask.address = arena_strdup(n->cli->desk.arena, k->address);
	return r;
}

void
canary_good(struct canary *n, const struct canary_ask *k, int64_t ms,
    int64_t age)
{
	struct canary_row	*r = row_of(n, k);

	r->n++;
	if (ms > r->ms)
		r->ms = ms;
	if (age > r->age)
		r->age = age;
}

void
canary_bad(struct canary *n, const struct canary_ask *k,
    enum canary_result result, const char *fmt, ...)
{
	struct canary_row	*r = row_of(n, k);
	char			 words[512];
	va_list			 ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	r->bad++;
	if (r->words == NULL || result > r->worst)
		r->words = arena_strdup(n->cli->desk.arena, words);
	if (result > r->worst)
		r->worst = result;
}

void
canary_failed(struct canary *n, const struct canary_ask *k,
    const struct error *e)
{
	canary_bad(n, k, e->code == ERROR_UPSTREAM ? CANARY_DEAD :
	    CANARY_WRONG, "%s", e->text);
}

bool
canary_asked(const struct canary *n, const struct canary_ask *k)
{
	return row_find(n, k) != NULL;
}

/* ---- addresses of a certificate ---- */

struct addresses {
	struct conf_list	 ocsp, cdp, aia;
};

static void
add_uri(struct canary *n, struct conf_list *l, const GENERAL_NAME *g)
{
	const ASN1_STRING	*s;
	char			**v;

	if (g->type != GEN_URI)
		return;
	s = g->d.uniformResourceIdentifier;
	v = arena_alloc(n->cli->desk.arena, (l->n + 1) * sizeof(*v));
	if (l->n > 0)
		memcpy(v, l->v, l->n * sizeof(*v));
	v[l->n++] = arena_printf(n->cli->desk.arena, "%.*s",
	    ASN1_STRING_length(s),
	    (const char *)ASN1_STRING_get0_data(s));
	l->v = v;
}

static int
add_points(struct canary *n, struct addresses *out, X509 *cert,
    struct error *e)
{
	CRL_DIST_POINTS		*all;
	const DIST_POINT	*p;
	void			*found;
	int			 i, j;

	if (cert_find_ext(&found, cert, NID_crl_distribution_points, e) == -1)
		return -1;
	all = found;
	for (i = 0; i < sk_DIST_POINT_num(all); i++) {
		p = sk_DIST_POINT_value(all, i);
		if (p->distpoint == NULL || p->distpoint->type != 0)
			continue;
		for (j = 0; j < sk_GENERAL_NAME_num(
		    p->distpoint->name.fullname); j++)
			add_uri(n, &out->cdp, sk_GENERAL_NAME_value(
			    p->distpoint->name.fullname, j));
	}
	CRL_DIST_POINTS_free(all);
	return 0;
}

static int
add_access(struct canary *n, struct addresses *out, X509 *cert,
    struct error *e)
{
	AUTHORITY_INFO_ACCESS		*all;
	const ACCESS_DESCRIPTION	*d;
	void				*found;
	int				 i;

	if (cert_find_ext(&found, cert, NID_info_access, e) == -1)
		return -1;
	all = found;
	for (i = 0; i < sk_ACCESS_DESCRIPTION_num(all); i++) {
		d = sk_ACCESS_DESCRIPTION_value(all, i);
		add_uri(n, OBJ_obj2nid(d->method) == NID_ad_OCSP ?
		    &out->ocsp : &out->aia, d->location);
	}
	AUTHORITY_INFO_ACCESS_free(all);
	return 0;
}

static int
addresses(struct canary *n, struct addresses *out, struct bytes der,
    struct error *e)
{
	const unsigned char		*p = der.p;
	X509				*cert = d2i_X509(NULL, &p,
	    (long)der.len);
	int				 rc;

	*out = (struct addresses){ .ocsp = { NULL, 0 } };
	if (cert == NULL)
		return error_ssl(e, ERROR_INPUT, "certificate in the store");
	rc = add_points(n, out, cert, e) == 0 ? add_access(n, out, cert, e) :
	    -1;
	X509_free(cert);
	return rc;
}

/* ---- questions ---- */

static void
ask_issuer(struct canary *n, const struct desk_issuer *ca, const char *url)
{
	struct canary_ask	 k = { ca->name, "issuer", url };
	struct fetch		 f = { .url = url, .max = CERT_BYTES,
	    .ms = n->ms, .fd = -1 };
	struct fetch_reply	 r;
	struct error		 e = ERROR_INIT;
	const unsigned char	*p;
	X509			*cert = NULL;

	if (fetch(&r, &f, &e) == -1) {
		canary_failed(n, &k, &e);
		return;
	}
	p = r.body.p;
	if (r.status != 200)
		canary_bad(n, &k, CANARY_WRONG, "HTTP status %d", r.status);
	else if ((cert = d2i_X509(NULL, &p, (long)r.body.len)) == NULL ||
	    p != r.body.p + r.body.len)
		canary_bad(n, &k, CANARY_WRONG, "no certificate in DER");
	else if (!cert_is_same(cert, ca->cert))
		canary_bad(n, &k, CANARY_WRONG, "another certificate than "
		    "that of %s", ca->name);
	else
		canary_good(n, &k, r.ms, -1);
	ERR_clear_error();
	X509_free(cert);
	fetch_reply_clear(&r);
}

static bool
is_http(const char *url)
{
	return strncmp(url, "http://", 7) == 0 ||
	    strncmp(url, "https://", 8) == 0;
}

static int
ask_about(struct canary *n, const struct desk_issuer *ca,
    const struct db_cert *x, struct error *e)
{
	struct addresses	 at;
	struct canary_ask	 k = { ca->name, NULL, NULL };
	size_t			 i;

	if (addresses(n, &at, x->der, e) == -1)
		return -1;
	for (i = 0; i < at.ocsp.n; i++) {
		k.what = "ocsp never issued";
		k.address = at.ocsp.v[i];
		if (!canary_asked(n, &k) &&
		    canary_ocsp_nobody(n, ca, at.ocsp.v[i], e) == -1)
			return -1;
		if (canary_ocsp(n, ca, x, at.ocsp.v[i], e) == -1)
			return -1;
	}
	k.what = x->shard > 0 ? "list of a shard" : "list";
	for (i = 0; i < at.cdp.n; i++) {
		k.address = at.cdp.v[i];
		if (is_http(k.address) && !canary_asked(n, &k) &&
		    canary_list(n, ca, x->shard, k.address, e) == -1)
			return -1;
	}
	k.what = "issuer";
	for (i = 0; i < at.aia.n; i++) {
		k.address = at.aia.v[i];
		if (is_http(k.address) && !canary_asked(n, &k))
			ask_issuer(n, ca, k.address);
	}
	return 0;
}

static void
note_holder(struct canary *n, const struct db_cert *x)
{
	for (size_t i = 0; i < n->nholders; i++)
		if (x->holder == NULL ||
		    strcmp(n->holder[i].holder, x->holder) == 0)
			return;
	if (x->holder == NULL)
		return;
	n->holder = mem_resize(n->holder, n->nholders + 1,
	    sizeof(*n->holder));
	n->holder[n->nholders++] = (struct canary_holder){
	    arena_strdup(n->cli->desk.arena, x->ca),
	    arena_strdup(n->cli->desk.arena, x->holder) };
}

static int
ask_ca(struct canary *n, const struct desk_issuer *ca, struct error *e)
{
	static const char *const	 status[] = { "good", "revoked",
	    "held" };
	struct cli			*c = n->cli;
	struct db_serial		 from = { .len = CERT_SERIAL_SIZE };
	struct db_certs			 found;
	size_t				 i, j;

	for (i = 0; i < sizeof(status) / sizeof(status[0]); i++) {
		if (rng_fill(c->desk.rng, from.p, from.len, e) == -1)
			return -1;
		/* Few are found behind a high number: then from the first. */
		from.p[0] &= 0x7f;
		if (db_cert_sample(c->desk.db, ca->name, status[i], &from,
		    clock_now(c->desk.clock), n->sample, &found, c->desk.arena,
		    e) == -1)
			return -1;
		memset(from.p, 0, from.len);
		if (found.n < n->sample && db_cert_sample(c->desk.db, ca->name,
		    status[i], &from, clock_now(c->desk.clock), n->sample,
		    &found,
		    c->desk.arena, e) == -1)
			return -1;
		for (j = 0; j < found.n; j++) {
			note_holder(n, &found.v[j]);
			if (ask_about(n, ca, &found.v[j], e) == -1)
				return -1;
		}
	}
	return 0;
}

/* ---- what came of it ---- */

static void
put_row(struct out_list *out, const struct canary_row *r)
{
	static const char *const	 result[] = { "ok", "DEAD", "WRONG" };

	out_text(out, result[r->worst]);
	out_text(out, r->ask.ca);
	out_text(out, r->ask.what);
	out_text(out, r->ask.address);
	out_num(out, (int64_t)(r->n + r->bad));
	out_num(out, (int64_t)r->bad);
	if (r->n > 0)
		out_num(out, r->ms);
	else
		out_text(out, NULL);
	if (r->age >= 0)
		out_num(out, r->age);
	else
		out_text(out, NULL);
	out_text(out, r->words);
}

static int
report(struct canary *n, bool only_failed, struct error *e)
{
	static const struct out_col	 cols[] = {
		{ "result", "RESULT", 0 },
		{ "ca", "CA", 0 },
		{ "what", "WHAT", 0 },
		{ "address", "ADDRESS", OUT_SHRINK },
		{ "asked", "ASKED", OUT_RIGHT },
		{ "wrong", "WRONG", OUT_RIGHT },
		{ "ms", "MS", OUT_RIGHT },
		{ "age", "AGE S", OUT_RIGHT },
		{ "words", "WHY", 0 },
	};
	struct out_list			*out = out_list_new(stdout,
	    n->cli->json, 0, cols, sizeof(cols) / sizeof(cols[0]));
	size_t				 i, wrong = 0, dead = 0;

	for (i = 0; i < n->n; i++) {
		wrong += n->row[i].worst == CANARY_WRONG;
		dead += n->row[i].worst == CANARY_DEAD;
		if (!only_failed || n->row[i].worst != CANARY_OK)
			put_row(out, &n->row[i]);
	}
	out_list_free(&out);
	if (n->n == 0)
		return error_set(e, ERROR_NOTFOUND, "no certificate with a "
		    "public address to ask about");
	if (wrong > 0) {
		error_set(e, ERROR_DENIED, "%zu of %zu addresses do not tell "
		    "what is so", wrong, n->n);
		return error_hint(e, "signet explain certificate SERIAL, and "
		    "signet audit export and verify, say who is right");
	}
	if (dead > 0)
		return error_set(e, ERROR_UPSTREAM, "%zu of %zu addresses do "
		    "not answer", dead, n->n);
	return 0;
}

static int
take_options(struct canary *n, const struct cmd_args *a, struct error *e)
{
	int64_t	 seconds;

	if (text_parse_duration(&seconds, cmd_string(a, "timeout", "10s"),
	    e) == -1 || seconds < 1 || seconds > 600)
		return error_set(e, ERROR_INPUT, "--timeout: from 1s to 10m");
	n->ms = (int)seconds * 1000;
	if (text_parse_duration(&n->lag, cmd_string(a, "lag", "5m"), e) == -1)
		return error_wrap(e, "--lag");
	n->sample = (size_t)cmd_number(a, "sample", 3);
	if (n->sample < 1 || n->sample > 10000)
		return error_set(e, ERROR_INPUT, "--sample: from 1 to 10000");
	return 0;
}

static int
canary(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;
	struct canary	 n = { .cli = c };
	const char	*only = cmd_string(a, "ca", NULL);
	const struct desk_issuer *found;
	size_t		 i;
	int		 rc = -1;

	cli_begin(c, a);
	if (take_options(&n, a, e) == -1 || cli_open_trust(c, e) == -1 ||
	    (only != NULL && desk_find_ca(&c->desk, only, &found, e) == -1) ||
	    cli_open_db(c, e) == -1)
		return -1;
	for (i = 0; i < c->desk.nissuers; i++)
		if ((only == NULL || strcmp(only,
		    c->desk.issuer[i].name) == 0) &&
		    ask_ca(&n, &c->desk.issuer[i], e) == -1)
			goto out;
	if (canary_directories(&n, only, e) == -1)
		goto out;
	rc = report(&n, cmd_flag(a, "failed"), e);
 out:
	mem_free(&n.holder);
	mem_free(&n.row);
	return rc;
}

const struct cmd CLI_CANARY[] = {
	{ "canary", NULL, "ask the public addresses as a client would",
	    "Takes some certificates of each CA and status from the store, "
	    "asks the addresses that stand in them - OCSP by GET and by POST "
	    "with a nonce, the list, the issuer's certificate -, verifies "
	    "what comes back and holds it against the store: the status of "
	    "each, and the list entry by entry, be it complete, of a shard or "
	    "the delta that it names. The LDAP directories of "
	    "directories.conf must have the newest list of each CA and, of the "
	    "holders of these certificates, what is good and nothing else.\n"
	    "A change of the last seconds is given time; an answer from a "
	    "cache on the way may be as old as it says. Exits with 0 when "
	    "all is so, 3 when something is told that is not so, 6 when an "
	    "address does not answer.",
	    "signet canary\n"
	    "signet canary --failed --json\n"
	    "signet canary --ca people --sample 100",
	    opts, 0, 0, canary },
	CMD_END
};
