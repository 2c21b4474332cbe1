/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "page_private.h"
#include "web/cookie.h"

#define LANG_COOKIE	"__Host-signet-lang"
#define LIFE		(12 * 3600)	/* of a session, however busy */
#define LANG_AGE	(365 * 86400)
#define KEPT		60		/* seconds until the cookie is sent anew */

static const uint8_t	 nobody[32];

/* Bound to the certificate of this connection, or both to none. */
static bool
is_ours(const struct page *p, const struct session *s)
{
	return memcmp(s->cert, p->client.cert != NULL ? p->client.digest :
	    nobody, sizeof(s->cert)) == 0;
}

static int
session_read(struct page *p, struct error *e)
{
	struct page_private	*v = p->priv;
	const struct rad_conf	*c = p->rad->conf;
	char			 cookie[SESSION_COOKIE];
	struct session		 s;

	if (cookie_find(cookie, sizeof(cookie), http_header(p->http,
	    "Cookie"), v->listener->cookie, e) != 1 ||
	    session_decode(&s, cookie, p->rad->session_key, e) == -1 ||
	    !is_ours(p, &s) || p->now - s.created_at > LIFE ||
	    s.created_at > p->now + KEPT) {
		error_clear(e);
		return 0;
	}
	if (p->client.role != ROLE_NONE && p->now - s.used_at > c->idle) {
		v->session_ended = true;
		return 0;
	}
	p->session = s;
	v->has_session = true;
	memcpy(v->told, s.message, sizeof(v->told));
	if (p->now - s.used_at >= (c->idle / 4 < KEPT ? c->idle / 4 : KEPT)) {
		p->session.used_at = p->now;
		v->keep_session = true;
	}
	return 1;
}

void
page_session_language(struct page *p)
{
	struct error	 ignored = ERROR_INIT;
	char		 cookie[16];
	const char	*asked = form_get(&p->query, "lang"), *had = NULL;

	if (cookie_find(cookie, sizeof(cookie), http_header(p->http,
	    "Cookie"), LANG_COOKIE, &ignored) == 1)
		had = cookie;
	p->lang = texts_choose(p->rad->texts, asked, had, http_header(p->http,
	    "Accept-Language"));
	p->texts = texts_of(p->rad->texts, p->lang);
	p->priv->keep_lang = asked != NULL && strcmp(asked, p->lang) == 0;
}

int
page_session_find(struct page *p, struct error *e)
{
	if ((p->route != NULL && (p->route->flags & PAGE_PROTOCOL) != 0) ||
	    session_read(p, e) == 1)
		return 0;
	p->priv->keep_session = true;
	return session_init(&p->session, p->client.cert != NULL ?
	    p->client.digest : NULL, p->now, &rng_system, e);
}

/* What browsers say about where a form came from, those that say it. */
static bool
is_same_origin(const struct page *p)
{
	const char	*site = http_header(p->http, "Sec-Fetch-Site");
	const char	*origin = http_header(p->http, "Origin");

	if (site != NULL && strcmp(site, "same-origin") != 0 &&
	    strcmp(site, "none") != 0)
		return false;
	return origin == NULL ||
	    strcmp(origin, p->priv->listener->origin) == 0;
}

int
page_session_check(struct page *p, struct error *e)
{
	const char	*token = form_get(&p->form, "csrf");

	if (token == NULL)
		token = http_header(p->http, "X-Signet-Token");
	if (!is_same_origin(p)) {
		error_set(e, ERROR_DENIED, "this form was sent by another "
		    "site");
		return error_hint(e, "begin on a page of this site");
	}
	if (p->priv->has_session && session_token_is_good(&p->session,
	    p->rad->session_key, token))
		return 0;
	error_set(e, ERROR_DENIED, p->priv->session_ended ? "your session has "
	    "ended, and nothing was done" : "this form is too old, or not "
	    "from this site");
	return error_hint(e, "go back, load the page again and send the form "
	    "once more; cookies must be allowed");
}

static int
add_cookie(struct page *p, const char *name, const char *value, int64_t age,
    struct error *e)
{
	struct buf	 cookie = { 0 };
	int		 rc = cookie_make(&cookie, name, value, age, e);

	if (rc == 0)
		rc = page_header(p, "Set-Cookie", buf_cstr(&cookie), e);
	buf_clear(&cookie);
	return rc;
}

int
page_session_headers(struct page *p, struct error *e)
{
	struct page_private	*v = p->priv;
	char			 value[SESSION_COOKIE];

	if (p->route != NULL && (p->route->flags & PAGE_PROTOCOL) != 0)
		return 0;
	if (v->keep_lang &&
	    add_cookie(p, LANG_COOKIE, p->lang, LANG_AGE, e) == -1)
		return -1;
	if (!v->keep_session || v->no_session)
		return 0;
	if (session_encode(value, &p->session, p->rad->session_key, e) == -1)
		return -1;
	return add_cookie(p, v->listener->cookie, value, 0, e);
}
