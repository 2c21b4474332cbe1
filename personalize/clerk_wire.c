/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A clerk over a socketpair: what both ends say.
 *
 * Messages with secrets are wiped as soon as they were sent or read.
 */
#include <openssl/crypto.h>
#include "clerk.h"
#include "os/fault.h"
#include "os/msg.h"
#include "x509/key.h"

enum { ASK_FOUND = 1, ASK_BEGIN, ASK_KEY, ASK_REQUEST, ASK_WAIT,
    ASK_SECRETS, ASK_WEAKER, ASK_CHANNEL, ASK_ISSUED, ASK_FAILED };

#define DER_MAX		16384
#define SECRET_MAX	64

static void
wipe(struct msg *m)
{
	if (m->body.p != NULL)
		OPENSSL_cleanse(m->body.p, m->body.len);
	msg_clear(m);
}

/* ---- pieces ---- */

static void
put_info(struct msg *m, const struct card_info *i)
{
	msg_put_str(m, i->identity);
	msg_put_u32(m, i->extended);
	msg_put_blob(m, i->version, sizeof(i->version));
	msg_put_u32(m, i->has_serial);
	msg_put_u32(m, i->serial);
	msg_put_u32(m, i->has_guid);
	msg_put_blob(m, i->guid, sizeof(i->guid));
	msg_put_i64(m, i->default_pin);
	msg_put_i64(m, i->default_puk);
	msg_put_i64(m, i->default_management);
}

static void
get_fixed(struct msg *m, uint8_t *out, size_t n)
{
	struct bytes	 b = msg_get_blob(m, n);

	if (b.len == n)
		memcpy(out, b.p, n);
	else
		m->bad = true;
}

static void
get_info(struct msg *m, struct card_info *i)
{
	*i = (struct card_info){ .extended = false };
	msg_get_str(m, i->identity, sizeof(i->identity));
	i->extended = msg_get_u32(m) != 0;
	get_fixed(m, i->version, sizeof(i->version));
	i->has_serial = msg_get_u32(m) != 0;
	i->serial = msg_get_u32(m);
	i->has_guid = msg_get_u32(m) != 0;
	get_fixed(m, i->guid, sizeof(i->guid));
	i->default_pin = (int)msg_get_i64(m);
	i->default_puk = (int)msg_get_i64(m);
	i->default_management = (int)msg_get_i64(m);
}

static void
put_secret(struct msg *m, const struct secret *s)
{
	msg_put_blob(m, s->p, s->len);
}

static int
get_secret(struct msg *m, struct secret *s, struct error *e)
{
	struct bytes	 b = msg_get_blob(m, SECRET_MAX);

	secret_free(s);
	return b.len == 0 ? 0 : secret_set(s, b.p, b.len, e);
}

static int
put_cert(struct msg *m, X509 *cert, struct error *e)
{
	unsigned char	*der = NULL;
	int		 n = 0;

	if (cert != NULL && (n = i2d_X509(cert, &der)) < 0)
		return error_ssl(e, ERROR_CRYPTO, "a certificate");
	msg_put_blob(m, der, (size_t)n);
	OPENSSL_free(der);
	return 0;
}

static int
get_cert(struct msg *m, X509 **cert, struct error *e)
{
	struct bytes	 b = msg_get_blob(m, DER_MAX);
	const uint8_t	*p = b.p;

	*cert = NULL;
	if (b.len > 0 && (*cert = d2i_X509(NULL, &p, (long)b.len)) == NULL)
		return error_ssl(e, ERROR_INPUT, "a certificate");
	return 0;
}

static int
put_key(struct msg *m, EVP_PKEY *key, struct error *e)
{
	struct buf	 der = { 0 };
	int		 rc = 0;

	if (key != NULL)
		rc = key_public_der(&der, key, e);
	if (rc == 0)
		msg_put_blob(m, der.p, der.len);
	buf_clear(&der);
	return rc;
}

