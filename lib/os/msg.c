/* SPDX-License-Identifier: Apache-2.0 */
#include "os/msg.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define HEADER	8			/* type and length */
#define CHUNK	((size_t)64 << 10)

static void
msg_pack_u32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static uint32_t
msg_unpack_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

void
msg_init(struct msg *m, uint32_t type)
{
	m->type = type;
	m->body.len = 0;
	m->pos = 0;
	m->bad = false;
}

void
msg_clear(struct msg *m)
{
	buf_clear(&m->body);
	msg_init(m, 0);
}

void
msg_put_u32(struct msg *m, uint32_t v)
{
	uint8_t	 p[4];

	msg_pack_u32(p, v);
	buf_add(&m->body, p, sizeof(p));
}

void
msg_put_i64(struct msg *m, int64_t v)
{
	msg_put_u32(m, (uint32_t)((uint64_t)v >> 32));
	msg_put_u32(m, (uint32_t)((uint64_t)v & 0xffffffff));
}

/* A blob beyond the bound spoils the message, which msg_send() then refuses. */
void
msg_put_blob(struct msg *m, const void *p, size_t len)
{
	if (len > MSG_MAX || m->body.len > MSG_MAX - len) {
		m->bad = true;
		return;
	}
	msg_put_u32(m, (uint32_t)len);
	buf_add(&m->body, p, len);
}

void
msg_put_str(struct msg *m, const char *s)
{
	msg_put_blob(m, s, s != NULL ? strlen(s) : 0);
}

void
msg_put_error(struct msg *m, const struct error *e)
{
	msg_put_u32(m, (uint32_t)e->code);
	msg_put_str(m, e->text);
	msg_put_str(m, e->hint);
}

/* The next len bytes, or NULL with the mistake latched. */
static const uint8_t *
msg_take(struct msg *m, size_t len)
{
	const uint8_t	*p;

	if (m->bad || m->body.len - m->pos < len) {
		m->bad = true;
		return NULL;
	}
	p = m->body.p + m->pos;
	m->pos += len;
	return p;
}

uint32_t
msg_get_u32(struct msg *m)
{
	const uint8_t	*p = msg_take(m, 4);

	return p != NULL ? msg_unpack_u32(p) : 0;
}

int64_t
msg_get_i64(struct msg *m)
{
	uint64_t	 hi = msg_get_u32(m);
	uint64_t	 v = hi << 32 | msg_get_u32(m);

	return m->bad ? 0 : (int64_t)v;
}

struct bytes
msg_get_blob(struct msg *m, size_t max)
{
	static const uint8_t	 none[1];
	const uint8_t		*p;
	size_t			 len;

	len = msg_get_u32(m);
	if (len > max)
		m->bad = true;
	if (m->bad || len == 0 || (p = msg_take(m, len)) == NULL)
		return BYTES(none, 0);
	return BYTES(p, len);
}

void
msg_get_str(struct msg *m, char *dst, size_t size)
{
	struct bytes	 b;

	dst[0] = '\0';
	b = msg_get_blob(m, size - 1);
	if (memchr(b.p, '\0', b.len) != NULL)
		m->bad = true;
	if (m->bad)
		return;
	memcpy(dst, b.p, b.len);
	dst[b.len] = '\0';
}

void
msg_get_error(struct msg *m, struct error *e)
{
	uint32_t	 code;

	error_clear(e);
	code = msg_get_u32(m);
	if (code == ERROR_NONE || code >= ERROR__MAX)
		m->bad = true;
	msg_get_str(m, e->text, sizeof(e->text));
	msg_get_str(m, e->hint, sizeof(e->hint));
	if (e->text[0] == '\0')
		m->bad = true;
	e->code = (enum error_code)code;
	if (m->bad)
		error_set(e, ERROR_BUG, "message of type %u: an error that "
		    "says nothing", m->type);
}

int
msg_done(const struct msg *m, struct error *e)
{
	if (m->bad)
		return error_set(e, ERROR_INPUT,
		    "message of type %u: malformed", m->type);
	if (m->pos != m->body.len)
		return error_set(e, ERROR_INPUT,
		    "message of type %u: %zu bytes too many", m->type,
		    m->body.len - m->pos);
	return 0;
}

/* After a failed call: is it worth trying again? */
static bool
msg_may_retry(int fd, short events)
{
	struct pollfd	 p = { fd, events, 0 };

	if (errno == EINTR)
		return true;
	if (errno != EAGAIN && errno != EWOULDBLOCK)
		return false;
	while (poll(&p, 1, -1) == -1)
		if (errno != EINTR)
			return false;
	return true;
}

