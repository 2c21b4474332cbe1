/* SPDX-License-Identifier: Apache-2.0 */
#include "round.h"

#include <sys/stat.h>

#include "audit/chain.h"
#include "base/log.h"
#include "base/text.h"
#include "db/db_audit.h"
#include "db/db_ocsp.h"
#include "os/file.h"

#define AGAIN_MS	30000	/* until a refused list is looked at again */

static const struct db_table *const tables[] = {
	&DB_AUDIT_APPEND, &DB_CA, &DB_CA_USE, &DB_CRL, &DB_CRL_HEAD,
	&DB_HEARTBEAT,
};

static int
make_directory(const char *path, mode_t mode, struct error *e)
{
	if (file_exists(path))
		return 0;
	if (file_mkdir(path, mode, e) == -1)
		return -1;
	return chmod(path, mode) == -1 ? error_sys(e, "%s", path) : 0;
}

int
round_directories(const struct crld_conf *c, struct error *e)
{
	static const char *const	 below[] = { "", "/crl", "/ca" };
	char				*path;
	size_t				 i;
	int				 rc = 0;

	for (i = 0; rc == 0 && i < sizeof(below) / sizeof(below[0]); i++) {
		path = mem_printf("%s%s", c->directory, below[i]);
		rc = make_directory(path, 0755, e);
		mem_free(&path);
	}
	return rc == 0 ? make_directory(c->state, 0700, e) : -1;
}

/* CAs that were published before are known without the store. */
static void
know_published(struct round *r)
{
	struct error		 e = ERROR_INIT;
	struct buf		 der = { 0 };
	struct db_ca		 row = { .name = NULL };
	const struct item	*it;
	char			*path;
	size_t			 i;

	for (i = 0; i < r->items.n; i++) {
		it = r->items.v[i];
		if (it->kind != ITEM_CERT)
			continue;
		path = mem_printf("%s/%s", r->conf->directory, it->path);
		row.name = it->ca;
		error_clear(&e);
		if (file_load(&der, path, CERT_MAX, &e) == 0) {
			row.der = BYTES(der.p, der.len);
			(void)authorities_take(&r->authorities, &row, it->key,
			    r->shelf.now, &e);
		}
		buf_clear(&der);
		mem_free(&path);
	}
}

int
round_open(struct round *r, struct error *e)
{
	size_t	 i;

	r->arena = arena_new();
	r->shelf = (struct shelf){ .conf = r->conf,
	    .authorities = &r->authorities, .items = &r->items,
	    .now = clock_now(r->clock) };
	r->store_up = metrics_gauge(r->metrics, "signet_crld_store_up",
	    "The store answered in the last round.", NULL);
	r->published_count = metrics_counter(r->metrics,
	    "signet_crld_published", "Files that were published.", NULL);
	error_set(&r->store, ERROR_UPSTREAM, "not asked yet");
	if (authorities_load(&r->authorities, r->conf, r->shelf.now,
	    e) == -1 || items_load(&r->items, r->conf->state, e) == -1)
		return -1;
	know_published(r);
	for (i = 0; i < r->items.n; i++)
		if (r->items.v[i]->kind != ITEM_CERT)
			shelf_look(&r->shelf, r->items.v[i]);
	return 0;
}

void
round_close(struct round *r)
{
	db_close(&r->db);
	items_clear(&r->items);
	authorities_clear(&r->authorities);
	arena_free(&r->arena);
}

struct alarm {
	struct buf	 body;
};

static int
alarm_append(struct db *db, void *arg, struct error *e)
{
	struct alarm	*a = arg;
	struct bytes	 body = BYTES(a->body.p, a->body.len);

	return db_audit_append(db, &body, 1, NULL, e);
}

/* Somebody should look at this: in the log, in a metric, and for the auditor. */
static void
round_alarm(struct round *r, const char *ca, const struct error *why)
{
	struct alarm	 a = { .body = { 0 } };
	struct error	 e = ERROR_INIT;

	log_error(why, "ALARM publish");
	metric_add(metrics_counter(r->metrics, "signet_crld_refused",
	    "Lists and certificates that were not published.", "ca", ca,
	    NULL), 1);
	audit_begin(&a.body, "alarm", clock_now(r->clock));
	audit_str(&a.body, "what", "publish");
	audit_str(&a.body, "detail", why->text);
	audit_str(&a.body, "instance", r->conf->instance);
	if (r->db != NULL && db_txn(r->db, alarm_append, &a, &e) == -1)
		log_error(&e, "alarm is not in the audit chain");
	buf_clear(&a.body);
}

static bool
is_away(const struct error *e)
{
	return e->code == ERROR_UPSTREAM || e->code == ERROR_RETRY;
}

/* Each reason is said once, and counted in each round. */
static void
item_refuse(struct round *r, struct item *it, int64_t number,
    const struct error *why)
{
	struct error	 e = *why;

	r->refusals++;
	it->again_ms = clock_monotonic_ms() + AGAIN_MS;
	if (it->number > 0)
		error_hint(&e, "%s stays as it was, with list %lld",
		    it->path, (long long)it->number);
	if (number > 0)
		error_wrap(&e, "list %lld for %s", (long long)number,
		    it->path);
	else
		error_wrap(&e, "list for %s", it->path);
	if (it->refused == number && strcmp(it->why.text, e.text) == 0)
		return;
	it->refused = number;
	it->why = e;
	round_alarm(r, it->ca, &e);
}