static int
get_key(struct msg *m, EVP_PKEY **key, struct error *e)
{
	struct bytes	 b = msg_get_blob(m, DER_MAX);
	const uint8_t	*p = b.p;

	*key = NULL;
	if (b.len > 0 && (*key = d2i_PUBKEY(NULL, &p, (long)b.len)) == NULL)
		return error_ssl(e, ERROR_INPUT, "a public key");
	return 0;
}

static int
put_slot(struct msg *m, const struct job_slot *s, struct error *e)
{
	msg_put_u32(m, s->slot);
	msg_put_u32(m, s->alg);
	msg_put_u32(m, s->ordered);
	return put_key(m, s->key, e) == -1 ? -1 : put_cert(m, s->cert, e);
}

static int
get_slot(struct msg *m, struct job_slot *s, struct error *e)
{
	*s = (struct job_slot){ .key = NULL };
	s->slot = msg_get_u32(m);
	s->alg = msg_get_u32(m);
	if (s->slot >= CARD_SLOT__MAX || s->alg >= CARD_ALG__MAX)
		m->bad = true;
	s->ordered = msg_get_u32(m) != 0;
	return get_key(m, &s->key, e) == -1 ? -1 : get_cert(m, &s->cert, e);
}

static void
put_secrets(struct msg *m, const struct job *j)
{
	put_secret(m, &j->management);
	msg_put_u32(m, j->management_alg);
	put_secret(m, &j->pin);
	put_secret(m, &j->puk);
}

static int
get_secrets(struct msg *m, struct job *j, struct error *e)
{
	if (get_secret(m, &j->management, e) == -1)
		return -1;
	j->management_alg = msg_get_u32(m) & 0xff;
	return get_secret(m, &j->pin, e) == -1 ||
	    get_secret(m, &j->puk, e) == -1 ? -1 : 0;
}

static int
put_job(struct msg *m, const struct job *j, struct error *e)
{
	msg_put_blob(m, j->name.guid, sizeof(j->name.guid));
	msg_put_blob(m, j->name.unique, sizeof(j->name.unique));
	msg_put_str(m, j->expires);
	msg_put_str(m, j->number);
	msg_put_str(m, j->holder);
	put_secret(m, &j->factory_management);
	put_secret(m, &j->factory_pin);
	put_secret(m, &j->factory_puk);
	put_secrets(m, j);
	msg_put_u32(m, j->is_bare);
	msg_put_u32(m, j->channel_version);
	msg_put_u32(m, j->channel_s16);
	msg_put_u32(m, (uint32_t)j->nslots);
	for (size_t i = 0; i < j->nslots; i++)
		if (put_slot(m, &j->slot[i], e) == -1)
			return -1;
	return 0;
}

static int
get_job(struct msg *m, struct job *j, struct error *e)
{
	uint32_t	 n;

	*j = (struct job){ .name = { .expires = j->expires } };
	get_fixed(m, j->name.guid, sizeof(j->name.guid));
	get_fixed(m, j->name.unique, sizeof(j->name.unique));
	msg_get_str(m, j->expires, sizeof(j->expires));
	msg_get_str(m, j->number, sizeof(j->number));
	msg_get_str(m, j->holder, sizeof(j->holder));
	if (get_secret(m, &j->factory_management, e) == -1 ||
	    get_secret(m, &j->factory_pin, e) == -1 ||
	    get_secret(m, &j->factory_puk, e) == -1 ||
	    get_secrets(m, j, e) == -1)
		return -1;
	j->is_bare = msg_get_u32(m) != 0;
	j->channel_version = msg_get_u32(m) & 0xff;
	j->channel_s16 = msg_get_u32(m) != 0;
	if ((n = msg_get_u32(m)) > JOB_SLOTS)
		m->bad = true;
	for (uint32_t i = 0; i < n && !m->bad; i++, j->nslots++)
		if (get_slot(m, &j->slot[i], e) == -1)
			return -1;
	return msg_done(m, e);
}

/* ---- the worker's end ---- */

