/* SPDX-License-Identifier: Apache-2.0 */
#include "cmp.h"

#include <string.h>

#include "client.h"
#include "est_body.h"
#include "rad.h"
#include "base/digest.h"

#define TYPE	"application/pkixcmp"
#define DECOY_BYTES	32

static const struct limit_rate	 rate = { "cmp", 60, 600 };

int
cmp_open(struct cmp **out, const struct rad_conf *c, struct error *e)
{
	struct cmp	*m = mem_alloc(sizeof(*m));
	size_t		 i;

	*out = m;
	cmp_table_new(&m->table);
	m->n = c->ncmp_secrets;
	m->secret = mem_array(m->n + 1, sizeof(*m->secret));
	for (i = 0; i < m->n; i++)
		if (secret_fetch(&m->secret[i], c->cmp_secrets[i].secret,
		    "CMP secret", e) == -1)
			return error_wrap(e, "cmp_secrets: %s",
			    c->cmp_secrets[i].reference);
	return secret_new(&m->decoy, DECOY_BYTES, e) == -1 ? -1 :
	    rng_fill(&rng_system, m->decoy.p, DECOY_BYTES, e);
}

void
cmp_close(struct cmp **m)
{
	size_t	i;

	if (*m == NULL)
		return;
	for (i = 0; i < (*m)->n; i++)
		secret_free(&(*m)->secret[i]);
	mem_free(&(*m)->secret);
	secret_free(&(*m)->decoy);
	cmp_table_free(&(*m)->table);
	mem_free(m);
}

/* ---- who ---- */

/* Whoever only tries references learns from the answer, and from how long it
 * takes, no more than that the secret is wrong. */
static int
find_secret(struct cmp_turn *t, const struct cmp_message *m,
    struct error *e)
{
	const struct rad_conf	*c = t->page->rad->conf;
	const struct cmp	*all = t->page->rad->cmp;
	size_t			 i;

	if (m->reference.len == 0)
		return error_set(e, ERROR_DENIED, "CMP message: no reference "
		    "(senderKID) says whose secret protects it");
	t->reference = m->reference;
	t->mac = &all->decoy;
	for (i = 0; i < all->n; i++)
		if (bytes_equal(m->reference, BYTES(
		    c->cmp_secrets[i].reference,
		    strlen(c->cmp_secrets[i].reference)))) {
			t->secret = &c->cmp_secrets[i];
			t->mac = &all->secret[i];
		}
	return 0;
}

/* The certificate that signs, judged as one of a connection is. */
static int
find_signer(struct cmp_turn *t, const struct cmp_message *m, struct error *e)
{
	struct page	*p = t->page;

	if (m->signer.len == 0)
		return error_set(e, ERROR_DENIED, "CMP message: the "
		    "certificate that signs it is not in extraCerts (RFC "
		    "9483, 3.3)");
	client_clear(&p->client);
	if (client_judge_der(p, m->signer, e) == -1)
		return error_wrap(e, "CMP message");
	if (p->waited != NULL) {
		t->row.der = p->client.der;
		t->row.serial = p->client.serial;
	} else if (enrol_client(p, &t->row, e) == -1)
		return error_wrap(e, "CMP message");
	t->client = &t->row;
	return 0;
}

static int
find_who(struct cmp_turn *t, const struct cmp_message *m, uint8_t who[32],
    struct error *e)
{
	switch (m->protection) {
	case CMP_MAC:
		digest_sha256(who, m->reference.p, m->reference.len);
		return find_secret(t, m, e);
	case CMP_SIGNATURE:
		digest_sha256(who, m->signer.p, m->signer.len);
		return find_signer(t, m, e);
	case CMP_UNPROTECTED:
		break;
	}
	return error_set(e, ERROR_DENIED, "CMP message: not protected");
}

/* ---- the transaction ---- */