static void
item_accept(struct round *r, struct item *it)
{
	it->refused = 0;
	error_clear(&it->why);
	r->published = true;
	metric_add(r->published_count, 1);
	log_info("published %s, list %lld", it->path, (long long)it->number);
}

static struct item *
item_for(struct round *r, const char *ca, enum item_kind kind, int64_t shard)
{
	char		*path = item_path(ca, kind, shard);
	struct item	*it = items_find(&r->items, path);

	if (it == NULL) {
		it = items_add(&r->items, path, ca, kind, shard);
		if (kind != ITEM_CERT)
			shelf_look(&r->shelf, it);
	}
	mem_free(&path);
	return it;
}

/* -1: the store is away. */
static int
take_list(struct round *r, const struct db_crl *row, struct error *e)
{
	struct error	 why = ERROR_INIT, alive = ERROR_INIT;
	struct item	*it = item_for(r, row->ca, row->base > 0 ? ITEM_DELTA :
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
		item_accept(r, it);
		return 0;
	}
	/* A part that is missing looks like a store that is gone. */
	if (is_away(&why) && db_heartbeat(r->db, &alive) == -1 &&
	    is_away(&alive)) {
		*e = why;
		return -1;
	}
	item_refuse(r, it, row->number, &why);
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
		item_refuse(r, it, it->number, &why);
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
	struct item		*it = item_for(r, ca, ITEM_CERT, 0);

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
		it = item_for(r, rows.v[i].name, ITEM_CERT, 0);
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

static void
put_certs(struct round *r)
{
	struct authority	*a;
	struct error		 e = ERROR_INIT;
	struct item		*it;
	size_t			 i;

	for (i = 0; i < r->authorities.n; i++) {
		a = r->authorities.v[i];
		if (!text_is_name(a->name))
			continue;
		it = item_for(r, a->name, ITEM_CERT, 0);
		error_clear(&e);
		if (shelf_put_cert(&r->shelf, a, it, &e) == -1) {
			r->refusals++;
			if (strcmp(it->why.text, e.text) != 0)
				log_error(&e, "publish %s", it->path);
			it->why = e;
		}
	}
}

/* "/etc/signet/ca/root.crl" is the list of "root". */
static void
take_root_list(struct round *r, const char *path)
{
	const char	*slash = strrchr(path, '/');
	const char	*base = slash == NULL ? path : slash + 1;
	char		 name[65];
	struct error	 why = ERROR_INIT;
	struct item	*it;
	int64_t		 before;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(base, "."), base);
	if (strlen(base) > 4 && strlen(base) < 68 &&
	    strcmp(base + strlen(base) - 4, ".crl") == 0)
		snprintf(name, sizeof(name), "%.*s", (int)strlen(base) - 4,
		    base);
	it = item_for(r, name, ITEM_LIST, 0);
	it->by_file = true;
	before = it->number;
	if (shelf_put_root_list(&r->shelf, path, it, &why) == -1)
		item_refuse(r, it, 0, &why);
	else if (it->number != before)
		item_accept(r, it);
	else {
		it->refused = 0;
		error_clear(&it->why);
	}
}

/* A delta that a newer list has overtaken and that has expired. */
static void
drop_deltas(struct round *r)
{
	struct error	 e = ERROR_INIT;
	struct item	*it, *list;
	char		*path;
	size_t		 i;

	for (i = 0; i < r->items.n; i++) {
		it = r->items.v[i];
		if (it->kind != ITEM_DELTA || !it->there ||
		    it->next_update > r->shelf.now)
			continue;
		path = item_path(it->ca, ITEM_LIST, 0);
		list = items_find(&r->items, path);
		mem_free(&path);
		if (list == NULL || !list->there ||
		    list->number < it->number)
			continue;
		if (shelf_remove(&r->shelf, it, &e) == -1)
			log_error(&e, "remove an expired delta");
		else
			r->published = true;
	}
}

static int
open_store(struct round *r, struct error *e)
{
	if (r->db != NULL)
		return 0;
	if (db_open(&r->db, r->conf->database, "signet-crld", tables,
	    sizeof(tables) / sizeof(tables[0]), e) == -1)
		return -1;
	/* Nothing waits for us but the next round. */
	db_set_patience(r->db, 0);
	if (db_listen(r->db, "signet_crl", e) == -1) {
		db_close(&r->db);
		return -1;
	}
	return 0;
}

static void
look_at_store(struct round *r)
{
	struct error	 e = ERROR_INIT;

	if (open_store(r, &e) == 0 && take_authorities(r, &e) == 0 &&
	    take_lists(r, &e) == 0) {
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
round_run(struct round *r)
{
	struct error	 e = ERROR_INIT;
	size_t		 i;

	r->published = false;
	r->refusals = 0;
	r->shelf.now = clock_now(r->clock);
	arena_reset(r->arena);
	for (i = 0; i < r->conf->root_crls.n; i++)
		take_root_list(r, r->conf->root_crls.v[i]);
	look_at_store(r);
	put_certs(r);
	drop_deltas(r);
	if (items_store(&r->items, &e) == -1) {
		log_error(&e, "remember what was published");
		r->refusals++;
	}
	round_health(r);
	if (r->refusals > 0 || r->store.code != ERROR_NONE)
		return -1;
	return r->published;
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
