/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/text.h"
#include "page_private.h"
#include "said.h"

/* What the browser may do with a page of ours: load from here, send forms to
 * here, and nothing else. */
#define CSP	"default-src 'none'; script-src 'self'; style-src 'self'; " \
	"img-src 'self'; font-src 'self'; connect-src 'self'; " \
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

static const struct http_header	 always[] = {
	{ "Content-Security-Policy", CSP },
	{ "X-Content-Type-Options", "nosniff" },
	{ "X-Frame-Options", "DENY" },
	/* Not "no-referrer": browsers then say "Origin: null" in forms. */
	{ "Referrer-Policy", "same-origin" },
	{ "Permissions-Policy", "camera=(), microphone=(), geolocation=(), "
	    "publickey-credentials-get=(self), "
	    "publickey-credentials-create=(self)" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
};
#define NALWAYS	(sizeof(always) / sizeof(always[0]))

static const struct http_header	 hsts = { "Strict-Transport-Security",
    "max-age=31536000" };

/* Types that are sent as such; anything else could be taken for a page. */
static const char *const	 types[] = { "text/plain; charset=utf-8",
    "text/csv; charset=utf-8", "application/json",
    "application/pkix-cert", "application/pkix-crl",
    "application/x-pem-file", "application/pkcs7-mime",
    "application/pkcs7-mime; smime-type=certs-only",
    "application/csrattrs", "application/pkixcmp", "application/pkcs10",
    "application/x-x509-ca-cert", "application/x-x509-user-cert",
    "application/x-pkcs7-certificates", NULL };

/* ---- headers ---- */

static bool
is_token(const char *s)
{
	return *s != '\0' && s[strspn(s, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")] == '\0';
}

int
page_header(struct page *p, const char *name, const char *value,
    struct error *e)
{
	struct page_private	*v = p->priv;
	const char		*c;

	for (c = value; *c >= ' ' && *c < 127; c++)
		;
	if (!is_token(name) || *c != '\0' || v->nheaders == PAGE_HEADERS)
		return error_set(e, ERROR_BUG, "a header that is none: %s",
		    name);
	v->header[v->nheaders++] = (struct http_header){ mem_strdup(name),
	    mem_strdup(value) };
	return 0;
}

/* A name that every browser can save under and no header is broken by. */
static void
disposition(char *dst, size_t size, const char *filename)
{
	char	 plain[100];
	size_t	 i;

	snprintf(plain, sizeof(plain), "%s", filename);
	for (i = 0; plain[i] != '\0'; i++)
		if ((plain[i] < 'a' || plain[i] > 'z') &&
		    (plain[i] < 'A' || plain[i] > 'Z') &&
		    (plain[i] < '0' || plain[i] > '9') &&
		    (strchr("._-", plain[i]) == NULL || i == 0))
			plain[i] = '_';
	snprintf(dst, size, "attachment; filename=\"%s\"", plain);
}

static unsigned int
protocol_flag(const struct page *p)
{
	return p->route == NULL ? 0 : p->route->flags & PAGE_PROTOCOL;
}

static void
page_reply(struct page *p, unsigned int status, const char *type,
    const char *filename, struct buf *body)
{
	struct page_private	*v = p->priv;
	struct http_header	 all[NALWAYS + PAGE_HEADERS + 4];
	struct http_meta	 meta = { .type = type, .header = all };
	struct error		 e = ERROR_INIT;
	char			 named[160], wait[16];
	size_t			 n = 0;

	if (v->answered)
		return;
	if (page_session_headers(p, &e) == -1)
		log_error(&e, "req=%08x", v->number);
	memcpy(all, always, sizeof(always));
	n = NALWAYS;
	memcpy(all + n, v->header, v->nheaders * sizeof(*all));
	n += v->nheaders;
	if (p->rad->hsts)
		all[n++] = hsts;
	if (filename != NULL) {
		disposition(named, sizeof(named), filename);
		all[n++] = (struct http_header){ "Content-Disposition",
		    named };
	}
	if (v->retry_after > 0) {
		snprintf(wait, sizeof(wait), "%d", v->retry_after);
		all[n++] = (struct http_header){ "Retry-After", wait };
	}
	meta.nheaders = n;
	v->answered = true;
	v->sent = status;
	http_reply_buf(p->http, status, &meta, body);
	buf_clear(body);
}

/* ---- values ---- */

void
page_put(struct page *p, const char *name, json_t *taken)
{
	(void)json_object_set_new(p->data, name, taken);
}

/* What is not UTF-8, as a common name may be, is shown with its bytes. */
void
page_put_text(struct page *p, const char *name, const char *text)
{
	json_t	*v = json_string(text == NULL ? "" : text);
	char	 safe[512];

	if (v == NULL)
		v = json_string(text_escape(safe, sizeof(safe), text));
	page_put(p, name, v == NULL ? json_string("?") : v);
}

void
page_put_int(struct page *p, const char *name, int64_t n)
{
	page_put(p, name, json_integer(n));
}

void
page_put_bool(struct page *p, const char *name, bool b)
{
	page_put(p, name, json_boolean(b));
}

void
page_put_url(struct page *p, const char *name, const char *address)
{
	json_t	*url = json_object_get(p->data, "url");

	if (url == NULL) {
		url = json_object();
		page_put(p, "url", url);
	}
	(void)json_object_set_new(url, name, json_string(address));
}

void
page_put_svg(struct page *p, const char *name, const char *drawn)
{
	json_t	*svg = json_object_get(p->data, "svg");

	if (svg == NULL) {
		svg = json_object();
		page_put(p, "svg", svg);
	}
	(void)json_object_set_new(svg, name, json_string(drawn));
}

const char *
page_text(const struct page *p, const char *key)
{
	const char	*text = json_string_value(json_object_get(p->texts,
			    key));

	return text == NULL ? key : text;
}

static void
put_languages(struct page *p)
{
	json_t		*list = json_array(), *one;
	const char	*code;
	size_t		 i;

	for (i = 0; i < texts_count(p->rad->texts); i++) {
		code = texts_lang(p->rad->texts, i);
		one = json_object();
		(void)json_object_set_new(one, "code", json_string(code));
		(void)json_object_set_new(one, "name", json_string(
		    texts_get(p->rad->texts, code, "lang.name")));
		(void)json_object_set_new(one, "current",
		    json_boolean(strcmp(code, p->lang) == 0));
		(void)json_array_append_new(list, one);
	}
	page_put(p, "languages", list);
	page_put_text(p, "lang", p->lang);
}

static void
put_client(struct page *p)
{
	const struct page_client	*c = &p->client;
	json_t				*v;

	if (c->cert == NULL)
		return;
	v = json_pack("{s:s, s:s, s:s, s:b, s:b, s:b}", "name", c->name,
	    "person", c->person, "role", role_name(c->role),
	    "officer", c->role == ROLE_OFFICER ||
	    c->role == ROLE_SECURITY_OFFICER, "security",
	    c->role == ROLE_SECURITY_OFFICER, "auditor",
	    c->role == ROLE_AUDITOR);
	if (v != NULL)
		page_put(p, "client", v);
}

static void
put_common(struct page *p)
{
	struct page_private	*v = p->priv;
	struct error		 ignored = ERROR_INIT;
	char			 token[SESSION_TOKEN] = "", number[9];

	(void)session_token(token, &p->session, p->rad->session_key,
	    &ignored);
	page_put_text(p, "csrf", token);
	put_languages(p);
	put_client(p);
	page_put_url(p, "public", p->rad->conf->url);
	page_put_url(p, "cert", p->rad->conf->url_cert);
	snprintf(number, sizeof(number), "%08x", v->number);
	page_put_text(p, "request", number);
	if (v->told[0] == '\0' ||
	    json_object_get(p->data, "message") != NULL)
		return;
	page_put_text(p, "message", page_text(p, v->told));
	/* Said once. */
	if (strcmp(p->session.message, v->told) == 0)
		p->session.message[0] = '\0';
	v->keep_session = true;
}

/* ---- replies ---- */

int
page_show(struct page *p, const char *name, struct error *e)
{
	struct buf	 out = { 0 }, missing = { 0 };

	put_common(p);
	if (template_render(&out, p->rad->templates, name, p->data, p->texts,
	    &missing, e) == -1) {
		e->code = ERROR_BUG;
		buf_clear(&out);
		buf_clear(&missing);
		return -1;
	}
	if (missing.len > 0)
		log_info("req=%08x %s has no value for: %s", p->priv->number,
		    name, buf_cstr(&missing));
	buf_clear(&missing);
	page_reply(p, p->status != 0 ? p->status : 200,
	    "text/html; charset=utf-8", NULL, &out);
	return 0;
}

int
page_redirect(struct page *p, const char *path, struct error *e)
{
	struct buf	 none = { 0 };

	if (path[0] != '/' || path[1] == '/' || path[1] == '\\')
		return error_set(e, ERROR_BUG, "a redirection to elsewhere");
	if (page_header(p, "Location", path, e) == -1)
		return -1;
	page_reply(p, p->status != 0 ? p->status : 303,
	    "text/plain; charset=utf-8", NULL, &none);
	return 0;
}

int
page_send(struct page *p, const char *type, const char *filename,
    struct bytes body, struct error *e)
{
	struct buf	 copy = { 0 };
	size_t		 i;

	(void)e;
	for (i = 0; types[i] != NULL && strcmp(types[i], type) != 0; i++)
		;
	buf_add(&copy, body.p, body.len);
	page_reply(p, p->status != 0 ? p->status : 200, types[i] != NULL ?
	    types[i] : "application/octet-stream", filename, &copy);
	return 0;
}

int
page_send_json(struct page *p, json_t *taken, struct error *e)
{
	char		*text = json_dumps(taken, JSON_COMPACT);
	struct buf	 out = { 0 };

	json_decref(taken);
	if (text == NULL)
		return error_set(e, ERROR_BUG, "JSON that is none");
	buf_str(&out, text);
	free(text);
	page_reply(p, p->status != 0 ? p->status : 200, "application/json",
	    NULL, &out);
	return 0;
}

void
page_message(struct page *p, const char *key)
{
	snprintf(p->session.message, sizeof(p->session.message), "%s", key);
	p->priv->keep_session = true;
}

/* ---- errors ---- */

static unsigned int
status_of(enum error_code code)
{
	switch (code) {
	case ERROR_INPUT:
		return 400;
	case ERROR_DENIED:
		return 403;
	case ERROR_NOTFOUND:
		return 404;
	case ERROR_CONFLICT:
		return 409;
	case ERROR_RETRY:
	case ERROR_UPSTREAM:
		return 503;
	default:
		return 500;
	}
}

/* For which the pages have words: the nearest. */
static unsigned int
status_told(unsigned int status)
{
	static const unsigned int	 known[] = { 400, 403, 404, 405, 409,
	    413, 415, 429, 500, 501, 503 };
	size_t				 i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i] == status)
			return status;
	return status >= 500 ? 500 : 400;
}

/* One line, for programs. */
static void
reply_line(struct page *p, unsigned int status, const char *text)
{
	struct buf	 out = { 0 };

	buf_printf(&out, "%s (%08x)\n", text, p->priv->number);
	page_reply(p, status, "text/plain; charset=utf-8", NULL, &out);
}

static void
reply_json_error(struct page *p, unsigned int status, const char *text,
    const struct error *e)
{
	struct error	 ignored = ERROR_INIT;
	json_t		*v = json_pack("{s:s, s:s, s:s}", "error",
			    said_text(p->arena, p->texts, text), "hint",
			    status < 500 ? said_text(p->arena, p->texts,
			    e->hint) : "", "code", error_name(e->code));

	p->status = status;
	if (v == NULL || page_send_json(p, v, &ignored) == -1)
		reply_line(p, status, "error");
}

static void
reply_page(struct page *p, unsigned int status, const char *text,
    const struct error *e)
{
	struct error	 bad = ERROR_INIT;

	json_object_clear(p->data);
	p->status = status;
	page_put_int(p, "status", status_told(status));
	if (text != NULL)
		page_put_text(p, "text", said_text(p->arena, p->texts, text));
	if (status < 500 && e->hint[0] != '\0')
		page_put_text(p, "hint", said_text(p->arena, p->texts,
		    e->hint));
	if (page_show(p, "error.html", &bad) == 0)
		return;
	log_error(&bad, "req=%08x", p->priv->number);
	reply_line(p, status, text == NULL ? "internal error" : text);
}

void
page_reply_error(struct page *p, struct error *e)
{
	struct page_private	*v = p->priv;
	unsigned int		 status, flags;
	const char		*text = e->text;

	if (v->answered)
		return;
	status = p->status >= 400 ? p->status : status_of(e->code);
	if (status >= 500) {
		/* Ours: the log has the words, the peer the number. */
		log_error(e, "req=%08x %s", v->number, p->route != NULL ?
		    p->route->path : "-");
		text = status == 503 ? "not possible just now, try again in a "
		    "minute" : "something is wrong here, not with you";
		if (status == 503 && v->retry_after == 0)
			v->retry_after = 30;
	}
	flags = p->route != NULL ? p->route->flags : 0;
	if (protocol_flag(p))
		reply_line(p, status, text);
	else if ((flags & PAGE_JSON) != 0)
		reply_json_error(p, status, text, e);
	else
		reply_page(p, status, status >= 500 ? NULL : text, e);
}
