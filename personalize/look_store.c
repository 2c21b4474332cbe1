/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <openssl/crypto.h>

#include "db/db_card.h"
#include "look_private.h"

static X509 *
cert_in(const struct look *l, const char *slot)
{
	for (int s = 0; s < CARD_SLOT__MAX; s++)
		if (strcmp(card_slot_name((enum card_slot)s), slot) == 0)
			return l->cert[s];
	return NULL;
}

static bool
is_cert(X509 *cert, struct bytes der)
{
	unsigned char	*own = NULL;
	int		 n = i2d_X509(cert, &own);
	bool		 same = n > 0 && bytes_equal(BYTES(own, (size_t)n),
			    der);

	OPENSSL_free(own);
	return same;
}

/* What was issued for it, and nothing else. */
static void
compare_keys(struct look *l, const struct db_card_keys *keys)
{
	size_t	 known = 0;

	for (size_t i = 0; i < keys->n; i++) {
		const struct db_card_key	*k = &keys->v[i];
		X509				*cert = cert_in(l, k->slot);

		known += cert != NULL;
		if (k->der.p == NULL || k->written_at == 0)
			continue;
		if (cert == NULL)
			look_find(l, "%s: the certificate that was issued is "
			    "not there", k->slot);
		else if (!is_cert(cert, k->der))
			look_find(l, "%s: another certificate than was "
			    "issued", k->slot);
		else if (strcmp(k->cert_status, "good") != 0)
			look_find(l, "%s: the certificate is %s", k->slot,
			    k->cert_status);
	}
	if (known < l->ncerts)
		look_find(l, "the store knows nothing of %zu certificates on "
		    "it", l->ncerts - known);
}

/* Its life is over, or never began. */
static bool
is_over(const char *state)
{
	static const char *const	 over[] = { "spoiled", "lost",
		"returned", "destroyed", "replaced" };

	for (size_t i = 0; i < sizeof(over) / sizeof(over[0]); i++)
		if (strcmp(state, over[i]) == 0)
			return true;
	return false;
}

static void
say_card(struct look *l, const struct db_card *c)
{
	json_t	*s = json_object();

	json_object_set_new(s, "card", json_string(c->number));
	json_object_set_new(s, "holder", json_string(c->holder));
	json_object_set_new(s, "state", json_string(c->state));
	json_object_set_new(s, "batch", json_string(c->batch));
	json_object_set_new(l->o, "store", s);
	if (is_over(c->state))
		look_find(l, "card %s is %s%s%s", c->number, c->state,
		    c->reason != NULL ? ": " : "",
		    c->reason != NULL ? c->reason : "");
	if (strcmp(c->state, "claimed") != 0 && (!l->card.info.has_guid ||
	    memcmp(l->card.info.guid, c->hold.id, DB_CARD_ID) != 0))
		look_find(l, "it does not have the name of card %s: a copy, or "
		    "somebody has begun it anew", c->number);
}

/* By what the plastic is known, else by the name that we gave. */
static int
find(struct db *db, const struct card_info *i, struct db_card *c,
    struct arena *arena, struct error *e)
{
	int	 found = 0;

	if (*i->identity != '\0')
		found = db_card_seen(db, i->identity, c, arena, e);
	return found != 0 || !i->has_guid ? found :
	    db_card_find(db, i->guid, c, arena, e);
}

static int
compare(struct look *l, struct db *db, struct arena *arena, struct error *e)
{
	struct db_card		 c;
	struct db_card_keys	 keys;
	int			 found;

	if ((found = find(db, &l->card.info, &c, arena, e)) == -1)
		return -1;
	if (found == 0) {
		json_object_set_new(l->o, "store", json_null());
		if (l->ncerts > 0)
			look_find(l, "the store does not know this card");
		return 0;
	}
	if (db_card_keys(db, c.hold.id, &keys, arena, e) == -1)
		return -1;
	say_card(l, &c);
	compare_keys(l, &keys);
	return 0;
}

int
look_store(struct look *l, const struct station_conf *conf, struct error *e)
{
	static const struct db_table *const	 tables[] = { &DB_CARD };
	struct db				*db = NULL;
	struct arena				*arena = arena_new();
	int					 rc;

	rc = db_open(&db, conf->database, "signet-station", tables, 1, e);
	if (rc == 0)
		rc = compare(l, db, arena, e);
	db_close(&db);
	arena_free(&arena);
	return rc;
}
