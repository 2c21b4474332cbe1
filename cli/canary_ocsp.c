/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to the responder.  A GET may be answered from a cache on the way,
 * with what was true when it was signed; a POST with a nonce may not.
 */
#include "cli/canary.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "net/fetch.h"
#include "x509/ocsp.h"

#define NONCE		16
#define SKEW		60	/* seconds that clocks may differ */
#define SETTLE		2	/* seconds in which a change is to be seen */

struct question {
	struct canary			*canary;
	const struct desk_issuer		*ca;
	const char			*url;
	struct bytes			 serial;
	bool				 post;
	struct buf			 id, request;
	uint8_t				 nonce[NONCE];
	struct fetch_reply		 http;
	struct ocsp_reply		 reply;
};

static void
question_clear(struct question *q)
{
	buf_clear(&q->id);
	buf_clear(&q->request);
	fetch_reply_clear(&q->http);
}

static int
make_request(struct question *q, struct error *e)
{
	struct ocsp_issuer	 issuer;
	struct bytes		 id, nonce = { NULL, 0 };

	if (ocsp_issuer_init(&issuer, q->ca->cert, e) == -1)
		return -1;
	q->id.len = q->request.len = 0;
	ocsp_id_put(&q->id, &issuer, OCSP_SHA1, q->serial);
	if (q->post) {
		if (rng_fill(q->canary->cli->desk.rng, q->nonce, NONCE,
		    e) == -1)
			return -1;
		nonce = BYTES(q->nonce, NONCE);
	}
	id = BYTES(q->id.p, q->id.len);
	ocsp_request_make(&q->request, &id, 1, nonce);
	return 0;
}

static int
fetch_answer(struct question *q, struct error *e)
{
	struct fetch	 f = { .url = q->url, .fd = -1,
	    .max = OCSP_RESPONSE_MAX, .ms = q->canary->ms };
	struct buf	 url = { 0 };
	size_t		 len = strlen(q->url);
	int		 rc;

	if (q->post) {
		f.body = BYTES(q->request.p, q->request.len);
		f.type = "application/ocsp-request";
	} else {
		buf_str(&url, q->url);
		if (len == 0 || q->url[len - 1] != '/')
			buf_byte(&url, '/');
		ocsp_request_path(&url, BYTES(q->request.p, q->request.len));
		f.url = buf_cstr(&url);
	}
	fetch_reply_clear(&q->http);
	rc = fetch(&q->http, &f, e);
	buf_clear(&url);
	if (rc == 0 && q->http.status != 200)
		rc = error_set(e, ERROR_DENIED, "HTTP status %d",
		    q->http.status);
	if (rc == 0 && strcmp(q->http.type, "application/ocsp-response") != 0)
		rc = error_set(e, ERROR_DENIED, "Content-Type \"%s\"",
		    q->http.type);
	return rc;
}

/* Ask, and believe nothing that is not signed for this question. */
static int
ask(struct question *q, struct error *e)
{
	struct bytes		 id;
	struct ocsp_expect	 expect = { .ca = q->ca->cert, .skew = SKEW,
	    .n = 1, .id = &id };

	if (make_request(q, e) == -1 || fetch_answer(q, e) == -1)
		return -1;
	id = BYTES(q->id.p, q->id.len);
	if (q->post)
		expect.nonce = BYTES(q->nonce, NONCE);
	expect.now = clock_now(q->canary->cli->desk.clock);
	if (ocsp_response_read(&q->reply, BYTES(q->http.body.p,
	    q->http.body.len), &expect, e) == -1)
		return -1;
	if (q->reply.status == OCSP_TRY_LATER)
		return error_set(e, ERROR_UPSTREAM, "the responder says "
		    "tryLater");
	if (q->reply.status != OCSP_SUCCESSFUL)
		return error_set(e, ERROR_DENIED, "the responder says %s",
		    ocsp_status_name(q->reply.status));
	return 0;
}

static const char *
state_name(enum ocsp_state s)
{
	return s == OCSP_GOOD ? "good" : s == OCSP_REVOKED ? "revoked" :
	    "unknown";
}

