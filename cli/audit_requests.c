/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests: the key that was certified is the one whose possession was
 * proved, and the request is the one that was approved.
 */
#include "base/digest.h"
#include "cli/audit_state.h"
#include "order/code.h"

static void
proofs_load(struct audit_verify *v)
{
	struct bundle_file	*f = &v->b.part[BUNDLE_PROOFS];
	struct error		 e = ERROR_INIT;
	struct bundle_proof	 p;
	struct audit_proof	*rec;
	int			 found;

	while ((found = bundle_proof_next(f, &p, &e)) != 0) {
		if (found == -1 || p.len != CODE_PROOF_SIZE) {
			audit_failed(v->r, AUDIT_REQUESTS, NULL, "%s",
			    found == -1 ? e.text :
			    "proofs.txt: a proof has the wrong length");
			continue;
		}
		rec = arena_alloc(v->arena, sizeof(*rec));
		memcpy(rec->order, p.order, sizeof(rec->order));
		memcpy(rec->proof, p.proof, sizeof(rec->proof));
		map_put(&v->proofs, rec);
	}
}

void
requests_load(struct audit_verify *v)
{
	struct bundle_file	*f = &v->b.part[BUNDLE_REQUESTS];
	struct error		 e = ERROR_INIT;
	struct buf		 der = { 0 };
	struct audit_request	*rec;
	uint64_t		 n = 0;
	size_t			 at;
	int			 found;

	while ((found = bundle_pem_next(f, "CERTIFICATE REQUEST", &der, &at,
	    &e)) != 0) {
		n++;
		if (found == -1) {
			audit_failed(v->r, AUDIT_REQUESTS, NULL,
			    "number %llu of requests.pem: %s",
			    (unsigned long long)n, e.text);
			continue;
		}
		rec = arena_alloc(v->arena, sizeof(*rec));
		rec->at = at;
		digest_sha256(rec->digest, der.p, der.len);
		map_put(&v->requests, rec);
	}
	buf_clear(&der);
	proofs_load(v);
}

/* Approved by the order itself, or in it with a code. */
static void
check_single(struct audit_verify *v, struct audit_entry *en,
    const struct approved *a, const uint8_t request[32])
{
	struct error		 e = ERROR_INIT;
	const struct order	*o = a->order;
	struct audit_proof	 key, *p;

	if (o->has_request) {
		if (memcmp(o->request, request, 32) != 0)
			audit_failed(v->r, AUDIT_REQUESTS, &en->about,
			    "the request is not the one that was approved");
		return;
	}
	memcpy(key.order, a->digest, sizeof(key.order));
	p = map_find(&v->proofs, &key);
	if (!o->has_code)
		audit_failed(v->r, AUDIT_REQUESTS, &en->about,
		    "the order names no request");
	else if (p == NULL)
		audit_failed(v->r, AUDIT_REQUESTS, &en->about,
		    "the proof of the one-time code is not in proofs.txt");
	else if (code_verify(o, a->digest, request,
	    BYTES(p->proof, sizeof(p->proof)), &e) == -1)
		audit_failed(v->r, AUDIT_REQUESTS, &en->about,
		    "the one-time code was not given: %s", e.text);
}

/* Approved in the batch, or by a station for that item. */
static void
check_item(struct audit_verify *v, struct audit_entry *en,
    const struct approved *a, const struct order_item *item,
    const char *profile, const uint8_t request[32])
{
	struct audit_item	 key = { .n = item->n }, *by;
	struct approved		*station;

	if (item->has_request) {
		if (memcmp(item->request, request, 32) != 0)
			audit_failed(v->r, AUDIT_REQUESTS, &en->about,
			    "the request is not the one that was approved for "
			    "item %u", item->n);
		return;
	}
	memcpy(key.batch, a->digest, sizeof(key.batch));
	if ((by = map_find(&v->items, &key)) == NULL)
		audit_failed(v->r, AUDIT_REQUESTS, &en->about,
		    "no station ordered item %u", item->n);
	else if (memcmp(by->request, request, 32) != 0)
		audit_failed(v->r, AUDIT_REQUESTS, &en->about, "the request "
		    "is not the one that the station ordered for item %u",
		    item->n);
	else if ((station = orders_read(v, by->order)) != NULL) {
		orders_check_approvals(v, en, by->order, station, profile,
		    false);
		approval_free(&station);
	}
}

/* Possession was proved, or a station says so, and of the key that was
 * certified. */
static void
check_key(struct audit_verify *v, struct audit_entry *en,
    const uint8_t digest[32], const uint8_t key_digest[32])
{
	struct error		 e = ERROR_INIT;
	struct audit_request	 key, *rec;
	struct buf		 der = { 0 };
	struct csr		*csr = NULL;

	memcpy(key.digest, digest, sizeof(key.digest));
	if ((rec = map_find(&v->requests, &key)) == NULL)
		audit_failed(v->r, AUDIT_REQUESTS, &en->about,
		    "its request is not in requests.pem");
	else if (bundle_pem_at(&v->b.part[BUNDLE_REQUESTS],
	    "CERTIFICATE REQUEST", rec->at, &der, &e) != 1 ||
	    csr_parse_card(&csr, BYTES(der.p, der.len), &e) == -1)
		audit_failed(v->r, AUDIT_REQUESTS, &en->about, "request: %s",
		    e.text);
	else if (memcmp(csr->key_digest, key_digest, 32) != 0)
		audit_failed(v->r, AUDIT_REQUESTS, &en->about, "the key of "
		    "the certificate is not that of its request");
	csr_free(&csr);
	buf_clear(&der);
}

void
requests_check(struct audit_verify *v, struct audit_entry *en,
    const struct approved *a, const struct order_item *item,
    const struct audit_cert *c, const uint8_t key_digest[32])
{
	uint8_t	 request[32];

	audit_looked(v->r, AUDIT_REQUESTS);
	if (!entry_digest(v, en, AUDIT_REQUESTS, "request", request))
		return;
	check_key(v, en, request, key_digest);
	if (item == NULL)
		check_single(v, en, a, request);
	else
		check_item(v, en, a, item, c->profile, request);
}
