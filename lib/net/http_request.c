/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_private.h"

#include <sys/socket.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>

#include "base/text.h"

#define BODY_KEPT	16384	/* bytes of memory a connection may keep */

static const struct {
	const char	*name;
	unsigned int	 method;
} methods[] = {
	{ "GET", HTTP_GET },
	{ "HEAD", HTTP_GET },
	{ "POST", HTTP_POST },
};

unsigned int
http_method(const struct http_request *r)
{
	return r->method;
}

const char *
http_path(const struct http_request *r)
{
	return r->path;
}

const char *
http_header(const struct http_request *r, const char *name)
{
	return MHD_lookup_connection_value(r->mhd, MHD_HEADER_KIND, name);
}

struct bytes
http_body(const struct http_request *r)
{
	return BYTES(r->body.p, r->body.len);
}

const char *
http_query(const struct http_request *r)
{
	return r->query.len > 0 ? (const char *)r->query.p : NULL;
}

void
http_set_context(struct http_request *r, void *context)
{
	r->context = context;
}

void *
http_context(const struct http_request *r)
{
	return r->context;
}

void
http_limit_body(struct http_request *r, size_t max)
{
	if (max < r->max_body)
		r->max_body = max;
}

char *
http_peer_address(const struct http_request *r, char dst[HTTP_ADDRESS_SIZE])
{
	const union MHD_ConnectionInfo	*info;
	struct sockaddr_in6		 in6;
	struct sockaddr_in		 in;
	const struct sockaddr		*sa;

	dst[0] = '\0';
	info = MHD_get_connection_info(r->mhd,
	    MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	if (info == NULL || (sa = info->client_addr) == NULL)
		return dst;
	if (sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof(in));
		inet_ntop(AF_INET, &in.sin_addr, dst, HTTP_ADDRESS_SIZE);
	} else if (sa->sa_family == AF_INET6) {
		memcpy(&in6, sa, sizeof(in6));
		if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
			inet_ntop(AF_INET, &in6.sin6_addr.s6_addr[12], dst,
			    HTTP_ADDRESS_SIZE);
		else
			inet_ntop(AF_INET6, &in6.sin6_addr, dst,
			    HTTP_ADDRESS_SIZE);
	}
	return dst;
}

void
http_suspend(struct http_request *r)
{
	r->suspended = true;
	MHD_suspend_connection(r->mhd);
}

/* The request may be gone when this returns. */
void
http_resume(struct http_request *r)
{
	MHD_resume_connection(r->mhd);
}

static void *
http_thread(struct http_server *s)
{
	void		**own = pthread_getspecific(s->key);
	unsigned int	  i;

	if (own == NULL) {
		i = atomic_fetch_add(&s->taken, 1);
		if (i >= s->conf.threads)
			return NULL;
		own = &s->thread[i];
		(void)pthread_setspecific(s->key, own);
	}
	return own;
}

/* What the headers say about where the message ends, and whom it is for. */
struct framing {
	unsigned int	 lengths, codings, hosts;
	bool		 odd;		/* a name or coding that we do not read */
	const char	*length;
};

/* RFC 9112, 5.1: no blank before the colon; RFC 9110, 5.6.2: a token. */
static bool
is_token(const char *s)
{
	const char	*p;

	for (p = s; *p != '\0'; p++)
		if ((*p < 'a' || *p > 'z') && (*p < 'A' || *p > 'Z') &&
		    (*p < '0' || *p > '9') &&
		    strchr("!#$%&'*+-.^_`|~", *p) == NULL)
			return false;
	return p > s;
}

static enum MHD_Result
framing_header(void *arg, enum MHD_ValueKind kind, const char *name,
    const char *value)
{
	struct framing	*f = arg;

	(void)kind;
	if (!is_token(name))
		f->odd = true;
	if (strcasecmp(name, "Content-Length") == 0) {
		f->lengths++;
		f->length = value;
	} else if (strcasecmp(name, "Transfer-Encoding") == 0) {
		f->codings++;
		f->odd |= value == NULL || strcasecmp(value, "chunked") != 0;
	} else if (strcasecmp(name, "Host") == 0)
		f->hosts++;
	return MHD_YES;
}

/*
 * RFC 9112, 3.2 and 6.3: what a proxy before us could read in another way
 * than we do is refused, and the connection closed.
 */
static unsigned int
framing_check(const struct framing *f, bool old, uint64_t *length)
{
	struct error	 ignored = ERROR_INIT;
	int64_t		 n;

	*length = 0;
	if (f->odd || f->lengths + f->codings > 1 || f->hosts > 1 ||
	    (!old && f->hosts == 0) || (old && f->codings > 0))
		return 400;
	if (f->lengths == 0)
		return 0;
	if (f->length == NULL || text_parse_number(&n, f->length, 0,
	    INT64_MAX, &ignored) == -1)
		return 400;
	*length = (uint64_t)n;
	return 0;
}

