/* SPDX-License-Identifier: Apache-2.0 */
#include "signer_crl.h"

/* What changed while the list is made counts, but not with a later date. */
void
crl_entry_of(const struct crl_build *b, const struct ledger_status *st,
    struct crl_entry *c)
{
	*c = (struct crl_entry){ .serial_len = st->serial_len,
	    .revoked_at = st->at < b->params.this_update ? st->at :
	    b->params.this_update, .invalid_since = st->invalid_since,
	    .reason = st->reason > 0 ? (int8_t)st->reason : -1 };
	memcpy(c->serial, st->serial, st->serial_len);
}

static int
serial_order(const uint8_t *a, size_t alen, const uint8_t *b, size_t blen)
{
	if (alen != blen)
		return alen < blen ? -1 : 1;
	return memcmp(a, b, alen);
}

static int
status_order(const void *a, const void *b)
{
	const struct ledger_status	*x = *(const struct ledger_status *
					    const *)a;
	const struct ledger_status	*y = *(const struct ledger_status *
					    const *)b;

	return serial_order(x->serial, x->serial_len, y->serial,
	    y->serial_len);
}

static bool
is_in_scope(const struct signer_ca *ca, const struct ledger_status *st)
{
	return strcmp(st->ca, ca->conf->name) == 0 &&
	    (ca->build->shard == 0 || st->shard == ca->build->shard);
}

void
crl_ledger_load(struct signer *s, struct signer_ca *ca)
{
	const struct ledger_status	*st, *stray = NULL;
	struct crl_build		*b = ca->build;
	size_t				 pos = 0, n = 0, i, nstrays = 0;

	if (b->shard > 0)
		stray = crl_strays(s, ca, &nstrays);
	while ((st = ledger_next_status(s->ledger, &pos)) != NULL)
		n += is_in_scope(ca, st);
	b->ledger = mem_array(n + nstrays + 1, sizeof(*b->ledger));
	for (pos = 0; (st = ledger_next_status(s->ledger, &pos)) != NULL;)
		if (is_in_scope(ca, st))
			b->ledger[b->nledger++] = st;
	for (i = 0; i < nstrays; i++)
		if (ledger_find_status(s->ledger, ca->conf->name,
		    stray[i].serial, stray[i].serial_len) == NULL)
			b->ledger[b->nledger++] = &stray[i];
	qsort(b->ledger, b->nledger, sizeof(*b->ledger), status_order);
}

void
crl_known_rewind(struct crl_build *b)
{
	b->ledger_at = b->last_at = 0;
	b->has_last = b->has_known = false;
}

/*
 * The next certificate of which the last list or the ledger has anything to
 * say: *st what the ledger has, *old what the list has, or NULL.
 */
static bool
both_next(struct signer_ca *ca, const struct ledger_status **st,
    const struct crl_entry **old)
{
	struct crl_build	*b = ca->build;
	int			 order;

	*st = b->ledger_at < b->nledger ? b->ledger[b->ledger_at] : NULL;
	if (!b->has_last && *b->over != NULL)
		b->has_last = crl_next(*b->over, &b->last_at, &b->last);
	*old = b->has_last ? &b->last : NULL;
	if (*st == NULL && *old == NULL)
		return false;
	order = *st == NULL ? 1 : *old == NULL ? -1 : serial_order(
	    (*st)->serial, (*st)->serial_len, b->last.serial,
	    b->last.serial_len);
	if (order > 0)
		*st = NULL;
	else
		b->ledger_at++;
	if (order < 0)
		*old = NULL;
	else
		b->has_last = false;	/* taken; stays readable till the next */
	return true;
}

/*
 * RFC 5280, 3.3: an entry stays for one list after its certificate expired.
 * Each list has its own turn: that another one let it go before our last list
 * was made says nothing of this one.
 */
static bool
has_a_turn_left(const struct crl_build *b, const struct ledger_status *st)
{
	return ledger_is_expired(st) &&
	    st->at > (*b->over)->params.this_update;
}

/* The ledger has the last word on what it knows. */
static bool
known_peek(struct signer_ca *ca)
{
	struct crl_build		*b = ca->build;
	const struct ledger_status	*st;
	const struct crl_entry		*old;

	while (!b->has_known) {
		if (!both_next(ca, &st, &old))
			return false;
		b->is_stray = st != NULL && st->shard == -1 && old == NULL;
		if (old != NULL && (st == NULL || st->shard == -1 ||
		    has_a_turn_left(b, st)))
			b->known = *old;
		else if (st->status != CERT_GOOD)
			crl_entry_of(b, st, &b->known);
		else
			continue;
		b->has_known = true;
	}
	return true;
}

