/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes in which modules run: a clerk has one key and does what it is
 * asked; its parent, which never loads a module and so never hangs, starts
 * clerks and kills them.  The other end is token_apart.c.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <openssl/crypto.h>
#include <openssl/objects.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "os/msg.h"
#include "os/proc.h"
#include "x509/key.h"
#include "x509/token_private.h"

#define PIN_MAX		1024
#define CLERKS_MAX	256

/* ---- a clerk ---- */

struct desk {
	struct token_clerk	*clerk;
	int			 fd;
	bool			 is_first;
};

/* The URI and its PIN come with each opening; the first counts. */
static int
clerk_new_key(struct token_clerk *c, struct msg *in, struct error *e)
{
	struct secret	 pin = { NULL, 0 };
	struct bytes	 blob;
	char		 uri[TOKEN_URI_MAX];
	int		 rc = -1;

	msg_get_str(in, uri, sizeof(uri));
	blob = msg_get_blob(in, PIN_MAX);
	if (msg_done(in, e) == -1)
		return -1;
	if (c->key != NULL)
		return 0;
	if (token_key_new(&c->key, uri, NULL, e) == -1)
		return -1;
	if (blob.len == 0 || (secret_set(&pin, blob.p, blob.len, e) == 0 &&
	    token_key_set_pin(c->key, &pin, e) == 0))
		rc = 0;
	else
		token_key_free(&c->key);
	secret_free(&pin);
	return rc;
}

static int
clerk_open(struct token_clerk *c, struct msg *in, struct msg *out, struct error *e)
{
	struct buf	 der = { 0 };
	int		 rc = -1;

	if (clerk_new_key(c, in, e) == 0 && token_key_open(c->key, e) == 0 &&
	    key_public_der(&der, c->key->pub, e) == 0) {
		msg_put_blob(out, der.p, der.len);
		pthread_mutex_lock(&c->lock);
		c->is_open = true;
		pthread_mutex_unlock(&c->lock);
		rc = 0;
	}
	buf_clear(&der);
	return rc;
}

/* A digest that does not fit its name makes another message of it. */
static int
clerk_sign(struct token_clerk *c, struct msg *in, struct msg *out,
    struct error *e)
{
	const EVP_MD	*md = EVP_get_digestbynid((int)msg_get_u32(in));
	uint32_t	 padding = msg_get_u32(in);
	struct bytes	 digest = msg_get_blob(in, EVP_MAX_MD_SIZE);
	struct buf	 sig = { 0 };
	bool		 is_open;
	int		 rc;

	if (msg_done(in, e) == -1)
		return -1;
	if (md == NULL || digest.len != (size_t)EVP_MD_get_size(md) ||
	    (padding != TOKEN_PKCS1 && padding != TOKEN_PSS))
		return error_set(e, ERROR_BUG, "nothing that a token signs");
	pthread_mutex_lock(&c->lock);
	is_open = c->is_open;
	pthread_mutex_unlock(&c->lock);
	if (!is_open)
		return error_set(e, ERROR_BUG, "sign before the key is open");
	if ((rc = token_key_sign(c->key, md, digest,
	    (enum token_padding)padding, &sig, e)) == 0)
		msg_put_blob(out, sig.p, sig.len);
	buf_clear(&sig);
	return rc;
}

/* Threads share a key once it is open, and do not watch one being made. */
static int
clerk_do(struct token_clerk *c, bool first, uint32_t ask, struct msg *in,
    struct msg *out, struct error *e)
{
	if (ask == CLERK_OPEN && first)
		return clerk_open(c, in, out, e);
	if (ask == CLERK_SIGN)
		return clerk_sign(c, in, out, e);
	return error_set(e, ERROR_BUG, "unknown message");
}

void
token_clerk_answer(struct token_clerk *c, bool first, struct msg *in,
    struct msg *out)
{
	struct error	 e = ERROR_INIT;
	uint32_t	 ask = msg_get_u32(in);

	msg_init(out, 0);
	msg_put_u32(out, ask);
	if (clerk_do(c, first, ask, in, out, &e) == 0)
		return;
	msg_init(out, 0);
	msg_put_u32(out, 0);
	msg_put_error(out, &e);
}

static void *
clerk_serve(void *arg)
{
	const struct desk	*d = arg;
	struct msg		 in = { 0 }, out = { 0 };
	ssize_t			 n;

	for (;;) {
		msg_init(&in, 0);
		buf_reserve(&in.body, CLERK_MESSAGE_MAX);
		n = recv(d->fd, in.body.p, CLERK_MESSAGE_MAX, 0);
		if (n <= 0)
			break;
		in.body.len = (size_t)n;
		token_clerk_answer(d->clerk, d->is_first, &in, &out);
		OPENSSL_cleanse(in.body.p, in.body.len);
		if (send(d->fd, out.body.p, out.body.len, MSG_NOSIGNAL) == -1)
			break;
	}
	msg_clear(&in);
	msg_clear(&out);
	return NULL;
}