static int
msg_send_failed(struct error *e)
{
	if (errno == EPIPE || errno == ECONNRESET)
		return error_set(e, ERROR_UPSTREAM, "peer is gone");
	return error_sys(e, "send message");
}

int
msg_send(int fd, const struct msg *m, struct error *e)
{
	uint8_t		 head[HEADER];
	struct iovec	 iov[2] = { { head, HEADER },
			    { m->body.p, m->body.len } };
	struct msghdr	 mh = { .msg_iov = iov, .msg_iovlen = 2 };
	ssize_t		 n;

	if (m->bad || m->body.len > MSG_MAX)
		return error_set(e, ERROR_INPUT,
		    "message of type %u: larger than %u bytes", m->type,
		    MSG_MAX);
	msg_pack_u32(head, m->type);
	msg_pack_u32(head + 4, (uint32_t)m->body.len);
	while (mh.msg_iovlen > 0) {
		if ((n = sendmsg(fd, &mh, MSG_NOSIGNAL)) == -1) {
			if (!msg_may_retry(fd, POLLOUT))
				return msg_send_failed(e);
			continue;
		}
		while (mh.msg_iovlen > 0 &&
		    (size_t)n >= mh.msg_iov->iov_len) {
			n -= (ssize_t)mh.msg_iov->iov_len;
			mh.msg_iov++;
			mh.msg_iovlen--;
		}
		if (mh.msg_iovlen > 0) {
			mh.msg_iov->iov_base =
			    (uint8_t *)mh.msg_iov->iov_base + n;
			mh.msg_iov->iov_len -= (size_t)n;
		}
	}
	return 0;
}

/* Returns how many bytes came before the end of the stream, or -1. */
static ssize_t
msg_read(int fd, uint8_t *p, size_t len, struct error *e)
{
	size_t	 got = 0;
	ssize_t	 n;

	while (got < len) {
		n = recv(fd, p + got, len - got, 0);
		if (n == 0 || (n == -1 && errno == ECONNRESET))
			break;
		if (n == -1 && !msg_may_retry(fd, POLLIN))
			return error_sys(e, "receive message");
		if (n > 0)
			got += (size_t)n;
	}
	return (ssize_t)got;
}

static int
msg_cut_short(struct error *e)
{
	return error_set(e, ERROR_UPSTREAM,
	    "peer is gone in the middle of a message");
}

/* In pieces: memory is spent on bytes that came, not on bytes announced. */
static int
msg_read_body(int fd, struct buf *b, size_t len, struct error *e)
{
	ssize_t	 n;
	size_t	 now;

	for (; len > 0; len -= now) {
		now = len < CHUNK ? len : CHUNK;
		buf_reserve(b, now);
		if ((n = msg_read(fd, b->p + b->len, now, e)) == -1)
			return -1;
		if ((size_t)n < now)
			return msg_cut_short(e);
		b->len += now;
	}
	return 0;
}

int
msg_recv(int fd, struct msg *m, struct error *e)
{
	uint8_t	 head[HEADER];
	size_t	 len;
	ssize_t	 n;

	msg_init(m, 0);
	if ((n = msg_read(fd, head, HEADER, e)) <= 0)
		return (int)n;
	if (n < HEADER)
		return msg_cut_short(e);
	m->type = msg_unpack_u32(head);
	if ((len = msg_unpack_u32(head + 4)) > MSG_MAX)
		return error_set(e, ERROR_INPUT,
		    "message of type %u: larger than %u bytes", m->type,
		    MSG_MAX);
	return msg_read_body(fd, &m->body, len, e) == -1 ? -1 : 1;
}

static int
msg_peer_error(struct msg *m, struct error *e)
{
	struct error	 theirs = ERROR_INIT;

	msg_get_error(m, &theirs);
	if (msg_done(m, e) == -1)
		return -1;
	*e = theirs;
	return -1;
}

int
msg_call(int fd, struct msg *request, struct msg *reply, uint32_t want,
    struct error *e)
{
	return msg_send(fd, request, e) == -1 ? -1 :
	    msg_answer(fd, reply, want, e);
}

int
msg_answer(int fd, struct msg *reply, uint32_t want, struct error *e)
{
	int	 rv;

	if ((rv = msg_recv(fd, reply, e)) == -1)
		return -1;
	if (rv == 0)
		return error_set(e, ERROR_UPSTREAM, "peer is gone");
	if (reply->type == 0)
		return msg_peer_error(reply, e);
	if (reply->type != want)
		return error_set(e, ERROR_BUG,
		    "reply of type %u instead of %u", reply->type, want);
	return 0;
}
