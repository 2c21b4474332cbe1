/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_private.h"

#include <fcntl.h>
#include <unistd.h>

/* Bytes or a file, kept by all replies that are still being sent. */
struct body {
	atomic_uint	 refs;
	struct buf	 bytes;
	int		 fd;		/* -1: the bytes */
	uint64_t	 size;
};

struct meta {
	char		*type, *etag;
	int64_t		 modified, expires, max_age;
	char		**header;	/* name, value, name ...; NULL */
};

struct http_shared {
	atomic_uint		 refs;
	struct meta		 meta;
	struct body		*body;
	pthread_mutex_t		 lock;
	struct MHD_Response	*response;	/* 200, made ... */
	int64_t			 made;		/* in this second */
};

static struct body *
body_new(struct buf *bytes, int fd, uint64_t size)
{
	struct body	*b = mem_alloc(sizeof(*b));

	atomic_init(&b->refs, 1);
	b->fd = fd;
	b->size = size;
	if (bytes != NULL) {
		b->bytes = *bytes;
		b->size = bytes->len;
		*bytes = (struct buf){ NULL, 0, 0 };
	}
	return b;
}

static void
body_free(void *arg)
{
	struct body	*b = arg;

	if (atomic_fetch_sub(&b->refs, 1) != 1)
		return;
	if (b->fd != -1)
		close(b->fd);
	buf_clear(&b->bytes);
	mem_free(&b);
}

static struct MHD_Response *
body_response(struct body *b, uint64_t from, uint64_t len)
{
	struct MHD_Response	*m;
	int			 fd;

	if (b->fd != -1) {
		if ((fd = fcntl(b->fd, F_DUPFD_CLOEXEC, 0)) == -1)
			return NULL;
		m = MHD_create_response_from_fd_at_offset64(len, fd, from);
		if (m == NULL)
			close(fd);
		return m;
	}
	atomic_fetch_add(&b->refs, 1);
	m = MHD_create_response_from_buffer_with_free_callback_cls(
	    (size_t)len, from > 0 ? b->bytes.p + from : b->bytes.p, body_free,
	    b);
	if (m == NULL)
		body_free(b);
	return m;
}

static void
meta_copy(struct meta *to, const struct http_meta *from)
{
	size_t	 i;

	to->header = mem_array(2 * from->nheaders + 1, sizeof(*to->header));
	for (i = 0; i < from->nheaders; i++) {
		to->header[2 * i] = mem_strdup(from->header[i].name);
		to->header[2 * i + 1] = mem_strdup(from->header[i].value);
	}
	to->type = mem_strdup(from->type);
	to->etag = mem_strdup(from->etag);
	to->modified = from->modified;
	to->expires = from->expires;
	to->max_age = from->max_age;
}

static void
meta_clear(struct meta *m)
{
	size_t	 i;

	for (i = 0; m->header != NULL && m->header[i] != NULL; i++)
		mem_free(&m->header[i]);
	mem_free(&m->header);
	mem_free(&m->type);
	mem_free(&m->etag);
}

static void
header(struct MHD_Response *m, const char *name, const char *value)
{
	(void)MHD_add_response_header(m, name, value);
}

/*
 * RFC 5019, 6.2: no cache keeps it longer than it is good, which ends before
 * nextUpdate: seconds are whole ones here and in caches, of which nginx uses
 * the last one, too.  max_age lets them ask earlier, because a newer one may
 * be there long before.
 */
static void
header_cache(struct MHD_Response *m, int64_t expires, int64_t max_age,
    int64_t now)
{
	char	 text[80], date[HTTP_DATE_SIZE];
	int64_t	 age = expires - now - 1;

	if (expires == 0) {
		header(m, "Cache-Control", "no-store");
		return;
	}
	if (age < 0)
		age = 0;
	if (max_age > 0 && age > max_age)
		age = max_age;
	snprintf(text, sizeof(text), "max-age=%lld, public, no-transform, "
	    "must-revalidate", (long long)age);
	header(m, "Cache-Control", text);
	header(m, "Expires", http_date(date, now + age));
}

