/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys whose module runs in another process, so that a call which never
 * returns holds that process and not ours.  Each key has a clerk of its own
 * (token_clerk.c); one that does not answer in time is killed, and the next
 * opening starts another.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <openssl/crypto.h>
#include <openssl/objects.h>

#include "base/clock.h"
#include "os/msg.h"
#include "os/proc.h"
#include "x509/key.h"
#include "x509/token_private.h"

/* Who was late is asked again and not waited for: an answer that is there at
 * once will do, else it is taken at a later look. */
#define GLANCE_MS	200

static struct {
	pthread_mutex_t	 lock;		/* one asks at a time */
	struct proc	 parent;	/* fd -1: keys are in this process */
	int		 timeout_ms;
} clerks = { PTHREAD_MUTEX_INITIALIZER, PROC_INIT, 0 };

/* The channels to a clerk.  Closed by its last user, for a descriptor's number
 * is given again. */
struct token_line {
	pid_t	 pid;
	int	 fd[CLERK_CHANNELS];
	bool	 busy[CLERK_CHANNELS];
	size_t	 users;
	bool	 dead;
};

int
token_apart_start(token_confine_fn *confine, void *arg, int timeout_ms,
    struct error *e)
{
	struct clerks_setup	 setup = { confine, arg };

	if (token_clerks_start(&clerks.parent, &setup, e) == -1) {
		token_apart_stop();
		return -1;
	}
	clerks.timeout_ms = timeout_ms;
	return 0;
}

void
token_apart_stop(void)
{
	proc_stop(&clerks.parent, 1000);
}

bool
token_apart_is_on(void)
{
	return clerks.parent.fd != -1;
}

/* ---- lines ---- */

static void
line_free(struct token_line *line)
{
	size_t	 i;

	for (i = 0; i < CLERK_CHANNELS; i++)
		close(line->fd[i]);
	mem_free(&line);
}

/* The clerk's process and our ends of its channels. */
static int
parent_answer(struct token_line *line)
{
	char		 room[CMSG_SPACE(sizeof(line->fd))];
	int32_t		 pid;
	struct iovec	 iov = { &pid, sizeof(pid) };
	struct msghdr	 mh = { .msg_iov = &iov, .msg_iovlen = 1,
			    .msg_control = room,
			    .msg_controllen = sizeof(room) };
	struct cmsghdr	*c;

	if (recvmsg(clerks.parent.fd, &mh, MSG_CMSG_CLOEXEC) != sizeof(pid) ||
	    pid <= 0 || (c = CMSG_FIRSTHDR(&mh)) == NULL ||
	    c->cmsg_type != SCM_RIGHTS ||
	    c->cmsg_len != CMSG_LEN(sizeof(line->fd)))
		return -1;
	line->pid = pid;
	memcpy(line->fd, CMSG_DATA(c), sizeof(line->fd));
	return 0;
}

static int
line_new(struct token_line **out, struct error *e)
{
	struct token_line	*line = mem_alloc(sizeof(*line));
	int32_t			 ask = 0;
	int			 rc = -1;

	pthread_mutex_lock(&clerks.lock);
	if (send(clerks.parent.fd, &ask, sizeof(ask), MSG_NOSIGNAL) ==
	    sizeof(ask))
		rc = parent_answer(line);
	pthread_mutex_unlock(&clerks.lock);
	if (rc == -1) {
		mem_free(&line);
		error_set(e, ERROR_UPSTREAM, "no process can be started for "
		    "its token");
		return error_hint(e, "start this program again");
	}
	*out = line;
	return 0;
}

/* No more of it; k->lock is held. */
static void
line_end(struct token_key *k)
{
	struct token_line	*line = k->line;
	int32_t			 pid = line->pid;
	size_t			 i;

	k->line = NULL;
	k->asked_at = 0;
	line->dead = true;
	for (i = 0; i < CLERK_CHANNELS; i++)
		(void)shutdown(line->fd[i], SHUT_RDWR);
	pthread_mutex_lock(&clerks.lock);
	(void)send(clerks.parent.fd, &pid, sizeof(pid), MSG_NOSIGNAL);
	pthread_mutex_unlock(&clerks.lock);
	if (line->users == 0)
		line_free(line);
	pthread_cond_broadcast(&k->line_free);
}

