/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enrolment over Secure Transport: RFC 7030 with the clarifications of RFC
 * 8951.  A label in the path is the name of a profile.  Who asks is known by a
 * one-time code, given as HTTP password, or by a certificate of ours.
 */
#include <string.h>

#include "ca_certs.h"
#include "db/db_cert.h"
#include "desk/redeem.h"
#include "enrol.h"
#include "est_body.h"
#include "rad.h"
#include "x509/certs_only.h"

#define TYPE_REQUEST	"application/pkcs10"
#define TYPE_CERTS	"application/pkcs7-mime"
#define TYPE_ATTRS	"application/csrattrs"

#define RETRY_CA	"10"	/* seconds: the CA is at it */
#define RETRY_OFFICERS	"600"	/* people have to look at it */

static const struct limit_rate	 guesses = { "est-code", 10, 20 };
static const struct limit_rate	 askers = { "est-request", 40, 600 };

static int
est_profile(struct page *p, const struct profile **profile, struct error *e)
{
	const char	*label = page_arg(p, "label");

	*profile = NULL;
	if (label == NULL)
		return 0;
	if (desk_need(p->desk, DESK_PROFILES, e) == -1)
		return -1;
	if (profiles_find(&p->desk->profiles, label, profile, e) == 0)
		return 0;
	error_clear(e);
	return error_set(e, ERROR_NOTFOUND, "no profile is called \"%.64s\"",
	    label);
}

static int
est_send(struct page *p, const char *type, struct bytes der, struct error *e)
{
	struct buf	text = { 0 };
	int		rc;

	est_encode(&text, der);
	/* RFC 8951, 2: nobody needs it; some old clients look for it. */
	rc = page_header(p, "Content-Transfer-Encoding", "base64", e);
	if (rc == 0)
		rc = page_send(p, type, NULL, BYTES(text.p, text.len), e);
	buf_clear(&text);
	return rc;
}

/* ---- /cacerts ---- */

static int
est_cacerts(struct page *p, struct error *e)
{
	const struct profile	*profile;
	struct buf		 der = { 0 };
	struct ca_certs		 all = { .n = 0 };
	int			 rc = -1;

	if (est_profile(p, &profile, e) == -1 ||
	    ca_certs_find(&all, p->desk, profile, true, e) == -1)
		goto out;
	certs_only_put(&der, all.der, all.n);
	rc = est_send(p, TYPE_CERTS, BYTES(der.p, der.len), e);
 out:
	buf_clear(&der);
	ca_certs_clear(&all);
	return rc;
}

/* ---- /csrattrs ---- */

static int
est_csrattrs(struct page *p, struct error *e)
{
	const struct profile	*profile;
	struct buf		 der = { 0 };
	int			 rc;

	if (est_profile(p, &profile, e) == -1)
		return -1;
	if (profile == NULL) {
		p->status = 204;
		return page_send(p, TYPE_ATTRS, NULL, BYTES("", 0), e);
	}
	est_attributes(&der, profile);
	rc = est_send(p, TYPE_ATTRS, BYTES(der.p, der.len), e);
	buf_clear(&der);
	return rc;
}

/* ---- the answer ---- */

static int
est_wait(struct page *p, const char *after, const char *text,
    struct error *e)
{
	p->status = 202;
	if (page_header(p, "Retry-After", after, e) == -1)
		return -1;
	return page_send(p, "text/plain; charset=utf-8", NULL, BYTES(text, strlen(text)), e);
}

static int
est_answer(struct page *p, const uint8_t id[DB_ORDER_ID], struct error *e)
{
	enum enrol_state	 state;
	struct db_cert		 cert;
	struct buf		 der = { 0 };
	const char		*why;
	int			 rc;

	if (enrol_look(p, id, &state, &cert, &why, e) == -1)
		return -1;
	switch (state) {
	case ENROL_ISSUED:
		break;
	case ENROL_PENDING:
		return est_wait(p, RETRY_OFFICERS, "The request waits for "
		    "approval.  Send the same request again later.\n", e);
	case ENROL_READY:
		if (p->waited == NULL && p->rad->conf->patience > 0)
			return page_later(p, id,
			    (int)p->rad->conf->patience * 1000, e);
		return est_wait(p, RETRY_CA, "The request is approved, the "
		    "certificate is being made.  Send the same request "
		    "again.\n", e);
	case ENROL_REFUSED:
		return error_set(e, ERROR_DENIED, "the order was refused: "
		    "%.300s", why);
	}
	certs_only_put(&der, &cert.der, 1);
	rc = est_send(p, TYPE_CERTS "; smime-type=certs-only",
	    BYTES(der.p, der.len), e);
	buf_clear(&der);
	return rc;
}

/* ---- the request ---- */

static int
est_challenge(struct page *p, struct error *e)
{
	p->status = 401;
	if (page_header(p, "WWW-Authenticate", "Basic realm=\"one-time "
	    "code\", charset=\"UTF-8\"", e) == -1)
		return -1;
	return error_set(e, ERROR_DENIED, "who are you?  Give holder or order "
	    "as user and the one-time code as password, or come with a "
	    "certificate to %s", page_url_cert(p, "/"));
}

