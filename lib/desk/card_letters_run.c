/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run of letters after it was drawn up: released, loaded again.
 */
#include <string.h>

#include "base/digest.h"
#include "desk/card_letters_private.h"
#include "x509/cert.h"
#include "x509/signed.h"

/* What the officers sign for, of what the store has now. */
static struct permit
permit_of(struct desk *dk, const struct card_letters *l)
{
	struct permit	p = { .what = card_letters_what(dk, l) };

	digest_sha256(p.digest, l->run.list.p, l->run.list.len);
	return p;
}

/* ---- open ---- */

static int
give_up(struct db *db, void *arg, struct error *e)
{
	struct card_letters	*l = arg;

	return db_letter_run_void(db, l->run.batch, l->run.run, e);
}

int
card_letters_open(struct desk *dk, const struct db_card_batch *b,
    struct card_letters *l, struct error *e)
{
	int	found;

	*l = (struct card_letters){ .batch = b };
	if (desk_need(dk, DESK_DB, e) == -1)
		return -1;
	if ((found = db_letter_run_find(dk->db, b->id, 0, &l->run, dk->arena,
	    e)) != 1)
		return found;
	if (review_load_id(dk, l->run.order_id, &l->order, e) == -1)
		return -1;
	if (!review_is_open(&l->order) || l->order.approved->order->expires <=
	    clock_now(dk->clock))
		return db_txn(dk->db, give_up, l, e);
	return card_letters_parse(l, dk, e) == -1 ? -1 : 1;
}

/* ---- release ---- */

struct releasing {
	struct desk		*dk;
	struct card_letters	*l;
};

static int
release(struct db *db, void *arg, struct error *e)
{
	const struct releasing		*g = arg;
	const struct card_letters	*l = g->l;

	return db_permit_use(db, l->order.row.id, l->order.row.digest,
	    l->run.released_by, e) == -1 ||
	    db_letter_run_release(db, &l->run, l->letter, l->n, e) == -1 ||
	    card_letters_entry(db, g->dk, "released", l->batch->name,
	    l->run.run, NULL, l->run.released_by, e) == -1 ? -1 : 0;
}

/* The list says who has drawn it up, and that officer has signed it. */
static int
find_second(struct card_letters *l, const struct identity *me,
    struct error *e)
{
	const struct approver	*one, *mine = NULL;
	bool			 first = false;
	size_t			 i;

	for (i = 0; i < l->order.approved->n; i++) {
		one = &l->order.approved->by[i];
		if (cert_is_same(one->cert, me->cert))
			mine = one;
		first |= strcmp(one->person, l->made_by) == 0;
	}
	if (mine == NULL)
		return error_set(e, ERROR_DENIED, "you have not signed for "
		    "run %d", l->run.run);
	if (!first)
		return error_set(e, ERROR_DENIED, "%s, who is said to have "
		    "drawn up run %d, has not signed for it", l->made_by,
		    l->run.run);
	if (strcmp(mine->person, l->made_by) == 0)
		return error_set(e, ERROR_DENIED, "you have drawn up run %d, "
		    "and another officer has to release it", l->run.run);
	l->run.released_by = mine->person;
	return 0;
}

static int
check_letters(struct desk *dk, const struct card_letters *l, struct error *e)
{
	struct db_letter	one;
	int64_t			batch;
	size_t			i;
	int			found;

	for (i = 0; i < l->n; i++) {
		if ((found = db_letter_find(dk->db, l->letter[i], &batch, &one,
		    dk->arena, e)) == -1)
			return -1;
		if (found == 1 && one.void_at == 0)
			continue;
		return error_set(e, ERROR_CONFLICT, "letter %s is void since "
		    "run %d was drawn up: %s", l->letter[i], l->run.run,
		    found == 1 ? one.reason : "it is gone");
	}
	return 0;
}

int
card_letters_release(struct desk *dk, struct card_letters *l,
    const struct identity *me, struct error *e)
{
	struct releasing	g = { dk, l };
	struct permit		p = permit_of(dk, l);
	struct buf		manifest = { 0 };
	struct error		ignored = ERROR_INIT;
	int			rc = -1;

	if (permit_check(dk, &p, &l->order, e) == -1 ||
	    find_second(l, me, e) == -1)
		goto out;
	if (check_letters(dk, l, e) == -1) {
		if (e->code == ERROR_CONFLICT && db_txn(dk->db, give_up, l,
		    &ignored) == 0)
			error_hint(e, "the run is given up: draw up another");
		goto out;
	}
	if (signed_make(&manifest, l->run.list, clock_now(dk->clock), me,
	    e) == -1)
		goto out;
	l->run.manifest = BYTES(manifest.p, manifest.len);
	rc = db_txn(dk->db, release, &g, e);
 out:
	l->run.manifest = BYTES(NULL, 0);
	buf_clear(&manifest);
	return rc == 0 ? 0 : error_wrap(e, "batch %s", l->batch->name);
}

/* ---- load ---- */

/* It is the officers' list, and one of them has made the manifest of it. */
static int
check_manifest(const struct card_letters *l, struct error *e)
{
	const struct approved	*a = l->order.approved;
	struct buf		 content = { 0 };
	uint8_t			 digest[ORDER_DIGEST];
	X509			*signer = NULL;
	bool			 known = false;
	int			 rc = -1;

	digest_sha256(digest, l->run.list.p, l->run.list.len);
	if (signed_open(&content, &signer, NULL, l->run.manifest, e) == -1)
		goto out;
	for (size_t i = 0; i < a->n; i++)
		known |= cert_is_same(a->by[i].cert, signer);
	if (!known || a->order->kind != ORDER_PERMIT ||
	    memcmp(a->order->permits, digest, sizeof(digest)) != 0 ||
	    !bytes_equal(BYTES(content.p, content.len), l->run.list)) {
		error_set(e, ERROR_DENIED, "it is not what officers signed");
		goto out;
	}
	rc = 0;
 out:
	X509_free(signer);
	buf_clear(&content);
	return rc == 0 ? 0 : error_wrap(e, "manifest of run %d", l->run.run);
}

int
card_letters_load(struct desk *dk, const struct db_card_batch *b, int run,
    struct card_letters *l, struct error *e)
{
	int	found;

	*l = (struct card_letters){ .batch = b };
	if (desk_need(dk, DESK_DB, e) == -1 || (found = db_letter_run_find(
	    dk->db, b->id, run, &l->run, dk->arena, e)) == -1)
		return -1;
	if (found == 0)
		return error_set(e, ERROR_NOTFOUND, "batch %s has no run %d",
		    b->name, run);
	if (l->run.released_at == 0) {
		error_set(e, ERROR_DENIED, "run %d was not released", run);
		return error_hint(e, "another officer than who drew it up "
		    "runs: signet card letters release %.64s", b->name);
	}
	return review_load_id(dk, l->run.order_id, &l->order, e) == -1 ||
	    check_manifest(l, e) == -1 ||
	    card_letters_parse(l, dk, e) == -1 ? -1 : 0;
}
