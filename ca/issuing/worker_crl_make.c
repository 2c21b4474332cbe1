/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker makes a list with the signer: it brings what the store says, and
 * the evidence that the signer asks for, and stores what comes out of it.
 */
#include "db/db_evidence.h"
#include "worker_crl.h"
#include "x509/cert.h"

/* The list that the store has and the signer does not, part by part. */
static int
send_seen(struct worker *w, const struct db_crl_due *d, uint32_t *next,
    struct error *e)
{
	struct arena	*a = arena_new();
	struct db_crl	 list;
	struct bytes	 part;
	int64_t		 n, sent = 0;
	int		 rc = -1;

	if (db_crl_find(w->db, d->ca, d->shard, DB_CRL_COMPLETE, d->number,
	    &list, a, e) == -1)
		goto out;
	list.ca = d->ca;
	for (n = 0; sent < list.size; n++) {
		if (db_crl_part(w->db, &list, n, &part, a, e) == -1)
			goto out;
		sent += (int64_t)part.len;
		msg_init(&w->ask, WIRE_CRL_SEEN);
		msg_put_str(&w->ask, d->ca);
		msg_put_u32(&w->ask, sent >= list.size);
		msg_put_blob(&w->ask, part.p, part.len);
		arena_reset(a);
		if (worker_ask(w, e) == -1)
			goto out;
		*next = msg_get_u32(&w->answer);
	}
	rc = 0;
 out:
	arena_free(&a);
	return rc;
}

static int
begin(struct worker *w, const struct db_crl_due *d, enum wire_crl_kind kind,
    uint32_t *next, struct error *e)
{
	msg_init(&w->ask, WIRE_CRL);
	msg_put_str(&w->ask, d->ca);
	msg_put_u32(&w->ask, kind);
	msg_put_i64(&w->ask, d->shard);
	msg_put_i64(&w->ask, d->number);
	msg_put_i64(&w->ask, d->latest + 1);
	if (worker_ask(w, e) == -1)
		return -1;
	*next = msg_get_u32(&w->answer);
	if (*next == WIRE_NEXT_SEEN && send_seen(w, d, next, e) == -1)
		return -1;
	return 0;
}

static int
put_evidence(struct worker *w, const char *ca, const struct bytes *serial,
    size_t n, struct error *e)
{
	struct arena		*a = arena_new();
	const char		**cas = arena_alloc(a, (n + 1) * sizeof(*cas));
	struct db_evidence_cert	*cert = arena_alloc(a, (n + 1) *
	    sizeof(*cert));
	size_t			 i;
	int			 rc = -1;

	for (i = 0; i < n; i++)
		cas[i] = ca;
	if (db_evidence_certs(w->db, cas, serial, n, true, cert, a, e) == -1)
		goto out;
	for (i = 0; i < n; i++) {
		msg_put_blob(&w->ask, cert[i].der.p, cert[i].der.len);
		msg_put_str(&w->ask, cert[i].profile != NULL ?
		    cert[i].profile : "");
		msg_put_blob(&w->ask, cert[i].change.p, cert[i].change.len);
	}
	rc = 0;
 out:
	arena_free(&a);
	return rc;
}

/* The signer's answer lists the serials that it wants proved: until it wants
 * no more. */
static int
bring_evidence(struct worker *w, const char *ca, struct error *e)
{
	struct bytes	 serial[WIRE_CRL_ASKED];
	struct msg	 wanted = { 0 };
	uint32_t	 n, i;
	int		 rc = -1;

	for (;;) {
		/* The answer's bytes are looked at while the next comes. */
		struct buf	 spare = wanted.body;

		wanted = w->answer;
		w->answer = (struct msg){ .body = spare };
		if ((n = msg_get_u32(&wanted)) > WIRE_CRL_ASKED)
			wanted.bad = true;
		for (i = 0; i < n && !wanted.bad; i++) {
			(void)msg_get_u32(&wanted);
			serial[i] = msg_get_blob(&wanted, DB_SERIAL);
		}
		if (msg_done(&wanted, e) == -1)
			goto out;
		if (n == 0)
			break;
		msg_init(&w->ask, WIRE_CRL_EVIDENCE);
		msg_put_str(&w->ask, ca);
		msg_put_u32(&w->ask, n);
		if (put_evidence(w, ca, serial, n, e) == -1 ||
		    worker_ask(w, e) == -1)
			goto out;
	}
	rc = 0;
 out:
	msg_clear(&wanted);
	return rc;
}

