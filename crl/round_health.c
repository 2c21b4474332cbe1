/* SPDX-License-Identifier: Apache-2.0 */
#include "round_private.h"

#include "base/text.h"
#include "db/db_ca.h"
#include "x509/ca_name.h"

/* The worst of what a CA publishes. */
struct verdict {
	const struct item	*item;		/* the one that expires first */
	struct buf		 why;		/* empty: all is well */
};

static void
complain(struct verdict *v, const char *text)
{
	if (v->why.len > 0)
		buf_str(&v->why, "; ");
	buf_str(&v->why, text);
}

/*
 * signet-cad ends the lists of a CA when a newer generation issues and its own
 * last certificate has expired, or when it has expired itself.
 */
static bool
has_ended(struct round *r, const struct item *it)
{
	const struct authority	*a = authorities_find(&r->authorities, it->ca);
	struct error		 ignored = ERROR_INIT;
	char			 family[CA_NAME_SIZE], other[CA_NAME_SIZE];
	int			 own = ca_name_split(it->ca, family);
	size_t			 i;

	if (a != NULL && a->not_after <= r->shelf.now)
		return true;
	for (i = 0; i < r->authorities.n; i++)
		if (ca_name_split(r->authorities.v[i]->name, other) > own &&
		    strcmp(family, other) == 0)
			break;
	return i < r->authorities.n && r->db != NULL &&
	    r->store.code == ERROR_NONE && db_ca_has_certs(r->db, it->ca,
	    it->this_update, &ignored) == 0;
}

static void
judge_expiry(struct round *r, const struct item *it, struct verdict *v)
{
	int64_t	 left = it->next_update - r->shelf.now;
	int64_t	 life = it->next_update - it->this_update;
	int64_t	 warn = r->conf->warn < life / 3 ? r->conf->warn : life / 3;
	char	 text[200], at[TEXT_TIME_SIZE];

	if (left > warn || has_ended(r, it))
		return;
	snprintf(text, sizeof(text), "%.120s %s at %s", it->path, left > 0 ?
	    "expires" : "has expired", text_time(at, it->next_update));
	complain(v, text);
}

static void
judge(struct round *r, const struct item *it, struct verdict *v)
{
	/* There is not always a delta. */
	if (it->why.code != ERROR_NONE && (it->kind != ITEM_DELTA ||
	    it->why.code != ERROR_NOTFOUND))
		complain(v, it->why.text);
	if (it->kind == ITEM_CERT || !it->there)
		return;
	judge_expiry(r, it, v);
	if (v->item == NULL || it->next_update < v->item->next_update)
		v->item = it;
}

static void
health_of_ca(struct round *r, const char *ca)
{
	struct verdict	 v = { NULL, { 0 } };
	char		 name[80], at[TEXT_TIME_SIZE];
	size_t		 i, lists = 0;

	for (i = 0; i < r->items.n; i++)
		if (strcmp(r->items.v[i]->ca, ca) == 0) {
			r->items.v[i]->judged = true;
			judge(r, r->items.v[i], &v);
			lists += r->items.v[i]->there &&
			    r->items.v[i]->kind != ITEM_CERT;
		}
	snprintf(name, sizeof(name), "ca %.60s", ca);
	if (v.why.len > 0)
		health_set(r->health, name, false, 0, "%s",
		    buf_cstr(&v.why));
	else if (v.item == NULL)
		health_set(r->health, name, true, 0, "its certificate is "
		    "published, it has no list");
	else
		health_set(r->health, name, true, 0, "%zu list%s, good "
		    "until %s", lists, lists == 1 ? "" : "s",
		    text_time(at, v.item->next_update));
	buf_clear(&v.why);
}

void
round_forget(struct round *r, const char *ca)
{
	char	 name[80];

	snprintf(name, sizeof(name), "ca %.60s", ca);
	health_drop(r->health, name);
}

static void
metrics_of_item(struct round *r, struct item *it)
{
	const char	*kind = it->kind == ITEM_DELTA ? "delta" : "complete";
	char		 shard[24];

	if (it->kind == ITEM_CERT)
		return;
	if (it->until == NULL) {
		snprintf(shard, sizeof(shard), "%lld", (long long)it->shard);
		it->until = metrics_until(r->metrics,
		    "signet_crl_seconds_to_expiry",
		    "Until nextUpdate of what is published.", "ca", it->ca,
		    "shard", shard, "kind", kind, NULL);
		it->number_shown = metrics_gauge(r->metrics,
		    "signet_crl_number", "Number of what is published.",
		    "ca", it->ca, "shard", shard, "kind", kind, NULL);
	}
	if (!it->there) {
		metric_hide(it->until);
		metric_hide(it->number_shown);
		return;
	}
	metric_set(it->until, it->next_update);
	metric_set(it->number_shown, it->number);
}

void
round_health(struct round *r)
{
	size_t	 i;

	/* Who is silent for so long is not well. */
	health_set(r->health, "store", r->store.code == ERROR_NONE,
	    r->shelf.now + 3 * r->conf->poll + 60, "%s",
	    r->store.code == ERROR_NONE ? "it answers" : r->store.text);
	for (i = 0; i < r->items.n; i++) {
		metrics_of_item(r, r->items.v[i]);
		r->items.v[i]->judged = false;
	}
	for (i = 0; i < r->items.n; i++)
		if (!r->items.v[i]->judged)
			health_of_ca(r, r->items.v[i]->ca);
}
