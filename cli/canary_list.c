/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list at its address, held against the store from the first entry to the
 * last.  Both are in the order of numbers, so neither is kept in memory.  A
 * shard's list is held against what is of that shard; a delta against what
 * has changed since its base.
 */
#include "cli/canary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "db/db_crl.h"
#include "net/fetch.h"
#include "x509/crl.h"

#define LIST_MAX	(INT64_C(1) << 32)
#define LIST_MS		60000	/* it may be big */
#define PAGE		2000

struct held {			/* the list against the store */
	struct canary		*canary;
	struct canary_ask	 ask;
	const struct crl	*crl;
	int64_t			 shard;		/* 0: of all */
	bool			 is_delta;
	int64_t			 since;		/* of a delta: its base's
						 * thisUpdate */
	struct arena		*arena;		/* of the page */
	struct db_crl_entries	 page;
	size_t			 at;
	struct db_serial	 last;
	bool			 end;
	int64_t			 now;
};

/* 1 with the store's next entry, 0 at the end, -1. */
static int
store_next(struct held *h, struct crl_entry *out, struct error *e)
{
	const struct db_crl_entry	*x;

	if (h->at == h->page.n && !h->end) {
		arena_reset(h->arena);
		if (db_crl_entries(h->canary->cli->desk.db, h->ask.ca,
		    h->shard, h->last.len > 0 ? &h->last : NULL, h->now, PAGE, &h->page,
		    h->arena, e) == -1)
			return -1;
		h->at = 0;
		h->end = h->page.n < PAGE;
	}
	if (h->at == h->page.n)
		return 0;
	x = &h->page.v[h->at++];
	h->last = x->serial;
	*out = (struct crl_entry){ .serial_len = (uint8_t)x->serial.len,
	    .reason = (int8_t)(x->reason == 0 ? -1 : x->reason),
	    .revoked_at = x->revoked_at, .invalid_since = x->invalid_since };
	memcpy(out->serial, x->serial.p, x->serial.len);
	return 1;
}

/* On the list, and by the store neither revoked nor held. */
static int
only_listed(struct held *h, const struct crl_entry *x, struct error *e)
{
	struct cli			*c = h->canary->cli;
	struct db_serial		 serial = { .len = x->serial_len };
	struct db_status_entries	 was;
	struct db_cert			 row;
	char				 hex[2 * DB_SERIAL + 1];
	int				 found;

	if (x->serial_len > DB_SERIAL)
		return error_set(e, ERROR_INPUT, "a number of %u octets on "
		    "the list", x->serial_len);
	memcpy(serial.p, x->serial, x->serial_len);
	text_hex(hex, serial.p, serial.len);
	found = db_cert_find(c->desk.db, h->ask.ca, &serial, &row, h->arena, e);
	if (found == -1 || db_cert_history(c->desk.db, h->ask.ca, &serial, &was,
	    h->arena, e) == -1)
		return -1;
	if (found == 0)
		canary_bad(h->canary, &h->ask, CANARY_WRONG,
		    "%s is on the list, and the store has no such certificate",
		    hex);
	else if (x->reason == CRL_REMOVE && strcmp(row.status, "good") == 0)
		return 0;
	else if (row.not_after <= h->now || (was.n > 0 && x->reason == 6 &&
	    strcmp(was.v[was.n - 1].status, "good") == 0 &&
	    was.v[was.n - 1].changed_at >= h->crl->params.this_update))
		return 0;
	else
		canary_bad(h->canary, &h->ask, CANARY_WRONG,
		    "%s is on the list, and %s in the store", hex,
		    row.status);
	return 0;
}

/* In the store, and not on the list though it was there in time. */
static void
only_stored(struct held *h, const struct crl_entry *x)
{
	char	 hex[2 * sizeof(x->serial) + 1];

	/* What is older is on the base. */
	if (x->revoked_at >= h->since &&
	    x->revoked_at < h->crl->params.this_update - h->canary->lag)
		canary_bad(h->canary, &h->ask, CANARY_WRONG,
		    "%s is revoked in the store, and not on the list",
		    text_hex(hex, x->serial, x->serial_len));
}