/* A channel for signing, when one is free. */
static struct token_line *
line_take(struct token_key *k, size_t *channel)
{
	struct token_line	*line;

	pthread_mutex_lock(&k->lock);
	while ((line = k->line) != NULL) {
		for (*channel = 1; *channel < CLERK_CHANNELS; ++*channel)
			if (!line->busy[*channel])
				break;
		if (*channel < CLERK_CHANNELS) {
			line->busy[*channel] = true;
			line->users++;
			break;
		}
		pthread_cond_wait(&k->line_free, &k->lock);
	}
	pthread_mutex_unlock(&k->lock);
	return line;
}

static void
line_give(struct token_key *k, struct token_line *line, size_t channel,
    bool good)
{
	pthread_mutex_lock(&k->lock);
	line->busy[channel] = false;
	k->late = !good;
	if (!good && !line->dead)
		line_end(k);
	if (--line->users == 0 && line->dead)
		line_free(line);
	pthread_cond_signal(&k->line_free);
	pthread_mutex_unlock(&k->lock);
}

/* ---- questions ---- */

static int
clerk_ask(int fd, const struct msg *m, struct error *e)
{
	ssize_t	 n = send(fd, m->body.p, m->body.len, MSG_NOSIGNAL |
	    MSG_DONTWAIT);

	return n == (ssize_t)m->body.len ? 0 : error_set(e, ERROR_UPSTREAM,
	    "the process of its token is gone");
}

/* 1 answered, 0 not within ms, -1 gone. */
static int
clerk_wait(int fd, int64_t ms, struct msg *m, struct error *e)
{
	struct pollfd	 p = { fd, POLLIN, 0 };
	int64_t		 end = clock_monotonic_ms() + ms, left = ms;
	ssize_t		 n;
	int		 got;

	while ((got = poll(&p, 1, (int)(left > 0 ? left : 0))) == -1 &&
	    errno == EINTR)
		left = end - clock_monotonic_ms();
	if (got == 0)
		return 0;
	msg_init(m, 0);
	buf_reserve(&m->body, CLERK_MESSAGE_MAX);
	n = recv(fd, m->body.p, CLERK_MESSAGE_MAX, MSG_DONTWAIT);
	if (n <= 0)
		return error_set(e, ERROR_UPSTREAM, "the process of its token "
		    "ended");
	m->body.len = (size_t)n;
	return 1;
}

/* The answer's head: the question that it is to, or the error. */
static int
clerk_said(struct msg *m, enum clerk_ask ask, struct error *e)
{
	uint32_t	 said = msg_get_u32(m);

	if (said == ask)
		return 0;
	if (said == 0)
		msg_get_error(m, e);
	else
		error_set(e, ERROR_BUG, "its token's process answers what was "
		    "not asked");
	return -1;
}

/* A clerk has named it already. */
static int
name_key(const struct token_key *k, struct error *e)
{
	return strncmp(e->text, k->name, strlen(k->name)) == 0 ? -1 :
	    error_wrap(e, "%s", k->name);
}

static int
too_late(struct error *e)
{
	error_set(e, ERROR_UPSTREAM, "its token did not answer within %d s; "
	    "the process that asked it was killed", clerks.timeout_ms / 1000);
	return error_hint(e, "see whether it answers at all: pkcs11-tool "
	    "--login --test; it is asked again by itself");
}

/* ---- opening ---- */

static int
open_ask(struct token_key *k, struct error *e)
{
	struct msg	 m = { 0 };
	int		 rc;

	if (k->pin_from != NULL && k->pin.p == NULL &&
	    token_fetch_pin(k, NULL, e) == -1)
		return -1;
	msg_init(&m, 0);
	msg_put_u32(&m, CLERK_OPEN);
	msg_put_str(&m, k->text);
	msg_put_blob(&m, k->pin.p, k->pin.len);
	rc = clerk_ask(k->line->fd[0], &m, e);
	OPENSSL_cleanse(m.body.p, m.body.len);
	msg_clear(&m);
	if (rc == 0)
		k->asked_at = clock_monotonic_ms();
	return rc;
}

int
token_apart_opened(struct token_key *k, struct msg *m, struct error *e)
{
	struct bytes	 der;
	EVP_PKEY	*pub;

	k->asked_at = 0;
	if (clerk_said(m, CLERK_OPEN, e) == -1) {
		/* Nor by a clerk that does not know of it. */
		k->pin_refused = e->code == ERROR_DENIED;
		return -1;
	}
	der = msg_get_blob(m, CLERK_MESSAGE_MAX);
	if (msg_done(m, e) == -1)
		return -1;
	if ((pub = key_public_parse(der)) == NULL)
		return error_ssl(e, ERROR_CRYPTO, "public key of its token");
	if (k->pub != NULL && EVP_PKEY_eq(k->pub, pub) != 1) {
		EVP_PKEY_free(pub);
		return error_set(e, ERROR_CONFIG, "its token has another key "
		    "under this name than before");
	}
	if (k->pub == NULL)
		k->pub = pub;
	else
		EVP_PKEY_free(pub);
	return 0;
}