/* RFC 9110, 15.4.5: a 304 has these too, but not the type. */
static void
header_meta(struct MHD_Response *m, const struct meta *meta,
    unsigned int status, int64_t now)
{
	char	 text[160], date[HTTP_DATE_SIZE];

	if (status != 304 && meta->type != NULL)
		header(m, "Content-Type", meta->type);
	if (meta->etag != NULL) {
		snprintf(text, sizeof(text), "\"%.*s\"",
		    (int)sizeof(text) - 3, meta->etag);
		header(m, "ETag", text);
	}
	if (meta->modified != 0)
		header(m, "Last-Modified", http_date(date, meta->modified));
	header_cache(m, meta->expires, meta->max_age, now);
}

/* libmicrohttpd takes none with a line break in it. */
static bool
header_more(struct MHD_Response *m, const struct meta *meta)
{
	size_t	 i;

	for (i = 0; meta->header != NULL && meta->header[i] != NULL; i += 2)
		if (MHD_add_response_header(m, meta->header[i],
		    meta->header[i + 1]) != MHD_YES)
			return false;
	return true;
}

static struct MHD_Response *
header_all(struct MHD_Response *m, const struct meta *meta,
    unsigned int status, int64_t now)
{
	if (m == NULL)
		return NULL;
	header_meta(m, meta, status, now);
	if (header_more(m, meta))
		return m;
	MHD_destroy_response(m);
	return NULL;
}

static void
header_range(struct MHD_Response *m, unsigned int status, uint64_t size,
    uint64_t from, uint64_t len)
{
	char	 text[80];

	header(m, "Accept-Ranges", "bytes");
	if (status == 206)
		snprintf(text, sizeof(text), "bytes %llu-%llu/%llu",
		    (unsigned long long)from,
		    (unsigned long long)(from + len - 1),
		    (unsigned long long)size);
	else
		snprintf(text, sizeof(text), "bytes */%llu",
		    (unsigned long long)size);
	if (status != 200)
		header(m, "Content-Range", text);
}

static void
reply_queue(struct http_request *r, unsigned int status,
    struct MHD_Response *m)
{
	if (r->replied)
		return;
	r->replied = true;
	if (m == NULL || MHD_queue_response(r->mhd, status, m) != MHD_YES)
		r->failed = true;
}

static void
reply_queue_own(struct http_request *r, unsigned int status,
    struct MHD_Response *m)
{
	reply_queue(r, status, m);
	if (m != NULL)
		MHD_destroy_response(m);
}

static int64_t
reply_now(const struct http_request *r)
{
	return clock_now(r->server->conf.clock);
}

/* 304, 206 or 416, if that is the reply. */
static bool
reply_instead(struct http_request *r, const struct meta *meta,
    struct body *b)
{
	struct MHD_Response	*m;
	uint64_t		 from = 0, len = 0;
	unsigned int		 status = 304;

	if (r->method != HTTP_GET)
		return false;
	if (!http_is_unchanged(r, meta->etag, meta->modified) &&
	    (status = http_range(r, meta->etag, meta->modified, b->size,
	    &from, &len)) == 200)
		return false;
	if (status == 206)
		m = body_response(b, from, len);
	else
		m = MHD_create_response_from_buffer(0, NULL,
		    MHD_RESPMEM_PERSISTENT);
	m = header_all(m, meta, status, reply_now(r));
	if (m != NULL && status != 304)
		header_range(m, status, b->size, from, len);
	reply_queue_own(r, status, m);
	return true;
}

static struct MHD_Response *
reply_whole(const struct meta *meta, struct body *b, unsigned int status,
    int64_t now)
{
	struct MHD_Response	*m = body_response(b, 0, b->size);

	m = header_all(m, meta, status, now);
	if (m != NULL && status == 200 && meta->etag != NULL)
		header_range(m, 200, b->size, 0, 0);
	return m;
}