static bool
is_first(unsigned int body)
{
	return body == CMP_IR || body == CMP_CR ||
	    body == CMP_P10CR || body == CMP_KUR ||
	    body == CMP_RR || body == CMP_GENM;
}

static int
find_trans(struct cmp_turn *t, const struct cmp_message *m,
    const uint8_t who[32], struct error *e)
{
	struct page		*p = t->page;
	struct cmp_table	*table = p->rad->cmp->table;

	if (is_first(m->body)) {
		if (cmp_table_has(table, m->transaction, p->now))
			return error_set(e, ERROR_CONFLICT, "CMP message: a "
			    "transaction with this transactionID is going on "
			    "(RFC 9810, 5.1.1)");
		t->trans = cmp_trans_new(m->transaction);
		memcpy(t->trans->who, who, sizeof(t->trans->who));
		if (p->waited != NULL) {
			memcpy(t->trans->order, p->waited, DB_ORDER_ID);
			t->trans->has_order = true;
		}
		return 0;
	}
	t->trans = cmp_table_take(table, m->transaction, p->now);
	if (t->trans == NULL)
		return error_set(e, ERROR_NOTFOUND, "CMP message: no such "
		    "transaction, or it has ended: begin again with a new "
		    "one");
	if (memcmp(t->trans->who, who, sizeof(t->trans->who)) == 0)
		return 0;
	cmp_table_put(table, &t->trans, t->trans->expires);
	return error_set(e, ERROR_DENIED, "CMP message: the transaction is "
	    "another's");
}

/* ---- the page ---- */

static int
cmp_profile(struct cmp_turn *t, struct error *e)
{
	const char	*name = page_arg(t->page, "profile");

	if (desk_need(t->page->desk, DESK_PROFILES, e) == -1)
		return -1;
	return name == NULL ? 0 : profiles_find(&t->page->desk->profiles,
	    name, &t->profile, e);
}

static int
reply(struct cmp_turn *t, const struct buf *out, struct error *e)
{
	struct page	*p = t->page;
	int64_t		 life = t->trans->cert != NULL ? CMP_TRANS_S :
			    CMP_TRANS_WAIT_S;

	if (t->later)
		return page_later(p, t->trans->order,
		    (int)p->rad->conf->patience * 1000, e);
	if (t->goes_on)
		cmp_table_put(p->rad->cmp->table, &t->trans, p->now + life);
	return page_send(p, TYPE, NULL, BYTES(out->p, out->len), e);
}

static int
cmp_message(struct cmp_turn *t, struct bytes body, struct error *e)
{
	struct cmp_message	 m;
	struct buf		 out = { 0 };
	uint8_t			 who[32];
	int			 rc = -1;

	if (cmp_message_read(&m, body, e) == -1 ||
	    find_who(t, &m, who, e) == -1 ||
	    cmp_profile(t, e) == -1 || find_trans(t, &m, who, e) == -1)
		return -1;
	t->body = m.body;
	if (cmp_serve(t, body, &out, e) == 0)
		rc = reply(t, &out, e);
	cmp_trans_free(&t->trans);
	buf_clear(&out);
	return rc;
}

static int
cmp_post(struct page *p, struct error *e)
{
	struct cmp_turn	t = { .page = p };

	if (!est_type_is(http_header(p->http, "Content-Type"), TYPE)) {
		p->status = 415;
		return error_set(e, ERROR_INPUT, "Content-Type: not " TYPE
		    " (RFC 9811, 3.4)");
	}
	if (p->waited == NULL && page_limit_address(p, &rate, e) == -1)
		return -1;
	return cmp_message(&t, http_body(p->http), e);
}

#define POST(path)	{ HTTP_POST, path, PAGE_ANYONE, cmp_post, \
	    PAGE_PROTOCOL | PAGE_RAW }

const struct page_route PAGES_CMP[] = {
	POST("/cmp"),
	POST("/.well-known/cmp"),
	POST("/.well-known/cmp/p/{profile}"),
	{ 0 }
};