static void
request_begin(struct http_request *r, const char *url, const char *method,
    const char *version)
{
	struct framing	 f = { 0, 0, 0, false, NULL };
	uint64_t	 length;
	size_t		 i;

	r->begun = true;
	r->max_body = r->server->conf.max_body;
	r->path = url;
	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(method, methods[i].name) == 0)
			r->method = methods[i].method;
	(void)MHD_get_connection_values(r->mhd, MHD_HEADER_KIND,
	    framing_header, &f);
	r->has_body = f.lengths + f.codings > 0;
	r->refused = framing_check(&f, strcmp(version, "HTTP/1.1") != 0,
	    &length);
	if (r->refused == 0 && length > r->max_body)
		r->refused = 413;
	if (r->refused == 0 && (r->method & r->server->conf.methods) == 0)
		r->refused = 405;
	if (r->refused == 0 && r->server->conf.begin != NULL)
		r->refused = r->server->conf.begin(r, r->server->conf.arg);
	if (r->refused == 0 && length > r->max_body)
		r->refused = 413;
}

/*
 * The bound holds for chunks as well.  A little too much is dropped, so that
 * its sender sees the answer; whoever goes on is cut off.
 */
static enum MHD_Result
request_data(struct http_request *r, const char *data, size_t size)
{
	if (r->refused == 0 && size > r->max_body - r->body.len)
		r->refused = 413;
	if (r->refused == 0) {
		buf_add(&r->body, data, size);
		return MHD_YES;
	}
	r->dropped += size;
	return r->dropped <= HTTP_DROPPED_MAX ? MHD_YES : MHD_NO;
}

static const char *
refusal_text(unsigned int status)
{
	switch (status) {
	case 400:
		return "bad request";
	case 404:
		return "not found";
	case 405:
		return "method not allowed";
	case 413:
		return "request too large";
	case 415:
		return "unsupported media type";
	default:
		return "refused";
	}
}

static enum MHD_Result
request_finish(struct http_request *r)
{
	struct http_server	*s = r->server;
	void			**thread;

	r->suspended = false;
	if (r->refused != 0)
		http_reply_status(r, r->refused, refusal_text(r->refused));
	else if ((thread = http_thread(s)) == NULL)
		http_reply_status(r, 503, "no thread");
	else
		s->conf.handler(r, *thread, s->conf.arg);
	if (r->suspended)
		return MHD_YES;
	if (!r->replied)
		http_reply_status(r, 500, "internal error");
	return r->failed ? MHD_NO : MHD_YES;
}

static struct http_conn *
request_conn(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo	*info;

	info = MHD_get_connection_info(mhd,
	    MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info == NULL ? NULL : info->socket_context;
}

/* The request line, before it is taken apart in place. */
void *
http_on_line(void *arg, const char *uri, struct MHD_Connection *mhd)
{
	const char		*query = strchr(uri, '?');
	struct http_conn	*c = request_conn(mhd);

	(void)arg;
	if (c != NULL && query != NULL) {
		buf_str(&c->request.query, query + 1);
		(void)buf_cstr(&c->request.query);
	}
	return NULL;
}

/*
 * Called with the headers, then for each piece of a body, then once more at
 * the end.  A refusal before the body is the reason not to read it; what of it
 * is on its way goes to http_linger.c.
 */
enum MHD_Result
http_on_request(void *arg, struct MHD_Connection *mhd, const char *url,
    const char *method, const char *version, const char *data, size_t *size,
    void **req)
{
	struct http_conn	*c = request_conn(mhd);
	struct http_request	*r;
	size_t			 n;

	(void)arg;
	if (c == NULL)
		return MHD_NO;
	r = &c->request;
	*req = r;
	if (*size > 0) {
		n = *size;
		*size = 0;
		return request_data(r, data, n);
	}
	if (!r->begun) {
		request_begin(r, url, method, version);
		/* A reply now ends the connection. */
		if (r->refused == 0 || !r->has_body)
			return MHD_YES;
		c->lingers = true;
	}
	atomic_store_explicit(&c->since, 0, memory_order_relaxed);
	return request_finish(r);
}

void
http_on_completed(void *arg, struct MHD_Connection *mhd, void **req,
    enum MHD_RequestTerminationCode why)
{
	struct http_conn	*c = request_conn(mhd);
	struct http_request	*r = *req;

	(void)arg;
	(void)why;
	if (c == NULL || r == NULL)
		return;
	if (r->context != NULL && r->server->conf.context_free != NULL)
		r->server->conf.context_free(r->context);
	r->context = NULL;
	if (r->body.size > BODY_KEPT)
		buf_clear(&r->body);
	r->body.len = 0;
	if (r->query.size > BODY_KEPT)
		buf_clear(&r->query);
	r->query.len = 0;
	r->path = NULL;
	r->method = r->refused = 0;
	r->dropped = 0;
	r->begun = r->has_body = r->replied = r->failed = r->suspended =
	    false;
	*req = NULL;
	atomic_store_explicit(&c->since, http_ms(), memory_order_relaxed);
}