static void
both(struct held *h, const struct crl_entry *list, const struct crl_entry *row)
{
	char	 hex[2 * sizeof(list->serial) + 1];

	if (list->revoked_at == row->revoked_at &&
	    list->reason == row->reason &&
	    list->invalid_since == row->invalid_since)
		return;
	/* A hold that became a revocation since, or is a new one. */
	if ((list->reason == 6 || list->reason == CRL_REMOVE) &&
	    row->revoked_at >= h->crl->params.this_update)
		return;
	canary_bad(h->canary, &h->ask, CANARY_WRONG, "date or reason of %s "
	    "is another in the store than on the list", text_hex(hex,
	    list->serial, list->serial_len));
}

static int
compare(struct held *h, struct error *e)
{
	struct crl_entry	 list, row;
	size_t			 pos = 0;
	bool			 listed = crl_next(h->crl, &pos, &list);
	int			 stored = store_next(h, &row, e), order;

	while (stored != -1 && (listed || stored == 1)) {
		order = !listed ? 1 : stored == 0 ? -1 :
		    crl_entry_compare(&list, &row);
		if (order < 0 && only_listed(h, &list, e) == -1)
			return -1;
		if (order == 0)
			both(h, &list, &row);
		if (order > 0)
			only_stored(h, &row);
		if (order <= 0)
			listed = crl_next(h->crl, &pos, &list);
		if (order >= 0)
			stored = store_next(h, &row, e);
	}
	return stored == -1 ? -1 : 0;
}

/* The store's newest of the kind against the number of this one. */
static int
judge_number(struct held *h, struct error *e)
{
	const struct crl_params	*p = &h->crl->params;
	struct db_crl		 row;
	char			 at[TEXT_TIME_SIZE];
	int			 found;

	found = db_crl_find(h->canary->cli->desk.db, h->ask.ca, h->shard,
	    h->is_delta ? DB_CRL_DELTA : DB_CRL_COMPLETE, 0, &row,
	    h->canary->cli->desk.arena, e);
	if (found == -1)
		return -1;
	if (found == 1 && row.number > p->number &&
	    row.this_update < h->now - h->canary->lag)
		canary_bad(h->canary, &h->ask, CANARY_WRONG,
		    "number %lld, and the store has %lld since %s",
		    (long long)p->number, (long long)row.number,
		    text_time(at, row.this_update));
	if (found == 0 || row.number < p->number)
		canary_bad(h->canary, &h->ask, CANARY_WRONG,
		    "number %lld, which the store has not got",
		    (long long)p->number);
	return 0;
}

/* When what is on the delta's base was so: 1, 0 there is no such list, -1. */
static int
find_base(struct held *h, struct error *e)
{
	const struct crl_params	*p = &h->crl->params;
	struct db_crl		 row;
	int			 found;

	found = db_crl_find(h->canary->cli->desk.db, h->ask.ca, 0,
	    DB_CRL_COMPLETE, p->base, &row, h->canary->cli->desk.arena, e);
	if (found == 1)
		h->since = row.this_update;
	else if (found == 0)
		canary_bad(h->canary, &h->ask, CANARY_WRONG, "it adds to "
		    "number %lld, which the store has not got",
		    (long long)p->base);
	return found;
}

/* Is it what belongs there, is it in time, and does the store say the same? */
static int
judge(struct held *h, struct error *e)
{
	const struct crl_params	*p = &h->crl->params;
	char			 at[TEXT_TIME_SIZE];
	const char		*is = p->base != 0 ? "a delta" :
				    p->idp.p != NULL ? "a shard's list" :
				    "a complete list";
	int			 found = 1;

	if (p->next_update <= h->now)
		canary_bad(h->canary, &h->ask, CANARY_WRONG,
		    "number %lld has run out at %s", (long long)p->number,
		    text_time(at, p->next_update));
	if ((p->base != 0) != h->is_delta ||
	    (p->idp.p != NULL) != (h->shard > 0)) {
		canary_bad(h->canary, &h->ask, CANARY_WRONG, "%s is at this "
		    "address", is);
		return 0;
	}
	if (h->shard > 0 && !bytes_equal(p->idp, BYTES(h->ask.address,
	    strlen(h->ask.address)))) {
		canary_bad(h->canary, &h->ask, CANARY_WRONG, "the list of "
		    "%.*s is at this address", (int)p->idp.len,
		    (const char *)p->idp.p);
		return 0;
	}
	if (judge_number(h, e) == -1 ||
	    (h->is_delta && (found = find_base(h, e)) == -1))
		return -1;
	return found == 1 ? compare(h, e) : 0;
}

static int	 fetch_list(struct held *, const struct desk_issuer *,
		    struct error *);

