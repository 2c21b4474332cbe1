/* SPDX-License-Identifier: Apache-2.0 */
/* The end of who is asked. */
#include <openssl/crypto.h>
#include "clerk_private.h"
#include "os/fault.h"

static int
answer_found(const struct clerk *c, struct msg *q, struct msg *r,
    struct error *e)
{
	struct card_info	 info;
	struct job		 j = { .nslots = 0 };
	int			 rc = -1;

	wire_get_info(q, &info);
	if (msg_done(q, e) == 0 &&
	    (rc = c->ops->found(c->arg, &info, &j, e)) == 0)
		rc = wire_put_job(r, &j, e);
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
	struct bytes	 leaf, issuer;
	struct buf	 nonce = { 0 };
	int		 rc = wire_get_slot(q, &s, e);

	leaf = msg_get_blob(q, DER_MAX);
	issuer = msg_get_blob(q, DER_MAX);
	if (rc == 0 && (rc = msg_done(q, e)) == 0)
		rc = s.key == NULL ? error_set(e, ERROR_BUG, "no key") :
		    c->ops->key(c->arg, &s, leaf, issuer, &nonce, e);
	if (rc == 0)
		msg_put_blob(r, nonce.p, nonce.len);
	buf_clear(&nonce);
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
		wire_put_secrets(r, &j);
	job_clear(&j);
	return rc;
}

static int
answer_weaker(const struct clerk *c, struct msg *q, struct msg *r,
    struct error *e)
{
	struct job	 j = { .nslots = 0 };
	int		 rc = -1;

	if (wire_get_secrets(q, &j, e) == 0 && msg_done(q, e) == 0 &&
	    (rc = c->ops->weaker(c->arg, &j, e)) == 0)
		wire_put_secrets(r, &j);
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
		wire_put_secret(r, &enc);
		wire_put_secret(r, &mac);
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
	wire_wipe(r);
	msg_init(r, 0);
	msg_put_error(r, why);
}

/* What sealing left of a PUK below us on the stack: libcrypto copies what it
 * encrypts, and the clerk lives for days. */
static void __attribute__((noinline))
wipe_stack(void)
{
	uint8_t	 room[64 << 10];

	OPENSSL_cleanse(room, sizeof(room));
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
	wire_wipe(&q);
	wire_wipe(&r);
	wipe_stack();
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
	wire_wipe(&r);
	return rc;
}
