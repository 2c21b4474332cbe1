/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker on revocation lists: when one is due, what the store says, and
 * the evidence that the signer asks for.
 */
#include "db/db_ca.h"
#include "db/db_crl.h"
#include "db/db_evidence.h"
#include "worker_private.h"
#include "x509/cert.h"

#define ENTRY_PAGE	10000
#define EVIDENCE_PAGE	500

static const struct ca_conf *
conf_of(const struct worker *w, const char *ca)
{
	size_t	 i;

	for (i = 0; i < w->conf->cas.n; i++)
		if (strcmp(cad_conf_ca(w->conf, i)->name, ca) == 0)
			return cad_conf_ca(w->conf, i);
	return NULL;
}

/*
 * A list is owed as long as a certificate is that could be on it.  When none
 * was left at the time of the last list, that was the last one (RFC 5280, 3.3:
 * an entry stays for one list after its certificate expired).
 */
static bool
has_finished(struct worker *w, struct worker_ca *ca,
    const struct db_crl_due *d)
{
	struct error	 e = ERROR_INIT;
	int		 found;

	if (ca->finished || ca->state != WIRE_CA_LISTS || d->number == 0)
		return ca->finished;
	found = db_ca_has_certs(w->db, ca->name, d->this_update, &e);
	if (found == -1)
		log_error(&e, "certificates of CA %s", ca->name);
	if (found == 0)
		log_info("CA %s is finished: its certificates have expired, "
		    "CRL %lld is its last", ca->name, (long long)d->number);
	ca->finished = found == 0;
	return ca->finished;
}

static bool
keeps_list(struct worker *w, const struct db_crl_due *d)
{
	struct worker_ca	*ca = worker_find_ca(w, d->ca);

	return ca != NULL && ca->usable && ca->state != WIRE_CA_EXPIRED &&
	    !has_finished(w, ca, d);
}

static const char *const reason_names[] = {
	"unspecified", "keyCompromise", "cACompromise", "affiliationChanged",
	"superseded", "cessationOfOperation", "certificateHold", NULL,
	"removeFromCRL", "privilegeWithdrawn", "aACompromise",
};
#define REASONS		11
#define KEY_COMPROMISE	1

/* Does the CA's setting want a list at once for this reason (-1: release)? */
static bool
is_urgent(const struct ca_conf *c, int reason)
{
	size_t	 k;

	if (c->crl_reasons.n == 0)
		return reason == KEY_COMPROMISE;
	for (k = 0; k < c->crl_reasons.n; k++)
		if (strcmp(c->crl_reasons.v[k], "all") == 0 ||
		    (reason >= 0 && reason_names[reason] != NULL &&
		    strcmp(c->crl_reasons.v[k], reason_names[reason]) == 0))
			return true;
	return false;
}

/* All such pairs, as the store wants to be asked. */
static size_t
urgent_pairs(const struct worker *w, const char ***ca, int64_t **reason,
    struct arena *a)
{
	size_t	 i, n = 0;
	int	 r;

	*ca = arena_alloc(a, w->conf->cas.n * (REASONS + 1) * sizeof(**ca));
	*reason = arena_alloc(a, w->conf->cas.n * (REASONS + 1) *
	    sizeof(**reason));
	for (i = 0; i < w->conf->cas.n; i++)
		for (r = -1; r < REASONS; r++)
			if (is_urgent(cad_conf_ca(w->conf, i), r)) {
				(*ca)[n] = cad_conf_ca(w->conf, i)->name;
				(*reason)[n++] = r;
			}
	return n;
}

/* On schedule, well before the last one runs out, or for a grave reason. */
static bool
is_due(const struct ca_conf *c, const struct db_crl_due *d, int64_t now)
{
	return d->number == 0 || d->urgent ||
	    now - d->this_update >= c->crl_interval ||
	    d->next_update - now < c->crl_lifetime / 4;
}

/* All revoked and held certificates of the CA, into w->ask. */
static int
put_entries(struct worker *w, const char *ca, int64_t cutoff,
    struct error *e)
{
	struct arena		*a = arena_new();
	struct db_crl_entries	 page;
	struct db_serial	 after = { .len = 0 };
	struct msg		 rows = { 0 };
	uint32_t		 n = 0;
	size_t			 i;
	int			 rc = -1;

	msg_init(&rows, 0);
	do {
		arena_reset(a);
		if (db_crl_entries(w->db, ca, n > 0 ? &after : NULL, cutoff,
		    ENTRY_PAGE, &page, a, e) == -1)
			goto out;
		for (i = 0; i < page.n; i++, n++) {
			const struct db_crl_entry	*c = &page.v[i];

			msg_put_blob(&rows, c->serial.p, c->serial.len);
			msg_put_i64(&rows, c->reason);
			msg_put_i64(&rows, c->revoked_at);
			msg_put_i64(&rows, c->invalid_since);
			after = c->serial;
		}
	} while (page.n == ENTRY_PAGE);
	msg_put_u32(&w->ask, n);
	buf_add(&w->ask.body, rows.body.p, rows.body.len);
	rc = 0;
 out:
	msg_clear(&rows);
	arena_free(&a);
	return rc;
}