/* The answer, if it comes; k->lock is held, but not while waiting. */
static int
open_wait(struct token_key *k, bool asked_now, struct error *e)
{
	struct token_line	*line = k->line;
	struct msg		 m = { 0 };
	int64_t			 left = k->asked_at + clerks.timeout_ms -
				    clock_monotonic_ms();
	int64_t			 patience = asked_now ? GLANCE_MS : 0;
	int			 got, rc = -1;

	line->users++;
	pthread_mutex_unlock(&k->lock);
	got = clerk_wait(line->fd[0], k->late && left > patience ? patience :
	    left, &m, e);
	pthread_mutex_lock(&k->lock);
	if (got == 1 && !line->dead) {
		k->late = false;
		rc = token_apart_opened(k, &m, e);
	} else if (got == 0 && !line->dead &&
	    clock_monotonic_ms() < k->asked_at + clerks.timeout_ms) {
		error_set(e, ERROR_RETRY, "its token does not answer; it was "
		    "asked again");
	} else {
		k->late = true;
		if (got == 0)
			too_late(e);
		else if (e->code == ERROR_NONE)
			error_set(e, ERROR_UPSTREAM, "its token is away");
		if (!line->dead)
			line_end(k);
	}
	if (--line->users == 0 && line->dead)
		line_free(line);
	msg_clear(&m);
	return rc;
}

int
token_apart_open(struct token_key *k, struct error *e)
{
	bool	 asked_now;
	int	 rc = -1;

	pthread_mutex_lock(&k->opening);
	pthread_mutex_lock(&k->lock);
	asked_now = k->asked_at == 0;
	if (k->line == NULL && k->pin_refused)
		error_set(e, ERROR_DENIED, "the token refused the PIN before; "
		    "it is not tried again");
	else if ((k->line != NULL || line_new(&k->line, e) == 0) &&
	    (!asked_now || open_ask(k, e) == 0))
		rc = open_wait(k, asked_now, e);
	else if (k->line != NULL)
		line_end(k);
	k->live = rc == 0;
	pthread_mutex_unlock(&k->lock);
	pthread_mutex_unlock(&k->opening);
	return rc == 0 ? 0 : name_key(k, e);
}

/* ---- signing ---- */

int
token_apart_signed(struct msg *m, struct buf *sig, struct error *e)
{
	struct bytes	 made;

	if (clerk_said(m, CLERK_SIGN, e) == -1)
		return -1;
	made = msg_get_blob(m, CLERK_MESSAGE_MAX);
	if (msg_done(m, e) == -1)
		return -1;
	if (made.len == 0)
		return error_set(e, ERROR_BUG, "its token's process signed "
		    "nothing");
	buf_add(sig, made.p, made.len);
	return 0;
}

int
token_apart_sign(struct token_key *k, const EVP_MD *md, struct bytes digest,
    enum token_padding padding, struct buf *sig, struct error *e)
{
	struct token_line	*line;
	struct msg		 m = { 0 };
	size_t			 channel;
	int			 got = -1, rc = -1;

	if ((line = line_take(k, &channel)) == NULL)
		return error_set(e, ERROR_UPSTREAM, "%s: its token is away",
		    k->name);
	msg_init(&m, 0);
	msg_put_u32(&m, CLERK_SIGN);
	msg_put_u32(&m, (uint32_t)EVP_MD_get_type(md));
	msg_put_u32(&m, (uint32_t)padding);
	msg_put_blob(&m, digest.p, digest.len);
	if (clerk_ask(line->fd[channel], &m, e) == 0 &&
	    (got = clerk_wait(line->fd[channel], clerks.timeout_ms, &m,
	    e)) == 0)
		too_late(e);
	line_give(k, line, channel, got == 1);
	if (got == 1)
		rc = token_apart_signed(&m, sig, e);
	msg_clear(&m);
	return rc == 0 ? 0 : name_key(k, e);
}

void
token_apart_clear(struct token_key *k)
{
	pthread_mutex_lock(&k->lock);
	if (k->line != NULL)
		line_end(k);
	pthread_mutex_unlock(&k->lock);
	pthread_cond_destroy(&k->line_free);
}
