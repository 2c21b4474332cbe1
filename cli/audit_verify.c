/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/audit_verify.h"

#include "base/text.h"
#include "cli/audit_state.h"

/* Keys of the maps. */

static uint64_t
digest_hash(const void *item)
{
	return map_hash_bytes(item, 32);	/* each begins with it */
}

static bool
digest_equal(const void *a, const void *b)
{
	return memcmp(a, b, 32) == 0;
}

static uint64_t
serial_hash(const void *item)
{
	const struct audit_cert	*c = item;

	return map_hash_bytes(c->serial, sizeof(c->serial));
}

static bool
serial_equal(const void *a, const void *b)
{
	const struct audit_cert	*x = a, *y = b;

	return x->ca == y->ca && x->serial_len == y->serial_len &&
	    memcmp(x->serial, y->serial, sizeof(x->serial)) == 0;
}

static uint64_t
item_hash(const void *item)
{
	const struct audit_item	*i = item;

	return map_hash_bytes(i->batch, sizeof(i->batch)) ^
	    i->n * UINT64_C(0x9e3779b97f4a7c15);
}

static bool
item_equal(const void *a, const void *b)
{
	const struct audit_item	*x = a, *y = b;

	return x->n == y->n && memcmp(x->batch, y->batch, 32) == 0;
}

static uint64_t
word_hash(const void *item)
{
	return map_hash_bytes(item, strlen(item));
}

static bool
word_equal(const void *a, const void *b)
{
	return strcmp(a, b) == 0;
}

/* What each kind of entry asks for. */

static void
alarm_entry(struct audit_verify *v, struct audit_entry *en)
{
	char	 what[65] = "?", detail[300] = "";

	v->r->alarms++;
	audit_looked(v->r, AUDIT_ALARMS);
	entry_maybe(v, en, "what", what, sizeof(what));
	entry_maybe(v, en, "detail", detail, sizeof(detail));
	audit_note(v->r, AUDIT_ALARMS, &en->about, "alarm: %s: %s", what,
	    detail);
}

static void
refuse_entry(struct audit_verify *v, struct audit_entry *en)
{
	char	 id[65] = "?", reason[300] = "";

	v->r->refusals++;
	audit_looked(v->r, AUDIT_ALARMS);
	entry_maybe(v, en, "id", id, sizeof(id));
	entry_maybe(v, en, "reason", reason, sizeof(reason));
	audit_note(v->r, AUDIT_ALARMS, &en->about, "order %s was refused: %s",
	    id, reason);
}

static const struct {
	const char	*act;
	void		(*fn)(struct audit_verify *, struct audit_entry *);
} acts[] = {
	{ "order-new",		orders_new },
	{ "order-approve",	orders_approve },
	{ "order-reject",	orders_reject },
	{ "ca-add",		cas_add },
	{ "holder-new",		NULL },
	{ "holder-edit",	NULL },
	{ "issue",		certs_issue },
	{ "refuse",		refuse_entry },
	{ "revoke",		status_change },
	{ "hold",		status_change },
	{ "release",		status_change },
	{ "expire",		NULL },
	{ "crl",		crls_check },
	{ "adopt",		status_adopt },
	{ "reject",		orders_reject_signed },
	{ "bind",		orders_bind },
	{ "unbind",		orders_unbind },
	{ "alarm",		alarm_entry },
	{ "application-move",	NULL },
	{ "application-reject",	NULL },
	{ "archive",		orders_archive },
	{ "backup",		NULL },
	{ "card",		NULL },
	{ "card-batch",		NULL },
	{ "card-batch-state",	NULL },
	{ "card-drop",		NULL },
	{ "card-letters",	NULL },
	{ "card-refused",	NULL },
	{ "card-secret",	orders_secret },
	{ "card-stock",		NULL },
	{ "start",		NULL },
	{ "stop",		NULL },
};

static void
entry_replay(struct audit_verify *v, int64_t seq, struct bytes body)
{
	struct audit_entry	 en = { .seq = seq, .body = body,
				    .about = { .seq = seq } };
	size_t			 i;

	if (!entry_text(v, &en, AUDIT_CHAIN, "act", en.act, sizeof(en.act)) ||
	    !entry_time(v, &en, AUDIT_CHAIN, "at", &en.at))
		return;
	for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		if (strcmp(acts[i].act, en.act) != 0)
			continue;
		if (acts[i].fn != NULL)
			acts[i].fn(v, &en);
		return;
	}
	audit_note(v->r, AUDIT_CHAIN, &en.about,
	    "\"%s\" is no act that this program knows", en.act);
}

/* The arithmetic.  After a fault it goes on from what the bundle states, so
 * that one fault is one finding. */
