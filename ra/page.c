/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request from its first line to the function that answers it.
 */
#include "page.h"

#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "client.h"
#include "page_private.h"
#include "routes.h"

#define STATIC		"/static/"

/* Before the body is read: how long it may be. */
unsigned int
page_begin(struct rad_listener *l, struct http_request *http)
{
	const struct page_route	*route;
	struct bytes		 arg[PAGE_ARGS_MAX];
	unsigned int		 methods;

	(void)l;
	route = route_find(http_path(http), http_method(http), &methods, arg);
	http_limit_body(http, route != NULL && (route->flags & PAGE_UPLOAD) !=
	    0 ? PAGE_UPLOAD_MAX : PAGE_BODY_MAX);
	return 0;
}

/* ---- what came ---- */

const char *
page_arg(const struct page *p, const char *name)
{
	int	 i = route_arg(p->route, name);

	return i == -1 ? NULL : p->arg[i];
}

const char *
page_field(const struct page *p, const char *name)
{
	return form_get(&p->form, name);
}

const char *
page_query(const struct page *p, const char *name)
{
	return form_get(&p->query, name);
}

int
page_need(const struct page *p, const char *name, const char **value,
    struct error *e)
{
	*value = page_field(p, name);
	if (*value != NULL && **value != '\0')
		return 0;
	return error_set(e, ERROR_INPUT, "\"%s\" is missing", name);
}

int
page_arg_id(const struct page *p, const char *name, uint8_t *dst,
    size_t size, struct error *e)
{
	struct error	 ignored = ERROR_INIT;
	const char	*text = page_arg(p, name);

	if (text != NULL && text_unhex(dst, size, NULL, text, &ignored) == 0)
		return 0;
	return error_set(e, ERROR_NOTFOUND, "there is no such thing here");
}

/* ---- finding out ---- */

static int
find_route(struct page *p, struct error *e)
{
	struct bytes	 raw[PAGE_ARGS_MAX];
	const char	*path = http_path(p->http);
	unsigned int	 methods;
	char		*arg;
	int		 i;

	memset(raw, 0, sizeof(raw));
	p->route = route_find(path, http_method(p->http), &methods, raw);
	if (p->route == NULL && methods != 0) {
		p->status = 405;
		return error_set(e, ERROR_INPUT, "this address is not asked "
		    "in this way");
	}
	if (p->route == NULL)
		return error_set(e, ERROR_NOTFOUND, "there is no such page");
	for (i = 0; i < PAGE_ARGS_MAX && raw[i].len > 0; i++) {
		if (form_unescape(&arg, raw[i], false, p->arena, e) == -1)
			return -1;
		p->arg[i] = arg;
	}
	return 0;
}

static int
find_query(struct page *p, struct error *e)
{
	const char	*query = http_query(p->http);

	if (query == NULL)
		return 0;
	return form_parse_urlencoded(&p->query, BYTES(query, strlen(query)),
	    p->arena, e);
}

/*
 * A certificate that is not good is nobody's: whoever comes with it gets what
 * everybody gets, and is told why where that is not enough.
 */
static int
find_client(struct page *p, struct error *e)
{
	if (!p->by_cert || client_judge(p, e) != -1)
		return 0;
	if (p->route->who != PAGE_ANYONE || (e->code != ERROR_DENIED &&
	    (p->route->flags & PAGE_STATELESS) == 0))
		return -1;
	/* Whose session it is nobody can say now. */
	p->priv->no_session = e->code != ERROR_DENIED;
	log_debug("req=%08x %s", p->priv->number, e->text);
	error_clear(e);
	return 0;
}

/* Links to pages for certificates lead from one address to the other. */
static int
check_listener(struct page *p, struct error *e)
{
	if (p->by_cert || p->route->who == PAGE_ANYONE)
		return client_check(&p->client, p->route->who, e);
	error_set(e, ERROR_DENIED, "this page is at %s, where the browser is "
	    "asked for a certificate", p->rad->conf->url_cert);
	return -1;
}

static int
find_form(struct page *p, struct error *e)
{
	struct bytes	 body = http_body(p->http);

	if (http_method(p->http) != HTTP_POST ||
	    (p->route->flags & PAGE_RAW) != 0)
		return 0;
	return form_parse(&p->form, http_header(p->http, "Content-Type"),
	    body, p->arena, e);
}