static void
allow_header(struct MHD_Response *m, unsigned int methods)
{
	header(m, "Allow", methods == HTTP_GET ? "GET, HEAD" :
	    methods == HTTP_POST ? "POST" : "GET, HEAD, POST");
}

void
http_reply_status(struct http_request *r, unsigned int status,
    const char *text)
{
	struct buf		 line = { 0 };
	struct meta		 meta = { .etag = NULL };
	struct body		*b;
	struct MHD_Response	*m;

	buf_printf(&line, "%s\n", text);
	b = body_new(&line, -1, 0);
	if ((m = body_response(b, 0, b->size)) != NULL) {
		header(m, "Content-Type", "text/plain; charset=utf-8");
		header_meta(m, &meta, status, 0);
		if (status == 405)
			allow_header(m, r->server->conf.methods);
		/* What follows may be the rest of what was refused. */
		if (r->refused != 0 && (r->has_body || status == 400))
			header(m, "Connection", "close");
	}
	body_free(b);
	reply_queue_own(r, status, m);
}

void
http_reply_buf(struct http_request *r, unsigned int status,
    const struct http_meta *meta, struct buf *out)
{
	struct body	*b = body_new(out, -1, 0);
	struct meta	 m;

	meta_copy(&m, meta);
	if (status != 200 || !reply_instead(r, &m, b))
		reply_queue_own(r, status, reply_whole(&m, b, status,
		    reply_now(r)));
	meta_clear(&m);
	body_free(b);
}

static struct http_shared *
shared_new(const struct http_meta *meta, struct body *b)
{
	struct http_shared	*s = mem_alloc(sizeof(*s));

	atomic_init(&s->refs, 1);
	meta_copy(&s->meta, meta);
	s->body = b;
	pthread_mutex_init(&s->lock, NULL);
	return s;
}

struct http_shared *
http_shared_copy(const struct http_meta *meta, struct bytes bytes)
{
	struct buf	 copy = { 0 };

	buf_add(&copy, bytes.p, bytes.len);
	return http_shared_buf(meta, &copy);
}

struct http_shared *
http_shared_buf(const struct http_meta *meta, struct buf *bytes)
{
	return shared_new(meta, body_new(bytes, -1, 0));
}

struct http_shared *
http_shared_file(const struct http_meta *meta, int fd, uint64_t size)
{
	return shared_new(meta, body_new(NULL, fd, size));
}

struct http_shared *
http_shared_ref(struct http_shared *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

void
http_shared_free(struct http_shared **sp)
{
	struct http_shared	*s = *sp;

	*sp = NULL;
	if (s == NULL || atomic_fetch_sub(&s->refs, 1) != 1)
		return;
	if (s->response != NULL)
		MHD_destroy_response(s->response);
	body_free(s->body);
	meta_clear(&s->meta);
	pthread_mutex_destroy(&s->lock);
	mem_free(&s);
}

/*
 * The headers count down, so what is queued is made anew in each second in
 * which it is asked for; within one it is only referred to.  Queued under the
 * lock, for the next one to ask may replace it.
 */
void
http_reply_shared(struct http_request *r, struct http_shared *s)
{
	struct MHD_Response	*m;
	int64_t			 now;

	if (reply_instead(r, &s->meta, s->body))
		return;
	now = s->meta.expires == 0 ? 1 : reply_now(r);
	pthread_mutex_lock(&s->lock);
	if (s->response == NULL || s->made != now) {
		m = reply_whole(&s->meta, s->body, 200, now);
		if (m != NULL && s->response != NULL)
			MHD_destroy_response(s->response);
		if (m != NULL) {
			s->response = m;
			s->made = now;
		}
	}
	reply_queue(r, 200, s->response);
	pthread_mutex_unlock(&s->lock);
}