static int
call(void *arg, struct msg *q, struct msg *r, struct error *e)
{
	int	 rc = msg_call(*(int *)arg, q, r, q->type, e);

	wipe(q);
	return rc;
}

/* Where nothing comes back. */
static int
tell(void *arg, struct msg *q, struct error *e)
{
	struct msg	 r = { 0 };
	int		 rc;

	if ((rc = call(arg, q, &r, e)) == 0)
		rc = msg_done(&r, e);
	wipe(&r);
	return rc;
}

static int
ask_found(void *arg, const struct card_info *info, struct job *j,
    struct error *e)
{
	struct msg	 q = { 0 }, r = { 0 };
	int		 rc;

	msg_init(&q, ASK_FOUND);
	put_info(&q, info);
	if ((rc = call(arg, &q, &r, e)) == 0)
		rc = get_job(&r, j, e);
	wipe(&r);
	return rc;
}

static int
ask_begin(void *arg, enum job_step step, enum card_slot slot,
    struct error *e)
{
	struct msg	 q = { 0 };

	msg_init(&q, ASK_BEGIN);
	msg_put_u32(&q, step);
	msg_put_u32(&q, slot);
	return tell(arg, &q, e);
}

static int
ask_key(void *arg, const struct job_slot *s, X509 *leaf, X509 *issuer,
    struct buf *nonce, struct error *e)
{
	struct msg	 q = { 0 }, r = { 0 };
	struct bytes	 b;
	int		 rc = -1;

	msg_init(&q, ASK_KEY);
	if (put_slot(&q, s, e) == 0 && put_cert(&q, leaf, e) == 0 &&
	    put_cert(&q, issuer, e) == 0 &&
	    (rc = call(arg, &q, &r, e)) == 0) {
		b = msg_get_blob(&r, SECRET_MAX);
		if ((rc = msg_done(&r, e)) == 0)
			buf_add(nonce, b.p, b.len);
	}
	wipe(&q);
	wipe(&r);
	return rc;
}

static int
ask_request(void *arg, enum card_slot slot, struct bytes der,
    bool is_request, struct error *e)
{
	struct msg	 q = { 0 };

	msg_init(&q, ASK_REQUEST);
	msg_put_u32(&q, slot);
	msg_put_u32(&q, is_request);
	msg_put_blob(&q, der.p, der.len);
	return tell(arg, &q, e);
}

static int
ask_wait(void *arg, struct error *e)
{
	struct msg	 q = { 0 }, r = { 0 };
	uint32_t	 there;
	int		 rc;

	msg_init(&q, ASK_WAIT);
	if ((rc = call(arg, &q, &r, e)) == 0) {
		there = msg_get_u32(&r);
		rc = msg_done(&r, e) == -1 ? -1 : there != 0;
	}
	wipe(&r);
	return rc;
}

static int
ask_secrets(void *arg, struct job *j, struct error *e)
{
	struct msg	 q = { 0 }, r = { 0 };
	int		 rc;

	msg_init(&q, ASK_SECRETS);
	if ((rc = call(arg, &q, &r, e)) == 0 &&
	    (rc = get_secrets(&r, j, e)) == 0)
		rc = msg_done(&r, e);
	wipe(&r);
	return rc;
}

static int
ask_weaker(void *arg, struct job *j, struct error *e)
{
	struct msg	 q = { 0 }, r = { 0 };
	int		 rc;

	msg_init(&q, ASK_WEAKER);
	put_secrets(&q, j);
	if ((rc = call(arg, &q, &r, e)) == 0 &&
	    (rc = get_secrets(&r, j, e)) == 0)
		rc = msg_done(&r, e);
	wipe(&r);
	return rc;
}

static int
ask_channel(void *arg, struct bytes diversification, struct secret *enc,
    struct secret *mac, struct error *e)
{
	struct msg	 q = { 0 }, r = { 0 };
	int		 rc;

