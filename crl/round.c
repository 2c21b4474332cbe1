/* SPDX-License-Identifier: Apache-2.0 */
#include "round_private.h"

#include <sys/stat.h>

#include "audit/chain.h"
#include "base/log.h"
#include "base/text.h"
#include "db/db_audit.h"
#include "db/db_ocsp.h"
#include "os/file.h"

#define AGAIN_MS	30000	/* until a refused list is looked at again */

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
	round_backlog_clear(r);
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

void
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

bool
round_is_away(const struct error *e)
{
	return e->code == ERROR_UPSTREAM || e->code == ERROR_RETRY;
}

void
round_refuse(struct round *r, struct item *it, int64_t number,
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

void
round_accept(struct round *r, struct item *it)
{
	it->refused = 0;
	error_clear(&it->why);
	r->published = true;
	metric_add(r->published_count, 1);
	log_info("published %s, list %lld", it->path, (long long)it->number);
}

struct item *
round_item(struct round *r, const char *ca, enum item_kind kind, int64_t shard)
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
		it = round_item(r, a->name, ITEM_CERT, 0);
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
	it = round_item(r, name, ITEM_LIST, 0);
	it->by_file = true;
	before = it->number;
	if (shelf_put_root_list(&r->shelf, path, it, &why) == -1)
		round_refuse(r, it, 0, &why);
	else if (it->number != before)
		round_accept(r, it);
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

/* Each list is judged again when it is not the file that we left. */
static void
look_at_directory(struct round *r)
{
	struct item	*it;
	size_t		 i;

	for (i = 0; i < r->items.n; i++) {
		it = r->items.v[i];
		if (shelf_was_touched(&r->shelf, it))
			round_alarm(r, it->ca, &it->why);
	}
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
	look_at_directory(r);
	for (i = 0; i < r->conf->root_crls.n; i++)
		take_root_list(r, r->conf->root_crls.v[i]);
	round_look_at_store(r);
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