static int
check_form(struct page *p, struct error *e)
{
	if (http_method(p->http) != HTTP_POST ||
	    (p->route->flags & PAGE_PROTOCOL) != 0)
		return 0;
	return page_session_check(p, e);
}

/* An officer who was away too long says first that it is still the same. */
static int
show_ended(struct page *p, struct error *e)
{
	if ((p->route->flags & PAGE_JSON) != 0)
		return error_set(e, ERROR_DENIED, "your session has ended");
	p->status = 403;
	page_put_url(p, "here", http_path(p->http));
	return page_show(p, "session.html", e);
}

static int
run(struct page *p, struct error *e)
{
	const struct wait	*wait = http_context(p->http);
	int			 rc;

	if (find_query(p, e) == -1)
		return -1;
	page_session_language(p);
	if (find_route(p, e) == -1 || find_client(p, e) == -1 || page_session_find(p, e) == -1 ||
	    check_listener(p, e) == -1 || find_form(p, e) == -1 ||
	    check_form(p, e) == -1)
		return -1;
	if (p->priv->session_ended && p->route->who != PAGE_ANYONE &&
	    (p->route->flags & PAGE_PROTOCOL) == 0)
		return show_ended(p, e);
	if ((p->route->flags & PAGE_STATELESS) == 0)
		p->db = p->desk->db;
	if (wait != NULL)
		p->waited = arena_dup(p->arena, wait->id, DB_ORDER_ID);
	rc = p->route->fn(p, e);
	if (http_method(p->http) == HTTP_POST &&
	    p->route->who > PAGE_HOLDER)
		figures_forget(p->rad->figures);
	return rc;
}

/* ---- the whole ---- */

/* What is written of a request is the route, not the address: that may have
 * a secret in it. */
static void
log_request(const struct page *p)
{
	const struct page_private	*v = p->priv;
	char				 serial[2 * DB_SERIAL + 1];

	if (v->later)
		return;
	log_info("req=%08x %s %s %u %lld ms from=%s%s%s%s%s", v->number,
	    http_method(p->http) == HTTP_POST ? "POST" : "GET",
	    p->route != NULL ? p->route->path : "-", v->sent,
	    (long long)(clock_monotonic_ms() - v->begun), p->address,
	    p->client.person[0] != '\0' ? " by=" : "", p->client.person,
	    p->client.cert != NULL ? " cert=" : "", p->client.cert != NULL ?
	    text_hex(serial, p->client.serial.p, p->client.serial.len) : "");
}

static bool
handle_static(struct rad *r, struct http_request *http)
{
	struct http_shared	*file;

	if (strncmp(http_path(http), STATIC, sizeof(STATIC) - 1) != 0)
		return false;
	if ((file = assets_find(r->assets, http_path(http))) != NULL)
		http_reply_shared(http, file);
	else
		http_reply_status(http, 404, "not found");
	return true;
}

static void
page_clear(struct page *p)
{
	struct page_private	*v = p->priv;
	size_t			 i;

	for (i = 0; i < v->nheaders; i++) {
		char	*name = (char *)(uintptr_t)v->header[i].name;
		char	*value = (char *)(uintptr_t)v->header[i].value;

		mem_free(&name);
		mem_free(&value);
	}
	client_clear(&p->client);
	json_decref(p->data);
}

void
page_handle(struct rad_listener *l, struct rad_thread *t,
    struct http_request *http)
{
	char			 address[HTTP_ADDRESS_SIZE];
	struct page_private	 v = { .listener = l, .thread = t };
	struct page		 p = { .rad = l->rad, .http = http,
	    .desk = &t->desk, .by_cert = l->by_cert, .priv = &v };
	struct error		 e = ERROR_INIT;

	if (handle_static(l->rad, http))
		return;
	rad_thread_turn(t);
	t->page = &p;
	p.arena = t->arena;
	p.now = clock_now(l->rad->clock);
	p.address = http_peer_address(http, address);
	p.data = json_object();
	page_session_language(&p);
	v.number = atomic_fetch_add(&l->rad->requests, 1);
	v.begun = clock_monotonic_ms();
	v.heard = waits_now(l->rad->waits);
	t->desk.who = arena_printf(p.arena, "web %s", address);
	if (run(&p, &e) == -1)
		page_reply_error(&p, &e);
	else if (!v.answered && !v.later) {
		error_set(&e, ERROR_BUG, "%s does not answer", p.route->path);
		page_reply_error(&p, &e);
	}
	log_request(&p);
	page_clear(&p);
	t->page = NULL;
}