static int
est_request(struct page *p, struct csr **csr, struct error *e)
{
	struct buf	der = { 0 };
	int		rc = -1;

	*csr = NULL;
	if (!est_type_is(http_header(p->http, "Content-Type"),
	    TYPE_REQUEST)) {
		p->status = 415;
		return error_set(e, ERROR_INPUT, "Content-Type: not "
		    TYPE_REQUEST " (RFC 7030, 4.2.1)");
	}
	if (est_decode(&der, http_body(p->http), e) == 0)
		rc = csr_parse(csr, BYTES(der.p, der.len), e);
	if (rc == -1 && e->code != ERROR_CRYPTO)
		p->status = 400;
	buf_clear(&der);
	return rc;
}

static int
est_by_code(struct page *p, const char *user, const struct secret *code,
    const struct profile *profile, const struct csr *csr,
    uint8_t id[DB_ORDER_ID], struct error *e)
{
	struct redeem	r = { .user = user, .code = code, .csr = csr,
			    .profile = profile != NULL ? profile->name : NULL,
			    .gate = p->rad->hashes };

	if (page_limit_address(p, &guesses, e) == -1 ||
	    page_limit_account(p, &guesses, user, e) == -1)
		return -1;
	if (redeem_code(p->desk, &r, id, e) == 0) {
		page_limit_give(p, &guesses);
		return 0;
	}
	if (e->code == ERROR_DENIED && strstr(e->text, "one-time code") !=
	    NULL) {
		p->status = 401;
		page_header(p, "WWW-Authenticate", "Basic realm=\"one-time "
		    "code\", charset=\"UTF-8\"", e);
	}
	return -1;
}

static int
est_by_cert(struct page *p, const struct profile *profile,
    const struct csr *csr, bool renew, uint8_t id[DB_ORDER_ID],
    struct error *e)
{
	const char	*name = profile != NULL ? profile->name : NULL;
	struct db_cert	 cert;
	int		 found;

	if (enrol_client(p, &cert, e) == -1 ||
	    page_limit_account(p, &askers, cert.holder, e) == -1)
		return -1;
	if (renew && name != NULL && strcmp(name, cert.profile) != 0)
		return error_set(e, ERROR_DENIED, "your certificate is of "
		    "profile %s, not %s", cert.profile, name);
	if ((found = enrol_find(p, cert.holder, renew ? cert.profile : name,
	    csr, renew ? &cert : NULL, id, e)) != 0)
		return found == 1 ? 0 : -1;
	if (renew)
		return enrol_renewal(p, &cert, csr, "by EST, simplereenroll",
		    id, e);
	if (profile == NULL && profiles_find(&p->desk->profiles, cert.profile,
	    &profile, e) == -1)
		return -1;
	return enrol_by_cert(p, &cert, profile, csr, "by EST, simpleenroll",
	    id, e);
}

static int
est_order(struct page *p, bool renew, const struct csr *csr,
    uint8_t id[DB_ORDER_ID], struct error *e)
{
	char			 user[EST_NAME_MAX + 1];
	const struct profile	*profile;
	struct secret		 code = { 0 };
	int			 has, rc;

	if (est_profile(p, &profile, e) == -1 || (has = est_basic(user, &code,
	    http_header(p->http, "Authorization"), e)) == -1)
		return -1;
	if (has == 1 && !renew)
		rc = est_by_code(p, user, &code, profile, csr, id, e);
	else if (p->client.cert == NULL)
		rc = est_challenge(p, e);
	else
		rc = est_by_cert(p, profile, csr, renew, id, e);
	secret_free(&code);
	return rc;
}

static int
est_enrol(struct page *p, bool renew, struct error *e)
{
	uint8_t		 id[DB_ORDER_ID];
	struct csr	*csr;
	int		 rc;

	if (p->waited != NULL)
		return est_answer(p, p->waited, e);
	if (est_request(p, &csr, e) == -1)
		return -1;
	rc = est_order(p, renew, csr, id, e);
	csr_free(&csr);
	return rc == 0 ? est_answer(p, id, e) : -1;
}

static int
est_simpleenroll(struct page *p, struct error *e)
{
	return est_enrol(p, false, e);
}

static int
est_simplereenroll(struct page *p, struct error *e)
{
	return est_enrol(p, true, e);
}

#define EST	"/.well-known/est"
#define GET(path, fn)	{ HTTP_GET, EST path, PAGE_ANYONE, fn, PAGE_PROTOCOL }
#define POST(path, fn)	{ HTTP_POST, EST path, PAGE_ANYONE, fn, \
	    PAGE_PROTOCOL | PAGE_RAW }

const struct page_route PAGES_EST[] = {
	GET("/cacerts", est_cacerts),
	GET("/{label}/cacerts", est_cacerts),
	GET("/csrattrs", est_csrattrs),
	GET("/{label}/csrattrs", est_csrattrs),
	POST("/simpleenroll", est_simpleenroll),
	POST("/{label}/simpleenroll", est_simpleenroll),
	POST("/simplereenroll", est_simplereenroll),
	POST("/{label}/simplereenroll", est_simplereenroll),
	{ 0 }
};
