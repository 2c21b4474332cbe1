/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker after its signer was told to go on from an earlier entry of the
 * audit chain: what the ledger has and the store has lost.  Nothing of it can
 * be put back without the orders, which are lost as well; so each is named, and
 * lists are due that say what the ledger knows.
 */
#include "base/text.h"
#include "db/db_evidence.h"
#include "os/fault.h"
#include "worker_private.h"

#define NAMED_MAX	1000	/* one by one */

struct lost {			/* one page, and all that was found */
	struct arena		*arena;
	uint8_t			 (*order)[32];
	uint32_t		*item;
	const char		**ca, **status;
	struct bytes		*serial;
	size_t			 n;
	struct buf		*found;		/* a text each */
	size_t			 nfound, nmore;
};

static void
take(struct worker *w, struct lost *l, enum wire_lost what)
{
	struct msg	*m = &w->answer;
	struct bytes	 b;
	char		 ca[65];
	uint32_t	 status;
	size_t		 i = l->n;

	b = msg_get_blob(m, 32);
	memset(l->order[i], 0, 32);
	memcpy(l->order[i], b.p, b.len);
	l->item[i] = msg_get_u32(m);
	msg_get_str(m, ca, sizeof(ca));
	l->ca[i] = arena_strdup(l->arena, ca);
	b = msg_get_blob(m, DB_SERIAL);
	l->serial[i] = BYTES(arena_dup(l->arena, b.p, b.len + 1), b.len);
	status = msg_get_u32(m);
	l->status[i] = what == WIRE_LOST_CERTS ? "" : status == 0 ? "good" :
	    status == 1 ? "held" : "revoked";
	l->n++;
}

static void
note(struct lost *l, size_t i)
{
	char		 serial[2 * DB_SERIAL + 1], order[65];
	struct buf	*b;

	if (l->nfound == NAMED_MAX) {
		l->nmore++;
		return;
	}
	b = &l->found[l->nfound++];
	text_hex(serial, l->serial[i].p, l->serial[i].len);
	text_hex(order, l->order[i], 32);
	if (*l->status[i] == '\0')
		buf_printf(b, "certificate %s of CA %s, signed for item %u of "
		    "the order with digest %s", serial, l->ca[i], l->item[i],
		    order);
	else
		buf_printf(b, "%s %s of CA %s, by the order with digest %s",
		    strcmp(l->status[i], "good") == 0 ? "release of" :
		    strcmp(l->status[i], "held") == 0 ? "hold on" :
		    "revocation of", serial, l->ca[i], order);
}

/* Where the next page begins, -1 at the end, or -2. */
static int64_t
page(struct worker *w, struct lost *l, enum wire_lost what, int64_t at,
    struct error *e)
{
	bool	 lost[WIRE_LOST_PAGE] = { false };
	size_t	 i;

	arena_reset(l->arena);
	l->n = 0;
	msg_init(&w->ask, WIRE_LOST);
	msg_put_u32(&w->ask, what);
	msg_put_i64(&w->ask, at);
	if (worker_ask(w, e) == -1)
		return -2;
	while (l->n < WIRE_LOST_PAGE && msg_get_u32(&w->answer) == 1 &&
	    !w->answer.bad)
		take(w, l, what);
	if (l->n == WIRE_LOST_PAGE)
		(void)msg_get_u32(&w->answer);
	at = msg_get_i64(&w->answer);
	if (msg_done(&w->answer, e) == -1 || (l->n > 0 &&
	    db_evidence_lost(w->db, l->ca, l->serial, l->status, l->n, lost,
	    e) == -1))
		return -2;
	for (i = 0; i < l->n; i++)
		if (lost[i])
			note(l, i);
	return at;
}

static int
all_pages(struct worker *w, struct lost *l, enum wire_lost what,
    struct error *e)
{
	int64_t	 at = 0;

	while ((at = page(w, l, what, at, e)) >= 0)
		;
	return at == -1 ? 0 : -1;
}

/* The signer need not be asked again.  Whoever dies before that begins anew,
 * and names all of it once more. */
int
worker_lost_told(struct worker *w, struct error *e)
{
	msg_init(&w->ask, WIRE_LOST);
	msg_put_u32(&w->ask, WIRE_LOST_CERTS);
	msg_put_i64(&w->ask, -1);
	if (worker_ask(w, e) == -1)
		return -1;
	w->telling = false;
	return 0;
}

static void
say(struct worker *w, const struct lost *l)
{
	char	 more[64];
	size_t	 i;

	for (i = 0; i < l->nfound; i++)
		worker_alarm(w, "lost", buf_cstr(&l->found[i]));
	if (l->nmore > 0) {
		snprintf(more, sizeof(more), "and %zu more", l->nmore);
		worker_alarm(w, "lost", more);
	}
	log_info("the store was looked through for what the ledger has: %zu "
	    "are lost", l->nfound + l->nmore);
}

int
worker_lost(struct worker *w, struct error *e)
{
	struct lost	 l = { .arena = arena_new() };
	size_t		 i;
	int		 rc = -1;

	l.order = mem_array(WIRE_LOST_PAGE, sizeof(*l.order));
	l.item = mem_array(WIRE_LOST_PAGE, sizeof(*l.item));
	l.ca = mem_array(WIRE_LOST_PAGE, sizeof(*l.ca));
	l.status = mem_array(WIRE_LOST_PAGE, sizeof(*l.status));
	l.serial = mem_array(WIRE_LOST_PAGE, sizeof(*l.serial));
	l.found = mem_array(NAMED_MAX, sizeof(*l.found));
	if (all_pages(w, &l, WIRE_LOST_CERTS, e) == -1 ||
	    all_pages(w, &l, WIRE_LOST_STATUS, e) == -1)
		goto out;
	say(w, &l);
	w->adopted++;
	w->telling = true;
	rc = 0;
	FAULT("cad.lost");
 out:
	for (i = 0; i < l.nfound; i++)
		buf_clear(&l.found[i]);
	mem_free(&l.found);
	mem_free(&l.serial);
	mem_free(&l.status);
	mem_free(&l.ca);
	mem_free(&l.item);
	mem_free(&l.order);
	arena_free(&l.arena);
	return rc == -1 ? error_wrap(e, "what the store has lost") : 0;
}