static int
ask_list(struct worker *w, const struct db_crl_due *d, struct error *e)
{
	struct arena	*a = arena_new();
	struct db_crl	 last = { .number = 0 };
	int		 rc = -1;

	if (d->number > 0 &&
	    db_crl_find(w->db, d->ca, d->number, &last, a, e) == -1)
		goto out;
	msg_init(&w->ask, WIRE_CRL);
	msg_put_str(&w->ask, d->ca);
	msg_put_i64(&w->ask, d->number + 1);
	msg_put_blob(&w->ask, last.der.p, last.der.len);
	/* What expired before the last list has had its one more list. */
	if (put_entries(w, d->ca, d->this_update, e) == 0)
		rc = worker_ask(w, e);
 out:
	arena_free(&a);
	return rc;
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

/* The signer's answer lists the serials that it wants proved. */
static int
bring_evidence(struct worker *w, const char *ca, struct error *e)
{
	struct bytes	*serial = NULL;
	struct msg	 wanted = w->answer;
	uint32_t	 n = msg_get_u32(&wanted), i, step;
	int		 rc = -1;

	if (n > MSG_MAX / 16)
		return error_set(e, ERROR_BUG, "answer of another length");
	serial = mem_array(n + 1, sizeof(*serial));
	for (i = 0; i < n; i++) {
		(void)msg_get_u32(&wanted);
		serial[i] = msg_get_blob(&wanted, DB_SERIAL);
	}
	if (msg_done(&wanted, e) == -1)
		goto out;
	msg_init(&w->ask, WIRE_CRL_EVIDENCE);
	msg_put_str(&w->ask, ca);
	msg_put_u32(&w->ask, n);
	for (i = 0; i < n; i += step) {
		step = n - i < EVIDENCE_PAGE ? n - i : EVIDENCE_PAGE;
		if (put_evidence(w, ca, serial + i, step, e) == -1)
			goto out;
	}
	rc = worker_ask(w, e);
 out:
	mem_free(&serial);
	return rc;
}

struct list_txn {
	struct worker	*w;
	struct db_crl	 crl;
	struct buf	 body;
};

static int
txn_list(struct db *db, void *arg, struct error *e)
{
	struct list_txn	*t = arg;

	if (db_crl_add(db, &t->crl, e) == -1 ||
	    worker_audit(db, &t->body, 1, e) == -1 ||
	    db_notify(db, "signet_crl", e) == -1)
		return -1;
	FAULT("cad.crl-before-commit");
	return 0;
}

static int
store_list(struct worker *w, const struct db_crl_due *d, struct error *e)
{
	const char	*ca = d->ca;
	struct msg	*m = &w->answer;
	struct list_txn	 t = { .w = w };
	char		 at[TEXT_TIME_SIZE], alarm[200];
	uint8_t		 digest[32];
	uint32_t	 nalarms;
	int		 rc;

	t.crl.ca = ca;
	t.crl.change = d->change;
	t.crl.number = msg_get_i64(m);
	t.crl.this_update = msg_get_i64(m);
	t.crl.next_update = msg_get_i64(m);
	t.crl.entries = msg_get_u32(m);
	t.crl.der = msg_get_blob(m, MSG_MAX);
	nalarms = msg_get_u32(m);
	if (m->bad)
		return error_set(e, ERROR_BUG, "malformed answer");
	EVP_Digest(t.crl.der.p, t.crl.der.len, digest, NULL, EVP_sha256(),
	    NULL);
	audit_begin(&t.body, "crl", clock_now(&clock_system));
	audit_str(&t.body, "ca", ca);
	audit_num(&t.body, "number", t.crl.number);
	audit_hex(&t.body, "crl", digest, sizeof(digest));
	audit_num(&t.body, "entries", t.crl.entries);
	audit_str(&t.body, "this", text_time(at, t.crl.this_update));
	audit_str(&t.body, "next", text_time(at, t.crl.next_update));
	audit_str(&t.body, "instance", w->conf->instance);
	rc = db_txn(w->db, txn_list, &t, e);
	buf_clear(&t.body);
	for (; nalarms > 0 && !m->bad; nalarms--) {
		msg_get_str(m, alarm, sizeof(alarm));
		if (!m->bad)
			worker_alarm(w, "crl", alarm);
	}
	if (rc == 0)
		log_info("CRL %lld of CA %s has %lld entries, next update %s",
		    (long long)t.crl.number, ca, (long long)t.crl.entries,
		    text_time(at, t.crl.next_update));
	return rc;
}

static int
one_list(struct worker *w, const struct db_crl_due *d, struct error *e)
{
	if (ask_list(w, d, e) == -1 || bring_evidence(w, d->ca, e) == -1 ||
	    store_list(w, d, e) == -1)
		return error_wrap(e, "CRL of CA %s", d->ca);
	return 0;
}

static int
lists_due(struct worker *w, struct error *e)
{
	struct arena		*a = arena_new();
	struct db_crl_dues	 due;
	const char		**ca;
	int64_t			*reason, now = clock_now(&clock_system);
	size_t			 i, n = urgent_pairs(w, &ca, &reason, a);
	int			 rc = -1;

	if (db_crl_due(w->db, ca, reason, n, &due, a, e) == -1)
		goto out;
	for (i = 0; i < due.n; i++) {
		const struct ca_conf	*c = conf_of(w, due.v[i].ca);
		struct error		 why = ERROR_INIT;

		if (c == NULL || !is_due(c, &due.v[i], now) ||
		    !keeps_list(w, &due.v[i]))
			continue;
		/* One CA's trouble is its own. */
		if (one_list(w, &due.v[i], &why) == -1)
			log_error(&why, "will try again");
	}
	rc = 0;
 out:
	arena_free(&a);
	return rc;
}

int
worker_crl(struct worker *w, struct error *e)
{
	struct error	 ignored = ERROR_INIT;
	int		 got, rc;

	/* Whoever has the lock makes them; it will be looked at again. */
	if ((got = db_crl_lock(w->db, e)) != 1)
		return got;
	rc = lists_due(w, e);
	/* A lost connection has given the lock back already. */
	(void)db_crl_unlock(w->db, &ignored);
	return rc;
}
