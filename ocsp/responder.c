/* SPDX-License-Identifier: Apache-2.0 */
#include "responder_private.h"

#include <string.h>

#include "base/log.h"
#include "db/db_credential.h"
#include "reply.h"

#define BACKDATE	60	/* clients' clocks go wrong */
#define RENEW_PAUSE	2	/* seconds until another one tries */

struct responder_thread *
responder_thread_new(const struct responder *r)
{
	static const struct db_table *const	 tables[] = { &DB_OCSP,
	    &DB_RELEASE, &DB_CREDENTIAL_STATE };
	struct error				 ignored = ERROR_INIT;
	struct responder_thread			*t = mem_alloc(sizeof(*t));

	t->r = r;
	db_open_later(&t->db, r->conf->database, "signet-ocspd", tables, 3);
	db_set_patience(t->db, 0);
	db_set_deadline(t->db, (int)r->conf->query_ms);
	(void)db_set_strict(t->db, &ignored);	/* not connected yet */
	t->issuers = issuers_get(r->issuers);
	return t;
}

void
responder_thread_free(struct responder_thread **tp)
{
	struct responder_thread	*t = *tp;
	size_t			 i;

	if (t == NULL)
		return;
	for (i = 0; i < t->nwriters; i++)
		ocsp_writer_close(&t->writer[i].writer);
	mem_free(&t->writer);
	issuers_free(&t->issuers);
	db_close(&t->db);
	mem_free(tp);
}

void
outcome_clear(struct outcome *o)
{
	answer_free(&o->answer);
	buf_clear(&o->bytes);
}

static void
count(const struct responder *r, const struct cell_status *s)
{
	static const enum reading	 said[] = {
		[CELL_UNREAD] = READ_INTERNAL,
		[CELL_NEVER_ISSUED] = READ_UNKNOWN,
		[CELL_GOOD] = READ_GOOD, [CELL_REVOKED] = READ_REVOKED,
	};

	reading_add(r->readings, said[s->state]);
}

struct answer *
responder_recall(const struct responder *r, enum answer_by by,
    struct bytes key, bool *renew)
{
	int64_t		 now = clock_now(r->clock), due;
	struct answer	*a = answers_get(r->answers, by, key, now);

	*renew = false;
	if (a == NULL)
		return NULL;
	due = atomic_load_explicit(&a->renew_at, memory_order_relaxed);
	*renew = now >= due && atomic_compare_exchange_strong(&a->renew_at,
	    &due, now + RENEW_PAUSE);
	if (*renew) {
		answer_free(&a);
		return NULL;
	}
	reading_add(r->readings, READ_RECALLED);
	count(r, &a->cell->status);
	return a;
}

/* Which of our CAs is asked?  One signer signs an answer, so it is one. */
static int
find_ca(struct responder_thread *t, struct error *e)
{
	const struct ocsp_request	*q = &t->request;
	const struct issuer_ca		*ca;
	size_t				 i;

	if (issuers_is_new(t->r->issuers, t->issuers)) {
		issuers_free(&t->issuers);
		t->issuers = issuers_get(t->r->issuers);
	}
	t->ca = NULL;
	if (t->issuers->n == 0)
		return error_set(e, ERROR_UPSTREAM, "no CA is known yet");
	for (i = 0; i < q->n; i++) {
		if ((ca = issuers_find(t->issuers, &q->id[i])) == NULL)
			return error_set(e, ERROR_DENIED, "a CA that is none "
			    "of ours");
		if (t->ca != NULL && ca != t->ca)
			return error_set(e, ERROR_DENIED, "two CAs at once");
		t->ca = ca;
	}
	return 0;
}

static int
check_signer(struct responder_thread *t, struct error *e)
{
	const struct ocsp_signer	*s = &t->ca->signer;

	if (s->cert == NULL)
		return error_set(e, ERROR_UPSTREAM, "CA %s has no signer: %s",
		    t->ca->name, t->ca->why_not);
	/* RFC 6960, 4.2.2.2: valid when the client looks at it. */
	if (t->now >= s->not_after)
		return error_set(e, ERROR_UPSTREAM, "the signer of CA %s has "
		    "expired", t->ca->name);
	return 0;
}