/* Nothing, or how the answer differs from the row; lives in the arena. */
static const char *
differs(struct question *q, const struct db_cert *x)
{
	const struct ocsp_single	*s = &q->reply.single[0];
	struct arena			*a = q->canary->cli->desk.arena;
	bool				 good = strcmp(x->status, "good") == 0;
	char				 hex[2 * DB_SERIAL + 1];
	char				 said[TEXT_TIME_SIZE];
	char				 is[TEXT_TIME_SIZE];

	text_hex(hex, x->serial.p, x->serial.len);
	if (s->state != (good ? OCSP_GOOD : OCSP_REVOKED))
		return arena_printf(a, "%s is %s in the store, answered %s",
		    hex, x->status, state_name(s->state));
	if (good)
		return NULL;
	if (s->revoked_at != x->revoked_at)
		return arena_printf(a, "%s was revoked at %s by the store, "
		    "at %s by the answer", hex, text_time(is, x->revoked_at),
		    text_time(said, s->revoked_at));
	if ((s->reason == -1 ? 0 : s->reason) != x->reason)
		return arena_printf(a, "%s has reason %d in the store, %d in "
		    "the answer", hex, x->reason, s->reason);
	return NULL;
}

/*
 * A status may change while we ask: the row is read again, after a while.  An
 * answer that was signed before the last change and is still in its time was
 * right when it was given.
 */
static int
look_again(struct question *q, struct db_cert *x, const char **why,
    struct error *e)
{
	struct cli			*c = q->canary->cli;
	struct db_status_entries	 was;
	struct db_serial		 serial = x->serial;
	int				 found;

	sleep(SETTLE);
	found = db_cert_find(c->desk.db, q->ca->name, &serial, x,
	    c->desk.arena, e);
	if (found == -1 || db_cert_history(c->desk.db, q->ca->name, &serial,
	    &was,
	    c->desk.arena, e) == -1)
		return -1;
	if (found == 0) {
		*why = "a certificate has vanished from the store";
		return 0;
	}
	if (!q->post && was.n > 0 &&
	    q->reply.produced_at <= was.v[was.n - 1].changed_at) {
		*why = NULL;
		return 0;
	}
	if (ask(q, e) == -1) {
		*why = arena_strdup(c->desk.arena, e->text);
		error_clear(e);
		return 0;
	}
	*why = differs(q, x);
	return 0;
}

static int
ask_one(struct question *q, const struct db_cert *x, struct error *e)
{
	struct canary_ask	 k = { q->ca->name, NULL, q->url };
	struct db_cert		 row = *x;
	const char		*why;

	k.what = arena_printf(q->canary->cli->desk.arena, "ocsp %s %s",
	    q->post ? "post" : "get", x->status);
	if (ask(q, e) == -1) {
		canary_failed(q->canary, &k, e);
		error_clear(e);
		return 0;
	}
	if ((why = differs(q, &row)) != NULL &&
	    look_again(q, &row, &why, e) == -1)
		return -1;
	if (why != NULL)
		canary_bad(q->canary, &k, CANARY_WRONG, "%s", why);
	else
		canary_good(q->canary, &k, q->http.ms,
		    clock_now(q->canary->cli->desk.clock) -
		    q->reply.single[0].this_update);
	return 0;
}

int
canary_ocsp(struct canary *n, const struct desk_issuer *ca,
    const struct db_cert *x, const char *url, struct error *e)
{
	struct question	 q = { .canary = n, .ca = ca, .url = url,
	    .serial = { x->serial.p, x->serial.len } };
	int		 rc;

	if ((rc = ask_one(&q, x, e)) == 0) {
		q.post = true;
		rc = ask_one(&q, x, e);
	}
	question_clear(&q);
	return rc;
}

int
canary_ocsp_nobody(struct canary *n, const struct desk_issuer *ca,
    const char *url, struct error *e)
{
	uint8_t			 serial[CERT_SERIAL_SIZE];
	struct question		 q = { .canary = n, .ca = ca, .url = url,
	    .serial = { serial, sizeof(serial) }, .post = true };
	struct canary_ask	 k = { ca->name, "ocsp never issued", url };
	const struct ocsp_single *s = &q.reply.single[0];

	if (rng_fill(n->cli->desk.rng, serial, sizeof(serial), e) == -1)
		return -1;
	serial[0] = (serial[0] & 0x7f) | 0x40;
	if (ask(&q, e) == -1) {
		canary_failed(n, &k, e);
		error_clear(e);
	} else if (s->state == OCSP_UNKNOWN || (s->state == OCSP_REVOKED &&
	    q.reply.extended_revoked && s->revoked_at == 0))
		canary_good(n, &k, q.http.ms, clock_now(n->cli->desk.clock) -
		    s->this_update);
	else
		canary_bad(n, &k, CANARY_WRONG, "a number that was never "
		    "issued is answered %s", state_name(s->state));
	question_clear(&q);
	return 0;
}
