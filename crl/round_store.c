/* SPDX-License-Identifier: Apache-2.0 */
#include "round_private.h"

#include "base/log.h"
#include "base/text.h"
#include "db/db_audit.h"
#include "db/db_gauge.h"
#include "db/db_ocsp.h"

static const struct db_table *const tables[] = {
	&DB_AUDIT_APPEND, &DB_CA, &DB_CA_USE, &DB_CRL, &DB_CRL_HEAD,
	&DB_GAUGE_PUBLISH, &DB_HEARTBEAT,
};

/* -1: the store is away. */
static int
take_list(struct round *r, const struct db_crl *row, struct error *e)
{
	struct error	 why = ERROR_INIT, alive = ERROR_INIT;
	struct item	*it = round_item(r, row->ca, row->base > 0 ? ITEM_DELTA :
			    ITEM_LIST, row->shard);

	it->seen = true;
	if (strcmp(it->ca, row->ca) != 0 || it->shard != row->shard ||
	    (it->kind == ITEM_DELTA) != (row->base > 0))
		error_set(&why, ERROR_DENIED, "list %lld of CA %s would lie "
		    "where one of CA %s is", (long long)row->number, row->ca,
		    it->ca);
	else if (row->number == it->number && it->there) {
		it->refused = 0;
		error_clear(&it->why);
		return 0;
	} else if (row->number < it->number)
		error_set(&why, ERROR_DENIED, "the store has none newer, but "
		    "%lld was published", (long long)it->number);
	else if (it->refused == row->number &&
	    clock_monotonic_ms() < it->again_ms) {
		r->refusals++;
		return 0;
	} else if (shelf_put_list(&r->shelf, r->db, row, it, &why) == 0) {
		round_accept(r, it);
		return 0;
	}
	/* A part that is missing looks like a store that is gone. */
	if (round_is_away(&why) && db_heartbeat(r->db, &alive) == -1 &&
	    round_is_away(&alive)) {
		*e = why;
		return -1;
	}
	round_refuse(r, it, row->number, &why);
	return 0;
}

static void
unsee(struct round *r)
{
	size_t	 i;

	for (i = 0; i < r->items.n; i++)
		r->items.v[i]->seen = false;
}

/* A list was published that the store does not have; deltas come and go. */
static void
miss_lists(struct round *r)
{
	struct error	 why = ERROR_INIT;
	struct item	*it;
	size_t		 i;

	for (i = 0; i < r->items.n; i++) {
		it = r->items.v[i];
		if (it->kind != ITEM_LIST || it->seen || it->number == 0 ||
		    it->by_file)
			continue;
		error_set(&why, ERROR_DENIED, "the store has none any more");
		round_refuse(r, it, it->number, &why);
	}
}

static int
take_lists(struct round *r, struct error *e)
{
	struct db_crls	 rows;
	size_t		 i;

	if (db_crl_heads(r->db, &rows, r->arena, e) == -1)
		return -1;
	for (i = 0; i < rows.n; i++)
		if (text_is_name(rows.v[i].ca) &&
		    take_list(r, &rows.v[i], e) == -1)
			return -1;
	miss_lists(r);
	return 0;
}

static const uint8_t *
known_key(struct round *r, const char *ca)
{
	static const uint8_t	 none[KEY_DIGEST_SIZE];
	struct item		*it = round_item(r, ca, ITEM_CERT, 0);

	return memcmp(it->key, none, sizeof(none)) == 0 ? NULL : it->key;
}

/* Who was not believed, and is not in the store any more. */
static void
forget_strangers(struct round *r)
{
	struct item	*it;
	size_t		 i;

	for (i = r->items.n; i-- > 0;) {
		it = r->items.v[i];
		if (it->kind != ITEM_CERT || it->seen)
			continue;
		error_clear(&it->why);
		if (known_key(r, it->ca) != NULL)
			continue;
		round_forget(r, it->ca);
		items_drop(&r->items, i);
	}
}

static int
take_authorities(struct round *r, struct error *e)
{
	struct db_cas	 rows;
	struct error	 why = ERROR_INIT;
	struct item	*it;
	size_t		 i;

	if (db_ca_list(r->db, &rows, r->arena, e) == -1)
		return -1;
	unsee(r);
	for (i = 0; i < rows.n; i++) {
		if (!text_is_name(rows.v[i].name))
			continue;
		error_clear(&why);
		it = round_item(r, rows.v[i].name, ITEM_CERT, 0);
		it->seen = true;
		if (authorities_take(&r->authorities, &rows.v[i],
		    known_key(r, rows.v[i].name), r->shelf.now,
		    &why) == -1) {
			r->refusals++;
			if (strcmp(it->why.text, why.text) != 0)
				round_alarm(r, rows.v[i].name, &why);
			it->why = why;
		} else
			error_clear(&it->why);
	}
	forget_strangers(r);
	return 0;
}

static int
open_store(struct round *r, struct error *e)
{
	if (r->db != NULL)
		return 0;
	if (db_open_told(&r->db, r->conf->database, "signet-crld", tables,
	    sizeof(tables) / sizeof(tables[0]), r->bell, e) == -1)
		return -1;
	/* Nothing waits for us but the next round. */
	db_set_patience(r->db, 0);
	if (db_listen(r->db, "signet_crl", e) == -1) {
		db_close(&r->db);
		return -1;
	}
	return 0;
}

void
round_look_at_store(struct round *r)
{
	struct error	 e = ERROR_INIT;

	if (open_store(r, &e) == 0 && take_authorities(r, &e) == 0 &&
	    take_lists(r, &e) == 0 && round_look_at_backlog(r, &e) == 0) {
		if (r->store.code != ERROR_NONE)
			log_info("the store answers");
		error_clear(&r->store);
	} else {
		if (strcmp(r->store.text, e.text) != 0)
			log_error(&e, "the store is away, what is published "
			    "stays");
		r->store = e;
	}
	metric_set(r->store_up, r->store.code == ERROR_NONE);
}

int
round_heard(struct round *r)
{
	struct error	 e = ERROR_INIT;
	char		 channel[64];
	int		 got;

	while ((got = db_notified(r->db, channel, &e)) == 1)
		continue;
	return got;
}

int
round_socket(const struct round *r)
{
	return r->db == NULL ? -1 : db_socket(r->db);
}

/* On a replica nobody can write, nor needs to. */
void
round_beat(struct round *r)
{
	struct error	 ignored = ERROR_INIT;

	if (r->db != NULL && r->store.code == ERROR_NONE)
		(void)db_heartbeat(r->db, &ignored);
}
