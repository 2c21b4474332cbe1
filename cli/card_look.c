/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet card list, show, check and proof.
 */
#include <string.h>

#include "base/text.h"
#include "cli/cmd_card.h"
#include "cli/list.h"
#include "db/db_card_life.h"
#include "desk/review.h"
#include "x509/signed.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define WRONG_MAX	10000
#define ORDER_SHOWN	(512u << 10)	/* of a signed order; a batch may have 64 MB */

const struct cmd_opt CARD_LIST_OPTS[] = {
	{ "state", 0, CMD_STRING, false, "STATE",
	    "claimed ... issued, spoiled, packed, delivered ..." },
	{ "holder", 0, CMD_STRING, false, "ID", "of this holder" },
	{ "batch", 0, CMD_STRING, false, "NAME", "of this batch" },
	LIST_OPTS,
	CMD_OPT_END
};
const struct cmd_opt CARD_PROOF_OPTS[] = {
	{ "out", 'o', CMD_STRING, false, "FILE",
	    "write to FILE, which must not be there; - is standard output" },
	ACT_OFFICER_OPTS,
	CMD_OPT_END
};

static const char *const	states[] = { "claimed", "keyed", "ordered",
	"certified", "written", "locked", "verified", "issued", "spoiled",
	"packed", "delivered", "activated", "suspended", "lost", "replaced",
	"returned", "destroyed" };

/* ---- list ---- */

static const struct out_col	cols[] = {
	{ "card", "CARD", 0 },
	{ "holder", "HOLDER", OUT_SHRINK },
	{ "state", "STATE", 0 },
	{ "batch", "BATCH", OUT_SHRINK | OUT_SPARE },
	{ "identity", "CHIP", OUT_SHRINK | OUT_SPARE },
	{ "changed_at", "SINCE", OUT_DAY | OUT_SPARE },
	{ "id", NULL, OUT_JSON },
	{ "expires_at", NULL, OUT_JSON },
	{ "reason", NULL, OUT_JSON },
};

static void
card_row(struct out_list *l, const struct db_card *k)
{
	out_text(l, k->number);
	out_text(l, k->holder);
	out_text(l, k->state);
	out_text(l, k->batch);
	out_text(l, k->identity);
	out_time(l, k->changed_at);
	out_hex(l, k->hold.id, DB_CARD_ID);
	out_time(l, k->expires);
	out_text(l, k->reason);
}

static int
list_all(struct cli *c, struct list *l, const struct db_card_filter *f,
    char **last, struct error *e)
{
	struct db_cards	page = { 0 };
	uint8_t		id[DB_CARD_ID];
	size_t		i;

	memset(id, 0xff, sizeof(id));
	while (list_wants(l)) {
		if (db_card_list(c->desk.db, f, *last, id, list_page(l), &page,
		    l->arena, e) == -1)
			return -1;
		for (i = 0; i < page.n && list_take(l); i++)
			card_row(l->out, &page.v[i]);
		if (i > 0) {
			mem_free(last);
			*last = mem_strdup(page.v[i - 1].number);
			memcpy(id, page.v[i - 1].hold.id, sizeof(id));
		}
		list_turn(l, page.n);
	}
	return 0;
}

int
card_list_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	const struct db_card_filter	 f = {
	    .state = cmd_string(a, "state", NULL),
	    .holder = cmd_string(a, "holder", NULL),
	    .batch = cmd_string(a, "batch", NULL) };
	char		*last = mem_strdup(cmd_string(a, "after", ""));
	struct cli	*c = ctx;
	struct list	 l;
	int		 rc = -1;

	cli_begin(c, a);
	if (list_check_word("--state", f.state, states, COUNT(states),
	    e) == -1 || list_begin(c, &l, cols, COUNT(cols), e) == -1)
		goto out;
	if (cli_open_db(c, e) == 0)
		rc = list_all(c, &l, &f, &last, e);
	list_end(c, &l, rc == 0 ? last : NULL);
 out:
	mem_free(&last);
	return rc;
}

/* ---- show ---- */

static json_t *
key_json(const struct db_card_key *k)
{
	char	 hex[2 * DB_SERIAL + 1], digest[2 * DB_DIGEST + 1];
	bool	 has_cert = k->der.p != NULL;

	return json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:s?, s:b}", "slot",
	    k->slot, "alg", k->alg, "key", text_hex(digest, k->digest,
	    DB_DIGEST), "ca", has_cert ? k->ca : NULL, "serial", has_cert ?
	    text_hex(hex, k->serial.p, k->serial.len) : NULL, "status",
	    has_cert ? k->cert_status : NULL, "attested",
	    (int)(k->attestation.p != NULL));
}

static int
put_keys(struct cli *c, struct out_record *r, const struct db_card *k,
    struct error *e)
{
	struct db_card_keys	 keys;
	json_t			*list;
	char			 hex[2 * DB_SERIAL + 1];
	size_t			 i;

