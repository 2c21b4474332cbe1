/* SPDX-License-Identifier: Apache-2.0 */
#include "sealer.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/place.h"
#include "base/clock.h"
#include "base/log.h"
#include "order/approval.h"
#include "os/file.h"
#include "os/msg.h"
#include "os/sandbox.h"
#include "x509/cert.h"

enum { SEAL_SIGN = 1, SEAL_CERT };

#define CERT_BYTES	(64 * 1024)

/* ---- the process ---- */

struct keeper {
	struct place_secret	 secret;
	struct place		 place;
	struct identity		 id;
	struct stat		 seen;		/* of the certificate's file */
};

static int
keeper_load(struct keeper *k, struct error *e)
{
	struct identity	 id;

	if (place_read(&k->place, &id, e) == -1)
		return -1;
	identity_free(&k->id);
	k->id = id;
	return 0;
}

/* The agent's process replaces both files when it renews. */
static void
keeper_look(struct keeper *k)
{
	struct error	 e = ERROR_INIT;
	struct stat	 st;

	if (stat(k->place.cert, &st) == -1 || (st.st_ino == k->seen.st_ino &&
	    st.st_mtim.tv_sec == k->seen.st_mtim.tv_sec &&
	    st.st_mtim.tv_nsec == k->seen.st_mtim.tv_nsec))
		return;
	if (keeper_load(k, &e) == 0)
		k->seen = st;
	else
		log_error(&e, "the agent's new certificate");
}

static int
keeper_begin(struct keeper *k, const struct rad_conf *c, struct error *e)
{
	char	*uri = key_uri(c->agent_key, c->pkcs11_module);
	int	 rc = -1;

	place_init(&k->place, uri, c->agent_cert, &k->secret);
	mem_free(&uri);
	if ((c->agent_passphrase == NULL || secret_fetch(&k->secret.secret,
	    c->agent_passphrase, "agent", e) == 0) && keeper_load(k, e) == 0)
		rc = stat(k->place.cert, &k->seen) == 0 ? 0 :
		    error_sys(e, "%s", k->place.cert);
	if (rc == 0 && cert_role(k->id.cert) != ROLE_RA_AGENT) {
		rc = error_set(e, ERROR_CONFIG, "%s does not have the role "
		    "ra-agent", k->place.cert);
		error_hint(e, "its profile is ra-agent");
	}
	return rc;
}

static int
seal(struct keeper *k, struct bytes blob, struct bytes officer,
    struct bytes der, struct buf *out, struct error *e)
{
	const uint8_t		*p = officer.p;
	struct assertion	 a;
	X509			*cert = NULL;
	int			 rc = -1;

	if (der.len == 0)
		return approval_add(out, blob, &k->id, &clock_system, e);
	if ((cert = d2i_X509(NULL, &p, (long)officer.len)) == NULL)
		error_ssl(e, ERROR_INPUT, "the officer's certificate");
	else if (assertion_parse(&a, der, e) == 0)
		rc = approval_add_with_assertion(out, blob, &k->id, cert, &a,
		    &clock_system, e);
	X509_free(cert);
	return rc;
}

static int
answer_sign(struct keeper *k, struct msg *q, struct msg *r, struct error *e)
{
	struct bytes	 blob = msg_get_blob(q, MSG_MAX);
	struct bytes	 officer = msg_get_blob(q, CERT_BYTES);
	struct bytes	 der = msg_get_blob(q, ASSERTION_MAX);
	struct buf	 out = { 0 };
	int		 rc = -1;

	if (msg_done(q, e) == 0)
		rc = seal(k, blob, officer, der, &out, e);
	if (rc == 0)
		msg_put_blob(r, out.p, out.len);
	buf_clear(&out);
	return rc;
}

static int
answer_cert(struct keeper *k, struct msg *q, struct msg *r, struct error *e)
{
	unsigned char	*der = NULL;
	int		 len;

	if (msg_done(q, e) == -1)
		return -1;
	if ((len = i2d_X509(k->id.cert, &der)) < 0)
		return error_ssl(e, ERROR_CRYPTO, "the agent's certificate");
	msg_put_blob(r, der, (size_t)len);
	OPENSSL_free(der);
	return 0;
}

static int
answer(struct keeper *k, struct msg *q, struct msg *r)
{
	struct error	 e = ERROR_INIT;
	int		 rc = -1;

	keeper_look(k);
	msg_init(r, q->type);
	if (q->type == SEAL_SIGN)
		rc = answer_sign(k, q, r, &e);
	else if (q->type == SEAL_CERT)
		rc = answer_cert(k, q, r, &e);
	else
		error_set(&e, ERROR_BUG, "unknown message");
	if (rc == 0)
		return 0;
	msg_init(r, 0);
	msg_put_error(r, &e);
	return -1;
}