	msg_init(&q, ASK_CHANNEL);
	msg_put_blob(&q, diversification.p, diversification.len);
	if ((rc = call(arg, &q, &r, e)) == 0 &&
	    (rc = get_secret(&r, enc, e)) == 0 &&
	    (rc = get_secret(&r, mac, e)) == 0)
		rc = msg_done(&r, e);
	wipe(&r);
	return rc;
}

static int
ask_issued(void *arg, struct error *e)
{
	struct msg	 q = { 0 };

	msg_init(&q, ASK_ISSUED);
	return tell(arg, &q, e);
}

static int
ask_failed(void *arg, const struct error *why, bool *again, struct error *e)
{
	struct msg	 q = { 0 }, r = { 0 };
	int		 rc;

	msg_init(&q, ASK_FAILED);
	msg_put_error(&q, why);
	if ((rc = call(arg, &q, &r, e)) == 0) {
		*again = msg_get_u32(&r) != 0;
		rc = msg_done(&r, e);
	}
	wipe(&r);
	return rc;
}

void
clerk_remote(struct clerk *c, int *fd)
{
	static const struct clerk_ops	 ops = { ask_found, ask_begin,
		ask_key, ask_request, ask_wait, ask_secrets, ask_weaker,
		ask_channel, ask_issued, ask_failed };

	*c = (struct clerk){ &ops, fd };
}

/* ---- the other ---- */

static int
answer_found(const struct clerk *c, struct msg *q, struct msg *r,
    struct error *e)
{
	struct card_info	 info;
	struct job		 j = { .nslots = 0 };
	int			 rc = -1;

	get_info(q, &info);
	if (msg_done(q, e) == 0 &&
	    (rc = c->ops->found(c->arg, &info, &j, e)) == 0)
		rc = put_job(r, &j, e);
	job_clear(&j);
	return rc;
}

static int
answer_begin(const struct clerk *c, struct msg *q, struct msg *r,
    struct error *e)
{
	uint32_t	 step = msg_get_u32(q), slot = msg_get_u32(q);

	(void)r;
	if (msg_done(q, e) == -1)
		return -1;
	if (step >= STEP__MAX || slot >= CARD_SLOT__MAX)
		return error_set(e, ERROR_BUG, "no such step");
	return c->ops->begin(c->arg, step, slot, e);
}

static int
answer_key(const struct clerk *c, struct msg *q, struct msg *r,
    struct error *e)
{
	struct job_slot	 s = { .key = NULL };
	X509		*leaf = NULL, *issuer = NULL;
	struct buf	 nonce = { 0 };
	int		 rc = -1;

	if (get_slot(q, &s, e) == 0 && get_cert(q, &leaf, e) == 0 &&
	    get_cert(q, &issuer, e) == 0 && msg_done(q, e) == 0)
		rc = s.key == NULL ? error_set(e, ERROR_BUG, "no key") :
		    c->ops->key(c->arg, &s, leaf, issuer, &nonce, e);
	if (rc == 0)
		msg_put_blob(r, nonce.p, nonce.len);
	buf_clear(&nonce);
	X509_free(issuer);
	X509_free(leaf);
	X509_free(s.cert);
	EVP_PKEY_free(s.key);
	return rc;
}

static int
answer_request(const struct clerk *c, struct msg *q, struct msg *r,
    struct error *e)
{
	uint32_t	 slot = msg_get_u32(q), is_request = msg_get_u32(q);
	struct bytes	 der = msg_get_blob(q, DER_MAX);

	(void)r;
	if (msg_done(q, e) == -1)
		return -1;
	if (slot >= CARD_SLOT__MAX)
		return error_set(e, ERROR_BUG, "no such slot");
	return c->ops->request(c->arg, slot, der, is_request != 0, e);
}

static int
answer_secrets(const struct clerk *c, struct msg *q, struct msg *r,
    struct error *e)
{
	struct job	 j = { .nslots = 0 };
	int		 rc = -1;

	if (msg_done(q, e) == 0 &&
	    (rc = c->ops->secrets(c->arg, &j, e)) == 0)
		put_secrets(r, &j);
	job_clear(&j);
	return rc;
}

