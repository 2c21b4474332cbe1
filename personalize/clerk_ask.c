/* SPDX-License-Identifier: Apache-2.0 */
/* The worker's end: a clerk like any other. */
#include "clerk_private.h"

static int
call(void *arg, struct msg *q, struct msg *r, struct error *e)
{
	int	 rc = msg_call(*(int *)arg, q, r, q->type, e);

	wire_wipe(q);
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
	wire_wipe(&r);
	return rc;
}

static int
ask_found(void *arg, const struct card_info *info, struct job *j,
    struct error *e)
{
	struct msg	 q = { 0 }, r = { 0 };
	int		 rc;

	msg_init(&q, ASK_FOUND);
	wire_put_info(&q, info);
	if ((rc = call(arg, &q, &r, e)) == 0)
		rc = wire_get_job(&r, j, e);
	wire_wipe(&r);
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
ask_key(void *arg, const struct job_slot *s, struct bytes leaf,
    struct bytes issuer, struct buf *nonce, struct error *e)
{
	struct msg	 q = { 0 }, r = { 0 };
	struct bytes	 b;
	int		 rc;

	msg_init(&q, ASK_KEY);
	rc = wire_put_slot(&q, s, e);
	msg_put_blob(&q, leaf.p, leaf.len);
	msg_put_blob(&q, issuer.p, issuer.len);
	if (rc == 0 && (rc = call(arg, &q, &r, e)) == 0) {
		b = msg_get_blob(&r, SECRET_MAX);
		if ((rc = msg_done(&r, e)) == 0)
			buf_add(nonce, b.p, b.len);
	}
	wire_wipe(&q);
	wire_wipe(&r);
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
	wire_wipe(&r);
	return rc;
}

static int
call_for_secrets(void *arg, struct msg *q, struct job *j, struct error *e)
{
	struct msg	 r = { 0 };
	int		 rc;

	if ((rc = call(arg, q, &r, e)) == 0 &&
	    (rc = wire_get_secrets(&r, j, e)) == 0)
		rc = msg_done(&r, e);
	wire_wipe(&r);
	return rc;
}

static int
ask_secrets(void *arg, struct job *j, struct error *e)
{
	struct msg	 q = { 0 };

	msg_init(&q, ASK_SECRETS);
	return call_for_secrets(arg, &q, j, e);
}

static int
ask_weaker(void *arg, struct job *j, struct error *e)
{
	struct msg	 q = { 0 };

	msg_init(&q, ASK_WEAKER);
	wire_put_secrets(&q, j);
	return call_for_secrets(arg, &q, j, e);
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
	    (rc = wire_get_secret(&r, enc, e)) == 0 &&
	    (rc = wire_get_secret(&r, mac, e)) == 0)
		rc = msg_done(&r, e);
	wire_wipe(&r);
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
	wire_wipe(&r);
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