static void
sealer_loop(struct keeper *k, int fd)
{
	struct msg	 q = { 0 }, r = { 0 };
	struct error	 e = ERROR_INIT;

	while (msg_recv(fd, &q, &e) == 1) {
		(void)answer(k, &q, &r);
		if (msg_send(fd, &r, &e) == -1)
			break;
	}
	if (e.code != ERROR_NONE)
		log_error(&e, "sealer");
	msg_clear(&q);
	msg_clear(&r);
}

static int
sealer_confine(const struct rad_conf *c, const struct keeper *k,
    struct error *e)
{
	char			*key = file_directory(k->place.key != NULL ?
				    k->place.key : k->place.cert);
	char			*cert = file_directory(k->place.cert);
	struct sandbox_path	*v = mem_array(4 + c->token_paths.n,
				    sizeof(*v));
	struct sandbox		 box = { .user = c->user, .path = v,
				    .no_network = true, .no_exec = true,
				    .local_sockets = c->token_sockets };
	bool			 landlock;
	size_t			 i, n = 0;
	int			 rc;

	v[n++] = (struct sandbox_path){ key, SANDBOX_READ };
	v[n++] = (struct sandbox_path){ cert, SANDBOX_READ };
	v[n++] = (struct sandbox_path){ "/etc", SANDBOX_READ };
	v[n++] = (struct sandbox_path){ "/usr", SANDBOX_READ };
	for (i = 0; i < c->token_paths.n; i++)
		v[n++] = (struct sandbox_path){ c->token_paths.v[i],
		    SANDBOX_WRITE };
	box.npath = n;
	rc = sandbox_enter(&box, &landlock, e);
	mem_free(&v);
	mem_free(&key);
	mem_free(&cert);
	return rc;
}

int
sealer_main(int parent, void *arg)
{
	const struct rad_conf	*c = arg;
	struct keeper		 k;
	struct error		 e = ERROR_INIT;
	int			 rc = EXIT_FAILURE;

	memset(&k, 0, sizeof(k));
	if (secret_init(&e) == 0 && keeper_begin(&k, c, &e) == 0 &&
	    sealer_confine(c, &k, &e) == 0) {
		sealer_loop(&k, parent);
		rc = EXIT_SUCCESS;
	} else
		log_error(&e, "sealer");
	identity_free(&k.id);
	place_clear(&k.place);
	secret_free(&k.secret.secret);
	return rc;
}

/* ---- the other end ---- */

struct sealer {
	int		 fd;
	pthread_mutex_t	 lock;
	struct msg	 q, r;
};

void
sealer_new(struct sealer **out, int fd)
{
	*out = mem_alloc(sizeof(**out));
	(*out)->fd = fd;
	pthread_mutex_init(&(*out)->lock, NULL);
}

void
sealer_free(struct sealer **sp)
{
	if (*sp == NULL)
		return;
	close((*sp)->fd);
	msg_clear(&(*sp)->q);
	msg_clear(&(*sp)->r);
	pthread_mutex_destroy(&(*sp)->lock);
	mem_free(sp);
}

int
sealer_seal(struct sealer *s, struct bytes blob, X509 *officer,
    struct bytes assertion, struct buf *out, struct error *e)
{
	unsigned char	*der = NULL;
	struct bytes	 sealed;
	int		 len = 0, rc = -1;

	if (assertion.len > 0 && (officer == NULL ||
	    (len = i2d_X509(officer, &der)) < 0))
		return error_set(e, ERROR_BUG, "an assertion of nobody");
	pthread_mutex_lock(&s->lock);
	msg_init(&s->q, SEAL_SIGN);
	msg_put_blob(&s->q, blob.p, blob.len);
	msg_put_blob(&s->q, der, (size_t)len);
	msg_put_blob(&s->q, assertion.p, assertion.len);
	if (msg_call(s->fd, &s->q, &s->r, SEAL_SIGN, e) == 0) {
		sealed = msg_get_blob(&s->r, MSG_MAX);
		if ((rc = msg_done(&s->r, e)) == 0)
			buf_add(out, sealed.p, sealed.len);
	}
	pthread_mutex_unlock(&s->lock);
	OPENSSL_free(der);
	return rc;
}

int
sealer_cert(struct sealer *s, X509 **cert, struct error *e)
{
	struct bytes	 der;
	const uint8_t	*p;
	int		 rc = -1;

	*cert = NULL;
	pthread_mutex_lock(&s->lock);
	msg_init(&s->q, SEAL_CERT);
	if (msg_call(s->fd, &s->q, &s->r, SEAL_CERT, e) == 0) {
		der = msg_get_blob(&s->r, CERT_BYTES);
		p = der.p;
		if (msg_done(&s->r, e) == 0 &&
		    (*cert = d2i_X509(NULL, &p, (long)der.len)) != NULL)
			rc = 0;
	}
	pthread_mutex_unlock(&s->lock);
	return rc;
}