/* Where a complete list says that its deltas are. */
static int
look_at_delta(struct held *complete, const struct desk_issuer *ca,
    struct error *e)
{
	const struct bytes	 url = complete->crl->params.freshest;
	struct canary		*n = complete->canary;
	struct held		 h = { .canary = n, .is_delta = true,
	    .now = complete->now };

	if (url.p == NULL)
		return 0;
	h.ask = (struct canary_ask){ ca->name, "delta", arena_printf(
	    n->cli->desk.arena, "%.*s", (int)url.len, (const char *)url.p) };
	return canary_asked(n, &h.ask) ? 0 : fetch_list(&h, ca, e);
}

static int
look(struct held *h, const struct desk_issuer *ca, const char *path,
    int64_t ms, struct error *e)
{
	struct issuer	 issuer = { 0 };
	struct crl	*crl = NULL;
	int		 rc = -1;

	if (issuer_init(&issuer, ca->name, ca->cert, e) == -1)
		return -1;
	if (crl_load(&crl, path, &issuer, e) == -1) {
		canary_bad(h->canary, &h->ask, CANARY_WRONG, "%s", e->text);
		error_clear(e);
		rc = 0;
		goto out;
	}
	h->crl = crl;
	h->arena = arena_new();
	if ((rc = judge(h, e)) == 0) {
		canary_good(h->canary, &h->ask, ms,
		    h->now - crl->params.this_update);
		rc = h->is_delta ? 0 : look_at_delta(h, ca, e);
	}
	arena_free(&h->arena);
 out:
	crl_free(&crl);
	issuer_clear(&issuer);
	return rc;
}

/* A delta is taken away when a complete list has overtaken it. */
static int
is_overtaken(struct held *h, struct error *e)
{
	struct db	*db = h->canary->cli->desk.db;
	struct arena	*a = h->canary->cli->desk.arena;
	struct db_crl	 delta, complete;
	int		 found;

	if ((found = db_crl_find(db, h->ask.ca, 0, DB_CRL_DELTA, 0, &delta, a,
	    e)) != 1)
		return found == -1 ? -1 : 1;
	if ((found = db_crl_find(db, h->ask.ca, 0, DB_CRL_COMPLETE, 0,
	    &complete, a, e)) == -1)
		return -1;
	return found == 1 && complete.number > delta.number;
}

static int
judge_reply(struct held *h, const struct desk_issuer *ca,
    const struct fetch_reply *r, const char *path, struct error *e)
{
	int	 overtaken;

	if (r->status == 200 && strcmp(r->type, "application/pkix-crl") == 0)
		return look(h, ca, path, r->ms, e);
	if (h->is_delta && r->status == 404) {
		if ((overtaken = is_overtaken(h, e)) == -1)
			return -1;
		if (overtaken == 1) {
			canary_good(h->canary, &h->ask, r->ms, -1);
			return 0;
		}
	}
	canary_bad(h->canary, &h->ask, CANARY_WRONG, "HTTP status %d, "
	    "Content-Type \"%s\"", r->status, r->type);
	return 0;
}

static int
fetch_list(struct held *h, const struct desk_issuer *ca, struct error *e)
{
	const char		*dir = getenv("TMPDIR");
	struct fetch		 f = { .url = h->ask.address, .max = LIST_MAX,
	    .ms = h->canary->ms > LIST_MS ? h->canary->ms : LIST_MS };
	struct fetch_reply	 r = { .status = 0 };
	char			*path;
	int			 rc = -1;

	path = mem_printf("%s/signet-canary.XXXXXX", dir != NULL ? dir :
	    "/tmp");
	if ((f.fd = mkstemp(path)) == -1) {
		error_sys(e, "%s", path);
		goto out;
	}
	if (fetch(&r, &f, e) == -1) {
		canary_failed(h->canary, &h->ask, e);
		error_clear(e);
		rc = 0;
	} else
		rc = judge_reply(h, ca, &r, path, e);
 out:
	fetch_reply_clear(&r);
	if (f.fd != -1) {
		close(f.fd);
		unlink(path);
	}
	mem_free(&path);
	return rc;
}

int
canary_list(struct canary *n, const struct desk_issuer *ca, int64_t shard,
    const char *url, struct error *e)
{
	struct held	 h = { .canary = n, .shard = shard,
	    .ask = { ca->name, shard > 0 ? "list of a shard" : "list", url },
	    .now = clock_now(n->cli->desk.clock) };

	return fetch_list(&h, ca, e);
}