/* What the store has, page after page. */
struct pages {
	const struct db_crl_due	*due;
	struct arena		*arena;
	struct db_crl_entries	 page;
	struct db_serial	 after;
	bool			 began;
};

static int
page_next(struct worker *w, struct pages *p, struct error *e)
{
	arena_reset(p->arena);
	/* What expired before the last list has had its one more list. */
	if (db_crl_entries(w->db, p->due->ca, p->due->shard, p->began ?
	    &p->after : NULL, p->due->this_update, WIRE_CRL_PAGE, &p->page,
	    p->arena, e) == -1)
		return -1;
	p->began = true;
	if (p->page.n > 0)
		p->after = p->page.v[p->page.n - 1].serial;
	return 0;
}

static void
page_put(struct msg *m, const struct pages *p)
{
	size_t	 i;

	msg_init(m, WIRE_CRL_ENTRIES);
	msg_put_str(m, p->due->ca);
	msg_put_u32(m, p->page.n < WIRE_CRL_PAGE);
	msg_put_u32(m, (uint32_t)p->page.n);
	for (i = 0; i < p->page.n; i++) {
		const struct db_crl_entry	*c = &p->page.v[i];

		msg_put_blob(m, c->serial.p, c->serial.len);
		msg_put_i64(m, c->reason);
		msg_put_i64(m, c->revoked_at);
		msg_put_i64(m, c->invalid_since);
	}
}

/* The store looks for the next page while the signer works on this one. */
static int
send_entries(struct worker *w, const struct db_crl_due *d, struct error *e)
{
	struct pages	 p = { .due = d, .arena = arena_new() };
	struct error	 why = ERROR_INIT;
	bool		 last;
	int		 rc = page_next(w, &p, e);

	for (last = false; rc == 0 && !last;) {
		last = p.page.n < WIRE_CRL_PAGE;
		page_put(&w->ask, &p);
		if ((rc = msg_send(w->signer, &w->ask, e)) == -1)
			break;
		/* The answer is due whatever comes of it. */
		if (!last)
			rc = page_next(w, &p, &why);
		if (msg_answer(w->signer, &w->answer, WIRE_CRL_ENTRIES,
		    e) == -1)
			rc = -1;
		else if (rc == -1)
			*e = why;
		else
			rc = bring_evidence(w, d->ca, e);
	}
	arena_free(&p.arena);
	return rc;
}

struct list_txn {
	struct worker	*w;
	struct db_crl	 crl;
};

static int
ask_piece(struct worker *w, const struct db_crl *crl, int64_t at,
    struct bytes *piece, struct error *e)
{
	msg_init(&w->ask, WIRE_CRL_PIECE);
	msg_put_str(&w->ask, crl->ca);
	msg_put_i64(&w->ask, crl->shard);
	msg_put_i64(&w->ask, crl->number);
	msg_put_i64(&w->ask, at);
	if (worker_ask(w, e) == -1)
		return -1;
	*piece = msg_get_blob(&w->answer, WIRE_CRL_CHUNK);
	if (msg_done(&w->answer, e) == -1)
		return -1;
	if (piece->len == 0)
		return error_set(e, ERROR_BUG, "empty piece of a list");
	return 0;
}

/* From the signer into the store, without ever having it here as a whole. */
static int
store_parts(struct db *db, struct list_txn *t, EVP_MD_CTX *sha,
    uint8_t digest[32], struct error *e)
{
	struct bytes	 piece;
	int64_t		 n, at = 0;

	if (EVP_DigestInit_ex(sha, EVP_sha256(), NULL) != 1)
		return error_ssl(e, ERROR_CRYPTO, "digest");
	for (n = 0; at < t->crl.size; n++) {
		if (ask_piece(t->w, &t->crl, at, &piece, e) == -1 ||
		    db_crl_add_part(db, &t->crl, n, piece, e) == -1)
			return -1;
		if (EVP_DigestUpdate(sha, piece.p, piece.len) != 1)
			return error_ssl(e, ERROR_CRYPTO, "digest");
		at += (int64_t)piece.len;
		FAULT("cad.crl-part");
	}
	return EVP_DigestFinal_ex(sha, digest, NULL) == 1 ? 0 :
	    error_ssl(e, ERROR_CRYPTO, "digest");
}

