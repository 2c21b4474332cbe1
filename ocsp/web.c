/* SPDX-License-Identifier: Apache-2.0 */
#include "web.h"

#include <string.h>
#include <strings.h>

#include "reply.h"

#define REQUEST_TYPE	"application/ocsp-request"
#define PREFIX		"/ocsp"
/* Of line and headers.  A dozen CertIDs by GET with every octet escaped fit;
 * RFC 5019, 5 has clients use POST beyond 255 octets.  It is memory that the
 * server clears for each request, so more would cost everybody. */
#define HEAD_MAX	(8 * 1024)

struct web {
	const struct responder	*responder;
	struct http_server	*server;
	struct http_shared	*error[OCSP_UNAUTHORIZED + 1];
};

static bool
is_request_type(const char *type)
{
	size_t	 n = sizeof(REQUEST_TYPE) - 1;

	if (type == NULL || strncasecmp(type, REQUEST_TYPE, n) != 0)
		return false;
	type += n + strspn(type + n, " \t");
	return *type == '\0' || *type == ';';
}

/* Where the request is in a path: after / or /ocsp/. */
static const char *
path_request(const char *path)
{
	size_t	 n = sizeof(PREFIX) - 1;

	/* No base 64 of a request begins so: it begins with an M. */
	if (strncmp(path, PREFIX, n) == 0 && (path[n] == '/' ||
	    path[n] == '\0'))
		return path + n;
	return path;
}

static unsigned int
web_begin(struct http_request *q, void *arg)
{
	(void)arg;
	if (http_method(q) != HTTP_POST)
		return 0;
	if (strspn(path_request(http_path(q)), "/") !=
	    strlen(path_request(http_path(q))))
		return 404;
	return is_request_type(http_header(q, "Content-Type")) ? 0 : 415;
}

static void
send_outcome(const struct web *w, struct http_request *q, struct outcome *o)
{
	struct http_meta	 m;
	char			 etag[REPLY_ETAG];

	if (o->answer != NULL)
		http_reply_shared(q, o->answer->reply);
	else if (o->bytes.len > 0) {
		reply_meta(&m, etag, BYTES(o->bytes.p, o->bytes.len),
		    o->this_update, o->next_update);
		http_reply_buf(q, 200, &m, &o->bytes);
	} else
		http_reply_shared(q, w->error[o->status]);
	outcome_clear(o);
}

static void
web_get(struct web *w, struct http_request *q, struct responder_thread *t)
{
	const char	*path = http_path(q), *request;
	struct bytes	 key = BYTES(path, strlen(path));
	struct error	 e = ERROR_INIT;
	struct buf	 der = { 0 };
	struct answer	*a;
	struct outcome	 o;
	bool		 renew;

	a = responder_recall(w->responder, ANSWER_BY_PATH, key, &renew);
	if (a != NULL) {
		http_reply_shared(q, a->reply);
		answer_free(&a);
		return;
	}
	request = path_request(path);
	if (ocsp_request_from_path(&der, request, &e) == -1) {
		http_reply_status(q, 400, e.text);
	} else {
		responder_ask(t, ANSWER_BY_PATH, key, renew,
		    BYTES(der.p, der.len), &o);
		send_outcome(w, q, &o);
	}
	buf_clear(&der);
}

static void
web_post(struct web *w, struct http_request *q, struct responder_thread *t)
{
	struct bytes	 body = http_body(q);
	struct answer	*a;
	struct outcome	 o;
	bool		 renew;

	a = responder_recall(w->responder, ANSWER_BY_BODY, body, &renew);
	if (a != NULL) {
		http_reply_shared(q, a->reply);
		answer_free(&a);
		return;
	}
	responder_ask(t, ANSWER_BY_BODY, body, renew, body, &o);
	send_outcome(w, q, &o);
}

static void
web_handle(struct http_request *q, void *thread, void *arg)
{
	if (http_method(q) == HTTP_POST)
		web_post(arg, q, thread);
	else
		web_get(arg, q, thread);
}

static int
web_thread_new(void **thread, void *arg, struct error *e)
{
	const struct web	*w = arg;

	(void)e;
	*thread = responder_thread_new(w->responder);
	return 0;
}

static void
web_thread_free(void *thread, void *arg)
{
	struct responder_thread	*t = thread;

	(void)arg;
	responder_thread_free(&t);
}

int
web_start(struct web **out, const struct responder *r, int fd,
    struct error *e)
{
	struct web		*w = mem_alloc(sizeof(*w));
	struct http_conf	 conf = { .fd = fd,
	    .threads = (unsigned int)r->conf->threads,
	    .methods = HTTP_GET | HTTP_POST, .max_body = OCSP_REQUEST_MAX,
	    .max_head = HEAD_MAX,
	    .connections = (unsigned int)r->conf->connections,
	    .per_address = (unsigned int)r->conf->per_address,
	    .clock = r->clock, .handler = web_handle, .begin = web_begin,
	    .thread_new = web_thread_new, .thread_free = web_thread_free,
	    .arg = w };
	int			 i;

	*out = NULL;
	w->responder = r;
	for (i = OCSP_MALFORMED; i <= OCSP_UNAUTHORIZED; i++)
		w->error[i] = reply_shared(ocsp_status_response(
		    (enum ocsp_status)i), 0, 0);
	if (http_start(&w->server, &conf, e) == -1) {
		web_stop(&w);
		return -1;
	}
	*out = w;
	return 0;
}

void
web_stop(struct web **wp)
{
	struct web	*w = *wp;
	int		 i;

	if (w == NULL)
		return;
	http_stop(&w->server, 2000);
	for (i = OCSP_MALFORMED; i <= OCSP_UNAUTHORIZED; i++)
		http_shared_free(&w->error[i]);
	mem_free(wp);
}

unsigned int
web_connections(const struct web *w)
{
	return http_connections(w->server);
}
