/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statuses: those at hand that are still so, and the others from the store,
 * held against the floor.
 */
#include "responder_private.h"

#include <string.h>

#include "base/text.h"

static void
set_keys(struct responder_thread *t)
{
	const struct ocsp_request	*q = &t->request;
	size_t				 i;

	for (i = 0; i < q->n; i++) {
		struct cell_key	*k = &t->key[i];

		k->ca = t->ca->number;
		k->serial_len = q->id[i].serial.len <= sizeof(k->serial) ?
		    (uint8_t)q->id[i].serial.len : 0;
		memcpy(k->serial, q->id[i].serial.p, k->serial_len);
	}
}

/* Of what never was, the next act may be the issuing. */
static bool
is_known(const struct responder *r, const struct cell *c)
{
	if (c == NULL || c->status.state == CELL_UNREAD)
		return false;
	return c->status.state != CELL_NEVER_ISSUED ||
	    c->seq >= cells_seq(r->cells);
}

/* No certificate has such a number, whatever the store says. */
static bool
is_no_number(const struct cell_key *k)
{
	return k->serial_len == 0 || k->serial_len > DB_SERIAL;
}

static struct cell_status
status_of(const struct db_ocsp_status *row)
{
	struct cell_status	 s = { .state = CELL_REVOKED,
	    .reason = (int8_t)(row->reason <= 0 ? -1 : row->reason),
	    .revoked_at = row->revoked_at, .not_after = row->not_after };

	if (row->status == DB_STATUS_NONE)
		s.state = CELL_NEVER_ISSUED;
	else if (row->status == DB_STATUS_GOOD)
		s.state = CELL_GOOD;
	else if (row->status == DB_STATUS_HELD)
		s.reason = 6;
	return s;
}

static int
judge(struct responder_thread *t, const struct cell_key *key,
    struct db_ocsp_status *row, struct error *e)
{
	const struct responder	*r = t->r;
	struct floor_court	 court = { r->floor, t->issuers,
	    issuer_source_roots(r->issuers), r->conf->officers_ca,
	    &r->profiles, t->db };
	struct error		 why = ERROR_INIT;
	char			 hex[2 * CELL_SERIAL + 1];
	int			 overruled;

	overruled = floor_judge(&court, key, row, &why, e);
	if (overruled != 1)
		return overruled;
	reading_add(r->readings, READ_FLOOR);
	complain(r->complaints, COMPLAIN_FLOOR, &why, "ALARM certificate %s of "
	    "CA %s is answered as its last CRL has it", text_hex(hex,
	    key->serial, key->serial_len), t->ca->name);
	return 0;
}

/* From the store, in one query, what is not at hand. */
static int
read_rows(struct responder_thread *t, const size_t *missing, size_t n,
    struct db_ocsp_status *row, int64_t *seq, struct error *e)
{
	const struct responder	*r = t->r;
	struct db_ocsp_key	 key[OCSP_IDS_MAX];
	int64_t			 feed_seq = cells_seq(r->cells);
	size_t			 i;
	int			 tries;

	for (i = 0; i < n; i++) {
		const struct cell_key	*k = &t->key[missing[i]];

		key[i].ca = t->ca->name;
		key[i].serial.len = k->serial_len;
		memcpy(key[i].serial.p, k->serial, k->serial_len);
	}
	for (tries = 0; ; tries++) {
		reading_add(r->readings, READ_STORE);
		error_clear(e);
		if (db_ocsp_read(t->db, key, n, row, seq, e) == 0)
			break;
		/* Perhaps only this connection is gone, as at a restart. */
		if (e->code != ERROR_UPSTREAM || tries == 1) {
			feed_doubt(r->feed);
			return -1;
		}
	}
	/* Another host than the feed's: what it says may be old.  Once that is
	 * a replica that is a moment late; but not every time. */
	if (*seq < feed_seq) {
		if (t->late++ == 0)
			db_disconnect(t->db);
		else
			db_turn(t->db);
		return error_set(e, ERROR_UPSTREAM, "this server is behind the "
		    "one whose changes are followed");
	}
	t->late = 0;
	return 0;
}

static int
read_missing(struct responder_thread *t, const size_t *missing, size_t n,
    struct error *e)
{
	struct db_ocsp_status	 row[OCSP_IDS_MAX];
	struct cell_status	 s;
	int64_t			 seq;
	size_t			 i;

	if (read_rows(t, missing, n, row, &seq, e) == -1)
		return -1;
	for (i = 0; i < n; i++) {
		struct cell	**c = &t->cell[missing[i]];

		if (judge(t, &t->key[missing[i]], &row[i], e) == -1)
			return -1;
		s = status_of(&row[i]);
		cell_free(c);
		*c = cells_put(t->r->cells, &t->key[missing[i]], &s, seq);
	}
	return 0;
}

int
responder_find_statuses(struct responder_thread *t, struct error *e)
{
	static const struct cell_status	 never = {
	    .state = CELL_NEVER_ISSUED, .reason = -1 };
	size_t				 missing[OCSP_IDS_MAX], i, n = 0;

	/* Before anything is taken as known: it is so only now. */
	if (feed_check(t->r->feed, e) == -1)
		return -1;
	if (!floor_is_ready(t->r->floor, t->ca->number))
		return error_set(e, ERROR_UPSTREAM, "the last list of CA %s "
		    "is not here yet", t->ca->name);
	set_keys(t);
	for (i = 0; i < t->request.n; i++) {
		t->cell[i] = cells_get(t->r->cells, &t->key[i]);
		if (is_known(t->r, t->cell[i]))
			continue;
		if (!is_no_number(&t->key[i])) {
			missing[n++] = i;
			continue;
		}
		cell_free(&t->cell[i]);
		t->cell[i] = cells_put(t->r->cells, &t->key[i], &never,
		    INT64_MAX);
	}
	return n > 0 ? read_missing(t, missing, n, e) : 0;
}