	if (db_card_keys(c->desk.db, k->hold.id, &keys, c->desk.arena,
	    e) == -1)
		return -1;
	list = json_array();
	for (i = 0; i < keys.n; i++) {
		const struct db_card_key	*v = &keys.v[i];

		json_array_append_new(list, key_json(v));
		out_put(r, NULL, "Key", v->der.p == NULL ?
		    arena_printf(c->desk.arena, "%s, %s", v->slot, v->alg) :
		    arena_printf(c->desk.arena, "%s, %s: %s/%s, %s", v->slot,
		    v->alg, v->ca, text_hex(hex, v->serial.p, v->serial.len),
		    v->cert_status));
	}
	out_put_json(r, "keys", list);
	return 0;
}

static json_t *
event_json(const struct db_card_event *v)
{
	char	 at[TEXT_TIME_SIZE], hex[2 * DB_ORDER_ID + 1];

	return json_pack("{s:s, s:s, s:s, s:s?, s:s?}", "what", v->what, "by",
	    v->who, "at", text_time(at, v->at), "reason", v->reason, "order",
	    v->has_order ? text_hex(hex, v->order_id, DB_ORDER_ID) : NULL);
}

static int
put_events(struct cli *c, struct out_record *r, const struct db_card *k,
    struct error *e)
{
	struct db_card_events	 events;
	char			 at[TEXT_TIME_SIZE];
	json_t			*list;
	size_t			 i;

	if (db_card_events(c->desk.db, k->hold.id, &events, c->desk.arena,
	    e) == -1)
		return -1;
	list = json_array();
	for (i = 0; i < events.n; i++) {
		const struct db_card_event	*v = &events.v[i];

		json_array_append_new(list, event_json(v));
		out_put(r, NULL, "History", arena_printf(c->desk.arena,
		    "%s %s by %s%s%s", text_time(at, v->at), v->what, v->who,
		    v->reason != NULL ? ": " : "",
		    v->reason != NULL ? v->reason : ""));
	}
	out_put_json(r, "history", list);
	return 0;
}

int
card_show_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct out_record	*r;
	struct db_card		 k;
	char *const		*number;
	int			 rc;

	cli_begin(c, a);
	cmd_operands(a, &number);
	if (card_numbered(c, number[0], &k, e) == -1)
		return -1;
	r = out_record_new(stdout, c->json);
	out_put(r, "card", "Card", k.number);
	out_put(r, "state", "State", k.state);
	out_put(r, "holder", "Holder", k.holder);
	out_put(r, "batch", "Batch", k.batch);
	out_put(r, "layout", "Layout", k.layout);
	out_put(r, "identity", "Chip", k.identity);
	out_put_hex(r, "id", "GUID", k.hold.id, DB_CARD_ID);
	out_put(r, "station", "Station", k.station);
	out_put_time(r, "issued_at", "Issued", k.issued_at);
	out_put_time(r, "expires_at", "Expires", k.expires);
	rc = put_keys(c, r, &k, e);
	if (rc == 0)
		rc = put_events(c, r, &k, e);
	out_record_free(&r);
	return rc;
}

/* ---- check ---- */

int
card_check_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	static const struct out_col	 wrong_cols[] = {
		{ "card", "CARD", 0 },
		{ "state", "CARD IS", 0 },
		{ "ca", "CA", 0 },
		{ "serial", "SERIAL", 0 },
		{ "status", "CERTIFICATE IS", 0 },
		{ "ordered", "ORDERED", 0 },
	};
	struct cli			*c = ctx;
	struct db_card_wrongs		 w;
	struct out_list			*l;
	size_t				 i;

	cli_begin(c, a);
	if (cli_open_db(c, e) == -1 || db_card_check(c->desk.db, WRONG_MAX, &w,
	    c->desk.arena, e) == -1)
		return -1;
	if (w.n == 0) {
		cli_say(c, "every certificate is as its card is");
		return 0;
	}
	l = out_list_new(stdout, c->json, 0, wrong_cols, COUNT(wrong_cols));
	for (i = 0; i < w.n; i++) {
		out_text(l, w.v[i].number);
		out_text(l, w.v[i].state);
		out_text(l, w.v[i].ca);
		out_id(l, w.v[i].serial.p, w.v[i].serial.len, 12);
		out_text(l, w.v[i].status);
		out_bool(l, w.v[i].ordered);
	}
	out_list_free(&l);
	error_set(e, ERROR_CONFLICT, "%zu certificates are not as their cards "
	    "are", w.n);
	return error_hint(e, "those that are ordered wait for the CA; the "
	    "others: signet cert revoke, hold or release");
}

/* ---- proof ---- */

static void
set_base64(json_t *o, const char *name, struct bytes b)
{
	char	*text = b.p != NULL ? text_base64(b.p, b.len) : NULL;

	json_object_set_new(o, name, text != NULL ? json_string(text) :
	    json_null());
	mem_free(&text);
}

