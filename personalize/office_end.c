/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a card ends: issued, with its letter, or spoiled.
 */
#include "office_private.h"

#include "audit/chain.h"
#include "db/db_audit.h"
#include "office_letter.h"
#include "os/fault.h"

static int
audit_card(struct db *db, const struct seat *s, const char *act,
    const struct db_card *c, const char *state, const char *reason,
    struct error *e)
{
	struct buf	 body = { 0 };

	audit_begin(&body, act, clock_now(&clock_system));
	if (c != NULL) {
		audit_str(&body, "card", c->number);
		if (state != NULL)
			audit_str(&body, "state", state);
		audit_str(&body, "identity", c->identity);
		audit_str(&body, "holder", c->holder);
		audit_str(&body, "batch", c->batch);
	}
	audit_str(&body, "station", s->office->conf->station);
	if (reason != NULL)
		audit_str(&body, "reason", reason);
	return db_audit_add(db, &body, e);
}

/* ---- refused ---- */

struct refusal {
	struct seat		*seat;
	const struct db_card	*card;
	const char		*why;
};

static int
note_refusal(struct db *db, void *arg, struct error *e)
{
	const struct refusal	*r = arg;

	if (r->card != NULL && db_card_event(db, r->card->hold.id, "refused",
	    r->seat->office->conf->station, r->why, e) == -1)
		return -1;
	return audit_card(db, r->seat, "card-refused", r->card, NULL, r->why,
	    e);
}

int
office_refuse(struct seat *s, const struct db_card *card, const char *why,
    struct error *e)
{
	struct refusal	 r = { s, card, why };

	if (db_txn(s->office->db, note_refusal, &r, e) == -1)
		return -1;
	seat_tell(s, EVENT_REFUSED, why);
	return 0;
}

/* ---- issued ---- */

struct issuing {
	struct seat		*seat;
	struct office_letter	*letter;
};

static int
issue(struct db *db, void *arg, struct error *e)
{
	struct issuing	*i = arg;
	struct seat	*s = i->seat;

	if (seat_close_step(s, db, e) == -1 ||
	    db_card_advance(db, &s->card.hold, "locked", "verified", e) == -1 ||
	    db_card_issue(db, &s->card.hold, seat_expires(s),
	    i->letter->row.number == NULL ? NULL : &i->letter->row, e) == -1)
		return -1;
	FAULT("office.issuing");
	return audit_card(db, s, "card", &s->card, "issued", NULL, e);
}

int
office_issued(void *arg, struct error *e)
{
	struct seat		*s = arg;
	struct office_letter	 letter = { .row = { .number = NULL } };
	struct issuing		 i = { s, &letter };
	int			 rc = -1;

	if (!s->has_card)
		return error_set(e, ERROR_BUG, "no card was found");
	if (office_letter(s, &letter, e) == 0)
		rc = db_txn(s->office->db, issue, &i, e);
	office_letter_clear(&letter);
	if (rc == 0) {
		seat_tell(s, EVENT_ISSUED, "");
		seat_leave(s);
	}
	return rc;
}

/* ---- spoiled ---- */

struct spoiling {
	struct seat	*seat;
	const char	*reason;
	int		 certs;
};

static int
spoil(struct db *db, void *arg, struct error *e)
{
	struct spoiling	*p = arg;

	if (db_card_spoil(db, &p->seat->card.hold, p->reason, &p->certs,
	    e) == -1)
		return -1;
	FAULT("office.spoiling");
	return audit_card(db, p->seat, "card", &p->seat->card, "spoiled",
	    p->reason, e);
}

/* Taken over in another reader while it answered here: then it is there twice,
 * with whatever keys it has.  Who has it there can write nothing any more. */
static int
spoil_copied(struct db *db, void *arg, struct error *e)
{
	struct spoiling		*p = arg;
	struct seat		*s = p->seat;
	struct db_card		 now;
	int			 found;

	p->certs = -1;
	if ((found = db_card_find(db, s->card.hold.id, &now, s->arena,
	    e)) == -1)
		return -1;
	if (found == 0 || now.hold.turn == s->card.hold.turn ||
	    !office_is_under_way(now.state))
		return 0;
	if (db_card_take(db, &now.hold, s->office->conf->station,
	    s->office->setup->reader[s->index], &s->card, s->arena, e) == -1)
		return -1;
	return spoil(db, p, e);
}

/* 1: the card was a copy, or has one; it is spoiled. */
static int
end_copied(struct seat *s, struct error *e)
{
	struct spoiling	 p = { s, "it answered in two readers at once: one of "
			    "the two is a copy", -1 };

	if (!s->at_hand)
		return 0;
	if (db_txn(s->office->db, spoil_copied, &p, e) == -1)
		return -1;
	if (p.certs == -1)
		return 0;
	seat_tell(s, EVENT_SPOILED, p.reason);
	seat_leave(s);
	return 1;
}

/*
 * What the card denies it may deny because it is another one that pretends:
 * the one that we know shall not be lost for that.  A person decides.
 */
static int
set_aside(struct seat *s, const struct error *why, struct error *e)
{
	if (office_refuse(s, &s->card, why->text, e) == -1)
		return -1;
	seat_leave(s);
	return 0;
}

/* Was anything ever done to it?  If not, nothing can be lost. */
static int
is_untouched(struct seat *s, struct error *e)
{
	struct db_card_steps	 steps;

	if (strcmp(s->card.state, "claimed") != 0)
		return 0;
	if (db_card_steps(s->office->db, s->card.hold.id, &steps, s->arena,
	    e) == -1)
		return -1;
	for (size_t i = 0; i < steps.n; i++)
		if (strncmp(steps.v[i].step, "channel", 7) != 0)
			return 0;
	return 1;
}

int
office_failed(void *arg, const struct error *why, bool *again,
    struct error *e)
{
	struct seat	*s = arg;
	struct spoiling	 p = { s, why->text, 0 };
	int		 untouched, copied;

	*again = false;
	if (!s->has_card)
		return error_set(e, ERROR_BUG, "no card was found");
	if (why->code == ERROR_CONFLICT) {
		if ((copied = end_copied(s, e)) != 0)
			return copied == -1 ? -1 : 0;
		return set_aside(s, why, e);
	}
	/* What was denied once costs one of the card's tries each time. */
	if (why->code != ERROR_DENIED && ++s->failures < TRIES_MAX &&
	    !s->denied && !s->no_cert) {
		seat_tell(s, EVENT_FAILED, why->text);
		*again = true;
		return 0;
	}
	if ((untouched = is_untouched(s, e)) == -1)
		return -1;
	if (why->code == ERROR_DENIED && untouched == 0 && !s->no_cert)
		return set_aside(s, why, e);
	if (db_txn(s->office->db, spoil, &p, e) == -1)
		return -1;
	seat_tell(s, EVENT_SPOILED, why->text);
	seat_leave(s);
	return 0;
}