static void
entry_advance(struct audit_verify *v, const struct bundle_entry *b)
{
	struct audit_about	 about = { .seq = b->seq };

	audit_looked(v->r, AUDIT_CHAIN);
	if (b->seq != v->chain.seq + 1) {
		audit_failed(v->r, AUDIT_CHAIN, &about,
		    b->seq > v->chain.seq ? "entries are missing before it: "
		    "the one before is %lld" : "does not continue entry %lld",
		    (long long)v->chain.seq);
		v->chain.seq = b->seq;
		memcpy(v->chain.hash, b->hash, AUDIT_HASH);
		return;
	}
	audit_advance(&v->chain, BYTES(b->body.p, b->body.len));
	if (memcmp(v->chain.hash, b->hash, AUDIT_HASH) == 0)
		return;
	audit_failed(v->r, AUDIT_CHAIN, &about, "has been changed: its hash is "
	    "not that of its body and the entry before");
	memcpy(v->chain.hash, b->hash, AUDIT_HASH);
}

static void
entries_replay(struct audit_verify *v)
{
	struct bundle_file	*f = &v->b.part[BUNDLE_ENTRIES];
	struct error		 e = ERROR_INIT;
	struct bundle_entry	 b = { 0 };
	int			 found;

	while ((found = bundle_entry_next(f, &b, &e)) != 0) {
		if (found == -1) {
			audit_failed(v->r, AUDIT_CHAIN, NULL, "%s", e.text);
			continue;
		}
		entry_advance(v, &b);
		entry_replay(v, b.seq, BYTES(b.body.p, b.body.len));
		heads_check_at(v);
		if (v->in->step != NULL && b.seq % 1000 == 0)
			v->in->step(v->in->step_arg, "replaying entries",
			    f->pos, f->data.len);
	}
	if (v->chain.seq == 0)
		audit_failed(v->r, AUDIT_CHAIN, NULL, "there is no entry");
	v->r->entries = v->chain.seq;
	memcpy(v->r->hash, v->chain.hash, AUDIT_HASH);
	buf_clear(&b.body);
}

static int
pushed_load(struct audit_verify *v, struct error *e)
{
	struct bundle_file	 f;

	if (v->in->heads == NULL)
		return 0;
	if (bundle_file_open(&f, v->in->heads, v->in->heads, e) == -1)
		return -1;
	heads_load(v, &f, true);
	bundle_file_close(&f);
	return 0;
}

static void
verify_init(struct audit_verify *v, struct audit_report *r,
    const struct audit_input *in)
{
	*v = (struct audit_verify){ .r = r, .in = in, .generation = 1 };
	v->arena = arena_new();
	v->trust_cache = approval_cache_new();
	map_init(&v->certs, digest_hash, digest_equal);
	map_init(&v->serials, serial_hash, serial_equal);
	map_init(&v->orders, digest_hash, digest_equal);
	map_init(&v->uses, digest_hash, digest_equal);
	map_init(&v->requests, digest_hash, digest_equal);
	map_init(&v->items, item_hash, item_equal);
	map_init(&v->proofs, digest_hash, digest_equal);
	map_init(&v->lists, digest_hash, digest_equal);
	map_init(&v->words, word_hash, word_equal);
}

static void
verify_clear(struct audit_verify *v)
{
	orders_clear(v);
	map_clear(&v->certs);
	map_clear(&v->serials);
	map_clear(&v->orders);
	map_clear(&v->uses);
	map_clear(&v->requests);
	map_clear(&v->items);
	map_clear(&v->proofs);
	map_clear(&v->lists);
	map_clear(&v->words);
	cas_clear(v);
	mem_free(&v->head);
	mem_free(&v->adopted);
	approval_cache_free(&v->trust_cache);
	profiles_free(&v->profiles);
	sk_X509_pop_free(v->anchors, X509_free);
	sk_X509_pop_free(v->intermediates, X509_free);
	arena_free(&v->arena);
	bundle_close(&v->b);
}

static int
verify_open(struct audit_verify *v, struct error *e)
{
	v->anchors = X509_chain_up_ref(v->in->roots);
	v->intermediates = sk_X509_new_null();
	if (v->anchors == NULL || v->intermediates == NULL)
		return error_ssl(e, ERROR_NOMEM, "root");
	if (v->in->profiles != NULL &&
	    profiles_load(&v->profiles, v->in->profiles, e) == -1)
		return -1;
	if (bundle_open(&v->b, v->in->dir, e) == -1)
		return -1;
	return cas_load(v, e);
}

int
audit_verify(struct audit_report *r, const struct audit_input *in,
    struct error *e)
{
	struct audit_verify	 v;
	int			 rc = -1;

	*r = (struct audit_report){ 0 };
	verify_init(&v, r, in);
	if (verify_open(&v, e) == -1)
		goto out;
	heads_load(&v, &v.b.part[BUNDLE_HEADS], false);
	if (pushed_load(&v, e) == -1)
		goto out;
	heads_sort(&v);
	certs_load(&v);
	orders_load(&v);
	requests_load(&v);
	crls_load(&v);
	entries_replay(&v);
	heads_finish(&v);
	cas_finish(&v);
	certs_finish(&v);
	status_finish(&v);
	crls_finish(&v);
	rc = 0;
 out:
	verify_clear(&v);
	if (rc == -1)
		audit_report_clear(r);
	return rc;
}