/* Who approved the order that this key's certificate came from. */
static int
add_order(struct cli *c, json_t *o, const struct db_card_key *k,
    struct error *e)
{
	struct review	 r = { 0 };
	char		 hex[2 * DB_ORDER_ID + 1], at[TEXT_TIME_SIZE];
	char		 digest[2 * DB_DIGEST + 1];
	json_t		*by = json_array();
	size_t		 i;
	int		 rc;

	if ((rc = review_load_id(&c->desk, k->ref.order_id, &r, e)) == 0) {
		json_object_set_new(o, "order_digest", json_string(text_hex(
		    digest, r.row.digest, DB_DIGEST)));
		if (r.blob.len <= ORDER_SHOWN)
			set_base64(o, "order_cms", r.blob);
		for (i = 0; i < r.approved->n; i++)
			json_array_append_new(by, json_pack("{s:s, s:s, s:s}",
			    "person", r.approved->by[i].person, "role",
			    role_name(r.approved->by[i].role), "at",
			    text_time(at, r.approved->by[i].signed_at)));
	}
	json_object_set_new(o, "approved_by", by);
	json_object_set_new(o, "order", json_string(text_hex(hex,
	    k->ref.order_id, DB_ORDER_ID)));
	json_object_set_new(o, "item", json_integer(k->ref.n));
	review_clear(&r);
	return rc;
}

static int
add_keys(struct cli *c, json_t *doc, const struct db_card *k,
    struct error *e)
{
	struct db_card_keys	 keys;
	json_t			*list = json_array();
	size_t			 i;
	int			 rc;

	rc = db_card_keys(c->desk.db, k->hold.id, &keys, c->desk.arena, e);
	for (i = 0; rc == 0 && i < keys.n; i++) {
		json_t	*o = key_json(&keys.v[i]);

		set_base64(o, "certificate", keys.v[i].der);
		set_base64(o, "request", keys.v[i].request);
		set_base64(o, "attestation", keys.v[i].attestation);
		if (keys.v[i].ordered)
			rc = add_order(c, o, &keys.v[i], e);
		json_array_append_new(list, o);
	}
	json_object_set_new(doc, "keys", list);
	return rc;
}

static int
add_past(struct cli *c, json_t *doc, const struct db_card *k,
    struct error *e)
{
	struct db_card_events	 events;
	struct db_card_steps	 steps;
	char			 from[TEXT_TIME_SIZE], to[TEXT_TIME_SIZE];
	json_t			*list = json_array();
	size_t			 i;

	if (db_card_events(c->desk.db, k->hold.id, &events, c->desk.arena,
	    e) == -1 || db_card_steps(c->desk.db, k->hold.id, &steps,
	    c->desk.arena, e) == -1) {
		json_decref(list);
		return -1;
	}
	for (i = 0; i < events.n; i++)
		json_array_append_new(list, event_json(&events.v[i]));
	json_object_set_new(doc, "history", list);
	list = json_array();
	for (i = 0; i < steps.n; i++)
		json_array_append_new(list, json_pack("{s:s, s:s?, s:i, s:s,"
		    " s:s, s:s?}", "step", steps.v[i].step, "slot",
		    steps.v[i].slot, "tries", steps.v[i].tries, "station",
		    steps.v[i].station, "begun_at", text_time(from,
		    steps.v[i].begun_at), "done_at", steps.v[i].done_at == 0 ?
		    NULL : text_time(to, steps.v[i].done_at)));
	json_object_set_new(doc, "steps", list);
	return 0;
}

static json_t *
card_json(const struct db_card *k)
{
	char	 id[2 * DB_CARD_ID + 1], at[TEXT_TIME_SIZE];

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s?}",
	    "card", k->number, "guid", text_hex(id, k->hold.id, DB_CARD_ID),
	    "identity", k->identity, "family", k->family, "holder", k->holder,
	    "batch", k->batch, "layout", k->layout, "state", k->state,
	    "station", k->station, "issued_at", k->issued_at == 0 ? NULL :
	    text_time(at, k->issued_at));
}

int
card_proof_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;
	struct db_card	 k;
	struct buf	 out = { 0 };
	json_t		*doc = NULL;
	char		*text = NULL;
	char *const	*number;
	int		 rc = -1;

	cli_begin(c, a);
	cmd_operands(a, &number);
	if (card_numbered(c, number[0], &k, e) == -1 ||
	    cli_open_officer(c, e) == -1)
		return -1;
	doc = card_json(&k);
	if (add_keys(c, doc, &k, e) == 0 && add_past(c, doc, &k, e) == 0 &&
	    (text = json_dumps(doc, JSON_INDENT(2))) != NULL &&
	    signed_make(&out, BYTES(text, strlen(text)),
	    clock_now(c->desk.clock), &c->officer, e) == 0)
		rc = list_write(cmd_string(a, "out", "-"), &out, e);
	free(text);
	json_decref(doc);
	buf_clear(&out);
	return rc;
}