/* The first channel is for opening; when it ends all of it does. */
static int
clerk_main(int fd, void *arg)
{
	struct token_clerk	*c = arg;
	struct desk	 desk[CLERK_CHANNELS];
	pthread_t	 id;
	size_t		 i;

	close(fd);
	close(c->parent);
	for (i = 0; i < CLERK_CHANNELS; i++) {
		close(c->other[i]);
		desk[i] = (struct desk){ c, c->end[i], i == 0 };
	}
	for (i = 1; i < CLERK_CHANNELS; i++)
		if (pthread_create(&id, NULL, clerk_serve, &desk[i]) != 0)
			return EXIT_FAILURE;
	clerk_serve(&desk[0]);
	return EXIT_SUCCESS;
}

/* ---- their parent ---- */

struct parent {
	int	 fd;
	pid_t	 pid[CLERKS_MAX];
	size_t	 n;
};

static void
parent_reap(struct parent *p)
{
	pid_t	 pid;
	size_t	 i;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		for (i = 0; i < p->n; i++)
			if (p->pid[i] == pid)
				p->pid[i--] = p->pid[--p->n];
}

/* Only one that is ours still: a number is given again once it was reaped. */
static void
parent_kill(const struct parent *p, pid_t pid)
{
	size_t	 i;

	for (i = 0; i < p->n; i++)
		if (p->pid[i] == pid)
			kill(pid, SIGKILL);
}

static int
make_channels(struct token_clerk *c)
{
	int	 pair[2];
	size_t	 i;

	memset(c->end, -1, sizeof(c->end));
	memset(c->other, -1, sizeof(c->other));
	for (i = 0; i < CLERK_CHANNELS; i++) {
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
		    pair) == -1)
			return -1;
		c->end[i] = pair[0];
		c->other[i] = pair[1];
	}
	return 0;
}

static void
close_channels(const int *fd)
{
	size_t	 i;

	for (i = 0; i < CLERK_CHANNELS; i++)
		if (fd[i] != -1)
			close(fd[i]);
}

static int
parent_tell(int fd, int32_t pid, const int *ends)
{
	char		 room[CMSG_SPACE(sizeof(int) * CLERK_CHANNELS)];
	struct iovec	 iov = { &pid, sizeof(pid) };
	struct msghdr	 mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr	*c;

	if (pid > 0) {
		memset(room, 0, sizeof(room));
		mh.msg_control = room;
		mh.msg_controllen = sizeof(room);
		c = CMSG_FIRSTHDR(&mh);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * CLERK_CHANNELS);
		memcpy(CMSG_DATA(c), ends, sizeof(int) * CLERK_CHANNELS);
	}
	return sendmsg(fd, &mh, MSG_NOSIGNAL) == sizeof(pid) ? 0 : -1;
}

static int
parent_start(struct parent *p)
{
	struct error	 e = ERROR_INIT;
	struct proc	 proc = PROC_INIT;
	struct token_clerk	 c = { .parent = p->fd,
			    .lock = PTHREAD_MUTEX_INITIALIZER };
	int		 rc;

	if (make_channels(&c) == 0 && p->n < CLERKS_MAX &&
	    proc_start(&proc, "signet: token", clerk_main, &c, &e) == 0) {
		close(proc.fd);
		p->pid[p->n++] = proc.pid;
	}
	rc = parent_tell(p->fd, proc.pid, c.other);
	close_channels(c.end);
	close_channels(c.other);
	return rc;
}

static int
parent_main(int fd, void *arg)
{
	struct clerks_setup	*s = arg;
	struct parent		 p = { .fd = fd };
	struct error		 e = ERROR_INIT;
	int32_t			 ask;

	if (fd > 3)
		close_range(3, (unsigned int)fd - 1, 0);
	close_range((unsigned int)fd + 1, ~0U, 0);
	if (secret_init(&e) == -1 ||
	    (s->confine != NULL && s->confine(s->arg, &e) == -1)) {
		ask = -1;
		(void)send(fd, &ask, sizeof(ask), MSG_NOSIGNAL);
		(void)send(fd, &e, sizeof(e), MSG_NOSIGNAL);
		return EXIT_FAILURE;
	}
	ask = 0;
	if (send(fd, &ask, sizeof(ask), MSG_NOSIGNAL) != sizeof(ask))
		return EXIT_FAILURE;
	while (recv(fd, &ask, sizeof(ask), MSG_WAITALL) == sizeof(ask)) {
		parent_reap(&p);
		if (ask != 0)
			parent_kill(&p, ask);
		else if (parent_start(&p) == -1)
			break;
	}
	return EXIT_SUCCESS;
}

int
token_clerks_start(struct proc *parent, struct clerks_setup *s,
    struct error *e)
{
	int32_t	 said;

	if (proc_start(parent, "signet: tokens", parent_main, s, e) == -1)
		return -1;
	if (recv(parent->fd, &said, sizeof(said), MSG_WAITALL) ==
	    sizeof(said) && (said == 0 || recv(parent->fd, e, sizeof(*e),
	    MSG_WAITALL) == sizeof(*e)))
		return said;
	return error_set(e, ERROR_BUG, "the process that starts those of "
	    "tokens died at its start");
}
