/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top.h"

#include "audit/chain.h"
#include "base/text.h"

static json_t *
seconds(int64_t ms)
{
	return ms < 0 ? json_null() : json_real((double)ms / 1000.0);
}

static json_t *
rate(double r)
{
	return r < 0 ? json_null() : json_real(r);
}

static json_t *
text(const char *s)
{
	json_t	*v = s == NULL ? NULL : json_string(s);

	return v != NULL ? v : json_null();
}

static json_t *
moment(int64_t t)
{
	char	 at[TEXT_TIME_SIZE];

	return t == 0 ? json_null() : json_string(text_time(at, t));
}

static json_t *
bytes(int64_t n)
{
	return n <= 0 ? json_null() : json_integer(n);
}

static json_t *
daemons_of(const struct top_look *l)
{
	json_t	*all = json_array();

	if (l->store_error == NULL)
		json_array_append_new(all, json_pack(
		    "{s:s, s:n, s:b, s:n, s:o, s:n, s:o}", "name",
		    "signet-cad", "address", "up", l->marks.silent_ms < 60000,
		    "why_not", "memory", bytes(l->cad_memory),
		    "oldest_answer", "silent_for",
		    seconds(l->marks.silent_ms)));
	for (size_t i = 0; i < TOP_DAEMONS; i++) {
		const struct top_daemon	*d = &l->daemon[i];

		if (d->address != NULL)
			json_array_append_new(all, json_pack(
			    "{s:s, s:o, s:b, s:o, s:o, s:o, s:n}", "name",
			    d->name, "address", text(d->address), "up",
			    d->is_up, "why_not", text(d->why_not), "memory",
			    bytes(d->memory), "oldest_answer",
			    seconds(d->oldest_ms), "silent_for"));
	}
	return all;
}

static json_t *
lists_of(const struct top_look *l)
{
	json_t	*all = json_array();

	for (size_t i = 0; i < l->lists.n; i++)
		json_array_append_new(all, json_pack(
		    "{s:o, s:I, s:I, s:o}", "ca", text(l->lists.v[i].ca),
		    "shard", (json_int_t)l->lists.v[i].shard, "number",
		    (json_int_t)l->lists.v[i].number, "next_update",
		    moment(l->lists.v[i].next_update)));
	return all;
}

static json_t *
signers_of(const struct top_look *l)
{
	json_t	*all = json_array();

	for (size_t i = 0; i < l->nsigners; i++)
		json_array_append_new(all, json_pack("{s:o, s:o}", "ca",
		    text(l->signer[i].ca), "not_after",
		    moment(l->at + l->signer[i].ends_in)));
	return all;
}

static json_t *
directories_of(const struct top_look *l)
{
	json_t	*all = json_array();

	for (size_t i = 0; i < l->publish.n; i++) {
		const struct db_gauge_target	*t = &l->publish.v[i];

		json_array_append_new(all, json_pack(
		    "{s:o, s:I, s:o, s:I, s:o, s:o}", "name", text(t->name),
		    "waiting", (json_int_t)t->waiting, "oldest",
		    t->waiting == 0 ? json_null() :
		    seconds(t->oldest_ms), "dead", (json_int_t)t->dead,
		    "failing_since", moment(t->failing_since), "error",
		    text(t->error)));
	}
	return all;
}

static json_t *
cards_of(const struct top_look *l)
{
	json_t	*all = json_array();

	for (size_t i = 0; i < l->cards.n; i++) {
		const struct db_watch_card	*c = &l->cards.v[i];

		json_array_append_new(all, json_pack(
		    "{s:o, s:o, s:o, s:o, s:o, s:o}", "station",
		    text(c->station), "reader", text(c->reader), "card",
		    text(c->number), "holder", text(c->holder), "state",
		    text(c->state), "since", seconds(c->ms)));
	}
	return all;
}

static json_t *
found(struct bytes body, const char *key)
{
	struct error	 e = ERROR_INIT;
	struct buf	 b = { 0 };
	json_t		*v = json_null();

	if (audit_find(body, key, &b, &e) == 1)
		v = text(buf_cstr(&b));
	buf_clear(&b);
	return v;
}

static json_t *
alarms_of(const struct top_look *l)
{
	json_t	*all = json_array();

	for (size_t i = 0; i < l->alarms.n; i++)
		json_array_append_new(all, json_pack("{s:o, s:o, s:o}", "at",
		    found(l->alarms.body[i], "at"), "what",
		    found(l->alarms.body[i], "what"), "detail",
		    found(l->alarms.body[i], "detail")));
	return all;
}

static void
put_store(struct out_record *r, const struct top_look *l)
{
	const struct db_gauges	*g = &l->gauges;

	if (l->store_error != NULL) {
		out_put_json(r, "queue", json_null());
		out_put_json(r, "outbox", json_null());
		return;
	}
	out_put_json(r, "queue", json_pack("{s:I, s:I, s:I, s:I, s:I}",
	    "pending", (json_int_t)g->pending, "ready", (json_int_t)g->ready,
	    "waiting", (json_int_t)g->waiting, "open", (json_int_t)g->open,
	    "signing", (json_int_t)g->signing));
	out_put_json(r, "outbox", json_pack("{s:I, s:o}", "rows",
	    (json_int_t)g->outbox, "oldest", g->outbox == 0 ? json_null() :
	    seconds(g->outbox_ms)));
}

void
top_json(const struct top_look *l)
{
	struct out_record	*r = out_record_new(stdout, true);

	out_put_time(r, "at", NULL, l->at);
	out_put(r, "store_error", NULL, l->store_error);
	put_store(r, l);
	out_put_json(r, "rates", json_pack("{s:o, s:o, s:o}", "issued",
	    rate(l->rates.issued), "changed", rate(l->rates.changed), "ocsp",
	    rate(l->rates.answered)));
	out_put_json(r, "daemons", daemons_of(l));
	out_put_json(r, "lists", lists_of(l));
	out_put_json(r, "signers", signers_of(l));
	out_put_json(r, "directories", directories_of(l));
	out_put_json(r, "cards", cards_of(l));
	out_put_json(r, "alarms", alarms_of(l));
	out_record_free(&r);
}