static int
answer_weaker(const struct clerk *c, struct msg *q, struct msg *r,
    struct error *e)
{
	struct job	 j = { .nslots = 0 };
	int		 rc = -1;

	if (get_secrets(q, &j, e) == 0 && msg_done(q, e) == 0 &&
	    (rc = c->ops->weaker(c->arg, &j, e)) == 0)
		put_secrets(r, &j);
	job_clear(&j);
	return rc;
}

static int
answer_channel(const struct clerk *c, struct msg *q, struct msg *r,
    struct error *e)
{
	struct bytes	 diversification = msg_get_blob(q, SECRET_MAX);
	struct secret	 enc = { NULL, 0 }, mac = { NULL, 0 };
	int		 rc = -1;

	if (msg_done(q, e) == 0 && (rc = c->ops->channel(c->arg,
	    diversification, &enc, &mac, e)) == 0) {
		put_secret(r, &enc);
		put_secret(r, &mac);
	}
	secret_free(&enc);
	secret_free(&mac);
	return rc;
}

static int
answer_issued(const struct clerk *c, struct msg *q, struct msg *r,
    struct error *e)
{
	(void)r;
	return msg_done(q, e) == -1 ? -1 : c->ops->issued(c->arg, e);
}

static int
answer_failed(const struct clerk *c, struct msg *q, struct msg *r,
    struct error *e)
{
	struct error	 why = ERROR_INIT;
	bool		 again = false;

	msg_get_error(q, &why);
	if (msg_done(q, e) == -1 ||
	    c->ops->failed(c->arg, &why, &again, e) == -1)
		return -1;
	msg_put_u32(r, again);
	return 0;
}

static int
answer_wait(const struct clerk *c, struct msg *q, struct msg *r,
    struct error *e)
{
	int	 rc;

	if (msg_done(q, e) == -1 || (rc = c->ops->wait(c->arg, e)) == -1)
		return -1;
	msg_put_u32(r, (uint32_t)rc);
	return rc == 1 ? 0 : 2;
}

typedef int answer_fn(const struct clerk *, struct msg *q, struct msg *r,
    struct error *);
static answer_fn	*const answers[] = {
	[ASK_FOUND] = answer_found, [ASK_BEGIN] = answer_begin,
	[ASK_KEY] = answer_key, [ASK_REQUEST] = answer_request,
	[ASK_WAIT] = answer_wait, [ASK_SECRETS] = answer_secrets,
	[ASK_WEAKER] = answer_weaker, [ASK_CHANNEL] = answer_channel,
	[ASK_ISSUED] = answer_issued, [ASK_FAILED] = answer_failed,
};

static void
set_error(struct msg *r, const struct error *why)
{
	wipe(r);
	msg_init(r, 0);
	msg_put_error(r, why);
}

int
clerk_answer(const struct clerk *c, int fd, struct error *e)
{
	struct msg	 q = { 0 }, r = { 0 };
	struct error	 why = ERROR_INIT;
	int		 rc;

	if ((rc = msg_recv(fd, &q, e)) != 1)
		goto out;
	FAULT("clerk.asked");
	msg_init(&r, q.type);
	if (q.type == 0 || q.type > ASK_FAILED)
		rc = error_set(&why, ERROR_BUG, "unknown message");
	else
		rc = answers[q.type](c, &q, &r, &why);
	if (rc == 2)
		goto out;
	if (rc == -1)
		set_error(&r, &why);
	FAULT("clerk.done");
	rc = msg_send(fd, &r, e) == -1 ? -1 : 1;
 out:
	wipe(&q);
	wipe(&r);
	return rc;
}

int
clerk_answer_wait(int fd, int rc, const struct error *why, struct error *e)
{
	struct msg	 r = { 0 };

	msg_init(&r, ASK_WAIT);
	if (rc == -1)
		set_error(&r, why);
	else
		msg_put_u32(&r, (uint32_t)rc);
	FAULT("clerk.waited");
	rc = msg_send(fd, &r, e);
	wipe(&r);
	return rc;
}