static void
audit_list(struct worker *w, struct buf *body, const struct db_crl *crl,
    const uint8_t digest[32])
{
	char	 at[TEXT_TIME_SIZE];

	audit_begin(body, "crl", clock_now(&clock_system));
	audit_str(body, "ca", crl->ca);
	if (crl->shard > 0)
		audit_num(body, "shard", crl->shard);
	audit_num(body, "number", crl->number);
	if (crl->base > 0)
		audit_num(body, "base", crl->base);
	audit_hex(body, "crl", digest, 32);
	audit_num(body, "entries", crl->entries);
	audit_str(body, "this", text_time(at, crl->this_update));
	audit_str(body, "next", text_time(at, crl->next_update));
	audit_str(body, "instance", w->conf->instance);
}

static int
txn_list(struct db *db, void *arg, struct error *e)
{
	struct list_txn	*t = arg;
	EVP_MD_CTX	*sha = EVP_MD_CTX_new();
	struct buf	 body = { 0 };
	uint8_t		 digest[32];
	int		 rc = -1;

	if (sha == NULL) {
		error_ssl(e, ERROR_NOMEM, "digest");
		goto out;
	}
	if (db_crl_add(db, &t->crl, e) == -1 ||
	    store_parts(db, t, sha, digest, e) == -1)
		goto out;
	audit_list(t->w, &body, &t->crl, digest);
	if (worker_audit(db, &body, 1, e) == -1 ||
	    db_notify(db, "signet_crl", e) == -1)
		goto out;
	FAULT("cad.crl-before-commit");
	rc = 0;
 out:
	EVP_MD_CTX_free(sha);
	buf_clear(&body);
	return rc;
}

/* The signer in small steps, until the list is made. */
static int
sign(struct worker *w, const char *ca, struct error *e)
{
	do {
		msg_init(&w->ask, WIRE_CRL_SIGN);
		msg_put_str(&w->ask, ca);
		if (worker_ask(w, e) == -1)
			return -1;
	} while (msg_get_u32(&w->answer) == 0 && !w->answer.bad);
	return 0;
}

static void
take_made(struct worker *w, struct db_crl *crl)
{
	struct msg	*m = &w->answer;

	crl->number = msg_get_i64(m);
	crl->base = msg_get_i64(m);
	crl->this_update = msg_get_i64(m);
	crl->next_update = msg_get_i64(m);
	crl->entries = msg_get_i64(m);
	crl->size = msg_get_i64(m);
}

static int
take_alarms(struct worker *w, struct error *e)
{
	char		 alarm[200];
	uint32_t	 n = msg_get_u32(&w->answer);

	for (; n > 0 && !w->answer.bad; n--) {
		msg_get_str(&w->answer, alarm, sizeof(alarm));
		if (!w->answer.bad)
			worker_alarm(w, "crl", alarm);
	}
	return msg_done(&w->answer, e);
}

static void
log_list(const struct db_crl *crl, int64_t made_ms, int64_t stored_ms)
{
	char	 at[TEXT_TIME_SIZE], shard[32] = "";

	if (crl->shard > 0)
		snprintf(shard, sizeof(shard), "shard %lld of ",
		    (long long)crl->shard);
	log_info("%s %lld of %sCA %s has %lld entries, next update %s "
	    "(%lld ms to make, %lld ms to store)",
	    crl->base > 0 ? "delta CRL" : "CRL", (long long)crl->number,
	    shard, crl->ca, (long long)crl->entries,
	    text_time(at, crl->next_update), (long long)made_ms,
	    (long long)stored_ms);
}

int
worker_crl_make(struct worker *w, const struct db_crl_due *d,
    enum wire_crl_kind kind, struct error *e)
{
	struct list_txn	 t = { .w = w, .crl = { .ca = d->ca,
	    .shard = d->shard, .change = d->change } };
	int64_t		 began = clock_monotonic_ms(), made;
	uint32_t	 next;

	if (begin(w, d, kind, &next, e) == -1 ||
	    (next == WIRE_NEXT_ENTRIES && send_entries(w, d, e) == -1) ||
	    sign(w, d->ca, e) == -1)
		return -1;
	made = clock_monotonic_ms();
	take_made(w, &t.crl);
	if (take_alarms(w, e) == -1 || db_txn(w->db, txn_list, &t, e) == -1)
		return -1;
	log_list(&t.crl, made - began, clock_monotonic_ms() - made);
	return 0;
}
