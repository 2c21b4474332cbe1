/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed heads against the chain.
 */
#include <stdlib.h>

#include "base/text.h"
#include "cli/audit_state.h"

static const char *
origin(const struct audit_seen *h)
{
	return h->pushed ? "pushed off the machine" : "of the store";
}

void
heads_load(struct audit_verify *v, struct bundle_file *f, bool pushed)
{
	struct error		 e = ERROR_INIT;
	struct audit_seen	*h;
	struct buf		 der = { 0 };
	uint64_t		 n = 0;
	int			 found;

	while ((found = bundle_pem_next(f, "CMS", &der, NULL, &e)) != 0) {
		n++;
		audit_looked(v->r, AUDIT_HEADS);
		v->head = mem_resize(v->head, v->nheads + 1, sizeof(*v->head));
		h = &v->head[v->nheads];
		*h = (struct audit_seen){ .pushed = pushed };
		if (found == 1 && audit_head_verify(&h->s,
		    BYTES(der.p, der.len), v->anchors, v->intermediates,
		    &e) == 0)
			v->nheads++;
		else
			audit_failed(v->r, AUDIT_HEADS, NULL,
			    "%s: head number %llu: %s", f->name,
			    (unsigned long long)n, e.text);
		error_clear(&e);
	}
	buf_clear(&der);
}

static int
head_compare(const void *a, const void *b)
{
	const struct audit_seen	*x = a, *y = b;

	if (x->s.head.seq != y->s.head.seq)
		return x->s.head.seq < y->s.head.seq ? -1 : 1;
	return 0;
}

void
heads_sort(struct audit_verify *v)
{
	if (v->nheads > 0)
		qsort(v->head, v->nheads, sizeof(*v->head), head_compare);
}

/*
 * After a restored backup the heads of what was lost fit no more.  That is in
 * order as far as two security officers said so.
 */
static bool
is_given_up(const struct audit_verify *v, const struct audit_seen *h)
{
	size_t	 i;

	for (i = 0; i < v->nadopted; i++)
		if (h->s.head.seq > v->adopted[i].from &&
		    h->s.at <= v->adopted[i].at)
			return true;
	return false;
}

static void
misfit(struct audit_verify *v, const struct audit_seen *h, const char *what,
    const char *why)
{
	struct audit_about	 about = { .seq = h->s.head.seq };
	char			 at[TEXT_TIME_SIZE];

	text_time(at, h->s.at);
	if (is_given_up(v, h))
		audit_note(v->r, AUDIT_HEADS, &about, "the head signed by %s "
		    "at %s was given up with an approved order",
		    h->s.instance, at);
	else
		audit_failed(v->r, AUDIT_HEADS, &about, "history was %s: the "
		    "head %s, signed by %s at %s, %s", what, origin(h),
		    h->s.instance, at, why);
}

static void
rewritten(struct audit_verify *v, const struct audit_seen *h)
{
	misfit(v, h, "rewritten", "has another hash");
}

static void
cut_off(struct audit_verify *v, const struct audit_seen *h)
{
	char	 why[60];

	snprintf(why, sizeof(why), "lies beyond the last entry %lld",
	    (long long)v->chain.seq);
	misfit(v, h, "cut off", why);
}

void
heads_check_at(struct audit_verify *v)
{
	struct audit_seen	*h;

	for (; v->next_head < v->nheads; v->next_head++) {
		h = &v->head[v->next_head];
		if (h->s.head.seq > v->chain.seq)
			return;
		h->fits = h->s.head.seq == v->chain.seq && memcmp(
		    h->s.head.hash, v->chain.hash, AUDIT_HASH) == 0;
		if (h->fits)
			v->r->last_head = h->s.head.seq;
	}
}

void
heads_finish(struct audit_verify *v)
{
	size_t	 i;

	for (i = 0; i < v->nheads; i++) {
		if (i >= v->next_head)
			cut_off(v, &v->head[i]);
		else if (!v->head[i].fits)
			rewritten(v, &v->head[i]);
	}
	if (v->nheads == 0)
		audit_note(v->r, AUDIT_HEADS, NULL, "there is no signed head: "
		    "that nothing was cut off is not proven");
	else if (v->r->last_head < v->chain.seq)
		audit_note(v->r, AUDIT_HEADS, NULL, "the newest signed head is "
		    "that of entry %lld; what follows is proven by the orders "
		    "alone", (long long)v->r->last_head);
}