static void
run_add(struct crl_build *b, const struct crl_entry *c, enum crl_claim claim)
{
	b->run[b->nrun++] = (struct crl_run){ *c, claim };
	b->nasked += crl_is_asked(&b->run[b->nrun - 1]);
}

/* Only the store has it - or the ledger, too, since we began. */
static void
run_add_theirs(struct signer *s, struct signer_ca *ca,
    const struct crl_entry *c)
{
	const struct ledger_status	*st;
	struct crl_entry		 ours;

	st = ledger_find_status(s->ledger, ca->conf->name, c->serial,
	    c->serial_len);
	if (st == NULL || st->status == CERT_GOOD) {
		run_add(ca->build, c, CRL_EXTRA);
		return;
	}
	crl_entry_of(ca->build, st, &ours);
	if (is_in_scope(ca, st)) {
		run_add(ca->build, &ours, CRL_AGREED);
		return;
	}
	crl_alarm(ca->build, &ours, "the store has on another shard "
	    "certificate");
	run_add(ca->build, &ours, CRL_DROPPED);
}

static void
run_fill(struct signer *s, struct signer_ca *ca)
{
	struct crl_build	*b = ca->build;
	bool			 theirs, ours;
	int			 order;

	while (b->nrun < CRL_RUN && b->nasked < WIRE_CRL_ASKED) {
		theirs = b->page_at < b->npage;
		if (!theirs && !b->page_is_last)
			return;
		ours = known_peek(ca);
		if (!ours && !theirs)
			return;
		order = !ours ? 1 : !theirs ? -1 :
		    crl_entry_compare(&b->known, &b->page[b->page_at]);
		if (order <= 0) {
			run_add(b, &b->known, order == 0 ? CRL_AGREED :
			    b->is_stray ? CRL_STRAY : CRL_MISSING);
			b->has_known = false;
		} else
			run_add_theirs(s, ca, &b->page[b->page_at]);
		if (order >= 0)
			b->page_at++;
	}
}

static int
run_write(struct crl_build *b, struct error *e)
{
	size_t	 i;

	for (i = 0; i < b->nrun; i++)
		if (b->run[i].claim != CRL_DROPPED && crl_writer_add(
		    b->writer, &b->run[i].entry, e) == -1)
			return -1;
	b->nrun = 0;
	return 0;
}

int
crl_merge(struct signer *s, struct signer_ca *ca, struct error *e)
{
	struct crl_build	*b = ca->build;

	do {
		if (b->nasked > 0)
			return 0;
		if (run_write(b, e) == -1)
			return -1;
		run_fill(s, ca);
	} while (b->nrun > 0);
	return 0;
}

bool
crl_merge_is_complete(struct signer_ca *ca)
{
	struct crl_build	*b = ca->build;

	return b->page_is_last && b->page_at == b->npage && b->nrun == 0 &&
	    !known_peek(ca);
}

static bool
is_same(const struct crl_entry *a, const struct crl_entry *b)
{
	return a->reason == b->reason && a->revoked_at == b->revoked_at &&
	    a->invalid_since == b->invalid_since;
}

/* What one certificate has in a delta: true if anything. */
static bool
delta_entry(const struct crl_build *b, const struct ledger_status *st,
    const struct crl_entry *old, struct crl_entry *c)
{
	if (st == NULL || (st->status == CERT_GOOD && old == NULL))
		return false;
	crl_entry_of(b, st, c);
	if (st->status != CERT_GOOD)
		return old == NULL || !is_same(c, old);
	if (has_a_turn_left(b, st))
		return false;
	c->reason = CRL_REMOVE;
	c->invalid_since = 0;
	return true;
}

int
crl_merge_delta(struct signer_ca *ca, struct error *e)
{
	struct crl_build		*b = ca->build;
	const struct ledger_status	*st;
	const struct crl_entry		*old;
	struct crl_entry		 c;
	int				 i;

	for (i = 0; i < CRL_STEP; i++) {
		if (b->ledger_at == b->nledger || !both_next(ca, &st, &old))
			return 0;
		if (delta_entry(b, st, old, &c) &&
		    crl_writer_add(b->writer, &c, e) == -1)
			return -1;
	}
	return 1;
}
