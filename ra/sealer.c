/* SPDX-License-Identifier: Apache-2.0 */
#include "sealer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "keeper_private.h"
#include "order/approval.h"
#include "os/msg.h"

#define CERT_BYTES	(64 * 1024)

/* All of it is one certificate; NULL with OpenSSL's error, or none. */
static X509 *
parse_cert(struct bytes der)
{
	const uint8_t	*p = der.p;
	X509		*cert = d2i_X509(NULL, &p, (long)der.len);

	if (cert != NULL && p == der.p + der.len)
		return cert;
	X509_free(cert);
	return NULL;
}

/* ---- the process ---- */

static int
seal(struct keeper *k, struct bytes blob, struct bytes officer,
    struct bytes der, struct buf *out, struct error *e)
{
	struct assertion	 a;
	X509			*cert = NULL;
	int			 rc = -1;

	if (der.len == 0)
		return approval_add(out, blob, &k->id, &clock_system, e);
	if ((cert = parse_cert(officer)) == NULL)
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

int
sealer_answer(void *arg, struct msg *q, struct msg *r, struct error *e)
{
	struct keeper	*k = arg;
	struct identity	 was;

	if (keeper_look(k, &was, "the agent's new certificate") == 1)
		identity_free(&was);
	if (q->type == SEAL_SIGN)
		return answer_sign(k, q, r, e);
	if (q->type == SEAL_CERT)
		return answer_cert(k, q, r, e);
	return error_set(e, ERROR_BUG, "unknown message");
}

int
sealer_main(int parent, void *arg)
{
	const struct rad_conf	*c = arg;
	const struct place_source from = { .key = c->agent_key,
				    .cert = c->agent_cert,
				    .secret = c->agent_passphrase,
				    .module = c->pkcs11_module,
				    .what = "agent" };
	struct keeper		 k;
	struct error		 e = ERROR_INIT;
	int			 rc = EXIT_FAILURE;

	memset(&k, 0, sizeof(k));
	if (secret_init(&e) == 0 && keeper_open(&k, &from, &e) == 0 &&
	    place_check_role(&k.place, &k.id, ROLE_RA_AGENT, &e) == 0 &&
	    keeper_confine(&k, c, &e) == 0) {
		keeper_loop(parent, sealer_answer, &k);
		rc = EXIT_SUCCESS;
	} else
		log_error(&e, "sealer");
	keeper_clear(&k);
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
		if ((rc = msg_done(&s->r, e)) == 0 && sealed.len == 0)
			rc = error_set(e, ERROR_BUG, "the agent signed "
			    "nothing");
		if (rc == 0)
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
	int		 rc = -1;

	*cert = NULL;
	pthread_mutex_lock(&s->lock);
	msg_init(&s->q, SEAL_CERT);
	if (msg_call(s->fd, &s->q, &s->r, SEAL_CERT, e) == 0) {
		der = msg_get_blob(&s->r, CERT_BYTES);
		rc = msg_done(&s->r, e);
		if (rc == 0 && (*cert = parse_cert(der)) == NULL)
			rc = error_ssl(e, ERROR_CRYPTO, "the agent's "
			    "certificate");
	}
	pthread_mutex_unlock(&s->lock);
	return rc;
}
