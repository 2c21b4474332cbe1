/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys that the store knows, before an order for them goes in.  The worker asks
 * again when it issues: what is certified in between is found there, and so is
 * what a profile says of a second certificate for the same holder.
 */
#include <string.h>

#include "base/text.h"
#include "db/db_key.h"
#include "db/db_order.h"
#include "desk/submit.h"

#define KEYS_PIECE	1000

struct asked {
	uint8_t	 key[DB_DIGEST];
	size_t	 at;			/* of the draft's requests */
};

static const char *
holder_of(const struct draft *d, size_t i)
{
	return d->order->kind == ORDER_BATCH ? d->order->item[i].holder :
	    d->order->holder;
}

static int
judge(const struct draft *d, const struct asked *v, size_t n,
    const struct db_known_key *known, struct error *e)
{
	char		 hex[2 * DB_SERIAL + 1];
	const char	*why;
	size_t		 i;

	for (i = 0; i < n; i++) {
		if (memcmp(v[i].key, known->key_digest, DB_DIGEST) != 0 ||
		    (why = db_key_objection(known, holder_of(d, v[i].at),
		    false)) == NULL)
			continue;
		error_set(e, ERROR_DENIED, "key of holder %s: %s (certificate "
		    "%s of CA %s)", holder_of(d, v[i].at), why, text_hex(hex,
		    known->serial.p, known->serial.len), known->ca);
		return error_hint(e, "nothing was stored; the holder makes a "
		    "new key and request");
	}
	return 0;
}

static int
check_piece(struct desk *dk, const struct draft *d, const struct asked *v,
    size_t n, struct error *e)
{
	struct db_known_keys	 known;
	struct bytes		*key = mem_array(n, sizeof(*key));
	struct arena		*a = arena_new();
	size_t			 i;
	int			 rc;

	for (i = 0; i < n; i++)
		key[i] = BYTES(v[i].key, DB_DIGEST);
	rc = db_key_find(dk->db, key, n, &known, a, e);
	for (i = 0; rc == 0 && i < known.n; i++)
		rc = judge(d, v, n, &known.v[i], e);
	arena_free(&a);
	mem_free(&key);
	return rc;
}

/* Handed in twice is handed in once, whatever came of it. */
static int
unless_there(struct desk *dk, const struct draft *d, struct error *why,
    struct error *e)
{
	struct db_order	 there;
	int		 found;

	found = db_order_find(dk->db, d->order->id, &there, dk->arena, e);
	if (found == 0)
		*e = *why;
	return found == 1 ? 0 : -1;
}

int
submit_check_keys(struct desk *dk, const struct draft *d, struct error *e)
{
	struct asked	*v;
	struct error	 why;
	size_t		 i, n = 0, done, piece;
	int		 rc = 0;

	if (d->nrequests == 0)
		return 0;
	v = mem_array(d->nrequests, sizeof(*v));
	for (i = 0; rc == 0 && i < d->nrequests; i++) {
		if (d->request[i].len == 0)
			continue;
		v[n].at = i;
		rc = csr_find_key(v[n++].key, BYTES(d->request[i].p,
		    d->request[i].len), e);
	}
	for (done = 0; rc == 0 && done < n; done += piece) {
		piece = n - done < KEYS_PIECE ? n - done : KEYS_PIECE;
		rc = check_piece(dk, d, v + done, piece, e);
	}
	mem_free(&v);
	if (rc == 0 || e->code != ERROR_DENIED)
		return rc;
	why = *e;
	error_clear(e);
	return unless_there(dk, d, &why, e);
}
