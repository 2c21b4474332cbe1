/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which card this is: a blank that gets the next item, one that was begun, or
 * none of ours.
 */
#include "office_private.h"

#include "base/text.h"
#include "office_letter.h"

#define IDENTITY_MAX	64

/* By what the plastic is known; without anything, by the name that we gave. */
static int
identity_of(char dst[IDENTITY_MAX], const struct card_info *i,
    struct error *e)
{
	char	 hex[2 * DB_CARD_ID + 1];

	if (*i->identity != '\0')
		snprintf(dst, IDENTITY_MAX, "%s", i->identity);
	else if (i->has_guid)
		snprintf(dst, IDENTITY_MAX, "guid:%s", text_hex(hex, i->guid,
		    sizeof(i->guid)));
	else
		return error_set(e, ERROR_CONFLICT, "this card has neither a "
		    "serial number nor a name: it could not be told from "
		    "another; give each blank a CHUID of its own first");
	return 0;
}

bool
office_is_under_way(const char *state)
{
	static const char *const	 states[] = { "claimed", "keyed",
		"ordered", "certified", "written", "locked", "verified" };

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(state, states[i]) == 0)
			return true;
	return false;
}

static int
refuse(struct seat *s, const struct db_card *card, const char *why,
    struct error *e)
{
	if (office_refuse(s, card, why, e) == -1)
		return -1;
	return error_set(e, ERROR_CONFLICT, "%s", why);
}

static int
refuse_known(struct seat *s, const struct db_card *c, struct error *e)
{
	char	*why, at[TEXT_TIME_SIZE];
	int	 rc;

	if (strcmp(c->state, "spoiled") == 0)
		why = mem_printf("this card was spoiled (%s): put it aside",
		    c->reason != NULL ? c->reason : "no reason");
	else
		why = mem_printf("this is card %s of %s, %s since %s",
		    c->number, c->holder, c->state, text_time(at,
		    c->changed_at));
	rc = refuse(s, c, why, e);
	mem_free(&why);
	return rc;
}

/* A copy has the identity of another card; the name that we gave that one may
 * be missing, or the copy may bear it without having the keys, which the
 * engine finds out. */
static bool
is_copy(const struct db_card *c, const struct card_info *i)
{
	return strcmp(c->state, "claimed") != 0 && (!i->has_guid ||
	    memcmp(c->hold.id, i->guid, DB_CARD_ID) != 0);
}

static bool
is_of_ours(const struct office_setup *o, const char *batch)
{
	for (size_t i = 0; i < o->nbatches; i++)
		if (strcmp(o->batch[i], batch) == 0)
			return true;
	return false;
}

static int
refuse_foreign(struct seat *s, const struct db_card *c, struct error *e)
{
	char	*why = mem_printf("this card was begun for batch %s, which does "
		    "not run here", c->batch);
	int	 rc = refuse(s, c, why, e);

	mem_free(&why);
	return rc;
}

struct taking {
	struct seat		*seat;
	const struct db_card_hold *hold;
	struct db_card_new	 new;
	int			 found;
};

static int
take(struct db *db, void *arg, struct error *e)
{
	struct taking	*t = arg;
	struct seat	*s = t->seat;

	return db_card_take(db, t->hold, s->office->conf->station,
	    s->office->setup->reader[s->index], &s->card, s->arena, e);
}

static int
claim(struct db *db, void *arg, struct error *e)
{
	struct taking	*t = arg;

	t->found = db_card_claim(db, &t->new, &t->seat->card, t->seat->arena,
	    e);
	return t->found == -1 ? -1 : 0;
}

static int
resume(struct seat *s, const struct db_card *c, const struct card_info *i,
    struct error *e)
{
	struct taking	 t = { .seat = s, .hold = &c->hold };

	if (!is_of_ours(s->office->setup, c->batch))
		return refuse_foreign(s, c, e);
	if (is_copy(c, i))
		return refuse(s, c, "this card has the serial number of one "
		    "that is under way and not its name: one of the two is a "
		    "copy", e);
	return db_txn(s->office->db, take, &t, e);
}

static int
begin_blank(struct seat *s, const char *identity, const struct card_info *i,
    struct error *e)
{
	struct office	*o = s->office;
	struct taking	 t = { .seat = s, .new = { .identity = identity,
			    .family = "piv", .station = o->conf->station,
			    .reader = o->setup->reader[s->index],
			    .batch = o->setup->batch,
			    .nbatches = o->setup->nbatches } };

	if (o->nchannels > 0 && !i->extended && o->denied >= DENIED_MAX)
		return refuse(s, NULL, "the last cards have denied the keys of "
		    "their channel: compare them with the blanks, then start "
		    "the station again", e);
	if (i->default_management == 0)
		return refuse(s, NULL, "this is no blank: somebody has set "
		    "its management key, and it was not us", e);
	if (i->prefers_global_pin)
		return refuse(s, NULL, "this card wants its global PIN first, "
		    "and not the one that it would get here: its holder could "
		    "not use it; take cards of another kind", e);
	if (rng_fill(&rng_system, t.new.id, sizeof(t.new.id), e) == -1 ||
	    db_txn(o->db, claim, &t, e) == -1)
		return -1;
	if (t.found == 1)
		return 0;
	seat_tell(s, EVENT_NOTHING, "");
	return error_set(e, ERROR_NOTFOUND, "no item of these batches waits "
	    "for a card");
}

