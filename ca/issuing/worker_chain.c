/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker and the audit chain: entries go to the signer, and with those of
 * other instances that change a status the orders that prove them.
 */
#include <string.h>

#include "db/db_evidence.h"
#include "worker_private.h"

#define FOLLOW_PAGE	2000

/* One page.  What needs proof is looked up all at once. */
struct page {
	struct db_audit_entries	 entries;
	uint32_t		*proof;		/* per entry: 0 none, place */
	size_t			*at;		/* of what needs proof: entry */
	const char		**ca;
	struct bytes		*serial;
	struct db_evidence_cert	*cert;
	size_t			 n;
	struct bytes		*id, *blob;	/* orders */
	size_t			 norders;
};

static const char *
value_of(struct worker *w, struct bytes body, const char *key)
{
	struct error	 ignored = ERROR_INIT;
	struct buf	 v = { 0 };
	const char	*text = "";

	if (audit_find(body, key, &v, &ignored) == 1)
		text = arena_strdup(w->arena, buf_cstr(&v));
	buf_clear(&v);
	return text;
}

static struct bytes
hex_of(struct worker *w, struct bytes body, const char *key, size_t max)
{
	struct error	 ignored = ERROR_INIT;
	uint8_t		*p = arena_alloc(w->arena, max);
	size_t		 len;

	if (text_unhex(p, max, &len, value_of(w, body, key), &ignored) == -1)
		len = 0;
	return BYTES(p, len);
}

static bool
needs_proof(struct worker *w, struct bytes body)
{
	const char	*act = value_of(w, body, "act");

	return (strcmp(act, "revoke") == 0 || strcmp(act, "hold") == 0 ||
	    strcmp(act, "release") == 0 || strcmp(act, "reject") == 0 ||
	    strcmp(act, "bind") == 0 || strcmp(act, "unbind") == 0) &&
	    strcmp(value_of(w, body, "instance"), w->conf->instance) != 0;
}

static void
page_collect(struct worker *w, struct page *p)
{
	struct bytes	 id, body;
	size_t		 i, n = p->entries.n + 1;

	p->proof = arena_alloc(w->arena, n * sizeof(*p->proof));
	p->at = arena_alloc(w->arena, n * sizeof(*p->at));
	p->ca = arena_alloc(w->arena, n * sizeof(*p->ca));
	p->serial = arena_alloc(w->arena, n * sizeof(*p->serial));
	p->cert = arena_alloc(w->arena, n * sizeof(*p->cert));
	p->id = arena_alloc(w->arena, n * sizeof(*p->id));
	p->blob = arena_alloc(w->arena, n * sizeof(*p->blob));
	for (i = 0; i < p->entries.n; i++) {
		body = p->entries.v[i].body;
		p->proof[i] = 0;
		if (!needs_proof(w, body))
			continue;
		p->at[p->n] = i;
		p->ca[p->n] = value_of(w, body, "ca");
		p->serial[p->n++] = hex_of(w, body, "serial", DB_SERIAL);
		id = hex_of(w, body, "id", DB_ORDER_ID);
		/* The targets of one order come one after the other. */
		if (p->norders == 0 || !bytes_equal(id, p->id[p->norders - 1]))
			p->id[p->norders++] = id;
		p->proof[i] = (uint32_t)p->norders;
	}
}

static int
page_load(struct worker *w, struct page *p, struct error *e)
{
	if (db_audit_list(w->db, w->head > 0 ? w->head - 1 : 0, FOLLOW_PAGE,
	    &p->entries, w->arena, e) == -1)
		return -1;
	page_collect(w, p);
	if (p->n == 0)
		return 0;
	if (db_evidence_orders(w->db, p->id, p->norders, p->blob, w->arena,
	    e) == -1)
		return -1;
	return db_evidence_certs(w->db, p->ca, p->serial, p->n, false, p->cert,
	    w->arena, e);
}

static void
page_put(struct msg *m, const struct page *p)
{
	static const struct db_evidence_cert	 none = { .profile = "" };
	size_t					 i, k = 0;

	msg_put_u32(m, (uint32_t)p->norders);
	for (i = 0; i < p->norders; i++)
		msg_put_blob(m, p->blob[i].p, p->blob[i].len);
	msg_put_u32(m, (uint32_t)p->entries.n);
	for (i = 0; i < p->entries.n; i++) {
		const struct db_audit_entry	*x = &p->entries.v[i];
		const struct db_evidence_cert	*c = &none;

		if (k < p->n && p->at[k] == i)
			c = &p->cert[k++];
		msg_put_i64(m, x->seq);
		msg_put_blob(m, x->hash, AUDIT_HASH);
		msg_put_blob(m, x->body.p, x->body.len);
		msg_put_u32(m, p->proof[i]);
		msg_put_blob(m, c->der.p, c->der.len);
		msg_put_str(m, c->profile != NULL ? c->profile : "");
	}
}

/* From the entry where the signer stands, so that it can compare. */
static int
follow_page(struct worker *w, size_t *n, struct error *e)
{
	struct page	 p = { .n = 0 };

	arena_reset(w->arena);
	if (page_load(w, &p, e) == -1)
		return -1;
	*n = p.entries.n;
	msg_init(&w->ask, WIRE_FOLLOW);
	msg_put_i64(&w->ask, w->head);
	page_put(&w->ask, &p);
	if (worker_ask(w, e) == -1)
		return -1;
	w->head = msg_get_i64(&w->answer);
	return msg_done(&w->answer, e);
}

int
worker_follow(struct worker *w, struct error *e)
{
	size_t	 n = FOLLOW_PAGE;

	while (n == FOLLOW_PAGE)
		if (follow_page(w, &n, e) == -1)
			return -1;
	return 0;
}