static void
drop_statuses(struct responder_thread *t)
{
	size_t	 i;

	for (i = 0; i < OCSP_IDS_MAX; i++)
		cell_free(&t->cell[i]);
}

/* Signing. */

static int64_t
latest(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Monotone for each certificate: not before its last change. */
static int64_t
this_update(const struct responder_thread *t, const struct cell *c)
{
	int64_t	 from = latest(t->now - BACKDATE, c->since);

	if (c->status.state == CELL_REVOKED)
		from = latest(from, c->status.revoked_at);
	return from > t->now ? t->now : from;
}

static void
fill_single(struct responder_thread *t, size_t i, int64_t next_update)
{
	const struct ocspd_conf	*conf = t->r->conf;
	const struct cell	*c = t->cell[i];
	struct ocsp_single	*s = &t->single[i];

	*s = (struct ocsp_single){ .id = t->request.id[i].der,
	    .state = OCSP_GOOD, .reason = c->status.reason,
	    .revoked_at = c->status.revoked_at,
	    .this_update = this_update(t, c), .next_update = next_update };
	if (c->status.state == CELL_REVOKED)
		s->state = OCSP_REVOKED;
	else if (c->status.state == CELL_NEVER_ISSUED) {
		s->state = OCSP_UNKNOWN;
		if (ocspd_conf_extended_revoked(conf))
			ocsp_single_never_issued(s);
	}
	if (conf->archive_cutoff > 0)
		s->archive_cutoff = t->now - conf->archive_cutoff;
	count(t->r, &c->status);
}

static bool
has_unknown(const struct responder_thread *t)
{
	size_t	 i;

	for (i = 0; i < t->request.n; i++)
		if (t->cell[i]->status.state == CELL_NEVER_ISSUED)
			return true;
	return false;
}

static int64_t
next_update(const struct responder_thread *t)
{
	const struct ocspd_conf	*conf = t->r->conf;
	int64_t			 life = conf->lifetime, next;

	if (has_unknown(t) && conf->unknown_lifetime < life)
		life = conf->unknown_lifetime;
	next = t->now + life;
	return next < t->ca->signer.not_after ? next :
	    t->ca->signer.not_after;
}

static int
find_writer(struct responder_thread *t, struct ocsp_writer **out,
    struct error *e)
{
	struct writer	*w;
	size_t		 n = (size_t)t->ca->number + 1;

	if (n > t->nwriters) {
		t->writer = mem_resize(t->writer, n, sizeof(*t->writer));
		memset(t->writer + t->nwriters, 0,
		    (n - t->nwriters) * sizeof(*t->writer));
		t->nwriters = n;
	}
	w = &t->writer[n - 1];
	if (w->writer == NULL || w->version != t->ca->signer_version) {
		ocsp_writer_close(&w->writer);
		if (ocsp_writer_open(&w->writer, &t->ca->signer, e) == -1)
			return -1;
		w->version = t->ca->signer_version;
	}
	*out = w->writer;
	return 0;
}

static int
sign(struct responder_thread *t, struct outcome *o, struct error *e)
{
	struct ocsp_answer	 a = { .produced_at = t->now,
	    .nonce = t->request.nonce, .n = t->request.n,
	    .single = t->single };
	struct ocsp_writer	*w;
	size_t			 i;

	o->next_update = next_update(t);
	for (i = 0; i < a.n; i++) {
		fill_single(t, i, o->next_update);
		o->this_update = latest(o->this_update,
		    t->single[i].this_update);
	}
	a.extended_revoked = has_unknown(t) &&
	    ocspd_conf_extended_revoked(t->r->conf);
	if (find_writer(t, &w, e) == -1 ||
	    ocsp_writer_sign(w, &o->bytes, &a, e) == -1)
		return -1;
	reading_add(t->r->readings, READ_SIGNED);
	return 0;
}

/* Keeping. */

static void
keep(struct responder_thread *t, enum answer_by by, struct bytes key,
    struct outcome *o)
{
	struct http_shared	*reply;
	struct cell		*cell = t->cell[0];
	struct bytes		 bytes = BYTES(o->bytes.p, o->bytes.len);
	int64_t			 half = t->now + (o->next_update - t->now) / 2;

	if (atomic_load(&cell->dead))
		return;
	t->cell[0] = NULL;
	reply = reply_shared(bytes, o->this_update, o->next_update);
	o->answer = answer_new(reply, cell, bytes.len, t->now, half,
	    o->next_update);
	answers_put(t->r->answers, ANSWER_BY_ID, t->request.id[0].der,
	    o->answer);
	answers_put(t->r->answers, by, key, o->answer);
}

/* The same question in other octets. */
static bool
recall_other(struct responder_thread *t, enum answer_by by, struct bytes key,
    struct outcome *o)
{
	bool	 renew;

	o->answer = responder_recall(t->r, ANSWER_BY_ID,
	    t->request.id[0].der, &renew);
	if (o->answer == NULL)
		return false;
	answers_put(t->r->answers, by, key, o->answer);
	return true;
}

/* Errors. */

static void
tell(struct responder_thread *t, const struct error *e)
{
	struct complaints	*c = t->r->complaints;

	switch (e->code) {
	case ERROR_INPUT:
	case ERROR_DENIED:
		log_debug("request: %s", e->text);
		break;
	case ERROR_UPSTREAM:
	case ERROR_RETRY:
		complain(c, t->ca != NULL && (t->ca->signer.cert == NULL ||
		    t->now >= t->ca->signer.not_after) ? COMPLAIN_SIGNER :
		    COMPLAIN_STORE, e, "answered \"try later\"");
		break;
	default:
		complain(c, COMPLAIN_SIGN, e, "answered \"internal error\"");
	}
}

static void
fail(struct responder_thread *t, const struct error *e, struct outcome *o)
{
	static const enum reading	 said[] = {
		[OCSP_MALFORMED] = READ_MALFORMED,
		[OCSP_INTERNAL] = READ_INTERNAL,
		[OCSP_TRY_LATER] = READ_TRY_LATER,
		[OCSP_SIG_REQUIRED] = READ_INTERNAL,
		[OCSP_UNAUTHORIZED] = READ_UNAUTHORIZED,
	};

	buf_clear(&o->bytes);
	o->status = ocsp_status_of(e);
	reading_add(t->r->readings, said[o->status]);
	tell(t, e);
}

/* What may be said when the store says nothing: what was said before. */
static bool
recall_old(struct responder_thread *t, const struct error *e,
    enum answer_by by, struct bytes key, struct outcome *o)
{
	if (e->code != ERROR_UPSTREAM && e->code != ERROR_RETRY)
		return false;
	if (t->request.n != 1 || t->request.nonce.len > 0)
		return false;
	o->answer = answers_get(t->r->answers, ANSWER_BY_ID,
	    t->request.id[0].der, t->now);
	if (o->answer == NULL)
		o->answer = answers_get(t->r->answers, by, key, t->now);
	if (o->answer == NULL)
		return false;
	reading_add(t->r->readings, READ_RECALLED);
	count(t->r, &o->answer->cell->status);
	return true;
}

void
responder_ask(struct responder_thread *t, enum answer_by by,
    struct bytes key, bool renew, struct bytes der, struct outcome *o)
{
	struct error	 e = ERROR_INIT;
	bool		 one;

	memset(o, 0, sizeof(*o));
	t->now = clock_now(t->r->clock);
	t->ca = NULL;
	if (ocsp_request_read(&t->request, der, &e) == -1 ||
	    find_ca(t, &e) == -1) {
		fail(t, &e, o);
		return;
	}
	one = t->request.n == 1 && t->request.nonce.len == 0;
	if (one && !renew && recall_other(t, by, key, o))
		return;
	if (check_signer(t, &e) == 0 && responder_find_statuses(t, &e) == 0 &&
	    sign(t, o, &e) == 0) {
		if (one)
			keep(t, by, key, o);
		else if (t->request.nonce.len > 0)
			o->this_update = o->next_update = 0;
	} else if (!recall_old(t, &e, by, key, o))
		fail(t, &e, o);
	drop_statuses(t);
}