/* Has it been here before?  What only has a name had another when it came. */
static int
find_seen(struct seat *s, const char *identity, const struct card_info *i,
    struct db_card *seen, struct error *e)
{
	int	 found = db_card_seen(s->office->db, identity, seen, s->arena,
		    e);

	return found != 0 || *i->identity != '\0' ? found :
	    db_card_find(s->office->db, i->guid, seen, s->arena, e);
}

static int
identify(struct seat *s, const struct card_info *info, struct error *e)
{
	char		 identity[IDENTITY_MAX];
	struct db_card	 seen;
	int		 found;

	if (identity_of(identity, info, e) == -1)
		return refuse(s, NULL, e->text, e);
	if ((found = find_seen(s, identity, info, &seen, e)) == -1)
		return -1;
	if (found == 0 || strcmp(seen.state, "returned") == 0)
		return begin_blank(s, identity, info, e);
	return office_is_under_way(seen.state) ? resume(s, &seen, info, e) :
	    refuse_known(s, &seen, e);
}

/* ---- what it is to become ---- */

static int
fill_slot(struct job_slot *s, const struct layout_slot *l,
    const struct db_card_keys *keys, struct error *e)
{
	const struct db_card_key *k = NULL;

	if (card_slot_named(&s->slot, l->slot, e) == -1 ||
	    card_alg_named(&s->alg, l->alg, e) == -1)
		return -1;
	for (size_t i = 0; i < keys->n; i++)
		if (strcmp(keys->v[i].slot, l->slot) == 0)
			k = &keys->v[i];
	if (k == NULL)
		return 0;
	s->key_der = k->spki;
	s->ordered = k->ordered;
	s->cert_der = k->der;
	return 0;
}

static int
fill_slots(struct seat *s, struct job *j, struct error *e)
{
	struct db_card_keys	 keys;

	if (db_card_keys(s->office->db, s->card.hold.id, &keys, s->arena,
	    e) == -1)
		return -1;
	for (size_t i = 0; i < s->layout->slots.n && i < JOB_SLOTS; i++) {
		j->nslots = i + 1;
		if (fill_slot(&j->slot[i], layout_slot(s->layout, i), &keys,
		    e) == -1)
			return -1;
	}
	return 0;
}

int64_t
seat_expires(const struct seat *s)
{
	return s->card.expires != 0 ? s->card.expires :
	    s->card.claimed_at + s->layout->validity;
}

static void
set_expiry(struct seat *s, struct job *j)
{
	char	 at[TEXT_TIME_SIZE];

	text_time(at, seat_expires(s));
	snprintf(j->expires, sizeof(j->expires), "%.4s%.2s%.2s", at, at + 5,
	    at + 8);
}

static int
fill_job(struct seat *s, struct job *j, struct error *e)
{
	struct office		*o = s->office;
	const struct channel	*channel;

	*j = (struct job){ .name = { .expires = j->expires } };
	memcpy(j->name.guid, s->card.hold.id, sizeof(j->name.guid));
	/* Random as the GUID is, and the same each time. */
	memcpy(j->name.unique, s->card.hold.id, sizeof(j->name.unique));
	snprintf(j->number, sizeof(j->number), "%s", s->card.number);
	snprintf(j->holder, sizeof(j->holder), "%s", s->card.holder);
	set_expiry(s, j);
	if ((channel = seat_channel(s)) != NULL) {
		j->is_bare = true;
		j->channel_version = channel->conf->version & 0xff;
		j->channel_s16 = channel->conf->long_challenges;
	}
	return secret_dup(&j->factory_management, &o->factory_management,
	    e) == -1 || secret_dup(&j->factory_pin, &o->factory_pin, e) == -1 ||
	    secret_dup(&j->factory_puk, &o->factory_puk, e) == -1 ||
	    fill_slots(s, j, e) == -1 ||
	    office_known_secrets(s, j, e) == -1 ? -1 : 0;
}

/* A file that is wrong is no fault of the card: it waits until somebody has
 * mended that. */
static int
get_layout(struct seat *s, struct error *e)
{
	if (layout_find(&s->layout, s->office->conf->layouts, s->card.layout,
	    e) == 0 && office_letter_check(s->office, s->layout, e) == 0)
		return 0;
	error_wrap(e, "the card is left as it is");
	return refuse(s, &s->card, e->text, e);
}

int
office_found(void *arg, const struct card_info *info, struct job *j,
    struct error *e)
{
	struct seat		*s = arg;
	struct db_card_step	 open;
	unsigned int		 failures = s->failures;
	uint8_t			 before[DB_CARD_ID];
	bool			 had = s->has_card;
	int			 found;

	memcpy(before, s->card.hold.id, sizeof(before));
	seat_leave(s);
	if (identify(s, info, e) == -1)
		return -1;
	s->has_card = s->at_hand = true;
	s->extended = info->extended;
	if (had && memcmp(before, s->card.hold.id, sizeof(before)) == 0)
		s->failures = failures;
	if (get_layout(s, e) == -1 || (found = db_card_step_open(s->office->db,
	    s->card.hold.id, &open, s->arena, e)) == -1)
		return -1;
	s->step = found == 1 ? open.seq : 0;
	seat_tell(s, EVENT_JOB, "");
	if (fill_job(s, j, e) == -1)
		return -1;
	/* The CA may have answered while nobody waited for it. */
	return job_has_certs(j) ? seat_certified(s, e) : 0;
}
